import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tolerances import CLOSED_FORM, DIRECT

from rheumeta.errors import StatsError
from rheumeta.stats import (
    binomial_interval,
    edgington,
    fisher,
    mantel_haenszel,
    meta_regression,
    peto,
    rule_of_three,
    sign_test,
    stouffer,
    subgroup_test,
)

COUNTS = json.loads(
    (Path(__file__).parents[1] / "reference" / "metafor" / "proportions.json").read_text(encoding="utf-8")
)["values"]


@pytest.mark.parametrize("case", COUNTS, ids=lambda c: f"{c['x']}of{c['n']}")
def test_proportion_intervals_as_in_r(case):
    for method in ("exact", "wilson"):
        ours = binomial_interval(case["x"], case["n"], method=method)
        assert [ours.lower, ours.upper] == pytest.approx(case[method], rel=CLOSED_FORM, abs=1e-15)
        assert ours.estimate == case["x"] / case["n"]


@pytest.mark.parametrize("case", COUNTS, ids=lambda c: f"{c['x']}of{c['n']}")
def test_sign_test_as_in_r(case):
    ours = sign_test(case["x"], case["n"] - case["x"])
    assert ours.pval == pytest.approx(case["sign_pval"], rel=CLOSED_FORM)
    assert [ours.proportion.lower, ours.proportion.upper] == pytest.approx(case["exact"], abs=1e-15)


def test_sign_test_by_hand():
    assert sign_test(5, 0).pval == 2 / 32
    assert sign_test(4, 1).pval == 12 / 32
    assert sign_test(3, 3).pval == 1.0


def test_rule_of_three():
    for n in (10, 50, 1000):
        assert (1 - rule_of_three(n)) ** n == pytest.approx(0.05, rel=1e-10)
    assert rule_of_three(1000) == pytest.approx(3 / 1000, rel=0.01)


P = [0.01, 0.2, 0.3, 0.04, 0.7]


def test_fisher_and_stouffer_as_in_scipy():
    for ours, method in ((fisher(P), "fisher"), (stouffer(P), "stouffer")):
        theirs = stats.combine_pvalues(P, method=method)
        assert ours.statistic == pytest.approx(theirs.statistic, rel=CLOSED_FORM)
        assert ours.pval == pytest.approx(theirs.pvalue, rel=CLOSED_FORM)
    weights = [3, 1, 2, 5, 4]
    theirs = stats.combine_pvalues(P, method="stouffer", weights=weights)
    assert stouffer(P, weights=weights).pval == pytest.approx(theirs.pvalue, rel=CLOSED_FORM)


def test_one_p_value_stays_itself():
    for combine in (fisher, stouffer, edgington):
        assert combine([0.03]).pval == pytest.approx(0.03, rel=DIRECT)
        assert combine([0.03]).k == 1


def test_edgington_by_direct_algebra():
    # Volumes of corners of the unit cube.
    assert edgington([0.1, 0.3]).pval == pytest.approx(0.4**2 / 2, rel=DIRECT)
    assert edgington([0.9, 0.5]).pval == pytest.approx(1 - 0.6**2 / 2, rel=DIRECT)
    assert edgington([0.2, 0.3, 0.4]).pval == pytest.approx(0.9**3 / 6, rel=DIRECT)
    assert edgington([0.5, 0.6, 0.7]).pval == pytest.approx((1.8**3 - 3 * 0.8**3) / 6, rel=1e-12)
    assert edgington([1.0] * 4).pval == 1.0


def test_edgington_of_many_is_exact():
    p = np.full(60, 0.5)
    assert edgington(p).pval == 0.5  # by symmetry; a sum in doubles would be lost in cancellation
    near = edgington(np.full(200, 0.49))  # the central limit holds this close to the middle
    assert near.pval == pytest.approx(stats.norm.cdf((98 - 100) / math.sqrt(200 / 12)), rel=1e-3)


@pytest.mark.parametrize("combine", [fisher, stouffer, edgington])
@pytest.mark.parametrize("p", [[], [0.0, 0.1], [1.2], [float("nan")], [[0.1, 0.2]]])
def test_p_values_out_of_range_are_refused(combine, p):
    with pytest.raises(StatsError):
        combine(p)


def test_p_of_one_and_bad_weights_are_refused():
    with pytest.raises(StatsError, match="exactly 1"):
        stouffer([0.1, 1.0])
    with pytest.raises(StatsError, match="weights"):
        stouffer([0.1, 0.2], weights=[1, 0])


@pytest.mark.parametrize("args", [(-1, 5), (6, 5), (2.5, 5), (0, 0), (1, float("nan"))])
def test_impossible_counts_are_refused(args):
    with pytest.raises(StatsError):
        binomial_interval(*args)


def test_sign_test_needs_a_sign():
    with pytest.raises(StatsError, match="at least one"):
        sign_test(0, 0)
    with pytest.raises(StatsError, match="unfavourable"):
        sign_test(3, -1)


def test_peto_by_hand():
    # One table: O - E = 1 - 10 * 4 / 20, V = 10 * 10 * 4 * 16 / (20^2 * 19).
    fit = peto([1], [10], [3], [10])
    variance = 6400 / 7600
    assert fit.estimate == pytest.approx(-1 / variance, rel=DIRECT)
    assert fit.se == pytest.approx(variance**-0.5, rel=DIRECT)
    assert (fit.q_df, fit.q_pval, fit.i2) == (0, 1.0, None)


def test_one_table_by_mantel_haenszel_is_its_own_estimate():
    assert mantel_haenszel([4], [20], [9], [30], measure="RR").estimate == pytest.approx(math.log(0.2 / 0.3))
    assert mantel_haenszel([4], [20], [9], [30], measure="OR").estimate == pytest.approx(
        math.log(4 * 21 / (16 * 9))
    )
    for zero_cells in ("none", "revman"):
        fit = mantel_haenszel([4], [20], [9], [30], measure="RD", zero_cells=zero_cells)
        assert fit.estimate == pytest.approx(-0.1)
    # Greenland and Robins's variance of a single table is the binomial one.
    assert fit.se**2 == pytest.approx(0.2 * 0.8 / 20 + 0.3 * 0.7 / 30, rel=DIRECT)


def test_swapping_groups_mirrors_the_estimate():
    a, n1, c, n2 = [3, 0, 7], [40, 20, 50], [8, 2, 9], [42, 19, 48]
    for measure in ("OR", "RR", "RD"):
        one = mantel_haenszel(a, n1, c, n2, measure=measure)
        other = mantel_haenszel(c, n2, a, n1, measure=measure)
        assert other.estimate == pytest.approx(-one.estimate)
        assert other.se == pytest.approx(one.se)


def test_studies_without_events_have_no_weight_in_a_ratio():
    a, n1, c, n2 = [3, 0], [40, 20], [8, 0], [42, 19]
    alone = mantel_haenszel([3], [40], [8], [42], measure="OR")
    for zero_cells in ("none", "revman"):
        both = mantel_haenszel(a, n1, c, n2, measure="OR", zero_cells=zero_cells)
        assert both.estimate == pytest.approx(alone.estimate, rel=DIRECT)
        assert both.weights == pytest.approx([100, 0])
        assert (both.k, both.k_used) == (2, 1)
        assert "no events" in both.notes[0]
    assert len(both.notes) == 1  # a table without events gets no half event either
    assert mantel_haenszel(a, n1, c, n2, measure="RD").k_used == 2
    assert peto(a, n1, c, n2).weights == pytest.approx([100, 0])


def test_undefined_tables_are_refused():
    with pytest.raises(StatsError, match="undefined"):
        mantel_haenszel([0, 0], [10, 10], [1, 2], [10, 10], measure="OR")
    assert mantel_haenszel([0, 0], [10, 10], [1, 2], [10, 10], zero_cells="revman").estimate < 0
    with pytest.raises(StatsError, match="undefined"):
        peto([0], [10], [0], [10])
    with pytest.raises(StatsError):
        mantel_haenszel([11], [10], [1], [10])
    with pytest.raises(StatsError, match="measure"):
        mantel_haenszel([1], [10], [1], [10], measure="HR")


def test_regression_with_calendar_years_matches_exact_arithmetic():
    # Years make the normal equations nearly singular; here they are solved in fractions.
    yi, vi, year = [0.2, -0.1, 0.4, 0.3, 0.9], [0.02, 0.05, 0.01, 0.08, 0.04], [1991, 1993, 1994, 1999, 2001]
    y, w, x = map(Fraction, yi), [1 / Fraction(v) for v in vi], list(map(Fraction, year))
    y = list(y)
    mean_x = sum(a * b for a, b in zip(w, x, strict=True)) / sum(w)
    mean_y = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    terms = list(zip(w, x, y, strict=True))
    sxx = sum(a * (b - mean_x) ** 2 for a, b, _ in terms)
    slope = sum(a * (b - mean_x) * (c - mean_y) for a, b, c in terms) / sxx
    qe = sum(a * (c - mean_y - slope * (b - mean_x)) ** 2 for a, b, c in terms)
    fit = meta_regression(yi, vi, year, names=["year"], method="EE", test="z")
    assert fit.estimate[1] == pytest.approx(float(slope), rel=1e-10)
    assert fit.qe == pytest.approx(float(qe), rel=1e-10)
    assert fit.se[1] == pytest.approx(float(sxx) ** -0.5, rel=1e-10)


def test_regression_without_intercept_on_group_indicators_gives_the_groups():
    yi, vi = [0.2, 0.4, 0.9, 1.0], [0.1, 0.1, 0.2, 0.2]
    fit = meta_regression(
        yi, vi, [[1, 0], [1, 0], [0, 1], [0, 1]], names=["a", "b"], method="EE", test="z", add_intercept=False
    )
    assert fit.estimate == pytest.approx([0.3, 0.95])
    assert (fit.qm_df, fit.r2) == (2, None)
    assert fit.to_dict()["names"] == ("a", "b")


@pytest.mark.parametrize(
    ("x", "names", "message"),
    [
        ([[1.0, 2.0]] * 4, ["a", "b"], "a is a combination"),
        ([[1, 2], [2, 4], [3, 6], [4, 8]], ["a", "b"], "b is a combination"),
        ([1, 2, 3], ["a"], "4 rows"),
        ([1, 2, float("nan"), 4], ["a"], "a of study 2 is not a finite"),
        ([[1, 2, 0], [2, 4, 1], [3, 7, 0], [4, 9, 9]], ["a", "b", "c"], "need more than 4 studies"),
        (["u", "v", "w", "x"], ["a"], "numbers only"),
    ],
)
def test_regression_refusals(x, names, message):
    with pytest.raises(StatsError, match=message):
        meta_regression([0.1, 0.2, 0.4, 0.3], [0.1] * 4, x, names=names)


def test_predict_needs_its_columns():
    fit = meta_regression([0.1, 0.2, 0.4, 0.3], [0.1] * 4, [1, 2, 3, 5], names=["a"])
    with pytest.raises(StatsError, match="one column"):
        fit.predict([[1, 2]])


def test_subgroup_of_one_study_takes_part():
    fit = subgroup_test([0.2, 0.5, 0.9], [0.01, 0.02, 0.04], ["a", "a", "b"], method="EE")
    assert fit.k == (2, 1)
    assert fit.estimate[1] == 0.9
    pooled, variance = (0.2 * 100 + 0.5 * 50) / 150, 1 / 150
    assert fit.q == pytest.approx((0.9 - pooled) ** 2 / (0.04 + variance))
    with pytest.raises(StatsError, match="at least two subgroups"):
        subgroup_test([0.2, 0.5], [0.01, 0.02], ["a", "a"])
