"""The hard cases: extreme variances, equal effects, empty tables, several maxima, boundaries.

Each answer is compared with direct algebra, a limit or a search by other means.
"""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from tolerances import DIRECT

from rheumeta import stats
from rheumeta.errors import StatsError

PLAIN = [m for m in stats.METHODS if not m.startswith("GENQ")]
RANDOM = [m for m in PLAIN if m not in ("EE", "FE")]


def restricted(y, v):
    """Return the restricted log likelihood of tau2, up to a constant, by its textbook formula."""

    def height(tau2):
        w = 1 / (v + tau2)
        mean = (w @ y) / w.sum()
        return 0.5 * (np.log(w).sum() - np.log(w.sum()) - w @ (y - mean) ** 2)

    return height


def best_on_a_grid(height, top, points=4001):
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-10, top, points)])
    values = np.array([height(t) for t in grid])
    at = int(values.argmax())
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, points)]
    inner = minimize_scalar(
        lambda t: -height(t), bounds=(low, high), method="bounded", options={"xatol": 1e-14}
    )
    return max(values[at], -inner.fun)


@pytest.mark.parametrize("method", PLAIN)
def test_one_study_of_huge_precision_alone_decides_where_effects_agree(method):
    y, v = np.array([0.2, 0.21, 0.19, 0.2]), np.array([0.1, 1e-14, 0.2, 0.15])
    fit = stats.pool(y, v, method=method, test="z")
    if fit.tau2 == 0:
        assert fit.estimate == pytest.approx(0.21, abs=1e-12)
        assert fit.se == pytest.approx(1e-7, rel=1e-6)
    assert np.isfinite([fit.estimate, fit.se, fit.ci_lb, fit.ci_ub, fit.q]).all()
    assert fit.weights.sum() == pytest.approx(100)


@pytest.mark.parametrize("method", RANDOM)
def test_one_study_of_huge_precision_keeps_only_its_share_where_effects_differ(method):
    y, v = np.array([-1.0, 1.0, 0.3, -0.8, 0.9]), np.array([0.01, 1e-14, 0.02, 0.01, 0.02])
    fit = stats.pool(y, v, method=method)
    weights = 1 / (v + fit.tau2)
    assert fit.estimate == pytest.approx((weights @ y) / weights.sum(), rel=1e-10)
    assert fit.weights[1] < 100 if fit.tau2 > 0 else fit.weights[1] == pytest.approx(100)


@pytest.mark.parametrize("method", PLAIN)
def test_variances_over_twelve_orders_of_magnitude(method):
    y, v = np.array([0.1, 0.4, -0.3, 0.9, 0.2]), np.array([1e-8, 1e-4, 1e-1, 1e2, 1e4])
    fit = stats.pool(y, v, method=method)
    assert np.isfinite([fit.estimate, fit.se, fit.tau2, fit.q]).all()
    scaled = stats.pool(1e3 * y, 1e6 * v, method=method)
    assert scaled.estimate == pytest.approx(1e3 * fit.estimate, rel=1e-9)
    assert scaled.tau2 == pytest.approx(1e6 * fit.tau2, rel=1e-8, abs=1e-6)
    if method == "REML":
        height = restricted(y, v)
        assert height(fit.tau2) >= best_on_a_grid(height, 1e3) - 1e-8


@pytest.mark.parametrize("method", PLAIN)
def test_two_identical_effects(method):
    fit = stats.pool([0.3, 0.3], [0.1, 0.2], method=method)
    assert fit.estimate == pytest.approx(0.3, abs=1e-15)
    # Sidik and Jonkman's estimator starts from the variance of the effects, which is 0.
    assert fit.tau2 == 0
    assert fit.se == pytest.approx(np.sqrt(1 / (1 / 0.1 + 1 / 0.2)), rel=DIRECT)
    assert fit.q == pytest.approx(0, abs=1e-30)
    same = stats.pool([0.3, 0.3], [0.1, 0.2], method=method, test="knha")
    assert same.se == 0
    assert same.pval is None
    assert any("standard error is zero" in note for note in same.notes)


@pytest.mark.parametrize("measure", ["RR", "OR", "RD", "AS", "PETO"])
def test_tables_of_zeros(measure):
    empty = {"ai": [0, 0], "n1i": [10, 20], "ci": [0, 0], "n2i": [12, 18]}
    found = stats.effect_size(measure, **empty, drop00=True)
    assert not found.usable.any()
    assert np.isnan(found.yi).all()
    assert "no estimate" in found.summary()
    if measure in ("RR", "OR"):
        with pytest.raises(StatsError, match="undefined"):
            stats.mantel_haenszel(*empty.values(), measure=measure)
    kept = stats.effect_size("RR", **empty)
    assert kept.corrected.all()
    assert kept.yi == pytest.approx(
        [np.log((0.5 / 11) / (0.5 / 13)), np.log((0.5 / 21) / (0.5 / 19))], rel=DIRECT
    )


def test_groups_without_patients_are_refused():
    with pytest.raises(StatsError, match=r"n1i\[1\] is 0.0: a number of patients is above zero"):
        stats.effect_size("RR", ai=[1, 0], n1i=[10, 0], ci=[2, 0], n2i=[10, 10])
    with pytest.raises(StatsError, match=r"n2i\[0\]"):
        stats.peto([1], [10], [0], [0])


@pytest.mark.parametrize("method", PLAIN)
def test_one_study_with_all_the_weight(method):
    y, v = np.array([0.5, 0.1, 0.9, 0.4]), np.array([1e-10, 10.0, 20.0, 15.0])
    fit = stats.pool(y, v, method=method, test="z")
    if fit.tau2 == 0:
        assert fit.weights[0] == pytest.approx(100, abs=1e-6)
        assert fit.estimate == pytest.approx(0.5, abs=1e-9)
    without = stats.leave_one_out(y, v, method=method)[0]
    assert without.estimate == pytest.approx(stats.pool(y[1:], v[1:], method=method).estimate, rel=1e-12)


def test_of_two_modes_the_higher_one_is_found():
    # Two precise studies agree, three imprecise ones lie far away: one maximum at zero, one beyond.
    y, v = np.array([0.0, 0.02, 3.0, 3.3, 2.9]), np.array([1e-4, 1e-4, 0.5, 0.6, 0.4])
    height = restricted(y, v)
    grid = np.geomspace(1e-8, 50, 20001)
    values = np.array([height(t) for t in grid])
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])
    modes = int(inner.sum()) + int(height(0.0) > values[0])
    assert modes == 2
    fit = stats.pool(y, v, method="REML")
    assert height(fit.tau2) >= max(values.max(), height(0.0)) - 1e-10
    assert height(fit.tau2) > sorted([height(0.0), *values[1:-1][inner]])[0] + 0.01


def test_a_negative_moment_estimate_is_cut_at_zero():
    y, v = np.array([0.10, 0.11, 0.12, 0.10]), np.array([0.5, 0.4, 0.6, 0.3])
    assert np.var(y, ddof=1) - v.mean() < 0
    fit = stats.pool(y, v, method="HE")
    assert fit.tau2 == 0
    w = 1 / v
    assert fit.estimate == pytest.approx((w @ y) / w.sum(), rel=DIRECT)


@pytest.mark.parametrize("method", ["REML", "ML", "PM", "EB"])
def test_estimates_that_simple_iteration_reaches_after_more_than_a_hundred_steps(method):
    # Fisher scoring on tau2 itself crawls here: one precise study beside imprecise ones.
    y, v = np.array([0.0, 4.0, -5.0, 6.0, -4.0]), np.array([1e-6, 9.0, 12.0, 8.0, 10.0])
    fit = stats.pool(y, v, method=method)
    height, steps, tau2 = restricted(y, v), 0, 1e-3
    if method == "REML":
        while steps < 5000:  # the fixed-point iteration of the restricted likelihood (Harville 1977)
            w = 1 / (v + tau2)
            mean = (w @ y) / w.sum()
            new = max(0.0, (w**2 @ ((y - mean) ** 2 - v)) / (w**2).sum() + 1 / w.sum())
            steps += 1
            if abs(new - tau2) < 1e-10 * max(tau2, 1e-6):
                break
            tau2 = new
        assert steps > 100
        assert height(fit.tau2) >= height(tau2) - 1e-9
        assert height(fit.tau2) >= best_on_a_grid(height, 100.0) - 1e-8
    assert np.isfinite([fit.tau2, fit.estimate, fit.se]).all()


@pytest.mark.parametrize("method", PLAIN)
def test_one_study_is_no_meta_analysis(method):
    with pytest.raises(StatsError, match="at least two studies, here there are 1"):
        stats.pool([0.3], [0.1], method=method)
    one = stats.combined_interval([0.3], [0.1])
    assert one.estimate == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.ones((6, 1)), "constant"),
        (np.column_stack([np.arange(6.0), 2 * np.arange(6.0)]), "combination"),
        (np.column_stack([np.arange(6.0), 5 - np.arange(6.0)]), "combination"),
        (np.array([[0, 1, np.nan, 3, 4, 5.0]]).T, "not a finite number"),
        (np.array([[0, 1, np.inf, 3, 4, 5.0]]).T, "not a finite number"),
        (np.eye(6)[:, :5], "need more than 6 studies"),
    ],
)
def test_moderators_that_say_nothing_new_are_refused(x, text):
    y, v = [0.1, 0.3, -0.2, 0.5, 0.0, 0.4], [0.01, 0.02, 0.05, 0.03, 0.02, 0.1]
    names = [f"x{i}" for i in range(x.shape[1])]
    with pytest.raises(StatsError, match=text):
        stats.meta_regression(y, v, x, names=names)
