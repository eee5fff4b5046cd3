"""A copy of the project in a folder with a space, with one small review of its own."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pipeline import copy_code

REVIEW = "steroids"
SOURCE = "https://example.org/trial"

STUDIES = ("alpha2001", "beta2004", "gamma2010")
RESPONDERS = {  # study: events and patients under treatment, then under control
    "alpha2001": (18, 30, 9, 31),
    "beta2004": (40, 75, 22, 74),
    "gamma2010": (12, 20, 8, 22),
}


@dataclass(frozen=True)
class Finished:
    """A finished command."""

    code: int
    text: str

    @property
    def jobs(self) -> dict[str, int]:
        """Jobs by rule, as the statistics before a run list them."""
        table = re.search(r"^job +count\n-[- ]+\n(.*?)^total ", self.text, flags=re.MULTILINE | re.DOTALL)
        lines = table[1].splitlines() if table else []
        return {name: int(count) for name, count in map(str.split, lines)}


@dataclass(frozen=True)
class Project:
    """A copy of the project."""

    root: Path

    def snakemake(self, *arguments: str, before_others: Path | None = None) -> Finished:
        """Run Snakemake; Python looks for what it imports first in the folder `before_others`."""
        return self._run(
            sys.executable, "-m", "snakemake", "--cores", "2", *arguments, before_others=before_others
        )

    def rheumeta(self, *arguments: str) -> Finished:
        return self._run(sys.executable, "-m", "rheumeta", *arguments)

    def _run(self, *command: str, before_others: Path | None = None) -> Finished:
        environment = {k: v for k, v in os.environ.items() if k not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
        folders = [*([before_others] if before_others else []), self.root / "src"]
        done = subprocess.run(
            command,
            cwd=self.root,
            env=environment | {"PYTHONPATH": os.pathsep.join(map(str, folders))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Finished(done.returncode, done.stdout)

    def built(self) -> dict[str, bytes]:
        """Return all built files."""
        folders = (self.root / "data" / "processed", self.root / "results")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in sorted(files)}

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace the only occurrence of a text in a file."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")


def fill(path: Path, rows: list[dict[str, object]]) -> None:
    """Append rows to a sheet, as a person does under its header."""
    with path.open(encoding="utf-8", newline="") as handle:
        columns = next(csv.reader(handle))
    with path.open("a", encoding="utf-8", newline="") as handle:
        csv.DictWriter(handle, columns, restval="", lineterminator="\n").writerows(rows)


def fill_sheets(folder: Path) -> None:
    """Fill in the sheets of a review that `rheumeta new-review` has made."""
    fill(folder / "studies.csv", [
        {"study_id": s, "label": s[:-4].title() + " " + s[-4:], "year": s[-4:], "design_class": "randomised",
         "status": "published"} for s in STUDIES
    ])  # fmt: skip
    fill(folder / "arms.csv", [
        {"study_id": s, "arm_id": arm, "label": arm.title(), "kind": "arm", "interventions": arm}
        for s in STUDIES for arm in ("treatment", "control")
    ])  # fmt: skip
    rows: list[dict[str, object]] = []
    for study, (events1, n1, events2, n2) in RESPONDERS.items():
        for arm, events, n in (("treatment", events1, n1), ("control", events2, n2)):
            rows.append({
                "result_id": f"{study}_{arm}", "study_id": study, "arm_id": arm, "outcome": "ACR20", "time": 12,
                "time_unit": "week", "timing": "during", "n": n, "events": events, "source": SOURCE,
                "source_kind": "full_text", "confidence": "high",
            })  # fmt: skip
    fill(folder / "results.csv", rows)


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Project:
    """The copy, with a review made from the templates, not built yet."""
    root = tmp_path_factory.mktemp("a folder") / "with spaces"
    (root / "config").mkdir(parents=True)
    copy_code(root)
    (root / "config" / "config.yaml").write_text(f"reviews:\n  - {REVIEW}\n")
    copy = Project(root)
    made = copy.rheumeta("new-review", REVIEW)
    assert made.code == 0, made.text
    fill_sheets(root / "data" / "raw" / REVIEW)
    protocol = root / "config" / "reviews" / f"{REVIEW}.yaml"
    protocol.write_text(re.sub(r"<([^<>\n]*)>", r"\1", protocol.read_text(encoding="utf-8")))
    return copy


@pytest.fixture(scope="session")
def first_run(project) -> Finished:
    """The first run of the workflow."""
    return project.snakemake()


@pytest.fixture
def built(project, first_run) -> Project:
    """The copy, built and up to date."""
    assert first_run.code == 0, first_run.text
    return project
