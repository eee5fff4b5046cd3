"""Smaller SVG for a page.

A figure holds its letters as outlines and places each by a reference with a long name and many
digits. In a page nobody reads those; short names and hundredths of a point look the same.
"""

from __future__ import annotations

import re

ID = re.compile(r'\bid="(?P<id>[^"]+)"')
REFERENCE = re.compile(r'(?P<start>href="#|url\(#|aria-labelledby=")(?P<ids>[^")]+)')
ACROSS = re.compile(r'transform="translate\((?P<x>-?[\d.]+) 0\)"')
PATH = re.compile(r'\bd="[^"]*"')
DIGITS = re.compile(r"(\d+\.\d\d)\d+")
SPACE = re.compile(r"\s+")
BETWEEN = re.compile(r">\s+<")
ZEROS = re.compile(r"(\.\d*?)0+(?=[ A-Za-z\"]|$)")
AROUND_LETTER = re.compile(r" ?([A-Za-z]) ?")
BARE_GROUP = re.compile(r"<g>(<(?:path|use)\b[^<>]*/>)</g>")
STYLE = re.compile(r'\bstyle="[^"]*"')
AFTER_SIGN = re.compile(r"([:;]) ")
SINGLE_TAG = re.compile(r"<[^<>']*>")


def slim(svg: str) -> str:
    """Return an SVG that looks the same with short ids, two decimals and no needless space.

    Parameters
    ----------
    svg : str
        A figure as the program draws it: its texts are outlines, so that no text is touched but the
        title and the description.
    """
    names = {match["id"]: f"i{number:x}" for number, match in enumerate(ID.finditer(svg))}

    def renamed(match: re.Match[str]) -> str:
        ids = " ".join(names.get(part, part) for part in match["ids"].split(" "))
        return match["start"] + ids

    svg = REFERENCE.sub(renamed, svg)
    svg = ID.sub(lambda m: f'id="{names[m["id"]]}"', svg)
    svg = ACROSS.sub(lambda m: f'x="{float(m["x"]):.0f}"', svg)
    head, middle, rest = svg.partition("</desc>")
    # only the points of paths: a scale has digits that count
    rest = PATH.sub(lambda m: short_path(m[0]), SPACE.sub(" ", rest))
    rest = STYLE.sub(lambda m: AFTER_SIGN.sub(r"\1", m[0]), rest)
    return BARE_GROUP.sub(r"\1", BETWEEN.sub("><", head + middle + rest))


def short_path(path: str) -> str:
    """Return the attribute of a path with two decimals and no space that its letters make needless."""
    name, _, points = path.partition('="')
    points = DIGITS.sub(r"\1", points.removesuffix('"').strip())
    points = ZEROS.sub(lambda m: "" if m[1] == "." else m[1], points)
    points = AROUND_LETTER.sub(r"\1", points)
    return f'{name}="{points}"'


def for_uri(svg: str) -> str:
    """Return an SVG in the form that is shortest as a data URI.

    A data URI holds single quotes as they are, a double one takes three bytes; browsers know ``href``
    without its old prefix (SVG 2).
    """
    svg = svg.replace(" xlink:href=", " href=")
    return SINGLE_TAG.sub(lambda m: m[0].replace('"', "'"), svg)
