"""Bring judgements of risk of bias from another file into the sheet of a review.

A judgement that stands in the sheet is never overwritten; the note that a study was not assessed is
replaced by the judgement that it was waiting for.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import Layout
from rheumeta.rob_tools import NOT_ASSESSED, find_tool, plain
from rheumeta.tables.rob_import import read_judgements
from rheumeta.tables.sheets import ROB
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

Row = dict[str, str]


def run(layout: Layout, path: Path, tool: str) -> None:
    """Add the judgements of a file to the sheet ``risk_of_bias`` of a review.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    path : Path
        The file, in one of the layouts of :mod:`rheumeta.tables.rob_import`.
    tool : str
        Name of the tool.

    Raises
    ------
    InputFaults
        If the file has faults, or contradicts a judgement that stands in the sheet; nothing is written.
    """
    sheet = layout.raw / f"{ROB.name}.csv"
    new = read_judgements(path, tool, _rows(layout.raw / "studies.csv"))
    old = _rows(sheet) if sheet.is_file() else []
    merged = merge(old, new, file=path.as_posix())
    with StageWriter() as out:
        out.rows(sheet, merged, [c.name for c in ROB.columns])
    _report(new, tool)
    log.info("%s: %d rows before, %d now", sheet.as_posix(), len(old), len(merged))
    log.info("run: rheumeta manifest %s", layout.review)


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _key(row: Mapping[str, str]) -> tuple[str, str, str, str]:
    tool = find_tool(row["tool"])
    return row["study_id"], plain(tool.name if tool else row["tool"]), row["outcome"], row["domain"]


def merge(old: Iterable[Row], new: Iterable[Row], *, file: str) -> list[Row]:
    """Return the old rows with the new ones behind; see the module for what is replaced.

    Raises
    ------
    InputFaults
        If a new row says something else than an old one, or twice something different.
    """
    added: dict[tuple[str, str, str, str], Row] = {}
    faults = []
    known = {_key(row): row for row in old if row["judgement"] != NOT_ASSESSED}
    for row in new:
        key = _key(row)
        before = known.get(key) or added.get(key)
        if before is None:
            added[key] = row
        elif before["judgement"] != row["judgement"]:
            faults.append(_contradiction(file, row, before))
    if faults:
        raise InputFaults(faults)
    answered = {key[:3] for key, row in added.items() if row["judgement"] != NOT_ASSESSED}
    kept = [r for r in old if r["judgement"] != NOT_ASSESSED or _key(r)[:3] not in answered]
    present = {_key(row) for row in kept}
    return kept + [row for key, row in added.items() if key not in present]


def _contradiction(file: str, row: Row, before: Row) -> Fault:
    return Fault(
        file,
        None,
        row["domain"],
        "judgement_exists",
        f"{row['study_id']} is judged '{before['judgement']}' already.",
        row["judgement"],
        before["judgement"],
        "Decide which holds; a correction belongs into the overlay of corrections.",
    )


def _report(new: Iterable[Row], tool: str) -> None:
    rows = list(new)
    found = find_tool(tool)
    judged = {row["domain"] for row in rows}
    missing = [d.code for d in found.domains if d.code not in judged] if found else []
    log.info("%d judgements of %d studies", len(rows), len({r["study_id"] for r in rows}))
    if missing:
        log.warning("the file has no column for %s; figures show them as not assessed", ", ".join(missing))
