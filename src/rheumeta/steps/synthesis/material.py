"""What synthesis works on: protocol, evidence, effect sizes, and which of them are under question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.questions import NOTHING_QUESTIONED, QUESTIONED, UnderQuestion, under_question
from rheumeta.records import StudyEffect
from rheumeta.steps.effects import load_evidence
from rheumeta.steps.evidence.model import Evidence, read_rows
from rheumeta.steps.synthesis import moderation
from rheumeta.steps.synthesis.estimates import study_interval
from rheumeta.tables.protocol import Instrument, Protocol
from rheumeta.tables.validated import load_validated


@dataclass(frozen=True)
class Material:
    """What synthesis works on."""

    protocol: Protocol
    instruments: Mapping[str, Instrument]
    evidence: Evidence
    effects: Mapping[tuple[str, str], tuple[dict[str, str], ...]]  # (analysis, variant) -> rows
    not_used: Mapping[tuple[str, str], tuple[dict[str, str], ...]]  # the same
    root: Path
    doubted: UnderQuestion = NOTHING_QUESTIONED


def load_material(layout: Layout) -> Material:
    """Read everything that synthesis needs."""
    review = load_validated(layout)
    effects, not_used = _by_variant(layout.effects), _by_variant(layout.not_used)
    evidence = load_evidence(layout, review.protocol)
    doubted = under_question(read_rows(layout.integrity))
    return Material(review.protocol, review.instruments, evidence, effects, not_used, layout.root, doubted)


def _by_variant(path: Path) -> dict[tuple[str, str], tuple[dict[str, str], ...]]:
    found: dict[tuple[str, str], tuple[dict[str, str], ...]] = {}
    for row in read_rows(path):
        key = row["analysis_id"], row["variant"]
        found[key] = (*found.get(key, ()), row)
    return found


def _number(text: str) -> float | None:
    return float(text) if text else None


def study_effect(row: Mapping[str, str], material: Material) -> StudyEffect:
    """Turn a row of effects.csv into the record of a study."""
    yi, vi = float(row["yi"]), float(row["vi"])
    events, n = _number(row["events1"]), _number(row["n1"])
    level = material.protocol.defaults.level
    names = ("n1", "n2", "events1", "events2", "mean1", "sd1", "mean2", "sd2", "person_time1", "person_time2")
    return StudyEffect(
        effect_id=row["effect_id"],
        study_id=row["study_id"],
        label=row["label"],
        experimental=row["experimental"],
        control=row["control"] or None,
        weeks=_number(row["weeks"]),
        time_label=row["time_label"],
        yi=yi,
        vi=vi,
        basis=row["basis"],
        effect=study_interval(row["measure"], yi, vi, events=events, n=n, level=level),
        **{name: _number(row[name]) for name in names},
        moderators=moderation.values(row, material.evidence, material.protocol),
        flags=_flags(row, material),
        result_ids=tuple(i for i in row["result_ids"].split(";") if i),
        confirmed_by=tuple(i for i in row["confirmed_by"].split(";") if i),
    )


def _flags(row: Mapping[str, str], material: Material) -> tuple[str, ...]:
    """Return the flags of an effect, with one more if a row that it was computed from is under question."""
    flags = tuple(f for f in row["flags"].split(";") if f)
    doubted = material.doubted.holds(row["study_id"], row["result_ids"].split(";"))
    return tuple(sorted({*flags, QUESTIONED})) if doubted else flags
