"""Kill a run of the workflow at random moments, run it again, and compare every byte.

python validation/kills.py --count 50 --seed 1

One small review is built from two versions of its sheets, undisturbed. Then, again and again: the other
version is put in place (every other time all that was built is removed too), the workflow starts, and the
whole group of its processes is killed (signal 9) after a random time. The next run must end well, by
itself, and leave exactly the files of an undisturbed one, byte for byte: none missing, none of the
other version, none left over. Exits with 1 otherwise.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import tiny_review  # noqa: E402
from pipeline import copy_code  # noqa: E402

BUILT = ("data/processed", "results")
PERCENT = ("45", "50")
"""Responders of one group, percent: what tells the two versions of the sheets apart."""

Files = dict[str, bytes]


@dataclass
class Review:
    """The tiny review in a folder with all code of the project."""

    root: Path
    version: int = 0

    def __post_init__(self) -> None:
        copy_code(self.root)
        self.layout = tiny_review.build(self.root)
        (self.root / "config" / "config.yaml").write_text("reviews: [tiny]\n", encoding="utf-8")

    def other_version(self) -> None:
        """Put the other version of the sheet in place."""
        self.version = 1 - self.version
        cell = {"percent": PERCENT[self.version]}
        tiny_review.change(self.layout, {"file": "results", "line": 2, "set": cell})

    def start(self) -> subprocess.Popen[bytes]:
        """Start the workflow as a group of processes of its own."""
        environment = {k: v for k, v in os.environ.items() if k not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--cores", "2"],
            cwd=self.root,
            env=environment | {"PYTHONPATH": str(self.root / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self) -> str:
        """Run the workflow to its end; return what it says.

        Raises
        ------
        RuntimeError
            If it does not end well.
        """
        process = self.start()
        said = process.communicate()[0].decode()
        if process.returncode:
            raise RuntimeError(f"the run ended with {process.returncode}:\n{said}")
        return said

    def files(self) -> Files:
        """Return all that was built."""
        found = [path for name in BUILT for path in (self.root / name).rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in sorted(found)}

    def remove_built(self) -> None:
        """Remove all that was built, as in a fresh checkout."""
        for name in (*BUILT, "logs", ".snakemake"):
            shutil.rmtree(self.root / name, ignore_errors=True)


def differences(found: Files, wanted: Files) -> list[str]:
    """Return the names of files that are missing, left over or other than wanted."""
    return sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill the group of a process after a while; tell whether it was still at work."""
    time.sleep(seconds)
    at_work = process.poll() is None
    with suppress(ProcessLookupError):  # it had ended by itself
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return at_work


def kill_and_rerun(
    review: Review, wanted: list[Files], seconds: float, *, clean: bool
) -> tuple[bool, list[str]]:
    """Kill a run after so many seconds; tell whether it was at work, and what differs after the next run."""
    review.other_version()
    if clean:
        review.remove_built()
    killed = kill_after(review.start(), seconds)
    review.run()
    return killed, differences(review.files(), wanted[review.version])


def undisturbed(review: Review) -> tuple[list[Files], float]:
    """Return what both versions give, and how many seconds a whole run takes."""
    started = time.monotonic()
    review.run()
    seconds = time.monotonic() - started
    first = review.files()
    review.other_version()
    review.remove_built()
    review.run()
    second = review.files()
    if not differences(first, second):
        raise AssertionError("the two versions of the sheet give the same files")
    return [first, second], seconds


def main() -> int:
    """Kill and compare; print a line each time."""
    parser = argparse.ArgumentParser(
        description="Kill runs at random moments and compare what the next gives."
    )
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw, wrong, at_work = random.Random(arguments.seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        review = Review(Path(folder) / "review")
        wanted, seconds = undisturbed(review)
        print(f"{len(wanted[0])} files; an undisturbed run takes {seconds:.0f} s", flush=True)
        for number in range(1, arguments.count + 1):
            when = draw.uniform(0, seconds)
            killed, other = kill_and_rerun(review, wanted, when, clean=number % 2 == 0)
            at_work += killed
            wrong += bool(other)
            print(
                f"{number}: after {when:.1f} s{'' if killed else ', too late'}: {other or 'the same'}",
                flush=True,
            )
    print(f"{arguments.count} runs, {at_work} killed at work, {wrong} with other bytes afterwards")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
