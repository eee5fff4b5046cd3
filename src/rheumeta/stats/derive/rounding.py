"""Printed numbers: what rounding hides, and which whole numbers can stand behind a percentage."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from rheumeta.errors import StatsError
from rheumeta.numbers import half_unit
from rheumeta.stats.derive.derived import above, finite

FUZZ = 1e-9
"""Relative slack for decimal fractions that binary numbers cannot hold."""


def rounding_half_width(text: str) -> float:
    """Half the unit of the last printed digit: 0.005 for ``"4.53"``, 0.5 for ``"12"``.

    Trailing zeros count as printed: ``"4.50"`` has two decimals.

    Raises
    ------
    StatsError
        If the text is not a plain decimal number.
    """
    try:
        return half_unit(text)
    except ValueError as error:
        raise StatsError(str(error)) from None


def printed(text: str) -> tuple[float, float]:
    """Return a printed number and its rounding half-width.

    Raises
    ------
    StatsError
        If the text is not a plain decimal number.
    """
    half = rounding_half_width(text)
    return float(text), half


def agree(a: float, half_width_a: float, b: float, half_width_b: float) -> bool:
    """Tell whether two printed numbers can be the same: their rounding intervals touch.

    Parameters
    ----------
    a, b : float
        The numbers.
    half_width_a, half_width_b : float
        How far rounding may have moved each; see :func:`rounding_half_width`. 0 for an exact one.
    """
    finite(a=a, b=b)
    width = half_width_a + half_width_b
    return abs(a - b) <= width * (1 + FUZZ) + 4 * math.ulp(max(abs(a), abs(b)))


def derived_half_width(function: Callable[..., float], *texts: str) -> float:
    """How far the rounding of printed numbers can move what is derived from them.

    The function is evaluated at all corners of the rounding intervals, which is exact for a function
    that rises or falls with each number. Corners without an answer are left out.

    Parameters
    ----------
    function : callable
        Takes as many floats as there are texts and returns one.
    *texts : str
        Printed numbers, at most a handful.

    Returns
    -------
    float
        Largest distance from the value at the printed numbers; for use with :func:`agree`.
    """
    numbers = [printed(text) for text in texts]
    centre = function(*(value for value, _ in numbers))
    widest = 0.0
    for corner in itertools.product(*((value - half, value + half) for value, half in numbers)):
        try:
            moved = function(*corner)
        except StatsError:
            continue
        widest = max(widest, abs(moved - centre))
    return widest


@dataclass(frozen=True)
class Candidates:
    """Whole numbers that can stand behind a printed percentage.

    Attributes
    ----------
    values : tuple of int
        All that fit, rising; empty if none.
    value : int or None
        The one nearest to the percentage; None if none fits.
    nearest : int
        The nearest whole number, whether it fits or not.
    formula, source : str
        For people.
    flag : str or None
        ``"percent_not_whole"`` if none fits.
    warning : str or None
        What a reader should know.
    """

    values: tuple[int, ...]
    value: int | None
    nearest: int
    formula: str
    source: str
    flag: str | None
    warning: str | None


def events_from_percent(percent: str, n: int) -> Candidates:
    """Which numbers of events among `n` patients give the printed percentage.

    A count x fits if 100·x/n rounds to the printed text: |100·x/n - percent| <= half the last digit.

    Parameters
    ----------
    percent : str
        As printed, without the sign, so that its decimals are known.
    n : int
        Number of patients, above 0.

    Raises
    ------
    StatsError
        If the text is no number between 0 and 100.
    """
    value, half = _percent(percent)
    above(0, n=n)
    nearest = min(n, math.floor(value * n / 100 + 0.5))
    low, high = (value - half) * n / 100, (value + half) * n / 100
    values = tuple(range(max(0, math.ceil(low - FUZZ)), min(n, math.floor(high + FUZZ)) + 1))
    warning = None
    if not values:
        warning = (
            f"no whole number of {n} gives {percent} %; the nearest is {nearest} ({100 * nearest / n:.2f} %)"
        )
    elif len(values) > 1:
        warning = f"several whole numbers of {n} give {percent} %: {values[0]} to {values[-1]}"
    return Candidates(
        values,
        nearest if nearest in values else (values[0] if values else None),
        nearest,
        "x = percent·n/100, to the nearest whole number",
        "algebra; rounding interval of the printed percentage",
        None if values else "percent_not_whole",
        warning,
    )


def implied_denominators(percent: str, events: int, *, most: int) -> tuple[int, ...]:
    """Which numbers of patients up to `most` give the printed percentage with these events.

    Parameters
    ----------
    percent : str
        As printed, without the sign.
    events : int
        Number of events, at least 0.
    most : int
        Largest denominator to consider, e.g. the number randomised.

    Returns
    -------
    tuple of int
        Rising; empty if none fits.
    """
    value, half = _percent(percent)
    if events < 0 or most < 1:
        raise StatsError("events is at least 0 and most at least 1.")
    return tuple(n for n in range(max(1, events), most + 1) if agree(100 * events / n, 0.0, value, half))


def _percent(text: str) -> tuple[float, float]:
    value, half = printed(text)
    if not 0 <= value <= 100:
        raise StatsError(f"{text!r} is not a percentage between 0 and 100.")
    return value, half
