"""A new review from templates, the manifest command, cleaning."""

from __future__ import annotations

import re

import pytest
import tiny_review

from rheumeta.errors import InputFaults
from rheumeta.layout import Layout
from rheumeta.steps import scaffold, validate
from rheumeta.tables.codebook import review_codebook_text
from rheumeta.tables.manifest import check_manifest
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.validated import validated_path

PROJECT = tiny_review.FOLDER.parents[1]
BUNDLED = sorted(path.stem for path in (PROJECT / "config" / "reviews").glob("*.yaml"))


@pytest.fixture
def layout(tmp_path):
    layout = Layout("fresh", tmp_path)
    scaffold.new_review(layout)
    return layout


def fill(path, text):
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    cells = dict(pair.split("=", 1) for pair in text.split(" | "))
    assert set(cells) <= set(header)
    with path.open("a", encoding="utf-8") as handle:
        handle.write(",".join(cells.get(c, "") for c in header) + "\n")


def test_a_new_review_has_every_sheet_and_a_protocol_that_loads(layout):
    assert {p.name for p in layout.raw.iterdir()} == {
        *(f"{sheet.name}.csv" for sheet in RAW_SHEETS), "MANIFEST.csv", "codebook.md"
    }  # fmt: skip
    assert load_protocol(layout.protocol).review == "fresh"


def test_a_new_review_lacks_nothing_but_rows(layout):
    with pytest.raises(InputFaults) as caught:
        validate.run(layout)
    assert {f.code for f in caught.value.faults} == {"empty_sheet", "placeholder_left"}


def fill_protocol(path):
    """Replace the text in angle brackets, as a person does."""
    path.write_text(re.sub(r"<([^<>\n]*)>", r"\1", path.read_text(encoding="utf-8")))


def test_every_text_in_angle_brackets_of_the_template_is_told_until_it_is_replaced(layout):
    lines = layout.protocol.read_text(encoding="utf-8").splitlines()
    expected = [i for i, line in enumerate(lines, 1) if "<" in line and not line.startswith("#")]
    faults = validate.check(layout).faults
    assert [f.line for f in faults if f.code == "placeholder_left"] == expected
    fill_protocol(layout.protocol)
    assert "placeholder_left" not in {f.code for f in validate.check(layout).faults}


def test_a_new_review_that_is_filled_in_validates(layout):
    fill(
        layout.raw / "studies.csv",
        "study_id=first2020 | label=First 2020 | design_class=randomised | status=published",
    )
    fill(
        layout.raw / "arms.csv",
        "study_id=first2020 | arm_id=t | label=T | kind=arm | interventions=treatment",
    )
    fill(
        layout.raw / "arms.csv", "study_id=first2020 | arm_id=c | label=C | kind=arm | interventions=control"
    )
    shared = (
        "study_id=first2020 | outcome=ACR20 | time=12 | time_unit=week | timing=final | n=30 | "
        "source=doi:10.1/x | source_kind=full_text | confidence=high"
    )
    for arm, events in (("t", 12), ("c", 7)):
        own = f"result_id=r_{arm} | arm_id={arm} | events={events}"
        fill(layout.raw / "results.csv", f"{shared} | {own}")
    fill_protocol(layout.protocol)
    validate.run(layout)
    assert validated_path(layout, "results").read_text().count("\n") == 3


def test_an_existing_review_is_never_overwritten(layout):
    before = layout.protocol.read_bytes()
    with pytest.raises(InputFaults) as caught:
        scaffold.new_review(layout)
    assert [f.code for f in caught.value.faults] == ["file_exists"]
    assert layout.protocol.read_bytes() == before


def test_an_id_that_is_no_id_is_refused(tmp_path):
    with pytest.raises(InputFaults, match="bad_id"):
        scaffold.new_review(Layout("My Review", tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_codebook_of_a_review_holds_its_own_columns(tmp_path):
    layout = tiny_review.build(tmp_path)
    scaffold.update_manifest(layout)
    assert "| `route` | one of `iv`, `ia` |" in (layout.raw / "codebook.md").read_text(encoding="utf-8")


def test_the_manifest_command_leaves_nothing_to_tell(tmp_path):
    layout = tiny_review.build(tmp_path)
    assert scaffold.update_manifest(layout)
    assert scaffold.update_manifest(layout) == []


@pytest.mark.parametrize("review", BUNDLED)
def test_manifests_and_codebooks_of_the_bundled_reviews_are_in_step(review, tmp_path):
    layout = Layout(review, PROJECT)
    text = review_codebook_text(load_protocol(layout.protocol))
    repair = f"repair with: rheumeta manifest {review}"
    assert (layout.raw / "codebook.md").read_text(encoding="utf-8") == text, repair
    assert {c.status for c in check_manifest(layout.raw)} == {"same"}, repair


SPOILT = b"\xef\xbb\xbfa,b\r\n1,2\r\n"


def test_cleaning_mends_in_place_and_tells_whether_it_had_to(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(SPOILT)
    assert scaffold.clean([path]) == [path]
    assert path.read_bytes() == b"a,b\n1,2\n"
    assert scaffold.clean([path]) == []


def test_a_folder_is_cleaned_with_all_its_sheets_and_nothing_else(tmp_path):
    for name in ("b.csv", "a.csv", "letter.txt"):
        (tmp_path / name).write_bytes(SPOILT)
    assert [path.name for path in scaffold.clean([tmp_path, tmp_path / "a.csv"])] == ["a.csv", "b.csv"]
    assert (tmp_path / "letter.txt").read_bytes() == SPOILT


@pytest.mark.parametrize(("name", "code"), [("latin.csv", "not_utf8"), ("none.csv", "missing_file")])
def test_what_cannot_be_cleaned_is_a_fault_and_nothing_is_changed(name, code, tmp_path):
    (tmp_path / "good.csv").write_bytes(SPOILT)
    (tmp_path / "latin.csv").write_bytes(b"a\nK\xf6ln\n")
    with pytest.raises(InputFaults, match=code):
        scaffold.clean([tmp_path / "good.csv", tmp_path / name])
    assert (tmp_path / "latin.csv").read_bytes() == b"a\nK\xf6ln\n"
    assert (tmp_path / "good.csv").read_bytes() == SPOILT


@pytest.mark.parametrize("data", [b"a\r\nK\xf6ln\r\n", "a\r\nKöln\r\n".encode()], ids=["latin", "utf_8"])
def test_another_encoding_is_read_only_where_it_is_named_and_needed(data, tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    scaffold.clean([path], encoding="latin-1")
    assert path.read_text(encoding="utf-8") == "a\nKöln\n"
