"""Pooled records, evidence that cannot be pooled, and the account of every row."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_builder import arm, evidence, result, study
from pipeline import BUNDLED, PROJECT, copy_project, run_to_synthesis

from rheumeta.layout import Layout
from rheumeta.pages.numbers import uncapital
from rheumeta.records import DirectionRow, StudyEffect, Synthesis, read_synthesis
from rheumeta.stats.effects import effect_size
from rheumeta.steps.synthesis import moderation, unpooled
from rheumeta.steps.synthesis.estimates import Model, estimate, study_interval
from rheumeta.stored import from_dict, to_json
from rheumeta.tables.protocol import ForestLayout, load_protocol

MODEL = Model("PLO", "inverse_variance", "REML", "cochrane", 95, 5)


def effect(name: str, events: float, n: float) -> StudyEffect:
    sizes = effect_size("PLO", xi=[events], ni=[n])
    yi, vi = float(sizes.yi[0]), float(sizes.vi[0])
    interval = study_interval("PLO", yi, vi, events=events, n=n, level=95)
    return StudyEffect(
        name, name, name, "arm", None, 13.0, "3 months", yi, vi, interval, n1=n, events1=events
    )


def test_nothing_and_one_study_are_answers_not_errors() -> None:
    assert estimate([], MODEL).status == "no_data"
    assert estimate([effect("a", 3, 10)], MODEL).status == "single_study"


def test_two_studies_are_pooled_with_a_warning_and_without_prediction() -> None:
    found = estimate([effect("a", 3, 10), effect("b", 5, 12)], MODEL)
    assert found.status == "pooled"
    assert "Two studies" in found.warnings[0]
    assert found.random is not None
    assert (found.random.test, found.random.prediction, found.random.pval) == ("z", None, None)
    assert found.random.prediction_reason == "2 studies; a prediction interval needs 5"
    assert sum(found.weights_random) == pytest.approx(100)


def test_no_events_anywhere_is_counted_not_pooled() -> None:
    found = estimate([effect("a", 0, 52), effect("b", 0, 15), effect("c", 0, 6)], MODEL)
    assert found.status == "not_pooled"
    # 1 - 0.025**(1/73) = 0.0493
    assert "3 studies that count patients: 0 of 73, 95% interval 0% to 4.93%. Not pooled" in str(found.reason)


def test_a_proportion_is_shown_with_its_exact_interval() -> None:
    # Clopper and Pearson for 0/15: upper limit 1 - 0.025**(1/15)
    interval = effect("a", 0, 15).effect
    assert interval.lower == 0.0
    assert interval.upper == pytest.approx(100 * (1 - 0.025 ** (1 / 15)), rel=1e-10)


@pytest.mark.parametrize(
    ("direction", "better", "expected"),
    [
        ("decrease", "lower", "favourable"), ("decrease", "higher", "unfavourable"),
        ("increase", "higher", "favourable"), ("better", "lower", "favourable"), ("worse", "higher", "unfavourable"),
        ("no_change", "lower", "no_change"), ("not_stated", "lower", "unclear"), (None, "lower", "unclear"),
    ],
)  # fmt: skip
def test_a_direction_is_read_by_what_is_good_for_the_patient(
    direction: str, better: str, expected: str
) -> None:
    assert unpooled.way(result("r", "s", "a", direction=direction), better) == expected


def direction(result_id: str, study_id: str, way: str, **changes: object) -> DirectionRow:
    values = {"n": 10.0, "weeks": 13.0, "basis": "words", "p_sign": None, "p": None, **changes}
    return DirectionRow(
        result_id=result_id, study_id=study_id, label=study_id, comparison_kind="before_after", domain="d",
        outcome="o", outcome_label="O", time_label="t", direction=way, **values,
    )  # fmt: skip


def test_each_cohort_votes_once_and_an_estimate_goes_before_words() -> None:
    found = evidence([study("a"), study("b", 1, cohort_of="a"), study("c", 2)], [])
    rows = [
        direction("r1", "a", "unfavourable", n=100.0),
        direction("r2", "b", "favourable", basis="estimate"),
        direction("r3", "c", "favourable"),
        direction("r4", "c", "unclear", n=500.0),
    ]
    marked = unpooled.count_once(rows, found)
    assert [r.result_id for r in marked if r.counted] == ["r2", "r3"]
    (summary,) = unpooled.summarise(marked, 95)
    assert (summary.favourable, summary.unfavourable, summary.pval) == (2, 0, 0.5)


def test_a_subgroup_is_shown_but_has_no_vote() -> None:
    found = evidence([study("a")], [arm("a", "few", "msc", kind="subgroup", part_of="all")])
    row = direction("r1", "a", "favourable", counted=False, note=unpooled.SUBGROUP_NOTE)
    (marked,) = unpooled.count_once([row], found)
    assert not marked.counted
    assert unpooled.summarise([marked], 95)[0].favourable == 0


def test_p_values_are_combined_only_where_exact_and_directed() -> None:
    rows = [
        direction("r1", "a", "favourable", p=0.04, p_sign="="),
        direction("r2", "b", "unfavourable", p=0.5, p_sign="="),
        direction("r3", "c", "favourable", p=0.05, p_sign="<"),
    ]
    fisher, stouffer, edgington = unpooled.combine(rows)
    # one-sided 0.02 and 0.75; Edgington: (0.02 + 0.75)^2 / 2
    assert edgington.pval == pytest.approx(0.77**2 / 2)
    # Fisher with two p values: chi-squared with 4 df has the tail q·(1 - ln q), q = p1·p2
    assert fisher.pval == pytest.approx(0.015 * (1 - math.log(0.015)))
    assert stouffer.k == 2
    (alone, *_) = unpooled.combine(rows[2:])
    assert alone.pval is None
    assert "1 reported only as an inequality" in str(alone.reason)


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Layout]:
    root = copy_project(tmp_path_factory.mktemp("project"))
    return {review: run_to_synthesis(root, review) for review in BUNDLED}


@pytest.mark.parametrize("review", BUNDLED)
def test_every_reported_row_is_accounted_for(review: str, bundled: dict[str, Layout]) -> None:
    layout = bundled[review]
    with layout.accounting.open(encoding="utf-8", newline="") as handle:
        account = list(csv.DictReader(handle))
    with (layout.raw / "results.csv").open(encoding="utf-8", newline="") as handle:
        assert [r["result_id"] for r in account] == [r["result_id"] for r in csv.DictReader(handle)]
    assert all(bool(r["used_in"]) != bool(r["not_used_reason"]) for r in account)


@pytest.mark.parametrize("review", BUNDLED)
def test_a_synthesis_survives_being_written_and_read(review: str, bundled: dict[str, Layout]) -> None:
    synthesis = read_synthesis(bundled[review].synthesis)
    assert from_dict(Synthesis, json.loads(to_json(synthesis))) == synthesis
    assert len(synthesis.analyses) == len(load_protocol(bundled[review].protocol).analyses)


def test_the_traps_of_the_evidence_do_not_spring(bundled: dict[str, Layout]) -> None:
    synthesis = read_synthesis(bundled["msc_ra"].synthesis)
    roots = {"yang2017cjcb": "yang2018", "he2020": "yang2018", "ghoryani2019": "ghoryani2020"}
    for analysis in synthesis.analyses:
        cohorts = [roots.get(s.study_id, s.study_id) for s in analysis.studies]
        assert len(cohorts) == len(set(cohorts)), analysis.id
        if analysis.comparison.startswith("msc_v_control"):
            assert not {"he2020", "qi2020"} & {s.study_id for s in analysis.studies}
        for s in analysis.studies:
            if s.study_id == "alvaro-gracia2017" and s.control is not None:
                assert s.n2 == 7
            if s.study_id == "mesoblast-MPC300IV":
                assert {"unpublished", "n_implied"} <= set(s.flags)


def test_events_that_are_not_patients_are_not_passed_over(bundled: dict[str, Layout]) -> None:
    synthesis = read_synthesis(bundled["msc_ra"].synthesis)
    share = next(a for a in synthesis.analyses if a.id == "sae_share")
    assert "0 of 77" in str(share.status_reason)
    assert "Alvaro-Gracia 2017 reports 3 events in 46 patients" in str(share.status_reason)


def test_controlled_studies_without_a_number_are_named(bundled: dict[str, Layout]) -> None:
    silent = read_synthesis(bundled["msc_ra"].synthesis).controlled_silent
    assert {"Yang 2018", "Shadmanfar 2018", "FURESTEM-RA 2a", "Wang 2013"} <= set(silent)
    assert not {"He 2020", "Qi 2020", "Alvaro-Gracia 2017"} & set(silent)


def test_a_correction_never_turns_a_direction() -> None:
    # 1/46 against 0/7: more in the treated group, though the corrected ratio is 0.51
    sizes = effect_size("RR", ai=1, n1i=46, ci=0, n2i=7)
    study = StudyEffect(
        "e", "s", "s", "a", "c", 24.0, "24 weeks", float(sizes.yi[0]), float(sizes.vi[0]),
        study_interval("RR", float(sizes.yi[0]), float(sizes.vi[0]), events=1, n=46, level=95),
        n1=46, n2=7, events1=1, events2=0, flags=("zero_cell",),
    )  # fmt: skip
    assert study.yi < 0 < unpooled.difference(study)


def test_left_is_the_better_side(bundled: dict[str, Layout]) -> None:
    for review in BUNDLED:
        for analysis in read_synthesis(bundled[review].synthesis).analyses:
            if analysis.null is not None:
                assert analysis.reversed_axis == (analysis.better == "higher")
                better = "better with " + uncapital(analysis.experimental_name)
                assert analysis.left_label in (better, "improved")


def test_two_runs_write_the_same_bytes(bundled: dict[str, Layout], tmp_path: Path) -> None:
    first = bundled["second_anti_tnf"]
    second = run_to_synthesis(copy_project(tmp_path / "another folder"), "second_anti_tnf")
    for folder in ("processed", "results"):
        one, two = getattr(first, folder), getattr(second, folder)
        files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
        assert files == sorted(p.relative_to(two) for p in two.rglob("*") if p.is_file())
        assert all((one / f).read_bytes() == (two / f).read_bytes() for f in files)


@pytest.mark.parametrize("choice", ["forest_left: smaller", "forest_layout: bmj"])
def test_a_protocol_can_keep_smaller_values_left(tmp_path: Path, choice: str) -> None:
    root = copy_project(tmp_path)
    protocol = root / "config" / "reviews" / "biologics_acr50.yaml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace("defaults:\n", f"defaults:\n  {choice}\n", 1), encoding="utf-8")
    analysis = read_synthesis(run_to_synthesis(root, "biologics_acr50").synthesis).analyses[0]
    assert not analysis.reversed_axis
    assert (analysis.left_label, analysis.right_label) == ("better with placebo", "better with biologic")


@pytest.mark.parametrize("layout", ["standard", "compact", "revman", "bmj", "jama"])
def test_what_lies_left_is_chosen_or_as_the_layout_prints_it(layout: ForestLayout) -> None:
    protocol = load_protocol(PROJECT / "config" / "reviews" / "biologics_acr50.yaml")
    plan = next(iter(protocol.analyses.values())).model_copy(update={"forest_layout": layout})

    def better_left(choice: str | None) -> bool:
        defaults = protocol.defaults.model_copy(update={"forest_left": choice})
        return protocol.model_copy(update={"defaults": defaults}).better_left(plan)

    assert better_left(None) == (layout in ("standard", "compact"))
    assert better_left("better")
    assert not better_left("smaller")


def test_mantel_haenszel_goes_on_without_a_study_that_reports_only_its_ratio() -> None:
    def table(name: str, cells: tuple[float, float, float, float] | None) -> StudyEffect:
        sizes = effect_size(
            "RR", **dict(zip(("ai", "n1i", "ci", "n2i"), cells or (15, 30, 10, 30), strict=True))
        )
        yi, vi = float(sizes.yi[0]), float(sizes.vi[0])
        values = dict(zip(("events1", "n1", "events2", "n2"), cells, strict=True)) if cells else {}
        shown = study_interval("RR", yi, vi, events=None, n=None, level=95)
        return StudyEffect(name, name, name, "a", "c", 13.0, "t", yi, vi, shown, **values)

    model = Model("RR", "mantel_haenszel", "REML", "cochrane", 95, 5)
    studies = [table("a", (10, 20, 5, 20)), table("b", (12, 25, 6, 24)), table("c", None)]
    found, alone = estimate(studies, model), estimate(studies[:2], model)
    assert found.common is not None
    assert alone.common is not None
    assert found.common.estimate == alone.common.estimate
    assert found.weights_common[2] == 0
    assert "1 without counts of both groups" in found.common.notes[-1]


def test_events_in_every_patient_are_counted_not_pooled() -> None:
    found = estimate([effect("a", 10, 10), effect("b", 20, 20)], MODEL)
    assert found.status == "not_pooled"
    # Clopper and Pearson for 30 of 30: lower limit 0.025**(1/30) = 0.884
    assert "every patient had the event in the 2 studies that count patients: 30 of 30" in str(found.reason)
    assert "88.4% to 100%" in str(found.reason)


def test_several_values_of_a_moderator_are_left_out_of_a_regression() -> None:
    protocol = load_protocol(PROJECT / "config/reviews/biologics_acr50.yaml")
    plan = protocol.analyses["acr50_rr"]
    studies = [
        replace(effect(str(i), 3 + i, 20), moderators={"disease_duration": d, "drug": "x"})
        for i, d in enumerate(["1", "2", "4", "several"])
    ]
    (line,) = moderation.regressions(plan, studies, replace(MODEL, test="z"), protocol)
    assert line.k == 3
    assert "1 studies without one value" in line.notes[0]
