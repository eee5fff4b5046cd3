"""Pooling of sparse two-by-two tables: Mantel-Haenszel and Peto.

The table of a study is a events and b others of n1 in group 1, c events and d others of n2 in
group 2; n = n1 + n2.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats
from rheumeta.stats.effects import effect_size

Measure = Literal["RR", "OR", "RD"]
ZeroCells = Literal["none", "revman"]

CORRECTION = 0.5
"""Added to every cell of a study with a zero cell under ``zero_cells="revman"`` (Cochrane Handbook
6.5, section 10.4.4.1)."""


@dataclass(frozen=True)
class TableResult:
    """Pooled two-by-two tables, on the analysis scale (log RR, log OR, RD).

    Attributes
    ----------
    k, k_used : int
        Studies given, and those that carry information on the measure.
    measure, method : str
        ``"RR"``, ``"OR"``, ``"RD"``, ``"IRR"`` or ``"IRD"``; ``"MH"`` or ``"Peto"``.
    estimate, se, ci_lb, ci_ub, statistic, pval : float
        Pooled effect with a Wald test by the normal distribution.
    level : float
        Confidence of the interval, percent.
    q, q_df, q_pval : float, int, float
        Heterogeneity about the pooled effect over `q_df` + 1 studies; q_pval is 1 for one study.
    i2, h2 : float or None
        I2 in percent and H2 from Q; None for one study.
    weights : ndarray, shape (k,)
        Percent; 0 where a study carries no information.
    cmh, cmh_pval : float or None
        Cochran-Mantel-Haenszel chi-squared on 1 degree of freedom (OR and IRR by MH only).
    notes : tuple of str
        What the reader of the result must know.
    """

    k: int
    k_used: int
    measure: str
    method: str
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    statistic: float
    pval: float
    level: float
    q: float
    q_df: int
    q_pval: float
    i2: float | None
    h2: float | None
    weights: Floats
    cmh: float | None = None
    cmh_pval: float | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, weights as a list."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**values, "weights": self.weights.tolist()}

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [
            f"{self.method} {self.measure}, k = {self.k}, with information {self.k_used}",
            f"estimate {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], se {self.se:.4f}, "
            f"p = {self.pval:.4g}",
            f"Q({self.q_df}) = {self.q:.2f}, p = {self.q_pval:.4g}",
        ]
        if self.cmh is not None:
            lines.append(f"Cochran-Mantel-Haenszel chi-squared(1) = {self.cmh:.2f}, p = {self.cmh_pval:.4g}")
        return "\n".join([*lines, *self.notes])


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


def mantel_haenszel(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    measure: Measure = "RR",
    zero_cells: ZeroCells = "none",
    correct: bool = True,
    level: float = 95,
) -> TableResult:
    """Pool two-by-two tables by Mantel and Haenszel.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        Events and group sizes of group 1, then of group 2; k >= 1.
    measure : {"RR", "OR", "RD"}
        What to pool.
    zero_cells : {"none", "revman"}
        ``"none"``: the sums use the tables as they are. ``"revman"``: half an event is added to
        each cell of a study with a zero cell, as RevMan does (ratios only).
    correct : bool
        Continuity correction of the Cochran-Mantel-Haenszel test (OR).
    level : float
        Confidence, percent.

    Returns
    -------
    TableResult

    Raises
    ------
    StatsError
        For impossible tables, and where the sums leave the measure undefined (no events in a group
        of all studies, say).

    Notes
    -----
    Estimates: Mantel and Haenszel (1959), J Natl Cancer Inst 22:719-748. Variances: Robins, Breslow
    and Greenland (1986), Biometrics 42:311-323 (log OR); Greenland and Robins (1985), Biometrics
    41:55-68 (log RR; RD under ``"revman"``); Sato, Greenland and Robins (1989), Biometrics
    45:1323-1324 (RD otherwise). Q: inverse-variance weights about the Mantel-Haenszel estimate;
    there alone, zero cells always get 0.5, and studies with no or only events in both groups are
    left out.
    """
    if measure not in ("RR", "OR", "RD"):
        raise StatsError(f"measure must be RR, OR or RD, not {measure!r}.")
    if zero_cells not in ("none", "revman"):
        raise StatsError(f"zero_cells must be none or revman, not {zero_cells!r}.")
    tables = _tables(ai, n1i, ci, n2i, correct=zero_cells == "revman" and measure != "RD")
    if measure != "RD" and zero_cells == "revman":
        tables = _blank(tables)
    estimate, se, weights = _SUMS[measure](tables, zero_cells)
    _require_defined(estimate, se, measure)
    effects = effect_size(measure, ai=ai, n1i=n1i, ci=ci, n2i=n2i, drop00=True)
    use = effects.usable
    q = float((((effects.yi[use] - estimate) ** 2) / effects.vi[use]).sum())
    cmh = _cmh(_tables(ai, n1i, ci, n2i, correct=False), correct=correct) if measure == "OR" else (None, None)
    used = tables.informative if measure != "RD" else np.ones(use.shape, dtype=bool)
    return table_result(
        (estimate, se, weights),
        q=(q, int(use.sum())),
        used=used,
        labels=(measure, "MH"),
        level=level,
        cmh=cmh,
        notes=_notes(used, tables.corrected),
    )


def peto(ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, level: float = 95) -> TableResult:
    """Pool two-by-two tables as odds ratio by Peto's one-step method.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        Events and group sizes of group 1, then of group 2; k >= 1.
    level : float
        Confidence, percent.

    Returns
    -------
    TableResult
        Log odds ratio.

    Raises
    ------
    StatsError
        For impossible tables, and if no study has both events and others.

    Notes
    -----
    log OR = sum(O - E) / sum V, se = 1 / sqrt(sum V), Q = sum (O - E)^2 / V - (sum (O - E))^2 / sum V:
    Yusuf et al. (1985), Prog Cardiovasc Dis 27:335-371, appendix; Cochrane Handbook 6.5, section
    10.4.2.
    """
    tables = _tables(ai, n1i, ci, n2i, correct=False)
    use = tables.informative
    if not use.any():
        raise StatsError("Peto's odds ratio is undefined: no study has both patients with and without event.")
    effects = effect_size("PETO", ai=ai, n1i=n1i, ci=ci, n2i=n2i, drop00=True)
    weight = np.where(use, 1.0 / np.where(use, effects.vi, 1.0), 0.0)
    yi = np.where(use, effects.yi, 0.0)
    estimate = float((weight * yi).sum() / weight.sum())
    q = float((weight * (yi - estimate) ** 2).sum())
    return table_result(
        (estimate, float(1.0 / np.sqrt(weight.sum())), weight),
        q=(q, int(use.sum())),
        used=use,
        labels=("OR", "Peto"),
        level=level,
        cmh=(None, None),
        notes=_notes(use, np.zeros(use.shape, dtype=bool)),
    )


def _tables(ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, correct: bool) -> _Tables:
    # The risk difference is defined for every table: used here to check the input.
    given = effect_size("RD", ai=ai, n1i=n1i, ci=ci, n2i=n2i, drop00=True)
    a, c = given.inputs["ai"], given.inputs["ci"]
    b, d = given.inputs["n1i"] - a, given.inputs["n2i"] - c
    zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    corrected = zero & given.usable & correct
    add = np.where(corrected, CORRECTION, 0.0)
    return _Tables(a + add, b + add, c + add, d + add, given.usable, corrected)


def _blank(tables: _Tables) -> _Tables:
    # Studies with no or only events in both groups: no information on a ratio, no part in the sums.
    keep = tables.informative
    cells = {name: np.where(keep, getattr(tables, name), 0.0) for name in ("a", "b", "c", "d")}
    return dataclasses.replace(tables, **cells)


def _per_n(value: Floats, n: Floats) -> Floats:
    return np.where(n > 0, value / np.where(n > 0, n, 1.0), 0.0)


def _sums_or(t: _Tables, _: ZeroCells) -> tuple[float, float, Floats]:
    r, s = _per_n(t.a * t.d, t.n), _per_n(t.b * t.c, t.n)
    p, q = _per_n(t.a + t.d, t.n), _per_n(t.b + t.c, t.n)
    big_r, big_s = r.sum(), s.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (
            (p * r).sum() / (2 * big_r**2)
            + (p * s + q * r).sum() / (2 * big_r * big_s)
            + (q * s).sum() / (2 * big_s**2)
        )
        return float(np.log(big_r) - np.log(big_s)), float(np.sqrt(variance)), s


def _sums_rr(t: _Tables, _: ZeroCells) -> tuple[float, float, Floats]:
    r, s = _per_n(t.a * t.n2, t.n), _per_n(t.c * t.n1, t.n)
    d = _per_n(t.n1 * t.n2 * (t.a + t.c) - t.a * t.c * t.n, t.n**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = d.sum() / (r.sum() * s.sum())
        return float(np.log(r.sum()) - np.log(s.sum())), float(np.sqrt(variance)), s


def _sums_rd(t: _Tables, zero_cells: ZeroCells) -> tuple[float, float, Floats]:
    w = t.n1 * t.n2 / t.n
    estimate = float(((t.a * t.n2 - t.c * t.n1) / t.n).sum() / w.sum())
    if zero_cells == "revman":  # Greenland and Robins (1985)
        j = (t.a * t.b * t.n2**3 + t.c * t.d * t.n1**3) / (t.n1 * t.n2 * t.n**2)
        return estimate, float(np.sqrt(j.sum()) / w.sum()), w
    f1, f2 = t.n1 / t.n, t.n2 / t.n  # Sato, Greenland and Robins (1989)
    p = t.c * f1**2 - t.a * f2**2 + f1 * f2 * (t.n2 - t.n1) / 2
    q = (t.a * t.d + t.b * t.c) / (2 * t.n)
    return estimate, float(np.sqrt(estimate * p.sum() + q.sum()) / w.sum()), w


_SUMS = {"OR": _sums_or, "RR": _sums_rr, "RD": _sums_rd}


def _require_defined(estimate: float, se: float, measure: str) -> None:
    if not (np.isfinite(estimate) and np.isfinite(se) and se > 0):
        raise StatsError(
            f"the Mantel-Haenszel {measure} is undefined: a group has no events, or only events, in all."
        )


def _cmh(t: _Tables, *, correct: bool) -> tuple[float | None, float | None]:
    # Mantel and Haenszel (1959), p. 724-725: (|sum (O - E)| - 0.5)^2 / sum V.
    events, others = t.a + t.c, t.b + t.d
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(t.informative, t.n1 * t.n2 * events * others / (t.n**2 * (t.n - 1)), 0.0).sum()
    if variance == 0:
        return None, None
    difference = abs(float((t.a - t.n1 * events / t.n).sum()))
    statistic = max(0.0, difference - (0.5 if correct else 0.0)) ** 2 / float(variance)
    return statistic, float(special.chdtrc(1, statistic))


def _notes(used: Bools, corrected: Bools) -> tuple[str, ...]:
    notes = []
    if not used.all():
        number = int((~used).sum())
        notes.append(
            f"{number} of {used.size} studies have no events, or only events, in both groups and no weight."
        )
    if corrected.any():
        notes.append(
            f"Half an event was added to each cell of {int(corrected.sum())} studies with a zero cell."
        )
    return tuple(notes)


def table_result(
    pooled: tuple[float, float, Floats],
    *,
    q: tuple[float, int],
    used: Bools,
    labels: tuple[str, str],
    level: float,
    cmh: tuple[float | None, float | None],
    notes: tuple[str, ...],
) -> TableResult:
    """Return the result with its Wald test, interval and heterogeneity.

    Parameters
    ----------
    pooled : tuple of float, float and ndarray
        Estimate, standard error (> 0) and weights, shape (k,).
    q : tuple of float and int
        Cochran's Q and the number of studies in it.
    used : ndarray of bool, shape (k,)
        Studies that carry information.
    labels : tuple of str
        Measure and method.
    level : float
        Confidence, percent.
    cmh : tuple of float or None
        Cochran-Mantel-Haenszel statistic and p value.
    notes : tuple of str
        What the reader must know.
    """
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")
    estimate, se, weights = pooled
    half = float(special.ndtri(0.5 + level / 200)) * se
    df = q[1] - 1
    h2 = q[0] / df if df > 0 else None
    return TableResult(
        k=int(used.size),
        k_used=int(used.sum()),
        measure=labels[0],
        method=labels[1],
        estimate=estimate,
        se=se,
        ci_lb=estimate - half,
        ci_ub=estimate + half,
        statistic=estimate / se,
        pval=float(2 * special.ndtr(-abs(estimate / se))),
        level=level,
        q=q[0],
        q_df=max(0, df),
        q_pval=float(special.chdtrc(df, q[0])) if df > 0 else 1.0,
        i2=None if h2 is None else (100.0 * max(0.0, 1.0 - 1.0 / h2) if h2 > 0 else 0.0),
        h2=h2,
        weights=100.0 * weights / weights.sum(),
        cmh=cmh[0],
        cmh_pval=cmh[1],
        notes=notes,
    )
