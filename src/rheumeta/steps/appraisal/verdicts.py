"""What one outcome of a claim can be said to be: rules from evidence to a verdict of the fixed list."""

from __future__ import annotations

from collections.abc import Sequence

from rheumeta.appraised import Verdict
from rheumeta.pages.findings import null_value
from rheumeta.pages.numbers import count, number
from rheumeta.pages.words import includes, includes_mid, shown_result, side
from rheumeta.records import Analysis, DirectionRow
from rheumeta.stats.proportions import binomial_interval

RARE = 1 / 1000
"""An adverse event is rare below one in a thousand (CIOMS Working Groups III and V 1999, Guidelines for
Preparing Core Clinical-Safety Information on Drugs)."""

WEAKNESS: tuple[Verdict, ...] = (
    "contradicted", "open", "direction_only", "uncontrolled_only", "supported_controlled",
)  # fmt: skip
"""A claim about several outcomes is as strong as its weakest part that can be tested."""

PERCENT = 100.0
MOST_QUOTED = 3

Judged = tuple[Verdict, str]


def of_estimate(analysis: Analysis) -> Judged | None:
    """Judge that an outcome gets better, or a harm no more frequent, by an estimate with a null value."""
    result = shown_result(analysis)
    if result is None or result.display.lower is None:
        return None
    held = includes(result.display, analysis.null)
    if held is None:
        return None
    mid = includes_mid(analysis, result.display)
    if held:
        return "open", f"The interval includes {null_value(analysis)}. {mid}".strip()
    if side(analysis, result.display.lower) == "worse":
        return "contradicted", "All values in the interval are on the side of a worse result."
    better = f"All values in the interval are on the side of a better result. {mid}".strip()
    if analysis.comparison_kind == "controlled":
        return "supported_controlled", better
    return "uncontrolled_only", f"{better} There is no control group."


def of_counts(analysis: Analysis, claimed: str, *, level: float = 95) -> Judged | None:
    """Judge what is claimed of an event by the treated patients alone, all studies counted together.

    The exact interval of 0 in n ends near 3/n, the "rule of three" (Hanley 1983, JAMA 249, 1743).
    """
    known = [(s.events1, s.n1) for s in analysis.studies if s.events1 is not None and s.n1]
    n = round(sum(size or 0 for _, size in known))
    if not n:
        return None
    events = round(sum(e or 0 for e, _ in known))
    interval = binomial_interval(events, n, level=level)
    low, high = PERCENT * interval.lower, PERCENT * interval.upper
    seen = f"{events} of {n} treated patients ({level:g}% interval {number(low)}% to {number(high)}%)"
    if claimed == "never" and events:
        return "contradicted", f"It occurred in {seen}."
    if claimed == "rare" and interval.lower > RARE:
        return "contradicted", f"Seen in {seen}: more than one in a thousand."
    if claimed == "rare" and interval.upper >= RARE:
        return "open", f"Seen in {seen}: too few patients to show that it is rarer than one in a thousand."
    return "uncontrolled_only", f"Seen in {seen}. There is no control group."


def of_directions(rows: Sequence[DirectionRow]) -> Judged | None:
    """Judge by stated directions alone, one a cohort; what is unclear counts for nothing."""
    ways = [r.direction for r in rows]
    good, bad, none = (ways.count(w) for w in ("favourable", "unfavourable", "no_change"))
    if not good + bad + none:
        return None
    counts = ((good, "better"), (bad, "worse"), (none, "unchanged"))
    found = ", ".join(f"{count(n, 'group')} {word}" for n, word in counts if n)
    some = " Of a part of the patients only." if any(r.note and "only some" in r.note for r in rows) else ""
    words = f"{found}.{some}{said(rows)}"
    if good and not bad and not none:
        return "direction_only", f"Only the direction is known: {words}"
    if bad and not good:
        return "contradicted", f"The known directions are not better: {words}"
    return "open", f"The known directions do not agree, or show no change: {words}"


def said(rows: Sequence[DirectionRow]) -> str:
    """Return what the sources say, in their words, as far as it is short enough to be read."""
    words = list(dict.fromkeys(r.basis for r in rows if r.basis))
    return (
        " In the source: " + "; ".join(f"“{w}”" for w in words) + "." if 0 < len(words) <= MOST_QUOTED else ""
    )


def weakest(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a claim from those on its outcomes; what cannot be tested does not count."""
    known = [v for v in verdicts if v in WEAKNESS]
    return min(known, key=WEAKNESS.index) if known else "not_testable"
