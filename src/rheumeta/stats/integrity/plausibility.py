"""Effects too large to be usual, and SDs that read like standard errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy import special

from rheumeta.errors import StatsError
from rheumeta.stats.derive.derived import above, finite
from rheumeta.stats.integrity.claims import Claim, Sign, spell
from rheumeta.stats.integrity.groups import two_means
from rheumeta.stats.integrity.means import MeanGroup, Range
from rheumeta.stats.integrity.recompute import one_sample_range
from rheumeta.stats.integrity.reported import Check, Reported, Rounding, Verdict, shown, whole_patients

LARGE, EXTREME = 1.5, 3.0
"""Standardised mean differences that are rare, and hardly seen, between treatments; a choice of this project."""
UNLIKE, ALIKE = 0.001, 0.05
"""Two-sided p values of the variance ratio below which two SDs are unlike, and above which alike; a choice
of this project."""


@dataclass(frozen=True)
class Spread:
    """A reported SD and its number of patients.

    Attributes
    ----------
    sd : str
        As printed.
    n : int
        At least 2.
    """

    sd: str
    n: int


@dataclass(frozen=True)
class SpreadLabel(Check):
    """Which reading of the number after the mean agrees with p.

    Attributes
    ----------
    as_sd, as_se : bool
        Whether it agrees if it is an SD, and if it is a standard error.
    """

    as_sd: bool = False
    as_se: bool = False


def large_effect(g: float, *, large: float = LARGE, extreme: float = EXTREME) -> Check:
    """Ask whether a standardised mean difference is larger than treatments usually achieve.

    Parameters
    ----------
    g : float
        Standardised mean difference, e.g. Hedges' g.
    large, extreme : float
        Absolute values above which it asks for a look.

    Returns
    -------
    Check
        ``"implausible"`` above `large`; `computed` has the limit that it exceeds.

    Raises
    ------
    StatsError
        If g is not finite, or the limits not above 0.
    """
    finite(g=g)
    above(0, large=large, extreme=extreme)
    exceeded = [limit for limit in (large, extreme) if abs(g) > limit]
    verdict: Verdict = "implausible" if exceeded else "consistent"
    computed = {"g": g} | ({"limit": max(exceeded)} if exceeded else {})
    beyond = f"beyond {max(exceeded):g}" if exceeded else f"within {large:g}"
    message = f"The standardised mean difference of {g:.2f} is {beyond}."
    return Check("large_effect", verdict, message, "limits chosen by this project", computed)


def se_between(first: Spread, second: Spread, *, rounding: Rounding = "nearest") -> Check:
    """Ask whether two SDs of one instrument are unlike, but alike if the smaller is a standard error.

    The variance ratio is judged by the F distribution, which assumes normal data.

    Parameters
    ----------
    first, second : Spread
        Of two arms or studies on one instrument.
    rounding : {"nearest", "widest"}
        See :data:`~rheumeta.stats.integrity.reported.Rounding`.

    Returns
    -------
    Check
        ``"implausible"`` if so; ``"cannot_tell"`` if one of them is 0. `computed` has the p values of the
        ratio as reported and with the smaller one times sqrt(n).

    Raises
    ------
    StatsError
        If a text is no number, an SD negative, or n below 2.

    Notes
    -----
    Source: SE = SD / sqrt(n) (Cochrane Handbook 6.5.2.2); the limits are this project's.
    """
    pairs = [(Reported.read(s.sd, rounding), s.n) for s in (first, second)]
    whole_patients(**{f"n{i}": n for i, (_, n) in enumerate(pairs)})
    if min(n for _, n in pairs) < 2 or min(sd.value for sd, _ in pairs) < 0:
        raise StatsError("Each SD is 0 or more and of at least 2 patients.")
    source = "Cochrane Handbook 6.5.2.2; variance ratio by F"
    (small, n), (large, m) = sorted(pairs, key=lambda pair: pair[0].value)
    if small.value == 0:
        return Check("se_between", "cannot_tell", "An SD of 0 cannot be compared.", source)
    as_sd = _ratio_p(float(large.floor / small.high) ** 2, m - 1, n - 1)
    as_se = _ratio_p(float(large.value / small.value) ** 2 / n, m - 1, n - 1)
    verdict: Verdict = "implausible" if as_sd < UNLIKE and as_se > ALIKE else "consistent"
    message = (
        f"SDs {first.sd} (n = {first.n}) and {second.sd} (n = {second.n}): p {shown(as_sd, 2)} for their ratio, "
        f"{shown(as_se, 2)} if {small.text} is a standard error."
    )
    return Check("se_between", verdict, message, source, {"p_as_sd": as_sd, "p_as_se": as_se})


def _ratio_p(ratio: float, df1: int, df2: int) -> float:
    """Two-sided p value of a variance ratio."""
    upper = float(special.fdtrc(df1, df2, ratio))
    return min(1.0, 2 * min(upper, 1 - upper))


def spread_label(
    mean: str,
    spread: str,
    n: int,
    p: str,
    sign: Sign = "=",
    *,
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> SpreadLabel:
    """Tell by p whether the number after a mean change is its SD or its standard error (paired t test).

    Parameters
    ----------
    mean, spread : str
        As printed.
    n : int
        Patients, at least 2.
    p, sign, alpha, rounding
        See :func:`~rheumeta.stats.integrity.recompute.p_from_test`.

    Returns
    -------
    SpreadLabel
        ``"implausible"`` if it agrees with p only as a standard error, ``"inconsistent"`` if as neither,
        ``"cannot_tell"`` if as both, ``"consistent"`` if only as an SD.

    Raises
    ------
    StatsError
        If a text is no number, the spread negative, n below 2 or p out of range.

    Notes
    -----
    Source: t = mean / (SD / sqrt(n)).
    """
    claim, group = Claim.read(p, sign, alpha, rounding), MeanGroup(mean, spread, n)
    found: dict[Literal["sd", "se"], Range] = {
        "sd": one_sample_range(group, "sd", rounding),
        "se": one_sample_range(group, "se", rounding),
    }
    agrees = {kind: claim.admits(p_range) for kind, p_range in found.items()}
    return _label("spread_label", found["sd"], found["se"], agrees["sd"], agrees["se"], claim)


def spread_label_two(
    group1: MeanGroup,
    group2: MeanGroup,
    p: str,
    sign: Sign = "=",
    *,
    alpha: float = 0.05,
    rounding: Rounding = "nearest",
) -> SpreadLabel:
    """Tell by p whether the numbers after two means are SDs or standard errors (t test).

    Parameters
    ----------
    group1, group2 : MeanGroup
        As reported.
    p, sign, alpha, rounding
        See :func:`~rheumeta.stats.integrity.recompute.p_from_test`.

    Returns
    -------
    SpreadLabel
        As :func:`spread_label`; agreement by Welch's or Student's test counts.

    Raises
    ------
    StatsError
        As :func:`~rheumeta.stats.integrity.groups.two_means`.
    """
    as_sd = two_means(group1, group2, p, sign, spread="sd", alpha=alpha, rounding=rounding)
    as_se = two_means(group1, group2, p, sign, spread="se", alpha=alpha, rounding=rounding)
    sd, se = ((found.p_low, found.p_high) for found in (as_sd, as_se))
    claim = Claim.read(p, sign, alpha, rounding)
    return _label("spread_label_two", sd, se, bool(as_sd.supported_by), bool(as_se.supported_by), claim)


def _label(name: str, sd: Range, se: Range, as_sd: bool, as_se: bool, claim: Claim) -> SpreadLabel:
    verdicts: dict[tuple[bool, bool], Verdict] = {
        (True, True): "cannot_tell",
        (True, False): "consistent",
        (False, True): "implausible",
        (False, False): "inconsistent",
    }
    message = f"Read as SD: p {spell(sd)}; read as standard error: p {spell(se)}; {claim.text} is reported."
    computed = {"p_sd_low": sd[0], "p_sd_high": sd[1], "p_se_low": se[0], "p_se_high": se[1]}
    return SpreadLabel(
        name, verdicts[as_sd, as_se], message, "Cochrane Handbook 6.5.2.2", computed,
        "t test assumed; a rank or adjusted test may differ", as_sd, as_se,
    )  # fmt: skip
