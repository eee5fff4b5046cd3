"""Selection models against metafor's selmodel."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats
from tolerances import (
    LIKELIHOOD,
    SELECTION,
    SELECTION_SE,
    UNFINISHED,
    ZERO,
)

from rheumeta.errors import StatsError
from rheumeta.stats import pool
from rheumeta.stats.bias import selection_model
from rheumeta.stats.bias.selection_likelihood import SmoothSelection, StepSelection, log_likelihood
from rheumeta.stats.bias.selection_weights import SMOOTH, p_values

FOLDER = Path(__file__).parents[1] / "reference" / "bias"
DATA = json.loads((FOLDER / "funnel.json").read_text(encoding="utf-8"))["sets"]
SELMODEL = json.loads((FOLDER / "selection.json").read_text(encoding="utf-8"))["sets"]
TWO_SIDED = json.loads((FOLDER / "by_hand.json").read_text(encoding="utf-8"))["two_sided"]
CASES = [(name, kind) for name, block in SELMODEL.items() for kind in block["fits"]]
EMPTY = "no study has a p value"


def fit(name, kind):
    data, theirs = DATA[name], SELMODEL[name]["fits"][kind]
    steps = {"steps": theirs["steps"]} if kind.startswith("step") else {}
    label = "step" if steps else kind
    return selection_model(
        data["yi"], data["vi"], type=label, alternative=SELMODEL[name]["alternative"], **steps
    )


def has_empty_interval(name, steps):
    sign = -1 if SELMODEL[name]["alternative"] == "less" else 1
    p = stats.norm.sf(sign * np.array(DATA[name]["yi"]) / np.sqrt(DATA[name]["vi"]))
    return 0 in np.histogram(p, bins=[0, *steps])[0]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_against_selmodel(name, kind):
    theirs = SELMODEL[name]["fits"][kind]
    if "steps" in theirs and has_empty_interval(name, theirs["steps"]):
        # metafor warns and fits all the same; here the answer is to say so.
        with pytest.raises(StatsError, match=EMPTY):
            fit(name, kind)
        return
    ours = fit(name, kind)
    # Never below metafor's maximum (beyond the error of its own integration).
    assert ours.log_likelihood >= theirs["ll"] - (UNFINISHED if kind == "beta" else LIKELIHOOD)
    if not theirs["refined"] or name == "syn_tiny_scale":  # metafor's search has not ended there
        return
    unit = float(np.sqrt(np.median(DATA[name]["vi"])))
    assert ours.log_likelihood == pytest.approx(theirs["ll"], abs=5 * LIKELIHOOD)
    assert ours.estimate == pytest.approx(theirs["estimate"], rel=SELECTION, abs=SELECTION * unit)
    assert ours.tau2 == pytest.approx(theirs["tau2"], rel=SELECTION, abs=SELECTION * unit**2)
    assert ours.delta == pytest.approx(np.atleast_1d(theirs["delta"]), rel=SELECTION, abs=SELECTION)
    assert (ours.lrt, ours.lrt_df) == (pytest.approx(theirs["LRT"], abs=10 * LIKELIHOOD), theirs["LRTdf"])
    assert ours.log_likelihood_null == pytest.approx(theirs["ll0"], abs=1e-8)
    if theirs["se"] is not None and kind != "power":  # metafor differentiates across a kink there
        assert ours.se == pytest.approx(theirs["se"], rel=SELECTION_SE)


@pytest.mark.parametrize("name", TWO_SIDED)
@pytest.mark.parametrize("kind", ["step", "step2", "halfnorm", "negexp"])
def test_selection_on_two_sided_p_values(name, kind):
    data = TWO_SIDED[name]
    steps = {"step": {"steps": [0.05]}, "step2": {"steps": [0.05, 0.5]}}.get(kind, {})
    ours = selection_model(data["yi"], data["vi"], type=kind.rstrip("2"), alternative="two-sided", **steps)
    theirs = data[kind]
    # metafor stops a little short of the maximum, most of all where tau2 goes to zero.
    assert theirs["ll"] - LIKELIHOOD <= ours.log_likelihood <= theirs["ll"] + UNFINISHED
    assert ours.estimate == pytest.approx(theirs["estimate"], abs=2e-4)


def test_no_likelihood_nearby_is_higher():
    data = DATA["hackshaw1998_or"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    ours = selection_model(y, v, type="negexp")
    selection = SmoothSelection("negexp", y, v, two_sided=False)
    rng = np.random.default_rng(1)
    for _ in range(200):
        factor = np.exp(rng.normal(scale=[0.3, 0.5, 0.5]))
        point = (ours.estimate + 0.2 * rng.normal(), ours.tau2 * factor[1], ours.delta * factor[2])
        assert log_likelihood(y, v, selection, point) <= ours.log_likelihood + ZERO


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["halfnorm", "logistic", "beta"])
def test_no_point_drawn_at_random_is_higher(seed, kind):
    rng = np.random.default_rng(seed)
    scale, k = 10.0 ** rng.integers(-6, 7), int(rng.integers(6, 14))
    v = scale**2 * 10 ** rng.uniform(-1.5, 0.5, k)
    y = rng.normal(0.3 * scale, np.sqrt(v + rng.choice([0, 0.3]) * scale**2))
    ours = selection_model(y, v, type=kind)
    selection = SmoothSelection(kind, y, v, two_sided=False)
    for _ in range(200):
        delta = np.exp(rng.normal(0, 1.5, 2 if kind == "beta" else 1))
        point = (scale * rng.normal(0, 2), scale**2 * np.exp(rng.normal(-2, 2)), delta)
        assert log_likelihood(y, v, selection, point) <= ours.log_likelihood + LIKELIHOOD


@pytest.mark.parametrize("kind", ["step", *SMOOTH])
def test_one_study_beyond_all_others(kind):
    y, v = [1e6, 1.0, 2.0, 3.0, 2.5, 1.5], [1e-12, 1.0, 2.0, 3.0, 1.2, 1.1]
    ours = selection_model(y, v, type=kind)
    assert np.isfinite([ours.estimate, ours.tau2, ours.log_likelihood, ours.lrt_pval]).all()


@pytest.mark.parametrize("kind", SMOOTH)
@pytest.mark.parametrize("two_sided", [False, True])
def test_the_chance_to_be_seen_is_the_integral_of_the_weights(kind, two_sided):
    y, v = np.array([0.1, 0.9, -0.3]), np.array([0.01, 0.2, 0.9])
    delta = np.array([0.7, 1.6])[: 2 if kind == "beta" else 1]
    seen = SmoothSelection(kind, y, v, two_sided).log_seen(0.2, 0.05, delta)
    for i in range(3):
        expected = seen_by_integration(SMOOTH[kind], delta, y[i], v[i], two_sided=two_sided)
        assert seen[i] == pytest.approx(expected, rel=1e-9)


def seen_by_integration(function, delta, y, v, *, two_sided):
    """Adaptive integration between the points where the weight bends."""
    se, sd = np.sqrt(v), np.sqrt(v + 0.05)

    def weight(z):
        p = p_values(np.atleast_1d(z), two_sided=two_sided, p_min=function.p_min)
        return float(np.exp(function.log_weight(*p, delta))[0])

    def density(z):
        return weight(z) * stats.norm.pdf(z * se, 0.2, sd) * se

    bend = stats.norm.isf(1e-5 / (2 if two_sided else 1))
    near_zero = np.array([1e-4, 1e-3, 1e-2, 0.1, 0.3])
    tiny = stats.norm.ppf(0.5 + 1e-5 / 2)
    ends = (np.array([-9.0, 9.0]) * sd + 0.2) / se
    middle = [bend, 1.0, 2.0, 3.0, 5.0, 7.0, tiny, *near_zero]
    edges = np.unique([ends[0], ends[1], 0.0, *middle, *np.negative(middle)])
    edges = edges[(edges >= ends[0]) & (edges <= ends[1])]
    parts = (integrate.quad(density, a, b, epsabs=0, epsrel=1e-11)[0] for a, b in pairwise(edges))
    return np.log(weight(y / se)) - np.log(sum(parts))


def test_weights_of_one_are_no_selection():
    data = DATA["raudenbush1985_smd"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    plain = log_likelihood(y, v, None, (0.1, 0.02, np.zeros(0)))
    cuts = np.array([0.025, 0.5, 1.0])
    member = np.searchsorted(cuts, stats.norm.sf(y / np.sqrt(v)))
    step = StepSelection(y, v, cuts, two_sided=False, member=member)
    assert log_likelihood(y, v, step, (0.1, 0.02, np.ones(2))) == pytest.approx(plain, rel=1e-13)
    for kind in SMOOTH:
        none = np.array([1.0, 1.0]) if kind == "beta" else np.zeros(1)
        selection = SmoothSelection(kind, y, v, two_sided=False)
        assert log_likelihood(y, v, selection, (0.1, 0.02, none)) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("kind", ["step", "negexp"])
def test_sign_and_scale(kind):
    data = DATA["hackshaw1998_or"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    plain = selection_model(y, v, type=kind)
    mirrored = selection_model(-y, v, type=kind, alternative="less")
    assert mirrored.estimate == pytest.approx(-plain.estimate, rel=1e-6)
    scaled = selection_model(1e-5 * y, 1e-10 * v, type=kind)
    assert scaled.estimate == pytest.approx(1e-5 * plain.estimate, rel=1e-6)
    assert scaled.tau2 == pytest.approx(1e-10 * plain.tau2, rel=1e-5)
    assert scaled.lrt == pytest.approx(plain.lrt, rel=1e-8)


def test_selected_studies_are_corrected():
    # 400 studies of mean 0.2, of which those with p > 0.025 are seen with chance 0.2.
    rng = np.random.default_rng(7)
    v = rng.uniform(0.01, 0.09, 400)
    y = rng.normal(0.2, np.sqrt(v + 0.02))
    seen = (stats.norm.sf(y / np.sqrt(v)) <= 0.025) | (rng.random(400) < 0.2)
    ours = selection_model(y[seen], v[seen])
    assert pool(y[seen], v[seen], test="z").ci_lb > 0.25
    assert ours.ci_lb < 0.2 < ours.ci_ub
    assert ours.delta[1] == pytest.approx(0.2, abs=0.1)
    assert ours.lrt_pval < 1e-6


def test_result_is_plain_and_can_be_read():
    data = DATA["bangertdrowns2004_smd"]
    for kind in ("step", "logistic"):
        ours = selection_model(data["yi"], data["vi"], type=kind)
        assert json.loads(json.dumps(ours.to_dict(), allow_nan=False))
        assert "no selection" in ours.summary()
    assert sum(selection_model(data["yi"], data["vi"]).counts) == len(data["yi"])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"type": "linear"}, "type must be"),
        ({"alternative": "up"}, "alternative must be"),
        ({"steps": []}, "rising cut points"),
        ({"steps": [0.5, 0.1]}, "rising cut points"),
        ({"steps": [0.025, 2]}, "rising cut points"),
        ({"steps": [1e-9]}, EMPTY),
        ({"level": 0}, "percent"),
    ],
)
def test_impossible_arguments(options, match):
    data = DATA["raudenbush1985_smd"]
    with pytest.raises(StatsError, match=match):
        selection_model(data["yi"], data["vi"], **options)


def test_more_parameters_than_studies_are_refused():
    with pytest.raises(StatsError, match="at least 4 studies"):
        selection_model([0.1, 0.2, 0.5], [0.01, 0.02, 0.03])
