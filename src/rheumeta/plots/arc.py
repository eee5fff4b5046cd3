"""The arc of a radial plot, which reads effects (Galbraith 1988, Stat Med 7:889)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from rheumeta.plots import style
from rheumeta.plots.axis import linear_ticks, log_ticks
from rheumeta.plots.canvas import Canvas, Face, text_width
from rheumeta.plots.chart_records import Arc, Point
from rheumeta.plots.frame import Box, Labels
from rheumeta.plots.numbers import plain

TICK = 3.0
"""Length of a tick, points."""

INSIDE = 5.0
"""Distance of the marked interval from the arc, points."""

BAR = 2.4
"""Thickness of the marked interval, points."""

STEPS = 60
LEAST_TICKS, MAX_TICKS = 3, 9
"""Fewest round ratios (a narrow range is divided evenly instead) and most numbers of an arc."""

At = Callable[[Point], tuple[float, float]]
"""Turns a point of the plot into one of the paper."""


def arc_room(arc: Arc, face: Face) -> float:
    """Return the room right of the plot for the numbers of the arc, points."""
    return max(text_width(plain(v), face) for ticks in _candidates(arc) for v in ticks) + TICK + 3


def _candidates(arc: Arc) -> list[tuple[float, ...]]:
    """Return sets of round values, dense ones first."""
    sets = log_ticks(*arc.limits) if arc.scale == "log" else []
    found = [ticks for ticks in sets if LEAST_TICKS <= len(ticks) <= MAX_TICKS]
    if found:
        return found
    return [ticks for ticks in linear_ticks(*arc.limits) if 2 <= len(ticks) <= MAX_TICKS]


def draw_arc(canvas: Canvas, arc: Arc, at: At, face: Face, labels: Labels) -> None:
    """Draw the arc with its numbers, and inside it the marked value with its interval."""
    path = _path(arc, at, *arc.limits)
    _stroke(canvas, path, style.INK, 0.7)
    _keep_off(labels, path)
    for value in _ticks(arc, at, face):
        x, y = at(arc.at(value))
        canvas.line((x, x + TICK), (y, y), colour=style.INK, width=0.7)
        left, half = x + TICK + 2, face.size / 2
        canvas.text(left, y + 0.36 * face.size, plain(value), face)
        labels.taken.append(Box(left, y - half, left + text_width(plain(value), face), y + half))
    _mark(canvas, arc, at, labels)


def _mark(canvas: Canvas, arc: Arc, at: At, labels: Labels) -> None:
    low, high = arc.limits
    ends = [min(max(v, low), high) for v in (arc.span.lower, arc.span.upper) if v is not None]
    if len(ends) == 2:
        bar = [(x - INSIDE, y) for x, y in _path(arc, at, ends[0], ends[1])]
        _stroke(canvas, bar, style.BLUE, BAR, key=arc.key)
        _keep_off(labels, bar)
    if arc.span.estimate is not None and low <= arc.span.estimate <= high:
        x, y = at(arc.at(arc.span.estimate))
        canvas.line((x - INSIDE - 3.5, x), (y, y), colour=style.BLUE, width=1.3, key=arc.key)


def _ticks(arc: Arc, at: At, face: Face) -> Sequence[float]:
    """Return the densest set of round values whose numbers do not touch."""
    candidates = _candidates(arc)
    for ticks in candidates:
        heights = sorted(at(arc.at(v))[1] for v in ticks)
        if all(b - a >= face.leading for a, b in pairwise(heights)):
            return ticks
    return (candidates[-1][0], candidates[-1][-1])


def _path(arc: Arc, at: At, low: float, high: float) -> list[tuple[float, float]]:
    (_, bottom), (_, top) = arc.at(low), arc.at(high)
    heights = [bottom + (top - bottom) * i / STEPS for i in range(STEPS + 1)]
    return [at((arc.across * max(1 - (z / arc.up) ** 2, 0.0) ** 0.5, z)) for z in heights]


def _stroke(
    canvas: Canvas, path: Sequence[tuple[float, float]], colour: str, width: float, key: str = ""
) -> None:
    canvas.line([x for x, _ in path], [y for _, y in path], colour=colour, width=width, order=2.5, key=key)


def _keep_off(labels: Labels, path: Sequence[tuple[float, float]]) -> None:
    """Keep names off a line altogether."""
    for (x0, y0), (x1, y1) in pairwise(path):
        labels.taken.append(Box(min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1))


def draw_arc_sample(canvas: Canvas, x: float, middle: float, *, width: float) -> None:
    """Draw what the key shows for the marked value and its interval."""
    canvas.line((x, x + width), (middle, middle), colour=style.BLUE, width=BAR)
    canvas.line((x + width / 2,) * 2, (middle - 3, middle + 3), colour=style.BLUE, width=1.3)
