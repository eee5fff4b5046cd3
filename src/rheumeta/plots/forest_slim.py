"""A forest plot for one column of a page: what it leaves out, and what moves below the names of the studies."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from rheumeta.plots.records import ForestPlot, ForestRow, ForestTotal


def slim(plot: ForestPlot) -> ForestPlot:
    """Return a plot for one column: of the risk of bias the overall judgement, brief numbers below the names."""

    def total(t: ForestTotal) -> ForestTotal:
        rows = [t.cells, *(s.cells for s in t.sums)]
        cells = tuple("".join(parts) for parts in zip(*rows, strict=True))
        return replace(t, below=_brief(plot, cells), sums=())

    def row(r: ForestRow) -> ForestRow:
        return replace(r, dots=r.dots[-1:], below=_brief(plot, r.cells))

    if plot.narrow:
        return plot
    blocks = tuple(
        replace(b, rows=tuple(row(r) for r in b.rows), totals=tuple(total(t) for t in b.totals))
        for b in plot.blocks
    )
    return replace(
        plot,
        blocks=blocks,
        totals=tuple(total(t) for t in plot.totals),
        dot_heads=plot.dot_heads[-1:],
        narrow=True,
        show_common=False,
        below_note=_brief_note(plot),
    )


def _brief(plot: ForestPlot, cells: tuple[str, ...]) -> str:
    """Return the brief numbers of a row in one text: those of a group by a slash, groups by "v"."""
    pairs = [(c.brief.group, cell) for c, cell in zip(plot.columns, cells, strict=False) if c.brief]
    groups = ["/".join(cell for _, cell in members) for _, members in groupby(pairs, key=lambda p: p[0])]
    text = " v ".join(groups) if all(groups) else ""
    return (
        f"n\u00a0=\u00a0{text}" if text and {c.brief.unit for c in plot.columns if c.brief} == {"n"} else text
    )


def _brief_note(plot: ForestPlot) -> str:
    """Say what stands below the names: "events/n, cells v control"."""
    told = [c.brief for c in plot.columns if c.brief]
    groups = list(dict.fromkeys(b.group for b in told if b.group))
    units = "/".join(dict.fromkeys(b.unit for b in told))
    if units == "n" and not groups:
        return ""
    return f"Below the names: {units}{', ' if groups else ''}{' v '.join(groups)}"
