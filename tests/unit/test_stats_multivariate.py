"""Multilevel and multivariate models against metafor, and what must hold of any such model."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import CLOSED_FORM, COMPONENT, MIXED, P_VALUE, PROFILED

from rheumeta.errors import StatsError
from rheumeta.stats import (
    meta_regression,
    multivariate,
    nested,
    pool,
    random_effects,
    random_intercepts,
    random_outcomes,
    sampling_covariance,
    three_level,
)
from rheumeta.stats.mixed_model import build_model, solve
from rheumeta.stats.random_terms import canonical

FOLDER = Path(__file__).parents[1] / "reference" / "dependence"
PUBLISHED = json.loads((FOLDER / "published.json").read_text(encoding="utf-8"))
OWN = json.loads((FOLDER / "multivariate.json").read_text(encoding="utf-8"))
SCHOOLS, GUMS = PUBLISHED["konstantopoulos2011"], PUBLISHED["berkey1998"]


def columns(labels):
    levels = sorted(set(labels))
    return np.array([[a == b for b in levels] for a in labels], dtype=float), [str(x) for x in levels]


def compare(fit, theirs):
    for ours, key in ((fit.estimate, "estimate"), (fit.se, "se"), (fit.ci_lb, "ci.lb"), (fit.ci_ub, "ci.ub")):
        assert ours == pytest.approx(theirs[key], rel=MIXED, abs=MIXED * max(fit.se))
    assert fit.pval == pytest.approx(theirs["pval"], rel=MIXED * 100)
    assert fit.log_likelihood == pytest.approx(theirs["ll"], abs=1e-9)
    assert [fit.aic, fit.bic, fit.aicc] == pytest.approx(
        [theirs[k] for k in ("AIC", "BIC", "AICc")], abs=1e-8
    )
    assert fit.qe == pytest.approx(theirs["QE"], rel=CLOSED_FORM)
    assert fit.qe_pval == pytest.approx(theirs["QEp"], rel=P_VALUE)
    assert fit.converged


def wald(fit, theirs):
    assert fit.omnibus.statistic == pytest.approx(theirs["QM"], rel=COMPONENT)
    assert fit.omnibus.pval == pytest.approx(theirs["QMp"], rel=1e-4)


SETTINGS = {"REML": {"test": "z"}, "ML": {"method": "ML", "test": "z"}, "REML_t": {"df": "residual"}}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("block", ["three_level", "mods_year"])
def test_three_levels(block, setting):
    data, theirs = SCHOOLS["inputs"], SCHOOLS[block][setting]
    year = np.array(data["year"]) - np.mean(data["year"])
    moderator = {"x": year, "names": ["year"]} if block == "mods_year" else {}
    fit = three_level(
        data["yi"], data["vi"], data["district"], data["school"], **moderator, **SETTINGS[setting]
    )
    compare(fit, theirs)
    wald(fit, theirs)
    assert fit.components == pytest.approx(theirs["variance_components"]["sigma2"], rel=COMPONENT)


def test_three_levels_in_other_words():
    data = SCHOOLS["inputs"]
    fit = three_level(data["yi"], data["vi"], data["district"], test="z")
    cs = multivariate(
        data["yi"], data["vi"], test="z",
        random=[random_outcomes(data["school"], data["district"], structure="cs", name="district")],
    )  # fmt: skip
    compare(cs, SCHOOLS["CS"]["REML"])
    parts = SCHOOLS["CS"]["REML"]["variance_components"]
    assert cs.component("district tau2") == pytest.approx(parts["tau2"][0], rel=COMPONENT)
    assert cs.component("district rho") == pytest.approx(parts["rho"][0], rel=COMPONENT)
    assert cs.component("district tau2") == pytest.approx(fit.components.sum(), rel=COMPONENT)
    assert [fit.pi_lb, fit.pi_ub] == pytest.approx(
        [SCHOOLS["predict"]["pi.lb"], SCHOOLS["predict"]["pi.ub"]], rel=MIXED
    )
    assert fit.i2 == pytest.approx(SCHOOLS["I2"]["total"], rel=MIXED)
    assert fit.i2_by_component == pytest.approx(SCHOOLS["I2"]["by_level"], rel=MIXED)


def test_one_level_and_its_likelihood_ratio():
    data = SCHOOLS["inputs"]
    fit = multivariate(data["yi"], data["vi"], random=[random_intercepts(data["district"])], test="z")
    compare(fit, SCHOOLS["one_level_district"]["REML"])
    full = three_level(data["yi"], data["vi"], data["district"])
    less = multivariate(data["yi"], data["vi"], random=[random_intercepts(range(56))])
    assert 2 * (full.log_likelihood - less.log_likelihood) == pytest.approx(
        SCHOOLS["LRT_no_district"]["LRT"], rel=MIXED
    )


@pytest.mark.parametrize("case", ["intercept", "year", "school"])
def test_degrees_of_freedom_by_containment(case):
    data, theirs = SCHOOLS["inputs"], OWN["konstantopoulos2011"][case]
    x = {"intercept": None, "year": np.array(data["year"]) - 1990.0, "school": data["school"]}[case]
    fit = three_level(
        data["yi"], data["vi"], data["district"], data["school"], x=x, names=[] if x is None else [case]
    )
    assert fit.df.tolist() == np.atleast_1d(theirs["ddf"]).tolist()
    assert fit.pval == pytest.approx(np.atleast_1d(theirs["pval"]), rel=1e-4)


def gums(structure, **options):
    data = GUMS["inputs"]
    x, names = columns(data["outcome"])
    term = random_outcomes(data["outcome"], data["trial"], structure=structure)
    return multivariate(
        data["yi"], GUMS["V"], random=[term], x=x, names=names, add_intercept=False, **options
    )


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("structure", ["UN", "CS", "HCS", "DIAG"])
def test_two_outcomes(structure, setting):
    fit, theirs = gums(structure.lower(), **SETTINGS[setting]), GUMS[structure][setting]
    compare(fit, theirs)
    wald(fit, theirs)
    parts = theirs["variance_components"]
    tau2 = (
        [fit.component(f"study tau2[{x}]") for x in ("AL", "PD")] if structure != "CS" else fit.components[:1]
    )
    assert tau2 == pytest.approx(parts["tau2"], rel=COMPONENT)
    if "rho" in parts:
        assert fit.components[-1] == pytest.approx(parts["rho"][0], rel=COMPONENT)


def test_contrast_of_outcomes():
    fit, theirs = gums("un", test="z"), GUMS["contrast"]
    contrast = fit.contrast([1.0, -1.0])
    assert contrast.statistic == pytest.approx(theirs["zval"] ** 2, rel=COMPONENT)
    assert contrast.pval == pytest.approx(theirs["pval"], rel=1e-4)
    assert fit.test_set(["AL", "PD"]).statistic == pytest.approx(GUMS["UN"]["REML"]["QM"], rel=COMPONENT)


def test_profile_intervals():
    data, theirs = SCHOOLS["inputs"], SCHOOLS["confint_PL"]
    fit = three_level(data["yi"], data["vi"], data["district"])
    for ours, block in zip(fit.profile(), theirs, strict=True):
        assert [ours.ci_lb, ours.ci_ub] == pytest.approx([block["ci.lb"], block["ci.ub"]], rel=PROFILED)
    al, pd, rho = gums("un").profile(["study tau2[AL]", "study tau2[PD]", "study rho[PD, AL]"])
    first, second, last = GUMS["confint_PL"]
    assert [al.ci_lb, al.ci_ub] == pytest.approx([first["ci.lb"], first["ci.ub"]], rel=PROFILED)
    assert pd.ci_ub == pytest.approx(second["ci.ub"], rel=PROFILED)
    assert 0 < pd.ci_lb < 1e-4  # metafor says only that it is below what it searches
    assert [rho.ci_lb, rho.ci_ub] == pytest.approx([last["ci.lb"], last["ci.ub"]], rel=PROFILED)


REPEATED = [
    (name, s)
    for name in ("kalaian1996", "ishak2007")
    for s in ("UN", "ID", "AR", "HCS", "CS")
    if s in OWN[name]
]


@pytest.mark.parametrize(("name", "structure"), REPEATED)
def test_more_outcomes_and_times(name, structure):
    data, theirs = OWN[name]["inputs"], OWN[name][structure]
    outcome = data["outcome"] if name == "kalaian1996" else data["time"]
    x, names = columns(outcome)
    fit = multivariate(
        data["yi"], OWN[name]["V"], x=x, names=names, add_intercept=False, df="residual",
        random=[random_outcomes(outcome, data["study"], structure=structure.lower())],
    )  # fmt: skip
    # metafor stops a little short of a correlation of -1 (kalaian1996, UN).
    assert fit.log_likelihood >= theirs["ll"] - 1e-10
    assert fit.log_likelihood == pytest.approx(theirs["ll"], abs=1e-8)
    rel = 1e-5 if (name, structure) == ("kalaian1996", "UN") else MIXED
    assert fit.estimate == pytest.approx(theirs["estimate"], rel=rel)
    assert fit.se == pytest.approx(theirs["se"], rel=rel)


def test_sampling_covariance_as_vcalc():
    data = OWN["kalaian1996"]
    ours = sampling_covariance(
        data["inputs"]["vi"], data["inputs"]["study"], outcome=data["inputs"]["outcome"], rho=data["V_rho"]
    )
    assert ours == pytest.approx(np.array(data["V"]), rel=CLOSED_FORM)
    data = OWN["ishak2007"]
    ours = sampling_covariance(
        data["inputs"]["vi"], data["inputs"]["study"], time=data["inputs"]["time"], phi=data["V_phi"]
    )
    assert ours == pytest.approx(np.array(data["V"]), rel=CLOSED_FORM)


def test_the_simplest_model_is_random_effects_pooling():
    y, v = [0.3, 0.1, 0.7, -0.2, 0.5], [0.02, 0.05, 0.01, 0.03, 0.04]
    fit = multivariate(y, v, random=[random_intercepts(range(5))], test="z")
    one = pool(y, v, test="z")
    assert fit.components[0] == pytest.approx(one.tau2, rel=1e-7)
    assert [fit.estimate[0], fit.se[0]] == pytest.approx([one.estimate, one.se], rel=1e-8)
    assert fit.i2 == pytest.approx(one.i2, rel=1e-7)
    x = [1.0, 2.0, 3.0, 5.0, 4.0]
    mixed = multivariate(y, v, x=x, names=["a"], random=[random_intercepts(range(5))], test="z", method="ML")
    both = meta_regression(y, v, x, names=["a"], test="z", method="ML")
    assert mixed.estimate == pytest.approx(both.estimate, rel=1e-7)


@pytest.mark.parametrize("size", [1e-6, 1e6])
def test_change_of_unit(size):
    data = GUMS["inputs"]
    x, names = columns(data["outcome"])
    term = random_outcomes(data["outcome"], data["trial"])
    v = np.array(GUMS["V"])
    one = gums("un")
    other = multivariate(
        np.array(data["yi"]) * size, v * size**2, x=x, names=names, add_intercept=False, random=[term]
    )
    assert other.estimate == pytest.approx(one.estimate * size, rel=1e-7)
    assert other.components == pytest.approx(one.components * [size**2, size**2, 1.0], rel=1e-6)
    assert other.pval == pytest.approx(one.pval, rel=1e-6)


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=8, deadline=None)
def test_order_and_sign(random, flip):
    data = SCHOOLS["inputs"]
    rows = list(range(len(data["yi"])))
    random.shuffle(rows)
    pick = lambda key: [data[key][i] for i in rows]  # noqa: E731
    sign = -1.0 if flip else 1.0
    fit = three_level(sign * np.array(pick("yi")), pick("vi"), pick("district"))
    theirs = SCHOOLS["three_level"]["REML"]
    assert sign * fit.estimate[0] == pytest.approx(theirs["estimate"][0], rel=1e-7)
    assert fit.components == pytest.approx(theirs["variance_components"]["sigma2"], rel=COMPONENT)


@pytest.mark.parametrize("structure", ["id", "diag", "cs", "hcs", "un", "ar"])
def test_slope_is_the_derivative_of_the_likelihood(structure):
    data = OWN["ishak2007"]["inputs"]
    term = random_outcomes(data["time"], data["study"], structure=structure)
    x, _ = columns(data["time"])
    for restricted in (True, False):
        model = build_model(
            np.array(data["yi"]), x, np.array(OWN["ishak2007"]["V"]), [term], restricted=restricted
        )
        theta = np.linspace(4.0, 5.0, model.n_parameters)
        theta[term.n_sd :] = np.linspace(0.5, 1.2, term.n_angle)
        for i, slope in enumerate(solve(model, theta).slope):
            step = 1e-5 * np.eye(theta.size)[i]
            rise = solve(model, theta + step).log_likelihood - solve(model, theta - step).log_likelihood
            assert slope == pytest.approx(rise / 2e-5, rel=1e-6, abs=1e-7)


def test_random_effects():
    data = SCHOOLS["inputs"]
    fit = three_level(data["yi"], data["vi"], data["district"], data["school"])
    for term, theirs in (
        ("cluster", SCHOOLS["ranef"]["district"]),
        ("effect", SCHOOLS["ranef"]["district/school"]),
    ):
        ours = random_effects(fit, term)
        labels = [g if term == "cluster" else "/".join(map(str, g)) for g in ours.groups]
        assert [str(x) for x in labels] == theirs["level"]
        assert ours.estimate == pytest.approx(theirs["intrcpt"], abs=MIXED)
        assert ours.se == pytest.approx(theirs["se"], rel=MIXED)
    with pytest.raises(StatsError, match="no random term"):
        random_effects(fit, "school")


def test_random_effects_of_outcomes_shrink_towards_the_mean():
    fit = gums("un")
    ours = random_effects(fit, "study")
    rest = fit.model.y - fit.model.x @ fit.estimate
    assert ours.levels == ("PD", "AL") * 5
    assert (np.abs(ours.estimate) <= np.abs(rest).max()).all()
    # Without sampling error the random effects are the residuals.
    sharp = multivariate(
        fit.model.y, fit.model.v * 1e-9, x=fit.model.x, names=["AL", "PD"], add_intercept=False,
        random=fit.model.terms,
    )  # fmt: skip
    assert random_effects(sharp, "study").estimate == pytest.approx(
        fit.model.y - fit.model.x @ sharp.estimate, abs=1e-5
    )


def test_parameters_of_a_covariance():
    g = np.array([[4.0, 1.0, -0.5], [1.0, 2.0, 0.3], [-0.5, 0.3, 1.0]])
    term = random_outcomes([1, 2, 3, 1, 2, 3], list("aaabbb"))
    assert term.covariance(canonical(g)) == pytest.approx(g, rel=1e-12)


def test_a_variance_of_zero():
    # Equal effects within clusters of known, larger sampling variance: nothing to explain.
    fit = three_level([0.1, 0.1, 0.1, 0.1], [1.0, 1.0, 1.0, 1.0], ["a", "a", "b", "b"], test="z")
    assert fit.components == pytest.approx([0.0, 0.0], abs=1e-9)
    assert fit.se[0] == pytest.approx(0.5, rel=1e-7)


FAULTS = {
    "same groups": lambda: three_level([1, 2, 3], [1, 1, 1], ["a", "b", "c"]),
    "two groups": lambda: three_level([1, 2, 3], [1, 1, 1], ["a", "a", "a"]),
    "stands twice": lambda: random_outcomes(["x", "x"], ["s", "s"]),
    "two outcomes": lambda: random_outcomes(["x", "y"], ["s", "t"]),
    "has both": lambda: random_outcomes(["x", "y", "x", "z"], ["s", "s", "t", "t"]),
    "whole numbers": lambda: random_outcomes([1.5, 2], ["s", "s"], structure="ar"),
    "structure must be": lambda: random_outcomes(["x", "y"], ["s", "s"], structure="toeplitz"),
    "not symmetric": lambda: multivariate([1, 2], [[1, 0.5], [0, 1]], random=[]),
    "impossible": lambda: multivariate([1, 2], [[1, 2], [2, 1]], random=[]),
    "not positive": lambda: multivariate([1, 2], [1, 0], random=[]),
    "finite": lambda: multivariate([1, float("nan")], [1, 1], random=[]),
    "variances or a square": lambda: multivariate([1, 2], [1, 1, 1], random=[]),
    "labels for": lambda: multivariate([1, 2], [1, 1], random=[random_intercepts("abc")]),
    "more groups than": lambda: multivariate(
        [1, 2, 3, 4], [1] * 4, random=[random_intercepts("aabb")], x=[0, 0, 1, 1], names=["arm"]
    ),
    "no coefficient": lambda: gums("un").test_set(["XX"]),
    "no component": lambda: gums("un").component("tau"),
}


@pytest.mark.parametrize("words", FAULTS)
def test_faults_say_what_is_wrong(words):
    with pytest.raises(StatsError, match=words):
        FAULTS[words]()


def test_result_in_words_and_as_values():
    fit = gums("un")
    assert "study rho[PD, AL] 0.6088" in fit.summary()
    assert json.loads(json.dumps(fit.to_dict()))["components"] == fit.components.tolist()
    assert nested("ab", "xy") == [("a", "x"), ("b", "y")]


def test_a_maximum_at_a_correlation_of_one_is_found():
    # Two outcomes that move together: the border of the correlation is the estimate.
    outcome, study = ["x", "y"] * 5, [s for s in "abcde" for _ in range(2)]
    y = [0.0, 0.1, 2.0, 4.2, -2.0, -3.9, 1.0, 2.1, -1.0, -2.0]
    v = [0.01] * 10
    fit = multivariate(y, v, random=[random_outcomes(outcome, study, structure="hcs")], test="z")
    assert fit.component("study rho") == pytest.approx(1.0, abs=1e-6)
    for rho in (0.9, 0.5, 0.0, -0.5):
        theta = fit.theta.copy()
        theta[-1] = np.arccos(rho)
        assert solve(fit.model, theta).log_likelihood < fit.log_likelihood


def test_a_long_search_finds_nothing_higher(monkeypatch):
    # Two of the problems of validation/multilevel_search.py, with a shorter long search.
    file = Path(__file__).parents[2] / "validation" / "multilevel_search.py"
    spec = importlib.util.spec_from_file_location("multilevel_search", file)
    search = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(search)
    monkeypatch.setattr(search, "FOLLOWED", 5)
    for seed in (0, 1):
        assert search.shortfall(seed) <= search.WORSE
