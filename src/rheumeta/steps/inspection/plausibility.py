"""Checks of what patients can have: size of effects, ranges, spreads, numbers that repeat."""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats import integrity
from rheumeta.stats.effects import effect_size
from rheumeta.stats.integrity.duplicates import CELLS
from rheumeta.steps.evidence.model import Result
from rheumeta.steps.evidence.quantities import ANOTHER_ROUTE
from rheumeta.steps.inspection.material import (
    Material,
    cell_of,
    counts,
    first_counting,
    first_with,
    group_of,
    in_one_unit,
    is_as_printed,
    means,
    place,
    shown,
    when,
)
from rheumeta.steps.inspection.model import Looks, Place, Question, asked, judged
from rheumeta.tables.rules_numbers import OTHER_STUDIES, SE_FACTOR, SE_SHARE

log = logging.getLogger(__name__)

EXTREME = 3.0
"""A difference between arms of so many standard deviations is graded serious."""
ACROSS_STUDIES = 8
"""Digits that two studies must share; of some hundred studies on one scale, several share six by chance."""
DISTINCT = 3
"""Two criteria that share so many different percentages, and no others, are graded serious."""
BALANCE_OF = ("randomised",)
"""Designs whose arms differ at baseline by chance alone."""
FEWEST_ARMS = 2


def large_difference(material: Material) -> Looks:
    """Look for a difference between two arms of 1.5, or of 3, standard deviations."""
    for rows1, rows2 in material.pairs_of_arms():
        one, two = means(rows1), means(rows2)
        if one is None or two is None or one.timing not in ("final", "change"):
            continue
        g = _hedges_g(one, two)
        if g is not None:
            where = place(material, [one, two], f"{shown(one, 'mean', 'sd')}; {shown(two, 'mean', 'sd')}")
            for item in judged(
                where, integrity.large_effect, g, grade="serious" if abs(g) > EXTREME else None
            ):
                yield replace(item, expected=f"{_worked(one, two, g)} {item.expected}") if item else None


def _worked(one: Result, two: Result, g: float) -> str:
    """Return how Hedges' g is computed, with the numbers put in."""
    (m1, s1, n1), (m2, s2, n2) = ((r.values["mean"], r.values["sd"], r.n or 0) for r in (one, two))
    df = n1 + n2 - 2
    pooled = math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
    return (
        f"({m1:g} - {m2:g}) / sqrt(({n1 - 1} x {s1:g}^2 + {n2 - 1} x {s2:g}^2) / {df}) = {(m1 - m2) / pooled:.2f}; "
        f"times J({df}) = {g / ((m1 - m2) / pooled):.4g} (Hedges 1981) it is {g:.2f}."
    )


def _hedges_g(one: Result, two: Result) -> float | None:
    if not one.values["sd"] or not two.values["sd"] or min(one.n or 0, two.n or 0) < FEWEST_ARMS:
        return None
    found = effect_size(
        "SMD",
        m1i=one.values["mean"], sd1i=one.values["sd"], n1i=one.n,
        m2i=two.values["mean"], sd2i=two.values["sd"], n2i=two.n,
    )  # fmt: skip
    return float(np.ravel(found.yi)[0])


def se_between_arms(material: Material) -> Looks:
    """Look for SDs of two arms that are alike only if one of them is a standard error."""
    for rows1, rows2 in material.pairs_of_arms():
        one, two = means(rows1), means(rows2)
        if one is not None and two is not None and in_one_unit(one, two):
            where = place(material, [one, two], f"{shown(one, 'sd')}; {shown(two, 'sd')}")
            spreads = [integrity.Spread(r.printed["sd"], r.n or 0) for r in (one, two)]
            yield from judged(where, integrity.se_between, *spreads)


def se_for_sd(material: Material) -> Looks:
    """Look for an SD, printed or behind an interval, so far below the usual one that it may be a standard error."""
    found = [(row, sd) for row in material.evidence.results if (sd := _sd_text(row)) is not None]
    usual = _usual(found)
    for row, sd in found:
        reference = _reference(material, row, usual)
        if reference is not None:
            printed = (
                shown(row, "mean", "sd") if "sd" in row.values else shown(row, "mean", "ci_low", "ci_high")
            )
            behind = "" if "sd" in row.values else f"; SD behind the interval {sd}"
            yield _se_question(place(material, [row], printed + behind), float(sd), row.n or 0, reference)


def _se_question(where: Place, sd: float, n: int, usual: float) -> Question | None:
    """Ask by the rule of validation: far below the usual SD, and near it once it is multiplied by sqrt(n)."""
    times = sd * math.sqrt(n)
    if sd >= SE_SHARE * usual or times > SE_FACTOR * usual:
        return None
    if_se = f"If it is a standard error, the SD is {sd:.3g} x sqrt({n}) = {times:.3g}."
    return asked(where, f"An SD of about {usual:.3g} is usual. {if_se}", "moderate")


def _sd_text(row: Result) -> str | None:
    """Return the SD of a row as printed, or the one behind the interval of its mean."""
    if (
        not row.n
        or row.n < FEWEST_ARMS
        or "mean" not in row.values
        or row.timing not in ("baseline", "final", "change")
    ):
        return None
    if "sd" in row.values:
        return row.printed["sd"] if is_as_printed(row, "sd") and row.values["sd"] > 0 else None
    interval = {"ci_low", "ci_high"} <= row.values.keys() and "effect" not in row.values
    if not interval or row.comparator_id is not None or not is_as_printed(row, "ci_low"):
        return None
    width = (row.values["ci_high"] - row.values["ci_low"]) / 2
    quantile = float(special.stdtrit(row.n - 1, 0.5 + row.ci_level / 200))
    return f"{width / quantile * math.sqrt(row.n):.3g}" if width > 0 else None


def _usual(found: Sequence[tuple[Result, str]]) -> dict[tuple[str, bool], dict[str, float]]:
    """Return the median SD of each study by outcome and by whether it is of a change."""
    lists: dict[tuple[str, bool], dict[str, list[float]]] = {}
    for row, sd in found:
        key = row.outcome, row.timing == "change"
        lists.setdefault(key, {}).setdefault(row.study_id, []).append(float(sd))
    return {key: {s: statistics.median(v) for s, v in own.items()} for key, own in lists.items()}


def _reference(
    material: Material, row: Result, usual: Mapping[tuple[str, bool], Mapping[str, float]]
) -> float | None:
    """Return what SD is usual: the median of other studies, or else that of the instrument."""
    own = usual[row.outcome, row.timing == "change"]
    others = [sd for study, sd in own.items() if study != row.study_id]
    return statistics.median(others) if len(others) >= OTHER_STUDIES else material.instruments[row.outcome].sd


def change_in_range(material: Material) -> Looks:
    """Look for a mean change that baseline and range of the instrument do not allow."""
    for rows in material.cells.values():
        change = first_with(rows, "mean") if rows[0].timing == "change" else None
        before = _baseline(material, change) if change is not None else None
        if change is None or before is None:
            continue
        instrument = material.in_range(change, "mean")
        if instrument is None or material.in_range(before, "mean") is None:
            continue
        where = place(
            material, [before, change], f"baseline {shown(before, 'mean')}; change {shown(change, 'mean')}"
        )
        if before.n != change.n:  # they may be of different patients
            where = replace(where, at_most="moderate")
        yield from judged(where, integrity.change_within_limits, before.printed["mean"], change.printed["mean"],
                          instrument.low, instrument.high)  # fmt: skip


def _baseline(material: Material, row: Result) -> Result | None:
    """Return the baseline of the patients of a row."""
    return _other(material, row, "baseline", 0.0)


def _other(material: Material, row: Result, timing: str, weeks: float | None, *names: str) -> Result | None:
    rows = material.cells.get((row.study_id, row.arm_id, row.outcome, weeks, timing), [])
    return first_with(rows, "mean", *names)


def _trios(material: Material, *names: str) -> list[tuple[Result, Result, Result]]:
    """Return baseline, final value and change of the same patients."""
    found = []
    for rows in material.cells.values():
        change = first_with(rows, "mean", *names) if rows[0].timing == "change" else None
        if change is None:
            continue
        before = _other(material, change, "baseline", 0.0, *names)
        after = _other(material, change, "final", change.weeks, *names)
        if before is None or after is None or not before.n == after.n == change.n:
            continue
        if in_one_unit(before, after, change):
            found.append((before, after, change))
    return found


def change_of_means(material: Material) -> Looks:
    """Look for a mean change that is not the difference of the means of the same patients."""
    for trio in _trios(material):
        said = "; ".join(
            f"{n} {shown(r, 'mean')}" for n, r in zip(("baseline", "final", "change"), trio, strict=True)
        )
        yield from judged(
            place(material, trio, said), integrity.change_of_means, *(r.printed["mean"] for r in trio)
        )


def change_sd(material: Material) -> Looks:
    """Look for an SD of the change that no correlation of baseline and final value gives."""
    for trio in _trios(material, "sd"):
        said = "; ".join(
            f"{n} {shown(r, 'sd')}" for n, r in zip(("baseline", "final", "change"), trio, strict=True)
        )
        yield from judged(place(material, trio, said), integrity.change_sd, *(r.printed["sd"] for r in trio))


def sd_in_range(material: Material) -> Looks:
    """Look for an SD that mean, patients and range of the instrument do not allow."""
    for rows in material.cells.values():
        row = means(rows)
        instrument = material.in_range(row, "mean", "sd") if row is not None else None
        if row is None or instrument is None or instrument.low is None or instrument.high is None:
            continue
        low, high = instrument.low, instrument.high
        if row.timing == "change":
            low, high = low - high, high - low
        where = place(material, [row], shown(row, "mean", "sd"))
        yield from judged(
            where, integrity.sd_within_limits, row.printed["sd"], row.printed["mean"], row.n, low, high
        )


def equal_percentages(material: Material) -> Looks:
    """Look for two criteria with the same percentage of responders in every arm and at every time."""
    for study in material.evidence.studies:
        cells = _responders(material, study)
        series = {o: {cell: _share(r) for cell, r in own.items()} for o, own in cells.items()}
        looked = _comparable(series)
        found = integrity.equal_series(series)
        yield from (None for _ in range(looked - len(found)))
        for pair in found:
            shared = [c for c in cells[pair.first] if c in cells[pair.second]]
            rows = [cells[name][c] for name in (pair.first, pair.second) for c in shared]
            said = ", ".join(_text(cells[pair.first][c]) for c in shared)
            grade = "serious" if pair.distinct >= DISTINCT else "moderate"
            where = place(material, rows, said, about=f"{pair.first} and {pair.second}")
            yield asked(where, pair.message, grade)  # type: ignore[arg-type]


def _comparable(series: Mapping[str, Mapping[str, str]]) -> int:
    """Return how many pairs of criteria share enough cells."""
    names = list(series)
    pairs = ((a, b) for i, a in enumerate(names) for b in names[i + 1 :])
    return sum(len(series[a].keys() & series[b].keys()) >= CELLS for a, b in pairs)


def _responders(material: Material, study: str) -> dict[str, dict[str, Result]]:
    """Return the rows that count responders of a study by outcome and by arm, time and kind of number."""
    found: dict[str, dict[str, Result]] = {}
    for (_, arm, outcome, weeks, timing), rows in material.cells_of[study].items():
        row = first_counting(rows)
        if row is not None:
            found.setdefault(outcome, {})[f"{arm}, {weeks}, {timing}"] = row
    return found


def _share(row: Result) -> str:
    """Return the share of responders in percent: of the patients, where only one number of them fits."""
    found = counts(row)
    return f"{100 * found[0] / (row.n or 1):.6g}" if len(found) == 1 else row.printed["percent"]


def _text(row: Result) -> str:
    """Return a share as printed: a percentage, or events of patients."""
    return f"{row.printed['percent']}%" if "percent" in row.values else f"{counts(row)[0]}/{row.n}"


def identical_numbers(material: Material) -> Looks:
    """Look for the same mean and spread, with enough digits, in different outcomes, arms, times or studies."""
    labelled = {r.result_id: texts for r in material.evidence.results if (texts := _numbers(r))}
    named = [integrity.Labelled(name, texts) for name, texts in labelled.items()]
    told: set[str] = set()
    for same in integrity.identical_numbers(named):
        for rows in _together([material.by_id[name] for name in same.labels], same.digits):
            told.update(r.result_id for r in rows)
            studies = dict.fromkeys(material.evidence.label(r.study_id) for r in rows)
            about = " and ".join(dict.fromkeys(when(r) for r in rows))
            ids = tuple(r.result_id for r in rows)
            where = Place(rows[0].study_id, ids, f"{about} ({', '.join(studies)})", ", ".join(same.texts))
            yield asked(where, f"{len(rows)} results have the same {same.digits} digits.", "moderate")
    yield from (None for name in labelled if name not in told)


def _together(rows: Sequence[Result], digits: int) -> list[list[Result]]:
    """Return rows that should not be alike: of all studies if digits are many, else of one study each."""
    if digits >= ACROSS_STUDIES:
        groups = [list(rows)]
    else:
        studies = dict.fromkeys(r.study_id for r in rows)
        groups = [[r for r in rows if r.study_id == study] for study in studies]
    return [group for group in groups if len({cell_of(r) for r in group}) > 1]


def _numbers(row: Result) -> tuple[str, ...]:
    """Return mean or median with its spreads as printed; none where there is no spread."""
    if row.comparator_id is not None:
        return ()
    centre = [row.printed[n] for n in ("mean", "median") if n in row.values]
    spread = [row.printed[n] for n in ("sd", "se", "ci_low", "ci_high", "q1", "q3") if n in row.values]
    return (*centre, *spread) if centre and spread else ()


def baseline_balance(material: Material) -> Looks:
    """Look for arms that are more alike at baseline, or less, than chance makes them (Carlisle)."""
    for study_id, study in material.evidence.studies.items():
        if study.design_class not in BALANCE_OF:
            continue
        tested = [t for rows in _baselines(material, study_id) if (t := _baseline_p(rows)) is not None]
        if not tested:
            continue
        rows = [r for members, _ in tested for r in members]
        said = "; ".join(f"{members[0].outcome}: p {p:.3g}" for members, p in tested)
        where = place(material, rows, said, about=f"{len(tested)} baseline variables")
        yield from judged(where, integrity.baseline_balance, [p for _, p in tested])


def _baselines(material: Material, study_id: str) -> list[list[list[Result]]]:
    """Return for each baseline variable of a study the rows of each arm as allocated."""
    found: dict[str, list[list[Result]]] = {}
    for (study, arm, outcome, _, timing), rows in material.cells_of[study_id].items():
        if timing == "baseline" and material.evidence.arms[study, arm].kind == "arm":
            found.setdefault(outcome, []).append(rows)
    return [arms for arms in found.values() if len(arms) >= FEWEST_ARMS]


def _baseline_p(arms: Sequence[Sequence[Result]]) -> tuple[list[Result], float] | None:
    """Return the rows and the p value of one baseline variable."""
    pick: Callable[[Sequence[Result]], Result | None]
    for pick in (means, first_counting):
        rows = [row for own in arms if (row := pick(own)) is not None]
        if len(rows) < len(arms):
            continue
        try:
            if pick is means and in_one_unit(*rows):
                return rows, integrity.baseline_means([group_of(r) for r in rows]).pval
            if pick is first_counting and all(len(counts(r)) == 1 for r in rows):
                events, ns = [counts(r)[0] for r in rows], [r.n or 0 for r in rows]
                return rows, integrity.baseline_counts(events, ns).pval
        except StatsError as error:  # single patients, no spread, nobody or everybody with the feature
            log.debug("%s, %s: %s", rows[0].study_id, rows[0].outcome, error)
    return None


def routes_disagree(material: Material) -> Looks:
    """Look for two ways to the same number, in the derivation of an effect, that disagree by more than rounding."""
    notes: dict[str, list[str]] = {}
    for step in material.derivations:
        if ANOTHER_ROUTE in step["assumption"]:
            notes.setdefault(step["effect_id"], []).append(
                f"{step['quantity']} = {step['value']}: {step['assumption']}"
            )
    told: set[tuple[str, ...]] = set()
    for effect in material.effects:
        rows = tuple(effect["result_ids"].split(";"))
        found = notes.get(effect["effect_id"])
        if rows in told or not (found or effect["confirmed_by"]):
            continue
        told.add(rows)
        about = f"{effect['outcome']}, {effect['time_label']}"
        where = Place(effect["study_id"], rows, about, "; ".join(found or ()))
        yield (
            asked(where, "Both ways should give the same number, up to rounding.", "moderate")
            if found
            else None
        )
