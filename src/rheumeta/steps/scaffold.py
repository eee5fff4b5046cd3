"""What helps to keep sheets: a new review from templates, the manifest, cleaning."""

from __future__ import annotations

import logging
import re
from importlib import resources
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import Layout
from rheumeta.tables.codebook import review_codebook_text
from rheumeta.tables.manifest import Check
from rheumeta.tables.manifest import update_manifest as write_manifest
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.reading import clean as cleaned
from rheumeta.tables.sheets import CORRECTIONS, RAW_SHEETS, Sheet
from rheumeta.tables.writing import StageWriter, csv_text

log = logging.getLogger(__name__)

REVIEW_ID = re.compile(r"[a-z][a-z0-9_]*")
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
    update_manifest(layout)
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
    protocol = load_protocol(layout.protocol)
    with StageWriter() as out:
        out.text(layout.raw / CODEBOOK, review_codebook_text(protocol))
    changed = write_manifest(layout.raw, origins={CODEBOOK: CODEBOOK_ORIGIN})
    for check in changed:
        log.info("MANIFEST: %s was %s", check.file, check.status.replace("_", " "))
    return changed


def clean(path: Path) -> bool:
    """Remove byte-order mark, carriage returns and non-breaking spaces from a sheet, in place.

    Returns
    -------
    bool
        Whether anything had to be changed.

    Raises
    ------
    InputFaults
        If there is no such file, or it is not UTF-8: which encoding it has cannot be known.
    """
    if not path.is_file():
        raise InputFaults([Fault(path.as_posix(), None, None, "missing_file", "There is no such file.")])
    data = path.read_bytes()
    try:
        mended = cleaned(data)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputFaults([
            Fault(path.as_posix(), line, None, "not_utf8", f"Byte {error.start + 1} of the file is not UTF-8.",
                  value=f"\\x{data[error.start]:02x}", allowed="UTF-8",
                  remedy="Open the sheet in the program that made it and save it as 'CSV UTF-8'.")
        ]) from None  # fmt: skip
    if mended == data:
        log.info("%s is clean", path.as_posix())
        return False
    with StageWriter() as out:
        out.path(path).write_bytes(mended)
    log.info("%s was mended", path.as_posix())
    return True


def _refuse(layout: Layout, paths: list[Path]) -> None:
    faults = [
        Fault(path.as_posix(), None, None, "file_exists", "The file exists already.",
              remedy="Choose another id, or remove the file.")
        for path in paths if path.exists()
    ]  # fmt: skip
    if not REVIEW_ID.fullmatch(layout.review):
        faults.append(
            Fault(
                layout.protocol.as_posix(),
                None,
                None,
                "bad_id",
                "The id is not well formed.",
                layout.review,
                "a small letter, then small letters, digits and _",
            )
        )
    if faults:
        raise InputFaults(faults)
