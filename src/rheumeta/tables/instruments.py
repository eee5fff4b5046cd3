"""The registry of outcome measures, and a review's additions to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import yaml

from rheumeta.tables.protocol import Instrument, Protocol
from rheumeta.tables.yaml_lines import QUICK


@cache
def instruments() -> Mapping[str, Instrument]:
    """Return the registry of instruments by code (read-only)."""
    text = resources.files("rheumeta.tables").joinpath("instruments.yaml").read_text(encoding="utf-8")
    entries = yaml.load(text, Loader=QUICK)
    return MappingProxyType({code: Instrument.model_validate(entry) for code, entry in entries.items()})


def instruments_of(protocol: Protocol) -> Mapping[str, Instrument]:
    """Return the registry with the instruments of a protocol; the protocol's go before."""
    return MappingProxyType({**instruments(), **protocol.instruments})
