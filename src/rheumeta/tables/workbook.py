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

LONGEST_HEAD = 18
"""Characters of a column's name that its width is made for; a longer one takes several lines."""

SHOWN_DIGITS, SMALL = 8, 0.001
"""Characters that a number is given, and below which size it is shown with a power of ten; cells hold all digits."""

LINE, MOST_LINES = 15, 6
"""Height of a line in points, and most lines that a row shows: a longer text is read in its cell."""

A4, PAGE_WIDTH = 9, 230
"""Paper of the format, and the sum of the widths of columns that one page can hold and be read."""

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
        _write(book, names[table.name], table, links=table.name == "contents")
    book.close()
    return buffer.getvalue()


def _write(book: xlsxwriter.Workbook, name: str, table: Table, *, links: bool = False) -> None:
    sheet = book.add_worksheet(name)
    forms = _formats(book)
    widths = {column: _width(table, column) for column in table.columns}
    for number, column in enumerate(table.columns):
        sheet.write_string(0, number, column, forms["head"])
        sheet.set_column(number, number, widths[column], forms["text"])
    sheet.set_row(0, LINE * max((_lines(c, w) for c, w in widths.items()), default=1))
    for line, row in enumerate(table.rows, start=1):
        lines = max(
            (_lines(row.get(c) or "", w) for c, w in widths.items() if not _is_number(c, row.get(c) or "")),
            default=1,
        )
        if lines > 1:
            sheet.set_row(line, LINE * min(lines, MOST_LINES))
        for number, column in enumerate(table.columns):
            _cell(sheet, line, number, column, row.get(column) or "", forms)
        if links:
            sheet.write_url(line, 0, f"internal:'{row['sheet']}'!A1", forms["link"], row["sheet"])
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    _printed(sheet, sum(widths.values()))


def _lines(text: str, width: int) -> int:
    """Return how many lines a text takes in a column, the space that whole words leave counted."""
    return sum(-(-len(part) // max(1, width - 2)) or 1 for part in text.split("\n"))


def _formats(book: xlsxwriter.Workbook) -> dict[str, xlsxwriter.format.Format]:
    """Return the forms of cells: the head, wrapped text, whole numbers, others, very small ones, links."""
    top = {"valign": "top"}
    return {
        "head": book.add_format(
            {**top, "bold": True, "bottom": 1, "bg_color": "#E8EEF3", "text_wrap": True, "indent": 1}
        ),
        "text": book.add_format({**top, "text_wrap": True, "indent": 1}),
        "whole": book.add_format({**top, "num_format": "0"}),
        "number": book.add_format({**top, "num_format": "0.0###"}),
        "small": book.add_format({**top, "num_format": "0.00E+00"}),
        "link": book.add_format({**top, "font_color": "#1D4F7C", "underline": 1}),
    }


def _width(table: Table, column: str) -> int:
    """Return the width of a column: that of its longest cell; numbers are shown with few digits."""
    longest = max(NARROWEST, min(len(column), LONGEST_HEAD))
    for row in table.rows:
        text = row.get(column) or ""
        longest = max(longest, SHOWN_DIGITS if _is_number(column, text) else len(text))
    return min(longest, WIDEST) + 3


def _printed(sheet: xlsxwriter.worksheet.Worksheet, width: int) -> None:
    """Set how a sheet is printed: on its side, its head on each page, as wide as a page where that can be read."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")
    if width <= PAGE_WIDTH:
        sheet.fit_to_pages(1, 0)


def _is_number(column: str, text: str) -> bool:
    return column not in TEXTS and NUMBER.fullmatch(text) is not None


def _cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    line: int,
    number: int,
    column: str,
    text: str,
    forms: Mapping[str, xlsxwriter.format.Format],
) -> None:
    if not text:
        return
    if _is_number(column, text):
        value = float(text)
        form = "whole" if value.is_integer() else "small" if abs(value) < SMALL else "number"
        sheet.write_number(line, number, value, forms[form])
    else:
        kept = text if len(text) <= CELL_LENGTH else f"{text[: CELL_LENGTH - 1]}…"
        sheet.write_string(line, number, kept, forms["text"])
