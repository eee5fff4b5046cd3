"""Recomputed p values against statcheck, R and direct algebra."""

import json
import math
from pathlib import Path

import pytest
from scipy import stats

from rheumeta.errors import StatsError
from rheumeta.stats import integrity
from rheumeta.stats.integrity import MeanGroup

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "integrity" / "summary_tests.json").read_text(encoding="utf-8")
)

# From statcheck's own tests (github.com/MicheleNuijten/statcheck, test-error.R and test-decisionerror.R):
# kind, degrees of freedom, statistic, sign, p; whether it is an error.
ERRORS = [
    ("t", (28,), "2.20", "=", ".03", True), ("F", (2, 28), "2.20", "=", ".15", True),
    ("r", (28,), ".22", "=", ".26", True), ("chi2", (28,), "22.20", "=", ".79", True),
    ("z", (), "2.20", "=", ".04", True), ("z", (), "-2.42", "=", "0.016", False),
    ("t", (28,), "-2.20", "=", ".03", True), ("t", (28,), "2.20", ">", ".05", True),
    ("t", (28,), "2.0", "<", ".05", False), ("t", (28,), "1.20", "=", ".03", True),
    ("t", (28,), "2.20", "=", ".30", True), ("t", (28,), "2", "=", ".02", False),
    ("t", (28,), "2", "=", ".14", False), ("t", (28,), "2.2", "=", ".03", False),
    ("t", (28,), "2.2", "=", ".04", False), ("t", (28,), "2.20", "=", ".036", False),
    ("t", (28,), "2.20", "=", ".037", False), ("t", (48,), "1.02", "<", ".05", True),
]  # fmt: skip
# alpha and whether it is a decision error
DECISIONS = [
    ("t", (28,), "2.20", ".06", 0.05, True), ("t", (28,), "1.20", ".03", 0.05, True),
    ("F", (2, 28), "22.20", ".06", 0.05, True), ("F", (2, 28), "2.20", ".03", 0.05, True),
    ("r", (28,), ".22", ".03", 0.05, True), ("r", (28,), ".52", ".06", 0.05, True),
    ("chi2", (28,), "2.20", ".03", 0.05, True), ("chi2", (28,), "52.20", ".06", 0.05, True),
    ("z", (), "1.20", ".03", 0.05, True), ("z", (), "2.20", ".06", 0.05, True),
    ("t", (28,), "2.20", ".11", 0.10, True), ("t", (28,), "1.20", ".09", 0.10, True),
    ("t", (28,), "5.20", ".02", 0.01, True), ("t", (28,), "1.20", ".005", 0.01, True),
    ("t", (28,), "2.20", ".05", 0.05, False), ("t", (28,), "2.20", ".10", 0.10, False),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "df", "statistic", "sign", "p", "error"), ERRORS)
def test_errors_are_those_of_statcheck(kind, df, statistic, sign, p, error):
    assert integrity.p_from_test(kind, statistic, p, sign, df=df).flagged is error


@pytest.mark.parametrize(("kind", "df", "statistic", "p", "alpha", "error"), DECISIONS)
def test_decision_errors_are_those_of_statcheck(kind, df, statistic, p, alpha, error):
    assert integrity.p_from_test(kind, statistic, p, df=df, alpha=alpha).decision_error is error


def test_one_sided_tests_are_noted():
    # statcheck, option OneTailedTests: t(28) = 2.20, p = .02 is right for a one-sided test, .04 is not
    found = integrity.p_from_test("t", "2.20", ".02", df=(28,))
    assert (found.flagged, found.one_sided) == (True, True)
    assert not integrity.p_from_test("t", "2.20", ".06", df=(28,)).one_sided
    assert not integrity.p_from_test("F", "3.60", ".02", df=(2, 28)).one_sided


def test_a_p_value_of_zero_is_below_its_last_digit():
    found = integrity.p_from_test("z", "4.1", "0.000")
    assert found.verdict == "consistent"
    assert "no p value is 0" in found.note
    assert integrity.p_from_test("z", "2.1", "0.000").flagged


def text(value):
    return f"{value:.12f}"


def exact_groups(case):
    return [
        MeanGroup(text(m), text(s), n) for m, s, n in zip(case["mean"], case["sd"], case["n"], strict=True)
    ]


def around(p_range, value):
    assert p_range[0] * (1 - 1e-9) <= value <= p_range[1] * (1 + 1e-9)
    assert p_range[1] - p_range[0] < 1e-6


@pytest.mark.parametrize("case", REFERENCE["means"], ids=lambda case: str(case["n"]))
def test_means_agree_with_r(case):
    groups = exact_groups(case)
    around(integrity.several_means(groups).p_values["anova"], case["anova"])
    total = integrity.total_sd(groups, text(case["total_sd"]))
    assert total.verdict == "consistent"
    assert total.computed["sd_high"] - total.computed["sd_low"] < 1e-9
    if "welch" in case:
        found = integrity.two_means(*groups).p_values
        around(found["welch"], case["welch"])
        around(found["pooled"], case["pooled"])
        first = groups[0]
        one = integrity.p_from_mean(first.mean, first.spread, first.n, "0.5")
        around((one.p_low, one.p_high), case["one_sample"])


@pytest.mark.parametrize("case", REFERENCE["tables"], ids=lambda case: str(case["counts"]))
def test_tables_agree_with_r(case):
    found = integrity.two_proportions(*case["counts"]).p_values
    for test in ("fisher", "chi2", "chi2_yates"):
        assert found[test][0] == found[test][1] == pytest.approx(case[test], rel=1e-9)


def test_rounding_ranges_hold_every_table_inside_them():
    """The bounds of Welch, Student and analysis of variance enclose p at the corners and within."""
    groups = (MeanGroup("1.2", "0.9", 7), MeanGroup("2.1", "1.4", 11))
    found = integrity.two_means(*groups).p_values | integrity.several_means(groups).p_values
    steps = (-0.05, -0.02, 0.0, 0.03, 0.05)
    for a in steps:
        for b in steps:
            for c in steps:
                for d in steps:
                    args = (1.2 + a, 0.9 + c, 7, 2.1 + b, 1.4 + d, 11)
                    pooled = stats.ttest_ind_from_stats(*args).pvalue
                    welch = stats.ttest_ind_from_stats(*args, equal_var=False).pvalue
                    assert found["welch"][0] <= welch <= found["welch"][1]
                    assert found["pooled"][0] <= pooled <= found["pooled"][1]
                    assert found["anova"][0] <= pooled <= found["anova"][1]


def test_a_claim_that_depends_on_the_test():
    # 31 and 24 of 35: chi-squared 0.041, Fisher 0.078
    found = integrity.two_proportions(31, 35, 24, 35, "0.05", "<")
    assert found.verdict == "depends"
    assert found.supported_by == ("chi2",)
    assert integrity.two_proportions(31, 35, 24, 35, "0.078").verdict == "consistent"
    none = integrity.two_proportions(20, 35, 19, 35, "0.05", "<")
    assert (none.verdict, none.decision_error) == ("inconsistent", True)


def test_counts_that_a_percentage_leaves_open():
    first = integrity.grim_percent("20", 200).totals
    second = integrity.grim_percent("30", 200).totals
    found = integrity.two_proportions(first, 200, second, 200)
    assert found.verdict == "cannot_tell"
    assert (
        found.p_values["fisher"][0] < integrity.fisher_exact(40, 200, 60, 200) < found.p_values["fisher"][1]
    )


def test_many_possible_counts_are_thinned_but_stay_enclosed():
    first, second = range(490, 540), range(520, 560)
    found = integrity.two_proportions(first, 10_000, second, 10_300).p_values
    for a in first[::7]:
        for b in second[::7]:
            for test, p in integrity.two_proportions(a, 10_000, b, 10_300).p_values.items():
                assert found[test][0] <= p[0] <= found[test][1] * (1 + 1e-12)


def test_p_values_of_differences_and_ratios():
    # Altman and Bland (2011), BMJ 343:d2090, backwards: 49 % v 32 %, p = 0.032, interval 1.4 to 32.6
    assert integrity.p_from_estimate("17.0", "0.032", ci=("1.4", "32.6")).verdict == "consistent"
    # z = log 0.81 / (log(0.94 / 0.70) / 3.92) = -2.80, p = 0.005
    found = integrity.p_from_estimate("0.81", "0.005", ci=("0.70", "0.94"), ratio=True)
    assert found.verdict == "consistent"
    assert found.p_low < 0.0051 < found.p_high
    assert integrity.p_from_estimate("0.81", "0.03", ci=("0.70", "0.94"), ratio=True).flagged
    z = integrity.p_from_estimate("1.960000000", "0.05", se="1.000000000")
    assert z.p_low == pytest.approx(0.05, abs=1e-4)
    crossing = integrity.p_from_estimate("0.90", "0.03", ci=("0.70", "1.16"), ratio=True)
    assert crossing.decision_error


def test_t_and_normal_are_both_tried():
    # t(10): 2.228; with z the same numbers give p = 0.026
    for p in ("0.050", "0.026"):
        assert not integrity.p_from_estimate("2.228", p, se="1.000", df=10).flagged
    assert integrity.p_from_estimate("2.228", "0.010", se="1.000", df=10).flagged


def test_rounded_ratios_near_zero_say_nothing():
    assert integrity.p_from_estimate("0.1", "0.5", ci=("0.0", "1.0"), ratio=True).verdict == "cannot_tell"


def test_welch_of_samples_without_spread():
    found = integrity.two_means(MeanGroup("1", "0", 3), MeanGroup("5", "0", 3))
    assert all(0 <= low <= high <= 1 for low, high in found.p_values.values())


@pytest.mark.parametrize(
    ("mean", "spread", "n", "p", "verdict"),
    [
        ("2.0", "4.0", 25, "0.02", "consistent"),  # SD: t = 2.5, p 0.020; SE: t = 0.5
        ("2.0", "0.8", 25, "0.02", "implausible"),  # SE: t = 2.5; SD: t = 12.5
        ("2.0", "4.0", 25, "0.50", "inconsistent"),
    ],
)
def test_which_label_of_the_spread_agrees(mean, spread, n, p, verdict):
    assert integrity.spread_label(mean, spread, n, p).verdict == verdict


def test_which_label_of_two_groups_agrees():
    groups = (MeanGroup("10.0", "0.8", 40), MeanGroup("12.5", "0.9", 40))
    p = stats.ttest_ind_from_stats(10, 0.8 * math.sqrt(40), 40, 12.5, 0.9 * math.sqrt(40), 40).pvalue
    found = integrity.spread_label_two(*groups, f"{p:.3f}")
    assert (found.verdict, found.as_se, found.as_sd) == ("implausible", True, False)
    assert integrity.spread_label_two(*groups, "0.001", "<").verdict == "consistent"


@pytest.mark.parametrize(
    "call",
    [
        lambda: integrity.p_from_test("t", "2.2", ".03"),
        lambda: integrity.p_from_test("u", "2.2", ".03"),
        lambda: integrity.p_from_test("F", "-2.2", ".03", df=(1, 20)),
        lambda: integrity.p_from_test("r", "1.2", ".03", df=(20,)),
        lambda: integrity.p_from_test("t", "2.2", "3", df=(20,)),
        lambda: integrity.p_from_test("t", "2.2", ".03", "~", df=(20,)),
        lambda: integrity.p_from_estimate("2", ".03"),
        lambda: integrity.p_from_estimate("-2", ".03", ci=("1", "2"), ratio=True),
        lambda: integrity.p_from_estimate("2", ".03", ci=("3", "1")),
        lambda: integrity.p_from_mean("2", "1", 1, ".03"),
        lambda: integrity.two_means(MeanGroup("2", "1", 1), MeanGroup("2", "1", 5)),
        lambda: integrity.two_means(MeanGroup("2", "-1", 4), MeanGroup("2", "1", 5)),
        lambda: integrity.several_means([MeanGroup("2", "1", 4)]),
        lambda: integrity.two_proportions([], 10, 3, 10),
        lambda: integrity.two_proportions(11, 10, 3, 10),
    ],
)
def test_what_makes_no_test_is_refused(call):
    with pytest.raises(StatsError):
        call()
