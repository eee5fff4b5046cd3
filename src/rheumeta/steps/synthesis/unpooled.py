"""Evidence that says only which way, or only a p value (Cochrane Handbook, chapter 12).

Effect direction by outcome, sign test over cohorts, combination of exact p values, points of the
albatross plot. Statistical significance is never counted as a vote: a direction is taken from the
estimate or from what the source says of it, whatever its p value (section 12.2.1.3 and 12.4.2.1).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from scipy import special

from rheumeta.records import (
    AlbatrossPoint,
    Analysis,
    CombinedP,
    DirectionRow,
    DirectionSummary,
    Interval,
    StudyEffect,
)
from rheumeta.stats import pvalues
from rheumeta.steps.evidence.model import Evidence, Result
from rheumeta.steps.evidence.reported_effects import RATIOS
from rheumeta.steps.evidence.selection import in_window
from rheumeta.steps.synthesis.filing import Group, Kind, fitting, groups, kind, kind_of
from rheumeta.tables.protocol import Instrument, Protocol

Way = Literal["favourable", "unfavourable", "no_change", "unclear"]

DIFFERENCES = frozenset({"MD", "MD_adjusted", "SMD", "RD"})
"""Reported effects that are 0 where there is no difference; the ratios are 1."""
FEWEST_P_VALUES = 2
SMALLEST_P = sys.float_info.min
LARGEST_P = math.nextafter(1, 0)
"""An estimate far enough from no effect has p = 0, or 1 - p/2 = 1, in double precision, which has no logarithm
or normal deviate: one-sided p values are kept at the nearest normal numbers inside (0, 1)."""
ESTIMATE = "estimate"
SUBGROUP_NOTE = "only some patients of the group: shown, not counted"
LEFT_OUT = "left out by the protocol: "
CONTRADICTION = "the words and the reported effect point opposite ways"


def way(row: Result, better: str) -> Way:
    """Turn increase, decrease, better, worse into favourable or unfavourable."""
    direction = row.direction
    if direction in ("better", "worse"):
        return "favourable" if direction == "better" else "unfavourable"
    if direction in ("increase", "decrease"):
        return "favourable" if (direction == "increase") == (better == "higher") else "unfavourable"
    if direction in ("no_change", "no_difference"):
        return "no_change"
    return "unclear"


def reported_difference(row: Result) -> float | None:
    """Return how far a reported effect lies from no difference; None if it is none of a known kind."""
    if "effect" not in row.values or row.effect_type not in DIFFERENCES | RATIOS:
        return None
    return row.values["effect"] - (1.0 if row.effect_type in RATIOS else 0.0)


def direction(row: Result, better: str) -> tuple[Way, str | None]:
    """Return the direction of a row and a note on it: of its effect if it reports one, else of its words.

    "No difference" beside an effect is a verdict on significance and has no say; words that contradict
    the effect leave the direction unclear.
    """
    said, difference_ = way(row, better), reported_difference(row)
    if difference_ is None:
        return said, None
    shown = _sign(difference_, better)
    if {said, shown} == {"favourable", "unfavourable"}:
        return "unclear", CONTRADICTION
    return (said, None) if shown == "no_change" and said != "unclear" else (shown, None)


def is_directional(row: Result) -> bool:
    """Tell whether a row says something of direction or p and holds no number of a group to pool.

    A baseline row says nothing of an effect.
    """
    numbers = {"mean", "median", "events", "percent"} & row.values.keys()
    says = row.direction is not None or row.significance is not None or "p" in row.values
    return row.timing != "baseline" and not numbers and (says or reported_difference(row) is not None)


def _basis(row: Result) -> str:
    if row.as_reported:
        return row.as_reported
    words = [str(row.direction or "").replace("_", " "), str(row.significance or "").replace("_", " ")]
    if reported_difference(row) is not None:
        words.insert(0, f"{str(row.effect_type).replace('_', ' ')} {row.printed['effect']}")
    return ", ".join(w for w in words if w)


def _left_out(row: Result, names: Sequence[str], protocol: Protocol) -> str | None:
    """Return why the protocol keeps a row's study out of every analysis that asks for the row.

    `names` are the comparisons that take the row. Where no analysis takes its time, all times speak.
    """
    plans = [
        plan
        for plan in protocol.analyses.values()
        if plan.comparison in names and row.outcome in protocol.outcomes[plan.outcome].codes
    ]
    inside = [p for p in plans if in_window(row, protocol.windows[p.window] if p.window else None)]
    found = [{e.study: e.reason for e in p.exclude}.get(row.study_id) for p in inside or plans]
    reasons = [reason for reason in found if reason is not None]
    if not reasons or len(reasons) < len(found):
        return None
    return LEFT_OUT + "; ".join(dict.fromkeys(reasons))


def _row(
    row: Result, kind_: Kind, group: Group, way_: Way, label: str, *, note: str | None, counted: bool
) -> DirectionRow:
    return DirectionRow(
        result_id=row.result_id,
        study_id=row.study_id,
        label=label,
        comparison_kind=kind_,
        domain=group.domain,
        outcome=group.outcome,
        outcome_label=group.label,
        weeks=row.weeks,
        time_label=row.time_label,
        n=row.n,
        direction=way_,
        basis=_basis(row),
        p_sign=row.p_sign,
        p=row.values.get("p"),
        counted=counted,
        note=note,
    )


def reported_rows(
    protocol: Protocol, instruments: Mapping[str, Instrument], evidence: Evidence
) -> list[DirectionRow]:
    """Return a row for every reported result that gives only a direction, an effect or a p value.

    A subgroup, and a study that the protocol keeps out by name, is shown and not counted.
    """
    where, comparisons = groups(protocol, instruments), protocol.comparisons
    rows = []
    for row in evidence.results:
        names = fitting(row, evidence, comparisons) if is_directional(row) else ()
        kind_ = kind_of(names, comparisons)
        if kind_ is None:
            continue
        way_, remark = direction(row, instruments[row.outcome].better)
        asked = [name for name in names if kind(comparisons[name]) == kind_]
        subgroup = evidence.arms[row.study_id, row.arm_id].kind == "subgroup"
        without = SUBGROUP_NOTE if subgroup else _left_out(row, asked, protocol)
        label, note = evidence.label(row.study_id), without or remark
        rows.append(_row(row, kind_, where[row.outcome], way_, label, note=note, counted=without is None))
    return rows


def estimated_rows(analyses: Sequence[Analysis], protocol: Protocol) -> list[DirectionRow]:
    """Return a row for every study of a controlled or before-after analysis: its sign, nothing more.

    Several effects of one study (arms that share a split control) make one row: they have one vote.
    """
    rows: dict[tuple[str, str, str, float | None], DirectionRow] = {}
    for analysis in analyses:
        if analysis.comparison_kind == "single_group" or analysis.null is None:
            continue
        effects: dict[tuple[str, float | None], list[StudyEffect]] = {}
        for s in analysis.studies:
            effects.setdefault((s.study_id, s.weeks), []).append(s)
        kind_ = kind(protocol.comparisons[analysis.comparison])
        domain = protocol.outcomes[analysis.outcome].domain
        for key, own in effects.items():
            rows.setdefault((kind_, analysis.outcome, *key), _estimated(own, analysis, kind_, domain))
    return list(rows.values())


def _estimated(effects: Sequence[StudyEffect], analysis: Analysis, kind_: Kind, domain: str) -> DirectionRow:
    first = effects[0]
    ways = {_sign(difference(s), analysis.better) for s in effects}
    clear = ways - {"no_change"}
    several = len(effects) > 1
    return DirectionRow(
        result_id=first.result_ids[0],
        study_id=first.study_id,
        label=first.label.removesuffix(f" ({first.experimental})") if several else first.label,
        comparison_kind=kind_,
        domain=domain,
        outcome=analysis.outcome,
        outcome_label=analysis.outcome_label,
        weeks=first.weeks,
        time_label=first.time_label,
        n=sum((s.n1 or 0) + (s.n2 or 0) for s in effects) or None,
        direction="unclear" if len(clear) > 1 else next(iter(clear or ways)),
        basis=ESTIMATE,
        **(_opposed(effects) if len(clear) > 1 else _p_of(effects)),
    )


def _opposed(effects: Sequence[StudyEffect]) -> dict[str, Any]:
    names = ", ".join(s.experimental for s in effects)
    return {"note": f"no direction and no p: the arms of this study point opposite ways ({names})"}


def difference(study: StudyEffect) -> float:
    """Return the effect whose sign counts: of the counts themselves where a correction could turn it."""
    if study.events1 is not None and study.n1 and study.events2 is not None and study.n2:
        return study.events1 / study.n1 - study.events2 / study.n2
    return study.yi


def _p_of(effects: Sequence[StudyEffect]) -> dict[str, Any]:
    """Return the p value of an estimate; none where the correction of a zero cell turned its sign.

    Arms that share a split control are nearly independent (Cochrane Handbook 23.3.4): the p value of
    several is that of their inverse-variance mean.
    """
    if any(difference(s) * s.yi < 0 for s in effects):
        return {"note": "no p: the correction of the empty cell turned the sign"}
    yi, vi, which = effects[0].yi, effects[0].vi, "the estimate"
    if len(effects) > 1:
        vi = 1 / sum(1 / s.vi for s in effects)
        yi = vi * sum(s.yi / s.vi for s in effects)
        which = f"the mean of the estimates of {len(effects)} arms"
    p = float(2 * special.ndtr(-abs(yi) / vi**0.5))
    return {"p_sign": "=", "p": p, "note": f"p from {which} and its standard error"}


def _sign(yi: float, better: str) -> Way:
    if yi == 0:
        return "no_change"
    return "favourable" if (yi > 0) == (better == "higher") else "unfavourable"


def count_once(rows: Sequence[DirectionRow], evidence: Evidence) -> list[DirectionRow]:
    """Mark which row speaks for its cohort in each outcome and kind of comparison.

    A row with an estimate goes before one with words, a stated direction before an unclear one;
    then most patients, then the latest time. A reported effect that an analysis uses stands once, as
    its estimate.
    """
    estimates = {(r.comparison_kind, r.outcome, r.result_id) for r in rows if r.basis == ESTIMATE}
    rows = [
        r for r in rows if r.basis == ESTIMATE or (r.comparison_kind, r.outcome, r.result_id) not in estimates
    ]
    marked: list[DirectionRow] = []
    for key in dict.fromkeys((r.comparison_kind, r.outcome) for r in rows):
        block = [r for r in rows if (r.comparison_kind, r.outcome) == key]
        best: dict[str, DirectionRow] = {}
        for row in sorted((r for r in block if r.counted), key=_preference):
            best.setdefault(evidence.cohort(row.study_id), row)
        for row in block:
            spokesman = best.get(evidence.cohort(row.study_id))
            if row.counted and spokesman is not None and row is not spokesman:
                note = f"{spokesman.label} at {spokesman.time_label} speaks for these patients"
                row = replace(row, counted=False, note=note)
            marked.append(row)
    return marked


def _preference(row: DirectionRow) -> tuple[bool, bool, float, float]:
    signed = row.direction in ("favourable", "unfavourable")
    return row.basis != ESTIMATE, not signed, -(row.n or 0), -(row.weeks or 0)


def summarise(rows: Sequence[DirectionRow], level: float) -> list[DirectionSummary]:
    """Test the counted directions of each outcome by the exact sign test."""
    found = []
    for key in dict.fromkeys((r.comparison_kind, r.outcome, r.outcome_label) for r in rows):
        counted = [r for r in rows if (r.comparison_kind, r.outcome, r.outcome_label) == key and r.counted]
        good = sum(r.direction == "favourable" for r in counted)
        bad = sum(r.direction == "unfavourable" for r in counted)
        proportion, pval = None, None
        if good + bad:
            test = pvalues.sign_test(good, bad, level=level)
            share, pval = test.proportion, test.pval
            proportion = Interval(share.estimate, share.lower, share.upper)
        found.append(DirectionSummary(*key, good, bad, len(counted) - good - bad, proportion, pval))
    return found


def one_sided(p: float, way_: Way) -> float | None:
    """Turn a two-sided p value and its direction into a one-sided p value for 'favourable'.

    Kept inside (0, 1) by `SMALLEST_P` and `LARGEST_P`, so that no strength of evidence breaks a method.
    """
    if way_ not in ("favourable", "unfavourable"):
        return None
    one = p / 2 if way_ == "favourable" else 1 - p / 2
    return min(max(one, SMALLEST_P), LARGEST_P)


def combine(rows: Sequence[DirectionRow]) -> list[CombinedP]:
    """Combine exact p values of each outcome by Fisher, Stouffer and Edgington."""
    found = []
    for key in dict.fromkeys(
        (r.comparison_kind, r.outcome, r.outcome_label) for r in rows if r.p is not None
    ):
        block = [r for r in rows if (r.comparison_kind, r.outcome, r.outcome_label) == key]
        with_p = [r for r in block if r.p is not None]
        usable = [
            p
            for r in with_p
            if r.counted and _is_exact(r) and (p := one_sided(r.p or 0.0, r.direction)) is not None
        ]
        reason = _why_not(with_p, len(usable))
        for method in ("fisher", "stouffer", "edgington"):
            if reason is not None:
                found.append(CombinedP(*key, method, len(usable), None, None, reason))
                continue
            result = getattr(pvalues, method)(usable)
            found.append(CombinedP(*key, method, len(usable), result.statistic, result.pval, None))
    return found


def _is_exact(row: DirectionRow) -> bool:
    """Tell whether a p value is more than a bound; one printed as 0 is none, whatever its sign."""
    return row.p_sign == "=" and (row.p != 0 or row.basis == ESTIMATE)


def _why_not(with_p: Sequence[DirectionRow], usable: int) -> str | None:
    if usable >= FEWEST_P_VALUES:
        return None
    bounds = sum(not _is_exact(r) for r in with_p)
    unclear = sum(_is_exact(r) and r.direction in ("unclear", "no_change") for r in with_p)
    parts = [
        f"{usable} exact p value{'s' if usable != 1 else ''} with a direction, {FEWEST_P_VALUES} are needed"
    ]
    if bounds:
        parts.append(f"{bounds} reported only as an inequality")
    if unclear:
        parts.append(f"{unclear} exact but without a direction")
    return "; ".join(parts)


def albatross_points(rows: Sequence[DirectionRow]) -> list[AlbatrossPoint]:
    """Return the counted rows that have n, an exact two-sided p value and a direction."""
    return [
        AlbatrossPoint(
            r.result_id,
            r.label,
            r.outcome,
            r.outcome_label,
            r.comparison_kind,
            r.n,
            r.p,
            r.direction == "favourable",
        )
        for r in rows
        if r.counted and r.n and r.p and r.p_sign == "=" and r.direction in ("favourable", "unfavourable")
    ]
