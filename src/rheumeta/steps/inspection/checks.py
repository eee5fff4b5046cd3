"""All checks, in the order in which they are shown.

A new check is a function that yields a unit each (see :mod:`rheumeta.steps.inspection.model`) and an entry
in the list of its group; docs/integrity.md says how.
"""

from __future__ import annotations

from pathlib import Path

from rheumeta.questions import GROUPS
from rheumeta.steps.inspection import accepted, list_arithmetic, list_conduct, list_plausibility
from rheumeta.steps.inspection.model import Check

CHECKS: tuple[Check, ...] = (
    *list_arithmetic.CHECKS,
    *list_plausibility.CHECKS,
    *accepted.CHECKS,
    *list_conduct.CHECKS,
)
"""Their ids are the column `check` of ``integrity.csv``."""

DOCUMENT = Path("docs/integrity.md")
START, END = "<!-- checks -->\n", "<!-- end of checks -->"
HEADER = "| check | what it does | looks at | cannot see | source |\n|---|---|---|---|---|\n"


def table_text() -> str:
    """Return the checks as Markdown, a table a group."""
    parts = []
    for group, words in GROUPS.items():
        own = [check for check in CHECKS if check.group == group]
        parts.append(f"### {words}\n\n{HEADER}{''.join(map(_line, own))}")
    return "\n".join(parts)


def _line(check: Check) -> str:
    cells = (f"`{check.id}`: {check.title}", check.explanation, check.unit, check.blind, check.source)
    return f"| {' | '.join(cells)} |\n"


def documented(text: str) -> str:
    """Return the text of the document with the tables of all checks in their place."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n{table_text()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(documented(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
