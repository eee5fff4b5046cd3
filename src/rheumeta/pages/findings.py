"""Estimates and intervals in lay units: "a fall of 0.16 to 1.85 points", "5 fewer to 29 more in 100"."""

from __future__ import annotations

from typing import Literal

from rheumeta.pages.numbers import common_places, number
from rheumeta.records import Analysis, Interval

Family = Literal["ratio", "risk_difference", "difference", "change", "proportion", "rate", "other"]

FAMILIES: dict[str, Family] = {
    "RR": "ratio", "OR": "ratio", "PETO": "ratio", "ROM": "ratio", "IRR": "ratio", "HR": "ratio",
    "RD": "risk_difference",
    "MD": "difference", "SMD": "difference", "SMD1": "difference",
    "MC": "change", "SMCC": "change", "SMCR": "change",
    "PR": "proportion", "PLO": "proportion", "PAS": "proportion", "PFT": "proportion",
    "IR": "rate", "IRLN": "rate",
    "AS": "other",
}  # fmt: skip
"""Measures that are spoken of alike."""

STANDARDISED = frozenset({"SMD", "SMD1", "SMCC", "SMCR"})
SIGNED = frozenset({"change", "difference", "risk_difference"})
"""Families whose values are said with a direction in words and without a sign."""

RATIO_FRAMES = {
    "RR": "it was {x} times as frequent {treated} as {control}",
    "OR": "the odds of it {treated} were {x} times those {control}",
    "PETO": "the odds of it {treated} were {x} times those {control}",
    "ROM": "the mean {treated} was {x} times that {control}",
    "IRR": "it occurred {x} times as often, per time of follow-up, {treated} as {control}",
    "HR": "the chance of it at any moment was, {treated}, {x} times that {control}",
}
FRAMES: dict[Family, str] = {
    "ratio": "the ratio was {x}",
    "risk_difference": "{x} in 100 had it {treated} than {control}",
    "difference": "the mean was {x} {treated} than {control}",
    "change": "the mean {x}",
    "proportion": "it was seen in {x} of 100 patients",
    "rate": "it occurred {x} times per {unit}",
    "other": "the effect ({label}) was {x}",
}


def finding(analysis: Analysis, display: Interval, *, level: float = 95) -> str:
    """Return estimate and interval as a clause in lay units, without a full stop.

    Parameters
    ----------
    analysis : Analysis
        Gives measure, unit and kind of comparison.
    display : Interval
        Estimate and interval on the display scale.
    level : float
        Level of the interval in percent.

    Returns
    -------
    str
        For example "the mean fell by 1.05 points (95% interval: a fall of 0.71 to 1.39 points)".
    """
    family = FAMILIES.get(analysis.measure, "other")
    frame = RATIO_FRAMES.get(analysis.measure) or FRAMES[family]
    treated, control = groups(analysis)
    clause = frame.format(
        x=_changed(analysis, display) if family == "change" else value(analysis, display.estimate, display),
        treated=treated,
        control=control,
        unit=(analysis.unit or "time of follow-up").replace("_", " "),
        label=analysis.measure_label,
    )
    if display.estimate == 0 and family in SIGNED:
        clause = f"there was {null_word(analysis)}"
    if display.lower is None or display.upper is None:
        return clause
    return f"{clause} ({level:g}% interval: {span(analysis, display)})"


def groups(analysis: Analysis) -> tuple[str, str]:
    """Return how the treated and the control group are spoken of, e.g. "with the treatment"."""
    if analysis.add_on:
        return "with the addition", "without it"
    return "with the treatment", "in the control group" if analysis.k == 1 else "in the control groups"


def null_word(analysis: Analysis) -> str:
    """Return what the null value means: "no change" within a group, "no difference" between groups."""
    return "no change" if analysis.comparison_kind == "before_after" else "no difference"


def null_value(analysis: Analysis) -> str:
    """Return the same as a value that an interval can hold: "includes no difference" has two meanings."""
    return f"“{null_word(analysis)}”"


def span(analysis: Analysis, display: Interval) -> str:
    """Return the two limits: "a fall of 0.16 to 1.85 points", "5 fewer to 29 more".

    Where both limits point the same way, direction and unit are said once.
    """
    low, high = display.lower, display.upper
    if low is None or high is None:
        return "not known"
    if low * high > 0 and FAMILIES.get(analysis.measure) in SIGNED:
        small, large = sorted((low, high), key=abs)
        before, _, after = value(analysis, large, display).partition(_bare(analysis, large, display))
        return f"{before}{_bare(analysis, small, display)} to {_bare(analysis, large, display)}{after}"
    return f"{value(analysis, low, display)} to {value(analysis, high, display)}"


def value(analysis: Analysis, number_: float | None, display: Interval) -> str:
    """Return one value with its direction in words, e.g. "0.50 points lower".

    Parameters
    ----------
    analysis : Analysis
        Gives measure and unit.
    number_ : float or None
        The value, display scale.
    display : Interval
        The interval it belongs to, for the number of decimals.
    """
    family = FAMILIES.get(analysis.measure, "other")
    if number_ is None:
        return "an unknown value"
    if family not in SIGNED:
        return _bare(analysis, number_, display)
    if number_ == 0:
        return null_word(analysis)
    bare, up = _bare(analysis, number_, display), number_ > 0
    if family == "risk_difference":
        return f"{bare} {'more' if up else 'fewer'}"
    if family == "difference":
        return f"{bare}{_unit(analysis)} {'higher' if up else 'lower'}"
    return f"a {'rise' if up else 'fall'} of {bare}{_unit(analysis)}"


def _changed(analysis: Analysis, display: Interval) -> str:
    estimate = display.estimate or 0.0
    return f"{'fell' if estimate < 0 else 'rose'} by {_bare(analysis, estimate, display)}{_unit(analysis)}"


def _bare(analysis: Analysis, number_: float, display: Interval) -> str:
    """Return the size of a value, rounded; without its sign if the direction is said in words."""
    family = FAMILIES.get(analysis.measure, "other")
    if family == "risk_difference":
        return of_hundred(100 * abs(number_))
    if family == "proportion":
        return of_hundred(number_)
    digits = None if analysis.scale == "log" else common_places(display)
    return number(abs(number_) if family in SIGNED else number_, digits=digits)


def of_hundred(percentage: float) -> str:
    """Return how many of 100 patients: whole patients, one decimal below one."""
    return number(percentage, digits=0 if percentage >= 1 or percentage == 0 else 1)


def _unit(analysis: Analysis) -> str:
    if analysis.measure in STANDARDISED:
        return " standard deviations"
    return f" {analysis.unit}" if analysis.unit else ""
