"""What the report shows of one analysis beyond its records: rows, marks, chains of derivation."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rheumeta.pages.findings import FAMILIES
from rheumeta.pages.inputs import anchor
from rheumeta.pages.measures import differing, told
from rheumeta.pages.numbers import DASH, count, interval, number, p_equals, tenth, whole
from rheumeta.pages.origins import place as whole_place
from rheumeta.pages.origins import subgroup_place
from rheumeta.pages.words import main_pooled, sentence, shown_result
from rheumeta.records import FLAGS, Analysis, Interval, Pooled, Regression, Sensitivity, StudyEffect, Subgroup

METHOD_NAMES = {
    "DL": "DerSimonian-Laird",
    "PM": "Paule-Mandel",
    "REML": "restricted maximum likelihood",
    "ML": "maximum likelihood",
    "SJ": "Sidik-Jonkman",
    "HS": "Hunter-Schmidt",
    "EB": "empirical Bayes",
    "HE": "Hedges",
    "IV": "inverse variance",
    "MH": "Mantel-Haenszel",
    "Peto": "Peto",
}
TEST_NAMES = {
    "z": "normal interval",
    "t": "t interval",
    "knha": "Hartung-Knapp interval",
    "adhoc": "Hartung-Knapp interval, not narrower than the normal one",
}
MODEL_NAMES = {"random": "Random effects", "common": "Common effect"}


@dataclass(frozen=True)
class StudyRow:
    """One line of the table of studies."""

    study: StudyEffect
    numbers1: str
    numbers2: str
    effect: str
    marks: str  # letters that point to the legend


@dataclass(frozen=True)
class SubgroupRow:
    """One level of a subgroup analysis."""

    level: str
    k: int
    effect: str
    spread: str
    remark: str
    place: str  # where its numbers come from


@dataclass(frozen=True)
class SubgroupTable:
    """All levels of one moderator with the test between them."""

    by: str
    label: str
    rows: tuple[SubgroupRow, ...]
    test: str
    pooled: bool  # is there a pooled result in any group?

    @property
    def words(self) -> str:
        """Results of the groups and the test between them, as a figure of them says it."""
        groups = (f"{row.level}: {row.effect} ({count(row.k, 'study', 'studies')})" for row in self.rows)
        return ". ".join(part for part in ("; ".join(groups), self.test) if part) + "."


@dataclass(frozen=True)
class AnalysisView:
    """One analysis as the template shows it."""

    record: Analysis
    sentence: str
    alt: str
    two_groups: bool
    column1: str
    column2: str
    effect_head: str
    rows: tuple[StudyRow, ...]
    legend: tuple[tuple[str, str], ...]  # mark, gloss
    pooled: tuple[Pooled, ...]
    lead: Pooled | None
    subgroups: tuple[SubgroupTable, ...]
    changed: tuple[Sensitivity, ...]  # sensitivity runs that give another result
    unchanged: tuple[str, ...]  # labels of those that give the same
    differing: tuple[
        tuple[Analysis, str], ...
    ]  # other measures of the outcome that say otherwise of no effect


def analysis_view(analysis: Analysis, *, level: float = 95, beside: Iterable[Analysis] = ()) -> AnalysisView:
    """Return one analysis as the template shows it.

    Parameters
    ----------
    analysis : Analysis
        The record.
    level : float
        Level of the intervals in percent.
    beside : iterable of Analysis
        All analyses of the review, some of which may be of the same outcome by another measure.
    """
    legend = _legend(analysis.studies)
    marks = {code: mark for mark, code in legend}
    two = analysis.comparison_kind == "controlled"
    words = sentence(analysis, level=level)
    return AnalysisView(
        record=analysis,
        sentence=words,
        alt=_alt(analysis, words),
        two_groups=two,
        column1=_column("Treated" if two else "Patients", analysis),
        column2=_column("Control", analysis),
        effect_head=f"{analysis.measure_label}{_unit(analysis)} [{level:g}% interval]",
        rows=tuple(_study_row(analysis, study, marks) for study in analysis.studies),
        legend=tuple((mark, FLAGS.get(code, code.replace("_", " "))) for mark, code in legend),
        pooled=tuple(p for p in (analysis.random, analysis.common) if p is not None),
        lead=main_pooled(analysis),
        subgroups=_subgroups(analysis),
        changed=tuple(s for s in analysis.sensitivity if not _same(analysis, s)),
        unchanged=tuple(s.label for s in analysis.sensitivity if _same(analysis, s)),
        differing=tuple((other, told(other, show_main(other))) for other in differing(analysis, beside)),
    )


def _same(analysis: Analysis, run: Sensitivity) -> bool:
    """Return whether a sensitivity run reads as the analysis itself does."""
    return run.k == analysis.k and show_main(analysis) == show_run(analysis, run)


def show_main(analysis: Analysis) -> str:
    """Return the result that speaks for an analysis, on its display scale."""
    result = shown_result(analysis)
    return show(analysis, result.display if result else None)


def show_run(analysis: Analysis, run: Sensitivity) -> str:
    """Return the result of a sensitivity run on the scale of its own measure, which is named.

    Proportions are percentages by any measure and need no name.
    """
    value = run.random.display if run.random else run.single
    if run.measure is None or run.scale is None:
        return show(analysis, value)
    text = show(replace(analysis, measure=run.measure, scale=run.scale), value)
    alike = {FAMILIES.get(run.measure), FAMILIES.get(analysis.measure)} == {"proportion"}
    return text if alike or value is None else f"{run.measure_label}: {text}"


def show(analysis: Analysis, value: Interval | None) -> str:
    """Return an interval on the display scale of `analysis`, proportions with the percent sign."""
    if value is None or FAMILIES.get(analysis.measure) != "proportion":
        return interval(value, common=analysis.scale != "log")
    if value.estimate is None and value.lower is None:
        return DASH
    text = "" if value.estimate is None else tenth(value.estimate)
    if value.lower is None and value.upper is None:
        return text
    return f"{text} [{tenth(value.lower)}, {tenth(value.upper)}]".strip()


def regression_words(analysis: Analysis, fit: Regression) -> str:
    """Return what the picture of a regression shows: its slopes, and how many studies there are."""
    rest = fit.coefficients[1:]
    slopes = "; ".join(interval(c.ci) if len(rest) == 1 else f"{c.name} {interval(c.ci)}" for c in rest)
    scale = " on the log scale" if analysis.scale == "log" else ""
    return (
        f"Bubble plot: {analysis.title} of {count(fit.k, 'study', 'studies')} against {fit.moderator_label}. "
        f"Slope{scale}: {slopes}."
    )


def degrees(df: float) -> str:
    """Return "1 degree of freedom", "4 degrees of freedom"."""
    return f"{df:g} degree{'' if df == 1 else 's'} of freedom"


def describe(pooled: Pooled) -> str:
    """Return model, estimator and kind of interval in words."""
    method = METHOD_NAMES.get(pooled.method, pooled.method)
    return f"{method}; {TEST_NAMES.get(pooled.test, pooled.test)}"


def _unit(analysis: Analysis) -> str:
    family = FAMILIES.get(analysis.measure)
    if family in ("difference", "change") and analysis.unit and not analysis.measure.startswith("SM"):
        return f", {analysis.unit}"
    return ""


def _column(group: str, analysis: Analysis) -> str:
    if any(s.events1 is not None for s in analysis.studies):
        return f"{group}: events/n" if not _has_time(analysis) else f"{group}: events / time"
    if any(s.mean1 is not None for s in analysis.studies):
        return f"{group}: mean (SD), n"
    return f"{group}: n"


def _has_time(analysis: Analysis) -> bool:
    return any(s.person_time1 is not None for s in analysis.studies)


def group_numbers(
    n: float | None, events: float | None, mean: float | None, sd: float | None, time: float | None = None
) -> str:
    """Return the raw numbers of one group: "9/46", "−1.05 (0.95), 30", "3 / 120.5" or "n"."""
    if events is not None and time is not None:
        return f"{whole(events)} / {number(time)}"
    if events is not None:
        return f"{whole(events)}/{whole(n)}"
    if mean is not None:
        return f"{number(mean, digits=2)} ({number(sd, digits=2) if sd is not None else DASH}), {whole(n)}"
    return whole(n)


def _study_row(analysis: Analysis, study: StudyEffect, marks: dict[str, str]) -> StudyRow:
    s = study
    return StudyRow(
        study=s,
        numbers1=group_numbers(s.n1, s.events1, s.mean1, s.sd1, s.person_time1),
        numbers2=group_numbers(s.n2, s.events2, s.mean2, s.sd2, s.person_time2),
        effect=show(analysis, s.effect),
        marks=" ".join(sorted(marks[flag] for flag in s.flags if flag in marks)),
    )


def _legend(studies: Iterable[StudyEffect]) -> list[tuple[str, str]]:
    """Return mark and flag, in the order of the glosses, as the forest plot numbers them."""
    used = {flag for study in studies for flag in study.flags}
    codes = [flag for flag in FLAGS if flag in used] + sorted(used - FLAGS.keys())
    return list(zip(string.ascii_lowercase, codes, strict=False))


def _alt(analysis: Analysis, words: str) -> str:
    if analysis.status == "no_data":
        return f"No forest plot: {words}"
    return f"Forest plot of {count(analysis.k, 'study', 'studies')}: {analysis.title}. {words}"


def _subgroups(analysis: Analysis) -> tuple[SubgroupTable, ...]:
    levels: dict[str, list[Subgroup]] = defaultdict(list)
    for subgroup in analysis.subgroups:
        levels[subgroup.by].append(subgroup)
    tests = {t.by: t for t in analysis.subgroup_tests}
    tables = []
    for by, rows in levels.items():
        test = tests.get(by)
        words = ""
        if test is not None:
            words = (
                f"Test for a difference between the groups: Q = {number(test.q, digits=2)}, "
                f"{degrees(test.df)}, p {p_equals(test.pval)}"
            )
        lines = tuple(_subgroup_row(analysis, row) for row in rows)
        pooled = any(row.random is not None for row in rows)
        tables.append(SubgroupTable(by, rows[0].by_label, lines, words, pooled))
    return tuple(tables)


def _subgroup_row(analysis: Analysis, subgroup: Subgroup) -> SubgroupRow:
    level, k = subgroup.level, subgroup.k
    if subgroup.random is not None:
        tau2 = subgroup.random.tau2
        spread = DASH if tau2 is None else number(tau2.estimate)
        place = subgroup_place(analysis, subgroup)
        return SubgroupRow(level, k, show(analysis, subgroup.random.display), spread, "", place)
    members = [s for s in analysis.studies if s.effect_id in subgroup.effect_ids]
    if len(members) == 1:
        text, place = show(analysis, members[0].effect), anchor("e", members[0].effect_id)
        return SubgroupRow(level, k, text, DASH, "one study, not pooled", place)
    remark = "not pooled" if members else "no data"
    return SubgroupRow(level, k, DASH, DASH, remark, whole_place(analysis) if members else "")
