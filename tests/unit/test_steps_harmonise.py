"""Units, times and sizes of the harmonised results."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import pytest
from pipeline import copy_project, run_to_synthesis
from tolerances import DIRECT

from rheumeta.steps import harmonise
from rheumeta.steps.evidence.model import VALUE_COLUMNS
from rheumeta.tables.instruments import instruments
from rheumeta.tables.sheets import RESULTS

NUMERIC = ("number", "count")


class OneReview:
    """The part of a review that a row needs."""

    instruments = instruments()


def row(**cells: str) -> dict[str, Any]:
    """Return a row as load_validated gives it."""
    texts = {c.name: cells.get(c.name, "") for c in RESULTS.columns}
    typed: dict[str, Any] = dict(texts)
    for column in RESULTS.columns:
        if column.type in NUMERIC:
            typed[f"{column.name}_text"] = texts[column.name]
            typed[column.name] = float(texts[column.name]) if texts[column.name] else math.nan
    return typed


def harmonised(**cells: str) -> dict[str, Any]:
    return harmonise.harmonise_row(row(**cells), OneReview())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "unit", "factor", "canonical"),
    [("CRP", "mg/dL", 10.0, "mg/L"), ("CRP", "mg/L", 1.0, "mg/L"), ("VAS-pain", "cm", 10.0, "mm"),
     ("IL-6", "ng/L", 1.0, "pg/mL"), ("RF", "kU/L", 1.0, None)],
)  # fmt: skip
def test_values_are_brought_to_the_canonical_unit(
    outcome: str, unit: str, factor: float, canonical: str | None
) -> None:
    found = harmonised(outcome=outcome, unit=unit, timing="final", mean="1.5", sd="0.5", n="20")
    assert found["mean"] == pytest.approx(1.5 * factor, rel=DIRECT)
    assert found["sd"] == pytest.approx(0.5 * factor, rel=DIRECT)
    assert found["factor"] == pytest.approx(factor, rel=DIRECT)
    assert canonical in (None, found["unit"])


@pytest.mark.parametrize(
    ("time", "unit", "weeks"),
    [
        ("3", "month", 13.0),
        ("1", "year", 52.0),
        ("24", "hour", 1 / 7),
        ("12", "week", 12.0),
        ("28", "day", 4.0),
    ],
)
def test_times_are_brought_to_weeks(time: str, unit: str, weeks: float) -> None:
    found = harmonised(outcome="ACR20", timing="during", time=time, time_unit=unit, events="1", n="2")
    assert found["weeks"] == pytest.approx(weeks, rel=DIRECT)


def test_a_ratio_keeps_its_scale_and_a_difference_is_converted() -> None:
    shared = {
        "outcome": "CRP",
        "unit": "mg/dL",
        "timing": "final",
        "effect": "2.0",
        "ci_low": "1.0",
        "ci_high": "4.0",
    }
    ratio = harmonised(**shared, effect_type="ROM")
    assert (ratio["effect"], ratio["ci_low"], ratio["ci_high"]) == (2.0, 1.0, 4.0)
    difference = harmonised(**shared, effect_type="MD")
    assert (difference["effect"], difference["ci_high"]) == (20.0, 40.0)


def test_an_implied_size_stays_apart_and_printed_text_is_kept() -> None:
    found = harmonised(outcome="ACR20", timing="during", percent="47", n_implied="15")
    assert (found["n"], found["n_basis"]) == (15, "implied")
    assert found["printed"] == "n_implied=15; percent=47"
    assert harmonised(outcome="ACR20", timing="during", percent="47")["n_basis"] == "none"


def test_nothing_is_lost_between_sheet_and_harmonised_file(tmp_path: Path) -> None:
    layout = run_to_synthesis(copy_project(tmp_path), "second_anti_tnf")
    with (layout.raw / "results.csv").open(encoding="utf-8", newline="") as handle:
        raw = list(csv.DictReader(handle))
    with layout.harmonised.open(encoding="utf-8", newline="") as handle:
        done = list(csv.DictReader(handle))
    for before, after in zip(raw, done, strict=True):
        assert before["result_id"] == after["result_id"]
        factor = float(after["factor"])
        for name in VALUE_COLUMNS:
            assert bool(before[name]) == bool(after[name])
            if before[name]:
                assert float(after[name]) == pytest.approx(float(before[name]) * factor, rel=DIRECT)


def test_a_risk_difference_in_percentage_points_becomes_a_fraction() -> None:
    fields = {"outcome": "ACR20", "timing": "during", "effect": "12.5", "ci_low": "2", "ci_high": "23"}
    found = harmonised(**fields, effect_type="RD", unit="%")
    assert (found["effect"], found["ci_low"], found["ci_high"]) == pytest.approx(
        (0.125, 0.02, 0.23), rel=DIRECT
    )
