r"""Writing results so that a failure leaves the previous files as they were.

Text is UTF-8 with ``\n`` line ends; columns keep their order; floats are written with ``repr``,
the shortest text that reads back as the same number.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np


def cell(value: object) -> str:
    """Return the text of one value: empty for None and NaN, ``repr`` for floats, 'true' or 'false'."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (list, tuple)):
        return ";".join(map(cell, value))
    return str(value)


def csv_text(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV with exactly `columns`; a key that a row lacks is an empty cell.

    Raises
    ------
    ValueError
        If a row holds a key that is not in `columns`.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: cell(value) for key, value in row.items()})
    return out.getvalue()


def json_text(data: object) -> str:
    """Return data as JSON with full precision; NaN is refused."""
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _sweep(folder: Path) -> None:
    """Delete temporary files of processes that were killed."""
    for left in folder.glob(".part-*"):
        process = left.name.split("-")[1]
        if process.isdecimal() and not _runs(int(process)):
            left.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError as error:
        return isinstance(error, PermissionError)  # it runs, for somebody else
    return True


class StageWriter:
    """Writes all files of a stage, or none.

    Files get temporary names beside their final ones; leaving the ``with`` block without an error
    renames them all, an error deletes them and leaves the previous files as they were.

    Examples
    --------
    >>> with StageWriter() as out:                          # doctest: +SKIP
    ...     out.rows(layout.not_used, rows, COLUMNS)
    """

    def __init__(self) -> None:
        self._files: dict[Path, Path] = {}
        self._outdated: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for path, temporary in self._files.items():
                    os.replace(temporary, path)
                for path in set(self._outdated) - set(self._files):
                    path.unlink(missing_ok=True)
        finally:
            for temporary in self._files.values():
                temporary.unlink(missing_ok=True)

    def path(self, path: Path) -> Path:
        """Return the temporary path, with the same suffix, that will become `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.parent not in {known.parent for known in self._files}:
            _sweep(path.parent)
        temporary = path.with_name(f".part-{os.getpid()}-{path.name}")
        self._files[path] = temporary
        return temporary

    def replaces(self, folder: Path, *endings: str, keep: Collection[str] = ()) -> None:
        """Let the files of `folder` with these endings go that this stage does not write again.

        They are of what the protocol no longer asks for. Files whose stem is in `keep` belong to another
        stage and stay.
        """
        found = (path for ending in endings for path in folder.glob(f"[!.]*{ending}"))
        self._outdated += [path for path in found if path.stem not in keep]

    def text(self, path: Path, text: str) -> None:
        """Write text as UTF-8."""
        self.path(path).write_bytes(text.encode("utf-8"))

    def rows(self, path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Write rows as CSV."""
        self.text(path, csv_text(rows, columns))

    def json(self, path: Path, data: object) -> None:
        """Write data as JSON."""
        self.text(path, json_text(data))
