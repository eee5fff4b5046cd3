"""What the raw sheets of a review hold: the one place where their columns are declared.

The reader, the table schemas, the empty templates for a new review and the codebook are all made
from these declarations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rheumeta.appraised import DOWN_DOMAINS, JUDGEMENTS, UP_DOMAINS
from rheumeta.flow_boxes import BOXES, CHANNELS
from rheumeta.rob_tools import CODES

ColumnType = Literal["id", "ids", "text", "number", "count", "date", "choice", "link", "hash"]
"""id: a key; ids: keys separated by ';'; number: decimal point, no separators; count: whole >= 0."""


@dataclass(frozen=True)
class Column:
    """One column of a sheet."""

    name: str
    type: ColumnType
    description: str
    required: bool = False  # may the cell be empty?
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    example: str = ""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its columns in order, its key, and whether a review must have it."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = True  # must the file exist?
    may_be_empty: bool = False  # may it have a header and no rows?
    moderators: bool = False  # may the protocol declare further columns?


def _c(name: str, type: ColumnType, description: str, **kw: object) -> Column:
    return Column(name, type, description, **kw)  # type: ignore[arg-type]


DESIGNS = ("randomised", "nonrandomised", "retrospective", "single_group", "case_series")
STATUSES = ("published", "press_only", "no_results", "planned")
TIMINGS = ("baseline", "final", "change", "percent_change", "during")
SIGNS = ("<", "<=", "=", ">=", ">")
PHASES = ("phase1", "phase1_2", "phase2", "phase2_3", "phase3", "phase4", "not_applicable")
ANSWERS = ("explained", "corrected", "data_error", "unresolved")
CLAIMED = ("improvement", "no_more_harm", "rare", "never", "evidence_base", "context")

# The sheets are tables of columns, one a line where it fits.
# fmt: off
STUDIES = Sheet(
    "studies",
    "One row a study.",
    (
        _c("study_id", "id", "Key of the study.", required=True, example="park2018"),
        _c("label", "text", "Name for figures.", required=True, example="Park 2018"),
        _c("year", "count", "Year of the publication or of the latest statement.", low=1900, high=2100),
        _c("design", "text", "Design in the words of the source."),
        _c("design_class", "choice", "Design as the pipeline uses it.", required=True, choices=DESIGNS),
        _c("comparison", "text", "What is compared, in words."),
        _c("status", "choice", "published: article or abstract; press_only: press or registry statements only; "
           "no_results: ended or running without visible results; planned: not started.",
           required=True, choices=STATUSES),
        _c("cohort_of", "id", "Study whose patients include those of this one; empty: its own cohort."),
        _c("cohort_basis", "choice", "How the overlap is known.", choices=("stated", "probable")),
        _c("country", "text", "Country and centre."),
        _c("years", "text", "When it was run and published."),
        _c("n_randomised", "text", "Patients randomised or allocated, as reported."),
        _c("n_analysed", "text", "Patients analysed, as reported."),
        _c("population", "text", "Who was studied."),
        _c("intervention", "text", "What was given."),
        _c("comparator", "text", "What the control group got."),
        _c("follow_up", "text", "Length of follow-up, as reported."),
        _c("blinding", "text", "Who was blinded, as reported."),
        _c("funding_conflict", "text", "Funding and conflicts of interest, as reported."),
        _c("registry", "text", "Registry number."),
        _c("n_registered", "count", "Patients planned, as the registry entry says.", low=1, example="60"),
        _c("registered_outcomes", "ids", "Outcomes of the protocol that the registry entry names, separated by ';'.",
           example="acr20;das28"),
        _c("phase_registered", "choice", "Phase, as the registry entry says.", choices=PHASES),
        _c("phase_reported", "choice", "Phase, as the publication says.", choices=PHASES),
        _c("ended_early", "choice", "Ended before the plan? Empty: not known.", choices=("yes", "no")),
        _c("centre", "text", "Treating centres, separated by ';'.", example="Daping Hospital, Chongqing"),
        _c("industry", "choice", "Do its sellers pay for the study or write it?", choices=("yes", "no", "unclear")),
        _c("retraction", "choice", "What the journal has published about the article since. Empty: not looked up.",
           choices=("looked_up_none", "retracted", "expression_of_concern", "correction")),
        _c("doi", "text", "DOI."),
        _c("pmid", "text", "PubMed number."),
        _c("title", "text", "Title of the report, as it is printed; of an unpublished trial that in the registry."),
        _c("authors", "text", "Its authors: family name and initials, with commas between.",
           example="Park EH, Lim HS"),
        _c("journal", "text", "Journal, with volume and pages where known.", example="J Cells 7:636-642"),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("study_id",),
    moderators=True,
)

ARMS = Sheet(
    "arms",
    "One row a group of patients: an arm as allocated, arms pooled by the source, a subgroup.",
    (
        _c("study_id", "id", "Study.", required=True),
        _c("arm_id", "id", "Key of the arm within its study.", required=True, example="dose_low"),
        _c("label", "text", "Name of the arm as the source gives it.", required=True),
        _c("kind", "choice", "arm: as allocated; pooled: several arms together (they name it in part_of); "
           "subgroup: some patients of the arm in part_of.", required=True,
           choices=("arm", "pooled", "subgroup")),
        _c("part_of", "id", "Arm of the same study that contains all patients of this one."),
        _c("interventions", "ids", "What distinguishes the arm: codes that the protocol defines, separated by ';'. "
           "'mixed' for a pooled group that holds different ones.", required=True, example="msc;ifn_gamma"),
        _c("background", "text", "Treatment that continued in the arm."),
        _c("n_allocated", "count", "Patients allocated."),
        _c("n_analysed", "count", "Patients analysed."),
        _c("dose", "number", "Amount per administration.", low=0),
        _c("dose_unit", "text", "Unit of the dose.", example="cells/kg"),
        _c("n_doses", "count", "Number of administrations."),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("study_id", "arm_id"),
    moderators=True,
)

RESULTS = Sheet(
    "results",
    "One row a reported result: an arm (or a contrast of two), an outcome, a time, the numbers as printed.",
    (
        _c("result_id", "id", "Key of the row.", required=True, example="r001"),
        _c("study_id", "id", "Study.", required=True),
        _c("arm_id", "id", "Arm; for a contrast the experimental arm.", required=True),
        _c("comparator_id", "id", "For a contrast: the arm compared with."),
        _c("outcome", "text", "Code of the outcome: an instrument of the registry or of the protocol.",
           required=True, example="DAS28-ESR"),
        _c("outcome_reported", "text", "The outcome in the words of the source."),
        _c("time", "number", "Time since the start of treatment; 0 is baseline.", low=0),
        _c("time_unit", "text", "Unit of the time.", example="week"),
        _c("time_reported", "text", "The time in the words of the source."),
        _c("timing", "choice", "What the number describes: the value at baseline, the value at follow-up (final), "
           "the change, the percent change, or what happened during follow-up (events).",
           required=True, choices=TIMINGS),
        _c("n", "count", "Patients the number is based on, as the source gives it."),
        _c("n_implied", "count", "The same, when the source does not give it and it is implied by the numbers."),
        _c("unit", "text", "Unit of the numbers.", example="mg/L"),
        _c("mean", "number", "Mean."),
        _c("sd", "number", "Standard deviation.", low=0),
        _c("se", "number", "Standard error.", low=0),
        _c("ci_low", "number", "Lower limit of the confidence interval of the mean, percentage or effect."),
        _c("ci_high", "number", "Upper limit."),
        _c("ci_level", "number", "Level of the interval in percent; empty: 95.", low=50, high=99.99),
        _c("median", "number", "Median."),
        _c("q1", "number", "First quartile."),
        _c("q3", "number", "Third quartile."),
        _c("iqr", "number", "Width of the interquartile range, if only the width is given.", low=0),
        _c("min", "number", "Smallest value."),
        _c("max", "number", "Largest value."),
        _c("range", "number", "Width of the range, if only the width is given.", low=0),
        _c("events", "count", "Number of events."),
        _c("events_unit", "choice", "patients: patients with the event; events: events, of which a patient can have "
           "several. Empty: patients.", choices=("patients", "events")),
        _c("percent", "number", "Percent of n, as printed (all printed digits).", low=0, high=100),
        _c("person_time", "number", "Person-time of follow-up.", low=0),
        _c("person_time_unit", "text", "Its unit.", example="patient_year"),
        _c("effect", "number", "A reported effect: difference, standardised effect or ratio."),
        _c("effect_type", "choice", "What the effect is.",
           choices=("MD", "MD_adjusted", "SMD", "OR", "RR", "RD", "HR", "IRR", "ROM", "unspecified")),
        _c("t", "number", "t statistic."),
        _c("f", "number", "F statistic with one numerator degree of freedom.", low=0),
        _c("df", "number", "Degrees of freedom of t or F.", low=0),
        _c("p", "number", "p value, as printed.", low=0, high=1),
        _c("p_sign", "choice", "Exact (=) or an inequality; required with p.", choices=SIGNS),
        _c("contrast", "choice", "What t, F, p, effect or direction compare: within a group (before-after) or "
           "between groups.", choices=("within", "between", "not_stated")),
        _c("direction", "choice", "Which way the number moved, when only that is reported.",
           choices=("increase", "decrease", "no_change", "better", "worse", "no_difference", "not_stated")),
        _c("significance", "choice", "What the source says of significance, if no p is given.",
           choices=("significant", "not_significant")),
        _c("as_reported", "text", "The words of the source, where the numbers do not say it all."),
        _c("source", "link", "Where it was read.", required=True),
        _c("source_kind", "choice", "Kind of source.", required=True,
           choices=("full_text", "table_page", "figure", "abstract", "conference_abstract", "registry",
                    "press_release", "review_table", "dataset")),
        _c("locator", "text", "Table, figure, page or sentence.", example="Table 2, row 3"),
        _c("confidence", "choice", "How sure the extractor is.", required=True, choices=("high", "medium", "low")),
        _c("second_reading", "text", "What a second, independent reading found."),
        _c("accept", "ids", "Codes of implausibilities that were checked against the source and stand there so, "
           "separated by ';'. They become flags instead of faults.", example="percent_not_whole"),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("result_id",),
)

ROB = Sheet(
    "risk_of_bias",
    "One row a study, outcome and domain of a risk-of-bias tool.",
    (
        _c("study_id", "id", "Study.", required=True),
        _c("tool", "text", "Tool, as the list of tools spells it; else 'Generic'.", required=True, example="RoB 2"),
        _c("outcome", "text", "Outcome code, or 'all'.", required=True),
        _c("domain", "text", "Code of a domain of the tool ('D1'), or 'overall'.", required=True),
        _c("judgement", "choice", "Judgement, one of the tool's.", required=True,
           choices=CODES),
        _c("support", "text", "What the judgement rests on."),
        _c("assessor", "text", "Who judged."),
    ),
    ("study_id", "tool", "outcome", "domain"),
    required=False,
    may_be_empty=True,
)

FLOW = Sheet(
    "flow",
    "Flow of records, one row a box of the PRISMA 2020 diagram.",
    (
        _c("box", "choice", "Box of the diagram.", required=True,
           choices=tuple(BOXES)),
        _c("channel", "choice", "Where the records came from.", required=True,
           choices=tuple(CHANNELS)),
        _c("reason", "text", "Source of the records (a database, websites, citation searching), or why left out."),
        _c("n", "count", "Number of records or studies; empty: not recorded."),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("box", "channel", "reason"),
    required=False,
    may_be_empty=True,
)

AWAITED = Sheet(
    "awaited",
    "Data that exist or should exist and that are not in the results sheet.",
    (
        _c("study_id", "id", "Study.", required=True),
        _c("outcome", "text", "Outcome code, or 'all'.", required=True),
        _c("time_reported", "text", "When."),
        _c("what", "text", "What is missing.", required=True),
        _c("where", "text", "Where it may be found.", required=True),
        _c("why", "choice", "Why it is missing.", required=True,
           choices=("full_text_not_at_hand", "not_published", "ended_early", "not_reported", "ongoing",
                    "source_unclear")),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("study_id", "outcome", "what"),
    required=False,
    may_be_empty=True,
)

PUBLISHED = Sheet(
    "published_syntheses",
    "Pooled results that others have published, to be compared with.",
    (
        _c("synthesis_id", "id", "Synthesis.", required=True),
        _c("comparison", "text", "What was compared.", required=True),
        _c("outcome", "text", "Outcome in the words of the source.", required=True),
        _c("statistic", "text", "Kind of number.", required=True),
        _c("estimate", "number", "Estimate."),
        _c("ci_low", "number", "Lower limit."),
        _c("ci_high", "number", "Upper limit."),
        _c("k", "text", "Number of studies, as reported."),
        _c("source", "link", "Where it was read.", required=True),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("synthesis_id", "comparison", "outcome"),
    required=False,
    may_be_empty=True,
)

OVERRIDES = Sheet(
    "certainty_overrides",
    "Where a person judges the certainty of an analysis otherwise than the rules suggest; one row a domain.",
    (
        _c("analysis", "id", "Analysis of the protocol.", required=True, example="acr20_rr_three_months"),
        _c("domain", "choice", "Domain of GRADE. The last three can raise the certainty of studies that are not "
           "randomised; no rule decides them.", required=True, choices=(*DOWN_DOMAINS, *UP_DOMAINS)),
        _c("judgement", "choice", "The judgement to use: not_serious, serious (one level down), very_serious (two); "
           "raise_one, raise_two for the last three domains.", required=True,
           choices=JUDGEMENTS),
        _c("name", "text", "Who judges so.", required=True),
        _c("reason", "text", "Why.", required=True),
    ),
    ("analysis", "domain"),
    required=False,
    may_be_empty=True,
)

INTEGRITY_ANSWERS = Sheet(
    "integrity_answers",
    "Answers to the questions that the integrity check asks (integrity.csv); one row a question.",
    (
        _c("question_id", "id", "The question, as integrity.csv names it.", required=True,
           example="percent_whole.some-study2000.r001.0a1b"),
        _c("study", "id", "Study that the question is about.", required=True),
        _c("check", "id", "Check that asks it.", required=True, example="percent_whole"),
        _c("answer", "choice", "explained: the numbers are right, and the reason says why; the question is closed. "
           "corrected: the sheets or the overlay of corrections were mended. data_error: the source has it wrong. "
           "unresolved: someone looked or asked, and does not know.", required=True, choices=ANSWERS),
        _c("reason", "text", "Why, or what was found.", required=True),
        _c("by", "text", "Who answers.", required=True),
        _c("date", "date", "When.", required=True, example="2026-01-31"),
    ),
    ("question_id",),
    required=False,
    may_be_empty=True,
)

CLAIMS = Sheet(
    "claims",
    "What the public is told about the treatment, and what would test it.",
    (
        _c("claim_id", "id", "Key.", required=True),
        _c("said_by", "text", "Who says it.", required=True),
        _c("claim", "text", "The claim.", required=True),
        _c("population_or_product", "text", "Product or population."),
        _c("outcome", "text", "Outcomes the claim is about."),
        _c("cited_studies", "text", "What it cites."),
        _c("test", "text", "What would test it."),
        _c("claimed", "ids", "What is claimed, once for all outcomes or once an outcome, separated by ';'. "
           "improvement: the outcome gets better; no_more_harm: it is not more frequent; rare: it is rare; never: it "
           "did not occur; evidence_base: about the studies themselves; context: not about patients of this review.",
           example="improvement"),
        _c("outcome_codes", "ids", "Outcomes of the protocol that the claim is about, separated by ';'; empty: the "
           "protocol has none of them.", example="das28;haq"),
        _c("comparisons_wanted", "ids", "Comparisons of the protocol that would test it, separated by ';', the "
           "strongest first.", example="msc_v_control;msc_before_after"),
        _c("concept", "text", "What the claim says was changed, where that may not be what the outcomes measure: a "
           "word that outcomes of the protocol have as their `concept`, or another.", example="quality of life"),
        _c("windows_wanted", "text", "Windows of the protocol that the claim is about, separated by ';', or those of "
           "one outcome, as in das28=three_months|six_months; empty: all.", example="one_year;beyond"),
        _c("limited_to", "text", "Arms the claim is about: moderators of the arms sheet and their codes, as in "
           "route=iv;cell_source=umbilical_cord|cord_blood; empty: all treated arms.", example="route=iv"),
        _c("cited_study_ids", "ids", "The cited studies as the sheet 'studies' calls them, separated by ';'.",
           example="wang2019;park2018"),
    ),
    ("claim_id",),
    required=False,
    may_be_empty=True,
)

SEARCHES = Sheet(
    "searches",
    "Register of searches: one row a source and a day on which it was searched.",
    (
        _c("source", "text", "What was searched, with its platform.", required=True, example="MEDLINE (Ovid)"),
        _c("kind", "choice", "Kind of source (PRISMA-S).",
           choices=("database", "register", "website", "citations", "contact", "other")),
        _c("date_searched", "date", "Day of the search.", required=True, example="2024-03-31"),
        _c("covers_from", "date", "First day of the period that was searched; empty: no start was set."),
        _c("covers_to", "date", "Last day of that period; empty: the day of the search."),
        _c("strategy", "text", "The strategy as it was run, or a link to it."),
        _c("hits", "count", "Number of records found."),
        _c("by", "text", "Who searched."),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("source", "date_searched"),
    required=False,
    may_be_empty=True,
)

MANIFEST = Sheet(
    "MANIFEST",
    "Every file of the folder, with its hash and origin.",
    (
        _c("file", "text", "File name.", required=True),
        _c("sha256", "hash", "SHA-256 of the file.", required=True),
        _c("origin", "text", "Where the content comes from.", required=True),
        _c("note", "text", "Anything a reader must know."),
    ),
    ("file",),
)

CORRECTIONS = Sheet(
    "corrections",
    "Overlay of corrections (data/corrections/<review>.csv); the raw sheets stay as reported.",
    (
        _c("sheet", "text", "Sheet.", required=True),
        _c("key", "text", "Key of the row; several key columns joined by '/'.", required=True),
        _c("field", "text", "Column.", required=True),
        _c("old", "text", "Value that stands in the sheet; must match."),
        _c("new", "text", "Value to use."),
        _c("reason", "text", "Why.", required=True),
        _c("evidence", "text", "What shows it.", required=True),
    ),
    ("sheet", "key", "field"),
    required=False,
    may_be_empty=True,
)

RAW_SHEETS: tuple[Sheet, ...] = (
    STUDIES, ARMS, RESULTS, ROB, FLOW, AWAITED, PUBLISHED, OVERRIDES, INTEGRITY_ANSWERS, CLAIMS, SEARCHES,
)
# fmt: on
"""The data sheets of a review, in the order in which they are checked."""
