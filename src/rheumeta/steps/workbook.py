"""Stage: every table of a review in one workbook.

Reads the tables of the results, the files between sheets and results, and the validated sheets;
writes ``results/<review>/tables.xlsx`` with a sheet that says what each column holds.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.records import read_synthesis
from rheumeta.tables.columns import describe_column
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.validated import validated_path
from rheumeta.tables.workbook import Table, workbook
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

TITLES = {
    "summary": "Every analysis: its result in one row.",
    "summary_of_findings": "Relative and absolute effects with the certainty of the evidence.",
    "certainty": "Judgement of each domain of GRADE.",
    "claims": "Claims beside what the synthesis gives.",
    "missing_results": "Studies whose results are missing from an analysis.",
    "sensitivity": "Every analysis under every changed assumption.",
    "directions": "Results that say only which way a number moved.",
}
"""What the tables over all analyses hold."""

BETWEEN = {
    "harmonised": "Reported results in common units.",
    "effects": "Effect sizes: one row a study in an analysis.",
    "derivations": "How each effect size was computed, step by step.",
    "integrity": "Questions of the integrity check, with their answers.",
    "integrity_checks": "Every check and what it could look at.",
    "not_used": "What could not be used in an analysis, and why.",
    "accounting": "Every row of the results sheet and where it went.",
}
"""What the files between sheets and results hold."""

POOLED = {
    "estimates": "Pooled results, the whole and by subgroup, on both scales.",
    "weights": "Effect and weights of each study in each analysis.",
    "combined_p": "Combined p values.",
    "problems": "Analyses that could not be computed.",
}
"""What the tables beside the pooled results hold."""


def run(layout: Layout) -> None:
    """Write the workbook of one review."""
    tables = list(all_tables(layout))
    labels = {name: m.label for name, m in load_protocol(layout.protocol).moderators.items()}
    words = {(t.name, c): describe_column(t.name, c, labels) for t in tables for c in t.columns}
    with StageWriter() as out:
        out.path(layout.workbook).write_bytes(workbook(tables, words))
    log.info("%d tables, %d rows", len(tables), sum(len(table.rows) for table in tables))


def all_tables(layout: Layout) -> Iterator[Table]:
    """Yield the tables of a review: over all analyses, of each analysis, between, and the sheets."""
    titles = {a.id: a.title for a in read_synthesis(layout.synthesis).analyses}
    files = {path.stem: path for path in sorted(layout.tables.glob("*.csv"))}
    for name in [*(n for n in TITLES if n in files), *(n for n in titles if n in files)]:
        yield _read(files[name], name, TITLES.get(name) or titles[name])
    for name in sorted(files.keys() - TITLES.keys() - titles.keys()):
        yield _read(files[name], name, name.replace("_", " "))
    for name, title in BETWEEN.items():
        yield _read(getattr(layout, name), name, title)
    for name, title in POOLED.items():
        yield _read(layout.estimates / f"{name}.csv", name, title)
    for sheet in RAW_SHEETS:
        yield _read(validated_path(layout, sheet.name), f"sheet_{sheet.name}", sheet.description)


def _read(path: Path, name: str, title: str) -> Table:
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        rows = list(reader)
        return Table(name, title, tuple(reader.fieldnames or ()), rows)
