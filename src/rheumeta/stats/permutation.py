"""Permutation tests of the pooled effect and of the coefficients of a meta-regression."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import CHUNK, Batch, Floats, Ints, single
from rheumeta.stats.moments import moments
from rheumeta.stats.pool_options import Method, check_choice
from rheumeta.stats.pooling import pool
from rheumeta.stats.pooling_many import pool_batch
from rheumeta.stats.regression import RegressionTest, meta_regression
from rheumeta.stats.tau2 import COMMON, estimate_tau2

EXACT_LIMIT = 50_000
"""Permutations up to which all are taken: the signs of 15 studies, the orders of 8."""

SAMPLES = 10_000
"""Random permutations beyond: the standard error of p = 0.05 is 0.002."""

SLACK = 1e-9
"""Relative: a statistic this close to the observed one counts as equal, as rounding must not decide."""

PermutationStatistic = RegressionTest
STATISTICS: tuple[PermutationStatistic, ...] = ("z", "t", "knha", "adhoc")


@dataclass(frozen=True)
class PermutationTest:
    """A permutation test.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients; ``("mean",)`` without moderators.
    statistic, pval : ndarray, shape (p,)
        Observed statistics and two-sided permutation p values.
    qm, qm_pval : float or None
        Test of all moderators together; None without moderators.
    method, test : str
        Estimator of tau2 and kind of statistic.
    exact : bool
        True if all permutations were taken.
    permutations : int
        How many were taken, the observed one among them.
    seed : int or None
        Of random permutations.
    """

    names: tuple[str, ...]
    statistic: Floats
    pval: Floats
    qm: float | None
    qm_pval: float | None
    method: str
    test: str
    exact: bool
    permutations: int
    seed: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists."""
        values = dataclasses.asdict(self)
        return {**values, "statistic": self.statistic.tolist(), "pval": self.pval.tolist()}

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        kind = "all" if self.exact else "random"
        lines = [f"permutation test, {self.method}, {self.permutations} {kind} permutations"]
        for name, statistic, pval in zip(self.names, self.statistic, self.pval, strict=True):
            lines.append(f"{name}: statistic {statistic:.4f}, p = {pval:.4g}")
        return "\n".join(lines if self.qm is None else [*lines, f"all moderators: p = {self.qm_pval:.4g}"])


def permutation_test(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    x: ArrayLike | None = None,
    names: Sequence[str] = (),
    method: Method = "REML",
    test: PermutationStatistic = "z",
    samples: int | None = None,
    seed: int = 0,
) -> PermutationTest:
    """Test the mean, or the moderators, by permutation.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0).
    x : array_like, shape (k,) or (k, number of moderators), optional
        Moderators, an intercept is added; the mean is tested if left out.
    names : sequence of str
        One name a moderator.
    method : str
        As in :func:`rheumeta.stats.pool`.
    test : {"z", "t", "knha", "adhoc"}
        Statistic; ``"t"`` has that of ``"z"``.
    samples : int, optional
        Number of permutations to draw (>= 100); if left out all are taken where they are no more than
        `EXACT_LIMIT`, else `SAMPLES` are drawn.
    seed : int
        Of the draws.

    Returns
    -------
    PermutationTest

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool` and :func:`rheumeta.stats.meta_regression`.

    Notes
    -----
    Without moderators the signs of the effects are exchanged, which the null hypothesis of symmetry
    about zero allows: Follmann and Proschan (1999), Biometrics 55:732-737. With moderators their rows are
    permuted against the studies: Higgins and Thompson (2004), Stat Med 23:1663-1682. The observed order
    counts among the random ones: Phipson and Smyth (2010), Stat Appl Genet Mol Biol 9:39.
    """
    check_choice("test", test, STATISTICS)
    if samples is not None and samples < 100:
        raise StatsError(f"samples must be at least 100, not {samples!r}.")
    batch = single(yi, vi)
    k = int(batch.k[0])
    exact = samples is None and _count(k, signs=x is None) <= EXACT_LIMIT
    number = SAMPLES if samples is None else samples
    draw = np.random.default_rng(seed)
    labels: tuple[str, ...] = ("mean",)
    if x is None:
        _require_statistic(batch, method, test)
        flips = _all_signs(k) if exact else _random_signs(k, number, draw)
        values = _means(batch, flips, method, test)
    else:
        fit = meta_regression(yi, vi, x, names=names, method=method, test=test)
        orders = _all_orders(k) if exact else _random_orders(k, number, draw)
        columns = np.array(x, dtype=np.float64).reshape(k, -1)
        values = _coefficients(batch, np.column_stack([np.ones(k), columns]), orders, method, test)
        labels = fit.names
    extreme = _share(values)
    p = len(labels)
    return PermutationTest(
        names=labels, statistic=values[0, :p], pval=extreme[:p],
        qm=None if x is None else float(values[0, p]), qm_pval=None if x is None else float(extreme[p]),
        method=method, test=test, exact=exact, permutations=len(values), seed=None if exact else seed,
    )  # fmt: skip


def _count(k: int, *, signs: bool) -> int:
    return 2**k if signs else math.factorial(k)


def _require_statistic(batch: Batch, method: Method, test: PermutationStatistic) -> None:
    if pool(batch.y[0], batch.v[0], method=method, test=test, prediction="none").statistic is None:
        raise StatsError("all effects are equal: there is no Hartung-Knapp statistic to permute.")


def _share(values: Floats) -> Floats:
    # Part of the permutations, the observed one in the first row among them, at least as extreme.
    size = np.where(np.isnan(values), np.inf, np.abs(values))  # a statistic with zero standard error
    return np.asarray((size >= size[0] * (1.0 - SLACK)).mean(axis=0), dtype=np.float64)


def _all_signs(k: int) -> Floats:
    bits = (np.arange(2**k)[:, None] >> np.arange(k)) & 1
    return np.asarray(1.0 - 2.0 * bits, dtype=np.float64)


def _random_signs(k: int, number: int, draw: np.random.Generator) -> Floats:
    signs: Floats = draw.choice(np.array([-1.0, 1.0]), size=(number, k))
    signs[0] = 1.0
    return signs


def _all_orders(k: int) -> Ints:
    return np.array(list(itertools.permutations(range(k))), dtype=np.int64)


def _random_orders(k: int, number: int, draw: np.random.Generator) -> Ints:
    orders = draw.permuted(np.tile(np.arange(k), (number, 1)), axis=1)
    orders[0] = np.arange(k)
    return orders


def _means(batch: Batch, signs: Floats, method: Method, test: PermutationStatistic) -> Floats:
    y = signs * batch.y[0]
    fit = pool_batch(
        y,
        np.broadcast_to(batch.v[0], y.shape),
        method=method,
        test=test,
        prediction="none",
        tau2_interval=False,
    )
    return np.asarray(fit.statistic[:, None], dtype=np.float64)


def _parts(batch: Batch, design: Floats, orders: Ints) -> Iterator[Batch]:
    step = max(1, CHUNK // design.size)
    for start in range(0, len(orders), step):
        rows = orders[start : start + step]
        yield dataclasses.replace(batch.take(np.zeros(len(rows), dtype=np.int64)), x=design[rows])


def _coefficients(
    batch: Batch, design: Floats, orders: Ints, method: Method, test: PermutationStatistic
) -> Floats:
    # Statistics of all coefficients and, last, the Wald statistic of all but the intercept.
    values = [_statistics(part, method, test) for part in _parts(batch, design, orders)]
    return np.concatenate(values)


def _statistics(part: Batch, method: Method, test: PermutationStatistic) -> Floats:
    assert part.x is not None
    tau2 = np.zeros(part.size) if method in COMMON else estimate_tau2(part, method)[0]
    sums = moments(part, tau2)
    root = np.sqrt(sums.w)
    q, r = np.linalg.qr(root[:, :, None] * part.x)
    inverse = np.linalg.inv(r)
    beta = np.einsum("mpr,mkr,mk->mp", inverse, q, root * part.y, optimize=True)
    factor = sums.ypy / part.df if test in ("knha", "adhoc") else np.ones(part.size)
    factor = np.maximum(1.0, factor) if test == "adhoc" else factor
    vcov = factor[:, None, None] * (inverse @ inverse.transpose(0, 2, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = beta / np.sqrt(np.diagonal(vcov, axis1=1, axis2=2))
    rest = beta[:, 1:, None]
    wald = (rest.transpose(0, 2, 1) @ np.linalg.solve(vcov[:, 1:, 1:], rest))[:, 0]
    values: Floats = np.concatenate([statistic, wald / (rest.shape[1] if test != "z" else 1)], axis=1)
    return values
