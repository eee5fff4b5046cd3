"""The flow of records as PRISMA 2020 draws it (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, wrap
from rheumeta.plots.furniture import BODY, BODY_BOLD, draw_head, draw_tail
from rheumeta.plots.review_records import FlowBox, FlowPlot, FlowStep, FlowStream

PAD = 5.0
"""Space inside a box, points."""

GAP, BESIDE = 14.0, 12.0
"""Space between boxes below and beside each other, points."""

ARROW = 3.6
HEADING = 16.0


def draw_flow(plot: FlowPlot) -> Figure:
    """Draw the flow of records: a column a stream, what is left out beside it, what is included below.

    Parameters
    ----------
    plot : FlowPlot
        At least one stream.

    Returns
    -------
    Figure
        180 mm wide, as high as its boxes need.
    """
    canvas = Canvas()
    top = draw_head(canvas, plot.title, "", "")
    room = (canvas.width - 2 * style.MARGIN - 18 * (len(plot.streams) - 1)) / len(plot.streams)
    heights = _heights(plot, room)
    ends = []
    for index, stream in enumerate(plot.streams):
        left = style.MARGIN + index * (room + 18)
        ends.append(_stream(canvas, left, top, room, stream, heights))
    y = max(end for _, end in ends) + GAP
    middle = ends[0][0]
    for x, end in ends[1:]:
        canvas.line((x, x, middle), (end, y - GAP / 2, y - GAP / 2), colour=style.INK, width=0.7)
    for number, box in enumerate(plot.included):
        if number == 0:
            _arrow(canvas, (middle, ends[0][1]), (middle, y))
        height = _height(box, _main(room))
        _box(canvas, style.MARGIN, y, _main(room), height, box)
        y += height + (4 if number < len(plot.included) - 1 else 0)
    return canvas.finish(draw_tail(canvas, y + 4, (), plot.lines) + style.MARGIN)


def _main(room: float) -> float:
    return (room - BESIDE) * 0.52


def _aside(room: float) -> float:
    return room - BESIDE - _main(room)


def _height(box: FlowBox, width: float) -> float:
    faces = [BODY_BOLD, *[BODY] * len(box.lines)]
    lines = sum(len(wrap(t, width - 2 * PAD, f)) for t, f in zip(box.lines, faces, strict=False))
    return lines * BODY.leading + 2 * PAD


def _heights(plot: FlowPlot, room: float) -> list[float]:
    """Return the height of each level, the same in all streams, so that levels stand side by side."""
    levels = max(len(stream.steps) for stream in plot.streams)
    found = []
    for level in range(levels):
        steps = [s.steps[level] for s in plot.streams if level < len(s.steps)]
        found.append(max(_step_height(step, room) for step in steps))
    return found


def _step_height(step: FlowStep, room: float) -> float:
    beside = _height(step.aside, _aside(room)) if step.aside else 0.0
    return max(_height(step.main, _main(room)), beside)


def _stream(
    canvas: Canvas, left: float, top: float, room: float, stream: FlowStream, heights: list[float]
) -> tuple[float, float]:
    """Draw a stream; return where its last box ends: middle and bottom."""
    canvas.box(left, top, room, HEADING, fill=style.AMBER_PALE, edge=style.AMBER)
    heading = wrap(stream.heading, room - 2 * PAD, BODY_BOLD)
    canvas.lines(left + PAD, top + (HEADING - BODY_BOLD.leading) / 2, heading[:1], BODY_BOLD)
    y, middle = top + HEADING + 8, left + _main(room) / 2
    bottom = y
    for level, step in enumerate(stream.steps):
        height = heights[level]
        if not step.main.lines:
            y += height + GAP
            continue
        if level:
            _arrow(canvas, (middle, bottom), (middle, y))
        _box(canvas, left, y, _main(room), height, step.main)
        if step.aside:
            across = left + _main(room)
            _arrow(canvas, (across, y + height / 2), (across + BESIDE, y + height / 2))
            _box(canvas, across + BESIDE, y, _aside(room), height, step.aside)
        bottom = y + height
        y = bottom + GAP
    return middle, bottom


def _box(canvas: Canvas, left: float, top: float, width: float, height: float, box: FlowBox) -> None:
    canvas.box(left, top, width, height, fill=style.PAPER, edge=style.INK)
    y = top + PAD
    for index, text in enumerate(box.lines):
        face = replace(BODY, bold=index == 0)
        y = canvas.paragraph(left + PAD, y, text, width - 2 * PAD, face)


def _arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow straight down or straight right."""
    canvas.line((start[0], end[0]), (start[1], end[1]), colour=style.INK, width=0.7)
    (x, y), half = end, ARROW / 2
    down = [(x, y), (x - half, y - ARROW), (x + half, y - ARROW)]
    right = [(x, y), (x - ARROW, y - half), (x - ARROW, y + half)]
    canvas.shape(down if start[0] == end[0] else right, fill=style.INK)
