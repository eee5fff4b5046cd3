"""Guards that all methods for small-study effects share."""

from __future__ import annotations

import numpy as np

from rheumeta.errors import StatsError

MIN_K = 3
"""A line through two studies leaves no residual: below three studies every test here refuses."""

ADVISED_K = 10
"""Fewest studies for which a test of funnel plot asymmetry is advised (Cochrane Handbook 6.5, section
13.3.5.4; Sterne et al. 2011, BMJ 343:d4002)."""

EQUAL = 1e-10
"""Relative differences below this are rounding, not a difference in precision."""


def require_studies(k: int, *, what: str, least: int = MIN_K) -> tuple[str, ...]:
    """Refuse too few studies; return a note where there are fewer than advised.

    Parameters
    ----------
    k : int
        Number of studies.
    what : str
        The method, as the beginning of a sentence.
    least : int
        Fewest studies with which it can be computed.

    Returns
    -------
    tuple of str
        Empty from `ADVISED_K` studies on.

    Raises
    ------
    StatsError
        For fewer than `least` studies.
    """
    if k < least:
        raise StatsError(f"{what} needs at least {least} studies, here there are {k}.")
    if k >= ADVISED_K:
        return ()
    return (
        f"Only {k} studies: with fewer than {ADVISED_K} tests for small-study effects are not advised "
        "(Cochrane Handbook 13.3.5.4), because they can hardly tell chance from asymmetry.",
    )


def require_spread(values: np.ndarray, *, what: str) -> None:
    """Raise StatsError where all values are equal, so that nothing can be seen to depend on them."""
    if np.ptp(values) <= EQUAL * float(np.abs(values).max()):
        raise StatsError(f"{what} is the same in all studies: asymmetry cannot be tested.")
