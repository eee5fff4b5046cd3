"""The log of a stage, and the count of its failures (standard library alone).

Snakemake gives the outputs of a failed job back with a new time, so that the next run would take
them for up to date. Therefore each stage counts its failures in a file beside its log, and the
count is a parameter of the rule: as long as the last try failed, the parameter differs from the
one on record and the stage runs again. The count stays after a success; nothing reruns then.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rheumeta.errors import EXIT_FAILURE, EXIT_INPUT

try:
    import fcntl
except ImportError:  # not on Windows, where a second run is not noticed
    fcntl = None  # type: ignore[assignment]

UNFINISHED = "unfinished"
"""Stands in the count for a try that has neither succeeded nor failed, or was killed."""

MENDED = "mended"
"""Stands in the count for each failure before the last success."""


def failures_file(log: Path) -> Path:
    """Return the file that counts the failures of the stage whose log is `log`."""
    return log.with_suffix(".failures")


def failures(log: Path) -> int:
    """Return how often the stage whose log is `log` has failed so far."""
    return len(_entries(failures_file(log)))


def aftermath(folder: Path, *, since: float) -> tuple[int, str]:
    """Return the exit code for a run in which stages failed, and a last word on it.

    Parameters
    ----------
    folder : Path
        Folder of the logs.
    since : float
        Start of the run in seconds since the epoch.

    Returns
    -------
    code : int
        2 if faults in the input are all that went wrong since then, otherwise 1.
    text : str
        What the logs say of faults in the input, or where the logs are.
    """
    last = {}
    for path in sorted(folder.rglob("*.failures")):
        entries = _entries(path)
        if path.stat().st_mtime >= since and entries and entries[-1] != MENDED:
            last[path.with_suffix(".log")] = entries[-1]
    if set(last.values()) == {str(EXIT_INPUT)}:
        return EXIT_INPUT, _last_word("The input has faults", last, full=True)
    return EXIT_FAILURE, _last_word("A stage failed", last, full=False)


def _last_word(what: str, logs: Iterable[Path], *, full: bool) -> str:
    """Return the end of a failed run: the logs themselves if `full`, otherwise where they are."""
    lines = [f"{what}; results of earlier runs were kept."]
    for log in logs:
        lines += ["", f"{log.as_posix()}:"]
        if full and log.is_file():
            lines.append(log.read_text(encoding="utf-8").rstrip())
    return "\n".join(lines) + "\n"


def _entries(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def _write(path: Path, entries: list[str]) -> None:
    path.write_text("".join(f"{entry}\n" for entry in entries), encoding="utf-8")


def hold(path: Path, *, wait: bool = False) -> IO[str] | None:
    """Return a lock on `path`, None if another process holds it.

    The system lets go of it when its process ends, however that happens, so that nobody has to remove a
    lock that a killed run has left.

    Parameters
    ----------
    path : Path
        The file to lock; made if need be.
    wait : bool
        Wait until the other process lets go.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a", encoding="utf-8")
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            handle.close()
            return None
    return handle


class Attempt:
    """One try of a stage; it counts as a failure until :meth:`succeeded`."""

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._path = failures_file(log)
        self._before = _entries(self._path)
        _write(self._path, [*self._before, UNFINISHED])

    def succeeded(self) -> None:
        """Take the try out of the count and mark what failed before as mended."""
        if self._before:
            _write(self._path, [MENDED] * len(self._before))
        else:
            self._path.unlink(missing_ok=True)

    def failed(self, code: int) -> None:
        """Count the failure with its exit code."""
        _write(self._path, [*self._before, str(code)])


ALOUD = {"aloud": True}
"""Given as `extra`, it lets a message appear on the terminal too where messages go to a file."""


@contextmanager
def logging_to(log: Path | None) -> Iterator[None]:
    """Send messages and Python's warnings to the file `log`, or to standard error if None."""
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
    stream = sys.stderr if log is None else log.open("w", encoding="utf-8", buffering=1)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    terminal = logging.StreamHandler(sys.stderr)
    terminal.addFilter(lambda record: log is not None and getattr(record, "aloud", False))
    logger.addHandler(terminal)
    logging.getLogger("rheumeta").setLevel(logging.INFO)
    logging.captureWarnings(True)
    started = time.perf_counter()
    try:
        yield
    finally:
        logging.captureWarnings(False)
        logger.removeHandler(handler)
        logger.removeHandler(terminal)
        logger.setLevel(level)
        if log is not None:
            print(f"{time.perf_counter() - started:.1f} s", file=stream)
            stream.close()
