"""What helps to keep sheets: a new review from templates, the manifest, cleaning."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import ID_ALLOWED, Layout, is_id
from rheumeta.tables.codebook import review_codebook_text
from rheumeta.tables.manifest import Check
from rheumeta.tables.manifest import update_manifest as write_manifest
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.reading import clean as cleaned
from rheumeta.tables.sheets import CORRECTIONS, RAW_SHEETS, Sheet
from rheumeta.tables.wording import listing
from rheumeta.tables.writing import StageWriter, csv_text

log = logging.getLogger(__name__)

CODEBOOK = "codebook.md"
CODEBOOK_ORIGIN = "Made by rheumeta from the declarations of the sheets and the protocol"
PLACEHOLDER = "{review}"


def new_review(layout: Layout) -> None:
    """Make the protocol and the empty sheets of a new review.

    Raises
    ------
    InputFaults
        If the id is not well formed, or a file of the review exists already; nothing is written then.
    """
    sheets = {layout.raw / f"{sheet.name}.csv": sheet for sheet in RAW_SHEETS}
    sheets[layout.corrections] = CORRECTIONS
    _refuse(layout, [layout.protocol, *sheets])
    template = resources.files("rheumeta.tables").joinpath("template.yaml").read_text(encoding="utf-8")
    with StageWriter() as out:
        out.text(layout.protocol, template.replace(PLACEHOLDER, layout.review))
        for path, sheet in sheets.items():
            out.text(path, empty_sheet(sheet))
    _write_manifest(layout)
    log.info("made %s and the sheets in %s", layout.protocol.as_posix(), layout.raw.as_posix())
    log.info("next: fill in both, add '%s' to config/config.yaml, run: rheumeta validate %s",
             layout.review, layout.review)  # fmt: skip


def empty_sheet(sheet: Sheet) -> str:
    """Return a sheet with its header alone."""
    return csv_text([], [column.name for column in sheet.columns])


def update_manifest(layout: Layout) -> list[Check]:
    """Write codebook and manifest of a review anew; origins and notes in the manifest stay.

    Returns
    -------
    list of Check
        Files that differed from the manifest before.

    Raises
    ------
    InputFaults
        If the protocol has faults, because it declares columns of the sheets.
    """
    changed = _write_manifest(layout)
    for check in changed:
        log.info("MANIFEST: %s was %s", check.file, check.status.replace("_", " "))
    return changed


def _write_manifest(layout: Layout) -> list[Check]:
    """Write codebook and manifest; return what differed from the manifest before."""
    protocol = load_protocol(layout.protocol)
    with StageWriter() as out:
        out.text(layout.raw / CODEBOOK, review_codebook_text(protocol))
    return write_manifest(layout.raw, origins={CODEBOOK: CODEBOOK_ORIGIN})


def clean(paths: Iterable[Path], *, encoding: str | None = None) -> list[Path]:
    """Remove byte-order marks, carriage returns and non-breaking spaces from sheets, in place.

    Parameters
    ----------
    paths : iterable of Path
        Sheets, and folders all of whose sheets (``*.csv``) are meant.
    encoding : str, optional
        Encoding of the sheets that are not UTF-8.

    Returns
    -------
    list of Path
        Sheets that had to be changed.

    Raises
    ------
    InputFaults
        If a path does not exist or a sheet cannot be decoded; nothing is changed then.
    """
    mended, faults = {}, []
    for path in dict.fromkeys(sheet for name in paths for sheet in _sheets(name)):
        try:
            data = path.read_bytes()
            mended[path] = (data, cleaned(data, encoding=encoding))
        except (FileNotFoundError, IsADirectoryError):
            faults.append(
                Fault(path.as_posix(), None, None, "missing_file", "There is no such sheet or folder of sheets.",
                      remedy="Name a sheet or a folder of sheets, e.g. data/raw/my_review.")
            )  # fmt: skip
        except UnicodeDecodeError as error:
            faults.append(_undecodable(path, data, error))
    if faults:
        raise InputFaults(faults)
    changed = [path for path, (before, after) in mended.items() if before != after]
    with StageWriter() as out:
        for path in changed:
            out.path(path).write_bytes(mended[path][1])
    for path in mended:
        log.info("%s %s", path.as_posix(), "was mended" if path in changed else "is clean")
    return changed


def _sheets(path: Path) -> list[Path]:
    """Return the sheets in a folder; the path itself if it is no folder or holds none."""
    return sorted(path.glob("*.csv")) or [path]


def _undecodable(path: Path, data: bytes, error: UnicodeDecodeError) -> Fault:
    line = data[: error.start].count(b"\n") + 1
    return Fault(
        path.as_posix(), line, None, "not_utf8", f"Byte {error.start + 1} of the file is not {error.encoding}.",
        value=chr(data[error.start]), allowed="UTF-8",
        remedy="Save it as 'CSV UTF-8' in the program that made it, or, if it was saved as Latin-1: "
        f"rheumeta clean --from latin-1 {path.as_posix()}",
    )  # fmt: skip


def _refuse(layout: Layout, paths: list[Path]) -> None:
    """Raise InputFaults if the id is none, or if there are files of the review already."""
    file = layout.protocol.as_posix()
    existing = [path.as_posix() for path in paths if path.exists()]
    if not is_id(layout.review):
        raise InputFaults([
            Fault(file, None, None, "bad_id", "The id is not well formed.", layout.review,
                  ID_ALLOWED)
        ])  # fmt: skip
    if existing:
        raise InputFaults([
            Fault(existing[0], None, None, "file_exists", "The review has files already.",
                  f"{len(existing)} files", "an id without files",
                  f"Choose another id, or remove: {listing(existing)}")
        ])  # fmt: skip
