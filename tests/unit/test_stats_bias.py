"""Small-study effects against metafor and meta; the files name their versions."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import CLOSED_FORM, DIRECT, ITERATIVE, P_VALUE, REFITTED, ZERO

from rheumeta.errors import StatsError
from rheumeta.stats import bias, breslow_day, funnel, mantel_haenszel_rates, meta_regression, pool

FOLDER = Path(__file__).parents[1] / "reference" / "bias"
SETS = json.loads((FOLDER / "funnel.json").read_text(encoding="utf-8"))["sets"]
BY_HAND = json.loads((FOLDER / "by_hand.json").read_text(encoding="utf-8"))


def having(block):
    return [name for name in SETS if block in SETS[name]]


def cells(name):
    return [SETS[name][key] for key in ("ai", "n1i", "ci", "n2i")]


def agrees(ours, theirs, rel, absolute=0.0):
    return ours == pytest.approx(theirs, rel=rel, abs=absolute)


@pytest.mark.parametrize("model", ["lm", "rma"])
@pytest.mark.parametrize("name", [n for n in having("regtest") if n != "syn_equal"])
def test_egger_with_every_predictor(name, model):
    data = SETS[name]
    rel = CLOSED_FORM if model == "lm" else ITERATIVE
    names = {
        "intercept": "intercept",
        "slope": "slope",
        "statistic": "zval",
        "slope_se": "slope.se",
        "intercept_lb": "limit.ci.lb",
        "intercept_ub": "limit.ci.ub",
    }
    for predictor, theirs in data["regtest"][model].items():
        found = bias.egger(data["yi"], data["vi"], predictor=predictor, model=model, ni=data.get("ni"))
        for ours, key in names.items():
            if isinstance(theirs.get(key), float):
                assert agrees(getattr(found, ours), theirs[key], rel, 1e-15)
        assert agrees(found.pval, theirs["pval"], P_VALUE)
        if "tau2" in theirs:
            assert agrees(found.tau2, theirs["tau2"], rel, ZERO)


def test_effects_on_a_line_have_no_residual_to_test_by():
    data = SETS["syn_equal"]
    with pytest.raises(StatsError, match="straight line"):
        bias.egger(data["yi"], data["vi"])


def test_egger_is_the_regression_of_deviates_on_precision():
    # Egger et al. (1997): y / se on 1 / se without weights; the intercept is the bias.
    data = SETS["bcg_or"]
    y, se = np.array(data["yi"]), np.sqrt(data["vi"])
    design = np.column_stack([np.ones(y.size), 1 / se])
    coefficients, residual = np.linalg.lstsq(design, y / se, rcond=None)[:2]
    found = bias.egger(y, se**2)
    assert agrees([found.slope, found.intercept], coefficients, 1e-12)
    assert agrees(found.dispersion, residual[0] / (y.size - 2), 1e-12)


@pytest.mark.parametrize("name", having("ranktest"))
def test_begg(name):
    data = SETS[name]
    found = bias.begg(data["yi"], data["vi"])
    assert agrees(found.tau, data["ranktest"]["tau"], CLOSED_FORM)
    # R takes the far tail as 1 less the rest, which leaves rounding of the order of 1e-14.
    assert agrees(found.pval, data["ranktest"]["pval"], P_VALUE, ZERO)


def test_begg_by_the_normal_distribution_is_near_the_exact_one():
    data = SETS["curtis1998_rom"]
    exact, normal = (bias.begg(data["yi"], data["vi"], exact=e) for e in (True, False))
    assert exact.exact
    assert not normal.exact
    assert exact.pval == pytest.approx(normal.pval, abs=1e-3)


def test_exact_ranks_by_hand():
    # Four studies in the same order: of 24 orders one is as extreme on each side.
    assert bias.begg([0.1, 0.4, 0.9, 1.6], [1.0, 1.1, 1.2, 1.3]).pval == pytest.approx(2 / 24)


TABLE_TESTS = {"Harbord": bias.harbord, "Peters": bias.peters, "Deeks": bias.deeks}


@pytest.mark.parametrize("name", [n for n in having("meta") if n.endswith("_or")])
@pytest.mark.parametrize("test", TABLE_TESTS)
def test_two_by_two(name, test):
    found, theirs = TABLE_TESTS[test](*cells(name)), SETS[name]["meta"][test]
    assert agrees(found.statistic, theirs["stat"], CLOSED_FORM)
    assert agrees(found.pval, theirs["pval"], P_VALUE)
    assert agrees(found.slope, theirs["bias"], CLOSED_FORM)
    assert agrees(found.slope_se, theirs["se.bias"], CLOSED_FORM)
    assert found.df == theirs["df"]


def test_peters_of_risk_ratios():
    found, theirs = bias.peters(*cells("bcg_rr"), measure="RR"), SETS["bcg_rr"]["meta"]["Peters"]
    assert agrees(found.statistic, theirs["stat"], CLOSED_FORM)


@pytest.mark.parametrize("name", BY_HAND["arcsine"])
def test_arcsine(name):
    theirs = BY_HAND["arcsine"][name]
    for model in ("lm", "rma"):
        found = bias.arcsine(*cells(name), model=model)
        assert agrees(found.statistic, theirs[model]["statistic"], CLOSED_FORM)
        assert agrees(found.pval, theirs[model]["pval"], P_VALUE)


def test_studies_without_information_are_left_out_and_noted():
    tables = ([0, 3, 5, 2, 9], [10, 20, 30, 40, 50], [0, 5, 4, 6, 12], [10, 20, 30, 40, 50])
    found = bias.harbord(*tables)
    assert found.k == 4
    assert any("left out" in note for note in found.notes)


@pytest.mark.parametrize("name", having("trimfill"))
@pytest.mark.parametrize("method", ["EE", "REML"])
def test_trim_and_fill(name, method):
    data = SETS[name]
    for label, theirs in data["trimfill"].get(method, {}).items():
        estimator, _, side = label.partition("_")
        if theirs.get("error", "").startswith("missing value"):
            with pytest.raises(StatsError, match="Q0"):
                bias.trim_fill(data["yi"], data["vi"], estimator=estimator, method=method)
            continue
        found = bias.trim_fill(
            data["yi"], data["vi"], estimator=estimator, side=side or None, method=method, test="z"
        )
        if "error" in theirs:  # metafor gives up on these two: all effects equal, variances of size 1e-10
            assert name in ("syn_equal", "syn_tiny_scale")
            continue
        assert found.k0 == theirs["k0"]
        # metafor fits the filled data with its default stopping rule, 1e-5 in absolute terms.
        rel = CLOSED_FORM if method == "EE" else REFITTED
        unit = float(np.sqrt(np.median(data["vi"])))
        assert agrees(found.filled.estimate, theirs["estimate"], rel, ZERO * unit)
        assert agrees(found.filled.se, theirs["se"], rel)
        if "side" in theirs and theirs["side"] and name != "syn_equal":
            assert found.side == theirs["side"]
        if theirs.get("se.k0") is not None:
            assert agrees(found.se_k0, theirs["se.k0"], ITERATIVE)
        if "p.k0" in theirs:
            assert agrees(found.k0_pval, theirs["p.k0"], DIRECT)


def test_filled_studies_mirror_the_trimmed_ones():
    data = SETS["egger2001_or"]
    found = bias.trim_fill(data["yi"], data["vi"], method="EE", test="z")
    assert found.filled.k == found.original.k + found.k0
    # Half of each mirror pair lies on each side of the centre of the trimmed analysis.
    extreme = np.sort(data["yi"])[: found.k0]
    centre = (np.sort(found.filled_yi)[::-1] + extreme) / 2
    assert agrees(centre, np.full(found.k0, centre[0]), 1e-12)


@pytest.mark.parametrize("name", having("fsn"))
def test_fail_safe_numbers(name):
    data = SETS[name]
    for label, theirs in data["fsn"].items():
        kind, _, weighted = label.partition("_")
        found = bias.fail_safe_n(data["yi"], data["vi"], type=kind, weighted=bool(weighted))
        if (name, kind) == ("syn_bimodal_a", "General"):  # metafor stays at the lower maximum, tau2 = 0
            continue
        # metafor's search for the general number ends at the first that is enough or one later.
        late = kind == "General" and found.number == theirs["fsnum"] - 1
        assert late or found.number == theirs["fsnum"]
        rough = kind == "General"  # metafor fits at its default accuracy here; p magnifies the error
        if "pval" in theirs:
            assert agrees(found.pval, theirs["pval"], 50 * REFITTED if rough else P_VALUE)
        if "meanes" in theirs:
            assert agrees(found.estimate, theirs["meanes"], REFITTED if rough else CLOSED_FORM)


def test_the_general_fail_safe_number_is_the_first_that_is_enough():
    # Direct algebra: studies without effect added one at a time to six of one effect, tau2 = 0.
    data = SETS["syn_equal"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    found, typical = bias.fail_safe_n(y, v, type="General"), 6 / (1 / v).sum()
    z = []
    for n in range(1, found.number + 1):
        between = np.var([0.25] * 6 + [0.0] * n, ddof=1)
        w, w0 = 1 / (v + between), n / (typical + between)
        z.append((w * y).sum() / np.sqrt(w.sum() + w0))
    assert z[-1] <= 1.959963984540054 < min(z[:-1])
    common = bias.fail_safe_n(y, v, type="General", method="EE")
    assert common.number == bias.fail_safe_n(y, v, type="Rosenberg").number


@pytest.mark.parametrize("name", having("tes"))
def test_excess_significance(name):
    data = SETS[name]
    for method, theirs in data["tes"].items():
        if (name, method) == ("syn_bimodal_a", "REML"):  # metafor stays at the lower maximum, tau2 = 0
            continue
        found = bias.excess_significance(data["yi"], data["vi"], method=method)
        # With tau2 metafor integrates the power numerically; here it is one normal probability.
        rel = CLOSED_FORM if method == "EE" else REFITTED
        assert found.observed == theirs["O"]
        assert agrees(found.expected, theirs["E"], rel)
        assert agrees(found.pval, theirs["pval"], 10 * rel)
        assert agrees(found.binomial_pval, theirs["binom.pval"], 10 * rel)


@pytest.mark.parametrize("name", BY_HAND["limit"])
def test_limit_meta_analysis(name):
    data = BY_HAND["limit"][name]
    found = bias.limit_meta(data["yi"], data["vi"])
    for key in (
        "tau2",
        "estimate",
        "se",
        "ci_lb",
        "ci_ub",
        "intercept",
        "intercept_se",
        "slope",
        "q",
        "q_rest",
    ):
        assert agrees(getattr(found, key), data[key], ITERATIVE)
    assert agrees(found.q_small + found.q_rest, found.q, DIRECT)
    assert found.limit_yi.mean() != pytest.approx(np.mean(data["yi"]))


THIRD_WAVE_YI = [
    0.7091362, 0.3548641, 1.7911700, 0.1824552, 0.4218509, 0.6300000, 0.7248838, 0.5286638, 0.2840000,
    1.2750682, 0.1036082, 0.3883906, 0.5407398, 0.4261593, 0.5153969, 1.4797260, 0.6125782, 0.6000000,
]  # fmt: skip
THIRD_WAVE_SEI = [
    0.2608202, 0.1963624, 0.3455692, 0.1177874, 0.1448128, 0.1960000, 0.2246641, 0.2104609, 0.1680000,
    0.3371997, 0.1947275, 0.2307689, 0.2443133, 0.2579379, 0.3512737, 0.3152817, 0.2266834, 0.2490000,
]  # fmt: skip
THIRD_WAVE_LIMITS = [
    -0.05, -0.09, 0.34, 0.00, 0.13, 0.13, 0.09, 0.00, -0.05, 0.04, -0.29, -0.18, -0.11, -0.25, -0.48, 0.26, 0.00, -0.09,
]  # fmt: skip
"""Effects of eighteen trials of psychotherapies (data set ThirdWave) and the output of metasens on them, as
printed by Harrer, Cuijpers, Furukawa and Ebert (2022), Doing Meta-Analysis with R, section 9.2.1."""


def test_limit_meta_analysis_as_printed():
    yi, vi = THIRD_WAVE_YI, np.square(THIRD_WAVE_SEI)
    found = bias.limit_meta(yi, vi, error="radial")
    printed = [found.estimate, found.ci_lb, found.ci_ub, found.original.estimate]
    assert [round(x, 4) for x in printed] == [-0.0345, -0.3630, 0.2940, 0.5771]
    assert round(found.statistic, 2) == -0.21
    assert round(found.pval, 4) == 0.8367
    assert found.limit_yi == pytest.approx(THIRD_WAVE_LIMITS, abs=0.0101)  # printed digits are cut off
    assert bias.limit_meta(yi, vi).estimate == found.estimate
    assert bias.limit_meta(yi, vi).se > found.se


def test_without_heterogeneity_the_limit_is_the_line_at_standard_error_zero():
    data = SETS["syn_bimodal_a"]
    limit = bias.limit_meta(data["yi"], data["vi"], method="EE")
    assert agrees(bias.limit_meta(data["yi"], data["vi"], method="EE", error="radial").se, limit.se, 1e-12)
    sei = np.sqrt(data["vi"])
    line = meta_regression(data["yi"], data["vi"], sei, names=["sei"], method="EE", test="z")
    assert agrees(limit.estimate, line.estimate[0], 1e-12)
    assert agrees(limit.limit_yi, np.full(len(sei), limit.estimate), 1e-12)


def test_pet_and_peese_are_the_intercepts_of_eggers_lines():
    data = SETS["bangertdrowns2004_smd"]
    lines, found = data["regtest"]["lm"], bias.pet_peese(data["yi"], data["vi"])
    assert agrees(found.pet.intercept, lines["sei"]["intercept"], CLOSED_FORM)
    assert agrees(found.peese.intercept, lines["vi"]["intercept"], CLOSED_FORM)
    chosen = found.peese if found.pet_pval < 0.1 else found.pet
    assert (found.estimate, found.se) == (chosen.intercept, chosen.intercept_se)
    always = bias.pet_peese(data["yi"], data["vi"], pet_level=0.999999)
    assert always.chosen == "PEESE"


@pytest.mark.parametrize("name", having("mh"))
def test_mantel_haenszel_of_rates(name):
    data, measure = SETS[name], name.rsplit("_")[-1].upper()
    counts = [data[key] for key in ("x1i", "t1i", "x2i", "t2i")]
    for label, theirs in data["mh"].items():
        found = mantel_haenszel_rates(*counts, measure=measure, correct=label == "corrected")
        names = {
            "estimate": "estimate",
            "se": "se",
            "ci_lb": "ci.lb",
            "ci_ub": "ci.ub",
            "q": "Q",
            "h2": "H2",
            "i2": "I2",
        }
        for ours, key in names.items():
            assert agrees(getattr(found, ours), theirs[key], CLOSED_FORM)
        assert agrees(found.pval, theirs["pval"], P_VALUE)
        assert agrees(found.q_pval, theirs["Qp"], P_VALUE)
        if measure == "IRR":
            assert agrees([found.cmh, found.cmh_pval], [theirs["MH"], theirs["MHp"]], P_VALUE)


def test_a_rate_without_events_is_said_to_be_undefined():
    with pytest.raises(StatsError, match="no events in all"):
        mantel_haenszel_rates([0, 0], [10, 20], [1, 2], [10, 20])


@pytest.mark.parametrize("name", having("homogeneity"))
def test_breslow_day_and_tarone(name):
    found, theirs = breslow_day(*cells(name)), SETS[name]["homogeneity"]
    ours = [found.breslow_day, found.tarone, found.breslow_day_pval, found.tarone_pval]
    assert agrees(ours, [theirs[key] for key in ("BD", "TA", "BDp", "TAp")], P_VALUE)


def test_expected_counts_have_the_odds_ratio_asked_for():
    a, n1, c, n2 = (np.array(x, dtype=float) for x in cells("nielweise2007_or"))
    for log_or in (-3.0, 0.0, 1e-9, 2.0):
        fitted = breslow_day(a, n1, c, n2, log_or=log_or).expected
        use = ~np.isnan(fitted)
        x, m = fitted[use], (a + c)[use]
        odds = x * (n2[use] - m + x) / ((n1[use] - x) * (m - x))
        assert agrees(np.log(odds), np.full(x.size, log_or), 1e-9, 1e-9)


def test_funnel():
    data = SETS["egger2001_or"]
    y, v = np.array(data["yi"]), np.array(data["vi"])
    found = funnel(y, v, level=95, levels=(90, 99))
    fit = pool(y, v, method="EE", test="z")
    assert found.centre == fit.estimate
    base = found.triangle
    assert agrees(
        [base.lower[-1], base.upper[-1]],
        fit.estimate + np.array([-1, 1]) * 1.959963984540054 * found.sei.max(),
        1e-12,
    )
    # A study on the 90 % contour has p = 0.1.
    edge = found.contours[0]
    on_edge = funnel([edge.upper[-1], 0.0], [edge.sei[-1] ** 2, 1.0])
    assert on_edge.pval[0] == pytest.approx(0.1, rel=1e-12)
    assert found.inside.sum() == (np.abs(y - fit.estimate) <= 1.959963984540054 * np.sqrt(v)).sum()
    assert "expected" in found.summary()


FEW = {
    "egger": lambda y, v: bias.egger(y, v),
    "begg": lambda y, v: bias.begg(y, v),
    "trim_fill": lambda y, v: bias.trim_fill(y, v),
    "limit": lambda y, v: bias.limit_meta(y, v),
    "excess": lambda y, v: bias.excess_significance(y, v),
    "pet_peese": lambda y, v: bias.pet_peese(y, v),
}


@pytest.mark.parametrize("name", FEW)
def test_too_few_studies_are_refused_and_fewer_than_ten_noted(name):
    y, v = np.array([0.1, 0.5, 0.2, 0.9]), np.array([0.01, 0.04, 0.02, 0.09])
    with pytest.raises(StatsError, match="at least 3 studies"):
        FEW[name](y[:2], v[:2])
    assert any("13.3.5.4" in note for note in FEW[name](y, v).notes)
    many = np.arange(10)
    assert FEW[name](np.sin(many), 0.01 + 0.01 * many).notes == ()


@pytest.mark.parametrize("name", ["egger", "begg", "limit"])
def test_equal_precision_is_refused(name):
    with pytest.raises(StatsError):
        FEW[name]([0.1, 0.5, 0.2, 0.9], [0.04] * 4)


HARD = {
    "variances over 1e12": ([0.1, 0.5, 0.2, 0.9, 0.3], [1e-12, 1e-6, 1e-3, 1.0, 1.3]),
    "nothing but zero": ([0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0]),
    "equal effects": ([0.3] * 4, [1.0, 2.0, 3.0, 4.0]),
    "one precise study": ([0.0, 0.1, 0.0, 5.0], [1.0, 1.1, 1.2, 1e-5]),
    "tiny": ([1e-6, 3e-6, 2e-6, 9e-6], [1e-12, 2e-12, 5e-12, 4e-12]),
    "huge": ([1e6, 3e6, 2e6, 9e6], [1e12, 2e12, 5e12, 4e12]),
}


@pytest.mark.parametrize("data", HARD.values(), ids=HARD)
@pytest.mark.parametrize("name", FEW)
def test_hard_data_get_finite_numbers_or_a_reason(name, data):
    try:
        found = FEW[name](*data)
    except StatsError as error:
        reason = str(error)
    else:
        reason = json.dumps(found.to_dict(), allow_nan=False)
    assert len(reason) > 20


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: bias.excess_significance([1e6, 2e6, 3e6], [1, 2, 3]), "power of 1"),
        (lambda: bias.egger([1, 2, 3], [1, 2, 3], predictor="ni"), "sample sizes"),
        (lambda: bias.egger([1, 2, 3], [1, 2, 3], predictor="ni", ni=[1, 2, -3]), "positive"),
        (lambda: bias.egger([1, 2, 3], [1, 2, 3], predictor="size"), "predictor must be"),
        (lambda: bias.begg([1, 2, 3], [1, 1, 2], exact=True), "ties"),
        (lambda: bias.trim_fill([1, 2, 3], [1, 2, 3], side="top"), "side must be"),
        (lambda: bias.fail_safe_n([1, 2], [1, 1], alpha=0.7), "between 0 and 0.5"),
        (lambda: bias.fail_safe_n([1, 2], [1, 1], type="Orwin", target=-1), "sign of the mean"),
        (lambda: bias.fail_safe_n([1, 2], [1, 1], target=1), "belong to Orwin"),
        (lambda: bias.excess_significance([1, 2, 3], [1, 1, 2], tau2=0.1), "given theta"),
        (lambda: bias.pet_peese([1, 2, 3], [1, 1, 2], pet_level=5), "between 0 and 1"),
        (lambda: funnel([1, 2], [1, 2], levels=(0.95, 100)), "between 0 and 100"),
        (lambda: breslow_day([1], [10], [2], [10]), "at least two studies"),
    ],
)
def test_impossible_arguments(call, match):
    with pytest.raises(StatsError, match=match):
        call()


numbers = st.lists(
    st.tuples(st.floats(-3, 3), st.floats(0.01, 2)),
    min_size=4,
    max_size=12,
    unique_by=(lambda x: x[0], lambda x: x[1]),
)


def separate(values):
    # Values that rounding cannot swap or equate.
    y, v = (np.round(np.array(x), 6) for x in zip(*values, strict=True))
    return (y, v) if np.ptp(v) > 1e-3 and np.ptp(y) > 1e-3 and np.unique(v).size == v.size else None


@settings(max_examples=30, deadline=None)
@given(numbers, st.randoms(use_true_random=False))
def test_order_sign_and_scale(values, random):
    data = separate(values)
    if data is None:
        return
    y, v = data
    order = random.sample(range(y.size), y.size)
    plain = bias.egger(y, v)
    for other, sign in (
        (bias.egger(y[order], v[order]), 1.0),
        (bias.egger(-y, v), -1.0),
        (bias.egger(8.0 * y, 64.0 * v), 1.0),
    ):
        assert other.statistic == pytest.approx(sign * plain.statistic, rel=1e-6, abs=1e-6)
    mirrored = bias.trim_fill(-y, v, side="left", method="DL")
    assert mirrored.k0 == bias.trim_fill(y, v, side="right", method="DL").k0


@pytest.mark.parametrize("name", FEW)
def test_results_are_plain_and_can_be_read(name):
    data = SETS["raudenbush1985_smd"]
    found = FEW[name](data["yi"], data["vi"])
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert found.summary()
