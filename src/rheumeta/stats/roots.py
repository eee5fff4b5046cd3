"""Roots inside a bracket, for many analyses at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats

NEWTON_STEPS = 100
"""Steps after which only halving is tried: Newton needs ten, unless rounding noise moves the root."""

MAX_STEPS = 200
"""Halving a bracket to `RELATIVE_STEP` of itself takes 51 steps; past this the function is broken."""

RELATIVE_STEP = 4.0 * float(np.finfo(np.float64).eps)
"""A step smaller than this part of root and scale changes nothing that double precision can show."""


NEAR = 1e-3
"""A Newton step this small beside x is taken though the bracket did not shrink: the end is near."""

SHRUNK = 0.75
"""A bracket that keeps more than this part of its width asks for halving."""


def solve_bracketed(
    function: Callable[[Floats], tuple[Floats, Floats]], lower: Floats, upper: Floats, *, scale: Floats
) -> Floats:
    """Solve f(x) = 0 where f changes from positive to non-positive between the brackets.

    Newton steps, halving the bracket whenever a step leaves it or the bracket hardly shrinks.

    Parameters
    ----------
    function : callable
        Takes x of shape (n,), returns f and its slope, both (n,).
    lower, upper : ndarray, shape (n,)
        Brackets: f(lower) > 0 >= f(upper).
    scale : ndarray, shape (n,)
        Size (> 0) beside which a root is as good as zero; keeps the search free of units.

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
    lo, hi, x, width = lower.copy(), upper.copy(), lower.copy(), upper - lower
    for count in range(MAX_STEPS):
        value, slope = function(x)
        above = value > 0
        lo, hi = np.where(above, x, lo), np.where(above, hi, x)
        target = _next_point(x, value, slope, lo, hi, width, newton=count < NEWTON_STEPS)
        width = hi - lo
        still = np.minimum(np.abs(target - x), width) > RELATIVE_STEP * (np.abs(target) + scale)
        still &= value != 0
        x = np.where(still, target, x)
        if not still.any():
            return x
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
