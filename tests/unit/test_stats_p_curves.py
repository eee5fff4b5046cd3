"""Combined p-value functions: against R, direct algebra and the combined p values at one value."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from tolerances import CLOSED_FORM, ITERATIVE

from rheumeta.errors import StatsError
from rheumeta.stats import combined_interval, confidence_curve, edgington, fisher, pool, stouffer
from rheumeta.stats.irwin_hall import irwin_hall, irwin_hall_quantile

FILE = Path(__file__).parents[1] / "reference" / "heterogeneity" / "p_value_functions.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))
SETS = REFERENCE["sets"]
METHODS = ("edgington", "fisher", "pearson", "stouffer", "tippett", "wilkinson")
BOTH_WAYS = ("edgington", "stouffer")
MIRRORED = {"fisher": "pearson", "pearson": "fisher", "tippett": "wilkinson", "wilkinson": "tippett"}
SMOOTH = ("edgington", "fisher", "pearson", "stouffer")

studies = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 1.0)), min_size=1, max_size=8).map(
    lambda pairs: tuple(np.array(pairs).T)
)


def three(result):
    return np.array([result.ci_lb, result.estimate, result.ci_ub])


@pytest.mark.parametrize(
    "case", REFERENCE["cases"], ids=lambda c: f"{c['set']}-{c['method']}-{c['alternative']}"
)
def test_as_in_r(case):
    y, v = SETS[case["set"]]["yi"], SETS[case["set"]]["vi"]
    how = {"method": case["method"], "alternative": case["alternative"]}
    ours = combined_interval(y, v, **how)
    assert three(ours) == pytest.approx(
        [case["ci"][0], case["estimate"], case["ci"][1]], rel=ITERATIVE, abs=ITERATIVE
    )
    curve = confidence_curve(y, v, REFERENCE["mu"], **how)
    assert curve.pval == pytest.approx(np.atleast_1d(case["pval"]), rel=ITERATIVE)


@settings(max_examples=40, deadline=None)
@given(studies)
def test_stouffer_weighted_by_precision_is_the_common_effect(pair):
    y, v = pair
    w = 1 / v
    mean, half = (w @ y) / w.sum(), special.ndtri(0.975) / math.sqrt(w.sum())
    expected = [mean - half, mean, mean + half]
    ours = combined_interval(y, v, method="stouffer")
    assert three(ours) == pytest.approx(expected, rel=CLOSED_FORM, abs=1e-13)


def test_stouffer_is_the_pooled_common_effect():
    y, v = SETS["thirteen"]["yi"], SETS["thirteen"]["vi"]
    pooled = pool(y, v, method="EE")
    ours = combined_interval(y, v, method="stouffer")
    assert three(ours) == pytest.approx([pooled.ci_lb, pooled.estimate, pooled.ci_ub], rel=CLOSED_FORM)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [80, 95, 99.9])
def test_one_study_gives_its_wald_interval(method, level):
    half = special.ndtri(0.5 + level / 200) * 0.2
    ours = combined_interval([0.4], [0.04], method=method, level=level)
    assert three(ours) == pytest.approx([0.4 - half, 0.4, 0.4 + half], rel=CLOSED_FORM)


@pytest.mark.parametrize("mu", [-1.5, -0.4, 0.1, 0.6])
def test_curve_is_the_combined_p_value_at_each_value(mu):
    y, v = (np.array(SETS["four"][name]) for name in ("yi", "vi"))
    p = special.ndtr(-(y - mu) / np.sqrt(v))
    expected = {
        "fisher": fisher(p).pval,
        "edgington": edgington(p).pval,
        "stouffer": stouffer(p, weights=1 / np.sqrt(v)).pval,
    }
    for method, pval in expected.items():
        ours = confidence_curve(y, v, [mu], method=method)
        assert ours.pval[0] == pytest.approx(pval, rel=1e-9)
        assert ours.pval_two_sided[0] == pytest.approx(2 * min(pval, 1 - pval), rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(studies, st.sampled_from(METHODS), st.floats(-50, 50), st.floats(1e-3, 1e3), st.randoms())
def test_shift_scale_and_order(pair, method, shift, scale, random):
    y, v = pair
    first = three(combined_interval(y, v, method=method))
    order = random.sample(range(y.size), y.size)
    moved = combined_interval((y[order] + shift) * scale, v[order] * scale**2, method=method)
    np.testing.assert_allclose(three(moved) / scale - shift, first, rtol=1e-7, atol=1e-7)
    assert first[0] < first[1] < first[2]


@settings(max_examples=25, deadline=None)
@given(studies, st.sampled_from(METHODS))
def test_sign_and_orientation(pair, method):
    y, v = pair
    first = three(combined_interval(y, v, method=method))
    flipped = combined_interval(-y, v, method=method, alternative="less")
    np.testing.assert_allclose(-three(flipped)[::-1], first, rtol=1e-12, atol=1e-12)
    other = MIRRORED.get(method, method)
    mirrored = combined_interval(y, v, method=other, alternative="less")
    np.testing.assert_allclose(three(mirrored), first, rtol=1e-7, atol=1e-7)


def test_only_edgington_and_stouffer_do_not_depend_on_the_orientation():
    y, v = SETS["four"]["yi"], SETS["four"]["vi"]
    for method in METHODS:
        up = three(combined_interval(y, v, method=method))
        down = three(combined_interval(y, v, method=method, alternative="less"))
        assert np.allclose(up, down, rtol=1e-9, atol=1e-9) == (method in BOTH_WAYS)


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize("method", METHODS)
def test_density_is_the_slope_of_the_curve(method, alternative):
    y, v = SETS["four"]["yi"], SETS["four"]["vi"]
    mu, h = np.linspace(-2, 2, 33), 1e-5
    how = {"method": method, "alternative": alternative}
    above, below = (confidence_curve(y, v, mu + step, **how).pval for step in (h, -h))
    sign = 1 if alternative == "greater" else -1
    density = confidence_curve(y, v, mu, **how).density
    np.testing.assert_allclose(density, sign * (above - below) / (2 * h), rtol=1e-5, atol=1e-8)


def test_far_from_the_data_the_curve_ends_at_zero_and_one():
    for method in METHODS:
        curve = confidence_curve([0.0, 1.0], [1.0, 1.0], [-100.0, 100.0], method=method)
        assert curve.pval == pytest.approx([0.0, 1.0], abs=1e-300)
        assert np.all(curve.density == pytest.approx(0.0, abs=1e-300))


def test_added_variance_is_that_of_wider_studies():
    y, v = SETS["thirteen"]["yi"], np.array(SETS["thirteen"]["vi"])
    added = combined_interval(y, v, tau2=0.3)
    assert three(added) == pytest.approx(three(combined_interval(y, v + 0.3)), rel=1e-13)
    assert added.tau2 == 0.3
    narrow, wide = (three(combined_interval(y, v, method="stouffer", tau2=tau2)) for tau2 in (0, 0.3))
    assert np.ptp(wide) > np.ptp(narrow)


def test_edgington_between_two_distant_studies_lies_where_the_tails_balance():
    # Both tails equal: (mu - y1) / se1 = (y2 - mu) / se2
    assert combined_interval([0.0, 30.0], [1.0, 4.0]).estimate == pytest.approx(10.0, rel=1e-9)
    with pytest.raises(StatsError, match="standard errors apart"):
        combined_interval([0.0, 300.0], [1.0, 1.0])


@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
def test_sum_of_uniform_numbers_by_exact_fractions(k):
    p = np.linspace(0.02, 0.97, 29)
    for share in p:
        exact = edgington(np.full(k, share)).pval
        value, _ = irwin_hall(np.array([k * (share - 0.5)]), k)
        assert value[0] == pytest.approx(exact, rel=1e-9)


def test_sum_of_many_uniform_numbers_and_quantiles():
    exact = edgington(np.full(80, 0.4)).pval  # exact fractions
    assert irwin_hall(np.array([80 * (0.4 - 0.5)]), 80)[0][0] == pytest.approx(exact, rel=1e-9)
    q = np.array([1e-6, 0.025, 0.5, 0.9, 0.999])
    assert irwin_hall(irwin_hall_quantile(q, 9), 9)[0] == pytest.approx(q, rel=1e-9)


def test_results_speak():
    interval = combined_interval([0.4], [0.04])
    assert interval.summary() == (
        "Combined p values (edgington, greater), k = 1: 0.4000 [0.0080, 0.7920] (95 %)"
    )
    assert interval.to_dict()["method"] == "edgington"
    curve = confidence_curve([0.4], [0.04], [0.0, 0.4])
    assert curve.summary() == "Combined p-value function (edgington, greater), k = 1, at 2 values"
    assert curve.to_dict()["pval"][1] == 0.5


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"method": "sum"}, "method"),
        ({"alternative": "both"}, "alternative"),
        ({"tau2": -0.1}, "tau2 must be a number of at least zero"),
        ({"tau2": math.nan}, "tau2 must be a number of at least zero"),
        ({"level": 100}, "level is in percent"),
    ],
)
def test_refuses(how, text):
    with pytest.raises(StatsError, match=text):
        combined_interval([0.1, 0.2], [0.1, 0.1], **how)


def test_refuses_a_grid_that_is_not_finite():
    with pytest.raises(StatsError, match="mu must be a vector"):
        confidence_curve([0.1], [0.1], [0.0, math.inf])


def test_refuses_no_study():
    with pytest.raises(StatsError, match="at least one study"):
        combined_interval([], [])
