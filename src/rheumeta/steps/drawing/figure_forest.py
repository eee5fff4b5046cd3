"""From an analysis to the records that a forest plot takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from rheumeta.numbers import fixed
from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import pooled_place, subgroup_place
from rheumeta.plots import numbers
from rheumeta.plots.records import (
    ForestBlock,
    ForestPlot,
    ForestRow,
    ForestTotal,
    NoteFigure,
    Reference,
    Span,
)
from rheumeta.records import FLAGS, Analysis, Interval, Pooled, StudyEffect, Subgroup
from rheumeta.steps.drawing.figure_columns import raw_columns

PERCENT_MEASURES = frozenset({"PR", "PLO", "PAS", "PFT"})
"""Proportions: shown in percent."""

BOUNDS = {"RD": (-1.0, 1.0), **dict.fromkeys(PERCENT_MEASURES, (0.0, 100.0))}
"""Measures that cannot lie outside."""

MARKS = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
"""Signs of the footnotes, in the order of the flags."""

TESTS = {
    "z": "Wald interval",
    "t": "t interval",
    "knha": "Hartung-Knapp interval",
    "adhoc": "Hartung-Knapp interval, not narrower than Wald",
}
METHODS = {"IV": "inverse variance", "MH": "Mantel-Haenszel", "PETO": "Peto", "Peto": "Peto"}

ONE_STUDY = "One study: shown, not pooled."
NO_STUDY = "No study gives a result that could enter this analysis."
NOT_STATED = "Not stated"


def span(interval: Interval | None) -> Span:
    """Return the plot's form of an interval."""
    if interval is None:
        return Span()
    return Span(interval.estimate, interval.lower, interval.upper)


def forest_figure(analysis: Analysis, *, level: float) -> ForestPlot | NoteFigure:
    """Return what the main figure of an analysis shows; `level` is that of its intervals, percent."""
    if not analysis.studies:
        return note_figure(analysis)
    plot = base_plot(analysis, level)
    rows = _rows(analysis, analysis.studies)
    return replace(
        plot,
        blocks=(ForestBlock(rows),),
        totals=_totals(analysis),
        lines=(*_result_lines(analysis), *analysis.warnings),
    )


def subgroup_figure(analysis: Analysis, by: str, label: str, *, level: float) -> ForestPlot | NoteFigure:
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
    lines = [
        f"Test for differences between the groups: Q = {t.q:.2f}, df = {t.df}, {numbers.p_text(t.pval)}"
        for t in tests
    ]
    return replace(
        base_plot(analysis, level),
        title=title,
        blocks=_blocks(analysis, groups),
        totals=_totals(analysis),
        lines=(*lines, *_result_lines(analysis)),
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
        sentence=_sentence(analysis.status_reason or NO_STUDY),
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


def _sentence(text: str) -> str:
    """Return `text` with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def base_plot(analysis: Analysis, level: float) -> ForestPlot:
    """Return the frame of the forest plots of an analysis, without studies and results."""
    columns = raw_columns(analysis)
    percent = analysis.measure in PERCENT_MEASURES
    return ForestPlot(
        title=analysis.title,
        blocks=(),
        effect_heading="Percent" if percent else analysis.measure_label,
        scale=analysis.scale,
        reverse=analysis.reversed_axis,
        null=analysis.null,
        subtitle=_subtitle(analysis),
        caution=analysis.caution or "",
        columns=tuple(c.column for c in columns),
        left_label=analysis.left_label or "",
        right_label=analysis.right_label or "",
        axis_label=_axis_label(analysis),
        bounds=BOUNDS.get(analysis.measure),
        mid=_mid(analysis),
        mid_label=_mid_label(analysis),
        benchmark=_benchmark(analysis),
        footnotes=_footnotes(analysis),
        level=level,
        show_common=analysis.common is not None and analysis.status == "pooled",
    )


def _axis_label(analysis: Analysis) -> str:
    """Return unit and, where the axis runs the unusual way, a word about it."""
    unit = "percent of patients" if analysis.measure in PERCENT_MEASURES else analysis.unit or ""
    if not analysis.reversed_axis:
        return unit
    return f"{unit}; larger values lie left".lstrip("; ")


def _subtitle(analysis: Analysis) -> str:
    parts = [analysis.comparison_label, analysis.window_label]
    if analysis.measure in PERCENT_MEASURES:
        parts.append(analysis.measure_label)
    if analysis.n_patients:
        parts.append(f"{analysis.n_patients:g} patients")
    return " · ".join(p for p in parts if p)


def _mid(analysis: Analysis) -> tuple[float, ...]:
    if analysis.mid is None or analysis.scale == "log":
        return ()
    return (-analysis.mid if analysis.better == "lower" else analysis.mid,)


def _mid_label(analysis: Analysis) -> str:
    if analysis.mid is None:
        return ""
    unit = f" {analysis.unit}" if analysis.unit else ""
    source = f" ({analysis.mid_source})" if analysis.mid_source else ""
    return f"minimal important difference for the better: {analysis.mid:g}{unit}{source}"


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


def _rows(analysis: Analysis, studies: Iterable[StudyEffect]) -> tuple[ForestRow, ...]:
    columns, marks, names = raw_columns(analysis), _marks(analysis), _names(analysis)
    pooled = analysis.status == "pooled"
    return tuple(
        ForestRow(
            label=names[s.effect_id],
            effect=span(s.effect),
            cells=tuple(c.cell(s) for c in columns),
            marks="".join(sorted((marks[f] for f in s.flags), key=MARKS.find)),
            weight=s.weight_random if pooled else None,
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


def _total_cells(analysis: Analysis, studies: Sequence[StudyEffect]) -> tuple[str, ...]:
    return tuple(c.total(studies) for c in raw_columns(analysis))


def _totals(analysis: Analysis) -> tuple[ForestTotal, ...]:
    if analysis.status != "pooled":
        return ()
    found = []
    cells = _total_cells(analysis, analysis.studies)
    if analysis.random is not None:
        found.append(
            ForestTotal(
                "Random effects",
                span(analysis.random.display),
                "random",
                cells,
                prediction=_prediction(analysis.random),
                weight=100.0 if any(s.weight_random is not None for s in analysis.studies) else None,
                key=pooled_place(analysis, "random"),
            )
        )
    if analysis.common is not None:
        weighted = any(s.weight_common is not None for s in analysis.studies)
        found.append(
            ForestTotal(
                "Common effect",
                span(analysis.common.display),
                "common",
                ("",) * len(cells) if found else cells,
                weight_common=100.0 if weighted else None,
                key=pooled_place(analysis, "common"),
            )
        )
    return tuple(found)


def _prediction(pooled: Pooled) -> Span | None:
    shown = pooled.prediction_display
    return None if shown is None or shown.lower is None else span(shown)


def _blocks(analysis: Analysis, groups: Sequence[Subgroup]) -> tuple[ForestBlock, ...]:
    by_id = {s.effect_id: s for s in analysis.studies}
    blocks = []
    for group in groups:
        studies = [by_id[i] for i in group.effect_ids if i in by_id]
        if studies:
            blocks.append(_block(analysis, group, studies))
    grouped = {i for g in groups for i in g.effect_ids}
    rest = [s for s in analysis.studies if s.effect_id not in grouped]
    if rest:
        blocks.append(ForestBlock(_rows(analysis, rest), NOT_STATED))
    return tuple(blocks)


def _block(analysis: Analysis, group: Subgroup, studies: Sequence[StudyEffect]) -> ForestBlock:
    rows = _rows(analysis, studies)
    heading = group.level[:1].upper() + group.level[1:]
    if group.random is None:
        line = ONE_STUDY if len(studies) == 1 else "Not pooled."
        return ForestBlock(rows, heading, lines=(line,))
    weights = [s.weight_random for s in studies if s.weight_random is not None]
    total = ForestTotal(
        "Subtotal",
        span(group.random.display),
        "random",
        _total_cells(analysis, studies),
        prediction=_prediction(group.random),
        weight=sum(weights) if weights else None,
        key=subgroup_place(analysis, group),
    )
    return ForestBlock(rows, heading, (total,), (heterogeneity(group.random),))


def _result_lines(analysis: Analysis) -> tuple[str, ...]:
    if analysis.status == "single_study":
        return (_sentence(analysis.status_reason or ONE_STUDY),)
    if analysis.status != "pooled":
        return (
            _sentence(f"Not pooled: {analysis.status_reason}" if analysis.status_reason else "Not pooled"),
        )
    lines = []
    random, common = analysis.random, analysis.common
    if random is not None:
        lines += [_line("Heterogeneity", heterogeneity(random)), _line("Random effects", _test(random))]
        if random.prediction is None and random.prediction_reason:
            lines.append(_line("No prediction interval", random.prediction_reason))
    if common is not None:
        if random is None:
            lines.append(_line("Heterogeneity", heterogeneity(common)))
        lines.append(_line("Common effect", _test(common)))
    return tuple(line for line in lines if line)


def _line(name: str, text: str) -> str:
    return f"{name}: {text.rstrip('.')}" if text else ""


def heterogeneity(pooled: Pooled) -> str:
    """Return tau², I² and the Q test as far as they are known."""
    parts = []
    if pooled.tau2 is not None and pooled.tau2.estimate is not None:
        parts.append("τ² = " + _with_limits(pooled.tau2, numbers.significant))
    if pooled.i2 is not None and pooled.i2.estimate is not None:
        parts.append("I² = " + _with_limits(pooled.i2, lambda v: fixed(v, 0), "%"))
    if pooled.q is not None and pooled.q_df is not None:
        p = "" if pooled.q_pval is None else f", {numbers.p_text(pooled.q_pval)}"
        parts.append(f"Q = {pooled.q:.2f}, df = {pooled.q_df}{p}")
    return "; ".join(parts)


def _with_limits(interval: Interval, form: Callable[[float | None], str], unit: str = "") -> str:
    text = form(interval.estimate) + unit
    if interval.lower is None and interval.upper is None:
        return text
    return f"{text} [{form(interval.lower)}, {form(interval.upper)}]"


def _test(pooled: Pooled) -> str:
    """Return the method and the test of a pooled effect."""
    how = METHODS.get(pooled.method, pooled.method)
    parts = [f"{how}, {TESTS.get(pooled.test, pooled.test)}"]
    if pooled.statistic is not None and pooled.pval is not None:
        name = "z" if pooled.df is None else f"t (df = {pooled.df:g})"
        parts.append(f"{name} = {fixed(pooled.statistic, 2)}, {numbers.p_text(pooled.pval)}")
    return "; ".join(parts)
