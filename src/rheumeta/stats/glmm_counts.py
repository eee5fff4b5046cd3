"""Checked counts of one-stage models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats


@dataclass(frozen=True)
class Arms:
    """Events x and patients (or time) m of two groups, shape (k,); of one group if `single`.

    `odds` tells counts of patients from events in person-time.

    Of the studies given, shape (n,), those that say something on the effect are `kept`.
    """

    x1: Floats
    m1: Floats
    x2: Floats
    m2: Floats
    kept: Bools
    single: bool
    odds: bool

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.x1.size)

    @property
    def left_out(self) -> int:
        """Number of studies that say nothing on the effect."""
        return int((~self.kept).sum())


def tables(
    ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike | None, n2i: ArrayLike | None, *, keep_all: bool = False
) -> Arms:
    """Return checked tables without those that have no event, or only events, in both groups.

    With `keep_all` these stay, and whether the effect is finite is left to the caller.

    Raises
    ------
    StatsError
        If counts are not whole numbers with 0 <= events <= patients, fewer than two studies are
        left, or the effect is not finite.
    """
    a, n1 = _counts(ai, "ai"), _counts(n1i, "n1i")
    single = ci is None or n2i is None
    c, n2 = (a * 0.0, n1 * 0.0) if ci is None or n2i is None else (_counts(ci, "ci"), _counts(n2i, "n2i"))
    if len({v.shape for v in (a, n1, c, n2)}) > 1:
        raise StatsError("events and patients must be vectors of one length.")
    if (a > n1).any() or (c > n2).any() or (n1 < 1).any() or (not single and (n2 < 1).any()):
        raise StatsError("events must not exceed patients, and each group needs a patient.")
    events, patients = a + c, n1 + n2
    keep = np.ones(a.size, dtype=bool) if single or keep_all else (events > 0) & (events < patients)
    arms = Arms(a[keep], n1[keep], c[keep], n2[keep], keep, single, odds=True)
    _require_two(arms)
    if single:
        if a.sum() in (0, n1.sum()):
            raise StatsError("there is no event, or nothing but events: the log odds are infinite.")
    elif not keep_all:
        low = np.maximum(0.0, arms.x1 + arms.x2 - arms.m2).sum()
        high = np.minimum(arms.m1, arms.x1 + arms.x2).sum()
        _require_finite(arms, low, high)
    return arms


def rates(x1i: ArrayLike, t1i: ArrayLike, x2i: ArrayLike, t2i: ArrayLike) -> Arms:
    """Return checked events and times without studies that have no event; errors as `tables`."""
    x1, x2 = _counts(x1i, "x1i"), _counts(x2i, "x2i")
    t1, t2 = np.asarray(t1i, dtype=np.float64), np.asarray(t2i, dtype=np.float64)
    if len({v.shape for v in (x1, t1, x2, t2)}) > 1:
        raise StatsError("events and times must be vectors of one length.")
    if not (np.isfinite(t1) & np.isfinite(t2) & (t1 > 0) & (t2 > 0)).all():
        raise StatsError("person-time must be finite and positive.")
    keep = x1 + x2 > 0
    arms = Arms(x1[keep], t1[keep], x2[keep], t2[keep], keep, single=False, odds=False)
    _require_two(arms)
    _require_finite(arms, 0.0, float((arms.x1 + arms.x2).sum()))
    return arms


def _counts(values: ArrayLike, name: str) -> Floats:
    try:
        x = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError(f"{name} must hold numbers only.") from None
    if x.ndim != 1 or not (np.isfinite(x) & (x >= 0) & (x == np.round(x))).all():
        raise StatsError(f"{name} must be a vector of whole numbers of at least 0.")
    return x


def _require_two(arms: Arms) -> None:
    if arms.k < 2:
        raise StatsError(
            f"a one-stage model needs at least two studies that say something, here there are {arms.k}."
        )


def _require_finite(arms: Arms, low: float, high: float) -> None:
    if arms.x1.sum() in (low, high):
        raise StatsError(
            "every study has the most extreme split of its events: the effect has no finite estimate."
        )
