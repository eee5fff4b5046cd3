"""The correlation of baseline and follow-up: from studies that allow it, else from the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol as Interface

from rheumeta.stats import derive as d
from rheumeta.steps.evidence.cohorts import once_per_cohort
from rheumeta.steps.evidence.model import Arm, Evidence, Result
from rheumeta.steps.evidence.quantities import NotDerivable, Quantity, derive, merge_ids, number
from rheumeta.steps.evidence.selection import disjoint_arms
from rheumeta.steps.evidence.summaries import cell, ranked


class CorrelationRules(Interface):
    """The part of the protocol's defaults that matters here."""

    @property
    def correlation(self) -> float:
        """The correlation to assume."""

    @property
    def correlation_source(self) -> str:
        """Whether studies that allow it go before."""


@dataclass(frozen=True)
class Correlations:
    """Correlations that the studies of a review allow, by outcome code."""

    found: Mapping[str, tuple[Quantity, ...]]

    def for_outcome(self, code: str, rules: CorrelationRules) -> tuple[Quantity, str]:
        """Return the correlation to use for an instrument and a note on where it comes from."""
        known = self.found.get(code, ())
        if known and rules.correlation_source == "studies_then_protocol":
            value = sum(q.value for q in known) / len(known)
            rows = merge_ids(q.result_ids for q in known)
            note = f"r = {number(value)}, mean of {len(known)} group(s) that report all three SDs ({', '.join(rows)})"
            return Quantity(value).flagged("correlation_borrowed"), note
        note = f"r = {number(rules.correlation)} is assumed by the protocol"
        return Quantity(rules.correlation).flagged("correlation_assumed"), note


def find_correlations(evidence: Evidence) -> Correlations:
    """Compute the correlation in every group that reports SDs of baseline, follow-up and change.

    A group of patients counts once: no arm beside a part of it, one study a cohort.
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for row in evidence.results:
        if "sd" in row.values and row.comparator_id is None:
            groups.setdefault((row.study_id, row.arm_id, row.outcome), []).append(row)
    found: dict[str, list[tuple[Arm, Quantity, float]]] = {}
    for (study_id, arm_id, code), rows in groups.items():
        quantity = _one(rows)
        if quantity is not None:
            size = max((float(r.n) for r in rows if r.n), default=0.0)
            found.setdefault(code, []).append((evidence.arms[study_id, arm_id], quantity, size))
    return Correlations({code: _once(items, evidence) for code, items in found.items()})


def _any(_: Arm) -> bool:
    return True


def _once(items: Sequence[tuple[Arm, Quantity, float]], evidence: Evidence) -> tuple[Quantity, ...]:
    """Keep groups that share no patients: disjoint arms of one study a cohort, the largest."""
    chosen: list[tuple[Arm, Quantity, float]] = []
    for study_id in dict.fromkeys(arm.study_id for arm, _, _ in items):
        own = [item for item in items if item[0].study_id == study_id]
        arms, _ = disjoint_arms([arm for arm, _, _ in own], _any, evidence, allow_subgroups=True)
        chosen.extend(item for item in own if item[0] in arms)
    kept, _ = once_per_cohort(
        chosen,
        evidence,
        study=lambda item: item[0].study_id,
        patients=lambda item: item[2],
        weeks=lambda _: None,
        rule="largest",
    )
    return tuple(quantity for _, quantity, _ in kept)


def _one(rows: Sequence[Result]) -> Quantity | None:
    """Return the correlation in one group, at its latest time with both SDs; None if impossible."""
    baseline = [r for r in rows if r.timing == "baseline"]
    if not baseline:
        return None
    for weeks in sorted({r.weeks for r in rows if r.weeks is not None}, reverse=True):
        final = [r for r in rows if r.timing == "final" and r.weeks == weeks]
        change = [r for r in rows if r.timing == "change" and r.weeks == weeks]
        if not (final and change):
            continue
        parts = {"sd_baseline": baseline, "sd_final": final, "sd_change": change}
        try:
            return derive("r", d.correlation, {k: cell(ranked(v)[0], "sd") for k, v in parts.items()})
        except NotDerivable:  # rounded SDs can imply a correlation beyond one
            return None
    return None
