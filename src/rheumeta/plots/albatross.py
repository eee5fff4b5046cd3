"""The albatross plot: number of patients against p value, with contours of equal effect.

Harrison and others (2017, Res Synth Methods 8:281). To the left of the middle lie, as in the forest
plots, results in the favourable direction, to the right the others; the further out, the smaller p.
A contour joins the points that one standardised effect would give. The vertical axis is log n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from rheumeta.plots import style
from rheumeta.plots.axis import Axis, make_axis
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.frame import Box, Labels, draw_columns, draw_ticks, tick_room
from rheumeta.plots.furniture import BODY, BODY_BOLD, NOTE, draw_caution, draw_head, draw_tail
from rheumeta.plots.numbers import p_text, plain
from rheumeta.plots.records import AlbatrossPanel, AlbatrossPlot, AlbatrossPoint

CONTOURS = (0.2, 0.5, 0.8)
"""Small, medium and large standardised effects (Cohen 1988, "Statistical power analysis")."""

CONTOURS_LARGE = (0.5, 1.0, 2.0)
"""Contours where most results lie beyond 0.8."""

DEPTH_MAX = 10.0
"""Results with p below 1e-10 are drawn at the edge."""

DEPTH_MIN = 3.0
"""The axis reaches at least to p = 0.001."""

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
PANEL_HEIGHT, PANEL_HEIGHT_FEW, FEW = 210.0, 140.0, 5
"""Height of a panel, and of one with so few points, points of paper."""
POWER_ROOM = 30.0
"""Room of the label of a power of ten on the axis of p, points."""

STEPS = 60
DASHES: tuple[tuple[float, float] | None, ...] = ((1.2, 1.8), (4.0, 2.0), None)


def depth(p: float) -> float:
    """Return -log10 of a two-sided p value, at most :data:`DEPTH_MAX`."""
    return min(-math.log10(max(p, 10.0**-DEPTH_MAX)), DEPTH_MAX)


def contour_p(n: float, effect: float, design: Literal["two_group", "one_group"]) -> float:
    """Return the two-sided p value that a standardised effect gives with n patients.

    Parameters
    ----------
    n : float
        Patients in all, > 0.
    effect : float
        Standardised mean difference (two groups of equal size) or standardised mean change (one
        group, standardised by the SD of the changes).
    design : {"two_group", "one_group"}
        Which of the two.

    Returns
    -------
    float
        p of z = effect / SE.

    Notes
    -----
    Two groups of n/2: SE² = 4/n + d²/(2n) (large-sample variance of Hedges and Olkin 1985,
    chapter 5, with equal groups).
    One group: SE² = 1/n + d²/(2n) (Gibbons, Hedeker and Davis 1993, J Educ Stat 18:271; Becker 1988).
    Harrison and others 2017 draw their contours from such variances in the same way.
    """
    unit = 4.0 if design == "two_group" else 1.0
    z = abs(effect) / math.sqrt(unit / n + effect**2 / (2.0 * n))
    return math.erfc(z / math.sqrt(2.0))


def draw_albatross(plot: AlbatrossPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw an albatross plot, one panel below the other.

    Parameters
    ----------
    plot : AlbatrossPlot
        At least one panel with at least one point.

    Returns
    -------
    Figure
        `width` points wide.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, "", "")
    for panel in plot.panels:
        y = _panel(canvas, y, panel) + 10
    y = draw_tail(canvas, y, (), plot.lines)
    return canvas.finish(y + style.MARGIN)


@dataclass(frozen=True)
class _Plane:
    """The coordinates of a panel."""

    area: Box
    reach: float  # largest depth shown
    n_axis: Axis

    def x(self, point_depth: float, favourable: bool) -> float:
        """Return where a depth lies."""
        middle = (self.area.left + self.area.right) / 2
        half = (self.area.right - self.area.left) / 2 - 10
        share = min(point_depth / self.reach, 1.0) * half
        return middle + (-share if favourable else share)


def _panel(canvas: Canvas, y: float, panel: AlbatrossPanel) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y, panel.heading, room, BODY_BOLD)
    y = draw_caution(canvas, y + 2, panel.caution) + 14
    plane = _plane(canvas, y, panel.points)
    _axes(canvas, plane)
    labels = Labels(canvas, plane.area, Face(style.SIZE_SMALL))
    points = sorted(panel.points, key=lambda p: (-p.n, p.p, p.label))
    for point in points:
        labels.block(*_at(plane, point), 2.6)
    _contours(canvas, plane, panel.design, _levels(panel), labels)
    for number, point in enumerate(points, start=1):
        x, point_y = _at(plane, point)
        canvas.circle(x, point_y, 2.4, fill=style.BLUE, edge=style.PAPER, key=point.key)
        labels.place(x, point_y, str(number), 3.4)
    y = _feet(canvas, plane, panel.design)
    entries = [_entry(i, p) for i, p in enumerate(points, start=1)]
    return draw_columns(canvas, y + 5, entries, Face(style.SIZE_SMALL))


def _entry(number: int, point: AlbatrossPoint) -> str:
    """Return the line of the list below the plot; its numbers are not torn apart."""
    facts = (f"n = {point.n:g},", p_text(point.p))
    return f"{number}\u00a0 {point.label}: " + " ".join(f.replace(" ", "\u00a0") for f in facts)


def _at(plane: _Plane, point: AlbatrossPoint) -> tuple[float, float]:
    return plane.x(depth(point.p), point.favourable), plane.n_axis.at(point.n)


def _plane(canvas: Canvas, y: float, points: Sequence[AlbatrossPoint]) -> _Plane:
    sizes = [p.n for p in points]
    limits = (max(min(sizes) / 2, 1.0), max(sizes) * 2)
    height = PANEL_HEIGHT if len(points) > FEW else PANEL_HEIGHT_FEW
    bottom = y + style.plot_height(height, canvas.width)
    axis = make_axis(limits, (y, bottom), scale="log", face=BODY, vertical=True)
    left = style.MARGIN + tick_room(axis, BODY) + BODY.leading + 2
    area = Box(left, y, canvas.width - style.MARGIN - 4, bottom)
    reach = max(DEPTH_MIN, *(depth(p.p) for p in points)) * 1.04
    return _Plane(area, reach, axis)


def _axes(canvas: Canvas, plane: _Plane) -> None:
    area = plane.area
    canvas.box(
        area.left, area.top, area.right - area.left, area.bottom - area.top, fill=None, edge=style.RULE
    )
    middle = plane.x(0.0, True)
    canvas.line((middle, middle), (area.top, area.bottom), colour=style.INK, width=0.7, order=1)
    step = next(
        s for s in (1, 2, 3, 5) if plane.reach / s * 2 * POWER_ROOM < area.right - area.left or s == 5
    )
    powers = range(step, int(plane.reach) + 1, step)
    ticks = [(middle, "1")]
    for k in powers:
        label = plain(10.0**-k) if k <= 4 else "10⁻" + str(k).translate(SUPERSCRIPTS)
        ticks += [(plane.x(k, side), label) for side in (False, True)]
    draw_ticks(canvas, area.bottom, ticks, BODY)
    for tick in plane.n_axis.ticks:
        y = plane.n_axis.at(tick)
        canvas.line((area.left - 3, area.left), (y, y), colour=style.INK, width=0.7)
        canvas.text(area.left - 5, y + 0.36 * BODY.size, plain(tick), BODY, align="right")
    canvas.text(style.MARGIN, area.top - 10 + 0.36 * BODY.size, "Patients", BODY_BOLD)


def _levels(panel: AlbatrossPanel) -> tuple[float, ...]:
    """Choose contours: the large ones where more than half of the results lie beyond 0.8."""
    beyond = [p for p in panel.points if p.p < contour_p(p.n, CONTOURS[-1], panel.design)]
    return CONTOURS_LARGE if 2 * len(beyond) > len(panel.points) else CONTOURS


def _contours(
    canvas: Canvas,
    plane: _Plane,
    design: Literal["two_group", "one_group"],
    levels: Sequence[float],
    labels: Labels,
) -> None:
    low, high = plane.n_axis.low, plane.n_axis.high
    sizes = [low * (high / low) ** (i / STEPS) for i in range(STEPS + 1)]
    for level, dash in zip(levels, DASHES, strict=True):
        for favourable in (False, True):
            path = [
                (plane.x(depth(contour_p(n, level, design)), favourable), plane.n_axis.at(n))
                for n in sizes
                if depth(contour_p(n, level, design)) < min(plane.reach, DEPTH_MAX)
            ]
            if len(path) < 2:
                continue
            canvas.line(*zip(*path, strict=True), colour=style.RULE, width=0.8, dash=dash, order=2)
            labels.avoid(path)
            _name_contour(canvas, plane, path[-1], level, labels)


def _name_contour(
    canvas: Canvas, plane: _Plane, end: tuple[float, float], level: float, labels: Labels
) -> None:
    """Write the effect at the outer end of its contour, above the frame where it ends at the top."""
    face = Face(style.SIZE_SMALL, colour=style.SOFT)
    text = f"d = {plain(level)}"
    half = text_width(text, face) / 2 + 1
    x, y = end
    if y > plane.area.top + 12:
        inward = -1 if x > plane.x(0.0, True) else 1
        spot = Box(x - half, y - 4, x + half, y + 4)
        while any(spot.meets(t) for t in labels.taken) and spot.bottom < plane.area.bottom - 6:
            spot = Box(spot.left + inward * 2, spot.top + 4, spot.right + inward * 2, spot.bottom + 4)
        labels.taken.append(spot)
        x, y = (spot.left + spot.right) / 2, spot.bottom - 4 + 0.36 * face.size
        canvas.box(spot.left, spot.top, 2 * half, 8, fill=style.PAPER, order=2.5)
        canvas.text(x, y, text, face, align="center")
        return
    spot = Box(x - half, plane.area.top - 9, x + half, plane.area.top - 1)
    if not any(spot.meets(t) for t in labels.taken):
        labels.taken.append(spot)
        canvas.text(x, plane.area.top - 3, text, face, align="center")


def _feet(canvas: Canvas, plane: _Plane, design: Literal["two_group", "one_group"]) -> float:
    y = plane.area.bottom + 5 + BODY.leading
    middle = plane.x(0.0, True)
    canvas.text(middle, y + baseline(BODY), "two-sided p", BODY, align="center")
    gap = text_width("two-sided p", BODY) / 2 + 12
    canvas.text(middle - gap, y + baseline(BODY), "← favourable", BODY, align="right")
    canvas.text(middle + gap, y + baseline(BODY), "unfavourable →", BODY)
    y += BODY.leading + 2
    kind = (
        "a standardised mean difference between two groups of equal size"
        if design == "two_group"
        else "a standardised mean change of one group (by the SD of the changes)"
    )
    text = f"Lines: where results would lie if {kind} were as large as d."
    lines = wrap(text, canvas.width - 2 * style.MARGIN, NOTE)
    return canvas.lines(style.MARGIN, y, lines, NOTE)
