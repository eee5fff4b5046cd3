"""The axis of a forest plot: lines behind the studies, ticks, what its sides mean, and the key."""

from __future__ import annotations

from rheumeta.plots import style
from rheumeta.plots.axis import draw_axis
from rheumeta.plots.canvas import wrap
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


def draw_below(pen: Pen, y: float) -> float:
    """Draw the axis, its name, what its sides mean, and the key of the lines."""
    plot, layout = pen.plot, pen.layout
    y = draw_axis(pen.canvas, pen.axis, y, layout.face)
    y = _sides(pen, y)
    if plot.axis_label:
        room = 2 * min(layout.plot.middle, pen.canvas.width - layout.plot.middle) - 2 * style.MARGIN
        y = pen.canvas.paragraph(layout.plot.middle, y, plot.axis_label, room, layout.small, align="center")
    return _key(pen, y + 2) + 2


def _sides(pen: Pen, y: float) -> float:
    plot, axis, face = pen.plot, pen.axis, pen.layout.face
    centre = axis.at(plot.null) if plot.null is not None else pen.layout.plot.middle
    rooms = (centre - 6 - style.MARGIN, pen.canvas.width - style.MARGIN - centre - 6)
    left_x, right_x, aligns = centre - 6, centre + 6, ("right", "left")
    if min(rooms) < SIDE_LEAST:  # no effect lies near the edge of the paper: write towards it from both ends
        place = pen.layout.plot
        rooms = (place.width / 2 - 3, place.width / 2 - 3)
        left_x, right_x, aligns = place.left, place.right, ("left", "right")
    ends = []
    if plot.left_label:
        lines = wrap(f"← {plot.left_label}", min(rooms[0], 150.0), face)
        ends.append(pen.canvas.lines(left_x, y, lines, face, align=aligns[0]))  # type: ignore[arg-type]
    if plot.right_label:
        lines = wrap(f"{plot.right_label} →", min(rooms[1], 150.0), face)
        ends.append(pen.canvas.lines(right_x, y, lines, face, align=aligns[1]))  # type: ignore[arg-type]
    return max(ends, default=y)


def _key(pen: Pen, y: float) -> float:
    """Draw the key of band and lines, one entry a line."""
    plot, canvas, face = pen.plot, pen.canvas, pen.layout.small
    left, sample = style.MARGIN, 16.0
    entries: list[tuple[str, str]] = []
    if plot.benchmark is not None:
        entries.append(("other review", plot.benchmark.label))
    if plot.mid and plot.mid_label:
        entries.append(("important", plot.mid_label))
    for kind, label in entries:
        middle = y + face.leading / 2
        if kind == "benchmark":
            canvas.box(left, middle - 3, sample, 6, fill=style.AMBER_PALE)
            canvas.line(
                (left + sample / 2,) * 2,
                (middle - 3, middle + 3),
                colour=style.LINES["other review"].colour,
                dash=DASHES["other review"],
            )
        else:
            canvas.line(
                (left, left + sample),
                (middle, middle),
                colour=style.LINES["important"].colour,
                dash=DASHES["important"],
            )
        y = canvas.paragraph(left + sample + 5, y, label, canvas.width - 2 * style.MARGIN - sample - 5, face)
    return y
