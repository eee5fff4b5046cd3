"""From the columns of a file to effects: which measure, from which columns, for which studies."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheumeta.errors import Fault, InputFaults, StatsError
from rheumeta.stats.effects import DEFAULT_LEVEL, MEASURES, EffectSizes, MeasureInfo, effect_size
from rheumeta.steps.commands.analyse_table import Floats, Table, read_table
from rheumeta.tables.cells import CellFault
from rheumeta.tables.wording import did_you_mean, listing

LABELS = ("study", "label", "study_id")
"""Columns that name a study; the first that is there is taken."""

OTHERS = {"n1i": ("ai", "bi"), "n2i": ("ci", "di")}
"""A group size may be given by its two parts: with and without event."""


LISTED = 100
"""Rows with refused values that are listed at once."""


@dataclass(frozen=True)
class Studies:
    """The studies of one file that can be used.

    Attributes
    ----------
    table : Table
        Their rows.
    labels : tuple of str
        Names.
    effects : EffectSizes
        Effects and variances.
    info : MeasureInfo
        The measure.
    notes : tuple of str
        What was left out.
    """

    table: Table
    labels: tuple[str, ...]
    effects: EffectSizes
    info: MeasureInfo
    notes: tuple[str, ...]

    @property
    def yi(self) -> Floats:
        """Effects on the analysis scale."""
        return self.effects.yi

    @property
    def vi(self) -> Floats:
        """Sampling variances."""
        return self.effects.vi

    @property
    def ni(self) -> Floats | None:
        """Sample sizes: the column ni, or the sum of both groups; None where there is neither."""
        if "ni" in self.table.columns:
            return self.table.numbers(["ni"])["ni"]
        given = self.effects.inputs
        if "ni" in given:
            return given["ni"]
        return given["n1i"] + given["n2i"] if {"n1i", "n2i"} <= set(given) else None

    def cells(self) -> tuple[Floats, Floats, Floats, Floats] | None:
        """Return ai, n1i, ci, n2i, or None where effects do not come from two-by-two tables."""
        given = self.effects.inputs
        if not {"ai", "n1i", "ci", "n2i"} <= set(given):
            return None
        return given["ai"], given["n1i"], given["ci"], given["n2i"]


def read_studies(arguments: argparse.Namespace, *, extra: tuple[str, ...] = ()) -> Studies:
    """Read the file of the command line and compute the effects.

    Parameters
    ----------
    arguments : Namespace
        With file, measure, add, to, skip_missing.
    extra : tuple of str
        Further columns that a study must have a value in.

    Returns
    -------
    Studies

    Raises
    ------
    InputFaults
        For whatever is wrong with file, columns, cells or values.
    """
    table = read_table(arguments.file)
    info = measure_called(arguments.measure)
    needs = columns_for(info, table)
    table.require(extra)
    keep = table.complete([*needs, *extra])
    notes: list[str] = []
    if arguments.skip_missing and not keep.all():
        left_out = [label for label, kept in zip(labels_of(table), keep, strict=True) if not kept]
        notes.append(f"Left out for missing values: {', '.join(left_out)}.")
        table = table.take(keep)
    inputs = given_inputs(table, needs)
    try:
        effects = compute_effects(info, inputs, arguments)
    except StatsError:
        raise InputFaults(_refused(table, info, inputs, arguments)) from None
    return _usable(table, effects, info, notes)


def _refused(
    table: Table, info: MeasureInfo, inputs: Mapping[str, Floats], arguments: argparse.Namespace
) -> list[Fault]:
    """Return the first fault of each row whose values the measure refuses, e.g. more events than people."""
    faults: list[Fault] = []
    rows = list(range(len(table.lines)))
    while rows and len(faults) < LISTED:
        try:
            compute_effects(info, {name: values[rows] for name, values in inputs.items()}, arguments)
            break
        except StatsError as error:
            row, fault = table.fault(str(error), rows)
            faults.append(fault)
        if row is None:
            break
        rows.remove(row)
    return sorted(faults, key=lambda fault: fault.line or 0)


def compute_effects(
    info: MeasureInfo, inputs: Mapping[str, Any], arguments: argparse.Namespace
) -> EffectSizes:
    """Return effects and variances with the zero-cell rule of the command line."""
    return effect_size(
        info.code, add=arguments.add, to=arguments.to, drop00=True, vtype=arguments.vtype, **inputs
    )


def _usable(table: Table, effects: EffectSizes, info: MeasureInfo, notes: list[str]) -> Studies:
    labels = labels_of(table)
    if effects.corrected.any():
        corrected = ", ".join(label for label, yes in zip(labels, effects.corrected, strict=True) if yes)
        notes.append(f"{effects.add:g} was added to the cells of: {corrected}.")
    unusable = [label for label, yes in zip(labels, effects.usable, strict=True) if not yes]
    if unusable:
        notes.append(f"No information on {info.code}, not used for it: {', '.join(unusable)}.")
    return Studies(table, labels, effects, info, tuple(notes))


def measure_called(code: str) -> MeasureInfo:
    """Return a measure by its code, in any case; a fault names the nearest."""
    for known, info in MEASURES.items():
        if known.lower() == code.lower():
            return info
    fault = Fault(
        "command line", None, "--measure", "unknown_measure", "There is no such measure.", code,
        allowed=listing(MEASURES), remedy=did_you_mean(code, MEASURES),
    )  # fmt: skip
    raise InputFaults([fault])


def columns_for(info: MeasureInfo, table: Table) -> tuple[str, ...]:
    """Return the columns from which the measure is computed: the first set that the file has.

    Raises
    ------
    InputFaults
        If the file has none of them in full.
    """
    there = set(table.columns)
    for needs in alternatives(info):
        if set(needs) <= there:
            return needs
    raise InputFaults([columns_fault(info, table.file, list(table.columns))])


def columns_fault(info: MeasureInfo, file: str, there: list[str]) -> Fault:
    """Return the fault of a file without the columns of a measure; it names the measures that it has them of."""
    message = f"The columns for {info.code} are not all there."
    if info.code == "GEN":
        message = "Without --measure, effects are read as they are; their columns are not all there."
    others = [code for code, other in MEASURES.items() if _computable(other, set(there))]
    remedy = "Name the columns so; 'rheumeta effect-sizes --help' says what they mean."
    if others:
        remedy = f"The columns for another --measure are there: {', '.join(others)}. Choose one of these."
    allowed = " or ".join(" ".join(needs) for needs in alternatives(info))
    return Fault(file, 1, None, "missing_column", message, ",".join(there), allowed, remedy)


def _computable(info: MeasureInfo, there: set[str]) -> bool:
    # Effects as they are (yi) do not tell of which measure they are.
    return any(set(needs) <= there for needs in alternatives(info) if "yi" not in needs)


def alternatives(info: MeasureInfo) -> list[tuple[str, ...]]:
    """Return the sets of columns from which a measure can be computed, the preferred first."""
    found: list[tuple[str, ...]] = []
    for route in info.routes:
        needs = tuple(name for name in route.needs if name != "level")
        found.append(needs)
        if set(OTHERS) <= set(needs):
            found.append(("ai", "bi", "ci", "di"))
        if needs == ("yi", "sei"):
            found.append(("yi", "vi"))
    return list(dict.fromkeys(found))


def given_inputs(table: Table, needs: tuple[str, ...]) -> dict[str, Floats]:
    """Return the inputs of the effect size from the columns `needs`, sums and roots taken."""
    level = ["level"] if "lower" in needs and "level" in table.columns else []
    inputs = table.numbers([*needs, *level], check=_not_positive)
    if "bi" in inputs:
        for size, (events, others) in OTHERS.items():
            inputs[size] = inputs[events] + inputs.pop(others)
    if "lower" in inputs:
        inputs.setdefault("level", np.full(len(table.lines), DEFAULT_LEVEL))
    if set(inputs) == {"yi", "vi"}:
        inputs["sei"] = np.sqrt(inputs.pop("vi"))
    return inputs


def _not_positive(name: str, value: float) -> CellFault | None:
    if name not in ("vi", "sei") or value > 0:
        return None
    what = "variance" if name == "vi" else "standard error"
    return CellFault("not_positive", f"The {what} is not above zero.", "a number above 0")


def labels_of(table: Table) -> tuple[str, ...]:
    """Return the names of the studies: the column for labels, or author and year, or the line."""
    for name in LABELS:
        if name in table.columns:
            return table.columns[name]
    if {"author", "year"} <= set(table.columns):
        pairs = zip(table.columns["author"], table.columns["year"], strict=True)
        return tuple(f"{author} {year}" for author, year in pairs)
    return tuple(f"line {line}" for line in table.lines)


def usable_rows(studies: Studies) -> NDArray[np.int64]:
    """Return the rows of the table that have an effect."""
    return np.flatnonzero(studies.effects.usable)
