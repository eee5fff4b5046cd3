"""Columns of dots: one row a study, one column a measure, each with its own axis."""

from __future__ import annotations

import math
from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.axis import draw_axis, make_axis
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
from rheumeta.plots.chart_records import Strip, StripPlot
from rheumeta.plots.furniture import BODY, BODY_BOLD, draw_head, draw_tail

ROW = 12.0
GAP = 9.0
RADIUS = 2.3
LABEL_SHARE = 0.26
COLUMN_LEAST = 44.0
"""Least width of a column, points; where there is no room columns stand below each other."""

TICKS = Face(style.SIZE_LEGIBLE)
HEAD = Face(style.SIZE_SMALL, bold=True)


def draw_strips(plot: StripPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw columns of dots beside the names of the studies.

    Parameters
    ----------
    plot : StripPlot
        At least one column; each has a value a study, None where there is none.

    Returns
    -------
    Figure
        `width` points wide, as high as its rows need.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, plot.subtitle, plot.caution)
    for part in _bands(plot, canvas):
        y = _band(canvas, part, y) + 6
    return canvas.finish(draw_tail(canvas, y - 6, plot.lines, plot.notes) + style.MARGIN)


def _name_room(plot: StripPlot, canvas: Canvas) -> float:
    room = canvas.width - 2 * style.MARGIN
    return min(max(text_width(label, BODY_BOLD) for label in plot.labels) + 8, LABEL_SHARE * room)


def _bands(plot: StripPlot, canvas: Canvas) -> list[StripPlot]:
    """Share the columns among as few bands, one below the other, as leave each column its least width."""
    free = canvas.width - 2 * style.MARGIN - _name_room(plot, canvas)
    fit = max(int((free + GAP) // (COLUMN_LEAST + GAP)), 1)
    count = -(-len(plot.strips) // fit)
    size = -(-len(plot.strips) // count)
    return [replace(plot, strips=plot.strips[i : i + size]) for i in range(0, len(plot.strips), size)]


def _band(canvas: Canvas, plot: StripPlot, y: float) -> float:
    """Draw columns beside each other with the names of the studies; return the y below them."""
    names = _name_room(plot, canvas)
    free = canvas.width - 2 * style.MARGIN - names
    width = (free - GAP * (len(plot.strips) - 1)) / len(plot.strips)
    heads = [wrap(strip.title, width, HEAD) for strip in plot.strips]
    deep = max(len(lines) for lines in heads)
    places = [style.MARGIN + names + i * (width + GAP) for i in range(len(plot.strips))]
    for left, lines in zip(places, heads, strict=True):
        canvas.lines(left, y + (deep - len(lines)) * HEAD.leading, lines, HEAD)
    top = y + deep * HEAD.leading + 3
    tops, y = _names(canvas, plot, top, names)
    for left, strip in zip(places, plot.strips, strict=True):
        _strip(canvas, strip, plot, (left, left + width), tops, (top, y))
    return y + 6 + TICKS.leading


def _names(canvas: Canvas, plot: StripPlot, y: float, room: float) -> tuple[list[float], float]:
    """Write the names of the studies; return the middle of each row and the y below the last."""
    middles = []
    edge = canvas.width - style.MARGIN
    canvas.line((style.MARGIN, edge), (y, y), colour=style.INK, width=0.6)
    for label, flagged in zip(plot.labels, plot.flagged, strict=True):
        face = BODY_BOLD if flagged else BODY
        lines = wrap(label, room - 6, face)
        height = max(len(lines) * face.leading + 2, ROW)
        canvas.lines(style.MARGIN, y + (height - len(lines) * face.leading) / 2, lines, face)
        middles.append(y + height / 2)
        y += height
        canvas.line((style.MARGIN, edge), (y, y), colour=style.FAINT, width=0.4)
    return middles, y


def _strip(
    canvas: Canvas,
    strip: Strip,
    plot: StripPlot,
    place: tuple[float, float],
    middles: list[float],
    ends: tuple[float, float],
) -> None:
    values = [v for v in strip.values if v is not None and math.isfinite(v)]
    low, high = min([*values, strip.reference]), max([*values, strip.reference])
    room = 0.05 * (high - low) or 0.5
    cuts = [c for c in strip.cuts if low - room <= c <= high + room]
    axis = make_axis((low - room, high + room), place, scale="linear", face=TICKS, padding=3.0)
    x = axis.at(strip.reference)
    canvas.line((x, x), ends, colour=style.RULE, width=0.6, order=1)
    for cut in cuts:
        canvas.line((axis.at(cut),) * 2, ends, colour=style.VERMILION, width=0.7, dash=(3, 2), order=1)
    keys = plot.keys or ("",) * len(middles)
    for middle, value, flagged, key in zip(middles, strip.values, plot.flagged, keys, strict=True):
        if value is None or not math.isfinite(value):
            continue
        canvas.line((x, axis.at(value)), (middle, middle), colour=style.LIGHT_BLUE, width=1.0, order=2)
        colour = style.INFLUENCE["influential" if flagged else "other"].colour
        canvas.disc(
            axis.at(value), middle, RADIUS, fill=colour, edge=style.INK if flagged else colour, key=key
        )
    draw_axis(canvas, axis, ends[1], TICKS)
