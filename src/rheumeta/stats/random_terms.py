"""Random effects of a multilevel or multivariate model: who shares them and how they covary.

Each structure is written in standard deviations and angles, which are free of bounds and smooth
where a variance is zero or a correlation is -1 or 1: a variance is sd^2, a correlation is a
cosine. Pinheiro and Bates (1996), Stat Comput 6:289-296, section 2.4 (spherical parametrisation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats, Ints

Structure = Literal["id", "diag", "cs", "hcs", "un", "ar"]
STRUCTURES: tuple[str, ...] = ("id", "diag", "cs", "hcs", "un", "ar")

WITHOUT_CORRELATION = ("id", "diag")

COMPLEX_STEP = 1e-40
"""Step of the complex derivative, which has no cancellation: any tiny number does
(Squire and Trapp 1998, SIAM Rev 40:110-112)."""

Matrix = NDArray[Any]


@dataclass(frozen=True)
class RandomTerm:
    """One set of random effects.

    Attributes
    ----------
    name : str
        Shown before its components.
    structure : str
        ``"id"``, ``"diag"``, ``"cs"``, ``"hcs"``, ``"un"`` or ``"ar"``.
    groups : ndarray of int, shape (n,)
        Code of the group (study, cluster) that each effect belongs to; groups are independent.
    levels : ndarray of int, shape (n,)
        Code of the outcome, arm or time within the group; all 0 for intercepts.
    labels : tuple of str
        Of the levels.
    group_labels : tuple
        Of the groups.
    """

    name: str
    structure: str
    groups: Ints
    levels: Ints
    labels: tuple[str, ...]
    group_labels: tuple[object, ...]

    @property
    def size(self) -> int:
        """Number of levels m."""
        return len(self.labels)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return int(np.unique(self.groups).size)

    @property
    def n_sd(self) -> int:
        """Number of standard deviations among the parameters, which come first."""
        return self.size if self.structure in ("diag", "hcs", "un") else 1

    @property
    def n_angle(self) -> int:
        """Number of angles among the parameters."""
        if self.structure == "un":
            return self.size * (self.size - 1) // 2
        return 0 if self.structure in WITHOUT_CORRELATION else 1

    def names(self) -> tuple[str, ...]:
        """Return the names of the components: variances, then correlations."""
        kind = "sigma2" if self.size == 1 else "tau2"
        several = self.n_sd > 1
        variances = [f"{self.name} {kind}[{x}]" for x in self.labels] if several else [f"{self.name} {kind}"]
        if self.structure == "un":
            pairs = [f"{self.name} rho[{a}, {b}]" for a, b in _pairs(self.labels)]
            return (*variances, *pairs)
        return (*variances, *[f"{self.name} rho"] * self.n_angle)

    def values(self, theta: Floats) -> Floats:
        """Return variances and correlations at the parameters theta, in the order of `names`."""
        g = self.covariance(theta)
        sd, angles = theta[: self.n_sd], theta[self.n_sd :]
        if self.structure == "un":
            root = correlation_root(np.asarray(angles), self.size)
            r = root @ root.T
            return np.concatenate([np.diagonal(g), [r[i, j] for i, j in _pairs(range(self.size))]])
        return np.concatenate([sd**2, [self.correlation(a) for a in angles]])

    def correlation(self, angle: Any) -> Any:
        """Return the correlation that an angle stands for (cs, hcs, ar).

        Compound symmetry of m levels is a covariance only from -1 / (m - 1) on.
        """
        lowest = -1.0 if self.structure == "ar" else -1.0 / (self.size - 1)
        return lowest + (1.0 - lowest) * (1.0 + np.cos(angle)) / 2.0

    def angle(self, correlation: float) -> float:
        """Return the angle of a correlation, the inverse of `correlation`."""
        lowest = -1.0 if self.structure in ("ar", "un") else -1.0 / (self.size - 1)
        cosine = 2.0 * (correlation - lowest) / (1.0 - lowest) - 1.0
        return float(np.arccos(np.clip(cosine, -1.0, 1.0)))

    def covariance(self, theta: Matrix) -> Matrix:
        """Return the covariance of the levels, shape (m, m), for real or complex parameters."""
        m, sd, angles = self.size, theta[: self.n_sd], theta[self.n_sd :]
        if self.structure in WITHOUT_CORRELATION:
            return np.diag(np.broadcast_to(sd**2, (m,)))
        scale = np.outer(sd, sd) if self.n_sd > 1 else sd[0] ** 2
        if self.structure == "un":
            root = correlation_root(angles, m)
            return np.asarray(scale * (root @ root.T))
        rho = self.correlation(angles[0])
        if self.structure == "ar":
            powers = np.concatenate([[1.0], np.cumprod(np.broadcast_to(rho, (m - 1,)))])
            return np.asarray(scale * powers[np.abs(np.subtract.outer(np.arange(m), np.arange(m)))])
        return np.asarray(scale * np.where(np.eye(m, dtype=bool), 1.0, rho))

    def derivatives(self, theta: Floats) -> list[Floats]:
        """Return the derivatives of the covariance in each parameter, exact to rounding."""
        steps = COMPLEX_STEP * 1j * np.eye(theta.size)
        return [self.covariance(theta + step).imag / COMPLEX_STEP for step in steps]


def correlation_root(angles: Matrix, m: int) -> Matrix:
    """Return L with LL' a correlation matrix, shape (m, m), from m (m - 1) / 2 angles.

    Row i holds cos a_1, sin a_1 cos a_2, ..., sin a_1 ... sin a_i: a point of the unit sphere.
    The angles come in the order of the pairs (2,1), (3,1), (3,2), (4,1), ...
    """
    root = np.zeros((m, m), dtype=np.asarray(angles).dtype)
    root[0, 0] = 1.0
    at = 0
    for i in range(1, m):
        rest: Any = 1.0
        for j in range(i):
            root[i, j] = rest * np.cos(angles[at])
            rest = rest * np.sin(angles[at])
            at += 1
        root[i, i] = rest
    return root


def canonical(covariance: Floats) -> Floats:
    """Return standard deviations and angles of an unstructured covariance, shape (m, m)."""
    sd = np.sqrt(np.diagonal(covariance))
    safe = np.where(sd > 0, sd, 1.0)
    correlation = covariance / np.outer(safe, safe)
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    root = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T).R.T
    root = root * np.where(np.diagonal(root) < 0, -1.0, 1.0)
    angles = []
    for i in range(1, len(sd)):
        for j in range(i):
            angles.append(np.arctan2(np.sqrt((root[i, j + 1 : i + 1] ** 2).sum()), root[i, j]))
    return np.concatenate([sd, angles])


def random_intercepts(groups: Sequence[object], *, name: str = "group") -> RandomTerm:
    """Return independent random intercepts, one for each group.

    Parameters
    ----------
    groups : sequence, length n
        Label of each effect's group; see `nested` for groups within groups.
    name : str
        Shown before the component.

    Returns
    -------
    RandomTerm
    """
    codes, found = _codes(groups)
    return RandomTerm(name, "id", codes, np.zeros_like(codes), ("",), found)


def random_outcomes(
    outcome: Sequence[object],
    study: Sequence[object],
    *,
    structure: Structure = "un",
    name: str = "study",
) -> RandomTerm:
    """Return random effects of outcomes (arms, times) within studies.

    Parameters
    ----------
    outcome : sequence, length n
        Label of each effect's outcome; for ``"ar"`` whole numbers, the times.
    study : sequence, length n
        Label of its study; studies are independent.
    structure : str
        ``"id"`` one variance, ``"diag"`` one for each outcome, both uncorrelated; ``"cs"`` one variance
        and correlation; ``"hcs"`` variances for each outcome, one correlation; ``"un"`` anything;
        ``"ar"`` one variance, correlation rho to the power of the time between.
    name : str
        Shown before the components.

    Returns
    -------
    RandomTerm

    Raises
    ------
    StatsError
        If lengths differ, the structure is unknown, times are not whole numbers, an outcome stands
        twice in a study, or no study has two outcomes for a correlation.
    """
    if structure not in STRUCTURES:
        raise StatsError(f"structure must be one of {', '.join(STRUCTURES)}, not {structure!r}.")
    if len(outcome) != len(study):
        raise StatsError(f"there are {len(outcome)} outcomes for {len(study)} studies.")
    groups, found = _codes(study)
    levels, names = _times(outcome) if structure == "ar" else _codes(outcome)
    term = RandomTerm(name, structure, groups, levels, tuple(str(n) for n in names), found)
    _check_pairs(term, outcome, study)
    return term


def nested(*groups: Sequence[object]) -> list[tuple[object, ...]]:
    """Return labels of groups within groups, such as schools within districts."""
    return list(zip(*groups, strict=True))


def _pairs(items: Any) -> list[tuple[Any, Any]]:
    # In the order of the angles of correlation_root: (1,2), (1,3), (2,3), (1,4), ...
    return [(items[i], items[j]) for j in range(len(items)) for i in range(j)]


def _codes(labels: Sequence[object]) -> tuple[Ints, tuple[object, ...]]:
    table: dict[object, int] = {}
    codes = np.array([table.setdefault(label, len(table)) for label in _plain(labels)], dtype=np.int64)
    return codes, tuple(table)


def _plain(labels: Sequence[object]) -> list[Any]:
    return labels.tolist() if isinstance(labels, np.ndarray) else list(labels)


def _times(values: Sequence[object]) -> tuple[Ints, tuple[object, ...]]:
    try:
        times = np.array(_plain(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError("times of an autoregressive structure must be numbers.") from None
    if not (np.isfinite(times) & (times == np.round(times))).all():
        raise StatsError("times of an autoregressive structure must be whole numbers.")
    first = times.min()
    return (times - first).astype(np.int64), tuple(int(first + i) for i in range(int(np.ptp(times)) + 1))


def _check_pairs(term: RandomTerm, outcome: Sequence[object], study: Sequence[object]) -> None:
    seen: set[tuple[object, object]] = set()
    for pair in zip(_plain(study), _plain(outcome), strict=True):
        if pair in seen:
            raise StatsError(f"outcome {pair[1]!r} stands twice in study {pair[0]!r}.")
        seen.add(pair)
    if term.n_angle and len(np.unique(term.groups)) == term.groups.size:
        raise StatsError(f"no {term.name} has two outcomes: their correlation can't be estimated.")
    if term.size < 2:
        raise StatsError("random outcomes need at least two outcomes; use random_intercepts.")
    if term.structure == "un":
        _check_every_pair(term)


def _check_every_pair(term: RandomTerm) -> None:
    sets = [set(term.levels[term.groups == g].tolist()) for g in np.unique(term.groups)]
    for i, j in _pairs(range(term.size)):
        if not any({i, j} <= levels for levels in sets):
            raise StatsError(
                f"no {term.name} has both {term.labels[i]} and {term.labels[j]}: "
                "their correlation can't be estimated without a simpler structure."
            )
