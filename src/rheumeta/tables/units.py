"""Clinical units and their conversion.

A small registry of its own (pint), so that a name means one thing: ``points`` is a score, ``U`` is
a unit of an assay, ``h`` an hour. Times: a year is 52 weeks and a month a twelfth of it (52/12 =
4.333 weeks), so that three months are 13 weeks, six are 26 and twelve are 52, as follow-up visits
are planned; with 365.25 days a year would be 52.18 weeks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import pint

from rheumeta.errors import RheumetaError
from rheumeta.tables.protocol import Instrument
from rheumeta.tables.wording import listing

DEFINITIONS = """
kilo- = 1e3 = k-
deci- = 1e-1 = d-
centi- = 1e-2 = c-
milli- = 1e-3 = m-
micro- = 1e-6 = u- = µ-
nano- = 1e-9 = n-
pico- = 1e-12 = p-
metre = [length] = m
gram = [mass] = g
litre = [volume] = L
mole = [substance] = mol
hour = [time] = h
day = 24 * hour = d
week = 7 * day = wk
year = 52 * week = a
month = year / 12
assay_unit = [assay] = U
cell = [cell] = cells
point = [score] = points
patient = [patient] = patients
event = [event] = events
share = [share]
percent = 0.01 * share
joint = [joint] = joints
second = hour / 3600 = s
minute = hour / 60 = min
"""

UNITS: dict[str, str] = {
    "mg/L": "mg/L", "mg/dL": "mg/dL", "ug/mL": "ug/mL", "µg/mL": "ug/mL", "g/L": "g/L", "nmol/L": "nmol/L",
    "pg/mL": "pg/mL", "ng/L": "ng/L", "ng/mL": "ng/mL",
    "IU/mL": "U/mL", "U/mL": "U/mL", "IU/L": "U/L", "U/L": "U/L", "kU/L": "kU/L", "kIU/L": "kU/L",
    "mm/h": "mm/h", "mm/hr": "mm/h",
    "mm": "mm", "cm": "cm", "m": "m",
    "points": "points", "score": "points",
    "percent": "percent", "%": "percent",
    "patients": "patients", "events": "events", "joints": "joints",
    "hour": "hour", "hours": "hour", "h": "hour", "day": "day", "days": "day", "d": "day",
    "week": "week", "weeks": "week", "wk": "week", "month": "month", "months": "month", "mo": "month",
    "year": "year", "years": "year", "minute": "minute", "minutes": "minute", "min": "minute",
    "second": "second", "seconds": "second",
    "cells": "cells", "cells/kg": "cells/kg", "mg": "mg", "mg/kg": "mg/kg", "g": "g",
    "patient_year": "patients*year", "patient_years": "patients*year", "patient_month": "patients*month",
    "patient_months": "patients*month", "patient_week": "patients*week", "patient_weeks": "patients*week",
    "patient_day": "patients*day", "patient_days": "patients*day",
}  # fmt: skip
"""Units of the sheets and what they are in the registry. ``kg`` of body weight is a plain kilogram."""

DOSE_UNITS = ("cells", "cells/kg", "mg", "mg/kg", "g")
ASSAY_NOTE = "an assay's unit is taken for an international unit; assays are not interchangeable"


class UnitError(RheumetaError, ValueError):
    """A unit that is unknown, or that cannot be converted as asked."""


@dataclass(frozen=True)
class Conversion:
    """A converted value: ``value == number * factor``; `note` says what was assumed, or is empty."""

    value: float
    factor: float
    unit_from: str
    unit_to: str
    note: str


@cache
def registry() -> pint.UnitRegistry[float]:
    """Return the registry."""
    return pint.UnitRegistry(DEFINITIONS.strip().splitlines())


def convert(
    value: float, unit_from: str, unit_to: str, *, instrument: Instrument | None = None
) -> Conversion:
    """Convert a value.

    Parameters
    ----------
    value : float
        The number in `unit_from`.
    unit_from, unit_to : str
        Names of :data:`UNITS`.
    instrument : Instrument, optional
        Its molar mass converts amount to mass; a visual analogue scale from 0 to 100 takes
        millimetres, centimetres and points.

    Raises
    ------
    UnitError
        If a unit is unknown, or the two measure different things.
    """
    factor, note = _factor(unit_from, unit_to, instrument)
    return Conversion(value * factor, factor, unit_from, unit_to, note)


def to_weeks(value: float, unit: str) -> Conversion:
    """Convert a time to weeks (a year is 52, a month 52/12)."""
    conversion = convert(value, unit, "week")
    months = UNITS[unit] in ("month", "year")
    note = "1 year = 52 weeks, 1 month = 52/12 weeks" if months else ""
    return Conversion(conversion.value, conversion.factor, unit, "week", note)


@cache
def allowed_units(instrument: Instrument) -> tuple[str, ...]:
    """Return the units in which results of an instrument may stand in a sheet."""
    if instrument.unit is None:
        return ("patients", "events", "percent", "%")
    return tuple(name for name in UNITS if _converts(name, instrument))


@cache
def time_units() -> tuple[str, ...]:
    """Return the names of the units of time."""
    return tuple(name for name in UNITS if registry().is_compatible_with(UNITS[name], "week"))


def person_time_units() -> tuple[str, ...]:
    """Return the names of the units of person-time."""
    return tuple(name for name in UNITS if name.startswith("patient_"))


def _converts(unit: str, instrument: Instrument) -> bool:
    try:
        _factor(unit, str(instrument.unit), instrument)
    except UnitError:
        return False
    return True


@cache
def _factor(unit_from: str, unit_to: str, instrument: Instrument | None) -> tuple[float, str]:
    start, end = _known(unit_from), _known(unit_to)
    if unit_from == unit_to:
        return 1.0, ""
    if instrument is not None and (found := _by_instrument(start, end, instrument)) is not None:
        return found
    try:
        factor = float(registry().Quantity(1.0, start).to(end).magnitude)
    except pint.DimensionalityError:
        reason = f"{unit_from} cannot be converted to {unit_to}"
        raise UnitError(reason + (f" for {instrument.label}." if instrument else ".")) from None
    tidy = float(f"{factor:.12g}")  # 1000.0000000000001 is the floating-point trace of 1000
    factor = tidy if math.isclose(tidy, factor, rel_tol=1e-15) else factor
    mixed = ("I" in unit_from) != ("I" in unit_to) and "U" in unit_from
    return factor, ASSAY_NOTE if mixed else ""


def _known(unit: str) -> str:
    if unit not in UNITS:
        hint = f" {same_unit(unit, UNITS) or f'Known are {listing(UNITS)}.'}"
        raise UnitError(f"The unit '{unit}' is not known.{hint}")
    return UNITS[unit]


def same_unit(text: str, units: Iterable[str]) -> str | None:
    """Return ``Did you mean 'mg/L'?`` where a text is a unit but for its spelling; no guess at another unit.

    Spelling is blanks, the letter of the litre, and capitals and plural of whole words; m and M, g and G stay
    apart.
    """
    spelt = _spelt(text)
    found = next((unit for unit in units if _spelt(unit) == spelt), None)
    return f"Did you mean '{found}'?" if found else None


def _spelt(text: str) -> str:
    return re.sub(r"[A-Za-z]+", _spelt_word, re.sub(r"[\s_]", "", text).replace("\u03bc", "µ"))


def _spelt_word(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) > 2:
        return word.lower().removesuffix("s")
    return word.removesuffix("l") + "L" if word.endswith("l") else word


def _by_instrument(start: str, end: str, instrument: Instrument) -> tuple[float, str] | None:
    if _is_visual_scale(instrument) and {start, end} <= {"mm", "cm", "points"}:
        return _SCALE[start] / _SCALE[end], "a point of the scale 0-100 is a millimetre"
    if instrument.molar_mass is not None and (start == "nmol/L") != (end == "nmol/L"):
        gram_per_litre = registry().Quantity(1.0, "nmol/L").to("mol/L").magnitude * instrument.molar_mass
        if start == "nmol/L":
            return float(registry().Quantity(gram_per_litre, "g/L").to(end).magnitude), _molar(instrument)
        return float(registry().Quantity(1.0, start).to("g/L").magnitude / gram_per_litre), _molar(instrument)
    return None


def _is_visual_scale(instrument: Instrument) -> bool:
    return instrument.unit == "mm" and instrument.low == 0 and instrument.high == 100


def _molar(instrument: Instrument) -> str:
    return f"molar mass {instrument.molar_mass:g} g/mol ({instrument.molar_mass_source})"


_SCALE: Mapping[str, float] = {"mm": 1.0, "points": 1.0, "cm": 10.0}
