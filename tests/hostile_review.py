"""The tiny review with hostile text wherever a person may write words."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tiny_review
import yaml

from rheumeta.layout import Layout
from rheumeta.tables.sheets import RAW_SHEETS, Sheet
from rheumeta.tables.unsafe import LONGEST, LONGEST_NAME
from rheumeta.tables.writing import csv_text

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "</title></style></svg><svg onload=alert(3)>",
    "javascript:alert(4)",
    "--><!-- ]]>",
    "\"double\" 'single' `back`",
    "&amp; &lt;b&gt; &#x3c;i&#x3e;",
    "{{ 7*7 }} {% raw %} {# no #}",
    "{review} {wildcards.review} %(name)s ${HOME} %s",
    "$\\frac{1}{2}$ \\input{/etc/passwd} \\write18{id} $x_1^2$",
    '#read("/etc/passwd") #import "x" #panic("typst") @ref <label>',
    "[@nobody] ![x](http://x.invalid/y.png) [a](javascript:b) **bold** _it_ # no head",
    ":::{=html} `<b>raw</b>`{=html} ^[note] ~~~",
    "C:\\temp\\new \\u0041 \\",
    "; touch hostile & $(touch hostile) | `touch hostile` > hostile",
    "__import__('os').system('touch hostile')",
    "once=1 only='x' href=\"http://x.invalid/\"",
    "e\u0301\u0327\u0323 a\u030a n\u0303 \U0001f600 "
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 \u4e2d\u6587",
)
"""Text that a careless program would run, follow, format or choke on."""


class Soup:
    """Appends as much of the markup as fits to each text; the next text starts with the next part."""

    def __init__(self) -> None:
        self._turn = 0

    def __call__(self, text: str, room: int) -> str:
        parts = MARKUP[self._turn :] + MARKUP[: self._turn]
        self._turn = (self._turn + 1) % len(MARKUP)
        for part in parts:
            if len(text) + 6 + len(part) <= room:
                text = f"{text or 'Words'} {part}"
        return text


def long_words(text: str, room: int) -> str:
    """Return a text as long as may be, in one word."""
    return text + "x" * (min(room, LONG) - len(text))


CODES = frozenset({
    "outcome", "outcome_codes", "dose_unit", "unit", "time_unit", "person_time_unit", "accept", "tool",
    "domain", "judgement", "events_unit",
})  # fmt: skip
"""Columns whose text is looked up, so that anything else is a fault."""

LONG = 10_000

Text = Callable[[str, int], str]
"""Changes a text; the number is the most characters that it may have."""

INVISIBLE = {
    "null": "\x00",
    "bell": "\x07",
    "escape": "\x1b",
    "tab": "\t",
    "next_line": "\x85",
    "left_to_right_override": "\u202d",
    "right_to_left_override": "\u202e",
    "left_to_right_isolate": "\u2066",
    "pop_isolate": "\u2069",
    "arabic_letter_mark": "\u061c",
    "zero_width_space": "\u200b",
    "word_joiner": "\u2060",
    "soft_hyphen": "\u00ad",
    "byte_order_mark": "\ufeff",
    "interlinear": "\ufff9",
    "tag": "\U000e0041",
    "private_use": "\ue000",
    "noncharacter": "\uffff",
}
"""Signs that nobody sees and that turn round or hide what stands beside them."""

COMPUTED = (
    '=HYPERLINK("http://x.invalid","click")',
    "=1+1",
    "= 1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "-1 (HYPERLINK(1))",
    "+A1",
    "-no change",
    "text;=1+1",
    'mean;=HYPERLINK("http://x.invalid","click")',
    "text;@SUM(1)",
    "text;+1+cmd|' /C calc'!A0",
)
"""Text that a spreadsheet program computes when it opens a sheet."""

SIGNED = (
    "as printed; = 0.3",
    "a;-0.5 (0.2)",
    "p=0.04;n=30",
    "mail a;b@c.org",
    "-0.5 (0.2)",
    "+5%",
    "-0.40 [-0.72 to -0.08]",
    "- 3 to 4",
    "-12",
    "+0.5",
)
"""Text that starts with a sign and is a number as printed."""


def build(root: Path, text: Text) -> Layout:
    """Write the tiny review with `text` applied to the words of all sheets and of the protocol."""
    layout = tiny_review.build(root)
    for sheet in RAW_SHEETS:
        path = tiny_review.path_of(layout, sheet.name)
        if path.is_file():
            _rewrite(path, sheet, text)
    data = yaml.safe_load(layout.protocol.read_text(encoding="utf-8"))
    changed = hostile_protocol(data, text)
    layout.protocol.write_text(yaml.safe_dump(changed, allow_unicode=True, sort_keys=False), encoding="utf-8")
    layout.corrections.unlink()
    return layout


def _rewrite(path: Path, sheet: Sheet, text: Text) -> None:
    words = [c.name for c in sheet.columns if c.type == "text" and c.name not in {*sheet.key, *CODES}]
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        rows = list(reader)
        columns = list(reader.fieldnames or ())
    for row in rows:
        row.update({name: text(row[name], room(name)) for name in words if name in row})
    path.write_text(csv_text(rows, columns), encoding="utf-8", newline="")


def room(name: str) -> int:
    """Return how long the text of a column or key may be."""
    return LONGEST_NAME if name == "label" else LONGEST


def hostile_protocol(data: dict[str, Any], text: Text) -> dict[str, Any]:
    """Return a protocol with `text` applied to what people read."""
    data["title"] = text(data["title"], LONGEST_NAME)
    data["version"] = text(data["version"], LONGEST)
    data["context"] = [text("A fact.", LONGEST)]
    data["changes"] = [text("2024-01-01: first.", LONGEST)]
    data["question"] = {key: text(value, LONGEST) for key, value in data["question"].items()}
    for part in ("interventions", "moderators", "outcomes", "windows", "comparisons", "sensitivity"):
        for entry in data[part].values():
            entry.update(
                {key: text(entry[key], room(key)) for key in ("label", "lay", "domain") if key in entry}
            )
    for choices in (m["choices"] for m in data["moderators"].values()):
        choices.update({key: text(value, LONGEST_NAME) for key, value in choices.items()})
    for analysis in data["analyses"].values():
        analysis["title"] = text(analysis["title"], LONGEST_NAME)
        analysis["note"] = text("A note.", LONGEST)
    return data
