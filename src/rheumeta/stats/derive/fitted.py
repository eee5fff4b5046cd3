"""Mean and SD from quantiles without assuming a normal distribution (McGrath et al. 2020).

Quantile estimation fits several distributions and takes the nearest; Box-Cox estimates on a scale on
which the quantiles are symmetric and integrates back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gamma, gammaincinv, ndtri

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import Derived, join
from rheumeta.stats.derive.quantiles import Quantiles, luo_mean, wan_sd

SOURCE = "McGrath et al. 2020"
Floats = NDArray[np.float64]
LAMBDA_LIMIT = 10.0
"""Range in which the power of the Box-Cox transformation is sought, to each side."""
TAIL = 6.0
"""Standard deviations kept to each side when integrating back; two in 10⁹ lie beyond."""
NEAR_POLE = 8.0
"""Standard deviations to the pole of the inverse transformation below which the tail is unsure."""


@dataclass(frozen=True)
class Moments:
    """Mean and SD that were estimated together."""

    mean: Derived
    sd: Derived


@dataclass(frozen=True)
class _Family:
    name: str
    quantile: Callable[[Floats, float, float], NDArray[np.floating]]
    moments: Callable[[float, float], tuple[float, float]]  # mean, variance
    start: Callable[[float, float], tuple[float, float]]  # from a mean and an SD above zero


def _lognormal_start(mean: float, sd: float) -> tuple[float, float]:
    spread = math.sqrt(math.log1p((sd / mean) ** 2))
    return mean * math.exp(-(spread**2) / 2), spread


def _beta_start(mean: float, sd: float) -> tuple[float, float]:
    size = max(mean * (1 - mean) / sd**2 - 1, 0.5)
    return mean * size, (1 - mean) * size


def _beta_moments(a: float, b: float) -> tuple[float, float]:
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))


def _weibull_moments(shape: float, scale: float) -> tuple[float, float]:
    first, second = gamma(1 + 1 / shape), gamma(1 + 2 / shape)
    return float(scale * first), float(scale**2 * (second - first**2))


# Both parameters of each family are above zero, so that they can be sought on the log scale.
# The start for Weibull's shape is the approximation of Justus et al. (1978) to its moments.
_POSITIVE = (
    _Family(
        "log-normal",
        lambda p, median, s: median * np.exp(s * ndtri(p)),
        lambda median, s: (median * math.exp(s**2 / 2), median**2 * math.exp(s**2) * math.expm1(s**2)),
        _lognormal_start,
    ),
    _Family(
        "gamma",
        lambda p, shape, scale: scale * gammaincinv(shape, p),
        lambda shape, scale: (shape * scale, shape * scale**2),
        lambda mean, sd: ((mean / sd) ** 2, sd**2 / mean),
    ),
    _Family(
        "Weibull",
        lambda p, shape, scale: scale * (-np.log1p(-p)) ** (1 / shape),
        _weibull_moments,
        lambda mean, sd: ((mean / sd) ** 1.086, mean),
    ),
)
_BETA = _Family("beta", lambda p, a, b: betaincinv(a, b, p), _beta_moments, _beta_start)


def _points(quantiles: Quantiles) -> tuple[Floats, Floats]:
    """Return probabilities and values; extremes stand at 1/n and 1 - 1/n, as in the paper."""
    pairs = [(0.5, quantiles.centre)]
    if quantiles.iqr is not None:
        pairs += [(0.25, quantiles.iqr[0]), (0.75, quantiles.iqr[1])]
    if quantiles.range is not None:
        pairs += [(1 / quantiles.n, quantiles.range[0]), (1 - 1 / quantiles.n, quantiles.range[1])]
    p, q = np.array(sorted(pairs)).T
    return p, q


def _fit_normal(p: Floats, q: Floats) -> tuple[float, float, float]:
    """Return mean, variance and squared distance; least squares on normal scores is closed."""
    z = ndtri(p)
    sd = float(np.sum((z - z.mean()) * (q - q.mean())) / np.sum((z - z.mean()) ** 2))
    mean = float(q.mean() - sd * z.mean())
    return mean, sd**2, float(np.sum((mean + sd * z - q) ** 2))


def _fit(family: _Family, p: Floats, q: Floats, start: tuple[float, float]) -> tuple[float, float, float]:
    """Return mean, variance and squared distance of the nearest member of a family."""
    from scipy.optimize import minimize

    def distance(log_parameters: Floats) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            gap = family.quantile(p, *(float(v) for v in np.exp(log_parameters))) - q
        total = float(np.sum(gap**2))
        return total if math.isfinite(total) else math.inf

    found = minimize(
        distance,
        np.log(start),
        method="Nelder-Mead",
        options={"xatol": 1e-10, "fatol": 1e-14 * float(np.sum(q**2)), "maxiter": 4000},
    )
    first, second = (float(v) for v in np.exp(found.x))
    return (*family.moments(first, second), float(found.fun))


def quantile_estimation(quantiles: Quantiles) -> Moments:
    """Compute mean and SD by quantile estimation (McGrath 2020).

    Normal, log-normal, gamma, Weibull and (for values between 0 and 1) beta distributions are fitted by
    least squares between the printed and their own quantiles; the nearest gives mean and SD. With a value
    of zero or below, only the normal is possible.
    """
    p, q = _points(quantiles)
    if q.size < 3:
        raise StatsError("Quantile estimation needs three quantiles.")
    mean, variance, gap = _fit_normal(p, q)
    fits = {"normal": (mean, variance, gap)}
    if q[0] > 0:
        start_mean, start_sd = max(mean, float(q[0])), max(math.sqrt(variance), 1e-6 * float(q[-1]))
        families = (*_POSITIVE, _BETA) if q[-1] < 1 else _POSITIVE
        for family in families:
            fits[family.name] = _fit(family, p, q, family.start(start_mean, start_sd))
    name = min(fits, key=lambda key: fits[key][2])
    best = fits[name]
    inputs = quantiles.given()
    why = f"the patients' values follow a {name} distribution, the nearest of {', '.join(fits)}"
    text = f"{{}} of the {name} distribution whose quantiles are nearest (least squares)"
    return Moments(
        Derived(best[0], text.format("mean"), inputs, SOURCE, why),
        Derived(math.sqrt(best[1]), text.format("SD"), inputs, SOURCE, why),
    )


def box_cox(x: float, power: float) -> float:
    """Box-Cox transformation (x^λ - 1)/λ, ln(x) at λ = 0 (Box and Cox 1964)."""
    return math.log(x) if power == 0 else math.expm1(power * math.log(x)) / power


def _inverse(y: float, power: float) -> float:
    return math.exp(y) if power == 0 else math.exp(math.log1p(power * y) / power)


def _asymmetry(low: float, middle: float, high: float, power: float) -> float:
    a, m, b = (box_cox(x, power) for x in (low, middle, high))
    return (a + b - 2 * m) / (b - a)


def _find_power(quantiles: Quantiles) -> float:
    """Return the power that makes the quantiles symmetric about the median, or as nearly as may be."""
    from scipy.optimize import brentq, minimize_scalar

    m = quantiles.centre
    pairs = [pair for pair in (quantiles.iqr, quantiles.range) if pair is not None]
    if len(pairs) == 1:
        low, high = pairs[0]
        ends = [_asymmetry(low, m, high, power) for power in (-LAMBDA_LIMIT, LAMBDA_LIMIT)]
        if not low < m < high or ends[0] * ends[1] > 0:
            raise StatsError("No power between -10 and 10 makes the quantiles symmetric.")
        return float(
            brentq(lambda power: _asymmetry(low, m, high, power), -LAMBDA_LIMIT, LAMBDA_LIMIT, xtol=1e-13)
        )
    found = minimize_scalar(
        lambda power: sum(_asymmetry(low, m, high, power) ** 2 for low, high in pairs),
        bounds=(-LAMBDA_LIMIT, LAMBDA_LIMIT),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(found.x)


def _integrate_back(mean: float, sd: float, power: float) -> tuple[float, float, str | None]:
    """Return mean and SD on the original scale of a normal distribution on the Box-Cox scale.

    The normal is cut symmetrically where the inverse transformation ends (McGrath 2020), and at `TAIL`.
    With a negative power the inverse has a pole there, next to which the moments do not exist; it is
    kept at a distance of a quarter of the way and a warning is given.
    """
    from scipy.integrate import quad

    reach, warning = TAIL, None
    if power != 0:
        pole = abs(-1 / power - mean) / sd
        if power < 0 and pole < NEAR_POLE:
            reach = min(reach, 0.75 * pole)
            warning = "the upper tail is heavy: mean and SD by Box-Cox are unsure"
        reach = min(reach, pole)

    def moment(order: int) -> float:
        value, _ = quad(
            lambda z: _inverse(mean + sd * z, power) ** order * math.exp(-(z**2) / 2),
            -reach,
            reach,
            limit=200,
            epsabs=0,
            epsrel=1e-10,
        )
        return float(value)

    total = moment(0)
    first = moment(1) / total
    return first, math.sqrt(max(moment(2) / total - first**2, 0.0)), warning


def box_cox_estimation(quantiles: Quantiles) -> Moments:
    """Compute mean and SD by the Box-Cox method (McGrath 2020).

    The power λ makes the quantiles symmetric; Luo 2018 and Wan 2014 give mean and SD on that scale, and
    numerical integration brings them back. With five quantiles the two asymmetries are taken relative
    to their spread; without that a very negative λ would make any asymmetry vanish.

    Raises
    ------
    StatsError
        If a value is not above zero, or no power makes the quantiles symmetric.
    """
    p, q = _points(quantiles)
    if q[0] <= 0 or p.size < 3:
        raise StatsError("The Box-Cox method needs three quantiles above zero.")
    unit = quantiles.centre  # the power does not depend on the unit, the numbers behave near 1
    scaled = Quantiles(
        quantiles.n,
        1.0,
        *(
            None if v is None else v / unit
            for v in (quantiles.q1, quantiles.q3, quantiles.minimum, quantiles.maximum)
        ),
    )
    power = _find_power(scaled)
    moved = Quantiles(
        quantiles.n,
        0.0,
        *(
            None if v is None else box_cox(v, power)
            for v in (scaled.q1, scaled.q3, scaled.minimum, scaled.maximum)
        ),
    )
    location, scale = luo_mean(moved).value, wan_sd(moved).value
    mean, sd, warning = _integrate_back(location, scale, power)
    inputs = quantiles.given() | {"λ": power, "μ": location, "σ": scale}
    why = "the patients' values are normally distributed after a Box-Cox transformation"
    text = (
        "{} of x = m·(λ·y + 1)^(1/λ), y normal with mean μ (Luo 2018) and SD σ (Wan 2014) of ((x/m)^λ - 1)/λ"
    )
    return Moments(
        Derived(mean * unit, text.format("mean"), inputs, SOURCE, why, join(warning)),
        Derived(sd * unit, text.format("SD"), inputs, SOURCE, why, join(warning)),
    )
