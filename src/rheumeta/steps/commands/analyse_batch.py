"""``rheumeta batch``: many meta-analyses of one file at once.

The file is read by pandas, because it may have millions of rows; a row that cannot be read is a fault
of its analysis alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rheumeta.errors import Fault, InputFaults, StatsError
from rheumeta.stats import BatchResult, pool_batch
from rheumeta.stats.effects import DEFAULT_LEVEL, MeasureInfo
from rheumeta.steps.commands.analyse_arguments import AVERAGED, VARIANTS
from rheumeta.steps.commands.analyse_show import number, p_value, show, show_json, table, title
from rheumeta.steps.commands.analyse_studies import (
    OTHERS,
    alternatives,
    columns_fault,
    compute_effects,
    measure_called,
)
from rheumeta.steps.commands.analyse_table import PARQUET, Floats, is_parquet, refusal
from rheumeta.tables.wording import did_you_mean, listing

SHOWN = 20
"""Analyses printed as a table; all of them go to the file of ``--output`` or into the JSON."""

COLUMNS = (
    "k", "estimate", "se", "ci_lb", "ci_ub", "statistic", "df", "pval", "test_used", "tau2", "se_tau2",
    "tau2_lb", "tau2_ub", "i2", "i2_lb", "i2_ub", "h2", "h2_lb", "h2_ub", "q", "q_pval", "pi_lb", "pi_ub",
)  # fmt: skip
"""Columns of the output, after the name of the analysis."""

CSV = ".csv"
"""How the names of CSV files end."""

INSTALL_PYARROW = (
    "In the project folder: .venv/bin/uv pip install pyarrow (with conda: conda install pyarrow)."
)
PLACE = re.compile(r"^\w+\[(\d+)\] is ")


def run(arguments: argparse.Namespace) -> None:
    """Read, pool, write; print the first analyses and all faults."""
    _require_variant(arguments.vtype)
    _require_format(arguments.output)
    _require_pyarrow(arguments)
    frame = read_frame(arguments.file)
    info = measure_called(arguments.measure)
    needs = _needs(frame, info, arguments)
    group = frame[arguments.by].astype(str).where(frame[arguments.by].notna(), "")
    _require_names(group, arguments)
    numbers, problems = _numbers(frame, needs, group, _place(arguments.file))
    yi, vi = _effects(info, numbers, group, problems, arguments)
    result = _pool(arguments, yi, vi, group, problems)
    faults = _problems(result, problems)
    output = _frame(result, faults)
    if arguments.output is not None:
        _write(output, arguments.output)
    if arguments.json:
        show_json(_json(arguments, info, output, faults))
        return
    show(_text(arguments, info, output, faults))


def _require_variant(vtype: str) -> None:
    if vtype in AVERAGED:
        fault = Fault(
            "command line", None, "--vtype", "not_allowed",
            "This variance takes averages over the studies of one meta-analysis; batch has many at once.", vtype,
            ", ".join(v for v in VARIANTS if v not in AVERAGED), "Use rheumeta pool on a file of each analysis.",
        )  # fmt: skip
        raise InputFaults([fault])


def _require_format(path: Path | None) -> None:
    if path is None or path.suffix.lower() == CSV or is_parquet(path):
        return
    fault = Fault(
        "command line", None, "--output", "not_allowed", "The name does not say a format that batch writes.",
        path.as_posix(), f"a name that ends in {listing((CSV, *PARQUET))}",
        f"Write {path.with_suffix(CSV).as_posix()}; spreadsheet programs open it.",
    )  # fmt: skip
    raise InputFaults([fault])


def _require_pyarrow(arguments: argparse.Namespace) -> None:
    # Before any work, for the file that is read and the one that is written.
    places = (
        (arguments.file.as_posix(), None, arguments.file),
        ("command line", "--output", arguments.output),
    )
    wanted = [(file, option, path) for file, option, path in places if path is not None and is_parquet(path)]
    try:
        if wanted:
            import_module("pyarrow")
    except ImportError:
        faults = [
            Fault(
                file, None, option, "no_parquet", "Parquet files need the package pyarrow.", path.as_posix(),
                "a CSV file", INSTALL_PYARROW,
            )
            for file, option, path in wanted
        ]  # fmt: skip
        raise InputFaults(faults) from None


def _write(output: pd.DataFrame, path: Path) -> None:
    if is_parquet(path):
        output.to_parquet(path, engine="pyarrow", index=False)
    else:
        output.to_csv(path, index=False, lineterminator="\n")


def read_frame(path: Path) -> pd.DataFrame:
    """Read a CSV (cells as text) or Parquet file.

    Raises
    ------
    InputFaults
        If it is not there or cannot be read.
    """
    file = path.as_posix()
    if not path.is_file():
        raise InputFaults([Fault(file, None, None, "missing_file", "The file does not exist.")])
    try:
        if is_parquet(path):
            return pd.read_parquet(path, engine="pyarrow")
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except Exception as error:
        message = f"The file cannot be read: {str(error).splitlines()[0]}"
        raise InputFaults([Fault(file, None, None, "unreadable", message)]) from None


def _needs(frame: pd.DataFrame, info: MeasureInfo, arguments: argparse.Namespace) -> tuple[str, ...]:
    there, file = [str(name) for name in frame.columns], arguments.file.as_posix()
    if arguments.by not in there:
        fault = Fault(
            file, 1, arguments.by, "missing_column", "The column that names the analysis is missing.",
            allowed=listing(there), remedy=did_you_mean(arguments.by, there) or "Name it by --by COLUMN.",
        )  # fmt: skip
        raise InputFaults([fault])
    for needs in alternatives(info):
        if set(needs) <= set(there):
            return needs
    raise InputFaults([columns_fault(info, file, there)])


def _place(path: Path) -> tuple[str, int]:
    # Lines of a CSV file count from 1 and the first is the header; rows of a Parquet file count from 1.
    return ("row", 1) if is_parquet(path) else ("line", 2)


def _require_names(group: pd.Series[str], arguments: argparse.Namespace) -> None:
    nameless = np.flatnonzero(group.str.strip() == "")
    if nameless.size:
        word, first = _place(arguments.file)
        message = (
            f"{nameless.size} rows do not name their analysis, the first is {word} {nameless[0] + first}."
        )
        remedy = "Fill the cells in, or take the rows out."
        raise InputFaults(
            [Fault(arguments.file.as_posix(), None, arguments.by, "empty_cell", message, remedy=remedy)]
        )


def _numbers(
    frame: pd.DataFrame, needs: tuple[str, ...], group: pd.Series[str], place: tuple[str, int]
) -> tuple[dict[str, Floats], dict[str, str]]:
    problems: dict[str, str] = {}
    numbers = {}
    for name in needs:
        values = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64)
        for i in np.flatnonzero(~np.isfinite(values)):
            cell = frame[name].iloc[i]
            problems.setdefault(
                group.iloc[i], f"{place[0]} {i + place[1]}, column {name}: {str(cell)!r} is no finite number."
            )
        numbers[name] = values
    return numbers, problems


def _effects(
    info: MeasureInfo,
    numbers: dict[str, Floats],
    group: pd.Series[str],
    problems: dict[str, str],
    arguments: argparse.Namespace,
) -> tuple[Floats, Floats]:
    # Rows of analyses with a fault stay out; a value that the measure refuses takes its analysis out too.
    yi, vi = np.full(len(group), np.nan), np.full(len(group), np.nan)
    if set(numbers) == {"yi", "vi"}:
        return numbers["yi"], numbers["vi"]
    inputs = dict(numbers)
    if "bi" in inputs:
        for size, (events, others) in OTHERS.items():
            inputs[size] = inputs[events] + inputs.pop(others)
    if "lower" in inputs:
        inputs["level"] = np.full(len(group), DEFAULT_LEVEL)
    names = group.to_numpy()
    while True:
        rows = np.flatnonzero(~np.isin(names, list(problems)))
        if rows.size == 0:
            return yi, vi
        try:
            some = {name: values[rows] for name, values in inputs.items()}
            effects = compute_effects(info, some, arguments)
            break
        except StatsError as error:
            place = PLACE.match(str(error))
            if place is None:
                raise
            row = int(rows[int(place[1])])
            text = PLACE.sub("", str(error))
            word, first = _place(arguments.file)
            problems[str(names[row])] = f"{word} {row + first}: {str(error).partition('[')[0]} is {text}"
    yi[rows], vi[rows] = effects.yi, effects.vi
    return yi, vi


def _pool(
    arguments: argparse.Namespace, yi: Floats, vi: Floats, group: pd.Series[str], problems: dict[str, str]
) -> BatchResult:
    # Studies without information on the measure (a usable analysis, no effect) are left out.
    keep = np.isfinite(yi) | np.isin(group.to_numpy(), list(problems))
    if not keep.any():
        raise InputFaults(
            [Fault(arguments.file.as_posix(), None, None, "no_answer", "No row has an effect.")]
        )
    # Coded groups sort faster than texts.
    codes, labels = pd.factorize(group[keep])
    try:
        result = pool_batch(
            yi[keep], vi[keep], groups=codes, method=arguments.method, test=arguments.test,
            level=arguments.level, prediction=arguments.prediction, on_error="report",
            progress=_progress if sys.stderr.isatty() else None,
        )  # fmt: skip
    except StatsError as error:
        raise InputFaults([refusal(arguments.file.as_posix(), str(error))]) from None
    return dataclasses.replace(result, labels=tuple(str(labels[int(str(i))]) for i in result.labels))


def _progress(done: int, of: int) -> None:
    sys.stderr.write(f"\r{done} of {of} analyses" + ("\n" if done == of else ""))
    sys.stderr.flush()


def _problems(result: BatchResult, problems: dict[str, str]) -> dict[str, str]:
    found = {str(result.labels[row]): text for row, text in result.problems.items()}
    return {**found, **problems}


def _frame(result: BatchResult, faults: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame({"analysis": result.labels, **{name: getattr(result, name) for name in COLUMNS}})
    frame["test_used"] = frame["test_used"].where(frame["estimate"].notna(), "")
    frame["problem"] = [faults.get(name, "") for name in frame["analysis"]]
    return frame


def _json(
    arguments: argparse.Namespace, info: MeasureInfo, output: pd.DataFrame, faults: dict[str, str]
) -> dict[str, Any]:
    records = output.drop(columns="problem").to_dict(orient="records")
    return {
        "command": "batch",
        "file": arguments.file.as_posix(),
        "measure": info.code,
        "analyses": [{str(name): value for name, value in record.items()} for record in records],
        "problems": faults,
    }


def _text(
    arguments: argparse.Namespace, info: MeasureInfo, output: pd.DataFrame, faults: dict[str, str]
) -> str:
    pooled = output[output["problem"] == ""]
    names = ["k", "estimate", "ci_lb", "ci_ub", "tau2", "i2", "pval", "test_used"]
    said = {**dict.fromkeys(names[1:6], number), "pval": p_value}
    rows = [
        [record["analysis"], *(said.get(name, str)(record[name]) for name in names)]
        for record in pooled.head(SHOWN).to_dict(orient="records")
    ]
    more = len(pooled) - len(rows)
    where = f" (all of them in {arguments.output})" if arguments.output else ""
    lines = [
        f"{title(info)}, {arguments.method}, test {arguments.test} (of each analysis: test_used): "
        f"{len(pooled)} of {len(output)} analyses pooled{where}",
        "",
        table(["analysis", *names], rows) if rows else "",
    ]
    if more > 0:
        lines.append(f"… and {more} more" + ("" if arguments.output else ": --output FILE writes them all"))
    if faults:
        first = list(faults.items())[:SHOWN]
        lines += ["", f"{len(faults)} analyses not pooled:", *(f"  {name}: {text}" for name, text in first)]
        if len(faults) > SHOWN:
            lines.append(f"  … and {len(faults) - SHOWN} more")
    return "\n".join(lines)
