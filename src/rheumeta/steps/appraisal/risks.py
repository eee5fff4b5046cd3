"""Absolute effects per 1000 patients, from an assumed risk and its source."""

from __future__ import annotations

from statistics import median

from rheumeta.appraised import AbsoluteEffect, Finding, Level
from rheumeta.pages.words import shown_result
from rheumeta.records import Analysis, Interval
from rheumeta.stats.absolute import RELATIVE, risk_with
from rheumeta.tables.protocol import Protocol

THOUSAND = 1000.0


def assumed_risk(analysis: Analysis, protocol: Protocol) -> tuple[float, str] | None:
    """Return the risk without treatment and its source; None where there is none.

    The protocol's value counts; without one, the median of the control groups (Cochrane Handbook
    version 6, section 14.1.6.3).
    """
    declared = protocol.outcomes[analysis.outcome].assumed_risk
    if declared is not None:
        return declared.per_1000 / THOUSAND, declared.source
    groups = [(s.events2, s.n2) for s in analysis.studies if s.events2 is not None and s.n2]
    if not groups:
        return None
    shown = ", ".join(f"{events:g} of {n:g}" for events, n in groups)
    if len(groups) == 1:
        return (groups[0][0] or 0) / (groups[0][1] or 1), f"the control group of the only study ({shown})"
    risk = median((events or 0) / (n or 1) for events, n in groups)
    return risk, f"median of the {len(groups)} control groups ({shown})"


def absolute(analysis: Analysis, protocol: Protocol) -> tuple[AbsoluteEffect | None, str | None]:
    """Return the absolute effect of an analysis per 1000 patients, or why there is none."""
    result = shown_result(analysis)
    if result is None:
        return None, "no estimate"
    if analysis.measure not in RELATIVE:
        return None, "not an effect on a risk"
    found = assumed_risk(analysis, protocol)
    if found is None:
        return None, "no control group gives a risk"
    risk, source = found
    if risk == 0 and analysis.measure != "RD":
        return None, f"no event without treatment to start from: {source}"
    treated = _per_thousand(analysis, result.display, risk)
    parts = (treated.estimate, treated.lower, treated.upper)
    less = Interval(*(None if v is None else v - THOUSAND * risk for v in parts))
    return AbsoluteEffect(THOUSAND * risk, source, treated, less), None


def _per_thousand(analysis: Analysis, display: Interval, risk: float) -> Interval:
    values = (display.estimate, display.lower, display.upper)
    return Interval(*(None if v is None else THOUSAND * risk_with(risk, v, analysis.measure) for v in values))


def finding(analysis: Analysis, protocol: Protocol, certainty: Level | None) -> Finding:
    """Return the row of an analysis in the summary of findings."""
    result = shown_result(analysis)
    effect, reason = absolute(analysis, protocol)
    return Finding(
        analysis_id=analysis.id,
        comparison=analysis.comparison,
        comparison_label=analysis.comparison_label,
        comparison_kind=analysis.comparison_kind,
        outcome=analysis.outcome,
        outcome_label=analysis.outcome_label,
        window_label=analysis.window_label,
        primary=analysis.primary,
        status=analysis.status,
        k=analysis.k,
        n_patients=analysis.n_patients,
        measure=analysis.measure,
        measure_label=analysis.measure_label,
        effect=result.display if result else None,
        absolute=effect,
        absolute_reason=reason,
        certainty=certainty,
        sentence=analysis.sentence,
    )
