"""Checks of p values against the numbers that they are said to come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rheumeta.stats import integrity
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.reported_effects import RATIOS
from rheumeta.steps.inspection.material import (
    Material,
    counts,
    first_counting,
    group_of,
    in_one_unit,
    means,
    place,
    shown,
    size,
)
from rheumeta.steps.inspection.model import Looks, by_any, judged
from rheumeta.steps.synthesis.filing import compares_groups

ALPHA = "0.05"
"""What "significant" means where no p value is printed."""
CLAIMS = {"significant": (ALPHA, "<"), "not_significant": (ALPHA, ">")}


def claim(row: Result) -> tuple[str, str] | None:
    """Return p as printed and its sign, or what the word significant stands for; None if neither is there."""
    if "p" in row.values and row.p_sign:
        return row.printed["p"], row.p_sign
    return CLAIMS.get(row.significance or "")


def said(row: Result) -> str:
    """Return what a row says of p, in words."""
    if "p" in row.values:
        return f"p {row.p_sign} {row.printed['p']}"
    return str(row.significance).replace("_", " ")


def test_p(material: Material) -> Looks:
    """Look for a t or F statistic with its degrees of freedom that does not give the p value beside it."""
    for row in material.evidence.results:
        name = next((n for n in ("t", "f") if n in row.values), None)
        if name is None or "p" not in row.values or "df" not in row.values:
            continue
        df = (row.values["df"],) if name == "t" else (1.0, row.values["df"])
        kind = "t" if name == "t" else "F"
        where = place(material, [row], f"{kind} {row.printed[name]}, df {row.printed['df']}, {said(row)}")
        yield from judged(
            where, integrity.p_from_test, kind, row.printed[name], row.printed["p"], row.p_sign, df=df
        )


def estimate_p(material: Material) -> Looks:
    """Look for an effect with interval or standard error that does not give the p value beside it."""
    for row in material.evidence.results:
        effect = "effect" in row.values and row.effect_type not in (None, "unspecified")
        change = "mean" in row.values and row.timing == "change" and row.contrast != "between"
        if "p" not in row.values or not (effect or change):
            continue
        name, ratio = ("effect", row.effect_type in RATIOS) if effect else ("mean", False)
        interval = {"ci_low", "ci_high"} <= row.values.keys()
        if not interval and "se" not in row.values:
            continue
        how = (
            {"ci": (row.printed["ci_low"], row.printed["ci_high"])} if interval else {"se": row.printed["se"]}
        )
        where = place(material, [row], f"{shown(row, name, 'se', 'ci_low', 'ci_high')}, {said(row)}")
        numbers = row.printed[name], row.printed["p"], row.p_sign
        options: dict[str, Any] = {"level": row.ci_level, "ratio": ratio, **how}
        degrees = [None] if ratio else material.degrees(row, name)
        options["grade"] = None if degrees else "moderate"
        yield from by_any(
            [
                item
                for df in degrees or [None]
                for item in judged(where, integrity.p_from_estimate, *numbers, df=df, **options)
            ]
        )


def change_p(material: Material) -> Looks:
    """Look for a mean change with SD and patients that does not give the p value of the change."""
    for row, stated in _within_claims(material):
        p, sign = claim(stated) or ("", "")
        rows = [row] if row is stated else [row, stated]
        where = place(material, rows, f"{shown(row, 'mean', 'sd')}, {said(stated)}")
        numbers: tuple[Any, ...] = (row.printed["mean"], row.printed["sd"], row.n, p, sign)
        for item in judged(where, integrity.p_from_mean, *numbers):
            label = integrity.spread_label(*numbers)
            told = item is not None and label.as_se and not label.as_sd
            yield replace(item, expected=f"{item.expected} {label.message}") if item and told else item


def _within_claims(material: Material) -> Iterator[tuple[Result, Result]]:
    """Yield each row with mean change, SD and patients, and the row that claims a p value of the change."""
    for rows in material.cells.values():
        numbers = means(rows) if rows[0].timing == "change" else None
        stated = next((r for r in rows if claim(r) and not compares_groups(r)), None)
        if numbers is not None and stated is not None:
            yield numbers, stated


def groups_p(material: Material) -> Looks:
    """Look for numbers of two groups that no usual test, or not every one, brings to the p value claimed."""
    for row in material.evidence.results:
        other = material.comparator(row) if claim(row) else None
        if other is None:
            continue
        one, two = material.at(row, row.arm_id), material.at(row, other.arm_id)
        yield from _counts_p(material, row, first_counting(one), first_counting(two))
        yield from _means_p(material, row, means(one), means(two))


def _counts_p(material: Material, row: Result, one: Result | None, two: Result | None) -> Looks:
    stated = claim(row)
    if one is None or two is None or stated is None:
        return
    numbers = "; ".join(f"{'/'.join(map(str, counts(r)))} of {size(r)}" for r in (one, two))
    where = place(material, [one, two, row], f"{numbers}; {said(row)}")
    sides = counts(one), one.n, counts(two), two.n
    yield from _where_significant(stated, judged(where, integrity.two_proportions, *sides, *stated))


def _means_p(material: Material, row: Result, one: Result | None, two: Result | None) -> Looks:
    stated = claim(row)
    if one is None or two is None or stated is None or not in_one_unit(one, two):
        return
    where = place(
        material, [one, two, row], f"{shown(one, 'mean', 'sd')}; {shown(two, 'mean', 'sd')}; {said(row)}"
    )
    yield from _where_significant(
        stated, judged(where, integrity.two_means, group_of(one), group_of(two), *stated)
    )


def _where_significant(stated: tuple[str, str], looks: Looks) -> Looks:
    """Ask which test was used only where significance is claimed without the p value that would tell it."""
    p, sign = stated
    claimed = float(p) <= float(ALPHA) and sign in ("<", "<=")
    for item in looks:
        yield item if item is None or claimed or item.grade == "serious" else None
