"""What a result depends on: hashes of files, digests of code, versions of software.

Standard library alone, because the Snakefile imports it each time it is read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from rheumeta.layout import Layout
from rheumeta.syntax import Code, Reader

PACKAGE = "rheumeta"
SOURCE = Path(__file__).resolve().parent
DIGEST_LENGTH = 16
"""Hexadecimal digits of a digest: 64 bits, for comparison of a stage with its own past only."""

DISTRIBUTIONS = {
    "fontTools": "fonttools",
    "pydantic_core": "pydantic-core",
    "pypandoc": "pypandoc-binary",
    "yaml": "pyyaml",
}
"""Distributions that are not called like the module that they bring."""

SOFTWARE = ("rheumeta", "numpy", "scipy", "statsmodels", "pandas", "matplotlib", "snakemake", "jinja2")
"""Software whose versions a report names."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """Return a SHA-256 of what a file says: for a CSV sheet one that the order of its rows does not change.

    A sheet that is not plain (not UTF-8, carriage returns, a byte-order mark, broken quotes) counts byte by
    byte, like any other file: what is wrong with it may depend on the place.
    """
    data = path.read_bytes()
    if path.suffix == ".csv" and b"\r" not in data and not data.startswith(b"\xef\xbb\xbf"):
        try:
            header, *rows = csv.reader(io.StringIO(data.decode("utf-8")), strict=True)
            data = json.dumps([header, sorted(rows)]).encode()
        except (UnicodeDecodeError, ValueError, csv.Error):
            pass
    return hashlib.sha256(data).hexdigest()


def evidence_digest(root: Path, paths: Iterable[Path]) -> str:
    """Return a SHA-256 of what files below `root` say (:func:`content_digest`) and of their names."""
    names = sorted((path.relative_to(root).as_posix(), content_digest(path)) for path in paths)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def validated_digest(layout: Layout) -> str | None:
    """Return the digest of the evidence that was validated last, None if there is none."""
    try:
        return layout.evidence_digest.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def sheets_changed(layout: Layout) -> bool:
    """Tell whether sheets or corrections say something else than those that were validated last."""
    then = validated_digest(layout)
    return then is not None and then != evidence_digest(layout.root, layout.evidence)


def software_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the installed distributions `names`, in that order.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If a distribution is not installed.
    """
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


def libraries(module: str) -> list[str]:
    """Return, sorted, the distributions that `module` can load: what its code and what that code imports names."""
    names = {name.split(".")[0] for part in import_closure(module) for name in _named(part)}
    outside = names - sys.stdlib_module_names - {PACKAGE, ""}
    return sorted(DISTRIBUTIONS.get(name, name) for name in outside)


def stage_digest(module: str) -> str:
    """Return a digest of all code of this package that `module` can run.

    Parameters
    ----------
    module : str
        Dotted name, e.g. ``"rheumeta.steps.effects"``.

    Returns
    -------
    str
        16 hexadecimal digits. They change with the code and the package data (registries,
        templates, style sheets) of the module and of all modules it imports, directly or not;
        they do not change with comments, docstrings or layout.

    Raises
    ------
    FileNotFoundError
        If there is no such module.
    SyntaxError
        If a module of the closure cannot be parsed.
    """
    total = hashlib.sha256()
    for name in import_closure(module):
        path = _source(name)
        total.update(name.encode() + b"\0" + code_digest(path).encode())
        if path.name == "__init__.py" and path.parent != SOURCE:
            total.update(_data_digest(path.parent).encode())
    return total.hexdigest()[:DIGEST_LENGTH]


def code_files(modules: Iterable[str]) -> list[Path]:
    """Return, sorted, the files of all code that `modules` can run, and the data of their packages."""
    names = {name for module in modules for name in import_closure(module)}
    sources = {_source(name) for name in names}
    packages = {path.parent for path in sources if path.name == "__init__.py" and path.parent != SOURCE}
    return sorted(sources | {path for folder in packages for path in _data_files(folder)})


def import_closure(module: str) -> list[str]:
    """Return, sorted, the modules of this package that importing and running `module` can load.

    Imports inside functions count; the packages that hold a module count, as Python runs their
    ``__init__`` first.
    """
    _source(module)
    found: set[str] = set()
    queue = [module]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += [*_parents(name), *_imports(name)]
    _reader(SOURCE).remember()
    return sorted(found)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


def _source(name: str) -> Path:
    """Return the file of a module of this package; FileNotFoundError if there is none."""
    base = SOURCE.joinpath(*name.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    raise FileNotFoundError(f"{name} is no module of {PACKAGE}: neither {base}.py nor {base}/__init__.py")


def _exists(name: str) -> bool:
    try:
        _source(name)
    except FileNotFoundError:
        return False
    return True


@cache
def _reader(folder: Path) -> Reader:
    return Reader(folder)


@cache
def _code(path: Path) -> Code:
    return _reader(SOURCE).read(path)


@cache
def _imports(name: str) -> tuple[str, ...]:
    """Return the modules of this package that the module `name` imports itself."""
    return tuple(w for w in _named(name) if w.split(".")[0] == PACKAGE and _exists(w))


@cache
def _named(name: str) -> tuple[str, ...]:
    """Return every dotted name that an import in the module `name` can mean."""
    path = _source(name)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(_absolute(wanted, package) for wanted in _code(path).imports)


def _absolute(wanted: str, package: str) -> str:
    """Return an imported name without the dots that stand for `package` and those above it."""
    rest = wanted.lstrip(".")
    level = len(wanted) - len(rest)
    if not level:
        return wanted
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([rest] if rest else [])])


def code_digest(path: Path) -> str:
    """Return a SHA-256 of the code in a Python file, which comments, docstrings and layout do not change."""
    return _code(path).digest


def forget() -> None:
    """Read code anew from here on: within a process each file is read once."""
    for function in (_reader, _code, _named, _imports, _data_digest):
        function.cache_clear()


def _data_files(folder: Path) -> list[Path]:
    """Return the files in a package that are not Python, sorted; byte code may come and go meanwhile."""
    code = {".py", ".pyi"}
    data = (p for p in folder.rglob("*") if p.suffix not in code and p.name != "py.typed")
    return sorted(p for p in data if "__pycache__" not in p.relative_to(folder).parts and p.is_file())


@cache
def _data_digest(folder: Path) -> str:
    """Return a digest of the files in a package that are not Python."""
    total = hashlib.sha256()
    for path in _data_files(folder):
        total.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return total.hexdigest()
