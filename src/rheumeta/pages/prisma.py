"""The PRISMA 2020 checklist with where each item stands in the report.

Items are numbered as in Page MJ and others 2021, BMJ 372:n71, table 1, and said in short words. Where an
item stands is found from what the review holds; what only its authors can write is named as missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rheumeta.pages.currency import currency
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.numbers import count

AUTHORS = "Not in the sheets: for the authors to write."


@dataclass(frozen=True)
class Item:
    """One item of the checklist, filled in."""

    number: str
    topic: str
    asks: str
    where: str


Where = Callable[[ReportInput], str]


def _flow(data: ReportInput) -> str:
    known = any(row["n"] for row in data.sheet("flow"))
    return "Results, Studies; Flow of records" if known else "The numbers are not recorded in the sheet flow."


def _sources(data: ReportInput) -> str:
    found = currency(data)
    if not found.last:
        return f"No search is recorded in the sheet searches. {AUTHORS}"
    return f"Results, How current this is: {count(len(found.last), 'source', 'sources')}, current to {found.current_to}"


def _strategies(data: ReportInput) -> str:
    rows = data.sheet("searches")
    given = sum(bool(row["strategy"]) for row in rows)
    if not given:
        return f"No strategy is recorded in the sheet searches. {AUTHORS}"
    return f"Sheet searches: the strategy of {given} of {len(rows)} searches"


def _bias(data: ReportInput) -> str:
    rows = data.sheet("risk_of_bias")
    if not rows:
        return "Not assessed: the sheet risk_of_bias is empty."
    waiting = sum(row["judgement"] == "not_assessed" for row in rows)
    text = "Results, Risk of bias"
    return f"{text}; {waiting} of {len(rows)} judgements not made yet" if waiting else text


def _readings(data: ReportInput) -> str:
    twice = sum(bool(row.get("second_reading")) for row in data.harmonised)
    return f"Methods, Data; second reading of {twice} of {len(data.harmonised)} results. Who read: {AUTHORS}"


def _subgroups(data: ReportInput) -> str:
    some = any(a.subgroups or a.regressions for a in data.synthesis.analyses)
    return "Results, each comparison" if some else "None was planned."


def _sensitivity(data: ReportInput) -> str:
    some = any(a.sensitivity for a in data.synthesis.analyses)
    return "Results, each analysis" if some else "None was planned."


def _certainty(data: ReportInput) -> str:
    return "Results, Summary of findings" if data.appraisal else "Not rated."


def _certainty_methods(data: ReportInput) -> str:
    return "Methods, Certainty and missing results" if data.appraisal else "Not rated."


def _declared(key: str) -> Where:
    """Return a function that says where a declaration of the authors stands."""

    def where(data: ReportInput) -> str:
        given = (data.protocol.get("declarations") or {}).get(key)
        return "Declarations" if given else f"Not in the protocol (declarations: {key}). {AUTHORS}"

    return where


def _missing(data: ReportInput) -> str:
    return (
        "Supplement, Results missing from the syntheses"
        if data.sheet("awaited")
        else "No result is listed as awaited."
    )


def _changes(data: ReportInput) -> str:
    return (
        "Methods, Eligibility and comparisons" if data.protocol.get("changes") else "No change is recorded."
    )


def _excluded(data: ReportInput) -> str:
    some = any(row["box"] == "excluded_assessment" and row["n"] for row in data.sheet("flow"))
    left = "studies left out of an analysis stand with it"
    return f"Flow of records; {left}" if some else f"Excluded reports are not recorded; {left}"


ITEMS: tuple[tuple[str, str, str, Where | str], ...] = (
    ("1", "Title", "says that it is a systematic review", "Title page"),
    (
        "2",
        "Abstract",
        "the items of the checklist for abstracts",
        "Abstract of the paper; check against that list",
    ),
    ("3", "Rationale", "why the review was done", "Question; " + AUTHORS),
    ("4", "Objectives", "the question", "Question"),
    (
        "5",
        "Eligibility",
        "which studies count, and how they were grouped",
        "Methods, Eligibility and comparisons",
    ),
    ("6", "Information sources", "every source and the date of its last search", _sources),
    ("7", "Search strategy", "the full strategies", _strategies),
    ("8", "Selection process", "how studies were chosen and by how many people", AUTHORS),
    ("9", "Data collection", "how numbers were read and by how many people", _readings),
    (
        "10a",
        "Data items: outcomes",
        "all outcomes, and how results were chosen",
        "Methods, Data and Effect measures",
    ),
    (
        "10b",
        "Data items: other",
        "all other variables and assumptions about gaps",
        "Sheets and codebook; flags of each effect",
    ),
    (
        "11",
        "Risk of bias methods",
        "tool, and by how many people",
        "Methods, Risk of bias names the tools; how many people judged: " + AUTHORS,
    ),
    ("12", "Effect measures", "for each outcome", "Methods, Effect measures"),
    (
        "13a",
        "Synthesis: eligibility",
        "how it was decided which study enters which synthesis",
        "Methods, Eligibility and comparisons",
    ),
    (
        "13b",
        "Synthesis: preparation",
        "conversions and missing summary statistics",
        "Methods, Data; table derivations",
    ),
    ("13c", "Synthesis: display", "tables and figures", "Results"),
    ("13d", "Synthesis: model", "methods, heterogeneity, software", "Methods, Synthesis and Software"),
    ("13e", "Synthesis: causes of heterogeneity", "subgroups, meta-regression", "Methods, Synthesis"),
    ("13f", "Synthesis: sensitivity", "how robust the results are", "Methods, Synthesis"),
    (
        "14",
        "Reporting bias methods",
        "how missing results were looked for",
        "Methods, Certainty and missing results; sheet awaited",
    ),
    ("15", "Certainty methods", "how certainty was rated", _certainty_methods),
    ("16a", "Study selection", "numbers from records to studies", _flow),
    ("16b", "Excluded studies", "near misses with the reason", _excluded),
    (
        "17",
        "Study characteristics",
        "each study with its citation",
        "Results, Studies, table of characteristics",
    ),
    ("18", "Risk of bias in studies", "the judgements", _bias),
    (
        "19",
        "Results of studies",
        "numbers, effect and precision of each study",
        "Results, forest plots; tables of each analysis",
    ),
    (
        "20a",
        "Syntheses: studies",
        "characteristics and bias of those that contribute",
        "Results, each comparison",
    ),
    (
        "20b",
        "Syntheses: results",
        "estimate, precision, heterogeneity, direction",
        "Results, each comparison",
    ),
    ("20c", "Syntheses: heterogeneity", "results on its causes", _subgroups),
    ("20d", "Syntheses: sensitivity", "results of sensitivity analyses", _sensitivity),
    ("21", "Reporting biases", "bias from missing results in each synthesis", _missing),
    ("22", "Certainty of evidence", "for each outcome", _certainty),
    ("23a", "Discussion: interpretation", "in the context of other evidence", AUTHORS),
    ("23b", "Discussion: limits of the evidence", "of the studies", "Limits of the evidence"),
    (
        "23c",
        "Discussion: limits of the review",
        "of the process",
        "Limits of the review, as far as the sheets show them",
    ),
    ("23d", "Discussion: implications", "for practice, policy and research", AUTHORS),
    ("24a", "Registration", "register and number", _declared("registration")),
    ("24b", "Protocol", "where it can be read", "The protocol file of the review, with its version"),
    ("24c", "Amendments", "changes of the protocol", _changes),
    ("25", "Support", "who paid, and their part in it", _declared("funding")),
    ("26", "Competing interests", "of the authors", _declared("competing_interests")),
    (
        "27",
        "Data, code, materials",
        "where they are",
        "Sheets, protocol and code of this project; tables.xlsx",
    ),
)


def checklist(data: ReportInput) -> list[Item]:
    """Return the checklist of a review, filled in."""
    return [
        Item(number, topic, asks, where if isinstance(where, str) else where(data))
        for number, topic, asks, where in ITEMS
    ]
