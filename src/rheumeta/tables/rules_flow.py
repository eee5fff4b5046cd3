"""Rules of the flow of records: the numbers of its boxes add up (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from collections.abc import Sequence

from rheumeta.errors import Fault
from rheumeta.flow_boxes import MAIN, OTHER, REMOVED, has_own_stream
from rheumeta.tables.typed import Row, Table

STEPS = (
    ("identified", REMOVED, "screened"),
    ("screened", ("excluded_screening",), "sought"),
    ("sought", ("not_retrieved",), "assessed"),
)
"""The first box less those between is the last, in each stream."""

SUMS = ("previous_studies", "included_studies", "total_studies")
"""Of an updated review: the first two are the third."""


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
    return faults + _reports(table, rows) + _studies(table, rows) + _update(table, rows)


def _sum(rows: Sequence[Row], box: str) -> float | None:
    """Return the sum of a box; None unless each of its rows has a number."""
    values = [r.number("n") for r in rows if r.word("box") == box]
    known = [v for v in values if v is not None]
    return sum(known) if values and len(known) == len(values) else None


def _without(rows: Sequence[Row], boxes: Sequence[str]) -> float | None:
    """Return the sum of boxes, of which those without a row did not apply; None if none has all its numbers."""
    known = [_sum(rows, box) for box in boxes if any(r.word("box") == box for r in rows)]
    numbers = [value for value in known if value is not None]
    return sum(numbers) if known and len(numbers) == len(known) else None


def _step(table: Table, rows: Sequence[Row], step: tuple[str, Sequence[str], str]) -> list[Fault]:
    first, between, last = step
    before, without, after = _sum(rows, first), _without(rows, between), _sum(rows, last)
    if before is None or without is None or after is None or before - without == after:
        return []
    names = " and ".join(f"'{box}'" for box in between if any(r.word("box") == box for r in rows))
    text = f"'{first}' less {names} is {before:g} - {without:g} = {before - without:g}, not {after:g}."
    return [_fault(table, rows, last, text)]


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


def _update(table: Table, rows: Sequence[Row]) -> list[Fault]:
    """Judge that an updated review holds the previous studies and the new ones, and all their reports."""
    previous, new, total = (_sum(rows, box) for box in SUMS)
    faults = []
    if previous is not None and new is not None and total is not None and previous + new != total:
        text = f"'{SUMS[0]}' and '{SUMS[1]}' are {previous:g} + {new:g} = {previous + new:g}, not {total:g}."
        faults.append(_fault(table, rows, SUMS[2], text))
    reports = _sum(rows, "total_reports")
    parts = [_sum(rows, box) for box in ("previous_reports", "included_reports")]
    known = sum(part for part in parts if part is not None)
    if reports is not None and known > reports:
        text = f"'total_reports' is {reports:g}, and the previous and new reports are {known:g}."
        faults.append(_fault(table, rows, "total_reports", text))
    return faults


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
