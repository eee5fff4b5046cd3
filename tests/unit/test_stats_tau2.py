"""The further estimators of tau2, its intervals, and the distribution of the generalised Q."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import special
from tolerances import CLOSED_FORM, ITERATIVE, METAFOR_DEFAULT, PROBABILITY, PROFILE, ZERO

from rheumeta.errors import StatsError
from rheumeta.stats import leave_one_out, pool, pool_batch, quadratic, tau2_interval
from rheumeta.stats.batch import single
from rheumeta.stats.likelihood import log_likelihood
from rheumeta.stats.quadratic import weighted_q_cdf

FOLDER = Path(__file__).parents[1] / "reference" / "heterogeneity"
SETS = json.loads((FOLDER / "metafor.json").read_text(encoding="utf-8"))["sets"]
ESTIMATORS = json.loads((FOLDER / "estimators.json").read_text(encoding="utf-8"))["estimators"]
VARIED = {"yi": [0.1, 0.9, 0.6, -0.4, 0.3], "vi": [0.01, 0.06, 0.09, 0.03, 0.3]}


def with_block(block):
    return [name for name, data in SETS.items() if data.get(block)]


def unit_of(data):
    return float(np.median(data["vi"]))


@pytest.mark.parametrize("name", SETS)
def test_estimators_of_metafor_5(name):
    data = SETS[name]
    for method, theirs in data["tau2"].items():
        rel = CLOSED_FORM if method == "HSk" else ITERATIVE
        # SJIT creeps towards zero; metafor stops it at its threshold
        small = 1e-10 if method == "SJIT" else ZERO
        ours = pool(data["yi"], data["vi"], method=method).tau2
        assert ours == pytest.approx(theirs, rel=rel, abs=small * unit_of(data)), method


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", ["HSk", "PMM", "GENQ", "DL2"])
def test_estimates_and_standard_errors(name, method):
    data, theirs = SETS[name], ESTIMATORS[name][method]
    weights = 1 / np.sqrt(data["vi"]) if method == "GENQ" else None
    fit = pool(data["yi"], data["vi"], method=method, tau2_weights=weights)
    assert fit.tau2 == pytest.approx(theirs["tau2"], rel=ITERATIVE, abs=ZERO * unit_of(data))
    assert fit.se_tau2 == pytest.approx(theirs["se_tau2"], rel=ITERATIVE)


def test_generalised_moments_hold_the_others():
    y, v = VARIED["yi"], np.array(VARIED["vi"])
    assert pool(y, v, method="GENQ", tau2_weights=1 / v).tau2 == pytest.approx(pool(y, v, method="DL").tau2)
    flat = pool(y, v, method="GENQ", tau2_weights=np.full(5, 7.0))
    assert flat.tau2 == pytest.approx(pool(y, v, method="HE").tau2)


def test_median_unbiased_estimate_of_two_studies():
    # Two studies: Q = a1 a2 / (a1 + a2) (y1 - y2)^2, and (y1 - y2)^2 / (v1 + v2 + 2 tau2) is chi2_1.
    median = special.chdtri(1, 0.5)
    fit = pool([0.2, 1.9], [0.04, 0.05], method="GENQM", tau2_weights=[3, 8])
    assert fit.tau2 == pytest.approx((1.7**2 / median - 0.09) / 2, rel=ITERATIVE)
    assert fit.se_tau2 is None


def test_median_unbiased_estimates_agree_where_weights_do_not_matter():
    y = VARIED["yi"]
    median = pool(y, np.full(5, 0.05), method="GENQM", tau2_weights=np.full(5, 3.0)).tau2
    assert median == pytest.approx(pool(y, np.full(5, 0.05), method="PMM").tau2, rel=ITERATIVE)


@pytest.mark.parametrize("k", [2, 3, 5, 10, 50, 300])
def test_distribution_is_chi_squared_where_it_must_be(k):
    # Equal weights a and variances v: Q / (a (v + tau2)) is chi-squared with k - 1.
    q = np.geomspace(0.01, 40, 100) * k
    batch = single(np.zeros(k), np.full(k, 0.7), weights=np.full(k, 2.0)).take(np.zeros(100, dtype=int))
    value, slope = weighted_q_cdf(batch, np.full(100, 0.3), q)
    assert value == pytest.approx(special.chdtr(k - 1, q / 2), rel=0, abs=PROBABILITY)
    x = q / 2
    density = np.exp((k - 3) / 2 * np.log(x) - x / 2 - special.gammaln((k - 1) / 2) - (k - 1) / 2 * np.log(2))
    assert slope == pytest.approx(-density * x, rel=1e-9, abs=PROBABILITY)  # x falls as 1 / (v + tau2)


@pytest.mark.parametrize("k", [3, 10, 40, 200])
@pytest.mark.parametrize("orders", [0, 1, 4])
def test_more_points_change_nothing(k, orders, monkeypatch):
    rng = np.random.default_rng(k)
    v, a = 10 ** rng.uniform(-orders / 2, orders / 2, (2, k))
    batch, s = single(np.zeros(k), v, weights=a).take(np.zeros(30, dtype=int)), v + 0.1
    mean = (a * s).sum() - (a**2 * s).sum() / a.sum()
    q = mean * np.geomspace(0.01, 20, 30)
    value = weighted_q_cdf(batch, np.full(30, 0.1), q)[0]
    monkeypatch.setattr(quadratic, "STEP", quadratic.STEP / 2)
    monkeypatch.setattr(quadratic, "POINTS", quadratic.POINTS * 3)
    assert weighted_q_cdf(batch, np.full(30, 0.1), q)[0] == pytest.approx(value, rel=0, abs=PROBABILITY)


def test_distribution_of_unequal_terms():
    # Three studies with weights and variances such that Q = 4 chi2_1 + 0.04 chi2_1, by eigenvalues; its
    # distribution by the density of the sum (Gauss-Legendre on the smooth form x = q sin^2).
    a, v = np.array([5.0, 3.0, 0.2]), np.array([1.0, 0.2, 0.1])
    matrix = np.sqrt(v)[:, None] * (np.diag(a) - np.outer(a, a) / a.sum()) * np.sqrt(v)
    low, high = np.linalg.eigvalsh(matrix)[1:]
    nodes, weights = np.polynomial.legendre.leggauss(200)
    angle, q = np.pi / 4 * (nodes + 1), 3.0
    x = q * np.sin(angle) ** 2
    # P(low Z1^2 <= q - x) against the density of high Z2^2 at x, dx = 2 q sin cos
    inner = special.chdtr(1, (q - x) / low)
    density = np.exp(-x / (2 * high)) / np.sqrt(2 * np.pi * x * high)
    expected = (weights * inner * density * 2 * q * np.sin(angle) * np.cos(angle)).sum() * np.pi / 4
    found = weighted_q_cdf(single(np.zeros(3), v, weights=a), np.zeros(1), np.array([q]))[0][0]
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", with_block("profile"))
def test_profile_likelihood(name):
    data = SETS[name]
    for estimator, theirs in data["profile"].items():
        fit = tau2_interval(data["yi"], data["vi"], method="PL", estimator=estimator)
        if (name, estimator) == ("syn_bimodal_a", "REML"):
            check_bimodal(data, fit, theirs)
            continue
        wanted = [0.0 if t is None else t for t in theirs]
        assert [fit.tau2_lb, fit.tau2_ub] == pytest.approx(wanted, rel=PROFILE, abs=1e-9 * unit_of(data))


def check_bimodal(data, fit, theirs):
    # metafor profiles from the lower of two maxima; ours lies where the likelihood is lower by the
    # quantile than at the higher one.
    batch = single(data["yi"], data["vi"])
    top, edge, other = (
        log_likelihood(batch, np.array([t]), restricted=True)[0] for t in (fit.tau2, fit.tau2_ub, theirs[1])
    )
    assert 2 * (top - edge) == pytest.approx(special.chdtri(1, 0.05), rel=PROFILE)
    assert other < edge


@pytest.mark.parametrize("name", with_block("jackson"))
def test_generalised_q_interval(name):
    # meta takes the weights 1 / sqrt(v) for Jackson's interval and metafor's default precision.
    data = SETS[name]
    fit = tau2_interval(data["yi"], data["vi"], method="GENQ", tau2_weights=1 / np.sqrt(data["vi"]))
    assert [fit.tau2_lb, fit.tau2_ub] == pytest.approx(data["jackson"], rel=METAFOR_DEFAULT)


def test_generalised_q_interval_is_the_q_profile_for_equal_variances():
    y, v = VARIED["yi"], np.full(5, 0.02)
    one, other = tau2_interval(y, v, method="GENQ"), tau2_interval(y, v, method="QP")
    assert [one.tau2_lb, one.tau2_ub] == pytest.approx([other.tau2_lb, other.tau2_ub], rel=PROFILE)


def test_q_profile_is_that_of_pool():
    fit, interval = pool(**VARIED), tau2_interval(**VARIED)
    for name in ("tau2", "tau2_lb", "tau2_ub", "i2", "i2_lb", "i2_ub", "h2", "h2_ub"):
        assert getattr(interval, name) == getattr(fit, name)


def test_interval_says_what_it_is():
    fit = tau2_interval(**VARIED, method="PL")
    assert fit.summary().startswith("PL interval, 95 %, k = 5, tau2 by REML\ntau2 ")
    assert json.loads(json.dumps(fit.to_dict()))["i2_ub"] == fit.i2_ub
    empty = tau2_interval([0.3, 0.31, 0.29], [0.4, 0.5, 0.6], method="GENQ")
    assert (empty.tau2_ub, "empty" in empty.notes[0]) == (0.0, True)


@pytest.mark.parametrize("method", ["QP", "PL", "GENQ"])
def test_change_of_unit(method):
    y, v, unit = np.array(VARIED["yi"]), np.array(VARIED["vi"]), 2.0**30
    one, scaled = tau2_interval(y, v, method=method), tau2_interval(y * unit, v * unit**2, method=method)
    assert scaled.tau2_ub == pytest.approx(one.tau2_ub * unit**2, rel=1e-9)
    assert scaled.i2_lb == pytest.approx(one.i2_lb, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "XX"}, "method must be one of QP, PL, GENQ"),
        ({"method": "PL", "estimator": "DL"}, "estimator for PL must be one of REML, ML"),
        ({"method": "QP", "estimator": "GENQ"}, "estimator for QP must be one of"),
        ({"tau2_weights": [1] * 5}, "QP interval does not take"),
        ({"method": "GENQ", "tau2_weights": [1, 2]}, "tau2_weights must have the shape"),
        ({"method": "GENQ", "tau2_weights": [1, 2, 3, 0, 1]}, r"tau2_weights\[\[0, 3\]\] is 0.0"),
        ({"level": 100}, "level is in percent"),
    ],
)
def test_interval_refusals(options, message):
    with pytest.raises(StatsError, match=message):
        tau2_interval(**VARIED, **options)


def test_weights_are_asked_for_where_they_are_needed():
    with pytest.raises(StatsError, match="method GENQ needs tau2_weights"):
        pool(**VARIED, method="GENQ")
    with pytest.raises(StatsError, match="REML does not take"):
        pool(**VARIED, tau2_weights=[1] * 5)


@pytest.mark.parametrize("method", ["GENQ", "GENQM"])
def test_weights_follow_their_studies(method):
    y, v, a = np.array(VARIED["yi"]), np.array(VARIED["vi"]), np.array([3.0, 1, 4, 1, 5])
    fits = leave_one_out(y, v, method=method, tau2_weights=a)
    groups = ["a", "b"] * 2 + ["a"]
    batch = pool_batch(y, v, groups=groups, tau2_weights=a, method=method)
    assert batch.tau2[0] == pytest.approx(pool(y[::2], v[::2], method=method, tau2_weights=a[::2]).tau2)
    assert fits[1].tau2 == pytest.approx(
        pool(y[[0, 2, 3, 4]], v[[0, 2, 3, 4]], method=method, tau2_weights=a[[0, 2, 3, 4]]).tau2
    )


def test_a_design_has_no_such_distribution():
    batch = dataclasses.replace(single(**VARIED, weights=[1] * 5), x=np.ones((1, 5, 1)))
    with pytest.raises(StatsError, match="no moderators"):
        weighted_q_cdf(batch, np.zeros(1), np.ones(1))
