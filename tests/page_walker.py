"""Walks a page as its reader does: which numbers stand in it, and what each of them leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "input", "line", "path", "circle", "use", "link", "hr", "img", "rect"})
NUMBER = re.compile(r"(?<![\w.-])[−+]?\d+(?:\.\d+)?%?(?![\w-])")
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True)
class Element:
    """An element above a text: its tag and attributes."""

    tag: str
    attributes: dict[str, str]

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())


@dataclass(frozen=True)
class Text:
    """A piece of text, with everything it stands in, outermost first."""

    words: str
    above: tuple[Element, ...]

    def within(self, *tags: str) -> bool:
        return any(e.tag in tags for e in self.above)

    def classed(self, *classes: str) -> bool:
        return any(e.classes & set(classes) for e in self.above)

    @property
    def link(self) -> str:
        """The place in the page that the text leads to; empty without one."""
        links = [e.attributes.get("href", "") for e in self.above if e.tag == "a"]
        return links[-1][1:] if links and links[-1].startswith("#") else ""


class Walker(HTMLParser):
    """Reads a page into texts, and the ids of its places with the section each stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, Text]] = []  # section, text
        self.ids: list[str] = []
        self.marks: list[str] = []
        self._above: list[Element] = []
        self._section = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "data-key" in attributes:
            self.marks.append(attributes["data-key"])
        if tag == "h2" and "id" in attributes:
            self._section = attributes["id"]
        if tag not in VOID:
            self._above.append(Element(tag, attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._above.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._above.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._section, Text(data, tuple(self._above))))


def numbers(words: str, names: re.Pattern[str]) -> Iterator[str]:
    """Yield the numbers in a text that are neither part of a name nor a year."""
    rest = names.sub(lambda m: "~" * len(m[0]), words)
    yield from (m[0] for m in NUMBER.finditer(rest) if not YEAR.fullmatch(m[0]))


def pattern(names: set[str]) -> re.Pattern[str]:
    """Return what matches any of the names that hold a letter and a digit."""
    known = [n for n in names if re.search(r"\d", n) and re.search(r"[^\W\d_]", n)]
    ordered = sorted(known, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in ordered) or "(?!)", re.IGNORECASE)
