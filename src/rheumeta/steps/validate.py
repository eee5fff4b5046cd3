"""Stage 1: check everything a review holds, and write it down as the later stages read it.

All faults of the protocol, of all sheets and of the overlay of corrections are collected and
raised together; nothing is written then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import Layout
from rheumeta.tables.corrections import APPLIED_COLUMNS, Applied, apply_corrections
from rheumeta.tables.instruments import instruments, instruments_of
from rheumeta.tables.manifest import CHECK_COLUMNS, Check, check_manifest
from rheumeta.tables.protocol import Protocol, read_protocol
from rheumeta.tables.reading import RawSheet, read_sheet
from rheumeta.tables.sheets import CORRECTIONS, RAW_SHEETS
from rheumeta.tables.typed import Table, type_sheet
from rheumeta.tables.validated import (
    CORRECTIONS_APPLIED,
    MANIFEST_CHECK,
    moderator_columns,
    validated_path,
    validated_rows,
)
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """A review as read, with every fault found."""

    tables: Mapping[str, Table]
    applied: tuple[Applied, ...]
    faults: tuple[Fault, ...]


def run(layout: Layout) -> None:
    """Validate one review.

    Raises
    ------
    InputFaults
        With all faults of protocol, sheets and corrections.
    """
    checked = check(layout)
    if checked.faults:
        raise InputFaults(checked.faults)
    manifest = check_manifest(layout.raw)
    _report(checked, manifest)
    with StageWriter() as out:
        for name, table in checked.tables.items():
            out.rows(validated_path(layout, name), *validated_rows(table))
        out.rows(validated_path(layout, MANIFEST_CHECK), map(asdict, manifest), CHECK_COLUMNS)
        out.rows(validated_path(layout, CORRECTIONS_APPLIED), map(asdict, checked.applied), APPLIED_COLUMNS)


def check(layout: Layout) -> Checked:
    """Read and judge everything a review holds; write nothing."""
    protocol, _, faults = read_protocol(layout.protocol, file=_name(layout.protocol, layout))
    raw, found = _read_sheets(layout, protocol)
    faults += found
    overlay, found = read_sheet(layout.corrections, CORRECTIONS, file=_name(layout.corrections, layout))
    faults += found
    corrected, applied, found = apply_corrections(raw, overlay)
    faults += found
    tables = {}
    for name, sheet in corrected.items():
        tables[name], found = type_sheet(sheet)
        faults += found
    return Checked(tables, tuple(applied), tuple(faults))


def _read_sheets(layout: Layout, protocol: Protocol | None) -> tuple[dict[str, RawSheet], list[Fault]]:
    sheets, faults = {}, []
    for sheet in RAW_SHEETS:
        path = layout.raw / f"{sheet.name}.csv"
        extra = moderator_columns(protocol, sheet) if protocol else ()
        sheets[sheet.name], found = read_sheet(path, sheet, file=_name(path, layout), extra=extra)
        if protocol is None and sheet.moderators:  # which further columns there may be is not known
            found = [f for f in found if f.code != "unknown_column"]
        faults += found
    return sheets, faults


def _name(path: Path, layout: Layout) -> str:
    return path.relative_to(layout.root).as_posix()


def _report(checked: Checked, manifest: list[Check]) -> None:
    for name, table in checked.tables.items():
        log.info("%s: %d rows read", name, len(table.rows))
    log.info("%d corrections applied", len(checked.applied))
    for item in manifest:
        if item.status != "same":
            log.warning("MANIFEST: %s is %s", item.file, item.status.replace("_", " "))
