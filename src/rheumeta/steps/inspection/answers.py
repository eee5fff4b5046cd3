"""Answers to questions: which question each belongs to, and what is wrong with those that belong to none."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from rheumeta.errors import Fault
from rheumeta.layout import Layout
from rheumeta.tables.reading import read_sheet
from rheumeta.tables.sheets import INTEGRITY_ANSWERS
from rheumeta.tables.wording import did_you_mean, listing

Row = Mapping[str, str]

DIGEST = re.compile(r"\.[0-9a-f]{4}$")
"""The digest of the numbers at the end of the id of a question (:func:`.model.question_id`)."""


def sort_answers(
    answers: Iterable[Row], asked: Mapping[str, Row], checks: Collection[str], studies: Collection[str]
) -> tuple[dict[str, Row], list[Row], list[Fault]]:
    """Give each answer to its question.

    Parameters
    ----------
    answers : iterable of rows
        The validated sheet ``integrity_answers``.
    asked : mapping of str to row
        Questions by id.
    checks, studies : collection of str
        Ids of all checks, and of all studies of the review.

    Returns
    -------
    answered : dict of str to row
        Answers by the id of their question.
    stale : list of rows
        Answers that name check and study rightly, and a question that is not asked.
    faults : list of Fault
        Answers that belong to no question.
    """
    answered: dict[str, Row] = {}
    stale: list[Row] = []
    faults: list[Fault] = []
    for row in answers:
        name = row["question_id"]
        wrong = _mismatch(row, asked, checks, studies)
        if wrong is not None:
            faults.append(wrong)
        elif name in asked:
            answered[name] = row
        else:
            stale.append(row)
    return answered, stale, faults


def _mismatch(
    row: Row, asked: Mapping[str, Row], checks: Collection[str], studies: Collection[str]
) -> Fault | None:
    """Return what is wrong with an answer: its check, its study, or an id that is made of neither."""
    if row["check"] not in checks:
        return _fault(row, "check", "unknown_check", "There is no such check.", checks)
    if row["study"] not in studies:
        return _fault(row, "study", "unknown_study", "There is no such study.", studies)
    name, stem = row["question_id"], f"{row['check']}.{row['study']}"
    if name == stem or name.startswith(f"{stem}."):
        return None
    if name in asked:
        text = f"The question is of the check {asked[name]['check']} and about {asked[name]['study_id']}."
        return _fault(row, "check", "check_of_other_question", text, [asked[name]["check"]])
    own = [q for q, item in asked.items() if item["study_id"] == row["study"]]
    return _fault(row, "question_id", "unknown_question", "No such question is asked.", own or list(asked))


def _fault(row: Row, column: str, code: str, message: str, options: Collection[str]) -> Fault:
    remedy = did_you_mean(row[column], options) or "Copy it from integrity.csv, or delete the row."
    allowed = listing(options) or "no question is asked: leave the sheet empty"
    return Fault(row["question_id"], None, column, code, message, row[column], allowed, remedy)


def placed(faults: Iterable[Fault], layout: Layout) -> list[Fault]:
    """Return faults, whose `file` is the id of the question, with file and line of the answer."""
    path = layout.raw / f"{INTEGRITY_ANSWERS.name}.csv"
    file = path.relative_to(layout.root).as_posix()
    raw, _ = read_sheet(path, INTEGRITY_ANSWERS, file=file)
    lines = {row.text["question_id"]: row.line for row in raw.rows}
    return [replace(fault, file=file, line=lines.get(fault.file)) for fault in faults]


def stale_rows(
    stale: Sequence[Row], labels: Mapping[str, str], asked: Collection[str]
) -> list[dict[str, object]]:
    """Return answers whose question is not asked, as rows of ``integrity.csv``; `asked` are ids of questions."""
    return [
        {"question_id": row["question_id"], "check": row["check"], "study_id": row["study"],
         "label": labels[row["study"]], "ask": told(row["question_id"], asked), "state": "no_longer_asked",
         **answer(row)}
        for row in stale
    ]  # fmt: skip


def told(name: str, asked: Collection[str]) -> str:
    """Return what became of a question that is not asked: with which other numbers it is, or that it is not at all."""
    others = [other for other in asked if without_numbers(name, other)]
    if not others:
        return "This question is not asked of the sheets as they are."
    return f"Asked with other numbers, to which this answer does not hold: {listing(others)}."


def without_numbers(name: str, other: str) -> bool:
    """Tell whether two ids ask the same about the same rows, and only their digests of the numbers differ."""
    stem = DIGEST.sub("", other)
    return stem != other and stem in (name, DIGEST.sub("", name))


def answer(row: Row | None) -> dict[str, object]:
    """Return the columns of ``integrity.csv`` that hold the answer."""
    if row is None:
        return {}
    return {"answer": row["answer"], "reason": row["reason"], "answered_by": row["by"], "date": row["date"]}
