"""Tail probabilities of chi-squared, t and the normal distribution for many values at once, and quantiles.

For few whole degrees of freedom the tails are finite sums (Abramowitz and Stegun 1964, Handbook of
Mathematical Functions, 26.4.4, 26.4.5, 26.7.3, 26.7.4), several times as fast as the general functions
of SciPy, which are used for all else. The terms for chi-squared are all positive; the sum for t is the
part between the tails, so that tails below `FAR` are left to SciPy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from rheumeta.stats.batch import Bools, Floats, Ints

FEW = 60.0
"""Largest degrees of freedom taken by a sum, which has half as many terms."""

FAR = 1e-2
"""Tails of t below it would lose more than two digits in the difference to one."""

HUGE = 1e100
"""t beyond it is taken as it: its square leaves double precision, and its tail is left to SciPy anyway."""

LARGE = 1400.0
"""Chi-squared above it is left to SciPy: exp(-x / 2) leaves double precision."""


def chi2_tail(x: Floats, df: Floats) -> Floats:
    """Return P(chi-squared > x), x >= 0 and df > 0 of one shape."""
    closed = _few(df) & (x < LARGE)
    if closed.all():
        return _by_parity(_chi2_sum, x, df)
    tail = np.asarray(special.chdtrc(df, x), dtype=np.float64)
    tail[closed] = _by_parity(_chi2_sum, x[closed], df[closed])
    return tail


def two_sided(statistic: Floats, df: Floats) -> Floats:
    """Return two-sided p values from t (from the normal where df is NaN), shape of df."""
    size = np.abs(statistic)
    near = np.minimum(size, HUGE)
    normal, closed = np.isnan(df), _few(df)
    if closed.all():
        tail = _by_parity(_t_sum, near, df)
    else:
        tail = np.zeros(df.shape)
        tail[normal] = 2.0 * special.ndtr(-size[normal])
        tail[closed] = _by_parity(_t_sum, near[closed], df[closed])
    rest = np.flatnonzero((tail < FAR) & ~normal)
    tail[rest] = 2.0 * special.stdtr(df[rest], -size[rest])
    return tail


def quantile(df: Floats, level: float) -> Floats:
    """Return the two-sided quantile of t (of the normal where df is NaN), shape of df."""
    upper = 0.5 + level / 200.0
    kinds, which = distinct(df)  # a quantile costs as much as a fit
    values = np.asarray(special.stdtrit(kinds, upper), dtype=np.float64)
    values[np.isnan(kinds)] = special.ndtri(upper)
    return values[which]


def distinct(df: Floats) -> tuple[Floats, Ints]:
    """Return the different values in order, and the number of each analysis's among them, shape (m,).

    Whole numbers are counted, which is many times faster than sorting.
    """
    none = np.isnan(df)
    if not (none | (_few(df) & (df >= 1.0))).all():
        return np.unique(df, return_inverse=True)
    codes = np.where(none, 0.0, df).astype(np.int64)
    there = np.bincount(codes) > 0
    kinds = np.flatnonzero(there).astype(np.float64)
    kinds[kinds == 0] = np.nan
    return kinds, (np.cumsum(there) - 1)[codes]


def _few(df: Floats) -> Bools:
    return np.asarray((df <= FEW) & (df == np.floor(df)))


def _by_parity(tail: Callable[[Floats, Floats, Floats, int], Floats], x: Floats, df: Floats) -> Floats:
    half = 0.5 * df
    count = np.floor(half)
    odd = half > count
    if odd.all():
        return tail(x, df, count, 1)
    found = np.empty(x.shape)
    for parity, rows in ((0, np.flatnonzero(~odd)), (1, np.flatnonzero(odd))):
        found[rows] = tail(x[rows], df[rows], count[rows], parity)
    return found


def _chi2_sum(x: Floats, df: Floats, count: Floats, odd: int) -> Floats:
    # exp(-x / 2) times the sum of (x / 2)^n / n!; if odd, 2 Q(sqrt x) and the normal density times the sum
    # of x^(n - 1/2) / (1 * 3 * 5 ...).
    density = np.exp(-0.5 * x)
    if not odd:
        return _sum(density, x, count, lambda n: 0.5 / n)
    density *= np.sqrt((2.0 / np.pi) * x)
    return np.asarray(special.erfc(np.sqrt(0.5 * x)) + _sum(density, x, count, lambda n: 1.0 / (2 * n + 1)))


def _t_sum(t: Floats, df: Floats, count: Floats, odd: int) -> Floats:
    # With tan(angle) = t / sqrt(df): one less a sum of even powers of its cosine, times its sine and, if odd,
    # its cosine.
    hypotenuse = df + t * t
    cos2 = df / hypotenuse
    sine = t / np.sqrt(hypotenuse)
    if not odd:
        return 1.0 - _sum(sine, cos2, count, lambda n: (2 * n - 1) / (2 * n))
    inner = _sum(sine * np.sqrt(cos2), cos2, count, lambda n: 2 * n / (2 * n + 1))
    return 1.0 - (2.0 / np.pi) * (np.arctan(t / np.sqrt(df)) + inner)


def _sum(term: Floats, x: Floats, count: Floats, ratio: Callable[[int], float]) -> Floats:
    # The first `count` terms, the n-th being ratio(n) x times the one before; `term` is used up.
    least, most = int(count.min(initial=FEW)), int(count.max(initial=0))
    total = np.where(count > 0, term, 0.0)
    for n in range(1, most):
        term *= x
        term *= ratio(n)
        total += term if n < least else np.where(n < count, term, 0.0)
    return total
