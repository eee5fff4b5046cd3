"""Which measure fits which outcome, comparison and way of pooling."""

from __future__ import annotations

TABLE_MEASURES = frozenset({"RR", "OR", "RD", "AS", "PETO"})
MEANS_MEASURES = frozenset({"MD", "SMD", "SMD1", "ROM"})
CHANGE_MEASURES = frozenset({"MC", "SMCC", "SMCR"})
PROPORTION_MEASURES = frozenset({"PR", "PLO", "PAS", "PFT"})
RATE_MEASURES = frozenset({"IR", "IRLN"})

RAW_MEANS = frozenset({"MD", "MC"})
"""Measures in the unit of the outcome: they can pool one scale only."""
STANDARDISED = frozenset({"SMD", "SMD1", "ROM", "SMCC", "SMCR"})
"""Measures free of the unit."""

FITS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(TABLE_MEASURES, ("dichotomous", "controlled")),
    **dict.fromkeys(MEANS_MEASURES, ("continuous", "controlled")),
    **dict.fromkeys(CHANGE_MEASURES, ("continuous", "before_after")),
    **dict.fromkeys(PROPORTION_MEASURES, ("dichotomous", "single_group")),
    **dict.fromkeys(RATE_MEASURES, ("rate", "single_group")),
    "IRR": ("rate", "controlled"),
    "HR": ("time_to_event", "controlled"),
}
"""Kind of outcome and kind of comparison that a measure is for."""

POOLED_BY: dict[str, tuple[str, ...]] = {
    "inverse_variance": tuple(FITS),
    "mantel_haenszel": ("RR", "OR", "RD"),
    "peto": ("PETO",),
}
"""Measures that each way of pooling can take."""
