"""Evidence that cannot be pooled, as tables: direction by outcome, sign tests, combined p values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.pages.numbers import capital, count, p_equals, percent
from rheumeta.records import CombinedP, DirectionRow, DirectionSummary, Interval, Synthesis

KIND_WORDS = {
    "controlled": "against a control group",
    "before_after": "before and after, no control group",
    "single_group": "treated patients alone",
    "add_on": "add-on to the treatment in both groups",
}
DIRECTION_SIGNS = {
    "favourable": ("▲", "better"),
    "unfavourable": ("▼", "worse"),
    "no_change": ("◄►", "no change"),
    "unclear": ("?", "unclear"),
}
"""Symbols of effect-direction plots (Boon and Thomson 2021) and their words."""


FEWEST_SIGNS = 2
"""Fewest cohorts with a sign for which the sign test is shown: of one alone it says nothing."""


@dataclass(frozen=True)
class OutcomeDirections:
    """All rows of one outcome and kind of comparison, with the test of their signs."""

    outcome: str
    label: str
    kind: str
    kind_words: str
    rows: tuple[DirectionRow, ...]
    words: str  # sign test and combined p values in words


@dataclass(frozen=True)
class DomainDirections:
    """All outcomes of one domain."""

    domain: str
    outcomes: tuple[OutcomeDirections, ...]


def directions_view(synthesis: Synthesis) -> list[DomainDirections]:
    """Return the direction rows by domain, outcome and kind of comparison, in the order of the records."""
    domains: dict[str, dict[tuple[str, str], list[DirectionRow]]] = defaultdict(lambda: defaultdict(list))
    for row in synthesis.directions:
        domains[row.domain][(row.outcome, row.comparison_kind)].append(row)
    summaries = {(s.outcome, s.comparison_kind): s for s in synthesis.direction_summaries}
    return [
        DomainDirections(
            domain,
            tuple(
                _outcome(key, rows, summaries.get(key), synthesis.combined_p)
                for key, rows in outcomes.items()
            ),
        )
        for domain, outcomes in domains.items()
    ]


def directions_words(synthesis: Synthesis) -> str:
    """Return how many results point which way, as the picture of them says it."""
    sizes: Counter[str] = Counter(row.direction for row in synthesis.directions)
    ways = ", ".join(f"{sizes[way]} {word}" for way, (_, word) in DIRECTION_SIGNS.items() if sizes[way])
    return f"Effect-direction plot of {count(len(synthesis.directions), 'result')}, a row a study: {ways}."


def albatross_words(synthesis: Synthesis) -> str:
    """Return what the picture of patients and p values shows."""
    points = synthesis.albatross
    better = sum(point.favourable for point in points)
    return (
        f"Albatross plot of {count(len(points), 'result')}, number of patients against p value, with lines of equal "
        f"effect: {better} better, {len(points) - better} worse."
    )


def _outcome(
    key: tuple[str, str],
    rows: Sequence[DirectionRow],
    summary: DirectionSummary | None,
    combined: Sequence[CombinedP],
) -> OutcomeDirections:
    outcome, kind = key
    return OutcomeDirections(
        outcome=outcome,
        label=rows[0].outcome_label,
        kind=kind,
        kind_words=KIND_WORDS.get(kind, kind),
        rows=tuple(rows),
        words=" ".join(
            part
            for part in (
                sign_words(summary),
                combined_words([c for c in combined if (c.outcome, c.comparison_kind) == key]),
            )
            if part
        ),
    )


def sign_words(summary: DirectionSummary | None) -> str:
    """Return the counts of one outcome, and the sign test where two or more cohorts have a sign."""
    if summary is None:
        return ""
    text = (
        f"{capital(count(summary.favourable, 'cohort'))} better, {_some(summary.unfavourable)} worse, "
        f"{_some(summary.not_counted)} without a sign."
    )
    signs = summary.favourable + summary.unfavourable
    if signs < FEWEST_SIGNS or summary.proportion is None:
        return text
    return f"{text} Better in {share(summary.proportion)}; exact sign test p {p_equals(summary.pval)}."


def _some(size: int) -> str:
    return count(size, "", "").strip() if size else "none"


def combined_words(rows: Sequence[CombinedP]) -> str:
    """Return the combined p values of one outcome in one sentence, or why there are none."""
    done = [f"{capital(c.method)} p {p_equals(c.pval)}" for c in rows if c.pval is not None]
    if done:
        return (
            f"{capital(count(rows[0].k, 'exact p value'))} combined, one-sided: {', '.join(done)}. A small "
            f"one says that some effect is there in at least one study, not how large it is."
        )
    return f"p values not combined: {rows[0].reason}." if rows else ""


def share(value: Interval) -> str:
    """Return a share from 0 to 1 with its interval in percent: "67% [9%, 99%]"."""
    parts = (value.estimate, value.lower, value.upper)
    estimate, lower, upper = (None if part is None else f"{percent(100 * part)}%" for part in parts)
    return f"{estimate} [{lower}, {upper}]" if lower is not None and upper is not None else f"{estimate}"
