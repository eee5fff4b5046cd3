"""The risk-of-bias tools: their domains, and what reviewers call their judgements.

Domains and judgements have the words of the tools themselves; a domain also has a short name for places
with little room.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OVERALL = "overall"
NOT_ASSESSED: Final = "not_assessed"


CODES = (
    "low", "low_except_confounding", "some_concerns", "moderate", "high", "serious", "very_high", "critical", "unclear",
    "no_information", "not_applicable", NOT_ASSESSED,
)  # fmt: skip
"""Judgements as the sheet holds them."""

HIGH = frozenset({"high", "serious", "very_high", "critical"})
"""Judgements that mean a high risk of bias, or a worse one."""

NO_JUDGEMENT = frozenset({NOT_ASSESSED, "not_applicable"})
"""Codes that judge nothing."""


@dataclass(frozen=True)
class Domain:
    """A domain of a tool: the code that the sheet holds, the sign of its column, its name, a short one."""

    code: str
    sign: str
    name: str
    short: str
    others: tuple[str, ...] = ()  # further names that files give it


@dataclass(frozen=True)
class Tool:
    """A tool: its domains in their order, where it was published, its judgements."""

    name: str
    source: str
    domains: tuple[Domain, ...]
    judgements: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)  # where it calls a judgement otherwise


def _domains(*names: tuple[str, ...], prefix: str = "D") -> tuple[Domain, ...]:
    """Return domains, given name, short name and further names of each."""
    return tuple(
        Domain(f"{prefix}{i}", f"{prefix}{i}", full, short, tuple(others))
        for i, (full, short, *others) in enumerate(names, start=1)
    )


_REPORTED = ("Bias in selection of the reported result", "Selection of the reported result")
_CONFOUNDING = ("Bias due to confounding", "Confounding")
_ROB2 = _domains(
    ("Bias arising from the randomisation process", "Randomisation process", "D1a"),
    ("Bias due to deviations from intended interventions", "Deviations from intended interventions",
     "Deviations from the intended interventions"),
    ("Bias due to missing outcome data", "Missing outcome data"),
    ("Bias in measurement of the outcome", "Measurement of the outcome"),
    _REPORTED,
)  # fmt: skip
_RECRUITMENT = Domain(
    "D1b",
    "D1b",
    "Bias arising from the timing of identification or recruitment of participants",
    "Timing of identification or recruitment of participants",
)
_ROB2_WORDS = ("low", "some_concerns", "high", "no_information", "not_applicable")
_LOW_EXCEPT = {
    "low_except_confounding": "low, except for concerns about uncontrolled confounding",
}
_JBI_WORDS = {"low": "yes", "high": "no"}

TOOLS: tuple[Tool, ...] = (
    Tool("RoB 2", "Sterne and others 2019, BMJ 366:l4898", _ROB2, _ROB2_WORDS),
    Tool(
        "RoB 2 for cluster trials",
        "Eldridge and others 2021, riskofbias.info",
        (_ROB2[0], _RECRUITMENT, *_ROB2[1:]),
        _ROB2_WORDS,
    ),
    Tool(
        "RoB 1",
        "Higgins and others 2011, BMJ 343:d5928",
        _domains(
            ("Random sequence generation (selection bias)", "Random sequence generation"),
            ("Allocation concealment (selection bias)", "Allocation concealment"),
            ("Blinding of participants and personnel (performance bias)",
             "Blinding of participants and personnel"),
            ("Blinding of outcome assessment (detection bias)", "Blinding of outcome assessment"),
            ("Incomplete outcome data (attrition bias)", "Incomplete outcome data"),
            ("Selective reporting (reporting bias)", "Selective reporting"),
            ("Other bias", "Other bias", "Other sources of bias"),
        ),
        ("low", "unclear", "high", "no_information"),
    ),
    Tool(
        "ROBINS-I",
        "Sterne and others 2016, BMJ 355:i4919",
        _domains(
            _CONFOUNDING,
            ("Bias in selection of participants into the study", "Selection of participants",
             "Selection of participants into the study"),
            ("Bias in classification of interventions", "Classification of interventions"),
            ("Bias due to deviations from intended interventions", "Deviations from intended interventions",
             "Deviations from interventions"),
            ("Bias due to missing data", "Missing data"),
            ("Bias in measurement of outcomes", "Measurement of outcomes", "Measurement of the outcome"),
            _REPORTED,
        ),
        ("low", "moderate", "serious", "critical", "no_information"),
    ),
    Tool(
        "ROBINS-I V2",
        "Sterne, Higgins and others, version of November 2025, riskofbias.info",
        _domains(
            _CONFOUNDING,
            ("Bias in classification of interventions", "Classification of interventions"),
            ("Bias in selection of participants into the study (or into the analysis)",
             "Selection of participants", "Selection of participants into the study or the analysis"),
            ("Bias due to missing data", "Missing data"),
            ("Bias arising from measurement of the outcome", "Measurement of the outcome"),
            _REPORTED,
        ),
        ("low", "low_except_confounding", "moderate", "serious", "critical", "no_information"),
        _LOW_EXCEPT,
    ),
    Tool(
        "ROBINS-E",
        "Higgins and others 2024, Environ Int 186:108602",
        _domains(
            _CONFOUNDING,
            ("Bias arising from measurement of the exposure", "Measurement of the exposure"),
            ("Bias in selection of participants into the study (or into the analysis)",
             "Selection of participants"),
            ("Bias due to post-exposure interventions", "Post-exposure interventions"),
            ("Bias due to missing data", "Missing data"),
            ("Bias arising from measurement of the outcome", "Measurement of the outcome"),
            _REPORTED,
        ),
        ("low", "low_except_confounding", "some_concerns", "high", "very_high", "no_information"),
        _LOW_EXCEPT,
    ),
    Tool(
        "JBI case series",
        "Munn and others 2020, JBI Evid Synth 18:2127-2133",
        _domains(
            ("Were there clear criteria for inclusion in the case series?", "Clear criteria for inclusion"),
            ("Was the condition measured in a standard, reliable way for all participants?",
             "Condition measured in a standard, reliable way"),
            ("Were valid methods used for identification of the condition for all participants?",
             "Valid methods for identification of the condition"),
            ("Did the case series have consecutive inclusion of participants?", "Consecutive inclusion"),
            ("Did the case series have complete inclusion of participants?", "Complete inclusion"),
            ("Was there clear reporting of the demographics of the participants?", "Demographics reported"),
            ("Was there clear reporting of clinical information of the participants?",
             "Clinical information reported"),
            ("Were the outcomes or follow-up results of cases clearly reported?",
             "Outcomes or follow-up reported"),
            ("Was there clear reporting of the presenting sites’ or clinics’ demographic information?",
             "Site or clinic described"),
            ("Was statistical analysis appropriate?", "Appropriate statistical analysis"),
            prefix="Q",
        ),
        ("low", "high", "unclear", "not_applicable"),
        _JBI_WORDS,
    ),
    Tool(
        "QUIPS",
        "Hayden and others 2013, Ann Intern Med 158:280-286",
        _domains(
            ("Study participation", "Participation", "Bias due to participation"),
            ("Study attrition", "Attrition", "Bias due to attrition"),
            ("Prognostic factor measurement", "Prognostic factor measurement",
             "Measurement of the prognostic factor"),
            ("Outcome measurement", "Outcome measurement", "Measurement of the outcome"),
            ("Study confounding", "Confounding", "Bias due to confounding"),
            ("Statistical analysis and reporting", "Statistical analysis and reporting"),
        ),
        ("low", "moderate", "high", "no_information"),
    ),
    Tool(
        "QUADAS-2",
        "Whiting and others 2011, Ann Intern Med 155:529-536",
        _domains(
            ("Patient selection", "Patient selection"),
            ("Index test", "Index test"),
            ("Reference standard", "Reference standard"),
            ("Flow and timing", "Flow and timing", "Flow & timing"),
        ),
        ("low", "some_concerns", "high", "unclear", "no_information"),
    ),
)  # fmt: skip
"""Known tools; a sheet may name others, whose domains are then those of its rows."""

GENERIC = Tool("Generic", "", (), tuple(c for c in CODES if c != NOT_ASSESSED))
"""Any other tool: its domains are those that a file or the sheet names."""

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
    "lowexceptforconcernsaboutuncontrolledconfounding": "low_except_confounding",
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

_PREAMBLE = re.compile(r"^(risk of )?bias (arising from|due to|in)( the)? |^(the|study) ")
_RISK = re.compile(r"\brisk( of bias)?\b")


def plain(text: str) -> str:
    """Return `text` in small letters without spaces, dots, dashes and underscores between words."""
    stripped = text.strip().lower()
    return stripped if stripped in ("+", "-", "?") else re.sub(r"[^a-z0-9]", "", stripped)


def find_tool(name: str) -> Tool | None:
    """Return a tool by its name, however it is written; None if it is not known."""
    wanted = ALIASES.get(plain(name), name)
    return next((t for t in (*TOOLS, GENERIC) if plain(t.name) == plain(wanted)), None)


def find_judgement(text: str) -> str | None:
    """Return the judgement that a cell means (``"Low risk of bias"``); None if it is not known."""
    return JUDGEMENTS.get(plain(text)) or JUDGEMENTS.get(plain(_RISK.sub("", text.lower())))


def find_domain(tool: Tool, heading: str) -> Domain | None:
    """Return the domain that a heading or a cell of a sheet means, by its code or one of its names."""
    codes = {plain(d.code): d for d in tool.domains}
    names = {_core(name): d for d in tool.domains for name in (*d.others, d.short, d.name)}
    return codes.get(plain(heading)) or names.get(_core(heading))


def is_overall(heading: str) -> bool:
    """Tell whether a heading means the overall judgement: ``Overall``, ``Overall risk of bias``."""
    return plain(heading) in (OVERALL, "overallbias", "overallriskofbias", "overalljudgement")


def _core(name: str) -> str:
    """Return a name without what tools put before it, in one spelling."""
    words = re.sub(r"[^a-z0-9&]+", " ", name.lower()).strip()
    return plain(_PREAMBLE.sub("", words).replace("randomiz", "randomis"))


def judgement_words(tool: str, judgement: str) -> str:
    """Return what a tool calls a judgement: of a checklist, ``low`` is "yes"."""
    known = find_tool(tool)
    return (known.words if known else {}).get(judgement) or judgement.replace("_", " ")


def domain_of(tool: str, code: str) -> Domain:
    """Return a domain of a tool, the overall judgement too; what the sheet holds where it is not known."""
    if code == OVERALL:
        return Domain(OVERALL, "Overall", "Overall", "Overall")
    known = find_tool(tool)
    return (find_domain(known, code) if known else None) or Domain(code, code, code, code)
