"""Many Mantel-Haenszel and Peto analyses at once: the same numbers as one by one."""

import dataclasses

import numpy as np
import pytest
from tolerances import DIRECT

from rheumeta import stats
from rheumeta.errors import StatsError
from rheumeta.stats import mh_many

SINGLE = {
    "mantel_haenszel_batch": stats.mantel_haenszel,
    "peto_batch": stats.peto,
    "mantel_haenszel_rates_batch": stats.mantel_haenszel_rates,
}
CALLS = [
    *(
        ("mantel_haenszel_batch", {"measure": m, "zero_cells": z})
        for m in ("RR", "OR", "RD")
        for z in ("none", "revman")
    ),
    ("peto_batch", {}),
    *(("mantel_haenszel_rates_batch", {"measure": m, "correct": c}) for m in ("IRR", "IRD") for c in (True, False)),
]  # fmt: skip


def problems(rates, n=300, seed=1):
    """Return sparse counts of about sixty analyses of different sizes, mixed."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 60, (2, n)).astype(float)
    rate = rng.choice([0.0, 0.05, 0.4], n)
    if rates:
        return (rng.poisson(sizes[0] * rate), sizes[0], rng.poisson(sizes[1] * 0.1), sizes[1]), rng.integers(
            0, 60, n
        )
    counts = (
        rng.binomial(sizes[0].astype(int), rate),
        sizes[0],
        rng.binomial(sizes[1].astype(int), 0.08),
        sizes[1],
    )
    return counts, rng.integers(0, 60, n)  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CALLS)
def test_many_are_one_by_one(name, options, monkeypatch):
    monkeypatch.setattr(mh_many, "CHUNK", 64)  # several parts
    counts, groups = problems("rates" in name)
    many = getattr(stats, name)(*counts, groups=groups, on_error="report", **options)
    for row, label in enumerate(many.labels):
        chosen = [c[groups == label] for c in counts]
        if row in many.problems:
            with pytest.raises(StatsError, match="undefined"):
                SINGLE[name](*chosen, **options)
            assert np.isnan(many.estimate[row])
            continue
        one = SINGLE[name](*chosen, **options)
        for f in dataclasses.fields(one):
            if f.name in ("measure", "method", "level", "weights", "notes"):
                continue
            value = getattr(one, f.name)
            expected = np.nan if value is None else value
            assert getattr(many, f.name)[row] == pytest.approx(
                expected, rel=DIRECT, abs=DIRECT, nan_ok=True
            ), f.name
        assert many.weights[row][: one.k] == pytest.approx(one.weights, rel=DIRECT)
    assert len(many.problems) < len(many.labels)


def test_one_impossible_table_does_not_stop_the_others():
    ai, n1i, ci, n2i = [[1, 2], [7, 1], [3, np.nan]], [[10, 10], [5, 9], [9, 9]], [[2, 3]] * 3, [[10, 10]] * 3
    found = stats.mantel_haenszel_batch(ai, n1i, ci, n2i, on_error="report")
    assert set(found.problems) == {1, 2}
    assert "more events than patients" in found.problems[1]
    assert np.isfinite(found.estimate[0])
    assert np.isnan(found.estimate[1:]).all()
    assert "1 of 3" in found.summary()
    with pytest.raises(StatsError, match=r"analysis 1: ai\[0\] is 7"):
        stats.peto_batch(ai, n1i, ci, n2i)


def test_padded_places_may_hold_anything():
    mask = [[True, True], [True, False]]
    padded = stats.peto_batch(
        [[1, 2], [3, np.nan]], [[9, 9], [9, -1]], [[2, 3], [1, 5]], [[9, 9], [9, 0]], mask=mask
    )
    assert padded.estimate[1] == pytest.approx(stats.peto([3], [9], [1], [9]).estimate, rel=DIRECT)
    assert padded.weights[1, 1] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"groups": ["a"]}, "labels"),
        ({}, "2-D shape"),
        ({"groups": [], "n": 0}, "at least one study"),
        ({"groups": ["a", "b"], "on_error": "skip"}, "on_error must be"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, text):
    n = arguments.pop("n", 2)
    with pytest.raises(StatsError, match=text):
        stats.mantel_haenszel_batch(*([1] * n, [9] * n, [2] * n, [9] * n), **arguments)
