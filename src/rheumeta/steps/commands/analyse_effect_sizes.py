"""``rheumeta effect-sizes``: effects and sampling variances of the rows of a file."""

from __future__ import annotations

import argparse

from rheumeta.steps.commands.analyse_show import displayed, show, show_json, table, title
from rheumeta.steps.commands.analyse_studies import Studies, read_studies


def run(arguments: argparse.Namespace) -> None:
    """Compute and print."""
    studies = read_studies(arguments)
    if arguments.json:
        show_json({"command": "effect-sizes", **description(studies), "studies": rows(studies)})
        return
    records = rows(studies)
    header = ["study", "yi", "vi", "sei", *(["display"] if "display" in records[0] else [])]
    body = [[record[name] for name in header] for record in records]
    effects = studies.effects
    lines = [
        f"{title(studies.info)}, {effects.k} studies",
        f"yi = {effects.formula}; vi = {effects.variance_formula}",
        "",
        table(header, body),
        *studies.notes,
    ]
    show("\n".join(lines))


def description(studies: Studies) -> dict[str, object]:
    """Return what the numbers are, for JSON."""
    effects = studies.effects
    return {
        "file": studies.table.file,
        "measure": studies.info.code,
        "label": studies.info.label,
        "formula": effects.formula,
        "variance_formula": effects.variance_formula,
        "source": effects.source,
        "notes": list(studies.notes),
    }


def rows(studies: Studies) -> list[dict[str, object]]:
    """Return one record a study; numbers are None where it has no effect."""
    effects = studies.effects
    shown = displayed(studies.info, effects.yi.tolist())
    return [
        {
            "study": studies.labels[i],
            "line": studies.table.lines[i],
            "yi": float(effects.yi[i]),
            "vi": float(effects.vi[i]),
            "sei": float(effects.sei[i]),
            **({} if shown is None else {"display": shown[i]}),
            "corrected": bool(effects.corrected[i]),
            "usable": bool(effects.usable[i]),
        }
        for i in range(effects.k)
    ]
