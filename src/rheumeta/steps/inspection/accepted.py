"""Implausibilities that validation finds in a row and that an extractor has let stand.

The extractor has compared the row with the source, which prints it so. Whether the source is right is
still a question, and it is asked here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from rheumeta.questions import Grade
from rheumeta.records import FLAGS
from rheumeta.steps.inspection.material import Material, place, shown
from rheumeta.steps.inspection.model import Check, Looks, asked

NEEDS: dict[str, tuple[tuple[str, ...], Grade, str]] = {
    "sd_against_min_max": (("sd", "min", "max"), "serious", "SD against smallest and largest value"),
    "outside_range": (
        ("mean", "median", "min", "max"),
        "serious",
        "Value outside the range of the instrument",
    ),
    "mean_outside_min_max": (("mean", "min", "max"), "serious", "Mean outside smallest and largest value"),
    "quantiles_disordered": (("median",), "serious", "Quantiles out of order"),
    "estimate_outside_ci": (("ci_low", "ci_high"), "serious", "Estimate outside its interval"),
    "sd_zero": (("sd",), "moderate", "SD of zero"),
    "n_exceeds_arm": ((), "moderate", "More patients than the arm has"),
    "time_implausible": ((), "moderate", "Implausibly long follow-up"),
}
"""Code of the finding: columns without which it cannot be judged (any of them for a range, else all), grade, title."""

ANY_OF = frozenset({"outside_range"})


def look(code: str, material: Material) -> Looks:
    """Ask about the rows in which validation found `code` and the extractor let it stand."""
    columns, grade, _ = NEEDS[code]
    found = {row["result_id"]: row for row in material.accepted if row["code"] == code}
    for row in material.evidence.results:
        has = [c in row.values for c in columns]
        if row.result_id not in found and not (any(has) if code in ANY_OF else all(has)):
            continue
        item = found.get(row.result_id)
        if item is None:
            yield None
            continue
        where = place(material, [row], shown(row, *columns) or f"{item['column']} {item['value']}")
        allowed = f" Expected: {item['allowed']}." if item["allowed"] else ""
        yield asked(where, f"{item['message']}{allowed}", grade)


def _check(code: str, title: str) -> Check:
    function: Callable[[Material], Looks] = partial(look, code)
    return Check(
        id=code,
        group="plausibility",
        title=title,
        explanation=f"Validation asks of every row whether {FLAGS[code]}; a row that does stays only where the "
        "extractor has compared it with the source.",
        unit="row with these numbers",
        blind="A number that is wrong and plausible.",
        ask="Ask the authors; the sheet agrees with the source.",
        source="docs/codebook.md, codes for the column accept",
        look=function,
    )


CHECKS = tuple(_check(code, title) for code, (_, _, title) in NEEDS.items())
