"""Pooling of sparse two-by-two tables: Mantel-Haenszel and Peto; the sums are in `mh_sums`."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats
from rheumeta.stats.effects_inputs import broadcast, check
from rheumeta.stats.mh_sums import (
    Columns,
    Measure,
    Pooled,
    ZeroCells,
    mantel_haenszel_sums,
    peto_sums,
    tested,
)
from rheumeta.stats.pool_options import check_choice
from rheumeta.stats.result import Result


@dataclass(frozen=True)
class TableResult(Result):
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
    check_tables(measure, zero_cells, level)
    counts, mask = one_analysis({"ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i})
    pooled = mantel_haenszel_sums(counts, mask, measure=measure, zero_cells=zero_cells, correct=correct)
    return table_result(pooled, labels=(measure, "MH"), level=level)


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
    check_level(level)
    counts, mask = one_analysis({"ai": ai, "n1i": n1i, "ci": ci, "n2i": n2i})
    return table_result(peto_sums(counts, mask), labels=("OR", "Peto"), level=level)


def check_tables(measure: str, zero_cells: str, level: float) -> None:
    """Raise StatsError for an unknown option."""
    check_choice("measure", measure, ("RR", "OR", "RD"))
    check_choice("zero_cells", zero_cells, ("none", "revman"))
    check_level(level)


def check_level(level: float) -> None:
    """Raise StatsError unless `level` is a confidence in percent."""
    if not 0 < level < 100:
        raise StatsError(f"level is in percent and lies between 0 and 100, not {level!r}.")


def one_analysis(given: dict[str, ArrayLike]) -> tuple[Columns, Bools]:
    """Return checked counts of one analysis as rows, and the mask of its studies, shape (1, k)."""
    arrays = broadcast(given)
    check(arrays)
    counts = {name: values[None, :] for name, values in arrays.items()}
    mask = np.ones((1, next(iter(arrays.values())).size), dtype=bool)
    if not mask.size:
        raise StatsError("pooling needs at least one study, here there are none.")
    return counts, mask


def table_result(pooled: Pooled, *, labels: tuple[str, str], level: float) -> TableResult:
    """Return the first analysis of the sums as a result.

    Parameters
    ----------
    pooled : Pooled
        Sums of one analysis.
    labels : tuple of str
        Measure and method.
    level : float
        Confidence, percent.

    Raises
    ------
    StatsError
        If the measure is undefined.
    """
    if np.isnan(pooled.se[0]):
        raise StatsError(pooled.undefined)
    tests = tested(pooled, level=level)
    numbers = {f.name: getattr(tests, f.name)[0].item() for f in fields(tests)}
    none = {name: None for name in ("i2", "h2", "cmh_pval") if np.isnan(numbers[name])}
    weights = pooled.weights[0]
    return TableResult(
        k=int(pooled.used.shape[1]), k_used=int(pooled.used[0].sum()), measure=labels[0], method=labels[1],
        estimate=float(pooled.estimate[0]), se=float(pooled.se[0]), level=level, q=float(pooled.q[0]),
        weights=100.0 * weights / weights.sum(),
        cmh=None if np.isnan(pooled.cmh[0]) else float(pooled.cmh[0]),
        notes=_notes(pooled.used[0], pooled.corrected[0], rates=labels[0] in ("IRR", "IRD")),
        **{**numbers, **none},
    )  # fmt: skip


def _notes(used: Bools, corrected: Bools, *, rates: bool) -> tuple[str, ...]:
    notes = []
    if not used.all():
        what = "no events" if rates else "no events, or only events,"
        notes.append(f"{int((~used).sum())} of {used.size} studies have {what} in both groups and no weight.")
    if corrected.any():
        notes.append(
            f"Half an event was added to each cell of {int(corrected.sum())} studies with a zero cell."
        )
    return tuple(notes)
