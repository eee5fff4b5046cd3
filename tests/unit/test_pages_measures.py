"""One outcome by several measures: kept together on the first screen, told where they do not say the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_builder as rb

from rheumeta.pages.analyses import analysis_view
from rheumeta.pages.measures import OTHERWISE, UNSETTLED, by_question, differing, together
from rheumeta.pages.render import card, index, main_views, report

CLEAR = {"id": "acr20_difference", "title": "ACR20, risk difference", "measure": "RD",
         "measure_label": "Risk difference", "scale": "identity", "null": 0.0}  # fmt: skip


@pytest.fixture
def pair():
    """ACR20 by risk ratio, which includes no effect, and by risk difference, which does not."""
    return rb.controlled(), rb.controlled(**CLEAR, random=rb.pooled(display=(0.20, 0.02, 0.38)), common=None)


def test_measures_that_disagree_on_no_effect_are_told_in_both_sections(pair):
    ratio, difference = pair
    (other, text), *_ = analysis_view(ratio, beside=pair).differing
    assert other is difference
    assert text == f"0.20 [0.02, 0.38] (two studies), which does not include “no difference”. {UNSETTLED}"
    ((back, text),) = analysis_view(difference, beside=pair).differing
    assert back is ratio
    assert text.startswith("risk ratio 1.94 [0.41, 9.14] (two studies), which includes “no difference”.")


@pytest.mark.parametrize(
    "change", [{"random": rb.pooled(display=(0.20, -0.02, 0.38))}, {"window": "one_year"}, {"comparison": "other"},
               {"measure": "RR"}, {"status": "no_data", "random": None}],
)  # fmt: skip
def test_nothing_is_told_where_they_agree_or_ask_another_question(pair, change):
    ratio, difference = pair
    assert differing(ratio, [ratio, replace(difference, **change)]) == []


def test_the_page_links_each_of_them_to_the_other(pair):
    data = rb.report_input()
    text = report(replace(data, synthesis=replace(data.synthesis, analyses=pair)))
    for other in pair:
        assert f'{OTHERWISE} <a href="#a-{other.id}">{other.title}</a>' in text


def test_measures_of_one_outcome_stand_together_and_say_so(pair):
    ratio, difference = pair
    between = rb.before_after()
    assert list(together([ratio, between, difference]).values()) == [0, 1, 0]
    assert list(by_question([ratio, difference, between]).values()) == [False, True, False]
    views = [analysis_view(replace(a, primary=True)) for a in (ratio, between, difference)]
    assert [v.record.id for v in main_views(views)] == [ratio.id, difference.id, between.id]
    data = rb.report_input()
    text = report(replace(data, synthesis=replace(data.synthesis, analyses=pair)))
    assert text.count("The outcome above by another measure") == 1


def test_cards_carry_the_words_that_an_interval_may_not_be_relied_on(pair):
    data = rb.report_input()
    ratio, difference = pair
    one = replace(data, synthesis=replace(data.synthesis, analyses=(difference,)))
    assert "<span>two studies are too few to rely on this interval</span>" in report(one)
    assert "<span>two studies are too few to rely on this interval</span>" in index([card(one)])
    none = replace(
        data, synthesis=replace(data.synthesis, analyses=(ratio,))
    )  # includes no effect: claims no side
    assert "<span>two studies are too few" not in index([card(none)])
