"""Intervals of a single proportion, and the rule of three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.result import Result

RULE_OF_THREE_TAIL = 0.05
"""One-sided error of the rule of three: -log(0.05) is 2.996, hence its name (Hanley and
Lippman-Hand 1983, JAMA 249:1743-1745)."""


@dataclass(frozen=True)
class ProportionInterval(Result):
    """A proportion with its interval, all between 0 and 1."""

    estimate: float
    lower: float
    upper: float
    level: float
    method: str


def binomial_interval(
    x: float, n: float, *, method: Literal["exact", "wilson"] = "exact", level: float = 95
) -> ProportionInterval:
    """Return the interval of a binomial proportion.

    Parameters
    ----------
    x, n : float
        Whole numbers, 0 <= x <= n, n >= 1.
    method : {"exact", "wilson"}
        Clopper and Pearson (1934), Biometrika 26:404-413, or the score interval of Wilson (1927),
        JASA 22:209-212 (Newcombe 1998, Stat Med 17:857-872, method 3).
    level : float
        Confidence, percent.

    Returns
    -------
    ProportionInterval

    Raises
    ------
    StatsError
        For numbers that are not whole, x outside 0..n, n < 1, or an unknown method.
    """
    _check_counts(x, n)
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    tail = (1.0 - level / 100.0) / 2.0
    if method == "exact":
        lower, upper = _exact(x, n, tail)
    elif method == "wilson":
        lower, upper = _wilson(x, n, tail)
    else:
        raise StatsError(f"method must be exact or wilson, not {method!r}.")
    return ProportionInterval(x / n, lower, upper, level, method)


def rule_of_three(n: float) -> float:
    """Return the upper 95 % bound of a risk when none of n patients had the event.

    Parameters
    ----------
    n : float
        Patients, a whole number >= 1.

    Returns
    -------
    float
        The exact bound 1 - 0.05^(1/n), which 3 / n approximates: Hanley and Lippman-Hand (1983),
        JAMA 249:1743-1745.

    Raises
    ------
    StatsError
        If n is not a whole number of at least 1.
    """
    _check_counts(0, n)
    return float(1.0 - RULE_OF_THREE_TAIL ** (1.0 / n))


def _check_counts(x: float, n: float) -> None:
    if not (float(n).is_integer() and n >= 1):
        raise StatsError(f"n must be a whole number of at least 1, not {n!r}.")
    if not (float(x).is_integer() and 0 <= x <= n):
        raise StatsError(f"x must be a whole number from 0 to n = {n!r}, not {x!r}.")


def _exact(x: float, n: float, tail: float) -> tuple[float, float]:
    lower = 0.0 if x == 0 else float(special.betaincinv(x, n - x + 1, tail))
    upper = 1.0 if x == n else float(special.betaincinv(x + 1, n - x, 1.0 - tail))
    return lower, upper


def _wilson(x: float, n: float, tail: float) -> tuple[float, float]:
    z2 = float(special.ndtri(tail)) ** 2
    middle = (x + z2 / 2.0) / (n + z2)
    half = (z2 * (x * (n - x) / n + z2 / 4.0)) ** 0.5 / (n + z2)
    lower = 0.0 if x == 0 else middle - half
    upper = 1.0 if x == n else middle + half
    return lower, upper
