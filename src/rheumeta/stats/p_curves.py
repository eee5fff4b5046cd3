"""Estimates and intervals from combined p-value functions.

Each study gives a one-sided p value against every value mu that could be the truth; a rule combines the k
p values into one. As a function of mu that is a confidence distribution: its median is an estimate, its
quantiles are the bounds of an interval (Xie, Singh and Strawderman 2011, J Am Stat Assoc 106:320-333; Held,
Hofmann and Pawel 2025, Res Synth Methods, "A comparison of combined p-value functions for
meta-analysis", arXiv:2408.08135).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, Ints, as_vectors
from rheumeta.stats.irwin_hall import irwin_hall, irwin_hall_quantile
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.result import Result
from rheumeta.stats.roots import solve_bracketed

Alternative = Literal["greater", "less"]
ALTERNATIVES = ("greater", "less")

REACH = 10.0
"""Standard errors that a bracket goes beyond the normal quantile: there every rule is past its bound."""


@dataclass(frozen=True)
class CombinedInterval(Result):
    """An estimate and interval from a combined p-value function.

    Attributes
    ----------
    method : str
        Rule that combines.
    alternative : {"greater", "less"}
        Orientation of the one-sided p values.
    k : int
        Number of studies.
    estimate : float
        Median of the confidence distribution: the combined p value is one half.
    ci_lb, ci_ub : float
        Where both one-sided combined p values are (1 - level) / 2.
    tau2 : float
        Variance added to that of every study.
    level : float
        Confidence in percent.
    """

    method: str
    alternative: str
    k: int
    estimate: float
    ci_lb: float
    ci_ub: float
    tau2: float
    level: float

    def summary(self) -> str:
        """Return the result as a line of text."""
        return (
            f"Combined p values ({self.method}, {self.alternative}), k = {self.k}: {self.estimate:.4f} "
            f"[{self.ci_lb:.4f}, {self.ci_ub:.4f}] ({self.level:g} %)"
        )


@dataclass(frozen=True)
class ConfidenceCurve(Result):
    """A combined p-value function on a grid.

    Attributes
    ----------
    method, alternative : str
        As in :class:`CombinedInterval`.
    k : int
        Number of studies.
    mu : ndarray, shape (n,)
        True values, analysis scale.
    pval : ndarray, shape (n,)
        Combined one-sided p value; rises with mu for "greater", falls for "less".
    pval_two_sided : ndarray, shape (n,)
        Twice the smaller of pval and 1 - pval: above alpha inside the 1 - alpha interval.
    density : ndarray, shape (n,)
        Confidence density, the slope of pval without its sign, in 1 / units of mu.
    """

    method: str
    alternative: str
    k: int
    mu: Floats
    pval: Floats
    pval_two_sided: Floats
    density: Floats

    def summary(self) -> str:
        """Return the result as a line of text."""
        return (
            f"Combined p-value function ({self.method}, {self.alternative}), k = {self.k}, at "
            f"{self.mu.size} values"
        )


def combined_interval(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: str = "edgington",
    alternative: Alternative = "greater",
    tau2: float = 0.0,
    level: float = 95,
) -> CombinedInterval:
    """Return the median and the interval of a combined p-value function.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 1.
    method : {"edgington", "fisher", "pearson", "stouffer", "tippett", "wilkinson"}
        Rule that combines; see Notes.
    alternative : {"greater", "less"}
        Orientation of the p values: "greater" takes 1 - Phi((y - mu) / se), "less" Phi((y - mu) / se).
        It makes no difference to Edgington and Stouffer. Fisher's rule with "less" is Pearson's with
        "greater", Tippett's with "less" Wilkinson's with "greater".
    tau2 : float
        Between-study variance (>= 0) to add to `vi`, for example from :func:`rheumeta.stats.pool`;
        its own uncertainty is not part of the interval.
    level : float
        Confidence in percent.

    Returns
    -------
    CombinedInterval

    Raises
    ------
    StatsError
        Effects and variances as for :func:`rheumeta.stats.pool`, but one study is enough; an unknown
        method or alternative; effects so many standard errors apart that the median is not determined in
        double precision.

    Notes
    -----
    Edgington (1972), J Psychol 80:351-363: sum of the p values; the only one of the six that is the same in
    both orientations and can give an interval that is not symmetric (Held, Hofmann and Pawel 2025).
    Fisher (1932): product of the p values. Pearson (1933), Biometrika 25:379-410: product of 1 - p.
    Stouffer et al. (1949): sum of normal deviates, here weighted by 1 / se, which gives the
    common-effect mean and its Wald interval. Tippett (1931): smallest p value. Wilkinson (1951), Psychol Bull
    48:156-158, with r = k: largest p value.
    """
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    y, se, sign = _oriented(yi, vi, method, alternative, tau2)
    tail = (1.0 - level / 100.0) / 2.0
    low, middle, high = (sign * x for x in _invert(y, se, method, np.array([tail, 0.5, 1.0 - tail])))
    if sign < 0:
        low, high = high, low
    return CombinedInterval(
        method, alternative, y.size, float(middle), float(low), float(high), float(tau2), float(level)
    )


def confidence_curve(
    yi: ArrayLike,
    vi: ArrayLike,
    mu: ArrayLike,
    *,
    method: str = "edgington",
    alternative: Alternative = "greater",
    tau2: float = 0.0,
) -> ConfidenceCurve:
    """Return the combined p-value function and its density on a grid.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 1.
    mu : array_like, shape (n,)
        True values, analysis scale.
    method, alternative, tau2
        As in :func:`combined_interval`.

    Returns
    -------
    ConfidenceCurve

    Raises
    ------
    StatsError
        As :func:`combined_interval`, or if mu is not a vector of finite numbers.

    Notes
    -----
    As :func:`combined_interval`. The densities of Tippett and Wilkinson jump where another study
    takes over as the extreme one.
    """
    y, se, sign = _oriented(yi, vi, method, alternative, tau2)
    grid = np.atleast_1d(np.asarray(mu, dtype=np.float64))
    if grid.ndim != 1 or not np.isfinite(grid).all():
        raise StatsError("mu must be a vector of finite numbers.")
    pval, density = _RULES[method]((y - sign * grid[:, None]) / se, se)
    two_sided = 2.0 * np.minimum(pval, 1.0 - pval)
    return ConfidenceCurve(method, alternative, se.size, grid, pval, two_sided, density)


def _oriented(
    yi: ArrayLike, vi: ArrayLike, method: str, alternative: str, tau2: float
) -> tuple[Floats, Floats, float]:
    """Return effects with the sign of the orientation, standard errors, and that sign."""
    check_choice("method", method, tuple(_RULES))
    check_choice("alternative", alternative, ALTERNATIVES)
    if not (np.isfinite(tau2) and tau2 >= 0):
        raise StatsError(f"tau2 must be a number of at least zero, not {tau2!r}.")
    y, v = as_vectors(yi, vi)
    if not y.size:
        raise StatsError("combining p values needs at least one study.")
    sign = 1.0 if alternative == "greater" else -1.0
    return sign * y, np.sqrt(v + tau2), sign


def _invert(y: Floats, se: Floats, method: str, target: Floats) -> Floats:
    """Return where the combined p value is each target, in units free of the scale of the data."""
    w = 1.0 / se**2
    unit = float(1.0 / np.sqrt(w.sum()))
    centre = float(y[0] + (w @ (y - y[0])) / w.sum())
    y, se = (y - centre) / unit, se / unit
    goal = irwin_hall_quantile(target, y.size) if method == "edgington" else target

    def excess(x: Floats, rows: Ints | None) -> tuple[Floats, Floats]:
        z = (y - x[:, None]) / se
        value, slope = _centred_sum(z, se) if method == "edgington" else _RULES[method](z, se)
        return (goal if rows is None else goal[rows]) - value, -slope

    reach = REACH - float(special.ndtri(target[0]))
    lower = np.full(target.size, np.min(y - reach * se))
    upper = np.full(target.size, np.max(y + reach * se))
    found = solve_bracketed(excess, lower, upper, scale=np.ones(target.size), start=np.zeros(target.size))
    if not (excess(found, None)[1] < 0).all():
        raise StatsError(
            "the effects lie so many standard errors apart that the combined p value is flat between "
            "them; no estimate can be read from it."
        )
    return centre + unit * found


def _normal(z: Floats, se: Floats) -> Floats:
    """Slope of each p value in mu."""
    slope: Floats = np.exp(-0.5 * z**2) / (np.sqrt(2.0 * np.pi) * se)
    return slope


def _log_slope(z: Floats, se: Floats) -> Floats:
    """Slope of log p in mu: the inverse of Mills' ratio over se, safe where p is zero in doubles."""
    slope: Floats = np.exp(-0.5 * z**2 - 0.5 * np.log(2.0 * np.pi) - special.log_ndtr(-z)) / se
    return slope


def _centred_sum(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    # Tails are summed apart from ones and halves: between distant effects the sum is a whole number but
    # for tails far below its rounding, and the median lies where they balance.
    tail = special.ndtr(-np.abs(z))
    below = z < 0
    centred = (below.sum(axis=1) - z.shape[1] / 2.0) + np.where(below, -tail, tail).sum(axis=1)
    return centred, _normal(z, se).sum(axis=1)


def _edgington(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    centred, slope = _centred_sum(z, se)
    pval, density = irwin_hall(centred, z.shape[1])
    return pval, density * slope


def _log_product(z: Floats, se: Floats) -> tuple[Floats, Floats, Floats]:
    """-2 sum log p, its chi-squared density, and its slope in mu without sign."""
    k = z.shape[1]
    statistic = -2.0 * special.log_ndtr(-z).sum(axis=1)
    half = 0.5 * statistic
    density = 0.5 * np.exp(special.xlogy(k - 1, half) - half - special.gammaln(k))
    return statistic, density, 2.0 * _log_slope(z, se).sum(axis=1)


def _fisher(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    statistic, density, slope = _log_product(z, se)
    return np.asarray(special.chdtrc(2 * z.shape[1], statistic)), density * slope


def _pearson(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    statistic, density, slope = _log_product(-z, se)
    return np.asarray(special.chdtr(2 * z.shape[1], statistic)), density * slope


def _stouffer(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    norm = float(np.sqrt((se**-2.0).sum()))
    total = (z / se).sum(axis=1) / norm
    return np.asarray(special.ndtr(-total)), _normal(total, np.asarray(1.0 / norm))


def _tippett(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    log_others = z.shape[1] * special.log_ndtr(z.max(axis=1))
    return -np.expm1(log_others), _wilkinson(-z, se)[1]


def _wilkinson(z: Floats, se: Floats) -> tuple[Floats, Floats]:
    k, at = z.shape[1], z.argmin(axis=1)
    least = np.take_along_axis(z, at[:, None], axis=1)[:, 0]
    pval = np.exp(k * special.log_ndtr(-least))
    return pval, k * np.exp((k - 1) * special.log_ndtr(-least)) * _normal(least, se[at])


_RULES: dict[str, Callable[[Floats, Floats], tuple[Floats, Floats]]] = {
    "edgington": _edgington,
    "fisher": _fisher,
    "pearson": _pearson,
    "stouffer": _stouffer,
    "tippett": _tippett,
    "wilkinson": _wilkinson,
}
