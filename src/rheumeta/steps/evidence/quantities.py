"""Numbers that know where they come from: value, rounding, steps, flags, rows of the sheet.

A :class:`Quantity` starts as a printed number and is carried through derivations by
:func:`derive`, which records each step so that a person can redo it by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from rheumeta.stats.derive import Derived, agree


class NotDerivable(Exception):
    """A number cannot be had from what is reported; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step of a derivation, as a line of derivations.csv."""

    quantity: str
    formula: str
    numbers: str
    value: float
    source: str
    assumption: str
    result_ids: tuple[str, ...]


@dataclass(frozen=True)
class Quantity:
    """A number with its rounding half-width, the steps that led to it, flags and rows.

    ``result_ids`` are the rows it was computed from, ``confirmed_by`` others that agree with it.
    """

    value: float
    half_width: float = 0.0
    steps: tuple[Step, ...] = ()
    flags: frozenset[str] = frozenset()
    result_ids: tuple[str, ...] = ()
    confirmed_by: tuple[str, ...] = ()

    def flagged(self, *flags: str) -> Quantity:
        """Return the same quantity with more flags."""
        return replace(self, flags=self.flags | set(flags))


ANOTHER_ROUTE = "another route gives"
"""Begins the note on a number that two ways give differently."""


def number(value: float) -> str:
    """Write a number as a person would: whole numbers plain, others to 10 significant digits."""
    return f"{value:.10g}"


def merge_ids(items: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Join row ids in order of first mention."""
    return tuple(dict.fromkeys(i for ids in items for i in ids))


def merge_steps(items: Iterable[Iterable[Step]]) -> tuple[Step, ...]:
    """Join steps in order of first mention."""
    return tuple(dict.fromkeys(s for steps in items for s in steps))


def confirmations(quantities: Iterable[Quantity]) -> tuple[str, ...]:
    """List the rows that agree with one of several numbers and that none of them is made of."""
    items = list(quantities)
    used = set(merge_ids(q.result_ids for q in items))
    return tuple(i for i in merge_ids(q.confirmed_by for q in items) if i not in used)


def reported(name: str, value: float, half_width: float, result_id: str) -> Quantity:
    """Return a number that stands in the sheet."""
    step = Step(name, "as reported", number(value), value, "", "", (result_id,))
    return Quantity(value, half_width, (step,), frozenset(), (result_id,))


def _spread(function: Callable[..., Derived], inputs: dict[str, Quantity], value: float) -> float:
    """Propagate rounding: how far the value moves when each input moves to its rounding limits."""
    total = 0.0
    values = {name: q.value for name, q in inputs.items()}
    for name, q in inputs.items():
        if q.half_width == 0:
            continue
        moved = []
        for shift in (-q.half_width, q.half_width):
            try:
                moved.append(abs(function(**{**values, name: q.value + shift}).value - value))
            except ValueError:  # the limit lies outside the function's domain
                continue
        total += max(moved, default=0.0)
    return total


def derive(
    name: str,
    function: Callable[..., Derived],
    inputs: dict[str, Quantity],
    *,
    flags: Iterable[str] = (),
) -> Quantity:
    """Apply a derivation of ``rheumeta.stats`` and record the step.

    Parameters
    ----------
    name : str
        What is derived, e.g. ``"sd"``.
    function : callable
        Takes the inputs by keyword and returns value, formula, source, assumption, warning.
    inputs : dict of str to Quantity
        Inputs by keyword.
    flags : iterable of str
        Flags to add.

    Raises
    ------
    NotDerivable
        If the function refuses its inputs; its sentence is kept.
    """
    try:
        result = function(**{key: q.value for key, q in inputs.items()})
        spread = _spread(function, inputs, result.value)
    except ValueError as error:
        raise NotDerivable(str(error)) from error
    ids = merge_ids(q.result_ids for q in inputs.values())
    notes = "; ".join(text for text in (result.assumption, result.warning) if text)
    numbers = "; ".join(f"{key} = {number(value)}" for key, value in result.inputs.items())
    step = Step(name, result.formula, numbers, float(result.value), result.source, notes, ids)
    steps = (*merge_steps(q.steps for q in inputs.values()), step)
    kept = frozenset(flags).union(*(q.flags for q in inputs.values()))
    return Quantity(float(result.value), spread, steps, kept, ids, confirmations(inputs.values()))


def choose(routes: Sequence[Quantity], name: str) -> Quantity:
    """Take the first route, and note which other rows agree with it or contradict it.

    Parameters
    ----------
    routes : sequence of Quantity
        All ways to the same number, in the stated order of preference.
    name : str
        What the number is, for the recorded step.

    Returns
    -------
    Quantity
        The first route; flagged ``routes_disagree`` if another differs by more than rounding.

    Raises
    ------
    NotDerivable
        If there is no route.
    """
    if not routes:
        raise NotDerivable(f"{name} is not reported and cannot be derived")
    first, *others = routes
    notes, agreeing, flags = [], [], set()
    for other in others:
        if agree(first.value, first.half_width, other.value, other.half_width):
            agreeing.append(other)
            continue
        flags.add("routes_disagree")
        how = f"{', '.join(other.result_ids)} ({other.steps[-1].formula})"
        notes.append(f"{ANOTHER_ROUTE} {number(other.value)}: {how}")
    confirming = [i for i in merge_ids(q.result_ids for q in agreeing) if i not in first.result_ids]
    if confirming:
        notes.append(f"{', '.join(confirming)} agrees")
    if not notes:
        return first
    last = first.steps[-1]
    text = "; ".join(t for t in (last.assumption, *notes) if t)
    return replace(
        first,
        steps=(*first.steps[:-1], replace(last, assumption=text)),
        confirmed_by=(*first.confirmed_by, *confirming),
        flags=first.flags | flags,
    )
