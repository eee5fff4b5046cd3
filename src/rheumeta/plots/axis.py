"""The horizontal or vertical scale of a plot: its range, its round ticks, and what is clipped."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width
from rheumeta.plots.numbers import plain
from rheumeta.plots.records import Scale, Span

LOG_FLOOR, LOG_CEILING = 1e-3, 1e3
"""A ratio axis does not reach beyond; what lies outside gets an arrow."""

LOG_STEPS: tuple[tuple[float, ...], ...] = (
    (1.0, 1.1, 1.2, 1.3, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0),
    (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)
"""Round numbers of a decade, from dense to sparse."""

LINEAR_STEPS, LINEAR_SPARE = (1.0, 2.0, 2.5, 5.0), (4.0,)
"""Round steps of a power of ten; the second where the others leave but two."""

SPARE = 0.3
"""An interval is not clipped if its end lies beyond the reach by less than this share of it."""

NULL_ROOM = 0.08
"""Share of the range that is shown at least on each side of no effect."""

MAX_TICKS = 7
TICK_GAP, TICK_GAP_LEAST = 5.0, 3.0
"""Least space between two tick labels, points; the second where there would be but two."""

PADDING = 7.0
"""Space inside both ends of the plot that keeps squares and arrows off its edge, points."""


@dataclass(frozen=True)
class Axis:
    """A scale laid on the paper.

    Attributes
    ----------
    scale : {"linear", "log"}
        How values are spaced.
    low, high : float
        Range in display units.
    start, end : float
        Where low and high lie on the paper, points; start > end where larger values lie left.
    ticks : tuple of float
        Round values within the range.
    """

    scale: Scale
    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Return the position of a value, which may lie outside the range."""
        low, high = forward(self.low, self.scale), forward(self.high, self.scale)
        return self.start + (forward(value, self.scale) - low) / (high - low) * (self.end - self.start)

    @property
    def side(self) -> int:
        """Direction of larger values: 1 to the right, -1 to the left."""
        return 1 if self.end > self.start else -1

    def clip(self, value: float) -> float:
        """Return the nearest value within the range."""
        return min(max(value, self.low), self.high)


def forward(value: float, scale: Scale) -> float:
    """Return the value as it is spaced: its decimal logarithm on a log scale."""
    if scale == "linear":
        return value
    return math.log10(value) if value > 0 else -math.inf


def backward(value: float, scale: Scale) -> float:
    """Undo :func:`forward`."""
    return value if scale == "linear" else float(10**value)


def choose_range(
    core: Iterable[float | None],
    spans: Iterable[Span],
    *,
    scale: Scale,
    typical: Sequence[Span] = (),
    null: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> tuple[float, float]:
    """Choose a range that shows all of `core` and as much of the intervals as stays readable.

    Parameters
    ----------
    core : iterable of float or None
        Values that must be inside: the estimates.
    spans : iterable of Span
        Intervals; they widen the range, but where the scale has no bounds at either end by no more
        than three quarters of the median interval (and half a decade of ratios), so that one huge
        interval does not squeeze the rest.
    scale : {"linear", "log"}
        The scale.
    typical : sequence of Span, optional
        Intervals whose median width is meant; all `spans` if left out.
    null : float, optional
        Value of no effect; inside, with something to be seen of both its sides.
    bounds : tuple of float, optional
        Values that do not exist outside, e.g. 0 and 100 percent.

    Returns
    -------
    tuple of float
        Low and high, display units.
    """
    values = [*core, null]
    inner = _finite((forward(v, scale) for v in values if v is not None), scale)
    spans = list(spans)
    ends = [(_f(s.lower, scale), _f(s.upper, scale)) for s in spans]
    steps = [_f(s.upper, scale) - _f(s.lower, scale) for s in typical or spans]
    widths = [w for w in steps if math.isfinite(w)]
    inner = inner or _finite((v for pair in ends for v in pair), scale) or [0.0, 1.0]
    low, high = min(inner), max(inner)
    reach = 0.75 * median(widths) if widths else 0.0
    reach = max(reach, 0.5) if scale == "log" else reach or (high - low) or max(abs(low), 1.0) * 0.5
    outer = _finite((v for pair in ends for v in pair), scale)
    if bounds is not None:
        reach = math.inf
    low, high = _reach(low, min([low, *outer]), -reach), _reach(high, max([high, *outer]), reach)
    if null is not None:
        room, at = NULL_ROOM * (high - low), forward(null, scale)
        low, high = min(low, at - room), max(high, at + room)
    if high - low < (0.2 if scale == "log" else 1e-9):
        low, high = low - 0.15, high + 0.15
    if bounds is not None:
        low, high = max(low, forward(bounds[0], scale)), min(high, forward(bounds[1], scale))
    return backward(low, scale), backward(high, scale)


def _reach(core: float, end: float, reach: float) -> float:
    """Return the end of the range: that of the intervals, or the core's plus the reach if much nearer."""
    if abs(end - core) <= (1 + SPARE) * abs(reach):
        return end
    return core + reach


def _f(value: float | None, scale: Scale) -> float:
    return math.nan if value is None else forward(value, scale)


def _finite(values: Iterable[float], scale: Scale) -> list[float]:
    finite = [v for v in values if math.isfinite(v)]
    if scale == "linear":
        return finite
    return [min(max(v, math.log10(LOG_FLOOR)), math.log10(LOG_CEILING)) for v in finite]


def make_axis(
    limits: tuple[float, float],
    place: tuple[float, float],
    *,
    scale: Scale,
    face: Face,
    vertical: bool = False,
    null: float | None = None,
    padding: float = PADDING,
    reverse: bool = False,
) -> Axis:
    """Lay a range on the paper and choose as many round ticks as their labels leave room for.

    Vertical axes have large values at the top; `reverse` puts large values at the left.
    """
    start, end = place[0] + padding, place[1] - padding
    if vertical or reverse:
        start, end = end, start
    axis = Axis(scale, limits[0], limits[1], start, end)
    candidates = log_ticks(*limits) if scale == "log" else linear_ticks(*limits)

    def fits(ticks: Sequence[float], gap: float = TICK_GAP) -> bool:
        return _fits(axis, ticks, face, vertical, gap)

    def near(ticks: Sequence[float]) -> bool:
        return fits(ticks, TICK_GAP_LEAST)

    ticks = next((t for t in candidates if 2 <= len(t) <= MAX_TICKS and fits(t)), ())
    if len(ticks) == 2:
        further = [] if scale == "log" else linear_ticks(*limits, steps=LINEAR_SPARE)
        ticks = next((t for t in [*candidates, *further] if 3 <= len(t) <= MAX_TICKS and near(t)), ticks)
    if len(ticks) == 2 and scale == "log":
        ticks = _with_more(ticks, candidates, near)
    if not ticks:  # the outermost of a set
        ends = [(t[0], t[-1]) for t in reversed(candidates) if len(t) > 1]
        ticks = next((t for t in ends if fits(t)), ())
    if not ticks:
        ticks = (null,) if null is not None and limits[0] <= null <= limits[1] else ()
    return Axis(scale, axis.low, axis.high, axis.start, axis.end, tuple(ticks))


def _with_more(
    ticks: tuple[float, ...], candidates: Sequence[tuple[float, ...]], fits: Callable[[Sequence[float]], bool]
) -> tuple[float, ...]:
    """Return two ticks of a log scale with the roundest further values that find room, until they are three."""
    for value in (v for among in reversed(candidates) for v in among):
        more = tuple(sorted({*ticks, value}))
        if len(more) == 3 and fits(more):
            return more
    return ticks


def _fits(axis: Axis, ticks: Sequence[float], face: Face, vertical: bool, gap: float) -> bool:
    size: Callable[[float], float] = (
        (lambda _: face.size) if vertical else (lambda t: text_width(plain(t), face))
    )
    edges = [(axis.at(t) - size(t) / 2, axis.at(t) + size(t) / 2) for t in ticks]
    edges.sort()
    return all(b[0] - a[1] >= gap for a, b in pairwise(edges))


def log_ticks(low: float, high: float) -> list[tuple[float, ...]]:
    """Return sets of round ratios in the range, dense ones first; all hold the powers of ten."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    slack = 1e-9
    sets = [[round(m * 10.0**d, 10) for d in range(first, last + 1) for m in steps] for steps in LOG_STEPS]
    sets += [[10.0**d for d in range(first, last + 1) if d % skip == 0] for skip in (2, 3)]
    return [tuple(v for v in s if low * (1 - slack) <= v <= high * (1 + slack)) for s in sets]


def linear_ticks(
    low: float, high: float, *, steps: tuple[float, ...] = LINEAR_STEPS
) -> list[tuple[float, ...]]:
    """Return sets of evenly spaced round values in the range, dense ones first."""
    width = high - low
    power = math.floor(math.log10(width)) - 1
    sets = []
    for exponent in range(power, power + 3):
        for step in steps:
            size = step * 10.0**exponent
            first, last = math.ceil(low / size - 1e-9), math.floor(high / size + 1e-9)
            sets.append(tuple(round(i * size, 12) for i in range(first, last + 1)))
    return sets


def draw_axis(canvas: Canvas, axis: Axis, y: float, face: Face) -> float:
    """Draw a horizontal axis at y with its ticks and labels; return the y below them."""
    canvas.line((axis.start, axis.end), (y, y), colour=style.INK, width=0.7)
    for tick in axis.ticks:
        x = axis.at(tick)
        canvas.line((x, x), (y, y + 3), colour=style.INK, width=0.7)
        canvas.text(x, y + 3.5 + baseline(face), plain(tick), face, align="center")
    return y + 3.5 + face.leading
