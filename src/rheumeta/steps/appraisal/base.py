"""How many randomised studies against a control group there are, and how many have a result."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from rheumeta.appraised import EvidenceBase, Trial
from rheumeta.steps.appraisal.material import Material, eligible, patients
from rheumeta.steps.evidence.selection import Sides


def evidence_base(material: Material) -> EvidenceBase:
    """Count the randomised studies of the controlled comparisons, add-on comparisons left out."""
    suited: dict[str, Sides] = {}
    used: set[str] = set()
    for name, comparison in material.protocol.comparisons.items():
        if comparison.kind != "controlled" or comparison.add_on:
            continue
        for study_id, both in eligible(material, comparison).items():
            if material.evidence.studies[study_id].design_class == "randomised":
                suited.setdefault(study_id, both)
        analyses = [a for a in material.synthesis.analyses if a.comparison == name]
        used |= {s.study_id for a in analyses for s in a.studies}
    trials = tuple(_trial(material, study, both, used) for study, both in suited.items())
    of = {
        state: [t for t in trials if t.state == state]
        for state in ("with_results", "without_results", "planned")
    }
    have, lack, planned = of.values()
    return EvidenceBase(
        randomised=len(have) + len(lack),
        randomised_patients=_patients(have) + _patients(lack),
        with_results=len(have),
        with_results_patients=_patients(have),
        without_results=len(lack),
        without_results_patients=_patients(lack),
        planned=len(planned),
        planned_patients=_patients(planned),
        trials=trials,
    )


def _trial(material: Material, study_id: str, both: Sides, used: Collection[str]) -> Trial:
    known, basis = patients(material, study_id, both)
    state: Literal["with_results", "without_results", "planned"] = (
        "with_results" if study_id in used else "without_results"
    )
    if material.evidence.studies[study_id].status == "planned":
        state = "planned"
    return Trial(study_id, material.evidence.label(study_id), state, known, basis)


def _patients(trials: Sequence[Trial]) -> float:
    return sum(t.patients or 0.0 for t in trials)
