"""The base of frozen results."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


class Result:
    """Base of the frozen results: turns the fields into plain values and text."""

    def summary(self) -> str:
        """Return one line a field; results that people read often say it better."""
        return "\n".join(f"{f.name}: {text(getattr(self, f.name))}" for f in dataclasses.fields(self))  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists, results within as dicts."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}  # type: ignore[arg-type]


def text(value: Any) -> str:
    """Return a value in few digits: sequences in brackets, nothing for None."""
    if isinstance(value, np.ndarray | tuple | list):
        return f"[{', '.join(text(v) for v in value)}]"
    if isinstance(value, dict):
        return ", ".join(f"{name} {text(v)}" for name, v in value.items())
    if hasattr(value, "to_dict"):
        return text(value.to_dict())
    return f"{value:.4g}" if isinstance(value, float | np.floating) else "" if value is None else str(value)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, not-a-number as None."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.ndarray | tuple | list):
        return [plain(v) for v in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, dict):
        return {name: plain(v) for name, v in value.items()}
    return None if isinstance(value, float) and np.isnan(value) else value
