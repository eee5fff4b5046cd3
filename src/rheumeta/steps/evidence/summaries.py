"""From the rows about one arm, outcome and time to events and n, or mean, SD and n.

Where the rows allow several routes to the same number, all are computed, the first of the stated
order is used, and disagreement beyond rounding is flagged (:func:`rheumeta.steps.evidence.quantities.choose`).
Orders: the source nearest to the data first; within a source a number as reported before a derived
one; SD from SD, SE, confidence interval, quartiles, range, then from a test of the change.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rheumeta.stats import derive as d
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.quantities import NotDerivable, Quantity, Step, choose, derive, number, reported


@dataclass(frozen=True)
class Settings:
    """What the protocol and the other studies say about derivations."""

    correlation: Quantity  # of baseline and follow-up, flagged as borrowed or assumed
    correlation_note: str
    ci_distribution: Literal["t", "normal"]
    quantile_method: str


@dataclass(frozen=True)
class Counts:
    """Patients with an event out of n, or events in person-time."""

    events: Quantity
    n: Quantity


@dataclass(frozen=True)
class Moments:
    """Mean, standard deviation and size of a group; ``basis`` says of what."""

    mean: Quantity
    sd: Quantity
    n: Quantity
    basis: str


def ranked(rows: Iterable[Result]) -> list[Result]:
    """Order rows by nearness of the source, then confidence, then order in the sheet."""
    return sorted(rows, key=lambda r: r.rank)


def cell(row: Result, name: str) -> Quantity:
    """Return one number of a row as it stands in harmonised.csv."""
    return reported(name, row.values[name], row.half_width.get(name, 0.0), row.result_id)


def own_size(row: Result) -> Quantity | None:
    """Return the number of patients of a row, flagged if implied."""
    if row.n is None:
        return None
    quantity = reported("n", float(row.n), 0.0, row.result_id)
    return quantity.flagged("n_implied") if row.n_basis == "implied" else quantity


def size(rows: Sequence[Result]) -> Quantity:
    """Return the number of patients of a group: as reported, else as implied."""
    sizes = [q for row in ranked(rows) if (q := own_size(row)) is not None]
    if not sizes:
        raise NotDerivable("the source gives no number of patients and none is implied")
    return min(sizes, key=lambda q: "n_implied" in q.flags)


def _attempt(route: Callable[[], Quantity], routes: list[Quantity], reasons: list[str]) -> None:
    try:
        routes.append(route())
    except NotDerivable as error:
        reasons.append(str(error))


def _chosen(routes: list[Quantity], reasons: list[str], name: str) -> Quantity:
    if not routes and reasons:
        raise NotDerivable("; ".join(dict.fromkeys(reasons)))
    return choose(routes, name)


# --- patients with an event -------------------------------------------------------------------


def _events_of(row: Result) -> Quantity:
    events = cell(row, "events")
    if row.events_unit == "patients":
        return events
    if events.value in (0.0, 1.0):  # no event is no patient; one event is one patient
        step = replace(events.steps[-1], assumption="0 or 1 event is 0 or 1 patient")
        return replace(events, steps=(step,)).flagged("event_is_patient")
    raise NotDerivable("the source counts events, of which a patient can have several, not patients")


def _percent_events(row: Result, n: Quantity) -> Quantity:
    """Return the one number of patients that gives the printed percentage."""
    printed = row.printed["percent"]
    fit = d.events_from_percent(printed, int(n.value))
    if fit.value is None:
        raise NotDerivable(
            f"no whole number of {number(n.value)} patients gives {printed}% (the nearest is {fit.nearest})"
        )
    note = (
        ""
        if len(fit.values) == 1
        else f"{', '.join(map(str, fit.values))} all round to it; the nearest is used"
    )
    numbers = f"percent = {printed}; n = {number(n.value)}"
    formula = "percent·n/100, to the whole number that rounds back"
    step = Step("events", formula, numbers, float(fit.value), "arithmetic", note, (row.result_id,))
    slack = max(max(fit.values) - fit.value, fit.value - min(fit.values))
    steps = (*cell(row, "percent").steps, step)
    return Quantity(
        float(fit.value), float(slack), steps, frozenset({"events_from_percent"}), (row.result_id,)
    )


def counts(rows: Sequence[Result]) -> Counts:
    """Return patients with an event and patients in a group.

    Raises
    ------
    NotDerivable
        If no row gives a count or a percentage with a denominator.
    """
    pairs: list[tuple[Quantity, Quantity]] = []
    reasons: list[str] = []
    for row in ranked(rows):
        for name, route in (("events", lambda row, n: _events_of(row)), ("percent", _percent_events)):
            if name not in row.values:
                continue
            try:
                n = own_size(row) or size(rows)
                events = route(row, n)
            except NotDerivable as error:
                reasons.append(str(error))
            else:
                pairs.append((events, n))
    if not pairs:
        raise NotDerivable("; ".join(dict.fromkeys(reasons)) or "no count of patients is reported")
    pairs.sort(key=lambda pair: "n_implied" in pair[1].flags)
    n = pairs[0][1]
    same_size = [events for events, size_ in pairs if size_.value == n.value]
    return Counts(choose(same_size, "events"), n)


def rate_counts(rows: Sequence[Result]) -> Counts:
    """Return events and person-time of a group."""
    for row in ranked(rows):
        if "events" in row.values and "person_time" in row.values:
            return Counts(cell(row, "events"), cell(row, "person_time"))
    raise NotDerivable("no events with their person-time are reported")


# --- mean and standard deviation ---------------------------------------------------------------


def _has(row: Result, *names: str) -> bool:
    return all(name in row.values for name in names)


def _quantiles(row: Result) -> dict[str, Quantity] | None:
    """Return the quantiles of a row by the names of :class:`Quantiles`, if they give a spread.

    A width alone (of the interquartile range or the range) is taken from 0: only it matters.
    """
    names = {"min": "minimum", "q1": "q1", "median": "median", "q3": "q3", "max": "maximum"}
    found = {new: cell(row, old) for old, new in names.items() if old in row.values}
    if {"q1", "q3"} <= found.keys() or {"minimum", "maximum"} <= found.keys():
        return found
    for width, low, high in (("iqr", "q1", "q3"), ("range", "minimum", "maximum")):
        if width in row.values:
            return {low: Quantity(0.0), high: cell(row, width)}  # no median: its place is unknown
    return None


def _by_quantiles(
    name: Literal["mean", "sd"], found: dict[str, Quantity], n: Quantity, settings: Settings
) -> Quantity:
    def estimate(**values: float) -> d.Derived:
        quantiles = d.Quantiles(**values)
        if name == "sd" and quantiles.median is None:
            return d.sd_from_quantiles(quantiles)
        both = d.mean_sd_from_quantiles(quantiles, method=settings.quantile_method)
        return both.mean if name == "mean" else both.sd

    quantity = derive(name, estimate, {**found, "n": n}, flags=[f"{name}_derived"])
    if "median" not in found:
        return quantity
    test = d.skewness(d.Quantiles(n=n.value, **{key: q.value for key, q in found.items()}))
    return quantity if test.warning is None else quantity.flagged("skewed")


def _mean_routes(row: Result, n: Quantity | None, settings: Settings, reasons: list[str]) -> list[Quantity]:
    routes: list[Quantity] = []
    if _has(row, "mean"):
        routes.append(cell(row, "mean"))
    found = _quantiles(row)
    if found is not None and "median" in found and n is not None:
        _attempt(lambda: _by_quantiles("mean", found, n, settings), routes, reasons)
    return routes


def _sd_from_ci(row: Result, n: Quantity, settings: Settings) -> Quantity:
    inputs = {"lower": cell(row, "ci_low"), "upper": cell(row, "ci_high"), "n": n}
    return derive(
        "sd",
        lambda **kw: d.sd_from_ci(**kw, level=row.ci_level, distribution=settings.ci_distribution),
        inputs,
        flags=["sd_derived"],
    )


def _sd_from_test(row: Result, n: Quantity) -> Quantity:
    """SD of a change from a paired test of it: t, F = t², or an exact two-sided p."""
    change = cell(row, "mean")
    if "t" in row.values:
        se = derive("se", d.md_se_from_t, {"md": change, "t": cell(row, "t")})
    elif "f" in row.values:
        se = derive("se", lambda md, f: d.md_se_from_t(md, math.sqrt(f)), {"md": change, "f": cell(row, "f")})
    elif "p" in row.values and row.p_sign == "=":
        inputs = {"change": change, "p": cell(row, "p"), "n": n}
        return derive("sd", d.change_sd_from_p, inputs, flags=["sd_derived"])
    else:
        raise NotDerivable("no exact test of the change is reported")
    return derive("sd", d.sd_from_se, {"se": se, "n": n}, flags=["sd_derived"])


def _sd_routes(row: Result, n: Quantity | None, settings: Settings, reasons: list[str]) -> list[Quantity]:
    routes: list[Quantity] = []
    if _has(row, "sd"):
        routes.append(cell(row, "sd"))
    if n is None:
        return routes

    def add(function: Callable[..., d.Derived], inputs: dict[str, Quantity]) -> None:
        _attempt(lambda: derive("sd", function, {**inputs, "n": n}, flags=["sd_derived"]), routes, reasons)

    own = "effect" not in row.values  # else the SE and the interval belong to the effect
    if own and _has(row, "se"):
        add(d.sd_from_se, {"se": cell(row, "se")})
    if own and _has(row, "mean", "ci_low", "ci_high"):
        _attempt(lambda: _sd_from_ci(row, n, settings), routes, reasons)
    found = _quantiles(row)
    if found is not None:
        _attempt(lambda: _by_quantiles("sd", found, n, settings), routes, reasons)
    if row.timing == "change" and row.contrast == "within" and _has(row, "mean"):
        _attempt(lambda: _sd_from_test(row, n), routes, reasons)
    return routes


def moments(rows: Sequence[Result], settings: Settings, basis: str) -> Moments:
    """Return mean, SD and n of a group from rows that describe the same quantity."""
    ordered = ranked(rows)
    if not ordered:
        raise NotDerivable(f"no {basis} is reported")
    means: list[Quantity] = []
    sds: list[Quantity] = []
    reasons: list[str] = []
    sizes: dict[str, Quantity] = {}
    for row in ordered:
        n = own_size(row) or _size_or_none(rows)
        for quantity in _mean_routes(row, n, settings, reasons):
            means.append(quantity)
        for quantity in _sd_routes(row, n, settings, reasons):
            sds.append(quantity)
        if n is not None:
            sizes[row.result_id] = n
    mean, sd = _chosen(means, reasons, f"the mean ({basis})"), _chosen(sds, reasons, f"the SD ({basis})")
    n = next((sizes[i] for i in mean.result_ids if i in sizes), None) or size(rows)
    return Moments(mean, sd, n, basis)


def _size_or_none(rows: Sequence[Result]) -> Quantity | None:
    try:
        return size(rows)
    except NotDerivable:
        return None


def change(at_time: Sequence[Result], baseline: Sequence[Result], settings: Settings) -> Moments:
    """Return mean change from baseline, its SD and n.

    First from rows that report the change itself; else from baseline and final values with a
    correlation (Cochrane Handbook 6.5.2.8).
    """
    direct = [r for r in at_time if r.timing == "change"]
    reasons: list[str] = []
    if direct:
        try:
            return moments(direct, settings, "change")
        except NotDerivable as error:
            reasons.append(str(error))
    try:
        return change_from_two(at_time, baseline, settings)
    except NotDerivable as error:
        reasons.append(str(error))
    raise NotDerivable("; ".join(dict.fromkeys(reasons)))


def change_from_two(at_time: Sequence[Result], baseline: Sequence[Result], settings: Settings) -> Moments:
    """Return mean change and its SD from baseline and final values with a correlation."""
    before = moments(baseline, settings, "baseline value")
    after = moments([r for r in at_time if r.timing == "final"], settings, "final value")
    mean = derive("mean change", d.mean_change, {"final": after.mean, "baseline": before.mean})
    sd = derive(
        "SD of the change",
        d.change_sd,
        {"sd_baseline": before.sd, "sd_final": after.sd, "r": settings.correlation},
        flags=["sd_derived"],
    )
    note = f"{sd.steps[-1].assumption}; {settings.correlation_note}".strip("; ")
    sd = replace(sd, steps=(*sd.steps[:-1], replace(sd.steps[-1], assumption=note)))
    n = min(before.n, after.n, key=lambda q: q.value)
    return Moments(mean, sd, n, "change from baseline and final values")


# --- several arms into one ---------------------------------------------------------------------


def combine_counts(groups: Sequence[Counts]) -> Counts:
    """Add up the patients of several groups."""
    if len(groups) == 1:
        return groups[0]
    inputs = _numbered(events=[g.events for g in groups], n=[g.n for g in groups])

    def total(part: int) -> Callable[..., d.Derived]:
        return lambda **kw: d.combine_events(**_lists(kw))[part]

    return Counts(
        derive("events", total(0), inputs, flags=["arms_combined"]),
        derive("n", total(1), inputs, flags=["arms_combined"]),
    )


def combine_moments(groups: Sequence[Moments]) -> Moments:
    """Merge the means and SDs of several groups into those of one (Handbook 6.5.2.10)."""
    if len(groups) == 1:
        return groups[0]
    inputs = _numbered(mean=[g.mean for g in groups], sd=[g.sd for g in groups], n=[g.n for g in groups])

    def part(name: str) -> Quantity:
        return derive(
            name, lambda **kw: getattr(d.combine_means(**_lists(kw)), name), inputs, flags=["arms_combined"]
        )

    basis = " and ".join(dict.fromkeys(g.basis for g in groups))
    return Moments(part("mean"), part("sd"), part("n"), basis)


def _numbered(**groups: Sequence[Quantity]) -> dict[str, Quantity]:
    """Name the numbers of several groups: mean_1, sd_1, n_1, mean_2 ..."""
    size = len(next(iter(groups.values())))
    return {f"{name}_{i + 1}": items[i] for i in range(size) for name, items in groups.items()}


def _lists(numbered: Mapping[str, float]) -> dict[str, list[float]]:
    """Undo :func:`_numbered`."""
    lists: dict[str, list[float]] = {}
    for key, value in numbered.items():
        lists.setdefault(key.rpartition("_")[0], []).append(value)
    return lists


def shared(group: Counts | Moments, parts: int) -> Counts | Moments:
    """Return the share of a control group that goes to each of `parts` comparisons (Handbook 23.3.4).

    Events and patients are split; means and SDs stay as they are.
    """
    if parts == 1:
        return group
    inputs = {"n": group.n, "parts": Quantity(float(parts))}
    if isinstance(group, Counts):
        inputs["events"] = group.events
    n = derive("n", _split(0), inputs, flags=["control_split"])
    if isinstance(group, Counts):
        return Counts(derive("events", _split(1), inputs, flags=["control_split"]), n)
    return replace(group, n=n)


def _split(part: int) -> Callable[..., d.Derived]:
    def split(n: float, parts: float, events: float | None = None) -> d.Derived:
        return d.split_control(n, int(parts), events=events)[part]

    return split
