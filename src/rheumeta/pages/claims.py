"""Claims beside the evidence, as a reader sees them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rheumeta.appraised import VERDICTS, ClaimAppraisal, ClaimEvidence, Verdict
from rheumeta.pages.analyses import show
from rheumeta.pages.certainty import LEVEL_WORDS
from rheumeta.pages.inputs import Row, anchor
from rheumeta.pages.numbers import capital, count, uncapital, whole
from rheumeta.pages.origins import place
from rheumeta.records import Analysis

CONTROL_WORDS = {
    "controlled_estimate": "yes", "controlled_direction": "yes", "uncontrolled_estimate": "no",
    "uncontrolled_direction": "no", "none": "",
}  # fmt: skip
BASIS_WORDS = {
    "controlled_estimate": "estimate against a control group",
    "controlled_direction": "direction against a control group",
    "uncontrolled_estimate": "no control group",
    "uncontrolled_direction": "direction, no control group",
    "none": "",
}
DIRECTION_VERDICTS: dict[Verdict, str] = {
    "direction_only": "better", "contradicted": "not better", "open": "differing or unchanged",
}  # fmt: skip
"""Which way the known directions point, by the verdict that follows from them."""

BY_DIRECTION = (
    f"“{capital(VERDICTS['direction_only'])}” means: studies say that a result got better, not by how much, so nobody "
    "can tell whether patients would notice it."
)
"""What the verdict means that lay readers do not know."""


@dataclass(frozen=True)
class EvidenceView:
    """What the review has on one outcome of a claim."""

    record: ClaimEvidence
    verdict: str
    about: str  # "DAS28, about 4 weeks"
    result: str  # "mean change −0.69 [−0.92, −0.46] points", "direction: better"
    control: str  # is there a control group: "yes", "no"
    basis: str
    studies_count: str
    patients: str
    certainty: str
    place: str  # where its numbers come from
    studies: tuple[tuple[str, str], ...]  # name, and where its result comes from


@dataclass(frozen=True)
class ClaimView:
    """A claim with its verdict."""

    record: ClaimAppraisal
    verdict: str
    about: str
    cites: str
    test: str
    evidence: tuple[EvidenceView, ...]
    mismatches: tuple[str, ...]
    unknown: tuple[str, ...]


def claims_view(
    claims: Sequence[ClaimAppraisal],
    rows: Sequence[Row],
    analyses: Mapping[str, Analysis],
    labels: Mapping[str, str] = MappingProxyType({}),
) -> list[ClaimView]:
    """Return the claims in the order of their sheet; studies that they cite go by their `labels`."""
    of = {row["claim_id"]: row for row in rows}
    return [_view(claim, of.get(claim.claim_id, {}), analyses, labels) for claim in claims]


def cited(text: str, labels: Mapping[str, str]) -> str:
    """Return what a claim cites with the names of studies for their keys."""
    spaced = re.sub(r";(?=\S)", "; ", text)
    return re.sub(r"(?<![\w-])[\w-]+(?![\w-])", lambda found: labels.get(found[0], found[0]), spaced)


def _view(
    claim: ClaimAppraisal, row: Row, analyses: Mapping[str, Analysis], labels: Mapping[str, str]
) -> ClaimView:
    return ClaimView(
        record=claim,
        verdict=VERDICTS[claim.verdict],
        about=row.get("population_or_product", ""),
        cites=cited(row.get("cited_studies", ""), labels),
        test=row.get("test", ""),
        evidence=tuple(_evidence(item, analyses, anchor("claim", claim.claim_id)) for item in claim.evidence),
        mismatches=tuple(f"{c.label}: {m}" for c in claim.citations for m in c.mismatches),
        unknown=tuple(f"{c.label}: {u}" for c in claim.citations for u in c.unknown),
    )


def _evidence(item: ClaimEvidence, analyses: Mapping[str, Analysis], own: str) -> EvidenceView:
    analysis = analyses.get(item.analysis_id or "")
    sources = tuple(_sources(item, analysis))
    about = item.outcome_label + (f", {item.window_label}" if item.window_label else "")
    return EvidenceView(
        record=item,
        verdict=VERDICTS[item.verdict],
        about=about,
        result=_result(item, analysis),
        control=CONTROL_WORDS[item.basis],
        basis=BASIS_WORDS[item.basis],
        studies_count=count(item.k, "study", "studies") if item.k else "",
        patients=f"{whole(item.n_patients)} patients" if item.n_patients else "",
        certainty=LEVEL_WORDS[item.certainty] if item.certainty else "",
        place=_place(item, analysis, sources) or own,
        studies=sources or tuple((label, "") for label in item.studies),
    )


def _result(item: ClaimEvidence, analysis: Analysis | None) -> str:
    """Return the estimate with its measure, or which way the direction points."""
    if item.basis.endswith("direction"):
        return f"direction: {DIRECTION_VERDICTS[item.verdict]}"
    if analysis is None:
        return ""
    if item.effect is None:
        return "counted, not pooled"
    unit = f" {item.unit}" if item.unit and item.unit != "%" else ""
    return f"{uncapital(item.measure_label or '')} {show(analysis, item.effect)}{unit}".strip()


def _sources(item: ClaimEvidence, analysis: Analysis | None) -> Iterable[tuple[str, str]]:
    """Yield the studies of an estimate with their effects, or those of a direction with their rows."""
    names = {s.effect_id: s.label for s in analysis.studies} if analysis is not None else {}
    yield from ((names[i], anchor("e", i)) for i in item.effect_ids if i in names)
    yield from ((label, anchor("r", i)) for label, i in zip(item.studies, item.result_ids, strict=False))


def _place(item: ClaimEvidence, analysis: Analysis | None, sources: Sequence[tuple[str, str]]) -> str:
    """Return the place of what a claim is held against; empty where it is only a part of an analysis."""
    if len(sources) == 1:
        return sources[0][1]
    whole_analysis = analysis is not None and len(item.effect_ids) == analysis.k
    return place(analysis) if analysis is not None and whole_analysis else ""


def tally(claims: Sequence[ClaimAppraisal]) -> list[tuple[str, int]]:
    """Return how many claims have each verdict, in the order of the list; verdicts without claims too."""
    found: Counter[Verdict] = Counter(c.verdict for c in claims)
    return [(capital(words), found[verdict]) for verdict, words in VERDICTS.items()]
