"""Totals and their parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.means import MeanGroup, between_squares, read_group, within_squares
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    agreement,
    noting_cut_off,
    shown,
    whole_patients,
)


@noting_cut_off
def parts_add_up(parts: Sequence[str], total: str, *, rounding: Rounding = "nearest") -> Check:
    """Check that rounded parts, such as percentages, add up to a rounded total.

    Counts are exact and belong to :func:`parts_within`.

    Parameters
    ----------
    parts : sequence of str
        As printed, at least one.
    total : str
        As printed.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If there are no parts or a text is no number.

    Notes
    -----
    Source: algebra.
    """
    if not parts:
        raise StatsError("A total needs at least one part.")
    numbers = [Reported.read(part, rounding) for part in parts]
    low, value, high = (
        sum((getattr(x, end) for x in numbers), Fraction(0)) for end in ("low", "value", "high")
    )
    fits = Reported.read(total, rounding).meets(low, high)
    found = float(value)
    message = f"{' + '.join(parts)} = {shown(found, 6)}; {total} is reported."
    return Check("parts_add_up", agreement(fits), message, "algebra", {"sum": found})


@noting_cut_off
def percent_of_events(percent: str, events: int, n: int, *, rounding: Rounding = "nearest") -> Check:
    """Check that the percentage is that of the events.

    Parameters
    ----------
    percent : str
        As printed, without the sign.
    events, n : int
        Patients with the event, and all.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If the text is no number, n below 1, or events not between 0 and n.

    Notes
    -----
    Source: algebra.
    """
    whole_patients(n=n)
    if not 0 <= events <= n:
        raise StatsError(f"{events!r} events among {n!r} patients: 0 to {n!r} are possible.")
    share = Fraction(100 * events, n)
    fits = Reported.read(percent, rounding).meets(share, share)
    message = f"{events} of {n} is {float(share):.2f} %; {percent} % is reported."
    return Check("percent_of_events", agreement(fits), message, "algebra", {"percent": float(share)})


def parts_within(parts: Sequence[int], total: int, *, exhaustive: bool = False) -> Check:
    """Check that whole numbers of patients fit into their total.

    Parameters
    ----------
    parts : sequence of int
        Patients of subgroups that exclude one another, 0 or more each.
    total : int
        Patients of the whole.
    exhaustive : bool
        Whether the parts are all there are, so that their sum must be the total.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If there are no parts, or a number is negative.

    Notes
    -----
    Source: algebra.
    """
    if not parts or min(*parts, total) < 0:
        raise StatsError("Parts and total are whole numbers of 0 or more, and there is at least one part.")
    found = sum(parts)
    fits = found == total if exhaustive else found <= total
    message = f"{' + '.join(str(part) for part in parts)} = {found}; the whole has {total}."
    return Check("parts_within", agreement(fits), message, "algebra", {"sum": float(found)})


@noting_cut_off
def weighted_mean(
    means: Sequence[str], ns: Sequence[int], total: str, *, rounding: Rounding = "nearest"
) -> Check:
    """Check that the mean of the whole is that of its parts, weighted by patients.

    Parameters
    ----------
    means : sequence of str
        As printed; means or percentages.
    ns : sequence of int
        Patients of each part.
    total : str
        Mean or percentage of the whole, as printed.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If there are no parts, as many means as ns are missing, a text is no number or an n below 1.

    Notes
    -----
    Source: algebra.
    """
    if not means or len(means) != len(ns):
        raise StatsError("Each part needs its mean and its n.")
    for n in ns:
        whole_patients(n=n)
    numbers = [Reported.read(mean, rounding) for mean in means]
    low, value, high = (
        sum((n * getattr(x, end) for n, x in zip(ns, numbers, strict=True)), Fraction(0)) / sum(ns)
        for end in ("low", "value", "high")
    )
    fits = Reported.read(total, rounding).meets(low, high)
    message = f"The parts {', '.join(means)} have the mean {shown(value)}; {total} is reported for the whole."
    return Check("weighted_mean", agreement(fits), message, "algebra", {"mean": float(value)})


@noting_cut_off
def total_sd(groups: Sequence[MeanGroup], sd: str, *, rounding: Rounding = "nearest") -> Check:
    """Check that the SD of the whole is that of its parts.

    Parameters
    ----------
    groups : sequence of MeanGroup
        The parts with their SDs, at least two patients in all.
    sd : str
        SD of the whole, as printed.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If there are no parts, a text is no number, an SD negative or an n below 1.

    Notes
    -----
    Source: Cochrane Handbook 6.5.2.10 (sum of squares within and between the parts).
    """
    parts = [read_group(group, "sd", rounding) for group in groups]
    if not parts:
        raise StatsError("A total needs at least one part.")
    df = sum(part.n for part in parts) - 1
    whole_patients(df=df)
    within, between = within_squares(parts), between_squares(parts)
    low, high = (math.sqrt((within[end] + between[end]) / df) for end in (0, 1))
    spread = Reported.read(sd, rounding)
    fits = float(spread.low) <= high * (1 + 1e-9) and low * (1 - 1e-9) <= float(spread.high)
    message = (
        f"The parts have an SD of {shown(low)} to {shown(high)} together; {sd} is reported for the whole."
    )
    computed = {"sd_low": low, "sd_high": high}
    return Check("total_sd", agreement(fits), message, "Cochrane Handbook 6.5.2.10", computed)
