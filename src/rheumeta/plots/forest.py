"""The forest plot: studies with their raw numbers, effects, weights and pooled results.

Squares have areas in proportion to the weights, lines are the confidence intervals, diamonds are
pooled results (Lewis and Clarke 2001, "Forest plots: trying to see the wood and the trees", BMJ
322:1479). The prediction interval is a bar below the diamond (Riley, Higgins and Deeks 2011, BMJ
342:d549). Intervals that leave the axis end in an arrow.
"""

from __future__ import annotations

import math
from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Align, Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.forest_axis import draw_axis_below, draw_line_key, draw_references, side_heads
from rheumeta.plots.forest_dots import draw_dot_heads, draw_dot_key, draw_dots
from rheumeta.plots.forest_house import house_of, interval_heading, prediction_label
from rheumeta.plots.forest_layout import (
    COMPACT_GAP,
    GAP,
    GAP_CLOSE,
    Place,
    all_rows,
    arrange,
    below_lines,
    block_width,
    groups,
    indent,
    label_lines,
    texts,
)
from rheumeta.plots.forest_pen import Pen, forest_axis
from rheumeta.plots.forest_slim import slim
from rheumeta.plots.furniture import draw_head, draw_tail
from rheumeta.plots.records import ForestBlock, ForestPlot, ForestRow, ForestTotal, Span

SQUARE_MAX, SQUARE_COMPACT, SQUARE_MIN = 9.0, 6.5, 2.2
"""Side of the square of the heaviest study, the same in one column of a page, and the least side, points."""

SQUARE_ALONE = 6.0
"""Side where studies have no weights, points."""

DIAMOND = 8.0
"""Height of a diamond, points."""

ARROW = 4.0

NAME_LINES = 2
"""Most lines of a name beside its numbers in one column of a page, where no raw numbers stand below it."""

GROUP_GAP = 2.6
"""Space between a heading over several columns and theirs, with a rule in it, points."""


def draw_forest(plot: ForestPlot, *, whole: ForestPlot | None = None, width: float = style.WIDTH) -> Figure:
    """Draw a forest plot.

    Parameters
    ----------
    plot : ForestPlot
        At least one study; effects on the display scale.
    whole : ForestPlot, optional
        The plot of which this is a page: it gives the axis and the columns.
    width : float
        Width of the figure in points; one column wide it takes the compact layout.

    Returns
    -------
    Figure
        180 mm wide (compact: 85 mm), as high as its rows need.
    """
    if plot.layout == "compact" or plot.narrow or style.is_column(width):
        plot, whole, width = slim(plot), slim(whole or plot), style.COLUMN_WIDTH
    whole = whole or plot
    layout = arrange(whole, width=width)
    canvas = Canvas(width=max(layout.right + style.MARGIN, width))
    pen = Pen(plot, whole, canvas, layout, forest_axis(whole, layout), texts(whole))
    y = draw_head(canvas, plot.title, plot.subtitle, plot.caution)
    y = _headings(pen, y)
    top = y
    for block in plot.blocks:
        y = _block(pen, y, block)
    if plot.totals:
        y = _rule(pen, y + 1, style.RULE)
        y = _totals(pen, y, plot.totals)
    y += 3
    draw_references(pen, top, y)
    y = _results(pen, y)
    notes = (plot.below_note, *plot.footnotes) if layout.below and plot.below_note else plot.footnotes
    y = draw_tail(canvas, y, (), notes, layout.small)
    y = draw_dot_key(canvas, y, plot, layout)
    return canvas.finish(y + style.MARGIN)


def _results(pen: Pen, y: float) -> float:
    """Draw the axis and the sentences of the results: below it, or left of it where the plot stands last."""
    face, layout = replace(pen.layout.face, bold=False), pen.layout
    beside = house_of(pen.plot).beside_axis and not layout.compact
    room = block_width(layout) if beside else pen.canvas.width - 2 * style.MARGIN
    top, y = y, draw_axis_below(pen, y)
    if not beside:
        top = y = draw_line_key(pen, y + 2) + 4
    for line in pen.plot.lines:
        top = pen.canvas.paragraph(style.MARGIN, top, line, room, face) + 1
    return draw_line_key(pen, max(top, y) + 2) + 2 if beside else max(top, y)


def _headings(pen: Pen, y: float) -> float:
    """Draw the headings of the columns and the rule below them."""
    plot, layout, bold = pen.plot, pen.layout, pen.layout.bold
    lower = [(wrap(text, place.width, bold), place, align) for text, place, align in _single_heads(pen)]
    upper = []
    for text, place in groups(plot, layout):
        under = max(
            len(lines) for lines, own, _ in lower if place.left <= own.left and own.right <= place.right
        )
        upper.append((wrap(text, place.width, bold), place, under * bold.leading + GROUP_GAP))
    over = _effect_heads(pen)
    stack = max(len(lines) for lines, *_ in [*lower, *over])
    stack = max(stack, 2) if layout.dots else stack
    high = max([below + len(lines) * bold.leading for lines, _, below in upper] + [stack * bold.leading])
    bottom = y + high
    for lines, place, below in upper:
        top = bottom - below - len(lines) * bold.leading
        rule = pen.canvas.lines(place.middle, top, lines, bold, align="center") + 0.5 * GROUP_GAP
        pen.canvas.line((place.left, place.right), (rule, rule), colour=style.RULE, width=0.5)
    for lines, x, align in [(lines, _edge(place, align), align) for lines, place, align in lower] + over:
        pen.canvas.lines(x, bottom - len(lines) * bold.leading, lines, bold, align=align)
    draw_dot_heads(pen.canvas, plot, layout, bottom)
    return _rule(pen, bottom + 1.5, style.INK)


def _edge(place: Place, align: Align) -> float:
    return place.left if align == "left" else place.right


def _single_heads(pen: Pen) -> list[tuple[str, Place, Align]]:
    """Return the headings of single columns with their places."""
    plot, layout = pen.plot, pen.layout
    found: list[tuple[str, Place, Align]] = [(plot.study_heading, layout.label, "left")]
    found += [(plot.columns[i].heading, place, "right") for i, place in layout.cells]
    alone = len(layout.weights) == 1
    weights = [(house_of(plot).weight if alone else kind, place) for kind, place in layout.weights]
    return found + [(text, place, "right") for text, place in weights]


def _effect_heads(pen: Pen) -> list[tuple[tuple[str, ...], float, Align]]:
    """Return the lines that name effect and method above their column, and above the plot where that is usual."""
    plot, layout = pen.plot, pen.layout

    def lines(width: float) -> tuple[str, ...]:
        words = (plot.effect_heading, interval_heading(plot))
        return tuple(line for text in words for line in wrap(text, width, layout.bold))

    found: list[tuple[tuple[str, ...], float, Align]] = [
        (lines(layout.effect.width), layout.effect.right, "right")
    ]
    if house_of(plot).over_plot and not layout.compact:
        found.append((lines(layout.plot.width), layout.plot.middle, "center"))
    return found + side_heads(pen)


def _rule(pen: Pen, y: float, colour: str) -> float:
    pen.canvas.line((style.MARGIN, pen.canvas.width - style.MARGIN), (y, y), colour=colour, width=0.6)
    return y + 3


def _block(pen: Pen, y: float, block: ForestBlock) -> float:
    if block.heading:
        y = _sentence(pen, y + 2, block.heading, 0.0, pen.layout.bold) + 2
    for row in block.rows:
        y = _study(pen, y, row)
    y = _totals(pen, y, block.totals)
    for line in block.lines:
        y = _sentence(pen, y, line, indent(pen.plot), pen.layout.small)
    return y + (4 if block.heading else 0)


def _sentence(pen: Pen, y: float, text: str, moved: float, face: Face) -> float:
    """Write a heading or a sentence of a block; where it runs over the plot, the lines there are broken."""
    left, room = pen.layout.label.left + moved, block_width(pen.layout) - moved
    lines = wrap(text, room, face)
    if pen.layout.compact:
        width = max(text_width(line, face) for line in lines)
        pen.canvas.box(left - 2, y, width + 4, len(lines) * face.leading, fill=style.PAPER, order=2)
    return pen.canvas.lines(left, y, lines, face)


def _study(pen: Pen, y: float, row: ForestRow) -> float:
    layout, left = pen.layout, pen.layout.label.left + indent(pen.plot)
    below = below_lines(pen.plot, layout, row.below) if layout.below else ()
    lines = label_lines(pen.plot, layout, row)
    if _stands_over(pen, lines, below):
        y = (
            _sentence(pen, y + pen.pad / 2, row.label + row.marks, indent(pen.plot), layout.face)
            - pen.pad / 2
        )
        lines = ()
    text = len(lines) * layout.face.leading + len(below) * layout.small.leading
    height = max(text, layout.face.leading) + pen.pad
    bottom = pen.canvas.lines(left, y + pen.pad / 2, lines, layout.face)
    pen.canvas.lines(left, bottom, below, layout.small)
    middle = y + height / 2
    _numbers(pen, middle, row, pen.layout.face)
    _interval(pen, middle, row.effect, colour=style.INK, width=0.9)
    _square(pen, middle, row)
    draw_dots(pen.canvas, pen.plot, pen.layout, middle, row)
    return y + height


def _stands_over(pen: Pen, lines: tuple[str, ...], below: tuple[str, ...]) -> bool:
    """Return whether a name stands over its row: in one column if raw numbers are below it, or it is long."""
    return pen.layout.compact and (bool(below) or len(lines) > NAME_LINES)


def _numbers(pen: Pen, middle: float, item: ForestRow | ForestTotal, face: Face) -> None:
    """Write the cells, the effect and the weights of a row around its middle line."""
    y = middle - face.leading / 2 + baseline(face)
    for index, place in pen.layout.cells:
        if item.cells:
            pen.canvas.text(place.right, y, item.cells[index], face, align="right")
    _effect_text(pen, y, item.effect, face)
    for kind, place in pen.layout.weights:
        value = item.weight if kind == "random" else item.weight_common
        pen.canvas.text(place.right, y, pen.form.weight(value), face, align="right")


def _effect_text(pen: Pen, y: float, span: Span, face: Face) -> None:
    layout = pen.layout
    right = layout.effect.right if span.estimate is None else layout.estimate_right
    if span.estimate is not None or span.lower is None:
        pen.canvas.text(right, y, pen.form.estimate(span), face, align="right")
    _interval_text(pen, y, span, face)


def _interval_text(pen: Pen, y: float, span: Span, face: Face) -> None:
    """Write an interval so that all end at one place, or a space behind the estimates."""
    words, layout = pen.form.interval(span), pen.layout
    if house_of(pen.plot).close:
        pen.canvas.text(layout.estimate_right + GAP_CLOSE, y, words, face)
    else:
        pen.canvas.text(layout.effect.right, y, words, face, align="right")


def _interval(pen: Pen, y: float, span: Span, *, colour: str, width: float) -> None:
    """Draw an interval, with an arrow at each end that leaves the axis."""
    if span.lower is None and span.upper is None:
        return
    axis = pen.axis
    lower = -math.inf if span.lower is None else span.lower
    upper = math.inf if span.upper is None else span.upper
    if upper < axis.low or lower > axis.high:
        lower = upper = axis.clip(lower)
    ends = (axis.at(axis.clip(lower)), axis.at(axis.clip(upper)))
    pen.canvas.line(ends, (y, y), colour=colour, width=width, order=4.5)
    outside = 1e-9 * (axis.high - axis.low)
    if span.lower is not None and span.lower < axis.low - outside:
        _arrow(pen, axis.start, y, -axis.side, colour)
    if span.upper is not None and span.upper > axis.high + outside:
        _arrow(pen, axis.end, y, axis.side, colour)


def _arrow(pen: Pen, x: float, y: float, side: int, colour: str) -> None:
    tip, half = x + side * (ARROW + 1), ARROW / 2
    pen.canvas.shape([(tip, y), (x, y - half), (x, y + half)], fill=colour, order=4.6)


def _square(pen: Pen, y: float, row: ForestRow) -> None:
    value = row.effect.estimate
    if value is None or not pen.axis.low <= value <= pen.axis.high:
        return
    heaviest = max((r.weight or 0.0 for r in all_rows(pen.whole)), default=0.0)
    side = SQUARE_ALONE
    if heaviest > 0 and row.weight is not None:
        largest = SQUARE_COMPACT if pen.layout.compact else SQUARE_MAX
        side = max(largest * math.sqrt(row.weight / heaviest), SQUARE_MIN)
    x, half = pen.axis.at(value), side / 2
    corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    pen.canvas.shape(corners, fill=style.BLUE, order=4, key=row.key)


def _totals(pen: Pen, y: float, totals: tuple[ForestTotal, ...]) -> float:
    for total in totals:
        y = _total(pen, y, total)
    return y


def _total(pen: Pen, y: float, total: ForestTotal) -> float:
    layout = pen.layout
    beside = layout.compact or (total.cells and layout.cells)
    place = layout.label if beside else Place(layout.label.left, layout.free_right)
    lines = wrap(total.label, place.width, layout.bold)
    below = below_lines(pen.plot, layout, total.below) if layout.below else ()
    if _stands_over(pen, lines, below):
        y, lines = _sentence(pen, y + pen.pad / 2, total.label, 0.0, layout.bold) - pen.pad / 2, ()
    text = len(lines) * layout.bold.leading + len(below) * layout.small.leading
    height = max(text + pen.pad, DIAMOND + 3)
    bottom = pen.canvas.lines(place.left, y + (height - text) / 2, lines, layout.bold)
    pen.canvas.lines(place.left, bottom, below, layout.small)
    _numbers(pen, y + height / 2, total, layout.bold)
    _diamond(pen, y + height / 2, total)
    y = _sums(pen, y + height, total)
    return _prediction(pen, y, total.prediction) if total.prediction is not None else y


def _sums(pen: Pen, y: float, total: ForestTotal) -> float:
    """Write rows of sums below a pooled result."""
    face = pen.layout.face
    for row in total.sums:
        pen.canvas.text(pen.layout.label.left, y + baseline(face), row.label, face)
        for index, place in pen.layout.cells:
            pen.canvas.text(place.right, y + baseline(face), row.cells[index], face, align="right")
        y += face.leading + pen.pad / 2
    return y


def _diamond(pen: Pen, y: float, total: ForestTotal) -> None:
    span, axis = total.effect, pen.axis
    if span.estimate is None or span.lower is None or span.upper is None:
        return
    left, right = axis.at(axis.clip(span.lower)), axis.at(axis.clip(span.upper))
    middle, half = axis.at(axis.clip(span.estimate)), DIAMOND / 2
    fill = style.POOLED["common" if house_of(pen.plot).pale else total.kind].colour
    points = [(left, y), (middle, y - half), (right, y), (middle, y + half)]
    pen.canvas.shape(points, fill=fill, edge=style.BLUE, order=4, key=total.key)
    if span.lower < axis.low:
        _arrow(pen, axis.start, y, -axis.side, style.BLUE)
    if span.upper > axis.high:
        _arrow(pen, axis.end, y, axis.side, style.BLUE)


def _prediction(pen: Pen, y: float, span: Span) -> float:
    face, layout, label = pen.layout.face, pen.layout, prediction_label(pen.plot)
    lines = wrap(label, _left_of_interval(pen, span, face), face)
    if layout.compact and len(lines) > 1:
        y, lines = _sentence(pen, y, label, 0.0, face), ()
    pen.canvas.lines(layout.label.left, y, lines, face)
    high = max(len(lines), 1) * face.leading
    height, middle = high + pen.pad / 2, y + high / 2
    text_y = middle - face.leading / 2 + baseline(face)
    _interval_text(pen, text_y, span, face)
    _interval(pen, middle, span, colour=style.LINES["prediction"].colour, width=3.0)
    return y + height


def _left_of_interval(pen: Pen, span: Span, face: Face) -> float:
    """Return the room that a row without raw numbers, estimate and weight leaves for its name."""
    layout = pen.layout
    printed = layout.effect.right - text_width(pen.form.interval(span), face)
    printed = min(printed, layout.estimate_right) if house_of(pen.plot).close else printed
    gap = COMPACT_GAP if layout.compact else GAP
    return max(min(layout.plot.left, printed) - gap - layout.label.left, layout.label.width)
