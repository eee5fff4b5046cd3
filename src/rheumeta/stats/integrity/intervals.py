"""Confidence intervals against their estimate and standard error."""

from __future__ import annotations

import math

from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import join, multiplier
from rheumeta.stats.integrity.reported import (
    Check,
    Reported,
    Rounding,
    Verdict,
    agreement,
    noting_cut_off,
    shown,
)

SLACK = 1e-9


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
    return Check(
        "ci_centred", agreement(fits), message, "algebra of a Wald interval", {"middle": middle}, note
    )


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
    widths = [multiplier(level, freedom) for freedom in {None, df}]
    if ratio and ends[0].low <= 0:
        return Check("ci_level", "cannot_tell", f"Rounded to {low}, the limit may be 0.", "algebra")
    scale = math.log if ratio else float
    least = max(scale(ends[1].low) - scale(ends[0].high), 0.0) / 2 / float(error.high)
    widest = (
        (scale(ends[1].high) - scale(ends[0].low)) / 2 / float(error.floor) if error.floor > 0 else math.inf
    )
    fits = any(least * (1 - SLACK) <= width <= widest * (1 + SLACK) for width in widths)
    levels = [100 * float(special.erf(width / math.sqrt(2))) for width in (least, widest)]
    message = (
        f"With the standard error {se}, {low} to {high} is an interval of {levels[0]:.4g} to {levels[1]:.4g} %; "
        f"{level:g} % is reported."
    )
    verdict: Verdict = agreement(fits)
    return Check(
        "ci_level",
        verdict,
        message,
        "algebra of a Wald interval",
        dict(zip(("level_low", "level_high"), levels, strict=True)),
    )
