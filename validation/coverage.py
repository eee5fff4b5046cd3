"""Simulated coverage of the default intervals.

python validation/coverage.py           10,000 meta-analyses a scene, a few seconds
python validation/coverage.py --short    1,000, as the test does

Effects are normal about the mean with variance v + tau2; the variances v are those of trials with 20 to 200
patients an arm and a standardised difference (v = 2 / n), or, in the scenes of rare events, log odds
ratios are computed from binomial counts with 3 % events in the control group. A scene passes if each
coverage lies between its bounds, widened by `MARGIN` Monte Carlo standard errors. Exits with 1 if one does
not.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from rheumeta.stats import pool_batch
from rheumeta.stats.effects import effect_size

SIZES = (2, 3, 5, 10, 20)
SPREADS = {"none": 0.0, "small": 0.01, "moderate": 0.05, "large": 0.5}
"""tau2 beside a typical v of 0.02: I2 of about 0, 30, 70 and 95 %."""

EVENTS = 0.03
MARGIN = 4.0
MEAN = 0.3
REPLICATIONS = 10_000
SHORT = 1_000


@dataclass(frozen=True)
class Scene:
    """One simulated situation."""

    k: int
    spread: str
    rare: bool = False

    @property
    def tau2(self) -> float:
        """True between-study variance."""
        return SPREADS[self.spread]

    @property
    def name(self) -> str:
        """What is printed."""
        return f"k = {self.k:2d}, tau2 {self.spread}" + (", rare events" if self.rare else "")


@dataclass(frozen=True)
class Coverage:
    """Coverage of the intervals of the mean, of tau2 and of a new effect; None where there is none."""

    mean: float
    tau2: float
    prediction: float | None


def scenes() -> list[Scene]:
    """Return all scenes."""
    normal = [Scene(k, spread) for k in SIZES for spread in SPREADS]
    return normal + [Scene(k, spread, rare=True) for k in (5, 10, 20) for spread in ("none", "moderate")]


def simulate(scene: Scene, replications: int) -> Coverage:
    """Return the coverage of the default intervals at 95 %."""
    rng = np.random.default_rng([scene.k, round(1000 * scene.tau2), int(scene.rare)])
    shape = (replications, scene.k)
    effect = rng.normal(MEAN, np.sqrt(scene.tau2), shape)
    n = rng.integers(20, 201, shape)
    if scene.rare:
        y, v, mask = rare_events(rng, effect, n)
    else:
        y, v, mask = rng.normal(effect, np.sqrt(2.0 / n)), 2.0 / n, None
    fit = pool_batch(y, v, mask=mask, on_error="report")
    pooled = ~np.isnan(fit.estimate)
    new = rng.normal(MEAN, np.sqrt(scene.tau2), replications)
    predicted = pooled & ~np.isnan(fit.pi_lb)
    return Coverage(
        share((fit.ci_lb <= MEAN) & (fit.ci_ub >= MEAN), pooled),
        share((fit.tau2_lb <= scene.tau2) & (scene.tau2 <= fit.tau2_ub), pooled),
        share((fit.pi_lb <= new) & (new <= fit.pi_ub), predicted) if predicted.any() else None,
    )


def share(covered: np.ndarray, among: np.ndarray) -> float:
    """Return the part of the chosen replications that is covered."""
    return float(covered[among].mean())


def rare_events(
    rng: np.random.Generator, effect: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log odds ratios, variances and which studies have any event, of binomial counts."""
    odds = EVENTS / (1.0 - EVENTS) * np.exp(effect)
    ai, ci = rng.binomial(n, odds / (1.0 + odds)), rng.binomial(n, EVENTS)
    cells = {"ai": ai, "n1i": n, "ci": ci, "n2i": n}
    es = effect_size("OR", **{name: counts.ravel().astype(float) for name, counts in cells.items()})
    return es.yi.reshape(n.shape), es.vi.reshape(n.shape), ai + ci > 0


Bounds = tuple[float, float]


def expected(scene: Scene) -> dict[str, Bounds]:
    """Return the bounds that each coverage must keep.

    Mean: with two studies the default is a Wald interval, which is too short the more the studies differ
    (Cochrane Handbook 6.5, section 10.10.4.4); with three it switches between Wald and Hartung-Knapp. tau2: the
    Q-profile interval is exact, and one-sided where tau2 is zero (Viechtbauer 2007). Prediction: too
    short where tau2 is small and known badly (Partlett and Riley 2017, Stat Med 36:301-317). Rare events:
    half an event in each cell makes the variances too large, hence the intervals long.
    """
    if scene.rare:
        return {"mean": (0.95, 1.0), "tau2": (0.95, 1.0), "prediction": (0.84, 1.0)}
    mean = {2: (0.70, 0.98), 3: (0.90, 0.98)}.get(scene.k, (0.93, 0.98))
    exact = 0.95 if scene.tau2 > 0 else 0.975
    return {"mean": mean, "tau2": (exact, exact), "prediction": (0.85, 1.0)}


def judge(scene: Scene, found: Coverage, replications: int) -> list[str]:
    """Return what lies outside its bounds, in words."""
    faults = []
    for name, (low, high) in expected(scene).items():
        value = getattr(found, name)
        slack = MARGIN * (low * (1.0 - low) / replications) ** 0.5
        if value is not None and not low - slack <= value <= high + slack:
            faults.append(f"{scene.name}: {name} {value:.4f}, expected {low} to {high} (-+ {slack:.4f})")
    return faults


def line(scene: Scene, found: Coverage) -> str:
    """Return one row of the table."""
    new = "     -" if found.prediction is None else f"{found.prediction:6.3f}"
    return f"{scene.name:40s} mean {found.mean:6.3f}  tau2 {found.tau2:6.3f}  prediction {new}"


def main() -> int:
    """Simulate all scenes and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help=f"{SHORT:,} replications a scene")
    replications = SHORT if parser.parse_args().short else REPLICATIONS
    faults = []
    for scene in scenes():
        found = simulate(scene, replications)
        print(line(scene, found))
        faults += judge(scene, found, replications)
    print(*(faults or ["all within their bounds"]), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
