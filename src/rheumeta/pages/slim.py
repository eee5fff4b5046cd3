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
    svg = ACROSS.sub(lambda m: f'x="{float(m["x"]):.1f}"', svg)
    head, middle, rest = svg.partition("</desc>")
    # only the points of paths: a scale has digits that count
    rest = PATH.sub(lambda m: DIGITS.sub(r"\1", m[0]), SPACE.sub(" ", rest))
    return BETWEEN.sub("><", head + middle + rest)
