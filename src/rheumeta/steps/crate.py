"""Last stage: what was made from what, with the hash of every file, as an RO-Crate.

Reads the bytes of everything that went into the results of a review and of everything that came out;
writes ``results/<review>/ro-crate-metadata.json``. It holds no time and no path of the machine, so that two
runs on the same input write the same.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from rheumeta import __version__, provenance
from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.steps import graph
from rheumeta.steps.crate_terms import WORKFLOW, Crate, Hashed, document
from rheumeta.steps.stages import STAGES
from rheumeta.tables.config import CONFIG
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

CITATION = "CITATION.cff"


def run(layout: Layout) -> None:
    """Write the crate of one review."""
    found = describe(layout)
    with StageWriter() as out:
        out.json(layout.crate, document(found))
    log.info(
        "%d files went in, %d of code and environment, %d came out",
        len(found.inputs), len(found.code), len(found.outputs),
    )  # fmt: skip
    if not found.dated:
        log.info("no datePublished, which RO-Crate asks for: the protocol has no date (key 'dated')")


def describe(layout: Layout, *, packed: bool = False) -> Crate:
    """Return what the crate of a review says.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    packed : bool
        Whether the crate is to lie in the folder of the project and not in that of the results.

    Raises
    ------
    RheumetaError
        If the project has no Snakefile: a crate describes a run of the workflow.
    FileNotFoundError
        If a result is missing.
    """
    root = layout.root
    if not (root / WORKFLOW).is_file():
        raise RheumetaError(
            f"There is no {WORKFLOW} in {root.resolve()}: a crate describes a run of the workflow."
        )
    protocol = load_protocol(layout.protocol)
    citation = _citation(root / CITATION)
    return Crate(
        name=protocol.title,
        description=protocol.question.text,
        dated=protocol.dated.isoformat() if protocol.dated else None,
        version=__version__,
        licence=str(citation["license"]) if citation.get("license") else None,
        authors=_authors(citation),
        base="" if packed else "../../",
        home="" if packed else layout.results.relative_to(root).as_posix() + "/",
        inputs=_hashed(
            root,
            [
                *graph.protocols(layout),
                CONFIG,
                *_evidence(layout),
                *_benchmarks(layout),
                *graph.snapshots(layout),
            ],
        ),
        code=_hashed(root, [*graph.workflow_files(root), *_package(root)]),
        outputs=_hashed(root, graph.outputs(layout)),
        stages={
            name: (text, provenance.stage_digest(f"rheumeta.steps.{name}")) for name, text in STAGES.items()
        },
        software=provenance.software_versions(_libraries()),
    )


def _evidence(layout: Layout) -> list[str]:
    return [path.as_posix() for path in layout.evidence]


def _benchmarks(layout: Layout) -> list[str]:
    """Return the pooled results of other reviews that this one shows, as far as they are there."""
    paths = [Layout(review, layout.root).synthesis for review in graph.benchmarks(layout)]
    return [path.as_posix() for path in paths if path.is_file()]


def _package(root: Path) -> list[str]:
    """Return the code that the stages can run, if the project holds it."""
    if not provenance.SOURCE.is_relative_to(root.resolve()):
        return []
    files = provenance.code_files(f"rheumeta.steps.{name}" for name in STAGES)
    return [(root / path.relative_to(root.resolve())).as_posix() for path in files]


def _libraries() -> list[str]:
    names = {name for stage in STAGES for name in provenance.libraries(f"rheumeta.steps.{stage}")}
    return sorted(names | {*provenance.SOFTWARE})


def _hashed(root: Path, paths: Iterable[str]) -> tuple[Hashed, ...]:
    files = []
    for path in map(Path, dict.fromkeys(paths)):
        place = path if path.is_relative_to(root) else root / path
        name = Path(os.path.relpath(place, root)).as_posix()
        files.append(Hashed(name, place.stat().st_size, provenance.sha256(place), content(place, name)))
    return tuple(files)


def content(path: Path, name: str) -> str | None:
    """Return a digest of what a file says where that can stay the same while its bytes differ."""
    if name.startswith(("data/raw/", "data/corrections/")):
        return provenance.content_digest(path)
    # One file, one name: the digests of the stages have read it by this one, and to parse it again is slow.
    return provenance.code_digest(path.resolve()) if name.endswith(".py") else None


def _citation(path: Path) -> dict[str, Any]:
    """Return what CITATION.cff says; nothing if there is none."""
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _authors(citation: dict[str, Any]) -> tuple[str, ...]:
    """Return the authors: 'Family, Given' of people, the name of other entities."""
    authors = citation.get("authors") or []
    return tuple(
        ", ".join(str(a[k]) for k in ("family-names", "given-names") if a.get(k)) or str(a.get("name", ""))
        for a in authors
        if isinstance(a, dict)
    )
