"""The likelihoods of the one-stage models in their few common parameters.

Parameters are, in this order: the effect; mean and standard deviation of the study intercepts where
these are random; the standard deviation tau of the effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from rheumeta.stats.batch import Floats
from rheumeta.stats.gauss_hermite import Kernel, log_integral, log_integral_pair, newton
from rheumeta.stats.glmm_counts import Arms
from rheumeta.stats.glmm_kernels import PairKernel

PROFILE_STEP = 1e-3
"""Step of the differences in a study's intercept; four-point, so that their error is about 1e-12."""


class OneStage(Protocol):
    """A one-stage model."""

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at all parameters."""
        ...

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model with one effect."""
        ...

    def starts(self, *, with_tau: bool) -> list[Floats]:
        """Return starting points."""
        ...

    def saturated(self) -> float | None:
        """Return the log likelihood with an effect for each study, if there is such a model."""
        ...

    def sigma2(self, point: Floats) -> float | None:
        """Return the variance of random intercepts."""
        ...

    def intercept(self, point: Floats) -> float | None:
        """Return the mean of random intercepts."""
        ...


class Conditional:
    """One linear predictor a study: conditional models, and proportions of single groups."""

    def __init__(self, kernel: Any, counts: Arms, nodes: int) -> None:
        self.kernel, self.counts, self.nodes = kernel, counts, nodes

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at effect and tau."""
        return float(log_integral(self.kernel, point[0], point[1], nodes=self.nodes).sum())

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model with one effect."""
        return lambda point: float(self.kernel.value(np.full(self.counts.k, point[0])).sum())

    def starts(self, *, with_tau: bool) -> list[Floats]:
        """Return a crude effect as a starting point."""
        return [np.array([crude(self.counts)] + [0.4] * with_tau)]

    def saturated(self) -> float | None:
        """Return the log likelihood with an effect for each study."""
        return float(self.kernel.saturated())

    def sigma2(self, point: Floats) -> float | None:
        """Return None: there are no random intercepts."""
        return None

    def intercept(self, point: Floats) -> float | None:
        """Return None: there are no random intercepts."""
        return None


class FixedIntercepts(Conditional):
    """A fixed intercept for each study, profiled out; the effect is split between the groups."""

    def __init__(self, arms: tuple[Any, Any], counts: Arms, nodes: int) -> None:
        super().__init__(None, counts, nodes)
        self.arms = arms
        self.near = np.full(counts.k, middle(counts))

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at effect and tau, at its best intercepts."""
        effect, tau = float(point[0]), float(point[1])

        def value(g: Floats) -> Floats:
            return log_integral(PairKernel(self.arms, g), effect, tau, nodes=self.nodes)

        def step(g: Floats) -> Floats:
            h = PROFILE_STEP
            low, mid, high = value(g - h), value(g), value(g + h)
            curve = (high - 2.0 * mid + low) / h**2
            return np.asarray(-(high - low) / (2.0 * h) / np.minimum(curve, -1e-3))

        self.near = newton(step, self.near)
        return float(value(self.near).sum())

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model with one effect."""
        return lambda point: self.likelihood(np.array([point[0], 0.0]))

    def saturated(self) -> float | None:
        """Return the log likelihood with an effect for each study."""
        return float(self.arms[0].saturated() + self.arms[1].saturated())


class RandomIntercepts:
    """Normal study intercepts, independent of the effect, which is split between the groups."""

    def __init__(self, arms: tuple[Kernel, Kernel], counts: Arms, nodes: int) -> None:
        self.arms, self.counts, self.nodes = arms, counts, nodes

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at effect, mean and spread of the intercepts, and tau."""
        effect, mean, sigma, tau = (float(p) for p in point)
        return float(log_integral_pair(self.arms, (mean, effect), (sigma, tau), nodes=self.nodes).sum())

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model with one effect."""
        return lambda point: self.likelihood(np.append(point, 0.0))

    def starts(self, *, with_tau: bool) -> list[Floats]:
        """Return a crude effect and mean with two spreads of the intercepts."""
        base = [crude(self.counts), middle(self.counts)]
        return [np.array([*base, sigma] + [0.4] * with_tau) for sigma in (0.3, 1.0)]

    def saturated(self) -> float | None:
        """Return None: with random intercepts there is no such model."""
        return None

    def sigma2(self, point: Floats) -> float | None:
        """Return the variance of the intercepts."""
        return float(point[2] ** 2)

    def intercept(self, point: Floats) -> float | None:
        """Return the mean of the intercepts."""
        return float(point[1])


def crude(counts: Arms) -> float:
    """Return a rough effect from the summed counts."""
    one = _level(counts, counts.x1.sum(), counts.m1.sum())
    return one if counts.single else one - _level(counts, counts.x2.sum(), counts.m2.sum())


def middle(counts: Arms) -> float:
    """Return the log odds or log rate of both groups together."""
    return _level(counts, counts.x1.sum() + counts.x2.sum(), counts.m1.sum() + counts.m2.sum())


def _level(counts: Arms, x: float, m: float) -> float:
    # Half an event more, so that there is always a logarithm.
    return float(np.log((x + 0.5) / (m - x + 0.5 if counts.odds else m)))
