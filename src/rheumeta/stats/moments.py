"""The sums of weighted least squares that every method needs, for a whole batch.

With weights W, P = W - W X (X'WX)^-1 X'W (Viechtbauer 2005, J Educ Behav Stat 30:261-293);
for one common mean X is a column of ones and the traces have closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheumeta.stats.batch import Batch, Floats

DOMINANT = 0.9
"""A weight above this part of the sum cancels digits in the short formulas of the traces."""


@dataclass(frozen=True)
class Moments:
    """Sums at given weights, each of shape (m,) unless stated.

    Attributes
    ----------
    w : ndarray, shape (m, kmax)
        Weights, 0 where padded.
    sum_w, sum_w2 : ndarray
        Sums of the weights and their squares.
    mean : ndarray
        Weighted mean; NaN with a design.
    ypy, yppy, ypppy : ndarray
        y'Py (the generalised Q), y'PPy, y'PPPy.
    tr_p, tr_pp : ndarray
        Traces of P and PP.
    log_det : ndarray
        Logarithm of the determinant of X'WX.
    """

    w: Floats
    sum_w: Floats
    sum_w2: Floats
    mean: Floats
    ypy: Floats
    yppy: Floats
    ypppy: Floats
    tr_p: Floats
    tr_pp: Floats
    log_det: Floats


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
    """Return the sums at tau2 = 0, which nearly every statistic needs; computed once a batch."""
    found = vars(batch).get("_null_moments")
    if found is None:
        found = moments(batch, np.zeros(batch.size))
        vars(batch)["_null_moments"] = found  # a batch never changes, and what is copied starts afresh
    assert isinstance(found, Moments)
    return found


def weighted(batch: Batch, weights: Floats) -> Moments:
    """Return the sums with any positive weights, shape (m, kmax)."""
    w = batch.kept(weights)
    return _common_mean(batch, w) if batch.x is None else _design(batch, batch.x, w)


def generalised_q(batch: Batch, tau2: Floats) -> tuple[Floats, Floats]:
    """Return y'Py and y'PPy at weights 1 / (v + tau2), each of shape (m,); all that a root of Q needs."""
    if batch.x is not None:
        sums = moments(batch, tau2)
        return sums.ypy, sums.yppy
    w = batch.kept(1.0 / (batch.v + tau2[:, None]))
    residual = batch.y - _mean(batch, w, w.sum(axis=1))[:, None]
    py = w * residual
    return _dot(py, residual), _dot(py, py)


def sum_of_squares(batch: Batch) -> Floats:
    """Return the unweighted residual sum of squares, shape (m,)."""
    return weighted(batch, np.ones(batch.y.shape)).ypy


def trace_as(batch: Batch, weights: Floats, s: Floats) -> Floats:
    """Return tr(A S), shape (m,), arguments as in :func:`trace_asas`."""
    a = batch.kept(weights)
    if batch.x is None:
        return _dot(a * batch.kept(s), 1.0 - a / a.sum(axis=1)[:, None])
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
        return np.asarray(_dot(a_s**2, 1.0 - 2.0 * share) + _dot(share, a_s) ** 2, dtype=np.float64)
    q = _basis(batch, a)
    leverage = (q**2).sum(axis=2)
    cross = np.einsum("mkp,mk,mkr->mpr", q, a_s, q)
    trace: Floats = (a_s**2 * (1.0 - 2.0 * leverage)).sum(axis=1) + (cross**2).sum(axis=(1, 2))
    return trace


def _common_mean(batch: Batch, w: Floats) -> Moments:
    w2 = w * w
    sum_w, sum_w2 = w.sum(axis=1), _dot(w, w)
    mean = _mean(batch, w, sum_w)
    residual = batch.y - mean[:, None]
    py = w * residual
    about = py - (_dot(w, py) / sum_w)[:, None]
    ratio = sum_w2 / sum_w
    tr_p, tr_pp = sum_w - ratio, sum_w2 - 2.0 * _dot(w2, w) / sum_w + ratio**2
    uneven = np.flatnonzero(w.max(axis=1) > DOMINANT * sum_w)
    if uneven.size:
        tr_p[uneven], tr_pp[uneven] = _traces_uneven(w[uneven])
    return Moments(
        w=w,
        sum_w=sum_w,
        sum_w2=sum_w2,
        mean=mean,
        ypy=_dot(py, residual),
        yppy=_dot(py, py),
        ypppy=_dot(w * about, about),
        tr_p=tr_p,
        tr_pp=tr_pp,
        log_det=np.log(sum_w),
    )


def _traces_uneven(w: Floats) -> tuple[Floats, Floats]:
    # P has w_i o_i / s on its diagonal, o_i the weights of the others, and -w_i w_j / s elsewhere: its
    # traces are sums of positive terms, without the cancellation of the shorter formulas.
    total = w.sum(axis=1)
    diagonal = w * _others(w) / total[:, None]
    return diagonal.sum(axis=1), _dot(diagonal, diagonal) + _dot(w**2, _others(w**2)) / total**2


def _others(values: Floats) -> Floats:
    # Sum of all other values of the row. Subtracting from the total is exact enough for all but the
    # largest value, whose others are added up instead.
    rows, top = np.arange(len(values)), values.argmax(axis=1)
    rest = values.copy()
    rest[rows, top] = 0.0
    others: Floats = values.sum(axis=1)[:, None] - values
    others[rows, top] = rest.sum(axis=1)
    return others


def _dot(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.einsum("mk,mk->m", one, other), dtype=np.float64)


def _mean(batch: Batch, w: Floats, sum_w: Floats) -> Floats:
    # Weighted mean taken about the first study: equal effects then give exactly their value.
    first = batch.y[:, 0] if batch.full else batch.y[np.arange(batch.size), batch.mask.argmax(axis=1)]
    shift = _dot(w, batch.y - first[:, None]) / sum_w
    return np.asarray(first + shift, dtype=np.float64)


def _design(batch: Batch, x: Floats, w: Floats) -> Moments:
    # By QR of sqrt(W) X = QR: P = sqrt(W) (I - QQ') sqrt(W), hence tr P = sum w (1 - h) and
    # tr PP = sum w^2 (1 - 2h) + |Q'WQ|^2 with h the squared rows of Q.
    root = np.sqrt(w)
    q, r = np.linalg.qr(root[:, :, None] * x)
    residual = _residual(q, root * batch.y)
    leverage = (q**2).sum(axis=2)
    cross = np.einsum("mkp,mk,mkr->mpr", q, w, q)
    tr_p = (w * (1.0 - leverage)).sum(axis=1)
    tr_pp = (w**2 * (1.0 - 2.0 * leverage)).sum(axis=1) + (cross**2).sum(axis=(1, 2))
    uneven = np.flatnonzero(leverage.max(axis=1) > DOMINANT)
    if uneven.size:
        tr_p[uneven], tr_pp[uneven] = _traces_leverage(w[uneven], q[uneven])
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    return Moments(
        w=w,
        sum_w=w.sum(axis=1),
        sum_w2=(w**2).sum(axis=1),
        mean=np.full(batch.size, np.nan),
        ypy=(residual**2).sum(axis=1),
        yppy=(w * residual**2).sum(axis=1),
        ypppy=(_residual(q, w * residual) ** 2).sum(axis=1),
        tr_p=tr_p,
        tr_pp=tr_pp,
        log_det=2.0 * np.log(diagonal).sum(axis=1),
    )


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
    tr_pp = _dot(w * d, w * d) + np.einsum("mi,mij,mj->m", w, products, w)
    return _dot(w, d), np.asarray(tr_pp, dtype=np.float64)


def _residual(q: Floats, z: Floats) -> Floats:
    return np.asarray(z - np.einsum("mkp,mrp,mr->mk", q, q, z, optimize=True), dtype=np.float64)


def _basis(batch: Batch, w: Floats) -> Floats:
    root = np.sqrt(w)
    if batch.x is None:
        return np.asarray((root / np.sqrt(w.sum(axis=1))[:, None])[:, :, None], dtype=np.float64)
    return np.asarray(np.linalg.qr(root[:, :, None] * batch.x).Q, dtype=np.float64)
