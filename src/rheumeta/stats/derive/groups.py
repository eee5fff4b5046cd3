"""Several groups made one, and one control group made several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, above, at_least, finite

SOURCE = "Cochrane Handbook 6.5.2.10, table 6.5.a"


@dataclass(frozen=True)
class Combined:
    """Size, mean and SD of several groups taken as one."""

    n: Derived
    mean: Derived
    sd: Derived


def _sizes(n: Sequence[float], *others: Sequence[float]) -> None:
    if len(n) < 2 or any(len(other) != len(n) for other in others):
        raise StatsError("Combining needs at least two groups, each with all its numbers.")
    above(0, **{f"n[{i}]": size for i, size in enumerate(n)})


def combine_means(n: Sequence[float], mean: Sequence[float], sd: Sequence[float]) -> Combined:
    """Combine two or more groups exactly, as if all patients were one (Handbook table 6.5.a).

    The table gives two groups; the sum of squares within and between groups gives any number.

    Parameters
    ----------
    n, mean, sd : sequence of float, one length
        Sizes above 0, means, SDs of at least 0.
    """
    _sizes(n, mean, sd)
    finite(**{f"mean[{i}]": m for i, m in enumerate(mean)})
    at_least(0, **{f"sd[{i}]": s for i, s in enumerate(sd)})
    total = math.fsum(n)
    above(1, total=total)
    centre = math.fsum(a * m for a, m in zip(n, mean, strict=True)) / total
    within = math.fsum((a - 1) * s**2 for a, s in zip(n, sd, strict=True))
    between = math.fsum(a * (m - centre) ** 2 for a, m in zip(n, mean, strict=True))
    given = {
        f"{name}{i + 1}": value
        for i, row in enumerate(zip(n, mean, sd, strict=True))
        for name, value in zip(("n", "m", "sd"), row, strict=True)
    }
    sizes = {key: value for key, value in given.items() if key.startswith("n")}
    weighted = {key: value for key, value in given.items() if not key.startswith("sd")}
    return Combined(
        Derived(total, "N = Σ n", sizes, SOURCE),
        Derived(centre, "M = Σ n·m / N", weighted, SOURCE),
        Derived(
            math.sqrt((within + between) / (total - 1)),
            "SD = √((Σ (n-1)·sd² + Σ n·(m-M)²)/(N-1))",
            given,
            SOURCE,
        ),
    )


def combine_events(events: Sequence[float], n: Sequence[float]) -> tuple[Derived, Derived]:
    """Combine dichotomous groups: sums of events and of patients (Handbook 23.3.4).

    Returns
    -------
    events, n : Derived
    """
    _sizes(n, events)
    for i, (x, size) in enumerate(zip(events, n, strict=True)):
        if not 0 <= x <= size:
            raise StatsError(f"events[{i}] is {x!r}: it lies between 0 and {size!r}.")
    source = "Cochrane Handbook 23.3.4"
    named_x = {f"x{i + 1}": x for i, x in enumerate(events)}
    named_n = {f"n{i + 1}": size for i, size in enumerate(n)}
    return Derived(math.fsum(events), "X = Σ x", named_x, source), Derived(
        math.fsum(n), "N = Σ n", named_n, source
    )


def split_control(n: float, parts: int, *, events: float | None = None) -> tuple[Derived, ...]:
    """Split a shared control group between several comparisons (Handbook 23.3.4).

    For means only the size is divided; mean and SD stay.

    Parameters
    ----------
    n : float
        Size of the control group.
    parts : int
        Number of comparisons that share it, at least 2.
    events : float, optional
        Events of the control group, divided alike.

    Returns
    -------
    tuple of Derived
        The size of each part; with `events`, size and events.
    """
    above(0, n=n)
    if parts < 2:
        raise StatsError(f"parts is {parts!r}: a split needs at least 2.")
    why = "the comparisons are treated as independent, though parts of one group remain related"
    source = "Cochrane Handbook 23.3.4"
    size = Derived(n / parts, "n/parts", {"n": n, "parts": parts}, source, why)
    if events is None:
        return (size,)
    if not 0 <= events <= n:
        raise StatsError(f"events is {events!r}: it lies between 0 and {n!r}.")
    share = Derived(events / parts, "x/parts", {"x": events, "parts": parts}, source, why)
    return size, share
