"""From which size on an effect matters: one answer for what a result means and for how precise it is."""

from __future__ import annotations

from rheumeta.appraised import APPRECIABLE_RATIO
from rheumeta.pages.findings import STANDARDISED
from rheumeta.records import Analysis

RATIOS = frozenset({"RR", "OR", "PETO", "HR", "IRR"})
"""Ratios of events."""

IN_OWN_UNIT = frozenset({"MD", "MC"})
"""Measures for which a minimal important difference is defined."""

APPRECIABLE_SMD = (-0.5, 0.5)
"""Standardised differences that mean appreciable benefit or harm (GRADE Handbook 2013, section 5.2.4.2)."""


def thresholds(analysis: Analysis) -> tuple[tuple[float, ...], str]:
    """Return the effects that matter on the display scale, and what they are."""
    if analysis.measure in IN_OWN_UNIT and analysis.mid is not None:
        return (-analysis.mid, analysis.mid), "the minimal important difference"
    if analysis.measure in RATIOS:
        return APPRECIABLE_RATIO, "an appreciable effect"
    if analysis.measure in STANDARDISED:
        return APPRECIABLE_SMD, "an appreciable effect"
    return (), ""
