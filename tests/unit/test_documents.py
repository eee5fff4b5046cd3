"""The report as documents: Word, PDF, references, checklist, workbook."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import report_builder as build
from pipeline import copy_project, run_to_synthesis

from rheumeta.layout import Layout
from rheumeta.pages import data_sources
from rheumeta.pages.analyses import show, show_run
from rheumeta.pages.literature import WORKS, as_printed, bibtex_text, key, study, work
from rheumeta.pages.prisma import AUTHORS, checklist
from rheumeta.records import Interval, Sensitivity, read_synthesis
from rheumeta.stats.effects_references import REFERENCES
from rheumeta.steps import appraise, documents, figures, graph, tables, workbook
from rheumeta.tables.sheets import RAW_SHEETS
from rheumeta.tables.workbook import NAME_LENGTH, Table, sheet_names
from rheumeta.tables.workbook import workbook as book

REVIEW = "second_anti_tnf"
DATASET = "10.1177/0272989X13485157"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    layout = run_to_synthesis(copy_project(tmp_path_factory.mktemp("project")), REVIEW)
    for stage in (figures, tables, appraise, documents, workbook):
        stage.run(layout)
    return layout


@pytest.fixture(scope="module")
def word(layout) -> ElementTree.Element:
    with zipfile.ZipFile(layout.document) as file:
        return ElementTree.fromstring(file.read("word/document.xml"))


def text_of(element: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{WORD}t"))


def test_every_declared_file_is_written(layout):
    assert all((layout.results / name).stat().st_size > 0 for name in graph.DOCUMENTS)


def test_word_has_real_tables_with_heads_and_numbered_captions(word):
    tables_ = list(word.iter(f"{WORD}tbl"))
    assert len(tables_) >= 5
    assert all(table.find(f".//{WORD}tblHeader") is not None for table in tables_)
    fields = [
        f.get(f"{WORD}instr") or f.text or ""
        for f in word.iter()
        if f.tag in (f"{WORD}fldSimple", f"{WORD}instrText")
    ]
    for kind, things in (("Table", tables_), ("Figure", list(word.iter(DRAWING)))):
        main, own = (sum(f"SEQ {name}{kind}" in field for field in fields) for name in ("", "Supplement_"))
        assert main + own == len(things)
        assert min(main, own) >= 1


def test_rows_of_word_tables_stay_on_one_page(word):
    rows = list(word.iter(f"{WORD}tr"))
    assert len(rows) > 40
    assert all(row.find(f"{WORD}trPr/{WORD}cantSplit") is not None for row in rows)


def test_the_supplement_counts_its_own_tables_and_figures(word):
    captions = [
        text_of(p)
        for p in word.iter(f"{WORD}p")
        if (style := p.find(f".//{WORD}pStyle")) is not None and style.get(f"{WORD}val").endswith("Caption")
    ]
    for kind in ("Table", "Figure"):
        labels = [c.partition(":")[0].replace("\xa0", " ") for c in captions if c.startswith(kind)]
        own = [label for label in labels if f"{kind} S" in label]
        main = labels[: len(labels) - len(own)]
        assert main == [f"{kind} {n}" for n in range(1, len(main) + 1)]
        assert own == [f"{kind} S{n}" for n in range(1, len(own) + 1)]


def test_mentions_of_tables_and_figures_name_what_they_mean(word):
    text = text_of(word).replace("\xa0", " ")
    for caption, mention in (
        ("Characteristics of the studies", r"studies \(({})\)"),
        ("Every result by its direction alone", r"p value: ({}) counts"),
        ("DAS28, mean change. DerSimonian", r"\(({})\.\)"),
    ):
        number = re.search(rf"((?:Table|Figure) S?\d+): {caption}", text)[1]
        assert re.search(mention.format(number), text), number


def test_the_paper_says_what_the_analyses_say(layout, word):
    text = text_of(word)
    for analysis in read_synthesis(layout.synthesis).analyses:
        assert analysis.title in text
    assert "the mean fell by 1.53 points (95% interval: a fall of 1.25 to 1.80 points)" in text
    assert "(DerSimonian and Laird 1986" in text  # a citation
    assert "Controlled Clinical Trials" in text  # its reference


def test_pictures_of_the_word_file_say_what_they_show(word):
    said = [e.get("descr", "") for e in word.iter(DRAWING)]
    assert all(len(alt) > 30 for alt in said)
    assert sum(alt.startswith("Forest plot of") for alt in said) == 2
    assert (
        sum(alt.startswith("Evidence map of") for alt in said) == 1
    )  # no page for the kinds without studies


def test_wide_tables_lie_on_their_side_and_every_page_has_a_number(layout, word):
    sections = list(word.iter(f"{WORD}sectPr"))
    sides = [s.find(f"{WORD}pgSz").get(f"{WORD}orient", "portrait") for s in sections]
    assert sides[:3] == ["portrait", "landscape", "portrait"][: len(sides)]
    assert all(s.find(f"{WORD}footerReference") is not None for s in sections)
    with zipfile.ZipFile(layout.document) as file:
        footers = [file.read(n).decode() for n in file.namelist() if "footer" in n and "rels" not in n]
        assert any(" PAGE " in text for text in footers)


def test_the_supplement_follows_the_references(word):
    heads = [
        text_of(p)
        for p in word.iter(f"{WORD}p")
        if (style := p.find(f".//{WORD}pStyle")) is not None and style.get(f"{WORD}val") == "Heading1"
    ]
    assert heads[-1].endswith("Supplement")
    assert heads[-2] == "References"
    assert heads[:2] == ["Abstract", "In plain words"]
    assert heads[2].startswith("1")


def test_the_paper_holds_the_summary_in_plain_words(word):
    assert "In plain words" in text_of(word)
    assert "What was tried." in text_of(word)
    assert "In how many people" in text_of(word)


def test_a_second_run_writes_the_same_bytes(layout):
    files = [layout.results / name for name in graph.DOCUMENTS] + [layout.workbook]
    before = [file.read_bytes() for file in files]
    time.sleep(2.1)  # archives hold times in steps of two seconds
    documents.run(layout)
    workbook.run(layout)
    assert [file.name for file, old in zip(files, before, strict=True) if file.read_bytes() != old] == []


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_pdf_holds_the_same_words(layout):
    done = subprocess.run(
        ["pdftotext", layout.document.with_suffix(".pdf"), "-"], capture_output=True, check=True
    )
    text = " ".join(done.stdout.decode().split())
    assert "the mean fell by 1.53 points (95% interval: a fall of 1.25 to 1.80 points)" in text
    assert "Table 1" in text
    assert "Figure 2" in text
    assert "Table S1" in text
    assert "Figure S1" in text
    assert "Reporting checklist" in text


def test_every_work_has_a_known_form_and_a_key_of_its_own():
    all_works = WORKS | REFERENCES
    items = [work(short, full) for short, full in all_works.items()]
    assert len({item["id"] for item in items}) == len(all_works)
    for short, item in zip(all_works, items, strict=True):
        first = (item.get("author") or item["editor"])[0]
        year = re.search(r"\d{4}", short)
        assert year is None or item["issued"]["date-parts"] == [[int(year[0])]]
        assert year is None or short.startswith(first.get("family", first.get("literal")))


def test_a_reference_in_both_forms():
    item = work("Katz et al. 1978", REFERENCES["Katz et al. 1978"])
    assert item["container-title"] == "Biometrics"
    assert (item["volume"], item["page"], len(item["author"])) == ("34", "469-474", 4)
    text = bibtex_text([item])
    assert text.startswith(
        "@article{katz-et-al-1978,\n  author = {Katz, D and Baptista, J and Azen, SP and Pike, MC},"
    )
    assert "pages = {469--474}" in text


def test_an_unknown_form_of_reference_is_refused():
    with pytest.raises(ValueError, match="no known form"):
        work("X 2000", "Something without a year")


def test_a_study_is_cited_by_what_its_sheet_knows():
    item = study({"study_id": "he2020", "label": "He 2020", "year": "2020", "doi": "10.1136/x", "pmid": "12"})
    assert item["author"] == [{"literal": "He"}]
    assert (item["DOI"], item["PMID"], item["type"]) == ("10.1136/x", "12", "article-journal")
    assert "title" not in item


def test_a_title_in_a_registry_is_no_article():
    row = {"study_id": "x", "label": "X", "title": "Cells in arthritis", "registry": "NCT00000001"}
    assert study(row | {"status": "planned"})["type"] == "document"
    assert study(row | {"status": "planned"})["note"] == "Registered: NCT00000001"
    assert study(row | {"status": "published"})["type"] == "article-journal"


def test_every_citation_of_the_paper_has_its_reference():
    data = build.report_input()
    tree = documents.written(data, "png")
    cited = set(re.findall(r'"citationId": "([^"]+)"', json.dumps(tree)))
    known = {item["id"] for item in documents.references(data)}
    assert key("Page et al. 2021") in cited
    assert cited <= known


READ = [
    {"study_id": study, "source": f"doi:{DATASET}", "source_kind": "dataset"} for study in ("abe", "kim")
]  # fmt: skip


def test_a_dataset_of_several_studies_is_a_reference_named_by_the_protocol():
    facts = [
        f"The numbers are those of Dias S et al. 2013, Medical Decision\nMaking 33:618 (doi {DATASET}), also in"
    ]
    (item,) = data_sources.items(READ, facts)
    assert item["author"] == [{"family": "Dias", "given": "S"}, {"literal": "others"}]
    assert (item["container-title"], item["volume"], item["page"]) == ("Medical Decision Making", "33", "618")
    assert item["DOI"] == DATASET
    (bare,) = data_sources.items(READ, [])
    assert bare["author"] == [{"literal": "Source of the numbers of 2 studies"}]
    assert data_sources.items(READ[:1], facts) == []


def test_a_study_without_a_doi_says_where_its_numbers_were_read():
    rows = [
        {"study_id": "x", "source": "https://a.org/press", "source_kind": "press_release"},
        *[{"study_id": "x", "source": "https://b.org/review", "source_kind": "review_table"}] * 2,
    ]  # fmt: skip
    assert data_sources.read_at([*rows, *READ]) == {"x": "https://a.org/press", "abe": f"doi:{DATASET}",
                                                     "kim": f"doi:{DATASET}"}  # fmt: skip
    bare = study({"study_id": "x", "label": "X", "registry": "NCT00000001"})
    assert data_sources.with_source(bare, "https://a.org/press")["URL"] == "https://a.org/press"
    (printed,) = as_printed([data_sources.with_source(bare, f"doi:{DATASET}")])
    assert printed["publisher"] == f"Registered: NCT00000001; numbers from doi:{DATASET}"
    known = study({"study_id": "x", "label": "X", "doi": "10.1136/x"})
    assert data_sources.with_source(known, "https://a.org/press") == known


def test_every_study_stands_in_the_list_of_references():
    tree = documents.written(build.report_input(), "png")
    listed = {c["citationId"] for c in tree["meta"]["nocite"]["c"][0]["c"][0]}
    assert listed == {f"study-{row['study_id']}" for row in build.report_input().sheet("studies")}


def test_the_checklist_has_all_items_and_claims_nothing_that_is_not_there():
    items = checklist(build.report_input())
    numbers = [re.match(r"\d+", item.number)[0] for item in items]
    assert sorted(set(map(int, numbers))) == list(range(1, 28))
    assert len(items) == 42  # PRISMA 2020 counts 42 with the lettered ones
    where = {item.number: item.where for item in items}
    assert where["7"] == f"No strategy is recorded in the sheet searches. {AUTHORS}"
    assert where["15"] == "Not rated."
    assert "second reading of" in where["9"]


def cells(layout, name):
    with zipfile.ZipFile(layout.workbook) as file:
        names = [
            s.get("name") for s in ElementTree.fromstring(file.read("xl/workbook.xml")).iter(f"{SHEET}sheet")
        ]
        strings = [
            "".join(t.text or "" for t in s.iter(f"{SHEET}t"))
            for s in ElementTree.fromstring(file.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")
        ]
        sheet = ElementTree.fromstring(file.read(f"xl/worksheets/sheet{names.index(name) + 1}.xml"))
    return names, [
        [
            strings[int(c.find(f"{SHEET}v").text)] if c.get("t") == "s" else float(c.find(f"{SHEET}v").text)
            for c in row
        ]
        for row in sheet.iter(f"{SHEET}row")
    ]


def test_the_workbook_has_every_table_and_says_what_each_column_holds(layout):
    names, columns = cells(layout, "columns")
    assert names[:2] == ["contents", "columns"]
    assert len(names) == 2 + len(list(layout.tables.glob("*.csv"))) + len(workbook.BETWEEN) + len(
        workbook.POOLED
    ) + len(RAW_SHEETS)
    assert [row for row in columns if len(row) < 3 or not row[2]] == []


def test_numbers_of_the_workbook_are_numbers(layout):
    estimate = read_synthesis(layout.synthesis).analyses[0].random.display.estimate
    _, rows = cells(layout, "summary")
    numbers = [cell for cell in rows[1] if isinstance(cell, float)]
    # the format keeps 16 digits; every digit stands in the CSV files
    assert min(abs(cell - estimate) for cell in numbers) <= 1e-15 * abs(estimate)


def test_a_text_like_a_formula_stays_a_text():
    made = book([Table("t", "", ("a", "b"), [{"a": "=1+1", "b": "@SUM(A1)"}])], {})
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        sheet = file.read("xl/worksheets/sheet3.xml").decode()
    assert "<f>" not in sheet
    assert sheet.count('t="s"') == 4


def test_names_of_sheets_are_short_and_different():
    long = "a" * 40
    given = sheet_names(["one", long, long + "b", "ONE"])
    assert all(len(name) <= NAME_LENGTH for name in given.values())
    assert len({name.lower() for name in given.values()}) == 4


def test_a_study_is_cited_with_what_its_sheet_knows():
    row = {"study_id": "p18", "label": "Park 2018", "year": "2018", "doi": "10.1/x"}
    bare = study(row)
    assert bare["author"] == [{"literal": "Park"}]
    assert "title" not in bare
    full = study(
        {**row, "title": "A trial", "authors": "Park EH, Jover JÁ, de la Rosa O", "journal": "J Cells"}
    )
    assert [p["given"] for p in full["author"]] == ["EH", "JÁ", "O"]
    assert "volume" not in full
    assert as_printed([full])[0]["type"] == "article-magazine"  # not "ahead of print"
    whole = study({**row, "journal": "Ann Rheum Dis 79:1298-1304"})
    assert (whole["container-title"], whole["volume"], whole["page"]) == ("Ann Rheum Dis", "79", "1298-1304")
    assert as_printed([whole]) == [whole]
    text = bibtex_text([full])
    assert "title = {{A trial}}" in text
    assert "journal = {J Cells}" in text
    assert "author = {Park, EH and Jover, JÁ and de la Rosa, O}" in text


def test_a_run_with_another_measure_is_shown_as_that_measure():
    analysis = next(a for a in build.synthesis().analyses if a.id == "acr20_three_months")
    run = Sensitivity("rd", "Risk difference", "single_study", 1, None, single=Interval(0.2, 0.02, 0.38))
    assert show_run(analysis, run) == show(analysis, run.single)
    changed = replace(run, measure="RD", measure_label="Risk difference", scale="linear")
    assert show_run(analysis, changed) == "Risk difference: 0.20 [0.02, 0.38]"
    odds = replace(
        run, measure="OR", measure_label="Odds ratio", scale="log", single=Interval(2.0, 0.5, 10.0)
    )
    assert show_run(analysis, odds) == "Odds ratio: 2.00 [0.50, 10.0]"


def test_numbers_of_a_sheet_are_shown_with_few_digits_and_long_texts_take_lines():
    rows = [{"n": "2.068940501", "p": "0.00000012", "k": "12", "text": "many words " * 20}]
    with zipfile.ZipFile(
        io.BytesIO(book([Table("t", "A title", ("n", "p", "k", "text"), rows)], {}))
    ) as file:
        sheet = file.read("xl/worksheets/sheet3.xml").decode()
        styles = file.read("xl/styles.xml").decode()
        contents = file.read("xl/worksheets/sheet1.xml").decode()
    assert {"0.0###", "0.00E+00"} <= set(re.findall(r'formatCode="([^"]+)"', styles))
    kinds = [re.search(rf'<c r="{cell}2" s="(\d+)"', sheet)[1] for cell in "ABCD"]
    assert len(set(kinds)) == 4
    assert float(re.search(r'<row r="2"[^>]* ht="([\d.]+)"', sheet)[1]) > 15
    assert "2.068940501" in sheet  # the cell holds every digit
    assert "'t'!A1" in contents  # the list of sheets leads to them


def test_the_summary_of_findings_says_in_the_workbook_what_a_result_means(layout):
    _, rows = cells(layout, "summary_of_findings")
    assert "meaning" in rows[0]
    assert all(any("there is no control group to tell" in str(cell) for cell in row) for row in rows[1:])
