"""Every file in tests/bad_inputs/cases must give exactly its faults, exit code 2, and no output."""

from __future__ import annotations

import csv

import pytest
import tiny_review

from rheumeta.errors import EXIT_INPUT, InputFaults
from rheumeta.steps import validate


def found_faults(layout):
    with pytest.raises(InputFaults) as caught:
        validate.run(layout)
    assert caught.value.exit_code == EXIT_INPUT
    return caught.value.faults


def sort_key(place):
    return tuple(map(str, place))


@pytest.mark.parametrize("name", tiny_review.case_names())
def test_each_fault_is_found_in_its_place_and_nothing_is_written(name, tmp_path):
    layout = tiny_review.build(tmp_path)
    case = tiny_review.case(name)
    for step in case["change"]:
        tiny_review.change(layout, step)
    faults = found_faults(layout)
    files = {
        tiny_review.path_of(layout, f["file"]).relative_to(tmp_path).as_posix(): f["file"]
        for f in case["faults"]
    }
    found = [(f.code, files.get(f.file, f.file), f.line, f.column) for f in faults]
    expected = [(f["code"], f["file"], f["line"], f["column"]) for f in case["faults"]]
    assert sorted(found, key=sort_key) == sorted(expected, key=sort_key)
    for fault in case["faults"]:
        if "remedy" in fault:
            assert fault["remedy"] in [f.remedy for f in faults]
    for fault in faults:
        assert fault.message.endswith(".")
        assert fault.allowed or fault.remedy, "a message must say what is allowed or how to mend it"
        assert str(tmp_path) not in str(fault)
    assert not layout.validated.exists()


def test_a_fault_leaves_the_previous_results_as_they_were(tmp_path):
    layout = tiny_review.build(tmp_path)
    validate.run(layout)
    before = {path.name: path.read_bytes() for path in layout.validated.iterdir()}
    tiny_review.change(layout, {"file": "results", "line": 4, "set": {"sd": "1,1"}})
    found_faults(layout)
    assert {path.name: path.read_bytes() for path in layout.validated.iterdir()} == before


def filled_columns():
    """Return the columns of the base that hold something."""
    found = []
    for sheet in ("studies", "arms", "results"):
        with (tiny_review.BASE / f"{sheet}.csv").open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        found += [(sheet, column) for column in rows[0] if any(row[column] for row in rows)]
    return found


@pytest.mark.parametrize(("sheet", "column"), filled_columns())
def test_a_renamed_column_is_told_and_nothing_that_follows_from_it(sheet, column, tmp_path):
    layout = tiny_review.build(tmp_path)
    path = tiny_review.path_of(layout, sheet)
    header, rest = path.read_text(encoding="utf-8").split("\n", 1)
    names = [f"{name}_renamed" if name == column else name for name in header.split(",")]
    path.write_text(f"{','.join(names)}\n{rest}", encoding="utf-8")
    found = [(f.code, f.column) for f in found_faults(layout)]
    assert sorted(found) == [("missing_column", column), ("unknown_column", f"{column}_renamed")]
