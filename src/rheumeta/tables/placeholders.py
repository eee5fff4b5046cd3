"""Text of the templates that was not replaced, such as ``<Title of the review>``."""

from __future__ import annotations

import re

from rheumeta.errors import Fault
from rheumeta.tables.yaml_lines import Document, dotted, texts

PLACEHOLDER = re.compile(r"<[A-Z][^<>\n]*>")
PLACEHOLDER_LEFT = "placeholder_left"
REPLACE = "Replace it, with the angle brackets."


def placeholder_faults(document: Document, *, file: str) -> list[Fault]:
    """Return a fault for each value of a protocol that still holds text of the template."""
    return [
        Fault(file, document.line(path), dotted(path), PLACEHOLDER_LEFT,
              "The text of the template was not replaced.", found[0], remedy=REPLACE)
        for path, text in texts(document.data)
        if (found := PLACEHOLDER.search(text))
    ]  # fmt: skip
