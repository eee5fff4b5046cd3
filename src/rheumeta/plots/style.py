"""How all figures look, and how they are written to files.

Fonts are DejaVu Sans, which matplotlib ships, so that a figure looks the same on every machine. In
SVG letters are drawn as paths: a reader's browser may lack the font, and a substitute of another
width would make text overlap. What a screen reader needs stands in ``<title>`` and ``<desc>``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.text import Text

POINTS_PER_MM = 72 / 25.4
WIDTH = 180 * POINTS_PER_MM
"""Width of every figure in points: two columns of a journal page (180 mm)."""

COLUMN_WIDTH = 85 * POINTS_PER_MM
"""Width of one column of a journal page (85 mm), points."""

MARGIN = 8.0
"""Space around a figure, points."""

FONT = "DejaVu Sans"
SIZE = 6.8
"""Size of the text of a figure, points."""

SIZE_SMALL = 6.1
SIZE_TITLE = 9.0
SIZE_MIN = 5.0
"""Smallest size to which a crowded figure may shrink its text, points."""

SIZE_LEGIBLE = 6.0
"""Smallest size of text in a figure one column wide, points: it is printed as it is."""

LEADING = 1.36
"""Distance of two lines of text in units of their size."""

DPI = 220
"""Resolution of the PNG files, dots per inch."""

# Colours that colour-blind readers can tell apart (Okabe and Ito 2008, "Color Universal Design"),
# chosen so that they also differ in lightness and survive a grey print.
INK = "#1a1a1a"
SOFT = "#595959"
RULE = "#8c8c8c"
FAINT = "#d9d9d9"
BLUE = "#0072b2"
LIGHT_BLUE = "#b5d9ee"
VERMILION = "#d55e00"
GREEN = "#007a59"
AMBER = "#b97a00"
AMBER_PALE = "#fdf1d7"
PAPER = "#ffffff"


@dataclass(frozen=True)
class Meaning:
    """A colour that stands for something, and what else tells it from its neighbours ("": nothing)."""

    colour: str
    cue: str = ""


POOLED = {"random": Meaning(BLUE), "common": Meaning(LIGHT_BLUE)}
LINES = {
    "no effect": Meaning(INK, "solid"),
    "pooled": Meaning(BLUE, "dots"),
    "important": Meaning(GREEN, "dashed edges of a band"),
    "other review": Meaning(AMBER, "band with solid edges and a short-dashed middle"),
    "prediction": Meaning(VERMILION, "thick bar"),
}
BANDS = {
    "important": Meaning("#dfece6", "dashed edges"),
    "other review": Meaning(AMBER_PALE, "solid edges, short-dashed middle"),
    "both": Meaning("#cfd6b4", "edges of both"),
}
"""Bands behind the studies of a forest plot, and where two of them meet."""

DIRECTIONS = {
    "favourable": Meaning(BLUE, "triangle upwards"),
    "unfavourable": Meaning(VERMILION, "triangle downwards"),
    "conflicting": Meaning(SOFT, "two triangles sideways"),
    "unclear": Meaning(SOFT, "question mark"),
}
EVIDENCE = {
    "pooled": Meaning(BLUE, "plain"),
    "shown": Meaning(LIGHT_BLUE, "plain"),
    "direction": Meaning(PAPER, "hatched"),
    "awaited": Meaning(PAPER, "empty"),
    "planned": Meaning(PAPER, "empty, dashed edge"),
}
INFLUENCE = {"influential": Meaning(VERMILION, "dark edge, name in bold"), "other": Meaning(BLUE, "no edge")}
SHADES = {name: Meaning(c) for name, c in zip("0123", (PAPER, "#e9e9e9", "#d2d2d2", "#bbbbbb"), strict=True)}
"""Shades of areas that touch, in their order."""

PALETTES: dict[str, Mapping[str, Meaning]] = {
    "pooled results": POOLED,
    "lines": LINES,
    "bands": BANDS,
    "directions": DIRECTIONS,
    "evidence": EVIDENCE,
    "influence": INFLUENCE,
    "shades": SHADES,
}
"""All that colours tell apart; a test sees them with each kind of colour blindness and in grey."""

RC: Any = {
    "font.family": [FONT],
    "text.hinting": "none",
    "text.usetex": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "rheumeta",
    "pdf.fonttype": 3,  # 42 takes 0.3 s longer for each figure
    "path.simplify": False,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}
"""Settings of matplotlib that hold while a figure is written."""

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
"""Nothing that changes from run to run or from machine to machine."""

OPTIONS: dict[str, dict[str, Any]] = {"png": {"pil_kwargs": {"compress_level": 3}}}
"""Options of a format: level 3 packs these figures as small as the usual 6 in two thirds of the time."""

_PLAIN_ID = re.compile(r'<g id="(?:figure|axes|patch|line2d|text)_\d+">')
_INDENT = re.compile(r"^ +", re.MULTILINE)
_ID = re.compile(r'(\bid="|href="#|url\(#)(?:DejaVuSans-)?')
_DOUBLE = re.compile("-(?=-)")
_GLOBAL_STYLE = re.compile(r" *<defs>\n *<style.*?</style>\n *</defs>\n", re.DOTALL)
MARK = "mark-"
"""What the names of marks begin with in an SVG."""

INHERITED = 'stroke-linejoin="round" stroke-linecap="butt" '


def is_column(width: float) -> bool:
    """Return whether a figure of this width stands in one column of a page."""
    return width < WIDTH


def least_size(width: float) -> float:
    """Return the smallest size of text in a figure of this width; both in points."""
    return SIZE_LEGIBLE if is_column(width) else SIZE_MIN


def plot_height(height: float, width: float) -> float:
    """Return the height of a plot with two axes: in one column it is lower than wide; in points."""
    return min(height, 0.8 * width)


def save(
    figure: Figure,
    stem: Path,
    *,
    title: str,
    description: str,
    formats: Sequence[str] = ("svg", "pdf", "png"),
) -> list[Path]:
    """Write a figure; the same figure always gives the same bytes.

    Parameters
    ----------
    figure : Figure
        The figure.
    stem : Path
        Path without its ending.
    title, description : str
        What a screen reader says: the name of the figure and what it shows.
    formats : sequence of str
        Endings of the files to write.

    Returns
    -------
    list of Path
        The files written.
    """
    written = []
    for ending in formats:
        path = stem.with_name(f"{stem.name}.{ending}")
        path.write_bytes(render(figure, ending, name=stem.name, title=title, description=description))
        written.append(path)
    return written


def render(
    figure: Figure, ending: str, *, name: str, title: str, description: str, empty: bool = False
) -> bytes:
    """Return the bytes of a figure in the format `ending`; `name` makes the ids of an SVG unique.

    An SVG tells by ``data-empty`` that it shows nothing (`empty`) and only says why.
    """
    buffer = BytesIO()
    metadata = dict(METADATA[ending])
    if ending == "pdf":
        metadata["Title"] = title
    with mpl.rc_context(RC):
        FigureCanvasAgg(figure)
        figure.savefig(buffer, format=ending, dpi=DPI, metadata=metadata, **OPTIONS.get(ending, {}))
    if ending == "svg":
        svg = _with_hyphens(buffer.getvalue().decode("utf-8"), figure)
        svg = _accessible(svg, name, title, description)
        return (svg.replace("<svg ", '<svg data-empty="true" ', 1) if empty else svg).encode("utf-8")
    return buffer.getvalue()


def _with_hyphens(svg: str, figure: Figure) -> str:
    """Let each comment that reads a text keep its "--", which a comment cannot hold: as a character reference.

    matplotlib puts a blank between the two, and a page, which shows the comments as text, would show it.
    """
    for text in {found.get_text() for found in figure.findobj(Text) if "--" in found.get_text()}:
        words = escape(text, quote=False)
        written, wanted = (_DOUBLE.sub(by, words) for by in ("- ", "&#45;"))
        svg = svg.replace(f"<!-- {written} -->", f"<!-- {wanted} -->")
    return svg


def without_sign(figure: Figure) -> dict[str, str]:
    """Return the texts of a figure that hold letters which its font lacks, and these letters.

    Such a letter is drawn as an empty box.
    """
    found = {}
    for text in figure.findobj(Text):
        words = text.get_text()
        if not words.isascii():
            known = _letters(findfont(text.get_fontproperties()))
            if missing := "".join(dict.fromkeys(c for c in words if ord(c) not in known)):
                found[words] = missing
    return found


@cache
def _letters(font: str) -> frozenset[int]:
    """Return the code points that a font has a sign for."""
    return frozenset(get_font(font).get_charmap())


def render_pages(figures: Sequence[Figure], *, title: str) -> bytes:
    """Return several figures as the pages of one PDF."""
    buffer = BytesIO()
    with mpl.rc_context(RC), PdfPages(buffer, metadata={**METADATA["pdf"], "Title": title}) as pages:
        for figure in figures:
            FigureCanvasAgg(figure)
            pages.savefig(figure)
    return buffer.getvalue()


def _accessible(svg: str, name: str, title: str, description: str) -> str:
    """Give an SVG its alternative text, and ids of its own so that several fit on one page."""
    svg = _GLOBAL_STYLE.sub("", svg)  # it would hold for the whole page that the figure stands in
    name = "f" + hashlib.sha256(name.encode()).hexdigest()[:7]
    # the comments stay: each says what the outlines after it read
    svg = _PLAIN_ID.sub("<g>", svg)
    svg = _INDENT.sub("", svg)
    svg = _ID.sub(lambda m: f"{m.group(1)}{name}-", svg)
    head = svg.index("<svg ") + len("<svg ")
    labels = f'role="img" aria-labelledby="{name}-title {name}-desc" {INHERITED}'
    svg = svg[:head] + labels + svg[head:]
    start = svg.index(">", head) + 1
    words = f'\n <title id="{name}-title">{escape(title)}</title>'
    words += f'\n <desc id="{name}-desc">{escape(description)}</desc>'
    return svg[:start] + words + svg[start:]
