"""Clean tables are not flagged, in a short version of validation/integrity_false_alarms.py."""

import importlib.util
import sys
from pathlib import Path

FILE = Path(__file__).parents[2] / "validation" / "integrity_false_alarms.py"


def load():
    spec = importlib.util.spec_from_file_location("integrity_simulation", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


simulation = load()


def test_clean_tables():
    counts = simulation.simulate(simulation.SHORT)
    assert simulation.wrong(counts) == []
    assert len(counts) == 32
    for name, most in (("two_means", 0.05), ("two_proportions", 0.1), ("baseline_balance", 0.05)):
        assert simulation.flags(counts[name]) <= most * sum(counts[name].values())


def test_the_tables_would_be_flagged_if_numbers_were_wrong(monkeypatch):
    """With a rounding that no author uses, the simulation finds inconsistencies."""
    write = simulation.Author.write
    monkeypatch.setattr(
        simulation.Author, "write", lambda self, x, d: write(self, float(x) + 0.8 * 10**-d, d)
    )
    monkeypatch.setattr(simulation.Author, "claim", lambda self, p, rng: ("0.05", "<" if p < 0.05 else ">"))
    assert {"grim_percent", "percent_of_events"} <= set(simulation.wrong(simulation.simulate(10)))
