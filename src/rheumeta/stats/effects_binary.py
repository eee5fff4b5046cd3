"""Effect sizes of dichotomous outcomes and of events in person-time, on the analysis scale.

The two-by-two table is a events and b others of n1 in group 1, c events and d others of n2 in group 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rheumeta.stats.effects_inputs import Bools, Floats, Options, Raw, mean_by_size, plain

Inputs = Mapping[str, Floats]
Cells = tuple[Floats, ...]


def where_to_add(cells: Cells, options: Options) -> Bools:
    """Return the mask of studies whose cells get the correction."""
    zero = np.any([cell == 0 for cell in cells], axis=0)
    masks = {
        "only0": zero,
        "all": np.ones_like(zero),
        "if0all": np.full_like(zero, bool(zero.any())),
        "none": np.zeros_like(zero),
        "variance0": zero,
    }
    mask: Bools = masks[options.to]
    return mask if options.add > 0 else np.zeros_like(zero)


def add_to_cells(cells: Cells, options: Options) -> tuple[Cells, Bools]:
    """Return the cells after correction, and which studies were corrected."""
    mask = where_to_add(cells, options)
    return tuple(cell + np.where(mask, options.add, 0.0) for cell in cells), mask


def table(inputs: Inputs) -> Cells:
    """Return the cells a, b, c, d."""
    a, c = inputs["ai"], inputs["ci"]
    return a, inputs["n1i"] - a, c, inputs["n2i"] - c


def two_by_two(inputs: Inputs, options: Options) -> tuple[Cells, Bools, Bools]:
    """Return corrected cells, the mask of corrected studies, and of those that are kept."""
    cells = table(inputs)
    a, b, c, d = cells
    double_zero = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    corrected, mask = add_to_cells(cells, options)
    return corrected, mask, ~double_zero if options.drop00 else np.ones_like(double_zero)


def rr(inputs: Inputs, options: Options) -> Raw:
    """Log risk ratio (Katz et al. 1978)."""
    (a, b, c, d), mask, usable = two_by_two(inputs, options)
    n1, n2 = a + b, c + d
    yi = np.log(a / n1) - np.log(c / n2)
    return Raw(yi, 1 / a - 1 / n1 + 1 / c - 1 / n2, mask, usable)


def odds_ratio(inputs: Inputs, options: Options) -> Raw:
    """Log odds ratio with the variance of Woolf (1955)."""
    (a, b, c, d), mask, usable = two_by_two(inputs, options)
    return Raw(np.log(a * d) - np.log(b * c), 1 / a + 1 / b + 1 / c + 1 / d, mask, usable)


def rd(inputs: Inputs, options: Options) -> Raw:
    """Risk difference with the binomial variance of each group; variants as :func:`proportion`."""
    cells, mask, usable = two_by_two(inputs, options)
    a, b, c, d = cells
    n1, n2 = a + b, c + d
    vi = binomial_variance(a, n1, usable, options.vtype) + binomial_variance(c, n2, usable, options.vtype)
    a, b, c, d = table(inputs) if options.to == "variance0" else cells
    return Raw(a / (a + b) - c / (c + d), vi, mask, usable)


def arcsine(inputs: Inputs, options: Options) -> Raw:
    """Arcsine difference (Rücker et al. 2009)."""
    (a, b, c, d), mask, usable = two_by_two(inputs, options)
    n1, n2 = a + b, c + d
    yi = np.arcsin(np.sqrt(a / n1)) - np.arcsin(np.sqrt(c / n2))
    return Raw(yi, 1 / (4 * n1) + 1 / (4 * n2), mask, usable)


def peto(inputs: Inputs, options: Options) -> Raw:
    """Peto's log odds ratio, (O - E) / V (Yusuf et al. 1985, appendix).

    A study without events, or with only events, in both groups has V = 0 and no estimate; it is marked
    as not usable.
    """
    (a, b, c, d), mask, usable = two_by_two(inputs, options)
    n1, n2, events, others = a + b, c + d, a + c, b + d
    n = n1 + n2
    variance = n1 * n2 * events * others / (n**2 * (n - 1))
    usable = usable & (variance > 0)
    safe = np.where(variance > 0, variance, 1.0)
    return Raw((a - events * n1 / n) / safe, 1 / safe, mask, usable)


def single(inputs: Inputs, options: Options) -> tuple[Floats, Floats, Bools]:
    """Return corrected events, corrected n and the mask of corrected groups."""
    (x, y), mask = add_to_cells((inputs["xi"], inputs["ni"] - inputs["xi"]), options)
    return x, x + y, mask


def binomial_variance(x: Floats, n: Floats, usable: Bools, vtype: str) -> Floats:
    """Variance of x / n: p(1 - p)/n (LS), p(1 - p)/(n - 1) (UB), or with the p of all studies (AV)."""
    if vtype == "UB":
        unbiased: Floats = x * (n - x) / (n**2 * (n - 1))
        return unbiased
    if vtype == "AV":
        p = shared_proportion(x, n, usable)
        return p * (1 - p) / n
    variance: Floats = x * (n - x) / n**3
    return variance


def shared_proportion(x: Floats, n: Floats, usable: Bools) -> np.float64:
    """Proportion over all studies that have an estimate."""
    return mean_by_size((x / n)[usable], n[usable]) if usable.any() else np.float64(np.nan)


def proportion(inputs: Inputs, options: Options) -> Raw:
    """Raw proportion with its binomial variance: LS, UB (unbiased) or AV (from the mean proportion)."""
    x, n, mask = single(inputs, options)
    estimate = inputs["xi"] / inputs["ni"] if options.to == "variance0" else x / n
    usable = np.ones_like(mask)
    return Raw(estimate, binomial_variance(x, n, usable, options.vtype), mask, usable)


def logit(inputs: Inputs, options: Options) -> Raw:
    """Logit of a proportion (delta method); `vtype` AV has the mean proportion in its variance."""
    x, n, mask = single(inputs, options)
    usable = np.ones_like(mask)
    typical = n * shared_proportion(x, n, usable) if options.vtype == "AV" else x
    return Raw(np.log(x / (n - x)), 1 / typical + 1 / (n - typical), mask, usable)


def arcsine_proportion(inputs: Inputs, options: Options) -> Raw:
    """Arcsine square root of a proportion."""
    x, n, mask = single(inputs, options)
    return Raw(np.arcsin(np.sqrt(x / n)), 1 / (4 * n), mask, np.ones_like(mask))


def double_arcsine(inputs: Inputs, options: Options) -> Raw:
    """Double arcsine of a proportion, half the sum (Freeman and Tukey 1950, p. 607)."""
    x, n, mask = single(inputs, options)
    yi = (np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))) / 2
    return Raw(yi, 1 / (4 * n + 2), mask, np.ones_like(mask))


def rate(inputs: Inputs, options: Options) -> Raw:
    """Incidence rate with its Poisson variance."""
    (x,), mask = add_to_cells((inputs["xi"],), options)
    return Raw(x / inputs["ti"], x / inputs["ti"] ** 2, mask, np.ones_like(mask))


def log_rate(inputs: Inputs, options: Options) -> Raw:
    """Log incidence rate with the delta-method variance."""
    (x,), mask = add_to_cells((inputs["xi"],), options)
    return Raw(np.log(x / inputs["ti"]), 1 / x, mask, np.ones_like(mask))


def rate_ratio(inputs: Inputs, options: Options) -> Raw:
    """Log incidence rate ratio (Cochrane Handbook 6.7.1)."""
    cells = (inputs["x1i"], inputs["x2i"])
    (x1, x2), mask = add_to_cells(cells, options)
    none = (cells[0] == 0) & (cells[1] == 0)
    usable = ~none if options.drop00 else np.ones_like(none)
    yi = np.log(x1 / inputs["t1i"]) - np.log(x2 / inputs["t2i"])
    return Raw(yi, 1 / x1 + 1 / x2, mask, usable)


def reported(inputs: Inputs, options: Options) -> Raw:
    """Take an estimate on the analysis scale with its standard error, as reported."""
    return plain(inputs["yi"], inputs["sei"] ** 2)


def reported_variance(inputs: Inputs, options: Options) -> Raw:
    """Take an estimate on the analysis scale with its variance, as reported."""
    return plain(inputs["yi"], inputs["vi"])
