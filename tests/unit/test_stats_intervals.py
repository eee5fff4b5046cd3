"""Henmi-Copas, the prediction intervals, and the bootstrap one."""

import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import CLOSED_FORM, ITERATIVE, METAFOR_DEFAULT, QUADRATURE, TABULATED

from rheumeta.errors import StatsError
from rheumeta.stats import bootstrap_prediction, henmi_copas, pool
from rheumeta.stats.batch import single
from rheumeta.stats.bootstrap import _confidence_draws
from rheumeta.stats.tau2_weighted import quantile_root

FOLDER = Path(__file__).parents[1] / "reference" / "heterogeneity"
SETS = json.loads((FOLDER / "metafor.json").read_text(encoding="utf-8"))["sets"]
BCG = (SETS["bcg__RR"]["yi"], SETS["bcg__RR"]["vi"])


@pytest.mark.parametrize("name", [n for n in SETS if "hc" in SETS[n]])
def test_henmi_copas(name):
    data, theirs = SETS[name], SETS[name]["hc"]
    fit = henmi_copas(data["yi"], data["vi"])
    assert [fit.estimate, fit.se, fit.tau2] == pytest.approx(
        [theirs["estimate"], theirs["se"], theirs["tau2"]], rel=CLOSED_FORM, abs=1e-20
    )
    assert [fit.ci_lb, fit.ci_ub] == pytest.approx([theirs["ci.lb"], theirs["ci.ub"]], rel=QUADRATURE)


def test_henmi_copas_without_heterogeneity_is_nearly_the_common_effect():
    v = np.linspace(0.1, 0.2, 400)
    y = np.sqrt(v / 400) * np.resize([1.0, -1.0], 400)
    fit, common = henmi_copas(y, v), pool(y, v, method="EE", test="z")
    assert (fit.tau2, fit.se) == (0.0, pytest.approx(common.se))
    assert 1.8 < fit.critical <= 1.96  # tau2 is never below zero, so that the interval may be shorter


def test_henmi_copas_scales_and_mirrors():
    y, v, unit = np.array(BCG[0]), np.array(BCG[1]), 2.0**25
    one, other = henmi_copas(y, v), henmi_copas(-y * unit, v * unit**2)
    assert other.ci_lb == pytest.approx(-one.ci_ub * unit, rel=1e-12)
    assert henmi_copas(y, v, level=99).critical > one.critical
    assert one.summary().startswith("Henmi-Copas, k = 13: -0.4303 [-1.1555, 0.2950]")
    assert json.loads(json.dumps(one.to_dict()))["critical"] == one.critical


@pytest.mark.parametrize("name", [n for n in SETS if "predict" in SETS[n]])
@pytest.mark.parametrize("method", ["DL", "REML"])
def test_prediction_intervals_of_meta(name, method):
    data, theirs = SETS[name], SETS[name]["predict"][method]
    # meta keeps metafor's default precision, so that its own tau2 is used
    kinds = {
        "V": ("t", "z"),
        "HTS": ("t-2", "z"),
        "S": ("normal", "z"),
        "HK": ("knha", "z"),
        "HK-PR": ("knha-2", "z"),
    }
    for kind, (prediction, test) in kinds.items():
        fit = pool(data["yi"], data["vi"], tau2=theirs["tau2"], test=test, prediction=prediction)
        assert [fit.pi_lb, fit.pi_ub] == pytest.approx(theirs[kind], rel=CLOSED_FORM), kind
        own = pool(data["yi"], data["vi"], method=method, test=test, prediction=prediction)
        assert own.pi_lb == pytest.approx(theirs[kind][0], rel=METAFOR_DEFAULT)


def test_bootstrap_is_repeatable_and_says_so():
    one, same = bootstrap_prediction(*BCG, samples=2000), bootstrap_prediction(*BCG, samples=2000)
    assert one == same
    assert one != bootstrap_prediction(*BCG, samples=2000, seed=1)
    assert one.summary().splitlines()[0] == "bootstrap prediction interval, k = 13, 2000 draws, seed 0"
    assert json.loads(json.dumps(one.to_dict()))["pi_ub"] == one.pi_ub
    assert one.pi_lb < one.ci_lb < one.estimate < one.ci_ub < one.pi_ub


def test_bootstrap_of_exact_studies_has_a_known_distribution():
    # Without sampling error Q is S / tau2, so that tau2 is S over chi-squared, and the new effect is a draw
    # about a mean with the standard error of the t test.
    y = np.array([0.3, 0.9, 0.1, 1.4, 0.7, 0.2])
    draw, n = np.random.default_rng(5), 200_000
    tau = np.sqrt(y.var(ddof=1) * 5 / draw.chisquare(5, n))
    t = y.std(ddof=1) / np.sqrt(6) * draw.standard_t(5, n)
    wanted = np.quantile(y.mean() + tau * draw.normal(size=n) - t, [0.025, 0.975])
    fit = bootstrap_prediction(y, np.full(6, 1e-12))
    assert [fit.pi_lb, fit.pi_ub] == pytest.approx(
        wanted, abs=0.05
    )  # three Monte Carlo errors of 25,000 draws
    known = pool(y, np.full(6, 1e-12), test="knha")
    assert [fit.ci_lb, fit.ci_ub] == pytest.approx([known.ci_lb, known.ci_ub], abs=0.02)


def test_draws_of_tau2_are_the_roots_they_stand_for():
    batch = single(*BCG, weights=1 / np.array(BCG[1]))
    uniform = np.concatenate([[1e-5, 1e-3], np.linspace(0.01, 0.99, 30), [0.9999]])
    roots = quantile_root(batch.take(np.zeros(33, dtype=int)), uniform)
    assert _confidence_draws(batch, uniform) == pytest.approx(roots, rel=TABULATED)


def test_bootstrap_without_heterogeneity_is_the_interval_of_the_mean():
    fit = bootstrap_prediction([0.1] * 8, [0.2] * 8, samples=1000)
    assert (fit.tau2, fit.pi_lb, fit.pi_ub) == (0.0, pytest.approx(0.1), pytest.approx(0.1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bootstrap_prediction([0.1, 0.2], [0.1, 0.2]), "at least 3 studies"),
        (lambda: bootstrap_prediction(*BCG, samples=10), "samples must be at least 1000"),
        (lambda: bootstrap_prediction(*BCG, level=0), "level is in percent"),
        (lambda: henmi_copas(*BCG, level=100), "level is in percent"),
        (lambda: henmi_copas([0.1], [0.1]), "at least two studies"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(StatsError, match=message):
        call()


def test_tau2_of_the_bootstrap_is_dersimonian_and_laird():
    fit = bootstrap_prediction(*BCG, samples=1000)
    assert fit.tau2 == pytest.approx(pool(*BCG, method="DL").tau2, rel=ITERATIVE)
