"""What is asked of a fitted meta-regression: collinearity, comparison of models, bubble plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.multilevel import MultivariateResult
from rheumeta.stats.regression import RegressionResult
from rheumeta.stats.result import Result

SPAN_TOLERANCE = 1e-8
"""Part of a column's length outside the span of others below which it counts as within."""

DATA_TOLERANCE = 1e-12
"""Relative difference of effects or variances above which two fits are of different data."""


@dataclass(frozen=True)
class LikelihoodRatio(Result):
    """A likelihood-ratio test: statistic, degrees of freedom, p value."""

    statistic: float
    df: int
    pval: float


def likelihood_ratio_test(
    full: RegressionResult | MultivariateResult, reduced: RegressionResult | MultivariateResult
) -> LikelihoodRatio:
    """Compare two nested models of the same data.

    Parameters
    ----------
    full, reduced : RegressionResult or MultivariateResult
        Both by ML, or both by REML with the same coefficients.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    StatsError
        If the fits are not nested, not of the same data, or not comparable.

    Notes
    -----
    Twice the difference of the log likelihoods, chi-squared on the difference in parameters. The
    test of a variance at zero is conservative (Self and Liang 1987, J Am Stat Assoc 82:605-610).
    Restricted likelihoods of models with different coefficients don't compare (Harville 1977).
    """
    one, other = _parts(full), _parts(reduced)
    if type(full) is not type(reduced) or one["method"] != other["method"]:
        raise StatsError("a likelihood-ratio test needs two fits of one kind, by one method.")
    if one["method"] not in ("ML", "REML"):
        raise StatsError("a likelihood-ratio test needs fits by ML or REML.")
    for name in ("y", "v"):
        if one[name].shape != other[name].shape or not np.allclose(
            one[name], other[name], rtol=DATA_TOLERANCE, atol=0.0
        ):
            raise StatsError("the two fits are not of the same data.")
    if not _within(other["x"], one["x"]):
        raise StatsError("the reduced model is no special case of the full one.")
    if one["method"] == "REML" and not _within(one["x"], other["x"]):
        raise StatsError("restricted likelihoods don't compare models with different coefficients: use ML.")
    df = one["parameters"] - other["parameters"]
    if df < 1:
        raise StatsError("the full model has no more parameters than the reduced one.")
    statistic = max(0.0, 2.0 * (full.log_likelihood - reduced.log_likelihood))
    return LikelihoodRatio(statistic, df, float(special.chdtrc(df, statistic)))


def _parts(fit: RegressionResult | MultivariateResult) -> dict[str, Any]:
    if isinstance(fit, RegressionResult):
        return {"y": fit.yi, "v": fit.vi, "x": fit.x, "method": fit.method, "parameters": fit.p + 1}
    model = fit.model
    return {
        "y": model.y, "v": model.v, "x": model.x, "method": fit.method,
        "parameters": fit.p + model.n_parameters,
    }  # fmt: skip


def _within(inner: Floats, outer: Floats) -> bool:
    rest = inner - outer @ np.linalg.lstsq(outer, inner, rcond=None)[0]
    return bool(np.linalg.norm(rest) <= SPAN_TOLERANCE * np.linalg.norm(inner))


def vif(fit: RegressionResult | MultivariateResult) -> dict[str, float]:
    """Return the variance inflation factor of each coefficient but the intercept.

    Parameters
    ----------
    fit : RegressionResult or MultivariateResult
        With at least two moderators.

    Returns
    -------
    dict of str to float
        How many times larger the variance is than if the moderator did not depend on the others.

    Raises
    ------
    StatsError
        For fewer than two moderators.

    Notes
    -----
    Diagonal of the inverse of the correlation matrix of the coefficients: Fox and Monette (1992),
    J Am Stat Assoc 87:178-183, for one coefficient at a time.
    """
    first = int(fit.has_intercept)
    if fit.p - first < 2:
        raise StatsError("variance inflation needs at least two moderators.")
    part = fit.vcov[first:, first:]
    sd = np.sqrt(np.diagonal(part))
    factors = np.diagonal(np.linalg.inv(part / np.outer(sd, sd)))
    return dict(zip(fit.names[first:], factors.tolist(), strict=True))


@dataclass(frozen=True)
class BubbleData(Result):
    """The numbers behind a bubble plot of one moderator.

    Attributes
    ----------
    moderator : str
        Its name.
    x, y, size : ndarray, shape (k,)
        Moderator, effect, and weight in percent of each study.
    line_x, mean, ci_lb, ci_ub, pi_lb, pi_ub : ndarray, shape (points,)
        The fitted line with its confidence and prediction bounds, other moderators held.
    held : dict of str to float
        Where the other moderators are held.
    """

    moderator: str
    x: Floats
    y: Floats
    size: Floats
    line_x: Floats
    mean: Floats
    ci_lb: Floats
    ci_ub: Floats
    pi_lb: Floats
    pi_ub: Floats
    held: dict[str, float]


def bubble_data(
    fit: RegressionResult, moderator: str, *, line_x: ArrayLike | None = None, points: int = 101
) -> BubbleData:
    """Return what a bubble plot of one moderator draws.

    Parameters
    ----------
    fit : RegressionResult
        The fit, with an intercept.
    moderator : str
        Name of the moderator on the horizontal axis.
    line_x : array_like, optional
        Where to evaluate the line; `points` equidistant values over the range of the studies
        without.
    points : int
        Number of them.

    Returns
    -------
    BubbleData

    Raises
    ------
    StatsError
        If there is no such moderator, or the model has no intercept.

    Notes
    -----
    Other moderators are held at their means; sizes are the weights 1 / (vi + tau2): Thompson and
    Higgins (2002), Stat Med 21:1559-1573, figure 1.
    """
    if not fit.has_intercept or moderator not in fit.names[1:]:
        raise StatsError(f"there is no moderator {moderator!r} beside an intercept.")
    at = fit.names.index(moderator)
    column = fit.x[:, at]
    grid = np.linspace(column.min(), column.max(), points) if line_x is None else np.asarray(line_x, float)
    design = np.tile(fit.x[:, 1:].mean(axis=0), (grid.size, 1))
    held = {n: float(design[0, i]) for i, n in enumerate(fit.names[1:]) if n != moderator}
    design[:, at - 1] = grid
    mean, ci_lb, ci_ub = fit.predict(design)
    _, pi_lb, pi_ub = fit.predict_effect(design)
    weight = 1.0 / (fit.vi + fit.tau2)
    return BubbleData(
        moderator, column, fit.yi, 100.0 * weight / weight.sum(), grid, mean, ci_lb, ci_ub, pi_lb, pi_ub, held
    )
