"""From the text of a cell to its value, and what can be wrong with the text alone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from rheumeta.tables.placeholders import PLACEHOLDER, PLACEHOLDER_LEFT, REPLACE
from rheumeta.tables.reading import NON_BREAKING
from rheumeta.tables.sheets import Column
from rheumeta.tables.unsafe import LONGEST, LONGEST_NAME, unsafe
from rheumeta.tables.wording import did_you_mean, listing

Value = float | str | None
"""number and count: float; everything else: the text; None: empty or unreadable."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
"""Python reads digits of every script; spreadsheet programs, R and people do not."""
LONGEST_NUMBER = 40
LARGEST, SMALLEST = 1e15, 1e-50
"""Size of numbers: nothing counted or measured is larger, no printed p value smaller; beyond, squares and
reciprocals of variances leave the range of floating point."""
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
LONGEST_KEY = 100
LINK = re.compile(r"(https?://|doi:|pmid:)\S+")
HASH = re.compile(r"[0-9a-f]{64}")
SPREADSHEET_ERROR = re.compile(r"#(REF!|NAME\?|VALUE!|DIV/0!|N/A|NUM!|NULL!)")
MISSING_WORDS = frozenset(
    {
        "na",
        "n/a",
        "n.a.",
        "nan",
        "null",
        "none",
        "nil",
        "nr",
        "ns",
        "-",
        "--",
        "–",
        "—",
        "?",
        ".",
        "not reported",
        "not stated",
        "missing",
        "unknown",
    }
)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
MADE_DATE = re.compile(
    rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}|{_MONTH}-\d{{1,2}}|\d{{4}}-\d\d-\d\d 00:00:00", re.IGNORECASE
)
"""What a spreadsheet program makes of a text like 1-2."""
DATE_IN_NUMBER = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}\.\d{1,2}\.(\d{2,4})?|\d{1,2}/\d{1,2}/\d{2,4}")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([,.' ’]\d{3})+([.,]\d+)?")
"""A leading zero is no thousand: 0,253 has a decimal comma."""
NONZERO = re.compile("[1-9]")
FRACTION = re.compile(r"\d+ ?/ ?\d+")
LOOKALIKES = str.maketrans("OoIl", "0011")
COMPARE = "Compare with the source; write one number a cell, and words into 'note'."
NUMERIC = ("number", "count")


@dataclass(frozen=True)
class CellFault:
    """A fault of a cell without its place."""

    code: str
    message: str
    allowed: str | None = None
    remedy: str | None = None


def parse_cell(text: str, column: Column) -> tuple[Value, CellFault | None]:
    """Return the value of a cell, or the first thing that is wrong with its text.

    Parameters
    ----------
    text : str
        The text as it stands in the sheet.
    column : Column
        Declaration of the column. Whether an empty cell is allowed, and limits, are not judged here.
    """
    if text == "":
        return None, None
    fault = _text_fault(text, column)
    if fault is not None:
        return None, fault
    if column.type in NUMERIC:
        return _number(text, column)
    fault = _FORMS[column.type](text, column) if column.type in _FORMS else None
    return (text, None) if fault is None else (None, fault)


def decimals(text: str) -> int:
    """Return how many digits are printed after the decimal point (of a number without exponent)."""
    return len(text.partition(".")[2])


def _text_fault(text: str, column: Column) -> CellFault | None:
    if any(space in text for space in NON_BREAKING):
        return CellFault(
            "nonbreaking_space",
            "The cell holds a non-breaking space.",
            remedy="Run 'rheumeta clean' on the folder of the sheet, or type a plain space.",
        )
    if text != text.strip():
        return CellFault("blanks_around", "The cell starts or ends with a blank.", remedy="Delete the blank.")
    if "\n" in text:
        return CellFault("line_break", "The cell holds a line break.", remedy="Write it in one line.")
    if PLACEHOLDER.fullmatch(text):
        return CellFault(PLACEHOLDER_LEFT, "The text of a template was not replaced.", remedy=REPLACE)
    if SPREADSHEET_ERROR.fullmatch(text):
        return CellFault(
            "spreadsheet_error",
            "The cell holds the error of a formula.",
            remedy="Type the value that the source prints.",
        )
    judged = text if column.type == "text" else text.lstrip("+-")  # numbers and keys have their own faults
    found = unsafe(judged, longest=LONGEST_NAME if column.name == "label" else LONGEST)
    if found is not None:
        return CellFault(found.code, found.message, found.allowed, found.remedy)
    if MADE_DATE.fullmatch(text):
        return CellFault(
            "spreadsheet_date",
            "The cell holds a date that a spreadsheet program made of a text such as 1-2.",
            remedy="Format the column as text and type the entry anew; "
            "write a real month with its four-digit year.",
        )
    return None


def _number(text: str, column: Column) -> tuple[float | None, CellFault | None]:
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        return None, _number_fault(text)
    value = float(text)
    if abs(value) > LARGEST or (0 < abs(value) < SMALLEST) or (value == 0 and NONZERO.search(text)):
        return None, CellFault(
            "wrong_type", "The number is too large or too close to 0 to be one of a study.",
            f"0, or a number from {SMALLEST:g} to {LARGEST:g}, with either sign", COMPARE,
        )  # fmt: skip
    if column.type == "count" and not value.is_integer():
        return None, CellFault(
            "not_whole",
            "The number is not whole.",
            allowed="a whole number, 0 or more",
            remedy="Compare with the source. A mean or a percentage has columns of its own.",
        )
    return value, None


def _number_fault(text: str) -> CellFault:
    allowed = "a number with a decimal point and nothing else, or an empty cell"
    if text.lower() in MISSING_WORDS:
        return CellFault(
            "na_text", "The cell says that there is no number.", allowed, "Leave the cell empty."
        )
    if DATE_IN_NUMBER.fullmatch(text):
        return CellFault(
            "spreadsheet_date",
            "The cell holds a date instead of a number.",
            allowed,
            "Format the column as text and type the entry anew.",
        )
    if THOUSANDS.fullmatch(text):
        return CellFault(
            "thousands_separator",
            "The number has a thousands separator.",
            allowed,
            "Delete the separator; if it is a decimal comma, write a point.",
        )
    if DECIMAL_COMMA.fullmatch(text):
        return CellFault(
            "decimal_comma", "The number has a decimal comma.", allowed, f"Write {text.replace(',', '.')}"
        )
    if text[0] in "<>≤≥=":
        return CellFault(
            "sign_in_number",
            "The cell holds a sign beside the number.",
            allowed,
            "Put the sign of a p value in p_sign.",
        )
    if text.endswith("%"):
        return CellFault(
            "percent_sign", "The cell holds a percent sign.", allowed, "Delete the percent sign."
        )
    if text[0] in "−–":
        return CellFault("wrong_minus", "The minus is a dash.", allowed, f"Write -{text[1:]}")
    return CellFault("wrong_type", "The cell holds no number.", allowed, _number_remedy(text))


def _number_remedy(text: str) -> str:
    """Return how to mend a text that should be a number."""
    digits = unicodedata.normalize("NFKC", text).translate(LOOKALIKES)
    digits = "".join(str(unicodedata.digit(sign, sign)) for sign in digits)
    if digits.isascii() and digits != text.translate(LOOKALIKES) and NUMBER.fullmatch(digits):
        return f"The digits are of another script; write {digits}"
    if NUMBER.fullmatch(digits):
        return f"Letters stand for digits; write {digits} if the source prints that."
    if FRACTION.fullmatch(text):
        return "Write the number before the slash into 'events' and the one after it into 'n'."
    return COMPARE


def _choice(text: str, column: Column) -> CellFault | None:
    if text in column.choices:
        return None
    return CellFault(
        "not_allowed",
        "The value is not one of those allowed.",
        listing(column.choices),
        did_you_mean(text, column.choices),
    )


def _id(text: str, column: Column) -> CellFault | None:
    parts = text.split(";") if column.type == "ids" else [text]
    if all(ID.fullmatch(part) and len(part) <= LONGEST_KEY for part in parts):
        return None
    many = ", several separated by ';' without blanks" if column.type == "ids" else ""
    allowed = f"letters without accents, digits, '_', '-' and '.', at most {LONGEST_KEY} characters{many}"
    return CellFault("bad_id", "The key is not well formed.", allowed)


def _link(text: str, column: Column) -> CellFault | None:
    if LINK.fullmatch(text):
        return None
    return CellFault("bad_link", "The cell holds no link.", "http://…, https://…, doi:… or pmid:…")


def _hash(text: str, column: Column) -> CellFault | None:
    if HASH.fullmatch(text):
        return None
    return CellFault(
        "bad_hash", "The cell holds no SHA-256.", "64 digits 0-9 a-f", "Run: rheumeta manifest <review>"
    )


def _date(text: str, column: Column) -> CellFault | None:
    try:
        if date.fromisoformat(text).isoformat() != text:  # 20240331 and 2024-W13-7 are ISO too
            raise ValueError
    except ValueError:
        return CellFault("bad_date", "The cell holds no date.", "year-month-day, e.g. 2024-03-31")
    return None


_FORMS = {"choice": _choice, "id": _id, "ids": _id, "link": _link, "hash": _hash, "date": _date}
