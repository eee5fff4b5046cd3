"""The summary of findings: effects per 1000 patients, certainty and the reason of every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.appraised import (
    STEPS,
    AbsoluteEffect,
    Appraisal,
    Certainty,
    DomainJudgement,
    Finding,
    Level,
)
from rheumeta.numbers import MINUS
from rheumeta.pages.absolutes import absolute_steps
from rheumeta.pages.analyses import show
from rheumeta.pages.numbers import NONE, capital, count, number, whole
from rheumeta.pages.origins import place
from rheumeta.records import Analysis

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

WITH_ABSOLUTE = frozenset({"RR", "OR", "PETO", "HR", "RD", "IRR", "MD"})
"""Measures from which readers expect an absolute effect."""


@dataclass(frozen=True)
class DomainView:
    """One domain as a reader sees it."""

    domain: str
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
    counted_in: str  # what the absolute effect is in: patients of 1000, points ...
    effect: str
    place: str  # where the effect comes from
    absolute: tuple[tuple[str, str], ...]  # how the absolute effect follows: what, formula with the numbers
    no_absolute: str  # why there is no absolute effect, where one could be expected
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
    absolute: bool  # is there an absolute effect in any row?
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
    absolute = any(f.absolute for f in shown)
    return FindingGroup(rows[0].comparison, rows[0].comparison_label, first, rest, absolute, silent)


def _row(item: Finding, analysis: Analysis, certainty: Certainty | None) -> FindingView:
    absolute = item.absolute
    level = certainty.level if certainty else None
    return FindingView(
        record=item,
        without=amount(absolute, absolute.assumed) if absolute else NONE,
        treated=_range(absolute) if absolute else NONE,
        counted_in=absolute.counted_in if absolute else "",
        difference=difference(absolute) if absolute else "",
        effect=f"{item.measure_label} {show(analysis, item.effect)}" if item.effect else _no_effect(item),
        place=place(analysis) if item.k or item.effect else "",
        absolute=tuple(absolute_steps(item, absolute)) if absolute else (),
        no_absolute=(item.absolute_reason or "") if item.effect and item.measure in WITH_ABSOLUTE else "",
        patients=whole(item.n_patients) if item.k else NONE,
        studies=count(item.k, "study", "studies") if item.k else "no usable number",
        certainty=LEVEL_WORDS[level] if level else "not graded",
        signs=LEVEL_SIGNS[level] if level else "",
        start=capital(certainty.start_reason) if certainty else "",
        domains=tuple(map(_domain, certainty.domains)) if certainty else (),
    )


def _no_effect(item: Finding) -> str:
    return "not pooled" if item.k else NONE


def amount(effect: AbsoluteEffect, value: float | None) -> str:
    """Return patients of 1000, whole; rates and means as other numbers."""
    return number(value, digits=0) if effect.of == "risk" else number(value)


def _range(effect: AbsoluteEffect) -> str:
    value = effect.treated
    text = amount(effect, value.estimate)
    if value.lower is None or value.upper is None:
        return text
    return f"{text} ({amount(effect, value.lower)} to {amount(effect, value.upper)})"


def difference(effect: AbsoluteEffect) -> str:
    """Return "134 more (46 fewer to 722 more)", of means "1.1 lower (1.9 lower to 0.3 lower)"."""
    value = effect.difference
    text = _more(effect, value.estimate)
    if value.lower is None or value.upper is None:
        return text
    return f"{text} ({_more(effect, value.lower)} to {_more(effect, value.upper)})"


def _more(effect: AbsoluteEffect, value: float | None) -> str:
    if value is None:
        return NONE
    size = amount(effect, abs(value))
    if float(size) == 0:
        return "no difference"
    up, down = ("higher", "lower") if effect.of == "mean" else ("more", "fewer")
    return f"{size} {up if value > 0 else down}"


def _domain(item: DomainJudgement) -> DomainView:
    note = "" if item.assessed else "not assessed"
    if item.name:
        note = f"judged by {item.name}"
        if item.suggested:
            note += f"; the rule suggests {JUDGEMENT_WORDS[item.suggested]}: {item.suggested_reason}"
    return DomainView(
        item.domain,
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
