"""The interval of Henmi and Copas: centred on the common-effect mean, wide enough for tau2."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, single
from rheumeta.stats.tau2 import estimate_tau2

NODES = 128
"""Gauss-Legendre points of the integral over the standardised mean; 400 give the same ten digits."""

FAR = 12.0
"""The normal density beyond is below 1e-31."""

HALVINGS = 60
"""Halvings of the bracket of the critical value: to rounding."""


@dataclass(frozen=True)
class HenmiCopas:
    """The common-effect mean with an interval that allows for heterogeneity and for small-study effects.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub : float
        Common-effect mean, its standard error with tau2 by DL, and interval.
    tau2 : float
        By DerSimonian and Laird.
    critical : float
        Standard errors between mean and bound; 1.96 at 95 % where nothing is uncertain.
    level : float
        Confidence in percent.
    """

    k: int
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    tau2: float
    critical: float
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return dataclasses.asdict(self)

    def summary(self) -> str:
        """Return the result as a line of text."""
        return (
            f"Henmi-Copas, k = {self.k}: {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], "
            f"se {self.se:.4f}, tau2 {self.tau2:.4f}"
        )


def henmi_copas(yi: ArrayLike, vi: ArrayLike, *, level: float = 95) -> HenmiCopas:
    """Return the interval of Henmi and Copas for the mean effect.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    level : float
        Confidence in percent.

    Returns
    -------
    HenmiCopas

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`.

    Notes
    -----
    Henmi and Copas (2010), Stat Med 29:2969-2983: the mean weighted by 1 / v suffers less from small-study
    effects; U = (mean - mu) / se with se^2 = (sum w + tau2 sum w^2) / (sum w)^2 is referred to its
    distribution at tau2 = DL. Given the standardised mean r, Q is taken as gamma with its exact
    conditional mean and variance, which are linear in r^2.
    """
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    batch = single(yi, vi)
    y, w = batch.y[0], 1.0 / batch.v[0]
    tau2 = float(estimate_tau2(batch, "DL")[0][0])
    mean = float(y[0] + (w @ (y - y[0])) / w.sum())
    se = float(np.sqrt(w.sum() + tau2 * (w @ w)) / w.sum())
    critical = _critical(_given(w, tau2), level / 100.0)
    half = critical * se
    return HenmiCopas(y.size, mean, se, mean - half, mean + half, tau2, critical, level)


@dataclass(frozen=True)
class _Given:
    """What the coverage needs; mean and variance of Q given r are a + b r^2 and c + d r^2."""

    k: int
    w1: float
    w2: float
    sigma2: float
    a: float
    b: float
    c: float
    d: float


def _given(w: Floats, tau2: float) -> _Given:
    # y - mu = g m + e with m = sigma r the error of the mean, g the regression of y on it and e independent
    # with covariance C; Q = (g m + e)' A (g m + e) with A = W - ww' / sum w has the mean
    # m^2 g'Ag + tr(AC) and the variance 4 m^2 g'ACAg + 2 tr(ACAC).
    s = 1.0 / w + tau2
    sw = s * w
    sigma2 = float(w @ sw) / w.sum() ** 2
    g = sw / (w @ sw) * w.sum()
    a = np.diag(w) - np.outer(w, w) / w.sum()
    ac = a @ (np.diag(s) - np.outer(sw, sw) / (w @ sw))
    ag = a @ g
    return _Given(
        w.size, float(w.sum()), float(w @ w), sigma2,
        float(np.trace(ac)), sigma2 * float(g @ ag),
        2.0 * float((ac * ac.T).sum()), 4.0 * sigma2 * float(g @ ac @ ag),
    )  # fmt: skip


def _critical(given: _Given, confidence: float) -> float:
    low, high, rule = 0.0, 1.0, np.polynomial.legendre.leggauss(NODES)
    while _coverage(high, given, rule) < confidence:
        low, high = high, 2.0 * high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _coverage(middle, given, rule) < confidence else (low, middle)
    return 0.5 * (low + high)


def _coverage(u: float, given: _Given, rule: tuple[Floats, Floats]) -> float:
    # P(|U| <= u): given r this says that the estimated variance is at least sigma^2 r^2 / u^2, hence that
    # Q is at least a bound; for |r| up to `sure` it always is, as tau2 is not below zero.
    sure = u / np.sqrt(given.sigma2 * given.w1)
    covered = float(special.ndtr(sure) - special.ndtr(-sure))
    if sure >= FAR:
        return covered
    nodes, weights = rule
    r = 0.5 * ((FAR - sure) * nodes + FAR + sure)
    excess = (given.sigma2 * (r / u) ** 2 * given.w1**2 - given.w1) / given.w2
    bound = np.maximum(0.0, given.k - 1.0 + excess * (given.w1 - given.w2 / given.w1))
    centre, spread = given.a + given.b * r**2, given.c + given.d * r**2
    tail = special.gammaincc(centre**2 / spread, bound * centre / spread)
    density = np.exp(-0.5 * r**2) / np.sqrt(2.0 * np.pi)
    return covered + float((FAR - sure) * (weights * density * tail).sum())
