"""Begg and Mazumdar's rank correlation test of funnel plot asymmetry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import require_studies
from rheumeta.stats.result import Result

EXACT_UP_TO = 150
"""Up to this many studies, without ties, the distribution is exact (it costs k^4 / 8 products); beyond,
the normal approximation is as good (Kendall 1970, Rank Correlation Methods, 4th ed., section 5.4)."""


@dataclass(frozen=True)
class RankTest(Result):
    """Kendall's rank correlation between effects and variances.

    Attributes
    ----------
    k : int
        Number of studies.
    tau : float
        Kendall's tau-b.
    score, score_se : float
        Concordant less discordant pairs, and its standard error without correlation.
    pval : float
        Two-sided.
    exact : bool
        True for the exact distribution, False for the normal approximation with correction for ties.
    notes : tuple of str
        What the reader must know.
    """

    k: int
    tau: float
    score: float
    score_se: float
    pval: float
    exact: bool
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the test as a line of text and its notes."""
        kind = "exact" if self.exact else "normal approximation"
        line = f"Begg: Kendall's tau {self.tau:.4f}, p = {self.pval:.4g} ({kind}), k = {self.k}"
        return "\n".join([line, *self.notes])


def begg(yi: ArrayLike, vi: ArrayLike, *, exact: bool | None = None) -> RankTest:
    """Test for funnel plot asymmetry by the rank correlation of effects and variances.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    exact : bool, optional
        Use the exact distribution. Default: for up to 150 studies without ties.

    Returns
    -------
    RankTest

    Raises
    ------
    StatsError
        For fewer than three studies, where all effects or all variances are equal, and where an exact
        test is asked for in spite of ties. Fewer than ten studies are noted.

    Notes
    -----
    Effects are standardised as (yi - mean) / sqrt(vi - 1 / sum(1/vi)), with the common-effect mean, and
    correlated with vi: Begg and Mazumdar (1994), Biometrics 50:1088-1101. Exact distribution, tau-b and
    variance with ties: Kendall (1970), Rank Correlation Methods, 4th ed., ch. 3-5.
    """
    y, v = as_vectors(yi, vi)
    notes = require_studies(y.size, what="Begg's test")
    deviate = _standardised(y, v)
    first, second = _ties(deviate), _ties(v)
    if first.size == 1 or second.size == 1:
        raise StatsError("all effects or all variances are equal: there are no ranks to compare.")
    tied = first.size < y.size or second.size < y.size
    if exact and tied:
        raise StatsError("the exact rank test is not defined with ties; leave exact out.")
    use_exact = not tied and y.size <= EXACT_UP_TO if exact is None else exact
    score = _score(deviate, v)
    se = np.sqrt(_variance(y.size, first, second))
    pval = _exact_pval(y.size, score) if use_exact else 2.0 * float(special.ndtr(-abs(score) / se))
    pairs = np.sqrt(_pairs(y.size, first) * _pairs(y.size, second))
    return RankTest(y.size, score / float(pairs), score, float(se), pval, use_exact, notes)


def _standardised(y: Floats, v: Floats) -> Floats:
    # v_i - 1 / sum(1/v) as v_i times the weight share of the others: no cancellation for a heavy study.
    w = 1.0 / v
    mean = y[0] + float((w * (y - y[0])).sum() / w.sum())
    others = np.array([np.delete(w, i).sum() for i in range(w.size)]) / w.sum()
    return np.asarray((y - mean) / np.sqrt(v * others), dtype=np.float64)


def _ties(values: Floats) -> Floats:
    return np.unique(values, return_counts=True)[1].astype(np.float64)


def _score(x: Floats, y: Floats) -> float:
    return float((np.sign(x[:, None] - x[None]) * np.sign(y[:, None] - y[None])).sum() / 2)


def _pairs(k: int, ties: Floats) -> float:
    return k * (k - 1) / 2 - float((ties * (ties - 1)).sum()) / 2


def _variance(k: int, t: Floats, u: Floats) -> float:
    # Kendall (1970), equation 4.3 (the variance of the score with ties in both rankings).
    def cubic(n: Floats) -> float:
        return float((n * (n - 1) * (2 * n + 5)).sum())

    def square(n: Floats) -> float:
        return float((n * (n - 1)).sum())

    def triple(n: Floats) -> float:
        return float((n * (n - 1) * (n - 2)).sum())

    total = k * (k - 1) * (2 * k + 5)
    variance = (total - cubic(t) - cubic(u)) / 18 + square(t) * square(u) / (2 * k * (k - 1))
    return variance + triple(t) * triple(u) / (9 * k * (k - 1) * (k - 2))


def _exact_pval(k: int, score: float) -> float:
    below = np.cumsum(_inversions(k))
    pairs = k * (k - 1) // 2
    fewer = (pairs - round(abs(score))) // 2
    return float(min(1.0, 2.0 * below[fewer]))


@lru_cache(maxsize=8)
def _inversions(k: int) -> Floats:
    # Probabilities of each number of inversions of a random permutation: the last of n elements adds
    # 0 to n - 1 inversions, all equally likely (Kendall 1970, section 5.2).
    probability = np.ones(1)
    for n in range(2, k + 1):
        probability = np.convolve(probability, np.full(n, 1.0 / n))
    return probability
