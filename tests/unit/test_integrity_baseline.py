"""Baseline tables: against R's analysis of variance, direct algebra, and uniformity under randomisation."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from rheumeta.errors import StatsError
from rheumeta.stats import integrity
from rheumeta.stats.integrity import MeanGroup, baseline

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "integrity" / "summary_tests.json").read_text(encoding="utf-8")
)


def exact_groups(case):
    return [
        MeanGroup(f"{m:.9f}", f"{s:.9f}", n)
        for m, s, n in zip(case["mean"], case["sd"], case["n"], strict=True)
    ]


@pytest.mark.parametrize("case", REFERENCE["means"], ids=lambda case: str(case["n"]))
def test_finely_reported_means_have_the_p_value_of_r(case):
    found = integrity.baseline_means(exact_groups(case))
    assert found.method == "anova"
    assert found.pval == pytest.approx(case["anova"], rel=1e-5)


@pytest.mark.parametrize("case", REFERENCE["means"][1:], ids=lambda case: str(case["n"]))
def test_the_simulation_is_the_f_test_where_rounding_hides_nothing(case):
    boxes = [baseline.read_group(group) for group in exact_groups(case)]
    units = np.full(len(boxes), 1e-9)
    found = baseline._simulated(boxes, units, np.random.default_rng(3), 40_000)
    assert found == pytest.approx(case["anova"], abs=4 * 0.5 / 200 * 1.01)


def simulated_table(rng, decimals, sd, sizes):
    samples = [rng.normal(50.3, sd, n) for n in sizes]
    return [
        MeanGroup(f"{x.mean():.{decimals}f}", f"{x.std(ddof=1):.{decimals + 1}f}", x.size) for x in samples
    ]


@pytest.mark.parametrize(
    ("decimals", "sd", "sizes"), [(2, 10.0, (30, 30)), (0, 10.0, (200, 190)), (0, 1.0, (100, 100, 90))]
)
def test_p_values_under_randomisation(decimals, sd, sizes):
    """Centred on 1/2 and never more extreme than uniform, however coarse the rounding."""
    rng = np.random.default_rng(11)
    tables = [simulated_table(rng, decimals, sd, sizes) for _ in range(400)]
    p = np.array(
        [integrity.baseline_means(table, seed=i, simulations=1000).pval for i, table in enumerate(tables)]
    )
    assert abs(p.mean() - 0.5) < 4 * np.sqrt(1 / 12 / p.size)
    assert np.mean(p < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / p.size)
    assert np.mean(p > 0.95) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / p.size)
    if decimals == 2:
        assert stats.kstest(p, "uniform").pvalue > 0.001


def test_equal_rounded_means_are_no_wonder():
    """Three means of 100 patients with SD 1, rounded to whole numbers, are equal as a rule."""
    groups = [MeanGroup("50", "1.0", 100)] * 3
    assert integrity.baseline_means(groups).pval < 0.7
    fine = [MeanGroup("50.00", "1.00", 100)] * 3
    assert integrity.baseline_means(fine).pval > 0.98


def test_shares_by_fishers_mid_p():
    # R: fisher.test less half the probability of the tables as likely as the one seen
    for case in REFERENCE["tables"]:
        a, n1, c, n2 = case["counts"]
        chances = stats.hypergeom(n1 + n2, a + c, n1).pmf(np.arange(n1 + 1))
        ties = chances[np.isclose(chances, chances[a], rtol=1e-7)].sum()
        found = integrity.baseline_counts([a, c], [n1, n2])
        assert found.pval == pytest.approx(case["fisher"] - ties / 2, rel=1e-8)


def test_shares_of_three_groups_near_pearson():
    events, ns = [30, 41, 29], [80, 82, 79]
    table = [events, [n - e for e, n in zip(events, ns, strict=True)]]
    found = integrity.baseline_counts(events, ns, simulations=20_000)
    assert found.pval == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, abs=0.02)


def test_the_same_seed_gives_the_same_p_value():
    groups = [MeanGroup("45", "9.8", 30), MeanGroup("46", "10.2", 32)]
    first, second = (integrity.baseline_means(groups, seed=5).pval for _ in range(2))
    assert first == second
    assert first != integrity.baseline_means(groups, seed=6).pval


def test_tables_too_similar_and_too_different():
    alike = integrity.baseline_balance([0.97, 0.99, 0.94, 0.98])
    assert (alike.verdict, alike.pval_similar < alike.pval_different) == ("implausible", True)
    apart = integrity.baseline_balance([0.001, 0.02, 0.01])
    assert (apart.verdict, apart.pval_different < apart.pval_similar) == ("implausible", True)
    assert "independent" in apart.note
    fair = integrity.baseline_balance([0.1, 0.5, 0.9])
    assert (fair.verdict, fair.pval) == ("consistent", pytest.approx(1.0))
    assert integrity.baseline_balance([0.001]).verdict == "cannot_tell"
    z = stats.norm.isf([0.97, 0.99, 0.94, 0.98]).sum() / 2
    assert alike.pval_similar == pytest.approx(stats.norm.cdf(z))


@pytest.mark.parametrize(
    "call",
    [
        lambda: integrity.baseline_means([MeanGroup("1", "1", 5)]),
        lambda: integrity.baseline_means([MeanGroup("1", "0", 5), MeanGroup("2", "0", 5)]),
        lambda: integrity.baseline_means([MeanGroup("1", "1", 1), MeanGroup("2", "1", 5)]),
        lambda: integrity.baseline_counts([0, 0], [5, 5]),
        lambda: integrity.baseline_counts([1], [5]),
        lambda: integrity.baseline_counts([1, 6], [5, 5]),
        lambda: integrity.baseline_balance([]),
        lambda: integrity.baseline_balance([0.5, 1.0]),
    ],
)
def test_what_is_no_baseline_table_is_refused(call):
    with pytest.raises(StatsError):
        call()


def test_a_p_value_beyond_double_precision_is_judged_all_the_same():
    apart = integrity.baseline_means([MeanGroup("1.0", "0.1", 5000), MeanGroup("3.0", "0.1", 5000)]).pval
    counted = integrity.baseline_counts([0, 5000], [5000, 5000]).pval
    assert 0 < apart < 1e-300
    assert 0 < counted < 1e-300
    found = integrity.baseline_balance([apart, 0.5])
    assert found.verdict == "implausible"
    assert found.pval < 1e-100
    assert found.pval_similar == 1.0
