"""Every kind of figure one column (85 mm) wide: nothing overlaps, nothing is cut off, all text legible."""

from __future__ import annotations

from dataclasses import replace

import pytest
import test_plots
from matplotlib.text import Text
from plot_cases import LONG, extreme, means, ratio, split
from test_diagnostic_figures import SUBJECT
from test_review_figures import (
    BIAS,
    FLOW,
    LABELS,
    SYNTHESIS,
    assert_nothing_overlaps,
    bias_figure,
    bias_summary_figure,
    flow_figure,
    long_map,
)

from rheumeta.plots import style
from rheumeta.plots.axis import make_axis
from rheumeta.plots.canvas import Face
from rheumeta.plots.evidence_map import draw_map
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import arrange
from rheumeta.plots.forest_slim import slim
from rheumeta.plots.records import Brief, ForestBlock, ForestColumn
from rheumeta.plots.review_records import BiasDomain, MapBlock, MapLine, MapMark, MapPlot
from rheumeta.plots.risk_of_bias import draw_bias_summary
from rheumeta.steps.drawing.figure_diagnostics import diagnostic_figure
from rheumeta.steps.drawing.figure_subject import TITLES
from rheumeta.steps.figures import draw
from rheumeta.steps.targets import column_formats, figure_names, in_column


def judged(plot):
    """A forest plot with three domains and an overall judgement beside each study."""
    dots = ("low", "unclear", "high", "serious")
    blocks = tuple(replace(b, rows=tuple(replace(r, dots=dots) for r in b.rows)) for b in plot.blocks)
    return replace(plot, blocks=blocks, dot_heads=tuple(BiasDomain(s, s) for s in ("D1", "D2", "D3", "All")))


RECORDS = {
    "forest": lambda: ratio(9),
    "forest_judged": lambda: judged(ratio(9)),
    "forest_means": lambda: means(),
    "directions": lambda: test_plots.directions(9, 8),
    "albatross": lambda: test_plots.albatross(),
    "bubble": lambda: test_plots.bubble(),
    "note": lambda: test_plots.FIGURES["note"][1],
    "map": lambda: long_map(),
    "traffic": lambda: bias_figure(BIAS, LABELS),
    "flow": lambda: flow_figure(FLOW, SYNTHESIS, 20),
    "flow_alone": lambda: flow_figure(FLOW[:4], SYNTHESIS, 20),
    **{kind: lambda kind=kind: diagnostic_figure(kind, SUBJECT) for kind in TITLES},
}


def assert_legible(figure):
    sizes = [t.get_fontsize() for t in figure.findobj(Text) if t.get_text()]
    assert min(sizes) >= style.SIZE_LEGIBLE
    assert figure.get_size_inches()[0] * 72 == pytest.approx(style.COLUMN_WIDTH)


@pytest.mark.parametrize("name", RECORDS)
def test_every_figure_is_legible_in_one_column(name):
    figure = draw(RECORDS[name](), width=style.COLUMN_WIDTH)
    assert_legible(figure)
    assert_nothing_overlaps(figure)


def test_bars_of_the_risk_of_bias_are_legible_in_one_column():
    figure = draw_bias_summary(bias_summary_figure(BIAS, LABELS, SYNTHESIS), width=style.COLUMN_WIDTH)
    assert_legible(figure)
    assert_nothing_overlaps(figure)


def test_a_forest_plot_keeps_weights_and_the_overall_judgement():
    plot = slim(judged(ratio(9)))
    assert [row.dots for row in plot.blocks[0].rows] == [("serious",)] * 9
    layout = arrange(plot)
    assert [kind for kind, _ in layout.weights] == ["random"]
    assert len(layout.dots) == 1
    words = " ".join(t.get_text() for t in draw_forest(plot).findobj(Text))
    assert "RoB: risk of bias, the overall judgement" in words
    assert "100.0%" in words


LAYOUTS = ("standard", "revman", "bmj", "jama")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "plot", [ratio(9), split(9), means(), extreme()], ids=["ratio", "split", "means", "extreme"]
)
def test_every_layout_keeps_weights_in_one_column(plot, layout):
    plot = slim(judged(replace(plot, layout=layout)))
    assert [kind for kind, _ in arrange(plot).weights] == ["random"]
    figure = draw_forest(plot)
    assert_legible(figure)
    assert_nothing_overlaps(figure)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_stand_whole_over_the_counts_in_one_column(layout):
    plot = replace(split(9), layout=layout)
    words = [t.get_text() for t in draw_forest(slim(plot)).findobj(Text)]
    names = [row.label + row.marks for row in plot.blocks[0].rows]
    assert {*names, "Total (95%\u00a0CI)", "95% prediction interval"} <= set(words)
    assert "95% prediction interval" in [t.get_text() for t in draw_forest(plot).findobj(Text)]


@pytest.mark.parametrize(
    ("limits", "scale", "ticks"),
    [((0.3, 60), "log", (0.3, 1.0, 10.0)), ((-0.75, 0.41), "linear", (-0.4, 0.0, 0.4))],
)
def test_a_short_axis_has_three_ticks_where_they_find_room(limits, scale, ticks):
    assert make_axis(limits, (0, 64), scale=scale, face=Face(6.0)).ticks == ticks


def test_sign_tests_are_sentences_in_one_column():
    plot = test_plots.directions(9, 8)
    assert plot.tests
    narrow = " ".join(t.get_text() for t in draw(plot, width=style.COLUMN_WIDTH).findobj(Text))
    for test in plot.tests:
        assert f"{test.outcome}: {test.favourable} of {test.favourable + test.unfavourable} favour" in narrow


def test_a_long_name_stands_over_its_row_in_one_column():
    words = [t.get_text() for t in draw_forest(slim(ratio(2, names=(LONG,)))).findobj(Text)]
    assert sum(w in LONG for w in words if "Refractory" in w) == 2
    assert any(w.startswith("The Multinational-Collaborative Mesenchymal") for w in words)


def test_the_number_of_patients_alone_is_named():
    columns = (ForestColumn("n", brief=Brief("", "n")),)
    rows = tuple(replace(r, cells=("9",)) for r in ratio(2).blocks[0].rows)
    plot = slim(replace(ratio(2), columns=columns, blocks=(ForestBlock(rows),), totals=()))
    assert {row.below for row in plot.blocks[0].rows} == {"n\u00a0=\u00a09"}
    assert plot.below_note == ""


def test_a_map_without_room_for_columns_lists_the_times():
    marks = tuple((MapMark(i, "pooled"),) for i in range(6))
    plot = MapPlot("T", ("about three months",) * 6, (MapBlock("B", (MapLine("Pain", marks),)),), ((1, "A"),))
    wide, narrow = draw_map(plot), draw_map(plot, width=style.COLUMN_WIDTH)
    assert "Time" not in [t.get_text() for t in wide.findobj(Text)]
    assert "Time" in [t.get_text() for t in narrow.findobj(Text)]


def test_an_axis_too_short_for_a_full_set_still_has_two_ticks():
    axis = make_axis((-1.98, 1.95), (0, 44), scale="linear", face=Face(6.0), padding=3.0)
    assert axis.ticks == (-1.0, 1.0)


def test_only_what_a_paper_prints_comes_in_a_column_in_all_formats():
    protocol = {"review": "r", "analyses": {"a": {"primary": True, "figures": ["funnel"]}, "b": {}}}
    assert in_column(protocol)[:2] == ["a", "a_funnel"]
    assert "b" not in in_column(protocol)
    assert "evidence_map" not in in_column(protocol)
    assert set(in_column(protocol)) < set(figure_names(protocol))
    formats = column_formats(protocol)
    assert set(formats) == set(figure_names(protocol))
    assert (formats["a"], formats["b"], formats["evidence_map"]) == (("svg", "pdf"), ("svg",), ("svg",))
    only_pdf = {**protocol, "defaults": {"column_figures": ["pdf"]}}
    assert column_formats(only_pdf)["a"] == ("pdf",)
    assert column_formats(only_pdf)["b"] == ()
