"""Findings that an extractor may accept after a look at the source."""

from __future__ import annotations

from rheumeta.errors import Fault
from rheumeta.records import FLAGS
from rheumeta.tables.typed import Row, Table

ACCEPTABLE: dict[str, str] = {
    code: FLAGS[code]
    for code in (
        "percent_not_whole", "events_percent_disagree", "se_for_sd", "sd_too_large", "sd_against_min_max",
        "outside_range", "mean_outside_min_max", "quantiles_disordered", "estimate_outside_ci", "n_exceeds_arm",
        "sd_zero", "time_implausible",
    )
}  # fmt: skip
"""Codes that the column `accept` may hold, with the gloss of the flag."""


def finding(
    table: Table, row: Row, column: str, code: str, message: str, allowed: str | None = None
) -> Fault:
    """Return a fault whose remedy names the source first and then the column `accept`."""
    return table.fault(
        row,
        column,
        code,
        message,
        allowed=allowed,
        remedy=f"Compare with the source. If it stands there so, write {code} into 'accept'.",
    )
