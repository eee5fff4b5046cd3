"""What the commands print: plain text tables, numbers for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from rheumeta.stats.effects import MeasureInfo
from rheumeta.stats.result import plain
from rheumeta.stats.transforms import to_display


def show(text: str) -> None:
    """Print text, with one line end."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def show_json(values: dict[str, Any]) -> None:
    """Print values as JSON: every number with all its digits, None for what there is not."""
    show(json.dumps(plain_dict(values), indent=2, ensure_ascii=False, allow_nan=False))


def plain_dict(values: dict[str, Any]) -> dict[str, Any]:
    """Return nested values as JSON can hold them."""
    return {
        name: plain_dict(value) if isinstance(value, dict) else _listed(value)
        for name, value in values.items()
    }


def _listed(value: Any) -> Any:
    if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        return [plain_dict(item) for item in value]
    return plain(value)


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with a fixed count of decimals, in powers of ten where it would show as zero."""
    if value is None or not np.isfinite(value):
        return "" if value is None or np.isnan(value) else str(value)
    if value != 0 and not 10.0**-digits <= abs(value) < 1e7:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{digits}f}"


def p_value(value: float | None) -> str:
    """Return a p value as people write it."""
    if value is None:
        return ""
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def interval(lower: float | None, upper: float | None, digits: int = 4) -> str:
    """Return an interval in brackets, or nothing where there is none."""
    return "" if lower is None or upper is None else f"[{number(lower, digits)}, {number(upper, digits)}]"


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a text table: the first column to the left, numbers to the right.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : sequence of sequence
        Cells; floats get four decimals.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
    lines = [list(header), *cells]
    text = ["  ".join(_padded(row[i], widths[i], left=i == 0) for i in range(len(widths))) for row in lines]
    return "\n".join(line.rstrip() for line in [text[0], "-" * len(text[0].rstrip()), *text[1:]])


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else "" if value is None else str(value)


def _padded(text: str, width: int, *, left: bool) -> str:
    return text.ljust(width) if left else text.rjust(width)


SCALES = {
    "exp": ", as natural logarithms",
    "percent": ", as shares from 0 to 1",
    "logit": ", as log odds",
    "arcsine": ", as arcsines of square roots",
    "double_arcsine": ", as double arcsines",
}
"""The analysis scale in words, by the kind of back-transformation from it."""


def title(info: MeasureInfo) -> str:
    """Return the name of a measure with its code and the scale on which its numbers are printed."""
    return f"{info.label} ({info.code}){SCALES.get(info.back, '')}"


def displayed(info: MeasureInfo, values: Sequence[float]) -> list[float] | None:
    """Return values on the scale that people read (ratios, percent), None where it is the same scale."""
    if info.back in ("identity", "double_arcsine"):
        return None
    return [float(x) for x in to_display(info.code, list(values))]


def display_line(info: MeasureInfo, estimate: float, lower: float, upper: float) -> str | None:
    """Return estimate and interval on the scale that people read, or None where it is the same."""
    values = displayed(info, [estimate, lower, upper])
    if values is None:
        return None
    unit = f" {info.unit}" if info.unit else ""
    low, high = sorted(values[1:])
    return f"{info.label}: {number(values[0])}{unit} {interval(low, high)}"
