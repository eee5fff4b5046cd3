"""The test for differences between subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.pooling import Method, check_choice, pool
from rheumeta.stats.regression import meta_regression
from rheumeta.stats.result import Result


@dataclass(frozen=True)
class SubgroupResult(Result):
    """Subgroups pooled apart and the test that they share one mean.

    Attributes
    ----------
    levels : tuple
        Labels, in order of first appearance.
    k : tuple of int
        Studies in each.
    estimate, se, tau2 : ndarray, shape (number of levels,)
        Pooled effect of each; a level of one study has that study's effect, and tau2 NaN.
    q, df, df2, pval : float, int, float or None, float
        Test for subgroup differences: chi-squared, or F where `df2` is a number.
    method, test, between : str
        As asked for.
    """

    levels: tuple[object, ...]
    k: tuple[int, ...]
    estimate: Floats
    se: Floats
    tau2: Floats
    q: float
    df: int
    df2: float | None
    pval: float
    method: str
    test: str
    between: str

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [
            f"{level}: k = {k}, estimate {y:.4f}, se {se:.4f}" + ("" if np.isnan(t) else f", tau2 {t:.4f}")
            for level, k, y, se, t in zip(self.levels, self.k, self.estimate, self.se, self.tau2, strict=True)
        ]
        df = f"chi-squared({self.df})" if self.df2 is None else f"F({self.df}, {self.df2:g})"
        return "\n".join([*lines, f"difference: {df} = {self.q:.4f}, p = {self.pval:.4g}"])


def subgroup_test(
    yi: ArrayLike,
    vi: ArrayLike,
    groups: Sequence[object],
    *,
    method: Method = "REML",
    test: Literal["z", "knha"] = "z",
    between: Literal["separate", "common"] = "separate",
) -> SubgroupResult:
    """Test whether subgroups differ, each with its own tau2 or all with one.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0).
    groups : sequence, length k
        Label of each study; at least two different ones.
    method : str
        As in :func:`rheumeta.stats.pool`.
    test : {"z", "knha"}
        Whether the variances of the subgroup means are Wald's or Hartung and Knapp's; the
        Wald variances suit the chi-squared distribution of the test with separate tau2; with a
        common one ``"knha"`` gives an F test.
    between : {"separate", "common"}
        Whether each subgroup has its own tau2 or all share one, which few studies estimate better.

    Returns
    -------
    SubgroupResult

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, and for a single subgroup.

    Notes
    -----
    Q between the subgroup means with inverse-variance weights, chi-squared with levels - 1 degrees
    of freedom: Borenstein and Higgins (2013), Prev Sci 14:134-143; Cochrane Handbook 6.5, section
    10.11.3.1. With a common tau2 a meta-regression on the subgroups.
    """
    y, v = as_vectors(yi, vi)
    check_choice("test", test, ("z", "knha"))
    if len(groups) != y.size:
        raise StatsError(f"groups has {len(groups)} labels for {y.size} effects.")
    levels = tuple(dict.fromkeys(groups))
    if len(levels) < 2:
        raise StatsError("a test between subgroups needs at least two subgroups.")
    check_choice("between", between, ("separate", "common"))
    if between == "common":
        return _common(y, v, groups, levels, method=method, test=test)
    rows = [np.array([g == level for g in groups]) for level in levels]
    fits = [_level(y[r], v[r], method=method, test=test) for r in rows]
    mean, se, tau2 = (np.array(part, dtype=np.float64) for part in zip(*fits, strict=True))
    if not (se > 0).all():
        raise StatsError("a subgroup's Hartung-Knapp standard error is zero: its effects are all equal.")
    weight = 1.0 / se**2
    centre = float((weight * mean).sum() / weight.sum())
    q = float((weight * (mean - centre) ** 2).sum())
    df = len(levels) - 1
    counts = tuple(int(r.sum()) for r in rows)
    return SubgroupResult(
        levels, counts, mean, se, tau2, q, df, None, float(special.chdtrc(df, q)), method, test, between
    )


def _common(
    y: Floats, v: Floats, groups: Sequence[object], levels: tuple[object, ...], *, method: Method,
    test: Literal["z", "knha"],
) -> SubgroupResult:  # fmt: skip
    columns = np.array([[group == level for level in levels] for group in groups], dtype=np.float64)
    names = [str(level) for level in levels]
    fit = meta_regression(y, v, columns, names=names, method=method, test=test, add_intercept=False)
    differences = np.eye(len(levels))[1:] - np.eye(len(levels))[0]
    wald = fit.contrast(differences)
    counts = tuple(int(c) for c in columns.sum(axis=0))
    return SubgroupResult(
        levels, counts, fit.estimate, fit.se, np.full(len(levels), fit.tau2), wald.statistic, wald.df,
        wald.df2, wald.pval, method, test, "common",
    )  # fmt: skip


def _level(y: Floats, v: Floats, *, method: Method, test: Literal["z", "knha"]) -> tuple[float, float, float]:
    if y.size == 1:
        return float(y[0]), float(np.sqrt(v[0])), float("nan")
    fit = pool(y, v, method=method, test=test, prediction="none")
    return fit.estimate, fit.se, fit.tau2
