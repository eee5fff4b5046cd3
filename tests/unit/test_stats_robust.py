"""Cluster-robust variances against metafor's robust() and clubSandwich."""

import json
from pathlib import Path

import numpy as np
import pytest
from tolerances import DIRECT, ROBUST

from rheumeta.errors import StatsError
from rheumeta.stats import (
    meta_regression,
    multivariate,
    pool,
    random_outcomes,
    robust,
    three_level,
)

FOLDER = Path(__file__).parents[1] / "reference" / "dependence"
PUBLISHED = json.loads((FOLDER / "published.json").read_text(encoding="utf-8"))
ONE_LEVEL = json.loads((FOLDER / "robust.json").read_text(encoding="utf-8"))
MODERATORS = json.loads((FOLDER / "robust_regression.json").read_text(encoding="utf-8"))

SETTINGS = {
    "adjust_TRUE": {"type": "CR1p", "df": "clusters"},
    "adjust_FALSE": {"type": "CR0", "df": "clusters"},
    "CR2": {"type": "CR2", "df": "satterthwaite"},
}


def compare(ours, theirs, *, rel=ROBUST):
    theirs = {k: np.atleast_1d(v) for k, v in theirs.items() if v is not None}
    unit = float(np.max(ours.se))
    for value, key in (
        (ours.estimate, "estimate"), (ours.se, "se"), (ours.statistic, "tval"), (ours.ci_lb, "ci.lb"),
        (ours.ci_ub, "ci.ub"),
    ):  # fmt: skip
        assert value == pytest.approx(theirs[key], rel=rel, abs=rel * unit)
    assert ours.df == pytest.approx(np.broadcast_to(theirs["df"], ours.se.shape), rel=rel)
    assert ours.pval == pytest.approx(theirs["pval"], rel=100 * rel)
    if "QM" in theirs:
        assert ours.omnibus.statistic == pytest.approx(theirs["QM"][0], rel=10 * rel)
        assert [ours.omnibus.df, ours.omnibus.df2] == pytest.approx(theirs["QMdf"], rel=10 * rel)
        assert ours.omnibus.pval == pytest.approx(theirs["QMp"][0], rel=100 * rel)


@pytest.mark.parametrize("setting", SETTINGS)
def test_three_levels(setting):
    data = PUBLISHED["konstantopoulos2011"]
    fit = three_level(data["inputs"]["yi"], data["inputs"]["vi"], data["inputs"]["district"])
    compare(robust(fit, data["inputs"]["district"], **SETTINGS[setting]), data["robust"][setting])


@pytest.mark.parametrize("setting", SETTINGS)
def test_two_outcomes(setting):
    data = PUBLISHED["berkey1998"]
    i = data["inputs"]
    x = np.array([[o == "AL", o == "PD"] for o in i["outcome"]], dtype=float)
    fit = multivariate(
        i["yi"], data["V"], random=[random_outcomes(i["outcome"], i["trial"])], x=x, names=["AL", "PD"],
        add_intercept=False, df="residual",
    )  # fmt: skip
    compare(robust(fit, i["trial"], **SETTINGS[setting]), data["robust"][setting])


ONE = [(name, m) for name, d in ONE_LEVEL.items() if name != "source" for m in ("REML", "EE") if m in d]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("name", "method"), ONE)
def test_pooled_mean(name, method, setting):
    data = ONE_LEVEL[name]
    fit = pool(data["yi"], data["vi"], method=method)
    ours = robust(fit, data["cluster"], yi=data["yi"], vi=data["vi"], **SETTINGS[setting])
    compare(ours, data[method][setting])


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", [n for n in MODERATORS if n != "source"])
def test_moderators(name, setting):
    data = MODERATORS[name]
    fit = meta_regression(data["yi"], data["vi"], data["x"], names=data["names"])
    compare(robust(fit, data["cluster"], **SETTINGS[setting]), data[setting])


def example():
    y = np.array([0.1, 0.4, 0.3, -0.2, 0.5, 0.6, 0.2])
    return y, np.linspace(0.02, 0.08, 7), list("aabbccd")


def test_corrections_are_factors():
    y, v, cluster = example()
    fit = pool(y, v)
    se = {t: robust(fit, cluster, yi=y, vi=v, type=t).se[0] for t in ("CR0", "CR1", "CR1p")}
    assert se["CR1"] ** 2 == pytest.approx(se["CR0"] ** 2 * 4 / 3, rel=DIRECT)
    assert se["CR1p"] == pytest.approx(se["CR1"], rel=DIRECT)


def test_equal_variances_of_single_effects_give_the_t_test():
    # Each effect its own cluster and equal weights: CR2 is the variance of a mean, with k - 1 df.
    y = np.array([0.3, -0.1, 0.8, 0.2, 0.5])
    ours = robust(pool(y, np.full(5, 0.04)), range(5), yi=y, vi=np.full(5, 0.04))
    assert ours.se[0] == pytest.approx(np.std(y, ddof=1) / np.sqrt(5), rel=1e-12)
    assert ours.df[0] == pytest.approx(4.0, rel=1e-12)
    normal = robust(pool(y, np.full(5, 0.04)), range(5), yi=y, vi=np.full(5, 0.04), df="normal")
    assert normal.df is None
    assert normal.omnibus.statistic == pytest.approx(normal.statistic[0] ** 2, rel=1e-12)


def test_cr2_is_unbiased_under_the_working_model():
    # The mean of the quadratic form is then the model's own variance, whatever the clusters.
    from rheumeta.stats.robustness import _clusters, _pieces, _working

    y, v, cluster = example()
    fit = meta_regression(y, v, [1, 2, 3, 4, 5, 6, 9], names=["dose"], test="z")
    work = _working(fit, None, None)
    pieces = _pieces(work, _clusters(cluster, work), "CR2")
    mean = np.einsum("mpn,nk,mqk->pq", pieces.forms, work.phi, pieces.forms)
    assert mean == pytest.approx(fit.vcov, rel=1e-9)


def test_few_degrees_of_freedom_are_noted():
    y, v, cluster = example()
    ours = robust(pool(y, v), cluster, yi=y, vi=v)
    assert ours.df[0] < 4
    assert "Fewer than four" in ours.summary()
    assert json.loads(json.dumps(ours.to_dict()))["n_clusters"] == 4


def test_faults_say_what_is_wrong():
    y, v, cluster = example()
    fit = pool(y, v)
    for words, call in {
        "give yi and vi": lambda: robust(fit, cluster),
        "labels for": lambda: robust(fit, "ab", yi=y, vi=v),
        "more than 1 clusters": lambda: robust(fit, "a" * 7, yi=y, vi=v),
        "has 7 effects": lambda: robust(fit, "ab", yi=y[:2], vi=v[:2]),
        "type must be": lambda: robust(fit, cluster, yi=y, vi=v, type="CR3"),
        "correlated effects": lambda: robust(three_level([0, 0.1, 5, 5.1, 9, 9.1, 2], v, cluster), range(7)),
        "fit perfectly": lambda: robust(pool([1, 1, 1], [1, 1, 1]), "abc", yi=[1, 1, 1], vi=[1, 1, 1]),
    }.items():
        with pytest.raises(StatsError, match=words):
            call()
