"""The appraisal as flat tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rheumeta.appraised import VERDICTS, Appraisal, ClaimAppraisal, ClaimEvidence, Finding
from rheumeta.pages.statements import statement
from rheumeta.records import Analysis, Interval

Cells = dict[str, Any]

FINDING_COLUMNS = (
    "analysis_id", "comparison", "comparison_label", "comparison_kind", "outcome", "outcome_label",
    "window_label", "primary", "status", "k", "n_patients", "measure", "measure_label", "effect", "effect_lower",
    "effect_upper", "absolute_in", "assumed", "assumed_source", "treated", "treated_lower", "treated_upper",
    "difference", "difference_lower", "difference_upper", "no_absolute_because", "certainty", "meaning", "sentence",
)  # fmt: skip
CERTAINTY_COLUMNS = (
    "analysis_id", "certainty", "start", "start_reason", "domain", "judgement", "levels", "assessed", "reason",
    "suggested", "suggested_reason", "changed_by",
)  # fmt: skip
MISSING_COLUMNS = (
    "analysis_id", "comparison", "outcome", "outcome_label", "window_label", "study_id", "label", "status", "reason",
    "suspected", "patients", "patients_basis", "result_ids", "patients_used", "patients_missing",
    "patients_suspected", "studies_of_unknown_size", "percent_missing", "percent_suspected",
)  # fmt: skip
CLAIM_COLUMNS = (
    "claim_id", "said_by", "claim", "verdict", "verdict_words", "verdict_reason", "mismatches", "not_known",
    "outcome", "outcome_label", "outcome_verdict", "basis", "reason", "analysis_id", "comparison_label",
    "window_label", "measure_label", "effect", "effect_lower", "effect_upper", "unit", "k", "n_patients", "studies",
    "certainty",
)  # fmt: skip


def _limits(name: str, value: Interval | None) -> Cells:
    value = value or Interval()
    return {name: value.estimate, f"{name}_lower": value.lower, f"{name}_upper": value.upper}


def findings(found: Appraisal, analyses: Sequence[Analysis]) -> Iterator[Cells]:
    """Yield a row an analysis, primary ones first within the order of the comparisons.

    Parameters
    ----------
    found : Appraisal
        Holds the rows of the summary of findings.
    analyses : sequence of Analysis
        The analyses that they are of; those of add-on comparisons are marked as such.
    """
    by_id = {a.id: a for a in analyses}
    order = list(dict.fromkeys(f.comparison for f in found.findings))
    for item in sorted(found.findings, key=lambda f: (order.index(f.comparison), not f.primary)):
        yield {**_finding(item), "meaning": statement(by_id[item.analysis_id], item)}


def _finding(item: Finding) -> Cells:
    plain = {k: v for k, v in asdict(item).items() if k in FINDING_COLUMNS and k != "effect"}
    absolute = item.absolute
    return {
        **plain,
        **_limits("effect", item.effect),
        "absolute_in": absolute.counted_in if absolute else None,
        "assumed": absolute.assumed if absolute else None,
        "assumed_source": absolute.assumed_source if absolute else None,
        **_limits("treated", absolute.treated if absolute else None),
        **_limits("difference", absolute.difference if absolute else None),
        "no_absolute_because": item.absolute_reason,
    }


def certainties(found: Appraisal) -> Iterator[Cells]:
    """Yield a row a domain; one row for an analysis that is not graded."""
    for item in found.certainty:
        head = {
            "analysis_id": item.analysis_id, "certainty": item.level, "start": item.start,
            "start_reason": item.start_reason,
        }  # fmt: skip
        if not item.domains:
            yield head
        for d in item.domains:
            names = ("domain", "judgement", "levels", "assessed", "reason", "suggested", "suggested_reason")
            yield {**head, **{name: getattr(d, name) for name in names}, "changed_by": d.name}


def missing(found: Appraisal) -> Iterator[Cells]:
    """Yield a row an eligible study and synthesis."""
    for item in found.missing:
        head = {
            name: getattr(item, name)
            for name in ("analysis_id", "comparison", "outcome", "outcome_label", "window_label",
                         "patients_used", "patients_missing", "patients_suspected")
        }  # fmt: skip
        head |= {
            "studies_of_unknown_size": item.size_unknown,
            "percent_missing": item.share_missing,
            "percent_suspected": item.share_suspected,
        }
        for study in item.studies:
            yield {**head, **asdict(study)}


def claims(found: Appraisal) -> Iterator[Cells]:
    """Yield a row a claim and outcome; one row for a claim without outcomes."""
    for claim in found.claims:
        head = _claim(claim)
        if not claim.evidence:
            yield head
        for item in claim.evidence:
            yield {**head, **_evidence(item)}


def _claim(claim: ClaimAppraisal) -> Cells:
    return {
        "claim_id": claim.claim_id,
        "said_by": claim.said_by,
        "claim": claim.claim,
        "verdict": claim.verdict,
        "verdict_words": VERDICTS[claim.verdict],
        "verdict_reason": claim.reason,
        "mismatches": [f"{c.label}: {m}" for c in claim.citations for m in c.mismatches],
        "not_known": [f"{c.label}: {u}" for c in claim.citations for u in c.unknown],
    }


def _evidence(item: ClaimEvidence) -> Cells:
    same = ("outcome", "outcome_label", "basis", "reason", "analysis_id", "comparison_label", "window_label",
            "measure_label", "unit", "k", "n_patients", "studies", "certainty")  # fmt: skip
    return {
        **{name: getattr(item, name) for name in same},
        "outcome_verdict": item.verdict,
        **_limits("effect", item.effect),
    }
