"""Layouts of forest plots: the order of the columns, one journal column, many pages."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import pytest
import report_builder
from plot_cases import means, ratio

from rheumeta.plots import style
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import all_rows, all_totals, arrange, slim
from rheumeta.plots.forest_pages import PAGE_ROWS, draw_pages, paginate
from rheumeta.plots.style import render_pages
from rheumeta.steps.drawing.figure_columns import with_moderators
from rheumeta.steps.drawing.figure_forest import forest_figure
from rheumeta.tables.protocol import Moderator

A4_HEIGHT = 297 * style.POINTS_PER_MM


def columns(layout):
    """Names of the columns from left to right."""
    places = {"label": layout.label, "plot": layout.plot, "effect": layout.effect}
    places |= {f"cell {i}": place for i, place in layout.cells} | {
        f"weight {n}": p for n, p in layout.weights
    }
    return sorted(places, key=lambda name: places[name].left)


@pytest.mark.parametrize(
    ("name", "order"),
    [
        (
            "standard",
            ["label", "cell 1", "cell 2", "plot", "effect", "weight random", "weight common"],
        ),
        (
            "revman",
            ["label", "cell 1", "cell 2", "weight random", "weight common", "effect", "plot"],
        ),
        ("bmj", ["label", "cell 1", "cell 2", "plot", "weight random", "weight common", "effect"]),
        ("compact", ["label", "plot", "effect", "weight random"]),
    ],
)
def test_columns_stand_in_the_order_of_the_layout_and_do_not_meet(name, order):
    plot = slim(ratio(9)) if name == "compact" else replace(ratio(9), layout=name)
    layout = arrange(plot)
    assert columns(layout) == order
    places = [
        layout.label,
        *(p for _, p in layout.cells),
        layout.plot,
        layout.effect,
        *(p for _, p in layout.weights),
    ]
    places.sort(key=lambda p: p.left)
    assert all(a.right < b.left for a, b in pairwise(places))


@pytest.mark.parametrize("plot", [ratio(9), means(), ratio(1)])
def test_compact_fits_one_column_of_a_journal_in_legible_letters(plot):
    plot = slim(plot)
    figure = draw_forest(plot)
    assert figure.get_size_inches()[0] * 72 == pytest.approx(style.COLUMN_WIDTH)
    assert arrange(plot).face.size >= style.SIZE_LEGIBLE


@pytest.mark.parametrize("k", [1, PAGE_ROWS, PAGE_ROWS + 1, 200])
def test_pages_hold_each_study_once_and_the_results_at_the_end(k):
    pages = list(paginate(ratio(k)))
    assert [r for page in pages for r in all_rows(page)] == all_rows(ratio(k))
    assert max(len(all_rows(page)) for page in pages) <= PAGE_ROWS
    assert [bool(all_totals(page)) for page in pages[:-1]] == [False] * (len(pages) - 1)
    assert pages[-1].totals == ratio(k).totals


def test_a_group_that_goes_on_says_so():
    plot = means(PAGE_ROWS * 2 + 10)
    pages = list(paginate(plot))
    assert [b.heading for page in pages for b in page.blocks] == [
        "Umbilical cord", "Umbilical cord (continued)", "Adipose tissue", "Adipose tissue (continued)"
    ]  # fmt: skip
    assert [t.label for page in pages for b in page.blocks for t in b.totals] == ["Subtotal"]


def test_two_hundred_studies_fit_pages_of_a4_in_one_pdf():
    figures = draw_pages(ratio(200))
    assert len(figures) == 4
    assert all(figure.get_size_inches()[1] * 72 <= A4_HEIGHT for figure in figures)
    pdf = render_pages(figures, title="Many")
    assert pdf == render_pages(draw_pages(ratio(200)), title="Many")
    assert BytesIO(pdf).getvalue().count(b"/Type /Page ") == 4


def test_moderators_become_columns_in_words():
    analysis = next(a for a in report_builder.synthesis().analyses if a.id == "acr20_three_months")
    moderators = {
        "cell_source": Moderator(
            sheet="studies", type="category", label="Source", choices={"adipose": "Fat"}
        ),
        "dose": Moderator(sheet="arms", type="number", label="Dose", unit="million/kg"),
    }
    studies = tuple(replace(s, moderators={"cell_source": "adipose"}) for s in analysis.studies)
    before = forest_figure(replace(analysis, studies=studies), level=95)
    plot = with_moderators(before, replace(analysis, studies=studies), moderators)
    assert [c.heading for c in plot.columns][:2] == ["Source", "Dose, million/kg"]
    assert [r.cells[:2] for r in plot.blocks[0].rows] == [("Fat", "–")] * len(studies)
    assert [t.cells[:2] for t in plot.totals] == [("", "")] * len(plot.totals)
    assert all(len(r.cells) == len(plot.columns) for r in plot.blocks[0].rows)
    assert with_moderators(before, analysis, {}) is before
