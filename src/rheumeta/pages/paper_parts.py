"""Parts of the paper that are written from the sheets and the appraisal."""

from __future__ import annotations

from collections.abc import Iterable

from rheumeta.appraised import VERDICTS, Finding
from rheumeta.pages import pandoc, prisma
from rheumeta.pages.certainty import amount
from rheumeta.pages.currency import currency
from rheumeta.pages.evidence import DESIGN_WORDS, STATUS_WORDS, bias_view, flow_view, not_assessed
from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.literature import is_doi
from rheumeta.pages.numbers import capital, count, interval, uncapital, whole
from rheumeta.pages.pandoc import Block
from rheumeta.pages.plain import plain_summary
from rheumeta.pages.unpooled import KIND_WORDS, sign_words
from rheumeta.rob_tools import OVERALL, judgement_words

LEVEL_WORDS = {"high": "high", "moderate": "moderate", "low": "low", "very_low": "very low"}


def selection(data: ReportInput) -> Iterable[Block]:
    """Yield how many studies there are, and the flow of records."""
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


def searches(data: ReportInput) -> Iterable[Block]:
    """Yield up to when studies were looked for, and the searches."""
    found = currency(data)
    yield pandoc.paragraph(" ".join(found.sentences))
    lines = [
        f"{row['source']}, {row['date_searched']}"
        + (f", {count(int(float(row['hits'])), 'record', 'records')}" if row["hits"] else "")
        for row in found.searches
    ]
    if lines:
        yield pandoc.bullets(lines)


def characteristics(data: ReportInput) -> Iterable[Block]:
    """Yield the table of studies."""
    rows = [
        (
            f"{row.get('label') or row['study_id']}{_source(row)}",
            DESIGN_WORDS.get(row["design_class"], row["design_class"]),
            _patients(row),
            row.get("intervention") or "–",
            row.get("comparator") or "–",
            f"{row.get('follow_up') or '–'}; {STATUS_WORDS.get(row['status'], row['status'])}",
        )
        for row in data.sheet("studies")
    ]
    head = ("Study", "Design", "Patients", "Intervention", "Comparator", "Follow-up; status")
    yield from pandoc.landscape([pandoc.table(
        "Characteristics of the studies.", head, rows, widths=(0.17, 0.12, 0.15, 0.22, 0.17, 0.17)
    )])  # fmt: skip


def _patients(row: Row) -> str:
    """Return the patients randomised; in a study that randomised nobody, those analysed."""
    randomised = row.get("n_randomised", "")
    return (randomised if randomised != "0" else "") or row.get("n_analysed") or "–"


def _source(row: Row) -> str:
    return f" {pandoc.citation('study-' + row['study_id'])}" if is_doi(row.get("doi", "")) else ""


def risk_of_bias(data: ReportInput) -> Iterable[Block]:
    """Yield a table for each tool, and who was not assessed."""
    yield pandoc.heading(2, "Risk of bias")
    rows, labels = data.sheet("risk_of_bias"), data.study_labels()
    for tool in bias_view(rows):
        head = ("Study", "Outcome", *(name if code == OVERALL else code for code, name in tool.domains))
        body = [
            (labels.get(study, study), outcome,
             *("–" if cell is None else judgement_words(tool.tool, cell["judgement"]) for cell in cells))
            for study, outcome, cells in tool.rows
        ]  # fmt: skip
        share = 0.66 / len(tool.domains)
        described = [
            f"{code}: {uncapital(name)}" for code, name in tool.domains if code not in (OVERALL, name)
        ]
        caption = ". ".join(
            [
                f"Risk of bias ({tool.tool})",
                *(["; ".join(described)] if described else []),
                "A dash: not judged.",
            ]
        )
        yield pandoc.table(caption, head, body, widths=(0.2, 0.14, *[share] * len(tool.domains)))
    waiting = {row["study_id"] for row in not_assessed(rows)}
    if waiting:
        names = ", ".join(labels.get(study, study) for study in sorted(waiting))
        yield pandoc.paragraph(f"Not assessed: {count(len(waiting), 'study', 'studies')} ({names}).")
    elif not rows:
        yield pandoc.paragraph("The risk of bias was not assessed.")


def findings(data: ReportInput) -> Iterable[Block]:
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
        "Without, with the treatment",
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
            f"{amount(row.absolute, row.absolute.assumed)}, {amount(row.absolute, row.absolute.treated.estimate)} "
            f"{row.absolute.counted_in}"
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


def claims(data: ReportInput) -> Iterable[Block]:
    """Yield the claims beside what the evidence says, where they were appraised."""
    if data.appraisal is None or not data.appraisal.claims:
        return
    yield pandoc.heading(2, "Claims and what the evidence says")
    rows = [(c.said_by, c.claim, VERDICTS[c.verdict], c.reason) for c in data.appraisal.claims]
    yield pandoc.table(
        "Claims; each verdict follows from the data and the protocol by rules.",
        ("Said by", "Claim", "Verdict", "Why"), rows, widths=(0.13, 0.33, 0.17, 0.37),
    )  # fmt: skip


def directions(data: ReportInput) -> Iterable[Block]:
    """Yield the directions of results that give no size."""
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


def plain(data: ReportInput) -> Iterable[Block]:
    """Yield the summary in plain words, where the evidence was appraised."""
    passages = plain_summary(data)
    if passages:
        yield pandoc.heading(1, "In plain words")
    for passage in passages:
        yield pandoc.heading(2, passage.title)
        yield from (pandoc.paragraph(text) for text in passage.texts)


def checklist(data: ReportInput) -> Iterable[Block]:
    """Yield the reporting checklist, filled in."""
    yield pandoc.heading(1, "Reporting checklist")
    source = pandoc.citation("page-et-al-2021")
    yield pandoc.paragraph(f"Items of PRISMA 2020 {source} in short words, and where each stands.")
    rows = [(item.number, item.topic, item.asks, item.where) for item in prisma.checklist(data)]
    yield pandoc.table(
        "Reporting checklist.", ("Item", "Topic", "Asks for", "Where it stands"), rows,
        widths=(0.07, 0.18, 0.4, 0.35),
    )  # fmt: skip
