"""The page over all reviews: ``results/index.html``, a card a review with its primary results."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rheumeta.appraised import read_appraisal
from rheumeta.layout import Layout
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.render import card, index
from rheumeta.records import read_synthesis
from rheumeta.steps.evidence.model import read_rows
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

SHEETS = ("studies", "awaited", "risk_of_bias")
"""Sheets that a card speaks of."""


def run(layouts: Sequence[Layout]) -> None:
    """Write the page over `layouts`, reviews of one project, in their order."""
    text = index([card(_load(layout)) for layout in layouts])
    with StageWriter() as out:
        out.text(layouts[0].root / "results" / "index.html", text)
    log.info("%d reviews: %s", len(layouts), ", ".join(layout.review for layout in layouts))


def _load(layout: Layout) -> ReportInput:
    return ReportInput(
        synthesis=read_synthesis(layout.synthesis),
        protocol=load_protocol(layout.protocol).model_dump(mode="json"),
        sheets={name: read_rows(validated_path(layout, name)) for name in SHEETS},
        appraisal=read_appraisal(layout.appraisal) if layout.appraisal.is_file() else None,
    )
