"""What code says is read once, ever, and never remembered for other bytes."""

from __future__ import annotations

import sys

import pytest

from rheumeta import syntax

CODE = "import json\nfrom . import core\nfrom .core import half\nfrom rheumeta.tables import units\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "one.py").write_text(CODE)
    return tmp_path


def read(folder):
    reader = syntax.Reader(folder)
    found = reader.read(folder / "one.py")
    reader.remember()
    return found


def refuse(*_):
    raise AssertionError("parsed")


def test_imports_are_found_as_written(folder):
    assert read(folder).imports == (
        "json", ".", ".core", ".core", ".core.half", "rheumeta.tables", "rheumeta.tables.units",
    )  # fmt: skip


def test_what_was_read_is_remembered_and_the_same(folder, monkeypatch):
    first = read(folder)
    monkeypatch.setattr(syntax, "parse", refuse)
    assert read(folder) == first


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": []}', "\udcff"])
def test_a_damaged_memory_is_made_anew(folder, monkeypatch, text):
    first = read(folder)
    (file,) = (folder / "__pycache__").iterdir()
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert read(folder) == first
    monkeypatch.setattr(syntax, "parse", refuse)
    assert read(folder) == first


def test_changed_bytes_are_read_anew(folder):
    first = read(folder)
    (folder / "one.py").write_text(CODE + "half = 2\n")
    second = read(folder)
    assert first.imports == second.imports
    assert first.digest != second.digest


def test_another_reader_believes_nothing_of_it(folder, monkeypatch):
    read(folder)
    monkeypatch.setattr(syntax, "READER", b"another version of Python")
    monkeypatch.setattr(syntax, "parse", refuse)
    with pytest.raises(AssertionError, match="parsed"):
        read(folder)


def test_where_no_byte_code_is_written_nothing_is_remembered(folder, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    read(folder)
    assert [path.name for path in folder.iterdir()] == ["one.py"]


def test_a_folder_that_cannot_be_written_is_no_fault(folder):
    (folder / "__pycache__").write_text("a file where the folder would be")
    assert read(folder) == read(folder)


def test_a_memory_that_grows_too_large_starts_anew(folder, monkeypatch):
    read(folder)
    monkeypatch.setattr(syntax, "LARGEST", 1)
    (folder / "one.py").write_text("import csv\n")
    read(folder)
    assert len(syntax._load(syntax._memory_file(folder))) == 1
