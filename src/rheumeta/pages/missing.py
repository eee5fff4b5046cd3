"""Missing evidence as a reader sees it: which results are not there, and why (ROB-ME)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rheumeta.appraised import Certainty, DomainJudgement, MissingResults, MissingStudy
from rheumeta.pages.headline import patients_in
from rheumeta.pages.inputs import anchor
from rheumeta.pages.numbers import capital, count, whole
from rheumeta.records import Analysis

STATUS_WORDS = {
    "used": "in the synthesis",
    "same_patients": "its patients are counted with another study",
    "planned": "planned",
    "ended_early": "ended early, no results shown",
    "unpublished": "not published in full",
    "not_read": "not found in what was read",
    "unusable": "reported in a form that cannot be used",
    "not_reported": "read in full, not reported",
    "too_short": "not followed so long",
}
ORDER = (
    "used", "ended_early", "unpublished", "not_reported", "unusable", "not_read", "planned", "too_short",
    "same_patients",
)  # fmt: skip
"""Order of the rows: what is there, then what may be hidden, then the rest."""

QUIET = frozenset({"used", "same_patients", "too_short"})


@dataclass(frozen=True)
class MissingView:
    """What is missing from one synthesis."""

    record: MissingResults
    sentence: str
    rows: tuple[MissingStudy, ...]


@dataclass(frozen=True)
class Availability:
    """Whether the result of a study is available to a synthesis: a code, its sign, what it means."""

    code: str
    sign: str
    meaning: str


MatrixRow = tuple[str, str, tuple[MissingStudy | None, ...]]
"""A study, its name, and how it stands in each synthesis."""


@dataclass(frozen=True)
class Matrix:
    """Studies by the syntheses of one comparison: whose result is available, and what follows."""

    label: str
    primary: bool
    items: tuple[MissingResults, ...]
    judgements: tuple[DomainJudgement | None, ...]  # of missing results, one a synthesis; None: no estimate
    rows: tuple[MatrixRow, ...]


def missing_view(found: Sequence[MissingResults]) -> list[MissingView]:
    """Return what is missing, primary syntheses first; those with nothing missing last."""
    ordered = sorted(found, key=lambda m: (not m.primary, not m.patients_suspected))
    return [
        MissingView(m, sentence(m), tuple(sorted(m.studies, key=lambda s: ORDER.index(s.status))))
        for m in ordered
    ]


AVAILABLE, HELD_BACK, UNRELATED, UNCLEAR, SHARED = (
    Availability("yes", "✓", "result available"),
    Availability("no", "✗", "no result available, perhaps because of what it is"),
    Availability("unrelated", "~", "no result available, as far as is known not because of what it is"),
    Availability("unclear", "?", "unclear: what was read of the study does not give it"),
    Availability("shared", "=", "counted with another study of the same patients"),
)
KEY = (AVAILABLE, HELD_BACK, UNRELATED, UNCLEAR, SHARED)
"""The first four are those of ROB-ME's matrix of results (Page 2023, BMJ 383, e076754)."""

_STATUS_SIGNS = {"used": AVAILABLE, "not_read": UNCLEAR, "same_patients": SHARED}


def availability(study: MissingStudy) -> Availability:
    """Return the sign of a study in a synthesis; what is suspected goes before how it came about."""
    return HELD_BACK if study.suspected else _STATUS_SIGNS.get(study.status, UNRELATED)


def matrices(found: Sequence[MissingResults], certainty: Sequence[Certainty]) -> list[Matrix]:
    """Return a matrix of results for each comparison, those with a primary synthesis first."""
    judged = {c.analysis_id: d for c in certainty for d in c.domains if d.domain == "publication_bias"}
    groups: dict[str, list[MissingResults]] = {}
    for item in sorted(found, key=lambda m: not m.primary):
        groups.setdefault(item.comparison, []).append(item)
    return [_matrix(items, judged) for items in groups.values()]


def _matrix(items: Sequence[MissingResults], judged: Mapping[str, DomainJudgement]) -> Matrix:
    studies = {s.study_id: s.label for item in items for s in item.studies}
    here = [{s.study_id: s for s in item.studies} for item in items]
    return Matrix(
        items[0].comparison_label,
        any(item.primary for item in items),
        tuple(items),
        tuple(judged.get(item.analysis_id) for item in items),
        tuple((study, name, tuple(s.get(study) for s in here)) for study, name in studies.items()),
    )


def patients_place(analyses: Sequence[Analysis], study: MissingStudy, item: MissingResults) -> str:
    """Return where the patients of a study come from: its effect in the synthesis, else the studies sheet."""
    if study.patients_basis == "analysis":
        synthesis = [a for a in analyses if missing_key(a) == missing_key(item)]
        own = [s for a in synthesis for s in a.studies if s.study_id == study.study_id]
        if own:
            return anchor("e", max(own, key=patients_in).effect_id)
    return anchor("s", study.study_id)


def missing_key(item: Analysis | MissingResults) -> tuple[str, str, str]:
    """Return what the analyses of one synthesis share."""
    return item.comparison, item.outcome, item.window_label


def sentence(item: MissingResults) -> str:
    """Return what is missing from a synthesis in one to three sentences."""
    due = [s for s in item.studies if s.status not in QUIET and s.status != "planned"]
    used = sum(s.status == "used" for s in item.studies)
    planned = sum(s.status == "planned" for s in item.studies)
    have = f"{capital(count(used, 'study', 'studies'))} with {whole(item.patients_used)} patients"
    parts = [f"{have} {'is' if used == 1 else 'are'} in it." if used else "No study is in it."]
    if due:
        text = f"Results of {count(len(due), 'study', 'studies')} with {_patients(item)} are missing"
        if item.share_missing is not None and used:
            text += f", {item.share_missing:.0f}% of all patients"
        parts.append(f"{text}.")
    suspected = sum(s.suspected for s in item.studies)
    if suspected:
        whose = (
            "may be missing because of what it is"
            if suspected == 1
            else "may be missing because of what they are"
        )
        parts.append(
            f"The result of {count(suspected, 'study', 'studies')} among them ({whole(item.patients_suspected)} "
            f"patients) {whose}."
            if suspected == 1
            else f"The results of {count(suspected, 'study', 'studies')} among them "
            f"({whole(item.patients_suspected)} patients) {whose}."
        )
    if planned:
        parts.append(
            f"{capital(count(planned, 'study', 'studies'))} {'is' if planned == 1 else 'are'} planned."
        )
    return " ".join(parts)


def _patients(item: MissingResults) -> str:
    known = f"{whole(item.patients_missing)} patients"
    if not item.size_unknown:
        return known
    return f"at least {known} ({count(item.size_unknown, 'study', 'studies')} of unknown size)"
