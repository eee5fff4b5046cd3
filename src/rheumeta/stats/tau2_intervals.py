"""Confidence intervals of tau2: Q-profile, profile likelihood, generalised Q."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Floats, Ints, single
from rheumeta.stats.heterogeneity import q_profile, typical_variance
from rheumeta.stats.likelihood import log_likelihood, score
from rheumeta.stats.moments import moments
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.roots import solve_bracketed
from rheumeta.stats.tau2 import ESTIMATORS, WEIGHTED, estimate_tau2
from rheumeta.stats.tau2_weighted import quantile_root

IntervalMethod = Literal["QP", "PL", "GENQ"]
INTERVALS: tuple[IntervalMethod, ...] = ("QP", "PL", "GENQ")

PROFILE_POINTS = 600
"""Points on which the profile likelihood is laid: neighbours differ by under 7 % over sixteen orders."""


@dataclass(frozen=True)
class Tau2Interval:
    """An interval of the between-study variance, and of I2 and H2 that follow from it.

    Attributes
    ----------
    method, estimator : str
        Of the interval and of tau2.
    level : float
        Confidence in percent.
    k : int
        Number of studies.
    tau2, tau2_lb, tau2_ub : float
        Squared analysis scale.
    i2, i2_lb, i2_ub : float
        Percent.
    h2, h2_lb, h2_ub : float
        Total variance by typical sampling variance, >= 1.
    notes : tuple of str
        What the reader of the result must know.
    """

    method: str
    estimator: str
    level: float
    k: int
    tau2: float
    tau2_lb: float
    tau2_ub: float
    i2: float
    i2_lb: float
    i2_ub: float
    h2: float
    h2_lb: float
    h2_ub: float
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return dataclasses.asdict(self)

    def summary(self) -> str:
        """Return the interval as a few lines of text."""
        lines = [
            f"{self.method} interval, {self.level:g} %, k = {self.k}, tau2 by {self.estimator}",
            f"tau2 {self.tau2:.4f} [{self.tau2_lb:.4f}, {self.tau2_ub:.4f}]",
            f"I2 {self.i2:.1f} % [{self.i2_lb:.1f}, {self.i2_ub:.1f}]",
            f"H2 {self.h2:.2f} [{self.h2_lb:.2f}, {self.h2_ub:.2f}]",
        ]
        return "\n".join([*lines, *self.notes])


def tau2_interval(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: IntervalMethod = "QP",
    estimator: str | None = None,
    tau2_weights: ArrayLike | None = None,
    level: float = 95,
) -> Tau2Interval:
    """Return a confidence interval of tau2, with I2 and H2.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    method : {"QP", "PL", "GENQ"}
        Q-profile; profile likelihood; generalised Q with fixed weights.
    estimator : str, optional
        Estimator of tau2. ``"PL"`` takes ``"REML"`` (default) or ``"ML"`` and profiles that likelihood;
        ``"GENQ"`` takes ``"GENQ"`` (default) or ``"GENQM"``; ``"QP"`` any without weights (``"REML"``).
    tau2_weights : array_like, shape (k,), optional
        Weights of the generalised Q (> 0); 1 / vi if left out, which makes Q Cochran's.
    level : float
        Confidence in percent.

    Returns
    -------
    Tau2Interval
        Bounds are not below 0.

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, and for options that do not fit together.

    Notes
    -----
    Q-profile: Viechtbauer (2007), Stat Med 26:37-52. Profile likelihood: Hardy and Thompson (1996), Stat
    Med 15:619-629. Generalised Q: Jackson (2013), Res Synth Methods 4:220-229, with the exact
    distribution of :mod:`rheumeta.stats.quadratic`. I2 and H2 are monotone in tau2: Higgins and
    Thompson (2002), Stat Med 21:1539-1558.
    """
    check_choice("method", method, INTERVALS)
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    allowed = _allowed(method)
    chosen = allowed[0] if estimator is None else estimator
    check_choice(f"estimator for {method}", chosen, allowed)
    if tau2_weights is not None and method != "GENQ":
        raise StatsError(f"the {method} interval does not take tau2_weights.")
    batch = single(yi, vi)
    if method == "GENQ":
        batch = single(yi, vi, weights=1.0 / batch.v[0] if tau2_weights is None else tau2_weights)
    tau2 = float(estimate_tau2(batch, chosen)[0][0])
    lower, upper, notes = _bounds(batch, tau2, method=method, restricted=chosen == "REML", level=level)
    s2 = float(typical_variance(batch)[0])
    i2, i2_lb, i2_ub = (100.0 * t / (t + s2) for t in (tau2, lower, upper))
    h2, h2_lb, h2_ub = (1.0 + t / s2 for t in (tau2, lower, upper))
    k = int(batch.k[0])
    return Tau2Interval(
        method, chosen, level, k, tau2, lower, upper, i2, i2_lb, i2_ub, h2, h2_lb, h2_ub, notes
    )


def _allowed(method: str) -> tuple[str, ...]:
    if method == "GENQ":
        return WEIGHTED
    if method == "PL":
        return ("REML", "ML")
    return ("REML", *(name for name in ESTIMATORS if name not in ("REML", *WEIGHTED)))


def _bounds(
    batch: Batch, tau2: float, *, method: str, restricted: bool, level: float
) -> tuple[float, float, tuple[str, ...]]:
    if method == "PL":
        return _profile(batch, tau2, restricted=restricted, level=level)
    if method == "QP":
        point = np.array([tau2])
        low, high = q_profile(batch, level=level, near=(point, moments(batch, point)))
    else:
        tail = np.full(1, (1.0 - level / 100.0) / 2.0)
        low, high = quantile_root(batch, 1.0 - tail), quantile_root(batch, tail)
    empty = float(high[0]) == 0.0
    note = (
        "The interval of tau2 is empty and shown as [0, 0]: the effects differ less than chance lets expect."
    )
    return float(low[0]), float(high[0]), (note,) if empty else ()


def _profile(
    batch: Batch, tau2: float, *, restricted: bool, level: float
) -> tuple[float, float, tuple[str, ...]]:
    # The set of tau2 whose log likelihood is within half the chi-squared quantile of the highest; of a
    # set in several pieces the outermost bounds.
    cut = float(special.chdtri(1.0, 1.0 - level / 100.0))
    top = log_likelihood(batch, np.array([tau2]), restricted=restricted)

    def excess(x: Floats) -> Floats:
        many = batch.take(np.zeros(x.size, dtype=np.int64))
        return 2.0 * (top - log_likelihood(many, x, restricted=restricted)) - cut

    grid = _profile_grid(batch, tau2, cut)
    inside = excess(grid) <= 0
    starts = np.flatnonzero(~inside[:-1] & inside[1:])
    ends = np.flatnonzero(inside[:-1] & ~inside[1:])
    pieces = starts.size + int(inside[0])
    lower = 0.0 if inside[0] else _edge(batch, excess, grid[starts[0]], grid[starts[0] + 1], 1.0, restricted)
    upper = _edge(batch, excess, grid[ends[-1]], grid[ends[-1] + 1], -1.0, restricted)
    note = f"The likely values of tau2 lie in {pieces} separate pieces; the bounds are the outermost."
    return lower, upper, (note,) if pieces > 1 else ()


def _profile_grid(batch: Batch, tau2: float, cut: float) -> Floats:
    # Beyond tau2 the deviance grows by (k - p) log((vmax + t) / (vmax + tau2)) - Q(tau2) or more, as tr P is
    # at least (k - p) / (vmax + t) and Q positive; `far` is where that reaches the cut.
    vmin, vmax = float(batch.smallest(batch.v)[0]), float(batch.largest(batch.v)[0])
    q = float(moments(batch, np.array([tau2])).ypy[0])
    far = 2.0 * (vmax + tau2) * np.exp((cut + q) / batch.df[0])
    steps = np.geomspace(1e-6 * vmin, far, PROFILE_POINTS)
    return np.unique(np.concatenate([[0.0, tau2], steps]))


def _edge(
    batch: Batch, excess: Callable[[Floats], Floats], left: float, right: float, sign: float, restricted: bool
) -> float:
    def function(x: Floats, _: Ints | None) -> tuple[Floats, Floats]:
        s = score(batch, x, restricted=restricted)
        return sign * excess(x), -sign * (s.gain - s.loss)

    scale = batch.smallest(batch.v)
    return float(solve_bracketed(function, np.array([left]), np.array([right]), scale=scale)[0])
