"""``rheumeta pool``: one meta-analysis of the rows of a file."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from rheumeta.errors import Fault, InputFaults
from rheumeta.stats import (
    PoolResult,
    TableResult,
    mantel_haenszel,
    mantel_haenszel_rates,
    peto,
    pool,
)
from rheumeta.steps.commands.analyse_show import (
    display_line,
    displayed,
    interval,
    number,
    p_value,
    show,
    show_json,
    table,
    title,
)
from rheumeta.steps.commands.analyse_studies import Studies, read_studies, usable_rows

FROM_TABLES = ("MH", "PETO")
"""Methods that pool counts as they are."""


def run(arguments: argparse.Namespace) -> None:
    """Pool and print."""
    studies = read_studies(arguments)
    tables = arguments.method.upper() in FROM_TABLES
    result = _pool_tables(arguments, studies) if tables else _pool_effects(arguments, studies)
    weights = _weights(studies, result)
    if arguments.json:
        show_json(_json(studies, result, weights))
    else:
        show(_text(studies, result, weights, level=arguments.level))


def _pool_effects(arguments: argparse.Namespace, studies: Studies) -> PoolResult:
    use = usable_rows(studies)
    with studies.table.told(use.tolist()):
        return pool(
            studies.yi[use], studies.vi[use], method=arguments.method, test=arguments.test,
            level=arguments.level, prediction=arguments.prediction,
        )  # fmt: skip


def _pool_tables(arguments: argparse.Namespace, studies: Studies) -> TableResult:
    cells, given, level = studies.cells(), studies.effects.inputs, arguments.level
    with studies.table.told():
        if cells is not None and arguments.method.upper() == "PETO":
            return peto(*cells, level=level)
        if cells is not None and studies.info.code in ("OR", "RR", "RD"):
            return mantel_haenszel(*cells, measure=studies.info.code, level=level)  # type: ignore[arg-type]
        if studies.info.code == "IRR" and "x1i" in given and arguments.method.upper() == "MH":
            counts = (given[name] for name in ("x1i", "t1i", "x2i", "t2i"))
            return mantel_haenszel_rates(*counts, level=level)
    fault = Fault(
        studies.table.file, None, "--method", "no_tables",
        f"{arguments.method} pools counts; the measure {studies.info.code} has none, or not from these columns.",
        arguments.method,
        allowed="MH: --measure OR, RR, RD (ai, n1i, ci, n2i) or IRR (x1i, t1i, x2i, t2i); PETO: --measure OR",
    )  # fmt: skip
    raise InputFaults([fault])


def _weights(studies: Studies, result: PoolResult | TableResult) -> list[float]:
    if isinstance(result, TableResult):
        return [float(w) for w in result.weights]
    weights = np.zeros(studies.effects.k)
    weights[usable_rows(studies)] = result.weights
    return [float(w) for w in weights]


def _json(studies: Studies, result: PoolResult | TableResult, weights: list[float]) -> dict[str, Any]:
    bounds = [result.estimate, result.ci_lb, result.ci_ub]
    shown = displayed(studies.info, bounds)
    return {
        "command": "pool",
        "file": studies.table.file,
        "measure": studies.info.code,
        "studies": [
            {"study": label, "yi": float(y), "vi": float(v), "weight": w}
            for label, y, v, w in zip(studies.labels, studies.yi, studies.vi, weights, strict=True)
        ],
        "result": result.to_dict(),
        "display": None if shown is None else dict(zip(("estimate", "ci_lb", "ci_ub"), shown, strict=True)),
        "notes": [*studies.notes, *result.notes],
    }


def _text(studies: Studies, result: PoolResult | TableResult, weights: list[float], *, level: float) -> str:
    from rheumeta.stats.tails import quantile

    half = float(quantile(np.array([np.nan]), level)[0]) * studies.effects.sei
    rows = [
        [label, float(y), interval(float(y - h), float(y + h)), f"{w:.1f}"]
        for label, y, h, w in zip(studies.labels, studies.yi, half, weights, strict=True)
    ]
    test = result.test_used if isinstance(result, PoolResult) else "z"
    rows.append(["pooled", result.estimate, interval(result.ci_lb, result.ci_ub), "100.0"])
    lines = [
        f"{title(studies.info)}, {result.method}, test {test}, k = {result.k}",
        "",
        table(["study", "yi", f"{level:g} % interval", "weight %"], rows),
        "",
        f"estimate {number(result.estimate)}, se {number(result.se)}, p {p_value(result.pval)}",
        display_line(studies.info, result.estimate, result.ci_lb, result.ci_ub),
        *_spread(result),
        *studies.notes,
        *result.notes,
    ]
    return "\n".join(line for line in lines if line is not None)


def _spread(result: PoolResult | TableResult) -> list[str]:
    q = f"Q({result.q_df}) = {number(result.q, 2)}, p {p_value(result.q_pval)}"
    if isinstance(result, TableResult):
        cmh = f"Cochran-Mantel-Haenszel chi-squared {number(result.cmh, 3)}, p {p_value(result.cmh_pval)}"
        return [q] if result.cmh is None else [q, cmh]
    lines = [
        f"tau2 {number(result.tau2)} {interval(result.tau2_lb, result.tau2_ub)}".rstrip(),
        f"I2 {number(result.i2, 1)} % {interval(result.i2_lb, result.i2_ub, 1)}".rstrip(),
        q,
    ]
    if result.pi_lb is not None:
        lines.append(f"prediction interval {interval(result.pi_lb, result.pi_ub)}")
    return lines
