"""The registry of effect measures: name, scale, needs, formula and source of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rheumeta.errors import StatsError
from rheumeta.stats import effects_binary as binary
from rheumeta.stats import effects_continuous as continuous
from rheumeta.stats.effects_inputs import Floats, Options, Raw

Back = Literal["identity", "exp", "percent", "logit", "arcsine", "double_arcsine"]
ZERO_CELL_ADD = 0.5
"""Default correction of zero cells (Cochrane Handbook 10.4.4.1)."""


@dataclass(frozen=True)
class Route:
    """One set of inputs that a measure can be computed from.

    Attributes
    ----------
    needs : tuple of str
        Names of the inputs.
    compute : callable
        Takes checked inputs and options, returns :class:`Raw`.
    formula, variance_formula, source : str
        Plain text for people.
    variants : dict of str to str
        Further sampling variances: code (the `vtype`) and formula.
    """

    needs: tuple[str, ...]
    compute: Callable[[Mapping[str, Floats], Options], Raw]
    formula: str
    variance_formula: str
    source: str
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def vtypes(self) -> tuple[str, ...]:
        """Codes of all sampling variances, the large-sample default first."""
        return ("LS", *self.variants)


@dataclass(frozen=True)
class MeasureInfo:
    """What is known about an effect measure.

    Attributes
    ----------
    code, label : str
        Short code and name for people.
    groups : {1, 2}
        Number of groups that it describes.
    scale : {"linear", "log"}
        Scale of the display axis.
    null : float or None
        Value of no effect on the display scale; None where there is none.
    back : str
        Kind of back-transformation from analysis to display scale.
    unit : str or None
        Fixed unit on the display scale; None where it is that of the outcome, or none.
    routes : tuple of Route
        Sets of inputs that it can be computed from, preferred first.
    add : float
        Default correction of zero cells; 0 where the measure needs none.
    correct : bool
        Whether the small-sample correction is applied by default.
    correctable : bool
        Whether there is such a correction.
    """

    code: str
    label: str
    groups: Literal[1, 2]
    scale: Literal["linear", "log"]
    null: float | None
    back: Back
    unit: str | None
    routes: tuple[Route, ...]
    add: float = 0.0
    correct: bool = True
    correctable: bool = False

    @property
    def needs(self) -> tuple[tuple[str, ...], ...]:
        """Names of the inputs, one tuple a route."""
        return tuple(route.needs for route in self.routes)


TABLE = ("ai", "n1i", "ci", "n2i")
TWO_MEANS = ("m1i", "sd1i", "n1i", "m2i", "sd2i", "n2i")
TWO_TIMES = ("m1i", "m2i", "sd1i", "sd2i", "ri", "ni")
CHANGE = ("mi", "sdi", "ni")
EVENTS = ("xi", "ni")
PERSON_TIME = ("xi", "ti")
BY_SE = ("yi", "sei")
BY_VARIANCE = ("yi", "vi")
BY_INTERVAL = ("yi", "lower", "upper", "level")
SD_POOLED = "SDp = √(((n1-1)·sd1² + (n2-1)·sd2²)/(n1+n2-2))"
SD_CHANGE = "SDc = √(sd1² + sd2² - 2·r·sd1·sd2)"
LOG_ALGEBRA = "Cochrane Handbook 6.4.1; Borenstein et al. 2009, ch. 5"

_SE = Route(BY_SE, binary.reported, "estimate on the analysis scale, as reported", "SE²", "as reported")
_RR = Route(
    TABLE, binary.rr, "ln((a/n1) / (c/n2))", "1/a - 1/n1 + 1/c - 1/n2", "Katz et al. 1978; " + LOG_ALGEBRA
)
_OR = Route(
    TABLE, binary.odds_ratio, "ln(a·d / (b·c))", "1/a + 1/b + 1/c + 1/d", "Woolf 1955; " + LOG_ALGEBRA
)
_RD = Route(
    TABLE,
    binary.rd,
    "a/n1 - c/n2",
    "a·b/n1³ + c·d/n2³",
    LOG_ALGEBRA,
    {
        "UB": "a·b/(n1²·(n1-1)) + c·d/(n2²·(n2-1))",
        "AV": "p1·(1-p1)/n1 + p2·(1-p2)/n2, p1 = Σa/Σn1 and p2 = Σc/Σn2 over all studies",
    },
)
_AS = Route(TABLE, binary.arcsine, "asin√(a/n1) - asin√(c/n2)", "1/(4·n1) + 1/(4·n2)", "Rücker et al. 2009")
_PETO = Route(
    TABLE,
    binary.peto,
    "(O - E)/V with O = a, E = n1·(a+c)/N, V = n1·n2·(a+c)·(b+d) / (N²·(N-1))",
    "1/V",
    "Yusuf et al. 1985; Cochrane Handbook 10.4.2",
)
_MD = Route(
    TWO_MEANS,
    continuous.md,
    "m1 - m2",
    "sd1²/n1 + sd2²/n2",
    "Cochrane Handbook 6.5.1.1",
    {"HO": f"SDp²·(1/n1 + 1/n2) with {SD_POOLED}"},
)
_SMD = Route(
    TWO_MEANS,
    continuous.smd,
    "g = J(n1+n2-2)·(m1 - m2)/SDp with J(m) = Γ(m/2)/(√(m/2)·Γ((m-1)/2)), " + SD_POOLED,
    "1/n1 + 1/n2 + g²/(2·(n1+n2))",
    "Hedges 1981, eq. 6e; Hedges 1982; Cochrane Handbook 6.5.1.2",
    {
        "LS2": "J²·(1/n1 + 1/n2 + d²/(2·(n1+n2))), d = g/J",
        "UB": "1/n1 + 1/n2 + (1 - (m-2)/(m·J²))·g², m = n1+n2-2",
        "AV": "1/n1 + 1/n2 + ḡ²/(2·(n1+n2)), ḡ = Σ(n1+n2)·g/Σ(n1+n2) over all studies",
    },
)
_SMD1 = Route(
    TWO_MEANS,
    continuous.smd1,
    "Δ = J(n2-1)·(m1 - m2)/sd2 with J(m) = Γ(m/2)/(√(m/2)·Γ((m-1)/2))",
    "1/n1 + 1/n2 + Δ²/(2·n2)",
    "Glass 1976; Hedges 1981",
    {
        "LS2": "J²·(1/n1 + 1/n2 + d²/(2·n2)), d = Δ/J",
        "UB": "1/n1 + 1/n2 + (1 - (m-2)/(m·J²))·Δ², m = n2-1",
        "AV": "1/n1 + 1/n2 + Δ̄²/(2·n2), Δ̄ = Σ(n1+n2)·Δ/Σ(n1+n2) over all studies",
    },
)
_ROM = Route(
    TWO_MEANS,
    continuous.rom,
    "ln(m1/m2)",
    "sd1²/(n1·m1²) + sd2²/(n2·m2²)",
    "Hedges, Gurevitch and Curtis 1999; Cochrane Handbook 6.5.1.3",
    {
        "HO": f"SDp²·(1/(n1·m1²) + 1/(n2·m2²)) with {SD_POOLED}",
        "AV": "c1²/n1 + c2²/n2, c1 = Σn1·(sd1/|m1|)/Σn1 and c2 = Σn2·(sd2/|m2|)/Σn2 over all studies",
        "AVHO": "c²·(1/n1 + 1/n2), c the mean of all sd/|m| of both groups, weighted by their sizes",
    },
)
_MC = (
    Route(CHANGE, continuous.mc_change, "mean change", "SDc²/n", "Cochrane Handbook 6.5.2.8"),
    Route(
        TWO_TIMES,
        continuous.mc,
        "m1 - m2 (follow-up minus baseline)",
        f"SDc²/n with {SD_CHANGE}",
        "Cochrane Handbook 6.5.2.8",
    ),
)
_SMCC = (
    Route(
        CHANGE,
        continuous.smcc_change,
        "g = J(n-1)·(mean change)/SDc",
        "1/n + g²/(2·n)",
        "Gibbons et al. 1993; Morris and DeShon 2002",
        {"LS2": "J²·(1/n + d²/(2·n)), d = g/J"},
    ),
    Route(
        TWO_TIMES,
        continuous.smcc,
        f"g = J(n-1)·(m1 - m2)/SDc with {SD_CHANGE}",
        "1/n + g²/(2·n)",
        "Gibbons et al. 1993; Morris and DeShon 2002",
        {"LS2": "J²·(1/n + d²/(2·n)), d = g/J"},
    ),
)
_SMCR = Route(
    TWO_TIMES,
    continuous.smcr,
    "g = J(n-1)·(m1 - m2)/sd2 (SD at baseline)",
    "2·(1 - r)/n + g²/(2·n)",
    "Becker 1988",
    {"LS2": "J²·(2·(1 - r)/n + d²/(2·n)), d = g/J"},
)
_PR = Route(
    EVENTS,
    binary.proportion,
    "x/n",
    "x·(n - x)/n³",
    "binomial",
    {"UB": "x·(n - x)/(n²·(n-1))", "AV": "p·(1-p)/n, p = Σx/Σn over all studies"},
)
_PLO = Route(
    EVENTS,
    binary.logit,
    "ln(x/(n - x))",
    "1/x + 1/(n - x)",
    "binomial, delta method",
    {"AV": "1/(n·p) + 1/(n·(1-p)), p = Σx/Σn over all studies"},
)
_PAS = Route(EVENTS, binary.arcsine_proportion, "asin√(x/n)", "1/(4·n)", "Freeman and Tukey 1950")
_PFT = Route(
    EVENTS,
    binary.double_arcsine,
    "(asin√(x/(n+1)) + asin√((x+1)/(n+1)))/2",
    "1/(4·n + 2)",
    "Freeman and Tukey 1950, p. 607; back-transformation Miller 1978",
)
_IR = Route(PERSON_TIME, binary.rate, "x/t", "x/t²", "Cochrane Handbook 6.7.1 (Poisson)")
_IRLN = Route(PERSON_TIME, binary.log_rate, "ln(x/t)", "1/x", "Cochrane Handbook 6.7.1 (Poisson)")
_IRR = Route(
    ("x1i", "t1i", "x2i", "t2i"),
    binary.rate_ratio,
    "ln((x1/t1) / (x2/t2))",
    "1/x1 + 1/x2",
    "Cochrane Handbook 6.7.1",
)
_VARIANCE = Route(BY_VARIANCE, binary.reported_variance, "reported", "reported", "as reported")
_INTERVAL = Route(
    BY_INTERVAL,
    continuous.from_interval,
    "reported",
    "((upper - lower)/(2·z))²",
    "Cochrane Handbook 6.3.1",
)
_HR = (
    Route(
        ("hr", "lower", "upper", "level"),
        continuous.hr_interval,
        "ln(HR)",
        "((ln(upper) - ln(lower))/(2·z))²",
        "Cochrane Handbook 6.3.2",
    ),
    Route(BY_SE, binary.reported, "ln(HR) as reported", "SE²", "Cochrane Handbook 6.8.2"),
)

_ALL = (
    MeasureInfo("RR", "Risk ratio", 2, "log", 1.0, "exp", None, (_RR, _SE), ZERO_CELL_ADD),
    MeasureInfo("OR", "Odds ratio", 2, "log", 1.0, "exp", None, (_OR, _SE), ZERO_CELL_ADD),
    MeasureInfo("RD", "Risk difference", 2, "linear", 0.0, "identity", None, (_RD, _SE), ZERO_CELL_ADD),
    MeasureInfo("AS", "Arcsine difference", 2, "linear", 0.0, "identity", None, (_AS, _SE)),
    MeasureInfo("PETO", "Peto odds ratio", 2, "log", 1.0, "exp", None, (_PETO,)),
    MeasureInfo("MD", "Mean difference", 2, "linear", 0.0, "identity", None, (_MD, _SE)),
    MeasureInfo(
        "SMD",
        "Standardised mean difference (Hedges' g)",
        2,
        "linear",
        0.0,
        "identity",
        "SD",
        (_SMD, _SE),
        correctable=True,
    ),
    MeasureInfo(
        "SMD1",
        "Standardised mean difference (Glass's delta, SD of the control group)",
        2,
        "linear",
        0.0,
        "identity",
        "SD",
        (_SMD1, _SE),
        correctable=True,
    ),
    MeasureInfo(
        "ROM", "Ratio of means", 2, "log", 1.0, "exp", None, (_ROM, _SE), correct=False, correctable=True
    ),
    MeasureInfo("MC", "Mean change", 1, "linear", 0.0, "identity", None, (*_MC, _SE)),
    MeasureInfo(
        "SMCC",
        "Standardised mean change (SD of change)",
        1,
        "linear",
        0.0,
        "identity",
        "SD",
        _SMCC,
        correctable=True,
    ),
    MeasureInfo(
        "SMCR",
        "Standardised mean change (SD at baseline)",
        1,
        "linear",
        0.0,
        "identity",
        "SD",
        (_SMCR, _SE),
        correctable=True,
    ),
    MeasureInfo("PR", "Proportion", 1, "linear", None, "percent", "%", (_PR,), ZERO_CELL_ADD),
    MeasureInfo("PLO", "Proportion (logit)", 1, "linear", None, "logit", "%", (_PLO,), ZERO_CELL_ADD),
    MeasureInfo("PAS", "Proportion (arcsine)", 1, "linear", None, "arcsine", "%", (_PAS,)),
    MeasureInfo("PFT", "Proportion (double arcsine)", 1, "linear", None, "double_arcsine", "%", (_PFT,)),
    MeasureInfo("IR", "Incidence rate", 1, "linear", None, "identity", None, (_IR,), ZERO_CELL_ADD),
    MeasureInfo("IRLN", "Incidence rate (log)", 1, "log", None, "exp", None, (_IRLN,), ZERO_CELL_ADD),
    MeasureInfo("IRR", "Incidence rate ratio", 2, "log", 1.0, "exp", None, (_IRR, _SE), ZERO_CELL_ADD),
    MeasureInfo("HR", "Hazard ratio", 2, "log", 1.0, "exp", None, _HR),
    MeasureInfo("GEN", "Effect as reported", 2, "linear", 0.0, "identity", None, (_SE, _VARIANCE, _INTERVAL)),
)

MEASURES: dict[str, MeasureInfo] = {info.code: info for info in _ALL}
"""Every measure by its code."""


def measure_info(measure: str) -> MeasureInfo:
    """Return what is known about `measure`.

    Raises
    ------
    StatsError
        If there is no such measure.
    """
    if measure not in MEASURES:
        raise StatsError(f"There is no measure {measure!r}; known are {', '.join(MEASURES)}.")
    return MEASURES[measure]
