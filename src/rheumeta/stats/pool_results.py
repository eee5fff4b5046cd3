"""What pooling returns: one result, or many side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rheumeta.stats.batch import Floats, Ints


@dataclass(frozen=True)
class PoolResult:
    """One pooled meta-analysis, on the analysis scale.

    Attributes
    ----------
    k : int
        Number of studies.
    estimate, se, ci_lb, ci_ub : float
        Pooled effect, its standard error and interval.
    statistic, df, pval : float or None
        Test of no effect; df None for the normal; statistic and pval None if se is 0.
    level : float
        Confidence of all intervals, percent.
    method, test, test_used : str
        As asked for, and the test really used (``"z"``, ``"t"``, ``"knha"``, ``"adhoc"``).
    tau2, se_tau2, tau2_lb, tau2_ub : float or None
        Between-study variance, standard error, Q-profile interval; only tau2 = 0 for the common
        effect; no se for a tau2 given by the caller.
    i2, i2_lb, i2_ub, h2, h2_lb, h2_ub : float or None
        I2 in percent and H2, from tau2 and its interval (from Q for the common effect).
    q, q_df, q_pval : float, int, float
        Cochran's Q test.
    pi_lb, pi_ub : float or None
        Prediction interval; None where there is none, with the reason in ``notes``.
    prediction : str
        Convention of the prediction interval.
    weights : ndarray, shape (k,)
        Percent, in the order of the input.
    notes : tuple of str
        What the reader of the result must know.
    """

    k: int
    estimate: float
    se: float
    ci_lb: float
    ci_ub: float
    statistic: float | None
    df: float | None
    pval: float | None
    level: float
    method: str
    test: str
    test_used: str
    tau2: float
    se_tau2: float | None
    tau2_lb: float | None
    tau2_ub: float | None
    i2: float
    i2_lb: float | None
    i2_ub: float | None
    h2: float
    h2_lb: float | None
    h2_ub: float | None
    q: float
    q_df: int
    q_pval: float
    pi_lb: float | None
    pi_ub: float | None
    prediction: str
    weights: Floats
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, weights as a list."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**values, "weights": self.weights.tolist()}

    def summary(self) -> str:
        """Return the result as a few lines of text."""
        lines = [
            f"{self.method}, k = {self.k}, test {self.test_used}",
            f"estimate {self.estimate:.4f} [{self.ci_lb:.4f}, {self.ci_ub:.4f}], se {self.se:.4f}",
            f"tau2 {self.tau2:.4f}{_bounds(self.tau2_lb, self.tau2_ub)}, "
            f"I2 {self.i2:.1f} %{_bounds(self.i2_lb, self.i2_ub)}, "
            f"Q({self.q_df}) = {self.q:.2f}, p = {self.q_pval:.4g}",
        ]
        if self.pval is not None:
            lines.append(f"p = {self.pval:.4g}")
        if self.pi_lb is not None:
            lines.append(f"prediction interval{_bounds(self.pi_lb, self.pi_ub)}")
        return "\n".join([*lines, *self.notes])


def _bounds(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f" [{lower:.4f}, {upper:.4f}]"


@dataclass(frozen=True)
class BatchResult:
    """Many pooled meta-analyses: as :class:`PoolResult`, arrays of shape (m,), NaN for None.

    ``weights`` has shape (m, kmax), 0 where padded; ``labels`` are those of the groups. ``problems``
    says by the number of the row why an analysis was not pooled; all its numbers are NaN then.
    """

    labels: tuple[object, ...]
    k: Ints
    estimate: Floats
    se: Floats
    ci_lb: Floats
    ci_ub: Floats
    statistic: Floats
    df: Floats
    pval: Floats
    test_used: NDArray[np.str_]
    tau2: Floats
    se_tau2: Floats
    tau2_lb: Floats
    tau2_ub: Floats
    i2: Floats
    i2_lb: Floats
    i2_ub: Floats
    h2: Floats
    h2_lb: Floats
    h2_ub: Floats
    q: Floats
    q_pval: Floats
    pi_lb: Floats
    pi_ub: Floats
    weights: Floats
    problems: Mapping[int, str] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values: lists, None for NaN, problems by row."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        lists = {name: _listed(v) for name, v in values.items() if isinstance(v, np.ndarray)}
        return {"labels": list(self.labels), **lists, "problems": dict(self.problems)}

    def summary(self) -> str:
        """Return how many analyses were pooled, and what was wrong with the others."""
        lines = [f"{len(self.k) - len(self.problems)} of {len(self.k)} analyses pooled"]
        return "\n".join([*lines, *(f"{self.labels[i]}: {text}" for i, text in self.problems.items())])


def _listed(values: NDArray[Any]) -> list[Any]:
    if values.dtype.kind != "f":
        return list(values.tolist())
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return list(plain.tolist())
