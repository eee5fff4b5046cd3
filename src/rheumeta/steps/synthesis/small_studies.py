"""The test for small-study effects that suits an analysis, where there are studies enough for it.

Cochrane Handbook version 6, section 13.3.5.4, and Sterne 2011, BMJ 343, d4002: no test below ten studies;
Egger's for differences of means; one made for tables (here Harbord's) for odds ratios, as their standard
errors depend on them. There is little guidance for risk ratios: the same tables are tested. None suits a
risk difference or a group without comparison. A standardised difference is in its own standard error, so
that the sample sizes take its place (Pustejovsky 2019, Res Synth Methods 10, 57).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rheumeta.errors import StatsError
from rheumeta.records import SmallStudies, StudyEffect
from rheumeta.stats.bias import AsymmetryTest, egger, harbord
from rheumeta.stats.bias.common import ADVISED_K

OF_TABLES = frozenset({"OR", "PETO", "RR"})
OF_MEANS = frozenset({"MD", "MC", "HR", "IRR"})
STANDARDISED = frozenset({"SMD", "SMD1"})


def small_studies(measure: str, studies: Sequence[StudyEffect]) -> SmallStudies | None:
    """Return the test for an analysis; None where none suits it or it has too few studies.

    Parameters
    ----------
    measure : str
        Code of the measure.
    studies : sequence of StudyEffect
        The studies of the analysis, effects on the analysis scale.
    """
    if len(studies) < ADVISED_K:
        return None
    try:
        found = _test(measure, studies)
    except StatsError:  # all studies of one size: no line can be drawn through them
        return None
    if found is None or found.k < ADVISED_K:
        return None
    return SmallStudies(found.name, found.k, found.statistic, found.df, found.pval, found.notes)


def _test(measure: str, studies: Sequence[StudyEffect]) -> AsymmetryTest | None:
    yi, vi = [s.yi for s in studies], [s.vi for s in studies]
    if measure in OF_TABLES:
        tables = [(s.events1, s.n1, s.events2, s.n2) for s in studies]
        return None if any(None in t for t in tables) else harbord(*np.array(tables, dtype=np.float64).T)
    if measure in STANDARDISED:
        sizes = [s.n1 * s.n2 / (s.n1 + s.n2) for s in studies if s.n1 and s.n2]
        return egger(yi, vi, predictor="sqrtninv", ni=sizes) if len(sizes) == len(studies) else None
    return egger(yi, vi) if measure in OF_MEANS else None
