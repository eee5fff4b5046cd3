"""The validated sheets: written by validation, read by every later stage."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.provenance import sheets_changed
from rheumeta.tables.cells import NUMERIC
from rheumeta.tables.instruments import instruments_of
from rheumeta.tables.ordering import row_order
from rheumeta.tables.protocol import Instrument, Moderator, Protocol, load_protocol
from rheumeta.tables.sheets import RESULTS, Column, Sheet
from rheumeta.tables.typed import Table

log = logging.getLogger(__name__)

MANIFEST_CHECK = "manifest_check"
CORRECTIONS_APPLIED = "corrections_applied"
ACCEPTED = "accepted"


@dataclass(frozen=True)
class Review:
    """The protocol of a validated review and its reported results.

    `results` are in the order of :mod:`rheumeta.tables.ordering`, with all declared columns and the
    moderators of the protocol. Numbers and counts are floats (NaN if empty); everything else is text
    ("" if empty; several keys stay joined by ';'). Each numeric column ``x`` has a column ``x_text``
    with the digits as printed.
    """

    protocol: Protocol
    instruments: Mapping[str, Instrument]
    results: tuple[dict[str, float | str], ...]


def moderator_columns(moderators: Mapping[str, Moderator], sheet: Sheet) -> tuple[Column, ...]:
    """Return the columns that the moderators of a protocol add to a sheet, in their order."""
    if not sheet.moderators:
        return ()
    return tuple(
        Column(name, "number", m.label)
        if m.type == "number"
        else Column(name, "choice" if m.choices else "text", m.label, choices=tuple(m.choices or ()))
        for name, m in moderators.items()
        if m.sheet == sheet.name
    )


def validated_path(layout: Layout, name: str) -> Path:
    """Return the path of a validated sheet."""
    return layout.validated / f"{name}.csv"


def validated_rows(table: Table) -> tuple[list[dict[str, str]], list[str]]:
    """Return the rows of a validated sheet, in the order of :mod:`rheumeta.tables.ordering`, and its columns.

    The text of every cell and no line numbers: a row is known by its key, wherever it stands in the sheet.
    """
    rows = sorted((row.text for row in table), key=lambda text: row_order(table.sheet, text))
    return rows, [c.name for c in table.columns]


def load_validated(layout: Layout) -> Review:
    """Read the protocol and the validated results of a review; warn if the sheets were edited since.

    Raises
    ------
    RheumetaError
        If the review was not validated.
    InputFaults
        If the protocol has faults.
    """
    protocol = load_protocol(layout.protocol)
    if sheets_changed(layout):
        log.warning(
            "The sheets of %s were edited since they were validated; this stage reads them as they were. "
            "Run snakemake, which runs every stage that needs it, or rheumeta validate %s and each stage after.",
            layout.review, layout.review,
        )  # fmt: skip
    return Review(protocol, instruments_of(protocol), _read(layout, RESULTS, protocol))


def _read(layout: Layout, sheet: Sheet, protocol: Protocol) -> tuple[dict[str, float | str], ...]:
    path = validated_path(layout, sheet.name)
    if not path.is_file():
        raise RheumetaError(f"{path.as_posix()} does not exist. Run: rheumeta validate {layout.review}")
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    columns = sheet.columns + moderator_columns(protocol.moderators, sheet)
    return tuple(_typed(row, columns) for row in rows)


def _typed(row: Mapping[str, str], columns: Sequence[Column]) -> dict[str, float | str]:
    typed: dict[str, float | str] = {}
    for name, numeric in ((column.name, column.type in NUMERIC) for column in columns):
        text = row[name]
        typed[name] = (float(text) if text else float("nan")) if numeric else text
        if numeric:
            typed[f"{name}_text"] = text
    return typed
