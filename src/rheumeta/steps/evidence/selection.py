"""Which arms, times and studies enter an analysis, decided from the arms and studies sheets.

The rules that keep a synthesis honest live here: an arm that got the treatment is never a control,
an arm and a part of it never enter together, a cohort enters once, and every choice has a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rheumeta.steps.evidence.model import Arm, Evidence, Result
from rheumeta.tables.protocol import ArmRule, Comparison, Window

CLOSE = 1e-9
"""Weeks closer than this are the same time."""


@dataclass(frozen=True)
class Sides:
    """The arms of a study that may stand on each side of a comparison."""

    experimental: tuple[Arm, ...]
    control: tuple[Arm, ...]


def matches(arm: Arm, rule: ArmRule) -> bool:
    """Tell whether an arm has all that a rule demands and nothing that it forbids."""
    if "mixed" in arm.interventions:
        return False
    return set(rule.having) <= arm.interventions and not set(rule.lacking) & arm.interventions


def sides(evidence: Evidence, study_id: str, comparison: Comparison) -> Sides:
    """Sort the arms of a study into experimental and control arms of a comparison.

    Unless the comparison is declared as an add-on, an arm that got any intervention that defines
    the experimental side cannot be a control, whatever the protocol's control rule says.
    """
    arms = evidence.arms_of(study_id)
    experimental = tuple(a for a in arms if matches(a, comparison.experimental))
    if comparison.control is None:
        return Sides(experimental, ())
    tested = set(comparison.experimental.having)
    control = tuple(
        a
        for a in arms
        if matches(a, comparison.control)
        and a not in experimental
        and (comparison.add_on or not tested & a.interventions)
    )
    return Sides(experimental, control)


def why_not_comparable(evidence: Evidence, study_id: str, comparison: Comparison, found: Sides) -> str | None:
    """Say why a study cannot enter a comparison by its design or arms; None if it can."""
    study = evidence.studies[study_id]
    if not found.experimental:
        return "no arm got the treatment of this comparison"
    if comparison.designs is not None and study.design_class not in comparison.designs:
        taken = " or ".join(comparison.designs).replace("_", " ")
        return f"design is {study.design_class.replace('_', ' ')}; the comparison takes {taken}"
    if comparison.control is None or found.control:
        return None
    arms = [a for a in evidence.arms_of(study_id) if a.kind == "arm"]
    tested = set(comparison.experimental.having)
    if len(arms) > 1 and all(tested & a.interventions for a in arms):
        alike = len({a.interventions for a in arms}) == 1
        what = "compares forms of it" if alike else "tests an add-on"
        return f"every arm got the treatment: the study {what} and has no control without it"
    return "no control group"


def in_window(result: Result, window: Window | None) -> bool:
    """Tell whether a result counts in a follow-up window."""
    if window is None:
        return True
    if result.weeks is None:
        return window.no_time
    return window.start - CLOSE <= result.weeks <= window.end + CLOSE


def order_times(times: Iterable[float | None], window: Window | None) -> list[float | None]:
    """Order follow-up times by the window's rule, the one to use first; no stated time comes last."""
    found = set(times)
    known: list[float] = sorted(t for t in found if t is not None)
    rule = window.choose if window is not None else "latest"
    if rule == "latest":
        known.reverse()
    elif rule == "closest":
        target = window.target if window is not None else 0.0
        known.sort(key=lambda t: (abs(t - target), -t))
    return [*known, None] if None in found else [*known]


def ancestors(arm: Arm, evidence: Evidence) -> set[str]:
    """Return the ids of all arms that contain the patients of an arm."""
    found: set[str] = set()
    parent = arm.part_of
    while parent is not None:
        found.add(parent)
        parent = evidence.arms[arm.study_id, parent].part_of
    return found


def disjoint_arms(
    arms: Sequence[Arm], has_data: Callable[[Arm], bool], evidence: Evidence, *, allow_subgroups: bool
) -> tuple[tuple[Arm, ...], str | None]:
    """Choose arms with data that share no patients.

    Arms as allocated are preferred to a pooled group where all of its arms have data; otherwise
    the pooled group speaks for them. A subgroup enters only if allowed and if nothing else can.

    Returns
    -------
    arms : tuple of Arm
        The arms to use; empty if none.
    reason : str or None
        Why there are none.
    """
    usable = [a for a in arms if has_data(a)]
    whole = [a for a in usable if a.kind != "subgroup"]
    for pooled in [a for a in whole if a.kind == "pooled"]:
        parts = [a for a in arms if a.part_of == pooled.arm_id and a.kind != "subgroup"]
        complete = bool(parts) and all(a in whole for a in parts)
        drop = (
            {pooled.arm_id}
            if complete
            else {a.arm_id for a in whole if pooled.arm_id in ancestors(a, evidence)}
        )
        whole = [a for a in whole if a.arm_id not in drop]
    ids = {a.arm_id for a in whole}
    whole = [a for a in whole if not ancestors(a, evidence) & ids]
    if whole:
        return tuple(whole), None
    subgroups = [a for a in usable if a.kind == "subgroup"]
    if not subgroups:
        return (), "no usable number for the outcome in the window"
    if not allow_subgroups:
        return (), "only a subgroup of the patients is reported"
    kept: dict[str, Arm] = {}
    for arm in subgroups:  # two subgroups of one arm may overlap: the first of the sheet stands
        kept.setdefault(whole_arm(arm, evidence), arm)
    return tuple(kept.values()), None


def whole_arm(arm: Arm, evidence: Evidence) -> str:
    """Return the id of the nearest group as allocated or pooled that holds an arm, itself if it is one."""
    while arm.kind == "subgroup" and arm.part_of is not None:
        arm = evidence.arms[arm.study_id, arm.part_of]
    return arm.arm_id
