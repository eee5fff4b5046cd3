"""The columns of raw numbers of a forest plot: events/n, mean (SD) and n of each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.numbers import NOT_AVAILABLE, fixed
from rheumeta.pages.inputs import anchor
from rheumeta.plots import numbers
from rheumeta.plots.records import Brief, ForestColumn, ForestLayout, ForestPlot, ForestTotal
from rheumeta.records import Analysis, StudyEffect
from rheumeta.tables.protocol import Moderator

EVENTS_OF_TOTAL: dict[ForestLayout, tuple[str, str]] = {
    "bmj": ("No of events/", "total"),
    "jama": ("No. of events/", "total\u00a0No."),
}
"""What stands above events with their totals."""

HEADS_OF_N: dict[ForestLayout, str] = {"revman": "Total", "jama": "No."}
"""What stands above numbers of patients, where it is not n."""


@dataclass(frozen=True)
class RawColumn:
    """A column of raw numbers: its heading and how a study and the sum of studies fill it."""

    column: ForestColumn
    cell: Callable[[StudyEffect], str]
    total: Callable[[Sequence[StudyEffect]], str] = lambda _: ""
    further: Callable[[Sequence[StudyEffect]], str] = lambda _: ""  # in a row of its own below the total


def raw_columns(analysis: Analysis, layout: ForestLayout = "standard") -> list[RawColumn]:
    """Return the columns of raw numbers that the studies of an analysis fill, as a layout prints them."""
    studies = analysis.studies
    two = any(s.n2 is not None or s.events2 is not None or s.mean2 is not None for s in studies)
    columns = _week(studies)
    for arm in (1, 2) if two else (1,):
        group = (analysis.experimental_name, analysis.control_name)[arm - 1] if two else ""
        columns += _arm_columns(analysis, arm, group, layout)
    return columns


def with_moderators(plot: ForestPlot, analysis: Analysis, moderators: Mapping[str, Moderator]) -> ForestPlot:
    """Return a forest plot with a column for each moderator, before the raw numbers.

    Parameters
    ----------
    plot : ForestPlot
        The keys of its rows are the places of effects.
    analysis : Analysis
        Gives the value of each study.
    moderators : mapping of str to Moderator
        What to show, by id, in this order.
    """
    if not moderators:
        return plot
    by_id = {anchor("e", s.effect_id): s.moderators for s in analysis.studies}

    def texts(key: str) -> tuple[str, ...]:
        values = [(m, by_id.get(key, {}).get(name, "")) for name, m in moderators.items()]
        return tuple((m.choices or {}).get(value, value) or NOT_AVAILABLE for m, value in values)

    blank = ("",) * len(moderators)

    def moved(total: ForestTotal) -> ForestTotal:
        sums = tuple(replace(s, cells=(*blank, *s.cells)) for s in total.sums)
        return replace(total, cells=(*blank, *total.cells), sums=sums)

    heads = tuple(ForestColumn(f"{m.label}, {m.unit}" if m.unit else m.label) for m in moderators.values())
    blocks = tuple(
        replace(
            block,
            rows=tuple(replace(r, cells=(*texts(r.key), *r.cells)) for r in block.rows),
            totals=tuple(moved(t) for t in block.totals),
        )
        for block in plot.blocks
    )
    totals = tuple(moved(t) for t in plot.totals)
    return replace(plot, columns=(*heads, *plot.columns), blocks=blocks, totals=totals)


def _week(studies: Sequence[StudyEffect]) -> list[RawColumn]:
    if all(s.weeks is None for s in studies):
        return []
    column = ForestColumn("Week", optional=True)
    return [RawColumn(column, lambda s: "" if s.weeks is None else f"{s.weeks:.0f}")]


def _arm_columns(analysis: Analysis, arm: int, group: str, layout: ForestLayout) -> list[RawColumn]:
    studies = analysis.studies

    def has(name: str) -> bool:
        return any(getattr(s, f"{name}{arm}") is not None for s in studies)

    if has("events") or has("person_time"):
        bottom = f"person_time{arm}" if has("person_time") else f"n{arm}"
        return _events(f"events{arm}", bottom, group, layout)
    split = layout == "revman"
    columns = []
    if has("mean"):
        columns = _mean_and_sd(analysis, arm, group) if split else [_mean(analysis, arm, group)]
    if has("n"):
        columns.append(_count(f"n{arm}", HEADS_OF_N.get(layout, "n"), group, Brief(group, "n")))
    return columns


def _events(top: str, bottom: str, group: str, layout: ForestLayout) -> list[RawColumn]:
    """Return the columns of events: one with a slash, or two as RevMan has them."""
    time = bottom.startswith("person_time")
    if layout == "revman":
        events = _count(top, "Events", group, Brief(group, "events"), further=True)
        below = Brief(group, "person-time" if time else "n")
        return [events, _count(bottom, "Person-\ntime" if time else "Total", group, below)]
    brief = Brief(group, "events/person-time" if time else "events/n")
    if layout in EVENTS_OF_TOTAL:
        start, counted = EVENTS_OF_TOTAL[layout]
        of = start + ("person-time" if time else counted)
        column = ForestColumn(group or of, of if group else "", brief=brief)
    else:
        column = ForestColumn("Events/\nperson-time" if time else "Events/n", group, brief=brief)
    return [_fraction(top, bottom, column)]


def whole(value: float | None) -> str:
    """Return a count; a part of a patient (a split control group) keeps one decimal."""
    if value is None:
        return NOT_AVAILABLE
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def _fraction(top: str, bottom: str, column: ForestColumn) -> RawColumn:
    def cell(s: StudyEffect) -> str:
        above, below = getattr(s, top), getattr(s, bottom)
        return "" if above is None and below is None else f"{whole(above)}/{whole(below)}"

    def total(studies: Sequence[StudyEffect]) -> str:
        above, below = [getattr(s, top) for s in studies], [getattr(s, bottom) for s in studies]
        return "" if None in above or None in below else f"{whole(sum(above))}/{whole(sum(below))}"

    return RawColumn(column, cell, total)


def _mean_and_sd(analysis: Analysis, arm: int, group: str) -> list[RawColumn]:
    """Return a column of means and one of their standard deviations."""
    digits = numbers.decimals(getattr(s, f"mean{arm}") for s in analysis.studies)

    def column(heading: str, name: str) -> RawColumn:
        def cell(s: StudyEffect) -> str:
            value = getattr(s, name)
            return "" if value is None else fixed(value, digits)

        return RawColumn(ForestColumn(heading, group), cell)

    mean, sd = _mean_heading(analysis).rstrip(")").split(" (")
    return [column(mean, f"mean{arm}"), column(sd, f"sd{arm}")]


def _mean_heading(analysis: Analysis) -> str:
    """Return what a mean with its standard deviation is called."""
    if analysis.comparison_kind != "before_after":
        return "Mean (SD)"
    return "Change (SD at baseline)" if analysis.measure == "SMCR" else "Change (SD)"


def _mean(analysis: Analysis, arm: int, group: str) -> RawColumn:
    digits = numbers.decimals(getattr(s, f"mean{arm}") for s in analysis.studies)

    def cell(s: StudyEffect) -> str:
        mean, sd = getattr(s, f"mean{arm}"), getattr(s, f"sd{arm}")
        if mean is None:
            return ""
        return fixed(mean, digits) + ("" if sd is None else f" ({fixed(sd, digits)})")

    return RawColumn(ForestColumn(_mean_heading(analysis), group), cell)


def _count(name: str, heading: str, group: str, brief: Brief, *, further: bool = False) -> RawColumn:
    def cell(s: StudyEffect) -> str:
        value = getattr(s, name)
        return "" if value is None else whole(value)

    def total(studies: Sequence[StudyEffect]) -> str:
        values = [getattr(s, name) for s in studies]
        return "" if None in values else whole(sum(values))

    column = ForestColumn(heading, group, brief=brief)
    return RawColumn(column, cell, further=total) if further else RawColumn(column, cell, total)
