"""Multilevel and multivariate meta-analysis with a known sampling covariance."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.mixed_model import Model, Solution, build_model, solve
from rheumeta.stats.mixed_profile import Interval, profile_intervals
from rheumeta.stats.mixed_search import maximise
from rheumeta.stats.pooling import check_choice
from rheumeta.stats.random_terms import RandomTerm, nested, random_intercepts
from rheumeta.stats.regression import design_matrix
from rheumeta.stats.result import plain
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.wald import WaldTest, selection, wald_test

SYMMETRY_TOLERANCE = 1e-10
"""Part of the largest entry by which a sampling covariance may differ from its transpose, and by
which its smallest eigenvalue, as a correlation, may fall below zero: only what rounding explains."""


@dataclass(frozen=True)
class MultivariateResult:
    """A multilevel or multivariate model on the analysis scale.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients.
    estimate, se, statistic, pval, ci_lb, ci_ub : ndarray, shape (p,)
        Coefficients with test and interval.
    df : ndarray, shape (p,), or None
        Degrees of freedom of the tests; None for the normal.
    vcov : ndarray, shape (p, p)
        Covariance of the coefficients.
    n, p : int
        Effects and coefficients.
    component_names : tuple of str
        Of the variances (tau2, sigma2) and correlations (rho).
    components : ndarray
        Their estimates.
    log_likelihood : float
        At the estimates, restricted for REML; aic, bic, aicc from it.
    qe, qe_df, qe_pval : float, int, float
        Test of residual heterogeneity, without random effects.
    omnibus : WaldTest
        Test of all coefficients but the intercept (of all without intercept).
    i2, i2_by_component : float, ndarray
        Percent of the total variance that is not sampling, in all and for each variance of a model
        whose terms have one variance each (empty otherwise; then i2 is NaN).
    pi_lb, pi_ub : float or None
        Prediction interval of a new effect where there is one coefficient and each term has one
        variance.
    method, test : str
        As asked for.
    level : float
        Confidence of all intervals, percent.
    converged : bool
        False if the search ended before the slope was zero.
    notes : tuple of str
        What the reader of the result must know.
    model, theta
        The data and parameters of the fit, for `profile`, `random_effects` and `robust`.
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
    n: int
    p: int
    component_names: tuple[str, ...]
    components: Floats
    log_likelihood: float
    aic: float
    bic: float
    aicc: float
    qe: float
    qe_df: int
    qe_pval: float
    omnibus: WaldTest
    i2: float
    i2_by_component: Floats
    pi_lb: float | None
    pi_ub: float | None
    method: str
    test: str
    level: float
    has_intercept: bool
    converged: bool
    notes: tuple[str, ...]
    model: Model = field(repr=False, compare=False)
    theta: Floats = field(repr=False, compare=False)

    def component(self, name: str) -> float:
        """Return one variance or correlation by name."""
        if name not in self.component_names:
            raise StatsError(f"there is no component {name!r}; there are {', '.join(self.component_names)}.")
        return float(self.components[self.component_names.index(name)])

    def profile(self, names: Sequence[str] | None = None) -> tuple[Interval, ...]:
        """Return profile-likelihood intervals of the components (all if no names are given)."""
        wanted = self.component_names if names is None else tuple(names)
        for name in wanted:
            self.component(name)
        return profile_intervals(self.model, self.theta, wanted, level=self.level)

    def contrast(self, matrix: ArrayLike) -> WaldTest:
        """Test combinations of coefficients, rows of shape (p,), as `wald_test`."""
        df = None if self.df is None else float(self.df.min())
        return wald_test(self.estimate, self.vcov, matrix, df=df)

    def test_set(self, names: Sequence[str]) -> WaldTest:
        """Test that all the named coefficients are zero."""
        return self.contrast(selection(self.names, names))

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists, without the data."""
        skip = {"model", "theta"}
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self) if f.name not in skip}

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [f"{self.method}, {self.n} effects, log-likelihood {self.log_likelihood:.4f}"]
        for i, name in enumerate(self.names):
            lines.append(
                f"{name}: {self.estimate[i]:.4f} [{self.ci_lb[i]:.4f}, {self.ci_ub[i]:.4f}], "
                f"se {self.se[i]:.4f}, p = {self.pval[i]:.4g}"
            )
        pairs = zip(self.component_names, self.components, strict=True)
        lines += [f"{name} {value:.4f}" for name, value in pairs]
        lines.append(f"QE({self.qe_df}) = {self.qe:.2f}, p = {self.qe_pval:.4g}")
        return "\n".join([*lines, *self.notes])


def multivariate(
    yi: ArrayLike,
    v: ArrayLike,
    *,
    random: Sequence[RandomTerm],
    x: ArrayLike | None = None,
    names: Sequence[str] = (),
    add_intercept: bool = True,
    method: Literal["REML", "ML"] = "REML",
    test: Literal["z", "t"] = "t",
    df: Literal["containment", "residual"] = "containment",
    level: float = 95,
) -> MultivariateResult:
    """Fit y ~ N(Xb, V + random effects).

    Parameters
    ----------
    yi : array_like, shape (n,)
        Effects on the analysis scale.
    v : array_like, shape (n,) or (n, n)
        Sampling variances, or their covariance; see `sampling_covariance`.
    random : sequence of RandomTerm
        From `random_intercepts` and `random_outcomes`; their order does not matter.
    x : array_like, shape (n,) or (n, number of moderators), optional
        Moderators.
    names : sequence of str
        One name a moderator.
    add_intercept : bool
        Put a column of ones first.
    method : str
        ``"REML"`` or ``"ML"``.
    test : str
        ``"t"``, or ``"z"`` for the normal.
    df : str
        Of the t tests: ``"residual"`` n - p; ``"containment"`` for each coefficient the smallest
        number of groups less p of the terms within whose groups its column does not vary, n - p if
        it varies within all (Pinheiro and Bates 2000, Mixed-Effects Models, section 2.4.2).
    level : float
        Confidence, percent.

    Returns
    -------
    MultivariateResult

    Raises
    ------
    StatsError
        If shapes do not fit, a number is not finite, V is not a covariance, a term can't be told
        from another or from V, or there are not more effects than coefficients.

    Notes
    -----
    Three levels: Konstantopoulos (2011), Res Synth Methods 2:61-76. Several outcomes: Berkey et al.
    (1998), Stat Med 17:2537-2550; van Houwelingen et al. (2002), Stat Med 21:589-624. Several
    starts are followed and the highest likelihood wins; see `mixed_model`.
    """
    check_choice("method", method, ("REML", "ML"))
    check_choice("test", test, ("z", "t"))
    check_choice("df", df, ("containment", "residual"))
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    y, covariance = _data(yi, v)
    columns = np.zeros((y.size, 0)) if x is None else x
    design, labels = design_matrix(columns, names, k=y.size, add_intercept=add_intercept)
    check_terms(random, y.size)
    model = build_model(y, design, covariance, random, restricted=method == "REML")
    theta, converged = maximise(model)
    dfs = None if test == "z" else _degrees(model, df)
    return _result(
        model, theta, names=labels, dfs=dfs, options=(method, test, level),
        has_intercept=add_intercept, converged=converged,
    )  # fmt: skip


def three_level(
    yi: ArrayLike,
    v: ArrayLike,
    cluster: Sequence[object],
    effect: Sequence[object] | None = None,
    **options: Any,
) -> MultivariateResult:
    """Fit the three-level model: effects within clusters (studies, laboratories).

    Parameters
    ----------
    yi, v : array_like
        As in `multivariate`.
    cluster : sequence, length n
        Label of each effect's cluster.
    effect : sequence, length n, optional
        Label of the effect within its cluster; each row its own if left out.
    **options
        As in `multivariate`, without `random`.

    Returns
    -------
    MultivariateResult
        With the components ``cluster sigma2`` and ``effect sigma2``.
    """
    within = list(range(len(cluster))) if effect is None else effect
    terms = [
        random_intercepts(cluster, name="cluster"),
        random_intercepts(nested(cluster, within), name="effect"),
    ]
    return multivariate(yi, v, random=terms, **options)


def _data(yi: ArrayLike, v: ArrayLike) -> tuple[Floats, Floats]:
    try:
        y, covariance = np.array(yi, dtype=np.float64), np.array(v, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError("yi and v must hold numbers only.") from None
    if covariance.ndim == 1:
        covariance = np.diag(covariance)
    if y.size == 0:
        raise StatsError("a model needs effects, and yi holds none.")
    if y.ndim != 1 or covariance.shape != (y.size, y.size):
        raise StatsError(f"v must hold {y.size} variances or a square covariance of as many rows.")
    if not (np.isfinite(y).all() and np.isfinite(covariance).all()):
        raise StatsError("yi and v must be finite numbers.")
    check_covariance(covariance)
    return y, covariance


def check_covariance(covariance: Floats) -> None:
    """Raise StatsError unless `covariance` is symmetric, positive semidefinite, with variances > 0."""
    small = np.flatnonzero(np.diagonal(covariance) <= 0)
    if small.size:
        raise StatsError(f"the sampling variance of effect {small[0]} is not positive.")
    sd = np.sqrt(np.diagonal(covariance))
    correlation = covariance / np.outer(sd, sd)
    if np.abs(correlation - correlation.T).max() > SYMMETRY_TOLERANCE:
        raise StatsError("the sampling covariance is not symmetric.")
    if float(np.linalg.eigvalsh(correlation)[0]) < -SYMMETRY_TOLERANCE * len(sd):
        raise StatsError("the sampling covariance is impossible: it has a negative eigenvalue.")


def check_terms(random: Sequence[RandomTerm], n: int) -> None:
    """Raise StatsError if a term has not n rows, has one group, or does what another does."""
    seen: set[tuple[object, ...]] = set()
    for term in random:
        if term.groups.size != n:
            raise StatsError(f"the random term {term.name!r} has {term.groups.size} labels for {n} effects.")
        if term.n_groups < 2:
            raise StatsError(f"the random term {term.name!r} needs at least two groups.")
        if term.size > 1:
            continue
        key = tuple(term.groups.tolist())
        if key in seen:
            raise StatsError(f"the random term {term.name!r} has the same groups as another.")
        seen.add(key)


def _degrees(model: Model, df: str) -> Floats:
    n, p = model.x.shape
    degrees = np.full(p, float(n - p))
    if df == "residual":
        return degrees
    for j in range(p):
        for term in model.terms:
            groups = term.groups
            first = {g: model.x[i, j] for i, g in reversed(list(enumerate(groups.tolist())))}
            if all(first[g] == model.x[i, j] for i, g in enumerate(groups.tolist())):
                degrees[j] = min(degrees[j], term.n_groups - p)
    if degrees.min() < 1:
        raise StatsError("there are not more groups than coefficients: use test='z' or df='residual'.")
    return degrees


def _result(
    model: Model,
    theta: Floats,
    *,
    names: tuple[str, ...],
    dfs: Floats | None,
    options: tuple[str, str, float],
    has_intercept: bool,
    converged: bool,
) -> MultivariateResult:
    method, test, level = options
    fit, (n, p) = solve(model, theta), model.x.shape
    se = np.sqrt(np.diagonal(fit.vcov))
    spread = np.full(p, np.nan) if dfs is None else dfs
    half, values = quantile(spread, level) * se, model.values(theta)
    plain = build_model(model.y, model.x, model.v, (), restricted=True)
    qe, tested = solve(plain, np.zeros(0)), np.eye(p)[int(has_intercept and p > 1) :]
    parameters, size = model.n_parameters + p, n - p if model.restricted else n
    i2, by_component = _i2(model, values, qe.trace_p)
    bounds = _prediction(model, values, fit, half_quantile=quantile(spread, level))
    return MultivariateResult(
        names=names, estimate=fit.estimate, se=se, statistic=fit.estimate / se, df=dfs,
        pval=two_sided(fit.estimate / se, spread), ci_lb=fit.estimate - half, ci_ub=fit.estimate + half,
        vcov=fit.vcov, n=n, p=p,
        component_names=tuple(name for term in model.terms for name in term.names()), components=values,
        log_likelihood=fit.log_likelihood,
        aic=2.0 * parameters - 2.0 * fit.log_likelihood,
        bic=parameters * float(np.log(size)) - 2.0 * fit.log_likelihood,
        aicc=_aicc(fit.log_likelihood, parameters, size),
        qe=qe.q, qe_df=n - p, qe_pval=float(special.chdtrc(n - p, qe.q)),
        omnibus=wald_test(fit.estimate, fit.vcov, tested, df=None if dfs is None else float(dfs.min())),
        i2=i2, i2_by_component=by_component, pi_lb=bounds[0], pi_ub=bounds[1],
        method=method, test=test, level=level, has_intercept=has_intercept, converged=converged,
        notes=() if converged else ("The search for the variance components did not converge.",),
        model=model, theta=theta,
    )  # fmt: skip


def _aicc(log_likelihood: float, parameters: int, size: int) -> float:
    # Hurvich and Tsai (1989), Biometrika 76:297-307, with the size not below its smallest useful value.
    enough = max(size, parameters + 2)
    return 2.0 * parameters * enough / (enough - parameters - 1) - 2.0 * log_likelihood


def _single(model: Model) -> bool:
    return bool(model.terms) and all(t.n_sd == 1 and not t.n_angle for t in model.terms)


def _i2(model: Model, values: Floats, trace_p: float) -> tuple[float, Floats]:
    # Share of each variance beside the typical sampling variance (n - p) / tr P: Higgins and Thompson
    # (2002), eq. 9, for several levels Cheung (2014), Psychol Methods 19:211-229.
    if not _single(model):
        return float("nan"), np.zeros(0)
    n, p = model.x.shape
    shares = 100.0 * values / (values.sum() + (n - p) / trace_p)
    return float(shares.sum()), shares


def _prediction(
    model: Model, values: Floats, fit: Solution, *, half_quantile: Floats
) -> tuple[float | None, float | None]:
    if not _single(model) or fit.estimate.size > 1 or np.ptp(model.x) > 0:
        return None, None
    half = float(half_quantile[0] * np.sqrt(values.sum() + fit.vcov[0, 0]))
    return float(fit.estimate[0] - half), float(fit.estimate[0] + half)
