"""What a report is made from: records and plain rows of text, nothing that needs a library."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rheumeta.appraised import Appraisal
from rheumeta.changes import Changes
from rheumeta.records import Synthesis

Row = Mapping[str, str]
"""One row of a CSV file: column name to text, empty text for an empty cell."""


@dataclass(frozen=True)
class ReportInput:
    """Everything that the report of one review shows.

    Attributes
    ----------
    synthesis : Synthesis
        Results of all analyses.
    protocol : mapping
        The protocol as plain values (keys as in its YAML file, defaults filled in).
    sheets : mapping of str to rows
        Validated sheets by name: studies, arms, results, risk_of_bias, flow, awaited,
        published_syntheses, certainty_overrides, claims.
    harmonised, derivations, not_used, accounting : rows
        The CSV files of the same names.
    figures : mapping of str to str
        SVG text by the stem of the file name.
    versions : mapping of str to str
        Software and its version.
    fonts : mapping of str to str
        Faces of the font of the figures as data URIs (:func:`rheumeta.steps.page_font.page_fonts`).
    appraisal : Appraisal or None
        Certainty, missing results, claims; None leaves these sections out.
    changes : Changes or None
        What changed since the earlier version that is kept; None if none is.
    effects : rows
        ``effects.csv``, with the effects under changed assumptions.
    integrity, integrity_checks : rows
        Questions of the integrity check, and what each check could look at; without checks the section is left out.
    """

    synthesis: Synthesis
    protocol: Mapping[str, Any]
    sheets: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    harmonised: Sequence[Row] = ()
    derivations: Sequence[Row] = ()
    not_used: Sequence[Row] = ()
    accounting: Sequence[Row] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    fonts: Mapping[str, str] = field(default_factory=dict)
    appraisal: Appraisal | None = None
    changes: Changes | None = None
    effects: Sequence[Row] = ()
    integrity: Sequence[Row] = ()
    integrity_checks: Sequence[Row] = ()

    def sheet(self, name: str) -> Sequence[Row]:
        """Return the rows of a sheet; an absent sheet has none."""
        return self.sheets.get(name, ())

    @property
    def level(self) -> float:
        """Level of the intervals in percent."""
        return float(self.protocol.get("defaults", {}).get("level", 95))

    @property
    def add_on(self) -> frozenset[str]:
        """Ids of the comparisons in which both sides got the treatment."""
        plans = self.protocol.get("comparisons", {})
        return frozenset(name for name, plan in plans.items() if plan.get("add_on"))

    def study_labels(self) -> dict[str, str]:
        """Return the name of each study for people."""
        return {row["study_id"]: row.get("label") or row["study_id"] for row in self.sheet("studies")}


def anchor(kind: str, key: str) -> str:
    """Return an HTML id for `key`, e.g. ``r-r001``; anything but letters, digits, - and _ becomes -."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_-]', '-', key)}"


def split_ids(text: str) -> list[str]:
    """Return the parts of a cell that holds keys separated by ';'."""
    return [part.strip() for part in text.split(";") if part.strip()]
