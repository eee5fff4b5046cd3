"""Rules of the flow of records: the numbers of its boxes add up (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from collections.abc import Sequence

from rheumeta.errors import Fault
from rheumeta.flow_boxes import MAIN, OTHER, REMOVED, has_own_stream, is_update
from rheumeta.tables.typed import Row, Table

STEPS = (
    ("identified", REMOVED, "screened"),
    ("screened", ("excluded_screening",), "sought"),
    ("sought", ("not_retrieved",), "assessed"),
)
"""The first box less those between is the last, in each stream."""

OTHER_STEPS = (("identified", (), "sought"), STEPS[-1])
"""The same of a stream of other methods, which is not screened."""

LAST_STEP = ("assessed", ("excluded_assessment",), "included_reports")
"""The same of both streams together."""

SUMS = ("previous_studies", "included_studies", "total_studies")
"""Of an updated review: the first two are the third."""

REPORTS = ("previous_reports", "included_reports", "total_reports")
"""Reports of the studies in `SUMS`."""

REMEDY = "Count again, or add the row that is missing."
SHEET_REMEDY = (
    "Count again, enter the studies that are missing in the sheet 'studies' (also those without a result), or leave "
    "the cell empty: then the sheet counts."
)

Step = tuple[str, Sequence[str], str]


def check_flow(table: Table, studies: int) -> list[Fault]:
    """Return a fault for each box whose number the boxes before it, or the sheet of studies, contradict.

    Boxes without a number are not recorded: of those after them no more is asked than that they are not too large.

    Parameters
    ----------
    table : Table
        The sheet ``flow``.
    studies : int
        Number of studies in the sheet ``studies``; 0: not known.
    """
    rows = list(table)
    own = has_own_stream((r.word("box"), r.word("channel")) for r in rows)
    main = [r for r in rows if r.word("channel") in MAIN or not own]
    other = [r for r in rows if r.word("channel") == OTHER] if own else []
    faults = [f for step in STEPS for f in _step(table, main, step)]
    faults += [f for step in OTHER_STEPS for f in _step(table, other, step)]
    faults += _end(table, rows, [main, other] if own else [main]) + _update(table, rows)
    if studies:
        faults += _sheet(table, rows, studies)
    return list({fault.line: fault for fault in reversed(faults)}.values())[::-1]  # the first of each row


def _sum(rows: Sequence[Row], box: str) -> float | None:
    """Return the sum of a box; None unless each of its rows has a number."""
    values = [r.number("n") for r in rows if r.word("box") == box]
    known = [v for v in values if v is not None]
    return sum(known) if values and len(known) == len(values) else None


def _known(rows: Sequence[Row], boxes: Sequence[str]) -> tuple[float, bool]:
    """Return the sum of the numbers of boxes, and whether a box has a row and no row lacks its number.

    Of several boxes, those without a row did not apply.
    """
    values = [r.number("n") for r in rows if r.word("box") in boxes]
    return sum(v for v in values if v is not None), bool(values) and None not in values


def _step(table: Table, rows: Sequence[Row], step: Step) -> list[Fault]:
    """Judge that no more is left out than there was, and that the last box is the rest."""
    first, between, last = step
    before, after = _sum(rows, first), _sum(rows, last)
    without, complete = _known(rows, between)
    if before is None:
        return []
    boxes = [box for box in between if any(r.word("box") == box and r.number("n") is not None for r in rows)]
    names = " and ".join(f"'{box}'" for box in boxes)
    if without > before:
        text = f"{names} {'are' if len(boxes) > 1 else 'is'} {without:g}, more than '{first}', which is {before:g}."
        return [_fault(table, rows, boxes[0], text)]
    rest = before - without
    if after is None or after == rest or (after < rest and not complete):
        return []
    if not boxes:
        return [
            _fault(table, rows, last, f"'{last}' is {after:g}, more than '{first}', which is {before:g}.")
        ]
    text = f"'{first}' less {names} is {before:g} - {without:g} = {rest:g}, not {after:g}."
    return [_fault(table, rows, last, text)]


def _end(table: Table, rows: Sequence[Row], streams: Sequence[Sequence[Row]]) -> list[Fault]:
    """Judge what is excluded, and that each study has at least one report."""
    assessed, excluded, included = LAST_STEP[0], LAST_STEP[1], LAST_STEP[2]
    faults = [
        fault
        for stream in streams
        for fault in _step(table, [r for r in stream if r.word("box") != included], LAST_STEP)
    ]
    whole = all(_sum(stream, assessed) is not None for stream in streams)
    if whole and not faults:
        faults += _step(table, rows, LAST_STEP)
    for box, of in zip(SUMS, REPORTS, strict=True):
        studies, reports = _sum(rows, box), _sum(rows, of)
        if reports is None and of == included and whole:
            reports = (_sum(rows, assessed) or 0) - _known(rows, excluded)[0]
        if studies is not None and reports is not None and max(reports, 0) < studies:
            faults.append(
                _fault(table, rows, box, f"{studies:g} studies can't have only {max(reports, 0):g} reports.")
            )
    return faults


def _update(table: Table, rows: Sequence[Row]) -> list[Fault]:
    """Judge that an updated review holds the previous studies and the new ones, and all their reports."""
    previous, new, total = (_sum(rows, box) for box in SUMS)
    faults = []
    if previous is not None and new is not None and total is not None and previous + new != total:
        text = f"'{SUMS[0]}' and '{SUMS[1]}' are {previous:g} + {new:g} = {previous + new:g}, not {total:g}."
        faults.append(_fault(table, rows, SUMS[2], text))
    reports = _sum(rows, REPORTS[2])
    known, _ = _known(rows, REPORTS[:2])
    if reports is not None and known > reports:
        text = f"'{REPORTS[2]}' is {reports:g}, and the previous and new reports are {known:g}."
        faults.append(_fault(table, rows, REPORTS[2], text))
    return faults


def _sheet(table: Table, rows: Sequence[Row], studies: int) -> list[Fault]:
    """Judge that the flow counts the studies of the sheet: all of an updated review, or its new ones."""
    update = is_update(r.word("box") for r in rows)
    counts = {box: n for box in (SUMS[1:] if update else SUMS[1:2]) if (n := _sum(rows, box)) is not None}
    if not counts or studies in counts.values() or (update and SUMS[2] not in counts):
        return []
    box, number = list(counts.items())[-1]
    text = f"'{box}' is {number:g}, and the sheet 'studies' holds {studies}."
    return [_fault(table, rows, box, text, SHEET_REMEDY)]


def _fault(table: Table, rows: Sequence[Row], box: str, text: str, remedy: str = REMEDY) -> Fault:
    row = next(r for r in rows if r.word("box") == box)
    return table.fault(
        row,
        "n",
        "flow_disagrees",
        f"The numbers of the flow do not add up: {text}",
        allowed="numbers that add up, or an empty cell for a number that is not recorded",
        remedy=remedy,
    )
