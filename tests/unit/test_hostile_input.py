"""Hostile sheets and protocols: refused with a place, or built as text that nothing runs."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import warnings
import zipfile
from xml.etree import ElementTree

import hostile_review as hostile
import pytest
import tiny_review
from pipeline import copy_code

from rheumeta import cli
from rheumeta.errors import Fault, InputFaults
from rheumeta.pages.literature import bibtex_text, is_doi, study
from rheumeta.steps import harmonise, validate
from rheumeta.tables.cells import parse_cell
from rheumeta.tables.sheets import Column
from rheumeta.tables.unsafe import LONGEST, LONGEST_NAME, unsafe

NOTE, LABEL, NUMBER = Column("note", "text", ""), Column("label", "text", ""), Column("mean", "number", "")


def faults_of(layout):
    with pytest.raises(InputFaults) as caught:
        validate.run(layout)
    return caught.value.faults


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The tiny review with markup in every text, built from sheets to workbook."""
    root = tmp_path_factory.mktemp("hostile")
    copy_code(root)  # which the crate describes
    layout = hostile.build(root, hostile.Soup())
    (root / "config" / "config.yaml").write_text("reviews: [tiny]\n")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # Chinese, in the font of the figures
        for stage in cli.STAGES:
            assert (
                cli.main([stage, "tiny", "--root", str(root), "--log", str(root / "logs" / f"{stage}.log")])
                == 0
            )
    return layout


def tables(folder):
    for path in sorted(folder.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            yield path, list(csv.reader(handle))


def test_nothing_that_a_sheet_says_is_run(built):
    assert not list(built.root.rglob("*hostile*"))


@pytest.mark.parametrize("part", hostile.MARKUP)
def test_the_text_arrives_in_the_tables_as_it_was_written(built, part):
    texts = [cell for _, rows in tables(built.validated) for row in rows for cell in row]
    assert any(part in text for text in texts)


def test_no_cell_of_any_table_is_a_formula(built):
    for folder in (built.processed, built.results):
        for path, rows in tables(folder):
            found = [c for row in rows for c in row if c[:1] in {*"=+-@\t\r"} and c != "="]
            assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", c) or c == "-" for c in found), (
                path,
                found,
            )


def test_the_workbook_holds_no_formula_and_no_link_to_elsewhere(built):
    with zipfile.ZipFile(built.workbook) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        words = book.read("xl/sharedStrings.xml").decode()
    assert not any("<f>" in sheet for sheet in sheets)
    links = [link for sheet in sheets for link in re.findall("<hyperlink [^>]*>", sheet)]
    assert all("location=" in link and "r:id=" not in link for link in links)  # to other sheets alone
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in words


def test_figures_are_drawings_with_words_and_nothing_else(built):
    figures = sorted(built.figures.glob("*.svg"))
    assert figures
    for path in figures:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
        names = {element.tag.rpartition("}")[2] for element in root.iter()}
        assert not names & {"script", "image", "a", "foreignObject", "iframe", "img"}
        assert not [k for e in root.iter() for k in e.attrib if k.lower().startswith("on")]
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith("#") for link in links)


def test_figures_do_not_set_formulas(built):
    words = (built.figures / "acr20_short.svg").read_text(encoding="utf-8")
    described = [f.read_text(encoding="utf-8") for f in built.figures.glob("*.svg")]
    assert any("$\\frac{1}{2}$" in text for text in described)
    assert "usetex" not in words


def test_the_page_holds_the_text_as_text(built):
    page = built.report.read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x" not in page
    assert "{{ 7*7 }}" in page
    assert not re.search(r"""href=["']?\s*javascript:""", page)


def test_the_documents_hold_the_text_as_text(built):
    with zipfile.ZipFile(built.document) as file:
        body = file.read("word/document.xml").decode()
        links = file.read("word/_rels/document.xml.rels").decode()
    words = "".join(ElementTree.fromstring(body).itertext())
    for part in ('#read("/etc/passwd")', "\\input{/etc/passwd}", "`<b>raw</b>`{=html}", "[@nobody]"):
        assert part in words
    assert {field.split()[0] for field in re.findall(r'w:instr="([^"]*)"', body)} <= {
        "SEQ"
    }  # numbers of captions
    assert "x.invalid" not in links
    done = subprocess.run(
        ["pdftotext", built.document.with_suffix(".pdf"), "-"], capture_output=True, check=True
    )
    text = re.sub(r"\s", "", done.stdout.decode())
    for part in ('#read("/etc/passwd")', "#panic(", "[@nobody]", "$x_1^2$"):
        assert part in text
    assert "root:x:" not in text


def test_references_are_escaped_for_tex(built):
    text = (built.results / "references.bib").read_text(encoding="utf-8")
    assert text.count("{") == text.count("}")
    assert "\\input{/etc" not in text
    assert json.loads((built.results / "references.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "doi", ["10.1000/x}, title={y", "10.1000/a b", "javascript:alert(1)", "10.1/\\input{x}"]
)
def test_what_is_no_doi_is_neither_linked_nor_exported(doi):
    item = study({"study_id": "s", "label": "S", "doi": doi})
    assert not is_doi(doi)
    assert "doi" not in bibtex_text([item])


@pytest.mark.parametrize("name", hostile.INVISIBLE)
def test_invisible_signs_are_refused_with_their_number(name):
    sign = hostile.INVISIBLE[name]
    _, fault = parse_cell(f"A{sign}B", NOTE)
    assert fault.code == "control_character"
    assert f"U+{ord(sign):04X}" in fault.message


@pytest.mark.parametrize("name", sorted(set(hostile.INVISIBLE) - {"null", "byte_order_mark", "noncharacter"}))
def test_invisible_signs_are_refused_in_sheet_and_protocol(name, tmp_path):
    sign = hostile.INVISIBLE[name]
    layout = tiny_review.build(tmp_path)
    tiny_review.change(layout, {"file": "studies", "line": 2, "set": {"label": f"A{sign}B"}})
    escaped = json.dumps(f"A{sign}B")
    if len(sign.encode("utf-16-le")) > 2:
        escaped = f'"A\\U{ord(sign):08X}B"'
    tiny_review.change(layout, {"file": "protocol", "replace": ["title: A tiny review", f"title: {escaped}"]})
    found = {(f.code, f.file.rpartition("/")[2], f.line, f.column) for f in faults_of(layout)}
    assert found == {
        ("control_character", "studies.csv", 2, "label"),
        ("control_character", "tiny.yaml", 2, "title"),
    }
    assert sign not in str(InputFaults(faults_of(layout)))


@pytest.mark.parametrize("text", hostile.COMPUTED)
def test_what_a_spreadsheet_program_computes_is_refused(text):
    assert parse_cell(text, NOTE)[1].code == "formula"
    assert parse_cell(text, LABEL)[1].code == "formula"
    assert parse_cell(text, NUMBER)[1] is not None


@pytest.mark.parametrize(
    ("text", "computed"),
    [
        ("one\n=1+1", True),
        ("one\n-HYPERLINK(1)", True),
        ("one;=1+1", True),
        ("two points:\n- one (a)\n- two", False),
    ],
)
def test_a_cell_can_begin_within_a_text_of_a_protocol(text, computed):
    assert (unsafe(text) is not None) is computed


@pytest.mark.parametrize("text", ["-0.4", "+2", "-1e-3", "-.5"])
def test_negative_numbers_stay_numbers(text):
    assert parse_cell(text, NUMBER) == (float(text), None)


@pytest.mark.parametrize(
    ("text", "column", "code"),
    [
        ("x" * (LONGEST_NAME + 1), LABEL, "too_long"),
        ("x" * 1_000_000, NOTE, "too_long"),
        ("1" * 1_000_000, NUMBER, "too_long"),
        ("1" * 41, NUMBER, "wrong_type"),
        ("1e308", NUMBER, "wrong_type"),
        ("1e-320", NUMBER, "wrong_type"),
        ("1e-99999", NUMBER, "wrong_type"),
        ("0e400", NUMBER, "wrong_type"),
        ("٣", NUMBER, "wrong_type"),
        ("１２", NUMBER, "wrong_type"),
        ("1,234", NUMBER, "thousands_separator"),
        ("1 234", NUMBER, "thousands_separator"),
        ("../../etc/passwd", Column("study_id", "id", ""), "bad_id"),
        ("/etc/passwd", Column("study_id", "id", ""), "bad_id"),
        ("-rf", Column("study_id", "id", ""), "bad_id"),
        ("a b", Column("study_id", "id", ""), "bad_id"),
        ("a;touch x", Column("study_id", "id", ""), "bad_id"),
        ("s" * 101, Column("study_id", "id", ""), "bad_id"),
    ],
)
def test_cells_that_no_sheet_may_hold(text, column, code):
    value, fault = parse_cell(text, column)
    assert value is None
    assert fault.code == code


def test_digits_of_another_script_are_read_out():
    assert "write 12" in parse_cell("１２", NUMBER)[1].remedy
    assert "write 3.5" in parse_cell("٣.٥", NUMBER)[1].remedy


def test_a_minus_before_zero_is_zero():
    assert parse_cell("-0", NUMBER) == (0.0, None)


def test_the_longest_text_that_may_be_stays(tmp_path):
    assert unsafe("x" * LONGEST) is None
    layout = tiny_review.build(tmp_path)
    tiny_review.change(layout, {"file": "results", "line": 2, "set": {"note": "x" * LONGEST}})
    validate.run(layout)
    harmonise.run(layout)
    assert "x" * LONGEST in layout.harmonised.read_text(encoding="utf-8")


def test_a_message_shows_only_the_ends_of_a_long_value():
    text = str(Fault("f.csv", 1, "c", "too_long", "Long.", "x" * 1_000_000))
    assert len(text) < 500
    assert "1,000,000 characters" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("!!python/object/apply:os.system ['touch hostile']", "yaml_tag"),
        ("&a [x]", "yaml_anchor"),
        ("{<<: {a: 1}}", "yaml_key"),
        ("{a: 1, a: 2}", "duplicate_key"),
        ("[" * 50 + "]" * 50, "yaml_depth"),
        ("[" * 100_000, "yaml_depth"),
        ('"\\x00"', "control_character"),
        ('"=HYPERLINK(1)"', "formula"),
        (f"{'x' * 301}", "too_long"),
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text, code, tmp_path):
    layout = tiny_review.build(tmp_path)
    tiny_review.change(layout, {"file": "protocol", "replace": ["title: A tiny review", f"title: {text}"]})
    assert (code, 2) in {(f.code, f.line) for f in faults_of(layout)}


def test_a_bomb_of_anchors_does_not_grow(tmp_path):
    layout = tiny_review.build(tmp_path)
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
    )
    layout.protocol.write_text(bomb + layout.protocol.read_text(encoding="utf-8"), encoding="utf-8")
    assert {f.code for f in faults_of(layout)} == {"yaml_anchor"}


@pytest.mark.parametrize("name", ["con", "nul", "com1", "a" * 61])
def test_an_analysis_whose_files_no_disk_can_hold_is_refused(name, tmp_path):
    layout = tiny_review.build(tmp_path)
    tiny_review.change(layout, {"file": "protocol", "replace": ["  acr20_short:", f"  {name}:"]})
    assert {f.code for f in faults_of(layout)} <= {"reserved_name", "out_of_bounds"}


@pytest.mark.parametrize(
    "review", ["../x", "/etc", "a;touch hostile", "con", "-x", "A", "a b", "$(touch x)", "a" * 61]
)
def test_a_review_with_such_an_id_is_refused_by_every_command(review, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "reviews").mkdir(parents=True)
    for command in ("validate", "new-review"):
        assert cli.main([command, "--", review]) == 2
    (tmp_path / "config" / "config.yaml").write_text(f"reviews: [{json.dumps(review)}]\n")
    assert cli.main(["index"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_python_reads_no_sheet_as_code(tmp_path):
    layout = tiny_review.build(tmp_path)
    text = "__import__('os').system('touch hostile')"
    for line in range(2, 6):
        tiny_review.change(layout, {"file": "studies", "line": line, "set": {"label": text}})
    done = subprocess.run(
        [sys.executable, "-m", "rheumeta", "validate", "tiny"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert not (tmp_path / "hostile").exists()


def test_a_sheet_of_one_enormous_cell_is_read_to_the_end(tmp_path):
    layout = tiny_review.build(tmp_path)
    path = tiny_review.path_of(layout, "results")
    text = path.read_text(encoding="utf-8")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["r999", "y" * 1_000_000])
    path.write_text(text + out.getvalue(), encoding="utf-8")
    found = [(f.code, f.line) for f in faults_of(layout)]
    assert found == [(found[0][0], 12)]
    assert found[0][0] in {"ragged_row", "csv_syntax"}
