"""``rheumeta influence``: what each row of a file does to the pooled result."""

from __future__ import annotations

import argparse

from rheumeta.stats.influence import influence
from rheumeta.steps.commands.analyse_show import number, show, show_json, table, title
from rheumeta.steps.commands.analyse_studies import read_studies, usable_rows

SHOWN = ("rstudent", "dffits", "cook", "cov_ratio", "tau2_deleted", "q_deleted", "estimate_deleted", "weight")
"""Columns of the table, as the library names them."""


def run(arguments: argparse.Namespace) -> None:
    """Compute and print."""
    studies = read_studies(arguments)
    use = usable_rows(studies)
    with studies.table.told(use.tolist()):
        found = influence(studies.yi[use], studies.vi[use], method=arguments.method)
    labels = [studies.labels[i] for i in use]
    if arguments.json:
        show_json(
            {
                "command": "influence",
                "file": studies.table.file,
                "measure": studies.info.code,
                "studies": labels,
                "result": found.to_dict(),
                "notes": list(studies.notes),
            }
        )
        return
    columns = [getattr(found, name) for name in SHOWN]
    rows = [
        [label, *(float(column[i]) for column in columns), "*" if found.influential[i] else ""]
        for i, label in enumerate(labels)
    ]
    lines = [
        f"{title(studies.info)}, {found.method}, k = {len(labels)}, "
        f"estimate {number(found.estimate)}, tau2 {number(found.tau2)}",
        "",
        table(["left out", *SHOWN, ""], rows),
        "",
        "* passes a cut of Viechtbauer and Cheung (2010)",
        *studies.notes,
    ]
    show("\n".join(lines))
