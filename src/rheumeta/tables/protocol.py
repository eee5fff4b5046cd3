"""The protocol of a review: what is pooled, how, and with which rules.

A protocol is a YAML file ``config/reviews/<review>.yaml``. The models are closed: a key that is
not declared here is a fault. The JSON schema in ``workflow/schemas`` is made from them.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import COLUMN_FORMATS, LONGEST_ID
from rheumeta.tables.model_faults import model_faults
from rheumeta.tables.question import Declarations, Model, Question, Text
from rheumeta.tables.yaml_lines import Document, parse_yaml

MAKE_ONE = "Make one: rheumeta new-review <review>"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=LONGEST_ID)]

Measure = Literal[
    "MD", "SMD", "SMD1", "ROM", "MC", "SMCC", "SMCR", "RR", "OR", "RD", "AS", "PETO",
    "PR", "PLO", "PAS", "PFT", "IR", "IRLN", "IRR", "HR",
]  # fmt: skip
Design = Literal["randomised", "nonrandomised", "retrospective", "single_group", "case_series"]
Tau2Method = Literal["DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE"]
Test = Literal["cochrane", "z", "knha", "adhoc"]
Diagnostic = Literal[
    "funnel", "trim_and_fill", "radial", "baujat", "labbe", "influence", "drapery", "gosh", "cumulative",
    "leave_one_out",
]  # fmt: skip
ForestLayout = Literal["standard", "revman", "bmj", "jama", "compact"]
SMALLER_LEFT: frozenset[ForestLayout] = frozenset({"revman", "bmj", "jama"})
"""Layouts that print their axes from small to large whatever is better, as those journals do."""
Judged = Literal[
    "low", "low_except_confounding", "some_concerns", "moderate", "high", "serious", "very_high", "critical", "unclear",
    "no_information", "not_applicable",
]  # fmt: skip
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]


class Intervention(Model):
    """A code of the column `interventions` of the arms sheet."""

    label: Text
    note: str | None = None


class Moderator(Model):
    """A further column of the studies or arms sheet, used for subgroups, regression or display."""

    sheet: Literal["studies", "arms"]
    type: Literal["category", "number"]
    label: Text
    unit: str | None = None
    choices: dict[str, str] | None = Field(None, description="Allowed codes of a category and their labels.")


class Window(Model):
    """A follow-up window in weeks, both ends included, and the rule for several times in it."""

    label: Text
    start: float = Field(ge=0, description="First week of the window.")
    end: float = Field(description="Last week of the window.")
    target: float = Field(description="The week the window is about.")
    choose: Literal["closest", "earliest", "latest"] = Field(
        "closest",
        description="Which result counts when a study reports several times in the window; "
        "of two equally close ones the later.",
    )
    no_time: bool = Field(False, description="Do results without a stated time count in this window?")


class Instrument(Model):
    """An outcome measure; the same fields as an entry of the registry of instruments."""

    label: Text
    kind: Literal["continuous", "dichotomous", "rate", "time_to_event"]
    better: Literal["lower", "higher"] = Field(description="Which way is good for the patient.")
    unit: str | None = Field(None, description="Canonical unit; None for a dichotomous outcome.")
    low: float | None = None
    high: float | None = None
    mid: float | None = Field(None, description="Minimal important difference, canonical unit.")
    mid_source: str | None = None
    source: str | None = Field(None, description="Where the range and the direction come from.")
    sd: float | None = Field(
        None,
        gt=0,
        description="Usual standard deviation between patients, canonical "
        "unit; a far smaller one is taken for a standard error.",
    )
    sd_source: str | None = None
    step: float | None = Field(None, gt=0, description="Step between two values of one patient, if any.")
    molar_mass: float | None = Field(None, gt=0, description="g/mol, to convert amount to mass.")
    molar_mass_source: str | None = None
    assay_dependent: bool = Field(
        False, description="Assays are not interchangeable: pool only as standardised or as ratio of means."
    )
    lay: str | None = Field(None, description="What it is, in plain words.")


class AssumedRisk(Model):
    """How often an event is expected without the treatment, from outside the studies."""

    per_1000: float = Field(ge=0, le=1000, description="Patients of 1000 with the event.")
    source: Text = Field(description="Where the number comes from.")


class Outcome(Model):
    """An outcome of the review: one or more instruments that may stand for it."""

    label: Text
    codes: tuple[str, ...] = Field(min_length=1, description="Codes of the results sheet, preferred first.")
    domain: Text = Field(description="Group for the effect-direction table, e.g. 'Disease activity'.")
    lay: Text = Field(description="The outcome in plain words, for the sentence of the result.")
    concept: Text | None = Field(
        None, description="What it measures, e.g. disability; claims of else mismatch."
    )
    assumed_risk: AssumedRisk | None = Field(
        None, description="Risk without treatment; absent: the median of the control groups."
    )


class ArmRule(Model):
    """Which arms count, by their interventions."""

    name: Text | None = Field(None, description="What figures call this side, e.g. 'Cells'.")
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


class Comparison(Model):
    """What is compared with what."""

    label: Text
    kind: Literal["controlled", "before_after", "single_group"]
    experimental: ArmRule
    control: ArmRule | None = Field(None, description="Required for a controlled comparison, else absent.")
    designs: tuple[Design, ...] | None = None
    add_on: bool = Field(False, description="True where both sides got the treatment of the review.")
    caution: str | None = Field(None, description="Shown wherever a result of this comparison is shown.")


class Defaults(Model):
    """How results are pooled unless an analysis says otherwise."""

    method: Tau2Method = "REML"
    test: Test = Field(
        "cochrane",
        description="cochrane: Hartung-Knapp where k >= 3 and tau2 > 0, else Wald; z: Wald; "
        "knha: Hartung-Knapp; adhoc: Hartung-Knapp not narrower than Wald.",
    )
    level: float = Field(95, gt=50, lt=100)
    prediction_min_k: int = Field(5, ge=3, description="Fewest studies for a prediction interval.")
    correlation: float = Field(
        0.5, gt=-1, lt=1, description="Correlation of baseline and follow-up if no study allows it."
    )
    correlation_source: Literal["studies_then_protocol", "protocol"] = "studies_then_protocol"
    ci_distribution: Literal["t", "normal"] = Field(
        "t",
        description="Distribution behind a reported confidence interval of a mean, to get its standard error.",
    )
    quantile_method: Literal["luo_shi", "wan", "qe", "bc"] = Field(
        "luo_shi",
        description="How mean and SD come from a median with quartiles or extremes: Luo 2018 with Wan 2014 or "
        "Shi 2020; Wan 2014; McGrath 2020 by quantiles (qe) or by Box-Cox (bc).",
    )
    forest_layout: ForestLayout = Field(
        "standard", description="Order and width of the columns of forest plots; compact is one column wide."
    )
    column_figures: tuple[Literal["svg", "pdf", "png"], ...] = Field(
        COLUMN_FORMATS,  # type: ignore[arg-type]
        description="Formats in which figures of primary analyses and of the review also come one column (85 mm) wide; "
        "svg: all figures, for phones.",
    )
    rob_colours: Literal["standard", "cochrane", "colourblind"] = Field(
        "standard",
        description="Set of colours of judgements of risk of bias; their signs are the same in each.",
    )
    rob_own_colours: dict[Judged, Colour] = Field(
        {},
        description='Own colours by judgement, in quotation marks: `high: "#bf0000"`. A judgement that is not '
        "named has the colour of the set.",
    )
    zero_cells: float = Field(0.5, ge=0.01, le=1, description="Added to all cells of a study with a zero.")
    double_zero: Literal["leave_out", "include"] = "leave_out"
    shared_control: Literal["combine", "split"] = Field(
        "combine", description="Several arms of one study that fit: combine them, or split the control."
    )
    forest_left: Literal["better", "smaller"] | None = Field(
        None,
        description="Left in every forest plot: the better side for the treated, or smaller values. Else as the "
        "layout prints it: better in standard and compact, smaller in revman, bmj and jama.",
    )
    cohort: Literal["largest", "longest", "first"] = Field(
        "largest",
        description="Which study stands for a cohort: most patients, latest time, first in the sheet.",
    )


class Change(Model):
    """One changed assumption of a sensitivity run."""

    label: Text
    method: Tau2Method | None = None
    test: Test | None = None
    correlation: float | None = Field(None, gt=-1, lt=1)
    measure: Measure | None = None
    quantile_method: Literal["luo_shi", "wan", "qe", "bc"] | None = None
    shared_control: Literal["combine", "split"] | None = None
    double_zero: Literal["leave_out", "include"] | None = None
    without_flags: tuple[str, ...] = Field((), description="Leave out studies with one of these flags.")
    without_studies: tuple[str, ...] = ()
    with_subgroup_only: bool | None = None


class BenchmarkOf(Model):
    """An analysis of another review whose pooled result is shown beside this one."""

    review: Id
    analysis: Id
    label: Text


class Exclusion(Model):
    """A study kept out of an analysis by name, with the reason."""

    study: str
    reason: Text


class Footnote(Model):
    """A footnote to a study in the forest plots of an analysis."""

    study: str
    text: Text


class ForestText(Model):
    """Words of the authors in the forest plots of an analysis."""

    note: Text | None = Field(None, description="A sentence below the figure.")
    footnotes: tuple[Footnote, ...] = Field(
        (), description="Footnotes to studies, numbered (1), (2) in the order of the rows."
    )
    study_heading: Text | None = Field(None, description="Stands above the names instead of Study.")
    effect_heading: Text | None = Field(
        None, description="Stands above the effects instead of the name of the measure."
    )


class AnalysisPlan(Model):
    """One analysis: the unit of synthesis, figure and table."""

    title: Text
    comparison: Id
    outcome: Id
    window: Id | None = None
    measure: Measure
    pooling: Literal["inverse_variance", "mantel_haenszel", "peto"] = "inverse_variance"
    primary: bool = Field(False, description="Shown on the first screen of the report.")
    method: Tau2Method | None = None
    test: Test | None = None
    subgroups: tuple[Id, ...] = Field((), description="Moderators to split by where k allows.")
    regress_on: tuple[Id, ...] = Field((), description="Numeric moderators to regress on.")
    sensitivity: tuple[Id, ...] = ()
    benchmark: BenchmarkOf | None = None
    exclude: tuple[Exclusion, ...] = ()
    figures: tuple[Diagnostic, ...] = Field(
        (),
        description="Further figures: how far single studies, small studies and the years carry the result.",
    )
    forest_layout: ForestLayout | None = Field(
        None, description="Layout of its forest plots; else the default."
    )
    forest_columns: tuple[Id, ...] = Field((), description="Moderators shown as columns of its forest plots.")
    forest_text: ForestText = Field(
        ForestText(), description="Footnotes to studies, a note and headings of its forest plots."
    )
    with_subgroup_only: bool = Field(False, description="May a study that reports only a subgroup count?")
    allow_problems: str | None = Field(
        None, description="Reason why this analysis may fail without failing the build."
    )
    note: str | None = None


class Protocol(Model):
    """A whole protocol."""

    review: Id
    title: Text
    version: Text
    dated: date | None = Field(None, description="Date of this version, e.g. 2026-01-31.")
    question: Question
    context: tuple[str, ...] = Field(
        (), description="Facts a reader needs first, each with its source in the text."
    )
    declarations: Declarations = Declarations()
    approval: tuple[str, ...] = Field(
        (), description="What authorities have approved, as they state it, each with its source in the text."
    )
    interventions: dict[str, Intervention]
    moderators: dict[Id, Moderator] = Field({})
    instruments: dict[str, Instrument] = Field({}, description="Outcome measures that the registry lacks.")
    outcomes: dict[Id, Outcome]
    windows: dict[Id, Window] = Field({})
    comparisons: dict[Id, Comparison]
    defaults: Defaults = Defaults()
    sensitivity: dict[Id, Change] = Field({})
    analyses: dict[Id, AnalysisPlan]
    changes: tuple[str, ...] = Field((), description="Changes to the protocol, newest first, each dated.")

    def layout_of(self, plan: AnalysisPlan) -> ForestLayout:
        """Return the layout of the forest plots of an analysis."""
        return plan.forest_layout or self.defaults.forest_layout

    def better_left(self, plan: AnalysisPlan) -> bool:
        """Return whether the better side lies left in the figures of an analysis: as chosen, else by its layout."""
        if self.defaults.forest_left is None:
            return self.layout_of(plan) not in SMALLER_LEFT
        return self.defaults.forest_left == "better"


def load_protocol(path: Path, *, file: str | None = None) -> Protocol:
    """Read a protocol.

    Parameters
    ----------
    path : Path
        The YAML file.
    file : str, optional
        Name of the file in faults; default: `path`.

    Raises
    ------
    InputFaults
        With everything that is wrong with the form of the protocol. Whether the ids it names exist
        is judged by :mod:`rheumeta.tables.rules_protocol`.
    """
    protocol, _, faults = read_protocol(path, file=file or path.as_posix())
    if protocol is None:
        raise InputFaults(faults)
    return protocol


def read_protocol(path: Path, *, file: str) -> tuple[Protocol | None, Document, list[Fault]]:
    """Read a protocol; return it (None if it has faults), the YAML with its lines, and the faults."""
    document, faults = _read_document(path, file=file)
    if faults:
        return None, document, faults
    try:
        return Protocol.model_validate(document.data), document, []
    except ValidationError as error:
        return None, document, model_faults(error, Protocol, document, file=file)


def _read_document(path: Path, *, file: str) -> tuple[Document, list[Fault]]:
    if not path.is_file():
        return Document(), [
            Fault(file, None, None, "missing_file", "The protocol does not exist.", remedy=MAKE_ONE)
        ]
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = f"Byte {error.start + 1} is not UTF-8."
        return Document(), [
            Fault(file, line, None, "not_utf8", message, None, "UTF-8", "Save the file as UTF-8.")
        ]
    document = parse_yaml(text, file=file)
    if not document.faults and not isinstance(document.data, dict):
        document.faults.append(
            Fault(file, 1, None, "empty_file", "The protocol holds no keys.", remedy=MAKE_ONE)
        )
    return document, document.faults
