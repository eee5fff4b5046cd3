"""The correlation of baseline and follow-up: from studies that allow it, else from the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol as Interface

from rheumeta.stats import derive as d
from rheumeta.steps.model import Evidence, Result
from rheumeta.steps.quantities import NotDerivable, Quantity, derive, merge_ids, number
from rheumeta.steps.summaries import cell, ranked


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
    """Compute the correlation in every group that reports SDs of baseline, follow-up and change."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for row in evidence.results:
        if "sd" in row.values and row.comparator_id is None:
            groups.setdefault((row.study_id, row.arm_id, row.outcome), []).append(row)
    found: dict[str, list[Quantity]] = {}
    for (_, _, code), rows in groups.items():
        quantity = _one(rows)
        if quantity is not None:
            found.setdefault(code, []).append(quantity)
    return Correlations({code: tuple(items) for code, items in found.items()})


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
