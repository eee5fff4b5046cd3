"""What the plots with two axes take: points, lines and regions; they know nothing of statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rheumeta.plots.records import Scale, Span

Point = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """A study."""

    label: str
    x: float
    y: float
    weight: float | None = None  # any scale; areas are proportional to it
    hollow: bool = False
    key: str = ""


@dataclass(frozen=True)
class Curve:
    """A line through points; `style` says what it is."""

    points: tuple[Point, ...]
    style: Literal["main", "limit", "null", "study"] = "main"
    label: str = ""  # for the key
    key: str = ""  # names the mark


@dataclass(frozen=True)
class Region:
    """An area below the points, shaded from 0 (paper) to 3 (darkest)."""

    points: tuple[Point, ...]
    shade: int
    label: str = ""  # for the key
    key: str = ""  # names the mark


@dataclass(frozen=True)
class Arc:
    """A curved scale right of a plot: a line from the origin through a point reads there the slope of the point.

    Attributes
    ----------
    across, up : float
        Half axes of its ellipse around the origin, in units of the two axes.
    limits : tuple of float
        Least and largest value on it, display units.
    span : Span
        What is marked on it, with its interval.
    scale : {"linear", "log"}
        The slope of a value is the value or its natural logarithm.
    title, label : str
        What it reads; what is marked on it, for the key.
    """

    across: float
    up: float
    limits: tuple[float, float]
    span: Span
    scale: Scale = "linear"
    title: str = ""
    label: str = ""
    key: str = ""  # names the mark

    def meets(self, slope: float, shift: float = 0.0) -> Point:
        """Return where the line y = shift + slope x meets the arc."""
        a = 1 / self.across**2 + (slope / self.up) ** 2
        b, c = 2 * slope * shift / self.up**2, (shift / self.up) ** 2 - 1
        x = (math.sqrt(b * b - 4 * a * c) - b) / (2 * a)
        return (x, shift + slope * x)

    def at(self, value: float) -> Point:
        """Return where a value stands."""
        return self.meets(math.log(value) if self.scale == "log" else value)


@dataclass(frozen=True)
class Chart:
    """A plot with two axes."""

    title: str
    x_label: str
    y_label: str
    x_limits: tuple[float, float]
    y_limits: tuple[float, float]
    description: str  # the result, for those who cannot see it
    marks: tuple[Mark, ...] = ()
    curves: tuple[Curve, ...] = ()
    regions: tuple[Region, ...] = ()
    cloud: tuple[Point, ...] = ()  # very many points without names
    x_scale: Scale = "linear"
    x_reverse: bool = False  # larger values left
    y_down: bool = False  # larger values below
    square: bool = False  # as high as wide
    subtitle: str = ""
    caution: str = ""
    left_label: str = ""
    right_label: str = ""
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hollow_label: str = ""  # what hollow points are
    arc: Arc | None = None


@dataclass(frozen=True)
class Strip:
    """A column of dots: a value a study, what it would be without any influence, and cuts."""

    title: str
    values: tuple[float | None, ...]
    reference: float = 0.0
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True)
class StripPlot:
    """Several columns of dots that share their studies; flagged studies stand out."""

    title: str
    labels: tuple[str, ...]
    strips: tuple[Strip, ...]
    flagged: tuple[bool, ...]
    description: str
    subtitle: str = ""
    caution: str = ""
    lines: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # names of the marks of each study
