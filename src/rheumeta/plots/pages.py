"""Figures that are too high for a page, on several pages with head and key repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeVar

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.albatross import draw_albatross
from rheumeta.plots.chart_records import StripPlot
from rheumeta.plots.direction import draw_directions
from rheumeta.plots.evidence_map import draw_map
from rheumeta.plots.records import AlbatrossPlot, DirectionLine, DirectionPlot
from rheumeta.plots.review_records import MapBlock, MapLine, MapPlot
from rheumeta.plots.strips import draw_strips

PAGE_HEIGHT = 297 * style.POINTS_PER_MM
COLUMN_HEIGHT = 240 * style.POINTS_PER_MM
"""Most height of a figure as wide as a page (A4), and of one in a column of a journal, points."""

CONTINUED = " (continued)"

Unit = TypeVar("Unit")


def height_of(figure: Figure) -> float:
    """Return the height of a figure in points."""
    return float(figure.get_size_inches()[1]) * 72


def most_height(width: float) -> float:
    """Return the height that a figure of this width may have; both in points."""
    return COLUMN_HEIGHT if style.is_column(width) else PAGE_HEIGHT


def fits_page(figure: Figure, width: float) -> bool:
    """Return whether a figure of this width is no higher than a page."""
    return height_of(figure) <= most_height(width) + 1e-6


def map_pages(plot: MapPlot, *, width: float) -> list[Figure]:
    """Draw an evidence map on pages; each lists the studies that it shows."""
    units = [(i, line) for i, block in enumerate(plot.blocks) for line in block.lines]

    def build(part: Sequence[tuple[int, MapLine]], start: int) -> MapPlot:
        begun = {i for i, _ in units[:start]}
        blocks = []
        for i, members in groupby(part, key=lambda unit: unit[0]):
            heading = plot.blocks[i].heading + (CONTINUED if i in begun else "")
            blocks.append(MapBlock(heading, tuple(line for _, line in members)))
        shown = {m.number for block in blocks for line in block.lines for cell in line.cells for m in cell}
        return replace(plot, blocks=tuple(blocks), studies=tuple(s for s in plot.studies if s[0] in shown))

    return _fill(units, build, lambda page: draw_map(page, width=width), plot.title, width)


def direction_pages(plot: DirectionPlot, *, width: float) -> list[Figure]:
    """Draw an effect-direction plot on pages; the sign tests stand on the last."""
    units = [(i, line) for i, block in enumerate(plot.blocks) for line in block.lines]

    def build(part: Sequence[tuple[int, DirectionLine]], start: int) -> DirectionPlot:
        begun = {i for i, _ in units[:start]}
        blocks = []
        for i, members in groupby(part, key=lambda unit: unit[0]):
            heading = plot.blocks[i].heading + (CONTINUED if i in begun else "")
            blocks.append(replace(plot.blocks[i], heading=heading, lines=tuple(line for _, line in members)))
        last = start + len(part) == len(units)
        return replace(plot, blocks=tuple(blocks), tests=plot.tests if last else ())

    return _fill(units, build, lambda page: draw_directions(page, width=width), plot.title, width)


def albatross_pages(plot: AlbatrossPlot, *, width: float) -> list[Figure]:
    """Draw the panels of an albatross plot on pages."""

    def build(part: Sequence[object], _: int) -> AlbatrossPlot:
        return replace(plot, panels=tuple(part))  # type: ignore[arg-type]

    return _fill(plot.panels, build, lambda page: draw_albatross(page, width=width), plot.title, width)


def strip_pages(plot: StripPlot, *, width: float) -> list[Figure]:
    """Draw the columns of an influence plot on pages."""

    def build(part: Sequence[object], _: int) -> StripPlot:
        return replace(plot, strips=tuple(part))  # type: ignore[arg-type]

    return _fill(plot.strips, build, lambda page: draw_strips(page, width=width), plot.title, width)


def _fill(
    units: Sequence[Unit],
    build: Callable[[Sequence[Unit], int], object],
    draw: Callable[..., Figure],
    title: str,
    width: float,
) -> list[Figure]:
    """Put as many units on each page as fit, at least one; number the pages in their titles."""
    parts = []
    start = 0
    while start < len(units):
        low, high = 1, len(units) - start  # so many fit; so many might
        while low < high:
            middle = (low + high + 1) // 2
            page = replace(build(units[start : start + middle], start), title=_numbered(title, 99, 99))  # type: ignore[type-var]
            low, high = (middle, high) if fits_page(draw(page), width) else (low, middle - 1)
        parts.append(build(units[start : start + low], start))
        start += low
    titled = (replace(p, title=_numbered(title, i, len(parts))) for i, p in enumerate(parts, start=1))  # type: ignore[type-var]
    return [draw(page) for page in titled]


def _numbered(title: str, number: int, count: int) -> str:
    return f"{title} (page {number} of {count})"
