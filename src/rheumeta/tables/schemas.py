"""Table schemas (pandera) made from the declarations of the sheets.

A schema holds what can be said of one column: whether a cell may be empty, and limits. All
failures are collected (lazy validation) and turned into faults with file, line and column.
"""

from __future__ import annotations

from functools import cache

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from rheumeta.errors import Fault
from rheumeta.tables.cells import NUMERIC
from rheumeta.tables.sheets import Column
from rheumeta.tables.typed import Row, Table

LOW, HIGH = "low", "high"
SPREADS = ("sd", "se")


@cache
def schema(columns: tuple[Column, ...]) -> pa.DataFrameSchema:
    """Return the schema of a sheet with these columns."""
    return pa.DataFrameSchema({c.name: _column(c) for c in columns}, strict=True, ordered=True)


def check_schema(table: Table) -> list[Fault]:
    """Return the faults of a typed sheet against its schema, and keys that stand twice."""
    try:
        schema(table.columns).validate(table.frame(), lazy=True)
        cases = pd.DataFrame()
    except SchemaErrors as error:
        cases = error.failure_cases
    columns = {c.name: c for c in table.columns}
    faults = [
        _fault(table, table.rows[int(case["index"])], columns[case["column"]], case["check"])
        for case in cases.to_dict("records")
    ]
    return [f for f in faults if f is not None] + _duplicates(table)


def _column(column: Column) -> pa.Column:
    checks = []
    if column.low is not None:
        checks.append(pa.Check.ge(column.low, error=LOW))
    elif column.type == "count":
        checks.append(pa.Check.ge(0, error=LOW))
    if column.high is not None:
        checks.append(pa.Check.le(column.high, error=HIGH))
    dtype = "float64" if column.type in NUMERIC else "object"
    return pa.Column(dtype, checks, nullable=not column.required)


def _fault(table: Table, row: Row, column: Column, check: str) -> Fault | None:
    if check not in (LOW, HIGH):
        if row.text[column.name]:  # the text is ill-formed, which has its own fault
            return None
        return table.fault(
            row,
            column.name,
            "required_empty",
            "The cell is empty but required.",
            allowed=_allowed(column),
            remedy="Fill it in.",
        )
    if column.name in SPREADS and check == LOW:
        return table.fault(
            row,
            column.name,
            f"negative_{column.name}",
            "A measure of spread is negative.",
            allowed="0 or more",
            remedy="Delete the minus if it is a dash before the number.",
        )
    return table.fault(
        row,
        column.name,
        "out_of_bounds",
        "The number is outside its limits.",
        allowed=_allowed(column),
        remedy="Compare the cell with the source.",
    )


def _allowed(column: Column) -> str | None:
    if column.choices:
        return ", ".join(column.choices)
    low = 0.0 if column.low is None and column.type == "count" else column.low
    if low is not None and column.high is not None:
        return f"{low:g} to {column.high:g}"
    return f"{low:g} or more" if low is not None else None


def _duplicates(table: Table) -> list[Fault]:
    first: dict[tuple[str, ...], int] = {}
    faults = []
    for row in table:
        line = first.setdefault(row.key(table.sheet.key), row.line)
        if line != row.line:
            faults.append(
                table.fault(
                    row,
                    table.sheet.key[-1],
                    "duplicate_key",
                    f"Line {line} has the same key.",
                    allowed=f"each {' + '.join(table.sheet.key)} once",
                    remedy="Give the row its own key, or delete one of the two.",
                )
            )
    return faults
