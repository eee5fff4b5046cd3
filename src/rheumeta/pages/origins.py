"""Where a number of the page comes from: the place in the page that shows it, and the links to that place.

Every number is a link to its place. With the script it opens a dialog with a copy of the place; without it
the link leads there. Tables link what they show (:func:`linked`); prose goes through a :class:`Tracer`,
which finds the numbers in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from rheumeta.pages.inputs import ReportInput, Row, anchor
from rheumeta.pages.numbers import COUNT_WORDS
from rheumeta.pages.words import main_pooled
from rheumeta.records import Analysis, Subgroup

PEOPLE = "place-people"
"""Id of the list of cohorts and their patients."""
QUESTIONS = "place-questions"
"""Id of the list of main questions put to controlled studies."""
TRIALS = "place-trials"
"""Id of the list of randomised studies."""
STATUS = "place-status"
"""Id of the list of studies with their status."""
HIDDEN = "place-hidden"
"""Id of the list of trials whose results are held back."""
ASKED = "place-asked"
"""Id of the counts of questions of the integrity check, study by study."""
CHECKS = "place-checks"
"""Id of the list of checks."""
MOVES = "place-moves"
"""Id of the results without data under question."""
SEARCHES = "place-searches"
"""Id of the register of searches."""
ROWS = "place-rows"
"""Id of the counts of reported results by study."""
JUDGEMENTS = "place-judgements"
"""Id of the tables of risk of bias."""
PERSONS = "place-persons"
"""Id of the list of judgements of the certainty that persons made."""
UNJUDGED = "place-unjudged"
"""Id of the list of studies whose risk of bias nobody has judged."""

_NUMBER = r"[−+]?\d+(?:\.\d+)?%?(?![\w-])"
_NOUNS = ("main questions?", "stud(?:y|ies)", "trials?", "cohorts?", "groups?", "patients?", "people", "of them",
          "of these studies", "events?")  # fmt: skip
_NOUN = rf"(?:more )?(?:{'|'.join(_NOUNS)})\b"
_WORD = rf"(?i:{'|'.join(COUNT_WORDS[1:])}) {_NOUN}(?! (?:is shown|are too few|say|speaks?))"
_INSIDE = r"(?:[^);.]|\.(?=\d))*"  # up to the end of the brackets or the sentence
_FIGURES = (
    rf"\d+(?:\.\d+)?% (?:prediction )?interval:? {_INSIDE}\d{_INSIDE}",  # 95% interval: 0.63 to 6.78
    rf"{_NUMBER} \[[^\]]*\]",  # 2.07 [0.63, 6.78]
    rf"(?:{_NUMBER}|{'|'.join(COUNT_WORDS[1:])}) stud(?:y|ies)(?:,| with) {_NUMBER} (?:patients|people)",
    rf"{_NUMBER} {_NOUN}",
    rf"{_NUMBER} (?:to|of|and|in|/) {_NUMBER}(?: {_NOUN})?",
    rf"{_NUMBER}/{_NUMBER}",
    rf"(?:(?:p|Q|t|z|τ²|I²) (?:[=<>] )?)?{_NUMBER}",
    _WORD,
)
_FIGURE = rf"(?<![\w.-])(?:{'|'.join(f'(?:{f})' for f in _FIGURES)})"
_YEAR = re.compile(r"(?:19|20)\d\d")


class Said(str):
    """Prose that knows where its numbers come from; to everybody else it is plain text.

    Parameters
    ----------
    parts : tuple of (str, str)
        A piece of text and the id of the place of its numbers; an empty id leaves them as they are.
    """

    parts: tuple[tuple[str, str], ...]

    def __new__(cls, *parts: tuple[str, str]) -> Said:
        """Return the text of all parts."""
        said = super().__new__(cls, "".join(text for text, _ in parts))
        said.parts = parts
        return said


class Tracer:
    """Makes a link of every number in prose; names that hold a digit stay as they are.

    Parameters
    ----------
    names : iterable of str
        Studies, outcomes, times and whatever else has a name ("DAS28", "about 3 months", "He 2020").
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = {n for n in names if any(c.isdigit() for c in n) and any(c.isalpha() for c in n)}
        alternatives = "|".join(re.escape(n) for n in sorted(known, key=lambda n: (-len(n), n)))
        name = rf"(?P<name>(?<!\w)(?i:{alternatives})(?!\w))|" if alternatives else "(?P<name>(?!))|"
        self._pattern = re.compile(f"{name}(?P<figure>{_FIGURE})")

    def __call__(self, text: str, key: str = "") -> Markup:
        """Return `text` as HTML; its numbers lead to `key`, or to where its own parts say."""
        parts = text.parts if isinstance(text, Said) else ((text, key),)
        return Markup("").join(self._part(*part) for part in parts)

    def _part(self, text: str, key: str) -> Markup:
        if not key:
            return escape(text)
        out, at = Markup(""), 0
        for match in self._pattern.finditer(text):
            figure = match["figure"]
            if figure is None or _YEAR.fullmatch(figure):
                continue
            out += escape(text[at : match.start()]) + linked(figure, key)
            at = match.end()
        return out + escape(text[at:])


def linked(text: object, key: str) -> Markup:
    """Return `text` as a link to the place `key`; as it is if it holds no number or has no place."""
    words = escape(text)
    if not key or (not any(c.isdigit() for c in words) and not words.lower().startswith(COUNT_WORDS[1:])):
        return words
    return Markup('<a class="origin" href="#{}">{}</a>').format(key, words)


def names(data: ReportInput) -> set[str]:
    """Return whatever has a name in a review: its digits are no numbers."""
    found = {n for a in data.synthesis.analyses for n in _names(a)}
    found |= {f"{a.outcome_lay} ({a.outcome_label})" for a in data.synthesis.analyses}
    for row in data.sheet("studies"):
        found |= {row["study_id"], row.get("label", ""), row.get("registry", "")}
    found |= {row.get("label", "") for row in data.sheet("arms")}
    found |= {row["outcome"] for row in data.accounting}
    found |= {row.outcome_label for row in data.synthesis.directions}
    found |= {row.time_label for row in data.synthesis.directions}
    return found - {""}


def _names(analysis: Analysis) -> Iterable[str]:
    a = analysis
    yield from (a.title, a.outcome_label, a.outcome_lay, a.window_label, a.comparison_label, a.measure_label)
    yield from (run.label for run in a.sensitivity)
    yield from (group.level for group in a.subgroups)
    yield from (study.time_label for study in a.studies)


# The places of what the records hold


def pooled_place(analysis: Analysis, model: str) -> str:
    """Return the place of a pooled result."""
    return anchor("p", f"{analysis.id}-{model}")


def subgroup_place(analysis: Analysis, group: Subgroup) -> str:
    """Return the place of the result in a subgroup."""
    return anchor("g", f"{analysis.id}-{group.by}-{group.level}")


def absolute_place(analysis: Analysis) -> str:
    """Return the place of the patients per 1000."""
    return anchor("f", analysis.id)


def certainty_place(analysis_id: str) -> str:
    """Return the place of the judgements of certainty."""
    return anchor("c", analysis_id)


def missing_place(analysis_id: str) -> str:
    """Return the place of the studies whose results are or are not in a synthesis."""
    return anchor("x", analysis_id)


def directions_place(outcome: str, kind: str) -> str:
    """Return the place of the directions of one outcome in one kind of comparison."""
    return anchor("d", f"{outcome}-{kind}")


def bias_place(study: str, outcome: str) -> str:
    """Return the place of the judgements of a study's risk of bias."""
    return anchor("j", f"{study}-{outcome}")


def awaited_place(row: Row) -> str:
    """Return the place of a result that is awaited: its key, of which what is missing is a sentence."""
    what = hashlib.sha256(row["what"].encode()).hexdigest()[:8]
    return anchor("w", f"{row['study_id']}-{row['outcome']}-{what}")


def rows_place(study: str) -> str:
    """Return the place of all reported results of a study."""
    return anchor("rows", study)


def asked_place(whom: str) -> str:
    """Return the place of the questions put to a study, or by a check."""
    return anchor("asked", whom)


def flow_place(box: str) -> str:
    """Return the place of a box of the flow of records."""
    return anchor("flow", box)


def run_place(analysis: Analysis, run: str) -> str:
    """Return the place of the result under one changed assumption."""
    return anchor("v", f"{analysis.id}-{run}")


def place(analysis: Analysis) -> str:
    """Return the place of the result that speaks for `analysis`: pooled, of its only study, or its studies."""
    lead = main_pooled(analysis)
    if analysis.status == "pooled" and lead is not None:
        return pooled_place(analysis, lead.model)
    if analysis.status == "single_study" and analysis.studies:
        return anchor("e", analysis.studies[0].effect_id)
    return anchor("k" if analysis.studies else "a", analysis.id)
