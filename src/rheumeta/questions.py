"""What passes from the integrity check to synthesis and report: questions, their grades, their state.

The questions themselves are rows of ``integrity.csv``; a flag is a question, not a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Grade = Literal["serious", "moderate", "remark"]
Group = Literal["arithmetic", "plausibility", "conduct"]

GRADES: dict[Grade, str] = {
    "serious": "reported numbers contradict each other, go beyond what such studies find, or were withdrawn: a "
    "result that uses them may be wrong. While it is open, the analyses are repeated without these data",
    "moderate": "unusual, or right under one assumption and wrong under another; often there is an innocent "
    "cause. To be looked at before one relies on the number",
    "remark": "a circumstance to know when reading; nothing is wrong by itself",
}
"""What the grades mean, gravest first."""

GROUPS: dict[Group, str] = {
    "arithmetic": "Arithmetic: do the numbers agree with each other?",
    "plausibility": "Plausibility: can patients have such numbers?",
    "conduct": "Conduct: how was the study run and published?",
}

CLOSED: frozenset[str] = frozenset({"explained", "no_longer_asked"})
"""States in which a question keeps no data from an analysis."""

WITHOUT_QUESTIONED = "without_questioned"
"""Id of the sensitivity run that leaves these data out."""

QUESTIONED = "questioned"
"""Flag of a study in an analysis whose data are under question."""


@dataclass(frozen=True)
class UnderQuestion:
    """Data with an open serious question: rows of the results sheet, and whole studies."""

    rows: frozenset[str] = frozenset()
    studies: frozenset[str] = frozenset()

    def holds(self, study_id: str, result_ids: Iterable[str]) -> bool:
        """Tell whether a study, or one of the rows used of it, is under question."""
        return study_id in self.studies or not self.rows.isdisjoint(result_ids)


NOTHING_QUESTIONED = UnderQuestion()


def is_open(row: Mapping[str, str]) -> bool:
    """Tell whether a question still stands."""
    return row["state"] not in CLOSED


def is_serious(row: Mapping[str, str]) -> bool:
    """Tell whether an open question keeps its data out of the run without data under question."""
    return row["grade"] == "serious" and is_open(row)


def under_question(rows: Iterable[Mapping[str, str]]) -> UnderQuestion:
    """Gather what the open serious questions are about, given the rows of ``integrity.csv``."""
    serious = [row for row in rows if is_serious(row)]
    ids = frozenset(i for row in serious for i in row["result_ids"].split(";") if i)
    return UnderQuestion(ids, frozenset(row["study_id"] for row in serious if not row["result_ids"]))
