"""Results in plain words, made from the records alone.

The sentences state what was found and how precisely, never a verdict: an interval is described by
what it includes (no effect, the minimal important difference), not called significant or not
(Cochrane Handbook, chapter 15: Schünemann and others). A change in one group is never said to be
caused by the treatment.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rheumeta.pages.findings import finding, null_value, null_word, span
from rheumeta.pages.numbers import capital, count, number, whole
from rheumeta.records import Analysis, Interval, Pooled, StudyEffect

SPARSE_METHODS = frozenset({"MH", "Peto"})
"""Methods without weights by variance, chosen by a protocol for sparse tables: their result leads."""

NO_CAUSE = "Without a control group this cannot show that the treatment caused it."
NO_CAUSE_SHARE = (
    "Without a control group this says how often it was seen, not whether the treatment caused it."
)
NO_EVIDENCE = "This is missing evidence, not evidence that there is no effect."
ADD_ON = "Both groups got the treatment, so this says nothing of the treatment itself."
FEW = "Two studies are too few to judge how much results differ from study to study."


EMPTY_GROUP = (
    "With no event in one group, or only events, a ratio says more of the correction than of the patients: read the "
    "counts."
)
EMPTY_GROUP_DIFFERENCE = (
    "With no event in one group, or only events, the width of the interval rests on a correction."
)
BARELY = 0.01
"""Part of an interval's width that rounding and assumptions easily move."""
FEWEST_STUDIES = 2


@dataclass(frozen=True)
class Result:
    """What a reader is told of an analysis: the pooled result, or the only study."""

    display: Interval
    prediction: Interval | None
    study: StudyEffect | None  # the only study, when nothing was pooled


def shown_result(analysis: Analysis) -> Result | None:
    """Return the result that speaks for `analysis`; None where nothing was pooled and k is not 1."""
    pooled = main_pooled(analysis)
    if analysis.status == "pooled" and pooled is not None:
        return Result(pooled.display, pooled.prediction_display, None)
    if analysis.status == "single_study" and analysis.studies:
        return Result(analysis.studies[0].effect, None, analysis.studies[0])
    return None


def main_pooled(analysis: Analysis) -> Pooled | None:
    """Return the pooled result that leads: Mantel-Haenszel or Peto if planned, else random effects."""
    common = analysis.common
    if common is not None and (common.method in SPARSE_METHODS or analysis.random is None):
        return common
    return analysis.random


def leading_weights(analysis: Analysis) -> list[float | None]:
    """Return the weight of each study in the pooled result that leads, percent; None where it has none."""
    pooled = main_pooled(analysis)
    common = pooled is not None and pooled.model == "common"
    return [s.weight_common if common else s.weight_random for s in analysis.studies]


def sentence(analysis: Analysis, *, level: float = 95) -> str:
    """Return the result of one analysis in plain words.

    Parameters
    ----------
    analysis : Analysis
        The analysis; values on the display scale are read: proportions in percent, risk
        differences as fractions of 1.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    str
        One to six sentences.
    """
    if analysis.status == "no_data":
        return _no_data(analysis)
    if analysis.status == "not_pooled":
        return _not_pooled(analysis)
    result = shown_result(analysis)
    if result is None:
        return _evidence(analysis)
    parts = [
        _evidence(analysis),
        _estimate(analysis, result, level),
        _empty_groups(analysis),
        includes_null(analysis, result.display),
        includes_mid(analysis, result.display),
        _spread(analysis, result, level),
        limits_of_design(analysis),
    ]
    return " ".join(part for part in parts if part)


def topic(analysis: Analysis) -> str:
    """Return what was measured and when: lay words, the label where it adds something, the time."""
    return capital(", ".join(part for part in (_measured(analysis), analysis.window_label) if part))


def _measured(analysis: Analysis) -> str:
    lay, label = analysis.outcome_lay, analysis.outcome_label
    core = lay.removeprefix("an ").removeprefix("a ").removeprefix("the ")
    if core.lower() in label.lower():
        return label
    new = [word for word in label.split() if _abbreviation(word) and word not in lay]
    return f"{lay} ({label})" if new else lay


def _abbreviation(word: str) -> bool:
    return sum(letter.isupper() or letter.isdigit() for letter in word) > 1


def limits_of_design(analysis: Analysis) -> str:
    """Return the warning that belongs to a result without a control group or of an add-on trial."""
    if analysis.comparison_kind == "before_after":
        return NO_CAUSE
    if analysis.comparison_kind == "single_group":
        return NO_CAUSE_SHARE
    return ADD_ON if analysis.add_on else ""


def _no_data(analysis: Analysis) -> str:
    parts = [f"{topic(analysis)}: no study gives numbers that can be used."]
    if analysis.excluded:
        studies = len({e.study_id for e in analysis.excluded})
        parts.append(
            f"{capital(count(studies, 'study', 'studies'))} might have contributed; the reasons why not are "
            f"listed."
        )
    return " ".join([*parts, NO_EVIDENCE])


def _not_pooled(analysis: Analysis) -> str:
    reason = (analysis.status_reason or "the numbers do not allow it").rstrip(".")
    why = capital(reason) if "not pooled" in reason.lower() else f"They were not pooled: {reason}"
    parts = [_evidence(analysis), f"{why}."]
    effects = [s.effect.estimate for s in analysis.studies if s.effect.estimate is not None]
    if len(set(effects)) > 1:
        reach = Interval(None, min(effects), max(effects))
        parts.append(f"The results of the single studies range from {span(analysis, reach)}.")
    return " ".join(part for part in [*parts, limits_of_design(analysis)] if part)


def _evidence(analysis: Analysis) -> str:
    words = {
        "controlled": "treated against control",
        "before_after": "before and after the treatment, no control group",
        "single_group": "treated patients alone, no control group",
    }
    design = "with the addition against without it" if analysis.add_on else words[analysis.comparison_kind]
    patients = f", {whole(analysis.n_patients)} patients" if analysis.n_patients else ""
    return f"{topic(analysis)}: {count(analysis.k, 'study', 'studies')}{patients}, {design}."


def _estimate(analysis: Analysis, result: Result, level: float) -> str:
    found = finding(analysis, result.display, level=level)
    if result.study is None:
        return f"Taken together, {found}."
    where, shown = f"In this one study ({result.study.label})", "one study is shown, not pooled."
    if not rests_on_correction(result.study):
        return f"{where} {found}; {shown}"
    if analysis.scale == "log":
        return f"{where} {counted(result.study)}. {EMPTY_GROUP}"
    return f"{where} {counted(result.study)}: {found}; {shown} {EMPTY_GROUP_DIFFERENCE}"


def rests_on_correction(study: StudyEffect) -> bool:
    """Return whether the study needed a continuity correction: for a ratio it is as much that as the data."""
    return "zero_cell" in study.flags and None not in (study.events1, study.n1, study.events2, study.n2)


def counted(study: StudyEffect) -> str:
    """Return the plain counts of both groups."""
    return (
        f"{whole(study.events1)} of {whole(study.n1)} treated patients and {whole(study.events2)} of "
        f"{whole(study.n2)} in the control group had it"
    )


def _empty_groups(analysis: Analysis) -> str:
    """Return how many pooled studies have a group without events, for ratios."""
    empty = sum(rests_on_correction(s) for s in analysis.studies) if analysis.scale == "log" else 0
    if analysis.status != "pooled" or not empty:
        return ""
    return (
        f"In {count(empty, 'of these studies', 'of these studies')} one group had no event, or only events: there "
        "the ratio rests on a correction."
    )


def includes(display: Interval | None, value: float | None) -> bool | None:
    """Return whether the interval holds `value`; None where the interval or value is unknown."""
    if display is None or display.lower is None or display.upper is None or value is None:
        return None
    return display.lower <= value <= display.upper


def barely(analysis: Analysis, display: Interval) -> bool:
    """Return whether an interval that excludes the null ends within a hundredth of its width of it."""
    if display.lower is None or display.upper is None or analysis.null is None:
        return False
    low, high, null = display.lower, display.upper, analysis.null
    if analysis.scale == "log":
        if low <= 0:
            return False
        low, high, null = math.log(low), math.log(high), math.log(null)
    return min(abs(low - null), abs(high - null)) < BARELY * (high - low)


def side(analysis: Analysis, value: float) -> Literal["better", "worse"]:
    """Return whether `value` (display scale) lies on the better or the worse side of the null."""
    lower = value < (analysis.null or 0.0)
    return "better" if lower == (analysis.better == "lower") else "worse"


def includes_null(analysis: Analysis, display: Interval) -> str:
    """Return whether the interval holds no effect, or on which side of it all of it lies."""
    held = includes(display, analysis.null)
    if held is None or analysis.comparison_kind == "single_group" or display.lower is None:
        return ""
    none = null_word(analysis)
    if held:
        return f"The interval includes {null_value(analysis)}: the data fit a better result, {none}, and a worse one."
    if shaky := weakness(analysis, display):
        return f"{capital(shaky)}."
    return f"All values in the interval are on the side of a {side(analysis, display.lower)} result."


def weakness(analysis: Analysis, display: Interval) -> str:
    """Return, as a clause, why an interval that excludes no effect may not be relied on; empty if nothing speaks so."""
    if barely(analysis, display):
        return f"the interval ends so close to {null_word(analysis)} that it settles nothing"
    if analysis.status == "pooled" and analysis.k == FEWEST_STUDIES:
        return "two studies are too few to rely on this interval"
    return ""


def shaky(analysis: Analysis) -> str:
    """Return, as a clause, why the interval that stands for an analysis may not be relied on, where it claims a side.

    Also where no value means no effect (a percentage); empty if the interval includes no effect or nothing speaks so.
    """
    result = shown_result(analysis)
    if result is None or includes(result.display, analysis.null):
        return ""
    return weakness(analysis, result.display)


def includes_mid(analysis: Analysis, display: Interval) -> str:
    """Return how the interval lies to the minimal important difference; empty without one.

    Only for effects in the unit of the instrument (MD, MC): the difference is defined there.
    """
    if analysis.mid is None or analysis.measure not in ("MD", "MC"):
        return ""
    if display.lower is None or display.upper is None:
        return ""
    worst, best = sorted(v if analysis.better == "higher" else -v for v in (display.lower, display.upper))
    unit = f" {analysis.unit}" if analysis.unit else ""
    noticed = f"the smallest difference that patients notice ({number(analysis.mid)}{unit})"
    if worst >= analysis.mid:
        return f"Every value in the interval is an improvement of at least {noticed}."
    if best <= -analysis.mid:
        return f"Every value in the interval is a worsening of at least {noticed}."
    if best < analysis.mid and worst > -analysis.mid:
        return f"Every value in the interval is smaller than {noticed}."
    way = "improvements" if best >= analysis.mid else "worsenings"
    both = ", worsenings as large," if best >= analysis.mid and worst <= -analysis.mid else ""
    return f"The interval includes {way} of at least {noticed}{both} and smaller values."


def _spread(analysis: Analysis, result: Result, level: float) -> str:
    if result.study is not None:
        return ""
    prediction = result.prediction
    if prediction is not None and prediction.lower is not None and prediction.upper is not None:
        held = f", which includes {null_value(analysis)}" if includes(prediction, analysis.null) else ""
        return (
            f"In a new study of this kind the true value would be expected within the {level:g}% prediction "
            f"interval: {span(analysis, prediction)}{held}."
        )
    return FEW if analysis.k == 2 and not analysis.warnings else ""
