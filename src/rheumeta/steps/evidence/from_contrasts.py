"""Effects that the source itself reports for a contrast of two arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rheumeta.steps.evidence import measures as m
from rheumeta.steps.evidence import reported_effects, summaries
from rheumeta.steps.evidence.attempts import Attempt, Candidate
from rheumeta.steps.evidence.model import Arm, Result
from rheumeta.steps.evidence.quantities import NotDerivable, Quantity
from rheumeta.steps.evidence.selection import disjoint_arms

NOT_AN_EFFECT = frozenset({"baseline", "percent_change"})
"""A contrast of these is no effect in the unit of the outcome."""


def from_contrast(attempt: Attempt, reasons: list[str]) -> Candidate | None:
    """Return the effect that the source itself reports for the two sides, if it does.

    The same rules hold as for groups: arms that share no patients, no arm chosen by its result.
    """
    built: dict[tuple[str, str], m.Built] = {}
    for row in _contrasts(attempt):
        one, two = attempt.arm(row.arm_id), attempt.arm(str(row.comparator_id))
        try:
            effect = reported_effects.from_row(attempt.context.measure, row, _sizes(attempt, one, two))
        except NotDerivable as error:
            reasons.append(str(error))
        else:
            built.setdefault((one.arm_id, two.arm_id), effect)
    if not built:
        return None
    try:
        return _one_contrast(attempt, built)
    except NotDerivable as error:
        reasons.append(str(error))
        return None


def _one_contrast(attempt: Attempt, built: Mapping[tuple[str, str], m.Built]) -> Candidate:
    ones = _disjoint(attempt, attempt.found.experimental, {one for one, _ in built}, "treated group")
    if len(ones) > 1:
        raise NotDerivable(
            "several arms have a reported effect against one control: without their numbers they cannot "
            "be combined"
        )
    one = ones[0]
    twos = _disjoint(
        attempt, attempt.found.control, {two for o, two in built if o == one.arm_id}, "control group"
    )
    if (one.kind == "subgroup") != (twos[0].kind == "subgroup"):
        raise NotDerivable("only a subgroup of one side is reported")
    silent = [a for a in attempt.uncovered(attempt.found.experimental, ones) if _speaks(attempt, a)]
    if silent:
        names = ", ".join(a.label for a in silent)
        raise NotDerivable(f"treated group: the arm {names} reports the outcome but no usable number")
    return attempt.candidate((one,), (twos[0],), built[one.arm_id, twos[0].arm_id])


def _disjoint(attempt: Attempt, arms: Sequence[Arm], ids: set[str], side: str) -> tuple[Arm, ...]:
    chosen, reason = disjoint_arms(
        arms,
        lambda a: a.arm_id in ids,
        attempt.context.evidence,
        allow_subgroups=attempt.context.allow_subgroups,
    )
    if not chosen:
        raise NotDerivable(f"{side}: {reason}")
    return chosen


def _contrasts(attempt: Attempt) -> list[Result]:
    """Return the rows that compare an experimental with a control arm at this time, best source first."""
    ones, twos = ({a.arm_id for a in side} for side in (attempt.found.experimental, attempt.found.control))
    return [
        r
        for r in summaries.ranked(attempt.context.evidence.results)
        if (r.study_id, r.outcome, r.weeks) == (attempt.study_id, attempt.code, attempt.weeks)
        and r.arm_id in ones
        and r.comparator_id in twos
        and r.timing not in NOT_AN_EFFECT
    ]


def _speaks(attempt: Attempt, arm: Arm) -> bool:
    """Tell whether any row at this time is about an arm."""
    return bool(attempt.at_time(arm)) or any(r.arm_id == arm.arm_id for r in _contrasts(attempt))


def _sizes(attempt: Attempt, one: Arm, two: Arm) -> tuple[Quantity, Quantity] | None:
    """Return the patients in both groups as rows about this outcome and time give them."""
    try:
        return summaries.size(attempt.at_time(one)), summaries.size(attempt.at_time(two))
    except NotDerivable:
        return None
