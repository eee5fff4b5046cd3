"""The summary of findings: effects per 1000 patients, certainty and the reason of every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.appraised import STEPS, AbsoluteEffect, Appraisal, Certainty, DomainJudgement, Finding, Level
from rheumeta.pages.analyses import show
from rheumeta.pages.inputs import anchor
from rheumeta.pages.numbers import MINUS, NONE, capital, count, number, whole
from rheumeta.pages.words import main_pooled, shown_result
from rheumeta.records import Analysis, Interval

LEVEL_WORDS: dict[Level, str] = {
    "high": "high", "moderate": "moderate", "low": "low", "very_low": "very low",
}  # fmt: skip
LEVEL_SIGNS: dict[Level, str] = {
    "high": "●●●●", "moderate": "●●●○", "low": "●●○○", "very_low": "●○○○",
}  # fmt: skip
DOMAIN_WORDS = {
    "risk_of_bias": "Risk of bias",
    "inconsistency": "Inconsistency",
    "indirectness": "Indirectness",
    "imprecision": "Imprecision",
    "publication_bias": "Missing results",
    "large_effect": "Large effect",
    "dose_response": "Dose and response",
    "opposing_confounding": "Confounding against the effect",
}
JUDGEMENT_WORDS = {
    "not_serious": "not serious",
    "serious": "serious",
    "very_serious": "very serious",
    "raise_one": "raised by one level",
    "raise_two": "raised by two levels",
}

RISKS = frozenset({"RR", "OR", "PETO", "HR", "RD"})
"""Measures from which readers expect an effect per 1000."""


@dataclass(frozen=True)
class DomainView:
    """One domain as a reader sees it."""

    name: str
    judgement: str
    steps: str  # "−1", "" where nothing moves
    reason: str
    note: str  # "not assessed", or who changed what


@dataclass(frozen=True)
class FindingView:
    """One row of the summary of findings."""

    record: Finding
    without: str
    treated: str
    difference: str
    effect: str
    origin: str  # id of the place where the effect comes from; empty without one
    no_absolute: str  # why there is no effect per 1000, where one could be expected
    patients: str
    studies: str
    certainty: str
    signs: str
    start: str
    domains: tuple[DomainView, ...]


@dataclass(frozen=True)
class FindingGroup:
    """The rows of one comparison, and what is left out of them."""

    comparison: str
    label: str
    first: tuple[FindingView, ...]  # primary outcomes
    rest: tuple[FindingView, ...]
    per_1000: bool  # is there an effect per 1000 in any row?
    silent: tuple[str, ...]  # outcomes without a usable number


def summary_of_findings(found: Appraisal, analyses: Sequence[Analysis]) -> list[FindingGroup]:
    """Return the tables: a comparison each, one row an outcome and time, primary ones first.

    Of several measures of one outcome and time the protocol's first speaks. An outcome without a
    usable number has a row if it is a primary one, and is named below the table if not.
    """
    by_id = {a.id: a for a in analyses}
    groups: dict[str, dict[tuple[str, str], Finding]] = {}
    for item in found.findings:
        groups.setdefault(item.comparison, {}).setdefault((item.outcome, item.window_label), item)
    return [_group(list(rows.values()), found, by_id) for rows in groups.values()]


def _group(rows: Sequence[Finding], found: Appraisal, by_id: dict[str, Analysis]) -> FindingGroup:
    shown = [f for f in rows if f.k or f.primary]
    first, rest = (
        tuple(
            _row(f, by_id[f.analysis_id], found.certainty_of(f.analysis_id))
            for f in shown
            if f.primary is primary
        )
        for primary in (True, False)
    )
    silent = tuple(f"{f.outcome_label}, {f.window_label}" for f in rows if f not in shown)
    per_1000 = any(f.absolute for f in shown)
    return FindingGroup(rows[0].comparison, rows[0].comparison_label, first, rest, per_1000, silent)


def _row(item: Finding, analysis: Analysis, certainty: Certainty | None) -> FindingView:
    absolute = item.absolute
    level = certainty.level if certainty else None
    return FindingView(
        record=item,
        without=per_thousand(absolute.assumed) if absolute else NONE,
        treated=_range(absolute.treated) if absolute else NONE,
        difference=difference(absolute) if absolute else "",
        effect=f"{item.measure_label} {show(analysis, item.effect)}" if item.effect else _no_effect(item),
        origin=_origin(analysis),
        no_absolute=(item.absolute_reason or "") if item.effect and item.measure in RISKS else "",
        patients=whole(item.n_patients) if item.k else NONE,
        studies=count(item.k, "study", "studies") if item.k else "no usable number",
        certainty=LEVEL_WORDS[level] if level else "not graded",
        signs=LEVEL_SIGNS[level] if level else "",
        start=capital(certainty.start_reason) if certainty else "",
        domains=tuple(map(_domain, certainty.domains)) if certainty else (),
    )


def _origin(analysis: Analysis) -> str:
    result, pooled = shown_result(analysis), main_pooled(analysis)
    if result is None:
        return ""
    if result.study is not None:
        return anchor("e", result.study.effect_id)
    return anchor("p", f"{analysis.id}-{pooled.model}") if pooled else ""


def _no_effect(item: Finding) -> str:
    return "not pooled" if item.k else NONE


def per_thousand(value: float | None) -> str:
    """Return patients of 1000, whole."""
    return number(value, digits=0)


def _range(value: Interval) -> str:
    text = per_thousand(value.estimate)
    if value.lower is None or value.upper is None:
        return text
    return f"{text} ({per_thousand(value.lower)} to {per_thousand(value.upper)})"


def difference(effect: AbsoluteEffect) -> str:
    """Return "134 more (46 fewer to 722 more)"."""
    value = effect.difference
    text = _more(value.estimate)
    if value.lower is None or value.upper is None:
        return text
    return f"{text} ({_more(value.lower)} to {_more(value.upper)})"


def _more(value: float | None) -> str:
    if value is None or round(value) == 0:
        return "no difference" if value is not None else NONE
    return f"{per_thousand(abs(value))} {'more' if value > 0 else 'fewer'}"


def _domain(item: DomainJudgement) -> DomainView:
    note = "" if item.assessed else "not assessed"
    if item.name:
        note = f"judged by {item.name}"
        if item.suggested:
            note += f"; the rule suggests {JUDGEMENT_WORDS[item.suggested]}: {item.suggested_reason}"
    return DomainView(
        DOMAIN_WORDS[item.domain],
        JUDGEMENT_WORDS[item.judgement],
        steps(STEPS[item.judgement]),
        item.reason,
        note,
    )


def steps(levels: int) -> str:
    """Return "−1" or "+1"; nothing for 0."""
    if levels == 0:
        return ""
    return f"{MINUS if levels < 0 else '+'}{abs(levels)}"
