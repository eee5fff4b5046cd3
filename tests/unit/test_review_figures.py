"""Evidence map, risk of bias, flow of records: nothing that the sheets say is left out."""

from __future__ import annotations

import typing
from dataclasses import replace
from types import SimpleNamespace

import pytest
import report_builder
from review_cases import BIAS, FLOW, LABELS, UPDATE, bias_rows, flow_row
from test_plots import DPI, PIXEL, boxes

from rheumeta.flow_boxes import BOXES, OPTIONAL
from rheumeta.pages.words import leading_weights
from rheumeta.plots.evidence_map import draw_map
from rheumeta.plots.flow import draw_flow
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.judgements import LOOKS, PALETTES, contrast, looks
from rheumeta.plots.records import NoteFigure
from rheumeta.plots.review_records import Judgement, JudgementStyle, MapMark
from rheumeta.plots.risk_of_bias import draw_bias_summary, draw_traffic, shares
from rheumeta.plots.style import COLUMN_WIDTH
from rheumeta.records import Synthesis
from rheumeta.rob_tools import CODES, NOT_ASSESSED, TOOLS, find_domain, find_tool, judgement_words
from rheumeta.steps.drawing.figure_bias import (
    UNJUDGED,
    bias_figure,
    bias_summary_figure,
    describe_bias,
    for_analysis,
    with_bias,
)
from rheumeta.steps.drawing.figure_bias import assessments as read_assessments
from rheumeta.steps.drawing.figure_flow import describe_flow, flow_figure
from rheumeta.steps.drawing.figure_forest import forest_figure
from rheumeta.steps.drawing.figure_map import NO_TIME, describe_map, map_figure, weeks_of
from rheumeta.tables.protocol import Judged, Outcome, Window

SYNTHESIS = report_builder.synthesis()


def study(study_id, **changes):
    return {"study_id": study_id, "label": study_id.title(), "design_class": "randomised",
            "status": "published", **changes}  # fmt: skip


def awaited(study_id, outcome, time="", why="full_text_not_at_hand"):
    return {"study_id": study_id, "outcome": outcome, "what": "a number", "time_reported": time, "why": why}


PROTOCOL = SimpleNamespace(
    windows={
        "early": Window(label="3 months", start=10, end=18, target=13),
        "late": Window(label="1 year", start=40, end=64, target=52),
        "any_time": Window(label="any", start=0, end=999, target=52, no_time=True),
    },
    outcomes={
        "acr20": Outcome(label="ACR20 response", codes=("ACR20",), domain="Response", lay="x"),
        "das28": Outcome(label="DAS28", codes=("DAS28-ESR", "DAS28"), domain="Activity", lay="x"),
    },
)
"""What the map reads of a protocol."""


def evidence_map(studies, rows, synthesis=None):
    synthesis = synthesis or Synthesis("demo", ())
    return map_figure(PROTOCOL, synthesis, {"studies": studies, "awaited": rows})


def cells(plot):
    """All marks by heading of the block, outcome and column."""
    return {
        (block.heading.split()[0], line.label, plot.columns[i]): cell
        for block in plot.blocks for line in block.lines for i, cell in enumerate(line.cells) if cell
    }  # fmt: skip


def test_map_shows_what_is_awaited_where_it_is_awaited():
    rows = [
        awaited("a", "DAS28-ESR", "12 and 52 weeks"),
        awaited("b", "DAS28", "1 year", "ended_early"),
        awaited("c", "HAQ", "", "ongoing"),
    ]
    plot = evidence_map([study("a"), study("b"), study("c", design_class="single_group")], rows)
    assert cells(plot) == {
        ("Treated", "DAS28", "3 months"): (MapMark(1, "awaited"),),
        ("Treated", "DAS28", "1 year"): (MapMark(1, "awaited"), MapMark(2, "awaited", True)),
        ("Without", "HAQ", NO_TIME): (MapMark(3, "planned"),),
    }
    assert "3 awaited" in describe_map(plot)
    assert "1 of all these from trials that are unpublished or ended early" in describe_map(plot)


def test_map_prefers_a_number_to_a_direction_and_a_direction_to_waiting():
    pooled = next(a for a in SYNTHESIS.analyses if a.status == "pooled" and a.comparison_kind == "controlled")
    first = pooled.studies[0].study_id
    mine = replace(pooled, outcome="acr20", window="early")
    direction = replace(
        SYNTHESIS.directions[0], study_id=first, outcome="acr20", weeks=12.0, comparison_kind="controlled"
    )
    ids = [s.study_id for s in pooled.studies]
    rows = [awaited(first, "ACR20", "12 weeks"), awaited(first, "DAS28", "3 months")]
    studies = [study(i, status="press_only" if i == ids[1] else "published") for i in ids]
    synthesis = Synthesis("demo", (mine,), (direction, replace(direction, weeks=52.0)))
    found = cells(evidence_map(studies, rows, synthesis))
    assert found["Treated", "ACR20 response", "3 months"][:2] == (
        MapMark(1, "pooled"), MapMark(2, "pooled", True)
    )  # fmt: skip
    assert found["Treated", "ACR20 response", "1 year"] == (MapMark(1, "direction"),)
    assert found["Treated", "DAS28", "3 months"] == (MapMark(1, "awaited"),)
    alone = replace(mine, status="single_study", studies=mine.studies[:1])
    shown = cells(evidence_map(studies, [], Synthesis("demo", (alone,))))
    assert shown["Treated", "ACR20 response", "3 months"] == (MapMark(1, "shown"),)


@pytest.mark.parametrize(
    ("text", "weeks"),
    [("12 and 52 weeks", [12, 52]), ("3, 6 and 8 months", [13, 26, 8 * 52 / 12]), ("1 and 3 years", [52, 156]),
     ("at the end", []), ("", [])],
)  # fmt: skip
def test_times_in_words(text, weeks):
    assert weeks_of(text) == pytest.approx(weeks)


# Risk of bias


def test_every_domain_of_every_tool_is_drawn_whether_judged_or_not():
    plot = bias_figure(BIAS, LABELS)
    assert [p.tool for p in plot.panels] == ["RoB 2", "ROBINS-I", "JBI case series"]
    rob2, robins, jbi = plot.panels
    assert [d.sign for d in rob2.domains] == ["D1", "D2", "D3", "D4", "D5", "Overall"]
    assert rob2.lines[2].judgements == ("not_assessed",) * 6
    assert robins.lines[0].judgements == ("serious", *["not_assessed"] * 6, "critical")
    assert jbi.domains[10].name == "Follow-up long enough"
    assert jbi.lines[0].judgements[3] == "high"
    assert jbi.lines[0].judgements[10] == "low"
    assert jbi.lines[0].judgements[-1] == "not_assessed"


def test_shares_of_a_domain_add_up_to_the_whole():
    panel = bias_figure(BIAS, LABELS).panels[0]
    for index in range(len(panel.domains)):
        assert sum(share for _, share in shares(panel, index)) == pytest.approx(100)
    assert dict(shares(panel, 0)) == pytest.approx(
        {"low": 100 / 3, "some_concerns": 100 / 3, "not_assessed": 100 / 3}
    )
    weighted = replace(panel, weights=(60.0, 30.0, 10.0))
    assert dict(shares(weighted, 5)) == pytest.approx({"low": 60, "high": 30, "not_assessed": 10})


def test_weights_come_from_the_first_primary_pooled_analysis():
    pooled = replace(next(a for a in SYNTHESIS.analyses if a.status == "pooled"), primary=True)
    ids = [s.study_id for s in pooled.studies]
    rows = bias_rows(ids[0], ("low",) * 6) + bias_rows("elsewhere", ("high",) * 6)
    plot = bias_summary_figure(rows, {}, Synthesis("demo", (pooled,)))
    (panel,) = plot.panels
    assert (panel.weights, panel.beside.weights) == (None, tuple(s.weight_random for s in pooled.studies))
    assert panel.beside.basis == f"by weight in the analysis “{pooled.title}”"
    assert "1 low, 1 high" in describe_bias(plot)


def test_weight_that_nobody_judged_is_in_the_bar_and_its_studies_are_named():
    pooled = replace(next(a for a in SYNTHESIS.analyses if a.status == "pooled"), primary=True)
    first, *others = [s.study_id for s in pooled.studies]
    judged = pooled.studies[0].weight_random
    labels = {study: f"Study {study}" for study in others}
    named = ", ".join(labels.values())
    synthesis = Synthesis("demo", (pooled,))
    waiting = [r for study in others for r in bias_rows(study, ("not_assessed",), domains=("overall",))]
    for rows in (bias_rows(first, ("low",) * 6), bias_rows(first, ("low",) * 6) + waiting):
        plot = bias_summary_figure(rows, labels, synthesis)
        for index in range(6):
            assert dict(shares(plot.panels[0].beside, index)) == pytest.approx(
                {"low": judged, "not_assessed": 100 - judged}
            )
        line = f"Not assessed with RoB 2, {100 - judged:.0f}% of the weight: {named}."
        assert plot.lines == (line,)
        assert line in describe_bias(plot)
        assert f"low {judged:.0f}%, not assessed {100 - judged:.0f}%" in describe_bias(plot)
        draw_bias_summary(plot)
    other = bias_rows(others[0], ("serious",), tool="ROBINS-I", domains=("overall",))
    rob2, robins = bias_summary_figure(bias_rows(first, ("low",) * 6) + other, labels, synthesis).lines
    assert rob2.startswith(
        f"Not assessed with RoB 2, {100 - judged:.0f}% of the weight: Study {others[0]} (ROBINS-I)"
    )
    assert robins.startswith("Not assessed with ROBINS-I")
    assert f"{first} (RoB 2)" in robins


def test_weights_are_those_of_the_model_that_leads():
    random = next(a for a in SYNTHESIS.analyses if a.status == "pooled")
    studies = tuple(replace(s, weight_common=100.0 * (i == 0)) for i, s in enumerate(random.studies))
    analysis = replace(
        random, primary=True, studies=studies, common=replace(random.random, model="common", method="MH")
    )
    assert leading_weights(random) == [s.weight_random for s in random.studies]
    assert leading_weights(analysis) == [100.0, *[0.0] * (len(studies) - 1)]
    rows = [
        row for i, s in enumerate(studies) for row in bias_rows(s.study_id, ("high" if i else "low",) * 6)
    ]
    beside = bias_summary_figure(rows, {}, Synthesis("demo", (analysis,))).panels[0].beside
    assert dict(shares(beside, 5)) == {"low": 100.0, "high": 0.0}


def test_a_tool_that_nobody_was_judged_with_has_a_line_instead_of_empty_bars():
    rows = bias_rows("a", ("low",) * 6) + bias_rows("b", ("not_assessed",), domains=("overall",))
    rows += bias_rows("d", ("not_assessed",), tool="ROBINS-I", domains=("overall",))
    plot = bias_summary_figure(rows, LABELS, SYNTHESIS)
    assert [panel.tool for panel in plot.panels] == ["RoB 2"]
    assert plot.panels[0].basis == "1 of 2 judgements made, each counts the same"
    assert f"Not judged yet with ROBINS-I, 7 domains: {LABELS['d']}." in plot.lines


def test_judgement_of_the_outcome_goes_before_that_of_all():
    pooled = next(a for a in SYNTHESIS.analyses if a.status == "pooled")
    first = pooled.studies[0].study_id
    rows = bias_rows(first, ("low",) * 6) + bias_rows(first, ("high",) * 6, outcome=pooled.outcome)
    assert for_analysis(read_assessments(rows), pooled)[first].outcome == pooled.outcome


def test_a_judgement_may_name_the_outcome_as_the_results_do():
    pooled = replace(next(a for a in SYNTHESIS.analyses if a.status == "pooled"), primary=True)
    first = pooled.studies[0].study_id
    rows = bias_rows(first, ("low",) * 6) + bias_rows(first, ("high",) * 6, outcome="ACR-20")
    found, codes = read_assessments(rows), {pooled.outcome: ("ACR-20",)}
    assert for_analysis(found, pooled)[first].outcome == "all"
    assert for_analysis(found, pooled, codes)[first].outcome == "ACR-20"
    dots = with_bias(forest_figure(pooled, level=95), pooled, found, {}, codes=codes).blocks[0].rows[0].dots
    assert dots == ("high",) * 6
    plot = bias_summary_figure(rows, {}, Synthesis("demo", (pooled,)), codes=codes)
    assert plot.panels[0].beside.lines[0].judgements == ("high",) * 6


def test_nobody_judged_is_said():
    rows = bias_rows("a", ("not_assessed",), domains=("overall",))
    rows += bias_rows("d", ("not_assessed",), tool="ROBINS-I", domains=("overall",))
    note = bias_figure(rows, LABELS)
    assert "No study has been judged yet" in describe_bias(note)
    assert note.items == (("RoB 2, 5 domains", LABELS["a"]), ("ROBINS-I, 7 domains", LABELS["d"]))
    assert isinstance(bias_summary_figure(rows, {}, SYNTHESIS), NoteFigure)
    assert isinstance(bias_figure([], {}), NoteFigure)


@pytest.mark.parametrize(
    ("name", "count"),
    [("RoB 2", 5), ("RoB 1", 7), ("ROBINS-I", 7), ("ROBINS-I V2", 6), ("ROBINS-E", 7), ("JBI case series", 10),
     ("RoB 2 for cluster trials", 6), ("QUIPS", 6), ("QUADAS-2", 4)],
)  # fmt: skip
def test_tools_have_the_domains_of_their_papers(name, count):
    tool = find_tool(name)
    assert tool is not None
    assert len(tool.domains) == len({d.code for d in tool.domains}) == count
    assert all(find_domain(tool, n) is d for d in tool.domains for n in (d.code, d.name, d.short))


@pytest.mark.parametrize(
    ("tool", "heading", "code"),
    [("RoB 2", "Bias arising from the randomization process", "D1"), ("RoB 2", "Randomization.process", "D1"),
     ("RoB 2", "Deviations from the intended interventions", "D2"), ("RoB 2 for cluster trials", "D1a", "D1"),
     ("RoB 2 for cluster trials", "D1b", "D1b"), ("RoB 1", "Other.sources.of.bias", "D7"),
     ("ROBINS-I", "Bias due to selection of participants", "D2"), ("ROBINS-I", "Risk of bias due to confounding", "D1"),
     ("QUIPS", "Bias due to participation", "D1"), ("QUADAS-2", "Flow & timing", "D4")],
)  # fmt: skip
def test_headings_of_other_programs_name_the_same_domain(tool, heading, code):
    assert find_domain(find_tool(tool), heading).code == code


def test_tools_keep_their_own_words():
    assert judgement_words("JBI case series", "low") == "yes"
    assert judgement_words("RoB 2", "some_concerns") == "some concerns"
    jbi = bias_figure(BIAS, LABELS).panels[2]
    assert looks(jbi.style)["high"].label == "no"
    assert "0 yes" not in describe_bias(bias_figure(BIAS, LABELS))
    assert {code for tool in TOOLS for code in tool.judgements} | {NOT_ASSESSED} == set(CODES)
    assert tuple(LOOKS) == tuple(sorted(CODES, key=list(LOOKS).index))
    assert set(typing.get_args(Judged)) == set(CODES) - {NOT_ASSESSED}
    assert set(typing.get_args(Judgement)) == set(CODES)


@pytest.mark.parametrize("name", PALETTES)
def test_colours_leave_every_sign_and_stand_out_from_it(name):
    shown = looks(JudgementStyle(colours=PALETTES[name]))
    assert {j: look.sign for j, look in shown.items()} == {j: look.sign for j, look in LOOKS.items()}
    assert all(contrast(look.fill, look.ink) >= 4 for look in shown.values())
    own = looks(JudgementStyle(colours={"low": "#000000"}))
    assert (own["low"].ink, own["high"]) == ("#ffffff", LOOKS["high"])


def test_a_study_without_any_row_is_named():
    rows = [r for r in BIAS if r["study_id"] != "c"]
    assert bias_figure(rows, LABELS).lines == ("The sheet of judgements has no row for: Vij 2022.",)


def test_tools_are_found_however_they_are_written():
    assert {find_tool(n).name for n in ("rob2", "RoB2", "RoB 2.0", "ROB-2")} == {"RoB 2"}
    assert find_tool("ROBINS-I 2025").name == "ROBINS-I V2"
    assert find_tool("something else") is None
    assert len({t.name for t in TOOLS}) == len(TOOLS)


# Flow


def test_flow_sums_boxes_and_names_their_parts():
    plot = flow_figure(FLOW, SYNTHESIS, 20)
    main, other = plot.streams
    assert main.steps[0].main.lines == (
        "Records identified (n = 800)", "Databases (n = 750): Medline (n = 400), Embase (n = 350)",
        "Registers (n = 50): ClinicalTrials.gov",
    )  # fmt: skip
    assert main.steps[0].aside.lines == (
        "Records removed before screening (n = 300)", "Duplicate records (n = 280)",
        "Records marked as ineligible by automation tools (n = 15): Classifier of randomised trials",
        "Records removed for other reasons (n = 5)",
    )  # fmt: skip
    assert main.steps[3].aside.lines == (
        "Reports excluded (n = 36)", "No patients with rheumatoid arthritis (n = 30)", "No original data (n = 6)"
    )  # fmt: skip
    assert other.steps[0].main.lines[1:] == (
        "Citation searching (n = 9)", "Websites (n = 2)", "Organisations (n = 1)"
    )  # fmt: skip
    assert other.steps[1].main.lines == ()
    assert other.steps[3].main.lines == ("Reports assessed for eligibility (n = 10)",)
    assert "Studies included in review (n = 20)" in describe_flow(plot)
    assert plot.phases == ("Identification", *["Screening"] * 3, "Included")


def test_flow_names_what_was_removed_where_it_was_of_one_kind():
    def aside(*boxes):
        rows = [
            {**FLOW[0], "box": box, "channel": "all", "reason": "", "n": "7"}
            for box in ("identified", *boxes)
        ]
        return flow_figure(rows, SYNTHESIS, 20).streams[0].steps[0].aside.lines

    assert aside("duplicates_removed") == ("Duplicate records removed before screening (n = 7)",)
    assert aside("automation_removed") == (
        "Records removed before screening (n = 7)",
        "Records marked as ineligible by automation tools (n = 7)",
    )
    assert aside() == ("Records removed before screening: not recorded",)


def test_flow_of_an_update_adds_the_previous_studies():
    plot = flow_figure(UPDATE, SYNTHESIS, 31)
    assert plot.previous.lines == (
        "Studies included in previous version of review (n = 11)",
        "Reports of studies included in previous version of review (n = 15)",
    )
    assert plot.included.lines[0] == "New studies included in review (n = 20)"
    assert plot.total.lines[0] == "Total studies included in review (n = 31)"
    assert plot.streams[0].heading == "Identification of new studies via databases and registers"
    assert flow_figure(FLOW, SYNTHESIS, 20).total is None


def test_flow_says_what_is_not_recorded_and_never_writes_zero():
    rows = [flow_row("identified", "", "databases"), flow_row("identified", 7, "registers"),
            flow_row("screened", "")]  # fmt: skip
    plot = flow_figure(rows, SYNTHESIS, 3)
    assert plot.streams[0].steps[0].main.lines == (
        "Records identified (n ≥ 7)", "Databases: not recorded", "Registers (n = 7)"
    )  # fmt: skip
    screened = plot.streams[0].steps[1].main
    assert (screened.lines, screened.missing) == (("Records screened: not recorded",), True)
    assert isinstance(flow_figure([], SYNTHESIS, 3), NoteFigure)


def test_flow_counts_the_sheet_of_studies_where_it_records_no_number_of_them():
    for rows in (
        [flow_row("screened", 9)],
        [flow_row("included_studies", ""), flow_row("included_reports", 5)],
    ):
        plot = flow_figure(rows, SYNTHESIS, 3)
        assert plot.included.lines[0] == "Studies included in review (n = 3)"
        assert "those of the sheet of studies" in plot.lines[0]
    assert plot.included.lines[1] == "Reports of included studies (n = 5)"
    update = [row for row in UPDATE if row["box"] != "included_studies"]
    assert (
        flow_figure(update, SYNTHESIS, 31).included.lines[0] == "New studies included in review: not recorded"
    )


def test_flow_without_any_number_has_one_box_a_phase_that_says_so():
    rows = [flow_row(box, "") for box in BOXES if box not in OPTIONAL and not box.startswith("included")]
    plot = flow_figure([*rows, flow_row("included_studies", 23)], SYNTHESIS, 23)
    (stream,) = plot.streams
    assert plot.phases == ("Identification", "Screening", "Included")
    assert all(step.main.missing and step.aside is None for step in stream.steps)
    assert describe_flow(plot).count("Not recorded") == 2


def test_flow_counts_each_study_once_in_the_synthesis():
    plot = flow_figure(FLOW, SYNTHESIS, 40)
    counts = [int(box.lines[0].rpartition("= ")[2].rstrip(")")) for box in plot.syntheses]
    assert sum(counts) == 40
    assert plot.lines[0] == "The sheet of studies holds 40; the last row of boxes counts these."
    assert len(flow_figure(FLOW, SYNTHESIS, 20).lines) == 1


# Drawing


def long_map():
    rows = [awaited(f"s{i}", "DAS28", "12 weeks") for i in range(30)]
    return evidence_map([study(f"s{i}", label="Mesoblast MPC-300-IV " * (i % 3)) for i in range(30)], rows)


POOLED = replace(next(a for a in SYNTHESIS.analyses if a.status == "pooled"), primary=True)
PRIMARY = replace(SYNTHESIS, analyses=(POOLED,))
BIAS_OF_ANALYSIS = bias_rows(
    POOLED.studies[0].study_id, ("low", "high", "low", "low", "some_concerns", "high")
)

FIGURES = {
    "map": lambda: draw_map(long_map()),
    "traffic": lambda: draw_traffic(bias_figure(BIAS, LABELS)),
    "bars": lambda: draw_bias_summary(bias_summary_figure(BIAS, LABELS, SYNTHESIS)),
    "flow": lambda: draw_flow(flow_figure(FLOW, SYNTHESIS, 20)),
    "flow_alone": lambda: draw_flow(flow_figure(FLOW[:4], SYNTHESIS, 20)),
    "flow_unrecorded": lambda: draw_flow(flow_figure([flow_row("screened", "")], SYNTHESIS, 20)),
    "flow_without_first": lambda: draw_flow(
        flow_figure([r for r in FLOW if (r["box"], r["channel"]) != ("identified", "other")], SYNTHESIS, 20)
    ),
    "flow_update": lambda: draw_flow(flow_figure(UPDATE, SYNTHESIS, 31)),
    "flow_update_column": lambda: draw_flow(flow_figure(UPDATE, SYNTHESIS, 31), width=COLUMN_WIDTH),
    "bars_beside": lambda: draw_bias_summary(bias_summary_figure(BIAS_OF_ANALYSIS, {}, PRIMARY)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_or_lies_on_another(name):
    assert_nothing_overlaps(FIGURES[name]())


def assert_nothing_overlaps(figure):
    texts = boxes(figure)
    width, height = figure.get_size_inches() * DPI
    for i, (text, box) in enumerate(texts):
        assert min(box.x0, box.y0) >= -PIXEL, text
        assert max(box.x1 - width, box.y1 - height) <= PIXEL, text
        for other, beside in texts[i + 1 :]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            along = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert not (across > PIXEL and along > PIXEL), (text, other)


def test_forest_plot_shows_the_judgements_beside_each_study():
    pooled = next(a for a in SYNTHESIS.analyses if a.status == "pooled" and a.comparison_kind == "controlled")
    first, second = [s.study_id for s in pooled.studies][:2]
    rows = bias_rows(first, ("low", "high", "low", "low", "low", "high"))
    rows += bias_rows(second, ("critical",), tool="ROBINS-I", domains=("overall",))
    plot = with_bias(forest_figure(pooled, level=95), pooled, read_assessments(rows), {second: "Second"})
    assert [d.sign for d in plot.dot_heads] == ["D1", "D2", "D3", "D4", "D5", "All"]
    dots = [row.dots for row in plot.blocks[0].rows]
    assert dots[0] == ("low", "high", "low", "low", "low", "high")
    assert [row.dots_key for row in plot.blocks[0].rows][:2] == [f"j-{s}-all" for s in (first, second)]
    assert dots[1] == (*["not_applicable"] * 5, "critical")
    assert "only the overall judgement of Second (ROBINS-I)" in plot.footnotes[-1]
    assert_nothing_overlaps(draw_forest(plot))


def test_forest_plot_says_that_nobody_was_judged():
    pooled = next(a for a in SYNTHESIS.analyses if a.status == "pooled")
    rows = bias_rows(pooled.studies[0].study_id, ("not_assessed",), domains=("overall",))
    plot = with_bias(forest_figure(pooled, level=95), pooled, read_assessments(rows), {})
    assert plot.dot_heads == ()
    assert plot.footnotes[-1] == UNJUDGED
