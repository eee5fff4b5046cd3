"""Ratios with intervals, and standardised differences from test statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, above, finite, multiplier, two_sided_t, two_sided_z
from rheumeta.stats.derive.rounding import printed
from rheumeta.stats.effects_continuous import hedges_j

LEVEL = 95.0


@dataclass(frozen=True)
class Effect:
    """An estimate on the analysis scale with its standard error."""

    estimate: Derived
    se: Derived


def log_ratio_from_ci(ratio: str, lower: str, upper: str, *, level: float = LEVEL) -> Effect:
    """Compute the log of a ratio and its standard error from the printed interval (Handbook 6.3.2).

    The printed numbers are taken as text, so that their rounding is known. A Wald interval is symmetric
    on the log scale; if the ratio is not the geometric mean of the limits within rounding, a warning
    says so.

    Parameters
    ----------
    ratio, lower, upper : str
        As printed, all above 0.
    level : float
        Percent.

    Raises
    ------
    StatsError
        If a limit is not above 0, or the interval does not hold the ratio.
    """
    estimate, low, high = (printed(text)[0] for text in (ratio, lower, upper))
    above(0, ratio=estimate, lower=low, upper=high)
    if not low <= estimate <= high or low == high:
        raise StatsError(f"The interval {lower} to {upper} does not hold its estimate {ratio}.")
    z = multiplier(level, None)
    warning = (
        None
        if _symmetric(ratio, lower, upper)
        else (
            f"the interval {lower} to {upper} is not symmetric about {ratio} on the log scale "
            f"(its centre is {math.sqrt(low * high):.4g})"
        )
    )
    source = "Cochrane Handbook 6.3.2"
    why = "the interval is normal on the log scale"
    return Effect(
        Derived(math.log(estimate), "ln(ratio)", {"ratio": estimate}, source),
        Derived(
            (math.log(high) - math.log(low)) / (2 * z),
            "SE = (ln(upper) - ln(lower))/(2·z)",
            {"upper": high, "lower": low, "z": z},
            source,
            why,
            warning,
        ),
    )


def _symmetric(ratio: str, lower: str, upper: str) -> bool:
    """Tell whether the interval may be symmetric on the log scale, given the rounding of each number."""
    (centre, half), (low, half_low), (high, half_high) = map(printed, (ratio, lower, upper))
    least = math.sqrt(max(low - half_low, 0.0) * (high - half_high))
    most = math.sqrt((low + half_low) * (high + half_high))
    return least <= centre + half and centre - half <= most


def log_ratio_from_p(ratio: float, p: float) -> Effect:
    """Compute the log of a ratio and its standard error from an exact two-sided p (Handbook 6.3.2)."""
    above(0, ratio=ratio)
    if ratio == 1:
        raise StatsError("ratio is 1: its standard error cannot come from a p value.")
    z = two_sided_z(p)
    source = "Cochrane Handbook 6.3.2"
    return Effect(
        Derived(math.log(ratio), "ln(ratio)", {"ratio": ratio}, source),
        Derived(
            abs(math.log(ratio)) / z,
            "SE = |ln(ratio)|/z, z from the two-sided p",
            {"ratio": ratio, "p": p, "z": z},
            source,
            "the p value is exact and from a Wald test on the log scale",
        ),
    )


def smd_from_d(d: float, n1: float, n2: float) -> Effect:
    """Compute Hedges' g and its standard error from Cohen's d (Borenstein et al. 2009, eq. 4.20-4.24).

    The variance is that of the default of SMD: 1/n1 + 1/n2 + g²/(2·(n1+n2)).
    """
    finite(d=d)
    above(1, n1=n1, n2=n2)
    factor = float(hedges_j(n1 + n2 - 2)[0])
    g = factor * d
    source = "Hedges 1981, eq. 6e; Borenstein et al. 2009, ch. 4"
    sizes = {"n1": n1, "n2": n2}
    return Effect(
        Derived(g, "g = J(n1+n2-2)·d", {"d": d, "J": factor, **sizes}, source),
        Derived(
            math.sqrt(1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))),
            "SE = √(1/n1 + 1/n2 + g²/(2·(n1+n2)))",
            {"g": g, **sizes},
            source,
        ),
    )


def smd_from_t(t: float, n1: float, n2: float) -> Effect:
    """Compute Hedges' g from the t statistic of two groups, d = t·√(1/n1 + 1/n2) (Handbook 6.5.2.3).

    The sign is that of `t`.
    """
    finite(t=t)
    above(1, n1=n1, n2=n2)
    via = smd_from_d(t * math.sqrt(1 / n1 + 1 / n2), n1, n2)
    inputs = {"t": t, "n1": n1, "n2": n2, "J": via.estimate.inputs["J"]}
    source = f"{via.estimate.source}; d = t·√(1/n1 + 1/n2)"
    return Effect(
        Derived(via.estimate.value, "g = J(n1+n2-2)·t·√(1/n1 + 1/n2)", inputs, source, "equal SDs (t test)"),
        via.se,
    )


def smd_from_p(p: float, n1: float, n2: float, *, positive: bool) -> Effect:
    """Compute Hedges' g from an exact two-sided p of a t test and the direction of the difference."""
    above(1, n1=n1, n2=n2)
    t = two_sided_t(p, n1 + n2 - 2)
    via = smd_from_t(t if positive else -t, n1, n2)
    estimate = Derived(
        via.estimate.value,
        "g = J(n1+n2-2)·t·√(1/n1 + 1/n2), t from the two-sided p with n1+n2-2 df",
        {"p": p, **via.estimate.inputs},
        via.estimate.source,
        "equal SDs (t test); the p value is exact to its printed digits",
    )
    return Effect(estimate, via.se)
