"""What a check is, and what it asks.

A check looks at units (a row, two arms, a study) one after the other. For each unit that it can judge it
yields a :class:`Question`, or None where there is nothing to ask; a unit that it cannot judge it leaves
out. So "no question in 40 rows" and "no row to look at" are told apart.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rheumeta.errors import StatsError
from rheumeta.questions import GRADES, Grade, Group
from rheumeta.stats import integrity

if TYPE_CHECKING:
    from rheumeta.steps.inspection.material import Material

log = logging.getLogger(__name__)

GRADE_OF: dict[str, Grade] = {"inconsistent": "serious", "depends": "moderate", "implausible": "moderate"}
"""Grade of a verdict of the arithmetic, where the check names no other."""

NUMBERS = re.compile(r"not significant|implied|[<>]=?|(?<!\d)-?\d+(?:\.\d+)?")
"""The numbers in a sentence with their signs and what is claimed of them, whatever its other words."""

LISTED_ROWS = 3
"""Rows that an id names one by one; of more it names the first, the last and a digest of all."""


@dataclass(frozen=True)
class Question:
    """One thing that somebody should look at.

    Attributes
    ----------
    study_id : str
        Study that it is about.
    rows : tuple of str
        Rows of the results sheet; empty where all of the study is meant.
    about : str
        What is looked at, in a few words.
    reported : str
        The numbers as reported.
    expected : str
        What they should be, with the numbers put in, so that it can be redone by hand.
    grade : str
        Key of :data:`rheumeta.questions.GRADES`.
    key : str
        What tells two questions about the same rows apart.
    """

    study_id: str
    rows: tuple[str, ...]
    about: str
    reported: str
    expected: str
    grade: Grade
    key: str = ""


Looks = Iterator[Question | None]
"""What a check yields: a unit each."""


@dataclass(frozen=True)
class Check:
    """One check of the list, explained.

    `unit` is what it looks at, `blind` what it cannot see, `ask` what to ask or do, `source` where it
    comes from.
    """

    id: str
    group: Group
    title: str
    explanation: str
    unit: str
    blind: str
    ask: str
    source: str
    look: Callable[[Material], Iterable[Question | None]]


@dataclass(frozen=True)
class Place:
    """Where a unit lies and how its numbers read."""

    study_id: str
    rows: tuple[str, ...]
    about: str
    reported: str
    key: str = ""
    at_most: Grade | None = None  # where the numbers rest on an assumption of the extractor


def judged(
    place: Place,
    function: Callable[..., integrity.Check],
    *arguments: Any,
    grade: Grade | None = None,
    **options: Any,
) -> Looks:
    """Apply a function of :mod:`rheumeta.stats.integrity` to a unit; nothing where it cannot tell.

    Parameters
    ----------
    place : Place
        The unit.
    function : callable
        Returns a verdict.
    *arguments, **options
        Passed to it.
    grade : str, optional
        Grade of the question, instead of that of the verdict.
    """
    try:
        found = function(*arguments, **options)
    except StatsError as error:
        log.debug("%s, %s: %s", place.study_id, place.about, error)
        return
    if found.verdict == "cannot_tell":
        return
    yield question(place, found, grade=grade) if found.flagged else None


def by_any(looks: Sequence[Question | None]) -> Looks:
    """Ask about a unit that was judged in several ways only where all of them ask: any of them may be meant."""
    if looks:
        yield None if None in looks else looks[0]


def question(place: Place, found: integrity.Check, *, grade: Grade | None = None) -> Question:
    """Return the question that a verdict raises."""
    # What holds if digits were cut off is right under one assumption and wrong under another.
    usual: Grade = "moderate" if integrity.CUT_OFF in (found.note or "") else GRADE_OF[found.verdict]
    return asked(place, _sentences(found.message, found.note or ""), grade or usual)


def _sentences(*texts: str) -> str:
    """Join texts as sentences: each with a capital and a full stop."""
    return " ".join(t[0].upper() + t[1:].removesuffix(".") + "." for t in texts if t)


def asked(place: Place, expected: str, grade: Grade) -> Question:
    """Return a question of a grade, or of the milder one that its place allows."""
    order = list(GRADES)
    milder = max(grade, place.at_most or grade, key=order.index)
    return Question(place.study_id, place.rows, place.about, place.reported, expected, milder, place.key)


def question_id(check: str, item: Question) -> str:
    """Return the id of a question: check, study, rows and a digest of the numbers reported.

    It is the same in every run as long as these are. Once a number is edited it is another question, and an
    answer to the old one no longer counts.
    """
    numbers = ";".join(NUMBERS.findall(item.reported))
    parts = [check, item.study_id, *_short(item.rows), item.key, _digest(numbers, 4) if numbers else ""]
    return ".".join(filter(None, parts))


def _short(rows: Sequence[str]) -> list[str]:
    if len(rows) <= LISTED_ROWS:
        return list(rows)
    return [rows[0], rows[-1], f"{len(rows)}-{_digest(';'.join(rows), 6)}"]


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]
