"""A review at one time, read from a folder, a snapshot or a git revision.

Nothing is computed: estimates are those that stand in ``estimates/synthesis.json``. Files are read leniently,
as they may come from another version of this program; what cannot be read is a gap that is told.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import logging
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from rheumeta.appraised import VERDICTS
from rheumeta.changes import Result, Rows, Version
from rheumeta.errors import EXIT_INPUT, RheumetaError
from rheumeta.layout import Layout
from rheumeta.provenance import sheets_changed
from rheumeta.steps.verify import inputs_changed
from rheumeta.stored import from_dict
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import CORRECTIONS, RAW_SHEETS
from rheumeta.tables.writing import StageWriter, json_text

log = logging.getLogger(__name__)

ESTIMATES = "estimates/synthesis.json"
"""Where the estimates lie in the results of a review."""

KEYS = {sheet.name: sheet.key for sheet in (*RAW_SHEETS, CORRECTIONS)}


class NothingToCompare(RheumetaError):
    """What was named is no folder of a review, no snapshot and no revision."""

    exit_code = EXIT_INPUT


def read_version(layout: Layout, label: str) -> Version:
    """Read a review from the folder of a project, as far as it is there.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    label : str
        What this version is called.
    """
    gaps: list[str] = []
    results, claims = _results(layout, gaps)
    return Version(label, layout.review, _sheets(layout, gaps), _protocol(layout.protocol, gaps), results, claims,
                   tuple(gaps))  # fmt: skip


def read_snapshot(path: Path) -> Version:
    """Read a snapshot.

    Raises
    ------
    NothingToCompare
        If the file is no snapshot.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        version = from_dict(Version, found)
        results = {k: from_dict(Result, v) for k, v in found["results"].items()} if found["results"] else None
        return dataclasses.replace(version, results=results)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise NothingToCompare(
            f"{path} is no snapshot of a review ({type(error).__name__}: {error})."
        ) from error


def write_snapshot(layout: Layout, label: str | None = None) -> Path:
    """Keep what a later report is to be compared with; return the file.

    Raises
    ------
    RheumetaError
        If something cannot be read, or was edited since the results: a snapshot would make changes of it.
    """
    protocol = load_protocol(layout.protocol)
    dated = f" of {protocol.dated.isoformat()}" if protocol.dated else ""
    version = _dated(layout, read_version(layout, label or f"version {protocol.version}{dated}"))
    if version.gaps:
        raise RheumetaError("No snapshot was made:\n" + "\n".join(f"  {gap}" for gap in version.gaps))
    if version.changed_since:
        edited = ", ".join(version.changed_since)
        raise RheumetaError(
            f"No snapshot was made: {edited} was edited since the results. Run snakemake first."
        )
    with StageWriter() as out:
        out.text(layout.snapshot, json_text(dataclasses.asdict(version)))
    return layout.snapshot


def _sheets(layout: Layout, gaps: list[str]) -> dict[str, Rows] | None:
    if not layout.raw.is_dir():
        gaps.append("there are no sheets (data/raw), so the data cannot be compared")
        return None
    paths = {sheet.name: layout.raw / f"{sheet.name}.csv" for sheet in RAW_SHEETS}
    paths[CORRECTIONS.name] = layout.corrections
    found = {}
    for name, path in paths.items():
        try:
            found[name] = _rows(path, KEYS[name])
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            gaps.append(f"the sheet {name} cannot be read ({error})")
    return found


def _rows(path: Path, key: tuple[str, ...]) -> Rows:
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as handle:
        rows = [
            {c: v for c, v in row.items() if c and isinstance(v, str) and v} for row in csv.DictReader(handle)
        ]
    return {"/".join(row.get(column, "") for column in key): row for row in rows}


def _protocol(path: Path, gaps: list[str]) -> dict[str, str] | None:
    try:
        return dict(_flat(yaml.safe_load(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        gaps.append("there is no protocol (config/reviews), so protocols cannot be compared")
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        gaps.append(f"the protocol cannot be read ({type(error).__name__})")
    return None


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the values of nested mappings and lists by dotted key."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for i, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{place}[{i}]")
    else:
        yield place, str(value)


def _results(layout: Layout, gaps: list[str]) -> tuple[dict[str, Result] | None, dict[str, str] | None]:
    try:
        synthesis = json.loads(layout.synthesis.read_text(encoding="utf-8"))
        appraisal = (
            json.loads(layout.appraisal.read_text(encoding="utf-8")) if layout.appraisal.is_file() else {}
        )
        levels = {c["analysis_id"]: c.get("level") for c in appraisal.get("certainty", [])}
        claims = {
            c["claim_id"]: VERDICTS.get(c["verdict"], c["verdict"]) for c in appraisal.get("claims", [])
        }
        results = {a["id"]: _result(a, levels.get(a["id"])) for a in synthesis["analyses"]}
    except FileNotFoundError:
        gaps.append("there are no results (estimates/synthesis.json); build them with snakemake, or, for a git "
                    "revision, say --build")  # fmt: skip
        return None, None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        gaps.append(
            f"its results are in a form that this version cannot read ({type(error).__name__}: {error})"
        )
        return None, None
    return results, claims if appraisal else None


def _result(analysis: dict[str, Any], certainty: str | None) -> Result:
    """Return an analysis as a reader sees it: pooled, or the only study."""
    studies = analysis.get("studies") or []
    pooled = analysis.get("random") or analysis.get("common")
    shown = (pooled or {}).get("display") or (studies[0]["effect"] if len(studies) == 1 else {})
    return Result(
        title=str(analysis["title"]), status=str(analysis["status"]), k=int(analysis["k"]),
        estimate=shown.get("estimate"), lower=shown.get("lower"), upper=shown.get("upper"),
        null=analysis.get("null"), mid=analysis.get("mid"), log=analysis.get("scale") == "log",
        unit=analysis.get("unit"), certainty=certainty,
        studies={str(s["study_id"]): str(s.get("label") or s["study_id"]) for s in studies},
    )  # fmt: skip


@contextmanager
def versions_of(
    name: str, root: Path, reviews: list[str], *, build: bool = False
) -> Iterator[dict[str, Version]]:
    """Yield the versions that `name` means, by review.

    Parameters
    ----------
    name : str
        A folder (of a project, ``results`` or ``results/<review>``, or a copy of these), a snapshot, or a git revision.
    root : Path
        Folder of the git repository.
    reviews : list of str
        Reviews to read; empty: all that are there.
    build : bool
        Whether to build a git revision that holds no results, with its own code, in a temporary folder.

    Raises
    ------
    NothingToCompare
        If `name` is none of these.
    """
    path = Path(name)
    if path.is_file():
        version = read_snapshot(path)
        yield {version.review: version} if not reviews or version.review in reviews else {}
    elif path.is_dir():
        yield _of_folder(path, name, reviews)
    else:
        with TemporaryDirectory() as folder:
            revision = _checkout(name, root, Path(folder))
            if build:
                _build(Path(folder), reviews or _reviews(Path(folder)))
            yield _of_folder(Path(folder), f"{name} ({revision[:10]})", reviews)


@dataclasses.dataclass(frozen=True)
class _Copied(Layout):
    """Paths of results that lie in a folder of another name, away from their project."""

    folder: Path = Path()

    @property
    def results(self) -> Path:
        return self.folder


def is_one_review(name: str) -> bool:
    """Tell whether a version is a snapshot or the results of one review, and so holds no other."""
    path = Path(name).resolve()
    return path.is_file() or (
        path.is_dir() and (path.parent.name == "results" or (path / ESTIMATES).is_file())
    )


def _of_folder(path: Path, label: str, reviews: list[str]) -> dict[str, Version]:
    place = path.resolve()
    copies = sorted(place.glob(f"*/{ESTIMATES}"))
    if is_one_review(path.as_posix()):
        layouts = [_layout_of(place)]
    elif copies:
        found = [_layout_of(file.parent.parent) for file in copies]
        layouts = [layout for layout in found if not reviews or layout.review in reviews]
    else:
        root = place.parent if place.name == "results" else place
        layouts = [Layout(review, root) for review in reviews or _reviews(root)]
    return {layout.review: _dated(layout, read_version(layout, label)) for layout in layouts}


def _layout_of(results: Path) -> Layout:
    """Return the layout of a folder of results: in its project, or copied from one."""
    if results.parent.name == "results":
        return Layout(results.name, results.parent.parent)
    try:
        review = str(json.loads((results / ESTIMATES).read_text(encoding="utf-8"))["review"])
    except (OSError, ValueError, LookupError, TypeError):
        review = results.name
    return _Copied(review, results, folder=results)


def _dated(layout: Layout, version: Version) -> Version:
    """Add what went into the results and was edited since, as the crate and the validated sheets tell."""
    if version.results is None or not layout.raw.is_dir():
        return version
    changed = tuple(sorted(finding.path for finding in inputs_changed(layout)))
    if not changed and sheets_changed(layout):
        changed = (f"data/raw/{layout.review}",)
    return dataclasses.replace(version, changed_since=changed)


def _reviews(root: Path) -> list[str]:
    """Return the reviews of a project: those with sheets or results."""
    folders = [
        *root.glob("data/raw/*/"),
        *(p.parent.parent for p in root.glob("results/*/estimates/synthesis.json")),
    ]
    return sorted({folder.name for folder in folders})


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True)
    if done.returncode:
        raise NothingToCompare(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]} failed")
    return done.stdout


def _checkout(name: str, root: Path, folder: Path) -> str:
    """Write the files of a revision into a folder; return its full hash."""
    try:
        revision = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    except (NothingToCompare, OSError) as error:
        raise NothingToCompare(
            f"{name} is no folder, no snapshot and no revision of the git repository in {root.resolve()}."
        ) from error
    commit = revision.decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", commit))) as archive:
        unpack(archive, folder)
    return commit


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of an archive below a folder, and nothing elsewhere.

    Python before 3.11.4 has no filter that sees to it; there, an archive that holds more than files and
    folders, or a name that leads out, is refused.

    Raises
    ------
    NothingToCompare
        If the archive holds such a member.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    for member in archive.getmembers():
        inside = (folder / member.name).resolve().is_relative_to(folder.resolve())
        if not inside or not (member.isfile() or member.isdir()):
            raise NothingToCompare(f"{member.name} cannot be unpacked by this Python; take 3.11.4 or newer.")
    archive.extractall(folder)


def _build(folder: Path, reviews: list[str]) -> None:
    """Build the appraisal of each review that has none, with the code in the folder and the software here."""
    layouts = [Layout(review, folder) for review in reviews]
    targets = [x.appraisal.relative_to(folder).as_posix() for x in layouts if not x.synthesis.is_file()]
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *targets]
    if not targets:
        return
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        log.warning("the revision could not be built:\n%s", done.stdout[-2000:])
