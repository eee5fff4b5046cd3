"""From the sheet of judgements to the figures of risk of bias."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import JUDGEMENTS, bias_place
from rheumeta.pages.words import leading_weights
from rheumeta.plots.judgements import PALETTES, looks
from rheumeta.plots.records import ForestPlot, ForestRow, NoteFigure
from rheumeta.plots.review_records import (
    BiasDomain,
    BiasLine,
    BiasPanel,
    BiasPlot,
    Judgement,
    JudgementStyle,
)
from rheumeta.plots.risk_of_bias import shares
from rheumeta.records import Analysis, Synthesis
from rheumeta.rob_tools import NOT_ASSESSED, OVERALL, Domain, find_domain, find_tool

Row = Mapping[str, str]
Colours = Mapping[str, str]
"""Colours by judgement; one that is not named has the standard colour."""

Codes = Mapping[str, Collection[str]]
"""Codes of the results sheet by outcome of the protocol: a judgement may name either."""

NO_CODES: Codes = MappingProxyType({})
STANDARD: Colours = PALETTES["standard"]
TRAFFIC_TITLE = "Risk of bias of each study"
SUMMARY_TITLE = "Risk of bias by domain"
NONE = "No judgement of risk of bias is recorded: the sheet risk_of_bias is empty."
NOBODY = "No study has been judged yet, in any domain."
WAITING = "Waiting for their judgements, by the tool to be used"
UNJUDGED = "Risk of bias: no study of this analysis has been judged yet."
SAME_WEIGHT = "each counts the same"
ALL = "all"


@dataclass(frozen=True)
class Assessment:
    """The judgements of one study and outcome with one tool."""

    study: str
    outcome: str
    tool: str
    judgements: Mapping[str, Judgement]  # by code of the domain


def assessments(rows: Iterable[Row]) -> list[Assessment]:
    """Return the judgements of the sheet, one item a study, outcome and tool."""
    found: dict[tuple[str, str, str], dict[str, Judgement]] = {}
    for row in rows:
        tool = find_tool(row["tool"])
        name = tool.name if tool else row["tool"]
        known = find_domain(tool, row["domain"]) if tool else None
        code = known.code if known else row["domain"]
        key = (row["study_id"], row["outcome"], name)
        found.setdefault(key, {})[code] = cast(Judgement, row["judgement"])
    return [Assessment(*key, judgements) for key, judgements in found.items()]


def domains_of(tool: str, found: Iterable[Assessment]) -> tuple[Domain, ...]:
    """Return every domain of a tool and every other one that was judged, the overall one last."""
    known = find_tool(tool)
    listed = list(known.domains) if known else []
    mark = "+" if listed else "D"
    codes = {d.code for d in listed} | {OVERALL}
    for assessment in found:
        for code in assessment.judgements:
            if code not in codes:
                codes.add(code)
                listed.append(
                    Domain(code, code if len(code) <= 3 else f"{mark}{len(listed) + 1}", code, code)
                )
    return (*listed, Domain(OVERALL, "Overall", "Overall", "overall"))


def style_of(tool: str, colours: Colours) -> JudgementStyle:
    """Return what a tool calls its judgements, and their colours."""
    known = find_tool(tool)
    return JudgementStyle(known.words if known else {}, colours)


def judged(assessment: Assessment, domains: Sequence[Domain]) -> tuple[Judgement, ...]:
    """Return one judgement a domain; one that the sheet lacks is not assessed, never left out."""
    return tuple(assessment.judgements.get(d.code, NOT_ASSESSED) for d in domains)


def bias_figure(
    rows: Sequence[Row], labels: Mapping[str, str], colours: Colours = STANDARD
) -> BiasPlot | NoteFigure:
    """Return the traffic light of a review, a panel a tool; a list of who waits where nobody was judged.

    Parameters
    ----------
    rows : sequence of mapping
        The sheet ``risk_of_bias``.
    labels : mapping of str to str
        Names of the studies.
    colours : mapping of str to str, optional
        Colours by judgement, as "#rrggbb".
    """
    found = assessments(rows)
    if not found:
        return NoteFigure(TRAFFIC_TITLE, NONE)
    if not _anybody(found):
        return NoteFigure(TRAFFIC_TITLE, NOBODY, items_heading=WAITING, items=_waiting(found, labels))
    absent = [name for study, name in labels.items() if study not in {a.study for a in found}]
    lines = (f"The sheet of judgements has no row for: {', '.join(absent)}.",) if absent else ()
    return BiasPlot(TRAFFIC_TITLE, _panels(found, labels, colours), lines)


def _anybody(found: Iterable[Assessment]) -> bool:
    return any(j != NOT_ASSESSED for a in found for j in a.judgements.values())


def _waiting(found: Sequence[Assessment], labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return for each tool its number of domains, and the studies that were to be judged with it."""
    items = []
    for tool in dict.fromkeys(a.tool for a in found):
        own = [a for a in found if a.tool == tool]
        count = len(domains_of(tool, own)) - 1
        size = f", {count} domains" if count else ""
        items.append((f"{tool}{size}", "; ".join(_label(a, labels) for a in own)))
    return tuple(items)


def _panels(
    found: Sequence[Assessment], labels: Mapping[str, str], colours: Colours
) -> tuple[BiasPanel, ...]:
    panels = []
    for tool in dict.fromkeys(a.tool for a in found):
        own = [a for a in found if a.tool == tool]
        domains = domains_of(tool, own)
        known = find_tool(tool)
        lines = tuple(
            BiasLine(_label(a, labels), judged(a, domains), bias_place(a.study, a.outcome)) for a in own
        )
        heads = tuple(BiasDomain(d.sign, d.name) for d in domains)
        source = known.source if known else ""
        panels.append(BiasPanel(tool, source, heads, lines, key=JUDGEMENTS, style=style_of(tool, colours)))
    return tuple(panels)


def _label(assessment: Assessment, labels: Mapping[str, str]) -> str:
    name = labels.get(assessment.study, assessment.study)
    return name if assessment.outcome == ALL else f"{name}, {assessment.outcome}"


def bias_summary_figure(
    rows: Sequence[Row],
    labels: Mapping[str, str],
    synthesis: Synthesis,
    colours: Colours = STANDARD,
    *,
    codes: Codes = NO_CODES,
) -> BiasPlot | NoteFigure:
    """Return the bars of a review: each judgement the same, beside it by weight in a primary analysis.

    The weight of studies that were not judged is in the bars as not assessed, and a line names them; a tool
    that nobody was judged with yet has a line and no bars.

    Parameters
    ----------
    rows, labels, colours
        As in :func:`bias_figure`.
    synthesis : Synthesis
        Its first primary pooled analysis that holds a judged study gives the weights.
    codes : mapping of str to collection of str, optional
        As in :func:`for_analysis`.
    """
    found = assessments(rows)
    if not _anybody(found):
        return NoteFigure(SUMMARY_TITLE, NOBODY if found else NONE)
    panels: list[BiasPanel] = []
    lines: list[str] = []
    analysis = _weighing(synthesis, {a.study for a in found})
    for panel in _panels(found, labels, colours):
        own = [a for a in found if a.tool == panel.tool]
        if not _anybody(own):
            lines += (f"Not judged yet with {tool}: {names}." for tool, names in _waiting(own, labels))
            continue
        basis, beside = _counted(own), None
        if analysis is not None:
            chosen = list(for_analysis(own, analysis, codes).values())
            beside = _weighted(chosen, analysis, labels, colours)
            lines += _open(chosen, found, analysis, labels) if beside else ()
        panels.append(replace(panel, basis=basis, beside=beside))
    return BiasPlot(SUMMARY_TITLE, tuple(panels), tuple(lines))


def _counted(own: Sequence[Assessment]) -> str:
    """Return how many judgements there are, and how many of them were made if not all."""
    count, made = len(own), sum(_anybody([a]) for a in own)
    of = f"{made} of {count} judgements made" if made < count else f"{count} judgement{'s' * (count > 1)}"
    return f"{of}, {SAME_WEIGHT}"


def _weighing(synthesis: Synthesis, studies: Collection[str]) -> Analysis | None:
    candidates = [a for a in synthesis.analyses if a.primary and a.status == "pooled"]
    return next((a for a in candidates if any(s.study_id in studies for s in a.studies)), None)


def _weighted(
    kept: Sequence[Assessment], analysis: Analysis, labels: Mapping[str, str], colours: Colours
) -> BiasPanel | None:
    """Return the panel of a tool with all weights of an analysis; None if none is of a study in `kept`.

    A study that was not judged with the tool has its part of each bar, as not assessed.
    """
    weights = _weights(analysis)
    if not any(weights[a.study] for a in kept):
        return None
    own = {a.study for a in kept}
    every = [*kept, *(Assessment(study, ALL, kept[0].tool, {}) for study in weights if study not in own)]
    (panel,) = _panels(every, labels, colours)
    basis = f"by weight in the analysis “{analysis.title}”"
    return replace(panel, basis=basis, weights=tuple(weights[a.study] for a in every))


def _weights(analysis: Analysis) -> dict[str, float]:
    """Return the weight of each study of an analysis in percent; those of several results add up."""
    weights: dict[str, float] = {}
    for study, weight in zip(analysis.studies, leading_weights(analysis), strict=True):
        weights[study.study_id] = weights.get(study.study_id, 0.0) + (weight or 0.0)
    return weights


def _open(
    kept: Sequence[Assessment], found: Sequence[Assessment], analysis: Analysis, labels: Mapping[str, str]
) -> tuple[str, ...]:
    """Return in a line who has the weight that was not assessed with a tool, and what they were judged with."""
    tool, done = kept[0].tool, {a.study for a in kept if _anybody([a])}
    weights = {study: weight for study, weight in _weights(analysis).items() if weight and study not in done}
    if not weights:
        return ()
    other = {a.study: f" ({a.tool})" for a in found if a.tool != tool and _anybody([a])}
    names = ", ".join(f"{labels.get(study, study)}{other.get(study, '')}" for study in weights)
    return (f"Not assessed with {tool}, {sum(weights.values()):.0f}% of the weight: {names}.",)


def for_analysis(
    found: Iterable[Assessment], analysis: Analysis, codes: Codes = NO_CODES
) -> dict[str, Assessment]:
    """Return the judgement that counts for each study of an analysis, as for its certainty.

    The one of the outcome, by its id or one of its `codes` in the results sheet, goes before the one of all
    outcomes; of several tools the first counts.
    """
    own = {ALL, analysis.outcome, *codes.get(analysis.outcome, ())}
    chosen: dict[str, Assessment] = {}
    studies = {s.study_id for s in analysis.studies}
    for assessment in sorted(found, key=lambda a: a.outcome == ALL):
        if assessment.study in studies and assessment.outcome in own:
            chosen.setdefault(assessment.study, assessment)
    return chosen


def with_bias(
    plot: ForestPlot | NoteFigure,
    analysis: Analysis,
    found: Iterable[Assessment],
    labels: Mapping[str, str],
    colours: Colours = STANDARD,
    *,
    codes: Codes = NO_CODES,
) -> ForestPlot | NoteFigure:
    """Return a forest plot with the judgements beside each study (`codes` as in :func:`for_analysis`).

    The columns are the domains of the tool that most studies were judged with; a study that was judged
    with another one shows its overall judgement, and a note says so.
    """
    chosen = for_analysis(found, analysis, codes)
    if isinstance(plot, NoteFigure) or not chosen:
        return plot
    if not _anybody(chosen.values()):
        return replace(plot, footnotes=(*plot.footnotes, UNJUDGED))
    tools = Counter(a.tool for a in chosen.values() if _anybody([a]))
    tool = max(tools, key=lambda t: tools[t])
    domains = domains_of(tool, [a for a in chosen.values() if a.tool == tool])
    studies = {anchor("e", s.effect_id): s.study_id for s in analysis.studies}
    blocks = tuple(
        replace(
            block, rows=tuple(_with_dots(r, chosen.get(studies[r.key]), tool, domains) for r in block.rows)
        )
        for block in plot.blocks
    )
    others = [f"{labels.get(a.study, a.study)} ({a.tool})" for a in chosen.values() if a.tool != tool]
    note = f"Risk of bias by {tool}; only the overall judgement of {', '.join(others)}." if others else ""
    heads = tuple(BiasDomain("All" if d.code == OVERALL else d.sign, d.short) for d in domains)
    return replace(
        plot,
        blocks=blocks,
        dot_heads=heads,
        dot_style=style_of(tool, colours),
        footnotes=(*plot.footnotes, *([note] if note else [])),
    )


def _with_dots(
    row: ForestRow, assessment: Assessment | None, tool: str, domains: Sequence[Domain]
) -> ForestRow:
    place = bias_place(assessment.study, assessment.outcome) if assessment else ""
    return replace(row, dots=_dots(assessment, tool, domains), dots_key=place)


def _dots(assessment: Assessment | None, tool: str, domains: Sequence[Domain]) -> tuple[Judgement, ...]:
    if assessment is None:
        return tuple(NOT_ASSESSED for _ in domains)
    if assessment.tool == tool:
        return judged(assessment, domains)
    blank: list[Judgement] = ["not_applicable" for _ in domains[:-1]]
    return (*blank, judged(assessment, domains[-1:])[0])


def describe_bias(plot: BiasPlot | NoteFigure) -> str:
    """Return the alternative text: the overall judgements of each tool, and what was not assessed."""
    if isinstance(plot, NoteFigure):
        return plot.sentence
    parts = []
    for panel in plot.panels:
        parts.append(f"{panel.tool}, overall: {_told(panel)}.")
        if panel.beside is not None:
            parts.append(f"{panel.tool}, overall, {panel.beside.basis}: {_told(panel.beside)}.")
    return " ".join([f"{plot.title}.", *parts, *plot.lines])


def _told(panel: BiasPanel) -> str:
    """Return the overall judgements of a panel in words, counted or by weight."""
    shown, last = looks(panel.style), len(panel.domains) - 1
    counts = Counter(line.judgements[last] for line in panel.lines)
    return ", ".join(
        f"{shown[j].label} {share:.0f}%" if panel.weights else f"{counts[j]} {shown[j].label}"
        for j, share in shares(panel, last)
    )
