"""A forest plot of very many studies on several pages with one axis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import all_rows
from rheumeta.plots.pages import fits_page, height_of, most_height
from rheumeta.plots.records import ForestBlock, ForestPlot, ForestRow

PAGE_ROWS = 56
"""Most studies on a page: with title, axis and sentences they fit 297 mm where their names take a line."""


def draw_pages(plot: ForestPlot, *, width: float = style.WIDTH) -> list[Figure]:
    """Draw a forest plot on as many pages as it needs; all have the same columns and the same axis.

    Parameters
    ----------
    plot : ForestPlot
        Any number of studies.
    width : float
        Width of the pages in points.

    Returns
    -------
    list of Figure
        One figure a page; the last holds the pooled results and the sentences.
    """
    whole = draw_forest(plot, width=width)
    count = len(all_rows(plot))
    if fits_page(whole, width):
        return [whole]
    rows = min(PAGE_ROWS, max(int(count * most_height(width) / height_of(whole)), 1))
    while True:
        figures = [draw_forest(page, whole=plot, width=width) for page in paginate(plot, rows)]
        if rows == 1 or all(fits_page(figure, width) for figure in figures):
            return figures
        rows = max(min(int(0.9 * rows), rows - 1), 1)


def paginate(plot: ForestPlot, rows: int = PAGE_ROWS) -> Iterator[ForestPlot]:
    """Yield pages of so many rows; a group that goes on says so, results follow its last study."""
    if len(all_rows(plot)) <= rows:
        yield plot
        return
    pages = _pages(plot, rows)
    for number, blocks in enumerate(pages, start=1):
        page = replace(plot, blocks=tuple(blocks), title=f"{plot.title} (page {number} of {len(pages)})")
        if number < len(pages):
            page = replace(page, totals=(), lines=(), footnotes=(), dot_heads=plot.dot_heads)
        yield page


def _pages(plot: ForestPlot, page_rows: int) -> list[list[ForestBlock]]:
    pages: list[list[ForestBlock]] = [[]]
    free = page_rows
    for block in plot.blocks:
        rows = list(block.rows)
        first = True
        while rows:
            if free <= 0:
                pages.append([])
                free = page_rows
            part, rows = rows[:free], rows[free:]
            pages[-1].append(_part(block, part, first=first, last=not rows))
            free -= len(part) + (2 if block.heading else 0)
            first = False
    return pages


def _part(block: ForestBlock, rows: list[ForestRow], *, first: bool, last: bool) -> ForestBlock:
    heading = block.heading if first or not block.heading else f"{block.heading} (continued)"
    totals, lines = (block.totals, block.lines) if last else ((), ())
    return ForestBlock(tuple(rows), heading, totals, lines)
