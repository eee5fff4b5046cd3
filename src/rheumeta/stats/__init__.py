"""Statistics of meta-analysis: arrays in, frozen dataclasses out."""

from rheumeta.stats import bias, integrity
from rheumeta.stats.bootstrap import BootstrapPrediction, bootstrap_prediction
from rheumeta.stats.covariance import sampling_covariance, shared_control_covariance
from rheumeta.stats.effects import MEASURES, EffectSizes, effect_size
from rheumeta.stats.formula import FormulaRegression, meta_regression_formula
from rheumeta.stats.funnel_data import Funnel, funnel
from rheumeta.stats.glmm import OneStageResult, one_stage_binomial, one_stage_proportions, one_stage_rates
from rheumeta.stats.glmm_beta import BetaBinomialResult, beta_binomial
from rheumeta.stats.glmm_regression import OneStageRegression, one_stage_regression
from rheumeta.stats.henmi_copas import HenmiCopas, henmi_copas
from rheumeta.stats.influence import BaujatData, Influence, RadialData, baujat, influence, radial
from rheumeta.stats.location_scale import LocationScaleResult, location_scale
from rheumeta.stats.mh_homogeneity import HomogeneityTest, breslow_day
from rheumeta.stats.mh_many import (
    TableBatch,
    mantel_haenszel_batch,
    mantel_haenszel_rates_batch,
    peto_batch,
)
from rheumeta.stats.mh_peto import TableResult, mantel_haenszel, peto
from rheumeta.stats.mh_rates import mantel_haenszel_rates
from rheumeta.stats.multilevel import MultivariateResult, multivariate, three_level
from rheumeta.stats.p_curves import CombinedInterval, ConfidenceCurve, combined_interval, confidence_curve
from rheumeta.stats.permutation import PermutationTest, permutation_test
from rheumeta.stats.pooling import METHODS, BatchResult, PoolResult, leave_one_out, pool
from rheumeta.stats.pooling_many import pool_batch
from rheumeta.stats.predicted_effects import RandomEffects, random_effects
from rheumeta.stats.proportions import ProportionInterval, binomial_interval, rule_of_three
from rheumeta.stats.pvalues import CombinedP, SignTest, edgington, fisher, sign_test, stouffer
from rheumeta.stats.random_terms import RandomTerm, nested, random_intercepts, random_outcomes
from rheumeta.stats.regression import RegressionResult, meta_regression
from rheumeta.stats.regression_tools import (
    BubbleData,
    LikelihoodRatio,
    bubble_data,
    likelihood_ratio_test,
    vif,
)
from rheumeta.stats.robustness import RobustResult, robust
from rheumeta.stats.subgroups import SubgroupResult, subgroup_test
from rheumeta.stats.subsets import Cumulative, Gosh, cumulative, gosh
from rheumeta.stats.tau2_intervals import Tau2Interval, tau2_interval
from rheumeta.stats.wald import WaldTest, wald_test

__all__ = [
    "MEASURES",
    "METHODS",
    "BatchResult",
    "BaujatData",
    "BetaBinomialResult",
    "BootstrapPrediction",
    "BubbleData",
    "CombinedInterval",
    "CombinedP",
    "ConfidenceCurve",
    "Cumulative",
    "EffectSizes",
    "FormulaRegression",
    "Funnel",
    "Gosh",
    "HenmiCopas",
    "HomogeneityTest",
    "Influence",
    "LikelihoodRatio",
    "LocationScaleResult",
    "MultivariateResult",
    "OneStageRegression",
    "OneStageResult",
    "PermutationTest",
    "PoolResult",
    "ProportionInterval",
    "RadialData",
    "RandomEffects",
    "RandomTerm",
    "RegressionResult",
    "RobustResult",
    "SignTest",
    "SubgroupResult",
    "TableBatch",
    "TableResult",
    "Tau2Interval",
    "WaldTest",
    "baujat",
    "beta_binomial",
    "bias",
    "binomial_interval",
    "bootstrap_prediction",
    "breslow_day",
    "bubble_data",
    "combined_interval",
    "confidence_curve",
    "cumulative",
    "edgington",
    "effect_size",
    "fisher",
    "funnel",
    "gosh",
    "henmi_copas",
    "influence",
    "integrity",
    "leave_one_out",
    "likelihood_ratio_test",
    "location_scale",
    "mantel_haenszel",
    "mantel_haenszel_batch",
    "mantel_haenszel_rates",
    "mantel_haenszel_rates_batch",
    "meta_regression",
    "meta_regression_formula",
    "multivariate",
    "nested",
    "one_stage_binomial",
    "one_stage_proportions",
    "one_stage_rates",
    "one_stage_regression",
    "permutation_test",
    "peto",
    "peto_batch",
    "pool",
    "pool_batch",
    "radial",
    "random_effects",
    "random_intercepts",
    "random_outcomes",
    "robust",
    "rule_of_three",
    "sampling_covariance",
    "shared_control_covariance",
    "sign_test",
    "stouffer",
    "subgroup_test",
    "tau2_interval",
    "three_level",
    "vif",
    "wald_test",
]
