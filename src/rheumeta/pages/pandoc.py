"""Building a document as pandoc reads it: blocks and inlines of its syntax tree as plain values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from rheumeta.pages import word

Block = dict[str, Any]
Inline = dict[str, Any]
Text = str | Sequence[Inline]
"""What stands in a cell or a paragraph: plain text, or inlines."""

VERSION = [1, 23, 1]
"""Version of pandoc's syntax tree (pandoc-types)."""

NOTHING: list[Any] = ["", [], []]
"""No id, no classes, no attributes."""

OPEN, CLOSE = "\ue000", "\ue001"
"""Signs around the keys of a citation: private ones, which no sheet may hold, so that no text of a sheet cites."""

POINT, TO = "\ue002", "\ue003"
"""Signs around the name of a table or figure that a text points to; private ones too."""

POINTER = re.compile(r"\\ue002(?P<name>[^\\]+)\\ue003")
CITATION = re.compile(f"{OPEN}(?P<keys>[^{CLOSE}]+){CLOSE}")
ENTRY = {"citationPrefix": [], "citationSuffix": [], "citationNoteNum": 0, "citationHash": 0}


def citation(*keys: str) -> str:
    """Return a citation as part of a text for :func:`words`."""
    return f"{OPEN}{'; '.join(keys)}{CLOSE}"


def pointer(name: str) -> str:
    """Return a mention of the table or figure `name` for a text; it becomes its number ("Figure S2")."""
    return f"{POINT}{name}{TO}"


def words(text: Text) -> list[Inline]:
    """Return text as inlines; what :func:`citation` gave becomes a citation."""
    if not isinstance(text, str):
        return list(text)
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


def heading(level: int, text: str, *, numbered: bool = True) -> Block:
    """Return a heading."""
    return {"t": "Header", "c": [level, NOTHING if numbered else ["", ["unnumbered"], []], words(text)]}


def paragraph(text: Text) -> Block:
    """Return a paragraph."""
    return {"t": "Para", "c": words(text)}


def labelled(pairs: Iterable[tuple[str, str]]) -> Block:
    """Return a paragraph of lines, each a label in bold and its text."""
    lines = [[strong(f"{label}:"), SPACE, *words(text)] for label, text in pairs]
    return paragraph(
        [part for line in lines for part in ([LINE_BREAK, *line] if line is not lines[0] else line)]
    )


def notes(texts: Iterable[Text]) -> list[Block]:
    """Return what stands in small letters below a table, a paragraph each."""
    div = {"t": "Div", "c": [["", [], [["custom-style", word.NOTE]]], [paragraph(text) for text in texts]]}
    return [_raw("typst", SMALL), div, _raw("typst", "]\n#v(0.8em)")]


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


def unbroken(table: Block) -> list[Block]:
    """Return a table that stays on one page of the PDF, so that no figure comes between its rows."""
    apart = "#[#show figure.where(kind: table): set block(breakable: false)"
    return [_raw("typst", apart), table, _raw("typst", "]")]


def references() -> list[Block]:
    """Return the heading of the references and the place where their list goes."""
    return [heading(1, "References", numbered=False), {"t": "Div", "c": [["refs", [], []], []]}]


def _raw(kind: str, text: str) -> Block:
    return {"t": "RawBlock", "c": [kind, text]}


SMALL = "#[#set text(size: 8.4pt)\n#set par(leading: 0.5em, spacing: 0.55em)\n"
SPACE, LINE_BREAK = {"t": "Space"}, {"t": "LineBreak"}
SUPPLEMENT = (
    _raw("openxml", word.SUPPLEMENT),
    _raw(
        "typst",
        "#show figure.where(kind: image): set figure(placement: none)\n"
        '#set figure(numbering: n => "S" + str(n))\n'
        "#counter(figure.where(kind: image)).update(0)\n#counter(figure.where(kind: table)).update(0)",
    ),
)
"""From here on tables and figures count anew, as S1, S2 ...; and figures of the PDF stand where they are named."""


def strong(text: str) -> Inline:
    """Return text in bold."""
    return {"t": "Strong", "c": words(text)}


def superscript(text: str) -> Inline:
    """Return text as a mark above the line."""
    return {"t": "Superscript", "c": words(text)}


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[Text]],
    *,
    widths: Sequence[float],
    right: str = "",
    over: Sequence[tuple[str, int]] = (),
    name: str = "",
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
    over : sequence of (str, int)
        A first row of the head: text and the number of columns that it spans.
    name : str
        By which :func:`pointer` finds it.
    """
    sides = ["AlignRight" if sign == "r" else "AlignLeft" for sign in right.ljust(len(head))]
    specs = [[{"t": side}, {"t": "ColWidth", "c": w}] for side, w in zip(sides, widths, strict=True)]
    body = [NOTHING, 0, [], [_row(row) for row in rows]]
    heads = [_row([[strong(text)] if text else "" for text in head])]
    if over:
        heads.insert(
            0, _row([[strong(text)] if text else "" for text, _ in over], [span for _, span in over])
        )
    return {
        "t": "Table",
        "c": [_named(name), _caption(caption), specs, [NOTHING, heads], [body], [NOTHING, []]],
    }


def _row(cells: Sequence[Text], spans: Sequence[int] | None = None) -> list[Any]:
    each = zip(cells, spans or [1] * len(cells), strict=True)
    return [
        NOTHING,
        [[NOTHING, {"t": "AlignDefault"}, 1, n, [{"t": "Plain", "c": words(c)}]] for c, n in each],
    ]


def _named(name: str) -> list[Any]:
    return ["", [], [["name", name]]] if name else NOTHING


def _caption(text: str) -> list[Any]:
    return [None, [{"t": "Plain", "c": words(text)}]]


def figure(caption: str, file: str, alt: str, *, width: str, name: str = "") -> Block:
    """Return a figure with its caption; `alt` says what it shows to those who cannot see it."""
    image = {"t": "Image", "c": [["", [], [["width", width]]], words(alt), [file, ""]]}
    return {"t": "Figure", "c": [_named(name), _caption(caption), [{"t": "Plain", "c": [image]}]]}


def document(
    title: str, subtitle: str, blocks: Sequence[Block], listed: Sequence[str] = ()
) -> dict[str, Any]:
    """Return a whole document; `listed` are references that are printed though no text cites them."""
    meta = {
        "title": {"t": "MetaInlines", "c": words(title)},
        "subtitle": {"t": "MetaInlines", "c": words(subtitle)},
        "lang": {"t": "MetaInlines", "c": words("en-GB")},
        "link-citations": {"t": "MetaBool", "c": True},
    }
    if listed:
        meta["nocite"] = {"t": "MetaInlines", "c": [_citation(listed)]}
    return {"pandoc-api-version": VERSION, "meta": meta, "blocks": numbered(blocks)}


def numbered(blocks: Sequence[Block]) -> list[Block]:
    """Return blocks in which each pointer has become the number of its table or figure.

    Raises
    ------
    KeyError
        If a text points to what is not there.
    """
    numbers: dict[str, str] = {}
    counted = {"Table": 0, "Figure": 0}
    before = ""
    for block in blocks:
        if block is SUPPLEMENT[0]:
            counted, before = dict.fromkeys(counted, 0), "S"
        if (kind := block["t"]) in counted:
            counted[kind] += 1
            names = dict(block["c"][0][2])
            numbers[names.pop("name", "")] = f"{kind} {before}{counted[kind]}"
            block["c"][0] = NOTHING
    text = POINTER.sub(lambda found: numbers[found["name"]], json.dumps(blocks))
    return list(json.loads(text))
