"""The flow of records as PRISMA 2020 draws it (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
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
MAIN_SHARE = 0.5
"""Share of a stream for what goes on; the rest is for what is left out beside it."""

PHASE, PHASE_GAP = 13.0, 6.0
"""Width of the boxes that name the phases, and the space to the right of them, points."""

PREVIOUS_SHARE = 0.19
"""Share of the width for the studies of a previous version."""

PREVIOUS_HEADING = "Previous studies"
GREY, UNKNOWN = "#e6e6e6", "#f6f6f6"
"""Behind headings that need not be there, and behind what is not recorded."""

NEAR = 6.0
"""Space between the boxes of the syntheses, points."""


@dataclass(frozen=True)
class _Grid:
    """Where things stand from left to right, points; `previous` is 0 where there is no such column."""

    left: float
    right: float
    previous: float
    room: float
    main: float
    folded: bool

    @property
    def aside(self) -> float:
        """Width of what stands beside."""
        return self.room - BESIDE - self.main

    def stream(self, index: int) -> float:
        """Return the left edge of a stream."""
        before = self.previous + BETWEEN if self.previous else 0.0
        return self.left + before + index * (self.room + BETWEEN)


def draw_flow(plot: FlowPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw the flow of records: phases at the side, a column a stream, what is left out beside it.

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
    grid = _grid(plot, width)
    if grid.folded:
        plot = replace(plot, streams=tuple(_folded(stream) for stream in plot.streams))
    y = draw_head(canvas, plot.title, "", "")
    y = _headings(canvas, y, plot, grid)
    heights = _heights(plot, grid)
    tops = [y + sum(heights[:i]) + i * GAP for i in range(len(heights))]
    ends = [
        _stream(canvas, grid.stream(i), tops, grid, stream, heights) for i, stream in enumerate(plot.streams)
    ]
    top = tops[-1] + heights[-1] + GAP
    above = _previous(canvas, tops[0], heights[0], plot, grid)
    bottom = _included(canvas, plot, grid, top, ends, above)
    spans = [(t, t + h) for t, h in zip(tops, heights, strict=True)]
    _phases(canvas, plot.phases, [*spans, (top, bottom)])
    return canvas.finish(draw_tail(canvas, bottom + 4, (), plot.lines) + style.MARGIN)


def _grid(plot: FlowPlot, width: float) -> _Grid:
    left, right = style.MARGIN + PHASE + PHASE_GAP, width - style.MARGIN
    column = style.is_column(width)
    previous = PREVIOUS_SHARE * (right - left) if plot.previous and not column else 0.0
    count = len(plot.streams)
    free = right - left - (previous + BETWEEN if previous else 0.0) - BETWEEN * (count - 1)
    room, folded = free / count, column and count > 1
    return _Grid(left, right, previous, room, room if folded else MAIN_SHARE * (room - BESIDE), folded)


def _folded(stream: FlowStream) -> FlowStream:
    """Put what is left out into the box that it leaves, where there is no room beside it."""
    return replace(stream, steps=tuple(FlowStep(_with(s.main, s.aside)) for s in stream.steps))


def _with(main: FlowBox, aside: FlowBox | None) -> FlowBox:
    if aside is None:
        return main
    return replace(main, lines=(*main.lines, *aside.lines), bold=(*main.bold, len(main.lines)))


def _texts(box: FlowBox, width: float) -> list[tuple[str, Face]]:
    """Return the lines of a box as they are written in its width."""
    faces = [BODY_BOLD if index in box.bold else BODY for index in range(len(box.lines))]
    return [
        (line, face)
        for text, face in zip(box.lines, faces, strict=True)
        for line in wrap(text, width - 2 * PAD, face)
    ]


def _height(box: FlowBox, width: float) -> float:
    return len(_texts(box, width)) * BODY.leading + 2 * PAD


def _heights(plot: FlowPlot, grid: _Grid) -> list[float]:
    """Return the height of each level, the same in all streams; phases have room for their names."""
    levels = max(len(stream.steps) for stream in plot.streams)
    found = []
    for level in range(levels):
        steps = [s.steps[level] for s in plot.streams if level < len(s.steps)]
        found.append(max(_step_height(step, grid) for step in steps))
    if plot.previous and grid.previous:
        found[0] = max(found[0], _height(plot.previous, grid.previous))
    for phase, members in _phase_levels(plot.phases[:levels]):
        lacking = text_width(phase, BODY_BOLD) + 2 * PAD - sum(found[i] for i in members)
        if len(members) == 1 and lacking > 0:
            found[members[0]] += lacking
    return found


def _phase_levels(phases: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    for phase, members in groupby(range(len(phases)), key=lambda i: phases[i]):
        yield phase, list(members)


def _step_height(step: FlowStep, grid: _Grid) -> float:
    beside = _height(step.aside, grid.aside) if step.aside else 0.0
    return max(_height(step.main, _main_width(step, grid)), beside)


def _main_width(step: FlowStep, grid: _Grid) -> float:
    """Return the width of a box: where nothing is recorded it takes the whole stream."""
    return grid.room if step.main.missing and step.aside is None else grid.main


def _headings(canvas: Canvas, top: float, plot: FlowPlot, grid: _Grid) -> float:
    """Draw what stands above each column; return the y of the first level."""
    columns = [(grid.stream(i), grid.room, s.heading, s.primary) for i, s in enumerate(plot.streams)]
    if grid.previous:
        columns.append((grid.left, grid.previous, PREVIOUS_HEADING, False))
    wrapped = [wrap(text, room - 2 * PAD, BODY_BOLD) for _, room, text, _ in columns]
    high = max(len(lines) for lines in wrapped) * BODY_BOLD.leading + HEADING_PAD
    for (left, room, _, primary), lines in zip(columns, wrapped, strict=True):
        fill, edge = (style.AMBER_PALE, style.AMBER) if primary else (GREY, style.RULE)
        canvas.box(left, top, room, high, fill=fill, edge=edge)
        y = top + (high - len(lines) * BODY_BOLD.leading) / 2
        canvas.lines(left + room / 2, y, lines, BODY_BOLD, align="center")
    return top + high + 8


def _phases(canvas: Canvas, phases: Sequence[str], spans: Sequence[tuple[float, float]]) -> None:
    """Draw the names of the phases, turned, beside the levels that belong to them."""
    for phase, members in _phase_levels(phases):
        top, bottom = spans[members[0]][0], spans[members[-1]][1]
        canvas.box(style.MARGIN, top, PHASE, bottom - top, fill=style.LIGHT_BLUE, edge=style.BLUE)
        canvas.turned(style.MARGIN + PHASE / 2, (top + bottom) / 2, phase, BODY_BOLD)


def _stream(
    canvas: Canvas,
    left: float,
    tops: Sequence[float],
    grid: _Grid,
    stream: FlowStream,
    heights: Sequence[float],
) -> tuple[float, float]:
    """Draw a stream; return where its last box ends: middle and bottom."""
    middle, bottom = left + grid.main / 2, 0.0
    for step, top, height in zip(stream.steps, tops, heights, strict=False):
        if not step.main.lines:
            continue
        if bottom:
            _arrow(canvas, (middle, bottom), (middle, top))
        _box(canvas, left, top, _main_width(step, grid), height, step.main)
        if step.aside:
            across = left + grid.main
            _arrow(canvas, (across, top + height / 2), (across + BESIDE, top + height / 2))
            _box(canvas, across + BESIDE, top, grid.aside, height, step.aside)
        bottom = top + height
    return middle, bottom


def _previous(
    canvas: Canvas, top: float, height: float, plot: FlowPlot, grid: _Grid
) -> tuple[float, float] | None:
    """Draw the studies of a previous version in their column; return where the box ends."""
    if plot.previous is None or not grid.previous:
        return None
    _box(canvas, grid.left, top, grid.previous, height, plot.previous)
    return grid.left + grid.previous / 2, top + height


def _included(
    canvas: Canvas,
    plot: FlowPlot,
    grid: _Grid,
    y: float,
    ends: Sequence[tuple[float, float]],
    above: tuple[float, float] | None,
) -> float:
    """Draw what is included, the total of an updated review, and the syntheses; return the y below."""
    left = grid.stream(0)
    beside = plot.previous if plot.previous and above is None else None
    width = (grid.right - left - BESIDE) / 2 if beside else grid.right - left if grid.folded else grid.main
    boxes = [(left, width, plot.included)]
    if beside:
        boxes.append((left + width + BESIDE, width, beside))
    height = max(_height(box, wide) for _, wide, box in boxes)
    for x, wide, box in boxes:
        _box(canvas, x, y, wide, height, box)
    _join(canvas, ends, y, (left + width, y + height / 2), grid)
    bottom, middle = y + height, ends[0][0]
    if plot.total is not None:
        top = bottom + GAP
        wide = grid.right - left if beside else width
        high = _height(plot.total, wide)
        for x, box_width, _ in boxes:
            start = middle if x == left else x + box_width / 2
            _arrow(canvas, (start, bottom), (start, top))
        _box(canvas, left, top, wide, high, plot.total)
        if above is not None:
            canvas.line((above[0], above[0], left - ARROW), (above[1], top + high / 2, top + high / 2),
                        colour=style.INK, width=0.7)  # fmt: skip
            _arrow(canvas, (left - ARROW, top + high / 2), (left, top + high / 2))
        bottom = top + high
    return _syntheses(canvas, plot.syntheses, grid, (middle, bottom))


def _join(
    canvas: Canvas,
    ends: Sequence[tuple[float, float]],
    y: float,
    side: tuple[float, float],
    grid: _Grid,
) -> None:
    """Lead the streams to what is included: the first from above, others from the right if there is room."""
    middle, bottom = ends[0]
    _arrow(canvas, (middle, bottom), (middle, y))
    for x, end in ends[1:]:
        if grid.folded:
            canvas.line((x, x, middle), (end, y - GAP / 2, y - GAP / 2), colour=style.INK, width=0.7)
            continue
        canvas.line((x, x, side[0] + ARROW), (end, side[1], side[1]), colour=style.INK, width=0.7)
        _arrow(canvas, (side[0] + ARROW, side[1]), side)


def _syntheses(canvas: Canvas, boxes: Sequence[FlowBox], grid: _Grid, start: tuple[float, float]) -> float:
    """Draw what becomes of the studies in boxes side by side; return the y below them."""
    across = 2 if style.is_column(canvas.width) else len(boxes)
    near = BETWEEN if style.is_column(canvas.width) else NEAR
    width = (grid.right - grid.left - (across - 1) * near) / across
    lefts = [grid.left + i * (width + near) for i in range(across)]
    (x, bottom), rail = start, start[1] + GAP / 2
    middles = [x if left < x < left + width else left + width / 2 for left in lefts]
    canvas.line((x, x), (bottom, rail), colour=style.INK, width=0.7)
    ends = [*middles, x]
    canvas.line((min(ends), max(ends)), (rail, rail), colour=style.INK, width=0.7)
    for middle in middles:
        _arrow(canvas, (middle, rail), (middle, rail + GAP / 2 + 2))
    y = rail + GAP / 2 + 2
    for row in (boxes[i : i + across] for i in range(0, len(boxes), across)):
        height = max(_height(box, width) for box in row)
        for left, box in zip(lefts, row, strict=False):
            _box(canvas, left, y, width, height, box)
        y += height + NEAR
    return y - NEAR


def _box(canvas: Canvas, left: float, top: float, width: float, height: float, box: FlowBox) -> None:
    """Draw a box; its edge is dashed where nothing is recorded."""
    edge = None if box.missing else style.INK
    canvas.box(left, top, width, height, fill=UNKNOWN if box.missing else style.PAPER, edge=edge, key=box.key)
    if box.missing:
        right, bottom = left + width, top + height
        around = ((left, right, right, left, left), (top, top, bottom, bottom, top))
        canvas.line(*around, colour=style.SOFT, width=0.7, dash=(3.0, 2.0))
    y = top + (height - _height(box, width)) / 2 + PAD
    for text, face in _texts(box, width):
        y = canvas.lines(left + PAD, y, (text,), face)


def _arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow straight down, right or left."""
    canvas.line((start[0], end[0]), (start[1], end[1]), colour=style.INK, width=0.7)
    (x, y), half = end, ARROW / 2
    if start[0] == end[0]:
        head = [(x, y), (x - half, y - ARROW), (x + half, y - ARROW)]
    else:
        back = x - ARROW if end[0] > start[0] else x + ARROW
        head = [(x, y), (back, y - half), (back, y + half)]
    canvas.shape(head, fill=style.INK)
