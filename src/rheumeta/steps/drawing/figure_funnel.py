"""From an analysis to its funnel plots."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rheumeta.pages.inputs import anchor
from rheumeta.plots.chart_records import Chart, Curve, Mark, Point, Region
from rheumeta.stats import funnel
from rheumeta.stats.bias import trim_fill
from rheumeta.stats.bias.common import ADVISED_K
from rheumeta.stats.funnel_data import Contour, Funnel
from rheumeta.steps.drawing.figure_subject import Subject, effect_text


def funnel_chart(subject: Subject) -> Chart:
    """Return the funnel plot with contours of significance about no effect."""
    found = funnel(subject.yi, subject.vi, method="EE", level=subject.model.level)
    outside = int((~found.inside).sum())
    k = len(subject.yi)
    told = (
        f"{outside} of {k} studies lie outside the {subject.model.level:g}% limits about the common effect; "
        f"{(1 - subject.model.level / 100) * k:.1f} would be expected."
    )
    return _funnel(subject, found, "funnel", told, filled=())


def trim_and_fill_chart(subject: Subject) -> Chart:
    """Return the funnel plot with the studies that trim and fill adds."""
    result = trim_fill(subject.yi, subject.vi, method=subject.model.method)
    before, after = (
        effect_text(subject, r.estimate, r.ci_lb, r.ci_ub) for r in (result.original, result.filled)
    )
    told = (
        f"Trim and fill adds {result.k0} {'study' if result.k0 == 1 else 'studies'}: the mean goes from {before} "
        f"to {after}. It is a guess of what would make the funnel even, not evidence of missing studies."
    )
    added = list(zip(result.filled_yi.tolist(), np.sqrt(result.filled_vi).tolist(), strict=True))
    everything = [*subject.yi, *result.filled_yi], [*subject.vi, *result.filled_vi]
    found = funnel(*everything, method="EE", centre=result.filled.estimate, level=subject.model.level)
    return _funnel(subject, found, "trim_and_fill", told, filled=added)


def _funnel(subject: Subject, found: Funnel, kind: str, told: str, *, filled: Sequence[Point]) -> Chart:
    analysis, show = subject.analysis, subject.show
    base = float(found.triangle.sei[-1]) * 1.05
    marks = [
        Mark(s.label, show(s.yi), math.sqrt(s.vi), key=anchor("e", s.effect_id)) for s in analysis.studies
    ] + [Mark("", show(y), se, hollow=True) for y, se in filled]
    low, high = _funnel_limits(found)
    triangle, centre = found.triangle, found.centre
    few = len(subject.yi) < ADVISED_K
    advice = (
        f"With fewer than {ADVISED_K} studies asymmetry can hardly be told from chance (Handbook 13.3.5.4)."
    )
    return Chart(
        **subject.head(kind),
        **subject.effect_axis((low, high)),
        y_label="Standard error",
        y_limits=(0.0, base),
        y_down=True,
        marks=tuple(marks),
        regions=_contours(subject, found, (low, high), base),
        curves=(
            Curve(((show(centre), 0.0), (show(centre), base)), "main", "pooled effect"),
            *(
                Curve(tuple((show(x), s) for x, s in zip(side, triangle.sei, strict=True)), "limit", label)
                for side, label in (
                    (triangle.lower, f"{triangle.level:g}% of studies without asymmetry"),
                    (triangle.upper, ""),
                )
            ),
        ),
        hollow_label="added by trim and fill" if filled else "",
        lines=(told,),
        notes=(advice,) if few else (),
        description=told,
    )


def _funnel_limits(found: Funnel) -> tuple[float, float]:
    """Return a range that holds all studies and the triangle, with a margin."""
    low = min(float(found.yi.min()), float(found.triangle.lower.min()))
    high = max(float(found.yi.max()), float(found.triangle.upper.max()))
    room = 0.05 * (high - low)
    return low - room, high + room


def _contours(
    subject: Subject, found: Funnel, limits: tuple[float, float], base: float
) -> tuple[Region, ...]:
    """Return the regions by p value against no effect, white where p > 0.1 (Peters and others 2008)."""
    if subject.analysis.null is None:
        return ()
    names = {90.0: "p > 0.1", 95.0: "0.05 < p < 0.1", 99.0: "0.01 < p < 0.05"}
    regions = [Region(_band(subject, limits, base), 1, "p < 0.01")]
    contours = sorted(found.contours, key=lambda c: -c.level)
    for place, contour in enumerate(contours, start=2):
        shade = 0 if place == len(contours) + 1 else place  # white where p is large, as is usual
        corners = _wedge(subject, contour, limits, base)
        if len(set(corners)) > 2:  # a wedge may lie wholly beside the plot
            regions.append(Region(corners, shade, names.get(contour.level, f"{contour.level:g}%")))
    return tuple(regions)


def _band(subject: Subject, limits: tuple[float, float], base: float) -> tuple[Point, ...]:
    low, high = (subject.show(v) for v in limits)
    return ((low, 0.0), (high, 0.0), (high, base), (low, base))


def _wedge(subject: Subject, contour: Contour, limits: tuple[float, float], base: float) -> tuple[Point, ...]:
    """Return the wedge within a contour, cut at the sides of the plot."""
    reference = float(contour.lower[0])
    slope = (float(contour.upper[-1]) - reference) / float(contour.sei[-1])

    def side(limit: float) -> list[Point]:
        reach = abs(limit - reference) / slope
        sign = 1.0 if limit > reference else -1.0
        if reach >= base:
            return [(subject.show(reference + sign * slope * base), base)]
        return [(subject.show(limit), reach), (subject.show(limit), base)]

    inside = limits[0] < reference < limits[1]
    if not inside:
        return _outer_wedge(subject, reference, slope, limits, base)
    return ((subject.show(reference), 0.0), *side(limits[1]), *reversed(side(limits[0])))


def _outer_wedge(
    subject: Subject, reference: float, slope: float, limits: tuple[float, float], base: float
) -> tuple[Point, ...]:
    """Return the part of a wedge that reaches into a plot which does not show its tip."""
    sign = 1.0 if limits[0] >= reference else -1.0
    near, far = limits if sign > 0 else limits[::-1]
    start, end = abs(near - reference) / slope, abs(far - reference) / slope
    if start >= base:
        return ((subject.show(near), base),) * 3
    corner = [(subject.show(far), end), (subject.show(far), base)]
    if end >= base:
        corner = [(subject.show(reference + sign * slope * base), base)]
    return ((subject.show(near), start), *corner, (subject.show(near), base))
