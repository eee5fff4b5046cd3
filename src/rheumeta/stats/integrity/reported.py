"""A reported number stands for an interval; a check says whether anything in the intervals agrees."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, ParamSpec, TypeVar

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import join
from rheumeta.stats.derive.rounding import rounding_half_width

Rounding = Literal["nearest", "widest"]
"""``"nearest"``: rounded half up, half down or half to even; the interval holds both its ends.
``"widest"``: or cut off towards zero, as spreadsheets and some statistical programs do."""

Verdict = Literal["consistent", "inconsistent", "depends", "implausible", "cannot_tell"]
"""``"inconsistent"``: nothing inside the rounding intervals agrees. ``"depends"``: one usual method agrees
and another does not. ``"implausible"``: possible, but asks for a look. ``"cannot_tell"``: no power here."""

FLAGGED = ("inconsistent", "depends", "implausible")
LONGEST = 60
"""More characters than any reported number has."""
LARGEST, FINEST = 30, -60
"""Powers of ten: what is larger or has a smaller last digit is no reported number."""
MOST_PATIENTS = 10**8
CUT_OFF = "they agree if digits were cut off instead of rounded"


@dataclass(frozen=True)
class Reported:
    """A reported number and the values that it can stand for, exactly.

    Attributes
    ----------
    text : str
        As printed.
    value, low, high : Fraction
        The number and the ends of its rounding interval, both included.
    unit : Fraction
        Unit of the last printed digit.
    """

    text: str
    value: Fraction
    low: Fraction
    high: Fraction
    unit: Fraction

    @classmethod
    def read(cls, text: str, rounding: Rounding = "nearest") -> Reported:
        """Read a printed decimal number.

        Parameters
        ----------
        text : str
            Trailing zeros count as printed.
        rounding : {"nearest", "widest"}
            Whether digits may have been cut off.

        Raises
        ------
        StatsError
            If the text is no plain decimal number, or one too long or too large to be reported.
        """
        rounding_half_width(text)
        number = Decimal(text.strip())
        exponent = number.as_tuple().exponent
        if (
            len(text) > LONGEST
            or not isinstance(exponent, int)
            or exponent < FINEST
            or (number and number.adjusted() > LARGEST)
            or exponent > LARGEST
        ):
            raise StatsError(f"{text[:LONGEST]!r} is too long or too large for a reported number.")
        unit, value = Fraction(10) ** exponent, Fraction(number)
        beyond = unit if rounding == "widest" else unit / 2
        below = beyond if value <= 0 else unit / 2
        above = beyond if value >= 0 else unit / 2
        return cls(text.strip(), value, value - below, value + above, unit)

    @property
    def floor(self) -> Fraction:
        """Lower end for what cannot be negative, such as an SD."""
        return max(self.low, Fraction(0))

    @property
    def size(self) -> tuple[Fraction, Fraction]:
        """Smallest and largest absolute value."""
        if self.low <= 0 <= self.high:
            return Fraction(0), max(-self.low, self.high)
        return min(abs(self.low), abs(self.high)), max(abs(self.low), abs(self.high))

    def meets(self, low: Fraction, high: Fraction) -> bool:
        """Tell whether the rounding interval and [low, high] have a value in common."""
        return self.low <= high and low <= self.high


@dataclass(frozen=True)
class Check:
    """Outcome of one check of reported numbers. A flag is a question, not a verdict on the study.

    Attributes
    ----------
    name : str
        Code of the check, e.g. ``"grim"``.
    verdict : str
        See :data:`Verdict`.
    message : str
        One sentence with the numbers.
    computed : dict of str to float
        What was computed, by name; finite.
    source : str
        Where the method stands.
    note : str or None
        What a reader should know before judging.
    """

    name: str
    verdict: Verdict
    message: str
    source: str
    computed: dict[str, float] = field(default_factory=dict)
    note: str | None = None

    @property
    def flagged(self) -> bool:
        """Whether a reviewer should look."""
        return self.verdict in FLAGGED


P = ParamSpec("P")
C = TypeVar("C", bound=Check)


def noting_cut_off(check: Callable[P, C]) -> Callable[P, C]:
    """Let a check say in its note that an inconsistency would vanish if digits were cut off."""

    @functools.wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> C:
        found = check(*args, **kwargs)
        if found.verdict != "inconsistent" or kwargs.get("rounding", "nearest") != "nearest":
            return found
        again: Any = {**kwargs, "rounding": "widest"}
        if check(*args, **again).flagged:
            return found
        return dataclasses.replace(found, note=join(found.note, CUT_OFF))

    return checked


def whole_patients(**numbers: int) -> None:
    """Raise unless every argument is a whole number of at least 1, and one that patients can be.

    Raises
    ------
    StatsError
        Naming the first that is not.
    """
    for name, number in numbers.items():
        if number != int(number) or not 1 <= number <= MOST_PATIENTS:
            raise StatsError(f"{name} is {number!r}: a whole number from 1 to {MOST_PATIENTS} is needed.")


def shown(value: float | Fraction, digits: int = 4) -> str:
    """Return a computed number for a message."""
    return f"{float(value):.{digits}g}"


def agreement(fits: bool) -> Verdict:
    """Return the verdict of a check that always has power."""
    return "consistent" if fits else "inconsistent"
