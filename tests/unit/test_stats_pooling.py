import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import DIRECT

from rheumeta.errors import StatsError
from rheumeta.stats import METHODS as ALL_METHODS
from rheumeta.stats import leave_one_out, pool, pool_batch
from rheumeta.stats.batch import single
from rheumeta.stats.likelihood import log_likelihood
from rheumeta.stats.moments import moments, trace_as, trace_asas

YI = [0.1, 0.9, 0.6, 0.4]
VI = [0.01, 0.06, 0.09, 0.03]
METHODS = [m for m in ALL_METHODS if not m.startswith("GENQ")]  # which need weights of their own
RANDOM = [m for m in METHODS if m not in ("EE", "FE")]
SAME = 1e-9  # relative; scaling or reordering only changes the rounding of sums and roots


def test_common_effect_by_hand():
    fit = pool([1.0, 3.0], [0.5, 1.0], method="EE", test="z")  # weights 2 and 1
    assert fit.estimate == pytest.approx(5 / 3)
    assert fit.se == pytest.approx(3**-0.5)
    assert fit.q == pytest.approx(2 * (2 / 3) ** 2 + (4 / 3) ** 2)
    assert fit.weights == pytest.approx([200 / 3, 100 / 3])
    assert fit.i2 == pytest.approx(100 * (fit.q - 1) / fit.q)
    assert (fit.pi_lb, fit.tau2, fit.tau2_lb) == (None, 0.0, None)


@pytest.mark.parametrize("method", ["DL", "PM", "REML", "HE", "EB"])
def test_equal_variances_give_the_moment_estimate(method):
    # With one common variance v all unbiased estimators are the sample variance less v.
    y = np.array([0.0, 1.0, 2.0, 5.0])
    fit = pool(y, np.full(4, 0.5), method=method, test="knha")
    assert fit.tau2 == pytest.approx(y.var(ddof=1) - 0.5)
    assert fit.se == pytest.approx(y.std(ddof=1) / 2)  # Hartung-Knapp is then the one-sample t test
    assert fit.estimate == pytest.approx(y.mean())


def test_equal_variances_ml_and_hs():
    y = np.array([0.0, 1.0, 2.0, 5.0])
    assert pool(y, np.full(4, 0.5), method="ML").tau2 == pytest.approx(y.var() - 0.5)
    assert pool(y, np.full(4, 0.5), method="HS").tau2 == pytest.approx(y.var() - 0.5)


def test_cochrane_uses_hartung_knapp_where_it_can():
    fit = pool(YI, VI)
    assert fit.test_used == "knha"
    assert fit.df == 3
    assert fit.notes == ()
    assert fit.se == pool(YI, VI, test="knha").se


def test_cochrane_falls_back_without_heterogeneity():
    fit = pool([0.3, 0.31, 0.29], [0.04, 0.05, 0.06])
    assert (fit.tau2, fit.test_used, fit.df) == (0.0, "z", None)
    assert any("tau2 is estimated as zero" in note for note in fit.notes)
    assert any("empty" in note for note in fit.notes)


def test_two_studies_warn_and_have_no_prediction_interval():
    fit = pool([0.2, 0.9], [0.01, 0.01])
    assert fit.tau2 > 0
    assert fit.test_used == "z"
    assert fit.pi_lb is None
    assert len(fit.notes) == 3


def test_ad_hoc_interval_is_never_narrower_than_wald():
    for vi in ([0.5, 0.4, 0.6, 0.5], VI):
        wald, adhoc = (pool(YI, vi, test=t) for t in ("z", "adhoc"))
        assert adhoc.se >= wald.se
        assert adhoc.ci_ub - adhoc.ci_lb > wald.ci_ub - wald.ci_lb


def test_prediction_conventions_widen():
    width = {p: (f := pool(YI, VI, prediction=p)).pi_ub - f.pi_lb for p in ("normal", "t", "t-2")}
    assert width["normal"] < width["t"] < width["t-2"]
    assert pool(YI, VI, prediction="none").pi_lb is None


def test_equal_effects_have_no_hartung_knapp_test():
    fit = pool([0.25] * 6, [0.01, 0.02, 0.03, 0.04, 0.05, 0.06], test="knha")
    assert (fit.se, fit.statistic, fit.pval) == (0.0, None, None)
    assert fit.ci_lb == fit.ci_ub == 0.25
    assert any("no test" in note for note in fit.notes)


def test_given_tau2_is_used():
    fit = pool(YI, VI, tau2=0.1, test="z")
    assert fit.estimate == pytest.approx(np.average(YI, weights=1 / (np.array(VI) + 0.1)))
    assert (fit.tau2, fit.se_tau2) == (0.1, None)


def test_level_changes_every_interval():
    wide, narrow = pool(YI, VI, level=99), pool(YI, VI, level=80)
    for name in ("ci_ub", "tau2_ub", "i2_ub", "pi_ub"):
        assert getattr(wide, name) > getattr(narrow, name)


def test_to_dict_is_json_and_summary_names_the_method():
    fit = pool(YI, VI)
    assert json.loads(json.dumps(fit.to_dict(), allow_nan=False))["weights"] == fit.weights.tolist()
    assert fit.summary().startswith("REML, k = 4, test knha")
    assert "prediction interval [" in fit.summary()


@pytest.mark.parametrize(
    ("yi", "vi", "options", "message"),
    [
        ([0.1], [0.1], {}, "at least two studies"),
        ([], [], {}, "at least two studies"),
        ([0.1, 0.2], [0.1, 0.0], {}, r"vi\[1\] is 0.0; it must be a positive number"),
        ([0.1, 0.2], [0.1, -1], {}, r"vi\[1\] is -1.0"),
        ([0.1, 0.2], [1e-200, 0.1], {}, r"vi\[0\] is 1e-200; .* \(1e-90 to 1e90\)"),
        ([0.1, float("nan")], [0.1, 0.2], {}, r"yi\[1\] is nan"),
        ([0.1, 0.2], [float("inf"), 0.2], {}, r"vi\[0\] is inf"),
        ([0.1, 0.2], [0.1], {}, "one length"),
        (["a", "b"], [1, 2], {}, "numbers only"),
        ([0.1, 0.2], [0.1, 0.2], {"method": "XX"}, "method must be one of DL"),
        ([0.1, 0.2], [0.1, 0.2], {"test": "F"}, "test must be one of"),
        ([0.1, 0.2], [0.1, 0.2], {"prediction": "wide"}, "prediction must be one of"),
        ([0.1, 0.2], [0.1, 0.2], {"level": 0.95e3}, "level is in percent"),
        ([0.1, 0.2], [0.1, 0.2], {"tau2": -1}, "tau2 must be"),
        ([0.1, 0.2], [0.1, 0.2], {"tau2": 0.1, "method": "EE"}, "common-effect model"),
    ],
)
def test_refusals(yi, vi, options, message):
    with pytest.raises(StatsError, match=message):
        pool(yi, vi, **options)


def batch_of_three():
    rng = np.random.default_rng(7)
    groups = ["a"] * 4 + ["b"] * 2 + ["c"] * 6
    vi = rng.uniform(0.01, 0.4, 12)
    return rng.normal(0.3, np.sqrt(vi + 0.1)), vi, groups


@pytest.mark.parametrize("method", METHODS)
def test_batch_equals_single_fits(method):
    yi, vi, groups = batch_of_three()
    order = np.random.default_rng(1).permutation(12)  # groups interleaved
    yi, vi, groups = yi[order], vi[order], [groups[i] for i in order]
    batch = pool_batch(yi, vi, groups=groups, method=method)
    for i, label in enumerate(batch.labels):
        rows = [g == label for g in groups]
        one = pool(yi[rows], vi[rows], method=method)
        assert batch.test_used[i] == one.test_used
        assert batch.weights[i, : one.k] == pytest.approx(one.weights)
        for name in ("estimate", "se", "ci_lb", "ci_ub", "tau2", "i2", "q", "q_pval"):
            assert getattr(batch, name)[i] == pytest.approx(getattr(one, name), rel=SAME, abs=1e-15)
        for name in ("df", "tau2_ub", "pi_lb", "se_tau2"):
            value = getattr(one, name)
            expected = np.nan if value is None else value
            assert getattr(batch, name)[i] == pytest.approx(expected, rel=SAME, nan_ok=True)


def test_batch_by_mask_ignores_padding():
    mask = [[True, True, True, False], [True, True, True, True]]
    yi, vi = [[*YI[:3], np.nan], YI], [[*VI[:3], -9], VI]
    batch = pool_batch(yi, vi, mask=mask)
    assert batch.labels == (0, 1)
    assert batch.estimate[0] == pytest.approx(pool(YI[:3], VI[:3]).estimate, rel=SAME)
    assert batch.weights[0, 3] == 0


def test_batch_names_what_it_refuses():
    with pytest.raises(StatsError, match=r"analysis 1"):
        pool_batch([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], groups=["a", "a", "b"])
    with pytest.raises(StatsError, match=r"vi\[\[1, 0\]\] is 0.0"):
        pool_batch([[0.1, 0.2], [0.3, 0.4]], [[0.1, 0.2], [0.0, 0.1]])
    with pytest.raises(StatsError, match="labels"):
        pool_batch([0.1, 0.2], [0.1, 0.1], groups=["a"])
    with pytest.raises(StatsError, match="2-D"):
        pool_batch([0.1, 0.2], [0.1, 0.1])


def test_the_interval_of_tau2_can_be_left_out():
    yi, vi, groups = batch_of_three()
    whole, bare = (pool_batch(yi, vi, groups=groups, tau2_interval=t) for t in (True, False))
    for name in ("estimate", "tau2", "i2", "pi_ub", "q_pval"):
        assert getattr(bare, name) == pytest.approx(getattr(whole, name), nan_ok=True, rel=DIRECT)
    assert np.isnan([bare.tau2_ub, bare.i2_lb, bare.h2_ub]).all()


def bad_batch():
    yi = [0.1, 0.9, 0.6, 0.4, np.nan, 0.2, 0.3, 0.5, 0.4, 0.7]
    vi = [0.01, 0.06, 0.09, 0.03, 0.1, 0.1, 0.2, -1.0, 0.1, 0.2]
    return yi, vi, ["good"] * 4 + ["nan"] * 2 + ["negative"] * 2 + ["alone", "last"]


def test_a_bad_analysis_is_reported_and_does_not_stop_the_others():
    yi, vi, groups = bad_batch()
    fit = pool_batch(yi, vi, groups=groups, on_error="report")
    assert fit.labels == ("good", "nan", "negative", "alone", "last")
    assert fit.estimate[0] == pytest.approx(pool(YI, VI).estimate, rel=SAME)
    assert np.isnan(fit.estimate[1:]).all()
    assert fit.k.tolist() == [4, 2, 2, 1, 1]
    assert fit.problems == {
        1: "yi[0] is nan; it must be a finite number.",
        2: "vi[1] is -1.0; it must be a positive number (1e-90 to 1e90).",
        3: "pooling needs at least two studies, here there are 1.",
        4: "pooling needs at least two studies, here there are 1.",
    }
    assert fit.summary().splitlines()[:2] == ["1 of 5 analyses pooled", f"nan: {fit.problems[1]}"]
    assert json.loads(json.dumps(fit.to_dict(), allow_nan=False))["estimate"][1] is None


def test_a_batch_without_a_sound_analysis_is_reported_too():
    fit = pool_batch([0.1, 0.2], [0.1, 0.2], groups=["a", "b"], on_error="report")
    assert sorted(fit.problems) == [0, 1]
    assert np.isnan(fit.tau2).all()
    assert fit.weights.shape[0] == 2


def test_labels_of_any_kind_come_in_order_of_appearance():
    yi, vi = np.tile(YI, 2), np.tile(VI, 2)
    for labels in ([7, 3], ["b", "a"], [("x", 1), None]):
        groups = [labels[0]] * 4 + [labels[1]] * 4
        whole = pool_batch(yi, vi, groups=groups)
        assert whole.labels == tuple(labels)
        if isinstance(labels[0], int | str):
            array = pool_batch(yi, vi, groups=np.array(groups))
            assert array.labels == tuple(labels)
            assert array.estimate.tolist() == whole.estimate.tolist()


def test_parts_change_nothing_and_tell_their_progress(monkeypatch):
    yi, vi, groups = batch_of_three()
    whole, calls = pool_batch(yi, vi, groups=groups), []
    monkeypatch.setattr("rheumeta.stats.batch.CHUNK", 1)
    parts = pool_batch(yi, vi, groups=groups, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    for field in dataclasses.fields(whole):
        one, other = getattr(whole, field.name), getattr(parts, field.name)
        if isinstance(one, np.ndarray) and one.dtype.kind == "f":
            assert other == pytest.approx(one, rel=1e-12, nan_ok=True)
        else:
            assert np.array_equal(one, other)


def test_leave_one_out_drops_each_in_turn():
    fits = leave_one_out(YI, VI, method="DL", test="z")
    assert [f.k for f in fits] == [3, 3, 3, 3]
    assert fits[2].estimate == pool([0.1, 0.9, 0.4], [0.01, 0.06, 0.03], method="DL", test="z").estimate
    with pytest.raises(StatsError, match="at least three"):
        leave_one_out([0.1, 0.2], [0.1, 0.1])


studies = st.lists(st.tuples(st.floats(-3, 3), st.floats(1e-3, 5)), min_size=2, max_size=12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(studies=studies, method=st.sampled_from(METHODS), test=st.sampled_from(["cochrane", "z", "adhoc"]))
def test_order_does_not_matter(studies, method, test):
    yi, vi = np.array(studies).T
    one, other = pool(yi, vi, method=method, test=test), pool(yi[::-1], vi[::-1], method=method, test=test)
    scale = 1 + np.abs(yi).max()
    assert other.estimate == pytest.approx(one.estimate, abs=1e-7 * scale)
    assert other.tau2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-8 * scale**2)
    assert other.weights[::-1] == pytest.approx(one.weights, abs=1e-4)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(studies=studies, method=st.sampled_from(METHODS))
def test_change_of_sign_mirrors_everything(studies, method):
    yi, vi = np.array(studies).T
    one, mirror = pool(yi, vi, method=method), pool(-yi, vi, method=method)
    assert (mirror.ci_lb, mirror.ci_ub) == (-one.ci_ub, -one.ci_lb)
    assert (mirror.tau2, mirror.pval) == (one.tau2, one.pval)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(studies=studies, method=st.sampled_from(METHODS), power=st.sampled_from([-60, -20, 20, 60]))
def test_change_of_unit_scales_exactly(studies, method, power):
    # A power of two as unit rounds nothing, so that a threshold in absolute terms would show.
    yi, vi = np.array(studies).T
    unit = 2.0**power
    one, scaled = pool(yi, vi, method=method), pool(yi * unit, vi * unit**2, method=method)
    assert scaled.estimate == pytest.approx(one.estimate * unit, rel=SAME)
    assert scaled.tau2 == pytest.approx(one.tau2 * unit**2, rel=SAME)
    assert scaled.ci_ub == pytest.approx(one.ci_ub * unit, rel=SAME)
    assert scaled.i2 == pytest.approx(one.i2, rel=SAME)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(studies=studies, method=st.sampled_from(RANDOM))
def test_results_are_in_range_and_intervals_hold_their_estimate(studies, method):
    yi, vi = np.array(studies).T
    fit = pool(yi, vi, method=method)
    assert yi.min() - 1e-9 <= fit.estimate <= yi.max() + 1e-9
    assert fit.ci_lb <= fit.estimate <= fit.ci_ub
    assert 0 <= fit.i2 <= 100
    assert fit.h2 >= 1
    assert 0 <= fit.tau2_lb <= fit.tau2_ub
    assert fit.weights.sum() == pytest.approx(100)
    assert all(v is None or np.isfinite(v) for v in dataclasses.asdict(fit).values() if isinstance(v, float))


uneven = st.lists(st.tuples(st.floats(-3, 3), st.floats(-8, 1)), min_size=2, max_size=7)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(studies=uneven, method=st.sampled_from(["REML", "ML"]))
def test_no_point_of_a_fine_grid_is_likelier(studies, method):
    # Variances spread over nine orders of magnitude make several maxima common.
    yi, log_vi = np.array(studies).T
    batch, restricted = single(yi, 10.0**log_vi), method == "REML"
    grid = np.concatenate([[0.0], np.geomspace(1e-12, 1e3, 1500)])
    heights = log_likelihood(batch.take(np.zeros(grid.size, dtype=int)), grid, restricted=restricted)
    tau2 = pool(yi, 10.0**log_vi, method=method).tau2
    top = log_likelihood(batch, np.array([tau2]), restricted=restricted)[0]
    assert top >= heights.max() - 1e-9 * max(1.0, abs(heights.max()))


TWO_MAXIMA = [  # the two maxima of REML lie so close that a coarse grid misses one
    ([0.05, -1.14, -0.55, 0.03], [0.0274, 0.2771, 0.1718, 0.0157]),
    ([-0.13, 0.76, -0.01, 0.25, 0.06], [0.0462, 0.0689, 0.0127, 0.7092, 0.0012]),
    ([0.7, -0.1, 0.22, 0.2], [0.021, 0.303, 0.0005, 0.0002]),
]


@pytest.mark.parametrize(("yi", "vi"), TWO_MAXIMA)
def test_the_higher_of_two_maxima_is_found(yi, vi):
    batch = single(yi, vi)
    grid = np.concatenate([[0.0], np.geomspace(1e-7, 10, 5000)])
    heights = log_likelihood(batch.take(np.zeros(grid.size, dtype=int)), grid, restricted=True)
    rises = np.diff(heights) > 0
    assert (rises[:-1] & ~rises[1:]).sum() + (not rises[0]) == 2
    assert pool(yi, vi, method="REML").tau2 == pytest.approx(grid[heights.argmax()], rel=0.01)


def test_moments_survive_one_overwhelming_weight():
    batch = single([0.0, 1.0], [1e-14, 1.0])
    sums = moments(batch, np.zeros(1))
    # For two studies P = d d' / (v1 + v2) with d = (1, -1): tr P = 2 / (v1 + v2), tr PP its square.
    assert sums.tr_p[0] == pytest.approx(2 / (1 + 1e-14), rel=DIRECT)
    assert sums.tr_pp[0] == pytest.approx(4 / (1 + 1e-14) ** 2, rel=DIRECT)


@pytest.mark.parametrize("shape", ["mean", "design"])
def test_sums_match_the_matrices(shape):
    x = np.ones((4, 1)) if shape == "mean" else np.column_stack([np.ones(4), [1.0, 4.0, 2.0, 7.0]])
    batch = single(YI, VI)
    if shape == "design":
        batch = dataclasses.replace(batch, x=x[None])
    y, v, tau2 = np.array(YI), np.array(VI), 0.07
    w = np.diag(1 / (v + tau2))
    p = w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w
    sums = moments(batch, np.array([tau2]))
    expected = {
        "ypy": y @ p @ y,
        "yppy": y @ p @ p @ y,
        "ypppy": y @ p @ p @ p @ y,
        "tr_p": np.trace(p),
        "tr_pp": np.trace(p @ p),
        "log_det": np.log(np.linalg.det(x.T @ w @ x)),
    }
    for name, value in expected.items():
        assert getattr(sums, name)[0] == pytest.approx(value, rel=1e-11), name
    a, s = np.diag(w)[None], (v + 1)[None]
    assert trace_as(batch, a, s)[0] == pytest.approx(np.trace(p @ np.diag(s[0])), rel=1e-11)
    product = p @ np.diag(s[0])
    assert trace_asas(batch, a, s)[0] == pytest.approx(np.trace(product @ product), rel=1e-11)


# Lloyd et al. 2010, Rheumatology 49:2313-2321: change after a second anti-TNF agent, mean [95 % limits].
DAS28 = [
    (-1.7, -2.11, -1.29), (-1.6, -1.78, -1.42), (-1.9, -2.0, -1.8), (-1.47, -1.79, -1.15),
    (-1.87, -2.26, -1.48), (-2.1, -2.63, -1.57), (-0.98, -1.33, -0.63), (-1.0, -1.22, -0.78),
    (-1.24, -1.81, -0.67), (-1.1, -1.42, -0.78), (-2.4, -2.69, -2.11), (-1.5, -1.99, -1.01),
    (-1.06, -1.15, -0.97),
]  # fmt: skip
HAQ = [
    (-0.31, -0.57, -0.05), (-0.35, -0.44, -0.26), (-0.48, -0.52, -0.44), (-0.45, -0.73, -0.17),
    (-0.12, -0.18, -0.06), (0.15, -0.11, 0.41), (-0.21, -0.35, -0.07), (-0.21, -0.36, -0.06),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "recomputed", "published"),
    [
        (DAS28, (1.527, 1.252, 1.802), (1.53, 1.25, 1.80)),
        (HAQ, (0.253, 0.104, 0.403), (0.25, 0.11, 0.40)),
    ],
    ids=["DAS28", "HAQ"],
)
def test_second_anti_tnf_synthesis_is_replicated(rows, recomputed, published):
    mean, lower, upper = np.array(rows).T
    fit = pool(mean, ((upper - lower) / (2 * 1.959963984540054)) ** 2, method="DL", test="z")
    ours = (-fit.estimate, -fit.ci_ub, -fit.ci_lb)
    assert ours == pytest.approx(recomputed, abs=0.0005)
    # Two digits of the studies' limits decide the second digit of the published ones.
    assert ours == pytest.approx(published, abs=0.01)
