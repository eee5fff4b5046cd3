"""Protocols: closed, safe, and with the line of every fault."""

from __future__ import annotations

import pytest
import tiny_review
import yaml

from rheumeta.errors import InputFaults
from rheumeta.tables import codebook, yaml_lines
from rheumeta.tables.protocol import Defaults, load_protocol
from rheumeta.tables.yaml_lines import MAX_DEPTH, parse_yaml

PROJECT = tiny_review.FOLDER.parents[1]


def faults_of(tmp_path, text):
    path = tmp_path / "tiny.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        load_protocol(path)
    return caught.value.faults


@pytest.fixture
def base():
    return (tiny_review.BASE / "protocol.yaml").read_text(encoding="utf-8")


def test_a_protocol_without_defaults_has_those_of_the_model(tmp_path, base):
    path = tmp_path / "tiny.yaml"
    path.write_text(base, encoding="utf-8")
    assert load_protocol(path).defaults == Defaults()


def test_a_protocol_cannot_be_changed(tmp_path):
    protocol = load_protocol(tiny_review.BASE / "protocol.yaml")
    with pytest.raises(ValueError, match="frozen"):
        protocol.title = "other"


def test_all_faults_of_a_protocol_come_at_once(tmp_path, base):
    text = base.replace("kind: controlled", "kind: control").replace("measure: RR", "measure: R")
    text = text.replace("start: 8", "start: -8")
    assert [(f.code, f.line, f.column) for f in faults_of(tmp_path, text)] == [
        ("out_of_bounds", 23, "windows.short.start"),
        ("not_allowed", 27, "comparisons.controlled.kind"),
        ("not_allowed", 38, "analyses.acr20_short.measure"),
    ]


def test_a_word_that_yaml_takes_for_a_truth_value_is_explained(tmp_path, base):
    (fault,) = faults_of(tmp_path, base.replace("title: A tiny review", "title: no"))
    assert (fault.code, fault.remedy) == ("wrong_type", "Put it in quotation marks.")


def test_unknown_keys_are_told_at_every_depth(tmp_path, base):
    (fault,) = faults_of(tmp_path, base.replace("{having: [msc]}", "{having: [msc], laking: []}"))
    assert (fault.code, fault.column) == ("unknown_key", "comparisons.controlled.experimental.laking")
    assert fault.remedy == "Did you mean 'lacking'?"
    assert "having, lacking" in str(fault.allowed)


def test_aliases_that_would_grow_without_limit_are_refused(tmp_path):
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join(['*' + a] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    assert {f.code for f in faults_of(tmp_path, "\n".join(lines))} == {"yaml_anchor"}


def test_deep_nesting_is_refused():
    document = parse_yaml("[" * 5000 + "]" * 5000, file="x")
    assert [f.code for f in document.faults] == ["yaml_depth"]
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH, file="x").faults == []


def test_merge_keys_are_refused():
    document = parse_yaml("a:\n  <<: {b: 1}\n", file="x")
    assert [(f.code, f.line) for f in document.faults] == [("yaml_key", 2)]


def test_a_date_stays_a_fault_that_says_what_to_do(tmp_path, base):
    (fault,) = faults_of(tmp_path, base.replace('version: "1"', "version: 2024-01-02"))
    assert fault.remedy == "Put it in quotation marks."


def test_a_missing_protocol_says_how_to_make_one(tmp_path):
    with pytest.raises(InputFaults, match="rheumeta new-review"):
        load_protocol(tmp_path / "none.yaml")


@pytest.mark.parametrize("path", [codebook.CODEBOOK, codebook.SCHEMA], ids=str)
def test_generated_files_are_in_step(path):
    text = {codebook.CODEBOOK: codebook.codebook_text, codebook.SCHEMA: codebook.schema_text}[path]()
    assert (PROJECT / path).read_text(encoding="utf-8") == text, f"repair with: {codebook.REPAIR}"


def test_a_key_that_stands_twice_is_told_with_the_line_of_the_first():
    (fault,) = parse_yaml("a: 1\nb: 2\na: 3\n", file="x.yaml").faults
    assert (fault.line, fault.message) == (3, "The key stands twice, first in line 1.")


def test_colours_of_judgements_are_checked(tmp_path, base):
    text = f"{base}\ndefaults:\n  rob_colours: Cochrane\n  rob_own_colours: {{high: red, hihg: '#bf0000'}}\n"
    found = [(f.code, f.column) for f in faults_of(tmp_path, text)]
    assert found == [
        ("not_allowed", "defaults.rob_colours"),
        ("bad_colour", "defaults.rob_own_colours.high"),
        ("not_allowed", "defaults.rob_own_colours.hihg"),
    ]


def test_a_colour_without_quotation_marks_is_a_comment_and_is_told(tmp_path, base):
    (fault,) = faults_of(tmp_path, f"{base}\ndefaults:\n  rob_own_colours:\n    high: #bf0000\n")
    assert (fault.code, fault.remedy) == ("wrong_type", "Put it in quotation marks.")


WRITTEN = [*sorted(PROJECT.glob("config/**/*.yaml")), *sorted(PROJECT.glob("tests/bad_inputs/**/*.yaml"))]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_the_quick_parser_reads_what_the_other_reads(path, monkeypatch):
    text = path.read_text(encoding="utf-8", errors="replace")
    quick = parse_yaml(text, file="x")
    monkeypatch.setattr(yaml_lines, "QUICK", yaml.SafeLoader)
    assert quick == parse_yaml(text, file="x")
