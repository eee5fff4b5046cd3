"""Permutation tests of the mean and of moderators."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import DIRECT, ITERATIVE

from rheumeta.errors import StatsError
from rheumeta.stats import meta_regression, permutation_test, pool

FOLDER = Path(__file__).parents[1] / "reference" / "heterogeneity"
SETS = json.loads((FOLDER / "metafor.json").read_text(encoding="utf-8"))["sets"]
MODERATORS = json.loads((FOLDER / "estimators.json").read_text(encoding="utf-8"))["permutation"]
DATA = ([0.1, 0.9, 0.6, -0.4, 0.3], [0.01, 0.06, 0.09, 0.03, 0.3])


@pytest.mark.parametrize("name", [n for n in SETS if "permutation" in SETS[n]])
def test_exact_test_of_the_mean(name):
    data = SETS[name]
    fit = permutation_test(data["yi"], data["vi"], method="DL")
    assert fit.exact
    assert fit.permutations == 2 ** len(data["yi"])
    assert fit.pval[0] == pytest.approx(data["permutation"], rel=DIRECT)


@pytest.mark.parametrize("case", MODERATORS, ids=lambda c: c["set"])
def test_exact_test_of_a_moderator(case):
    data = SETS[case["set"]]
    for theirs in case["values"]:
        options = {"method": theirs["method"], "test": theirs["test"]}
        fit = permutation_test(data["yi"], data["vi"], x=case["x"], names=["x"], **options)
        assert fit.names == ("intercept", "x")
        assert fit.pval == pytest.approx(theirs["pval"], rel=DIRECT)
        assert fit.qm_pval == pytest.approx(theirs["qm_pval"], rel=DIRECT)


@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_statistics_are_those_of_the_single_fits(test):
    y, v = np.array(DATA[0]), np.array(DATA[1])
    fit = permutation_test(y, v, method="REML", test=test)
    signs = list(itertools.product([1.0, -1.0], repeat=5))
    others = [abs(pool(y * np.array(s), v, test=test).statistic) for s in signs]
    assert fit.statistic[0] == pytest.approx(others[0], rel=ITERATIVE)
    assert fit.pval[0] == np.mean(np.array(others) >= others[0] * (1 - 1e-9))
    x = np.array([[1.0, 2.0, 4.0, 8.0, 3.0], [0.0, 1.0, 0.0, 1.0, 1.0]]).T
    regression = meta_regression(y, v, x, names=["a", "b"], test=test)
    fit = permutation_test(y, v, x=x, names=["a", "b"], test=test)
    assert fit.statistic == pytest.approx(regression.statistic, rel=ITERATIVE)
    assert fit.qm == pytest.approx(regression.qm, rel=ITERATIVE)


def test_random_permutations_come_near_the_exact_ones():
    exact, drawn = permutation_test(*DATA), permutation_test(*DATA, samples=4000)
    assert not drawn.exact
    assert (
        drawn == permutation_test(*DATA, samples=4000)
        or drawn.pval == permutation_test(*DATA, samples=4000).pval
    )
    assert drawn.pval[0] == pytest.approx(exact.pval[0], abs=4 * np.sqrt(0.25 / 4000))  # four standard errors
    x = [1.0, 2, 4, 8, 3]
    exact, drawn = (permutation_test(*DATA, x=x, names=["x"], samples=s) for s in (None, 3000))
    assert drawn.pval == pytest.approx(exact.pval, abs=4 * np.sqrt(0.25 / 3000))
    assert drawn.permutations == 3000


def test_many_studies_are_sampled():
    rng = np.random.default_rng(3)
    fit = permutation_test(rng.normal(0.5, 0.3, 40), np.full(40, 0.05), method="DL")
    assert (fit.exact, fit.permutations, fit.seed) == (False, 10_000, 0)
    assert fit.pval[0] == 1e-4  # the observed order alone


def test_it_says_what_it_is():
    fit = permutation_test(*DATA, x=[1, 2, 4, 8, 3], names=["dose"])
    lines = fit.summary().splitlines()
    assert lines[0] == "permutation test, REML, 120 all permutations"
    assert [line.split(":")[0] for line in lines[1:]] == ["intercept", "dose", "all moderators"]
    assert json.loads(json.dumps(fit.to_dict()))["pval"] == fit.pval.tolist()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 5}, "samples must be at least 100"),
        ({"test": "cochrane"}, "test must be one of z, t, knha, adhoc"),
        ({"x": [1, 2], "names": ["x"]}, "x must have 5 rows"),
        ({"method": "XX"}, "method must be one of"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(StatsError, match=message):
        permutation_test(*DATA, **options)


def test_equal_effects_have_no_hartung_knapp_statistic():
    with pytest.raises(StatsError, match="all effects are equal"):
        permutation_test([0.2] * 4, [0.1, 0.2, 0.3, 0.4], test="knha")
