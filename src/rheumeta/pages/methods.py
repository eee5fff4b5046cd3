"""The methods section: formulas of what this review used, each with its source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rheumeta.pages.analyses import METHOD_NAMES
from rheumeta.pages.numbers import number
from rheumeta.records import Analysis, Synthesis

CELLS = "a of n₁ treated and c of n₂ controls with the event; b and d without"


@dataclass(frozen=True)
class Formula:
    """One formula: what it is, the formula in plain signs, where it comes from."""

    name: str
    formula: str
    source: str
    note: str = ""


MEASURE_FORMULAS: dict[str, Formula] = {
    "RR": Formula("Risk ratio", "y = ln(a/n₁) − ln(c/n₂);  v = 1/a − 1/n₁ + 1/c − 1/n₂",
                  "Katz and others 1978", CELLS),
    "OR": Formula("Odds ratio", "y = ln(ad/bc);  v = 1/a + 1/b + 1/c + 1/d", "Woolf 1955", CELLS),
    "PETO": Formula("Peto odds ratio", "y = (O − E)/V;  v = 1/V;  O = a;  E = (a+c)n₁/n;  "
                    "V = n₁n₂(a+c)(b+d) / (n²(n−1))", "Yusuf and others 1985", CELLS),
    "RD": Formula("Risk difference", "y = a/n₁ − c/n₂;  v = ab/n₁³ + cd/n₂³",
                  "binomial variance of each group; Cochrane Handbook 10.4", CELLS),
    "AS": Formula("Arcsine difference", "y = arcsin√(a/n₁) − arcsin√(c/n₂);  v = 1/4n₁ + 1/4n₂",
                  "Rücker and others 2009", CELLS),
    "MD": Formula("Mean difference", "y = m₁ − m₂;  v = SD₁²/n₁ + SD₂²/n₂", "Cochrane Handbook 10.5"),
    "SMD": Formula("Standardised mean difference", "y = J(N−2)·(m₁ − m₂)/SD;  v = 1/n₁ + 1/n₂ + y²/2N;  "
                   "J(m) = Γ(m/2) / (√(m/2)·Γ((m−1)/2))", "Hedges 1981; Hedges 1982",
                   "SD pooled over both groups, N = n₁ + n₂"),
    "SMD1": Formula("Glass's delta", "y = J(n₂−1)·(m₁ − m₂)/SD₂;  v = 1/n₁ + 1/n₂ + y²/2n₂",
                    "Glass 1976; Hedges 1981"),
    "ROM": Formula("Ratio of means", "y = ln(m₁/m₂);  v = SD₁²/(n₁m₁²) + SD₂²/(n₂m₂²)",
                   "Hedges, Gurevitch and Curtis 1999"),
    "MC": Formula("Mean change", "y = m₁ − m₀;  v = SD²/n;  SD² = SD₀² + SD₁² − 2r·SD₀·SD₁ where the SD "
                  "of the change is not reported", "Cochrane Handbook 6.5.2.8",
                  "m₀ before and m₁ after in the same n patients; r their correlation"),
    "SMCC": Formula("Standardised mean change (SD of change)", "y = J(n−1)·(m₁ − m₀)/SD of change;  "
                    "v = 1/n + y²/2n", "Gibbons and others 1993; Morris and DeShon 2002"),
    "SMCR": Formula("Standardised mean change (SD at baseline)", "y = J(n−1)·(m₁ − m₀)/SD₀;  "
                    "v = 2(1−r)/n + y²/2n", "Becker 1988"),
    "PR": Formula("Proportion", "y = x/n;  v = x(n−x)/n³", "binomial variance"),
    "PLO": Formula("Proportion on the logit scale", "y = ln(x/(n−x));  v = 1/x + 1/(n−x)", "delta method"),
    "PAS": Formula("Proportion on the arcsine scale", "y = arcsin√(x/n);  v = 1/4n", "delta method"),
    "PFT": Formula("Proportion on the double-arcsine scale", "y = ½(arcsin√(x/(n+1)) + "
                   "arcsin√((x+1)/(n+1)));  v = 1/(4n+2)", "Freeman and Tukey 1950; back by Miller 1978"),
    "IR": Formula("Incidence rate", "y = x/t;  v = x/t²", "Poisson variance"),
    "IRLN": Formula("Incidence rate on the log scale", "y = ln(x/t);  v = 1/x", "delta method"),
    "IRR": Formula("Incidence rate ratio", "y = ln(x₁/t₁) − ln(x₂/t₂);  v = 1/x₁ + 1/x₂",
                   "Cochrane Handbook 6.7.1"),
    "HR": Formula("Hazard ratio", "y = ln HR;  √v = (ln upper − ln lower) / 2z", "Cochrane Handbook 6.3.2"),
}  # fmt: skip
"""How each measure and its sampling variance are computed."""

TAU2_SOURCES: dict[str, str] = {
    "DL": "DerSimonian and Laird 1986",
    "PM": "Paule and Mandel 1982",
    "REML": "Viechtbauer 2005",
    "ML": "Viechtbauer 2005",
    "SJ": "Sidik and Jonkman 2005",
    "HS": "Hunter and Schmidt 1990",
    "EB": "Morris 1983",
    "HE": "Hedges 1983",
}

POOLING_FORMULAS: tuple[Formula, ...] = (
    Formula("Pooled effect", "μ = Σwᵢyᵢ / Σwᵢ;  wᵢ = 1/(vᵢ + τ²);  SE = 1/√Σwᵢ",
            "DerSimonian and Laird 1986; Cochrane Handbook 10.10.4",
            "τ² = 0 gives the common-effect result"),
    Formula("Hartung-Knapp interval", "μ ± t(k−1)·√(q/Σwᵢ);  q = Σwᵢ(yᵢ − μ)²/(k−1)",
            "Hartung and Knapp 2001"),
    Formula("Heterogeneity", "Q = Σ(yᵢ − μ₀)²/vᵢ;  I² = τ²/(τ² + s²);  H² = (τ² + s²)/s²",
            "Cochran 1954; Higgins and Thompson 2002",
            "μ₀ the common-effect result, s² the typical variance within studies"),
    Formula("Interval of τ²", "the values of τ² at which Q(τ²) equals the quantiles of χ² with k−1 degrees "
            "of freedom", "Viechtbauer 2007"),
    Formula("Prediction interval", "μ ± t(k−1)·√(τ² + SE²)",
            "Veroniki and others 2019; IntHout and others 2016"),
)  # fmt: skip
"""How studies are pooled."""

TEST_WORDS = {
    "cochrane": "Hartung-Knapp where there are at least three studies and τ² is above zero, else the normal "
    "interval (Cochrane Handbook 10.10.4.4)",
    "z": "the normal interval",
    "knha": "Hartung-Knapp",
    "adhoc": "Hartung-Knapp, not narrower than the normal interval (Knapp and Hartung 2003)",
}

UNPOOLED_WORDS = (
    ("Direction of effect", "Each result is marked better, worse, no change or unclear, whatever its p "
     "value; significance is not counted as a vote (Cochrane Handbook 12.2.1.3; Boon and Thomson 2021)."),
    ("Sign test", "Exact two-sided binomial test of better against worse with probability ½, with the exact "
     "interval of the share (Clopper and Pearson 1934); each cohort once."),
    ("Combined p values", "Only where exact p values are given (Cochrane Handbook 12.2.1.2)."),
    ("Albatross plot", "Number of patients against p value with contours of equal effect (Harrison and "
     "others 2017)."),
)  # fmt: skip


@dataclass(frozen=True)
class Methods:
    """What the methods section shows."""

    measures: tuple[Formula, ...]
    pooling: tuple[Formula, ...]
    choices: tuple[tuple[str, str], ...]  # choice of the protocol and what it says
    unpooled: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]


def methods_view(synthesis: Synthesis, protocol: Mapping[str, Any], versions: Mapping[str, str]) -> Methods:
    """Return the methods of one review: only the formulas that it used."""
    used = dict.fromkeys(a.measure for a in synthesis.analyses)
    return Methods(
        measures=tuple(MEASURE_FORMULAS[m] for m in used if m in MEASURE_FORMULAS),
        pooling=POOLING_FORMULAS,
        choices=tuple(_choices(protocol.get("defaults", {}), synthesis.analyses)),
        unpooled=UNPOOLED_WORDS,
        versions=tuple(versions.items()),
    )


def _choices(defaults: Mapping[str, Any], analyses: Iterable[Analysis]) -> Iterable[tuple[str, str]]:
    method = str(defaults.get("method", "REML"))
    name = METHOD_NAMES.get(method, method)
    yield "Variance between studies (τ²)", f"{name} ({TAU2_SOURCES.get(method, method)})"
    test = str(defaults.get("test", "cochrane"))
    yield "Interval of the pooled effect", TEST_WORDS.get(test, test)
    yield "Level of intervals", f"{defaults.get('level', 95):g}%"
    yield "Prediction interval", f"from {defaults.get('prediction_min_k', 5)} studies on"
    yield from _data_choices(defaults)
    own = sorted({a.random.method for a in analyses if a.random and a.random.method != method})
    if own:
        yield "Other estimators of single analyses", ", ".join(METHOD_NAMES.get(m, m) for m in own)


def _data_choices(defaults: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    r = number(defaults.get("correlation", 0.5), digits=2)
    source = "from studies that allow it, else " if defaults.get("correlation_source") != "protocol" else ""
    yield "Correlation of baseline and follow-up", f"{source}{r}"
    yield (
        "Zero cells",
        f"{defaults.get('zero_cells', 0.5):g} is added to each cell of a study with a zero cell",
    )
    double = defaults.get("double_zero", "leave_out") == "leave_out"
    yield "No event in either group", "left out of ratios" if double else "kept, with the correction"
    shared = defaults.get("shared_control", "combine") == "combine"
    yield (
        "Several treated arms, one control",
        (
            "the treated arms are combined (Cochrane Handbook 6.5.2.10)"
            if shared
            else "the control group is split between them (Cochrane Handbook 23.3.4)"
        ),
    )
    yield (
        "Several studies of one cohort",
        {
            "largest": "the one with the most patients counts",
            "longest": "the one with the latest time counts",
            "first": "the first in the sheet counts",
        }[str(defaults.get("cohort", "largest"))],
    )
