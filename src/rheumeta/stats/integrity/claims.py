"""A reported p value against a recomputed one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import join
from rheumeta.stats.integrity.means import Range
from rheumeta.stats.integrity.reported import Check, Reported, Rounding, agreement

Sign = Literal["<", "<=", "=", ">", ">="]
STATCHECK = "Nuijten et al. 2016, Behav Res Methods 48 (statcheck)"
SLACK = 1e-9
"""Relative slack of recomputed p values, which come from floating-point functions."""


@dataclass(frozen=True)
class Claim:
    """What a reported p value says: it lies between `low` and `high`.

    Attributes
    ----------
    text : str
        For people, e.g. ``"p < 0.05"``.
    low, high : float
        Ends of the range, with rounding.
    significant : bool or None
        Whether that is at most alpha; None if it can be either.
    zero : bool
        Whether the p value is printed as 0, which none is.
    """

    text: str
    low: float
    high: float
    significant: bool | None
    zero: bool

    @classmethod
    def read(cls, p: str, sign: str, alpha: float, rounding: Rounding) -> Claim:
        """Read a reported p value.

        Raises
        ------
        StatsError
            If it is no number between 0 and 1, the sign unknown, or alpha not between 0 and 1.
        """
        reported = Reported.read(p, rounding)
        if sign not in get_args(Sign) or not 0 <= reported.value <= 1 or not 0 < alpha < 1:
            raise StatsError(f"'p {sign} {p}' with alpha {alpha!r} is no reported p value.")
        value = float(reported.value)
        text = f"p {sign} {p}"
        if sign == "=":
            low, high = max(float(reported.low), 0.0), min(float(reported.high), 1.0)
            return cls(text, low, high, value <= alpha, value == 0)
        if sign[0] == "<":
            return cls(text, 0.0, value, True if value <= alpha else None, False)
        return cls(text, value, 1.0, False if value >= alpha else None, False)

    def admits(self, p: Range) -> bool:
        """Tell whether a p value in the range is what was reported."""
        return p[0] <= self.high * (1 + SLACK) and self.low * (1 - SLACK) <= p[1]

    def contradicts(self, p: Range, alpha: float) -> bool:
        """Tell whether the whole range is on the other side of alpha."""
        if self.significant is None:
            return False
        return p[0] > alpha if self.significant else p[1] <= alpha


@dataclass(frozen=True)
class PCheck(Check):
    """A reported p value against the recomputed one.

    Attributes
    ----------
    p_low, p_high : float
        Two-sided p values that the reported numbers allow; 0 and 1 if anything is possible.
    decision_error : bool
        Inconsistent, and on the other side of alpha throughout.
    one_sided : bool
        Inconsistent, but half the two-sided p value agrees.
    """

    p_low: float = 0.0
    p_high: float = 1.0
    decision_error: bool = False
    one_sided: bool = False


def compare(
    name: str, claim: Claim, p: Range, alpha: float, what: str, *, halves: bool, source: str, note: str | None
) -> PCheck:
    """Compare a reported p value with the range of the recomputed one.

    Parameters
    ----------
    name, what, source, note
        For the result; `what` names what p was recomputed from.
    claim : Claim
        The reported p value.
    p : tuple of float
        Least and greatest recomputed two-sided p value.
    alpha : float
        Level of significance.
    halves : bool
        Whether the test has two sides, so that half of p is that of one.
    source : str
        Where the test stands.
    note : str or None
        What a reader should know.
    """
    fits = claim.admits(p)
    one_sided = not fits and halves and claim.admits((p[0] / 2, p[1] / 2))
    error = not fits and claim.contradicts(p, alpha)
    message = f"{what} give p {spell(p)}; {claim.text} is reported."
    if error:
        message += f" They lie on two sides of {alpha:g}."
    notes = join(
        note,
        "a one-sided test agrees" if one_sided else None,
        "no p value is 0; it is below the last printed digit" if claim.zero else None,
    )
    computed = {"p_low": p[0], "p_high": p[1]}
    return PCheck(name, agreement(fits), message, source, computed, notes, p[0], p[1], error, one_sided)


def spell(p: Range) -> str:
    """Return a range of p values for a message."""
    low, high = (f"{value:.2g}" for value in p)
    return f"of {low}" if low == high else f"from {low} to {high}"
