"""Distribution of the generalised Q, a quadratic form in normal variables.

With y of variances s = v + tau2 and Q = y'Ay, A = diag(a) - aa' / sum a, the Laplace transform of the
density of Q is det(I + 2 p A diag(s))^(-1/2) (Imhof 1961, Biometrika 48:419-426, in real form). As A
is diagonal plus rank one,

    det = prod(1 + 2 p a s) * sum(a / (1 + 2 p a s)) / sum a,

without eigenvalues and without cancellation. The integral that inverts the transform is taken along a
parabola through the saddle point of its integrand, bent as the path of steepest descent is there
(Daniels 1954, Ann Math Stat 25:631-650; Rice 1980, SIAM J Sci Stat Comput 1:438-448). All singularities
lie on the negative real axis, inside the parabola, so that the trapezoidal rule converges geometrically
(Trefethen and Weideman 2014, SIAM Review 56:385-458). Where Q is above its mean and has many effective degrees of
freedom, the saddle to the left of the pole at zero is taken, which gives the upper tail instead of the lower.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Bools, Floats

POINTS = 60
"""Points on half of the parabola: more no longer change the fourteenth digit (tested)."""

STEP = 0.18
"""Distance of the points, in widths of the integrand at the saddle."""

SADDLE_STEPS = 16
"""Halvings in search of the saddle, which needs to be known only roughly."""

MANY = 25.0
"""Effective degrees of freedom above which the upper tail is taken by itself: below, the path to the right
of the pole is exact to rounding in both tails; far above, it would pass the branch points too closely."""

Complexes = NDArray[np.complex128]


def weighted_q_cdf(batch: Batch, tau2: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Return P(Q <= q) at tau2, and its slope in tau2.

    Parameters
    ----------
    batch : Batch
        The analyses, with weights ``a`` and without design.
    tau2 : ndarray, shape (m,)
        Between-study variance.
    q : ndarray, shape (m,)
        Value of Q, >= 0.

    Returns
    -------
    probability, slope : ndarray, shape (m,)
        Absolute error about 1e-13.

    Raises
    ------
    StatsError
        If the batch has a design or no weights.
    """
    if batch.x is not None or batch.a is None:
        raise StatsError("the distribution of the generalised Q needs weights and no moderators.")
    a = batch.kept(batch.a)
    scale = 2.0 * a * (batch.v + tau2[:, None])
    safe = np.where(q > 0, q, 1.0)
    upper = _far_from_pole(a, scale, safe)
    centre, width, bend = _parabola(a, scale, safe, upper)
    step = STEP * width
    probability, slope = np.zeros(batch.size), np.zeros(batch.size)
    for j in range(POINTS):
        y = (j + 0.5) * step
        p: Complexes = centre + bend * y**2 + 1j * y
        log_density, change = _transform(a, scale, p)
        term = np.exp(p * safe + log_density) / p * (1.0 - 2j * bend * y) * (step / np.pi)
        probability += term.real
        slope -= 0.5 * (term * change).real
    probability += upper  # what the pole between the two paths adds
    return np.where(q > 0, probability, 0.0), np.where(q > 0, slope, 0.0)


def _transform(a: Floats, scale: Floats, p: Complexes) -> tuple[Complexes, Complexes]:
    # -log(det) / 2, and the slope of log det in tau2. Each factor is in one half plane, so that the
    # principal logarithms are those of the continuous branch.
    factor = 1.0 + p[:, None] * scale
    part = a / factor
    rank = part.sum(axis=1)
    log_density = -0.5 * (np.log(factor).sum(axis=1) + np.log(rank / a.sum(axis=1)))
    return log_density, 2.0 * p * (rank - (part**2).sum(axis=1) / rank)


def _far_from_pole(a: Floats, scale: Floats, q: Floats) -> Bools:
    # The mean of Q is tr(AS), its effective degrees of freedom are tr(AS)^2 / tr(ASAS) (Satterthwaite 1946).
    first, second, _ = _log_det_slopes(a, scale, np.zeros(q.size))
    return np.asarray((q > 0.5 * first) & (first**2 > -second * MANY))


def _parabola(a: Floats, scale: Floats, q: Floats, upper: Bools) -> tuple[Floats, Floats, Floats]:
    # Saddle of K = p q - log det / 2 - log |p| on the real axis: between 1 / q and (1 + k / 2) / q, or for the
    # upper tail between the pole at zero and the first zero of det. With K2 and K3 its second and third
    # derivatives the width is 1 / sqrt(K2) and the path of steepest descent bends by K3 / (6 K2), which for the
    # upper tail is taken without the pole.
    mean = 0.5 * _log_det_slopes(a, scale, np.zeros(q.size))[0]
    low = np.where(upper, -0.5 * a.shape[1] / mean, 1.0 / q)
    high = np.where(upper, 0.0, (1.0 + 0.5 * a.shape[1]) / q)
    for _ in range(SADDLE_STEPS):
        p = 0.5 * (low + high)
        with np.errstate(divide="ignore", invalid="ignore"):
            short = q < 0.5 * _log_det_slopes(a, scale, p)[0] + 1.0 / p
        below = short | ~_before_first_zero(a, scale, p)
        low, high = np.where(below, p, low), np.where(below, high, p)
    p = 0.5 * (low + high)
    _, second, third = _log_det_slopes(a, scale, p)
    curvature = 1.0 / p**2 - 0.5 * second
    bend = np.where(upper, third / (6.0 * second), -(2.0 / p**3 + 0.5 * third) / (6.0 * curvature))
    return p, 1.0 / np.sqrt(curvature), bend


def _before_first_zero(a: Floats, scale: Floats, p: Floats) -> Bools:
    # True where det has not changed sign between 0 and p: the eigenvalues interlace with `scale`, so that
    # no more than one factor is negative there, and then the sum is negative too.
    factor = 1.0 + p[:, None] * scale
    negative = (factor < 0).sum(axis=1)
    total = np.divide(a, factor, out=np.full(a.shape, np.inf), where=factor != 0).sum(axis=1)
    return np.asarray((negative == 0) | ((negative == 1) & (total < 0)))


def _log_det_slopes(a: Floats, scale: Floats, p: Floats) -> tuple[Floats, Floats, Floats]:
    inverse = 1.0 / (1.0 + p[:, None] * scale)
    x, part = scale * inverse, a * inverse
    r0, r1, r2, r3 = ((part * x**n).sum(axis=1) for n in range(4))
    u, w, z = r1 / r0, r2 / r0, r3 / r0
    first = x.sum(axis=1) - u
    second = -(x**2).sum(axis=1) + 2.0 * w - u**2
    third = 2.0 * (x**3).sum(axis=1) - 6.0 * z + 6.0 * u * w - 2.0 * u**3
    return first, second, third
