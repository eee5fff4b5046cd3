"""The terms of an RO-Crate: plain records in, entities of JSON-LD out.

RO-Crate 1.1 (w3id.org/ro/crate/1.1) with the profiles Process Run Crate and Workflow Run Crate 0.5
(w3id.org/ro/wfrun/workflow/0.5) and Workflow RO-Crate 1.0. Times of the run (`endTime`, which the profile
recommends) and who started it (`agent`) are left out: they would differ between two runs of the same
input, and neither is known to this program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

Entity = dict[str, Any]

METADATA = "ro-crate-metadata.json"
CRATE = "https://w3id.org/ro/crate/1.1"
CONTEXT = [f"{CRATE}/context", "https://w3id.org/ro/terms/workflow-run/context"]
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
RUN = "#run"
WORKFLOW = "Snakefile"

FORMATS = {
    ".bib": "application/x-bibtex", ".cff": "application/yaml", ".csv": "text/csv", ".html": "text/html",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json", ".md": "text/markdown", ".pdf": "application/pdf", ".png": "image/png",
    ".py": "text/x-python", ".svg": "image/svg+xml", ".toml": "application/toml", ".yaml": "application/yaml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".yml": "application/yaml",
}  # fmt: skip
"""Media types by the end of a file's name; everything else is plain text."""


@dataclass(frozen=True)
class Hashed:
    """A file by its path below the project, with its size and SHA-256.

    `content` is a digest that stays the same where only what cannot matter differs: the order of rows in
    a sheet, comments in code.
    """

    path: str
    size: int
    sha256: str
    content: str | None = None


@dataclass(frozen=True)
class Crate:
    """What a crate says of the run that made the results of one review."""

    name: str
    description: str
    dated: str | None
    version: str
    licence: str | None
    authors: tuple[str, ...]
    base: str  # from the folder of the crate to the project, "" or "../../"
    home: str  # from the project to the folder of the crate, "" or "results/<review>/"
    inputs: tuple[Hashed, ...]
    code: tuple[Hashed, ...]
    outputs: tuple[Hashed, ...]
    stages: Mapping[str, tuple[str, str]]  # what it does, digest of its code
    software: Mapping[str, str]


def document(crate: Crate) -> Entity:
    """Return the whole document."""
    people = [{"@id": f"#author-{i}", "@type": "Person" if "," in name else "Organization", "name": name}
              for i, name in enumerate(crate.authors, start=1)]  # fmt: skip
    graph = [
        descriptor(), _root(crate, people), *people, *_profiles(), _language(crate), *_licence(crate),
        _action(crate), *_stages(crate), *_software(crate), *_files(crate),
    ]  # fmt: skip
    return {"@context": CONTEXT, "@graph": graph}


def descriptor() -> Entity:
    """Return the entity that says what this document is."""
    return {
        "@id": METADATA, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": [{"@id": CRATE}, {"@id": WORKFLOW_CRATE}],
    }  # fmt: skip


def identifier(crate: Crate, path: str) -> str:
    """Return the @id of a file: its way from the folder of the crate, escaped as in an address."""
    inside = path.startswith(crate.home)
    return quote(path[len(crate.home) :] if inside else crate.base + path)


def software_id(name: str, version: str) -> str:
    """Return a package URL (purl): it needs no address of a registry."""
    return f"pkg:generic/python@{version}" if name == "python" else f"pkg:pypi/{name}@{version}"


def _root(crate: Crate, people: Sequence[Entity]) -> Entity:
    root: Entity = {
        "@id": "./", "@type": "Dataset", "name": crate.name, "description": crate.description,
        "conformsTo": _ids(PROFILES), "license": {"@id": _licence_id(crate)} if crate.licence else "not stated",
        "mainEntity": {"@id": identifier(crate, WORKFLOW)}, "mentions": {"@id": RUN},
        "hasPart": _ids(identifier(crate, f.path) for f in (*crate.inputs, *crate.code, *crate.outputs)),
    }  # fmt: skip
    if people:
        root["author"] = _ids(p["@id"] for p in people)
    if crate.dated:
        root["datePublished"] = crate.dated
    return root


def _profiles() -> list[Entity]:
    return [{"@id": i, "@type": "CreativeWork", "name": n, "version": v} for i, (n, v) in PROFILES.items()]


def _language(crate: Crate) -> Entity:
    return {
        "@id": SNAKEMAKE, "@type": "ComputerLanguage", "name": "Snakemake", "alternateName": "SMK",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.github.io"}, "version": crate.software["snakemake"],
    }  # fmt: skip


def _licence_id(crate: Crate) -> str:
    return f"https://spdx.org/licenses/{quote(crate.licence or '')}"


def _licence(crate: Crate) -> list[Entity]:
    if not crate.licence:
        return []
    text = f"Licence of the project with the SPDX identifier {crate.licence}"
    return [{"@id": _licence_id(crate), "@type": "CreativeWork", "name": crate.licence, "description": text}]


def _action(crate: Crate) -> Entity:
    return {
        "@id": RUN, "@type": "CreateAction", "name": f"Run of the workflow for: {crate.name}",
        "description": "The stages in their order: " + ", ".join(crate.stages) + ".",
        "instrument": {"@id": identifier(crate, WORKFLOW)},
        "object": _ids(identifier(crate, f.path) for f in crate.inputs),
        "result": _ids(identifier(crate, f.path) for f in crate.outputs),
    }  # fmt: skip


def _stages(crate: Crate) -> list[Entity]:
    return [
        {
            "@id": f"#stage-{name}", "@type": "SoftwareSourceCode", "name": name, "description": text,
            "version": crate.version, "identifier": f"code:sha256:{digest}",
        }
        for name, (text, digest) in crate.stages.items()
    ]  # fmt: skip


def _software(crate: Crate) -> list[Entity]:
    return [
        {"@id": software_id(n, v), "@type": "SoftwareApplication", "name": n, "softwareVersion": v}
        for n, v in crate.software.items()
    ]


def _files(crate: Crate) -> list[Entity]:
    entities = [file_entity(crate, f) for f in (*crate.inputs, *crate.code, *crate.outputs)]
    for entity in entities:
        if entity["name"] == WORKFLOW:
            entity |= {
                "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
                "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
                "programmingLanguage": {"@id": SNAKEMAKE}, "version": crate.version,
                "hasPart": _ids(f"#stage-{name}" for name in crate.stages),
                "softwareRequirements": _ids(software_id(n, v) for n, v in crate.software.items()),
            }  # fmt: skip
    return entities


def file_entity(crate: Crate, file: Hashed) -> Entity:
    """Return the entity of one file."""
    entity = {
        "@id": identifier(crate, file.path), "@type": "File", "name": file.path,
        "contentSize": str(file.size), "encodingFormat": FORMATS.get(PurePosixPath(file.path).suffix, "text/plain"),
        "sha256": file.sha256,
    }  # fmt: skip
    return entity | ({"identifier": f"content:sha256:{file.content}"} if file.content else {})


def content_of(entity: Entity) -> str | None:
    """Return the digest of what the file of an entity says, if the crate has one."""
    found = re.fullmatch(r"content:sha256:([0-9a-f]{64})", str(entity.get("identifier", "")))
    return found[1] if found else None


def _ids(identifiers: Iterable[str]) -> list[dict[str, str]] | dict[str, str]:
    """Return references; a single one not as a list, as RO-Crate wishes."""
    found = [{"@id": i} for i in identifiers]
    return found[0] if len(found) == 1 else found
