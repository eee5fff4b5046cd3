"""The order of rows: by what they say, never by where a person put them in the sheet.

All later stages take the rows as they come. A sum in another order differs in its last digit, and a choice
between two equal rows falls on the first; so the order must not depend on how a sheet was sorted last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rheumeta.tables.sheets import Column, Sheet

LEADING = {"studies": "year"}
"""Column by which a sheet is ordered before its key: studies stand in the order of time, as in most plots."""

Key = tuple[tuple[float | str, ...], ...]


def row_order(sheet: Sheet, text: Mapping[str, str]) -> Key:
    """Return what a row is sorted by: its key columns, and all its cells where the keys are alike.

    Choices stand as declared, numbers within a text by their size (r2 before r10), empty cells last.
    """
    columns = {column.name: column for column in sheet.columns}
    names = [*([LEADING[sheet.name]] if sheet.name in LEADING else []), *sheet.key]
    first = tuple(_place(columns[name], text[name]) for name in names)
    return (*first, tuple(text[name] for name in text))


def _place(column: Column, text: str) -> tuple[float | str, ...]:
    if not text:
        return (2.0,)
    if column.type == "choice" and text in column.choices:
        return (0.0, float(column.choices.index(text)))
    return (1.0, *natural(text))


def natural(text: str) -> tuple[float | str, ...]:
    """Return the parts of a text, words and numbers in turn, so that r2 stands before r10."""
    parts = re.split(r"([0-9]+)", text)
    return tuple(float(part) if i % 2 else part for i, part in enumerate(parts))
