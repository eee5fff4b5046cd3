"""Results in plain words, made from the records alone.

The sentences state what was found and how precisely, never a verdict: an interval is described by
what it includes (no effect, the minimal important difference), not called significant or not
(Cochrane Handbook, chapter 15, section 15.3.2; Schünemann and others 2023). A change in one group
is never said to be caused by the treatment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rheumeta.pages.numbers import capital, common_places, count, number, percent, whole
from rheumeta.records import Analysis, Interval, Pooled, StudyEffect

Family = Literal["ratio", "risk_difference", "difference", "change", "proportion", "rate", "other"]

FAMILIES: dict[str, Family] = {
    "RR": "ratio",
    "OR": "ratio",
    "PETO": "ratio",
    "ROM": "ratio",
    "IRR": "ratio",
    "HR": "ratio",
    "RD": "risk_difference",
    "MD": "difference",
    "SMD": "difference",
    "SMD1": "difference",
    "MC": "change",
    "SMCC": "change",
    "SMCR": "change",
    "PR": "proportion",
    "PLO": "proportion",
    "PAS": "proportion",
    "PFT": "proportion",
    "IR": "rate",
    "IRLN": "rate",
    "AS": "other",
}
"""Measures that are spoken of alike."""

STANDARDISED = frozenset({"SMD", "SMD1", "SMCC", "SMCR"})

RATIO_FRAMES = {
    "RR": "it was {x} times as frequent with the treatment as in the control groups",
    "OR": "the odds of it were {x} times those in the control groups",
    "PETO": "the odds of it were {x} times those in the control groups",
    "ROM": "the mean was {x} times that in the control groups",
    "IRR": "it occurred {x} times as often, per time of follow-up, as in the control groups",
    "HR": "the chance of it at any moment was {x} times that in the control groups",
}

NO_CAUSE = "Without a control group this cannot show that the treatment caused it."
NO_EVIDENCE = "This is missing evidence, not evidence that there is no effect."


@dataclass(frozen=True)
class Result:
    """What a reader is told of an analysis: the pooled result, or the only study."""

    display: Interval
    prediction: Interval | None
    study: StudyEffect | None  # the only study, when nothing was pooled


def shown_result(analysis: Analysis) -> Result | None:
    """Return the result that speaks for `analysis`: random effects, else common effect, else k = 1."""
    pooled = main_pooled(analysis)
    if analysis.status == "pooled" and pooled is not None:
        return Result(pooled.display, pooled.prediction_display, None)
    if analysis.status == "single_study" and analysis.studies:
        return Result(analysis.studies[0].effect, None, analysis.studies[0])
    return None


def main_pooled(analysis: Analysis) -> Pooled | None:
    """Return the pooled result that leads: random effects where there is one."""
    return analysis.random or analysis.common


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
        _includes_null(analysis, result.display),
        includes_mid(analysis, result.display),
        _spread(analysis, result, level),
        no_cause(analysis),
    ]
    return " ".join(part for part in parts if part)


def topic(analysis: Analysis) -> str:
    """Return what was measured and when: lay words, the label where it adds something, the time."""
    lay, label = analysis.outcome_lay, analysis.outcome_label
    new = [word for word in label.split() if _abbreviation(word) and word not in lay]
    what = f"{lay} ({label})" if new else lay
    return capital(f"{what}, {analysis.window_label}" if analysis.window_label else what)


def _abbreviation(word: str) -> bool:
    return sum(letter.isupper() or letter.isdigit() for letter in word) > 1


def no_cause(analysis: Analysis) -> str:
    """Return the warning that belongs to a result without a control group, else an empty text."""
    if analysis.comparison_kind == "before_after":
        return NO_CAUSE
    if analysis.comparison_kind == "single_group":
        return "Without a control group this says how often it was seen, not whether the treatment caused it."
    return ""


def _no_data(analysis: Analysis) -> str:
    parts = [f"{topic(analysis)}: no study gives numbers that can be used."]
    if analysis.status_reason:
        parts.append(capital(analysis.status_reason).rstrip(".") + ".")
    if analysis.excluded:
        studies = len({e.study_id for e in analysis.excluded})
        parts.append(
            f"{capital(count(studies, 'study', 'studies'))} might have contributed; the reasons why "
            f"not are listed."
        )
    return " ".join([*parts, NO_EVIDENCE])


def _not_pooled(analysis: Analysis) -> str:
    reason = (analysis.status_reason or "the numbers do not allow it").rstrip(".")
    parts = [_evidence(analysis), f"They were not pooled: {reason}."]
    effects = [s.effect.estimate for s in analysis.studies if s.effect.estimate is not None]
    if len(effects) > 1:
        reach = Interval(None, min(effects), max(effects))
        parts.append(f"The results of the single studies range from {span(analysis, reach)}.")
    return " ".join(part for part in [*parts, no_cause(analysis)] if part)


def _evidence(analysis: Analysis) -> str:
    groups = {
        "controlled": "treated against control",
        "before_after": "before and after the treatment, no control group",
        "single_group": "treated patients alone, no control group",
    }
    patients = f", {whole(analysis.n_patients)} patients" if analysis.n_patients else ""
    studies = count(analysis.k, "study", "studies")
    return f"{topic(analysis)}: {studies}{patients}, {groups[analysis.comparison_kind]}."


def _estimate(analysis: Analysis, result: Result, level: float) -> str:
    found = finding(analysis, result.display, level=level)
    if result.study is not None:
        return f"In this one study ({result.study.label}) {found}; one study is shown, not pooled."
    return f"Taken together, {found}."


def finding(analysis: Analysis, display: Interval, *, level: float = 95) -> str:
    """Return estimate and interval as a clause in lay units, without a full stop.

    Parameters
    ----------
    analysis : Analysis
        Gives measure and unit.
    display : Interval
        Estimate and interval on the display scale.
    level : float
        Level of the interval in percent.

    Returns
    -------
    str
        For example "the mean fell by 1.05 points (95% interval: a fall of 1.40 to a fall of 0.70)".
    """
    family = FAMILIES.get(analysis.measure, "other")
    value = _value(analysis, display.estimate, display)
    frames = {
        "ratio": RATIO_FRAMES.get(analysis.measure, "the ratio was {x}"),
        "risk_difference": "{x} in 100 had it with the treatment, compared with the control groups",
        "difference": "the mean was {x} with the treatment, compared with the control groups",
        "change": "the mean {x}",
        "proportion": "it was seen in {x} of 100 patients",
        "rate": "it occurred {x} times per {unit}",
        "other": "the effect ({label}) was {x}",
    }
    if family == "change":
        value = _changed(analysis, display)
    unit = (analysis.unit or "time of follow-up").replace("_", " ")
    return frames[family].format(x=value, unit=unit, label=analysis.measure_label) + _limits(
        analysis, display, level
    )


def _limits(analysis: Analysis, display: Interval, level: float) -> str:
    if display.lower is None or display.upper is None:
        return ""
    return f" ({level:g}% interval: {span(analysis, display)})"


def span(analysis: Analysis, display: Interval, *, joint: str = "to") -> str:
    """Return the two limits in lay units: "a fall of 1.48 to 1.12 points", "5 fewer to 29 more".

    Where both limits point the same way, direction and unit are said once.
    """
    low, high = display.lower, display.upper
    if low is None or high is None:
        return "not known"
    words = [_value(analysis, value, display) for value in (low, high)]
    if low * high > 0 and FAMILIES.get(analysis.measure) in ("change", "difference", "risk_difference"):
        small, large = sorted((low, high), key=abs)
        before, _, after = _value(analysis, large, display).partition(_bare(analysis, large, display))
        return f"{before}{_bare(analysis, small, display)} {joint} {_bare(analysis, large, display)}{after}"
    return f"{words[0]} {joint} {words[1]}"


def _bare(analysis: Analysis, value: float, display: Interval) -> str:
    """Return the size of a value as :func:`_value` prints it, without direction and unit."""
    if FAMILIES.get(analysis.measure) == "risk_difference":
        return percent(100 * abs(value))
    return number(abs(value), digits=common_places(display))


def _changed(analysis: Analysis, display: Interval) -> str:
    size = _amount(analysis, display.estimate, display)
    if not display.estimate:
        return "did not change"
    return f"{'fell' if display.estimate < 0 else 'rose'} by {size}"


def _value(analysis: Analysis, value: float | None, display: Interval) -> str:
    """One value with its direction in words, e.g. "0.50 points lower"."""
    family = FAMILIES.get(analysis.measure, "other")
    if value is None:
        return "an unknown value"
    if family == "proportion":
        return percent(value)
    if family == "risk_difference":
        return "none more or fewer" if value == 0 else f"{percent(100 * abs(value))} {_more(value)}"
    if family == "difference":
        return "the same" if value == 0 else f"{_amount(analysis, value, display)} {_higher(value)}"
    if family == "change":
        return "no change" if value == 0 else f"a {_rise(value)} of {_amount(analysis, value, display)}"
    return number(value, digits=common_places(display))


def _amount(analysis: Analysis, value: float | None, display: Interval) -> str:
    size = number(abs(value) if value is not None else None, digits=common_places(display))
    if analysis.measure in STANDARDISED:
        return f"{size} standard deviations"
    return f"{size} {analysis.unit}" if analysis.unit else size


def _more(value: float) -> str:
    return "more" if value > 0 else "fewer"


def _higher(value: float) -> str:
    return "higher" if value > 0 else "lower"


def _rise(value: float) -> str:
    return "rise" if value > 0 else "fall"


def null_word(analysis: Analysis) -> str:
    """Return what the null value means: "no change" within a group, "no difference" between groups."""
    return "no change" if analysis.comparison_kind == "before_after" else "no difference"


def includes(display: Interval | None, value: float | None) -> bool | None:
    """Return whether the interval holds `value`; None where the interval or value is unknown."""
    if display is None or display.lower is None or display.upper is None or value is None:
        return None
    return display.lower <= value <= display.upper


def side(analysis: Analysis, value: float) -> Literal["better", "worse"]:
    """Return whether `value` (display scale) lies on the better or the worse side of the null."""
    lower = value < (analysis.null or 0.0)
    return "better" if lower == (analysis.better == "lower") else "worse"


def _includes_null(analysis: Analysis, display: Interval) -> str:
    held = includes(display, analysis.null)
    if held is None or analysis.comparison_kind == "single_group" or display.lower is None:
        return ""
    if held:
        return (
            f"The interval includes {null_word(analysis)}: the data fit a better result, "
            f"{null_word(analysis)}, and a worse one."
        )
    return f"All values in the interval are on the side of a {side(analysis, display.lower)} result."


def includes_mid(analysis: Analysis, display: Interval) -> str:
    """Return how the interval lies to the minimal important difference; empty without one.

    Only for effects in the unit of the instrument (MD, MC): the difference is defined there.
    """
    if analysis.mid is None or analysis.measure not in ("MD", "MC"):
        return ""
    if display.lower is None or display.upper is None:
        return ""
    gains = sorted(v if analysis.better == "higher" else -v for v in (display.lower, display.upper))
    worst, best = gains
    mid = f"{number(analysis.mid)} {analysis.unit}" if analysis.unit else number(analysis.mid)
    noticed = f"the smallest difference that patients notice ({mid})"
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
        held = f", which includes {null_word(analysis)}" if includes(prediction, analysis.null) else ""
        return (
            f"In a new study of this kind the true value would be expected within the {level:g}% prediction "
            f"interval: {span(analysis, prediction)}{held}."
        )
    if analysis.k == 2:
        return "Two studies are too few to judge how much results differ from study to study."
    return ""
