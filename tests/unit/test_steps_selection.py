"""Arms, windows and cohorts: the rules that keep a synthesis honest."""

from __future__ import annotations

import pytest
from evidence_builder import CONTROLLED, THREE_MONTHS, arm, evidence, result, study

from rheumeta.steps.evidence.cohorts import once_per_cohort
from rheumeta.steps.evidence.selection import (
    disjoint_arms,
    in_window,
    order_times,
    sides,
    why_not_comparable,
)
from rheumeta.tables.protocol import ArmRule, Comparison, Window


def _names(arms: object) -> list[str]:
    return [a.arm_id for a in arms]  # type: ignore[attr-defined]


def test_an_add_on_trial_has_no_control_without_the_treatment() -> None:
    found = evidence([study("s")], [arm("s", "a", "msc", "addon"), arm("s", "b", "msc")])
    split = sides(found, "s", CONTROLLED)
    assert (_names(split.experimental), _names(split.control)) == (["b"], [])
    assert "every arm got the treatment" in str(why_not_comparable(found, "s", CONTROLLED, split))


def test_a_careless_control_rule_cannot_make_a_treated_arm_a_control() -> None:
    careless = CONTROLLED.model_copy(update={"control": ArmRule()})
    found = evidence(
        [study("s")], [arm("s", "a", "msc"), arm("s", "b", "msc", "addon"), arm("s", "c", "placebo")]
    )
    assert _names(sides(found, "s", careless).control) == ["c"]


def test_an_add_on_comparison_takes_the_treated_arm_as_control() -> None:
    add_on = Comparison(
        label="add-on", kind="controlled", add_on=True,
        experimental=ArmRule(having=("msc", "addon")), control=ArmRule(having=("msc",), lacking=("addon",)),
    )  # fmt: skip
    found = evidence([study("s")], [arm("s", "a", "msc", "addon"), arm("s", "b", "msc")])
    split = sides(found, "s", add_on)
    assert (_names(split.experimental), _names(split.control)) == (["a"], ["b"])
    assert why_not_comparable(found, "s", add_on, split) is None


def test_a_mixed_group_enters_nothing() -> None:
    found = evidence([study("s")], [arm("s", "all", "mixed", kind="pooled")])
    assert sides(found, "s", CONTROLLED.model_copy(update={"control": ArmRule()})).control == ()


def test_designs_of_the_comparison_are_kept_to() -> None:
    randomised = CONTROLLED.model_copy(update={"designs": ("randomised",)})
    found = evidence(
        [study("s", design_class="retrospective")], [arm("s", "a", "msc"), arm("s", "b", "dmard")]
    )
    reason = why_not_comparable(found, "s", randomised, sides(found, "s", randomised))
    assert reason == "design is retrospective; the comparison takes randomised"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("closest", [14, 12, 10, 18, None]),
        ("earliest", [10, 12, 14, 18, None]),
        ("latest", [18, 14, 12, 10, None]),
    ],
)
def test_times_in_a_window_are_ordered_by_its_rule(rule: str, expected: list[float | None]) -> None:
    window = THREE_MONTHS.model_copy(update={"choose": rule})
    assert order_times(iter([10, 12, 14, 18, None]), window) == expected


def test_window_ends_are_included_and_no_time_counts_only_where_the_window_says_so() -> None:
    inside = [result("r", "s", "a", weeks=w) for w in (10.0, 18.0)]
    outside = [result("r", "s", "a", weeks=w) for w in (9.9, 18.1, None)]
    assert all(in_window(r, THREE_MONTHS) for r in inside)
    assert not any(in_window(r, THREE_MONTHS) for r in outside)
    whole = Window(label="any", start=0, end=500, target=0, no_time=True)
    assert in_window(outside[-1], whole)


POOLED = [
    arm("s", "low", "msc", part_of="both"),
    arm("s", "high", "msc", part_of="both"),
    arm("s", "both", "msc", kind="pooled"),
    arm("s", "part", "msc", kind="subgroup", part_of="high"),
]


@pytest.mark.parametrize(
    ("with_data", "allow", "expected"),
    [
        ({"low", "high", "both", "part"}, False, ["low", "high"]),
        ({"low", "both"}, False, ["both"]),
        ({"both"}, False, ["both"]),
        ({"part"}, True, ["part"]),
        ({"part", "low"}, True, ["low"]),
    ],
)
def test_no_patient_enters_twice(with_data: set[str], allow: bool, expected: list[str]) -> None:
    found = evidence([study("s")], POOLED)
    chosen, _ = disjoint_arms(POOLED, lambda a: a.arm_id in with_data, found, allow_subgroups=allow)
    assert _names(chosen) == expected


def test_a_subgroup_alone_needs_permission() -> None:
    chosen, reason = disjoint_arms(
        POOLED, lambda a: a.arm_id == "part", evidence([study("s")], POOLED), allow_subgroups=False
    )
    assert (chosen, reason) == ((), "only a subgroup of the patients is reported")


@pytest.mark.parametrize(("rule", "expected"), [("largest", "big"), ("longest", "long"), ("first", "root")])
def test_a_cohort_enters_once(rule: str, expected: str) -> None:
    found = evidence(
        [
            study("root"),
            study("big", 1, cohort_of="root"),
            study("long", 2, cohort_of="big"),
            study("other", 3),
        ],
        [],
    )
    items = [("root", 10.0, 4.0), ("big", 50.0, 4.0), ("long", 20.0, 52.0), ("other", 5.0, 4.0)]
    kept, dropped = once_per_cohort(
        items, found, study=lambda i: i[0], patients=lambda i: i[1], weeks=lambda i: i[2], rule=rule
    )
    assert sorted(i[0] for i in kept) == sorted([expected, "other"])
    assert {stays[0] for _, stays in dropped} == {expected}


def test_subgroups_of_subgroups_and_arms_within_arms_do_not_enter_together() -> None:
    nested = [
        arm("s", "a", "msc"),
        arm("s", "few", "msc", kind="subgroup", part_of="a"),
        arm("s", "fewer", "msc", kind="subgroup", part_of="few"),
    ]
    found = evidence([study("s")], nested)
    chosen, _ = disjoint_arms(nested, lambda a: a.kind == "subgroup", found, allow_subgroups=True)
    assert _names(chosen) == ["few"]
    within = [arm("s", "whole", "msc"), arm("s", "part", "msc", part_of="whole")]
    chosen, _ = disjoint_arms(within, lambda _: True, evidence([study("s")], within), allow_subgroups=False)
    assert _names(chosen) == ["whole"]


def test_two_doses_without_a_control_are_not_called_an_add_on() -> None:
    found = evidence([study("s")], [arm("s", "low", "msc"), arm("s", "high", "msc")])
    reason = why_not_comparable(found, "s", CONTROLLED, sides(found, "s", CONTROLLED))
    assert (
        reason == "every arm got the treatment: the study compares forms of it and has no control without it"
    )
