"""How many randomised studies against a control group there are, and how many have a result."""

from __future__ import annotations

from rheumeta.appraised import EvidenceBase
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
    sizes = {study: patients(material, study, both)[0] or 0.0 for study, both in suited.items()}
    planned = [s for s in suited if material.evidence.studies[s].status == "planned"]
    done = [s for s in suited if s not in planned]
    have = [s for s in done if s in used]
    lack = [s for s in done if s not in used]
    return EvidenceBase(
        randomised=len(done),
        randomised_patients=sum(sizes[s] for s in done),
        with_results=len(have),
        with_results_patients=sum(sizes[s] for s in have),
        without_results=len(lack),
        without_results_patients=sum(sizes[s] for s in lack),
        planned=len(planned),
        planned_patients=sum(sizes[s] for s in planned),
    )
