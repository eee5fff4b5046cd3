"""Change from baseline: its SD, and the correlation behind it."""

from __future__ import annotations

import math

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, above, finite

SOURCE = "Cochrane Handbook 6.5.2.8"


def change_sd(sd_baseline: float, sd_final: float, r: float, *, borrowed: str | None = None) -> Derived:
    """Compute the SD of a change from both SDs and their correlation (Handbook 6.5.2.8).

    Parameters
    ----------
    sd_baseline, sd_final : float
        SDs at both times.
    r : float
        Correlation of baseline and follow-up, between -1 and 1.
    borrowed : str, optional
        Where the correlation comes from, if not from this study; becomes the assumption.
    """
    above(0, sd_baseline=sd_baseline, sd_final=sd_final)
    finite(r=r)
    if not -1 <= r <= 1:
        raise StatsError(f"r is {r!r}: a correlation lies between -1 and 1.")
    variance = sd_baseline**2 + sd_final**2 - 2 * r * sd_baseline * sd_final
    return Derived(
        math.sqrt(max(variance, 0.0)),
        "SDc = √(SDb² + SDf² - 2·r·SDb·SDf)",
        {"SDb": sd_baseline, "SDf": sd_final, "r": r},
        SOURCE,
        f"the correlation of baseline and follow-up is {r:g} ({borrowed or 'given'})",
    )


def correlation(sd_baseline: float, sd_final: float, sd_change: float) -> Derived:
    """Compute the correlation of baseline and follow-up from three SDs (Handbook 6.5.2.8).

    Raises
    ------
    StatsError
        If the three SDs contradict each other: the correlation would leave -1 to 1.
    """
    above(0, sd_baseline=sd_baseline, sd_final=sd_final, sd_change=sd_change)
    r = (sd_baseline**2 + sd_final**2 - sd_change**2) / (2 * sd_baseline * sd_final)
    if abs(r) > 1:
        raise StatsError(
            f"The SDs {sd_baseline!r}, {sd_final!r} and {sd_change!r} (change) contradict each other: "
            f"the correlation would be {r:.3f}."
        )
    return Derived(
        r,
        "r = (SDb² + SDf² - SDc²)/(2·SDb·SDf)",
        {"SDb": sd_baseline, "SDf": sd_final, "SDc": sd_change},
        SOURCE,
        None,
        "a correlation below zero is unusual; check the SDs" if r < 0 else None,
    )


def mean_change(baseline: float, final: float) -> Derived:
    """Compute the mean change, follow-up minus baseline; exact if the same patients stand behind both."""
    finite(baseline=baseline, final=final)
    return Derived(
        final - baseline,
        "change = final - baseline",
        {"final": final, "baseline": baseline},
        "Cochrane Handbook 6.5.2.8",
        "the same patients stand behind both means",
    )


def final_from_percent_change(baseline: float, percent: float) -> Derived:
    """Compute the follow-up mean from the baseline mean and the percent change of the means."""
    finite(baseline=baseline, percent=percent)
    return Derived(
        baseline * (1 + percent / 100),
        "final = baseline·(1 + percent/100)",
        {"baseline": baseline, "percent": percent},
        "algebra",
        "the percent change is that of the group means, not the mean of the patients' percent changes",
    )
