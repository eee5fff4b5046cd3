"""From the text of a cell to its value."""

from __future__ import annotations

import pytest
from hostile_review import SIGNED
from hypothesis import given, settings
from hypothesis import strategies as st

from rheumeta.numbers import half_unit
from rheumeta.tables.cells import LARGEST, SMALLEST, parse_cell
from rheumeta.tables.sheets import Column

NUMBER = Column("x", "number", "")
COUNT = Column("n", "count", "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4.53", 4.53),
        ("-0.4", -0.4),
        ("+2", 2.0),
        (".05", 0.05),
        ("5.", 5.0),
        ("1e6", 1e6),
        ("2.5E-3", 0.0025),
    ],
)
def test_numbers_with_a_decimal_point_are_read(text, value):
    assert parse_cell(text, NUMBER) == (value, None)


@settings(deadline=None, derandomize=True)
@given(st.floats(-LARGEST, LARGEST).filter(lambda x: x == 0 or abs(x) >= SMALLEST))
def test_what_repr_writes_is_read_back_exactly(number):
    assert parse_cell(repr(number), NUMBER) == (number, None)


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=12))
def test_no_text_is_both_a_value_and_a_fault_or_breaks_the_reader(text):
    for column in (NUMBER, COUNT, Column("t", "text", ""), Column("d", "date", ""), Column("i", "ids", "")):
        value, fault = parse_cell(text, column)
        assert value is None or fault is None
        if text:
            assert (value is None) != (fault is None)


@pytest.mark.parametrize("text", ["30", "30.0", "3e1"])
def test_a_whole_number_may_be_written_in_any_way(text):
    assert parse_cell(text, COUNT) == (30.0, None)


@pytest.mark.parametrize("text", ["NA", "n/a", "NaN", "-", "–", "?", "not reported", "NULL"])
def test_words_for_missing_are_named_as_such(text):
    assert parse_cell(text, NUMBER)[1].code == "na_text"


@pytest.mark.parametrize("text", ["28/52 of another study", "=", "-", "2 of 3", "<5%", "1-2 weeks", *SIGNED])
def test_free_text_is_left_alone(text):
    assert parse_cell(text, Column("note", "text", "")) == (text, None)


@pytest.mark.parametrize(
    "text", ["2-Jan", "2-jan", "Jan-02", "02. Jan", "Sep-12", "3 March", "2024-01-02 00:00:00"]
)
def test_dates_that_a_spreadsheet_makes_are_caught_in_text_too(text):
    assert parse_cell(text, Column("note", "text", ""))[1].code == "spreadsheet_date"


@pytest.mark.parametrize("text", ["https://doi.org/10.1/x", "http://a.b", "doi:10.1/x", "pmid:123"])
def test_links(text):
    assert parse_cell(text, Column("source", "link", "")) == (text, None)


@pytest.mark.parametrize(
    ("text", "half"),
    [("4.53", 0.005), ("45", 0.5), ("4.50", 0.005), ("-0.4", 0.05), ("1e6", 5e5), ("1.2e-3", 5e-5)],
)
def test_half_a_unit_of_the_last_printed_digit(text, half):
    assert half_unit(text) == pytest.approx(half, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "good"), [("2024-03-31", True), ("31.03.2024", False), ("2024-02-30", False)]
)
def test_dates(text, good):
    value, fault = parse_cell(text, Column("when", "date", ""))
    assert (value, fault and fault.code) == ((text, None) if good else (None, "bad_date"))
