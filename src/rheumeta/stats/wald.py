"""Wald tests of coefficients: each by itself, and sets of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.result import Result


@dataclass(frozen=True)
class WaldTest(Result):
    """A test that a set of q combinations of coefficients is zero.

    Attributes
    ----------
    statistic : float
        Chi-squared, or F if `df2` is a number.
    df : int
        Number of combinations.
    df2 : float or None
        Denominator degrees of freedom of F.
    pval : float
        p value.
    """

    statistic: float
    df: int
    df2: float | None
    pval: float

    def summary(self) -> str:
        """Return the test as one line."""
        name = f"chi2({self.df})" if self.df2 is None else f"F({self.df}, {self.df2:.4g})"
        return f"{name} = {self.statistic:.3f}, p = {self.pval:.4g}"


def wald_test(estimate: Floats, vcov: Floats, matrix: ArrayLike, *, df: float | None = None) -> WaldTest:
    """Test that `matrix` times the coefficients is zero.

    Parameters
    ----------
    estimate : ndarray, shape (p,)
        Coefficients.
    vcov : ndarray, shape (p, p)
        Their covariance.
    matrix : array_like, shape (q, p) or (p,)
        Combinations, independent of each other.
    df : float, optional
        Denominator degrees of freedom; the chi-squared test without.

    Returns
    -------
    WaldTest

    Raises
    ------
    StatsError
        If the shape does not fit or the combinations depend on each other.

    Notes
    -----
    Wald (1943); the F version as in Knapp and Hartung (2003), Stat Med 22:2693-2710.
    """
    rows = np.atleast_2d(np.asarray(matrix, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != estimate.size or not rows.size:
        raise StatsError(f"a contrast needs one number for each of the {estimate.size} coefficients.")
    if np.linalg.matrix_rank(rows) < len(rows):
        raise StatsError("the contrasts depend on each other: leave out those that follow from others.")
    part = rows @ estimate
    wald = float(part @ np.linalg.solve(rows @ vcov @ rows.T, part))
    if df is None:
        return WaldTest(wald, len(rows), None, float(special.chdtrc(len(rows), wald)))
    statistic = wald / len(rows)
    return WaldTest(statistic, len(rows), df, float(special.fdtrc(len(rows), df, statistic)))


def selection(names: Sequence[str], chosen: Sequence[str]) -> Floats:
    """Return the matrix that picks coefficients by name, shape (number chosen, p).

    Raises
    ------
    StatsError
        If a name is unknown.
    """
    unknown = [name for name in chosen if name not in names]
    if unknown:
        raise StatsError(f"there is no coefficient {unknown[0]!r}; there are {', '.join(names)}.")
    return np.eye(len(names))[[list(names).index(name) for name in chosen]]
