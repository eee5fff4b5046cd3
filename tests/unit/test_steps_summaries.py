"""Events, means and SDs of a group from what the rows report."""

from __future__ import annotations

import math

import pytest
from evidence_builder import result
from scipy import stats as scipy_stats
from tolerances import DIRECT

from rheumeta.steps.evidence import summaries
from rheumeta.steps.evidence.quantities import NotDerivable, Quantity
from rheumeta.steps.evidence.summaries import Settings

R_HALF = Settings(Quantity(0.5).flagged("correlation_assumed"), "r = 0.5 is assumed", "t", "luo_shi")


def row(result_id: str = "r1", **fields: object):
    return result(result_id, "s", "a", "DAS28-ESR", **fields)


def test_percent_gives_the_one_whole_number_that_rounds_back() -> None:
    group = summaries.counts([row(percent="53.3", n=30)])
    assert (group.events.value, group.n.value) == (16, 30)
    assert "events_from_percent" in group.events.flags


def test_a_percentage_that_no_whole_number_gives_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotDerivable, match=r"no whole number of 46 patients gives 19% \(the nearest is 9\)"):
        summaries.counts([row(percent="19", n=46)])


def test_an_implied_denominator_stays_marked_and_a_reported_one_goes_before() -> None:
    implied = row("r1", percent="53.3", n=30, n_basis="implied")
    reported = row("r2", events="16", n=30, source_kind="review_table")
    assert "n_implied" in summaries.counts([implied]).n.flags
    both = summaries.counts([implied, reported])
    assert both.n.flags == frozenset()
    assert both.events.result_ids == ("r2",)
    assert both.events.confirmed_by == ("r1",)


@pytest.mark.parametrize(("events", "allowed"), [("0", True), ("1", True), ("2", False)])
def test_events_are_patients_only_up_to_one(events: str, allowed: bool) -> None:
    rows = [row(events=events, events_unit="events", n=20)]
    if allowed:
        assert "event_is_patient" in summaries.counts(rows).events.flags
    else:
        with pytest.raises(NotDerivable, match="counts events"):
            summaries.counts(rows)


def test_contradicting_sources_are_flagged_and_the_nearer_one_is_used() -> None:
    group = summaries.counts(
        [row("r1", events="5", n=20, source_kind="press_release"), row("r2", events="6", n=20)]
    )
    assert group.events.value == 6
    assert "routes_disagree" in group.events.flags
    assert "another route gives 5: r1" in group.events.steps[-1].assumption


def test_no_denominator_is_not_made_up() -> None:
    with pytest.raises(NotDerivable, match="no number of patients"):
        summaries.counts([row(events="0")])


def test_sd_from_se_and_from_interval() -> None:
    by_se = summaries.moments([row(timing="final", mean="5.0", se="0.2", n=25)], R_HALF, "final value")
    assert by_se.sd.value == pytest.approx(0.2 * 5, rel=DIRECT)
    by_ci = summaries.moments(
        [row(timing="final", mean="5.0", ci_low="4.6", ci_high="5.4", n=25)], R_HALF, "final value"
    )
    expected = math.sqrt(25) * 0.8 / (2 * scipy_stats.t.ppf(0.975, 24))
    assert by_ci.sd.value == pytest.approx(expected, rel=1e-12)
    assert "sd_derived" in by_ci.sd.flags


def test_sd_and_a_contradicting_interval_are_flagged() -> None:
    rows = [row(timing="final", mean="5.0", sd="1.0", ci_low="4.0", ci_high="6.0", n=25)]
    group = summaries.moments(rows, R_HALF, "final value")
    assert group.sd.value == 1.0
    assert "routes_disagree" in group.sd.flags


def test_sd_and_an_agreeing_interval_are_not_flagged() -> None:
    half = scipy_stats.t.ppf(0.975, 24) * 1.0 / 5
    rows = [
        row(timing="final", mean="5.00", sd="1.00", ci_low=f"{5 - half:.2f}", ci_high=f"{5 + half:.2f}", n=25)
    ]
    assert "routes_disagree" not in summaries.moments(rows, R_HALF, "final value").sd.flags


def test_sd_of_a_change_from_its_paired_test() -> None:
    # park2018 prints -1.60 (SD 1.57), n = 9: t = 1.60/(1.57/3) = 3.06, p = 0.0157
    by_t = summaries.change(
        [row(timing="change", mean="-1.60", t="3.057", contrast="within", n=9)], [], R_HALF
    )
    assert by_t.sd.value == pytest.approx(1.60 * 3 / 3.057, rel=DIRECT)
    p_row = row(timing="change", mean="-1.60", p="0.0157", p_sign="=", contrast="within", n=9)
    assert summaries.change([p_row], [], R_HALF).sd.value == pytest.approx(1.57, abs=0.005)


def test_an_inequality_gives_no_sd() -> None:
    rows = [row(timing="change", mean="-1.60", p="0.05", p_sign="<", contrast="within", n=9)]
    with pytest.raises(NotDerivable):
        summaries.change(rows, [], R_HALF)


def test_change_from_baseline_and_final_values_with_a_correlation() -> None:
    before = [row("r1", timing="baseline", weeks=0.0, mean="6.0", sd="1.0", n=30)]
    after = [row("r2", timing="final", mean="4.5", sd="1.2", n=28)]
    group = summaries.change(after, before, R_HALF)
    assert group.mean.value == pytest.approx(-1.5, rel=DIRECT)
    assert group.sd.value == pytest.approx(math.sqrt(1 + 1.44 - 2 * 0.5 * 1.2), rel=DIRECT)
    assert group.n.value == 28
    assert {"correlation_assumed", "sd_derived"} <= group.sd.flags
    assert "r = 0.5 is assumed" in group.sd.steps[-1].assumption


def test_median_and_quartiles_give_mean_and_sd() -> None:
    rows = [row(timing="final", median="5.0", q1="4.0", q3="6.0", n=50)]
    group = summaries.moments(rows, R_HALF, "final value")
    assert group.mean.value == pytest.approx(5.0, rel=1e-12)  # symmetric: every method gives the median
    assert {"mean_derived", "sd_derived"} <= group.mean.flags | group.sd.flags


def test_groups_combine_as_if_they_were_one() -> None:
    one = summaries.moments([row("r1", timing="final", mean="4.0", sd="1.0", n=10)], R_HALF, "final value")
    two = summaries.moments([row("r2", timing="final", mean="6.0", sd="2.0", n=20)], R_HALF, "final value")
    both = summaries.combine_moments([one, two])
    mean = (10 * 4 + 20 * 6) / 30
    ss = 9 * 1 + 19 * 4 + 10 * (4 - mean) ** 2 + 20 * (6 - mean) ** 2
    assert both.n.value == 30
    assert both.mean.value == pytest.approx(mean, rel=DIRECT)
    assert both.sd.value == pytest.approx(math.sqrt(ss / 29), rel=1e-12)
    assert "arms_combined" in both.mean.flags


def test_a_shared_control_is_split_evenly() -> None:
    control = summaries.counts([row(events="0", n=7)])
    part = summaries.shared(control, 3)
    assert isinstance(part, summaries.Counts)
    assert (part.events.value, part.n.value) == (0, pytest.approx(7 / 3, rel=DIRECT))
    assert "control_split" in part.n.flags


def test_every_step_says_what_was_put_in() -> None:
    group = summaries.moments([row(timing="final", mean="5.0", se="0.2", n=25)], R_HALF, "final value")
    last = group.sd.steps[-1]
    assert (last.formula, last.numbers, last.source) == (
        "SD = SE·√n",
        "SE = 0.2; n = 25",
        "Cochrane Handbook 6.5.2.2",
    )
    assert last.result_ids == ("r1",)


def test_the_interval_of_an_effect_is_not_that_of_the_mean() -> None:
    fields = {
        "mean": "-20",
        "n": 30,
        "effect_type": "SMD",
        "effect": "-0.9",
        "ci_low": "-1.3",
        "ci_high": "-0.5",
    }
    with pytest.raises(NotDerivable, match="SD"):
        summaries.change([row(timing="change", **fields)], [], R_HALF)
    with pytest.raises(NotDerivable, match="SD"):
        summaries.change([row(timing="change", **fields, se="0.2")], [], R_HALF)


def test_a_width_never_replaces_quantiles_that_are_given() -> None:
    with_width = row(timing="final", median="-20", min="-60", max="10", iqr="22", n=30)
    without = row(timing="final", median="-20", min="-60", max="10", n=30)
    one, two = (summaries.moments([r], R_HALF, "final value") for r in (with_width, without))
    assert (one.mean.value, one.sd.value) == (two.mean.value, two.sd.value)
    both = row(timing="final", mean="5", iqr="13.5", range="90", n=30)
    bare = row(timing="final", mean="5", iqr="13.5", n=30)
    assert (
        summaries.moments([both], R_HALF, "final value").sd.value
        == summaries.moments([bare], R_HALF, "final value").sd.value
    )
