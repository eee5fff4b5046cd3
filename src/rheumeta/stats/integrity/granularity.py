"""Means, percentages and SDs that no whole numbers give: GRIM and GRIMMER, in exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    Verdict,
    noting_cut_off,
    shown,
    whole_patients,
)

GRIM = "Brown & Heathers 2017, Soc Psychol Personal Sci 8"
GRIMMER = "Anaya 2016, PeerJ Preprints 4, e2400; Allard 2018 (analytic form)"
Kind = Literal["sd", "variance", "se"]
MANY = 10_000
"""Sums beyond which a mean says too little for GRIMMER and DEBIT."""


@dataclass(frozen=True)
class Granularity(Check):
    """A GRIM check.

    Attributes
    ----------
    nearest : tuple of float
        The possible values next to the reported one, below and above (one, if it is itself possible).
    totals : range
        Sums of the whole numbers (events, for a percentage) that round to what is reported.
    """

    nearest: tuple[float, ...] = ()
    totals: range = range(0)


@noting_cut_off
def grim(mean: str, n: int, *, items: int = 1, rounding: Rounding = "nearest") -> Granularity:
    """Check that whole numbers can have this mean: a multiple of 1/(n·items) (GRIM).

    Parameters
    ----------
    mean : str
        As printed, on the scale on which single answers are whole numbers.
    n : int
        Patients.
    items : int
        Whole numbers averaged within each patient, e.g. the questions of a score that is their mean.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Granularity
        ``"cannot_tell"`` where the multiples are at least as fine as the printed digits.

    Raises
    ------
    StatsError
        If the text is no number, or n or items is below 1.

    Notes
    -----
    Source: Brown and Heathers (2017).
    """
    whole_patients(n=n, items=items)
    reported = Reported.read(mean, rounding)
    totals = _totals(reported, Fraction(1, n * items))
    what = f"{n} whole numbers" if items == 1 else f"{n} means of {items} whole numbers"
    return _granularity("grim", reported, Fraction(1, n * items), totals, what)


@noting_cut_off
def grim_percent(percent: str, n: int, *, rounding: Rounding = "nearest") -> Granularity:
    """Check that a whole number of n patients can be this percentage (GRIM).

    Parameters
    ----------
    percent : str
        As printed, without the sign.
    n : int
        Patients.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Granularity
        `totals` are the numbers of events that fit.

    Raises
    ------
    StatsError
        If the text is no percentage or n is below 1.

    Notes
    -----
    Source: Brown and Heathers (2017).
    """
    whole_patients(n=n)
    reported = Reported.read(percent, rounding)
    if not 0 <= reported.value <= 100:
        raise StatsError(f"{percent!r} is not a percentage between 0 and 100.")
    step = Fraction(100, n)
    totals = _totals(reported, step)
    totals = range(max(totals.start, 0), min(totals.stop, n + 1))
    return _granularity("grim_percent", reported, step, totals, f"a whole number of {n} patients", "%")


def _totals(reported: Reported, step: Fraction) -> range:
    return range(math.ceil(reported.low / step), math.floor(reported.high / step) + 1)


def _rounded(near: tuple[float, ...], unit: Fraction) -> tuple[float, ...]:
    places = -math.floor(math.log10(unit)) + 1
    rounded = tuple(round(value, places) for value in near)
    return rounded if len(set(rounded)) == len(near) else near


def _granularity(
    name: str, reported: Reported, step: Fraction, totals: range, what: str, sign: str = ""
) -> Granularity:
    multiple = reported.value / step
    near = tuple(float(k * step) for k in sorted({math.floor(multiple), math.ceil(multiple)}))
    # One digit more than printed, or more where that would round both to one number.
    about = " or ".join(f"{shown(value, 6)}{sign}" for value in _rounded(near, reported.unit))
    verdict: Verdict = "consistent" if totals else "inconsistent"
    if totals and step <= reported.high - reported.low:
        verdict = "cannot_tell"
        message = f"With {reported.text}{sign} printed, every value is possible for {what}."
    elif totals:
        message = f"{reported.text}{sign} is possible for {what}."
    else:
        message = f"{reported.text}{sign} is not possible for {what}; the nearest are {about}."
    computed = {"step": float(step)} | {f"nearest_{i}": value for i, value in enumerate(near, 1)}
    return Granularity(name, verdict, message, GRIM, computed, None, near, totals)


@noting_cut_off
def grimmer(
    mean: str,
    spread: str,
    n: int,
    *,
    kind: Kind = "sd",
    items: int = 1,
    low: int | None = None,
    high: int | None = None,
    rounding: Rounding = "nearest",
) -> Check:
    """Check that whole numbers can have this mean and this SD, variance or standard error (GRIMMER).

    The sum of squares of whole numbers is a whole number, odd or even as their sum is, and not below
    what the most even split of the sum gives (nor above what the limits allow). These conditions are
    necessary; with five patients or fewer some impossible SDs pass them.

    Parameters
    ----------
    mean, spread : str
        As printed.
    n : int
        Patients, at least 2.
    kind : {"sd", "variance", "se"}
        What `spread` is; the divisor is n - 1.
    items : int
        Whole numbers averaged within each patient.
    low, high : int, optional
        Least and largest answer to one item, both or none.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        ``"inconsistent"`` also where the mean alone is impossible; ``"cannot_tell"`` where the
        rounding interval of the spread holds two neighbouring sums of squares, or that of the mean
        more than 10,000 sums.

    Raises
    ------
    StatsError
        If a text is no number, the spread negative, n below 2, or the limits not in order.

    Notes
    -----
    Source: Anaya (2016); analytic form of Allard (2018), here with limits as in Heathers et al. (2018).
    """
    whole_patients(n=n, items=items)
    if n < 2 or (low is None) != (high is None) or (low is not None and high is not None and low >= high):
        raise StatsError("GRIMMER needs n of at least 2, and both limits in order or none.")
    reported = Reported.read(spread, rounding)
    if reported.value < 0:
        raise StatsError(f"{spread!r} is negative: no {kind} is.")
    found = grim(mean, n, items=items, rounding=rounding)
    if not found.totals:
        return Check("grimmer", "inconsistent", found.message, GRIMMER, found.computed)
    bounds = _deviations(reported, n, items, kind)
    blind = bounds[1] - bounds[0] >= 2
    limits = None if low is None or high is None else (low * items, high * items)
    if (sums := found.totals.stop - found.totals.start) > MANY:
        return Check("grimmer", "cannot_tell", f"The mean {mean} leaves {sums} sums possible.", GRIMMER)
    fits = any(_has_sum_of_squares(total, n, bounds, limits) for total in found.totals)
    given = f"{n} whole numbers with the mean {mean} and the {kind} {spread}"
    if fits:
        verdict: Verdict = "cannot_tell" if blind else "consistent"
        return Check("grimmer", verdict, f"{given} are possible.", GRIMMER)
    nearest = {
        f"nearest_{i}": value for i, value in enumerate(_neighbours(found.totals, n, items, bounds, kind), 1)
    }
    about = " or ".join(shown(value, 6) for value in nearest.values())
    message = f"{given} do not exist" + (f"; the nearest {kind} is {about}." if about else ".")
    return Check("grimmer", "inconsistent", message, GRIMMER, nearest)


def _deviations(reported: Reported, n: int, items: int, kind: Kind) -> tuple[Fraction, Fraction]:
    """Bounds of the sum of squared deviations, in squared units of one item."""
    power = 1 if kind == "variance" else 2
    factor = (n - 1) * items**2 * (n if kind == "se" else 1)
    return reported.floor**power * factor, reported.high**power * factor


def _has_sum_of_squares(
    total: int, n: int, bounds: tuple[Fraction, Fraction], limits: tuple[int, int] | None
) -> bool:
    centre = Fraction(total**2, n)
    least, most = math.ceil(centre + bounds[0]), math.floor(centre + bounds[1])
    least = max(least, least_squares(total, n))
    if limits is not None:
        if not n * limits[0] <= total <= n * limits[1]:
            return False
        most = min(most, most_squares(total, n, *limits))
    return least + (least - total) % 2 <= most


def least_squares(total: int, n: int) -> int:
    """Smallest sum of squares of n whole numbers with this sum: all as equal as can be."""
    each, over = divmod(total, n)
    return (n - over) * each**2 + over * (each + 1) ** 2


def most_squares(total: int, n: int, low: int, high: int) -> int:
    """Largest sum of squares of n whole numbers within limits and with this sum: all but one extreme."""
    above, rest = divmod(total - n * low, high - low)
    others = n - above - (1 if rest else 0)
    return above * high**2 + ((low + rest) ** 2 if rest else 0) + others * low**2


def _neighbours(
    totals: range, n: int, items: int, bounds: tuple[Fraction, Fraction], kind: Kind
) -> Iterator[float]:
    """Yield the possible spreads next to the interval, without regard to limits."""
    below: list[Fraction] = []
    above: list[Fraction] = []
    for total in totals:
        centre = Fraction(total**2, n)
        least = least_squares(total, n)
        under = math.ceil(centre + bounds[0]) - 1
        under -= (under - total) % 2
        over = max(math.floor(centre + bounds[1]) + 1, least)
        over += (over - total) % 2
        above.append(over - centre)
        if under >= least:
            below.append(under - centre)
    for deviations in ([max(below)] if below else []) + [min(above)]:
        variance = float(deviations) / (n - 1) / items**2
        yield {"sd": math.sqrt(variance), "variance": variance, "se": math.sqrt(variance / n)}[kind]
