"""How a forest plot is printed: in our way, as RevMan prints it, or as the BMJ or JAMA does.

RevMan: raw numbers, weight and effect left of the plot, the method above both, results of the tests left of the axis
(Cochrane Handbook 5.1, box 11.3.a). BMJ: weight and effect right of the plot, intervals "(1.2 to 3.4)".
JAMA: effect left of the plot, what its sides mean in bold above it, intervals "(1.2-3.4)", pale diamonds (documentation
of the R package meta 8, after the journal's instructions for authors).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rheumeta.numbers import fixed
from rheumeta.plots import numbers
from rheumeta.plots.records import ForestLayout, ForestPlot, Span

NOT_ESTIMABLE = "not estimable"

RATIO_DIGITS = 2
RATIO_FROM, RATIO_TO = 0.00995, 999.5
"""Ratios between these have :data:`RATIO_DIGITS` decimals, so that their points stand below each other."""


@dataclass(frozen=True)
class House:
    """The conventions of a printed forest plot."""

    order: tuple[str, ...]  # columns behind the names of the studies
    narrow: tuple[str, ...]  # the same in one column of a page
    brackets: tuple[str, str, str] = ("[", ", ", "]")
    weight: str = "Weight"
    percent: str = "%"  # behind each weight
    over_plot: bool = False  # the names of effect and method stand above the plot too
    beside_axis: bool = False  # the sentences of the results stand left of the axis
    sides_above: bool = False  # what the sides of the plot mean stands above it
    pale: bool = False  # diamonds are pale
    close: bool = False  # an interval begins a space behind its estimate


STANDARD = House(("cells", "plot", "effect", "weights"), ("plot", "effect", "weights"))
HOUSES: dict[ForestLayout, House] = {
    "standard": STANDARD,
    "compact": STANDARD,
    "revman": House(
        ("cells", "weights", "effect", "plot"),
        ("weights", "effect", "plot"),
        over_plot=True,
        beside_axis=True,
    ),
    "bmj": House(
        ("cells", "plot", "weights", "effect"),
        ("plot", "weights", "effect"),
        brackets=("(", " to ", ")"),
        weight="Weight (%)",
        percent="",
        over_plot=True,
        close=True,
    ),
    "jama": House(
        ("cells", "effect", "plot", "weights"),
        ("effect", "plot", "weights"),
        brackets=("(", "-", ")"),
        weight="Weight,\u00a0%",
        percent="",
        sides_above=True,
        pale=True,
        close=True,
    ),
}


def house_of(plot: ForestPlot) -> House:
    """Return the conventions that a plot follows."""
    return HOUSES[plot.layout]


@dataclass(frozen=True)
class Texts:
    """How the numbers of one plot are printed."""

    number: Callable[[float | None], str]
    house: House
    signed: bool = False  # some numbers are negative

    def estimate(self, span: Span) -> str:
        """Return the estimate, or that there is none."""
        return NOT_ESTIMABLE if span.estimate is None else self.number(span.estimate)

    def interval(self, span: Span) -> str:
        """Return "[lower, upper]", or nothing."""
        if span.lower is None and span.upper is None:
            return ""
        left, between, right = self.house.brackets
        between = " to " if self.signed and between == "-" else between
        return f"{left}{self.number(span.lower)}{between}{self.number(span.upper)}{right}"

    def weight(self, weight: float | None) -> str:
        """Return a weight in percent with one decimal."""
        return "" if weight is None else f"{weight:.1f}{self.house.percent}"


def ratio(value: float | None) -> str:
    """Return a ratio with two decimals; very small and very large ones as the numbers of other figures."""
    if value is not None and RATIO_FROM <= value < RATIO_TO:
        return fixed(value, RATIO_DIGITS)
    return numbers.ratio(value)


def texts(plot: ForestPlot, spans: list[Span]) -> Texts:
    """Choose how the numbers of a plot are printed: all of a linear scale with the same decimals."""
    if plot.scale == "log":
        return Texts(ratio, house_of(plot))
    values = [v for s in spans for v in (s.estimate, s.lower, s.upper)]
    digits = numbers.decimals(values) if plot.digits is None else plot.digits
    signed = any(v < 0 for v in values if v is not None)
    return Texts(lambda value: fixed(value, digits), house_of(plot), signed)


def prediction_label(plot: ForestPlot) -> str:
    """Return the name of the prediction interval."""
    return f"{plot.level:g}% prediction interval"


def interval_heading(plot: ForestPlot) -> str:
    """Return the heading of the intervals: the method where it is told, else their level."""
    left, _, right = house_of(plot).brackets
    return plot.method or f"{left}{plot.level:g}% CI{right}"
