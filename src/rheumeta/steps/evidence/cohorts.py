"""Each cohort once: which study speaks for patients that several studies share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeVar

from rheumeta.steps.evidence.model import Evidence

T = TypeVar("T")


def once_per_cohort(
    items: Iterable[T],
    evidence: Evidence,
    *,
    study: Callable[[T], str],
    patients: Callable[[T], float],
    weeks: Callable[[T], float | None],
    rule: Literal["largest", "longest", "first"],
) -> tuple[list[T], list[tuple[T, T]]]:
    """Keep the items of one study per cohort.

    Parameters
    ----------
    items : iterable
        Candidate results, several a study allowed.
    study, patients, weeks : callable
        Give the study id, the number of patients and the follow-up of an item.
    rule : {"largest", "longest", "first"}
        Which study stands for the cohort: most patients, latest time or first in the sheet; the
        other two break ties in that order.

    Returns
    -------
    kept : list
        Items of the chosen studies, in the order given.
    dropped : list of (item, item)
        Each item left out with an item of the study that stands for its cohort.
    """
    groups: dict[str, dict[str, list[T]]] = {}
    ordered = list(items)
    for item in ordered:
        groups.setdefault(evidence.cohort(study(item)), {}).setdefault(study(item), []).append(item)

    def preference(study_id: str, members: list[T]) -> tuple[float, ...]:
        size = -sum(patients(m) for m in members)
        time = -max((weeks(m) or 0.0) for m in members)
        order = float(evidence.studies[study_id].order)
        return {"largest": (size, time, order), "longest": (time, size, order), "first": (order,)}[rule]

    chosen: dict[str, str] = {
        root: min(studies, key=lambda s: preference(s, studies[s])) for root, studies in groups.items()
    }
    kept, dropped = [], []
    for item in ordered:
        root = evidence.cohort(study(item))
        if study(item) == chosen[root]:
            kept.append(item)
        else:
            dropped.append((item, groups[root][chosen[root]][0]))
    return kept, dropped
