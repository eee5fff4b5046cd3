"""Parts of the paper that are written from the sheets and the appraisal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rheumeta.pages import pandoc, prisma
from rheumeta.pages.bias import bias_state
from rheumeta.pages.currency import currency
from rheumeta.pages.evidence import DESIGN_WORDS, STATUS_WORDS, BiasTable, bias_view, flow_view
from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.literature import is_doi
from rheumeta.pages.numbers import count, uncapital
from rheumeta.pages.pandoc import Block
from rheumeta.pages.plain import plain_summary
from rheumeta.pages.unpooled import KIND_WORDS, sign_words
from rheumeta.rob_tools import judgement_words

ACROSS = 45
"""Characters of a cell from which on the table of studies lies on its side."""


def selection(data: ReportInput) -> Iterable[Block]:
    """Yield how many studies there are, and the flow of records."""
    yield pandoc.heading(2, "Studies")
    studies = data.sheet("studies")
    kinds = [(words, sum(s["design_class"] == kind for s in studies)) for kind, words in DESIGN_WORDS.items()]
    parts = ", ".join(f"{size} {words}" for words, size in kinds if size)
    yield pandoc.paragraph(
        f"The review holds {count(len(studies), 'study', 'studies')} ({pandoc.pointer('characteristics')}): {parts}."
    )
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
            row.get("follow_up") or "–",
            STATUS_WORDS.get(row["status"], row["status"]),
        )
        for row in data.sheet("studies")
    ]
    yield from studies_table(rows)


def studies_table(rows: Sequence[tuple[str, ...]]) -> Iterable[Block]:
    """Yield the table of studies without empty columns, upright if its texts are short."""
    head = ("Study", "Design", "Patients", "Intervention", "Comparator", "Follow-up", "Status")
    shares = (0.16, 0.15, 0.14, 0.21, 0.15, 0.1, 0.09)
    kept = [n for n in range(len(head)) if any(row[n] != "–" for row in rows)]
    whole_ = sum(shares[n] for n in kept)
    table = pandoc.table(
        "Characteristics of the studies.", [head[n] for n in kept], [[row[n] for n in kept] for row in rows],
        widths=[shares[n] / whole_ for n in kept], name="characteristics",
    )  # fmt: skip
    wide = any(len(row[n]) > ACROSS for row in rows for n in kept[1:])
    yield from pandoc.landscape([table]) if wide else [table]


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
    yield from (_judgements(table, labels) for table in bias_view(rows))
    state = bias_state(data.sheet("studies"), rows)
    if state.told:
        yield pandoc.paragraph(state.told)
    if state.waiting:
        names = ", ".join(sorted(labels.get(study, study) for study in state.waiting))
        yield pandoc.paragraph(f"Not judged: {names}.")


def _judgements(table: BiasTable, labels: Mapping[str, str]) -> Block:
    """Return the judgements of a tool as a table: its domains by their signs, named in the caption."""
    own = 0.12 if table.by_outcome else 0.0
    head = ("Study", *(("Outcome",) if own else ()), *(domain.sign for domain in table.domains))
    body = [
        (
            labels.get(study, study),
            *((outcome,) if own else ()),
            *(_judgement(table.tool, cell) for cell in cells),
        )
        for study, outcome, cells in table.rows
    ]
    named = "; ".join(f"{d.sign}: {uncapital(d.short)}" for d in table.domains if d.sign != d.short)
    signs = "A dash: not judged; n/a: not applicable."
    caption = ". ".join(part for part in (f"Risk of bias ({table.tool})", named, signs) if part)
    share = (1 - 0.18 - own) / len(table.domains)
    return pandoc.table(
        caption, head, body, widths=(0.18, *((own,) if own else ()), *[share] * len(table.domains))
    )


def _judgement(tool: str, cell: Row | None) -> str:
    if cell is None:
        return "–"
    return "n/a" if cell["judgement"] == "not_applicable" else judgement_words(tool, cell["judgement"])


def directions(data: ReportInput) -> Iterable[Block]:
    """Yield where every result is shown by its direction alone."""
    summaries = data.synthesis.direction_summaries
    if not summaries:
        return
    yield pandoc.heading(2, "Directions of all results")
    yield pandoc.paragraph(
        "Some results say only which way a number moved. Every result is therefore taken by its direction too, "
        f"whatever its size or p value: {pandoc.pointer('direction-counts')} counts the cohorts, each once an outcome."
    )


def direction_counts(data: ReportInput) -> Iterable[Block]:
    """Yield how many cohorts point which way, outcome by outcome."""
    summaries = data.synthesis.direction_summaries
    if not summaries:
        return
    yield pandoc.heading(2, "Directions of results", numbered=False)
    rows = [
        (s.outcome_label, KIND_WORDS.get(s.comparison_kind, s.comparison_kind), sign_words(s))
        for s in summaries
    ]
    yield pandoc.table(
        "Every result by its direction alone, each cohort once an outcome.", ("Outcome", "Kind", "Cohorts"), rows,
        widths=(0.25, 0.25, 0.5), name="direction-counts",
    )  # fmt: skip


def plain(data: ReportInput) -> Iterable[Block]:
    """Yield the summary in plain words, where the evidence was appraised."""
    passages = plain_summary(data)
    if passages:
        yield pandoc.heading(1, "In plain words", numbered=False)
    for passage in passages:
        first, *rest = passage.texts
        yield pandoc.paragraph([pandoc.strong(f"{passage.title}."), pandoc.SPACE, *pandoc.words(first)])
        yield from (pandoc.paragraph(text) for text in rest)


def checklist(data: ReportInput) -> Iterable[Block]:
    """Yield the reporting checklist, filled in."""
    yield pandoc.heading(2, "Reporting checklist", numbered=False)
    source = pandoc.citation("page-et-al-2021")
    yield pandoc.paragraph(f"Items of PRISMA 2020 {source} in short words, and where each stands.")
    rows = [(item.number, item.topic, item.asks, item.where) for item in prisma.checklist(data)]
    yield pandoc.table(
        "Reporting checklist.", ("Item", "Topic", "Asks for", "Where it stands"), rows,
        widths=(0.07, 0.18, 0.4, 0.35),
    )  # fmt: skip
