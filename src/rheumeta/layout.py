"""Where everything lies: every path of a review, in one place (standard library alone)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LONGEST_ID = 60
"""Most characters of an id of a review, an analysis, a moderator: the name of a figure joins two of them, and
names of files may have 255."""

ID = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_ID - 1}}}")
"""An id that becomes part of the name of a file."""

ID_ALLOWED = f"a small letter, then small letters, digits and _, at most {LONGEST_ID} characters"

RESERVED_NAMES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)
"""Names that Windows keeps for devices, whatever their ending."""


def is_id(text: str) -> bool:
    """Tell whether a text can be the id of a review: part of file names on every system."""
    return ID.fullmatch(text) is not None and text not in RESERVED_NAMES


OVERALL_TABLES = (
    "summary", "sensitivity", "directions", "summary_of_findings", "certainty", "missing_results", "claims",
)  # fmt: skip
"""Tables over all analyses; each analysis has a table of its own name beside them."""

COLUMN_FORMATS = ("svg", "pdf")
"""Formats of the figures one column wide, unless the protocol says otherwise."""


def column_name(figure: str) -> str:
    """Return the stem of the version of a figure that is as wide as one column of a page."""
    return f"{figure}_column"


@dataclass(frozen=True)
class Layout:
    """Paths of one review below a project folder.

    Parameters
    ----------
    review : str
        Id of the review.
    root : Path
        Folder that holds ``config/``, ``data/`` and ``results/``.
    """

    review: str
    root: Path = Path(".")

    @property
    def protocol(self) -> Path:
        """The review's protocol."""
        return self.root / "config" / "reviews" / f"{self.review}.yaml"

    @property
    def raw(self) -> Path:
        """Folder of the raw sheets."""
        return self.root / "data" / "raw" / self.review

    @property
    def corrections(self) -> Path:
        """The overlay of corrections (may be absent)."""
        return self.root / "data" / "corrections" / f"{self.review}.csv"

    @property
    def processed(self) -> Path:
        """Folder of everything between raw sheets and pooled results."""
        return self.root / "data" / "processed" / self.review

    @property
    def validated(self) -> Path:
        """Folder of the validated sheets."""
        return self.processed / "validated"

    @property
    def evidence(self) -> list[Path]:
        """The sheets and whatever stands beside them, and the corrections: files that exist, sorted."""
        files = [*self.raw.glob("[!.~]*"), self.corrections]
        return sorted(path for path in files if path.is_file())

    @property
    def evidence_digest(self) -> Path:
        """Digest of the evidence that was validated, whatever the order of its rows."""
        return self.validated / "evidence.sha256"

    @property
    def harmonised(self) -> Path:
        """Results in common units, one row a reported result."""
        return self.processed / "harmonised.csv"

    @property
    def effects(self) -> Path:
        """Effect sizes, one row a study in an analysis."""
        return self.processed / "effects.csv"

    @property
    def derivations(self) -> Path:
        """How each effect size was derived, one row a step."""
        return self.processed / "derivations.csv"

    @property
    def not_used(self) -> Path:
        """What could not be used in an analysis, with the reason."""
        return self.processed / "not_used.csv"

    @property
    def integrity(self) -> Path:
        """Questions that the integrity check asks of studies and numbers."""
        return self.processed / "integrity.csv"

    @property
    def integrity_checks(self) -> Path:
        """Every check and what it could be applied to."""
        return self.processed / "integrity_checks.csv"

    @property
    def accounting(self) -> Path:
        """Every row of the results sheet and where it went."""
        return self.estimates / "accounting.csv"

    @property
    def results(self) -> Path:
        """Folder of the results."""
        return self.root / "results" / self.review

    @property
    def estimates(self) -> Path:
        """Folder of the pooled results."""
        return self.results / "estimates"

    @property
    def synthesis(self) -> Path:
        """Everything that synthesis found."""
        return self.estimates / "synthesis.json"

    @property
    def appraisal(self) -> Path:
        """Certainty, summary of findings, missing results and claims."""
        return self.estimates / "appraisal.json"

    @property
    def figures(self) -> Path:
        """Folder of the figures."""
        return self.results / "figures"

    @property
    def tables(self) -> Path:
        """Folder of the tables that stand beside the figures."""
        return self.results / "tables"

    @property
    def report(self) -> Path:
        """The report."""
        return self.results / "report.html"

    @property
    def snapshot(self) -> Path:
        """The earlier version that the report is compared with (may be absent)."""
        return self.root / "data" / "previous" / f"{self.review}.json"

    @property
    def crate(self) -> Path:
        """What was made from what, with hashes (RO-Crate)."""
        return self.results / "ro-crate-metadata.json"

    @property
    def workbook(self) -> Path:
        """Every table in one workbook."""
        return self.results / "tables.xlsx"

    @property
    def document(self) -> Path:
        """The report as a document for a word processor; its PDF stands beside it."""
        return self.results / "report.docx"
