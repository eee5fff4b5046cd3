"""Derivations against the worked examples of the Cochrane Handbook and direct algebra."""

import math

import numpy as np
import pytest
from scipy.stats import norm, t
from tolerances import EFFECT_SIZE, INVERTED_P

from rheumeta.errors import StatsError
from rheumeta.stats import derive
from rheumeta.stats.effects import effect_size


def printed(text):
    """A published number with its rounding as tolerance."""
    return pytest.approx(float(text), abs=derive.rounding_half_width(text) * (1 + 1e-9))


def test_handbook_sd_from_small_group_interval():
    # Handbook 6.5.2.2: 95 % interval of 25 patients, divisor 2 x 2.064 = 4.128
    derived = derive.sd_from_ci(30, 34.2, 25)
    assert 2 * derived.inputs["t(24)"] == printed("4.128")
    assert derived.value == pytest.approx(5 * 4.2 / (2 * t.ppf(0.975, 24)), rel=EFFECT_SIZE)


def test_handbook_se_and_sd_of_a_difference_from_p():
    # Handbook 6.5.2.3: MD 3.8, P = 0.008, n = 25 and 22: t = 2.78, SE = 1.37; 1.37 gives SD 4.69
    step = derive.md_se_from_p(3.8, 0.008, df=45)
    assert step.inputs["t(45)"] == printed("2.78")
    assert step.value == printed("1.37")
    assert derive.sd_from_md_se(1.37, 25, 22).value == printed("4.69")


def test_handbook_correlations_and_imputed_change_sd():
    # Handbook 6.5.2.8: 129 experimental (6.4, 7.1, 4.5) and 135 control patients (7.0, 6.9, 4.2)
    assert derive.correlation(6.4, 7.1, 4.5).value == printed("0.78")
    assert derive.correlation(7.0, 6.9, 4.2).value == printed("0.82")
    assert derive.change_sd(6.4, 7.1, 0.80).value == printed("4.32")


def test_handbook_paired_difference_from_correlation():
    # Handbook 5.1, 16.4.6.4: SDs 2.38 and 2.21 of 10 patients, correlation 0.68: SE 0.583
    assert derive.change_sd(2.38, 2.21, 0.68).value / math.sqrt(10) == printed("0.583")


def test_correlation_and_change_sd_are_inverse():
    r = derive.correlation(1.3, 1.1, 0.9).value
    assert derive.change_sd(1.3, 1.1, r).value == pytest.approx(0.9, rel=EFFECT_SIZE)


def test_sd_comes_back_by_every_route_of_one_group():
    mean, sd, n = 4.0, 2.5, 18
    se = sd / math.sqrt(n)
    half_t, half_z = t.ppf(0.975, n - 1) * se, norm.ppf(0.95) * se
    assert derive.sd_from_se(se, n).value == pytest.approx(sd, rel=EFFECT_SIZE)
    assert derive.sd_from_ci(mean - half_t, mean + half_t, n).value == pytest.approx(sd, rel=EFFECT_SIZE)
    normal = derive.sd_from_ci(mean - half_z, mean + half_z, n, level=90, distribution="normal")
    assert normal.value == pytest.approx(sd, rel=EFFECT_SIZE)
    assert "small group" in normal.warning
    p = 2 * t.sf(mean / se, n - 1)
    assert derive.change_sd_from_p(mean, p, n).value == pytest.approx(sd, rel=INVERTED_P)


def test_sd_comes_back_by_every_route_of_two_groups():
    md, sd, n1, n2 = -1.7, 3.1, 20, 24
    se = sd * math.sqrt(1 / n1 + 1 / n2)
    statistic, df = md / se, n1 + n2 - 2
    half = t.ppf(0.975, df) * se
    assert derive.sd_from_t(md, statistic, n1, n2).value == pytest.approx(sd, rel=EFFECT_SIZE)
    assert derive.sd_from_f(md, statistic**2, n1, n2).value == pytest.approx(sd, rel=EFFECT_SIZE)
    assert derive.sd_from_p(md, 2 * t.sf(abs(statistic), df), n1, n2).value == pytest.approx(
        sd, rel=INVERTED_P
    )
    assert derive.md_se_from_ci(md - half, md + half, n1, n2).value == pytest.approx(se, rel=EFFECT_SIZE)
    assert derive.md_se_from_t(md, statistic).value == pytest.approx(se, rel=EFFECT_SIZE)


def test_upper_limit_of_p_is_conservative_and_says_so():
    exact = derive.sd_from_p(2.0, 0.03, 20, 20)
    limit = derive.sd_from_p(2.0, 0.05, 20, 20, upper_limit=True)
    assert limit.value > exact.value
    assert "conservative" in limit.warning
    assert "upper limit" in limit.assumption
    assert exact.warning is None


def test_iqr_of_a_large_normal_sample():
    # Handbook 6.5.2.5 divides by 1.35; exactly it is 1.349
    q1, q3 = norm.ppf([0.25, 0.75], 10, 4)
    assert derive.sd_from_iqr_width(q1, q3).value == pytest.approx(4, rel=0.001)


def test_groups_combine_to_the_whole_sample():
    rng = np.random.default_rng(3)
    parts = [rng.normal(mean, 2, size) for mean, size in ((1, 5), (4, 12), (2, 8))]
    whole = np.concatenate(parts)
    combined = derive.combine_means(
        [part.size for part in parts], [part.mean() for part in parts], [part.std(ddof=1) for part in parts]
    )
    assert combined.n.value == whole.size
    assert combined.mean.value == pytest.approx(whole.mean(), rel=EFFECT_SIZE)
    assert combined.sd.value == pytest.approx(whole.std(ddof=1), rel=EFFECT_SIZE)


def test_two_groups_combine_by_the_formula_of_the_table():
    # Handbook table 6.5.a, written out
    n1, m1, s1, n2, m2, s2 = 10, 5.0, 1.2, 14, 7.5, 2.2
    square = (n1 - 1) * s1**2 + (n2 - 1) * s2**2
    square += n1 * n2 / (n1 + n2) * (m1**2 + m2**2 - 2 * m1 * m2)
    combined = derive.combine_means([n1, n2], [m1, m2], [s1, s2])
    assert combined.sd.value == pytest.approx(math.sqrt(square / (n1 + n2 - 1)), rel=EFFECT_SIZE)


def test_events_add_and_a_control_is_split():
    events, n = derive.combine_events([3, 4, 0], [10, 12, 9])
    assert (events.value, n.value) == (7, 31)
    size, share = derive.split_control(25, 2, events=5)
    assert (size.value, share.value) == (12.5, 2.5)
    assert len(derive.split_control(25, 3)) == 1


def test_log_ratio_and_se_come_back_from_the_interval():
    low, high = (0.5 * math.exp(sign * norm.ppf(0.975) * 0.3) for sign in (-1, 1))
    effect = derive.log_ratio_from_ci("0.5", repr(low), repr(high))
    assert effect.estimate.value == pytest.approx(math.log(0.5), rel=EFFECT_SIZE)
    assert effect.se.value == pytest.approx(0.3, rel=EFFECT_SIZE)
    assert effect.se.warning is None


def test_asymmetric_interval_of_a_ratio_warns_beyond_rounding_only():
    assert derive.log_ratio_from_ci("1.53", "1.25", "1.87").se.warning is None
    assert "not symmetric" in derive.log_ratio_from_ci("1.53", "1.00", "1.87").se.warning


def test_log_ratio_from_p():
    p = 2 * norm.sf(abs(math.log(0.5)) / 0.3)
    assert derive.log_ratio_from_p(0.5, p).se.value == pytest.approx(0.3, rel=INVERTED_P)


def test_standardised_difference_from_t_p_and_d_is_that_of_the_means():
    means = dict(m1i=3.0, sd1i=2.0, n1i=10, m2i=5.0, sd2i=2.0, n2i=14)
    direct = effect_size("SMD", **means)
    d = (3 - 5) / 2
    statistic = d / math.sqrt(1 / 10 + 1 / 14)
    p = 2 * t.sf(abs(statistic), 22)
    for effect in (
        derive.smd_from_d(d, 10, 14),
        derive.smd_from_t(statistic, 10, 14),
        derive.smd_from_p(p, 10, 14, positive=False),
    ):
        assert effect.estimate.value == pytest.approx(direct.yi[0], rel=INVERTED_P)
        assert effect.se.value == pytest.approx(direct.sei[0], rel=INVERTED_P)


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("4.53", 0.005),
        ("12", 0.5),
        ("4.50", 0.005),
        ("-0.1", 0.05),
        (".25", 0.005),
        ("3.", 0.5),
        ("1.2e3", 50),
    ],
)
def test_rounding_half_width(text, half):
    assert derive.rounding_half_width(text) == pytest.approx(half, rel=EFFECT_SIZE)


@pytest.mark.parametrize("text", ["4,53", "", "12 %", "1.2.3", "nan", "<5"])
def test_rounding_refuses_what_is_no_printed_number(text):
    with pytest.raises(StatsError, match="not a printed decimal number"):
        derive.rounding_half_width(text)


@pytest.mark.parametrize(
    ("a", "half_a", "b", "half_b", "same"),
    [
        (4.53, 0.005, 4.5, 0.05, True),
        (4.53, 0.005, 4.54, 0.005, True),  # both may be 4.535
        (4.53, 0.005, 4.55, 0.005, False),
        (1 / 3, 0.0, 0.33, 0.005, True),
        (1.0, 0.0, 1.0, 0.0, True),
        (1.0, 0.0, 1.001, 0.0, False),
    ],
)
def test_agreement_within_rounding(a, half_a, b, half_b, same):
    assert derive.agree(a, half_a, b, half_b) is same
    assert derive.agree(b, half_b, a, half_a) is same


def test_rounding_of_an_interval_moves_the_derived_sd():
    # SD = √n (upper - lower) / 2t is linear: both limits off by 0.05 the opposite way
    def sd(lower, upper):
        return derive.sd_from_ci(lower, upper, 25).value

    half = derive.derived_half_width(sd, "30.0", "34.2")
    assert half == pytest.approx(5 * 0.1 / (2 * t.ppf(0.975, 24)), rel=INVERTED_P)
    assert derive.agree(sd(30.0, 34.2), half, 5.2, 0.05)
    assert not derive.agree(sd(30.0, 34.2), half, 4.2, 0.05)


def test_rounding_leaves_out_corners_without_an_answer():
    def sd(lower, upper):
        return derive.sd_from_ci(lower, upper, 25).value

    assert derive.derived_half_width(sd, "3.1", "3.2") > 0


@pytest.mark.parametrize(
    ("percent", "n", "values"),
    [
        ("33.3", 9, (3,)),
        ("33", 9, (3,)),
        ("34", 9, ()),
        ("0", 12, (0,)),
        ("100", 12, (12,)),
        ("50", 400, (198, 199, 200, 201, 202)),
        ("62.5", 8, (5,)),
        ("12.5", 8, (1,)),
    ],
)
def test_whole_numbers_behind_a_percentage(percent, n, values):
    found = derive.events_from_percent(percent, n)
    assert found.values == values
    assert found.flag == (None if values else "percent_not_whole")
    assert found.value == (round(float(percent) * n / 100) if values else None)


def test_every_count_is_found_from_its_own_percentage():
    for n in range(1, 60):
        for x in range(n + 1):
            assert x in derive.events_from_percent(f"{100 * x / n:.1f}", n).values


def test_denominators_that_a_percentage_implies():
    assert derive.implied_denominators("33.3", 3, most=20) == (9,)
    assert derive.implied_denominators("50", 5, most=12) == (10,)
    assert derive.implied_denominators("41", 3, most=20) == ()


def test_a_derivation_can_be_redone_by_hand():
    text = derive.sd_from_se(0.5, 16).worked()
    assert text == "SD = SE·√n; SE = 0.5, n = 16; result 2.0"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: derive.sd_from_se(0, 10), "se is 0: it must be above 0"),
        (lambda: derive.sd_from_ci(3, 2, 10), "do not rise in order: lower 3 <= upper 2"),
        (lambda: derive.sd_from_ci(1, 2, 1), "n is 1: it must be above 1"),
        (lambda: derive.sd_from_ci(1, 2, 9, level=100), "level is 100"),
        (lambda: derive.sd_from_p(2, 1.0, 9, 9), "p is 1.0"),
        (lambda: derive.sd_from_p(2, 0.0, 9, 9), "p is 0.0"),
        (lambda: derive.md_se_from_t(2, 0), "abs_t is 0"),
        (lambda: derive.correlation(1, 1, 3), "contradict each other"),
        (lambda: derive.change_sd(1, 1, 1.5), "correlation lies between"),
        (lambda: derive.combine_means([3], [1], [1]), "at least two groups"),
        (lambda: derive.combine_means([3, 4], [1, 2], [1, -1]), r"sd\[1\] is -1"),
        (lambda: derive.combine_events([5, 1], [4, 4]), r"events\[0\] is 5"),
        (lambda: derive.split_control(10, 1), "at least 2"),
        (lambda: derive.log_ratio_from_ci("2.0", "0.5", "1.5"), "does not hold its estimate"),
        (lambda: derive.log_ratio_from_ci("2,0", "0.5", "1.5"), "not a printed decimal"),
        (lambda: derive.log_ratio_from_p(1, 0.4), "ratio is 1"),
        (lambda: derive.events_from_percent("120", 10), "not a percentage"),
    ],
)
def test_refuses_what_has_no_answer(call, message):
    with pytest.raises(StatsError, match=message):
        call()
