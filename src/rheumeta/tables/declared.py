"""What the YAML of a protocol declares for the sheets, as far as it can be read in spite of its faults."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rheumeta.tables.protocol import Instrument, Moderator
from rheumeta.tables.yaml_lines import Document

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Declared:
    """What a protocol declares for the sheets, as far as it can be read in spite of its faults.

    `unclear` are instruments that are declared with faults; `complete` is False where nothing can
    be said of what else the protocol may declare.
    """

    interventions: tuple[str, ...] = ()
    moderators: Mapping[str, Moderator] = field(default_factory=dict)
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    complete: bool = False


def declared(document: Document) -> Declared:
    """Return what the YAML of a protocol declares for the sheets; its faults are told elsewhere."""
    if not isinstance(document.data, dict):
        return Declared()
    keys = ("interventions", "moderators", "instruments", "outcomes")
    entries = {key: document.data.get(key) or {} for key in keys}
    if not all(isinstance(entry, dict) for entry in entries.values()) or not entries["interventions"]:
        return Declared()
    instruments = _valid_parts(entries["instruments"], Instrument)
    moderators = _valid_parts(entries["moderators"], Moderator)
    return Declared(
        interventions=tuple(entries["interventions"]),
        moderators=moderators,
        instruments=instruments,
        outcomes=tuple(entries["outcomes"]),
        unclear=tuple(name for name in entries["instruments"] if name not in instruments),
        complete=len(moderators) == len(entries["moderators"]),
    )


def _valid_parts(entries: Mapping[str, object], model: type[M]) -> dict[str, M]:
    valid: dict[str, M] = {}
    for name, entry in entries.items():
        with suppress(ValidationError):
            valid[name] = model.model_validate(entry)
    return valid
