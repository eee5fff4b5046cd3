"""Selection models: the mean if studies are seen or not according to their p values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import require_studies
from rheumeta.stats.bias.selection_likelihood import (
    Maximum,
    Selection,
    SmoothSelection,
    StepSelection,
    derivatives,
    log_likelihood,
    maximise,
)
from rheumeta.stats.bias.selection_weights import SMOOTH
from rheumeta.stats.pooling import check_choice, pool
from rheumeta.stats.result import Result

SelectionType = Literal["step", "beta", "halfnorm", "negexp", "logistic", "power"]
SELECTION_TYPES: tuple[str, ...] = ("step", *SMOOTH)

Alternative = Literal["greater", "less", "two-sided"]

TAU2_ZERO = 1e-8
"""A tau2 below this part of the median variance is on the boundary and has no standard error."""

DELTA_ZERO = 1e-6
"""A delta below this is on the boundary (no selection) and has no standard error."""

DELTA_LOW, DELTA_HIGH = 1e-4, 1e4
"""Weights or parameters outside say that the data hardly bound them."""

DIFFERENCE = 1e-3
"""Relative step of the differences for the information: it errs by about 1e-6 of itself."""


@dataclass(frozen=True)
class SelectionResult(Result):
    """A selection model on the analysis scale.

    Attributes
    ----------
    type, alternative : str
        As asked for.
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub, statistic, pval : float or None
        Mean adjusted for selection, with a Wald test by the normal; None where the information matrix
        cannot be inverted.
    tau2, se_tau2 : float, float or None
        Between-study variance; no standard error on the boundary.
    delta, se_delta : ndarray
        Parameters of the weights. Steps: one weight an interval, the first fixed at 1. Standard errors
        are NaN where fixed or not known.
    steps : tuple of float
        Cut points of the p values, the last 1; empty for continuous weights.
    counts : tuple of int
        Studies in each interval.
    weights : ndarray, shape (k,)
        Weight of each study's p value.
    log_likelihood, log_likelihood_null : float
        With and without selection, both by maximum likelihood.
    lrt, lrt_df, lrt_pval : float, int, float
        Likelihood-ratio test of no selection.
    unadjusted, unadjusted_tau2 : float
        Mean and between-study variance without selection (ML).
    level : float
        Confidence, percent.
    notes : tuple of str
        What the reader must know.
    """

    type: str
    alternative: str
    k: int
    estimate: float
    se: float | None
    ci_lb: float | None
    ci_ub: float | None
    statistic: float | None
    pval: float | None
    tau2: float
    se_tau2: float | None
    delta: Floats
    se_delta: Floats
    steps: tuple[float, ...]
    counts: tuple[int, ...]
    weights: Floats
    log_likelihood: float
    log_likelihood_null: float
    lrt: float
    lrt_df: int
    lrt_pval: float
    unadjusted: float
    unadjusted_tau2: float
    level: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        bounds = "" if self.ci_lb is None else f" [{self.ci_lb:.4f}, {self.ci_ub:.4f}]"
        lines = [
            f"selection model ({self.type}, {self.alternative}), k = {self.k}",
            f"adjusted {self.estimate:.4f}{bounds}, tau2 {self.tau2:.4f}",
            f"unadjusted {self.unadjusted:.4f}, tau2 {self.unadjusted_tau2:.4f}",
            f"no selection: chi-squared({self.lrt_df}) = {self.lrt:.3f}, p = {self.lrt_pval:.4g}",
        ]
        if self.steps:
            low = (0.0, *self.steps[:-1])
            for a, b, n, weight in zip(low, self.steps, self.counts, self.delta, strict=True):
                lines.append(f"  {a:g} < p <= {b:g}: {n} studies, weight {weight:.4f}")
        else:
            lines.append("  delta " + ", ".join(f"{value:.4f}" for value in self.delta))
        return "\n".join([*lines, *self.notes])


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    type: SelectionType = "step",
    steps: Sequence[float] = (0.025,),
    alternative: Alternative = "greater",
    level: float = 95,
) -> SelectionResult:
    """Fit a selection model by maximum likelihood.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); more studies than parameters.
    type : str
        Weights as a function of the p value: ``"step"``, constant between `steps`; ``"beta"``,
        p^(a-1) (1-p)^(b-1); ``"halfnorm"``, exp(-d p^2); ``"negexp"``, exp(-d p); ``"logistic"``,
        2 exp(-d p) / (1 + exp(-d p)); ``"power"``, (1 - p)^d.
    steps : sequence of float
        Cut points between 0 and 1, for ``"step"``; each interval must hold a study.
    alternative : {"greater", "less", "two-sided"}
        Which p value selection looks at: one-sided for positive or negative effects, or two-sided.
    level : float
        Confidence, percent.

    Returns
    -------
    SelectionResult

    Raises
    ------
    StatsError
        For too few studies, an interval without study, impossible options, or where the likelihood has
        no maximum.

    Notes
    -----
    Steps: Hedges (1992), Stat Sci 7:246-255; Vevea and Hedges (1995), Psychometrika 60:419-435. Beta:
    Citkowicz and Vevea (2017), Psychol Methods 22:28-41. The others: Preston, Ashby and Smyth (2004), J
    Eval Clin Pract 10:313-322. Standard errors are from the observed information.
    """
    check_choice("type", type, SELECTION_TYPES)
    check_choice("alternative", alternative, ("greater", "less", "two-sided"))
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    y, v = as_vectors(yi, vi)
    cuts = _cuts(steps) if type == "step" else np.zeros(0)
    parameters = 2 + (cuts.size - 1 if type == "step" else len(SMOOTH[type].start[0]))
    notes = require_studies(y.size, what="this selection model", least=parameters + 1)
    unit, sign = float(np.sqrt(np.median(v))), -1.0 if alternative == "less" else 1.0
    z, u = sign * y / unit, v / unit**2
    selection = _selection(type, z, u, cuts, two_sided=alternative == "two-sided")
    null = pool(z, u, method="ML", test="z", prediction="none")
    top = maximise(z, u, selection, theta=null.estimate, tau2=null.tau2)
    return _result(
        z, u, selection, top, null=(null.estimate, null.tau2), unit=unit, sign=sign,
        labels=(type, alternative), cuts=cuts, level=level, notes=notes,
    )  # fmt: skip


def _cuts(steps: Sequence[float]) -> Floats:
    cuts = np.asarray(list(steps), dtype=np.float64)
    if cuts.size and cuts[-1] == 1:
        cuts = cuts[:-1]
    inside = np.isfinite(cuts) & (cuts > 0) & (cuts < 1)
    if cuts.size == 0 or not inside.all() or (np.diff(cuts) <= 0).any():
        raise StatsError(f"steps must be rising cut points between 0 and 1, not {list(steps)!r}.")
    return np.append(cuts, 1.0)


def _selection(type: str, y: Floats, v: Floats, cuts: Floats, *, two_sided: bool) -> Selection:
    if type != "step":
        return SmoothSelection(type, y, v, two_sided)
    z = y / np.sqrt(v)
    p = 2.0 * special.ndtr(-np.abs(z)) if two_sided else special.ndtr(-z)
    member = np.searchsorted(cuts, p, side="left")
    counts = np.bincount(member, minlength=cuts.size)
    empty = np.flatnonzero(counts == 0)
    if empty.size:
        low = 0.0 if empty[0] == 0 else float(cuts[empty[0] - 1])
        raise StatsError(
            f"no study has a p value between {low:g} and {float(cuts[empty[0]]):g}: its weight cannot be "
            "estimated; choose other steps."
        )
    return StepSelection(y, v, cuts, two_sided, member)


def _result(
    y: Floats,
    v: Floats,
    selection: Selection,
    top: Maximum,
    *,
    null: tuple[float, float],
    unit: float,
    sign: float,
    labels: tuple[str, str],
    cuts: Floats,
    level: float,
    notes: tuple[str, ...],
) -> SelectionResult:
    # Effects were divided by the unit: each density is by that factor too high.
    shift = y.size * np.log(unit)
    ll0 = log_likelihood(y, v, None, (*null, np.zeros(0)))
    lrt = max(0.0, 2.0 * (top.log_likelihood - ll0))
    se, se_tau2, se_delta = _standard_errors(y, v, selection, top)
    half = float(special.ndtri(0.5 + level / 200)) * unit * se if se is not None else None
    estimate = sign * unit * top.theta
    step = isinstance(selection, StepSelection)
    delta = np.append(1.0, top.delta) if step else top.delta
    counts, weights = _seen(selection, delta)
    statistic = sign * top.theta / se if se else None
    return SelectionResult(
        type=labels[0], alternative=labels[1], k=y.size,
        estimate=estimate, se=None if se is None else unit * se,
        ci_lb=None if half is None else estimate - half, ci_ub=None if half is None else estimate + half,
        statistic=statistic,
        pval=None if statistic is None else 2.0 * float(special.ndtr(-abs(statistic))),
        tau2=unit**2 * top.tau2, se_tau2=None if se_tau2 is None else unit**2 * se_tau2,
        delta=delta, se_delta=np.append(np.nan, se_delta) if step else se_delta,
        steps=tuple(cuts.tolist()), counts=counts, weights=weights,
        log_likelihood=top.log_likelihood - shift, log_likelihood_null=ll0 - shift,
        lrt=lrt, lrt_df=top.delta.size, lrt_pval=float(special.chdtrc(top.delta.size, lrt)),
        unadjusted=sign * unit * null[0], unadjusted_tau2=unit**2 * null[1], level=level,
        notes=notes + _warnings(top, se),
    )  # fmt: skip


def _standard_errors(
    y: Floats, v: Floats, selection: Selection, top: Maximum
) -> tuple[float | None, float | None, Floats]:
    # Inverse of the observed information in theta, tau2 and delta; what lies on a boundary is left out.
    point = np.array([top.theta, top.tau2, *top.delta])
    free = np.array([True, top.tau2 > TAU2_ZERO, *(top.delta > DELTA_ZERO)])
    step = np.where(np.arange(point.size) == 0, 1.0, np.abs(point))
    step = DIFFERENCE * np.minimum(step, 1.0)

    def height(values: Floats) -> float:
        full = point.copy()
        full[free] = values
        return log_likelihood(y, v, selection, (float(full[0]), float(full[1]), full[2:]))

    information = -derivatives(height, point[free], step[free])[1]
    se = np.full(point.size, np.nan)
    if np.isfinite(information).all() and (np.linalg.eigvalsh(information) > 0).all():
        se[free] = np.sqrt(np.diagonal(np.linalg.inv(information)))
    known = [None if np.isnan(value) else float(value) for value in se[:2]]
    return known[0], known[1], se[2:]


def _seen(selection: Selection, delta: Floats) -> tuple[tuple[int, ...], Floats]:
    if isinstance(selection, StepSelection):
        counts = np.bincount(selection.member, minlength=delta.size)
        return tuple(counts.tolist()), delta[selection.member]
    assert isinstance(selection, SmoothSelection)
    return (), selection.weights(delta)


def _warnings(top: Maximum, se: float | None) -> tuple[str, ...]:
    notes = []
    if se is None:
        notes.append("The likelihood is flat or edged at its maximum: there are no standard errors.")
    if (top.delta < DELTA_LOW).any() or (top.delta > DELTA_HIGH).any():
        notes.append("A parameter of the weights went to the edge of what is possible: do not trust the fit.")
    return tuple(notes)
