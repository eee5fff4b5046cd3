"""What frames the paper: the abstract, the limits, the declarations; what is not recorded is said to be missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rheumeta.pages import pandoc
from rheumeta.pages.analyses import METHOD_NAMES, AnalysisView
from rheumeta.pages.bias import bias_state
from rheumeta.pages.certainty import judged_by
from rheumeta.pages.currency import currency
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.numbers import capital, count, uncapital
from rheumeta.pages.pandoc import Block

MISSING = "Not stated in the protocol."
DECLARATIONS = {
    "registration": "Registration",
    "funding": "Funding",
    "competing_interests": "Competing interests",
    "data_sharing": "Data sharing",
}
"""Keys of the protocol's declarations and how the paper calls them."""

NO_SEARCH = "No search is recorded, so eligible studies may be missing."
OWN_FILES = "Every number can be followed to its row and source in the report and in tables.xlsx."


def abstract(data: ReportInput, sentences: Sequence[str]) -> Iterable[Block]:
    """Yield a structured abstract: the items of PRISMA 2020 for abstracts, as far as they are recorded.

    Parameters
    ----------
    data : ReportInput
        Protocol, sheets, results.
    sentences : sequence of str
        What the evidence says: the answer first, then what it rests on.
    """
    question = data.protocol["question"]
    answer, *rest = sentences
    said = declared(data)
    parts = [
        ("Objective", question["text"]),
        ("Eligibility", f"{question['population']}. Intervention: {uncapital(question['intervention'])}. Comparator: "
                        f"{uncapital(question['comparator'])}. Outcomes: {uncapital(question['outcomes'])}."),
        ("Sources", currency(data).sentences[0]),
        ("Methods", _methods(data)),
        ("Results", " ".join(rest)),
        ("Limits", " ".join(text for text in own_limits(data) if text != NO_SEARCH)),
        ("Conclusion", answer),
        ("Funding", said["funding"]),
        ("Registration", said["registration"]),
    ]  # fmt: skip
    yield pandoc.heading(1, "Abstract", numbered=False)
    for name, text in parts:
        if text:
            yield pandoc.paragraph([pandoc.strong(f"{name}."), pandoc.SPACE, *pandoc.words(text)])


def _methods(data: ReportInput) -> str:
    """Return in two sentences how results were pooled and how bias and certainty were judged."""
    defaults = data.protocol.get("defaults", {})
    method = str(defaults.get("method", "REML"))
    tools = sorted({row["tool"] for row in data.sheet("risk_of_bias") if row["judgement"] != "not_assessed"})
    bias = f"Risk of bias: {', '.join(tools)}. " if tools else "The risk of bias was not assessed. "
    grade = "Certainty: GRADE, suggested by rules." if data.appraisal else ""
    name = METHOD_NAMES.get(method, method)
    return f"Random-effects meta-analysis ({name}); effects with {data.level:g}% intervals. {bias}{grade}"


def judged(data: ReportInput) -> bool:
    """Tell whether anybody has judged the risk of bias of any study."""
    return any(row["judgement"] != "not_assessed" for row in data.sheet("risk_of_bias"))


def declared(data: ReportInput) -> dict[str, str]:
    """Return what the authors declare, or that the protocol does not state it."""
    given = data.protocol.get("declarations") or {}
    return {key: str(given.get(key) or MISSING) for key in DECLARATIONS}


def declarations(data: ReportInput) -> Iterable[Block]:
    """Yield what journals ask of authors."""
    yield pandoc.heading(1, "Declarations", numbered=False)
    said = declared(data)
    said["data_sharing"] += f" {OWN_FILES}"
    yield pandoc.labelled((name, said[key]) for key, name in DECLARATIONS.items())


def limits(data: ReportInput, views: Sequence[AnalysisView]) -> Iterable[Block]:
    """Yield the limits of the evidence and those of the review."""
    yield pandoc.heading(1, "Limits")
    yield pandoc.heading(2, "Limits of the evidence")
    cautions = dict.fromkeys(v.record.caution for v in views if v.record.caution and v.record.studies)
    yield pandoc.bullets([*_unused(data), *map(str, cautions), _thin([v.record.status for v in views])])
    own = own_limits(data)
    if own:
        yield pandoc.heading(2, "Limits of the review")
        yield pandoc.bullets(own)


def _unused(data: ReportInput) -> list[str]:
    """Return how many of the reported results enter no analysis; nothing if none is reported."""
    total, unused = len(data.accounting), sum(not row["used_in"] for row in data.accounting)
    if unused:
        verb = "enters" if unused == 1 else "enter"
        return [f"Of {total} reported results {unused} {verb} no analysis; the report lists why."]
    whole = count(total, "reported result enters an analysis", "reported results all enter analyses")
    return [f"{capital(whole)}."] if total else []


def _thin(statuses: Sequence[str]) -> str:
    """Return how many of the planned analyses rest on one study or on none."""
    one, empty = statuses.count("single_study"), statuses.count("no_data")
    parts = [
        f"{count(size, *verbs)} {what}"
        for size, verbs, what in (
            (one, ("rests", "rest"), "on one study"), (empty, ("has", "have"), "no usable number")
        )
        if size
    ]  # fmt: skip
    planned = count(len(statuses), "planned analysis", "planned analyses")
    if not parts:
        return f"{capital(planned)} {'rests' if len(statuses) == 1 else 'all rest'} on more than one study."
    return f"Of {planned}, {' and '.join(parts)}."


def own_limits(data: ReportInput) -> list[str]:
    """Return what the sheets and the protocol show to be missing from the work of the reviewers."""
    rows = data.harmonised
    once = sum(not row.get("second_reading") for row in rows)
    texts = []
    if not currency(data).searches:
        texts.append(NO_SEARCH)
    bias = bias_state(data.sheet("studies"), data.sheet("risk_of_bias"))
    if bias.told:
        open_ = " A study that is not judged counts as one at high risk."
        texts.append(f"{bias.told}{open_ if bias.waiting else ''}")
    if once:
        texts.append(f"For {once} of {len(rows)} results no second reading is recorded.")
    if data.appraisal:
        texts.append(judged_by(data.appraisal))
    if declared(data)["registration"] == MISSING:
        texts.append("The protocol states no registration.")
    return texts
