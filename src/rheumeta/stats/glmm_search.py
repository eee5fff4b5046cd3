"""The maximum of a smooth log likelihood of few parameters, known by its values alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats

SLOPE_STEP = 1e-4
"""Step of the central differences of the slope: their error is about 1e-8 of the third derivative."""

CURVE_STEP = 1e-3
"""Step of the second differences, whose rounding error grows with its inverse square."""

POLISHES = 2
"""Newton steps after the search."""

FOLLOWED = 2
"""Starting points followed, the highest of those given."""

FLAT = 1e-4
"""Slope at which a maximum counts as found: the estimate is then right to about 1e-4 standard errors."""

ROUNDING = 1e-9
"""Likelihood-ratio statistics up to this are zero."""

Likelihood = Callable[[Floats], float]


@dataclass(frozen=True)
class Maximum:
    """Parameters, log likelihood and covariance (inverse observed information)."""

    point: Floats
    height: float
    covariance: Floats


def maximise(likelihood: Likelihood, starts: Sequence[Floats]) -> Maximum:
    """Return the highest maximum reached from the starting points.

    Raises
    ------
    StatsError
        If no search ends at a maximum.

    Notes
    -----
    BFGS with central differences, then Newton steps. Standard deviations enter squared, so that the
    likelihood is even in them and zero is an inner point.
    """
    from scipy.optimize import minimize

    def fall(point: Floats) -> float:
        return -likelihood(point)

    def rise(point: Floats) -> Floats:
        return -slope(likelihood, point)

    likely = sorted(starts, key=likelihood)[-FOLLOWED:]
    ends = [
        minimize(fall, start, jac=rise, method="BFGS", options={"gtol": 1e-6, "maxiter": 200}).x
        for start in likely
    ]
    point = max(ends, key=likelihood)
    for _ in range(POLISHES):
        point = _polished(likelihood, point)
    information = -curvature(likelihood, point)
    if np.abs(slope(likelihood, point)).max() > FLAT:
        raise StatsError("the search for the maximum of the likelihood did not converge.")
    if float(np.linalg.eigvalsh(information)[0]) <= 0:
        raise StatsError("the likelihood has no curvature at its maximum: too few events for this model.")
    return Maximum(point, likelihood(point), np.asarray(np.linalg.inv(information), dtype=np.float64))


def _polished(likelihood: Likelihood, point: Floats) -> Floats:
    curve = curvature(likelihood, point)
    if float(np.linalg.eigvalsh(curve)[-1]) >= 0:
        return point
    moved = np.asarray(point - np.linalg.solve(curve, slope(likelihood, point)))
    return moved if likelihood(moved) > likelihood(point) else point


def slope(likelihood: Likelihood, point: Floats) -> Floats:
    """Return the first derivatives by central differences."""
    steps = SLOPE_STEP * np.eye(point.size)
    return np.array([likelihood(point + s) - likelihood(point - s) for s in steps]) / (2.0 * SLOPE_STEP)


def curvature(likelihood: Likelihood, point: Floats) -> Floats:
    """Return the second derivatives by central differences."""
    n, h = point.size, CURVE_STEP
    steps, here = h * np.eye(n), likelihood(point)
    curve = np.empty((n, n))
    for i in range(n):
        up, down = likelihood(point + steps[i]), likelihood(point - steps[i])
        far_up, far_down = likelihood(point + 2 * steps[i]), likelihood(point - 2 * steps[i])
        curve[i, i] = (-far_up + 16 * up - 30 * here + 16 * down - far_down) / (12 * h**2)
        for j in range(i):
            corners = [
                likelihood(point + a * steps[i] + b * steps[j])
                for a, b in ((1, 1), (-1, -1), (1, -1), (-1, 1))
            ]
            curve[i, j] = curve[j, i] = (corners[0] + corners[1] - corners[2] - corners[3]) / (4 * h**2)
    return curve


def boundary_pval(statistic: float) -> float:
    """Return the p value of a likelihood-ratio test of a variance at zero.

    Half the time the statistic is zero, otherwise chi-squared on one degree of freedom: Self and Liang
    (1987), J Am Stat Assoc 82:605-610, case 5.
    """
    return 1.0 if statistic <= ROUNDING else 0.5 * float(special.chdtrc(1, statistic))
