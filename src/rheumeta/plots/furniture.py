"""What stands around every figure: title, caution, sentences and footnotes; and the empty figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
from rheumeta.plots.records import NoteFigure

TITLE = Face(style.SIZE_TITLE, bold=True)
SUBTITLE = Face(style.SIZE, colour=style.SOFT)
CAUTION = Face(style.SIZE, bold=True)
BODY = Face(style.SIZE)
BODY_BOLD = Face(style.SIZE, bold=True)
NOTE = Face(style.SIZE_SMALL, colour=style.SOFT)


def draw_head(canvas: Canvas, title: str, subtitle: str, caution: str) -> float:
    """Draw title, subtitle and the banner of caution; return the y below them."""
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, style.MARGIN, title, room, TITLE)
    y = canvas.paragraph(style.MARGIN, y + 1, subtitle, room, SUBTITLE)
    return draw_caution(canvas, y + 3, caution) + 3


def draw_caution(canvas: Canvas, y: float, caution: str) -> float:
    """Draw the banner that says how far the figure can be trusted; return the y below it."""
    if not caution:
        return y
    lines = wrap(caution, canvas.width - 2 * style.MARGIN - 18, CAUTION)
    height = len(lines) * CAUTION.leading + 6
    canvas.box(style.MARGIN, y, canvas.width - 2 * style.MARGIN, height, fill=style.AMBER_PALE)
    canvas.box(style.MARGIN, y, 3, height, fill=style.AMBER)
    canvas.lines(style.MARGIN + 10, y + 3, lines, CAUTION)
    return y + height + 3


def draw_tail(
    canvas: Canvas, y: float, lines: Sequence[str], footnotes: Sequence[str], note: Face = NOTE
) -> float:
    """Draw sentences and footnotes (in the face `note`) over the whole width; return the y below them."""
    room = canvas.width - 2 * style.MARGIN
    y += 2
    for line in lines:
        y = canvas.paragraph(style.MARGIN, y, line, room, BODY) + 1
    if footnotes:
        y += 3
    for text in footnotes:
        y = canvas.paragraph(style.MARGIN, y, text, room, note)
    return y


def draw_key(
    canvas: Canvas,
    y: float,
    entries: Sequence[tuple[Callable[[float, float], None], str]],
    *,
    sample: float,
    row: float = NOTE.leading + 2,
    face: Face = NOTE,
) -> float:
    """Draw samples with their labels from left to right, in as many rows as they need.

    Parameters
    ----------
    canvas : Canvas
        Where to draw.
    y : float
        Top of the key, points.
    entries : sequence of (callable, str)
        Draws a sample, given its left edge and its middle; its label.
    sample, row : float
        Width of a sample and height of a row, points.
    face : Face
        The face of the labels.

    Returns
    -------
    float
        The y below the key.
    """
    x, deep, edge = style.MARGIN, row, canvas.width - style.MARGIN
    for draw, label in entries:
        lines = wrap(label, edge - style.MARGIN - sample - 4, face)
        width = sample + 4 + max(text_width(line, face) for line in lines)
        if x > style.MARGIN and x + width > edge:
            x, y, deep = style.MARGIN, y + deep, row
        draw(x, y + row / 2)
        canvas.lines(x + sample + 4, y + (row - face.leading) / 2, lines, face)
        deep = max(deep, row + (len(lines) - 1) * face.leading)
        x += width + 12
    return y + deep


def draw_note(note: NoteFigure, *, width: float = style.WIDTH) -> Figure:
    """Draw a figure that says what is missing and why, where there is nothing to plot.

    Parameters
    ----------
    note : NoteFigure
        Title, sentence, and the studies that could have contributed with the reason why they do not.

    Returns
    -------
    Figure
        `width` points wide, as high as its text needs.
    """
    canvas = Canvas(width=width)
    room = canvas.width - 2 * style.MARGIN
    y = draw_head(canvas, note.title, note.subtitle, note.caution)
    lines = wrap(note.sentence, room - 20, BODY_BOLD)
    height = len(lines) * BODY_BOLD.leading + 14
    canvas.box(style.MARGIN, y, room, height, fill="#f4f4f4", edge=style.FAINT)
    canvas.lines(style.MARGIN + 10, y + 7, lines, BODY_BOLD)
    y += height + 6
    if note.items and note.items_heading:
        y = canvas.paragraph(style.MARGIN, y, note.items_heading, room, BODY_BOLD) + 2
    return canvas.finish(_items(canvas, y, note) + style.MARGIN)


def _items(canvas: Canvas, y: float, note: NoteFigure) -> float:
    room = canvas.width - 2 * style.MARGIN
    names = min(max((text_width(name, BODY) for name, _ in note.items), default=0.0), 0.35 * room)
    for name, reason in note.items:
        ends = (
            canvas.paragraph(style.MARGIN, y, name, names, BODY),
            canvas.paragraph(style.MARGIN + names + 12, y, reason, room - names - 12, BODY),
        )
        y = max(ends) + 1.5
        canvas.line((style.MARGIN, canvas.width - style.MARGIN), (y, y), colour=style.FAINT, width=0.4)
        y += 1.5
    return y
