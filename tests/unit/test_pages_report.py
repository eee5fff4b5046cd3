"""The report as HTML: whole, escaped, linked, without anything from outside."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import report_builder as build
from appraisal_builder import appraisal

from rheumeta.pages import evidence, render
from rheumeta.pages.analyses import analysis_view
from rheumeta.pages.strips import strips
from rheumeta.pages.words import NO_CAUSE
from rheumeta.records import Interval

VOID = {"meta", "img", "line", "circle", "path", "br", "input"}


class Page(HTMLParser):
    """Collects what the tests ask for, and checks that elements nest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.images, self.tags, self.words = [], [], [], [], set(), []
        self.scripts = 0
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.add(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if tag == "a" else []
        self.images += [values["aria-label"]] if tag == "svg" and "class" not in values else []
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)


@pytest.fixture(scope="module")
def text():
    return render.report(build.report_input())


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_ids_are_unique_and_every_inner_link_has_its_target(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_nothing_comes_from_outside(page, text):
    assert page.tags.isdisjoint({"link", "iframe", "object", "embed", "base", "img", "image"})
    assert not re.search(r"@import|url\((?!data:)", text)


def test_only_the_script_of_the_package_may_run(page, text):
    script = re.search(r"<script>(.*?)</script>", text, flags=re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert page.scripts == 1
    assert f"script-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    assert not re.search(r"\son[a-z]+=", text.replace(script, ""))


def test_links_that_leave_the_page_are_http(page):
    outer = [link for link in page.links if not link.startswith("#")]
    assert outer
    assert all(link.startswith(("http://", "https://")) for link in outer)


def test_hostile_text_stays_text(text, page):
    assert "<script>alert" not in text
    assert "<b>bold</b>" not in text
    assert not any("javascript:" in link for link in page.links)
    words = "".join(page.words)
    assert "<script>alert(1)</script>" in words  # shown to the reader as it stands in the sheet
    assert "javascript:alert(1)" in words


def test_contents_name_the_sections_in_their_order(text):
    listed = re.findall(
        r'<li><a href="#([\w-]+)"', text.partition('aria-label="Contents"')[2].partition("</nav>")[0]
    )
    places = [text.index(f'id="{key}"') for key in listed]
    assert places == sorted(places)


def test_a_small_picture_names_its_better_side():
    for better, turned, left in (
        ("lower", False, "better"), ("higher", False, "worse"), ("higher", True, "better"),
    ):  # fmt: skip
        drawn = replace(build.controlled(), better=better, reversed_axis=turned)
        shown = strips([drawn])[drawn.id]
        assert shown.words == (f"← {left}", "no difference", f"{({'better', 'worse'} - {left}).pop()} →")
        assert shown.numbers == (("10", "1", "0.1") if turned else ("0.1", "1", "10"))
    alone = build.proportion()
    assert strips([alone])[alone.id].words is None
    assert strips([alone])[alone.id].numbers == ("0%", "", "100%")


def test_small_pictures_of_one_kind_share_an_axis():
    narrow = build.controlled()
    wide = replace(narrow, id="wide", random=replace(narrow.random, display=Interval(4.0, 0.1, 60.0)))
    change = build.before_after()
    alone, shown = strips([narrow]), strips([narrow, wide, change])
    assert alone[narrow.id].numbers == ("0.1", "1", "10")
    assert shown[narrow.id].numbers == shown["wide"].numbers == ("0.05", "1", "20")
    assert shown["wide"].cut_right
    assert not shown["wide"].cut_left
    assert shown[change.id].numbers == strips([change])[change.id].numbers
    assert shown[narrow.id].null == 120.0 == shown["wide"].null


def test_every_figure_says_its_result_in_words(page):
    forest = [alt for alt in page.images if alt.startswith("Forest plot")]
    assert len(forest) == 4  # the analysis without data has none
    assert any("1.94 times" in alt for alt in forest)


def test_figures_beside_the_forest_say_their_result_too(page):
    said = " ".join(page.images)
    assert "Effect-direction plot of " in said
    assert re.search(r"Effect-direction plot of \w+ results?, a row a study: \d+ better", said)
    assert not any("holds its results" in alt or "says the same" in alt for alt in page.images)


def test_a_figure_of_subgroups_says_each_group_and_the_test():
    views = [analysis_view(a) for a in build.synthesis().analyses]
    table = next(table for view in views for table in view.subgroups if table.test)
    assert all(f"{row.level}: {row.effect}" in table.words for row in table.rows)
    assert table.words.endswith(f"{table.test}.")


def test_every_table_has_a_name(text):
    tables = re.findall(r"<table[^>]*>(?:\s*<caption)?", text)
    bare = [table for table in tables if "aria-label" not in table and "<caption" not in table]
    inside = re.findall(r'<div class="chain"[^>]*>.*?</div>', text, flags=re.DOTALL)
    assert len(bare) <= sum(chain.count("<table") for chain in inside)  # a chain of lineage has a heading


def test_uncontrolled_results_carry_their_warning(text):
    articles = re.findall(r"<article.*?</article>", text, flags=re.DOTALL)
    uncontrolled = next(a for a in articles if 'id="a-das28_change"' in a)
    assert 'class="caution"' in uncontrolled
    assert NO_CAUSE in uncontrolled


def test_every_analysis_flag_and_number_has_its_place(text, page):
    words = " ".join("".join(page.words).split())
    for analysis in build.synthesis().analyses:
        assert f'id="a-{analysis.id}"' in text
    assert "the source gives no denominator" in words
    assert "ln(9/46) − ln(1/7)" in words  # derivation with numbers
    assert "With other assumptions" in words
    assert "Could have counted and does not" in words
    assert "Second anti-TNF, uncontrolled" in words
    assert "Test for a difference between the groups" in words
    assert "numpy 2.0" in words
    assert "Two cohorts better, none worse, none without a sign. Better in 100% [16%, 100%]" in words
    assert "Two exact p values combined, one-sided: Stouffer p = 0.040" in words
    assert "p values not combined: no exact p value." in words


def test_the_report_is_the_same_each_time(text):
    assert render.report(build.report_input()) == text


def test_a_review_with_nothing_in_it_still_has_a_page():
    data = build.report_input()
    bare = replace(
        data, synthesis=replace(build.synthesis(), analyses=(build.empty(),), directions=(), albatross=()),
        sheets={}, harmonised=(), derivations=(), not_used=(), accounting=(), figures={},
    )  # fmt: skip
    words = " ".join(Page(render.report(bare)).words)
    assert "No number is recorded for: records identified" in words
    assert words.count("None is listed.") == 3  # awaited, published syntheses, claims
    assert "0 reported results" in words


@pytest.mark.parametrize(
    ("address", "safe"),
    [("https://example.org/a", True), ("http://example.org", True), ("javascript:alert(1)", False),
     ("data:text/html,x", False), ("Lloyd 2010, Rheumatology", False), ("https://", False),
     ("https://a b.org", False), ("http://[::1", False), ("", False)],
)  # fmt: skip
def test_only_web_addresses_become_links(address, safe):
    assert (render.safe_link(address) is not None) == safe


def test_every_effect_leads_to_how_it_was_computed(page, text):
    origins = re.findall(r'class="origin" href="#([^"]+)"', text)
    assert {"p-acr20_three_months-random", "p-acr20_three_months-common"} <= set(origins)
    assert any(link.startswith("e-") for link in origins)
    assert set(origins) <= set(page.ids)


def test_a_converted_number_says_how_it_was_converted():
    row = dict(build.report_input().harmonised[0]) | {
        "factor": "10.0",
        "unit": "mg/L",
        "unit_reported": "mg/dl",
    }
    data = replace(build.report_input(), harmonised=[row, row | {"factor": "1.0", "unit_reported": "mg/L"}])
    (_, _, numbers), *_ = evidence.numbers_view(data)
    assert [n.conversion for n in numbers] == ["1 mg/dl = 10 mg/L", ""]
    assert "1 mg/dl = 10 mg/L" in render.report(data)


def test_index_links_to_each_report():
    data = build.report_input()
    page = Page(render.index([render.card(data)]))
    assert "demo/report.html" in page.links
    assert "demo/report.html#a-acr20_three_months" in page.links


def test_index_says_how_certain_each_result_is():
    data = replace(build.report_input(), appraisal=appraisal())
    page = render.index([render.card(data)])
    assert 'href="demo/report.html#summary">certainty very low</a>' in page
    assert 'id="summary"' in render.report(data)


def test_the_overview_does_not_cut_off_the_harms_told_beside_a_count_of_none():
    told = "no patient had it: 0 of 77; but X reports 3 events in 46 patients"
    share = replace(
        build.proportion(primary=True),
        status="not_pooled",
        random=None,
        status_reason=f"{told}. Not pooled: why",
    )
    data = build.report_input()
    data = replace(data, synthesis=replace(data.synthesis, analyses=(share,)))
    for page in (render.report(data), render.index([render.card(data)])):
        overview = page.partition('id="evidence"')[0]
        assert told.replace("no patient", "No patient") in overview


def test_tables_of_judgements_have_every_domain_in_the_words_of_its_tool():
    rows = [
        {
            "study_id": "a",
            "tool": "rob2",
            "outcome": "all",
            "domain": "Randomisation process",
            "judgement": "low",
        },
        {"study_id": "a", "tool": "RoB 2", "outcome": "all", "domain": "overall", "judgement": "high"},
        {"study_id": "b", "tool": "JBI case series", "outcome": "DAS28", "domain": "Q4", "judgement": "low"},
    ]
    rob2, jbi = evidence.bias_view(rows)
    assert [d.sign for d in rob2.domains] == ["D1", "D2", "D3", "D4", "D5", "Overall"]
    assert [cell and cell["judgement"] for cell in rob2.rows[0][2]] == ["low", None, None, None, None, "high"]
    assert (rob2.by_outcome, jbi.by_outcome) == (False, True)
    sheets = {**build.report_input().sheets, "risk_of_bias": [row | {"support": ""} for row in rows]}
    text = render.report(replace(build.report_input(), sheets=sheets))
    assert '<span class="judge low">Yes</span>' in text
    assert "not judged" in text
