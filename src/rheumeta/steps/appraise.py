"""Stage 5: how certain the results are, what is missing, and what claims rest on.

Reads ``synthesis.json``, ``harmonised.csv`` and the validated sheets; writes ``appraisal.json``
(everything, read by the report) and, in ``tables/``, ``summary_of_findings.csv``, ``certainty.csv``,
``missing_results.csv`` and ``claims.csv``.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace

from rheumeta.appraised import Appraisal, Certainty
from rheumeta.layout import Layout
from rheumeta.records import read_synthesis
from rheumeta.steps.appraisal import flat
from rheumeta.steps.appraisal.base import evidence_base
from rheumeta.steps.appraisal.certainty import certainty
from rheumeta.steps.appraisal.claims import appraise_claim, read_claim
from rheumeta.steps.appraisal.material import Material
from rheumeta.steps.appraisal.missing import missing_results
from rheumeta.steps.appraisal.risks import finding
from rheumeta.steps.effects import load_evidence
from rheumeta.steps.evidence.model import read_rows
from rheumeta.stored import to_json
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)


def load(layout: Layout) -> Material:
    """Read everything that appraisal needs."""
    protocol = load_protocol(layout.protocol)
    return Material(
        protocol=protocol,
        synthesis=read_synthesis(layout.synthesis),
        evidence=load_evidence(layout, protocol),
        sheets={sheet.name: read_rows(validated_path(layout, sheet.name)) for sheet in RAW_SHEETS},
    )


def appraise(material: Material) -> Appraisal:
    """Judge every analysis, list what is missing, set each claim beside the evidence."""
    missing = missing_results(material)
    groups = {(m.comparison, m.outcome, m.window_label): m for m in missing}
    analyses = material.synthesis.analyses
    of = {a.id: groups[a.comparison, a.outcome, a.window_label] for a in analyses}
    judged: dict[str, Certainty] = {a.id: certainty(a, material, of[a.id]) for a in analyses}
    base = evidence_base(material)
    return Appraisal(
        review=material.synthesis.review,
        certainty=tuple(judged.values()),
        findings=tuple(finding(a, material.protocol, judged[a.id].level) for a in analyses),
        missing=tuple(missing),
        claims=tuple(
            appraise_claim(read_claim(row), material, of, base) for row in material.sheets["claims"]
        ),
        base=base,
    )


def run(layout: Layout) -> None:
    """Appraise a review."""
    material = load(layout)
    found = appraise(material)
    analyses = [
        replace(a, add_on=material.protocol.comparisons[a.comparison].add_on)
        for a in material.synthesis.analyses
    ]
    tables = layout.tables
    with StageWriter() as out:
        out.text(layout.appraisal, to_json(found))
        out.rows(tables / "summary_of_findings.csv", flat.findings(found, analyses), flat.FINDING_COLUMNS)
        out.rows(tables / "certainty.csv", flat.certainties(found), flat.CERTAINTY_COLUMNS)
        out.rows(tables / "missing_results.csv", flat.missing(found), flat.MISSING_COLUMNS)
        out.rows(tables / "claims.csv", flat.claims(found), flat.CLAIM_COLUMNS)
    levels = Counter(c.level or "not graded" for c in found.certainty)
    log.info(
        "certainty: %s", ", ".join(f"{n} {level.replace('_', ' ')}" for level, n in sorted(levels.items()))
    )
    log.info("%d claims judged", len(found.claims))
