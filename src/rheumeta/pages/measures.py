"""One outcome by several measures: which results belong together, and where they do not say the same."""

from __future__ import annotations

from collections.abc import Iterable

from rheumeta.pages.findings import null_value
from rheumeta.pages.numbers import count, uncapital
from rheumeta.pages.words import includes, shown_result
from rheumeta.records import Analysis

OTHERWISE = "Another measure of this outcome says otherwise:"
UNSETTLED = "Where measures of one outcome differ so, neither settles the question."


def question(analysis: Analysis) -> tuple[str, str, str | None]:
    """Return what an analysis asks: comparison, outcome and window. Analyses that share it differ in the measure."""
    return analysis.comparison, analysis.outcome, analysis.window


def by_question(analyses: Iterable[Analysis]) -> dict[str, bool]:
    """Return for the id of each analysis whether one before it asked the same, by another measure."""
    seen: set[tuple[str, str, str | None]] = set()
    again = {}
    for analysis in analyses:
        again[analysis.id] = question(analysis) in seen
        seen.add(question(analysis))
    return again


def together(analyses: Iterable[Analysis]) -> dict[str, int]:
    """Return for the id of each analysis the place of its question among all questions: a key to sort by."""
    places: dict[tuple[str, str, str | None], int] = {}
    return {a.id: places.setdefault(question(a), len(places)) for a in analyses}


def differing(analysis: Analysis, analyses: Iterable[Analysis]) -> list[Analysis]:
    """Return the analyses of the same question that include no effect where this one does not, or the reverse.

    Parameters
    ----------
    analysis : Analysis
        The analysis that is told of.
    analyses : iterable of Analysis
        All analyses; each interval is held against the null value of its own measure, on the display scale.
    """
    own = _held(analysis)
    if own is None:
        return []
    return [
        a for a in analyses
        if question(a) == question(analysis) and a.measure != analysis.measure and _held(a) is (not own)
    ]  # fmt: skip


def _held(analysis: Analysis) -> bool | None:
    result = shown_result(analysis)
    return includes(result.display, analysis.null) if result else None


def told(other: Analysis, shown: str) -> str:
    """Return what another measure says, behind its title; `shown` is its estimate with its interval."""
    says = "includes" if _held(other) else "does not include"
    size = count(other.k, "study", "studies")
    name = uncapital(other.measure_label)
    named = "" if name in other.title.lower() else f"{name} "
    return f"{named}{shown} ({size}), which {says} {null_value(other)}. {UNSETTLED}"
