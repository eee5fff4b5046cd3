"""From an analysis to the figures of single studies and of all subsets of studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np

from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import pooled_place
from rheumeta.plots.chart_records import Arc, Chart, Curve, Mark, Region, Strip, StripPlot
from rheumeta.plots.records import Span
from rheumeta.stats.influence import (
    DFBETAS_CUT,
    DFFITS_CUT,
    HAT_CUT,
    RadialData,
    baujat,
    cook_limit,
    influence,
    radial,
)
from rheumeta.stats.subsets import Gosh, gosh
from rheumeta.steps.drawing.figure_subject import Subject, effect_text

ALL_SUBSETS_UP_TO = 13
"""Up to so many studies all subsets are pooled (8178), by the model of the analysis."""

RANDOM_SUBSETS = 20_000
"""Beyond, so many random ones by DerSimonian and Laird: enough for the shape, in a second."""

CELLS = (72, 40)
"""Columns and rows in which the subsets are counted."""

ARC_END, ARC_ROOM, ARC_SQUEEZE = 0.8, 1.07, 1.8
"""Of the arc of a radial plot: precision at its ends, and its own, in parts of the largest; how much higher than
the points it may be."""

ARC_BEYOND = 0.08
"""How far the arc goes beyond the effects, in parts of their range."""

DENSITY = (1, 5, 25)
"""Least number of subsets in a cell for each shade."""


def radial_chart(subject: Subject) -> Chart:
    """Return Galbraith's radial plot: a study outside the limits differs from the common effect by more than chance."""
    level = subject.model.level
    found = radial(subject.yi, subject.vi, method="EE", level=level)
    xs, zs, half = found.precision.tolist(), found.statistic.tolist(), found.half_width
    arc = _radial_arc(subject, found)
    outside = sum(abs(z - found.estimate * x) > half for x, z in zip(xs, zs, strict=True))
    effect = effect_text(subject, found.estimate, found.ci_lb, found.ci_ub)
    told = (
        f"{outside} of {len(xs)} studies lie further than {half:.2f} standard errors from the line of the "
        f"common effect, {effect}."
    )
    lines = [
        Curve(((0.0, 0.0), arc.meets(found.estimate)), "main", "common effect: its slope"),
        Curve(((0.0, half), arc.meets(found.estimate, half)), "limit", f"{level:g}% limits"),
        Curve(((0.0, -half), arc.meets(found.estimate, -half)), "limit"),
    ]
    if subject.analysis.null is not None:
        lines.append(Curve(((0.0, 0.0), arc.meets(0.0)), "null", "no effect"))
    heights = [*zs, *(z for curve in lines for _, z in curve.points), *(arc.at(v)[1] for v in arc.limits)]
    return Chart(
        **subject.head("radial"),
        x_label="Precision: 1 / standard error",
        y_label="z: effect on the scale of the analysis / standard error",
        x_limits=(0.0, arc.across),
        y_limits=(min(heights) * 1.02, max(heights) * 1.02),
        marks=_marks(subject, xs, zs),
        curves=tuple(lines),
        arc=arc,
        lines=(told,),
        notes=("A straight line from 0 through a study reads its effect on the arc.",),
        description=told,
    )


def _radial_arc(subject: Subject, found: RadialData) -> Arc:
    """Return the arc that reads effects: those of all studies, as far as the points are not squeezed for it."""
    half, slopes = found.half_width, [*subject.yi, found.ci_lb, found.ci_ub]
    slopes += [0.0] if subject.analysis.null is not None else []
    room = ARC_BEYOND * (max(slopes) - min(slopes))
    slopes += [min(slopes) - room, max(slopes) + room]
    far, steepest = float(found.precision.max()), max(abs(s) for s in slopes)
    high = max(
        abs(float(z)) for z in (*found.statistic, far * found.estimate + half, far * found.estimate - half)
    )
    end = (1 - ARC_END**2) ** 0.5  # height of its ends, half axes of 1
    up = min(max(steepest * far * ARC_END / end, 1.1 * high / end), ARC_SQUEEZE * high / end)
    shares = (1 - found.statistic**2 / up**2) ** 0.5
    across = ARC_ROOM * float((found.precision / shares).max())
    most = end * up / (ARC_END * across)
    limits = tuple(subject.show(min(max(s, -most), most)) for s in (min(slopes), max(slopes)))
    span = Span(*(subject.show(s) for s in (found.estimate, found.ci_lb, found.ci_ub)))
    scale = subject.analysis.scale if subject.plain else "linear"
    label = f"common effect with its {subject.model.level:g}% interval, on the arc"
    return Arc(across, up, (limits[0], limits[1]), span, scale, subject.axis, label)


def _marks(subject: Subject, xs: Sequence[float], ys: Sequence[float]) -> tuple[Mark, ...]:
    return tuple(
        Mark(s.label, x, y, key=anchor("e", s.effect_id))
        for s, x, y in zip(subject.analysis.studies, xs, ys, strict=True)
    )


def baujat_chart(subject: Subject) -> Chart:
    """Return the Baujat plot: part in the heterogeneity against influence on the common effect."""
    found = baujat(subject.yi, subject.vi)
    xs, ys = found.heterogeneity.tolist(), found.influence.tolist()
    labels = [s.label for s in subject.analysis.studies]
    first = labels[int(np.argmax(found.heterogeneity))]
    share = 100 * max(xs) / sum(xs) if sum(xs) > 0 else 0.0
    told = (
        f"{first} contributes most to the heterogeneity, {share:.0f}% of Q = {sum(xs):.1f}; the pooled effect "
        f"depends most on {labels[int(np.argmax(found.influence))]}."
    )
    return Chart(
        **subject.head("baujat"),
        x_label="Contribution to Cochran's Q",
        y_label="Influence on the common effect: squared change without the study / its variance",
        x_limits=(0.0, max(xs) * 1.06 or 1.0),
        y_limits=(0.0, max(ys) * 1.06 or 1.0),
        marks=_marks(subject, xs, ys),
        lines=(told,),
        description=told,
    )


def influence_plot(subject: Subject) -> StripPlot:
    """Return the deletion diagnostics of each study under the random-effects model of the analysis."""
    found = influence(subject.yi, subject.vi, method=subject.model.method)
    k = len(subject.yi)
    cook = cook_limit()
    strips = (
        Strip("Studentised residual", _values(found.rstudent), 0.0, (-1.96, 1.96)),
        Strip(
            "DFFITS",
            _values(found.dffits),
            0.0,
            tuple(s * DFFITS_CUT * math.sqrt(1 / (k - 1)) for s in (-1, 1)),
        ),
        Strip("DFBETAS", _values(found.dfbetas), 0.0, (-DFBETAS_CUT, DFBETAS_CUT)),
        Strip("Cook's distance", _values(found.cook), 0.0, (cook,)),
        Strip("Covariance ratio", _values(found.cov_ratio), 1.0),
        Strip("τ² without it", _values(found.tau2_deleted), found.tau2),
        Strip("Weight, %", _values(found.weight), 100 / k, (100 * HAT_CUT / k,)),
    )
    names = [s.label for s, flag in zip(subject.analysis.studies, found.influential, strict=True) if flag]
    told = (
        f"Influential by the cuts of Viechtbauer and Cheung (2010): {', '.join(names)}."
        if names
        else "No study passes a cut of Viechtbauer and Cheung (2010) for influence."
    )
    return StripPlot(
        **subject.head("influence"),
        labels=tuple(s.label for s in subject.analysis.studies),
        keys=tuple(anchor("e", s.effect_id) for s in subject.analysis.studies),
        strips=strips,
        flagged=tuple(bool(f) for f in found.influential),
        lines=(told,),
        notes=(
            "Solid: value without influence (for τ²: of all studies; for the weight: equal shares). Dashed: cuts, "
            "where the range shows them; of the residual its 95% limits.",
        ),
        description=told,
    )


def _values(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(v) for v in values)


def gosh_chart(subject: Subject) -> Chart:
    """Return the pooled effects of all subsets of studies against their heterogeneity."""
    k = len(subject.yi)
    if k <= ALL_SUBSETS_UP_TO:
        found = gosh(subject.yi, subject.vi, method=subject.model.method)
    else:
        found = gosh(subject.yi, subject.vi, method="DL", subsets=RANDOM_SUBSETS)
    low, high = float(found.estimate.min()), float(found.estimate.max())
    room = 0.03 * (high - low) or 0.1
    limits = (low - room, high + room)
    kind = f"All {len(found.k)}" if found.complete else f"{len(found.k)} random"
    told = f"{kind} subsets of two or more of {k} studies. {_splitting(subject, found)}"
    estimate = (
        subject.analysis.random.estimate if subject.analysis.random else float(np.median(found.estimate))
    )
    line = Curve(((subject.show(estimate), 0.0), (subject.show(estimate), 100.0)), "main", "all studies")
    return Chart(
        **subject.head("gosh"),
        **subject.effect_axis(limits),
        y_label="I², percent",
        y_limits=(0.0, 100.0),
        regions=_density(subject, found, limits),
        curves=(line,),
        lines=(told,),
        notes=("Olkin, Dahabreh and Trikalinos (2012), Res Synth Methods 3:214-223.",),
        description=told,
    )


def _splitting(subject: Subject, found: Gosh) -> str:
    """Name the study whose presence moves the median of the subsets most."""
    moves = []
    for index, study in enumerate(subject.analysis.studies):
        inside = found.contains(index)
        pair = [float(np.median(found.estimate[mask])) for mask in (inside, ~inside)]
        moves.append((abs(pair[0] - pair[1]), study.label, pair))
    _, label, (within, without) = max(moves)
    form = subject.form
    return (
        f"Half of those with {label} give less than {form(subject.show(within))}, half of those without it less "
        f"than {form(subject.show(without))}: no study moves the median further."
    )


def _density(subject: Subject, found: Gosh, limits: tuple[float, float]) -> tuple[Region, ...]:
    """Count the subsets in cells and shade them; neighbours of one shade in a row are one region."""
    counts, xs, ys = np.histogram2d(found.estimate, found.i2, bins=CELLS, range=(limits, (0.0, 100.0)))
    shades = np.searchsorted(np.array(DENSITY), counts, side="right")
    names = {i + 1: f"{least} or more subsets" for i, least in enumerate(DENSITY)}
    regions, key = [], pooled_place(subject.analysis, "random")
    for row in range(CELLS[1]):
        start = 0
        for shade, members in groupby(shades[:, row].tolist()):
            end = start + len(list(members))
            if shade:
                left, right = subject.show(float(xs[start])), subject.show(float(xs[end]))
                bottom, top = float(ys[row]), float(ys[row + 1])
                corners = ((left, bottom), (right, bottom), (right, top), (left, top))
                regions.append(Region(corners, shade, names.pop(shade, ""), key))
            start = end
    return tuple(regions)
