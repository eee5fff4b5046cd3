"""Numbers as people read them.

Rounding is for the eye only: the files beside the pages hold every digit.
"""

from __future__ import annotations

import math

from rheumeta.numbers import MINUS, NOT_AVAILABLE, fixed, p_number
from rheumeta.records import Interval

DASH = NONE = NOT_AVAILABLE
"""What stands in a cell that has no value."""

COUNT_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number(value: float | None, *, digits: int | None = None) -> str:
    """Return `value` rounded for reading, with a true minus sign.

    Parameters
    ----------
    value : float or None
        Any scale; None gives a dash.
    digits : int, optional
        Decimals. Without it: none from 100 on, one from 10 on, two from 0.1 on, else two
        significant digits.

    Returns
    -------
    str
        The text.
    """
    if digits is None and value is not None and math.isfinite(value):
        digits = _places(abs(value))
    return fixed(value, digits or 0)


def _places(size: float) -> int:
    if size == 0:
        return 0
    steps = ((100.0, 0), (10.0, 1), (0.1, 2), (0.01, 3), (0.001, 4))
    return next((places for bound, places in steps if size >= bound), 5)


def whole(value: float | None) -> str:
    """Return a count as text; a fraction of a patient (a split control group) keeps one decimal."""
    if value is None:
        return NONE
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def percent(value: float | None) -> str:
    """Return a percentage (0 to 100) without its sign: whole from 10 on, else one decimal."""
    if value is None:
        return NONE
    return number(value, digits=0 if abs(value) >= 10 or float(value).is_integer() else 1)


def tenth(value: float | None) -> str:
    """Return a percentage (0 to 100) with one decimal and its sign, as figures print it."""
    return NONE if value is None else f"{number(value, digits=1)}%"


def p_value(value: float | None) -> str:
    """Return a p value to two significant digits, and "< 0.001" below that."""
    return NONE if value is None else p_number(value)


def p_equals(value: float | None) -> str:
    """Return what stands behind "p": "= 0.04" or "< 0.001"."""
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"


def interval(value: Interval | None, *, common: bool = True) -> str:
    """Return "estimate [lower, upper]"; parts that are None are left out.

    Parameters
    ----------
    value : Interval or None
        Any scale.
    common : bool
        Whether all parts get the same number of decimals; ratios are better rounded each for itself.
    """
    if value is None or (value.estimate is None and value.lower is None):
        return NONE
    places = common_places(value) if common else None
    limits = ""
    if value.lower is not None or value.upper is not None:
        limits = f"[{number(value.lower, digits=places)}, {number(value.upper, digits=places)}]"
    if value.estimate is None:
        return limits
    return f"{number(value.estimate, digits=places)} {limits}".rstrip()


def common_places(value: Interval) -> int | None:
    """Return decimals that suit all parts of an interval; None where each part needs its own.

    Parts that differ by more than a factor of a hundred (a wide ratio) are rounded each for itself.
    """
    sizes = [abs(v) for v in (value.estimate, value.lower, value.upper) if v is not None and v != 0]
    sizes = [s for s in sizes if math.isfinite(s)]
    if not sizes or max(sizes) / min(sizes) > 100:
        return None
    return max(_places(max(sizes)), min(2, _places(min(sizes))))


def count(value: int, noun: str, plural: str | None = None) -> str:
    """Return "two studies", "13 studies": small numbers as words, the noun in its number."""
    word = COUNT_WORDS[value] if value < len(COUNT_WORDS) else str(value)
    return f"{word} {noun if value == 1 else (noun + 's' if plural is None else plural)}"


def capital(text: str) -> str:
    """Return `text` with its first letter a capital."""
    return text[:1].upper() + text[1:]


def first_sentence(text: str) -> str:
    """Return the first sentence of `text` without its full stop."""
    return text.partition(". ")[0].rstrip(".")


def uncapital(text: str) -> str:
    """Return `text` with a small first letter, unless its first word is a name (DAS28, DerSimonian)."""
    first = text.split(" ", 1)[0]
    named = any(letter.isupper() or letter.isdigit() for letter in first[1:])
    return text if named else text[:1].lower() + text[1:]


def tidy(text: str) -> str:
    """Return a number of a CSV file as people write it: "7.0" is 7, a long fraction has four digits.

    Text that is no number comes back as it is.
    """
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value) or value == 0 or abs(value) >= 0.001:
        places = 0 if value.is_integer() else min(4, len(text.partition(".")[2]))
        return number(value, digits=places)
    return f"{value:.3g}".replace("-", MINUS)
