"""Directions and p values that no analysis pools: which comparison they belong to, and which way they point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from evidence_builder import BEFORE_AFTER, CONTROLLED, SINGLE, THREE_MONTHS, arm, evidence, result, study
from scipy import stats

from rheumeta.records import Analysis, DirectionRow, Excluded, Interval, StudyEffect, Synthesis
from rheumeta.steps.evidence.model import Arm, Result
from rheumeta.steps.synthesis import accounting, unpooled
from rheumeta.steps.synthesis.filing import fitting, kind_of
from rheumeta.tables.protocol import (
    AnalysisPlan,
    Comparison,
    Exclusion,
    Instrument,
    Intervention,
    Outcome,
    Protocol,
    Question,
    Window,
)

PAIN = Instrument(label="Pain", kind="continuous", better="lower", unit="mm")
RESPONSE = Instrument(label="Response", kind="dichotomous", better="higher")
INSTRUMENTS = {"VAS": PAIN, "NRS": PAIN, "ACR20": RESPONSE, "CRP": PAIN}
OUTCOMES = {
    "pain": Outcome(label="Pain", codes=("VAS", "NRS"), domain="Symptoms", lay="pain"),
    "response": Outcome(label="Response", codes=("ACR20",), domain="Disease", lay="response"),
}
TWO_ARMS = (arm("s", "cells", "msc"), arm("s", "none", "placebo"))
THREE_ARMS = (arm("s", "low", "msc"), arm("s", "high", "msc"), arm("s", "none", "placebo"))


def plan(comparison: str, outcome: str = "pain", measure: str = "MD", **changes: Any) -> AnalysisPlan:
    values = {"title": "t", "window": "months3", **changes}
    return AnalysisPlan(comparison=comparison, outcome=outcome, measure=measure, **values)


def protocol(comparisons: dict[str, Comparison], **analyses: AnalysisPlan) -> Protocol:
    return Protocol(
        review="r", title="t", version="1",
        question=Question(text="q", population="p", intervention="i", comparator="c", outcomes="o"),
        interventions={"msc": Intervention(label="cells")},
        outcomes=OUTCOMES, comparisons=comparisons, analyses=analyses,
        windows={"months3": THREE_MONTHS, "months6": Window(label="six months", start=20, end=30, target=26)},
    )  # fmt: skip


ALL = {"controlled": CONTROLLED, "before_after": BEFORE_AFTER}


def rows_of(
    results: Sequence[Result],
    arms: Sequence[Arm] = TWO_ARMS,
    comparisons: dict[str, Comparison] = ALL,
    **plans: Any,
) -> list[DirectionRow]:
    found = evidence([study("s")], arms, results)
    return unpooled.reported_rows(protocol(comparisons, **plans), INSTRUMENTS, found)


# --- strong evidence --------------------------------------------------------------------------


def row_with_p(study_id: str, way: str, p: float, basis: str = unpooled.ESTIMATE) -> DirectionRow:
    return DirectionRow(
        result_id=study_id, study_id=study_id, label=study_id, comparison_kind="controlled", domain="d",
        outcome="o", outcome_label="O", weeks=13.0, time_label="t", n=10.0, direction=way, basis=basis,
        p_sign="=", p=p,
    )  # fmt: skip


@pytest.mark.parametrize("way", ["favourable", "unfavourable"])
@pytest.mark.parametrize("p", [0.0, 5e-324, 1e-17, 1.0])
def test_p_values_as_strong_as_they_come_are_combined(way: str, p: float) -> None:
    found = unpooled.combine([row_with_p("a", way, p), row_with_p("b", "favourable", 0.5)])
    assert [c.k for c in found] == [2, 2, 2]
    assert all(c.reason is None and c.pval is not None and 0 <= c.pval <= 1 for c in found)


def test_the_nearest_normal_deviate_stands_for_a_p_value_of_nothing() -> None:
    rows = [row_with_p("a", "unfavourable", 1e-17), row_with_p("b", "favourable", 1.0)]
    (stouffer,) = (c for c in unpooled.combine(rows) if c.method == "stouffer")
    # 1 - 2**-53 lies 8.2 normal deviates from the mean, and 1/2 at the mean
    assert stouffer.statistic == pytest.approx(-stats.norm.isf(2.0**-53) / 2**0.5)


def test_a_p_value_printed_as_zero_is_a_bound() -> None:
    rows = [row_with_p("a", "favourable", 0.0, basis="p = 0.000"), row_with_p("b", "favourable", 0.5)]
    found = unpooled.combine(rows)
    assert [c.k for c in found] == [1, 1, 1]
    assert "1 reported only as an inequality" in str(found[0].reason)


# --- which comparison a row belongs to ---------------------------------------------------------


def kind_in(
    row: Result, arms: Sequence[Arm], comparisons: dict[str, Comparison], **design: str
) -> str | None:
    found = evidence([study("s", **design)], arms, [row])
    return kind_of(fitting(row, found, comparisons), comparisons)


def test_groups_compared_without_saying_which_are_no_before_and_after() -> None:
    row = result("r", "s", "low", "VAS", contrast="between", direction="better", p="0.03", p_sign="=")
    assert kind_in(row, THREE_ARMS, ALL) is None
    assert rows_of([row], THREE_ARMS) == []


def test_the_only_other_arm_is_the_one_compared_with() -> None:
    row = result("r", "s", "cells", "VAS", contrast="between", direction="better")
    assert kind_in(row, TWO_ARMS, ALL) == "controlled"
    pooled = (*THREE_ARMS[2:], arm("s", "all", "msc", kind="pooled"), arm("s", "low", "msc", part_of="all"))
    of_all = result("r", "s", "all", "VAS", contrast="between", direction="better")
    assert kind_in(of_all, pooled, ALL) == "controlled"  # a part of the group is no other group


def test_a_ratio_of_groups_is_never_a_change_over_time() -> None:
    row = result("r", "s", "low", "ACR20", effect="2.6", effect_type="OR")
    assert kind_in(row, THREE_ARMS, ALL) is None
    assert (
        kind_in(result("r", "s", "cells", "ACR20", effect="2.6", effect_type="OR"), TWO_ARMS, ALL)
        == "controlled"
    )


def test_a_single_group_keeps_its_name() -> None:
    row = result("r", "s", "cells", "VAS", direction="better")
    assert kind_in(row, TWO_ARMS, {"alone": SINGLE}) == "single_group"
    assert kind_in(row, TWO_ARMS, {"alone": SINGLE, "change": BEFORE_AFTER}) == "before_after"


def test_a_comparison_takes_only_its_designs() -> None:
    row = result("r", "s", "cells", "VAS", comparator_id="none", contrast="between", direction="better")
    trials = CONTROLLED.model_copy(update={"designs": ("randomised",)})
    addition = CONTROLLED.model_copy(update={"designs": ("retrospective",), "add_on": True})
    assert kind_in(row, TWO_ARMS, {"trials": trials}, design_class="retrospective") is None
    assert kind_in(row, TWO_ARMS, {"trials": trials}) == "controlled"
    both = {"trials": trials, "addition": addition}
    assert kind_in(row, TWO_ARMS, both, design_class="retrospective") == "add_on"


# --- which way a row points --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "effect_type", "effect", "said", "expected"),
    [
        ("VAS", "MD", "-12", None, "favourable"), ("VAS", "MD", "12", None, "unfavourable"),
        ("VAS", "MD_adjusted", "-12", "not_stated", "favourable"), ("VAS", "SMD", "0.2", None, "unfavourable"),
        ("ACR20", "OR", "2.6", None, "favourable"), ("ACR20", "RR", "0.8", None, "unfavourable"),
        ("ACR20", "RD", "-0.1", None, "unfavourable"), ("ACR20", "RR", "1.0", None, "no_change"),
        ("VAS", "MD", "0.0", "better", "favourable"), ("VAS", "MD", "-1", "no_difference", "favourable"),
        ("VAS", "MD", "-12", "worse", "unclear"), ("VAS", "unspecified", "-12", None, "unclear"),
    ],
)  # fmt: skip
def test_a_reported_effect_gives_its_own_direction(
    outcome: str, effect_type: str, effect: str, said: str | None, expected: str
) -> None:
    row = result(
        "r", "s", "cells", outcome, comparator_id="none", contrast="between", effect=effect, effect_type=effect_type,
        direction=said, p="0.01", p_sign="=",
    )  # fmt: skip
    (found,) = rows_of([row])
    assert (found.direction, found.p, found.counted) == (expected, 0.01, True)
    assert (found.note == unpooled.CONTRADICTION) == (said == "worse")


def test_a_ratio_with_its_interval_alone_has_a_row() -> None:
    numbers = {"effect": "2.6", "ci_low": "1.1", "ci_high": "6.3"}
    row = result("r", "s", "cells", comparator_id="none", contrast="between", effect_type="OR", **numbers)
    (found,) = rows_of([row])
    assert (found.direction, found.p, found.basis) == ("favourable", None, "OR 2.6")


def test_a_difference_at_baseline_is_no_effect() -> None:
    row = result(
        "r", "s", "cells", "VAS", comparator_id="none", contrast="between", timing="baseline", effect="-3",
        effect_type="MD", p="0.4", p_sign="=",
    )  # fmt: skip
    assert rows_of([row]) == []


# --- who has a vote ----------------------------------------------------------------------------

LEFT_OUT = (Exclusion(study="s", reason="retracted"),)


def word(week: float = 13.0) -> Result:
    return result(
        "r", "s", "cells", "VAS", comparator_id="none", contrast="between", direction="better", weeks=week
    )


def test_a_study_that_the_protocol_leaves_out_is_shown_without_a_vote() -> None:
    (row,) = rows_of([word()], a=plan("controlled", exclude=LEFT_OUT))
    assert (row.direction, row.counted, row.note) == (
        "favourable",
        False,
        "left out by the protocol: retracted",
    )
    (marked,) = unpooled.count_once([row], evidence([study("s")], TWO_ARMS))
    assert (marked.counted, marked.note) == (False, "left out by the protocol: retracted")


@pytest.mark.parametrize(
    "plans",
    [
        {"a": plan("controlled")},
        {"a": plan("controlled", exclude=LEFT_OUT), "b": plan("controlled", measure="SMD")},
        {"a": plan("controlled", exclude=LEFT_OUT, window="months6"), "b": plan("controlled")},
        {"a": plan("before_after", measure="MC", exclude=LEFT_OUT)},
        {"a": plan("controlled", "response", "RR", exclude=LEFT_OUT)},
    ],
    ids=["nowhere", "one of two", "another window", "another comparison", "another outcome"],
)
def test_a_study_left_out_elsewhere_keeps_its_vote(plans: dict[str, AnalysisPlan]) -> None:
    (row,) = rows_of([word()], **plans)
    assert row.counted


def effect(arm_label: str, yi: float, vi: float, **changes: Any) -> StudyEffect:
    values = {"n1": 20.0, "n2": 10.0, "result_ids": (f"r_{arm_label}",), **changes}
    return StudyEffect(
        f"a:base:s:{arm_label}", "s", f"S 2020 ({arm_label})", arm_label, "none", 13.0, "3 months", yi, vi,
        Interval(yi, yi, yi), **values,
    )  # fmt: skip


def analysis(*studies: StudyEffect, **changes: Any) -> Analysis:
    values: dict[str, Any] = {
        "id": "a", "title": "t", "comparison": "controlled", "comparison_label": "c", "comparison_kind": "controlled",
        "caution": None, "outcome": "pain", "outcome_label": "Pain", "outcome_lay": "pain", "better": "lower",
        "unit": "mm", "mid": None, "mid_source": None, "window": "months3", "window_label": "3 months",
        "measure": "MD", "measure_label": "m", "scale": "linear", "null": 0.0, "left_label": None,
        "right_label": None, "status": "pooled", "status_reason": None, "k": len(studies), "n_patients": None,
        "studies": studies, "random": None, "common": None, **changes,
    }  # fmt: skip
    return Analysis(**values)


def test_arms_that_point_opposite_ways_have_no_vote_by_their_order() -> None:
    asked = protocol(ALL, a=plan("controlled"))
    low, high = effect("low", -12, 9), effect("high", 4, 9)
    for pair in ((low, high), (high, low)):
        (row,) = unpooled.estimated_rows([analysis(*pair)], asked)
        assert (row.direction, row.p, row.n, row.label) == ("unclear", None, 60.0, "S 2020")
        assert "opposite ways" in str(row.note)
        (summary,) = unpooled.summarise([row], 95)
        assert (summary.favourable, summary.unfavourable, summary.not_counted) == (0, 0, 1)


def test_arms_that_agree_have_one_vote_and_the_p_value_of_their_mean() -> None:
    (row,) = unpooled.estimated_rows(
        [analysis(effect("low", -12, 9), effect("high", -4, 3))], protocol(ALL, a=plan("controlled"))
    )
    # weights 1/9 and 1/3: mean -(12/9 + 4/3)/(4/9) = -6, variance 9/4, z = -4
    assert row.direction == "favourable"
    assert row.p == pytest.approx(2 * stats.norm.sf(4))


def test_a_reported_effect_that_is_pooled_stands_once() -> None:
    row = result(
        "r_cells",
        "s",
        "cells",
        "VAS",
        comparator_id="none",
        contrast="between",
        effect="-12",
        effect_type="MD",
    )
    reported = rows_of([row], a=plan("controlled"))
    pooled = unpooled.estimated_rows([analysis(effect("cells", -12, 9))], protocol(ALL, a=plan("controlled")))
    (kept,) = unpooled.count_once([*reported, *pooled], evidence([study("s")], TWO_ARMS))
    assert (kept.basis, kept.counted) == (unpooled.ESTIMATE, True)


# --- the account of every row ------------------------------------------------------------------


def reasons(
    results: Sequence[Result], *analyses: Analysis, arms: Sequence[Arm] = TWO_ARMS, **plans: AnalysisPlan
) -> dict[str, str]:
    """Return why each row of a study's results that is not used is not used."""
    found = evidence(
        [study("s"), study("t", 1)], [*arms, arm("t", "cells", "msc"), arm("t", "none", "placebo")], results
    )
    asked = protocol(ALL, **(plans or {"a": plan("controlled"), "b": plan("before_after", measure="MC")}))
    reported = tuple(unpooled.reported_rows(asked, INSTRUMENTS, found))
    rows = accounting.account(Synthesis("r", analyses, directions=reported), found, asked)
    return {str(r["result_id"]): str(r["not_used_reason"]) for r in rows if not r["used_in"]}


def group(result_id: str, arm_id: str, **fields: Any) -> Result:
    return result(
        result_id, "s", arm_id, **{"outcome": "VAS", "timing": "final", "mean": "30", "sd": "10", **fields}
    )


POOLED = analysis(effect("cells", -12, 9, result_ids=("r1", "r2")))
USED = (group("r1", "cells"), group("r2", "none"))


def test_another_time_of_the_same_window_is_told_with_the_time_that_was_used() -> None:
    rows = [
        *USED,
        group("r3", "cells", weeks=12.0),
        group("r4", "none", weeks=12.0),
        group("r5", "cells", weeks=26.0),
    ]
    found = reasons(rows, POOLED)
    assert found["r3"] == found["r4"] == "another time of this group in the window was used (13 weeks)"
    assert found["r5"] == accounting.NO_TIME


def test_a_contrast_beside_its_groups_is_not_unasked_for() -> None:
    contrast = result("r3", "s", "cells", "VAS", comparator_id="none", contrast="between", mean="-12", se="3")
    assert reasons([*USED, contrast], POOLED) == {"r3": accounting.OWN_NUMBERS}


def test_groups_behind_a_used_contrast_are_not_unasked_for() -> None:
    contrast = result(
        "r3", "s", "cells", "VAS", comparator_id="none", contrast="between", effect="-12", effect_type="MD",
        ci_low="-18", ci_high="-6",
    )  # fmt: skip
    bare = [group("r1", "cells", sd="10"), group("r2", "none", sd="10"), contrast]
    found = reasons(bare, analysis(effect("cells", -12, 9, result_ids=("r3",))))
    assert found == dict.fromkeys(("r1", "r2"), accounting.SOURCES_EFFECT)


def test_rows_that_only_give_a_correlation_say_so() -> None:
    # three SDs of one group; r = (10² + 8² - 6²) / (2·10·8) = 0.8
    sds = [("t1", "baseline", "10"), ("t2", "final", "8"), ("t3", "change", "6")]
    rows = [
        result(
            i,
            "t",
            "cells",
            "VAS",
            timing=timing,
            sd=sd,
            mean="30",
            weeks=0.0 if timing == "baseline" else 13.0,
        )
        for i, timing, sd in sds
    ]
    borrowing = analysis(effect("cells", -12, 9, result_ids=("r1", "r2"), flags=("correlation_borrowed",)))
    found = reasons([*USED, *rows], borrowing)
    assert found == dict.fromkeys(("t1", "t2", "t3"), accounting.GIVES_CORRELATION)
    assert accounting.GIVES_CORRELATION not in reasons([*USED, *rows], POOLED).values()


def test_another_instrument_and_other_numbers_are_named() -> None:
    rows = [*USED, group("r3", "cells", outcome="NRS"), group("r4", "none", timing="percent_change")]
    found = reasons(rows, POOLED)
    assert found["r3"] == "another instrument of the outcome was used (VAS)"
    assert found["r4"] == accounting.OTHER_NUMBERS


def test_what_the_protocol_does_not_ask_for_is_named() -> None:
    rows = [
        *USED,
        group("r3", "cells", outcome="CRP"),
        group("r4", "cells", outcome="ACR20"),
        result("r5", "s", "none", "VAS", contrast="within", direction="decrease", weeks=26.0),
        group("r6", "none", timing="baseline", weeks=0.0),
        group("r7", "cells", weeks=None),
    ]
    assert reasons(rows, POOLED) == {
        "r3": accounting.NO_OUTCOME, "r4": accounting.NO_OUTCOME, "r5": accounting.NO_SUCH_CHANGE,
        "r6": accounting.BASELINE, "r7": accounting.TIME_NOT_STATED,
    }  # fmt: skip


def test_a_row_without_its_comparator_is_told() -> None:
    row = result("r", "s", "low", "VAS", contrast="between", direction="better", p="0.03", p_sign="=")
    assert reasons([row], arms=THREE_ARMS) == {"r": accounting.UNKNOWN_COMPARATOR}


def test_all_rows_of_a_study_that_overlaps_another_have_its_reason() -> None:
    overlap = Excluded("s", "S", "its patients are among those of T, which is used", ("r1", "r2"))
    found = reasons([*USED, group("r3", "cells", weeks=12.0)], analysis(excluded=(overlap,)))
    assert found == dict.fromkeys(("r1", "r2", "r3"), overlap.reason)


def test_patients_counted_in_another_group_are_found_there() -> None:
    arms = (arm("s", "all", "msc", kind="pooled"), arm("s", "cells", "msc", part_of="all"), TWO_ARMS[1])
    assert reasons([*USED, group("r3", "all")], POOLED, arms=arms) == {
        "r3": "its patients are counted in another group (cells)"
    }
