"""Counts of events that are not patients: no share can be made of them, and they must not go unsaid."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rheumeta.records import Excluded
from rheumeta.steps.evidence.model import Result

SEVERAL = "(a patient can have several)"


def events_told(excluded: Excluded, results: Iterable[Result], arms: Collection[str]) -> str | None:
    """Say how many events treated patients of a study had, where they could not enter for counting events.

    Parameters
    ----------
    excluded : Excluded
        The study and the rows that were looked at.
    results : iterable of Result
        Rows of the review.
    arms : collection of str
        The treated arms; what the control group had says nothing of the treatment.

    Returns
    -------
    str or None
        Of several rows the one with most events; None if no event is told.
    """
    counts = [r for r in results if r.result_id in excluded.result_ids and r.events_unit == "events"]
    rows = [r for r in counts if r.arm_id in arms]
    most = max(rows, key=lambda r: r.values.get("events", 0), default=None)
    if most is None or not most.values.get("events"):
        return None
    where = f" in {most.n} patients" if most.n else ""
    number = most.values["events"]
    return f"{excluded.label} reports {number:g} {'event' if number == 1 else 'events'}{where}"
