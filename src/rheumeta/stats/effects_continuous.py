"""Effect sizes of continuous outcomes, and of estimates reported with a confidence interval.

In measures of change, number 1 is the follow-up and number 2 the baseline.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, ndtri

from rheumeta.stats.effects_inputs import Floats, Options, Raw, as_floats, mean_by_size, plain, require

Inputs = Mapping[str, Floats]


def hedges_j(df: ArrayLike) -> Floats:
    """Exact small-sample factor of Hedges (1981, eq. 6e): Γ(m/2) / (√(m/2) Γ((m-1)/2)).

    Parameters
    ----------
    df : array-like, shape (k,)
        Degrees of freedom m of the standard deviation, above 1.

    Returns
    -------
    ndarray, shape (k,)
        The factor, between 0 and 1.

    Raises
    ------
    StatsError
        If a value is not above 1: the expectation of d does not exist.
    """
    m = as_floats("df", df)
    require("df", m, m > 1, "Hedges' correction needs more than 1 degree of freedom")
    factor: Floats = np.exp(gammaln(m / 2) - 0.5 * np.log(m / 2) - gammaln((m - 1) / 2))
    return factor


def _factor(df: Floats, options: Options) -> Floats:
    factor = hedges_j(df)
    return factor if options.correct else np.ones_like(factor)


def pooled_sd(sd1: Floats, n1: Floats, sd2: Floats, n2: Floats) -> Floats:
    """SD within two groups, from the weighted mean of the variances."""
    require("n1i", n1, n1 + n2 > 2, "a pooled SD needs more than 2 patients in both groups together")
    pooled: Floats = np.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    return pooled


def md(inputs: Inputs, options: Options) -> Raw:
    """Mean difference; `vtype` HO assumes equal variances in the groups (Borenstein et al. 2009, ch. 4)."""
    yi, n1, n2 = inputs["m1i"] - inputs["m2i"], inputs["n1i"], inputs["n2i"]
    if options.vtype == "HO":
        return plain(yi, pooled_sd(inputs["sd1i"], n1, inputs["sd2i"], n2) ** 2 * (1 / n1 + 1 / n2))
    return plain(yi, inputs["sd1i"] ** 2 / n1 + inputs["sd2i"] ** 2 / n2)


def smd(inputs: Inputs, options: Options) -> Raw:
    """Standardised mean difference (Hedges 1981), with one of four sampling variances.

    `vtype` LS: 1/n1 + 1/n2 + g²/2N (Hedges 1982). LS2: J²(1/n1 + 1/n2 + d²/2N)
    (Borenstein et al. 2009, eq. 4.20 and 4.24). UB: unbiased (Hedges 1983). AV: as LS, with the mean of
    all studies' g, weighted by N.
    """
    n1, n2 = inputs["n1i"], inputs["n2i"]
    m, n = n1 + n2 - 2, n1 + n2
    sd = _nonzero("sd1i", pooled_sd(inputs["sd1i"], n1, inputs["sd2i"], n2))
    d = (inputs["m1i"] - inputs["m2i"]) / sd
    return _smd(d, _factor(m, options), sizes=(n1, n2), m=m, n=n, vtype=options.vtype)


def _smd(d: Floats, factor: Floats, *, sizes: tuple[Floats, Floats], m: Floats, n: Floats, vtype: str) -> Raw:
    """Corrected d with its variance; the SD has m degrees of freedom and comes from n patients."""
    g, base = factor * d, 1 / sizes[0] + 1 / sizes[1]
    if vtype == "LS2":
        return plain(g, factor**2 * (base + d**2 / (2 * n)))
    if vtype == "UB":
        return plain(g, base + (1 - (m - 2) / (m * factor**2)) * g**2)
    typical = mean_by_size(g, sizes[0] + sizes[1]) if vtype == "AV" else g
    return plain(g, base + typical**2 / (2 * n))


def smd1(inputs: Inputs, options: Options) -> Raw:
    """Glass's delta with Hedges' correction: SD of group 2 (Glass 1976; Hedges 1981).

    The variance (1/n1 + 1/n2 + Δ²/2n2, large sample) assumes equal variances; its variants are those of
    :func:`smd` with n2 - 1 degrees of freedom. AV weights Δ by n1 + n2.
    """
    n1, n2 = inputs["n1i"], inputs["n2i"]
    sd = _nonzero("sd2i", inputs["sd2i"])
    d, m = (inputs["m1i"] - inputs["m2i"]) / sd, n2 - 1
    return _smd(d, _factor(m, options), sizes=(n1, n2), m=m, n=n2, vtype=options.vtype)


def rom(inputs: Inputs, options: Options) -> Raw:
    """Log ratio of means (Hedges, Gurevitch and Curtis 1999).

    With `correct`, half the difference of the two variance terms is added, which removes the bias of
    small samples (Lajeunesse 2015); these terms are those of LS whatever the `vtype`. `vtype` HO: both groups
    have the variance pooled_sd² (Hedges, Gurevitch and Curtis 1999). AV: each group's coefficient of
    variation is one in all studies, the mean weighted by the sizes of the groups. AVHO: one for both groups.

    Raises
    ------
    StatsError
        If the two means of a study have different signs, or one is zero.
    """
    m1, m2 = inputs["m1i"], inputs["m2i"]
    require("m1i", m1, m1 * m2 > 0, "a ratio of means needs two means of the same sign, not zero")
    vi1 = (inputs["sd1i"] / m1) ** 2 / inputs["n1i"]
    vi2 = (inputs["sd2i"] / m2) ** 2 / inputs["n2i"]
    yi = np.log(m1 / m2) + (vi1 - vi2) / 2 if options.correct else np.log(m1 / m2)
    return plain(yi, vi1 + vi2 if options.vtype == "LS" else _rom_variance(inputs, options.vtype))


def _rom_variance(inputs: Inputs, vtype: str) -> Floats:
    m1, m2, n1, n2 = (inputs[name] for name in ("m1i", "m2i", "n1i", "n2i"))
    sd1, sd2 = inputs["sd1i"], inputs["sd2i"]
    if vtype == "HO":
        shared: Floats = pooled_sd(sd1, n1, sd2, n2) ** 2 * (1 / (n1 * m1**2) + 1 / (n2 * m2**2))
        return shared
    cv1, cv2 = sd1 / np.abs(m1), sd2 / np.abs(m2)
    if vtype == "AV":
        apart: Floats = mean_by_size(cv1, n1) ** 2 / n1 + mean_by_size(cv2, n2) ** 2 / n2
        return apart
    both = mean_by_size(np.concatenate([cv1, cv2]), np.concatenate([n1, n2]))
    return both**2 * (1 / n1 + 1 / n2)


def change_sd(sd1: Floats, sd2: Floats, r: Floats) -> Floats:
    """SD of a change from the SDs of both times and their correlation (Handbook 6.5.2.8)."""
    variance: Floats = sd1**2 + sd2**2 - 2 * r * sd1 * sd2
    return np.sqrt(np.maximum(variance, 0.0))


def mc(inputs: Inputs, options: Options) -> Raw:
    """Mean change within one group, follow-up minus baseline."""
    sd = change_sd(inputs["sd1i"], inputs["sd2i"], inputs["ri"])
    return plain(inputs["m1i"] - inputs["m2i"], sd**2 / inputs["ni"])


def mc_change(inputs: Inputs, options: Options) -> Raw:
    """Mean change within one group, reported as such."""
    return plain(inputs["mi"], inputs["sdi"] ** 2 / inputs["ni"])


def smcc(inputs: Inputs, options: Options) -> Raw:
    """Mean change in units of the SD of change (Gibbons et al. 1993; Morris and DeShon 2002)."""
    sd = change_sd(inputs["sd1i"], inputs["sd2i"], inputs["ri"])
    return _smcc(inputs["m1i"] - inputs["m2i"], _nonzero("sd1i", sd), inputs["ni"], options)


def smcc_change(inputs: Inputs, options: Options) -> Raw:
    """Mean change in units of its own SD, both reported as change."""
    return _smcc(inputs["mi"], _nonzero("sdi", inputs["sdi"]), inputs["ni"], options)


def _smcc(change: Floats, sd: Floats, n: Floats, options: Options) -> Raw:
    factor = _factor(n - 1, options)
    d = change / sd
    g = factor * d
    if options.vtype == "LS2":
        return plain(g, factor**2 * (1 / n + d**2 / (2 * n)))
    return plain(g, 1 / n + g**2 / (2 * n))


def smcr(inputs: Inputs, options: Options) -> Raw:
    """Mean change in units of the SD at baseline, `sd2i` (Becker 1988).

    The large-sample variance, 2(1 - r)/n + g²/2n, assumes equal SDs at both times.
    """
    n, r = inputs["ni"], inputs["ri"]
    factor = _factor(n - 1, options)
    d = (inputs["m1i"] - inputs["m2i"]) / _nonzero("sd2i", inputs["sd2i"])
    g = factor * d
    if options.vtype == "LS2":
        return plain(g, factor**2 * (2 * (1 - r) / n + d**2 / (2 * n)))
    return plain(g, 2 * (1 - r) / n + g**2 / (2 * n))


def _nonzero(name: str, sd: Floats) -> Floats:
    require(name, sd, sd > 0, "a standardised measure needs a standard deviation above zero")
    return sd


def normal_width(level: Floats) -> Floats:
    """Width of a two-sided interval in standard errors; `level` in percent."""
    require("level", level, (level > 0) & (level < 100), "a level lies between 0 and 100 percent")
    width: Floats = 2 * ndtri(0.5 + level / 200)
    return width


def _interval_se(lower: Floats, estimate: Floats, upper: Floats, level: Floats) -> Floats:
    held = (lower <= estimate) & (estimate <= upper) & (lower < upper)
    require("lower", lower, held, "the interval does not hold its estimate")
    se: Floats = (upper - lower) / normal_width(level)
    return se


def from_interval(inputs: Inputs, options: Options) -> Raw:
    """Take an estimate on the analysis scale with a normal interval (Cochrane Handbook 6.3.1)."""
    se = _interval_se(inputs["lower"], inputs["yi"], inputs["upper"], inputs["level"])
    return plain(inputs["yi"], se**2)


def hr_interval(inputs: Inputs, options: Options) -> Raw:
    """Log hazard ratio from the ratio and its interval (Cochrane Handbook 6.3.2)."""
    require("lower", inputs["lower"], inputs["lower"] > 0, "the limit of a ratio is above zero")
    require("upper", inputs["upper"], inputs["upper"] > 0, "the limit of a ratio is above zero")
    hr, lower, upper = (np.log(inputs[name]) for name in ("hr", "lower", "upper"))
    return plain(hr, _interval_se(lower, hr, upper, inputs["level"]) ** 2)
