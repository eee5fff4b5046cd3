"""Figures that question a pooled result: what they show is what the statistics say."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import report_builder
from matplotlib.text import Text
from test_review_figures import assert_nothing_overlaps
from tolerances import CLOSED_FORM, DIRECT

from rheumeta.errors import StatsError
from rheumeta.pages.inputs import anchor
from rheumeta.plots import style
from rheumeta.plots.axis import Axis
from rheumeta.plots.chart import NAMES_TOLD, clip, draw_chart
from rheumeta.plots.chart_records import Mark
from rheumeta.plots.records import NoteFigure
from rheumeta.records import Interval, StudyEffect
from rheumeta.stats import leave_one_out, pool
from rheumeta.stats.influence import cook_limit
from rheumeta.stats.p_function import p_value_function
from rheumeta.steps.drawing.figure_diagnostics import MAKERS, describe_diagnostic, diagnostic_figure
from rheumeta.steps.drawing.figure_subject import TITLES, Subject
from rheumeta.steps.figures import draw
from rheumeta.steps.synthesis.estimates import Model, estimate
from rheumeta.steps.targets import figure_names
from rheumeta.tables.protocol import AnalysisPlan

# dat.bcg of the R package metadat 1.2.0 (Colditz and others 1994): cases and totals, vaccinated then not
BCG = (
    ("Aronson", "1948", 4, 123, 11, 139), ("Ferguson & Simes", "1949", 6, 306, 29, 303),
    ("Rosenthal et al", "1960", 3, 231, 11, 220), ("Hart & Sutherland", "1977", 62, 13598, 248, 12867),
    ("Frimodt-Moller et al", "1973", 33, 5069, 47, 5808), ("Stein & Aronson", "1953", 180, 1541, 372, 1451),
    ("Vandiviere et al", "1973", 8, 2545, 10, 629), ("TPT Madras", "1980", 505, 88391, 499, 88391),
    ("Coetzee & Berjak", "1968", 29, 7499, 45, 7277), ("Rosenthal et al 2", "1961", 17, 1716, 65, 1665),
    ("Comstock et al", "1974", 186, 50634, 141, 27338), ("Comstock & Webster", "1969", 5, 2498, 3, 2341),
    ("Comstock et al 2", "1976", 27, 16913, 29, 17854),
)  # fmt: skip
MODEL = Model("RR", "inverse_variance", "REML", "z", 95, 5)


def study(label, year, a, n1, c, n2):
    yi, vi = math.log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2
    half = 1.959964 * math.sqrt(vi)
    shown = Interval(math.exp(yi), math.exp(yi - half), math.exp(yi + half))
    return StudyEffect(
        label, label, label, "BCG", "none", None, "", yi, vi, shown, n1=n1, n2=n2, events1=a, events2=c
    )


def subject(rows=BCG, **changes):
    studies = tuple(study(*row) for row in rows)
    found = estimate(studies, MODEL)
    base = next(a for a in report_builder.synthesis().analyses if a.status == "pooled" and a.measure == "RR")
    analysis = replace(
        base, studies=studies, k=len(studies), random=found.random, common=found.common, status=found.status,
        better="lower", reversed_axis=False, scale="log", null=1.0, mid=None, benchmark=None, **changes,
    )  # fmt: skip
    return Subject(analysis, MODEL, {row[0]: row[1] for row in rows})


SUBJECT = subject()


@pytest.mark.parametrize("kind", TITLES)
def test_every_figure_is_drawn_without_overlap_and_says_its_result(kind):
    plot = diagnostic_figure(kind, SUBJECT)
    assert not isinstance(plot, NoteFigure)
    words = describe_diagnostic(plot)
    assert len(words) > len(plot.title) + 20
    assert_nothing_overlaps(draw(plot))


def test_the_closed_list_of_the_protocol_is_what_can_be_drawn():
    field = AnalysisPlan.model_fields["figures"]
    kinds = field.annotation.__args__[0].__args__
    assert sorted(kinds) == sorted(MAKERS) == sorted(TITLES)
    assert "a_funnel" in figure_names({"analyses": {"a": {"figures": ["funnel"]}}})


@pytest.mark.parametrize("kind", TITLES)
def test_two_studies_get_a_note(kind):
    note = diagnostic_figure(kind, subject(BCG[:2]))
    assert isinstance(note, NoteFigure)
    assert "at least 3" in describe_diagnostic(note)


def test_funnel_holds_every_study_and_its_contours_are_where_p_is_what_they_say():
    chart = diagnostic_figure("funnel", SUBJECT)
    assert [m.label for m in chart.marks] == [row[0] for row in BCG]
    for mark, (_, _, a, n1, c, n2) in zip(chart.marks, BCG, strict=True):
        assert mark.x == pytest.approx(a / n1 / (c / n2), rel=DIRECT)
    names = {"0.01 < p < 0.05": 2.5758293, "0.05 < p < 0.1": 1.9599640, "p > 0.1": 1.6448536}  # R: qnorm
    for region in chart.regions[1:]:
        for x, se in region.points[1:]:
            edge = any(x == pytest.approx(limit, rel=1e-9) for limit in chart.x_limits)
            if se > 0 and not (edge and se == max(s for _, s in region.points)):
                assert abs(math.log(x)) / se == pytest.approx(names[region.label], rel=1e-7)
    # metafor 3.8.1: with(dat, sum(abs(yi - coef(rma(yi, vi, method="EE"))) > qnorm(.975) * sqrt(vi)))
    assert chart.lines[0].startswith("6 of 13 studies")


def test_radial_limits_agree_with_the_funnel():
    assert "6 of 13 studies" in diagnostic_figure("radial", SUBJECT).description


def test_the_arc_of_a_radial_plot_reads_effects():
    chart = diagnostic_figure("radial", SUBJECT)
    arc = chart.arc
    for mark, row in zip(chart.marks, BCG, strict=True):
        ratio = row[2] / row[3] / (row[4] / row[5])
        x, z = arc.at(ratio)
        assert z / x == pytest.approx(mark.y / mark.x, rel=CLOSED_FORM)
        assert (x / arc.across) ** 2 + (z / arc.up) ** 2 == pytest.approx(1, rel=CLOSED_FORM)
        assert (mark.x / arc.across) ** 2 + (mark.y / arc.up) ** 2 < 1  # a study lies before the arc
    # metafor 3.8.1: rma(yi, vi, data=dat.bcg (log RR), method="EE"): exp of -0.4303, -0.5097, -0.3509
    found = (arc.span.estimate, arc.span.lower, arc.span.upper)
    assert [round(math.log(v), 4) for v in found] == [-0.4303, -0.5097, -0.3509]
    assert arc.scale == "log"
    assert arc.title == "Risk ratio"
    for curve in chart.curves[:3]:
        x, z = curve.points[1]
        assert (x / arc.across) ** 2 + (z / arc.up) ** 2 == pytest.approx(1, rel=CLOSED_FORM)


@pytest.mark.parametrize("width", [style.WIDTH, style.COLUMN_WIDTH])
@pytest.mark.parametrize("moved", [-3.0, 0.0, 3.0])
@pytest.mark.parametrize("spread", [0.0, 0.02, 1.0])
def test_the_arc_holds_what_it_marks_wherever_the_effects_lie(moved, spread, width):
    studies = tuple(replace(s, yi=moved + spread * s.yi) for s in SUBJECT.analysis.studies)
    shown = replace(SUBJECT, analysis=replace(SUBJECT.analysis, studies=studies))
    chart = diagnostic_figure("radial", shown)
    low, high = chart.arc.limits
    assert low < chart.arc.span.estimate < high
    assert low <= 1 <= high
    points = [chart.arc.at(v) for v in (low, high)] + [(m.x, m.y) for m in chart.marks]
    assert all(chart.y_limits[0] <= y <= chart.y_limits[1] for _, y in points)
    assert_nothing_overlaps(draw_chart(chart, width=width))


def test_a_name_that_finds_no_room_is_told_below():
    at_one_place = tuple(Mark(f"Study {i:02}", 1.0, 1.0) for i in range(40))
    base = diagnostic_figure("baujat", SUBJECT)
    for marks in (base.marks, at_one_place[:11], at_one_place[:20], at_one_place):
        figure = draw_chart(replace(base, marks=marks, x_limits=(0, 2), y_limits=(0, 2)))
        texts = [t.get_text() for t in figure.findobj(Text)]
        told = " ".join(t for t in texts if t not in {m.label for m in marks})
        lost = [m.label for m in marks if m.label not in texts]
        if len(lost) > NAMES_TOLD:
            assert f"No room for the names of {len(lost)} studies." in told
        else:
            assert ("No room" in told) == bool(lost)
            assert all(name in told for name in lost)


def test_where_nothing_is_no_effect_the_radial_plot_draws_none():
    shown = replace(SUBJECT, analysis=replace(SUBJECT.analysis, null=None))
    assert "null" not in {c.style for c in diagnostic_figure("radial", shown).curves}


def test_trim_and_fill_adds_what_metafor_adds():
    # metafor 3.8.1: trimfill(rma(yi, vi, data=dat.bcg (log RR), method="REML")): 1 study
    chart = diagnostic_figure("trim_and_fill", SUBJECT)
    assert sum(m.hollow for m in chart.marks) == 1


def test_baujat_contributions_add_up_to_q():
    # metafor 3.8.1: rma(yi, vi, data=dat.bcg (log RR)): QE = 152.23301
    chart = diagnostic_figure("baujat", SUBJECT)
    assert sum(m.x for m in chart.marks) == pytest.approx(152.23301, abs=5e-6)


def test_leaving_out_each_study_gives_what_the_statistics_give():
    plot = diagnostic_figure("leave_one_out", SUBJECT)
    expected = leave_one_out(SUBJECT.yi, SUBJECT.vi, method="REML", test="z")
    shown = [row.effect for row in plot.blocks[0].rows]
    assert [s.estimate for s in shown] == pytest.approx(
        [math.exp(r.estimate) for r in expected], rel=CLOSED_FORM
    )
    assert [r.label for r in plot.blocks[0].rows][:2] == ["Without Aronson", "Without Ferguson & Simes"]
    studies = SUBJECT.analysis.studies
    assert [r.key for r in plot.blocks[0].rows] == [anchor("e", s.effect_id) for s in studies]


def test_cumulative_goes_by_year_and_ends_with_all_studies():
    plot = diagnostic_figure("cumulative", SUBJECT)
    rows = plot.blocks[0].rows
    assert [r.label for r in rows][:3] == [
        "Aronson (1948)",
        "+ Ferguson & Simes (1949)",
        "+ Stein & Aronson (1953)",
    ]
    assert rows[0].effect.estimate == pytest.approx(4 / 123 / (11 / 139), rel=DIRECT)
    whole = pool(SUBJECT.yi, SUBJECT.vi, method="REML", test="z")
    assert rows[-1].effect.estimate == pytest.approx(math.exp(whole.estimate), rel=CLOSED_FORM)
    assert [r.cells[0] for r in rows] == [str(i) for i in range(1, 14)]
    unknown = replace(SUBJECT, years={})
    assert "not stated" in diagnostic_figure("cumulative", unknown).footnotes[-1]


def test_labbe_shows_both_risks_in_percent():
    chart = diagnostic_figure("labbe", SUBJECT)
    first = chart.marks[0]
    assert (first.x, first.y) == pytest.approx((100 * 11 / 139, 100 * 4 / 123), rel=DIRECT)
    assert chart.lines[0].startswith("In 11 of 13 studies")
    lost = replace(
        SUBJECT.analysis, studies=tuple(replace(s, events2=None) for s in SUBJECT.analysis.studies)
    )
    assert isinstance(diagnostic_figure("labbe", replace(SUBJECT, analysis=lost)), NoteFigure)


def test_subsets_are_all_counted():
    chart = diagnostic_figure("gosh", SUBJECT)
    assert chart.lines[0].startswith(f"All {2**13 - 13 - 1} subsets")
    assert all(chart.x_limits[0] <= x <= chart.x_limits[1] for r in chart.regions for x, _ in r.points)


def test_p_value_function_has_its_peak_and_its_ends_where_they_belong():
    # R: 2 * pnorm(-abs(c(0, 1, 1.959964))); 2 * pt(-2, 5)
    found = p_value_function([0.0, 1.0, 1.959964], 0.0, 1.0)
    assert found == pytest.approx([1.0, 0.3173105078629141, 0.0499999981929], rel=CLOSED_FORM)
    assert p_value_function([3.0], 1.0, 1.0, df=5) == pytest.approx([0.1019394788], rel=1e-9)
    with pytest.raises(StatsError):
        p_value_function([0.0], 0.0, 0.0)
    chart = diagnostic_figure("drapery", SUBJECT)
    pooled = next(c for c in chart.curves if c.style == "main")
    top = max(pooled.points, key=lambda p: p[1])
    assert top == pytest.approx((math.exp(SUBJECT.analysis.random.estimate), 1.0), rel=CLOSED_FORM)


def test_cut_of_cooks_distance_is_the_median_of_chi_squared():
    assert cook_limit() == pytest.approx(0.454936423119573, rel=CLOSED_FORM)  # R: qchisq(0.5, 1)


def test_lines_are_cut_at_the_edges_of_the_plot():
    x, y = Axis("linear", 0, 10, 0, 100), Axis("linear", 0, 1, 0, 50)
    assert clip((-10, 0.5), (20, 0.5), x, y) == ((0, 0.5), (10, 0.5))
    assert clip((2, -1), (2, 3), x, y) == ((2, 0), (2, 1))
    assert clip((2, 0.2), (3, 0.4), x, y) == ((2, 0.2), (3, 0.4))
    assert clip((-5, 0.2), (-1, 0.4), x, y) is None
    log = Axis("log", 1, 100, 0, 100)
    assert np.allclose(clip((0.1, 0.0), (1000, 1.0), log, y), ((1, 0.25), (100, 0.75)))
