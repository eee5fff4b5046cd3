"""The methods section of the paper, written from the protocol and from what was used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rheumeta.pages import pandoc
from rheumeta.pages.data_sources import datasets
from rheumeta.pages.data_sources import key as source_key
from rheumeta.pages.evidence import bias_view
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.literature import key
from rheumeta.pages.methods import MEASURE_FORMULAS, TAU2_SOURCES, TEST_WORDS, methods_view
from rheumeta.pages.numbers import capital, count, uncapital
from rheumeta.pages.pandoc import Block
from rheumeta.rob_tools import NOT_ASSESSED

SHORT = re.compile(r"(?:[A-Z][\w-]+(?:, [A-Z]\w+)*(?: and (?:others|[A-Z]\w+))?) \d{4}|Cochrane Handbook")
TEST_SOURCES = {
    "cochrane": ("Hartung and Knapp 2001", "Cochrane Handbook"),
    "knha": ("Hartung and Knapp 2001",),
    "adhoc": ("Knapp and Hartung 2003",),
}
SOFTWARE = {"snakemake": "Mölder et al. 2021", "numpy": "Harris et al. 2020", "scipy": "Virtanen et al. 2020",
            "matplotlib": "Hunter 2007"}  # fmt: skip


def cite(*short: str) -> str:
    """Return a citation of works by their short names, e.g. "Becker 1988"."""
    return pandoc.citation(*map(key, short))


def short_names(source: str) -> list[str]:
    """Return the works that a source names: "Hedges 1981; Katz and others 1978", as the library keys them."""
    return [name.replace("and others", "et al.") for name in SHORT.findall(source)]


def methods(data: ReportInput) -> Iterable[Block]:
    """Yield the methods section."""
    yield pandoc.heading(1, "Methods")
    yield from _eligibility(data.protocol)
    yield from _collection(data)
    yield from _bias(data)
    yield from _measures(data)
    yield from _synthesis(data)
    yield from _rest(data)


def _eligibility(protocol: Mapping[str, Any]) -> Iterable[Block]:
    question = protocol["question"]
    yield pandoc.heading(2, "Eligibility and comparisons")
    yield pandoc.paragraph(
        f"Studies of this population were eligible: {uncapital(question['population'])}. Intervention: "
        f"{uncapital(question['intervention'])}. Comparator: {uncapital(question['comparator'])}. Outcomes: "
        f"{uncapital(question['outcomes'])}. The protocol is version {protocol['version']}."
    )
    kinds = {
        "controlled": "treated patients against a control group",
        "before_after": "the same patients before and after treatment, without a control group",
        "single_group": "treated patients alone",
    }
    yield pandoc.bullets(
        [f"{plan['label']}: {kinds[plan['kind']]}." for plan in protocol["comparisons"].values()]
    )
    changes = protocol.get("changes") or []
    if changes:
        yield pandoc.paragraph("Changes of the protocol:")
        yield pandoc.bullets(list(changes))


def _collection(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(2, "Data")
    rows = data.harmonised
    twice = sum(bool(row.get("second_reading")) for row in rows)
    yield pandoc.paragraph(
        f"Every reported number was entered as printed, with its source and place: {len(rows)} results. "
        f"A second reading is recorded for {twice} of them. Numbers were brought to one unit and one time scale; "
        "where a standard deviation, a mean or a number of patients had to be derived, each step is listed with "
        "its formula in the report and in the table of derivations."
    )
    for doi, size in datasets(data.sheet("results")).items():
        yield pandoc.paragraph(
            f"The numbers of {count(size, 'study', 'studies')} were read in one source "
            f"{pandoc.citation(source_key(doi))}, not in the reports of the studies."
        )
    windows = data.protocol.get("windows") or {}
    if windows:
        yield pandoc.table(
            "Time windows.", ("Window", "Weeks", "Of several times"),
            [(w["label"], f"{w['start']:g} to {w['end']:g}", str(w["choose"])) for w in windows.values()],
            widths=(0.4, 0.3, 0.3),
        )  # fmt: skip


def _bias(data: ReportInput) -> Iterable[Block]:
    """Yield with what the risk of bias was judged and in how many studies, or that it was not."""
    rows = data.sheet("risk_of_bias")
    tools = {table.tool: len({study for study, _, _ in table.rows}) for table in bias_view(rows)}
    yield pandoc.heading(2, "Risk of bias")
    if not tools:
        yield pandoc.paragraph("The risk of bias of the studies was not assessed.")
        return
    used = ", ".join(f"{tool} ({count(size, 'study', 'studies')})" for tool, size in tools.items())
    whole = sum(row["outcome"] != "all" for row in rows if row["judgement"] != NOT_ASSESSED)
    of = "for single outcomes" if whole else "for a study as a whole"
    yield pandoc.paragraph(
        f"The risk of bias was judged domain by domain, {of}, with {used}. The sheets do not say how many people "
        "judged, nor how they settled differences."
    )


def _measures(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(2, "Effect measures")
    used = dict.fromkeys(a.measure for a in data.synthesis.analyses)
    for code in used:
        formula = MEASURE_FORMULAS.get(code)
        if formula is None:
            continue
        names = short_names(formula.source)
        source = f" {cite(*names)}" if names else f" ({formula.source})"
        note = f" Here {formula.note}." if formula.note else ""
        yield pandoc.paragraph(f"{formula.name}: {formula.formula}{source}.{note}")


def _synthesis(data: ReportInput) -> Iterable[Block]:
    defaults = data.protocol.get("defaults", {})
    method, test = str(defaults.get("method", "REML")), str(defaults.get("test", "cochrane"))
    choices = dict(methods_view(data.synthesis, data.protocol, {}).choices)
    tau2 = TAU2_SOURCES.get(method)
    yield pandoc.heading(2, "Synthesis")
    yield pandoc.paragraph(
        "Studies were pooled by inverse variance with random effects; the common-effect result stands beside it "
        f"{cite('DerSimonian and Laird 1986', 'Cochrane Handbook')}. Variance between studies: "
        f"{uncapital(choices['Variance between studies (τ²)'].partition(' (')[0])}"
        f"{' ' + cite(tau2) if tau2 else ''}. Interval of the pooled effect: "
        f"{TEST_WORDS.get(test, test)} {cite(*TEST_SOURCES[test]) if test in TEST_SOURCES else ''}".rstrip()
        + "."
    )
    yield pandoc.paragraph(
        f"Heterogeneity is given as τ² with its Q-profile interval {cite('Viechtbauer 2007')}, I² and Q "
        f"{cite('Higgins and Thompson 2002', 'Cochran 1954')}, and as a prediction interval "
        f"{choices['Prediction interval']} {cite('IntHout et al. 2016', 'Veroniki et al. 2019')}. "
        f"Intervals are at the level of {choices['Level of intervals']}."
    )
    skip = {
        "Variance between studies (τ²)",
        "Interval of the pooled effect",
        "Prediction interval",
        "Level of intervals",
    }
    yield pandoc.bullets([f"{name}: {text}." for name, text in choices.items() if name not in skip])
    yield from _robustness(data)


def _robustness(data: ReportInput) -> Iterable[Block]:
    runs = dict.fromkeys(s.label for a in data.synthesis.analyses for s in a.sensitivity)
    groups = dict.fromkeys(s.by_label for a in data.synthesis.analyses for s in a.subgroups)
    if runs:
        yield pandoc.paragraph(f"Sensitivity analyses: {_listed(runs)}.")
    if groups:
        yield pandoc.paragraph(f"Subgroups: {_listed(groups)}; with a test for a difference between them.")


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(uncapital(text) for text in texts)


def _rest(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(2, "Evidence that cannot be pooled")
    yield pandoc.paragraph(
        "Results without a size are shown by direction, whatever their p value, with an exact sign test over cohorts "
        f"{cite('Boon and Thomson 2021', 'Clopper and Pearson 1934')}; results with a p value and a number of patients "
        f"in an albatross plot {cite('Harrison et al. 2017')}."
    )
    yield from _certainty(data)
    yield pandoc.heading(2, "Software")
    parts = [f"{capital(name)} {version}{_software(name)}" for name, version in data.versions.items()]
    yield pandoc.paragraph(f"{_joined(parts)}. Two runs on the same data give the same files.")


def _certainty(data: ReportInput) -> Iterable[Block]:
    if data.appraisal is None:
        return
    yield pandoc.heading(2, "Certainty and missing results")
    yield pandoc.paragraph(
        "The certainty of each result is suggested by rules after GRADE. Randomised studies start at high, other "
        "controlled studies at low, groups without a control at very low; risk of bias, inconsistency, indirectness, "
        "imprecision and missing results lower it by what the sheets hold, and the reason of each step is given. A "
        "person can judge otherwise, with a name and a reason. Each result is said in words by its size and its "
        f"certainty {cite('Santesso et al. 2020')}. A study that suits a synthesis and is not in it is listed with the "
        "reason, and whether its result may be missing because of what it is."
    )


def _software(name: str) -> str:
    return f" {cite(SOFTWARE[name])}" if name in SOFTWARE else ""


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(parts) if parts else "Not recorded"
