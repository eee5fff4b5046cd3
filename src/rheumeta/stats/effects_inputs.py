"""Checked inputs of the effect-size functions.

Every input is an array-like; all are broadcast to one common length. What cannot be meant
(a missing value, more events than patients, a negative SD) raises with the argument's name and index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rheumeta.errors import StatsError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Zeros = Literal["only0", "all", "if0all", "none", "variance0"]

COUNTS = ("ai", "ci", "xi", "x1i", "x2i")
SIZES = ("n1i", "n2i", "ni")
TIMES = ("ti", "t1i", "t2i")
SDS = ("sd1i", "sd2i", "sdi")
POSITIVE = ("hr", "sei", "vi")
EVENTS_OF = {"ai": "n1i", "ci": "n2i", "xi": "ni"}


@dataclass(frozen=True)
class Options:
    """How zero cells and sampling variances are treated.

    Attributes
    ----------
    add : float
        Amount added to each cell.
    to : {"only0", "all", "if0all", "none", "variance0"}
        Where it is added: studies with a zero cell, all, all if any has one, nowhere; variance0 as
        only0, but for the variance alone.
    drop00 : bool
        Leave out studies without events, or with only events, in both groups.
    vtype : str
        Variant of the sampling variance.
    correct : bool
        Apply the small-sample correction of the measure, if it has one.
    """

    add: float = 0.5
    to: Zeros = "only0"
    drop00: bool = False
    vtype: str = "LS"
    correct: bool = True


@dataclass(frozen=True)
class Raw:
    """What a route computes: estimates, variances, masks; all 1-D of the same length."""

    yi: Floats
    vi: Floats
    corrected: Bools
    usable: Bools


def plain(yi: Floats, vi: Floats) -> Raw:
    """Wrap estimates that need neither a correction nor a mask."""
    return Raw(yi, vi, np.zeros(yi.shape, dtype=bool), np.ones(yi.shape, dtype=bool))


def mean_by_size(values: Floats, sizes: Floats) -> np.float64:
    """Mean over studies, weighted by their sizes."""
    return np.float64((sizes @ values) / sizes.sum())


def require(name: str, values: Floats, allowed: Bools, text: str) -> None:
    """Raise for the first value of argument `name` that is not `allowed`.

    Raises
    ------
    StatsError
        Naming argument, index and value.
    """
    bad = np.flatnonzero(~allowed)
    if bad.size:
        index = int(bad[0])
        raise StatsError(f"{name}[{index}] is {float(values[index])!r}: {text}.")


def as_floats(name: str, value: ArrayLike) -> Floats:
    """Return `value` as a finite 1-D float array.

    Raises
    ------
    StatsError
        If it is not numeric, has more than one dimension, or holds a missing or infinite value.
    """
    try:
        array = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError) as error:
        raise StatsError(f"{name} is not numeric: {value!r}.") from error
    if array.ndim != 1:
        raise StatsError(f"{name} has {array.ndim} dimensions; one is allowed.")
    require(name, array, np.isfinite(array), "a finite number is needed")
    return array


def broadcast(given: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Return all inputs as finite 1-D float arrays of one common length.

    Raises
    ------
    StatsError
        If lengths differ (and are not 1) or a value is not a finite number.
    """
    arrays = {name: as_floats(name, value) for name, value in given.items()}
    lengths = {name: array.size for name, array in arrays.items() if array.size != 1}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {size}" for name, size in lengths.items())
        raise StatsError(f"The inputs have different lengths: {listed}.")
    size = next(iter(lengths.values()), 1)
    return {name: np.broadcast_to(array, size).copy() for name, array in arrays.items()}


def check(inputs: Mapping[str, Floats]) -> None:
    """Refuse values outside the range that their argument allows.

    Raises
    ------
    StatsError
        Naming the first offending argument and index.
    """
    limits: tuple[tuple[tuple[str, ...], Callable[[Floats], Bools], str], ...] = (
        (COUNTS, lambda x: x >= 0, "a count of events is not negative"),
        (SIZES, lambda x: x > 0, "a number of patients is above zero"),
        (TIMES, lambda x: x > 0, "person-time is above zero"),
        (SDS, lambda x: x >= 0, "a standard deviation is not negative"),
        (POSITIVE, lambda x: x > 0, "it must be above zero"),
        (("ri",), lambda x: np.abs(x) <= 1, "a correlation lies between -1 and 1"),
    )
    for names, allowed, text in limits:
        for name in names:
            if name in inputs:
                require(name, inputs[name], allowed(inputs[name]), text)
    for events, size in EVENTS_OF.items():
        if events in inputs and size in inputs:
            most = inputs[size]
            require(events, inputs[events], inputs[events] <= most, f"more events than patients ({size})")
