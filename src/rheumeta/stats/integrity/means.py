"""Reported groups (mean, SD or standard error, n) as boxes of possible values, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rheumeta.errors import StatsError
from rheumeta.stats.integrity.reported import Reported, Rounding, whole_patients

Range = tuple[float, float]
SpreadKind = Literal["sd", "se"]


@dataclass(frozen=True)
class MeanGroup:
    """A group as reported.

    Attributes
    ----------
    mean, spread : str
        As printed; `spread` is an SD or a standard error.
    n : int
        Patients.
    """

    mean: str
    spread: str
    n: int


@dataclass(frozen=True)
class GroupBox:
    """What a reported group can stand for: ranges of its mean and SD.

    Attributes
    ----------
    mean, sd : tuple of float
        Lower and upper end.
    centre, centre_sd : float
        Mean and SD as printed.
    n : int
        Patients.
    """

    mean: Range
    sd: Range
    centre: float
    centre_sd: float
    n: int

    @property
    def variance_of_mean(self) -> Range:
        """Squared standard error of the mean, least and greatest."""
        return self.sd[0] ** 2 / self.n, self.sd[1] ** 2 / self.n


def read_group(group: MeanGroup, kind: SpreadKind = "sd", rounding: Rounding = "nearest") -> GroupBox:
    """Read a reported group.

    Raises
    ------
    StatsError
        If a text is no number, the spread negative, or n below 1.
    """
    whole_patients(n=group.n)
    mean, spread = Reported.read(group.mean, rounding), Reported.read(group.spread, rounding)
    if spread.value < 0:
        raise StatsError(f"{group.spread!r} is negative: no SD or standard error is.")
    factor = math.sqrt(group.n) if kind == "se" else 1.0
    return GroupBox(
        (float(mean.low), float(mean.high)),
        (float(spread.floor) * factor, float(spread.high) * factor),
        float(mean.value),
        float(spread.value) * factor,
        group.n,
    )


def within_squares(groups: Sequence[GroupBox]) -> Range:
    """Sum of squares within groups, least and greatest."""
    low, high = (math.fsum((g.n - 1) * g.sd[end] ** 2 for g in groups) for end in (0, 1))
    return low, high


def between_squares(groups: Sequence[GroupBox]) -> Range:
    """Sum of squares between groups: the least exactly, and an upper bound of the greatest.

    The sum of squares about the weighted mean is that about any point, minimised. So the greatest is at
    most that about the weighted mean of the centres, and the least is that of the distances of a point
    from the ranges, minimised over the point; that function is convex.
    """
    total = sum(g.n for g in groups)
    centre = math.fsum(g.n * (g.mean[0] + g.mean[1]) / 2 for g in groups) / total
    most = math.fsum(g.n * max(abs(g.mean[0] - centre), abs(g.mean[1] - centre)) ** 2 for g in groups)
    low, high = min(g.mean[0] for g in groups), max(g.mean[1] for g in groups)
    for _ in range(200):
        thirds = (low + (high - low) / 3, high - (high - low) / 3)
        if _distances(groups, thirds[0]) <= _distances(groups, thirds[1]):
            high = thirds[1]
        else:
            low = thirds[0]
    return _distances(groups, (low + high) / 2), most


def _distances(groups: Sequence[GroupBox], point: float) -> float:
    return math.fsum(g.n * max(g.mean[0] - point, point - g.mean[1], 0.0) ** 2 for g in groups)
