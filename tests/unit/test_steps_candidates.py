"""What a study contributes to an analysis, or why it contributes nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from evidence_builder import BEFORE_AFTER, CONTROLLED, SINGLE, arm, context, evidence, result, study
from scipy import stats
from tolerances import DIRECT

from rheumeta.records import FLAGS
from rheumeta.steps.evidence.candidates import contributions
from rheumeta.steps.evidence.correlations import find_correlations
from rheumeta.steps.evidence.quantities import NotDerivable
from rheumeta.tables.protocol import Defaults, Outcome

DOSES = [
    arm("s", "low", "msc", part_of="doses"),
    arm("s", "high", "msc", part_of="doses"),
    arm("s", "doses", "msc", kind="pooled"),
    arm("s", "control", "placebo"),
]
EVENTS = [
    result("r1", "s", "low", events="5", n=20),
    result("r2", "s", "high", events="4", n=10),
    result("r3", "s", "control", events="2", n=15),
]


def only(measure: str, results, arms=DOSES, comparison=CONTROLLED, **changes):
    found = contributions(context(evidence([study("s")], arms, results), measure, comparison, **changes), "s")
    assert found is not None
    return found


def test_dose_arms_are_combined_against_one_control() -> None:
    (candidate,) = only("RR", EVENTS)
    assert candidate.built.shown == {"events1": 9, "n1": 30, "events2": 2, "n2": 15}
    assert candidate.built.yi == pytest.approx(math.log((9 / 30) / (2 / 15)), rel=DIRECT)
    assert "arms_combined" in candidate.built.flags


def test_the_control_can_be_split_but_is_never_counted_twice() -> None:
    candidates = only("RR", EVENTS, defaults=Defaults(shared_control="split"))
    assert [c.experimental[0].arm_id for c in candidates] == ["low", "high"]
    assert sum(c.built.shown["n2"] for c in candidates) == 15


def test_an_arm_without_events_cannot_stand_for_siblings_that_count_events() -> None:
    rows = [
        result("r1", "s", "low", events="5", n=20, events_unit="events"),
        result("r2", "s", "high", events="0", n=10, events_unit="events"),
        result("r3", "s", "control", events="1", n=15, events_unit="events"),
    ]
    with pytest.raises(NotDerivable, match="the arm low reports the outcome but no usable number"):
        only("RR", rows)


def test_a_missing_sibling_is_flagged() -> None:
    (candidate,) = only("RR", [EVENTS[0], EVENTS[2]])
    assert "arm_not_reported" in candidate.built.flags


def test_both_groups_empty_says_nothing_about_a_ratio_but_counts_for_a_difference() -> None:
    rows = [result("r1", "s", "doses", events="0", n=30), result("r2", "s", "control", events="0", n=15)]
    with pytest.raises(NotDerivable, match=r"no events in both groups.*0/30 and 0/15"):
        only("RR", rows)
    (candidate,) = only("RD", rows)
    assert "double_zero" in candidate.built.flags


def test_a_subgroup_on_one_side_only_is_refused() -> None:
    arms = [
        arm("s", "all", "msc"),
        arm("s", "few", "msc", kind="subgroup", part_of="all"),
        arm("s", "c", "placebo"),
    ]
    rows = [result("r1", "s", "few", events="5", n=9), result("r2", "s", "c", events="1", n=9)]
    with pytest.raises(NotDerivable, match="only a subgroup"):
        only("RR", rows, arms, allow_subgroups=True)


def test_change_goes_before_final_values_and_both_groups_use_the_same() -> None:
    arms = [arm("s", "a", "msc"), arm("s", "c", "placebo")]
    rows = [
        result("r1", "s", "a", "DAS28", timing="change", mean="-1.0", sd="1.0", n=20),
        result("r2", "s", "a", "DAS28", timing="final", mean="4.0", sd="1.2", n=20),
        result("r3", "s", "c", "DAS28", timing="final", mean="5.0", sd="1.1", n=18),
    ]
    (candidate,) = only("MD", rows, arms)
    assert candidate.built.yi == pytest.approx(-1.0, rel=DIRECT)
    assert candidate.built.result_ids == ("r2", "r3")


def test_a_reported_ratio_is_used_where_there_are_no_counts() -> None:
    arms = [arm("s", "a", "msc"), arm("s", "c", "placebo")]
    row = result(
        "r1", "s", "a", "ACR20", comparator_id="c", contrast="between", effect_type="HR",
        effect="0.60", ci_low="0.40", ci_high="0.90",
    )  # fmt: skip
    (candidate,) = only("HR", [row], arms)
    assert candidate.built.yi == pytest.approx(math.log(0.6), rel=DIRECT)
    assert math.sqrt(candidate.built.vi) == pytest.approx(
        math.log(0.9 / 0.4) / (2 * 1.959963984540054), rel=1e-12
    )


def contrast(**fields: object):
    return result("r9", "s", "a", "DAS28", comparator_id="c", contrast="between", timing="change", **fields)


TWO_ARMS = [arm("s", "a", "msc"), arm("s", "c", "placebo")]
SIZES = [
    result("r1", "s", "a", "DAS28", timing="change", n=20), result("r2", "s", "c", "DAS28", timing="change", n=30),
]  # fmt: skip


def test_a_mean_difference_takes_its_se_from_t_f_or_p() -> None:
    for test in ({"t": "2.5"}, {"f": "6.25"}):
        (candidate,) = only("MD", [contrast(effect_type="MD", effect="-1.0", **test)], TWO_ARMS)
        assert math.sqrt(candidate.built.vi) == pytest.approx(1 / 2.5, rel=DIRECT)
    by_p = contrast(effect_type="MD", effect="-1.0", p="0.05", p_sign="=")
    (candidate,) = only("MD", [by_p], TWO_ARMS)
    assert math.sqrt(candidate.built.vi) == pytest.approx(1 / 1.959963984540054, rel=1e-12)


def test_a_standardised_difference_comes_from_a_test_and_the_group_sizes() -> None:
    # d = t·√(1/n1 + 1/n2); J(48) by gamma functions
    j = math.exp(math.lgamma(24) - math.lgamma(23.5)) / math.sqrt(24)
    g = -j * 2.5 * math.sqrt(1 / 20 + 1 / 30)
    for test in ({"t": "-2.5"}, {"f": "6.25", "direction": "decrease"}):
        (candidate,) = only("SMD", [*SIZES, contrast(**test)], TWO_ARMS)
        assert candidate.built.yi == pytest.approx(g, rel=1e-12)
        assert candidate.built.shown == {"n1": 20, "n2": 30}
    p = contrast(p="0.01588969", p_sign="=", direction="decrease")  # 2·P(T48 > 2.5)
    assert only("SMD", [*SIZES, p], TWO_ARMS)[0].built.yi == pytest.approx(g, rel=1e-4)
    (bare,) = only("SMD", [*SIZES, contrast(effect_type="SMD", effect="-0.5")], TWO_ARMS)
    assert bare.built.yi == pytest.approx(-0.5 * j, rel=1e-12)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"f": "6.25"}, "no direction"),
        ({"p": "0.05", "p_sign": "<", "direction": "decrease"}, "no exact test"),
    ],
)
def test_a_test_without_direction_or_exact_value_gives_no_difference(
    fields: dict[str, str], reason: str
) -> None:
    with pytest.raises(NotDerivable, match=reason):
        only("SMD", [*SIZES, contrast(**fields)], TWO_ARMS)
    with pytest.raises(NotDerivable, match="size of both groups"):
        only("SMD", [contrast(t="2.5")], TWO_ARMS)


def test_a_reported_effect_far_from_the_computed_one_is_flagged() -> None:
    arms = [arm("s", "a", "msc"), arm("s", "c", "placebo")]
    contrast = result(
        "r3", "s", "a", comparator_id="c", contrast="between", effect_type="RR",
        effect="3.0", ci_low="1.0", ci_high="9.0",
    )  # fmt: skip
    rows = [result("r1", "s", "a", events="10", n=20), result("r2", "s", "c", events="10", n=20), contrast]
    assert "routes_disagree" in only("RR", rows, arms)[0].built.flags


def test_the_preferred_instrument_and_the_time_nearest_the_target_are_used() -> None:
    arms = [arm("s", "a", "msc")]
    rows = [
        result("r1", "s", "a", "DAS28", timing="change", mean="-1.0", sd="1.0", n=20, weeks=13.0),
        result("r2", "s", "a", "DAS28-ESR", timing="change", mean="-1.2", sd="1.0", n=20, weeks=10.0),
        result("r3", "s", "a", "DAS28-ESR", timing="change", mean="-1.4", sd="1.0", n=20, weeks=14.0),
    ]
    outcome = Outcome(label="DAS28", codes=("DAS28-ESR", "DAS28"), domain="d", lay="x")
    (candidate,) = only("MC", rows, arms, BEFORE_AFTER, outcome=outcome)
    assert (candidate.outcome, candidate.weeks) == ("DAS28-ESR", 14.0)
    (other,) = only("MC", rows[:1], arms, BEFORE_AFTER, outcome=outcome)
    assert "instrument_mixed" in other.built.flags


def test_a_borrowed_correlation_comes_from_the_studies_that_allow_it() -> None:
    three = [
        result("r1", "t", "a", "DAS28", timing="baseline", weeks=0.0, mean="6.0", sd="1.00", n=30),
        result("r2", "t", "a", "DAS28", timing="final", mean="5.0", sd="1.20", n=30),
        result("r3", "t", "a", "DAS28", timing="change", mean="-1.0", sd="0.90", n=30),
    ]
    two = [
        result("r4", "s", "a", "DAS28", timing="baseline", weeks=0.0, mean="6.0", sd="1.0", n=30),
        result("r5", "s", "a", "DAS28", timing="final", mean="4.0", sd="1.0", n=30),
    ]
    found = evidence(
        [study("s"), study("t", 1)], [arm("s", "a", "msc"), arm("t", "a", "msc")], [*three, *two]
    )
    r = (1 + 1.44 - 0.81) / (2 * 1.0 * 1.2)
    (candidate,) = contributions(context(found, "MC", BEFORE_AFTER), "s") or []
    assert candidate.built.shown["sd1"] == pytest.approx(math.sqrt(2 - 2 * r), rel=1e-12)
    assert "correlation_borrowed" in candidate.built.flags
    fixed = context(found, "MC", BEFORE_AFTER, defaults=Defaults(correlation_source="protocol"))
    assert "correlation_assumed" in (contributions(fixed, "s") or [])[0].built.flags


def test_a_proportion_needs_no_control() -> None:
    (candidate,) = only("PLO", EVENTS[:2], comparison=SINGLE)
    assert candidate.built.shown == {"events1": 9, "n1": 30}


def test_a_study_on_other_outcomes_or_times_is_not_mentioned() -> None:
    late = [result("r1", "s", "low", events="5", n=20, weeks=52.0)]
    assert contributions(context(evidence([study("s")], DOSES, late), "RR"), "s") is None


def test_every_flag_has_a_gloss() -> None:
    rows = [*EVENTS[:2], result("r3", "s", "control", percent="13.3", n=15, source_kind="press_release")]
    (candidate,) = only("RR", rows)
    assert {"unpublished", "events_from_percent"} <= candidate.built.flags
    assert candidate.built.flags <= set(FLAGS)


def test_the_closing_steps_can_be_redone_by_hand_after_the_correction() -> None:
    rows = [result("r1", "s", "doses", events="9", n=46), result("r2", "s", "control", events="0", n=7)]
    (candidate,) = only("RR", rows)
    step = candidate.built.steps[-2]
    assert (step.quantity, step.formula) == ("yi", "ln((a/n1) / (c/n2))")
    assert step.numbers == "a = 9.5; b = 37.5; c = 0.5; d = 7.5; n1 = 47; n2 = 8"
    assert step.value == pytest.approx(math.log((9.5 / 47) / (0.5 / 8)), rel=DIRECT)
    assert step.assumption == "0.5 added to every cell of the table"


# --- reported effects keep the rules of arms --------------------------------------------------


def odds(result_id: str, one: str, two: str = "control", **fields: object):
    values = {"effect_type": "OR", "effect": "3.0", "ci_low": "1.1", "ci_high": "8.2", **fields}
    return result(result_id, "s", one, comparator_id=two, contrast="between", **values)


def test_a_reported_effect_of_a_subgroup_needs_permission() -> None:
    arms = [
        arm("s", "all", "msc"),
        arm("s", "few", "msc", kind="subgroup", part_of="all"),
        arm("s", "control", "p"),
    ]
    with pytest.raises(NotDerivable, match="only a subgroup"):
        only("OR", [odds("r1", "few")], arms)


def test_reported_effects_of_two_arms_are_not_one_effect() -> None:
    with pytest.raises(NotDerivable, match="several arms have a reported effect"):
        only("OR", [odds("r1", "low"), odds("r2", "high")])


def test_the_effect_of_all_doses_goes_before_that_of_one() -> None:
    (candidate,) = only("OR", [odds("r1", "low"), odds("r2", "doses", effect="2.0")])
    assert [a.arm_id for a in candidate.experimental] == ["doses"]


def test_an_arm_refused_by_its_counts_does_not_return_by_its_contrast() -> None:
    rows = [
        result("r1", "s", "low", events="9", n=20),
        result("r2", "s", "high", significance="not_significant"),
        EVENTS[2],
        odds("r4", "low"),
    ]
    with pytest.raises(NotDerivable, match="the arm high reports the outcome but no usable number"):
        only("OR", rows)


def test_a_contrast_of_percent_changes_is_no_effect_in_the_unit() -> None:
    row = contrast(effect_type="MD", effect="-35", ci_low="-50", ci_high="-20")
    with pytest.raises(NotDerivable):
        only("MD", [replace(row, timing="percent_change")], TWO_ARMS)


def test_the_source_s_own_effect_of_the_same_arms_is_set_beside_the_computed_one() -> None:
    rows = [result("r1", "s", "low", events="10", n=20), result("r3", "s", "control", events="5", n=20)]
    arms = [arm("s", "low", "msc"), DOSES[3]]
    (agreeing,) = only("OR", [*rows, odds("r9", "low")], arms)
    assert agreeing.built.confirmed_by == ("r9",)
    (differing,) = only("OR", [*rows, odds("r9", "low", effect="12.0", ci_low="4.0", ci_high="36.0")], arms)
    assert "routes_disagree" in differing.built.flags
    assert "the source reports 2.48" in differing.built.steps[-1].assumption
    other = [*EVENTS, odds("r9", "low", effect="12.0", ci_low="4.0", ci_high="36.0")]
    assert "routes_disagree" not in only("OR", other)[0].built.flags


def test_a_silent_sibling_is_flagged_on_either_side_and_only_if_silent_in_the_window() -> None:
    two_controls = [*DOSES[:3], arm("s", "control", "placebo"), arm("s", "control_2", "placebo")]
    assert "arm_not_reported" in only("RR", EVENTS, two_controls)[0].built.flags
    later = result("r2", "s", "high", events="4", n=10, weeks=14.0)
    (candidate,) = only("RR", [EVENTS[0], EVENTS[2], later])
    assert "arm_not_reported" not in candidate.built.flags


def test_a_ratio_of_means_is_taken_of_values_not_of_changes() -> None:
    rows = [
        result(f"r{i}", "s", a, "CRP", timing=timing, mean=mean, sd="5.0", n=30)
        for i, (a, timing, mean) in enumerate(
            [("a", "change", "-20"), ("c", "change", "-10"), ("a", "final", "10"), ("c", "final", "20")]
        )
    ]
    (candidate,) = only("ROM", rows, TWO_ARMS)
    assert candidate.built.yi == pytest.approx(math.log(10 / 20), rel=DIRECT)
    assert candidate.basis == "final values"


def test_patients_of_a_reported_effect_are_counted_for_the_cohort() -> None:
    (candidate,) = only("OR", [odds("r1", "low", n=400)], [arm("s", "low", "msc"), DOSES[3]])
    assert candidate.patients == 400


def test_the_p_of_a_difference_is_that_of_a_t_test_where_the_sizes_are_known() -> None:
    row = contrast(effect_type="MD", effect="-5", p="0.03", p_sign="=")
    (by_z,) = only("MD", [row], TWO_ARMS)
    (by_t,) = only("MD", [*SIZES, row], TWO_ARMS)
    assert math.sqrt(by_t.built.vi) == pytest.approx(5 / stats.t.isf(0.015, 48), rel=1e-9)
    assert math.sqrt(by_z.built.vi) == pytest.approx(5 / stats.norm.isf(0.015), rel=1e-9)


def test_correlations_count_patients_once() -> None:
    def three(study_id: str, arm_id: str, start: int, sd_change: str):
        values = [("baseline", 0.0, "1.00"), ("final", 13.0, "1.20"), ("change", 13.0, sd_change)]
        return [
            result(f"r{start + i}", study_id, arm_id, "DAS28", timing=t, weeks=w, mean="1.0", sd=sd, n=30)
            for i, (t, w, sd) in enumerate(values)
        ]

    arms = [*DOSES[:3], arm("t", "a", "msc")]
    rows = [*three("s", "low", 1, "0.90"), *three("s", "high", 4, "0.80"), *three("s", "doses", 7, "0.85")]
    rows += three("t", "a", 10, "0.70")
    found = evidence([study("s"), study("t", 1, cohort_of="s")], arms, rows)
    known = find_correlations(found).found["DAS28"]
    assert [q.result_ids[0] for q in known] == ["r1", "r4"]
