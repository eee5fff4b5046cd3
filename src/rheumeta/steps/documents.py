"""Stage: the report as a paper: Word, PDF, references and the reporting checklist.

Reads what the report reads; writes ``report.docx``, ``report.pdf``, ``references.bib``,
``references.json`` (CSL) and ``prisma_checklist.csv`` to ``results/<review>/``.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, cast

import pypandoc
import typst

from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.pages import data_sources, word
from rheumeta.pages.analyses import analysis_view
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.literature import Item, as_printed, bibtex_text, csl_text, library
from rheumeta.pages.paper import Paper, paper
from rheumeta.pages.prisma import checklist
from rheumeta.pages.render import first_screen, with_add_ons
from rheumeta.stats.effects_references import REFERENCES
from rheumeta.steps import report
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

EPOCH = "315532800"
"""1 January 1980 in seconds: the time that documents carry, so that it never changes."""

LIBRARY = "references.json"

CHECKLIST_COLUMNS = ("item", "topic", "asks_for", "where_it_stands")


def run(layout: Layout) -> None:
    """Write the documents of one review."""
    data = with_add_ons(report.load(layout, fonts=False))
    items = references(data)
    rows = [
        dict(zip(CHECKLIST_COLUMNS, (i.number, i.topic, i.asks, i.where), strict=True))
        for i in checklist(data)
    ]
    figures = layout.figures.resolve()
    with StageWriter() as out:
        out.text(layout.results / LIBRARY, csl_text(items))
        out.text(layout.results / "references.bib", bibtex_text(items))
        out.rows(layout.results / "prisma_checklist.csv", rows, CHECKLIST_COLUMNS)
        _word(written(data, "png"), items, figures, out.path(layout.document))
        pdf = _pdf(written(data, "svg"), items, figures)
        out.path(layout.document.with_suffix(".pdf")).write_bytes(pdf)
    log.info("%d references; PDF of %.1f MB", len(items), len(pdf) / 1e6)


def references(data: ReportInput) -> list[Item]:
    """Return the studies with where their numbers were read, the datasets they were read in, and the works."""
    results = data.sheet("results")
    read = data_sources.read_at(results)
    found = [
        data_sources.with_source(item, read.get(item["id"].removeprefix("study-"), ""))
        for item in library(data.sheet("studies"), REFERENCES)
    ]
    return [*found, *data_sources.items(results, data.protocol.get("context") or ())]


def written(data: ReportInput, ending: str) -> dict[str, Any]:
    """Return the paper as pandoc's syntax tree; `ending` is that of the figure files."""
    view = partial(analysis_view, level=data.level, beside=data.synthesis.analyses)
    views = [view(analysis) for analysis in data.synthesis.analyses]
    return paper(Paper(data, views, first_screen(data), ending))


def _word(tree: dict[str, Any], items: Sequence[Any], figures: Path, file: Path) -> None:
    command = [pypandoc.get_pandoc_path(), "--print-default-data-file", "reference.docx"]
    default = subprocess.run(command, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference.docx"
        reference.write_bytes(word.reference(default))
        _pandoc(tree, items, figures, "--to=docx+native_numbering", "--number-sections",
                f"--reference-doc={reference}", f"--output={file.resolve()}")  # fmt: skip
    file.write_bytes(word.finished(file.read_bytes()))


def _pdf(tree: dict[str, Any], items: Sequence[Any], figures: Path) -> bytes:
    """Return the paper as a PDF; fonts come with the compiler, none from the system."""
    body = _pandoc(tree, items, figures, "--to=typst")
    head = resources.files("rheumeta.pages").joinpath("templates", "paper.typ").read_text(encoding="utf-8")
    title = json.dumps(_text(tree["meta"]["title"]), ensure_ascii=False)
    subtitle = json.dumps(_text(tree["meta"]["subtitle"]), ensure_ascii=False)
    source = f"#let title = {title}\n#let subtitle = {subtitle}\n{head}\n{body}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.pdf"
        typst.compile(
            cast(Any, source.encode("utf-8")),
            str(file),
            root=str(figures),
            ignore_system_fonts=True,
            timestamp=int(EPOCH),
        )
        return file.read_bytes()


def _text(meta: dict[str, Any]) -> str:
    return "".join(part.get("c", " ") for part in meta["c"])


def _pandoc(tree: dict[str, Any], items: Sequence[Any], figures: Path, *options: str) -> str:
    """Run pandoc in a folder of its own: the name of the library ends up in the document."""
    command = [pypandoc.get_pandoc_path(), "--from=json", "--citeproc", f"--bibliography={LIBRARY}", *options]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, LIBRARY).write_text(csl_text(as_printed(items)), encoding="utf-8")
        done = subprocess.run(
            [*command, f"--resource-path={figures}"],
            input=json.dumps(tree),
            capture_output=True,
            encoding="utf-8",
            cwd=folder,
            env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        )
    if done.returncode:
        raise RheumetaError(f"The document could not be written: {done.stderr.strip()}")
    for line in filter(None, done.stderr.splitlines()):
        log.warning("%s", line)
    return done.stdout
