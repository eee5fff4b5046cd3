"""The records that pass from appraisal to the tables and the report (standard library alone).

Written to ``results/<review>/estimates/appraisal.json``. None means "not available", never "zero".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rheumeta.records import Interval, Status
from rheumeta.stored import from_dict

Level = Literal["high", "moderate", "low", "very_low"]

LEVELS: tuple[Level, ...] = ("very_low", "low", "moderate", "high")
"""Certainty of GRADE, lowest first (Guyatt 2011, J Clin Epidemiol 64, 383)."""

JUDGEMENTS = ("not_serious", "serious", "very_serious", "raise_one", "raise_two")
"""Judgements of a domain."""

STEPS = {"not_serious": 0, "serious": -1, "very_serious": -2, "raise_one": 1, "raise_two": 2}
"""How many levels each judgement moves the certainty."""

DOWN_DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""Domains that rules judge."""

UP_DOMAINS = ("large_effect", "dose_response", "opposing_confounding")
"""Reasons to raise the certainty; no rule decides them, a person may (Guyatt 2011, J Clin Epidemiol 64, 1311)."""

APPRECIABLE_RATIO = (0.75, 1.25)
"""Ratios that mean appreciable benefit or harm where nothing better is known (Guyatt 2011, J Clin Epidemiol 64,
1283)."""

Verdict = Literal[
    "supported_controlled",
    "open",
    "uncontrolled_only",
    "direction_only",
    "contradicted",
    "not_what_cited",
    "not_testable",
]

VERDICTS: dict[Verdict, str] = {
    "supported_controlled": "supported by controlled evidence",
    "open": "left open by the data",
    "uncontrolled_only": "only by uncontrolled before-after data",
    "direction_only": "by direction only",
    "contradicted": "contradicted",
    "not_what_cited": "not what the cited study tested",
    "not_testable": "not testable from what is reported",
}
"""The fixed list of verdicts on a claim, in words."""


@dataclass(frozen=True)
class DomainJudgement:
    """One domain of GRADE: what a rule suggests, and what a person put in its place."""

    domain: str
    judgement: str  # of JUDGEMENTS, after an override
    levels: int  # how far it moves the certainty
    reason: str
    assessed: bool = True  # False: nobody judged any part of it; it counts as serious
    suggested: str | None = None  # the rule's judgement, where a person chose another
    suggested_reason: str | None = None
    name: str | None = None  # who chose another
    by_size: bool = False  # of imprecision: by the number of patients or events alone, not by the interval
    noted: bool = False  # its reason belongs below the tables even where it moves nothing


@dataclass(frozen=True)
class Certainty:
    """GRADE certainty of one analysis; level None where there is no estimate to be certain of."""

    analysis_id: str
    level: Level | None
    start: Level | None
    start_reason: str
    domains: tuple[DomainJudgement, ...] = ()


AbsoluteOf = Literal["risk", "rate", "mean"]

ABSOLUTE_UNITS: dict[AbsoluteOf, str] = {
    "risk": "patients of 1000", "rate": "events per 1000 patient-years", "mean": "unit of the outcome",
}  # fmt: skip
"""What an absolute effect is counted in; a mean has its own unit where the outcome has one."""


@dataclass(frozen=True)
class AbsoluteEffect:
    """What to expect without and with the treatment.

    A risk is in patients of 1000, a rate in events per 1000 patient-years, a mean in the outcome's unit.
    """

    assumed: float
    assumed_source: str
    treated: Interval
    difference: Interval
    of: AbsoluteOf = "risk"
    unit: str | None = None  # of a mean

    @property
    def counted_in(self) -> str:
        """What the numbers are in, in words."""
        return self.unit or ABSOLUTE_UNITS[self.of]


@dataclass(frozen=True)
class Finding:
    """One row of a summary-of-findings table."""

    analysis_id: str
    comparison: str
    comparison_label: str
    comparison_kind: str
    outcome: str
    outcome_label: str
    window_label: str
    primary: bool
    status: Status
    k: int
    n_patients: float | None
    measure: str
    measure_label: str
    effect: Interval | None  # display scale
    absolute: AbsoluteEffect | None
    absolute_reason: str | None  # why there is none
    certainty: Level | None
    sentence: str


@dataclass(frozen=True)
class MissingStudy:
    """One eligible study and whether its result is in a synthesis."""

    study_id: str
    label: str
    status: str  # used, same_patients, planned, ended_early, unpublished, not_read, unusable, not_reported
    reason: str
    suspected: bool  # may the result be missing because of what it is?
    patients: float | None
    patients_basis: str | None
    result_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class MissingResults:
    """Which results are missing from one synthesis (a comparison, an outcome, a window)."""

    analysis_id: str  # the first analysis of them
    comparison: str
    comparison_label: str
    outcome: str
    outcome_label: str
    window_label: str
    primary: bool
    studies: tuple[MissingStudy, ...]
    patients_used: float
    patients_missing: float  # of studies that are due, as far as their size is known
    patients_suspected: float
    size_unknown: int  # studies with missing results whose size is not known
    share_missing: float | None  # percent
    share_suspected: float | None  # percent


@dataclass(frozen=True)
class Citation:
    """A study that a claim cites, and where it does not fit the claim."""

    study_id: str
    label: str
    mismatches: tuple[str, ...] = ()  # sentences
    unknown: tuple[str, ...] = ()  # what the sheets do not say


@dataclass(frozen=True)
class ClaimEvidence:
    """What the review has on one outcome of a claim."""

    outcome: str
    outcome_label: str
    verdict: Verdict
    basis: str  # controlled_estimate, controlled_direction, uncontrolled_estimate, ..., none
    reason: str
    analysis_id: str | None = None
    comparison_label: str | None = None
    window_label: str | None = None
    measure_label: str | None = None
    effect: Interval | None = None  # display scale
    unit: str | None = None
    k: int = 0
    n_patients: float | None = None
    studies: tuple[str, ...] = ()  # labels
    certainty: Level | None = None
    effect_ids: tuple[str, ...] = ()  # the effects that the estimate is made of
    result_ids: tuple[str, ...] = ()  # rows of the results sheet that give the direction


@dataclass(frozen=True)
class ClaimAppraisal:
    """A claim, its verdict and what the verdict rests on."""

    claim_id: str
    said_by: str
    claim: str
    verdict: Verdict
    reason: str
    evidence: tuple[ClaimEvidence, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Trial:
    """A randomised study with a control group, as it is counted."""

    study_id: str
    label: str
    state: Literal["with_results", "without_results", "planned"]
    patients: float | None
    patients_basis: str | None


@dataclass(frozen=True)
class EvidenceBase:
    """Randomised studies with a control group, counted."""

    randomised: int
    randomised_patients: float
    with_results: int
    with_results_patients: float
    without_results: int
    without_results_patients: float
    planned: int
    planned_patients: float
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Appraisal:
    """Everything that appraisal found for one review."""

    review: str
    certainty: tuple[Certainty, ...]
    findings: tuple[Finding, ...]
    missing: tuple[MissingResults, ...]
    claims: tuple[ClaimAppraisal, ...]
    base: EvidenceBase

    def certainty_of(self, analysis_id: str) -> Certainty | None:
        """Return the certainty of an analysis."""
        return next((c for c in self.certainty if c.analysis_id == analysis_id), None)


def read_appraisal(path: Path) -> Appraisal:
    """Read ``appraisal.json``."""
    return from_dict(Appraisal, json.loads(path.read_text(encoding="utf-8")))
