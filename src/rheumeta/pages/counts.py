"""The places of counts: which studies, cohorts and patients a number of the first screen adds up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rheumeta.pages.analyses import show
from rheumeta.pages.evidence import STATUS_WORDS
from rheumeta.pages.headline import at_random, cohorts, largest, once_per_outcome, patients_in
from rheumeta.pages.inputs import ReportInput, anchor
from rheumeta.pages.numbers import whole
from rheumeta.pages.origins import HIDDEN, PEOPLE, QUESTIONS, ROWS, STATUS, TRIALS, place, rows_place
from rheumeta.pages.plain import suspected
from rheumeta.pages.words import shown_result

STATE_WORDS = {
    "with_results": "usable result",
    "without_results": "no usable result",
    "planned": "planned",
}

Cell = tuple[str, str]
"""A text and the place of its number; an empty place leaves it as it is."""


@dataclass(frozen=True)
class Count:
    """A list that is counted: one row a study, the last row the sums."""

    place: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[str, ...]
    note: str = ""


def counts(data: ReportInput) -> list[Count]:
    """Return the lists behind the counts of the first screen and of the plain-language summary."""
    return [_questions(data), _people(data), _status(data), *_trials(data), *_hidden(data), _rows(data)]


def _questions(data: ReportInput) -> Count:
    """Return the primary analyses put to controlled studies, with what they found."""
    asked = [a for a in once_per_outcome(a for a in data.synthesis.analyses if a.primary)
             if a.comparison_kind == "controlled" and not a.add_on]  # fmt: skip
    shown = [(a, shown_result(a)) for a in asked]
    rows = tuple(
        ((a.title, ""), (show(a, result.display), place(a)) if result else ("no usable result", ""))
        for a, result in shown
    )
    total = (
        f"{len(asked)} main questions",
        f"{sum(result is not None for _, result in shown)} usable results",
    )
    return Count(QUESTIONS, "Main questions put to controlled studies", ("Analysis", "Result"), rows, total)


def _people(data: ReportInput) -> Count:
    """Return each cohort with the effect that counts most of its patients."""
    labels, root = data.study_labels(), cohorts(data.sheet("studies"))
    against = [a for a in data.synthesis.analyses if a.comparison_kind == "controlled" and not a.add_on]
    everyone, compared = largest(data.synthesis.analyses, root), largest(against, root)
    drawn = at_random(against, data.sheet("studies"))
    rows = []
    for cohort, study in everyone.items():
        other = compared.get(cohort)
        how = "at random" if cohort in drawn else "not at random"
        rows.append((
            (labels.get(cohort, cohort), ""),
            (whole(patients_in(study)), anchor("e", study.effect_id)),
            (whole(patients_in(other)), anchor("e", other.effect_id)) if other is not None else ("–", ""),
            (how if other is not None else "–", ""),
        ))  # fmt: skip
    total = (
        f"{len(everyone)} cohorts", whole(sum(map(patients_in, everyone.values()))),
        whole(sum(map(patients_in, compared.values()))) if compared else "–", "",
    )  # fmt: skip
    note = f"{len(labels)} studies; of each cohort the largest number of patients that any analysis counts."
    silent = data.synthesis.controlled_silent
    if silent:
        note += f" With a control group and no usable number against it, {len(silent)} studies: {', '.join(silent)}."
    head = ("Cohort", "Patients", "Of them set against a control group", "Allocated")
    return Count(PEOPLE, "Patients with numbers that can be used", head, tuple(rows), total, note)


def _status(data: ReportInput) -> Count:
    """Return each study with its status and how many of its results are awaited."""
    waiting = [row["study_id"] for row in data.sheet("awaited")]
    rows = tuple(
        (
            (row.get("label") or row["study_id"], ""),
            (STATUS_WORDS.get(row.get("status", ""), row.get("status", "")), ""),
            (str(waiting.count(row["study_id"])), anchor("s", row["study_id"])),
        )
        for row in data.sheet("studies")
    )
    total = (f"{len(rows)} studies", "", f"{len(waiting)} results of {len(set(waiting))} studies")
    head = ("Study", "Status", "Results awaited")
    return Count(STATUS, "Status of the studies, and what is awaited", head, rows, total)


def _trials(data: ReportInput) -> Iterable[Count]:
    """Yield the randomised studies with a control group."""
    if data.appraisal is None or not data.appraisal.base.trials:
        return
    trials = data.appraisal.base.trials
    rows = tuple(
        (
            (t.label, ""), (STATE_WORDS[t.state], ""),
            (whole(t.patients), anchor("s", t.study_id)), (_basis(t.patients_basis), ""),
        )
        for t in trials
    )  # fmt: skip
    total = (f"{len(trials)} trials", "", whole(sum(t.patients or 0 for t in trials)), "")
    head = ("Trial", "Result against a control group", "Patients", "Where this number is from")
    yield Count(TRIALS, "Randomised trials with a control group", head, rows, total)


def _hidden(data: ReportInput) -> Iterable[Count]:
    """Yield the trials against a control group whose results are held back."""
    found = suspected(data.appraisal.missing) if data.appraisal else {}
    if not found:
        return
    labels = data.study_labels()
    rows = tuple(
        ((labels.get(study, study), ""), (whole(n), anchor("s", study))) for study, n in found.items()
    )
    total = (f"{len(found)} trials", whole(sum(found.values())))
    title = "Trials begun and never made public in full"
    yield Count(HIDDEN, title, ("Trial", "Patients"), rows, total)


def _rows(data: ReportInput) -> Count:
    """Return how many reported results each study has, and how many of them enter an analysis."""
    labels, every = data.study_labels(), Counter(row["study_id"] for row in data.accounting)
    used = Counter(row["study_id"] for row in data.accounting if row["used_in"])
    rows = tuple(
        ((labels.get(study, study), ""),
         *((str(n), rows_place(study)) for n in (size, used[study], size - used[study])))
        for study, size in every.items()
    )  # fmt: skip
    sums = (every.total(), used.total(), every.total() - used.total())
    head = ("Study", "Reported results", "Enter at least one analysis", "None")
    return Count(ROWS, "Reported results, and how many are used", head, rows, ("All", *map(str, sums)))


def _basis(basis: str | None) -> str:
    words = {
        "arms": "size of the groups",
        "n_randomised": "patients allocated",
        "n_analysed": "patients analysed",
    }
    return words.get(basis or "", "not stated")


def arm_sizes(data: ReportInput) -> dict[str, list[tuple[str, str]]]:
    """Return for each study its groups and how many patients each has, where the sheet says it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in data.sheet("arms"):
        n = row.get("n_allocated") or row.get("n_analysed")
        if n and row.get("kind") != "subgroup":
            found.setdefault(row["study_id"], []).append((row.get("label") or row["arm_id"], n))
    return found
