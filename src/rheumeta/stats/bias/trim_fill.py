"""Trim and fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import EQUAL, MIN_K, require_studies
from rheumeta.stats.pooling import Method, PoolResult, check_choice, pool
from rheumeta.stats.regression import meta_regression
from rheumeta.stats.result import Result

Estimator = Literal["L0", "R0", "Q0"]
Side = Literal["left", "right"]

MAX_ROUNDS = 100
"""The number of trimmed studies settles in a few rounds, or goes round in a circle."""


@dataclass(frozen=True)
class TrimFill(Result):
    """A meta-analysis with the studies added that seem to be missing.

    Attributes
    ----------
    estimator : str
        ``"L0"``, ``"R0"`` or ``"Q0"``.
    side : str
        Side of the funnel on which studies seem to be missing.
    k, k0 : int
        Studies given, and added.
    se_k0 : float or None
        Standard error of k0; None where its variance is not positive.
    k0_pval : float or None
        One-sided p of no missing study; for R0 only.
    original, filled : PoolResult
        Without and with the added studies.
    filled_yi, filled_vi : ndarray, shape (k0,)
        Added effects and variances: mirror images of the trimmed studies.
    notes : tuple of str
        What the reader must know.
    """

    estimator: str
    side: str
    k: int
    k0: int
    se_k0: float | None
    k0_pval: float | None
    original: PoolResult
    filled: PoolResult
    filled_yi: Floats
    filled_vi: Floats
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        se = "" if self.se_k0 is None else f" (se {self.se_k0:.2f})"
        lines = [f"trim and fill ({self.estimator}): {self.k0} studies added on the {self.side}{se}"]
        for name, fit in (("without", self.original), ("with", self.filled)):
            lines.append(f"{name}: {fit.estimate:.4f} [{fit.ci_lb:.4f}, {fit.ci_ub:.4f}], k = {fit.k}")
        return "\n".join([*lines, *self.notes])


def trim_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimator: Estimator = "L0",
    side: Side | None = None,
    method: Method = "REML",
    **options: Any,
) -> TrimFill:
    """Estimate how many studies are missing on one side, and pool with their mirror images.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    estimator : {"L0", "R0", "Q0"}
        Estimator of the number of missing studies.
    side : {"left", "right"}, optional
        Side on which studies are missing. Default: opposite to the side on which small studies lie, by
        the slope of the regression on the standard error by `method`.
    method : str
        Estimator of tau2, or ``"EE"``, for trimming and for pooling.
    **options
        Further options of :func:`rheumeta.stats.pool`.

    Returns
    -------
    TrimFill

    Raises
    ------
    StatsError
        For fewer than three studies, where the number does not settle, and where Q0 is not defined
        (the rank sum is too large).

    Notes
    -----
    Duval and Tweedie (2000), Biometrics 56:455-463 (algorithm, L0, R0); the same (2000), JASA 95:89-98
    (Q0 and the variances). A sensitivity analysis, not an estimate to rely on: it takes every asymmetry
    for missing studies (Sterne et al. 2011, BMJ 343:d4002).
    """
    check_choice("estimator", estimator, tuple(_NUMBER))
    y, v = as_vectors(yi, vi)
    notes = require_studies(y.size, what="trim and fill")
    side = _side(y, v, method) if side is None else side
    check_choice("side", side, ("left", "right"))
    sign = -1.0 if side == "right" else 1.0
    order = np.argsort(sign * y, kind="stable")
    z, u = sign * y[order], v[order]
    number, centre = _settle(z, u, estimator, method)
    k0 = max(0, round(number))
    cut = y.size - k0
    added_y, added_v = sign * (2.0 * centre - z[cut:]), u[cut:]
    variance = _VARIANCE[estimator](y.size, number)
    return TrimFill(
        estimator=estimator,
        side=side,
        k=y.size,
        k0=k0,
        se_k0=float(np.sqrt(variance)) if variance > 0 else None,
        k0_pval=0.5 ** (k0 + 1) if estimator == "R0" else None,
        original=pool(y, v, method=method, **options),
        filled=pool(np.append(y, added_y), np.append(v, added_v), method=method, **options),
        filled_yi=added_y,
        filled_vi=added_v,
        notes=notes,
    )


def _side(y: Floats, v: Floats, method: Method) -> Side:
    # Small studies on the left (a falling line) leave the gap on the right. Equal precision has no line.
    if y.size < MIN_K or np.ptp(v) <= EQUAL * v.max():
        return "right"
    slope = meta_regression(y, v, np.sqrt(v), names=["sei"], method=method, test="z").estimate[1]
    return "right" if slope <= 0 else "left"


def _settle(z: Floats, u: Floats, estimator: Estimator, method: Method) -> tuple[float, float]:
    # Trim the k0 largest, centre all at the mean of the rest, estimate k0 anew, until it stays. Returns
    # the estimate before rounding, and the mean.
    k0 = 0
    for _ in range(MAX_ROUNDS):
        centre = _centre(z[: z.size - k0], u[: z.size - k0], method)
        number = _NUMBER[estimator](z - centre)
        previous, k0 = k0, max(0, round(number))
        if k0 == previous:
            return number, centre
    raise StatsError("trim and fill goes round in a circle: the number of missing studies does not settle.")


def _centre(z: Floats, u: Floats, method: Method) -> float:
    if z.size < 2:
        return float(z[0])
    return pool(z, u, method=method, test="z", prediction="none").estimate


def _rank_sum(centred: Floats) -> float:
    # Wilcoxon's sum of the ranks of the positive values; ties keep the order of the values.
    return float((_ranks(centred) * (centred > 0)).sum())


def _ranks(centred: Floats) -> Floats:
    ranks = np.empty(centred.size)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, centred.size + 1)
    return ranks


def _number_l0(centred: Floats) -> float:
    n = centred.size
    return (4.0 * _rank_sum(centred) - n * (n + 1)) / (2.0 * n - 1)


def _number_r0(centred: Floats) -> float:
    # Length of the run of positive values at the highest ranks, less one.
    others = _ranks(centred)[centred <= 0]
    return float(centred.size - (others.max() if others.size else 0.0) - 1.0)


def _number_q0(centred: Floats) -> float:
    n = centred.size
    inside = 2.0 * n**2 - 4.0 * _rank_sum(centred) + 0.25
    if inside < 0:
        raise StatsError("the estimator Q0 is not defined here: the rank sum is too large; take L0 or R0.")
    return n - 0.5 - float(np.sqrt(inside))


def _variance_of_rank_sum(n: int, k0: float) -> float:
    # Duval and Tweedie (2000), JASA 95:89-98, variance of the rank sum with k0 missing of n + k0.
    fixed = n * (n + 1) * (2 * n + 1) + 10 * k0**3 + 27 * k0**2 + 17 * k0
    return (fixed - 18 * n * k0**2 - 18 * n * k0 + 6 * n**2 * k0) / 24


def _variance_q0(n: int, k0: float) -> float:
    scale = (n - 0.5) ** 2 - k0 * (2 * n - k0 - 1)
    return 4.0 * _variance_of_rank_sum(n, k0) / scale if scale > 0 else float("nan")


_NUMBER = {"L0": _number_l0, "R0": _number_r0, "Q0": _number_q0}
_VARIANCE = {
    "L0": lambda n, k0: 16.0 * _variance_of_rank_sum(n, k0) / (2 * n - 1) ** 2,
    "R0": lambda n, k0: 2.0 * max(0.0, k0) + 2.0,
    "Q0": _variance_q0,
}
