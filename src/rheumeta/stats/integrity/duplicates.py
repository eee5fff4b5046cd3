"""Numbers that return where they should not: identical results, and series equal throughout."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.reported import Reported

DIGITS = 6
"""Informative digits from which identical numbers are reported. If every last digits were equally likely,
two given numbers would share them once in 10^6 pairs; in truth digits are not, so this counts, no more."""
CELLS = 3
"""Shared cells from which two series equal throughout are reported."""


@dataclass(frozen=True)
class Labelled:
    """The printed numbers of one result, e.g. mean and SD.

    Attributes
    ----------
    label : str
        Names the result.
    texts : tuple of str
        As printed, in the same order throughout.
    """

    label: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Identical:
    """Results with identical numbers.

    Attributes
    ----------
    labels : tuple of str
        Two or more, in the order given.
    texts : tuple of str
        Their numbers, as the first prints them.
    digits : int
        Informative digits of all the numbers together.
    message : str
        One sentence.
    """

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    digits: int
    message: str


@dataclass(frozen=True)
class EqualSeries:
    """Two series that are equal in every cell that both have.

    Attributes
    ----------
    first, second : str
        Names of the series.
    cells : int
        Shared cells.
    distinct : int
        Different values among them.
    message : str
        One sentence.
    """

    first: str
    second: str
    cells: int
    distinct: int
    message: str


def informative_digits(text: str) -> int:
    """Count the digits of a printed number that tell it from others.

    Leading zeros tell nothing; trailing zeros only after a decimal point, since 400 may be rounded.
    Zero itself has none, however it is printed: nobody has an event in many an arm.

    Raises
    ------
    StatsError
        If the text is no number.
    """
    reported = Reported.read(text)
    if reported.value == 0:
        return 0
    digits = str(abs(reported.value / reported.unit).numerator)
    return len(digits if reported.unit < 1 else digits.rstrip("0"))


def identical_numbers(numbers: Sequence[Labelled], *, digits: int = DIGITS) -> tuple[Identical, ...]:
    """Find results whose numbers are all identical and have so many digits that chance is unlikely.

    Parameters
    ----------
    numbers : sequence of Labelled
        Results that should differ: other outcomes, arms, times or studies. What is rightly repeated (one
        result printed twice) is left out by the caller.
    digits : int
        Least number of informative digits, all numbers of a result together.

    Returns
    -------
    tuple of Identical
        In the order of their first members.

    Raises
    ------
    StatsError
        If a text is no number or `digits` is below 1.

    Notes
    -----
    A count, not a probability. How likely identical numbers are by chance depends on the spread of the
    outcome and on how many results are compared.
    """
    if digits < 1:
        raise StatsError("The threshold is at least one digit.")
    sets: dict[tuple[object, ...], list[Labelled]] = {}
    for result in numbers:
        sets.setdefault(tuple(Reported.read(text).value for text in result.texts), []).append(result)
    found = []
    for same in sets.values():
        count = min(sum(informative_digits(text) for text in result.texts) for result in same)
        if len(same) > 1 and count >= digits:
            labels = tuple(result.label for result in same)
            message = f"{', '.join(same[0].texts)} stands for each of: {'; '.join(labels)} ({count} digits)."
            found.append(Identical(labels, same[0].texts, count, message))
    return tuple(found)


def equal_series(series: Mapping[str, Mapping[str, str]], *, cells: int = CELLS) -> tuple[EqualSeries, ...]:
    """Find series, e.g. two criteria of response, that are equal in every cell both have.

    Parameters
    ----------
    series : mapping of str to mapping of str to str
        For each series its printed numbers by cell, e.g. arm and week.
    cells : int
        Least number of shared cells; at least two different values other than 0 must be among them.

    Returns
    -------
    tuple of EqualSeries
        Pairs, in the order of the series.

    Raises
    ------
    StatsError
        If a text is no number or `cells` is below 2.

    Notes
    -----
    A deterministic comparison; criteria that imply one another may rightly agree now and then.
    """
    if cells < 2:
        raise StatsError("Two series are compared in at least two cells.")
    values = {
        name: {cell: Reported.read(text).value for cell, text in row.items()} for name, row in series.items()
    }
    found = []
    for (first, a), (second, b) in itertools.combinations(values.items(), 2):
        shared = [cell for cell in a if cell in b]
        distinct = len({a[cell] for cell in shared} - {0})
        if len(shared) >= cells and distinct >= 2 and all(a[cell] == b[cell] for cell in shared):
            message = f"{first} and {second} are equal in all {len(shared)} cells, with {distinct} different values."
            found.append(EqualSeries(first, second, len(shared), distinct, message))
    return tuple(found)
