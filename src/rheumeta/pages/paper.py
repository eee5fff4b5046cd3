"""The report as a paper: methods and results written from the protocol and the analyses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rheumeta.pages import pandoc
from rheumeta.pages import paper_parts as parts
from rheumeta.pages.analyses import METHOD_NAMES, AnalysisView, show, show_run
from rheumeta.pages.currency import currency
from rheumeta.pages.figures import alt_text, is_empty
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.integrity import integrity_blocks
from rheumeta.pages.numbers import capital, count, percent, uncapital, whole
from rheumeta.pages.pandoc import Block
from rheumeta.pages.paper_methods import methods
from rheumeta.pages.paper_supplement import supplement

SIZE = re.compile(r'<svg\b[^>]*\bviewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
TEXT_WIDTH, TEXT_HEIGHT = 16.4, 22.0
"""Most room for a figure on a page, centimetres."""

MAPS = {
    "evidence_map_controlled": "Treated against not treated",
    "evidence_map_add_on": "Add-on: both groups got the treatment",
    "evidence_map_uncontrolled": "Without a control group",
}
"""Parts of the evidence map and what they show."""


@dataclass(frozen=True)
class Paper:
    """What the paper is written from."""

    data: ReportInput
    views: Sequence[AnalysisView]
    sentences: Sequence[str]  # what the evidence says
    ending: str  # of the figure files: svg or png


def paper(material: Paper) -> dict[str, Any]:
    """Return the report as a document of pandoc.

    Parameters
    ----------
    material : Paper
        The report's input, its analyses as shown, and the kind of figure files.
    """
    protocol = material.data.protocol
    blocks = [
        *_summary(material),
        pandoc.heading(1, "Question"),
        pandoc.paragraph(protocol["question"]["text"]),
        *([pandoc.bullets(protocol["context"])] if protocol.get("context") else []),
        *methods(material.data),
        pandoc.heading(1, "Results"),
        *parts.selection(material.data),
        *_drawn(material, "flow", "Flow of records."),
        *parts.searches(material.data),
        *parts.characteristics(material.data),
        *_maps(material),
        *parts.risk_of_bias(material.data),
        *_drawn(material, "risk_of_bias", "Risk of bias of each study."),
        *parts.findings(material.data),
        *_comparisons(material),
        *parts.directions(material.data),
        *_drawn(material, "directions", "Direction of the results of each study."),
        *_drawn(material, "albatross", "Number of patients against p value."),
        *integrity_blocks(material.data),
        *parts.claims(material.data),
        *_limits(material),
        *parts.plain(material.data),
        *parts.checklist(material.data),
        *pandoc.references(),
        *supplement(material.data, material.views, partial(figure, material)),
    ]
    return pandoc.document(protocol["title"], currency(material.data).kind, blocks)


def _summary(material: Paper) -> Iterable[Block]:
    question = material.data.protocol["question"]
    yield pandoc.heading(1, "Summary")
    yield pandoc.paragraph(f"Population: {question['population']}. Intervention: {question['intervention']}. "
                           f"Comparator: {question['comparator']}.")  # fmt: skip
    for text in material.sentences:
        yield pandoc.paragraph(text)


def _comparisons(material: Paper) -> Iterable[Block]:
    groups: dict[str, list[AnalysisView]] = {}
    for view in material.views:
        groups.setdefault(view.record.comparison, []).append(view)
    for group in groups.values():
        first = group[0].record
        yield pandoc.heading(2, first.comparison_label)
        if first.caution:
            yield pandoc.paragraph(first.caution)
        shown = [view for view in group if view.record.status != "no_data"]
        if shown:
            yield _results_table(shown)
        for view in shown:
            yield from _analysis(material, view)
        bare = [view.record.title for view in group if view.record.status == "no_data"]
        if bare:
            yield pandoc.paragraph(
                f"Planned, and no study gives usable numbers: {'; '.join(uncapital(title) for title in bare)}. "
                "This is missing evidence, not evidence that there is no effect."
            )


def _results_table(views: Sequence[AnalysisView]) -> Block:
    rows = []
    for view in views:
        a = view.record
        effect = "not pooled"
        if a.status == "pooled" and view.lead:
            effect = show(a, view.lead.display)
        elif a.status == "single_study":
            effect = f"{show(a, a.studies[0].effect)} (one study)"
        i2 = view.lead.i2.estimate if a.status == "pooled" and view.lead and view.lead.i2 else None
        new = view.lead.prediction_display if a.status == "pooled" and view.lead else None
        rows.append((a.title, a.measure_label, effect, str(a.k), whole(a.n_patients),
                     f"{percent(i2)}%" if i2 is not None else "–",
                     show(a, new) if new else "–"))  # fmt: skip
    head = ("Analysis", "Measure", "Result [interval]", "Studies", "Patients", "I²", "Prediction interval")
    return pandoc.table(
        f"{views[0].record.comparison_label}: results.", head, rows,
        widths=(0.26, 0.14, 0.19, 0.08, 0.1, 0.07, 0.16), right="lllrrrl",
    )  # fmt: skip


def _analysis(material: Paper, view: AnalysisView) -> Iterable[Block]:
    a = view.record
    yield pandoc.heading(3, a.title)
    yield pandoc.paragraph(" ".join([view.sentence, *a.warnings, _sensitivity(view)]).strip())
    if a.status in ("pooled", "not_pooled"):
        yield from figure(material, a.id, f"{a.title}. {_pooling(view)}", view.alt)
    for table in view.subgroups:
        lines = "; ".join(f"{row.level}: {row.effect} ({row.k})" for row in table.rows)
        test = f" {table.test}." if table.test else ""
        yield pandoc.paragraph(f"By {uncapital(table.label)}: {lines}.{test}")
    if a.excluded:
        reasons = "; ".join(f"{e.label} ({e.reason})" for e in a.excluded)
        yield pandoc.paragraph(f"Could have counted and does not: {reasons}.")


def _sensitivity(view: AnalysisView) -> str:
    texts = []
    for run in view.changed:
        if run.random or run.single:
            texts.append(f"{uncapital(run.label)} {show_run(view.record, run)}")
    return f"With other assumptions: {'; '.join(texts)}." if texts else ""


def _pooling(view: AnalysisView) -> str:
    if view.record.status != "pooled" or view.lead is None:
        return "Single studies; not pooled."
    return f"{capital(METHOD_NAMES.get(view.lead.method, view.lead.method))}; {count(view.lead.k, 'study', 'studies')}."


def figure(material: Paper, name: str, caption: str, alt: str) -> Iterable[Block]:
    """Yield a figure as large as the page allows; nothing if it was not drawn."""
    svg = material.data.figures.get(name)
    if svg is None:
        return
    found = SIZE.search(svg)
    width = TEXT_WIDTH
    if found:
        width = min(width, TEXT_HEIGHT * float(found["width"]) / float(found["height"]))
    yield pandoc.figure(caption, f"{name}.{material.ending}", alt, width=f"{width:.1f}cm")


def _drawn(material: Paper, name: str, caption: str) -> Iterable[Block]:
    """Yield a figure over all analyses, unless it is empty; its own words say what it shows."""
    svg = material.data.figures.get(name, "")
    return () if is_empty(svg) else figure(material, name, caption, alt_text(svg))


def _maps(material: Paper) -> Iterable[Block]:
    """Yield the evidence map in parts that fit a page each."""
    for name, what in MAPS.items():
        yield from _drawn(material, name, f"What is known, what is awaited and what is missing. {what}.")


def _limits(material: Paper) -> Iterable[Block]:
    data = material.data
    unused = sum(not row["used_in"] for row in data.accounting)
    yield pandoc.heading(1, "Limits of the evidence")
    texts = [f"Of {len(data.accounting)} reported results {unused} enter no analysis; the report lists why."]
    cautions = dict.fromkeys(
        v.record.caution for v in material.views if v.record.caution and v.record.studies
    )
    texts += [str(caution) for caution in cautions]
    one = sum(v.record.status == "single_study" for v in material.views)
    empty = sum(v.record.status == "no_data" for v in material.views)
    texts.append(
        f"Of {count(len(material.views), 'planned analysis', 'planned analyses')}, {one} rest on one study and "
        f"{empty} have no usable number."
    )
    yield pandoc.bullets(texts)
