"""A plot with two axes on the canvas, and labels that look for a free place beside their points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rheumeta.plots import style
from rheumeta.plots.axis import Axis
from rheumeta.plots.canvas import Canvas, Face, text_width, wrap
from rheumeta.plots.numbers import plain

REACHES = (5.0, 10.0, 16.0, 24.0)
"""How much further from its point a label may stand where there is no room beside it, points."""

ENTRY_LEAST = 104.0
"""Least width of a column of entries, points; where there is no room there are fewer columns."""

LINE_STEP = 2.0
LEADER = 12
"""Points at which a line to a label is tried for what it runs over."""

Place = tuple[float, float]
TICK = 3.0
"""Length of a tick, points."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the paper, points."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Tell whether two rectangles share any area."""
        return not (
            self.right <= other.left
            or other.right <= self.left
            or self.bottom <= other.top
            or other.bottom <= self.top
        )

    def within(self, other: Box) -> bool:
        """Tell whether this rectangle lies in the other."""
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


@dataclass
class Labels:
    """Places that are taken within a plot; new labels go where there is room."""

    canvas: Canvas
    area: Box
    face: Face
    taken: list[Box] = field(default_factory=list)
    shunned: list[Box] = field(default_factory=list)

    def avoid(self, path: Sequence[tuple[float, float]]) -> None:
        """Keep labels off a line as long as there is room elsewhere."""
        for (x0, y0), (x1, y1) in pairwise(path):
            steps = max(int(max(abs(x1 - x0), abs(y1 - y0)) / LINE_STEP), 1)
            for i in range(steps + 1):
                x, y = x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps
                self.shunned.append(Box(x - 0.5, y - 0.5, x + 0.5, y + 0.5))

    def block(self, x: float, y: float, radius: float) -> None:
        """Keep labels off a sign."""
        self.taken.append(Box(x - radius, y - radius, x + radius, y + radius))

    def place(self, x: float, y: float, text: str, distance: float) -> bool:
        """Write `text` near (x, y) where nothing else is; return whether there was room."""
        width, height = text_width(text, self.face), self.face.size * 1.15
        for avoided, crossing in (
            ([*self.taken, *self.shunned], False),
            (self.taken, False),
            (self.taken, True),
        ):
            for reach in (distance, *(distance + far for far in REACHES)):
                for left, top in _around(x, y, width, height, reach):
                    box = Box(left - 0.5, top, left + width + 0.5, top + height)
                    if not box.within(self.area) or any(box.meets(t) for t in avoided):
                        continue
                    leader = _leader(box, (x, y), distance) if reach > distance else None
                    if leader is None or crossing or not self._crosses(leader):
                        self._write(box, text, leader)
                        return True
        return False

    def _crosses(self, leader: tuple[Place, Place]) -> bool:
        """Tell whether a line to a label runs over a sign or another label."""
        (x0, y0), (x1, y1) = leader
        points = [(x0 + (x1 - x0) * i / LEADER, y0 + (y1 - y0) * i / LEADER) for i in range(LEADER)]
        dots = [Box(px - 0.3, py - 0.3, px + 0.3, py + 0.3) for px, py in points]
        return any(dot.meets(taken) for taken in self.taken for dot in dots)

    def _write(self, box: Box, text: str, leader: tuple[Place, Place] | None) -> None:
        """Write a label; one that stands apart gets a line from the edge of its sign."""
        self.taken.append(box)
        if leader is not None:
            (x0, y0), (x1, y1) = leader
            self.canvas.line((x0, x1), (y0, y1), colour=style.RULE, width=0.4)
        self.canvas.text(box.left + 0.5, box.bottom - 0.24 * self.face.size, text, self.face)


def _leader(box: Box, at: Place, radius: float) -> tuple[Place, Place]:
    """Return the ends of the line from the edge of a sign to its label."""
    to = (min(max(at[0], box.left), box.right), min(max(at[1], box.top), box.bottom))
    share = radius / max(math.dist(at, to), radius)
    return (at[0] + share * (to[0] - at[0]), at[1] + share * (to[1] - at[1])), to


def _around(x: float, y: float, width: float, height: float, reach: float) -> list[tuple[float, float]]:
    """Return corners (left, top) of eight places around a point, the best first."""
    right, left, middle = x + reach, x - reach - width, x - width / 2
    above, below, level = y - reach - height, y + reach, y - height / 2
    near = 0.5 * reach
    return [
        (right, level),
        (left, level),
        (middle, above),
        (middle, below),
        (x + near, y - near - height),
        (x - near - width, y - near - height),
        (x + near, y + near),
        (x - near - width, y + near),
    ]


def draw_frame(canvas: Canvas, area: Box, x_axis: Axis, y_axis: Axis, face: Face) -> None:
    """Draw both axes with ticks and the labels of their ticks."""
    canvas.line((area.left, area.left), (area.top, area.bottom), colour=style.INK, width=0.7)
    canvas.line((area.left, area.right), (area.bottom, area.bottom), colour=style.INK, width=0.7)
    draw_ticks(canvas, area.bottom, [(x_axis.at(t), plain(t)) for t in x_axis.ticks], face)
    for tick in y_axis.ticks:
        y = y_axis.at(tick)
        canvas.line((area.left - TICK, area.left), (y, y), colour=style.INK, width=0.7)
        canvas.text(area.left - TICK - 2, y + 0.36 * face.size, plain(tick), face, align="right")


def draw_ticks(canvas: Canvas, bottom: float, ticks: Sequence[tuple[float, str]], face: Face) -> None:
    """Draw ticks (position, label) below a horizontal axis."""
    for x, label in ticks:
        canvas.line((x, x), (bottom, bottom + TICK), colour=style.INK, width=0.7)
        canvas.text(x, bottom + TICK + 1 + face.size, label, face, align="center")


def tick_room(axis: Axis, face: Face) -> float:
    """Return the width that the labels of a vertical axis need, points."""
    return max((text_width(plain(t), face) for t in axis.ticks), default=0.0) + TICK + 4


def draw_columns(canvas: Canvas, y: float, entries: Sequence[str], face: Face, *, columns: int = 3) -> float:
    """Write short entries in columns read from top to bottom; return the y below them."""
    gap = 12.0
    columns = max(min(columns, int((canvas.width - 2 * style.MARGIN + gap) // (ENTRY_LEAST + gap))), 1)
    room = (canvas.width - 2 * style.MARGIN - gap * (columns - 1)) / columns
    wrapped = [wrap(entry, room, face) for entry in entries]
    total = sum(len(lines) for lines in wrapped)
    column, used, deepest = 0, 0, y
    top = y
    for lines in wrapped:
        if used and used + len(lines) > -(-total // columns) + 1 and column < columns - 1:
            column, used, y = column + 1, 0, top
        y = canvas.lines(style.MARGIN + column * (room + gap), y, lines, face)
        used += len(lines)
        deepest = max(deepest, y)
    return deepest
