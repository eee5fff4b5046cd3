"""The evidence map: which study says how much about which outcome at which time.

Evidence maps show where evidence is and where it is missing (Miake-Lye and others 2016, Syst Rev
5:28). Missing results are results too: they are drawn as boxes that are empty or crossed (Page and
others, ROB-ME; Cochrane Handbook 6.5, chapter 13).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
from rheumeta.plots.frame import draw_columns
from rheumeta.plots.furniture import BODY, BODY_BOLD, draw_head, draw_key, draw_tail
from rheumeta.plots.review_records import MapBlock, MapLine, MapMark, MapPlot

WIDTH, HEIGHT, GAP = 12.0, 9.4, 1.8
"""Size of a box and the space between two, points."""

NUMBER = style.SIZE_LEGIBLE
"""Size of the number in a box, points."""

HATCH = 2.6
"""Distance of the lines of a hatched box, points."""

CROSS_ON_BLUE = "#ffc08f"
"""Vermilion made so pale that it is seen on a filled box."""

LIST_STARTS = (0.0, 0.36, 0.62)
"""Where outcome, time and boxes begin in a list, shares of the width."""

LABEL_SHARE = 0.27
"""Share of the width for the names of the outcomes."""

KEY: tuple[tuple[MapMark, str], ...] = (
    (MapMark(0, "pooled"), "number is pooled"),
    (MapMark(0, "shown"), "number is known, not pooled"),
    (MapMark(0, "direction"), "only the direction is known"),
    (MapMark(0, "awaited"), "result awaited"),
    (MapMark(0, "planned"), "trial planned or running"),
    (MapMark(0, "awaited", True), "crossed: unpublished, or ended early"),
)


def draw_map(plot: MapPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw an evidence map.

    Parameters
    ----------
    plot : MapPlot
        At least one block with one line.

    Returns
    -------
    Figure
        `width` points wide, as high as its outcomes need.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, "", "")
    y = _key(canvas, y)
    edges = _edges(plot, canvas)
    y = _grid(canvas, y + 4, plot, edges) if _fits(plot, edges) else _listed(canvas, y + 4, plot)
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 4, "Studies", room, BODY_BOLD)
    y = draw_columns(canvas, y, [f"{n}  {label}" for n, label in plot.studies], BODY, columns=4)
    return canvas.finish(draw_tail(canvas, y + 2, (), plot.lines) + style.MARGIN)


def _fits(plot: MapPlot, edges: Sequence[float]) -> bool:
    """Return whether each column is as wide as the longest word of its heading."""
    words = [max(text_width(w, BODY_BOLD) for w in column.split()) for column in plot.columns]
    return all(word <= edges[i + 1] - edges[i] - 4 for i, word in enumerate(words))


def _grid(canvas: Canvas, y: float, plot: MapPlot, edges: Sequence[float]) -> float:
    """Draw a row an outcome and a column a time."""
    y = _headings(canvas, y, plot, edges)
    for block in plot.blocks:
        y = _block(canvas, y, block, edges)
    return y


def _listed(canvas: Canvas, y: float, plot: MapPlot) -> float:
    """Draw each outcome with a row for each time of which there is anything, where columns find no room."""
    room = canvas.width - 2 * style.MARGIN
    starts = [style.MARGIN + share * room for share in LIST_STARTS]
    for text, x in zip(("Outcome", "Time", "Studies"), starts, strict=True):
        canvas.lines(x, y, (text,), BODY_BOLD)
    y += BODY_BOLD.leading + 2
    for block in plot.blocks:
        y = canvas.paragraph(style.MARGIN, y + 3, block.heading, room, BODY_BOLD) + 2
        for line in block.lines:
            y = _list_line(canvas, y, line, plot.columns, starts)
    return y


def _list_line(
    canvas: Canvas, y: float, line: MapLine, columns: Sequence[str], starts: Sequence[float]
) -> float:
    edge = canvas.width - style.MARGIN
    bottom = canvas.paragraph(starts[0], y, line.label, starts[1] - starts[0] - 6, BODY)
    for column, marks in zip(columns, line.cells, strict=True):
        if not marks:
            continue
        rows = _rows(marks, edge - starts[2])
        time = wrap(column, starts[2] - starts[1] - 6, BODY)
        canvas.lines(starts[1], y, time, BODY)
        for j, found in enumerate(rows):
            for k, mark in enumerate(found):
                draw_mark(canvas, starts[2] + k * (WIDTH + GAP), y + j * (HEIGHT + GAP), mark)
        y += max(len(time) * BODY.leading, len(rows) * (HEIGHT + GAP))
    y = max(y, bottom) + 1
    canvas.line((style.MARGIN, edge), (y, y), colour=style.FAINT, width=0.4)
    return y + 1


def _edges(plot: MapPlot, canvas: Canvas) -> list[float]:
    """Share the width among the columns by the most boxes that any cell of them holds."""
    most = [
        max((len(line.cells[i]) for block in plot.blocks for line in block.lines), default=1)
        for i in range(len(plot.columns))
    ]
    room = canvas.width - 2 * style.MARGIN
    left = style.MARGIN + LABEL_SHARE * room
    needs = [max(n, 3) ** 0.5 for n in most]
    free = (1 - LABEL_SHARE) * room
    edges = [left]
    for need in needs:
        edges.append(edges[-1] + free * need / sum(needs))
    return edges


def _headings(canvas: Canvas, y: float, plot: MapPlot, edges: Sequence[float]) -> float:
    columns = [wrap(c, edges[i + 1] - edges[i] - 6, BODY_BOLD) for i, c in enumerate(plot.columns)]
    bottom = y + max(len(lines) for lines in columns) * BODY_BOLD.leading
    canvas.lines(style.MARGIN, bottom - BODY_BOLD.leading, ("Outcome",), BODY_BOLD)
    for i, lines in enumerate(columns):
        canvas.lines(edges[i] + 4, bottom - len(lines) * BODY_BOLD.leading, lines, BODY_BOLD)
    canvas.line((style.MARGIN, edges[-1]), (bottom + 2, bottom + 2), colour=style.INK, width=0.6)
    return bottom + 3


def _block(canvas: Canvas, y: float, block: MapBlock, edges: Sequence[float]) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 3, block.heading, room, BODY_BOLD) + 2
    for line in block.lines:
        y = _line(canvas, y, line, edges)
    return y + 3


def _line(canvas: Canvas, y: float, line: MapLine, edges: Sequence[float]) -> float:
    label = wrap(line.label, edges[0] - style.MARGIN - 8, BODY)
    rows = [_rows(marks, edges[i + 1] - edges[i] - 6) for i, marks in enumerate(line.cells)]
    deep = max((len(r) for r in rows), default=1)
    height = max(len(label) * BODY.leading, deep * (HEIGHT + GAP)) + 2
    canvas.lines(style.MARGIN + 4, y + (height - len(label) * BODY.leading) / 2, label, BODY)
    for i, found in enumerate(rows):
        top = y + (height - len(found) * (HEIGHT + GAP) + GAP) / 2
        for j, marks in enumerate(found):
            for k, mark in enumerate(marks):
                draw_mark(canvas, edges[i] + 4 + k * (WIDTH + GAP), top + j * (HEIGHT + GAP), mark)
    y += height
    canvas.line((style.MARGIN, edges[-1]), (y, y), colour=style.FAINT, width=0.4)
    return y


def _rows(marks: Sequence[MapMark], room: float) -> list[tuple[MapMark, ...]]:
    """Break the boxes of a cell into rows that fit its width."""
    fit = max(int((room + GAP) // (WIDTH + GAP)), 1)
    return [tuple(marks[i : i + fit]) for i in range(0, len(marks), fit)]


def draw_mark(canvas: Canvas, x: float, y: float, mark: MapMark) -> None:
    """Draw the box of a study with its upper left corner at (x, y)."""
    if mark.known == "planned":
        canvas.box(x, y, WIDTH, HEIGHT, fill=style.PAPER, order=2, key=mark.key)
        _dashed(canvas, x, y)
    else:
        canvas.box(
            x,
            y,
            WIDTH,
            HEIGHT,
            fill=style.EVIDENCE[mark.known].colour,
            edge=style.BLUE,
            order=2,
            key=mark.key,
        )
    if mark.known == "direction":
        _hatch(canvas, x, y)
    if mark.crossed:
        _cross(canvas, x, y, colour=CROSS_ON_BLUE if mark.known == "pooled" else style.VERMILION)
    if mark.number:
        colour = style.PAPER if mark.known == "pooled" else style.INK
        face = Face(NUMBER, bold=True, colour=colour)
        if mark.known == "direction" or mark.crossed:
            _halo(canvas, x, y, mark, face)
        canvas.text(x + WIDTH / 2, y + HEIGHT / 2 + 0.36 * NUMBER, str(mark.number), face, align="center")


def _halo(canvas: Canvas, x: float, y: float, mark: MapMark, face: Face) -> None:
    """Clear the ground behind a number."""
    fill = style.EVIDENCE[mark.known].colour
    width = text_width(str(mark.number), face) + 1.0
    canvas.box(x + (WIDTH - width) / 2, y + 1.9, width, HEIGHT - 3.8, fill=fill, order=4)


def _dashed(canvas: Canvas, x: float, y: float) -> None:
    xs, ys = (x, x + WIDTH, x + WIDTH, x, x), (y, y, y + HEIGHT, y + HEIGHT, y)
    canvas.line(xs, ys, colour=style.SOFT, width=0.6, dash=(1.5, 1.2))


def _hatch(canvas: Canvas, x: float, y: float) -> None:
    """Draw lines rising to the right, cut at the edges of the box; gaps between them are not drawn."""
    xs, ys = [], []
    offset = HATCH
    while offset < WIDTH + HEIGHT:
        xs += [x + max(offset - HEIGHT, 0.0), x + min(offset, WIDTH), math.nan]
        ys += [y + min(offset, HEIGHT), y + max(offset - WIDTH, 0.0), math.nan]
        offset += HATCH
    canvas.line(xs, ys, colour=style.BLUE, width=0.6)


def _cross(canvas: Canvas, x: float, y: float, *, colour: str) -> None:
    xs, ys = (x, x + WIDTH, math.nan, x, x + WIDTH), (y, y + HEIGHT, math.nan, y + HEIGHT, y)
    canvas.line(xs, ys, colour=colour, width=1.1, order=3.5)


def _key(canvas: Canvas, y: float) -> float:
    entries = [
        (lambda x, middle, mark=mark: draw_mark(canvas, x, middle - HEIGHT / 2, mark), label)
        for mark, label in KEY
    ]
    return draw_key(canvas, y, entries, sample=WIDTH, row=HEIGHT + 3)
