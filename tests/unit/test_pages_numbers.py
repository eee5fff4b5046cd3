"""Numbers as people read them."""

from __future__ import annotations

import pytest

from rheumeta.pages import numbers
from rheumeta.records import Interval


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.004, "−0.0040"), (0.41, "0.41"), (9.136, "9.14"), (-21.06, "−21.1"), (738.4, "738"),
     (None, "–"), (float("nan"), "–"), (float("inf"), "∞"), (float("-inf"), "−∞")],
)  # fmt: skip
def test_number(value, text):
    assert numbers.number(value) == text


def test_no_minus_before_a_zero():
    assert numbers.number(-0.001, digits=1) == "0.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0004, "< 0.001"), (0.0312, "= 0.031"), (0.5, "= 0.50"), (None, "= –")],
)
def test_p_value(value, text):
    assert numbers.p_equals(value) == text


def test_interval_has_one_number_of_decimals_unless_it_is_very_wide():
    assert numbers.interval(Interval(-1.0, -1.85, -0.16)) == "−1.00 [−1.85, −0.16]"
    assert numbers.interval(Interval(3.2, 0.02, 50.2)) == "3.20 [0.020, 50.2]"
    assert numbers.interval(Interval(14.06, 5.0, 39.51), common=False) == "14.1 [5.00, 39.5]"
    assert numbers.interval(Interval(None, -1.9, -0.7)) == "[−1.90, −0.70]"
    assert numbers.interval(Interval(2.5)) == "2.50"
    assert numbers.interval(None) == "–"


def test_counts_in_words():
    assert numbers.count(1, "study", "studies") == "one study"
    assert numbers.count(12, "study", "studies") == "twelve studies"
    assert numbers.count(13, "cohort") == "13 cohorts"


def test_a_part_of_a_patient_keeps_its_decimal():
    assert numbers.whole(7.0) == "7"
    assert numbers.whole(3.5) == "3.5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7.0", "7"), ("-1.05", "−1.05"), ("0.14285714285714285", "0.1429"), ("0.00001234", "1.23e−05"),
     ("not a number", "not a number")],
)  # fmt: skip
def test_numbers_of_a_file_are_tidied(text, expected):
    assert numbers.tidy(text) == expected


def test_first_letters():
    assert numbers.capital("an event") == "An event"
    assert numbers.uncapital("Any event") == "any event"
    assert numbers.uncapital("DAS28 remission") == "DAS28 remission"
