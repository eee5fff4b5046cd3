"""Evidence that says only which way, or only a p value (Cochrane Handbook, chapter 12).

Effect direction by outcome, sign test over cohorts, combination of exact p values, points of the
albatross plot. Statistical significance is never counted as a vote: a direction is taken from the
estimate or from what the source says of it, whatever its p value (section 12.2.1.3 and 12.4.2.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from rheumeta.steps.model import Arm, Evidence, Result
from rheumeta.steps.selection import matches
from rheumeta.tables.protocol import Comparison, Instrument, Protocol

Kind = Literal["controlled", "before_after", "single_group", "add_on"]
Way = Literal["favourable", "unfavourable", "no_change", "unclear"]

OTHER_DOMAIN = "Other outcomes"
FEWEST_P_VALUES = 2
ESTIMATE = "estimate"
SUBGROUP_NOTE = "only some patients of the group: shown, not counted"


@dataclass(frozen=True)
class Group:
    """Where a result belongs in the direction table."""

    outcome: str
    label: str
    domain: str


def groups(protocol: Protocol, instruments: Mapping[str, Instrument]) -> dict[str, Group]:
    """Return the group of each outcome code: the protocol's outcome, else the instrument itself."""
    found = {code: Group(code, item.label, OTHER_DOMAIN) for code, item in instruments.items()}
    for name, outcome in reversed(protocol.outcomes.items()):  # the first outcome that names a code wins
        for code in outcome.codes:
            found[code] = Group(name, outcome.label, outcome.domain)
    return found


def kind_of(row: Result, evidence: Evidence, comparisons: Iterable[Comparison]) -> Kind | None:
    """Tell which kind of comparison a row speaks to; None if the protocol has none for it."""
    arm = evidence.arms.get((row.study_id, row.arm_id))
    if arm is None:
        return None
    other = _comparator(row, evidence)
    for comparison in comparisons:
        if other is not None and comparison.control is not None:
            tested = set(comparison.experimental.having)
            fits = matches(arm, comparison.experimental) and matches(other, comparison.control)
            if fits and (comparison.add_on or not tested & other.interventions):
                return "add_on" if comparison.add_on else "controlled"
        if other is None and comparison.control is None and matches(arm, comparison.experimental):
            return "before_after"
    return None


def _comparator(row: Result, evidence: Evidence) -> Arm | None:
    if row.comparator_id is not None:
        return evidence.arms.get((row.study_id, row.comparator_id))
    if row.contrast != "between":
        return None
    others = [a for a in evidence.arms_of(row.study_id) if a.kind == "arm" and a.arm_id != row.arm_id]
    return others[0] if len(others) == 1 else None


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


def is_directional(row: Result) -> bool:
    """Tell whether a row says something of direction or p and holds no number to pool."""
    numbers = {"mean", "median", "events", "percent"} & row.values.keys()
    return not numbers and (row.direction is not None or row.significance is not None or "p" in row.values)


def _basis(row: Result) -> str:
    if row.as_reported:
        return row.as_reported
    words = [str(row.direction or "").replace("_", " "), str(row.significance or "").replace("_", " ")]
    return ", ".join(w for w in words if w)


def _row(
    row: Result, kind: Kind, group: Group, instrument: Instrument, label: str, *, subgroup: bool
) -> DirectionRow:
    return DirectionRow(
        result_id=row.result_id,
        study_id=row.study_id,
        label=label,
        comparison_kind=kind,
        domain=group.domain,
        outcome=group.outcome,
        outcome_label=group.label,
        weeks=row.weeks,
        time_label=row.time_label,
        n=row.n,
        direction=way(row, instrument.better),
        basis=_basis(row),
        p_sign=row.p_sign,
        p=row.values.get("p"),
        counted=not subgroup,
        note=SUBGROUP_NOTE if subgroup else None,
    )


def reported_rows(
    protocol: Protocol, instruments: Mapping[str, Instrument], evidence: Evidence
) -> list[DirectionRow]:
    """Return a row for every reported result that gives only a direction or a p value."""
    where = groups(protocol, instruments)
    rows = []
    for row in evidence.results:
        kind = kind_of(row, evidence, protocol.comparisons.values())
        if kind is not None and is_directional(row):
            label = evidence.label(row.study_id)
            subgroup = evidence.arms[row.study_id, row.arm_id].kind == "subgroup"
            group, instrument = where[row.outcome], instruments[row.outcome]
            rows.append(_row(row, kind, group, instrument, label, subgroup=subgroup))
    return rows


def estimated_rows(analyses: Sequence[Analysis], protocol: Protocol) -> list[DirectionRow]:
    """Return a row for every effect of a controlled or before-after analysis: its sign, nothing more."""
    rows: dict[tuple[str, str, str, float | None], DirectionRow] = {}
    for analysis in analyses:
        if analysis.comparison_kind == "single_group" or analysis.null is None:
            continue
        kind: Kind = (
            "add_on" if protocol.comparisons[analysis.comparison].add_on else analysis.comparison_kind
        )
        domain = protocol.outcomes[analysis.outcome].domain
        for s in analysis.studies:
            rows.setdefault(
                (kind, analysis.outcome, s.study_id, s.weeks),
                DirectionRow(
                    result_id=s.result_ids[0],
                    study_id=s.study_id,
                    label=s.label,
                    comparison_kind=kind,
                    domain=domain,
                    outcome=analysis.outcome,
                    outcome_label=analysis.outcome_label,
                    weeks=s.weeks,
                    time_label=s.time_label,
                    n=(s.n1 or 0) + (s.n2 or 0) or None,
                    direction=_sign(difference(s), analysis.better),
                    basis=ESTIMATE,
                    **_p_of(s),
                ),
            )
    return list(rows.values())


def difference(study: StudyEffect) -> float:
    """Return the effect whose sign counts: of the counts themselves where a correction could turn it."""
    if study.events1 is not None and study.n1 and study.events2 is not None and study.n2:
        return study.events1 / study.n1 - study.events2 / study.n2
    return study.yi


def _p_of(study: StudyEffect) -> dict[str, Any]:
    """Return the p value of an estimate; none where the correction of a zero cell turned its sign."""
    if difference(study) * study.yi < 0:
        return {"note": "no p: the correction of the empty cell turned the sign"}
    p = float(2 * special.ndtr(-abs(study.yi) / study.vi**0.5))
    return {"p_sign": "=", "p": p, "note": "p from the estimate and its standard error"}


def _sign(yi: float, better: str) -> Way:
    if yi == 0:
        return "no_change"
    return "favourable" if (yi > 0) == (better == "higher") else "unfavourable"


def count_once(rows: Sequence[DirectionRow], evidence: Evidence) -> list[DirectionRow]:
    """Mark which row speaks for its cohort in each outcome and kind of comparison.

    A row with an estimate goes before one with words, a stated direction before an unclear one;
    then most patients, then the latest time.
    """
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
    """Turn a two-sided p value and its direction into a one-sided p value for 'favourable'."""
    if way_ == "favourable":
        return p / 2
    return 1 - p / 2 if way_ == "unfavourable" else None


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
            if r.counted and r.p_sign == "=" and (p := one_sided(r.p or 0.0, r.direction)) is not None
        ]
        reason = _why_not(with_p, len(usable))
        for method in ("fisher", "stouffer", "edgington"):
            if reason is not None:
                found.append(CombinedP(*key, method, len(usable), None, None, reason))
                continue
            result = getattr(pvalues, method)(usable)
            found.append(CombinedP(*key, method, len(usable), result.statistic, result.pval, None))
    return found


def _why_not(with_p: Sequence[DirectionRow], usable: int) -> str | None:
    if usable >= FEWEST_P_VALUES:
        return None
    bounds = sum(r.p_sign != "=" for r in with_p)
    unclear = sum(r.p_sign == "=" and r.direction in ("unclear", "no_change") for r in with_p)
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
