"""Rules of the register of searches: the period of a search lies before the day of the search.

No clock is asked: whether a review holds must not depend on the day on which it is checked.
"""

from __future__ import annotations

from rheumeta.errors import Fault
from rheumeta.tables.typed import Row, Table

IN_ORDER = (
    ("covers_from", "covers_to", "The period that the search covers ends before it begins."),
    ("covers_to", "date_searched", "The search covers days after the day on which it was run."),
    ("covers_from", "date_searched", "The search covers days after the day on which it was run."),
)
"""Two dates of which the first is not after the second, and what is wrong otherwise."""


def check_searches(table: Table) -> list[Fault]:
    """Return a fault for each search whose dates contradict each other."""
    return [fault for row in table for fault in _contradictions(table, row)]


def _contradictions(table: Table, row: Row) -> list[Fault]:
    faults = []
    for first, second, message in IN_ORDER:
        early, late = row.word(first), row.word(second)
        if early and late and early > late:  # ISO dates stand in the order of time
            faults.append(
                table.fault(
                    row,
                    first,
                    "search_dates_reversed",
                    message,
                    allowed=f"a date that is not after {second}, which is {late}",
                    remedy="Look the dates up in the record of the search.",
                )
            )
    return faults[:1]
