"""How far the risk of bias was judged: one count, told alike on the page and in the paper."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_builder as rb
from appraisal_builder import appraisal

from rheumeta.pages import bias, paper_frame, plain, render

STUDIES = [{"study_id": name, "status": "published"} for name in "abc"]
PLANNED = {"study_id": "later", "status": "planned"}


def judged(study, judgement, outcome="all", domain="overall"):
    return {"study_id": study, "tool": "RoB 2", "outcome": outcome, "domain": domain, "judgement": judgement,
            "support": "", "assessor": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), bias.UNJUDGED),
        (("not_assessed", "not_applicable"), bias.UNJUDGED),
        (("low",), "The risk of bias of 1 of 3 studies has been judged: none is at high risk."),
        (("low", "critical"), "The risk of bias of 2 of 3 studies has been judged: one is at high risk."),
        (
            ("high", "serious", "low"),
            "The risk of bias of all 3 studies has been judged: two are at high risk.",
        ),
        (("low", "low", "some_concerns"), ""),
    ],
)
def test_none_some_or_all_studies_are_judged(words, told):
    rows = [judged(study, word) for study, word in zip("abc", words, strict=False)]
    assert bias.bias_state(STUDIES, rows).told == told


def test_a_study_counts_by_its_overall_judgement_and_once_however_many_outcomes_it_has():
    domain = [judged("a", "high", domain="D1")]
    assert bias.bias_state(STUDIES, domain).told == bias.UNJUDGED
    state = bias.bias_state(STUDIES, [judged("a", "high", "acr20"), judged("a", "low", "das28")])
    assert (state.judged, state.high) == (1, 1)
    assert state.told.endswith("one is at high risk for some of the outcomes.")


def test_studies_that_show_nothing_need_no_judgement():
    rows = [judged(study, "high") for study in "abc"]
    assert "all 3 studies with results" in bias.bias_state([*STUDIES, PLANNED], rows).told
    assert "3 of 4 studies" in bias.bias_state([*STUDIES, {"study_id": "d"}], rows).told


@pytest.fixture
def part():
    data = replace(rb.report_input(), appraisal=appraisal())
    rows = [judged("alvaro2017", "high"), judged("mesoblast", "not_assessed")]
    return replace(data, sheets={**data.sheets, "risk_of_bias": rows})


def test_first_screen_plain_words_abstract_and_limits_tell_the_same(part):
    told = "The risk of bias of 1 of 8 studies has been judged: one is at high risk."
    assert told in render.first_screen(part)[-1]
    assert any(text.startswith(told) for text in paper_frame.own_limits(part))
    passages = {p.title: p.texts for p in plain.plain_summary(part)}
    assert passages["Why it is not surer"][0] == (
        "How well 1 of 8 studies were done has been judged: one is at high risk of having got a wrong result."
    )
    page = render.report(part)
    assert bias.UNJUDGED not in page
    assert bias.UNJUDGED_PLAINLY not in page
    assert page.count('<a class="origin" href="#place-judgements">1 of 8 studies</a>') >= 3
