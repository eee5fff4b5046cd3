"""Regression tests of funnel plot asymmetry, and PET-PEESE."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, as_vectors
from rheumeta.stats.bias.common import require_spread, require_studies
from rheumeta.stats.pooling import Method, check_choice
from rheumeta.stats.regression import RegressionResult, RegressionTest, meta_regression
from rheumeta.stats.result import Result
from rheumeta.stats.tails import two_sided

Predictor = Literal["sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"]
PREDICTORS: tuple[Predictor, ...] = ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")
"""Standard error, variance, sample size, its inverse, its root, the inverse of its root."""

LIMITED = ("sei", "vi", "ninv", "sqrtninv")
"""Predictors that go to zero as a study gets infinitely large: their intercept is a limit effect."""

Model = Literal["lm", "rma"]

PET_LEVEL = 0.10
"""Two-sided p of PET below which PEESE is taken, 5 % in the direction of the effect: the usual choice of
Stanley and Doucouliagos (2014), who test one-sided."""


PERFECT = 1e-24
"""A residual mean square below this part of the largest squared effect over its variance is rounding."""

ON_A_LINE = "the effects lie on a straight line of the predictor: there is no residual to test by."


@dataclass(frozen=True)
class AsymmetryTest(Result):
    """A regression test of funnel plot asymmetry.

    Attributes
    ----------
    name : str
        The test.
    predictor : str
        What the effects are regressed on.
    model : str
        ``"lm"``: multiplicative dispersion; ``"rma"``: additive between-study variance.
    k : int
        Number of studies.
    intercept, intercept_se, intercept_lb, intercept_ub : float
        Effect where the predictor is zero, analysis scale.
    slope, slope_se : float
        Asymmetry: change of the effect per unit of the predictor.
    statistic, df, pval : float, float or None, float
        Two-sided test of slope = 0; df None for the normal.
    tau2 : float or None
        Residual between-study variance; None for ``"lm"``.
    dispersion : float or None
        Residual mean square of ``"lm"``; None for ``"rma"``.
    limit : float or None
        The intercept where it is the effect of an infinitely large study, otherwise None.
    level : float
        Confidence, percent.
    notes : tuple of str
        What the reader must know.
    """

    name: str
    predictor: str
    model: str
    k: int
    intercept: float
    intercept_se: float
    intercept_lb: float
    intercept_ub: float
    slope: float
    slope_se: float
    statistic: float
    df: float | None
    pval: float
    tau2: float | None
    dispersion: float | None
    limit: float | None
    level: float
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """Return the test as a few lines of text."""
        df = "z" if self.df is None else f"t({self.df:g})"
        lines = [
            f"{self.name}: regression on {self.predictor} ({self.model}), k = {self.k}",
            f"slope {self.slope:.4f}, se {self.slope_se:.4f}, {df} = {self.statistic:.3f}, p = {self.pval:.4g}",
        ]
        if self.limit is not None:
            lines.append(
                f"limit as the predictor goes to 0: {self.limit:.4f} "
                f"[{self.intercept_lb:.4f}, {self.intercept_ub:.4f}]"
            )
        return "\n".join([*lines, *self.notes])


def egger(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    predictor: Predictor = "sei",
    model: Model = "lm",
    ni: ArrayLike | None = None,
    method: Method = "REML",
    test: RegressionTest = "z",
    level: float = 95,
) -> AsymmetryTest:
    """Test for funnel plot asymmetry by regression of the effects on their precision.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    predictor : {"sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"}
        Standard error (the test of Egger et al.), variance, sample size (Macaskill et al.), its
        inverse, its root, or the inverse of its root. All but the first two need `ni`.
    model : {"lm", "rma"}
        ``"lm"``: weights 1/vi and a multiplicative dispersion, t with k - 2: Egger's test.
        ``"rma"``: mixed-effects meta-regression with additive tau2.
    ni : array_like, shape (k,), optional
        Sample sizes (> 0).
    method, test : str
        For ``"rma"``: estimator of tau2 and test of the slope, as in
        :func:`rheumeta.stats.meta_regression`.
    level : float
        Confidence, percent.

    Returns
    -------
    AsymmetryTest

    Raises
    ------
    StatsError
        For fewer than three studies, a predictor that does not vary or lacks its sample sizes, or a
        perfect fit. Fewer than ten studies are noted.

    Notes
    -----
    Egger et al. (1997), BMJ 315:629-634; as weighted regression of the effect on its standard error and
    as meta-regression: Sterne and Egger (2005), in Rothstein et al., Publication Bias in Meta-Analysis,
    ch. 6; Thompson and Sharp (1999), Stat Med 18:2693-2708. Sample size: Macaskill et al. (2001), Stat
    Med 20:641-654.
    """
    check_choice("predictor", predictor, PREDICTORS)
    check_choice("model", model, ("lm", "rma"))
    y, v = as_vectors(yi, vi)
    notes = require_studies(y.size, what="Egger's test")
    x = _predictor(predictor, v, ni)
    fit = _fit(y, v, x, name=predictor, model=model, method=method, test=test, level=level)
    return _result(fit, y, v, x, name="Egger", predictor=predictor, model=model, notes=notes)


def weighted_line(
    y: Floats, v: Floats, x: Floats, *, name: str, predictor: str, level: float, notes: tuple[str, ...]
) -> AsymmetryTest:
    """Return the test of a weighted line with multiplicative dispersion.

    Parameters
    ----------
    y, v, x : ndarray, shape (k,)
        Outcome, inverse weights (> 0) and predictor.
    name, predictor : str
        For the reader.
    level : float
        Confidence, percent.
    notes : tuple of str
        Notes so far.

    Raises
    ------
    StatsError
        Where the predictor does not vary or the fit is perfect.
    """
    require_spread(x, what=predictor)
    fit = _fit(y, v, x, name="x", model="lm", method="REML", test="z", level=level)
    return _result(fit, y, v, x, name=name, predictor=predictor, model="lm", notes=notes)


def _predictor(predictor: Predictor, v: Floats, ni: ArrayLike | None) -> Floats:
    if predictor in ("sei", "vi"):
        x = np.sqrt(v) if predictor == "sei" else v
    else:
        if ni is None:
            raise StatsError(f"the predictor {predictor} needs the sample sizes ni.")
        n = np.asarray(ni, dtype=np.float64)
        if n.shape != v.shape or not (np.isfinite(n) & (n > 0)).all():
            raise StatsError("ni must be positive numbers, one for each effect.")
        x = {"ni": n, "ninv": 1.0 / n, "sqrtni": np.sqrt(n), "sqrtninv": 1.0 / np.sqrt(n)}[predictor]
    require_spread(x, what=f"the predictor {predictor}")
    return x


def _fit(
    y: Floats,
    v: Floats,
    x: Floats,
    *,
    name: str,
    model: Model,
    method: Method,
    test: RegressionTest,
    level: float,
) -> RegressionResult:
    # Multiplicative dispersion is the common-effect fit whose covariance is scaled by the residual mean
    # square; the weights need no tau2 (Thompson and Sharp 1999, model 2).
    if model == "lm":
        if np.ptp(y) == 0:
            raise StatsError(ON_A_LINE)
        method, test = "EE", "knha"
    return meta_regression(y, v, x, names=[name], method=method, test=test, level=level)


def _result(
    fit: RegressionResult,
    y: Floats,
    v: Floats,
    x: Floats,
    *,
    name: str,
    predictor: str,
    model: Model,
    notes: tuple[str, ...],
) -> AsymmetryTest:
    residual = y - fit.estimate[0] - fit.estimate[1] * x
    dispersion = float((residual**2 / v).sum() / (fit.k - 2))
    if model == "lm" and dispersion <= PERFECT * float((y**2 / v).max()):
        raise StatsError(ON_A_LINE)
    return AsymmetryTest(
        name=name,
        predictor=predictor,
        model=model,
        k=fit.k,
        intercept=float(fit.estimate[0]),
        intercept_se=float(fit.se[0]),
        intercept_lb=float(fit.ci_lb[0]),
        intercept_ub=float(fit.ci_ub[0]),
        slope=float(fit.estimate[1]),
        slope_se=float(fit.se[1]),
        statistic=float(fit.statistic[1]),
        df=fit.df,
        pval=float(fit.pval[1]),
        tau2=None if model == "lm" else fit.tau2,
        dispersion=dispersion if model == "lm" else None,
        limit=float(fit.estimate[0]) if predictor in LIMITED else None,
        level=fit.level,
        notes=notes,
    )


@dataclass(frozen=True)
class PetPeese(Result):
    """Precision-effect test and precision-effect estimate with standard error.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub : float
        The conditional estimate: that of `chosen`.
    chosen : str
        ``"PET"`` or ``"PEESE"``.
    pet, peese : AsymmetryTest
        Regression on the standard error and on the variance; their intercepts are the estimates, their
        slopes the asymmetry.
    pet_pval : float
        Two-sided p of PET's intercept, which decides.
    notes : tuple of str
        What the reader must know.
    """

    k: int
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    chosen: str
    pet: AsymmetryTest
    peese: AsymmetryTest
    pet_pval: float
    notes: tuple[str, ...]

    def summary(self) -> str:
        """Return the estimates as a few lines of text."""
        lines = [
            f"{name} {t.intercept:.4f} [{t.intercept_lb:.4f}, {t.intercept_ub:.4f}]"
            for name, t in (("PET", self.pet), ("PEESE", self.peese))
        ]
        choice = f"PET's p = {self.pet_pval:.4g}: {self.chosen} is taken, {self.estimate:.4f}"
        return "\n".join([*lines, choice, *self.notes])


def pet_peese(yi: ArrayLike, vi: ArrayLike, *, pet_level: float = PET_LEVEL, level: float = 95) -> PetPeese:
    """Estimate the effect of an infinitely precise study by PET-PEESE.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the analysis scale and sampling variances (> 0); k >= 3.
    pet_level : float
        PEESE is taken where the two-sided p of PET's intercept is below, otherwise PET.
    level : float
        Confidence, percent.

    Returns
    -------
    PetPeese

    Raises
    ------
    StatsError
        As :func:`egger`, and for a `pet_level` outside 0 to 1.

    Notes
    -----
    Weighted least squares with weights 1/vi of the effects on their standard errors (PET) or variances
    (PEESE); the intercept is the estimate. Stanley and Doucouliagos (2014), Res Synth Methods 5:60-78.
    Neither corrects for heterogeneity that goes with size (Stanley 2017, Soc Psychol Personal Sci
    8:581-591).
    """
    if not 0 < pet_level < 1:
        raise StatsError(f"pet_level is a p value between 0 and 1, not {pet_level!r}.")
    pet = egger(yi, vi, predictor="sei", level=level)
    peese = egger(yi, vi, predictor="vi", level=level)
    statistic = np.array([pet.intercept / pet.intercept_se])
    pval = float(two_sided(statistic, np.array([pet.k - 2.0]))[0])
    chosen, best = ("PEESE", peese) if pval < pet_level else ("PET", pet)
    return PetPeese(
        k=pet.k,
        estimate=best.intercept,
        se=best.intercept_se,
        ci_lb=best.intercept_lb,
        ci_ub=best.intercept_ub,
        chosen=chosen,
        pet=pet,
        peese=peese,
        pet_pval=pval,
        notes=pet.notes,
    )
