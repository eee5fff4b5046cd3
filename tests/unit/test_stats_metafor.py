"""Pooling against R's metafor; the numbers are made by validation/pooling.R."""

import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import CLOSED_FORM, DIRECT, ITERATIVE, P_VALUE, PROFILE, ZERO

from rheumeta.stats import leave_one_out, mantel_haenszel, meta_regression, peto, pool, subgroup_test
from rheumeta.stats.batch import single
from rheumeta.stats.likelihood import log_likelihood

FOLDER = Path(__file__).parents[1] / "reference" / "metafor"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


SETS = load("pooling")["sets"]
TABLES = load("two_by_two")["sets"]
REGRESSION = load("regression")
METHODS = ["DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE", "EE"]
CLOSED = {"DL", "SJ", "HS", "HE", "EE"}
OPTION = {"hts_lb": "t-2", "hts_ub": "t-2"}


def scale_of(data):
    return float(np.median(data["vi"]) + max(0.0, np.var(data["yi"], ddof=1) - np.mean(data["vi"])))


def agrees(ours, theirs, rel, *, absolute=0.0):
    return ours == pytest.approx(theirs, rel=rel, abs=absolute)


def test_enough_data_sets():
    assert len(SETS) >= 30


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", METHODS)
def test_heterogeneity(name, method):
    data, rel = SETS[name], CLOSED_FORM if method in CLOSED else ITERATIVE
    theirs, fit = data["methods"][method], pool(data["yi"], data["vi"], method=method)
    scale = scale_of(data)
    assert agrees(fit.tau2, theirs["tau2"], rel, absolute=ZERO * scale)
    if method != "EE":
        assert agrees(fit.se_tau2, theirs["se_tau2"], rel, absolute=ZERO * scale)
    for ours, key in ((fit.i2, "i2"), (fit.h2, "h2"), (fit.q, "q")):
        assert agrees(ours, theirs[key], rel, absolute=100 * ZERO)
    assert agrees(fit.q_pval, theirs["q_pval"], P_VALUE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", ["z", "t", "knha", "adhoc"])
def test_estimate_and_interval(name, method, test):
    data, rel = SETS[name], CLOSED_FORM if method in CLOSED else ITERATIVE
    theirs = data["methods"][method]["tests"][test]
    fit = pool(data["yi"], data["vi"], method=method, test=test, prediction="as_test")
    unit = scale_of(data) ** 0.5
    for key in ("estimate", "se", "ci_lb", "ci_ub"):
        assert agrees(getattr(fit, key), theirs[key], rel, absolute=ZERO * unit)
    if fit.se > 0:
        assert agrees(fit.statistic, theirs["statistic"], rel, absolute=ZERO)
        assert agrees(fit.pval, theirs["pval"], P_VALUE)
    else:  # all effects equal: metafor divides by zero, we say that there is no test
        assert (name, fit.statistic, fit.pval) == ("equal", None, None)


@pytest.mark.parametrize("name", [n for n in SETS if len(SETS[n]["yi"]) > 2])
@pytest.mark.parametrize("method", METHODS[:-1])
def test_prediction_intervals(name, method):
    data, rel = SETS[name], CLOSED_FORM if method in CLOSED else ITERATIVE
    unit = scale_of(data) ** 0.5
    for test, theirs in data["methods"][method]["tests"].items():
        fit = pool(data["yi"], data["vi"], method=method, test=test, prediction="as_test")
        assert agrees(fit.pi_lb, theirs["pi_lb"], rel, absolute=ZERO * unit)
        assert agrees(fit.pi_ub, theirs["pi_ub"], rel, absolute=ZERO * unit)
        if test != "z":  # t with k - 1 is metafor's convention wherever the test is not normal
            assert pool(data["yi"], data["vi"], method=method, test=test).pi_lb == fit.pi_lb
    theirs = data["methods"][method]["tests"]["z"]
    fit = pool(data["yi"], data["vi"], method=method, test="z", prediction="t-2")
    assert agrees(fit.pi_lb, theirs["hts_lb"], rel, absolute=ZERO * unit)
    assert agrees(fit.pi_ub, theirs["hts_ub"], rel, absolute=ZERO * unit)


@pytest.mark.parametrize("name", SETS)
def test_q_profile(name):
    data = SETS[name]
    theirs, fit = data["q_profile"], pool(data["yi"], data["vi"])
    scale = scale_of(data)
    assert agrees([fit.tau2_lb, fit.tau2_ub], theirs["tau2"], PROFILE, absolute=ZERO * scale)
    assert agrees([fit.i2_lb, fit.i2_ub], theirs["i2"], PROFILE, absolute=100 * ZERO)
    assert agrees([fit.h2_lb, fit.h2_ub], theirs["h2"], PROFILE)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_likelihood_and_its_highest_maximum(method):
    data = load("likelihood")
    batch, grid = single(data["yi"], data["vi"]), np.array(data["tau2"])
    heights = log_likelihood(batch.take(np.zeros(grid.size, dtype=int)), grid, restricted=method == "REML")
    theirs = np.array(data[method])
    # The two likelihoods differ by a constant.
    assert heights - heights[0] == pytest.approx(theirs - theirs[0], abs=1e-10)
    inner = (np.diff(theirs[:-1]) > 0) & (np.diff(theirs[1:]) < 0)
    tau2 = pool(data["yi"], data["vi"], method=method).tau2
    top = log_likelihood(batch, np.array([tau2]), restricted=method == "REML")[0]
    assert top >= heights.max()
    if method == "REML":  # zero is a maximum too, and a search from there would stay
        assert theirs[0] > theirs[1]
        assert inner.sum() == 1
        assert tau2 == pytest.approx(grid[theirs.argmax()], rel=0.1)
        assert data["default_reml_tau2"] == 0  # where metafor's iteration does stay


@pytest.mark.parametrize("method", ["DL", "REML"])
def test_leave_one_out(method):
    reference = load("leave_one_out")
    data, theirs = SETS[reference["set"]], reference["methods"][method]
    fits = leave_one_out(data["yi"], data["vi"], method=method, test="z")
    for key in ("estimate", "se", "tau2", "q"):
        assert agrees([getattr(f, key) for f in fits], theirs[key], ITERATIVE, absolute=ZERO)


def table(name):
    return [TABLES[name][column] for column in ("ai", "n1i", "ci", "n2i")]


KEYS = ("estimate", "se", "statistic", "ci_lb", "ci_ub", "q", "i2", "h2")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_mantel_haenszel(name, measure):
    theirs, fit = TABLES[name]["mh"][measure], mantel_haenszel(*table(name), measure=measure)
    for key in KEYS:
        assert agrees(getattr(fit, key), theirs[key], CLOSED_FORM, absolute=ZERO)
    assert agrees(fit.pval, theirs["pval"], P_VALUE)
    assert agrees(fit.q_pval, theirs["q_pval"], P_VALUE)
    assert agrees(fit.weights, theirs["weights"], CLOSED_FORM, absolute=ZERO)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("measure", ["OR", "RR"])
def test_mantel_haenszel_with_half_events(name, measure):
    theirs = TABLES[name]["revman"][measure]
    fit = mantel_haenszel(*table(name), measure=measure, zero_cells="revman")
    assert agrees([fit.estimate, fit.se], [theirs["estimate"], theirs["se"]], CLOSED_FORM)


@pytest.mark.parametrize("name", TABLES)
def test_cochran_mantel_haenszel(name):
    for correct, key in ((False, "plain"), (True, "corrected")):
        fit = mantel_haenszel(*table(name), measure="OR", correct=correct)
        assert agrees([fit.cmh, fit.cmh_pval], TABLES[name]["cmh"][key], P_VALUE)


@pytest.mark.parametrize("name", TABLES)
def test_peto(name):
    theirs, fit = TABLES[name]["peto"], peto(*table(name))
    for key in KEYS:
        assert agrees(getattr(fit, key), theirs[key], CLOSED_FORM, absolute=ZERO)
    assert agrees(fit.pval, theirs["pval"], P_VALUE)
    assert agrees(fit.weights, theirs["weights"], CLOSED_FORM, absolute=ZERO)


@pytest.mark.parametrize("data", REGRESSION["fits"], ids=lambda d: "-".join(d["names"]))
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", ["z", "knha", "adhoc"])
def test_meta_regression(data, method, test):
    theirs = data["methods"][method]
    fit = meta_regression(data["yi"], data["vi"], data["x"], names=data["names"], method=method, test=test)
    assert agrees(fit.tau2, theirs["tau2"], ITERATIVE, absolute=ZERO)
    assert agrees([fit.i2, fit.h2, fit.qe], [theirs[k] for k in ("i2", "h2", "qe")], ITERATIVE, absolute=1e-8)
    assert agrees(fit.qe_pval, theirs["qe_pval"], P_VALUE)
    if method != "EE":
        assert agrees(fit.se_tau2, theirs["se_tau2"], ITERATIVE, absolute=ZERO)
        assert agrees(fit.r2, theirs["r2"], ITERATIVE, absolute=1e-8)
    block = theirs["tests"][test]
    for key in ("estimate", "se", "statistic", "ci_lb", "ci_ub", "vcov"):
        assert agrees(getattr(fit, key).ravel(), np.ravel(block[key]), ITERATIVE, absolute=ZERO)
    assert agrees(fit.pval, block["pval"], P_VALUE)
    assert agrees(fit.qm, block["qm"], ITERATIVE)
    assert agrees(fit.qm_pval, block["qm_pval"], P_VALUE)
    predicted = fit.predict(np.array(data["x"])[:3])
    for ours, key in zip(predicted, ("pred", "pred_lb", "pred_ub"), strict=True):
        assert agrees(ours, block[key], ITERATIVE, absolute=ZERO)


@pytest.mark.parametrize("theirs", REGRESSION["subgroups"]["values"], ids=lambda v: v["method"] + v["test"])
def test_subgroups(theirs):
    data, groups = SETS[REGRESSION["subgroups"]["set"]], REGRESSION["subgroups"]["groups"]
    fit = subgroup_test(data["yi"], data["vi"], groups, method=theirs["method"], test=theirs["test"])
    assert fit.levels == ("random", "alternate", "systematic")
    for key in ("estimate", "se", "tau2"):
        assert agrees(getattr(fit, key), theirs[key], ITERATIVE, absolute=ZERO)
    assert agrees(fit.q, theirs["q"], ITERATIVE)
    assert agrees(fit.pval, theirs["pval"], P_VALUE)


def test_half_events_change_nothing_without_zero_cells():
    tables = table("bcg")
    plain = mantel_haenszel(*tables)
    assert mantel_haenszel(*tables, zero_cells="revman").estimate == pytest.approx(plain.estimate, rel=DIRECT)
