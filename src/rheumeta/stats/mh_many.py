"""Many Mantel-Haenszel or Peto analyses in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError
from rheumeta.stats.batch import CHUNK, Bools, Floats, Ints, as_floats, layout
from rheumeta.stats.effects_inputs import SIZES, broadcast, check
from rheumeta.stats.mh_peto import check_level, check_tables
from rheumeta.stats.mh_rates import check_rates
from rheumeta.stats.mh_sums import (
    Columns,
    Measure,
    Pooled,
    RateMeasure,
    ZeroCells,
    mantel_haenszel_sums,
    peto_sums,
    rate_sums,
    tested,
)
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.pooling_many import ON_ERROR, OnError
from rheumeta.stats.result import Result

Sums = Callable[[Columns, Bools], Pooled]
Groups = Sequence[object] | NDArray[Any]


@dataclass(frozen=True)
class TableBatch(Result):
    """Many pooled sets of tables: as :class:`TableResult`, arrays of shape (m,), NaN for None.

    ``weights`` has shape (m, kmax), 0 where padded. ``problems`` says by the number of the row why an
    analysis has no estimate; its numbers are NaN then.
    """

    labels: tuple[object, ...]
    measure: str
    method: str
    level: float
    k: Ints
    k_used: Ints
    corrected: Ints
    estimate: Floats
    se: Floats
    ci_lb: Floats
    ci_ub: Floats
    statistic: Floats
    pval: Floats
    q: Floats
    q_df: Ints
    q_pval: Floats
    i2: Floats
    h2: Floats
    cmh: Floats
    cmh_pval: Floats
    weights: Floats
    problems: Mapping[int, str] = field(default_factory=dict)

    def summary(self) -> str:
        """Return how many analyses were pooled, and what was wrong with the others."""
        lines = [
            f"{self.method} {self.measure}: {len(self.k) - len(self.problems)} of {len(self.k)} analyses pooled"
        ]
        return "\n".join([*lines, *(f"{self.labels[i]}: {text}" for i, text in self.problems.items())])


def mantel_haenszel_batch(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    groups: Groups | None = None,
    mask: ArrayLike | None = None,
    measure: Measure = "RR",
    zero_cells: ZeroCells = "none",
    correct: bool = True,
    level: float = 95,
    on_error: OnError = "raise",
) -> TableBatch:
    """Pool many sets of two-by-two tables by Mantel and Haenszel.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like
        Either shape (n,) with `groups`, or shape (m, kmax) with or without `mask`.
    groups : sequence, length n, optional
        Label of the analysis that each study belongs to.
    mask : array_like of bool, shape (m, kmax), optional
        True where there is a study.
    measure, zero_cells, correct, level
        As in :func:`rheumeta.stats.mantel_haenszel`.
    on_error : {"raise", "report"}
        ``"report"``: an analysis without an answer gets NaN and a sentence in ``problems``.

    Returns
    -------
    TableBatch
        In the order of the rows, or of the first appearance of a label.

    Raises
    ------
    StatsError
        As for one analysis, if ``on_error="raise"``.
    """
    check_tables(measure, zero_cells, level)

    def sums(counts: Columns, keep: Bools) -> Pooled:
        return mantel_haenszel_sums(counts, keep, measure=measure, zero_cells=zero_cells, correct=correct)

    given = {"ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i}
    return _Many(sums, (measure, "MH"), level, on_error).pool(given, groups, mask)


def peto_batch(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    groups: Groups | None = None,
    mask: ArrayLike | None = None,
    level: float = 95,
    on_error: OnError = "raise",
) -> TableBatch:
    """Pool many sets of two-by-two tables by Peto's method; arguments as `mantel_haenszel_batch`."""
    check_level(level)
    given = {"ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i}
    return _Many(peto_sums, ("OR", "Peto"), level, on_error).pool(given, groups, mask)


def mantel_haenszel_rates_batch(
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    *,
    groups: Groups | None = None,
    mask: ArrayLike | None = None,
    measure: RateMeasure = "IRR",
    correct: bool = True,
    level: float = 95,
    on_error: OnError = "raise",
) -> TableBatch:
    """Pool many sets of rates by Mantel and Haenszel.

    Parameters
    ----------
    x1i, t1i, x2i, t2i : array_like
        As in :func:`rheumeta.stats.mantel_haenszel_rates`, shaped as in `mantel_haenszel_batch`.
    groups, mask, on_error
        As in `mantel_haenszel_batch`.
    measure, correct, level
        As in :func:`rheumeta.stats.mantel_haenszel_rates`.

    Returns
    -------
    TableBatch

    Raises
    ------
    StatsError
        As for one analysis, if ``on_error="raise"``.
    """
    check_rates(measure, level)

    def sums(counts: Columns, keep: Bools) -> Pooled:
        return rate_sums(counts, keep, measure=measure, correct=correct)

    given = {"x1i": x1i, "t1i": t1i, "x2i": x2i, "t2i": t2i}
    return _Many(sums, (measure, "MH"), level, on_error).pool(given, groups, mask)


class _Many:
    """The analyses in parts of bounded size, and their results in their places."""

    def __init__(self, sums: Sums, names: tuple[str, str], level: float, on_error: OnError) -> None:
        check_choice("on_error", on_error, ON_ERROR)
        self.sums, self.names, self.level, self.report = sums, names, level, on_error == "report"
        self.problems: dict[int, str] = {}

    def pool(self, given: dict[str, ArrayLike], groups: Groups | None, mask: ArrayLike | None) -> TableBatch:
        counts, self.mask, self.labels = self._rectangles(given, groups, mask)
        self.arrays: dict[str, NDArray[Any]] = {}
        m, kmax = self.mask.shape
        step = max(1, CHUNK // max(1, kmax))
        for start in range(0, m, step):
            self._fit(counts, start, min(start + step, m))
        return TableBatch(
            labels=self.labels, measure=self.names[0], method=self.names[1], level=self.level,
            k=self.mask.sum(axis=1), problems=dict(sorted(self.problems.items())), **self.arrays,
        )  # fmt: skip

    def _rectangles(
        self, given: dict[str, ArrayLike], groups: Groups | None, mask: ArrayLike | None
    ) -> tuple[Columns, Bools, tuple[object, ...]]:
        columns = {name: as_floats(values, name) for name, values in given.items()}
        if groups is not None:
            index, keep, labels = layout(groups)
            wrong = {name: c.shape for name, c in columns.items() if c.shape != (len(groups),)}
            if wrong:
                raise StatsError(f"groups has {len(groups)} labels; shapes that do not fit: {wrong}.")
            columns = {name: c[index] for name, c in columns.items()}
        else:
            shapes = {c.shape for c in columns.values()}
            shape = next(iter(shapes))
            keep = np.ones(shape, dtype=bool) if mask is None else np.asarray(mask, dtype=bool)
            if len(shapes) > 1 or len(shape) != 2 or keep.shape != shape:
                raise StatsError(
                    f"counts and mask must share one 2-D shape, not {sorted(shapes)}, {keep.shape}."
                )
            labels = tuple(range(shape[0]))
        if not keep.any(axis=1).all() or not keep.size:
            raise StatsError("every analysis needs at least one study.")
        return {name: np.where(keep, c, 0.0) for name, c in columns.items()}, keep, labels

    def _fit(self, counts: Columns, start: int, stop: int) -> None:
        # An analysis with an impossible table is found by halving the part.
        part = {name: values[start:stop] for name, values in counts.items()}
        mask = self.mask[start:stop]
        try:
            check(broadcast({name: values[mask] for name, values in part.items()}))
        except StatsError as error:
            if stop - start == 1:
                if not self.report:
                    raise StatsError(f"analysis {self.labels[start]}: {error}") from None
                self.problems[start] = str(error)
                self._put(self.sums(_harmless(part, mask), mask), start, stop)
                return
            middle = (start + stop) // 2
            self._fit(counts, start, middle)
            self._fit(counts, middle, stop)
            return
        self._put(self.sums(part, mask), start, stop)

    def _put(self, pooled: Pooled, start: int, stop: int) -> None:
        undefined = np.flatnonzero(np.isnan(pooled.se))
        if undefined.size and not self.report:
            raise StatsError(f"analysis {self.labels[start + int(undefined[0])]}: {pooled.undefined}")
        self.problems.update({start + int(i): pooled.undefined for i in undefined})
        tests = tested(pooled, level=self.level)
        with np.errstate(invalid="ignore"):
            weights = 100.0 * pooled.weights / pooled.weights.sum(axis=1, keepdims=True)
        values = {
            "k_used": pooled.used.sum(axis=1), "corrected": pooled.corrected.sum(axis=1),
            "estimate": pooled.estimate, "se": pooled.se, "q": pooled.q, "cmh": pooled.cmh, "weights": weights,
            **{f.name: getattr(tests, f.name) for f in fields(tests)},
        }  # fmt: skip
        for name, array in values.items():
            self._place(name, array, start, stop)

    def _place(self, name: str, array: NDArray[Any], start: int, stop: int) -> None:
        if name not in self.arrays:
            self.arrays[name] = np.empty((len(self.mask), *array.shape[1:]), dtype=array.dtype)
        self.arrays[name][start:stop] = array
        blank = np.nan if array.dtype.kind == "f" else 0
        self.arrays[name][[i for i in self.problems if start <= i < stop]] = blank


def _harmless(counts: Columns, mask: Bools) -> Columns:
    # Takes the place of an analysis with an impossible table; its numbers are blanked.
    return {name: np.where(mask, 2.0 if name in SIZES else 1.0, 0.0) for name in counts}
