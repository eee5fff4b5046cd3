"""The records that pass from synthesis to figures, tables and report.

Plain frozen dataclasses, written to ``results/<review>/estimates/synthesis.json`` and read back
from there. "Analysis scale" is the scale on which studies are pooled (log for RR, OR, ROM, HR,
IRR; logit, arcsine ... for proportions); "display scale" is what a reader sees (ratio, percent,
points). None means "not available", never "zero".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rheumeta.stored import from_dict

Status = Literal["pooled", "single_study", "no_data", "not_pooled"]
"""pooled: k >= 2 combined; single_study: k = 1 shown, not pooled; no_data: k = 0; not_pooled: k >= 2
but the protocol or the data forbid pooling (reason in ``status_reason``)."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; any part may be None."""

    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Pooled:
    """One pooled result on the analysis scale, and the same for display."""

    model: Literal["random", "common"]
    method: str  # REML, DL, ..., IV, MH, Peto
    test: str  # "z", "t", "knha", "adhoc"
    k: int
    estimate: float
    se: float
    ci: Interval
    display: Interval  # estimate and CI, back-transformed
    statistic: float | None  # z or t
    df: float | None  # None for z
    pval: float | None
    prediction: Interval | None = None  # analysis scale
    prediction_display: Interval | None = None
    prediction_reason: str | None = None  # why there is none
    tau2: Interval | None = None
    i2: Interval | None = None  # percent
    h2: Interval | None = None
    q: float | None = None
    q_df: int | None = None
    q_pval: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyEffect:
    """One study (or arm) in one analysis."""

    effect_id: str  # key into effects.csv and derivations.csv
    study_id: str
    label: str  # for people
    experimental: str  # label of the arm(s), joined
    control: str | None
    weeks: float | None
    time_label: str
    yi: float
    vi: float
    effect: Interval  # display scale, with the study's own CI
    n1: float | None = None
    n2: float | None = None
    events1: float | None = None
    events2: float | None = None
    mean1: float | None = None
    sd1: float | None = None
    mean2: float | None = None
    sd2: float | None = None
    basis: str = ""  # what a mean is of: change, final value ...
    person_time1: float | None = None
    person_time2: float | None = None
    weight_random: float | None = None  # percent
    weight_common: float | None = None  # percent
    moderators: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()  # short codes, glossed in FLAGS
    result_ids: tuple[str, ...] = ()  # rows of the raw results sheet that it was computed from
    confirmed_by: tuple[str, ...] = ()  # further rows that agree


@dataclass(frozen=True)
class Subgroup:
    """The studies of an analysis on one level of a moderator."""

    by: str
    by_label: str
    level: str
    status: Status
    k: int
    effect_ids: tuple[str, ...]
    random: Pooled | None = None
    weights: tuple[float, ...] = ()  # percent, random effects, in the order of effect_ids


@dataclass(frozen=True)
class SubgroupTest:
    """Test for a difference between the subgroups of one moderator."""

    by: str
    by_label: str
    q: float
    df: int
    pval: float


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of a meta-regression, on the analysis scale."""

    name: str
    estimate: float
    se: float
    ci: Interval
    statistic: float
    df: float | None
    pval: float


@dataclass(frozen=True)
class Regression:
    """A meta-regression of the analysis on one moderator."""

    moderator: str
    moderator_label: str
    k: int
    method: str
    test: str
    coefficients: tuple[Coefficient, ...]
    tau2: float
    i2: float
    r2: float | None  # percent
    qm: float
    qm_df: int
    qm_pval: float
    points: tuple[tuple[str, float, float, float], ...]  # effect_id, x, yi, vi
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SmallStudies:
    """A test for small-study effects (funnel plot asymmetry), where there are studies enough for it."""

    name: str
    k: int
    statistic: float
    df: float | None
    pval: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sensitivity:
    """The same analysis under one changed assumption."""

    id: str
    label: str
    status: Status
    k: int
    random: Pooled | None
    single: Interval | None = None  # display scale, when k = 1
    note: str | None = None
    effect_ids: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()  # percent, random effects, in the order of effect_ids
    measure: str | None = None  # where the run changes it, with its label and scale
    measure_label: str | None = None
    scale: Literal["linear", "log"] | None = None


@dataclass(frozen=True)
class Excluded:
    """A study that could have contributed but does not."""

    study_id: str
    label: str
    reason: str
    result_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Benchmark:
    """A pooled change of another review, shown beside this one."""

    review: str
    analysis: str
    label: str
    display: Interval
    k: int


@dataclass(frozen=True)
class Analysis:
    """One analysis of the protocol with everything that is known about it."""

    id: str
    title: str
    comparison: str
    comparison_label: str
    comparison_kind: Literal["controlled", "before_after", "single_group"]
    caution: str | None  # e.g. "Uncontrolled: ..."; shown wherever the analysis is
    outcome: str
    outcome_label: str
    outcome_lay: str  # the outcome in plain words
    better: Literal["lower", "higher"]
    unit: str | None
    mid: float | None  # minimal important difference, display unit
    mid_source: str | None
    window: str | None
    window_label: str
    measure: str
    measure_label: str
    scale: Literal["linear", "log"]  # of the display axis
    null: float | None  # display scale; None for proportions and single means
    left_label: str | None  # what an effect left of null means
    right_label: str | None
    status: Status
    status_reason: str | None
    k: int
    n_patients: float | None
    studies: tuple[StudyEffect, ...]
    random: Pooled | None
    common: Pooled | None
    subgroups: tuple[Subgroup, ...] = ()
    subgroup_tests: tuple[SubgroupTest, ...] = ()
    regressions: tuple[Regression, ...] = ()
    small_studies: SmallStudies | None = None
    sensitivity: tuple[Sensitivity, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    benchmark: Benchmark | None = None
    warnings: tuple[str, ...] = ()
    sentence: str = ""  # the result in plain words
    primary: bool = False  # shown on the first screen
    experimental_name: str = "Treatment"  # what the sides are called in figures
    control_name: str = "Control"
    reversed_axis: bool = False  # larger values left, so that left is always the better side
    add_on: bool = False  # both groups got the treatment of the review; what is tested is an addition


@dataclass(frozen=True)
class DirectionRow:
    """One reported result that says only which way (or that and a p value)."""

    result_id: str
    study_id: str
    label: str
    comparison_kind: Literal["controlled", "before_after", "single_group", "add_on"]
    domain: str  # outcome group for the plot
    outcome: str
    outcome_label: str
    weeks: float | None
    time_label: str
    n: float | None
    direction: Literal["favourable", "unfavourable", "no_change", "unclear"]
    basis: str  # what the source says, short
    p_sign: str | None = None
    p: float | None = None
    counted: bool = True  # False when another row of the same cohort and outcome speaks for it
    note: str | None = None


@dataclass(frozen=True)
class DirectionSummary:
    """Sign test over cohorts for one outcome and kind of comparison."""

    comparison_kind: str
    outcome: str
    outcome_label: str
    favourable: int
    unfavourable: int
    not_counted: int  # no change or unclear: no sign to count
    proportion: Interval | None  # of favourable, exact interval
    pval: float | None  # two-sided exact sign test


@dataclass(frozen=True)
class CombinedP:
    """Combination of exact one-sided p values for one outcome and kind of comparison."""

    comparison_kind: str
    outcome: str
    outcome_label: str
    method: str
    k: int
    statistic: float | None
    pval: float | None
    reason: str | None  # why not computed


@dataclass(frozen=True)
class AlbatrossPoint:
    """One result with sample size and p value, for the albatross plot."""

    result_id: str
    label: str
    outcome: str
    outcome_label: str
    comparison_kind: str
    n: float
    p: float  # two-sided
    favourable: bool


@dataclass(frozen=True)
class Synthesis:
    """Everything that synthesis found for one review."""

    review: str
    analyses: tuple[Analysis, ...]
    directions: tuple[DirectionRow, ...] = ()
    direction_summaries: tuple[DirectionSummary, ...] = ()
    combined_p: tuple[CombinedP, ...] = ()
    albatross: tuple[AlbatrossPoint, ...] = ()
    controlled_silent: tuple[str, ...] = ()  # controlled studies (labels) without a usable controlled number


FLAGS: dict[str, str] = {
    "n_implied": "the source gives no denominator; the number used is implied by the percentage",
    "events_from_percent": "the number of patients was computed from a percentage",
    "arms_combined": "several arms were combined into one",
    "control_split": "the control group was split between several arms",
    "subgroup_only": "the source reports only a subgroup of those randomised",
    "arm_not_reported": "the study has another group with this treatment whose result is not reported",
    "unpublished": "from a press statement or registry, not from a full publication",
    "abstract_only": "read from the abstract; the full text was not at hand",
    "sd_derived": "the standard deviation was derived, not reported",
    "mean_derived": "the mean was derived from a median",
    "skewed": "the quantiles suggest a skewed distribution",
    "correlation_assumed": "the correlation of baseline and follow-up was assumed",
    "correlation_borrowed": "the correlation of baseline and follow-up comes from other studies",
    "zero_cell": "a cell of the two-by-two table is zero; a correction was added",
    "double_zero": "no events, or only events, in both groups: no information on a ratio",
    "routes_disagree": "two ways to the same number disagree by more than rounding",
    "event_is_patient": "0 or 1 event is 0 or 1 patient with an event",
    "instrument_mixed": "measured with a related but different instrument",
    "percent_not_whole": "no whole number of patients gives the reported percentage",
    "cohort_probable": "patients probably overlap with another study, which was left out",
    "events_percent_disagree": "the reported number and percentage of patients disagree",
    "se_for_sd": "the standard deviation is so small that it may be a standard error",
    "sd_too_large": "the standard deviation is larger than the range of the instrument allows",
    "sd_against_min_max": "the standard deviation does not fit the smallest and largest value",
    "outside_range": "a value is outside the range of the instrument",
    "mean_outside_min_max": "the mean is not between the smallest and the largest value",
    "quantiles_disordered": "smallest value, quartiles, median and largest value are not in order",
    "estimate_outside_ci": "the reported confidence interval does not hold its estimate",
    "n_exceeds_arm": "the number is based on more patients than the arm has",
    "sd_zero": "the reported standard deviation is 0",
    "time_implausible": "the follow-up is implausibly long",
    "questioned": "a serious question about its numbers is open (integrity check)",
}
"""Gloss of each flag code."""


def read_synthesis(path: Path) -> Synthesis:
    """Read ``synthesis.json``."""
    return from_dict(Synthesis, json.loads(path.read_text(encoding="utf-8")))
