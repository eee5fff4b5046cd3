"""Stage 2: one unit and one time scale for every reported number.

Reads the validated sheets, writes ``harmonised.csv``: one row a reported result, values in the
canonical unit of its instrument, time in weeks, with the factor used and the text as printed.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rheumeta.layout import Layout
from rheumeta.steps.evidence.model import SCALED_COLUMNS, VALUE_COLUMNS, read_rows
from rheumeta.tables import units
from rheumeta.tables.protocol import Instrument
from rheumeta.tables.validated import ACCEPTED, Review, load_validated, validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

PASSED_ON = (
    "events_unit", "effect_type", "ci_level", "p_sign", "contrast", "direction", "significance", "as_reported",
    "source", "source_kind", "locator", "confidence", "second_reading", "note",
)  # fmt: skip
COLUMNS = (
    "result_id", "study_id", "arm_id", "comparator_id", "outcome", "outcome_reported", "better", "weeks",
    "time_label", "timing", "n", "n_basis", *VALUE_COLUMNS, "unit", "unit_reported", "factor", "notes", "printed",
    "flags", *PASSED_ON,
)  # fmt: skip
"""Columns of harmonised.csv, in order."""

DIFFERENCES = frozenset({"MD", "MD_adjusted"})
"""Reported effects that carry the unit of the outcome."""
PERSON_TIME_UNIT = "patient_year"
FACTOR_ONE = 1.0
PERCENT_UNITS = ("percent", "%")
PERCENT_POINT = 0.01
"""A risk difference in percentage points becomes a fraction, the scale on which it is pooled."""


def run(layout: Layout) -> None:
    """Harmonise the results of a review."""
    review, accepted = load_validated(layout), _accepted(layout)
    rows = [
        harmonise_row(row, review, flags=accepted.get(str(row["result_id"]), ())) for row in review.results
    ]
    with StageWriter() as out:
        out.rows(layout.harmonised, rows, COLUMNS)
    _report(rows)


def _accepted(layout: Layout) -> dict[str, list[str]]:
    """Return the implausibilities of each row that validation found and the extractor has accepted."""
    found: dict[str, list[str]] = {}
    for row in read_rows(validated_path(layout, ACCEPTED)):
        found.setdefault(row["result_id"], []).append(row["code"])
    return found


def harmonise_row(row: Mapping[Any, Any], review: Review, *, flags: Sequence[str] = ()) -> dict[str, object]:
    """Return one row of harmonised.csv.

    Parameters
    ----------
    row : mapping
        A row of the validated results sheet.
    review : Review
        The review, for its instruments.
    flags : sequence of str
        Flags of the row.
    """
    instrument = review.instruments[row["outcome"]]
    factor, unit, note = _unit(row, instrument)
    weeks, time_label, time_note = _time(row)
    n, basis = _size(row)
    values, value_note = _values(row, factor)
    return {
        **{name: row[name] for name in ("result_id", "study_id", "arm_id", "comparator_id", "outcome")},
        "outcome_reported": row["outcome_reported"],
        "better": instrument.better,
        "weeks": weeks,
        "time_label": time_label,
        "timing": row["timing"],
        "n": n,
        "n_basis": basis,
        **values,
        "unit": unit,
        "unit_reported": row["unit"],
        "factor": factor,
        "notes": "; ".join(text for text in (note, time_note, value_note) if text),
        "printed": _printed(row),
        "flags": list(dict.fromkeys(flags)),
        **{name: _plain(row[name]) for name in PASSED_ON},
    }


def _plain(value: object) -> object:
    """Return a whole number that pandas holds as a float as a whole number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unit(row: Mapping[Any, Any], instrument: Instrument) -> tuple[float, str | None, str]:
    """Return factor, canonical unit and note."""
    if (
        instrument.unit is None
        or row["timing"] == "percent_change"
        or not _given(row, SCALED_COLUMNS | {"effect"})
    ):
        return FACTOR_ONE, None if instrument.unit is None else str(row["unit"]) or None, ""
    if row["unit"] == "":
        return FACTOR_ONE, instrument.unit, f"no unit stated; {instrument.unit} assumed"
    conversion = units.convert(1.0, row["unit"], instrument.unit, instrument=instrument)
    return conversion.factor, instrument.unit, conversion.note


def _given(row: Mapping[Any, Any], columns: frozenset[str]) -> bool:
    return any(not math.isnan(row[name]) for name in columns)


def _time(row: Mapping[Any, Any]) -> tuple[float | None, str, str]:
    """Return weeks, a label for people, and a note on the conversion."""
    words = str(row["time_reported"])
    if math.isnan(row["time"]):
        if row["timing"] == "baseline":
            return 0.0, words or "baseline", ""
        return None, words or "time not stated", ""
    conversion = units.to_weeks(row["time"], row["time_unit"])
    return conversion.value, words or _time_words(row), conversion.note


def _time_words(row: Mapping[Any, Any]) -> str:
    if row["time"] == 0:
        return "baseline"
    plural = "" if row["time"] == 1 or str(row["time_unit"]).endswith("s") else "s"
    return f"{row['time']:g} {row['time_unit']}{plural}"


def _size(row: Mapping[Any, Any]) -> tuple[int | None, str]:
    for name, basis in (("n", "reported"), ("n_implied", "implied")):
        if not math.isnan(row[name]):
            return int(row[name]), basis
    return None, "none"


def _values(row: Mapping[Any, Any], factor: float) -> tuple[dict[str, float], str]:
    """Return all numbers in canonical units, and a note."""
    values = {name: float(row[name]) for name in VALUE_COLUMNS}
    if row["effect_type"] == "RD" and row["unit"] in PERCENT_UNITS:
        for name in ("effect", "ci_low", "ci_high", "se"):
            values[name] *= PERCENT_POINT
    ratio = row["effect_type"] not in ("", *DIFFERENCES)
    scaled = SCALED_COLUMNS - ({"ci_low", "ci_high", "se"} if ratio else set())
    for name in scaled | (set() if ratio else {"effect"}):
        values[name] *= factor
    if math.isnan(values["person_time"]):
        return values, ""
    conversion = units.convert(values["person_time"], row["person_time_unit"], PERSON_TIME_UNIT)
    values["person_time"] = conversion.value
    return values, f"person-time in {PERSON_TIME_UNIT.replace('_', '-')}s, factor {conversion.factor:g}"


def _printed(row: Mapping[Any, Any]) -> str:
    names = ("n", "n_implied", *VALUE_COLUMNS)
    return "; ".join(f"{name}={row[f'{name}_text']}" for name in names if row[f"{name}_text"])


def _report(rows: list[dict[str, object]]) -> None:
    converted = Counter(
        f"{row['unit_reported']} to {row['unit']} (factor {row['factor']:g})"
        for row in rows
        if row["factor"] != FACTOR_ONE
    )
    log.info("%d results read, all kept", len(rows))
    for text, count in sorted(converted.items()):
        log.info("converted %d results from %s", count, text)
    for note, count in sorted(Counter(str(r["notes"]) for r in rows if r["notes"]).items()):
        log.info("%d results: %s", count, note)
    for basis, count in sorted(Counter(str(r["n_basis"]) for r in rows).items()):
        log.info("number of patients %s: %d results", basis, count)
