"""Predicted random effects: where each group lies, drawn towards the mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.mixed_model import marginal_covariance
from rheumeta.stats.multilevel import MultivariateResult
from rheumeta.stats.result import Result
from rheumeta.stats.tails import quantile


@dataclass(frozen=True)
class RandomEffects(Result):
    """The predicted random effects of one term.

    Attributes
    ----------
    term : str
        Its name.
    groups, levels : tuple
        Group, and outcome or time within it ("" for intercepts), of each effect.
    estimate, se, lower, upper : ndarray, shape (number of effects,)
        Predicted departure from the fixed part, its standard error and interval by the normal.
    level : float
        Coverage, percent.
    """

    term: str
    groups: tuple[object, ...]
    levels: tuple[str, ...]
    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    level: float


def random_effects(fit: MultivariateResult, term: str) -> RandomEffects:
    """Return the predicted random effects of a term, in order of first appearance.

    Parameters
    ----------
    fit : MultivariateResult
        The fit.
    term : str
        Name of a random term.

    Returns
    -------
    RandomEffects

    Raises
    ------
    StatsError
        If there is no such term.

    Notes
    -----
    Best linear unbiased predictions C P y with C the covariance of random effects and effects,
    variance of the error G - C P C', the variance components taken as known: Henderson (1975),
    Biometrics 31:423-447; Robinson (1991), Stat Sci 6:15-32.
    """
    names = [t.name for t in fit.model.terms]
    if term not in names:
        raise StatsError(f"there is no random term {term!r}; there are {', '.join(names)}.")
    at = names.index(term)
    chosen, theta = fit.model.terms[at], fit.model.split(fit.theta)[at]
    pairs = list(dict.fromkeys(zip(chosen.groups.tolist(), chosen.levels.tolist(), strict=True)))
    groups, levels = (np.array(part) for part in zip(*pairs, strict=True))
    g = chosen.covariance(theta)
    same = groups[:, None] == chosen.groups[None, :]
    c = np.where(same, g[levels[:, None], chosen.levels[None, :]], 0.0)
    p = _projection(fit)
    estimate = c @ p @ fit.model.y
    variance = np.diagonal(g)[levels] - np.einsum("qi,ij,qj->q", c, p, c, optimize=True)
    se = np.sqrt(np.maximum(variance, 0.0))
    half = float(quantile(np.array([np.nan]), fit.level)[0]) * se
    return RandomEffects(
        term, tuple(chosen.group_labels[i] for i in groups), tuple(chosen.labels[i] for i in levels),
        estimate, se, estimate - half, estimate + half, fit.level,
    )  # fmt: skip


def _projection(fit: MultivariateResult) -> Floats:
    w = np.linalg.inv(marginal_covariance(fit.model, fit.theta))
    wx = w @ fit.model.x
    return np.asarray(w - wx @ fit.vcov @ wx.T)
