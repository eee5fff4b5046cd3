"""The distribution of a sum of uniform numbers (Irwin and Hall), without cancellation."""

from __future__ import annotations

import numpy as np

from rheumeta.stats.batch import Floats, Ints
from rheumeta.stats.roots import solve_bracketed


def irwin_hall(centred: Floats, k: int) -> tuple[Floats, Floats]:
    """Return distribution function and density of the sum of k uniform numbers less its mean.

    Parameters
    ----------
    centred : ndarray, shape (n,)
        Values of the sum less k / 2, from -k / 2 to k / 2.
    k : int
        How many; at least 1.

    Returns
    -------
    distribution, density : ndarray, shape (n,)

    Notes
    -----
    The density is the cardinal B-spline of order k and the distribution a sum of those of order k + 1.
    Their recursion (de Boor 1972, J Approx Theory 6:50-62) adds only what is not negative, where
    the alternating sum of Edgington (1972) loses all digits from k of about 20.
    """
    x = k / 2.0 - np.abs(centred)
    offset = x[:, None] - np.arange(k // 2 + 2)  # beyond half the sum every spline is zero
    spline = ((offset >= 0) & (offset < 1)).astype(np.float64)
    density = spline[:, 0]
    for order in range(2, k + 2):
        density = spline[:, 0]
        following = np.pad(spline[:, 1:], ((0, 0), (0, 1)))
        spline = (offset * spline + (order - offset) * following) / (order - 1)
    lower = spline.sum(axis=1)
    return np.where(centred > 0, 1.0 - lower, lower), density


def irwin_hall_quantile(probability: Floats, k: int) -> Floats:
    """Return the quantiles of the sum of k uniform numbers less its mean k / 2.

    Parameters
    ----------
    probability : ndarray, shape (n,)
        Between 0 and 1.
    k : int
        How many; at least 1.

    Returns
    -------
    ndarray, shape (n,)
    """
    tail = np.minimum(probability, 1.0 - probability)

    def excess(x: Floats, rows: Ints | None) -> tuple[Floats, Floats]:
        value, slope = irwin_hall(x, k)
        return (tail if rows is None else tail[rows]) - value, -slope

    size = np.ones(tail.size)
    found = solve_bracketed(excess, -0.5 * k * size, 0.0 * size, scale=size, start=-0.25 * k * size)
    return np.where(tail == 0.5, 0.0, np.copysign(found, probability - 0.5))
