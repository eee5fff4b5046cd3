"""Files are written whole or not at all, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from rheumeta.tables.writing import StageWriter, csv_text, json_text


def test_numbers_are_written_so_that_they_read_back_exactly():
    rows = [{"a": 0.1 + 0.2, "b": 1.0, "c": 3}, {"a": float("nan"), "b": None, "c": ("x", "y")}]
    assert csv_text(rows, ["a", "b", "c"]) == "a,b,c\n0.30000000000000004,1.0,3\n,,x;y\n"


def test_truth_and_numpy_values():
    assert csv_text([{"a": True, "b": np.float64(0.1), "c": np.int64(2)}], "abc") == "a,b,c\ntrue,0.1,2\n"
    assert csv_text([{"a": np.bool_(True), "b": float("inf"), "c": None}], "abc") == "a,b,c\ntrue,inf,\n"


def test_an_undeclared_column_is_refused():
    with pytest.raises(ValueError, match="not in fieldnames"):
        csv_text([{"a": 1, "z": 2}], ["a"])


def test_nan_is_no_json():
    with pytest.raises(ValueError, match="JSON"):
        json_text({"x": float("nan")})


def test_an_error_leaves_the_previous_files_and_nothing_else(tmp_path):
    first, second = tmp_path / "a.csv", tmp_path / "sub" / "b.json"
    first.write_text("old")

    def write_and_fail():
        with StageWriter() as out:
            out.text(first, "new")
            out.json(second, {})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert first.read_text() == "old"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.csv"]


def test_all_files_get_their_names_at_the_end(tmp_path):
    with StageWriter() as out:
        out.text(tmp_path / "a.txt", "ä\n")
        out.path(tmp_path / "b.png").write_bytes(b"png")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_bytes() == "ä\n".encode()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.png"]


def test_files_that_are_not_written_again_go_and_others_stay(tmp_path):
    for name in ("old.csv", "kept.csv", "other.txt", ".part-1-x.csv"):
        (tmp_path / name).write_text("old")
    with StageWriter() as out:
        out.replaces(tmp_path, ".csv", keep={"kept"})
        out.text(tmp_path / "new.csv", "new")
        assert (tmp_path / "old.csv").exists()
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == [".part-1-x.csv", "kept.csv", "new.csv", "other.txt"]


def test_a_failure_lets_nothing_go(tmp_path):
    (tmp_path / "old.csv").write_text("old")

    def replace_and_fail():
        with StageWriter() as out:
            out.replaces(tmp_path, ".csv")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        replace_and_fail()
    assert (tmp_path / "old.csv").read_text() == "old"
