"""Checks of a whole against its parts: pooled groups, subgroups, criteria that hold one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rheumeta.stats import integrity
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.inspection.material import (
    Material,
    counts,
    first_counting,
    group_of,
    in_one_unit,
    means,
    place,
    shown,
)
from rheumeta.steps.inspection.model import Looks, Place, judged

NESTED: Sequence[tuple[str, str]] = (
    ("ACR50", "ACR20"), ("ACR70", "ACR50"), ("ACR70", "ACR20"),
    ("EULAR-good", "EULAR-response"), ("EULAR-moderate", "EULAR-response"),
    ("DAS28-ESR<2.6", "DAS28-ESR<=3.2"), ("DAS28<2.6", "DAS28<3.2"),
    ("SAE", "AE-any"), ("AE-grade3", "AE-any"), ("SAE-grade3", "AE-grade3"), ("SAE-grade3", "SAE"),
)  # fmt: skip
"""Criteria of which the first holds only patients whom the second holds too, by their definitions."""

SIZES = ("n_allocated", "n_analysed")


def total_events(material: Material) -> Looks:
    """Look for events of the arms that do not add up to those of the pooled group."""
    for whole, parts in _wholes(material):
        rows = _all([_with_events(part, whole.events_unit) for part in parts])
        if _make_up(whole, rows) and "events" in whole.values:
            numbers = [_events(r) for r in rows]
            said = f"arms {' + '.join(map(str, numbers))}; all {whole.printed['events']}"
            where = place(material, [whole, *rows], said)
            total = int(whole.values["events"])
            yield from judged(where, integrity.parts_within, numbers, total, exhaustive=True)


def total_mean(material: Material) -> Looks:
    """Look for a mean of all that is not the weighted mean of the arms."""
    for whole, parts in _wholes(material):
        rows = _all([means(part, "mean") for part in parts])
        if _make_up(whole, rows) and "mean" in whole.values:
            said = "; ".join(shown(r, "mean") for r in rows)
            where = place(material, [whole, *rows], f"arms {said}; all {whole.printed['mean']}")
            printed, sizes = [r.printed["mean"] for r in rows], [r.n for r in rows]
            yield from judged(where, integrity.weighted_mean, printed, sizes, whole.printed["mean"])


def total_sd(material: Material) -> Looks:
    """Look for an SD of all that the means and SDs of the arms do not give."""
    for whole, parts in _wholes(material):
        rows = _all([means(part) for part in parts])
        if _make_up(whole, rows) and "sd" in whole.values:
            said = "; ".join(shown(r, "mean", "sd") for r in rows)
            where = place(material, [whole, *rows], f"arms {said}; all SD {whole.printed['sd']}")
            yield from judged(where, integrity.total_sd, [group_of(r) for r in rows], whole.printed["sd"])


def arms_add_up(material: Material) -> Looks:
    """Look for patients of the arms that do not add up to those of the pooled group, in the sheet of arms."""
    sizes = {(r["study_id"], r["arm_id"]): r for r in material.arms}
    for (study, arm_id), arm in material.evidence.arms.items():
        children = material.parts_of.get((study, arm_id), [])
        for column in SIZES if len(children) > 1 else ():
            parts = [sizes[study, c.arm_id][column] for c in children]
            total = sizes[study, arm_id][column]
            if not total or not all(parts):
                continue
            about = f"{column.removeprefix('n_')} ({arm.label})"
            where = Place(
                study, (), about, f"arms {' + '.join(parts)}; all {total}", f"{arm_id}.{column}", "moderate"
            )
            yield from judged(
                where,
                integrity.parts_within,
                [int(float(p)) for p in parts],
                int(float(total)),
                exhaustive=True,
            )


def subgroup_within(material: Material) -> Looks:
    """Look for a subgroup with more patients, or more of them with the event, than the arm that holds it."""
    for rows in material.cells.values():
        arm = material.evidence.arms[rows[0].study_id, rows[0].arm_id]
        if arm.kind != "subgroup" or arm.part_of is None:
            continue
        part, whole = first_counting(rows), first_counting(material.at(rows[0], arm.part_of))
        if part is None or whole is None:
            continue
        said = f"subgroup {shown(part, 'events', 'percent')}; arm {shown(whole, 'events', 'percent')}"
        where = place(material, [part, whole], said)
        looks = [
            *judged(where, integrity.parts_within, [part.n], whole.n),
            *judged(where, integrity.parts_within, [min(counts(part))], max(counts(whole))),
        ]
        yield next((item for item in looks if item is not None), None)


def nested_criteria(material: Material) -> Looks:
    """Look for more patients who meet the stricter of two criteria than the laxer, which holds them."""
    for strict, lax in NESTED:
        for (study, arm, outcome, weeks, timing), rows in material.cells.items():
            other = material.cells.get((study, arm, lax, weeks, timing)) if outcome == strict else None
            inner, outer = (first_counting(own or []) for own in (rows if other else None, other))
            if inner is None or outer is None or inner.n != outer.n:
                continue
            said = (
                f"{strict}: {shown(inner, 'events', 'percent')}; {lax}: {shown(outer, 'events', 'percent')}"
            )
            where = place(material, [inner, outer], said, about=f"{strict} and {lax}, {inner.time_label}")
            yield from judged(where, integrity.parts_within, [min(counts(inner))], max(counts(outer)))


def _wholes(material: Material) -> Iterator[tuple[Result, list[list[Result]]]]:
    """Yield each row about a pooled group with the rows about each of its arms, where all arms have some."""
    for rows in material.cells.values():
        first = rows[0]
        children = material.parts_of.get((first.study_id, first.arm_id), [])
        parts = [material.at(first, child.arm_id) for child in children]
        if len(parts) > 1 and all(parts):
            yield first, parts


def _make_up(whole: Result, rows: Sequence[Result]) -> bool:
    """Tell whether rows are of all patients of a pooled group, as far as their numbers say, and in its unit."""
    sizes = [r.n for r in rows if r.n]
    known = whole.n and len(sizes) == len(rows)
    return bool(rows) and in_one_unit(whole, *rows) and (not known or sum(sizes) == whole.n)


def _with_events(rows: Sequence[Result], unit: str) -> Result | None:
    """Return the first row that gives one number of events, counted or behind a percentage of patients."""
    return next(
        (r for r in rows if r.events_unit == unit and ("events" in r.values or len(counts(r)) == 1)), None
    )


def _events(row: Result) -> int:
    return int(row.values["events"]) if "events" in row.values else counts(row)[0]


def _all(rows: Sequence[Result | None]) -> list[Result]:
    """Return the rows if there is one of each part, else none."""
    known = [r for r in rows if r is not None]
    return known if len(known) == len(rows) else []
