"""The bubble plot of a meta-regression (Thompson and Higgins 2002, Stat Med 21:1559).

Each study is a circle whose area is in proportion to its weight; the line is the fitted effect, the
band its confidence interval.
"""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.axis import Axis, choose_range, make_axis
from rheumeta.plots.canvas import Canvas, Face, wrap
from rheumeta.plots.frame import Box, Labels, draw_frame, tick_room
from rheumeta.plots.furniture import BODY, BODY_BOLD, NOTE, draw_head, draw_tail
from rheumeta.plots.records import BubblePlot, Span

HEIGHT = 260.0
RADIUS_MAX, RADIUS_MIN = 12.0, 2.5
"""Radius of the heaviest study, and the least radius, points."""


def draw_bubble(plot: BubblePlot, *, width: float = style.WIDTH) -> Figure:
    """Draw a meta-regression.

    Parameters
    ----------
    plot : BubblePlot
        At least two studies, effects and fitted line on the display scale.

    Returns
    -------
    Figure
        `width` points wide.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, plot.subtitle, plot.caution)
    lines = wrap(plot.y_label, canvas.width - 2 * style.MARGIN, BODY_BOLD)
    y = canvas.lines(style.MARGIN, y, lines, BODY_BOLD) + 2
    area, x_axis, y_axis = _axes(plot, canvas, y)
    _fit(canvas, plot, x_axis, y_axis)
    if plot.null is not None and y_axis.low <= plot.null <= y_axis.high:
        level = y_axis.at(plot.null)
        canvas.line((area.left, area.right), (level, level), colour=style.INK, width=0.6, order=1)
    _bubbles(canvas, plot, x_axis, y_axis, area)
    draw_frame(canvas, area, x_axis, y_axis, BODY)
    y = area.bottom + 5 + BODY.leading
    middle, room = (area.left + area.right) / 2, area.right - area.left
    y = canvas.paragraph(middle, y, plot.x_label, room, BODY_BOLD, align="center") + 3
    note = (
        f"Line: fitted effect; band: its {plot.level:g}% confidence interval. "
        "Areas of the circles are in proportion to the weights."
    )
    return canvas.finish(draw_tail(canvas, y, plot.lines, (note,)) + style.MARGIN)


def _axes(plot: BubblePlot, canvas: Canvas, top: float) -> tuple[Box, Axis, Axis]:
    spans = [Span(fit, low, high) for _, fit, low, high in plot.line]
    core = [p.y for p in plot.points]
    limits = choose_range(core, spans, scale=plot.scale, null=plot.null)
    bottom = top + style.plot_height(HEIGHT, canvas.width)
    y_axis = make_axis(
        limits,
        (top, bottom),
        scale=plot.scale,
        face=BODY,
        vertical=True,
        null=plot.null,
        padding=RADIUS_MAX + 2,
    )
    area = Box(style.MARGIN + tick_room(y_axis, BODY), top, canvas.width - style.MARGIN - 4, bottom)
    xs = [p.x for p in plot.points]
    x_limits = (min(xs), max(xs)) if max(xs) > min(xs) else (min(xs) - 1, max(xs) + 1)
    x_axis = make_axis(x_limits, (area.left, area.right), scale="linear", face=BODY, padding=RADIUS_MAX + 4)
    return area, x_axis, y_axis


def _fit(canvas: Canvas, plot: BubblePlot, x_axis: Axis, y_axis: Axis) -> None:
    """Draw the fitted line on its band, both clipped to the axis."""
    if len(plot.line) < 2:
        return

    def at(value: float) -> float:
        return y_axis.at(y_axis.clip(value))

    upper = [(x_axis.at(x), at(high)) for x, _, _, high in plot.line]
    lower = [(x_axis.at(x), at(low)) for x, _, low, _ in reversed(plot.line)]
    canvas.shape(upper + lower, fill="#e3eff6", order=0.5)
    inside = [(x, fit) for x, fit, _, _ in plot.line if y_axis.low <= fit <= y_axis.high]
    if len(inside) > 1:
        xs, ys = [x_axis.at(x) for x, _ in inside], [y_axis.at(fit) for _, fit in inside]
        canvas.line(xs, ys, colour=style.BLUE, width=1.4, order=2)


def _bubbles(canvas: Canvas, plot: BubblePlot, x_axis: Axis, y_axis: Axis, area: Box) -> None:
    """Draw circles, large ones first, and the names for which there is room."""
    labels = Labels(canvas, area, Face(NOTE.size, colour=style.SOFT))
    heaviest = max(p.weight for p in plot.points)
    points = sorted(plot.points, key=lambda p: (-p.weight, p.label))
    places = []
    for point in points:
        radius = max(RADIUS_MAX * math.sqrt(point.weight / heaviest), RADIUS_MIN)
        x, y = x_axis.at(point.x), y_axis.at(y_axis.clip(point.y))
        canvas.circle(x, y, radius, fill=style.BLUE, edge=style.PAPER, alpha=0.55, key=point.key)
        labels.block(x, y, radius * 0.8)
        places.append((x, y, radius, point.label))
    inside = [p for p in plot.line if y_axis.low <= p[1] <= y_axis.high]
    labels.avoid([(x_axis.at(x), y_axis.at(fit)) for x, fit, _, _ in inside])
    if plot.null is not None and y_axis.low <= plot.null <= y_axis.high:
        labels.avoid([(area.left, y_axis.at(plot.null)), (area.right, y_axis.at(plot.null))])
    for x, y, radius, label in places:
        labels.place(x, y, label, radius + 1.5)
