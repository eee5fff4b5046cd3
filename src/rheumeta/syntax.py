"""What Python files import and what they do, read from their syntax and remembered.

To parse all code of this package takes seconds, and each run of the workflow asks for it several times. What
was found is therefore kept beside the byte code of the package, by the SHA-256 of the file, so that it holds for
exactly the bytes that it was read from.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY = "digests.json"
LARGEST = 2000
"""Files that are remembered at most; where there are more, those of this process alone."""

READER = hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).digest()
"""What reads: this code and this Python. Another one remembers nothing of what it found."""

Definition = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Code:
    """What the syntax of a file says."""

    imports: tuple[str, ...]
    """Every dotted name that an import can mean, as written: relative ones begin with dots."""
    digest: str
    """SHA-256 of the code, which comments, docstrings and layout do not change."""


class Reader:
    """Reads Python files below a folder; each content is parsed once, ever."""

    def __init__(self, folder: Path) -> None:
        self._file = _memory_file(folder)
        self._remembered = _load(self._file)
        self._new: dict[str, Code] = {}

    def read(self, path: Path) -> Code:
        """Return what a file says.

        Raises
        ------
        SyntaxError
            If it is not Python.
        """
        data = path.read_bytes()
        key = hashlib.sha256(READER + data).hexdigest()
        known = self._new.get(key) or self._remembered.get(key)
        if known is None:
            known = self._new[key] = parse(data, path.name)
        return known

    def remember(self) -> None:
        """Keep what was parsed for the next process; where that cannot be written, it will be parsed again."""
        if not self._new or sys.dont_write_bytecode:
            return
        both = _load(self._file) | self._new
        kept = both if len(both) <= LARGEST else self._new
        text = json.dumps({key: [code.digest, *code.imports] for key, code in kept.items()})
        self._remembered |= self._new
        self._new = {}
        with suppress(OSError):
            _replace(self._file, text)


def parse(data: bytes, name: str) -> Code:
    """Return what the Python code `data` of a file called `name` says; SyntaxError if it is none."""
    tree = ast.parse(data, filename=name)
    imports = tuple(_imports(tree.body))
    # A syntax tree knows neither comments nor layout; its docstrings are taken out.
    for node in [tree, *_statements(tree.body)]:
        if isinstance(node, Definition):
            node.body = node.body[_has_docstring(node) :]
    return Code(imports, hashlib.sha256(ast.dump(tree).encode()).hexdigest())


def _imports(body: Iterable[ast.AST]) -> Iterator[str]:
    for node in _statements(body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}.{alias.name}" if node.module else base + alias.name for alias in node.names)


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield statements at any depth; expressions hold no import and are passed over."""
    for node in body:
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            if isinstance(inner, list):
                yield from _statements(inner)


def _has_docstring(node: Definition) -> bool:
    first = node.body[0] if node.body else None
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _memory_file(folder: Path) -> Path:
    """Return the file beside the byte code of `folder` that belongs to this version of Python."""
    return Path(importlib.util.cache_from_source(str(folder / "syntax.py"))).with_suffix(f".{MEMORY}")


def _load(file: Path) -> dict[str, Code]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {key: Code(tuple(imports), digest) for key, (digest, *imports) in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):  # none yet, or damaged
        return {}


def _replace(file: Path, text: str) -> None:
    """Write at once, so that another process reads the old text or the new."""
    file.parent.mkdir(exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(file)
