"""Stage 6: the numbers behind each figure as CSV.

Reads ``synthesis.json``; writes to ``results/<review>/tables/``: one file an analysis (its studies
and pooled rows), ``summary.csv`` (a row an analysis), ``sensitivity.csv`` (a row a changed
assumption) and ``directions.csv`` (a row a reported direction). Every digit is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rheumeta.layout import OVERALL_TABLES, Layout
from rheumeta.records import Analysis, Interval, Pooled, StudyEffect, Subgroup, Synthesis, read_synthesis
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

Cells = Mapping[str, Any]

ESTIMATES = ("display", "display_lower", "display_upper", "yi", "vi", "se", "ci_lower", "ci_upper")
RAW = ("n1", "n2", "events1", "events2", "mean1", "sd1", "mean2", "sd2", "person_time1", "person_time2")
FIT = (
    "model", "method", "test", "k", "statistic", "df", "pval", "pi_lower", "pi_upper", "pi_display_lower",
    "pi_display_upper", "tau2", "tau2_lower", "tau2_upper", "i2", "i2_lower", "i2_upper", "h2", "h2_lower",
    "h2_upper", "q", "q_df", "q_pval",
)  # fmt: skip
ANALYSIS_COLUMNS = (
    "row", "group", "effect_id", "study_id", "label", "experimental", "control", "weeks", "time_label", *RAW,
    *ESTIMATES, "weight_random", "weight_common", *FIT, "flags", "result_ids", "confirmed_by",
)  # fmt: skip
"""Columns of the table of an analysis; `row` is study, pooled or subgroup."""

PLAN = ("analysis_id", "title", "comparison", "comparison_kind", "outcome", "window", "measure", "primary")
SUMMARY_COLUMNS = (
    *PLAN, "status", "k", "n_patients", *ESTIMATES, *(c for c in FIT if c != "k"), "status_reason",
    "sentence",
)  # fmt: skip
SENSITIVITY_COLUMNS = ("analysis_id", "sensitivity", "label", "measure", "status", "k", *ESTIMATES,
                       *(c for c in FIT if c != "k"), "note")  # fmt: skip
DIRECTION_COLUMNS = (
    "result_id", "study_id", "label", "comparison_kind", "domain", "outcome", "outcome_label", "weeks",
    "time_label", "n", "direction", "basis", "p_sign", "p", "counted", "note",
)  # fmt: skip


def run(layout: Layout) -> None:
    """Write the tables of one review."""
    synthesis = read_synthesis(layout.synthesis)
    folder = layout.tables
    with StageWriter() as out:
        out.replaces(folder, ".csv", keep=OVERALL_TABLES)
        for analysis in synthesis.analyses:
            out.rows(folder / f"{analysis.id}.csv", analysis_rows(analysis), ANALYSIS_COLUMNS)
        out.rows(folder / "summary.csv", map(summary_row, synthesis.analyses), SUMMARY_COLUMNS)
        out.rows(folder / "sensitivity.csv", sensitivity_rows(synthesis), SENSITIVITY_COLUMNS)
        out.rows(folder / "directions.csv", map(asdict, synthesis.directions), DIRECTION_COLUMNS)
    log.info("%d tables of analyses, %d directions", len(synthesis.analyses), len(synthesis.directions))


def analysis_rows(analysis: Analysis) -> Iterator[Cells]:
    """Yield the studies of an analysis, then its pooled rows, then its subgroups."""
    for study in analysis.studies:
        yield {"row": "study", **study_cells(study)}
    for pooled in (analysis.random, analysis.common):
        if pooled is not None:
            yield {"row": "pooled", **pooled_cells(pooled)}
    for subgroup in analysis.subgroups:
        yield {"row": "subgroup", **_subgroup_cells(subgroup)}


def study_cells(study: StudyEffect) -> dict[str, Any]:
    """Return a study as cells: who, raw numbers, effect on both scales, weights."""
    names = ("effect_id", "study_id", "label", "experimental", "control", "weeks", "time_label", "yi", "vi")
    return {
        **{name: getattr(study, name) for name in (*names, *RAW, "weight_random", "weight_common")},
        **_interval("display", study.effect, estimate="display"),
        "se": study.vi**0.5,
        "flags": study.flags,
        "result_ids": study.result_ids,
        "confirmed_by": study.confirmed_by,
    }


def pooled_cells(pooled: Pooled) -> dict[str, Any]:
    """Return a pooled result as cells, on the analysis scale and for display."""
    names = ("model", "method", "test", "k", "statistic", "df", "pval", "q", "q_df", "q_pval", "se")
    return {
        **{name: getattr(pooled, name) for name in names},
        "yi": pooled.estimate,
        "vi": pooled.se**2,
        **_interval("display", pooled.display, estimate="display"),
        **_limits("ci", pooled.ci),
        **_limits("pi", pooled.prediction),
        **_limits("pi_display", pooled.prediction_display),
        **_interval("tau2", pooled.tau2, estimate="tau2"),
        **_interval("i2", pooled.i2, estimate="i2"),
        **_interval("h2", pooled.h2, estimate="h2"),
    }


def _subgroup_cells(subgroup: Subgroup) -> dict[str, Any]:
    cells = pooled_cells(subgroup.random) if subgroup.random is not None else {}
    return {**cells, "k": subgroup.k, "group": f"{subgroup.by}={subgroup.level}"}


def _interval(name: str, value: Interval | None, *, estimate: str) -> dict[str, Any]:
    return {estimate: value.estimate if value else None, **_limits(name, value)}


def _limits(name: str, value: Interval | None) -> dict[str, Any]:
    return {f"{name}_lower": value.lower if value else None, f"{name}_upper": value.upper if value else None}


def summary_row(analysis: Analysis) -> Cells:
    """Return one analysis as a row: its random-effects result, or the common one, or the only study."""
    cells: dict[str, Any] = {}
    pooled = analysis.random or analysis.common
    if pooled is not None:
        cells = pooled_cells(pooled)
    elif analysis.status == "single_study":
        study = study_cells(analysis.studies[0])
        cells = {name: study[name] for name in ESTIMATES if name in study}
    plan = {name: getattr(analysis, name) for name in PLAN[1:]}
    rest = ("status", "k", "n_patients", "status_reason", "sentence")
    return {**cells, "analysis_id": analysis.id, **plan, **{name: getattr(analysis, name) for name in rest}}


def sensitivity_rows(synthesis: Synthesis) -> Iterator[Cells]:
    """Yield every analysis under every changed assumption."""
    for analysis in synthesis.analyses:
        for run_ in analysis.sensitivity:
            cells: dict[str, Any] = {}
            if run_.random is not None:
                cells = pooled_cells(run_.random)
            elif run_.single is not None:
                cells = _interval("display", run_.single, estimate="display")
            yield {
                **cells,
                "analysis_id": analysis.id, "sensitivity": run_.id, "label": run_.label,
                "measure": run_.measure or analysis.measure,
                "status": run_.status, "k": run_.k, "note": run_.note,
            }  # fmt: skip
