"""Roots inside a bracket, for many analyses at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats, Ints

FAST_STEPS = 100
"""Steps after which only halving is tried: three to five are needed, unless rounding noise moves the root."""

MAX_STEPS = 200
"""Halving a bracket to `RELATIVE_STEP` of itself takes 51 steps; past this the function is broken."""

RELATIVE_STEP = 16.0 * float(np.finfo(np.float64).eps)
"""A step smaller than this part of root and scale is within the rounding of sums of a few terms."""

LAST_STEP = 1e-8
"""A Newton step this small that is a hundredth of the one before is the last: the error is about its square."""

LAST_STEPS = 1e-8
"""The same for the product of two steps and cubic interpolation, the error of which is about its square."""

NEAR = 1e-3
"""A step this small beside x is taken though it is not half the one before: the end is near."""

FEWER = 0.9
"""Solved equations are left out once no more than this part is open: leaving out costs as much as a few sums."""

Function = Callable[[Floats, Ints | None], tuple[Floats, Floats]]

Point = tuple[Floats, Floats, Floats]
"""Where a function was computed, its value and its slope."""


def solve_bracketed(
    function: Function,
    lower: Floats,
    upper: Floats,
    *,
    scale: Floats,
    start: Floats | None = None,
    known: Point | None = None,
) -> Floats:
    """Solve f(x) = 0 where f changes from positive to non-positive between the brackets.

    Steps by cubic interpolation of the inverse through the last two points and their slopes, or Newton's
    where that does not fit, halving the bracket whenever a step leaves it or the steps do not shrink. What is
    solved stays as it is.

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
    known : tuple of ndarray, shape (n,), optional
        Points other than `start` where f is known, its values and slopes.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    StatsError
        If a root is not found in `MAX_STEPS` steps.

    Notes
    -----
    Safeguards as in Press et al. (2007), Numerical Recipes, 3rd ed., section 9.4. Interpolating the
    inverse by Hermite's cubic is of order 1 + sqrt(3) (Traub 1964, Iterative Methods for the Solution of
    Equations), for the price of Newton's second order.
    """
    found = (lower if start is None else start).copy()
    before = known or (found, np.full(found.size, np.nan), np.full(found.size, np.nan))
    state = np.stack([found, lower, upper, scale, upper - lower, *before])
    rows: Ints | None = None
    open_ = np.ones(found.size, dtype=bool)
    for count in range(MAX_STEPS):
        if not open_.any():
            return found
        x, lo, hi, size, last = state[:5]
        value, slope = function(x, rows)
        above = value > 0
        np.copyto(lo, x, where=above)
        np.copyto(hi, x, where=~above)
        step, order = next_step((x, value, slope), (state[5], state[6], state[7]), lo, hi, last)
        if count >= FAST_STEPS:
            step, order = 0.5 * (lo + hi) - x, np.zeros(x.size, dtype=np.int64)
        step = np.where(value == 0, 0.0, step)
        done = _done(np.abs(step), last, np.abs(x + step) + size, hi - lo, order)
        state[4:] = np.abs(step), x, value, slope
        state[0] += step
        now = np.flatnonzero(done & open_)
        found[now if rows is None else rows.take(now)] = state[0].take(now)
        open_ &= ~done
        left = np.flatnonzero(open_)
        if left.size < FEWER * open_.size:
            rows, state = left if rows is None else rows.take(left), state.take(left, axis=1)
            open_ = np.ones(left.size, dtype=bool)
    if not open_.any():
        return found
    raise StatsError("the iteration for a between-study variance did not converge.")


def _done(step: Floats, last: Floats, unit: Floats, width: Floats, order: Ints) -> Bools:
    small = np.where(
        order == 3, step * last <= LAST_STEPS * unit**2, (order == 2) & (step <= LAST_STEP * unit)
    )
    return np.asarray(small & (step <= 0.01 * last) | (np.minimum(step, width) <= RELATIVE_STEP * unit))


def next_step(at: Point, before: Point, lo: Floats, hi: Floats, last: Floats) -> tuple[Floats, Ints]:
    """Return the step from `at` towards the root, and of which kind it is.

    Parameters
    ----------
    at, before : tuple of ndarray, shape (n,)
        Two points; not a number in `before` where there is none.
    lo, hi : ndarray, shape (n,)
        Bracket of the root.
    last : ndarray, shape (n,)
        Size of the step before.

    Returns
    -------
    step : ndarray, shape (n,)
    order : ndarray of int, shape (n,)
        3 for cubic interpolation, 2 for Newton's step, 0 for halving.
    """
    (x, f, slope), (x0, f0, slope0) = at, before
    near = np.maximum(0.5 * last, NEAR * np.abs(x))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        newton = -f / slope
        secant = (x - x0) / (f - f0)
        ratio = f / (f - f0)
        bend = 1.0 / slope - secant
        cubic = newton + ratio * (f * bend - ratio * f0 * (bend + 1.0 / slope0 - secant))
        step = 0.5 * (lo + hi) - x
        order = np.zeros(x.size, dtype=np.int64)
        for number, trial in ((2, newton), (3, cubic)):
            good = (x + trial > lo) & (x + trial < hi) & (np.abs(trial) <= near)
            np.copyto(step, trial, where=good)
            order[good] = number
    return step, order
