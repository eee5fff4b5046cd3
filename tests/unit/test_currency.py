"""The report says up to when studies were looked for, and never how long ago that is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_builder import report_input

from rheumeta.pages.currency import currency
from rheumeta.pages.prisma import checklist
from rheumeta.pages.render import report


def search(source, day, **cells):
    names = ("kind", "covers_from", "covers_to", "strategy", "hits", "by", "note")
    return dict.fromkeys(names, "") | {"source": source, "date_searched": day} | cells


def test_without_a_search_a_review_is_not_called_systematic():
    bare, searched = report(report_input()), report(SEARCHED)
    assert '<p class="eyebrow">Meta-analysis</p>' in bare
    assert "No search is recorded, so newer studies may exist" in bare
    assert '<p class="eyebrow">Systematic review and meta-analysis</p>' in searched
    assert "so newer studies may exist" not in searched


def with_searches(*rows):
    data = report_input()
    return replace(data, sheets={**data.sheets, "searches": list(rows)})


SEARCHED = with_searches(
    search("MEDLINE (Ovid)", "2019-05-01", hits="80"),
    search("MEDLINE (Ovid)", "2024-03-31", hits="120", strategy="exp Arthritis, Rheumatoid/", by="AB"),
    search(
        "CENTRAL", "2023-12-01", covers_to="2023-11-30", strategy="https://example.org/s", kind="database"
    ),
)


def test_evidence_is_as_current_as_the_source_whose_last_search_is_the_oldest():
    found = currency(SEARCHED)
    assert [row["source"] for row in found.last] == ["CENTRAL", "MEDLINE (Ovid)"]
    assert found.current_to == "2023-11-30"
    assert "current to 2023-11-30" in found.sentences[0]
    assert "reaches to 2024-03-31" in found.sentences[0]
    assert [row["date_searched"] for row in found.searches] == ["2024-03-31", "2023-12-01", "2019-05-01"]


def test_one_day_is_said_once():
    found = currency(with_searches(search("A", "2024-03-31"), search("B", "2024-03-31")))
    assert "current to 2024-03-31: two sources searched" in found.sentences[0]


def test_without_a_search_nothing_is_made_up():
    found = currency(with_searches())
    assert found.current_to is None
    assert "No search is recorded" in found.sentences[0]


def test_the_newest_study_counts_those_that_have_started():
    data = with_searches()
    studies = [
        {"study_id": s, "label": s, "year": y, "status": status}
        for s, y, status in [("a", "2019", "published"), ("b", "2021", "published"), ("c", "2026", "planned")]
    ]
    found = currency(replace(data, sheets={**data.sheets, "studies": studies}))
    assert (found.newest_year, found.newest) == ("2021", ("b",))
    assert found.sentences[-1] == "The newest study here that has started is of 2021 (b)."


def test_a_time_that_no_search_of_a_source_covers_is_told():
    first = search("A", "2020-02-01", covers_to="2020-01-31")
    later, next_day = (search("A", "2024-03-31", covers_from=day) for day in ("2022-01-01", "2020-02-01"))
    other = search("B", "2024-03-31")
    assert (
        "No search of A covers the time between 2020-01-31 and 2022-01-01."
        in currency(with_searches(first, later, other)).sentences
    )
    assert not any("covers the time" in s for s in currency(with_searches(first, next_day, other)).sentences)


def test_the_report_shows_the_register():
    page = report(SEARCHED)
    section = page.partition('id="currency"')[2].partition("</section>")[0]
    assert "MEDLINE (Ovid)" in section
    assert "2019-05-01" in section
    assert 'href="https://example.org/s"' in section
    assert "No search is recorded" in report(with_searches())


@pytest.mark.parametrize(("data", "sources", "strategies"), [
    (SEARCHED, "two sources, current to 2023-11-30", "2 of 3 searches"),
    (with_searches(), "No search is recorded", "No strategy is recorded"),
])  # fmt: skip
def test_the_checklist_says_where_the_searches_stand(data, sources, strategies):
    items = {item.number: item.where for item in checklist(data)}
    assert sources in items["6"]
    assert strategies in items["7"]
