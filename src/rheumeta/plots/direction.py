"""The effect-direction plot: which way each study points in each outcome domain.

Conventions of Thomson and Thomas (2013, Res Synth Methods 4:95) as revised by Hilton Boon and
Thomson (2021, Res Synth Methods 12:29): a triangle upwards is a favourable direction, downwards an
unfavourable one, a pair of sideways triangles no change or conflicting findings; the size stands for
the number of patients; statistical significance plays no part. A study with several outcomes in a
domain gets the direction of at least 70% of them, else it counts as conflicting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from matplotlib.figure import Figure

from rheumeta.numbers import fixed
from rheumeta.plots import style
from rheumeta.plots.canvas import Canvas, Face, baseline, text_width, wrap
from rheumeta.plots.furniture import BODY, BODY_BOLD, NOTE, draw_head, draw_key, draw_tail
from rheumeta.plots.numbers import p_text
from rheumeta.plots.records import (
    Direction,
    DirectionBlock,
    DirectionCell,
    DirectionLine,
    DirectionPlot,
    SignTest,
)

AGREEMENT = 0.70
"""Share of a domain's outcomes that must agree (Thomson and Thomas 2013; Boon and Thomson 2021)."""

N_LARGE, N_MEDIUM = 300, 50
"""More than 300 patients: large; 50 to 300: medium; fewer: small (Thomson and Thomas 2013)."""

SIDES = {"large": 12.0, "medium": 8.5, "small": 5.5}
"""Widths of the triangles, points."""

ROW, ROW_COLUMN = 14.0, 11.8
"""Least height of a row; the second in one column of a page; points."""

LABEL_SHARE, LABEL_SHARE_LEAST = 0.30, 0.16
"""Largest and least share of the width that the names of the studies get."""

HEADING_SIZES = (6.8, 6.5, 6.2, 5.9, 5.6, 5.3, style.SIZE_MIN)
HEADING_GAP, COLUMN_LEAST = 6.0, 28.0
"""Space between headings, and least width of a column (a sign with its small number), points."""


@dataclass(frozen=True)
class Grid:
    """Width of the names, edges of the columns (one more than columns), face of the headings."""

    names: float
    edges: tuple[float, ...]
    face: Face
    numbered: bool  # headings find no room: numbers stand for them, with a key

    def middle(self, column: int) -> float:
        """Return the centre of a column."""
        return (self.edges[column] + self.edges[column + 1]) / 2

    def width(self, column: int) -> float:
        """Return the room for the heading of a column."""
        return self.edges[column + 1] - self.edges[column] - HEADING_GAP


def summarise(
    directions: Sequence[Literal["favourable", "unfavourable", "no_change", "unclear"]],
) -> Direction:
    """Sum up the outcomes of one study in one domain.

    Parameters
    ----------
    directions : sequence of str
        Direction of each outcome.

    Returns
    -------
    str
        "favourable" or "unfavourable" where at least 70% of the outcomes point that way, else
        "conflicting" (which includes no change), or "unclear" where no outcome has a known direction.

    Notes
    -----
    Thomson and Thomas 2013; Hilton Boon and Thomson 2021, revised algorithm (no significance).
    """
    known = [d for d in directions if d != "unclear"]
    if not known:
        return "unclear"
    if known.count("favourable") / len(known) >= AGREEMENT:
        return "favourable"
    if known.count("unfavourable") / len(known) >= AGREEMENT:
        return "unfavourable"
    return "conflicting"


def draw_directions(plot: DirectionPlot, *, width: float = style.WIDTH) -> Figure:
    """Draw an effect-direction plot with its key and the table of sign tests.

    Parameters
    ----------
    plot : DirectionPlot
        At least one block, one study and one column.

    Returns
    -------
    Figure
        `width` points wide, as high as its rows need.
    """
    canvas = Canvas(width=width)
    y = draw_head(canvas, plot.title, "", "")
    grid = _grid(plot, canvas)
    y = _headings(canvas, y, plot, grid)
    for block in plot.blocks:
        y = _block(canvas, y, block, grid)
    if grid.numbered:
        told = "; ".join(f"{i} {heading}" for i, heading in enumerate(plot.columns, start=1))
        y = canvas.paragraph(style.MARGIN, y + 2, f"{told}.", canvas.width - 2 * style.MARGIN, BODY)
    y = _key(canvas, y + 5, plot)
    if plot.tests:
        y = (_test_lines if style.is_column(width) else _tests)(canvas, y + 8, plot.tests)
    y = draw_tail(canvas, y + 2, (), plot.lines)
    return canvas.finish(y + style.MARGIN)


def _grid(plot: DirectionPlot, canvas: Canvas) -> Grid:
    """Give each column the room of the longest word of its heading, and an equal share of the rest."""
    room = canvas.width - 2 * style.MARGIN
    labels = [_name(line) for block in plot.blocks for line in block.lines]
    names = min(max(text_width(n, BODY) for n in labels) + 10, LABEL_SHARE * room)
    names = max(names, LABEL_SHARE_LEAST * room)
    free = room - names
    for size in (s for s in HEADING_SIZES if s >= style.least_size(canvas.width)):
        face = Face(size, bold=True)
        needs = [max(_longest(h, face) + HEADING_GAP, COLUMN_LEAST) for h in plot.columns]
        if sum(needs) <= free:
            break
    spare = (free - sum(needs)) / len(needs)
    widths = [n + spare for n in needs] if spare >= 0 else [free / len(needs)] * len(needs)
    left = style.MARGIN + names
    edges = tuple(left + sum(widths[:i]) for i in range(len(widths) + 1))
    return Grid(names, edges, face, numbered=spare < 0)


def _longest(heading: str, face: Face) -> float:
    return max(text_width(word, face) for word in heading.split())


def _name(line: DirectionLine) -> str:
    return line.label if line.n is None else f"{line.label} (n\u00a0=\u00a0{line.n:g})"


def _headings(canvas: Canvas, y: float, plot: DirectionPlot, grid: Grid) -> float:
    face = grid.face
    headings = [str(i + 1) for i in range(len(plot.columns))] if grid.numbered else plot.columns
    wrapped = [wrap(heading, grid.width(i), face) for i, heading in enumerate(headings)]
    bottom = y + max(len(lines) for lines in wrapped) * face.leading
    for i, lines in enumerate(wrapped):
        canvas.lines(grid.middle(i), bottom - len(lines) * face.leading, lines, face, align="center")
    canvas.text(style.MARGIN, bottom - face.leading + baseline(face), "Study", BODY_BOLD)
    edge = canvas.width - style.MARGIN
    canvas.line((style.MARGIN, edge), (bottom + 2, bottom + 2), colour=style.INK, width=0.6)
    return bottom + 4


def _block(canvas: Canvas, y: float, block: DirectionBlock, grid: Grid) -> float:
    room = canvas.width - 2 * style.MARGIN
    y = canvas.paragraph(style.MARGIN, y + 3, block.heading, room, BODY_BOLD) + 2
    for line in block.lines:
        lines = wrap(_name(line), grid.names - 8, BODY)
        least = ROW_COLUMN if style.is_column(canvas.width) else ROW
        height = max(len(lines) * BODY.leading, least) + 2
        top = y + (height - len(lines) * BODY.leading) / 2
        canvas.lines(style.MARGIN + 4, top, lines, BODY)
        for cell in line.cells:
            _cell(canvas, grid.middle(cell.column), y + height / 2, cell, block.filled)
        y += height
        canvas.line((style.MARGIN, canvas.width - style.MARGIN), (y, y), colour=style.FAINT, width=0.4)
    return y + 3


def _cell(canvas: Canvas, x: float, y: float, cell: DirectionCell, filled: bool) -> None:
    draw_sign(canvas, x, y, cell.direction, size_class(cell.n), filled, key=cell.key)
    if cell.outcomes > 1:
        near = SIDES["large"] / 2 + 3.5 if not style.is_column(canvas.width) else SIDES["medium"] / 2 + 1
        face = Face(style.least_size(canvas.width), colour=style.SOFT)
        canvas.text(x + near, y + 5.0, str(cell.outcomes), face)


def size_class(n: float | None) -> str:
    """Return "large", "medium" or "small" by number of patients; small where it is not known."""
    if n is None or n < N_MEDIUM:
        return "small"
    return "large" if n > N_LARGE else "medium"


def draw_sign(
    canvas: Canvas, x: float, y: float, direction: Direction, size: str, filled: bool, *, key: str = ""
) -> None:
    """Draw the sign of a direction around (x, y)."""
    side = SIDES[size]
    half, rise = side / 2, side * 0.433
    colour = style.DIRECTIONS[direction].colour
    fill = colour if filled else style.PAPER
    if direction == "unclear":
        face = Face(side + 1.5, bold=filled, colour=colour)
        canvas.box(x - half, y - half, side, side, fill=style.PAPER, key=key)
        canvas.text(x, y + 0.36 * face.size, "?", face, align="center")
    elif direction == "conflicting":
        small = half * 0.75
        for way in (-1, 1):
            tip, back = x + way * (small * 1.7 + 0.6), x + way * 0.6
            points = [(tip, y), (back, y - small), (back, y + small)]
            canvas.shape(points, fill=fill, edge=colour, width=0.9, key=key)
    else:
        way = -1 if direction == "favourable" else 1
        points = [(x, y + way * rise), (x - half, y - way * rise), (x + half, y - way * rise)]
        canvas.shape(points, fill=fill, edge=colour, width=0.9, key=key)


def _key(canvas: Canvas, y: float, plot: DirectionPlot) -> float:
    kinds = {block.filled for block in plot.blocks}
    filled = True in kinds
    entries: list[tuple[Direction, str, bool, str]] = [
        ("favourable", "medium", filled, "favourable"),
        ("unfavourable", "medium", filled, "unfavourable"),
        ("conflicting", "medium", filled, "no change, or outcomes of the domain disagree"),
        ("unclear", "medium", filled, "direction not clear from the source"),
        ("favourable", "large", filled, f"more than {N_LARGE} patients"),
        ("favourable", "medium", filled, f"{N_MEDIUM} to {N_LARGE}"),
        ("favourable", "small", filled, f"fewer than {N_MEDIUM}, or not reported"),
        ("favourable", "medium", True, "filled: with a control group"),
        ("favourable", "medium", False, "hollow: without"),
    ]
    samples = [
        (lambda x, y, way=way, size=size, fill=fill: draw_sign(canvas, x + 8, y, way, size, fill), label)
        for way, size, fill, label in entries
    ]
    row = ROW_COLUMN if style.is_column(canvas.width) else ROW
    y = draw_key(canvas, y, samples, sample=16.0, row=row + 1)
    room = canvas.width - 2 * style.MARGIN
    text = (
        "A small number beside a sign: outcomes of the domain that it sums up; at least "
        f"{AGREEMENT:.0%} must point the same way. Significance plays no part."
    )
    return canvas.paragraph(style.MARGIN, y + 1, text, room, NOTE)


TEST_HEADINGS = (
    "Sign test, each cohort once",
    "favourable",
    "unfavourable",
    "no sign",
    "percent favourable [CI]",
    "p",
)


def _tests(canvas: Canvas, y: float, tests: Sequence[SignTest]) -> float:
    """Draw the table of sign tests: right-aligned columns of numbers after the outcome."""
    body = Face(style.SIZE_SMALL)
    bold = Face(style.SIZE_SMALL, bold=True)
    rows = [_test_cells(test) for test in tests]
    widths = [
        max(text_width(TEST_HEADINGS[i], bold), *(text_width(r[i], body) for r in rows)) + 10
        for i in range(1, len(TEST_HEADINGS))
    ]
    first = canvas.width - 2 * style.MARGIN - sum(widths)
    rights = [style.MARGIN + first + sum(widths[: i + 1]) for i in range(len(widths))]
    y = _test_row(canvas, y, TEST_HEADINGS, first, rights, bold)
    canvas.line((style.MARGIN, canvas.width - style.MARGIN), (y, y), colour=style.RULE, width=0.5)
    previous = ""
    for test, row in zip(tests, rows, strict=True):
        if test.block != previous:
            y = canvas.paragraph(style.MARGIN, y + 2, test.block, first, bold)
            previous = test.block
        y = _test_row(canvas, y, row, first, rights, body)
    return y


def _test_lines(canvas: Canvas, y: float, tests: Sequence[SignTest]) -> float:
    """Write each sign test as a sentence, where the table is wider than the paper."""
    room, body = canvas.width - 2 * style.MARGIN, Face(style.SIZE_SMALL)
    y = canvas.paragraph(style.MARGIN, y, f"{TEST_HEADINGS[0]}; {TEST_HEADINGS[4]}", room, BODY_BOLD) + 1
    previous = ""
    for test in tests:
        if test.block != previous:
            y = canvas.paragraph(style.MARGIN, y + 2, test.block, room, replace(body, bold=True))
            previous = test.block
        y = canvas.paragraph(style.MARGIN + 6, y, _test_sentence(test), room - 6, body)
    return y


def _test_sentence(test: SignTest) -> str:
    outcome, better, _, no_sign, share, _ = _test_cells(test)
    counts = f"{better} of {test.favourable + test.unfavourable} favourable"
    counts += f", {no_sign} no sign" if test.not_counted else ""
    p = "" if test.pval is None else p_text(test.pval)
    return f"{outcome}: {'; '.join(part for part in (counts, share, p) if part)}"


def _test_cells(test: SignTest) -> tuple[str, ...]:
    share = ""
    if test.proportion is not None and test.proportion.estimate is not None:
        p = test.proportion
        share = f"{_percent(p.estimate)} [{_percent(p.lower)}, {_percent(p.upper)}]"
    pval = "" if test.pval is None else p_text(test.pval).removeprefix("p ").removeprefix("= ")
    counts = (str(test.favourable), str(test.unfavourable), str(test.not_counted))
    return (test.outcome, *counts, share, pval)


def _percent(share: float | None) -> str:
    return fixed(None if share is None else 100 * share, 0)


def _test_row(
    canvas: Canvas, y: float, cells: Sequence[str], first: float, rights: Sequence[float], face: Face
) -> float:
    lines = wrap(cells[0], first - 12, face)
    canvas.lines(style.MARGIN + (0 if face.bold else 6), y, lines, face)
    for cell, right in zip(cells[1:], rights, strict=True):
        canvas.text(right, y + baseline(face), cell, face, align="right")
    return y + len(lines) * face.leading + 1
