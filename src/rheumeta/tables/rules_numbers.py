"""Implausible numbers: what no patients, or hardly any, could have given.

Each finding is a fault. Where the source really prints the number, the extractor names the code in
the column `accept` of the row; the finding then becomes a flag and stands in ``accepted.csv``.
"""

from __future__ import annotations

import itertools
import math
import statistics
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rheumeta.errors import Fault
from rheumeta.numbers import half_unit
from rheumeta.tables.findings import ACCEPTABLE, finding
from rheumeta.tables.protocol import Instrument
from rheumeta.tables.rules_sizes import patients_of, size_findings
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.units import UnitError, convert
from rheumeta.tables.wording import did_you_mean, listing

SE_SHARE = 0.4
"""An SD below this share of the usual one is suspected to be a standard error, which is the SD
divided by sqrt(n) (Cochrane Handbook 6.5.2.2). The share is this project's choice: a standard error
is that small from n = 7 on (1/sqrt(7) = 0.38)."""
SE_FACTOR = 1.5
"""... provided that times sqrt(n), which would be the SD if it is a standard error, it is at most so
many times the usual SD. Also the project's choice: no SD of the bundled reviews meets both
conditions, and each of the twelve from 30 patients does once it is divided by sqrt(30). From nine
patients, or where no SD is known to be usual, a standard error can pass."""
OTHER_STUDIES = 3
"""Other studies of the review needed to know what SD is usual; else the instrument's own is used."""
SAME_AS_SE = 0.05
"""Relative difference up to which an SD equals the standard error of its interval (rounding)."""
SLACK = 1e-9
"""Floating-point slack in comparisons."""
LEVELS = ("mean", "median", "q1", "q3", "min", "max")
ORDERED = ("min", "q1", "median", "q3", "max")


@dataclass(frozen=True)
class _Scaled:
    """A row with its numbers in the canonical unit of its instrument."""

    row: Row
    instrument: Instrument
    factor: float

    def __getitem__(self, column: str) -> float | None:
        value = self.row.number(column)
        return None if value is None else value * self.factor

    @property
    def n(self) -> float | None:
        return self.row.number("n") or self.row.number("n_implied")

    @property
    def change(self) -> bool:
        return self.row.word("timing") == "change"

    @property
    def span(self) -> float | None:
        """Width of the instrument's range, if it has one."""
        low, high = self.instrument.low, self.instrument.high
        return None if low is None or high is None else high - low


def check_numbers(
    table: Table, arms: Table, instruments: Mapping[str, Instrument]
) -> tuple[list[Fault], list[Fault]]:
    """Look for implausible numbers in the results sheet.

    Parameters
    ----------
    table, arms : Table
        The sheets of results and of arms.
    instruments : mapping of str to Instrument
        Registry and protocol together.

    Returns
    -------
    faults : list of Fault
        Findings that were not accepted, and unknown codes in `accept`.
    accepted : list of Fault
        Findings whose code the row accepts.
    """
    faults: list[Fault] = []
    accepted: list[Fault] = []
    patients = {(r.word("study_id"), r.word("arm_id")): patients_of(r) for r in arms}
    usual = _usual_sds(table, instruments)
    for row in table:
        codes = row.words("accept")
        faults += [
            table.fault(row, "accept", "unknown_accept", f"'{code}' cannot be accepted.",
                        allowed=listing(ACCEPTABLE), remedy=did_you_mean(code, ACCEPTABLE))
            for code in codes if code not in ACCEPTABLE
        ]  # fmt: skip
        for fault in _findings(table, row, instruments, patients, usual):
            (accepted if fault.code in codes else faults).append(fault)
    return faults, accepted


def _findings(
    table: Table,
    row: Row,
    instruments: Mapping[str, Instrument],
    patients: Mapping[tuple[str, str], float | None],
    usual: Mapping[tuple[str, bool], _Usual],
) -> Iterator[Fault]:
    yield from _percent(table, row)
    yield from _interval(table, row)
    yield from _order(table, row)
    yield from size_findings(table, row, patients.get((row.word("study_id"), row.word("arm_id"))))
    scaled = _scale(row, instruments)
    if scaled is not None:
        yield from _range(table, scaled)
        yield from _spread(table, scaled)
        yield from _standard_error(table, scaled, usual)


def _scale(row: Row, instruments: Mapping[str, Instrument]) -> _Scaled | None:
    instrument = instruments.get(row.word("outcome"))
    if instrument is None or instrument.kind != "continuous" or row.word("timing") not in (
        "baseline", "final", "change"):  # fmt: skip
        return None
    try:
        unit = row.word("unit") or instrument.unit
        factor = (
            1.0 if unit is None else convert(1.0, unit, instrument.unit or unit, instrument=instrument).factor
        )
    except UnitError:  # has its own fault
        return None
    return _Scaled(row, instrument, factor)


def _percent(table: Table, row: Row) -> Iterator[Fault]:
    percent, n, events = (
        row.number("percent"),
        row.number("n") or row.number("n_implied"),
        row.number("events"),
    )
    if (
        percent is None
        or not n
        or row.word("events_unit") == "events"
        or row.word("timing") == "percent_change"
    ):
        return
    half = half_unit(row.text["percent"])
    least = math.ceil((percent - half) * n / 100 - SLACK)
    most = math.floor((percent + half) * n / 100 + SLACK)
    near = round(percent * n / 100)
    if least > most:
        choices = ", ".join(
            f"{k}/{n:g} = {100 * k / n:.2f}" for k in range(near - 1, near + 2) if 0 <= k <= n
        )
        yield finding(
            table,
            row,
            "percent",
            "percent_not_whole",
            f"No whole number of {n:g} patients gives this percentage.",
            f"e.g. {choices}",
        )
    elif events is not None and not least <= events <= most:
        yield finding(
            table,
            row,
            "events",
            "events_percent_disagree",
            f"{events:g} of {n:g} is {100 * events / n:.2f} %, not {row.text['percent']} %.",
            str(least) if least == most else f"{least} to {most}",
        )


def _interval(table: Table, row: Row) -> Iterator[Fault]:
    low, high = row.number("ci_low"), row.number("ci_high")
    column = next((c for c in ("effect", "mean", "percent", "median") if row.number(c) is not None), None)
    if column is None or (low is not None and high is not None and low > high):
        return
    value = row.number(column)
    slack = half_unit(row.text[column])
    below = low is not None and value is not None and value < low - slack - half_unit(row.text["ci_low"])
    above = high is not None and value is not None and value > high + slack + half_unit(row.text["ci_high"])
    if below or above:
        yield finding(
            table,
            row,
            column,
            "estimate_outside_ci",
            "The confidence interval does not hold it.",
            f"{row.text['ci_low'] or '…'} to {row.text['ci_high'] or '…'}",
        )


def _order(table: Table, row: Row) -> Iterator[Fault]:
    found = [(c, v) for c in ORDERED if (v := row.number(c)) is not None]
    for (before, smaller), (column, value) in itertools.pairwise(found):
        if smaller > value:
            yield finding(
                table,
                row,
                column,
                "quantiles_disordered",
                f"It is smaller than '{before}'.",
                f"{row.text[before]} or more",
            )
            return
    mean, low, high = row.number("mean"), row.number("min"), row.number("max")
    if mean is not None and ((low is not None and mean < low) or (high is not None and mean > high)):
        yield finding(
            table,
            row,
            "mean",
            "mean_outside_min_max",
            "The mean is not between min and max.",
            f"{row.text['min'] or '…'} to {row.text['max'] or '…'}",
        )


def _range(table: Table, scaled: _Scaled) -> Iterator[Fault]:
    low, high = scaled.instrument.low, scaled.instrument.high
    if scaled.change:
        low, high = (None, None) if scaled.span is None else (-scaled.span, scaled.span)
    for column in LEVELS:
        value = scaled[column]
        if value is None:
            continue
        if (low is not None and value < low - SLACK) or (high is not None and value > high + SLACK):
            what = "a change of " if scaled.change else ""
            unit = f" {scaled.instrument.unit}" if scaled.instrument.unit else ""
            source = f" ({scaled.instrument.source})" if scaled.instrument.source else ""
            yield finding(
                table,
                scaled.row,
                column,
                "outside_range",
                f"The value is outside the range of {scaled.instrument.label}{source}.",
                f"{what}{_text(low)} to {_text(high)}{unit}",
            )


def _text(limit: float | None) -> str:
    return "…" if limit is None else f"{limit:g}"


def _spread(table: Table, scaled: _Scaled) -> Iterator[Fault]:
    """Compare an SD with the range: sd <= R/2 sqrt(n/(n-1)) (Popoviciu) and sd >= R/sqrt(2(n-1)).

    The upper bound is reached when half of the patients have each extreme; the lower one, which
    needs the extremes that were seen, when all others are in the middle.
    """
    sd, n = scaled["sd"], scaled.n
    if sd is None or sd < 0 or n is None or n < 2:  # a negative SD has its own fault
        return
    factor = math.sqrt(n / (n - 1)) / 2
    span = scaled.span
    if span is not None and sd > span * (2 if scaled.change else 1) * factor * (1 + SLACK):
        yield finding(
            table,
            scaled.row,
            "sd",
            "sd_too_large",
            f"The range of {scaled.instrument.label} allows no such SD.",
            f"at most {span * (2 if scaled.change else 1) * factor:.4g}",
        )
    low, high = scaled["min"], scaled["max"]
    if low is None or high is None or high < low:
        return
    slack = scaled.factor * sum(half_unit(scaled.row.text[c]) for c in ("sd", "min", "max"))
    if not (high - low) / math.sqrt(2 * (n - 1)) - slack <= sd <= (high - low) * factor + slack:
        yield finding(
            table,
            scaled.row,
            "sd",
            "sd_against_min_max",
            "Min and max allow no such SD.",
            f"{(high - low) / math.sqrt(2 * (n - 1)):.4g} to {(high - low) * factor:.4g}",
        )


def _standard_error(
    table: Table, scaled: _Scaled, usual: Mapping[tuple[str, bool], _Usual]
) -> Iterator[Fault]:
    sd, n = scaled["sd"], scaled.n
    if sd is None or sd <= 0 or n is None or n < 2:
        return
    for reference in _references(scaled, usual):
        if sd < SE_SHARE * reference and sd * math.sqrt(n) <= SE_FACTOR * reference:
            yield finding(
                table,
                scaled.row,
                "sd",
                "se_for_sd",
                f"It is far below the usual {reference:.3g}; with {n:g} patients it may be a standard error.",
                f"about {reference:.3g}",
            )
            return
    if _is_half_width(scaled, sd):
        yield finding(table, scaled.row, "sd", "se_for_sd", "It equals the standard error of the interval.")


def _references(scaled: _Scaled, usual: Mapping[tuple[str, bool], _Usual]) -> Iterator[float]:
    """Yield what SD is usual: in this study, then in the other studies or else for the instrument."""
    study = scaled.row.word("study_id")
    known = usual.get((scaled.row.word("outcome"), scaled.change), _Usual())
    if study in known.by_study:
        yield known.by_study[study]
    if len(known.by_study) - (study in known.by_study) >= OTHER_STUDIES:
        yield known.median_without(study)
    elif scaled.instrument.sd is not None:
        yield scaled.instrument.sd


def _is_half_width(scaled: _Scaled, sd: float) -> bool:
    low, high = scaled["ci_low"], scaled["ci_high"]
    if low is None or high is None or scaled["mean"] is None or scaled.row.number("effect") is not None:
        return False
    level = (scaled.row.number("ci_level") or 95.0) / 100
    se = (high - low) / 2 / statistics.NormalDist().inv_cdf((1 + level) / 2)
    return se > 0 and abs(sd - se) <= SAME_AS_SE * se


class _Usual:
    """The median SD of each study, for one outcome."""

    def __init__(self, by_study: Mapping[str, float] | None = None) -> None:
        self.by_study = by_study or {}
        self._ordered = sorted(self.by_study.values())

    def median_without(self, study: str) -> float:
        """Return the median of the other studies; they are not sorted again for each row."""
        if study not in self.by_study:
            return statistics.median(self._ordered)
        gap = bisect_left(self._ordered, self.by_study[study])
        size = len(self._ordered) - 1
        low, high = (i + (i >= gap) for i in ((size - 1) // 2, size // 2))
        return (self._ordered[low] + self._ordered[high]) / 2


def _usual_sds(table: Table, instruments: Mapping[str, Instrument]) -> dict[tuple[str, bool], _Usual]:
    """Return the median SD of each study by outcome and by whether it is of a change."""
    found: dict[tuple[str, bool], dict[str, list[float]]] = {}
    for row in table:
        scaled = _scale(row, instruments)
        if scaled is not None and (sd := scaled["sd"]) and 0 < sd <= (scaled.span or math.inf) / 2:
            by_study = found.setdefault((row.word("outcome"), scaled.change), {})
            by_study.setdefault(row.word("study_id"), []).append(sd)
    return {
        key: _Usual({study: statistics.median(values) for study, values in by_study.items()})
        for key, by_study in found.items()
    }
