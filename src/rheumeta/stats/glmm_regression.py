"""One-stage models of events with moderators of the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.glmm import BinomialModel, left_out_note
from rheumeta.stats.glmm_counts import Arms, rates, tables
from rheumeta.stats.glmm_fit import BINOMIAL_MODELS, NODES, RATE_MODELS, Settings, fit
from rheumeta.stats.glmm_search import boundary_pval
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.regression import design_matrix
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.wald import WaldTest, wald_test

CountMeasure = Literal["OR", "IRR", "PLO"]
COUNTS = {"OR": 4, "IRR": 4, "PLO": 2}
"""Number of vectors of counts that each measure takes."""


@dataclass(frozen=True)
class OneStageRegression(Result):
    """A one-stage model with moderators, on the log odds, log odds ratio or log rate ratio scale.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients.
    estimate, se, statistic, pval, ci_lb, ci_ub : ndarray, shape (p,)
        Coefficients with test and interval.
    df : int or None
        Degrees of freedom k - p of the tests; None for the normal.
    vcov : ndarray, shape (p, p)
        Covariance of the coefficients.
    omnibus : WaldTest
        Test of all moderators.
    tau2 : float
        Residual variance of the effect between studies; 0 for ``method="EE"``.
    sigma2, intercept : float or None
        Variance and mean of random study intercepts (``"UM.RS"`` only).
    log_likelihood : float
        With all constants.
    tau2_lrt, tau2_pval : float or None
        Likelihood-ratio test of tau2 = 0, as in :class:`OneStageResult`.
    q_lrt, q_df, q_pval : float, int, float, or None
        Test of residual heterogeneity, as there.
    k, k_left_out : int
        Studies in the model, and those that say nothing on the effect.
    measure, model, method, test : str
        As asked for.
    level : float
        Confidence, percent.
    nodes : int
        Quadrature nodes for each random effect.
    notes : tuple of str
        What the reader of the result must know.
    """

    names: tuple[str, ...]
    estimate: Floats
    se: Floats
    statistic: Floats
    pval: Floats
    ci_lb: Floats
    ci_ub: Floats
    df: int | None
    vcov: Floats
    omnibus: WaldTest
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
    measure: str
    model: str
    method: str
    test: str
    level: float
    nodes: int
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [f"{self.measure}, {self.model}, {self.method}, k = {self.k}, tau2 {self.tau2:.4f}"]
        lines += [
            f"{name}: {self.estimate[i]:.4f} [{self.ci_lb[i]:.4f}, {self.ci_ub[i]:.4f}], "
            f"se {self.se[i]:.4f}, p = {self.pval[i]:.4g}"
            for i, name in enumerate(self.names)
        ]
        return "\n".join([*lines, f"moderators: {self.omnibus.summary()}", *self.notes])


def one_stage_regression(
    counts: Sequence[ArrayLike],
    x: ArrayLike,
    *,
    names: Sequence[str],
    measure: CountMeasure = "OR",
    model: BinomialModel = "UM.FS",
    method: Literal["ML", "EE"] = "ML",
    test: Literal["z", "t"] = "z",
    level: float = 95,
    nodes: int = NODES,
) -> OneStageRegression:
    """Regress the effect of a one-stage model of events on moderators.

    Parameters
    ----------
    counts : sequence of array_like, each of shape (k,)
        For ``"OR"`` ai, n1i, ci, n2i; for ``"IRR"`` x1i, t1i, x2i, t2i; for ``"PLO"`` xi, ni.
    x : array_like, shape (k, number of moderators)
        Moderators; an intercept is put before them.
    names : sequence of str
        One name a moderator.
    measure : {"OR", "IRR", "PLO"}
        Log odds ratio, log rate ratio or log odds.
    model : str
        As in `one_stage_binomial`, for ``"IRR"`` as in `one_stage_rates`; of no use for ``"PLO"``.
    method, test, level, nodes
        As in `one_stage_binomial`, the t test with k - p degrees of freedom.

    Returns
    -------
    OneStageRegression

    Raises
    ------
    StatsError
        As `one_stage_binomial`, and for moderators that are not finite, constant or collinear among the
        studies that say something on the effect.

    Notes
    -----
    Stijnen, Hamza and Özdemir (2010), Stat Med 29:3046-3067; Jackson et al. (2018), Stat Med 37:1059-1085:
    the models of `one_stage_binomial` with a linear predictor in the place of the mean effect.
    """
    arms = _arms(measure, counts, model)
    columns = np.asarray(x, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    if not names:
        raise StatsError(
            "a regression needs at least one moderator; one_stage_binomial and its like need none."
        )
    if columns.ndim != 2 or len(columns) != arms.kept.size:
        raise StatsError(f"x must have {arms.kept.size} rows, one a study.")
    design, labels = design_matrix(columns[arms.kept], names, k=arms.k, add_intercept=True)
    settings = Settings("logistic" if measure == "PLO" else model, method, test, level, nodes)
    return _result(arms, design, labels, settings, measure)


def _arms(measure: str, counts: Sequence[ArrayLike], model: str) -> Arms:
    check_choice("measure", measure, tuple(COUNTS))
    if len(counts) != COUNTS[measure]:
        raise StatsError(f"{measure} takes {COUNTS[measure]} vectors of counts, not {len(counts)}.")
    if measure == "PLO":
        return tables(counts[0], counts[1], None, None)
    check_choice("model", model, BINOMIAL_MODELS if measure == "OR" else RATE_MODELS)
    read = tables if measure == "OR" else rates
    return read(counts[0], counts[1], counts[2], counts[3])


def _result(
    arms: Arms, design: Floats, labels: tuple[str, ...], settings: Settings, measure: str
) -> OneStageRegression:
    found = fit(arms, design, settings)
    k, p = design.shape
    df = None if settings.test == "z" else k - p
    spread = np.full(p, np.nan if df is None else df)
    se = np.sqrt(np.diagonal(found.vcov))
    half, q = quantile(spread, settings.level) * se, found.q_lrt
    lrt = None if settings.method == "EE" else found.tau2_lrt
    return OneStageRegression(
        names=labels, estimate=found.estimate, se=se, statistic=found.estimate / se,
        pval=two_sided(found.estimate / se, spread), ci_lb=found.estimate - half, ci_ub=found.estimate + half,
        df=df, vcov=found.vcov, omnibus=wald_test(found.estimate, found.vcov, np.eye(p)[1:], df=df),
        tau2=found.tau2, sigma2=found.sigma2, intercept=found.intercept, log_likelihood=found.height,
        tau2_lrt=lrt, tau2_pval=None if lrt is None else boundary_pval(lrt),
        q_lrt=q, q_df=None if q is None else k - p, q_pval=None if q is None else float(special.chdtrc(k - p, q)),
        k=k, k_left_out=arms.left_out, measure=measure, model=settings.model, method=settings.method,
        test=settings.test, level=settings.level, nodes=settings.nodes, notes=left_out_note(arms),
    )  # fmt: skip
