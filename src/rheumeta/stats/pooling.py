"""Inverse-variance pooling of one meta-analysis or of many at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError
from rheumeta.stats import heterogeneity as het
from rheumeta.stats.batch import Batch, Floats, Ints, grouped, padded, single
from rheumeta.stats.intervals import (
    PREDICTION_MIN_K,
    PREDICTIONS,
    TESTS,
    Inference,
    Prediction,
    Test,
    choose_test,
    infer,
    predict,
)
from rheumeta.stats.moments import Moments, moments
from rheumeta.stats.tau2 import COMMON, ESTIMATORS, estimate_tau2

Method = Literal["DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE", "EE", "FE"]

METHODS: tuple[str, ...] = (*ESTIMATORS, *COMMON)
"""Estimators of tau2, and the two names of the common-effect model."""


@dataclass(frozen=True)
class PoolResult:
    """One pooled meta-analysis, on the analysis scale.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub : float
        Pooled effect, its standard error and interval.
    statistic, df, pval : float or None
        Test of no effect; df None for the normal; statistic and pval None if se is 0.
    level : float
        Confidence of all intervals, percent.
    method, test, test_used : str
        As asked for, and the test really used (``"z"``, ``"t"``, ``"knha"``, ``"adhoc"``).
    tau2, se_tau2, tau2_lb, tau2_ub : float or None
        Between-study variance, standard error, Q-profile interval; only tau2 = 0 for the common
        effect; no se for a tau2 given by the caller.
    i2, i2_lb, i2_ub, h2, h2_lb, h2_ub : float or None
        I2 in percent and H2, from tau2 and its interval (from Q for the common effect).
    q, q_df, q_pval : float, int, float
        Cochran's Q test.
    pi_lb, pi_ub : float or None
        Prediction interval; None where there is none, with the reason in ``notes``.
    prediction : str
        Convention of the prediction interval.
    weights : ndarray, shape (k,)
        Percent, in the order of the input.
    notes : tuple of str
        What the reader of the result must know.
    """

    k: int
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    statistic: float | None
    df: float | None
    pval: float | None
    level: float
    method: str
    test: str
    test_used: str
    tau2: float
    se_tau2: float | None
    tau2_lb: float | None
    tau2_ub: float | None
    i2: float
    i2_lb: float | None
    i2_ub: float | None
    h2: float
    h2_lb: float | None
    h2_ub: float | None
    q: float
    q_df: int
    q_pval: float
    pi_lb: float | None
    pi_ub: float | None
    prediction: str
    weights: Floats
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, weights as a list."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**values, "weights": self.weights.tolist()}

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [
            f"{self.method}, k = {self.k}, test {self.test_used}",
            f"estimate {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], se {self.se:.4f}",
            f"tau2 {self.tau2:.4f}{_bounds(self.tau2_lb, self.tau2_ub)}, "
            f"I2 {self.i2:.1f} %{_bounds(self.i2_lb, self.i2_ub)}, "
            f"Q({self.q_df}) = {self.q:.2f}, p = {self.q_pval:.4g}",
        ]
        if self.pval is not None:
            lines.append(f"p = {self.pval:.4g}")
        if self.pi_lb is not None:
            lines.append(f"prediction interval{_bounds(self.pi_lb, self.pi_ub)}")
        return "\n".join([*lines, *self.notes])


def _bounds(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f" [{lower:.4f}, {upper:.4f}]"


@dataclass(frozen=True)
class BatchResult:
    """Many pooled meta-analyses: as :class:`PoolResult`, arrays of shape (m,), NaN for None.

    ``weights`` has shape (m, kmax), 0 where padded; ``labels`` are those of the groups.
    """

    labels: tuple[object, ...]
    k: Ints
    estimate: Floats
    se: Floats
    ci_lb: Floats
    ci_ub: Floats
    statistic: Floats
    df: Floats
    pval: Floats
    test_used: NDArray[np.str_]
    tau2: Floats
    se_tau2: Floats
    tau2_lb: Floats
    tau2_ub: Floats
    i2: Floats
    i2_lb: Floats
    i2_ub: Floats
    h2: Floats
    h2_lb: Floats
    h2_ub: Floats
    q: Floats
    q_pval: Floats
    pi_lb: Floats
    pi_ub: Floats
    weights: Floats


@dataclass(frozen=True)
class Options:
    """Checked options of a fit."""

    method: str
    test: Test
    level: float
    prediction: Prediction
    tau2: float | None

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_choice("test", self.test, TESTS)
        check_choice("prediction", self.prediction, PREDICTIONS)
        if not 0 < self.level < 100:
            raise StatsError(f"level is in percent and lies between 0 and 100, not {self.level!r}.")
        if self.tau2 is not None and not 0 <= self.tau2 < float("inf"):
            raise StatsError(f"tau2 must be a finite number of at least 0, not {self.tau2!r}.")
        if self.tau2 and self.method in COMMON:
            raise StatsError("the common-effect model has tau2 = 0; choose another method for a given tau2.")

    @property
    def common(self) -> bool:
        """True for the common-effect model."""
        return self.method in COMMON


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise StatsError unless `value` is one of `allowed`."""
    if value not in allowed:
        raise StatsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "REML",
    test: Test = "cochrane",
    level: float = 95,
    prediction: Prediction = "t",
    tau2: float | None = None,
) -> PoolResult:
    """Pool the effects of one meta-analysis by inverse variance.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    method : str
        Estimator of tau2 (``"REML"``, ``"DL"``, ``"PM"``, ``"ML"``, ``"SJ"``, ``"HS"``, ``"EB"``,
        ``"HE"``), or ``"EE"``/``"FE"`` for the common effect.
    test : str
        ``"cochrane"``: Hartung-Knapp where k >= 3 and tau2 > 0, otherwise Wald by the normal.
        ``"z"``, ``"t"``, ``"knha"``, ``"adhoc"``: see :func:`rheumeta.stats.intervals.infer`.
    level : float
        Confidence of all intervals, percent.
    prediction : str
        ``"t"`` (k - 1), ``"t-2"`` (k - 2), ``"normal"``, ``"as_test"`` or ``"none"``.
    tau2 : float, optional
        A between-study variance to use instead of an estimate.

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
    batch = single(yi, vi)
    return _one(batch, _fit(batch, options, labels=("",)), options)


def pool_batch(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    groups: Sequence[object] | None = None,
    mask: ArrayLike | None = None,
    method: Method = "REML",
    test: Test = "cochrane",
    level: float = 95,
    prediction: Prediction = "t",
    tau2: float | None = None,
) -> BatchResult:
    """Pool many meta-analyses at once; each gets what :func:`pool` gives it.

    Parameters
    ----------
    yi, vi : array_like
        Either shape (m, kmax) with `mask`, or shape (n,) with `groups`.
    groups : sequence, length n, optional
        Label of the analysis that each study belongs to.
    mask : array_like of bool, shape (m, kmax), optional
        True where there is a study.
    method, test, level, prediction, tau2
        As in :func:`pool`.

    Returns
    -------
    BatchResult
        In the order of the rows, or of the first appearance of a label.

    Raises
    ------
    StatsError
        As :func:`pool`, for any analysis.
    """
    options = Options(method, test, level, prediction, tau2)
    if groups is not None:
        batch, labels = grouped(yi, vi, groups)
        return _fit(batch, options, labels=labels)
    batch = padded(yi, vi, mask)
    return _fit(batch, options, labels=tuple(range(batch.size)))


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
    batch = single(yi, vi)
    y, v = batch.y[0], batch.v[0]
    if y.size < 3:
        raise StatsError(f"leaving one study out needs at least three studies, here there are {y.size}.")
    return tuple(pool(np.delete(y, i), np.delete(v, i), **options) for i in range(y.size))


def _fit(batch: Batch, options: Options, *, labels: tuple[object, ...]) -> BatchResult:
    tau2, se_tau2 = _tau2(batch, options)
    sums = moments(batch, tau2)
    test_used = choose_test(options.test, batch.k, tau2)
    inference = infer(batch, sums, test_used=test_used, level=options.level)
    spread = het.from_q(batch) if options.common else het.from_tau2(batch, tau2, level=options.level)
    wanted: Prediction = "none" if options.common else options.prediction
    bounds = predict(inference, sums.mean, tau2, batch.k, prediction=wanted, level=options.level)
    return _assemble(batch, sums, inference, spread, tau2=tau2, se_tau2=se_tau2, pi=bounds, labels=labels)


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
        weights=100.0 * sums.w / sums.sum_w[:, None],
        **{f.name: getattr(inference, f.name) for f in dataclasses.fields(inference)},
        **{f.name: getattr(spread, f.name) for f in dataclasses.fields(spread)},
    )


def _tau2(batch: Batch, options: Options) -> tuple[Floats, Floats]:
    if options.common or options.tau2 is not None:
        return np.full(batch.size, options.tau2 or 0.0), np.full(batch.size, np.nan)
    return estimate_tau2(batch, options.method)


def _one(batch: Batch, fit: BatchResult, options: Options) -> PoolResult:
    skip = {"labels", "k", "test_used", "weights"}
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
