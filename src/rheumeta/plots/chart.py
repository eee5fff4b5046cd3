"""Draws every plot with two axes: funnel, radial, L'Abbé, Baujat, GOSH and the p-value functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.arc import arc_room, draw_arc, draw_arc_sample
from rheumeta.plots.axis import Axis, make_axis
from rheumeta.plots.canvas import Align, Canvas, Face, text_width, wrap
from rheumeta.plots.chart_records import Chart, Curve, Point
from rheumeta.plots.frame import Box, Labels, draw_frame, tick_room
from rheumeta.plots.furniture import BODY, BODY_BOLD, NOTE, draw_head, draw_key, draw_tail

HEIGHT = 250.0
SQUARE = 300.0
"""Height, and side of a plot that compares like with like, points."""

SIDE_ROOM = 30.0
"""Room left of a square plot for the labels of its axis, points."""

NAMES_TOLD = 12
"""Most names without room that are told one by one."""

ARC_TITLE = 0.4
"""Share of the width that the name of an arc may take."""

RADIUS, RADIUS_MAX, RADIUS_LEAST = 2.6, 9.0, 1.8
SHADES = tuple(shade.colour for shade in style.SHADES.values())
CURVES: dict[str, tuple[str, float, tuple[float, ...] | None]] = {
    "main": (style.BLUE, 1.3, None),
    "limit": (style.BLUE, 0.8, (4.0, 2.0)),
    "null": (style.INK, 0.7, None),
    "study": (style.RULE, 0.5, None),
}
"""Colour, width and dashes of each style of line."""


def draw_chart(chart: Chart, *, width: float = style.WIDTH) -> Figure:
    """Draw a plot with two axes.

    Parameters
    ----------
    chart : Chart
        At least one mark, curve or cloud; all within its limits or cut off at them.

    Returns
    -------
    Figure
        `width` points wide.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, chart.title, chart.subtitle, chart.caution)
    y = _names_of_heights(canvas, chart, y)
    area, x_axis, y_axis = _axes(chart, canvas, y)
    unnamed = _inside(canvas, chart, area, x_axis, y_axis)
    draw_frame(canvas, area, x_axis, y_axis, BODY)
    y = area.bottom + 5 + BODY.leading
    y = _sides(canvas, chart, area, x_axis, y)
    y = canvas.paragraph((area.left + area.right) / 2, y, chart.x_label, area.right - area.left, BODY_BOLD,
                         align="center") + 3  # fmt: skip
    y = _key(canvas, chart, y)
    return canvas.finish(draw_tail(canvas, y, chart.lines, (*chart.notes, *_missing(unnamed))) + style.MARGIN)


def _missing(names: Sequence[str]) -> tuple[str, ...]:
    """Say whose names found no room."""
    if len(names) > NAMES_TOLD:
        return (f"No room for the names of {len(names)} studies.",)
    return (f"No room for the name{'s' if len(names) > 1 else ''} of {', '.join(names)}.",) if names else ()


def _names_of_heights(canvas: Canvas, chart: Chart, y: float) -> float:
    """Name the vertical axis above it and an arc on the right above that; return the y below them."""
    room = canvas.width - 2 * style.MARGIN
    right = wrap(chart.arc.title, ARC_TITLE * room, BODY_BOLD) if chart.arc else ()
    taken = max((text_width(line, BODY_BOLD) + 10 for line in right), default=0.0)
    left = wrap(chart.y_label, room - taken, BODY_BOLD)
    bottom = y + max(len(left), len(right)) * BODY_BOLD.leading
    for lines, x, align in ((left, style.MARGIN, "left"), (right, canvas.width - style.MARGIN, "right")):
        canvas.lines(x, bottom - len(lines) * BODY_BOLD.leading, lines, BODY_BOLD, align=cast("Align", align))
    return bottom + 2


def _axes(chart: Chart, canvas: Canvas, top: float) -> tuple[Box, Axis, Axis]:
    side = min(SQUARE, canvas.width - 2 * style.MARGIN - SIDE_ROOM)
    bottom = top + (side if chart.square else style.plot_height(HEIGHT, canvas.width))
    place = (top, bottom)
    y_axis = make_axis(
        chart.y_limits, place, scale="linear", face=BODY, vertical=not chart.y_down, padding=4.0
    )
    left = style.MARGIN + tick_room(y_axis, BODY)
    edge = canvas.width - style.MARGIN - (arc_room(chart.arc, BODY) if chart.arc else 4)
    right = left + side if chart.square else edge
    x_axis = make_axis(
        chart.x_limits, (left, right), scale=chart.x_scale, face=BODY, padding=4.0, reverse=chart.x_reverse
    )
    return Box(left, top, right, bottom), x_axis, y_axis


def _inside(canvas: Canvas, chart: Chart, area: Box, x_axis: Axis, y_axis: Axis) -> list[str]:
    """Draw regions, lines, points and names, in this order; return the names for which there is no room."""

    def at(point: Point) -> tuple[float, float]:
        return x_axis.at(x_axis.clip(point[0])), y_axis.at(y_axis.clip(point[1]))

    for region in chart.regions:
        canvas.shape([at(p) for p in region.points], fill=SHADES[region.shade], order=0.2, key=region.key)
    labels = Labels(canvas, area, Face(NOTE.size))
    for curve in chart.curves:
        for piece in _pieces(curve, x_axis, y_axis):
            path = [at(p) for p in piece]
            _line(canvas, curve, path)
            if curve.style != "study":
                labels.avoid(path)
    if chart.cloud:
        canvas.cloud([at(p) for p in chart.cloud], radius=0.9, colour=style.BLUE)
    if chart.arc:
        draw_arc(canvas, chart.arc, at, BODY, labels)
    return _marks(canvas, chart, labels, x_axis, y_axis)


def _pieces(curve: Curve, x_axis: Axis, y_axis: Axis) -> list[list[Point]]:
    """Cut a line where it leaves the plot, and end each piece on the edge."""
    pieces: list[list[Point]] = [[]]
    for start, end in zip(curve.points, curve.points[1:], strict=False):
        cut = clip(start, end, x_axis, y_axis)
        if cut is None:
            continue
        if pieces[-1] and pieces[-1][-1] == cut[0]:
            pieces[-1].append(cut[1])
        else:
            pieces.append(list(cut))
    return [p for p in pieces if len(p) > 1]


def clip(start: Point, end: Point, x_axis: Axis, y_axis: Axis) -> tuple[Point, Point] | None:
    """Return the part of a straight line on the paper that lies within both axes (Liang and Barsky 1984)."""
    log = x_axis.scale == "log"

    def flat(p: Point) -> Point:
        return (math.log(p[0]) if log else p[0], p[1])

    (x0, y0), (x1, y1) = flat(start), flat(end)
    low, high = flat((x_axis.low, y_axis.low)), flat((x_axis.high, y_axis.high))
    first, last = 0.0, 1.0
    for delta, gap in (
        (x0 - x1, x0 - low[0]),
        (x1 - x0, high[0] - x0),
        (y0 - y1, y0 - low[1]),
        (y1 - y0, high[1] - y0),
    ):
        if delta == 0:
            if gap < 0:
                return None
        elif delta < 0:
            first = max(first, gap / delta)
        else:
            last = min(last, gap / delta)
    if first > last:
        return None

    def point(share: float) -> Point:
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        return (math.exp(x) if log else x, y)

    return (start if first == 0 else point(first)), (end if last == 1 else point(last))


def _line(canvas: Canvas, curve: Curve, path: Sequence[tuple[float, float]]) -> None:
    colour, width, dash = CURVES[curve.style]
    canvas.line(
        [x for x, _ in path],
        [y for _, y in path],
        colour=colour,
        width=width,
        dash=dash,
        order=2,
        key=curve.key,
    )


def _marks(canvas: Canvas, chart: Chart, labels: Labels, x_axis: Axis, y_axis: Axis) -> list[str]:
    """Draw the points and their names; return those for which there is no room."""
    heaviest = max((m.weight or 0.0 for m in chart.marks), default=0.0)
    places = []
    for mark in sorted(chart.marks, key=lambda m: (-(m.weight or 0.0), m.label)):
        radius = RADIUS
        if heaviest > 0 and mark.weight is not None:
            radius = max(RADIUS_MAX * math.sqrt(mark.weight / heaviest), RADIUS_LEAST)
        x, y = x_axis.at(x_axis.clip(mark.x)), y_axis.at(y_axis.clip(mark.y))
        fill, edge = (style.PAPER, style.BLUE) if mark.hollow else (style.BLUE, style.PAPER)
        canvas.circle(x, y, radius, fill=fill, edge=edge, alpha=0.8 if heaviest else 1.0, key=mark.key)
        labels.block(x, y, radius * 0.8)
        places.append((x, y, radius, mark.label))
    return [name for x, y, radius, name in places if name and not labels.place(x, y, name, radius + 1.5)]


def _sides(canvas: Canvas, chart: Chart, area: Box, x_axis: Axis, y: float) -> float:
    """Write what left and right of no effect mean below the axis."""
    if not chart.left_label and not chart.right_label:
        return y
    room = (area.right - area.left) / 2 - 4
    left, right = (wrap(text, room, NOTE) for text in (f"← {chart.left_label}", f"{chart.right_label} →"))
    canvas.lines(area.left, y, left, NOTE)
    canvas.lines(area.right, y, right, NOTE, align="right")
    return y + max(len(left), len(right)) * NOTE.leading


def _key(canvas: Canvas, chart: Chart, y: float) -> float:
    """Draw the key of regions, lines and hollow points."""
    sample = 16.0

    def region(x: float, middle: float, *, shade: int) -> None:
        canvas.box(x, middle - 3, sample, 6, fill=SHADES[shade], edge=style.RULE)

    def curve(x: float, middle: float, *, kind: str) -> None:
        colour, thick, dash = CURVES[kind]
        canvas.line((x, x + sample), (middle, middle), colour=colour, width=thick, dash=dash)

    def hollow(x: float, middle: float) -> None:
        canvas.circle(x + sample / 2, middle, RADIUS, fill=style.PAPER, edge=style.BLUE)

    entries: list[tuple[Callable[[float, float], None], str]] = []
    entries += [(partial(region, shade=r.shade), r.label) for r in chart.regions if r.label]
    entries += [(partial(curve, kind=c.style), c.label) for c in chart.curves if c.label]
    entries += [(partial(draw_arc_sample, canvas, width=sample), chart.arc.label)] if chart.arc else []
    entries += [(hollow, chart.hollow_label)] if chart.hollow_label else []
    return draw_key(canvas, y, entries, sample=sample) if entries else y
