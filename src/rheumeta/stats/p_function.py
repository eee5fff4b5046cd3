"""The p-value function: the p value of an estimate against every value that could be the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats


def p_value_function(theta: ArrayLike, estimate: float, se: float, *, df: float | None = None) -> Floats:
    """Return the two-sided p value of an estimate against each true value.

    Parameters
    ----------
    theta : array_like, shape (n,)
        True values, analysis scale.
    estimate, se : float
        Estimate and its standard error (> 0), analysis scale.
    df : float, optional
        Degrees of freedom of a t distribution; None for the normal.

    Returns
    -------
    ndarray, shape (n,)
        p values, 0 to 1: 1 where theta is the estimate, and alpha at the limits of its 1 - alpha interval.

    Raises
    ------
    StatsError
        If the standard error or the degrees of freedom are not positive.

    Notes
    -----
    Infanger and Schmidt-Trucksäss (2019), Stat Med 38:4189-4197; all studies in one plot: Rücker and
    Schwarzer (2021), Res Synth Methods 12:70-80.
    """
    if not se > 0 or (df is not None and not df > 0):
        raise StatsError(f"standard error and degrees of freedom must be positive, not {se!r} and {df!r}.")
    distance = np.abs(np.asarray(theta, dtype=np.float64) - estimate) / se
    tail = special.ndtr(-distance) if df is None else special.stdtr(df, -distance)
    return 2.0 * np.asarray(tail, dtype=np.float64)
