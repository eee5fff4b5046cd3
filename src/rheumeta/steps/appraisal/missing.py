"""Which eligible studies have no result in a synthesis, and whether that may be because of the result.

After ROB-ME (Page 2023, BMJ 383, e076754): for each synthesis every eligible study is listed with
why its result is absent. A result may be missing because of what it is where the trial ended
early, was never published in full, or was read in full without it; not where only the reviewers
have not read the source yet, or the study has not begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rheumeta.appraised import MissingResults, MissingStudy
from rheumeta.records import Analysis
from rheumeta.steps.appraisal.material import Material, eligible, patients, size
from rheumeta.steps.evidence.selection import Sides
from rheumeta.tables.protocol import Window

DUE = frozenset({"ended_early", "unpublished", "not_read", "unusable", "not_reported"})
"""Why a result that should exist is not in the synthesis."""

READ_IN_FULL = frozenset({"full_text", "dataset"})
"""Sources that would show an outcome if it was reported."""

NO_RESULTS = frozenset({"press_only", "no_results"})
NOT_AT_HAND = frozenset({"full_text_not_at_hand", "source_unclear"})

REASONS = {
    "planned": "planned; no patient is known to have been treated",
    "ended_early": "the trial ended early and shows no results",
    "press_only": "known from press or registry statements only",
    "no_results": "ended or running without visible results",
    "not_read": "what was read of it does not give it; the full report was not at hand",
    "not_reported": "the full report was read and does not give it",
    "too_short": "it reports nothing as late as that",
}


def missing_results(material: Material) -> list[MissingResults]:
    """Return one record for each comparison, outcome and window of the protocol's analyses."""
    groups: dict[tuple[str, str, str | None], list[Analysis]] = {}
    for analysis in material.synthesis.analyses:
        groups.setdefault((analysis.comparison, analysis.outcome, analysis.window), []).append(analysis)
    return [_record(material, group) for group in groups.values()]


def _record(material: Material, group: Sequence[Analysis]) -> MissingResults:
    first = group[0]
    suited = eligible(material, material.protocol.comparisons[first.comparison])
    found = [_study(material, group, study_id, both) for study_id, both in suited.items()]
    studies = _once_a_cohort(material, found)
    due = [s for s in studies if s.status in DUE]
    used = sum(s.patients or 0 for s in studies if s.status == "used")
    lost = sum(s.patients or 0 for s in due)
    suspected = sum(s.patients or 0 for s in due if s.suspected)
    total = used + lost
    return MissingResults(
        analysis_id=first.id,
        comparison=first.comparison,
        comparison_label=first.comparison_label,
        outcome=first.outcome,
        outcome_label=first.outcome_label,
        window_label=first.window_label,
        primary=any(a.primary for a in group),
        studies=tuple(studies),
        patients_used=used,
        patients_missing=lost,
        patients_suspected=suspected,
        size_unknown=sum(s.patients is None for s in due),
        share_missing=100 * lost / total if total else None,
        share_suspected=100 * suspected / total if total else None,
    )


def _study(material: Material, group: Sequence[Analysis], study_id: str, both: Sides) -> MissingStudy:
    analysis = group[0]
    here = [s for a in group for s in a.studies if s.study_id == study_id]
    label = material.evidence.label(study_id)
    if here:
        count = max(sum(size(s) for s in a.studies if s.study_id == study_id) for a in group)
        ids = tuple(dict.fromkeys(i for s in here for i in s.result_ids))
        return MissingStudy(study_id, label, "used", "in the synthesis", False, count, "analysis", ids)
    known, basis = patients(material, study_id, both)
    status, reason, suspected = _why(material, analysis, study_id)
    ids = next((e.result_ids for e in analysis.excluded if e.study_id == study_id), ())
    return MissingStudy(study_id, label, status, reason, suspected, known, basis, ids)


def _why(material: Material, analysis: Analysis, study_id: str) -> tuple[str, str, bool]:
    """Return status, reason and whether the result may be missing because of what it is."""
    state = material.evidence.studies[study_id].status
    waits = {row["why"] for row in material.awaited(study_id, analysis.outcome)}
    excluded = next((e.reason for e in analysis.excluded if e.study_id == study_id), None)
    if state == "planned":
        return "planned", REASONS["planned"], False
    if "ended_early" in waits:
        return "ended_early", REASONS["ended_early"], True
    if state in NO_RESULTS:
        return "unpublished", "; ".join(filter(None, [REASONS[state], excluded])), True
    if excluded is not None:
        hidden = bool(waits & NOT_AT_HAND) or not _read_in_full(material, study_id)
        return ("not_read" if hidden else "unusable"), excluded, "not_reported" in waits
    if not waits and _too_short(material, study_id, analysis):
        return "too_short", REASONS["too_short"], False
    if waits & NOT_AT_HAND or not _read_in_full(material, study_id):
        return "not_read", REASONS["not_read"], False
    return "not_reported", REASONS["not_reported"], True


def _read_in_full(material: Material, study_id: str) -> bool:
    return any(r.study_id == study_id and r.source_kind in READ_IN_FULL for r in material.evidence.results)


def _too_short(material: Material, study_id: str, analysis: Analysis) -> bool:
    window: Window | None = material.protocol.windows[analysis.window] if analysis.window else None
    weeks = [r.weeks for r in material.evidence.results if r.study_id == study_id and r.weeks is not None]
    return window is not None and bool(weeks) and max(weeks) < window.start


def _once_a_cohort(material: Material, studies: Sequence[MissingStudy]) -> list[MissingStudy]:
    """Let one study speak for the patients of a cohort: one that is used, else the largest."""
    speaker: dict[str, MissingStudy] = {}
    for study in sorted(studies, key=lambda s: (s.status != "used", s.status not in DUE, -(s.patients or 0))):
        speaker.setdefault(material.evidence.cohort(study.study_id), study)
    out = []
    for study in studies:
        other = speaker[material.evidence.cohort(study.study_id)]
        if other is not study and study.status != "used":
            reason = f"{other.label} speaks for these patients"
            study = replace(study, status="same_patients", reason=reason, suspected=False)
        out.append(study)
    return out
