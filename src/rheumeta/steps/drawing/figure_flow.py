"""From the sheet of the flow of records to the PRISMA 2020 diagram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rheumeta.flow_boxes import (
    BOXES,
    CHANNELS,
    MAIN,
    OTHER,
    PREVIOUS,
    REMOVED,
    TOTAL,
    has_own_stream,
    is_update,
)
from rheumeta.pages.origins import STATUS, flow_place
from rheumeta.plots.records import NoteFigure
from rheumeta.plots.review_records import FlowBox, FlowPlot, FlowStep, FlowStream
from rheumeta.records import Synthesis

Row = Mapping[str, str]

TITLE = "Flow of records"
EMPTY = "The flow of records is not recorded: the sheet flow is empty."
SOURCE = "PRISMA 2020 flow diagram (Page and others 2021, BMJ 372:n71)."
NOT_RECORDED = "not recorded"
REMOVED_BEFORE = "Records removed before screening"
INCLUDED = ("included_studies", "included_reports")
LEVELS = (
    ("Identification", "identified", REMOVED),
    ("Screening", "screened", ("excluded_screening",)),
    ("Screening", "sought", ("not_retrieved",)),
    ("Screening", "assessed", ("excluded_assessment",)),
)
"""Levels of the diagram: phase, box, boxes beside it."""

LAST_PHASE = "Included"
UNKNOWN = {
    "identified": ("Not recorded:", "records identified in databases, registers and other sources",
     "duplicate and other records removed before screening"),
    "screened": ("Not recorded:", "records screened and excluded", "reports sought for retrieval and not retrieved",
     "reports assessed for eligibility, and excluded with reasons"),
}  # fmt: skip
"""What stands for the first two phases where no number of them is recorded."""

MAIN_HEADING = "databases and registers"
JOINED_HEADING = "databases, registers and other sources"
OTHER_HEADING = "other methods"


def flow_figure(rows: Sequence[Row], synthesis: Synthesis, studies: int) -> FlowPlot | NoteFigure:
    """Return the flow of records; a number that the sheet lacks is said not to be recorded.

    Parameters
    ----------
    rows : sequence of mapping
        The sheet ``flow``.
    synthesis : Synthesis
        Says which studies are pooled, shown, or known by direction.
    studies : int
        Number of studies in the sheet ``studies``.
    """
    if not rows:
        return NoteFigure(TITLE, EMPTY)
    update = is_update(r["box"] for r in rows)
    streams = _streams(rows, "new studies" if update else "studies")
    known = len(streams[0].steps) == len(LEVELS)
    phases = tuple(phase for phase, _, _ in LEVELS) if known else ("Identification", "Screening")
    return FlowPlot(
        TITLE,
        (*phases, LAST_PHASE),
        streams,
        _included(rows, update, studies),
        _syntheses(synthesis, studies),
        _box(rows, PREVIOUS) if any(r["box"] in PREVIOUS for r in rows) else None,
        _box(rows, TOTAL) if update else None,
        (*_other_count(rows, studies, update), SOURCE),
    )


def _streams(rows: Sequence[Row], what: str) -> tuple[FlowStream, ...]:
    own = has_own_stream((r["box"], r["channel"]) for r in rows)
    main = [r for r in rows if r["channel"] in MAIN or not own]
    joined = not own and any(r["channel"] == OTHER for r in rows)
    before = {box for _, first, beside in LEVELS for box in (first, *beside)}
    if not any(r["n"] for r in rows if r["box"] in before):
        steps = tuple(FlowStep(_unknown(box, rows)) for box in UNKNOWN)
        return (FlowStream(_heading(what, JOINED_HEADING if joined else MAIN_HEADING), steps),)
    streams = [FlowStream(_heading(what, JOINED_HEADING if joined else MAIN_HEADING), _steps(main))]
    if own:
        steps = _steps([r for r in rows if r["channel"] == OTHER], own=True)
        streams.append(FlowStream(_heading(what, OTHER_HEADING), steps, primary=False))
    return tuple(streams)


def _unknown(box: str, rows: Sequence[Row]) -> FlowBox:
    return FlowBox(UNKNOWN[box], _place([r for r in rows if r["box"] == box]), missing=True)


def _heading(what: str, sources: str) -> str:
    return f"Identification of {what} via {sources}"


def _steps(rows: Sequence[Row], *, own: bool = False) -> tuple[FlowStep, ...]:
    """Return the levels of a stream; one of its own has those alone that its rows have."""
    steps = []
    for _, box, beside in LEVELS:
        here = [r for r in rows if r["box"] == box]
        left_out = [r for r in rows if r["box"] in beside]
        main = FlowBox(()) if own and not here else _counted(box, BOXES[box], here)
        aside = _removed(beside, left_out) if left_out or (main.lines and not own) else None
        steps.append(FlowStep(main, aside))
    return tuple(steps)


def _removed(boxes: Sequence[str], rows: Sequence[Row]) -> FlowBox:
    """Return what is left out beside a level; before screening it is told by kind."""
    if boxes != REMOVED:
        return _counted(boxes[0], BOXES[boxes[0]], rows)
    kinds = [box for box in REMOVED if any(r["box"] == box for r in rows)]
    if not kinds:
        return _counted(REMOVED[0], REMOVED_BEFORE, rows)
    if kinds == [REMOVED[0]]:
        return _counted(REMOVED[0], f"{BOXES[REMOVED[0]]} removed before screening", rows)
    parts = [line for kind in kinds for line in _kind(BOXES[kind], [r for r in rows if r["box"] == kind])]
    return FlowBox((_total(REMOVED_BEFORE, rows), *parts), _place(rows))


def _kind(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the lines of a part of a box: in one line where it has one row."""
    lines = _lines(name, rows)
    return lines if len(rows) > 1 else (": ".join(lines),)


def _counted(box: str, name: str, rows: Sequence[Row]) -> FlowBox:
    lines = _lines(name, rows, by_channel=box == "identified")
    return FlowBox(lines, _place(rows), missing=not any(r["n"] for r in rows))


def _place(rows: Sequence[Row]) -> str:
    return flow_place(rows[0]["box"]) if rows else ""


def _lines(name: str, rows: Sequence[Row], *, by_channel: bool = False) -> tuple[str, ...]:
    """Return the sum in the first line, then the parts where there are several or they have a name."""
    if not any(r["n"] for r in rows):
        return (f"{name}: {NOT_RECORDED}",)
    if len(rows) == 1 and not by_channel:
        return tuple(part for part in (_total(name, rows), rows[0]["reason"]) if part)
    named = [r for r in rows if r["reason"] or len(rows) > 1]
    parts = _by_channel(named) if by_channel else [_n(_part(r), r["n"]) for r in _largest_first(named)]
    return (_total(name, rows), *parts)


def _by_channel(rows: Sequence[Row]) -> list[str]:
    """Return a line a channel with its named sources; of other methods a line a source."""
    lines = []
    for channel, name in CHANNELS.items():
        here = [r for r in rows if r["channel"] == channel]
        sources = [r for r in _largest_first(here) if r["reason"]]
        if channel == OTHER and len(sources) == len(here):
            lines += [_n(r["reason"], r["n"]) for r in sources]
        elif here:
            one = len(here) == 1
            listed = ", ".join(r["reason"] if one else _n(r["reason"], r["n"]) for r in sources)
            lines.append(": ".join(part for part in (_total(name, here), listed) if part))
    return lines


def _largest_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda r: -float(r["n"] or 0))


def _total(name: str, rows: Sequence[Row]) -> str:
    known = [int(float(r["n"])) for r in rows if r["n"]]
    if not known:
        return f"{name}: {NOT_RECORDED}"
    return f"{name} (n {'=' if len(known) == len(rows) else '≥'} {sum(known)})"


def _n(name: str, n: str) -> str:
    return f"{name} (n = {int(float(n))})" if n else f"{name}: {NOT_RECORDED}"


def _part(row: Row) -> str:
    return row["reason"] or CHANNELS[row["channel"]]


def _included(rows: Sequence[Row], update: bool, studies: int) -> FlowBox:
    """Return the studies included; where the flow does not record them, the sheet of studies counts."""
    if update:
        return _box(rows, INCLUDED, ("New studies included in review", "Reports of new included studies"))
    if _recorded(rows, INCLUDED[0]):
        return _box(rows, INCLUDED)
    lines = (_n(BOXES[INCLUDED[0]], str(studies)), *_box(rows, INCLUDED[1:]).lines)
    return FlowBox(lines, _place([r for r in rows if r["box"] in INCLUDED]))


def _recorded(rows: Sequence[Row], box: str) -> list[int]:
    """Return the numbers of a box."""
    return [int(float(r["n"])) for r in rows if r["box"] == box and r["n"]]


def _box(rows: Sequence[Row], boxes: Sequence[str], names: Sequence[str] | None = None) -> FlowBox:
    """Return a box of several numbers, each with its note."""
    lines: list[str] = []
    for box, name in zip(boxes, names or [BOXES[box] for box in boxes], strict=True):
        here = [r for r in rows if r["box"] == box]
        lines += _lines(name, here)
        lines += [r["note"] for r in here if r["note"] and r["n"]]
    return FlowBox(tuple(lines), _place([r for r in rows if r["box"] in boxes]))


def _syntheses(synthesis: Synthesis, studies: int) -> tuple[FlowBox, ...]:
    """Count the studies by the most that the synthesis makes of them."""
    pooled = {s.study_id for a in synthesis.analyses if a.status == "pooled" for s in a.studies}
    shown = {s.study_id for a in synthesis.analyses for s in a.studies} - pooled
    narrative = {d.study_id for d in synthesis.directions} - pooled - shown
    rest = studies - len(pooled | shown | narrative)
    kinds = (
        ("Quantitative synthesis", "in a meta-analysis", len(pooled)),
        ("Number shown, not pooled", "", len(shown)),
        ("Narrative synthesis only", "by direction of effect", len(narrative)),
        ("No result that could be used", "", rest),
    )
    return tuple(
        FlowBox((_n(name, str(count)), *([note] if note and count else [])), STATUS)
        for name, note, count in kinds
    )


def _other_count(rows: Sequence[Row], studies: int, update: bool) -> tuple[str, ...]:
    """Say so where the sheet of studies counts, and where the flow counts other studies than it."""
    known = _recorded(rows, TOTAL[0] if update else INCLUDED[0])
    if not known:
        return () if update else ("The studies included are those of the sheet of studies.",)
    if sum(known) == studies:
        return ()
    return (f"The sheet of studies holds {studies}; the last row of boxes counts these.",)


def describe_flow(plot: FlowPlot | NoteFigure) -> str:
    """Return the alternative text: every box in its order."""
    if isinstance(plot, NoteFigure):
        return plot.sentence
    parts = [_said([plot.previous])] if plot.previous else []
    for stream in plot.streams:
        boxes = [b for step in stream.steps for b in (step.main, step.aside) if b is not None and b.lines]
        parts.append(f"{stream.heading}: {_said(boxes)}")
    parts += [_said([plot.included]), *([_said([plot.total])] if plot.total else []), _said(plot.syntheses)]
    return f"PRISMA 2020 flow diagram. {' '.join(parts)}"


def _said(boxes: Iterable[FlowBox]) -> str:
    return "; ".join(", ".join(box.lines) for box in boxes).rstrip(".") + "."
