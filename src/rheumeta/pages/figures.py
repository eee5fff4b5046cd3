"""What the page says of a figure: the words that the figure itself holds."""

from __future__ import annotations

import re
from html import unescape

EMPTY = 'data-empty="true"'
DESCRIPTION = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)


def alt_text(svg: str) -> str:
    """Return the description in an SVG, which states the result; empty if it has none."""
    found = DESCRIPTION.search(svg)
    return unescape(found[1]).strip() if found else ""


def is_empty(svg: str) -> bool:
    """Return whether a figure shows nothing and says why instead."""
    return EMPTY in svg[:1000]
