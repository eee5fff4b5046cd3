"""Where every row of the results sheet went: nothing is dropped in silence."""

from __future__ import annotations

from rheumeta.records import Synthesis
from rheumeta.steps.model import Evidence, Result

DIRECTIONS = "effect direction"


def account(synthesis: Synthesis, evidence: Evidence) -> list[dict[str, object]]:
    """Return one row per reported result: the analyses that use it, or why none does."""
    used: dict[str, list[str]] = {}
    reasons: dict[str, list[str]] = {}
    for analysis in synthesis.analyses:
        for study in analysis.studies:
            for result_id in (*study.result_ids, *study.confirmed_by):
                used.setdefault(result_id, []).append(analysis.id)
        for item in analysis.excluded:
            for result_id in item.result_ids:
                reasons.setdefault(result_id, []).append(item.reason)
    for row in synthesis.directions:
        if DIRECTIONS not in used.setdefault(row.result_id, []):
            used[row.result_id].append(DIRECTIONS)
    return [_row(result, used, reasons, evidence) for result in evidence.results]


def _row(
    result: Result, used: dict[str, list[str]], reasons: dict[str, list[str]], evidence: Evidence
) -> dict[str, object]:
    where = list(dict.fromkeys(used.get(result.result_id, ())))
    why = (
        ""
        if where
        else "; ".join(dict.fromkeys(reasons.get(result.result_id, ()))) or _general(result, evidence)
    )
    return {
        "result_id": result.result_id,
        "study_id": result.study_id,
        "arm_id": result.arm_id,
        "outcome": result.outcome,
        "weeks": result.weeks,
        "used_in": where,
        "not_used_reason": why,
    }


def _general(result: Result, evidence: Evidence) -> str:
    """Say why a row that no analysis mentions was not used."""
    if result.timing == "baseline":
        return "a baseline value; no follow-up value of this group needs it"
    arm = evidence.arms[result.study_id, result.arm_id]
    if "mixed" in arm.interventions:
        return "a group that holds treated and control patients together"
    if arm.kind == "subgroup":
        return "only some patients of the group; the whole group is reported or is required"
    if result.weeks is None:
        return "the time is not stated, and no analysis of the outcome takes results without one"
    return "no analysis of the protocol asks for this outcome, time and kind of number"
