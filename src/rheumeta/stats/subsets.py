"""Cumulative meta-analysis, and the means of all or many subsets (GOSH)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError
from rheumeta.stats.batch import CHUNK, Batch, Bools, Floats, Ints, single
from rheumeta.stats.heterogeneity import typical_variance
from rheumeta.stats.intervals import Test
from rheumeta.stats.moments import moments, null_moments
from rheumeta.stats.pool_options import Method, Options
from rheumeta.stats.pooling_many import pool_batch
from rheumeta.stats.tails import quantile, two_sided
from rheumeta.stats.tau2 import estimate_tau2

ALL_UP_TO = 20
"""Studies up to which all subsets are taken: 2^20 are a million."""

SUBSETS = 1_000_000
"""Random subsets taken of more studies."""


@dataclass(frozen=True)
class Cumulative:
    """The pooled result after each study, arrays of shape (k,).

    Attributes
    ----------
    order : ndarray of int
        Row of the input that was added.
    k : ndarray of int
        Studies so far.
    estimate, se, ci_lb, ci_ub, pval : ndarray
        Pooled effect; of the first study alone with its normal interval.
    tau2, i2, q : ndarray
        Heterogeneity; NaN for the first study.
    """

    order: Ints
    k: Ints
    estimate: Floats
    se: Floats
    ci_lb: Floats
    ci_ub: Floats
    pval: Floats
    tau2: Floats
    i2: Floats
    q: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values: lists, None for NaN."""
        values = {f.name: getattr(self, f.name).tolist() for f in dataclasses.fields(self)}
        return {name: [None if x != x else x for x in column] for name, column in values.items()}

    def summary(self) -> str:
        """Return a table with one line a step."""
        rows = [
            f"{self.k[i]:3d}  row {self.order[i]:3d}  {self.estimate[i]:9.4f} "
            f"[{self.ci_lb[i]:9.4f}, {self.ci_ub[i]:9.4f}]"
            for i in range(len(self.k))
        ]
        return "\n".join(["  k  added    estimate", *rows])


def cumulative(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    order: Sequence[int] | NDArray[np.int64] | None = None,
    method: Method = "REML",
    test: Test = "z",
    level: float = 95,
) -> Cumulative:
    """Pool the first study, the first two, the first three and so on.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    order : sequence of int, length k, optional
        Rows in the order in which they are added; that of the input if left out.
    method, test, level
        As in :func:`rheumeta.stats.pool`; without ``"GENQ"`` and ``"GENQM"``.

    Returns
    -------
    Cumulative

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, and if `order` is not a permutation of the rows.

    Notes
    -----
    Lau et al. (1992), N Engl J Med 327:248-254. The repeated looks are not adjusted for.
    """
    batch = single(yi, vi)
    k = int(batch.k[0])
    rows = np.arange(k) if order is None else np.asarray(order)
    if rows.shape != (k,) or not np.array_equal(np.sort(rows), np.arange(k)):
        raise StatsError(f"order must name each row from 0 to {k - 1} once.")
    y, v = batch.y[0][rows], batch.v[0][rows]
    mask = np.tri(k, dtype=bool)[1:]
    fit = pool_batch(
        np.broadcast_to(y, mask.shape), np.broadcast_to(v, mask.shape), mask=mask, method=method, test=test,
        level=level, prediction="none",
    )  # fmt: skip
    se = float(np.sqrt(v[0]))
    normal = np.full(1, np.nan)
    half = float(quantile(normal, level)[0]) * se
    first = {
        "estimate": y[0], "se": se, "ci_lb": y[0] - half, "ci_ub": y[0] + half,
        "pval": float(two_sided(y[:1] / se, normal)[0]), "tau2": np.nan, "i2": np.nan, "q": np.nan,
    }  # fmt: skip
    columns = {name: np.concatenate([[value], getattr(fit, name)]) for name, value in first.items()}
    return Cumulative(order=rows.astype(np.int64), k=np.arange(1, k + 1), **columns)


@dataclass(frozen=True)
class Gosh:
    """Pooled results of subsets, arrays of shape (n,).

    Attributes
    ----------
    k : ndarray of int
        Studies in each subset, >= 2.
    estimate, tau2, i2, q : ndarray
        Pooled effect, between-study variance, I2 in percent (from tau2; from Q for the common effect)
        and Cochran's Q.
    members : ndarray of uint8, shape (n, bytes)
        Packed bits: which studies are in; see :meth:`contains`.
    complete : bool
        True if all subsets of two or more studies are there.
    method : str
        Estimator of tau2.
    seed : int or None
        Of random subsets.
    """

    k: Ints
    estimate: Floats
    tau2: Floats
    i2: Floats
    q: Floats
    members: NDArray[np.uint8]
    complete: bool
    method: str
    seed: int | None

    def contains(self, study: int) -> Bools:
        """Return which subsets hold the study of that row, shape (n,)."""
        return np.asarray((self.members[:, study // 8] >> (7 - study % 8)) & 1, dtype=bool)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}

    def summary(self) -> str:
        """Return quantiles of the pooled effects and of I2."""
        kind = "all" if self.complete else "random"
        lines = [f"GOSH, {self.method}, {len(self.k)} {kind} subsets"]
        for name in ("estimate", "i2"):
            cuts = np.quantile(getattr(self, name), [0, 0.25, 0.5, 0.75, 1])
            lines.append(f"{name}: " + ", ".join(f"{x:.4f}" for x in cuts) + " (least to largest, quartiles)")
        return "\n".join(lines)


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "DL",
    subsets: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Gosh:
    """Pool all subsets of two or more studies, or many random ones.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    method : str
        As in :func:`rheumeta.stats.pool`; without ``"GENQ"`` and ``"GENQM"``.
    subsets : int, optional
        Number of random subsets; if left out all are taken for k <= `ALL_UP_TO`, else `SUBSETS`.
    seed : int
        Of random subsets; each of two or more studies is as likely as any other.
    progress : callable, optional
        Called with the number of subsets done and the number of all, after each part.

    Returns
    -------
    Gosh

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, and for k < 3.

    Notes
    -----
    Olkin, Dahabreh and Trikalinos (2012), Res Synth Methods 3:214-223. The subsets are pooled in parts of a
    fixed number of array elements, so that only the result grows with their number.
    """
    options = Options(method, "z", 95, "none", None)
    options.check_weights(None)
    batch = single(yi, vi)
    k = int(batch.k[0])
    if k < 3:
        raise StatsError(f"subsets need at least three studies, here there are {k}.")
    if subsets is not None and subsets < 1:
        raise StatsError(f"subsets must be at least 1, not {subsets!r}.")
    complete = subsets is None and k <= ALL_UP_TO
    total = 2**k - k - 1 if complete else subsets or SUBSETS
    masks = _all_masks(k) if complete else _random_masks(k, total, seed)
    arrays = {name: np.empty(total) for name in ("estimate", "tau2", "i2", "q")}
    sizes = np.empty(total, dtype=np.int64)
    members = np.empty((total, (k + 7) // 8), dtype=np.uint8)
    done = 0
    for mask in masks:
        part = slice(done, done + len(mask))
        sizes[part], members[part] = mask.sum(axis=1), np.packbits(mask, axis=1)
        for name, values in _pooled(batch, mask, options).items():
            arrays[name][part] = values
        done = part.stop
        if progress is not None:
            progress(done, total)
    return Gosh(
        k=sizes, members=members, complete=complete, method=method, seed=None if complete else seed, **arrays
    )


def _all_masks(k: int) -> Iterator[Bools]:
    step = max(1, CHUNK // k)
    for start in range(0, 2**k, step):
        codes = np.arange(start, min(start + step, 2**k))
        mask = (codes[:, None] >> np.arange(k)) & 1
        yield np.asarray(mask[mask.sum(axis=1) > 1], dtype=bool)


def _random_masks(k: int, total: int, seed: int) -> Iterator[Bools]:
    draw, left = np.random.default_rng(seed), total
    while left:
        mask = draw.random((max(1, CHUNK // k), k)) < 0.5
        mask = mask[mask.sum(axis=1) > 1][:left]
        left -= len(mask)
        yield mask


def _pooled(batch: Batch, mask: Bools, options: Options) -> dict[str, Floats]:
    inside = np.asfortranarray(mask)
    y = np.where(inside, batch.y[0], 0.0)
    v = np.where(inside, batch.v[0], 1.0)
    part = Batch(np.asfortranarray(y), np.asfortranarray(v), inside, inside.sum(axis=1))
    none = np.zeros(part.size)
    tau2 = none if options.common else estimate_tau2(part, options.method)[0]
    null = null_moments(part)
    if options.common:
        with np.errstate(divide="ignore"):
            i2 = 100.0 * np.maximum(0.0, 1.0 - part.df / null.ypy)
        return {"estimate": null.mean, "tau2": none, "i2": i2, "q": null.ypy}
    i2 = 100.0 * tau2 / (tau2 + typical_variance(part))
    return {"estimate": moments(part, tau2).mean, "tau2": tau2, "i2": i2, "q": null.ypy}
