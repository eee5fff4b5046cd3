"""How a pooled result came about: its studies, its formula with the numbers put in, what was changed.

One view serves the results of an analysis, of its subgroups and of its sensitivity runs. Nothing is
estimated here: weights, variances and standard errors are read from the records.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.pages import origins
from rheumeta.pages.analyses import METHOD_NAMES, MODEL_NAMES, describe
from rheumeta.pages.inputs import Row, anchor
from rheumeta.pages.numbers import NONE, number, tenth, whole
from rheumeta.records import Analysis, Interval, Pooled, StudyEffect

WEIGHTED = frozenset(METHOD_NAMES) - {"MH", "Peto"}
"""Methods by which the pooled effect is the weighted mean of the effects of the studies."""

BACK = {
    "RR": "exp", "OR": "exp", "PETO": "exp", "ROM": "exp", "IRR": "exp", "HR": "exp", "IRLN": "exp",
    "PLO": "100 · logistic", "PAS": "100 · sin²",
}  # fmt: skip
"""How a measure comes back from the scale of the analysis to that of a reader."""

SHOWN_TERMS = 6
"""Terms of a sum that are written out; the table beside it holds them all."""


@dataclass(frozen=True)
class Member:
    """One study of a pooled result."""

    label: str
    place: str  # where its effect was computed
    y: str
    v: str
    weight: str  # percent
    patients: str
    events: str = ""  # of the treated patients, where they are counted and not pooled


@dataclass(frozen=True)
class Pooling:
    """The place of a pooled result."""

    place: str
    title: str
    how: str  # estimator and kind of interval, or what was changed
    members: tuple[Member, ...]
    formulas: tuple[tuple[str, str], ...]  # what it is, formula with the numbers put in
    shown: str  # the result as shown
    notes: tuple[str, ...] = ()
    counted: bool = False  # not pooled: counts speak, not effects and weights


@dataclass(frozen=True)
class Effects:
    """The effects of an analysis under all its assumptions: what the places of its results list."""

    rows: Mapping[str, Row]  # effect_id to row of effects.csv
    chains: Mapping[str, str]  # effect_id to the id of the place of its derivation

    def member(self, effect_id: str, study: StudyEffect | None, weight: float | None) -> Member:
        """Return a study as the places list it; of a changed assumption its row of effects.csv speaks."""
        if study is not None:
            y, v, label, n = study.yi, study.vi, study.label, (study.n1 or 0) + (study.n2 or 0)
        else:
            row = self.rows.get(effect_id, {})
            label = row.get("label", effect_id)
            y, v = (float(row[c]) if row.get(c) else math.nan for c in ("yi", "vi"))
            n = sum(float(row[c]) for c in ("n1", "n2") if row.get(c))
        return Member(
            label, self.chains.get(effect_id, ""), number(y, digits=4), number(v, digits=4), tenth(weight),
            whole(n) if n else NONE, whole(study.events1) if study is not None else NONE,
        )  # fmt: skip


def poolings(analysis: Analysis, effects: Effects, describe: Mapping[str, str]) -> tuple[Pooling, ...]:
    """Return the places of all pooled results of an analysis.

    Parameters
    ----------
    analysis : Analysis
        Its results, subgroups and runs.
    effects : Effects
        Effects under all assumptions.
    describe : mapping of str to str
        Place of a result to its text as the tables show it.
    """
    main = [*_models(analysis, effects, describe), *_subgroups(analysis, effects, describe)]
    return (*main, *_runs(analysis, effects, describe), *_not_pooled(analysis, effects))


def _models(analysis: Analysis, effects: Effects, shown: Mapping[str, str]) -> Iterable[Pooling]:
    ids = [s.effect_id for s in analysis.studies]
    for pooled in (analysis.random, analysis.common):
        if pooled is None:
            continue
        place = origins.pooled_place(analysis, pooled.model)
        weights = [s.weight_random if pooled.model == "random" else s.weight_common for s in analysis.studies]
        title = f"{MODEL_NAMES[pooled.model]}: {analysis.title}"
        yield _pooling(analysis, effects, place, title, ids, weights, pooled, shown[place])


def _subgroups(analysis: Analysis, effects: Effects, shown: Mapping[str, str]) -> Iterable[Pooling]:
    for group in analysis.subgroups:
        if group.random is None:
            continue
        place = origins.subgroup_place(analysis, group)
        title = f"{group.by_label}, {group.level}: {analysis.title}"
        yield _pooling(
            analysis, effects, place, title, group.effect_ids, group.weights, group.random, shown[place]
        )


def _runs(analysis: Analysis, effects: Effects, shown: Mapping[str, str]) -> Iterable[Pooling]:
    names = {s.study_id: s.label for s in analysis.studies}
    for run in analysis.sensitivity:
        place = origins.run_place(analysis, run.id)
        if place not in shown:
            continue
        here = {effects.rows[i]["study_id"] for i in run.effect_ids if i in effects.rows}
        gone = [label for study, label in names.items() if study not in here] if effects.rows else []
        notes = [
            f"Changed: {run.label}.",
            f"Left out by it: {', '.join(gone)}." if gone else "",
            run.note or "",
        ]
        own = replace(analysis, measure=run.measure or analysis.measure)
        yield _pooling(
            own, effects, place, f"{run.label}: {analysis.title}", run.effect_ids, run.weights, run.random,
            shown[place], tuple(filter(None, notes)),
        )  # fmt: skip


def _not_pooled(analysis: Analysis, effects: Effects) -> Iterable[Pooling]:
    """Yield the list of studies of an analysis that is not pooled: its counts come from there."""
    if analysis.status == "not_pooled":
        members = tuple(effects.member(s.effect_id, s, None) for s in analysis.studies)
        notes = (f"{analysis.status_reason.rstrip('.')}.",) if analysis.status_reason else ()
        sums = (_patients(members), _added("Patients with the event", [m.events for m in members]))
        yield Pooling(
            anchor("k", analysis.id), f"Studies of {analysis.title}", "", members,
            tuple(f for f in sums if f[1]), "", notes, counted=True,
        )  # fmt: skip


def _pooling(
    analysis: Analysis, effects: Effects, place: str, title: str, ids: Sequence[str],
    weights: Sequence[float | None], pooled: Pooled | None, shown: str, notes: tuple[str, ...] = (),
) -> Pooling:  # fmt: skip
    studies = {s.effect_id: s for s in analysis.studies}
    given = [*weights, *[None] * (len(ids) - len(weights))]
    members = tuple(effects.member(i, studies.get(i), w) for i, w in zip(ids, given, strict=True))
    formulas = [_patients(members)] if len(members) > 1 else []
    if pooled is not None:
        formulas += _formulas(analysis, pooled, members)
        notes = (*notes, *pooled.notes)
    return Pooling(
        place,
        title,
        describe(pooled) if pooled else "",
        members,
        tuple(f for f in formulas if f[1]),
        shown,
        notes,
    )


def _patients(members: Sequence[Member]) -> tuple[str, str]:
    return _added("Patients", [m.patients for m in members])


def _added(what: str, sizes: Sequence[str]) -> tuple[str, str]:
    """Return a sum of counts written out; no sum where one of them is not known."""
    if NONE in sizes:
        return what, ""
    return what, f"{_sum(sizes)} = {whole(round(sum(map(float, sizes)), 1))}"


def _formulas(analysis: Analysis, pooled: Pooled, members: Sequence[Member]) -> list[tuple[str, str]]:
    found = []
    if pooled.method in WEIGHTED:
        tau2 = pooled.tau2.estimate if pooled.model == "random" and pooled.tau2 else 0.0
        text = f"wᵢ = 1/(vᵢ + τ²);  τ² = {number(tau2, digits=4)}"
        if members:
            text += f";  {members[0].label}: 1/({members[0].v} + {number(tau2, digits=4)})"
        found.append(("Weight of a study, in proportion to", text))
        terms = [f"{m.weight} · {_signed(m.y)}" for m in members]
        if all(m.weight != NONE for m in members):
            found.append(
                ("Pooled effect", f"μ = Σwᵢyᵢ / Σwᵢ = {_sum(terms)} = {number(pooled.estimate, digits=4)}")
            )
    found.append((f"Interval, standard error {number(pooled.se, digits=4)}", _limits(pooled)))
    found.append(("As shown", _back(analysis, pooled)))
    found += _spread(pooled)
    return found


def _sum(terms: Sequence[str]) -> str:
    if len(terms) <= SHOWN_TERMS:
        return " + ".join(terms)
    return " + ".join([*terms[: SHOWN_TERMS - 2], "…", terms[-1]])


def _signed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


def _limits(pooled: Pooled) -> str:
    low, high = pooled.ci.lower, pooled.ci.upper
    if low is None or high is None or not pooled.se:
        return ""
    factor = number((high - pooled.estimate) / pooled.se, digits=3)
    name = "z" if pooled.df is None else f"t with {pooled.df:g} df"
    return (
        f"{number(pooled.estimate, digits=4)} ± {factor} ({name}) · {number(pooled.se, digits=4)} = "
        f"[{number(low, digits=4)}, {number(high, digits=4)}]"
    )


def _back(analysis: Analysis, pooled: Pooled) -> str:
    name = BACK.get(analysis.measure)
    if name is None or pooled.display.estimate is None:
        return ""
    return f"{name}({number(pooled.estimate, digits=4)}) = {number(pooled.display.estimate, digits=4)}"


def _spread(pooled: Pooled) -> Iterable[tuple[str, str]]:
    if pooled.q is not None:
        yield "Q = Σ(yᵢ − μ₀)²/vᵢ", f"{number(pooled.q, digits=2)} with {pooled.q_df} df"
    if pooled.i2 is not None and pooled.h2 is not None and pooled.h2.estimate:
        h2, i2 = number(pooled.h2.estimate, digits=3), number(pooled.i2.estimate, digits=1)
        yield "I² = (H² − 1)/H²", f"({h2} − 1)/{h2} = {i2}%"
    if pooled.prediction is not None and pooled.tau2 is not None:
        yield "Prediction interval", _prediction(pooled, pooled.prediction)


def _prediction(pooled: Pooled, new: Interval) -> str:
    tau2 = pooled.tau2.estimate if pooled.tau2 else None
    if tau2 is None or new.upper is None:
        return ""
    spread = math.sqrt(tau2 + pooled.se**2)
    factor = number((new.upper - pooled.estimate) / spread, digits=3)
    return (
        f"{number(pooled.estimate, digits=4)} ± {factor} (t) · √({number(tau2, digits=4)} + "
        f"{number(pooled.se, digits=4)}²) = [{number(new.lower, digits=4)}, {number(new.upper, digits=4)}]"
    )
