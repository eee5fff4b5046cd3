"""What the plots take: plain records that know nothing of reviews.

All effects are on the display scale (ratio, points, percent). None means "not available".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rheumeta.plots.review_records import BiasDomain, Judgement, JudgementStyle

Scale = Literal["linear", "log"]
ForestLayout = Literal["standard", "revman", "bmj", "jama", "compact"]


@dataclass(frozen=True)
class Span:
    """An estimate with its interval; any part may be None."""

    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Brief:
    """What a short raw number is: of which group, and what it counts."""

    group: str
    unit: str


@dataclass(frozen=True)
class ForestColumn:
    """A column of numbers between the study and the plot."""

    heading: str
    group: str = ""  # neighbours with the same group share a heading
    optional: bool = False  # may be left out where room is short
    brief: Brief | None = None  # may stand below the name of the study in a figure one column wide


@dataclass(frozen=True)
class ForestRow:
    """One study."""

    label: str
    effect: Span
    cells: tuple[str, ...] = ()  # one text a column
    marks: str = ""  # signs of footnotes, set behind the label
    weight: float | None = None  # percent, random effects
    weight_common: float | None = None  # percent
    key: str = ""  # names the mark, so that a page can say where its number comes from
    dots: tuple[Judgement, ...] = ()  # risk of bias, one a domain
    dots_key: str = ""  # names the marks of the judgements
    below: str = ""  # raw numbers below the label, where columns find no room


@dataclass(frozen=True)
class ForestSum:
    """A row of sums below a pooled result, e.g. of events."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ForestTotal:
    """A pooled result: a diamond."""

    label: str
    effect: Span
    kind: Literal["random", "common"] = "random"
    cells: tuple[str, ...] = ()
    prediction: Span | None = None
    weight: float | None = None
    weight_common: float | None = None
    key: str = ""  # names the mark
    sums: tuple[ForestSum, ...] = ()
    below: str = ""  # raw numbers below the label, where columns find no room


@dataclass(frozen=True)
class ForestBlock:
    """A group of studies with a heading, its pooled results, and sentences below them."""

    rows: tuple[ForestRow, ...]
    heading: str = ""
    totals: tuple[ForestTotal, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reference:
    """Something to compare with: another review's result (a band) or a line."""

    label: str
    span: Span


@dataclass(frozen=True)
class ForestPlot:
    """A forest plot."""

    title: str
    blocks: tuple[ForestBlock, ...]
    effect_heading: str  # e.g. "Risk ratio"
    scale: Scale = "linear"
    reverse: bool = False  # larger values left
    null: float | None = None
    subtitle: str = ""
    caution: str = ""  # a banner in the figure itself
    columns: tuple[ForestColumn, ...] = ()
    totals: tuple[ForestTotal, ...] = ()
    lines: tuple[str, ...] = ()  # heterogeneity, tests, reasons; below the axis
    left_label: str = ""
    right_label: str = ""
    axis_label: str = ""
    bounds: tuple[float, float] | None = None  # of the scale itself, e.g. 0 and 100 percent
    mid: tuple[float, float] | None = None  # between them effects are smaller than matters, display scale
    mid_label: str = ""
    benchmark: Reference | None = None
    footnotes: tuple[str, ...] = ()
    level: float = 95.0  # percent, of all intervals
    digits: int | None = None  # decimals on a linear scale; None: as the numbers need
    show_common: bool = False  # a column for the weights of the common-effect model
    dot_heads: tuple[BiasDomain, ...] = ()  # domains of the risk of bias beside each study
    dot_style: JudgementStyle = field(default_factory=JudgementStyle)  # of their judgements
    layout: ForestLayout = "standard"  # whose conventions it follows
    narrow: bool = False  # one column of a page wide
    method: str = ""  # second line of the heading of the effects, e.g. "IV, Random, 95% CI"
    study_heading: str = "Study"
    below_note: str = ""  # what the raw numbers below the labels are


@dataclass(frozen=True)
class NoteFigure:
    """A figure without data: what is missing and why."""

    title: str
    sentence: str
    subtitle: str = ""
    caution: str = ""
    items_heading: str = ""
    items: tuple[tuple[str, str], ...] = ()  # name, reason


Direction = Literal["favourable", "unfavourable", "conflicting", "unclear"]


@dataclass(frozen=True)
class DirectionCell:
    """What one study says about one outcome domain."""

    column: int
    direction: Direction
    n: float | None  # patients; None: not reported
    outcomes: int = 1  # outcomes of the domain that it sums up
    key: str = ""  # names the mark


@dataclass(frozen=True)
class DirectionLine:
    """One study in an effect-direction plot."""

    label: str
    cells: tuple[DirectionCell, ...]
    n: float | None = None


@dataclass(frozen=True)
class DirectionBlock:
    """Studies of one kind of comparison."""

    heading: str
    lines: tuple[DirectionLine, ...]
    filled: bool  # controlled: filled signs; uncontrolled: hollow


@dataclass(frozen=True)
class SignTest:
    """A row of the table of sign tests below the plot."""

    block: str
    outcome: str
    favourable: int
    unfavourable: int
    not_counted: int
    proportion: Span | None  # 0 to 1
    pval: float | None


@dataclass(frozen=True)
class DirectionPlot:
    """An effect-direction plot."""

    title: str
    columns: tuple[str, ...]
    blocks: tuple[DirectionBlock, ...]
    tests: tuple[SignTest, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlbatrossPoint:
    """A result that gives a number of patients and an exact p value."""

    label: str
    n: float
    p: float  # two-sided
    favourable: bool
    group: str = ""  # outcome; points of a group share sign and colour
    key: str = ""  # names the mark


@dataclass(frozen=True)
class AlbatrossPanel:
    """Results of one design; it decides the contours."""

    heading: str
    design: Literal["two_group", "one_group"]
    points: tuple[AlbatrossPoint, ...]
    caution: str = ""


@dataclass(frozen=True)
class AlbatrossPlot:
    """One or more panels of n against p."""

    title: str
    panels: tuple[AlbatrossPanel, ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class BubblePoint:
    """A study in a meta-regression."""

    label: str
    x: float
    y: float  # display scale
    weight: float  # any scale; areas are proportional to it
    key: str = ""  # names the mark


@dataclass(frozen=True)
class BubblePlot:
    """A meta-regression on one number."""

    title: str
    x_label: str
    y_label: str
    points: tuple[BubblePoint, ...]
    line: tuple[tuple[float, float, float, float], ...]  # x, fitted, lower, upper (display scale)
    scale: Scale = "linear"
    null: float | None = None
    subtitle: str = ""
    caution: str = ""
    lines: tuple[str, ...] = ()
    level: float = 95.0
