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
from rheumeta.pages.measures import OTHERWISE
from rheumeta.pages.numbers import capital, count, percent, uncapital, whole
from rheumeta.pages.pandoc import Block
from rheumeta.pages.paper_findings import claims, findings
from rheumeta.pages.paper_frame import abstract, declarations, judged, limits
from rheumeta.pages.paper_methods import methods
from rheumeta.pages.paper_supplement import supplement

SIZE = re.compile(r'<svg\b[^>]*\bviewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
TEXT_WIDTH, TEXT_HEIGHT = 16.4, 22.0
"""Most room for a figure on a page, centimetres."""

HALF_HEIGHT, LEAST_SCALE = 10.6, 0.89
"""Height at which two figures with their captions and a line of text share a page; what is little higher is shrunk to
it, by no more than this factor, so that its words can be read."""

SHORT_TABLE = 10
"""Rows of a table of results up to which it stays on one page."""

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
    data = material.data
    protocol = data.protocol
    blocks = [
        *abstract(data, material.sentences),
        *parts.plain(data),
        pandoc.heading(1, "Question"),
        pandoc.paragraph(protocol["question"]["text"]),
        *([pandoc.bullets(protocol["context"])] if protocol.get("context") else []),
        *methods(data),
        pandoc.heading(1, "Results"),
        *parts.selection(data),
        *_drawn(material, "flow", "Flow of records."),
        *parts.searches(data),
        *parts.characteristics(data),
        *_maps(material, main=True),
        *parts.risk_of_bias(data),
        *(_bias(material) if judged(data) else ()),
        *findings(data),
        *_comparisons(material),
        *parts.directions(data),
        *_drawn(material, "directions", "Direction of the results of each study."),
        *integrity_blocks(data),
        *claims(data),
        *limits(data, material.views),
        *declarations(data),
        *pandoc.references(),
        *supplement(data, material.views, partial(figure, material), _further(material)),
    ]
    studies = [f"study-{row['study_id']}" for row in data.sheet("studies")]
    return pandoc.document(protocol["title"], currency(data).kind, blocks, studies)


def _comparisons(material: Paper) -> Iterable[Block]:
    """Yield a table of all results a comparison, and its primary analyses."""
    for name, group in _by_comparison(material.views).items():
        first = group[0].record
        yield pandoc.heading(2, first.comparison_label)
        if first.caution:
            yield pandoc.paragraph(first.caution)
        shown = [view for view in group if view.record.status != "no_data"]
        primary = [view for view in shown if view.record.primary]
        if shown:
            yield pandoc.paragraph(_where(name, len(shown), len(primary)))
            table = _results_table(shown, name)
            yield from pandoc.unbroken(table) if len(shown) <= SHORT_TABLE else [table]
        for view in primary:
            yield from _analysis(material, view)
        bare = [view.record.title for view in group if view.record.status == "no_data"]
        if bare:
            yield pandoc.paragraph(
                f"Planned, and no study gives usable numbers: {'; '.join(uncapital(title) for title in bare)}. "
                "This is missing evidence, not evidence that there is no effect."
            )


def _by_comparison(views: Iterable[AnalysisView]) -> dict[str, list[AnalysisView]]:
    groups: dict[str, list[AnalysisView]] = {}
    for view in views:
        groups.setdefault(view.record.comparison, []).append(view)
    return groups


def _where(name: str, shown: int, primary: int) -> str:
    """Return where the results of a comparison stand."""
    table = pandoc.pointer(f"results-{name}")
    if shown == primary:
        return f"{table} lists the results."
    what = "those that are not primary" if primary else "none of them is primary, and they"
    return f"{table} lists the results; {what} are told one by one in the supplement."


def _further(material: Paper) -> Iterable[Block]:
    """Yield the analyses that are not primary, and the figures over all analyses that few readers need."""
    rest = [v for v in material.views if not v.record.primary and v.record.status != "no_data"]
    if rest:
        yield pandoc.heading(2, "Analyses that are not primary", numbered=False)
    for group in _by_comparison(rest).values():
        yield pandoc.heading(3, group[0].record.comparison_label, numbered=False)
        for view in group:
            yield from _analysis(material, view)
    yield from _maps(material, main=False)
    yield from _drawn(material, "albatross", "Number of patients against p value.")
    if not judged(material.data):
        yield from _bias(material)


def _bias(material: Paper) -> Iterable[Block]:
    return _drawn(material, "risk_of_bias", "Risk of bias of each study.")


def _results_table(views: Sequence[AnalysisView], name: str) -> Block:
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
        widths=(0.25, 0.14, 0.19, 0.09, 0.1, 0.07, 0.16), right="lllrrrl", name=f"results-{name}",
    )  # fmt: skip


def _analysis(material: Paper, view: AnalysisView) -> Iterable[Block]:
    a = view.record
    drawn = a.status in ("pooled", "not_pooled") and a.id in material.data.figures
    told = " ".join([view.sentence, *a.warnings, _sensitivity(view)]).strip()
    told += f" ({pandoc.pointer(a.id)}.)" if drawn else ""
    told = " ".join([told, *(f"{OTHERWISE} {other.title}: {text}" for other, text in view.differing)])
    if a.primary:
        yield pandoc.heading(3, a.title)
        yield pandoc.paragraph(told)
    else:
        yield pandoc.paragraph([pandoc.strong(f"{a.title}."), pandoc.SPACE, *pandoc.words(told)])
    if drawn:
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
            label, result = uncapital(run.label), show_run(view.record, run)
            named = uncapital(result).startswith(f"{label}:")  # the measure names itself
            texts.append(uncapital(result) if named else f"{label} {result}")
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
    yield pandoc.figure(caption, f"{name}.{material.ending}", alt, width=f"{_width(svg):.1f}cm", name=name)


def _width(svg: str) -> float:
    """Return the width of a figure on the page in centimetres."""
    found = SIZE.search(svg)
    if not found:
        return TEXT_WIDTH
    tall = float(found["height"]) / float(found["width"])
    width = min(TEXT_WIDTH, TEXT_HEIGHT / tall)
    return HALF_HEIGHT / tall if 1 > HALF_HEIGHT / (width * tall) >= LEAST_SCALE else width


def _drawn(material: Paper, name: str, caption: str) -> Iterable[Block]:
    """Yield a figure over all analyses, unless it is empty; its own words say what it shows."""
    svg = material.data.figures.get(name, "")
    return () if is_empty(svg) else figure(material, name, caption, alt_text(svg))


def _maps(material: Paper, *, main: bool) -> Iterable[Block]:
    """Yield the evidence map in parts that fit a page each: the first that is drawn, or the others."""
    drawn = [name for name in MAPS if not is_empty(material.data.figures.get(name, ""))]
    for name in drawn[:1] if main else drawn[1:]:
        yield from _drawn(
            material, name, f"What is known, what is awaited and what is missing. {MAPS[name]}."
        )
