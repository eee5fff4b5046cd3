"""Each check asks where it should and is silent where it should be; numbers made for the purpose."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from evidence_builder import arm, result, study

from rheumeta.questions import GRADES, GROUPS
from rheumeta.records import FLAGS
from rheumeta.steps.evidence.model import Evidence
from rheumeta.steps.inspection.checks import CHECKS, DOCUMENT, documented
from rheumeta.steps.inspection.material import Material
from rheumeta.steps.inspection.model import Question, question_id
from rheumeta.tables.findings import ACCEPTABLE
from rheumeta.tables.instruments import instruments
from rheumeta.tables.sheets import ARMS, STUDIES

BY_ID = {check.id: check for check in CHECKS}
ARM_SET = [
    arm("trial", "all", "mixed", kind="pooled"),
    arm("trial", "cells", "msc", part_of="all"),
    arm("trial", "none", "placebo", part_of="all"),
    arm("trial", "young", "msc", kind="subgroup", part_of="cells"),
]


def sheet_row(sheet, **cells):
    return {column.name: "" for column in sheet.columns} | cells


def made(*rows, studies=None, arms=(), accepted=(), effects=(), derivations=(), outcomes=None):
    """Return material of one study with four groups, and of whatever other studies the rows name."""
    names = dict.fromkeys(["trial", *(r.study_id for r in rows), *(s["study_id"] for s in studies or ())])
    sheet = studies or [sheet_row(STUDIES, study_id=n, label=n, status="published") for n in names]
    cohorts = {s["study_id"]: s["cohort_of"] or None for s in sheet}
    known = {n: study(n, i, cohort_of=cohorts.get(n)) for i, n in enumerate(names)}
    groups = {(a.study_id, a.arm_id): a for a in ARM_SET}
    groups |= {(n, "cells"): arm(n, "cells", "msc") for n in names if n != "trial"}
    evidence = Evidence(known, groups, tuple(rows))
    protocol = SimpleNamespace(outcomes=outcomes or {})
    return Material(protocol, instruments(), evidence, sheet, list(arms), accepted, effects, derivations)


def looks(check, material):
    return list(BY_ID[check].look(material))


def asked(check, material):
    return [item for item in looks(check, material) if item is not None]


def row(number, arm_id="cells", outcome="ACR20", **fields):
    return result(f"r{number:03d}", fields.pop("study", "trial"), arm_id, outcome, **fields)


def change(number, arm_id="cells", outcome="DAS28", **fields):
    return row(number, arm_id, outcome, timing="change", **fields)


PAIRS = {
    "percent_whole": ([row(1, percent="19", n=46)], [row(1, percent="20", n=46)]),
    "events_percent": ([row(1, percent="25", events="6", n=20)], [row(1, percent="25", events="5", n=20)]),
    "mean_whole": (
        [row(1, outcome="SJC66", timing="final", mean="5.19", n=28)],
        [row(1, outcome="SJC66", timing="final", mean="5.18", n=28)],
    ),
    "sd_whole": (
        [row(1, outcome="SJC66", timing="final", mean="3.44", sd="2.47", n=18)],
        [row(1, outcome="SJC66", timing="final", mean="3.44", sd="2.48", n=18)],
    ),
    "sd_of_percentage": (
        [row(1, percent="23.3", sd="42.3", n=30)],
        [row(1, percent="23.3", sd="8.1", n=30)],
    ),
    "ci_centred": (
        [change(1, mean="-1.1", ci_low="-1.6", ci_high="-0.9", n=30)],
        [change(1, mean="-1.1", ci_low="-1.4", ci_high="-0.8", n=30)],
    ),
    "spread_and_interval": (
        [change(1, mean="-1.1", sd="0.80", ci_low="-1.7", ci_high="-0.5", n=30)],
        [change(1, mean="-1.1", sd="0.80", ci_low="-1.4", ci_high="-0.8", n=30)],
    ),
    "sd_and_se": (
        [change(1, mean="-1.1", sd="0.80", se="0.25", n=30)],
        [change(1, mean="-1.1", sd="0.80", se="0.15", n=30)],
    ),
    "statistic_of_estimate": (
        [change(1, effect="-1.0", effect_type="MD", se="0.50", t="-3.0")],
        [change(1, effect="-1.0", effect_type="MD", se="0.50", t="-2.0")],
    ),
    "test_p": (
        [change(1, t="2.20", df="28", p="0.01", p_sign="=")],
        [change(1, t="2.20", df="28", p="0.04", p_sign="=")],
    ),
    "estimate_p": (
        [change(1, effect="0.50", effect_type="RR", ci_low="0.30", ci_high="0.83", p="0.20", p_sign="=")],
        [change(1, effect="0.50", effect_type="RR", ci_low="0.30", ci_high="0.83", p="0.01", p_sign="=")],
    ),
    "change_p": (
        [change(1, mean="-1.60", sd="1.57", n=9, p="0.20", p_sign="=")],
        [change(1, mean="-1.60", sd="1.57", n=9, p="0.02", p_sign="=")],
    ),
    "groups_p": (
        [row(1, events="10", n=20), row(2, "none", events="9", n=20),
         row(3, comparator_id="none", p="0.01", p_sign="<", contrast="between")],
        [row(1, events="15", n=20), row(2, "none", events="3", n=20),
         row(3, comparator_id="none", p="0.01", p_sign="<", contrast="between")],
    ),
    "total_events": (
        [row(1, "all", events="9", n=40), row(2, events="5", n=20), row(3, "none", events="3", n=20)],
        [row(1, "all", events="8", n=40), row(2, events="5", n=20), row(3, "none", events="3", n=20)],
    ),
    "total_mean": (
        [change(1, "all", mean="-0.90", n=40), change(2, mean="-1.20", n=20), change(3, "none", mean="-0.20", n=20)],
        [change(1, "all", mean="-0.70", n=40), change(2, mean="-1.20", n=20), change(3, "none", mean="-0.20", n=20)],
    ),
    "total_sd": (
        [change(1, "all", mean="-0.70", sd="0.50", n=40), change(2, mean="-1.20", sd="1.00", n=20),
         change(3, "none", mean="-0.20", sd="1.00", n=20)],
        [change(1, "all", mean="-0.70", sd="1.11", n=40), change(2, mean="-1.20", sd="1.00", n=20),
         change(3, "none", mean="-0.20", sd="1.00", n=20)],
    ),
    "subgroup_within": (
        [row(1, "young", events="6", n=8), row(2, events="5", n=20)],
        [row(1, "young", events="4", n=8), row(2, events="5", n=20)],
    ),
    "nested_criteria": (
        [row(1, outcome="ACR50", events="7", n=20), row(2, outcome="ACR20", events="5", n=20)],
        [row(1, outcome="ACR50", events="4", n=20), row(2, outcome="ACR20", events="5", n=20)],
    ),
    "large_difference": (
        [change(1, mean="-2.5", sd="0.6", n=30), change(2, "none", mean="-1.0", sd="0.6", n=30)],
        [change(1, mean="-1.5", sd="1.2", n=30), change(2, "none", mean="-1.0", sd="1.2", n=30)],
    ),
    "se_between_arms": (
        [change(1, mean="-1.5", sd="0.22", n=30), change(2, "none", mean="-1.0", sd="1.2", n=30)],
        [change(1, mean="-1.5", sd="1.3", n=30), change(2, "none", mean="-1.0", sd="1.2", n=30)],
    ),
    "se_for_sd": ([change(1, mean="-1.5", sd="0.22", n=30)], [change(1, mean="-1.5", sd="1.3", n=30)]),
    "sd_in_range": (
        [row(1, outcome="HAQ-DI", timing="final", mean="0.20", sd="1.20", n=20)],
        [row(1, outcome="HAQ-DI", timing="final", mean="1.20", sd="0.70", n=20)],
    ),
    "change_in_range": (
        [row(1, outcome="HAQ-DI", timing="baseline", weeks=0.0, mean="0.80", n=20),
         change(2, outcome="HAQ-DI", mean="-0.95", n=20)],
        [row(1, outcome="HAQ-DI", timing="baseline", weeks=0.0, mean="1.80", n=20),
         change(2, outcome="HAQ-DI", mean="-0.95", n=20)],
    ),
    "change_of_means": (
        [row(1, outcome="DAS28", timing="baseline", weeks=0.0, mean="5.8", n=20),
         row(2, outcome="DAS28", timing="final", mean="4.6", n=20), change(3, mean="-2.1", n=20)],
        [row(1, outcome="DAS28", timing="baseline", weeks=0.0, mean="5.8", n=20),
         row(2, outcome="DAS28", timing="final", mean="4.6", n=20), change(3, mean="-1.2", n=20)],
    ),
    "change_sd": (
        [row(1, outcome="DAS28", timing="baseline", weeks=0.0, mean="5.8", sd="1.0", n=20),
         row(2, outcome="DAS28", timing="final", mean="4.6", sd="1.2", n=20), change(3, mean="-1.2", sd="2.6", n=20)],
        [row(1, outcome="DAS28", timing="baseline", weeks=0.0, mean="5.8", sd="1.0", n=20),
         row(2, outcome="DAS28", timing="final", mean="4.6", sd="1.2", n=20), change(3, mean="-1.2", sd="1.1", n=20)],
    ),
    "equal_percentages": (
        [row(i, outcome=o, weeks=w, percent=p, n=30) for i, (o, w, p) in enumerate(
            (o, w, p) for o in ("ACR20", "EULAR-response") for w, p in ((4, "23.3"), (13, "53.3"), (52, "50.0")))],
        [row(i, outcome=o, weeks=w, percent=p, n=30) for i, (o, w, p) in enumerate(
            [("ACR20", 4, "23.3"), ("ACR20", 13, "53.3"), ("ACR20", 52, "50.0"),
             ("EULAR-response", 4, "23.3"), ("EULAR-response", 13, "56.7"), ("EULAR-response", 52, "50.0")])],
    ),
    "identical_numbers": (
        [change(1, mean="-1.237", sd="1.184", n=30), change(2, study="other", mean="-1.237", sd="1.184", n=41)],
        [change(1, mean="-1.237", sd="1.184", n=30), change(2, study="other", mean="-1.237", sd="1.185", n=41)],
    ),
}  # fmt: skip
"""Rows that a check must ask about, and rows about which it must have nothing to ask."""


@pytest.mark.parametrize("check", PAIRS)
def test_a_check_asks_where_it_should(check):
    odd, fine = (made(*rows) for rows in PAIRS[check])
    found = asked(check, odd)
    assert len(found) == 1
    assert found[0].expected.endswith(".")
    assert found[0].reported
    assert set(found[0].rows) <= {r.result_id for r in odd.evidence.results}
    assert looks(check, fine), "it must have looked"
    assert asked(check, fine) == []


STUDY_PAIRS = {
    "ended_early": ({"ended_early": "yes"}, {"ended_early": "no"}),
    "unpublished": ({"status": "press_only"}, {"status": "published"}),
    "shared_cohort": ({"cohort_of": "other", "cohort_basis": "stated"}, {"cohort_of": ""}),
    "industry": ({"industry": "yes"}, {"industry": "no"}),
    "retraction": ({"retraction": "retracted"}, {"retraction": "looked_up_none"}),
    "phase": (
        {"phase_registered": "phase2_3", "phase_reported": "phase1_2"},
        {"phase_registered": "phase2", "phase_reported": "phase2"},
    ),
    "same_registration": ({"registry": "NCT01873625"}, {"registry": "NCT01547091"}),
    "same_centre": ({"centre": "Royan"}, {"centre": "Shiraz"}),
}


@pytest.mark.parametrize("check", STUDY_PAIRS)
def test_a_study_is_asked_about_its_conduct(check):
    other = sheet_row(
        STUDIES, study_id="other", label="Other", status="published", registry="NCT01873625", centre="A;Royan"
    )
    for cells, expected in zip(STUDY_PAIRS[check], (1, 0), strict=True):
        own = sheet_row(STUDIES, **({"study_id": "trial", "label": "Trial", "status": "published"} | cells))
        found = [q for q in asked(check, made(studies=[own, other])) if q.study_id == "trial"]
        assert len(found) == expected


def arm_row(arm_id, kind, n):
    return sheet_row(ARMS, study_id="trial", arm_id=arm_id, kind=kind, n_allocated=n)


@pytest.mark.parametrize(("planned", "expected"), [("60", 1), ("30", 0), ("33", 0), ("20", 1), ("", 0)])
def test_patients_are_compared_with_the_registry(planned, expected):
    own = sheet_row(STUDIES, study_id="trial", label="Trial", status="published", n_registered=planned)
    arms = [arm_row("cells", "arm", "15"), arm_row("none", "arm", "15"), arm_row("all", "pooled", "30")]
    assert len(asked("registered_size", made(studies=[own], arms=arms))) == expected


def test_a_registered_outcome_without_a_number_is_asked_for():
    own = sheet_row(
        STUDIES, study_id="trial", label="Trial", status="published", registered_outcomes="acr20;das28"
    )
    outcomes = {n: SimpleNamespace(label=n, codes=(c,)) for n, c in (("acr20", "ACR20"), ("das28", "DAS28"))}
    found = asked("registered_outcomes", made(row(1, events="5", n=20), studies=[own], outcomes=outcomes))
    assert [q.about for q in found] == ["das28"]


@pytest.mark.parametrize(("total", "expected"), [("30", 0), ("31", 1)])
def test_arms_of_the_sheet_add_up(total, expected):
    arms = [arm_row("cells", "arm", "15"), arm_row("none", "arm", "15"), arm_row("all", "pooled", total),
            arm_row("young", "subgroup", "")]  # fmt: skip
    assert len(asked("arms_add_up", made(arms=arms))) == expected


def baseline(values):
    return [
        row(10 * i + j, a, o, timing="baseline", weeks=0.0, mean=m, sd=sd, n=40)
        for i, (o, sd) in enumerate(
            [("DAS28", "1.02"), ("HAQ-DI", "0.61"), ("VAS-pain", "20.11"), ("ESR", "21.53")]
        )
        for j, (a, m) in enumerate(zip(("cells", "none"), values[o], strict=True))
    ]


def test_a_baseline_table_that_chance_hardly_makes_is_asked_about():
    far = {"DAS28": ("6.1", "5.2"), "HAQ-DI": ("1.9", "1.4"), "VAS-pain": ("70", "55"), "ESR": ("52", "33")}
    near = {"DAS28": ("5.9", "5.7"), "HAQ-DI": ("1.6", "1.7"), "VAS-pain": ("63", "58"), "ESR": ("42", "47")}
    assert len(asked("baseline_balance", made(*baseline(far)))) == 1
    assert looks("baseline_balance", made(*baseline(near))) == [None]


AT_START = {"timing": "baseline", "weeks": 0.0}


@pytest.mark.parametrize(
    "numbers",
    [{"events": "0", "n": 20}, {"events": "20", "n": 20}, {"mean": "5", "sd": "0", "n": 20},
     {"mean": "5", "sd": "1", "n": 1}],
)  # fmt: skip
def test_a_baseline_variable_that_says_nothing_is_left_out(numbers):
    rows = [row(i, a, "DAS28", **AT_START, **numbers) for i, a in enumerate(("cells", "none"))]
    assert looks("baseline_balance", made(*rows)) == []


def test_an_interval_by_the_t_distribution_is_no_question():
    of_mean = {"mean": "-1.60", "se": "0.50", "n": 10, "p": "0.011", "p_sign": "="}
    of_difference = {"effect": "-1.60", "effect_type": "MD", "comparator_id": "none", "se": "0.50",
                     "p": "0.0051", "p_sign": "="}  # fmt: skip
    one = change(1, ci_low="-2.73", ci_high="-0.47", **of_mean)
    two = change(2, ci_low="-2.65", ci_high="-0.55", **of_difference)
    arms = [change(i, a, mean="0", n=10) for i, a in ((3, "cells"), (4, "none"))]
    for check in ("spread_and_interval", "estimate_p"):
        assert looks(check, made(one)) == [None]
        assert looks(check, made(two, *arms)) == [None]
    assert [q.grade for q in asked("spread_and_interval", made(two))] == ["moderate"], "sizes are not known"


def test_an_effect_on_an_unknown_scale_has_no_middle():
    odd = change(1, effect="2.0", effect_type="unspecified", ci_low="1.0", ci_high="4.0")
    assert looks("ci_centred", made(odd)) == []


def test_a_whole_is_compared_only_with_all_of_its_patients():
    parts = row(2, events="5", n=20), row(3, "none", events="3", n=20)
    assert looks("total_events", made(row(1, "all", events="9", n=60), *parts)) == []
    means = change(2, mean="1.0", n=20), change(3, "none", mean="2.0", n=20)
    assert looks("total_mean", made(change(1, "all", mean="1.9", n=60), *means)) == []


def test_rows_in_two_units_are_not_compared_as_printed():
    before, after = (row(i, outcome="VAS-pain", timing=t, weeks=w, mean=m, n=20)
                     for i, (t, w, m) in enumerate([("baseline", 0.0, "6.0"), ("final", 13.0, "4.0")]))  # fmt: skip
    moved = change(3, outcome="VAS-pain", mean="-20", n=20)
    tenfold = [replace(r, half_width={"mean": 0.5}) for r in (before, after)]
    assert len(looks("change_of_means", made(before, after, moved))) == 1
    assert looks("change_of_means", made(*tenfold, moved)) == []


def test_two_routes_to_a_number_are_asked_about_once():
    effects = [{"effect_id": f"a{i}:base:trial", "study_id": "trial", "outcome": "DAS28", "time_label": "3 months",
                "result_ids": "r001", "confirmed_by": ""} for i in (1, 2)]  # fmt: skip
    steps = [{"effect_id": "a1:base:trial", "quantity": "sd", "value": "1.2",
              "assumption": "another route gives 0.9: r002 (SE x sqrt(n))"}]  # fmt: skip
    found = asked("routes_disagree", made(effects=effects, derivations=steps))
    assert [q.rows for q in found] == [("r001",)]


def test_an_accepted_finding_is_a_question():
    odd = change(1, mean="-1.1", ci_low="-0.9", ci_high="-0.5", n=30)
    item = {"result_id": "r001", "code": "estimate_outside_ci", "column": "mean", "value": "-1.1",
            "message": "The confidence interval does not hold it.", "allowed": "-0.9 to -0.5"}  # fmt: skip
    found = asked("estimate_outside_ci", made(odd, accepted=[item]))
    assert [q.grade for q in found] == ["serious"]
    assert "Expected: -0.9 to -0.5." in found[0].expected
    assert asked("estimate_outside_ci", made(odd)) == []


def test_an_implied_number_of_patients_makes_no_question_serious():
    stated, implied = (made(row(1, percent="4.0", n=64, n_basis=b)) for b in ("reported", "implied"))
    assert [q.grade for m in (stated, implied) for q in asked("percent_whole", m)] == ["serious", "moderate"]


def test_a_difference_of_three_standard_deviations_is_serious():
    found = asked(
        "large_difference",
        made(change(1, mean="-3.5", sd="0.6", n=30), change(2, "none", mean="-1", sd="0.6", n=30)),
    )
    assert [q.grade for q in found] == ["serious"]


def test_a_standard_error_called_sd_is_told_by_its_p():
    found = asked(
        "change_p",
        made(
            change(1, mean="-1.2", sd="0.25", n=25, p="0.0001", p_sign="="),
        ),
    )
    assert len(found) == 1
    assert "standard error" in found[0].expected


def test_ids_are_the_same_whatever_else_is_asked():
    item = Question("trial", ("r001", "r002"), "", "", "", "serious")
    assert question_id("x", item) == "x.trial.r001.r002"
    counted = replace(item, reported="percent 19, n 46")
    assert question_id("x", counted) == f"x.trial.r001.r002.{hashlib.sha256(b'19;46').hexdigest()[:4]}"
    assert question_id("x", counted) == question_id("x", replace(counted, reported="19% of 46 patients"))
    fall, rise = (question_id("x", replace(item, reported=f"mean {sign}1.6, p < 0.05")) for sign in ("-", ""))
    assert fall != rise, "an answer to a fall is none to a rise"
    many = Question("trial", tuple(f"r{i:03d}" for i in range(1, 13)), "", "", "", "serious")
    assert question_id("x", many).startswith("x.trial.r001.r012.12-")
    assert question_id("x", many) == question_id("x", many)


def ids_of(check, material):
    return [question_id(check, item) for item in asked(check, material)]


def test_an_answer_to_something_else_closes_no_question():
    # A correction that somebody has explained is no retraction; an implied number is no printed one.
    def about(**cells):
        return made(
            studies=[
                sheet_row(STUDIES, **({"study_id": "trial", "label": "T", "status": "published"} | cells))
            ]
        )

    corrected, retracted = (about(retraction=word) for word in ("correction", "retracted"))
    assert ids_of("retraction", corrected) != ids_of("retraction", retracted)
    press, silent = (about(status=word) for word in ("press_only", "no_results"))
    assert ids_of("unpublished", press) != ids_of("unpublished", silent)
    printed, implied = (row(1, percent="19", n=46, n_basis=b) for b in ("reported", "implied"))
    counted = [row(2, percent="19", n=46, events="5", n_basis=b) for b in ("reported", "implied")]
    assert ids_of("percent_whole", made(printed)) != ids_of("percent_whole", made(implied))
    one, two = (ids_of("events_percent", made(r)) for r in counted)
    assert one != two


def test_every_check_is_explained():
    assert len(BY_ID) == len(CHECKS)
    for check in CHECKS:
        assert check.group in GROUPS
        for text in (check.title, check.explanation, check.unit, check.blind, check.ask, check.source):
            assert text
            assert text[: len(text) // 2] != text[len(text) // 2 :]
            assert "  " not in text
    covered = PAIRS.keys() | STUDY_PAIRS.keys() | {
        "registered_size", "registered_outcomes", "arms_add_up", "baseline_balance", "routes_disagree"}  # fmt: skip
    assert BY_ID.keys() - covered <= ACCEPTABLE.keys()
    assert "questioned" in FLAGS
    assert list(GRADES) == ["serious", "moderate", "remark"]


def test_the_documentation_holds_every_check():
    text = (Path(__file__).parents[2] / DOCUMENT).read_text(encoding="utf-8")
    assert documented(text) == text, "run: python -m rheumeta.steps.inspection.checks"


def test_what_cut_off_digits_would_explain_is_not_serious():
    assert [q.grade for q in asked("percent_whole", made(row(1, percent="4", n=64)))] == ["moderate"]
