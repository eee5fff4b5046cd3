"""Where a reported result belongs: its outcome in the protocol, and the comparisons that take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from rheumeta.steps.evidence.model import Arm, Evidence, Result
from rheumeta.steps.evidence.selection import ancestors, matches
from rheumeta.tables.protocol import Comparison, Instrument, Protocol

Kind = Literal["controlled", "before_after", "single_group", "add_on"]

OTHER_DOMAIN = "Other outcomes"
EFFECTS_OF_GROUPS = frozenset({"RR", "OR", "RD", "HR", "IRR"})
"""Reported effects that compare two groups even where the row does not say so."""
UNKNOWN_COMPARATOR = "the row does not say which group this one is compared with"


@dataclass(frozen=True)
class Group:
    """Where a result belongs in the direction table."""

    outcome: str
    label: str
    domain: str


def groups(protocol: Protocol, instruments: Mapping[str, Instrument]) -> dict[str, Group]:
    """Return the group of each outcome code: the protocol's outcome, else the instrument itself."""
    found = {code: Group(code, item.label, OTHER_DOMAIN) for code, item in instruments.items()}
    for name, outcome in reversed(protocol.outcomes.items()):  # the first outcome that names a code wins
        for code in outcome.codes:
            found[code] = Group(name, outcome.label, outcome.domain)
    return found


def compares_groups(row: Result) -> bool:
    """Tell whether a row sets one group against another, whether or not it names the other."""
    if row.comparator_id is not None or row.contrast == "between":
        return True
    return row.contrast != "within" and "effect" in row.values and row.effect_type in EFFECTS_OF_GROUPS


def comparator(row: Result, evidence: Evidence) -> Arm | None:
    """Return the group that a row compares with; None if it compares none or it cannot be known.

    Where the row names none, the study's only other arm is meant.
    """
    if row.comparator_id is not None:
        return evidence.arms.get((row.study_id, row.comparator_id))
    if not compares_groups(row):
        return None
    own = {row.arm_id} | ancestors(evidence.arms[row.study_id, row.arm_id], evidence)
    others = [
        a
        for a in evidence.arms_of(row.study_id)
        if a.kind == "arm" and a.arm_id not in own and row.arm_id not in ancestors(a, evidence)
    ]
    return others[0] if len(others) == 1 else None


def takes_design(comparison: Comparison, row: Result, evidence: Evidence) -> bool:
    """Tell whether a comparison takes studies of the design of a row's study."""
    return comparison.designs is None or evidence.studies[row.study_id].design_class in comparison.designs


def takes_groups(comparison: Comparison, row: Result, evidence: Evidence) -> bool:
    """Tell whether a row is about the treated group of a comparison, set against its control if it has one."""
    if compares_groups(row) != (comparison.control is not None):
        return False
    if not matches(evidence.arms[row.study_id, row.arm_id], comparison.experimental):
        return False
    if comparison.control is None:
        return True
    other = comparator(row, evidence)
    if other is None or not matches(other, comparison.control):
        return False
    return comparison.add_on or not set(comparison.experimental.having) & other.interventions


def fitting(row: Result, evidence: Evidence, comparisons: Mapping[str, Comparison]) -> tuple[str, ...]:
    """Return the comparisons that take a row by its groups and the design of its study."""
    return tuple(
        name
        for name, comparison in comparisons.items()
        if takes_design(comparison, row, evidence) and takes_groups(comparison, row, evidence)
    )


def kind(comparison: Comparison) -> Kind:
    """Return under which heading the results of a comparison stand."""
    return "add_on" if comparison.add_on else comparison.kind


def kind_of(names: Iterable[str], comparisons: Mapping[str, Comparison]) -> Kind | None:
    """Return the heading of a direction that fits several comparisons; None if it fits none.

    A direction within one group is a change since the start, so before-after goes before single group.
    """
    found = [kind(comparisons[name]) for name in names]
    return "before_after" if "before_after" in found else next(iter(found), None)
