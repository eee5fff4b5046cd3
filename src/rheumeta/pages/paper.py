"""The report as a paper: methods and results written from the protocol and the analyses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rheumeta.appraised import VERDICTS, Finding
from rheumeta.pages import pandoc
from rheumeta.pages.analyses import METHOD_NAMES, AnalysisView, show
from rheumeta.pages.evidence import DESIGN_WORDS, STATUS_WORDS, WHY_WORDS, bias_view, flow_view, not_assessed
from rheumeta.pages.figures import alt_text
from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.numbers import capital, count, interval, number, percent, uncapital, whole
from rheumeta.pages.pandoc import Block
from rheumeta.pages.paper_methods import methods
from rheumeta.pages.plain import plain_summary
from rheumeta.pages.prisma import checklist
from rheumeta.pages.unpooled import KIND_WORDS, sign_words

SIZE = re.compile(r'<svg\b[^>]*\bviewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
TEXT_WIDTH, TEXT_HEIGHT = 16.0, 20.0
"""Most room for a figure on a page, centimetres."""

LEVEL_WORDS = {"high": "high", "moderate": "moderate", "low": "low", "very_low": "very low"}


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
        *_selection(material.data),
        *_drawn(material, "flow", "Flow of records."),
        *_characteristics(material.data),
        *_drawn(material, "evidence_map", "What is known, what is awaited and what is missing."),
        *_risk_of_bias(material.data),
        *_drawn(material, "risk_of_bias", "Risk of bias of each study."),
        *_findings(material.data),
        *_comparisons(material),
        *_directions(material.data),
        *_drawn(material, "directions", "Direction of the results of each study."),
        *_drawn(material, "albatross", "Number of patients against p value."),
        *_awaited(material.data),
        *_claims(material.data),
        *_limits(material),
        *_plain(material.data),
        *_checklist(material.data),
    ]
    return pandoc.document(protocol["title"], "Systematic review and meta-analysis", blocks)


def _summary(material: Paper) -> Iterable[Block]:
    question = material.data.protocol["question"]
    yield pandoc.heading(1, "Summary")
    yield pandoc.paragraph(f"Population: {question['population']}. Intervention: {question['intervention']}. "
                           f"Comparator: {question['comparator']}.")  # fmt: skip
    for text in material.sentences:
        yield pandoc.paragraph(text)


def _selection(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(2, "Studies")
    studies = data.sheet("studies")
    kinds = [(words, sum(s["design_class"] == kind for s in studies)) for kind, words in DESIGN_WORDS.items()]
    parts = ", ".join(f"{size} {words}" for words, size in kinds if size)
    yield pandoc.paragraph(f"The review holds {count(len(studies), 'study', 'studies')}: {parts}.")
    boxes = [
        f"{box.label}: "
        + "; ".join(f"{n or 'not recorded'}{' (' + what + ')' if what else ''}" for n, what in box.lines)
        for box in flow_view(data.sheet("flow"))
    ]
    yield (
        pandoc.bullets(boxes)
        if boxes
        else pandoc.paragraph("The numbers of records found and screened are not recorded.")
    )


def _characteristics(data: ReportInput) -> Iterable[Block]:
    rows = [
        (
            f"{row.get('label') or row['study_id']}{_source(row)}",
            DESIGN_WORDS.get(row["design_class"], row["design_class"]),
            row.get("n_randomised") or row.get("n_analysed") or "–",
            row.get("intervention") or "–",
            row.get("comparator") or "–",
            f"{row.get('follow_up') or '–'}; {STATUS_WORDS.get(row['status'], row['status'])}",
        )
        for row in data.sheet("studies")
    ]
    head = ("Study", "Design", "Patients", "Intervention", "Comparator", "Follow-up; status")
    yield pandoc.table(
        "Characteristics of the studies.", head, rows, widths=(0.17, 0.14, 0.15, 0.2, 0.17, 0.17)
    )


def _source(row: Row) -> str:
    return f" [@study-{row['study_id']}]" if row.get("doi", "").startswith("10.") else ""


def _risk_of_bias(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(2, "Risk of bias")
    rows, labels = data.sheet("risk_of_bias"), data.study_labels()
    for tool in bias_view(rows):
        head = ("Study", "Outcome", *(domain.replace("_", " ") for domain in tool.domains))
        body = [
            (labels.get(study, study), outcome,
             *("–" if cell is None else cell["judgement"].replace("_", " ") for cell in cells))
            for study, outcome, cells in tool.rows
        ]  # fmt: skip
        share = 0.66 / len(tool.domains)
        yield pandoc.table(
            f"Risk of bias ({tool.tool}).", head, body, widths=(0.2, 0.14, *[share] * len(tool.domains))
        )
    waiting = {row["study_id"] for row in not_assessed(rows)}
    if waiting:
        names = ", ".join(labels.get(study, study) for study in sorted(waiting))
        yield pandoc.paragraph(f"Not assessed: {count(len(waiting), 'study', 'studies')} ({names}).")
    elif not rows:
        yield pandoc.paragraph("The risk of bias was not assessed.")


def _findings(data: ReportInput) -> Iterable[Block]:
    """Yield the summary of findings, where the evidence was appraised."""
    if data.appraisal is None or not data.appraisal.findings:
        return
    yield pandoc.heading(2, "Summary of findings")
    asked = [f for f in data.appraisal.findings if f.primary or f.comparison_kind == "controlled"]
    rows = [_finding(f) for f in asked if f.effect is not None]
    empty = len(asked) - len(rows)
    if empty:
        yield pandoc.paragraph(f"{capital(count(empty, 'planned outcome', 'planned outcomes'))} without an estimate "
                               "are left out of the table; they stand with their comparison.")  # fmt: skip
    head = (
        "Outcome, time",
        "Comparison",
        "Relative or mean effect",
        "Per 1000: without, with",
        "Patients (studies)",
        "Certainty",
    )
    yield pandoc.table(
        "Summary of findings. The certainty is what rules suggest from the sheets.", head, rows,
        widths=(0.2, 0.2, 0.2, 0.16, 0.12, 0.12),
    )  # fmt: skip


def _finding(row: Finding) -> tuple[str, ...]:
    absolute = "–"
    if row.absolute is not None:
        absolute = (
            f"{number(row.absolute.assumed, digits=0)}, {number(row.absolute.treated.estimate, digits=0)}"
        )
    patients = f"{whole(row.n_patients)} ({row.k})"
    certainty = LEVEL_WORDS.get(row.certainty or "", "no estimate")
    effect = f"{row.measure_label} {interval(row.effect)}" if row.effect else "–"
    return (
        f"{row.outcome_label}, {row.window_label}",
        row.comparison_label,
        effect,
        absolute,
        patients,
        certainty,
    )


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
        value = run.random.display if run.random else run.single
        if value is not None:
            texts.append(f"{uncapital(run.label)} {show(view.record, value)}")
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


def _directions(data: ReportInput) -> Iterable[Block]:
    summaries = data.synthesis.direction_summaries
    if not summaries:
        return
    yield pandoc.heading(2, "Evidence that is not pooled")
    rows = [
        (s.outcome_label, KIND_WORDS.get(s.comparison_kind, s.comparison_kind), sign_words(s))
        for s in summaries
    ]
    yield pandoc.table(
        "Direction of results that give no size, each cohort once.", ("Outcome", "Kind", "Cohorts"), rows,
        widths=(0.3, 0.3, 0.4),
    )  # fmt: skip


def _awaited(data: ReportInput) -> Iterable[Block]:
    rows = data.sheet("awaited")
    if not rows:
        return
    labels = data.study_labels()
    yield pandoc.heading(2, "Data awaited")
    body = [
        (
            labels.get(row["study_id"], row["study_id"]),
            row["outcome"],
            row["what"],
            WHY_WORDS.get(row["why"], row["why"]),
        )
        for row in rows
    ]
    yield pandoc.table(
        "Numbers that exist or should exist and are not in the sheets.",
        ("Study", "Outcome", "What is missing", "Why"), body, widths=(0.2, 0.15, 0.45, 0.2),
    )  # fmt: skip


def _claims(data: ReportInput) -> Iterable[Block]:
    """Yield the claims beside what the evidence says, where they were appraised."""
    if data.appraisal is None or not data.appraisal.claims:
        return
    yield pandoc.heading(2, "Claims and what the evidence says")
    rows = [(c.said_by, c.claim, VERDICTS[c.verdict], c.reason) for c in data.appraisal.claims]
    yield pandoc.table(
        "Claims; each verdict follows from the data and the protocol by rules.",
        ("Said by", "Claim", "Verdict", "Why"), rows, widths=(0.13, 0.33, 0.17, 0.37),
    )  # fmt: skip


def _drawn(material: Paper, name: str, caption: str) -> Iterable[Block]:
    """Yield a figure over all analyses; its own words say what it shows."""
    return figure(material, name, caption, alt_text(material.data.figures.get(name, "")))


def _plain(data: ReportInput) -> Iterable[Block]:
    """Yield the summary in plain words, where the evidence was appraised."""
    passages = plain_summary(data)
    if passages:
        yield pandoc.heading(1, "In plain words")
    for passage in passages:
        yield pandoc.heading(2, passage.title)
        yield from (pandoc.paragraph(text) for text in passage.texts)


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


def _checklist(data: ReportInput) -> Iterable[Block]:
    yield pandoc.heading(1, "Reporting checklist")
    yield pandoc.paragraph("Items of PRISMA 2020 [@page-et-al-2021] in short words, and where each stands.")
    rows = [(item.number, item.topic, item.asks, item.where) for item in checklist(data)]
    yield pandoc.table(
        "Reporting checklist.", ("Item", "Topic", "Asks for", "Where it stands"), rows,
        widths=(0.07, 0.18, 0.4, 0.35),
    )  # fmt: skip
