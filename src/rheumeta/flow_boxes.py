"""The boxes of the flow of records, in the words of PRISMA 2020 (Page and others 2021, BMJ 372:n71)."""

from __future__ import annotations

from collections.abc import Iterable

BOXES = {
    "previous_studies": "Studies included in previous version of review",
    "previous_reports": "Reports of studies included in previous version of review",
    "identified": "Records identified",
    "duplicates_removed": "Duplicate records",
    "automation_removed": "Records marked as ineligible by automation tools",
    "other_removed": "Records removed for other reasons",
    "screened": "Records screened",
    "excluded_screening": "Records excluded",
    "sought": "Reports sought for retrieval",
    "not_retrieved": "Reports not retrieved",
    "assessed": "Reports assessed for eligibility",
    "excluded_assessment": "Reports excluded",
    "included_studies": "Studies included in review",
    "included_reports": "Reports of included studies",
    "total_studies": "Total studies included in review",
    "total_reports": "Reports of total included studies",
}
"""Names of the boxes in the order of the diagram."""

REMOVED = ("duplicates_removed", "automation_removed", "other_removed")
"""What is removed before screening; a box without a row did not apply."""

PREVIOUS = ("previous_studies", "previous_reports")
TOTAL = ("total_studies", "total_reports")
"""Boxes that only an updated review has."""

BESIDE = frozenset({*REMOVED, "excluded_screening", "not_retrieved", "excluded_assessment"})
"""What stands beside the main path."""

OPTIONAL = frozenset({*REMOVED[1:], *PREVIOUS, *TOTAL})
"""Boxes that are told of only where the sheet has them."""

CHANNELS = {
    "databases": "Databases",
    "registers": "Registers",
    "other": "Other sources",
    "all": "All sources",
}
OTHER = "other"
MAIN = ("databases", "registers", "all")
"""Channels of the stream that is screened; `other` joins it unless it has boxes of its own."""

_OWN = frozenset({"sought", "not_retrieved", "assessed", "excluded_assessment"})


def has_own_stream(boxes: Iterable[tuple[str, str]]) -> bool:
    """Tell whether records from other sources go their own way, given (box, channel) of all rows."""
    return any(box in _OWN and channel == OTHER for box, channel in boxes)


def is_update(boxes: Iterable[str]) -> bool:
    """Tell whether a review updates a previous version, given the boxes of all rows."""
    return not {*PREVIOUS, *TOTAL}.isdisjoint(boxes)
