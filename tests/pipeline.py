"""Run the stages of the pipeline in a folder of a test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.steps import effects, harmonise, integrity, synthesise, validate

PROJECT = Path(__file__).resolve().parents[1]
COPIED = ("Snakefile", "environment.yml", "workflow", "profiles", "src")
BUNDLED = ("second_anti_tnf", "biologics_acr50", "msc_ra")
"""The bundled reviews, a benchmark before the review that shows it."""


def copy_code(root: Path) -> None:
    """Copy the code of the project, without what running it leaves behind."""
    for name in COPIED:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            root.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, root / name)


def copy_project(root: Path) -> Path:
    """Copy configuration and raw data, as a fresh checkout has them."""
    for name in ("config", "data/raw", "data/corrections"):
        shutil.copytree(PROJECT / name, root / name)
    return root


def run_to_synthesis(root: Path, review: str) -> Layout:
    """Run a review from its raw sheets to the pooled results."""
    layout = Layout(review, root)
    for stage in (validate, harmonise, effects, integrity, synthesise):
        stage.run(layout)
    return layout
