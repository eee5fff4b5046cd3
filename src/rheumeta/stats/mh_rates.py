"""Mantel-Haenszel pooling of incidence rates: events in person-time of two groups."""

from __future__ import annotations

from numpy.typing import ArrayLike

from rheumeta.stats.mh_peto import TableResult, check_level, one_analysis, table_result
from rheumeta.stats.mh_sums import RateMeasure, rate_sums
from rheumeta.stats.pool_options import check_choice


def mantel_haenszel_rates(
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    *,
    measure: RateMeasure = "IRR",
    correct: bool = True,
    level: float = 95,
) -> TableResult:
    """Pool rate ratios or rate differences by Mantel and Haenszel.

    Parameters
    ----------
    x1i, t1i, x2i, t2i : array_like, shape (k,)
        Events and person-time of group 1, then of group 2; person-time > 0, in one unit; k >= 1.
    measure : {"IRR", "IRD"}
        What to pool; IRD is in events per unit of person-time.
    correct : bool
        Continuity correction of the Mantel-Haenszel test (IRR).
    level : float
        Confidence, percent.

    Returns
    -------
    TableResult
        Log rate ratio or rate difference.

    Raises
    ------
    StatsError
        For impossible counts or times, and where a group has no events in all studies.

    Notes
    -----
    With T = t1 + t2: IRR = sum(x1 t2 / T) / sum(x2 t1 / T), its log with variance sum(t1 t2 (x1 + x2) /
    T^2) / (sum(x1 t2 / T) sum(x2 t1 / T)); IRD = sum((x1 t2 - x2 t1) / T) / sum(t1 t2 / T) with variance
    sum((t1 t2 / T)^2 (x1 / t1^2 + x2 / t2^2)) / sum(t1 t2 / T)^2: Greenland and Robins (1985), Biometrics
    41:55-68; Rothman, Greenland and Lash (2008), Modern Epidemiology, 3rd ed., ch. 15. Q: inverse-variance
    weights about the estimate; there alone zero counts get 0.5 (IRR). A rate difference of two zero
    counts has no variance and no part in Q.
    """
    check_rates(measure, level)
    counts, mask = one_analysis({"x1i": x1i, "t1i": t1i, "x2i": x2i, "t2i": t2i})
    pooled = rate_sums(counts, mask, measure=measure, correct=correct)
    return table_result(pooled, labels=(measure, "MH"), level=level)


def check_rates(measure: str, level: float) -> None:
    """Raise StatsError for an unknown option."""
    check_choice("measure", measure, ("IRR", "IRD"))
    check_level(level)
