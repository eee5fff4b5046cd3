"""Standard deviations and standard errors from other statistics of one or two groups.

Sections are those of the Cochrane Handbook for Systematic Reviews of Interventions, version 6.
"""

from __future__ import annotations

import math
from typing import Literal

from rheumeta.stats.derive.derived import (
    SMALL_GROUP,
    Derived,
    above,
    finite,
    join,
    multiplier,
    ordered,
    two_sided_t,
    two_sided_z,
)

Distribution = Literal["t", "normal"]
LEVEL = 95.0
NORMAL_IQR_WIDTH = 1.35
"""Width of the interquartile range in SDs in a large normal sample (Handbook 6.5.2.5)."""

EXACT_P = "the p value is exact to its printed digits"
LIMIT_P = "only an upper limit of p is printed and stands for p"
LIMIT_WARNING = "conservative: the true p is smaller, and so are the true SE and SD"
EQUAL_SD = "both groups have the same SD"
SYMMETRIC = "the interval is symmetric about the estimate"


def sd_from_se(se: float, n: float) -> Derived:
    """SD of a group from the standard error of its mean (Handbook 6.5.2.2)."""
    above(0, se=se, n=n)
    return Derived(se * math.sqrt(n), "SD = SE·√n", {"SE": se, "n": n}, "Cochrane Handbook 6.5.2.2")


def se_from_ci(lower: float, upper: float, *, df: float | None = None, level: float = LEVEL) -> Derived:
    """Compute the standard error of a mean or a difference from its interval (Handbook 6.3.1).

    Parameters
    ----------
    lower, upper : float
        Limits, on a linear scale.
    df : float, optional
        Degrees of freedom if the interval is one of t; None for normal.
    level : float
        Percent.
    """
    ordered(lower=lower, upper=upper)
    factor = multiplier(level, df)
    symbol = "z" if df is None else f"t({df:g})"
    return Derived(
        (upper - lower) / (2 * factor),
        f"SE = (upper - lower)/(2·{symbol})",
        {"upper": upper, "lower": lower, symbol: factor},
        "Cochrane Handbook 6.3.1",
        SYMMETRIC,
    )


def sd_from_ci(
    lower: float, upper: float, n: float, *, level: float = LEVEL, distribution: Distribution = "t"
) -> Derived:
    """Compute the SD of a group from the interval of its mean (Handbook 6.5.2.2).

    Parameters
    ----------
    lower, upper : float
        Limits of the interval of the mean.
    n : float
        Size of the group, above 1.
    level : float
        Percent.
    distribution : {"t", "normal"}
        What the interval was made with. The Handbook takes t below 60 patients; above 100 there is
        hardly a difference.
    """
    ordered(lower=lower, upper=upper)
    above(1, n=n)
    factor = multiplier(level, n - 1 if distribution == "t" else None)
    symbol = f"t({n - 1:g})" if distribution == "t" else "z"
    small = distribution == "normal" and n < SMALL_GROUP
    return Derived(
        math.sqrt(n) * (upper - lower) / (2 * factor),
        f"SD = √n·(upper - lower)/(2·{symbol})",
        {"n": n, "upper": upper, "lower": lower, symbol: factor},
        "Cochrane Handbook 6.5.2.2",
        f"the {level:g} % interval was made with the {distribution} distribution",
        "a small group: an interval made with t would give a smaller SD" if small else None,
    )


def md_se_from_t(md: float, t: float) -> Derived:
    """Compute the standard error of a mean difference from its t statistic (Handbook 6.5.2.3)."""
    finite(md=md, t=t)
    above(0, abs_t=abs(t), abs_md=abs(md))
    return Derived(abs(md / t), "SE = |MD/t|", {"MD": md, "t": t}, "Cochrane Handbook 6.5.2.3")


def md_se_from_p(md: float, p: float, *, df: float | None, upper_limit: bool = False) -> Derived:
    """Compute the standard error of a mean difference from its two-sided p (Handbook 6.5.2.3).

    Parameters
    ----------
    md : float
        The difference, not zero.
    p : float
        Two-sided p value.
    df : float or None
        n1 + n2 - 2 for a t test of two groups, n - 1 for a paired one; None for a z test.
    upper_limit : bool
        True where only "p < ..." is printed; the limit then stands for p, which is conservative.
    """
    above(0, abs_md=abs(md))
    factor = two_sided_z(p) if df is None else two_sided_t(p, df)
    symbol = "z" if df is None else f"t({df:g})"
    return Derived(
        abs(md) / factor,
        f"SE = |MD|/{symbol}, {symbol} from the two-sided p",
        {"MD": md, "p": p, symbol: factor},
        "Cochrane Handbook 6.5.2.3",
        LIMIT_P if upper_limit else EXACT_P,
        LIMIT_WARNING if upper_limit else None,
    )


def md_se_from_ci(
    lower: float,
    upper: float,
    n1: float,
    n2: float,
    *,
    level: float = LEVEL,
    distribution: Distribution = "t",
) -> Derived:
    """Compute the standard error of a mean difference from its interval (Handbook 6.5.2.3)."""
    above(0, n1=n1, n2=n2)
    df = n1 + n2 - 2 if distribution == "t" else None
    return se_from_ci(lower, upper, df=df, level=level)


def sd_from_md_se(se: float, n1: float, n2: float) -> Derived:
    """Compute the SD within two groups from the standard error of their difference (Handbook 6.5.2.3)."""
    above(0, se=se, n1=n1, n2=n2)
    return Derived(
        se / math.sqrt(1 / n1 + 1 / n2),
        "SD = SE/√(1/n1 + 1/n2)",
        {"SE": se, "n1": n1, "n2": n2},
        "Cochrane Handbook 6.5.2.3",
        EQUAL_SD,
    )


def sd_from_t(md: float, t: float, n1: float, n2: float) -> Derived:
    """Compute the SD within two groups from the t test of their difference (Handbook 6.5.2.3)."""
    above(0, n1=n1, n2=n2)
    se = md_se_from_t(md, t).value
    return Derived(
        se / math.sqrt(1 / n1 + 1 / n2),
        "SD = |MD/t|/√(1/n1 + 1/n2)",
        {"MD": md, "t": t, "n1": n1, "n2": n2},
        "Cochrane Handbook 6.5.2.3",
        EQUAL_SD,
    )


def sd_from_f(md: float, f: float, n1: float, n2: float) -> Derived:
    """Compute the SD within two groups from F with 1 numerator df, F = t² (Handbook 6.5.2.3)."""
    above(0, f=f)
    via = sd_from_t(md, math.sqrt(f), n1, n2)
    return Derived(
        via.value,
        "SD = (|MD|/√F)/√(1/n1 + 1/n2)",
        {"MD": md, "F": f, "n1": n1, "n2": n2},
        "Cochrane Handbook 6.5.2.3; t² = F for two groups",
        f"{EQUAL_SD}; F has 1 numerator degree of freedom and no covariate",
    )


def sd_from_p(md: float, p: float, n1: float, n2: float, *, upper_limit: bool = False) -> Derived:
    """Compute the SD within two groups from the p of a t test (Handbook 6.5.2.3).

    `upper_limit` as in :func:`md_se_from_p`.
    """
    above(0, n1=n1, n2=n2)
    df = n1 + n2 - 2
    step = md_se_from_p(md, p, df=df, upper_limit=upper_limit)
    symbol = f"t({df:g})"
    return Derived(
        step.value / math.sqrt(1 / n1 + 1 / n2),
        f"SD = (|MD|/{symbol})/√(1/n1 + 1/n2), {symbol} from the two-sided p",
        {"MD": md, "p": p, symbol: step.inputs[symbol], "n1": n1, "n2": n2},
        "Cochrane Handbook 6.5.2.3",
        join(EQUAL_SD, step.assumption, "the test was a t test"),
        step.warning,
    )


def change_sd_from_p(change: float, p: float, n: float, *, upper_limit: bool = False) -> Derived:
    """Compute the SD of a change from the p of a paired t test (Handbook 6.5.2.2 and 6.5.2.3).

    `upper_limit` as in :func:`md_se_from_p`.
    """
    above(1, n=n)
    step = md_se_from_p(change, p, df=n - 1, upper_limit=upper_limit)
    symbol = f"t({n - 1:g})"
    return Derived(
        step.value * math.sqrt(n),
        f"SDc = √n·|change|/{symbol}, {symbol} from the two-sided p",
        {"n": n, "change": change, "p": p, symbol: step.inputs[symbol]},
        "Cochrane Handbook 6.5.2.2 and 6.5.2.3",
        join(step.assumption, "the test was a paired t test"),
        step.warning,
    )


def sd_from_iqr_width(q1: float, q3: float) -> Derived:
    """Compute the SD from the width of the interquartile range in a large sample (Handbook 6.5.2.5)."""
    ordered(q1=q1, q3=q3)
    return Derived(
        (q3 - q1) / NORMAL_IQR_WIDTH,
        f"SD = (q3 - q1)/{NORMAL_IQR_WIDTH}",
        {"q3": q3, "q1": q1},
        "Cochrane Handbook 6.5.2.5",
        "the sample is large and its distribution close to normal",
    )
