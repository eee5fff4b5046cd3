"""Mantel-Haenszel pooling of incidence rates: events in person-time of two groups."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats
from rheumeta.stats.effects import effect_size
from rheumeta.stats.mh_peto import TableResult, table_result

RateMeasure = Literal["IRR", "IRD"]


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
    if measure not in ("IRR", "IRD"):
        raise StatsError(f"measure must be IRR or IRD, not {measure!r}.")
    given = effect_size("IRR", x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i, to="all")
    x1, t1, x2, t2 = (given.inputs[name] for name in ("x1i", "t1i", "x2i", "t2i"))
    if x1.sum() == 0 or x2.sum() == 0:
        raise StatsError(f"the Mantel-Haenszel {measure} is undefined: a group has no events in all.")
    informative = x1 + x2 > 0
    pooled = _ratio(x1, t1, x2, t2) if measure == "IRR" else _difference(x1, t1, x2, t2)
    y, v, use = _effects(x1, t1, x2, t2, measure)
    q = float(((y[use] - pooled[0]) ** 2 / v[use]).sum())
    used = informative if measure == "IRR" else np.ones(use.shape, dtype=bool)
    return table_result(
        pooled,
        q=(q, int(use.sum())),
        used=used,
        labels=(measure, "MH"),
        level=level,
        cmh=_test(x1, t1, x2, t2, correct=correct) if measure == "IRR" else (None, None),
        notes=_notes(used),
    )


def _ratio(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> tuple[float, float, Floats]:
    total = t1 + t2
    r, s = x1 * t2 / total, x2 * t1 / total
    variance = (t1 * t2 * (x1 + x2) / total**2).sum() / (r.sum() * s.sum())
    return float(np.log(r.sum()) - np.log(s.sum())), float(np.sqrt(variance)), s


def _difference(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> tuple[float, float, Floats]:
    total = t1 + t2
    w = t1 * t2 / total
    estimate = ((x1 * t2 - x2 * t1) / total).sum() / w.sum()
    variance = (w**2 * (x1 / t1**2 + x2 / t2**2)).sum() / w.sum() ** 2
    return float(estimate), float(np.sqrt(variance)), w


def _effects(
    x1: Floats, t1: Floats, x2: Floats, t2: Floats, measure: RateMeasure
) -> tuple[Floats, Floats, Bools]:
    use = x1 + x2 > 0
    if measure == "IRD":
        return x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2, use
    effects = effect_size("IRR", x1i=x1, t1i=t1, x2i=x2, t2i=t2)
    return effects.yi, effects.vi, use


def _test(x1: Floats, t1: Floats, x2: Floats, t2: Floats, *, correct: bool) -> tuple[float, float]:
    # Group 1's share of the events given their sum (Rothman, Greenland and Lash 2008, ch. 15).
    total, events = t1 + t2, x1 + x2
    variance = float((events * t1 * t2 / total**2).sum())
    difference = abs(float((x1 - events * t1 / total).sum()))
    statistic = max(0.0, difference - (0.5 if correct else 0.0)) ** 2 / variance
    return statistic, float(special.chdtrc(1, statistic))


def _notes(used: Bools) -> tuple[str, ...]:
    if used.all():
        return ()
    return (f"{int((~used).sum())} of {used.size} studies have no events in both groups and no weight.",)
