"""Tail probabilities by finite sums, and the search for roots that intervals of tau2 rest on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from rheumeta.stats import pool, pool_batch
from rheumeta.stats.batch import padded
from rheumeta.stats.roots import solve_bracketed
from rheumeta.stats.tails import chi2_tail, distinct, quantile, two_sided
from rheumeta.stats.tau2 import _quadratic_sd, _sd_of_q

DIGITS = 1e-13
"""Sums of thirty terms; near `FAR` two digits of sixteen are lost."""

CHI2 = (  # x, df, pchisq(x, df, lower.tail = FALSE) of R 4.2.2
    (0.5, 1, 0.47950012218695348),
    (7.25, 1, 0.0070901012238155474),
    (60, 1, 9.4857375710738494e-15),
    (3.5, 2, 0.17377394345044514),
    (20.5, 9, 0.015065373645983751),
    (150, 9, 8.8196299548054152e-28),
    (2, 12, 0.99940581518241833),
    (45.5, 12, 8.4580191265974897e-06),
    (80, 59, 0.035777044268872307),
    (300, 60, 1.2835090407159061e-33),
    (5, 2.5, 0.12308857115265889),
    (1500, 40, 6.7816667323022511e-289),
    (90, 61, 0.0092605951104651821),
)

T = (  # t, df, 2 * pt(-abs(t), df) of R 4.2.2
    (0.3, 1, 0.81445284184451539),
    (40, 1, 0.015912179824051624),
    (1.5, 2, 0.27239312489100093),
    (12, 2, 0.0068729336771584599),
    (-2.25, 9, 0.051003260706950763),
    (4.5, 9, 0.0014889494154117307),
    (30, 9, 2.483704704158263e-10),
    (0.01, 12, 0.99218561498850355),
    (-2.7, 12, 0.019309368992627186),
    (1.1, 59, 0.27580015359458143),
    (2.75, 60, 0.0078648462862256647),
    (2.5, 7.5, 0.038820258273625514),
    (3, 80, 0.0035983975751583551),
)


@pytest.mark.parametrize(("function", "table"), [(chi2_tail, CHI2), (two_sided, T)], ids=["chi2", "t"])
def test_tails_are_those_of_r(function, table):
    x, df, expected = np.array(table, dtype=float).T
    assert function(x, df) == pytest.approx(expected, rel=DIGITS, abs=0)
    alone = [function(x[i : i + 1], df[i : i + 1])[0] for i in range(len(x))]
    assert function(x, df).tolist() == alone


@pytest.mark.parametrize("df", [1, 2, 3, 9, 24, 59, 60])
def test_tails_pass_into_those_of_scipy(df):
    # With one degree of freedom SciPy's t is right to nine digits only where t is far below 1e-3.
    t = np.concatenate([[0.0], np.geomspace(1e-3, 50, 400)])
    many = np.full(t.size, float(df))
    assert two_sided(t, many) == pytest.approx(2 * special.stdtr(many, -t), rel=DIGITS, abs=0)
    x = t**2 * df
    assert chi2_tail(x, many) == pytest.approx(special.chdtrc(many, x), rel=1e-12, abs=1e-300)
    assert two_sided(t, many)[0] == 1.0
    assert chi2_tail(x, many)[0] == 1.0


def test_normal_and_missing():
    t, df = np.array([1.96, np.nan, 2.0, -1.0]), np.array([np.nan, 5.0, 5.0, np.nan])
    expected = [2 * special.ndtr(-1.96), np.nan, 2 * special.stdtr(5, -2.0), 2 * special.ndtr(-1.0)]
    assert two_sided(t, df) == pytest.approx(np.array(expected), rel=DIGITS, abs=0, nan_ok=True)


def test_one_degree_of_freedom_is_the_angle():
    t = np.geomspace(1e-8, 60, 300)
    assert two_sided(t, np.ones(300)) == pytest.approx(1 - 2 / np.pi * np.arctan(t), rel=DIGITS, abs=0)


@pytest.mark.parametrize("df", [[3.0, np.nan, 9.0, 3.0], [2.5, 9.0, np.nan, 2.5], [np.nan], [70.0, 3.0]])
def test_quantiles_are_taken_once_for_each_df(df):
    many = np.array(df)
    kinds, which = distinct(many)
    assert len(kinds) == len({str(x) for x in df})
    assert np.array_equal(kinds[which], many, equal_nan=True)
    expected = np.where(np.isnan(many), special.ndtri(0.975), special.stdtrit(many, 0.975))
    assert quantile(many, 95) == pytest.approx(expected, rel=1e-14, abs=0)


def counted(function):
    """Return the function of `solve_bracketed` and the list of how many equations each call had."""
    calls = []

    def task(x, rows):
        calls.append(x.size)
        return function(x, rows)

    return task, calls


def test_roots_take_few_steps():
    powers = np.array([2.0, 3.0, 5.0, 0.5])

    def function(x, rows):
        p = powers if rows is None else powers[rows]
        return 2.0 - x**p, -p * x ** (p - 1)

    task, calls = counted(function)
    lower, upper = np.full(4, 0.5), np.full(4, 6.0)
    found = solve_bracketed(task, lower, upper, scale=np.ones(4))
    assert found == pytest.approx(2 ** (1 / powers), rel=1e-14, abs=0)
    assert len(calls) <= 9
    assert calls[-1] < 4
    near = np.ones(4)
    known = (near, *function(near, None))
    task, fewer = counted(function)
    assert solve_bracketed(task, lower, upper, scale=near, start=found * 1.01, known=known) == pytest.approx(
        found, rel=1e-15
    )
    assert len(fewer) <= 4


@pytest.mark.parametrize("wrong", [-1e-3, 1.0, -1e6, 0.0])
def test_roots_do_not_need_the_slope(wrong):
    found = solve_bracketed(
        lambda x, _: (1.0 - x**3, np.full(x.shape, wrong)), np.zeros(1), np.full(1, 1e3), scale=np.ones(1)
    )
    assert found == pytest.approx(1.0, rel=1e-14, abs=0)


def test_a_root_where_the_function_is_flat_is_not_left_early():
    found = solve_bracketed(
        lambda x, _: (-((x - 1.0) ** 3), -3.0 * (x - 1.0) ** 2),
        np.zeros(1),
        np.full(1, 7.0),
        scale=np.ones(1),
    )
    assert found == pytest.approx(1.0, abs=1e-12)


def test_deviation_of_q_is_that_of_the_quadratic_form():
    rng = np.random.default_rng(3)
    v = rng.uniform(0.01, 2.0, (50, 6))
    batch = padded(rng.normal(size=(50, 6)), v, np.arange(6) < rng.integers(2, 7, 50)[:, None])
    tau2 = rng.uniform(0, 1, 50)
    assert _sd_of_q(batch, tau2) == pytest.approx(_quadratic_sd(batch, 1.0 / batch.v, tau2), rel=1e-11, abs=0)


HARD = (
    [1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 5.0, 2.0], [0.0, 0.0, 0.0, 1e9], [1e-9, 0.0, 0.0, 0.0], [3.0, 3.0, 3.0, 3.0000001],
), (
    [1.0, 2.0, 3.0, 1.0], [0.1, 0.1, 0.1, 0.1], [1.0, 1.0, 1.0, 1e-9], [1.0, 1.0, 1e-12, 1.0], [1e-90, 1.0, 1e90, 1.0],
)  # fmt: skip


@pytest.mark.parametrize("method", ["DL", "REML", "ML", "PM", "SJ"])
def test_hard_analyses_do_not_disturb_their_neighbours(method):
    # Equal effects, an overwhelming weight, variances over 180 orders of magnitude: warnings are errors here.
    batch = pool_batch(*HARD, method=method)
    for i, (y, v) in enumerate(zip(*HARD, strict=True)):
        one = pool(y, v, method=method)
        for name in ("estimate", "se", "tau2", "tau2_lb", "tau2_ub", "q", "pi_ub"):
            assert getattr(batch, name)[i] == pytest.approx(getattr(one, name), rel=1e-12, abs=0)
    assert batch.tau2[0] == 0.0
    assert batch.tau2[1] > 1.0
    upper = [0.0, 64.776302, 3.4755162e18, 0.0, 0.0]  # S less the variance, by the quantile of chi-squared
    assert batch.tau2_ub == pytest.approx(upper, rel=1e-7, abs=0)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_variances_at_the_end_of_their_range_come_to_an_end(method):
    assert pool([0.0, 0.0], [9.7e-87, 4.3e-78], method=method).tau2 == 0.0


@pytest.mark.parametrize("t", [1e99, 1e101, 1e160, np.inf])
def test_no_t_is_too_large(t):
    df = np.array([1.0, 2.0, 3.0, 4.0, 60.0, 61.0, np.nan])
    assert (two_sided(np.full(df.size, t), df) <= 1e-98).all()
