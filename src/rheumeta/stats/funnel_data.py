"""Funnel plots as data: points, the triangle about the mean, contours of significance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Bools, Floats, as_vectors
from rheumeta.stats.pooling import Method, pool

CONTOUR_LEVELS = (90.0, 95.0, 99.0)
"""Confidence in percent: p = 0.1, 0.05 and 0.01 (Peters et al. 2008, J Clin Epidemiol 61:991-996)."""

GRID = 101
"""Points of each line from the top of the funnel to its base; the lines without tau2 are straight."""


@dataclass(frozen=True)
class Contour:
    """The pair of lines that bound a region of the funnel.

    Attributes
    ----------
    level : float
        Confidence, percent.
    sei : ndarray, shape (n,)
        Standard errors, from 0 to the base.
    lower, upper : ndarray, shape (n,)
        Effects on the analysis scale.
    """

    level: float
    sei: Floats
    lower: Floats
    upper: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists."""
        return {
            "level": self.level,
            "sei": self.sei.tolist(),
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
        }


@dataclass(frozen=True)
class Funnel:
    """What a funnel plot shows.

    Attributes
    ----------
    yi, sei : ndarray, shape (k,)
        Effects and standard errors.
    centre : float
        Effect about which the triangle stands.
    tau2 : float
        Between-study variance that widens the triangle.
    triangle : Contour
        Where `level` percent of the studies lie without asymmetry.
    contours : tuple of Contour
        Effects that are just significant against `reference`, by level.
    reference : float
        Effect that stands for none.
    pval : ndarray, shape (k,)
        Two-sided p value of each study against `reference`.
    inside : ndarray of bool, shape (k,)
        True for studies in the triangle.
    """

    yi: Floats
    sei: Floats
    centre: float
    tau2: float
    triangle: Contour
    contours: tuple[Contour, ...]
    reference: float
    pval: Floats
    inside: Bools

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, arrays as lists."""
        return {
            "yi": self.yi.tolist(),
            "sei": self.sei.tolist(),
            "centre": self.centre,
            "tau2": self.tau2,
            "triangle": self.triangle.to_dict(),
            "contours": [contour.to_dict() for contour in self.contours],
            "reference": self.reference,
            "pval": self.pval.tolist(),
            "inside": self.inside.tolist(),
        }

    def summary(self) -> str:
        """Return a line of text: how many studies lie outside of the triangle."""
        outside = int((~self.inside).sum())
        expected = (100 - self.triangle.level) / 100 * self.yi.size
        return (
            f"funnel about {self.centre:.4f}: {outside} of {self.yi.size} studies outside of the "
            f"{self.triangle.level:g} % limits, {expected:.1f} expected"
        )


def funnel(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method = "EE",
    centre: float | None = None,
    add_tau2: bool = False,
    reference: float = 0.0,
    level: float = 95,
    levels: Sequence[float] = CONTOUR_LEVELS,
) -> Funnel:
    """Return the data of a funnel plot with contours of significance.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 2.
    method : str
        Model for the centre where it is not given, as in :func:`rheumeta.stats.pool`.
    centre : float, optional
        Effect about which the triangle stands.
    add_tau2 : bool
        Widen the triangle by the estimated tau2.
    reference : float
        Effect that stands for none.
    level : float
        Confidence of the triangle, percent.
    levels : sequence of float
        Confidence of the contours, percent.

    Returns
    -------
    Funnel

    Raises
    ------
    StatsError
        As :func:`rheumeta.stats.pool`; for levels outside 0 to 100.

    Notes
    -----
    Sterne and Egger (2001), J Clin Epidemiol 54:1046-1055 (standard error as the axis, triangle about
    the common effect); contours: Peters et al. (2008), J Clin Epidemiol 61:991-996; Cochrane Handbook
    6.5, section 13.3.5.
    """
    for value in (level, *levels):
        if not 0 < value < 100:
            raise StatsError(f"levels are in percent and lie between 0 and 100, not {value!r}.")
    y, v = as_vectors(yi, vi)
    fit = pool(y, v, method=method, test="z", prediction="none")
    middle, tau2 = fit.estimate if centre is None else float(centre), fit.tau2 if add_tau2 else 0.0
    sei = np.sqrt(v)
    grid = np.linspace(0.0, float(sei.max()), GRID)
    half = _quantile(level) * np.sqrt(v + tau2)
    return Funnel(
        yi=y,
        sei=sei,
        centre=middle,
        tau2=tau2,
        triangle=_contour(middle, grid, tau2, level),
        contours=tuple(_contour(reference, grid, 0.0, value) for value in levels),
        reference=reference,
        pval=2.0 * special.ndtr(-np.abs(y - reference) / sei),
        inside=np.abs(y - middle) <= half,
    )


def _quantile(level: float) -> float:
    return float(special.ndtri(0.5 + level / 200))


def _contour(centre: float, sei: Floats, tau2: float, level: float) -> Contour:
    half = _quantile(level) * np.sqrt(sei**2 + tau2)
    return Contour(level, sei, centre - half, centre + half)
