"""GRIM, GRIMMER and DEBIT against printed outputs of other implementations and against enumeration."""

import itertools
import math
import statistics
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest

from rheumeta.errors import StatsError
from rheumeta.stats import integrity

# The data sets pigs1, pigs2, pigs3 and pigs5 of the R package scrutiny, as printed with their results in
# its README (github.com/lhdjung/scrutiny) and, for pigs5, expected in its test of grimmer_map.
PIGS1 = [
    ("7.22", 32, True), ("4.74", 25, False), ("5.23", 29, False), ("2.57", 24, False), ("6.77", 27, False),
    ("2.68", 28, True), ("7.01", 29, False), ("7.38", 26, True), ("3.14", 27, False), ("6.89", 31, False),
    ("5.00", 25, True), ("0.24", 28, False),
]  # fmt: skip
PIGS2 = [("67.4", False), ("54.2", False), ("54.0", True), ("69.8", False), ("68.1", False), ("55.4", False)]
PIGS3 = [
    ("0.53", "0.50", True), ("0.44", "0.50", True), ("0.77", "0.42", True), ("0.19", "0.35", False),
    ("0.34", "0.47", True), ("0.93", "0.25", True), ("0.12", "0.33", True),
]  # fmt: skip
PIGS5 = [
    ("7.22", "5.30", 38, False), ("4.74", "6.55", 31, True), ("5.23", "2.55", 35, False),
    ("2.57", "2.57", 30, True), ("6.77", "2.18", 33, False), ("2.68", "2.59", 34, True),
    ("7.01", "6.68", 35, False), ("7.38", "3.65", 32, True), ("3.14", "5.32", 33, False),
    ("6.89", "4.18", 37, True), ("5.00", "2.18", 31, True), ("0.24", "6.43", 34, True),
]  # fmt: skip


def rounded(value, decimals, mode=ROUND_HALF_UP):
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding=mode))


@pytest.mark.parametrize(("mean", "n", "possible"), PIGS1)
def test_grim_agrees_with_scrutiny(mean, n, possible):
    assert integrity.grim(mean, n).flagged is not possible


@pytest.mark.parametrize(("percent", "possible"), PIGS2)
def test_grim_of_percentages_agrees_with_scrutiny(percent, possible):
    assert integrity.grim_percent(percent, 150).flagged is not possible


def test_examples_of_articles_on_grim():
    # The Economist of 18 June 2016: 49 participants, 5.93; Wikipedia, GRIM test: 20 throws of a die, 3.48
    assert integrity.grim("5.93", 49).verdict == "inconsistent"
    assert integrity.grim("3.48", 20).verdict == "inconsistent"


def test_the_nearest_possible_means():
    # 145/28 is 5.18 and 146/28 is 5.21
    found = integrity.grim("5.19", 28)
    assert found.verdict == "inconsistent"
    assert [f"{value:.2f}" for value in found.nearest] == ["5.18", "5.21"]


@pytest.mark.parametrize(("mean", "sd", "n", "possible"), PIGS5)
def test_grimmer_agrees_with_scrutiny(mean, sd, n, possible):
    assert integrity.grimmer(mean, sd, n).flagged is not possible


@pytest.mark.parametrize(
    ("mean", "sd", "n", "items", "possible"),
    [
        ("5.23", "2.55", 35, 1, False),  # scrutiny, examples of grimmer()
        ("5.23", "2.55", 31, 1, True),
        ("2.74", "0.96", 63, 2, True),
        ("3.44", "2.47", 18, 1, False),  # rsprite2, example of GRIMMER_test()
    ],
)
def test_grimmer_agrees_with_the_examples_of_r_packages(mean, sd, n, items, possible):
    assert integrity.grimmer(mean, sd, n, items=items).flagged is not possible


@pytest.mark.parametrize(("mean", "sd", "possible"), PIGS3)
def test_debit_agrees_with_scrutiny(mean, sd, possible):
    assert integrity.debit(mean, sd, 1683).flagged is not possible


@pytest.mark.parametrize(("mean", "sd"), [("0.35", "0.18"), ("0.36", "0.11")])
def test_debit_finds_the_examples_of_scrutiny(mean, sd):
    assert integrity.debit(mean, sd, 20).verdict == "inconsistent"


@pytest.mark.parametrize(("n", "top", "decimals"), [(3, 6, 1), (5, 4, 2), (7, 3, 2), (9, 2, 3)])
def test_grim_and_grimmer_against_all_samples(n, top, decimals):
    """No sample is flagged; every flagged pair has no sample."""
    seen, means = set(), set()
    for sample in itertools.combinations_with_replacement(range(top + 1), n):
        mean, sd = statistics.fmean(sample), statistics.stdev(sample)
        for mode in (ROUND_HALF_UP, ROUND_HALF_EVEN):
            pair = (rounded(mean, decimals, mode), rounded(sd, decimals, mode))
            seen.add(pair)
            means.add(pair[0])
    assert not any(integrity.grimmer(m, sd, n, low=0, high=top).flagged for m, sd in seen)
    step = 10**decimals
    for total in range(0, top * step + 1, 7):
        mean = f"{total / step:.{decimals}f}"
        assert (integrity.grim(mean, n).verdict == "inconsistent") == (mean not in means)
    for mean, sd in itertools.product(sorted(means)[::5], range(0, top * step // 2, 3)):
        text = f"{sd / step:.{decimals}f}"
        if integrity.grimmer(mean, text, n, low=0, high=top).flagged:
            assert (mean, text) not in seen


def test_grimmer_reads_variances_and_standard_errors():
    sample = [1, 2, 2, 3, 5, 7, 7]
    variance = statistics.variance(sample)
    mean = rounded(statistics.fmean(sample), 3)
    for kind, value in (("sd", math.sqrt(variance)), ("variance", variance), ("se", math.sqrt(variance / 7))):
        assert not integrity.grimmer(mean, rounded(value, 3), 7, kind=kind).flagged
        wrong = integrity.grimmer(mean, rounded(value + 0.02, 3), 7, kind=kind)
        assert wrong.verdict == "inconsistent"
        assert min(abs(near - value) for near in wrong.computed.values()) < 1e-9


def test_no_power_is_said():
    assert integrity.grim("3.4", 10).verdict == "cannot_tell"
    assert integrity.grim("3.40", 10).verdict == "consistent"
    assert integrity.grim_percent("37", 100).verdict == "cannot_tell"
    assert integrity.grimmer("3.4", "2.1", 500).verdict == "cannot_tell"


def test_trailing_zeros_count():
    assert integrity.grim("5.0", 7).verdict == "consistent"
    assert integrity.grim("5.10", 7).verdict == "inconsistent"


@pytest.mark.parametrize(("percent", "n"), [("19", 46), ("4", 64)])
def test_percentages_that_only_cutting_off_explains(percent, n):
    found = integrity.grim_percent(percent, n)
    assert found.verdict == "inconsistent"
    assert "cut off" in found.note
    assert integrity.grim_percent(percent, n, rounding="widest").verdict == "consistent"


def test_halves_may_be_rounded_either_way():
    # 5 of 8 is 62.5 %: 62 to even, 63 up
    assert list(integrity.grim_percent("62", 8).totals) == [5]
    assert list(integrity.grim_percent("63", 8).totals) == [5]


def test_percentages_have_ends():
    assert list(integrity.grim_percent("0", 300).totals) == [0, 1]
    assert list(integrity.grim_percent("100", 300).totals) == [299, 300]


@pytest.mark.parametrize(("percent", "sd"), [("53.3", "0.50"), ("53.3", "49.9"), ("6.7", "0.25")])
def test_an_sd_that_is_of_zeros_and_ones(percent, sd):
    assert integrity.sd_of_percentage(percent, sd).verdict == "implausible"
    assert integrity.sd_of_percentage(percent, "12.0").verdict == "consistent"


def test_one_digit_tells_no_sd_from_another():
    assert integrity.sd_of_percentage("53.3", "0.5").verdict == "cannot_tell"
    assert integrity.sd_of_percentage("53.3", "0.50").verdict == "implausible"


def test_an_sd_of_zeros_and_ones_with_n_less_one():
    # 3 of 10: 0.458 with the divisor n, 0.483 with n - 1
    assert not integrity.sd_of_percentage("30.0", "0.483").flagged
    assert integrity.sd_of_percentage("30.0", "0.483", 10).flagged


@pytest.mark.parametrize(
    "call",
    [
        lambda: integrity.grim("about 5", 10),
        lambda: integrity.grim("5.1", 0),
        lambda: integrity.grim("1e999999999", 10),
        lambda: integrity.grim("5." + "0" * 100, 10),
        lambda: integrity.grim_percent("101", 10),
        lambda: integrity.grimmer("5.1", "-1", 10),
        lambda: integrity.grimmer("5.1", "1", 1),
        lambda: integrity.grimmer("5.1", "1", 10, low=1),
        lambda: integrity.debit("1.2", "0.1", 10),
        lambda: integrity.sd_of_percentage("101", "0.1"),
    ],
)
def test_what_is_no_reported_number_is_refused(call):
    with pytest.raises(StatsError):
        call()
