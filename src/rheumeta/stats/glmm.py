"""One-stage models of events: the counts themselves are modelled, not an effect size a study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.stats.glmm_counts import Arms, rates, tables
from rheumeta.stats.glmm_fit import BINOMIAL_MODELS, NODES, RATE_MODELS, Settings, fit
from rheumeta.stats.glmm_search import boundary_pval
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile, two_sided

BinomialModel = Literal["UM.FS", "UM.RS", "CM.EL", "CM.AL"]
RateModel = Literal["UM.FS", "UM.RS", "CM.EL"]


@dataclass(frozen=True)
class OneStageResult(Result):
    """A one-stage model, on the log odds, log odds ratio or log rate ratio scale.

    Attributes
    ----------
    estimate, se, statistic, pval, ci_lb, ci_ub : float
        Effect with test and interval.
    df : float or None
        Degrees of freedom, k - 1; None for the normal.
    tau2 : float
        Variance of the effect between studies; 0 for ``method="EE"``.
    sigma2, intercept : float or None
        Variance and mean of random study intercepts (``"UM.RS"`` only).
    log_likelihood : float
        With all constants.
    tau2_lrt, tau2_pval : float or None
        Likelihood-ratio test of tau2 = 0, p value from the half-half mixture of 0 and chi-squared on
        one degree of freedom.
    q_lrt, q_df, q_pval : float, int, float
        Test of heterogeneity: the model with one effect against one effect a study (None where the
        study intercepts are random, which has no such model).
    k, k_left_out : int
        Studies in the model, and those without events, or with only events, in all groups.
    model, method, test : str
        As asked for.
    level : float
        Confidence, percent.
    nodes : int
        Quadrature nodes for each random effect.
    notes : tuple of str
        What the reader of the result must know.
    """

    estimate: float
    se: float
    statistic: float
    pval: float
    ci_lb: float
    ci_ub: float
    df: float | None
    tau2: float
    sigma2: float | None
    intercept: float | None
    log_likelihood: float
    tau2_lrt: float | None
    tau2_pval: float | None
    q_lrt: float | None
    q_df: int | None
    q_pval: float | None
    k: int
    k_left_out: int
    model: str
    method: str
    test: str
    level: float
    nodes: int
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [
            f"{self.model}, {self.method}, k = {self.k}, log-likelihood {self.log_likelihood:.4f}",
            f"estimate {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], se {self.se:.4f}, "
            f"p = {self.pval:.4g}",
            f"tau2 {self.tau2:.4f}" + ("" if self.sigma2 is None else f", sigma2 {self.sigma2:.4f}"),
        ]
        return "\n".join([*lines, *self.notes])


def one_stage_binomial(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    model: BinomialModel = "UM.FS",
    method: Literal["ML", "EE"] = "ML",
    test: Literal["z", "t"] = "z",
    level: float = 95,
    nodes: int = NODES,
) -> OneStageResult:
    """Estimate a log odds ratio from two-by-two tables in one model.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like of int, shape (k,)
        Events and patients of the first and the second group; no correction of empty cells is
        needed.
    model : str
        ``"UM.FS"`` logistic with a fixed intercept for each study, ``"UM.RS"`` with random ones
        (both with the effect split evenly between the groups), ``"CM.EL"`` exact conditional
        (non-central hypergeometric), ``"CM.AL"`` its approximation for rare events.
    method : str
        ``"ML"`` random effects, ``"EE"`` one effect.
    test : str
        ``"z"``, or ``"t"`` with k - 1 degrees of freedom.
    level : float
        Confidence, percent.
    nodes : int
        Quadrature nodes for each random effect; 1 is the Laplace approximation.

    Returns
    -------
    OneStageResult

    Raises
    ------
    StatsError
        If counts are impossible, fewer than two studies have events and non-events, or the
        estimate is not finite.

    Notes
    -----
    Jackson et al. (2018), Stat Med 37:1059-1085, compares the models and numbers them; Stijnen, Hamza
    and Özdemir (2010), Stat Med 29:3046-3067 (conditional). Standard errors from the observed information.
    """
    check_choice("model", model, BINOMIAL_MODELS)
    return _result(tables(ai, n1i, ci, n2i), Settings(model, method, test, level, nodes))


def one_stage_rates(
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    *,
    model: RateModel = "UM.FS",
    method: Literal["ML", "EE"] = "ML",
    test: Literal["z", "t"] = "z",
    level: float = 95,
    nodes: int = NODES,
) -> OneStageResult:
    """Estimate a log incidence rate ratio from events and person-time in one model.

    Parameters
    ----------
    x1i, t1i, x2i, t2i : array_like, shape (k,)
        Events (whole numbers) and person-time (> 0) of the first and the second group.
    model : str
        ``"UM.FS"``, ``"UM.RS"`` Poisson with fixed or random study intercepts; ``"CM.EL"``
        conditional on the events of both groups (binomial).
    method, test, level, nodes
        As in `one_stage_binomial`.

    Returns
    -------
    OneStageResult

    Raises
    ------
    StatsError
        As `one_stage_binomial`.

    Notes
    -----
    Stijnen, Hamza and Özdemir (2010), Stat Med 29:3046-3067, section 4.
    """
    check_choice("model", model, RATE_MODELS)
    return _result(rates(x1i, t1i, x2i, t2i), Settings(model, method, test, level, nodes))


def one_stage_proportions(
    xi: ArrayLike,
    ni: ArrayLike,
    *,
    method: Literal["ML", "EE"] = "ML",
    test: Literal["z", "t"] = "z",
    level: float = 95,
    nodes: int = NODES,
) -> OneStageResult:
    """Estimate a mean log odds from events and patients by a logistic model with normal effects.

    Parameters
    ----------
    xi, ni : array_like of int, shape (k,)
        Events and patients.
    method, test, level, nodes
        As in `one_stage_binomial`.

    Returns
    -------
    OneStageResult
        Studies without events, or with only events, stay in.

    Raises
    ------
    StatsError
        As `one_stage_binomial`, and if there is no event or only events in all.

    Notes
    -----
    Hamza, van Houwelingen and Stijnen (2008), J Clin Epidemiol 61:41-51.
    """
    return _result(tables(xi, ni, None, None), Settings("logistic", method, test, level, nodes))


def _result(counts: Arms, settings: Settings) -> OneStageResult:
    found = fit(counts, np.ones((counts.k, 1)), settings)
    estimate, se = float(found.estimate[0]), float(np.sqrt(found.vcov[0, 0]))
    df = None if settings.test == "z" else float(counts.k - 1)
    spread = np.array([np.nan if df is None else df])
    half = float(quantile(spread, settings.level)[0]) * se
    q, lrt = found.q_lrt, None if settings.method == "EE" else found.tau2_lrt
    return OneStageResult(
        estimate=estimate, se=se, statistic=estimate / se,
        pval=float(two_sided(np.array([estimate / se]), spread)[0]),
        ci_lb=estimate - half, ci_ub=estimate + half, df=df,
        tau2=found.tau2, sigma2=found.sigma2, intercept=found.intercept, log_likelihood=found.height,
        tau2_lrt=lrt, tau2_pval=None if lrt is None else boundary_pval(lrt),
        q_lrt=q, q_df=None if q is None else counts.k - 1,
        q_pval=None if q is None else float(special.chdtrc(counts.k - 1, q)),
        k=counts.k, k_left_out=counts.left_out, model=settings.model, method=settings.method,
        test=settings.test, level=settings.level, nodes=settings.nodes, notes=left_out_note(counts),
    )  # fmt: skip


def left_out_note(counts: Arms) -> tuple[str, ...]:
    """Return a note on the studies that say nothing on the effect, if there are such."""
    left = counts.left_out
    return (f"{left} without events, or with only events, in both groups: left out.",) * (left > 0)
