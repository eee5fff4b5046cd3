"""Meta-regression by a formula such as ``~ dose + region + dose:region``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rheumeta.errors import StatsError
from rheumeta.stats.batch import Floats
from rheumeta.stats.pooling import Method, check_choice
from rheumeta.stats.regression import RegressionResult, RegressionTest, meta_regression
from rheumeta.stats.wald import WaldTest

FORMULA_INTERCEPT = "Intercept"
"""Name that formulaic gives the column of ones."""

MISSING: tuple[str, ...] = ("raise", "drop")


@dataclass(frozen=True)
class FormulaRegression:
    """A meta-regression with the formula it came from.

    Attributes
    ----------
    formula : str
        As given.
    fit : RegressionResult
        The regression; coefficients of a category are called ``name[T.level]``.
    terms : dict of str to tuple of str
        The coefficients of each term.
    used : ndarray of int
        Rows of the data that entered.
    spec
        How to encode other data in the same way.
    """

    formula: str
    fit: RegressionResult
    terms: dict[str, tuple[str, ...]]
    used: np.ndarray[Any, np.dtype[np.int64]]
    spec: Any = field(repr=False, compare=False)

    def test_term(self, term: str) -> WaldTest:
        """Test that all coefficients of a term are zero."""
        if term not in self.terms:
            raise StatsError(f"there is no term {term!r}; there are {', '.join(self.terms)}.")
        return self.fit.test_set(self.terms[term])

    def predict(self, data: Mapping[str, Sequence[Any]]) -> tuple[Floats, Floats, Floats]:
        """Return fitted means with confidence bounds for other data, as `RegressionResult.predict`."""
        return self.fit.predict(self._encode(data))

    def predict_effect(self, data: Mapping[str, Sequence[Any]]) -> tuple[Floats, Floats, Floats]:
        """Return fitted means with prediction bounds for other data."""
        return self.fit.predict_effect(self._encode(data))

    def _encode(self, data: Mapping[str, Sequence[Any]]) -> Floats:
        columns = {name: list(data[name]) for name in data}
        from formulaic.errors import DataMismatchWarning  # type: ignore[import-untyped]

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", DataMismatchWarning)  # a level that was not seen
                matrix = self.spec.get_model_matrix(_records(columns), context={}, na_action="raise")
        except Exception as error:
            raise StatsError(f"the data do not fit the formula {self.formula!r}: {error}") from None
        values, names = np.asarray(matrix, dtype=np.float64), list(self.spec.column_names)
        return values[:, [i for i, name in enumerate(names) if name != FORMULA_INTERCEPT]]

    def summary(self) -> str:
        """Return formula, regression and the test of each term with several coefficients."""
        lines = [self.formula, self.fit.summary()]
        several = [name for name, members in self.terms.items() if len(members) > 1]
        return "\n".join([*lines, *[f"{name}: {self.test_term(name).summary()}" for name in several]])

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        terms = {name: self.test_term(name).to_dict() for name in self.terms}
        return {"formula": self.formula, "used": self.used.tolist(), "terms": terms, **self.fit.to_dict()}


def meta_regression_formula(
    formula: str,
    data: Mapping[str, Sequence[Any]],
    *,
    yi: str | ArrayLike = "yi",
    vi: str | ArrayLike = "vi",
    method: Method = "REML",
    test: RegressionTest = "knha",
    level: float = 95,
    missing: Literal["raise", "drop"] = "raise",
) -> FormulaRegression:
    """Regress effects on study characteristics named in a formula.

    Parameters
    ----------
    formula : str
        In Wilkinson's notation as formulaic reads it: ``~ year + design``; text columns are
        categories whose first level in sorted order is the reference, ``C(grade)`` makes one of
        numbers, ``a:b`` and ``a * b`` are interactions, ``- 1`` takes the intercept out.
        A formula can call functions: don't take one from a stranger.
    data : mapping of str to sequence
        The columns, all of one length (a dict of lists or a data frame).
    yi, vi : str or array_like
        Effects and sampling variances, or the columns that hold them.
    method, test, level
        As in `meta_regression`.
    missing : {"raise", "drop"}
        What to do with rows that lack a value: an error, or leave them out (see ``used``).

    Returns
    -------
    FormulaRegression

    Raises
    ------
    StatsError
        If the formula can't be read, a column is missing or of another length, a value is missing,
        or as `meta_regression`.

    Notes
    -----
    Treatment contrasts as in R. Wilkinson and Rogers (1973), Appl Stat 22:392-399.
    """
    check_choice("missing", missing, MISSING)
    columns = {name: list(data[name]) for name in data}
    y, v = (_effects(given, columns, name) for given, name in ((yi, "yi"), (vi, "vi")))
    lengths = {name: len(values) for name, values in columns.items()} | {"yi": len(y), "vi": len(v)}
    if len(set(lengths.values())) > 1:
        raise StatsError(f"the columns differ in length: {lengths}.")
    matrix, used = _matrix(formula, columns, len(y), missing=missing)
    spec = matrix.model_spec
    names = list(spec.column_names)
    keep = [i for i, name in enumerate(names) if name != FORMULA_INTERCEPT]
    values = np.asarray(matrix, dtype=np.float64)[:, keep]
    chosen = [names[i] for i in keep]
    fit = meta_regression(
        y[used], v[used], values, names=chosen, method=method, test=test, level=level,
        add_intercept=len(keep) < len(names),
    )  # fmt: skip
    slices = {str(term): part for term, part in spec.term_slices.items()}
    terms = {name: tuple(names[part]) for name, part in slices.items() if name != "1"}
    return FormulaRegression(formula, fit, terms, used, spec)


def _effects(given: str | ArrayLike, columns: dict[str, list[Any]], name: str) -> Floats:
    if isinstance(given, str):
        if given not in columns:
            raise StatsError(f"there is no column {given!r} for {name}.")
        given = columns[given]
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise StatsError(f"{name} must hold numbers only.") from None


def _matrix(
    formula: str, columns: dict[str, list[Any]], k: int, *, missing: str
) -> tuple[Any, np.ndarray[Any, np.dtype[np.int64]]]:
    from formulaic import Formula  # type: ignore[import-untyped]

    try:
        matrix = Formula(formula).get_model_matrix(
            _records(columns), output="pandas", context={}, na_action=missing
        )
    except Exception as error:
        raise StatsError(f"the formula {formula!r} does not work with these data: {error}") from None
    if not hasattr(matrix, "model_spec") or not hasattr(matrix, "index"):
        raise StatsError("the formula has a left side: give the effects as yi and vi instead.")
    used = np.asarray(matrix.index, dtype=np.int64)
    if matrix.shape[1] == 0 or (missing == "raise" and used.size != k):
        raise StatsError(f"the formula {formula!r} has no column, or lost rows of the data.")
    return matrix, used


def _records(columns: dict[str, list[Any]]) -> Any:
    """Return the columns as formulaic takes them: numbers as numbers, other values as objects."""
    arrays = {name: _column(values) for name, values in columns.items()}
    return np.rec.fromarrays(list(arrays.values()), dtype=[(name, a.dtype) for name, a in arrays.items()])


def _column(values: list[Any]) -> np.ndarray[Any, Any]:
    if all(isinstance(v, (bool, np.bool_)) for v in values):
        return np.array(values, dtype=np.float64)
    if all(isinstance(v, (int, np.integer)) for v in values):
        return np.array(values, dtype=np.int64)
    if all(v is None or isinstance(v, (int, float, np.integer, np.floating)) for v in values):
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
