"""Numbers as they are printed and read back: rules that figures, pages and sheets share (standard library alone)."""

from __future__ import annotations

import math
import re

MINUS = "\u2212"
NOT_AVAILABLE = "\u2013"
"""What stands where there is no number."""

P_LEAST = 0.001
"""Smaller p values are printed as smaller than this."""

P_COARSE = 0.0995
"""From here on a p value has two decimals, before three: two significant digits where there is room."""

_PRINTED = re.compile(r"[+-]?(?:\d+(?:\.(?P<decimals>\d*))?|\.(?P<only>\d+))(?:[eE](?P<exponent>[+-]?\d+))?")


def fixed(value: float | None, digits: int) -> str:
    """Return `value` with `digits` decimals, a true minus sign, and no negative zero."""
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{abs(value):.{digits}f}"
    return MINUS + text if value < 0 and float(text) != 0 else text


def p_number(value: float) -> str:
    """Return a p value: "0.03", "0.25", "< 0.001"."""
    if value < P_LEAST:
        return f"< {P_LEAST}"
    return f"{value:.3f}" if value < P_COARSE else f"{value:.2f}"


def half_unit(text: str) -> float:
    """Return half the unit of the last printed digit: 0.005 for ``"4.53"``, 0.5 for ``"12"``.

    It is how far rounding may have moved a number. Trailing zeros count as printed.

    Raises
    ------
    ValueError
        If the text is not a plain decimal number.
    """
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a printed decimal number.")
    decimals = len(match["decimals"] or match["only"] or "")
    return float(f"5e{int(match['exponent'] or 0) - decimals - 1}")
