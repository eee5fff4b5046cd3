"""Stage 7: the report, one HTML file that needs no other.

Reads the protocol, the validated sheets, ``harmonised.csv``, ``effects.csv``, ``derivations.csv``, ``not_used.csv``,
``accounting.csv``, ``integrity.csv``, ``integrity_checks.csv``, ``synthesis.json``, ``appraisal.json`` and the
figures as SVG; writes
``results/<review>/report.html``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from rheumeta.appraised import Appraisal, read_appraisal
from rheumeta.layout import Layout
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.render import report
from rheumeta.provenance import SOFTWARE, software_versions
from rheumeta.records import read_synthesis
from rheumeta.steps.compare import since_snapshot
from rheumeta.steps.evidence.model import read_rows
from rheumeta.tables.protocol import load_protocol
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.validated import validated_path
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)


def run(layout: Layout) -> None:
    """Write the report of one review."""
    data = load(layout)
    text = report(data)
    with StageWriter() as out:
        out.text(layout.report, text)
    log.info(
        "%d analyses, %d figures, %d reported numbers; %.1f MB",
        len(data.synthesis.analyses), len(data.figures), len(data.harmonised), len(text.encode()) / 1e6,
    )  # fmt: skip


def load(layout: Layout, *, figures: bool = True, fonts: bool = True) -> ReportInput:
    """Read everything that the report of a review shows.

    Parameters
    ----------
    layout : Layout
        Paths of the review.
    figures : bool
        False leaves the figures out.
    fonts : bool
        False leaves out the fonts of the figures, which only a page needs.
    """
    drawn = read_figures(layout.figures) if figures else {}
    return ReportInput(
        synthesis=read_synthesis(layout.synthesis),
        protocol=load_protocol(layout.protocol).model_dump(mode="json"),
        sheets={sheet.name: read_rows(validated_path(layout, sheet.name)) for sheet in RAW_SHEETS},
        harmonised=read_rows(layout.harmonised),
        effects=read_rows(layout.effects),
        derivations=read_rows(layout.derivations),
        not_used=read_rows(layout.not_used),
        accounting=read_rows(layout.accounting),
        figures=drawn,
        versions=software_versions(SOFTWARE),
        appraisal=_appraisal(layout),
        integrity=read_rows(layout.integrity),
        integrity_checks=read_rows(layout.integrity_checks),
        changes=since_snapshot(layout),
        fonts=_fonts(drawn) if fonts else {},
    )


def _fonts(drawn: Mapping[str, str]) -> dict[str, str]:
    from rheumeta.steps.page_font import page_fonts  # it takes long to load

    return page_fonts(drawn.values())


def _appraisal(layout: Layout) -> Appraisal | None:
    """Read the appraisal; a report without it lacks the sections made from it, and the log says so."""
    if layout.appraisal.is_file():
        return read_appraisal(layout.appraisal)
    log.warning(
        "no appraisal: run rheumeta appraise %s for certainty, missing results and claims", layout.review
    )
    return None


def read_figures(folder: Path) -> dict[str, str]:
    """Read the SVG figures of a folder by the stem of their names."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.svg"))}
