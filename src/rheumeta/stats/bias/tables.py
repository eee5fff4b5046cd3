"""Tests of funnel plot asymmetry made for two-by-two tables.

A log odds ratio and its standard error go together even without any small-study effect, so that
Egger's test finds too much; these tests regress on something that does not depend on the effect
(Cochrane Handbook 6.5, section 13.3.5.4).
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.bias.asymmetry import AsymmetryTest, Model, egger, weighted_line
from rheumeta.stats.bias.common import require_studies
from rheumeta.stats.effects import effect_size
from rheumeta.stats.pooling import Method, check_choice
from rheumeta.stats.regression import RegressionTest

Measure = Literal["OR", "RR"]


def harbord(
    ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, level: float = 95
) -> AsymmetryTest:
    """Test for asymmetry by the efficient score and its variance.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        Events and group sizes of group 1, then of group 2; studies with no or only events in both
        groups are left out and noted.
    level : float
        Confidence, percent.

    Returns
    -------
    AsymmetryTest
        The slope is the bias coefficient, the predictor 1 / sqrt(V).

    Raises
    ------
    StatsError
        For impossible tables, fewer than three informative studies, or equal information in all.

    Notes
    -----
    Z / V on 1 / sqrt(V) with weights V, where Z = a - (a + c) n1 / n and V = n1 n2 (a + c) (b + d) /
    (n^2 (n - 1)) for the log odds ratio: Harbord, Egger and Sterne (2006), Stat Med 25:3443-3457.
    """
    a, n1, c, n2, notes = _informative(ai, n1i, ci, n2i, what="Harbord's test")
    n, events = n1 + n2, a + c
    score = a - events * n1 / n
    information = n1 * n2 * events * (n - events) / (n**2 * (n - 1))
    return weighted_line(
        score / information,
        1.0 / information,
        1.0 / np.sqrt(information),
        name="Harbord",
        predictor="1/sqrt(V)",
        level=level,
        notes=notes,
    )


def peters(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    measure: Measure = "OR",
    level: float = 95,
) -> AsymmetryTest:
    """Test for asymmetry by regression on the inverse of the sample size.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        As in :func:`harbord`.
    measure : {"OR", "RR"}
        Effect, with 0.5 added to tables with a zero cell.
    level : float
        Confidence, percent.

    Returns
    -------
    AsymmetryTest
        The intercept is the effect of an infinitely large study.

    Raises
    ------
    StatsError
        As :func:`harbord`.

    Notes
    -----
    log OR on 1 / n with weights 1 / (1 / (a + c) + 1 / (b + d)): Peters et al. (2006), JAMA
    295:676-680.
    """
    check_choice("measure", measure, ("OR", "RR"))
    a, n1, c, n2, notes = _informative(ai, n1i, ci, n2i, what="Peters' test")
    n, events = n1 + n2, a + c
    y = effect_size(measure, ai=a, n1i=n1, ci=c, n2i=n2).yi
    variance = 1.0 / events + 1.0 / (n - events)
    return weighted_line(y, variance, 1.0 / n, name="Peters", predictor="ninv", level=level, notes=notes)


def deeks(
    ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, level: float = 95
) -> AsymmetryTest:
    """Test for asymmetry of (diagnostic) odds ratios by the effective sample size.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        As in :func:`harbord`. For diagnostic studies group 1 are the diseased, group 2 the others, and
        an event is a positive test.
    level : float
        Confidence, percent.

    Returns
    -------
    AsymmetryTest
        The intercept is the log odds ratio of an infinitely large study.

    Raises
    ------
    StatsError
        As :func:`harbord`.

    Notes
    -----
    log OR on 1 / sqrt(ESS) with weights ESS = 4 n1 n2 / (n1 + n2): Deeks, Macaskill and Irwig (2005), J
    Clin Epidemiol 58:882-893.
    """
    a, n1, c, n2, notes = _informative(ai, n1i, ci, n2i, what="Deeks' test")
    y = effect_size("OR", ai=a, n1i=n1, ci=c, n2i=n2).yi
    effective = 4.0 * n1 * n2 / (n1 + n2)
    root = 1.0 / np.sqrt(effective)
    return weighted_line(
        y, 1.0 / effective, root, name="Deeks", predictor="sqrtninv", level=level, notes=notes
    )


def arcsine(
    ai: ArrayLike,
    n1i: ArrayLike,
    ci: ArrayLike,
    n2i: ArrayLike,
    *,
    model: Model = "rma",
    method: Method = "DL",
    test: RegressionTest = "t",
    level: float = 95,
) -> AsymmetryTest:
    """Test for asymmetry of arcsine differences, whose variance depends on the sample size alone.

    Parameters
    ----------
    ai, n1i, ci, n2i : array_like, shape (k,)
        As in :func:`harbord`; studies without events count as well.
    model, method, test, level
        As in :func:`egger`; the default is the version with additive tau2, which the paper prefers under
        heterogeneity.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    StatsError
        As :func:`egger`.

    Notes
    -----
    Rücker, Schwarzer and Carpenter (2008), Stat Med 27:746-763: asin sqrt(p1) - asin sqrt(p2) with
    variance 1 / (4 n1) + 1 / (4 n2), in Egger's regression.
    """
    effects = effect_size("AS", ai=ai, n1i=n1i, ci=ci, n2i=n2i)
    found = egger(effects.yi, effects.vi, model=model, method=method, test=test, level=level)
    return dataclasses.replace(found, name="Rücker (arcsine)")


def _informative(
    ai: ArrayLike, n1i: ArrayLike, ci: ArrayLike, n2i: ArrayLike, *, what: str
) -> tuple[Floats, Floats, Floats, Floats, tuple[str, ...]]:
    # The risk difference is defined for every table: used here to check the input.
    given = effect_size("RD", ai=ai, n1i=n1i, ci=ci, n2i=n2i).inputs
    a, n1, c, n2 = (given[name] for name in ("ai", "n1i", "ci", "n2i"))
    use = (a + c > 0) & (a + c < n1 + n2)
    if not use.any():
        raise StatsError("no study has both patients with and without event.")
    notes = require_studies(int(use.sum()), what=what)
    if not use.all():
        left_out = int((~use).sum())
        notes += (f"{left_out} studies with no, or only, events in both groups are left out.",)
    return a[use], n1[use], c[use], n2[use], notes
