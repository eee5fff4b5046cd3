"""Whatever stands in a sheet, a check answers with finite numbers or refuses; it never breaks or hangs."""

import contextlib
import math
import random

import pytest

from rheumeta.errors import StatsError
from rheumeta.stats import integrity as checks

TEXTS = (
    "0", "0.0", "0.00", "1", "-1", "5.2", "-0.3", "12.34", "99.9", "100", "1e10", "1e30", "1e59", "-1e59", "1e-59",
    "1e-61", "9" * 60, "9" * 61, "0.05", "0.001", "1.000", "1e250", "1e999999999", "1e-250", "", "abc", "nan", "inf",
    " 3.1 ", "+2.5", ".5", "5.", "-0", "３.1", "1_000", "0x10", "=1+1", "0." + "0" * 55 + "1",
)  # fmt: skip
SIZES = (-3, 0, 1, 2, 3, 5, 10, 30, 64, 1000, 10**6, 10**8, 10**12)
LIMITS = (0.0, 1.0, 3.0, 100.0, -5.0, 0.5, 1e-9, 1e12, math.inf, math.nan)
SIGNS = ("<", "<=", "=", ">", ">=", "~")


class Hostile:
    """Draws arguments."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        return self.random.choice(TEXTS)

    def texts(self, count):
        return [self.text() for _ in range(count)]

    def n(self):
        return self.random.choice(SIZES)

    def claim(self):
        return self.text(), self.random.choice(SIGNS)

    def limits(self):
        return self.random.choice(LIMITS), self.random.choice(LIMITS)

    def group(self):
        return checks.MeanGroup(self.text(), self.text(), self.n())


CALLS = {
    "grim": lambda h: checks.grim(h.text(), h.n(), items=h.n()),
    "grim_percent": lambda h: checks.grim_percent(h.text(), h.n()),
    "grimmer": lambda h: checks.grimmer(h.text(), h.text(), h.n(), low=0, high=10),
    "debit": lambda h: checks.debit(h.text(), h.text(), h.n()),
    "sd_of_percentage": lambda h: checks.sd_of_percentage(h.text(), h.text(), h.n()),
    "sd_within_limits": lambda h: checks.sd_within_limits(h.text(), h.text(), h.n(), *h.limits(), whole=True),
    "change_within_limits": lambda h: checks.change_within_limits(h.text(), h.text(), *h.limits()),
    "change_of_means": lambda h: checks.change_of_means(*h.texts(3)),
    "change_sd": lambda h: checks.change_sd(*h.texts(3)),
    "p_from_test": lambda h: checks.p_from_test("t", h.text(), *h.claim(), df=(h.n(),)),
    "p_from_estimate": lambda h: checks.p_from_estimate(
        h.text(), *h.claim(), ci=(h.text(), h.text()), ratio=True
    ),
    "p_from_mean": lambda h: checks.p_from_mean(h.text(), h.text(), h.n(), *h.claim()),
    "two_means": lambda h: checks.two_means(h.group(), h.group(), *h.claim()),
    "several_means": lambda h: checks.several_means([h.group(), h.group(), h.group()], *h.claim()),
    "two_proportions": lambda h: checks.two_proportions(h.n(), h.n(), h.n(), h.n(), *h.claim()),
    "ci_centred": lambda h: checks.ci_centred(*h.texts(3), ratio=True),
    "ci_level": lambda h: checks.ci_level(*h.texts(3), level=h.limits()[0]),
    "ci_of_mean": lambda h: checks.ci_of_mean(h.text(), h.n(), h.text(), h.text()),
    "se_of_sd": lambda h: checks.se_of_sd(h.text(), h.text(), h.n()),
    "statistic_of_estimate": lambda h: checks.statistic_of_estimate(*h.texts(3), squared=True),
    "parts_add_up": lambda h: checks.parts_add_up(h.texts(3), h.text()),
    "percent_of_events": lambda h: checks.percent_of_events(h.text(), h.n(), h.n()),
    "weighted_mean": lambda h: checks.weighted_mean(h.texts(2), [h.n(), h.n()], h.text()),
    "total_sd": lambda h: checks.total_sd([h.group(), h.group()], h.text()),
    "se_between": lambda h: checks.se_between(checks.Spread(h.text(), h.n()), checks.Spread(h.text(), h.n())),
    "spread_label": lambda h: checks.spread_label(h.text(), h.text(), h.n(), *h.claim()),
    "baseline_means": lambda h: checks.baseline_means([h.group(), h.group()], simulations=100),
    "baseline_counts": lambda h: checks.baseline_counts([h.n()] * 3, [h.n()] * 3, simulations=100),
    "identical_numbers": lambda h: checks.identical_numbers(
        [checks.Labelled("a", (h.text(),))] * 2, digits=1
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_hostile_arguments(name):
    hostile = Hostile(name)
    for _ in range(150):
        with contextlib.suppress(StatsError):
            found = CALLS[name](hostile)
            if isinstance(found, checks.Check):
                assert all(math.isfinite(value) for value in found.computed.values())
                assert found.message
