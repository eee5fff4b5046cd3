"""Numbers as figures print them, on the rules that all share; the files beside the figures hold every digit."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rheumeta.numbers import MINUS, fixed, p_number


def ratio(value: float | None) -> str:
    """Return a ratio: two decimals, three below 0.01, fewer from 10 on."""
    if value is None or not math.isfinite(value) or value <= 0:
        return "0" if value == 0 else fixed(value, 2)
    if value < 0.0005:
        return "<0.001"
    if value > 99999:
        return ">99999"
    steps = ((0.00995, 3), (9.995, 2), (99.95, 1))
    return fixed(value, next((digits for bound, digits in steps if value < bound), 0))


def plain(value: float) -> str:
    """Return a tick: as few digits as the number needs."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text.replace("-", MINUS) if text not in ("-0", "") else "0"


def decimals(values: Iterable[float | None]) -> int:
    """Return how many decimals suit a column of numbers on a linear scale."""
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v)]
    largest = max(sizes, default=1.0)
    steps = ((0.1, 3), (20.0, 2), (200.0, 1))
    return next((digits for bound, digits in steps if largest < bound), 0)


def p_text(value: float) -> str:
    """Return "p = 0.03" or "p < 0.001"."""
    text = p_number(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def significant(value: float | None, digits: int = 2) -> str:
    """Return `value` with so many significant digits, without an exponent."""
    if value is None or not math.isfinite(value) or value == 0:
        return "0" if value == 0 else fixed(value, 0)
    return fixed(value, max(digits - 1 - math.floor(math.log10(abs(value))), 0))
