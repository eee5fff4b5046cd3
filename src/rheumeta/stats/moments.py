"""The sums of weighted least squares that every method needs, for a whole batch.

With weights W, P = W - W X (X'WX)^-1 X'W (Viechtbauer 2005, J Educ Behav Stat 30:261-293);
for one common mean X is a column of ones and the traces have closed forms.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from rheumeta.stats.batch import Batch, Floats, Ints, dot

DOMINANT = 0.9
"""A weight above this part of the sum cancels digits in the short formulas of the traces."""


class Moments:
    """Sums at given weights, each computed when first asked for.

    Parameters
    ----------
    batch : Batch
        The analyses.
    w : ndarray, shape (m, kmax)
        Weights, 0 where padded.
    """

    def __init__(self, batch: Batch, w: Floats) -> None:
        self.w, self._centre, self._centred = w, batch.centre, batch.centred

    @cached_property
    def sum_w(self) -> Floats:
        """Sum of the weights, shape (m,)."""
        return np.asarray(self.w.sum(axis=1), dtype=np.float64)

    @cached_property
    def sum_w2(self) -> Floats:
        """Sum of the squared weights, shape (m,)."""
        return dot(self.w, self.w)

    @cached_property
    def mean(self) -> Floats:
        """Weighted mean, shape (m,); NaN with a design."""
        return self._centre + self._shift

    @cached_property
    def _shift(self) -> Floats:
        return dot(self.w, self._centred) / self.sum_w

    @cached_property
    def residual(self) -> Floats:
        """Effects about the weighted mean, shape (m, kmax)."""
        return np.asarray(self._centred - self._shift[:, None], dtype=np.float64)

    @cached_property
    def py(self) -> Floats:
        """Py, the weighted residuals, shape (m, kmax)."""
        return self.w * self.residual

    @cached_property
    def _about(self) -> Floats:
        # PPy = W times this.
        about: Floats = self.py - (dot(self.w, self.py) / self.sum_w)[:, None]
        return about

    @cached_property
    def ypy(self) -> Floats:
        """y'Py, the generalised Q, shape (m,)."""
        return dot(self.py, self.residual)

    @cached_property
    def yppy(self) -> Floats:
        """y'PPy, shape (m,)."""
        return dot(self.py, self.py)

    @cached_property
    def ypppy(self) -> Floats:
        """y'PPPy, shape (m,)."""
        return dot(self.w * self._about, self._about)

    @cached_property
    def _uneven(self) -> Ints:
        return np.flatnonzero(self.w.max(axis=1) > DOMINANT * self.sum_w)

    @cached_property
    def tr_p(self) -> Floats:
        """Trace of P, shape (m,)."""
        trace = self.sum_w - self.sum_w2 / self.sum_w
        if self._uneven.size:
            trace[self._uneven] = _diagonal(self.w[self._uneven]).sum(axis=1)
        return trace

    @cached_property
    def tr_pp(self) -> Floats:
        """Trace of PP, shape (m,)."""
        trace = (
            self.sum_w2 - 2.0 * dot(self.w * self.w, self.w) / self.sum_w + (self.sum_w2 / self.sum_w) ** 2
        )
        if self._uneven.size:
            trace[self._uneven] = _trace_pp_uneven(self.w[self._uneven])
        return trace

    @cached_property
    def log_det(self) -> Floats:
        """Logarithm of the determinant of X'WX, shape (m,)."""
        return np.asarray(np.log(self.sum_w), dtype=np.float64)


class DesignMoments(Moments):
    """The same with a design X, by QR of sqrt(W) X = QR: P = sqrt(W) (I - QQ') sqrt(W)."""

    def __init__(self, batch: Batch, x: Floats, w: Floats) -> None:
        self.w, self._y, self._root = w, batch.y, np.sqrt(w)
        self._q, self._r = np.linalg.qr(self._root[:, :, None] * x)

    @cached_property
    def mean(self) -> Floats:
        """Not a number: there is no common mean."""
        return np.full(len(self.w), np.nan)

    @cached_property
    def _scaled(self) -> Floats:
        # (I - QQ') sqrt(W) y, of which Py and the residuals are multiples.
        return _residual(self._q, self._root * self._y)

    @cached_property
    def py(self) -> Floats:
        """Py, shape (m, kmax)."""
        return self._root * self._scaled

    @cached_property
    def ypy(self) -> Floats:
        """y'Py, shape (m,)."""
        return dot(self._scaled, self._scaled)

    @cached_property
    def ypppy(self) -> Floats:
        """y'PPPy, shape (m,)."""
        again = _residual(self._q, self.w * self._scaled)
        return dot(again, again)

    @cached_property
    def _leverage(self) -> Floats:
        return np.asarray((self._q**2).sum(axis=2), dtype=np.float64)

    @cached_property
    def _uneven(self) -> Ints:
        return np.flatnonzero(self._leverage.max(axis=1) > DOMINANT)

    @cached_property
    def tr_p(self) -> Floats:
        """Trace of P, sum w (1 - h) with h the squared rows of Q, shape (m,)."""
        trace = dot(self.w, 1.0 - self._leverage)
        if self._uneven.size:
            trace[self._uneven] = _traces_leverage(self.w[self._uneven], self._q[self._uneven])[0]
        return trace

    @cached_property
    def tr_pp(self) -> Floats:
        """Trace of PP, sum w^2 (1 - 2h) + |Q'WQ|^2, shape (m,)."""
        cross = np.einsum("mkp,mk,mkr->mpr", self._q, self.w, self._q)
        trace: Floats = dot(self.w**2, 1.0 - 2.0 * self._leverage) + (cross**2).sum(axis=(1, 2))
        if self._uneven.size:
            trace[self._uneven] = _traces_leverage(self.w[self._uneven], self._q[self._uneven])[1]
        return trace

    @cached_property
    def log_det(self) -> Floats:
        """Logarithm of the determinant of X'WX, shape (m,)."""
        diagonal = np.abs(np.diagonal(self._r, axis1=1, axis2=2))
        return np.asarray(2.0 * np.log(diagonal).sum(axis=1), dtype=np.float64)


def moments(batch: Batch, tau2: Floats) -> Moments:
    """Return the sums with weights 1 / (v + tau2).

    Parameters
    ----------
    batch : Batch
        The analyses.
    tau2 : ndarray, shape (m,)
        Between-study variance of each, >= 0.

    Returns
    -------
    Moments
    """
    return weighted(batch, 1.0 / (batch.v + tau2[:, None]))


def null_moments(batch: Batch) -> Moments:
    """Return the sums at tau2 = 0, which nearly every statistic needs; one object a batch."""
    found = vars(batch).get("_null_moments")
    if found is None:
        found = vars(batch)["_null_moments"] = _of(batch, batch.precision)
    assert isinstance(found, Moments)
    return found


def unit_moments(batch: Batch) -> Moments:
    """Return the sums at equal weights 1: y'Py is the unweighted sum of squares; one object a batch."""
    found = vars(batch).get("_unit_moments")
    if found is None:
        found = vars(batch)["_unit_moments"] = weighted(batch, np.ones(batch.y.shape, order="F"))
    assert isinstance(found, Moments)
    return found


def weighted(batch: Batch, weights: Floats) -> Moments:
    """Return the sums with any positive weights, shape (m, kmax)."""
    return _of(batch, batch.kept(weights))


def _of(batch: Batch, w: Floats) -> Moments:
    return Moments(batch, w) if batch.x is None else DesignMoments(batch, batch.x, w)


def residual_variance(batch: Batch) -> Floats:
    """Return the mean of the variances weighted by the squared residuals at equal weights, shape (m,).

    As tau2 grows y'PPy / y'PPPy - tau2 and, with S the unweighted sum of squares, S / y'Py - tau2 rise to it
    (expansion of P in 1 / tau2); 0 where the effects are equal.
    """
    unit = unit_moments(batch)
    mean = np.zeros(batch.size)
    np.divide(dot(batch.v * unit.py, unit.py), unit.ypy, out=mean, where=unit.ypy > 0)
    return mean


def trace_as(batch: Batch, weights: Floats, s: Floats) -> Floats:
    """Return tr(A S), shape (m,), arguments as in :func:`trace_asas`."""
    a = batch.kept(weights)
    if batch.x is None:
        return dot(a * batch.kept(s), 1.0 - a / a.sum(axis=1)[:, None])
    leverage = (_basis(batch, a) ** 2).sum(axis=2)
    trace: Floats = (a * batch.kept(s) * (1.0 - leverage)).sum(axis=1)
    return trace


def trace_asas(batch: Batch, weights: Floats, s: Floats) -> Floats:
    """Return tr(A S A S), shape (m,), with A the matrix P at `weights` and S = diag(s).

    Parameters
    ----------
    batch : Batch
        The analyses.
    weights, s : ndarray, shape (m, kmax)
        Weights that define A, and variances.
    """
    a = batch.kept(weights)
    a_s = a * batch.kept(s)
    if batch.x is None:
        share = a / a.sum(axis=1)[:, None]
        return np.asarray(dot(a_s**2, 1.0 - 2.0 * share) + dot(share, a_s) ** 2, dtype=np.float64)
    q = _basis(batch, a)
    leverage = (q**2).sum(axis=2)
    cross = np.einsum("mkp,mk,mkr->mpr", q, a_s, q)
    trace: Floats = (a_s**2 * (1.0 - 2.0 * leverage)).sum(axis=1) + (cross**2).sum(axis=(1, 2))
    return trace


def _diagonal(w: Floats) -> Floats:
    # P has w_i o_i / s on its diagonal, o_i the weights of the others, and -w_i w_j / s elsewhere: its
    # traces are sums of positive terms, without the cancellation of the shorter formulas.
    return np.asarray(w * _others(w) / w.sum(axis=1)[:, None], dtype=np.float64)


def _trace_pp_uneven(w: Floats) -> Floats:
    diagonal = _diagonal(w)
    trace: Floats = dot(diagonal, diagonal) + dot((w / w.sum(axis=1)[:, None]) ** 2, _others(w**2))
    return trace


def _others(values: Floats) -> Floats:
    # Sum of all other values of the row. Subtracting from the total is exact enough for all but the
    # largest value, whose others are added up instead.
    rows, top = np.arange(len(values)), values.argmax(axis=1)
    rest = values.copy()
    rest[rows, top] = 0.0
    others: Floats = values.sum(axis=1)[:, None] - values
    others[rows, top] = rest.sum(axis=1)
    return others


def _traces_leverage(w: Floats, q: Floats) -> tuple[Floats, Floats]:
    # A leverage h near 1 leaves no digits of 1 - h. H = I - QQ' is idempotent, so that its diagonal d solves
    # d (1 - d) = s with s the sum of its squared other elements, which are products of rows of Q and do not
    # cancel: d = 2 s / (1 + sqrt(1 - 4 s)) where d is the smaller root.
    products = np.einsum("mip,mjp->mij", q, q) ** 2
    own = np.arange(q.shape[1])
    leverage = np.sqrt(products[:, own, own])
    products[:, own, own] = 0.0
    others = products.sum(axis=2)
    small = 2.0 * others / (1.0 + np.sqrt(np.maximum(0.0, 1.0 - 4.0 * others)))
    d = np.where(leverage > 0.5, small, 1.0 - leverage)
    tr_pp = dot(w * d, w * d) + np.einsum("mi,mij,mj->m", w, products, w)
    return dot(w, d), np.asarray(tr_pp, dtype=np.float64)


def _residual(q: Floats, z: Floats) -> Floats:
    return np.asarray(z - np.einsum("mkp,mrp,mr->mk", q, q, z, optimize=True), dtype=np.float64)


def _basis(batch: Batch, w: Floats) -> Floats:
    root = np.sqrt(w)
    if batch.x is None:
        return np.asarray((root / np.sqrt(w.sum(axis=1))[:, None])[:, :, None], dtype=np.float64)
    return np.asarray(np.linalg.qr(root[:, :, None] * batch.x).Q, dtype=np.float64)
