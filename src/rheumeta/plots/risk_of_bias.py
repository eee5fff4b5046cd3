"""Risk of bias as a traffic light (a sign a study and domain) and as bars (a share a domain).

The two views are those of McGuinness and Higgins (2021), Res Synth Methods 12:55-61. A judgement that
was not made takes its place in both: it is never left out of a row or of a bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.frame import draw_columns
from rheumeta.plots.furniture import BODY, BODY_BOLD, NOTE, draw_head, draw_tail
from rheumeta.plots.judgements import LOOKS, draw_judgement, draw_judgement_key
from rheumeta.plots.review_records import BiasPanel, BiasPlot, Judgement

RADIUS = 5.4
COLUMN, COLUMN_LEAST = 26.0, 14.0
"""Width of a column of signs, and the least where a tool has many domains, points."""

NAME_SHARE = 0.45
BAR = 11.0
"""Height of a bar, points."""

PERCENT = 100.0


def draw_traffic(plot: BiasPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw the traffic light: one row a study, one column a domain, a panel a tool.

    Parameters
    ----------
    plot : BiasPlot
        At least one panel.

    Returns
    -------
    Figure
        `width` points wide, as high as its rows need.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, "", "")
    for panel in plot.panels:
        y = _traffic(canvas, y, panel) + 8
    y = draw_judgement_key(canvas, y, _used(plot))
    return canvas.finish(draw_tail(canvas, y, (), plot.lines) + style.MARGIN)


def _used(plot: BiasPlot) -> set[Judgement]:
    return {j for panel in plot.panels for line in panel.lines for j in line.judgements}


def _traffic(canvas: Canvas, y: float, panel: BiasPanel) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 2, panel.tool, room, BODY_BOLD)
    y = canvas.paragraph(style.MARGIN, y, panel.source, room, NOTE) + 2
    least = (
        NAME_SHARE * room if not style.is_column(canvas.width) else room - COLUMN_LEAST * len(panel.domains)
    )
    names = min(max(text_width(line.label, BODY) for line in panel.lines) + 10, least)
    width = min(max((room - names) / len(panel.domains), COLUMN_LEAST), COLUMN)
    places = [style.MARGIN + names + (i + 0.5) * width for i in range(len(panel.domains))]
    edge = places[-1] + width / 2
    widest = max(text_width(domain.sign, BODY_BOLD) for domain in panel.domains)
    head = replace(BODY_BOLD, size=max(BODY_BOLD.size * min(width / (widest + 1), 1), style.SIZE_LEGIBLE))
    for x, domain in zip(places, panel.domains, strict=True):
        canvas.text(x, y + baseline(BODY_BOLD), domain.sign, head, align="center")
    y += BODY_BOLD.leading + 1
    canvas.line((style.MARGIN, edge), (y, y), colour=style.INK, width=0.6)
    top = y
    for line in panel.lines:
        lines = wrap(line.label, names - 8, BODY)
        height = max(len(lines) * BODY.leading, 2 * RADIUS) + 3
        canvas.lines(style.MARGIN, y + (height - len(lines) * BODY.leading) / 2, lines, BODY)
        for x, judgement in zip(places, line.judgements, strict=True):
            draw_judgement(canvas, x, y + height / 2, judgement, RADIUS, key=line.key)
        y += height
        canvas.line((style.MARGIN, edge), (y, y), colour=style.FAINT, width=0.4)
    bound = places[-1] - width / 2
    canvas.line((bound, bound), (top, y), colour=style.RULE, width=0.5)
    entries = [f"{d.sign}: {d.name}" for d in panel.domains if d.sign != d.name]
    return draw_columns(canvas, y + 4, entries, NOTE, columns=2)


def draw_bias_summary(plot: BiasPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw the bars: for each domain which share of the studies, or of the weight, has which judgement.

    Parameters
    ----------
    plot : BiasPlot
        At least one panel.

    Returns
    -------
    Figure
        `width` points wide.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, "", "")
    for panel in plot.panels:
        y = _bars(canvas, y, panel) + 8
    y = draw_judgement_key(canvas, y, _used(plot))
    return canvas.finish(draw_tail(canvas, y, (), plot.lines) + style.MARGIN)


def _bars(canvas: Canvas, y: float, panel: BiasPanel) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 2, panel.tool, room, BODY_BOLD) + 2
    left, right = style.MARGIN + NAME_SHARE * room, canvas.width - style.MARGIN - 8
    for index, domain in enumerate(panel.domains):
        face = BODY_BOLD if index == len(panel.domains) - 1 else BODY
        lines = wrap(domain.name, left - style.MARGIN - 8, face)
        height = max(len(lines) * face.leading, BAR) + 3
        canvas.lines(style.MARGIN, y + (height - len(lines) * face.leading) / 2, lines, face)
        _bar(canvas, (left, right), y + (height - BAR) / 2, shares(panel, index), panel.key)
        y += height
    for tick in (0, 25, 50, 75, 100):
        x = left + (right - left) * tick / PERCENT
        canvas.line((x, x), (y, y + 3), colour=style.INK, width=0.6)
        canvas.text(x, y + 4 + NOTE.size, f"{tick}%", NOTE, align="center")
    canvas.line((left, right), (y, y), colour=style.INK, width=0.6)
    return y + 5 + NOTE.leading


def shares(panel: BiasPanel, domain: int) -> list[tuple[Judgement, float]]:
    """Return the share of each judgement in a domain in percent, best first; they add up to 100."""
    weights: Sequence[float] = panel.weights or [1.0] * len(panel.lines)
    total = sum(weights)
    found = []
    for judgement in LOOKS:
        own = [
            w for line, w in zip(panel.lines, weights, strict=True) if line.judgements[domain] == judgement
        ]
        if own:
            found.append((judgement, PERCENT * sum(own) / total))
    return found


def _bar(
    canvas: Canvas, place: tuple[float, float], top: float, parts: Sequence[tuple[Judgement, float]], key: str
) -> None:
    left, right = place
    x = left
    for judgement, share in parts:
        look = LOOKS[judgement]
        width = (right - left) * share / PERCENT
        canvas.box(x, top, width, BAR, fill=look.fill, edge=style.INK, order=2, key=key)
        face = Face(style.SIZE_SMALL, colour=look.ink)
        texts = (f"{look.sign} {share:.0f}%".strip(), f"{share:.0f}%", look.sign)
        text = next((t for t in texts if text_width(t, face) <= width - 3), "")
        canvas.text(x + width / 2, top + BAR / 2 + 0.36 * face.size, text, face, align="center")
        x += width
