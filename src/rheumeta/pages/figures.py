"""What the page says of a figure: the words that the figure itself holds."""

from __future__ import annotations

import re
from html import unescape

DESCRIPTION = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)


def alt_text(svg: str) -> str:
    """Return the description in an SVG, which states the result; empty if it has none."""
    found = DESCRIPTION.search(svg)
    return unescape(found[1]).strip() if found else ""
