"""Location-scale models: the between-study variance depends on characteristics of the studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.pooling import check_choice
from rheumeta.stats.regression import design_matrix
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.wald import WaldTest, wald_test

HESSIAN_STEP = 1e-5
"""Step of the differences of the exact slope that give the curvature, beside columns of unit spread."""

LOWEST_LOG = -12.0
"""Logarithm of tau2 beside the typical sampling variance below which it counts as zero everywhere: the
likelihood then no longer tells one value from another."""


@dataclass(frozen=True)
class LocationScaleResult(Result):
    """A location-scale model on the analysis scale.

    Attributes
    ----------
    names, scale_names : tuple of str
        Of the p coefficients of the mean and the q of log tau2.
    estimate, se, statistic, pval, ci_lb, ci_ub : ndarray, shape (p,)
        Mean, with tests and intervals.
    alpha, alpha_se, alpha_statistic, alpha_pval, alpha_ci_lb, alpha_ci_ub : ndarray, shape (q,)
        log tau2, with tests and intervals by the curvature of the likelihood.
    tau2 : ndarray, shape (k,)
        Of each study.
    df, scale_df : float or None
        Degrees of freedom of the two sets of tests; None for the normal.
    omnibus : WaldTest or None
        Test of all scale coefficients but the intercept.
    log_likelihood : float
        With all constants, restricted for REML.
    k : int
        Studies.
    method, test : str
        As asked for.
    level : float
        Confidence, percent.
    """

    names: tuple[str, ...]
    scale_names: tuple[str, ...]
    estimate: Floats
    se: Floats
    statistic: Floats
    pval: Floats
    ci_lb: Floats
    ci_ub: Floats
    alpha: Floats
    alpha_se: Floats
    alpha_statistic: Floats
    alpha_pval: Floats
    alpha_ci_lb: Floats
    alpha_ci_ub: Floats
    tau2: Floats
    df: float | None
    scale_df: float | None
    omnibus: WaldTest | None
    log_likelihood: float
    k: int
    method: str
    test: str
    level: float

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [f"{self.method}, k = {self.k}, log-likelihood {self.log_likelihood:.4f}"]
        for i, name in enumerate(self.names):
            lines.append(f"{name}: {self.estimate[i]:.4f} [{self.ci_lb[i]:.4f}, {self.ci_ub[i]:.4f}]")
        for i, name in enumerate(self.scale_names):
            lines.append(
                f"log tau2, {name}: {self.alpha[i]:.4f} [{self.alpha_ci_lb[i]:.4f}, "
                f"{self.alpha_ci_ub[i]:.4f}], p = {self.alpha_pval[i]:.4g}"
            )
        return "\n".join(lines)


def location_scale(
    yi: ArrayLike,
    vi: ArrayLike,
    z: ArrayLike,
    *,
    scale_names: Sequence[str],
    x: ArrayLike | None = None,
    names: Sequence[str] = (),
    method: Literal["REML", "ML"] = "REML",
    test: Literal["z", "t"] = "t",
    level: float = 95,
) -> LocationScaleResult:
    """Fit y_i ~ N(x_i'b, v_i + exp(z_i'a)).

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0).
    z : array_like, shape (k,) or (k, q - 1)
        Characteristics on which log tau2 depends, without intercept.
    scale_names : sequence of str
        One name for each.
    x : array_like, shape (k,) or (k, p - 1), optional
        Moderators of the mean, without intercept.
    names : sequence of str
        One name for each.
    method : str
        ``"REML"`` or ``"ML"``.
    test : str
        ``"t"`` with k - p and k - q degrees of freedom, or ``"z"``.
    level : float
        Confidence, percent.

    Returns
    -------
    LocationScaleResult

    Raises
    ------
    StatsError
        As `meta_regression`, and where the likelihood rises as tau2 goes to zero or without bound
        in some studies, so that there is no estimate.

    Notes
    -----
    Viechtbauer and López-López (2022), Res Synth Methods 13:697-715; the log link keeps tau2
    positive. A Newton search from several starts; standard errors from the observed information.
    """
    check_choice("method", method, ("REML", "ML"))
    check_choice("test", test, ("z", "t"))
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    y, v = as_vectors(yi, vi)
    design, labels = design_matrix(
        np.zeros((y.size, 0)) if x is None else x, names, k=y.size, add_intercept=True
    )
    scale, scale_labels = design_matrix(z, scale_names, k=y.size, add_intercept=True)
    problem = _Problem(y, v, design, *_unit_spread(scale), restricted=method == "REML")
    free = _search(problem)
    return _result(problem, free, labels=(labels, scale_labels), options=(method, test, level), scale=scale)


@dataclass
class _Problem:
    """The likelihood in coefficients of log(tau2 / unit) on columns of mean 0 and spread 1."""

    y: Floats
    v: Floats
    x: Floats
    z: Floats
    back: Floats
    restricted: bool

    def __post_init__(self) -> None:
        self.unit = float(np.median(self.v))

    def fit(self, a: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Return log likelihood, its slope, the coefficients of the mean and their covariance."""
        with np.errstate(over="ignore"):
            tau2 = self.unit * np.exp(self.z @ a)
        root = 1.0 / np.sqrt(self.v + tau2)
        q, r = np.linalg.qr(root[:, None] * self.x)
        rest = root * self.y - q @ (q.T @ (root * self.y))
        leverage = (q**2).sum(axis=1) if self.restricted else 0.0
        slope = 0.5 * self.z.T @ (tau2 * root**2 * (rest**2 - 1.0 + leverage))
        k, p = self.x.shape
        size = k - p if self.restricted else k
        height = np.log(root).sum() - 0.5 * (rest @ rest + size * np.log(2.0 * np.pi))
        if self.restricted:
            # |X'X| frees the restricted likelihood of the coding of X (Harville 1977, eq. 4.2).
            plain = np.linalg.qr(self.x).R
            height += np.log(np.abs(np.diagonal(plain) / np.diagonal(r))).sum()
        inverse = np.linalg.inv(r)
        return float(height), slope, inverse @ (q.T @ (root * self.y)), inverse @ inverse.T

    def curvature(self, a: Floats) -> Floats:
        """Return the second derivatives of the log likelihood."""
        steps = HESSIAN_STEP * np.eye(a.size)
        rows = [(self.fit(a + s)[1] - self.fit(a - s)[1]) / (2.0 * HESSIAN_STEP) for s in steps]
        return (np.array(rows) + np.array(rows).T) / 2.0


def _unit_spread(scale: Floats) -> tuple[Floats, Floats]:
    """Return the columns with mean 0 and spread 1, and the matrix that takes coefficients back."""
    mean, spread = scale[:, 1:].mean(axis=0), scale[:, 1:].std(axis=0)
    back = np.diag(np.concatenate([[1.0], 1.0 / spread]))
    back[0, 1:] = -mean / spread
    return scale @ back, back


def _search(problem: _Problem) -> Floats:
    from scipy.optimize import minimize

    n, p = problem.x.shape
    rest = problem.y - problem.x @ np.linalg.lstsq(problem.x, problem.y, rcond=None)[0]
    top = max(float(rest @ rest) / (n - p) / problem.unit, 0.1)

    def fall(a: Floats) -> float:
        return -problem.fit(a)[0]

    def slope(a: Floats) -> Floats:
        return -problem.fit(a)[1]

    def curvature(a: Floats) -> Floats:
        return -problem.curvature(a)

    ends = []
    for share in (1.0, 0.3, 0.03):
        start = np.zeros(problem.z.shape[1])
        start[0] = np.log(share * top)
        ends.append(
            minimize(
                fall, start, jac=slope, hess=curvature, method="trust-exact",
                options={"gtol": 1e-10, "maxiter": 200},
            )
        )  # fmt: skip
    best = min(ends, key=lambda end: float(end.fun))
    a = np.asarray(best.x, dtype=np.float64)
    logs = problem.z @ a
    if logs.max() < LOWEST_LOG or np.abs(problem.fit(a)[1]).max() > 1e-5 or np.ptp(logs) > 60.0:
        raise StatsError(
            "the likelihood has no maximum at a positive tau2: the effects vary too little, or not in "
            "the way the scale model says."
        )
    return a


def _result(
    problem: _Problem,
    a: Floats,
    *,
    labels: tuple[tuple[str, ...], tuple[str, ...]],
    options: tuple[str, str, float],
    scale: Floats,
) -> LocationScaleResult:
    method, test, level = options
    height, _, estimate, vcov = problem.fit(a)
    information = -problem.curvature(a)
    if float(np.linalg.eigvalsh(information)[0]) <= 0:
        raise StatsError("the likelihood is flat at its maximum: the scale coefficients are not determined.")
    alpha = problem.back @ a
    alpha[0] += np.log(problem.unit)
    alpha_vcov = problem.back @ np.linalg.inv(information) @ problem.back.T
    (k, p), q = problem.x.shape, a.size
    df, scale_df = (None, None) if test == "z" else (float(k - p), float(k - q))
    se, alpha_se = np.sqrt(np.diagonal(vcov)), np.sqrt(np.diagonal(alpha_vcov))
    mean, spread = _tests(estimate, se, df, level), _tests(alpha, alpha_se, scale_df, level)
    return LocationScaleResult(
        names=labels[0], scale_names=labels[1],
        estimate=estimate, se=se, statistic=mean[0], pval=mean[1], ci_lb=mean[2], ci_ub=mean[3],
        alpha=alpha, alpha_se=alpha_se, alpha_statistic=spread[0], alpha_pval=spread[1],
        alpha_ci_lb=spread[2], alpha_ci_ub=spread[3],
        tau2=np.exp(scale @ alpha), df=df, scale_df=scale_df,
        omnibus=wald_test(alpha, alpha_vcov, np.eye(q)[1:], df=scale_df) if q > 1 else None,
        log_likelihood=height, k=k, method=method, test=test, level=level,
    )  # fmt: skip


def _tests(estimate: Floats, se: Floats, df: float | None, level: float) -> tuple[Floats, ...]:
    dfs = np.full(se.shape, np.nan if df is None else df)
    half = quantile(dfs, level) * se
    return estimate / se, two_sided(estimate / se, dfs), estimate - half, estimate + half
