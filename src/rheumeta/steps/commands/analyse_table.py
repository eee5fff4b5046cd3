"""Reading the CSV file of one analysis: columns as text with their lines, numbers on demand."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rheumeta.errors import Fault, InputFaults, StatsError
from rheumeta.tables.cells import CellFault, parse_cell
from rheumeta.tables.reading import decode
from rheumeta.tables.sheets import Column
from rheumeta.tables.wording import did_you_mean, listing

Floats = NDArray[np.float64]
Check = Callable[[str, float], CellFault | None]

HARMLESS = frozenset({"byte_order_mark", "crlf"})
"""What a spreadsheet program adds and what changes no value: accepted here, where nothing is kept."""

PARQUET = (".parquet", ".pq")
"""How the names of Parquet files end."""

PLACE = re.compile(r"^(\w+)\[(\d+)\] is ")
"""How a statistical function names the argument and the index of a value that it refuses."""

OPTION = re.compile(r"^(\w+) must be one of (.+), not '(.*)'\.$")
"""How a statistical function names an option that it does not know."""


def accept(name: str, value: float) -> None:
    """Find nothing wrong with any number."""


@dataclass(frozen=True)
class Table:
    """The cells of a file as text.

    Attributes
    ----------
    file : str
        Name of the file in faults.
    lines : tuple of int
        Line of each row as an editor counts it.
    columns : dict of str to tuple of str
        Cells by column, blanks around them taken off.
    """

    file: str
    lines: tuple[int, ...]
    columns: dict[str, tuple[str, ...]]

    def require(self, names: Iterable[str]) -> None:
        """Raise InputFaults for the columns that are not there."""
        missing = [name for name in names if name not in self.columns]
        faults = [
            Fault(
                self.file, 1, name, "missing_column", f"The column {name} is missing.",
                allowed=listing(self.columns), remedy=did_you_mean(name, self.columns),
            )
            for name in missing
        ]  # fmt: skip
        if faults:
            raise InputFaults(faults)

    def take(self, keep: NDArray[np.bool_]) -> Table:
        """Return the rows where `keep` is True."""
        chosen = np.flatnonzero(keep).tolist()
        cells = {name: tuple(column[i] for i in chosen) for name, column in self.columns.items()}
        return Table(self.file, tuple(self.lines[i] for i in chosen), cells)

    def complete(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Return which rows have a value in all of the columns."""
        return np.array(
            [all(cells) for cells in zip(*(self.columns[n] for n in names), strict=True)], dtype=bool
        )

    def numbers(self, names: Iterable[str], *, check: Check = accept) -> dict[str, Floats]:
        """Return columns as numbers.

        Parameters
        ----------
        names : iterable of str
            Columns.
        check : callable, optional
            Says of a column and a number in it what is wrong with it, or None.

        Raises
        ------
        InputFaults
            For every cell of these columns that is empty, no number or fails the check.
        """
        faults: list[Fault] = []
        values = {name: self._column(name, faults, check) for name in names}
        if faults:
            raise InputFaults(faults)
        return values

    def _column(self, name: str, faults: list[Fault], check: Check) -> Floats:
        column, values = Column(name, "number", ""), []
        for line, text in zip(self.lines, self.columns[name], strict=True):
            value, wrong = parse_cell(text, column)
            if isinstance(value, float):
                wrong = wrong or check(name, value)
            if wrong is not None:
                faults.append(
                    Fault(self.file, line, name, wrong.code, wrong.message, text, wrong.allowed, wrong.remedy)
                )
            elif value is None:
                faults.append(
                    Fault(
                        self.file, line, name, "empty_cell", "The cell is empty.", allowed="a number",
                        remedy="Fill it in, take the row out, or leave such rows out by --skip-missing.",
                    )
                )  # fmt: skip
            values.append(float(value) if isinstance(value, float) else np.nan)
        return np.array(values)

    @contextmanager
    def told(self, index: list[int] | None = None) -> Iterator[None]:
        """Turn what a statistical function refuses into a fault, with line and column where it names them.

        Parameters
        ----------
        index : list of int, optional
            Row of the table for each element given to the function.
        """
        try:
            yield
        except StatsError as error:
            raise InputFaults([self.fault(str(error), index)[1]]) from None

    def fault(self, text: str, index: list[int] | None = None) -> tuple[int | None, Fault]:
        """Return the row that a statistical function refuses, None if it names none, and the fault."""
        place = PLACE.match(text)
        if place is None:
            return None, refusal(self.file, text)
        row = int(place[2]) if index is None else index[int(place[2])]
        line = self.lines[row] if row < len(self.lines) else None
        column = place[1] if place[1] in self.columns else None
        return row, Fault(self.file, line, column, "no_answer", PLACE.sub(r"\1 is ", text))


VARIANT = re.compile(r"^vtype '(.*)' does not exist for (\w+); allowed: (.+)\.$")
"""How an effect size names a sampling variance that its measure does not have."""


def refusal(file: str, text: str) -> Fault:
    """Return what a statistical function refused as a fault of an option, or of the file as a whole."""
    option, variant = OPTION.match(text), VARIANT.match(text)
    if variant is not None:
        return Fault(
            "command line", None, "--vtype", "not_allowed", f"{variant[2]} has no such sampling variance.",
            variant[1], allowed=variant[3],
        )  # fmt: skip
    if option is None:
        return Fault(file, None, None, "no_answer", text[:1].upper() + text[1:])
    return Fault(
        "command line", None, f"--{option[1]}", "not_allowed", "There is no such choice.", option[3],
        allowed=option[2], remedy=did_you_mean(option[3], option[2].split(", ")),
    )  # fmt: skip


def is_parquet(path: Path) -> bool:
    """Tell from its name whether a file is, or is to be, a Parquet file."""
    return path.suffix.lower() in PARQUET


def read_table(path: Path) -> Table:
    """Read a CSV file.

    Parameters
    ----------
    path : Path
        UTF-8, commas, a header; a byte-order mark and Windows line ends are accepted.

    Returns
    -------
    Table

    Raises
    ------
    InputFaults
        For a missing, empty, unreadable or Parquet file, a doubtful header and rows of another length.
    """
    file = path.as_posix()
    if not path.is_file():
        remedy = did_you_mean(path.name, (other.name for other in _beside(path)))
        raise InputFaults(
            [Fault(file, None, None, "missing_file", "The file does not exist.", remedy=remedy)]
        )
    if is_parquet(path):
        message = "Only rheumeta batch reads Parquet files."
        raise InputFaults(
            [Fault(file, None, None, "parquet", message, allowed="a CSV file", remedy="Save it as CSV.")]
        )
    text, faults = decode(path.read_bytes(), file=file)
    faults = [fault for fault in faults if fault.code not in HARMLESS]
    if not faults and not text.strip():
        faults = [Fault(file, None, None, "empty_file", "The file is empty.")]
    if faults:
        raise InputFaults(faults)
    records = list(_records(text, file))
    header = [name.strip() for name in records[0][1]]
    rows = [(line, [cell.strip() for cell in cells]) for line, cells in records[1:] if any(cells)]
    faults = [*_header_faults(header, file), *_shape_faults(rows, len(header), file)]
    if not faults and not rows:
        faults = [Fault(file, 1, None, "empty_sheet", "The file has a header and no rows.")]
    if faults:
        raise InputFaults(faults)
    columns = {name: tuple(cells[i] for _, cells in rows) for i, name in enumerate(header)}
    return Table(file, tuple(line for line, _ in rows), columns)


def _beside(path: Path) -> list[Path]:
    return sorted(path.parent.glob("*.csv")) if path.parent.is_dir() else []


def _records(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    reader, start = csv.reader(io.StringIO(text, newline=""), strict=True), 1
    try:
        for record in reader:
            yield start, record
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"The line is no valid CSV: {error}."
        raise InputFaults([Fault(file, start, None, "csv_syntax", message)]) from None


def _header_faults(header: list[str], file: str) -> list[Fault]:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [
            Fault(
                file, 1, None, "wrong_separator", "The columns are not separated by commas.", header[0],
                remedy="Save the file as 'CSV UTF-8', separated by commas.",
            )
        ]  # fmt: skip
    twice = sorted({name for name in header if header.count(name) > 1})
    return [
        Fault(file, 1, name, "duplicate_column", f"The column {name!r} is there twice.") for name in twice
    ]


def _shape_faults(rows: list[tuple[int, list[str]]], width: int, file: str) -> list[Fault]:
    return [
        Fault(
            file, line, None, "row_length", f"The row has {len(cells)} cells, the header has {width}.",
            remedy="Put a cell that holds a comma in quotation marks.",
        )
        for line, cells in rows
        if len(cells) != width
    ]  # fmt: skip
