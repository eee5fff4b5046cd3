"""Confidence intervals against their estimate and standard error."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import join, multiplier
from rheumeta.stats.integrity.means import Range
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    agreement,
    noting_cut_off,
    shown,
    whole_patients,
)

SLACK = 1e-9
WALD = "algebra of a Wald interval"


@noting_cut_off
def ci_centred(
    estimate: str, low: str, high: str, *, ratio: bool = False, rounding: Rounding = "nearest"
) -> Check:
    """Check that the estimate is in the middle of its interval, for ratios on the log scale.

    Parameters
    ----------
    estimate, low, high : str
        As printed.
    ratio : bool
        Whether it is a ratio: the middle is sqrt(low · high), that on the log scale.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        `computed` has the middle.

    Raises
    ------
    StatsError
        If a text is no number, the limits are reversed, or a ratio or its limit negative.

    Notes
    -----
    Source: a Wald interval is the estimate plus and minus the same. Exact, score, profile and bootstrap
    intervals are rightly not centred; those of single proportions seldom are.
    """
    value, ends = Reported.read(estimate, rounding), [Reported.read(end, rounding) for end in (low, high)]
    if ends[0].value > ends[1].value or (ratio and min(value.value, ends[0].value) < 0):
        raise StatsError(f"{estimate} ({low} to {high}): the limits are reversed, or a ratio is negative.")
    natural = value.meets((ends[0].low + ends[1].low) / 2, (ends[0].high + ends[1].high) / 2)
    if ratio:
        fits = (
            value.floor**2 <= ends[0].high * ends[1].high and ends[0].floor * ends[1].floor <= value.high**2
        )
        middle = math.sqrt(ends[0].value * ends[1].value)
    else:
        fits, middle = natural, float(ends[0].value + ends[1].value) / 2
    note = join(
        "an exact, score, profile or bootstrap interval need not be centred",
        "it is centred on the natural scale" if ratio and natural and not fits else None,
    )
    scale = " on the log scale" if ratio else ""
    message = f"The middle of {low} to {high}{scale} is {shown(middle)}; the estimate is {estimate}."
    return Check("ci_centred", agreement(fits), message, WALD, {"middle": middle}, note)


@noting_cut_off
def ci_level(
    se: str,
    low: str,
    high: str,
    *,
    level: float = 95.0,
    df: float | None = None,
    ratio: bool = False,
    rounding: Rounding = "nearest",
) -> Check:
    """Check that the standard error and the interval agree at the level of confidence.

    Parameters
    ----------
    se : str
        As printed; of the logarithm for a ratio.
    low, high : str
        Limits, as printed.
    level : float
        Confidence that is reported, percent.
    df : float, optional
        Degrees of freedom, if known; the normal distribution is tried in any case.
    ratio : bool
        Whether the limits are of a ratio.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        `computed` has ``level_low`` and ``level_high``, the levels (percent) that the numbers imply by the
        normal distribution. ``"cannot_tell"`` where a rounded limit of a ratio may be 0.

    Raises
    ------
    StatsError
        If a text is no number, the limits are reversed, the standard error not above 0, a limit of
        a ratio negative, or level or df out of range.

    Notes
    -----
    Source: half the width of a Wald interval is the standard error times a quantile.
    """
    error, ends = Reported.read(se, rounding), [Reported.read(end, rounding) for end in (low, high)]
    if error.value <= 0 or ends[0].value > ends[1].value or (ratio and ends[0].value < 0):
        raise StatsError(f"SE {se}, {low} to {high}: reversed, or negative where they cannot be.")
    errors = (float(error.floor), float(error.high))
    return _level("ci_level", f"the standard error {se}", errors, ends, level, df, ratio)


def _level(
    name: str, given: str, error: Range, ends: Sequence[Reported], level: float, df: float | None, ratio: bool
) -> Check:
    """Compare the level that standard error and interval imply with the reported one."""
    widths = [multiplier(level, freedom) for freedom in {None, df}]
    limits = f"{ends[0].text} to {ends[1].text}"
    if ratio and ends[0].low <= 0:
        return Check(name, "cannot_tell", f"The lower limit of {limits} may be 0.", WALD)
    scale = math.log if ratio else float
    narrowest = max(scale(ends[1].low) - scale(ends[0].high), 0.0) / 2
    widest = (scale(ends[1].high) - scale(ends[0].low)) / 2
    least, most = narrowest / error[1], widest / error[0] if error[0] > 0 else math.inf
    fits = any(least * (1 - SLACK) <= width <= most * (1 + SLACK) for width in widths)
    levels = [100 * float(special.erf(width / math.sqrt(2))) for width in (least, most)]
    message = (
        f"With {given}, {limits} is an interval of {levels[0]:.4g} to {levels[1]:.4g}%; "
        f"{level:g} % is reported."
    )
    return Check(name, agreement(fits), message, WALD, {"level_low": levels[0], "level_high": levels[1]})


@noting_cut_off
def ci_of_mean(
    sd: str, n: int, low: str, high: str, *, level: float = 95.0, rounding: Rounding = "nearest"
) -> Check:
    """Check that the SD, n and the interval of a mean agree at the level of confidence.

    Parameters
    ----------
    sd : str
        As printed, above 0.
    n : int
        Patients, at least 2.
    low, high : str
        Limits, as printed.
    level : float
        Confidence that is reported, percent; by t with n - 1 degrees of freedom or by the normal distribution.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        As :func:`ci_level`.

    Raises
    ------
    StatsError
        If a text is no number, the limits are reversed, the SD not above 0, n below 2, or level out of range.

    Notes
    -----
    Source: Cochrane Handbook 6.5.2.2.
    """
    spread, ends = Reported.read(sd, rounding), [Reported.read(end, rounding) for end in (low, high)]
    whole_patients(n=n)
    if n < 2 or spread.value <= 0 or ends[0].value > ends[1].value:
        raise StatsError(f"SD {sd}, n {n}, {low} to {high}: reversed, or too small for an interval.")
    errors = (float(spread.floor) / math.sqrt(n), float(spread.high) / math.sqrt(n))
    return _level("ci_of_mean", f"the SD {sd} of {n} patients", errors, ends, level, n - 1, ratio=False)


@noting_cut_off
def se_of_sd(se: str, sd: str, n: int, *, rounding: Rounding = "nearest") -> Check:
    """Check that the standard error of a mean is its SD divided by sqrt(n).

    Parameters
    ----------
    se, sd : str
        As printed.
    n : int
        Patients.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check

    Raises
    ------
    StatsError
        If a text is no number or negative, or n below 1.

    Notes
    -----
    Source: Cochrane Handbook 6.5.2.2.
    """
    error, spread = Reported.read(se, rounding), Reported.read(sd, rounding)
    whole_patients(n=n)
    if min(error.value, spread.value) < 0:
        raise StatsError("No SD or standard error is negative.")
    fits = spread.floor**2 <= error.high**2 * n and error.floor**2 * n <= spread.high**2
    found = float(spread.value) / math.sqrt(n)
    message = f"The SD {sd} of {n} patients is a standard error of {shown(found)}; {se} is reported."
    return Check("se_of_sd", agreement(fits), message, "Cochrane Handbook 6.5.2.2", {"se": found})


@noting_cut_off
def statistic_of_estimate(
    statistic: str, estimate: str, se: str, *, squared: bool = False, rounding: Rounding = "nearest"
) -> Check:
    """Check that t or z is the estimate divided by its standard error (F or chi-squared: its square).

    Parameters
    ----------
    statistic : str
        t or z, as printed; its sign is not looked at.
    estimate, se : str
        As printed; of a ratio, both on the log scale.
    squared : bool
        Whether the statistic is F or chi-squared on one degree of freedom.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        ``"cannot_tell"`` where the standard error may be 0.

    Raises
    ------
    StatsError
        If a text is no number, or the standard error (the squared statistic) negative.

    Notes
    -----
    Source: Wald statistic.
    """
    reported, value, error = (Reported.read(text, rounding) for text in (statistic, estimate, se))
    if error.value < 0 or (squared and reported.value < 0):
        raise StatsError(f"SE {se}, statistic {statistic}: negative where they cannot be.")
    if error.low <= 0:
        message = f"Rounded to {se}, the standard error may be 0."
        return Check("statistic_of_estimate", "cannot_tell", message, WALD)
    power = 2 if squared else 1
    least, most = (value.size[0] / error.high) ** power, (value.size[1] / error.low) ** power
    low, high = reported.size
    found = float(abs(value.value) / error.value) ** power
    message = (
        f"{estimate} with the standard error {se} is a statistic of {shown(found)}; {statistic} is reported."
    )
    verdict = agreement(low <= most and least <= high)
    return Check("statistic_of_estimate", verdict, message, WALD, {"statistic": found})
