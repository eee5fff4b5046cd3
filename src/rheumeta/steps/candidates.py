"""What each study contributes to one analysis: its effect sizes, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from rheumeta.steps import measures as m
from rheumeta.steps import reported_effects, summaries
from rheumeta.steps.model import Arm, Evidence, Result
from rheumeta.steps.quantities import NotDerivable, Quantity
from rheumeta.steps.selection import (
    Sides,
    ancestors,
    disjoint_arms,
    in_window,
    order_times,
    sides,
    why_not_comparable,
)
from rheumeta.steps.summaries import Counts, Moments, Settings
from rheumeta.tables.measures import (
    CHANGE_MEASURES,
    MEANS_MEASURES,
    PROPORTION_MEASURES,
    RATE_MEASURES,
    TABLE_MEASURES,
)
from rheumeta.tables.protocol import AnalysisPlan, Comparison, Defaults, Measure, Outcome, Window

BASES = ("change as reported", "final values", "change from baseline and final values")
"""For two groups' means, in order: what the difference is taken of."""
ABSTRACTS = frozenset({"abstract", "conference_abstract"})
PRESS = frozenset({"press_release", "registry"})

Group = Counts | Moments
Summary = Callable[[Arm], Group]


@dataclass(frozen=True)
class Context:
    """An analysis with everything its protocol says, and the evidence."""

    analysis_id: str
    plan: AnalysisPlan
    measure: Measure
    outcome: Outcome
    comparison: Comparison
    window: Window | None
    defaults: Defaults
    evidence: Evidence
    correlation: Mapping[str, Quantity]  # by outcome code
    correlation_notes: Mapping[str, str]
    allow_subgroups: bool

    def settings(self, code: str) -> Settings:
        """Return the settings of derivations for an instrument."""
        r = self.correlation[code]
        return Settings(
            r, self.correlation_notes[code], self.defaults.ci_distribution, self.defaults.quantile_method
        )


@dataclass(frozen=True)
class Candidate:
    """One effect of one study."""

    study_id: str
    experimental: tuple[Arm, ...]
    control: tuple[Arm, ...]
    outcome: str
    weeks: float | None
    time_label: str
    built: m.Built

    @property
    def patients(self) -> float:
        """Number of patients behind the effect, 0 if unknown."""
        return self.built.shown.get("n1", 0.0) + self.built.shown.get("n2", 0.0)


def contributions(context: Context, study_id: str) -> list[Candidate] | None:
    """Return what a study contributes; None if the analysis is not about it.

    Raises
    ------
    NotDerivable
        If the study reports on the outcome in the window but cannot enter; with the reason.
    """
    rows = [
        r
        for r in context.evidence.results
        if r.study_id == study_id and r.outcome in context.outcome.codes and r.timing != "baseline"
    ]
    found = sides(context.evidence, study_id, context.comparison)
    arms = {a.arm_id for a in (*found.experimental, *found.control)}
    inside = [r for r in rows if in_window(r, context.window) and r.arm_id in arms]
    if not inside or not found.experimental:
        return None
    reason = why_not_comparable(context.evidence, study_id, context.comparison, found)
    if reason is not None:
        raise NotDerivable(reason)
    return _first_that_works(context, study_id, found, inside)


def _first_that_works(
    context: Context, study_id: str, found: Sides, inside: Sequence[Result]
) -> list[Candidate]:
    reasons: list[str] = []
    for code in context.outcome.codes:
        of_code = [r for r in inside if r.outcome == code]
        for weeks in order_times((r.weeks for r in of_code), context.window):
            attempt = _Attempt(context, study_id, found, code, weeks)
            try:
                return attempt.candidates()
            except NotDerivable as error:
                reasons.append(str(error))
    raise NotDerivable("; ".join(dict.fromkeys(reasons)))


@dataclass(frozen=True)
class _Attempt:
    """One try to get an effect from a study at one time with one instrument."""

    context: Context
    study_id: str
    found: Sides
    code: str
    weeks: float | None

    def candidates(self) -> list[Candidate]:
        built, reasons = self._from_groups()
        contrast = self._from_contrast(reasons)
        if not built:
            if contrast is None:
                raise NotDerivable("; ".join(dict.fromkeys(reasons)))
            return [contrast]
        if contrast is not None and len(built) == 1:
            built = [_compared(built[0], contrast)]
        return built

    def _rows(self, arm: Arm) -> list[Result]:
        return [
            r
            for r in self.context.evidence.results
            if (r.study_id, r.arm_id, r.comparator_id) == (self.study_id, arm.arm_id, None)
            and r.outcome == self.code
        ]

    def _at_time(self, arm: Arm) -> list[Result]:
        return [r for r in self._rows(arm) if r.timing != "baseline" and r.weeks == self.weeks]

    def _baseline(self, arm: Arm) -> list[Result]:
        return [r for r in self._rows(arm) if r.timing == "baseline"]

    def _summaries(self) -> list[Summary]:
        """Return the ways to summarise an arm, in order; all arms of an effect use the same."""
        measure, settings = self.context.measure, self.context.settings(self.code)
        if measure in TABLE_MEASURES | PROPORTION_MEASURES:
            return [lambda arm: summaries.counts(self._at_time(arm))]
        if measure in RATE_MEASURES | {"IRR"}:
            return [lambda arm: summaries.rate_counts(self._at_time(arm))]
        if measure in CHANGE_MEASURES:
            return [lambda arm: summaries.change(self._at_time(arm), self._baseline(arm), settings)]
        if measure in MEANS_MEASURES:
            return [partial(self._by_basis, basis) for basis in BASES]
        return []

    def _by_basis(self, basis: str, arm: Arm) -> Moments:
        settings, rows = self.context.settings(self.code), self._at_time(arm)
        if basis == BASES[0]:
            return summaries.moments([r for r in rows if r.timing == "change"], settings, basis)
        if basis == BASES[1]:
            return summaries.moments([r for r in rows if r.timing == "final"], settings, basis)
        return summaries.change_from_two(rows, self._baseline(arm), settings)

    def _from_groups(self) -> tuple[list[Candidate], list[str]]:
        reasons: list[str] = []
        for summary in self._summaries():
            try:
                return self._with(summary), []
            except NotDerivable as error:
                reasons.append(str(error))
        return [], reasons or [f"{self.context.measure} is taken from a reported effect with its interval"]

    def _with(self, summary: Summary) -> list[Candidate]:
        one = self._arms(self.found.experimental, summary, "treated group")
        if self.context.comparison.control is None:
            return [self._single(one, summary)]
        two = self._arms(self.found.control, summary, "control group")
        if (one[0].kind == "subgroup") != (two[0].kind == "subgroup"):
            raise NotDerivable("only a subgroup of one side is reported")
        if self.context.defaults.shared_control == "split" and len(one) > 1:
            return [self._pair((arm,), two, summary, len(one)) for arm in one]
        return [self._pair(one, two, summary, 1)]

    def _arms(self, arms: Sequence[Arm], summary: Summary, side: str) -> tuple[Arm, ...]:
        failures: list[str] = []

        def has_data(arm: Arm) -> bool:
            if not self._at_time(arm):
                return False
            try:
                summary(arm)
            except NotDerivable as error:
                failures.append(str(error))
                return False
            return True

        chosen, reason = disjoint_arms(
            arms, has_data, self.context.evidence, allow_subgroups=self.context.allow_subgroups
        )
        if not chosen:
            detail = "; ".join(dict.fromkeys(failures)) or reason
            raise NotDerivable(f"{side}: {detail}")
        left_out = [a for a in self._uncovered(arms, chosen) if self._at_time(a)]
        if left_out:  # using the arms that happen to be usable would choose patients by their result
            names = ", ".join(a.label for a in left_out)
            detail = "; ".join(dict.fromkeys(failures))
            raise NotDerivable(f"{side}: the arm {names} reports the outcome but no usable number ({detail})")
        return chosen

    def _uncovered(self, arms: Sequence[Arm], chosen: Sequence[Arm]) -> list[Arm]:
        """Return the arms as allocated whose patients are not among those of the chosen arms."""
        ids = {a.arm_id for a in chosen}
        return [
            a
            for a in arms
            if a.kind == "arm" and a.arm_id not in ids and not ids & ancestors(a, self.context.evidence)
        ]

    def _single(self, arms: tuple[Arm, ...], summary: Summary) -> Candidate:
        context = self.context
        group = _combined([summary(a) for a in arms])
        if context.measure in PROPORTION_MEASURES:
            built = m.from_proportion(context.measure, _counts(group), context.defaults)
        elif context.measure in RATE_MEASURES:
            built = m.from_rates(context.measure, _counts(group), None, context.defaults)
        elif context.measure == "SMCR":
            built = self._smcr(arms)
        else:
            built = m.from_change(context.measure, _moments(group), context.defaults)
        return self._candidate(arms, (), built)

    def _smcr(self, arms: tuple[Arm, ...]) -> m.Built:
        if len(arms) > 1:
            raise NotDerivable("the baseline SD of several arms together is not defined here")
        settings = self.context.settings(self.code)
        before = summaries.moments(self._baseline(arms[0]), settings, "baseline value")
        final = [r for r in self._at_time(arms[0]) if r.timing == "final"]
        after = summaries.moments(final, settings, "final value")
        return m.from_two_times(before, after, settings.correlation, self.context.defaults)

    def _pair(self, one: tuple[Arm, ...], two: tuple[Arm, ...], summary: Summary, parts: int) -> Candidate:
        context = self.context
        left, right = _combined([summary(a) for a in one]), _combined([summary(a) for a in two])
        right = summaries.shared(right, parts)
        if context.measure in TABLE_MEASURES:
            built = m.from_table(context.measure, _counts(left), _counts(right), context.defaults)
        elif context.measure == "IRR":
            built = m.from_rates("IRR", _counts(left), _counts(right), context.defaults)
        else:
            built = m.from_means(context.measure, _moments(left), _moments(right), context.defaults)
        return self._candidate(one, two, built)

    def _from_contrast(self, reasons: list[str]) -> Candidate | None:
        """Return the effect that the source itself reports for the two sides, if it does."""
        ones = {a.arm_id: a for a in self.found.experimental}
        twos = {a.arm_id: a for a in self.found.control}
        for row in summaries.ranked(self.context.evidence.results):
            pair = row.arm_id in ones and row.comparator_id in twos
            if not pair or (row.study_id, row.outcome, row.weeks) != (self.study_id, self.code, self.weeks):
                continue
            one, two = ones[row.arm_id], twos[str(row.comparator_id)]
            try:
                built = reported_effects.from_row(self.context.measure, row, self._sizes(one, two))
            except NotDerivable as error:
                reasons.append(str(error))
            else:
                return self._candidate((one,), (two,), built)
        return None

    def _sizes(self, one: Arm, two: Arm) -> tuple[Quantity, Quantity] | None:
        """Return the patients in both groups as rows about this outcome and time give them."""
        try:
            return summaries.size(self._at_time(one)), summaries.size(self._at_time(two))
        except NotDerivable:
            return None

    def _candidate(self, one: tuple[Arm, ...], two: tuple[Arm, ...], built: m.Built) -> Candidate:
        used = [r for r in self.context.evidence.results if r.result_id in built.result_ids]
        label = next((r.time_label for r in used if r.timing != "baseline"), "")
        flags = _source_flags(used) | {f for r in used for f in r.flags}
        if self.code != self.context.outcome.codes[0]:
            flags |= {"instrument_mixed"}
        if any(a.kind == "subgroup" for a in (*one, *two)):
            flags |= {"subgroup_only"}
        elif "control_split" not in built.flags and self._uncovered(self.found.experimental, one):
            flags |= {"arm_not_reported"}
        if self.context.evidence.studies[self.study_id].status == "press_only":
            flags |= {"unpublished"}
        built = replace(built, flags=built.flags | flags)
        return Candidate(self.study_id, one, two, self.code, self.weeks, label, built)


def _source_flags(used: Iterable[Result]) -> set[str]:
    kinds = {r.source_kind for r in used}
    flags = set()
    if kinds and kinds <= ABSTRACTS:
        flags.add("abstract_only")
    if kinds & PRESS:
        flags.add("unpublished")
    return flags


def _combined(groups: Sequence[Group]) -> Group:
    if isinstance(groups[0], Counts):
        return summaries.combine_counts([_counts(g) for g in groups])
    return summaries.combine_moments([_moments(g) for g in groups])


def _counts(group: Group) -> Counts:
    return cast(Counts, group)  # the measure decides what the summaries return


def _moments(group: Group) -> Moments:
    return cast(Moments, group)


def _compared(computed: Candidate, contrast: Candidate) -> Candidate:
    """Flag a computed effect that the source's own effect contradicts by more than its SE allows.

    Adjusted and unadjusted effects differ a little for good reasons, so the yardstick here is not
    rounding but half a standard error.
    """
    gap = abs(computed.built.yi - contrast.built.yi)
    if gap <= m.REPORTED_EFFECT_TOLERANCE * computed.built.vi**0.5:
        return computed
    flags = computed.built.flags | {"routes_disagree"}
    return replace(computed, built=replace(computed.built, flags=flags))
