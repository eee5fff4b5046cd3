"""Effects that a source reports for a contrast of two arms, brought to the analysis scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from rheumeta.stats import derive as d
from rheumeta.steps.evidence.measures import Built, from_reported
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.quantities import NotDerivable, Quantity, derive
from rheumeta.steps.evidence.summaries import cell

TYPES = {
    "RR": ("RR",), "OR": ("OR",), "HR": ("HR",), "IRR": ("IRR",), "ROM": ("ROM",),
    "RD": ("RD",), "MD": ("MD", "MD_adjusted"), "SMD": ("SMD",),
}  # fmt: skip
"""Which reported effects can stand for which measure."""

DIFFERENCES = frozenset({"MD", "MD_adjusted"})
"""Effects whose p value comes from a t test."""
RATIOS = frozenset({"RR", "OR", "HR", "IRR", "ROM"})


Sizes = tuple[Quantity, Quantity]
"""Patients in the experimental and in the control group."""


def from_row(measure: str, row: Result, sizes: Sizes | None = None) -> Built:
    """Return the effect of a contrast row as the source reports it.

    Its standard error comes, in this order, from the confidence interval, the SE, t, F or an exact
    p value (Cochrane Handbook 6.3, 6.5.2.3). A standardised mean difference can also be had from a
    test alone, if the group sizes are known.

    Parameters
    ----------
    measure : str
        Measure of the analysis.
    row : Result
        The contrast.
    sizes : tuple of Quantity, optional
        Patients in both groups, if other rows give them.

    Raises
    ------
    NotDerivable
        If the row reports no effect of this kind, or no measure of its precision.
    """
    shown = {} if sizes is None else {"n1": sizes[0].value, "n2": sizes[1].value}
    named = "effect" in row.values and row.effect_type in TYPES.get(measure, ())
    if measure == "SMD" and not (named and _has_precision(row)):
        return from_reported(measure, *_standardised(row, sizes, named=named), shown)
    if not named:
        raise NotDerivable(f"the source reports no {measure} with its precision")
    if measure in RATIOS:
        return from_reported(measure, *_log_ratio(row), shown)
    effect = cell(row, "effect")
    return from_reported(measure, effect, _se(row, effect, sizes), shown)


def _se(row: Result, effect: Quantity, sizes: Sizes | None) -> Quantity:
    if _has_interval(row):
        inputs = {"lower": cell(row, "ci_low"), "upper": cell(row, "ci_high")}
        return derive("se", lambda **kw: d.se_from_ci(**kw, level=row.ci_level), inputs)
    if "se" in row.values:
        return cell(row, "se")
    if "t" in row.values:
        return derive("se", d.md_se_from_t, {"md": effect, "t": cell(row, "t")})
    if "f" in row.values:
        return derive(
            "se", lambda md, f: d.md_se_from_t(md, math.sqrt(f)), {"md": effect, "f": cell(row, "f")}
        )
    if _has_exact_p(row):
        df = _degrees(row, sizes) if row.effect_type in DIFFERENCES else None
        return derive("se", lambda md, p: d.md_se_from_p(md, p, df=df), {"md": effect, "p": cell(row, "p")})
    raise NotDerivable("the reported effect has no interval, standard error, test or exact p value")


def _degrees(row: Result, sizes: Sizes | None) -> float | None:
    """Return the degrees of freedom of a t test: as reported, else from the group sizes, else None for z."""
    if "df" in row.values:
        return row.values["df"]
    return None if sizes is None else sizes[0].value + sizes[1].value - 2


def _standardised(row: Result, sizes: Sizes | None, *, named: bool) -> tuple[Quantity, Quantity]:
    """Return Hedges' g and its SE from a reported d, or from t, F or p of the comparison."""
    if sizes is None:
        raise NotDerivable("a standardised difference from a test or a bare d needs the size of both groups")
    groups = {"n1": sizes[0], "n2": sizes[1]}
    if named:
        return _both(d.smd_from_d, {"d": cell(row, "effect"), **groups})
    if "t" in row.values:
        return _both(d.smd_from_t, {"t": cell(row, "t"), **groups})
    sign = {"increase": 1.0, "decrease": -1.0}.get(row.direction or "")
    if sign is None:
        raise NotDerivable(
            "the source reports no standardised difference, no t, and no direction of the test"
        )
    if "f" in row.values:
        return _both(partial(_smd_from_f, sign), {"f": cell(row, "f"), **groups})
    if _has_exact_p(row):
        return _both(partial(d.smd_from_p, positive=sign > 0), {"p": cell(row, "p"), **groups})
    raise NotDerivable("the source reports no standardised difference and no exact test of it")


def _log_ratio(row: Result) -> tuple[Quantity, Quantity]:
    """Return the logarithm of a reported ratio and its standard error."""
    ratio = cell(row, "effect")
    if _has_interval(row):
        printed = [row.printed[name] for name in ("effect", "ci_low", "ci_high")]
        inputs = {"ratio": ratio, "lower": cell(row, "ci_low"), "upper": cell(row, "ci_high")}
        return _both(lambda **_: d.log_ratio_from_ci(*printed, level=row.ci_level), inputs)
    if _has_exact_p(row):
        return _both(d.log_ratio_from_p, {"ratio": ratio, "p": cell(row, "p")})
    raise NotDerivable("the reported ratio has no interval or exact p value")


def _both(function: Callable[..., d.Effect], inputs: dict[str, Quantity]) -> tuple[Quantity, Quantity]:
    estimate = derive("effect", lambda **kw: function(**kw).estimate, inputs)
    return estimate, derive("SE of the effect", lambda **kw: function(**kw).se, inputs)


def _smd_from_f(sign: float, f: float, n1: float, n2: float) -> d.Effect:
    return d.smd_from_t(sign * math.sqrt(f), n1, n2)


def _has_interval(row: Result) -> bool:
    return {"ci_low", "ci_high"} <= row.values.keys()


def _has_precision(row: Result) -> bool:
    return _has_interval(row) or "se" in row.values


def _has_exact_p(row: Result) -> bool:
    return "p" in row.values and row.p_sign == "="
