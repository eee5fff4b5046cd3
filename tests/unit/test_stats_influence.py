"""Deletion diagnostics, Baujat, radial, cumulative meta-analysis and GOSH."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import CLOSED_FORM, ITERATIVE, P_VALUE, ZERO

from rheumeta.errors import StatsError
from rheumeta.stats import baujat, cumulative, gosh, influence, leave_one_out, pool, radial

FOLDER = Path(__file__).parents[1] / "reference" / "heterogeneity"
SETS = json.loads((FOLDER / "metafor.json").read_text(encoding="utf-8"))["sets"]
MORE = json.loads((FOLDER / "estimators.json").read_text(encoding="utf-8"))
DATA = ([0.1, 0.9, 0.6, -0.4, 0.3], [0.01, 0.06, 0.09, 0.03, 0.3])


def with_block(block):
    return [name for name in SETS if block in SETS[name]]


def data_of(name):
    return SETS[name]["yi"], SETS[name]["vi"]


NAMES = {
    "rstudent": "rstudent",
    "dffits": "dffits",
    "cook": "cook.d",
    "cov_ratio": "cov.r",
    "hat": "hat",
    "dfbetas": "dfbs",
    "rstandard": "rstandard",
}
# Left-out fits whose likelihood has two maxima: metafor stops at the lower one.
BIMODAL = {"syn_bimodal_a"}


@pytest.mark.parametrize("name", [n for n in with_block("influence") if n not in BIMODAL])
def test_influence(name):
    theirs, fit = SETS[name]["influence"], influence(*data_of(name))
    for ours, key in NAMES.items():
        assert getattr(fit, ours) == pytest.approx(theirs[key], rel=10 * ITERATIVE, abs=1e-9), ours
    left = SETS[name]["leave1out"]["REML"]
    unit = float(np.median(data_of(name)[1]))
    assert fit.tau2_deleted == pytest.approx(left["tau2"], rel=10 * ITERATIVE, abs=ZERO * unit)
    assert fit.estimate_deleted == pytest.approx(left["estimate"], rel=ITERATIVE)
    assert fit.se_deleted == pytest.approx(left["se"], rel=ITERATIVE)
    assert fit.q_deleted == pytest.approx(left["Q"], rel=CLOSED_FORM)


@pytest.mark.parametrize("name", with_block("influence"))
@pytest.mark.parametrize("method", ["DL", "REML", "EE"])
def test_deleted_values_are_those_of_leave_one_out(name, method):
    fit, others = (
        influence(*data_of(name), method=method),
        leave_one_out(*data_of(name), method=method, test="z"),
    )
    for ours, key in (("estimate", "estimate"), ("se", "se"), ("q", "q")):
        assert getattr(fit, f"{ours}_deleted") == pytest.approx(
            [getattr(o, key) for o in others], rel=ITERATIVE
        )


def test_an_odd_study_is_found():
    y, v = np.array([0.1, 0.12, 0.09, 0.11, 0.1, 2.0]), np.full(6, 0.01)
    fit = influence(y, v)
    assert fit.influential.tolist() == [False] * 5 + [True]
    lines = fit.summary().splitlines()
    assert len(lines) == 7
    assert lines[-1].endswith("*")
    assert json.loads(json.dumps(fit.to_dict()))["cook"] == fit.cook.tolist()


def test_common_effect_residuals_by_hand():
    # Two of three equal studies left: mean 2, variance 1 / 2; the third at 5 with variance 1.
    fit = influence([1.0, 3.0, 5.0], [1.0, 1.0, 1.0], method="EE")
    assert fit.rstudent[2] == pytest.approx(3 / np.sqrt(1.5))
    assert fit.rstandard[2] == pytest.approx(2 / np.sqrt(2 / 3))
    assert fit.cook[2] == pytest.approx(1.0 / (1 / 3))
    assert fit.cov_ratio == pytest.approx([1.5] * 3)


@pytest.mark.parametrize("name", MORE["diagnostics"])
@pytest.mark.parametrize("method", ["DL", "EE"])
def test_baujat(name, method):
    theirs, fit = MORE["diagnostics"][name]["baujat"][method], baujat(*data_of(name), method=method)
    assert fit.heterogeneity == pytest.approx(theirs["x"], rel=CLOSED_FORM)
    assert fit.influence == pytest.approx(theirs["y"], rel=1e-9)
    common = pool(*data_of(name), method="EE", test="z")
    if method == "EE":
        assert fit.heterogeneity.sum() == pytest.approx(common.q)
    assert set(fit.to_dict()) == {"heterogeneity", "influence"}


def test_radial_line_through_zero_has_the_effect_as_slope():
    for method in ("EE", "DL"):
        fit, pooled = radial(*DATA, method=method), pool(*DATA, method=method, test="z")
        slope = (fit.precision @ fit.statistic) / (fit.precision @ fit.precision)
        assert slope == pytest.approx(pooled.estimate)
        assert [fit.estimate, fit.ci_lb] == pytest.approx([pooled.estimate, pooled.ci_lb])
    assert fit.half_width == pytest.approx(1.959963984540054)
    assert len(fit.to_dict()["precision"]) == 5


@pytest.mark.parametrize("name", [n for n in with_block("cumul") if n not in BIMODAL])
@pytest.mark.parametrize("method", ["REML", "EE"])
def test_cumulative(name, method):
    data, theirs = SETS[name], SETS[name]["cumul"]
    fit = cumulative(data["yi"], data["vi"], order=np.array(theirs["order"]) - 1, method=method)
    unit = float(np.median(data["vi"]))
    # null: metafor's REML did not converge (step 8 of nielweise2007__OR)
    there = np.array([value is not None for value in theirs[method]["estimate"]])
    assert there.sum() >= len(there) - 1

    def known(values):
        return np.array([value for value in values if value is not None], dtype=float)

    for key in {"estimate", "se", "ci.lb", "ci.ub"} & set(theirs[method]):
        ours = getattr(fit, key.replace(".", "_"))[there]
        assert ours == pytest.approx(known(theirs[method][key]), rel=10 * ITERATIVE, abs=1e-9 * unit**0.5), (
            key
        )
    if method == "REML":
        assert fit.pval[there] == pytest.approx(known(theirs["REML"]["pval"]), rel=10 * P_VALUE)
        tau2 = known(theirs["REML"]["tau2"])[1:]
        assert fit.tau2[there][1:] == pytest.approx(tau2, rel=10 * ITERATIVE, abs=ZERO * unit)


def test_cumulative_ends_with_all_and_says_so():
    fit, whole = cumulative(*DATA, test="knha"), pool(*DATA, test="knha")
    assert [fit.estimate[-1], fit.ci_lb[-1]] == pytest.approx([whole.estimate, whole.ci_lb], rel=ITERATIVE)
    assert fit.summary().splitlines()[-1].startswith("  5  row   4")
    assert fit.to_dict()["tau2"][0] is None
    with pytest.raises(StatsError, match="each row from 0 to 4 once"):
        cumulative(*DATA, order=[0, 1, 2, 3, 3])


@pytest.mark.parametrize("method", ["DL", "EE"])
def test_gosh(method):
    theirs, name = MORE["gosh"]["values"][method], MORE["gosh"]["set"]
    fit = gosh(*data_of(name), method=method)
    k = len(data_of(name)[0])
    assert fit.complete
    assert len(fit.k) == 2**k - k - 1
    code = sum(fit.contains(i).astype(int) << i for i in range(k))
    rows = [theirs["code"].index(c) for c in code]
    for key in ("estimate", "i2", "q"):
        wanted = np.array(theirs[key])[rows]
        assert getattr(fit, key) == pytest.approx(wanted, rel=1e-9, abs=1e-9), key


def test_gosh_pools_each_subset():
    fit = gosh(*DATA, method="REML")
    for i in range(0, len(fit.k), 5):
        inside = [j for j in range(5) if fit.contains(j)[i]]
        one = pool(np.array(DATA[0])[inside], np.array(DATA[1])[inside], method="REML")
        assert [fit.estimate[i], fit.tau2[i], fit.i2[i]] == pytest.approx(
            [one.estimate, one.tau2, one.i2], rel=ITERATIVE, abs=1e-12
        )


def test_random_subsets_are_seeded():
    rng = np.random.default_rng(2)
    y, v = rng.normal(0, 0.5, 30), rng.uniform(0.01, 0.1, 30)
    calls = []
    one = gosh(y, v, subsets=5000, progress=lambda done, total: calls.append((done, total)))
    other = gosh(y, v, subsets=5000)
    assert one.estimate.tolist() == other.estimate.tolist()
    assert (one.complete, len(one.k), calls[-1]) == (False, 5000, (5000, 5000))
    assert one.contains(29).mean() == pytest.approx(0.5, abs=0.03)  # four standard errors
    assert one.summary().startswith("GOSH, DL, 5000 random subsets\nestimate: ")
    assert set(one.to_dict()) >= {"estimate", "members"}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: influence([0.1, 0.2], [0.1, 0.2]), "at least three"),
        (lambda: influence(*DATA, method="GENQ"), "GENQ needs tau2_weights"),
        (lambda: gosh([0.1, 0.2], [0.1, 0.2]), "at least three"),
        (lambda: gosh(*DATA, subsets=0), "subsets must be at least 1"),
        (lambda: radial(*DATA, method="GENQ"), "GENQ needs tau2_weights"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(StatsError, match=message):
        call()


def test_weights_of_the_generalised_q_are_passed_on():
    fit = influence(*DATA, method="GENQ", tau2_weights=1 / np.array(DATA[1]))
    assert fit.tau2_deleted == pytest.approx(influence(*DATA, method="DL").tau2_deleted)


studies = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.01, 5)), min_size=3, max_size=8)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(studies=studies, method=st.sampled_from(["DL", "REML", "EE"]))
def test_diagnostics_have_no_unit_and_mirror(studies, method):
    y, v = np.array(studies).T
    one, other = influence(y, v, method=method), influence(-y * 2.0**20, v * 2.0**40, method=method)
    for name in ("rstudent", "dffits", "dfbetas"):
        assert getattr(other, name) == pytest.approx(-getattr(one, name), rel=1e-7, abs=1e-9)
    for name in ("cook", "cov_ratio", "hat"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-7, abs=1e-9)
