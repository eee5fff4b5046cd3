"""The first screen of a report: what the evidence says and how sure it is, in a few sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rheumeta.pages.inputs import Row
from rheumeta.pages.numbers import count, uncapital, whole
from rheumeta.pages.words import NO_CAUSE, finding, includes, null_word, shown_result, topic
from rheumeta.records import Analysis, Synthesis

MOST_CONTROLLED = 3
"""Controlled results spoken of on the first screen; the table beneath it holds the rest."""

MISSING = (
    ("press_only", "{n} known only from press or registry statements"),
    ("no_results", "{n} ended or running without visible results"),
    ("planned", "{n} planned and not started"),
)
"""Status of studies whose results are missing from the literature, in words."""


def headline(
    synthesis: Synthesis,
    studies: Sequence[Row],
    awaited: Sequence[Row] = (),
    risk_of_bias: Sequence[Row] = (),
    *,
    add_on: frozenset[str] = frozenset(),
    level: float = 95,
) -> list[str]:
    """Return what the evidence says in three to six plain sentences or short groups of them.

    Parameters
    ----------
    synthesis : Synthesis
        Results; its primary analyses are spoken of.
    studies, awaited, risk_of_bias : sequence of rows
        The sheets of the same names.
    add_on : frozenset of str
        Comparisons in which both sides got the treatment: no comparison with a control.
    level : float
        Level of the intervals in percent.

    Returns
    -------
    list of str
        The evidence, controlled results, results without a control group, what is missing.
    """
    primary = [a for a in synthesis.analyses if a.primary]
    controlled = [a for a in primary if a.comparison_kind == "controlled"]
    found = [a for a in controlled if shown_result(a) is not None]
    parts = [
        evidence_base(synthesis, studies, add_on=add_on),
        *(brief(a, level=level) for a in found[:MOST_CONTROLLED]),
        without_control(primary, level=level),
        _nothing_usable(primary),
        missing(studies, awaited, risk_of_bias),
    ]
    return [part for part in parts if part]


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
    most: dict[str, float] = {}
    for analysis in analyses:
        for study in analysis.studies:
            size = (study.n1 or 0) + (study.n2 or 0)
            key = cohort.get(study.study_id, study.study_id)
            most[key] = max(most.get(key, 0), size)
    return most


def evidence_base(
    synthesis: Synthesis, studies: Sequence[Row], *, add_on: frozenset[str] = frozenset()
) -> str:
    """Return how many studies and patients there are, and how many have a control group."""
    cohort = cohorts(studies)
    everyone = patients(synthesis.analyses, cohort)
    against = [
        a for a in synthesis.analyses if a.comparison_kind == "controlled" and a.comparison not in add_on
    ]
    compared = patients(against, cohort)
    total = len(studies) or len({s.study_id for a in synthesis.analyses for s in a.studies})
    if not everyone:
        return f"The review holds {count(total, 'study', 'studies')}; none gives numbers that can be used."
    verb = "gives" if len(everyone) == 1 else "give"
    text = (
        f"The review holds {count(total, 'study', 'studies')}; {count(len(everyone), 'cohort')} of patients, "
        f"{whole(sum(everyone.values()))} in all, {verb} numbers that can be used"
    )
    if not compared:
        return f"{text}. None of them was compared with a control group."
    if len(compared) == len(everyone):
        return f"{text}, each compared with a control group."
    return (
        f"{text}. Only in {count(len(compared), 'cohort')} ({whole(sum(compared.values()))} patients) were "
        f"treated patients compared with a control group."
    )


def brief(analysis: Analysis, *, level: float = 95) -> str:
    """Return a result in one sentence for the first screen."""
    result = shown_result(analysis)
    if result is None:
        return ""
    size = f", {whole(analysis.n_patients)} patients" if analysis.n_patients else ""
    text = (
        f"{topic(analysis)}: {finding(analysis, result.display, level=level)}; "
        f"{count(analysis.k, 'study', 'studies')}{size}{_design(analysis)}."
    )
    held = includes(result.display, analysis.null)
    if held is None:
        return text
    if held:
        return f"{text} The interval includes {null_word(analysis)}."
    return f"{text} The interval does not include {null_word(analysis)}."


def _design(analysis: Analysis) -> str:
    """Return the first words of the caution of a controlled comparison, e.g. "not randomised"."""
    return f" ({uncapital(analysis.caution.partition(':')[0])})" if analysis.caution else ""


def without_control(primary: Sequence[Analysis], *, level: float = 95) -> str:
    """Return the results of the groups without control, in one go, with the warning they need."""
    texts = []
    changes = False
    for analysis in primary:
        result = shown_result(analysis)
        if analysis.comparison_kind == "controlled" or result is None:
            continue
        changes = changes or analysis.comparison_kind == "before_after"
        texts.append(f"{uncapital(topic(analysis))}: {finding(analysis, result.display, level=level)}")
    if not texts:
        return ""
    warning = NO_CAUSE if changes else "This does not show whether the treatment caused it."
    return f"In treated patients without a control group: {'; '.join(texts)}. {warning}"


def _nothing_usable(primary: Sequence[Analysis]) -> str:
    bare = [a for a in primary if shown_result(a) is None]
    if not bare:
        return ""
    topics = "; ".join(f"{uncapital(topic(a))} ({a.comparison_label})" for a in bare)
    return f"No pooled answer can be given for: {topics}."


def missing(studies: Sequence[Row], awaited: Sequence[Row], risk_of_bias: Sequence[Row]) -> str:
    """Return what is missing: studies without published results, data awaited, bias not judged."""
    parts = []
    for status, words in MISSING:
        size = sum(row.get("status") == status for row in studies)
        if size:
            parts.append(words.format(n=count(size, "study", "studies")))
    text = f"Missing from the published evidence: {', '.join(parts)}. " if parts else ""
    waiting = len({row["study_id"] for row in awaited})
    if waiting:
        text += f"For {count(waiting, 'study', 'studies')}, data that exist or should exist are awaited. "
    if risk_of_bias and all(row["judgement"] == "not_assessed" for row in risk_of_bias):
        text += "The risk of bias of the studies has not been judged yet."
    return text.strip()
