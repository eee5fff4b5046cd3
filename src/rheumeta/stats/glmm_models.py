"""The likelihoods of the one-stage models in their few common parameters.

Parameters are, in this order: the p coefficients of the effect on the design; mean and standard deviation
of the study intercepts where these are random; the standard deviation tau of the effect.
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
        """Return the log likelihood of the model without heterogeneity."""
        ...

    def starts(self) -> list[Floats]:
        """Return starting points without tau."""
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

    def __init__(self, kernel: Any, counts: Arms, x: Floats, nodes: int) -> None:
        self.kernel, self.counts, self.x, self.nodes = kernel, counts, x, nodes

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at coefficients and tau."""
        return float(log_integral(self.kernel, self.x @ point[:-1], point[-1], nodes=self.nodes).sum())

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model without heterogeneity."""
        return lambda point: self.likelihood(np.append(point, 0.0))

    def starts(self) -> list[Floats]:
        """Return a crude effect, the same in all studies, as a starting point without tau."""
        return [_level_line(self.x, crude(self.counts))]

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

    def __init__(self, arms: tuple[Any, Any], counts: Arms, x: Floats, nodes: int) -> None:
        super().__init__(None, counts, x, nodes)
        self.arms = arms
        self.near = np.full(counts.k, middle(counts))

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at coefficients and tau, at its best intercepts."""
        effect, tau = self.x @ point[:-1], float(point[-1])

        def value(g: Floats) -> Floats:
            return log_integral(PairKernel(self.arms, g), effect, tau, nodes=self.nodes)

        def step(g: Floats) -> Floats:
            h = PROFILE_STEP
            low, mid, high = value(g - h), value(g), value(g + h)
            curve = (high - 2.0 * mid + low) / h**2
            return np.asarray(-(high - low) / (2.0 * h) / np.minimum(curve, -1e-3))

        self.near = newton(step, self.near)
        return float(value(self.near).sum())

    def saturated(self) -> float | None:
        """Return the log likelihood with an effect for each study."""
        return float(self.arms[0].saturated() + self.arms[1].saturated())


class RandomIntercepts:
    """Normal study intercepts, independent of the effect, which is split between the groups."""

    def __init__(self, arms: tuple[Kernel, Kernel], counts: Arms, x: Floats, nodes: int) -> None:
        self.arms, self.counts, self.x, self.nodes = arms, counts, x, nodes

    def likelihood(self, point: Floats) -> float:
        """Return the log likelihood at coefficients, mean and spread of the intercepts, and tau."""
        effect, (mean, sigma, tau) = self.x @ point[:-3], (float(p) for p in point[-3:])
        return float(log_integral_pair(self.arms, (mean, effect), (sigma, tau), nodes=self.nodes).sum())

    def without_tau(self) -> Callable[[Floats], float]:
        """Return the log likelihood of the model without heterogeneity."""
        return lambda point: self.likelihood(np.append(point, 0.0))

    def starts(self) -> list[Floats]:
        """Return a crude effect and mean with two spreads of the intercepts."""
        line, mean = _level_line(self.x, crude(self.counts)), middle(self.counts)
        return [np.array([*line, mean, sigma]) for sigma in (0.3, 1.0)]

    def saturated(self) -> float | None:
        """Return None: with random intercepts there is no such model."""
        return None

    def sigma2(self, point: Floats) -> float | None:
        """Return the variance of the intercepts."""
        return float(point[self.x.shape[1] + 1] ** 2)

    def intercept(self, point: Floats) -> float | None:
        """Return the mean of the intercepts."""
        return float(point[self.x.shape[1]])


def _level_line(x: Floats, effect: float) -> Floats:
    # The coefficients that come nearest to one effect in all studies.
    return np.asarray(np.linalg.lstsq(x, np.full(len(x), effect), rcond=None)[0])


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
