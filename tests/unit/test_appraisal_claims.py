"""Verdicts on claims: each rule on made-up evidence, then the claims of a bundled review."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest
import report_builder as rb
from pipeline import copy_project, run_to_synthesis

from rheumeta.appraised import VERDICTS, EvidenceBase, read_appraisal
from rheumeta.records import DirectionRow, Excluded, Interval
from rheumeta.steps import appraise, harmonise, report, validate
from rheumeta.steps.appraisal.citations import Scope, citation, fits
from rheumeta.steps.appraisal.claims import appraise_claim, limit, read_claim
from rheumeta.steps.appraisal.verdicts import WEAKNESS, of_counts, of_directions, of_estimate, weakest
from rheumeta.steps.synthesis.events import events_told
from rheumeta.tables.rules_appraisal import parse_limits, parse_windows


def shown(display, **changes):
    return rb.controlled(random=rb.pooled(display=display), **changes)


@pytest.mark.parametrize(
    ("display", "better", "kind", "expected"),
    [
        ((2.0, 1.2, 3.1), "higher", "controlled", "supported_controlled"),
        ((2.0, 1.2, 3.1), "lower", "controlled", "contradicted"),
        ((2.0, 0.6, 6.8), "higher", "controlled", "open"),
        ((0.5, 0.3, 0.8), "higher", "controlled", "contradicted"),
        ((2.0, 1.2, 3.1), "higher", "before_after", "uncontrolled_only"),
        ((2.0, 0.6, 6.8), "higher", "before_after", "open"),
    ],
)
def test_an_estimate_is_judged_by_its_interval_and_its_design(display, better, kind, expected):
    assert of_estimate(shown(display, better=better, comparison_kind=kind))[0] == expected


def test_an_estimate_without_a_null_value_judges_nothing():
    assert of_estimate(shown((40.0, 20.0, 60.0), null=None)) is None


def counted(events, n):
    one = replace(rb.controlled().studies[0], events1=events, n1=n)
    return rb.controlled(studies=(one,), comparison_kind="single_group", null=None)


@pytest.mark.parametrize(
    ("events", "n", "claimed", "expected"),
    [
        (0, 77, "rare", "open"),  # exact limit 4.7%
        (0, 4000, "rare", "uncontrolled_only"),  # exact limit 0.09%
        (5, 77, "rare", "contradicted"),
        (0, 77, "never", "uncontrolled_only"),
        (1, 77, "never", "contradicted"),
        (5, 77, "no_more_harm", "uncontrolled_only"),
    ],
)
def test_counts_without_control_are_judged_by_the_exact_interval(events, n, claimed, expected):
    assert of_counts(counted(events, n), claimed)[0] == expected


def direction(way, study="a", **changes):
    row = DirectionRow(
        f"r{study}", study, study, "before_after", "d", "crp", "CRP", 52.0, "1 year", 10, way, "p<0.05"
    )
    return replace(row, **changes)


@pytest.mark.parametrize(
    ("ways", "expected"),
    [
        (["favourable"], "direction_only"),
        (["favourable", "favourable", "unclear"], "direction_only"),
        (["favourable", "no_change"], "open"),
        (["unfavourable"], "contradicted"),
        (["no_change"], "open"),
    ],
)
def test_directions_are_judged_by_their_signs(ways, expected):
    rows = [direction(way, study=str(i)) for i, way in enumerate(ways)]
    assert of_directions(rows)[0] == expected


def test_unclear_directions_judge_nothing():
    assert of_directions([direction("unclear")]) is None


def test_a_claim_is_as_strong_as_its_weakest_part_that_can_be_tested():
    assert weakest(["supported_controlled", "open", "not_testable"]) == "open"
    assert weakest(["uncontrolled_only", "contradicted"]) == "contradicted"
    assert weakest(["not_testable"]) == "not_testable"
    assert set(WEAKNESS) | {"not_what_cited", "not_testable"} == set(VERDICTS)


def test_limits_are_moderators_with_their_codes():
    limits = parse_limits("route=iv;cell_source=umbilical_cord|cord_blood")
    assert limits == {"route": ("iv",), "cell_source": ("umbilical_cord", "cord_blood")}
    assert fits({"route": "iv", "cell_source": "cord_blood"}, limits)
    assert not fits({"route": "ia", "cell_source": "cord_blood"}, limits)
    assert not fits({"cell_source": "cord_blood"}, limits)  # not stated does not fit
    assert fits({}, parse_limits(""))


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    root = copy_project(tmp_path_factory.mktemp("project"))
    run_to_synthesis(root, "second_anti_tnf")
    found = run_to_synthesis(root, "msc_ra")
    appraise.run(found)
    return found


@pytest.fixture(scope="module")
def claims(layout):
    return {c.claim_id: c for c in read_appraisal(layout.appraisal).claims}


def rows(layout, name):
    with (layout.tables / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_claim_has_a_verdict_of_the_list(layout, claims):
    assert list(claims) == [row["claim_id"] for row in appraise.load(layout).sheets["claims"]]
    assert {c.verdict for c in claims.values()} <= set(VERDICTS)


def test_the_only_arms_with_the_cells_show_no_effect_of_the_cells(claims):
    assert claims["C01"].verdict == "not_what_cited"
    assert "every arm got the treatment" in claims["C01"].reason


def test_a_study_of_another_route_or_source_is_a_mismatch(claims):
    ghoryani, shadmanfar = claims["C07"].citations
    assert claims["C07"].verdict == "not_what_cited"
    assert "into a joint" in shadmanfar.mismatches[0]
    assert ghoryani.mismatches[0].startswith("outcome")
    park = claims["C03"].citations[1]
    assert "cord blood" in park.mismatches[0]


def test_a_study_that_fits_is_no_mismatch_and_what_was_not_read_is_said(claims):
    (cited,) = claims["C09"].citations
    assert cited.mismatches == ()
    assert claims["C09"].verdict == "direction_only"
    (cited,) = claims["C08"].citations
    assert cited.mismatches == ()
    assert "DAS28" in cited.unknown[0]
    assert claims["C08"].verdict == "not_testable"


def test_a_controlled_interval_with_no_difference_leaves_a_claim_open(claims):
    harm = next(e for e in claims["C10"].evidence if e.outcome == "ae_any")
    assert (claims["C10"].verdict, harm.basis, harm.k, harm.n_patients) == (
        "open",
        "controlled_estimate",
        1,
        53,
    )
    assert harm.certainty == "very_low"


def test_change_without_control_supports_nothing_more(claims):
    assert claims["C13"].verdict == "uncontrolled_only"
    assert all(e.certainty == "very_low" for e in claims["C13"].evidence)


def test_windows_and_arms_limit_the_evidence(claims):
    assert {e.basis for e in claims["C06"].evidence} == {"uncontrolled_direction"}
    assert all("156 weeks" in e.studies[0] for e in claims["C06"].evidence)
    (das28,) = claims["C03"].evidence
    assert das28.studies == ("He 2020",)  # Park 2018 gave cells from another source


def test_windows_of_one_outcome_leave_the_others_alone(claims):
    found = {e.outcome: e for e in claims["C19"].evidence}
    assert found["das28"].window_label == "about 3 months"  # its report after four weeks is of more patients
    assert found["tnf"].studies == ("Wang 2013, time not stated",)
    assert parse_windows("one_year;anti_ccp=beyond|one_year") == (
        ("one_year",),
        {"anti_ccp": ("beyond", "one_year")},
    )


def test_an_outcome_that_measures_something_else_is_a_mismatch(claims, layout):
    assert claims["C05"].verdict == "not_what_cited"
    assert claims["C05"].citations[0].mismatches == (
        "outcome: the claim is about quality of life; HAQ measures disability",
    )
    material = appraise.load(layout)
    for concept in ("", "disability"):
        scope = Scope(("haq",), concept, ("msc_before_after",), {})
        assert citation("wang2019", material, scope).mismatches == ()


def test_events_that_are_not_patients_do_not_go_unsaid(claims):
    serious = next(e for e in claims["C10"].evidence if e.outcome == "sae")
    assert "Alvaro-Gracia 2017 reports 3 events in 46 patients." in serious.reason


def test_what_never_occurs_is_contradicted_by_events_that_are_not_patients(layout):
    material = appraise.load(layout)
    row = next(r for r in material.sheets["claims"] if r["claim_id"] == "C10")
    claim = read_claim(
        {**row, "claimed": "never", "outcome_codes": "sae", "comparisons_wanted": "msc_single_group"}
    )
    (found,) = appraise_claim(claim, material, {}, EvidenceBase(*[0] * 8)).evidence
    assert found.verdict == "contradicted"
    assert found.reason.startswith("It occurred. Seen in 0 of 15 treated patients")


def test_a_claim_that_cites_nothing_is_not_tested_by_an_outcome_that_measures_something_else(layout):
    material = appraise.load(layout)
    row = next(r for r in material.sheets["claims"] if r["claim_id"] == "C05")
    own, other = (
        appraise_claim(
            read_claim({**row, "cited_study_ids": "", "concept": c}), material, {}, EvidenceBase(*[0] * 8)
        )
        for c in ("disability", "quality of life")
    )
    assert own.verdict != "not_testable"
    assert other.verdict == "not_testable"
    assert other.reason == "Outcome: the claim is about quality of life; HAQ measures disability."


def test_events_of_patients_who_were_not_treated_tell_nothing(layout):
    results = appraise.load(layout).evidence.results
    rows = {
        r.arm_id: r.result_id
        for r in results
        if r.study_id == "alvaro-gracia2017" and r.outcome == "AE-grade3"
    }
    placebo = Excluded("alvaro-gracia2017", "A", "counts events", (rows["placebo"],))
    assert events_told(placebo, results, {"placebo"}) == "A reports 1 event in 7 patients"
    assert events_told(placebo, results, {"dose_a", "dose_b", "dose_c", "all_doses"}) is None
    both = replace(placebo, result_ids=tuple(rows.values()))
    assert events_told(both, results, {"dose_b"}) == "A reports 2 events in 20 patients"


def test_a_part_of_an_analysis_is_pooled_anew_as_its_subgroup_is(layout):
    material = appraise.load(layout)
    analysis = next(a for a in material.synthesis.analyses if a.id == "acr20_share_three_months")
    values = {s.moderators["dosing"] for s in analysis.studies}
    assert limit(analysis, {"dosing": tuple(values)}, material) is analysis
    assert limit(analysis, {"dosing": ("none",)}, material) is None
    group = next(g for g in analysis.subgroups if g.by == "dosing" and g.status == "pooled")
    label = material.protocol.moderators["dosing"].choices
    code = next(c for c, words in label.items() if words == group.level)
    part = limit(analysis, {"dosing": (code,)}, material)
    assert (part.k, part.random) == (group.k, group.random)
    assert part.n_patients == sum(s.n1 for s in part.studies)


def test_reports_without_a_direction_test_nothing(claims):
    assert claims["C17"].verdict == "not_testable"
    assert "gives no direction" in claims["C17"].evidence[0].reason


def test_claims_outside_the_review_are_not_tested(claims):
    assert {claims[c].verdict for c in ("C15", "C18", "C22")} == {"not_testable"}
    assert "Seven randomised studies" in claims["C18"].reason


def test_the_verdict_follows_the_data(layout, claims, tmp_path):
    """A changed route of the cited study turns the mismatch into a match."""
    root = copy_project(tmp_path / "other")
    arms = root / "data/raw/msc_ra/arms.csv"
    text = arms.read_text(encoding="utf-8")
    old = next(line for line in text.splitlines() if line.startswith("shadmanfar2018,msc,"))
    arms.write_text(text.replace(old, old.replace(",ia,", ",iv,")), encoding="utf-8")
    other = replace(layout, root=root)
    validate.run(other)
    harmonise.run(other)
    other.estimates.mkdir(parents=True)
    other.synthesis.write_bytes(layout.synthesis.read_bytes())
    found = appraise.appraise(appraise.load(other))
    shadmanfar = next(c for c in found.claims if c.claim_id == "C07").citations[1]
    assert shadmanfar.mismatches == ()


def test_missing_results_count_patients_once_and_say_why(layout):
    found = {m.analysis_id: m for m in read_appraisal(layout.appraisal).missing}["acr20_rr_three_months"]
    why = {s.study_id: s.status for s in found.studies}
    assert why["alvaro-gracia2017"] == why["mesoblast-MPC300IV"] == "used"
    assert why["pda001-NCT01261403"] == "ended_early"
    assert why["furestem-ra-2a"] == "unpublished"
    assert why["xijing-NCT03798028"] == "planned"
    assert "he2020" not in why  # it has no control without the cells
    assert found.patients_used == 76
    assert found.patients_suspected == sum(s.patients for s in found.studies if s.suspected) == 69
    assert found.share_suspected == pytest.approx(100 * 69 / (76 + found.patients_missing))


def test_one_study_speaks_for_a_cohort(layout):
    found = {m.analysis_id: m for m in read_appraisal(layout.appraisal).missing}["sae_share"]
    why = {s.study_id: s.status for s in found.studies}
    assert (why["yang2018"], why["yang2017cjcb"], why["he2020"]) == ("used", "same_patients", "same_patients")
    assert (why["wang2013"], why["wang2019"]) == ("not_read", "same_patients")


def test_tables_hold_a_row_an_analysis_a_domain_and_a_claim(layout, claims):
    found = read_appraisal(layout.appraisal)
    assert len(rows(layout, "summary_of_findings")) == len(found.findings)
    graded = [c for c in found.certainty if c.domains]
    assert len(rows(layout, "certainty")) == 5 * len(graded) + len(found.certainty) - len(graded)
    assert {r["claim_id"] for r in rows(layout, "claims")} == set(claims)
    assert {r["verdict_words"] for r in rows(layout, "claims")} <= set(VERDICTS.values())


def test_absolute_effects_name_the_source_of_their_risk(layout):
    row = next(r for r in rows(layout, "summary_of_findings") if r["analysis_id"] == "acr20_rr_three_months")
    assert float(row["assumed"]) == 125
    assert row["assumed_source"] == "median of the 2 control groups (0 of 7, 2 of 8)"
    assert float(row["treated"]) == pytest.approx(125 * float(row["effect"]))


def test_not_assessed_risk_of_bias_is_said_and_counts(layout):
    for row in rows(layout, "certainty"):
        if row["domain"] == "risk_of_bias":
            assert (row["judgement"], row["assessed"]) == ("serious", "false")
            assert "not assessed" in row["reason"]


def test_a_second_run_writes_the_same_bytes(layout):
    files = [layout.appraisal, *sorted(layout.tables.glob("*.csv"))]
    before = [path.read_bytes() for path in files]
    appraise.run(layout)
    assert [path.read_bytes() for path in files] == before
    assert str(layout.root) not in layout.appraisal.read_text(encoding="utf-8")
    assert Interval(**json.loads(before[0])["findings"][1]["effect"]).estimate == pytest.approx(
        2.069, abs=5e-4
    )


def test_the_report_is_made_with_the_appraisal(layout):
    assert report.load(layout, figures=False).appraisal == read_appraisal(layout.appraisal)
