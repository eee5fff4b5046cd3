"""The stage that draws: every figure that the protocol promises, or none."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from dataclasses import replace

import pytest
import report_builder
import yaml
from tolerances import DIRECT

from rheumeta.errors import InputFaults, RheumetaError
from rheumeta.layout import Layout
from rheumeta.plots.records import BubblePlot, DirectionPlot, ForestPlot, NoteFigure
from rheumeta.records import Analysis, Interval, StudyEffect, read_synthesis
from rheumeta.steps import figures
from rheumeta.steps.drawing.figure_columns import raw_columns
from rheumeta.steps.drawing.figure_evidence import direction_figure, regression_figure
from rheumeta.steps.drawing.figure_forest import describe, forest_figure, subgroup_figure
from rheumeta.steps.drawing.forest_words import heterogeneity
from rheumeta.steps.evidence.model import read_rows
from rheumeta.steps.targets import BIAS_SUMMARY, OF_REVIEW, RISK_OF_BIAS, SHEETS, figure_files, figure_names
from rheumeta.stored import to_json
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import csv_text

PROTOCOL = """\
review: demo
title: A demonstration
version: "1"
question: {{text: t, population: p, intervention: i, comparator: c, outcomes: o}}
interventions: {{msc: {{label: Cells}}}}
moderators:
  cell_source: {{sheet: studies, type: category, label: Source of the cells}}
  dose: {{sheet: arms, type: number, label: Dose, unit: million cells/kg}}
outcomes:
  acr20: {{label: ACR20, codes: [ACR20], domain: Response, lay: improvement}}
  das28: {{label: DAS28, codes: [DAS28], domain: Inflammation, lay: activity}}
comparisons:
  msc_v_control:
    label: Cells against control
    kind: controlled
    experimental: {{having: [msc]}}
    control: {{lacking: [msc]}}
analyses:
{analyses}
"""


def analysis_plan(name, **extra):
    more = "".join(f", {key}: {value}" for key, value in extra.items())
    return f"  {name}: {{title: {name}, comparison: msc_v_control, outcome: acr20, measure: RR{more}}}"


@pytest.fixture
def layout(tmp_path):
    """A review whose synthesis has every case: pooled, one study, none, uncontrolled, proportion."""
    synthesis = report_builder.synthesis()
    regressed = {a.id: [r.moderator for r in a.regressions] for a in synthesis.analyses}
    lines = [
        analysis_plan(
            a.id, subgroups="[cell_source]", regress_on="[dose]" if "dose" in regressed[a.id] else "[]"
        )
        for a in synthesis.analyses
    ]
    lines.append(analysis_plan("failed", regress_on="[dose]"))
    place = Layout("demo", tmp_path)
    place.protocol.parent.mkdir(parents=True)
    place.protocol.write_text(PROTOCOL.format(analyses="\n".join(lines)), encoding="utf-8")
    place.synthesis.parent.mkdir(parents=True)
    place.synthesis.write_text(to_json(synthesis), encoding="utf-8")
    write_sheets(place, report_builder.report_input().sheets)
    return place


def write_sheets(place, given):
    """Write the sheets that figures show as validation would."""
    place.validated.mkdir(parents=True)
    for sheet in RAW_SHEETS:
        rows = [{c.name: row.get(c.name, "") for c in sheet.columns} for row in given.get(sheet.name, ())]
        text = csv_text(rows, [c.name for c in sheet.columns])
        (place.validated / f"{sheet.name}.csv").write_text(text, encoding="utf-8")


def content(layout):
    return {path.name: path.read_bytes() for path in layout.figures.iterdir()}


def by_id(name) -> Analysis:
    return next(a for a in report_builder.synthesis().analyses if a.id == name)


def test_stage_draws_exactly_what_the_protocol_promises_and_always_the_same(layout):
    figures.run(layout)
    first = content(layout)
    assert sorted(first) == sorted(figure_files(yaml.safe_load(layout.protocol.read_text())))
    figures.run(layout)
    assert content(layout) == first


def test_letters_that_the_font_lacks_are_told_with_their_place(layout, caplog):
    path = layout.validated / "studies.csv"
    text = path.read_text(encoding="utf-8")
    label = next(csv.DictReader(io.StringIO(text)))["label"]
    path.write_text(text.replace(label, "王明 2019"), encoding="utf-8")
    figures.run(layout)
    told = [record for record in caplog.records if "empty boxes" in record.message]
    assert told
    assert all("stand for 王 明 in" in record.message and record.aloud for record in told)
    assert any("Figure risk_of_bias of demo: " in record.message for record in told)


def test_two_workers_write_the_bytes_of_one(layout):
    figures.run(layout)
    first = content(layout)
    for path in layout.figures.iterdir():
        path.unlink()
    figures.run(layout, workers=2)
    assert content(layout) == first


def test_failures_of_all_workers_are_listed_and_leave_the_previous_figures(layout):
    figures.run(layout)
    before = content(layout)
    with (layout.validated / "risk_of_bias.csv").open("a", encoding="utf-8") as sheet:
        sheet.write("lost\n")  # a row of one cell only, which validation would refuse
    with pytest.raises(RheumetaError, match="figures could not be drawn") as caught:
        figures.run(layout, workers=2)
    assert f"  {RISK_OF_BIAS}: " in str(caught.value)
    assert f"  {BIAS_SUMMARY}: " in str(caught.value)
    assert content(layout) == before


def test_a_failure_is_listed_and_leaves_the_previous_figures(layout, monkeypatch):
    figures.run(layout)
    before = content(layout)
    monkeypatch.setitem(figures.DRAWN_BY, NoteFigure, lambda *_, **__: 1 / 0)
    with pytest.raises(RheumetaError, match=r"figures could not be drawn[\s\S]*ZeroDivisionError") as caught:
        figures.run(layout)
    assert "acr50_one_year" in str(caught.value)
    assert "failed_regression_dose" in str(caught.value)
    assert content(layout) == before


def test_an_analysis_that_was_not_computed_gets_a_note(layout):
    protocol = figures.load_protocol(layout.protocol)
    sheets = {name: read_rows(validated_path(layout, name)) for name in SHEETS}
    tasks = {t.name: t for t in figures.plan(protocol, read_synthesis(layout.synthesis), sheets)}
    assert list(tasks) == figure_names(protocol.model_dump())
    assert isinstance(tasks["failed"].make(), NoteFigure)


def test_names_come_from_the_protocol_alone():
    analyses = {"a": {"subgroups": ["x", "y"], "regress_on": ["z"]}, "b": {}}
    names = figure_names({"review": "r", "analyses": analyses})
    assert names == ["a", "a_by_x", "a_by_y", "a_regression_z", "b", *OF_REVIEW]


def test_two_figures_of_one_name_are_refused():
    analyses = {"a": {"subgroups": ["x"]}, "a_by_x": {}, "directions": {}}
    with pytest.raises(InputFaults) as caught:
        figure_names({"review": "r", "analyses": analyses})
    assert [f.value for f in caught.value.faults] == ["a_by_x", "directions"]
    assert {f.code for f in caught.value.faults} == {"figure_name_twice"}


def test_names_are_found_without_loading_matplotlib_or_pandas():
    code = "import rheumeta.steps.targets, sys; print({'matplotlib', 'pandas', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# From records to plots


def test_pooled_analysis_shows_both_models_and_sums_of_patients():
    plot = forest_figure(by_id("acr20_three_months"), level=95)
    assert isinstance(plot, ForestPlot)
    assert [t.kind for t in plot.totals] == ["random", "common"]
    assert plot.totals[0].effect.estimate == 1.94
    headings = [(c.group, c.heading) for c in plot.columns]
    assert ("Treatment", "Events/n") in headings
    assert ("Control", "Events/n") in headings
    assert [r.cells[1:] for r in plot.blocks[0].rows] == [("9/46", "1/7"), ("7/16", "1/5")]
    assert plot.totals[0].cells[1:] == ("16/62", "2/12")
    assert any(line.startswith("No prediction interval: ") for line in plot.lines)


def test_footnotes_gloss_every_flag_of_the_studies():
    analysis = by_id("acr20_three_months")
    plot = forest_figure(analysis, level=95)
    marks = {m for row in plot.blocks[0].rows for m in row.marks}
    assert marks == {note.split()[0] for note in plot.footnotes}
    assert len(marks) == len({f for s in analysis.studies for f in s.flags})
    assert any("implied by the percentage" in note for note in plot.footnotes)


def test_single_study_is_shown_without_total_or_weight():
    plot = forest_figure(by_id("sae_any_time"), level=95)
    assert plot.totals == ()
    assert plot.blocks[0].rows[0].weight is None
    assert "not pooled" in " ".join(plot.lines)


def test_no_study_gives_a_note_with_the_reasons():
    analysis = by_id("acr50_one_year")
    note = forest_figure(analysis, level=95)
    assert isinstance(note, NoteFigure)
    assert note.items == tuple((e.label, e.reason) for e in analysis.excluded)


def test_uncontrolled_change_carries_caution_benchmark_and_mid():
    analysis = by_id("das28_change")
    plot = forest_figure(analysis, level=95)
    assert plot.caution == analysis.caution
    assert plot.benchmark is not None
    assert f"{analysis.benchmark.k} studies" in plot.benchmark.label
    assert plot.mid == (-analysis.mid, analysis.mid)
    assert plot.mid_label == (
        "changes smaller than patients notice, between −1.2 and 1.2 points (minimal important difference: "
        "van Gestel 1998)"
    )
    controlled = forest_figure(replace(analysis, comparison_kind="controlled"), level=95)
    assert controlled.mid_label.startswith("differences smaller")
    for changed in ({"null": None}, {"mid": None}, {"scale": "log"}):  # nothing to be different from
        bare = forest_figure(replace(analysis, **changed, benchmark=None), level=95)
        assert (bare.mid, bare.mid_label) == (None, "")


def test_proportions_are_bounded_percentages():
    plot = forest_figure(by_id("acr20_proportion"), level=90)
    assert plot.bounds == (0.0, 100.0)
    assert plot.effect_heading == "Percent"
    assert plot.level == 90


def test_subgroups_become_blocks_and_every_study_stays():
    analysis = by_id("acr20_three_months")
    plot = subgroup_figure(analysis, "cell_source", "Source of the cells", level=95)
    assert [b.heading for b in plot.blocks] == ["Adipose", "Bone marrow"]
    assert all(b.totals == () and b.lines == ("One study: shown, not pooled.",) for b in plot.blocks)
    assert plot.lines[0] == "Test for differences between the groups: Q = 0.02, df = 1, p = 0.88"
    fewer = replace(analysis, subgroups=analysis.subgroups[:1])
    rest = subgroup_figure(fewer, "cell_source", "Source of the cells", level=95)
    assert [b.heading for b in rest.blocks] == ["Adipose", "Not stated"]
    none = subgroup_figure(replace(analysis, subgroups=()), "cell_source", "Source", level=95)
    assert isinstance(none, NoteFigure)


def test_study_with_two_rows_names_its_arms():
    analysis = by_id("acr20_three_months")
    first = analysis.studies[0]
    twin = replace(first, effect_id="other", experimental="high dose")
    plot = forest_figure(replace(analysis, studies=(first, twin)), level=95)
    assert [r.label for r in plot.blocks[0].rows] == [
        f"{first.label}: {first.experimental}",
        f"{first.label}: high dose",
    ]


def study(**changes):
    base = StudyEffect("e", "s", "S", "x", None, None, "", 0.0, 1.0, Interval(0.0, -1.0, 1.0))
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"events1": 3.0, "n1": 9.0}, [("Events/n", "3/9")]),
        ({"events1": 3.0, "person_time1": 12.5}, [("Events/\nperson-time", "3/12.5")]),
        ({"mean1": -1.25, "sd1": 0.5, "n1": 9.0}, [("Change (SD)", "−1.25 (0.50)"), ("n", "9")]),
        ({"n1": 9.0, "n2": 4.5}, [("n", "9"), ("n", "4.5")]),
        ({"weeks": 12.0, "n1": 9.0}, [("Week", "12"), ("n", "9")]),
        ({}, []),
    ],
)
def test_raw_numbers_fill_the_columns_they_need(changes, expected):
    analysis = replace(by_id("das28_change"), measure="MC", studies=(study(**changes),))
    assert [(c.column.heading, c.cell(analysis.studies[0])) for c in raw_columns(analysis)] == expected


def test_heterogeneity_is_told_as_far_as_known():
    pooled = by_id("acr20_three_months").random
    assert heterogeneity(pooled) == "τ² = 0.12 [0, 8.4]; I² = 21% [0, 95]; Q = 1.31, df = 1, p = 0.25"
    assert heterogeneity(replace(pooled, tau2=None, i2=None, q=None)) == ""


def test_alternative_text_says_result_and_caution():
    words = describe(replace(by_id("das28_change"), sentence="It fell."))
    assert "Uncontrolled" in words
    assert words.endswith("It fell.")


def test_regression_line_passes_through_points_that_lie_on_a_line():
    analysis = by_id("das28_change")
    (regression,) = analysis.regressions
    exact = tuple((i, x, 0.5 - 0.2 * x, v) for i, x, _, v in regression.points)
    plot = regression_figure(
        replace(analysis, regressions=(replace(regression, points=exact),)),
        regression.moderator,
        "Dose",
        level=95,
    )
    assert isinstance(plot, BubblePlot)
    xs = [point[1] for point in exact]
    assert (plot.line[0][0], plot.line[-1][0]) == (min(xs), max(xs))
    for x, fit, lower, upper in plot.line:
        assert fit == pytest.approx(0.5 - 0.2 * x, abs=1e4 * DIRECT)
        assert lower <= fit <= upper
    assert isinstance(regression_figure(analysis, "other", "Other", level=95), NoteFigure)


def test_direction_plot_leaves_out_what_another_row_speaks_for():
    synthesis = report_builder.synthesis()
    plot = direction_figure(synthesis, ["Function"])
    assert isinstance(plot, DirectionPlot)
    assert plot.columns[0] == "Function"
    shown = {line.label for block in plot.blocks for line in block.lines}
    assert shown == {r.label for r in synthesis.directions if r.counted}
    nothing = direction_figure(replace(synthesis, directions=()))
    assert isinstance(nothing, NoteFigure)
