"""Many meta-analyses side by side, as padded arrays.

A batch holds ``m`` analyses of at most ``kmax`` studies in arrays of shape (m, kmax) with a mask.
A single meta-analysis is the batch of one, so that each formula exists once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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
    What :meth:`take` returns is stored column by column (Fortran order): sums over the studies of many
    analyses are then three times as fast as row by row, as k is small. A batch never changes, so that what
    several methods need is kept once computed.
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

    @cached_property
    def df(self) -> Floats:
        """Residual degrees of freedom k - p, shape (m,)."""
        return np.asarray(self.k - (1 if self.x is None else self.x.shape[2]), dtype=np.float64)

    @cached_property
    def full(self) -> bool:
        """True if nothing is padded."""
        return bool(self.size and int(self.k.min()) == self.y.shape[1])

    @cached_property
    def precision(self) -> Floats:
        """Inverse variances, shape (m, kmax), 0 where padded."""
        return self.kept(1.0 / self.v)

    @cached_property
    def centre(self) -> Floats:
        """Common-effect mean, shape (m,); taken about the first study, so that equal effects give their value."""
        first = self.y[:, 0] if self.full else self.y[np.arange(self.size), self.mask.argmax(axis=1)]
        w = self.precision
        return np.asarray(first + dot(w, self.y - first[:, None]) / w.sum(axis=1), dtype=np.float64)

    @cached_property
    def centred(self) -> Floats:
        """Effects about `centre`, shape (m, kmax): whatever the weights, sums of them lose no digits to an offset."""
        return np.asarray(self.y - self.centre[:, None], dtype=np.float64)

    def take(self, rows: Ints | slice) -> Batch:
        """Return the chosen analyses, in that order, repeated where repeated."""
        y, v = _columns(self.y, rows), _columns(self.v, rows)
        mask = all_there(y.shape) if self.full else _columns(self.mask, rows)
        x = None if self.x is None else self.x[rows]
        part = Batch(y, v, mask, self.k[rows], x, None if self.a is None else _columns(self.a, rows))
        if "centred" in vars(self):
            vars(part).update(centre=self.centre[rows], centred=_columns(self.centred, rows))
        return part

    def slices(self) -> list[slice]:
        """Return slices that cut the analyses into even parts of no more than `CHUNK` array elements each."""
        most = max(1, CHUNK // max(1, self.y.shape[1]))
        step = -(-self.size // -(-self.size // most)) if self.size else 1
        return [slice(i, min(i + step, self.size)) for i in range(0, self.size, step)]

    def kept(self, values: Floats) -> Floats:
        """Return finite `values`, shape (m, kmax), with 0 where padded."""
        return values if self.full else values * self.mask

    def total(self, values: Floats) -> Floats:
        """Sum over the studies of each analysis, shape (m,)."""
        return np.asarray(self.kept(values).sum(axis=1), dtype=np.float64)

    def largest(self, values: Floats) -> Floats:
        """Maximum over the studies of each analysis, shape (m,)."""
        inside = values if self.full else np.where(self.mask, values, -np.inf)
        return np.asarray(inside.max(axis=1), dtype=np.float64)

    def smallest(self, values: Floats) -> Floats:
        """Minimum over the studies of each analysis, shape (m,)."""
        inside = values if self.full else np.where(self.mask, values, np.inf)
        return np.asarray(inside.min(axis=1), dtype=np.float64)


def dot(one: Floats, other: Floats) -> Floats:
    """Return the sums of products over the studies, shape (m,), of two arrays of shape (m, kmax)."""
    return np.asarray(np.einsum("mk,mk->m", one, other), dtype=np.float64)


def all_there(shape: tuple[int, ...]) -> Bools:
    """Return the mask of a batch without padding, which takes no memory."""
    return np.ndarray(shape, dtype=np.bool_, buffer=b"\x01", strides=(0,) * len(shape))


def _columns(values: NDArray[Any], rows: Ints | slice) -> NDArray[Any]:
    if isinstance(rows, slice):
        return np.asfortranarray(values[rows])
    return values.T.take(rows, axis=1).T


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
    y, v = as_floats(yi, "yi").copy(), as_floats(vi, "vi").copy()
    if y.ndim != 1 or y.shape != v.shape:
        raise StatsError(f"yi and vi must be vectors of one length, not of shapes {y.shape} and {v.shape}.")
    _check_finite(y, v, np.ones(y.shape, dtype=bool))
    return y, v


def single(yi: ArrayLike, vi: ArrayLike, *, weights: ArrayLike | None = None) -> Batch:
    """Return the batch of one analysis; arguments and errors as in :func:`as_vectors`."""
    y, v = as_vectors(yi, vi)
    a = None if weights is None else as_floats(weights, "tau2_weights")[None]
    rectangles = (y[None, :], v[None, :], np.ones((1, y.size), dtype=bool), a)
    _check_finite(*rectangles)
    return _checked(_from_arrays(*rectangles))


def padded(
    yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None = None, *, weights: ArrayLike | None = None
) -> Batch:
    """Return a batch from two-dimensional arrays.

    Parameters
    ----------
    yi, vi : array_like, shape (m, kmax)
        Effects and sampling variances; anything may stand where the mask is False.
    mask : array_like of bool, shape (m, kmax), optional
        True where there is a study; all True if left out.
    weights : array_like, shape (m, kmax), optional
        Weights (> 0) of the generalised Q, for methods that take them.

    Returns
    -------
    Batch

    Raises
    ------
    StatsError
        As :func:`as_vectors`, and if an analysis has fewer than two studies.
    """
    y, v, keep, a = _rectangles(yi, vi, mask, weights)
    _check_finite(y, v, keep, a)
    return _checked(_from_arrays(y, v, keep, a))


def sound(
    yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None = None, *, weights: ArrayLike | None = None
) -> tuple[Batch, Ints, dict[int, str]]:
    """Return the analyses that can be pooled, and what is wrong with the others.

    Parameters
    ----------
    yi, vi, mask, weights : array_like, shape (m, kmax)
        As in :func:`padded`.

    Returns
    -------
    batch : Batch
        The sound analyses; it may hold none.
    rows : ndarray of int
        Their numbers.
    problems : dict
        A sentence for each other analysis, by its number.
    """
    y, v, keep, a = _rectangles(yi, vi, mask, weights)
    problems = {int(i): _too_few(int(keep[i].sum())) for i in np.flatnonzero(_counts(keep) < 2)}
    for name, values, bad in _faults(y, v, a):
        for i in np.flatnonzero((bad & keep).any(axis=1)):
            j = int(np.argmax(bad[i] & keep[i]))
            problems.setdefault(int(i), _fault(name, j, float(values[i, j])))
    rows = np.setdiff1d(np.arange(len(y)), list(problems)).astype(np.int64)
    chosen = _from_arrays(y[rows], v[rows], keep[rows], None if a is None else a[rows])
    return chosen, rows, dict(sorted(problems.items()))


def _rectangles(
    yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None, weights: ArrayLike | None
) -> tuple[Floats, Floats, Bools, Floats | None]:
    y, v = as_floats(yi, "yi"), as_floats(vi, "vi")
    keep = all_there(y.shape) if mask is None else np.asarray(mask, dtype=bool)
    if y.ndim != 2 or y.shape != v.shape or y.shape != keep.shape:
        raise StatsError(f"yi, vi and mask must share one 2-D shape, not {y.shape}, {v.shape}, {keep.shape}.")
    return y, v, keep, None if weights is None else as_floats(weights, "tau2_weights")


def _from_arrays(y: Floats, v: Floats, keep: Bools, a: Floats | None) -> Batch:
    k = _counts(keep)
    if (k < keep.shape[1]).any():
        y, v = np.where(keep, y, 0.0), np.where(keep, v, 1.0)
        a = None if a is None else np.where(keep, a, 1.0)
    return Batch(y, v, keep, k, a=a)


def _counts(mask: Bools) -> Ints:
    if not any(mask.strides):  # of `all_there`
        return np.full(mask.shape[0], mask.shape[1], dtype=np.int64)
    return np.asarray(mask.sum(axis=1), dtype=np.int64)


def layout(groups: Sequence[object] | NDArray[Any]) -> tuple[Ints, Bools, tuple[object, ...]]:
    """Return where each study of each group stands in long vectors.

    Parameters
    ----------
    groups : sequence, length n
        Label of the analysis each study belongs to.

    Returns
    -------
    index : ndarray of int, shape (m, kmax)
        Places of the studies, in their order; 0 where padded.
    mask : ndarray of bool, shape (m, kmax)
        True where there is a study.
    labels : tuple
        Of the analyses, in order of first appearance.
    """
    codes, labels = _codes(groups)
    counts = np.bincount(codes, minlength=len(labels))
    order = np.argsort(codes, kind="stable")
    mask = np.arange(counts.max(initial=0)) < counts[:, None]
    index = np.zeros(mask.shape, dtype=np.int64)
    index[mask] = order
    return index, mask, labels


def _codes(groups: Sequence[object] | NDArray[Any]) -> tuple[Ints, tuple[object, ...]]:
    # Number of the group of each study, groups in order of first appearance. Sorting an array of
    # numbers or texts is several times faster than a dictionary.
    if isinstance(groups, np.ndarray) and groups.ndim == 1 and groups.dtype.kind in "iuUS":
        values, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        return rank[inverse], tuple(values[order].tolist())
    numbers: dict[object, int] = {}
    codes = [numbers.setdefault(label, len(numbers)) for label in groups]
    return np.array(codes, dtype=np.int64), tuple(numbers)


def as_floats(values: ArrayLike, name: str) -> Floats:
    """Return an array of floats, itself if it is one; StatsError names what is not made of numbers."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError(f"{name} must hold numbers only.") from None


def _faults(y: Floats, v: Floats, a: Floats | None) -> Iterator[tuple[str, Floats, Bools]]:
    largest = float(np.finfo(np.float64).max)
    ranges = (("yi", y, (-largest, largest)), ("vi", v, VARIANCE_RANGE), ("tau2_weights", a, VARIANCE_RANGE))
    for name, values, (low, high) in ranges:
        if values is None:
            continue
        if values.shape != y.shape:
            raise StatsError(f"{name} must have the shape of yi, {y.shape}, not {values.shape}.")
        if values.size and not (low <= values.min() and values.max() <= high):  # not a number is outside, too
            with np.errstate(invalid="ignore"):
                yield name, values, ~((values >= low) & (values <= high))


def _fault(name: str, place: object, value: float) -> str:
    need = "a finite number" if name == "yi" else "a positive number (1e-90 to 1e90)"
    return f"{name}[{place}] is {value!r}; it must be {need}."


def _check_finite(y: Floats, v: Floats, keep: Bools, a: Floats | None = None) -> None:
    for name, values, bad in _faults(y, v, a):
        where = np.argwhere(bad & keep)
        if len(where):
            at = tuple(int(i) for i in where[0])
            place = at[0] if len(at) == 1 else list(at)
            raise StatsError(_fault(name, place, float(values[at])))


def _too_few(k: int) -> str:
    return f"pooling needs at least two studies, here there are {k}."


def _checked(batch: Batch) -> Batch:
    short = np.flatnonzero(batch.k < 2)
    if batch.size == 0 or len(short):
        k = int(batch.k[short[0]]) if len(short) else 0
        where = f" (analysis {int(short[0])})" if batch.size > 1 else ""
        raise StatsError(_too_few(k).removesuffix(".") + f"{where}.")
    return batch
