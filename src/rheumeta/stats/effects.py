"""Effect sizes with their sampling variances, from summary statistics.

The names of the inputs are those of metafor's ``escalc``: ai, n1i, ci, n2i for events and patients;
m1i, sd1i, n1i, m2i, sd2i, n2i for means; xi, ni and xi, ti for single groups; and so on. In
measures of change (MC, SMCC, SMCR), 1 is the follow-up and 2 the baseline throughout, so that SMCR
divides by `sd2i`; metafor divides by its `sd1i`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.effects_continuous import hedges_j, normal_width, rom
from rheumeta.stats.effects_inputs import Bools, Floats, Options, Raw, Zeros, broadcast, check
from rheumeta.stats.effects_measures import MEASURES, MeasureInfo, Route, measure_info
from rheumeta.stats.result import Result

__all__ = [
    "MEASURES",
    "EffectSizes",
    "MeasureInfo",
    "effect_size",
    "hedges_j",
    "measure_info",
    "wald_interval",
]

DEFAULT_LEVEL = 95.0
WITH_CELLS = frozenset({"RR", "OR", "RD", "AS", "PETO", "PR", "PLO", "PAS", "PFT", "IR", "IRLN", "IRR"})
TO = ("only0", "all", "if0all", "none", "variance0")
ESTIMATE_NEEDS_NO_CELLS = frozenset({"RD", "PR"})
"""Measures whose estimate exists with a zero cell; only their variance suffers from it."""


@dataclass(frozen=True)
class EffectSizes(Result):
    """Effect sizes of k studies on the analysis scale.

    Attributes
    ----------
    measure : str
        Code of the measure.
    yi, vi : ndarray, shape (k,)
        Estimates and sampling variances; NaN exactly where `usable` is False.
    corrected : ndarray of bool, shape (k,)
        True where the zero-cell correction was added.
    usable : ndarray of bool, shape (k,)
        False where the study has no estimate: left out by `drop00`, or Peto's V is zero.
    formula, variance_formula, source : str
        Plain text for people.
    inputs : dict of str to ndarray
        The inputs as used, all of shape (k,).
    add : float
        Amount added to the cells of the corrected studies.
    """

    measure: str
    yi: Floats
    vi: Floats
    corrected: Bools
    usable: Bools
    formula: str
    variance_formula: str
    source: str
    inputs: dict[str, Floats]
    add: float

    def summary(self) -> str:
        """Return measure, formulas and one line a study."""
        lines = [f"{self.measure}, {self.k} studies", f"yi = {self.formula}", f"vi = {self.variance_formula}"]
        for i in range(self.k):
            said = f"yi {self.yi[i]:.4f}, vi {self.vi[i]:.4f}" if self.usable[i] else "no estimate"
            lines.append(f"[{i}] {said}" + (", corrected" if self.corrected[i] else ""))
        return "\n".join(lines)

    @property
    def sei(self) -> Floats:
        """Standard errors, shape (k,)."""
        return np.sqrt(self.vi)

    @property
    def k(self) -> int:
        """Number of studies, usable or not."""
        return int(self.yi.size)


def choose_route(info: MeasureInfo, names: frozenset[str]) -> Route:
    """Return the route that needs exactly the inputs `names`.

    Raises
    ------
    StatsError
        Saying which sets of inputs the measure can be computed from.
    """
    for route in info.routes:
        if names == frozenset(route.needs):
            return route
    sets = " or ".join(f"({', '.join(needs)})" for needs in info.needs)
    given = ", ".join(sorted(names)) or "nothing"
    raise StatsError(f"{info.code} is computed from {sets}; given: {given}.")


def effect_size(
    measure: str,
    *,
    add: float | None = None,
    to: Zeros = "only0",
    drop00: bool = False,
    vtype: str = "LS",
    correct: bool | None = None,
    **inputs: ArrayLike | None,
) -> EffectSizes:
    """Compute effect sizes and their sampling variances.

    Parameters
    ----------
    measure : str
        A key of :data:`MEASURES`.
    add : float, optional
        Amount added to the cells of a table with a zero cell. Default: that of the measure, which is
        0.5, or 0 for AS, PAS, PFT and PETO, which need none.
    to : {"only0", "all", "if0all", "none", "variance0"}
        Which studies are corrected: those with a zero cell, all, all if any has one, none; variance0
        (RD and PR): as only0, but the estimate stays that of the counts and only the variance is
        computed from the corrected cells.
    drop00 : bool
        Mark studies without events, or with only events, in both groups as not usable.
    vtype : str
        Variant of the sampling variance: LS (large sample, all measures); LS2 (Borenstein et al. 2009: SMD,
        SMD1, SMCC, SMCR); UB (unbiased: SMD, SMD1, RD, PR); HO (equal variances in both groups: MD, ROM);
        AV (the effect, proportion or coefficients of variation in it are means over the studies,
        weighted by size: SMD, SMD1, ROM, RD, PR, PLO); AVHO (as AV, one coefficient for both
        groups: ROM). With AV and AVHO, the variance of a study depends on the others given. Codes and
        definitions follow the documentation of metafor's ``escalc``.
    correct : bool, optional
        Apply the small-sample correction. Default: yes for SMD, SMD1, SMCC, SMCR (Hedges 1981), no for
        ROM (where it is that of Lajeunesse 2015).
    **inputs : array-like
        Inputs by metafor's names, scalars or 1-D of one length; None counts as not given. `level`
        (percent, default 95) goes with `lower` and `upper`. An estimate that was reported as such, e.g.
        an adjusted one, enters by `yi` (analysis scale: logarithms of ratios) and `sei`.

    Returns
    -------
    EffectSizes
        On the analysis scale: logarithms of ratios, logits and so on.

    Raises
    ------
    StatsError
        Unknown measure, inputs that do not fit it, a value that cannot be (with argument and
        index), or an estimate without a positive, finite variance.
    """
    info = measure_info(measure)
    given = {name: value for name, value in inputs.items() if value is not None}
    if "lower" in given:
        given.setdefault("level", DEFAULT_LEVEL)
    route = choose_route(info, frozenset(given))
    arrays = broadcast(given)
    check(arrays)
    options = _options(info, route, Options(_add(info, add), to, drop00, vtype, _correct(info, correct)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        raw = _masked(route.compute(arrays, options))
    _refuse_undefined(measure, raw)
    formula, variance_formula = _texts(route, options)
    return EffectSizes(
        measure=measure,
        yi=raw.yi,
        vi=raw.vi,
        corrected=raw.corrected,
        usable=raw.usable,
        formula=formula,
        variance_formula=variance_formula,
        source=route.source,
        inputs=arrays,
        add=options.add,
    )


def _add(info: MeasureInfo, add: float | None) -> float:
    if add is not None and info.code not in WITH_CELLS:
        raise StatsError(f"{info.code} has no cells to add to; leave add out.")
    return info.add if add is None else float(add)


def _correct(info: MeasureInfo, correct: bool | None) -> bool:
    if correct is not None and not info.correctable:
        raise StatsError(f"{info.code} has no small-sample correction; leave correct out.")
    return info.correct if correct is None else correct


def _options(info: MeasureInfo, route: Route, options: Options) -> Options:
    if options.to not in TO:
        raise StatsError(f"to is {options.to!r}; allowed: {', '.join(TO)}.")
    if options.to == "variance0" and info.code not in ESTIMATE_NEEDS_NO_CELLS:
        raise StatsError(
            f"to = 'variance0' is for {' and '.join(sorted(ESTIMATE_NEEDS_NO_CELLS))}, not {info.code}."
        )
    if not (np.isfinite(options.add) and options.add >= 0):
        raise StatsError(f"add is {options.add!r}; it must be a number of at least zero.")
    if options.vtype not in route.vtypes:
        allowed = ", ".join(route.vtypes)
        raise StatsError(f"vtype {options.vtype!r} does not exist for {info.code}; allowed: {allowed}.")
    if options.vtype == "UB" and not options.correct:
        raise StatsError("The unbiased variance (vtype 'UB') belongs to the corrected estimate.")
    return options


def _texts(route: Route, options: Options) -> tuple[str, str]:
    """Return formula and variance formula as computed with `options`."""
    formula, variance = route.formula, route.variants.get(options.vtype, route.variance_formula)
    if route.compute is rom:
        return (f"{formula} + (sd1²/(n1·m1²) - sd2²/(n2·m2²))/2" if options.correct else formula), variance
    if not options.correct:
        formula += "; here without correction, J = 1"
    return formula, variance


def _masked(raw: Raw) -> Raw:
    yi = np.where(raw.usable, raw.yi, np.nan)
    vi = np.where(raw.usable, raw.vi, np.nan)
    return Raw(yi, vi, raw.corrected & raw.usable, raw.usable)


def _refuse_undefined(measure: str, raw: Raw) -> None:
    bad = np.flatnonzero(raw.usable & ~(np.isfinite(raw.yi) & np.isfinite(raw.vi) & (raw.vi > 0)))
    if bad.size:
        index = int(bad[0])
        raise StatsError(
            f"{measure} of study [{index}] is {float(raw.yi[index])!r} with variance "
            f"{float(raw.vi[index])!r}: both must be finite and the variance above zero."
        )


def wald_interval(yi: ArrayLike, vi: ArrayLike, *, level: float = DEFAULT_LEVEL) -> tuple[Floats, Floats]:
    """Return the normal confidence interval of each study on the analysis scale.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Estimates and variances; NaN gives NaN.
    level : float
        Percent.

    Returns
    -------
    lower, upper : ndarray, shape (k,)
        yi ± z·√vi.
    """
    centre = np.asarray(yi, dtype=np.float64)
    half = normal_width(np.atleast_1d(np.float64(level)))[0] / 2 * np.sqrt(np.asarray(vi, dtype=np.float64))
    return centre - half, centre + half
