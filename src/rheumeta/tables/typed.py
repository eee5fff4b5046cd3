"""A sheet with typed values: the form in which rules judge it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rheumeta.errors import Fault
from rheumeta.tables.cells import NUMERIC, Value, parse_cell
from rheumeta.tables.reading import RawSheet
from rheumeta.tables.sheets import Column, Sheet

if TYPE_CHECKING:  # validation alone makes data frames, and loading pandas takes long
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """One row: its first line in the file, the text and the value of every column."""

    line: int
    text: dict[str, str]
    value: dict[str, Value]

    def number(self, column: str) -> float | None:
        """Return the number in a column, None if the cell is empty or unreadable."""
        value = self.value[column]
        return value if isinstance(value, float) else None

    def word(self, column: str) -> str:
        """Return the text in a column, empty if the cell is empty or ill-formed."""
        value = self.value[column]
        return value if isinstance(value, str) else ""

    def words(self, column: str) -> list[str]:
        """Return the parts of a cell that holds several keys."""
        return [part for part in self.word(column).split(";") if part]

    def key(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Return the texts of the key columns."""
        return tuple(self.text[c] for c in columns)


@dataclass(frozen=True)
class Table:
    """A sheet with typed values."""

    file: str
    sheet: Sheet
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def fault(
        self, row: Row, column: str, code: str, message: str, *,
        allowed: str | None = None, remedy: str | None = None,
    ) -> Fault:  # fmt: skip
        """Return a fault of a cell of this table."""
        value = row.text.get(column) or None
        return Fault(self.file, row.line, column, code, message, value, allowed, remedy)

    def frame(self) -> pd.DataFrame:
        """Return the values as a data frame: numbers as floats (NaN if empty), the rest as text or None."""
        import pandas as pd

        data = {
            c.name: pd.Series(
                [r.value[c.name] for r in self.rows], dtype="float64" if c.type in NUMERIC else "object"
            )
            for c in self.columns
        }
        return pd.DataFrame(data)


def type_sheet(raw: RawSheet) -> tuple[Table, list[Fault]]:
    """Parse every cell of a sheet; ill-formed cells have the value None and a fault each."""
    rows, faults = [], []
    for raw_row in raw.rows:
        values: dict[str, Value] = {}
        for column in raw.columns:
            text = raw_row.text[column.name]
            values[column.name], found = parse_cell(text, column)
            if found is not None:
                faults.append(
                    Fault(
                        raw.file,
                        raw_row.line,
                        column.name,
                        found.code,
                        found.message,
                        text,
                        found.allowed,
                        found.remedy,
                    )
                )
        rows.append(Row(raw_row.line, raw_row.text, values))
    return Table(raw.file, raw.sheet, raw.columns, tuple(rows)), faults
