"""The columns of raw numbers of a forest plot: events/n, mean (SD) and n of each group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.numbers import NOT_AVAILABLE, fixed
from rheumeta.pages.inputs import anchor
from rheumeta.plots import numbers
from rheumeta.plots.records import ForestColumn, ForestPlot
from rheumeta.records import Analysis, StudyEffect
from rheumeta.tables.protocol import Moderator


@dataclass(frozen=True)
class RawColumn:
    """A column of raw numbers: its heading and how a study and the sum of studies fill it."""

    column: ForestColumn
    cell: Callable[[StudyEffect], str]
    total: Callable[[Sequence[StudyEffect]], str] = lambda _: ""


def raw_columns(analysis: Analysis) -> list[RawColumn]:
    """Return the columns of raw numbers that the studies of an analysis fill."""
    studies = analysis.studies
    two = any(s.n2 is not None or s.events2 is not None or s.mean2 is not None for s in studies)
    columns = _week(studies)
    for arm in (1, 2) if two else (1,):
        group = (analysis.experimental_name, analysis.control_name)[arm - 1] if two else ""
        columns += _arm_columns(analysis, arm, group)
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
    heads = tuple(ForestColumn(f"{m.label}, {m.unit}" if m.unit else m.label) for m in moderators.values())
    blocks = tuple(
        replace(
            block,
            rows=tuple(replace(r, cells=(*texts(r.key), *r.cells)) for r in block.rows),
            totals=tuple(replace(t, cells=(*blank, *t.cells)) for t in block.totals),
        )
        for block in plot.blocks
    )
    totals = tuple(replace(t, cells=(*blank, *t.cells)) for t in plot.totals)
    return replace(plot, columns=(*heads, *plot.columns), blocks=blocks, totals=totals)


def _week(studies: Sequence[StudyEffect]) -> list[RawColumn]:
    if all(s.weeks is None for s in studies):
        return []
    column = ForestColumn("Week", optional=True)
    return [RawColumn(column, lambda s: "" if s.weeks is None else f"{s.weeks:.0f}")]


def _arm_columns(analysis: Analysis, arm: int, group: str) -> list[RawColumn]:
    studies = analysis.studies

    def has(name: str) -> bool:
        return any(getattr(s, f"{name}{arm}") is not None for s in studies)

    if has("person_time"):
        return [_fraction(f"events{arm}", f"person_time{arm}", "Events/\nperson-time", group)]
    if has("events"):
        return [_fraction(f"events{arm}", f"n{arm}", "Events/n", group)]
    columns = [_mean(analysis, arm, group)] if has("mean") else []
    if has("n"):
        columns.append(_count(f"n{arm}", group))
    return columns


def whole(value: float | None) -> str:
    """Return a count; a part of a patient (a split control group) keeps one decimal."""
    if value is None:
        return NOT_AVAILABLE
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"


def _fraction(top: str, bottom: str, heading: str, group: str) -> RawColumn:
    def cell(s: StudyEffect) -> str:
        above, below = getattr(s, top), getattr(s, bottom)
        return "" if above is None and below is None else f"{whole(above)}/{whole(below)}"

    def total(studies: Sequence[StudyEffect]) -> str:
        above, below = [getattr(s, top) for s in studies], [getattr(s, bottom) for s in studies]
        return "" if None in above or None in below else f"{whole(sum(above))}/{whole(sum(below))}"

    return RawColumn(ForestColumn(heading, group), cell, total)


def _mean(analysis: Analysis, arm: int, group: str) -> RawColumn:
    digits = numbers.decimals(getattr(s, f"mean{arm}") for s in analysis.studies)

    def cell(s: StudyEffect) -> str:
        mean, sd = getattr(s, f"mean{arm}"), getattr(s, f"sd{arm}")
        if mean is None:
            return ""
        return fixed(mean, digits) + ("" if sd is None else f" ({fixed(sd, digits)})")

    heading = "Mean (SD)"
    if analysis.comparison_kind == "before_after":
        heading = "Change (SD at baseline)" if analysis.measure == "SMCR" else "Change (SD)"
    return RawColumn(ForestColumn(heading, group), cell)


def _count(name: str, group: str) -> RawColumn:
    def cell(s: StudyEffect) -> str:
        value = getattr(s, name)
        return "" if value is None else whole(value)

    def total(studies: Sequence[StudyEffect]) -> str:
        values = [getattr(s, name) for s in studies]
        return "" if None in values else whole(sum(values))

    return RawColumn(ForestColumn("n", group), cell, total)
