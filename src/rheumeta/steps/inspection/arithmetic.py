"""Checks of arithmetic within one row of the results sheet."""

from __future__ import annotations

from rheumeta.stats import integrity
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.reported_effects import RATIOS
from rheumeta.steps.inspection.material import Material, patients, place, shown, size
from rheumeta.steps.inspection.model import Looks, by_any, judged

INTERVAL_OF = ("effect", "mean")
"""Whose interval stands in a row: of the effect if it has one, else of the mean."""


def percent_whole(material: Material) -> Looks:
    """Look for a percentage that no whole number of patients gives."""
    for row in material.evidence.results:
        if "percent" in row.values and row.n and patients(row):
            where = place(material, [row], f"{row.printed['percent']}% of {size(row)}")
            yield from judged(where, integrity.grim_percent, row.printed["percent"], row.n)


def events_percent(material: Material) -> Looks:
    """Look for events and percentage of one row that disagree."""
    for row in material.evidence.results:
        if {"percent", "events"} <= row.values.keys() and row.n and patients(row):
            where = place(material, [row], shown(row, "events", "percent"))
            events = int(row.values["events"])
            yield from judged(where, integrity.percent_of_events, row.printed["percent"], events, row.n)


def _items(material: Material, row: Result, *names: str) -> int:
    """Return how many steps one unit of an instrument has; 0 where it has no steps or is not as printed."""
    step = material.instruments[row.outcome].step
    instrument = material.in_range(row, *names)
    return round(1 / step) if step and step <= 1 and instrument else 0


def mean_whole(material: Material) -> Looks:
    """Look for a mean that no patients with whole values have."""
    for row in material.evidence.results:
        if "mean" in row.values and row.n and (items := _items(material, row, "mean")):
            where = place(material, [row], shown(row, "mean"))
            yield from judged(where, integrity.grim, row.printed["mean"], row.n, items=items)


def sd_whole(material: Material) -> Looks:
    """Look for an SD that no patients with whole values and this mean have."""
    for row in material.evidence.results:
        if (
            {"mean", "sd"} <= row.values.keys()
            and (row.n or 0) > 1
            and (items := _items(material, row, "mean", "sd"))
        ):
            where = place(material, [row], shown(row, "mean", "sd"))
            yield from judged(
                where, integrity.grimmer, row.printed["mean"], row.printed["sd"], row.n, items=items
            )


def sd_of_percentage(material: Material) -> Looks:
    """Look for a spread beside a percentage that only repeats it: sqrt(p(1-p))."""
    for row in material.evidence.results:
        if {"percent", "sd"} <= row.values.keys() and row.timing != "percent_change":
            where = place(material, [row], shown(row, "percent", "sd"))
            yield from judged(
                where, integrity.sd_of_percentage, row.printed["percent"], row.printed["sd"], row.n
            )


def _interval(row: Result) -> tuple[str, bool] | None:
    """Return whose interval stands in a row, and whether it is on the scale of a ratio."""
    if not {"ci_low", "ci_high"} <= row.values.keys():
        return None
    name = next((n for n in INTERVAL_OF if n in row.values), None)
    if name == "effect" and row.effect_type in (None, "unspecified"):  # its scale is not known
        return None
    return None if name is None else (name, name == "effect" and row.effect_type in RATIOS)


def ci_centred(material: Material) -> Looks:
    """Look for an estimate that is not in the middle of its interval, on the scale on which intervals are made."""
    for row in material.evidence.results:
        if (found := _interval(row)) is not None:
            name, ratio = found
            where = place(material, [row], shown(row, name, "ci_low", "ci_high"))
            texts = (row.printed[n] for n in (name, "ci_low", "ci_high"))
            yield from judged(where, integrity.ci_centred, *texts, ratio=ratio)


def spread_and_interval(material: Material) -> Looks:
    """Look for a standard error, or an SD of so many patients, that does not give the interval beside it."""
    for row in material.evidence.results:
        found = _interval(row)
        if found is None:
            continue
        name, ratio = found
        limits = row.printed["ci_low"], row.printed["ci_high"]
        where = place(material, [row], shown(row, name, "sd", "se", "ci_low", "ci_high"))
        if "se" in row.values:
            degrees = [None] if ratio else material.degrees(row, name)
            texts = row.printed["se"], *limits
            looks = [
                item
                for df in degrees or [None]
                for item in judged(
                    where, integrity.ci_level, *texts, level=row.ci_level, df=df, ratio=ratio,
                    grade=None if degrees else "moderate",
                )
            ]  # fmt: skip
            yield from by_any(looks)
        elif "sd" in row.values and name == "mean" and row.n:
            yield from judged(
                where, integrity.ci_of_mean, row.printed["sd"], row.n, *limits, level=row.ci_level
            )


def sd_and_se(material: Material) -> Looks:
    """Look for SD and standard error of one row that are not related by sqrt(n)."""
    for row in material.evidence.results:
        if {"sd", "se"} <= row.values.keys() and row.n and row.timing != "percent_change":
            where = place(material, [row], shown(row, "sd", "se"))
            yield from judged(where, integrity.se_of_sd, row.printed["se"], row.printed["sd"], row.n)


def statistic_of_estimate(material: Material) -> Looks:
    """Look for a t or F that is not the estimate divided by its standard error, or the square of that."""
    for row in material.evidence.results:
        name = next((n for n in ("t", "f") if n in row.values), None)
        of = next((n for n in INTERVAL_OF if n in row.values), None)
        if name is None or of is None or "se" not in row.values or row.effect_type in RATIOS:
            continue
        where = place(material, [row], shown(row, of, "se", name))
        texts = row.printed[name], row.printed[of], row.printed["se"]
        yield from judged(where, integrity.statistic_of_estimate, *texts, squared=name == "f")
