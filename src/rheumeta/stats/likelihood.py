"""Maximum likelihood for tau2, restricted or not, without being caught by a local maximum.

The likelihood of tau2 can have several maxima. The slope (score) is laid on a grid from zero to a
bound beyond which it is negative; each fall through zero brackets one maximum; each is solved by a
safeguarded Newton iteration; the highest wins, the border tau2 = 0 among them. All bounds come
from the data, so a change of scale changes nothing.
"""

from __future__ import annotations

import numpy as np

from rheumeta.stats.batch import Batch, Floats, Ints
from rheumeta.stats.moments import moments, sum_of_squares
from rheumeta.stats.roots import solve_bracketed

GRID_POINTS = 160
"""Points of the grid, log-spaced: neighbours differ by under 20 % over twelve orders of magnitude."""

GRID_START = 1e-4
"""First point beside the smallest variance; below it the likelihood is flat to four digits."""

CHUNK = 100_000
"""Array elements worked on at once: few enough for the processor's cache."""


def log_likelihood(batch: Batch, tau2: Floats, *, restricted: bool) -> Floats:
    """Return the (restricted) log likelihood at tau2 without its constants, shape (m,).

    Viechtbauer (2005), J Educ Behav Stat 30:261-293, the coefficients profiled out.
    """
    sums = moments(batch, tau2)
    value = batch.total(np.log(batch.v + tau2[:, None])) + sums.ypy
    if restricted:
        value = value + sums.log_det
    return -0.5 * value


def score(batch: Batch, tau2: Floats, *, restricted: bool) -> tuple[Floats, Floats]:
    """Return twice the slope of the log likelihood in tau2, and twice its curvature, shape (m,).

    Viechtbauer (2005): y'PPy - tr P (restricted) or y'PPy - tr W; the derivatives
    by d P / d tau2 = -PP.
    """
    sums = moments(batch, tau2)
    if restricted:
        return sums.yppy - sums.tr_p, sums.tr_pp - 2.0 * sums.ypppy
    return sums.yppy - sums.sum_w, sums.sum_w2 - 2.0 * sums.ypppy


def maximise(batch: Batch, *, restricted: bool) -> Floats:
    """Return the tau2 >= 0 of the highest (restricted) likelihood.

    Parameters
    ----------
    batch : Batch
        The analyses, k > p each.
    restricted : bool
        REML if True, ML if False.

    Returns
    -------
    ndarray, shape (m,)
    """
    step = max(1, CHUNK // (GRID_POINTS * max(1, batch.y.shape[1])))
    parts = [np.arange(i, min(i + step, batch.size)) for i in range(0, batch.size, step)]
    return np.concatenate([_maximise(batch.take(rows), restricted=restricted) for rows in parts])


def _maximise(batch: Batch, *, restricted: bool) -> Floats:
    grid = _grid(batch)
    rows = np.repeat(np.arange(batch.size), grid.shape[1])
    slopes, _ = score(batch.take(rows), grid.ravel(), restricted=restricted)
    rising = slopes.reshape(grid.shape) > 0
    owner, column = np.nonzero(rising[:, :-1] & ~rising[:, 1:])
    part = batch.take(owner)
    peaks = solve_bracketed(
        lambda x: score(part, x, restricted=restricted),
        grid[owner, column],
        grid[owner, column + 1],
        scale=part.smallest(part.v),
    )
    return _highest(batch, owner, peaks, restricted=restricted)


def _highest(batch: Batch, owner: Ints, peaks: Floats, *, restricted: bool) -> Floats:
    best = np.zeros(batch.size)
    height = log_likelihood(batch, best, restricted=restricted)
    heights = log_likelihood(batch.take(owner), peaks, restricted=restricted)
    for row, peak, value in zip(owner, peaks, heights, strict=True):
        if value > height[row]:
            best[row], height[row] = peak, value
    return best


def _grid(batch: Batch) -> Floats:
    # Past T with T^2 / (T + vmax) > S / (k - p) the score is negative, S the unweighted sum of
    # squares: y'PPy <= S / T^2 and tr P >= (k - p) / (T + vmax). Twice the larger of vmax and
    # 2 S / (k - p) is such a T, for ML as well, where tr W >= tr P.
    spread = sum_of_squares(batch) / batch.df
    top = 2.0 * np.maximum(batch.largest(batch.v), 2.0 * spread)
    bottom = GRID_START * batch.smallest(batch.v)
    steps = np.geomspace(bottom, top, GRID_POINTS - 1, axis=1)
    return np.concatenate([np.zeros((batch.size, 1)), steps], axis=1)
