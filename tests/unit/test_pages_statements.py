"""Statements of a summary of findings: size and certainty in words; notes with letters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_builder as rb
from appraisal_builder import EFFECT, appraisal, row

from rheumeta.pages import certainty, statements
from rheumeta.pages.statements import statement
from rheumeta.records import Interval

LOW, HIGH = Interval(0.60, 0.40, 0.90), Interval(1.94, 0.41, 9.14)


def said(effect, level="moderate", **changes):
    analysis = replace(
        rb.controlled(),
        **{k: v for k, v in changes.items() if k in ("measure", "mid", "null", "better", "add_on")},
    )
    finding = row(analysis, effect=effect, certainty=level, absolute=changes.get("absolute", EFFECT))
    return statement(analysis, finding)


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("high", "The treatment reduces how often"),
        ("moderate", "The treatment probably reduces how often"),
        ("low", "The treatment may reduce how often"),
        ("very_low", "The evidence is very uncertain about the effect of the treatment on how often"),
    ],
)
def test_the_certainty_chooses_the_verb(level, text):
    assert said(LOW, level).startswith(text)


@pytest.mark.parametrize(
    ("effect", "measure", "size"),
    [
        (Interval(1.94, 0.41, 9.14), "RR", "plain"),
        (Interval(1.10, 1.02, 1.19), "RR", "slight"),
        (Interval(1.10, 0.95, 1.27), "RR", "trivial"),
        (Interval(0.15, -0.1, 0.4), "SMD", "trivial"),
        (Interval(0.2, 0.1, 0.3), "SMD", "slight"),
        (Interval(-0.5, -0.7, -0.3), "SMD", "plain"),
        (Interval(-0.8, -1.0, -0.6), "SMD", "large"),
        (Interval(-0.9, -1.5, -0.3), "MD", "trivial"),
        (Interval(-1.2, -1.5, -0.9), "MD", "plain"),
    ],
)
def test_the_estimate_chooses_the_size(effect, measure, size):
    analysis = replace(rb.controlled(), measure=measure, mid=1.2, null=1.0 if measure == "RR" else 0.0)
    assert statements.size_of(analysis, row(analysis, effect=effect, measure=measure)) == size


def test_without_a_threshold_no_size_is_said():
    analysis = replace(rb.controlled(), measure="MD", mid=None, null=0.0)
    assert statements.size_of(analysis, row(analysis, effect=Interval(0.01, -1, 1))) == "plain"


@pytest.mark.parametrize(("treated", "size"), [(150, "slight"), (170, "plain")])
def test_a_risk_difference_is_judged_by_the_risks_that_follow(treated, size):
    absolute = replace(EFFECT, assumed=125, treated=Interval(treated, 126, 180))
    analysis = replace(rb.controlled(), measure="RD", null=0.0)
    finding = row(analysis, effect=Interval(0.03, 0.01, 0.05), measure="RD", absolute=absolute)
    assert statements.size_of(analysis, finding) == size


def test_what_an_interval_includes_is_never_left_out():
    assert said(HIGH).endswith("(a better result), but the interval includes “no difference”.")
    small = said(Interval(-0.9, -1.5, 0.3), measure="MD", null=0.0, mid=1.2)
    assert "little to no difference" in small
    assert small.endswith("but the interval includes a difference that matters.")


def test_a_small_standardised_difference_says_that_its_interval_holds_an_appreciable_one():
    wide = said(Interval(0.1, -0.9, 1.1), measure="SMD", null=0.0)
    assert wide.endswith("but the interval includes a difference that matters.")
    assert said(Interval(0.1, -0.2, 0.4), measure="SMD", null=0.0).endswith(
        "little to no difference to ACR20."
    )


@pytest.mark.parametrize(("lower", "upper", "matters"), [(60, 190, True), (100, 150, False)])
def test_a_small_risk_difference_says_that_its_interval_holds_an_appreciable_risk(lower, upper, matters):
    absolute = replace(EFFECT, assumed=125, treated=Interval(130, lower, upper))
    analysis = replace(rb.controlled(), measure="RD", null=0.0)
    effect = Interval(0.005, (lower - 125) / 1000, (upper - 125) / 1000)
    text = statement(analysis, row(analysis, effect=effect, measure="RD", absolute=absolute, certainty="low"))
    assert "little to no difference" in text
    assert text.endswith("a difference that matters.") is matters


@pytest.mark.parametrize("kind", ["before_after", "single_group"])
@pytest.mark.parametrize("level", ["very_low", "low", "high"])
def test_without_a_control_group_no_certainty_says_that_the_treatment_did_it(kind, level):
    analysis = replace(rb.controlled(), comparison_kind=kind, measure="MC", null=0.0)
    text = statement(
        analysis, row(analysis, effect=Interval(-1.5, -1.8, -1.2), measure="MC", certainty=level)
    )
    assert "here is no control group to tell the effect of the treatment on" in text
    assert ("very uncertain" in text) is (level == "very_low")


def test_an_addition_is_not_the_treatment_and_no_control_is_said():
    assert said(LOW, add_on=True).startswith("The addition probably")
    analysis = replace(rb.controlled(), comparison_kind="before_after")
    assert "no control group" in statement(analysis, row(analysis))


def test_no_number_and_no_pooled_result_have_their_own_words():
    analysis = rb.controlled()
    assert statement(analysis, row(analysis, effect=None, k=0, certainty=None)) == statements.NO_NUMBER
    assert statement(analysis, row(analysis, effect=None, k=2, certainty="low")) == statements.NOT_POOLED
    uncontrolled = replace(rb.controlled(), comparison_kind="single_group")
    said_of = statement(uncontrolled, row(uncontrolled, effect=None, k=4, certainty="very_low"))
    assert "no control group" in said_of


def test_notes_are_lettered_once_and_in_the_order_of_the_rows():
    found = appraisal()
    (group,) = certainty.summary_of_findings(found, rb.synthesis().analyses)[:1]
    (first, *_) = group.first
    notes = certainty.explanations(group.first)
    assert [note.letter for note in notes.values()] == ["a", "b", "c"]
    assert next(iter(notes)) == "Without the treatment: median of the 2 control groups."
    assert first.reasons == (
        "Risk of bias, one level down: nobody judged it.",
        "Imprecision, no level down, judged not serious by A. Person: It is <precise>. The rule suggests serious "
        "(one level down): few patients.",
    )
    assert certainty.letter(25) == "z"
    assert certainty.letter(26) == "aa"


def test_an_effect_has_its_limits_in_brackets_and_its_letters_spelt_out():
    (group,) = certainty.summary_of_findings(appraisal(), rb.synthesis().analyses)[:1]
    assert group.first[0].effect_words == "RR 1.94 (0.41 to 9.14)"
    assert certainty.abbreviations(group.first) == "CI: confidence interval; RR: risk ratio"
