"""Where every row of the results sheet went: nothing is dropped in silence.

A reason is given only if it is so: it is worked out from the protocol's outcomes, windows and
comparisons and from what each analysis used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rheumeta.records import Analysis, StudyEffect, Synthesis
from rheumeta.steps.evidence.correlations import find_correlations
from rheumeta.steps.evidence.model import Evidence, Result
from rheumeta.steps.evidence.selection import CLOSE, ancestors, in_window, sides, why_not_comparable
from rheumeta.steps.synthesis.filing import UNKNOWN_COMPARATOR, comparator, compares_groups, takes_groups
from rheumeta.steps.synthesis.unpooled import is_directional
from rheumeta.tables.protocol import AnalysisPlan, Comparison, Protocol

NOT_USED = "no analysis uses it"
DIRECTIONS = "effect direction"
BORROWED = "correlation_borrowed"

NO_OUTCOME = "no analysis of the protocol asks for this outcome"
NO_TIME = "no analysis of this outcome takes results of this time"
TIME_NOT_STATED = "the time is not stated, and no analysis of the outcome takes results without one"
MIXED = "a group that holds treated and control patients together"
SUBGROUP = "only some patients of the group; the whole group is reported or is required"
BASELINE = "a baseline value; no follow-up value of this group needs it"
NO_GROUP = "no analysis of this outcome and time is about this group"
NO_PAIR = "no analysis of this outcome and time sets these two groups against each other"
NO_SUCH_CHANGE = "no comparison of the protocol is about a change in this group alone"
NO_SUCH_PAIR = "no comparison of the protocol sets these two groups against each other"
NO_NUMBER = "no analysis of this outcome and time takes this kind of number"
GIVES_CORRELATION = "gives the correlation of baseline and follow-up that is used elsewhere"
OWN_NUMBERS = "the two groups' own numbers were used"
SOURCES_EFFECT = "the effect that the source reports for the two groups was used"
OTHER_NUMBERS = "other numbers of this group at this time were used"


@dataclass(frozen=True)
class _Books:
    """What was used, and by what."""

    synthesis: Synthesis
    evidence: Evidence
    by_id: dict[str, Result]
    correlating: frozenset[str]  # rows that give a correlation used elsewhere
    used: dict[str, list[str]] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)


def account(synthesis: Synthesis, evidence: Evidence, protocol: Protocol) -> list[dict[str, object]]:
    """Return one row per reported result: the analyses that use it, or why none does."""
    books = _open(synthesis, evidence)
    return [_row(result, books, protocol) for result in evidence.results]


def _open(synthesis: Synthesis, evidence: Evidence) -> _Books:
    by_id = {r.result_id: r for r in evidence.results}
    books = _Books(synthesis, evidence, by_id, _correlating(synthesis, evidence, by_id))
    for analysis in synthesis.analyses:
        for study in analysis.studies:
            for result_id in (*study.result_ids, *study.confirmed_by):
                books.used.setdefault(result_id, []).append(analysis.id)
        for item in analysis.excluded:
            for result_id in item.result_ids:
                books.reasons.setdefault(result_id, []).append(item.reason)
    for row in synthesis.directions:
        books.used.setdefault(row.result_id, []).append(DIRECTIONS)
    return books


def _correlating(synthesis: Synthesis, evidence: Evidence, by_id: dict[str, Result]) -> frozenset[str]:
    """Return the rows whose SDs give a correlation that an effect of another row borrows."""
    codes = {
        by_id[i].outcome
        for analysis in synthesis.analyses
        for study in analysis.studies
        if BORROWED in study.flags
        for i in study.result_ids
        if i in by_id
    }
    found = find_correlations(evidence).found
    return frozenset(i for code in codes for quantity in found.get(code, ()) for i in quantity.result_ids)


def _row(result: Result, books: _Books, protocol: Protocol) -> dict[str, object]:
    where = list(dict.fromkeys(books.used.get(result.result_id, ())))
    return {
        "result_id": result.result_id,
        "study_id": result.study_id,
        "arm_id": result.arm_id,
        "outcome": result.outcome,
        "weeks": result.weeks,
        "used_in": where,
        "not_used_reason": "" if where else _why_not(result, books, protocol),
    }


def _why_not(row: Result, books: _Books, protocol: Protocol) -> str:
    found = list(books.reasons.get(row.result_id, ()))
    if row.result_id in books.correlating:
        found.append(GIVES_CORRELATION)
    if row.timing != "baseline":
        for analysis in _asking(row, books, protocol):
            found.extend(_passed_over(row, analysis, books))
    if not found:
        found.append(_general(row, books.evidence, protocol))
    return "; ".join(dict.fromkeys(found))


def _takes_time(row: Result, plan: AnalysisPlan, protocol: Protocol) -> bool:
    return in_window(row, protocol.windows[plan.window] if plan.window else None)


def _asking(row: Result, books: _Books, protocol: Protocol) -> Iterator[Analysis]:
    """Yield the analyses that ask for the outcome and time of a row and are about its groups."""
    for analysis in books.synthesis.analyses:
        plan = protocol.analyses[analysis.id]
        asked = row.outcome in protocol.outcomes[plan.outcome].codes and _takes_time(row, plan, protocol)
        if asked and _about(row, protocol.comparisons[plan.comparison], books.evidence):
            yield analysis


def _about(row: Result, comparison: Comparison, evidence: Evidence) -> bool:
    """Tell whether the groups of a row are sides of a comparison, whatever the design of the study."""
    found = sides(evidence, row.study_id, comparison)
    ones, twos = ({a.arm_id for a in side} for side in (found.experimental, found.control))
    if not compares_groups(row):
        return bool(ones) and row.arm_id in ones | twos
    other = comparator(row, evidence)
    return other is not None and row.arm_id in ones and other.arm_id in twos


def _passed_over(row: Result, analysis: Analysis, books: _Books) -> Iterator[str]:
    """Yield why an analysis that asks for a row used something else, or nothing, of its study."""
    effects = [s for s in analysis.studies if s.study_id == row.study_id]
    if not effects:
        yield from (item.reason for item in analysis.excluded if item.study_id == row.study_id)
        return
    used = [books.by_id[i] for s in effects for i in s.result_ids if i in books.by_id]
    groups = {a for r in used for a in (r.arm_id, r.comparator_id) if a is not None}
    if row.arm_id not in groups:
        yield from _in_another_group(row, groups, books)
    elif row.outcome not in {r.outcome for r in used}:
        codes = ", ".join(dict.fromkeys(r.outcome for r in used))
        yield f"another instrument of the outcome was used ({codes})"
    elif not any(_same_time(row.weeks, s.weeks) for s in effects):
        where = " in the window" if analysis.window else ""
        times = ", ".join(dict.fromkeys(_time(s) for s in effects))
        yield f"another time of this group{where} was used ({times})"
    else:
        yield _other_numbers(row, used)


def _other_numbers(row: Result, used: Iterable[Result]) -> str:
    """Say what was used instead of a row of the same group, instrument and time."""
    contrast = any(compares_groups(r) for r in used)
    if compares_groups(row):
        return OTHER_NUMBERS if contrast else OWN_NUMBERS
    return SOURCES_EFFECT if contrast else OTHER_NUMBERS


def _in_another_group(row: Result, groups: set[str], books: _Books) -> Iterator[str]:
    """Yield in which group of an analysis the patients of a row are counted, if in one."""
    arms = books.evidence.arms
    own = arms[row.study_id, row.arm_id]
    if own.kind == "subgroup":
        yield SUBGROUP
        return
    above = ancestors(own, books.evidence)
    for arm_id in sorted(groups, key=lambda i: arms[row.study_id, i].order):
        other = arms[row.study_id, arm_id]
        if arm_id in above or own.arm_id in ancestors(other, books.evidence):
            yield f"its patients are counted in another group ({other.label})"


def _same_time(one: float | None, two: float | None) -> bool:
    return one == two or (one is not None and two is not None and abs(one - two) <= CLOSE)


def _time(study: StudyEffect) -> str:
    return study.time_label if study.weeks is None else f"{study.weeks:g} weeks"


def _general(row: Result, evidence: Evidence, protocol: Protocol) -> str:
    """Say why a row that no analysis passed over was not used."""
    if compares_groups(row) and comparator(row, evidence) is None:
        return UNKNOWN_COMPARATOR
    if "mixed" in evidence.arms[row.study_id, row.arm_id].interventions:
        return MIXED
    if is_directional(row):  # directions are taken of every outcome and time
        about = [c for c in protocol.comparisons.values() if takes_groups(c, row, evidence)]
        if not about:
            return NO_SUCH_PAIR if compares_groups(row) else NO_SUCH_CHANGE
        return _design(row, about, evidence) or NOT_USED
    plans = [p for p in protocol.analyses.values() if row.outcome in protocol.outcomes[p.outcome].codes]
    if not plans:
        return NO_OUTCOME
    if row.timing == "baseline":
        return BASELINE
    inside = [p for p in plans if _takes_time(row, p, protocol)]
    if not inside:
        return TIME_NOT_STATED if row.weeks is None else NO_TIME
    if evidence.arms[row.study_id, row.arm_id].kind == "subgroup":
        return SUBGROUP
    asked = (protocol.comparisons[p.comparison] for p in inside)
    about = [c for c in asked if _about(row, c, evidence)]
    if not about:
        return NO_PAIR if compares_groups(row) else NO_GROUP
    return _design(row, about, evidence) or NO_NUMBER


def _design(row: Result, comparisons: Iterable[Comparison], evidence: Evidence) -> str | None:
    """Say why the study of a row can enter none of some comparisons; None if it can enter one."""
    reasons = [
        why_not_comparable(evidence, row.study_id, c, sides(evidence, row.study_id, c)) for c in comparisons
    ]
    known = [reason for reason in reasons if reason is not None]
    return "; ".join(dict.fromkeys(known)) if len(known) == len(reasons) else None
