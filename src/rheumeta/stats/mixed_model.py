"""The likelihood of y ~ N(Xb, V + random effects) and its slope.

Marginal covariance M = V + sum of the terms' covariances. With P as in `moments` (W = M^-1), the
slope in a parameter t is (y'P M_t P y - tr(P M_t)) / 2 for REML, tr(W M_t) for ML, M_t the
derivative of M: Harville (1977), J Am Stat Assoc 72:320-338, section 5; Jennrich and Schluchter
(1986), Biometrics 42:805-820. Rows that share nothing form blocks, worked on side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rheumeta.stats.batch import Floats, Ints
from rheumeta.stats.random_terms import RandomTerm


@dataclass(frozen=True)
class Block:
    """Blocks of rows of one size: row numbers (b, s), effects (b, s), V (b, s, s), design (b, s, p)."""

    rows: Ints
    y: Floats
    v: Floats
    x: Floats


@dataclass(frozen=True)
class Model:
    """Effects, design, sampling covariance and random terms.

    Attributes
    ----------
    y : ndarray, shape (n,)
        Effects.
    x : ndarray, shape (n, p)
        Design, of full rank.
    v : ndarray, shape (n, n)
        Sampling covariance.
    terms : tuple of RandomTerm
        Random effects.
    restricted : bool
        REML if True, ML if False.
    blocks : tuple of Block
        The rows, arranged.
    """

    y: Floats
    x: Floats
    v: Floats
    terms: tuple[RandomTerm, ...]
    restricted: bool
    blocks: tuple[Block, ...]

    @property
    def n_parameters(self) -> int:
        """Number of parameters of the random terms."""
        return sum(t.n_sd + t.n_angle for t in self.terms)

    def split(self, theta: Floats) -> list[Floats]:
        """Return each term's part of the parameters."""
        ends = np.cumsum([t.n_sd + t.n_angle for t in self.terms])
        return np.split(theta, ends[:-1]) if self.terms else []

    def is_sd(self) -> list[bool]:
        """Return which parameters are standard deviations."""
        return [i < t.n_sd for t in self.terms for i in range(t.n_sd + t.n_angle)]

    def values(self, theta: Floats) -> Floats:
        """Return all variances and correlations."""
        parts = [t.values(p) for t, p in zip(self.terms, self.split(theta), strict=True)]
        return np.concatenate(parts) if parts else np.zeros(0)


def build_model(y: Floats, x: Floats, v: Floats, terms: Sequence[RandomTerm], *, restricted: bool) -> Model:
    """Return the model with its rows arranged in independent blocks of equal size."""
    by_size: dict[int, list[Ints]] = {}
    for rows in _independent(v, terms):
        by_size.setdefault(rows.size, []).append(rows)
    blocks = []
    for _, members in sorted(by_size.items()):
        rows = np.array(members)
        blocks.append(Block(rows, y[rows], v[rows[:, :, None], rows[:, None, :]], x[rows]))
    return Model(y, x, v, tuple(terms), restricted, tuple(blocks))


def _independent(v: Floats, terms: Sequence[RandomTerm]) -> list[Ints]:
    owner = np.arange(len(v))
    links = [*np.argwhere(np.triu(v, 1) != 0)]
    for term in terms:
        last: dict[int, int] = {}
        for row, group in enumerate(term.groups.tolist()):
            links.append(np.array([last.get(group, row), row]))
            last[group] = row
    for one, other in links:
        a, b = owner[one], owner[other]
        if a != b:
            owner[owner == b] = a
    return [np.flatnonzero(owner == label) for label in dict.fromkeys(owner.tolist())]


@dataclass(frozen=True)
class Solution:
    """The weighted fit at given parameters.

    Attributes
    ----------
    estimate : ndarray, shape (p,)
        Coefficients.
    vcov : ndarray, shape (p, p)
        Their covariance (X'WX)^-1.
    log_likelihood : float
        Restricted or not, with all constants.
    q : float
        Weighted residual sum of squares.
    slope : ndarray
        Derivative of the log likelihood in each parameter.
    trace_p : float
        Trace of P.
    """

    estimate: Floats
    vcov: Floats
    log_likelihood: float
    q: float
    slope: Floats
    trace_p: float


def marginal(model: Model, block: Block, covariances: Sequence[Floats]) -> Floats:
    """Return M of the blocks, shape (b, s, s), at the terms' covariance matrices."""
    m = block.v.copy()
    for term, g in zip(model.terms, covariances, strict=True):
        same, levels = _shared(term, block)
        m += np.where(same, g[levels[:, :, None], levels[:, None, :]], 0.0)
    return m


def marginal_covariance(model: Model, theta: Floats) -> Floats:
    """Return M as one matrix, shape (n, n)."""
    covariances = [t.covariance(p) for t, p in zip(model.terms, model.split(theta), strict=True)]
    full = np.zeros_like(model.v)
    for block in model.blocks:
        rows = block.rows
        full[rows[:, :, None], rows[:, None, :]] = marginal(model, block, covariances)
    return full


def _shared(term: RandomTerm, block: Block) -> tuple[Floats, Ints]:
    groups, levels = term.groups[block.rows], term.levels[block.rows]
    return groups[:, :, None] == groups[:, None, :], levels


def solve(model: Model, theta: Floats) -> Solution:
    """Return coefficients, likelihood and slope at the parameters.

    Rows are made independent by the Cholesky factor of M; then QR, as in ordinary least squares.

    Raises
    ------
    numpy.linalg.LinAlgError
        If M is not positive definite.
    """
    covariances = [t.covariance(p) for t, p in zip(model.terms, model.split(theta), strict=True)]
    roots = [np.linalg.cholesky(marginal(model, b, covariances)) for b in model.blocks]
    inverse = [np.linalg.inv(r) for r in roots]
    p = model.x.shape[1]
    z = np.concatenate(
        [(i @ b.y[:, :, None]).reshape(-1) for i, b in zip(inverse, model.blocks, strict=True)]
    )
    zx = np.concatenate([(i @ b.x).reshape(-1, p) for i, b in zip(inverse, model.blocks, strict=True)])
    q, r = np.linalg.qr(zx)
    rest = z - q @ (q.T @ z)
    r_inverse = np.linalg.inv(r)
    half_log_m = sum(float(np.log(np.diagonal(c, axis1=1, axis2=2)).sum()) for c in roots)
    slope, trace = _slope(model, theta, inverse, q, rest)
    return Solution(
        estimate=r_inverse @ (q.T @ z),
        vcov=r_inverse @ r_inverse.T,
        log_likelihood=_height(model, float(rest @ rest), half_log_m, r),
        q=float(rest @ rest),
        slope=slope,
        trace_p=trace,
    )


def _height(model: Model, q: float, half_log_m: float, r: Floats) -> float:
    # Harville (1977), eq. 4.2, with the term |X'X| that makes it free of the coding of X.
    n, p = model.x.shape
    if not model.restricted:
        return float(-0.5 * (n * np.log(2.0 * np.pi) + q) - half_log_m)
    log_x = np.log(np.abs(np.diagonal(np.linalg.qr(model.x).R))).sum()
    log_xwx = np.log(np.abs(np.diagonal(r))).sum()
    return float(-0.5 * ((n - p) * np.log(2.0 * np.pi) + q) - half_log_m + log_x - log_xwx)


def _slope(
    model: Model, theta: Floats, inverse: list[Floats], q: Floats, rest: Floats
) -> tuple[Floats, float]:
    # The derivative needs only the sums of K = uu' - W (+ AA' for REML) over the pairs of levels,
    # with u = P y and A = M^-T/2 Q.
    sums = [np.zeros((t.size, t.size)) for t in model.terms]
    at, trace = 0, 0.0
    for block, root in zip(model.blocks, inverse, strict=True):
        b, s = block.rows.shape
        part = slice(at, at + b * s)
        at += b * s
        back = root.transpose(0, 2, 1)
        u = back @ rest[part].reshape(b, s, 1)
        a = back @ q[part].reshape(b, s, -1)
        w, aa = back @ root, a @ a.transpose(0, 2, 1)
        trace += float(np.trace(w - aa, axis1=1, axis2=2).sum())
        kernel = u @ u.transpose(0, 2, 1) - w + (aa if model.restricted else 0.0)
        for term, total in zip(model.terms, sums, strict=True):
            same, levels = _shared(term, block)
            pairs = (levels[:, :, None] * term.size + levels[:, None, :])[same]
            total += np.bincount(pairs, kernel[same], minlength=total.size).reshape(total.shape)
    slopes = [
        0.5 * float((total * d).sum())
        for term, total, part in zip(model.terms, sums, model.split(theta), strict=True)
        for d in term.derivatives(part)
    ]
    return np.array(slopes), trace
