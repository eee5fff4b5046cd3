"""What the authors of a review write into a forest plot: footnotes to studies, a note, headings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from rheumeta.pages.inputs import anchor
from rheumeta.plots.forest_layout import all_rows
from rheumeta.plots.records import ForestPlot, ForestRow, NoteFigure
from rheumeta.records import Analysis
from rheumeta.tables.protocol import ForestText

log = logging.getLogger(__name__)


def with_text(plot: ForestPlot | NoteFigure, analysis: Analysis, text: ForestText) -> ForestPlot | NoteFigure:
    """Return a figure with the words of the authors.

    Parameters
    ----------
    plot : ForestPlot or NoteFigure
        The keys of the rows of a plot are the places of effects. A note figure gets the note alone.
    analysis : Analysis
        Tells the study of each effect.
    text : ForestText
        The words. A footnote to a study that the analysis does not hold is left out with a warning.
    """
    if isinstance(plot, NoteFigure):
        return replace(plot, sentence=f"{plot.sentence} {text.note}") if text.note else plot
    studies = {anchor("e", s.effect_id): s.study_id for s in analysis.studies}
    numbers = _numbers([studies.get(row.key, "") for row in all_rows(plot)], text)
    lost = sorted({note.study for note in text.footnotes} - set(studies.values()))
    if lost:
        log.warning("%s: footnotes to studies that are not in it: %s", analysis.id, ", ".join(lost))

    def marked(row: ForestRow) -> ForestRow:
        own = [n.text for n in text.footnotes if n.study == studies.get(row.key)]
        signs = "".join(f"\u00a0({numbers[told]})" for told in dict.fromkeys(own))
        return replace(row, marks=row.marks + signs)

    blocks = tuple(replace(b, rows=tuple(marked(r) for r in b.rows)) for b in plot.blocks)
    told = tuple(f"({number}) {words}" for words, number in numbers.items())
    return replace(
        plot,
        blocks=blocks,
        footnotes=(*plot.footnotes, *told, *((text.note,) if text.note else ())),
        study_heading=text.study_heading or plot.study_heading,
        effect_heading=text.effect_heading or plot.effect_heading,
    )


def _numbers(studies: list[str], text: ForestText) -> Mapping[str, int]:
    """Return the number of each footnote, in the order of the rows; equal words share one."""
    words = [note.text for study in studies for note in text.footnotes if note.study == study]
    return {told: number for number, told in enumerate(dict.fromkeys(words), start=1)}


def spoken(text: ForestText, labels: Mapping[str, str]) -> str:
    """Return the words of the authors as they follow the alternative text of the figure."""
    notes = [f"{labels.get(note.study, note.study)}: {note.text}" for note in text.footnotes]
    return " ".join([*notes, *([text.note] if text.note else [])])
