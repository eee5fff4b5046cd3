"""Which test for small-study effects an analysis gets; the tests themselves are checked in test_stats_bias."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import report_builder as rb

from rheumeta.stats.bias import egger, harbord
from rheumeta.steps.synthesis.small_studies import small_studies

RNG = np.random.default_rng(3)
SIZES = RNG.integers(10, 200, size=12)
STUDIES = tuple(
    replace(
        rb.study(f"s{i}"), yi=float(RNG.normal()), vi=4.0 / int(n), n1=int(n), n2=int(n) + 5,
        events1=int(n // 3), events2=int(n // 4),
    )
    for i, n in enumerate(SIZES)
)  # fmt: skip
YI, VI = [s.yi for s in STUDIES], [s.vi for s in STUDIES]


def test_below_ten_studies_there_is_no_test():
    assert small_studies("MD", STUDIES[:9]) is None
    assert small_studies("MD", STUDIES[:10]).k == 10


def test_differences_of_means_get_eggers():
    assert small_studies("MD", STUDIES).pval == egger(YI, VI).pval


def test_standardised_differences_go_by_sample_size():
    sizes = [s.n1 * s.n2 / (s.n1 + s.n2) for s in STUDIES]
    found = small_studies("SMD", STUDIES)
    assert found.pval == egger(YI, VI, predictor="sqrtninv", ni=sizes).pval
    assert found.pval != egger(YI, VI).pval


@pytest.mark.parametrize("measure", ["OR", "RR", "PETO"])
def test_tables_get_harbords_whatever_the_ratio(measure):
    columns = zip(*((s.events1, s.n1, s.events2, s.n2) for s in STUDIES), strict=True)
    assert small_studies(measure, STUDIES).statistic == harbord(*columns).statistic


@pytest.mark.parametrize("measure", ["RD", "PLO", "PFT"])
def test_none_suits_the_others(measure):
    assert small_studies(measure, STUDIES) is None


def test_counts_missing_in_one_study_or_studies_of_one_size_give_none():
    assert small_studies("OR", (replace(STUDIES[0], events2=None), *STUDIES[1:])) is None
    assert small_studies("MD", [replace(s, vi=0.1) for s in STUDIES]) is None
