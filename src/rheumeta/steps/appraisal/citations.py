"""Whether a study that a claim cites fits the claim: its arms, its comparison, its outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rheumeta.appraised import Citation
from rheumeta.pages.numbers import uncapital
from rheumeta.steps.appraisal.material import Material
from rheumeta.steps.evidence.model import Arm
from rheumeta.steps.evidence.selection import matches, sides, why_not_comparable

Limits = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Scope:
    """What a study must have for a claim to be tested in it.

    Attributes
    ----------
    outcomes, comparisons : tuple of str
        Ids of the protocol: what the claim is about, and what would test it.
    concept : str
        What the claim says was changed, if that is to be compared with what the outcomes measure.
    limits : mapping of str to sequence of str
        Moderators of arms and the codes that the claim is about.
    """

    outcomes: tuple[str, ...]
    concept: str
    comparisons: tuple[str, ...]
    limits: Limits


def citation(study_id: str, material: Material, scope: Scope) -> Citation:
    """Compare a cited study with the claim that cites it: what does not match, and what the sheets do not say."""
    mismatches, unknown = _arms(study_id, material, scope.comparisons, scope.limits)
    design = _design(study_id, material, scope.comparisons)
    mismatches += [design] if design else []
    mismatches += concept_missed(scope, material)
    wrong, unread = _outcomes(study_id, material, scope.outcomes)
    label = material.evidence.label(study_id)
    return Citation(study_id, label, tuple(mismatches + wrong), tuple(unknown + unread))


def fits(moderators: Mapping[str, str], limits: Limits) -> bool:
    """Tell whether an arm is one that a claim is about; what is not stated does not fit."""
    return all(moderators.get(name) in allowed for name, allowed in limits.items())


def _treated(study_id: str, material: Material, comparisons: Sequence[str]) -> list[Arm]:
    rules = [material.protocol.comparisons[c].experimental for c in comparisons]
    return [a for a in material.evidence.arms_of(study_id) if any(matches(a, rule) for rule in rules)]


def _arms(
    study_id: str, material: Material, comparisons: Sequence[str], limits: Limits
) -> tuple[list[str], list[str]]:
    treated = _treated(study_id, material, comparisons)
    mismatches, unknown = [], []
    for name, allowed in limits.items():
        moderator = material.protocol.moderators[name]
        names = moderator.choices or {}
        given = {a.moderators[name] for a in treated if a.moderators.get(name)}
        what = uncapital(moderator.label)
        if treated and not given:
            unknown.append(f"{what} not stated")
        elif given and not given & set(allowed):
            wanted = " or ".join(uncapital(names.get(v, v)) for v in allowed)
            had = " and ".join(uncapital(names.get(v, v)) for v in sorted(given))
            mismatches.append(f"{what}: the claim is about “{wanted}”, the study had “{had}”")
    return mismatches, unknown


def _design(study_id: str, material: Material, comparisons: Sequence[str]) -> str | None:
    """Return why no comparison that would test the claim can be made in the study; None if one can."""
    reasons = []
    for name in comparisons:
        comparison = material.protocol.comparisons[name]
        found = sides(material.evidence, study_id, comparison)
        reason = why_not_comparable(material.evidence, study_id, comparison, found)
        if reason is None:
            return None
        reasons.append(reason)
    return reasons[0] if reasons else None


def concept_missed(scope: Scope, material: Material) -> list[str]:
    """Say what the outcomes measure, if the protocol says so of all and of none what the claim is about."""
    measured = [material.protocol.outcomes[name] for name in scope.outcomes]
    if not (scope.concept and measured) or any(o.concept in (None, scope.concept) for o in measured):
        return []
    words = " and ".join(f"{o.label} measures {o.concept}" for o in measured)
    return [f"outcome: the claim is about {scope.concept}; {words}"]


def _outcomes(study_id: str, material: Material, outcomes: Sequence[str]) -> tuple[list[str], list[str]]:
    read = {r.outcome for r in material.evidence.results if r.study_id == study_id}
    absent: list[str] = []
    unread: list[str] = []
    for name in outcomes:
        outcome = material.protocol.outcomes[name]
        if not read & set(outcome.codes):
            (unread if material.awaited(study_id, name) else absent).append(outcome.label)
    if outcomes and len(absent) == len(outcomes):
        return [f"outcome: what was read of it has nothing on {' or '.join(absent)}"], []
    notes = [f"nothing read of it on {' or '.join(absent)}"] if absent else []
    notes += [f"its result on {' and '.join(unread)} is awaited"] if unread else []
    return [], notes
