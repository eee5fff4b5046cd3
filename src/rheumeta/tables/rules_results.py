"""Rules of a row of results: codes and units are known, and columns that belong together agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rheumeta.errors import Fault
from rheumeta.tables.cells import NUMERIC
from rheumeta.tables.protocol import Instrument
from rheumeta.tables.sheets import RESULTS
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.units import DOSE_UNITS, allowed_units, person_time_units, same_unit, time_units
from rheumeta.tables.wording import did_you_mean, listing

RATIOS = ("OR", "RR", "HR", "IRR", "ROM")
CONTINUOUS_ONLY = ("mean", "sd", "se", "median", "q1", "q3", "iqr", "min", "max", "range")
COUNTS_ONLY = ("events", "percent", "person_time")
BESIDE_PERCENT = ("sd", "se")
"""Some sources print a spread beside a percentage; it is kept for the integrity check and enters no effect."""
NO_VALUE = frozenset({"time", "n", "n_implied", "ci_level"})
"""Numeric columns that say nothing of the outcome by themselves."""
SAYINGS = ("direction", "significance", "as_reported")
BELONGS = (
    ("p", "p_sign", "required with p; '=' for an exact value"),
    ("p_sign", "p", "the number belongs to its sign"),
    ("effect", "effect_type", "required with effect"),
    ("time", "time_unit", "required with time"),
    ("person_time", "person_time_unit", "required with person_time"),
)
"""Where the first column is filled in, the second must be."""


def check_results(table: Table, instruments: Mapping[str, Instrument]) -> list[Fault]:
    """Return the faults of the results sheet, row by row.

    Parameters
    ----------
    table : Table
        The results sheet.
    instruments : mapping of str to Instrument
        Registry and protocol together.
    """
    return [fault for row in table for fault in _row(table, row, instruments)]


def check_doses(table: Table) -> list[Fault]:
    """Return the faults of doses in the arms sheet: the unit is there and known."""
    faults = []
    for row in table:
        unit = row.word("dose_unit")
        if row.text["dose"] and not row.text["dose_unit"]:
            faults.append(
                table.fault(row, "dose_unit", "dose_without_dose_unit", "The dose has no unit.",
                            allowed=listing(DOSE_UNITS), remedy="Fill it in.")
            )  # fmt: skip
        elif unit and unit not in DOSE_UNITS:
            faults.append(
                table.fault(row, "dose_unit", "unknown_dose_unit", "The unit of the dose is not known.",
                            allowed=listing(DOSE_UNITS), remedy=same_unit(unit, DOSE_UNITS) or ANOTHER_UNIT)
            )  # fmt: skip
    return faults


def check_outcome_codes(table: Table, codes: list[str]) -> list[Fault]:
    """Return the faults of the column `outcome` of a sheet other than results; 'all' is allowed."""
    return [
        table.fault(row, "outcome", "unknown_outcome", "The outcome is not known.",
                    remedy=did_you_mean(row.word("outcome"), codes) or "Use a code of the results sheet, or 'all'.")
        for row in table
        if row.word("outcome") and row.word("outcome") not in (*codes, "all")
    ]  # fmt: skip


def _row(table: Table, row: Row, instruments: Mapping[str, Instrument]) -> Iterator[Fault]:
    code = row.word("outcome")
    instrument = instruments.get(code)
    if code and instrument is None:
        yield table.fault(
            row,
            "outcome",
            "unknown_outcome",
            "The outcome is not known.",
            remedy=did_you_mean(code, instruments) or "Declare it under 'instruments' in the protocol.",
        )
    if instrument is not None:
        yield from _unit(table, row, instrument)
        yield from _kind(table, row, instrument)
    yield from _times(table, row)
    yield from _pairs(table, row)
    yield from _limits(table, row)


def _unit(table: Table, row: Row, instrument: Instrument) -> Iterator[Fault]:
    unit = row.word("unit")
    allowed = ("percent", "%") if row.word("timing") == "percent_change" else allowed_units(instrument)
    if instrument.kind == "continuous" and instrument.unit is None and unit:
        yield table.fault(
            row,
            "unit",
            "unit_not_declared",
            f"{instrument.label} has no unit.",
            remedy="Give the instrument its unit in the protocol.",
        )
    elif unit and unit not in allowed:
        yield table.fault(
            row,
            "unit",
            "unknown_unit",
            f"The unit is not one of {instrument.label}.",
            allowed=listing(allowed),
            remedy=same_unit(unit, allowed) or ANOTHER_UNIT,
        )
    elif not unit and instrument.kind == "continuous" and instrument.unit and _needs_unit(row):
        yield table.fault(
            row,
            "unit",
            "required_empty",
            "The numbers have no unit.",
            allowed=listing(allowed),
            remedy="Fill in the unit that the source prints.",
        )


ANOTHER_UNIT = (
    "Look at the source: write the unit that it prints as allowed, or convert by hand and say so in note."
)
"""What to do about a unit that is not known; it is never guessed."""

DIFFERENCES = ("MD", "MD_adjusted")
"""Reported effects in the unit of the outcome."""


def _needs_unit(row: Row) -> bool:
    difference = row.number("effect") is not None and row.word("effect_type") in DIFFERENCES
    continuous = difference or any(row.number(c) is not None for c in CONTINUOUS_ONLY)
    return continuous and row.word("timing") != "percent_change"


def _kind(table: Table, row: Row, instrument: Instrument) -> Iterator[Fault]:
    wrong = COUNTS_ONLY if instrument.kind == "continuous" else CONTINUOUS_ONLY
    beside = BESIDE_PERCENT if row.number("percent") is not None else ()
    for column in wrong:
        if column not in beside and row.number(column) is not None and row.word("timing") != "percent_change":
            yield table.fault(
                row,
                column,
                "wrong_kind",
                f"{instrument.label} is {instrument.kind}; it has no {column}.",
                remedy="Move the number, or code the outcome as one of the other kind.",
            )


def _times(table: Table, row: Row) -> Iterator[Fault]:
    for column, known in (("time_unit", time_units()), ("person_time_unit", person_time_units())):
        unit = row.word(column)
        if unit and unit not in known:
            yield table.fault(
                row,
                column,
                f"unknown_{column}",
                "The unit is not known.",
                allowed=listing(known),
                remedy=same_unit(unit, known) or ANOTHER_UNIT,
            )
    if row.word("timing") == "baseline" and row.number("time"):
        yield table.fault(
            row,
            "time",
            "baseline_later",
            "A value at baseline has a time after the start.",
            allowed="0",
            remedy="Correct the time, or the timing.",
        )


def _pairs(table: Table, row: Row) -> Iterator[Fault]:
    for column, partner, why in BELONGS:
        if row.text[column] and not row.text[partner]:
            yield table.fault(
                row,
                partner,
                f"{column}_without_{partner}",
                f"'{column}' is filled in and '{partner}' is not.",
                allowed=why,
                remedy=f"Fill in {partner}, or empty {column}.",
            )
    if row.text["n"] and row.text["n_implied"]:
        yield table.fault(
            row,
            "n_implied",
            "two_denominators",
            "Both n and n_implied are filled in.",
            remedy="Keep n if the source prints it, else n_implied.",
        )
    numbers = (c.name for c in RESULTS.columns if c.type in NUMERIC and c.name not in NO_VALUE)
    if not any(row.text[c] for c in (*numbers, *SAYINGS)):
        yield table.fault(
            row,
            "as_reported",
            "row_without_value",
            "The row says nothing of the outcome.",
            remedy="Fill in a number, a direction or the words of the source; what is missing "
            "belongs in the sheet 'awaited'.",
        )


def _limits(table: Table, row: Row) -> Iterator[Fault]:
    low, high = row.number("ci_low"), row.number("ci_high")
    if low is not None and high is not None and low > high:
        yield table.fault(
            row,
            "ci_low",
            "ci_reversed",
            "The interval ends before it starts.",
            allowed=f"{row.text['ci_high']} or less",
            remedy="Swap ci_low and ci_high.",
        )
    if row.number("p") == 0 and row.word("p_sign") == "=":
        yield table.fault(
            row,
            "p",
            "p_zero",
            "A p value is never exactly 0.",
            remedy="Printed as 0.000 it is below 0.0005: write 0.0005 and the sign <.",
        )
    if row.word("effect_type") in RATIOS:
        for column in ("effect", "ci_low", "ci_high"):
            value = row.number(column)
            if value is not None and value <= 0:
                yield table.fault(
                    row,
                    column,
                    "ratio_not_positive",
                    "A ratio is above 0.",
                    allowed="more than 0",
                    remedy="If it is a logarithm, enter its exponential.",
                )
    n, events = row.number("n") or row.number("n_implied"), row.number("events")
    if n is not None and events is not None and events > n and row.word("events_unit") != "events":
        yield table.fault(
            row,
            "events",
            "events_exceed_n",
            "More patients have the event than there are.",
            allowed=f"0 to {n:g}",
            remedy="Compare both with the source. If a patient can have several, set events_unit to events.",
        )
