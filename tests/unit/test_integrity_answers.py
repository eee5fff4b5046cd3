"""Answers to the questions of the integrity check, on made sheets, and what the pages say of them."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import page_walker as walk
import pytest
import tiny_review

from rheumeta.errors import InputFaults
from rheumeta.pages import origins, render
from rheumeta.pages.integrity import integrity_blocks, integrity_view, moved, summary, warning
from rheumeta.questions import under_question
from rheumeta.records import Interval
from rheumeta.steps import effects, harmonise, integrity, report, synthesise, validate
from rheumeta.steps.evidence.model import read_rows
from rheumeta.tables.sheets import INTEGRITY_ANSWERS
from rheumeta.tables.writing import csv_text

QUESTION = "percent_whole.alpha2010.r001.eefe"
COLUMNS = [c.name for c in INTEGRITY_ANSWERS.columns]


@pytest.fixture
def layout(tmp_path):
    """A review with a percentage that no whole number of its 20 patients gives, and the SD of a percentage."""
    layout = tiny_review.build(tmp_path)
    tiny_review.change(
        layout, {"file": "results", "line": 2, "set": {"percent": "47", "accept": "percent_not_whole"}}
    )
    tiny_review.change(layout, {"file": "results", "line": 3, "set": {"sd": "42.6"}})
    return layout


def answered(layout, **cells):
    row = {"question_id": QUESTION, "study": "alpha2010", "check": "percent_whole", "answer": "explained",
           "reason": "One patient was not assessed.", "by": "A. Reviewer", "date": "2026-01-31"} | cells  # fmt: skip
    (layout.raw / "integrity_answers.csv").write_text(csv_text([row], COLUMNS), encoding="utf-8")
    return layout


def inspect(layout, last=integrity):
    for stage in (validate, harmonise, effects, integrity, synthesise, report):
        stage.run(layout)
        if stage is last:
            break
    return {row["question_id"]: row for row in read_rows(layout.integrity)}


def test_a_made_sheet_raises_its_questions(layout):
    rows = inspect(layout)
    assert rows[QUESTION]["state"] == "open"
    assert rows[QUESTION]["grade"] == "serious"
    (spread,) = (row for row in rows.values() if row["check"] == "sd_of_percentage")
    assert spread["reported"] == "percent 23.8, sd 42.6, n 21"
    assert under_question(rows.values()).holds("alpha2010", ["r001"])
    assert not under_question(rows.values()).holds("beta2012", ["r003"])


def test_a_stage_by_hand_warns_that_the_sheets_were_edited_since_validation(layout, caplog):
    inspect(layout)
    assert "edited since" not in caplog.text
    integrity.run(answered(layout))
    assert "The sheets of tiny were edited since they were validated" in caplog.text
    caplog.clear()
    inspect(layout)
    assert "edited since" not in caplog.text


def test_an_explained_question_is_closed(layout):
    row = inspect(answered(layout))[QUESTION]
    assert (row["state"], row["answered_by"], row["date"]) == ("explained", "A. Reviewer", "2026-01-31")
    assert not under_question([row]).rows


@pytest.mark.parametrize("answer", ["data_error", "unresolved", "corrected"])
def test_every_other_answer_leaves_the_data_under_question(layout, answer, caplog):
    row = inspect(answered(layout, answer=answer))[QUESTION]
    assert row["state"] == answer
    assert under_question([row]).rows == {"r001"}
    assert ("still arises" in caplog.text) == (answer == "corrected")


def test_an_answer_that_is_no_longer_asked_for_is_kept_and_told(layout, caplog):
    answered(layout)
    tiny_review.change(layout, {"file": "results", "line": 2, "set": {"percent": "45", "accept": ""}})
    row = inspect(layout)[QUESTION]
    assert (row["state"], row["reason"]) == ("no_longer_asked", "One patient was not assessed.")
    assert row["ask"] == "This question is not asked of the sheets as they are."
    assert "closes nothing" in caplog.text
    assert not under_question([row]).rows


@pytest.mark.parametrize("name", [QUESTION.removesuffix(".eefe"), QUESTION.replace("eefe", "0a1b")])
def test_an_answer_with_no_digest_or_another_is_told_what_is_asked_now(layout, name, caplog):
    rows = inspect(answered(layout, question_id=name))
    assert rows[QUESTION]["state"] == "open"
    assert QUESTION in rows[name]["ask"]
    assert f"{name} closes nothing. Asked with other numbers" in caplog.text


def test_an_answer_does_not_cover_numbers_that_were_edited_since(layout):
    answered(layout)
    tiny_review.change(layout, {"file": "results", "line": 2, "set": {"percent": "48"}})
    rows = inspect(layout)
    assert rows.pop(QUESTION)["state"] == "no_longer_asked"
    (again,) = (row for row in rows.values() if row["check"] == "percent_whole")
    assert (again["state"], again["reason"]) == ("open", "")


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"question_id": "q17"}, "question_id", "unknown_question"),
        ({"check": "percent_hole"}, "check", "unknown_check"),
        ({"study": "alpha2011"}, "study", "unknown_study"),
        ({"check": "mean_whole"}, "check", "check_of_other_question"),
    ],
)
def test_an_answer_without_a_question_is_a_fault_that_lists_what_there_is(layout, cells, column, code):
    with pytest.raises(InputFaults) as caught:
        inspect(answered(layout, **cells))
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.column, fault.code) == (
        "data/raw/tiny/integrity_answers.csv", 2, column, code)  # fmt: skip
    wanted = {"question_id": QUESTION, "study": "alpha2010", "check": "percent_whole"}[column]
    assert wanted in fault.allowed
    assert fault.remedy
    assert not layout.integrity.exists()


def test_the_words_of_an_answer_are_judged_by_validation(layout):
    with pytest.raises(InputFaults) as caught:
        inspect(answered(layout, answer="fine", reason=""))
    assert {fault.column for fault in caught.value.faults} == {"answer", "reason"}


def test_a_review_without_the_sheet_is_whole(layout):
    (layout.raw / "integrity_answers.csv").unlink(missing_ok=True)
    assert QUESTION in inspect(layout)


@pytest.fixture
def doubted(tmp_path):
    """A review whose only analysis uses a number of patients that its percentage contradicts."""
    layout = tiny_review.build(tmp_path)
    cells = {"percent": "33.3", "accept": "events_percent_disagree"}
    tiny_review.change(layout, {"file": "results", "line": 3, "set": cells})
    inspect(layout, last=synthesise)
    return report.load(layout, figures=False)


def test_an_analysis_is_repeated_without_data_under_question(doubted):
    (analysis, *_) = doubted.synthesis.analyses
    assert [s.flags for s in analysis.studies if "questioned" in s.flags]
    assert (analysis.sensitivity[-1].id, analysis.sensitivity[-1].k) == ("without_questioned", 0)


def test_the_page_tells_the_questions_and_what_is_left_without_their_data(doubted):
    view = integrity_view(doubted)
    assert "1 serious" in view.summary
    assert "0 " not in view.summary
    (one, *_) = doubted.integrity
    assert summary(replace(doubted, integrity=(one,))).endswith(" it is not answered.")
    found = [(row["check"], row["result_ids"]) for row in view.questions]
    assert found == [("events_percent", "r002"), ("routes_disagree", "r001;r002")]
    assert [(m.record.id, m.studies, m.without) for m in view.moves] == [
        ("acr20_short", "Alpha 2010", "no data")
    ]
    assert "33.3" in str(list(integrity_blocks(doubted)))


def test_the_numbers_of_the_section_lead_to_the_questions_that_they_count(doubted):
    page = render.report(doubted)
    assert [fault for fault in walk.faults(page, origins.names(doubted)) if "its figures" not in fault] == []
    counted = {text.link for section, text in walk.Walker(page).texts if section == "integrity"}
    assert {
        "place-asked",
        "place-checks",
        "asked-events_percent",
        "asked-alpha2010",
    } <= counted


def test_the_first_screen_warns_of_a_main_result_under_question(doubted):
    (analysis, *others) = doubted.synthesis.analyses
    main = replace(analysis, primary=True)
    marked = replace(doubted, synthesis=replace(doubted.synthesis, analyses=(main, *others)))
    assert warning(marked).startswith("One main result rests on numbers with an open serious question: ")
    other = replace(analysis, primary=False)
    assert warning(replace(doubted, synthesis=replace(doubted.synthesis, analyses=(other,)))) == ""


def test_a_move_says_how_far_and_whether_a_line_was_crossed(doubted):
    ratio = replace(doubted.synthesis.analyses[0], scale="log", null=1.0)
    before, after = Interval(2.0, 1.2, 3.3), Interval(1.5, 0.8, 2.8)
    assert moved(ratio, before, after) == "times 0.75; the interval now includes no effect"
    assert moved(ratio, after, before) == "times 1.33; the interval now excludes no effect"
    assert moved(ratio, before, Interval(1.5)) == "times 0.75", "without limits nothing is said of them"
    linear = replace(ratio, scale="linear", null=None)
    assert moved(linear, Interval(20.0, 10.0, 30.0), Interval(17.5, 9.0, 29.0)) == "by −2.50"
    assert moved(linear, before, None) == "nothing is left to compare"


def test_without_checks_the_section_is_left_out(doubted):
    data = replace(doubted, integrity=(), integrity_checks=())
    assert integrity_view(data) is None
    assert list(integrity_blocks(data)) == []


def test_the_scaffold_makes_the_sheet():
    from rheumeta.steps.scaffold import empty_sheet

    assert next(csv.reader(io.StringIO(empty_sheet(INTEGRITY_ANSWERS)))) == COLUMNS
