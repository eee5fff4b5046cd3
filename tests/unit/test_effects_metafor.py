"""Effect sizes against R's metafor, case by case."""

import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import EFFECT_SIZE

from rheumeta.errors import StatsError
from rheumeta.stats.effects import MEASURES, effect_size
from rheumeta.stats.transforms import harmonic_mean, inverse_double_arcsine, to_display

FILE = Path(__file__).parents[1] / "reference" / "effects.json"
REFERENCE = json.loads(FILE.read_text(encoding="utf-8"))
VARIANCES = json.loads((FILE.parent / "effect_variances.json").read_text(encoding="utf-8"))
METAFOR_ADD = {"PETO": 0.5}  # metafor corrects Peto's table too; here the default is 0
METAFOR_CORRECT = {"metafor 5.0.1, escalc": {"ROM": True}}  # since 5.0 metafor corrects ROM by default


def options_of(case):
    options = dict(case["options"])
    if case["measure"] in METAFOR_ADD:
        options.setdefault("add", METAFOR_ADD[case["measure"]])
    correct = METAFOR_CORRECT.get(case["source"], {}).get(case["measure"])
    if correct is not None:
        options.setdefault("correct", correct)
    return options


def name_of(case):
    return "-".join([case["name"], case["measure"], *(f"{k}={v}" for k, v in case["options"].items())])


@pytest.mark.parametrize("case", REFERENCE["cases"] + VARIANCES["cases"], ids=name_of)
def test_agrees_with_metafor(case):
    result = effect_size(case["measure"], **case["inputs"], **options_of(case))
    for name in ("yi", "vi"):
        if case[name] is None:
            continue
        expected = np.array([np.nan if value is None else value for value in case[name]])
        np.testing.assert_allclose(
            getattr(result, name), expected, rtol=EFFECT_SIZE, atol=EFFECT_SIZE, equal_nan=True
        )
        assert np.array_equal(np.isnan(expected), ~result.usable)


def test_reference_covers_every_measure_of_counts_and_means():
    covered = {case["measure"] for case in REFERENCE["cases"]}
    assert set(MEASURES) - covered == {"HR", "GEN"}


def test_reference_covers_every_sampling_variance():
    covered = {
        (c["measure"], c["options"].get("vtype", "LS")) for c in REFERENCE["cases"] + VARIANCES["cases"]
    }
    every = {(code, vtype) for code, info in MEASURES.items() for r in info.routes for vtype in r.vtypes}
    assert every - covered == {("HR", "LS"), ("GEN", "LS")}


def test_double_arcsine_back_transformation_by_harmonic_mean():
    back = REFERENCE["double_arcsine"]
    got = to_display("PFT", back["values"], n=harmonic_mean(back["n"]))
    np.testing.assert_allclose(got, 100 * np.array(back["hm"]), rtol=EFFECT_SIZE, atol=EFFECT_SIZE)


def test_double_arcsine_back_transformation_by_own_size():
    back = REFERENCE["double_arcsine"]
    got = inverse_double_arcsine(back["values"], back["own_n"])
    np.testing.assert_allclose(got, back["own"], rtol=EFFECT_SIZE, atol=EFFECT_SIZE)


@pytest.mark.parametrize("measure", ["PR", "PLO", "PAS", "PFT"])
def test_proportions_return_to_percent(measure):
    x, n = np.array([3.0, 7.0, 20.0]), np.array([10.0, 10.0, 80.0])
    sizes = n if measure == "PFT" else None
    got = to_display(measure, effect_size(measure, xi=x, ni=n).yi, n=sizes)
    np.testing.assert_allclose(got, 100 * x / n, rtol=EFFECT_SIZE)


def test_double_arcsine_needs_sizes():
    with pytest.raises(StatsError, match="give n"):
        to_display("PFT", [0.3])
