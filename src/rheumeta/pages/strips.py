"""Small pictures of one interval each, drawn as inline SVG in the colours of the page.

They are no forest plots: they show at a glance where an estimate and its interval lie to the null.
Pictures of one kind share one axis, so that they can be compared; the ends of the axis are named.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rheumeta.numbers import MINUS
from rheumeta.pages.findings import FAMILIES, null_word
from rheumeta.pages.words import shown_result
from rheumeta.records import Analysis, Interval

WIDTH = 240.0
"""Width of the drawing in its own units; the page shows it no smaller, so that its words keep their size."""

MARGIN = 12.0
"""Free space left and right, for the arrow heads of clipped intervals."""

RATIO_ENDS = (2.0, 5.0, 10.0, 20.0)
"""Upper ends that an axis of ratios may have, its lower end being the inverse. Beyond the last, intervals are
clipped and get an arrow."""

ROUND = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Ends that an axis of differences may have, times a power of ten."""


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
    words: tuple[str, str, str] | None  # what lies left of the null, the null, what lies right of it
    numbers: tuple[str, str, str]  # at the left end, at the null (empty without one), at the right end


def strips(analyses: Iterable[Analysis]) -> dict[str, Strip]:
    """Return the picture of each analysis that has an interval, by its id; one axis for all of a kind.

    Parameters
    ----------
    analyses : iterable of Analysis
        The analyses that stand together on a page.
    """
    shown = [
        (a, result)
        for a in analyses
        if (result := shown_result(a)) is not None and drawable(a, result.display)
    ]
    reaches: dict[tuple[str, str], float] = {}
    for analysis, result in shown:
        reach = _reach(analysis, result.display, result.prediction)
        reaches[kind(analysis)] = max(reach, reaches.get(kind(analysis), 0.0))
    return {a.id: strip(a, r.display, r.prediction, reaches[kind(a)]) for a, r in shown}


def drawable(analysis: Analysis, display: Interval) -> bool:
    """Return whether there is an interval that the axis can show."""
    if display.lower is None or display.upper is None:
        return False
    return analysis.scale != "log" or min(display.lower, analysis.null or 1.0) >= 0


def kind(analysis: Analysis) -> tuple[str, str]:
    """Return what must be equal for two pictures to share an axis: all ratios do, other effects of one outcome."""
    family = FAMILIES.get(analysis.measure, "other")
    if analysis.scale == "log" and analysis.null is not None:
        return "ratio", ""
    return (
        (family, "") if family in ("proportion", "risk_difference") else (analysis.measure, analysis.outcome)
    )


def strip(analysis: Analysis, display: Interval, prediction: Interval | None, reach: float) -> Strip:
    """Return where to draw the interval of `analysis`.

    Parameters
    ----------
    analysis : Analysis
        Gives the scale of the axis and the null value.
    display : Interval
        Estimate and interval, display scale.
    prediction : Interval or None
        Prediction interval, display scale.
    reach : float
        From the null to the ends of the axis, on the scale of the axis (the logarithm for ratios).
    """
    log, turned = analysis.scale == "log", analysis.reversed_axis
    low, high = _axis(analysis, display, reach)

    def place(value: float | None) -> float | None:
        if value is None:
            return None
        part = min(max((_scaled(value, log=log) - low) / (high - low), 0.0), 1.0)
        return round(MARGIN + (1.0 - part if turned else part) * (WIDTH - 2 * MARGIN), 2)

    ends = [(place(display.lower), _scaled(display.lower or 0.0, log=log) < low),
            (place(display.upper), _scaled(display.upper or 0.0, log=log) > high)]  # fmt: skip
    (left, cut_left), (right, cut_right) = reversed(ends) if turned else ends
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
        numbers=_numbers(analysis, low, high),
    )


def _words(analysis: Analysis) -> tuple[str, str, str] | None:
    """Return what the two sides of the null mean, and the null itself; None without a null value."""
    if analysis.null is None:
        return None
    falls = analysis.better == "lower"
    left, right = ("worse", "better") if falls == analysis.reversed_axis else ("better", "worse")
    return f"← {left}", null_word(analysis), f"{right} →"


def _numbers(analysis: Analysis, low: float, high: float) -> tuple[str, str, str]:
    """Return the values at the left end, at the null and at the right end."""
    log, percent = analysis.scale == "log", FAMILIES.get(analysis.measure) == "proportion"
    ends = [_plain(math.exp(end) if log else end) + ("%" if percent else "") for end in (low, high)]
    left, right = reversed(ends) if analysis.reversed_axis else ends
    return left, "" if analysis.null is None else _plain(analysis.null), right


def _plain(value: float) -> str:
    """Return a number with two digits and no zeros at its end."""
    return f"{float(f'{value:.2g}'):g}".replace("-", MINUS)


def _scaled(value: float, *, log: bool) -> float:
    if not log:
        return value
    return math.log(value) if value > 0 else -math.inf


def _reach(analysis: Analysis, display: Interval, prediction: Interval | None) -> float:
    """Return how far an axis about the null has to reach for this result, up to the next round value."""
    if analysis.null is None:
        return 0.0
    log = analysis.scale == "log"
    middle = _scaled(analysis.null, log=log)
    values = [display.lower, display.estimate, display.upper]
    if prediction is not None:
        values += [prediction.lower, prediction.upper]
    reach = max(abs(_scaled(v, log=log) - middle) for v in values if v is not None)
    if log:
        return next((math.log(end) for end in RATIO_ENDS if reach <= math.log(end)), math.log(RATIO_ENDS[-1]))
    if reach == 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(reach))
    return next(step * power for step in ROUND if reach <= step * power * (1 + 1e-9))


def _axis(analysis: Analysis, display: Interval, reach: float) -> tuple[float, float]:
    """Return the ends of the axis: symmetrical about the null, or 0 to 100 for a percentage."""
    if analysis.null is not None:
        middle = _scaled(analysis.null, log=analysis.scale == "log")
        return middle - reach, middle + reach
    if FAMILIES.get(analysis.measure) == "proportion":
        return 0.0, 100.0
    return _range(display, log=analysis.scale == "log")


def _range(display: Interval, *, log: bool) -> tuple[float, float]:
    low, high = _scaled(display.lower or 0.0, log=log), _scaled(display.upper or 0.0, log=log)
    pad = 0.1 * (high - low) or 1.0
    return (low - pad, high + pad) if log else (min(0.0, low - pad), high + pad)
