"""The evidence of a review as typed objects: studies, arms and harmonised results."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rheumeta.stats.derive import rounding_half_width

VALUE_COLUMNS = (
    "mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "iqr", "min", "max", "range",
    "events", "percent", "person_time", "effect", "t", "f", "df", "p",
)  # fmt: skip
"""Numeric columns of a result, in the order in which they are written."""

SCALED_COLUMNS = frozenset(
    {"mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "iqr", "min", "max", "range"}
)
"""Columns that carry the unit of the outcome and are converted with it."""

EXACT_COLUMNS = frozenset({"events", "df"})
"""Counts are printed in full; everything else is rounded."""

SOURCE_ORDER = (
    "full_text", "table_page", "dataset", "figure", "abstract", "registry",
    "conference_abstract", "press_release", "review_table",
)  # fmt: skip
"""Which of two sources of the same number is used: the one nearer to the data."""

CONFIDENCE_ORDER = ("high", "medium", "low")


@dataclass(frozen=True)
class Study:
    """A study as the pipeline needs it."""

    study_id: str
    label: str
    design_class: str
    status: str
    cohort_of: str | None
    cohort_basis: str | None
    order: int
    moderators: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Arm:
    """A group of patients of a study."""

    study_id: str
    arm_id: str
    label: str
    kind: str
    part_of: str | None
    interventions: frozenset[str]
    order: int
    moderators: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """One harmonised row of the results sheet; values in the canonical unit of the outcome.

    ``half_width`` holds half a unit of the last printed digit of each number, also converted.
    """

    result_id: str
    study_id: str
    arm_id: str
    comparator_id: str | None
    outcome: str
    weeks: float | None
    time_label: str
    timing: str
    n: int | None
    n_basis: str
    values: Mapping[str, float]
    half_width: Mapping[str, float]
    printed: Mapping[str, str]
    events_unit: str
    effect_type: str | None
    ci_level: float
    p_sign: str | None
    contrast: str | None
    direction: str | None
    significance: str | None
    as_reported: str
    source_kind: str
    confidence: str
    flags: tuple[str, ...]
    order: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sort key: nearest source, then highest confidence, then order in the sheet."""
        return SOURCE_ORDER.index(self.source_kind), CONFIDENCE_ORDER.index(self.confidence), self.order


@dataclass(frozen=True)
class Evidence:
    """All studies, arms and results of a review."""

    studies: Mapping[str, Study]
    arms: Mapping[tuple[str, str], Arm]
    results: tuple[Result, ...]

    def cohort(self, study_id: str) -> str:
        """Return the study at the root of the cohort that `study_id` belongs to."""
        while (parent := self.studies[study_id].cohort_of) is not None:
            study_id = parent
        return study_id

    def arms_of(self, study_id: str) -> list[Arm]:
        """Return the arms of a study in the order of the sheet."""
        return [a for (s, _), a in self.arms.items() if s == study_id]

    def label(self, study_id: str) -> str:
        """Return the name of a study for figures."""
        return self.studies[study_id].label


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV that an earlier stage wrote."""
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _moderators(row: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: row[name] for name in names if row.get(name)}


def read_studies(path: Path, moderators: Iterable[str]) -> dict[str, Study]:
    """Read the validated studies sheet; `moderators` are the names the protocol declares for it."""
    names = tuple(moderators)
    return {
        row["study_id"]: Study(
            row["study_id"], row["label"], row["design_class"], row["status"],
            row["cohort_of"] or None, row["cohort_basis"] or None, order, _moderators(row, names),
        )
        for order, row in enumerate(read_rows(path))
    }  # fmt: skip


def read_arms(path: Path, moderators: Iterable[str]) -> dict[tuple[str, str], Arm]:
    """Read the validated arms sheet."""
    names = tuple(moderators)
    return {
        (row["study_id"], row["arm_id"]): Arm(
            row["study_id"], row["arm_id"], row["label"], row["kind"], row["part_of"] or None,
            frozenset(code.strip() for code in row["interventions"].split(";")), order, _moderators(row, names),
        )
        for order, row in enumerate(read_rows(path))
    }  # fmt: skip


def parse_printed(text: str) -> dict[str, str]:
    """Read the column ``printed`` of harmonised.csv: ``"mean=-0.69; sd=0.64"``."""
    pairs = (part.partition("=") for part in text.split("; ") if part)
    return {name: value for name, _, value in pairs}


def _result(row: Mapping[str, str], order: int) -> Result:
    factor = float(row["factor"]) if row["factor"] else 1.0
    printed = parse_printed(row["printed"])
    widths = {
        name: rounding_half_width(text) * (factor if name in SCALED_COLUMNS else 1.0)
        for name, text in printed.items()
        if name in VALUE_COLUMNS and name not in EXACT_COLUMNS
    }
    return Result(
        result_id=row["result_id"],
        study_id=row["study_id"],
        arm_id=row["arm_id"],
        comparator_id=row["comparator_id"] or None,
        outcome=row["outcome"],
        weeks=float(row["weeks"]) if row["weeks"] else None,
        time_label=row["time_label"],
        timing=row["timing"],
        n=int(row["n"]) if row["n"] else None,
        n_basis=row["n_basis"],
        values={name: float(row[name]) for name in VALUE_COLUMNS if row[name]},
        half_width=widths,
        printed=printed,
        events_unit=row["events_unit"] or "patients",
        effect_type=row["effect_type"] or None,
        ci_level=float(row["ci_level"]) if row["ci_level"] else 95.0,
        p_sign=row["p_sign"] or None,
        contrast=row["contrast"] or None,
        direction=row["direction"] or None,
        significance=row["significance"] or None,
        as_reported=row["as_reported"],
        source_kind=row["source_kind"],
        confidence=row["confidence"],
        flags=tuple(flag for flag in row["flags"].split(";") if flag),
        order=order,
    )


def read_results(path: Path) -> tuple[Result, ...]:
    """Read harmonised.csv."""
    return tuple(_result(row, order) for order, row in enumerate(read_rows(path)))
