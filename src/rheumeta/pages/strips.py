"""A small picture of one interval, drawn as inline SVG in the colours of the page.

It is no forest plot: it shows at a glance where an estimate and its interval lie to the null.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rheumeta.pages.findings import null_word
from rheumeta.records import Analysis, Interval

WIDTH = 200.0
"""Width of the drawing in its own units."""

MARGIN = 12.0
"""Free space left and right, for the arrow heads of clipped intervals."""

RATIO_REACH = (0.05, 20.0)
"""Ends of the axis of ratios: an interval that goes beyond is clipped and gets an arrow."""


@dataclass(frozen=True)
class Strip:
    """Positions from 0 to `WIDTH`; None where there is nothing to draw."""

    estimate: float | None
    left: float
    right: float
    cut_left: bool
    cut_right: bool
    null: float | None
    band: tuple[float, float] | None  # prediction interval
    words: tuple[str, str, str] | None  # below its left end, below the null, below its right end


def strip(analysis: Analysis, display: Interval, prediction: Interval | None) -> Strip | None:
    """Return where to draw the interval of `analysis`; None without an interval.

    Parameters
    ----------
    analysis : Analysis
        Gives the scale of the axis and the null value.
    display : Interval
        Estimate and interval, display scale.
    prediction : Interval or None
        Prediction interval, display scale.
    """
    if display.lower is None or display.upper is None:
        return None
    log = analysis.scale == "log"
    if log and min(display.lower, analysis.null or 1.0) < 0:
        return None
    low, high = _axis(analysis, display, prediction)

    def place(value: float | None) -> float | None:
        if value is None:
            return None
        position = _scaled(value, log=log)
        part = min(max((position - low) / (high - low), 0.0), 1.0)
        part = 1.0 - part if analysis.reversed_axis else part
        return round(MARGIN + part * (WIDTH - 2 * MARGIN), 2)

    ends = [(place(display.lower), _scaled(display.lower, log=log) < low),
            (place(display.upper), _scaled(display.upper, log=log) > high)]  # fmt: skip
    (left, cut_left), (right, cut_right) = reversed(ends) if analysis.reversed_axis else ends
    band = sorted(p for p in (place(prediction.lower), place(prediction.upper)) if p) if prediction else []
    return Strip(
        estimate=place(display.estimate),
        left=left or 0.0,
        right=right or 0.0,
        cut_left=cut_left,
        cut_right=cut_right,
        null=place(analysis.null),
        band=(band[0], band[1]) if len(band) == 2 else None,
        words=_words(analysis),
    )


def _words(analysis: Analysis) -> tuple[str, str, str] | None:
    """Return what the two sides of the null mean, and the null itself; None without a null value."""
    if analysis.null is None:
        return None
    falls = analysis.better == "lower"
    left, right = ("worse", "better") if falls == analysis.reversed_axis else ("better", "worse")
    return f"← {left}", null_word(analysis), f"{right} →"


def _scaled(value: float, *, log: bool) -> float:
    if not log:
        return value
    return math.log(value) if value > 0 else -math.inf


def _axis(analysis: Analysis, display: Interval, prediction: Interval | None) -> tuple[float, float]:
    """Return the ends of the axis: symmetrical about the null, or 0 to 100 for a percentage."""
    log = analysis.scale == "log"
    if analysis.null is None:
        return (0.0, 100.0) if analysis.measure in ("PR", "PLO", "PAS", "PFT") else _range(display)
    middle = _scaled(analysis.null, log=log)
    values = [display.lower, display.estimate, display.upper]
    if prediction is not None:
        values += [prediction.lower, prediction.upper]
    reach = max(abs(_scaled(v, log=log) - middle) for v in values if v is not None) * 1.08
    if log:
        reach = min(reach, math.log(RATIO_REACH[1]))
    return middle - (reach or 1.0), middle + (reach or 1.0)


def _range(display: Interval) -> tuple[float, float]:
    low, high = display.lower or 0.0, display.upper or 0.0
    pad = 0.1 * (high - low) or 1.0
    return min(0.0, low - pad), high + pad
