"""p values recomputed from a test statistic, an estimate or a mean change, as statcheck does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import above, multiplier
from rheumeta.stats.integrity.claims import STATCHECK, Claim, PCheck, Sign, compare
from rheumeta.stats.integrity.means import MeanGroup, Range, read_group
from rheumeta.stats.integrity.reported import Reported, Rounding, noting_cut_off

Kind = Literal["t", "z", "r", "F", "chi2"]
DEGREES = {"t": 1, "z": 0, "r": 1, "F": 2, "chi2": 1}
ANY: Range = (0.0, 1.0)


def p_two_sided(kind: str, statistic: float, df: Sequence[float] = ()) -> float:
    """Two-sided p value of a test statistic (upper tail for F and chi-squared).

    Parameters
    ----------
    kind : {"t", "z", "r", "F", "chi2"}
        For r, df is n - 2.
    statistic : float
        May be infinite.
    df : sequence of float
        None for z, two for F, else one.
    """
    size = abs(statistic)
    if kind == "r":
        size = math.inf if size >= 1 else size * math.sqrt(df[0] / (1 - size**2))
    if math.isinf(size):
        return 0.0
    if kind == "z":
        return float(2 * special.ndtr(-size))
    if kind in ("t", "r"):
        return float(2 * special.stdtr(df[0], -size))
    return float(special.fdtrc(df[0], df[1], size) if kind == "F" else special.chdtrc(df[0], size))


@noting_cut_off
def p_from_test(
    kind: Kind,
    statistic: str,
    p: str,
    sign: Sign = "=",
    *,
    df: Sequence[float] = (),
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> PCheck:
    """Check the p value of a test statistic.

    Parameters
    ----------
    kind : {"t", "z", "r", "F", "chi2"}
        The statistic; r is a correlation with df = n - 2.
    statistic : str
        As printed.
    p : str
        As printed, without the sign; for "n.s." pass alpha with the sign ``">"``.
    sign : {"<", "<=", "=", ">", ">="}
        The sign before it.
    df : sequence of float
        Degrees of freedom: none for z, two for F, else one.
    alpha : float
        Level of significance.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    PCheck

    Raises
    ------
    StatsError
        If a text is no number, p not between 0 and 1, the degrees of freedom too few, too many or not
        above 0, a correlation beyond 1, or F or chi-squared negative.

    Notes
    -----
    Source: Nuijten et al. (2016). A p value is an inconsistency if no statistic in the rounding interval
    gives it, and a decision error if all of them lie on the other side of alpha.
    """
    if kind not in get_args(Kind) or len(df) != DEGREES[kind]:
        raise StatsError(f"{kind!r} with {len(df)} degrees of freedom is no known test.")
    above(0, **{f"df{i}": value for i, value in enumerate(df)})
    reported = Reported.read(statistic, rounding)
    if (kind in ("F", "chi2") and reported.value < 0) or (kind == "r" and abs(reported.value) > 1):
        raise StatsError(f"{kind} = {statistic} is impossible.")
    claim = Claim.read(p, sign, alpha, rounding)
    size = (reported.floor, reported.high) if kind in ("F", "chi2") else reported.size
    found = (p_two_sided(kind, float(size[1]), df), p_two_sided(kind, float(size[0]), df))
    freedom = f"({', '.join(f'{value:g}' for value in df)})" if df else ""
    halves = kind not in ("F", "chi2") or df[0] == 1
    what = f"The values behind {kind}{freedom} = {statistic}"
    return compare("p_from_test", claim, found, alpha, what, halves=halves, source=STATCHECK, note=None)


@noting_cut_off
def p_from_estimate(
    estimate: str,
    p: str,
    sign: Sign = "=",
    *,
    se: str | None = None,
    ci: tuple[str, str] | None = None,
    level: float = 95.0,
    df: float | None = None,
    ratio: bool = False,
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> PCheck:
    """Check the p value of an estimate with its standard error or its interval.

    Parameters
    ----------
    estimate : str
        As printed: a difference, or a ratio with `ratio`.
    p, sign, alpha, rounding
        See :func:`p_from_test`.
    se : str, optional
        Its standard error; of the logarithm for a ratio.
    ci : tuple of str, optional
        Lower and upper limit. Exactly one of `se` and `ci`.
    level : float
        Confidence of the interval, percent.
    df : float, optional
        Degrees of freedom, if known; the normal distribution is tried in any case.
    ratio : bool
        Whether the estimate is a ratio, tested against 1 on the log scale.

    Returns
    -------
    PCheck
        ``"cannot_tell"`` where a rounded ratio or limit may be 0.

    Raises
    ------
    StatsError
        If a text is no number, both or none of `se` and `ci` are given, the limits are reversed, a ratio
        negative, or level, df or p out of range.

    Notes
    -----
    Source: Altman and Bland (2011), BMJ 343:d2090, backwards and by rounding intervals. Exact, score, profile or
    bootstrap intervals, and adjusted or rank tests, may rightly differ.
    """
    if (se is None) == (ci is None):
        raise StatsError("Give either the standard error or the interval.")
    claim = Claim.read(p, sign, alpha, rounding)
    size = _on_scale(Reported.read(estimate, rounding), ratio)
    given = f"{estimate} with the standard error {se}" if ci is None else f"{estimate} ({ci[0]} to {ci[1]})"
    ranges = []
    for freedom in {None, df}:
        error = _standard_error(se, ci, multiplier(level, freedom), ratio, rounding)
        ranges.append(_p_range(size, error, freedom) if size and error else ANY)
    found = (min(low for low, _ in ranges), max(high for _, high in ranges))
    note = "Wald test and interval assumed; an exact, adjusted or rank method may differ"
    checked = compare(
        "p_from_estimate",
        claim,
        found,
        alpha,
        f"The values behind {given}",
        halves=True,
        source=STATCHECK,
        note=note,
    )
    return _powerless(checked) if found == ANY else checked


def _powerless(checked: PCheck) -> PCheck:
    return PCheck(
        checked.name,
        "cannot_tell",
        "Rounding leaves every p value possible.",
        checked.source,
        note=checked.note,
    )


def _on_scale(reported: Reported, ratio: bool) -> Range | None:
    """Return the ends of the interval, logarithms for a ratio; None if the lower one has none."""
    if not ratio:
        return float(reported.low), float(reported.high)
    if reported.value < 0:
        raise StatsError(f"{reported.text!r} is no ratio: none is negative.")
    return None if reported.low <= 0 else (math.log(reported.low), math.log(reported.high))


def _standard_error(
    se: str | None, ci: tuple[str, str] | None, width: float, ratio: bool, rounding: Rounding
) -> Range | None:
    """Least and greatest standard error that the text allows."""
    if ci is None:
        reported = Reported.read(se or "", rounding)
        if reported.value < 0:
            raise StatsError(f"{se!r} is negative: no standard error is.")
        return float(reported.floor), float(reported.high)
    ends = [Reported.read(end, rounding) for end in ci]
    if ends[0].value > ends[1].value:
        raise StatsError(f"The interval {ci[0]} to {ci[1]} is reversed.")
    scaled = [_on_scale(end, ratio) for end in ends]
    low, high = scaled
    if low is None or high is None:
        return None
    return max((high[0] - low[1]) / 2 / width, 0.0), (high[1] - low[0]) / 2 / width


def _p_range(estimate: Range, error: Range, df: float | None) -> Range:
    """P value of estimate / error: least and greatest over the box."""
    small = 0.0 if estimate[0] <= 0 <= estimate[1] else min(abs(estimate[0]), abs(estimate[1]))
    large = max(abs(estimate[0]), abs(estimate[1]))
    kind, freedom = ("z", ()) if df is None else ("t", (df,))
    least, most = (
        small / error[1] if error[1] > 0 else (math.inf if small > 0 else 0.0),
        large / error[0] if error[0] > 0 else math.inf,
    )
    return p_two_sided(kind, most, freedom), p_two_sided(kind, least, freedom)


@noting_cut_off
def p_from_mean(
    mean: str,
    sd: str,
    n: int,
    p: str,
    sign: Sign = "=",
    *,
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> PCheck:
    """Check the p value of a mean change with its SD and n by the one-sample (paired) t test.

    Parameters
    ----------
    mean, sd : str
        As printed.
    n : int
        Patients, at least 2.
    p, sign, alpha, rounding
        See :func:`p_from_test`.

    Returns
    -------
    PCheck

    Raises
    ------
    StatsError
        If a text is no number, the SD negative, n below 2, or p out of range.

    Notes
    -----
    Source: t = mean / (SD / sqrt(n)) with n - 1 degrees of freedom.
    """
    claim = Claim.read(p, sign, alpha, rounding)
    found = one_sample_range(MeanGroup(mean, sd, n), "sd", rounding)
    what = f"The values behind {mean} (SD {sd}, n = {n})"
    note = "paired t test assumed; a rank test may differ"
    return compare("p_from_mean", claim, found, alpha, what, halves=True, source=STATCHECK, note=note)


def one_sample_range(group: MeanGroup, kind: Literal["sd", "se"], rounding: Rounding) -> Range:
    """Least and greatest p value of the one-sample t test of a reported group against 0.

    Raises
    ------
    StatsError
        If a text is no number, the spread negative or n below 2.
    """
    box = read_group(group, kind, rounding)
    if box.n < 2:
        raise StatsError("A t test needs at least 2 patients.")
    low, high = box.variance_of_mean
    return _p_range(box.mean, (math.sqrt(low), math.sqrt(high)), box.n - 1)
