"""What must hold for every sheet, whatever stands in it."""

from __future__ import annotations

import csv
import io
import random

import pytest
import tiny_review
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import files, harmless_words, sheets

from rheumeta.errors import InputFaults
from rheumeta.steps import harmonise, validate
from rheumeta.tables.reading import clean, read_sheet
from rheumeta.tables.sheets import RESULTS, STUDIES
from rheumeta.tables.writing import csv_text

ONCE = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@ONCE
@given(
    rows=st.lists(
        st.fixed_dictionaries({c.name: harmless_words for c in STUDIES.columns}), min_size=1, max_size=5
    )
)
def test_what_is_written_is_read_back(rows, tmp_path):
    path = tmp_path / "studies.csv"
    columns = [c.name for c in STUDIES.columns]
    path.write_bytes(csv_text(rows, columns).encode())
    raw, faults = read_sheet(path, STUDIES, file="studies.csv")
    full = [row for row in rows if any(row.values())]
    assert [row.text for row in raw.rows] == full
    assert {f.code for f in faults} <= {"blank_row"}


@ONCE
@given(
    data=st.one_of(files(RESULTS), st.binary(max_size=300)),
    name=st.sampled_from(["results", "studies", "arms"]),
)
def test_validation_raises_nothing_but_faults_with_their_place(data, name, tmp_path_factory):
    layout = tiny_review.build(tmp_path_factory.mktemp("any"))
    tiny_review.path_of(layout, name).write_bytes(data)
    with pytest.raises(InputFaults) as caught:
        validate.run(layout)
    assert all(
        f.file.startswith(("data/", "config/")) and f.message.endswith(".") for f in caught.value.faults
    )
    assert not layout.validated.exists()


@ONCE
@given(rows=sheets(RESULTS))
def test_any_row_is_at_fault_or_read(rows, tmp_path_factory):
    layout = tiny_review.build(tmp_path_factory.mktemp("rows"))
    columns = [c.name for c in RESULTS.columns]
    tiny_review.path_of(layout, "results").write_bytes(csv_text(rows, columns).encode("utf-8"))
    checked = validate.check(layout)
    assert checked.faults or len(checked.tables["results"].rows) == len(rows)


@ONCE
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_rows_changes_no_harmonised_number(seed, tmp_path_factory):
    layout = tiny_review.build(tmp_path_factory.mktemp("order"))
    validate.run(layout)
    harmonise.run(layout)
    before = _harmonised(layout)
    path = tiny_review.path_of(layout, "results")
    header, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(seed).shuffle(rows)
    path.write_text("".join([header, *rows]), encoding="utf-8", newline="")
    validate.run(layout)
    harmonise.run(layout)
    assert _harmonised(layout) == before


def _harmonised(layout):
    text = layout.harmonised.read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["result_id"])
    return [{k: v for k, v in row.items() if k != "src_line"} for row in rows]


@ONCE
@given(data=st.one_of(files(RESULTS), st.binary(max_size=300)))
def test_cleaning_twice_is_cleaning_once(data):
    try:
        once = clean(data, encoding="latin-1")
    except UnicodeDecodeError:
        return
    assert clean(once) == once
