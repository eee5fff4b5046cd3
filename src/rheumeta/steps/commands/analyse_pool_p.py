"""``rheumeta pool-p``: p values and directions of the rows of a file, combined."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from scipy import special

from rheumeta.errors import Fault, InputFaults, StatsError
from rheumeta.stats import CombinedInterval, CombinedP, SignTest, combined_interval, pvalues, sign_test
from rheumeta.steps.commands.analyse_show import interval, number, p_value, show, show_json, table
from rheumeta.steps.commands.analyse_studies import (
    Studies,
    alternatives,
    labels_of,
    measure_called,
    read_studies,
    usable_rows,
)
from rheumeta.steps.commands.analyse_table import Floats, Table, read_table
from rheumeta.tables.cells import CellFault
from rheumeta.tables.wording import did_you_mean, listing

Answer = TypeVar("Answer")

METHODS = ("fisher", "stouffer", "edgington")
WAYS = ("favourable", "unfavourable", "unclear")


@dataclass(frozen=True)
class Evidence:
    """What each row says.

    Attributes
    ----------
    file : str
        Name of the file.
    labels : tuple of str
        Names of the studies.
    p : ndarray, shape (k,)
        One-sided p values for a benefit; NaN where there is none.
    ways : tuple of str
        Directions.
    weights : ndarray, shape (k,), or None
        For Stouffer's method.
    effects : tuple of ndarray, or None
        Effects and variances.
    notes : tuple of str
        What was left out.
    """

    file: str
    labels: tuple[str, ...]
    p: Floats
    ways: tuple[str, ...]
    weights: Floats | None
    effects: tuple[Floats, Floats] | None
    notes: tuple[str, ...]


def run(arguments: argparse.Namespace) -> None:
    """Combine and print."""
    whole = read_table(arguments.file)
    info = measure_called(arguments.measure)
    has_effects = any(set(needs) <= set(whole.columns) for needs in alternatives(info))
    found = _of_effects(read_studies(arguments), arguments) if has_effects else _of_words(whole, arguments)
    combined = {name: _combined(found, name) for name in METHODS}
    signs = _signs(found, arguments.level)
    intervals = {} if found.effects is None else {name: _interval(found, name, arguments) for name in METHODS}
    if arguments.json:
        show_json(_json(found, combined, signs, intervals))
    else:
        show(_text(found, combined, signs, intervals, level=arguments.level))


def _of_effects(studies: Studies, arguments: argparse.Namespace) -> Evidence:
    use = usable_rows(studies)
    y, v = studies.yi[use], studies.vi[use]
    with studies.table.told():
        if not arguments.tau2 >= 0:
            raise StatsError(f"tau2 must be a number of at least zero, not {arguments.tau2!r}.")
    z = (y if arguments.alternative == "greater" else -y) / np.sqrt(v + arguments.tau2)
    ways = tuple("unclear" if x == 0 else WAYS[int(x < 0)] for x in z)
    labels = tuple(studies.labels[i] for i in use)
    weights = 1.0 / np.sqrt(v + arguments.tau2)
    # No strength of evidence is zero or one in doubles, which have no logarithm or normal deviate.
    p = np.clip(special.ndtr(-z), np.finfo(np.float64).tiny, np.nextafter(1.0, 0.0))
    return Evidence(studies.table.file, labels, p, ways, weights, (y, v), studies.notes)


def _of_words(whole: Table, arguments: argparse.Namespace) -> Evidence:
    has_p, has_way = "p" in whole.columns, "direction" in whole.columns
    if not (has_p or has_way):
        allowed = "p, direction, or the columns of effects: yi vi or yi sei, or those of --measure"
        message = "There is neither a p value nor a direction nor an effect."
        raise InputFaults(
            [Fault(whole.file, 1, None, "missing_column", message, listing(whole.columns), allowed)]
        )
    labels, notes = labels_of(whole), []
    needs: list[str] = [name for name in ("p", "direction", "weight") if name in whole.columns]
    keep = whole.complete(needs)
    if arguments.skip_missing and not keep.all():
        left_out = ", ".join(label for label, kept in zip(labels, keep, strict=True) if not kept)
        notes.append(f"Left out for missing values: {left_out}.")
        whole = whole.take(keep)
    values = _readable(whole, needs)
    p = values["p"] if has_p else np.full(len(whole.lines), np.nan)
    given = tuple(cell.lower() for cell in whole.columns.get("direction", ()))
    ways = given if has_way else tuple(_side(x) for x in p)
    if has_p and has_way:
        p = np.array([_one_sided(x, way) for x, way in zip(p, ways, strict=True)])
    unclear = [label for label, way in zip(labels_of(whole), ways, strict=True) if way == "unclear"]
    if unclear:
        notes.append(f"No direction, not counted: {', '.join(unclear)}.")
    return Evidence(whole.file, labels_of(whole), p, ways, values.get("weight"), None, tuple(notes))


def _not_a_p_value(name: str, value: float) -> CellFault | None:
    if name != "p" or 0 < value <= 1:
        return None
    return CellFault(
        "not_a_p_value", "A p value lies above 0 and is at most 1.", "a number above 0, at most 1",
        "A p value printed as 0 or as a bound (p < 0.001) is not exact and cannot be combined.",
    )  # fmt: skip


def _readable(whole: Table, names: list[str]) -> dict[str, Floats]:
    """Return the columns of numbers; raise the faults of all columns together."""
    faults = _way_faults(whole) if "direction" in names else []
    try:
        values = whole.numbers([name for name in names if name != "direction"], check=_not_a_p_value)
    except InputFaults as error:
        raise InputFaults([*error.faults, *faults]) from None
    if faults:
        raise InputFaults(faults)
    return values


def _way_faults(whole: Table) -> list[Fault]:
    return [
        Fault(
            whole.file, line, "direction", "unknown_direction", "There is no such direction.", cell,
            listing(WAYS), did_you_mean(cell, WAYS),
        )
        for line, cell in zip(whole.lines, whole.columns["direction"], strict=True)
        if cell.lower() not in WAYS
    ]  # fmt: skip


def _side(p: float) -> str:
    return "unclear" if p == 0.5 else WAYS[int(p > 0.5)]


def _one_sided(p: float, way: str) -> float:
    return {"favourable": p / 2, "unfavourable": 1 - p / 2}.get(way, np.nan)


def _combined(found: Evidence, method: str) -> CombinedP | str:
    use = ~np.isnan(found.p)
    options = {} if found.weights is None or method != "stouffer" else {"weights": found.weights[use]}
    if not use.any():
        return "no row has a p value with a direction."
    combine: Callable[..., CombinedP] = getattr(pvalues, method)
    return _answer(lambda: combine(found.p[use], **options))


def _signs(found: Evidence, level: float) -> SignTest | str:
    good, bad = found.ways.count("favourable"), found.ways.count("unfavourable")
    return _answer(lambda: sign_test(good, bad, level=level))


def _interval(found: Evidence, method: str, arguments: argparse.Namespace) -> CombinedInterval | str:
    assert found.effects is not None
    y, v = found.effects
    return _answer(
        lambda: combined_interval(
            y, v, method=method, alternative=arguments.alternative, tau2=arguments.tau2, level=arguments.level
        )
    )


def _answer(function: Callable[[], Answer]) -> Answer | str:
    """Return a result, or in words why there is none: one method does not stop the others."""
    try:
        return function()
    except StatsError as error:
        return str(error)


def _json(
    found: Evidence,
    combined: dict[str, CombinedP | str],
    signs: SignTest | str,
    intervals: dict[str, CombinedInterval | str],
) -> dict[str, Any]:
    return {
        "command": "pool-p",
        "file": found.file,
        "studies": [
            {"study": label, "p_one_sided": float(p), "direction": way}
            for label, p, way in zip(found.labels, found.p, found.ways, strict=True)
        ],
        "combined": {name: _plain(result) for name, result in combined.items()},
        "intervals": {name: _plain(result) for name, result in intervals.items()},
        "sign_test": _plain(signs),
        "notes": list(found.notes),
    }


def _plain(result: Any) -> dict[str, Any]:
    return {"no_answer": result} if isinstance(result, str) else result.to_dict()


def _text(
    found: Evidence,
    combined: dict[str, CombinedP | str],
    signs: SignTest | str,
    intervals: dict[str, CombinedInterval | str],
    *,
    level: float,
) -> str:
    rows = [
        [label, "" if np.isnan(p) else p_value(float(p)), way]
        for label, p, way in zip(found.labels, found.p, found.ways, strict=True)
    ]
    lines = [table(["study", "one-sided p", "direction"], rows), "", "combined, one-sided for a benefit:"]
    lines += [f"  {name}: {_p_said(result)}" for name, result in combined.items()]
    if intervals:
        lines += ["", f"estimates from the combined p values, {level:g} % intervals:"]
        lines += [f"  {name}: {_interval_said(result)}" for name, result in intervals.items()]
    lines += ["", _signs_said(signs, level), *found.notes]
    return "\n".join(lines)


def _p_said(result: CombinedP | str) -> str:
    if isinstance(result, str):
        return f"no answer: {result}"
    df = "" if result.df is None else f" on {result.df} df"
    return f"statistic {number(result.statistic)}{df}, p {p_value(result.pval)}, k = {result.k}"


def _interval_said(result: CombinedInterval | str) -> str:
    if isinstance(result, str):
        return f"no answer: {result}"
    return f"{number(result.estimate)} {interval(result.ci_lb, result.ci_ub)}"


def _signs_said(signs: SignTest | str, level: float) -> str:
    if isinstance(signs, str):
        return f"sign test: no answer: {signs}"
    share, of = signs.proportion, signs.favourable + signs.unfavourable
    return (
        f"sign test: {signs.favourable} of {of} favourable, {number(share.estimate, 3)} "
        f"{interval(share.lower, share.upper, 3)} ({level:g} %), two-sided p {p_value(signs.pval)}"
    )
