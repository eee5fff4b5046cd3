"""What each study does to a pooled result: deletion diagnostics, Baujat and radial coordinates."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Bools, Floats, single
from rheumeta.stats.moments import moments, null_moments
from rheumeta.stats.pool_options import Method, Options
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile
from rheumeta.stats.tau2 import estimate_tau2

DFFITS_CUT = 3.0
"""Times sqrt(1 / (k - 1)): Viechtbauer and Cheung (2010), section 3."""

COOK_CUT = 0.5
"""Lower tail area of chi-squared with 1 df: Viechtbauer and Cheung (2010), section 3."""

HAT_CUT = 3.0
"""Times 1 / k: Viechtbauer and Cheung (2010), section 3."""

DFBETAS_CUT = 1.0
"""Viechtbauer and Cheung (2010), section 3."""


@dataclass(frozen=True)
class Influence(Result):
    """Diagnostics of each study, arrays of shape (k,) in the order of the input.

    Attributes
    ----------
    method : str
        Estimator of tau2.
    estimate, tau2 : float
        With all studies.
    rstandard : ndarray
        Internally standardised residuals.
    rstudent : ndarray
        Externally standardised (studentised deleted) residuals.
    dffits, dfbetas : ndarray
        Change of the mean when the study is left out, in two kinds of standard errors.
    cook : ndarray
        Cook's distance.
    cov_ratio : ndarray
        Variance of the mean without the study over that with it; below 1 the study makes it less precise.
    hat, weight : ndarray
        Leverage, and the same in percent.
    estimate_deleted, se_deleted, tau2_deleted, q_deleted : ndarray
        Of the other studies.
    influential : ndarray of bool
        True where a cut of Viechtbauer and Cheung (2010) is passed.
    """

    method: str
    estimate: float
    tau2: float
    rstandard: Floats
    rstudent: Floats
    dffits: Floats
    dfbetas: Floats
    cook: Floats
    cov_ratio: Floats
    hat: Floats
    weight: Floats
    estimate_deleted: Floats
    se_deleted: Floats
    tau2_deleted: Floats
    q_deleted: Floats
    influential: Bools

    def summary(self) -> str:
        """Return a table with one line a study."""
        names = ("rstudent", "dffits", "cook", "cov_ratio", "tau2_deleted", "q_deleted", "hat")
        head = "study " + " ".join(f"{name:>12}" for name in names)
        columns = [getattr(self, name) for name in names]
        rows = [
            f"{i:5d} "
            + " ".join(f"{column[i]:12.4f}" for column in columns)
            + ("  *" if self.influential[i] else "")
            for i in range(len(self.hat))
        ]
        return "\n".join([head, *rows])


@dataclass(frozen=True)
class BaujatData(Result):
    """Coordinates of a Baujat plot, arrays of shape (k,)."""

    heterogeneity: Floats
    influence: Floats


@dataclass(frozen=True)
class RadialData(Result):
    """Coordinates of a radial (Galbraith) plot.

    Attributes
    ----------
    precision, statistic : ndarray, shape (k,)
        1 / s and y / s with s^2 = v + tau2: a line through zero with the effect as slope.
    estimate, ci_lb, ci_ub : float
        Slopes of the pooled effect and of its bounds by the normal.
    half_width : float
        Normal quantile: points of a homogeneous set lie within this distance of the line.
    """

    precision: Floats
    statistic: Floats
    estimate: float
    ci_lb: float
    ci_ub: float
    half_width: float


def influence(
    yi: ArrayLike, vi: ArrayLike, *, method: Method = "REML", tau2_weights: ArrayLike | None = None
) -> Influence:
    """Return what leaving out each study changes.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    method : str
        As in :func:`rheumeta.stats.pool`; tau2 is estimated anew without each study.
    tau2_weights : array_like, shape (k,), optional
        For ``"GENQ"`` and ``"GENQM"``.

    Returns
    -------
    Influence

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, and for k < 3.

    Notes
    -----
    Viechtbauer and Cheung (2010), Res Synth Methods 1:112-125. With m, t the mean and tau2 of all studies,
    m', t' those of the others, h the weight over the sum of weights and V the variance 1 / sum w:
    rstandard (y - m) / sqrt((1 - h)(v + t)); rstudent (y - m') / sqrt(v + t' + V'); DFFITS
    (m - m') / sqrt(h (v + t')); Cook (m - m')^2 / V; DFBETAS (m - m') / sqrt(V at t'); covariance ratio
    V' / V.
    """
    batch = _checked(yi, vi, method, tau2_weights)
    tau2 = _tau2(batch, method)
    sums = moments(batch, tau2)
    mean, variance, hat = sums.mean[0], 1.0 / sums.sum_w[0], sums.w[0] / sums.sum_w[0]
    others = _without_each(batch)
    rest_tau2 = _tau2(others, method)
    rest = moments(others, rest_tau2)
    y, v = batch.y[0], batch.v[0]
    change, rest_variance = mean - rest.mean, 1.0 / rest.sum_w
    at_rest = moments(batch.take(np.zeros(y.size, dtype=np.int64)), rest_tau2)
    numbers = {
        "rstandard": (y - mean) / np.sqrt((1.0 - hat) * (v + tau2)),
        "rstudent": (y - rest.mean) / np.sqrt(v + rest_tau2 + rest_variance),
        "dffits": change / np.sqrt(hat * (v + rest_tau2)),
        "dfbetas": change * np.sqrt(at_rest.sum_w),
        "cook": change**2 / variance,
        "cov_ratio": rest_variance / variance,
        "hat": hat,
    }
    return Influence(
        method=method,
        estimate=float(mean),
        tau2=float(tau2[0]),
        weight=100.0 * hat,
        estimate_deleted=rest.mean,
        se_deleted=np.sqrt(rest_variance),
        tau2_deleted=rest_tau2,
        q_deleted=null_moments(others).ypy,
        influential=_influential(numbers),
        **numbers,
    )


def cook_limit() -> float:
    """Return Cook's distance at the cut: the quantile of chi-squared with 1 df at `COOK_CUT`."""
    return float(special.chdtri(1.0, 1.0 - COOK_CUT))


def baujat(yi: ArrayLike, vi: ArrayLike, *, method: Method = "EE") -> BaujatData:
    """Return each study's part in the heterogeneity and its influence on the mean.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    method : str
        ``"EE"`` gives the plot of Baujat et al.; with an estimator of tau2 its weights are used.

    Returns
    -------
    BaujatData
        ``heterogeneity``: (y - m)^2 / (v + tau2), which adds up to the generalised Q. ``influence``:
        (m - m')^2 over the variance of m', the mean without the study.

    Raises
    ------
    StatsError
        As :func:`influence`.

    Notes
    -----
    Baujat, Mahé, Pignon and Hill (2002), Stat Med 21:2641-2652.
    """
    fit = influence(yi, vi, method=method)
    y, v = single(yi, vi).y[0], single(yi, vi).v[0]
    heterogeneity = (y - fit.estimate) ** 2 / (v + fit.tau2)
    return BaujatData(heterogeneity, ((fit.estimate - fit.estimate_deleted) / fit.se_deleted) ** 2)


def radial(yi: ArrayLike, vi: ArrayLike, *, method: Method = "EE", level: float = 95) -> RadialData:
    """Return the coordinates of a radial (Galbraith) plot.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    method : str
        As in :func:`rheumeta.stats.pool`, without ``"GENQ"`` and ``"GENQM"``.
    level : float
        Confidence in percent.

    Returns
    -------
    RadialData

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`.

    Notes
    -----
    Galbraith (1988), Stat Med 7:889-894.
    """
    Options(method, "z", level, "none", None).check_weights(None)
    batch = single(yi, vi)
    tau2 = _tau2(batch, method)
    sums = moments(batch, tau2)
    root = np.sqrt(sums.w[0])
    z = float(quantile(np.full(1, np.nan), level)[0])
    mean, se = float(sums.mean[0]), float(sums.sum_w[0] ** -0.5)
    return RadialData(root, root * batch.y[0], mean, mean - z * se, mean + z * se, z)


def _checked(yi: ArrayLike, vi: ArrayLike, method: Method, weights: ArrayLike | None) -> Batch:
    Options(method, "z", 95, "none", None).check_weights(weights)
    batch = single(yi, vi, weights=weights)
    k = int(batch.k[0])
    if k < 3:
        raise StatsError(f"leaving one study out needs at least three studies, here there are {k}.")
    return batch


def _without_each(batch: Batch) -> Batch:
    # One analysis for each study, without it. What is masked has weight 0, so that its effect stays out.
    k = int(batch.k[0])
    many = batch.take(np.zeros(k, dtype=np.int64))
    mask = np.asfortranarray(~np.eye(k, dtype=bool))
    v = np.asfortranarray(np.where(mask, many.v, 1.0))
    return dataclasses.replace(many, v=v, y=many.y * mask, mask=mask, k=np.full(k, k - 1))


def _tau2(batch: Batch, method: Method) -> Floats:
    options = Options(method, "z", 95, "none", None)
    return np.zeros(batch.size) if options.common else estimate_tau2(batch, method)[0]


def _influential(numbers: dict[str, Floats]) -> Bools:
    k = numbers["hat"].size
    flags = (
        (np.abs(numbers["dffits"]) > DFFITS_CUT * np.sqrt(1.0 / (k - 1)))
        | (special.chdtr(1.0, numbers["cook"]) > COOK_CUT)
        | (numbers["hat"] > HAT_CUT / k)
        | (np.abs(numbers["dfbetas"]) > DFBETAS_CUT)
    )
    return np.asarray(flags)
