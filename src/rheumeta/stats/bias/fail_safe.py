"""Fail-safe numbers: how many unseen studies without effect would undo the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.pooling import Method, PoolResult, check_choice, pool
from rheumeta.stats.result import Result
from rheumeta.stats.tau2 import COMMON

FailSafeType = Literal["Rosenthal", "Orwin", "Rosenberg", "General"]
TYPES: tuple[FailSafeType, ...] = ("Rosenthal", "Orwin", "Rosenberg", "General")

NOT_ADVISED = "Fail-safe numbers are not advised: they do not tell whether studies are missing."
"""Becker (2005), in Rothstein et al., Publication Bias in Meta-Analysis, ch. 7; the Cochrane Handbook 5.1,
section 10.4.4.3, advises against them, version 6 no longer lists them."""

BLOCK = 4096
"""Numbers of studies tried at once."""

MOST = 10_000_000
"""More studies than this are as good as infinitely many."""

ROUNDING = 1e-12
"""Relative: rounding of a number that is whole by algebra, as Orwin's for half of the mean."""


@dataclass(frozen=True)
class FailSafe(Result):
    """A fail-safe number.

    Attributes
    ----------
    type : str
        ``"Rosenthal"``, ``"Orwin"``, ``"Rosenberg"`` or ``"General"``.
    k : int
        Number of studies.
    number : int
        Studies without effect to be added.
    estimate : float or None
        Mean effect before (all but Rosenthal).
    pval : float or None
        p value before: one-sided for Rosenthal, two-sided for Rosenberg and General.
    alpha : float or None
        p value that the added studies bring about (all but Orwin).
    target : float or None
        Mean effect that the added studies bring about (Orwin).
    notes : tuple of str
        What the reader must know.
    """

    type: str
    k: int
    number: int
    estimate: float | None
    pval: float | None
    alpha: float | None
    target: float | None
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the number as a line of text and its notes."""
        goal = f"p = {self.alpha:g}" if self.target is None else f"a mean of {self.target:.4g}"
        line = f"fail-safe N ({self.type}): {self.number} studies without effect bring {goal}, k = {self.k}"
        return "\n".join([line, *self.notes])


def fail_safe_n(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    type: FailSafeType = "Rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = False,
    method: Method = "REML",
) -> FailSafe:
    """Count the studies without effect that would undo the result.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 1.
    type : {"Rosenthal", "Orwin", "Rosenberg", "General"}
        ``"Rosenthal"``: until Stouffer's combined one-sided p is `alpha`. ``"Orwin"``: until the mean
        is `target`. ``"Rosenberg"``: until the two-sided p of the common-effect mean is `alpha`, the
        added studies having the mean weight. ``"General"``: until the two-sided p of the random-effects
        mean is `alpha`, the added studies being as heterogeneous as those given; k >= 2.
    alpha : float
        Between 0 and 0.5.
    target : float, optional
        Orwin: a mean of the same sign and smaller size; half of the mean by default.
    weighted : bool
        Orwin: take the inverse-variance mean, not the plain one.
    method : str
        General: estimator of tau2, as in :func:`rheumeta.stats.pool`.

    Returns
    -------
    FailSafe

    Raises
    ------
    StatsError
        For impossible options or values.

    Notes
    -----
    Rosenthal (1979), Psychol Bull 86:638-641: (sum z / z_alpha)^2 - k. Orwin (1983), J Educ Stat
    8:157-159: k (mean - target) / target. Rosenberg (2005), Evolution 59:464-468: N with
    (sum w y)^2 / (sum w + N mean w) = z_(alpha/2)^2. Rounded up, at least 0. General: as ``fsn`` of the R
    package metafor. The added studies have the harmonic mean of the variances, their true effects mean 0
    and variance tau2, so that the variance of all true effects is ((k + N - 2) tau2 + k N / (k + N)
    mean^2) / (k + N - 1), the analysis of variance of two groups.
    """
    check_choice("type", type, TYPES)
    if not 0 < alpha < 0.5:
        raise StatsError(f"alpha is a p value between 0 and 0.5, not {alpha!r}.")
    if type != "Orwin" and (target is not None or weighted):
        raise StatsError("target and weighted belong to Orwin's number.")
    y, v = as_vectors(yi, vi)
    if y.size == 0:
        raise StatsError("a fail-safe number needs at least one study.")
    if type == "Orwin":
        return _orwin(y, v, target=target, weighted=weighted)
    if type == "General":
        return _general(y, v, alpha, method)
    return _rosenthal(y, v, alpha) if type == "Rosenthal" else _rosenberg(y, v, alpha)


def _rosenthal(y: Floats, v: Floats, alpha: float) -> FailSafe:
    total = abs(float((y / np.sqrt(v)).sum()))
    number = (total / special.ndtri(1 - alpha)) ** 2 - y.size
    pval = float(special.ndtr(-total / np.sqrt(y.size)))
    return FailSafe("Rosenthal", y.size, _up(number), None, pval, alpha, None, (NOT_ADVISED,))


def _rosenberg(y: Floats, v: Floats, alpha: float) -> FailSafe:
    w = 1.0 / v
    total, weight = float((w * y).sum()), float(w.sum())
    number = ((total / special.ndtri(1 - alpha / 2)) ** 2 - weight) / (weight / y.size)
    pval = 2.0 * float(special.ndtr(-abs(total) / np.sqrt(weight)))
    return FailSafe("Rosenberg", y.size, _up(number), total / weight, pval, alpha, None, (NOT_ADVISED,))


def _general(y: Floats, v: Floats, alpha: float, method: Method) -> FailSafe:
    fit = pool(y, v, method=method, test="z", prediction="none")
    pval = 2.0 * float(special.ndtr(-abs(fit.estimate) / fit.se))
    number = 0 if pval >= alpha else _first(y, v, fit, float(-special.ndtri(alpha / 2)))
    return FailSafe("General", y.size, number, fit.estimate, pval, alpha, None, (NOT_ADVISED,))


def _first(y: Floats, v: Floats, fit: PoolResult, critical: float) -> int:
    # The first number of added studies at which |z| is not above its critical value.
    k, typical = y.size, v.size / float((1.0 / v).sum())
    within, square = fit.tau2, fit.estimate**2
    for start in range(1, MOST, BLOCK):
        n = np.arange(start, start + BLOCK, dtype=np.float64)
        tau2 = np.zeros(n.size)
        if fit.method not in COMMON:
            tau2 = ((k + n - 2) * within + k * n / (k + n) * square) / (k + n - 1)
        w = 1.0 / (v[:, None] + tau2)
        total = w.sum(axis=0) + n / (typical + tau2)
        z = np.abs((w * y[:, None]).sum(axis=0)) / np.sqrt(total)
        enough = np.flatnonzero(z <= critical)
        if enough.size:
            return int(n[enough[0]])
    raise StatsError(f"more than {MOST} studies without effect would be needed.")


def _orwin(y: Floats, v: Floats, *, target: float | None, weighted: bool) -> FailSafe:
    w = 1.0 / v if weighted else np.ones(y.size)
    mean = float((w * y).sum() / w.sum())
    if mean == 0:
        raise StatsError("the mean is zero: there is no effect that added studies could undo.")
    goal = mean / 2 if target is None else target
    if not np.isfinite(goal) or not goal / mean > 0:
        raise StatsError(
            f"target must have the sign of the mean ({mean:.4g}) and not be zero, not {target!r}."
        )
    number = y.size * (mean / goal - 1.0)
    return FailSafe("Orwin", y.size, _up(number), mean, None, None, goal, (NOT_ADVISED,))


def _up(number: float) -> int:
    # A number that is whole but for rounding stays.
    return max(0, int(np.ceil(number - ROUNDING * max(1.0, abs(number)))))
