"""Whether what a stage reads is older than what it is made from (standard library alone).

Snakemake sees to it in a run of the workflow. By hand any stage can be run alone, and those between it and an
edited sheet may not have run since.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from rheumeta.layout import Layout

SLACK = 2.0
"""Seconds by which a file may be older all the same: files of a copy are written in any order."""

BESIDE_APPRAISAL = frozenset({"tables", "figures"})
"""Stages that read the synthesis alone; in a run of the workflow the appraisal is made at the same time."""


def older_inputs(layout: Layout, stage: str) -> str | None:
    """Return a sentence on the first file before `stage` that is older than what it is made from, or None.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    stage : str
        The stage that is about to run.
    """
    chain = list(_before(layout, stage))
    for (_, source), (maker, made) in pairwise(chain):
        if made.stat().st_mtime < source.stat().st_mtime - SLACK:
            return (
                f"{made.as_posix()} is older than {source.as_posix()}, from which it is made; this stage reads it "
                f"as it is. Run snakemake, which runs every stage that needs it, or rheumeta {maker} {layout.review} "
                f"and each stage after."
            )
    return None


def _before(layout: Layout, stage: str) -> Iterator[tuple[str, Path]]:
    """Yield the stages before `stage` that make numbers from numbers, in their order, each with what it makes."""
    made = {
        "validate": layout.evidence_digest,
        "harmonise": layout.harmonised,
        "effects": layout.effects,
        "integrity": layout.integrity,
        "synthesise": layout.synthesis,
        "appraise": layout.appraisal,
    }
    for name, path in made.items():
        if name == stage or (name == "appraise" and stage in BESIDE_APPRAISAL):
            return
        if path.is_file():
            yield name, path
