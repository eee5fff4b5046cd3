"""List every pooled number of the bundled reviews: which studies, which model.

Prints JSON for ``validation/reviews.R``; the test of the reviews uses the same list, so that a pooled
number without a reference value is noticed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from rheumeta.layout import Layout
from rheumeta.records import Analysis, Pooled, StudyEffect, Synthesis, read_synthesis
from rheumeta.steps.synthesise import model_of
from rheumeta.tables.protocol import Protocol, load_protocol

Fit = tuple[dict[str, Any], Any]
"""What R must fit, and the record it is compared with."""


def reviews(root: Path) -> list[str]:
    """Return the bundled reviews."""
    return list(yaml.safe_load((root / "config" / "config.yaml").read_text(encoding="utf-8"))["reviews"])


def _ids(studies: tuple[StudyEffect, ...]) -> list[str]:
    return [s.effect_id for s in studies]


def _of_analysis(review: str, analysis: Analysis, protocol: Protocol) -> Iterator[Fit]:
    plan = protocol.analyses[analysis.id]
    model = model_of(plan, protocol)
    key = f"{review}/{analysis.id}"

    def fit(part: str, ids: list[str], pooled: Pooled | None, method: str, test: str) -> Iterator[Fit]:
        if pooled is not None:
            run = {"key": f"{key}/{part}", "model": "inverse_variance", "method": method, "test": test}
            yield {**run, "effect_ids": ids}, pooled

    yield from fit("random", _ids(analysis.studies), analysis.random, model.method, model.test)
    if plan.pooling == "inverse_variance":
        yield from fit("common", _ids(analysis.studies), analysis.common, "EE", "z")
    elif analysis.common is not None:
        run = {"key": f"{key}/common", "model": "table", "pooling": plan.pooling}
        yield {**run, "effect_ids": _ids(analysis.studies)}, analysis.common
    for group in analysis.subgroups:
        part = f"{group.by}/{group.level}"
        yield from fit(part, list(group.effect_ids), group.random, model.method, model.test)
    for item in analysis.sensitivity:
        # The run without questioned data is in no protocol; it changes the studies and not the model.
        changed = model_of(plan, protocol, protocol.sensitivity.get(item.id))
        yield from fit(
            f"sensitivity/{item.id}", list(item.effect_ids), item.random, changed.method, changed.test
        )
    for line in analysis.regressions:
        run = {"key": f"{key}/regression/{line.moderator}", "model": "regression"}
        yield {**run, "effect_ids": [p[0] for p in line.points], "x": [p[1] for p in line.points]}, line


def fits(review: str, synthesis: Synthesis, protocol: Protocol) -> list[Fit]:
    """Return every fit of a review with the record that it must agree with."""
    return [fit for a in synthesis.analyses for fit in _of_analysis(review, a, protocol)]


def main() -> None:
    """Print the plan of all reviews below the current folder."""
    plan = {}
    for review in reviews(Path()):
        layout = Layout(review)
        found = fits(review, read_synthesis(layout.synthesis), load_protocol(layout.protocol))
        plan[review] = [run for run, _ in found]
    json.dump(plan, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
