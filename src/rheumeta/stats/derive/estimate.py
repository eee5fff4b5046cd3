"""Mean and SD from quantiles, by the method that the protocol names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, join
from rheumeta.stats.derive.fitted import Moments, box_cox_estimation, quantile_estimation
from rheumeta.stats.derive.quantiles import (
    Quantiles,
    Skewness,
    luo_mean,
    sd_from_quantiles,
    skewness,
    wan_mean,
    wan_sd,
)

METHODS: dict[str, Callable[[Quantiles], Moments]] = {
    "luo_shi": lambda quantiles: Moments(luo_mean(quantiles), sd_from_quantiles(quantiles)),
    "wan": lambda quantiles: Moments(wan_mean(quantiles), wan_sd(quantiles)),
    "qe": quantile_estimation,
    "bc": box_cox_estimation,
}
"""luo_shi: mean by Luo 2018, SD by Wan 2014 or, from all five quantiles, Shi 2020. wan: Wan 2014.
qe, bc: McGrath 2020, quantile estimation and Box-Cox."""


@dataclass(frozen=True)
class MeanSd:
    """Mean and SD estimated from quantiles, with the test of symmetry.

    Attributes
    ----------
    mean, sd : Derived
        The estimates; both carry a warning if the quantiles look skewed.
    skewness : Skewness
        The test.
    method : str
        Key of :data:`METHODS`.
    """

    mean: Derived
    sd: Derived
    skewness: Skewness
    method: str


def mean_sd_from_quantiles(quantiles: Quantiles, *, method: str = "luo_shi") -> MeanSd:
    """Estimate mean and SD from the median with quartiles, extremes, or both.

    Parameters
    ----------
    quantiles : Quantiles
        With a median.
    method : str
        A key of :data:`METHODS`.

    Raises
    ------
    StatsError
        Unknown method, no median, or quantiles that the method cannot take.
    """
    if method not in METHODS:
        raise StatsError(f"There is no method {method!r}; known are {', '.join(METHODS)}.")
    test = skewness(quantiles)
    moments = METHODS[method](quantiles)
    return MeanSd(
        replace(moments.mean, warning=join(moments.mean.warning, test.warning)),
        replace(moments.sd, warning=join(moments.sd.warning, test.warning)),
        test,
        method,
    )
