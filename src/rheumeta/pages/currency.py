"""How old the evidence is: by the searches that are recorded, and by the newest study.

Dates are stated, ages are not: an age would change with the day on which the page is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.numbers import count
from rheumeta.pages.origins import SEARCHES, STATUS, Said

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Currency:
    """The searches of a review and up to when they found what there was."""

    searches: tuple[Row, ...]  # newest first
    last: tuple[Row, ...]  # the newest search of each source, the oldest of them first
    newest_year: str | None
    newest: tuple[str, ...]  # labels of the studies of that year
    sentences: tuple[str, ...]

    @property
    def current_to(self) -> str | None:
        """The day up to which every source was searched; None if no search is recorded."""
        return _reaches(self.last[0]) if self.last else None

    @property
    def kind(self) -> str:
        """What the review may call itself: systematic only with a recorded search."""
        return "Systematic review and meta-analysis" if self.searches else "Meta-analysis"


def currency(data: ReportInput) -> Currency:
    """Return how old the evidence of a review is."""
    searches = sorted(data.sheet("searches"), key=lambda row: row["date_searched"], reverse=True)
    last: dict[str, Row] = {}
    for row in searches:
        last.setdefault(row["source"], row)
    ordered = sorted(last.values(), key=lambda row: (_reaches(row), row["source"]))
    years = [row.get("year", "") for row in data.sheet("studies") if row.get("status") != "planned"]
    year = max((y for y in years if y), key=float, default=None)
    newest = tuple(
        row.get("label") or row["study_id"]
        for row in data.sheet("studies")
        if year and row.get("year") == year and row.get("status") != "planned"
    )
    return Currency(
        tuple(searches),
        tuple(ordered),
        year,
        newest,
        (*_sentences(ordered, year, newest), *_unsearched(searches)),
    )


def _reaches(row: Row) -> str:
    """Return the last day that a search covers."""
    return row.get("covers_to") or row["date_searched"]


def _sentences(last: Sequence[Row], year: str | None, newest: Sequence[str]) -> list[str]:
    said: list[str] = [Said((_searched(last), SEARCHES if last else ""))]
    if year:
        studies = ", ".join(newest) if len(newest) <= 4 else count(len(newest), "study", "studies")
        said.append(Said((f"The newest study here that has started is of {year} ({studies}).", STATUS)))
    if last and year and int(_reaches(last[0])[:4]) > float(year):
        said.append(
            "Every source was searched beyond that year, and no newer study that has started is in this review."
        )
    return said


def _unsearched(searches: Sequence[Row]) -> list[str]:
    """Return a sentence for each time between two searches of a source that neither covers."""
    said: list[str] = []
    for source in dict.fromkeys(row["source"] for row in searches):
        reach = ""
        own = (row for row in searches if row["source"] == source)
        for row in sorted(own, key=lambda row: row.get("covers_from") or ""):
            start = row.get("covers_from") or ""
            if reach and start and date.fromisoformat(start) - date.fromisoformat(reach) > A_DAY:
                said.append(f"No search of {source} covers the time between {reach} and {start}.")
            reach = max(reach, _reaches(row))
    return [Said((text, SEARCHES)) for text in said]


def _searched(last: Sequence[Row]) -> str:
    if not last:
        return "No search is recorded: it is not known up to when studies were looked for, and newer ones may exist."
    oldest, newest = _reaches(last[0]), _reaches(last[-1])
    sources = count(len(last), "source", "sources")
    if oldest == newest:
        return f"The evidence is current to {oldest}: {sources} searched up to that day. Later studies are not in it."
    return (
        f"The evidence is current to {oldest}, the day up to which every one of {sources} was searched; "
        f"the latest search reaches to {newest}. Later studies are not in it."
    )
