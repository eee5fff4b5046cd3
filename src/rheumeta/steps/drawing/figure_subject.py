"""What a diagnostic figure is about, and how its numbers are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rheumeta.errors import StatsError
from rheumeta.numbers import fixed
from rheumeta.plots import numbers
from rheumeta.records import Analysis, Pooled
from rheumeta.steps.drawing.forest_words import TURNED
from rheumeta.steps.synthesis.estimates import Model

TITLES = {
    "funnel": "funnel plot",
    "trim_and_fill": "funnel plot with trim and fill",
    "radial": "radial plot",
    "baujat": "Baujat plot",
    "labbe": "L'Abbé plot",
    "influence": "influence of each study",
    "drapery": "p-value functions",
    "gosh": "all subsets of studies",
    "cumulative": "study by study in the order of the years",
    "leave_one_out": "without each study in turn",
}


@dataclass(frozen=True)
class Subject:
    """What a diagnostic figure is about."""

    analysis: Analysis
    model: Model
    years: Mapping[str, str]  # study id -> year

    @property
    def yi(self) -> list[float]:
        """Effects, analysis scale."""
        return [s.yi for s in self.analysis.studies]

    @property
    def vi(self) -> list[float]:
        """Sampling variances."""
        return [s.vi for s in self.analysis.studies]

    @property
    def log(self) -> bool:
        """Whether effects are ratios, shown on a log axis."""
        return self.analysis.scale == "log"

    @property
    def plain(self) -> bool:
        """Whether what is pooled is what is shown, or its logarithm."""
        return self.log or self.analysis.measure in ("MD", "SMD", "SMD1", "MC", "SMCC", "SMCR", "RD")

    def show(self, value: float) -> float:
        """Return an effect as the axis shows it."""
        return math.exp(value) if self.log else value

    def title(self, kind: str) -> str:
        """Return the title of a figure."""
        return f"{self.analysis.title}: {TITLES[kind]}"

    def form(self, value: float) -> str:
        """Return a number of the axis of effects as text."""
        return numbers.ratio(value) if self.log else fixed(value, 2)

    def head(self, kind: str) -> dict[str, Any]:
        """Return what stands above a figure."""
        a = self.analysis
        return {"title": self.title(kind), "subtitle": a.comparison_label, "caution": a.caution or ""}

    def effect_axis(self, limits: tuple[float, float]) -> dict[str, Any]:
        """Return the horizontal axis of effects; `limits` on the scale of the analysis."""
        a = self.analysis
        return {
            "x_label": f"{self.axis}: {TURNED}" if a.reversed_axis else self.axis,
            "x_limits": (self.show(limits[0]), self.show(limits[1])),
            "x_scale": a.scale if self.plain else "linear",
            "x_reverse": a.reversed_axis,
            "left_label": a.left_label or "" if self.plain else "",
            "right_label": a.right_label or "" if self.plain else "",
        }

    @property
    def axis(self) -> str:
        """Name of the axis of effects."""
        a = self.analysis
        unit = f", {a.unit}" if a.unit and self.plain else ""
        return (
            f"{a.measure_label}{unit}" if self.plain else f"{a.measure_label}, on the scale of the analysis"
        )


def effect_text(subject: Subject, value: float, lower: float, upper: float) -> str:
    """Return an effect with its interval as the axis shows them."""
    texts = [subject.form(subject.show(v)) for v in (value, lower, upper)]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def pooled_text(subject: Subject, pooled: Pooled) -> str:
    """Return the pooled effect with its interval."""
    lower, upper = pooled.ci.lower, pooled.ci.upper
    return effect_text(subject, pooled.estimate, lower or 0.0, upper or 0.0)


def random_of(subject: Subject) -> Pooled:
    """Return the pooled result under random effects; StatsError if there is none."""
    if subject.analysis.random is None:
        raise StatsError("The analysis has no pooled result under random effects.")
    return subject.analysis.random
