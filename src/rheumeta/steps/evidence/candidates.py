"""What each study contributes to one analysis: its effect sizes, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rheumeta.steps.evidence import measures as m
from rheumeta.steps.evidence.attempts import Attempt, Candidate, Context
from rheumeta.steps.evidence.from_contrasts import from_contrast
from rheumeta.steps.evidence.from_groups import from_groups
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.quantities import NotDerivable, number
from rheumeta.steps.evidence.selection import Sides, in_window, order_times, sides, why_not_comparable


def contributions(context: Context, study_id: str) -> list[Candidate] | None:
    """Return what a study contributes; None if the analysis is not about it.

    Raises
    ------
    NotDerivable
        If the study reports on the outcome in the window but cannot enter; with the reason.
    """
    rows = [
        r
        for r in context.evidence.results
        if r.study_id == study_id and r.outcome in context.outcome.codes and r.timing != "baseline"
    ]
    found = sides(context.evidence, study_id, context.comparison)
    arms = {a.arm_id for a in (*found.experimental, *found.control)}
    inside = [r for r in rows if in_window(r, context.window) and r.arm_id in arms]
    if not inside or not found.experimental:
        return None
    reason = why_not_comparable(context.evidence, study_id, context.comparison, found)
    if reason is not None:
        raise NotDerivable(reason)
    return _first_that_works(context, study_id, found, inside)


def _first_that_works(
    context: Context, study_id: str, found: Sides, inside: Sequence[Result]
) -> list[Candidate]:
    reasons: list[str] = []
    for code in context.outcome.codes:
        of_code = [r for r in inside if r.outcome == code]
        for weeks in order_times((r.weeks for r in of_code), context.window):
            attempt = Attempt(context, study_id, found, code, weeks)
            try:
                return _candidates(attempt)
            except NotDerivable as error:
                reasons.append(str(error))
    raise NotDerivable("; ".join(dict.fromkeys(reasons)))


def _candidates(attempt: Attempt) -> list[Candidate]:
    built, reasons = from_groups(attempt)
    contrast = from_contrast(attempt, reasons)
    if not built:
        if contrast is None:
            raise NotDerivable("; ".join(dict.fromkeys(reasons)))
        built = [contrast]
    elif contrast is not None:
        built = [_compared(candidate, contrast) for candidate in built]
    return _with_silent_arms(attempt, built)


def _with_silent_arms(attempt: Attempt, built: list[Candidate]) -> list[Candidate]:
    """Flag all effects of a study where a sibling arm on either side reports nothing in the window."""
    sides_used = (
        (attempt.found.experimental, [a for c in built for a in c.experimental]),
        (attempt.found.control, [a for c in built for a in c.control]),
    )
    if any(a.kind == "subgroup" for _, used in sides_used for a in used):
        return built
    silent = [a for all_, used in sides_used for a in attempt.uncovered(all_, used) if not attempt.reports(a)]
    if not silent:
        return built
    return [replace(c, built=replace(c.built, flags=c.built.flags | {"arm_not_reported"})) for c in built]


def _compared(computed: Candidate, contrast: Candidate) -> Candidate:
    """Set the effect computed from the groups beside the one that the source reports for the same arms.

    Adjusted and unadjusted effects differ a little for good reasons, so the yardstick here is not
    rounding but half a standard error.
    """
    if (computed.experimental, computed.control) != (contrast.experimental, contrast.control):
        return computed
    own, other = computed.built, contrast.built
    ids = tuple(i for i in other.result_ids if i not in own.result_ids)
    if abs(own.yi - other.yi) <= m.REPORTED_EFFECT_TOLERANCE * own.vi**0.5:
        return replace(computed, built=replace(own, confirmed_by=(*own.confirmed_by, *ids)))
    last = own.steps[-1]
    text = f"the source reports {number(other.yi)} on this scale ({', '.join(other.result_ids)})"
    last = replace(last, assumption="; ".join(t for t in (last.assumption, text) if t))
    built = replace(own, flags=own.flags | {"routes_disagree"}, steps=(*own.steps[:-1], last))
    return replace(computed, built=built)
