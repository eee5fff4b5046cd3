"""The summary of findings and the claims in the paper: wide tables on pages that lie on their side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rheumeta.appraised import DOWN_DOMAINS, UP_DOMAINS
from rheumeta.pages import pandoc
from rheumeta.pages.certainty import (
    DOMAIN_WORDS,
    GRADES,
    LEVEL_SIGNS,
    LEVEL_WORDS,
    DomainView,
    Explanation,
    FindingGroup,
    FindingView,
    abbreviations,
    explanations,
    judged_by,
    letter,
    persons,
    summary_of_findings,
)
from rheumeta.pages.claims import BY_DIRECTION, ClaimView, EvidenceView, claims_view
from rheumeta.pages.inputs import ReportInput
from rheumeta.pages.numbers import NONE, capital, uncapital
from rheumeta.pages.pandoc import Block, Inline, Text

NOT_STATED = "not stated in the protocol"
FOLLOWS = (
    "* What to expect with the treatment, with its interval, follows from what is expected without it and from the "
    "effect with its interval."
)


def groups(data: ReportInput) -> list[FindingGroup]:
    """Return the summary of findings by comparison; nothing without an appraisal."""
    return summary_of_findings(data.appraisal, data.synthesis.analyses) if data.appraisal else []


def findings(data: ReportInput) -> Iterable[Block]:
    """Yield the summary of findings of the primary outcomes, a table a comparison."""
    main = [group for group in groups(data) if group.first]
    if not main:
        return
    listed = ", ".join(pandoc.pointer(f"findings-{group.comparison}") for group in main)
    told = (
        f"What to expect for the primary outcomes, and how certain it is: {listed}. {_judged_by(data)} "
        f"Each judgement: {pandoc.pointer('profile')}."
    )
    tables = [
        block
        for group in main
        for block in _table(data, group, group.first, "findings", head=group is main[0])
    ]
    head = [pandoc.heading(2, "Summary of findings"), pandoc.paragraph(told)]
    yield from pandoc.landscape([*head, *tables, *_grades()])


def further_findings(data: ReportInput, title: Block) -> list[Block]:
    """Return `title`, the summary of findings of the other outcomes, and each judgement of the certainty."""
    found = groups(data)
    rows = [row for group in found for row in (*group.first, *group.rest) if row.domains]
    if not rows:
        return [title]
    rest = [block for group in found if group.rest for block in _table(data, group, group.rest, "other")]
    blocks = [title, pandoc.heading(2, "Certainty of the evidence", numbered=False), *rest, *_profile(rows)]
    return pandoc.landscape(blocks)


def _judged_by(data: ReportInput) -> str:
    """Return how many judgements are a person's, and where their names stand."""
    found = data.appraisal
    if found is None:
        return ""
    return f"{judged_by(found)}{' The notes give the reasons.' if persons(found) else ''}"


def _table(
    data: ReportInput, group: FindingGroup, rows: Sequence[FindingView], kind: str, *, head: bool = False
) -> Iterable[Block]:
    """Yield a summary of findings: what it is about if asked for, the table, its notes."""
    question = data.protocol["question"]
    notes = explanations(rows)
    what = "Summary of findings" if kind == "findings" else "Other outcomes and times"
    name = f"{kind}-{group.comparison}"
    if head:
        yield pandoc.labelled([
            ("Patients or population", question["population"]),
            ("Setting", question.get("setting") or NOT_STATED),
            ("Intervention", question["intervention"]),
            ("Comparison", question["comparator"]),
        ])  # fmt: skip
    caption = f"{what}: {group.label}."
    if any(row.record.absolute for row in rows):
        yield _with_absolute(data, group, rows, notes, caption, name)
    else:
        yield _without_absolute(data, rows, notes, caption, name)
    mean = "What it means: by rules from size and certainty, in the form of GRADE "
    yield from pandoc.notes([
        *([FOLLOWS] if any(row.record.absolute for row in rows) else []),
        f"{abbreviations(rows)}. {mean}{pandoc.citation('santesso-et-al-2020')}.",
        *([[pandoc.superscript(n.letter), *pandoc.words(f" {n.text}")] for n in notes.values()]),
    ])  # fmt: skip


def _with_absolute(
    data: ReportInput,
    group: FindingGroup,
    rows: Sequence[FindingView],
    notes: Mapping[str, Explanation],
    caption: str,
    name: str,
) -> Block:
    control, treated = _sides(data, group)
    level = f"({data.level:g}% CI)"
    body = [
        (
            _outcome(row),
            [*pandoc.words(_counted(row)), *_marks([row.source] if row.source else [], notes)],
            row.treated,
            row.difference or NONE,
            *_rest(row, notes),
        )
        for row in rows
    ]
    head = (
        "Outcome and follow-up",
        control,
        f"{treated}* {level}",
        f"Difference {level}",
        f"Relative or mean effect {level}",
        "Participants (studies)",
        "Certainty (GRADE)",
        "What it means",
    )
    return pandoc.table(
        caption, head, body, widths=(0.13, 0.1, 0.12, 0.12, 0.12, 0.09, 0.12, 0.2), name=name,
        over=(("", 1), ("Anticipated absolute effects", 3), ("", 4)),
    )  # fmt: skip


def _without_absolute(
    data: ReportInput, rows: Sequence[FindingView], notes: Mapping[str, Explanation], caption: str, name: str
) -> Block:
    head = ("Outcome and follow-up", f"Effect ({data.level:g}% CI)", "Participants (studies)",
            "Certainty (GRADE)", "What it means")  # fmt: skip
    body = [(_outcome(row), *_rest(row, notes)) for row in rows]
    return pandoc.table(caption, head, body, widths=(0.22, 0.22, 0.12, 0.14, 0.3), name=name)


def _rest(row: FindingView, notes: Mapping[str, Explanation]) -> tuple[Text, ...]:
    certainty = pandoc.words(" ".join(filter(None, (row.signs, row.certainty))))
    size = f"{row.patients} ({row.record.k})" if row.record.k else row.studies
    return row.effect_words, size, [*certainty, *_marks(row.reasons, notes)], row.statement


def _marks(texts: Iterable[str], notes: Mapping[str, Explanation]) -> list[Inline]:
    letters = ",".join(notes[text].letter for text in texts)
    return [pandoc.superscript(letters)] if letters else []


def _outcome(row: FindingView) -> Text:
    return [pandoc.strong(row.record.outcome_label), *pandoc.words(f", {row.record.window_label}")]


def _counted(row: FindingView) -> str:
    """Return what is expected without the treatment, with its unit: "125 of 1000"."""
    absolute = row.record.absolute
    if absolute is None:
        return row.without
    return f"{row.without} {'of 1000' if absolute.of == 'risk' else row.counted_in}"


def _sides(data: ReportInput, group: FindingGroup) -> tuple[str, str]:
    """Return heads for what is expected in the control group and in the treated group."""
    plan = data.protocol.get("comparisons", {}).get(group.comparison, {})
    control, treated = ((plan.get(side) or {}).get("name") for side in ("control", "experimental"))
    return (
        f"With {uncapital(control)}" if control else "Without the treatment",
        f"With {uncapital(treated)}" if treated else "With the treatment",
    )


def _grades() -> list[Block]:
    lines: list[Text] = [[pandoc.strong("What the certainty (GRADE) means")]]
    lines += [f"{LEVEL_SIGNS[level]} {capital(LEVEL_WORDS[level])}: {text}" for level, text in GRADES.items()]
    return pandoc.notes(lines)


def _profile(rows: Sequence[FindingView]) -> list[Block]:
    """Return the evidence profile with its notes: a column a domain; those that raise it only where one does."""
    raised = [d for d in UP_DOMAINS if any(d == item.domain for row in rows for item in row.domains)]
    texts = dict.fromkeys(d.told for row in rows for d in row.domains if d.noted)
    notes = {text: letter(i) for i, text in enumerate(texts)}
    body = []
    for row in rows:
        by = {d.domain: d for d in row.domains}
        cells = [_judgement(by.get(d), notes) for d in (*DOWN_DOMAINS, *raised)]
        body.append((
            [*_outcome(row), *pandoc.words(f"; {uncapital(row.record.comparison_label)}")], str(row.record.k),
            row.start_level, *cells, f"{row.signs} {row.certainty}",
        ))  # fmt: skip
    names = [DOMAIN_WORDS[d] for d in (*DOWN_DOMAINS, *raised)]
    head = ("Outcome, follow-up; comparison", "Studies", "Starts at", *names, "Certainty")
    table = pandoc.table(
        "Evidence profile: each judgement of the certainty, with the levels that it moves it.", head, body,
        widths=[0.27, 0.06, 0.07, *[0.5 / (len(head) - 4)] * (len(head) - 4), 0.1], name="profile",
    )  # fmt: skip
    below = [[pandoc.superscript(sign), *pandoc.words(f" {text}")] for text, sign in notes.items()]
    return [table, *(pandoc.notes(below) if below else [])]


def _judgement(item: DomainView | None, notes: Mapping[str, str]) -> Text:
    """Return a judgement with the levels that it moves the certainty, and the letter of its note."""
    if item is None:
        return NONE
    text = pandoc.words(f"{item.judgement} ({item.steps})" if item.steps else item.judgement)
    return [*text, pandoc.superscript(notes[item.told])] if item.noted else text


def claims(data: ReportInput) -> Iterable[Block]:
    """Yield the claims beside what the evidence says, where they were appraised."""
    if data.appraisal is None or not data.appraisal.claims:
        return
    by_id = {a.id: a for a in data.synthesis.analyses}
    views = claims_view(data.appraisal.claims, data.sheet("claims"), by_id)
    yield pandoc.heading(2, "Claims and what the evidence says")
    yield pandoc.paragraph(
        f"What the public is told, beside what this review has: {pandoc.pointer('claims')}. Each verdict is one of a "
        "fixed list and follows from the data and the protocol by rules; a claim about several outcomes is as strong "
        f"as its weakest part that can be tested. {BY_DIRECTION}"
    )
    yield pandoc.table(
        "Claims and verdicts.", ("Claim, and who says it", "Tested by", "Verdict, and why"),
        [_claim(view) for view in views], widths=(0.26, 0.4, 0.34), name="claims",
    )  # fmt: skip


def _claim(view: ClaimView) -> tuple[Text, ...]:
    """Return the row of a claim: who says what; a line for each outcome that tests it; verdict and reason."""
    record = view.record
    said = [*pandoc.words(f"“{record.claim}”"), pandoc.LINE_BREAK, *pandoc.words(record.said_by)]
    why = record.reason
    if len(view.evidence) == 1 and record.verdict != "not_what_cited":
        why = view.evidence[0].record.reason
    mismatch = f" Mismatch: {'; '.join(view.mismatches)}." if view.mismatches else ""
    if record.verdict == "not_what_cited":
        mismatch = ""
    mark = "• " if len(view.evidence) > 1 else ""
    tested = [pandoc.words(f"{mark}{_tested(item)}") for item in view.evidence]
    lines = [
        part for line in tested for part in ([pandoc.LINE_BREAK, *line] if line is not tested[0] else line)
    ]
    return said, lines or NONE, [pandoc.strong(capital(view.verdict)), *pandoc.words(f". {why}{mismatch}")]


def _tested(item: EvidenceView) -> str:
    """Return outcome, estimate, control group, size and certainty: "DAS28, about 4 weeks: mean change ...; ..."."""
    control = {"yes": "control group", "no": "no control group"}.get(item.control, "")
    certainty = f"certainty {item.certainty}" if item.certainty else ""
    parts = [p for p in (item.result, control, item.studies_count, item.patients, certainty) if p]
    return f"{item.about}: {'; '.join(parts) or 'nothing that tests it'}"
