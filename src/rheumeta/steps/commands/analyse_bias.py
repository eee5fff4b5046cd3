"""``rheumeta bias``: tests of funnel plot asymmetry and estimates that allow for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from rheumeta.errors import Fault, InputFaults, StatsError
from rheumeta.stats import bias
from rheumeta.steps.commands.analyse_show import show, show_json, title
from rheumeta.steps.commands.analyse_studies import Studies, read_studies, usable_rows
from rheumeta.steps.commands.analyse_table import refusal
from rheumeta.tables.wording import did_you_mean

DEFAULT = ("egger", "begg", "trim-fill", "pet-peese", "limit")
"""What is printed if nothing is chosen."""


def run(arguments: argparse.Namespace) -> None:
    """Compute what was asked for and print it; a method that has no answer says why."""
    chosen = tuple(arguments.test or DEFAULT)
    for name in chosen:
        _require_known(name)
    studies = read_studies(arguments)
    results, refused = {}, {}
    for name in chosen:
        try:
            results[name] = METHODS[name](studies, arguments)
        except StatsError as error:
            refused[name] = str(error)
    if refused and not results:
        raise InputFaults([refusal(studies.table.file, text) for text in refused.values()])
    if arguments.json:
        show_json(
            {
                "command": "bias",
                "file": studies.table.file,
                "measure": studies.info.code,
                "results": {name: result.to_dict() for name, result in results.items()},
                "refused": refused,
                "notes": list(studies.notes),
            }
        )
        return
    show(_text(studies, results, refused))


def _text(studies: Studies, results: dict[str, Any], refused: dict[str, str]) -> str:
    blocks = [f"{title(studies.info)}, {usable_rows(studies).size} studies"]
    notes: list[str] = list(studies.notes)
    for result in results.values():
        own = getattr(result, "notes", ())
        block = result.summary()
        for note in own:
            block = block.replace(f"\n{note}", "")
            notes += [note] if note not in notes else []
        blocks.append(block)
    blocks += [f"{name}: no answer: {text}" for name, text in refused.items()]
    return "\n\n".join([*blocks, *(["\n".join(notes)] if notes else [])])


def _require_known(name: str) -> None:
    if name not in METHODS:
        raise InputFaults(
            [
                Fault(
                    "command line", None, "--test", "unknown_test", "There is no such test.", name,
                    allowed=", ".join(METHODS), remedy=did_you_mean(name, METHODS),
                )
            ]
        )  # fmt: skip


Method = Callable[[Studies, argparse.Namespace], Any]


def _on_effects(function: Callable[..., Any], *names: str) -> Method:
    # A method that takes effects and variances, and these options of the command line.
    def method(studies: Studies, arguments: argparse.Namespace) -> Any:
        use = usable_rows(studies)
        options = {name: getattr(arguments, name) for name in names}
        return function(studies.yi[use], studies.vi[use], **options)

    return method


def _on_tables(function: Callable[..., Any]) -> Method:
    def method(studies: Studies, arguments: argparse.Namespace) -> Any:
        cells = studies.cells()
        if cells is None:
            raise StatsError("it needs two-by-two tables: columns ai, n1i, ci, n2i and such a --measure.")
        return function(*cells, level=arguments.level)

    return method


def _egger(studies: Studies, arguments: argparse.Namespace) -> Any:
    use, ni = usable_rows(studies), studies.ni
    return bias.egger(
        studies.yi[use], studies.vi[use], predictor=arguments.predictor, model=arguments.model,
        ni=None if ni is None else ni[use], method=arguments.method, level=arguments.level,
    )  # fmt: skip


def _selection(studies: Studies, arguments: argparse.Namespace) -> Any:
    use = usable_rows(studies)
    return bias.selection_model(
        studies.yi[use], studies.vi[use], type=arguments.weights, steps=arguments.steps,
        alternative=arguments.alternative, level=arguments.level,
    )  # fmt: skip


METHODS: dict[str, Method] = {
    "egger": _egger,
    "begg": _on_effects(bias.begg),
    "harbord": _on_tables(bias.harbord),
    "peters": _on_tables(bias.peters),
    "deeks": _on_tables(bias.deeks),
    "arcsine": _on_tables(bias.arcsine),
    "trim-fill": _on_effects(bias.trim_fill, "estimator", "side", "method", "level"),
    "pet-peese": _on_effects(bias.pet_peese, "level"),
    "limit": _on_effects(bias.limit_meta, "method", "level"),
    "selection": _selection,
    "excess": _on_effects(bias.excess_significance),
    "fail-safe": _on_effects(bias.fail_safe_n),
}
"""What can be asked for, by name."""
