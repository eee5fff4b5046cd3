"""How often the integrity checks flag clean tables.

python validation/integrity_false_alarms.py            2,000 trials, about two minutes
python validation/integrity_false_alarms.py --short      100, as the test does

Each trial has two randomised arms of patients with whole-number scores before and after treatment, and
responders by three nested criteria at three times. What an author would report is computed from the data by
NumPy and SciPy, rounded to 0 to 2 decimals, half up or half to even, and given to the checks. An arithmetic
check that flags one of them, and any check that finds one inconsistent, is wrong, and the exit code is 1; of
the others the share is the false-alarm rate.
"""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from rheumeta.stats import integrity
from rheumeta.stats.integrity import Check, Labelled, MeanGroup, Spread
from rheumeta.stats.integrity.reported import FLAGGED

TRIALS, SHORT = 2_000, 100
SCALES = ((0, 10), (0, 28), (0, 100), (1, 5))
CELLS = 3
Values = NDArray[np.int64]
JUDGED = {
    "baseline_balance": "two-sided p below 0.01, six variables",
    "two_means": "significant by Welch's test and not by Student's, or the reverse",
    "two_proportions": "significant by one of three tests and not by another",
    "se_between": "SDs of two arms",
    "large_effect": "true standardised differences of 0 to 0.8",
    "sd_of_percentage": "an unrelated SD beside a percentage",
    "identical_numbers": "12 results a trial, mean and SD, 6 digits",
    "equal_series": "three nested criteria, two arms, three times",
    "spread_label": "SDs, p of the paired t test",
    "spread_label_two": "SDs, p of Student's or Welch's test",
}
"""Checks that may flag clean data (not as inconsistent), with what they were given; all others must not."""


@dataclass(frozen=True)
class Author:
    """How one trial rounds: decimals of means, SDs, percentages and p values, and what becomes of a half."""

    mean: int
    sd: int
    percent: int
    p: int
    mode: str

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Author:
        """Draw an author."""
        decimals = int(rng.integers(0, 3))
        return cls(
            decimals,
            decimals + int(rng.integers(0, 2)),
            int(rng.integers(0, 2)),
            int(rng.integers(2, 4)),
            str(rng.choice([ROUND_HALF_UP, ROUND_HALF_EVEN])),
        )

    def write(self, value: float, decimals: int) -> str:
        """Print a number."""
        return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=self.mode))

    def claim(self, p: float, rng: np.random.Generator) -> tuple[str, str]:
        """Print a p value: exact, or below or above a limit."""
        if p < 0.001:
            return "0.001", "<"
        if rng.random() < 0.3:
            return "0.05", "<" if p < 0.05 else ">"
        return self.write(p, self.p), "="

    def group(self, values: Values) -> MeanGroup:
        """Print mean and SD."""
        return MeanGroup(
            self.write(values.mean(), self.mean), self.write(values.std(ddof=1), self.sd), values.size
        )


def scores(rng: np.random.Generator, n: int, scale: tuple[int, int]) -> Values:
    """Draw whole-number scores, skewed one way or the other."""
    shape = rng.uniform(0.8, 4.0, 2)
    share = rng.beta(*shape, n)
    return np.asarray(scale[0] + rng.binomial(scale[1] - scale[0], share))


def arm(rng: np.random.Generator, start: Values, scale: tuple[int, int], effect: float) -> Values:
    """Scores after treatment: some of the way to the lower end, with noise, on the scale."""
    noise = rng.normal(0, 0.12 * (scale[1] - scale[0]), start.size)
    return np.clip(np.round(start - effect * start.std() + noise), *scale).astype(int)


def of_one_arm(
    author: Author, rng: np.random.Generator, scale: tuple[int, int], before: Values, after: Values
) -> Iterator[Check]:
    """Check one arm: granularity, limits, change and its p value."""
    groups = [author.group(values) for values in (before, after, after - before)]
    for group, limits in zip(groups, (scale, scale, (scale[0] - scale[1], scale[1] - scale[0])), strict=True):
        low, high = limits
        yield integrity.grim(group.mean, group.n)
        yield integrity.grimmer(group.mean, group.spread, group.n, low=low, high=high)
        yield integrity.sd_within_limits(group.spread, group.mean, group.n, low, high)
        yield integrity.sd_within_limits(group.spread, group.mean, group.n, low, high, whole=True)
    yield from _of_mean(author, after)
    start, end, change = groups
    yield integrity.change_within_limits(start.mean, change.mean, *scale)
    yield integrity.change_of_means(start.mean, end.mean, change.mean)
    yield integrity.change_sd(start.spread, end.spread, change.spread)
    if np.ptp(after - before) > 0:
        p, sign = author.claim(float(stats.ttest_rel(after, before).pvalue), rng)
        yield integrity.p_from_mean(change.mean, change.spread, change.n, p, sign)
        yield integrity.spread_label(change.mean, change.spread, change.n, p, sign)


def _of_mean(author: Author, values: Values) -> Iterator[Check]:
    """Check SD, standard error and interval of one mean."""
    sd, n = author.group(values).spread, values.size
    se = float(values.std(ddof=1)) / math.sqrt(n)
    yield integrity.se_of_sd(author.write(se, author.sd), sd, n)
    if float(sd) > 0:
        width = float(stats.t.isf(0.025, n - 1)) * se
        ends = (author.write(values.mean() + side * width, author.mean) for side in (-1, 1))
        yield integrity.ci_of_mean(sd, n, *ends)


def of_two_arms(author: Author, rng: np.random.Generator, first: Values, second: Values) -> Iterator[Check]:
    """Check the comparison of two arms: tests, difference with interval, the whole of both."""
    groups = (author.group(first), author.group(second))
    welch = bool(rng.integers(0, 2))
    test = stats.ttest_ind(first, second, equal_var=not welch)
    p, sign = author.claim(float(test.pvalue), rng)
    yield integrity.two_means(*groups, p, sign)
    yield integrity.spread_label_two(*groups, p, sign)
    yield integrity.p_from_test("t", author.write(test.statistic, 2), p, sign, df=(float(test.df),))
    one_way = stats.f_oneway(first, second, np.concatenate([first, second]))
    parts = [*groups, author.group(np.concatenate([first, second]))]
    yield integrity.several_means(parts, *author.claim(float(one_way.pvalue), rng))
    both = test.confidence_interval(0.95)
    ends = (author.write(both.low, 2), author.write(both.high, 2))
    difference = author.write(first.mean() - second.mean(), 2)
    df = float(test.df)
    yield integrity.p_from_estimate(difference, p, sign, ci=ends, df=df)
    yield integrity.ci_centred(difference, *ends)
    se = author.write((both.high - both.low) / 2 / stats.t.isf(0.025, df), 3)
    if float(se) > 0:
        yield integrity.ci_level(se, *ends, df=df)
        yield integrity.p_from_estimate(difference, p, sign, se=se, df=df)
        yield integrity.statistic_of_estimate(author.write(test.statistic, 2), difference, se)
    whole = parts[2]
    yield integrity.weighted_mean([g.mean for g in groups], [g.n for g in groups], whole.mean)
    yield integrity.total_sd(groups, whole.spread)
    yield integrity.se_between(*(Spread(g.spread, g.n) for g in groups))
    sd = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    yield integrity.large_effect((first.mean() - second.mean()) / sd)


def of_counts(
    author: Author, rng: np.random.Generator, events: tuple[int, int], ns: tuple[int, int], sd: str
) -> Iterator[Check]:
    """Check counts, percentages, their tests and the odds ratio."""
    percents = [author.write(100 * e / n, author.percent) for e, n in zip(events, ns, strict=True)]
    for percent, e, n in zip(percents, events, ns, strict=True):
        rest = author.write(100 * (n - e) / n, author.percent)
        yield integrity.grim_percent(percent, n)
        yield integrity.percent_of_events(percent, e, n)
        yield integrity.parts_add_up([percent, rest], "100")
        yield integrity.sd_of_percentage(percent, sd, n)
        ones = np.arange(n) < e
        mean, spread = author.write(ones.mean(), 2), author.write(ones.std(ddof=1), 2)
        yield integrity.debit(mean, spread, n)
    yield integrity.parts_within([events[0], ns[0] - events[0]], ns[0], exhaustive=True)
    table = np.array([[events[0], ns[0] - events[0]], [events[1], ns[1] - events[1]]])
    if table.sum(axis=0).min() == 0:
        return
    p, sign = author.claim(_p_of_table(table, int(rng.integers(0, 3))), rng)
    found = [integrity.grim_percent(percent, n).totals for percent, n in zip(percents, ns, strict=True)]
    if all(found):  # else the percentages were flagged
        yield integrity.two_proportions(found[0], ns[0], found[1], ns[1], p, sign)
    if table.min() > 0:
        yield from _odds_ratio(author, rng, table)


def _p_of_table(table: NDArray[np.int64], test: int) -> float:
    if test == 0:
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2_contingency(table, correction=test == 1).pvalue)


def _odds_ratio(author: Author, rng: np.random.Generator, table: NDArray[np.int64]) -> Iterator[Check]:
    log, se = math.log(table[0, 0] * table[1, 1] / table[0, 1] / table[1, 0]), math.sqrt((1 / table).sum())
    ends = tuple(author.write(math.exp(log + z * se), 2) for z in (-1.959964, 1.959964))
    ratio = author.write(math.exp(log), 2)
    p, sign = author.claim(float(2 * stats.norm.sf(abs(log / se))), rng)
    yield integrity.ci_centred(ratio, *ends, ratio=True)
    yield integrity.ci_level(author.write(se, 3), *ends, ratio=True)
    yield integrity.p_from_estimate(ratio, p, sign, ci=(ends[0], ends[1]), ratio=True)


def of_baseline(author: Author, rng: np.random.Generator, ns: tuple[int, int]) -> Check:
    """Check a baseline table of four measurements and two features."""
    pvalues = []
    for _ in range(4):
        scale = SCALES[rng.integers(len(SCALES))]
        pool = scores(rng, sum(ns), scale)
        groups = [author.group(pool[: ns[0]]), author.group(pool[ns[0] :])]
        if any(float(group.spread) > 0 for group in groups):
            seed = int(rng.integers(2**32))
            pvalues.append(integrity.baseline_means(groups, seed=seed, simulations=2000).pval)
    for share in rng.uniform(0.1, 0.9, 2):
        events = [int(rng.binomial(n, share)) for n in ns]
        if 0 < sum(events) < sum(ns):
            pvalues.append(integrity.baseline_counts(events, ns).pval)
    return integrity.baseline_balance(pvalues)


def of_repeats(author: Author, rng: np.random.Generator, ns: tuple[int, int]) -> Iterator[Check]:
    """Look for repeated numbers among results and among three nested criteria of response."""
    results = []
    for index in range(12):
        group = author.group(scores(rng, ns[index % 2], SCALES[rng.integers(len(SCALES))]))
        results.append(Labelled(str(index), (group.mean, group.spread)))
    yield _as_check("identical_numbers", bool(integrity.identical_numbers(results)))
    series: dict[str, dict[str, str]] = {"20": {}, "50": {}, "70": {}}
    for cell in range(2 * CELLS):
        n = ns[cell % 2]
        reached = rng.multinomial(n, (0.15, 0.2, 0.2, 0.45))
        for name, count in zip(("70", "50", "20"), np.cumsum(reached), strict=False):
            series[name][str(cell)] = author.write(100 * count / n, author.percent)
    yield _as_check("equal_series", bool(integrity.equal_series(series)))


def _as_check(name: str, found: bool) -> Check:
    return Check(name, "implausible" if found else "consistent", "", "")


def trial(rng: np.random.Generator) -> Iterator[Check]:
    """Check all that one clean trial reports."""
    author, scale = Author.draw(rng), SCALES[rng.integers(len(SCALES))]
    ns = (int(rng.integers(6, 151)), int(rng.integers(6, 151)))
    everyone = scores(rng, sum(ns), scale)
    before = (everyone[: ns[0]], everyone[ns[0] :])
    after = tuple(
        arm(rng, start, scale, effect)
        for start, effect in zip(before, (rng.uniform(0, 0.8), 0.0), strict=True)
    )
    for start, end in zip(before, after, strict=True):
        yield from of_one_arm(author, rng, scale, start, end)
    if min(np.ptp(values) for values in after) > 0:
        yield from of_two_arms(author, rng, *after)
    shares = rng.uniform(0.02, 0.98, 2)
    events = (int(rng.binomial(ns[0], shares[0])), int(rng.binomial(ns[1], shares[1])))
    yield from of_counts(author, rng, events, ns, author.group(before[0]).spread)
    yield of_baseline(author, rng, ns)
    yield from of_repeats(author, rng, ns)


def simulate(trials: int, seed: int = 2017) -> dict[str, Counter[str]]:
    """Count the verdicts of every check over clean trials."""
    rng = np.random.default_rng(seed)
    counts: dict[str, Counter[str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # SciPy, of nearly equal scores
        for _ in range(trials):
            for check in trial(rng):
                counts.setdefault(check.name, Counter())[check.verdict] += 1
    return counts


def wrong(counts: dict[str, Counter[str]]) -> list[str]:
    """Name the checks that found clean numbers inconsistent, and the arithmetic ones that flagged any."""
    return sorted(
        name
        for name, count in counts.items()
        if count["inconsistent"] or (flags(count) and name not in JUDGED)
    )


def flags(count: Counter[str]) -> int:
    """Add up what a reviewer would be asked."""
    return sum(count[verdict] for verdict in FLAGGED)


def report(counts: dict[str, Counter[str]]) -> str:
    """Return the counts as a table in Markdown."""
    lines = ["| check | made | no power | flagged |", "|---|---|---|---|"]
    for name in sorted(counts, key=lambda name: (name in JUDGED, name)):
        count = counts[name]
        made = sum(count.values())
        flagged = flags(count)
        rate = f" ({100 * flagged / made:.2g} %)" if flagged else ""
        about = f" ({JUDGED[name]})" if name in JUDGED else ""
        lines.append(f"| `{name}`{about} | {made} | {count['cannot_tell']} | {flagged}{rate} |")
    return "\n".join(lines)


def main() -> int:
    """Simulate, print the table, and fail if an arithmetic check flagged a clean number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--short", action="store_true", help=f"{SHORT} trials instead of {TRIALS}")
    counts = simulate(SHORT if parser.parse_args().short else TRIALS)
    print(report(counts))
    if bad := wrong(counts):
        print("arithmetic checks flagged clean numbers:", ", ".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
