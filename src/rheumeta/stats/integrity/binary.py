"""SDs of binary data: DEBIT, and an "SD" beside a percentage that is only sqrt(p(1 - p))."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.duplicates import informative_digits
from rheumeta.stats.integrity.granularity import MANY, grim, grim_percent
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    Verdict,
    noting_cut_off,
    shown,
    whole_patients,
)

DEBIT = "Heathers & Brown 2019, DEBIT, https://osf.io/5vb3u/"
Unit = Literal["proportion", "percent"]
TELLING = 2
"""Informative digits that an SD needs to be told from others; a choice of this project."""


@noting_cut_off
def debit(mean: str, sd: str, n: int, *, unit: Unit = "proportion", rounding: Rounding = "nearest") -> Check:
    """Check that n zeros and ones can have this mean and this SD (DEBIT).

    With c ones the SD is sqrt(c(n - c) / (n(n - 1))); that with the divisor n is accepted too.

    Parameters
    ----------
    mean, sd : str
        As printed, both as a proportion or both in percent.
    n : int
        Patients, at least 2.
    unit : {"proportion", "percent"}
        Unit of both.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        ``"inconsistent"`` also where the mean alone is impossible; ``"cannot_tell"`` where it leaves more
        than 10,000 numbers of ones.

    Raises
    ------
    StatsError
        If a text is no number, the mean outside 0 to 1 (100), the SD negative or n below 2.

    Notes
    -----
    Source: Heathers and Brown (2019).
    """
    whole_patients(n=n)
    scale = 100 if unit == "percent" else 1
    spread = Reported.read(sd, rounding)
    if n < 2 or spread.value < 0 or not 0 <= Reported.read(mean).value <= scale:
        raise StatsError("DEBIT needs n of 2 or more, a mean of 0 to 1 (or 100 percent) and no negative SD.")
    test = grim_percent if unit == "percent" else grim
    found = test(mean, n, rounding=rounding)
    counts = range(max(found.totals.start, 0), min(found.totals.stop, n + 1))
    if not counts:
        return Check("debit", "inconsistent", found.message, DEBIT, found.computed)
    if (many := counts.stop - counts.start) > MANY:
        message = f"The mean {mean} leaves {many} numbers of ones possible."
        return Check("debit", "cannot_tell", message, DEBIT)
    variances = [Fraction(scale**2 * c * (n - c), n * divisor) for c in counts for divisor in (n - 1, n)]
    least, most = math.sqrt(min(variances)), math.sqrt(max(variances))
    computed = {"sd_least": least, "sd_most": most}
    given = f"{n} zeros and ones with the mean {mean}"
    if any(spread.floor**2 <= variance <= spread.high**2 for variance in variances):
        return Check("debit", "consistent", f"{given} can have the SD {sd}.", DEBIT, computed)
    message = f"{given} have an SD of {shown(least)} to {shown(most)}, not {sd}."
    return Check("debit", "inconsistent", message, DEBIT, computed)


def sd_of_percentage(percent: str, sd: str, n: int | None = None, *, rounding: Rounding = "nearest") -> Check:
    """Ask whether the "SD" beside a percentage is only sqrt(p(1 - p)), which says nothing that p does not.

    Parameters
    ----------
    percent : str
        As printed, without the sign.
    sd : str
        As printed, in percent or as a proportion.
    n : int, optional
        Patients; with it the divisor n - 1 is tried beside n.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        ``"implausible"`` if it is: such an SD is of the zeros and ones, not of a measurement, and
        must not be entered as one. ``"cannot_tell"`` if it is, but the SD has fewer than two digits
        that tell it from others, so that chance is as good a reason. ``"consistent"`` otherwise.

    Raises
    ------
    StatsError
        If a text is no number, the percentage outside 0 to 100 or n below 1.

    Notes
    -----
    Source: the variance of a Bernoulli variable.
    """
    share, spread = Reported.read(percent, rounding), Reported.read(sd, rounding)
    if not 0 <= share.value <= 100:
        raise StatsError(f"{percent!r} is not a percentage between 0 and 100.")
    if n is not None:
        whole_patients(n=n)
    variances = [
        p * (100 - p) for p in _extremes(max(share.low, Fraction(0)), min(share.high, Fraction(100)))
    ]
    factors = {Fraction(1)} | ({Fraction(n, n - 1)} if n is not None and n > 1 else set())
    centre = float(share.value * (100 - share.value))
    computed = {"sd_percent": math.sqrt(centre), "sd_proportion": math.sqrt(centre) / 100}
    source = "variance of a Bernoulli variable"
    for unit in (1, 100):
        for factor in factors:
            low, high = min(variances) * factor / unit**2, max(variances) * factor / unit**2
            if low <= spread.high**2 and spread.floor**2 <= high:
                found = shown(math.sqrt(centre * factor) / unit)
                message = f"The SD {sd} beside {percent} % is sqrt(p(1 - p)), {found}."
                verdict: Verdict = "implausible" if informative_digits(sd) >= TELLING else "cannot_tell"
                return Check("sd_of_percentage", verdict, message, source, computed)
    message = f"The SD {sd} beside {percent} % is not sqrt(p(1 - p))."
    return Check("sd_of_percentage", "consistent", message, source, computed)


def _extremes(low: Fraction, high: Fraction) -> list[Fraction]:
    """Where p(100 - p) is least and greatest between the limits."""
    return [low, high, min(max(Fraction(50), low), high)]
