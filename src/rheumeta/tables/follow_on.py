"""Leaving out faults that only follow from another one.

A column that is missing or misspelt empties every cell of it, and rules that need these cells then
find fault with each row. The reader is told of the column alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rheumeta.errors import Fault
from rheumeta.tables.cells import NUMERIC
from rheumeta.tables.findings import ACCEPTABLE
from rheumeta.tables.reading import RawSheet
from rheumeta.tables.rules_results import NO_VALUE, SAYINGS
from rheumeta.tables.sheets import RESULTS

Cell = tuple[str, str]
"""Sheet and column."""

_ARM: tuple[Cell, ...] = (("arms", "study_id"), ("arms", "arm_id"), ("results", "study_id"))
_SHAPE: tuple[Cell, ...] = tuple(
    ("arms", name) for name in ("study_id", "arm_id", "kind", "part_of", "interventions")
)
NEEDS: dict[str, tuple[Cell, ...]] = {
    **{code: (("results", "accept"), ("results", "events_unit")) for code in ACCEPTABLE},
    "n_exceeds_arm": (
        ("results", "accept"), ("results", "comparator_id"), ("arms", "n_allocated"), ("arms", "n_analysed"),
    ),
    "unknown_study": (("studies", "study_id"),),
    "unknown_arm": _ARM,
    "arm_of_other_study": _ARM,
    "row_without_value": tuple(
        ("results", c.name) for c in RESULTS.columns
        if c.name in SAYINGS or (c.type in NUMERIC and c.name not in NO_VALUE)
    ),
    "events_exceed_n": (("results", "events_unit"),),
    "wrong_kind": (("results", "timing"),),
    "unknown_unit": (("results", "timing"),),
    **dict.fromkeys(("pooled_without_parts", "arm_with_arms", "pooled_not_mixed"), _SHAPE),
    "flow_disagrees": (("flow", "box"), ("flow", "channel"), ("flow", "n")),
}  # fmt: skip
"""Columns without which a fault of this code says nothing; its own column always is one."""

WRONG_KIND = "wrong_kind"
CAUSES = {"pooled_not_mixed": "unknown_intervention"}
"""A fault that follows from another one of the same sheet."""
OUT_OF_BOUNDS = frozenset({"negative_sd", "negative_se", "out_of_bounds"})
"""Faults of a number that does not belong in its column at all, where that is the fault."""


def first_causes(faults: Iterable[Fault], sheets: Mapping[str, RawSheet]) -> list[Fault]:
    """Return the faults without those that only follow from a missing column or a misplaced number.

    Parameters
    ----------
    faults : iterable of Fault
        All faults of a review.
    sheets : mapping of str to RawSheet
        Its sheets by name.
    """
    found = list(faults)
    lacking = {(name, column) for name, raw in sheets.items() for column in raw.missing}
    by_file = {raw.file: raw for raw in sheets.values()}
    codes = {(f.file, f.code) for f in found}
    misplaced = {(f.file, f.line, f.column) for f in found if f.code == WRONG_KIND}
    return [
        f for f in found
        if not _follows(f, by_file.get(f.file), lacking)
        and (f.file, CAUSES.get(f.code)) not in codes
        and not (f.code in OUT_OF_BOUNDS and (f.file, f.line, f.column) in misplaced)
    ]  # fmt: skip


def _follows(fault: Fault, raw: RawSheet | None, lacking: Collection[Cell]) -> bool:
    """Tell whether a fault is due to a column that is missing."""
    if not lacking or fault.code == "missing_column":
        return False
    needed = set(NEEDS.get(fault.code, ()))
    if raw is not None:
        columns = {fault.column, *(raw.sheet.key if fault.code == "duplicate_key" else ())}
        needed |= {(raw.sheet.name, column) for column in columns if column is not None}
    return not needed.isdisjoint(lacking)
