"""Absolute effects, from what is assumed without the treatment and its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from rheumeta.appraised import AbsoluteEffect, AbsoluteOf, Finding, Level
from rheumeta.numbers import MINUS
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
    """Return what to expect without and with the treatment, or why that cannot be said.

    Patients of 1000 for effects on a risk, events per 1000 patient-years for rate ratios, the outcome's
    unit for differences of means (Cochrane Handbook version 6, section 14.1.6).
    """
    result = shown_result(analysis)
    if result is None:
        return None, "no estimate"
    if analysis.measure in RELATIVE:
        return _of_risks(analysis, result.display, assumed_risk(analysis, protocol))
    if analysis.measure == "IRR":
        return _of_rates(analysis, result.display)
    if analysis.measure == "MD":
        return _of_means(analysis, result.display)
    return None, "not an effect on a risk, a rate or a mean in its own unit"


def _of_risks(
    analysis: Analysis, effect: Interval, found: tuple[float, str] | None
) -> tuple[AbsoluteEffect | None, str | None]:
    if found is None:
        return None, "no control group gives a risk; the protocol can (assumed_risk)"
    risk, source = found
    if risk == 0 and analysis.measure != "RD":
        return None, f"no event without treatment to start from: {source}"
    treated = _each(effect, lambda v: THOUSAND * risk_with(risk, v, analysis.measure))
    return _effect(THOUSAND * risk, source, treated, "risk"), None


def _of_rates(analysis: Analysis, effect: Interval) -> tuple[AbsoluteEffect | None, str | None]:
    groups = [
        (s.events2, s.person_time2) for s in analysis.studies if s.events2 is not None and s.person_time2
    ]
    if not groups:
        return None, "no control group gives a rate"
    rates = [THOUSAND * (events or 0) / (time or 1) for events, time in groups]
    source = _source("rate", [f"{events:g} in {time:g} patient-years" for events, time in groups])
    rate = median(rates)
    if rate == 0:
        return None, f"no event without treatment to start from: {source}"
    return _effect(rate, source, _each(effect, lambda v: rate * v), "rate"), None


def _of_means(analysis: Analysis, effect: Interval) -> tuple[AbsoluteEffect | None, str | None]:
    groups = [(s.mean2, s.basis) for s in analysis.studies if s.mean2 is not None]
    if not groups:
        return None, "no control group gives a mean"
    if len({basis for _, basis in groups}) > 1:
        return None, "some control groups give a change and some a final value"
    basis = groups[0][1] or "mean"
    mean = median(value or 0 for value, _ in groups)
    source = _source(basis, [f"{value:g}".replace("-", MINUS) for value, _ in groups])
    return _effect(mean, source, _each(effect, lambda v: mean + v), "mean", analysis.unit), None


def _source(what: str, groups: Sequence[str]) -> str:
    shown = "; ".join(groups)
    if len(groups) == 1:
        return f"{what} in the control group of the only study ({shown})"
    return f"median {what} of the {len(groups)} control groups ({shown})"


def _each(interval: Interval, change: Callable[[float], float]) -> Interval:
    values = (interval.estimate, interval.lower, interval.upper)
    return Interval(*(None if v is None else change(v) for v in values))


def _effect(
    assumed: float, source: str, treated: Interval, of: AbsoluteOf, unit: str | None = None
) -> AbsoluteEffect:
    return AbsoluteEffect(assumed, source, treated, _each(treated, lambda v: v - assumed), of, unit)


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
