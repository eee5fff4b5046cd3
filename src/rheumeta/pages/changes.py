"""What differs between two versions of a review, in words: for a terminal, as Markdown, for the report.

Texts of the sheets come from strangers: they are shortened, their control characters are shown as such, and
in Markdown nothing in them means anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rheumeta.changes import Cell, Changes, Moved, Result, SheetChange
from rheumeta.pages.numbers import count, interval, number
from rheumeta.records import Interval

SHOWN = 30
"""How many items of a kind are listed."""

LENGTH = 200
"""How many characters of a text are shown."""

Block = tuple[str, list[str]]
"""A heading and the items under it."""


@dataclass(frozen=True)
class ChangesView:
    """The changes as the report shows them: what they are since, a sentence, and headed lists."""

    since: str
    sentence: str
    blocks: tuple[Block, ...]
    gaps: tuple[str, ...]


def changes_view(changes: Changes) -> ChangesView:
    """Return the changes as headed lists of sentences."""
    return ChangesView(plain(changes.old), sentence(changes), tuple(_blocks(changes, plain)), changes.gaps)


def as_text(changes: Changes) -> str:
    """Return the changes for a terminal."""
    lines = [f"{plain(changes.review)}: {plain(changes.old)} -> {plain(changes.new)}", sentence(changes)]
    for head, items in _blocks(changes, plain):
        lines += ["", f"{head}:", *(f"  {item}" for item in items)]
    if changes.gaps:
        lines += ["", "Not compared:", *(f"  {gap}" for gap in changes.gaps)]
    return "\n".join(lines) + "\n"


def as_markdown(changes: Changes) -> str:
    """Return the changes as Markdown."""
    lines = [
        f"### {marked(changes.review)}: {marked(changes.old)} → {marked(changes.new)}",
        "",
        sentence(changes),
    ]
    for head, items in _blocks(changes, marked):
        lines += ["", f"**{head}**", "", *(f"- {item}" for item in items)]
    if changes.gaps:
        lines += ["", "**Not compared**", "", *(f"- {marked(gap)}" for gap in changes.gaps)]
    return "\n".join(lines) + "\n"


def plain(text: str) -> str:
    """Return a text in one line, shortened, with characters that cannot be seen as their code."""
    seen = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return seen if len(seen) <= LENGTH else f"{seen[: LENGTH - 1]}…"


def marked(text: str) -> str:
    """Return a text in which nothing is Markdown, HTML or a mention of somebody."""
    escaped = html.escape(plain(text), quote=False)
    return (
        re.sub(r"([\\`*_{}\[\]()#+.!|~-])", r"\\\1", escaped)
        .replace("@", "&#64;")
        .replace("://", ":&#47;&#47;")
    )


def sentence(changes: Changes) -> str:
    """Return in one sentence how much differs."""
    if changes.only:
        return f"Only {plain(changes.only)} holds this review."
    if changes.nothing:
        return "Nothing differs." if not changes.gaps else "Nothing differs in what could be compared."
    rows = sum(len(s.added) + len(s.removed) for s in changes.sheets)
    cells = sum(len(s.cells) for s in changes.sheets)
    parts = [
        count(cells, "cell", "cells") + " of the sheets" if cells else "",
        count(rows, "row", "rows") + " added or removed" if rows else "",
        count(len(changes.protocol), "key", "keys") + " of the protocol" if changes.protocol else "",
        count(len(changes.moved), "analysis", "analyses") if changes.moved else "",
    ]
    lines = count(len(changes.crossings), "conclusion", "conclusions")
    none = "no conclusion crossed a line." if changes.compared else "no conclusion could be compared."
    if changes.outdated and changes.compared:
        none = "the estimates are older than that, so nothing is said of conclusions."
    crossed = f"{lines} crossed a line." if changes.crossings else none
    return f"Differing: {', '.join(p for p in parts if p) or 'judgements only'}; {crossed}"


def _blocks(changes: Changes, show: Callable[[str], str]) -> Iterator[Block]:
    blocks = (
        ("Conclusions that crossed a line", (
            f"{show(c.subject)}, {c.line}: {show(c.old)} → {show(c.new)}" for c in changes.crossings
        )),
        ("Results that moved", (_result_line(m, show) for m in changes.moved)),
        ("Protocol", (_cell_line(c, show) for c in changes.protocol)),
        ("Data", (line for sheet in changes.sheets for line in _sheet_lines(sheet, show))),
    )  # fmt: skip
    for head, items in blocks:
        if listed := _first(items):
            yield head, listed


def _first(items: Iterable[str]) -> list[str]:
    listed = list(items)
    return listed if len(listed) <= SHOWN else [*listed[:SHOWN], f"and {len(listed) - SHOWN} more"]


def _sheet_lines(sheet: SheetChange, show: Callable[[str], str]) -> Iterator[str]:
    for word, keys in (("added", sheet.added), ("removed", sheet.removed)):
        if keys:
            names = ", ".join(map(show, keys[:SHOWN])) + (" …" if len(keys) > SHOWN else "")
            yield f"{show(sheet.sheet)}: {count(len(keys), 'row', 'rows')} {word}: {names}"
    for cell in sheet.cells:
        yield f"{show(sheet.sheet)}, {_cell_line(cell, show)}"


def _cell_line(cell: Cell, show: Callable[[str], str]) -> str:
    old, new = (show(value) if value is not None else "empty" for value in (cell.old, cell.new))
    return f"{show(cell.place)}: {old} → {new}"


def _result_line(moved: Moved, show: Callable[[str], str]) -> str:
    title = show(moved.title)
    if moved.old is None and moved.new is not None:
        return f"{title}: new, {_shown(moved.new)}"
    if moved.new is None and moved.old is not None:
        return f"{title}: no longer there, was {_shown(moved.old)}"
    old, new = moved.old or moved.new, moved.new or moved.old
    parts = [f"{title}: {_shown(old)} → {_shown(new)}"] if old and new else [title]
    if new and moved.shift is not None and _differs(old, new):
        parts.append(f"× {number(moved.shift)}" if new.log else f"by {number(moved.shift)}")
        if moved.widths is not None:
            parts.append(f"{100 * moved.widths:.0f}% of the width of the old interval")
    parts += [f"with {', '.join(map(show, moved.joined))}"] if moved.joined else []
    parts += [f"without {', '.join(map(show, moved.left))}"] if moved.left else []
    return "; ".join(parts)


def _differs(old: Result | None, new: Result) -> bool:
    return old is None or old.estimate != new.estimate


def _shown(result: Result) -> str:
    if result.estimate is None:
        return f"{result.status.replace('_', ' ')}, k = {result.k}"
    shown = interval(Interval(result.estimate, result.lower, result.upper), common=not result.log)
    return f"{shown}, k = {result.k}"
