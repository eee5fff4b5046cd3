"""Missing means, SDs and standard errors from what papers print.

Small pure functions; each returns the number with its formula, inputs, source, assumption and warning.
"""

from rheumeta.stats.derive.change import change_sd, correlation, final_from_percent_change, mean_change
from rheumeta.stats.derive.derived import Derived
from rheumeta.stats.derive.estimate import METHODS, MeanSd, mean_sd_from_quantiles
from rheumeta.stats.derive.fitted import box_cox_estimation, quantile_estimation
from rheumeta.stats.derive.groups import Combined, combine_events, combine_means, split_control
from rheumeta.stats.derive.quantiles import Quantiles, Skewness, sd_from_quantiles, skewness
from rheumeta.stats.derive.ratios import (
    Effect,
    log_ratio_from_ci,
    log_ratio_from_p,
    smd_from_d,
    smd_from_p,
    smd_from_t,
)
from rheumeta.stats.derive.rounding import (
    Candidates,
    agree,
    derived_half_width,
    events_from_percent,
    implied_denominators,
    printed,
    rounding_half_width,
)
from rheumeta.stats.derive.spread import (
    change_sd_from_p,
    md_se_from_ci,
    md_se_from_p,
    md_se_from_t,
    sd_from_ci,
    sd_from_f,
    sd_from_iqr_width,
    sd_from_md_se,
    sd_from_p,
    sd_from_se,
    sd_from_t,
    se_from_ci,
)

__all__ = [
    "METHODS",
    "Candidates",
    "Combined",
    "Derived",
    "Effect",
    "MeanSd",
    "Quantiles",
    "Skewness",
    "agree",
    "box_cox_estimation",
    "change_sd",
    "change_sd_from_p",
    "combine_events",
    "combine_means",
    "correlation",
    "derived_half_width",
    "events_from_percent",
    "final_from_percent_change",
    "implied_denominators",
    "log_ratio_from_ci",
    "log_ratio_from_p",
    "md_se_from_ci",
    "md_se_from_p",
    "md_se_from_t",
    "mean_change",
    "mean_sd_from_quantiles",
    "printed",
    "quantile_estimation",
    "rounding_half_width",
    "sd_from_ci",
    "sd_from_f",
    "sd_from_iqr_width",
    "sd_from_md_se",
    "sd_from_p",
    "sd_from_quantiles",
    "sd_from_se",
    "sd_from_t",
    "se_from_ci",
    "skewness",
    "smd_from_d",
    "smd_from_p",
    "smd_from_t",
    "split_control",
]
