"""The first screen: what it counts and what it may not leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_builder as build

from rheumeta.pages import headline as head
from rheumeta.pages.words import NO_CAUSE
from rheumeta.records import Synthesis

STUDIES = [
    {"study_id": "alvaro2017", "cohort_of": "", "design_class": "randomised", "status": "published"},
    {"study_id": "mesoblast", "cohort_of": "", "design_class": "nonrandomised", "status": "press_only"},
    {"study_id": "later", "cohort_of": "alvaro2017", "design_class": "single_group", "status": "published"},
    {"study_id": "ended", "cohort_of": "", "design_class": "randomised", "status": "no_results"},
]


def demo(*analyses):
    return Synthesis("demo", analyses)


def test_each_cohort_is_counted_once_with_its_largest_number():
    again = replace(
        build.proportion(),
        studies=(build.study("later", n1=60, n2=None), build.study("mesoblast", n1=5, n2=None)),
    )
    cohort = head.cohorts(STUDIES)
    assert cohort["later"] == "alvaro2017"
    assert head.patients([build.controlled(), again], cohort) == {"alvaro2017": 60, "mesoblast": 21}


def test_a_circle_of_cohorts_ends():
    rows = [{"study_id": "a", "cohort_of": "b"}, {"study_id": "b", "cohort_of": "a"}]
    assert set(head.cohorts(rows)) == {"a", "b"}


def test_base_says_how_many_were_compared_and_how_many_at_random():
    text = head.evidence_base(demo(build.controlled(), build.before_after()), STUDIES)
    assert "holds four studies; seven cohorts of patients (groups followed together), 324 in all" in text
    assert "Only two cohorts (74 patients) give numbers that can be set against a control group" in text
    assert "one of them at random (53)" in text
    more = replace(demo(build.controlled(), build.before_after()), controlled_silent=("A 2001", "B 2002"))
    named = head.evidence_base(more, STUDIES)
    assert "Two more studies with a control group without the treatment give none: A 2001, B 2002." in named


def test_an_add_on_trial_is_no_comparison_with_a_control():
    text = head.evidence_base(demo(build.controlled(add_on=True)), STUDIES)
    assert "In none of them was the treatment compared with a control group" in text


def test_a_review_without_usable_numbers_says_so():
    assert "none gives numbers that can be used" in head.evidence_base(demo(build.empty()), STUDIES)


def test_first_screen_has_every_part():
    awaited = [{"study_id": "ended"}, {"study_id": "ended"}]
    bias = [{"study_id": "ended", "domain": "overall", "judgement": "not_assessed"}]
    parts = head.headline(build.synthesis(), STUDIES, awaited, bias)
    assert 3 <= len(parts) <= 7
    assert any("1.94 times" in part for part in parts)
    assert any(NO_CAUSE in part for part in parts)
    assert any(part.startswith("No usable numbers at all") for part in parts)
    assert "one study known only from press" in parts[-1]
    assert "For one study, data that exist" in parts[-1]
    assert "risk of bias of the studies has not been judged" in parts[-1]


def test_the_same_outcome_in_another_measure_is_not_told_twice():
    odds = build.controlled(id="other", measure="OR", random=build.pooled(display=(2.5, 0.4, 15.0)))
    parts = head.headline(demo(build.controlled(), odds), STUDIES)
    assert any("1.94" in part for part in parts)
    assert not any("2.50" in part for part in parts)


def test_a_share_that_was_not_pooled_is_told_with_its_reason():
    analysis = replace(
        build.proportion(primary=True),
        status="not_pooled",
        random=None,
        status_reason="no patient had it: 0 of 77 patients; but X reports 3. Not pooled, because nothing could be",
    )
    text = head.without_control([analysis])
    assert "0 of 77 patients; but X reports 3." in text
    assert "because" not in text


def test_intervals_that_include_no_difference_answer_nothing():
    text = head.answer([build.controlled(), build.empty()])
    assert text == (
        "Whether the treatment helps or harms is not known. Of two main questions put to controlled studies, one "
        "has a usable result, and its data would also fit no difference."
    )


@pytest.mark.parametrize(
    ("word", "known"), [("high", True), ("moderate", True), ("low", False), ("very low", False)]
)
def test_a_certain_result_about_no_difference_is_not_called_unknown(word, known):
    level = build.controlled(random=build.pooled(display=(1.0, 0.98, 1.02)))
    for asked in ([level], [level, build.empty()]):
        text = head.answer(asked, {level.id: word})
        assert text.startswith("Whether the treatment helps or harms is not known. ") is not known
        assert "its data would also fit no difference" in text


def test_a_result_without_an_interval_answers_nothing():
    bare = build.controlled(random=build.pooled(display=(2.5, None, None)))
    assert head.answer([bare]).endswith("no controlled result can be had.")


def test_no_controlled_result_and_no_control_group_are_told_apart():
    assert head.answer([build.empty()]).endswith("no controlled result can be had.")
    assert head.answer([build.before_after()]).startswith("There is no control group")
    assert head.answer([build.controlled(add_on=True)]).startswith("There is no control group")


def test_an_answer_that_cannot_be_relied_on_says_why():
    two = build.controlled(random=build.pooled(display=(3.0, 2.0, 4.5)), better="higher", k=2)
    alone = head.answer([two], {two.id: "very low"})
    limits = "But the certainty is very low, and two studies are too few to rely on this interval."
    assert alone.endswith(f"lie on that side. {limits}")
    among = head.answer([two, build.empty()], {two.id: "very low"})
    cautious = "(very low certainty; two studies are too few to rely on this interval)."
    assert among.endswith(f"Not to be relied on alone: {two.title} {cautious}")
    near = replace(two, random=build.pooled(display=(3.0, 1.0001, 4.5)), k=3)
    assert head.answer([near]).endswith(
        "But the interval ends so close to no difference that it settles nothing."
    )


def test_bias_that_nobody_judged_is_said_with_an_empty_sheet_too():
    assert "risk of bias of the studies has not been judged" in head.missing([], [], [])


def test_a_clear_interval_says_on_which_side_it_lies():
    clear = build.pooled(display=(3.0, 2.0, 4.5))
    good = build.controlled(random=clear, better="higher", k=3)
    bad = build.controlled(random=clear, better="lower", k=3)
    assert head.answer([good]) == (
        "On the one main question, controlled studies point to a better result with treatment: all values that fit "
        "their data well lie on that side."
    )
    assert "point to a worse result with treatment" in head.answer([bad])
    assert head.answer([build.controlled()]).endswith("but its data would also fit no difference.")
    both = head.answer([good, bad])
    assert (
        "All values that fit the data well lie on the side of a better result with treatment in one of them"
        in both
    )
    assert "and on that of a worse one in one of them." in both
    assert "a worse result with treatment in one of them." in head.answer([bad, build.empty()])
