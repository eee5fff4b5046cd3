"""A stage by hand says which of its inputs is older than what it is made from."""

from __future__ import annotations

import os

import pytest

from rheumeta.layout import Layout
from rheumeta.steps.ages import SLACK, older_inputs

CHAIN = ("evidence_digest", "harmonised", "effects", "integrity", "synthesis", "appraisal")


@pytest.fixture
def layout(tmp_path):
    """A review of which each file is a minute younger than what it is made from."""
    place = Layout("mine", tmp_path)
    for minute, name in enumerate(CHAIN):
        path = getattr(place, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (60 * minute, 60 * minute))
    return place


def touch(path, seconds):
    os.utime(path, (seconds, seconds))


@pytest.mark.parametrize("stage", ["validate", "effects", "report", "crate"])
def test_nothing_is_said_where_all_is_in_order(layout, stage):
    assert older_inputs(layout, stage) is None


@pytest.mark.parametrize(
    ("touched", "stage", "maker"),
    [
        ("evidence_digest", "integrity", "harmonise"),
        ("harmonised", "integrity", "effects"),
        ("effects", "synthesise", "integrity"),
        ("integrity", "figures", "synthesise"),
        ("synthesis", "report", "appraise"),
    ],
)
def test_the_first_file_that_is_older_is_named_with_what_makes_it(layout, touched, stage, maker):
    touch(getattr(layout, touched), 10**6)
    said = older_inputs(layout, stage)
    assert f"is older than {getattr(layout, touched).as_posix()}" in said
    assert f"rheumeta {maker} mine and each stage after" in said


@pytest.mark.parametrize("stage", ["tables", "figures"])
def test_an_appraisal_that_is_made_at_the_same_time_is_no_input(layout, stage):
    touch(layout.synthesis, 10**6)
    assert older_inputs(layout, stage) is None


def test_what_the_stage_itself_makes_anew_may_be_old(layout):
    touch(layout.harmonised, 10**6)
    assert older_inputs(layout, "effects") is None


def test_files_of_a_copy_may_have_any_order_of_moments(layout):
    for number, name in enumerate(CHAIN):
        touch(getattr(layout, name), 1000 - number * SLACK / 2)
    assert older_inputs(layout, "report") is None


def test_files_that_are_not_there_are_left_to_the_stage(layout):
    layout.harmonised.unlink()
    assert older_inputs(layout, "report") is None
