"""Subgroups and meta-regression of an analysis, on the moderators of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from rheumeta.records import Coefficient, Interval, Regression, StudyEffect, Subgroup, SubgroupTest
from rheumeta.stats.regression import RegressionResult, meta_regression
from rheumeta.stats.subgroups import subgroup_test
from rheumeta.steps.evidence.model import Evidence
from rheumeta.steps.synthesis.estimates import Model, estimate
from rheumeta.tables.protocol import AnalysisPlan, Moderator, Protocol

NOT_STATED = "not stated"
SEVERAL = "several"

FEWEST_FOR_REGRESSION = 3
"""Intercept, slope and one degree of freedom left."""
ADVISED_PER_MODERATOR = 10
"""Studies a moderator that the Cochrane Handbook advises (10.11.5.1)."""


def values(row: Mapping[str, str], evidence: Evidence, protocol: Protocol) -> dict[str, str]:
    """Return the value of every moderator for a row of effects.csv; arms that differ give 'several'."""
    study_id = row["study_id"]
    arms = [evidence.arms[study_id, arm] for arm in row["experimental_arms"].split(";")]
    found: dict[str, str] = {}
    for name, moderator in protocol.moderators.items():
        if moderator.sheet == "studies":
            found[name] = evidence.studies[study_id].moderators.get(name, "")
            continue
        here = {arm.moderators.get(name, "") for arm in arms}
        found[name] = here.pop() if len(here) == 1 else SEVERAL
    return found


def _level_label(moderator: Moderator, level: str) -> str:
    return (moderator.choices or {}).get(level, level or NOT_STATED)


def _by_level(name: str, studies: Sequence[StudyEffect]) -> dict[str, list[StudyEffect]]:
    found: dict[str, list[StudyEffect]] = {}
    for study in studies:
        found.setdefault(study.moderators[name], []).append(study)
    return found


def subgroups(
    plan: AnalysisPlan, studies: Sequence[StudyEffect], model: Model, protocol: Protocol
) -> tuple[Subgroup, ...]:
    """Pool each level of each moderator of the plan, where there are at least two levels."""
    found = []
    for name in plan.subgroups:
        moderator, levels = protocol.moderators[name], _by_level(name, studies)
        if len(levels) < 2:
            continue
        for level, members in levels.items():
            result = estimate(members, model)
            ids = tuple(s.effect_id for s in members)
            label = _level_label(moderator, level)
            found.append(Subgroup(
                name, moderator.label, label, result.status, len(members), ids, result.random, result.weights_random,
            ))  # fmt: skip
    return tuple(found)


def subgroup_tests(
    plan: AnalysisPlan, studies: Sequence[StudyEffect], model: Model, protocol: Protocol
) -> tuple[SubgroupTest, ...]:
    """Test for differences between levels; a level that is not stated is left out."""
    found = []
    for name in plan.subgroups:
        stated = [s for s in studies if s.moderators[name] not in ("", SEVERAL)]
        sizes = [len(members) for members in _by_level(name, stated).values()]
        if len(sizes) < 2 or max(sizes) < 2:
            continue
        result = subgroup_test(
            [s.yi for s in stated],
            [s.vi for s in stated],
            [s.moderators[name] for s in stated],
            method=model.method,
        )
        found.append(SubgroupTest(name, protocol.moderators[name].label, result.q, result.df, result.pval))
    return tuple(found)


def regressions(
    plan: AnalysisPlan, studies: Sequence[StudyEffect], model: Model, protocol: Protocol
) -> tuple[Regression, ...]:
    """Regress the effects on each numeric moderator of the plan, one at a time."""
    found = []
    for name in plan.regress_on:
        known = [s for s in studies if s.moderators[name] not in ("", SEVERAL)]
        x = [float(s.moderators[name]) for s in known]
        if len(known) < FEWEST_FOR_REGRESSION or len(set(x)) < 2:
            continue
        test: Literal["z", "knha"] = "z" if model.test == "z" else "knha"
        result = meta_regression(
            [s.yi for s in known], [s.vi for s in known], x,
            names=[name], method=model.method, test=test, level=model.level,
        )  # fmt: skip
        found.append(_record(name, protocol.moderators[name], result, known, x, len(studies)))
    return tuple(found)


def _record(
    name: str,
    moderator: Moderator,
    result: RegressionResult,
    known: Sequence[StudyEffect],
    x: list[float],
    k: int,
) -> Regression:
    notes = []
    if len(known) < k:
        notes.append(f"{k - len(known)} studies without one value of {moderator.label.lower()} are left out")
    if len(known) < ADVISED_PER_MODERATOR:
        notes.append(f"{len(known)} studies; at least {ADVISED_PER_MODERATOR} are advised for each moderator")
    coefficients = tuple(
        Coefficient(
            result.names[i],
            float(result.estimate[i]),
            float(result.se[i]),
            Interval(float(result.estimate[i]), float(result.ci_lb[i]), float(result.ci_ub[i])),
            float(result.statistic[i]),
            result.df,
            float(result.pval[i]),
        )
        for i in range(result.p)
    )
    return Regression(
        moderator=name,
        moderator_label=moderator.label + (f" ({moderator.unit})" if moderator.unit else ""),
        k=result.k,
        method=result.method,
        test=result.test,
        coefficients=coefficients,
        tau2=result.tau2,
        i2=result.i2,
        r2=result.r2,
        qm=result.qm,
        qm_df=result.qm_df,
        qm_pval=result.qm_pval,
        points=tuple((s.effect_id, value, s.yi, s.vi) for s, value in zip(known, x, strict=True)),
        notes=tuple(notes),
    )
