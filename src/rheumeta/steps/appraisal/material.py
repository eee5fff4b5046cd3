"""What appraisal works on, and small facts about it that several of its parts need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rheumeta.pages.words import leading_weights
from rheumeta.records import Analysis, StudyEffect, Synthesis
from rheumeta.steps.evidence.model import Arm, Evidence
from rheumeta.steps.evidence.selection import Sides, sides, why_not_comparable
from rheumeta.tables.protocol import Comparison, Protocol

Row = Mapping[str, str]

LEADING_NUMBER = re.compile(r"\s*(\d+)\b")


@dataclass(frozen=True)
class Material:
    """Everything that appraisal reads."""

    protocol: Protocol
    synthesis: Synthesis
    evidence: Evidence
    sheets: Mapping[str, Sequence[Row]]  # validated sheets as text, by name

    def study_row(self, study_id: str) -> Row:
        """Return the row of a study in the sheet 'studies'."""
        return next((r for r in self.sheets["studies"] if r["study_id"] == study_id), {})

    def arm_row(self, study_id: str, arm_id: str) -> Row:
        """Return the row of an arm in the sheet 'arms'."""
        rows = self.sheets["arms"]
        return next((r for r in rows if (r["study_id"], r["arm_id"]) == (study_id, arm_id)), {})

    def awaited(self, study_id: str, outcome: str) -> list[Row]:
        """Return what is awaited of a study for an outcome of the protocol."""
        names = {outcome, "all", *self.protocol.outcomes[outcome].codes}
        return [r for r in self.sheets["awaited"] if r["study_id"] == study_id and r["outcome"] in names]


def eligible(material: Material, comparison: Comparison) -> dict[str, Sides]:
    """Return the studies whose design and arms suit a comparison, with the arms of both sides."""
    found = {}
    for study_id in material.evidence.studies:
        both = sides(material.evidence, study_id, comparison)
        if why_not_comparable(material.evidence, study_id, comparison, both) is None:
            found[study_id] = both
    return found


def patients(material: Material, study_id: str, both: Sides) -> tuple[float | None, str | None]:
    """Return how many patients a study has on the sides of a comparison, and where the number is from.

    The arms sheet counts if it gives the size of every group; else the number with which the study's
    own cell begins ("10 of 20 planned" is 10), which may hold other arms too.
    """
    arms = [a for a in (*both.experimental, *both.control) if a.kind != "subgroup"]
    ids = {a.arm_id for a in arms}
    sizes = [_arm_size(material, a, arms) for a in arms if a.part_of not in ids]
    known = [n for n in sizes if n is not None]
    if sizes and len(known) == len(sizes):
        return sum(known), "arms"
    for column in ("n_randomised", "n_analysed"):
        match = LEADING_NUMBER.match(material.study_row(study_id).get(column, ""))
        if match and int(match[1]) > 0:
            return float(match[1]), column
    return None, None


def _arm_size(material: Material, arm: Arm, arms: Sequence[Arm]) -> float | None:
    """Return the patients of a group: its own number, else the sum over its parts."""
    row = material.arm_row(arm.study_id, arm.arm_id)
    text = row.get("n_allocated") or row.get("n_analysed")
    if text:
        return float(text)
    parts = [_arm_size(material, a, arms) for a in arms if a.part_of == arm.arm_id]
    known = [n for n in parts if n is not None]
    return sum(known) if parts and len(known) == len(parts) else None


def size(study: StudyEffect) -> float:
    """Return the patients of a study in an analysis."""
    return (study.n1 or 0.0) + (study.n2 or 0.0)


def shares(analysis: Analysis) -> list[float]:
    """Return how much each study counts, as fractions that sum to 1: its weight, else its patients."""
    weights = leading_weights(analysis)
    known = [w for w in weights if w is not None]
    counts = known if len(known) == len(weights) else [size(s) for s in analysis.studies]
    total = sum(counts)
    return [c / total if total else 1 / len(counts) for c in counts]


def share_with(analysis: Analysis, flags: Iterable[str]) -> float:
    """Return the share of an analysis that carries one of some flags."""
    wanted = set(flags)
    return sum(w for s, w in zip(analysis.studies, shares(analysis), strict=True) if wanted & set(s.flags))


def percent_words(share: float) -> str:
    """Return a share as "38%"."""
    return f"{100 * share:.0f}%"
