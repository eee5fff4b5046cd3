"""From what pydantic finds wrong with a document to faults with line, dotted key and remedy."""

from __future__ import annotations

import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rheumeta.errors import Fault
from rheumeta.tables.wording import did_you_mean, listing
from rheumeta.tables.yaml_lines import Document, dotted


def model_faults(
    error: ValidationError, model: type[BaseModel], document: Document, *, file: str
) -> list[Fault]:
    """Return a fault for each error of a document that should be a `model`."""
    return [_fault(details, model, document, file=file) for details in error.errors(include_url=False)]


def _fault(error: ErrorDetails, model: type[BaseModel], document: Document, *, file: str) -> Fault:
    path = tuple(part for part in error["loc"] if part != "[key]")
    code, message, allowed, remedy = _explain(error, path, model)
    found = error["input"]
    value = str(found) if isinstance(found, (str, int, float)) else None
    return Fault(file, document.line(path), dotted(path), code, message, value, allowed, remedy)


def _explain(
    error: ErrorDetails, path: tuple[Any, ...], model: type[BaseModel]
) -> tuple[str, str, str | None, str | None]:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        keys = _keys_at(path[:-1], model)
        return (
            "unknown_key",
            "The key does not exist.",
            listing(keys) or None,
            did_you_mean(str(path[-1]), keys) or "Delete it.",
        )
    if kind == "missing":
        return "missing_key", "The key is missing.", None, "Add it."
    if kind == "literal_error":
        return "not_allowed", "The value is not one of those allowed.", context["expected"], None
    if kind == "string_type":
        return "wrong_type", "The value is no text.", "text", "Put it in quotation marks."
    if kind == "string_pattern_mismatch" and context["pattern"].startswith("^#"):
        return "bad_colour", "The colour is not well formed.", "# and six digits 0-9 or a-f: #02c100", None
    if kind == "string_pattern_mismatch":
        return (
            "bad_id",
            "The id is not well formed.",
            "a small letter, then small letters, digits and _",
            None,
        )
    code = "out_of_bounds" if kind.startswith(("greater", "less", "too_", "string_too")) else "wrong_type"
    return code, f"{error['msg']}.", None, None


def _keys_at(path: tuple[Any, ...], model: type[BaseModel]) -> list[str]:
    """Return the keys that the part at `path` declares."""
    hint: Any = model
    for part in path:
        hint = _inner(hint, part)
    return list(hint.model_fields) if isinstance(hint, type) and issubclass(hint, BaseModel) else []


def _inner(hint: Any, part: str | int) -> Any:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        found = hint.model_fields.get(str(part))
        return _without_none(found.annotation) if found else None
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _without_none(hint: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(a for a in typing.get_args(hint) if a is not type(None))
    return hint
