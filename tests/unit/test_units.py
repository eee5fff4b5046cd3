"""Conversion of clinical units."""

from __future__ import annotations

import pytest
from tolerances import DIRECT

from rheumeta.tables.instruments import instruments
from rheumeta.tables.units import (
    UNITS,
    UnitError,
    allowed_units,
    convert,
    person_time_units,
    same_unit,
    time_units,
    to_weeks,
)


def approx(value):
    return pytest.approx(value, rel=DIRECT)


@pytest.mark.parametrize(
    ("value", "unit_from", "unit_to", "code", "expected"),
    [
        (1.2, "mg/dL", "mg/L", "CRP", 12.0),  # 1 L = 10 dL
        (3.0, "ug/mL", "mg/L", "CRP", 3.0),
        (3.0, "µg/mL", "mg/L", "CRP", 3.0),
        (100.0, "nmol/L", "mg/L", "CRP", 11.5),  # five subunits of 23 kDa: 115 kg/mol
        (11.5, "mg/L", "nmol/L", "CRP", 100.0),
        (1.15, "mg/dL", "nmol/L", "CRP", 100.0),
        (25.0, "mm/hr", "mm/h", "ESR", 25.0),
        (6.5, "cm", "mm", "VAS-pain", 65.0),
        (65.0, "points", "mm", "VAS-pain", 65.0),
        (40.0, "U/mL", "IU/mL", "RF", 40.0),
        (40.0, "kU/L", "IU/mL", "RF", 40.0),
        (40000.0, "IU/L", "IU/mL", "RF", 40.0),
        (7.0, "ng/L", "pg/mL", "IL-6", 7.0),
        (0.5, "ng/mL", "pg/mL", "IL-6", 500.0),
        (4.2, "%", "percent", "Treg", 4.2),
    ],
)
def test_outcome_units(value, unit_from, unit_to, code, expected):
    result = convert(value, unit_from, unit_to, instrument=instruments()[code])
    assert result.value == approx(expected)
    assert result.value == approx(value * result.factor)


@pytest.mark.parametrize(
    ("value", "unit", "weeks"),
    [
        (84, "days", 12),
        (3, "months", 13),
        (6, "month", 26),
        (1, "year", 52),
        (36, "h", 36 / 168),
        (2, "wk", 2),
    ],
)
def test_times_in_weeks(value, unit, weeks):
    assert to_weeks(value, unit).value == approx(weeks)


def test_doses_and_person_time():
    assert convert(18, "patient_months", "patient_year").value == approx(1.5)
    assert convert(2e6, "cells/kg", "cells/kg").value == 2e6
    with pytest.raises(UnitError, match="cannot be converted"):
        convert(1, "cells/kg", "cells")


def test_months_and_years_carry_their_definition():
    assert "52/12 weeks" in to_weeks(3, "month").note
    assert to_weeks(3, "week").note == ""


def test_an_assay_unit_taken_for_an_international_one_is_noted():
    assert "not interchangeable" in convert(1, "U/mL", "IU/mL").note
    assert convert(1, "kU/L", "U/mL").note == ""


def test_amount_needs_a_molar_mass():
    with pytest.raises(UnitError, match="cannot be converted"):
        convert(1, "nmol/L", "mg/L")
    note = convert(1, "nmol/L", "mg/L", instrument=instruments()["CRP"]).note
    assert "115000 g/mol" in note


def test_centimetres_are_points_only_on_a_scale_to_100():
    with pytest.raises(UnitError):
        convert(5, "cm", "points", instrument=instruments()["DAS28"])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("mg/l", "mg/L"), ("ug / ml", "ug/mL"), ("\u03bcg/mL", "µg/mL"), ("Cell/kg", "cells/kg"), ("mg/gallon", None),
        ("G/L", None), ("ng/dL", None), ("week ", "week"), ("fortnight", None), ("ms", None),
    ],
)  # fmt: skip
def test_only_another_spelling_of_a_unit_is_guessed(text, meant):
    assert same_unit(text, UNITS) == (meant and f"Did you mean '{meant}'?")


def test_an_unknown_unit_names_the_one_that_is_spelt_alike():
    with pytest.raises(UnitError, match="Did you mean 'mg/L'"):
        convert(1, "mg/l", "mg/L")


def test_a_factor_has_no_floating_point_trace():
    assert convert(1, "ng/mL", "pg/mL").factor == 1000.0
    assert convert(1, "mg/dL", "mg/L").factor == 10.0


def test_every_instrument_has_a_known_unit_and_accepts_it():
    for code, instrument in instruments().items():
        if instrument.unit is not None:
            assert instrument.unit in UNITS, code
            assert instrument.unit in allowed_units(instrument), code


def test_units_of_time_and_person_time_convert():
    assert {to_weeks(1, unit).factor > 0 for unit in time_units()} == {True}
    assert all(convert(1, unit, "patient_year").factor > 0 for unit in person_time_units())
