"""Thirteen more published data sets: effects, tau2, selection models and excess significance."""

import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import (
    CLOSED_FORM,
    EFFECT_SIZE,
    ITERATIVE,
    LIKELIHOOD,
    PROFILE,
    REFITTED,
    UNFINISHED,
    ZERO,
)

from rheumeta.errors import StatsError
from rheumeta.stats import bias, effect_size, pool
from rheumeta.stats.bias.selection_likelihood import SmoothSelection, log_likelihood

FILE = Path(__file__).parents[1] / "reference" / "metafor" / "more_sets.json"
SETS = json.loads(FILE.read_text(encoding="utf-8"))["sets"]
KINDS = ("step", "beta", "halfnorm", "negexp", "logistic", "power")


@pytest.mark.parametrize("name", [n for n, d in SETS.items() if d["measure"] != "ZCOR"])
def test_effects(name):
    data = SETS[name]
    found = effect_size(data["measure"], **data["inputs"])
    corrected_too = data["measure"] == "RD"  # escalc corrects the estimate too, see README
    assert not (corrected_too and found.corrected.any())
    assert found.yi == pytest.approx(np.array(data["yi"]), rel=EFFECT_SIZE, abs=ZERO)
    assert found.vi == pytest.approx(np.array(data["vi"]), rel=EFFECT_SIZE)


@pytest.mark.parametrize("name", SETS)
def test_estimators_of_tau2_with_hartung_knapp_and_q_profile(name):
    data = SETS[name]
    scale = float(np.median(data["vi"]))
    for method, theirs in data["estimators"].items():
        ours = pool(data["yi"], data["vi"], method=method, test="knha")
        rel = CLOSED_FORM if method in ("DL", "HE", "HS") else ITERATIVE
        for field in ("tau2", "estimate", "se", "ci_lb", "ci_ub", "i2"):
            value = theirs[field]
            size = {"tau2": scale, "i2": 100.0}.get(field, scale**0.5)
            assert getattr(ours, field) == pytest.approx(value, rel=rel, abs=1e-9 * size), (method, field)
        for field in ("tau2_lb", "tau2_ub"):
            assert getattr(ours, field) == pytest.approx(theirs[field], rel=PROFILE, abs=1e-9 * scale)


@pytest.mark.parametrize("name", SETS)
def test_median_unbiased_generalised_q(name):
    data = SETS[name]
    ours = pool(data["yi"], data["vi"], method="GENQM", tau2_weights=1 / np.sqrt(data["vi"])).tau2
    assert ours == pytest.approx(data["genqm"], rel=1e-7, abs=1e-9 * np.median(data["vi"]))


@pytest.mark.parametrize("name", SETS)
def test_excess_significance_and_its_limit(name):
    data, theirs = SETS[name], SETS[name]["excess"]
    ours = bias.excess_significance(data["yi"], data["vi"])
    assert ours.observed == theirs["observed"]
    assert ours.expected == pytest.approx(theirs["expected"], rel=CLOSED_FORM)
    assert ours.statistic == pytest.approx(theirs["statistic"], rel=1e-9)
    assert ours.pval == pytest.approx(theirs["pval"], rel=1e-8)
    if ours.theta_limit is None:
        assert theirs["theta_limit"] is None
    elif theirs["theta_limit"] is not None:
        assert ours.theta_limit == pytest.approx(theirs["theta_limit"], rel=REFITTED, abs=1e-4)


NO_STEP = {"axfors2021_or", "hine1989_rd"}
"""No study has p <= 0.025 on the side of the mean."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SETS)
def test_selection_models(name, kind):
    data, theirs = SETS[name], SETS[name]["selection"]
    y, v, alternative = np.array(data["yi"]), np.array(data["vi"]), theirs["alternative"]
    if kind == "step" and name in NO_STEP:
        with pytest.raises(StatsError, match="no study has a p value"):
            bias.selection_model(y, v, alternative=alternative)
        return
    ours = bias.selection_model(y, v, type=kind, alternative=alternative)
    if theirs[kind] is None:  # metafor found no maximum
        return
    their_height, sign = theirs[kind]["ll"], -1.0 if alternative == "less" else 1.0
    if kind != "step":  # metafor's own integrals are not exact
        seen, at = SmoothSelection(kind, sign * y, v, two_sided=False), theirs[kind]
        point = (sign * at["estimate"], at["tau2"], np.atleast_1d(at["delta"]))
        their_height = log_likelihood(sign * y, v, seen, point)
    assert ours.log_likelihood >= their_height - LIKELIHOOD
    if ours.log_likelihood < their_height + UNFINISHED:  # otherwise metafor's is not the highest maximum
        assert ours.estimate == pytest.approx(theirs[kind]["estimate"], abs=0.05 * ours_error(ours, v))


def ours_error(fit, v):
    """Return the standard error of a fit, or that of its best study where there is none."""
    return fit.se if fit.se is not None else float(np.sqrt(v.min()))
