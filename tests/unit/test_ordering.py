"""Rows stand in an order that only what they say decides."""

from __future__ import annotations

import random

import pytest

from rheumeta.tables.ordering import natural, row_order
from rheumeta.tables.sheets import ARMS, FLOW, RAW_SHEETS, RESULTS, STUDIES


def row(sheet, **cells):
    return {column.name: cells.get(column.name, "") for column in sheet.columns}


def shown(sheet, rows, column):
    return [text[column] for text in sorted(rows, key=lambda text: row_order(sheet, text))]


def test_numbers_within_a_text_count_by_their_size():
    assert sorted(["r10", "r2", "r1", "a", ""], key=natural) == ["", "a", "r1", "r2", "r10"]


def test_studies_stand_in_the_order_of_time_those_without_a_year_last():
    rows = [
        row(STUDIES, study_id=s, year=y) for s, y in [("c", ""), ("b", "2001"), ("a", "2010"), ("d", "2001")]
    ]
    assert shown(STUDIES, rows, "study_id") == ["b", "d", "a", "c"]


def test_results_stand_by_their_key():
    rows = [row(RESULTS, result_id=r) for r in ("r10", "r9", "r1")]
    assert shown(RESULTS, rows, "result_id") == ["r1", "r9", "r10"]


def test_boxes_of_the_flow_stand_as_they_are_declared():
    rows = [row(FLOW, box=b, channel="all") for b in ("included_studies", "screened", "identified")]
    assert shown(FLOW, rows, "box") == ["identified", "screened", "included_studies"]


def test_arms_stand_within_their_study():
    rows = [row(ARMS, study_id=s, arm_id=a) for s, a in [("b", "x"), ("a", "z"), ("a", "y")]]
    assert shown(ARMS, rows, "arm_id") == ["y", "z", "x"]


@pytest.mark.parametrize("sheet", RAW_SHEETS, ids=lambda s: s.name)
def test_rows_with_the_same_key_stand_by_their_other_cells(sheet):
    names = [column.name for column in sheet.columns]
    rows = [
        row(sheet, **{names[-1]: text, sheet.key[0]: "1"}) for text in ("b", "a", "", "a1", "9", "\u202e")
    ]
    orders = []
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        orders.append(sorted(rows, key=lambda text: row_order(sheet, text)))
    assert all(order == orders[0] for order in orders)
