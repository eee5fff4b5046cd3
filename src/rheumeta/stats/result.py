"""The base of frozen results."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


class Result:
    """Base of the frozen results: turns the fields into plain values."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists, results within as dicts."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: arrays as lists, not-a-number as None."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, np.ndarray | tuple | list):
        return [plain(v) for v in (value.tolist() if isinstance(value, np.ndarray) else value)]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and np.isnan(value) else value
