"""The paper as a tree: abstract, summary of findings, claims, limits, declarations, mentions of tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_builder as rb
from appraisal_builder import DOMAINS, appraisal

from rheumeta.appraised import Certainty, DomainJudgement
from rheumeta.pages import pandoc, paper_findings, paper_frame, paper_methods, paper_parts
from rheumeta.pages.analyses import analysis_view
from rheumeta.pages.paper import HALF_HEIGHT, LEAST_SCALE, TEXT_WIDTH, _sensitivity, _width
from rheumeta.pages.prisma import checklist
from rheumeta.records import Sensitivity
from rheumeta.steps import documents

SEARCH = {"source": "A register", "date_searched": "2026-01-01", "hits": "3", "strategy": "cells"}


@pytest.fixture
def data():
    return replace(rb.report_input(), appraisal=appraisal())


def text(part) -> str:
    """Return the words of a part of the tree, marks above the line after a ^."""
    if isinstance(part, list):
        return "".join(map(text, part))
    if not isinstance(part, dict):
        return part if isinstance(part, str) else ""
    kind, inside = part["t"], part.get("c", "")
    if kind in ("Space", "LineBreak"):
        return " "
    if kind == "Header":
        inside = inside[2]
    if kind in ("RawBlock", "Cite"):
        return ""
    return f"^{text(inside)}" if kind == "Superscript" else text(inside)


def tables(blocks) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its caption, the head first."""
    found = {}
    for block in blocks:
        if block["t"] == "Table":
            _, caption, _, head, bodies, _ = block["c"]
            rows = [*head[1], *bodies[0][3]]
            found[text(caption[1])] = [[text(cell[4]) for cell in row[1]] for row in rows]
    return found


def test_the_abstract_has_its_parts_and_says_what_is_not_recorded(data):
    said = [text(block) for block in paper_frame.abstract(data, ["The answer.", "The base."])]
    heads = [line.partition(".")[0] for line in said]
    assert heads == ["Abstract", "Objective", "Eligibility", "Sources", "Methods", "Results", "Limits",
                     "Conclusion", "Funding", "Registration"]  # fmt: skip
    assert said[3].startswith("Sources. No search is recorded")
    assert said[5:8:2] == ["Results. The base.", "Conclusion. The answer."]
    assert said[8] == f"Funding. {paper_frame.MISSING}"


def test_limits_follow_from_what_the_sheets_hold(data):
    assert paper_frame.NO_SEARCH in paper_frame.own_limits(data)
    row = {"tool": "RoB 2", "outcome": "all", "domain": "overall", "judgement": "low"}
    judged = [{**row, "study_id": study} for study in data.study_labels()]
    known = replace(data, sheets={**data.sheets, "searches": [SEARCH], "risk_of_bias": judged})
    known = replace(known, protocol={**data.protocol, "declarations": {"registration": "PROSPERO 1"}})
    texts = " ".join(paper_frame.own_limits(known))
    assert not any(word in texts for word in ("search", "registration", "risk of bias"))


def test_declarations_are_those_of_the_protocol_or_missing(data):
    given = replace(data, protocol={**data.protocol, "declarations": {"funding": "A fund paid."}})
    said = " ".join(text(block) for block in paper_frame.declarations(given))
    assert "Funding: A fund paid." in said
    assert f"Registration: {paper_frame.MISSING}" in said
    where = {item.number: item.where for item in checklist(given)}
    assert where["25"] == "Declarations"
    assert where["26"].startswith("Not in the protocol (declarations: competing_interests)")


def test_the_summary_of_findings_has_the_columns_of_grade(data):
    found = tables(paper_findings.findings(data))
    rows = next(r for c, r in found.items() if c.startswith("Summary of findings"))
    assert rows[0] == ["", "Anticipated absolute effects", ""]
    assert rows[1][3:] == [
        "Difference (95% CI)", "Relative or mean effect (95% CI)", "Participants (studies)", "Certainty (GRADE)",
        "What it means",
    ]  # fmt: skip
    row = rows[2]
    assert row[1] == "125 of 1000^a"
    assert row[2:4] == ["259 (79 to 847)", "134 more (46 fewer to 722 more)"]
    assert row[6] == "⊕⊝⊝⊝ very low^b,c"
    assert row[7].startswith("The evidence is very uncertain")


def test_notes_of_the_summary_follow_it_with_what_it_is_about_before(data):
    said = [text(block) for block in paper_findings.findings(data)]
    head = next(i for i, line in enumerate(said) if line.startswith("Patients or population:"))
    assert "Setting: not stated in the protocol" in said[head]
    assert "Risk of bias, one level down: nobody judged it." in " ".join(said[head:])
    assert "Very low: hardly anything can be said" in " ".join(said)


def test_the_evidence_profile_has_a_column_for_what_raises_only_if_something_does(data):
    title = pandoc.heading(1, "S")

    def heads(found):
        made = tables(paper_findings.further_findings(replace(data, appraisal=found), title))
        return next(rows[0] for caption, rows in made.items() if caption.startswith("Evidence profile"))

    plain = appraisal()
    assert "Large effect" not in heads(plain)
    raised = (*DOMAINS, DomainJudgement("large_effect", "raise_one", 1, "it is large", name="A. Person"))
    graded = tuple(Certainty(c.analysis_id, "low", "high", "randomised", raised) for c in plain.certainty)
    assert "Large effect" in heads(replace(plain, certainty=graded))


def test_a_claim_is_a_row_with_who_says_it_what_tested_it_and_the_verdict(data):
    (rows,) = tables(paper_findings.claims(data)).values()
    said, tested, verdict = rows[1]
    assert said == "“it <b>helps</b>” a clinic"
    assert (
        tested
        == "ACR20: risk ratio 1.94 [0.41, 9.14]; control group; two studies; 74 patients; certainty very low"
    )
    assert verdict == "Not what the cited study tested. F: route"


def test_every_mention_of_the_paper_has_its_table_or_figure(data):
    tree = documents.written(data, "png")
    assert pandoc.POINT not in str(tree)
    with pytest.raises(KeyError, match="nowhere"):
        pandoc.numbered([pandoc.paragraph(pandoc.pointer("nowhere"))])


def test_numbers_begin_anew_in_the_supplement():
    def table(name):
        return pandoc.table(name, ("a",), [("b",)], widths=(1,), name=name)

    blocks = [
        table("one"), *pandoc.SUPPLEMENT, table("two"),
        pandoc.paragraph(f"{pandoc.pointer('one')} and {pandoc.pointer('two')}"),
    ]  # fmt: skip
    assert text(pandoc.numbered(blocks)[-1]) == "Table 1 and Table S1"


def test_short_tables_of_studies_stay_upright():
    short = list(paper_parts.studies_table([("A", "randomised", "–", "x", "y", "–", "published")]))
    assert [block["t"] for block in short] == ["Table"]
    assert tables(short)["Characteristics of the studies."][0] == [
        "Study", "Design", "Intervention", "Comparator", "Status",
    ]  # fmt: skip
    long = list(paper_parts.studies_table([("A", "randomised", "–", "x" * 80, "y", "–", "published")]))
    assert long[0]["t"] == "RawBlock"


def test_limits_count_in_english(data):
    def said(statuses, rows):
        views = [analysis_view(replace(rb.controlled(), status=status, caution=None)) for status in statuses]
        given = replace(data, accounting=[{"used_in": used} for used in rows])
        return [text(item) for item in list(paper_frame.limits(given, views))[2]["c"]]

    assert said(["pooled"] * 7, ["a"] * 24) == [
        "24 reported results all enter analyses.", "Seven planned analyses all rest on more than one study.",
    ]  # fmt: skip
    assert said(["pooled", "single_study"], ["a", ""]) == [
        "Of 2 reported results 1 enters no analysis; the report lists why.",
        "Of two planned analyses, one rests on one study.",
    ]  # fmt: skip
    assert said(["single_study", "no_data", "no_data"], ["", ""])[1] == (
        "Of three planned analyses, one rests on one study and two have no usable number."
    )


def test_a_measure_that_names_a_sensitivity_run_is_named_once():
    run = Sensitivity("or", "Odds ratio", "pooled", 2, rb.pooled(display=(5.37, 1.2, 24.0)), measure="OR",
                      measure_label="Odds ratio", scale="log")  # fmt: skip
    words = _sensitivity(analysis_view(rb.controlled(sensitivity=(run,))))
    assert words == "With other assumptions: odds ratio: 5.37 [1.20, 24.0]."


def test_a_judgement_of_a_person_stands_with_its_name_in_table_profile_and_limits(data):
    said = " ".join(text(block) for block in paper_findings.findings(data))
    note = "c Imprecision, no level down, judged not serious by A. Person: It is <precise>. The rule suggests serious"
    assert note in said
    assert "are a person's (A. Person); rules suggest the others. The notes give the reasons." in said
    title = pandoc.heading(1, "S")
    blocks = paper_findings.further_findings(data, title)
    profile = next(rows for caption, rows in tables(blocks).items() if caption.startswith("Evidence profile"))
    assert profile[1][6] == "not serious^a"
    assert "judged not serious by A. Person" in " ".join(text(block) for block in blocks)
    assert any("are a person's" in limit for limit in paper_frame.own_limits(data))


def test_the_methods_say_with_what_the_risk_of_bias_was_judged(data):
    def said(*rows):
        names = ("study_id", "tool", "outcome", "domain", "judgement")
        sheet = [dict(zip(names, row, strict=True)) for row in rows]
        blocks = list(paper_methods.methods(replace(data, sheets={**data.sheets, "risk_of_bias": sheet})))
        at = next(n for n, block in enumerate(blocks) if text(block) == "Risk of bias")
        return text(blocks[at + 1])

    assert said() == "The risk of bias of the studies was not assessed."
    assert said(("a", "RoB 2", "all", "overall", "not_assessed")) == said()
    some = said(("a", "RoB 2", "all", "overall", "high"), ("b", "RoB 2", "acr20", "overall", "low"),
                ("c", "ROBINS-I", "all", "overall", "low"))  # fmt: skip
    assert "for single outcomes, with RoB 2 (two studies), ROBINS-I (one study)." in some
    (item,) = [i for i in checklist(data) if i.number == "11"]
    assert item.where.startswith("Methods, Risk of bias")


@pytest.mark.parametrize(
    ("height", "width"),
    [(300, 16.4), (330, 16.06), (340, 15.59), (360, 14.72), (365, 16.4), (400, 16.4), (900, 12.22)],
)
def test_figures_a_little_higher_than_half_a_page_are_shrunk_to_it(height, width):
    assert _width(f'<svg xmlns="x" viewBox="0 0 500 {height}">') == pytest.approx(width, abs=0.01)
    assert _width("<svg>") == TEXT_WIDTH


def test_two_shrunk_figures_with_their_captions_fit_a_page():
    page = 29.7 - 2 * 2.2
    assert page >= 2 * (HALF_HEIGHT + 1.0) + 2.0
    for height in range(100, 900):
        tall = _width(f'<svg viewBox="0 0 500 {height}">') * height / 500
        assert not HALF_HEIGHT + 0.01 < tall < HALF_HEIGHT / LEAST_SCALE - 0.05


def test_short_tables_of_results_stay_on_one_page(data):
    tree = documents.written(data, "svg")
    blocks = tree["blocks"]
    at = [n for n, b in enumerate(blocks) if b["t"] == "RawBlock" and "breakable: false" in b["c"][1]]
    assert at
    assert all(blocks[n + 1]["t"] == "Table" and blocks[n + 2]["c"] == ["typst", "]"] for n in at)
