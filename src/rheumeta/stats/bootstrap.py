"""The prediction interval of Nagashima, Noma and Furukawa, by a seeded parametric bootstrap."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Floats, single
from rheumeta.stats.intervals import PREDICTION_MIN_K
from rheumeta.stats.moments import moments, weighted
from rheumeta.stats.quadratic import weighted_q_cdf
from rheumeta.stats.tau2 import estimate_tau2
from rheumeta.stats.tau2_weighted import quantile_root

SAMPLES = 25_000
"""Draws, as in Nagashima et al. (2019): a bound then varies by about 1 % of the interval between seeds."""

TABLE = 1500
"""Points of the table from which tau2 is drawn: the draws are then exact to seven digits (tested)."""

TAIL = 1e-9
"""Ends of the table: no draw of a million comes near, and the probabilities are still exact to 1e-4."""

MIN_SAMPLES = 1000
"""With fewer the tails hold a handful of draws."""


@dataclass(frozen=True)
class BootstrapPrediction:
    """A bootstrap prediction interval, and the interval of the mean from the same draws.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, tau2 : float
        Pooled effect and between-study variance by DerSimonian and Laird.
    pi_lb, pi_ub : float
        Interval for the true effect in a new study.
    ci_lb, ci_ub : float
        Interval of the mean.
    level : float
        Coverage in percent.
    samples, seed : int
        Number of draws and seed of the generator (NumPy's PCG64).
    """

    k: int
    estimate: float
    tau2: float
    pi_lb: float
    pi_ub: float
    ci_lb: float
    ci_ub: float
    level: float
    samples: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return dataclasses.asdict(self)

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        return (
            f"bootstrap prediction interval, k = {self.k}, {self.samples} draws, seed {self.seed}\n"
            f"estimate {self.estimate:.4f}, prediction interval [{self.pi_lb:.4f}, {self.pi_ub:.4f}], "
            f"confidence interval [{self.ci_lb:.4f}, {self.ci_ub:.4f}]"
        )


def bootstrap_prediction(
    yi: ArrayLike, vi: ArrayLike, *, level: float = 95, samples: int = SAMPLES, seed: int = 0
) -> BootstrapPrediction:
    """Return the bootstrap prediction interval of Nagashima et al.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    level : float
        Coverage in percent.
    samples : int
        Number of draws, at least `MIN_SAMPLES`.
    seed : int
        The same seed gives the same interval.

    Returns
    -------
    BootstrapPrediction

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`; for fewer than three studies or too few draws.

    Notes
    -----
    Nagashima, Noma and Furukawa (2019), Stat Methods Med Res 28:1689-1702: tau2 is drawn from its
    confidence distribution, 1 - F(q; tau2) with F the exact distribution function of Cochran's Q at the
    observed q, cut at zero; then a new effect is mean(tau2) + tau Z - t SE(tau2), with Z normal, t with
    k - 1 degrees of freedom, and mean and standard error of Hartung and Knapp at that tau2.
    """
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    if samples < MIN_SAMPLES:
        raise StatsError(f"samples must be at least {MIN_SAMPLES}, not {samples!r}.")
    batch = single(yi, vi)
    batch = dataclasses.replace(batch, a=1.0 / batch.v)
    k = int(batch.k[0])
    if k < PREDICTION_MIN_K:
        raise StatsError(
            f"a prediction interval needs at least {PREDICTION_MIN_K} studies, here there are {k}."
        )
    draw = np.random.default_rng(seed)
    uniform, normal, t = (
        draw.uniform(size=samples),
        draw.normal(size=samples),
        draw.standard_t(k - 1, samples),
    )
    tau2 = _confidence_draws(batch, uniform)
    mean, se = _hartung_knapp(batch, tau2)
    tails = [0.5 - level / 200.0, 0.5 + level / 200.0]
    pi_lb, pi_ub = np.quantile(mean + np.sqrt(tau2) * normal - t * se, tails)
    ci_lb, ci_ub = np.quantile(mean - t * se, tails)
    point = estimate_tau2(batch, "DL")[0]
    return BootstrapPrediction(
        k, float(moments(batch, point).mean[0]), float(point[0]), float(pi_lb), float(pi_ub),
        float(ci_lb), float(ci_ub), level, samples, seed,
    )  # fmt: skip


def _confidence_draws(batch: Batch, uniform: Floats) -> Floats:
    # The tau2 at which P(Q <= q) equals each draw, 0 for draws above its value at zero: from a table of
    # the log odds of that probability, which is smooth in log(tau2 + v).
    from scipy.interpolate import CubicHermiteSpline

    unit = float(batch.smallest(batch.v)[0])
    last = float(quantile_root(batch, np.array([uniform.min()]))[0])
    steps = np.geomspace(unit, unit + 1.01 * last, TABLE)
    tau2 = steps - unit
    tau2[0] = 0.0
    q = weighted(batch, 1.0 / batch.v).ypy[0]
    value, slope = weighted_q_cdf(_repeated(batch, TABLE), tau2, np.full(TABLE, q))
    keep = (value > TAIL) & (value < 1.0 - TAIL) & (slope < 0)
    draws = np.zeros(uniform.size)
    inside = np.flatnonzero(uniform < value[0])
    if not inside.size or keep.sum() < 2:
        return draws
    value, slope, steps = value[keep][::-1], slope[keep][::-1], steps[keep][::-1]
    rise = value * (1.0 - value) / (slope * steps)
    table = CubicHermiteSpline(special.logit(value), np.log(steps), rise)
    odds = special.logit(np.clip(uniform[inside], value[0], value[-1]))
    draws[inside] = np.maximum(0.0, np.exp(table(odds)) - unit)
    return draws


def _hartung_knapp(batch: Batch, tau2: Floats) -> tuple[Floats, Floats]:
    sums = moments(_repeated(batch, tau2.size), tau2)
    return sums.mean, np.sqrt(sums.ypy / batch.df[0] / sums.sum_w)


def _repeated(batch: Batch, times: int) -> Batch:
    return batch.take(np.zeros(times, dtype=np.int64))
