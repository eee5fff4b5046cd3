"""A sheet of paper measured in points from its upper left corner, and text that is measured first.

Figures are laid out by hand: every text is measured before it is placed, so that nothing overlaps
and nothing is cut off whatever the number of studies and the length of their names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Polygon, Rectangle
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Affine2D

from rheumeta.plots import style

Align = Literal["left", "center", "right"]

SLACK = 0.01
"""A text that is wider than its room by less than this still fits, points (rounding)."""

SHORT_LINE = 0.5
"""A line filled to less than this share takes the first part of a hyphenated word, if it fits."""

_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}
"""Share of a line of text that lies before its position."""

_SIGN = re.compile(r" ([=<>]) ")
_BREAK = re.compile(r"(?<=[-–/;,+])(?=\S)")


@dataclass(frozen=True)
class Face:
    """Size (points), weight, slant and colour of a text."""

    size: float = style.SIZE
    bold: bool = False
    italic: bool = False
    colour: str = style.INK

    @property
    def leading(self) -> float:
        """Distance of two lines, points."""
        return self.size * style.LEADING


@lru_cache(maxsize=256)
def _properties(size: float, bold: bool, italic: bool) -> FontProperties:
    weight = "bold" if bold else "normal"
    return FontProperties(
        family=style.FONT, size=size, weight=weight, style="oblique" if italic else "normal"
    )


@lru_cache(maxsize=65536)
def _unit_width(text: str, bold: bool, italic: bool) -> float:
    if not text:
        return 0.0
    width, _, _ = text_to_path.get_text_width_height_descent(
        text, _properties(100.0, bold, italic), ismath=False
    )
    return float(width) / 100.0


def text_width(text: str, face: Face) -> float:
    """Return the width of one line of text in points: that of its words, which many lines share, and its spaces."""
    words = text.split(" ")
    width = sum(_unit_width(word, face.bold, face.italic) for word in words)
    if len(words) > 1:
        width += (len(words) - 1) * _unit_width(" ", face.bold, face.italic)
    return width * face.size


@lru_cache(maxsize=65536)
def wrap(text: str, width: float, face: Face) -> tuple[str, ...]:
    """Break text into lines of at most `width` points.

    Numbers stay with their sign ("p = 0.03"). Breaks between words, else after a hyphen, dash,
    slash or comma, and inside a word only where a single word is wider than the line. Line breaks
    in the text are kept.
    """
    lines: list[str] = []
    text = _SIGN.sub("\u00a0\\1\u00a0", text)
    for paragraph in text.split("\n"):
        lines += _wrap_paragraph(paragraph, width, face)
    return tuple(lines) or ("",)


def _wrap_paragraph(text: str, width: float, face: Face) -> list[str]:
    lines, current = [], ""
    for word in filter(None, text.split(" ")):
        trial = f"{current} {word}" if current else word
        if text_width(trial, face) <= width + SLACK:
            current = trial
            continue
        if current and text_width(current, face) < SHORT_LINE * width:
            head, rest = _first_part(current, word, width, face)
            current, word = (f"{current} {head}", rest) if head else (current, word)
        if current:
            lines.append(current)
        pieces = _break_word(word, width, face)
        lines += pieces[:-1]
        current = pieces[-1]
    return [*lines, current] if current or not lines else lines


def _first_part(current: str, word: str, width: float, face: Face) -> tuple[str, str]:
    """Split a word at the last of its hyphens whose left part still fits behind `current`."""
    parts = _BREAK.split(word)
    for i in range(len(parts) - 1, 0, -1):
        head = "".join(parts[:i])
        if text_width(f"{current} {head}", face) <= width + SLACK:
            return head, "".join(parts[i:])
    return "", word


def _break_word(word: str, width: float, face: Face) -> list[str]:
    if text_width(word, face) <= width + SLACK:
        return [word]
    pieces, current = [], ""
    for part in _BREAK.split(word):
        for chunk in [part] if text_width(part, face) <= width + SLACK else list(part):
            if current and text_width(current + chunk, face) > width + SLACK:
                pieces.append(current)
                current = ""
            current += chunk
    return [*pieces, current]


class _Line(Text):
    """One line of text whose width is known, so that no format measures it again."""

    def __init__(
        self, x: float, y: float, text: str, face: Face, align: Align, order: float, angle: float = 0.0
    ) -> None:
        super().__init__(
            x,
            y,
            text,
            color=face.colour,
            horizontalalignment=align,
            verticalalignment="baseline",
            fontproperties=_properties(face.size, face.bold, face.italic),
            parse_math=False,
            zorder=order,
            rotation=angle,
            rotation_mode="anchor",
        )
        self._left = x - _BEFORE[align] * text_width(text, face) if align != "left" else x
        self._rgba = to_rgba(face.colour)

    def draw(self, renderer: RendererBase) -> None:
        """Draw the line; what Text offers beyond it (boxes, clipping) is not used here."""
        x, y = self.get_transform().transform((self._left, self.get_position()[1]))
        if renderer.flipy():
            y = renderer.get_canvas_width_height()[1] - y
        renderer.open_group("text", self.get_gid())
        graphics = renderer.new_gc()
        graphics.set_foreground(self._rgba, isRGBA=True)
        renderer.draw_text(graphics, x, y, self.get_text(), self.get_fontproperties(), self.get_rotation())
        graphics.restore()
        renderer.close_group("text")


class Canvas:
    """Collects lines, shapes and texts; :meth:`finish` makes the figure.

    All positions are points, x to the right and y downwards from the upper left corner.
    """

    def __init__(self, *, width: float = style.WIDTH) -> None:
        self.width = width
        self._figure = Figure()
        self._names: Counter[str] = Counter()  # marks of each key
        self._down = Affine2D()  # until the height is known: it turns the vertical direction
        self._place = self._down + self._figure.dpi_scale_trans

    def text(
        self, x: float, y: float, text: str, face: Face, *, align: Align = "left", order: float = 5
    ) -> None:
        """Write one line with its baseline at y."""
        if not text:
            return
        self._add(_Line(x, y, text, face, align, order))

    def turned(self, x: float, y: float, text: str, face: Face, *, order: float = 5) -> None:
        """Write one line from bottom to top, its middle at (x, y)."""
        start = y + text_width(text, face) / 2
        self._add(_Line(x + 0.36 * face.size, start, text, face, "left", order, 90.0))

    def lines(self, x: float, y: float, lines: Sequence[str], face: Face, *, align: Align = "left") -> float:
        """Write lines below y and return the y below the last one."""
        for line in lines:
            self.text(x, y + baseline(face), line, face, align=align)
            y += face.leading
        return y

    def paragraph(
        self, x: float, y: float, text: str, width: float, face: Face, *, align: Align = "left"
    ) -> float:
        """Write wrapped text below y and return the y below it."""
        return self.lines(x, y, wrap(text, width, face), face, align=align) if text else y

    def line(
        self,
        xs: Sequence[float],
        ys: Sequence[float],
        *,
        colour: str = style.INK,
        width: float = 0.8,
        dash: tuple[float, ...] | None = None,
        order: float = 3,
        key: str = "",
    ) -> None:
        """Draw a line through the points; `dash` is in points, `key` names it in an SVG."""
        pattern = None if dash is None else (0.0, tuple(d / width for d in dash))
        artist = Line2D(
            xs, ys, color=colour, linewidth=width, linestyle=pattern, zorder=order, solid_capstyle="butt"
        )
        self._name(artist, key)
        self._add(artist)

    def shape(
        self,
        points: Sequence[tuple[float, float]],
        *,
        fill: str | None,
        edge: str | None = None,
        width: float = 0.7,
        order: float = 4,
        key: str = "",
    ) -> None:
        """Draw a polygon; `key` names it in an SVG."""
        artist = Polygon(
            list(points),
            closed=True,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=width,
            zorder=order,
            joinstyle="miter",
        )
        self._name(artist, key)
        self._add(artist)

    def box(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        *,
        fill: str | None,
        edge: str | None = None,
        order: float = 1,
        key: str = "",
    ) -> None:
        """Draw a rectangle; `key` names it in an SVG."""
        artist = Rectangle(
            (left, top),
            width,
            height,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=0.6,
            zorder=order,
        )
        self._name(artist, key)
        self._add(artist)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str | None,
        edge: str | None = None,
        alpha: float = 1.0,
        order: float = 4,
        key: str = "",
    ) -> None:
        """Draw a circle; `key` names it in an SVG."""
        artist = Circle(
            (x, y),
            radius,
            facecolor=fill or "none",
            edgecolor=edge or "none",
            linewidth=0.6,
            alpha=alpha,
            zorder=order,
        )
        self._name(artist, key)
        self._add(artist)

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        *,
        fill: str,
        edge: str | None = None,
        order: float = 4,
        key: str = "",
    ) -> None:
        """Draw a circle as a marker: many of them share one outline in a file. `key` names it."""
        line = 0.6
        artist = Line2D(
            (x,),
            (y,),
            marker="o",
            markersize=2 * radius,
            markerfacecolor=fill,
            markeredgecolor=edge or "none",
            markeredgewidth=line,
            zorder=order,
        )
        self._name(artist, key)
        self._add(artist)

    def cloud(self, points: Sequence[tuple[float, float]], *, radius: float, colour: str) -> None:
        """Draw very many equal points as one element of a file, half transparent."""
        artist = Line2D(
            [x for x, _ in points],
            [y for _, y in points],
            linestyle="none",
            marker="o",
            markersize=2 * radius,
            markerfacecolor=colour,
            markeredgecolor="none",
            alpha=0.25,
            zorder=1.5,
        )
        self._add(artist)

    def finish(self, height: float) -> Figure:
        """Return the figure, `height` points high."""
        self._figure.set_size_inches(self.width / 72, height / 72)
        self._down.scale(1 / 72, -1 / 72).translate(0, height / 72)
        return self._figure

    def _name(self, artist: Artist, key: str) -> None:
        """Name a mark; several marks of one key get a number, as a name stands once in a file."""
        if key:
            self._names[key] += 1
            more = f".{self._names[key]}" if self._names[key] > 1 else ""
            artist.set_gid(f"{style.MARK}{key}{more}")

    def _add(self, artist: Artist) -> None:
        """Put an artist on the figure itself: the making of axes takes longer than a short figure."""
        artist.set_transform(self._place)
        self._figure.add_artist(artist)


def baseline(face: Face) -> float:
    """Return the distance from the top of a line to its baseline, points."""
    return face.size * (0.5 * style.LEADING + 0.36)
