"""What every public function of the statistics promises: named fields, a summary, clear refusals."""

import dataclasses
import json

import numpy as np
import pytest

from rheumeta import stats
from rheumeta.errors import StatsError

INPUTS = {"RandomTerm"}
"""Public dataclasses that are arguments, not results."""

Y, V = np.array([0.1, 0.3, -0.2, 0.5, 0.0, 0.4]), np.array([0.01, 0.02, 0.05, 0.03, 0.02, 0.1])


def public(of):
    return {name: getattr(of, name) for name in of.__all__}


def test_every_result_is_frozen_and_can_be_read():
    classes = {**public(stats), **public(stats.bias)}
    results = [c for n, c in classes.items() if dataclasses.is_dataclass(c) and n not in INPUTS]
    assert len(results) > 30
    for result in results:
        assert result.__dataclass_params__.frozen, result
        assert callable(result.summary), result
        assert callable(result.to_dict), result


def test_results_that_say_one_line_a_field():
    es = stats.effect_size("RR", ai=[1, 0], n1i=[10, 10], ci=[2, 0], n2i=[10, 10], drop00=True)
    assert "[1] no estimate" in es.summary()
    assert es.to_dict()["yi"][1] is None
    said = [
        stats.fisher([0.01, 0.2]), stats.sign_test(7, 2), stats.binomial_interval(3, 10), stats.baujat(Y, V),
        stats.subgroup_test(Y, V, list("aaabbb")), stats.radial(Y, V),
        stats.bubble_data(stats.meta_regression(Y, V, Y**2, names=["x"]), "x"),
    ]  # fmt: skip
    for result in said:
        assert len(result.summary()) > 20
        json.dumps(result.to_dict(), allow_nan=False)


TWO_GROUPS = list("ababab")
ESTIMATORS = {
    **{f"pool {m}": (lambda y, v, m=m: stats.pool(y, v, method=m)) for m in stats.METHODS if "GENQ" not in m},
    **{
        f"pool {m}": (lambda y, v, m=m: stats.pool(y, v, method=m, tau2_weights=np.ones(len(y))))
        for m in ("GENQ", "GENQM")
    },
    **{
        f"selection {t}": (lambda y, v, t=t: stats.bias.selection_model(y, v, type=t))
        for t in stats.bias.SELECTION_TYPES
    },
    **{
        f.__name__: f
        for f in (
            stats.henmi_copas, stats.influence, stats.baujat, stats.radial, stats.cumulative, stats.gosh, stats.funnel,
            stats.leave_one_out, stats.permutation_test, stats.tau2_interval, stats.bootstrap_prediction,
            stats.bias.egger, stats.bias.begg, stats.bias.trim_fill, stats.bias.pet_peese, stats.bias.limit_meta,
            stats.bias.fail_safe_n, stats.bias.excess_significance,
        )
    },
    "meta_regression": lambda y, v: stats.meta_regression(y, v, np.arange(len(y)), names=["x"]),
    "three_level": lambda y, v: stats.three_level(y, v, TWO_GROUPS[: len(y)]),
    "location_scale": lambda y, v: stats.location_scale(y, v, np.arange(len(y)) % 2, scale_names=["z"]),
    "subgroup_test": lambda y, v: stats.subgroup_test(y, v, TWO_GROUPS[: len(y)]),
}  # fmt: skip


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    ("y", "v"),
    [
        ([], []),
        ([0.1, np.nan, 0.2, 0.4], [0.1] * 4),
        ([0.1, np.inf, 0.2, 0.4], [0.1] * 4),
        ([0.1, 0.3, 0.2, 0.4], [0.1, 0.0, 0.1, 0.1]),
        ([0.1, 0.3, 0.2, 0.4], [0.1, -1.0, 0.1, 0.1]),
        ([0.1, 0.3, 0.2, 0.4], [0.1, np.inf, 0.1, 0.1]),
        ([0.1, 0.3, 0.2], [0.1, 0.1]),
    ],
)
def test_what_cannot_be_is_refused_in_words(name, y, v):
    with pytest.raises(StatsError) as refusal:
        ESTIMATORS[name](np.array(y), np.array(v))
    assert len(str(refusal.value)) > 20
