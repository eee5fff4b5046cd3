"""Weight functions of selection models: how likely a study with a given p value is to be seen.

Each turns a parameter vector delta into weights at p values; weights matter only up to a factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from rheumeta.stats.batch import Floats

PANEL = 0.5
"""Width of a panel of the quadrature in z: the densities are at least one wide, and the weight
functions are smooth on this scale."""

NODES = 12
"""Gauss-Legendre nodes of a panel: exact for polynomials of degree 23, to rounding for these densities."""

P_MIN = 1e-5
"""p and 1 - p are kept above this where the weight or its logarithm has no bound (beta, power): without,
one study with p = 1e-12 would decide on the fit, and the chance to be seen can be infinite. metafor's
bound is the same."""


@dataclass(frozen=True)
class WeightFunction:
    """A family of weight functions of the one- or two-sided p value.

    Attributes
    ----------
    name : str
        Name of the family.
    log_weight : callable
        Takes p (any shape), log p, log(1 - p) and delta; returns the logarithm of the weight.
    start : tuple of tuple of float
        Values of delta from which the search starts; the first is no selection.
    positive : bool
        True if delta must be above zero; False if zero (no selection) is allowed.
    p_min : float
        p values are kept between this and 1 - this.
    z_max : float
        |z| beyond which the weight is constant.
    source : str
        Reference.
    """

    name: str
    log_weight: Callable[[Floats, Floats, Floats, Floats], Floats]
    start: tuple[tuple[float, ...], ...]
    positive: bool
    p_min: float
    z_max: float
    source: str


@dataclass(frozen=True)
class Quadrature:
    """Nodes and weights in z, with the p values there.

    Attributes
    ----------
    z, weight : ndarray, shape (n,)
        Nodes and quadrature weights.
    p, log_p, log_q : ndarray, shape (n + 2,)
        p, log p and log(1 - p) at the nodes, then at the lower and the upper end.
    end : float
        The nodes lie between -end and end.
    """

    z: Floats
    weight: Floats
    p: Floats
    log_p: Floats
    log_q: Floats
    end: float


def p_values(z: Floats, *, two_sided: bool, p_min: float) -> tuple[Floats, Floats, Floats]:
    """Return p, log p and log(1 - p) of normal deviates, kept from 0 and 1 by `p_min`.

    Parameters
    ----------
    z : ndarray
        Effects over their standard errors.
    two_sided : bool
        p of |z| in both tails; otherwise in the upper tail.
    p_min : float
        Bound on p and 1 - p.

    Returns
    -------
    tuple of ndarray
        Each of the shape of z.
    """
    if two_sided:
        log_p = np.log(2.0) + special.log_ndtr(-np.abs(z))
        q = special.erf(np.abs(z) / np.sqrt(2.0))
        with np.errstate(divide="ignore"):
            log_q = np.log(q)
    else:
        log_p, log_q = special.log_ndtr(-z), special.log_ndtr(z)
    if p_min > 0:
        low, high = np.log(p_min), np.log1p(-p_min)
        log_p, log_q = np.clip(log_p, low, high), np.clip(log_q, low, high)
    return np.exp(log_p), log_p, log_q


@lru_cache
def quadrature(function: WeightFunction, *, two_sided: bool) -> Quadrature:
    """Return composite Gauss-Legendre nodes between -z_max and z_max."""
    end = function.z_max
    if function.p_min > 0:
        end = float(-special.ndtri(function.p_min / 2 if two_sided else function.p_min))
    edges = _edges(function, end, two_sided=two_sided)
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = np.diff(edges)[:, None] / 2
    z = (edges[:-1, None] + half * (1.0 + x)).ravel()
    p, log_p, log_q = p_values(np.append(z, [-end, end]), two_sided=two_sided, p_min=function.p_min)
    return Quadrature(z, (half * w).ravel(), p, log_p, log_q, end)


def _edges(function: WeightFunction, end: float, *, two_sided: bool) -> Floats:
    # Bounds of the panels. 1 - p of two sides is |z| near zero, so that its powers bend sharply down to
    # where it is kept from zero: the panels shrink by half towards there.
    edges = np.linspace(0.0, end, int(np.ceil(end / PANEL)) + 1)
    if two_sided and function.p_min > 0:
        edge = float(special.ndtri(0.5 + function.p_min / 2))
        finer = edges[1] * 0.5 ** np.arange(1.0, 40.0)
        edges = np.unique([0.0, edge, *finer[finer > edge], *edges[1:]])
    return np.concatenate([-edges[:0:-1], edges])


def log_normaliser(
    function: WeightFunction, grid: Quadrature, delta: Floats, mean: Floats, sd: Floats
) -> Floats:
    """Return the log of the chance that each study is seen: the mean weight under its distribution of z.

    Parameters
    ----------
    function, grid : WeightFunction, Quadrature
        Weights and nodes.
    delta : ndarray
        Parameters of the weights.
    mean, sd : ndarray, shape (k,)
        Of the normal distribution of z; sd >= 1.

    Returns
    -------
    ndarray, shape (k,)
    """
    log_w = function.log_weight(grid.p, grid.log_p, grid.log_q, delta)
    top = float(log_w.max())
    w = np.exp(log_w - top)
    deviate = (grid.z[None] - mean[:, None]) / sd[:, None]
    density = np.exp(-0.5 * deviate**2) / (np.sqrt(2.0 * np.pi) * sd[:, None])
    inside = density @ (grid.weight * w[:-2])
    tails = w[-2] * special.ndtr((-grid.end - mean) / sd) + w[-1] * special.ndtr((mean - grid.end) / sd)
    with np.errstate(divide="ignore"):
        return np.asarray(top + np.log(inside + tails), dtype=np.float64)


def _beta(p: Floats, log_p: Floats, log_q: Floats, delta: Floats) -> Floats:
    return np.asarray((delta[0] - 1.0) * log_p + (delta[1] - 1.0) * log_q, dtype=np.float64)


def _half_normal(p: Floats, log_p: Floats, log_q: Floats, delta: Floats) -> Floats:
    return np.asarray(-delta[0] * p**2, dtype=np.float64)


def _exponential(p: Floats, log_p: Floats, log_q: Floats, delta: Floats) -> Floats:
    return np.asarray(-delta[0] * p, dtype=np.float64)


def _logistic(p: Floats, log_p: Floats, log_q: Floats, delta: Floats) -> Floats:
    return np.asarray(np.log(2.0) - np.logaddexp(0.0, delta[0] * p), dtype=np.float64)


def _power(p: Floats, log_p: Floats, log_q: Floats, delta: Floats) -> Floats:
    if delta[0] == 0:
        return np.zeros(p.shape)
    return np.asarray(delta[0] * log_q, dtype=np.float64)


_PRESTON = "Preston, Ashby and Smyth (2004), J Eval Clin Pract 10:313-322"
_ONE = ((0.0,), (0.3,), (1.0,), (3.0,), (10.0,))

SMOOTH: dict[str, WeightFunction] = {
    "beta": WeightFunction(
        name="beta",
        log_weight=_beta,
        start=((1.0, 1.0), (0.5, 1.0), (1.0, 0.5), (0.5, 2.0), (2.0, 2.0), (1.0, 3.0), (0.2, 1.0)),
        positive=True,
        p_min=P_MIN,
        z_max=9.0,
        source="Citkowicz and Vevea (2017), Psychol Methods 22:28-41",
    ),
    "halfnorm": WeightFunction("halfnorm", _half_normal, _ONE, False, 0.0, 9.0, _PRESTON),
    "negexp": WeightFunction("negexp", _exponential, _ONE, False, 0.0, 9.0, _PRESTON),
    "logistic": WeightFunction("logistic", _logistic, _ONE, False, 0.0, 9.0, _PRESTON),
    "power": WeightFunction("power", _power, _ONE, False, P_MIN, 9.0, _PRESTON),
}
"""The continuous weight functions: p^(a-1) (1-p)^(b-1), exp(-d p^2), exp(-d p), 2 exp(-d p) / (1 +
exp(-d p)) and (1 - p)^d."""
