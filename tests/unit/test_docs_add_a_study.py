"""What docs/add-a-study.md shows can be entered as it stands, and what it calls required is required."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from rheumeta.layout import Layout
from rheumeta.steps import scaffold, validate
from rheumeta.tables.sheets import ARMS, RESULTS, STUDIES
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import csv_text

PAGE = (Path(__file__).parents[2] / "docs" / "add-a-study.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```csv (\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def examples(sheet):
    """Return the rows that the page shows for a sheet."""
    return [row for name, text in EXAMPLES if name == sheet.name for row in csv.DictReader(io.StringIO(text))]


def test_the_examples_validate_as_they_stand(tmp_path):
    layout = Layout("fresh", tmp_path)
    scaffold.new_review(layout)
    layout.protocol.write_text(re.sub(r"[<>]", "", layout.protocol.read_text(encoding="utf-8")))
    for sheet in (STUDIES, ARMS, RESULTS):
        text = csv_text(examples(sheet), [c.name for c in sheet.columns])
        (layout.raw / f"{sheet.name}.csv").write_text(text, encoding="utf-8")
    validate.run(layout)
    assert validated_path(layout, "results").read_text().count("\n") == 1 + len(examples(RESULTS))


def test_there_is_an_example_of_each_kind():
    filled = [{column for column, text in row.items() if text} for row in examples(RESULTS)]
    for kind in ({"n", "events"}, {"mean", "sd"}, {"median", "q1", "q3"}, {"comparator_id", "effect"}):
        assert any(kind <= columns for columns in filled)


@pytest.mark.parametrize("sheet", [STUDIES, ARMS, RESULTS], ids=lambda s: s.name)
def test_the_required_columns_are_those_of_the_sheet(sheet):
    (cells,) = re.findall(rf"^\| `{sheet.name}\.csv` \|[^|]*\|([^|]*)\|$", PAGE, flags=re.MULTILINE)
    assert re.findall(r"`(\w+)`", cells) == [c.name for c in sheet.columns if c.required]
