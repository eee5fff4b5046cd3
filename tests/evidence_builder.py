"""Small pieces of evidence, built in memory, for tests of the steps between sheets and estimates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rheumeta.stats.derive import rounding_half_width
from rheumeta.steps.evidence.attempts import Context
from rheumeta.steps.evidence.correlations import find_correlations
from rheumeta.steps.evidence.model import EXACT_COLUMNS, VALUE_COLUMNS, Arm, Evidence, Result, Study
from rheumeta.tables.protocol import AnalysisPlan, ArmRule, Comparison, Defaults, Outcome, Window

CONTROLLED = Comparison(
    label="cells against none",
    kind="controlled",
    experimental=ArmRule(having=("msc",), lacking=("addon",)),
    control=ArmRule(lacking=("msc",)),
)
SINGLE = Comparison(label="cells alone", kind="single_group", experimental=ArmRule(having=("msc",)))
BEFORE_AFTER = Comparison(
    label="before and after", kind="before_after", experimental=ArmRule(having=("msc",))
)
THREE_MONTHS = Window(label="three months", start=10, end=18, target=13)


def study(study_id: str, order: int = 0, **changes: Any) -> Study:
    values = {
        "label": study_id, "design_class": "randomised", "status": "published", "cohort_of": None,
        "cohort_basis": None,
    }  # fmt: skip
    return Study(study_id=study_id, order=order, **{**values, **changes})


def arm(
    study_id: str, arm_id: str, *interventions: str, kind: str = "arm", part_of: str | None = None
) -> Arm:
    return Arm(study_id, arm_id, arm_id, kind, part_of, frozenset(interventions), 0)


def result(result_id: str, study_id: str, arm_id: str, outcome: str = "ACR20", **fields: Any) -> Result:
    """Return a result; numbers are given as printed text, e.g. ``percent="45"``."""
    printed = {name: fields.pop(name) for name in VALUE_COLUMNS if name in fields}
    defaults = {
        "comparator_id": None, "weeks": 13.0, "time_label": "3 months", "timing": "during", "n": None,
        "n_basis": "reported", "events_unit": "patients", "effect_type": None, "ci_level": 95.0, "p_sign": None,
        "contrast": None, "direction": None, "significance": None, "as_reported": "",
        "source_kind": "full_text", "confidence": "high", "flags": (), "order": 0,
    }  # fmt: skip
    return Result(
        result_id=result_id,
        study_id=study_id,
        arm_id=arm_id,
        outcome=outcome,
        values={name: float(text) for name, text in printed.items()},
        half_width={n: rounding_half_width(text) for n, text in printed.items() if n not in EXACT_COLUMNS},
        printed=printed,
        **{**defaults, **fields},
    )


def evidence(studies: Iterable[Study], arms: Iterable[Arm], results: Iterable[Result] = ()) -> Evidence:
    return Evidence(
        {s.study_id: s for s in studies}, {(a.study_id, a.arm_id): a for a in arms}, tuple(results)
    )


def context(found: Evidence, measure: str, comparison: Comparison = CONTROLLED, **changes: Any) -> Context:
    codes = tuple(dict.fromkeys(r.outcome for r in found.results)) or ("ACR20",)
    defaults = changes.pop("defaults", Defaults())
    outcome = changes.pop("outcome", Outcome(label="x", codes=codes, domain="d", lay="x"))
    used = {code: find_correlations(found).for_outcome(code, defaults) for code in outcome.codes}
    values: dict[str, Any] = {
        "analysis_id": "a",
        "plan": AnalysisPlan(title="a", comparison="c", outcome="o", measure=measure),
        "measure": measure,
        "outcome": outcome,
        "comparison": comparison,
        "window": THREE_MONTHS,
        "defaults": defaults,
        "evidence": found,
        "correlation": {code: quantity for code, (quantity, _) in used.items()},
        "correlation_notes": {code: note for code, (_, note) in used.items()},
        "allow_subgroups": False,
    }
    return Context(**{**values, **changes})
