"""The search for the highest likelihood of a model with random effects.

A trust-region Newton search (Moré and Sorensen 1983, SIAM J Sci Stat Comput 4:553-572) in
parameters divided by the scale of the data, from several starts; the highest end wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats
from rheumeta.stats.mixed_model import Model, solve
from rheumeta.stats.random_terms import RandomTerm, canonical

GRADIENT_TOLERANCE = 1e-10
"""Slope of the log likelihood, in parameters of order one, at which the search ends: the parameters
are then right to about nine digits."""

ACCEPTED_SLOPE = 1e-5
"""Slope up to which a search that ended early still counts as converged: the likelihood is then
within about 1e-10 of its maximum."""

HESSIAN_STEP = 1e-5
"""Step of the differences of the exact slope that give the curvature."""

COSINES = (0.98, 0.5, 0.0, -0.5)
"""Cosines of the angles at the starting points."""

STARTS = 6
"""Starting points followed to their maximum, the best of those tried."""

SPREAD = 100
"""Further points tried, and the six best of them followed, where a term has several variances or correlations:
their likelihoods may have several maxima."""

SPREAD_SIZES = (0.02, 3.0)
"""Standard deviations at these points, in units of the data's scale."""


def maximise(
    model: Model, *, fixed: dict[int, float] | None = None, starts: Sequence[Floats] = ()
) -> tuple[Floats, bool]:
    """Return the parameters of the highest likelihood, and whether the search converged.

    Parameters
    ----------
    model : Model
        The model.
    fixed : dict of int to float, optional
        Parameters held at a value.
    starts : sequence of ndarray
        Starting points to use instead of those of `starting_points`.

    Returns
    -------
    tuple of ndarray and bool
        Standard deviations are not negative.
    """
    points = [point.copy() for point in starts] or starting_points(model)
    free = np.ones(model.n_parameters, dtype=bool)
    for i, value in (fixed or {}).items():
        free[i] = False
        for point in points:
            point[i] = value
    if not free.any():
        return points[0], True
    ends = [_climb(model, point, free) for point in points]
    best = max(ends, key=lambda end: end.height)
    theta = _unsigned(model, best.theta, free)
    if theta is not None:
        return theta, best.converged
    # A negative standard deviation turned the sign of a correlation that can't follow: search again
    # within bounds, from the same starts and from where the signs are ignored.
    signed = np.array(model.is_sd())
    points += [np.where(signed, np.abs(end.theta), end.theta) for end in ends]
    best = max((_bounded(model, point, free) for point in points), key=lambda end: end.height)
    return best.theta, best.converged


@dataclass(frozen=True)
class _End:
    """Where a search ended: parameters, log likelihood, whether the slope is zero."""

    theta: Floats
    height: float
    converged: bool


@dataclass
class _Problem:
    """The negative log likelihood in the free parameters over their units."""

    model: Model
    start: Floats
    free: Bools

    def __post_init__(self) -> None:
        self.unit = np.where(self.model.is_sd(), scale(self.model), 1.0)[self.free]

    def full(self, part: Floats) -> Floats:
        theta = self.start.copy()
        theta[self.free] = part * self.unit
        return theta

    def fall(self, part: Floats) -> float:
        try:
            return -solve(self.model, self.full(part)).log_likelihood
        except np.linalg.LinAlgError:
            return float("inf")

    def slope(self, part: Floats) -> Floats:
        return np.asarray(-solve(self.model, self.full(part)).slope[self.free] * self.unit)

    def curvature(self, part: Floats) -> Floats:
        steps = HESSIAN_STEP * np.eye(part.size)
        rows = [(self.slope(part + s) - self.slope(part - s)) / (2.0 * HESSIAN_STEP) for s in steps]
        return (np.array(rows) + np.array(rows).T) / 2.0


def _climb(model: Model, start: Floats, free: Bools) -> _End:
    from scipy.optimize import minimize

    problem = _Problem(model, start, free)
    end = minimize(
        problem.fall, start[free] / problem.unit, jac=problem.slope, hess=problem.curvature,
        method="trust-exact", options={"gtol": GRADIENT_TOLERANCE, "maxiter": 100},
    )  # fmt: skip
    return _End(problem.full(end.x), -float(end.fun), bool(np.abs(end.jac).max() < ACCEPTED_SLOPE))


def _bounded(model: Model, start: Floats, free: Bools) -> _End:
    """Search with standard deviations >= 0, then exactly with those at zero held there."""
    from scipy.optimize import minimize

    problem = _Problem(model, start, free)
    bounds = [(0.0, None) if sd else (None, None) for sd in np.array(model.is_sd())[free]]
    end = minimize(
        problem.fall, start[free] / problem.unit, jac=problem.slope, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    theta = problem.full(end.x)
    found = _End(theta, -float(end.fun), True)
    inner = free & ~(np.array(model.is_sd()) & (theta == 0.0))
    if not inner.any():
        return found
    exact = _climb(model, theta, inner)
    inside = (exact.theta[model.is_sd()] >= 0.0).all() and exact.height >= found.height
    return exact if inside else found


def _unsigned(model: Model, theta: Floats, free: Bools) -> Floats | None:
    """Return the same model with standard deviations >= 0; None where that is not possible."""
    parts, frees = model.split(theta), model.split(free.astype(np.float64))
    done = [_unsigned_term(t, p, f > 0) for t, p, f in zip(model.terms, parts, frees, strict=True)]
    if any(part is None for part in done):
        return None
    return np.concatenate([part for part in done if part is not None])


def _unsigned_term(term: RandomTerm, part: Floats, free: Bools) -> Floats | None:
    sd, angles = part[: term.n_sd], part[term.n_sd :]
    if not term.n_angle or term.n_sd == 1 or (sd >= 0).all():
        return np.concatenate([np.abs(sd), angles])
    if term.structure == "un" and free.all():
        return canonical(term.covariance(part))
    return None


def scale(model: Model) -> float:
    """Return the square root of the larger of a typical sampling variance and the residual variance."""
    n, p = model.x.shape
    rest = model.y - model.x @ np.linalg.lstsq(model.x, model.y, rcond=None)[0]
    return float(np.sqrt(max(np.median(np.diagonal(model.v)), rest @ rest / (n - p))))


def starting_points(model: Model) -> list[Floats]:
    """Return the best of a few ways to share the residual variance among the terms.

    Raises
    ------
    StatsError
        If no covariance at any of them is positive definite.
    """
    unit, number = scale(model), len(model.terms)
    shares = [np.full(number, 1.0 / number)]
    if number > 1:
        shares += [np.where(np.arange(number) == i, 0.9, 0.1 / (number - 1)) for i in range(number)]
    points = [
        _point(model, np.sqrt(size * share) * unit, cosine)
        for share in shares
        for size in (1.0, 0.1, 0.001)
        for cosine in COSINES
    ]
    heights = [_height(model, point) for point in points]
    if not np.isfinite(heights).any():
        raise StatsError("the covariance of the effects is singular: check the sampling covariance.")
    # The best of each correlation, as the highest of all tend to lie on one side; then the next best.
    order = [int(i) for i in np.argsort(heights)[::-1] if np.isfinite(heights[i])]
    first = [next((i for i in order if i % len(COSINES) == c), order[0]) for c in range(len(COSINES))]
    chosen = list(dict.fromkeys([*first, *order])) if any(t.n_angle for t in model.terms) else order
    return [*(points[i] for i in chosen[:STARTS]), *_spread_points(model, unit)]


def _spread_points(model: Model, unit: float) -> list[Floats]:
    """Return the best of points all over the parameters, always the same ones."""
    if all(t.n_sd + t.n_angle <= 2 for t in model.terms):
        return []
    rng, signed = np.random.default_rng(1), np.array(model.is_sd())
    low, high = np.log(SPREAD_SIZES)
    sizes = unit * np.exp(rng.uniform(low, high, (SPREAD, signed.size)))
    points = np.where(signed, sizes, rng.uniform(0.0, np.pi, sizes.shape))
    heights = np.array([_height(model, point) for point in points])
    return [points[i] for i in np.argsort(-heights)[:STARTS] if np.isfinite(heights[i])]


def _height(model: Model, point: Floats) -> float:
    try:
        return solve(model, point).log_likelihood
    except np.linalg.LinAlgError:
        return -np.inf


def _point(model: Model, sds: Floats, cosine: float) -> Floats:
    parts = []
    for term, sd in zip(model.terms, sds, strict=True):
        parts += [np.full(term.n_sd, sd), np.full(term.n_angle, np.arccos(cosine))]
    return np.concatenate(parts) if parts else np.zeros(0)
