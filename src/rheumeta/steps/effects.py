"""Stage 3: one effect size per study in every analysis, with how each was derived.

Reads ``harmonised.csv`` and the validated sheets; writes ``effects.csv`` (one row an effect),
``derivations.csv`` (one row a step, redoable by hand) and ``not_used.csv`` (who could have
contributed, and why not).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rheumeta.layout import Layout
from rheumeta.steps.evidence.attempts import Candidate, Context
from rheumeta.steps.evidence.candidates import contributions
from rheumeta.steps.evidence.cohorts import once_per_cohort
from rheumeta.steps.evidence.correlations import Correlations, find_correlations
from rheumeta.steps.evidence.model import Evidence, read_arms, read_results, read_studies
from rheumeta.steps.evidence.quantities import NotDerivable
from rheumeta.steps.evidence.selection import in_window
from rheumeta.tables.protocol import AnalysisPlan, Change, Protocol
from rheumeta.tables.validated import load_validated
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

BASE = "base"
SHOWN = (
    "n1", "events1", "mean1", "sd1", "person_time1", "n2", "events2", "mean2", "sd2", "person_time2",
)  # fmt: skip
EFFECT_COLUMNS = (
    "effect_id", "analysis_id", "variant", "study_id", "label", "experimental", "control", "outcome", "weeks",
    "time_label", "measure", "yi", "vi", "sei", *SHOWN, "experimental_arms", "control_arms", "basis", "flags",
    "result_ids", "confirmed_by",
)  # fmt: skip
STEP_COLUMNS = (
    "effect_id", "step", "quantity", "formula", "numbers", "value", "source", "assumption", "result_ids",
)  # fmt: skip
NOT_USED_COLUMNS = ("analysis_id", "variant", "study_id", "label", "reason", "result_ids")

REDERIVING = (
    "measure", "correlation", "quantile_method", "shared_control", "double_zero", "with_subgroup_only",
)  # fmt: skip
"""Assumptions whose change needs new effect sizes."""


@dataclass(frozen=True)
class NotUsed:
    """A study that reports on an analysis and does not enter it."""

    analysis_id: str
    study_id: str
    reason: str
    result_ids: tuple[str, ...]


def rederives(change: Change) -> bool:
    """Tell whether a sensitivity run changes the effect sizes themselves, not only the model."""
    return any(getattr(change, name) is not None for name in REDERIVING)


def variants(plan: AnalysisPlan, protocol: Protocol) -> Iterator[tuple[str, Change]]:
    """Yield the base and every sensitivity run that needs effect sizes of its own."""
    yield BASE, Change(label="as planned")
    for name in plan.sensitivity:
        if rederives(protocol.sensitivity[name]):
            yield name, protocol.sensitivity[name]


def load_evidence(layout: Layout, protocol: Protocol) -> Evidence:
    """Read studies, arms and harmonised results of a review."""
    names: dict[str, list[str]] = {"studies": [], "arms": []}
    for name, moderator in protocol.moderators.items():
        names[moderator.sheet].append(name)
    return Evidence(
        read_studies(layout.validated / "studies.csv", names["studies"]),
        read_arms(layout.validated / "arms.csv", names["arms"]),
        read_results(layout.harmonised),
    )


def _context(
    protocol: Protocol, evidence: Evidence, analysis_id: str, change: Change, found: Correlations
) -> Context:
    plan = protocol.analyses[analysis_id]
    outcome = protocol.outcomes[plan.outcome]
    updates = {
        key: value
        for key in ("shared_control", "double_zero", "correlation", "quantile_method")
        if (value := getattr(change, key)) is not None
    }
    defaults = protocol.defaults.model_copy(update=updates)
    if change.correlation is not None:
        defaults = defaults.model_copy(update={"correlation_source": "protocol"})
    used = {code: found.for_outcome(code, defaults) for code in outcome.codes}
    subgroups = plan.with_subgroup_only if change.with_subgroup_only is None else change.with_subgroup_only
    return Context(
        analysis_id=analysis_id,
        plan=plan,
        measure=change.measure or plan.measure,
        outcome=outcome,
        comparison=protocol.comparisons[plan.comparison],
        window=protocol.windows[plan.window] if plan.window else None,
        defaults=defaults,
        evidence=evidence,
        correlation={code: quantity for code, (quantity, _) in used.items()},
        correlation_notes={code: note for code, (_, note) in used.items()},
        allow_subgroups=subgroups,
    )


def analyse(context: Context) -> tuple[list[Candidate], list[NotUsed]]:
    """Collect the effects of one analysis: each study asked, exclusions applied, each cohort once."""
    evidence, excluded = context.evidence, {e.study: e.reason for e in context.plan.exclude}
    candidates: list[Candidate] = []
    not_used: list[NotUsed] = []
    for study_id in evidence.studies:
        try:
            found = contributions(context, study_id)
        except NotDerivable as error:
            not_used.append(NotUsed(context.analysis_id, study_id, str(error), _row_ids(context, study_id)))
            continue
        if found is None:
            continue
        if study_id in excluded:
            reason = f"left out by the protocol: {excluded[study_id]}"
            not_used.append(NotUsed(context.analysis_id, study_id, reason, _row_ids(context, study_id)))
            continue
        candidates.extend(found)
    kept, dropped = once_per_cohort(
        candidates,
        evidence,
        study=lambda c: c.study_id,
        patients=lambda c: c.patients,
        weeks=lambda c: c.weeks,
        rule=context.defaults.cohort,
    )
    for out, stays in dropped:
        label = evidence.label(stays.study_id)
        reason = (
            f"its patients {_overlap(evidence, out.study_id, stays.study_id)} those of {label}, which is used"
        )
        not_used.append(NotUsed(context.analysis_id, out.study_id, reason, out.built.result_ids))
    return [_flag_probable(c, dropped, evidence) for c in kept], not_used


def _row_ids(context: Context, study_id: str) -> tuple[str, ...]:
    return tuple(
        r.result_id
        for r in context.evidence.results
        if r.study_id == study_id and r.outcome in context.outcome.codes and in_window(r, context.window)
    )


def _overlap(evidence: Evidence, one: str, two: str) -> str:
    bases = {evidence.studies[s].cohort_basis for s in (one, two)}
    return "probably overlap" if "probable" in bases else "are among"


def _flag_probable(
    candidate: Candidate, dropped: list[tuple[Candidate, Candidate]], evidence: Evidence
) -> Candidate:
    others = [out.study_id for out, stays in dropped if stays.study_id == candidate.study_id]
    if not any(_overlap(evidence, o, candidate.study_id) == "probably overlap" for o in others):
        return candidate
    built = replace(candidate.built, flags=candidate.built.flags | {"cohort_probable"})
    return replace(candidate, built=built)


def effect_id(analysis_id: str, variant: str, candidate: Candidate) -> str:
    """Return the key of an effect: analysis, variant, study and, if the control is split, the arm."""
    parts = [analysis_id, variant, candidate.study_id]
    if "control_split" in candidate.built.flags:
        parts.append(candidate.experimental[0].arm_id)
    return ":".join(parts)


def _effect_row(key: str, context: Context, variant: str, candidate: Candidate) -> dict[str, object]:
    built = candidate.built
    label = context.evidence.label(candidate.study_id)
    if "control_split" in built.flags:
        label += f" ({candidate.experimental[0].label})"
    return {
        "effect_id": key,
        "analysis_id": context.analysis_id,
        "variant": variant,
        "study_id": candidate.study_id,
        "label": label,
        "experimental": " + ".join(a.label for a in candidate.experimental),
        "control": " + ".join(a.label for a in candidate.control) or None,
        "outcome": candidate.outcome,
        "weeks": candidate.weeks,
        "time_label": candidate.time_label,
        "measure": context.measure,
        "yi": built.yi,
        "vi": built.vi,
        "sei": built.vi**0.5,
        **{name: built.shown.get(name) for name in SHOWN},
        "experimental_arms": [a.arm_id for a in candidate.experimental],
        "control_arms": [a.arm_id for a in candidate.control],
        "basis": candidate.basis,
        "flags": sorted(built.flags),
        "result_ids": built.result_ids,
        "confirmed_by": built.confirmed_by,
    }


def _step_rows(key: str, candidate: Candidate) -> list[dict[str, object]]:
    return [
        {
            "effect_id": key,
            "step": number,
            "quantity": step.quantity,
            "formula": step.formula,
            "numbers": step.numbers,
            "value": step.value,
            "source": step.source,
            "assumption": step.assumption,
            "result_ids": step.result_ids,
        }
        for number, step in enumerate(candidate.built.steps, 1)
    ]


@dataclass
class Tables:
    """Rows collected for the three files of this stage."""

    effects: list[dict[str, object]] = field(default_factory=list)
    steps: list[dict[str, object]] = field(default_factory=list)
    not_used: list[dict[str, object]] = field(default_factory=list)

    def add(self, context: Context, variant: str) -> None:
        """Analyse one variant of one analysis and collect its rows."""
        candidates, not_used = analyse(context)
        for candidate in candidates:
            key = effect_id(context.analysis_id, variant, candidate)
            self.effects.append(_effect_row(key, context, variant, candidate))
            self.steps.extend(_step_rows(key, candidate))
        log.info(
            "%s (%s): %d effects, %d studies not used",
            context.analysis_id,
            variant,
            len(candidates),
            len(not_used),
        )
        for item in not_used:
            if variant == BASE:
                log.info("  not used: %s: %s", item.study_id, item.reason)
            label = context.evidence.label(item.study_id)
            self.not_used.append({**vars(item), "variant": variant, "label": label})


def run(layout: Layout) -> None:
    """Derive the effect sizes of every analysis of a review."""
    protocol = load_validated(layout).protocol
    evidence = load_evidence(layout, protocol)
    correlations = find_correlations(evidence)
    tables = Tables()
    for analysis_id, plan in protocol.analyses.items():
        for variant, change in variants(plan, protocol):
            tables.add(_context(protocol, evidence, analysis_id, change, correlations), variant)
    with StageWriter() as out:
        out.rows(layout.effects, tables.effects, EFFECT_COLUMNS)
        out.rows(layout.derivations, tables.steps, STEP_COLUMNS)
        out.rows(layout.not_used, tables.not_used, NOT_USED_COLUMNS)
    log.info("%d effects in %d analyses", len(tables.effects), len(protocol.analyses))
