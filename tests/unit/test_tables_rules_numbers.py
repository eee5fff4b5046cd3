"""Which numbers are implausible."""

from __future__ import annotations

import itertools
import math
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheumeta.layout import Layout
from rheumeta.steps import validate
from rheumeta.tables.instruments import instruments
from rheumeta.tables.reading import RawRow, RawSheet
from rheumeta.tables.rules_numbers import _Usual, check_numbers
from rheumeta.tables.sheets import ARMS, RESULTS
from rheumeta.tables.typed import type_sheet

PROJECT = Path(__file__).parents[2]


def codes(*rows, accept=""):
    """Return the codes found in rows of results that are given by their filled cells."""
    columns = {c.name: "" for c in RESULTS.columns}
    standard = {"arm_id": "a", "outcome": "DAS28-ESR", "timing": "final", "unit": "points", "accept": accept}
    raw = [
        RawRow(i + 2, {**columns, **standard, "result_id": f"r{i}", "study_id": f"s{i}", **row})
        for i, row in enumerate(rows)
    ]
    table, _ = type_sheet(RawSheet("results.csv", RESULTS, RESULTS.columns, tuple(raw)))
    arms, _ = type_sheet(RawSheet("arms.csv", ARMS, ARMS.columns, ()))
    faults, accepted = check_numbers(table, arms, instruments())
    return [(f.line, f.code) for f in faults], [(f.line, f.code) for f in accepted]


def response(percent, n):
    return {"outcome": "ACR20", "unit": "", "percent": percent, "n": str(n)}


@settings(deadline=None, derandomize=True)
@given(st.integers(1, 400), st.data(), st.integers(0, 2))
def test_a_percentage_that_a_whole_number_gives_is_never_a_fault(n, data, digits):
    events = data.draw(st.integers(0, n))
    assert codes(response(f"{100 * events / n:.{digits}f}", n)) == ([], [])


@pytest.mark.parametrize("n", [7, 20, 46, 64])
def test_percentages_agree_with_trying_every_number_of_patients(n):
    possible = {f"{100 * k / n:.0f}" for k in range(n + 1)}
    for percent in range(101):
        exact = [k for k in range(n + 1) if abs(100 * k / n - percent) <= 0.5]
        found = bool(codes(response(str(percent), n))[0])
        assert found == (not exact)
        assert not (found and str(percent) in possible)


def test_printed_digits_count():
    assert codes(response("19", 46)) == ([(2, "percent_not_whole")], [])  # 8/46 = 17.4, 9/46 = 19.6
    assert codes(response("33", 3)) == ([], [])
    assert codes(response("33.0", 3)) == ([(2, "percent_not_whole")], [])


def test_events_that_are_not_patients_have_no_percentage_to_agree_with():
    assert codes({**response("47", 20), "events_unit": "events"}) == ([], [])


def test_an_accepted_finding_is_returned_apart():
    assert codes(response("19", 46), accept="percent_not_whole") == ([], [(2, "percent_not_whole")])
    assert codes(response("19", 46), accept="se_for_sd") == ([(2, "percent_not_whole")], [])


@pytest.mark.parametrize("n", [2, 3, 5, 8])
def test_no_sample_is_outside_the_bounds_of_its_sd(n):
    """All samples on a grid of five values: the SD is never a fault beside the sample's own min and max."""
    for sample in itertools.combinations_with_replacement((0.0, 1.0, 2.0, 3.0, 4.0), n):
        low, high, sd = min(sample), max(sample), float(np.std(sample, ddof=1))
        row = {"n": str(n), "sd": repr(sd), "min": repr(low), "max": repr(high)}
        if sd:
            found, _ = codes({**row, "outcome": "CRP", "unit": "mg/L"})
            assert (2, "sd_against_min_max") not in found


def test_the_bounds_of_an_sd_are_reached():
    """Half at each end: R/2 sqrt(n/(n-1)); all but two in the middle: R/sqrt(2(n-1))."""
    n, width = 8, 4.0
    most = float(np.std([0] * 4 + [4] * 4, ddof=1))
    least = float(np.std([0, 4] + [2] * 6, ddof=1))
    assert most == pytest.approx(width / 2 * math.sqrt(n / (n - 1)))
    assert least == pytest.approx(width / math.sqrt(2 * (n - 1)))
    row = {"n": "8", "min": "0.000", "max": "4.000", "outcome": "CRP", "unit": "mg/L"}
    assert codes({**row, "sd": f"{most + 0.01:.4f}"})[0] == [(2, "sd_against_min_max")]
    assert codes({**row, "sd": f"{least - 0.01:.4f}"})[0] == [(2, "sd_against_min_max")]


def test_a_standard_error_is_recognised_by_the_usual_sd():
    row = {"mean": "4.1", "n": "30"}
    assert codes({**row, "sd": "1.3"}) == ([], [])
    assert codes({**row, "sd": f"{1.3 / math.sqrt(30):.2f}"})[0] == [(2, "se_for_sd")]


def test_a_standard_error_is_recognised_by_the_other_studies():
    others = [
        {"outcome": "ESR", "unit": "mm/h", "sd": sd, "n": "40", "mean": "30"} for sd in ("14", "17", "20")
    ]
    suspect = {"outcome": "ESR", "unit": "mm/h", "sd": "2.7", "n": "40", "mean": "31"}
    assert codes(*others, suspect)[0] == [(5, "se_for_sd")]
    assert codes(*others[:2], suspect)[0] == []  # two studies do not tell what is usual


def test_no_bundled_sd_from_30_patients_passes_when_it_is_a_standard_error():
    tables = validate.check(Layout("msc_ra", PROJECT)).tables
    results = tables["results"]
    tried = 0
    for at, row in enumerate(results.rows):
        sd, n = row.number("sd"), row.number("n")
        if sd is not None and n == 30:
            changed = replace(row, value={**row.value, "sd": sd / math.sqrt(n)})
            rows = (*results.rows[:at], changed, *results.rows[at + 1 :])
            faults, _ = check_numbers(replace(results, rows=rows), tables["arms"], instruments())
            assert (row.line, "se_for_sd") in [(f.line, f.code) for f in faults]
            tried += 1
    assert tried >= 12


def test_change_is_compared_with_change():
    others = [
        {"outcome": "ESR", "unit": "mm/h", "sd": sd, "n": "40", "mean": "30"} for sd in ("14", "17", "20")
    ]
    change = {"outcome": "ESR", "unit": "mm/h", "sd": "2.7", "n": "40", "mean": "-9", "timing": "change"}
    assert codes(*others, change) == ([], [])


def test_ranges_are_judged_in_the_canonical_unit():
    pain = {"outcome": "VAS-pain", "n": "20"}
    assert codes({**pain, "unit": "cm", "mean": "6.5"}) == ([], [])
    assert codes({**pain, "unit": "cm", "mean": "65"})[0] == [(2, "outside_range")]
    assert codes({**pain, "unit": "mm", "mean": "65"}) == ([], [])


def test_rounding_does_not_push_an_estimate_out_of_its_interval():
    row = {"n": "30", "mean": "4.1", "ci_low": "4.15", "ci_high": "4.6"}
    assert codes(row) == ([], [])
    assert codes({**row, "mean": "4.0"})[0] == [(2, "estimate_outside_ci")]


@pytest.mark.parametrize("values", [(1.0, 2.0, 3.0, 4.0), (2.0, 2.0, 5.0, 1.0, 9.0), (3.0, 3.0)])
def test_the_usual_sd_is_the_median_of_the_other_studies(values):
    usual = _Usual({f"s{i}": value for i, value in enumerate(values)})
    for i in range(len(values)):
        others = [value for j, value in enumerate(values) if j != i]
        assert usual.median_without(f"s{i}") == statistics.median(others)
    assert usual.median_without("another") == statistics.median(values)
