"""A derived number with the formula, the inputs and the assumption behind it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

from rheumeta.errors import StatsError

SMALL_GROUP = 60
"""Below this size of a group an interval of a mean is one of t (Cochrane Handbook 6.5.2.2)."""


@dataclass(frozen=True)
class Derived:
    """One derived number.

    Attributes
    ----------
    value : float
        The number.
    formula : str
        How it was obtained, with symbols.
    inputs : dict of str to float
        The symbols of the formula and their values.
    source : str
        Where the formula stands.
    assumption : str or None
        What must hold that the data do not show.
    warning : str or None
        What a reader should know before using it.
    """

    value: float
    formula: str
    inputs: dict[str, float]
    source: str
    assumption: str | None = None
    warning: str | None = None

    def worked(self) -> str:
        """Return formula, inputs and result in one line, to be redone by hand."""
        given = ", ".join(f"{name} = {value!r}" for name, value in self.inputs.items())
        return f"{self.formula}; {given}; result {self.value!r}"


def join(*parts: str | None) -> str | None:
    """Join what is not None into one text; None if nothing is."""
    kept = [part for part in parts if part]
    return "; ".join(kept) if kept else None


def finite(**values: float) -> None:
    """Raise if a value is not a finite number.

    Raises
    ------
    StatsError
        Naming the first such argument.
    """
    for name, value in values.items():
        if not math.isfinite(value):
            raise StatsError(f"{name} is {value!r}: a finite number is needed.")


def above(limit: float, **values: float) -> None:
    """Raise if a value is not a finite number above `limit`.

    Raises
    ------
    StatsError
        Naming the first such argument.
    """
    finite(**values)
    for name, value in values.items():
        if not value > limit:
            raise StatsError(f"{name} is {value!r}: it must be above {limit:g}.")


def at_least(limit: float, **values: float) -> None:
    """Raise if a value is not a finite number of at least `limit`.

    Raises
    ------
    StatsError
        Naming the first such argument.
    """
    finite(**values)
    for name, value in values.items():
        if value < limit:
            raise StatsError(f"{name} is {value!r}: it must be at least {limit:g}.")


def ordered(**values: float) -> None:
    """Raise if values decrease in the order given, or if first and last are equal.

    Raises
    ------
    StatsError
        Naming the arguments.
    """
    finite(**values)
    listed = list(values.values())
    falling = any(b < a for a, b in itertools.pairwise(listed))
    if falling or not listed[0] < listed[-1]:
        text = " <= ".join(f"{name} {value!r}" for name, value in values.items())
        raise StatsError(f"These do not rise in order: {text}.")


def two_sided_t(p: float, df: float) -> float:
    """Return the positive t whose two-sided p value is `p`.

    Raises
    ------
    StatsError
        If p is not between 0 and 1 or df not above 0.
    """
    above(0, p=p, df=df)
    if p >= 1:
        raise StatsError(f"p is {p!r}: an exact two-sided p value below 1 is needed.")
    return float(-stdtrit(df, p / 2))


def two_sided_z(p: float) -> float:
    """Return the positive z whose two-sided p value is `p`.

    Raises
    ------
    StatsError
        If p is not between 0 and 1.
    """
    above(0, p=p)
    if p >= 1:
        raise StatsError(f"p is {p!r}: an exact two-sided p value below 1 is needed.")
    return float(-ndtri(p / 2))


def multiplier(level: float, df: float | None) -> float:
    """Return how many standard errors an interval reaches to each side.

    Parameters
    ----------
    level : float
        Percent, between 0 and 100.
    df : float or None
        Degrees of freedom of t; None for the normal distribution.

    Raises
    ------
    StatsError
        If the level is not between 0 and 100.
    """
    above(0, level=level)
    if level >= 100:
        raise StatsError(f"level is {level!r}: it lies between 0 and 100 percent.")
    tail = 1 - level / 100
    return two_sided_z(tail) if df is None else two_sided_t(tail, df)
