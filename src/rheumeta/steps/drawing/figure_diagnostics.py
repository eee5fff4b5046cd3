"""From an analysis to the figures that question it: small studies, outliers, single studies, the years."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.numbers import fixed
from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import pooled_place
from rheumeta.plots import numbers
from rheumeta.plots.chart_records import Chart, Curve, Mark, Point, StripPlot
from rheumeta.plots.records import ForestBlock, ForestColumn, ForestPlot, ForestRow, ForestTotal, NoteFigure
from rheumeta.records import StudyEffect
from rheumeta.stats.absolute import RELATIVE, risk_with
from rheumeta.stats.p_function import p_value_function
from rheumeta.steps.drawing.figure_forest import base_plot, span
from rheumeta.steps.drawing.figure_funnel import funnel_chart, trim_and_fill_chart
from rheumeta.steps.drawing.figure_influence import baujat_chart, gosh_chart, influence_plot, radial_chart
from rheumeta.steps.drawing.figure_subject import Subject, pooled_text, random_of
from rheumeta.steps.synthesis.estimates import estimate

LEAST = 3
"""Fewest studies of which a plot can show how they scatter."""

CURVE_POINTS = 121

Diagram = Chart | StripPlot | ForestPlot


def diagnostic_figure(kind: str, subject: Subject) -> Diagram | NoteFigure:
    """Return one of the figures that a protocol can ask for; a note where it cannot be drawn.

    Parameters
    ----------
    kind : str
        A value of :data:`rheumeta.tables.protocol.Diagnostic`.
    subject : Subject
        The analysis, its model, the years of its studies.
    """
    analysis = subject.analysis
    k = len(analysis.studies)
    if analysis.status != "pooled" or k < LEAST:
        return _note(kind, subject, f"It needs at least {LEAST} pooled studies; here there are {k}.")
    try:
        return MAKERS[kind](subject)
    except StatsError as error:
        return _note(kind, subject, str(error))


def _note(kind: str, subject: Subject, sentence: str) -> NoteFigure:
    a = subject.analysis
    return NoteFigure(subject.title(kind), sentence, subtitle=a.comparison_label, caution=a.caution or "")


# L'Abbé, p-value functions


def labbe_chart(subject: Subject) -> Chart:
    """Return the L'Abbé plot: the risk with treatment against the risk without, in percent.

    L'Abbé, Detsky and O'Rourke (1987), Ann Intern Med 107:224-233.
    """
    analysis, pooled = subject.analysis, random_of(subject)
    risks = [_risks(s) for s in analysis.studies]
    if analysis.measure not in RELATIVE or any(r is None for r in risks):
        raise StatsError("A L'Abbé plot needs the patients with the event in both groups of each study.")
    effect = pooled.display.estimate or 0.0
    grid = np.linspace(0.0, 1.0, CURVE_POINTS).tolist()
    line = tuple((100 * p, 100 * risk_with(p, effect, analysis.measure)) for p in grid)
    line = tuple(point for point in line if 0 < point[1] < 100) or line
    top = min(10 * math.ceil(10 * max(max(r) for r in risks if r) + 0.3), 100)
    better = sum((r[1] > r[0]) == (analysis.better == "higher") and r[0] != r[1] for r in risks if r)
    told = (
        f"In {better} of {len(risks)} studies the result is better with {_small(analysis.experimental_name)} than "
        f"with {_small(analysis.control_name)}."
    )
    return Chart(
        **subject.head("labbe"),
        x_label=f"{analysis.control_name}: percent with the event",
        y_label=f"{analysis.experimental_name}: percent with the event",
        x_limits=(0.0, top),
        y_limits=(0.0, top),
        square=True,
        marks=tuple(
            Mark(s.label, 100 * r[0], 100 * r[1], s.weight_random, key=anchor("e", s.effect_id))
            for s, r in zip(analysis.studies, risks, strict=True)
            if r is not None
        ),
        curves=(
            Curve(((0.0, 0.0), (100.0, 100.0)), "null", "no difference"),
            Curve(
                line, "limit", f"pooled {_small(analysis.measure_label)}", pooled_place(analysis, "random")
            ),
        ),
        lines=(told,),
        notes=("Areas of the circles are in proportion to the weights.",),
        description=told,
    )


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _risks(study: StudyEffect) -> tuple[float, float] | None:
    """Return the risk in the control group and in the treated group."""
    if study.events1 is None or study.events2 is None or not study.n1 or not study.n2:
        return None
    return study.events2 / study.n2, study.events1 / study.n1


def drapery_chart(subject: Subject) -> Chart:
    """Return the p-value functions of all studies and of the pooled result."""
    pooled, analysis = random_of(subject), subject.analysis
    spread = 3.3 * np.sqrt(np.array(subject.vi))
    low = min(float(np.min(np.array(subject.yi) - spread)), pooled.estimate - 4 * pooled.se)
    high = max(float(np.max(np.array(subject.yi) + spread)), pooled.estimate + 4 * pooled.se)
    middle, half = pooled.estimate, 3 * float(np.median(spread))
    grid = np.linspace(max(low, middle - half), min(high, middle + half), 4 * CURVE_POINTS)

    def curve(value: float, se: float, df: float | None) -> tuple[Point, ...]:
        theta = np.union1d(grid, [value] if grid[0] < value < grid[-1] else [])  # with its peak
        p = p_value_function(theta, value, se, df=df)
        return tuple((subject.show(t), float(v)) for t, v in zip(theta.tolist(), p, strict=True))

    studies = [
        Curve(curve(s.yi, math.sqrt(s.vi), None), "study", key=anchor("e", s.effect_id))
        for s in analysis.studies
    ]
    alpha, main = 1 - subject.model.level / 100, pooled_place(analysis, "random")
    limits = (subject.show(float(grid[0])), subject.show(float(grid[-1])))
    told = f"{subject.model.level:g}% interval of the pooled effect: {pooled_text(subject, pooled)}."
    null = (
        ()
        if analysis.null is None
        else (Curve(((analysis.null, 0.0), (analysis.null, 1.0)), "null", "no effect"),)
    )
    return Chart(
        **subject.head("drapery"),
        **subject.effect_axis((float(grid[0]), float(grid[-1]))),
        y_label="p value if this were the true effect",
        y_limits=(0.0, 1.0),
        curves=(
            replace(studies[0], label="each study"),
            *studies[1:],
            Curve(curve(pooled.estimate, pooled.se, pooled.df), "main", "pooled, random effects", main),
            Curve(
                ((limits[0], alpha), (limits[1], alpha)), "limit", f"p = {alpha:.2g}: ends of the intervals"
            ),
            *null,
        ),
        lines=(told,),
        description=f"p-value functions of {len(studies)} studies and of their mean. {told}",
    )


# One study more, one study less


def leave_one_out_plot(subject: Subject) -> ForestPlot:
    """Return the pooled result without each study in turn."""
    studies = subject.analysis.studies
    rows = [
        _pooled_row(f"Without {s.label}", s, [o for o in studies if o is not s], subject) for s in studies
    ]
    return _refitted(subject, "leave_one_out", rows)


def cumulative_plot(subject: Subject) -> ForestPlot:
    """Return the pooled result as each study was added, in the order of the years.

    Lau and others (1992), N Engl J Med 327:248-254. Studies without a year come last.
    """
    order = sorted(subject.analysis.studies, key=lambda s: (subject.years.get(s.study_id) or "9999", s.label))
    rows = []
    for count, study in enumerate(order, start=1):
        year = subject.years.get(study.study_id) or ""
        name = study.label if not year or year in study.label else f"{study.label} ({year})"
        rows.append(_pooled_row(name if count == 1 else f"+ {name}", study, order[:count], subject))
    missing = [s.label for s in order if not subject.years.get(s.study_id)]
    plot = _refitted(subject, "cumulative", rows)
    if missing:
        note = f"The year is not stated, so they come last, by name: {', '.join(missing)}."
        plot = replace(plot, footnotes=(*plot.footnotes, note))
    return plot


def _pooled_row(
    label: str, moved: StudyEffect, studies: Sequence[StudyEffect], subject: Subject
) -> ForestRow:
    """Return the pooled result of `studies`; its mark leads to the study that was taken away or added."""
    found = estimate(studies, subject.model)
    effect = span(found.random.display if found.random else studies[0].effect if len(studies) == 1 else None)
    i2 = found.random.i2.estimate if found.random and found.random.i2 else None
    cells = (str(len(studies)), "" if i2 is None else f"{i2:.0f}%")
    return ForestRow(label, effect, cells, key=anchor("e", moved.effect_id))


def _refitted(subject: Subject, kind: str, rows: Sequence[ForestRow]) -> ForestPlot:
    analysis, place = subject.analysis, pooled_place(subject.analysis, "random")
    k, i2 = len(analysis.studies), analysis.random.i2 if analysis.random else None
    cells = (str(k), "" if i2 is None or i2.estimate is None else f"{i2.estimate:.0f}%")
    return replace(
        base_plot(analysis, subject.model.level),
        title=subject.title(kind),
        blocks=(ForestBlock(tuple(rows)),),
        columns=(ForestColumn("Studies"), ForestColumn("I²")),
        totals=(ForestTotal("All studies", span(random_of(subject).display), cells=cells, key=place),),
        footnotes=(),
        show_common=False,
        lines=(f"Each row is a pooled result: {subject.model.method}, as in the analysis.",),
    )


def describe_diagnostic(plot: Diagram | NoteFigure) -> str:
    """Return the alternative text of a diagnostic figure."""
    if isinstance(plot, NoteFigure):
        return plot.sentence
    if isinstance(plot, Chart | StripPlot):
        return f"{plot.title}. {plot.description}"
    spans = [(r.label, r.effect) for b in plot.blocks for r in b.rows if r.effect.estimate is not None]
    form = numbers.ratio if plot.scale == "log" else lambda v: fixed(v, 2)
    low = min(spans, key=lambda s: s[1].estimate or 0.0)
    high = max(spans, key=lambda s: s[1].estimate or 0.0)
    return (
        f"{plot.title}. Pooled results from {form(low[1].estimate)} ({low[0]}) to {form(high[1].estimate)} "
        f"({high[0]})."
    )


MAKERS: dict[str, Callable[[Subject], Diagram]] = {
    "funnel": funnel_chart,
    "trim_and_fill": trim_and_fill_chart,
    "radial": radial_chart,
    "baujat": baujat_chart,
    "influence": influence_plot,
    "gosh": gosh_chart,
    "labbe": labbe_chart,
    "drapery": drapery_chart,
    "cumulative": cumulative_plot,
    "leave_one_out": leave_one_out_plot,
}
