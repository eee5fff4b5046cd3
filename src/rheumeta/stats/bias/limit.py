"""Limit meta-analysis: the mean if all studies were infinitely large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import require_spread, require_studies
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.pooling import Method, PoolResult, pool
from rheumeta.stats.regression import meta_regression
from rheumeta.stats.result import Result

ERRORS = ("model", "radial")


@dataclass(frozen=True)
class LimitResult(Result):
    """A limit meta-analysis on the analysis scale.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub, statistic, pval : float
        Mean adjusted for small-study effects, beta + tau alpha, with a test by the normal.
    intercept, intercept_se, slope, slope_se : float
        Of the radial line: alpha, the bias, and beta.
    tau2 : float
        Between-study variance.
    q, q_small, q_rest : float
        Cochran's Q; the part that small-study effects explain (1 degree of freedom); the rest (k - 2).
    q_pval, q_small_pval, q_rest_pval : float
        Their p values.
    limit_yi : ndarray, shape (k,)
        Effects the studies would have if they were infinitely large.
    original : PoolResult
        The unadjusted random-effects meta-analysis.
    level : float
        Confidence, percent.
    notes : tuple of str
        What the reader must know.
    """

    k: int
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    statistic: float
    pval: float
    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    tau2: float
    q: float
    q_small: float
    q_rest: float
    q_pval: float
    q_small_pval: float
    q_rest_pval: float
    limit_yi: Floats
    original: PoolResult
    level: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        plain = self.original
        lines = [
            f"limit meta-analysis: {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], "
            f"p = {self.pval:.4g}",
            f"unadjusted: {plain.estimate:.4f} [{plain.ci_lb:.4f}, {plain.ci_ub:.4f}], k = {self.k}",
            f"small-study effects: Q(1) = {self.q_small:.2f}, p = {self.q_small_pval:.4g}; "
            f"rest: Q({self.k - 2}) = {self.q_rest:.2f}, p = {self.q_rest_pval:.4g}",
        ]
        return "\n".join([*lines, *self.notes])


def limit_meta(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "REML",
    error: Literal["model", "radial"] = "model",
    level: float = 95,
) -> LimitResult:
    """Adjust the mean for small-study effects by letting the precision of all studies go to infinity.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    method : str
        Estimator of tau2, as in :func:`rheumeta.stats.pool`.
    error : {"model", "radial"}
        Standard error of the adjusted mean: ``"model"``, that of beta + tau alpha in the model, at the given
        tau2; ``"radial"``, 1 / sqrt(sum (p_i - mean p)^2) with p_i = 1 / sqrt(v_i), as the R package
        metasens prints it. The latter has no tau2 in it and is smaller where effects differ.
    level : float
        Confidence, percent.

    Returns
    -------
    LimitResult

    Raises
    ------
    StatsError
        For fewer than three studies or equal variances in all.

    Notes
    -----
    The model y_i = beta + sqrt(v_i + tau2) (alpha + e_i) with e_i standard normal is a line through the
    radial plot: y_i / s_i on 1 / s_i, s_i = sqrt(v_i + tau2). With ever larger studies the effects go to
    beta + tau (alpha + e_i), of mean beta + tau alpha: Rücker, Schwarzer, Carpenter, Binder and
    Schumacher (2011), Biostatistics 12:122-142. tau2 is that of the model without alpha. The
    parts of Q are the paper's Q - Q' and Q'. With tau2 = 0 the estimate is that of a line on the
    standard error, and both standard errors are the same.
    """
    check_choice("error", error, ERRORS)
    y, v = as_vectors(yi, vi)
    notes = require_studies(y.size, what="a limit meta-analysis")
    require_spread(v, what="the precision")
    original = pool(y, v, method=method, test="z", level=level, prediction="none")
    total = v + original.tau2
    scale = np.sqrt(total)
    require_spread(scale, what="the precision, heterogeneity included,")
    line = meta_regression(y, total, scale, names=["s"], method="EE", test="z", level=level)
    beta, alpha = (float(x) for x in line.estimate)
    tau = float(np.sqrt(original.tau2))
    mean = beta + tau * alpha
    combination = np.array([1.0, tau])
    precision = 1.0 / np.sqrt(v)
    se = float(
        np.sqrt(combination @ line.vcov @ combination)
        if error == "model"
        else 1.0 / np.sqrt(((precision - precision.mean()) ** 2).sum())
    )
    half = float(special.ndtri(0.5 + level / 200)) * se
    rest = meta_regression(y, v, np.sqrt(v), names=["s"], method="EE", test="z").qe
    small = max(0.0, original.q - rest)
    return LimitResult(
        k=y.size, estimate=mean, se=se, ci_lb=mean - half, ci_ub=mean + half, statistic=mean / se,
        pval=2.0 * float(special.ndtr(-abs(mean / se))),
        intercept=alpha, intercept_se=float(line.se[1]), slope=beta, slope_se=float(line.se[0]),
        tau2=original.tau2, q=original.q, q_small=small, q_rest=rest,
        q_pval=original.q_pval, q_small_pval=float(special.chdtrc(1, small)),
        q_rest_pval=float(special.chdtrc(y.size - 2, rest)),
        limit_yi=beta + tau * (y - beta) / scale, original=original, level=level, notes=notes,
    )  # fmt: skip
