"""The places of an analysis: how each of its effects was derived, and how they were pooled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rheumeta.pages import origins
from rheumeta.pages.analyses import show, show_run
from rheumeta.pages.inputs import ReportInput, Row, anchor, split_ids
from rheumeta.pages.poolings import Effects, Pooling, poolings
from rheumeta.records import Analysis, StudyEffect


@dataclass(frozen=True)
class Chain:
    """The place of one effect: every step of its derivation."""

    place: str
    title: str
    steps: tuple[Row, ...]  # rows of derivations.csv
    about: str  # groups and time
    effect: str  # as shown; empty for an effect under a changed assumption
    flags: tuple[str, ...]
    result_ids: tuple[str, ...]
    confirmed_by: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """All places of one analysis."""

    poolings: tuple[Pooling, ...]
    chains: tuple[Chain, ...]


def lineages(data: ReportInput) -> dict[str, Lineage]:
    """Return the places of each analysis by its id."""
    steps: dict[str, list[Row]] = defaultdict(list)
    for row in data.derivations:
        steps[row["effect_id"]].append(row)
    rows: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in data.effects:
        rows[row["analysis_id"]][row["effect_id"]] = row
    return {a.id: _lineage(a, rows[a.id], steps) for a in data.synthesis.analyses}


def _lineage(analysis: Analysis, rows: Mapping[str, Row], steps: Mapping[str, Sequence[Row]]) -> Lineage:
    own = {s.effect_id: _own(analysis, s, steps.get(s.effect_id, ())) for s in analysis.studies}
    found = {_signature(chain): chain for chain in own.values()}
    places = {effect: chain.place for effect, chain in own.items()}
    for effect in dict.fromkeys(i for run in analysis.sensitivity for i in run.effect_ids):
        if effect in places or effect not in rows:
            continue
        chain = _changed(analysis, rows[effect], steps.get(effect, ()))
        places[effect] = found.setdefault(_signature(chain), chain).place
    return Lineage(poolings(analysis, Effects(rows, places), shown_texts(analysis)), tuple(found.values()))


def shown_texts(analysis: Analysis) -> dict[str, str]:
    """Return the text of each pooled result, subgroup and run of an analysis by its place."""
    found = {}
    for pooled in (analysis.random, analysis.common):
        if pooled is not None:
            found[origins.pooled_place(analysis, pooled.model)] = show(analysis, pooled.display)
    for group in analysis.subgroups:
        if group.random is not None:
            found[origins.subgroup_place(analysis, group)] = show(analysis, group.random.display)
    for run in analysis.sensitivity:
        value = run.random or run.single
        found[origins.run_place(analysis, run.id)] = show_run(analysis, run) if value else ""
    return found


def _own(analysis: Analysis, study: StudyEffect, steps: Sequence[Row]) -> Chain:
    return Chain(
        anchor("e", study.effect_id), f"{study.label}: {analysis.title}", tuple(steps),
        _about(study.experimental, study.control or "", study.time_label), show(analysis, study.effect),
        study.flags, study.result_ids, study.confirmed_by,
    )  # fmt: skip


def _changed(analysis: Analysis, row: Row, steps: Sequence[Row]) -> Chain:
    return Chain(
        anchor("e", row["effect_id"]), f"{row['label']}: {analysis.title}, with another assumption", tuple(steps),
        _about(row["experimental"], row["control"], row["time_label"]), "",
        *(tuple(split_ids(row[name])) for name in ("flags", "result_ids", "confirmed_by")),
    )  # fmt: skip


def _about(experimental: str, control: str, time: str) -> str:
    groups = f"{experimental} against {control}" if control else experimental
    return ", ".join(part for part in (groups, time) if part)


def _signature(chain: Chain) -> tuple[object, ...]:
    """Return what two derivations share if they are one: everything but the names of effect and run."""
    steps = tuple(tuple(v for k, v in row.items() if k != "effect_id") for row in chain.steps)
    return chain.title.partition(":")[0], chain.about, steps, "" if steps else chain.place
