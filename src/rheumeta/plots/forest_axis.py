"""The axis of a forest plot: lines behind the studies, ticks, what its sides mean, and the key."""

from __future__ import annotations

from rheumeta.plots import style
from rheumeta.plots.axis import draw_axis
from rheumeta.plots.canvas import Align, text_width, wrap
from rheumeta.plots.forest_house import house_of
from rheumeta.plots.forest_pen import Pen
from rheumeta.plots.records import ForestPlot

DASHES: dict[str, tuple[float, ...] | None] = {
    "no effect": None,
    "pooled": (1, 2),
    "important": (4, 2),
    "other review": (1.5, 1.5),
}
"""Dashes of the lines behind the studies, points."""

SAMPLE, SAMPLE_HALF, DASHES_KEY = 16.0, 3.5, (2.5, 1.5)
"""Width and half the height of a band in the key, points; dashes short enough to be seen as such."""

EDGE = 0.4
"""Width of the edges of the band of another review, points."""

SIDE_GAP = 4.0
"""Distance of what a side means from no effect, points."""

SIDE_LEAST = 45.0
"""Least room for what a side of no effect means, points."""


def draw_references(pen: Pen, top: float, bottom: float) -> None:
    """Draw what lies behind the studies: too small differences, another review, the null, the pooled result."""
    plot, top = pen.plot, top - 3
    _bands(pen, top, bottom)
    if plot.benchmark is not None:
        span = plot.benchmark.span
        for edge in (span.lower, span.upper):
            _vertical(pen, edge, top, bottom, "other review", edge=True)
        _vertical(pen, span.estimate, top, bottom, "other review")
    for value in plot.mid or ():
        _vertical(pen, value, top, bottom, "important")
    if plot.null is not None:
        _vertical(pen, plot.null, top, bottom, "no effect")
    totals = pen.whole.totals
    for total in [t for t in totals if t.kind == "random"] or totals[
        :1
    ]:  # Mantel-Haenszel has no random effects
        _vertical(pen, total.effect.estimate, top, bottom, "pooled")


def _bands(pen: Pen, top: float, bottom: float) -> None:
    """Fill the bands; where they meet a third colour leaves both to be seen."""
    places = {}
    for kind, ends in _limits(pen.plot).items():
        left, right = sorted(pen.axis.at(pen.axis.clip(v)) for v in ends)
        places[kind] = (left, right)
    if len(places) > 1:
        left, right = (
            f(ends) for f, ends in zip((max, min), zip(*places.values(), strict=True), strict=True)
        )
        places["both"] = (left, right)
    for kind, (left, right) in places.items():
        if right > left:
            colour = style.BANDS[kind].colour
            pen.canvas.box(left, top, right - left, bottom - top, fill=colour, order=0.5)


def _limits(plot: ForestPlot) -> dict[str, tuple[float, float]]:
    """Return the ends of the bands that a plot has."""
    found = {} if plot.mid is None else {"important": plot.mid}
    if plot.benchmark is not None:
        span = plot.benchmark.span
        if span.lower is not None and span.upper is not None:
            found["other review"] = (span.lower, span.upper)
    return found


def _vertical(
    pen: Pen, value: float | None, top: float, bottom: float, kind: str, *, edge: bool = False
) -> None:
    if value is not None and pen.axis.low <= value <= pen.axis.high:
        x, colour = pen.axis.at(value), style.LINES[kind].colour
        width, dash = (EDGE, None) if edge else (0.7, DASHES[kind])
        pen.canvas.line((x, x), (top, bottom), colour=colour, width=width, dash=dash, order=1)


def side_heads(pen: Pen) -> list[tuple[tuple[str, ...], float, Align]]:
    """Return what the sides of no effect mean as lines above the plot, where it is usual and there is room."""
    plot, place, bold = pen.plot, pen.layout.plot, pen.layout.bold
    if plot.null is None or not house_of(plot).sides_above:
        return []
    centre = pen.axis.at(plot.null)
    sides: list[tuple[str, float, float, Align]] = [
        (plot.left_label, centre - SIDE_GAP, centre - SIDE_GAP - place.left, "right"),
        (plot.right_label, centre + SIDE_GAP, place.right - centre - SIDE_GAP, "left"),
    ]
    if any(text_width(word, bold) > room for text, _, room, _ in sides for word in text.split()):
        return []
    return [(wrap(text, room, bold), x, align) for text, x, room, align in sides if text]


def draw_axis_below(pen: Pen, y: float) -> float:
    """Draw the axis, what its sides mean, and its name."""
    plot, layout = pen.plot, pen.layout
    y = draw_axis(pen.canvas, pen.axis, y, layout.face)
    y = _sides(pen, y)
    if plot.axis_label:
        y = _within(pen, y, plot.axis_label)
    return y


def _sides(pen: Pen, y: float) -> float:
    """Write what left and right of no effect mean: around it, else from both ends of the plot, else near it.

    Where one row has no room for both, the left one begins in it and the right one ends in the next.
    """
    if side_heads(pen):
        return y
    plot, axis, face, place = pen.plot, pen.axis, pen.layout.face, pen.layout.plot
    left = f"←\u00a0{plot.left_label}" if plot.left_label else ""
    right = f"{plot.right_label}\u00a0→" if plot.right_label else ""
    widths = text_width(left, face), text_width(right, face)
    centre = axis.at(plot.null) if plot.null is not None else place.middle
    ends = _free_left(pen), pen.canvas.width - style.MARGIN
    rooms = (centre - 6 - ends[0], ends[1] - centre - 6)
    fits = all(width <= room for width, room in zip(widths, rooms, strict=True))
    if not fits and sum(widths) + 8 <= place.width:
        pen.canvas.lines(place.left, y, (left,), face)
        return pen.canvas.lines(place.right, y, (right,), face, align="right")
    if fits or min(rooms) >= SIDE_LEAST:
        return max(
            pen.canvas.paragraph(centre - 6, y, left, min(rooms[0], 150.0), face, align="right"),
            pen.canvas.paragraph(centre + 6, y, right, min(rooms[1], 150.0), face),
        )
    if sum(widths) + 12 <= ends[1] - ends[0]:
        middle = min(max(centre, ends[0] + widths[0] + 6), ends[1] - widths[1] - 6)
        pen.canvas.lines(middle - 6, y, (left,), face, align="right")
        return pen.canvas.lines(middle + 6, y, (right,), face)
    if max(widths) > ends[1] - ends[0]:
        return _within(pen, _within(pen, y, left), right)
    y = pen.canvas.lines(ends[0], y, (left,), face)
    return pen.canvas.lines(ends[1], y, (right,), face, align="right")


def _within(pen: Pen, y: float, text: str) -> float:
    """Write a text below the middle of the plot, moved so far that it stays on the paper."""
    face, middle = pen.layout.face, pen.layout.plot.middle
    low, high = _free_left(pen), pen.canvas.width - style.MARGIN
    lines = wrap(text, high - low, face)
    half = max(text_width(line, face) for line in lines) / 2
    return pen.canvas.lines(min(max(middle, low + half), high - half), y, lines, face, align="center")


def _free_left(pen: Pen) -> float:
    """Return how far to the left the words below the axis may reach."""
    beside = house_of(pen.plot).beside_axis and not pen.layout.compact
    return pen.layout.plot.left - 4 if beside else style.MARGIN


def draw_line_key(pen: Pen, y: float) -> float:
    """Draw the key of the bands, one entry a line."""
    plot, canvas, face = pen.plot, pen.canvas, pen.layout.small
    left, right, room = style.MARGIN, style.MARGIN + SAMPLE, canvas.width - 2 * style.MARGIN - SAMPLE - 5
    entries = [("other review", plot.benchmark.label)] if plot.benchmark is not None else []
    entries += [("important", plot.mid_label)] if plot.mid and plot.mid_label else []
    for kind, label in entries:
        middle, colour, dash = y + face.leading / 2, style.LINES[kind].colour, DASHES[kind]
        ends = (middle - SAMPLE_HALF, middle + SAMPLE_HALF)
        canvas.box(left, ends[0], SAMPLE, 2 * SAMPLE_HALF, fill=style.BANDS[kind].colour)
        if kind == "other review":
            canvas.line(((left + right) / 2,) * 2, ends, colour=colour, dash=dash)
        for x in (left, right):
            width, line = (EDGE, None) if kind == "other review" else (0.7, DASHES_KEY)
            canvas.line((x, x), ends, colour=colour, width=width, dash=line)
        y = canvas.paragraph(right + 5, y, label, room, face)
    return y
