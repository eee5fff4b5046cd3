"""Log likelihoods of single studies that the one-stage models are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from rheumeta.stats.batch import Floats
from rheumeta.stats.gauss_hermite import Kernel


def _beside(values: Floats, predictor: Floats) -> Floats:
    return values.reshape(values.shape + (1,) * (predictor.ndim - 1))


def log_choose(n: Floats, x: Floats) -> Floats:
    """Return the logarithm of the binomial coefficient."""
    return np.asarray(special.gammaln(n + 1.0) - special.gammaln(x + 1.0) - special.gammaln(n - x + 1.0))


@dataclass(frozen=True)
class BinomialKernel:
    """x of n events with logit p = predictor + offset; arrays of shape (k,)."""

    x: Floats
    n: Floats
    offset: Floats

    def value(self, predictor: Floats) -> Floats:
        """Return the log likelihood with the binomial coefficient."""
        e = predictor + _beside(self.offset, predictor)
        x, n = _beside(self.x, predictor), _beside(self.n, predictor)
        return np.asarray(x * e - n * np.logaddexp(0.0, e) + log_choose(n, x))

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return the first and second derivative in the predictor."""
        p = special.expit(predictor + _beside(self.offset, predictor))
        n = _beside(self.n, predictor)
        return _beside(self.x, predictor) - n * p, -n * p * (1.0 - p)

    def saturated(self) -> float:
        """Return the log likelihood if each study has its own p."""
        p = self.x / self.n
        logs = special.xlogy(self.x, p) + special.xlogy(self.n - self.x, 1.0 - p)
        return float((logs + log_choose(self.n, self.x)).sum())


@dataclass(frozen=True)
class PoissonKernel:
    """x events in time t with log rate = predictor; arrays of shape (k,)."""

    x: Floats
    t: Floats

    def value(self, predictor: Floats) -> Floats:
        """Return the log likelihood with its constant."""
        x, t = _beside(self.x, predictor), _beside(self.t, predictor)
        constant = x * np.log(t) - special.gammaln(x + 1.0)
        return np.asarray(x * predictor - t * np.exp(predictor) + constant)

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return the first and second derivative in the predictor."""
        mean = _beside(self.t, predictor) * np.exp(predictor)
        return _beside(self.x, predictor) - mean, -mean

    def saturated(self) -> float:
        """Return the log likelihood if each study has its own rate."""
        logs = special.xlogy(self.x, self.x) - self.x - special.gammaln(self.x + 1.0)
        return float(logs.sum())


@dataclass(frozen=True)
class HypergeometricKernel:
    """Events of the first arm given those of both: non-central hypergeometric in the log odds ratio.

    Attributes
    ----------
    x : ndarray, shape (k,)
        Events of the first arm.
    support, logs : ndarray, shape (k, width)
        Possible values, and log C(n1, x) C(n2, s - x); -inf where padded.

    Notes
    -----
    P(x) = C(n1, x) C(n2, s - x) e^(x theta) / sum over the support: van Houwelingen, Zwinderman and
    Stijnen (1993), Stat Med 12:2273-2284; Stijnen, Hamza and Özdemir (2010), Stat Med 29:3046-3067.
    """

    x: Floats
    support: Floats
    logs: Floats

    def value(self, predictor: Floats) -> Floats:
        """Return the log probability of x."""
        observed = self.x * predictor.T
        at = (self.support == self.x[:, None]).argmax(axis=1)
        constant = self.logs[np.arange(self.x.size), at]
        return np.asarray((observed + constant).T - self._log_sum(predictor))

    def _terms(self, predictor: Floats) -> Floats:
        if predictor.ndim == 1:
            return self.logs + self.support * predictor[:, None]
        return self.logs[:, None, :] + self.support[:, None, :] * predictor[:, :, None]

    def _log_sum(self, predictor: Floats) -> Floats:
        terms = self._terms(predictor)
        top = terms.max(axis=-1)
        return np.asarray(top + np.log(np.exp(terms - top[..., None]).sum(axis=-1)))

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return x less its mean, and minus its variance, shape (k,)."""
        terms = self._terms(predictor)
        p = np.exp(terms - self._log_sum(predictor)[..., None])
        mean = (p * self.support).sum(axis=-1)
        variance = (p * (self.support - mean[..., None]) ** 2).sum(axis=-1)
        return self.x - mean, -variance

    def saturated(self) -> float:
        """Return the log likelihood if each study has its own odds ratio (0 at the ends)."""
        inner = (self.x > self.support[:, 0]) & (self.x < self._largest())
        if not inner.any():
            return 0.0
        part = HypergeometricKernel(self.x[inner], self.support[inner], self.logs[inner])
        theta = np.zeros(part.x.size)
        for _ in range(200):
            slope, curve = part.slopes(theta)
            move = np.clip(-slope / curve, -1.0, 1.0)
            theta = theta + move
            if np.abs(move).max() < 1e-10:
                break
        return float(part.value(theta).sum())

    def _largest(self) -> Floats:
        return np.asarray(np.where(np.isfinite(self.logs), self.support, -np.inf).max(axis=1))


def hypergeometric(a: Floats, n1: Floats, c: Floats, n2: Floats) -> HypergeometricKernel:
    """Return the conditional likelihood of tables with events a of n1 and c of n2, shape (k,)."""
    s = a + c
    low, high = np.maximum(0.0, s - n2), np.minimum(n1, s)
    width = int((high - low).max()) + 1
    support = low[:, None] + np.arange(width, dtype=np.float64)
    inside = support <= high[:, None]
    x = np.where(inside, support, low[:, None])
    logs = log_choose(n1[:, None], x) + log_choose(n2[:, None], s[:, None] - x)
    return HypergeometricKernel(a, support, np.where(inside, logs, -np.inf))


@dataclass(frozen=True)
class PairKernel:
    """Two arms with predictors g + e/2 and g - e/2, as a function of e at given intercepts g (k,)."""

    arms: tuple[Kernel, Kernel]
    intercept: Floats

    def value(self, predictor: Floats) -> Floats:
        """Return the log likelihood of both arms."""
        g = _beside(self.intercept, predictor)
        return np.asarray(self.arms[0].value(g + 0.5 * predictor) + self.arms[1].value(g - 0.5 * predictor))

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return the first and second derivative in e."""
        g = _beside(self.intercept, predictor)
        a, da = self.arms[0].slopes(g + 0.5 * predictor)
        b, db = self.arms[1].slopes(g - 0.5 * predictor)
        return np.asarray(0.5 * (a - b)), np.asarray(0.25 * (da + db))
