"""The records of a synthesis as flat tables, one function and one list of columns a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rheumeta.records import Analysis, Interval, Pooled, Synthesis

ESTIMATE_COLUMNS = (
    "analysis_id", "title", "comparison", "outcome", "window", "measure", "part", "level", "status", "reason",
    "model", "method", "test", "k", "estimate", "se", "ci_lb", "ci_ub", "statistic", "df", "pval",
    "shown", "shown_lb", "shown_ub", "unit", "pi_lb", "pi_ub", "pi_reason", "tau2", "tau2_lb", "tau2_ub",
    "i2", "i2_lb", "i2_ub", "h2", "h2_lb", "h2_ub", "q", "q_df", "q_pval",
)  # fmt: skip
WEIGHT_COLUMNS = (
    "analysis_id", "effect_id", "study_id", "label", "yi", "vi", "weight_random", "weight_common", "shown",
    "shown_lb", "shown_ub",
)  # fmt: skip
DIRECTION_COLUMNS = (
    "comparison_kind", "domain", "outcome", "outcome_label", "study_id", "label", "weeks", "time_label", "n",
    "direction", "basis", "p_sign", "p", "counted", "note", "result_id",
)  # fmt: skip
COMBINED_COLUMNS = (
    "comparison_kind", "outcome", "outcome_label", "method", "k", "statistic", "pval", "reason",
)  # fmt: skip
ACCOUNTING_COLUMNS = ("result_id", "study_id", "arm_id", "outcome", "weeks", "used_in", "not_used_reason")
PROBLEM_COLUMNS = ("analysis_id", "problem", "allowed")

Row = dict[str, Any]


def _interval(interval: Interval | None, names: tuple[str, str, str]) -> Row:
    values = (None, None, None) if interval is None else (interval.estimate, interval.lower, interval.upper)
    return dict(zip(names, values, strict=True))


def _pooled(pooled: Pooled) -> Row:
    return {
        "model": pooled.model,
        "method": pooled.method,
        "test": pooled.test,
        "k": pooled.k,
        "se": pooled.se,
        **_interval(pooled.ci, ("estimate", "ci_lb", "ci_ub")),
        "statistic": pooled.statistic,
        "df": pooled.df,
        "pval": pooled.pval,
        **_interval(pooled.display, ("shown", "shown_lb", "shown_ub")),
        "pi_lb": pooled.prediction.lower if pooled.prediction else None,
        "pi_ub": pooled.prediction.upper if pooled.prediction else None,
        "pi_reason": pooled.prediction_reason,
        **_interval(pooled.tau2, ("tau2", "tau2_lb", "tau2_ub")),
        **_interval(pooled.i2, ("i2", "i2_lb", "i2_ub")),
        **_interval(pooled.h2, ("h2", "h2_lb", "h2_ub")),
        "q": pooled.q,
        "q_df": pooled.q_df,
        "q_pval": pooled.q_pval,
    }


def _analysis(analysis: Analysis) -> Iterator[Row]:
    head = {
        "analysis_id": analysis.id,
        "title": analysis.title,
        "comparison": analysis.comparison,
        "outcome": analysis.outcome,
        "window": analysis.window,
        "measure": analysis.measure,
        "unit": analysis.unit,
    }
    whole = {**head, "part": "all studies", "status": analysis.status, "reason": analysis.status_reason}
    models = [m for m in (analysis.random, analysis.common) if m is not None]
    yield from ({**whole, **_pooled(m)} for m in models)
    if not models:
        single = analysis.studies[0].effect if analysis.k == 1 else None
        yield {**whole, "k": analysis.k, **_interval(single, ("shown", "shown_lb", "shown_ub"))}
    for group in analysis.subgroups:
        row = {**head, "part": group.by, "level": group.level, "status": group.status, "k": group.k}
        yield row if group.random is None else {**row, **_pooled(group.random)}
    if test := analysis.small_studies:
        yield {
            **head, "part": "small studies", "level": test.name, "k": test.k,
            "statistic": test.statistic, "df": test.df, "pval": test.pval,
        }  # fmt: skip
    for run in analysis.sensitivity:
        row = {
            **head,
            "measure": run.measure or analysis.measure,
            "part": "sensitivity",
            "level": run.id,
            "status": run.status,
            "reason": run.note,
            "k": run.k,
        }
        shown = _interval(run.single, ("shown", "shown_lb", "shown_ub"))
        yield {**row, **shown} if run.random is None else {**row, **_pooled(run.random)}


def estimates(synthesis: Synthesis) -> list[Row]:
    """Return one row per analysis and model, subgroup and sensitivity run."""
    return [row for analysis in synthesis.analyses for row in _analysis(analysis)]


def weights(synthesis: Synthesis) -> list[Row]:
    """Return one row per study in an analysis."""
    return [
        {
            "analysis_id": analysis.id,
            **{name: getattr(s, name) for name in WEIGHT_COLUMNS[1:8]},
            **_interval(s.effect, ("shown", "shown_lb", "shown_ub")),
        }
        for analysis in synthesis.analyses
        for s in analysis.studies
    ]


def directions(synthesis: Synthesis) -> list[Row]:
    """Return one row per direction."""
    return [{name: getattr(row, name) for name in DIRECTION_COLUMNS} for row in synthesis.directions]


def combined(synthesis: Synthesis) -> list[Row]:
    """Return one row per combination of p values."""
    return [{name: getattr(row, name) for name in COMBINED_COLUMNS} for row in synthesis.combined_p]
