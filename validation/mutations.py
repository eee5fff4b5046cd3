"""Damage sheets and protocols at random, many times, and look at what becomes of each case.

python validation/mutations.py --count 2000 --seed 1
python validation/mutations.py --only 17 --seed 1      one case, with all that it did and said

Each case copies a review (the tiny one of the tests, or a bundled one), damages it by one to three
mutations of `mutate.py`, and runs it from validation to the tables; some runs go on to figures, report,
documents and workbook. A case passes if it ends in one of two ways:

faults  InputFaults, each with a file of the review, a line of it (or a file that has none) and a sentence;
run     every row of the results sheet is used, or listed with a reason; every estimate is finite and lies
        in its interval; rows or columns that only changed places change no estimate.

Anything else is listed: a traceback, a warning of the arithmetic, a case that takes too long, a row
that is nowhere. Exits with 1 if there is any.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

import tiny_review  # noqa: E402
from mutate import HARMLESS, mutate  # noqa: E402
from pipeline import BUNDLED, copy_project  # noqa: E402

from rheumeta.errors import Fault, InputFaults, RheumetaError  # noqa: E402
from rheumeta.layout import Layout  # noqa: E402

STAGES = ("validate", "harmonise", "effects", "integrity", "synthesise", "appraise", "tables")
PAGES = ("figures", "report", "documents", "workbook")
PAGES_SHARE = 0.03
"""Share of the cases that go on to what people read; of those that can be run."""

TINY_SHARE = 0.7
SECONDS = 60
"""Longest that a case may take, seconds of the processor."""

SUMS = 1e-9
"""Relative change of an estimate that the order of the studies in a sum can make."""

WITHOUT_LINE = frozenset({"missing_file", "empty_file", "not_utf8"})
"""Faults of a file as a whole."""


@dataclass(frozen=True)
class Case:
    """What was done to a review, how it ended, and why that is wrong (empty if it is not)."""

    number: int
    review: str
    done: list[str]
    ended: str
    wrong: str = ""
    faults: tuple[str, ...] = ()
    seconds: float = 0.0


class TooLong(Exception):
    """A case takes too long."""


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise `TooLong` in the block after so many seconds of the processor."""

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Bases:
    """The undamaged reviews, and what comes out of them."""

    def __init__(self, folder: Path, *, bundled: bool = True) -> None:
        self._roots = {"tiny": folder / "tiny"} | dict.fromkeys(BUNDLED, folder / "bundled")
        tiny_review.build(self._roots["tiny"])
        (self._roots["tiny"] / "config" / "config.yaml").write_text("reviews: [tiny]\n", encoding="utf-8")
        if bundled:
            copy_project(folder / "bundled")
        for review in BUNDLED if bundled else ():  # some show the results of others as a benchmark
            _run(Layout(review, folder / "bundled"), STAGES)
        _run(Layout("tiny", self._roots["tiny"]), STAGES)

    def copy(self, review: str, root: Path) -> Layout:
        """Copy what a person edits of a review, and the results of the others."""
        source = self._roots[review]
        shutil.copytree(source / "config", root / "config")
        shutil.copytree(source / "data" / "raw" / review, root / "data" / "raw" / review)
        shutil.copytree(source / "data" / "corrections", root / "data" / "corrections")
        for other in set(BUNDLED) & {path.name for path in (source / "results").iterdir()} - {review}:
            target = Layout(other, root).synthesis
            target.parent.mkdir(parents=True)
            shutil.copy(Layout(other, source).synthesis, target)
        return Layout(review, root)

    def estimates(self, review: str) -> list[dict[str, str]]:
        """Return the estimates of the undamaged review."""
        return _rows(Layout(review, self._roots[review]).estimates / "estimates.csv")


def try_case(number: int, seed: int, bases: Bases, *, limit: int = SECONDS) -> Case:
    """Make one case and judge how it ends."""
    draw = random.Random(f"{seed}/{number}")
    review = "tiny" if draw.random() < TINY_SHARE else draw.choice(BUNDLED)
    with tempfile.TemporaryDirectory() as folder:
        layout = bases.copy(review, Path(folder) / "review")
        done = mutate(_sheets(layout), layout.protocol, draw)
        stages = STAGES + PAGES if draw.random() < PAGES_SHARE else STAGES
        started = time.perf_counter()
        ended, wrong, codes = _end(layout, stages, limit)
        if ended == "run" and not wrong:
            wrong = _wrong_run(layout) or _wrong_change(layout, done, bases)
        return Case(number, review, done, ended, wrong, codes, time.perf_counter() - started)


def _sheets(layout: Layout) -> list[Path]:
    sheets = sorted(path for path in layout.raw.glob("*.csv"))
    return [*sheets, layout.raw / "results.csv"] + ([layout.corrections] * layout.corrections.is_file())


def _end(layout: Layout, stages: tuple[str, ...], limit: int) -> tuple[str, str, tuple[str, ...]]:
    """Run a case; return how it ended, what is wrong with that, and the codes of its faults."""
    try:
        with time_limit(limit), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            _run(layout, stages)
    except InputFaults as error:
        return "faults", _wrong_faults(error.faults, layout), tuple(f.code for f in error.faults)
    except TooLong:
        return "too long", f"more than {limit} s", ()
    except RheumetaError as error:
        return "refused", f"no file and place: {error}", ()
    except Exception:
        return "traceback", traceback.format_exc(), ()
    return "run", "", ()


def _run(layout: Layout, stages: tuple[str, ...]) -> None:
    for stage in stages:
        import_module(f"rheumeta.steps.{stage}").run(layout)


def _wrong_faults(faults: tuple[Fault, ...], layout: Layout) -> str:
    """Return what is wrong with the faults of a case."""
    for fault in faults:
        path = layout.root / fault.file
        if not path.is_file() and fault.code != "missing_file":
            return f"no such file: {fault}"
        if fault.line is None and fault.code not in WITHOUT_LINE:
            return f"no line: {fault}"
        if fault.line is not None and fault.line > len(path.read_bytes().splitlines()) + 1:
            return f"no such line: {fault}"
        if str(layout.root) in str(fault) or not fault.message.endswith("."):
            return f"no sentence, or a path of this machine: {fault}"
    return ""


def _wrong_run(layout: Layout) -> str:
    """Return what is wrong with the results of a case that ran."""
    text = (layout.raw / "results.csv").read_bytes().decode("utf-8")
    ids = [row["result_id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    books = _rows(layout.accounting)
    if sorted(ids) != sorted(row["result_id"] for row in books):
        return f"{len(ids)} rows in the sheet, {len(books)} in the account of them"
    lost = [r["result_id"] for r in books if bool(r["used_in"]) == bool(r["not_used_reason"])]
    if lost:
        return f"rows that are neither used nor explained: {lost}"
    for row in _rows(layout.estimates / "estimates.csv"):
        low, estimate, high = (row.get(k) or "" for k in ("lower", "estimate", "upper"))
        if low and estimate and high and not float(low) <= float(estimate) <= float(high):
            return f"an estimate outside its interval: {row}"
    json.loads(layout.synthesis.read_text(encoding="utf-8"), parse_constant=_no_constant)
    return ""


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} in synthesis.json")


def _wrong_change(layout: Layout, done: list[str], bases: Bases) -> str:
    """Return what changed although rows or columns only changed places."""
    if not all(any(f": {name} " in text for name in HARMLESS) for text in done):
        return ""
    found, wanted = _rows(layout.estimates / "estimates.csv"), bases.estimates(layout.review)
    same = len(found) == len(wanted) and all(map(_same, found, wanted))
    return "" if same else "rows changed places, and estimates changed"


def _same(found: dict[str, str], wanted: dict[str, str]) -> bool:
    return all(found[k] == wanted[k] or _close(found[k], wanted[k]) for k in wanted)


def _close(a: str, b: str) -> bool:
    try:
        return math.isclose(float(a), float(b), rel_tol=SUMS, abs_tol=SUMS)
    except ValueError:
        return False


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def report(cases: list[Case]) -> str:
    """Return a table of how the cases ended, and all that went wrong."""
    ends = Counter(case.ended for case in cases)
    codes = Counter(code for case in cases for code in set(case.faults))
    lines = [f"{len(cases)} cases: " + ", ".join(f"{n} {end}" for end, n in sorted(ends.items()))]
    lines += [f"{len(codes)} kinds of fault: " + ", ".join(f"{c} {n}" for c, n in codes.most_common())]
    lines += [f"longest: {max(case.seconds for case in cases):.1f} s"]
    for case in cases:
        if case.wrong:
            lines += [f"\ncase {case.number} ({case.review}): {'; '.join(case.done)}", case.ended, case.wrong]
    wrong = sum(bool(case.wrong) for case in cases)
    return "\n".join([*lines, f"\n{wrong} cases went wrong"])


def main() -> int:
    """Run the cases and print what became of them."""
    parser = argparse.ArgumentParser(description="Damage sheets and protocols at random.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, help="one case alone")
    arguments = parser.parse_args()
    start, count = (arguments.only, 1) if arguments.only is not None else (arguments.first, arguments.count)
    with tempfile.TemporaryDirectory() as folder:
        bases = Bases(Path(folder))
        cases = []
        for number in range(start, start + count):
            cases.append(try_case(number, arguments.seed, bases))
            if cases[-1].wrong:
                print(f"case {number} went wrong", flush=True)
    print(report(cases))
    return int(any(case.wrong for case in cases))


if __name__ == "__main__":
    sys.exit(main())
