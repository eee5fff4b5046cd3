"""Stage 5: draw every figure of a review, or none.

Reads ``synthesis.json``, the protocol and the validated sheets; writes each figure of
:func:`rheumeta.steps.targets.figure_names` as SVG, PDF and PNG.
"""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from multiprocessing import get_context
from typing import Any

from matplotlib.figure import Figure

from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout, column_name
from rheumeta.plots import style
from rheumeta.plots.albatross import draw_albatross
from rheumeta.plots.bubble import draw_bubble
from rheumeta.plots.chart import draw_chart
from rheumeta.plots.chart_records import Chart, StripPlot
from rheumeta.plots.direction import draw_directions
from rheumeta.plots.evidence_map import draw_map
from rheumeta.plots.flow import draw_flow
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_pages import draw_pages
from rheumeta.plots.furniture import draw_note
from rheumeta.plots.judgements import PALETTES
from rheumeta.plots.pages import albatross_pages, direction_pages, fits_page, map_pages, strip_pages
from rheumeta.plots.records import AlbatrossPlot, BubblePlot, DirectionPlot, ForestPlot, NoteFigure
from rheumeta.plots.review_records import BiasPlot, FlowPlot, MapPlot
from rheumeta.plots.risk_of_bias import draw_bias_summary, draw_traffic
from rheumeta.plots.strips import draw_strips
from rheumeta.plots.style import render, render_pages, without_sign
from rheumeta.records import Analysis, Synthesis, read_synthesis
from rheumeta.runlog import ALOUD
from rheumeta.steps.drawing.figure_bias import (
    Assessment,
    assessments,
    bias_figure,
    bias_summary_figure,
    describe_bias,
    with_bias,
)
from rheumeta.steps.drawing.figure_columns import with_moderators
from rheumeta.steps.drawing.figure_diagnostics import describe_diagnostic, diagnostic_figure
from rheumeta.steps.drawing.figure_evidence import albatross_figure, direction_figure, regression_figure
from rheumeta.steps.drawing.figure_flow import describe_flow, flow_figure
from rheumeta.steps.drawing.figure_forest import describe, forest_figure, subgroup_figure
from rheumeta.steps.drawing.figure_map import describe_map, map_figure, map_part
from rheumeta.steps.drawing.figure_subject import Subject
from rheumeta.steps.drawing.forest_text import spoken, with_text
from rheumeta.steps.evidence.model import read_rows
from rheumeta.steps.synthesise import model_of
from rheumeta.steps.targets import (
    ALBATROSS,
    BIAS_SUMMARY,
    DIRECTIONS,
    EVIDENCE_MAP,
    FLOW,
    FORMATS,
    MAP_BLOCKS,
    MAP_PARTS,
    RISK_OF_BIAS,
    SHEETS,
    column_formats,
    diagnostic_name,
    figure_names,
    regression_name,
    subgroup_name,
)
from rheumeta.tables.protocol import AnalysisPlan, Protocol, load_protocol
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

Plot = (
    ForestPlot | DirectionPlot | AlbatrossPlot | BubblePlot | MapPlot | BiasPlot | FlowPlot | Chart | StripPlot
    | NoteFigure
)  # fmt: skip
Sheets = Mapping[str, Sequence[Mapping[str, str]]]

NOT_COMPUTED = "This analysis could not be computed; the log and problems.csv say why."


@dataclass(frozen=True)
class Task:
    """One figure: its name, how its record is made, and what it says to those who cannot see it."""

    name: str
    make: Callable[[], Plot]
    description: str | Callable[[Any], str]
    draw: Callable[..., Figure] | None = None  # None: as the type of the record says


@dataclass(frozen=True)
class Sources:
    """What the figures of a review are made from."""

    protocol: Protocol
    synthesis: Synthesis
    sheets: Sheets

    @cached_property
    def labels(self) -> dict[str, str]:
        """Names of the studies."""
        return {row["study_id"]: row["label"] or row["study_id"] for row in self.sheets["studies"]}

    @cached_property
    def years(self) -> dict[str, str]:
        """Year of each study, empty where it is not stated."""
        return {row["study_id"]: row["year"] for row in self.sheets["studies"]}

    @cached_property
    def assessments(self) -> list[Assessment]:
        """Judgements of risk of bias."""
        return assessments(self.sheets["risk_of_bias"])

    @cached_property
    def codes(self) -> dict[str, tuple[str, ...]]:
        """Codes of the results sheet, by outcome of the protocol."""
        return {name: outcome.codes for name, outcome in self.protocol.outcomes.items()}

    @cached_property
    def colours(self) -> dict[str, str]:
        """Colours of judgements of risk of bias."""
        chosen = self.protocol.defaults
        return PALETTES[chosen.rob_colours] | {str(j): c for j, c in chosen.rob_own_colours.items()}

    @cached_property
    def map(self) -> MapPlot:
        """The evidence map."""
        return map_figure(self.protocol, self.synthesis, self.sheets)


@dataclass(frozen=True)
class _Drawn:
    """What became of a figure: its files by their names, or what went wrong."""

    files: Mapping[str, bytes]
    boxes: Mapping[str, str] = field(default_factory=dict)  # texts with letters that the font lacks
    failure: str = ""
    trace: str = ""


def run(layout: Layout, *, workers: int = 1) -> None:
    """Draw all figures of a review.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    workers : int, optional
        Processes that draw, at least 1; the files are the same whatever their number.

    Raises
    ------
    RheumetaError
        If a figure cannot be drawn; all failures are listed and no file is replaced.
    """
    _tasks.cache_clear()
    _columns.cache_clear()
    names = list(_tasks(layout))
    failures: list[str] = []
    boxes: dict[str, tuple[str, list[str]]] = {}
    with StageWriter() as out, _drawing(layout, names, workers) as results:
        out.replaces(layout.figures, *(f".{ending}" for ending in FORMATS))
        for number, (name, drawn) in enumerate(zip(names, results, strict=True), start=1):
            if drawn.failure:
                log.error("figure %s failed\n%s", name, drawn.trace)
                failures.append(f"  {name}: {drawn.failure}")
                continue
            for file, content in drawn.files.items():
                out.path(layout.figures / file).write_bytes(content)
            for text, letters in drawn.boxes.items():
                boxes.setdefault(text, (letters, []))[1].append(name)
            log.info("%d of %d: %s", number, len(names), name)
        if failures:
            text = "\n".join(failures)
            raise RheumetaError(f"{len(failures)} figures could not be drawn; nothing was written:\n{text}")
    _tell_boxes(layout, boxes)


def _tell_boxes(layout: Layout, boxes: Mapping[str, tuple[str, Sequence[str]]]) -> None:
    """Say which texts hold letters that the font of figures lacks, so that no empty box goes unnoticed."""
    for text, (letters, names) in boxes.items():
        others = len(names) - 1
        more = f" and {others} other {'figure' if others == 1 else 'figures'}" if others else ""
        log.warning(
            "Figure %s of %s%s: empty boxes stand for %s in %r, as the font %s lacks these letters. "
            "Write the label or note in letters that it has (of a name the form in Latin letters, as in databases).",
            names[0], layout.review, more, " ".join(letters), text, style.FONT, extra=ALOUD,
        )  # fmt: skip


@lru_cache(maxsize=1)
def _tasks(layout: Layout) -> dict[str, Task]:
    """Return the tasks of a review in the order of the protocol; each process reads its files once."""
    protocol = load_protocol(layout.protocol)
    sheets = {name: read_rows(validated_path(layout, name)) for name in SHEETS}
    tasks = {task.name: task for task in plan(protocol, read_synthesis(layout.synthesis), sheets)}
    return {name: tasks[name] for name in figure_names(protocol.model_dump())}


@lru_cache(maxsize=1)
def _columns(layout: Layout) -> dict[str, tuple[str, ...]]:
    """Return the formats of each figure one column wide."""
    return column_formats(load_protocol(layout.protocol).model_dump())


@contextmanager
def _drawing(layout: Layout, names: Sequence[str], workers: int) -> Iterator[Iterator[_Drawn]]:
    """Give an iterator over the figures in the order of their names, drawn here or by several processes."""
    draw_one = partial(_attempt, layout)
    if workers == 1:
        yield map(draw_one, names)
        return
    # A fork has everything imported and read; elsewhere than on Linux it is not safe.
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    with warnings.catch_warnings():
        # Python 3.12 warns of threads; those of NumPy's BLAS, the only ones here, allow for a fork.
        warnings.filterwarnings("ignore", r".*multi-threaded.*fork", DeprecationWarning)
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            yield pool.map(draw_one, names)


def _attempt(layout: Layout, name: str) -> _Drawn:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")  # told with its place, see boxes
            return _files(_tasks(layout)[name], _columns(layout).get(name, ()))
    except Exception as error:  # one bad figure must not hide the others
        return _Drawn({}, failure=f"{type(error).__name__}: {error}", trace=traceback.format_exc())


def draw(plot: Plot, *, width: float = style.WIDTH) -> Figure:
    """Draw any of the plots, `width` points wide."""
    return DRAWN_BY[type(plot)](plot, width=width)


DRAWN_BY: dict[type, Callable[..., Figure]] = {
    ForestPlot: draw_forest,
    DirectionPlot: draw_directions,
    AlbatrossPlot: draw_albatross,
    BubblePlot: draw_bubble,
    Chart: draw_chart,
    StripPlot: draw_strips,
    MapPlot: draw_map,
    BiasPlot: draw_traffic,
    FlowPlot: draw_flow,
    NoteFigure: draw_note,
}


PAGED_BY: dict[type, Callable[..., list[Figure]]] = {
    ForestPlot: draw_pages,
    MapPlot: map_pages,
    DirectionPlot: direction_pages,
    AlbatrossPlot: albatross_pages,
    StripPlot: strip_pages,
}
"""How figures that are higher than a page are shared out among several."""


def _files(task: Task, endings: Sequence[str]) -> _Drawn:
    """Draw the files of a figure by their names: as wide as a page, and as wide as a column."""
    plot = task.make()
    empty = isinstance(plot, NoteFigure)
    words = task.description if isinstance(task.description, str) else task.description(plot)
    drawing = draw if empty or task.draw is None else task.draw
    versions = (
        (task.name, style.WIDTH, FORMATS),
        (column_name(task.name), style.COLUMN_WIDTH, endings),
    )
    files: dict[str, bytes] = {}
    boxes: dict[str, str] = {}
    for name, width, formats in versions:
        if not formats:
            continue
        figure = drawing(plot, width=width)
        boxes |= without_sign(figure) if width == style.WIDTH else {}
        write = partial(render, figure, name=name, title=plot.title, description=words)
        files |= {f"{name}.{ending}": write(ending, empty=empty) for ending in formats}
        if "pdf" in formats and (pages := _in_pages(plot, figure, width)):
            files[f"{name}.pdf"] = pages
    return _Drawn(files, boxes)


def _in_pages(plot: Plot, figure: Figure, width: float) -> bytes | None:
    """Return the PDF of a figure that is higher than a page on several pages; None for any other."""
    pages = None if fits_page(figure, width) else PAGED_BY.get(type(plot))
    return None if pages is None else render_pages(pages(plot, width=width), title=plot.title)


def plan(protocol: Protocol, synthesis: Synthesis, sheets: Sheets) -> Iterator[Task]:
    """Yield the task of every figure of a review."""
    known = {analysis.id: analysis for analysis in synthesis.analyses}
    sources = Sources(protocol, synthesis, sheets)
    for name, analysis_plan in protocol.analyses.items():
        if name in known:
            yield from _analysis_tasks(known[name], analysis_plan, sources)
        else:
            yield from _missing_tasks(name, analysis_plan)
    yield Task(
        DIRECTIONS,
        lambda: direction_figure(synthesis, [o.domain for o in protocol.outcomes.values()]),
        "Effect-direction plot: for each study and group of outcomes whether the result is favourable, "
        "unfavourable, neither or unclear. The table of directions holds the same.",
    )
    yield Task(
        ALBATROSS,
        lambda: albatross_figure(synthesis),
        "Albatross plot: number of patients against p value of each result that gives both, favourable "
        "results to the right, with contours of equal standardised effect.",
    )
    yield from _sheet_tasks(sources)


def _sheet_tasks(sources: Sources) -> Iterator[Task]:
    """Yield the figures that show the sheets of a review."""
    labels, synthesis, sheets = sources.labels, sources.synthesis, sources.sheets
    bias, colours = sheets["risk_of_bias"], sources.colours
    yield Task(EVIDENCE_MAP, lambda: sources.map, describe_map)
    for name, block in zip(MAP_PARTS, MAP_BLOCKS, strict=True):
        yield Task(name, lambda block=block: map_part(sources.map, block), describe_map)  # type: ignore[misc]
    yield Task(RISK_OF_BIAS, lambda: bias_figure(bias, labels, colours), describe_bias)
    yield Task(
        BIAS_SUMMARY,
        lambda: bias_summary_figure(bias, labels, synthesis, colours, codes=sources.codes),
        describe_bias,
        draw_bias_summary,
    )
    yield Task(FLOW, lambda: flow_figure(sheets["flow"], synthesis, len(labels)), describe_flow)


def _analysis_tasks(analysis: Analysis, plan: AnalysisPlan, sources: Sources) -> Iterator[Task]:
    protocol, level = sources.protocol, sources.protocol.defaults.level
    words = f"{describe(analysis)} {spoken(plan.forest_text, sources.labels)}".rstrip()
    layout = protocol.layout_of(plan)

    def forest(plot: ForestPlot | NoteFigure) -> ForestPlot | NoteFigure:
        if isinstance(plot, ForestPlot):
            plot = with_moderators(plot, analysis, {m: protocol.moderators[m] for m in plan.forest_columns})
        bias, codes = sources.assessments, sources.codes
        plot = with_bias(plot, analysis, bias, sources.labels, sources.colours, codes=codes)
        return with_text(plot, analysis, plan.forest_text)

    yield Task(analysis.id, lambda: forest(forest_figure(analysis, level=level, layout=layout)), words)
    for by in plan.subgroups:
        label = protocol.moderators[by].label
        yield Task(
            subgroup_name(analysis.id, by),
            lambda by=by, label=label: forest(  # type: ignore[misc]
                subgroup_figure(analysis, by, label, level=level, layout=layout)
            ),
            f"{words} Split by {label}.",
        )
    for by in plan.regress_on:
        label = axis_name(protocol, by)
        yield Task(
            regression_name(analysis.id, by),
            lambda by=by, label=label: regression_figure(analysis, by, label, level=level),  # type: ignore[misc]
            f"Bubble plot: effect of each study of the analysis {analysis.title} against {label}, with the "
            "fitted line.",
        )
    subject = Subject(analysis, model_of(plan, protocol), sources.years)
    for kind in plan.figures:
        yield Task(
            diagnostic_name(analysis.id, kind),
            lambda kind=kind: diagnostic_figure(kind, subject),  # type: ignore[misc]
            describe_diagnostic,
        )


def _missing_tasks(name: str, plan: AnalysisPlan) -> Iterator[Task]:
    note = NoteFigure(plan.title, NOT_COMPUTED)
    names = [name, *(subgroup_name(name, m) for m in plan.subgroups)]
    names += [regression_name(name, m) for m in plan.regress_on]
    names += [diagnostic_name(name, kind) for kind in plan.figures]
    for stem in names:
        yield Task(stem, lambda: note, NOT_COMPUTED)


def axis_name(protocol: Protocol, moderator: str) -> str:
    """Return the label of a moderator with its unit."""
    found = protocol.moderators[moderator]
    return f"{found.label}, {found.unit}" if found.unit else found.label
