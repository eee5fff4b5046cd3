"""Clean trials, made by chance and printed as authors do, raise no serious question and few others."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from evidence_builder import arm, result, study
from scipy import stats

from rheumeta.steps.evidence.model import Evidence
from rheumeta.steps.inspection.checks import CHECKS
from rheumeta.steps.inspection.material import Material
from rheumeta.tables.instruments import instruments

TRIALS = 150
TIMES = ((4.0, "month 1"), (13.0, "month 3"), (52.0, "month 12"))
SHEETS_ALONE = {"arms_add_up", *(c.id for c in CHECKS if c.group == "conduct")}
"""Checks that read the sheets of studies and arms, not the results."""


class Sheet:
    """Rows of the results sheet of all trials."""

    def __init__(self):
        self.rows, self.arms = [], []

    def add(self, trial, arm_id, outcome, **fields):
        number = f"r{len(self.rows) + 1:05d}"
        self.rows.append(result(number, trial, arm_id, outcome, **{"order": len(self.rows)} | fields))


def responders(sheet, trial, sizes, rng):
    """Add nested responders at three times, with the p value of Fisher's test of the first criterion."""
    shares = {"cells": 0.55, "none": 0.35}
    for weeks, label in TIMES:
        when = {"weeks": weeks, "time_label": label, "timing": "final"}
        events = {}
        for arm_id, n in sizes.items():
            left = n
            for outcome, share in (("ACR20", shares[arm_id]), ("ACR50", 0.5), ("ACR70", 0.4)):
                left = int(rng.binomial(left, share))
                events[arm_id, outcome] = left
                sheet.add(trial, arm_id, outcome, percent=f"{100 * left / n:.1f}", n=n, **when)
        for outcome in ("ACR20", "ACR50", "ACR70"):
            both = events["cells", outcome] + events["none", outcome]
            sheet.add(trial, "all", outcome, events=str(both), n=sum(sizes.values()), **when)
        table = [[events[a, "ACR20"], n - events[a, "ACR20"]] for a, n in sizes.items()]
        p = stats.fisher_exact(table)[1]
        sheet.add(
            trial,
            "cells",
            "ACR20",
            comparator_id="none",
            contrast="between",
            p_sign="=",
            p=f"{p:.3f}",
            **when,
        )


def activity(sheet, trial, sizes, rng):
    """Add baseline, final value and change of DAS28 with the interval of each change."""
    for arm_id, n in sizes.items():
        before = np.clip(rng.normal(6.0, 1.0, n), 0, 9.4)
        after = np.clip(before + rng.normal(-0.8, 1.1, n), 0, 9.4)
        change = after - before
        when = {"weeks": 13.0, "time_label": "month 3"}
        sheet.add(trial, arm_id, "DAS28", timing="baseline", weeks=0.0, n=n, **printed(before))
        sheet.add(trial, arm_id, "DAS28", timing="final", n=n, **printed(after), **when)
        half = stats.t.ppf(0.975, n - 1) * change.std(ddof=1) / np.sqrt(n)
        limits = {"ci_low": f"{change.mean() - half:.2f}", "ci_high": f"{change.mean() + half:.2f}"}
        p = max(float(stats.ttest_1samp(change, 0).pvalue), 0.0006)
        claim = {"p": f"{p:.3f}", "p_sign": "=" if p > 0.001 else "<"}
        claim = claim if claim["p_sign"] == "=" else {"p": "0.001", "p_sign": "<"}
        sheet.add(
            trial,
            arm_id,
            "DAS28",
            timing="change",
            contrast="within",
            n=n,
            **printed(change),
            **limits,
            **claim,
            **when,
        )
        joints = rng.binomial(28, 0.35, n)
        sheet.add(trial, arm_id, "SJC28", timing="baseline", weeks=0.0, n=n, **printed(joints))


def printed(values):
    return {"mean": f"{values.mean():.2f}", "sd": f"{values.std(ddof=1):.2f}"}


@pytest.fixture(scope="module")
def counted():
    """Return how often each check of numbers looked, and the grades of what it asked."""
    rng, sheet = np.random.default_rng(20260131), Sheet()
    names = [f"trial{i}" for i in range(TRIALS)]
    for name in names:
        sizes = {"cells": int(rng.integers(12, 80)), "none": int(rng.integers(12, 80))}
        responders(sheet, name, sizes, rng)
        activity(sheet, name, sizes, rng)
    groups = {
        (n, a.arm_id): a for n in names for a in (
            arm(n, "all", "mixed", kind="pooled"), arm(n, "cells", "msc", part_of="all"),
            arm(n, "none", "placebo", part_of="all"))
    }  # fmt: skip
    evidence = Evidence({n: study(n, i) for i, n in enumerate(names)}, groups, tuple(sheet.rows))
    material = Material(None, instruments(), evidence, [], [])
    found = {c.id: list(c.look(material)) for c in CHECKS if c.id not in SHEETS_ALONE}
    return {name: (len(items), Counter(q.grade for q in items if q)) for name, items in found.items()}


def test_clean_numbers_raise_no_serious_question(counted):
    assert {name: grades for name, (_, grades) in counted.items() if grades["serious"]} == {}


def test_the_checks_have_looked(counted):
    for name in ("percent_whole", "mean_whole", "sd_whole", "ci_centred", "spread_and_interval", "change_p", "groups_p",
                 "total_events", "nested_criteria", "baseline_balance", "large_difference", "se_for_sd", "sd_in_range",
                 "se_between_arms", "change_in_range", "change_of_means", "change_sd", "equal_percentages",
                 "identical_numbers"):  # fmt: skip
        assert counted[name][0] > 100, name


def test_few_clean_numbers_raise_a_moderate_question(counted):
    asked = {
        name: (looked, grades["moderate"]) for name, (looked, grades) in counted.items() if grades["moderate"]
    }
    assert all(moderate <= 0.03 * looked for looked, moderate in asked.values()), asked
