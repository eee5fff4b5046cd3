"""What the limits of a scale, and the SDs before and after, allow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.granularity import grim, least_squares, most_squares
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    agreement,
    noting_cut_off,
    shown,
    whole_patients,
)

SPREAD = "Heathers et al. 2018, SPRITE, PeerJ Preprints 6, e26968; algebra of a bounded scale"
MANY = 2000
"""Sums to try one by one; beyond that whole numbers are as good as any numbers."""


@dataclass(frozen=True)
class SdLimits:
    """The SDs that patients on a bounded scale can have.

    Attributes
    ----------
    least, most : float
        On the scale; `most` has the divisor n - 1, `least` the divisor n.
    possible : bool
        Whether the mean itself is.
    """

    least: float
    most: float
    possible: bool = True


def sd_limits(
    mean: str | None, n: int, low: float, high: float, *, whole: bool = False, rounding: Rounding = "nearest"
) -> SdLimits:
    """Least and greatest SD of n values between `low` and `high` whose mean rounds to `mean`.

    The greatest has all values but one at the ends of the scale. The least is 0, or for whole numbers
    that of the most even split of their sum.

    Parameters
    ----------
    mean : str or None
        As printed; None if not reported.
    n : int
        Patients, at least 2.
    low, high : float
        Limits of the scale.
    whole : bool
        Whether all values are whole numbers (then the limits are, too).
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    SdLimits

    Raises
    ------
    StatsError
        If the text is no number, n below 2, the limits not in order, or not whole for whole numbers.

    Notes
    -----
    Source: algebra; without a mean Popoviciu's inequality. Heathers et al. (2018) use the same bounds.
    """
    bottom, top = _scale(low, high, whole)
    whole_patients(n=n)
    if n < 2:
        raise StatsError("One patient has no SD.")
    ends = (bottom, top)
    if mean is not None:
        reported = Reported.read(mean, rounding)
        ends = (max(bottom, reported.low), min(top, reported.high))
    if ends[0] > ends[1]:
        return SdLimits(math.nan, math.nan, possible=False)
    if whole and n * (ends[1] - ends[0]) <= MANY:
        return _whole_limits(n, ends, int(bottom), int(top))
    squares = max(_most_squares(centre, n, bottom, top) for centre in _candidates(ends, n, bottom, top))
    return SdLimits(0.0, math.sqrt(squares / (n - 1)))


def _scale(low: float, high: float, whole: bool) -> tuple[Fraction, Fraction]:
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise StatsError(f"The limits {low!r} and {high!r} of the scale are not in order.")
    if whole and not (float(low).is_integer() and float(high).is_integer()):
        raise StatsError("Whole numbers have whole limits.")
    return Fraction(str(low)), Fraction(str(high))


def _candidates(ends: tuple[Fraction, Fraction], n: int, bottom: Fraction, top: Fraction) -> set[Fraction]:
    """Means at which the greatest SD can be largest: the ends, and whole counts at the top near n/2."""
    step = (top - bottom) / n
    first, last = math.ceil((ends[0] - bottom) / step), math.floor((ends[1] - bottom) / step)
    counts = {min(max(k, first), last) for k in (n // 2, (n + 1) // 2)} if first <= last else set()
    return {*ends, *(bottom + k * step for k in counts)}


def _most_squares(mean: Fraction, n: int, bottom: Fraction, top: Fraction) -> Fraction:
    """Largest sum of squared deviations: `at_top` patients at the top, one between, the others at the bottom."""
    total = (mean - bottom) / (top - bottom) * n
    at_top = math.floor(total)
    between = total - at_top
    return (top - bottom) ** 2 * (at_top + between**2 - total**2 / n)


def _whole_limits(n: int, ends: tuple[Fraction, Fraction], bottom: int, top: int) -> SdLimits:
    totals = range(math.ceil(ends[0] * n), math.floor(ends[1] * n) + 1)
    if not totals:
        return SdLimits(math.nan, math.nan, possible=False)
    least = min(least_squares(total, n) - Fraction(total**2, n) for total in totals)
    most = max(most_squares(total, n, bottom, top) - Fraction(total**2, n) for total in totals)
    return SdLimits(math.sqrt(least / n), math.sqrt(most / (n - 1)))


@noting_cut_off
def sd_within_limits(
    sd: str,
    mean: str | None,
    n: int,
    low: float,
    high: float,
    *,
    whole: bool = False,
    rounding: Rounding = "nearest",
) -> Check:
    """Check that n values between `low` and `high` with this mean can have this SD.

    Parameters
    ----------
    sd : str
        As printed.
    mean, n, low, high, whole, rounding
        See :func:`sd_limits`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        As :func:`sd_limits`.
    """
    spread = Reported.read(sd, rounding)
    limits = sd_limits(mean, n, low, high, whole=whole, rounding=rounding)
    where = f"between {low:g} and {high:g}" + (f" with the mean {mean}" if mean is not None else "")
    if not limits.possible:
        message = f"{n} values {where} do not exist."
        if whole and mean is not None and not (found := grim(mean, n, rounding=rounding)).totals:
            message = found.message
        return Check("sd_within_limits", "inconsistent", message, SPREAD)
    computed = {"sd_least": limits.least, "sd_most": limits.most}
    fits = float(spread.high) >= limits.least * (1 - 1e-12) and float(spread.low) <= limits.most * (1 + 1e-12)
    message = (
        f"{n} values {where} have an SD of {shown(limits.least)} to {shown(limits.most)}; {sd} is reported."
    )
    return Check("sd_within_limits", agreement(fits), message, SPREAD, computed)


@noting_cut_off
def change_within_limits(
    baseline: str, change: str, low: float, high: float, *, rounding: Rounding = "nearest"
) -> Check:
    """Check that baseline mean plus mean change stays on the scale.

    Parameters
    ----------
    baseline, change : str
        Means of the same patients, as printed; a fall is a negative change.
    low, high : float
        Limits of the scale.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If a text is no number or the limits are not in order.

    Notes
    -----
    Source: algebra.
    """
    bottom, top = _scale(low, high, whole=False)
    before, moved = Reported.read(baseline, rounding), Reported.read(change, rounding)
    fits = before.low + moved.low <= top and before.high + moved.high >= bottom
    final = float(before.value + moved.value)
    message = f"From {baseline} a mean change of {change} leads to {shown(final)}, on a scale from {low:g} to {high:g}."
    verdict = agreement(fits)
    return Check("change_within_limits", verdict, message, "algebra", {"final": final}, SAME_PATIENTS)


SAME_PATIENTS = "holds if baseline and change are of the same patients"


@noting_cut_off
def change_of_means(baseline: str, final: str, change: str, *, rounding: Rounding = "nearest") -> Check:
    """Check that the mean change is the difference of the means.

    Parameters
    ----------
    baseline, final, change : str
        As printed; change is final less baseline.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If a text is no number.

    Notes
    -----
    Source: algebra.
    """
    before, after = Reported.read(baseline, rounding), Reported.read(final, rounding)
    fits = Reported.read(change, rounding).meets(after.low - before.high, after.high - before.low)
    difference = float(after.value - before.value)
    message = f"From {baseline} to {final} is a change of {shown(difference)}; {change} is reported."
    verdict = agreement(fits)
    return Check("change_of_means", verdict, message, "algebra", {"change": difference}, SAME_PATIENTS)


@noting_cut_off
def change_sd(sd_baseline: str, sd_final: str, sd_change: str, *, rounding: Rounding = "nearest") -> Check:
    """Check that SDs of baseline, final value and change leave a correlation between -1 and 1.

    Parameters
    ----------
    sd_baseline, sd_final, sd_change : str
        As printed, of the same patients.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        `computed` has the correlation that the printed numbers imply, where both SDs are above 0.

    Raises
    ------
    StatsError
        If a text is no number or negative.

    Notes
    -----
    Source: Cochrane Handbook 6.5.2.8 for the correlation; it is within -1 and 1 exactly if
    |sd_baseline - sd_final| <= sd_change <= sd_baseline + sd_final.
    """
    before, after, moved = (Reported.read(sd, rounding) for sd in (sd_baseline, sd_final, sd_change))
    if min(before.value, after.value, moved.value) < 0:
        raise StatsError("No SD is negative.")
    apart = max(before.floor - after.high, after.floor - before.high, Fraction(0))
    fits = moved.meets(apart, before.high + after.high)
    computed = {}
    product = 2 * before.value * after.value
    if product:
        computed["correlation"] = float((before.value**2 + after.value**2 - moved.value**2) / product)
    implied = f" imply a correlation of {shown(computed['correlation'], 3)}" if computed else " are reported"
    message = f"SDs {sd_baseline} at baseline, {sd_final} at the end and {sd_change} of the change{implied}."
    verdict = agreement(fits)
    return Check("change_sd", verdict, message, "Cochrane Handbook 6.5.2.8", computed, SAME_PATIENTS)
