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
from rheumeta.plots.judgements import LOOKS, draw_judgement, draw_judgement_key, looks
from rheumeta.plots.review_records import BiasLine, BiasPanel, BiasPlot, Judgement

RADIUS = 5.4
COLUMN, COLUMN_LEAST = 26.0, 14.0
"""Width of a column of signs, and the least where a tool has many domains, points."""

NAME_SHARE, NAME_SHARE_TWO = 0.45, 0.34
"""Share of the width for names: beside one column of bars, beside two."""

EDGE = 10.0
"""Space beside bars for the labels of their axis, points."""

ASIDE = 150.0
"""Least room to the right of the signs for the names of the domains, points."""

SHADE = "#f1f1f1"
"""Behind the overall judgement."""

BELOW = 8.0
"""Space below a panel, points."""

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
        y = _traffic(canvas, y, panel) + BELOW
    return canvas.finish(draw_tail(canvas, y, (), plot.lines) + style.MARGIN)


def _used(panel: BiasPanel) -> set[Judgement]:
    return {j for line in panel.lines for j in line.judgements}


def _traffic(canvas: Canvas, y: float, panel: BiasPanel) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 2, panel.tool, room, BODY_BOLD)
    y = canvas.paragraph(style.MARGIN, y, panel.source, room, NOTE) + 2
    top, (_, edge) = y, _columns(canvas.width, panel)[-1]
    y = _grid(canvas, y, panel)
    entries = [f"{d.sign}: {d.name}" for d in panel.domains if d.sign != d.name]
    if canvas.width - style.MARGIN - edge >= ASIDE:
        left = edge + 18
        for entry in entries:
            top = canvas.paragraph(left, top, entry, canvas.width - style.MARGIN - left, NOTE)
        y = max(y, top)
    else:
        y = draw_columns(canvas, y + 4, entries, NOTE, columns=2)
    return draw_judgement_key(canvas, y + 4, _used(panel), looks(panel.style))


def _columns(width: float, panel: BiasPanel) -> list[tuple[float, float]]:
    """Return the left and right edge of each column of signs; the last one has room for its heading."""
    room, count = width - 2 * style.MARGIN, len(panel.domains)
    overall = text_width(panel.domains[-1].sign, BODY_BOLD) + 4
    least = COLUMN_LEAST * (count - 1) + max(COLUMN_LEAST, overall)
    most = room - least if style.is_column(width) else NAME_SHARE * room
    names = min(max(text_width(line.label, BODY) for line in panel.lines) + 10, most)
    one = min(max((room - names - overall) / max(count - 1, 1), COLUMN_LEAST), COLUMN)
    edges = [style.MARGIN + names + i * one for i in range(count)]
    return list(zip(edges, [*edges[1:], edges[-1] + max(one, overall)], strict=True))


def _grid(canvas: Canvas, y: float, panel: BiasPanel) -> float:
    """Draw the names of the studies and their signs; return the y below them."""
    columns, shown = _columns(canvas.width, panel), looks(panel.style)
    (first, _), (bound, edge) = columns[0], columns[-1]
    height = sum(_row_height(line, first) for line in panel.lines)
    canvas.box(bound, y, edge - bound, BODY_BOLD.leading + 1 + height, fill=SHADE, order=0)
    for (left, right), domain in zip(columns, panel.domains, strict=True):
        size = BODY_BOLD.size * min((right - left) / (text_width(domain.sign, BODY_BOLD) + 1), 1)
        head = replace(BODY_BOLD, size=max(size, style.SIZE_LEGIBLE))
        canvas.text((left + right) / 2, y + baseline(BODY_BOLD), domain.sign, head, align="center")
    y += BODY_BOLD.leading + 1
    canvas.line((style.MARGIN, edge), (y, y), colour=style.INK, width=0.6)
    for line in panel.lines:
        lines, height = _label(line, first), _row_height(line, first)
        canvas.lines(style.MARGIN, y + (height - len(lines) * BODY.leading) / 2, lines, BODY)
        for (left, right), judgement in zip(columns, line.judgements, strict=True):
            draw_judgement(canvas, (left + right) / 2, y + height / 2, shown[judgement], RADIUS, key=line.key)
        y += height
        canvas.line((style.MARGIN, edge), (y, y), colour=style.FAINT, width=0.4)
    return y


def _label(line: BiasLine, right: float) -> tuple[str, ...]:
    return wrap(line.label, right - style.MARGIN - 8, BODY)


def _row_height(line: BiasLine, right: float) -> float:
    return max(len(_label(line, right)) * BODY.leading, 2 * RADIUS) + 3


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
        y = _bars(canvas, y, panel) + BELOW
    return canvas.finish(draw_tail(canvas, y, (), plot.lines) + style.MARGIN)


def _bars(canvas: Canvas, y: float, panel: BiasPanel) -> float:
    """Draw the bars of a tool, by weight beside those by number, or below them in one column."""
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 2, panel.tool, room, BODY_BOLD)
    views = [view for view in (panel, panel.beside) if view is not None]
    for together in [[view] for view in views] if style.is_column(canvas.width) else [views]:
        y = _tracks(canvas, y + 2, together)
    return draw_judgement_key(canvas, y + 2, {j for v in views for j in _used(v)}, looks(panel.style))


def _tracks(canvas: Canvas, y: float, views: Sequence[BiasPanel]) -> float:
    """Draw the names of the domains and the bars of each view to the right of them."""
    room = canvas.width - 2 * style.MARGIN
    names = (NAME_SHARE if len(views) == 1 else NAME_SHARE_TWO) * room
    wide = (room - names - EDGE) / len(views) - (len(views) - 1) * EDGE
    tracks = [(left, left + wide) for left in (style.MARGIN + names + i * (wide + 2 * EDGE) for i in (0, 1))]
    heads = [wrap(view.basis, wide, NOTE) for view in views]
    for (left, _), head in zip(tracks, heads, strict=False):
        canvas.lines(left, y, head, NOTE)
    y += max(len(head) for head in heads) * NOTE.leading + 2
    for index, domain in enumerate(views[0].domains):
        face = BODY_BOLD if index == len(views[0].domains) - 1 else BODY
        lines = wrap(domain.name, names - 8, face)
        height = max(len(lines) * face.leading, BAR) + 3
        canvas.lines(style.MARGIN, y + (height - len(lines) * face.leading) / 2, lines, face)
        for track, view in zip(tracks, views, strict=False):
            _bar(canvas, track, y + (height - BAR) / 2, shares(view, index), view)
        y += height
    for track, _ in zip(tracks, views, strict=False):
        _percents(canvas, track, y)
    return y + 5 + NOTE.leading


def _percents(canvas: Canvas, track: tuple[float, float], y: float) -> None:
    (left, right), ticks = track, (0, 25, 50, 75, 100)
    for tick in ticks:
        x = left + (right - left) * tick / PERCENT
        canvas.line((x, x), (y, y + 3), colour=style.INK, width=0.6)
        canvas.text(x, y + 4 + NOTE.size, f"{tick}%", NOTE, align="center")
    canvas.line((left, right), (y, y), colour=style.INK, width=0.6)


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
    canvas: Canvas,
    place: tuple[float, float],
    top: float,
    parts: Sequence[tuple[Judgement, float]],
    panel: BiasPanel,
) -> None:
    (left, right), shown = place, looks(panel.style)
    x = left
    for judgement, share in parts:
        look = shown[judgement]
        width = (right - left) * share / PERCENT
        canvas.box(x, top, width, BAR, fill=look.fill, edge=style.INK, order=2, key=panel.key)
        face = Face(style.SIZE_SMALL, colour=look.ink)
        texts = (f"{look.sign} {share:.0f}%".strip(), look.sign)
        text = next((t for t in texts if text_width(t, face) <= width - 3), "")
        canvas.text(x + width / 2, top + BAR / 2 + 0.36 * face.size, text, face, align="center")
        x += width
