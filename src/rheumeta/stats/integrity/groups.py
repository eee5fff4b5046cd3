"""Group means and counts recomputed into p values, by every usual test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import join
from rheumeta.stats.integrity.claims import STATCHECK, Claim, PCheck, Sign, spell
from rheumeta.stats.integrity.means import (
    GroupBox,
    MeanGroup,
    Range,
    SpreadKind,
    between_squares,
    read_group,
    within_squares,
)
from rheumeta.stats.integrity.recompute import p_two_sided
from rheumeta.stats.integrity.reported import Rounding, Verdict, noting_cut_off
from rheumeta.stats.integrity.tables import TABLE_TESTS, table_p_range

OTHER_TEST = "a rank, adjusted or paired test may differ"


@dataclass(frozen=True)
class TestsCheck(PCheck):
    """A reported p value against those of several tests.

    Attributes
    ----------
    p_values : dict of str to tuple of float
        Least and greatest two-sided p value of each test over the rounding intervals.
    supported_by : tuple of str
        The tests that agree with the report.
    """

    __test__ = False  # the name is not that of a test of this project

    p_values: Mapping[str, Range] = field(default_factory=dict)
    supported_by: tuple[str, ...] = ()


@noting_cut_off
def two_means(
    group1: MeanGroup,
    group2: MeanGroup,
    p: str | None = None,
    sign: Sign = "=",
    *,
    spread: SpreadKind = "sd",
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> TestsCheck:
    """Check the p value of two means with their SDs by Welch's and Student's t test.

    Parameters
    ----------
    group1, group2 : MeanGroup
        As reported, at least 2 patients each.
    p : str, optional
        As printed; without it the p values are only computed (``"cannot_tell"``).
    sign, alpha, rounding
        See :func:`~rheumeta.stats.integrity.recompute.p_from_test`.
    spread : {"sd", "se"}
        What the spread of the groups is.

    Returns
    -------
    TestsCheck
        `p_values` of ``"welch"`` and ``"pooled"``; they enclose all that the rounding intervals allow.

    Raises
    ------
    StatsError
        If a text is no number, a spread negative, an n below 2, or p out of range.

    Notes
    -----
    Source: Student's and Welch's t test; comparison as Nuijten et al. (2016).
    """
    boxes = (read_group(group1, spread, rounding), read_group(group2, spread, rounding))
    if min(box.n for box in boxes) < 2:
        raise StatsError("A t test needs at least 2 patients in each group.")
    found = {"welch": _welch(*boxes), "pooled": _pooled(*boxes)}
    what = " and ".join(f"{g.mean} ({spread.upper()} {g.spread}, n = {g.n})" for g in (group1, group2))
    return _judge("two_means", found, p, sign, alpha, rounding, what, halves=True)


def _difference(first: GroupBox, second: GroupBox) -> Range:
    """Least and greatest absolute difference of the means."""
    low, high = first.mean[0] - second.mean[1], first.mean[1] - second.mean[0]
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _quotients(difference: Range, variance: Range) -> Range:
    least = (
        difference[0] / math.sqrt(variance[1]) if variance[1] > 0 else (math.inf if difference[0] else 0.0)
    )
    return least, difference[1] / math.sqrt(variance[0]) if variance[0] > 0 else math.inf


def _pooled(first: GroupBox, second: GroupBox) -> Range:
    df = first.n + second.n - 2
    squares = within_squares((first, second))
    factor = (1 / first.n + 1 / second.n) / df
    least, most = _quotients(_difference(first, second), (squares[0] * factor, squares[1] * factor))
    return p_two_sided("t", most, (df,)), p_two_sided("t", least, (df,))


def _welch(first: GroupBox, second: GroupBox) -> Range:
    """Bounds from those of t and of the degrees of freedom: p falls with both."""
    a, b = first.variance_of_mean, second.variance_of_mean
    least, most = _quotients(_difference(first, second), (a[0] + b[0], a[1] + b[1]))
    fewest, highest = _welch_df(a, b, first.n, second.n)
    return p_two_sided("t", most, (highest,)), p_two_sided("t", least, (fewest,))


def _welch_df(a: Range, b: Range, n1: int, n2: int) -> Range:
    """Bound the degrees of freedom, which rise, then fall, with the first one's share of the variance.

    They are highest at a share of (n1 - 1) / (n1 + n2 - 2).
    """
    shares = [x / (x + y) for x, y in ((a[0], b[1]), (a[1], b[0])) if x + y > 0]
    if len(shares) < 2:
        return float(min(n1, n2) - 1), float(n1 + n2 - 2)
    best = min(max((n1 - 1) / (n1 + n2 - 2), shares[0]), shares[1])
    values = [1 / (w**2 / (n1 - 1) + (1 - w) ** 2 / (n2 - 1)) for w in (*shares, best)]
    return min(values), max(values)


@noting_cut_off
def several_means(
    groups: Sequence[MeanGroup],
    p: str | None = None,
    sign: Sign = "=",
    *,
    spread: SpreadKind = "sd",
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> TestsCheck:
    """Check the p value of several means with their SDs by one-way analysis of variance.

    Parameters
    ----------
    groups : sequence of MeanGroup
        At least 2.
    p, sign, spread, alpha, rounding
        See :func:`two_means`.

    Returns
    -------
    TestsCheck
        `p_values` of ``"anova"``, enclosing all that the rounding intervals allow.

    Raises
    ------
    StatsError
        If there are fewer than 2 groups or no degrees of freedom, and as :func:`two_means`.

    Notes
    -----
    Source: analysis of variance from summary data; comparison as Nuijten et al. (2016).
    """
    found = {"anova": anova_range([read_group(group, spread, rounding) for group in groups])}
    what = ", ".join(f"{g.mean} ({spread.upper()} {g.spread}, n = {g.n})" for g in groups)
    return _judge("several_means", found, p, sign, alpha, rounding, what, halves=False)


def anova_range(groups: Sequence[GroupBox]) -> Range:
    """Bounds of the p value of one-way analysis of variance.

    Raises
    ------
    StatsError
        If there are fewer than 2 groups or no degrees of freedom.
    """
    df1, df2 = len(groups) - 1, sum(g.n for g in groups) - len(groups)
    if df1 < 1 or df2 < 1:
        raise StatsError("An analysis of variance needs at least 2 groups and more patients than groups.")
    between, within = between_squares(groups), within_squares(groups)
    least = between[0] / within[1] if within[1] > 0 else (math.inf if between[0] > 0 else 0.0)
    most = between[1] / within[0] if within[0] > 0 else math.inf
    return p_two_sided("F", most * df2 / df1, (df1, df2)), p_two_sided("F", least * df2 / df1, (df1, df2))


def two_proportions(
    events1: int | Sequence[int],
    n1: int,
    events2: int | Sequence[int],
    n2: int,
    p: str | None = None,
    sign: Sign = "=",
    *,
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> TestsCheck:
    """Check the p value of two counts by Fisher's test and chi-squared with and without Yates.

    Parameters
    ----------
    events1, events2 : int or sequence of int
        Patients with the event; several where several fit a reported percentage.
    n1, n2 : int
        Patients.
    p, sign, alpha
        See :func:`two_means`.
    rounding : {"nearest", "widest"}
        Of the p value.

    Returns
    -------
    TestsCheck
        `p_values` of ``"fisher"``, ``"chi2"`` and ``"chi2_yates"``. ``"inconsistent"`` if none supports
        the report, ``"depends"`` if it is significant by some and, whatever rounding hides, not by another.

    Raises
    ------
    StatsError
        If counts are missing or not between 0 and n, n below 1, or p out of range.

    Notes
    -----
    Source: Fisher (two-sided p: all tables at most as probable) and Pearson; comparison as Nuijten et al.
    (2016).
    """
    counts = [[events] if isinstance(events, int) else list(events) for events in (events1, events2)]
    found = table_p_range(counts[0], n1, counts[1], n2)
    spelt = [f"{c[0]}" if len(c) == 1 else f"{min(c)} to {max(c)}" for c in counts]
    what = f"{spelt[0]} of {n1} and {spelt[1]} of {n2}"
    return _judge("two_proportions", found, p, sign, alpha, rounding, what, halves=True)


def _judge(
    name: str,
    found: dict[str, Range],
    p: str | None,
    sign: Sign,
    alpha: float,
    rounding: Rounding,
    what: str,
    *,
    halves: bool,
) -> TestsCheck:
    """Compare the reported p value with that of every test."""
    low, high = min(r[0] for r in found.values()), max(r[1] for r in found.values())
    computed = {f"p_{test}_{end}": r[i] for test, r in found.items() for i, end in enumerate(("low", "high"))}
    message = f"{what}: p " + ", ".join(f"{spell(r)} by {LABELS[test]}" for test, r in found.items())
    if p is None:
        return TestsCheck(
            name, "cannot_tell", f"{message}.", STATCHECK, computed, OTHER_TEST, low, high, p_values=found
        )
    claim = Claim.read(p, sign, alpha, rounding)
    support = tuple(test for test, r in found.items() if claim.admits(r))
    against = [test for test, r in found.items() if test not in support and claim.contradicts(r, alpha)]
    verdict: Verdict = "consistent" if support else "inconsistent"
    if support and claim.significant and against:
        verdict = "depends"
    half = not support and halves and any(claim.admits((r[0] / 2, r[1] / 2)) for r in found.values())
    notes = join(OTHER_TEST, "a one-sided test agrees" if half else None)
    return TestsCheck(
        name, verdict, f"{message}; {claim.text} is reported.", STATCHECK, computed, notes, low, high,
        decision_error=len(against) == len(found), one_sided=half, p_values=found, supported_by=support,
    )  # fmt: skip


LABELS = {
    "welch": "Welch's t test",
    "pooled": "Student's t test",
    "anova": "analysis of variance",
} | TABLE_TESTS
