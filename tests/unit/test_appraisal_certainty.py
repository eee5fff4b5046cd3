"""The rules of certainty on small made-up analyses: each rule has a case on both sides of its threshold."""

from __future__ import annotations

from dataclasses import replace

import evidence_builder as eb
import pytest
import report_builder as rb
from tolerances import CLOSED_FORM

from rheumeta.appraised import DomainJudgement, MissingResults, MissingStudy
from rheumeta.records import Interval, SmallStudies, Synthesis
from rheumeta.stats import information_size
from rheumeta.steps.appraisal import certainty as grading
from rheumeta.steps.appraisal.domains import inconsistency, indirectness, publication_bias, risk_of_bias
from rheumeta.steps.appraisal.imprecision import FEWEST_PATIENTS, imprecision, information_of
from rheumeta.steps.appraisal.material import Material
from rheumeta.steps.appraisal.risks import absolute, assumed_risk
from rheumeta.tables.protocol import Protocol

PROTOCOL = Protocol.model_validate(
    {
        "review": "demo",
        "title": "Demo",
        "version": "1",
        "question": {"text": "q", "population": "p", "intervention": "i", "comparator": "c", "outcomes": "o"},
        "interventions": {"msc": {"label": "Cells"}, "placebo": {"label": "Placebo"}},
        "outcomes": {
            "acr20": {"label": "ACR20", "codes": ["ACR20"], "domain": "d", "lay": "a response"},
            "das28": {"label": "DAS28", "codes": ["DAS28"], "domain": "d", "lay": "activity"},
        },
        "comparisons": {
            "msc_v_control": {
                "label": "Cells against control", "kind": "controlled",
                "experimental": {"having": ["msc"]}, "control": {"lacking": ["msc"]},
            }
        },
        "analyses": {
            "acr20_three_months": {"title": "A", "comparison": "msc_v_control", "outcome": "acr20", "measure": "RR"}
        },
    }
)  # fmt: skip


def material(*, bias=(), overrides=(), designs=("randomised", "randomised"), searches=()):
    studies = [eb.study(s, design_class=d) for s, d in zip(("alvaro2017", "mesoblast"), designs, strict=True)]
    sheets = {
        "risk_of_bias": bias,
        "certainty_overrides": overrides,
        "awaited": (),
        "searches": searches,
        "studies": (),
        "arms": (),
    }
    return Material(PROTOCOL, Synthesis("demo", ()), eb.evidence(studies, ()), sheets)


def judged(study_id, judgement, outcome="all"):
    return {"study_id": study_id, "domain": "overall", "outcome": outcome, "judgement": judgement}


def analysis(display, *, n=(5000, 5000), measure="RR", **changes):
    """An analysis of one pooled interval; enough patients unless told otherwise."""
    base = rb.controlled(measure=measure, random=rb.pooled(display=display), **changes)
    one, two = base.studies
    studies = (
        replace(one, n1=n[0] / 2, n2=n[0] / 2, events1=800, events2=900),
        replace(two, n1=n[1] / 2, n2=n[1] / 2, events1=800, events2=900),
    )
    return replace(base, studies=studies, n_patients=sum(n))


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ((1.5, 1.2, 1.9), "not_serious"),  # excludes no effect
        ((1.0, 0.8, 1.2), "not_serious"),  # includes it, but nothing appreciable
        ((1.1, 0.8, 1.3), "serious"),  # includes no effect and appreciable benefit
        ((1.0, 0.7, 1.3), "very_serious"),  # includes both
    ],
)
def test_imprecision_of_a_ratio_goes_by_no_effect_and_appreciable_effects(display, expected):
    assert imprecision(analysis(display), 0.3).judgement == expected


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ((-1.0, -1.1, -0.9), "not_serious"),  # all smaller than the difference that matters
        ((-2.0, -2.5, -1.5), "not_serious"),  # all larger
        ((-1.3, -1.6, -1.0), "serious"),  # holds it
        ((0.0, -1.5, 1.5), "very_serious"),  # holds it on both sides
    ],
)
def test_imprecision_of_a_difference_goes_by_the_minimal_important_difference(display, expected):
    found = analysis(display, measure="MD", mid=1.2, null=0.0, scale="linear", better="lower")
    groups = tuple(replace(s, events1=None, events2=None, sd1=1.0, sd2=1.0) for s in found.studies)
    assert imprecision(replace(found, studies=groups), None).judgement == expected


def test_too_few_patients_lower_a_result_that_crosses_nothing():
    needs = information_size.two_proportions(0.3, 0.3 * 1.25)
    close = analysis((1.5, 1.2, 1.9), n=(0.3 * needs, 0.3 * needs))
    far = analysis((1.5, 1.2, 1.9), n=(0.1 * needs, 0.1 * needs))
    assert imprecision(close, 0.3).judgement == "serious"
    assert imprecision(far, 0.3).judgement == "very_serious"
    assert f"{needs:.0f}" in imprecision(far, 0.3).reason


def test_what_lowers_a_result_is_told_by_its_interval_or_by_its_size_alone():
    few, enough = (100.0, 100.0), (9000.0, 9000.0)
    large = imprecision(analysis((3.57, 2.35, 5.42), n=few), 0.3)  # a large effect needs its patients too
    assert (large.by_size, large.levels < 0) == (True, True)
    assert large.reason.startswith("The interval lies clear of “no difference”; 200 patients, where")
    assert not imprecision(analysis((1.1, 0.9, 1.4), n=few), 0.3).by_size
    assert not imprecision(analysis((3.57, 2.35, 5.42), n=enough), 0.3).by_size


def test_information_of_changes_uses_the_spread_behind_the_means():
    found = analysis((-1.0, -1.5, -0.5), measure="MC", mid=1.2, null=0.0)
    studies = tuple(
        replace(s, events1=None, events2=None, n1=20, n2=None, vi=1.5**2 / 20) for s in found.studies
    )
    information = information_of(replace(found, studies=studies), None)
    assert information.has == 40
    assert information.needs == pytest.approx(information_size.one_mean(1.2, 1.5), rel=CLOSED_FORM)


def test_without_a_difference_that_matters_the_rule_of_thumb_counts():
    found = analysis((-0.4, -0.5, -0.3), measure="SMD", null=0.0)
    studies = tuple(replace(s, events1=None, events2=None) for s in found.studies)
    assert information_of(replace(found, studies=studies), None).needs == FEWEST_PATIENTS


def heterogeneous(i2, one, two, prediction=None):
    found = analysis((1.5, 1.2, 1.9))
    random = replace(found.random, i2=Interval(i2, 0, 99), prediction_display=prediction)
    studies = tuple(replace(s, effect=e) for s, e in zip(found.studies, (one, two), strict=True))
    return replace(found, random=random, studies=studies)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (heterogeneous(20, Interval(1.4, 1.1, 1.8), Interval(1.6, 1.2, 2.0)), "not_serious"),
        (heterogeneous(60, Interval(1.4, 1.1, 1.8), Interval(1.6, 1.2, 2.0)), "not_serious"),
        (heterogeneous(60, Interval(1.2, 1.1, 1.3), Interval(1.9, 1.7, 2.1)), "serious"),
        (heterogeneous(80, Interval(1.4, 1.1, 1.8), Interval(1.6, 1.2, 2.0)), "serious"),
        (heterogeneous(80, Interval(0.7, 0.6, 0.8), Interval(1.9, 1.7, 2.1)), "very_serious"),
        (
            heterogeneous(
                20, Interval(1.4, 1.1, 1.8), Interval(1.6, 1.2, 2.0), prediction=Interval(None, 0.8, 2.9)
            ),
            "serious",
        ),
    ],
)
def test_inconsistency_goes_by_overlap_i2_direction_and_prediction(case, expected):
    assert inconsistency(case).judgement == expected


def test_a_fixed_effect_result_takes_i2_from_the_random_effects_model():
    found = heterogeneous(80, Interval(1.4, 1.1, 1.8), Interval(1.6, 1.2, 2.0))
    fixed = replace(found, common=replace(found.random, method="MH", i2=None))
    assert "80%" in inconsistency(fixed).reason


def test_one_study_is_not_inconsistent():
    assert inconsistency(replace(analysis((1.5, 1.2, 1.9)), k=1)).judgement == "not_serious"


@pytest.mark.parametrize(
    ("first", "second", "expected", "assessed"),
    [
        ("low", "low", "not_serious", True),
        ("high", "low", "serious", True),  # the first has 61.5% of the weight
        ("low", "critical", "not_serious", True),
        ("some_concerns", "some_concerns", "not_serious", True),
        ("not_assessed", "low", "serious", True),  # a part of it is: the reason has the shares
        ("not_assessed", "high", "serious", True),
        ("not_applicable", "not_assessed", "serious", False),
        (None, None, "serious", False),
    ],
)
def test_risk_of_bias_goes_by_the_weight(first, second, expected, assessed):
    rows = [judged(s, j) for s, j in (("alvaro2017", first), ("mesoblast", second)) if j]
    found = risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=rows))
    assert (found.judgement, found.assessed) == (expected, assessed)
    assert ("not assessed" in found.reason) == (first in ("not_assessed", "not_applicable", None))
    assert found.noted == any(word not in ("low", "some_concerns") for word in (first, second))


def test_shares_at_high_risk_and_not_assessed_are_both_said():
    found = risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=[judged("mesoblast", "high")]))
    assert found.reason == (
        "38% of the weight is at high risk of bias; the risk of bias of 62% of the weight is not assessed"
    )
    assert found.assessed


def test_low_but_for_confounding_is_said_and_costs_nothing():
    rows = [judged(s, "low_except_confounding") for s in ("alvaro2017", "mesoblast")]
    found = risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=rows))
    assert (found.judgement, found.reason) == ("not_serious", "100% of the weight raises some concerns")


def test_a_judgement_for_the_outcome_goes_before_one_for_all():
    rows = [judged("alvaro2017", "low"), judged("alvaro2017", "high", "ACR20"), judged("mesoblast", "low")]
    assert risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=rows)).judgement == "serious"


def test_flags_make_evidence_indirect_from_half_of_the_weight_on():
    found = analysis((1.5, 1.2, 1.9))
    one, two = found.studies
    minor = replace(found, studies=(one, replace(two, flags=("subgroup_only",))))
    major = replace(found, studies=(replace(one, flags=("instrument_mixed",)), two))
    assert indirectness(found, material()).judgement == "not_serious"
    assert indirectness(minor, material()).judgement == "not_serious"
    assert "subgroup" in indirectness(minor, material()).reason
    assert indirectness(major, material()).judgement == "serious"


def test_no_control_group_is_indirect_where_the_question_compares():
    found = replace(analysis((1.5, 1.2, 1.9)), comparison_kind="before_after")
    assert indirectness(found, material()).judgement == "serious"


def missing(suspected, share):
    study = MissingStudy("x", "X", "unpublished", "r", True, suspected, "arms")
    return MissingResults(
        "a", "c", "C", "o", "O", "w", True, (study,), 80, suspected, suspected, 0, share, share
    )


@pytest.mark.parametrize(("share", "expected"), [(19.9, "not_serious"), (20.0, "serious")])
def test_publication_bias_goes_by_the_patients_whose_results_may_be_hidden(share, expected):
    assert publication_bias(analysis((1.5, 1.2, 1.9)), missing(20, share)).judgement == expected


def test_no_search_on_record_is_said_where_nothing_seems_to_be_missing_and_costs_nothing():
    found = analysis((1.5, 1.2, 1.9))
    for searches, said in ((({"source": "Medline"},), False), ((), True)):
        *_, result = grading.certainty(found, material(searches=searches), None).domains
        assert (result.domain, result.levels) == ("publication_bias", 0)
        assert ("no search is recorded" in result.reason) == said
    assert "no search" not in publication_bias(found, missing(20, 20.0), searched=False).reason


def test_certainty_starts_by_design():
    pooled = analysis((1.5, 1.2, 1.9))
    assert grading.start(pooled, material())[0] == "high"
    assert grading.start(pooled, material(designs=("randomised", "nonrandomised")))[0] == "low"
    assert grading.start(replace(pooled, comparison_kind="before_after"), material())[0] == "very_low"
    assert grading.start(replace(pooled, k=0, status="no_data"), material())[0] is None


def test_certainty_falls_by_the_steps_and_never_below_very_low():
    down = DomainJudgement("imprecision", "very_serious", -2, "r")
    assert grading.level("high", [down]) == "low"
    assert grading.level("high", [down, down]) == "very_low"
    assert grading.level("low", [DomainJudgement("large_effect", "raise_two", 2, "r")]) == "high"


def test_a_person_overrides_a_domain_with_name_and_reason():
    rows = [
        {"analysis": "acr20_three_months", "domain": "risk_of_bias", "judgement": "not_serious",
         "name": "A. Person", "reason": "read in full"},
        {"analysis": "acr20_three_months", "domain": "large_effect", "judgement": "raise_one",
         "name": "A. Person", "reason": "very large"},
    ]  # fmt: skip
    plain = grading.certainty(analysis((1.5, 1.2, 1.9)), material(), None)
    changed = grading.certainty(analysis((1.5, 1.2, 1.9)), material(overrides=rows), None)
    bias = next(d for d in changed.domains if d.domain == "risk_of_bias")
    assert (bias.judgement, bias.suggested, bias.name, bias.reason) == (
        "not_serious", "serious", "A. Person", "read in full",
    )  # fmt: skip
    assert changed.domains[-1].domain == "large_effect"
    assert (plain.level, changed.level) == ("moderate", "high")


def test_assumed_risk_is_the_median_of_the_control_groups_unless_the_protocol_has_one():
    found = analysis((1.5, 1.2, 1.9))
    one, two = found.studies
    three = replace(found, studies=(replace(one, events2=1, n2=10), replace(two, events2=3, n2=10)))
    risk, source = assumed_risk(three, PROTOCOL)
    assert risk == pytest.approx(0.2, rel=CLOSED_FORM)
    assert source == "median of the 2 control groups (1 of 10, 3 of 10)"
    raw = PROTOCOL.model_dump()
    raw["outcomes"]["acr20"]["assumed_risk"] = {"per_1000": 90, "source": "a register"}
    assert assumed_risk(three, Protocol.model_validate(raw)) == (0.09, "a register")


def test_absolute_effect_per_1000():
    found = analysis((1.5, 1.2, 1.9))
    one, two = found.studies
    found = replace(found, studies=(replace(one, events2=2, n2=10), replace(two, events2=2, n2=10)))
    effect, reason = absolute(found, PROTOCOL)
    assert reason is None
    assert effect.treated == Interval(*(pytest.approx(x, rel=CLOSED_FORM) for x in (300, 240, 380)))
    assert effect.difference == Interval(*(pytest.approx(x, rel=CLOSED_FORM) for x in (100, 40, 180)))


def test_no_event_in_the_control_groups_gives_no_absolute_effect():
    found = analysis((1.5, 1.2, 1.9))
    found = replace(found, studies=tuple(replace(s, events2=0, n2=10) for s in found.studies))
    effect, reason = absolute(found, PROTOCOL)
    assert effect is None
    assert "0 of 10" in reason


@pytest.mark.parametrize(
    ("word", "domains", "expected"),
    [
        ("critical", (), "very_serious"),  # the tool's worst judgement
        ("high", ("D1",), "serious"),
        ("high", ("D1", "D3"), "very_serious"),
    ],
)
def test_crucial_limitations_of_most_of_the_weight_cost_two_levels(word, domains, expected):
    rows = [judged(s, word) for s in ("alvaro2017", "mesoblast")]
    rows += [{**judged("alvaro2017", "high"), "domain": d} for d in domains]  # it has 61.5% of the weight
    assert risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=rows)).judgement == expected


def test_a_domain_judged_for_the_outcome_counts_before_one_for_all():
    rows = [judged(s, "high") for s in ("alvaro2017", "mesoblast")]
    rows += [{**judged("alvaro2017", "high"), "domain": d, "outcome": "all"} for d in ("D1", "D3")]
    rows.append({**judged("alvaro2017", "low"), "domain": "D3", "outcome": "acr20"})
    for given in (rows, rows[::-1]):
        assert risk_of_bias(analysis((1.5, 1.2, 1.9)), material(bias=given)).judgement == "serious"


def test_missing_two_elements_of_the_question_costs_two_levels():
    found = analysis((1.5, 1.2, 1.9))
    both = ("instrument_mixed", "subgroup_only")
    found = replace(found, studies=tuple(replace(s, flags=both) for s in found.studies))
    assert indirectness(found, material()).judgement == "very_serious"


def test_more_hidden_than_seen_patients_cost_two_levels():
    found = analysis((1.5, 1.2, 1.9))
    assert publication_bias(found, missing(80, 50.0)).judgement == "serious"
    assert publication_bias(found, missing(81, 50.1)).judgement == "very_serious"


@pytest.mark.parametrize(("pval", "expected"), [(0.099, "serious"), (0.10, "not_serious")])
def test_asymmetry_of_the_funnel_costs_a_level(pval, expected):
    found = replace(analysis((1.5, 1.2, 1.9)), small_studies=SmallStudies("Egger", 12, -1.8, 10, pval))
    result = publication_bias(found, None)
    assert result.judgement == expected
    assert ("not seen to differ" in result.reason) == (expected == "not_serious")


def test_absolute_effect_on_a_mean_starts_from_the_control_groups():
    found = analysis((-1.0, -1.5, -0.5), measure="MD", null=0.0, unit="points")
    one, two = found.studies
    means = replace(one, mean2=-0.4, basis="change"), replace(two, mean2=-0.8, basis="change")
    effect, reason = absolute(replace(found, studies=means), PROTOCOL)
    assert (reason, effect.of, effect.counted_in) == (None, "mean", "points")
    assert effect.assumed == pytest.approx(-0.6, rel=CLOSED_FORM)
    assert effect.treated == Interval(*(pytest.approx(x, rel=CLOSED_FORM) for x in (-1.6, -2.1, -1.1)))
    assert effect.difference == Interval(*(pytest.approx(x, rel=CLOSED_FORM) for x in (-1.0, -1.5, -0.5)))
    assert effect.assumed_source == "median change of the 2 control groups (−0.4; −0.8)"
    mixed = (means[0], replace(means[1], basis="final value"))
    assert absolute(replace(found, studies=mixed), PROTOCOL)[0] is None


def test_absolute_effect_on_a_rate_is_per_1000_patient_years():
    found = analysis((0.5, 0.25, 1.0), measure="IRR", null=1.0)
    one, two = found.studies
    rates = replace(one, events2=2, person_time2=50), replace(two, events2=3, person_time2=50)
    effect, reason = absolute(replace(found, studies=rates), PROTOCOL)
    assert (reason, effect.counted_in) == (None, "events per 1000 patient-years")
    assert effect.assumed == pytest.approx(50, rel=CLOSED_FORM)
    assert effect.treated == Interval(*(pytest.approx(x, rel=CLOSED_FORM) for x in (25, 12.5, 50)))
    silent = tuple(replace(s, events2=None, person_time2=None) for s in rates)
    assert absolute(replace(found, studies=silent), PROTOCOL) == (None, "no control group gives a rate")
