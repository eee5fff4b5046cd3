"""Figures as part of a page: letters instead of outlines, marks that know their number.

A figure file holds each letter as an outline, so that it looks the same everywhere. On a page one
font for all figures does the same in a tenth of the bytes, and its words can be found and read out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from html import escape, unescape

FACES = {"": "", "Bold": "b", "Oblique": "o", "BoldOblique": "b o"}
"""Face as the ids of outlines name it: classes of the text in the page."""

_OUTSIDE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<title\b.*?</title>|<desc\b.*?</desc>", re.DOTALL)
_ROOT = re.compile(r'<svg\b[^>]*?viewBox="(?P<box>[^"]*)"[^>]*>')
_INHERITED = 'stroke-linejoin="round" stroke-linecap="butt"'
_TEXT = re.compile(
    r"<!--(?P<text>.*?)-->\s*"
    r'<g(?: style="(?P<style>[^"]*)")? transform="translate\((?P<x>[-\d.]+) (?P<y>[-\d.]+)\)'
    r'(?P<turn> rotate\([-\d.]+\))? ?scale\((?P<size>[\d.]+) -[\d.]+\)">(?P<glyphs>.*?)</g>',
    re.DOTALL,
)
_ACTIVE = re.compile(
    r"""<\s*(?:script|foreignObject|iframe|image|a)\b|\son\w+\s*=|href="(?!#)""", re.IGNORECASE
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FACE = re.compile(r'href="#[^"]*?-(?P<face>BoldOblique|Bold|Oblique)-[0-9a-f]+"')
_STYLE = re.compile(r'\bstyle="(?P<style>[^"]*)"')
_PATH = re.compile(r'\bd="(?P<d>[^"]*)"')
_DIGITS = re.compile(r"-?\d+\.\d+")
_ABOUT = re.compile(r"\s*([MLQCZzHV])\s*")
_BETWEEN = re.compile(r">\s+<")
_MARK = re.compile(r'<g id="[^"]*?-mark-(?P<key>[^".]*)(?:\.\d+)?">')
_LONE = re.compile(r"<g>(<(?:path|text|use|rect|circle)\b[^>]*?(?:/>|>[^<]*</text>))</g>")

OUTLINE_SIZE = 100
"""Size at which outlines are drawn before they are scaled, points."""


def inline(svg: str, alt: str) -> str:
    """Return a figure as an SVG element of a page.

    Parameters
    ----------
    svg : str
        A figure as the program draws it: before the outlines of a text stands a comment that reads it.
    alt : str
        What the figure says, for those who cannot see it.

    Returns
    -------
    str
        The same picture with letters; a named mark becomes a group with ``data-key``.

    Raises
    ------
    ValueError
        If the figure holds a script or a reference to another file.
    """
    drawing = _OUTSIDE.sub("", svg)
    if _ACTIVE.search(_COMMENT.sub("", drawing)):  # words in comments, title and description are escaped
        raise ValueError("A figure holds a script or something from outside.")
    body = _TEXT.sub(_letters, drawing)
    body = _BETWEEN.sub("><", _COMMENT.sub("", body)).strip()
    body = _STYLE.sub(_attributes, _PATH.sub(_short, body)).replace("xlink:href", "href")
    body = _MARK.sub(r'<g data-key="\g<key>">', body)
    before = ""
    while before != body:
        before, body = body, _LONE.sub(r"\1", body)
    root = f'<svg viewBox="\\g<box>" role="img" aria-label="{_literal(escape(alt))}" {_INHERITED}>'
    return _ROOT.sub(root, body, count=1)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")


def _letters(match: re.Match[str]) -> str:
    found = _FACE.search(match["glyphs"])
    face = FACES[found["face"]] if found else ""
    size = f"{OUTLINE_SIZE * float(match['size']):.4g}"
    place = f'x="{_round(match["x"])}" y="{_round(match["y"])}"'
    if match["turn"]:
        place = f'transform="translate({match["x"]} {match["y"]}){match["turn"]}"'
    kind = f' class="{face}"' if face else ""
    style = f' style="{match["style"]}"' if match["style"] else ""
    return f'<text {place} font-size="{size}"{kind}{style}>{_unquoted(match["text"].strip())}</text>'


def _unquoted(text: str) -> str:
    """Return words in which nothing looks like an attribute, so that what shortens attributes spares them."""
    return text.replace('"', "&quot;")


def _round(number: str) -> str:
    return f"{float(number):.2f}".rstrip("0").rstrip(".")


def _short(match: re.Match[str]) -> str:
    d = _DIGITS.sub(lambda m: _round(m[0]), " ".join(match["d"].split()))
    return f'd="{_ABOUT.sub(lambda m: m[1], d)}"'


def _attributes(match: re.Match[str]) -> str:
    """Return a style as attributes of their own, which a strict page allows."""
    pairs = (part.partition(":") for part in match["style"].split(";") if ":" in part)
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, _, value in pairs)


def letters(svgs: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return which characters the figures need of each face; keys as in :data:`FACES`."""
    needed: dict[str, set[str]] = defaultdict(set)
    for svg in svgs:
        for match in _TEXT.finditer(svg):
            found = _FACE.search(match["glyphs"])
            needed[found["face"] if found else ""] |= set(unescape(match["text"].strip()))
    return {face: frozenset(characters) for face, characters in sorted(needed.items())}
