"""Sentences: what they say in each case, and what they never say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import report_builder as build

from rheumeta.pages.findings import finding, span
from rheumeta.pages.words import NO_CAUSE, NO_EVIDENCE, includes_mid, main_pooled, sentence, topic
from rheumeta.records import Interval

EVERY = [build.controlled, build.single, build.empty, build.before_after, build.proportion]


@pytest.mark.parametrize("make", EVERY)
def test_no_sentence_gives_a_verdict(make):
    assert not re.search(r"\bprove|significan|effective\b|works", sentence(make()), re.IGNORECASE)


@pytest.mark.parametrize("make", EVERY)
def test_the_same_record_gives_the_same_words(make):
    assert sentence(make()) == sentence(make())


def test_ratio_of_two_trials():
    text = sentence(build.controlled(warnings=()))
    assert "two studies, 74 patients, treated against control" in text
    assert "1.94 times as frequent with the treatment as in the control groups" in text
    assert "(95% interval: 0.41 to 9.14)" in text
    assert "includes “no difference”" in text
    assert "Two studies are too few" in text


def test_a_warning_of_the_analysis_is_not_said_twice():
    assert "too few" not in sentence(build.controlled())


def test_ratio_wholly_on_one_side_names_the_side_by_what_is_good_for_the_patient():
    good = build.controlled(random=build.pooled(display=(2.0, 1.2, 3.3)), k=5)
    assert "on the side of a better result" in sentence(good)
    assert "on the side of a worse result" in sentence(replace(good, better="lower"))


def test_two_studies_and_a_bare_miss_are_no_ground_for_a_side():
    two = build.controlled(random=build.pooled(display=(2.0, 1.2, 3.3)), k=2)
    assert "Two studies are too few to rely on this interval." in sentence(two)
    bare = build.controlled(random=build.pooled(display=(1.29, 1.002, 1.665)), k=5)
    assert "ends so close to no difference that it settles nothing" in sentence(bare)


def test_a_ratio_with_an_empty_group_is_told_by_its_counts():
    study = build.study(n1=46, n2=7, events1=1, events2=0, flags=("zero_cell",))
    text = sentence(replace(build.single(), studies=(study,), measure="RR", scale="log", null=1.0))
    assert "1 of 46 treated patients and 0 of 7 in the control group had it" in text
    assert "times as frequent" not in text
    assert "a ratio says more of the correction" in text


def test_a_difference_with_an_empty_group_is_told_with_what_the_correction_moves():
    study = build.study(n1=46, n2=7, events1=1, events2=0, flags=("zero_cell",))
    study = replace(study, effect=Interval(0.0217, -0.1534, 0.1968))
    text = sentence(replace(build.single(), studies=(study,), measure="RD", scale="linear", null=0.0))
    assert "1 of 46 treated patients and 0 of 7 in the control group had it" in text
    assert "2 more in 100" in text
    assert "ratio" not in text
    assert "the width of the interval rests on a correction" in text


def test_one_study_is_named_and_not_pooled():
    text = sentence(build.single())
    assert text.count("one study") >= 2
    assert "Álvaro-Gracia 2017" in text
    assert "Taken together" not in text


def test_no_study_is_missing_evidence():
    text = sentence(build.empty())
    assert "no study gives numbers that can be used" in text
    assert NO_EVIDENCE in text


def test_before_after_always_says_that_it_shows_no_cause():
    for analysis in (build.before_after(), replace(build.before_after(), status="not_pooled")):
        assert sentence(analysis).endswith(NO_CAUSE)


def test_share_of_patients_in_hundred():
    text = sentence(build.proportion())
    assert "52 of 100 patients (95% interval: 43 to 62)" in text
    assert "no control group" in text


def test_prediction_interval_and_whether_it_holds_no_change():
    analysis = build.before_after()
    assert "95% prediction interval: a fall of 0.70 to 1.90 points." in sentence(analysis)
    wide = replace(analysis.random, prediction_display=Interval(None, -2.0, 0.4))
    text = sentence(replace(analysis, random=wide))
    assert "a fall of 2.00 points to a rise of 0.40 points, which includes “no change”" in text


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (-2.0, -1.3, "improvement of at least"),
        (-1.5, -0.5, "includes improvements of at least"),
        (-0.9, 0.5, "smaller than the smallest difference"),
        (1.3, 2.0, "worsening of at least"),
        (-1.5, 1.5, "worsenings as large"),
        (0.5, 1.5, "includes worsenings of at least"),
    ],
)
def test_interval_and_minimal_important_difference(lower, upper, words):
    assert words in includes_mid(build.before_after(), Interval((lower + upper) / 2, lower, upper))


def test_minimal_important_difference_only_in_the_unit_of_the_instrument():
    standardised = replace(build.before_after(), measure="SMCC")
    assert includes_mid(standardised, Interval(-1.3, -1.5, -1.1)) == ""


@pytest.mark.parametrize(
    ("measure", "display", "words"),
    [
        ("RD", (0.2, 0.087, 0.31), "20 more in 100 had it with the treatment than in the control groups "
         "(95% interval: 9 to 31 more)"),
        ("RD", (0.04, -0.32, 0.40), "4 more in 100 had it with the treatment than in the control groups "
         "(95% interval: 32 fewer to 40 more)"),
        ("MD", (-0.5, -1.1, 0.1), "the mean was 0.50 points lower with the treatment than in the control "
         "groups (95% interval: 1.10 points lower to 0.10 points higher)"),
        ("SMD", (-0.5, -0.9, -0.1), "0.50 standard deviations lower"),
        ("OR", (5.4, 3.3, 8.8), "the odds of it with the treatment were 5.40 times those in the control groups"),
        ("MD", (0.0, -0.4, 0.4), "there was no difference (95% interval: 0.40 points lower"),
    ],
)  # fmt: skip
def test_effects_in_lay_units(measure, display, words):
    scale = "log" if measure == "OR" else "linear"
    analysis = build.controlled(measure=measure, scale=scale, unit="points")
    assert words in finding(analysis, Interval(*display))


def test_limits_that_point_the_same_way_name_it_once():
    analysis = build.before_after()
    assert span(analysis, Interval(-1.3, -1.48, -1.12)) == "a fall of 1.12 to 1.48 points"
    assert span(analysis, Interval(1.3, 1.12, 1.48)) == "a rise of 1.12 to 1.48 points"


def test_add_on_trial_is_not_spoken_of_as_a_test_of_the_treatment():
    text = sentence(build.controlled(add_on=True))
    assert "with the addition as without it" in text
    assert "with the treatment" not in text
    assert text.endswith("this says nothing of the treatment itself.")


def test_result_planned_for_sparse_tables_leads():
    sparse = build.pooled(model="common", method="MH", display=(1.5, 1.1, 2.0))
    analysis = build.controlled(common=sparse)
    assert main_pooled(analysis) is sparse
    assert "1.50 times" in sentence(analysis)


def test_reason_for_not_pooling_is_given():
    analysis = build.controlled(
        status="not_pooled", status_reason="the measures differ", random=None, common=None
    )
    text = sentence(analysis)
    assert "They were not pooled: the measures differ." in text
    assert "range from 1.79 to 2.19" in text


@pytest.mark.parametrize(
    ("lay", "label", "expected"),
    [
        (
            "an improvement of at least 20% (ACR20)",
            "ACR20 response",
            "An improvement of at least 20% (ACR20)",
        ),
        ("pain", "Pain (VAS)", "Pain (VAS)"),
        ("a good response", "EULAR good response", "EULAR good response"),
        ("a marker of T cells", "FOXP3 mRNA", "A marker of T cells (FOXP3 mRNA)"),
        ("any adverse event", "Adverse events", "Any adverse event"),
    ],
)
def test_topic_names_the_outcome_once(lay, label, expected):
    assert topic(build.controlled(outcome_lay=lay, outcome_label=label, window_label="")) == expected
