"""Absolute risks and sample sizes against worked values, other programs and direct algebra."""

from __future__ import annotations

import pytest
from scipy import special
from tolerances import CLOSED_FORM, DIRECT, ITERATIVE

from rheumeta.errors import StatsError
from rheumeta.stats import information_size
from rheumeta.stats.absolute import risk_with


def test_risk_ratio_multiplies():
    assert risk_with(0.2, 1.5, "RR") == pytest.approx(0.3, rel=DIRECT)


def test_odds_ratio_multiplies_the_odds():
    risk = risk_with(0.2, 1.5, "OR")
    assert risk / (1 - risk) == pytest.approx(1.5 * 0.2 / 0.8, rel=DIRECT)
    assert risk_with(0.2, 1.5, "PETO") == risk


def test_hazard_ratio_is_a_power_of_survival():
    assert 1 - risk_with(0.3, 0.5, "HR") == pytest.approx(0.7**0.5, rel=DIRECT)


def test_risk_difference_adds_and_no_risk_leaves_its_range():
    assert risk_with(0.2, -0.05, "RD") == pytest.approx(0.15, rel=DIRECT)
    assert risk_with(0.2, -0.5, "RD") == 0
    assert risk_with(0.4, 3.0, "RR") == 1


@pytest.mark.parametrize("measure", ["RR", "OR", "HR"])
@pytest.mark.parametrize("assumed", [0.0, 0.13, 1.0])
def test_no_effect_leaves_the_risk(measure, assumed):
    assert risk_with(assumed, 1.0, measure) == pytest.approx(assumed, abs=DIRECT)


@pytest.mark.parametrize(("assumed", "measure"), [(1.2, "RR"), (-0.1, "OR"), (0.1, "MD")])
def test_meaningless_arguments_are_refused(assumed, measure):
    with pytest.raises(StatsError):
        risk_with(assumed, 1.0, measure)


# R 4.2.2: 2 * power.prop.test(p1 = .2, p2 = .15, power = .8, tol = 1e-12)$n and so on
@pytest.mark.parametrize(
    ("risk", "other", "alpha", "power", "expected"),
    [
        (0.2, 0.15, 0.05, 0.8, 1810.7315559284439),
        (0.4, 0.3, 0.05, 0.8, 711.88562542324996),
        (0.10, 0.125, 0.01, 0.9, 9502.9836761528077),
    ],
)
def test_two_proportions_as_r_has_them(risk, other, alpha, power, expected):
    found = information_size.two_proportions(risk, other, alpha=alpha, power=power)
    assert found == pytest.approx(expected, rel=ITERATIVE)


def test_a_z_test_with_the_size_of_two_means_has_the_power():
    n, difference, sd = information_size.two_means(0.22, 0.7), 0.22, 0.7
    z = difference / (sd * (2 / (n / 2)) ** 0.5)
    assert special.ndtr(z - special.ndtri(0.975)) == pytest.approx(0.8, rel=CLOSED_FORM)


def test_a_z_test_with_the_size_of_one_mean_has_the_power():
    n, difference, sd = information_size.one_mean(-1.2, 1.5), 1.2, 1.5
    assert special.ndtr(difference / (sd / n**0.5) - special.ndtri(0.975)) == pytest.approx(
        0.8, rel=CLOSED_FORM
    )


@pytest.mark.parametrize("arguments", [(0.2, 0.2), (1.2, 0.2)])
def test_equal_or_impossible_risks_have_no_size(arguments):
    with pytest.raises(StatsError):
        information_size.two_proportions(*arguments)


@pytest.mark.parametrize("arguments", [(0.0, 1.0), (0.2, 0.0)])
def test_no_difference_or_spread_has_no_size(arguments):
    with pytest.raises(StatsError):
        information_size.two_means(*arguments)
