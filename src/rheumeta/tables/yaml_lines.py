"""YAML with the line of every key, and without what a protocol does not need.

Plain mappings, lists and scalars only: anchors, aliases and tags are refused (a few lines of
nested aliases can grow to gigabytes), a key that stands twice is a fault, and keys are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from rheumeta.errors import Fault

Path = tuple[str | int, ...]
MAX_DEPTH = 20
"""A protocol is nested less than half as deep."""

QUICK: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML has it: ten times as fast, but it words what is wrong in another way."""


@dataclass
class Document:
    """Parsed YAML: its data, the line of every path in it, and faults."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """Return the line of `path`, or of its nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def dotted(path: Path) -> str:
    """Return a path as people write it: ``analyses.das28.window``."""
    return ".".join(map(str, path))


def texts(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every key and every text below `value` with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield (*path, key), str(key)
            yield from texts(child, (*path, str(key)))
    elif isinstance(value, list):
        for i, child in enumerate(value):
            yield from texts(child, (*path, i))


def parse_yaml(text: str, *, file: str) -> Document:
    """Parse YAML text; all faults found are in the document, which then may lack data."""
    with suppress(yaml.YAMLError):
        return _parsed(text, QUICK, file=file)
    document = Document()
    try:
        return _parsed(text, yaml.SafeLoader, file=file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        document.faults.append(
            Fault(
                file,
                line,
                None,
                "yaml_syntax",
                f"The YAML is not valid: {error.problem}.",
                remedy="Look at indentation, colons and quotation marks of this line and the one before.",
            )
        )
    except yaml.reader.ReaderError as error:
        line, sign = text[: error.position].count("\n") + 1, text[error.position]
        message = f"The file holds a sign that YAML does not allow (U+{ord(sign):04X})."
        document.faults.append(Fault(file, line, None, "yaml_syntax", message, sign, remedy="Delete it."))
    return document


def _parsed(text: str, loader: Any, *, file: str) -> Document:
    document = Document(faults=_event_faults(text, loader, file=file))
    if not document.faults:
        node = yaml.compose(text, Loader=loader)
        document.data = None if node is None else _build(node, (), document, file=file)
    return document


def _event_faults(text: str, loader: Any, *, file: str) -> list[Fault]:
    faults, depth = [], 0
    for event in yaml.parse(text, Loader=loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        tag = getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            faults.append(
                Fault(
                    file,
                    line,
                    None,
                    "yaml_anchor",
                    "Anchors and aliases are not allowed.",
                    remedy="Write the value out.",
                )
            )
        elif tag:
            faults.append(
                Fault(
                    file, line, None, "yaml_tag", "Tags are not allowed.", value=tag, remedy="Delete the tag."
                )
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            return [
                *faults,
                Fault(
                    file,
                    line,
                    None,
                    "yaml_depth",
                    "The YAML is nested too deep.",
                    allowed=f"{MAX_DEPTH} levels",
                ),
            ]
    return faults


def _build(node: yaml.Node, path: Path, document: Document, *, file: str) -> object:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document, file=file)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, (*path, i), document, file=file) for i, child in enumerate(node.value)]
    return _scalar(node, path, document, file=file)


def _mapping(node: yaml.MappingNode, path: Path, document: Document, *, file: str) -> dict[str, object]:
    data: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        key = str(key_node.value)
        if not isinstance(key_node, yaml.ScalarNode) or key == "<<":
            document.faults.append(
                Fault(
                    file,
                    line,
                    dotted(path) or None,
                    "yaml_key",
                    "The key is no plain text.",
                    value=key[:60],
                    remedy="Write a plain key.",
                )
            )
        elif key in data:
            document.faults.append(
                Fault(
                    file,
                    line,
                    dotted((*path, key)),
                    "duplicate_key",
                    f"The key stands twice, first in line {document.lines[(*path, key)]}.",
                    value=key,
                    remedy="Delete or rename one.",
                )
            )
        else:
            document.lines[(*path, key)] = line
            data[key] = _build(value_node, (*path, key), document, file=file)
    return data


def _scalar(node: yaml.Node, path: Path, document: Document, *, file: str) -> object:
    try:
        return SafeConstructor().construct_object(node)
    except (ValueError, yaml.YAMLError) as error:
        document.faults.append(
            Fault(
                file,
                node.start_mark.line + 1,
                dotted(path),
                "yaml_syntax",
                f"The value is not valid: {error}.",
                value=str(node.value)[:60],
            )
        )
        return None
