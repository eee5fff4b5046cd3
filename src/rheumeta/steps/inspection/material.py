"""What the checks look at, and the ways in which rows are put side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rheumeta.errors import StatsError
from rheumeta.layout import Layout
from rheumeta.stats import integrity
from rheumeta.stats.derive import rounding_half_width
from rheumeta.steps.evidence.model import (
    SCALED_COLUMNS,
    Arm,
    Evidence,
    Result,
    read_arms,
    read_results,
    read_rows,
    read_studies,
)
from rheumeta.steps.inspection.model import Place
from rheumeta.steps.synthesis.filing import comparator, compares_groups
from rheumeta.tables.protocol import Instrument, Protocol
from rheumeta.tables.validated import ACCEPTED, Review, validated_path

Row = Mapping[str, str]
Cell = tuple[str, str, str, float | None, str]
"""Study, arm, outcome, weeks, timing: rows of one cell report the same thing."""

SAME = 1e-9
"""Relative difference up to which a converted number is the printed one."""


@dataclass(frozen=True)
class Material:
    """The evidence of a review with what the pipeline made of it.

    `studies`, `arms` and `accepted` are rows of the validated sheets, `effects` those of the base analyses.
    """

    protocol: Protocol
    instruments: Mapping[str, Instrument]
    evidence: Evidence
    studies: Sequence[Row]
    arms: Sequence[Row]
    accepted: Sequence[Row] = ()
    effects: Sequence[Row] = ()
    derivations: Sequence[Row] = ()

    @cached_property
    def by_id(self) -> dict[str, Result]:
        """Results by the id of their row."""
        return {r.result_id: r for r in self.evidence.results}

    @cached_property
    def cells(self) -> dict[Cell, list[Result]]:
        """Rows about one arm by what they report, the one nearest to the data first."""
        found: dict[Cell, list[Result]] = {}
        for row in sorted(self.evidence.results, key=lambda r: r.rank):
            if row.comparator_id is None:
                found.setdefault(cell_of(row), []).append(row)
        return dict(sorted(found.items(), key=lambda item: min(r.order for r in item[1])))

    @cached_property
    def cells_of(self) -> dict[str, dict[Cell, list[Result]]]:
        """Cells of each study."""
        found: dict[str, dict[Cell, list[Result]]] = {study: {} for study in self.evidence.studies}
        for cell, rows in self.cells.items():
            found[cell[0]][cell] = rows
        return found

    @cached_property
    def outcomes_of(self) -> dict[str, set[str]]:
        """Outcomes of which each study reports something."""
        found: dict[str, set[str]] = {study: set() for study in self.evidence.studies}
        for row in self.evidence.results:
            found[row.study_id].add(row.outcome)
        return found

    @cached_property
    def arms_of(self) -> dict[str, list[Row]]:
        """Rows of the sheet of arms by study."""
        found: dict[str, list[Row]] = {study: [] for study in self.evidence.studies}
        for row in self.arms:
            found[row["study_id"]].append(row)
        return found

    @cached_property
    def parts_of(self) -> dict[tuple[str, str], list[Arm]]:
        """Arms whose patients together are those of a pooled group, by study and group."""
        found: dict[tuple[str, str], list[Arm]] = {}
        for arm in self.evidence.arms.values():
            whole = self.evidence.arms.get((arm.study_id, arm.part_of or ""))
            if whole is not None and whole.kind == "pooled" and arm.kind != "subgroup":
                found.setdefault((whole.study_id, whole.arm_id), []).append(arm)
        return found

    def at(self, row: Result, arm_id: str) -> list[Result]:
        """Return the rows about an arm that report what `row` does."""
        return self.cells.get((row.study_id, arm_id, row.outcome, row.weeks, row.timing), [])

    def comparator(self, row: Result) -> Arm | None:
        """Return the arm that a contrast compares with."""
        return comparator(row, self.evidence)

    def degrees(self, row: Result, name: str) -> list[float | None] | None:
        """Return the degrees of freedom by which the interval of a number may be: None is the normal distribution.

        Of a difference of two groups those of Student's test, and with one covariate; None in place of the list
        where they are not known.
        """
        if name == "mean" and not compares_groups(row):
            return [None, row.n - 1.0] if row.n and row.n > 1 else None
        other = self.comparator(row)
        sizes = [self._size(row, arm) for arm in (row.arm_id, other.arm_id)] if other is not None else [None]
        df = sum(n for n in sizes if n is not None) - 2.0
        return None if None in sizes or df < 2 else [None, df, df - 1.0]

    def _size(self, row: Result, arm_id: str) -> int | None:
        """Return the patients of an arm about what `row` reports, else those that the sheet of arms says."""
        own = next((r.n for r in self.at(row, arm_id) if r.n and not compares_groups(r)), None)
        arm = next((a for a in self.arms_of[row.study_id] if a["arm_id"] == arm_id), None)
        text = (arm["n_analysed"] or arm["n_allocated"]) if arm is not None else ""
        return own or (int(float(text)) if text else None)

    def pairs_of_arms(self) -> Iterator[tuple[list[Result], list[Result]]]:
        """Yield the rows of two arms as allocated of one study about the same outcome, time and kind of number."""
        together: dict[tuple[str, str, float | None, str], list[list[Result]]] = {}
        for (study, arm, outcome, weeks, timing), rows in self.cells.items():
            if self.evidence.arms[study, arm].kind == "arm":
                together.setdefault((study, outcome, weeks, timing), []).append(rows)
        for members in together.values():
            yield from itertools.combinations(sorted(members, key=self._most_treated), 2)

    def _most_treated(self, rows: Sequence[Result]) -> tuple[int, int]:
        """Sort key: the arm with more interventions first, as the treated side; else the order of the sheet."""
        arm = self.evidence.arms[rows[0].study_id, rows[0].arm_id]
        return -len(arm.interventions), arm.order

    def in_range(self, row: Result, *names: str) -> Instrument | None:
        """Return the instrument of a row if it has a range and the row's numbers are printed on its scale."""
        instrument = self.instruments[row.outcome]
        printed = all(n in row.values and is_as_printed(row, n) for n in names)
        limited = instrument.low is not None and instrument.high is not None
        return instrument if limited and printed and row.timing != "percent_change" else None


def load(layout: Layout, review: Review) -> Material:
    """Read everything that the checks look at."""
    moderators: dict[str, list[str]] = {"studies": [], "arms": []}
    for name, moderator in review.protocol.moderators.items():
        moderators[moderator.sheet].append(name)
    studies, arms = (validated_path(layout, name) for name in ("studies", "arms"))
    evidence = Evidence(
        read_studies(studies, moderators["studies"]),
        read_arms(arms, moderators["arms"]),
        read_results(layout.harmonised),
    )
    return Material(
        protocol=review.protocol,
        instruments=review.instruments,
        evidence=evidence,
        studies=read_rows(studies),
        arms=read_rows(arms),
        accepted=read_rows(validated_path(layout, ACCEPTED)),
        effects=[row for row in read_rows(layout.effects) if row["variant"] == "base"],
        derivations=read_rows(layout.derivations),
    )


def cell_of(row: Result) -> Cell:
    """Return what a row reports of which arm at which time."""
    return row.study_id, row.arm_id, row.outcome, row.weeks, row.timing


def is_as_printed(row: Result, name: str) -> bool:
    """Tell whether a number stands in the sheet as it is on the common scale."""
    return abs(float(row.printed[name]) - row.values[name]) <= SAME * max(1.0, abs(row.values[name]))


def first_with(rows: Sequence[Result], *names: str) -> Result | None:
    """Return the first row that has all of some numbers and a number of patients."""
    return next((r for r in rows if r.n and all(n in r.values for n in names)), None)


def patients(row: Result) -> bool:
    """Tell whether a row counts patients, not events."""
    return row.events_unit != "events" and row.timing != "percent_change"


def counts(row: Result | None) -> tuple[int, ...]:
    """Return every number of patients with the event that a row allows; none if it counts no patients."""
    if row is None or not row.n or not patients(row):
        return ()
    if "events" in row.values:
        return (int(row.values["events"]),)
    if "percent" not in row.values:
        return ()
    try:
        return tuple(integrity.grim_percent(row.printed["percent"], row.n).totals)
    except StatsError:
        return ()


def first_counting(rows: Sequence[Result]) -> Result | None:
    """Return the first row that gives a number of patients with the event."""
    return next((r for r in rows if counts(r)), None)


def means(rows: Sequence[Result], spread: str = "sd") -> Result | None:
    """Return the first row with a mean, a spread and a number of patients."""
    return first_with(rows, "mean", spread)


def in_one_unit(*rows: Result) -> bool:
    """Tell whether the numbers of rows are printed in one unit, so that they can be put side by side as printed."""
    factors = [
        r.half_width[name] / rounding_half_width(r.printed[name])
        for r in rows
        for name in SCALED_COLUMNS & r.half_width.keys()
    ]
    return not factors or max(factors) - min(factors) <= SAME * max(factors)


def group_of(row: Result, spread: str = "sd") -> integrity.MeanGroup:
    """Return mean, spread and patients of a row as the arithmetic wants them."""
    return integrity.MeanGroup(row.printed["mean"], row.printed[spread], row.n or 0)


def when(row: Result) -> str:
    """Return outcome and time of a row in words."""
    return f"{row.outcome}, {row.time_label or 'time not stated'}"


def size(row: Result) -> str:
    """Return the patients of a row, and whether the source gives them."""
    return f"{row.n}{' (implied)' if row.n_basis == 'implied' else ''}"


def shown(row: Result, *names: str) -> str:
    """Return numbers of a row as printed, with the patients: ``mean -1.6, sd 1.57, n 9``."""
    words = [f"{n.replace('_', ' ')} {row.printed[n]}" for n in names if n in row.printed]
    if row.n:
        words.append(f"n {size(row)}")
    return ", ".join(words)


def place(
    material: Material, rows: Sequence[Result], reported: str, *, about: str = "", key: str = ""
) -> Place:
    """Return where some rows of one study lie; where one has an implied n, the grade is moderate at most."""
    first = rows[0]
    arms = dict.fromkeys(material.evidence.arms[r.study_id, r.arm_id].label for r in rows)
    return Place(
        study_id=first.study_id,
        rows=tuple(dict.fromkeys(r.result_id for r in rows)),
        about=f"{about or when(first)} ({' and '.join(arms)})",
        reported=reported,
        key=key,
        at_most="moderate" if any(r.n_basis == "implied" for r in rows) else None,
    )
