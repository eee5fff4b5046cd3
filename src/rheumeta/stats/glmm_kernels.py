"""Log likelihoods of single studies that the one-stage models are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import special

from rheumeta.stats.batch import Bools, Floats, Ints
from rheumeta.stats.gauss_hermite import Kernel, newton


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

    @property
    def size(self) -> int:
        """Number of studies."""
        return int(self.x.size)

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

    @property
    def size(self) -> int:
        """Number of studies."""
        return int(self.x.size)

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
    support, logs : ndarray, shape (total,)
        Possible values of all studies one after another, and log C(n1, x) C(n2, s - x): studies
        differ too much in their number of values for a padded table.
    begin : ndarray of int, shape (k,)
        Where each study begins.

    Notes
    -----
    P(x) = C(n1, x) C(n2, s - x) e^(x theta) / sum over the support: van Houwelingen, Zwinderman and
    Stijnen (1993), Stat Med 12:2273-2284; Stijnen, Hamza and Özdemir (2010), Stat Med 29:3046-3067.
    """

    x: Floats
    support: Floats
    logs: Floats
    begin: Ints
    owner: Ints = field(init=False, repr=False)
    constant: Floats = field(init=False, repr=False)
    inner: Bools = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = np.diff(np.append(self.begin, self.support.size))
        object.__setattr__(self, "owner", np.repeat(np.arange(self.begin.size), sizes))
        first = self.support[self.begin]
        at = self.begin + (self.x - first).astype(np.int64)
        object.__setattr__(self, "constant", self.logs[at])
        object.__setattr__(self, "inner", (self.x > first) & (self.x < first + sizes - 1))

    @property
    def size(self) -> int:
        """Number of studies."""
        return int(self.x.size)

    def value(self, predictor: Floats) -> Floats:
        """Return the log probability of x."""
        _, log_sum = self._terms(predictor)
        return np.asarray((self.x * predictor.T + self.constant).T - log_sum)

    def _terms(self, predictor: Floats) -> tuple[Floats, Floats]:
        terms = _beside(self.logs, predictor) + _beside(self.support, predictor) * predictor[self.owner]
        top = np.maximum.reduceat(terms, self.begin, axis=0)
        sums = np.add.reduceat(np.exp(terms - top[self.owner]), self.begin, axis=0)
        return terms, np.asarray(top + np.log(sums))

    def slopes(self, predictor: Floats) -> tuple[Floats, Floats]:
        """Return x less its mean, and minus its variance."""
        terms, log_sum = self._terms(predictor)
        p, support = np.exp(terms - log_sum[self.owner]), _beside(self.support, predictor)
        mean = np.add.reduceat(p * support, self.begin, axis=0)
        square = np.add.reduceat(p * (support - mean[self.owner]) ** 2, self.begin, axis=0)
        return np.asarray((self.x - mean.T).T), np.asarray(-square)

    def saturated(self) -> float:
        """Return the log likelihood if each study has its own odds ratio (0 where it is infinite)."""
        if not self.inner.any():
            return 0.0
        start = np.zeros(self.x.size)

        def step(theta: Floats) -> Floats:
            slope, curve = self.slopes(theta)
            return np.where(self.inner, -slope / np.where(self.inner, curve, -1.0), 0.0)

        return float(self.value(newton(step, start))[self.inner].sum())


def hypergeometric(a: Floats, n1: Floats, c: Floats, n2: Floats) -> HypergeometricKernel:
    """Return the conditional likelihood of tables with events a of n1 and c of n2, shape (k,)."""
    s = a + c
    low, high = np.maximum(0.0, s - n2), np.minimum(n1, s)
    sizes = (high - low).astype(np.int64) + 1
    begin = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(a.size), sizes)
    x = low[owner] + (np.arange(owner.size) - begin[owner])
    logs = log_choose(n1[owner], x) + log_choose(n2[owner], s[owner] - x)
    return HypergeometricKernel(a, x, logs, begin)


@dataclass(frozen=True)
class PairKernel:
    """Two arms with predictors g + e/2 and g - e/2, as a function of e at given intercepts g (k,)."""

    arms: tuple[Kernel, Kernel]
    intercept: Floats

    @property
    def size(self) -> int:
        """Number of studies."""
        return int(self.intercept.size)

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
