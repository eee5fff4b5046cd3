"""Maximum likelihood for tau2, restricted or not, with a proof that no higher maximum was missed.

The slope of the likelihood in tau2 (the score) is A - B, with A = y'PPy and B = tr P (REML) or tr W
(ML). Both fall in tau2. With rho = y'PPPy / y'PPy and kappa = -B' / B the ratio A / B has the
logarithmic slope kappa - 2 rho, and by Cauchy-Schwarz rho and kappa fall too (rho' <= -rho^2,
kappa' <= -kappa^2). From their values at the ends of an interval [a, b] it follows that

- A / B falls, and the score changes sign at most once, from plus to minus, if 2 rho(b) > kappa(a);
- the score has no zero if A(b) > B(a) or A(a) < B(b).

Beyond vmax - 2 / kappa(0) the first always holds: there rho >= 1 / (vmax + tau2), as the eigenvalues
of P other than 0 lie between the least and the largest weight, and 1 / kappa >= 1 / kappa(0) + tau2.
So only [0, vmax - 2 / kappa(0)] is searched, by a few points; an interval that neither test settles is
halved until what it could hide is below `MISSED`. Each change of sign is then solved by a safeguarded
Newton iteration and the highest maximum wins, the border tau2 = 0 among them. All bounds come from the
data, so that a change of unit changes nothing. The argument is our own; the test
compares 2,000 seeded problems with a fine grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheumeta.stats.batch import Batch, Bools, Floats, Ints
from rheumeta.stats.moments import moments, sum_of_squares
from rheumeta.stats.roots import solve_bracketed

RATIO = 2.5
"""Growth of tau2 + 1 / kappa(0) between the first points: larger needs more halving, smaller more points."""

MISSED = 1e-10
"""What an interval left unsettled may hide of the log likelihood; two models differ at 1e-2 or more."""

MAX_HALVINGS = 60
"""The hidden part falls fourfold a halving; sixty reach the spacing of double precision."""


def log_likelihood(batch: Batch, tau2: Floats, *, restricted: bool) -> Floats:
    """Return the (restricted) log likelihood at tau2 without its constants, shape (m,).

    Viechtbauer (2005), J Educ Behav Stat 30:261-293, the coefficients profiled out.
    """
    sums = moments(batch, tau2)
    value = batch.total(np.log(batch.v + tau2[:, None])) + sums.ypy
    if restricted:
        value = value + sums.log_det
    return -0.5 * value


@dataclass(frozen=True)
class Score:
    """Parts of the score at one tau2 an analysis, arrays of shape (n,).

    Attributes
    ----------
    owner : ndarray of int
        Analysis each belongs to.
    tau2 : ndarray
        Where the parts were taken.
    gain, loss : ndarray
        A and B of the module's text: y'PPy, and tr P or tr W.
    gain_drop, loss_drop : ndarray
        Their falls: 2 y'PPPy, and tr PP or tr WW.
    """

    owner: Ints
    tau2: Floats
    gain: Floats
    loss: Floats
    gain_drop: Floats
    loss_drop: Floats

    def take(self, rows: Ints) -> Score:
        """Return the chosen points."""
        return Score(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    @property
    def rising(self) -> Bools:
        """True where the likelihood rises."""
        return np.asarray(self.gain > self.loss)


def score(batch: Batch, tau2: Floats, *, restricted: bool, owner: Ints | None = None) -> Score:
    """Return the parts of twice the slope of the log likelihood in tau2 (Viechtbauer 2005).

    Parameters
    ----------
    batch : Batch
        The analyses.
    tau2 : ndarray, shape (n,)
        Between-study variances, >= 0.
    restricted : bool
        REML if True, ML if False.
    owner : ndarray of int, shape (n,), optional
        Analysis each tau2 belongs to; one each, in order, if left out.

    Returns
    -------
    Score
        Derivatives by d P / d tau2 = -PP.
    """
    part = batch if owner is None else batch.take(owner)
    sums = moments(part, tau2)
    loss, drop = (sums.tr_p, sums.tr_pp) if restricted else (sums.sum_w, sums.sum_w2)
    rows = np.arange(batch.size) if owner is None else owner
    return Score(rows, tau2, sums.yppy, loss, 2.0 * sums.ypppy, drop)


def maximise(batch: Batch, *, restricted: bool) -> Floats:
    """Return the tau2 >= 0 of the highest (restricted) likelihood.

    Parameters
    ----------
    batch : Batch
        The analyses, k > p each.
    restricted : bool
        REML if True, ML if False.

    Returns
    -------
    ndarray, shape (m,)
    """
    points, top = _search(batch, restricted=restricted)
    order = np.lexsort((points.tau2, points.owner))
    points = points.take(order)
    last = np.append(points.owner[1:] != points.owner[:-1], True)
    # Past the last point of an analysis the score falls through zero at most once, before `top`.
    falls = points.rising & np.where(last, True, ~np.append(points.rising[1:], False))
    at = np.flatnonzero(falls)
    owner, lower = points.owner[at], points.tau2[at]
    upper = np.where(last[at], top[owner], np.append(points.tau2[1:], 0.0)[at])
    peaks = _peaks(batch, owner, lower, upper, restricted=restricted)
    border = np.flatnonzero(~points.rising[np.append(True, last[:-1])])
    return _highest(batch, owner, peaks, border=border, restricted=restricted)


def _search(batch: Batch, *, restricted: bool) -> tuple[Score, Floats]:
    # The first points and those of the halved intervals; and where the score is negative for sure:
    # past T with T^2 / (T + vmax) > S / (k - p), S the unweighted sum of squares, as y'PPy <= S / T^2
    # and tr P >= (k - p) / (T + vmax). Twice the larger of vmax and 2 S / (k - p) is such a T, for ML
    # as well, where tr W >= tr P.
    origin = score(batch, np.zeros(batch.size), restricted=restricted)
    vmax, unit = batch.largest(batch.v), origin.loss / origin.loss_drop
    top = 2.0 * np.maximum(vmax, 2.0 * sum_of_squares(batch) / batch.df)
    end = np.clip(vmax - 2.0 * unit, 0.0, top)
    steps = np.ceil(np.log1p(end / unit) / np.log(RATIO)).astype(np.int64)
    found, left = [origin], origin
    doubtful: list[tuple[Score, Score]] = []
    for j in range(1, int(steps.max(initial=0)) + 1):
        left = left.take(np.flatnonzero(steps[left.owner] >= j))
        rows = left.owner
        tau2 = unit[rows] * np.expm1(np.log1p(end[rows] / unit[rows]) * (j / steps[rows]))
        right = score(batch, tau2, restricted=restricted, owner=rows)
        open_ = np.flatnonzero(~_settled(left, right))
        doubtful.append((left.take(open_), right.take(open_)))
        found.append(right)
        left = right
    found.extend(_halve(batch, doubtful, restricted=restricted))
    return _joined(found), top


def _settled(left: Score, right: Score) -> Bools:
    single = right.gain_drop * left.loss > left.loss_drop * right.gain
    signed = (right.gain > left.loss) | (left.gain < right.loss)
    hidden = np.maximum(np.abs(left.gain - right.loss), np.abs(right.gain - left.loss))
    return np.asarray(single | signed | (hidden * (right.tau2 - left.tau2) < 2.0 * MISSED))


def _halve(batch: Batch, doubtful: list[tuple[Score, Score]], *, restricted: bool) -> list[Score]:
    found: list[Score] = []
    for _ in range(MAX_HALVINGS):
        doubtful = [pair for pair in doubtful if pair[0].owner.size]
        if not doubtful:
            break
        left, right = (_joined([pair[i] for pair in doubtful]) for i in (0, 1))
        middle = score(batch, 0.5 * (left.tau2 + right.tau2), restricted=restricted, owner=left.owner)
        found.append(middle)
        doubtful = []
        for one, other in ((left, middle), (middle, right)):
            rows = np.flatnonzero(~_settled(one, other))
            doubtful.append((one.take(rows), other.take(rows)))
    return found


def _joined(parts: list[Score]) -> Score:
    return Score(*(np.concatenate([getattr(p, name) for p in parts]) for name in Score.__dataclass_fields__))


def _peaks(batch: Batch, owner: Ints, lower: Floats, upper: Floats, *, restricted: bool) -> Floats:
    # 1 - B / A has the roots of A - B and is a straight line where the variances are equal.
    part = batch.take(owner)

    def excess(x: Floats, rows: Ints | None) -> tuple[Floats, Floats]:
        s = score(part if rows is None else part.take(rows), x, restricted=restricted)
        return 1.0 - s.loss / s.gain, (s.loss_drop - s.loss * s.gain_drop / s.gain) / s.gain

    return solve_bracketed(excess, lower, upper, scale=part.smallest(part.v))


def _highest(batch: Batch, owner: Ints, peaks: Floats, *, border: Ints, restricted: bool) -> Floats:
    # Candidates are the peaks, and zero where the likelihood falls there; heights are compared only
    # where an analysis has several.
    best = np.zeros(batch.size)
    best[owner] = peaks
    rows, tau2 = np.concatenate([border, owner]), np.concatenate([np.zeros(border.size), peaks])
    rival = np.flatnonzero(np.bincount(rows, minlength=batch.size)[rows] > 1)
    if rival.size:
        rows, tau2 = rows[rival], tau2[rival]
        heights = log_likelihood(batch.take(rows), tau2, restricted=restricted)
        order = np.lexsort((-tau2, heights))  # of equal heights the least tau2
        best[rows[order]] = tau2[order]
    return best
