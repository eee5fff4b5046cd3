"""Figures that are higher than a page stand on several, each with its head and its key, and lose nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from matplotlib.text import Text
from plot_cases import LONG, ratio
from test_diagnostic_figures import SUBJECT
from test_plots import albatross, directions
from test_review_figures import assert_nothing_overlaps

from rheumeta.plots import style
from rheumeta.plots.direction import draw_directions
from rheumeta.plots.evidence_map import KEY, draw_map
from rheumeta.plots.forest_pages import draw_pages
from rheumeta.plots.pages import albatross_pages, direction_pages, fits_page, map_pages, strip_pages
from rheumeta.plots.review_records import MapBlock, MapLine, MapMark, MapPlot
from rheumeta.steps.drawing.figure_diagnostics import diagnostic_figure

COLUMN = style.COLUMN_WIDTH


def words(figure):
    return [t.get_text() for t in figure.findobj(Text)]


def outcomes(count, kinds=2):
    """An evidence map of so many outcomes a kind of comparison; each outcome has a study of its own."""
    blocks = []
    for kind in range(kinds):
        lines = tuple(
            MapLine(
                f"Outcome {kind}.{i}", ((MapMark(kind * count + i, "pooled"),), (), (MapMark(0, "shown"),))
            )
            for i in range(count)
        )
        blocks.append(MapBlock(f"Kind {kind}", lines))
    studies = tuple((n, f"Study {n}") for n in range(kinds * count))
    return MapPlot("Map", ("early", "about three months", "late"), tuple(blocks), studies)


@pytest.mark.parametrize("width", [style.WIDTH, COLUMN])
def test_a_high_map_stands_on_pages_with_key_headings_and_the_studies_of_each(width):
    plot = outcomes(60)
    assert not fits_page(draw_map(plot, width=width), width)
    pages = map_pages(plot, width=width)
    told = [words(page) for page in pages]
    assert all(fits_page(page, width) for page in pages)
    for number, page in enumerate(told, start=1):
        assert f"Map (page {number} of {len(pages)})" in page
        assert all(any(label.split()[0] in w for w in page) for _, label in KEY)
        assert "Outcome" in page
    listed = [w for page in told for w in page if w.startswith("Outcome ")]
    assert listed == [line.label for block in plot.blocks for line in block.lines]
    assert sum("Kind 1" in w for page in told for w in page) == sum(
        any(w.startswith("Outcome 1.") for w in page) for page in told
    )
    for page in told:
        own = {w.split(".")[1] for w in page if w.startswith("Outcome 0.")}
        assert own <= {w.split(" Study ")[1] for w in page if " Study " in w}
    assert_nothing_overlaps(pages[-1])


def test_a_forest_plot_of_long_names_in_one_column_takes_pages_that_fit():
    plot = ratio(70, names=(LONG, "Park"))
    pages = draw_pages(plot, width=COLUMN)
    assert len(pages) > 1
    assert all(fits_page(page, COLUMN) for page in pages)
    assert sum(w.startswith("Park") for page in pages for w in words(page)) == 35
    assert ["Random" in words(page) or "Random effects" in words(page) for page in pages] == (
        [False] * (len(pages) - 1) + [True]
    )


def test_panels_and_columns_of_dots_are_shared_out():
    plot = albatross()
    many = replace(plot, panels=plot.panels * 3)
    pages = albatross_pages(many, width=COLUMN)
    assert all(fits_page(page, COLUMN) for page in pages)
    assert sum(words(page).count(plot.panels[0].heading) for page in pages) == 3
    influence = diagnostic_figure("influence", SUBJECT)
    tall = replace(
        influence,
        labels=tuple(f"Study {i}" for i in range(22)),
        flagged=(False,) * 22,
        keys=(),
        strips=tuple(replace(s, values=s.values[:1] * 22) for s in influence.strips),
    )
    pages = strip_pages(tall, width=COLUMN)
    assert len(pages) > 1
    assert all(fits_page(page, COLUMN) for page in pages)


def test_directions_go_on_and_are_tested_at_the_end():
    plot = directions(6, 60)
    pages = direction_pages(plot, width=COLUMN)
    assert len(pages) > 1
    assert all(fits_page(page, COLUMN) for page in pages)
    told = [" ".join(words(page)) for page in pages]
    whole = Counter(words(draw_directions(replace(plot, title=""), width=COLUMN)))
    assert not whole - Counter(w for page in pages for w in words(page))
    assert ["Sign test" in page for page in told] == [False] * (len(pages) - 1) + [True]


def test_what_fits_stays_on_one_page():
    assert len(draw_pages(ratio(12))) == 1
    assert len(map_pages(outcomes(3), width=COLUMN)) == 1
