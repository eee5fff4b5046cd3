"""Statistics of meta-analysis: arrays in, frozen dataclasses out."""

from rheumeta.stats.mh_peto import TableResult, mantel_haenszel, peto
from rheumeta.stats.pooling import (
    METHODS,
    BatchResult,
    PoolResult,
    leave_one_out,
    pool,
    pool_batch,
)
from rheumeta.stats.proportions import ProportionInterval, binomial_interval, rule_of_three
from rheumeta.stats.pvalues import CombinedP, SignTest, edgington, fisher, sign_test, stouffer
from rheumeta.stats.regression import RegressionResult, meta_regression
from rheumeta.stats.subgroups import SubgroupResult, subgroup_test

__all__ = [
    "METHODS",
    "BatchResult",
    "CombinedP",
    "PoolResult",
    "ProportionInterval",
    "RegressionResult",
    "SignTest",
    "SubgroupResult",
    "TableResult",
    "binomial_interval",
    "edgington",
    "fisher",
    "leave_one_out",
    "mantel_haenszel",
    "meta_regression",
    "peto",
    "pool",
    "pool_batch",
    "rule_of_three",
    "sign_test",
    "stouffer",
    "subgroup_test",
]
