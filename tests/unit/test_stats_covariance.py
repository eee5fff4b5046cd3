"""Covariances of effects that share patients, by direct algebra: what is shared cancels."""

import numpy as np
import pytest
from tolerances import DIRECT

from rheumeta.errors import StatsError
from rheumeta.stats import sampling_covariance, shared_control_covariance

X, N, SD = np.array([12.0, 20.0, 9.0]), np.array([40.0, 45.0, 38.0]), np.array([1.2, 0.9, 1.1])
PART = {
    "RD": X * (N - X) / N**3,
    "RR": 1 / X - 1 / N,
    "OR": 1 / X + 1 / (N - X),
    "MD": SD**2 / N,
}


def shared(measure):
    return shared_control_covariance(
        PART[measure][:2] + PART[measure][2], ["c", "c"], measure=measure, control_n=[N[2]] * 2,
        control_events=[X[2]] * 2, control_sd=[SD[2]] * 2,
    )  # fmt: skip


@pytest.mark.parametrize("measure", PART)
def test_the_control_cancels_between_two_treatments(measure):
    v = shared(measure)
    contrast = np.array([1.0, -1.0])
    assert contrast @ v @ contrast == pytest.approx(PART[measure][:2].sum(), rel=DIRECT)


def test_standardised_differences():
    # Gleser and Olkin (2009), ch. 19: with d = 0 the covariance is that of means in units of the SD.
    d, n = np.array([0.5, -0.3]), np.array([20.0, 20.0])
    vi = 1 / np.array([25.0, 30.0]) + 1 / n + d**2 / (2 * 75.0)
    v = shared_control_covariance(vi, "cc", measure="SMD", yi=d, control_n=n, total_n=[75.0] * 2)
    assert v[0, 1] == pytest.approx(1 / 20 - 0.15 / 150, rel=DIRECT)
    none = shared_control_covariance(vi, "cc", measure="SMD", yi=[0, 0], control_n=n, total_n=[75.0] * 2)
    assert none[0, 1] == 1 / 20


def test_different_controls_are_independent():
    v = shared_control_covariance([1.0, 1.0], "cd", measure="MD", control_n=[10, 12], control_sd=[1, 2])
    assert v.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_outcomes_and_times():
    v = sampling_covariance([1.0, 4.0, 9.0], "aab", rho=0.5)
    assert v.tolist() == [[1.0, 1.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 9.0]]
    pairs = {("x", "y"): 0.2, ("x", "z"): 0.4, ("z", "y"): 0.6}
    v = sampling_covariance([1.0, 1.0, 1.0], "aaa", outcome="xyz", rho=pairs)
    assert (v[0, 1], v[0, 2], v[1, 2]) == (0.2, 0.4, 0.6)
    v = sampling_covariance([1.0] * 4, "aaaa", outcome="xxyy", time=[1, 3, 1, 3], rho=0.5, phi=0.9)
    assert v[0] == pytest.approx([1.0, 0.81, 0.5, 0.405], rel=DIRECT)


FAULTS = {
    "singular or impossible": lambda: sampling_covariance([1.0, 1.0], "aa"),
    "contradict": lambda: sampling_covariance(
        [1.0] * 3, "aaa", outcome="xyz", rho={("x", "y"): 0.9, ("x", "z"): 0.9, ("y", "z"): -0.9}
    ),
    "no correlation for": lambda: sampling_covariance([1.0] * 2, "aa", outcome="xy", rho={}),
    "between -1 and 1": lambda: sampling_covariance([1.0] * 2, "aa", rho=1.5),
    "give the times": lambda: sampling_covariance([1.0] * 2, "aa", phi=0.5, rho=0.5),
    "between 0 and 1": lambda: sampling_covariance([1.0] * 2, "aa", time=[1, 2]),
    "labels for": lambda: sampling_covariance([1.0] * 2, "aaa", rho=0.5),
    "positive numbers": lambda: sampling_covariance([1.0, -1.0], "aa", rho=0.5),
    "needs control_sd": lambda: shared_control_covariance([1, 1], "aa", measure="MD", control_n=[5, 5]),
    "differs between": lambda: shared_control_covariance(
        [1, 1], "aa", measure="MD", control_n=[5, 6], control_sd=[1, 1]
    ),
    "below control_n": lambda: shared_control_covariance(
        [1, 1], "aa", measure="OR", control_n=[5, 5], control_events=[5, 5]
    ),
    "above 0": lambda: shared_control_covariance(
        [1, 1], "aa", measure="RR", control_n=[5, 5], control_events=[0, 0]
    ),
}


@pytest.mark.parametrize("words", FAULTS)
def test_faults_say_what_is_wrong(words):
    with pytest.raises(StatsError, match=words):
        FAULTS[words]()
