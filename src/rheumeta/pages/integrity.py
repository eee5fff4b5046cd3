"""Can the numbers be trusted? The questions of the integrity check as a reader sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rheumeta.pages import pandoc
from rheumeta.pages.analyses import show
from rheumeta.pages.findings import FAMILIES, STANDARDISED
from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.numbers import capital, count, number
from rheumeta.pages.origins import ASKED, CHECKS, MOVES, Said, asked_place
from rheumeta.pages.pandoc import Block
from rheumeta.pages.words import includes, shown_result
from rheumeta.questions import GRADES, GROUPS, QUESTIONED, WITHOUT_QUESTIONED, is_open
from rheumeta.records import Analysis, Interval, Sensitivity

TITLE = "Can the numbers be trusted?"
INTRODUCTION = (
    "Every study and every row was put to a list of checks: of arithmetic, of plausibility, of conduct. "
    "A flag is a question, not a verdict; most have an innocent answer. Whoever has one writes it into the sheet "
    "integrity_answers, and the question is closed."
)


@dataclass(frozen=True)
class Move:
    """What an analysis gives with all data, and without those under question."""

    record: Analysis
    studies: str  # whose data are under question
    with_all: str
    without: str
    moved: str


@dataclass(frozen=True)
class StudyCount:
    """How many questions are put to one study."""

    study_id: str
    label: str
    grades: tuple[int, ...]  # as in GRADES
    open: int


@dataclass(frozen=True)
class QuestionList:
    """The questions that one number of the section counts."""

    place: str
    title: str
    rows: tuple[tuple[str, Row], ...]  # what tells it from the others of the list, the question


@dataclass(frozen=True)
class IntegrityView:
    """The section on integrity."""

    summary: Said
    questions: tuple[Row, ...]
    remarks: tuple[Row, ...]
    studies: tuple[StudyCount, ...]
    checks: tuple[tuple[str, tuple[Row, ...]], ...]  # heading, checks that could look at something
    blind: tuple[Row, ...]  # checks that had nothing to look at
    moves: tuple[Move, ...]
    lists: tuple[QuestionList, ...]


def integrity_view(data: ReportInput) -> IntegrityView | None:
    """Return what the section shows; None where the check was not run."""
    if not data.integrity_checks:
        return None
    looked = [row for row in data.integrity_checks if row["looked"] != "0"]
    by_group = ((words, tuple(r for r in looked if r["group"] == group)) for group, words in GROUPS.items())
    return IntegrityView(
        summary=summary(data),
        questions=tuple(row for row in data.integrity if row["grade"] != "remark"),
        remarks=tuple(row for row in data.integrity if row["grade"] == "remark"),
        studies=tuple(_studies(data)),
        checks=tuple((words, rows) for words, rows in by_group if rows),
        blind=tuple(row for row in data.integrity_checks if row["looked"] == "0"),
        moves=tuple(moves(data.synthesis.analyses)),
        lists=tuple(_lists(data.integrity)),
    )


def _lists(rows: Sequence[Row]) -> Iterable[QuestionList]:
    """Yield the questions put to each study, and those of each check."""
    asked = [row for row in rows if row["state"] != "no_longer_asked"]
    for key, name, other in (("study_id", "label", "title"), ("check", "title", "label")):
        for one in dict.fromkeys(row[key] for row in asked):
            own = [row for row in asked if row[key] == one]
            words = tuple((", ".join(filter(None, (row[other], row["about"]))), row) for row in own)
            yield QuestionList(asked_place(one), f"Questions: {own[0][name] or one}", words)


def summary(data: ReportInput) -> Said:
    """Return how many questions there are, of how many studies, and how many are closed."""
    asked = [row for row in data.integrity if row["state"] != "no_longer_asked"]
    looked = sum(row["looked"] != "0" for row in data.integrity_checks)
    size = len(data.integrity_checks)
    text = f"Of {count(size, 'check', 'checks')}, {count(looked, 'has', 'have')} something to look at in this review"
    if not asked:
        return Said((f"{text}; no question arises.", CHECKS))
    studies = len({row["study_id"] for row in asked})
    grades = Counter(row["grade"] for row in asked)
    parts = [
        f"{grades[grade]} {word}{'s' if word == 'remark' and grades[grade] > 1 else ''}"
        for grade, word in zip(GRADES, ("serious", "moderate", "remark"), strict=True)
        if grades[grade]
    ]
    still = sum(map(is_open, asked))
    none = "it is not answered" if len(asked) == 1 else "none is answered"
    rest = none if still == len(asked) else f"{count(still, 'is', 'are')} still open"
    put = f"{capital(count(len(asked), 'question', 'questions'))} {'is' if len(asked) == 1 else 'are'} put to"
    said = f"{put} {count(studies, 'study', 'studies')} ({', '.join(parts)}); {rest}."
    return Said((f"{text}. ", CHECKS), (said, ASKED))


def _studies(data: ReportInput) -> Iterable[StudyCount]:
    for study, label in data.study_labels().items():
        own = [
            row for row in data.integrity if row["study_id"] == study and row["state"] != "no_longer_asked"
        ]
        grades = Counter(row["grade"] for row in own)
        if own:
            yield StudyCount(study, label, tuple(grades[g] for g in GRADES), sum(map(is_open, own)))


def run_of(analysis: Analysis) -> Sensitivity | None:
    """Return the run of an analysis without data under question."""
    return next((run for run in analysis.sensitivity if run.id == WITHOUT_QUESTIONED), None)


def moves(analyses: Iterable[Analysis]) -> Iterable[Move]:
    """Yield each analysis that rests on data under question, with what is left without them; primary ones first."""
    for analysis in sorted(analyses, key=lambda a: not a.primary):
        run, own = run_of(analysis), shown_result(analysis)
        if run is None:
            continue
        names = ", ".join(dict.fromkeys(s.label for s in analysis.studies if QUESTIONED in s.flags))
        mine = own.display if own else None
        left = run.random.display if run.random else run.single
        yield Move(
            analysis, names, show(analysis, mine), _left(analysis, run, left), moved(analysis, mine, left)
        )


def _left(analysis: Analysis, run: Sensitivity, left: Interval | None) -> str:
    if run.k == 0:
        return "no data"
    return f"{show(analysis, left)} ({count(run.k, 'study', 'studies')})" if left else "not pooled"


def moved(analysis: Analysis, before: Interval | None, after: Interval | None) -> str:
    """Return by how much an estimate moves, and whether its interval comes to include no effect or to exclude it."""
    if before is None or after is None or before.estimate is None or after.estimate is None:
        return "nothing is left to compare"
    if analysis.scale == "log" and before.estimate > 0:
        text = f"times {number(after.estimate / before.estimate)}"
    else:
        text = f"by {number(after.estimate - before.estimate)}{_unit(analysis)}"
    held, holds = includes(before, analysis.null), includes(after, analysis.null)
    if held is None or holds is None or held == holds:
        return text
    now = "includes" if holds else "excludes"
    return f"{text}; the interval now {now} no effect"


def _unit(analysis: Analysis) -> str:
    """Return the unit of a move on the display scale."""
    if FAMILIES.get(analysis.measure) == "proportion":
        return " percentage points"
    raw = FAMILIES.get(analysis.measure) in ("difference", "change") and analysis.measure not in STANDARDISED
    return f" {analysis.unit}" if raw and analysis.unit else ""


def warning(data: ReportInput) -> Said:
    """Return a sentence for the first screen if a main result rests on data under question; else nothing."""
    found = [m for m in moves(data.synthesis.analyses) if m.record.primary]
    if not found:
        return Said()
    titles = "; ".join(f"{m.record.title} ({m.studies})" for m in found)
    rest = "rests" if len(found) == 1 else "rest"
    return Said((
        f"{capital(count(len(found), 'main result', 'main results'))} {rest} on numbers with an open serious question: "
        f"{titles}. The section “{TITLE}” shows what is left without them.", MOVES,
    ))  # fmt: skip


def integrity_blocks(data: ReportInput) -> Iterable[Block]:
    """Yield the section of the paper."""
    view = integrity_view(data)
    if view is None:
        return
    yield pandoc.heading(2, TITLE)
    yield pandoc.paragraph(f"{INTRODUCTION} {view.summary}")
    rows = [_line(row) for row in data.integrity if row["grade"] == "serious" or row["state"] != "open"]
    if rows:
        head = ("Study", "Question", "Reported", "Expected", "Answer")
        yield pandoc.table("Serious questions, and those that were answered; the workbook holds all.", head, rows,
                           widths=(0.14, 0.2, 0.2, 0.32, 0.14))  # fmt: skip
    if view.moves:
        lines = [(m.record.title, m.studies, m.with_all, m.without, m.moved) for m in view.moves]
        head = ("Analysis", "Under question", "With all data", "Without", "Moves")
        yield pandoc.table("What is left without data under question.", head, lines,
                           widths=(0.28, 0.16, 0.2, 0.2, 0.16))  # fmt: skip


def _line(row: Row) -> tuple[str, ...]:
    said = row["state"].replace("_", " ")
    return row["label"], f"{row['title']}: {row['about']}", row["reported"], row["expected"], \
        f"{said}: {row['reason']}" if row["reason"] else said  # fmt: skip
