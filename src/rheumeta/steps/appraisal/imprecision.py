"""Imprecision by the interval and the optimal information size.

Guyatt 2011, J Clin Epidemiol 64, 1283 (GRADE guidelines 6), and Zeng 2022, J Clin Epidemiol 150,
216 (guidance 34): the interval against thresholds first, then the information size, however large the effect:
both ask for it where an interval that crosses no threshold belongs to a large effect.
"""

from __future__ import annotations

from dataclasses import dataclass

from rheumeta.appraised import STEPS, DomainJudgement
from rheumeta.pages.findings import null_value
from rheumeta.pages.numbers import capital, number
from rheumeta.pages.thresholds import IN_OWN_UNIT, thresholds
from rheumeta.pages.words import includes, shown_result
from rheumeta.records import Analysis, Interval
from rheumeta.stats import information_size
from rheumeta.steps.appraisal.material import size

RELATIVE_CHANGE = 0.25
"""Relative improvement of a risk that a conventional trial would be made to find (Guyatt 2011)."""

FEWEST_PATIENTS = 400.0
"""Information size for a continuous outcome without a minimal important difference (Guyatt 2011)."""

FEWEST_EVENTS = 300.0
"""Information size for events where no assumed risk gives a better one (GRADE Handbook 2013, 5.2.4.2)."""

FAR_LESS = 0.3
"""Share of the information size below which it is missed by far; Zeng 2022 gives the principle, the
number is this project's."""

WORDS = ("not_serious", "serious", "very_serious")


@dataclass(frozen=True)
class Information:
    """What a synthesis has and what one adequate trial would need."""

    has: float
    needs: float
    of: str  # "patients" or "events"
    basis: str

    @property
    def held(self) -> str:
        """What the synthesis has, in words: "1 event", "53 patients"."""
        return f"{self.has:.0f} {self.of.removesuffix('s') if round(self.has) == 1 else self.of}"


def imprecision(analysis: Analysis, assumed: float | None) -> DomainJudgement:
    """Judge how precise the result of an analysis is.

    Parameters
    ----------
    analysis : Analysis
        With a result to show.
    assumed : float or None
        Risk without treatment, for the information size of events.
    """
    result = shown_result(analysis)
    interval = result.display if result else Interval()
    if interval.lower is None or interval.upper is None:
        return DomainJudgement("imprecision", "serious", -1, "There is no interval to judge by")
    steps, reasons = _by_interval(analysis, interval)
    information = information_of(analysis, assumed)
    by_size = False
    if information is not None:
        short = _shortage(information)
        if steps == 0 and short:
            steps, by_size = short, True
            if not reasons and analysis.null is not None:
                reasons.append(f"the interval lies clear of {null_value(analysis)}")
        if short:
            reasons.append(
                f"{information.held}, where one adequate trial would need "
                f"{information.needs:.0f} ({information.basis})"
            )
    judgement = WORDS[min(steps, 2)]
    reason = capital("; ".join(reasons) or "the interval crosses no threshold and the patients suffice")
    return DomainJudgement("imprecision", judgement, STEPS[judgement], reason, by_size=by_size)


def _by_interval(analysis: Analysis, interval: Interval) -> tuple[int, list[str]]:
    """Return how many levels the interval alone costs, and why.

    A minimal important difference is a threshold of its own; an appreciable ratio counts only
    beside no effect (Guyatt 2011: "includes no effect and appreciable benefit or harm").
    """
    null_in = includes(interval, analysis.null)
    values, what = thresholds(analysis)
    inside = [v for v in values if includes(interval, v)]
    reasons = []
    if null_in:
        reasons.append(f"the interval includes {null_value(analysis)}")
    own_unit = analysis.measure in IN_OWN_UNIT and bool(values)
    if inside and (null_in or own_unit):
        listed = " and ".join(number(v) for v in inside)
        reasons.append(
            f"it includes {what} ({listed})" if reasons else f"the interval includes {what} ({listed})"
        )
        return len(inside), reasons
    if null_in and not values:
        return 1, reasons
    if values and values[0] < (interval.lower or 0) and (interval.upper or 0) < values[1]:
        reasons.append(f"all of the interval is smaller than {what}")
    return 0, reasons


def _shortage(information: Information) -> int:
    if information.has >= information.needs:
        return 0
    return 2 if information.has < FAR_LESS * information.needs else 1


def information_of(analysis: Analysis, assumed: float | None) -> Information | None:
    """Return the information that an analysis has and needs; None where no rule gives it."""
    has = sum(size(s) for s in analysis.studies)
    if analysis.null is None:
        events = sum(s.events1 or 0 for s in analysis.studies)
        return Information(events, FEWEST_EVENTS, "events", "rule of thumb")
    if all(s.events1 is not None for s in analysis.studies):
        if assumed is None or not 0 < assumed < 1:
            events = sum((s.events1 or 0) + (s.events2 or 0) for s in analysis.studies)
            return Information(events, FEWEST_EVENTS, "events", "rule of thumb")
        better = RELATIVE_CHANGE if analysis.better == "higher" else -RELATIVE_CHANGE
        needs = information_size.two_proportions(assumed, min(1.0, assumed * (1 + better)))
        more = "more" if better > 0 else "fewer"
        basis = f"to find a quarter {more} than {1000 * assumed:.0f} in 1000; power 80%"
        return Information(has, needs, "patients", basis)
    return _of_means(analysis, has)


def _of_means(analysis: Analysis, has: float) -> Information | None:
    if any(s.n1 is None for s in analysis.studies):
        return None
    spread = _spread(analysis)
    if analysis.measure not in IN_OWN_UNIT or analysis.mid is None or spread is None:
        return Information(has, FEWEST_PATIENTS, "patients", "rule of thumb")
    find = information_size.one_mean if analysis.measure == "MC" else information_size.two_means
    basis = f"to find the minimal important difference of {number(analysis.mid)}; power 80%"
    return Information(has, find(analysis.mid, spread), "patients", basis)


def _spread(analysis: Analysis) -> float | None:
    """Return the standard deviation between patients, pooled over the studies.

    Of changes, it follows from the variance of the mean; else the two groups' are pooled.
    """
    if analysis.measure == "MC":
        parts = [(s.n1 or 0, s.vi * (s.n1 or 0)) for s in analysis.studies]
    else:
        groups = [g for s in analysis.studies for g in ((s.n1, s.sd1), (s.n2, s.sd2))]
        parts = [(n, sd**2) for n, sd in groups if n is not None and sd is not None]
    freedom = sum(n - 1 for n, _ in parts)
    if freedom <= 0:
        return None
    variance = sum((n - 1) * v for n, v in parts) / freedom
    return float(variance**0.5) if variance > 0 else None
