"""Implausible numbers of patients, times and spreads: what can be judged without an instrument."""

from __future__ import annotations

from collections.abc import Iterator

from rheumeta.errors import Fault
from rheumeta.tables.findings import finding
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.units import time_units, to_weeks

LONGEST_WEEKS = 1040.0
"""A follow-up of more than 20 years is suspected to have the wrong unit. The limit is this project's
choice; the longest time in the bundled reviews is 156 weeks."""
WEEKS_A_YEAR = 52


def patients_of(arm: Row) -> float | None:
    """Return the patients of an arm: allocated or analysed, whichever is more."""
    numbers = [n for c in ("n_allocated", "n_analysed") if (n := arm.number(c)) is not None]
    return max(numbers, default=None)


def size_findings(table: Table, row: Row, patients: float | None) -> Iterator[Fault]:
    """Yield the implausible sizes in a row of the results sheet.

    Parameters
    ----------
    table : Table
        The results sheet.
    row : Row
        One of its rows.
    patients : float or None
        Patients of the row's arm, if the arms sheet says.
    """
    n = row.number("n")
    if patients is not None and n is not None and n > patients and not row.word("comparator_id"):
        allowed = f"{patients:g} or fewer"
        yield finding(table, row, "n", "n_exceeds_arm", "The arm has fewer patients.", allowed)
    yield from _time(table, row)
    yield from _spread(table, row)


def _time(table: Table, row: Row) -> Iterator[Fault]:
    time, unit = row.number("time"), row.word("time_unit")
    if time is None or unit not in time_units():
        return
    weeks = to_weeks(time, unit).value
    if weeks > LONGEST_WEEKS:
        yield finding(
            table,
            row,
            "time",
            "time_implausible",
            f"With the unit {unit} it would be {weeks / WEEKS_A_YEAR:.0f} years.",
            f"at most {LONGEST_WEEKS:g} weeks",
        )


def _spread(table: Table, row: Row) -> Iterator[Fault]:
    """Judge an SD of 0, and a spread of a single patient, which does not exist whatever is printed.

    Beside a percentage of 0 or 100 an SD of 0 is right.
    """
    if row.number("sd") == 0 and row.number("percent") is None:
        yield finding(table, row, "sd", "sd_zero", "All patients would have the same value.", "more than 0")
    for column in ("sd", "se"):
        if row.number("n") == 1 and row.number(column) is not None:
            yield table.fault(
                row,
                column,
                "spread_of_one",
                "One patient has no measure of spread.",
                allowed="an empty cell where n is 1",
                remedy="Compare n with the source; if it is 1, empty the cell.",
            )
