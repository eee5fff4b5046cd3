"""Tests and intervals of a pooled effect, and prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rheumeta.stats.batch import Batch, Floats, Ints
from rheumeta.stats.moments import Moments

Test = Literal["cochrane", "z", "t", "knha", "adhoc"]
Prediction = Literal["t", "t-2", "knha", "knha-2", "normal", "as_test", "none"]

TESTS: tuple[Test, ...] = ("cochrane", "z", "t", "knha", "adhoc")
PREDICTIONS: tuple[Prediction, ...] = ("t", "t-2", "knha", "knha-2", "normal", "as_test", "none")

HARTUNG_KNAPP_MIN_K = 3
"""Fewest studies for Hartung-Knapp under ``test="cochrane"``: with two studies the t quantile is
12.7 and the interval says nothing (Cochrane Handbook 6.5, section 10.10.4.4)."""

PREDICTION_MIN_K = 3
"""Fewest studies for a prediction interval (Cochrane Handbook 6.5, section 10.10.4.3; Higgins et al.
2009 need k - 2 degrees of freedom, which two studies do not leave)."""


@dataclass(frozen=True)
class Inference:
    """Test and interval of the pooled effect, arrays of shape (m,); df is NaN for the normal."""

    test_used: NDArray[np.str_]
    se: Floats
    statistic: Floats
    df: Floats
    pval: Floats
    ci_lb: Floats
    ci_ub: Floats


def choose_test(test: Test, k: Ints, tau2: Floats) -> NDArray[np.str_]:
    """Return the test used in each analysis.

    ``"cochrane"`` becomes Hartung-Knapp where tau2 > 0 and k >= `HARTUNG_KNAPP_MIN_K`, otherwise
    the Wald test by the normal distribution: where tau2 = 0 Hartung-Knapp can be narrower than the
    common-effect interval. Cochrane Handbook 6.5, section 10.10.4.4.

    Parameters
    ----------
    test : str
        As asked for.
    k : ndarray of int, shape (m,)
        Number of studies.
    tau2 : ndarray, shape (m,)
        Between-study variance.

    Returns
    -------
    ndarray of str, shape (m,)
    """
    if test == "cochrane":
        return np.where((tau2 > 0) & (k >= HARTUNG_KNAPP_MIN_K), "knha", "z")
    return np.full(k.shape, test)


def quantile(df: Floats, level: float) -> Floats:
    """Return the two-sided quantile of t (of the normal where df is NaN), shape of df."""
    upper = 0.5 + level / 200.0
    kinds, which = np.unique(df, return_inverse=True)  # few, and a quantile costs as much as a fit
    with np.errstate(invalid="ignore"):
        values = np.where(np.isnan(kinds), special.ndtri(upper), special.stdtrit(kinds, upper))
    return np.asarray(values[which], dtype=np.float64)


def two_sided(statistic: Floats, df: Floats) -> Floats:
    """Return two-sided p values from t (from the normal where df is NaN), shape of df."""
    size = -np.abs(statistic)
    with np.errstate(invalid="ignore"):
        return 2.0 * np.where(np.isnan(df), special.ndtr(size), special.stdtr(df, size))


def infer(batch: Batch, sums: Moments, *, test_used: NDArray[np.str_], level: float) -> Inference:
    """Return standard error, test and interval of the weighted mean.

    Parameters
    ----------
    batch : Batch
        The analyses.
    sums : Moments
        Sums at the estimated tau2.
    test_used : ndarray of str, shape (m,)
        ``"z"``, ``"t"``, ``"knha"`` or ``"adhoc"``.
    level : float
        Confidence in percent.

    Returns
    -------
    Inference
        Statistic and p value are NaN where the standard error is zero (Hartung-Knapp with equal
        effects).

    Notes
    -----
    Wald: se = 1 / sqrt(sum w) (Cochrane Handbook 6.5, section 10.3). Hartung and Knapp (2001),
    Stat Med 20:3875-3889: the variance times q = sum w (y - mean)^2 / (k - 1), t with k - 1.
    Ad hoc: q not below 1 (Knapp and Hartung 2003, Stat Med 22:2693-2710; Röver et al.
    2015, BMC Med Res Methodol 15:99).
    """
    df = np.where(test_used == "z", np.nan, batch.df.astype(np.float64))
    factor = sums.ypy / batch.df
    factor = np.where(test_used == "adhoc", np.maximum(1.0, factor), factor)
    factor = np.where(np.isin(test_used, ("knha", "adhoc")), factor, 1.0)
    se = np.sqrt(factor / sums.sum_w)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(se > 0, sums.mean / se, np.nan)
    half = quantile(df, level) * se
    return Inference(
        test_used, se, statistic, df, two_sided(statistic, df), sums.mean - half, sums.mean + half
    )


def predict(
    batch: Batch, sums: Moments, inference: Inference, tau2: Floats, *, prediction: Prediction, level: float
) -> tuple[Floats, Floats]:
    """Return prediction intervals for the true effect in a new study.

    Parameters
    ----------
    batch : Batch
        The analyses.
    sums : Moments
        Sums at the estimated tau2.
    inference : Inference
        Test and standard error of the mean.
    tau2 : ndarray, shape (m,)
        Between-study variance.
    prediction : str
        ``"t"``: t with k - 1 degrees of freedom (Veroniki et al. 2019, Res Synth Methods 10:23-43;
        IntHout et al. 2016, BMJ Open 6:e010247). ``"t-2"``: t with k - 2 (Higgins et al. 2009, J R
        Stat Soc A 172:137-159). ``"knha"``, ``"knha-2"``: the standard error of Hartung and Knapp
        whatever the test, t with k - 1 (Veroniki et al. 2019) or k - 2 (Partlett and Riley 2017,
        Stat Med 36:301-317). ``"normal"``. ``"as_test"``: as the interval of the mean, normal for
        ``"z"``, otherwise t with k - 1. ``"none"``.
    level : float
        Coverage in percent.

    Returns
    -------
    lower, upper : ndarray, shape (m,)
        mean -+ quantile * sqrt(tau2 + se^2); NaN where k < `PREDICTION_MIN_K`.
    """
    enough = (batch.k >= PREDICTION_MIN_K) & (prediction != "none")
    df = {
        "t": batch.k - 1.0,
        "t-2": batch.k - 2.0,
        "knha": batch.k - 1.0,
        "knha-2": batch.k - 2.0,
        "as_test": inference.df,
    }.get(prediction, np.full(batch.k.shape, np.nan))
    knapp = prediction in ("knha", "knha-2")
    se2 = sums.ypy / batch.df / sums.sum_w if knapp else inference.se**2
    half = quantile(np.where(enough, df, np.nan), level) * np.sqrt(tau2 + se2)
    half = np.where(enough, half, np.nan)
    return sums.mean - half, sums.mean + half
