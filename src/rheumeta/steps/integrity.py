"""Stage: can the numbers be trusted? Every check of the list asks every study and row.

Reads the validated sheets, ``harmonised.csv``, ``effects.csv`` and ``derivations.csv``; writes
``integrity.csv`` (one row a question, with the answer if there is one) and ``integrity_checks.csv`` (one
row a check, with how much it could look at). A flag is a question, not a verdict.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from rheumeta.errors import InputFaults, RheumetaError
from rheumeta.layout import Layout
from rheumeta.questions import CLOSED, GRADES, is_open, is_serious
from rheumeta.steps.evidence.model import read_rows
from rheumeta.steps.inspection.answers import answer, placed, sort_answers, stale_rows, told
from rheumeta.steps.inspection.checks import CHECKS
from rheumeta.steps.inspection.material import Material, load
from rheumeta.steps.inspection.model import Check, Question, question_id
from rheumeta.tables.sheets import INTEGRITY_ANSWERS
from rheumeta.tables.validated import load_validated, validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

COLUMNS = (
    "question_id", "check", "title", "group", "grade", "study_id", "label", "result_ids", "about",
    "reported", "expected", "ask", "state", "answer", "reason", "answered_by", "date",
)  # fmt: skip
CHECK_COLUMNS = (
    "check", "title", "group", "explanation", "looks_at", "blind", "source", "looked", "asked", *GRADES, "open",
)  # fmt: skip

Cells = dict[str, object]


def run(layout: Layout) -> None:
    """Ask every study and row of a review.

    Raises
    ------
    InputFaults
        If an answer belongs to no question.
    """
    material = load(layout, load_validated(layout))
    found = {check.id: list(check.look(material)) for check in CHECKS}
    asked = questions(found, material)
    answers = read_rows(validated_path(layout, INTEGRITY_ANSWERS.name))
    answered, stale, faults = sort_answers(answers, asked, found, material.evidence.studies)
    if faults:
        raise InputFaults(placed(faults, layout))
    rows = [{**row, **_state(answered.get(name))} for name, row in asked.items()]
    labels = {name: study.label for name, study in material.evidence.studies.items()}
    with StageWriter() as out:
        out.rows(layout.integrity, [*rows, *stale_rows(stale, labels, asked)], COLUMNS)
        out.rows(layout.integrity_checks, [_check_row(c, found[c.id], rows) for c in CHECKS], CHECK_COLUMNS)
    _report(rows, stale, asked)


def questions(
    found: Mapping[str, Sequence[Question | None]], material: Material
) -> dict[str, dict[str, str]]:
    """Return every question as a row, by its id: gravest first, then by study.

    Raises
    ------
    RheumetaError
        If two questions have one id, which would be a mistake in a check.
    """
    studies = {name: place for place, name in enumerate(material.evidence.studies)}
    grades = [*map(str, GRADES)]
    rows: dict[str, dict[str, str]] = {}
    for check in CHECKS:
        for item in filter(None, found[check.id]):
            name = question_id(check.id, item)
            if name in rows:
                raise RheumetaError(f"the check {check.id} asks {name} twice")
            rows[name] = _row(name, check, item, material)
    order = sorted(rows, key=lambda q: (grades.index(rows[q]["grade"]), studies[rows[q]["study_id"]]))
    return {name: rows[name] for name in order}


def _row(name: str, check: Check, item: Question, material: Material) -> dict[str, str]:
    return {
        "question_id": name,
        "check": check.id,
        "title": check.title,
        "group": check.group,
        "grade": item.grade,
        "study_id": item.study_id,
        "label": material.evidence.label(item.study_id),
        "result_ids": ";".join(item.rows),
        "about": item.about,
        "reported": item.reported,
        "expected": item.expected,
        "ask": check.ask,
    }


def _state(given: Mapping[str, str] | None) -> Cells:
    return {"state": given["answer"] if given else "open", **answer(given)}


def _check_row(check: Check, looks: Sequence[Question | None], rows: Sequence[Cells]) -> Cells:
    own = [row for row in rows if row["check"] == check.id]
    by_grade = Counter(str(row["grade"]) for row in own)
    return {
        "check": check.id,
        "title": check.title,
        "group": check.group,
        "explanation": check.explanation,
        "looks_at": check.unit,
        "blind": check.blind,
        "source": check.source,
        "looked": len(looks),
        "asked": len(own),
        **{grade: by_grade[grade] for grade in GRADES},
        "open": sum(row["state"] not in CLOSED for row in own),
    }


def _report(rows: Sequence[Cells], stale: Sequence[Mapping[str, str]], asked: Mapping[str, object]) -> None:
    texts = [{k: str(v) for k, v in row.items()} for row in rows]
    log.info(
        "%d questions, %d open, %d of them serious",
        len(rows),
        sum(map(is_open, texts)),
        sum(map(is_serious, texts)),
    )
    for row in texts:
        if is_serious(row):
            log.info("  %s: %s; %s", row["question_id"], row["reported"], row["expected"])
        if row["state"] == "corrected":
            log.warning("%s is answered 'corrected', and the question still arises", row["question_id"])
    for item in stale:
        name = item["question_id"]
        log.warning("%s closes nothing. %s The answer is kept in integrity.csv.", name, told(name, asked))
