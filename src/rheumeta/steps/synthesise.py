"""Stage 4: pool every analysis, and synthesise what cannot be pooled.

Reads ``effects.csv``, ``harmonised.csv`` and ``integrity.csv``; writes ``estimates/synthesis.json``
(everything, read by figures, tables and report) and the same as flat tables: ``estimates.csv``, ``weights.csv``,
``directions.csv``, ``combined_p.csv``, ``accounting.csv``, ``problems.csv``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rheumeta.errors import RheumetaError, StatsError
from rheumeta.layout import Layout
from rheumeta.pages.numbers import uncapital
from rheumeta.pages.words import sentence
from rheumeta.questions import (
    QUESTIONED,
    WITHOUT_QUESTIONED,
)
from rheumeta.records import (
    Analysis,
    Benchmark,
    Excluded,
    Sensitivity,
    StudyEffect,
    Synthesis,
    read_synthesis,
)
from rheumeta.stats.effects_measures import measure_info
from rheumeta.steps.effects import BASE, rederives
from rheumeta.steps.evidence.selection import sides
from rheumeta.steps.synthesis import flat, moderation, unpooled
from rheumeta.steps.synthesis.accounting import account
from rheumeta.steps.synthesis.estimates import NOT_POOLED, Estimate, Model, estimate, has_null
from rheumeta.steps.synthesis.events import SEVERAL, events_told
from rheumeta.steps.synthesis.material import Material, load_material, study_effect
from rheumeta.steps.synthesis.small_studies import small_studies
from rheumeta.stored import to_json
from rheumeta.tables.measures import RAW_MEANS
from rheumeta.tables.protocol import AnalysisPlan, Change, Comparison, Instrument, Protocol
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

DIVIDED_BY_SD = frozenset({"SMD", "SMD1"})
"""Measures for which the Handbook (10.5.2) advises against mixing changes and final values."""

WHOLE_FOLLOW_UP = "any time"

QUESTIONED_RUN = Change(label="Without data under question", without_flags=(QUESTIONED,))
"""The sensitivity run that every analysis has in which a study's data are under question."""


def model_of(plan: AnalysisPlan, protocol: Protocol, change: Change | None = None) -> Model:
    """Return the model of an analysis, or of one of its sensitivity runs."""
    defaults = protocol.defaults
    measure = (change.measure if change else None) or plan.measure
    return Model(
        measure=measure,
        pooling=plan.pooling if measure == plan.measure else "inverse_variance",
        method=(change.method if change else None) or plan.method or defaults.method,
        test=(change.test if change else None) or plan.test or defaults.test,
        level=defaults.level,
        prediction_min_k=defaults.prediction_min_k,
    )


def _weighted(studies: Sequence[StudyEffect], found: Estimate) -> tuple[StudyEffect, ...]:
    if found.status != "pooled":
        return tuple(studies)
    return tuple(
        replace(s, weight_random=wr, weight_common=wc)
        for s, wr, wc in zip(studies, found.weights_random, found.weights_common, strict=True)
    )


def sensitivity(name: str, change: Change, analysis_id: str, material: Material) -> Sensitivity:
    """Repeat an analysis under one changed assumption."""
    plan = material.protocol.analyses[analysis_id]
    variant = name if rederives(change) else BASE
    rows = material.effects.get((analysis_id, variant), ())
    studies = [study_effect(row, material) for row in rows]
    kept = [
        s
        for s in studies
        if s.study_id not in change.without_studies and not set(s.flags) & set(change.without_flags)
    ]
    found = estimate(kept, model_of(plan, material.protocol, change))
    single = kept[0].effect if len(kept) == 1 else None
    note = _lost(analysis_id, variant, material)
    filters = change.without_flags or change.without_studies
    if filters and variant == BASE and len(kept) == len(studies):
        note = "no study of this analysis is concerned"
    ids, note = tuple(s.effect_id for s in kept), note or found.reason
    info = measure_info(change.measure or plan.measure)
    own = (info.code, info.label, info.scale) if info.code != plan.measure else ()
    pooled = (len(kept), found.random, single, note, ids, found.weights_random)
    return Sensitivity(name, change.label, found.status, *pooled, *own)


def _lost(analysis_id: str, variant: str, material: Material) -> str | None:
    """Name the studies that the changed assumption itself loses."""
    if variant == BASE:
        return None
    before = {r["study_id"] for r in material.effects.get((analysis_id, BASE), ())}
    lost = [r for r in material.not_used.get((analysis_id, variant), ()) if r["study_id"] in before]
    return "; ".join(f"without {r['label']}: {r['reason']}" for r in lost) or None


def _benchmark(plan: AnalysisPlan, root: Path) -> Benchmark | None:
    """Fetch the pooled result of another review that is shown beside this analysis."""
    if plan.benchmark is None:
        return None
    wanted = plan.benchmark
    other = read_synthesis(Layout(wanted.review, root).synthesis)
    analysis = next((a for a in other.analyses if a.id == wanted.analysis), None)
    if analysis is None or analysis.random is None:
        raise RheumetaError(f"the benchmark {wanted.review}/{wanted.analysis} has no pooled result")
    return Benchmark(wanted.review, wanted.analysis, wanted.label, analysis.random.display, analysis.k)


def _sides(plan: AnalysisPlan, comparison: Comparison, *, swapped: bool) -> dict[str, Any]:
    """Name the sides and say what left and right of no effect mean.

    Left is the better side for the treated, unless smaller values lie there and more is better (`swapped`).
    """
    one = comparison.experimental.name or "Treatment"
    two = (comparison.control.name if comparison.control else None) or "Control"
    left: str | None = f"better with {uncapital(one)}"
    right: str | None = f"better with {uncapital(two)}"
    if comparison.kind != "controlled":
        left, right = "improved", "worsened"
    if swapped:
        left, right = right, left
    if not has_null(plan.measure):
        left = right = None
    return {"experimental_name": one, "control_name": two, "left_label": left, "right_label": right}


def _unit(plan: AnalysisPlan, instrument: Instrument) -> str | None:
    fixed = measure_info(plan.measure).unit
    if fixed is not None or measure_info(plan.measure).scale == "log":
        return fixed
    return instrument.unit


def build_analysis(analysis_id: str, material: Material) -> Analysis:
    """Pool one analysis and gather everything that is known about it."""
    protocol = material.protocol
    plan = protocol.analyses[analysis_id]
    outcome, comparison = protocol.outcomes[plan.outcome], protocol.comparisons[plan.comparison]
    instrument, info = material.instruments[outcome.codes[0]], measure_info(plan.measure)
    studies = [study_effect(row, material) for row in material.effects.get((analysis_id, BASE), ())]
    model = model_of(plan, protocol)
    better_left = protocol.better_left(plan)
    found = estimate(studies, model)
    studies_out = _weighted(studies, found)
    raw_unit = plan.measure in RAW_MEANS
    analysis = Analysis(
        id=analysis_id,
        title=plan.title,
        comparison=plan.comparison,
        comparison_label=comparison.label,
        comparison_kind=comparison.kind,
        caution=comparison.caution,
        outcome=plan.outcome,
        outcome_label=outcome.label,
        outcome_lay=outcome.lay,
        better=instrument.better,
        unit=_unit(plan, instrument),
        mid=instrument.mid if raw_unit else None,
        mid_source=instrument.mid_source if raw_unit else None,
        window=plan.window,
        window_label=protocol.windows[plan.window].label if plan.window else WHOLE_FOLLOW_UP,
        measure=plan.measure,
        measure_label=info.label,
        scale=info.scale,
        null=info.null,
        **_sides(plan, comparison, swapped=instrument.better == "higher" and not better_left),
        status=found.status,
        status_reason=_reason(found, analysis_id, material),
        k=len(studies),
        n_patients=_patients(studies),
        studies=studies_out,
        random=found.random,
        common=found.common,
        **(_moderation(plan, studies, model, protocol) if found.status == "pooled" else {}),
        sensitivity=tuple(
            sensitivity(name, change, analysis_id, material)
            for name, change in _changes(plan, studies, protocol)
        ),
        excluded=_excluded(analysis_id, material),
        benchmark=_benchmark(plan, material.root),
        warnings=(*found.warnings, *_mixed(studies, plan.measure)),
        primary=plan.primary,
        add_on=comparison.add_on,
        reversed_axis=info.null is not None and better_left and instrument.better == "higher",
    )
    return replace(analysis, sentence=sentence(analysis))


def _changes(
    plan: AnalysisPlan, studies: Sequence[StudyEffect], protocol: Protocol
) -> Iterator[tuple[str, Change]]:
    """Yield the sensitivity runs of an analysis: those planned that can change it, and that without doubted data."""
    for name in plan.sensitivity:
        change = protocol.sensitivity[name]
        if len(studies) > 1 or changes_data(change):
            yield name, change
    if any(QUESTIONED in s.flags for s in studies):
        yield WITHOUT_QUESTIONED, QUESTIONED_RUN


def _moderation(
    plan: AnalysisPlan, studies: Sequence[StudyEffect], model: Model, protocol: Protocol
) -> dict[str, Any]:
    return {
        "subgroups": moderation.subgroups(plan, studies, model, protocol),
        "subgroup_tests": moderation.subgroup_tests(plan, studies, model, protocol),
        "regressions": moderation.regressions(plan, studies, model, protocol),
        "small_studies": small_studies(plan.measure, studies),
    }


def _patients(studies: Sequence[StudyEffect]) -> float | None:
    """Return the patients behind an analysis; None unless every study gives a number."""
    if not studies or any(s.n1 is None and s.n2 is None for s in studies):
        return None
    return sum((s.n1 or 0) + (s.n2 or 0) for s in studies)


def _mixed(studies: Sequence[StudyEffect], measure: str) -> tuple[str, ...]:
    """Warn where a standardised difference is taken of changes in one study and of values in another."""
    bases = {s.basis for s in studies if s.basis}
    if measure not in DIVIDED_BY_SD or len(bases) < 2:
        return ()
    return (
        f"Standardised differences of {' and of '.join(sorted(bases))} are mixed: their SDs differ in kind.",
    )


def changes_data(change: Change) -> bool:
    """Tell whether a sensitivity run can change anything in an analysis of one study."""
    return rederives(change) or bool(change.without_flags or change.without_studies)


def _reason(found: Estimate, analysis_id: str, material: Material) -> str | None:
    """Return why nothing was pooled; where no patient had an event, with the events told of elsewhere."""
    if found.no_events is None:
        return found.reason
    silent = list(filter(None, (_told(e, analysis_id, material) for e in _excluded(analysis_id, material))))
    also = f"; but {' and '.join(silent)} {SEVERAL}" if silent else ""
    return f"{found.no_events}{also}. {NOT_POOLED}"


def _told(excluded: Excluded, analysis_id: str, material: Material) -> str | None:
    """Return the events that the treated patients of a study had, if it counts events."""
    evidence, protocol = material.evidence, material.protocol
    both = sides(evidence, excluded.study_id, protocol.comparisons[protocol.analyses[analysis_id].comparison])
    return events_told(excluded, evidence.results, {arm.arm_id for arm in both.experimental})


def controlled_silent(analyses: Sequence[Analysis], material: Material) -> tuple[str, ...]:
    """Return the studies with a control group of the protocol's kind that give no usable controlled number."""
    protocol, evidence = material.protocol, material.evidence
    against = [c for c in protocol.comparisons.values() if c.kind == "controlled" and not c.add_on]
    heard = {
        s.study_id for a in analyses if a.comparison_kind == "controlled" and not a.add_on for s in a.studies
    }
    found = []
    for study_id, study in evidence.studies.items():
        fits = any(
            split.experimental and split.control for split in (sides(evidence, study_id, c) for c in against)
        )
        if fits and study_id not in heard and study.status != "planned":
            found.append(study.label)
    return tuple(found)


def _excluded(analysis_id: str, material: Material) -> tuple[Excluded, ...]:
    return tuple(
        Excluded(r["study_id"], r["label"], r["reason"], tuple(i for i in r["result_ids"].split(";") if i))
        for r in material.not_used.get((analysis_id, BASE), ())
    )


def build_all(material: Material) -> tuple[list[Analysis], list[dict[str, str]]]:
    """Build every analysis; a failure in one is kept as a problem of that one."""
    analyses, problems = [], []
    for analysis_id, plan in material.protocol.analyses.items():
        try:
            analyses.append(build_analysis(analysis_id, material))
        except StatsError as error:
            problems.append(
                {"analysis_id": analysis_id, "problem": str(error), "allowed": plan.allow_problems or ""}
            )
            log.warning("%s failed: %s", analysis_id, error)
        else:
            done = analyses[-1]
            log.info("%s: k = %d, %s", analysis_id, done.k, done.status.replace("_", " "))
    fatal = [p for p in problems if not p["allowed"]]
    if fatal:
        lines = "\n".join(f"  {p['analysis_id']}: {p['problem']}" for p in fatal)
        raise RheumetaError(
            f"{len(fatal)} analyses could not be computed; nothing was written:\n{lines}\n"
            "mend the data, or give the analysis the key allow_problems with the reason"
        )
    return analyses, problems


def synthesise(review: str, analyses: Sequence[Analysis], material: Material) -> Synthesis:
    """Add the unpooled evidence to the analyses."""
    protocol = material.protocol
    rows = unpooled.reported_rows(protocol, material.instruments, material.evidence)
    rows += unpooled.estimated_rows(analyses, protocol)
    marked = unpooled.count_once(rows, material.evidence)
    return Synthesis(
        review=review,
        analyses=tuple(analyses),
        directions=tuple(marked),
        direction_summaries=tuple(unpooled.summarise(marked, protocol.defaults.level)),
        combined_p=tuple(unpooled.combine(marked)),
        albatross=tuple(unpooled.albatross_points(marked)),
        controlled_silent=controlled_silent(analyses, material),
    )


def run(layout: Layout) -> None:
    """Synthesise a review.

    Raises
    ------
    RheumetaError
        If an analysis fails and the protocol does not allow it.
    """
    material = load_material(layout)
    analyses, problems = build_all(material)
    result = synthesise(layout.review, analyses, material)
    with StageWriter() as out:
        out.text(layout.synthesis, to_json(result))
        out.rows(layout.estimates / "estimates.csv", flat.estimates(result), flat.ESTIMATE_COLUMNS)
        out.rows(layout.estimates / "weights.csv", flat.weights(result), flat.WEIGHT_COLUMNS)
        out.rows(layout.estimates / "directions.csv", flat.directions(result), flat.DIRECTION_COLUMNS)
        out.rows(layout.estimates / "combined_p.csv", flat.combined(result), flat.COMBINED_COLUMNS)
        out.rows(
            layout.accounting, account(result, material.evidence, material.protocol), flat.ACCOUNTING_COLUMNS
        )
        out.rows(layout.estimates / "problems.csv", problems, flat.PROBLEM_COLUMNS)
