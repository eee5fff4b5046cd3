"""Test of excess significance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats, as_vectors
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
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the test as a few lines of text."""
        return "\n".join(
            [
                f"excess significance: {self.observed} of {self.k} studies significant, "
                f"{self.expected:.2f} expected (ratio {self.ratio:.2f})",
                f"chi-squared(1) = {self.statistic:.3f}, one-sided p = {self.pval:.4g}; "
                f"binomial p = {self.binomial_pval:.4g}",
                *self.notes,
            ]
        )


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "EE",
    alpha: float = 0.05,
    alternative: Sided = "two-sided",
    theta: float | None = None,
    tau2: float | None = None,
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
    if not 0 < alpha < 1:
        raise StatsError(f"alpha is a p value between 0 and 1, not {alpha!r}.")
    if theta is None:
        if tau2 is not None:
            raise StatsError("tau2 goes with a given theta; otherwise both are estimated.")
        fit = pool(y, v, method=method, test="z", prediction="none")
        theta, tau2 = fit.estimate, fit.tau2
    return _test(y, v, theta, tau2 or 0.0, alpha=alpha, alternative=alternative, notes=notes)


def _test(
    y: Floats,
    v: Floats,
    theta: float,
    tau2: float,
    *,
    alpha: float,
    alternative: Sided,
    notes: tuple[str, ...],
) -> ExcessTest:
    if not np.isfinite(theta) or not 0 <= tau2 < np.inf:
        raise StatsError("theta must be finite, tau2 finite and at least 0.")
    significant, power = _significance(y, v, theta, tau2, alpha, alternative)
    k, observed, expected = y.size, int(significant.sum()), float(power.sum())
    if expected >= k:
        raise StatsError("every study has a power of 1: no number of significant studies is excessive.")
    difference = observed - expected
    statistic = difference**2 / expected + difference**2 / (k - expected)
    return ExcessTest(
        k=k,
        observed=observed,
        expected=expected,
        ratio=observed / expected,
        statistic=statistic,
        pval=float(special.ndtr(-np.sign(difference) * np.sqrt(statistic))),
        binomial_pval=float(special.bdtrc(observed - 1, k, expected / k)) if observed else 1.0,
        power=power,
        theta=theta,
        tau2=tau2,
        alpha=alpha,
        notes=notes,
    )


def _significance(
    y: Floats, v: Floats, theta: float, tau2: float, alpha: float, alternative: Sided
) -> tuple[Bools, Floats]:
    se, spread = np.sqrt(v), np.sqrt(v + tau2)
    if alternative == "two-sided":
        cut = special.ndtri(1 - alpha / 2) * se
        power = special.ndtr((theta - cut) / spread) + special.ndtr((-cut - theta) / spread)
        return np.abs(y) >= cut, power
    sign = 1.0 if alternative == "greater" else -1.0
    cut = special.ndtri(1 - alpha) * se
    return sign * y >= cut, special.ndtr((sign * theta - cut) / spread)
