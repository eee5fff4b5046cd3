"""From the sheet of the flow of records to the PRISMA 2020 diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rheumeta.pages.origins import STATUS, flow_place
from rheumeta.plots.records import NoteFigure
from rheumeta.plots.review_records import FlowBox, FlowPlot, FlowStep, FlowStream
from rheumeta.records import Synthesis
from rheumeta.tables.rules_flow import MAIN, OTHER, has_own_stream

Row = Mapping[str, str]

TITLE = "Flow of records"
EMPTY = "The flow of records is not recorded: the sheet flow is empty."
NOT_RECORDED = "not recorded"
CHANNELS = {
    "databases": "Databases",
    "registers": "Registers",
    "other": "Other sources",
    "all": "All sources",
}
LEVELS = (
    ("identified", "Records identified", "duplicates_removed", "Duplicates removed before screening"),
    ("screened", "Records screened", "excluded_screening", "Records excluded"),
    ("sought", "Reports sought for retrieval", "not_retrieved", "Reports not retrieved"),
    ("assessed", "Reports assessed for eligibility", "excluded_assessment", "Reports excluded"),
)
"""Levels of the diagram: box, its name, the box beside it, its name."""

MAIN_HEADING = "Identification via databases and registers"
JOINED_HEADING = "Identification via databases, registers and other sources"
OTHER_HEADING = "Identification via other methods"


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
    own = has_own_stream((r["box"], r["channel"]) for r in rows)
    main = [r for r in rows if r["channel"] in MAIN or not own]
    heading = JOINED_HEADING if not own and any(r["channel"] == OTHER for r in rows) else MAIN_HEADING
    streams = [FlowStream(heading, _steps(main))]
    if own:
        streams.append(
            FlowStream(OTHER_HEADING, _steps([r for r in rows if r["channel"] == OTHER], own=True))
        )
    return FlowPlot(TITLE, tuple(streams), (_included(rows), _synthesised(synthesis, studies)))


def _steps(rows: Sequence[Row], *, own: bool = False) -> tuple[FlowStep, ...]:
    steps = []
    for box, name, beside, beside_name in LEVELS:
        here = [r for r in rows if r["box"] == box]
        left_out = [r for r in rows if r["box"] == beside]
        main = FlowBox(()) if own and not here else FlowBox(_lines(name, here), _place(here))
        aside = (
            FlowBox(_lines(beside_name, left_out), _place(left_out))
            if left_out or (main.lines and not own)
            else None
        )
        steps.append(FlowStep(main, aside))
    return tuple(steps)


def _place(rows: Sequence[Row]) -> str:
    return flow_place(rows[0]["box"]) if rows else ""


def _lines(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the sum in the first line, then the parts where there are several or they have a name."""
    if not any(r["n"] for r in rows):
        return (f"{name}: {NOT_RECORDED}",)
    complete = all(r["n"] for r in rows)
    total = sum(int(float(r["n"])) for r in rows if r["n"])
    first = f"{name}: {total}" if complete else f"{name}: at least {total}"
    named = [r for r in rows if r["reason"] or len(rows) > 1]
    return (first, *(f"{_part(r)}: {r['n'] or NOT_RECORDED}" for r in named))


def _part(row: Row) -> str:
    source = CHANNELS[row["channel"]] if row["box"] == "identified" or not row["reason"] else ""
    return ": ".join(p for p in (source, row["reason"]) if p)


def _included(rows: Sequence[Row]) -> FlowBox:
    counts: list[str] = []
    for box, name in (
        ("included_studies", "Studies included"),
        ("included_reports", "Reports of these studies"),
    ):
        here = [r for r in rows if r["box"] == box]
        counts += _lines(name, here)
        counts += [r["note"] for r in here if r["note"] and r["n"]]
    return FlowBox(tuple(counts), _place([r for r in rows if r["box"] == "included_studies"]))


def _synthesised(synthesis: Synthesis, studies: int) -> FlowBox:
    """Count the studies by the most that the synthesis makes of them."""
    pooled = {s.study_id for a in synthesis.analyses if a.status == "pooled" for s in a.studies}
    shown = {s.study_id for a in synthesis.analyses for s in a.studies} - pooled
    narrative = {d.study_id for d in synthesis.directions} - pooled - shown
    rest = studies - len(pooled | shown | narrative)
    return FlowBox(
        (
            f"Studies in quantitative synthesis: {len(pooled)}",
            f"with a number that is shown and not pooled: {len(shown)}",
            f"in narrative synthesis only, by direction of effect: {len(narrative)}",
            f"without a result that could be used: {rest}",
        ),
        STATUS,
    )


def describe_flow(plot: FlowPlot | NoteFigure) -> str:
    """Return the alternative text: every box in its order."""
    if isinstance(plot, NoteFigure):
        return plot.sentence
    parts = []
    for stream in plot.streams:
        boxes = [b for step in stream.steps for b in (step.main, step.aside) if b is not None and b.lines]
        parts.append(f"{stream.heading}: " + "; ".join(", ".join(b.lines) for b in boxes) + ".")
    parts += [", ".join(box.lines).rstrip(".") + "." for box in plot.included]
    return f"PRISMA 2020 flow diagram. {' '.join(parts)}"
