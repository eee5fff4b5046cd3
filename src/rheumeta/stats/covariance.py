"""The sampling covariance of effects that share patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats
from rheumeta.stats.pooling import check_choice

SharedMeasure = Literal["MD", "SMD", "OR", "RR", "RD"]
SHARED_MEASURES: tuple[str, ...] = ("MD", "SMD", "OR", "RR", "RD")

NEEDS: dict[str, tuple[str, ...]] = {
    "MD": ("control_sd", "control_n"),
    "SMD": ("yi", "control_n", "total_n"),
    "OR": ("control_events", "control_n"),
    "RR": ("control_events", "control_n"),
    "RD": ("control_events", "control_n"),
}
"""What each measure needs to know, one number an effect."""


def sampling_covariance(
    vi: ArrayLike,
    study: Sequence[object],
    *,
    rho: float | Mapping[tuple[object, object], float] = 1.0,
    outcome: Sequence[object] | None = None,
    phi: float | None = None,
    time: ArrayLike | None = None,
) -> Floats:
    """Return the covariance of several outcomes or times of the same patients.

    Parameters
    ----------
    vi : array_like, shape (n,)
        Sampling variances.
    study : sequence, length n
        Label of the study; effects of different studies are independent.
    rho : float or mapping
        Assumed correlation between the outcomes of a study: one number, or one for each pair of
        outcomes, in either order. Effects of the same outcome have correlation 1.
    outcome : sequence, length n, optional
        Label of the outcome; without, each effect of a study is an outcome of its own unless
        times are given.
    phi : float, optional
        Correlation of two times one unit apart, between 0 and 1.
    time : array_like, shape (n,), optional
        Times.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    StatsError
        If lengths differ, a correlation is missing or out of range, or the result is impossible
        because the assumed correlations contradict each other or two effects are the same.

    Notes
    -----
    cov = r sqrt(v_i v_j), r = rho(outcomes) phi^|t_i - t_j|: Gleser and Olkin (2009), in Cooper,
    Hedges and Valentine, Handbook of Research Synthesis, 2nd ed., ch. 19; Ishak et al. (2007), Stat
    Med 26:1018-1032 (autoregressive errors); Cochrane Handbook 6.5, section 10.11.4. The
    correlations are assumptions: vary them, or use `robust`.
    """
    v = _positive(vi, "vi")
    same = _same(study, v.size, "study")
    r = np.ones((v.size, v.size))
    if outcome is not None or time is None:
        r = _outcome_correlation(rho, list(range(v.size)) if outcome is None else list(outcome), v.size)
    if time is not None:
        r = r * _time_correlation(phi, time, v.size)
    elif phi is not None:
        raise StatsError("phi is the correlation of two times one unit apart: give the times as well.")
    covariance = np.where(same, r * np.sqrt(np.outer(v, v)), 0.0)
    np.fill_diagonal(covariance, v)
    _require_covariance(covariance)
    return covariance


def shared_control_covariance(
    vi: ArrayLike,
    control: Sequence[object],
    *,
    measure: SharedMeasure,
    control_n: ArrayLike,
    control_events: ArrayLike | None = None,
    control_sd: ArrayLike | None = None,
    yi: ArrayLike | None = None,
    total_n: ArrayLike | None = None,
) -> Floats:
    """Return the covariance of comparisons with the same control group.

    Parameters
    ----------
    vi : array_like, shape (n,)
        Sampling variances of the comparisons.
    control : sequence, length n
        Label of the control group; comparisons with different ones are independent.
    measure : str
        ``"MD"``, ``"SMD"``, or ``"OR"``, ``"RR"`` (both as logarithms), ``"RD"``.
    control_n : array_like, shape (n,)
        Patients of the control group, the same number in all rows of a group.
    control_events : array_like, shape (n,), optional
        Its patients with the event (OR, RR, RD), between 0 and `control_n`; where half an event was
        added to empty cells, here and in `control_n` as well.
    control_sd : array_like, shape (n,), optional
        Its standard deviation (MD).
    yi, total_n : array_like, shape (n,), optional
        Standardised differences, and patients of all groups of the study together (SMD).

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    StatsError
        If a number that the measure needs is missing, differs within a control group or makes the
        covariance impossible.

    Notes
    -----
    The control's part of the variance: MD sd^2/n; RD p(1 - p)/n; log RR 1/x - 1/n; log OR
    1/x + 1/(n - x); SMD 1/n + d_i d_j / (2 N), N of all groups, whose standard deviation all
    comparisons share. Gleser and Olkin (2009), in Cooper, Hedges and Valentine, Handbook of Research
    Synthesis, 2nd ed., ch. 19, eq. 19.5-19.19.
    """
    check_choice("measure", measure, SHARED_MEASURES)
    v = _positive(vi, "vi")
    same = _same(control, v.size, "control")
    given = {
        "control_n": control_n, "control_events": control_events, "control_sd": control_sd,
        "yi": yi, "total_n": total_n,
    }  # fmt: skip
    needed = {name: _needed(given[name], name, measure, v.size) for name in NEEDS[measure]}
    for name, values in needed.items():
        if name != "yi" and (same & (values[:, None] != values[None, :])).any():
            raise StatsError(f"{name} differs between comparisons with the same control.")
    covariance = np.where(same, _control_part(measure, needed), 0.0)
    np.fill_diagonal(covariance, v)
    _require_covariance(covariance)
    return covariance


def _control_part(measure: str, given: dict[str, Floats]) -> Floats:
    n = given["control_n"]
    if (n <= 0).any():
        raise StatsError("control_n must be positive.")
    if measure == "SMD":
        return 1.0 / n[:, None] + np.outer(given["yi"], given["yi"]) / (2.0 * given["total_n"][:, None])
    if measure == "MD":
        part = given["control_sd"] ** 2 / n
    else:
        x = given["control_events"]
        if (x < 0).any() or (x > n).any() or (measure != "RD" and (x == 0).any()):
            raise StatsError("control_events must lie between 0 and control_n, and above 0 for a ratio.")
        if measure == "OR" and (x == n).any():
            raise StatsError("control_events must be below control_n for an odds ratio.")
        part = {
            "RD": x * (n - x) / n**3,
            "RR": 1.0 / np.where(x > 0, x, 1.0) - 1.0 / n,
            "OR": 1.0 / np.where(x > 0, x, 1.0) + 1.0 / np.where(n > x, n - x, 1.0),
        }[measure]
    return np.broadcast_to(part[:, None], (part.size, part.size))


def _outcome_correlation(
    rho: float | Mapping[tuple[object, object], float], outcome: list[object], n: int
) -> Floats:
    if len(outcome) != n:
        raise StatsError(f"outcome has {len(outcome)} labels for {n} effects.")
    r = np.ones((n, n))
    for i, one in enumerate(outcome):
        for j, other in enumerate(outcome):
            if one != other:
                r[i, j] = _pair(rho, one, other)
    return r


def _pair(rho: float | Mapping[tuple[object, object], float], one: object, other: object) -> float:
    if isinstance(rho, Mapping):
        if (one, other) not in rho and (other, one) not in rho:
            raise StatsError(f"rho has no correlation for the outcomes {one!r} and {other!r}.")
        value = rho[(one, other)] if (one, other) in rho else rho[(other, one)]
    else:
        value = rho
    if not -1.0 <= value <= 1.0:
        raise StatsError(f"a correlation lies between -1 and 1, not {value!r}.")
    return float(value)


def _time_correlation(phi: float | None, time: ArrayLike, n: int) -> Floats:
    if phi is None or not 0.0 <= phi <= 1.0:
        raise StatsError(
            f"phi, the correlation of two times one unit apart, lies between 0 and 1, not {phi!r}."
        )
    t = np.asarray(time, dtype=np.float64)
    if t.shape != (n,) or not np.isfinite(t).all():
        raise StatsError(f"time must hold {n} finite numbers.")
    apart: Floats = np.abs(np.subtract.outer(t, t))
    return np.asarray(np.where(apart == 0, 1.0, phi**apart))


def _positive(values: ArrayLike, name: str) -> Floats:
    v = np.asarray(values, dtype=np.float64)
    if v.ndim != 1 or not (np.isfinite(v) & (v > 0)).all():
        raise StatsError(f"{name} must be a vector of positive numbers.")
    return v


def _needed(values: ArrayLike | None, name: str, measure: str, n: int) -> Floats:
    if values is None:
        raise StatsError(f"the covariance of {measure} needs {name}.")
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n,) or not np.isfinite(array).all():
        raise StatsError(f"{name} must hold {n} finite numbers.")
    return array


def _same(labels: Sequence[object], n: int, name: str) -> Bools:
    if len(labels) != n:
        raise StatsError(f"{name} has {len(labels)} labels for {n} effects.")
    codes = {label: i for i, label in enumerate(dict.fromkeys(labels))}
    code = np.array([codes[label] for label in labels])
    return np.asarray(code[:, None] == code[None, :])


def _require_covariance(covariance: Floats) -> None:
    sd = np.sqrt(np.diagonal(covariance))
    smallest = float(np.linalg.eigvalsh(covariance / np.outer(sd, sd))[0])
    if smallest < 1e-10:
        raise StatsError(
            "the covariance is singular or impossible: correlations contradict each other, two effects "
            "are the same, or a shared part is as large as the variance."
        )
