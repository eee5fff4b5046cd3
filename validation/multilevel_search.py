"""Compare the search of multivariate models with a long search from many random starts.

    python validation/multilevel_search.py --count 200

makes seeded random problems with an HCS or UN structure of two to four outcomes, few studies and scales from 1e-6
to 1e6, and exits with 1 if the likelihood found is lower than that of the long search by more than 1e-6.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from rheumeta.stats.mixed_model import Model, build_model, solve
from rheumeta.stats.mixed_search import maximise, scale
from rheumeta.stats.random_terms import random_outcomes

WORSE = 1e-6
"""Of the log likelihood; less is the rounding of the search."""

TRIED, FOLLOWED = 100, 30
"""Random points of the long search, and those of them followed to their maximum."""


def problem(seed: int) -> Model:
    """Return a model of random effects of some outcomes in some studies."""
    rng = np.random.default_rng(seed)
    structure = "un" if seed % 4 == 3 else "hcs"
    outcomes, studies, unit = int(rng.integers(2, 5)), int(rng.integers(4, 9)), 10.0 ** rng.integers(-6, 7)
    study, outcome = np.repeat(np.arange(studies), outcomes), np.tile(np.arange(outcomes), studies)
    keep = rng.random(study.size) < (1.0 if structure == "un" else rng.choice([0.6, 0.8, 1.0]))
    keep[:outcomes] = True
    sd, correlation = rng.choice([0.0, 0.1, 0.5, 1.5], outcomes), rng.uniform(0.0, 0.95)
    covariance = np.outer(sd, sd) * np.where(np.eye(outcomes, dtype=bool), 1.0, correlation)
    effects = rng.multivariate_normal(np.zeros(outcomes), covariance, studies, method="eigh")
    study, outcome = study[keep], outcome[keep]
    error = np.exp(rng.normal(-1.0, 0.7, study.size))
    y = unit * (effects[study, outcome] + error * rng.normal(size=study.size))
    x = (outcome[:, None] == np.unique(outcome)).astype(float) if rng.random() < 0.5 else np.ones((y.size, 1))
    term = random_outcomes(outcome.tolist(), study.tolist(), structure=structure)
    return build_model(y, x, np.diag((unit * error) ** 2), [term], restricted=bool(rng.random() < 0.6))


def long_search(model: Model, seed: int) -> float:
    """Return the highest log likelihood reached from many random starts."""
    rng, signed = np.random.default_rng(seed + 1_000_000), np.array(model.is_sd())
    points = []
    for _ in range(TRIED):
        sizes = scale(model) * np.exp(rng.uniform(-4.0, 1.2, signed.size)) * (rng.random(signed.size) < 0.85)
        point = np.where(signed, sizes, rng.uniform(0.02, np.pi - 0.02, signed.size))
        points.append((height(model, point), point))
    points.sort(key=lambda pair: -pair[0])
    return height(model, maximise(model, starts=[point for _, point in points[:FOLLOWED]])[0])


def height(model: Model, point: np.ndarray) -> float:
    """Return the log likelihood, minus infinity where there is none."""
    try:
        return solve(model, point).log_likelihood
    except np.linalg.LinAlgError:
        return -np.inf


def shortfall(seed: int) -> float:
    """Return by how much the long search found a higher likelihood; below zero if it did not."""
    model = problem(seed)
    return long_search(model, seed) - height(model, maximise(model)[0])


def main() -> int:
    """Compare and print; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    worse = 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        missed = shortfall(seed)
        if missed > WORSE:
            worse += 1
            print(f"problem {seed}: lower by {missed:.2e}", flush=True)
    print(f"{worse} of {arguments.count} problems worse than the long search")
    return int(worse > 0)


if __name__ == "__main__":
    sys.exit(main())
