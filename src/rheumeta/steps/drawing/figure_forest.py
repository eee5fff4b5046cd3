"""From an analysis to the records that a forest plot takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rheumeta.numbers import fixed
from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import pooled_place, subgroup_place
from rheumeta.pages.words import main_pooled
from rheumeta.plots import numbers
from rheumeta.plots.records import (
    ForestBlock,
    ForestLayout,
    ForestPlot,
    ForestRow,
    ForestSum,
    ForestTotal,
    NoteFigure,
    Reference,
    Span,
)
from rheumeta.records import FLAGS, Analysis, Interval, Pooled, StudyEffect, Subgroup
from rheumeta.steps.drawing.figure_columns import raw_columns
from rheumeta.steps.drawing.forest_words import (
    ONE_STUDY,
    TURNED,
    block_lines,
    difference_line,
    method_heading,
    result_lines,
    sentence,
    shows_one_model,
    study_heading,
    subtotal_label,
    total_label,
)

PERCENT_MEASURES = frozenset({"PR", "PLO", "PAS", "PFT"})
"""Proportions: shown in percent."""

BOUNDS = {"RD": (-1.0, 1.0), **dict.fromkeys(PERCENT_MEASURES, (0.0, 100.0))}
"""Measures that cannot lie outside."""

MARKS = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
"""Signs of the footnotes, in the order of the flags."""

NO_STUDY = "No study gives a result that could enter this analysis."
NOT_STATED = "Not stated"


def span(interval: Interval | None) -> Span:
    """Return the plot's form of an interval."""
    if interval is None:
        return Span()
    return Span(interval.estimate, interval.lower, interval.upper)


def forest_figure(
    analysis: Analysis, *, level: float, layout: ForestLayout = "standard"
) -> ForestPlot | NoteFigure:
    """Return what the main figure of an analysis shows; `level` is that of its intervals, percent."""
    if not analysis.studies:
        return note_figure(analysis)
    plot = base_plot(analysis, level, layout)
    rows = _rows(analysis, analysis.studies, layout)
    return replace(
        plot,
        blocks=(ForestBlock(rows),),
        totals=_totals(analysis, level, layout),
        lines=(*result_lines(analysis, layout), *analysis.warnings),
    )


def subgroup_figure(
    analysis: Analysis, by: str, label: str, *, level: float, layout: ForestLayout = "standard"
) -> ForestPlot | NoteFigure:
    """Return the forest plot of an analysis split by the moderator `by`."""
    groups = [g for g in analysis.subgroups if g.by == by]
    title = f"{analysis.title}, by {label[:1].lower()}{label[1:]}"
    if not analysis.studies:
        return replace(note_figure(analysis), title=title)
    if not groups:
        return NoteFigure(
            title, _no_groups(analysis, by), subtitle=_subtitle(analysis), caution=analysis.caution or ""
        )
    tests = [t for t in analysis.subgroup_tests if t.by == by]
    if shows_one_model(layout) and analysis.random is not None:  # subgroups are pooled under random effects
        analysis = replace(analysis, common=None)
    lines = [difference_line(t, layout) for t in tests]
    results = result_lines(analysis, layout)
    return replace(
        base_plot(analysis, level, layout),
        title=title,
        blocks=_blocks(analysis, groups, level, layout),
        totals=_totals(analysis, level, layout),
        lines=(*results, *lines) if shows_one_model(layout) else (*lines, *results),
        study_heading="Study or subgroup" if layout == "revman" else study_heading(layout),
    )


def _no_groups(analysis: Analysis, by: str) -> str:
    """Say why an analysis is not split by a moderator."""
    stated = [s for s in analysis.studies if s.moderators.get(by)]
    if len(analysis.studies) == 1:
        return "One study: there are no groups to compare."
    if not stated:
        return "No study states it: there are no groups to compare."
    return "The studies do not differ in it: there are no groups to compare."


def note_figure(analysis: Analysis) -> NoteFigure:
    """Return the figure of an analysis without studies."""
    return NoteFigure(
        title=analysis.title,
        sentence=sentence(analysis.status_reason or NO_STUDY),
        subtitle=_subtitle(analysis),
        caution=analysis.caution or "",
        items_heading="Studies that might contribute, and why they do not",
        items=tuple((e.label, e.reason) for e in analysis.excluded),
    )


def describe(analysis: Analysis) -> str:
    """Return the alternative text of the figure of an analysis."""
    parts = [f"Forest plot: {analysis.title}. {analysis.comparison_label}."]
    if analysis.caution:
        parts.append(analysis.caution)
    parts.append(analysis.sentence or analysis.status_reason or f"{analysis.k} studies.")
    return " ".join(" ".join(parts).split())


def base_plot(analysis: Analysis, level: float, layout: ForestLayout = "standard") -> ForestPlot:
    """Return the frame of the forest plots of an analysis, without studies and results."""
    columns = raw_columns(analysis, layout)
    percent = analysis.measure in PERCENT_MEASURES
    return ForestPlot(
        title=analysis.title,
        blocks=(),
        effect_heading="Percent" if percent else analysis.measure_label.replace("' ", "'\u00a0"),
        scale=analysis.scale,
        reverse=analysis.reversed_axis,
        null=analysis.null,
        subtitle=_subtitle(analysis),
        caution=analysis.caution or "",
        columns=tuple(c.column for c in columns),
        left_label=analysis.left_label or "",
        right_label=analysis.right_label or "",
        axis_label=_axis_label(analysis, layout, level),
        study_heading=study_heading(layout),
        bounds=BOUNDS.get(analysis.measure),
        mid=_mid(analysis),
        mid_label=_mid_label(analysis),
        benchmark=_benchmark(analysis),
        footnotes=_footnotes(analysis),
        level=level,
        show_common=analysis.common is not None
        and analysis.status == "pooled"
        and not shows_one_model(layout),
        layout=layout,
        method=method_heading(analysis, layout, level),
    )


def _axis_label(analysis: Analysis, layout: ForestLayout, level: float) -> str:
    """Return unit, in JAMA effect and level too, and where the axis runs the unusual way a word about it."""
    percent = analysis.measure in PERCENT_MEASURES
    unit = "percent of patients" if percent else analysis.unit or ""
    if layout == "jama":
        unit = f"{analysis.measure_label}{f', {unit}' if unit else ''} ({level:g}% CI)"
        return f"{unit}: {TURNED}" if analysis.reversed_axis else unit
    if not analysis.reversed_axis:
        return unit
    return f"{analysis.measure_label}{f' in {unit}' if unit else ''}: {TURNED}"


def _subtitle(analysis: Analysis) -> str:
    parts = [analysis.comparison_label, analysis.window_label]
    if analysis.measure in PERCENT_MEASURES:
        parts.append(analysis.measure_label)
    if analysis.n_patients:
        parts.append(f"{analysis.n_patients:g} patients")
    return " · ".join(p for p in parts if p)


def _mid(analysis: Analysis) -> tuple[float, float] | None:
    """Return what differences are smaller than patients notice, on both sides of none."""
    if not analysis.mid or analysis.null is None or analysis.scale == "log":
        return None
    return (analysis.null - analysis.mid, analysis.null + analysis.mid)


def _mid_label(analysis: Analysis) -> str:
    limits = _mid(analysis)
    if limits is None:
        return ""
    what = "changes" if analysis.comparison_kind == "before_after" else "differences"
    low, high = (numbers.plain(v) for v in limits)
    unit = f" {analysis.unit}" if analysis.unit else ""
    source = f": {analysis.mid_source}" if analysis.mid_source else ""
    return f"{what} smaller than patients notice, between {low} and {high}{unit} (minimal important difference{source})"


def _benchmark(analysis: Analysis) -> Reference | None:
    b = analysis.benchmark
    if b is None or b.display.estimate is None:
        return None
    digits = numbers.decimals([b.display.estimate, b.display.lower, b.display.upper])

    def form(value: float | None) -> str:
        return numbers.ratio(value) if analysis.scale == "log" else fixed(value, digits)

    limits = f"[{form(b.display.lower)}, {form(b.display.upper)}]"
    return Reference(f"{b.label}: {form(b.display.estimate)} {limits}, {b.k} studies", span(b.display))


# Studies


def _rows(analysis: Analysis, studies: Iterable[StudyEffect], layout: ForestLayout) -> tuple[ForestRow, ...]:
    columns, marks, names = raw_columns(analysis, layout), _marks(analysis), _names(analysis)
    pooled = analysis.status == "pooled"
    common = _leads_common(analysis, layout)
    return tuple(
        ForestRow(
            label=names[s.effect_id],
            effect=span(s.effect),
            cells=tuple(c.cell(s) for c in columns),
            marks="".join(sorted((marks[f] for f in s.flags), key=MARKS.find)),
            weight=(s.weight_common if common else s.weight_random) if pooled else None,
            weight_common=s.weight_common if pooled else None,
            key=anchor("e", s.effect_id),
        )
        for s in studies
    )


def _names(analysis: Analysis) -> dict[str, str]:
    """Return the names of the studies; a study with several rows has its arms named."""
    labels = [s.label for s in analysis.studies]
    return {
        s.effect_id: s.label if labels.count(s.label) == 1 else f"{s.label}: {s.experimental}"
        for s in analysis.studies
    }


def _flags(analysis: Analysis) -> list[str]:
    used = {flag for s in analysis.studies for flag in s.flags}
    return [f for f in FLAGS if f in used] + sorted(used - FLAGS.keys())


def _marks(analysis: Analysis) -> dict[str, str]:
    return {flag: MARKS[i] if i < len(MARKS) else f" ({i + 1})" for i, flag in enumerate(_flags(analysis))}


def _footnotes(analysis: Analysis) -> tuple[str, ...]:
    marks = _marks(analysis)
    return tuple(f"{mark.strip()} {FLAGS.get(flag, flag.replace('_', ' '))}" for flag, mark in marks.items())


# Pooled results


def _leads_common(analysis: Analysis, layout: ForestLayout) -> bool:
    """Return whether the one model that is shown is the common-effect model."""
    pooled = main_pooled(analysis)
    return shows_one_model(layout) and pooled is not None and pooled.model == "common"


def _total_cells(analysis: Analysis, studies: Sequence[StudyEffect], layout: ForestLayout) -> tuple[str, ...]:
    return tuple(c.total(studies) for c in raw_columns(analysis, layout))


def _sums(analysis: Analysis, studies: Sequence[StudyEffect], layout: ForestLayout) -> tuple[ForestSum, ...]:
    """Return the rows of sums that RevMan prints below a total."""
    cells = tuple(c.further(studies) for c in raw_columns(analysis, layout))
    return (ForestSum("Total events", cells),) if any(cells) else ()


def _totals(analysis: Analysis, level: float, layout: ForestLayout) -> tuple[ForestTotal, ...]:
    if analysis.status != "pooled":
        return ()
    models = [main_pooled(analysis)] if shows_one_model(layout) else [analysis.random, analysis.common]
    cells = _total_cells(analysis, analysis.studies, layout)
    found: list[ForestTotal] = []
    for pooled in models:
        if pooled is not None:
            total = _total(analysis, pooled, total_label(pooled, layout, level))
            sums = () if found else _sums(analysis, analysis.studies, layout)
            found.append(replace(total, cells=("",) * len(cells) if found else cells, sums=sums))
    if shows_one_model(layout):  # its weights stand in the one column that there is
        found = [replace(t, weight=t.weight or t.weight_common, weight_common=None) for t in found]
    return tuple(found)


def _total(analysis: Analysis, pooled: Pooled, label: str) -> ForestTotal:
    random = pooled.model == "random"
    weights = [s.weight_random if random else s.weight_common for s in analysis.studies]
    full = 100.0 if any(w is not None for w in weights) else None
    return ForestTotal(
        label,
        span(pooled.display),
        pooled.model,
        prediction=_prediction(pooled) if random else None,
        weight=full if random else None,
        weight_common=None if random else full,
        key=pooled_place(analysis, pooled.model),
    )


def _prediction(pooled: Pooled) -> Span | None:
    shown = pooled.prediction_display
    return None if shown is None or shown.lower is None else span(shown)


def _blocks(
    analysis: Analysis, groups: Sequence[Subgroup], level: float, layout: ForestLayout
) -> tuple[ForestBlock, ...]:
    by_id = {s.effect_id: s for s in analysis.studies}
    blocks = []
    for group in groups:
        studies = [by_id[i] for i in group.effect_ids if i in by_id]
        if studies:
            blocks.append(_block(analysis, group, studies, level, layout))
    grouped = {i for g in groups for i in g.effect_ids}
    rest = [s for s in analysis.studies if s.effect_id not in grouped]
    if rest:
        blocks.append(ForestBlock(_rows(analysis, rest, layout), NOT_STATED))
    return tuple(blocks)


def _block(
    analysis: Analysis, group: Subgroup, studies: Sequence[StudyEffect], level: float, layout: ForestLayout
) -> ForestBlock:
    rows = _rows(analysis, studies, layout)
    heading = group.level[:1].upper() + group.level[1:]
    if group.random is None:
        line = ONE_STUDY if len(studies) == 1 else "Not pooled."
        return ForestBlock(rows, heading, lines=(line,))
    weights = [s.weight_random for s in studies if s.weight_random is not None]
    total = ForestTotal(
        subtotal_label(layout, level),
        span(group.random.display),
        "random",
        _total_cells(analysis, studies, layout),
        prediction=_prediction(group.random),
        weight=sum(weights) if weights else None,
        key=subgroup_place(analysis, group),
        sums=_sums(analysis, studies, layout),
    )
    return ForestBlock(rows, heading, (total,), block_lines(group.random, layout))
