"""Builds the small faultless review of tests/bad_inputs/base, and faulty variants of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import yaml

from rheumeta.layout import Layout
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import CORRECTIONS, RAW_SHEETS
from rheumeta.tables.validated import moderator_columns
from rheumeta.tables.writing import csv_text

FOLDER = Path(__file__).parent / "bad_inputs"
BASE = FOLDER / "base"
SHEETS = {sheet.name: sheet for sheet in (*RAW_SHEETS, CORRECTIONS)}


def build(root: Path) -> Layout:
    """Write the faultless review below `root`, each sheet with all its columns."""
    layout = Layout("tiny", root)
    protocol = load_protocol(BASE / "protocol.yaml")
    for folder in (layout.protocol.parent, layout.raw, layout.corrections.parent):
        folder.mkdir(parents=True, exist_ok=True)
    layout.protocol.write_bytes((BASE / "protocol.yaml").read_bytes())
    for source in sorted(BASE.glob("*.csv")):
        sheet = SHEETS[source.stem]
        with source.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        columns = [c.name for c in sheet.columns + moderator_columns(protocol.moderators, sheet)]
        path_of(layout, source.stem).write_bytes(csv_text(rows, columns).encode())
    return layout


def path_of(layout: Layout, name: str) -> Path:
    """Return the file that a case calls `name`."""
    if name == "protocol":
        return layout.protocol
    return layout.corrections if name == "corrections" else layout.raw / f"{name}.csv"


def change(layout: Layout, step: dict[str, Any]) -> None:
    """Apply one step of a case to the review."""
    path = path_of(layout, step["file"])
    if step.get("delete"):
        path.unlink()
        return
    text = step["content"] if "content" in step else path.read_bytes().decode()
    if "replace" in step:
        old, new = step["replace"]
        assert text.count(old) >= 1, f"{old!r} is not in {path.name}"
        text = text.replace(old, new, 1)
    if "append" in step:
        text += step["append"] + "\n"
    if {"set", "drop", "header_only"} & set(step):
        text = _with_cells(text, step)
    text = step.get("prefix", "") + text.replace("\n", step.get("line_ends", "\n"))
    path.write_bytes(text.encode(step.get("encoding", "utf-8")))


def _with_cells(text: str, step: dict[str, Any]) -> str:
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = [c for c in next(csv.reader(io.StringIO(text))) if c != step.get("drop")]
    if step.get("header_only"):
        rows = []
    for column, value in step.get("set", {}).items():
        assert column in columns
        rows[step["line"] - 2][column] = value
    return csv_text(({c: row[c] for c in columns} for row in rows), columns)


def case(name: str) -> dict[str, Any]:
    """Return the case `name`."""
    return yaml.safe_load((FOLDER / "cases" / f"{name}.yaml").read_text(encoding="utf-8"))


def case_names() -> list[str]:
    """Return the names of all cases."""
    return sorted(path.stem for path in (FOLDER / "cases").glob("*.yaml"))
