"""From a relative effect and an assumed risk to the risk with treatment."""

from __future__ import annotations

from rheumeta.errors import StatsError

RELATIVE = frozenset({"RR", "OR", "PETO", "HR", "RD"})
"""Measures from which a risk can be had."""


def risk_with(assumed: float, effect: float, measure: str) -> float:
    """Return the risk with treatment that an assumed risk without it and an effect imply.

    Parameters
    ----------
    assumed : float
        Risk without treatment, 0 to 1.
    effect : float
        Effect on the display scale: ratio, or difference of risks as a fraction of 1.
    measure : str
        RR, OR, PETO (an odds ratio), HR or RD.

    Returns
    -------
    float
        Risk, cut to 0 to 1: a ratio above 1 / `assumed` would leave it.

    Raises
    ------
    StatsError
        If the measure gives no risk, or the assumed risk is not between 0 and 1.

    Notes
    -----
    RR and OR: Cochrane Handbook version 6, sections 15.4.4.2 and 15.4.4.4. HR: 1 - (1 - r)^HR, the
    survival function under proportional hazards (Parmar 1998, Stat Med 17, 2815). RD: by definition.
    """
    if not 0 <= assumed <= 1:
        raise StatsError(f"an assumed risk lies between 0 and 1; it is {assumed!r}")
    if measure == "RR":
        risk = assumed * effect
    elif measure in ("OR", "PETO"):
        risk = effect * assumed / (1 - assumed + effect * assumed)
    elif measure == "HR":
        risk = 1 - (1 - assumed) ** effect
    elif measure == "RD":
        risk = assumed + effect
    else:
        raise StatsError(f"no risk follows from the measure {measure!r}")
    return min(1.0, max(0.0, risk))
