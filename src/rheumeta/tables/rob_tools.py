"""The risk-of-bias tools: their domains, and what reviewers call their judgements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OVERALL = "overall"
NOT_ASSESSED: Final = "not_assessed"


@dataclass(frozen=True)
class Domain:
    """A domain of a tool: the code that the sheet holds, the sign of its column, its name."""

    code: str
    sign: str
    name: str


@dataclass(frozen=True)
class Tool:
    """A tool: its domains in their order and where it was published."""

    name: str
    source: str
    domains: tuple[Domain, ...]
    judgements: tuple[str, ...]


def _domains(*names: str, prefix: str = "D") -> tuple[Domain, ...]:
    return tuple(Domain(f"{prefix}{i}", f"{prefix}{i}", name) for i, name in enumerate(names, start=1))


_ROB2 = _domains(
    "Randomisation process",
    "Deviations from intended interventions",
    "Missing outcome data",
    "Measurement of the outcome",
    "Selection of the reported result",
)
_THREE = ("low", "some_concerns", "high", "no_information", "not_applicable")
_ROBINS = ("low", "moderate", "serious", "critical", "no_information")
_YES_NO = ("low", "high", "unclear", "not_applicable")

TOOLS: tuple[Tool, ...] = (
    Tool("RoB 2", "Sterne and others 2019, BMJ 366:l4898", _ROB2, _THREE),
    Tool(
        "RoB 2 for cluster trials",
        "Eldridge and others 2021, riskofbias.info",
        (
            _ROB2[0],
            Domain("D1b", "D1b", "Timing of identification or recruitment of participants"),
            *_ROB2[1:],
        ),
        _THREE,
    ),
    Tool(
        "RoB 1",
        "Higgins and others 2011, BMJ 343:d5928",
        _domains(
            "Random sequence generation",
            "Allocation concealment",
            "Blinding of participants and personnel",
            "Blinding of outcome assessment",
            "Incomplete outcome data",
            "Selective reporting",
            "Other sources of bias",
        ),
        ("low", "unclear", "high"),
    ),
    Tool(
        "ROBINS-I",
        "Sterne and others 2016, BMJ 355:i4919",
        _domains(
            "Confounding",
            "Selection of participants into the study",
            "Classification of interventions",
            "Deviations from intended interventions",
            "Missing data",
            "Measurement of outcomes",
            "Selection of the reported result",
        ),
        _ROBINS,
    ),
    Tool(
        "ROBINS-I V2",
        "Sterne, Higgins and others, version of November 2025, riskofbias.info",
        _domains(
            "Confounding",
            "Classification of interventions",
            "Selection of participants into the study or the analysis",
            "Missing data",
            "Measurement of the outcome",
            "Selection of the reported result",
        ),
        _ROBINS,
    ),
    Tool(
        "ROBINS-E",
        "Higgins and others 2024, Environ Int 186:108602",
        _domains(
            "Confounding",
            "Measurement of the exposure",
            "Selection of participants",
            "Post-exposure interventions",
            "Missing data",
            "Measurement of the outcome",
            "Selection of the reported result",
        ),
        ("low", "some_concerns", "high", "very_high"),
    ),
    Tool(
        "JBI case series",
        "Munn and others 2020, JBI Evid Synth 18:2127-2133",
        _domains(
            "Clear criteria for inclusion",
            "Condition measured in a standard, reliable way",
            "Valid methods for identification of the condition",
            "Consecutive inclusion",
            "Complete inclusion",
            "Demographics reported",
            "Clinical information reported",
            "Outcomes or follow-up reported",
            "Site or clinic described",
            "Appropriate statistical analysis",
            prefix="Q",
        ),
        _YES_NO,
    ),
    Tool(
        "QUIPS",
        "Hayden and others 2013, Ann Intern Med 158:280-286",
        _domains(
            "Participation",
            "Attrition",
            "Measurement of the prognostic factor",
            "Measurement of the outcome",
            "Confounding",
            "Statistical analysis and reporting",
        ),
        ("low", "moderate", "high"),
    ),
    Tool(
        "QUADAS-2",
        "Whiting and others 2011, Ann Intern Med 155:529-536",
        _domains("Patient selection", "Index test", "Reference standard", "Flow and timing"),
        ("low", "some_concerns", "high", "unclear"),
    ),
)
"""Known tools; a sheet may name others, whose domains are then those of its rows."""

ALIASES: Mapping[str, str] = {
    "rob2": "RoB 2",
    "rob20": "RoB 2",
    "rob2cluster": "RoB 2 for cluster trials",
    "rob1": "RoB 1",
    "rob": "RoB 1",
    "robinsi": "ROBINS-I",
    "robinsi2016": "ROBINS-I",
    "robinsi2025": "ROBINS-I V2",
    "robinsiv2": "ROBINS-I V2",
    "robinse": "ROBINS-E",
    "jbi": "JBI case series",
    "jbicaseseries": "JBI case series",
    "quips": "QUIPS",
    "quadas": "QUADAS-2",
    "quadas2": "QUADAS-2",
}

JUDGEMENTS: Mapping[str, str] = {
    "low": "low", "l": "low", "+": "low", "lowrisk": "low", "yes": "low", "y": "low",
    "someconcerns": "some_concerns", "some": "some_concerns", "s": "some_concerns",
    "moderate": "moderate", "m": "moderate",
    "high": "high", "h": "high", "-": "high", "highrisk": "high", "no": "high", "n": "high",
    "serious": "serious", "critical": "critical", "c": "critical", "veryhigh": "very_high",
    "unclear": "unclear", "u": "unclear", "?": "unclear", "unclearrisk": "unclear",
    "noinformation": "no_information", "ni": "no_information",
    "notapplicable": "not_applicable", "na": "not_applicable",
    "notassessed": "not_assessed",
}  # fmt: skip
"""What reviewers write, in small letters without spaces, and the judgement that it means."""


def plain(text: str) -> str:
    """Return `text` in small letters without spaces, dots, dashes and underscores between words."""
    stripped = text.strip().lower()
    return stripped if stripped in ("+", "-", "?") else re.sub(r"[^a-z0-9]", "", stripped)


def find_tool(name: str) -> Tool | None:
    """Return a tool by its name, however it is written; None if it is not known."""
    wanted = ALIASES.get(plain(name), name)
    return next((t for t in TOOLS if plain(t.name) == plain(wanted)), None)


def find_judgement(text: str) -> str | None:
    """Return the judgement that a cell means; None if it is not known."""
    return JUDGEMENTS.get(plain(text))


def find_domain(tool: Tool, heading: str) -> Domain | None:
    """Return the domain that a heading or a cell of a sheet means, by its code or its name."""
    wanted = plain(heading)
    return next((d for d in tool.domains if wanted in (plain(d.code), plain(d.name))), None)
