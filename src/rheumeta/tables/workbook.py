"""Writing tables as a workbook: plain cells, no formulas, the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import xlsxwriter

NAME_LENGTH = 31
"""Most characters in the name of a sheet (limit of the format)."""

CELL_LENGTH = 32_767
"""Most characters in a cell (limit of the format)."""

CREATED = datetime(1980, 1, 1, tzinfo=UTC)
"""A fixed time, so that a workbook depends on its content alone."""

WIDEST, NARROWEST = 60, 8
"""Width of columns, characters."""

NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
TEXTS = frozenset(
    {"doi", "pmid", "registry", "locator", "printed", "as_reported", "label", "years", "study_id"}
)
"""Columns that hold text even where it looks like a number."""


@dataclass(frozen=True)
class Table:
    """One table of a workbook."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]


def sheet_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for each sheet that the format allows: short enough and unlike the others."""
    given: dict[str, str] = {}
    for name in names:
        short, number = name[:NAME_LENGTH], 1
        while short.lower() in {other.lower() for other in given.values()} or (
            len(name) > NAME_LENGTH and number == 1
        ):
            ending = f"~{number}"
            short, number = name[: NAME_LENGTH - len(ending)] + ending, number + 1
        given[name] = short
    return given


def workbook(tables: Sequence[Table], describe: Mapping[tuple[str, str], str]) -> bytes:
    """Return a workbook with a sheet of contents, a sheet of column descriptions and one sheet a table.

    Parameters
    ----------
    tables : sequence of Table
        The tables; a text that begins with ``=`` stays a text.
    describe : mapping of (table, column) to str
        What each column holds.

    Returns
    -------
    bytes
        The file (Office Open XML).
    """
    names = sheet_names(["contents", "columns", *(table.name for table in tables)])
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": CREATED})
    contents = [
        {"sheet": names[t.name], "table": t.name, "what": t.title, "rows": str(len(t.rows))} for t in tables
    ]
    columns = [
        {"sheet": names[t.name], "column": column, "description": describe.get((t.name, column), "")}
        for t in tables
        for column in t.columns
    ]
    for table in (
        Table("contents", "", ("sheet", "table", "what", "rows"), contents),
        Table("columns", "", ("sheet", "column", "description"), columns),
        *tables,
    ):
        _write(book, names[table.name], table)
    book.close()
    return buffer.getvalue()


def _write(book: xlsxwriter.Workbook, name: str, table: Table) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    for number, column in enumerate(table.columns):
        sheet.write_string(0, number, column, head)
        longest = max((len(row.get(column) or "") for row in table.rows), default=0)
        sheet.set_column(number, number, min(max(longest, len(column), NARROWEST), WIDEST) + 1)
    for line, row in enumerate(table.rows, start=1):
        for number, column in enumerate(table.columns):
            _cell(sheet, line, number, column, row.get(column) or "")
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, number: int, column: str, text: str) -> None:
    if not text:
        return
    if column not in TEXTS and NUMBER.fullmatch(text):
        sheet.write_number(line, number, float(text))
    else:
        sheet.write_string(line, number, text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…")
