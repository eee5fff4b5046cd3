"""Two-by-two tables of two groups: Fisher's exact test and chi-squared with and without Yates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.integrity.means import Range
from rheumeta.stats.integrity.reported import whole_patients

TABLE_TESTS = {"fisher": "Fisher's test", "chi2": "chi-squared", "chi2_yates": "chi-squared with Yates"}
LARGEST = 1_000_000
"""Tables with the same margins up to which Fisher's test is made; beyond, it is chi-squared."""
MANY = 20
"""Counts of one group that are all tried."""
SAME = 1e-7
"""Relative difference up to which two tables are as probable as one another, as in R's fisher.test."""


def hypergeometric(events1: int, n1: int, events2: int, n2: int) -> tuple[Floats, int]:
    """Probabilities of all tables with these margins, and the place of the one seen.

    Raises
    ------
    StatsError
        If an n is below 1 or a count not between 0 and n.
    """
    _possible([events1], n1)
    _possible([events2], n2)
    total = events1 + events2
    first = max(0, total - n2)
    counts = np.arange(first, min(n1, total) + 1)
    logs = -(
        special.gammaln(counts + 1)
        + special.gammaln(n1 - counts + 1)
        + special.gammaln(total - counts + 1)
        + special.gammaln(n2 - total + counts + 1)
    )
    weights = np.exp(logs - logs.max())
    return weights / weights.sum(), events1 - first


def _possible(counts: Sequence[int], n: int) -> None:
    whole_patients(n=n)
    if not counts:
        raise StatsError("No number of events is given for a group.")
    for events in (min(counts), max(counts)):
        if not 0 <= events <= n:
            raise StatsError(f"{events!r} events among {n!r} patients: 0 to {n!r} are possible.")


def fisher_exact(events1: int, n1: int, events2: int, n2: int, *, mid: bool = False) -> float:
    """Two-sided p value of Fisher's test: all tables at most as probable as the one seen.

    Parameters
    ----------
    events1, n1, events2, n2 : int
        Counts.
    mid : bool
        Count tables exactly as probable by half, which makes p uniform on average (mid-p).
    """
    chances, place = hypergeometric(events1, n1, events2, n2)
    seen = chances[place]
    same = np.abs(chances - seen) <= SAME * seen
    rarer = math.fsum(chances[(chances < seen) & ~same])
    equal = math.fsum(chances[same])
    return min(1.0, rarer + (equal / 2 if mid else equal))


def chi_squared(events1: int, n1: int, events2: int, n2: int, *, yates: bool = False) -> float | None:
    """P value of Pearson's chi-squared test; None if there are no events or only events."""
    total, n = events1 + events2, n1 + n2
    if total in (0, n):
        return None
    apart = abs(events1 * n2 - events2 * n1) - (n / 2 if yates else 0)
    statistic = n * max(apart, 0.0) ** 2 / (n1 * n2 * total * (n - total))
    return float(special.chdtrc(1, statistic))


def _pairs(first: Sequence[int], n1: int, second: Sequence[int], n2: int) -> set[tuple[int, int]]:
    """Return the pairs of counts to try."""
    a, b = _spread_out(first), _spread_out(second)
    alike = {(x, min(max(round(x * n2 / n1), min(b)), max(b))) for x in a} | {
        (min(max(round(y * n1 / n2), min(a)), max(a)), y) for y in b
    }
    whole = len(first) <= MANY and len(second) <= MANY
    return set(itertools.product(a, b)) | (set() if whole else alike)


def _spread_out(counts: Sequence[int]) -> list[int]:
    ordered = sorted(counts)
    if len(ordered) <= MANY:
        return ordered
    return [ordered[round(i * (len(ordered) - 1) / (MANY - 1))] for i in range(MANY)]


def table_p_range(events1: Sequence[int], n1: int, events2: Sequence[int], n2: int) -> dict[str, Range]:
    """Least and greatest p value of each test over all pairs of counts.

    Of more than `MANY` counts in a group, evenly spread ones are tried with the ends and, for each, the count
    of the other group that is most alike: the ends are furthest apart, and the most alike have the largest p.

    Parameters
    ----------
    events1, events2 : sequence of int
        Counts that fit what is reported; at least one each.
    n1, n2 : int
        Patients.

    Raises
    ------
    StatsError
        If there are no counts, and as :func:`hypergeometric`.
    """
    _possible(events1, n1)
    _possible(events2, n2)
    found: dict[str, list[float]] = {test: [] for test in TABLE_TESTS}
    for a, b in _pairs(events1, n1, events2, n2):
        if min(n1, n2, a + b, n1 + n2 - a - b) < LARGEST:
            found["fisher"].append(fisher_exact(a, n1, b, n2))
        for test, yates in (("chi2", False), ("chi2_yates", True)):
            if (p := chi_squared(a, n1, b, n2, yates=yates)) is not None:
                found[test].append(p)
    return {test: (min(ps), max(ps)) for test, ps in found.items() if ps}
