"""Many meta-analyses in one call: in parts, so that memory stays bounded, with faults by analysis."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Batch, Ints, as_floats, as_vectors, layout, padded, sound
from rheumeta.stats.intervals import Prediction, Test
from rheumeta.stats.pool_options import Method, Options, check_choice
from rheumeta.stats.pool_results import BatchResult
from rheumeta.stats.pooling import fit_batch

OnError = Literal["raise", "report"]
ON_ERROR: tuple[OnError, ...] = ("raise", "report")

Progress = Callable[[int, int], None]


def pool_batch(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    groups: Sequence[object] | NDArray[Any] | None = None,
    mask: ArrayLike | None = None,
    method: Method = "REML",
    test: Test = "cochrane",
    level: float = 95,
    prediction: Prediction = "t",
    tau2: float | None = None,
    tau2_weights: ArrayLike | None = None,
    tau2_interval: bool = True,
    on_error: OnError = "raise",
    progress: Progress | None = None,
) -> BatchResult:
    """Pool many meta-analyses at once; each gets what :func:`rheumeta.stats.pool` gives it.

    Parameters
    ----------
    yi, vi : array_like
        Either shape (m, kmax) with `mask`, or shape (n,) with `groups`.
    groups : sequence, length n, optional
        Label of the analysis that each study belongs to; an array of whole numbers or texts is
        sorted into analyses fastest.
    mask : array_like of bool, shape (m, kmax), optional
        True where there is a study.
    method, test, level, prediction, tau2
        As in :func:`rheumeta.stats.pool`.
    tau2_weights : array_like, shape of yi, optional
        For ``"GENQ"`` and ``"GENQM"``.
    tau2_interval : bool
        False leaves out the intervals of tau2, I2 and H2 (NaN), which take longer than all the rest.
    on_error : {"raise", "report"}
        ``"report"``: an analysis that cannot be pooled gets NaN and a sentence in ``problems``, and
        the others are pooled.
    progress : callable, optional
        Called with the number of analyses done and the number of all, after each part.

    Returns
    -------
    BatchResult
        In the order of the rows, or of the first appearance of a label.

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`, for any analysis if ``on_error="raise"``.

    Notes
    -----
    The analyses are fitted in parts of a fixed number of array elements: beside arguments and
    result the memory needed does not grow with their number.
    """
    options = Options(method, test, level, prediction, tau2, tau2_interval)
    options.check_weights(tau2_weights)
    check_choice("on_error", on_error, ON_ERROR)
    labels: tuple[object, ...] | None = None
    if groups is not None:
        if on_error == "raise":
            as_vectors(yi, vi)
        index, mask, labels = layout(groups)
        columns = {"yi": yi, "vi": vi, "tau2_weights": tau2_weights}
        yi, vi, tau2_weights = (_long(c, index, len(groups), name=n) for n, c in columns.items())
    batch, rows, problems = _analyses(yi, vi, mask, tau2_weights, on_error)
    fits = _Parts(len(rows) + len(problems), rows, problems, options)
    for part in batch.slices():
        fits.add(batch, part, on_error=on_error)
        if progress is not None:
            progress(min(part.stop, batch.size), batch.size)
    return fits.result(labels, mask)


def _long(values: ArrayLike | None, index: Ints, n: int, *, name: str) -> Any:
    if values is None:
        return None
    vector = as_floats(values, name)
    if vector.shape != (n,):
        raise StatsError(f"groups has {n} labels for {name} of shape {vector.shape}.")
    return vector[index]


def _analyses(
    yi: ArrayLike, vi: ArrayLike, mask: ArrayLike | None, weights: ArrayLike | None, on_error: OnError
) -> tuple[Batch, Ints, dict[int, str]]:
    if on_error == "report":
        return sound(yi, vi, mask, weights=weights)
    batch = padded(yi, vi, mask, weights=weights)
    return batch, np.arange(batch.size), {}


class _Parts:
    """The results of the parts, put in their places."""

    def __init__(self, size: int, rows: Ints, problems: dict[int, str], options: Options) -> None:
        self.size, self.rows, self.problems, self.options = size, rows, problems, options
        self.arrays: dict[str, NDArray[Any]] = {}

    def add(self, batch: Batch, part: slice, *, on_error: OnError) -> None:
        """Fit one part; where that fails and faults are to be reported, one analysis at a time."""
        chosen, rows = batch.take(part), self.rows[part]
        try:
            self._put(rows, fit_batch(chosen, self.options, labels=()))
        except StatsError as error:
            if on_error == "raise":
                raise
            if chosen.size == 1:
                self.problems[int(rows[0])] = str(error)
                return
            for i in range(part.start, part.stop):
                self.add(batch, slice(i, i + 1), on_error=on_error)

    def _put(self, rows: Ints, fit: BatchResult) -> None:
        # A slice where all are neighbours: three times as fast as a list of places.
        near = rows.size and rows[-1] - rows[0] == rows.size - 1
        places = slice(int(rows[0]), int(rows[-1]) + 1) if near else rows
        for field in dataclasses.fields(fit):
            values = getattr(fit, field.name)
            if isinstance(values, np.ndarray):
                if field.name not in self.arrays:
                    shape = (self.size, *values.shape[1:])
                    self.arrays[field.name] = np.empty(shape, dtype=values.dtype)
                self.arrays[field.name][places] = values

    def result(self, labels: tuple[object, ...] | None, mask: ArrayLike | None) -> BatchResult:
        """Return all results; where nothing was pooled, a pooled example tells which arrays there are."""
        if not self.arrays:
            example = padded([[0.0, 1.0]], [[1.0, 1.0]], weights=[[1.0, 1.0]])
            self._put(np.zeros(0, dtype=np.int64), fit_batch(example, self.options, labels=()))
        bad = list(self.problems)
        for values in self.arrays.values():
            values[bad] = np.nan if values.dtype.kind == "f" else np.zeros(1, dtype=values.dtype)
        if mask is not None and bad:
            self.arrays["k"][bad] = np.asarray(mask, dtype=bool)[bad].sum(axis=1)
        names = tuple(range(self.size)) if labels is None else labels
        return BatchResult(labels=names, problems=dict(sorted(self.problems.items())), **self.arrays)
