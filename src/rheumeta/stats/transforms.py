"""From the analysis scale, where studies are pooled, to the display scale that a reader sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from rheumeta.errors import StatsError
from rheumeta.stats.effects_inputs import Floats
from rheumeta.stats.effects_measures import measure_info

PERCENT = 100.0


def harmonic_mean(n: ArrayLike) -> float:
    """Harmonic mean of group sizes, used to back-transform pooled double arcsines (Miller 1978).

    Raises
    ------
    StatsError
        If a size is not above zero.
    """
    sizes = np.atleast_1d(np.asarray(n, dtype=np.float64))
    if sizes.size == 0 or not np.all(sizes > 0):
        raise StatsError("The harmonic mean needs sizes above zero.")
    return float(sizes.size / np.sum(1 / sizes))


def inverse_double_arcsine(values: ArrayLike, n: ArrayLike) -> Floats:
    """Proportion from a double arcsine (Miller 1978), for the half-sum form of Freeman and Tukey.

    Values beyond those of 0 of n and n of n return 0 and 1: the formula does not hold there. NaN stays.

    Parameters
    ----------
    values : array-like, shape (k,)
        Double arcsines, half the sum, radians.
    n : array-like, shape (k,) or scalar
        Group size, or the harmonic mean of the sizes for a pooled value.

    Returns
    -------
    ndarray, shape (k,)
        Proportions between 0 and 1.
    """
    y, size = np.broadcast_arrays(np.asarray(values, float), np.asarray(n, float))
    t = 2 * y
    least = np.arcsin(np.sqrt(1 / (size + 1)))
    inside = (t > least) & (t < np.pi - least)
    sine = np.sin(np.where(inside, t, np.pi / 2))
    root = np.sqrt(np.maximum(0.0, 1 - (sine + (sine - 1 / sine) / size) ** 2))
    middle = (1 - np.sign(np.cos(t)) * root) / 2
    beyond = np.where(np.isnan(t), np.nan, np.where(t <= least, 0.0, 1.0))
    return np.where(inside, middle, beyond)


def _sine_squared(values: Floats) -> Floats:
    squared: Floats = np.sin(np.clip(values, 0.0, np.pi / 2)) ** 2
    return squared


def to_display(measure: str, values: ArrayLike, *, n: ArrayLike | None = None) -> Floats:
    """Return estimates or limits of `measure` on the display scale.

    Ratios are exponentiated; proportions become percent, kept within 0 and 100; everything else
    stays as it is.

    Parameters
    ----------
    measure : str
        Code of the measure.
    values : array-like, shape (k,)
        On the analysis scale; NaN stays NaN.
    n : array-like, optional
        Group sizes; needed for PFT, whose back-transformation depends on them. For a pooled value
        give :func:`harmonic_mean` of the sizes.

    Returns
    -------
    ndarray, same shape as `values`
        On the display scale.

    Raises
    ------
    StatsError
        For an unknown measure, or PFT without `n`.
    """
    array = np.asarray(values, dtype=np.float64)
    kind = measure_info(measure).back
    if kind == "double_arcsine":
        if n is None:
            raise StatsError("PFT is back-transformed with the group sizes; give n.")
        return PERCENT * inverse_double_arcsine(array, n)
    if kind == "exp":
        return np.exp(array)
    if kind == "logit":
        return PERCENT * expit(array)
    if kind == "arcsine":
        return PERCENT * _sine_squared(array)
    if kind == "percent":
        return PERCENT * np.clip(array, 0.0, 1.0)
    return array.copy()
