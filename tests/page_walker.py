"""Walks a page as its reader does: which numbers stand in it, and what each of them leads to.

``python tests/page_walker.py results/*/report.html`` lists the numbers of the reports that lead nowhere,
and the links and marks of figures without a place; it fails if there is one.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

RESULTS = frozenset({
    "answer", "plain", "currency", "summary", "analyses", "unpooled", "integrity", "missing", "accounting", "claims",
})  # fmt: skip
"""Sections that state results; the rest of the page holds sheets, protocol and methods."""

NAMES = ("thead", "h2", "h3", "h4", "h5", "summary", "th")
"""Where names stand: heads of tables and rows, headings, what opens a fold."""

OTHER = ("picture", "math", "caution")
"""Figures have marks; formulas hold numbers that are put in; cautions are words of the protocol."""

HOME = ("q-", "check-", "place-searches", "since")
"""What is itself the place of its numbers: questions, checks, searches, and changes since a version that is kept."""

PLAIN = (
    "Dot: the best estimate",  # the key of the small pictures
    "0 or 1 event is 0 or 1 patient",  # the gloss of a flag
    "patients of 1000",  # a unit
    "What would test it",  # words of the sheet of claims
)
"""Texts whose numbers come from no result."""

VOID = frozenset({"meta", "br", "input", "line", "path", "circle", "use", "link", "hr", "img", "rect"})
NUMBER = re.compile(r"(?<![\w.-])[−+]?\d+(?:\.\d+)?%?(?![\w-])")
YEAR = re.compile(r"(?:19|20)\d\d")
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
REFERENCE = re.compile(rf"\b\d{{1,2}} (?:{MONTHS})\b|\b[A-Z]+(?:/[A-Z0-9]+)+")
"""Days, and numbers of files such as EMEA/H/C/004258."""


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
    def at_home(self) -> bool:
        """Whether the text stands in a row that is itself a place."""
        return any(e.attributes.get("id", "").startswith(HOME) for e in self.above)

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
    """Yield the numbers in a text that are neither part of a name nor of a date or a file."""
    rest = REFERENCE.sub("~", names.sub(lambda m: "~" * len(m[0]), words))
    yield from (m[0] for m in NUMBER.finditer(rest) if not YEAR.fullmatch(m[0]))


def pattern(names: set[str]) -> re.Pattern[str]:
    """Return what matches any of the names that hold a letter and a digit."""
    known = [n for n in names if re.search(r"\d", n) and re.search(r"[^\W\d_]", n)]
    ordered = sorted(known, key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in ordered) or "(?!)", re.IGNORECASE)


def unlinked(walker: Walker, names: set[str]) -> list[tuple[str, str]]:
    """Return section and words of the texts of results with a number that leads nowhere."""
    found, known = [], pattern(names)
    for section, text in walker.texts:
        aside = section not in RESULTS or text.within("svg", "style", "script", "sup", "code", *NAMES)
        if aside or text.at_home or text.classed("chain", *OTHER) or text.words.strip().startswith(PLAIN):
            continue
        if not text.link and list(numbers(text.words, known)):
            found.append((section, text.words.strip()))
    return found


def faults(page: str, names: set[str]) -> list[str]:
    """Return everything in a page that leads nowhere, or to a place that is there twice."""
    walker = Walker(page)
    places = set(walker.ids)
    links = {text.link for _, text in walker.texts if text.link}
    return [
        *(f"{section}: no link: {words}" for section, words in unlinked(walker, names)),
        *(f"a link without its place: #{link}" for link in sorted(links - places)),
        *(f"a mark of a figure without its place: {mark}" for mark in sorted(set(walker.marks) - places)),
        *(f"a place more than once: {name}" for name, n in Counter(walker.ids).items() if n > 1),
        *([] if links and walker.marks else ["the page has no links, or its figures no marks"]),
    ]


def main(reports: list[str]) -> int:
    """Print the faults of the reports; return 1 if there are any."""
    from rheumeta.layout import Layout
    from rheumeta.pages.origins import names
    from rheumeta.steps.report import load

    worst = 0 if reports else 1
    for report in map(Path, reports):
        layout = Layout(report.parent.name, report.resolve().parents[2])
        found = faults(report.read_text(encoding="utf-8"), names(load(layout, figures=False)))
        print(f"{report}: {len(found)} numbers, links or marks lead nowhere", *found, sep="\n  ")
        worst = max(worst, bool(found))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
