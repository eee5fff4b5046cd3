"""Random damage to the sheets and the protocol of a review, as people, programs and disks do it.

Each mutator changes one file in place and says what it did; it draws from the given source of random
numbers alone, so that a seed names a case.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

Rows = list[list[str]]
Draw = random.Random

TEXTS = (
    "", " ", "NA", "n/a", "-", "1,5", "1.234,5", "1 000", "٣", "１２", "1e308", "1e-320", "-0", "1e400", "0x10",
    "1_000", "inf", "nan", "true", "12-Mar", "2024-02-30", "#REF!", "=A1+1", '=HYPERLINK("http://x")', "@SUM(1)",
    "<script>alert(1)</script>", "{{ 7*7 }}", "$\\frac12$", "[@x]", "../../etc/passwd", "/abs", "CON", "-rf",
    "a;b;c", ";", "a b", '"', "'", "\\", "x" * 10_000, "\u202eabc", "\x00", "\x07", "\ud7ff", "é", "😀", "null",
    "999999999999999", "0.1", "-1", "100", "1e3", "50%", "<0.05", "–5", "O.5", "randomised", "arm", "change",
)  # fmt: skip
"""What a mutated cell may hold."""

FACTORS = (10.0, 100.0, 1000.0, 0.1, 0.01, 0.001, -1.0, 0.0, 1e6, 1e12, 1e-12, 1.5)
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 1.5, float("inf"), "", "text", "no", [], {}, [1, 2], {"a": 1}, ["x"], "2024-01-01",
    "../../x", "x" * 1000, "{x}", "A B", "é", "\u202e", "=1+1", "con",
)  # fmt: skip
"""What a mutated key of a protocol may hold."""


def mutate_sheet(path: Path, draw: Draw, *, gentle: bool = False) -> str:
    """Change a sheet in place; return what was done."""
    if not gentle and draw.random() < BYTES_SHARE:
        return _mutate_bytes(path, draw)
    mutators = GENTLE if gentle else OF_ROWS
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))
    name = draw.choice(sorted(mutators))
    if len(rows) < 2:
        return f"{path.name}: nothing" if gentle else _mutate_bytes(path, draw)
    said = mutators[name](rows, draw)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    return f"{path.name}: {name} {said}"


def mutate_protocol(path: Path, draw: Draw, *, gentle: bool = False) -> str:
    """Change a protocol in place; return what was done."""
    if not gentle and draw.random() < BYTES_SHARE:
        return _mutate_bytes(path, draw)
    data = yaml.safe_load(path.read_bytes())
    if gentle:
        name, said = "choose", _choose(data, draw)
    else:
        name = draw.choice(sorted(OF_TREE))
        holder, key = draw.choice(_places(data))
        said = OF_TREE[name](holder, key, draw)
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return f"{path.name}: {name} {said}"


BYTES_SHARE = 0.25


def _line(rows: Rows, draw: Draw) -> int:
    return draw.randrange(1, len(rows))


def _cell(rows: Rows, draw: Draw) -> tuple[int, int]:
    line = _line(rows, draw)
    filled = [i for i, text in enumerate(rows[line]) if text] or [0]
    anywhere = range(len(rows[line])) or [0]
    return line, draw.choice(filled if draw.random() < 0.7 else list(anywhere))


def _delete_row(rows: Rows, draw: Draw) -> str:
    line = _line(rows, draw)
    del rows[line]
    return f"line {line + 1}"


def _duplicate_row(rows: Rows, draw: Draw) -> str:
    line = _line(rows, draw)
    rows.insert(_line(rows, draw), list(rows[line]))
    return f"line {line + 1}"


def _swap_rows(rows: Rows, draw: Draw) -> str:
    a, b = _line(rows, draw), _line(rows, draw)
    rows[a], rows[b] = rows[b], rows[a]
    return f"lines {a + 1}, {b + 1}"


def _swap_cells(rows: Rows, draw: Draw) -> str:
    line, column = _cell(rows, draw)
    other = draw.randrange(len(rows[line]))
    rows[line][column], rows[line][other] = rows[line][other], rows[line][column]
    return f"line {line + 1}: {rows[0][column]}, {rows[0][other]}"


def _swap_in_column(rows: Rows, draw: Draw) -> str:
    line, column = _cell(rows, draw)
    other = _line(rows, draw)
    rows[line][column], rows[other][column] = rows[other][column], rows[line][column]
    return f"{rows[0][column]} of lines {line + 1}, {other + 1}"


def _replace_cell(rows: Rows, draw: Draw) -> str:
    line, column = _cell(rows, draw)
    rows[line][column] = draw.choice(TEXTS)
    return f"line {line + 1}, {rows[0][column]}: {rows[line][column][:40]!r}"


def _scale_number(rows: Rows, draw: Draw) -> str:
    line = _line(rows, draw)
    numbers = [i for i, text in enumerate(rows[line]) if _is_number(text)]
    if not numbers:
        return _replace_cell(rows, draw)
    column, factor = draw.choice(numbers), draw.choice(FACTORS)
    rows[line][column] = f"{float(rows[line][column]) * factor:.12g}"
    return f"line {line + 1}, {rows[0][column]} times {factor:g}"


def _nudge(rows: Rows, draw: Draw) -> str:
    """Change a number so little that it may still be true."""
    line = _line(rows, draw)
    numbers = [i for i, text in enumerate(rows[line]) if _is_number(text)]
    if not numbers:
        return _delete_row(rows, draw)
    column = draw.choice(numbers)
    value = float(rows[line][column]) * draw.choice((0.5, 0.8, 0.9, 1.1, 1.5, 2.0))
    places = len(rows[line][column].partition(".")[2])
    rows[line][column] = f"{value:.{places}f}"
    return f"line {line + 1}, {rows[0][column]}: {rows[line][column]}"


def _empty_cell(rows: Rows, draw: Draw) -> str:
    line, column = _cell(rows, draw)
    rows[line][column] = ""
    return f"line {line + 1}, {rows[0][column]}"


def _is_number(text: str) -> bool:
    try:
        return bool(text) and abs(float(text)) < 1e300
    except ValueError:
        return False


def _change_id(rows: Rows, draw: Draw) -> str:
    columns = [i for i, name in enumerate(rows[0]) if name.endswith("_id") or name == "part_of"] or [0]
    line, column = _line(rows, draw), draw.choice(columns)
    rows[line][column] = draw.choice(
        [f"{rows[line][column]}x", rows[_line(rows, draw)][column], "", "../x", "A B"]
    )
    return f"line {line + 1}, {rows[0][column]}: {rows[line][column]!r}"


def _delete_column(rows: Rows, draw: Draw) -> str:
    column = draw.randrange(len(rows[0]))
    name = rows[0][column]
    for row in rows:
        del row[column]
    return name


def _duplicate_column(rows: Rows, draw: Draw) -> str:
    column = draw.randrange(len(rows[0]))
    for row in rows:
        row.append(row[column])
    return rows[0][column]


def _swap_columns(rows: Rows, draw: Draw) -> str:
    a, b = draw.randrange(len(rows[0])), draw.randrange(len(rows[0]))
    for row in rows:
        row[a], row[b] = row[b], row[a]
    return f"{rows[0][a]}, {rows[0][b]}"


def _swap_headers(rows: Rows, draw: Draw) -> str:
    a, b = draw.randrange(len(rows[0])), draw.randrange(len(rows[0]))
    rows[0][a], rows[0][b] = rows[0][b], rows[0][a]
    return f"{rows[0][a]}, {rows[0][b]}"


def _rename_column(rows: Rows, draw: Draw) -> str:
    column = draw.randrange(len(rows[0]))
    name = rows[0][column]
    rows[0][column] = draw.choice([name.upper(), f"{name} ", f"{name}s", "", draw.choice(TEXTS)])
    return f"{name} to {rows[0][column][:40]!r}"


def _empty_column(rows: Rows, draw: Draw) -> str:
    column = draw.randrange(len(rows[0]))
    for row in rows[1:]:
        row[column] = ""
    return rows[0][column]


def _ragged_row(rows: Rows, draw: Draw) -> str:
    line = _line(rows, draw)
    rows[line] = draw.choice([rows[line][:-1], [*rows[line], ""], [""], ["", *rows[line]]])
    return f"line {line + 1}"


OF_ROWS: dict[str, Callable[[Rows, Draw], str]] = {
    "delete row": _delete_row, "duplicate row": _duplicate_row, "swap rows": _swap_rows,
    "swap cells": _swap_cells, "swap in column": _swap_in_column, "replace cell": _replace_cell,
    "replace one cell": _replace_cell, "scale number": _scale_number, "scale a number": _scale_number,
    "change id": _change_id, "delete column": _delete_column, "duplicate column": _duplicate_column,
    "swap columns": _swap_columns, "swap headers": _swap_headers, "rename column": _rename_column,
    "empty column": _empty_column, "ragged row": _ragged_row,
}  # fmt: skip

HARMLESS = frozenset({"swap rows", "swap columns"})
"""What changes the place of rows or columns and nothing that they say."""


GENTLE: dict[str, Callable[[Rows, Draw], str]] = {
    "nudge number": _nudge, "nudge one number": _nudge, "nudge a number": _nudge, "empty cell": _empty_cell,
    "delete row": _delete_row, "swap rows": _swap_rows, "swap columns": _swap_columns,
    "swap in column": _swap_in_column,
}  # fmt: skip
"""Damage that may leave a review as good as before, so that a run goes on to the results."""


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every key and index below `value` with what holds it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found: list[tuple[Any, Any]] = []
    for key, child in items:
        found += [(value, key), *_places(child)]
    return found


def _drop(holder: Any, key: Any, draw: Draw) -> str:
    del holder[key]
    return str(key)


def _rename(holder: Any, key: Any, draw: Draw) -> str:
    if not isinstance(holder, dict):
        return _drop(holder, key, draw)
    name = draw.choice([f"{key}x", str(key).upper(), str(key)[:-1], "../x", "con", "a b", 1, None, True])
    holder[name] = holder.pop(key)
    return f"{key} to {name}"


def _retype(holder: Any, key: Any, draw: Draw) -> str:
    holder[key] = draw.choice(VALUES)
    return f"{key}: {str(holder[key])[:40]!r}"


def _exchange(holder: Any, key: Any, draw: Draw) -> str:
    other = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
    holder[key], holder[other] = holder[other], holder[key]
    return f"{key}, {other}"


def _scale(holder: Any, key: Any, draw: Draw) -> str:
    value = holder[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _retype(holder, key, draw)
    holder[key] = value * draw.choice(FACTORS)
    return f"{key}: {holder[key]}"


def _add(holder: Any, key: Any, draw: Draw) -> str:
    if isinstance(holder, dict):
        holder[draw.choice(["note", "title", "x", "label", "method", "measure"])] = draw.choice(VALUES)
    else:
        holder.append(draw.choice([*VALUES, holder[key]]))
    return f"beside {key}"


CHOICES: dict[str, tuple[Any, ...]] = {
    "method": ("DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE"),
    "test": ("cochrane", "z", "knha", "adhoc"),
    "level": (51, 80, 99, 99.99),
    "prediction_min_k": (3, 10),
    "correlation": (-0.99, 0, 0.999),
    "correlation_source": ("studies_then_protocol", "protocol"),
    "ci_distribution": ("t", "normal"),
    "quantile_method": ("luo_shi", "wan", "qe", "bc"),
    "zero_cells": (1e-6, 0.5, 100),
    "double_zero": ("leave_out", "include"),
    "shared_control": ("combine", "split"),
    "forest_left": (None, "better", "smaller"),
    "cohort": ("largest", "longest", "first"),
}
MEASURES = (
    "MD",
    "SMD",
    "SMD1",
    "ROM",
    "MC",
    "SMCC",
    "SMCR",
    "RR",
    "OR",
    "RD",
    "AS",
    "PETO",
    "PR",
    "PLO",
    "PAS",
    "PFT",
)


def _choose(data: dict[str, Any], draw: Draw) -> str:
    """Make another choice that a protocol allows, for the whole review or for one analysis."""
    plan = draw.choice(list(data["analyses"].values()))
    what = draw.choice(("default", "measure", "pooling", "without window", "with_subgroup_only"))
    if what == "default":
        key = draw.choice(sorted(CHOICES))
        data.setdefault("defaults", {})[key] = draw.choice(CHOICES[key])
        return f"{key}: {data['defaults'][key]}"
    if what == "measure":
        plan["measure"] = draw.choice(MEASURES)
    elif what == "pooling":
        plan["pooling"] = draw.choice(("inverse_variance", "mantel_haenszel", "peto"))
    elif what == "without window":
        plan.pop("window", None)
    else:
        plan[what] = True
    return f"{what}: {plan['measure']}"


OF_TREE: dict[str, Callable[[Any, Any, Draw], str]] = {
    "drop key": _drop, "rename key": _rename, "retype key": _retype, "exchange keys": _exchange,
    "scale number": _scale, "add key": _add,
}  # fmt: skip

LINES = (
    "a: &a [x]\nb: [*a, *a]\n", "<<: {x: 1}\n", "x: !!python/object/apply:os.system ['touch hostile']\n", "\t- x\n",
    "review: other\n", "x: [[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]\n", "? {a: b}\n: c\n", "---\n",
    "%YAML 9\n",
    '"unclosed\n', "x,y,z\n", ";;;\n", '"a\nb",c\n', "x: 2024-99-99\n", "x: 0o99\n", "\x85\n", ": :\n", "- - -\n",
)  # fmt: skip
"""Lines that are put into a file."""


def _mutate_bytes(path: Path, draw: Draw) -> str:
    data = path.read_bytes()
    name = draw.choice(sorted(OF_BYTES))
    path.write_bytes(OF_BYTES[name](data, draw))
    return f"{path.name}: {name}"


def _flip(data: bytes, draw: Draw) -> bytes:
    damaged = bytearray(data or b"x")
    for _ in range(draw.choice((1, 1, 2, 10))):
        damaged[draw.randrange(len(damaged))] = draw.randrange(256)
    return bytes(damaged)


def _cut_out(data: bytes, draw: Draw) -> bytes:
    start = draw.randrange(len(data) or 1)
    return data[:start] + data[start + draw.choice((1, 5, 100)) :]


def _put_in(data: bytes, draw: Draw) -> bytes:
    at = draw.randrange(len(data) or 1)
    return data[:at] + draw.choice((b'"', b",", b"\n", b"\x00", b"\xff", b";", b":", b"{", b"  ")) + data[at:]


def _line_in(data: bytes, draw: Draw) -> bytes:
    lines = data.splitlines(keepends=True)
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(LINES).encode())
    return b"".join(lines)


def _line_out(data: bytes, draw: Draw) -> bytes:
    lines = data.splitlines(keepends=True)
    if lines:
        del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def _recode(data: bytes, draw: Draw) -> bytes:
    return data.decode("utf-8", "replace").encode(
        draw.choice(("utf-16", "latin-1", "utf-8-sig", "cp500")), "replace"
    )


OF_BYTES: dict[str, Callable[[bytes, Draw], bytes]] = {
    "flip bytes": _flip,
    "cut out": _cut_out,
    "put in": _put_in,
    "line in": _line_in,
    "line out": _line_out,
    "recode": _recode,
    "truncate": lambda data, draw: data[: draw.randrange(len(data) or 1)],
    "noise": lambda data, draw: draw.randbytes(draw.choice((0, 1, 100, 5000))),
    "line ends": lambda data, draw: data.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\n"))),
    "separators": lambda data, draw: data.replace(b",", draw.choice((b";", b"\t", b",,"))),
    "decimal commas": lambda data, draw: data.replace(b".", b","),
    "quotes": lambda data, draw: data.replace(b'"', draw.choice((b"", b"'", b'""'))),
    "twice": lambda data, draw: data + data,
}  # fmt: skip


def mutate(layout_files: Sequence[Path], protocol: Path, draw: Draw) -> list[str]:
    """Change one to three files among sheets and protocol, half of the times gently; return what was done."""
    done = []
    gentle = draw.random() < 0.5
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        path = protocol if draw.random() < 0.3 else draw.choice(list(layout_files))
        change = mutate_protocol if path == protocol else mutate_sheet
        try:
            done.append(change(path, draw, gentle=gentle))
        except (
            yaml.YAMLError,
            UnicodeDecodeError,
            csv.Error,
            IndexError,
            TypeError,
            ValueError,
            AttributeError,
        ):
            done.append(_mutate_bytes(path, draw))  # an earlier change left nothing to read
    return done
