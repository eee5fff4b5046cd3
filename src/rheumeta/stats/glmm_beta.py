"""Beta-binomial regression: events of two groups whose risks vary between studies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, Ints
from rheumeta.stats.glmm_counts import Arms, tables
from rheumeta.stats.glmm_kernels import log_choose
from rheumeta.stats.glmm_search import boundary_pval, maximise
from rheumeta.stats.pooling import check_choice
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile, two_sided


@dataclass(frozen=True)
class BetaBinomialResult(Result):
    """A beta-binomial regression of events on the group.

    Attributes
    ----------
    estimate, se, statistic, pval, ci_lb, ci_ub : float
        Log odds ratio with test and interval.
    df : float or None
        Degrees of freedom, 2 k - 2; None for the normal.
    intercept : float
        Log odds of the second group.
    risk1, risk2 : float
        Mean risks of the groups.
    rho : float
        Correlation of two patients of one group of one study.
    rho_lrt, rho_pval : float
        Likelihood-ratio test of rho = 0, p value from the half-half mixture.
    log_likelihood : float
        With all constants.
    k : int
        Studies.
    test : str
        As asked for.
    level : float
        Confidence, percent.
    """

    estimate: float
    se: float
    statistic: float
    pval: float
    ci_lb: float
    ci_ub: float
    df: float | None
    intercept: float
    risk1: float
    risk2: float
    rho: float
    rho_lrt: float
    rho_pval: float
    log_likelihood: float
    k: int
    test: str
    level: float

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        return (
            f"beta-binomial, k = {self.k}, log-likelihood {self.log_likelihood:.4f}\n"
            f"log odds ratio {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], "
            f"se {self.se:.4f}, p = {self.pval:.4g}\nrho {self.rho:.4f}"
        )


def beta_binomial(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    test: Literal["z", "t"] = "t",
    level: float = 95,
) -> BetaBinomialResult:
    """Estimate a log odds ratio with risks that vary by a beta distribution.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like of int, shape (k,)
        Events and patients of the two groups; studies without any event stay in.
    test : str
        ``"t"`` with 2 k - 2 degrees of freedom, or ``"z"``.
    level : float
        Confidence, percent.

    Returns
    -------
    BetaBinomialResult

    Raises
    ------
    StatsError
        If counts are impossible, there are fewer than two studies, or a group has no event or
        nothing but events.

    Notes
    -----
    Kuss (2015), Stat Med 34:1097-1116: logit of the mean risk is intercept + effect (first group),
    with one rho; groups of a study count as independent, so that the comparison is not within
    studies. Probabilities as products, P(x) = C(n, x) prod (p + j f) prod (q + j f) / prod (1 + j f)
    with f = rho / (1 - rho) (Skellam 1948, J R Stat Soc B 10:257-261), which hold for rho = 0 too.
    """
    check_choice("test", test, ("z", "t"))
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    counts = _both_groups(ai, n1i, ci, n2i)
    likelihood = likelihood_of(counts)
    # Without overdispersion the groups' summed counts are the estimate.
    level1, level2 = (
        _log_odds(x.sum(), m.sum()) for x, m in ((counts.x1, counts.m1), (counts.x2, counts.m2))
    )
    start = np.array([level1 - level2, level2])
    plain = likelihood(np.append(start, 0.0))
    full = maximise(likelihood, [np.append(start, size) for size in (0.05, 0.3, 1.0)])
    estimate, se = float(full.point[0]), float(np.sqrt(full.covariance[0, 0]))
    df = None if test == "z" else 2.0 * counts.k - 2.0
    spread = np.array([np.nan if df is None else df])
    half = float(quantile(spread, level)[0]) * se
    f, lrt = float(full.point[2] ** 2), max(0.0, 2.0 * (full.height - plain))
    return BetaBinomialResult(
        estimate=estimate, se=se, statistic=estimate / se,
        pval=float(two_sided(np.array([estimate / se]), spread)[0]),
        ci_lb=estimate - half, ci_ub=estimate + half, df=df, intercept=float(full.point[1]),
        risk1=float(special.expit(full.point[0] + full.point[1])), risk2=float(special.expit(full.point[1])),
        rho=f / (1.0 + f), rho_lrt=lrt, rho_pval=boundary_pval(lrt),
        log_likelihood=full.height, k=counts.k, test=test, level=level,
    )  # fmt: skip


def likelihood_of(counts: Arms) -> Callable[[Floats], float]:
    """Return the log likelihood in effect, intercept and the square root of rho / (1 - rho)."""
    groups = ((counts.x1, counts.m1), (counts.x2, counts.m2))
    constant = sum(float(log_choose(m, x).sum()) for x, m in groups)
    whole = [(x.astype(np.int64), (m - x).astype(np.int64), m.astype(np.int64)) for x, m in groups]

    def likelihood(point: Floats) -> float:
        f, total = float(point[2] ** 2), constant
        for (x, rest, m), predictor in zip(whole, (point[0] + point[1], point[1]), strict=True):
            p, q = special.expit(predictor), special.expit(-predictor)
            total += _rising(p, f, x) + _rising(q, f, rest) - _rising(1.0, f, m)
        return float(total)

    return likelihood


def _rising(base: float, step: float, count: Ints) -> float:
    """Return the sum over the groups of log base (base + step) ... with `count` factors each."""
    sums = np.concatenate([[0.0], np.cumsum(np.log(base + step * np.arange(int(count.max()))))])
    return float(sums[count].sum())


def _both_groups(ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike) -> Arms:
    counts = tables(ai, n1i, ci, n2i, keep_all=True)
    for x, m in ((counts.x1, counts.m1), (counts.x2, counts.m2)):
        if x.sum() in (0, m.sum()):
            raise StatsError("a group has no event, or nothing but events: the effect is infinite.")
    return counts


def _log_odds(x: float, m: float) -> float:
    return float(np.log(x / (m - x)))
