"""One try to get an effect from a study: what is asked, of which arms, at which time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.steps.evidence import measures as m
from rheumeta.steps.evidence.model import Arm, Evidence, Result
from rheumeta.steps.evidence.quantities import Quantity
from rheumeta.steps.evidence.selection import Sides, ancestors, in_window
from rheumeta.steps.evidence.summaries import Settings
from rheumeta.tables.protocol import AnalysisPlan, Comparison, Defaults, Measure, Outcome, Window

ABSTRACTS = frozenset({"abstract", "conference_abstract"})
PRESS = frozenset({"press_release", "registry"})


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
    patients: float  # behind the effect; 0 if no row gives a number
    basis: str  # what a mean is of


@dataclass(frozen=True)
class Attempt:
    """One try to get an effect from a study at one time with one instrument."""

    context: Context
    study_id: str
    found: Sides
    code: str
    weeks: float | None

    def rows(self, arm: Arm) -> list[Result]:
        """Return all rows about an arm with this instrument."""
        return [
            r
            for r in self.context.evidence.results
            if (r.study_id, r.arm_id, r.comparator_id) == (self.study_id, arm.arm_id, None)
            and r.outcome == self.code
        ]

    def at_time(self, arm: Arm) -> list[Result]:
        """Return the rows about an arm at this time."""
        return [r for r in self.rows(arm) if r.timing != "baseline" and r.weeks == self.weeks]

    def baseline(self, arm: Arm) -> list[Result]:
        """Return the baseline rows about an arm."""
        return [r for r in self.rows(arm) if r.timing == "baseline"]

    def reports(self, arm: Arm) -> bool:
        """Tell whether an arm reports the outcome anywhere in the window."""
        return any(
            r.study_id == self.study_id
            and arm.arm_id in (r.arm_id, r.comparator_id)
            and r.outcome in self.context.outcome.codes
            and in_window(r, self.context.window)
            for r in self.context.evidence.results
        )

    def uncovered(self, arms: Sequence[Arm], chosen: Sequence[Arm]) -> list[Arm]:
        """Return the arms as allocated whose patients are not among those of the chosen arms."""
        ids = {a.arm_id for a in chosen}
        return [
            a
            for a in arms
            if a.kind == "arm" and a.arm_id not in ids and not ids & ancestors(a, self.context.evidence)
        ]

    def arm(self, arm_id: str) -> Arm:
        """Return an arm of the study."""
        return self.context.evidence.arms[self.study_id, arm_id]

    def candidate(
        self, one: tuple[Arm, ...], two: tuple[Arm, ...], built: m.Built, basis: str = ""
    ) -> Candidate:
        """Return an effect of these arms with the flags that its sources and arms call for."""
        used = [r for r in self.context.evidence.results if r.result_id in built.result_ids]
        label = next((r.time_label for r in used if r.timing != "baseline"), "")
        flags = _source_flags(used) | {f for r in used for f in r.flags}
        if self.code != self.context.outcome.codes[0]:
            flags |= {"instrument_mixed"}
        if any(a.kind == "subgroup" for a in (*one, *two)):
            flags |= {"subgroup_only"}
        if self.context.evidence.studies[self.study_id].status == "press_only":
            flags |= {"unpublished"}
        built = replace(built, flags=built.flags | flags)
        n = built.shown.get("n1", 0.0) + built.shown.get("n2", 0.0)
        patients = n or max((float(r.n) for r in used if r.n), default=0.0)
        return Candidate(self.study_id, one, two, self.code, self.weeks, label, built, patients, basis)


def _source_flags(used: Iterable[Result]) -> set[str]:
    kinds = {r.source_kind for r in used}
    flags = set()
    if kinds and kinds <= ABSTRACTS:
        flags.add("abstract_only")
    if kinds & PRESS:
        flags.add("unpublished")
    return flags
