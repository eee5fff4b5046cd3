"""From a synthesis to the records of the plots of directions, p values and regressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import directions_place
from rheumeta.plots.direction import summarise
from rheumeta.plots.numbers import p_text, significant
from rheumeta.plots.records import (
    AlbatrossPanel,
    AlbatrossPlot,
    BubblePlot,
    BubblePoint,
    DirectionBlock,
    DirectionCell,
    DirectionLine,
    DirectionPlot,
    NoteFigure,
    SignTest,
)
from rheumeta.plots.records import AlbatrossPoint as Point
from rheumeta.records import AlbatrossPoint, Analysis, DirectionRow, Regression, Synthesis
from rheumeta.stats.regression import meta_regression
from rheumeta.stats.transforms import harmonic_mean, to_display
from rheumeta.steps.drawing.figure_forest import PERCENT_MEASURES, span

KINDS = {
    "controlled": "Controlled: treated against not treated",
    "add_on": "Add-on: both groups got the treatment",
    "before_after": "Uncontrolled: after treatment against before",
    "single_group": "Uncontrolled: one group",
}
"""Headings of the kinds of comparison, in the order in which they are shown."""

CONTROLLED = frozenset({"controlled", "add_on"})
UNCONTROLLED = "Uncontrolled: chance, the natural course and other treatment may explain the results."

DIRECTIONS_TITLE = "Which way each study points, by group of outcomes"
ALBATROSS_TITLE = "Number of patients against p value"
CURVE_POINTS = 81


def direction_figure(synthesis: Synthesis, order: Iterable[str] = ()) -> DirectionPlot | NoteFigure:
    """Return the effect-direction plot of a review; each cohort counts once for each outcome.

    Parameters
    ----------
    synthesis : Synthesis
        The directions and sign tests.
    order : iterable of str
        Domains of outcomes, first to be shown first.
    """
    rows = [r for r in synthesis.directions if r.counted]
    if not rows:
        return NoteFigure(DIRECTIONS_TITLE, "No study reports a direction that could be shown.")
    found = dict.fromkeys(r.domain for r in rows)
    domains = [d for d in dict.fromkeys([*order, *found]) if d in found]
    blocks = []
    for kind, heading in KINDS.items():
        lines = _direction_lines([r for r in rows if r.comparison_kind == kind], domains)
        if lines:
            blocks.append(DirectionBlock(heading, lines, kind in CONTROLLED))
    note = "Conventions of Thomson and Thomas (2013) as revised by Hilton Boon and Thomson (2021)."
    return DirectionPlot(DIRECTIONS_TITLE, tuple(domains), tuple(blocks), _sign_tests(synthesis), (note,))


def _direction_lines(rows: Sequence[DirectionRow], domains: Sequence[str]) -> tuple[DirectionLine, ...]:
    lines = []
    for study in sorted({(r.label, r.study_id) for r in rows}):
        own = [r for r in rows if (r.label, r.study_id) == study]
        cells = []
        for column, domain in enumerate(domains):
            group = [r for r in own if r.domain == domain]
            if group:
                directions = [r.direction for r in group]
                single = anchor("r", group[0].result_id)
                key = (
                    single
                    if len(group) == 1
                    else directions_place(group[0].outcome, group[0].comparison_kind)
                )
                cells.append(DirectionCell(column, summarise(directions), _largest(group), len(group), key))
        lines.append(DirectionLine(study[0], tuple(cells), _largest(own)))
    return tuple(lines)


def _largest(rows: Sequence[DirectionRow]) -> float | None:
    return max((r.n for r in rows if r.n is not None), default=None)


def _sign_tests(synthesis: Synthesis) -> tuple[SignTest, ...]:
    """Return the sign tests of outcomes with at least two signs, kinds in their order."""
    tests = []
    for kind, heading in KINDS.items():
        for s in synthesis.direction_summaries:
            if s.comparison_kind == kind and s.favourable + s.unfavourable > 1:
                share = None if s.proportion is None else span(s.proportion)
                counts = (s.favourable, s.unfavourable, s.not_counted)
                tests.append(SignTest(heading.split(":")[0], s.outcome_label, *counts, share, s.pval))
    return tuple(tests)


def albatross_figure(synthesis: Synthesis) -> AlbatrossPlot | NoteFigure:
    """Return the albatross plot of a review, one panel a kind of comparison."""
    panels = []
    for kind, heading in KINDS.items():
        points = tuple(_point(p) for p in synthesis.albatross if p.comparison_kind == kind and p.n > 0)
        if points:
            controlled = kind in CONTROLLED
            design = "two_group" if controlled else "one_group"
            caution = "" if controlled else UNCONTROLLED
            panels.append(AlbatrossPanel(heading, design, points, caution))  # type: ignore[arg-type]
    if not panels:
        sentence = "No result gives both an exact p value and the number of patients."
        return NoteFigure(ALBATROSS_TITLE, sentence)
    note = (
        "Albatross plot (Harrison and others 2017). p values show where a result lies, not whether it "
        "counts. Several results of one study are not independent."
    )
    return AlbatrossPlot(ALBATROSS_TITLE, tuple(panels), (note,))


def _point(p: AlbatrossPoint) -> Point:
    return Point(
        f"{p.label}, {p.outcome_label}", p.n, p.p, p.favourable, p.outcome, key=anchor("r", p.result_id)
    )


def regression_figure(
    analysis: Analysis, moderator: str, label: str, *, level: float
) -> BubblePlot | NoteFigure:
    """Return the bubble plot of an analysis against a moderator; `level` in percent."""
    title = f"{analysis.title}, against {label[:1].lower()}{label[1:]}"
    found = next((r for r in analysis.regressions if r.moderator == moderator), None)
    if found is None:
        sentence = (
            "No regression: too few studies of this analysis state the characteristic, or all have the "
            "same value."
        )
        return NoteFigure(title, sentence, subtitle=analysis.comparison_label, caution=analysis.caution or "")
    return _bubble(analysis, found, title, label, level)


def _bubble(analysis: Analysis, regression: Regression, title: str, label: str, level: float) -> BubblePlot:
    names = {s.effect_id: s.label for s in analysis.studies}
    sizes = [s.n1 for s in analysis.studies if s.n1]
    n = harmonic_mean(sizes) if sizes else None

    def shown(values: Sequence[float]) -> list[float]:
        return [float(v) for v in to_display(analysis.measure, values, n=n)]

    ys = shown([p[2] for p in regression.points])
    points = tuple(
        BubblePoint(names.get(i, i), x, y, 1.0 / (vi + regression.tau2), key=anchor("e", i))
        for (i, x, _, vi), y in zip(regression.points, ys, strict=True)
    )
    xs, mean, lower, upper = _curve(regression, level)
    percent = analysis.measure in PERCENT_MEASURES
    unit = f", {analysis.unit}" if analysis.unit and not percent else ""
    return BubblePlot(
        title=title,
        x_label=label,
        y_label="Percent of patients" if percent else f"{analysis.measure_label}{unit}",
        points=points,
        line=tuple(zip(xs, shown(mean), shown(lower), shown(upper), strict=True)),
        scale=analysis.scale,
        null=analysis.null,
        subtitle=analysis.comparison_label,
        caution=analysis.caution or "",
        lines=(_slope(regression, level), *regression.notes),
        level=level,
    )


def _curve(regression: Regression, level: float) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return x and the fitted effect with its limits on the analysis scale, from the same model."""
    _, x, yi, vi = zip(*regression.points, strict=True)
    fit = meta_regression(
        yi,
        vi,
        x,
        names=(regression.moderator,),
        method=regression.method,  # type: ignore[arg-type]
        test=regression.test,  # type: ignore[arg-type]
        level=level,
    )
    xs = np.linspace(min(x), max(x), CURVE_POINTS)
    mean, lower, upper = fit.predict(xs)
    return xs.tolist(), mean.tolist(), lower.tolist(), upper.tolist()


def _slope(regression: Regression, level: float) -> str:
    slope = regression.coefficients[-1]
    interval = f"[{significant(slope.ci.lower)}, {significant(slope.ci.upper)}]"
    r2 = "" if regression.r2 is None else f"; R² = {regression.r2:.0f}%"
    return (
        f"Change for one unit more, on the scale of the analysis: {significant(slope.estimate)} "
        f"({level:g}% CI {interval}), {p_text(slope.pval)}; {regression.k} studies{r2}"
    )
