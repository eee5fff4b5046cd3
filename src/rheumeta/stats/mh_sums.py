"""The sums of Mantel-Haenszel and Peto over many analyses at once, arrays of shape (m, kmax).

The table of a study is a events and b others of n1 in group 1, c events and d others of n2 in
group 2; n = n1 + n2. Padded places hold zeros throughout and carry no weight.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import special

from rheumeta.stats.batch import Bools, Floats, Ints
from rheumeta.stats.effects import effect_size

Measure = Literal["RR", "OR", "RD"]
ZeroCells = Literal["none", "revman"]
RateMeasure = Literal["IRR", "IRD"]
Columns = Mapping[str, Floats]
"""The counts by name, each of shape (m, kmax)."""

CORRECTION = 0.5
"""Added to every cell of a study with a zero cell under ``zero_cells="revman"`` (Cochrane Handbook
6.5, section 10.4.4.1)."""


@dataclass(frozen=True)
class Pooled:
    """Sums of m analyses.

    Attributes
    ----------
    estimate, se : ndarray, shape (m,)
        On the analysis scale; NaN where undefined.
    weights : ndarray, shape (m, kmax)
        Not scaled.
    q, q_k : ndarray, shape (m,)
        Cochran's Q and the number of studies in it.
    used, corrected : ndarray of bool, shape (m, kmax)
        Studies that carry information, and those that got half an event.
    cmh : ndarray, shape (m,)
        Mantel-Haenszel test; NaN where there is none.
    undefined : str
        Why an analysis without an estimate has none.
    """

    estimate: Floats
    se: Floats
    weights: Floats
    q: Floats
    q_k: Ints
    used: Bools
    corrected: Bools
    cmh: Floats
    undefined: str


@dataclass(frozen=True)
class _Tables:
    a: Floats
    b: Floats
    c: Floats
    d: Floats
    informative: Bools
    corrected: Bools

    @property
    def n1(self) -> Floats:
        return self.a + self.b

    @property
    def n2(self) -> Floats:
        return self.c + self.d

    @property
    def n(self) -> Floats:
        return self.n1 + self.n2


def mantel_haenszel_sums(
    counts: Columns, mask: Bools, *, measure: Measure, zero_cells: ZeroCells, correct: bool
) -> Pooled:
    """Return the Mantel-Haenszel sums of ai, n1i, ci, n2i; see `mantel_haenszel`."""
    revman = zero_cells == "revman" and measure != "RD"
    plain = _tables(counts, mask, correct=False)
    tables = _informative(_tables(counts, mask, correct=True)) if revman else plain
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se, weights = _SUMS[measure](tables, zero_cells)
        defined = np.isfinite(estimate) & np.isfinite(se) & (se > 0)
    y, v, use = _effects(measure, counts, mask)
    cmh = _cmh(plain, correct=correct) if measure == "OR" else np.full(len(mask), np.nan)
    return Pooled(
        np.where(defined, estimate, np.nan), np.where(defined, se, np.nan), weights,
        _sum(np.where(use, (y - estimate[:, None]) ** 2 / v, 0.0)), use.sum(axis=1),
        mask if measure == "RD" else tables.informative, tables.corrected, cmh,
        f"the Mantel-Haenszel {measure} is undefined: a group has no events, or only events, in all.",
    )  # fmt: skip


def peto_sums(counts: Columns, mask: Bools) -> Pooled:
    """Return Peto's sums of ai, n1i, ci, n2i; see `peto`."""
    y, v, use = _effects("PETO", counts, mask)
    weight = np.where(use, 1.0 / v, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se = _sum(weight * y) / _sum(weight), 1.0 / np.sqrt(_sum(weight))
    any_use = use.any(axis=1)
    return Pooled(
        estimate, np.where(any_use, se, np.nan), weight, _sum(weight * (y - estimate[:, None]) ** 2),
        use.sum(axis=1), use, np.zeros_like(use), np.full(len(mask), np.nan),
        "Peto's odds ratio is undefined: no study has both patients with and without event.",
    )  # fmt: skip


def rate_sums(counts: Columns, mask: Bools, *, measure: RateMeasure, correct: bool) -> Pooled:
    """Return the Mantel-Haenszel sums of x1i, t1i, x2i, t2i; see `mantel_haenszel_rates`."""
    x1, t1, x2, t2 = (counts[name] for name in ("x1i", "t1i", "x2i", "t2i"))
    informative = x1 + x2 > 0
    defined = (_sum(x1) > 0) & (_sum(x2) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate, se, weights = _RATES[measure](x1, t1, x2, t2)
    y, v = _rate_effects(measure, counts, informative)
    q = _sum(np.where(informative, (y - estimate[:, None]) ** 2 / v, 0.0))
    cmh = _rate_test(x1, t1, x2, t2, correct=correct) if measure == "IRR" else np.full(len(mask), np.nan)
    return Pooled(
        np.where(defined, estimate, np.nan), np.where(defined, se, np.nan), weights,
        q, informative.sum(axis=1), informative if measure == "IRR" else mask, np.zeros_like(mask), cmh,
        f"the Mantel-Haenszel {measure} is undefined: a group has no events in all.",
    )  # fmt: skip


def _sum(values: Floats) -> Floats:
    return np.asarray(values.sum(axis=1), dtype=np.float64)


def _tables(counts: Columns, mask: Bools, *, correct: bool) -> _Tables:
    a, c = counts["ai"], counts["ci"]
    b, d = counts["n1i"] - a, counts["n2i"] - c
    informative = mask & (a + c > 0) & (b + d > 0)
    corrected = informative & ((a == 0) | (b == 0) | (c == 0) | (d == 0)) & correct
    add = np.where(corrected, CORRECTION, 0.0)
    return _Tables(a + add, b + add, c + add, d + add, informative, corrected)


def _informative(tables: _Tables) -> _Tables:
    # Studies with no or only events in both groups: no information on a ratio, no part in the sums.
    cells = {name: np.where(tables.informative, getattr(tables, name), 0.0) for name in ("a", "b", "c", "d")}
    return dataclasses.replace(tables, **cells)


def _effects(measure: str, counts: Columns, mask: Bools) -> tuple[Floats, Floats, Bools]:
    # Effects and variances of the studies with information, 0 and 1 elsewhere.
    given: dict[str, Any] = {name: values[mask] for name, values in counts.items()}
    found = effect_size(measure, drop00=True, **given)
    y, v, use = np.zeros(mask.shape), np.ones(mask.shape), np.zeros(mask.shape, dtype=bool)
    use[mask] = found.usable
    y[use], v[use] = found.yi[found.usable], found.vi[found.usable]
    return y, v, use


def _per(value: Floats, n: Floats) -> Floats:
    return np.where(n > 0, value / np.where(n > 0, n, 1.0), 0.0)


def _sums_or(t: _Tables, _: ZeroCells) -> tuple[Floats, Floats, Floats]:
    r, s = _per(t.a * t.d, t.n), _per(t.b * t.c, t.n)
    p, q = _per(t.a + t.d, t.n), _per(t.b + t.c, t.n)
    big_r, big_s = _sum(r), _sum(s)
    variance = (
        _sum(p * r) / (2 * big_r**2)
        + _sum(p * s + q * r) / (2 * big_r * big_s)
        + _sum(q * s) / (2 * big_s**2)
    )
    return np.log(big_r) - np.log(big_s), np.sqrt(variance), s


def _sums_rr(t: _Tables, _: ZeroCells) -> tuple[Floats, Floats, Floats]:
    r, s = _per(t.a * t.n2, t.n), _per(t.c * t.n1, t.n)
    d = _per(t.n1 * t.n2 * (t.a + t.c) - t.a * t.c * t.n, t.n**2)
    return np.log(_sum(r)) - np.log(_sum(s)), np.sqrt(_sum(d) / (_sum(r) * _sum(s))), s


def _sums_rd(t: _Tables, zero_cells: ZeroCells) -> tuple[Floats, Floats, Floats]:
    w = _per(t.n1 * t.n2, t.n)
    estimate = _sum(_per(t.a * t.n2 - t.c * t.n1, t.n)) / _sum(w)
    if zero_cells == "revman":  # Greenland and Robins (1985)
        j = _per(t.a * t.b * t.n2**3 + t.c * t.d * t.n1**3, t.n1 * t.n2 * t.n**2)
        return estimate, np.sqrt(_sum(j)) / _sum(w), w
    f1, f2 = _per(t.n1, t.n), _per(t.n2, t.n)  # Sato, Greenland and Robins (1989)
    p = t.c * f1**2 - t.a * f2**2 + f1 * f2 * (t.n2 - t.n1) / 2
    q = _per(t.a * t.d + t.b * t.c, 2 * t.n)
    return estimate, np.sqrt(estimate * _sum(p) + _sum(q)) / _sum(w), w


_SUMS: dict[str, Callable[[_Tables, ZeroCells], tuple[Floats, Floats, Floats]]] = {
    "OR": _sums_or,
    "RR": _sums_rr,
    "RD": _sums_rd,
}


def _cmh(t: _Tables, *, correct: bool) -> Floats:
    # Mantel and Haenszel (1959), p. 724-725: (|sum (O - E)| - 0.5)^2 / sum V.
    events, others = t.a + t.c, t.b + t.d
    known = np.where(t.informative, t.n1 * t.n2 * events * others, 0.0)
    variance = _sum(_per(known, t.n**2 * (t.n - 1)))
    return _corrected_square(_sum(t.a - _per(t.n1 * events, t.n)), variance, correct=correct)


def _corrected_square(difference: Floats, variance: Floats, *, correct: bool) -> Floats:
    excess = np.maximum(0.0, np.abs(difference) - (0.5 if correct else 0.0))
    return np.where(variance > 0, excess**2 / np.where(variance > 0, variance, 1.0), np.nan)


def _ratio(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> tuple[Floats, Floats, Floats]:
    total = t1 + t2
    r, s = _per(x1 * t2, total), _per(x2 * t1, total)
    variance = _sum(_per(t1 * t2 * (x1 + x2), total**2)) / (_sum(r) * _sum(s))
    return np.log(_sum(r)) - np.log(_sum(s)), np.sqrt(variance), s


def _difference(x1: Floats, t1: Floats, x2: Floats, t2: Floats) -> tuple[Floats, Floats, Floats]:
    total = t1 + t2
    w = _per(t1 * t2, total)
    estimate = _sum(_per(x1 * t2 - x2 * t1, total)) / _sum(w)
    variance = _sum(w**2 * (_per(x1, t1**2) + _per(x2, t2**2))) / _sum(w) ** 2
    return estimate, np.sqrt(variance), w


_RATES = {"IRR": _ratio, "IRD": _difference}


def _rate_effects(measure: RateMeasure, counts: Columns, use: Bools) -> tuple[Floats, Floats]:
    if measure == "IRR":
        return _effects("IRR", counts, use)[:2]
    x1, t1, x2, t2 = (counts[name] for name in ("x1i", "t1i", "x2i", "t2i"))
    variance = _per(x1, t1**2) + _per(x2, t2**2)
    return _per(x1, t1) - _per(x2, t2), np.where(use, variance, 1.0)


def _rate_test(x1: Floats, t1: Floats, x2: Floats, t2: Floats, *, correct: bool) -> Floats:
    # Group 1's share of the events given their sum (Rothman, Greenland and Lash 2008, ch. 15).
    total, events = t1 + t2, x1 + x2
    variance = _sum(_per(events * t1 * t2, total**2))
    return _corrected_square(_sum(x1 - _per(events * t1, total)), variance, correct=correct)


@dataclass(frozen=True)
class Tested:
    """Wald test, interval and heterogeneity of pooled sums, arrays of shape (m,), NaN for none."""

    ci_lb: Floats
    ci_ub: Floats
    statistic: Floats
    pval: Floats
    q_df: Ints
    q_pval: Floats
    i2: Floats
    h2: Floats
    cmh_pval: Floats


def tested(pooled: Pooled, *, level: float) -> Tested:
    """Return tests by the normal and chi-squared distributions; q_pval is 1 for one study."""
    half = float(special.ndtri(0.5 + level / 200)) * pooled.se
    df = np.maximum(0, pooled.q_k - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = pooled.estimate / pooled.se
        h2 = np.where(df > 0, pooled.q / df, np.nan)
        i2 = np.where(h2 > 0, 100.0 * np.maximum(0.0, 1.0 - 1.0 / h2), 0.0 * h2)
    return Tested(
        ci_lb=pooled.estimate - half,
        ci_ub=pooled.estimate + half,
        statistic=z,
        pval=2 * special.ndtr(-np.abs(z)),
        q_df=df,
        q_pval=np.where(df > 0, special.chdtrc(np.maximum(df, 1), pooled.q), 1.0),
        i2=i2,
        h2=h2,
        cmh_pval=special.chdtrc(1, pooled.cmh),
    )
