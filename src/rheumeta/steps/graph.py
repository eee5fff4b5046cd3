"""What the workflow's graph needs to know before anything is computed.

Read each time the Snakefile is read, so neither pandas nor matplotlib is imported. A protocol that
cannot be read yields a graph without its figures: the stage `validate` then says what is wrong
with it, better than a graph could.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rheumeta.errors import InputFaults
from rheumeta.layout import ID, Layout
from rheumeta.steps.targets import figure_files
from rheumeta.tables.config import CONFIG, check_targets, read_reviews
from rheumeta.tables.manifest import FILE, check_manifest
from rheumeta.tables.sheets import RAW_SHEETS

FIGURE = re.compile(r"[a-z][a-z0-9_]{,240}\.[a-z]{3}")
WILDCARD = re.compile(r"\{[^{}]*\}")
VALIDATED = (
    *(f"{sheet.name}.csv" for sheet in RAW_SHEETS),
    "manifest_check.csv",
    "corrections_applied.csv",
    "accepted.csv",
    "evidence.sha256",
)
"""Files of the stage `validate`, below ``data/processed/<review>/validated``."""

ESTIMATES = (
    "synthesis.json",
    "estimates.csv",
    "weights.csv",
    "directions.csv",
    "combined_p.csv",
    "accounting.csv",
    "problems.csv",
)
"""Files of the stage `synthesise`, below ``results/<review>/estimates``."""

DOCUMENTS = ("report.docx", "report.pdf", "references.bib", "references.json", "prisma_checklist.csv")
"""Files of the stage `documents`, below ``results/<review>``."""

APPRAISAL = (
    "estimates/appraisal.json",
    "tables/summary_of_findings.csv",
    "tables/certainty.csv",
    "tables/missing_results.csv",
    "tables/claims.csv",
)
"""Files of the stage `appraise`, below ``results/<review>``."""

WORKFLOW_FILES = (
    "Snakefile", "workflow/**/*.smk", "workflow/report/*.rst", "profiles/default/config.yaml",
    "requirements*.lock", "environment.yml", "pyproject.toml", "CITATION.cff", "LICENSE",
)  # fmt: skip
"""Patterns of the files that describe the workflow, the software it needs, and whose it is."""

CLOCK_SLACK = 2.0
"""Seconds by which the clock of a file server may be ahead."""

LONG_AGO = 315532800.0
"""1 January 1980."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def prepare_environment(source: Path) -> None:
    """Set, for this process and the jobs it starts, what each job relies on.

    Parameters
    ----------
    source : Path
        Folder that holds the package; ``python`` is the interpreter that runs the workflow.
    """
    first = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(source)}
    for name, value in first.items():
        rest = os.environ.get(name)
        os.environ[name] = f"{value}{os.pathsep}{rest}" if rest else value
    os.environ["MPLBACKEND"] = "Agg"
    # Without byte code on disk every job starts three times slower.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def undo_future(*folders: Path) -> None:
    """Give files that carry a time still to come an old one.

    Where the clock was set back, what was built before would look newer than all that is changed now, and
    pass for up to date. With an old time its inputs are compared by their content.
    """
    now = time.time()
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.stat().st_mtime > now + CLOCK_SLACK:
            os.utime(path, (LONG_AGO, LONG_AGO))


def configured_reviews(root: Path, *, targets: Iterable[str] = ()) -> list[str]:
    """Return the ids of the reviews to build.

    Parameters
    ----------
    root : Path
        Folder that holds ``config/``.
    targets : iterable of str, optional
        Files that are asked for; each must belong to one of the reviews, or to none at all.

    Raises
    ------
    InputFaults
        With everything that is wrong with the list of reviews, or with the targets.
    """
    reviews = read_reviews(root)
    if strays := check_targets(targets, root):
        raise InputFaults(strays)
    return reviews


def protocols(layout: Layout) -> list[str]:
    """Return the protocol of a review and those of its benchmarks, which it refers to, if they exist."""
    files = [Layout(review, layout.root).protocol for review in [layout.review, *benchmarks(layout)]]
    return sorted(path.as_posix() for path in files if path.is_file())


def snapshots(layout: Layout) -> list[str]:
    """Return the earlier version that a report is compared with, if one is kept."""
    return [layout.snapshot.as_posix()] if layout.snapshot.is_file() else []


def manifest_warnings(layout: Layout) -> list[str]:
    """Return a line for each file of the evidence that differs from its manifest."""
    if not (layout.raw / FILE).is_file():
        return []
    return [
        f"MANIFEST of {layout.review}: {check.file} is {check.status.replace('_', ' ')}"
        for check in check_manifest(layout.raw)
        if check.status != "same"
    ]


def figures(layout: Layout) -> list[str]:
    """Return the paths of all figures of a review; none if its protocol is not readable."""
    protocol = _protocol(layout)
    try:
        names = figure_files(protocol) if protocol else []
    except (InputFaults, AttributeError, TypeError):
        return []
    return [(layout.figures / name).as_posix() for name in names if FIGURE.fullmatch(name)]


def tables(layout: Layout) -> list[str]:
    """Return the paths of the tables of a review: one an analysis, and those over all analyses."""
    names = [*analyses(layout), "summary", "sensitivity", "directions"]
    return [(layout.tables / f"{name}.csv").as_posix() for name in dict.fromkeys(names)]


def outputs(layout: Layout) -> list[str]:
    """Return the paths of everything that the workflow makes for a review, but its crate."""
    files = [
        *(layout.validated / name for name in VALIDATED),
        layout.harmonised, layout.effects, layout.derivations, layout.not_used,
        layout.integrity, layout.integrity_checks,
        *(layout.estimates / name for name in ESTIMATES),
        *(layout.results / name for name in APPRAISAL),
        layout.report, *(layout.results / name for name in DOCUMENTS), layout.workbook,
    ]  # fmt: skip
    return [*dict.fromkeys([*(path.as_posix() for path in files), *figures(layout), *tables(layout)])]


def workflow_files(root: Path) -> list[str]:
    """Return the files that say how results are made and with which software, as far as they exist."""
    files = [path for pattern in WORKFLOW_FILES for path in sorted(root.glob(pattern))]
    return [path.as_posix() for path in files if path.is_file()]


def exists(pattern: str) -> bool:
    """Tell whether any file matches the pattern of an output, whatever its wildcards stand for."""
    return next(Path().glob(WILDCARD.sub("*", pattern)), None) is not None


def benchmarks(layout: Layout) -> list[str]:
    """Return the ids of the other reviews whose pooled results this one shows beside its own."""
    found = set()
    for plan in analyses(layout).values():
        benchmark = plan.get("benchmark")
        review = benchmark.get("review") if isinstance(benchmark, dict) else None
        if isinstance(review, str) and ID.fullmatch(review):
            found.add(review)
    return sorted(found - {layout.review})


def analyses(layout: Layout) -> dict[str, dict[str, Any]]:
    """Return the analyses of a protocol by id, as far as they can be read."""
    plans = _protocol(layout).get("analyses")
    plans = plans if isinstance(plans, dict) else {}
    return {k: v for k, v in plans.items() if isinstance(v, dict) and ID.fullmatch(str(k))}


def _protocol(layout: Layout) -> dict[Any, Any]:
    """Return a protocol as its YAML has it, nothing if it cannot be read."""
    try:
        return _content(layout.protocol.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}


@cache
def _content(text: str) -> dict[Any, Any]:
    """Return the keys of YAML; the rules ask for the same protocol some forty times."""
    content = yaml.load(text, Loader=_LOADER)
    return content if isinstance(content, dict) else {}


def notebooks(folder: Path) -> list[str]:
    """Return the names, without ending, of the notebooks in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.ipynb"))


def notebook_reviews(path: Path) -> list[str] | None:
    """Return the reviews that a notebook reads, or None if it reads all that are configured.

    Its metadata name them: ``{"rheumeta": {"reviews": [...]}}``. One that cannot be read is taken to
    read all; the stage `notebooks` then says what is wrong with it.
    """
    try:
        own = json.loads(path.read_text(encoding="utf-8"))["metadata"]["rheumeta"]["reviews"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return [str(review) for review in own] if isinstance(own, list) else None


def runnable_notebooks(folder: Path, reviews: Sequence[str]) -> list[str]:
    """Return the notebooks in `folder` all of whose reviews are among `reviews`."""
    return [n for n in notebooks(folder) if set(notebook_reviews(folder / f"{n}.ipynb") or ()) <= {*reviews}]


def notebook_inputs(path: Path, reviews: Sequence[str]) -> list[str]:
    """Return what a notebook reads; the list of reviews too, if it reads all that are configured."""
    own = notebook_reviews(path)
    layouts = [Layout(review) for review in (reviews if own is None else own)]
    files = [
        file.as_posix() for layout in layouts for file in (layout.synthesis, layout.effects, layout.protocol)
    ]
    return [*files, CONFIG] if own is None else files
