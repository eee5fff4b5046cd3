"""The first screen of a report: what the evidence says and how sure it is, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from rheumeta.pages.bias import bias_state
from rheumeta.pages.findings import finding, null_word
from rheumeta.pages.inputs import Row
from rheumeta.pages.measures import question
from rheumeta.pages.numbers import capital, count, first_sentence, uncapital, whole
from rheumeta.pages.origins import JUDGEMENTS, PEOPLE, QUESTIONS, STATUS, Said, place
from rheumeta.pages.words import (
    ADD_ON,
    FEWEST_STUDIES,
    NO_CAUSE,
    counted,
    includes,
    includes_null,
    rests_on_correction,
    shown_result,
    topic,
    weakness,
)
from rheumeta.records import Analysis, Interval, StudyEffect, Synthesis

MOST_CONTROLLED = 3
"""Controlled results spoken of on the first screen; the list beside them holds the rest."""

MISSING = (
    ("press_only", "{n} known only from press or registry statements"),
    ("no_results", "{n} ended or running without visible results"),
    ("planned", "{n} planned and not started"),
)
"""Status of studies whose results are missing from the literature, in words."""

UNSURE = frozenset({"low", "very low"})
"""Levels of certainty that the answer itself has to name."""

SURE = frozenset({"moderate", "high"})
NOT_KNOWN = "Whether the treatment helps or harms is not known. "


def headline(
    synthesis: Synthesis,
    studies: Sequence[Row],
    awaited: Sequence[Row] = (),
    risk_of_bias: Sequence[Row] = (),
    *,
    level: float = 95,
    certainty: Mapping[str, str] | None = None,
) -> list[str]:
    """Return what the evidence says in three to six plain sentences or short groups of them.

    Parameters
    ----------
    synthesis : Synthesis
        Results; its primary analyses are spoken of.
    studies, awaited, risk_of_bias : sequence of rows
        The sheets of the same names.
    level : float
        Level of the intervals in percent.
    certainty : mapping of str to str, optional
        Id of an analysis to the word for its certainty.

    Returns
    -------
    list of str
        The answer, the evidence behind it, controlled results, results without a control group, what is missing;
        each knows where its numbers come from (:class:`rheumeta.pages.origins.Said`).
    """
    primary = once_per_outcome(a for a in synthesis.analyses if a.primary)
    controlled = [a for a in primary if a.comparison_kind == "controlled" and shown_result(a)]
    parts = [
        Said((answer(primary, certainty or {}), QUESTIONS)),
        Said((evidence_base(synthesis, studies), PEOPLE)),
        *(Said((brief(a, level=level), place(a))) for a in controlled[:MOST_CONTROLLED]),
        without_control(primary, level=level),
        nothing_usable(primary),
        missing(studies, awaited, risk_of_bias),
    ]
    return [part for part in parts if part]


def answer(primary: Sequence[Analysis], certainty: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what the controlled primary analyses together can and cannot say, in one sentence.

    It goes by what the intervals include, never by significance: whether they include no difference,
    and on which side they lie if they do not, with what forbids to rely on them (`certainty` by analysis).
    """
    asked = [a for a in primary if a.comparison_kind == "controlled" and not a.add_on]
    if not asked:
        return "There is no control group in this review: it shows what changed, not what caused the change."
    results = [(a, result.display) for a in asked if (result := shown_result(a)) is not None]
    shown = [(a, interval) for a, interval in results if includes(interval, a.null) is not None]
    if not shown:
        return "Whether the treatment helps or harms is not known: no controlled result can be had."
    clear = [(a, interval) for a, interval in shown if not includes(interval, a.null)]
    if len(asked) == 1:
        return _only_answer(shown, clear, certainty)
    if not clear:
        usable = "one has a usable result, and its data would also fit no difference"
        if len(shown) > 1:
            have = count(len(shown), "have", "have")
            usable = f"{have} a usable result, and the data of each would also fit no difference"
        lead = _not_known(shown, certainty)
        return f"{lead}Of {count(len(asked), 'main question')} put to controlled studies, {usable}."
    better = sum(_is_better(a, interval) for a, interval in clear)
    sides = _sides(better, len(clear) - better)
    return (
        f"Of {count(len(asked), 'main question')} put to controlled studies, {count(len(shown), 'has', 'have')} a "
        f"usable result. All values that fit the data well lie {sides}.{_cautions(clear, certainty)}"
    )


def _sides(better: int, worse: int) -> str:
    """Return in how many of the questions the result lies on which side."""
    side = "on the side of {} result with treatment in {}"
    if not (better and worse):
        return side.format("a better" if better else "a worse", count(better + worse, "of them", "of them"))
    text = side.format("a better", count(better, "of them", "of them"))
    return f"{text} and on that of a worse one in {count(worse, 'of them', 'of them')}"


def _cautions(clear: Sequence[tuple[Analysis, Interval]], certainty: Mapping[str, str]) -> str:
    """Return which of the clear results may not be relied on, and why, by name."""
    found = []
    for analysis, interval in clear:
        reasons = (_unsure(analysis, certainty), weakness(analysis, interval))
        if any(reasons):
            found.append(f"{analysis.title} ({'; '.join(filter(None, reasons))})")
    return f" Not to be relied on alone: {', '.join(found)}." if found else ""


def _unsure(analysis: Analysis, certainty: Mapping[str, str]) -> str:
    word = certainty.get(analysis.id, "")
    return f"{word} certainty" if word in UNSURE else ""


def _not_known(shown: Sequence[tuple[Analysis, Interval]], certainty: Mapping[str, str]) -> str:
    """Return that nothing is known of the effect; nothing where a result about no difference is certain enough."""
    words = {certainty.get(analysis.id) for analysis, _ in shown}
    return "" if words & SURE else NOT_KNOWN


def _only_answer(
    shown: Sequence[tuple[Analysis, Interval]],
    clear: Sequence[tuple[Analysis, Interval]],
    certainty: Mapping[str, str],
) -> str:
    """Return the answer where one question was asked and has a result."""
    if not clear:
        asked = "The one main question put to controlled studies has a usable result"
        return f"{_not_known(shown, certainty)}{asked}, but its data would also fit no difference."
    side = "a better" if _is_better(*clear[0]) else "a worse"
    word, shaky = certainty.get(clear[0][0].id, ""), weakness(*clear[0])
    limits = [f"the certainty is {word}"] if word in UNSURE else []
    limits += [shaky] if shaky else []
    but = f" But {', and '.join(limits)}." if limits else ""
    return (
        f"On the one main question, controlled studies point to {side} result with treatment: all values that fit "
        f"their data well lie on that side.{but}"
    )


def _is_better(analysis: Analysis, interval: Interval) -> bool:
    above = interval.estimate is not None and analysis.null is not None and interval.estimate > analysis.null
    return above == (analysis.better == "higher")


def once_per_outcome(analyses: Iterable[Analysis]) -> list[Analysis]:
    """Return the first analysis of each outcome, comparison and time; other measures of it are left out."""
    first: dict[tuple[str, str, str | None], Analysis] = {}
    for analysis in analyses:
        first.setdefault(question(analysis), analysis)
    return list(first.values())


def cohorts(studies: Sequence[Row]) -> dict[str, str]:
    """Return for each study the study at the root of its cohort (itself, if it stands alone)."""
    parent = {row["study_id"]: row.get("cohort_of", "") for row in studies}

    def root(study: str) -> str:
        seen = {study}
        while (above := parent.get(study, "")) and above not in seen:
            seen.add(above)
            study = above
        return study

    return {study: root(study) for study in parent}


def patients(analyses: Iterable[Analysis], cohort: Mapping[str, str]) -> dict[str, float]:
    """Return for each cohort the largest number of patients that any of the analyses counts."""
    return {key: patients_in(study) for key, study in largest(analyses, cohort).items()}


def largest(analyses: Iterable[Analysis], cohort: Mapping[str, str]) -> dict[str, StudyEffect]:
    """Return for each cohort the effect that counts most of its patients."""
    most: dict[str, StudyEffect] = {}
    for study in (s for a in analyses for s in a.studies):
        key = cohort.get(study.study_id, study.study_id)
        if key not in most or patients_in(study) > patients_in(most[key]):
            most[key] = study
    return most


def patients_in(study: StudyEffect) -> float:
    """Return the patients of both groups of a study."""
    return (study.n1 or 0) + (study.n2 or 0)


def evidence_base(synthesis: Synthesis, studies: Sequence[Row]) -> str:
    """Return how many studies and patients there are, and how many have a control group."""
    total = count(len(studies), "study", "studies")
    everyone = patients(synthesis.analyses, cohorts(studies))
    if not everyone:
        return f"The review holds {total}; none gives numbers that can be used."
    size = whole(sum(everyone.values()))
    if len(everyone) == len(studies):
        text = f"The review holds {total} with {size} patients, all with numbers that can be used."
    else:
        verb = "gives" if len(everyone) == 1 else "give"
        text = (
            f"The review holds {total}; {count(len(everyone), 'cohort')} of patients (groups followed together), "
            f"{size} in all, {verb} numbers that can be used."
        )
    return f"{text} {_compared(synthesis, studies)}"


def _compared(synthesis: Synthesis, studies: Sequence[Row]) -> str:
    """Return in how many cohorts the treatment was compared with a control, and how many at random."""
    cohort = cohorts(studies)
    against = [a for a in synthesis.analyses if a.comparison_kind == "controlled" and not a.add_on]
    compared = patients(against, cohort)
    if not compared:
        return "In none of them was the treatment compared with a control group."
    drawn = at_random(against, studies)
    random_share = _at_random(len(drawn), len(compared), [compared[key] for key in drawn])
    if len(compared) == len(patients(synthesis.analyses, cohort)):
        chance = "and chance decided who was in which" if len(drawn) == len(compared) else random_share
        return f"In each of them treated patients were compared with a control group, {chance}."
    size = f"{count(len(compared), 'cohort')} ({whole(sum(compared.values()))} patients)"
    text = f"Only {size} give numbers that can be set against a control group, {random_share}."
    if not synthesis.controlled_silent:
        return text
    names = ", ".join(synthesis.controlled_silent)
    return (
        f"{text} {capital(count(len(synthesis.controlled_silent), 'more study', 'more studies'))} with a control "
        f"group without the treatment {'gives' if len(synthesis.controlled_silent) == 1 else 'give'} none: {names}."
    )


def at_random(against: Iterable[Analysis], studies: Sequence[Row]) -> set[str]:
    """Return the cohorts that a randomised study set against a control group."""
    cohort = cohorts(studies)
    random = {row["study_id"] for row in studies if row.get("design_class") == "randomised"}
    return {cohort.get(s.study_id, s.study_id) for a in against for s in a.studies if s.study_id in random}


def _at_random(some: int, of: int, sizes: Sequence[float]) -> str:
    if some == of:
        return "at random"
    return (
        f"{count(some, 'of them', 'of them')} at random ({whole(sum(sizes))})" if some else "none at random"
    )


def brief(analysis: Analysis, *, level: float = 95) -> str:
    """Return a result in one or two sentences for the first screen."""
    result = shown_result(analysis)
    if result is None:
        return ""
    found = finding(analysis, result.display, level=level)
    if result.study is not None and rests_on_correction(result.study):
        found = counted(result.study)
    size = f", {whole(analysis.n_patients)} patients" if analysis.n_patients else ""
    text = f"{topic(analysis)}: {found}; {count(analysis.k, 'study', 'studies')}{size}."
    if includes(result.display, analysis.null):
        text += f" These data would also fit {null_word(analysis)}."
    else:
        text += f" {includes_null(analysis, result.display)}".rstrip()
    if analysis.add_on:
        return f"{text} {ADD_ON}"
    return f"{text} {analysis.caution}" if analysis.caution else text


def without_control(primary: Sequence[Analysis], *, level: float = 95) -> str:
    """Return the results of the groups without control, in one go, with the warning they need."""
    texts: list[tuple[str, str]] = []
    for analysis in primary:
        if analysis.comparison_kind == "controlled":
            continue
        result = shown_result(analysis)
        if result is not None:
            few = ", an interval that two studies are too few to rely on" if _two(analysis) else ""
            found = finding(analysis, result.display, level=level)
            texts.append((f"{uncapital(topic(analysis))}: {found}{few}", place(analysis)))
        elif analysis.status == "not_pooled" and analysis.status_reason:
            reason = first_sentence(analysis.status_reason)
            texts.append((f"{uncapital(topic(analysis))}: {reason}", place(analysis)))
    between = [part for text in texts for part in (("; ", ""), text)][1:]
    said = (("In treated patients without a control group: ", ""), *between, (f". {NO_CAUSE}", ""))
    return Said(*said) if texts else ""


def _two(analysis: Analysis) -> bool:
    return analysis.status == "pooled" and analysis.k == FEWEST_STUDIES


def nothing_usable(primary: Sequence[Analysis]) -> str:
    """Return the primary questions to which no number speaks."""
    topics = [f"{uncapital(topic(a))} ({uncapital(a.comparison_label)})" for a in primary if not a.studies]
    return f"No usable numbers at all: {'; '.join(topics)}." if topics else ""


def missing(studies: Sequence[Row], awaited: Sequence[Row], risk_of_bias: Sequence[Row]) -> str:
    """Return what is missing: studies without published results, data awaited, how far bias was judged."""
    parts = []
    for status, words in MISSING:
        size = sum(row.get("status") == status for row in studies)
        if size:
            parts.append(words.format(n=count(size, "study", "studies")))
    text = f"Missing from the published evidence: {', '.join(parts)}. " if parts else ""
    planned = {row["study_id"] for row in studies if row.get("status") == "planned"}
    waiting = len({row["study_id"] for row in awaited} - planned)
    if waiting:
        text += f"For {count(waiting, 'study', 'studies')}, data that exist or should exist are awaited. "
    bias = bias_state(studies, risk_of_bias).told
    return Said((text if bias else text.strip(), STATUS), (bias, JUDGEMENTS))
