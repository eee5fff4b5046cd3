"""Text that no sheet and no protocol may hold, because somebody's program would take it for more than text.

Everything that people read is escaped where it is written. What cannot be escaped there is refused here:
signs that nobody sees, text that a spreadsheet program computes when it opens a table, and endless text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rheumeta.errors import Fault
from rheumeta.tables.yaml_lines import Document, dotted, texts

CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff"
    r"\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U0010ffff]"
)
"""Signs that nobody sees, that turn round what stands beside them (Boucher and Anderson 2021, "Trojan
Source"), or that mean nothing in common: controls, bidirectional overrides, tags, private use."""

COMPUTED = re.compile(
    r"[=@].+|[+-](?!\s?[\d.,]+%?(?:$|[ ;,(\[±–-]))(?=.)|[+-].*(?:[|!]|[A-Za-z]\()", re.DOTALL
)
"""What a spreadsheet program computes: a text that starts with = or @, or with + or - and then anything but a
number as printed, as in "-0.5 (0.2)" or "+5%". A sign alone is none."""

COMPUTED_LATER = re.compile(r"[;\t\n](?:[=@]\S|[+-][^;\t\n]*(?:[|!]|[A-Za-z]\())")
"""The same further on in a text. Where the semicolon separates columns, as in German and French programs, a
cell begins after each semicolon and each line break. What begins with a blank is text there, and so is a
sign before words, as in a list."""

LONGEST = 32_767
"""Most characters of a text: those that a cell of a spreadsheet program can hold."""

LONGEST_NAME = 300
"""Most characters of a name that figures and tables show in full."""


@dataclass(frozen=True)
class Unsafe:
    """What is wrong with a text, without its place."""

    code: str
    message: str
    allowed: str | None = None
    remedy: str | None = None


def unsafe(text: str, *, longest: int = LONGEST) -> Unsafe | None:
    """Return what is wrong with a text, None if nothing is; empty lines and line breaks are not judged."""
    if len(text) > longest:
        return Unsafe(
            "too_long", f"The text has {len(text):,} characters.", f"{longest:,} characters", "Shorten it."
        )
    if found := CONTROL.search(text):
        sign = f"U+{ord(found[0]):04X}"
        return Unsafe(
            "control_character",
            f"Character {found.start() + 1} is invisible, or turns round the text beside it ({sign}).",
            remedy="Type the text anew.",
        )
    if COMPUTED.match(text) or COMPUTED_LATER.search(text):
        return Unsafe(
            "formula", "A spreadsheet program would take this for a formula.",
            "text in which nothing starts with = or @, nor with + or - unless a number follows; a start is also what "
            "stands right after a semicolon or a line break",
            "Type the value that the source prints; begin a note with a word.",
        )  # fmt: skip
    return None


def unsafe_faults(document: Document, *, file: str) -> list[Fault]:
    """Return a fault for each key and value of a protocol that is unsafe."""
    faults = []
    for path, text in texts(document.data):
        found = unsafe(text, longest=LONGEST_NAME if path and path[-1] in ("label", "title") else LONGEST)
        if found is not None:
            faults.append(
                Fault(file, document.line(path), dotted(path), found.code, found.message, text, found.allowed,
                      found.remedy)
            )  # fmt: skip
    return faults
