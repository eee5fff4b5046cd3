"""GRADE certainty of an analysis: where it starts, what lowers it, what a person changed.

Guyatt 2011, J Clin Epidemiol 64, 383. Randomised studies start at high, other controlled studies
at low. Without a control group the evidence is that of a case series and starts at very low
(Cochrane Handbook version 5.1, table 12.2.a). Nothing raises the certainty by rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rheumeta.appraised import LEVELS, STEPS, UP_DOMAINS, Certainty, DomainJudgement, Level, MissingResults
from rheumeta.pages.words import shown_result
from rheumeta.records import Analysis
from rheumeta.steps.appraisal.domains import inconsistency, indirectness, publication_bias, risk_of_bias
from rheumeta.steps.appraisal.imprecision import imprecision
from rheumeta.steps.appraisal.material import Material
from rheumeta.steps.appraisal.risks import assumed_risk

NO_CONTROL = "no control group: evidence of this kind is very uncertain from the start"
NOT_RANDOMISED = "not all studies are randomised"
RANDOMISED = "randomised studies"
NO_ESTIMATE = "no estimate to be certain of"


def certainty(analysis: Analysis, material: Material, missing: MissingResults | None) -> Certainty:
    """Return the certainty of an analysis with the reason of every step.

    Parameters
    ----------
    analysis : Analysis
        One analysis.
    material : Material
        Protocol, sheets and evidence.
    missing : MissingResults or None
        Missing results of the same comparison, outcome and window.
    """
    begin, why = start(analysis, material)
    if begin is None:
        return Certainty(analysis.id, None, None, why)
    suggested = [
        risk_of_bias(analysis, material),
        inconsistency(analysis),
        indirectness(analysis, material),
        imprecision(analysis, (assumed_risk(analysis, material.protocol) or (None, ""))[0]),
        publication_bias(analysis, missing, searched=bool(material.sheets["searches"])),
    ]
    domains = overridden(analysis.id, suggested, material)
    return Certainty(analysis.id, level(begin, domains), begin, why, tuple(domains))


def start(analysis: Analysis, material: Material) -> tuple[Level | None, str]:
    """Return where the certainty of an analysis starts, and why."""
    if analysis.k == 0:
        return None, NO_ESTIMATE
    if analysis.comparison_kind != "controlled":
        return "very_low", NO_CONTROL
    if shown_result(analysis) is None:
        return None, NO_ESTIMATE
    designs = {material.evidence.studies[s.study_id].design_class for s in analysis.studies}
    return ("high", RANDOMISED) if designs == {"randomised"} else ("low", NOT_RANDOMISED)


def level(begin: Level, domains: Sequence[DomainJudgement]) -> Level:
    """Return the level after all steps; it stays between very low and high."""
    place = LEVELS.index(begin) + sum(d.levels for d in domains)
    return LEVELS[min(len(LEVELS) - 1, max(0, place))]


def overridden(
    analysis_id: str, suggested: Sequence[DomainJudgement], material: Material
) -> list[DomainJudgement]:
    """Return the judgements with those that a person put in their place, and what a person added."""
    chosen = {r["domain"]: r for r in material.sheets["certainty_overrides"] if r["analysis"] == analysis_id}
    out = []
    for item in suggested:
        row = chosen.get(item.domain)
        if row is not None:
            item = replace(
                item, judgement=row["judgement"], levels=STEPS[row["judgement"]], reason=row["reason"],
                name=row["name"], assessed=True, by_size=False, suggested=item.judgement, suggested_reason=item.reason,
            )  # fmt: skip
        out.append(item)
    out += [
        DomainJudgement(d, row["judgement"], STEPS[row["judgement"]], row["reason"], name=row["name"])
        for d in UP_DOMAINS
        if (row := chosen.get(d)) is not None
    ]
    return out
