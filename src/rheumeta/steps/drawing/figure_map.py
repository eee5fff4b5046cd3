"""From synthesis and sheets to the evidence map."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.pages.inputs import anchor
from rheumeta.pages.origins import awaited_place
from rheumeta.plots.records import NoteFigure
from rheumeta.plots.review_records import Known, MapBlock, MapLine, MapMark, MapPlot
from rheumeta.records import Synthesis
from rheumeta.tables import units
from rheumeta.tables.protocol import Protocol

Row = Mapping[str, str]

BLOCKS = {
    "controlled": "Treated against not treated (a control group)",
    "add_on": "Add-on: both groups got the treatment",
    "uncontrolled": "Without a control group",
}
"""Kinds of comparison in their order; a patient's own past is no control group."""

CONTROLLED_DESIGNS = frozenset({"randomised", "nonrandomised", "retrospective"})
ORDER: tuple[Known, ...] = ("pooled", "shown", "direction", "awaited", "planned")
WORDS: dict[Known, str] = {
    "pooled": "pooled as a number",
    "shown": "known as a number and not pooled",
    "direction": "known by direction only",
    "awaited": "awaited",
    "planned": "of planned or running trials",
}
CROSSED_STATUS = frozenset({"press_only", "no_results"})
CROSSED_WHY = frozenset({"not_published", "ended_early"})
ALL_OUTCOMES = "all"
ALL_LABEL = "All outcomes, or several"
NO_TIME = "Other time, or not stated"

_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_UNIT = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Item:
    """One thing known or missing: study, outcome and column of time in a block."""

    block: str
    outcome: str
    column: int
    study: str
    known: Known
    crossed: bool
    place: str  # where the page shows it


def map_part(plot: MapPlot, block: str) -> MapPlot | NoteFigure:
    """Return the part of an evidence map on one kind of comparison, with the key of its studies alone."""
    own = tuple(b for b in plot.blocks if b.heading == BLOCKS[block])
    if not own:
        return NoteFigure(plot.title, f"{BLOCKS[block]}: the review holds nothing of this kind.")
    shown = {m.number for b in own for line in b.lines for cell in line.cells for m in cell}
    return replace(plot, blocks=own, studies=tuple(s for s in plot.studies if s[0] in shown))


def map_figure(protocol: Protocol, synthesis: Synthesis, sheets: Mapping[str, Sequence[Row]]) -> MapPlot:
    """Return the evidence map of a review.

    Parameters
    ----------
    protocol : Protocol
        Gives outcomes and windows.
    synthesis : Synthesis
        Gives what is pooled, shown and known by direction.
    sheets : mapping of str to sequence of mapping
        The validated sheets ``studies`` and ``awaited``.
    """
    mapper = _Mapper(protocol, synthesis, sheets)
    items = mapper.items()
    numbers = {study: i for i, study in enumerate(mapper.labels, start=1)}
    cells: dict[tuple[str, str, int], list[MapMark]] = defaultdict(list)
    for item in sorted(items, key=lambda i: numbers[i.study]):
        mark = MapMark(numbers[item.study], item.known, item.crossed, item.place)
        cells[item.block, item.outcome, item.column].append(mark)
    columns = range(len(mapper.columns))
    blocks = []
    for block, heading in BLOCKS.items():
        outcomes = [o for o in mapper.outcomes if any((block, o, c) in cells for c in columns)]
        lines = tuple(
            MapLine(mapper.outcomes[o], tuple(tuple(cells[block, o, c]) for c in columns)) for o in outcomes
        )
        if lines:
            blocks.append(MapBlock(heading, lines))
    return MapPlot(
        "What is known, what is awaited and what is missing",
        tuple(mapper.columns),
        tuple(blocks),
        tuple((numbers[s], label) for s, label in mapper.labels.items()),
        (
            "Each box is one study, by its number below. A study stands in a column of time if its result "
            "lies in that window of the protocol.",
        ),
    )


def describe_map(plot: MapPlot | NoteFigure) -> str:
    """Return the alternative text of an evidence map: what it counts."""
    if isinstance(plot, NoteFigure):
        return plot.sentence
    parts = []
    for block in plot.blocks:
        marks = [m for line in block.lines for cell in line.cells for m in cell]
        counts = Counter(m.known for m in marks)
        told = [f"{counts[known]} {WORDS[known]}" for known in ORDER if counts[known]]
        crossed = sum(m.crossed for m in marks)
        if crossed:
            told.append(f"{crossed} of all these from trials that are unpublished or ended early")
        n = len(block.lines)
        parts.append(f"{block.heading}: {n} outcome{'s'[: n != 1]}; results {', '.join(told)}.")
    return f"Evidence map of {len(plot.studies)} studies. " + " ".join(parts)


class _Mapper:
    """Finds the place of every item of a review."""

    def __init__(self, protocol: Protocol, synthesis: Synthesis, sheets: Mapping[str, Sequence[Row]]) -> None:
        self.synthesis, self.awaited = synthesis, sheets["awaited"]
        self.studies = {row["study_id"]: row for row in sheets["studies"]}
        self.labels = {s: row["label"] or s for s, row in self.studies.items()}
        self.windows = {k: w for k, w in protocol.windows.items() if not w.no_time}
        self.columns = [*(w.label for w in self.windows.values()), NO_TIME]
        self.codes = {code: k for k, o in reversed(protocol.outcomes.items()) for code in o.codes}
        self.outcomes = {ALL_OUTCOMES: ALL_LABEL} | {k: o.label for k, o in protocol.outcomes.items()}
        for row in self.awaited:
            self.outcomes.setdefault(self.outcome(row["outcome"]), row["outcome"])

    def outcome(self, code: str) -> str:
        """Return the outcome that a code of a sheet belongs to."""
        return self.codes.get(code, code)

    def items(self) -> list[Item]:
        """Return one item a place, the one that says most."""
        best: dict[tuple[str, str, int, str], Item] = {}
        known = [*self._numbers(), *self._directions()]
        for item in known + list(self._awaited(self._blocks(known))):
            key = (item.block, item.outcome, item.column, item.study)
            if key not in best or ORDER.index(item.known) < ORDER.index(best[key].known):
                best[key] = item
        return list(best.values())

    def _numbers(self) -> Iterator[Item]:
        for analysis in self.synthesis.analyses:
            block = _block(analysis.comparison_kind, analysis.add_on)
            known: Known = "pooled" if analysis.status == "pooled" else "shown"
            for study in analysis.studies:
                own = [list(self.windows).index(analysis.window)] if analysis.window in self.windows else []
                for column in own or self.at(study.weeks):
                    place = anchor("e", study.effect_id)
                    yield self._item(block, analysis.outcome, column, study.study_id, known, place)

    def _directions(self) -> Iterator[Item]:
        for row in self.synthesis.directions:
            block = _block(row.comparison_kind, False)
            for column in self.at(row.weeks):
                yield self._item(
                    block,
                    self.outcome(row.outcome),
                    column,
                    row.study_id,
                    "direction",
                    anchor("r", row.result_id),
                )

    def _awaited(self, blocks: Mapping[str, str]) -> Iterator[Item]:
        for row in self.awaited:
            planned = row["why"] == "ongoing" or self.studies[row["study_id"]]["status"] == "planned"
            known: Known = "planned" if planned else "awaited"
            outcome, study = self.outcome(row["outcome"]), row["study_id"]
            weeks: list[float | None] = [*weeks_of(row["time_reported"])]
            for column in sorted({c for w in weeks or [None] for c in self.at(w)}):
                yield self._item(
                    blocks[study],
                    outcome,
                    column,
                    study,
                    known,
                    awaited_place(row),
                    crossed=row["why"] in CROSSED_WHY,
                )

    def _item(
        self,
        block: str,
        outcome: str,
        column: int,
        study: str,
        known: Known,
        place: str,
        *,
        crossed: bool = False,
    ) -> Item:
        crossed = crossed or self.studies[study]["status"] in CROSSED_STATUS
        return Item(block, outcome, column, study, known, crossed, place)

    def _blocks(self, known: Sequence[Item]) -> dict[str, str]:
        """Return the block of each study: the best comparison that it is known for, else by design."""
        found: dict[str, str] = {}
        for study, row in self.studies.items():
            own = {item.block for item in known if item.study == study}
            controlled = row["design_class"] in CONTROLLED_DESIGNS
            fallback = "controlled" if controlled and own <= {"uncontrolled"} else "uncontrolled"
            found[study] = next((b for b in ("controlled", "add_on") if b in own), fallback)
        return found

    def at(self, weeks: float | None) -> list[int]:
        """Return the columns of a time."""
        found = [
            i for i, w in enumerate(self.windows.values()) if weeks is not None and w.start <= weeks <= w.end
        ]
        return found or [len(self.windows)]


def _block(kind: str, add_on: bool) -> str:
    if add_on or kind == "add_on":
        return "add_on"
    return "controlled" if kind == "controlled" else "uncontrolled"


def weeks_of(text: str) -> list[float]:
    """Return the times that a few words name, in weeks: "3, 6 and 8 months" are three of them."""
    known = units.time_units()
    unit = next((w for w in _UNIT.findall(text.lower()) if w in known), None)
    if unit is None:
        return []
    return [units.to_weeks(float(n), unit).value for n in _NUMBERS.findall(text)]
