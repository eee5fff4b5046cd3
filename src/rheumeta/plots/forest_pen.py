"""What the parts of a forest plot share while it is drawn: paper, columns, axis, form of the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from rheumeta.plots.axis import Axis, choose_range, make_axis
from rheumeta.plots.canvas import Canvas
from rheumeta.plots.forest_house import Texts
from rheumeta.plots.forest_layout import Layout, all_effects, all_rows, all_totals
from rheumeta.plots.records import ForestPlot

ROW_PAD, ROW_PAD_MANY, MANY = 3.4, 1.6, 30
"""Space between rows, points; the second from so many studies on, to keep the plot on one page."""


@dataclass
class Pen:
    """What the drawing functions share."""

    plot: ForestPlot
    whole: ForestPlot  # all pages together
    canvas: Canvas
    layout: Layout
    axis: Axis
    form: Texts

    @property
    def pad(self) -> float:
        """Space between rows, points."""
        return ROW_PAD if len(all_rows(self.whole)) <= MANY else ROW_PAD_MANY


def forest_axis(plot: ForestPlot, layout: Layout) -> Axis:
    """Return the axis of a plot: all estimates, and as much of the intervals as stays readable."""
    studies = [row.effect for row in all_rows(plot)]
    spans = all_effects(plot)
    core = [span.estimate for span in spans]
    if plot.null is None and plot.bounds is not None:
        core.append(plot.bounds[0])
    spans += [t.prediction for t in all_totals(plot) if t.prediction is not None]
    if plot.benchmark is not None:
        core.append(plot.benchmark.span.estimate)
        spans.append(plot.benchmark.span)
    limits = choose_range(core, spans, scale=plot.scale, typical=studies, null=plot.null, bounds=plot.bounds)
    return make_axis(
        limits,
        (layout.plot.left, layout.plot.right),
        scale=plot.scale,
        face=layout.face,
        null=plot.null,
        reverse=plot.reverse,
    )
