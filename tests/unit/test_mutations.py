"""A sample of validation/mutations.py: damaged reviews end in faults with a place, or in a run that adds up."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "validation" / "mutations.py"
SAMPLE = range(0, 60)
SEED = 20_000


@pytest.fixture(scope="module")
def mutations():
    spec = importlib.util.spec_from_file_location("mutations", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutations"] = module
    spec.loader.exec_module(module)
    return module


def test_damaged_reviews_end_in_faults_or_in_a_run_that_adds_up(mutations, tmp_path, monkeypatch):
    monkeypatch.setattr(mutations, "TINY_SHARE", 1.0)
    monkeypatch.setattr(mutations, "PAGES_SHARE", 0.0)
    bases = mutations.Bases(tmp_path, bundled=False)
    cases = [mutations.try_case(number, SEED, bases) for number in SAMPLE]
    assert {case.ended for case in cases} == {"faults", "run"}
    assert not any(case.wrong for case in cases), mutations.report(cases)
