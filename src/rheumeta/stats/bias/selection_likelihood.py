"""Likelihood of selection models, and its maximum.

A study with effect y is seen with a chance proportional to w(p(y)), so that what is seen has density
w(p) N(y; theta, v + tau2) / A, A the mean weight under that normal (Hedges 1992, Stat Sci 7:246-255).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.bias.selection_weights import SMOOTH, log_normaliser, p_values, quadrature

Objective = Callable[[Floats], float]

CLOSE = 1e-9
"""Newton ends at a step below this."""

POLISH = 50

STEP = 1e-4
"""Step of the differences, beside parameters of order one: the fourth root of the rounding error, at
which the second differences err by about 1e-7."""

FAR = 50.0
"""No search further than fifty standard errors beyond twice the largest effect, or than exp(50)."""

STARTS = 5
"""Starts that are climbed: of those in a grid of 64 or more the five highest; more found nothing better
in the reference data."""


class Selection(Protocol):
    """How likely studies are to be seen, for the data at hand."""

    @property
    def start(self) -> tuple[tuple[float, ...], ...]:
        """Return the values of delta to start from."""

    @property
    def positive(self) -> bool:
        """Return whether delta lies above zero."""

    def log_seen(self, theta: float, tau2: float, delta: Floats) -> Floats:
        """Return log w(p_i) - log A_i, shape (k,)."""


@dataclass(frozen=True)
class SmoothSelection:
    """A continuous weight function for effects that count as evidence where they are large."""

    name: str
    y: Floats
    v: Floats
    two_sided: bool

    @property
    def start(self) -> tuple[tuple[float, ...], ...]:
        """Return the values of delta to start from."""
        return SMOOTH[self.name].start

    @property
    def positive(self) -> bool:
        """Return whether delta lies above zero."""
        return SMOOTH[self.name].positive

    def log_seen(self, theta: float, tau2: float, delta: Floats) -> Floats:
        """Return log w(p_i) - log A_i, shape (k,)."""
        function = SMOOTH[self.name]
        grid = quadrature(function, two_sided=self.two_sided)
        se = np.sqrt(self.v)
        return self._log_weight(delta) - log_normaliser(
            function, grid, delta, theta / se, np.sqrt(self.v + tau2) / se
        )

    def weights(self, delta: Floats) -> Floats:
        """Return the weight of each study, shape (k,)."""
        return np.asarray(np.exp(self._log_weight(delta)), dtype=np.float64)

    def _log_weight(self, delta: Floats) -> Floats:
        function = SMOOTH[self.name]
        z = self.y / np.sqrt(self.v)
        return function.log_weight(*p_values(z, two_sided=self.two_sided, p_min=function.p_min), delta)


@dataclass(frozen=True)
class StepSelection:
    """Constant weights between cut points of the p value; the first is 1, the others delta.

    Attributes
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances.
    cuts : ndarray, shape (m,)
        Cut points, the last 1.
    two_sided : bool
        Of the p values.
    member : ndarray of int, shape (k,)
        Interval of each study.
    """

    y: Floats
    v: Floats
    cuts: Floats
    two_sided: bool
    member: np.ndarray
    positive: bool = True

    @property
    def start(self) -> tuple[tuple[float, ...], ...]:
        """Return the values of delta to start from."""
        others = len(self.cuts) - 1
        return tuple((value,) * others for value in (1.0, 0.5, 0.2, 2.0))

    def log_seen(self, theta: float, tau2: float, delta: Floats) -> Floats:
        """Return log w(p_i) - log A_i, shape (k,)."""
        weight = np.append(1.0, delta)
        chance = self._chance(theta, tau2) @ weight
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(weight[self.member]) - np.log(chance), dtype=np.float64)

    def _chance(self, theta: float, tau2: float) -> Floats:
        # Probability of p in each interval, shape (k, m): differences of the chance of p below a cut.
        se, sd = np.sqrt(self.v)[:, None], np.sqrt(self.v + tau2)[:, None]
        inner = self.cuts[:-1]
        if self.two_sided:
            z = -special.ndtri(inner / 2)
            below = special.ndtr((theta - z * se) / sd) + special.ndtr((-theta - z * se) / sd)
        else:
            below = special.ndtr((theta + special.ndtri(inner) * se) / sd)
        edges = np.hstack([np.zeros(se.shape), below, np.ones(se.shape)])
        return np.diff(edges, axis=1)


def log_likelihood(
    y: Floats, v: Floats, selection: Selection | None, point: tuple[float, float, Floats]
) -> float:
    """Return the log-likelihood at (theta, tau2, delta); without selection that of the plain model."""
    theta, tau2, delta = point
    total = v + tau2
    plain = -0.5 * (np.log(2.0 * np.pi * total) + (y - theta) ** 2 / total)
    if selection is not None:
        plain = plain + selection.log_seen(theta, tau2, delta)
    value = float(plain.sum())
    return value if np.isfinite(value) else -np.inf


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is highest.

    Attributes
    ----------
    theta, tau2 : float
        Mean and between-study variance.
    delta : ndarray
        Parameters of the weights.
    log_likelihood : float
        Height.
    """

    theta: float
    tau2: float
    delta: Floats
    log_likelihood: float


def maximise(y: Floats, v: Floats, selection: Selection, *, theta: float, tau2: float) -> Maximum:
    """Return the highest maximum found from a grid of starts.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances, of the order of one.
    selection : Selection
        The weight function.
    theta, tau2 : float
        Of the plain model: starts lie about them.

    Returns
    -------
    Maximum

    Raises
    ------
    StatsError
        If no start ends at a maximum.

    Notes
    -----
    tau2 is searched as a square and delta as an exponential (a square where zero is allowed), so that the
    search has no bounds. The best `STARTS` of the grid are climbed by BFGS, the best end by Newton's
    method with numerical derivatives (Nocedal and Wright 2006, Numerical Optimization, 2nd ed., ch. 3, 6).
    """
    from scipy import optimize

    to_point, to_search = _transforms(selection.positive)

    def height(u: Floats) -> float:
        if (np.abs(u) > bound).any():
            return -np.inf
        return log_likelihood(y, v, selection, to_point(u))

    def depth(u: Floats) -> float:
        return min(-height(u), 1e10)

    spread = float(np.sqrt(tau2 + np.median(v)))
    bound = np.full(2 + len(selection.start[0]), FAR)
    bound[:2] += 2.0 * float(np.abs(y).max())
    grid = [
        to_search(theta + shift * spread, factor * spread, delta)
        for shift in (0.0, -0.7, -1.5, 0.7)
        for factor in (1e-3, 0.5, 1.0, 2.0)
        for delta in selection.start
    ]
    best = sorted(grid, key=depth)[:STARTS]
    ends = [optimize.minimize(depth, start, method="BFGS", options={"gtol": 1e-5}).x for start in best]
    end = max(ends, key=height)
    if not np.isfinite(height(end)):
        raise StatsError("the likelihood of the selection model has no maximum for these data.")
    top = _polish(height, end)
    point = to_point(top)
    return Maximum(point[0], point[1], point[2], height(top))


def _transforms(
    positive: bool,
) -> tuple[
    Callable[[Floats], tuple[float, float, Floats]], Callable[[float, float, tuple[float, ...]], Floats]
]:
    def to_point(u: Floats) -> tuple[float, float, Floats]:
        return float(u[0]), float(u[1]) ** 2, np.exp(u[2:]) if positive else u[2:] ** 2

    def to_search(theta: float, tau: float, delta: tuple[float, ...]) -> Floats:
        values = np.array(delta)
        return np.array([theta, tau, *(np.log(values) if positive else np.sqrt(np.maximum(values, 1e-4)))])

    return to_point, to_search


def _polish(height: Objective, u: Floats) -> Floats:
    for _ in range(POLISH):
        gradient, hessian = derivatives(height, u, np.full(u.size, STEP))
        if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
            break
        values, vectors = np.linalg.eigh(-hessian)
        values = np.maximum(np.abs(values), 1e-8 * max(1.0, float(np.abs(values).max())))
        step = vectors @ ((vectors.T @ gradient) / values)
        while height(u + step) < height(u) and np.abs(step).max() > CLOSE:
            step = step / 2
        if height(u + step) < height(u):
            break
        u = u + step
        if np.abs(step).max() <= CLOSE:
            break
    return u


def derivatives(function: Objective, u: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Return gradient and Hessian by central differences.

    Parameters
    ----------
    function : callable
        Takes an ndarray of shape (p,), returns a float.
    u, step : ndarray, shape (p,)
        Where, and how far to each side (> 0).

    Returns
    -------
    gradient, hessian : ndarray, shapes (p,) and (p, p)
        NaN where the function is not finite nearby.
    """
    shift = np.diag(step)
    here = function(u)
    ahead = np.array([function(u + s) for s in shift])
    behind = np.array([function(u - s) for s in shift])
    if not (np.isfinite(here) and np.isfinite(ahead).all() and np.isfinite(behind).all()):
        return np.full(u.size, np.nan), np.full((u.size, u.size), np.nan)
    hessian = np.diag((ahead - 2 * here + behind) / step**2)
    for i in range(u.size):
        for j in range(i):
            corners = [
                function(u + a * shift[i] + b * shift[j]) * a * b for a in (1.0, -1.0) for b in (1.0, -1.0)
            ]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step[i] * step[j])
    return (ahead - behind) / (2 * step), hessian
