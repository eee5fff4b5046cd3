"""Where the columns of a forest plot stand: widths are measured, then shared out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from rheumeta.plots import forest_house, style
from rheumeta.plots.canvas import Face, text_width, wrap
from rheumeta.plots.forest_house import NOT_ESTIMABLE, Texts, house_of, interval_heading, prediction_label
from rheumeta.plots.records import ForestPlot, ForestRow, ForestTotal, Span

GAP = 8.0
"""Space between columns, points."""

GAP_PLOT = 9.0
"""Space left and right of the plot, points."""

SMALLER = style.SIZE - style.SIZE_SMALL
"""How much smaller footnotes are than the text, points."""

GAP_INTERVAL, GAP_CLOSE = 4.0, 2.4
"""Space between an estimate and its interval, points; the second where they are set as one."""

LABEL_MIN = 78.0
PLOT_MIN, PLOT_SMALL = 124.0, 84.0
PLOT_MAX = 270.0
"""Limits of the widths of the study column and of the plot, points; the second where columns are many."""

PLOT_LAST_RESORT = 60.0
SIZES = (style.SIZE, 6.5, style.SIZE_LEGIBLE)
SIZES_LAST = (5.5, style.SIZE_MIN)
"""Sizes of text that are tried in turn until everything fits; the last ones where nothing else helps."""

HEADING_LINES = 2.0
"""A heading over several columns should need no more lines (part of one: words differ in length)."""

HEADING_MAX = 90.0
"""But it makes its columns no wider than this, points."""

DOT, DOT_ALONE = 9.0, 14.0
"""Least width of a column of the risk of bias; width of one that stands alone, its name above; points."""

DOT_GAP = 2.0
"""Space between the signs above the columns of the risk of bias, points."""

COMPACT_LABEL_MIN, COMPACT_LABEL_LEAST = 40.0, 34.0
COMPACT_PLOT, COMPACT_GAP = (72.0, 64.0, 54.0, 50.0), 5.0
"""Limits and space between columns where the whole figure is one column wide, points; the second least width of the
first column where names stand over the numbers in it, or where nothing else keeps the weights."""


BELOW_LINES, BELOW_ROWS = 2, 16
"""Most lines of raw numbers below a name, where studies, results and headings take at most so many rows; else one."""


@dataclass(frozen=True)
class Place:
    """Left and right edge of a column, points."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """Width in points."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Centre in points."""
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Layout:
    """Columns of a forest plot on the paper."""

    face: Face
    label: Place
    cells: tuple[tuple[int, Place], ...]  # index of the column, its place
    plot: Place
    effect: Place
    estimate_right: float
    weights: tuple[tuple[str, Place], ...]  # "random" or "common", its place
    dots: tuple[Place, ...] = ()  # risk of bias, one a domain
    compact: bool = False
    below: bool = False  # raw numbers stand below the names of the studies

    @property
    def right(self) -> float:
        """Right edge of the last column."""
        return max(p.right for p in (self.plot, self.effect, *(p for _, p in self.weights), *self.dots))

    @property
    def free_right(self) -> float:
        """Where text that runs over the raw numbers must end."""
        return min(p.left for p in (self.plot, self.effect, *(p for _, p in self.weights))) - GAP

    @property
    def bold(self) -> Face:
        """The face of totals and headings."""
        return replace(self.face, bold=True)

    @property
    def small(self) -> Face:
        """The face of second thoughts, of footnotes and of keys: one size below the text."""
        return small_face(self.face, compact=self.compact)


def small_face(face: Face, *, compact: bool) -> Face:
    """Return the face one size below the text; in one column it stays legible."""
    least = style.SIZE_LEGIBLE if compact else style.SIZE_MIN
    return replace(face, size=max(face.size - SMALLER, least), colour=style.SOFT)


def all_rows(plot: ForestPlot) -> list[ForestRow]:
    """Return the studies of all blocks."""
    return [row for block in plot.blocks for row in block.rows]


def all_totals(plot: ForestPlot) -> list[ForestTotal]:
    """Return the pooled results of all blocks and of the whole."""
    return [total for block in plot.blocks for total in block.totals] + list(plot.totals)


def all_effects(plot: ForestPlot) -> list[Span]:
    """Return the effects of all studies and all pooled results."""
    return [row.effect for row in all_rows(plot)] + [total.effect for total in all_totals(plot)]


def all_spans(plot: ForestPlot) -> list[Span]:
    """Return every interval that is printed as text."""
    spans = all_effects(plot)
    return spans + [t.prediction for t in all_totals(plot) if t.prediction is not None]


def texts(plot: ForestPlot) -> Texts:
    """Choose how the numbers of a plot are printed."""
    return forest_house.texts(plot, all_spans(plot))


def arrange(plot: ForestPlot, *, width: float | None = None) -> Layout:
    """Share out the width of the paper.

    The raw numbers, effects and weights get what they need, the study column what its names need
    as far as the plot keeps its least width, and the plot the rest. Where that is impossible,
    optional columns go and then the text shrinks; in one column of a page the text shrinks first, as far
    as it stays legible, and then the weights go.
    """
    if width is None:
        width = style.COLUMN_WIDTH if plot.narrow else style.WIDTH
    if plot.narrow:
        trials = [(least, size, keep) for keep in (True, False) for least in COMPACT_PLOT for size in SIZES]
    else:
        trials = [(PLOT_MIN, size, keep) for size in SIZES for keep in (True, False)]
        trials += [(PLOT_SMALL, size, keep) for keep in (True, False) for size in SIZES]
        trials += [(PLOT_SMALL, size, False) for size in SIZES_LAST]
    for least, size, keep_optional in trials:
        layout = _arrange(plot, Face(size), keep_optional, width, least)
        if layout is not None:
            return layout
    layout = _arrange(plot, Face(trials[-1][1]), False, width, PLOT_LAST_RESORT)
    if layout is None:
        return arrange(plot, width=width * 1.1)
    return layout


def _arrange(
    plot: ForestPlot, face: Face, keep_optional: bool, width: float, plot_min: float
) -> Layout | None:
    compact, house = plot.narrow, house_of(plot)
    order = house.narrow if compact else house.order
    gap, beside = (COMPACT_GAP, COMPACT_GAP) if compact else (GAP, GAP_PLOT)
    kept = [i for i, c in enumerate(plot.columns) if (keep_optional or not c.optional) and not compact]
    cells = _cell_widths(plot, kept, face)
    effect, estimate = _effect_widths(plot, face)
    weights = _weight_widths(plot, face) if keep_optional or not compact else []
    heads = plot.dot_heads
    fixed = sum(w + gap for w in cells) + effect + sum(w + gap for _, w in weights)
    fixed += gap if order[-1] == "plot" else 0.0
    dot = _dot_width(plot)
    dots = gap + dot * len(heads) if heads else 0.0
    free = width - 2 * style.MARGIN - fixed - dots - 2 * beside
    natural = (_below_width(plot, face, free - plot_min) if compact else None) or _label_width(plot, face)
    tight = COMPACT_LABEL_LEAST if plot_min == COMPACT_PLOT[-1] else COMPACT_LABEL_MIN
    if free - plot_min < min(natural, tight if compact else LABEL_MIN):
        return None
    label = min(natural, free - plot_min)
    label = max(label, free - PLOT_MAX)
    columns = tuple(zip(kept, cells, strict=True))
    sizes = _Sizes(face, label, columns, free - label, effect, estimate, weights, gap, beside)
    placed = _place(sizes, order)
    below = compact and _below_width(plot, face, label) is not None
    dots_at = _dot_places(placed.right + gap, len(heads), dot)
    return replace(placed, dots=dots_at, compact=compact, below=below)


def _dot_width(plot: ForestPlot) -> float:
    """Return the width of a column of the risk of bias: the widest sign above them fits in legible letters."""
    if len(plot.dot_heads) == 1:
        return DOT_ALONE
    face = Face(style.SIZE_LEGIBLE, bold=True)
    return max(_widest((d.sign for d in plot.dot_heads), face) + DOT_GAP, DOT)


def _dot_places(left: float, count: int, width: float) -> tuple[Place, ...]:
    return tuple(Place(left + i * width, left + (i + 1) * width) for i in range(count))


@dataclass(frozen=True)
class _Sizes:
    """Widths of all columns before they are placed, points."""

    face: Face
    label: float
    cells: tuple[tuple[int, float], ...]
    plot: float
    effect: float
    estimate: float
    weights: list[tuple[str, float]]
    gap: float
    beside: float  # space left and right of the plot


def _place(sizes: _Sizes, order: tuple[str, ...]) -> Layout:
    """Place the columns from left to right in the order that is asked for."""
    x = style.MARGIN + sizes.label
    cells: list[tuple[int, Place]] = []
    weights: list[tuple[str, Place]] = []
    area = column = Place(x, x)
    previous = "label"
    for kind in order:
        if kind == "plot":
            area = Place(x + sizes.beside, x + sizes.beside + sizes.plot)
            x = area.right + sizes.beside
        elif kind == "effect":
            left = x if previous == "plot" else x + sizes.gap
            column = Place(left, left + sizes.effect)
            x = column.right
        elif kind == "cells":
            for index, width in sizes.cells:
                cells.append((index, Place(x + sizes.gap, x + sizes.gap + width)))
                x += sizes.gap + width
        else:
            x -= sizes.gap if previous == "plot" and sizes.weights else 0.0
            for name, width in sizes.weights:
                weights.append((name, Place(x + sizes.gap, x + sizes.gap + width)))
                x += sizes.gap + width
        previous = kind if kind != "weights" or sizes.weights else previous
    return Layout(
        face=sizes.face,
        label=Place(style.MARGIN, style.MARGIN + sizes.label),
        cells=tuple(cells),
        plot=area,
        effect=column,
        estimate_right=column.left + sizes.estimate,
        weights=tuple(weights),
    )


def _widest(lines: Iterable[str], face: Face) -> float:
    return max((text_width(line, face) for line in lines), default=0.0)


def _word(text: str, face: Face) -> float:
    return _widest(text.split(), face)


def _cell_widths(plot: ForestPlot, kept: list[int], face: Face) -> list[float]:
    """Return the widths of the columns, the shared headings given the room they need."""
    widths = [_cell_width(plot, i, face) for i in kept]
    bold = replace(face, bold=True)
    for heading, members in groupby(range(len(kept)), key=lambda j: plot.columns[kept[j]].group):
        share = list(members)
        present = sum(widths[j] for j in share) + GAP * (len(share) - 1)
        wanted = max(_word(heading, bold), min(text_width(heading, bold) / HEADING_LINES, HEADING_MAX))
        for j in share:
            widths[j] += max(wanted - present, 0.0) / len(share)
    return widths


def _cell_width(plot: ForestPlot, index: int, face: Face) -> float:
    bold = replace(face, bold=True)
    body = _widest((r.cells[index] for r in all_rows(plot) if r.cells), face)
    foot = _widest((t.cells[index] for t in all_totals(plot) if t.cells), bold)
    return max(body, foot, _word(plot.columns[index].heading, bold))


def _effect_widths(plot: ForestPlot, face: Face) -> tuple[float, float]:
    """Return the width of the column of effects and that of its estimates alone."""
    form, bold = texts(plot), replace(face, bold=True)
    spans = all_spans(plot)
    known = [s for s in spans if s.estimate is not None]
    estimate = _widest((form.estimate(s) for s in known), bold)
    interval = _widest((form.interval(s) for s in spans), bold)
    whole = estimate + (GAP_CLOSE if house_of(plot).close else GAP_INTERVAL) + interval
    missing = text_width(NOT_ESTIMABLE, face) if len(known) < len(spans) else 0.0
    headings = (_word(text, bold) for text in (plot.effect_heading, interval_heading(plot)))
    needed = max(whole, missing, *headings)
    return needed, estimate + needed - whole


def _weight_widths(plot: ForestPlot, face: Face) -> list[tuple[str, float]]:
    bold = replace(face, bold=True)
    full = text_width(f"100.0{house_of(plot).percent}", bold)
    found = []
    if any(r.weight is not None for r in all_rows(plot)):
        heading = "random" if plot.show_common else house_of(plot).weight
        found.append(("random", max(full, _word(heading, bold))))
    if plot.show_common and any(r.weight_common is not None for r in all_rows(plot)):
        found.append(("common", max(full, text_width("common", bold))))
    return found


def _label_width(plot: ForestPlot, face: Face) -> float:
    bold = replace(face, bold=True)
    names = [r.label + r.marks for r in all_rows(plot)]
    totals = [t.label for t in all_totals(plot)]
    if any(t.prediction is not None for t in all_totals(plot)):
        names.append(prediction_label(plot))
    return max(_widest(names, face) + indent(plot), _widest(totals, bold), 40.0)


def _belows(plot: ForestPlot) -> list[str]:
    """Return all raw numbers below names."""
    found = [row.below for row in all_rows(plot)] + [total.below for total in all_totals(plot)]
    return [text for text in found if text]


def _below_width(plot: ForestPlot, face: Face, room: float) -> float | None:
    """Return the width of the raw numbers below names: in one line, a group a line where studies are few, or None."""
    rows = len(all_rows(plot)) + len(all_totals(plot)) + 2 * sum(bool(b.heading) for b in plot.blocks)
    small, found = small_face(face, compact=True), _belows(plot)
    ways = [found, [line for text in found for line in _by_group(text)]]
    for lines in ways[: 2 if rows <= BELOW_ROWS else 1]:
        width = _widest(lines, small) + indent(plot)
        if lines and width <= room:
            return max(width, COMPACT_LABEL_LEAST)
    return None


def _by_group(text: str) -> tuple[str, ...]:
    first, *others = text.split(" v ")
    return (first, *(f"v {other}" for other in others))


def below_lines(plot: ForestPlot, layout: Layout, text: str) -> tuple[str, ...]:
    """Return the raw numbers below a name in one line, or a group a line where that is too wide."""
    if not text or text_width(text, layout.small) <= layout.label.width - indent(plot):
        return (text,) if text else ()
    return _by_group(text)


def indent(plot: ForestPlot) -> float:
    """Return how far study names are moved in below the headings of blocks, points."""
    return 6.0 if any(block.heading for block in plot.blocks) else 0.0


def groups(plot: ForestPlot, layout: Layout) -> list[tuple[str, Place]]:
    """Return the shared headings of neighbouring columns with their places."""
    found = []
    for group, members in groupby(layout.cells, key=lambda c: plot.columns[c[0]].group):
        places = [place for _, place in members]
        if group:
            found.append((group, Place(places[0].left, places[-1].right)))
    if len(layout.weights) > 1:
        found.append(("Weight", Place(layout.weights[0][1].left, layout.weights[-1][1].right)))
    return found


def label_lines(plot: ForestPlot, layout: Layout, row: ForestRow) -> tuple[str, ...]:
    """Return the name of a study broken to the width of its column."""
    return wrap(row.label + row.marks, layout.label.width - indent(plot), layout.face)


def block_width(layout: Layout) -> float:
    """Return the width of sentences that stand left of the plot, in one column over it, points."""
    if layout.compact:
        return layout.right - layout.label.left
    return layout.plot.left - GAP_PLOT - layout.label.left
