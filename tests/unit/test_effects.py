"""Effect sizes: hand algebra, limits, and what is refused."""

import numpy as np
import pytest
from scipy.stats import norm
from tolerances import EFFECT_SIZE

from rheumeta.errors import StatsError
from rheumeta.stats.effects import MEASURES, effect_size, hedges_j, wald_interval
from rheumeta.stats.effects_references import REFERENCES
from rheumeta.stats.transforms import to_display

MEANS = dict(m1i=3.0, sd1i=2.0, n1i=10, m2i=5.0, sd2i=3.0, n2i=14)


def test_hedges_factor_by_factorials():
    # Γ(2)/(√2·Γ(3/2)) = √(2/π) for m = 4 after Γ(3/2) = √π/2
    np.testing.assert_allclose(hedges_j([4]), [np.sqrt(2 / np.pi)], rtol=EFFECT_SIZE)


def test_hedges_factor_nears_its_approximation():
    # J ≈ 1 - 3/(4m - 1), Borenstein et al. 2009, eq. 4.22; error below 0.0004 from m = 10 on
    m = np.arange(10, 200)
    np.testing.assert_allclose(hedges_j(m), 1 - 3 / (4 * m - 1), atol=4e-4)


def test_hazard_ratio_from_interval():
    # exp(±1.959964·0.2) around 0.7: the standard error must come back
    limits = 0.7 * np.exp(np.array([-1, 1]) * norm.ppf(0.975) * 0.2)
    result = effect_size("HR", hr=0.7, lower=limits[0], upper=limits[1])
    np.testing.assert_allclose(result.yi, [np.log(0.7)], rtol=EFFECT_SIZE)
    np.testing.assert_allclose(result.sei, [0.2], rtol=EFFECT_SIZE)


def test_hazard_ratio_from_log_and_se():
    result = effect_size("HR", yi=[-0.3], sei=[0.2])
    np.testing.assert_allclose(result.vi, [0.04], rtol=EFFECT_SIZE)


@pytest.mark.parametrize(
    "inputs",
    [
        dict(yi=1.5, sei=0.5),
        dict(yi=1.5, vi=0.25),
        dict(yi=1.5, lower=1.5 - 0.82242681, upper=1.5 + 0.82242681, level=90),
    ],
)
def test_generic_effect_by_three_routes(inputs):
    # 1.644854 · 0.5 = 0.822427, half-width of a 90 % interval
    np.testing.assert_allclose(effect_size("GEN", **inputs).vi, [0.25], rtol=1e-7)


def test_change_by_both_routes():
    two_times = effect_size("MC", m1i=3, m2i=5, sd1i=2, sd2i=3, ri=0.5, ni=10)
    change = effect_size("MC", mi=-2, sdi=np.sqrt(7), ni=10)
    np.testing.assert_allclose([two_times.yi, two_times.vi], [change.yi, change.vi], rtol=EFFECT_SIZE)


def test_raw_standardised_change_divides_by_baseline_sd():
    result = effect_size("SMCR", m1i=3, m2i=5, sd1i=99, sd2i=2, ri=0.5, ni=10)
    np.testing.assert_allclose(result.yi, -hedges_j([9]), rtol=EFFECT_SIZE)


def test_groups_exchanged_change_only_the_sign():
    for measure in ("RR", "OR", "RD", "AS", "PETO"):
        one = effect_size(measure, ai=[3, 0], n1i=[10, 8], ci=[5, 2], n2i=[12, 9])
        other = effect_size(measure, ai=[5, 2], n1i=[12, 9], ci=[3, 0], n2i=[10, 8])
        np.testing.assert_allclose(one.yi, -other.yi, rtol=EFFECT_SIZE)
        np.testing.assert_allclose(one.vi, other.vi, rtol=EFFECT_SIZE)


def test_zero_cell_is_marked_and_only_that_study_corrected():
    result = effect_size("RR", ai=[0, 3], n1i=10, ci=[2, 3], n2i=[12, 9])
    assert result.corrected.tolist() == [True, False]
    np.testing.assert_allclose(result.yi[0], np.log((0.5 / 11) / (2.5 / 13)), rtol=EFFECT_SIZE)


def test_peto_needs_no_correction_but_has_no_estimate_without_events():
    # O - E = 0 - 2·10/22, V = 10·12·2·20/(22²·21), by hand
    result = effect_size("PETO", ai=[0, 0], n1i=[10, 5], ci=[2, 0], n2i=[12, 6])
    np.testing.assert_allclose(result.yi[0], -(20 / 22) * 22**2 * 21 / 4800, rtol=EFFECT_SIZE)
    assert result.usable.tolist() == [True, False]
    assert not result.corrected.any()


def test_wald_interval_of_known_width():
    lower, upper = wald_interval([1.0], [4.0], level=90)
    half = 2 * norm.ppf(0.95)
    np.testing.assert_allclose([lower[0], upper[0]], [1 - half, 1 + half], rtol=EFFECT_SIZE)


def test_ratios_are_displayed_as_ratios():
    np.testing.assert_allclose(to_display("RR", [0.0, np.log(2)]), [1.0, 2.0], rtol=EFFECT_SIZE)
    np.testing.assert_allclose(to_display("MD", [-1.5]), [-1.5])


@pytest.mark.parametrize("code", sorted(MEASURES))
def test_every_measure_has_words_and_a_null_where_it_compares(code):
    info = MEASURES[code]
    assert info.label
    assert all(route.formula and route.variance_formula and route.source for route in info.routes)
    if info.groups == 2:
        assert info.null == (1.0 if info.scale == "log" else 0.0)


@pytest.mark.parametrize(
    ("measure", "inputs", "message"),
    [
        ("XX", {}, "There is no measure 'XX'"),
        ("RR", dict(ai=1, n1i=5), r"computed from \(ai, n1i, ci, n2i\)"),
        ("RR", dict(ai=[1, 6], n1i=5, ci=1, n2i=5), r"ai\[1\] is 6.0: more events than patients"),
        ("RR", dict(ai=[1, np.nan], n1i=5, ci=1, n2i=5), r"ai\[1\] is nan"),
        ("RR", dict(ai=["x"], n1i=5, ci=1, n2i=5), "ai is not numeric"),
        ("RR", dict(ai=[1, 2], n1i=[5, 5, 5], ci=1, n2i=5), "different lengths: ai 2, n1i 3"),
        ("RR", dict(ai=0, n1i=5, ci=1, n2i=5, to="none"), "both must be finite"),
        ("RR", dict(ai=-1, n1i=5, ci=1, n2i=5), "not negative"),
        ("MD", MEANS | dict(sd1i=-2), r"sd1i\[0\] is -2.0"),
        ("MD", MEANS | dict(sd1i=0, sd2i=0), "variance above zero"),
        ("MD", MEANS | dict(add=0.5), "no cells to add to"),
        ("MD", MEANS | dict(vtype="LS2"), "vtype 'LS2' does not exist for MD"),
        ("SMD", MEANS | dict(sd1i=0, sd2i=0), "standard deviation above zero"),
        ("SMD1", MEANS | dict(n2i=2), "more than 1 degree of freedom"),
        ("ROM", MEANS | dict(m1i=-1), "two means of the same sign"),
        ("SMCR", dict(m1i=1, m2i=2, sd1i=1, sd2i=1, ri=1.2, ni=9), "correlation lies between"),
        ("HR", dict(hr=2, lower=0.5, upper=1.5), "does not hold its estimate"),
        ("HR", dict(hr=2, lower=-1, upper=3), "limit of a ratio is above zero"),
        ("IRR", dict(x1i=1, t1i=0, x2i=1, t2i=5), "person-time is above zero"),
        ("PR", dict(xi=1, ni=5, to="some"), "allowed: only0"),
    ],
)  # fmt: skip
def test_refuses_with_argument_and_index(measure, inputs, message):
    with pytest.raises(StatsError, match=message):
        effect_size(measure, **inputs)


@pytest.mark.parametrize("code", sorted(MEASURES))
def test_every_citation_has_its_full_reference(code):
    uncited = ("as reported", "binomial")
    for route in MEASURES[code].routes:
        assert any(short in route.source for short in REFERENCES) or route.source.startswith(uncited)


def test_reported_estimate_enters_any_two_group_measure():
    for code in ("RR", "OR", "MD", "SMD", "MC"):
        np.testing.assert_allclose(effect_size(code, yi=-0.3, sei=0.2).vi, [0.04], rtol=EFFECT_SIZE)


def test_missing_value_stays_missing_on_the_display_scale():
    assert np.isnan(to_display("PFT", [np.nan], n=10)).all()


def test_a_zero_cell_can_be_corrected_in_the_variance_alone() -> None:
    # 9/46 against 0/7: the estimate of the counts, the variance of 9.5/47 and 0.5/8
    found = effect_size("RD", ai=9, n1i=46, ci=0, n2i=7, to="variance0")
    assert found.yi[0] == pytest.approx(9 / 46, rel=EFFECT_SIZE)
    assert found.vi[0] == pytest.approx(9.5 * 37.5 / 47**3 + 0.5 * 7.5 / 8**3, rel=EFFECT_SIZE)
    assert found.corrected[0]
    share = effect_size("PR", xi=0, ni=20, to="variance0")
    assert share.yi[0] == 0
    assert share.vi[0] == pytest.approx(0.5 * 20.5 / 21**3, rel=EFFECT_SIZE)
    with pytest.raises(StatsError, match="variance0"):
        effect_size("RR", ai=9, n1i=46, ci=0, n2i=7, to="variance0")
