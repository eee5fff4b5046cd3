"""Variants of the sampling variance: algebra, limits and what is refused (values: test_effects_metafor)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import DIRECT

from rheumeta.errors import StatsError
from rheumeta.stats.effects import MEASURES, effect_size

MEANS = {
    "m1i": [12.0, 9.0, 15.0],
    "sd1i": [3.0, 2.0, 4.0],
    "n1i": [20, 35, 12],
    "m2i": [10.0, 9.5, 11.0],
    "sd2i": [2.5, 2.2, 3.1],
    "n2i": [22, 30, 15],
}
TABLES = {"ai": [4, 10, 7], "n1i": [20, 35, 12], "ci": [6, 8, 3], "n2i": [22, 30, 15]}
EVENTS = {"xi": [4, 10, 7], "ni": [20, 35, 12]}
INPUTS = {"SMD": MEANS, "SMD1": MEANS, "RD": TABLES, "PR": EVENTS, "PLO": EVENTS, "ROM": MEANS, "MD": MEANS}
AVERAGED = ("SMD", "SMD1", "ROM", "RD", "PR", "PLO")


@pytest.mark.parametrize("measure", AVERAGED)
def test_average_of_one_study_is_that_study(measure):
    alone = {name: values[:1] for name, values in INPUTS[measure].items()}
    plain, averaged = (effect_size(measure, vtype=vtype, **alone) for vtype in ("LS", "AV"))
    np.testing.assert_allclose(averaged.vi, plain.vi, rtol=DIRECT)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(AVERAGED), st.permutations(range(3)))
def test_average_does_not_depend_on_the_order(measure, order):
    first = effect_size(measure, vtype="AV", **INPUTS[measure])
    moved = {name: np.array(values)[order] for name, values in INPUTS[measure].items()}
    again = effect_size(measure, vtype="AV", **moved)
    np.testing.assert_allclose(again.vi, first.vi[order], rtol=DIRECT)


@pytest.mark.parametrize("measure", INPUTS)
def test_the_variance_alone_changes(measure):
    plain = effect_size(measure, **INPUTS[measure])
    for vtype in MEASURES[measure].routes[0].vtypes[1:]:
        other = effect_size(measure, vtype=vtype, **INPUTS[measure])
        assert np.array_equal(other.yi, plain.yi)
        assert not np.allclose(other.vi, plain.vi, rtol=1e-6)
        assert other.variance_formula == MEASURES[measure].routes[0].variants[vtype]


@pytest.mark.parametrize("measure", ["MD", "ROM"])
def test_equal_variances_need_not_be_assumed_where_the_sds_are_equal(measure):
    equal = MEANS | {"sd2i": MEANS["sd1i"]}
    plain, assumed = (effect_size(measure, vtype=vtype, **equal) for vtype in ("LS", "HO"))
    np.testing.assert_allclose(assumed.vi, plain.vi, rtol=DIRECT)


def test_one_coefficient_of_variation_everywhere_gives_one_variance():
    same = MEANS | {"sd1i": np.array(MEANS["m1i"]) / 4, "sd2i": np.array(MEANS["m2i"]) / 4}
    expected = (1 / np.array(MEANS["n1i"]) + 1 / np.array(MEANS["n2i"])) / 16
    for vtype in ("LS", "AV", "AVHO"):
        np.testing.assert_allclose(effect_size("ROM", vtype=vtype, **same).vi, expected, rtol=DIRECT)


def test_coefficients_of_variation_have_no_sign():
    up = effect_size("ROM", vtype="AV", **MEANS)
    sign = np.array([1, -1, 1])
    mixed = MEANS | {name: sign * MEANS[name] for name in ("m1i", "m2i")}
    np.testing.assert_allclose(effect_size("ROM", vtype="AV", **mixed).vi, up.vi, rtol=DIRECT)


def test_unbiased_binomial_variance_is_that_of_the_mean_of_ones_and_zeros():
    patients = np.repeat([1.0, 0.0], [4, 16])
    ours = effect_size("PR", vtype="UB", xi=4, ni=20)
    assert ours.vi[0] == pytest.approx(patients.var(ddof=1) / 20, rel=DIRECT)


def test_studies_left_out_have_no_part_in_the_average():
    empty = {
        name: [*values, extra] for (name, values), extra in zip(TABLES.items(), [0, 9, 0, 8], strict=True)
    }
    with_empty = effect_size("RD", vtype="AV", drop00=True, **empty)
    np.testing.assert_allclose(with_empty.vi[:3], effect_size("RD", vtype="AV", **TABLES).vi, rtol=DIRECT)
    nothing = effect_size("RD", vtype="AV", drop00=True, ai=0, n1i=9, ci=0, n2i=8)
    assert not nothing.usable.any()


@pytest.mark.parametrize(
    ("measure", "vtype", "inputs", "allowed"),
    [
        ("SMD", "HO", MEANS, "LS, LS2, UB, AV"),
        ("MD", "AV", MEANS, "LS, HO"),
        ("ROM", "UB", MEANS, "LS, HO, AV, AVHO"),
        ("RR", "AV", TABLES, "LS"),
        ("PLO", "UB", EVENTS, "LS, AV"),
    ],
)
def test_says_which_variants_there_are(measure, vtype, inputs, allowed):
    with pytest.raises(StatsError, match=f"'{vtype}' does not exist for {measure}; allowed: {allowed}\\."):
        effect_size(measure, vtype=vtype, **inputs)


def test_refuses_an_unbiased_variance_from_one_patient_or_without_correction():
    with pytest.raises(StatsError, match="must be finite"):
        effect_size("PR", vtype="UB", xi=1, ni=1, add=0)
    with pytest.raises(StatsError, match="belongs to the corrected estimate"):
        effect_size("SMD1", vtype="UB", correct=False, **MEANS)
