"""Footnotes to studies, a note and headings that the authors write into a forest plot."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
import report_builder
from matplotlib.text import Text
from pydantic import ValidationError
from test_review_figures import assert_nothing_overlaps

from rheumeta.plots import style
from rheumeta.plots.forest import draw_forest
from rheumeta.plots.forest_layout import all_rows
from rheumeta.plots.style import render
from rheumeta.steps.drawing.figure_forest import forest_figure
from rheumeta.steps.drawing.forest_text import spoken, with_text
from rheumeta.tables.protocol import Footnote, ForestText

HOSTILE = 'Read from $figure 2$ <script>alert("x")</script> & more'


def analysis(name="acr20_three_months"):
    return next(a for a in report_builder.synthesis().analyses if a.id == name)


def studies():
    return [s.study_id for s in analysis().studies]


def drawn(text, **changes):
    one = replace(analysis(), **changes)
    return with_text(forest_figure(one, level=95), one, text)


def test_footnotes_are_numbered_in_the_order_of_the_rows_and_equal_ones_share_a_number():
    first, second = studies()
    text = ForestText(
        footnotes=(
            Footnote(study=second, text="Read from figure 2"),
            Footnote(study=first, text="Sent by the authors"),
            Footnote(study=second, text="Sent by the authors"),
        )
    )
    before = forest_figure(analysis(), level=95)
    plot = drawn(text)
    marks = [
        row.marks.removeprefix(old.marks) for row, old in zip(all_rows(plot), all_rows(before), strict=True)
    ]
    assert marks == ["\u00a0(1)", "\u00a0(2)\u00a0(1)"]
    assert plot.footnotes[len(before.footnotes) :] == ("(1) Sent by the authors", "(2) Read from figure 2")


def test_headings_and_the_note_stand_in_the_figure():
    text = ForestText(note="Both trials ended early.", study_heading="Trial", effect_heading="Relative risk")
    plot = drawn(text)
    words = [t.get_text() for t in draw_forest(plot).findobj(Text)]
    assert {"Trial", "Relative risk", "Both trials ended early."} <= set(words)
    assert "Study" not in words
    none = analysis("acr50_one_year")
    assert with_text(forest_figure(none, level=95), none, text).sentence.endswith(" Both trials ended early.")


def test_nothing_changes_where_the_authors_write_nothing():
    assert drawn(ForestText()) == forest_figure(analysis(), level=95)


def test_a_footnote_to_a_study_that_is_not_in_the_analysis_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        plot = drawn(ForestText(footnotes=(Footnote(study="elsewhere", text="x"),)))
    assert "elsewhere" in caplog.text
    assert plot == forest_figure(analysis(), level=95)


@pytest.mark.parametrize("width", [style.WIDTH, style.COLUMN_WIDTH])
def test_any_text_is_drawn_as_it_is_and_escaped(width):
    text = ForestText(note=HOSTILE * 3, footnotes=(Footnote(study=studies()[0], text=HOSTILE),))
    figure = draw_forest(drawn(text), width=width)
    assert_nothing_overlaps(figure)
    assert "$figure" in " ".join(t.get_text() for t in figure.findobj(Text))
    told = spoken(text, {})
    svg = render(figure, "svg", name="n", title="t", description=told).decode()
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    assert told.startswith(f"{studies()[0]}: Read from")


@pytest.mark.parametrize("bad", [{"foot": "x"}, {"note": ""}, {"footnotes": [{"study": "a"}]}])
def test_unknown_keys_and_empty_texts_are_refused(bad):
    with pytest.raises(ValidationError):
        ForestText.model_validate(bad)
