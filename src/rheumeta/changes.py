"""What differs between two versions of a review (standard library alone).

A :class:`Version` holds what a comparison reads, and is also what a snapshot stores. None means "could
not be read", never "empty"; `gaps` then says why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

Rows = dict[str, dict[str, str]]
"""Rows of a sheet by key, each with its cells that are not empty."""

TOLERANCE = 1e-9
"""Relative difference below which two numbers are the same: the noise of another order of summation."""


@dataclass(frozen=True)
class Result:
    """One analysis as a reader sees it: on the display scale."""

    title: str
    status: str
    k: int
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    null: float | None = None
    mid: float | None = None
    log: bool = False  # distances are ratios
    unit: str | None = None
    certainty: str | None = None
    studies: dict[str, str] = field(default_factory=dict)  # id and label


@dataclass(frozen=True)
class Version:
    """A review at one time."""

    label: str
    review: str
    sheets: dict[str, Rows] | None = None
    protocol: dict[str, str] | None = None  # by dotted key
    results: dict[str, Result] | None = None  # by analysis
    claims: dict[str, str] | None = None  # verdict by claim
    gaps: tuple[str, ...] = ()
    changed_since: tuple[str, ...] = ()  # what went into the results and is no longer as it was


@dataclass(frozen=True)
class Cell:
    """A cell or a key of the protocol with another value; None where it was or is absent."""

    place: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class SheetChange:
    """What differs in one sheet, by its keys."""

    sheet: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()  # place: key and column


@dataclass(frozen=True)
class Moved:
    """An analysis whose result or studies differ."""

    analysis: str
    title: str
    old: Result | None
    new: Result | None
    shift: float | None = None  # new less old; the ratio where distances are ratios
    widths: float | None = None  # the same as a share of the width of the old interval
    joined: tuple[str, ...] = ()  # labels of studies
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crossing:
    """A line that a conclusion crossed."""

    subject: str
    line: str
    old: str
    new: str


@dataclass(frozen=True)
class Changes:
    """Everything that differs between two versions."""

    review: str
    old: str
    new: str
    sheets: tuple[SheetChange, ...] = ()
    protocol: tuple[Cell, ...] = ()
    moved: tuple[Moved, ...] = ()
    compared: int = 0  # analyses that both have
    crossings: tuple[Crossing, ...] = ()
    gaps: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()  # sides whose results were made from other sheets or another protocol
    only: str = ""  # the side that alone holds this review

    @property
    def nothing(self) -> bool:
        """Tell whether nothing differs in what could be compared."""
        return not (self.only or self.sheets or self.protocol or self.moved or self.crossings)


def compare(old: Version, new: Version) -> Changes:
    """Return what differs between two versions of a review."""
    both = old.results is not None and new.results is not None
    earlier, later = (old.results or {}, new.results or {}) if both else ({}, {})
    names = [*later, *(name for name in earlier if name not in later)]
    moved = [m for name in names if (m := _moved(name, earlier.get(name), later.get(name)))]
    pairs = [(earlier[n], later[n]) for n in names if n in earlier and n in later]
    return Changes(
        review=new.review, old=old.label, new=new.label,
        sheets=tuple(_sheets(old.sheets, new.sheets)),
        protocol=tuple(_cells(old.protocol, new.protocol)),
        moved=tuple(moved), compared=len(pairs),
        crossings=tuple([c for pair in pairs for c in _crossings(*pair)] + _claims(old.claims, new.claims)),
        gaps=(*(f"{old.label}: {gap}" for gap in _gaps(old)), *(f"{new.label}: {gap}" for gap in _gaps(new))),
        outdated=tuple(side.label for side in (old, new) if side.changed_since),
    )  # fmt: skip


def _gaps(side: Version) -> list[str]:
    if not side.changed_since:
        return [*side.gaps]
    return [
        *side.gaps,
        f"its results were not made from {', '.join(side.changed_since)} as it is now, so the comparison of "
        "estimates does not cover that: build the results anew with snakemake",
    ]


def _cells(old: Mapping[str, str] | None, new: Mapping[str, str] | None, prefix: str = "") -> list[Cell]:
    if old is None or new is None:
        return []
    names = [*old, *(name for name in new if name not in old)]
    return [Cell(prefix + n, old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)]


def _sheets(old: dict[str, Rows] | None, new: dict[str, Rows] | None) -> list[SheetChange]:
    if old is None or new is None:
        return []
    found = []
    for sheet in dict.fromkeys([*old, *new]):
        before, after = old.get(sheet, {}), new.get(sheet, {})
        cells = [c for k in before if k in after for c in _cells(before[k], after[k], f"{k}: ")]
        added = tuple(k for k in after if k not in before)
        removed = tuple(k for k in before if k not in after)
        if cells or added or removed:
            found.append(SheetChange(sheet, added, removed, tuple(cells)))
    return found


def _moved(name: str, old: Result | None, new: Result | None) -> Moved | None:
    one = new or old
    if one is None:
        return None
    if old is None or new is None:
        return Moved(name, one.title, old, new)
    joined = tuple(label for s, label in new.studies.items() if s not in old.studies)
    left = tuple(label for s, label in old.studies.items() if s not in new.studies)
    numbers = [(old.estimate, new.estimate), (old.lower, new.lower), (old.upper, new.upper)]
    alike = all(_same(a, b) for a, b in numbers) and (old.status, old.k) == (new.status, new.k)
    if alike and not joined and not left:
        return None
    return Moved(name, new.title, old, new, *_distance(old, new), joined, left)


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _distance(old: Result, new: Result) -> tuple[float | None, float | None]:
    """Return how far the estimate moved, and that as a share of the width of the old interval."""
    if old.estimate is None or new.estimate is None:
        return None, None
    if not old.log:
        shift = new.estimate - old.estimate
        known = old.lower is not None and old.upper is not None and old.upper > old.lower
        return shift, abs(shift) / (old.upper - old.lower) if known else None  # type: ignore[operator]
    if old.estimate <= 0 or new.estimate <= 0:
        return None, None
    ratio = new.estimate / old.estimate
    known = bool(old.lower and old.upper and 0 < old.lower < old.upper)
    return ratio, abs(math.log(ratio)) / math.log(old.upper / old.lower) if known else None  # type: ignore[operator]


def _crossings(old: Result, new: Result) -> list[Crossing]:
    states = (
        ("interval and no effect", _interval), ("direction", _direction),
        ("minimal important difference", _importance), ("certainty", lambda r: r.certainty),
        ("what could be done", lambda r: r.status),
    )  # fmt: skip
    pairs = [(line, state(old), state(new)) for line, state in states]
    return [Crossing(new.title, line, a, b) for line, a, b in pairs if a and b and a != b]


def _interval(result: Result) -> str | None:
    if result.null is None or result.lower is None or result.upper is None:
        return None
    low, high = sorted((result.lower, result.upper))
    return "includes no effect" if low <= result.null <= high else "excludes no effect"


def _direction(result: Result) -> str | None:
    if result.null is None or result.estimate is None:
        return None
    return "below no effect" if result.estimate < result.null else "above no effect"


def _importance(result: Result) -> str | None:
    if result.mid is None or result.null is None or result.estimate is None:
        return None
    reached = abs(result.estimate - result.null) >= abs(result.mid)
    return "the estimate reaches it" if reached else "the estimate is smaller"


def _claims(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> list[Crossing]:
    if old is None or new is None:
        return []
    return [Crossing(f"claim {c}", "verdict", old[c], new[c]) for c in new if c in old and old[c] != new[c]]
