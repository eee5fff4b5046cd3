"""The sums of weighted least squares where nearly all weight lies on one study."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rheumeta.stats import meta_regression
from rheumeta.stats.batch import single
from rheumeta.stats.moments import weighted

SLOW_LOSS = 1e-9
"""A row of Q that is 1e-6 of another keeps ten digits."""


def exact_traces(w: list[Fraction], x: list[Fraction]) -> tuple[float, float]:
    """Return tr P and tr PP for an intercept and one moderator, by rational arithmetic."""
    n = range(len(w))
    a, b, c = (sum(w[i] * x[i] ** power for i in n) for power in (0, 1, 2))
    det = a * c - b * b

    def hat(i: int, j: int) -> Fraction:
        return (c - b * (x[i] + x[j]) + a * x[i] * x[j]) / det

    p = [[(w[i] if i == j else 0) - w[i] * w[j] * hat(i, j) for j in n] for i in n]
    return float(sum(p[i][i] for i in n)), float(sum(p[i][j] ** 2 for i in n for j in n))


@pytest.mark.parametrize("power", [0, -3, -6, -8, -12])
def test_traces_of_a_design_keep_their_digits(power: int) -> None:
    v = [Fraction(1), Fraction(11, 10), Fraction(12, 10), Fraction(10) ** power]
    x = [Fraction(i) for i in (0, 1, 2, 5)]
    w = [1 / a for a in v]
    design = np.array([[[1.0, float(b)] for b in x]])
    batch = replace(single([0.0, 0.1, 0.0, 5.0], [float(a) for a in v]), x=design)
    sums = weighted(batch, np.array([[float(a) for a in w]]))
    assert (sums.tr_p[0], sums.tr_pp[0]) == pytest.approx(exact_traces(w, x), rel=SLOW_LOSS)


def test_one_study_of_overwhelming_weight_does_not_stop_a_regression() -> None:
    v = np.array([1.0, 1.1, 1.2, 1e-8])
    fit = meta_regression([0.0, 0.1, 0.0, 5.0], v, np.sqrt(v), names=["sei"], test="z")
    # the line goes through the fourth study
    assert fit.estimate[0] + fit.estimate[1] * 1e-4 == pytest.approx(5.0, rel=1e-6)
    assert fit.tau2 == 0.0
