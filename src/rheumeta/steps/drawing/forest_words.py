"""The words of a forest plot: what models, tests and sums are called in each layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rheumeta.numbers import fixed, p_number
from rheumeta.pages.words import main_pooled
from rheumeta.plots import numbers
from rheumeta.plots.forest_house import HOUSES
from rheumeta.plots.records import ForestLayout
from rheumeta.records import Analysis, Interval, Pooled, SubgroupTest
from rheumeta.stats.heterogeneity import i2_from_q

TESTS = {
    "z": "Wald interval",
    "t": "t interval",
    "knha": "Hartung-Knapp interval",
    "adhoc": "Hartung-Knapp interval, not narrower than Wald",
}
METHODS = {"IV": "inverse variance", "MH": "Mantel-Haenszel", "Peto": "Peto"}
SHORT = {"MH": "M-H", "Peto": "Peto"}
"""What RevMan calls methods; all others weight by the inverse variance."""

TURNED = "larger values to the left"
"""Said below an axis that runs the unusual way."""

ONE_STUDY = "One study: shown, not pooled."


@dataclass(frozen=True)
class Words:
    """What a layout calls things."""

    tau2: str
    q: str
    equals: str  # between a name and its number
    p: str
    total: str = ""  # of the one model that is shown; empty: both models are, each by its name
    subtotal: str = "Subtotal"
    heterogeneity: str = "Heterogeneity"
    difference: str = "Test for differences between the groups"
    overall: str = "Test for overall effect"
    study: str = "Study"
    tells_tau2: bool = True


WORDS: dict[ForestLayout, Words] = {
    "standard": Words("τ²", "Q", " = ", "p"),
    "compact": Words("τ²", "Q", " = ", "p"),
    "revman": Words(
        "Tau²", "Chi²", " = ", "P", "Total", "Subtotal", difference="Test for subgroup differences"
    ),
    "bmj": Words(
        "τ²",
        "χ²",
        "=",
        "P",
        "Total",
        heterogeneity="Test for heterogeneity",
        difference="Test for subgroup differences",
    ),
    "jama": Words(
        "τ²",
        "χ²",
        " = ",
        "P",
        "Total",
        difference="Test for subgroup differences",
        study="Source",
        tells_tau2=False,
    ),
}
"""Standard: both models. RevMan, the BMJ and JAMA print one model, and P for the probability."""


def study_heading(layout: ForestLayout) -> str:
    """Return what stands above the names of the studies."""
    return WORDS[layout].study


def shows_one_model(layout: ForestLayout) -> bool:
    """Return whether a layout shows only the model of the analysis."""
    return bool(WORDS[layout].total)


def total_label(pooled: Pooled, layout: ForestLayout, level: float) -> str:
    """Return what stands left of the diamond of a pooled result."""
    if shows_one_model(layout):
        return f"{WORDS[layout].total} ({level:g}%\u00a0CI)"
    return "Random effects" if pooled.model == "random" else "Common effect"


def subtotal_label(layout: ForestLayout, level: float) -> str:
    """Return what stands left of the diamond of a subgroup."""
    return f"{WORDS[layout].subtotal} ({level:g}%\u00a0CI)" if shows_one_model(layout) else "Subtotal"


def method_heading(analysis: Analysis, layout: ForestLayout, level: float) -> str:
    """Return method, model and level as RevMan names them above the effects; nothing in other layouts."""
    if layout != "revman":
        return ""
    pooled = main_pooled(analysis)
    if pooled is None:
        return f"{level:g}%\u00a0CI"
    return f"{SHORT.get(pooled.method, 'IV')}, {pooled.model.capitalize()}, {level:g}%\u00a0CI"


def result_lines(analysis: Analysis, layout: ForestLayout) -> tuple[str, ...]:
    """Return the sentences about heterogeneity and tests below a forest plot."""
    if analysis.status == "single_study":
        return (sentence(analysis.status_reason or ONE_STUDY),)
    if analysis.status != "pooled":
        return (
            sentence(f"Not pooled: {analysis.status_reason}" if analysis.status_reason else "Not pooled"),
        )
    lines = _one_model(analysis, layout) if shows_one_model(layout) else _both_models(analysis)
    random = analysis.random
    if random is not None and random.prediction is None and random.prediction_reason:
        lines.append(_line("No prediction interval", random.prediction_reason))
    return tuple(line for line in lines if line)


def _both_models(analysis: Analysis) -> list[str]:
    random, common = analysis.random, analysis.common
    lines = [_line("Heterogeneity", heterogeneity(pooled)) for pooled in (random or common,) if pooled]
    lines += [_line("Random effects", _method_and_test(random))] if random is not None else []
    return lines + ([_line("Common effect", _method_and_test(common))] if common is not None else [])


def _one_model(analysis: Analysis, layout: ForestLayout) -> list[str]:
    pooled = main_pooled(analysis)
    if pooled is None:
        return []
    words = WORDS[layout]
    how = [METHODS.get(pooled.method, f"inverse variance; {words.tau2} by {pooled.method}")]
    how.append(TESTS.get(pooled.test, pooled.test))
    return [
        _line(words.heterogeneity, heterogeneity(pooled, layout)),
        _line(words.overall, overall_test(pooled, layout)),
        _line("Method", "; ".join(how)),
    ]


def block_lines(pooled: Pooled, layout: ForestLayout) -> tuple[str, ...]:
    """Return the sentences below the studies of a subgroup."""
    if layout != "revman":
        return (heterogeneity(pooled, layout),)
    words = WORDS[layout]
    lines = (
        _line(words.heterogeneity, heterogeneity(pooled, layout)),
        _line(words.overall, overall_test(pooled, layout)),
    )
    return tuple(line for line in lines if line)


def difference_line(test: SubgroupTest, layout: ForestLayout) -> str:
    """Return the test for differences between subgroups; with I² of their results where one model is shown."""
    text = _chi2(test.q, test.df, test.pval, layout)
    if shows_one_model(layout):
        text += f"; I²{WORDS[layout].equals}{i2_from_q(test.q, test.df):.0f}%"
    return _line(WORDS[layout].difference, text)


def heterogeneity(pooled: Pooled, layout: ForestLayout = "standard") -> str:
    """Return tau², I² and the Q test as far as they are known."""
    words = WORDS[layout]
    tau2 = i2 = q = ""
    if words.tells_tau2 and pooled.tau2 is not None and pooled.tau2.estimate is not None:
        tau2 = f"{words.tau2}{words.equals}{_with_limits(pooled.tau2, numbers.significant, layout)}"
    if pooled.i2 is not None and pooled.i2.estimate is not None:
        i2 = f"I²{words.equals}{_with_limits(pooled.i2, lambda v: fixed(v, 0), layout, '%')}"
    if pooled.q is not None and pooled.q_df is not None:
        q = _chi2(pooled.q, pooled.q_df, pooled.q_pval, layout)
    order = (tau2, q, i2) if shows_one_model(layout) else (tau2, i2, q)
    return "; ".join(part for part in order if part)


def overall_test(pooled: Pooled, layout: ForestLayout) -> str:
    """Return the test of a pooled effect against no effect; nothing where there is none."""
    words = WORDS[layout]
    if pooled.statistic is None or pooled.pval is None:
        return ""
    name, df = ("Z", "") if pooled.df is None else ("T", f", df{words.equals}{pooled.df:g}")
    name = name if layout == "revman" else name.lower()
    return f"{name}{words.equals}{fixed(pooled.statistic, 2)}{df}{_p(pooled.pval, layout)}"


def _chi2(q: float, df: float, pval: float | None, layout: ForestLayout) -> str:
    words = WORDS[layout]
    return f"{words.q}{words.equals}{q:.2f}, df{words.equals}{df:g}{_p(pval, layout)}"


def _p(pval: float | None, layout: ForestLayout) -> str:
    """Return a probability behind a statistic: in brackets in RevMan, else after a comma."""
    if pval is None:
        return ""
    words, text = WORDS[layout], _jama_p(pval) if layout == "jama" else p_number(pval)
    sign = words.equals.replace("=", text[0]) if text[0] in "<>" else words.equals
    told = f"{words.p}{sign}{text.lstrip('<> ')}"
    return f" ({told})" if layout == "revman" else f", {told}"


def _jama_p(pval: float) -> str:
    """Return a probability as JAMA prints it: no zero before the point, two digits; three where two would mislead."""
    if pval < 0.001:
        return "< .001"
    if pval > 0.99:
        return "> .99"
    three = pval <= 0.01 or (pval < 0.05 <= round(pval, 2))
    return f"{pval:.{3 if three else 2}f}".lstrip("0")


def _method_and_test(pooled: Pooled) -> str:
    """Return the method and the test of a pooled effect."""
    how = METHODS.get(pooled.method, pooled.method)
    parts = [f"{how}, {TESTS.get(pooled.test, pooled.test)}"]
    if pooled.statistic is not None and pooled.pval is not None:
        name = "z" if pooled.df is None else f"t (df = {pooled.df:g})"
        parts.append(f"{name} = {fixed(pooled.statistic, 2)}, {numbers.p_text(pooled.pval)}")
    return "; ".join(parts)


def _with_limits(
    interval: Interval, form: Callable[[float | None], str], layout: ForestLayout, unit: str = ""
) -> str:
    text = form(interval.estimate) + unit
    if interval.lower is None and interval.upper is None:
        return text
    left, between, right = HOUSES[layout].brackets
    return f"{text} {left}{form(interval.lower)}{between}{form(interval.upper)}{right}"


def _line(name: str, text: str) -> str:
    return f"{name}: {text.rstrip('.')}" if text else ""


def sentence(text: str) -> str:
    """Return `text` with a capital and a full stop."""
    return text[:1].upper() + text[1:].rstrip(".") + "."
