"""The forest plot: studies with their raw numbers, effects, weights and pooled results.

Squares have areas in proportion to the weights, lines are the confidence intervals, diamonds are
pooled results (Lewis and Clarke 2001, "Forest plots: trying to see the wood and the trees", BMJ
322:1479). The prediction interval is a bar below the diamond (Riley, Higgins and Deeks 2011, BMJ
342:d549). Intervals that leave the axis end in an arrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.axis import Axis, choose_range, draw_axis, make_axis
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.forest_dots import draw_dot_heads, draw_dot_key, draw_dots
from rheumeta.plots.forest_layout import (
    Layout,
    Place,
    Texts,
    all_effects,
    all_rows,
    all_totals,
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
from rheumeta.plots.furniture import draw_head, draw_tail
from rheumeta.plots.records import ForestBlock, ForestPlot, ForestRow, ForestTotal, Span

ROW_PAD, ROW_PAD_MANY, MANY = 3.4, 1.6, 30
"""Space between rows, points; the second from so many studies on, to keep the plot on one page."""

SQUARE_MAX, SQUARE_MIN = 9.0, 2.2
"""Side of the square of the heaviest study, and the least side, points."""

SQUARE_ALONE = 6.0
"""Side where studies have no weights, points."""

DIAMOND = 8.0
"""Height of a diamond, points."""

ARROW = 4.0
SIDE_LEAST = 45.0
"""Least room for what a side of no effect means, points."""


@dataclass
class Pen:
    """What the drawing functions share."""

    plot: ForestPlot
    whole: ForestPlot  # all pages together
    canvas: Canvas
    layout: Layout
    axis: Axis
    form: Texts

    @property
    def pad(self) -> float:
        """Space between rows, points."""
        return ROW_PAD if len(all_rows(self.whole)) <= MANY else ROW_PAD_MANY


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
    pen = Pen(plot, whole, canvas, layout, _axis(whole, layout), texts(whole))
    y = draw_head(canvas, plot.title, plot.subtitle, plot.caution)
    y = _headings(pen, y)
    top = y
    for block in plot.blocks:
        y = _block(pen, y, block)
    if plot.totals:
        y = _rule(pen, y + 1, style.RULE)
        y = _totals(pen, y, plot.totals)
    y += 3
    _references(pen, top, y)
    y = _below_axis(pen, y)
    y = draw_tail(canvas, y, plot.lines, plot.footnotes)
    y = draw_dot_key(canvas, y, plot, layout)
    return canvas.finish(y + style.MARGIN)


def _axis(plot: ForestPlot, layout: Layout) -> Axis:
    studies = [row.effect for row in all_rows(plot)]
    spans = all_effects(plot)
    core = [span.estimate for span in spans]
    if plot.null is None and plot.bounds is not None:
        core.append(plot.bounds[0])
    spans += [t.prediction for t in all_totals(plot) if t.prediction is not None]
    if plot.benchmark is not None:
        core.append(plot.benchmark.span.estimate)
        spans.append(plot.benchmark.span)
    limits = choose_range(core, spans, scale=plot.scale, typical=studies, null=plot.null, bounds=plot.bounds)
    return make_axis(
        limits,
        (layout.plot.left, layout.plot.right),
        scale=plot.scale,
        face=layout.face,
        null=plot.null,
        reverse=plot.reverse,
    )


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
    draw_dots(pen.canvas, pen.layout, middle, row)
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
    fill = style.BLUE if total.kind == "random" else style.LIGHT_BLUE
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
    _interval(pen, middle, span, colour=style.VERMILION, width=3.0)
    return y + height


def _references(pen: Pen, top: float, bottom: float) -> None:
    """Draw what lies behind the studies: the null, differences that matter, another review."""
    plot, axis, canvas = pen.plot, pen.axis, pen.canvas
    top -= 3
    if plot.benchmark is not None:
        span = plot.benchmark.span
        if span.lower is not None and span.upper is not None:
            left, right = sorted((axis.at(axis.clip(span.lower)), axis.at(axis.clip(span.upper))))
            canvas.box(left, top, right - left, bottom - top, fill=style.AMBER_PALE, order=0.5)
        _vertical(pen, span.estimate, top, bottom, style.AMBER, (1.5, 1.5))
    for value in plot.mid:
        _vertical(pen, value, top, bottom, style.GREEN, (4, 2))
    if plot.null is not None:
        _vertical(pen, plot.null, top, bottom, style.INK, None)
    for total in pen.whole.totals:
        if total.kind == "random":
            _vertical(pen, total.effect.estimate, top, bottom, style.BLUE, (1, 2))


def _vertical(
    pen: Pen, value: float | None, top: float, bottom: float, colour: str, dash: tuple[float, ...] | None
) -> None:
    if value is not None and pen.axis.low <= value <= pen.axis.high:
        x = pen.axis.at(value)
        pen.canvas.line((x, x), (top, bottom), colour=colour, width=0.7, dash=dash, order=1)


def _below_axis(pen: Pen, y: float) -> float:
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
        entries.append(("benchmark", plot.benchmark.label))
    if plot.mid and plot.mid_label:
        entries.append(("mid", plot.mid_label))
    for kind, label in entries:
        middle = y + face.leading / 2
        if kind == "benchmark":
            canvas.box(left, middle - 3, sample, 6, fill=style.AMBER_PALE)
            canvas.line(
                (left + sample / 2,) * 2, (middle - 3, middle + 3), colour=style.AMBER, dash=(1.5, 1.5)
            )
        else:
            canvas.line((left, left + sample), (middle, middle), colour=style.GREEN, dash=(4, 2))
        y = canvas.paragraph(left + sample + 5, y, label, canvas.width - 2 * style.MARGIN - sample - 5, face)
    return y
