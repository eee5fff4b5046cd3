"""What a result means in words, by its size and its certainty.

The form is GRADE's (Santesso 2020, J Clin Epidemiol 119, 126): the certainty chooses the verb, the size of
the estimate chooses what is said of it. Thresholds of size: the minimal important difference for means in the
unit of an instrument; ratios of 0.75 and 1.25, as imprecision has them; of standardised differences
0.2, 0.5 and 0.8 (Cohen 1988, Statistical Power Analysis, 2nd edition). Without a threshold no size is said.
"""

from __future__ import annotations

from typing import Literal

from rheumeta.appraised import APPRECIABLE_RATIO, Finding, Level
from rheumeta.pages.findings import STANDARDISED, null_value
from rheumeta.pages.numbers import uncapital
from rheumeta.pages.thresholds import IN_OWN_UNIT, RATIOS, thresholds
from rheumeta.pages.words import includes, side
from rheumeta.records import Analysis, Interval

Size = Literal["trivial", "slight", "plain", "large"]

VERBS: dict[Level, tuple[str, str, str]] = {
    "high": ("increases", "reduces", "makes"),
    "moderate": ("probably increases", "probably reduces", "probably makes"),
    "low": ("may increase", "may reduce", "may make"),
}
"""Verbs of each certainty for more, for less and for no difference; very low certainty has a sentence of its own."""

AMOUNT: dict[Size, str] = {"trivial": "", "slight": " slightly", "plain": "", "large": " by a large amount"}
SMALL, MEDIUM, LARGE = 0.2, 0.5, 0.8
"""Standardised differences from which on an effect is small, medium, large (Cohen 1988)."""

OF_EVENTS = RATIOS | {"RD"}
NOT_POOLED = "The results were not pooled: see the single studies."
NO_NUMBER = "No study gives a usable number: the effect is not known."
NO_CONTROL = "There is no control group to tell the effect of {what} on {outcome}."
VERY_LOW = "The evidence is very uncertain about the effect of {what} on {outcome}."


def statement(analysis: Analysis, item: Finding) -> str:
    """Return what a result means, e.g. "The treatment may reduce DAS28 slightly (a better result)".

    Parameters
    ----------
    analysis : Analysis
        Gives measure, null value, minimal important difference and kind of comparison.
    item : Finding
        Its row of the summary of findings: estimate on the display scale, absolute effect, certainty.
    """
    if not item.k:
        return NO_NUMBER
    what = "the addition" if analysis.add_on else "the treatment"
    outcome = uncapital(item.outcome_label)
    if item.measure in OF_EVENTS:
        outcome = f"how often there is {analysis.outcome_lay}"
    if item.comparison_kind != "controlled":  # however certain the change is, nothing tells its cause
        text = NO_CONTROL.format(what=what, outcome=outcome)
        return f"The evidence is very uncertain: {uncapital(text)}" if item.certainty == "very_low" else text
    if item.certainty == "very_low":
        return VERY_LOW.format(what=what, outcome=outcome)
    if item.effect is None or item.effect.estimate is None or item.certainty is None:
        return NOT_POOLED
    more, less, none = VERBS[item.certainty]
    size = size_of(analysis, item)
    if size == "trivial" or item.effect.estimate == analysis.null:
        return f"{what.capitalize()} {none} little to no difference to {outcome}{_more_than_trivial(analysis, item)}."
    verb = more if item.effect.estimate > (analysis.null or 0) else less
    way = side(analysis, item.effect.estimate)
    return (
        f"{what.capitalize()} {verb} {outcome}{AMOUNT[size]} (a {way} result){_but(analysis, item.effect)}."
    )


def size_of(analysis: Analysis, item: Finding) -> Size:
    """Return how large an estimate is; "plain" where it is beyond a threshold or there is none."""
    effect = item.effect or Interval()
    value = effect.estimate or 0.0
    if item.measure in STANDARDISED:
        steps = sum(abs(value) >= bound for bound in (SMALL, MEDIUM, LARGE))
        return ("trivial", "slight", "plain", "large")[steps]
    if item.measure in IN_OWN_UNIT:
        return "trivial" if analysis.mid is not None and abs(value) < analysis.mid else "plain"
    ratio = _as_ratio(item).estimate
    low, high = APPRECIABLE_RATIO
    if ratio is None or not low < ratio < high:
        return "plain"
    return "trivial" if includes(effect, analysis.null) else "slight"


def _as_ratio(item: Finding) -> Interval:
    """Return an effect on events as a ratio; a risk difference by the assumed risk, where there is one."""
    if item.effect is None or item.measure in RATIOS:
        return item.effect or Interval()
    absolute = item.absolute
    if item.measure != "RD" or absolute is None or not absolute.assumed:
        return Interval()
    risks = (absolute.treated.estimate, absolute.treated.lower, absolute.treated.upper)
    return Interval(*(None if risk is None else risk / absolute.assumed for risk in risks))


def _more_than_trivial(analysis: Analysis, item: Finding) -> str:
    """Return, as a clause, that an interval holds effects that are not small."""
    effect, (bounds, _) = item.effect, thresholds(analysis)
    if item.measure == "RD":
        effect, bounds = _as_ratio(item), APPRECIABLE_RATIO
    held = any(includes(effect, bound) for bound in bounds)
    return ", but the interval includes a difference that matters" if held else ""


def _but(analysis: Analysis, effect: Interval) -> str:
    return f", but the interval includes {null_value(analysis)}" if includes(effect, analysis.null) else ""
