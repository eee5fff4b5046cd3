"""Tests and intervals of a pooled effect, and prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rheumeta.stats.batch import Batch, Floats
from rheumeta.stats.moments import Moments
from rheumeta.stats.tails import quantile, two_sided

Test = Literal["cochrane", "z", "t", "knha", "adhoc"]
Prediction = Literal["t", "t-2", "knha", "knha-2", "normal", "as_test", "none"]

TESTS: tuple[Test, ...] = ("cochrane", "z", "t", "knha", "adhoc")
PREDICTIONS: tuple[Prediction, ...] = ("t", "t-2", "knha", "knha-2", "normal", "as_test", "none")

HARTUNG_KNAPP_MIN_K = 3
"""Fewest studies for Hartung-Knapp under ``test="cochrane"``: with two studies the t quantile is
12.7 and the interval says nothing (Cochrane Handbook 6.5, section 10.10.4.4)."""

NAME = "<U8"
"""Type of the names of tests in a batch."""

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


def infer(batch: Batch, sums: Moments, tau2: Floats, *, test: Test, level: float) -> Inference:
    """Return standard error, test and interval of the weighted mean.

    Parameters
    ----------
    batch : Batch
        The analyses.
    sums : Moments
        Sums at the estimated tau2.
    tau2 : ndarray, shape (m,)
        Between-study variance.
    test : str
        ``"z"``, ``"t"``, ``"knha"`` or ``"adhoc"``; ``"cochrane"`` becomes ``"knha"`` where tau2 > 0 and
        k >= `HARTUNG_KNAPP_MIN_K`, otherwise ``"z"``: where tau2 = 0 Hartung-Knapp can be narrower than the
        common-effect interval (Cochrane Handbook 6.5, section 10.10.4.4).
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
    factor = sums.ypy / batch.df
    df, names = batch.df, np.full(batch.size, test, dtype=NAME)
    if test == "cochrane":
        knapp = (tau2 > 0) & (batch.k >= HARTUNG_KNAPP_MIN_K)
        factor, df = np.where(knapp, factor, 1.0), np.where(knapp, df, np.nan)
        names = np.array(["z", "knha"], dtype=NAME).take(knapp)
    elif test == "adhoc":
        factor = np.maximum(1.0, factor)
    elif test != "knha":
        factor = np.ones(batch.size)
        df = np.full(batch.size, np.nan) if test == "z" else df
    se = np.sqrt(factor / sums.sum_w)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(se > 0, sums.mean / se, np.nan)
    half = quantile(df, level) * se
    return Inference(names, se, statistic, df, two_sided(statistic, df), sums.mean - half, sums.mean + half)


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
    if prediction == "none":
        return np.full(batch.size, np.nan), np.full(batch.size, np.nan)
    enough = batch.k >= PREDICTION_MIN_K
    if prediction == "as_test":
        df = inference.df
    elif prediction == "normal":
        df = np.full(batch.size, np.nan)
    else:
        df = np.where(enough, batch.k - (2.0 if prediction.endswith("-2") else 1.0), np.nan)
    se2 = sums.ypy / batch.df / sums.sum_w if prediction.startswith("knha") else inference.se**2
    half = np.where(enough, quantile(df, level) * np.sqrt(tau2 + se2), np.nan)
    return sums.mean - half, sums.mean + half
