"""Each claim beside the evidence, with a verdict decided from data and protocol.

For each outcome of a claim the strongest kind of evidence that the review has speaks: an estimate
against a control group; a direction against a control group; an estimate without one; a direction
without one. Only arms that the claim is about count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rheumeta.appraised import (
    VERDICTS,
    Citation,
    ClaimAppraisal,
    ClaimEvidence,
    EvidenceBase,
    Level,
    MissingResults,
    Verdict,
)
from rheumeta.pages.numbers import capital, count
from rheumeta.pages.words import shown_result
from rheumeta.records import Analysis, DirectionRow, Excluded
from rheumeta.steps.appraisal.certainty import certainty
from rheumeta.steps.appraisal.citations import Limits, Scope, citation, concept_missed, fits
from rheumeta.steps.appraisal.material import Material, Row, eligible, size
from rheumeta.steps.appraisal.verdicts import Judged, of_counts, of_directions, of_estimate, said, weakest
from rheumeta.steps.synthesis.estimates import estimate
from rheumeta.steps.synthesis.events import events_told
from rheumeta.steps.synthesis.unpooled import ESTIMATE, LEFT_OUT, SUBGROUP_NOTE
from rheumeta.steps.synthesise import model_of
from rheumeta.tables.rules_appraisal import parse_limits, parse_windows

EFFECTS = frozenset({"improvement", "no_more_harm"})
"""Claims that an estimate against no effect tests; the others are about how often an event occurred."""

NO_OUTCOME = "The protocol has no such outcome: no study in the sheets reports it."
OUTSIDE = "The claim is not about patients of this review."
NOTHING = "No result fits the claim."


@dataclass(frozen=True)
class Claim:
    """A row of the sheet 'claims' as the rules read it."""

    row: Row
    claimed: dict[str, str]  # outcome -> what is claimed of it
    kinds: tuple[str, ...]
    comparisons: tuple[str, ...]
    windows: dict[str, tuple[str, ...]]  # outcome -> windows that count; none: all
    concept: str
    limits: Limits
    cited: tuple[str, ...]


def read_claim(row: Row) -> Claim:
    """Read a validated row."""
    outcomes, kinds = _ids(row["outcome_codes"]), _ids(row["claimed"])
    of_all, of_one = parse_windows(row["windows_wanted"])
    each = kinds if len(kinds) == len(outcomes) else kinds[:1] * len(outcomes)
    return Claim(
        row=row,
        claimed=dict(zip(outcomes, each, strict=True)),
        kinds=kinds,
        comparisons=_ids(row["comparisons_wanted"]),
        windows={o: of_one.get(o, of_all) for o in outcomes},
        concept=row["concept"],
        limits=parse_limits(row["limited_to"]),
        cited=_ids(row["cited_study_ids"]),
    )


def _ids(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def appraise_claim(
    claim: Claim, material: Material, missing: dict[str, MissingResults], base: EvidenceBase
) -> ClaimAppraisal:
    """Return the verdict on a claim with what it rests on.

    Parameters
    ----------
    claim : Claim
        The claim.
    material : Material
        Protocol, sheets and evidence.
    missing : dict of str to MissingResults
        Missing results by analysis.
    base : EvidenceBase
        Counts of randomised studies.
    """
    evidence = tuple(_evidence(claim, o, kind, material, missing) for o, kind in claim.claimed.items())
    scope = Scope(tuple(claim.claimed), claim.concept, claim.comparisons, claim.limits)
    cited = tuple(citation(study, material, scope) for study in claim.cited)
    verdict, reason = _overall(claim, evidence, cited, base)
    if evidence and not cited and (missed := concept_missed(scope, material)):
        verdict, reason = "not_testable", f"{capital(missed[0])}."
    row = claim.row
    return ClaimAppraisal(row["claim_id"], row["said_by"], row["claim"], verdict, reason, evidence, cited)


def _overall(
    claim: Claim, evidence: Sequence[ClaimEvidence], cited: Sequence[Citation], base: EvidenceBase
) -> Judged:
    if "context" in claim.kinds:
        return "not_testable", OUTSIDE
    if "evidence_base" in claim.kinds:
        return "not_testable", base_words(base)
    if not evidence:
        return "not_testable", NO_OUTCOME
    if cited and all(c.mismatches for c in cited):
        return "not_what_cited", capital(
            "; ".join(f"{c.label}: {m}" for c in cited for m in c.mismatches)
        ) + "."
    verdict = weakest([e.verdict for e in evidence])
    groups: dict[Verdict, list[str]] = {}
    for item in evidence:
        groups.setdefault(item.verdict, []).append(item.outcome_label)
    if len(groups) == 1:
        return verdict, evidence[0].reason if len(
            evidence
        ) == 1 else f"For all outcomes: {VERDICTS[verdict]}."
    return verdict, capital("; ".join(f"{', '.join(o)}: {VERDICTS[v]}" for v, o in groups.items())) + "."


def base_words(base: EvidenceBase) -> str:
    """Return the counts of the randomised evidence in words."""
    studies = capital(count(base.randomised, "randomised study", "randomised studies"))
    return (
        f"A statement about the evidence, not about an outcome. {studies} against a control group, "
        f"{base.randomised_patients:.0f} patients: {base.with_results} with a usable result "
        f"({base.with_results_patients:.0f} patients), {base.without_results} without "
        f"({base.without_results_patients:.0f}); {base.planned} more planned ({base.planned_patients:.0f})."
    )


def _evidence(
    claim: Claim, outcome: str, claimed: str, material: Material, missing: dict[str, MissingResults]
) -> ClaimEvidence:
    """Let the strongest kind of evidence on an outcome speak."""
    label = material.protocol.outcomes[outcome].label
    for controlled in (True, False):
        if (found := _by_analysis(claim, outcome, claimed, material, controlled=controlled)) is not None:
            analysis, (verdict, reason) = found
            left_out = _left_out(analysis, claim, material)
            told = [t for e, arms in left_out if (t := events_told(e, material.evidence.results, arms))]
            if told and claimed == "never":
                verdict, reason = "contradicted", f"It occurred. {reason}"
            reason += _unused(left_out, told)
            level = certainty(analysis, _unchanged(analysis, material), missing.get(analysis.id)).level
            basis = f"{'controlled' if controlled else 'uncontrolled'}_estimate"
            return _from_analysis(analysis, verdict, basis, reason, level)
        rows = _directions(claim, outcome, material, controlled=controlled)
        judged = of_directions(rows) if claimed in EFFECTS else None
        if judged is not None:
            basis = f"{'controlled' if controlled else 'uncontrolled'}_direction"
            known = [r.n for r in rows if r.n is not None]
            return ClaimEvidence(
                outcome, label, judged[0], basis, judged[1], k=len(rows),
                n_patients=sum(known) if len(known) == len(rows) else None,
                studies=tuple(f"{r.label}, {r.time_label}" for r in rows),
                result_ids=tuple(r.result_id for r in rows),
            )  # fmt: skip
    return ClaimEvidence(outcome, label, "not_testable", "none", _nothing(claim, outcome, material))


def _unchanged(analysis: Analysis, material: Material) -> Material:
    """Return the material without a person's judgements where `analysis` is only a part of the planned one."""
    if any(a is analysis for a in material.synthesis.analyses):
        return material
    return replace(material, sheets={**material.sheets, "certainty_overrides": ()})


def _nothing(claim: Claim, outcome: str, material: Material) -> str:
    """Say why no result tests the claim: results without a size or direction, or none at all."""
    rows = [r for c in (True, False) for r in _directions(claim, outcome, material, controlled=c)]
    return f"What is reported gives no direction.{said(rows)}" if rows else NOTHING


def _from_analysis(
    analysis: Analysis, verdict: Verdict, basis: str, reason: str, level: Level | None
) -> ClaimEvidence:
    result = shown_result(analysis)
    return ClaimEvidence(
        outcome=analysis.outcome,
        outcome_label=analysis.outcome_label,
        verdict=verdict,
        basis=basis,
        reason=reason,
        analysis_id=analysis.id,
        comparison_label=analysis.comparison_label,
        window_label=analysis.window_label,
        measure_label=analysis.measure_label,
        effect=result.display if result else None,
        unit=analysis.unit,
        k=analysis.k,
        n_patients=analysis.n_patients,
        studies=tuple(dict.fromkeys(s.label for s in analysis.studies)),
        certainty=level,
        effect_ids=tuple(s.effect_id for s in analysis.studies),
    )


def _by_analysis(
    claim: Claim, outcome: str, claimed: str, material: Material, *, controlled: bool
) -> tuple[Analysis, Judged] | None:
    """Return the analysis that speaks for an outcome: of the first comparison wanted that has one.

    Within a comparison a primary analysis goes first, then the one with most patients.
    """
    windows = claim.windows[outcome]
    for name in claim.comparisons:
        if (material.protocol.comparisons[name].kind == "controlled") != controlled:
            continue
        found = []
        for analysis in material.synthesis.analyses:
            wanted = analysis.comparison == name and analysis.outcome == outcome
            if wanted and (not windows or analysis.window in windows):
                limited = limit(analysis, claim.limits, material)
                judged = _judge(limited, claimed, material) if limited else None
                if limited is not None and judged is not None:
                    found.append((limited, judged))
        if found:
            return max(found, key=lambda f: (f[0].primary, f[0].n_patients or 0))
    return None


def _left_out(analysis: Analysis, claim: Claim, material: Material) -> list[tuple[Excluded, set[str]]]:
    """Return the studies that report the outcome in a form that cannot be used, with the arms that suit the claim."""
    suited = eligible(material, material.protocol.comparisons[analysis.comparison])
    cohort = material.evidence.cohort
    used = {cohort(s.study_id) for s in analysis.studies}
    found = []
    for item in analysis.excluded:
        both = suited.get(item.study_id)
        treated = both.experimental if both else ()
        arms = {a.arm_id for a in treated if fits(a.moderators, claim.limits)}
        if item.result_ids and arms and cohort(item.study_id) not in used:
            found.append((item, arms))
    return found


def _unused(left_out: Iterable[tuple[Excluded, set[str]]], told: Sequence[str]) -> str:
    found = [f"{item.label} ({item.reason.rstrip('.')})" for item, _ in left_out]
    events = f" {'; '.join(told)}." if told else ""
    return (f" Not usable: {'; '.join(found)}." if found else "") + events


def _judge(analysis: Analysis, claimed: str, material: Material) -> Judged | None:
    by_count = of_counts(analysis, claimed, level=material.protocol.defaults.level)
    if claimed in EFFECTS:
        found = of_estimate(analysis)
        return found or (by_count if analysis.comparison_kind == "single_group" else None)
    return by_count if analysis.comparison_kind == "single_group" else None


def limit(analysis: Analysis, limits: Limits, material: Material) -> Analysis | None:
    """Return an analysis with only the studies whose arms fit; pooled anew if some do not."""
    kept = [s for s in analysis.studies if fits(s.moderators, limits)]
    if not kept:
        return None
    if len(kept) == len(analysis.studies):
        return analysis
    found = estimate(kept, model_of(material.protocol.analyses[analysis.id], material.protocol))
    nothing = (None,) * len(kept)
    random, common = (
        (found.weights_random, found.weights_common) if found.status == "pooled" else (nothing, nothing)
    )
    weighted = [
        replace(s, weight_random=r, weight_common=c) for s, r, c in zip(kept, random, common, strict=True)
    ]
    return replace(
        analysis, studies=tuple(weighted), k=len(kept), status=found.status, status_reason=found.reason,
        n_patients=sum(map(size, kept)), random=found.random, common=found.common, primary=False,
    )  # fmt: skip


def _directions(claim: Claim, outcome: str, material: Material, *, controlled: bool) -> list[DirectionRow]:
    """Return the stated directions that fit a claim, one a cohort: a clear one, the largest, the latest."""
    kinds = {material.protocol.comparisons[c].kind for c in claim.comparisons}
    kind = "controlled" if controlled else "before_after"
    if kind not in kinds:
        return []
    rows = [
        r
        for r in material.synthesis.directions
        if r.outcome == outcome
        and r.comparison_kind == kind
        and r.basis != ESTIMATE
        and not (r.note or "").startswith(LEFT_OUT)
        and _suits(r, claim, material)
    ]
    whole = [r for r in rows if r.note != SUBGROUP_NOTE]
    best: dict[str, DirectionRow] = {}
    for row in sorted(whole or rows, key=lambda r: (r.direction == "unclear", -(r.n or 0), -(r.weeks or 0))):
        best.setdefault(material.evidence.cohort(row.study_id), row)
    return list(best.values())


def _suits(row: DirectionRow, claim: Claim, material: Material) -> bool:
    source = next(r for r in material.evidence.results if r.result_id == row.result_id)
    if not fits(material.evidence.arms[row.study_id, source.arm_id].moderators, claim.limits):
        return False
    windows = [material.protocol.windows[w] for w in claim.windows[row.outcome]]
    return not windows or any(row.weeks is not None and w.start <= row.weeks <= w.end for w in windows)
