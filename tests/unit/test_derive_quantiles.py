"""Mean and SD from quantiles: published numbers, limits, and the behaviour of the tests."""

import math

import numpy as np
import pytest
from scipy.stats import gamma, lognorm, norm
from tolerances import EFFECT_SIZE, FITTED, MONTE_CARLO

from rheumeta.errors import StatsError
from rheumeta.stats.derive import (
    METHODS,
    Quantiles,
    box_cox_estimation,
    mean_sd_from_quantiles,
    quantile_estimation,
    sd_from_quantiles,
    skewness,
)
from rheumeta.stats.derive.quantiles import luo_mean, range_width, wan_sd

# metafor 4.4, conv.fivenum(min=2, q1=6, median=9, q3=17, max=41, test=FALSE): Luo's mean; Wan's SD.
RANGE, QUARTILES, BOTH = ("minimum", "maximum"), ("q1", "q3"), ("minimum", "q1", "q3", "maximum")
FIVE = dict(minimum=2.0, q1=6.0, q3=17.0, maximum=41.0)
METAFOR = [
    (7, RANGE, 15.021544795358952, 14.29106691143328),
    (7, QUARTILES, 10.889285714285714, 10.103962147784886),
    (7, BOTH, 14.361220613598714, 12.197514529609084),
    (30, RANGE, 11.972897250696676, 9.5575055212413016),
    (30, QUARTILES, 10.7825, 8.5626224066574625),
    (30, BOTH, 12.3038216208361, 9.0600639639493821),
    (100, RANGE, 10.403596372036779, 7.804399930371213),
    (100, QUARTILES, 10.75975, 8.2742542328822122),
    (100, BOTH, 11.420082492316839, 8.0393270816267126),
]


@pytest.mark.parametrize(("n", "names", "mean", "sd"), METAFOR)
def test_luo_mean_and_wan_sd_agree_with_metafor(n, names, mean, sd):
    quantiles = Quantiles(n, 9.0, **{name: FIVE[name] for name in names})
    assert luo_mean(quantiles).value == pytest.approx(mean, rel=EFFECT_SIZE)
    assert wan_sd(quantiles).value == pytest.approx(sd, rel=EFFECT_SIZE)


def test_wan_sd_example_of_another_package():
    # R package metaBLUE 1.0.0, Wan.std(c(1, 4, 10), 30, "S1"), printed with seven digits
    assert sd_from_quantiles(Quantiles(30, 4, minimum=1, maximum=10)).value == pytest.approx(
        2.205578, abs=5e-7
    )


# Wan et al. 2014, table 1: exact expected range of a normal sample in SDs
@pytest.mark.parametrize(("n", "width"), [(10, 3.078), (20, 3.735), (30, 4.086), (40, 4.322), (50, 4.498)])
def test_approximate_range_width_is_near_the_exact_one(n, width):
    assert range_width(n) == pytest.approx(width, rel=0.005)


def test_shi_sd_is_a_weighted_mean_of_the_two_wan_sds():
    n = 49
    w = 1 / (1 + 0.07 * n**0.6)
    both = sd_from_quantiles(Quantiles(n, **FIVE)).value
    by_range = sd_from_quantiles(Quantiles(n, minimum=2, maximum=41)).value
    by_iqr = sd_from_quantiles(Quantiles(n, q1=6, q3=17)).value
    assert both == pytest.approx(w * by_range + (1 - w) * by_iqr, rel=EFFECT_SIZE)


def normal_quantiles(n, mean, sd, names):
    """Quantiles of a normal distribution where the formulas of Wan place them."""
    z = {"q3": norm.ppf((0.75 * n - 0.125) / (n + 0.25)), "maximum": norm.ppf((n - 0.375) / (n + 0.25))}
    z |= {"q1": -z["q3"], "minimum": -z["maximum"]}
    return Quantiles(n, mean, **{name: mean + sd * z[name] for name in names})


@pytest.mark.parametrize("names", [RANGE, QUARTILES, BOTH])
@pytest.mark.parametrize("method", ["luo_shi", "wan", "bc"])
def test_normal_quantiles_return_their_mean_and_sd(method, names):
    result = mean_sd_from_quantiles(normal_quantiles(400, 50.0, 5.0, names), method=method)
    assert result.mean.value == pytest.approx(50, rel=1e-7)
    assert result.sd.value == pytest.approx(5, rel=1e-6)
    assert not result.skewness.skewed


@pytest.mark.parametrize(
    ("distribution", "family"),
    [(norm(50, 5), "normal"), (lognorm(0.6, scale=20), "log-normal"), (gamma(3, scale=2), "gamma")],
)
@pytest.mark.parametrize("with_range", [True, False])
def test_quantile_estimation_finds_the_distribution(distribution, family, with_range):
    n = 200
    q1, m, q3, low, high = distribution.ppf([0.25, 0.5, 0.75, 1 / n, 1 - 1 / n])
    extremes = dict(minimum=low, maximum=high) if with_range else {}
    result = quantile_estimation(Quantiles(n, m, q1=q1, q3=q3, **extremes))
    assert result.mean.value == pytest.approx(distribution.mean(), rel=FITTED)
    assert result.sd.value == pytest.approx(distribution.std(), rel=FITTED)
    assert f"a {family} distribution" in result.mean.assumption


def test_quantile_estimation_agrees_with_its_authors():
    # R package estmeansd, README: qe.mean.sd(min.val = 2, med.val = 4, max.val = 9, n = 100)
    result = quantile_estimation(Quantiles(100, 4, minimum=2, maximum=9))
    assert result.mean.value == pytest.approx(4.347284, rel=FITTED)
    assert result.sd.value == pytest.approx(1.502171, rel=FITTED)


def test_box_cox_agrees_with_its_authors():
    # R package estmeansd 1.0.1, README: bc.mean.sd(min.val = 2, med.val = 4, max.val = 9, n = 100)
    result = box_cox_estimation(Quantiles(100, 4, minimum=2, maximum=9))
    assert result.mean.value == pytest.approx(4.210971, abs=MONTE_CARLO)
    assert result.sd.value == pytest.approx(1.337348, abs=MONTE_CARLO)


def test_box_cox_at_power_zero_is_the_log_normal():
    # quartiles symmetric on the log scale: λ = 0, mean = exp(μ + σ²/2), closed
    n, mu = 100, math.log(20)
    sigma = math.log(2) / norm.ppf((0.75 * n - 0.125) / (n + 0.25))
    result = box_cox_estimation(Quantiles(n, 20, q1=10, q3=40))
    assert result.mean.inputs["λ"] == pytest.approx(0, abs=1e-9)
    # the normal is cut at 6 SDs, which takes 2e-7 of the mean and 4e-5 of the variance
    assert result.mean.value == pytest.approx(math.exp(mu + sigma**2 / 2), rel=1e-5)
    sd = math.exp(mu + sigma**2 / 2) * math.sqrt(math.expm1(sigma**2))
    assert result.sd.value == pytest.approx(sd, rel=2e-3)


def test_box_cox_integral_agrees_with_random_numbers():
    result = box_cox_estimation(Quantiles(60, 30, q1=22, q3=39))
    power, mean, sd = (result.mean.inputs[key] for key in ("λ", "μ", "σ"))
    assert power > 0
    y = np.random.default_rng(7).normal(mean, sd, 200_000)
    y = y[power * y > -1]
    x = 30 * (power * y + 1) ** (1 / power)
    assert result.mean.value == pytest.approx(x.mean(), rel=0.01)
    assert result.sd.value == pytest.approx(x.std(), rel=0.02)


def test_box_cox_warns_of_a_heavy_tail():
    result = box_cox_estimation(Quantiles(40, 10, q1=9, q3=30))
    assert "upper tail is heavy" in result.sd.warning


@pytest.mark.parametrize("names", [RANGE, QUARTILES, BOTH])
def test_skewness_test_keeps_five_percent_in_normal_samples(names):
    """Shi et al. 2023: the critical values keep the type I error near 5 percent."""
    rng, trials, quarter = np.random.default_rng(11), 2000, 12
    sample = np.sort(rng.normal(size=(trials, 4 * quarter + 1)), axis=1)
    rows = sample[:, ::quarter]
    columns = dict(minimum=0, q1=1, q3=3, maximum=4)
    skewed = [
        skewness(Quantiles(sample.shape[1], row[2], **{name: row[columns[name]] for name in names})).skewed
        for row in rows
    ]
    assert np.mean(skewed) == pytest.approx(0.05, abs=0.015)  # 3 standard errors


def test_skewed_quantiles_warn_in_every_method():
    for method in METHODS:
        result = mean_sd_from_quantiles(Quantiles(100, 4, minimum=2, maximum=9), method=method)
        assert "skewed distribution" in result.mean.warning
        assert "skewed distribution" in result.sd.warning


@pytest.mark.parametrize(
    ("n", "median", "given", "message"),
    [
        (30, 4, {}, "Quartiles, or minimum and maximum, are needed"),
        (30, 4, dict(q1=3), "come in pairs"),
        (30, 4, dict(q1=5, q3=6), "do not rise in order"),
        (30, 4, dict(q1=4, q3=4), "do not rise in order"),
        (30, 4, dict(q1=3, q3=6, minimum=3.5, maximum=9), "do not rise in order"),
        (1, 4, dict(q1=3, q3=6), "n is 1: it must be above 1"),
        (30, float("nan"), dict(q1=3, q3=6), "median is nan"),
    ],
)
def test_refuses_quantiles_that_cannot_be(n, median, given, message):
    with pytest.raises(StatsError, match=message):
        Quantiles(n, median, **given)


def test_refuses_an_unknown_method_and_a_missing_median():
    with pytest.raises(StatsError, match="no method 'x'"):
        mean_sd_from_quantiles(Quantiles(30, 4, q1=3, q3=6), method="x")
    with pytest.raises(StatsError, match="median is needed"):
        mean_sd_from_quantiles(Quantiles(30, q1=3, q3=6))


def test_box_cox_refuses_values_of_zero_or_below():
    with pytest.raises(StatsError, match="above zero"):
        box_cox_estimation(Quantiles(30, 4, minimum=0, maximum=9))


def test_quantile_estimation_takes_the_normal_for_values_below_zero():
    result = quantile_estimation(Quantiles(30, 1, q1=-2, q3=5))
    assert result.mean.assumption.endswith("nearest of normal")
