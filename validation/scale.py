"""Time and memory of validation and harmonisation for large sheets.

python validation/scale.py                    10,000, 30,000 and 100,000 rows of results
python validation/scale.py --rows 5000 --faulty    every row with a fault

The sheets are made from a seed: one study for each 20 rows, two groups a study, responders and disease
activity at five times. Each stage runs in a process of its own, whose processor time and largest memory
the system reports.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

import tiny_review  # noqa: E402

from rheumeta.layout import Layout  # noqa: E402
from rheumeta.tables.sheets import RAW_SHEETS  # noqa: E402
from rheumeta.tables.writing import csv_text  # noqa: E402

ROWS = (10_000, 30_000, 100_000)
A_STUDY = 20
"""Rows of results a study: 5,000 studies have 100,000."""

WEEKS = (4, 8, 12, 24, 52)
SOURCE = "https://example.org/trial"
SHEETS = {sheet.name: sheet for sheet in RAW_SHEETS}
Row = dict[str, object]


@dataclass(frozen=True)
class Cost:
    """What a stage took: seconds of the processor, megabytes, exit code, and bytes of its messages."""

    seconds: float
    megabytes: float
    code: int
    said: int


def studies(count: int) -> Iterator[Row]:
    """Yield the rows of the sheet of studies."""
    for i in range(count):
        yield {
            "study_id": f"s{i:05d}", "label": f"Study {i}", "year": 1990 + i % 35, "design_class": "randomised",
            "status": "published",
        }  # fmt: skip


def arms(count: int) -> Iterator[Row]:
    """Yield the rows of the sheet of arms."""
    for i in range(count):
        for arm, code in (("cells", "msc"), ("control", "placebo")):
            yield {
                "study_id": f"s{i:05d}", "arm_id": arm, "label": arm.title(), "kind": "arm", "interventions": code,
                "n_allocated": 60, "route": ("iv", "ia")[i % 2],
            }  # fmt: skip


def results(count: int, draw: random.Random, *, faulty: bool) -> Iterator[Row]:
    """Yield the rows of the sheet of results; with a fault each if they shall be `faulty`."""
    number = 0
    for i in range(count):
        for arm in ("cells", "control"):
            for week in WEEKS:
                for outcome in ("ACR20", "DAS28-ESR"):
                    number += 1
                    yield {
                        "result_id": f"r{number:06d}", "study_id": f"s{i:05d}{'x' * faulty}", "arm_id": arm,
                        "outcome": outcome, "time": week, "time_unit": "week", "timing": "final", "n": 60,
                        **_numbers(outcome, draw), "source": SOURCE, "source_kind": "full_text", "confidence": "high",
                    }  # fmt: skip


def _numbers(outcome: str, draw: random.Random) -> Row:
    if outcome == "ACR20":
        return {"events": draw.randint(5, 50)}
    return {"unit": "points", "mean": f"{draw.uniform(2.5, 6):.2f}", "sd": f"{draw.uniform(0.8, 1.6):.2f}"}


def build(root: Path, rows: int, *, seed: int = 1, faulty: bool = False) -> Layout:
    """Write a review with so many rows of results."""
    layout, count, draw = tiny_review.build(root), rows // A_STUDY, random.Random(seed)
    (root / "config" / "config.yaml").write_text("reviews: [tiny]\n", encoding="utf-8")
    sheets = {"studies": studies(count), "arms": arms(count), "results": results(count, draw, faulty=faulty)}
    for name, content in sheets.items():
        columns = [c.name for c in SHEETS[name].columns] + ["route"] * (name == "arms")
        tiny_review.path_of(layout, name).write_text(csv_text(content, columns), encoding="utf-8", newline="")
    for name in ("corrections", "awaited", "risk_of_bias"):
        tiny_review.path_of(layout, name).unlink()
    return layout


def cost(stage: str, layout: Layout) -> Cost:
    """Run a stage in a process of its own and return what it took."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "rheumeta", stage, layout.review, "--root", str(layout.root)],
            stdout=said,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        size = said.tell()
    unit = 1024 if sys.platform == "linux" else 1024**2  # kilobytes here, bytes on macOS
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit, process.returncode, size)


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Time and memory for large sheets.")
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS)
    parser.add_argument("--faulty", action="store_true", help="give every row a fault")
    arguments = parser.parse_args()
    print(
        "| rows | studies | stage | seconds | MB | exit code | messages, MB |\n|---|---|---|---|---|---|---|"
    )
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            layout = build(Path(folder), rows, faulty=arguments.faulty)
            for stage in ("validate", "harmonise"):
                found = cost(stage, layout)
                print(f"| {rows:,} | {rows // A_STUDY:,} | {stage} | {found.seconds:.1f} | {found.megabytes:.0f} "
                      f"| {found.code} | {found.said / 1e6:.2f} |", flush=True)  # fmt: skip
                if found.code:
                    break
    return 0


if __name__ == "__main__":
    sys.exit(main())
