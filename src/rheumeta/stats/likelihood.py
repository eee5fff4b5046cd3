"""Maximum likelihood for tau2, restricted or not, with a proof that no higher maximum was missed.

The slope of the likelihood in tau2 (the score) is A - B, with A = y'PPy and B = tr P (REML) or tr W
(ML). Both fall in tau2. With rho = y'PPPy / y'PPy and kappa = -B' / B the ratio A / B has the
logarithmic slope kappa - 2 rho. By Cauchy-Schwarz 1 / rho and 1 / kappa rise at least as fast as tau2
does, so that g = 2 / kappa - tau2 and h = 1 / rho - tau2 never fall, and from their values at the ends of an
interval [a, b] it follows that

- A / B falls, and the score changes sign at most once, from plus to minus, if g(a) > h(b);
- it rises, and the score changes sign at most once, from minus to plus, if g(b) < h(a);
- the score has no zero if A(b) > B(a) or A(a) < B(b);
- g(c) > h(b) for c = a + h(b) - g(a), so that it is enough if the score has no zero in [a, c]: A and B are
  convex and lie between their tangents at a and their chords.

As tau2 grows h rises to the mean of the variances weighted by the squared residuals from the unweighted
fit. Past the first point where g is above that the likelihood has at most one peak; a few points lead
there. An interval that neither test settles is halved until what it could hide is below `MISSED`. Each change
of sign is then solved by a safeguarded iteration and the highest maximum wins, the border tau2 = 0 among
them. All bounds come from the data, so that a change of unit changes nothing. The argument is our
own; the test compares 2,000 seeded problems with a fine grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rheumeta.stats.batch import Batch, Bools, Floats, Ints
from rheumeta.stats.moments import Moments, moments, null_moments, residual_variance, unit_moments
from rheumeta.stats.roots import Point, next_step, solve_bracketed

STRIDE = 0.6
"""Part of the way from g to the limit of h that the next point is put at: g rises faster than tau2."""

LEAST_STRIDE = 0.25
"""Least distance of the points, in units of 1 / kappa."""

MAX_POINTS = 60
"""1 / kappa is tau2 or more, so that tau2 grows by a quarter a point: ten are many."""

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
        return Score(*(getattr(self, name).take(rows) for name in self.__dataclass_fields__))

    @cached_property
    def rising(self) -> Bools:
        """True where the likelihood rises."""
        return np.asarray(self.gain > self.loss)

    @cached_property
    def g(self) -> Floats:
        """2 / kappa - tau2 of the module's text."""
        return 2.0 * self.loss / self.loss_drop - self.tau2

    @cached_property
    def h(self) -> Floats:
        """1 / rho - tau2; not a number where the effects are equal."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return 2.0 * self.gain / self.gain_drop - self.tau2

    @cached_property
    def point(self) -> Point:
        """Where, value and slope of 1 - B / A, which has the roots of A - B and is straight for equal variances."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = self.loss / self.gain
            return self.tau2, 1.0 - ratio, (self.loss_drop - ratio * self.gain_drop) / self.gain


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
    sums = moments(batch if owner is None else batch.take(owner), tau2)
    return _score(sums, np.arange(batch.size) if owner is None else owner, tau2, restricted=restricted)


def _score(sums: Moments, owner: Ints, tau2: Floats, *, restricted: bool) -> Score:
    loss, drop = (sums.tr_p, sums.tr_pp) if restricted else (sums.sum_w, sums.sum_w2)
    return Score(owner, tau2, sums.yppy, loss, 2.0 * sums.ypppy, drop)


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
    owner, zero = np.arange(batch.size), np.zeros(batch.size)
    origin = _score(null_moments(batch), owner, zero, restricted=restricted)
    left, right = _search(batch, origin, restricted=restricted)
    peaks = _peaks(batch, left, right, restricted=restricted)
    border = np.flatnonzero(~origin.rising)
    return _highest(batch, left.owner, peaks, border=border, restricted=restricted)


def _search(batch: Batch, origin: Score, *, restricted: bool) -> tuple[Score, Score]:
    # The ends of the intervals in which the score falls through zero, once each. The right end of the
    # last, `top`, is where the score is negative for sure: T with T^2 / (T + vmax) > S / (k - p), S the
    # unweighted sum of squares, as y'PPy <= S / T^2 and tr P >= (k - p) / (T + vmax). Twice the larger of
    # vmax and 2 S / (k - p) is such a T, for ML as well, where tr W >= tr P.
    limit = residual_variance(batch)
    top = 2.0 * np.maximum(batch.largest(batch.v), 2.0 * unit_moments(batch).ypy / batch.df)
    found: list[tuple[Score, Score]] = []
    doubtful: list[tuple[Score, Score]] = []
    left = origin
    for count in range(MAX_POINTS):
        ahead = limit[left.owner] - left.g
        onward = (ahead > 0) & (count < MAX_POINTS - 1)
        ended = left.take(np.flatnonzero(~onward & left.rising))
        none = np.full(ended.owner.size, np.nan)
        found.append((ended, Score(ended.owner, top[ended.owner], none, none, none, none)))
        rows = np.flatnonzero(onward)
        if not rows.size:
            break
        left = left.take(rows)
        stride = np.maximum(STRIDE * ahead[rows], LEAST_STRIDE * left.loss / left.loss_drop)
        right = score(batch, left.tau2 + stride, restricted=restricted, owner=left.owner)
        doubtful.append((left, right))
        left = right
    if doubtful:
        found.extend(_halve(batch, doubtful, restricted=restricted))
    return _joined([pair[0] for pair in found]), _joined([pair[1] for pair in found])


def _settled(left: Score, right: Score) -> Bools:
    monotone = (left.g > right.h) | (right.g < left.h)
    signed = (right.gain > left.loss) | (left.gain < right.loss)
    width = right.tau2 - left.tau2
    gap = np.clip(right.h - left.g, 0.0, width)
    with np.errstate(invalid="ignore"):  # nothing is left to halve
        part = gap / width
    gain, loss = left.gain + (right.gain - left.gain) * part, left.loss + (right.loss - left.loss) * part
    signed |= (left.gain - left.gain_drop * gap > loss) | (gain < left.loss - left.loss_drop * gap)
    hidden = np.maximum(np.abs(left.gain - right.loss), np.abs(right.gain - left.loss)) * width
    return np.asarray(monotone | signed | (hidden < 2.0 * MISSED))


def _halve(
    batch: Batch, doubtful: list[tuple[Score, Score]], *, restricted: bool
) -> list[tuple[Score, Score]]:
    # Settle all intervals and return those with a peak.
    found: list[tuple[Score, Score]] = []
    for count in range(MAX_HALVINGS):
        left, right = (_joined([pair[i] for pair in doubtful]) for i in (0, 1))
        settled = _settled(left, right) if count < MAX_HALVINGS - 1 else np.ones(left.owner.size, dtype=bool)
        peak = np.flatnonzero(settled & left.rising & ~right.rising)
        found.append((left.take(peak), right.take(peak)))
        rows = np.flatnonzero(~settled)
        if not rows.size:
            break
        left, right = left.take(rows), right.take(rows)
        middle = score(batch, _between(left, right), restricted=restricted, owner=left.owner)
        doubtful = [(left, middle), (middle, right)]
    return found


def _between(left: Score, right: Score) -> Floats:
    # The geometric mean in tau2 + 1 / kappa counted from the left: the arithmetic one of short intervals.
    unit, width = left.loss / left.loss_drop, right.tau2 - left.tau2
    return left.tau2 + width / (1.0 + np.sqrt(1.0 + width / unit))


def _joined(parts: list[Score]) -> Score:
    return Score(*(np.concatenate([getattr(p, name) for p in parts]) for name in Score.__dataclass_fields__))


def _peaks(batch: Batch, left: Score, right: Score, *, restricted: bool) -> Floats:
    part = batch.take(left.owner)

    def excess(x: Floats, rows: Ints | None) -> tuple[Floats, Floats]:
        return score(part if rows is None else part.take(rows), x, restricted=restricted).point[1:]

    lower, upper = left.tau2, right.tau2
    start = lower + next_step(left.point, right.point, lower, upper, 2.0 * (upper - lower))[0]
    return solve_bracketed(excess, lower, upper, scale=part.smallest(part.v), start=start, known=left.point)


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
