"""Evidence without effect sizes: combination of p values and the sign test.

All p values are one-sided towards the same benefit: small means evidence of benefit, near 1 evidence
of harm (Cochrane Handbook 6.5, section 12.2.1.2). Significance is never counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.proportions import ProportionInterval, binomial_interval
from rheumeta.stats.result import Result


@dataclass(frozen=True)
class CombinedP(Result):
    """A combined one-sided p value.

    Attributes
    ----------
    method : str
        ``"fisher"``, ``"stouffer"`` or ``"edgington"``.
    k : int
        Number of p values.
    statistic : float
        Chi-squared, z, or the sum of the p values.
    df : int or None
        Degrees of freedom of the chi-squared.
    pval : float
        Combined one-sided p value.
    """

    method: str
    k: int
    statistic: float
    df: int | None
    pval: float

    def summary(self) -> str:
        """Return the result as one line of text."""
        df = "" if self.df is None else f", df = {self.df}"
        return (
            f"{self.method}, k = {self.k}: statistic {self.statistic:.4f}{df}, one-sided p = {self.pval:.4g}"
        )


@dataclass(frozen=True)
class SignTest(Result):
    """Sign test of directions.

    Attributes
    ----------
    favourable, unfavourable : int
        Counts of studies whose effect points each way.
    pval : float
        Exact two-sided p value against one half.
    proportion : ProportionInterval
        Proportion favourable with its Clopper-Pearson interval.
    """

    favourable: int
    unfavourable: int
    pval: float
    proportion: ProportionInterval

    def summary(self) -> str:
        """Return the result as one line of text."""
        share, of = self.proportion, self.favourable + self.unfavourable
        return (
            f"sign test: {self.favourable} of {of} favourable, {share.estimate:.3f} "
            f"[{share.lower:.3f}, {share.upper:.3f}], two-sided p = {self.pval:.4g}"
        )


def fisher(p: ArrayLike) -> CombinedP:
    """Combine by -2 sum log p, chi-squared with 2k degrees of freedom.

    Parameters
    ----------
    p : array_like, shape (k,)
        One-sided p values, 0 < p <= 1; k >= 1.

    Returns
    -------
    CombinedP

    Raises
    ------
    StatsError
        If a p value is not in (0, 1].

    Notes
    -----
    Fisher (1932), Statistical Methods for Research Workers, 4th ed., section 21.1; Cochrane Handbook
    6.5, section 12.2.1.2.
    """
    values = _check(p)
    statistic = float(-2.0 * np.log(values).sum())
    df = 2 * values.size
    return CombinedP("fisher", values.size, statistic, df, float(special.chdtrc(df, statistic)))


def stouffer(p: ArrayLike, *, weights: ArrayLike | None = None) -> CombinedP:
    """Combine by the (weighted) sum of normal deviates.

    Parameters
    ----------
    p : array_like, shape (k,)
        One-sided p values, 0 < p < 1; k >= 1.
    weights : array_like, shape (k,), optional
        Positive weights, for example square roots of sample sizes; equal if left out.

    Returns
    -------
    CombinedP

    Raises
    ------
    StatsError
        If a p value is not in (0, 1), or a weight is not positive.

    Notes
    -----
    Stouffer et al. (1949), The American Soldier, vol. 1, p. 45, footnote 15; weights: Lipták (1958).
    """
    values = _check(p)
    if (values == 1).any():
        raise StatsError(
            "a p value of exactly 1 has no finite normal deviate; Stouffer's method cannot use it."
        )
    w = np.ones(values.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != values.shape or not (np.isfinite(w) & (w > 0)).all():
        raise StatsError("weights must be positive numbers, one for each p value.")
    z = float(-(w * special.ndtri(values)).sum() / np.sqrt((w**2).sum()))
    return CombinedP("stouffer", values.size, z, None, float(special.ndtr(-z)))


def edgington(p: ArrayLike) -> CombinedP:
    """Combine by the sum of the p values.

    Parameters
    ----------
    p : array_like, shape (k,)
        One-sided p values, 0 < p <= 1; k >= 1.

    Returns
    -------
    CombinedP

    Raises
    ------
    StatsError
        If a p value is not in (0, 1].

    Notes
    -----
    Edgington (1972), J Psychol 80:351-363: P(sum <= s) = sum_j (-1)^j C(k, j) (s - j)^k / k!,
    the Irwin-Hall distribution. The terms cancel, so they are added as exact fractions.
    """
    values = _check(p)
    total, k = sum(map(Fraction, values.tolist())), values.size
    tail = sum((-1) ** j * math.comb(k, j) * (total - j) ** k for j in range(math.floor(total) + 1))
    return CombinedP("edgington", k, float(total), None, float(tail / math.factorial(k)))


def sign_test(favourable: int, unfavourable: int, *, level: float = 95) -> SignTest:
    """Test whether more than half of the effects point in one direction.

    Parameters
    ----------
    favourable, unfavourable : int
        Studies whose effect points each way, whatever their p values; at least one in all.
    level : float
        Confidence of the interval, percent.

    Returns
    -------
    SignTest

    Raises
    ------
    StatsError
        If a count is negative or not whole, or both are zero.

    Notes
    -----
    Vote counting by direction of effect: Cochrane Handbook 6.5, section 12.2.1.3; McKenzie and
    Brennan (2019). The binomial with one half is symmetric, so the two-sided p is twice the tail.
    """
    for name, count in (("favourable", favourable), ("unfavourable", unfavourable)):
        if not (float(count).is_integer() and count >= 0):
            raise StatsError(f"{name} must be a whole number of at least 0, not {count!r}.")
    n = favourable + unfavourable
    if n == 0:
        raise StatsError("a sign test needs at least one effect with a direction.")
    tail = float(special.bdtr(min(favourable, unfavourable), n, 0.5))
    interval = binomial_interval(favourable, n, level=level)
    return SignTest(favourable, unfavourable, min(1.0, 2.0 * tail), interval)


def _check(p: ArrayLike) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise StatsError("p must be a vector of at least one p value.")
    bad = np.flatnonzero(~((values > 0) & (values <= 1)))
    if bad.size:
        at = int(bad[0])
        raise StatsError(f"p[{at}] is {float(values[at])!r}; a p value lies above 0 and is at most 1.")
    return values
