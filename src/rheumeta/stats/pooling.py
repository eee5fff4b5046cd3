"""Inverse-variance pooling of one meta-analysis; of many at once in ``pooling_many``."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats import heterogeneity as het
from rheumeta.stats.batch import Batch, Floats, single
from rheumeta.stats.intervals import (
    PREDICTION_MIN_K,
    Inference,
    Prediction,
    Test,
    infer,
    predict,
)
from rheumeta.stats.moments import Moments, moments
from rheumeta.stats.pool_options import METHODS, Method, Options, check_choice
from rheumeta.stats.pool_results import BatchResult, PoolResult
from rheumeta.stats.tau2 import estimate_tau2

__all__ = [
    "METHODS",
    "BatchResult",
    "Method",
    "Options",
    "PoolResult",
    "check_choice",
    "fit_batch",
    "leave_one_out",
    "pool",
]


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "REML",
    test: Test = "cochrane",
    level: float = 95,
    prediction: Prediction = "t",
    tau2: float | None = None,
    tau2_weights: ArrayLike | None = None,
) -> PoolResult:
    """Pool the effects of one meta-analysis by inverse variance.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    method : str
        Estimator of tau2 (``"REML"``, ``"DL"``, ``"PM"``, ``"ML"``, ``"SJ"``, ``"HS"``, ``"EB"``,
        ``"HE"``, ``"DL2"``, ``"DLIT"``, ``"SJIT"``, ``"HSk"``, ``"PMM"``, ``"GENQ"``, ``"GENQM"``: see
        :mod:`rheumeta.stats.tau2`), or ``"EE"``/``"FE"`` for the common effect.
    test : str
        ``"cochrane"``: Hartung-Knapp where k >= 3 and tau2 > 0, otherwise Wald by the normal.
        ``"z"``, ``"t"``, ``"knha"``, ``"adhoc"``: see :func:`rheumeta.stats.intervals.infer`.
    level : float
        Confidence of all intervals, percent.
    prediction : str
        ``"t"`` (k - 1), ``"t-2"`` (k - 2), ``"knha"``, ``"knha-2"``, ``"normal"``, ``"as_test"`` or
        ``"none"``: see :func:`rheumeta.stats.intervals.predict`.
    tau2 : float, optional
        A between-study variance to use instead of an estimate.
    tau2_weights : array_like, shape (k,), optional
        Weights (> 0) of the generalised Q for ``"GENQ"`` and ``"GENQM"``; the mean itself is weighted
        by 1 / (vi + tau2) as ever.

    Returns
    -------
    PoolResult

    Raises
    ------
    StatsError
        For fewer than two studies, values that are not finite, variances that are not positive and
        unknown options.

    Notes
    -----
    The weighted mean with weights 1 / (vi + tau2): DerSimonian and Laird (1986), Control Clin
    Trials 7:177-188; Cochrane Handbook 6.5, section 10.10.4.
    """
    options = Options(method, test, level, prediction, tau2)
    options.check_weights(tau2_weights)
    batch = single(yi, vi, weights=tau2_weights)
    return _one(batch, fit_batch(batch, options, labels=("",)), options)


def leave_one_out(yi: ArrayLike, vi: ArrayLike, **options: Any) -> tuple[PoolResult, ...]:
    """Pool again without each study in turn.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        As in :func:`pool`; k >= 3.
    **options
        As in :func:`pool`.

    Returns
    -------
    tuple of PoolResult, length k
        The i-th leaves out study i; its weights are those of the others.

    Raises
    ------
    StatsError
        As :func:`pool`, and for k < 3.
    """
    weights = options.pop("tau2_weights", None)
    batch = single(yi, vi, weights=weights)
    k = batch.y.shape[1]
    if k < 3:
        raise StatsError(f"leaving one study out needs at least three studies, here there are {k}.")
    y, v, a = batch.y[0], batch.v[0], None if batch.a is None else batch.a[0]
    rest = [np.arange(k) != i for i in range(k)]
    return tuple(pool(y[r], v[r], tau2_weights=None if a is None else a[r], **options) for r in rest)


def fit_batch(batch: Batch, options: Options, *, labels: tuple[object, ...]) -> BatchResult:
    """Pool every analysis of a batch at once; its memory grows with the batch.

    Parameters
    ----------
    batch : Batch
        The analyses.
    options : Options
        As in :func:`pool`.
    labels : tuple, length m
        Their names.

    Returns
    -------
    BatchResult
    """
    tau2, se_tau2 = _tau2(batch, options)
    sums = moments(batch, tau2)
    inference = infer(batch, sums, tau2, test=options.test, level=options.level)
    spread = het.from_q(batch) if options.common else _spread(batch, tau2, sums, options)
    wanted: Prediction = "none" if options.common else options.prediction
    bounds = predict(batch, sums, inference, tau2, prediction=wanted, level=options.level)
    return _assemble(batch, sums, inference, spread, tau2=tau2, se_tau2=se_tau2, pi=bounds, labels=labels)


def _spread(batch: Batch, tau2: Floats, sums: Moments, options: Options) -> het.Heterogeneity:
    return het.from_tau2(batch, tau2, sums, level=options.level, intervals=options.tau2_interval)


def _assemble(
    batch: Batch,
    sums: Moments,
    inference: Inference,
    spread: het.Heterogeneity,
    *,
    tau2: Floats,
    se_tau2: Floats,
    pi: tuple[Floats, Floats],
    labels: tuple[object, ...],
) -> BatchResult:
    return BatchResult(
        labels=labels,
        k=batch.k,
        estimate=sums.mean,
        tau2=tau2,
        se_tau2=se_tau2,
        pi_lb=pi[0],
        pi_ub=pi[1],
        weights=sums.w * (100.0 / sums.sum_w)[:, None],
        **{f.name: getattr(inference, f.name) for f in dataclasses.fields(inference)},
        **{f.name: getattr(spread, f.name) for f in dataclasses.fields(spread)},
    )


def _tau2(batch: Batch, options: Options) -> tuple[Floats, Floats]:
    if options.common or options.tau2 is not None:
        return np.full(batch.size, options.tau2 or 0.0), np.full(batch.size, np.nan)
    return estimate_tau2(batch, options.method)


def _one(batch: Batch, fit: BatchResult, options: Options) -> PoolResult:
    skip = {"labels", "k", "test_used", "weights", "problems"}
    numbers = {f.name: _plain(getattr(fit, f.name)[0]) for f in dataclasses.fields(fit) if f.name not in skip}
    k, test_used = int(batch.k[0]), str(fit.test_used[0])
    return PoolResult(
        k=k,
        q_df=k - 1,
        level=options.level,
        method=options.method,
        test=options.test,
        test_used=test_used,
        prediction=options.prediction,
        weights=fit.weights[0],
        notes=_notes(k, test_used, numbers, options),
        **numbers,  # type: ignore[arg-type]
    )


def _plain(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _notes(k: int, test_used: str, numbers: dict[str, float | None], options: Options) -> tuple[str, ...]:
    notes = []
    if k == 2:
        notes.append("Two studies only: the between-study variance is hardly known.")
    if options.test == "cochrane" and test_used == "z" and not options.common:
        why = "fewer than three studies" if k < 3 else "tau2 is estimated as zero"
        notes.append(f"Wald interval by the normal distribution instead of Hartung-Knapp: {why}.")
    if numbers["statistic"] is None:
        notes.append("All effects are equal: the Hartung-Knapp standard error is zero and there is no test.")
    if not options.common:
        if options.prediction != "none" and k < PREDICTION_MIN_K:
            notes.append(f"No prediction interval: it needs at least {PREDICTION_MIN_K} studies.")
        if numbers["tau2_ub"] == 0:
            notes.append(
                "The Q-profile interval of tau2 is empty and shown as [0, 0]: the effects differ "
                "less than chance lets expect."
            )
    return tuple(notes)
