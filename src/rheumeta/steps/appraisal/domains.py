"""The domains of GRADE that lower the certainty, judged by rules; a person may judge otherwise.

Sources of the rules: Guyatt 2011, J Clin Epidemiol 64: 407 (risk of bias), 1277 (publication bias),
1294 (inconsistency), 1303 (indirectness); Cochrane Handbook version 6, sections 10.10 and 14.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rheumeta.appraised import STEPS, DomainJudgement, MissingResults
from rheumeta.pages.findings import null_value
from rheumeta.pages.numbers import capital, p_equals
from rheumeta.pages.words import includes, main_pooled, shown_result
from rheumeta.records import Analysis
from rheumeta.rob_tools import HIGH, NOT_ASSESSED
from rheumeta.steps.appraisal.material import Material, percent_words, share_with, shares

MOST = 0.5
""""Most information" means more than half of the weight (Cochrane Handbook, table 14.2.a, says most)."""

SOME = frozenset({"low_except_confounding", "some_concerns", "moderate", "unclear", "no_information"})
LOW = "low"

SUBSTANTIAL_I2 = 50.0
CONSIDERABLE_I2 = 75.0
"""Percent; Cochrane Handbook, section 10.10.2."""

CRUCIAL = frozenset({"critical", "very_high"})
"""Overall judgements that make a study nearly useless on their own (ROBINS-I: Sterne 2016, BMJ 355, i4919)."""

SEVERAL = 2
"""High risk in so many domains of a study counts as crucial."""

ASYMMETRY_P = 0.10
"""Below it a test for small-study effects counts (Egger 1997, BMJ 315, 629: these tests have little power)."""

SUSPECTED_MOST = 50.0
"""Percent: results are suspected of more patients than the synthesis has."""

SUSPECTED_SHARE = 20.0
"""Percent of the patients whose results may be missing because of what they are, from which on bias is
taken to be likely. ROB-ME gives no number; this is the upper of the "5 and 20" of losses to follow-up
(Sackett 1997, Evidence-based Medicine, p. 95)."""

INDIRECT_FLAGS = {
    "instrument_mixed": "was measured with a related but different instrument",
    "subgroup_only": "is of a subgroup of the patients",
}

UNSEARCHED = "no search is recorded, so studies may be missing that nobody knows of"
BY_LEVELS = ("not_serious", "serious", "very_serious")


def judgement(domain: str, word: str, reasons: Sequence[str], *, assessed: bool = True) -> DomainJudgement:
    """Return a judgement with its levels."""
    return DomainJudgement(domain, word, STEPS[word], capital("; ".join(reasons)), assessed)


def risk_of_bias(analysis: Analysis, material: Material) -> DomainJudgement:
    """Judge by the share of the weight at high risk, of some concern, and not assessed.

    Two levels where most of the weight has a crucial limitation or several (Handbook, table 14.2.a): the
    tool's worst judgement, or a high risk in two domains or more.
    """
    codes = {"all", analysis.outcome, *material.protocol.outcomes[analysis.outcome].codes}
    weights = {"high": 0.0, "some": 0.0, "low": 0.0, "none": 0.0}
    crucial = 0.0
    for study, share in zip(analysis.studies, shares(analysis), strict=True):
        word = _overall(material, study.study_id, codes)
        if word in HIGH:
            weights["high"] += share
            crucial += share * (word in CRUCIAL or _high_domains(material, study.study_id, codes) >= SEVERAL)
        elif word in SOME:
            weights["some"] += share
        else:
            weights["low" if word == LOW else "none"] += share
    high, some, low, none = weights.values()
    reasons = [f"{percent_words(high)} of the weight is at high risk of bias"] if high else []
    reasons += (
        [f"{percent_words(some)}{'' if high else ' of the weight'} raises some concerns"] if some else []
    )
    reasons += [f"the risk of bias of {percent_words(none)} of the weight is not assessed"] if none else []
    if crucial > MOST:
        reasons.append(f"{percent_words(crucial)} has a crucial limitation or several")
    found = judgement(
        "risk_of_bias",
        "very_serious" if crucial > MOST else "serious" if high + none > MOST else "not_serious",
        reasons or ["all studies are at low risk of bias"],
        assessed=high + some + low > 0,
    )
    return replace(found, noted=high + none > 0)


def _overall(material: Material, study_id: str, codes: set[str]) -> str:
    """Return the overall judgement of a study, one for this outcome before one for all."""
    rows = [
        r
        for r in material.sheets["risk_of_bias"]
        if r["study_id"] == study_id and r["domain"] == "overall" and r["outcome"] in codes
    ]
    rows.sort(key=lambda r: r["outcome"] == "all")
    return rows[0]["judgement"] if rows else NOT_ASSESSED


def _high_domains(material: Material, study_id: str, codes: set[str]) -> int:
    """Return in how many domains a study is at high risk: what is said of this outcome before what is said of all."""
    rows = [r for r in material.sheets["risk_of_bias"] if r["study_id"] == study_id and r["outcome"] in codes]
    rows.sort(key=lambda r: r["outcome"] != "all")
    judged = {r["domain"]: r["judgement"] for r in rows if r["domain"] != "overall"}
    return sum(word in HIGH for word in judged.values())


def inconsistency(analysis: Analysis) -> DomainJudgement:
    """Judge by prediction interval, I2 and whether the studies' intervals overlap and agree in direction.

    A prediction interval that includes no effect where the confidence interval does not says that
    settings differ in what matters (Guyatt 2023, J Clin Epidemiol 158, 70; Handbook 10.10.4.3).
    """
    pooled = main_pooled(analysis)
    if analysis.k < 2:
        return judgement("inconsistency", "not_serious", ["one study: nothing to compare it with"])
    if analysis.status != "pooled" or pooled is None:
        return judgement("inconsistency", "not_serious", ["not pooled: not judged by rule"], assessed=False)
    i2 = _i2(analysis)
    apart = _intervals_apart(analysis)
    reasons = [
        f"I² {i2:.0f}%",
        "intervals of single studies do not overlap" if apart else "all intervals overlap",
    ]
    reasons += ["studies differ in direction"] if _directions_differ(analysis) else []
    result = shown_result(analysis)
    within = result is not None and includes(result.prediction, analysis.null)
    settled = result is not None and includes(result.display, analysis.null) is False
    steps = int(bool(within and settled) or i2 >= CONSIDERABLE_I2 or (i2 >= SUBSTANTIAL_I2 and apart))
    if within and settled:
        reasons.append(f"the prediction interval includes {null_value(analysis)}")
    if i2 >= CONSIDERABLE_I2 and apart and (_directions_differ(analysis) or bool(within and settled)):
        steps = 2
    return judgement("inconsistency", BY_LEVELS[steps], reasons)


def _i2(analysis: Analysis) -> float:
    """Return I2 in percent: of the random-effects model, which the fixed-effect methods lack."""
    known = [
        p.i2.estimate for p in (analysis.random, analysis.common) if p and p.i2 and p.i2.estimate is not None
    ]
    return known[0] if known else 0.0


def _intervals_apart(analysis: Analysis) -> bool:
    lower = [s.effect.lower for s in analysis.studies if s.effect.lower is not None]
    upper = [s.effect.upper for s in analysis.studies if s.effect.upper is not None]
    return bool(lower) and bool(upper) and max(lower) > min(upper)


def _directions_differ(analysis: Analysis) -> bool:
    null = analysis.null
    values = [s.effect.estimate for s in analysis.studies if s.effect.estimate is not None]
    return null is not None and any(v > null for v in values) and any(v < null for v in values)


def indirectness(analysis: Analysis, material: Material) -> DomainJudgement:
    """Judge by the flags of the studies, and by whether the question's comparison was made at all.

    One level for each element of the question that most of the evidence misses, two at most (Guyatt 2011,
    J Clin Epidemiol 64, 1303).
    """
    reasons, missed = [], 0
    for flag, words in INDIRECT_FLAGS.items():
        share = share_with(analysis, [flag])
        if share:
            reasons.append(f"{percent_words(share)} of the weight {words}")
            missed += share > MOST
    compared = any(c.kind == "controlled" for c in material.protocol.comparisons.values())
    if analysis.comparison_kind != "controlled" and compared:
        reasons.append("the question is about a comparison, and there is no control group")
        missed += 1
    word = BY_LEVELS[min(missed, 2)]
    return judgement(
        "indirectness", word, reasons or ["patients, treatment and outcome are those of the question"]
    )


def publication_bias(
    analysis: Analysis, missing: MissingResults | None, *, searched: bool = True
) -> DomainJudgement:
    """Judge by the patients whose results may be missing because of what they are, and by asymmetry.

    Two levels where such results are of more patients than the synthesis has: bias is then very likely.
    Without a recorded search nothing is known of studies that nobody looked for; that is said and costs nothing.
    """
    reasons, serious, most = [], False, False
    hidden = share_with(analysis, ["arm_not_reported"])
    if hidden:
        reasons.append(
            f"{percent_words(hidden)} of the weight is from studies that leave out a treated group"
        )
        serious |= hidden > MOST
    if missing is not None and missing.patients_suspected:
        share, number = missing.share_suspected or 0.0, missing.patients_suspected
        studies = sum(s.suspected for s in missing.studies)
        reasons.append(
            f"{number:.0f} patients of {studies} other {'study' if studies == 1 else 'studies'} "
            f"({share:.0f}% of all) have no usable result, which may be because of what it is"
        )
        serious |= share >= SUSPECTED_SHARE
        most = share > SUSPECTED_MOST
    if (test := analysis.small_studies) is not None:
        asymmetric = test.pval < ASYMMETRY_P
        found = "small studies differ" if asymmetric else "small studies are not seen to differ"
        reasons.append(f"{found} from large ones ({test.name}'s test, p {p_equals(test.pval)})")
        serious |= asymmetric
    reasons = reasons or ["no result is known to be missing because of what it is"]
    if not searched and not serious:
        reasons.append(UNSEARCHED)
    return judgement("publication_bias", BY_LEVELS[serious + most], reasons)
