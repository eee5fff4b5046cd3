"""Mean and SD from median, quartiles, minimum and maximum, assuming a normal distribution.

a, q1, m, q3, b are minimum, first quartile, median, third quartile and maximum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import ndtri

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, above, ordered

WAN = "Wan et al. 2014"
LUO = "Luo et al. 2018"
SHI = "Shi et al. 2020"
SKEW_SOURCE = "Shi et al. 2023"
NORMAL = "the patients' values are normally distributed"


@dataclass(frozen=True)
class Quantiles:
    """What a paper prints of a distribution.

    Attributes
    ----------
    n : float
        Number of patients, above 1.
    median : float or None
        None where only the spread is printed.
    q1, q3, minimum, maximum : float or None
        Quartiles, extremes, or both.
    """

    n: float
    median: float | None = None
    q1: float | None = None
    q3: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        above(1, n=self.n)
        named = {
            "minimum": self.minimum,
            "q1": self.q1,
            "median": self.median,
            "q3": self.q3,
            "maximum": self.maximum,
        }
        if (self.q1 is None) != (self.q3 is None) or (self.minimum is None) != (self.maximum is None):
            raise StatsError("Quartiles come in pairs (q1 and q3), and so do minimum and maximum.")
        if self.q1 is None and self.minimum is None:
            raise StatsError("Quartiles, or minimum and maximum, are needed.")
        for low, high in (("q1", "q3"), ("minimum", "maximum")):
            if named[low] is not None:
                ordered(**{name: value for name in (low, high) if (value := named[name]) is not None})
        ordered(**{name: value for name, value in named.items() if value is not None})

    @property
    def iqr(self) -> tuple[float, float] | None:
        """First and third quartile."""
        return None if self.q1 is None or self.q3 is None else (self.q1, self.q3)

    @property
    def range(self) -> tuple[float, float] | None:
        """Minimum and maximum."""
        return None if self.minimum is None or self.maximum is None else (self.minimum, self.maximum)

    @property
    def centre(self) -> float:
        """The median.

        Raises
        ------
        StatsError
            If there is none.
        """
        if self.median is None:
            raise StatsError("The median is needed.")
        return self.median

    def given(self) -> dict[str, float]:
        """Symbols and values of what is there."""
        listed = {
            "n": self.n,
            "a": self.minimum,
            "q1": self.q1,
            "m": self.median,
            "q3": self.q3,
            "b": self.maximum,
        }
        return {name: value for name, value in listed.items() if value is not None}


def range_width(n: float) -> float:
    """Return the expected range of a normal sample in SDs (Wan 2014, eq. 9).

    ξ ≈ 2·Φ⁻¹((n - 0.375)/(n + 0.25)).
    """
    return float(2 * ndtri((n - 0.375) / (n + 0.25)))


def iqr_width(n: float) -> float:
    """Return the expected quartile distance of a normal sample in SDs (Wan 2014, eq. 16).

    η ≈ 2·Φ⁻¹((0.75·n - 0.125)/(n + 0.25)).
    """
    return float(2 * ndtri((0.75 * n - 0.125) / (n + 0.25)))


def sd_from_quantiles(quantiles: Quantiles) -> Derived:
    """Compute the SD from range (Wan 2014), quartiles (Wan 2014), or both (Shi 2020).

    With both, the two are weighted by the sample size; the median is not used.
    """
    n = quantiles.n
    by_range, by_iqr = quantiles.range, quantiles.iqr
    inputs = {key: value for key, value in quantiles.given().items() if key != "m"}
    if by_range and by_iqr:
        w = 1 / (1 + 0.07 * n**0.6)
        value = w * (by_range[1] - by_range[0]) / range_width(n)
        value += (1 - w) * (by_iqr[1] - by_iqr[0]) / iqr_width(n)
        formula = "SD = w·(b - a)/ξ + (1 - w)·(q3 - q1)/η, w = 1/(1 + 0.07·n^0.6)"
        inputs |= {"w": w, "ξ": range_width(n), "η": iqr_width(n)}
        return Derived(value, formula, inputs, SHI, NORMAL)
    if by_iqr:
        value = (by_iqr[1] - by_iqr[0]) / iqr_width(n)
        formula = "SD = (q3 - q1)/η, η = 2·Φ⁻¹((0.75·n - 0.125)/(n + 0.25))"
        return Derived(value, formula, inputs | {"η": iqr_width(n)}, WAN, NORMAL)
    if by_range is None:
        raise StatsError("Quartiles, or minimum and maximum, are needed.")
    value = (by_range[1] - by_range[0]) / range_width(n)
    formula = "SD = (b - a)/ξ, ξ = 2·Φ⁻¹((n - 0.375)/(n + 0.25))"
    return Derived(value, formula, inputs | {"ξ": range_width(n)}, WAN, NORMAL)


def wan_sd(quantiles: Quantiles) -> Derived:
    """Compute the SD as Wan 2014, who take the plain mean of both where range and quartiles are there."""
    if quantiles.range is None or quantiles.iqr is None:
        return sd_from_quantiles(quantiles)
    (a, b), (q1, q3), n = quantiles.range, quantiles.iqr, quantiles.n
    inputs = {key: value for key, value in quantiles.given().items() if key != "m"}
    return Derived(
        ((b - a) / range_width(n) + (q3 - q1) / iqr_width(n)) / 2,
        "SD = ((b - a)/ξ + (q3 - q1)/η)/2",
        inputs | {"ξ": range_width(n), "η": iqr_width(n)},
        WAN,
        NORMAL,
    )


def luo_mean(quantiles: Quantiles) -> Derived:
    """Compute the mean with weights that depend on n (Luo 2018)."""
    n, m = quantiles.n, quantiles.centre
    by_range, by_iqr = quantiles.range, quantiles.iqr
    inputs = quantiles.given()
    if by_range and by_iqr:
        w1, w2 = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
        value = w1 * sum(by_range) / 2 + w2 * sum(by_iqr) / 2 + (1 - w1 - w2) * m
        formula = (
            "mean = w1·(a + b)/2 + w2·(q1 + q3)/2 + (1 - w1 - w2)·m, "
            "w1 = 2.2/(2.2 + n^0.75), w2 = 0.7 - 0.72/n^0.55"
        )
        return Derived(value, formula, inputs | {"w1": w1, "w2": w2}, LUO, NORMAL)
    if by_iqr:
        w = 0.7 + 0.39 / n
        formula = "mean = w·(q1 + q3)/2 + (1 - w)·m, w = 0.7 + 0.39/n"
        return Derived(w * sum(by_iqr) / 2 + (1 - w) * m, formula, inputs | {"w": w}, LUO, NORMAL)
    if by_range is None:
        raise StatsError("Quartiles, or minimum and maximum, are needed.")
    w = 4 / (4 + n**0.75)
    formula = "mean = w·(a + b)/2 + (1 - w)·m, w = 4/(4 + n^0.75)"
    return Derived(w * sum(by_range) / 2 + (1 - w) * m, formula, inputs | {"w": w}, LUO, NORMAL)


def wan_mean(quantiles: Quantiles) -> Derived:
    """Compute the mean as Wan 2014: (a + 2m + b)/4, (q1 + m + q3)/3, or of all five."""
    m, by_range, by_iqr = quantiles.centre, quantiles.range, quantiles.iqr
    inputs = quantiles.given()
    if by_range and by_iqr:
        value = (sum(by_range) + 2 * sum(by_iqr) + 2 * m) / 8
        return Derived(value, "mean = (a + 2·q1 + 2·m + 2·q3 + b)/8", inputs, WAN, NORMAL)
    if by_iqr:
        return Derived((sum(by_iqr) + m) / 3, "mean = (q1 + m + q3)/3", inputs, WAN, NORMAL)
    if by_range is None:
        raise StatsError("Quartiles, or minimum and maximum, are needed.")
    return Derived((sum(by_range) + 2 * m) / 4, "mean = (a + 2·m + b)/4", inputs, WAN, NORMAL)


@dataclass(frozen=True)
class Skewness:
    """Test of symmetry from quantiles, at 5 percent.

    Attributes
    ----------
    statistic, critical : float
        Test statistic and the value that it must not exceed.
    skewed : bool
        True if it does.
    formula, source : str
        For people.
    """

    statistic: float
    critical: float
    skewed: bool
    formula: str
    source: str

    @property
    def warning(self) -> str | None:
        """A sentence if the data look skewed, else None."""
        if not self.skewed:
            return None
        return (
            f"the quantiles suggest a skewed distribution: {self.statistic:.3f} > {self.critical:.3f} "
            f"({self.source})"
        )


def skewness(quantiles: Quantiles) -> Skewness:
    """Test whether the quantiles fit a symmetric distribution, at 5 percent (Shi 2023).

    The critical values are the authors' approximations for a normal sample.
    """
    n, m = quantiles.n, quantiles.centre
    outer = _asymmetry(quantiles.range, m)
    inner = _asymmetry(quantiles.iqr, m)
    root = math.sqrt(n)
    if outer is not None and inner is not None:
        statistic = max(2.65 * math.log(0.6 * n) / root * outer, inner)
        critical = 3 / root - 40 / n**3
        formula = "max(2.65·ln(0.6·n)/√n·|a+b-2m|/(b-a), |q1+q3-2m|/(q3-q1)) > 3/√n - 40/n³"
    elif inner is not None:
        statistic, critical = inner, 2.65 / root - 6 / n**2
        formula = "|q1+q3-2m|/(q3-q1) > 2.65/√n - 6/n²"
    elif outer is not None:
        statistic, critical = outer, 1.01 / math.log(n + 9) + 2.43 / (n + 1)
        formula = "|a+b-2m|/(b-a) > 1.01/ln(n+9) + 2.43/(n+1)"
    else:
        raise StatsError("Quartiles, or minimum and maximum, are needed.")
    return Skewness(statistic, critical, statistic > critical, formula, SKEW_SOURCE)


def _asymmetry(pair: tuple[float, float] | None, median: float) -> float | None:
    return None if pair is None else abs(sum(pair) - 2 * median) / (pair[1] - pair[0])
