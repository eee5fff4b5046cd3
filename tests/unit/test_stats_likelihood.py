"""The highest maximum of the likelihood is found, whatever the unit and however many maxima there are."""

import numpy as np
import pytest

from rheumeta.stats import pool_batch
from rheumeta.stats.batch import padded
from rheumeta.stats.likelihood import log_likelihood, maximise, score

PROBLEMS = 2000
GRID = 1000
WORSE = 1e-8  # absolute, of a log likelihood of order ten: rounding is 1e-14, a missed maximum 1e-4 or more


def problems():
    """Effects of 2 to 12 studies at scales from 1e-6 to 1e6, variances over up to five orders of magnitude."""
    rng = np.random.default_rng(20)
    k = rng.integers(2, 13, PROBLEMS)
    scale = 10 ** rng.uniform(-6, 6, PROBLEMS)
    spread = rng.uniform(0, 5, PROBLEMS)
    heterogeneity = 10 ** rng.uniform(-6, 1, PROBLEMS) * rng.integers(0, 2, PROBLEMS)
    log_v = rng.uniform(-1, 0, (PROBLEMS, 12)) * spread[:, None]
    v = 10**log_v * scale[:, None] ** 2
    # Every other problem draws the effects with variances unrelated to the stated ones: two maxima.
    odd = (np.arange(PROBLEMS) % 2)[:, None] * rng.normal(0, 0.8, (PROBLEMS, 12))
    y = rng.normal(0, np.sqrt(v * 10**odd + (heterogeneity * scale**2)[:, None]))
    return padded(y, v, np.arange(12) < k[:, None])


BATCH = problems()


def grid_heights(batch, restricted):
    top = 100 * (batch.largest(batch.v) + batch.largest(batch.y**2))
    steps = np.geomspace(1e-4 * batch.smallest(batch.v), top, GRID, axis=1)
    grid = np.concatenate([np.zeros((batch.size, 1)), steps], axis=1)
    columns = [log_likelihood(batch, column, restricted=restricted) for column in grid.T]
    return np.array(columns).T


@pytest.mark.parametrize("restricted", [True, False], ids=["REML", "ML"])
def test_no_point_of_a_fine_grid_is_higher(restricted):
    heights = grid_heights(BATCH, restricted)
    found = log_likelihood(BATCH, maximise(BATCH, restricted=restricted), restricted=restricted)
    assert (heights.max(axis=1) - found).max() < WORSE
    inner = (heights[:, 1:-1] > heights[:, :-2]) & (heights[:, 1:-1] > heights[:, 2:])
    maxima = inner.sum(axis=1) + (heights[:, 0] > heights[:, 1])
    assert (maxima > 1).sum() > 20  # or the search would not be put to the test


def test_a_change_of_unit_changes_nothing():
    unit = 2.0**40
    scaled = padded(BATCH.y * unit, BATCH.v * unit**2, BATCH.mask)
    one, other = maximise(BATCH, restricted=True), maximise(scaled, restricted=True)
    assert other == pytest.approx(one * unit**2, rel=1e-9)


@pytest.mark.parametrize("restricted", [True, False])
def test_what_the_proof_stands_on(restricted):
    # rho and kappa fall at least as fast as -rho^2 and -kappa^2, so their inverses grow by the step or more.
    low, high = BATCH.smallest(BATCH.v), BATCH.largest(BATCH.v)
    one, other = (score(BATCH, t, restricted=restricted) for t in (low, high))
    step = high - low
    for name in ("gain", "loss"):
        inverse = [getattr(s, name) / getattr(s, f"{name}_drop") for s in (one, other)]
        share = 2.0 if name == "gain" else 1.0  # gain_drop is 2 y'PPPy
        assert (share * (inverse[1] - inverse[0]) >= step * (1 - 1e-9)).all()
        assert (share * inverse[1] <= (BATCH.largest(BATCH.v) + high) * (1 + 1e-9)).all()


@pytest.mark.parametrize("restricted", [True, False])
def test_what_the_halving_stands_on(restricted):
    # g and h never fall, h up to the mean of the variances by squared residuals; gain and loss are convex.
    low, high = BATCH.smallest(BATCH.v), BATCH.largest(BATCH.v)
    left, middle, right = (
        score(BATCH, low + (high - low) * part, restricted=restricted) for part in (0, 0.3, 1)
    )
    for one, other in ((left, middle), (middle, right)):
        assert (other.g >= one.g + 0.99999 * (other.tau2 - one.tau2)).all()
        assert (other.h >= one.h - 1e-9 * high).all()
    for name in ("gain", "loss"):
        a, b, c = (getattr(s, name) for s in (left, middle, right))
        assert (b <= (0.7 * a + 0.3 * c) * (1 + 1e-9)).all()
        drop = getattr(left, f"{name}_drop")
        assert (b >= (a - drop * 0.3 * (high - low)) - 1e-9 * a).all()
    far = score(BATCH, 1e6 * high, restricted=restricted).h
    squares = np.where(BATCH.mask, BATCH.y - (BATCH.total(BATCH.y) / BATCH.k)[:, None], 0.0) ** 2
    limit = (BATCH.v * squares).sum(axis=1) / squares.sum(axis=1)
    assert far == pytest.approx(limit, rel=1e-4, abs=0)
    assert (right.h <= limit + 1e-9 * high).all()


def test_the_batch_does_not_matter():
    # The bits may differ: sums over padded columns are taken in another order.
    rows = np.arange(0, PROBLEMS, 97)
    whole = pool_batch(BATCH.y, BATCH.v, mask=BATCH.mask, method="REML").tau2
    for i in rows:
        k = BATCH.k[i]
        alone = maximise(padded(BATCH.y[i : i + 1, :k], BATCH.v[i : i + 1, :k]), restricted=True)
        assert alone[0] == pytest.approx(whole[i], rel=1e-11, abs=1e-14 * BATCH.v[i, :k].min())
