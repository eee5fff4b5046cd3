"""The options of pooling, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rheumeta.errors import StatsError
from rheumeta.stats.intervals import PREDICTIONS, TESTS, Prediction, Test
from rheumeta.stats.tau2 import COMMON, ESTIMATORS, WEIGHTED

Method = Literal[
    "DL", "PM", "REML", "ML", "SJ", "HS", "EB", "HE", "EE", "FE",
    "DL2", "DLIT", "SJIT", "HSk", "PMM", "GENQ", "GENQM",
]  # fmt: skip

METHODS: tuple[str, ...] = (*ESTIMATORS, *COMMON)
"""Estimators of tau2, and the two names of the common-effect model."""


@dataclass(frozen=True)
class Options:
    """Checked options of a fit."""

    method: str
    test: Test
    level: float
    prediction: Prediction
    tau2: float | None
    tau2_interval: bool = True

    def __post_init__(self) -> None:
        check_choice("method", self.method, METHODS)
        check_choice("test", self.test, TESTS)
        check_choice("prediction", self.prediction, PREDICTIONS)
        if not 0 < self.level < 100:
            raise StatsError(f"level is in percent and lies between 0 and 100, not {self.level!r}.")
        if self.tau2 is not None and not 0 <= self.tau2 < float("inf"):
            raise StatsError(f"tau2 must be a finite number of at least 0, not {self.tau2!r}.")
        if self.tau2 and self.method in COMMON:
            raise StatsError("the common-effect model has tau2 = 0; choose another method for a given tau2.")

    def check_weights(self, weights: object) -> None:
        """Raise StatsError unless weights are given where, and only where, the method needs them."""
        if (weights is not None) != (self.method in WEIGHTED):
            verb = "needs" if weights is None else "does not take"
            raise StatsError(f"method {self.method} {verb} tau2_weights.")

    @property
    def common(self) -> bool:
        """True for the common-effect model."""
        return self.method in COMMON


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise StatsError unless `value` is one of `allowed`."""
    if value not in allowed:
        raise StatsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
