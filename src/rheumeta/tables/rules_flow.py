"""Rules of the flow of records: the numbers of its boxes add up (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rheumeta.errors import Fault
from rheumeta.tables.typed import Row, Table

OTHER = "other"
MAIN = ("databases", "registers", "all")
"""Channels of the stream that is screened; `other` joins it unless it has boxes of its own."""

STEPS = (
    ("identified", "duplicates_removed", "screened"),
    ("screened", "excluded_screening", "sought"),
    ("sought", "not_retrieved", "assessed"),
)
"""The first box less the second is the third, in each stream."""

OWN_BOXES = frozenset({"sought", "not_retrieved", "assessed", "excluded_assessment"})


def has_own_stream(boxes: Iterable[tuple[str, str]]) -> bool:
    """Tell whether records from other sources go their own way, given (box, channel) of all rows."""
    return any(box in OWN_BOXES and channel == OTHER for box, channel in boxes)


def check_flow(table: Table) -> list[Fault]:
    """Return a fault for each box whose number the boxes before it contradict.

    Boxes without a number are not recorded; nothing is concluded from them.
    """
    rows = list(table)
    own = has_own_stream((r.word("box"), r.word("channel")) for r in rows)
    main = [r for r in rows if r.word("channel") in MAIN or not own]
    other = [r for r in rows if r.word("channel") == OTHER] if own else []
    faults = [f for step in STEPS for f in _step(table, main, step)]
    faults += _step(table, other, STEPS[-1])
    return faults + _reports(table, rows) + _studies(table, rows)


def _sum(rows: Sequence[Row], box: str) -> float | None:
    """Return the sum of a box; None unless each of its rows has a number."""
    values = [r.number("n") for r in rows if r.word("box") == box]
    known = [v for v in values if v is not None]
    return sum(known) if values and len(known) == len(values) else None


def _step(table: Table, rows: Sequence[Row], step: tuple[str, str, str]) -> list[Fault]:
    before, without, after = (_sum(rows, box) for box in step)
    if before is None or without is None or after is None or before - without == after:
        return []
    text = f"'{step[0]}' less '{step[1]}' is {before:g} - {without:g} = {before - without:g}, not {after:g}."
    return [_fault(table, rows, step[2], text)]


def _reports(table: Table, rows: Sequence[Row]) -> list[Fault]:
    """Judge that reports assessed less those excluded are the reports included."""
    assessed, excluded = _sum(rows, "assessed"), _sum(rows, "excluded_assessment")
    included = _sum(rows, "included_reports")
    if assessed is None or excluded is None or included is None or assessed - excluded == included:
        return []
    rest = assessed - excluded
    text = (
        f"'assessed' less 'excluded_assessment' is {assessed:g} - {excluded:g} = {rest:g}, not {included:g}."
    )
    return [_fault(table, rows, "included_reports", text)]


def _studies(table: Table, rows: Sequence[Row]) -> list[Fault]:
    """Judge that each study has at least one report."""
    studies, reports = _sum(rows, "included_studies"), _sum(rows, "included_reports")
    if studies is None or reports is None or studies <= reports:
        return []
    return [
        _fault(table, rows, "included_studies", f"{studies:g} studies can't have only {reports:g} reports.")
    ]


def _fault(table: Table, rows: Sequence[Row], box: str, text: str) -> Fault:
    row = next(r for r in rows if r.word("box") == box)
    return table.fault(
        row,
        "n",
        "flow_disagrees",
        f"The numbers of the flow do not add up: {text}",
        allowed="numbers that add up, or an empty cell for a number that is not recorded",
        remedy="Count again, or add the row that is missing.",
    )
