"""Formulas, sets of coefficients, comparisons of models, subgroups and scale models against metafor."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import CLOSED_FORM, CURVATURE, DIRECT, ITERATIVE, MIXED, P_VALUE

from rheumeta.errors import StatsError
from rheumeta.stats import (
    bubble_data,
    likelihood_ratio_test,
    location_scale,
    meta_regression,
    meta_regression_formula,
    pool,
    subgroup_test,
    three_level,
    vif,
)
from rheumeta.stats.location_scale import _Problem, _unit_spread

FILE = Path(__file__).parents[1] / "reference" / "metaregression" / "published.json"
SETS = json.loads(FILE.read_text(encoding="utf-8"))["sets"]
MODELS = [(name, m) for name, data in SETS.items() for m in data["models"]]
SUBGROUPS = [(name, m, t) for name, d in SETS.items() if d["subgroup"] for m in ("REML", "DL", "EE")
             for t in ("z", "knha") if m in d["subgroup"] and t in d["subgroup"][m]["common_tau2"]]  # fmt: skip
SCALES = [name for name, data in SETS.items() if data["location_scale"]]


def regress(name, model, **options):
    data = SETS[name]
    formula = data["models"][model]["formula"].replace("factor(", "C(")
    return meta_regression_formula(
        formula, data["data"], yi=data["yi"], vi=data["vi"], missing="drop", **options
    )


def agrees(ours, theirs, rel, *, absolute=1e-10):
    assert ours == pytest.approx(theirs, rel=rel, abs=absolute)


@pytest.mark.parametrize("test", ["z", "knha"])
@pytest.mark.parametrize("method", ["REML", "ML", "DL"])
@pytest.mark.parametrize(("name", "model"), MODELS)
def test_formula(name, model, method, test):
    theirs = SETS[name]["models"][model][method]
    fit = regress(name, model, method=method, test=test).fit
    agrees(fit.tau2, theirs["tau2"], ITERATIVE)
    assert fit.k == theirs["k"]
    if "R2" in theirs:
        agrees(fit.r2, theirs["R2"], ITERATIVE, absolute=1e-6)
    if "ll" in theirs:
        agrees(fit.log_likelihood, theirs["ll"], ITERATIVE)
    block = theirs[test]
    agrees(fit.estimate, theirs["z"]["estimate"], ITERATIVE)
    agrees(fit.se, block["se"], ITERATIVE)
    agrees(fit.qm, block["QM"], ITERATIVE)
    if "predict" in block:
        x = fit.x[: len(block["predict"]["rows"]), 1:]
        agrees(fit.predict(x)[1], block["predict"]["ci.lb"], ITERATIVE)
        agrees(fit.predict_effect(x)[1], block["predict"]["pi.lb"], ITERATIVE)
        agrees(fit.predict_effect(x)[2], block["predict"]["pi.ub"], ITERATIVE)


@pytest.mark.parametrize(("name", "model"), MODELS)
def test_likelihood_ratio_and_omnibus(name, model):
    theirs = SETS[name]["models"][model]["LRT_ML"]
    full = regress(name, model, method="ML").fit
    y, v = full.yi, full.vi
    reduced = meta_regression(y, v, np.zeros((y.size, 0)), names=[], method="ML")
    ours = likelihood_ratio_test(full, reduced)
    agrees(ours.statistic, theirs["LRT"], ITERATIVE)
    assert ours.df == theirs["df"]
    agrees(ours.pval, theirs["pval"], P_VALUE)
    agrees(full.test_set(full.names[1:]).statistic, full.qm, DIRECT)


@pytest.mark.parametrize(("name", "model"), [x for x in MODELS if SETS[x[0]]["models"][x[1]]["vif"]])
def test_variance_inflation(name, model):
    theirs = SETS[name]["models"][model]["vif"]
    agrees(list(vif(regress(name, model, test="z").fit).values()), theirs, ITERATIVE)


def test_terms_of_a_formula():
    data = SETS["bcg__RR"]
    fit = regress("bcg__RR", "m3")
    assert fit.terms == {"ablat": ("ablat",), "alloc": ("alloc[T.random]", "alloc[T.systematic]")}
    assert fit.test_term("alloc") == fit.fit.test_set(["alloc[T.random]", "alloc[T.systematic]"])
    mean, _, _ = fit.predict({"ablat": [33], "alloc": ["random"]})
    row = next(i for i in range(13) if data["data"]["ablat"][i] == 33)
    assert data["data"]["alloc"][row] == "systematic"
    agrees(mean[0], float(fit.fit.estimate @ [1, 33, 1, 0]), DIRECT)
    assert fit.predict_effect({"ablat": [33], "alloc": ["random"]})[1] < mean
    assert "alloc: F(2, 9)" in fit.summary()
    assert json.loads(json.dumps(fit.to_dict()))["terms"]["alloc"]["df"] == 2


def test_a_formula_is_its_design():
    data = SETS["bcg__RR"]
    year = np.array(data["data"]["year"], dtype=float)
    lat = np.array(data["data"]["ablat"], dtype=float)
    ours = meta_regression_formula("~ I(year - 1948) * ablat", data["data"], yi=data["yi"], vi=data["vi"])
    x = np.column_stack([year - 1948, lat, (year - 1948) * lat])
    by_hand = meta_regression(data["yi"], data["vi"], x, names=["y", "l", "yl"])
    agrees(ours.fit.estimate, by_hand.estimate, CLOSED_FORM)
    columns = {**data["data"], "yi": data["yi"], "vi": data["vi"]}
    cells = meta_regression_formula("~ alloc - 1", columns, test="z")
    assert not cells.fit.has_intercept
    agrees(
        sorted(cells.fit.estimate),
        sorted(data["subgroup"]["REML"]["common_tau2"]["z"]["estimate"]),
        ITERATIVE,
    )


@pytest.mark.parametrize(("name", "method", "test"), SUBGROUPS)
def test_subgroups_with_a_common_tau2(name, method, test):
    data = SETS[name]
    keep = [i for i, g in enumerate(data["data"][data["subgroup"]["variable"]]) if g is not None]
    groups = [str(data["data"][data["subgroup"]["variable"]][i]) for i in keep]
    yi, vi = np.array(data["yi"])[keep], np.array(data["vi"])[keep]
    theirs = data["subgroup"][method]["common_tau2"][test]
    ours = subgroup_test(yi, vi, groups, method=method, test=test, between="common")
    order = [ours.levels.index(str(level)) for level in data["subgroup"]["levels"]]
    agrees(ours.estimate[order], theirs["estimate"], ITERATIVE)
    agrees(ours.se[order], theirs["se"], ITERATIVE)
    agrees(ours.tau2[0], theirs["tau2"], ITERATIVE)
    agrees(ours.q, theirs["QM"], ITERATIVE)
    agrees(ours.pval, theirs["QMp"], P_VALUE)
    assert [ours.df, ours.df2] == theirs["QMdf"]


@pytest.mark.parametrize("name", SCALES)
def test_location_scale(name):
    data, theirs = SETS[name], SETS[name]["location_scale"]
    variable = theirs["scale"][2:]
    ours = location_scale(data["yi"], data["vi"], data["data"][variable], scale_names=[variable], test="z")
    agrees(ours.log_likelihood, theirs["ll"], ITERATIVE)
    agrees(ours.estimate[0], theirs["estimate"], MIXED, absolute=MIXED * theirs["se"])
    agrees(ours.se[0], theirs["se"], MIXED)
    agrees(ours.alpha, theirs["alpha"], 0, absolute=MIXED * theirs["se.alpha"][0])
    agrees(ours.alpha_se, theirs["se.alpha"], CURVATURE)
    agrees(ours.omnibus.statistic, theirs["QS"], 2 * CURVATURE, absolute=1e-8)
    agrees(ours.omnibus.pval, theirs["QSp"], CURVATURE)


def test_slope_of_the_scale_model():
    data = SETS["bcg__RR"]
    y, v, lat = (np.array(c, dtype=float) for c in (data["yi"], data["vi"], data["data"]["ablat"]))
    for restricted in (True, False):
        z, back = _unit_spread(np.column_stack([np.ones(13), lat]))
        problem = _Problem(y, v, np.column_stack([np.ones(13), lat]), z, back, restricted)
        a = np.array([0.4, -0.7])
        for i in range(2):
            step = 1e-5 * np.eye(2)[i]
            rise = problem.fit(a + step)[0] - problem.fit(a - step)[0]
            assert problem.fit(a)[1][i] == pytest.approx(rise / 2e-5, rel=1e-7)


def test_scale_model_without_scale_moderators_is_the_usual_one():
    data = SETS["bcg__RR"]
    ours = location_scale(data["yi"], data["vi"], np.zeros((13, 0)), scale_names=[], test="z")
    one = pool(data["yi"], data["vi"], test="z")
    agrees(ours.tau2, np.full(13, one.tau2), MIXED)
    agrees(ours.estimate[0], one.estimate, ITERATIVE)
    assert ours.omnibus is None
    mixed = location_scale(
        data["yi"], data["vi"], np.zeros((13, 0)), scale_names=[], x=data["data"]["ablat"], names=["lat"],
        method="ML",
    )  # fmt: skip
    usual = meta_regression(data["yi"], data["vi"], data["data"]["ablat"], names=["lat"], method="ML")
    agrees(mixed.estimate, usual.estimate, MIXED)
    agrees(mixed.log_likelihood, usual.log_likelihood, CLOSED_FORM)


@given(st.floats(0.1, 1e4), st.floats(-50, 50))
@settings(max_examples=15, deadline=None)
def test_scale_model_in_other_units(size, shift):
    data = SETS["raudenbush1985__SMD"]
    weeks = np.array(data["data"]["weeks"], dtype=float)
    one = location_scale(data["yi"], data["vi"], weeks, scale_names=["w"])
    other = location_scale(
        np.array(data["yi"]) * size, np.array(data["vi"]) * size**2, weeks * 3 + shift, scale_names=["w"]
    )
    agrees(other.tau2, one.tau2 * size**2, 1e-5, absolute=0)
    agrees(other.alpha_pval[1], one.alpha_pval[1], 1e-5)


def test_bubble_plot():
    fit = regress("bcg__RR", "m2").fit
    data = bubble_data(fit, "ablat", points=3)
    assert data.line_x.tolist() == [13.0, 34.0, 55.0]
    assert data.held == {"year": pytest.approx(np.mean(fit.x[:, 2]))}
    mean = fit.estimate @ [1, 34, np.mean(fit.x[:, 2])]
    agrees(data.mean[1], mean, DIRECT)
    assert (data.pi_lb < data.ci_lb).all()
    assert data.size.sum() == pytest.approx(100)
    # At the study's own values the line is the fitted value of the regression.
    one = regress("bcg__RR", "m1").fit
    agrees(bubble_data(one, "ablat", line_x=one.x[:3, 1]).mean, one.predict(one.x[:3, 1])[0], DIRECT)


def other_data():
    full = regress("bcg__RR", "m1", method="ML").fit
    return full, regress("bangertdrowns2004__SMD", "m2", method="ML").fit


FAULTS = {
    "no column 'yi'": lambda: meta_regression_formula("~ a", {"a": [1, 2, 3]}),
    "does not work": lambda: meta_regression_formula("~ b", {"a": [1, 2, 3]}, yi=[1, 2, 3], vi=[1, 1, 1]),
    "null values": lambda: meta_regression_formula(
        "~ a", {"a": [1, None, 3, 4]}, yi=[1, 2, 3, 4], vi=[1] * 4
    ),
    "differ in length": lambda: meta_regression_formula("~ a", {"a": [1, 2, 3]}, yi=[1, 2], vi=[1, 1]),
    "left side": lambda: meta_regression_formula(
        "yi ~ a", {"a": [1, 2, 4], "yi": [1, 2, 3], "vi": [1, 1, 1]}
    ),
    "no term": lambda: regress("bcg__RR", "m3").test_term("year"),
    "do not fit the formula": lambda: regress("bcg__RR", "m3").predict({"ablat": [33], "alloc": ["odd"]}),
    "at least two moderators": lambda: vif(regress("bcg__RR", "m1").fit),
    "not of the same data": lambda: likelihood_ratio_test(*other_data()),
    "no special case": lambda: likelihood_ratio_test(
        regress("bcg__RR", "m1", method="ML").fit, regress("bcg__RR", "m2", method="ML").fit
    ),
    "use ML": lambda: likelihood_ratio_test(regress("bcg__RR", "m2").fit, regress("bcg__RR", "m1").fit),
    "by one method": lambda: likelihood_ratio_test(
        regress("bcg__RR", "m2").fit, regress("bcg__RR", "m1", method="ML").fit
    ),
    "fits by ML or REML": lambda: likelihood_ratio_test(
        regress("bcg__RR", "m2", method="DL").fit, regress("bcg__RR", "m1", method="DL").fit
    ),
    "no more parameters": lambda: likelihood_ratio_test(
        *[regress("bcg__RR", "m1", method="ML").fit for _ in "ab"]
    ),
    "no moderator": lambda: bubble_data(regress("bcg__RR", "m1").fit, "year"),
    "no maximum": lambda: location_scale([0.1, 0.1, 0.1, 0.1], [1] * 4, [1, 2, 3, 5], scale_names=["a"]),
    "depend on each other": lambda: regress("bcg__RR", "m1").fit.contrast([[1, 0], [2, 0]]),
    "one number for each": lambda: regress("bcg__RR", "m1").fit.contrast([1, 0, 0]),
}


@pytest.mark.parametrize("words", FAULTS)
def test_faults_say_what_is_wrong(words):
    with pytest.raises(StatsError, match=words):
        FAULTS[words]()


def test_likelihood_ratio_of_a_variance():
    y, v, g = [0.1, 0.2, 0.9, 1.1, -0.4, -0.2], [0.01] * 6, list("aabbcc")
    full = three_level(y, v, g)
    from rheumeta.stats import multivariate, random_intercepts

    less = multivariate(y, v, random=[random_intercepts(range(6))])
    ours = likelihood_ratio_test(full, less)
    assert ours.df == 1
    assert ours.statistic == pytest.approx(2 * (full.log_likelihood - less.log_likelihood))
