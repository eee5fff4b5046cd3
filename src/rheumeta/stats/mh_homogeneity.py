"""Breslow and Day's test that two-by-two tables share one odds ratio, with Tarone's correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.effects import effect_size
from rheumeta.stats.mh_peto import mantel_haenszel
from rheumeta.stats.result import Result


@dataclass(frozen=True)
class HomogeneityTest(Result):
    """Test of one common odds ratio.

    Attributes
    ----------
    k, k_used : int
        Studies given, and those with both patients with and without event.
    log_or : float
        The common log odds ratio tested against.
    expected : ndarray, shape (k,)
        Events expected in group 1; NaN in studies without information.
    breslow_day, breslow_day_pval : float
        Chi-squared and p value.
    tarone, tarone_pval : float
        The same with Tarone's correction, which makes it exact in large samples for the
        Mantel-Haenszel odds ratio.
    df : int
        Degrees of freedom, k_used - 1.
    """

    k: int
    k_used: int
    log_or: float
    expected: Floats
    breslow_day: float
    breslow_day_pval: float
    tarone: float
    tarone_pval: float
    df: int

    def summary(self) -> str:
        """Return both tests as two lines of text."""
        return (
            f"Breslow-Day chi-squared({self.df}) = {self.breslow_day:.3f}, p = {self.breslow_day_pval:.4g}\n"
            f"with Tarone's correction {self.tarone:.3f}, p = {self.tarone_pval:.4g}"
        )


def breslow_day(
    ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, log_or: float | None = None
) -> HomogeneityTest:
    """Test whether the odds ratios of all studies are one.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        Events and group sizes of group 1, then of group 2; at least two studies with both patients
        with and without event.
    log_or : float, optional
        Common log odds ratio; that of Mantel and Haenszel by default.

    Returns
    -------
    HomogeneityTest

    Raises
    ------
    StatsError
        For impossible tables, too few of them, or where the Mantel-Haenszel odds ratio is undefined.

    Notes
    -----
    Breslow and Day (1980), Statistical Methods in Cancer Research I, section 4.4, equations 4.30-4.32:
    sum (a - A)^2 / V, where A is the count that the margins and the common odds ratio imply and
    1 / V = 1 / A + 1 / B + 1 / C + 1 / D. Tarone (1985), Biometrika 72:91-95, subtracts
    (sum (a - A))^2 / sum V.
    """
    given = effect_size("RD", ai=ai, n1i=n1i, ci=ci, n2i=n2i).inputs
    a, n1, c, n2 = (given[name] for name in ("ai", "n1i", "ci", "n2i"))
    events = a + c
    use = (events > 0) & (events < n1 + n2)
    if use.sum() < 2:
        raise StatsError("the Breslow-Day test needs at least two studies with and without events.")
    if log_or is None:
        log_or = mantel_haenszel(a, n1, c, n2, measure="OR").estimate
    if not np.isfinite(log_or):
        raise StatsError(f"log_or must be a finite number, not {log_or!r}.")
    a, n1, n2, events = a[use], n1[use], n2[use], events[use]
    fitted = _fitted(n1, n2, events, float(np.exp(log_or)))
    variance = 1.0 / (1 / fitted + 1 / (n1 - fitted) + 1 / (events - fitted) + 1 / (n2 - events + fitted))
    difference = a - fitted
    plain = float((difference**2 / variance).sum())
    tarone = max(0.0, plain - float(difference.sum()) ** 2 / float(variance.sum()))
    expected = np.full(use.shape, np.nan)
    expected[use] = fitted
    df = int(use.sum()) - 1
    return HomogeneityTest(
        k=int(use.size),
        k_used=df + 1,
        log_or=log_or,
        expected=expected,
        breslow_day=plain,
        breslow_day_pval=float(special.chdtrc(df, plain)),
        tarone=tarone,
        tarone_pval=float(special.chdtrc(df, tarone)),
        df=df,
    )


def _fitted(n1: Floats, n2: Floats, events: Floats, ratio: float) -> Floats:
    # Solves A (n2 - m + A) = ratio (n1 - A) (m - A) for the A between the margins. The form of the root
    # with the sum of like signs in the denominator does not cancel, and is right at ratio = 1 too.
    p = ratio - 1.0
    b = n2 - events + ratio * (n1 + events)
    root = np.sqrt(np.maximum(0.0, b**2 - 4.0 * p * ratio * n1 * events))
    return np.asarray(2.0 * ratio * n1 * events / (b + root), dtype=np.float64)
