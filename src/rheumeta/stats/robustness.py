"""Cluster-robust variances: inference that holds when the dependence of effects is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, Ints, as_vectors
from rheumeta.stats.mixed_model import marginal_covariance
from rheumeta.stats.multilevel import MultivariateResult
from rheumeta.stats.pooling import PoolResult, check_choice
from rheumeta.stats.regression import RegressionResult
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.wald import WaldTest, selection

RobustType = Literal["CR0", "CR1", "CR1p", "CR2"]
TYPES: tuple[str, ...] = ("CR0", "CR1", "CR1p", "CR2")
DFS: tuple[str, ...] = ("satterthwaite", "clusters", "normal")

FEW_DF = 4.0
"""Satterthwaite degrees of freedom below which p values can be too small (Tipton 2015, Psychol
Methods 20:375-393)."""

EIGENVALUE_TOLERANCE = 1e-10
"""Part of the largest eigenvalue below which one counts as zero in a generalised inverse."""

PERFECT = 1e-12
"""Part of the standard error that the working model expects, below which one is rounding."""


@dataclass(frozen=True)
class RobustResult(Result):
    """Coefficients with cluster-robust tests and intervals.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients.
    estimate, se, statistic, pval, ci_lb, ci_ub : ndarray, shape (p,)
        Coefficients of the fit, their robust tests and intervals.
    df : ndarray, shape (p,), or None
        Degrees of freedom; None for the normal.
    vcov : ndarray, shape (p, p)
        Robust covariance.
    omnibus : WaldTest or None
        Test of all coefficients but the intercept (of the only one); None where its degrees of
        freedom would be below zero.
    n_clusters : int
        Number of clusters.
    type, df_method : str
        As asked for.
    level : float
        Confidence, percent.
    notes : tuple of str
        What the reader of the result must know.
    """

    names: tuple[str, ...]
    estimate: Floats
    se: Floats
    statistic: Floats
    df: Floats | None
    pval: Floats
    ci_lb: Floats
    ci_ub: Floats
    vcov: Floats
    omnibus: WaldTest | None
    n_clusters: int
    type: str
    df_method: str
    level: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [f"{self.type}, {self.n_clusters} clusters"]
        for i, name in enumerate(self.names):
            df = "" if self.df is None else f", df {self.df[i]:.2f}"
            lines.append(
                f"{name}: {self.estimate[i]:.4f} [{self.ci_lb[i]:.4f}, {self.ci_ub[i]:.4f}], "
                f"se {self.se[i]:.4f}{df}, p = {self.pval[i]:.4g}"
            )
        return "\n".join([*lines, *self.notes])


def robust(
    fit: PoolResult | RegressionResult | MultivariateResult,
    cluster: Sequence[object],
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    type: RobustType = "CR2",
    df: Literal["satterthwaite", "clusters", "normal"] = "satterthwaite",
    level: float = 95,
) -> RobustResult:
    """Return tests and intervals that need only the clusters to be independent.

    Parameters
    ----------
    fit : PoolResult, RegressionResult or MultivariateResult
        The fit, whose weights and coefficients stay.
    cluster : sequence, length n
        Label of each effect's cluster (study, cohort).
    yi, vi : array_like, shape (n,), optional
        Effects and variances of a `PoolResult`, which does not keep them.
    type : str
        ``"CR0"`` no correction; ``"CR1"`` times m / (m - 1), m clusters; ``"CR1p"`` times
        m / (m - p); ``"CR2"`` unbiased if the working model is right.
    df : str
        ``"satterthwaite"``, ``"clusters"`` (m - p) or ``"normal"``.
    level : float
        Confidence, percent.

    Returns
    -------
    RobustResult

    Raises
    ------
    StatsError
        If a cluster is missing, there are not more clusters than coefficients, or effects of
        different clusters are correlated in the fit.

    Notes
    -----
    Hedges, Tipton and Johnson (2010), Res Synth Methods 1:39-65. CR2: Bell and McCaffrey (2002),
    Surv Methodol 28:169-181, with the model's covariance as working model: Pustejovsky and Tipton
    (2018), J Bus Econ Stat 36:672-683, eq. 10-12. Degrees of freedom: Tipton (2015); the joint test
    is the approximate Hotelling test of Tipton and Pustejovsky (2015), J Educ Behav Stat 40:604-634.
    """
    check_choice("type", type, TYPES)
    check_choice("df", df, DFS)
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    work = _working(fit, yi, vi)
    rows = _clusters(cluster, work)
    pieces = _pieces(work, rows, type)
    return _result(work, pieces, number=len(rows), options=(type, df, level))


@dataclass(frozen=True)
class _Working:
    """The working model: effects, design, covariance, names, which coefficients are tested together."""

    y: Floats
    x: Floats
    phi: Floats
    names: tuple[str, ...]
    tested: tuple[str, ...]


@dataclass(frozen=True)
class _Pieces:
    """What each cluster adds: scores (m, p), and the linear forms of y behind them (m, p, n)."""

    estimate: Floats
    scores: Floats
    forms: Floats


def _working(
    fit: PoolResult | RegressionResult | MultivariateResult, yi: ArrayLike | None, vi: ArrayLike | None
) -> _Working:
    if isinstance(fit, MultivariateResult):
        phi = marginal_covariance(fit.model, fit.theta)
        y, x, names, has_intercept = fit.model.y, fit.model.x, fit.names, fit.has_intercept
    elif isinstance(fit, RegressionResult):
        y, x, names, has_intercept = fit.yi, fit.x, fit.names, fit.has_intercept
        phi = np.diag(fit.vi + fit.tau2)
    else:
        if yi is None or vi is None:
            raise StatsError("a pooled result does not keep its data: give yi and vi as well.")
        y, v = as_vectors(yi, vi)
        if y.size != fit.k:
            raise StatsError(f"the fit has {fit.k} effects, yi has {y.size}.")
        phi, x, names, has_intercept = np.diag(v + fit.tau2), np.ones((y.size, 1)), ("intercept",), True
    tested = names[1:] if has_intercept and len(names) > 1 else names
    return _Working(y, x, phi, tuple(names), tuple(tested))


def _clusters(cluster: Sequence[object], work: _Working) -> list[Ints]:
    if len(cluster) != work.y.size:
        raise StatsError(f"cluster has {len(cluster)} labels for {work.y.size} effects.")
    table: dict[object, list[int]] = {}
    for i, label in enumerate(cluster):
        table.setdefault(label, []).append(i)
    rows = [np.array(members) for members in table.values()]
    p = work.x.shape[1]
    if len(rows) <= p:
        raise StatsError(f"{p} coefficients need more than {len(rows)} clusters.")
    apart = np.ones(work.phi.shape, dtype=bool)
    for members in rows:
        apart[np.ix_(members, members)] = False
    if (work.phi[apart] != 0).any():
        raise StatsError("the fit has correlated effects in different clusters: use larger clusters.")
    return rows


def _pieces(work: _Working, rows: list[Ints], type_: str) -> _Pieces:
    n, p = work.x.shape
    bread, xw = np.zeros((p, p)), np.zeros((p, n))
    for members in rows:
        xw[:, members] = np.linalg.solve(work.phi[np.ix_(members, members)], work.x[members]).T
        bread += xw[:, members] @ work.x[members]
    to_estimate = np.linalg.solve(bread, xw)
    estimate = to_estimate @ work.y
    rest = np.eye(n) - work.x @ to_estimate
    m = len(rows)
    factor = {"CR0": 1.0, "CR1": m / (m - 1), "CR1p": m / (m - p), "CR2": 1.0}[type_]
    forms = np.empty((m, p, n))
    for i, members in enumerate(rows):
        adjust = _cr2(work, rest, members) if type_ == "CR2" else np.sqrt(factor) * np.eye(members.size)
        forms[i] = to_estimate[:, members] @ adjust @ rest[members]
    return _Pieces(estimate, forms @ work.y, forms)


def _cr2(work: _Working, rest: Floats, members: Ints) -> Floats:
    # A = D'(D (I-H) Phi (I-H)' D')^{+1/2} D with D'D = Phi, all within the cluster.
    d = np.linalg.cholesky(work.phi[np.ix_(members, members)]).T
    inner = d @ (rest[members] @ work.phi @ rest[members].T) @ d.T
    values, vectors = np.linalg.eigh((inner + inner.T) / 2.0)
    large = values > EIGENVALUE_TOLERANCE * values.max()
    root = np.where(large, 1.0 / np.sqrt(np.where(large, values, 1.0)), 0.0)
    return np.asarray(d.T @ (vectors * root) @ vectors.T @ d)


def _result(work: _Working, pieces: _Pieces, *, number: int, options: tuple[str, str, float]) -> RobustResult:
    type_, df, level = options
    p = len(work.names)
    vcov = pieces.scores.T @ pieces.scores
    se = np.sqrt(np.diagonal(vcov))
    expected = np.sqrt(np.einsum("mpn,nk,mpk->p", pieces.forms, work.phi, pieces.forms, optimize=True))
    if not (se > PERFECT * expected).all():
        raise StatsError("a robust standard error is zero: the clusters fit perfectly.")
    dfs = _degrees(work, pieces, df, spare=float(number - p))
    half = quantile(dfs, level) * se
    few = df == "satterthwaite" and bool((dfs < FEW_DF).any())
    return RobustResult(
        names=work.names, estimate=pieces.estimate, se=se, statistic=pieces.estimate / se,
        df=None if df == "normal" else dfs, pval=two_sided(pieces.estimate / se, dfs),
        ci_lb=pieces.estimate - half, ci_ub=pieces.estimate + half, vcov=vcov,
        omnibus=_omnibus(work, pieces, vcov, df, spare=float(number - p)),
        n_clusters=number, type=type_, df_method=df, level=level,
        notes=("Fewer than four degrees of freedom: p values and intervals can be too narrow.",) * few,
    )  # fmt: skip


def _degrees(work: _Working, pieces: _Pieces, df: str, *, spare: float) -> Floats:
    p = len(work.names)
    if df == "satterthwaite":
        return np.array([_satterthwaite(work, pieces, j) for j in range(p)])
    return np.full(p, spare if df == "clusters" else np.nan)


def _satterthwaite(work: _Working, pieces: _Pieces, j: int) -> float:
    # The robust variance is a quadratic form in y whose mean and variance, were the working model
    # true, are those of a scaled chi-squared variable: df = 2 mean^2 / variance.
    form = pieces.forms[:, j, :]
    s = form @ work.phi @ form.T
    return float(np.trace(s) ** 2 / (s**2).sum())


def _omnibus(work: _Working, pieces: _Pieces, vcov: Floats, df: str, *, spare: float) -> WaldTest | None:
    c = selection(work.names, work.tested)
    part, q = c @ pieces.estimate, len(c)
    wald = float(part @ np.linalg.solve(c @ vcov @ c.T, part))
    if df == "normal":
        return WaldTest(wald, q, None, float(special.chdtrc(q, wald)))
    if df == "clusters":
        return WaldTest(wald / q, q, spare, float(special.fdtrc(q, spare, wald / q)))
    eta = _hotelling_df(work, pieces, c)
    df2 = eta - q + 1.0
    if df2 <= 0:
        return None
    statistic = df2 / (eta * q) * wald
    return WaldTest(statistic, q, df2, float(special.fdtrc(q, df2, statistic)))


def _hotelling_df(work: _Working, pieces: _Pieces, c: Floats) -> float:
    # Tipton and Pustejovsky (2015), eq. 15-16: a Wishart variable with the total variance of the
    # robust covariance, scaled to have the identity as its mean.
    forms = np.einsum("qp,mpn->mqn", c, pieces.forms)
    mean = np.einsum("mqn,nk,mrk->qr", forms, work.phi, forms, optimize=True)
    values, vectors = np.linalg.eigh(mean)
    forms = np.einsum("qr,mrn->mqn", (vectors / np.sqrt(values)) @ vectors.T, forms)
    s = np.einsum("mqn,nk,lrk->qrml", forms, work.phi, forms, optimize=True)
    same = np.einsum("qqml,rrml->", s, s, optimize=True)
    crossed = np.einsum("qrml,rqml->", s, s, optimize=True)
    q = len(c)
    return float(q * (q + 1) / (same + crossed))
