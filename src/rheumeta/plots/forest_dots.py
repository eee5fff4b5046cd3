"""Risk of bias beside the studies of a forest plot: a sign a domain (Higgins and others 2011, BMJ 343:d5928)."""

from __future__ import annotations

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, text_width
from rheumeta.plots.forest_layout import DOT_GAP, Layout, all_rows
from rheumeta.plots.judgements import draw_judgement, draw_judgement_key, looks
from rheumeta.plots.records import ForestPlot, ForestRow

RADIUS = 3.6
ALONE = "RoB"
"""Stands above the overall judgement where it stands alone."""


def draw_dots(canvas: Canvas, plot: ForestPlot, layout: Layout, middle: float, row: ForestRow) -> None:
    """Draw the judgements of a study at the height `middle`."""
    shown = looks(plot.dot_style) if row.dots else {}
    for place, judgement in zip(layout.dots, row.dots, strict=False):
        draw_judgement(canvas, place.middle, middle, shown[judgement], RADIUS, key=row.dots_key)


def draw_dot_heads(canvas: Canvas, plot: ForestPlot, layout: Layout, bottom: float) -> None:
    """Write the sign of each domain above its column, and what they are above all."""
    if not layout.dots:
        return
    if len(layout.dots) == 1:
        face = Face(style.SIZE_LEGIBLE, bold=True)
        canvas.text(layout.dots[0].middle, bottom - 0.3 * face.size, ALONE, face, align="center")
        return
    width = layout.dots[0].width - DOT_GAP / 2
    fits = max(text_width(d.sign, Face(1.0, bold=True)) for d in plot.dot_heads)
    size = min(layout.face.size, width / fits if fits else layout.face.size)
    face = Face(size, bold=True)
    for place, domain in zip(layout.dots, plot.dot_heads, strict=True):
        canvas.text(place.middle, bottom - 0.3 * face.size, domain.sign, face, align="center")
    middle = (layout.dots[0].left + layout.dots[-1].right) / 2
    y = bottom - layout.bold.leading
    room = layout.dots[-1].right - layout.dots[0].left
    for words in ("Risk of bias", "Bias"):
        if text_width(words, layout.bold) <= room:
            canvas.text(middle, y - 0.3 * size, words, layout.bold, align="center")
            break


def draw_dot_key(canvas: Canvas, y: float, plot: ForestPlot, layout: Layout) -> float:
    """Draw the key of domains and judgements; return the y below it."""
    if not layout.dots:
        return y
    used = {judgement for row in all_rows(plot) for judgement in row.dots}
    shown = looks(plot.dot_style)
    room, face = canvas.width - 2 * style.MARGIN, layout.small
    if len(plot.dot_heads) == 1:
        text = f"{ALONE}: risk of bias, the overall judgement; its own figure shows the domains."
        y = canvas.paragraph(style.MARGIN, y + 3, text, room, face) + 2
        return draw_judgement_key(canvas, y, used, shown, radius=RADIUS, face=face) + 1
    text = "Risk of bias: " + "; ".join(f"{d.sign} {d.name[:1].lower()}{d.name[1:]}" for d in plot.dot_heads)
    y = canvas.paragraph(style.MARGIN, y + 3, text + ".", room, face) + 2
    return draw_judgement_key(canvas, y, used, shown, radius=RADIUS, face=face) + 1
