"""Q, I2 and H2, and the Q-profile interval of tau2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from rheumeta.stats.batch import Batch, Floats
from rheumeta.stats.moments import Moments, null_moments
from rheumeta.stats.tails import chi2_tail, distinct
from rheumeta.stats.tau2 import generalised_q_root


@dataclass(frozen=True)
class Heterogeneity:
    """Heterogeneity of each analysis of a batch, arrays of shape (m,); I2 in percent."""

    q: Floats
    q_pval: Floats
    i2: Floats
    i2_lb: Floats
    i2_ub: Floats
    h2: Floats
    h2_lb: Floats
    h2_ub: Floats
    tau2_lb: Floats
    tau2_ub: Floats


def typical_variance(batch: Batch) -> Floats:
    """Return the typical sampling variance, shape (m,), squared analysis scale.

    Higgins and Thompson (2002), Stat Med 21:1539-1558, (k - 1) sum w / ((sum w)^2 - sum w^2).
    """
    return batch.df / null_moments(batch).tr_p


def q_test(batch: Batch) -> tuple[Floats, Floats]:
    """Return Cochran's Q and its p value from chi-squared with k - 1 degrees of freedom.

    Cochran (1954), Biometrics 10:101-129; Cochrane Handbook 6.5, section 10.10.2.
    """
    q = null_moments(batch).ypy
    return q, chi2_tail(q, batch.df)


def q_profile(
    batch: Batch, *, level: float, near: tuple[Floats, Moments] | None = None
) -> tuple[Floats, Floats]:
    """Return the Q-profile interval of tau2.

    Parameters
    ----------
    batch : Batch
        The analyses.
    level : float
        Confidence in percent.
    near : tuple, optional
        An estimate of tau2, shape (m,), and the sums there, which shorten the search.

    Returns
    -------
    lower, upper : ndarray, shape (m,)
        Bounds, each 0 where the generalised Q at tau2 = 0 is below the quantile already. Both are
        0 where the set is empty, that is, where the effects differ less than chance lets expect.

    Notes
    -----
    Viechtbauer (2007), Stat Med 26:37-52: the tau2 at which the generalised Q equals the
    quantiles of chi-squared with k - 1 degrees of freedom.
    """
    tail = (1.0 - level / 100.0) / 2.0
    df, which = distinct(batch.df)
    low, high = (np.asarray(special.chdtri(df, p), dtype=np.float64)[which] for p in (1.0 - tail, tail))
    return generalised_q_root(batch, high, near=near), generalised_q_root(batch, low, near=near)


def from_tau2(
    batch: Batch, tau2: Floats, sums: Moments, *, level: float, intervals: bool = True
) -> Heterogeneity:
    """Return Q, and I2 and H2 with intervals from tau2 and its Q-profile interval.

    Parameters
    ----------
    batch : Batch
        The analyses.
    tau2 : ndarray, shape (m,)
        Estimated between-study variance.
    sums : Moments
        Sums there.
    level : float
        Confidence in percent.
    intervals : bool
        False leaves the intervals out (NaN), which take longer than all the rest.

    Returns
    -------
    Heterogeneity

    Notes
    -----
    I2 = tau2 / (tau2 + s2) and H2 = (tau2 + s2) / s2, s2 the typical variance: Higgins and Thompson
    (2002). Monotone in tau2, hence the intervals.
    """
    s2 = typical_variance(batch)
    none = np.full(batch.size, np.nan)
    lower, upper = q_profile(batch, level=level, near=(tau2, sums)) if intervals else (none, none)
    i2, i2_lb, i2_ub = (100.0 * t / (t + s2) for t in (tau2, lower, upper))
    h2, h2_lb, h2_ub = (1.0 + t / s2 for t in (tau2, lower, upper))
    return Heterogeneity(*q_test(batch), i2, i2_lb, i2_ub, h2, h2_lb, h2_ub, lower, upper)


def i2_from_q(q: float, df: float) -> float:
    """Return I2 in percent from a Q statistic: 100 max(0, (Q - df) / Q) (Higgins and Thompson 2002).

    With the Q of a test between subgroups it describes the differences between them.
    """
    return 100.0 * max(0.0, (q - df) / q) if q > 0 else 0.0


def from_q(batch: Batch) -> Heterogeneity:
    """Return Q, and I2 and H2 from Q alone, for the common-effect model; no intervals (NaN).

    Higgins and Thompson (2002): H2 = Q / (k - 1), I2 = max(0, (H2 - 1) / H2).
    """
    q, pval = q_test(batch)
    h2 = q / batch.df
    with np.errstate(divide="ignore"):
        i2 = 100.0 * np.maximum(0.0, 1.0 - 1.0 / h2)
    none = np.full(batch.size, np.nan)
    return Heterogeneity(q, pval, i2, none, none, h2, none, none, none, none)
