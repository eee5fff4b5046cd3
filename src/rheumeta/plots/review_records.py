"""What the figures of a whole review take: evidence map, risk of bias, flow of records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Known = Literal["pooled", "shown", "direction", "awaited", "planned"]
"""How much is known of one outcome of one study at one time, the most first."""


@dataclass(frozen=True)
class MapMark:
    """One study in a cell of the evidence map."""

    number: int  # key of the study
    known: Known
    crossed: bool = False  # unpublished, or ended early
    key: str = field(default="", compare=False)  # names the mark


@dataclass(frozen=True)
class MapLine:
    """One outcome: the studies in each column of time."""

    label: str
    cells: tuple[tuple[MapMark, ...], ...]


@dataclass(frozen=True)
class MapBlock:
    """The outcomes of one kind of comparison."""

    heading: str
    lines: tuple[MapLine, ...]


@dataclass(frozen=True)
class MapPlot:
    """The evidence map of a review."""

    title: str
    columns: tuple[str, ...]
    blocks: tuple[MapBlock, ...]
    studies: tuple[tuple[int, str], ...]  # number, name
    lines: tuple[str, ...] = ()


Judgement = Literal[
    "low",
    "low_except_confounding",
    "some_concerns",
    "moderate",
    "unclear",
    "no_information",
    "high",
    "serious",
    "very_high",
    "critical",
    "not_applicable",
    "not_assessed",
]


@dataclass(frozen=True)
class JudgementStyle:
    """What judgements are called and how they are coloured, where otherwise than by default."""

    words: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)  # as "#rrggbb"


@dataclass(frozen=True)
class BiasDomain:
    """A domain of a tool: a short sign for the head of its column, and its name."""

    sign: str
    name: str


@dataclass(frozen=True)
class BiasLine:
    """The judgements of one study (and outcome), one a domain, the overall one last."""

    label: str
    judgements: tuple[Judgement, ...]
    key: str = ""  # names its marks


@dataclass(frozen=True)
class BiasPanel:
    """All studies that were judged with one tool."""

    tool: str
    source: str
    domains: tuple[BiasDomain, ...]  # with the overall judgement at the end
    lines: tuple[BiasLine, ...]
    weights: tuple[float, ...] | None = None  # percent, one a line; None: each counts the same
    key: str = ""  # names its bars
    style: JudgementStyle = field(default_factory=JudgementStyle)
    basis: str = ""  # what its bars are shares of
    beside: BiasPanel | None = None  # the same tool, weighted


@dataclass(frozen=True)
class BiasPlot:
    """Risk of bias of a review; drawn as a traffic light or as bars."""

    title: str
    panels: tuple[BiasPanel, ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlowBox:
    """A box of the flow of records: its sentences."""

    lines: tuple[str, ...]
    key: str = ""  # names the mark
    bold: tuple[int, ...] = (0,)  # sentences in bold
    missing: bool = False  # nothing of it is recorded


@dataclass(frozen=True)
class FlowStep:
    """One level of one stream of the flow: what goes on, and what is left out beside it."""

    main: FlowBox
    aside: FlowBox | None = None


@dataclass(frozen=True)
class FlowStream:
    """A stream of records: from databases and registers, or from elsewhere."""

    heading: str
    steps: tuple[FlowStep, ...]
    primary: bool = True  # False: from elsewhere


@dataclass(frozen=True)
class FlowPlot:
    """A PRISMA 2020 flow diagram."""

    title: str
    phases: tuple[str, ...]  # of each level of the streams, then of what is included
    streams: tuple[FlowStream, ...]
    included: FlowBox
    syntheses: tuple[FlowBox, ...]  # what becomes of the studies
    previous: FlowBox | None = None  # of an updated review
    total: FlowBox | None = None
    lines: tuple[str, ...] = ()
