"""Effects from the numbers of the groups themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from rheumeta.steps.evidence import measures as m
from rheumeta.steps.evidence import summaries
from rheumeta.steps.evidence.attempts import Attempt, Candidate
from rheumeta.steps.evidence.model import Arm
from rheumeta.steps.evidence.quantities import NotDerivable
from rheumeta.steps.evidence.selection import disjoint_arms
from rheumeta.steps.evidence.summaries import Counts, Moments
from rheumeta.tables.measures import (
    CHANGE_MEASURES,
    MEANS_MEASURES,
    PROPORTION_MEASURES,
    RATE_MEASURES,
    TABLE_MEASURES,
)

BASES = ("change as reported", "final values", "change from baseline and final values")
"""For two groups' means, in order: what the difference is taken of."""
RATIO_BASES = ("final values",)
"""A ratio is taken of values: a ratio of changes has no direction."""

Group = Counts | Moments
Summary = Callable[[Arm], Group]


def from_groups(attempt: Attempt) -> tuple[list[Candidate], list[str]]:
    """Return the effects that the groups' numbers give by the first way that works, else the reasons."""
    reasons: list[str] = []
    for summary in _summaries(attempt):
        try:
            return _with(attempt, summary), []
        except NotDerivable as error:
            reasons.append(str(error))
    return [], reasons or [f"{attempt.context.measure} is taken from a reported effect with its interval"]


def _with(attempt: Attempt, summary: Summary) -> list[Candidate]:
    one = _arms(attempt, attempt.found.experimental, summary, "treated group")
    if attempt.context.comparison.control is None:
        return [_single(attempt, one, summary)]
    two = _arms(attempt, attempt.found.control, summary, "control group")
    if (one[0].kind == "subgroup") != (two[0].kind == "subgroup"):
        raise NotDerivable("only a subgroup of one side is reported")
    if attempt.context.defaults.shared_control == "split" and len(one) > 1:
        return [_pair(attempt, (arm,), two, summary, len(one)) for arm in one]
    return [_pair(attempt, one, two, summary, 1)]


def _arms(attempt: Attempt, arms: Sequence[Arm], summary: Summary, side: str) -> tuple[Arm, ...]:
    failures: list[str] = []

    def has_data(arm: Arm) -> bool:
        if not attempt.at_time(arm):
            return False
        try:
            summary(arm)
        except NotDerivable as error:
            failures.append(str(error))
            return False
        return True

    chosen, reason = disjoint_arms(
        arms, has_data, attempt.context.evidence, allow_subgroups=attempt.context.allow_subgroups
    )
    if not chosen:
        detail = "; ".join(dict.fromkeys(failures)) or reason
        raise NotDerivable(f"{side}: {detail}")
    left_out = [a for a in attempt.uncovered(arms, chosen) if attempt.at_time(a)]
    if left_out:  # using the arms that happen to be usable would choose patients by their result
        names = ", ".join(a.label for a in left_out)
        detail = "; ".join(dict.fromkeys(failures))
        raise NotDerivable(f"{side}: the arm {names} reports the outcome but no usable number ({detail})")
    return chosen


def _single(attempt: Attempt, arms: tuple[Arm, ...], summary: Summary) -> Candidate:
    context = attempt.context
    group = _combined([summary(a) for a in arms])
    if context.measure in PROPORTION_MEASURES:
        built = m.from_proportion(context.measure, _counts(group), context.defaults)
    elif context.measure in RATE_MEASURES:
        built = m.from_rates(context.measure, _counts(group), None, context.defaults)
    elif context.measure == "SMCR":
        built = _smcr(attempt, arms)
    else:
        built = m.from_change(context.measure, _moments(group), context.defaults)
    return attempt.candidate(arms, (), built, getattr(group, "basis", ""))


def _smcr(attempt: Attempt, arms: tuple[Arm, ...]) -> m.Built:
    if len(arms) > 1:
        raise NotDerivable("the baseline SD of several arms together is not defined here")
    settings = attempt.context.settings(attempt.code)
    before = summaries.moments(attempt.baseline(arms[0]), settings, "baseline value")
    final = [r for r in attempt.at_time(arms[0]) if r.timing == "final"]
    after = summaries.moments(final, settings, "final value")
    return m.from_two_times(before, after, settings.correlation, attempt.context.defaults)


def _pair(
    attempt: Attempt, one: tuple[Arm, ...], two: tuple[Arm, ...], summary: Summary, parts: int
) -> Candidate:
    context = attempt.context
    left, right = _combined([summary(a) for a in one]), _combined([summary(a) for a in two])
    right = summaries.shared(right, parts)
    if context.measure in TABLE_MEASURES:
        built = m.from_table(context.measure, _counts(left), _counts(right), context.defaults)
    elif context.measure == "IRR":
        built = m.from_rates("IRR", _counts(left), _counts(right), context.defaults)
    else:
        built = m.from_means(context.measure, _moments(left), _moments(right), context.defaults)
    return attempt.candidate(one, two, built, getattr(left, "basis", ""))


def _summaries(attempt: Attempt) -> list[Summary]:
    """Return the ways to summarise an arm, in order; all arms of an effect use the same."""
    measure, settings = attempt.context.measure, attempt.context.settings(attempt.code)
    if measure in TABLE_MEASURES | PROPORTION_MEASURES:
        return [lambda arm: summaries.counts(attempt.at_time(arm))]
    if measure in RATE_MEASURES | {"IRR"}:
        return [lambda arm: summaries.rate_counts(attempt.at_time(arm))]
    if measure in CHANGE_MEASURES:
        return [lambda arm: summaries.change(attempt.at_time(arm), attempt.baseline(arm), settings)]
    if measure in MEANS_MEASURES:
        bases = RATIO_BASES if measure == "ROM" else BASES
        return [partial(_by_basis, attempt, basis) for basis in bases]
    return []


def _by_basis(attempt: Attempt, basis: str, arm: Arm) -> Moments:
    settings, rows = attempt.context.settings(attempt.code), attempt.at_time(arm)
    if basis == BASES[0]:
        return summaries.moments([r for r in rows if r.timing == "change"], settings, basis)
    if basis == BASES[1]:
        return summaries.moments([r for r in rows if r.timing == "final"], settings, basis)
    return summaries.change_from_two(rows, attempt.baseline(arm), settings)


def _combined(groups: Sequence[Group]) -> Group:
    if isinstance(groups[0], Counts):
        return summaries.combine_counts([_counts(g) for g in groups])
    return summaries.combine_moments([_moments(g) for g in groups])


def _counts(group: Group) -> Counts:
    return cast(Counts, group)  # the measure decides what the summaries return


def _moments(group: Group) -> Moments:
    return cast(Moments, group)
