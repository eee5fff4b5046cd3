"""One-stage models: which likelihood belongs to which data, and its maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.gauss_hermite import Kernel
from rheumeta.stats.glmm_counts import Arms
from rheumeta.stats.glmm_kernels import BinomialKernel, PoissonKernel, hypergeometric
from rheumeta.stats.glmm_models import Conditional, FixedIntercepts, OneStage, RandomIntercepts
from rheumeta.stats.glmm_search import maximise
from rheumeta.stats.pool_options import check_choice

NODES = 21
"""Quadrature nodes for each random effect: with 21 the likelihood of the published sets that the
tests use changes by less than 1e-9 when nodes are added."""

BINOMIAL_MODELS: tuple[str, ...] = ("UM.FS", "UM.RS", "CM.EL", "CM.AL")
RATE_MODELS: tuple[str, ...] = ("UM.FS", "UM.RS", "CM.EL")
STARTING_TAUS = (0.05, 0.4, 1.2)


@dataclass(frozen=True)
class Settings:
    """Checked options of a one-stage model."""

    model: str
    method: str
    test: str
    level: float
    nodes: int

    def __post_init__(self) -> None:
        check_choice("method", self.method, ("ML", "EE"))
        check_choice("test", self.test, ("z", "t"))
        if not 0 < self.level < 100:
            raise StatsError(f"level is in percent and lies between 0 and 100, not {self.level!r}.")
        if not 1 <= self.nodes <= 100:
            raise StatsError(f"nodes must lie between 1 and 100, not {self.nodes!r}.")


@dataclass(frozen=True)
class OneStageFit:
    """A fitted one-stage model.

    Attributes
    ----------
    estimate : ndarray, shape (p,)
        Coefficients of the effect on the columns of the design.
    vcov : ndarray, shape (p, p)
        Their covariance, from the observed information.
    tau2 : float
        Between-study variance; 0 for ``method="EE"``.
    sigma2, intercept : float or None
        Variance and mean of random study intercepts.
    height, height_plain : float
        Log likelihoods with and without heterogeneity.
    height_saturated : float or None
        With an effect for each study.
    """

    estimate: Floats
    vcov: Floats
    tau2: float
    sigma2: float | None
    intercept: float | None
    height: float
    height_plain: float
    height_saturated: float | None

    @property
    def tau2_lrt(self) -> float:
        """Likelihood-ratio statistic of tau2 = 0."""
        return max(0.0, 2.0 * (self.height - self.height_plain))

    @property
    def q_lrt(self) -> float | None:
        """Likelihood-ratio statistic of residual heterogeneity."""
        if self.height_saturated is None:
            return None
        return max(0.0, 2.0 * (self.height_saturated - self.height_plain))


def fit(counts: Arms, x: Floats, settings: Settings) -> OneStageFit:
    """Fit a one-stage model.

    Parameters
    ----------
    counts : Arms
        The data.
    x : ndarray, shape (k, p)
        Design of the effect, of full rank.
    settings : Settings
        The model and its options.

    Notes
    -----
    The search runs in columns that are orthogonal and of length sqrt(k), whatever the scale of the
    moderators.
    """
    q, r = np.linalg.qr(x)
    sign = np.where(np.diagonal(r) < 0, -1.0, 1.0)
    unit = np.sqrt(len(x))
    problem = problem_of(counts, q * sign * unit, settings)
    plain = maximise(problem.without_tau(), problem.starts())
    full = plain
    if settings.method == "ML":
        full = maximise(problem.likelihood, [np.append(plain.point, size) for size in STARTING_TAUS])
    p = x.shape[1]
    back = np.linalg.inv(r * sign[:, None]) * unit
    return OneStageFit(
        estimate=back @ full.point[:p],
        vcov=back @ full.covariance[:p, :p] @ back.T,
        tau2=0.0 if settings.method == "EE" else float(full.point[-1] ** 2),
        sigma2=problem.sigma2(full.point),
        intercept=problem.intercept(full.point),
        height=full.height,
        height_plain=plain.height,
        height_saturated=problem.saturated(),
    )


def problem_of(counts: Arms, x: Floats, settings: Settings) -> OneStage:
    """Return the likelihood of a model."""
    if counts.single:
        return Conditional(_binomial(counts.x1, counts.m1), counts, x, settings.nodes)
    if settings.model.startswith("CM"):
        return Conditional(_conditional(counts, settings.model), counts, x, settings.nodes)
    kernel = _binomial if counts.odds else PoissonKernel
    arms = (kernel(counts.x1, counts.m1), kernel(counts.x2, counts.m2))
    kind = FixedIntercepts if settings.model == "UM.FS" else RandomIntercepts
    return kind(arms, counts, x, settings.nodes)


def _binomial(x: Floats, n: Floats) -> Kernel:
    return BinomialKernel(x, n, np.zeros(x.size))


def _conditional(counts: Arms, model: str) -> Kernel:
    # Rates given the events of both groups are binomial exactly, tables approximately (CM.AL).
    if counts.odds and model == "CM.EL":
        return hypergeometric(counts.x1, counts.m1, counts.x2, counts.m2)
    return BinomialKernel(counts.x1, counts.x1 + counts.x2, np.log(counts.m1 / counts.m2))
