"""From group summaries to one effect size with its recorded derivation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rheumeta.errors import StatsError
from rheumeta.stats.effects import ESTIMATE_NEEDS_NO_CELLS, EffectSizes, effect_size
from rheumeta.stats.effects_measures import measure_info
from rheumeta.steps.evidence.quantities import (
    NotDerivable,
    Quantity,
    Step,
    confirmations,
    merge_ids,
    merge_steps,
    number,
)
from rheumeta.steps.evidence.summaries import Counts, Moments
from rheumeta.tables.protocol import Defaults

RATIO_OF_EVENTS = frozenset({"RR", "OR", "PETO"})
"""Measures to which a study without events, or with only events, adds nothing."""
SYMBOLS = {
    "ai": "a", "n1i": "n1", "ci": "c", "n2i": "n2", "m1i": "m1", "sd1i": "sd1", "m2i": "m2", "sd2i": "sd2",
    "ri": "r", "ni": "n", "mi": "mean change", "sdi": "SDc", "xi": "x", "ti": "t", "x1i": "x1", "t1i": "t1",
    "x2i": "x2", "t2i": "t2",
}  # fmt: skip
"""Names of the inputs as the formulas of the measures write them."""

REPORTED_EFFECT_TOLERANCE = 0.5
"""A reported effect this many standard errors away from the computed one is flagged."""


@dataclass(frozen=True)
class Built:
    """An effect size of one study on the analysis scale, with what it was made from."""

    yi: float
    vi: float
    shown: Mapping[str, float]  # n1, events1, mean1, ... as a figure prints them
    steps: tuple[Step, ...]
    flags: frozenset[str]
    result_ids: tuple[str, ...]
    confirmed_by: tuple[str, ...] = ()


def _effect(measure: str, inputs: Mapping[str, Quantity], defaults: Defaults) -> tuple[EffectSizes, str]:
    """Call effect_size; correct zero cells where the measure needs it.

    A risk difference and a raw proportion keep the estimate that the counts give; only their variance
    is computed from corrected cells: an empty cell would otherwise add no variance at all, and the
    smallest trial could get the largest weight.
    """
    values: dict[str, Any] = {name: q.value for name, q in inputs.items()}
    info = measure_info(measure)
    if info.add == 0:
        return effect_size(measure, **values), ""
    exact = measure in ESTIMATE_NEEDS_NO_CELLS
    sizes = effect_size(measure, add=defaults.zero_cells, to="variance0" if exact else "only0", **values)
    if not sizes.corrected[0]:
        return sizes, ""
    where = "of the table, for the variance alone" if exact else "of the table"
    return sizes, f"{number(defaults.zero_cells)} added to every cell {where}"


def build(
    measure: str,
    inputs: Mapping[str, Quantity],
    shown: Mapping[str, float],
    defaults: Defaults,
) -> Built:
    """Compute an effect size from named inputs and record the two closing steps.

    Raises
    ------
    NotDerivable
        If the measure cannot be computed from these numbers.
    """
    try:
        sizes, added = _effect(measure, inputs, defaults)
    except StatsError as error:
        raise NotDerivable(str(error)) from error
    if not sizes.usable[0]:
        raise NotDerivable("no events, or only events, in both groups: no information on a ratio")
    ids = merge_ids(q.result_ids for q in inputs.values())
    correction = sizes.add if sizes.corrected[0] else 0.0
    exact = measure in ESTIMATE_NEEDS_NO_CELLS
    yi, vi = float(sizes.yi[0]), float(sizes.vi[0])
    plain, corrected = _numbers(inputs, 0.0 if exact else correction), _numbers(inputs, correction)
    closing = (
        Step("yi", sizes.formula, plain, yi, sizes.source, "" if exact else added, ids),
        Step("vi", sizes.variance_formula, corrected, vi, sizes.source, added, ids),
    )
    flags = frozenset({"zero_cell"} if sizes.corrected[0] else ()).union(*(q.flags for q in inputs.values()))
    steps = (*merge_steps(q.steps for q in inputs.values()), *closing)
    return Built(yi, vi, shown, steps, flags, ids, confirmations(inputs.values()))


def _numbers(inputs: Mapping[str, Quantity], added: float) -> str:
    """Write the inputs by the symbols of the formulas, after the correction of zero cells."""
    values = {SYMBOLS.get(name, name): q.value for name, q in inputs.items()}
    if {"a", "n1", "c", "n2"} <= values.keys():
        a, n1, c, n2 = (values[name] for name in ("a", "n1", "c", "n2"))
        values = {"a": a, "b": n1 - a, "c": c, "d": n2 - c}
        values = {name: value + added for name, value in values.items()}
        values |= {"n1": n1 + 2 * added, "n2": n2 + 2 * added}
    elif {"x", "n"} <= values.keys():
        values = {"x": values["x"] + added, "n": values["n"] + 2 * added}
    elif added:
        values = {name: value + added if name.startswith("x") else value for name, value in values.items()}
    return "; ".join(f"{name} = {number(value)}" for name, value in values.items())


def from_table(measure: str, one: Counts, two: Counts, defaults: Defaults) -> Built:
    """Effect of a two-by-two table."""
    shown = {
        "events1": one.events.value, "n1": one.n.value, "events2": two.events.value, "n2": two.n.value,
    }  # fmt: skip
    none = one.events.value == 0 == two.events.value
    everyone = one.events.value == one.n.value and two.events.value == two.n.value
    if measure in RATIO_OF_EVENTS and (none or everyone) and defaults.double_zero == "leave_out":
        raise NotDerivable(
            f"{'no events' if none else 'only events'} in both groups: no information on a ratio "
            f"({number(one.events.value)}/{number(one.n.value)} and {number(two.events.value)}/{number(two.n.value)})"
        )
    built = build(measure, {"ai": one.events, "n1i": one.n, "ci": two.events, "n2i": two.n}, shown, defaults)
    return replace(built, flags=built.flags | {"double_zero"}) if none or everyone else built


def from_means(measure: str, one: Moments, two: Moments, defaults: Defaults) -> Built:
    """Effect of two groups' means."""
    shown = {
        "mean1": one.mean.value, "sd1": one.sd.value, "n1": one.n.value,
        "mean2": two.mean.value, "sd2": two.sd.value, "n2": two.n.value,
    }  # fmt: skip
    inputs = {
        "m1i": one.mean, "sd1i": one.sd, "n1i": one.n, "m2i": two.mean, "sd2i": two.sd, "n2i": two.n,
    }  # fmt: skip
    return build(measure, inputs, shown, defaults)


def from_change(measure: str, group: Moments, defaults: Defaults) -> Built:
    """Mean change of one group, raw or divided by the SD of the change."""
    shown = {"mean1": group.mean.value, "sd1": group.sd.value, "n1": group.n.value}
    return build(measure, {"mi": group.mean, "sdi": group.sd, "ni": group.n}, shown, defaults)


def from_two_times(before: Moments, after: Moments, r: Quantity, defaults: Defaults) -> Built:
    """Standardised mean change with the SD at baseline (SMCR)."""
    n = min(before.n, after.n, key=lambda q: q.value)
    shown = {"mean1": after.mean.value - before.mean.value, "sd1": before.sd.value, "n1": n.value}
    inputs = {
        "m1i": after.mean, "m2i": before.mean, "sd1i": after.sd, "sd2i": before.sd, "ri": r, "ni": n,
    }  # fmt: skip
    return build("SMCR", inputs, shown, defaults)


def from_proportion(measure: str, group: Counts, defaults: Defaults) -> Built:
    """Proportion of one group."""
    shown = {"events1": group.events.value, "n1": group.n.value}
    return build(measure, {"xi": group.events, "ni": group.n}, shown, defaults)


def from_rates(measure: str, one: Counts, two: Counts | None, defaults: Defaults) -> Built:
    """Incidence rate of one group, or the ratio of two."""
    shown = {"events1": one.events.value, "person_time1": one.n.value}
    if two is None:
        return build(measure, {"xi": one.events, "ti": one.n}, shown, defaults)
    shown |= {"events2": two.events.value, "person_time2": two.n.value}
    inputs = {"x1i": one.events, "t1i": one.n, "x2i": two.events, "t2i": two.n}
    return build(measure, inputs, shown, defaults)


def from_reported(measure: str, effect: Quantity, se: Quantity, shown: Mapping[str, float]) -> Built:
    """Use an effect and its standard error, both on the analysis scale, as they were reported."""
    if not se.value > 0:
        raise NotDerivable(f"the standard error of the reported effect is {number(se.value)}")
    ids = merge_ids((effect.result_ids, se.result_ids))
    steps = merge_steps((effect.steps, se.steps))
    numbers = f"SE = {number(se.value)}"
    closing = (
        Step(
            "yi",
            f"{measure} as reported, on the analysis scale",
            number(effect.value),
            effect.value,
            "",
            "",
            ids,
        ),
        Step("vi", "SE²", numbers, se.value**2, "", "", ids),
    )
    return Built(effect.value, se.value**2, shown, (*steps, *closing), effect.flags | se.flags, ids)
