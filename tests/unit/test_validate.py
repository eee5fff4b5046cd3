"""The first stage on reviews without faults, and what later stages read from it."""

from __future__ import annotations

import csv
import logging
import math

import pytest
import tiny_review
from review_cases import FLOW, UPDATE

from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.records import FLAGS
from rheumeta.steps import validate
from rheumeta.tables import sheets
from rheumeta.tables.findings import ACCEPTABLE
from rheumeta.tables.ordering import row_order
from rheumeta.tables.reading import read_sheet
from rheumeta.tables.rules_flow import check_flow
from rheumeta.tables.sheets import RAW_SHEETS, RESULTS
from rheumeta.tables.typed import type_sheet
from rheumeta.tables.validated import load_validated, validated_path
from rheumeta.tables.writing import csv_text

PROJECT = tiny_review.FOLDER.parents[1]
BUNDLED = sorted(path.stem for path in (PROJECT / "config" / "reviews").glob("*.yaml"))


@pytest.fixture
def layout(tmp_path):
    return tiny_review.build(tmp_path)


def rows(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("review", BUNDLED)
def test_the_bundled_reviews_have_no_faults(review):
    assert validate.check(Layout(review, PROJECT)).faults == ()


@pytest.mark.parametrize(("flow", "studies"), [(FLOW, 20), (UPDATE, 31), (UPDATE, 20), (FLOW[:-2], 7)])
def test_a_flow_that_adds_up_has_no_faults(flow, studies, tmp_path):
    path = tmp_path / "flow.csv"
    path.write_text(csv_text(flow, [column.name for column in sheets.FLOW.columns]), encoding="utf-8")
    table, faults = type_sheet(read_sheet(path, sheets.FLOW, file=path.name)[0])
    assert faults == []
    assert check_flow(table, studies) == []
    counted = [row for row in flow if row["box"] in ("included_studies", "total_studies")]
    assert bool(check_flow(table, 9)) == bool(counted)


def test_no_row_is_lost_and_only_the_correction_differs(layout):
    validate.run(layout)
    for sheet in RAW_SHEETS:
        raw_path = layout.raw / f"{sheet.name}.csv"
        raw = rows(raw_path) if raw_path.exists() else []
        raw.sort(key=lambda text, sheet=sheet: row_order(sheet, text))
        done = rows(validated_path(layout, sheet.name))
        assert len(done) == len(raw)
        differing = [
            (old["result_id"], column, old[column], new[column])
            for old, new in zip(raw, done, strict=True) for column in old if old[column] != new[column]
        ]  # fmt: skip
        assert differing == ([("r009", "mean", "30", "31")] if sheet.name == "results" else [])


def test_rows_stand_in_the_order_of_their_keys_whatever_that_of_the_sheet(layout):
    validate.run(layout)
    first = {path.name: path.read_bytes() for path in layout.validated.iterdir()}
    for path in layout.raw.glob("*.csv"):
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([header, *reversed(lines)]), encoding="utf-8")
    validate.run(layout)
    differing = {path.name for path in layout.validated.iterdir() if path.read_bytes() != first[path.name]}
    assert differing == {"manifest_check.csv"}, "only that names the files by their hash"


def test_two_runs_give_the_same_bytes(layout):
    validate.run(layout)
    first = {path.name: path.read_bytes() for path in layout.validated.iterdir()}
    validate.run(layout)
    assert {path.name: path.read_bytes() for path in layout.validated.iterdir()} == first
    assert set(first) == {f"{s.name}.csv" for s in RAW_SHEETS} | {
        "manifest_check.csv", "corrections_applied.csv", "accepted.csv", "evidence.sha256"
    }  # fmt: skip


def test_the_applied_correction_is_written_down(layout):
    validate.run(layout)
    (applied,) = rows(validated_path(layout, "corrections_applied"))
    assert (applied["key"], applied["old"], applied["new"]) == ("r009", "30", "31")


def test_numbers_are_typed_and_keep_their_printed_text(layout):
    validate.run(layout)
    review = load_validated(layout)
    row = next(row for row in review.results if row["result_id"] == "r004")
    assert (row["mean"], row["mean_text"]) == (-0.4, "-0.40")
    assert math.isnan(row["percent"])
    assert (row["percent_text"], row["note"]) == ("", "")
    columns = {c.name for c in RESULTS.columns}
    assert columns <= row.keys() <= columns | {f"{name}_text" for name in columns}


def test_a_review_that_was_not_validated_says_so(layout):
    with pytest.raises(RheumetaError, match="rheumeta validate tiny"):
        load_validated(layout)


def test_an_accepted_oddity_is_no_fault_but_written_down(layout, caplog):
    tiny_review.change(
        layout, {"file": "results", "line": 2, "set": {"percent": "47", "accept": "percent_not_whole"}}
    )
    with caplog.at_level(logging.INFO):
        validate.run(layout)
    (accepted,) = rows(validated_path(layout, "accepted"))
    assert (accepted["result_id"], accepted["code"], accepted["value"]) == ("r001", "percent_not_whole", "47")
    assert "accepted: data/raw/tiny/results.csv, line 2, column percent" in caplog.text


def test_a_needless_acceptance_is_told(layout, caplog):
    tiny_review.change(layout, {"file": "results", "line": 2, "set": {"accept": "percent_not_whole"}})
    validate.run(layout)
    assert "accepts percent_not_whole, which was not found there" in caplog.text


def test_a_manifest_that_differs_is_told_but_no_fault(layout, caplog):
    (layout.raw / "MANIFEST.csv").write_text(f"file,sha256,origin,note\narms.csv,{'0' * 64},paper,\n")
    validate.run(layout)
    status = {row["file"]: row["status"] for row in rows(validated_path(layout, "manifest_check"))}
    assert (status["arms.csv"], status["studies.csv"]) == ("changed", "not_listed")
    assert "MANIFEST: arms.csv is changed" in caplog.text


@pytest.mark.parametrize(
    ("text", "told"), [("reviews: [other]\n", True), ("reviews: [tiny, other]\n", False)]
)
def test_a_review_that_is_not_in_the_list_is_told(layout, caplog, text, told):
    (layout.root / "config" / "config.yaml").write_text(text)
    validate.run(layout)
    assert ("config/config.yaml does not list 'tiny'" in caplog.text) is told


def test_the_log_counts_what_was_read(layout, caplog):
    with caplog.at_level(logging.INFO):
        validate.run(layout)
    assert "results: 10 rows read" in caplog.text
    assert "tiny: no faults" in caplog.text
    assert "1 corrections applied" in caplog.text


def test_every_code_that_can_be_accepted_is_a_flag():
    assert set(ACCEPTABLE) <= set(FLAGS)


def test_an_override_of_another_domain_is_told_every_judgement_of_its_own(layout):
    text = "analysis,domain,judgement,name,reason\nacr20_short,{},A. Person,wide\n"
    for cells, allowed in (
        ("imprecision,raise_one", "not_serious, serious, very_serious"),
        ("large_effect,serious", "not_serious, raise_one, raise_two"),
    ):
        (layout.raw / "certainty_overrides.csv").write_text(text.format(cells), encoding="utf-8")
        assert [fault.allowed for fault in validate.check(layout).faults] == [allowed]
