"""Layouts of forest plots: the order of the columns, one journal column, many pages."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import pytest
import report_builder
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.text import Text
from plot_cases import means, ratio, split

from rheumeta.plots import style
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import GAP_CLOSE, all_rows, all_totals, arrange, texts
from rheumeta.plots.forest_pages import PAGE_ROWS, draw_pages, paginate
from rheumeta.plots.forest_slim import slim
from rheumeta.plots.style import render_pages
from rheumeta.records import SubgroupTest
from rheumeta.steps.drawing.figure_columns import raw_columns, with_moderators
from rheumeta.steps.drawing.figure_forest import forest_figure, subgroup_figure
from rheumeta.steps.drawing.forest_words import difference_line
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
        ("jama", ["label", "cell 1", "cell 2", "effect", "plot", "weight random", "weight common"]),
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


def analysis(name):
    return next(a for a in report_builder.synthesis().analyses if a.id == name)


def test_revman_has_columns_of_events_and_patients_the_method_and_one_model():
    plot = forest_figure(analysis("acr20_three_months"), level=95, layout="revman")
    assert [(c.group, c.heading) for c in plot.columns if c.group] == [
        ("Treatment", "Events"), ("Treatment", "Total"), ("Control", "Events"), ("Control", "Total")
    ]  # fmt: skip
    assert plot.method == "IV, Random, 95%\u00a0CI"
    assert plot.blocks[0].rows[0].cells[1:] == ("9", "46", "1", "7")
    (total,) = plot.totals
    assert (total.label, total.cells[1:], total.weight) == (
        "Total (95%\u00a0CI)",
        ("", "62", "", "12"),
        100.0,
    )
    assert [(s.label, s.cells[1:]) for s in total.sums] == [("Total events", ("16", "", "2", ""))]
    assert plot.lines[:3] == (
        "Heterogeneity: Tau² = 0.12 [0, 8.4]; Chi² = 1.31, df = 1 (P = 0.25); I² = 21% [0, 95]",
        "Test for overall effect: Z = 0.84 (P = 0.40)",
        "Method: inverse variance; Tau² by REML; Wald interval",
    )


def test_revman_tests_the_difference_between_subgroups_with_its_i2():
    one = analysis("acr20_three_months")
    test = replace(one.subgroup_tests[0], q=4.0, df=1, pval=0.0460)
    one = replace(one, subgroup_tests=(test,))
    plot = subgroup_figure(one, "cell_source", "Source", level=95, layout="revman")
    assert plot.lines[-1] == "Test for subgroup differences: Chi² = 4.00, df = 1 (P = 0.046); I² = 75%"
    assert plot.study_heading == "Study or subgroup"
    bmj = subgroup_figure(one, "cell_source", "Source", level=95, layout="bmj")
    assert bmj.lines[-1] == "Test for subgroup differences: χ²=4.00, df=1, P=0.046; I²=75%"


def test_a_method_for_two_by_two_tables_is_the_one_that_revman_shows():
    one = analysis("acr20_three_months")
    mantel = replace(one.random, model="common", method="MH", tau2=None, i2=None, prediction=None)
    plot = forest_figure(replace(one, common=mantel), level=95, layout="revman")
    assert plot.method == "M-H, Common, 95%\u00a0CI"
    assert [row.weight for row in plot.blocks[0].rows] == [s.weight_common for s in one.studies]
    assert "Method: Mantel-Haenszel; Wald interval" in plot.lines


@pytest.mark.parametrize("kinds", [("random", "common"), ("common",)])
def test_a_dotted_line_stands_at_the_result_that_leads(kinds):
    plot = ratio(9)
    kept = tuple(total for total in plot.totals if total.kind in kinds)
    figure = draw_forest(replace(plot, totals=kept))
    dotted = [
        line for line in figure.findobj(Line2D)
        if line.get_color() == style.LINES["pooled"].colour and line.is_dashed()
    ]  # fmt: skip
    (tip,) = {line.get_xdata()[0] for line in dotted}
    diamonds = [d.get_xy()[:, 0] for d in figure.findobj(Polygon) if len(d.get_xy()) == 5]
    assert min(abs(tip - (xs.min() + xs.max()) / 2) for xs in diamonds) < 5
    assert len(dotted) == 1


def test_bmj_has_events_with_totals_below_one_heading_and_limits_in_words():
    plot = forest_figure(analysis("acr20_three_months"), level=95, layout="bmj")
    assert [(c.group, c.heading) for c in plot.columns[1:]] == [
        ("No of events/total", "Treatment"), ("No of events/total", "Control")
    ]  # fmt: skip
    words = [t.get_text() for t in draw_forest(plot).findobj(Text)]
    limits = plot.totals[0].effect
    assert f"({limits.lower:.2f} to {limits.upper:.2f})" in words
    assert "100.0" in words
    assert "Weight" in words
    assert "(%)" in words
    assert words.count("(95% CI)") == 2


@pytest.mark.parametrize("layout", ["bmj", "jama"])
def test_an_interval_stands_a_space_behind_its_estimate(layout):
    plot = replace(ratio(9), layout=layout, show_common=False)
    figure = draw_forest(plot)
    form, words = texts(plot), {t.get_text(): t for t in figure.findobj(Text)}
    spans = [row.effect for row in all_rows(plot)]
    estimates, intervals = [words[form.estimate(s)] for s in spans], [words[form.interval(s)] for s in spans]
    assert {t.get_horizontalalignment() for t in estimates} == {"right"}  # so their points are aligned
    assert {t.get_horizontalalignment() for t in intervals} == {"left"}
    assert {t.get_position()[0] for t in estimates} == {arrange(plot).estimate_right}
    assert {t.get_position()[0] for t in intervals} == {arrange(plot).estimate_right + GAP_CLOSE}


def test_jama_has_sources_sides_above_and_pale_diamonds():
    plot = forest_figure(analysis("acr20_three_months"), level=95, layout="jama")
    assert plot.study_heading == "Source"
    assert {c.group for c in plot.columns[1:]} == {"No. of events/total\u00a0No."}
    assert plot.axis_label == "Risk ratio (95% CI)"
    assert not any("τ²" in line for line in plot.lines if not line.startswith("Method"))
    assert any(line.startswith("Test for overall effect") for line in plot.lines)
    figure = draw_forest(plot)
    texts = {t.get_text(): t for t in figure.findobj(Text)}
    limits = plot.totals[0].effect
    assert f"({limits.lower:.2f}-{limits.upper:.2f})" in texts
    assert not any(t.startswith("←") for t in texts)
    side, heading = (
        next(t for words, t in texts.items() if plot.left_label.endswith(words)),
        texts["Source"],
    )
    assert side.get_position()[1] == pytest.approx(heading.get_position()[1])
    assert side.get_fontproperties().get_weight() == "bold"
    fills = [to_hex(p.get_facecolor()) for p in figure.findobj(Polygon) if len(p.get_xy()) == 5]
    assert fills.count(style.LIGHT_BLUE) == 1


def test_where_a_side_finds_no_room_above_it_stands_below():
    words = {t.get_text() for t in draw_forest(replace(means(), layout="jama")).findobj(Text)}
    assert "←\u00a0improved" in words
    assert "improved" not in words


def test_what_the_sides_mean_stands_in_one_row_where_it_finds_room_beside_no_effect():
    plot = replace(means(), layout="revman")  # no effect lies near the right end, which is that of the paper
    words = {t.get_text(): t.get_position() for t in draw_forest(slim(plot)).findobj(Text)}
    left, right = words["←\u00a0improved"], words["worsened\u00a0→"]
    assert left[1] == right[1]
    assert left[0] < right[0]


def test_intervals_with_negative_limits_have_no_hyphen_in_jama():
    words = [t.get_text() for t in draw_forest(replace(means(), layout="jama")).findobj(Text)]
    assert "(−1.60 to −1.20)" in words
    assert not any(w.startswith("(") and "-" in w for w in words)


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0004, "P < .001"), (0.0012, "P = .001"), (0.01, "P = .010"), (0.034, "P = .03"), (0.044, "P = .04"),
     (0.048, "P = .048"), (0.05, "P = .05"), (0.5, "P = .50"),
     (0.996, "P > .99")],
)  # fmt: skip
def test_probabilities_in_jama_have_no_zero_before_the_point(p, text):
    test = SubgroupTest("dose", "Dose", 1.5, 1, p)
    assert f", {text}; I²" in difference_line(test, "jama")


def test_means_and_standard_deviations_have_columns_of_their_own_in_revman():
    study = replace(
        analysis("acr20_three_months").studies[0],
        events1=None, events2=None, mean1=-1.25, sd1=0.5, mean2=-0.5, sd2=0.75, n1=10.0, n2=20.0, weeks=None,
    )  # fmt: skip
    one = replace(analysis("acr20_three_months"), measure="MD", studies=(study,))
    shown = [(c.column.group, c.column.heading, c.cell(study)) for c in raw_columns(one, "revman")]
    assert shown == [
        ("Treatment", "Mean", "−1.25"), ("Treatment", "SD", "0.50"), ("Treatment", "Total", "10"),
        ("Control", "Mean", "−0.50"), ("Control", "SD", "0.75"), ("Control", "Total", "20"),
    ]  # fmt: skip


def test_one_column_has_the_counts_below_the_names_where_they_fit():
    plot = slim(split(3))
    assert plot.blocks[0].rows[0].below == "130/520 v 7/10"
    assert (
        plot.below_note
        == "Below the names: events/total, Mesenchymal stromal cells v Control without stromal cells"
    )
    assert plot.totals[0].below == "210/900 v 300/910"
    assert arrange(plot).below
    words = [t.get_text() for t in draw_forest(plot).findobj(Text)]
    assert words.index("130/520") == words.index("v 7/10") - 1
    assert "210/900" in words
    assert not arrange(slim(split(20))).below  # too many studies for two lines more


@pytest.mark.parametrize("plot", [ratio(9), split(9), replace(ratio(9), layout="bmj")])
def test_points_of_ratios_stand_below_each_other(plot):
    estimates = [texts(plot).estimate(row.effect) for row in all_rows(plot)]
    assert {len(text.split(".")[1]) for text in estimates} == {2}
