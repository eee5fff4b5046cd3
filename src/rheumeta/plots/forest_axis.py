"""The axis of a forest plot: lines behind the studies, ticks, what its sides mean, and the key."""

from __future__ import annotations

from rheumeta.plots import style
from rheumeta.plots.axis import draw_axis
from rheumeta.plots.canvas import text_width, wrap
from rheumeta.plots.forest_house import house_of
from rheumeta.plots.forest_pen import Pen

DASHES: dict[str, tuple[float, ...] | None] = {
    "no effect": None,
    "pooled": (1, 2),
    "important": (4, 2),
    "other review": (1.5, 1.5),
}
"""Dashes of the lines behind the studies, points."""

SIDE_LEAST = 45.0
"""Least room for what a side of no effect means, points."""


def draw_references(pen: Pen, top: float, bottom: float) -> None:
    """Draw what lies behind the studies: the null, differences that matter, another review."""
    plot, axis, canvas = pen.plot, pen.axis, pen.canvas
    top -= 3
    if plot.benchmark is not None:
        span = plot.benchmark.span
        if span.lower is not None and span.upper is not None:
            left, right = sorted((axis.at(axis.clip(span.lower)), axis.at(axis.clip(span.upper))))
            canvas.box(left, top, right - left, bottom - top, fill=style.AMBER_PALE, order=0.5)
        _vertical(pen, span.estimate, top, bottom, "other review")
    for value in plot.mid:
        _vertical(pen, value, top, bottom, "important")
    if plot.null is not None:
        _vertical(pen, plot.null, top, bottom, "no effect")
    for total in pen.whole.totals:
        if total.kind == "random":
            _vertical(pen, total.effect.estimate, top, bottom, "pooled")


def _vertical(pen: Pen, value: float | None, top: float, bottom: float, kind: str) -> None:
    if value is not None and pen.axis.low <= value <= pen.axis.high:
        x, colour = pen.axis.at(value), style.LINES[kind].colour
        pen.canvas.line((x, x), (top, bottom), colour=colour, width=0.7, dash=DASHES[kind], order=1)


def draw_axis_below(pen: Pen, y: float) -> float:
    """Draw the axis, what its sides mean, and its name."""
    plot, layout = pen.plot, pen.layout
    y = draw_axis(pen.canvas, pen.axis, y, layout.face)
    y = _sides(pen, y)
    if plot.axis_label:
        y = _within(pen, y, plot.axis_label)
    return y


def _sides(pen: Pen, y: float) -> float:
    """Write what left and right of no effect mean: around it, else from both ends of the plot, else in two rows."""
    plot, axis, face, place = pen.plot, pen.axis, pen.layout.face, pen.layout.plot
    left = f"←\u00a0{plot.left_label}" if plot.left_label else ""
    right = f"{plot.right_label}\u00a0→" if plot.right_label else ""
    widths = text_width(left, face), text_width(right, face)
    centre = axis.at(plot.null) if plot.null is not None else place.middle
    rooms = (centre - 6 - _free_left(pen), pen.canvas.width - style.MARGIN - centre - 6)
    fits = all(width <= room for width, room in zip(widths, rooms, strict=True))
    if not fits and sum(widths) + 8 <= place.width:
        pen.canvas.lines(place.left, y, (left,), face)
        return pen.canvas.lines(place.right, y, (right,), face, align="right")
    if fits or min(rooms) >= SIDE_LEAST:
        ends = (
            pen.canvas.paragraph(centre - 6, y, left, min(rooms[0], 150.0), face, align="right"),
            pen.canvas.paragraph(centre + 6, y, right, min(rooms[1], 150.0), face),
        )
        return max(ends)
    for text in (left, right):
        y = _within(pen, y, text)
    return y


def _within(pen: Pen, y: float, text: str) -> float:
    """Write a text below the middle of the plot, moved so far that it stays on the paper."""
    face, middle = pen.layout.face, pen.layout.plot.middle
    low, high = _free_left(pen), pen.canvas.width - style.MARGIN
    lines = wrap(text, high - low, face)
    half = max(text_width(line, face) for line in lines) / 2
    return pen.canvas.lines(min(max(middle, low + half), high - half), y, lines, face, align="center")


def _free_left(pen: Pen) -> float:
    """Return how far to the left the words below the axis may reach."""
    beside = house_of(pen.plot).beside_axis and not pen.layout.compact
    return pen.layout.plot.left - 4 if beside else style.MARGIN


def draw_line_key(pen: Pen, y: float) -> float:
    """Draw the key of band and lines, one entry a line."""
    plot, canvas, face = pen.plot, pen.canvas, pen.layout.small
    left, sample = style.MARGIN, 16.0
    entries: list[tuple[str, str]] = []
    if plot.benchmark is not None:
        entries.append(("other review", plot.benchmark.label))
    if plot.mid and plot.mid_label:
        entries.append(("important", plot.mid_label))
    for kind, label in entries:
        middle, colour, dash = y + face.leading / 2, style.LINES[kind].colour, DASHES[kind]
        if kind == "other review":
            canvas.box(left, middle - 3, sample, 6, fill=style.AMBER_PALE)
            canvas.line((left + sample / 2,) * 2, (middle - 3, middle + 3), colour=colour, dash=dash)
        else:
            canvas.line((left, left + sample), (middle, middle), colour=colour, dash=dash)
        y = canvas.paragraph(left + sample + 5, y, label, canvas.width - 2 * style.MARGIN - sample - 5, face)
    return y
