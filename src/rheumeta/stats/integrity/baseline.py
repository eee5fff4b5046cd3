"""Baseline tables too similar or too different: Carlisle's method with rounding taken into account."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.integrity.groups import anova_range
from rheumeta.stats.integrity.means import GroupBox, MeanGroup, SpreadKind, read_group
from rheumeta.stats.integrity.reported import Check, Reported, Verdict, shown, whole_patients
from rheumeta.stats.integrity.tables import LARGEST, fisher_exact
from rheumeta.stats.pvalues import stouffer

CARLISLE = "Carlisle 2017, Anaesthesia 72; rounding: Bolland et al. 2019, J Clin Epidemiol 110"
CORRELATED = (
    "the variables are taken as independent; correlated ones (age and duration, DAS28 and its parts) "
    "and stratified randomisation make extreme values more likely"
)
SMALLEST, GREATEST = float(np.finfo(np.float64).tiny), 1.0 - 2.0**-53
"""Ends of a p value: 0 and 1 have no normal deviate, and no table makes a difference impossible."""
FINE = 0.01
"""Width of the range of p that rounding leaves, up to which its middle is used without simulation."""


@dataclass(frozen=True)
class BaselineP:
    """Chance of a difference between groups at least as large under randomisation.

    Attributes
    ----------
    pval : float
        Uniform under randomisation (nearly: mid-p values are a little closer to 1/2); small if groups
        differ, near 1 if they are alike. Between 0 and 1, never either.
    method : str
        ``"anova"``, ``"simulation"``, ``"fisher"`` (mid-p) or ``"chi2_simulation"``.
    """

    pval: float
    method: str


@dataclass(frozen=True)
class Balance(Check):
    """All variables of a baseline table together.

    Attributes
    ----------
    k : int
        Variables.
    pval_different, pval_similar : float
        One-sided: small if groups are more different, or more alike, than randomisation makes them.
    pval : float
        Two-sided.
    """

    k: int = 0
    pval_different: float = 1.0
    pval_similar: float = 1.0
    pval: float = 1.0


def baseline_means(
    groups: Sequence[MeanGroup], *, spread: SpreadKind = "sd", seed: int = 0, simulations: int = 10_000
) -> BaselineP:
    """Chance of means at least as different as these, had the patients been randomised.

    Where rounding hardly matters, one-way analysis of variance. Otherwise groups are simulated from one
    normal distribution, their means rounded as the reported ones are, and those as different as the
    reported ones counted by half (mid-p): so two equal rounded means do not count as wonderfully alike.

    Parameters
    ----------
    groups : sequence of MeanGroup
        At least 2, of at least 2 patients each.
    spread : {"sd", "se"}
        What the spread is.
    seed : int
        Of the simulation.
    simulations : int
        Number of simulated tables, at least 100.

    Returns
    -------
    BaselineP

    Raises
    ------
    StatsError
        If there are too few groups, patients or simulations, a text is no number, a spread negative, or
        all spreads 0.

    Notes
    -----
    Source: Carlisle (2017); that rounding moves these p values, Bolland et al. (2019). The common mean
    and SD of the simulation are drawn around the reported ones with their uncertainty (the SD from the
    chi-squared distribution, the mean from the normal one and over the rounding interval), which for
    finely reported numbers gives the F test again.
    """
    boxes = [read_group(group, spread) for group in groups]
    if min((box.n for box in boxes), default=0) < 2 or simulations < 100:
        raise StatsError("Each group needs at least 2 patients, and the simulation at least 100 tables.")
    if all(box.centre_sd == 0 for box in boxes):
        raise StatsError("All SDs are 0: nothing is known of how far means may differ.")
    low, high = anova_range(boxes)
    if high - low <= FINE and high < 1 - FINE:
        return BaselineP(_between_ends((low + high) / 2), "anova")
    units = np.array([float(Reported.read(group.mean).unit) for group in groups])
    return BaselineP(_simulated(boxes, units, np.random.default_rng(seed), simulations), "simulation")


def _simulated(boxes: Sequence[GroupBox], units: Floats, rng: np.random.Generator, simulations: int) -> float:
    """Mid-p value of the weighted sum of squares between rounded means."""
    n = np.array([box.n for box in boxes], dtype=float)
    df = n.sum() - len(boxes)
    centres = np.array([box.centre for box in boxes])
    variance = math.fsum((box.n - 1) * box.centre_sd**2 for box in boxes) / df
    sd = np.sqrt(variance * df / rng.chisquare(df, simulations))
    centre = (n @ centres) / n.sum() + sd / math.sqrt(n.sum()) * rng.standard_normal(simulations)
    centre += units.max() * (rng.random(simulations) - 0.5)
    means = centre[:, None] + sd[:, None] / np.sqrt(n) * rng.standard_normal((simulations, len(boxes)))
    found = _between(np.round(means / units) * units, n)
    seen = float(_between(centres[None, :], n)[0])
    same = np.isclose(found, seen, rtol=1e-9, atol=1e-12 * units.max() ** 2)
    more = np.count_nonzero((found > seen) & ~same) + np.count_nonzero(same) / 2
    return float((more + 0.5) / (simulations + 1))


def _between_ends(pval: float) -> float:
    return min(max(pval, SMALLEST), GREATEST)


def _between(means: Floats, n: Floats) -> Floats:
    centre = means @ n / n.sum()
    squares: Floats = ((means - centre[:, None]) ** 2) @ n
    return squares


def baseline_counts(
    events: Sequence[int], ns: Sequence[int], *, seed: int = 0, simulations: int = 10_000
) -> BaselineP:
    """Chance of shares at least as different as these, had the patients been randomised (mid-p).

    Parameters
    ----------
    events, ns : sequence of int
        Patients with a feature and all patients, for each group; at least 2 groups.
    seed, simulations : int
        Of the simulation for more than two groups.

    Returns
    -------
    BaselineP
        Fisher's mid-p for two groups; for more, Pearson's statistic over simulated tables with the same
        margins.

    Raises
    ------
    StatsError
        If there are fewer than 2 or more than 9 groups, counts not between 0 and n, fewer than 100 simulations, or no
        patient, or every one, with the feature: such a table says nothing.

    Notes
    -----
    Source: Carlisle (2017), who used continuous variables; mid-p values as Fisher's own p values of
    counts are not uniform.
    """
    if len(events) != len(ns) or not 2 <= len(ns) < 10 or simulations < 100:
        raise StatsError("Counts of 2 to 9 groups are needed, each with its n, and 100 simulations.")
    for count, n in zip(events, ns, strict=True):
        whole_patients(n=n)
        if not 0 <= count <= n:
            raise StatsError(f"{count!r} of {n!r} patients: 0 to {n!r} are possible.")
    total = sum(events)
    if total in (0, sum(ns)):
        raise StatsError("No patient, or every patient, has the feature: the table says nothing.")
    if min(*ns, total, sum(ns) - total) >= LARGEST:
        raise StatsError(f"There are {LARGEST:,} tables with these margins or more: too many to count.")
    if len(ns) == 2:
        pval = fisher_exact(events[0], ns[0], events[1], ns[1], mid=True)
        return BaselineP(_between_ends(pval), "fisher")
    rng, sizes = np.random.default_rng(seed), np.array(ns, dtype=float)
    tables = rng.multivariate_hypergeometric(np.array(ns), total, simulations)
    found = ((tables - total * sizes / sizes.sum()) ** 2) @ (1 / sizes)
    seen = float(((np.array(events) - total * sizes / sizes.sum()) ** 2) @ (1 / sizes))
    same = np.isclose(found, seen, rtol=1e-9, atol=1e-12)
    more = np.count_nonzero((found > seen) & ~same) + np.count_nonzero(same) / 2
    return BaselineP(float((more + 0.5) / (simulations + 1)), "chi2_simulation")


def baseline_balance(pvalues: Sequence[float], *, alpha: float = 0.01) -> Balance:
    """Judge the p values of a baseline table together, by Stouffer's method in both directions.

    Parameters
    ----------
    pvalues : sequence of float
        Of different variables, each above 0 and below 1; see :func:`baseline_means`, :func:`baseline_counts`.
    alpha : float
        Two-sided p value below which the table asks for a look.

    Returns
    -------
    Balance
        ``"cannot_tell"`` for a single variable.

    Raises
    ------
    StatsError
        If there are no p values, or one is not between 0 and 1.

    Notes
    -----
    Source: Carlisle (2017). The sum of z values assumes independent variables.
    """
    if not pvalues or not all(0 < p < 1 for p in pvalues):
        raise StatsError("p values between 0 and 1, neither included, are needed.")
    combined = stouffer(np.array(pvalues))
    different, similar = combined.pval, float(special.ndtr(combined.statistic))
    both = min(1.0, 2 * min(different, similar))
    verdict: Verdict = "implausible" if both < alpha else "consistent"
    if len(pvalues) < 2:
        verdict = "cannot_tell"
    way = "more alike" if similar < different else "more different"
    message = (
        f"Over {len(pvalues)} baseline variables the groups are {way} than average randomisation "
        f"makes them (two-sided p {shown(both, 2)})."
    )
    computed = {"pval": both, "pval_different": different, "pval_similar": similar, "k": float(len(pvalues))}
    return Balance(
        "baseline_balance",
        verdict,
        message,
        CARLISLE,
        computed,
        CORRELATED,
        len(pvalues),
        different,
        similar,
        both,
    )
