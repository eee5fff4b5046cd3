"""Profile-likelihood intervals of variances and correlations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rheumeta.stats.batch import Floats
from rheumeta.stats.mixed_model import Model, build_model, solve
from rheumeta.stats.mixed_search import maximise, scale
from rheumeta.stats.random_terms import RandomTerm, canonical

WIDEST = 1e4
"""Standard deviation, beside the scale of the data, at which the search for an upper bound ends."""


@dataclass(frozen=True)
class Interval:
    """An interval of a variance or correlation: name, estimate, bounds, confidence in percent.

    A bound is the end of the possible range (0 for a variance, its limits for a correlation)
    where the likelihood never falls far enough; the upper bound of a variance may be infinite.
    """

    name: str
    estimate: float
    ci_lb: float
    ci_ub: float
    level: float


def profile_intervals(
    model: Model, theta: Floats, names: Sequence[str], *, level: float
) -> tuple[Interval, ...]:
    """Return the values of each component that the likelihood ratio does not reject.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray
        Its parameters at the maximum.
    names : sequence of str
        Components asked for.
    level : float
        Confidence, percent.

    Returns
    -------
    tuple of Interval

    Notes
    -----
    Twice the fall of the profiled (restricted) log likelihood is compared with chi-squared on one
    degree of freedom: Hardy and Thompson (1996), Stat Med 15:619-629.
    """
    return tuple(_interval(model, theta, name, level=level) for name in names)


def _interval(model: Model, theta: Floats, name: str, *, level: float) -> Interval:
    arranged, start, at = _in_front(model, theta, name)
    estimate = float(model.values(theta)[_component_names(model).index(name)])
    allowed = 0.5 * float(special.chdtri(1, 1.0 - level / 100.0))
    top = solve(arranged, start).log_likelihood
    guess = start.copy()

    def excess(value: float) -> float:
        # From the maximum and from where the last search ended: one of them alone may be caught where
        # a variance is zero.
        found, _ = maximise(arranged, fixed={at: value}, starts=[start, guess])
        guess[:] = found
        return top - solve(arranged, found).log_likelihood - allowed

    term, offset = _owner(arranged, at)
    if offset < term.n_sd:
        sd = abs(start[at])
        lower = _bound(excess, sd, 0.0)
        guess[:] = start
        upper = _upper(excess, sd, unit=scale(model))
        return Interval(name, estimate, lower**2, upper**2, level)
    angle = float(np.arccos(np.cos(start[at])))
    far = _bound(excess, angle, np.pi)
    guess[:] = start
    near = _bound(excess, angle, 0.0)
    value = np.cos if term.structure == "un" else term.correlation
    return Interval(name, estimate, float(value(far)), float(value(near)), level)


def _bound(excess: Callable[[float], float], inside: float, end: float) -> float:
    """Return where the excess is zero between the estimate and the end of the range, or the end."""
    from scipy.optimize import brentq

    if inside == end or excess(end) <= 0:
        return end
    return float(brentq(excess, inside, end, xtol=1e-12, rtol=1e-10))


def _upper(excess: Callable[[float], float], inside: float, *, unit: float) -> float:
    from scipy.optimize import brentq

    low, high = inside, max(2.0 * inside, 0.1 * unit)
    while excess(high) <= 0:
        low, high = high, 2.0 * high
        if high > WIDEST * unit:
            return float("inf")
    return float(brentq(excess, low, high, xtol=1e-12 * unit, rtol=1e-10))


def _component_names(model: Model) -> list[str]:
    return [name for term in model.terms for name in term.names()]


def _owner(model: Model, at: int) -> tuple[RandomTerm, int]:
    for term in model.terms:
        count = term.n_sd + term.n_angle
        if at < count:
            return term, at
        at -= count
    raise IndexError(at)


def _in_front(model: Model, theta: Floats, name: str) -> tuple[Model, Floats, int]:
    """Return the model with its levels so ordered that the component is one parameter, and which.

    Only an unstructured correlation needs this: the first angle is that of the first two levels.
    """
    at = _component_names(model).index(name)
    term, offset = _owner(model, at)
    if term.structure != "un" or offset < term.n_sd:
        return model, theta, at
    pair = [(i, j) for j in range(term.size) for i in range(j)][offset - term.n_sd]
    order = [*pair, *[i for i in range(term.size) if i not in pair]]
    place = np.argsort(order)
    turned = dataclasses.replace(term, levels=place[term.levels], labels=tuple(term.labels[i] for i in order))
    begin = at - offset
    part = theta[begin : begin + term.n_sd + term.n_angle]
    values = term.covariance(part)[np.ix_(order, order)]
    fresh = theta.copy()
    fresh[begin : begin + part.size] = canonical(values)
    terms = [turned if t is term else t for t in model.terms]
    arranged = build_model(model.y, model.x, model.v, terms, restricted=model.restricted)
    return arranged, fresh, begin + term.n_sd
