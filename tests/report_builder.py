"""A small made-up review that has every case the report must show.

The numbers are invented for the layout alone; no test compares them with a calculation.
"""

from __future__ import annotations

from dataclasses import replace

from rheumeta.pages.inputs import ReportInput
from rheumeta.records import (
    AlbatrossPoint,
    Analysis,
    Benchmark,
    Coefficient,
    CombinedP,
    DirectionRow,
    DirectionSummary,
    Excluded,
    Interval,
    Pooled,
    Regression,
    Sensitivity,
    StudyEffect,
    Subgroup,
    SubgroupTest,
    Synthesis,
)


def pooled(estimate=0.66, se=0.79, display=(1.94, 0.41, 9.14), k=2, **changes):
    """A pooled result on the log scale unless told otherwise."""
    base = Pooled(
        model="random",
        method="REML",
        test="z",
        k=k,
        estimate=estimate,
        se=se,
        ci=Interval(estimate, estimate - 1.96 * se, estimate + 1.96 * se),
        display=Interval(*display),
        statistic=estimate / se,
        df=None,
        pval=0.40,
        tau2=Interval(0.12, 0.0, 8.4),
        i2=Interval(21.0, 0.0, 95.0),
        h2=Interval(1.27, 1.0, 20.0),
        q=1.31,
        q_df=k - 1,
        q_pval=0.25,
        prediction_reason="a prediction interval needs at least 5 studies",
    )
    return replace(base, **changes)


def study(study_id="alvaro2017", label="Álvaro-Gracia 2017", **changes):
    """One study of a controlled comparison with events."""
    base = StudyEffect(
        effect_id=f"acr20__{study_id}",
        study_id=study_id,
        label=label,
        experimental="all doses (1, 2 and 4 million cells/kg)",
        control="placebo",
        weeks=12,
        time_label="3 months",
        yi=0.58,
        vi=0.9,
        effect=Interval(1.79, 0.28, 11.5),
        n1=46,
        n2=7,
        events1=9,
        events2=1,
        weight_random=61.5,
        weight_common=66.0,
        flags=("arms_combined",),
        result_ids=("r001", "r002"),
    )
    return replace(base, **changes)


def controlled(**changes):
    """ACR20 against control: two small trials."""
    base = Analysis(
        id="acr20_three_months",
        title="ACR20 response at about 3 months",
        comparison="msc_v_control",
        comparison_label="Cells against control without cells",
        comparison_kind="controlled",
        caution=None,
        outcome="acr20",
        outcome_label="ACR20",
        outcome_lay="improvement of joints and symptoms by at least a fifth (ACR20)",
        better="higher",
        unit=None,
        mid=None,
        mid_source=None,
        window="three_months",
        window_label="about 3 months (10 to 18 weeks)",
        measure="RR",
        measure_label="Risk ratio",
        scale="log",
        null=1.0,
        left_label="more frequent with control",
        right_label="more frequent with cells",
        status="pooled",
        status_reason=None,
        k=2,
        n_patients=74,
        studies=(
            study(),
            study(
                "mesoblast",
                "MPC-300-IV <cohort 1>",
                n1=16,
                n2=5,
                events1=7,
                events2=1,
                effect=Interval(2.19, 0.35, 13.8),
                flags=("n_implied", "unpublished", "events_from_percent"),
                weight_random=38.5,
                weight_common=34.0,
                effect_id="acr20__mesoblast",
                result_ids=("r003", "r004"),
            ),
        ),
        random=pooled(),
        common=pooled(model="common", method="IV", display=(1.9, 0.5, 7.2), tau2=None, i2=None, h2=None),
        subgroups=(
            Subgroup(
                "cell_source", "Source of the cells", "adipose", "single_study", 1, ("acr20__alvaro2017",)
            ),
            Subgroup(
                "cell_source", "Source of the cells", "bone marrow", "single_study", 1, ("acr20__mesoblast",)
            ),
        ),
        subgroup_tests=(SubgroupTest("cell_source", "Source of the cells", 0.02, 1, 0.88),),
        sensitivity=(
            Sensitivity("dl", "DerSimonian-Laird", "pooled", 2, pooled(method="DL")),
            Sensitivity(
                "no_implied",
                "Without implied denominators",
                "single_study",
                1,
                None,
                single=Interval(1.79, 0.28, 11.5),
                note="one study left",
            ),
        ),
        excluded=(
            Excluded("furestem", "FURESTEM-RA", "says only that no difference was significant", ("r005",)),
        ),
        warnings=("Two studies: the variance between studies can hardly be estimated.",),
        primary=True,
    )
    return replace(base, **changes)


def before_after(**changes):
    """DAS28 change in five groups without a control group, with a regression and a benchmark."""
    studies = tuple(
        study(
            f"trial{i}",
            f"Trial of a rather long name {2010 + i}",
            effect_id=f"das28__trial{i}",
            experimental="cells",
            control=None,
            yi=-1.0 - 0.1 * i,
            vi=0.03,
            effect=Interval(-1.0 - 0.1 * i, -1.34 - 0.1 * i, -0.66 - 0.1 * i),
            n1=20 + 10 * i,
            n2=None,
            events1=None,
            events2=None,
            mean1=-1.0 - 0.1 * i,
            sd1=0.95,
            weight_random=20.0,
            weight_common=None,
            flags=("correlation_assumed",) if i % 2 else (),
            moderators={"dose": str(i)},
            result_ids=(f"r{10 + i:03d}",),
        )
        for i in range(1, 6)
    )
    return replace(
        controlled(),
        id="das28_change",
        title="Change of DAS28 at about 3 months",
        comparison="msc_before_after",
        comparison_label="Before and after cells",
        comparison_kind="before_after",
        caution="Uncontrolled: the change from before to after in treated patients, with no comparison group.",
        outcome="das28",
        outcome_label="DAS28",
        outcome_lay="disease activity (DAS28, a score from 0 to about 10)",
        better="lower",
        unit="points",
        mid=1.2,
        mid_source="van Gestel 1998",
        measure="MC",
        measure_label="Mean change",
        scale="linear",
        null=0.0,
        left_label="improvement",
        right_label="worsening",
        k=5,
        n_patients=250,
        studies=studies,
        random=pooled(
            -1.3,
            0.09,
            (-1.3, -1.48, -1.12),
            k=5,
            test="knha",
            df=4.0,
            prediction=Interval(None, -1.9, -0.7),
            prediction_display=Interval(None, -1.9, -0.7),
            prediction_reason=None,
        ),
        common=None,
        subgroups=(
            Subgroup(
                "route",
                "Route",
                "intravenous",
                "pooled",
                3,
                tuple(s.effect_id for s in studies[:3]),
                pooled(-1.2, 0.1, (-1.2, -1.4, -1.0), k=3),
            ),
            Subgroup(
                "route",
                "Route",
                "intra-articular",
                "pooled",
                2,
                tuple(s.effect_id for s in studies[3:]),
                pooled(-1.4, 0.1, (-1.4, -1.6, -1.2)),
            ),
        ),
        subgroup_tests=(SubgroupTest("route", "Route", 1.9, 1, 0.17),),
        regressions=(
            Regression(
                "dose",
                "Dose (million cells/kg)",
                5,
                "REML",
                "knha",
                (
                    Coefficient("intercept", -1.0, 0.2, Interval(-1.0, -1.6, -0.4), -5.0, 3.0, 0.015),
                    Coefficient("dose", -0.1, 0.06, Interval(-0.1, -0.29, 0.09), -1.67, 3.0, 0.19),
                ),
                0.01,
                12.0,
                40.0,
                2.8,
                1,
                0.19,
                tuple((s.effect_id, float(i), s.yi, s.vi) for i, s in enumerate(studies)),
            ),
        ),
        sensitivity=(
            Sensitivity("low_r", "Correlation 0.3", "pooled", 5, pooled(display=(-1.3, -1.6, -1.0))),
        ),
        excluded=(),
        benchmark=Benchmark(
            "second_anti_tnf",
            "das28_change",
            "Second anti-TNF, uncontrolled",
            Interval(-1.53, -1.8, -1.25),
            16,
        ),
        warnings=(),
        **changes,
    )


def empty(**changes):
    """An analysis without any study."""
    return replace(
        controlled(),
        id="acr50_one_year",
        title="ACR50 response at about a year",
        outcome="acr50",
        window="one_year",
        outcome_label="ACR50",
        outcome_lay="improvement by at least half (ACR50)",
        window_label="about a year",
        status="no_data",
        status_reason="no study reports it in this window",
        k=0,
        n_patients=None,
        studies=(),
        random=None,
        common=None,
        subgroups=(),
        subgroup_tests=(),
        sensitivity=(),
        warnings=(),
        **changes,
    )


def single(**changes):
    """An analysis with one study."""
    return replace(
        controlled(),
        id="sae_any_time",
        title="Serious adverse events",
        outcome="sae",
        window="any_time",
        outcome_label="Serious adverse events",
        outcome_lay="patients with a serious adverse event",
        window_label="whole follow-up",
        better="lower",
        status="single_study",
        k=1,
        n_patients=53,
        studies=(
            study(effect_id="sae__alvaro2017", events1=3, events2=0, effect=Interval(1.19, 0.07, 21.1)),
        ),
        random=None,
        common=None,
        subgroups=(),
        subgroup_tests=(),
        sensitivity=(),
        excluded=(),
        warnings=(),
        **changes,
    )


def proportion(**changes):
    """A pooled proportion of treated patients."""
    return replace(
        controlled(),
        id="acr20_proportion",
        title="ACR20 response in treated patients",
        comparison="msc_single_group",
        comparison_label="Treated patients alone",
        comparison_kind="single_group",
        caution="Single group: how often it was seen, not whether the treatment caused it.",
        measure="PLO",
        measure_label="Proportion (logit)",
        scale="linear",
        null=None,
        k=3,
        n_patients=151,
        random=pooled(0.1, 0.2, (52.5, 42.8, 62.0), k=3),
        common=None,
        subgroups=(),
        subgroup_tests=(),
        sensitivity=(),
        excluded=(),
        warnings=(),
        left_label=None,
        right_label=None,
        studies=(
            study(
                effect_id="share__alvaro2017",
                n2=None,
                events2=None,
                control=None,
                effect=Interval(19.6, 9.4, 33.9),
            ),
        ),
        **{"primary": False, **changes},
    )


def synthesis():
    """The whole made-up synthesis."""
    rows = tuple(
        DirectionRow(
            f"r{40 + i:03d}",
            s,
            label,
            "before_after",
            domain,
            outcome,
            outcome,
            13,
            "3 months",
            n,
            way,
            basis,
            counted=way != "unclear",
        )
        for i, (s, label, domain, outcome, n, way, basis) in enumerate(
            [
                ("trial1", "Trial 1", "Inflammation", "ESR", 20, "favourable", "p<0.05 (decrease)"),
                ("trial2", "Trial 2", "Inflammation", "ESR", 30, "favourable", "decreased"),
                ("trial3", "Trial 3", "Inflammation", "CRP", None, "no_change", "no change"),
                ("trial4", "Trial 4", "Function", "HAQ", 40, "unclear", "not stated"),
                ("trial5", "Trial 5", "Function", "HAQ", 40, "unfavourable", "increase"),
            ]
        )
    )
    return Synthesis(
        "demo",
        (controlled(), single(), empty(), before_after(), proportion()),
        rows,
        (
            DirectionSummary("before_after", "ESR", "ESR", 2, 0, 0, Interval(1.0, 0.158, 1.0), 0.5),
            DirectionSummary("before_after", "CRP", "CRP", 0, 0, 1, None, None),
        ),
        (
            CombinedP("before_after", "ESR", "ESR", "Stouffer", 2, 2.1, 0.04, None),
            CombinedP("before_after", "CRP", "CRP", "Stouffer", 0, None, None, "no exact p value"),
        ),
        (AlbatrossPoint("r040", "Trial 1", "ESR", "ESR", "before_after", 20, 0.03, True),),
    )


SVG = """<?xml version="1.0" encoding="utf-8"?>
<svg role="img" width="90pt" viewBox="0 0 90 60" xmlns="http://www.w3.org/2000/svg">
 <title id="x">Title</title>
 <desc id="y">Words</desc>
<g>
<g>
<path d="M 10.123456 20.5
L 30 20.5
" style="fill: none; stroke: #1a1a1a; stroke-width: 0.7"/>
</g>
<g id="f0-mark-e-acr20__alvaro2017">
<path d="M 10 10 L 14 10 L 14 14 L 10 14 z" style="fill: #0072b2"/>
</g>
<g>
<!-- 5% &amp; more -->
<g style="fill: #1a1a1a" transform="translate(8 40.25) scale(0.09 -0.09)">
<use xlink:href="#f0-Bold-36"/>
</g>
</g>
</g>
</svg>"""
"""A figure as the program draws it: a line, a named mark, a text as outlines with what it reads."""

VALUES = ("mean", "sd", "se", "ci_low", "ci_high", "median", "q1", "q3", "iqr", "min", "max", "range", "events",
          "percent", "person_time", "effect", "t", "f", "df", "p")  # fmt: skip


def harmonised(result_id, study_id="alvaro2017", **cells):
    """A row of harmonised.csv with `cells` filled in."""
    empty_cells = dict.fromkeys(
        (*VALUES, "comparator_id", "weeks", "time_label", "n", "unit", "unit_reported", "flags", "as_reported",
         "direction", "significance", "p_sign", "locator", "printed"), "",
    )  # fmt: skip
    fixed = {
        "result_id": result_id, "study_id": study_id, "arm_id": "arm", "outcome": "ACR20", "timing": "final",
        "n_basis": "implied", "source": "https://example.org/paper", "source_kind": "full_text",
        "confidence": "high",
    }  # fmt: skip
    return {**empty_cells, **fixed, **cells}


def sheets():
    """Sheets with the columns that the report reads; some cells are hostile."""
    columns = (
        "design", "country", "n_randomised", "n_analysed", "population", "intervention", "comparator", "follow_up",
        "blinding", "funding_conflict", "registry", "doi", "pmid", "note", "cohort_of", "cohort_basis",
    )  # fmt: skip

    def one(study_id, label, **cells):
        base = {"study_id": study_id, "label": label, "design_class": "randomised", "status": "published"}
        return {**dict.fromkeys(columns, ""), **base, **cells}

    studies = [
        one("alvaro2017", "Álvaro-Gracia 2017", doi="10.1000/x", note="<script>alert(1)</script>"),
        one("mesoblast", "MPC-300-IV", status="press_only"),
        one("furestem", "FURESTEM-RA", status="press_only"),
        *(one(f"trial{i}", f"Trial {i}", design_class="single_group") for i in range(1, 6)),
    ]
    bias = {"tool": "RoB 2", "outcome": "all", "assessor": ""}
    return {
        "studies": studies,
        "arms": [{"study_id": "alvaro2017", "arm_id": "arm", "label": "all doses <b>bold</b>"}],
        "risk_of_bias": [
            {**bias, "study_id": "alvaro2017", "domain": "overall", "judgement": "some_concerns", "support": "open"},
            {**bias, "study_id": "mesoblast", "domain": "overall", "judgement": "not_assessed", "support": "press"},
        ],
        "flow": [
            {"box": "identified", "channel": "databases", "reason": "", "n": "40", "note": ""},
            {"box": "excluded_screening", "channel": "all", "reason": "animals", "n": "9", "note": ""},
            {"box": "screened", "channel": "all", "reason": "", "n": "", "note": ""},
        ],
        "awaited": [
            {"study_id": "furestem", "outcome": "ACR20", "time_reported": "", "what": "response rates",
             "where": "the sponsor", "why": "not_published", "note": ""},
        ],
        "published_syntheses": [
            {"synthesis_id": "other2020", "comparison": "cells", "outcome": "ACR20", "statistic": "pooled_RR",
             "estimate": "1.5", "ci_low": "0.9", "ci_high": "2.5", "k": "3", "source": "javascript:alert(1)",
             "note": ""},
        ],
        "claims": [
            {"claim_id": "c1", "said_by": "a clinic", "claim": "it helps", "population_or_product": "",
             "outcome": "", "cited_studies": "", "test": "a trial"},
        ],
    }  # fmt: skip


def protocol():
    """A protocol as plain values."""
    return {
        "title": "Cells for arthritis", "version": "1.0", "review": "demo", "context": ["A fact."],
        "question": {"text": "Do cells help?", "population": "adults", "intervention": "cells",
                     "comparator": "placebo", "outcomes": "ACR20"},
        "comparisons": {
            "msc_v_control": {"label": "Cells against control", "kind": "controlled", "add_on": False,
                              "caution": None},
            "msc_before_after": {"label": "Before and after", "kind": "before_after", "add_on": False,
                                 "caution": "Uncontrolled."},
        },
        "windows": {"early": {"label": "about 4 weeks", "start": 2.0, "end": 8.0, "target": 4.0,
                              "choose": "closest", "no_time": False}},
        "outcomes": {"acr20": {"label": "ACR20", "lay": "improvement", "codes": ["ACR20"]}},
        "defaults": {"level": 95.0, "method": "REML"}, "changes": [],
    }  # fmt: skip


def report_input():
    """Everything a report of the made-up review is made from."""
    rows = [harmonised(f"r{i:03d}") for i in (1, 2, 3, 4, 5, *range(11, 16), *range(40, 45))]
    rows[0] |= {"printed": "events=9; n=46", "events": "9.0", "n": "46", "source": "javascript:alert(1)"}
    step = {
        "effect_id": "acr20__alvaro2017", "step": "1", "quantity": "log risk ratio",
        "formula": "ln(a/n₁) − ln(c/n₂)", "numbers": "ln(9/46) − ln(1/7)", "value": "0.3144",
        "source": "Katz 1978", "assumption": "", "result_ids": "r001;r002",
    }  # fmt: skip
    reason = {"analysis_id": "acr20_three_months", "study_id": "furestem", "label": "FURESTEM-RA",
              "reason": "no number", "result_ids": "r005"}  # fmt: skip
    used = [
        {"result_id": row["result_id"], "study_id": row["study_id"], "outcome": row["outcome"],
         "used_in": "acr20_three_months" if i < 2 else "", "not_used_reason": "only a direction"}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    names = [a.id for a in synthesis().analyses]
    figures = dict.fromkeys((*names, "das28_change_regression_dose", "directions", "albatross"), SVG)
    return ReportInput(
        synthesis(),
        protocol(),
        sheets(),
        rows,
        [step],
        [reason],
        used,
        figures,
        {"rheumeta": "1", "numpy": "2.0"},
    )
