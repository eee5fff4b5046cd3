"""Hash everything anew that the crate of a review names, and say what is no longer as it was.

Three things can differ without any result being able to: the order of rows in a sheet, comments in code, and
the time of a file. The first two are told apart from real changes, the third is not looked at.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rheumeta import provenance
from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.steps.crate import content, describe
from rheumeta.steps.crate_terms import METADATA, RUN, content_of, document
from rheumeta.tables.manifest import check_manifest
from rheumeta.tables.writing import StageWriter, json_text

SAME, DIFFERS, MISSING = 0, 1, 2
EDITED = ("data/raw/", "data/corrections/", "config/reviews/")
"""Where the files lie that a person edits."""

ESTIMATES = "estimates/synthesis.json"
"""Where the estimates lie, seen from the crate."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every file in an archive, so that the same files make the same archive."""

SHOWN = 40
"""How many files of a kind the text lists."""

WORDS = {
    "input": "went into the results",
    "output": "was made by the run",
    "code": "is code, workflow or environment",
}


class NoSuchCrate(RheumetaError):
    """There is nothing to verify."""

    exit_code = MISSING


@dataclass(frozen=True)
class Finding:
    """A file that is not as the crate says."""

    path: str
    role: str  # input, output, code
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Verified:
    """What a verification found."""

    crate: str
    same: int
    differs: tuple[Finding, ...] = ()
    missing: tuple[Finding, ...] = ()
    extra: tuple[str, ...] = ()
    harmless: tuple[Finding, ...] = ()
    manifest: tuple[str, ...] = ()
    software: dict[str, str] = field(default_factory=dict)

    @property
    def code(self) -> int:
        """Exit code: 0 all as it was, 1 something is not."""
        return DIFFERS if self.differs or self.missing or self.extra else SAME


def find_crate(name: str, root: Path) -> Path:
    """Return the crate that `name` means: a folder of results, the file itself, or the id of a review.

    Parameters
    ----------
    name : str
        E.g. ``results/msc_ra`` or ``msc_ra``.
    root : Path
        Folder of the project; an id is looked for there, and in the folders above it.

    Raises
    ------
    NoSuchCrate
        If there is none.
    """
    path = Path(name)
    tried = [path, path / METADATA, *(above / "results" / name / METADATA for above in _upwards(root))]
    for candidate in tried:
        if candidate.name == METADATA and candidate.is_file():
            return candidate.resolve()
    if path.is_dir():
        raise NoSuchCrate(
            f"There is no {METADATA} in {name}: snakemake {name.rstrip('/')}/{METADATA} makes it."
        )
    raise NoSuchCrate(f"There is no such thing as {name}: name a folder such as results/msc_ra, or a review.")


def _upwards(root: Path) -> list[Path]:
    here = root.resolve()
    return [here, *here.parents]


def verify(crate: Path) -> Verified:
    """Hash every file that a crate names and compare.

    Raises
    ------
    NoSuchCrate
        If the file is no crate of this program.
    """
    provenance.forget()
    graph = _entities(crate)
    files, roles = {i: e for i, e in graph.items() if "sha256" in e}, _roles(graph)
    if not roles or not roles.keys() <= files.keys():
        raise NoSuchCrate(f"{crate} lacks files of the run, or their hashes: it is not as rheumeta made it.")
    found: dict[str, list[Finding]] = {"same": [], "differs": [], "missing": [], "harmless": []}
    for identifier, entity in files.items():
        kind, finding = _judge(crate.parent / unquote(identifier), entity, roles.get(identifier, "code"))
        found[kind].append(finding)
    layout = _layout(crate, files)
    return Verified(
        crate=crate.as_posix(),
        same=len(found["same"]),
        differs=tuple(found["differs"]),
        missing=tuple(found["missing"]),
        harmless=tuple(found["harmless"]),
        extra=tuple(_extra(layout, {str(e["name"]) for e in files.values()})) if layout else (),
        manifest=tuple(f"{c.file} is {c.status.replace('_', ' ')}" for c in _manifest(layout)),
        software=_software(graph.values()),
    )


def inputs_changed(layout: Layout) -> list[Finding]:
    """Return the sheets and protocols that are not as the crate of the same estimates says; none without one."""
    try:
        graph = _entities(layout.crate)
    except NoSuchCrate:
        return []
    judged = [
        _judge(layout.crate.parent / unquote(identifier), graph[identifier], role)
        for identifier, role in _roles(graph).items()
        if "sha256" in graph.get(identifier, {})
        and (str(graph[identifier]["name"]).startswith(EDITED) or identifier == ESTIMATES)
    ]
    found = [finding for kind, finding in judged if kind in ("differs", "missing")]
    return [] if any(finding.role == "output" for finding in found) else found


def _entities(crate: Path) -> dict[str, dict[str, Any]]:
    try:
        graph = json.loads(crate.read_text(encoding="utf-8"))["@graph"]
        entities = {str(entity["@id"]): entity for entity in graph}
        entities[RUN]["object"], entities[RUN]["result"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NoSuchCrate(
            f"{crate} is no crate that rheumeta made ({type(error).__name__}: {error})."
        ) from error
    return entities


def _roles(graph: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return for each file whether it went into the run or came out of it."""
    action = graph[RUN]
    roles: dict[str, str] = {}
    for term, role in (("object", "input"), ("result", "output")):
        listed = action[term] if isinstance(action[term], list) else [action[term]]
        roles |= {str(reference["@id"]): role for reference in listed}
    return roles


def _judge(path: Path, entity: dict[str, Any], role: str) -> tuple[str, Finding]:
    name, expected = str(entity["name"]), str(entity["sha256"])
    if not path.is_file():
        return "missing", Finding(name, role, expected)
    found = provenance.sha256(path)
    finding = Finding(name, role, expected, found)
    if found == expected:
        return "same", finding
    alike = content_of(entity)
    return ("harmless" if alike and alike == _content(path, name) else "differs"), finding


def _content(path: Path, name: str) -> str | None:
    try:
        return content(path, name)
    except (SyntaxError, ValueError):  # code that is none any more
        return None


def _layout(crate: Path, files: dict[str, dict[str, Any]]) -> Layout | None:
    """Return the layout of the review; None if the results lie alone, away from their project."""
    review = crate.parent.name
    root = crate.parent.parent.parent
    home = f"results/{review}/"
    return Layout(review, root) if any(str(e["name"]).startswith(home) for e in files.values()) else None


def _extra(layout: Layout, named: set[str]) -> list[str]:
    """Return files among sheets and results that the crate does not name."""
    folders = (layout.raw, layout.processed, layout.results)
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    names = (p.relative_to(layout.root).as_posix() for p in files if not p.name.startswith((".", "~")))
    return [name for name in names if name not in named and not name.endswith(f"/{METADATA}")]


def _manifest(layout: Layout | None) -> list[Any]:
    if layout is None or not (layout.raw / "MANIFEST.csv").is_file():
        return []
    return [check for check in check_manifest(layout.raw) if check.status != "same"]


def _software(entities: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return what is installed in another version than the run had, in words."""
    differing = {}
    for entity in entities:
        if entity.get("@type") == "SoftwareApplication" and "softwareVersion" in entity:
            name, then = str(entity["name"]), str(entity["softwareVersion"])
            now = _installed(name)
            if now != then:
                differing[name] = f"{then} in the run, {now} here"
    return differing


def _installed(name: str) -> str:
    try:
        return provenance.software_versions([] if name == "python" else [name])[name]
    except metadata.PackageNotFoundError:
        return "not installed"


def as_json(found: Verified) -> str:
    """Return the finding as JSON, `ok` first."""
    return json_text({"ok": found.code == SAME} | asdict(found))


def as_text(found: Verified) -> str:
    """Return the finding in plain words."""
    total = found.same + len(found.differs) + len(found.missing) + len(found.harmless)
    lines = [f"{found.same} of {total} files are as {found.crate} says."]
    lines += _block("Differs", (f"{f.path} ({WORDS[f.role]})" for f in found.differs))
    lines += _block("Is missing", (f"{f.path} ({WORDS[f.role]})" for f in found.missing))
    lines += _block("Is there but not named", found.extra)
    lines += _block("Differs only in the order of its rows, or in comments and layout; no result can differ",
                    (f.path for f in found.harmless))  # fmt: skip
    lines += _block("Differs from MANIFEST.csv", found.manifest)
    lines += _block(
        "Another version of software is installed here", (f"{n}: {t}" for n, t in found.software.items())
    )
    if found.code:
        lines += [
            "",
            "If you meant to change it, or built only a part:",
            f"  snakemake results/{Path(found.crate).parent.name}/{METADATA}",
            "brings everything of the review up to date. If not: something else did.",
        ]
    else:
        lines += ["", "Everything is as it was made."]
    return "\n".join(lines) + "\n"


def _block(head: str, items: Iterable[str]) -> list[str]:
    """Return a heading and what stands under it, cut after a screenful; nothing without items."""
    listed = [f"  {item}" for item in items]
    if len(listed) > SHOWN:
        listed[SHOWN:] = [f"  and {len(listed) - SHOWN} more (--json lists all)"]
    return ["", f"{head}:", *listed] if listed else []


def pack(layout: Layout, target: Path) -> int:
    """Write results, sheets, code and locks as one archive with the crate on top; return the number of files.

    Raises
    ------
    RheumetaError
        If something is not as the crate of the review says.
    """
    found = verify(find_crate(layout.results.as_posix(), layout.root))
    if found.code:
        raise RheumetaError(f"Nothing was packed.\n{as_text(found)}")
    crate = describe(layout, packed=True)
    files = [f.path for f in (*crate.inputs, *crate.code, *crate.outputs)]
    with StageWriter() as out, zipfile.ZipFile(out.path(target), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(METADATA, EPOCH), json_text(document(crate)))
        for name in sorted(set(files)):
            archive.writestr(
                zipfile.ZipInfo(name, EPOCH), (layout.root / name).read_bytes(), zipfile.ZIP_DEFLATED
            )
    return len(files)
