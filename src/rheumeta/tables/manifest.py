"""The manifest of a folder of raw sheets: every file with its hash and its origin."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rheumeta.provenance import sha256

FILE = "MANIFEST.csv"
COLUMNS = ("file", "sha256", "origin", "note")
CHECK_COLUMNS = ("file", "status", "sha256_manifest", "sha256_found")
UNKNOWN_ORIGIN = "not recorded"


@dataclass(frozen=True)
class Check:
    """One file of the folder or the manifest.

    `status` is "same", "changed" (another hash), "not_listed" (in the folder only) or "missing"
    (in the manifest only).
    """

    file: str
    status: str
    sha256_manifest: str
    sha256_found: str


def check_manifest(folder: Path) -> list[Check]:
    """Compare a folder with its manifest; a difference is to be shown, not to be refused."""
    listed = {row["file"]: row["sha256"] for row in read_manifest(folder)}
    found = {path.name: sha256(path) for path in _files(folder)}
    return [
        Check(name, _status(listed.get(name), found.get(name)), listed.get(name, ""), found.get(name, ""))
        for name in sorted({*listed, *found})
    ]


def read_manifest(folder: Path) -> list[dict[str, str]]:
    """Read the manifest of a folder; no rows if there is none, or none that can be read."""
    path = folder / FILE
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return [{c: row.get(c) or "" for c in COLUMNS} for row in csv.DictReader(handle)]
    except (UnicodeDecodeError, csv.Error):  # validation says what is wrong with it
        return []


def update_manifest(folder: Path, *, origins: Mapping[str, str] | None = None) -> list[Check]:
    """Write the manifest anew with the hashes of today; origins and notes stay.

    Parameters
    ----------
    folder : Path
        Folder of the raw sheets.
    origins : mapping of str to str, optional
        Origins of files that the program made itself, by file name.

    Returns
    -------
    list of Check
        What differed before.
    """
    from rheumeta.tables.writing import StageWriter  # heavy, and the graph of the workflow reads manifests

    before = check_manifest(folder)
    known = {row["file"]: row for row in read_manifest(folder)}
    made = origins or {}
    rows = [
        {
            "file": path.name,
            "sha256": sha256(path),
            "origin": made.get(path.name) or known.get(path.name, {}).get("origin") or UNKNOWN_ORIGIN,
            "note": known.get(path.name, {}).get("note", ""),
        }
        for path in _files(folder)
    ]
    with StageWriter() as out:
        out.rows(folder / FILE, rows, COLUMNS)
    return [check for check in before if check.status != "same"]


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.iterdir() if p.is_file() and p.name != FILE and not p.name.startswith(".")
    )


def _status(listed: str | None, found: str | None) -> str:
    if listed is None:
        return "not_listed"
    if found is None:
        return "missing"
    return "same" if listed == found else "changed"
