"""A made-up appraisal of the made-up review of :mod:`report_builder`; the numbers are for the layout alone."""

from __future__ import annotations

from dataclasses import replace

import report_builder as rb

from rheumeta.appraised import (
    AbsoluteEffect,
    Appraisal,
    Certainty,
    Citation,
    ClaimAppraisal,
    ClaimEvidence,
    DomainJudgement,
    EvidenceBase,
    Finding,
    MissingResults,
    MissingStudy,
    Trial,
)
from rheumeta.records import Interval

EFFECT = AbsoluteEffect(
    125, "median of the 2 control groups", Interval(259, 79, 847), Interval(134, -46, 722)
)
DOMAINS = (
    DomainJudgement("risk_of_bias", "serious", -1, "Nobody judged it", assessed=False),
    DomainJudgement(
        "imprecision", "not_serious", 0, "It is <precise>", suggested="serious", suggested_reason="few patients",
        name="A. Person",
    ),
)  # fmt: skip


def row(analysis, **changes):
    base = Finding(
        analysis_id=analysis.id, comparison=analysis.comparison, comparison_label=analysis.comparison_label,
        comparison_kind=analysis.comparison_kind, outcome=analysis.outcome, outcome_label=analysis.outcome_label,
        window_label=analysis.window_label, primary=True, status=analysis.status, k=analysis.k,
        n_patients=analysis.n_patients, measure=analysis.measure, measure_label=analysis.measure_label,
        effect=Interval(1.94, 0.41, 9.14), absolute=EFFECT, absolute_reason=None, certainty="very_low", sentence="s",
    )  # fmt: skip
    return replace(base, **changes)


def lost(*studies, **changes):
    base = MissingResults("acr20_three_months", "msc_v_control", "Cells against control", "acr20", "ACR20",
                          "about 3 months", True, studies, 74, 36, 36, 0, 100 * 36 / 110, 100 * 36 / 110)  # fmt: skip
    return replace(base, **changes)


USED = MissingStudy("alvaro2017", "A", "used", "in the synthesis", False, 53, "analysis")
HIDDEN = MissingStudy("furestem", "F", "ended_early", "the trial ended early", True, 36, "arms")
PLANNED = MissingStudy("trial1", "T", "planned", "planned", False, 250, "n_randomised")
TRIALS = (
    Trial("alvaro2017", "A", "with_results", 53, "arms"),
    Trial("furestem", "F", "without_results", 36, "arms"),
    Trial("trial1", "T", "planned", 250, "n_randomised"),
)


def appraisal():
    analyses = rb.synthesis().analyses
    claim = ClaimAppraisal(
        "c1", "a clinic", "it <b>helps</b>", "not_what_cited", "F: route",
        (ClaimEvidence("acr20", "ACR20", "open", "controlled_estimate", "It includes no difference.",
                       analyses[0].id, measure_label="Risk ratio", effect=Interval(1.94, 0.41, 9.14), k=2,
                       n_patients=74, studies=("A", "B"), certainty="very_low"),),
        (Citation("furestem", "F", ("route: wrong",), ("dose not stated",)),),
    )  # fmt: skip
    return Appraisal(
        review="demo",
        certainty=tuple(Certainty(a.id, "very_low", "high", "randomised studies", DOMAINS) for a in analyses),
        findings=tuple(row(a) for a in analyses),
        missing=(lost(USED, HIDDEN, PLANNED),),
        claims=(claim,),
        base=EvidenceBase(7, 305, 2, 101, 5, 204, 2, 304, trials=TRIALS),
    )
