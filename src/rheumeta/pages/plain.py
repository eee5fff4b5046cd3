"""The review in plain words for patients: what was tried, in whom, what changed, how sure, what is not known.

No advice. How sure is said in the fixed phrases of Santesso 2020 (J Clin Epidemiol 119, 126):
the surer, the plainer the verb.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.appraised import Appraisal, Finding, Level, MissingResults
from rheumeta.pages.bias import BiasState, bias_state
from rheumeta.pages.certainty import amount
from rheumeta.pages.currency import currency
from rheumeta.pages.findings import FAMILIES, finding
from rheumeta.pages.headline import cohorts, patients
from rheumeta.pages.inputs import ReportInput, anchor
from rheumeta.pages.numbers import capital, count, first_sentence, number, uncapital, whole
from rheumeta.pages.origins import HIDDEN, JUDGEMENTS, PEOPLE, TRIALS, Said, absolute_place, place
from rheumeta.pages.words import NO_CAUSE, shaky, shown_result
from rheumeta.records import Analysis, Interval

VERBS: dict[Level, str] = {
    "high": "",
    "moderate": "probably",
    "low": "possibly",
}
"""How a result of each certainty is said; very low certainty has a sentence of its own."""

SURE: dict[Level, str] = {
    "high": "This is well supported: more studies will hardly change it.",
    "moderate": "More studies may change this.",
    "low": "More studies are likely to change this.",
    "very_low": "This is very uncertain: the true effect may be quite different.",
}
FEW_PEOPLE = 100
"""Fewer people without the treatment than this are counted in the sentence: one more or less with the event would
move the guess by more than 10 of 1000."""
COUNTED = frozenset({"ratio", "risk_difference", "proportion", "rate", "other"})
"""Families of measures that count events, but for the ratio of means."""
HARM = re.compile(r"safety|harm|adverse|unwanted|toxicity|side effect", re.IGNORECASE)
NO_HARM = "Unwanted effects of the treatment: no analysis of this review looks at them."
LIMITS = {
    "risk_of_bias": "The way the studies were done may have changed their results.",
    "inconsistency": "The results differ from study to study more than chance would make them.",
    "indirectness": "They answer another question than was asked: other people, other measures, or no control group.",
    "imprecision": "Too few people took part, or their results spread too widely, to know how large the effect is.",
    "publication_bias": "Results of some studies are missing, perhaps because of what they showed.",
}
"""What lowers the certainty, by domain of GRADE."""
FEWER_THAN_A_TRIAL = (
    "Fewer people took part than one trial made to find a modest effect would need, "
    "so what was found may still change."
)
"""The same of imprecision where the interval alone would not lower it, and one level is enough."""

SHARE_NO_CAUSE = "Without a control group nobody can say how often it happens without the treatment."


@dataclass(frozen=True)
class Passage:
    """A heading and what stands below it."""

    title: str
    texts: tuple[str, ...]


def plain_summary(data: ReportInput) -> list[Passage]:
    """Return the passages of the plain-language summary; empty without an appraisal."""
    found = data.appraisal
    if found is None:
        return []
    question = data.protocol.get("question", {})
    passages = [
        Passage("What was tried", tried(question)),
        Passage("In how many people", people(data, found)),
        Passage("What changed, and how sure that is", changes(data, found)),
        Passage(
            "Why it is not surer",
            limits(found, bias_state(data.sheet("studies"), data.sheet("risk_of_bias"))),
        ),
        Passage("What is not known", (*unknown(found), *unasked(data))),
        Passage("How up to date this is", currency(data).sentences),
        Passage("What authorities have approved", tuple(data.protocol.get("approval", ()))),
    ]
    return [p for p in passages if p.texts]


def tried(question: dict[str, str]) -> tuple[str, ...]:
    """Return treatment, patients and what it was compared with."""
    parts = (
        ("The treatment", "intervention"),
        ("The people", "population"),
        ("Compared with", "comparator"),
    )
    return tuple(f"{name}: {uncapital(question[key])}." for name, key in parts if question.get(key))


def people(data: ReportInput, found: Appraisal) -> tuple[str, ...]:
    """Return how many people there are, and how many were compared with a control group at random."""
    studies, base = data.sheet("studies"), found.base
    everyone = patients(data.synthesis.analyses, cohorts(studies))
    found_ = f"{capital(count(len(studies), 'study', 'studies'))} were found."
    texts = [
        Said((f"{found_} Numbers that can be used come from {whole(sum(everyone.values()))} people.", PEOPLE))
    ]
    if base.randomised:
        text = f"In {count(base.randomised, 'trial')} chance decided who got the treatment and who did not."
        if base.without_results:
            verb = "gives" if base.without_results == 1 else "give"
            text += (
                f" {capital(count(base.without_results, 'of them', 'of them'))}, with "
                f"{whole(base.without_results_patients)} people, {verb} no number that can be used."
            )
        texts.append(Said((text, TRIALS if found.base.trials else "")))
    else:
        texts.append(Said(("In no study did chance decide who got the treatment and who did not.", "")))
    return tuple(texts)


def changes(data: ReportInput, found: Appraisal) -> tuple[str, ...]:
    """Return one passage for each primary outcome: the result in numbers of people, and how sure it is."""
    by_id = {a.id: a for a in data.synthesis.analyses}
    seen: set[tuple[str, str, str]] = set()
    texts = []
    for item in found.findings:
        key = (item.comparison, item.outcome, item.window_label)
        if item.primary and key not in seen:
            seen.add(key)
            analysis = by_id[item.analysis_id]
            whence = absolute_place(analysis) if item.absolute and shown_result(analysis) else place(analysis)
            texts.append(Said((change(analysis, item, level=data.level), whence), *noticed(analysis)))
    return tuple(texts)


def change(analysis: Analysis, item: Finding, *, level: float = 95) -> str:
    """Return the result of one outcome in plain words."""
    what = capital(f"{analysis.outcome_lay}, {analysis.window_label}")
    result = shown_result(analysis)
    if item.k == 0:
        beside = " beside people without the treatment" if analysis.comparison_kind == "controlled" else ""
        return f"{what}: no study gives numbers that can be used{beside}."
    if analysis.comparison_kind != "controlled":
        limit = NO_CAUSE if analysis.comparison_kind == "before_after" else SHARE_NO_CAUSE
        if result is None:
            reason = analysis.status_reason or "the studies could not be put together"
            return f"{what}: {first_sentence(reason)}. {limit}"
        seen = "; ".join(filter(None, (finding(analysis, result.display, level=level), shaky(analysis))))
        return f"{what}: in {whole(item.n_patients)} treated people, {seen}. {limit}"
    if result is None:
        return f"{what}: the studies could not be put together."
    return f"{what}: {effect(analysis, item, result.display, level=level)} {sureness(item.certainty)}".strip()


def noticed(analysis: Analysis) -> tuple[tuple[str, str], ...]:
    """Return from which size on patients notice a difference, with its place; empty where that says nothing."""
    if analysis.mid is None or analysis.measure not in ("MD", "MC") or analysis.status != "pooled":
        return ()
    unit = f" {analysis.unit}" if analysis.unit else ""
    return (
        (
            f" Patients notice a difference from about {number(analysis.mid)}{unit} on.",
            anchor("n", analysis.id),
        ),
    )


def effect(analysis: Analysis, item: Finding, display: Interval, *, level: float = 95) -> str:
    """Return what to expect without and with the treatment where that is known, else the effect as a clause."""
    absolute = item.absolute
    word = VERBS.get(item.certainty, "") if item.certainty else ""
    maybe = f"{word} " if word else ""
    if absolute is None:
        return f"{maybe}{finding(analysis, display, level=level)}."
    without, treated = amount(absolute, absolute.assumed), absolute.treated
    span = ""
    if treated.lower is not None and treated.upper is not None:
        low, high = amount(absolute, treated.lower), amount(absolute, treated.upper)
        span = f"; the data fit anything from {low} to {high} with it"
    of = {"risk": "of 1000 people", "rate": "per 1000 people and year", "mean": absolute.unit or "on average"}
    return (
        f"the best guess is {without} {of[absolute.of]} without the treatment{few_counted(analysis, item)} and {maybe}"
        f"{amount(absolute, treated.estimate)} with it{span}."
    )


def few_counted(analysis: Analysis, item: Finding) -> str:
    """Return how many people without the treatment the guess of 1000 comes from, where they are few."""
    groups = [(s.events2, s.n2) for s in analysis.studies if s.events2 is not None and s.n2]
    people_ = sum(n for _, n in groups)
    if item.absolute is None or item.absolute.of != "risk" or not 0 < people_ < FEW_PEOPLE:
        return ""
    these = "this study" if analysis.k == 1 else "these studies"
    return f" (in {these} {whole(sum(events for events, _ in groups))} of {whole(people_)} people without it)"


def sureness(level: Level | None) -> str:
    """Return how sure a result is, in a sentence."""
    return SURE[level] if level else ""


def limits(found: Appraisal, bias: BiasState) -> tuple[str, ...]:
    """Return what lowers the certainty of the main results, of all or of some, and how far bias was judged."""
    main = {f.analysis_id for f in found.findings if f.primary}
    graded = [c.domains for c in found.certainty if c.analysis_id in main and c.level]
    texts: list[str] = [Said((bias.told_plainly, JUDGEMENTS))] if bias.told_plainly else []
    for domain, words in LIMITS.items():
        if domain == "risk_of_bias" and not bias.judged:
            continue
        lower = [d for domains in graded for d in domains if d.domain == domain and d.levels < 0]
        told = [FEWER_THAN_A_TRIAL if d.by_size and d.levels == -1 else words for d in lower]
        for text in dict.fromkeys(told):
            some = told.count(text) < len(graded)
            texts.append(f"For some of the results: {uncapital(text)}" if some else text)
    return tuple(texts)


def unknown(found: Appraisal) -> tuple[str, ...]:
    """Return what is not known: results that are not public, studies not begun, outcomes without numbers."""
    texts = []
    hidden = suspected(found.missing)
    if hidden:
        studies, patients = len(hidden), sum(hidden.values())
        verb = "was" if studies == 1 else "were"
        text = f"{capital(count(studies, 'trial'))} with {whole(patients)} people {verb} begun and never made public in"
        texts.append(Said((f"{text} full. What they found is not known.", HIDDEN)))
    if found.base.planned:
        text = (
            f"{capital(count(found.base.planned, 'more trial'))} with {whole(found.base.planned_patients)} people "
            f"{'was' if found.base.planned == 1 else 'were'} planned; no results are known."
        )
        texts.append(Said((text, TRIALS if found.base.trials else "")))
    silent = list(dict.fromkeys(
        f"{f.outcome_label} ({f.window_label})" for f in found.findings
        if f.primary and f.k == 0 and f.comparison_kind == "controlled"
    ))  # fmt: skip
    if silent:
        text = (
            f"No usable comparison with people who did not get the treatment exists for: {', '.join(silent)}."
        )
        texts.append(Said((text, "")))
    return tuple(texts)


def unasked(data: ReportInput) -> tuple[str, ...]:
    """Return that unwanted effects were not looked at, where no analysis can be of one.

    That is so if none counts events that are better rarer, and no outcome stands under safety or harm in the protocol.
    """
    plans = data.protocol.get("outcomes", {})
    analyses = data.synthesis.analyses
    counts = any(
        a.better == "lower" and a.measure != "ROM" and FAMILIES.get(a.measure) in COUNTED for a in analyses
    )
    named = any(HARM.search(str(plans.get(a.outcome, {}).get("domain", ""))) for a in analyses)
    return () if counts or named or not analyses else (NO_HARM,)


def suspected(missing: Sequence[MissingResults]) -> dict[str, float]:
    """Return the studies against a control group whose results are held back, with their patients."""
    sizes: dict[str, float] = {}
    for item in missing:
        for study in item.studies:
            if item.primary and study.status in ("ended_early", "unpublished") and study.suspected:
                sizes[study.study_id] = max(sizes.get(study.study_id, 0.0), study.patients or 0.0)
    return sizes
