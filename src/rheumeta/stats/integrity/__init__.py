"""Integrity of reported numbers: which of them cannot be, do not agree, or ask for a look.

Printed texts in, so that decimals are known; a :class:`Check` out. A flag is a question, not a verdict.
"""

from rheumeta.stats.integrity.baseline import (
    Balance,
    BaselineP,
    baseline_balance,
    baseline_counts,
    baseline_means,
)
from rheumeta.stats.integrity.binary import debit, sd_of_percentage
from rheumeta.stats.integrity.claims import Claim, PCheck, Sign
from rheumeta.stats.integrity.duplicates import (
    EqualSeries,
    Identical,
    Labelled,
    equal_series,
    identical_numbers,
    informative_digits,
)
from rheumeta.stats.integrity.granularity import Granularity, grim, grim_percent, grimmer
from rheumeta.stats.integrity.groups import TestsCheck, several_means, two_means, two_proportions
from rheumeta.stats.integrity.intervals import (
    ci_centred,
    ci_level,
    ci_of_mean,
    se_of_sd,
    statistic_of_estimate,
)
from rheumeta.stats.integrity.limits import (
    SdLimits,
    change_of_means,
    change_sd,
    change_within_limits,
    sd_limits,
    sd_within_limits,
)
from rheumeta.stats.integrity.means import MeanGroup
from rheumeta.stats.integrity.plausibility import (
    Spread,
    SpreadLabel,
    large_effect,
    se_between,
    spread_label,
    spread_label_two,
)
from rheumeta.stats.integrity.recompute import p_from_estimate, p_from_mean, p_from_test
from rheumeta.stats.integrity.reported import CUT_OFF, Check, Reported, Rounding, Verdict
from rheumeta.stats.integrity.tables import fisher_exact
from rheumeta.stats.integrity.totals import (
    parts_add_up,
    parts_within,
    percent_of_events,
    total_sd,
    weighted_mean,
)

__all__ = [
    "CUT_OFF",
    "Balance",
    "BaselineP",
    "Check",
    "Claim",
    "EqualSeries",
    "Granularity",
    "Identical",
    "Labelled",
    "MeanGroup",
    "PCheck",
    "Reported",
    "Rounding",
    "SdLimits",
    "Sign",
    "Spread",
    "SpreadLabel",
    "TestsCheck",
    "Verdict",
    "baseline_balance",
    "baseline_counts",
    "baseline_means",
    "change_of_means",
    "change_sd",
    "change_within_limits",
    "ci_centred",
    "ci_level",
    "ci_of_mean",
    "debit",
    "equal_series",
    "fisher_exact",
    "grim",
    "grim_percent",
    "grimmer",
    "identical_numbers",
    "informative_digits",
    "large_effect",
    "p_from_estimate",
    "p_from_mean",
    "p_from_test",
    "parts_add_up",
    "parts_within",
    "percent_of_events",
    "sd_limits",
    "sd_of_percentage",
    "sd_within_limits",
    "se_between",
    "se_of_sd",
    "several_means",
    "spread_label",
    "spread_label_two",
    "statistic_of_estimate",
    "total_sd",
    "two_means",
    "two_proportions",
    "weighted_mean",
]
