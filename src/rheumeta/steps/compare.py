"""Two versions of one or more reviews beside each other."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from rheumeta.changes import Changes, compare
from rheumeta.layout import Layout
from rheumeta.pages.changes import as_markdown, as_text, plain
from rheumeta.steps.versions import NothingToCompare, is_one_review, read_snapshot, read_version, versions_of
from rheumeta.tables.writing import json_text


def compare_all(old: str, new: str, root: Path, reviews: list[str], *, build: bool = False) -> list[Changes]:
    """Return what differs in each review that both versions hold, and which reviews only one of them holds.

    Parameters
    ----------
    old, new : str
        Folders, snapshots or git revisions (:func:`rheumeta.steps.versions.versions_of`).
    root : Path
        Folder of the git repository.
    reviews : list of str
        Reviews to compare; empty: all.
    build : bool
        Whether to build git revisions that hold no results.

    Raises
    ------
    NothingToCompare
        If one of them is nothing, or they have no review in common.
    """
    with (
        versions_of(old, root, reviews, build=build) as before,
        versions_of(new, root, reviews, build=build) as after,
    ):
        common = [review for review in after if review in before]
        if not common:
            held = "; ".join(
                f"{plain(n)} holds {', '.join(v) or 'none'}" for n, v in ((old, before), (new, after))
            )
            raise NothingToCompare(f"The two have no review in common: {held}.")
        found = [compare(before[review], after[review]) for review in common]
        sides = ((old, before, after), (new, after, before))
        if reviews or is_one_review(old) or is_one_review(new):
            return found
        return found + [
            Changes(r, old, new, only=n) for n, own, other in sides for r in own if r not in other
        ]


def since_snapshot(layout: Layout) -> Changes | None:
    """Return what changed since the snapshot of a review; None if none is kept."""
    if not layout.snapshot.is_file():
        return None
    return compare(read_snapshot(layout.snapshot), read_version(layout, "now"))


def written(found: list[Changes], form: str) -> str:
    """Return changes as "text", "markdown" or "json"."""
    if form == "json":
        return json_text([dataclasses.asdict(changes) | {"nothing": changes.nothing} for changes in found])
    return "\n".join(map(as_markdown if form == "markdown" else as_text, found))
