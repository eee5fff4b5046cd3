"""The supplement of the paper: figures of subgroups, regressions and diagnostics; what is missing or awaited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from rheumeta.appraised import MissingStudy
from rheumeta.pages import pandoc
from rheumeta.pages.analyses import AnalysisView
from rheumeta.pages.evidence import WHY_WORDS
from rheumeta.pages.figures import alt_text, is_empty
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.missing import QUIET, STATUS_WORDS, MissingView, missing_view
from rheumeta.pages.numbers import count, uncapital, whole
from rheumeta.pages.pandoc import Block
from rheumeta.pages.paper_findings import further_findings
from rheumeta.pages.paper_parts import checklist, direction_counts

Drawing = Callable[[str, str, str], Iterable[Block]]
"""Takes name, caption and alternative text of a figure."""

MATRIX_COLUMNS = 6
"""Syntheses that fit beside each other on a page."""

KINDS = {
    "funnel": "Funnel plot with contours of p against no effect",
    "trim_and_fill": "Funnel plot with the studies that trim and fill adds",
    "radial": "Radial plot",
    "baujat": "Baujat plot",
    "influence": "Influence of each study",
    "leave_one_out": "Pooled result without each study",
    "cumulative": "Pooled result as the years went by",
    "gosh": "Pooled results of all subsets of studies (GOSH)",
    "labbe": "L'Abbé plot",
    "drapery": "p value functions (drapery plot)",
}
"""Further figures of an analysis by their names in a protocol."""


def supplement(
    data: ReportInput, views: Sequence[AnalysisView], draw: Drawing, further: Iterable[Block]
) -> list[Block]:
    """Return the supplement; parts without content are left out.

    Parameters
    ----------
    data : ReportInput
        What the paper is written from.
    views : sequence of AnalysisView
        All analyses.
    draw : callable
        Yields a figure by name, caption and alternative text.
    further : iterable of Block
        The analyses that are not primary.
    """
    return [
        *pandoc.SUPPLEMENT,
        *further_findings(data, pandoc.heading(1, "Supplement", numbered=False)),
        *further, *_figures(data, views, draw), *direction_counts(data), *missing(data), *awaited(data),
        *checklist(data),
    ]  # fmt: skip


def _figures(data: ReportInput, views: Sequence[AnalysisView], draw: Drawing) -> Iterator[Block]:
    names = [
        (name, f"{view.record.title}. {what}.")
        for view in views
        for name, what in further_figures(data.protocol, view.record.id)
    ]
    found = [
        (name, caption)
        for name, caption in names
        if name in data.figures and not is_empty(data.figures[name])
    ]
    if found:
        yield pandoc.heading(2, "Subgroups, regressions and diagnostics", numbered=False)
    for name, caption in found:
        yield from draw(name, caption, alt_text(data.figures[name]))


def further_figures(protocol: Mapping[str, Any], analysis: str) -> Iterator[tuple[str, str]]:
    """Yield name and kind of each figure of an analysis beyond its forest plot."""
    plan = protocol.get("analyses", {}).get(analysis) or {}
    labels = {name: item.get("label", name) for name, item in (protocol.get("moderators") or {}).items()}
    for by in plan.get("subgroups") or ():
        yield f"{analysis}_by_{by}", f"Subgroups by {uncapital(labels.get(by, by))}"
    for by in plan.get("regress_on") or ():
        yield f"{analysis}_regression_{by}", f"Regression on {uncapital(labels.get(by, by))}"
    for kind in plan.get("figures") or ():
        yield f"{analysis}_{kind}", KINDS.get(kind, kind)


def missing(data: ReportInput) -> Iterator[Block]:
    """Yield which results are missing from each synthesis, and why, where that was appraised."""
    found = missing_view(data.appraisal.missing) if data.appraisal else []
    due = [view for view in found if any(s.status not in QUIET for s in view.rows)]
    if not due:
        return
    main = [view for view in due if view.record.primary] or due
    yield pandoc.heading(2, "Results missing from the syntheses", numbered=False)
    yield pandoc.table(
        "Risk of bias due to missing results: what each primary synthesis lacks.",
        ("Synthesis", "What is missing"),
        [(_synthesis(view), view.sentence) for view in main],
        widths=(0.4, 0.6),
    )
    if len(due) > len(main):
        yield pandoc.paragraph(
            f"Results are missing from {count(len(due) - len(main), 'other synthesis', 'other syntheses')} too: "
            "tables/missing_results.csv holds them all."
        )
    yield from pandoc.landscape([_matrix(part) for part in _batches(main)])


def _batches(views: Sequence[MissingView]) -> Iterator[Sequence[MissingView]]:
    rest = iter(views)
    while part := list(islice(rest, MATRIX_COLUMNS)):
        yield part


def _matrix(views: Sequence[MissingView]) -> Block:
    """Return which study is in which synthesis, as the matrix of ROB-ME has it."""
    cells = {(s.label, at): _standing(s) for at, view in enumerate(views) for s in view.rows}
    labels = sorted({label for label, _ in cells}, key=str.casefold)
    rows = [(label, *(cells.get((label, at), "–") for at in range(len(views)))) for label in labels]
    share = 0.85 / len(views)
    return pandoc.table(
        "Studies by primary synthesis: whose result is in it, whose is missing, and why. “Suspected”: the result may "
        "be missing because of what it is. Patients in brackets.",
        ("Study", *(_synthesis(view) for view in views)), rows, widths=(0.15, *[share] * len(views)),
    )  # fmt: skip


def _standing(study: MissingStudy) -> str:
    """Return whether the result of a study is there, or why not, and its patients."""
    words = STATUS_WORDS[study.status] + (", suspected" if study.suspected else "")
    return words if study.patients is None else f"{words} ({whole(study.patients)})"


def _synthesis(view: MissingView) -> str:
    record = view.record
    return f"{record.outcome_label}, {record.window_label}; {uncapital(record.comparison_label)}"


def awaited(data: ReportInput) -> Iterator[Block]:
    """Yield what is awaited."""
    rows = data.sheet("awaited")
    if not rows:
        return
    labels = data.study_labels()
    yield pandoc.heading(2, "Data awaited", numbered=False)
    body = [
        (
            labels.get(row["study_id"], row["study_id"]),
            row["outcome"],
            row["what"],
            WHY_WORDS.get(row["why"], row["why"]),
        )
        for row in rows
    ]
    yield pandoc.table(
        "Numbers that exist or should exist and are not in the sheets.",
        ("Study", "Outcome", "What is missing", "Why"), body, widths=(0.2, 0.15, 0.45, 0.2),
    )  # fmt: skip
