r"""Reading a raw sheet strictly, as text, with line numbers.

A sheet is UTF-8 without byte-order mark, comma-separated, with ``\n`` line ends, and has exactly
the declared columns. What a spreadsheet program likes to do to a sheet (another encoding, another
separator, a byte-order mark, carriage returns) is a fault with the command or the step that mends
it; nothing is guessed. Reading goes on after a fault so that all are found at once.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rheumeta.errors import Fault
from rheumeta.tables.sheets import Column, Sheet
from rheumeta.tables.wording import did_you_mean, listing

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
SAVE_AS = "Save the sheet as 'CSV UTF-8', separated by commas."
SEPARATE = (
    f"{SAVE_AS} A program set to a language with decimal commas writes ';' and commas in numbers, which is "
    "not mended by itself, as 1,234 may then mean two numbers: set it to English (decimal point), or choose "
    "',' as field separator where it asks, and save again."
)


@dataclass(frozen=True)
class RawRow:
    """One row as text.

    Attributes
    ----------
    line : int
        First line of the row as an editor counts it.
    text : dict of str to str
        Cell text by column name.
    """

    line: int
    text: dict[str, str]


@dataclass(frozen=True)
class RawSheet:
    """A sheet as text.

    `file` is the name used in faults, `columns` are the expected ones in order, `missing` those
    that the header lacks; their cells are empty in `rows`.
    """

    file: str
    sheet: Sheet
    columns: tuple[Column, ...]
    rows: tuple[RawRow, ...]
    missing: tuple[str, ...] = ()


def read_sheet(
    path: Path, sheet: Sheet, *, file: str, extra: tuple[Column, ...] = ()
) -> tuple[RawSheet, list[Fault]]:
    """Read one sheet.

    Parameters
    ----------
    path : Path
        The file.
    sheet : Sheet
        Its declaration.
    file : str
        Name of the file in faults.
    extra : tuple of Column
        Further columns, e.g. moderators that the protocol declares.

    Returns
    -------
    RawSheet
        What could be read; without rows where the file is missing or unreadable.
    list of Fault
        Everything wrong with file, header and shape of the rows. Cells are not judged here.
    """
    columns = sheet.columns + extra
    if not path.is_file():
        return RawSheet(file, sheet, columns, ()), _missing_file(sheet, file)
    text, faults = decode(path.read_bytes(), file=file)
    if not text.strip():
        if not faults:
            names = ",".join(c.name for c in columns)
            faults = [
                Fault(
                    file,
                    None,
                    None,
                    "empty_file",
                    "The file is empty.",
                    remedy=f"Give it at least the header: {names}",
                )
            ]
        return RawSheet(file, sheet, columns, ()), faults
    records, syntax = _records(text, file=file)
    header = records[0][1] if records else []
    faults += syntax + _header_faults(header, columns, file=file)
    if any(f.code == "wrong_separator" for f in faults):
        return RawSheet(file, sheet, columns, ()), faults
    rows, shape = _rows(header, records[1:], columns, file=file)
    if not rows and not shape and not sheet.may_be_empty:
        shape.append(
            Fault(
                file,
                1,
                None,
                "empty_sheet",
                "The sheet has a header and no rows.",
                remedy="Fill in at least one row.",
            )
        )
    missing = tuple(c.name for c in columns if c.name not in header)
    return RawSheet(file, sheet, columns, tuple(rows), missing), faults + shape


def decode(data: bytes, *, file: str) -> tuple[str, list[Fault]]:
    r"""Decode the bytes of a sheet; return text with ``\n`` line ends and the faults of encoding."""
    faults = []
    clean = f"Run: rheumeta clean {_cleanable(file)}"
    if data.startswith(BYTE_ORDER_MARK):
        faults.append(
            Fault(
                file,
                1,
                None,
                "byte_order_mark",
                "The file starts with a byte-order mark.",
                value=BYTE_ORDER_MARK.decode("utf-8"),
                allowed="UTF-8 without byte-order mark",
                remedy=clean,
            )
        )
        data = data[len(BYTE_ORDER_MARK) :]
    text, bad = _to_text(data, file=file)
    faults += bad
    if "\r" in text:
        line = text[: text.index("\r")].count("\n") + 1
        faults.append(
            Fault(
                file,
                line,
                None,
                "crlf",
                "Lines end with a carriage return.",
                value="\r",
                allowed="lines that end with \\n alone",
                remedy=clean,
            )
        )
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, faults


def _cleanable(file: str) -> str:
    """Return what to clean: the whole folder of raw sheets, which mends all of them at once."""
    path = PurePosixPath(file)
    return path.parent.as_posix() if path.parent.parent.name == "raw" else file


def _to_text(data: bytes, *, file: str) -> tuple[str, list[Fault]]:
    if b"\x00" in data:
        fault = Fault(
            file,
            1,
            None,
            "not_utf8",
            "The file holds null bytes; it may be UTF-16 or no text at all.",
            value="\0",
            allowed="UTF-8",
            remedy=SAVE_AS,
        )
        return "", [fault]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        fault = Fault(
            file,
            line,
            None,
            "not_utf8",
            f"Byte {error.start + 1} of the file is not UTF-8.",
            value=chr(data[error.start]),
            allowed="UTF-8",
            remedy=f"{SAVE_AS} If it was saved as Latin-1: rheumeta clean --from latin-1 {file}",
        )
        return data.decode("latin-1"), [fault]


def _missing_file(sheet: Sheet, file: str) -> list[Fault]:
    if not sheet.required:
        return []
    return [
        Fault(
            file,
            None,
            None,
            "missing_file",
            f"The sheet '{sheet.name}' does not exist.",
            remedy="Copy the empty sheet from a new review: rheumeta new-review <review>",
        )
    ]


def _records(text: str, *, file: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for record in reader:
            records.append((start, record))
            start = reader.line_num + 1
    except csv.Error as error:
        return records, [
            Fault(
                file,
                start,
                None,
                "csv_syntax",
                f"The line is no valid CSV: {error}.",
                remedy="Close every quotation mark; write a quotation mark inside a cell twice.",
            )
        ]
    return records, []


def _header_faults(header: list[str], columns: tuple[Column, ...], *, file: str) -> list[Fault]:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [
            Fault(
                file,
                1,
                None,
                "wrong_separator",
                "The columns are not separated by commas.",
                value=header[0][:60],
                allowed=",",
                remedy=SEPARATE,
            )
        ]
    names = [c.name for c in columns]
    faults = []
    for i, name in enumerate(header):
        if name in header[:i]:
            faults.append(
                Fault(
                    file,
                    1,
                    name,
                    "duplicate_column",
                    "The column stands twice in the header.",
                    value=name,
                    remedy="Delete or rename one of them.",
                )
            )
        elif name not in names:
            faults.append(
                Fault(
                    file,
                    1,
                    name,
                    "unknown_column",
                    "The column is not known.",
                    value=name,
                    allowed=listing(n for n in names if n not in header) or None,
                    remedy=did_you_mean(name, names)
                    or "Delete it, or declare it as a moderator in the protocol.",
                )
            )
    missing = [n for n in names if n not in header]
    faults += [
        Fault(
            file,
            1,
            name,
            "missing_column",
            "The column is missing.",
            remedy="Add it to the header; its cells may stay empty unless it is required.",
        )
        for name in missing
    ]
    return faults


def _rows(
    header: list[str], records: list[tuple[int, list[str]]], columns: tuple[Column, ...], *, file: str
) -> tuple[list[RawRow], list[Fault]]:
    rows, faults = [], []
    for line, record in records:
        if not any(record):
            faults.append(
                Fault(file, line, None, "blank_row", "The row is blank.", remedy="Delete the line.")
            )
        elif len(record) != len(header):
            faults.append(
                Fault(
                    file,
                    line,
                    None,
                    "ragged_row",
                    f"The row has {len(record)} cells.",
                    value=",".join(record)[:60],
                    allowed=f"{len(header)}, as the header",
                    remedy="Put cells that hold a comma in quotation marks; write decimals with a point.",
                )
            )
        else:
            cells = dict(zip(header, record, strict=True))
            rows.append(RawRow(line, {c.name: cells.get(c.name, "") for c in columns}))
    return rows, faults


def clean(data: bytes, *, encoding: str | None = None) -> bytes:
    """Return the bytes of a sheet without byte-order mark, carriage returns and non-breaking spaces.

    Everything else stays as it is.

    Parameters
    ----------
    data : bytes
        The sheet.
    encoding : str, optional
        Encoding of a sheet that is not UTF-8; one that is UTF-8 is read as such.

    Raises
    ------
    UnicodeDecodeError
        If the sheet is not UTF-8 and `encoding` is not given (which it is cannot be known) or wrong.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if encoding is None:
            raise
        text = data.decode(encoding)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for space in NON_BREAKING:
        text = text.replace(space, " ")
    return text.encode("utf-8")


NON_BREAKING = ("\u00a0", "\u202f", "\u2007")
"""No-break space, narrow no-break space, figure space."""
