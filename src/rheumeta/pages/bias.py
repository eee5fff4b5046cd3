"""How far the risk of bias of a review has been judged, in the words of a report and in plain ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.pages.inputs import Row
from rheumeta.pages.numbers import count
from rheumeta.rob_tools import HIGH, NO_JUDGEMENT, OVERALL

WITHOUT_RESULTS = frozenset({"no_results", "planned"})
"""Status of studies that show nothing to judge."""

UNJUDGED = "The risk of bias of the studies has not been judged yet."
UNJUDGED_PLAINLY = "Nobody has judged yet how well the studies were done."


@dataclass(frozen=True)
class BiasState:
    """Of how many studies the overall risk of bias has been judged."""

    judged: int
    waiting: tuple[str, ...]  # ids of the studies with results that were not
    high: int  # at high risk for one outcome at least
    by_outcome: bool  # is one of them at high risk for some of its outcomes only?
    all_studies: bool  # is every study of the review among `studies`?

    @property
    def studies(self) -> int:
        """How many there are: those with results, and any other one that was judged."""
        return self.judged + len(self.waiting)

    @property
    def told(self) -> str:
        """What a reader must know, in a sentence; empty where all are judged and none is at high risk."""
        return self._told(UNJUDGED, "The risk of bias of {of} has been judged", "at high risk")

    @property
    def told_plainly(self) -> str:
        """The same for patients."""
        risk = "at high risk of having got a wrong result"
        return self._told(UNJUDGED_PLAINLY, "How well {of} were done has been judged", risk)

    def _told(self, nobody: str, judged: str, risk: str) -> str:
        if not self.judged:
            return nobody
        if not self.waiting and not self.high:
            return ""
        high = f"{count(self.high, 'is', 'are')} {risk}" if self.high else f"none is {risk}"
        where = " for some of the outcomes" if self.by_outcome else ""
        return f"{judged.format(of=self._of())}: {high}{where}."

    def _of(self) -> str:
        noun = "study" if self.studies == 1 else "studies"
        results = "" if self.all_studies else " with results"
        if self.waiting:
            return f"{self.judged} of {self.studies} {noun}{results}"
        return f"{f'all {self.studies}' if self.studies > 1 else 'the one'} {noun}{results}"


def bias_state(studies: Sequence[Row], risk_of_bias: Sequence[Row]) -> BiasState:
    """Return how far the risk of bias has been judged.

    A study counts as judged by its overall judgement, which is the one that the certainty goes by.

    Parameters
    ----------
    studies, risk_of_bias : sequence of rows
        The sheets of the same names.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for row in risk_of_bias:
        if row["domain"] == OVERALL and row["judgement"] not in NO_JUDGEMENT:
            found[row["study_id"]].append(row["judgement"])
    shown = [row["study_id"] for row in studies if row.get("status") not in WITHOUT_RESULTS]
    high = [[word in HIGH for word in words] for words in found.values() if HIGH.intersection(words)]
    return BiasState(
        judged=len(found),
        waiting=tuple(study for study in shown if study not in found),
        high=len(high),
        by_outcome=any(not all(words) for words in high),
        all_studies={row["study_id"] for row in studies} <= {*shown, *found},
    )
