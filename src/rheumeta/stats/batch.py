"""Many meta-analyses side by side, as padded arrays.

A batch holds ``m`` analyses of at most ``kmax`` studies in arrays of shape (m, kmax) with a mask.
A single meta-analysis is the batch of one, so that each formula exists once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


CHUNK = 30_000
"""Array elements worked on at once: few enough for the processor's cache, many enough that the cost of
a call does not count; it also bounds the memory whatever the number of analyses."""

VARIANCE_RANGE = (1e-90, 1e90)
"""Variances outside are refused: the cubes of their weights leave double precision."""


@dataclass(frozen=True)
class Batch:
    """Effects and sampling variances of ``m`` analyses.

    Attributes
    ----------
    y : ndarray, shape (m, kmax)
        Effects on the analysis scale; 0 where padded.
    v : ndarray, shape (m, kmax)
        Sampling variances; 1 where padded, so that no division fails.
    mask : ndarray of bool, shape (m, kmax)
        True where there is a study.
    k : ndarray of int, shape (m,)
        Number of studies.
    x : ndarray, shape (m, kmax, p), optional
        Design of a meta-regression, 0 where padded; None stands for one common mean (p = 1).
    a : ndarray, shape (m, kmax), optional
        Weights of the generalised Q chosen by the caller, 1 where padded.

    Notes
    -----
    Arrays are kept column by column (Fortran order): sums over the studies of many analyses are then
    three times as fast as row by row, as k is small.
    """

    y: Floats
    v: Floats
    mask: Bools
    k: Ints
    x: Floats | None = None
    a: Floats | None = None

    @property
    def size(self) -> int:
        """Number of analyses."""
        return int(self.y.shape[0])

    @property
    def df(self) -> Ints:
        """Residual degrees of freedom k - p, shape (m,)."""
        return self.k - (1 if self.x is None else self.x.shape[2])

    def take(self, rows: Ints | Bools | slice) -> Batch:
        """Return the chosen analyses, in that order, repeated where repeated."""
        y, v = np.asfortranarray(self.y[rows]), np.asfortranarray(self.v[rows])
        x = None if self.x is None else self.x[rows]
        a = None if self.a is None else np.asfortranarray(self.a[rows])
        return Batch(y, v, np.asfortranarray(self.mask[rows]), self.k[rows], x, a)

    def slices(self) -> list[slice]:
        """Return slices that cut the analyses into parts of about `CHUNK` array elements each."""
        step = max(1, CHUNK // max(1, self.y.shape[1]))
        return [slice(i, min(i + step, self.size)) for i in range(0, self.size, step)]

    def kept(self, values: Floats) -> Floats:
        """Return finite `values`, shape (m, kmax), with 0 where padded."""
        if int(self.k.min()) == self.y.shape[1]:
            return values
        return values * self.mask

    def total(self, values: Floats) -> Floats:
        """Sum over the studies of each analysis, shape (m,)."""
        return np.asarray(self.kept(values).sum(axis=1), dtype=np.float64)

    def largest(self, values: Floats) -> Floats:
        """Maximum over the studies of each analysis, shape (m,)."""
        top: Floats = np.where(self.mask, values, -np.inf).max(axis=1)
        return top

    def smallest(self, values: Floats) -> Floats:
        """Minimum over the studies of each analysis, shape (m,)."""
        bottom: Floats = np.where(self.mask, values, np.inf).min(axis=1)
        return bottom


def as_vectors(yi: ArrayLike, vi: ArrayLike) -> tuple[Floats, Floats]:
    """Return checked copies of effects and variances.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and their sampling variances (> 0).

    Returns
    -------
    tuple of ndarray

    Raises
    ------
    StatsError
        If shapes differ, or an effect or variance is not finite, or a variance is not positive.
    """
    y, v = _float_array(yi, "yi"), _float_array(vi, "vi")
    if y.ndim != 1 or y.shape != v.shape:
        raise StatsError(f"yi and vi must be vectors of one length, not of shapes {y.shape} and {v.shape}.")
    _check_finite(y, v, np.ones(y.shape, dtype=bool))
    return y, v


def single(yi: ArrayLike, vi: ArrayLike) -> Batch:
    """Return the batch of one analysis; arguments and errors as in :func:`as_vectors`."""
    y, v = as_vectors(yi, vi)
    return _checked(Batch(y[None, :], v[None, :], np.ones((1, y.size), dtype=bool), np.array([y.size])))


def padded(yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None = None) -> Batch:
    """Return a batch from two-dimensional arrays.

    Parameters
    ----------
    yi, vi : array_like, shape (m, kmax)
        Effects and sampling variances; anything may stand where the mask is False.
    mask : array_like of bool, shape (m, kmax), optional
        True where there is a study; all True if left out.

    Returns
    -------
    Batch

    Raises
    ------
    StatsError
        As :func:`as_vectors`, and if an analysis has fewer than two studies.
    """
    y, v = _float_array(yi, "yi"), _float_array(vi, "vi")
    keep = np.ones(y.shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
    if y.ndim != 2 or y.shape != v.shape or y.shape != keep.shape:
        raise StatsError(f"yi, vi and mask must share one 2-D shape, not {y.shape}, {v.shape}, {keep.shape}.")
    _check_finite(y, v, keep)
    y, v = np.asfortranarray(np.where(keep, y, 0.0)), np.asfortranarray(np.where(keep, v, 1.0))
    return _checked(Batch(y, v, np.asfortranarray(keep), keep.sum(axis=1)))


def grouped(yi: ArrayLike, vi: ArrayLike, groups: Sequence[object]) -> tuple[Batch, tuple[object, ...]]:
    """Return a batch from long vectors and a label per study.

    Parameters
    ----------
    yi, vi : array_like, shape (n,)
        Effects and sampling variances of all studies of all analyses.
    groups : sequence, length n
        Label of the analysis each study belongs to.

    Returns
    -------
    tuple of Batch and tuple
        The analyses in order of first appearance, and their labels.

    Raises
    ------
    StatsError
        As :func:`padded`.
    """
    y, v = as_vectors(yi, vi)
    if len(groups) != y.size:
        raise StatsError(f"groups has {len(groups)} labels for {y.size} effects.")
    rows: dict[object, list[int]] = {}
    for i, label in enumerate(groups):
        rows.setdefault(label, []).append(i)
    width = max((len(members) for members in rows.values()), default=0)
    index = np.zeros((len(rows), width), dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=bool)
    for i, members in enumerate(rows.values()):
        index[i, : len(members)] = members
        mask[i, : len(members)] = True
    return padded(y[index], v[index], mask), tuple(rows)


def _float_array(values: ArrayLike, name: str) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError(f"{name} must hold numbers only.") from None


def _check_finite(y: Floats, v: Floats, keep: Bools) -> None:
    for name, values, bad in (
        ("yi", y, ~np.isfinite(y)),
        ("vi", v, ~np.isfinite(v)),
        ("vi", v, v <= 0),
        ("vi", v, (v < VARIANCE_RANGE[0]) | (v > VARIANCE_RANGE[1])),
    ):
        where = np.argwhere(bad & keep)
        if len(where):
            at = tuple(int(i) for i in where[0])
            place = at[0] if len(at) == 1 else list(at)
            need = "a positive number (1e-90 to 1e90)" if name == "vi" else "a finite number"
            raise StatsError(f"{name}[{place}] is {float(values[at])!r}; it must be {need}.")


def _checked(batch: Batch) -> Batch:
    short = np.flatnonzero(batch.k < 2)
    if batch.size == 0 or len(short):
        k = int(batch.k[short[0]]) if len(short) else 0
        where = f" (analysis {int(short[0])})" if batch.size > 1 else ""
        raise StatsError(f"pooling needs at least two studies, here there are {k}{where}.")
    return batch
