"""``rheumeta regress``: meta-regression of the rows of a file on its columns."""

from __future__ import annotations

import argparse
import re
from typing import Any

from rheumeta.errors import InputFaults
from rheumeta.stats.formula import FormulaRegression, meta_regression_formula
from rheumeta.steps.commands.analyse_show import interval, number, p_value, show, show_json, table, title
from rheumeta.steps.commands.analyse_studies import Studies, read_studies, usable_rows
from rheumeta.steps.commands.analyse_table import Table, read_table

NAME = re.compile(r"[A-Za-z_]\w*")


def run(arguments: argparse.Namespace) -> None:
    """Fit and print."""
    names = _columns_of(arguments.formula, read_table(arguments.file))
    studies = read_studies(arguments, extra=names)
    fit = _fit(arguments, studies, names)
    if arguments.json:
        show_json(
            {
                "command": "regress",
                "file": studies.table.file,
                "measure": studies.info.code,
                "studies": [studies.labels[i] for i in usable_rows(studies)],
                "result": fit.to_dict(),
                "notes": list(studies.notes),
            }
        )
        return
    show(_text(studies, fit))


def _columns_of(formula: str, table: Table) -> tuple[str, ...]:
    # Whatever word of the formula is a column; words that are neither are left to the formula's reader.
    words = dict.fromkeys(NAME.findall(formula))
    return tuple(word for word in words if word in table.columns)


def _fit(arguments: argparse.Namespace, studies: Studies, names: tuple[str, ...]) -> FormulaRegression:
    use = usable_rows(studies)
    data = {name: [values[i] for i in use] for name, values in moderators(studies.table, names).items()}
    with studies.table.told(use.tolist()):
        return meta_regression_formula(
            arguments.formula, data, yi=studies.yi[use], vi=studies.vi[use],
            method=arguments.method, test=arguments.test, level=arguments.level,
        )  # fmt: skip


def moderators(studies: Table, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return columns as moderators: as numbers where all cells are numbers, as categories otherwise."""
    values: dict[str, list[Any]] = {}
    for name in names:
        try:
            values[name] = studies.numbers([name])[name].tolist()
        except InputFaults as faults:
            if any(fault.code == "empty_cell" for fault in faults.faults):
                raise
            values[name] = list(studies.columns[name])
    return values


def _text(studies: Studies, result: FormulaRegression) -> str:
    fit = result.fit
    columns = (fit.names, fit.estimate, fit.se, fit.statistic, fit.pval, fit.ci_lb, fit.ci_ub)
    rows = [
        [name, float(b), float(se), float(t), p_value(float(p)), interval(float(low), float(high))]
        for name, b, se, t, p, low, high in zip(*columns, strict=True)
    ]
    explained = "" if fit.r2 is None else f", R2 {number(fit.r2, 1)} %"
    moderators = f"{fit.qm_df}" if fit.qm_df2 is None else f"{fit.qm_df}, {fit.qm_df2:g}"
    lines = [
        f"{title(studies.info)}: {result.formula}, {fit.method}, test {fit.test}, k = {fit.k}",
        "",
        table(["", "estimate", "se", "t" if fit.df else "z", "p", f"{fit.level:g} % interval"], rows),
        "",
        f"all moderators: {'F' if fit.qm_df2 else 'Q'}({moderators}) = {number(fit.qm, 3)}, "
        f"p {p_value(fit.qm_pval)}",
        *(
            f"{name}: p {p_value(result.test_term(name).pval)}"
            for name in result.terms
            if len(result.terms) > 1
        ),
        f"rest: tau2 {number(fit.tau2)}, I2 {number(fit.i2, 1)} %{explained}, "
        f"Q({fit.qe_df}) = {number(fit.qe, 2)}, p {p_value(fit.qe_pval)}",
        *studies.notes,
    ]
    return "\n".join(lines)
