"""From effect sizes to the pooled records of one analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np

from rheumeta.records import Interval, Pooled, Status, StudyEffect
from rheumeta.stats.effects import wald_interval
from rheumeta.stats.effects_measures import measure_info
from rheumeta.stats.mh_peto import TableResult, mantel_haenszel, peto
from rheumeta.stats.pooling import PoolResult, pool
from rheumeta.stats.proportions import binomial_interval
from rheumeta.stats.transforms import harmonic_mean, to_display
from rheumeta.tables.measures import PROPORTION_MEASURES
from rheumeta.tables.protocol import Measure, Tau2Method, Test

PERCENT = 100.0
NOT_POOLED = "Not pooled: the continuity correction alone would make the result"
TWO_STUDIES = (
    "Two studies say next to nothing about how much the effect varies between studies: read the two results, "
    "not only their mean."
)


@dataclass(frozen=True)
class Model:
    """How one analysis is pooled."""

    measure: Measure
    pooling: str
    method: Tau2Method
    test: Test
    level: float
    prediction_min_k: int


@dataclass(frozen=True)
class Estimate:
    """What pooling found: status, both models and the weights in percent, in the order of the studies."""

    status: Status
    reason: str | None
    random: Pooled | None = None
    common: Pooled | None = None
    weights_random: tuple[float, ...] = ()
    weights_common: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()
    no_events: str | None = None  # the count, where no patient of any study had the event


def display(measure: str, estimate: float, lower: float, upper: float, n: float | None = None) -> Interval:
    """Bring an estimate and its limits to the display scale.

    Parameters
    ----------
    measure : str
        Code of the measure.
    estimate, lower, upper : float
        On the analysis scale.
    n : float, optional
        Number of patients, or the harmonic mean of several; needed for PFT alone.
    """
    sizes = None if n is None else np.full(3, n)
    values = to_display(measure, np.array([estimate, lower, upper]), n=sizes)
    return Interval(float(values[0]), float(values[1]), float(values[2]))


def study_interval(
    measure: str, yi: float, vi: float, *, events: float | None, n: float | None, level: float
) -> Interval:
    """Return a study's effect and interval for display; exact (Clopper-Pearson) for proportions."""
    if measure in PROPORTION_MEASURES and events is not None and n is not None:
        exact = binomial_interval(events, n, method="exact", level=level)
        return Interval(PERCENT * events / n, PERCENT * exact.lower, PERCENT * exact.upper)
    lower, upper = wald_interval([yi], [vi], level=level)
    return display(measure, yi, float(lower[0]), float(upper[0]), n)


def estimate(studies: Sequence[StudyEffect], model: Model) -> Estimate:
    """Pool the studies of an analysis, or say why not."""
    if not studies:
        return Estimate("no_data", "no study reports a usable number")
    if len(studies) == 1:
        return Estimate("single_study", "one study: shown, not pooled")
    if model.measure in PROPORTION_MEASURES and (text := _no_events(studies, model.level)) is not None:
        return Estimate("not_pooled", f"{text}. {NOT_POOLED}", no_events=text)
    yi, vi = [s.yi for s in studies], [s.vi for s in studies]
    size = _harmonic_size(studies)
    random = pool(yi, vi, method=model.method, test=model.test, level=model.level)
    common, weights = _common(studies, model, size)
    return Estimate(
        "pooled",
        None,
        _random_record(random, model, size),
        common,
        tuple(float(w) for w in random.weights),
        weights,
        (TWO_STUDIES,) if len(studies) == 2 else (),
    )


def _no_events(studies: Sequence[StudyEffect], level: float) -> str | None:
    """Count, not pool, proportions that are all zero or all one: a correction would be all there is."""
    total = int(sum(s.n1 or 0 for s in studies))
    events = int(sum(s.events1 or 0 for s in studies))
    if 0 < events < total:
        return None
    found = binomial_interval(events, total, method="exact", level=level)
    who = "no patient" if events == 0 else "every patient"
    return (
        f"{who} had the event in the {len(studies)} studies that count patients: {events} of {total}, "
        f"{level:g}% interval {PERCENT * found.lower:.3g}% to {PERCENT * found.upper:.3g}%"
    )


def _harmonic_size(studies: Sequence[StudyEffect]) -> float | None:
    sizes = [s.n1 for s in studies if s.n1]
    return harmonic_mean(sizes) if len(sizes) == len(studies) else None


def _common(
    studies: Sequence[StudyEffect], model: Model, size: float | None
) -> tuple[Pooled | None, tuple[float, ...]]:
    if model.pooling == "inverse_variance":
        yi, vi = [s.yi for s in studies], [s.vi for s in studies]
        result = pool(yi, vi, method="EE", test="z", level=model.level)
        return _common_record(result, model, size), tuple(float(w) for w in result.weights)
    has_cells = [None not in (s.events1, s.n1, s.events2, s.n2) for s in studies]
    counted = [s for s, has in zip(studies, has_cells, strict=True) if has]
    if not counted:
        return None, (0.0,) * len(studies)
    a, n1, c, n2 = np.array([(s.events1, s.n1, s.events2, s.n2) for s in counted], dtype=np.float64).T
    if model.pooling == "peto":
        table = peto(a, n1, c, n2, level=model.level)
    else:
        measure = cast(Literal["RR", "OR", "RD"], model.measure)  # the protocol was checked
        table = mantel_haenszel(a, n1, c, n2, measure=measure, level=model.level)
    weights = iter(table.weights)
    without = len(studies) - len(counted)
    note = f"{without} without counts of both groups cannot enter {model.pooling.replace('_', '-')}"
    record = _table_record(table, model)
    if without:
        record = replace(record, notes=(*record.notes, note))
    return record, tuple(float(next(weights)) if has else 0.0 for has in has_cells)


def _record(result: PoolResult, model: Model, size: float | None) -> Pooled:
    """Return what both models have in common."""
    null = has_null(model.measure)
    return Pooled(
        model="random",
        method=result.method,
        test=result.test_used,
        k=result.k,
        estimate=result.estimate,
        se=result.se,
        ci=Interval(result.estimate, result.ci_lb, result.ci_ub),
        display=display(model.measure, result.estimate, result.ci_lb, result.ci_ub, size),
        statistic=result.statistic if null else None,
        df=result.df,
        pval=result.pval if null else None,
        q=result.q,
        q_df=result.q_df,
        q_pval=result.q_pval,
        notes=result.notes,
    )


def _random_record(result: PoolResult, model: Model, size: float | None) -> Pooled:
    prediction, shown, reason = None, None, None
    if result.k < model.prediction_min_k:
        reason = f"{result.k} studies; a prediction interval needs {model.prediction_min_k}"
    elif result.pi_lb is None or result.pi_ub is None:
        reason = "; ".join(result.notes) or "not defined here"
    else:
        prediction = Interval(result.estimate, result.pi_lb, result.pi_ub)
        shown = display(model.measure, result.estimate, result.pi_lb, result.pi_ub, size)
    return replace(
        _record(result, model, size),
        prediction=prediction,
        prediction_display=shown,
        prediction_reason=reason,
        tau2=Interval(result.tau2, result.tau2_lb, result.tau2_ub),
        i2=Interval(result.i2, result.i2_lb, result.i2_ub),
        h2=Interval(result.h2, result.h2_lb, result.h2_ub),
    )


def _common_record(result: PoolResult, model: Model, size: float | None) -> Pooled:
    return replace(_record(result, model, size), model="common", method="IV")


def _table_record(result: TableResult, model: Model) -> Pooled:
    return Pooled(
        model="common",
        method=result.method,
        test="z",
        k=result.k_used,
        estimate=result.estimate,
        se=result.se,
        ci=Interval(result.estimate, result.ci_lb, result.ci_ub),
        display=display(model.measure, result.estimate, result.ci_lb, result.ci_ub),
        statistic=result.statistic,
        df=None,
        pval=result.pval,
        q=result.q,
        q_df=result.q_df,
        q_pval=result.q_pval,
        notes=result.notes,
    )


def has_null(measure: str) -> bool:
    """Tell whether a measure has a value of no effect; a proportion is tested against nothing."""
    return measure_info(measure).null is not None
