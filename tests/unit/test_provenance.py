"""Digests change with what a stage runs, and with nothing else."""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
from importlib import metadata

import pytest

from rheumeta import cli, provenance

FILES = {
    "__init__.py": "",
    "steps/__init__.py": "",
    "steps/one.py": '"""Doc."""\nfrom rheumeta.maths import half\n\n\ndef run():\n    """Run."""\n    return half(4)\n',
    "steps/two.py": "def run():\n    from rheumeta.tables import reading\n    return reading.KINDS\n",
    "maths/__init__.py": "from .core import half\n",
    "maths/core.py": "def half(x):\n    return x / 2\n",
    "tables/__init__.py": "",
    "tables/reading.py": "KINDS = frozenset({'a', 'b', 'c', 'd'})\n",
    "tables/units.yaml": "m: 1\n",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the same shape in a folder of its own, and the digests of its two stages."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(provenance, "SOURCE", tmp_path)

    def digests():
        provenance.forget()
        return [provenance.stage_digest(f"rheumeta.steps.{name}") for name in ("one", "two")]

    yield tmp_path, digests
    digests()
    monkeypatch.undo()
    importlib.reload(provenance)


def test_sha256_of_a_known_text(tmp_path):
    # FIPS 180-2, appendix B.1: the digest of "abc".
    (tmp_path / "x").write_bytes(b"abc")
    assert provenance.sha256(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")
    assert provenance.sha256(tmp_path / "x") == hashlib.sha256(b"abc").hexdigest()


SHEET = "id,text\nr1,a\nr2,b\n"


@pytest.mark.parametrize(
    ("content", "same"),
    [
        ("id,text\nr2,b\nr1,a\n", True),
        ('id,text\nr1,"a"\nr2,b', True),
        ("id,text\nr1,a\nr2,c\n", False),
        ("id,text\nr1,b\nr2,a\n", False),
        ("id,text\nr1,a\nr2,b\nr2,b\n", False),
        ("text,id\na,r1\nb,r2\n", False),
        ("id,text\nr1,a \nr2,b\n", False),
        ("id,text\r\nr1,a\r\nr2,b\r\n", False),
        ("\ufeffid,text\nr1,a\nr2,b\n", False),
        ('id,text\nr1,"a\nr2,b\n', False),
        ("", False),
    ],
)
def test_a_sheet_says_the_same_in_any_order_of_its_rows_and_in_nothing_else(tmp_path, content, same):
    (tmp_path / "one.csv").write_text(SHEET, encoding="utf-8", newline="")
    (tmp_path / "two.csv").write_text(content, encoding="utf-8", newline="")
    one, two = (provenance.content_digest(tmp_path / name) for name in ("one.csv", "two.csv"))
    assert (one == two) is same


def test_the_digest_of_the_evidence_knows_names_and_bytes_that_are_no_sheet(tmp_path):
    (tmp_path / "note.md").write_text("b\na\n")
    (tmp_path / "bad.csv").write_bytes(b"\xff")
    paths = [tmp_path / "note.md", tmp_path / "bad.csv"]
    before = provenance.evidence_digest(tmp_path, paths)
    assert provenance.evidence_digest(tmp_path, paths[::-1]) == before
    (tmp_path / "note.md").write_text("a\nb\n")
    assert provenance.evidence_digest(tmp_path, paths) != before
    assert provenance.evidence_digest(tmp_path, paths[1:]) != before


def test_libraries_are_those_of_all_code_that_a_stage_can_load(package):
    root, _ = package
    (root / "maths" / "core.py").write_text("import numpy.linalg\n\ndef half(x):\n    import yaml\n")
    (root / "tables" / "units.py").write_text("import pandas\n")
    assert provenance.libraries("rheumeta.steps.one") == ["numpy", "pyyaml"]
    assert provenance.libraries("rheumeta.steps.two") == []


@pytest.mark.parametrize("stage", sorted(cli.STAGES))
def test_every_library_of_a_stage_is_installed(stage):
    assert "python" in provenance.software_versions(provenance.libraries(f"rheumeta.steps.{stage}"))


def test_versions_are_those_installed():
    versions = provenance.software_versions(["numpy", "scipy"])
    assert list(versions) == ["python", "numpy", "scipy"]
    assert versions["numpy"] == metadata.version("numpy")


def test_unknown_distribution_is_an_error():
    with pytest.raises(metadata.PackageNotFoundError):
        provenance.software_versions(["no-such-distribution"])


def test_closure_follows_imports_at_any_depth(package):
    assert provenance.import_closure("rheumeta.steps.one") == [
        "rheumeta", "rheumeta.maths", "rheumeta.maths.core", "rheumeta.steps", "rheumeta.steps.one",
    ]  # fmt: skip
    assert "rheumeta.tables.reading" in provenance.import_closure("rheumeta.steps.two")


def test_unknown_module_is_an_error(package):
    with pytest.raises(FileNotFoundError, match="no module of rheumeta"):
        provenance.stage_digest("rheumeta.steps.three")


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("maths/core.py", "def half(x):\n    return x / 2.0\n", [True, False]),
        (
            "maths/core.py",
            "# why\ndef half(x):\n    '''Half.'''\n\n    return (x  /  2)  # yes\n",
            [False, False],
        ),
        (
            "steps/one.py",
            FILES["steps/one.py"].replace("Doc", "Other").replace("Run.", "Go."),
            [False, False],
        ),
        ("steps/one.py", FILES["steps/one.py"].replace("half(4)", "half(6)"), [True, False]),
        ("tables/units.yaml", "m: 2\n", [False, True]),
        ("tables/reading.py", "KINDS = frozenset({'a', 'b', 'c'})\n", [False, True]),
        ("maths/unused.py", "x = 1\n", [False, False]),
        ("__init__.py", "__version__ = '2'\n", [True, True]),
    ],
    ids=["code", "comments", "docstrings", "own_code", "package_data", "constant", "not_imported", "version"],
)
def test_digest_changes_with_what_runs(package, name, text, changed):
    folder, digests = package
    before = digests()
    (folder / name).write_text(text)
    assert [old != new for old, new in zip(before, digests(), strict=True)] == changed


def test_byte_code_that_another_process_writes_is_no_data(package):
    folder, digests = package
    before = digests()
    (folder / "tables" / "__pycache__").mkdir()
    (folder / "tables" / "__pycache__" / "reading.cpython-311.pyc.1406").write_text("x")
    assert digests() == before


def test_digest_is_the_same_in_every_process():
    code = "from rheumeta import provenance; print(provenance.stage_digest('rheumeta.steps.synthesise'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(seen) == 1
