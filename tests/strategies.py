"""Hypothesis strategies: sheets as people might fill them in, and as they should not."""

from __future__ import annotations

import csv
import io

from hostile_review import COMPUTED, INVISIBLE, MARKUP, SIGNED
from hypothesis import strategies as st

from rheumeta.tables.sheets import Column, Sheet

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
"""Any text that a file can hold."""

harmless_words = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"), max_codepoint=0x2FF), max_size=20
)

numbers = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.floats(-1e6, 1e6).map(lambda x: f"{x:.3f}"),
    st.sampled_from(["", "0", "-0", "1e3", "1e308", "1e-320", "٣", "１２", "1,5", "1.234,5", "NA", "inf"]),
)

hostile_words = st.sampled_from([*MARKUP, *COMPUTED, *SIGNED, *INVISIBLE.values()])


def cells(column: Column) -> st.SearchStrategy[str]:
    """Return texts for the cells of a column: mostly of the right kind."""
    kinds = {"number": numbers, "count": numbers, "choice": st.sampled_from([*column.choices, ""])}
    right = kinds.get(column.type, harmless_words)
    return st.one_of(right, right, right, words, hostile_words)


@st.composite
def sheets(draw: st.DrawFn, sheet: Sheet, *, most: int = 6) -> list[dict[str, str]]:
    """Return rows of a sheet."""
    columns = {column.name: cells(column) for column in sheet.columns}
    return draw(st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=most))


@st.composite
def files(draw: st.DrawFn, sheet: Sheet) -> bytes:
    """Return the bytes of a sheet, some of them as no program should write them."""
    out = io.StringIO()
    writer = csv.DictWriter(
        out, [c.name for c in sheet.columns], lineterminator=draw(st.sampled_from(["\n", "\r\n"]))
    )
    writer.writeheader()
    writer.writerows(draw(sheets(sheet)))
    data = out.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])))
    return draw(st.sampled_from([data, data, data[: len(data) // 2], data.replace(b",", b";")]))
