"""The forest plot: studies with their raw numbers, effects, weights and pooled results.

Squares have areas in proportion to the weights, lines are the confidence intervals, diamonds are
pooled results (Lewis and Clarke 2001, "Forest plots: trying to see the wood and the trees", BMJ
322:1479). The prediction interval is a bar below the diamond (Riley, Higgins and Deeks 2011, BMJ
342:d549). Intervals that leave the axis end in an arrow.
"""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.forest_axis import draw_below, draw_references
from rheumeta.plots.forest_dots import draw_dot_heads, draw_dot_key, draw_dots
from rheumeta.plots.forest_layout import (
    Place,
    all_rows,
    arrange,
    block_width,
    groups,
    indent,
    interval_heading,
    label_lines,
    prediction_label,
    slim,
    texts,
    weight_text,
)
from rheumeta.plots.forest_pen import Pen, forest_axis
from rheumeta.plots.furniture import draw_head, draw_tail
from rheumeta.plots.records import ForestBlock, ForestPlot, ForestRow, ForestTotal, Span

SQUARE_MAX, SQUARE_MIN = 9.0, 2.2
"""Side of the square of the heaviest study, and the least side, points."""

SQUARE_ALONE = 6.0
"""Side where studies have no weights, points."""

DIAMOND = 8.0
"""Height of a diamond, points."""

ARROW = 4.0


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
    if plot.layout == "compact" or style.is_column(width):
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
    y = draw_below(pen, y)
    y = draw_tail(canvas, y, plot.lines, plot.footnotes)
    y = draw_dot_key(canvas, y, plot, layout)
    return canvas.finish(y + style.MARGIN)


def _headings(pen: Pen, y: float) -> float:
    """Draw the headings of the columns and the rule below them."""
    plot, layout, bold = pen.plot, pen.layout, pen.layout.bold
    singles: list[tuple[str, Place, str]] = [("Study", layout.label, "left")]
    singles += [(plot.columns[i].heading, place, "right") for i, place in layout.cells]
    names = {"random": "random", "common": "common"} if len(layout.weights) > 1 else {"random": "Weight"}
    singles += [(names[kind], place, "right") for kind, place in layout.weights]
    upper = [(wrap(text, place.width, bold), place) for text, place in groups(plot, layout)]
    effect = wrap(plot.effect_heading, layout.effect.width, bold)
    lower = [(wrap(text, place.width, bold), place, align) for text, place, align in singles]
    deep = max(len(lines) for lines, _, _ in lower)
    stack = len(effect) + 1 if not layout.dots else max(len(effect) + 1, 2)
    high = max([len(lines) for lines, _ in upper] + [stack - deep], default=0)
    middle = y + high * bold.leading + (2.5 if upper else 0)
    for lines, place in upper:
        pen.canvas.lines(place.middle, middle - 2.5 - len(lines) * bold.leading, lines, bold, align="center")
        pen.canvas.line((place.left, place.right), (middle - 1.2, middle - 1.2), colour=style.RULE, width=0.5)
    bottom = middle + deep * bold.leading
    for lines, place, align in lower:
        x = place.left if align == "left" else place.right
        pen.canvas.lines(x, bottom - len(lines) * bold.leading, lines, bold, align=align)  # type: ignore[arg-type]
    words = (*effect, interval_heading(plot))
    pen.canvas.lines(layout.effect.right, bottom - len(words) * bold.leading, words, bold, align="right")
    draw_dot_heads(pen.canvas, plot, layout, bottom)
    return _rule(pen, bottom + 1.5, style.INK)


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
    lines = label_lines(pen.plot, pen.layout, row)
    height = len(lines) * pen.layout.face.leading + pen.pad
    pen.canvas.lines(pen.layout.label.left + indent(pen.plot), y + pen.pad / 2, lines, pen.layout.face)
    middle = y + height / 2
    _numbers(pen, middle, row, pen.layout.face)
    _interval(pen, middle, row.effect, colour=style.INK, width=0.9)
    _square(pen, middle, row)
    draw_dots(pen.canvas, pen.plot, pen.layout, middle, row)
    return y + height


def _numbers(pen: Pen, middle: float, item: ForestRow | ForestTotal, face: Face) -> None:
    """Write the cells, the effect and the weights of a row around its middle line."""
    y = middle - face.leading / 2 + baseline(face)
    for index, place in pen.layout.cells:
        if item.cells:
            pen.canvas.text(place.right, y, item.cells[index], face, align="right")
    _effect_text(pen, y, item.effect, face)
    for kind, place in pen.layout.weights:
        value = item.weight if kind == "random" else item.weight_common
        pen.canvas.text(place.right, y, weight_text(value), face, align="right")


def _effect_text(pen: Pen, y: float, span: Span, face: Face) -> None:
    layout = pen.layout
    right = layout.effect.right if span.estimate is None else layout.estimate_right
    if span.estimate is not None or span.lower is None:
        pen.canvas.text(right, y, pen.form.estimate(span), face, align="right")
    pen.canvas.text(layout.effect.right, y, pen.form.interval(span), face, align="right")


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
        side = max(SQUARE_MAX * math.sqrt(row.weight / heaviest), SQUARE_MIN)
    x, half = pen.axis.at(value), side / 2
    corners = [(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)]
    pen.canvas.shape(corners, fill=style.BLUE, order=4, key=row.key)


def _totals(pen: Pen, y: float, totals: tuple[ForestTotal, ...]) -> float:
    for total in totals:
        y = _total(pen, y, total)
    return y


def _total(pen: Pen, y: float, total: ForestTotal) -> float:
    layout = pen.layout
    place = layout.label if total.cells and layout.cells else Place(layout.label.left, layout.free_right)
    lines = wrap(total.label, place.width, layout.bold)
    height = max(len(lines) * layout.bold.leading + pen.pad, DIAMOND + 3)
    top = y + (height - len(lines) * layout.bold.leading) / 2
    pen.canvas.lines(place.left, top, lines, layout.bold)
    _numbers(pen, y + height / 2, total, layout.bold)
    _diamond(pen, y + height / 2, total)
    y += height
    return _prediction(pen, y, total.prediction) if total.prediction is not None else y


def _diamond(pen: Pen, y: float, total: ForestTotal) -> None:
    span, axis = total.effect, pen.axis
    if span.estimate is None or span.lower is None or span.upper is None:
        return
    left, right = axis.at(axis.clip(span.lower)), axis.at(axis.clip(span.upper))
    middle, half = axis.at(axis.clip(span.estimate)), DIAMOND / 2
    fill = style.POOLED[total.kind].colour
    points = [(left, y), (middle, y - half), (right, y), (middle, y + half)]
    pen.canvas.shape(points, fill=fill, edge=style.BLUE, order=4, key=total.key)
    if span.lower < axis.low:
        _arrow(pen, axis.start, y, -axis.side, style.BLUE)
    if span.upper > axis.high:
        _arrow(pen, axis.end, y, axis.side, style.BLUE)


def _prediction(pen: Pen, y: float, span: Span) -> float:
    face, layout = pen.layout.face, pen.layout
    lines = wrap(prediction_label(pen.plot), layout.label.width, face)
    pen.canvas.lines(layout.label.left, y, lines, face)
    height = len(lines) * face.leading + pen.pad / 2
    middle = y + len(lines) * face.leading / 2
    text_y = middle - face.leading / 2 + baseline(face)
    pen.canvas.text(layout.effect.right, text_y, pen.form.interval(span), face, align="right")
    _interval(pen, middle, span, colour=style.LINES["prediction"].colour, width=3.0)
    return y + height
