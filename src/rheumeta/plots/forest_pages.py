"""A forest plot of very many studies on several pages with one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import all_rows
from rheumeta.plots.records import ForestBlock, ForestPlot, ForestRow

PAGE_ROWS = 56
"""Studies on a page: with title, axis and sentences they fit 297 mm."""


def draw_pages(plot: ForestPlot) -> list[Figure]:
    """Draw a forest plot on as many pages as it needs; all have the same columns and the same axis.

    Parameters
    ----------
    plot : ForestPlot
        Any number of studies.

    Returns
    -------
    list of Figure
        One figure a page; the last holds the pooled results and the sentences.
    """
    pages = list(paginate(plot))
    if len(pages) == 1:
        return [draw_forest(plot)]
    return [draw_forest(page, whole=plot) for page in pages]


def needs_pages(plot: ForestPlot) -> bool:
    """Return whether a plot has more studies than fit a page."""
    return len(all_rows(plot)) > PAGE_ROWS


def paginate(plot: ForestPlot) -> Iterator[ForestPlot]:
    """Yield the pages of a plot; a group that goes on says so, results follow its last study."""
    if not needs_pages(plot):
        yield plot
        return
    pages = _pages(plot)
    for number, blocks in enumerate(pages, start=1):
        page = replace(plot, blocks=tuple(blocks), title=f"{plot.title} (page {number} of {len(pages)})")
        if number < len(pages):
            page = replace(page, totals=(), lines=(), footnotes=(), dot_heads=plot.dot_heads)
        yield page


def _pages(plot: ForestPlot) -> list[list[ForestBlock]]:
    pages: list[list[ForestBlock]] = [[]]
    free = PAGE_ROWS
    for block in plot.blocks:
        rows = list(block.rows)
        first = True
        while rows:
            if free <= 0:
                pages.append([])
                free = PAGE_ROWS
            part, rows = rows[:free], rows[free:]
            pages[-1].append(_part(block, part, first=first, last=not rows))
            free -= len(part) + (2 if block.heading else 0)
            first = False
    return pages


def _part(block: ForestBlock, rows: list[ForestRow], *, first: bool, last: bool) -> ForestBlock:
    heading = block.heading if first or not block.heading else f"{block.heading} (continued)"
    totals, lines = (block.totals, block.lines) if last else ((), ())
    return ForestBlock(tuple(rows), heading, totals, lines)
