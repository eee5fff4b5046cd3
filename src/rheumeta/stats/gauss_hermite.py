"""Integrals of likelihoods over normal random effects by adaptive Gauss-Hermite quadrature.

The nodes are put about the mode of the integrand and scaled by its curvature: Liu and Pierce (1994),
Biometrika 81:624-629; Pinheiro and Bates (1995), J Comput Graph Stat 4:12-35. One node is the
Laplace approximation. All studies are integrated side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

import numpy as np

from rheumeta.stats.batch import Floats

MODE_STEPS = 100
MODE_TOLERANCE = 1e-9
"""The quadrature does not need the mode itself, only to be near it."""

LONGEST_STEP = 2.0
"""Newton steps are cut to this: the integrands are log-concave, but far from their mode not quadratic."""


class Kernel(Protocol):
    """The log likelihood of each of k studies in its linear predictor.

    Predictors have shape (k,) or (k, n); `value` has the shape of its argument, and `slopes` returns the
    first and second derivative.
    """

    @property
    def size(self) -> int:
        """Number of studies."""
        ...

    def value(self, predictor: Floats) -> Floats:
        """Return the log likelihood."""
        ...

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return its first and second derivative, the latter not above zero."""
        ...


@lru_cache(maxsize=32)
def nodes_and_weights(n: int) -> tuple[Floats, Floats]:
    """Return nodes x and log(w exp(x^2)) of n-point Gauss-Hermite quadrature."""
    x, w = np.polynomial.hermite.hermgauss(n)
    return x, np.log(w) + x**2


def newton(step: Callable[[Floats], Floats], start: Floats) -> Floats:
    """Iterate u + step(u) with bounded steps until none moves."""
    u = start
    for _ in range(MODE_STEPS):
        move = np.clip(step(u), -LONGEST_STEP, LONGEST_STEP)
        u = u + move
        if np.abs(move).max() < MODE_TOLERANCE:
            break
    return u


def log_integral(kernel: Kernel, centre: float | Floats, tau: float, *, nodes: int) -> Floats:
    """Return log of the integral of exp(kernel(centre + tau u)) over the standard normal u, shape (k,).

    Parameters
    ----------
    kernel : Kernel
        The studies.
    centre : float or ndarray, shape (k,)
        Mean of the predictor.
    tau : float
        Its standard deviation.
    nodes : int
        Number of nodes.
    """
    k = kernel.size
    centre = np.broadcast_to(np.asarray(centre, dtype=np.float64), k)
    if tau == 0:
        return kernel.value(centre)

    def step(u: Floats) -> Floats:
        first, second = kernel.slopes(centre + tau * u)
        return np.asarray((tau * first - u) / (1.0 - tau**2 * second))

    mode = newton(step, np.zeros(k))
    spread = 1.0 / np.sqrt(1.0 - tau**2 * kernel.slopes(centre + tau * mode)[1])
    x, log_w = nodes_and_weights(nodes)
    u = mode[:, None] + np.sqrt(2.0) * spread[:, None] * x
    height = kernel.value(centre[:, None] + tau * u) - 0.5 * u**2 + log_w
    return np.asarray(np.logaddexp.reduce(height, axis=1) + np.log(spread) - 0.5 * np.log(np.pi))


def log_integral_pair(
    arms: tuple[Kernel, Kernel],
    centre: tuple[float, float | Floats],
    spread: tuple[float, float],
    *,
    nodes: int,
) -> Floats:
    """Return the log integral over a random intercept and a random effect of two arms, shape (k,).

    The predictors of the arms are g + e/2 and g - e/2 with g ~ N(centre[0], spread[0]^2) and
    e ~ N(centre[1], spread[1]^2), independent; centre[1] may differ between the studies.
    """
    k = arms[0].size
    effect = np.broadcast_to(np.asarray(centre[1], dtype=np.float64), k)

    def predictors(z: Floats) -> tuple[Floats, Floats]:
        mean = effect.reshape((k,) + (1,) * (z.ndim - 2))
        g, e = centre[0] + spread[0] * z[0], mean + spread[1] * z[1]
        return g + 0.5 * e, g - 0.5 * e

    def information(z: Floats) -> tuple[Floats, Floats]:
        (a, da), (b, db) = (arm.slopes(p) for arm, p in zip(arms, predictors(z), strict=True))
        slope = np.array([spread[0] * (a + b), 0.5 * spread[1] * (a - b)]) - z
        cross = -0.5 * spread[0] * spread[1] * (da - db)
        corner = np.array([1.0 - spread[0] ** 2 * (da + db), 1.0 - 0.25 * spread[1] ** 2 * (da + db)])
        return slope, np.array([[corner[0], cross], [cross, corner[1]]])

    def step(z: Floats) -> Floats:
        slope, curve = information(z)
        moves = np.linalg.solve(curve.transpose(2, 0, 1), slope.T[:, :, None])[:, :, 0].T
        return np.asarray(moves, dtype=np.float64)

    mode = newton(step, np.zeros((2, k)))
    root = np.linalg.cholesky(np.linalg.inv(information(mode)[1].transpose(2, 0, 1)))
    x, log_w = nodes_and_weights(nodes)
    grid = np.array([np.repeat(x, nodes), np.tile(x, nodes)])
    z = mode[:, :, None] + np.sqrt(2.0) * np.einsum("kij,jn->ikn", root, grid)
    one, other = predictors(z)
    height = arms[0].value(one) + arms[1].value(other) - 0.5 * (z**2).sum(axis=0)
    height += np.repeat(log_w, nodes) + np.tile(log_w, nodes)
    scale = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1) - np.log(np.pi)
    return np.asarray(np.logaddexp.reduce(height, axis=1) + scale)
