"""The report of Snakemake itself: figures and documents with captions."""

from __future__ import annotations

import zipfile

import pytest

pytestmark = pytest.mark.slow


def test_snakemake_writes_its_own_report(built, tmp_path):
    file = tmp_path / "report.zip"
    done = built.snakemake("--report", str(file))
    assert done.code == 0, done.text
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        pages = "".join(
            archive.read(name).decode("utf-8", "ignore") for name in names if name.endswith((".html", ".js"))
        )
    for ending in ("report.html", "report.pdf", "report.docx", "tables.xlsx", ".svg"):
        assert any(name.endswith(ending) for name in names), ending
    assert "A figure of the review" in pages
    assert "Every table of the review" in pages
