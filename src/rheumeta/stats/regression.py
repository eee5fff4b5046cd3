"""Meta-regression: effects regressed on characteristics of the studies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Floats, as_vectors
from rheumeta.stats.likelihood import log_likelihood
from rheumeta.stats.moments import Moments, moments
from rheumeta.stats.pooling import Method, check_choice, pool
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.tau2 import COMMON, ESTIMATORS, estimate_tau2
from rheumeta.stats.wald import WaldTest, selection, wald_test

INTERCEPT = "intercept"
"""Name of the coefficient that ``add_intercept`` adds."""

RegressionTest = Literal["z", "t", "knha", "adhoc"]
REGRESSION_TESTS: tuple[RegressionTest, ...] = ("z", "t", "knha", "adhoc")

DATA = ("yi", "vi", "x")
"""Fields that hold the data of a fit, not its result."""

RANK_TOLERANCE = 1e-10
"""Columns of unit length whose part outside the span of the others is below this are redundant;
moderators that differ by design differ by far more, rounding by far less."""


@dataclass(frozen=True)
class RegressionResult:
    """A mixed-effects meta-regression on the analysis scale.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients.
    estimate, se, statistic, pval, ci_lb, ci_ub : ndarray, shape (p,)
        Coefficients with test and interval.
    df : float or None
        Degrees of freedom of the tests, k - p; None for the normal.
    vcov : ndarray, shape (p, p)
        Covariance of the coefficients.
    k, p : int
        Studies and coefficients.
    tau2, se_tau2 : float, float or None
        Residual between-study variance; se None for the common-effect model.
    i2, h2 : float
        Residual I2 in percent, and H2.
    r2 : float or None
        Part of tau2 explained, percent; None without intercept, for the common-effect model, or
        where nothing is to be explained.
    qe, qe_df, qe_pval : float, int, float
        Test of residual heterogeneity.
    qm, qm_df, qm_df2, qm_pval : float, int, float or None, float
        Test of all coefficients but the intercept (of that where it is alone): chi-squared, or F
        with `qm_df2` as second df.
    log_likelihood : float
        With all constants: restricted for REML, otherwise not.
    method, test : str
        As asked for.
    level : float
        Confidence of all intervals, percent.
    has_intercept : bool
        True if the first coefficient is the intercept.
    yi, vi, x : ndarray, shapes (k,), (k,) and (k, p)
        The data of the fit, design with intercept; not in `to_dict`.
    """

    names: tuple[str, ...]
    estimate: Floats
    se: Floats
    statistic: Floats
    df: float | None
    pval: Floats
    ci_lb: Floats
    ci_ub: Floats
    vcov: Floats
    k: int
    p: int
    tau2: float
    se_tau2: float | None
    i2: float
    h2: float
    r2: float | None
    qe: float
    qe_df: int
    qe_pval: float
    qm: float
    qm_df: int
    qm_df2: float | None
    qm_pval: float
    log_likelihood: float
    method: str
    test: str
    level: float
    has_intercept: bool
    yi: Floats = field(repr=False, compare=False)
    vi: Floats = field(repr=False, compare=False)
    x: Floats = field(repr=False, compare=False)

    def predict(self, x: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return fitted means with confidence bounds, each of shape (n,).

        Parameters
        ----------
        x : array_like, shape (n,) or (n, number of moderators)
            Moderator values, without the intercept's column.

        Returns
        -------
        mean, lower, upper : ndarray, shape (n,)

        Raises
        ------
        StatsError
            If the number of columns is not that of the moderators.
        """
        return self._interval(x, 0.0)

    def predict_effect(self, x: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return fitted means with prediction bounds for the true effect of a new study.

        As `predict`, with the residual variance between studies: mean -+ quantile
        sqrt(se^2 + tau2), the quantile that of the tests (Higgins et al. 2009, J R Stat Soc A
        172:137-159, for one mean).
        """
        return self._interval(x, self.tau2)

    def _interval(self, x: ArrayLike, between: float) -> tuple[Floats, Floats, Floats]:
        design = _columns(x)
        if self.has_intercept:
            design = np.column_stack([np.ones(len(design)), design])
        if design.shape[1] != self.p:
            raise StatsError(f"predict needs one column for each of {', '.join(self.names)}.")
        mean = design @ self.estimate
        variance = np.einsum("ij,jk,ik->i", design, self.vcov, design) + between
        df = np.full(mean.shape, np.nan if self.df is None else self.df)
        half = quantile(df, self.level) * np.sqrt(variance)
        return mean, mean - half, mean + half

    def contrast(self, matrix: ArrayLike) -> WaldTest:
        """Test that combinations of coefficients, rows of shape (p,), are zero."""
        return wald_test(self.estimate, self.vcov, matrix, df=self.df)

    def test_set(self, names: Sequence[str]) -> WaldTest:
        """Test that all the named coefficients are zero."""
        return self.contrast(selection(self.names, names))

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [f"{self.method}, k = {self.k}, test {self.test}"]
        for i, name in enumerate(self.names):
            lines.append(
                f"{name}: {self.estimate[i]:.4f} [{self.ci_lb[i]:.4f}, {self.ci_ub[i]:.4f}], "
                f"se {self.se[i]:.4f}, p = {self.pval[i]:.4g}"
            )
        explained = "" if self.r2 is None else f", R2 {self.r2:.1f} %"
        lines.append(f"tau2 {self.tau2:.4f}, I2 {self.i2:.1f} %{explained}")
        lines.append(f"QE({self.qe_df}) = {self.qe:.2f}, p = {self.qe_pval:.4g}")
        lines.append("moderators: " + WaldTest(self.qm, self.qm_df, self.qm_df2, self.qm_pval).summary())
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in DATA}
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    x: ArrayLike,
    *,
    names: Sequence[str],
    method: Method = "REML",
    test: RegressionTest = "knha",
    level: float = 95,
    add_intercept: bool = True,
) -> RegressionResult:
    """Regress effects on study characteristics by a mixed-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0).
    x : array_like, shape (k,) or (k, number of moderators)
        Moderators; finite numbers.
    names : sequence of str
        One name a moderator.
    method : str
        As in :func:`rheumeta.stats.pool`.
    test : {"knha", "adhoc", "t", "z"}
        Knapp-Hartung, the same with a factor not below 1, t with k - p, or normal.
    level : float
        Confidence, percent.
    add_intercept : bool
        Put a column of ones first.

    Returns
    -------
    RegressionResult

    Raises
    ------
    StatsError
        If k <= p, a moderator is not finite or is a combination of the others, or an option is
        unknown.

    Notes
    -----
    Weighted least squares with weights 1 / (vi + tau2): Thompson and Higgins (2002), Stat Med
    21:1559-1573; Cochrane Handbook 6.5, section 10.11.4. Knapp and Hartung (2003), Stat Med
    22:2693-2710. R2: Raudenbush (2009), share of the tau2 without moderators, not below 0. Residual
    I2 by the typical variance (k - p) / tr P: Higgins and Thompson (2002), Stat Med 21:1539-1558.
    """
    check_choice("method", method, (*ESTIMATORS, *COMMON))
    check_choice("test", test, REGRESSION_TESTS)
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    y, v = as_vectors(yi, vi)
    design, labels = design_matrix(x, names, k=y.size, add_intercept=add_intercept)
    batch = Batch(y[None], v[None], np.ones((1, y.size), dtype=bool), np.array([y.size]), design[None])
    tau2, se_tau2 = _tau2(batch, method)
    sums = moments(batch, np.array([tau2]))
    estimate, vcov = _solve(batch, sums)
    df = y.size - design.shape[1]
    vcov = vcov * _factor(sums, df, test)
    return _result(
        batch,
        estimate,
        vcov,
        names=labels,
        tau2=(tau2, se_tau2),
        method=method,
        test=test,
        level=level,
        has_intercept=add_intercept,
    )


def _columns(x: ArrayLike) -> Floats:
    try:
        columns = np.array(x, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError("moderators must hold numbers only.") from None
    return columns[:, None] if columns.ndim == 1 else columns


def design_matrix(
    x: ArrayLike, names: Sequence[str], *, k: int, add_intercept: bool
) -> tuple[Floats, tuple[str, ...]]:
    """Return the checked design, shape (k, p), and the names of its columns.

    Raises
    ------
    StatsError
        If a moderator is not finite, k <= p, or the columns depend on each other.
    """
    columns = _columns(x)
    if columns.ndim != 2 or len(columns) != k or columns.shape[1] != len(names):
        raise StatsError(f"x must have {k} rows and one column for each of the {len(names)} names.")
    bad = np.argwhere(~np.isfinite(columns))
    if len(bad):
        raise StatsError(f"moderator {names[bad[0][1]]} of study {bad[0][0]} is not a finite number.")
    labels = tuple(names)
    if add_intercept:
        columns, labels = np.column_stack([np.ones(k), columns]), (INTERCEPT, *labels)
    if k <= columns.shape[1]:
        raise StatsError(f"{columns.shape[1]} coefficients need more than {k} studies.")
    _require_full_rank(columns, labels)
    return columns, labels


def _require_full_rank(columns: Floats, labels: tuple[str, ...]) -> None:
    length = np.sqrt((columns**2).sum(axis=0))
    scaled = columns / np.where(length > 0, length, 1.0)
    outside = np.abs(np.diagonal(np.linalg.qr(scaled).R))
    for label, part in zip(labels, outside, strict=True):
        if part < RANK_TOLERANCE:
            raise StatsError(f"moderator {label} is a combination of the other columns, or constant.")


def _tau2(batch: Batch, method: str) -> tuple[float, float | None]:
    if method in COMMON:
        return 0.0, None
    tau2, se = estimate_tau2(batch, method)
    return float(tau2[0]), float(se[0])


def _solve(batch: Batch, sums: Moments) -> tuple[Floats, Floats]:
    assert batch.x is not None
    root = np.sqrt(sums.w[0])
    q, r = np.linalg.qr(root[:, None] * batch.x[0])
    inverse = np.linalg.inv(r)
    return inverse @ (q.T @ (root * batch.y[0])), inverse @ inverse.T


def _factor(sums: Moments, df: int, test: RegressionTest) -> float:
    # Knapp and Hartung (2003): the residual mean square about the weighted fit.
    if test not in ("knha", "adhoc"):
        return 1.0
    factor = float(sums.ypy[0]) / df
    return max(1.0, factor) if test == "adhoc" else factor


def _result(
    batch: Batch,
    estimate: Floats,
    vcov: Floats,
    *,
    names: tuple[str, ...],
    tau2: tuple[float, float | None],
    method: Method,
    test: RegressionTest,
    level: float,
    has_intercept: bool,
) -> RegressionResult:
    k, p = int(batch.k[0]), len(names)
    df = None if test == "z" else float(k - p)
    se = np.sqrt(np.diagonal(vcov))
    if not (se > 0).all():
        raise StatsError("the fit is perfect: the Knapp-Hartung standard errors are zero.")
    dfs = np.full(p, np.nan if df is None else df)
    half = quantile(dfs, level) * se
    qm, qm_df, qm_pval = _moderator_test(estimate, vcov, first=int(has_intercept and p > 1), df=df)
    null = moments(batch, np.zeros(1))
    qe, typical = float(null.ypy[0]), (k - p) / float(null.tr_p[0])
    h2 = qe / (k - p) if method in COMMON else 1.0 + tau2[0] / typical
    return RegressionResult(
        names=names, estimate=estimate, se=se, statistic=estimate / se, df=df,
        pval=two_sided(estimate / se, dfs), ci_lb=estimate - half, ci_ub=estimate + half, vcov=vcov,
        k=k, p=p, tau2=tau2[0], se_tau2=tau2[1],
        i2=100.0 * max(0.0, 1.0 - 1.0 / h2) if h2 > 0 else 0.0, h2=h2,
        r2=_explained(batch, tau2[0], method=method, has_intercept=has_intercept),
        qe=qe, qe_df=k - p, qe_pval=float(special.chdtrc(k - p, qe)),
        qm=qm, qm_df=qm_df, qm_df2=df, qm_pval=qm_pval,
        log_likelihood=_log_likelihood(batch, tau2[0], restricted=method == "REML"),
        method=method, test=test, level=level, has_intercept=has_intercept,
        yi=batch.y[0], vi=batch.v[0], x=np.asarray(batch.x)[0],
    )  # fmt: skip


def _log_likelihood(batch: Batch, tau2: float, *, restricted: bool) -> float:
    # With |X'X| the restricted likelihood is free of the coding of X (Harville 1977, eq. 4.2).
    kernel = float(log_likelihood(batch, np.array([tau2]), restricted=restricted)[0])
    k, p = np.asarray(batch.x)[0].shape
    size = k - p if restricted else k
    log_x = float(np.log(np.abs(np.diagonal(np.linalg.qr(np.asarray(batch.x)[0]).R))).sum())
    return float(kernel - 0.5 * size * np.log(2.0 * np.pi) + (log_x if restricted else 0.0))


def _moderator_test(
    estimate: Floats, vcov: Floats, *, first: int, df: float | None
) -> tuple[float, int, float]:
    # Wald test; with t tests the F version (Knapp and Hartung 2003).
    part, number = estimate[first:], len(estimate) - first
    wald = float(part @ np.linalg.solve(vcov[first:, first:], part))
    if df is None:
        return wald, number, float(special.chdtrc(number, wald))
    return wald / number, number, float(special.fdtrc(number, df, wald / number))


def _explained(batch: Batch, tau2: float, *, method: Method, has_intercept: bool) -> float | None:
    if method in COMMON or not has_intercept:
        return None
    total = pool(batch.y[0], batch.v[0], method=method, prediction="none").tau2
    return None if total == 0 else 100.0 * max(0.0, (total - tau2) / total)
