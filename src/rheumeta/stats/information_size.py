"""How many patients one adequate trial would need: the optimal information size.

GRADE compares the patients of a synthesis with the sample size of a conventional trial (Guyatt
2011, J Clin Epidemiol 64, 1283). The sizes follow from the normal approximation.
"""

from __future__ import annotations

from math import sqrt

from scipy import special

from rheumeta.errors import StatsError

ALPHA = 0.05
"""Two-sided error of the first kind (Guyatt 2011, J Clin Epidemiol 64, 1283)."""

POWER = 0.80
"""Power of the conventional trial (the same)."""


def _quantiles(alpha: float, power: float) -> tuple[float, float]:
    return float(special.ndtri(1 - alpha / 2)), float(special.ndtri(power))


def two_proportions(risk: float, other: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the patients in both groups of a trial of two risks, groups of equal size.

    Parameters
    ----------
    risk, other : float
        The two risks, 0 to 1, different.
    alpha, power : float
        Two-sided error of the first kind, and power.

    Returns
    -------
    float
        Patients in both groups together, not rounded.

    Raises
    ------
    StatsError
        If the risks are equal or not between 0 and 1.

    Notes
    -----
    Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, section 4.2,
    without correction for continuity.
    """
    if not (0 <= risk <= 1 and 0 <= other <= 1) or risk == other:
        raise StatsError("a sample size needs two different risks between 0 and 1")
    za, zb = _quantiles(alpha, power)
    mean = (risk + other) / 2
    root = za * sqrt(2 * mean * (1 - mean)) + zb * sqrt(risk * (1 - risk) + other * (1 - other))
    return float(2 * (root / (risk - other)) ** 2)


def two_means(difference: float, sd: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the patients in both groups of a trial of two means, groups of equal size.

    Parameters
    ----------
    difference : float
        Difference to be found, in the unit of `sd`, not 0.
    sd : float
        Standard deviation between patients, above 0.
    alpha, power : float
        Two-sided error of the first kind, and power.

    Returns
    -------
    float
        Patients in both groups together, not rounded.

    Raises
    ------
    StatsError
        If the difference is 0 or the standard deviation not above 0.

    Notes
    -----
    4 (z_a + z_b)^2 sd^2 / difference^2 (Armitage, Berry and Matthews 2002, section 4.6).
    """
    return 4 * one_mean(difference, sd, alpha=alpha, power=power)


def one_mean(difference: float, sd: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the patients of a group in which a mean change of `difference` is to be found.

    As :func:`two_means`, with (z_a + z_b)^2 sd^2 / difference^2; `sd` is that of the changes.
    """
    if difference == 0 or not sd > 0:
        raise StatsError("a sample size needs a difference and a standard deviation above 0")
    return float((sum(_quantiles(alpha, power)) * sd / difference) ** 2)
