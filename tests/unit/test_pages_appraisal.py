"""Certainty, missing evidence, claims and the plain summary as readers see them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import report_builder as rb
from appraisal_builder import EFFECT, HIDDEN, PLANNED, USED, appraisal, lost, row

from rheumeta.appraised import Certainty, DomainJudgement
from rheumeta.pages import bias, certainty, claims, missing, plain, render
from rheumeta.records import Interval


@pytest.fixture(scope="module")
def text():
    return render.report(replace(rb.report_input(), appraisal=appraisal()))


def test_the_report_has_the_sections_and_their_links(text):
    for name in ("plain", "summary", "missing", "claims"):
        assert f'<h2 id="{name}">' in text
        assert f'href="#{name}"' in text


def test_every_text_is_escaped(text):
    assert "it <b>helps" not in text
    assert "It is <precise>" not in text
    assert "It is &lt;precise&gt;" in text


def test_every_link_into_the_page_has_its_target(text):
    page = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r'id="([^"]+)"', page))


def test_the_first_screen_says_how_certain_a_result_is(text):
    assert "certainty very low</a>" in text.partition("<main")[0]


def test_without_an_appraisal_the_sections_are_left_out():
    plain_text = render.report(rb.report_input())
    assert '<h2 id="summary">' not in plain_text
    assert "No verdict is given here." in plain_text


def test_a_verdict_stands_beside_its_claim_with_the_mismatch(text):
    assert "Not what the cited study tested" in text
    assert "<strong>Mismatch:</strong> F: route: wrong" in text


def test_what_was_not_assessed_and_what_a_person_changed_is_said(text):
    assert "serious (not assessed)" in text
    assert "judged by A. Person; the rule suggests serious: few patients" in text


def test_how_many_judgements_are_a_persons_and_which(text):
    found = appraisal()
    size = sum(len(c.domains) for c in found.certainty)
    own = len(found.certainty)
    told = (
        f"{own} of {size} judgements of the certainty are a person's (A. Person); rules suggest the others."
    )
    assert certainty.judged_by(found) == told
    assert [key for key, _ in certainty.persons(found)] == [c.analysis_id for c in found.certainty]
    assert 'id="place-persons"' in text
    assert (
        text.count("judged not serious by A. Person: It is &lt;precise&gt;. The rule suggests serious") > own
    )
    nobody = replace(found, certainty=tuple(replace(c, domains=c.domains[:1]) for c in found.certainty))
    assert certainty.judged_by(nobody) == "The certainty is what rules suggest; no person has judged it."
    page = render.report(replace(rb.report_input(), appraisal=nobody))
    assert 'id="place-persons"' not in page


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"suggested": "not_serious", "suggested_reason": "Narrow"},
         "Imprecision, no level down, judged not serious by P: read. The rule suggests the same: narrow."),
        ({"domain": "large_effect", "judgement": "raise_one", "levels": 1},
         "Large effect, one level up, judged by P: read. No rule suggests it."),
        ({"name": None, "noted": True}, "Imprecision, no level down: read."),
        ({"name": None}, None),
    ],
)  # fmt: skip
def test_a_judgement_of_a_person_has_a_note_even_if_it_moves_nothing(changes, told):
    domain = replace(DomainJudgement("imprecision", "not_serious", 0, "read", name="P"), **changes)
    found = appraisal()
    graded = tuple(replace(c, domains=(domain,)) for c in found.certainty)
    group, *_ = certainty.summary_of_findings(replace(found, certainty=graded), rb.synthesis().analyses)
    assert group.first[0].reasons == ((told,) if told else ())


def test_differences_per_1000_are_said_with_their_direction():
    assert certainty.difference(EFFECT) == "134 more (46 fewer to 722 more)"
    none = replace(EFFECT, difference=Interval(0.2, None, None))
    assert certainty.difference(none) == "no difference"


@pytest.mark.parametrize(("levels", "text"), [(-2, "−2"), (-1, "−1"), (0, ""), (1, "+1")])
def test_steps(levels, text):
    assert certainty.steps(levels) == text


def test_one_row_an_outcome_and_time_and_silent_outcomes_by_name():
    found = appraisal()
    first = found.findings[0]
    twin = replace(first, analysis_id="other_measure")
    silent = replace(first, window_label="later", k=0, primary=False, absolute=None, effect=None)
    (group,) = certainty.summary_of_findings(
        replace(found, findings=(first, twin, silent)), rb.synthesis().analyses
    )
    assert [r.record.analysis_id for r in group.first] == [first.analysis_id]
    assert group.rest == ()
    assert group.silent == (f"{first.outcome_label}, later",)
    assert group.absolute


def test_missing_evidence_in_a_sentence():
    assert missing.sentence(lost(USED, HIDDEN, PLANNED)) == (
        "One study with 74 patients is in it. Results of one study with 36 patients are missing, 33% of all patients. "
        "The result of one study among them (36 patients) may be missing because of what it is. One study is planned."
    )
    unknown = lost(HIDDEN, patients_used=0, size_unknown=1)
    assert missing.sentence(unknown).startswith(
        "No study is in it. Results of one study with at least 36 patients"
    )


def test_what_may_be_hidden_comes_before_what_is_planned():
    (view,) = missing.missing_view([lost(PLANNED, HIDDEN, USED)])
    assert [s.status for s in view.rows] == ["used", "ended_early", "planned"]


def test_every_status_has_words_and_a_place():
    assert set(missing.ORDER) == set(missing.STATUS_WORDS)


def test_claims_carry_what_the_review_has():
    found = appraisal()
    (view,) = claims.claims_view(
        found.claims, rb.sheets()["claims"], {a.id: a for a in rb.synthesis().analyses}
    )
    item = view.evidence[0]
    assert (item.about, item.result) == ("ACR20", "risk ratio 1.94 [0.41, 9.14]")
    assert (item.studies_count, item.patients, item.control) == ("two studies", "74 patients", "yes")
    assert view.test == "a trial"
    assert dict(claims.tally(found.claims))["Not what the cited study tested"] == 1
    assert sum(n for _, n in claims.tally(found.claims)) == 1


def test_claims_name_the_studies_they_cite_and_say_what_a_direction_is(text):
    labels = {"he2020": "He 2020", "alvaro-gracia2017": "Álvaro-Gracia 2017"}
    told = claims.cited("he2020 (there as Xu);alvaro-gracia2017;he2020-b", labels)
    assert told == "He 2020 (there as Xu); Álvaro-Gracia 2017; he2020-b"
    assert claims.BY_DIRECTION in text
    assert claims.BY_DIRECTION.startswith("“By direction only” means: ")


def test_plain_words_say_people_of_1000_and_how_sure():
    analysis = rb.controlled()
    said = plain.change(analysis, row(analysis))
    assert "125 of 1000 people without the treatment" in said
    assert " and 259 with it" in said
    assert said.endswith("This is very uncertain: the true effect may be quite different.")
    sure = plain.change(analysis, row(analysis, certainty="moderate"))
    assert "probably 259" in sure


def test_plain_words_count_the_people_without_the_treatment_where_they_are_few():
    analysis = rb.controlled()
    few = [replace(s, events2=e, n2=n) for s, e, n in zip(analysis.studies, (0, 2), (7, 8), strict=True)]
    said = plain.change(replace(analysis, studies=tuple(few)), row(analysis))
    assert "125 of 1000 people without the treatment (in these studies 2 of 15 people without it) and" in said
    one = replace(analysis, k=1, studies=tuple(few[1:]))
    assert "(in this study 2 of 8 people without it)" in plain.change(one, row(analysis))
    many = replace(analysis, studies=(few[0], replace(few[1], n2=93)))
    assert "people without it" not in plain.change(many, row(analysis))


@pytest.mark.parametrize(
    ("change", "domain", "told"),
    [
        ({}, "Response", True),  # an event that is better more often
        ({"better": "lower"}, "Response", False),  # perhaps an unwanted one
        ({"better": "lower", "measure": "MD"}, "Function", True),
        ({"better": "lower", "measure": "MD"}, "Safety", False),
        ({"better": "lower", "status": "no_data"}, "Other", False),  # looked for, and nothing found
    ],
)
def test_plain_words_say_when_no_analysis_looks_at_unwanted_effects(change, domain, told):
    data = replace(rb.report_input(), appraisal=appraisal())
    analysis = rb.controlled(**change)
    data = replace(data, synthesis=replace(data.synthesis, analyses=(analysis,)),
                   protocol={**data.protocol, "outcomes": {analysis.outcome: {"domain": domain}}})  # fmt: skip
    assert plain.unasked(data) == ((plain.NO_HARM,) if told else ())


def test_plain_words_never_give_an_effect_without_its_control_group():
    analysis = replace(
        rb.controlled(), comparison_kind="before_after", measure="MC", null=0.0, scale="identity"
    )
    said = plain.change(analysis, row(analysis, absolute=None))
    assert "treated people" in said
    assert said.endswith(plain.NO_CAUSE)
    wide = replace(analysis, random=rb.pooled(display=(-1.0, -2.5, 0.5)), common=None)
    assert "too few" not in plain.change(wide, row(wide, absolute=None))  # it includes no change
    clear = replace(analysis, random=rb.pooled(display=(-1.0, -1.85, -0.16)), common=None)
    said = plain.change(clear, row(clear, absolute=None))
    assert "; two studies are too few to rely on this interval. Without a control group" in said


def test_plain_words_of_a_count_of_none_name_the_events_told_elsewhere():
    reason = "no patient had the event: 0 of 77; but A 2017 reports 3 events in 46 patients. Not pooled: a correction"
    analysis = replace(rb.proportion(primary=True), status="not_pooled", random=None, status_reason=reason)
    said = plain.change(analysis, row(analysis, absolute=None))
    assert "0 of 77; but A 2017 reports 3 events in 46 patients." in said
    assert said.endswith(plain.SHARE_NO_CAUSE)


def test_plain_words_of_an_outcome_without_numbers():
    analysis = rb.controlled()
    assert plain.change(analysis, row(analysis, k=0)).endswith(
        "no study gives numbers that can be used beside people without the treatment."
    )


def test_plain_words_name_what_is_not_known():
    hidden, planned = plain.unknown(appraisal())[:2]
    assert hidden.startswith("One trial with 36 people was begun and never made public in full.")
    assert planned.startswith("Two more trials with 304 people were planned")


def test_plain_words_say_in_how_many_people():
    data = replace(rb.report_input(), appraisal=appraisal())
    found, chance = plain.people(data, appraisal())
    assert found.startswith("Eight studies were found. Numbers that can be used come from ")
    assert chance == (
        "In seven trials chance decided who got the treatment and who did not. Five of them, with 204 people, give no "
        "number that can be used."
    )


def test_plain_words_say_why_they_are_not_surer():
    found = appraisal()
    main = [f.analysis_id for f in found.findings if f.primary]
    assert len(main) > 1
    open_ = DomainJudgement("risk_of_bias", "serious", -1, "not judged", assessed=False)
    few = DomainJudgement("imprecision", "very_serious", -2, "few")
    graded = [Certainty(a, "low", "high", "randomised", (open_,)) for a in main]
    graded[0] = replace(graded[0], domains=(open_, few))
    nobody = bias.BiasState(0, ("a", "b"), 0, by_outcome=False, all_studies=True)
    assert plain.limits(replace(found, certainty=tuple(graded)), nobody) == (
        bias.UNJUDGED_PLAINLY,
        "For some of the results: too few people took part, or their results spread too widely, to know how large "
        "the effect is.",
    )
    short = [replace(c, domains=(replace(few, by_size=True, levels=-1),)) for c in graded]
    told = plain.limits(replace(found, certainty=tuple(short)), nobody)
    assert plain.FEWER_THAN_A_TRIAL in told
    assert not any("too few" in text.lower() for text in told)
    far = [replace(c, domains=(replace(few, by_size=True),)) for c in graded]
    assert plain.LIMITS["imprecision"] in plain.limits(replace(found, certainty=tuple(far)), nobody)
    judged = [replace(c, domains=(replace(open_, assessed=True),)) for c in graded]
    everybody = replace(nobody, judged=2, waiting=())
    assert plain.limits(replace(found, certainty=tuple(judged)), everybody) == (plain.LIMITS["risk_of_bias"],)
    fine = [replace(c, domains=(replace(open_, levels=0),)) for c in graded]
    assert plain.limits(replace(found, certainty=tuple(fine)), everybody) == ()
    (high,) = plain.limits(replace(found, certainty=tuple(fine)), replace(everybody, high=1))
    assert (
        high
        == "How well all 2 studies were done has been judged: one is at high risk of having got a wrong result."
    )


def test_plain_summary_gives_no_advice_and_says_what_authorities_state():
    data = replace(rb.report_input(), appraisal=appraisal())
    data = replace(data, protocol={**data.protocol, "approval": ["An agency stated X (source)."]})
    passages = {p.title: p.texts for p in plain.plain_summary(data)}
    assert passages["What authorities have approved"] == ("An agency stated X (source).",)
    words = " ".join(text for texts in passages.values() for text in texts).lower()
    assert not {"should", "recommend", "ask your doctor"} & set(words.split())
    assert plain.plain_summary(rb.report_input()) == []


def test_the_matrix_shows_each_study_in_each_synthesis():
    later = replace(lost(USED, HIDDEN, PLANNED), analysis_id="later", window_label="later", primary=False)
    judged = Certainty("a", "low", "high", "", (DomainJudgement("publication_bias", "serious", -1, "why"),))
    first = replace(lost(replace(USED, status="not_read"), HIDDEN, PLANNED), analysis_id="a", primary=True)
    (matrix,) = missing.matrices([later, first], [judged])
    assert [item.analysis_id for item in matrix.items] == ["a", "later"]
    assert [d and d.judgement for d in matrix.judgements] == ["serious", None]
    assert {name: [missing.availability(s).sign for s in found] for _, name, found in matrix.rows} == {
        USED.label: ["?", "✓"], HIDDEN.label: ["✗", "✗"], PLANNED.label: ["~", "~"]
    }  # fmt: skip


def test_the_page_explains_the_signs_of_the_matrix(text):
    assert all(a.meaning[1:] in text for a in missing.KEY)
    assert text.count('class="matrix"') == len({m.comparison for m in appraisal().missing})
