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
from rheumeta.pages.numbers import NONE, capital, count, number, uncapital, whole
from rheumeta.pages.origins import place
from rheumeta.pages.statements import statement
from rheumeta.records import Analysis

LEVEL_WORDS: dict[Level, str] = {
    "high": "high", "moderate": "moderate", "low": "low", "very_low": "very low",
}  # fmt: skip
LEVEL_SIGNS: dict[Level, str] = {
    "high": "⊕⊕⊕⊕", "moderate": "⊕⊕⊕⊝", "low": "⊕⊕⊝⊝", "very_low": "⊕⊝⊝⊝",
}  # fmt: skip
GRADES: dict[Level, str] = {
    "high": "the true effect is very likely close to the estimate.",
    "moderate": "the true effect is probably close to the estimate; it may also be quite different.",
    "low": "the true effect may well be quite different from the estimate.",
    "very_low": "hardly anything can be said: the true effect is likely to be quite different from the estimate.",
}
"""What each certainty means (Balshem 2011, J Clin Epidemiol 64, 401), in this project's words."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ABBREVIATIONS = {
    "RR": "risk ratio", "OR": "odds ratio", "HR": "hazard ratio", "RD": "risk difference", "IRR": "rate ratio",
    "MD": "mean difference", "SMD": "standardised mean difference",
}  # fmt: skip
"""Measures that a table may name by their letters."""
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
    told: str  # what the notes below a table say of it
    noted: bool  # does it need a note wherever it is shown?


@dataclass(frozen=True)
class FindingView:
    """One row of the summary of findings."""

    record: Finding
    without: str
    treated: str
    difference: str
    counted_in: str  # what the absolute effect is in: patients of 1000, points ...
    effect: str
    effect_words: str  # as a summary of findings prints it: "RR 1.94 (0.41 to 9.14)"
    statement: str  # what it means, by size and certainty
    reasons: tuple[str, ...]  # of the certainty, for the explanations below the table
    place: str  # where the effect comes from
    absolute: tuple[tuple[str, str], ...]  # how the absolute effect follows: what, formula with the numbers
    no_absolute: str  # why there is no absolute effect, where one could be expected
    patients: str
    studies: str
    certainty: str
    signs: str
    start: str
    start_level: str
    domains: tuple[DomainView, ...]

    @property
    def source(self) -> str:
        """Where the assumed risk comes from, as a note of the table."""
        absolute = self.record.absolute
        return f"Without the treatment: {absolute.assumed_source}." if absolute else ""


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
        effect_words=_effect_words(item, analysis),
        statement=statement(analysis, item),
        reasons=_reasons(certainty) if certainty and level else (),
        place=place(analysis) if item.k or item.effect else "",
        absolute=tuple(absolute_steps(item, absolute)) if absolute else (),
        no_absolute=(item.absolute_reason or "") if item.effect and item.measure in WITH_ABSOLUTE else "",
        patients=whole(item.n_patients) if item.k else NONE,
        studies=count(item.k, "study", "studies") if item.k else "no usable number",
        certainty=LEVEL_WORDS[level] if level else "not graded",
        signs=LEVEL_SIGNS[level] if level else "",
        start=capital(certainty.start_reason) if certainty else "",
        start_level=LEVEL_WORDS[certainty.start] if certainty and certainty.start else "",
        domains=tuple(map(_domain, certainty.domains)) if certainty else (),
    )


def _effect_words(item: Finding, analysis: Analysis) -> str:
    """Return an effect with its limits in brackets and "to" between them, which a minus sign does not blur."""
    if item.effect is None:
        return _no_effect(item)
    name = item.measure if item.measure in ABBREVIATIONS else item.measure_label
    return f"{name} {show(analysis, item.effect)}".replace(", ", " to ").replace("[", "(").replace("]", ")")


def _reasons(certainty: Certainty) -> tuple[str, ...]:
    """Return where the certainty starts, if below high, and each step from there with its reason."""
    start = f"Starts at {LEVEL_WORDS[certainty.start]}: {certainty.start_reason}." if certainty.start else ""
    steps_ = tuple(_told(d) for d in certainty.domains if d.levels or _noted(d))
    return (start, *steps_) if start and certainty.start != "high" else steps_


def _noted(item: DomainJudgement) -> bool:
    return item.noted or item.name is not None


def _levels(levels: int) -> str:
    if levels == 0:
        return "no level down"
    return f"{count(abs(levels), 'level', 'levels')} {'down' if levels < 0 else 'up'}"


def _told(item: DomainJudgement) -> str:
    """Return a judgement as a note: domain, levels, reason; of a person's what the rule suggests too."""
    head = f"{DOMAIN_WORDS[item.domain]}, {_levels(item.levels)}"
    reason = item.reason.rstrip(".")
    if item.name is None:
        return f"{head}: {uncapital(reason)}."
    if item.suggested is None:
        return f"{head}, judged by {item.name}: {reason}. No rule suggests it."
    text = f"{head}, judged {JUDGEMENT_WORDS[item.judgement]} by {item.name}: {reason}."
    word = "the same" if item.suggested == item.judgement else JUDGEMENT_WORDS[item.suggested]
    levels = f" ({_levels(STEPS[item.suggested])})" if item.suggested != item.judgement else ""
    why = (item.suggested_reason or "").rstrip(".")
    return f"{text} The rule suggests {word}{levels}{f': {uncapital(why)}' if why else ''}."


def judged_by(found: Appraisal) -> str:
    """Return how many of the judgements of the certainty are a person's, and whose."""
    domains = [d for c in found.certainty for d in c.domains]
    own = [d.name for d in domains if d.name]
    if not own:
        return "The certainty is what rules suggest; no person has judged it."
    return (
        f"{len(own)} of {len(domains)} judgements of the certainty {'is' if len(own) == 1 else 'are'} a person's "
        f"({', '.join(dict.fromkeys(own))}); rules suggest the others."
    )


def persons(found: Appraisal) -> list[tuple[str, list[str]]]:
    """Return the judgements of persons as notes, by the id of the analysis."""
    named = [(c.analysis_id, [_told(d) for d in c.domains if d.name]) for c in found.certainty]
    return [item for item in named if item[1]]


@dataclass(frozen=True)
class Explanation:
    """A note below a summary of findings."""

    letter: str
    text: str
    place: str  # where the numbers of the first row that it stands at come from


def explanations(rows: Sequence[FindingView]) -> dict[str, Explanation]:
    """Return the notes of a table by their text, lettered in the order in which the rows need them."""
    found: dict[str, Explanation] = {}
    for row in rows:
        for text in (*([row.source] if row.source else ()), *row.reasons):
            found.setdefault(text, Explanation(letter(len(found)), text, row.place))
    return found


def letter(number_: int) -> str:
    """Return a, b ... z, aa, ab ..."""
    before, at = divmod(number_, len(LETTERS))
    return (letter(before - 1) if before else "") + LETTERS[at]


def abbreviations(rows: Sequence[FindingView]) -> str:
    """Return the abbreviations that a table uses, spelt out."""
    used = dict.fromkeys(row.record.measure for row in rows if row.record.effect)
    named = [f"{code}: {ABBREVIATIONS[code]}" for code in used if code in ABBREVIATIONS]
    return "; ".join(["CI: confidence interval", *named])


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
        _told(item),
        _noted(item),
    )


def steps(levels: int) -> str:
    """Return "−1" or "+1"; nothing for 0."""
    if levels == 0:
        return ""
    return f"{MINUS if levels < 0 else '+'}{abs(levels)}"
