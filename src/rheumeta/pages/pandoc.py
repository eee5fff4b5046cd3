"""Building a document as pandoc reads it: blocks and inlines of its syntax tree as plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rheumeta.pages import word

Block = dict[str, Any]
Inline = dict[str, Any]

VERSION = [1, 23, 1]
"""Version of pandoc's syntax tree (pandoc-types)."""

NOTHING: list[Any] = ["", [], []]
"""No id, no classes, no attributes."""

OPEN, CLOSE = "\ue000", "\ue001"
"""Signs around the keys of a citation: private ones, which no sheet may hold, so that no text of a sheet cites."""

CITATION = re.compile(f"{OPEN}(?P<keys>[^{CLOSE}]+){CLOSE}")
ENTRY = {"citationPrefix": [], "citationSuffix": [], "citationNoteNum": 0, "citationHash": 0}


def citation(*keys: str) -> str:
    """Return a citation as part of a text for :func:`words`."""
    return f"{OPEN}{'; '.join(keys)}{CLOSE}"


def words(text: str) -> list[Inline]:
    """Return text as inlines; what :func:`citation` gave becomes a citation."""
    found: list[Inline] = []
    at = 0
    for match in CITATION.finditer(text):
        found += [*_plain(text[at : match.start()]), _citation(match["keys"].split("; "))]
        at = match.end()
    return found + _plain(text[at:])


def _plain(text: str) -> list[Inline]:
    found: list[Inline] = []
    for part in re.split(r"( +)", text):
        if part:
            found.append({"t": "Space"} if part.isspace() else {"t": "Str", "c": part})
    return found


def _citation(keys: Sequence[str]) -> Inline:
    entries = [{**ENTRY, "citationId": k, "citationMode": {"t": "NormalCitation"}} for k in keys]
    return {"t": "Cite", "c": [entries, _plain("; ".join(keys))]}


def heading(level: int, text: str) -> Block:
    """Return a heading."""
    return {"t": "Header", "c": [level, NOTHING, words(text)]}


def paragraph(text: str) -> Block:
    """Return a paragraph."""
    return {"t": "Para", "c": words(text)}


def bullets(texts: Sequence[str]) -> Block:
    """Return a list with a bullet before each text."""
    return {"t": "BulletList", "c": [[{"t": "Para", "c": words(text)}] for text in texts]}


def landscape(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks on pages of their own that lie on their side, in Word and in the PDF."""
    return [
        _raw("openxml", word.section_break(landscape=False)),
        _raw("typst", "#page(flipped: true)["),
        *blocks,
        _raw("typst", "]"),
        _raw("openxml", word.section_break(landscape=True)),
    ]


def references() -> list[Block]:
    """Return the heading of the references and the place where their list goes."""
    title = {"t": "Header", "c": [1, ["", ["unnumbered"], []], words("References")]}
    return [title, {"t": "Div", "c": [["refs", [], []], []]}]


def _raw(kind: str, text: str) -> Block:
    return {"t": "RawBlock", "c": [kind, text]}


FIGURES_IN_PLACE = _raw("typst", "#show figure.where(kind: image): set figure(placement: none)")
"""From here on figures of the PDF stand where they are named; before they go to the top or foot of a page."""


def strong(text: str) -> Inline:
    """Return text in bold."""
    return {"t": "Strong", "c": words(text)}


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    widths: Sequence[float],
    right: str = "",
) -> Block:
    """Return a table with its caption and a head that repeats on each page.

    Parameters
    ----------
    caption : str
        The caption without its number, which the format adds.
    head : sequence of str
        Heads of the columns.
    rows : sequence of rows of str
        The cells.
    widths : sequence of float
        Shares of the width of the text; their sum is 1.
    right : str
        One sign a column: ``r`` sets it to the right, anything else to the left.
    """
    sides = ["AlignRight" if sign == "r" else "AlignLeft" for sign in right.ljust(len(head))]
    specs = [[{"t": side}, {"t": "ColWidth", "c": w}] for side, w in zip(sides, widths, strict=True)]
    body = [NOTHING, 0, [], [_row(row) for row in rows]]
    return {
        "t": "Table",
        "c": [NOTHING, _caption(caption), specs, [NOTHING, [_row(head)]], [body], [NOTHING, []]],
    }


def _row(cells: Sequence[str]) -> list[Any]:
    return [NOTHING, [[NOTHING, {"t": "AlignDefault"}, 1, 1, [{"t": "Plain", "c": words(c)}]] for c in cells]]


def _caption(text: str) -> list[Any]:
    return [None, [{"t": "Plain", "c": words(text)}]]


def figure(caption: str, file: str, alt: str, *, width: str) -> Block:
    """Return a figure with its caption; `alt` says what it shows to those who cannot see it."""
    image = {"t": "Image", "c": [["", [], [["width", width]]], words(alt), [file, ""]]}
    return {"t": "Figure", "c": [NOTHING, _caption(caption), [{"t": "Plain", "c": [image]}]]}


def document(title: str, subtitle: str, blocks: Sequence[Block]) -> dict[str, Any]:
    """Return a whole document."""
    meta = {
        "title": {"t": "MetaInlines", "c": words(title)},
        "subtitle": {"t": "MetaInlines", "c": words(subtitle)},
        "lang": {"t": "MetaInlines", "c": words("en-GB")},
        "link-citations": {"t": "MetaBool", "c": True},
    }
    return {"pandoc-api-version": VERSION, "meta": meta, "blocks": list(blocks)}
