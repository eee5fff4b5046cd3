"""The default intervals cover what they should, in a short version of validation/coverage.py."""

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "validation" / "coverage.py"


def load():
    spec = importlib.util.spec_from_file_location("coverage_simulation", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


simulation = load()


@pytest.mark.parametrize("scene", simulation.scenes(), ids=lambda scene: scene.name)
def test_coverage(scene):
    found = simulation.simulate(scene, simulation.SHORT)
    assert simulation.judge(scene, found, simulation.SHORT) == []


def test_a_wrong_coverage_is_noticed():
    scene = simulation.Scene(10, "moderate")
    low = simulation.Coverage(mean=0.85, tau2=0.95, prediction=0.9)
    assert len(simulation.judge(scene, low, simulation.SHORT)) == 1
