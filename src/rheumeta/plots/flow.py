"""The flow of records as PRISMA 2020 draws it (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, wrap
from rheumeta.plots.furniture import BODY, BODY_BOLD, draw_head, draw_tail
from rheumeta.plots.review_records import FlowBox, FlowPlot, FlowStep, FlowStream

PAD = 5.0
"""Space inside a box, points."""

GAP, BESIDE = 14.0, 12.0
"""Space between boxes below and beside each other, points."""

BETWEEN = 12.0
"""Space between two streams, points."""

ARROW = 3.6
HEADING_PAD = 6.8
MAIN_SHARE = 0.52
"""Share of a stream for what goes on; the rest is for what is left out beside it."""


def draw_flow(plot: FlowPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw the flow of records: a column a stream, what is left out beside it, what is included below.

    Parameters
    ----------
    plot : FlowPlot
        At least one stream.

    Returns
    -------
    Figure
        `width` points wide, as high as its boxes need.
    """
    canvas = Canvas(width=width)
    folded = style.is_column(width) and len(plot.streams) > 1
    if folded:
        plot = replace(plot, streams=tuple(_folded(stream) for stream in plot.streams))
    top = draw_head(canvas, plot.title, "", "")
    room = (canvas.width - 2 * style.MARGIN - BETWEEN * (len(plot.streams) - 1)) / len(plot.streams)
    grid = _Grid(room, room if folded else MAIN_SHARE * (room - BESIDE))
    heights = _heights(plot, grid)
    ends = []
    for index, stream in enumerate(plot.streams):
        left = style.MARGIN + index * (room + BETWEEN)
        ends.append(_stream(canvas, left, top, grid, stream, heights))
    return _included(canvas, plot, ends, canvas.width - 2 * style.MARGIN if folded else grid.main)


def _included(canvas: Canvas, plot: FlowPlot, ends: list[tuple[float, float]], width: float) -> Figure:
    """Join the streams in the boxes of what is included."""
    y = max(end for _, end in ends) + GAP
    middle = ends[0][0]
    for x, end in ends[1:]:
        canvas.line((x, x, middle), (end, y - GAP / 2, y - GAP / 2), colour=style.INK, width=0.7)
    _arrow(canvas, (middle, ends[0][1]), (middle, y))
    for number, box in enumerate(plot.included):
        height = _height(box, width)
        _box(canvas, style.MARGIN, y, width, height, box)
        y += height + (4 if number < len(plot.included) - 1 else 0)
    return canvas.finish(draw_tail(canvas, y + 4, (), plot.lines) + style.MARGIN)


@dataclass(frozen=True)
class _Grid:
    """Widths within a stream, points."""

    room: float
    main: float

    @property
    def aside(self) -> float:
        """Width of what stands beside."""
        return self.room - BESIDE - self.main


def _folded(stream: FlowStream) -> FlowStream:
    """Put what is left out into the box that it leaves, where there is no room beside it."""
    return replace(
        stream,
        steps=tuple(
            FlowStep(FlowBox((*s.main.lines, *(s.aside.lines if s.aside else ())))) for s in stream.steps
        ),
    )


def _height(box: FlowBox, width: float) -> float:
    faces = [BODY_BOLD, *[BODY] * len(box.lines)]
    lines = sum(len(wrap(t, width - 2 * PAD, f)) for t, f in zip(box.lines, faces, strict=False))
    return lines * BODY.leading + 2 * PAD


def _heights(plot: FlowPlot, grid: _Grid) -> list[float]:
    """Return the height of each level, the same in all streams, so that levels stand side by side."""
    levels = max(len(stream.steps) for stream in plot.streams)
    found = []
    for level in range(levels):
        steps = [s.steps[level] for s in plot.streams if level < len(s.steps)]
        found.append(max(_step_height(step, grid) for step in steps))
    return found


def _step_height(step: FlowStep, grid: _Grid) -> float:
    beside = _height(step.aside, grid.aside) if step.aside else 0.0
    return max(_height(step.main, grid.main), beside)


def _stream(
    canvas: Canvas, left: float, top: float, grid: _Grid, stream: FlowStream, heights: list[float]
) -> tuple[float, float]:
    """Draw a stream; return where its last box ends: middle and bottom."""
    heading = wrap(stream.heading, grid.room - 2 * PAD, BODY_BOLD)
    high = len(heading) * BODY_BOLD.leading + HEADING_PAD
    canvas.box(left, top, grid.room, high, fill=style.AMBER_PALE, edge=style.AMBER)
    canvas.lines(left + PAD, top + HEADING_PAD / 2, heading, BODY_BOLD)
    y, middle = top + high + 8, left + grid.main / 2
    bottom = y
    for level, step in enumerate(stream.steps):
        height = heights[level]
        if not step.main.lines:
            y += height + GAP
            continue
        if level:
            _arrow(canvas, (middle, bottom), (middle, y))
        _box(canvas, left, y, grid.main, height, step.main)
        if step.aside:
            across = left + grid.main
            _arrow(canvas, (across, y + height / 2), (across + BESIDE, y + height / 2))
            _box(canvas, across + BESIDE, y, grid.aside, height, step.aside)
        bottom = y + height
        y = bottom + GAP
    return middle, bottom


def _box(canvas: Canvas, left: float, top: float, width: float, height: float, box: FlowBox) -> None:
    canvas.box(left, top, width, height, fill=style.PAPER, edge=style.INK, key=box.key)
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
