"""The figures of a review, known from its protocol alone.

The Snakefile asks for this list while it builds the graph, so this module imports neither pandas
nor matplotlib.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import COLUMN_FORMATS, column_name

FORMATS = ("svg", "pdf", "png")
"""File formats of every figure."""

DIRECTIONS = "directions"
"""Stem of the effect-direction plot."""

ALBATROSS = "albatross"
"""Stem of the albatross plot."""

EVIDENCE_MAP = "evidence_map"
"""Stem of the evidence map."""

MAP_BLOCKS = ("controlled", "add_on", "uncontrolled")
"""Kinds of comparison; each has an evidence map of its own, which fits a page."""

MAP_PARTS = tuple(f"{EVIDENCE_MAP}_{block}" for block in MAP_BLOCKS)
"""Stems of the parts of the evidence map."""

RISK_OF_BIAS = "risk_of_bias"
"""Stem of the traffic light of risk of bias."""

BIAS_SUMMARY = "risk_of_bias_summary"
"""Stem of the bars of risk of bias."""

FLOW = "flow"
"""Stem of the flow of records."""

OF_REVIEW = (DIRECTIONS, ALBATROSS, EVIDENCE_MAP, *MAP_PARTS, RISK_OF_BIAS, BIAS_SUMMARY, FLOW)
"""Figures that each review has once."""

SHEETS = ("studies", "risk_of_bias", "flow", "awaited")
"""Validated sheets that figures show."""


def subgroup_name(analysis: str, moderator: str) -> str:
    """Return the stem of the forest plot of `analysis` split by `moderator`."""
    return f"{analysis}_by_{moderator}"


def regression_name(analysis: str, moderator: str) -> str:
    """Return the stem of the bubble plot of `analysis` against `moderator`."""
    return f"{analysis}_regression_{moderator}"


def diagnostic_name(analysis: str, kind: str) -> str:
    """Return the stem of a further figure of `analysis`, e.g. its funnel plot."""
    return f"{analysis}_{kind}"


def in_column(protocol: Mapping[str, Any]) -> list[str]:
    """Return the stems of the figures that a paper may print in one column.

    They are those of primary analyses and of the whole review; of the evidence map the parts alone.
    """
    return [name for name in _names(protocol, primary=True) if name != EVIDENCE_MAP]


def column_formats(protocol: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the formats in which each figure also comes one column wide.

    What a paper may print comes in all formats that the protocol asks for; all others as SVG alone, if it asks for
    it, since a report on a phone shows that.
    """
    wanted = tuple((protocol.get("defaults") or {}).get("column_figures", COLUMN_FORMATS))
    printed = set(in_column(protocol))
    page = tuple(ending for ending in wanted if ending == "svg")
    return {name: wanted if name in printed else page for name in _names(protocol)}


def figure_names(protocol: Mapping[str, Any]) -> list[str]:
    """Return the stems of all figures of a review.

    Parameters
    ----------
    protocol : mapping
        The protocol as the YAML file holds it.

    Returns
    -------
    list of str
        For each analysis in the order of the protocol its forest plot, one more for each moderator
        of ``subgroups`` and a bubble plot for each of ``regress_on``, and those of ``figures``; at
        the end the figures of the whole review.

    Raises
    ------
    InputFaults
        If two figures would have the same name.
    """
    names = _names(protocol)
    _refuse_twins([*names, *map(column_name, column_formats(protocol))], str(protocol.get("review", "")))
    return names


def _names(protocol: Mapping[str, Any], *, primary: bool = False) -> list[str]:
    names: list[str] = []
    for analysis, found in (protocol.get("analyses") or {}).items():
        plan = found or {}
        if primary and not plan.get("primary"):
            continue
        names.append(analysis)
        names += [subgroup_name(analysis, m) for m in plan.get("subgroups") or ()]
        names += [regression_name(analysis, m) for m in plan.get("regress_on") or ()]
        names += [diagnostic_name(analysis, kind) for kind in plan.get("figures") or ()]
    return [*names, *OF_REVIEW]


def _refuse_twins(names: list[str], review: str) -> None:
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise InputFaults(
            Fault(
                file=f"config/reviews/{review}.yaml",
                line=None,
                column=f"analyses.{name}",
                code="figure_name_twice",
                message="Two figures would have the same file name.",
                value=name,
                allowed="ids that differ from each other and from the names of other figures",
                remedy=f"Give the analysis another id; {', '.join(OF_REVIEW)} are taken.",
            )
            for name in twins
        )


def figure_files(protocol: Mapping[str, Any]) -> list[str]:
    """Return the file names of all figures of a review; `protocol` is what its YAML file holds."""
    whole = [f"{name}.{ending}" for name in figure_names(protocol) for ending in FORMATS]
    columns = column_formats(protocol)
    return whole + [
        f"{column_name(name)}.{ending}" for name, endings in columns.items() for ending in endings
    ]
