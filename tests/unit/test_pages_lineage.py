"""Every number of a report leads to the place it came from, and so does every mark of its figures."""

from __future__ import annotations

import math
from dataclasses import replace

import page_walker as walk
import pytest
import report_builder as build
from appraisal_builder import appraisal

from rheumeta.appraised import AbsoluteEffect
from rheumeta.changes import Changes, Moved, Result
from rheumeta.pages import origins, poolings, render
from rheumeta.pages.absolutes import absolute_steps
from rheumeta.pages.lineage import lineages
from rheumeta.records import Interval


@pytest.fixture(scope="module")
def data():
    return replace(build.report_input(), appraisal=appraisal())


@pytest.fixture(scope="module")
def page(data):
    return render.report(data)


def test_every_number_of_the_results_is_a_link(page, data):
    assert walk.faults(page, origins.names(data)) == []


def test_the_walk_would_see_a_number_without_a_link(page, data):
    broken = page.replace("<p>", "<p>In 17 patients. ")
    assert any("In 17 patients" in fault for fault in walk.faults(broken, origins.names(data)))


def test_every_link_and_every_mark_has_its_place_once(page):
    found = walk.Walker(page)
    assert len(found.ids) == len(set(found.ids))
    links = {text.link for _, text in found.texts if text.link}
    assert links - set(found.ids) == set()
    assert len(links) > 50
    assert set(found.marks) <= set(found.ids)
    assert found.marks


def test_what_changed_since_a_version_is_its_own_place(data):
    moved = Moved(
        "x", "Pain", Result("Pain", "pooled", 3, 1.5, 1.1, 2.0), Result("Pain", "pooled", 4, 1.4, 1.1, 1.9)
    )
    page = render.report(replace(data, changes=Changes("r", "2025", "now", moved=(moved,))))
    assert "1.40" in page
    assert walk.faults(page, origins.names(data)) == []


def test_the_walk_of_no_report_fails():
    assert walk.main([]) == 1


def test_a_place_has_a_title(page):
    walker = walk.Walker(page)
    places = {e.attributes["id"]: e for _, t in walker.texts for e in t.above if "chain" in e.classes}
    assert all(place.attributes.get("data-title") for place in places.values())


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("it was 2.07 times as frequent (95% interval: 0.63 to 6.78); two studies, 76 patients.",
         ["2.07", "95% interval: 0.63 to 6.78", "two studies, 76 patients"]),
        ("DAS28 and ACR20 of He 2020 in NCT01261403, about 3 months.", []),
        ("Q = 10.71, 2 degrees of freedom, p = 0.005", ["Q = 10.71", "2", "p = 0.005"]),
        ("−0.69 [−0.92, −0.46] points", ["−0.69 [−0.92, −0.46]"]),
        ("In this one study 4 of 15 patients; one study is shown, not pooled.", ["one study", "4 of 15 patients"]),
        ("Six more studies give none.", ["Six more studies"]),
        ("Published in 2017.", []),
        ("within the 95% prediction interval: a fall of 0.4 to 2.6 points. Without it, no.",
         ["95% prediction interval: a fall of 0.4 to 2.6 points"]),
        ("<b>5</b> patients", ["5"]),
    ],
)  # fmt: skip
def test_prose_links_its_numbers_and_no_names(text, links):
    html = str(origins.Tracer({"about 3 months", "He 2020", "DAS28"})(text, "p-x"))
    walker = walk.Walker(html)
    assert [t.words for _, t in walker.texts if t.link == "p-x"] == links
    assert "".join(t.words for _, t in walker.texts).replace(" ", "") == text.replace(" ", "")


def test_said_is_text_that_knows_where_its_parts_come_from():
    said = origins.Said(("a 5; ", "p-a"), ("b 6", "p-b"), (" c 7", ""))
    assert said == "a 5; b 6 c 7"
    html = str(origins.Tracer(())(said, "p-other"))
    assert html == 'a <a class="origin" href="#p-a">5</a>; b <a class="origin" href="#p-b">6</a> c 7'


def test_the_formula_of_a_pooled_result_gives_the_result(data):
    """The sum with the numbers put in, worked out again from its text, is the pooled effect."""
    analysis = exact()
    (place,) = (p for p in lineages(replace(data, synthesis=replace(data.synthesis, analyses=(analysis,))))[
        analysis.id].poolings if p.title.startswith("Random"))  # fmt: skip
    formulas = dict(place.formulas)
    _, terms, result = formulas["Pooled effect"].replace("−", "-").rsplit(" = ", 2)
    pairs = [term.replace("%", "").strip("() ").split(" · ") for term in terms.split(" + ")]
    total = sum(float(w) / 100 * float(y.strip("()")) for w, y in pairs)
    assert total == pytest.approx(float(result), abs=2e-3)
    assert formulas["Patients"] == "53 + 23 = 76"
    inside, shown = formulas["As shown"].removeprefix("exp(").split(") = ")
    assert float(shown) == pytest.approx(math.exp(float(inside)), abs=5e-4)


def exact():
    """An analysis of two studies whose pooled effect is the weighted mean of their effects."""
    y, v = (1.1737, 0.6242), (1.9590, 0.4512)
    total = 1 / v[0] + 1 / v[1]
    weights = [100 / x / total for x in v]
    mean, se = sum(w * x for w, x in zip(weights, y, strict=True)) / 100, total**-0.5
    base = build.controlled()
    studies = tuple(
        replace(s, yi=a, vi=b, weight_random=w, n1=n, n2=8)
        for s, a, b, w, n in zip(base.studies, y, v, weights, (45, 15), strict=True)
    )
    ends = Interval(mean, mean - 1.96 * se, mean + 1.96 * se)
    display = Interval(*(math.exp(x) for x in (ends.estimate, ends.lower, ends.upper)))
    pooled = replace(base.random, estimate=mean, se=se, ci=ends, display=display, method="REML",
                     tau2=Interval(0.0, None, None))  # fmt: skip
    return replace(base, studies=studies, random=pooled)


def test_what_is_not_pooled_is_counted_study_by_study():
    none = build.study("a", label="A 2001", effect_id="e1", events1=0, n1=52, n2=None, events2=None)
    also = replace(none, study_id="b", label="B 2002", effect_id="e2", n1=25)
    reason = "0 of 77. Not pooled: a correction alone would make the result"
    analysis = replace(
        build.proportion(), status="not_pooled", status_reason=reason, random=None, studies=(none, also)
    )
    (counted,) = poolings.poolings(analysis, poolings.Effects({}, {}), {})
    assert counted.counted
    assert [(m.label, m.events, m.patients) for m in counted.members] == [
        ("A 2001", "0", "52"), ("B 2002", "0", "25"),
    ]  # fmt: skip
    assert counted.formulas == (("Patients", "52 + 25 = 77"), ("Patients with the event", "0 + 0 = 0"))
    assert counted.notes[0].endswith("make the result.")


def test_long_sums_name_only_some_of_their_terms():
    text = poolings._sum([str(i) for i in range(200)])
    assert text == "0 + 1 + 2 + 3 + … + 199"


@pytest.mark.parametrize(
    ("measure", "assumed", "effect", "treated"),
    [
        ("RR", 125.0, 2.0689, 258.6),
        ("OR", 200.0, 3.0, 428.57),
        ("HR", 300.0, 0.5, 163.34),
        ("RD", 100.0, -0.05, 50.0),
    ],
)
def test_absolute_effects_are_written_as_they_are_computed(measure, assumed, effect, treated):
    item = replace(appraisal().findings[0], measure=measure, effect=Interval(effect, None, None))
    steps = dict(absolute_steps(item, AbsoluteEffect(assumed, "stated", Interval(treated), Interval(0.0))))
    formula = steps["With the treatment, estimate"].replace("−", "-").replace("·", "*").replace("^", "**")
    _, put_in, result = formula.rsplit(" = ", 2)
    assert eval(put_in, {}) == pytest.approx(float(result), abs=1e-3)


def test_a_risk_that_is_cut_says_so():
    item = replace(appraisal().findings[0], measure="RR", effect=Interval(2.0, None, None))
    steps = dict(absolute_steps(item, AbsoluteEffect(600.0, "stated", Interval(1000.0), Interval(400.0))))
    assert steps["With the treatment, estimate"].endswith("→ 1.0000, as a risk lies between 0 and 1")
