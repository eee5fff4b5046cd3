"""Limits of scales, changes, intervals, totals and repeated numbers, against enumeration and algebra."""

import itertools
import math
import statistics

import pytest

from rheumeta.errors import StatsError
from rheumeta.stats import integrity
from rheumeta.stats.integrity import Labelled, MeanGroup, Spread


@pytest.mark.parametrize(("n", "low", "high"), [(3, 0, 4), (4, 1, 5), (5, -1, 2), (6, 0, 3)])
def test_limits_of_the_sd_of_whole_numbers_against_all_samples(n, low, high):
    found = {}
    for sample in itertools.combinations_with_replacement(range(low, high + 1), n):
        found.setdefault(sum(sample), []).append(statistics.stdev(sample))
    for total, sds in found.items():
        limits = integrity.sd_limits(f"{total / n:.6f}", n, low, high, whole=True)
        assert limits.most == pytest.approx(max(sds), abs=1e-12)
        assert limits.least * math.sqrt(n / (n - 1)) == pytest.approx(min(sds), abs=1e-12)


def test_limits_of_the_sd_of_any_numbers():
    # All at the ends: half and half
    assert integrity.sd_limits("5.0", 10, 0, 10).most == pytest.approx(5 * math.sqrt(10 / 9))
    # 3.5 of 10 at the top: three at the top, one in the middle
    sample = [10] * 3 + [5] + [0] * 6
    assert integrity.sd_limits("3.500000", 10, 0, 10).most == pytest.approx(
        statistics.stdev(sample), abs=1e-5
    )
    # Without a mean, Popoviciu; for odd n the halves are not equal
    assert integrity.sd_limits(None, 10, 0, 10).most == pytest.approx(5 * math.sqrt(10 / 9))
    assert integrity.sd_limits(None, 3, 0, 10).most == pytest.approx(statistics.stdev([0, 0, 10]))


def test_rounding_of_the_mean_widens_the_limits():
    coarse, fine = integrity.sd_limits("1", 20, 0, 10), integrity.sd_limits("1.00", 20, 0, 10)
    assert coarse.most > fine.most
    assert not integrity.sd_within_limits("3.5", "1", 20, 0, 10).flagged
    assert integrity.sd_within_limits("3.5", "1.00", 20, 0, 10).verdict == "inconsistent"


def test_an_sd_outside_the_range_of_an_instrument():
    # HAQ-DI, 0 to 3: a mean of 2.8 takes at least 37 of 40 at the top, so an SD of at most 0.74
    assert integrity.sd_within_limits("0.73", "2.80", 40, 0, 3).verdict == "consistent"
    assert integrity.sd_within_limits("0.75", "2.80", 40, 0, 3).verdict == "inconsistent"
    assert "do not exist" in integrity.sd_within_limits("0.90", "3.80", 40, 0, 3).message
    assert "not possible" in integrity.sd_within_limits("0.90", "2.81", 10, 0, 3, whole=True).message
    assert integrity.sd_within_limits("0.10", "2.50", 10, 0, 3, whole=True).verdict == "inconsistent"


def test_changes_within_the_scale():
    assert integrity.change_within_limits("2.1", "-2.1", 0, 3).verdict == "consistent"
    assert integrity.change_within_limits("2.1", "-2.2", 0, 3).verdict == "consistent"  # 2.15 - 2.15
    assert integrity.change_within_limits("2.1", "-2.3", 0, 3).verdict == "inconsistent"
    assert integrity.change_within_limits("2.1", "1.1", 0, 3).verdict == "inconsistent"


def test_changes_and_means():
    assert integrity.change_of_means("5.91", "3.37", "-2.54").verdict == "consistent"
    assert integrity.change_of_means("5.9", "3.4", "-2.60").verdict == "consistent"
    assert integrity.change_of_means("5.9", "3.4", "-2.61").verdict == "inconsistent"
    assert "cut off" in integrity.change_of_means("5.9", "3.4", "-2.63").note


def test_the_correlation_that_three_sds_imply():
    # Cochrane Handbook 6.5.2.8: 6.4, 7.1 and 4.5 give 0.78
    found = integrity.change_sd("6.4", "7.1", "4.5")
    assert found.computed["correlation"] == pytest.approx(0.78, abs=0.005)
    assert found.verdict == "consistent"
    assert integrity.change_sd("1.1", "1.2", "2.3").verdict == "consistent"
    assert integrity.change_sd("1.1", "1.2", "2.5").verdict == "inconsistent"
    assert integrity.change_sd("1.1", "2.2", "0.9").verdict == "inconsistent"
    assert integrity.change_sd("0.0", "2.2", "2.2").verdict == "consistent"


def test_intervals_that_are_not_centred():
    # sqrt(0.70 · 0.94) = 0.811
    assert integrity.ci_centred("0.81", "0.70", "0.94", ratio=True).verdict == "consistent"
    assert integrity.ci_centred("0.86", "0.70", "0.94", ratio=True).verdict == "inconsistent"
    natural = integrity.ci_centred("2.00", "0.50", "3.50", ratio=True)
    assert natural.verdict == "inconsistent"
    assert "natural scale" in natural.note
    assert integrity.ci_centred("-1.527", "-1.802", "-1.252").verdict == "consistent"
    assert integrity.ci_centred("-1.53", "-1.80", "-1.20").verdict == "inconsistent"
    assert integrity.ci_centred("0.1", "0.0", "2.0", ratio=True).verdict == "consistent"


def test_levels_of_intervals():
    found = integrity.ci_level("1.000", "-1.960", "1.960")
    assert found.verdict == "consistent"
    assert found.computed["level_low"] < 95 < found.computed["level_high"]
    assert integrity.ci_level("1.000", "-1.645", "1.645").verdict == "inconsistent"
    assert integrity.ci_level("1.000", "-1.645", "1.645", level=90).verdict == "consistent"
    assert integrity.ci_level("1.000", "-2.228", "2.228", df=10).verdict == "consistent"
    assert integrity.ci_level("0.075", "0.70", "0.94", ratio=True).verdict == "consistent"
    assert integrity.ci_level("0.075", "0.0", "0.9", ratio=True).verdict == "cannot_tell"


def test_sd_standard_error_and_interval_of_a_mean():
    # Cochrane Handbook 6.5.2.2: 95 % interval 30 to 34.2 of 25 patients, t(24) = 2.064: SD 5.09
    assert integrity.ci_of_mean("5.09", 25, "30", "34.2").verdict == "consistent"
    assert integrity.ci_of_mean("5.36", 25, "30.0", "34.2").verdict == "consistent"  # by 1.96
    assert integrity.ci_of_mean("1.02", 25, "30.0", "34.2").verdict == "inconsistent"
    assert integrity.se_of_sd("1.02", "5.09", 25).verdict == "consistent"
    assert integrity.se_of_sd("1.03", "5.09", 25).verdict == "inconsistent"
    assert "cut off" in integrity.se_of_sd("1.01", "5.09", 25).note


def test_the_statistic_of_an_estimate():
    # Cochrane Handbook 6.5.2.3: MD 3.8, t 2.78, SE 1.37
    assert integrity.statistic_of_estimate("2.78", "3.8", "1.37").verdict == "consistent"
    assert integrity.statistic_of_estimate("2.78", "-3.8", "1.37").verdict == "consistent"
    assert integrity.statistic_of_estimate("7.7", "3.8", "1.37", squared=True).verdict == "consistent"
    assert integrity.statistic_of_estimate("2.98", "3.8", "1.37").verdict == "inconsistent"
    assert integrity.statistic_of_estimate("2.98", "3.8", "0").verdict == "cannot_tell"


def test_totals():
    assert integrity.parts_add_up(["33.3", "33.3", "33.3"], "100").verdict == "consistent"
    assert integrity.parts_add_up(["33.3", "33.3", "33.3"], "100.1").verdict == "consistent"
    assert integrity.parts_add_up(["33.3", "33.3", "33.3"], "100.2").verdict == "inconsistent"
    assert integrity.percent_of_events("19.6", 9, 46).verdict == "consistent"
    assert integrity.percent_of_events("19", 9, 46).verdict == "inconsistent"
    assert integrity.parts_within([10, 12], 25).verdict == "consistent"
    assert integrity.parts_within([10, 12], 25, exhaustive=True).verdict == "inconsistent"
    assert integrity.parts_within([10, 16], 25).verdict == "inconsistent"
    assert integrity.weighted_mean(["5.1", "6.3"], [10, 30], "6.0").verdict == "consistent"
    assert integrity.weighted_mean(["5.1", "6.3"], [10, 30], "5.7").verdict == "inconsistent"


def test_the_sd_of_a_whole_from_its_parts():
    first, second = [1, 4, 4, 7, 9], [2, 2, 3, 8]
    groups = [
        MeanGroup(f"{statistics.fmean(x):.1f}", f"{statistics.stdev(x):.1f}", len(x)) for x in (first, second)
    ]
    whole = statistics.stdev(first + second)
    assert integrity.total_sd(groups, f"{whole:.2f}").verdict == "consistent"
    assert integrity.total_sd(groups, f"{whole + 0.4:.2f}").verdict == "inconsistent"


def test_informative_digits():
    counts = {"0.0": 0, "0.50": 2, "100": 1, "120": 2, "12.30": 4, "-0.07": 1, "23.3": 3, "105": 3}
    assert {text: integrity.informative_digits(text) for text in counts} == counts


def test_identical_numbers():
    results = [
        Labelled("DAS28, arm a", ("5.91", "1.03")),
        Labelled("HAQ, arm a", ("1.52", "0.61")),
        Labelled("DAS28, arm b", ("5.910", "1.03")),
        Labelled("pain, arm a", ("50", "20")),
        Labelled("pain, arm b", ("50", "20")),
    ]
    (found,) = integrity.identical_numbers(results)
    assert found.labels == ("DAS28, arm a", "DAS28, arm b")
    assert found.digits == 6
    assert integrity.identical_numbers(results, digits=7) == ()
    assert len(integrity.identical_numbers(results, digits=2)) == 2


def test_two_criteria_equal_in_all_cells():
    # ACR20, EULAR response, remission and ACR70 of He et al. (2020), two arms at three times
    cells = ("a4", "b4", "a13", "b13", "a52", "b52")
    series = {
        "EULAR": dict(zip(cells, ("23.3", "86.7", "53.3", "93.3", "50.0", "93.3"), strict=True)),
        "remission": dict(zip(cells, ("0.0", "3.3", "3.3", "10.0", "3.3", "13.3"), strict=True)),
        "ACR20": dict(zip(cells, ("23.3", "86.7", "53.3", "93.3", "50.0", "93.3"), strict=True)),
        "ACR70": dict(zip(cells, ("3.3", "10.0", "3.3", "13.3", "3.3", "13.3"), strict=True)),
        "none": dict.fromkeys(cells, "0"),
        "also none": dict.fromkeys(cells, "0.0"),
    }
    (found,) = integrity.equal_series(series)
    assert (found.first, found.second, found.cells, found.distinct) == ("EULAR", "ACR20", 6, 5)


def test_large_effects():
    assert integrity.large_effect(-1.49).verdict == "consistent"
    assert integrity.large_effect(-1.9).computed["limit"] == 1.5
    assert integrity.large_effect(3.2).computed["limit"] == 3.0


def test_a_standard_error_beside_an_sd():
    assert integrity.se_between(Spread("1.20", 40), Spread("0.19", 40)).verdict == "implausible"
    assert integrity.se_between(Spread("0.19", 40), Spread("1.20", 40)).verdict == "implausible"
    assert integrity.se_between(Spread("1.20", 40), Spread("0.90", 40)).verdict == "consistent"
    assert integrity.se_between(Spread("1.20", 40), Spread("0.02", 40)).verdict == "consistent"
    assert integrity.se_between(Spread("1.20", 4), Spread("0.60", 4)).verdict == "consistent"
    assert integrity.se_between(Spread("0.00", 40), Spread("1.20", 40)).verdict == "cannot_tell"


@pytest.mark.parametrize(
    "call",
    [
        lambda: integrity.sd_limits("1", 1, 0, 3),
        lambda: integrity.sd_limits("1", 10, 3, 0),
        lambda: integrity.sd_limits("1", 10, 0, 2.5, whole=True),
        lambda: integrity.sd_limits("1", 10, 0, math.inf),
        lambda: integrity.change_sd("-1", "1", "1"),
        lambda: integrity.ci_centred("1", "3", "2"),
        lambda: integrity.ci_centred("1", "-3", "2", ratio=True),
        lambda: integrity.ci_level("0", "1", "2"),
        lambda: integrity.ci_of_mean("1", 1, "1", "2"),
        lambda: integrity.ci_of_mean("1", 9, "3", "2"),
        lambda: integrity.se_of_sd("-1", "1", 9),
        lambda: integrity.statistic_of_estimate("1", "1", "-1"),
        lambda: integrity.statistic_of_estimate("-1", "1", "1", squared=True),
        lambda: integrity.parts_add_up([], "1"),
        lambda: integrity.parts_within([], 1),
        lambda: integrity.parts_within([-1], 1),
        lambda: integrity.percent_of_events("10", 11, 10),
        lambda: integrity.weighted_mean(["1"], [], "1"),
        lambda: integrity.total_sd([], "1"),
        lambda: integrity.identical_numbers([], digits=0),
        lambda: integrity.equal_series({}, cells=1),
        lambda: integrity.large_effect(math.nan),
        lambda: integrity.se_between(Spread("1", 1), Spread("1", 5)),
    ],
)
def test_what_cannot_be_checked_is_refused(call):
    with pytest.raises(StatsError):
        call()
