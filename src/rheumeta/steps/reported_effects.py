"""Effects that a source reports for a contrast of two arms, brought to the analysis scale."""

from __future__ import annotations

from collections.abc import Callable

from rheumeta.stats import derive as d
from rheumeta.steps.measures import Built, from_reported
from rheumeta.steps.model import Result
from rheumeta.steps.quantities import NotDerivable, Quantity, derive
from rheumeta.steps.summaries import cell

TYPES = {
    "RR": ("RR",), "OR": ("OR",), "HR": ("HR",), "IRR": ("IRR",), "ROM": ("ROM",),
    "RD": ("RD",), "MD": ("MD", "MD_adjusted"), "SMD": ("SMD",),
}  # fmt: skip
"""Which reported effects can stand for which measure."""

RATIOS = frozenset({"RR", "OR", "HR", "IRR", "ROM"})


def from_row(measure: str, row: Result) -> Built:
    """Return the effect of a contrast row as the source reports it.

    Its standard error comes, in this order, from the confidence interval, the SE, or an exact
    p value (Cochrane Handbook 6.3).

    Raises
    ------
    NotDerivable
        If the row reports no effect of this kind, or no measure of its precision.
    """
    if "effect" not in row.values or row.effect_type not in TYPES.get(measure, ()):
        raise NotDerivable(f"the source reports no {measure} with its precision")
    if measure in RATIOS:
        return from_reported(measure, *_log_ratio(row), {})
    effect = cell(row, "effect")
    return from_reported(measure, effect, _se(row, effect), {})


def _se(row: Result, effect: Quantity) -> Quantity:
    if _has_interval(row):
        inputs = {"lower": cell(row, "ci_low"), "upper": cell(row, "ci_high")}
        return derive("se", lambda **kw: d.se_from_ci(**kw, level=row.ci_level), inputs)
    if "se" in row.values:
        return cell(row, "se")
    if _has_exact_p(row):
        return derive("se", lambda md, p: d.md_se_from_p(md, p, df=None), {"md": effect, "p": cell(row, "p")})
    raise NotDerivable("the reported effect has no interval, standard error or exact p value")


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
    estimate = derive("log of the ratio", lambda **kw: function(**kw).estimate, inputs)
    return estimate, derive("SE of the log", lambda **kw: function(**kw).se, inputs)


def _has_interval(row: Result) -> bool:
    return {"ci_low", "ci_high"} <= row.values.keys()


def _has_exact_p(row: Result) -> bool:
    return "p" in row.values and row.p_sign == "="
