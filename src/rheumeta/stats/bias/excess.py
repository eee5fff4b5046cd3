"""Test of excess significance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import require_studies
from rheumeta.stats.pooling import Method, check_choice, pool
from rheumeta.stats.result import Result

Sided = Literal["two-sided", "greater", "less"]


@dataclass(frozen=True)
class ExcessTest(Result):
    """Observed against expected number of significant studies.

    Attributes
    ----------
    k, observed : int
        Studies, and those with p <= alpha.
    expected : float
        Sum of the powers of the studies at `theta`.
    ratio : float
        observed / expected.
    statistic, pval : float
        Chi-squared on 1 degree of freedom; p one-sided: more significant studies than expected.
    binomial_pval : float
        The same by the binomial distribution with the mean power.
    power : ndarray, shape (k,)
        Power of each study.
    theta, tau2 : float
        Mean and between-study variance at which the power is computed.
    alpha : float
        Level of the studies' tests.
    theta_limit : float or None
        The true mean, on the side of `theta`, at which the chi-squared test has the p value `limit_pval`: were
        the mean nearer to zero, the significant studies would be too many. None where they are not
        too many even at zero.
    limit_pval : float
        That p value.
    notes : tuple of str
        What the reader must know.
    """

    k: int
    observed: int
    expected: float
    ratio: float
    statistic: float
    pval: float
    binomial_pval: float
    power: Floats
    theta: float
    tau2: float
    alpha: float
    theta_limit: float | None
    limit_pval: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the test as a few lines of text."""
        return "\n".join(
            [
                f"excess significance: {self.observed} of {self.k} studies significant, "
                f"{self.expected:.2f} expected (ratio {self.ratio:.2f})",
                f"chi-squared(1) = {self.statistic:.3f}, one-sided p = {self.pval:.4g}; "
                f"binomial p = {self.binomial_pval:.4g}",
                *([] if self.theta_limit is None else [self._limit_line()]),
                *self.notes,
            ]
        )

    def _limit_line(self) -> str:
        return f"p = {self.limit_pval:g} if the mean were {self.theta_limit:.4f}"


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "EE",
    alpha: float = 0.05,
    alternative: Sided = "two-sided",
    theta: float | None = None,
    tau2: float | None = None,
    limit_pval: float = 0.1,
) -> ExcessTest:
    """Test whether more studies are significant than their power lets expect.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    method : str
        Model for the true effect where `theta` is not given: ``"EE"``, or an estimator of tau2, which
        then widens the distribution from which the power is computed.
    alpha : float
        Level of the studies' tests, between 0 and 1.
    alternative : {"two-sided", "greater", "less"}
        Direction of the studies' tests.
    theta, tau2 : float, optional
        True mean to assume, and between-study variance to go with it (default 0).
    limit_pval : float
        p value that defines `theta_limit`.

    Returns
    -------
    ExcessTest

    Raises
    ------
    StatsError
        For fewer than three studies and impossible options.

    Notes
    -----
    Ioannidis and Trikalinos (2007), Clin Trials 4:245-253: (O - E)^2 / E + (O - E)^2 / (k - E). The power
    of study i is the probability that y / sqrt(v_i) passes the critical value if y is normal about
    theta with variance v_i + tau2.
    """
    y, v = as_vectors(yi, vi)
    notes = require_studies(y.size, what="the test of excess significance")
    check_choice("alternative", alternative, ("two-sided", "greater", "less"))
    for name, value in (("alpha", alpha), ("limit_pval", limit_pval)):
        if not 0 < value < 1:
            raise StatsError(f"{name} is a p value between 0 and 1, not {value!r}.")
    if theta is None:
        if tau2 is not None:
            raise StatsError("tau2 goes with a given theta; otherwise both are estimated.")
        fit = pool(y, v, method=method, test="z", prediction="none")
        theta, tau2 = fit.estimate, fit.tau2
    studies = _Studies(y, v, tau2 or 0.0, alpha, alternative)
    return _test(studies, theta, limit_pval=limit_pval, notes=notes)


@dataclass(frozen=True)
class _Studies:
    y: Floats
    v: Floats
    tau2: float
    alpha: float
    alternative: Sided

    @property
    def cut(self) -> Floats:
        """Critical effect of each study."""
        tail = self.alpha / 2 if self.alternative == "two-sided" else self.alpha
        return np.asarray(special.ndtri(1 - tail) * np.sqrt(self.v))

    @property
    def observed(self) -> int:
        """Number of significant studies."""
        y = {"two-sided": np.abs(self.y), "greater": self.y, "less": -self.y}[self.alternative]
        return int((y >= self.cut).sum())

    def power(self, theta: float) -> Floats:
        """Return the power of each study."""
        spread = np.sqrt(self.v + self.tau2)
        if self.alternative == "two-sided":
            upper, lower = (theta - self.cut) / spread, (-self.cut - theta) / spread
            return np.asarray(special.ndtr(upper) + special.ndtr(lower))
        sign = 1.0 if self.alternative == "greater" else -1.0
        return np.asarray(special.ndtr((sign * theta - self.cut) / spread))

    def deviate(self, theta: float) -> float:
        """Return the root of the chi-squared statistic with the sign of the excess."""
        k, expected = self.y.size, float(self.power(theta).sum())
        return float((self.observed - expected) * np.sqrt(1.0 / expected + 1.0 / (k - expected)))


def _test(studies: _Studies, theta: float, *, limit_pval: float, notes: tuple[str, ...]) -> ExcessTest:
    if not np.isfinite(theta) or not 0 <= studies.tau2 < np.inf:
        raise StatsError("theta must be finite, tau2 finite and at least 0.")
    power, k, observed = studies.power(theta), studies.y.size, studies.observed
    expected = float(power.sum())
    if expected >= k:
        raise StatsError("every study has a power of 1: no number of significant studies is excessive.")
    deviate = studies.deviate(theta)
    return ExcessTest(
        k=k,
        observed=observed,
        expected=expected,
        ratio=observed / expected,
        statistic=deviate**2,
        pval=float(special.ndtr(-deviate)),
        binomial_pval=float(special.bdtrc(observed - 1, k, expected / k)) if observed else 1.0,
        power=power,
        theta=theta,
        tau2=studies.tau2,
        alpha=studies.alpha,
        theta_limit=_limit(studies, theta, limit_pval),
        limit_pval=limit_pval,
        notes=notes,
    )


def _limit(studies: _Studies, theta: float, pval: float) -> float | None:
    # The more powerful the studies, the smaller the excess: one root between zero and where half of the
    # significant studies are to be expected and more.
    from scipy.optimize import brentq

    side = {"greater": 1.0, "less": -1.0}.get(studies.alternative, float(np.sign(theta)) or 1.0)
    wanted = -float(special.ndtri(pval))
    if studies.deviate(0.0) <= wanted or wanted <= 0:
        return None
    far = float(studies.cut.min())
    while studies.deviate(side * far) > wanted:
        far *= 2.0
    root = brentq(lambda size: studies.deviate(side * size) - wanted, 0.0, far, xtol=1e-14 * far, rtol=1e-13)
    return side * float(root)
