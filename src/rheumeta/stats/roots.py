"""Roots inside a bracket, for many analyses at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, Ints

NEWTON_STEPS = 100
"""Steps after which only halving is tried: Newton needs ten, unless rounding noise moves the root."""

MAX_STEPS = 200
"""Halving a bracket to `RELATIVE_STEP` of itself takes 51 steps; past this the function is broken."""

RELATIVE_STEP = 16.0 * float(np.finfo(np.float64).eps)
"""A step smaller than this part of root and scale is within the rounding of sums of a few terms."""


NEAR = 1e-3
"""A Newton step this small beside x is taken though the bracket did not shrink: the end is near."""

SHRUNK = 0.75
"""A bracket that keeps more than this part of its width asks for halving."""

Function = Callable[[Floats, Ints | None], tuple[Floats, Floats]]


def solve_bracketed(
    function: Function, lower: Floats, upper: Floats, *, scale: Floats, start: Floats | None = None
) -> Floats:
    """Solve f(x) = 0 where f changes from positive to non-positive between the brackets.

    Newton steps, halving the bracket whenever a step leaves it or the bracket hardly shrinks. What
    is solved is not computed again.

    Parameters
    ----------
    function : callable
        Takes x of shape (r,) and the numbers of the r equations that are still open (None: all),
        returns f and its slope, both (r,).
    lower, upper : ndarray, shape (n,)
        Brackets: f(lower) > 0 >= f(upper).
    scale : ndarray, shape (n,)
        Size (> 0) beside which a root is as good as zero; keeps the search free of units.
    start : ndarray, shape (n,), optional
        First points, inside the brackets; `lower` if left out.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    StatsError
        If a root is not found in `MAX_STEPS` steps.

    Notes
    -----
    Safeguarded Newton as in Press et al. (2007), Numerical Recipes, 3rd ed., section 9.4.
    """
    found = (lower if start is None else start).copy()
    x, lo, hi, size, width = found.copy(), lower, upper, scale, upper - lower
    rows: Ints | None = None
    for count in range(MAX_STEPS):
        if not x.size:
            return found
        value, slope = function(x, rows)
        above = value > 0
        lo, hi = np.where(above, x, lo), np.where(above, hi, x)
        target = _next_point(x, value, slope, lo, hi, width, newton=count < NEWTON_STEPS)
        width = hi - lo
        still = np.minimum(np.abs(target - x), width) > RELATIVE_STEP * (np.abs(target) + size)
        still &= value != 0
        x = np.where(still, target, x)
        if not still.all():
            rows = np.arange(found.size) if rows is None else rows
            found[rows] = x
            rows = rows[still]
            x, lo, hi, size, width = (z[still] for z in (x, lo, hi, size, width))
    if not x.size:
        return found
    raise StatsError("the iteration for a between-study variance did not converge.")


def _next_point(
    x: Floats, value: Floats, slope: Floats, lo: Floats, hi: Floats, width: Floats, *, newton: bool
) -> Floats:
    middle = 0.5 * (lo + hi)
    if not newton:
        return middle
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step = x - value / slope
        near = np.abs(step - x) <= NEAR * np.abs(x)
    good = (step > lo) & (step < hi) & (near | (hi - lo <= SHRUNK * width))
    return np.where(good, step, middle)
