"""Rules of a protocol: every id it names exists, and its parts agree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from rheumeta.errors import Fault
from rheumeta.layout import OVERALL_TABLES, RESERVED_NAMES
from rheumeta.records import FLAGS
from rheumeta.tables.measures import FITS, POOLED_BY, RAW_MEANS, STANDARDISED
from rheumeta.tables.protocol import Comparison, Instrument, Protocol, read_protocol
from rheumeta.tables.rules_links import MIXED
from rheumeta.tables.wording import did_you_mean, listing
from rheumeta.tables.yaml_lines import Document, dotted

Key = tuple[str | int, ...]


class _Judge:
    """Collects faults of one protocol with their lines."""

    def __init__(self, document: Document, file: str) -> None:
        self.document, self.file = document, file
        self.faults: list[Fault] = []

    def add(self, path: Key, code: str, message: str, value: str | None = None,
            allowed: str | None = None, remedy: str | None = None) -> None:  # fmt: skip
        line = self.document.line(path)
        self.faults.append(Fault(self.file, line, dotted(path), code, message, value, allowed, remedy))

    def known(self, path: Key, value: str | None, options: Collection[str], what: str) -> None:
        if value is not None and value not in options:
            self.add(
                path,
                f"unknown_{what.replace(' ', '_')}",
                f"The {what} does not exist.",
                value,
                listing(options) or None,
                did_you_mean(value, options) or f"Declare the {what} first.",
            )


def check_protocol(
    protocol: Protocol,
    document: Document,
    *,
    file: str,
    instruments: Mapping[str, Instrument],
    study_ids: Collection[str] | None,
    folder: Path,
) -> list[Fault]:
    """Return the faults of a well-formed protocol.

    Parameters
    ----------
    protocol, document : Protocol, Document
        As :func:`rheumeta.tables.protocol.read_protocol` returns them.
    file : str
        Name of the protocol in faults.
    instruments : mapping of str to Instrument
        The registry with the protocol's own.
    study_ids : collection of str or None
        Studies of the review, None if not known.
    folder : Path
        Folder of the protocols, to find reviews used as benchmarks.
    """
    judge = _Judge(document, file)
    if protocol.review != Path(file).stem:
        judge.add(
            ("review",),
            "wrong_review",
            "The id of the review is not the name of the file.",
            protocol.review,
            Path(file).stem,
            "Rename the one or the other.",
        )
    _outcomes(judge, protocol, instruments)
    _windows(judge, protocol)
    _comparisons(judge, protocol)
    for name, change in protocol.sensitivity.items():
        for i, flag in enumerate(change.without_flags):
            judge.known(("sensitivity", name, "without_flags", i), flag, FLAGS, "flag")
        _studies(judge, ("sensitivity", name, "without_studies"), change.without_studies, study_ids)
    _analyses(judge, protocol, study_ids, folder)
    _measures(judge, protocol, instruments)
    return judge.faults


def _outcomes(judge: _Judge, protocol: Protocol, instruments: Mapping[str, Instrument]) -> None:
    for name, instrument in protocol.instruments.items():
        if instrument.low is not None and instrument.high is not None and instrument.low >= instrument.high:
            judge.add(
                ("instruments", name, "high"),
                "range_reversed",
                "The range ends before it starts.",
                f"{instrument.low:g} to {instrument.high:g}",
                remedy="Swap low and high.",
            )
    for name, outcome in protocol.outcomes.items():
        for i, code in enumerate(outcome.codes):
            judge.known(("outcomes", name, "codes", i), code, instruments, "instrument")
        found = [instruments[c] for c in outcome.codes if c in instruments]
        if len({(i.kind, i.better) for i in found}) > 1:
            judge.add(
                ("outcomes", name, "codes"),
                "codes_disagree",
                "The instruments of the outcome differ in kind or direction.",
                ", ".join(outcome.codes),
                remedy="Make two outcomes of it.",
            )


def _windows(judge: _Judge, protocol: Protocol) -> None:
    for name, window in protocol.windows.items():
        if window.start > window.end:
            judge.add(
                ("windows", name, "end"),
                "window_reversed",
                "The window ends before it starts.",
                f"{window.start:g} to {window.end:g}",
                remedy="Swap start and end.",
            )
        elif not window.start <= window.target <= window.end:
            judge.add(
                ("windows", name, "target"),
                "target_outside_window",
                "The target is not in the window.",
                f"{window.target:g}",
                f"{window.start:g} to {window.end:g}",
            )


def _comparisons(judge: _Judge, protocol: Protocol) -> None:
    codes = [*protocol.interventions, MIXED]
    for name, comparison in protocol.comparisons.items():
        for side, rule in (("experimental", comparison.experimental), ("control", comparison.control)):
            if rule is not None:
                for key, values in (("having", rule.having), ("lacking", rule.lacking)):
                    for i, code in enumerate(values):
                        judge.known(("comparisons", name, side, key, i), code, codes, "intervention")
        if (comparison.kind == "controlled") != (comparison.control is not None):
            message, remedy = ("needs", "Add it") if comparison.control is None else ("has no", "Delete it")
            judge.add(
                ("comparisons", name, "control"),
                "control_and_kind",
                f"A comparison of the kind '{comparison.kind}' {message} control.",
                remedy=f"{remedy}, or change the kind.",
            )


def _analyses(judge: _Judge, protocol: Protocol, study_ids: Collection[str] | None, folder: Path) -> None:
    numeric = [name for name, m in protocol.moderators.items() if m.type == "number"]
    for name, plan in protocol.analyses.items():
        at: Key = ("analyses", name)
        if name in OVERALL_TABLES or name in RESERVED_NAMES:
            taken = ("A table over all analyses has this name", OVERALL_TABLES)
            message, names = taken if name in OVERALL_TABLES else ("Windows has no files of this name", ())
            judge.add(
                at,
                "reserved_name",
                f"{message}.",
                name,
                f"any id but {', '.join(names or sorted(RESERVED_NAMES))}",
                "Give the analysis another id.",
            )
        judge.known((*at, "comparison"), plan.comparison, protocol.comparisons, "comparison")
        judge.known((*at, "outcome"), plan.outcome, protocol.outcomes, "outcome")
        judge.known((*at, "window"), plan.window, protocol.windows, "window")
        for i, moderator in enumerate(plan.subgroups):
            judge.known((*at, "subgroups", i), moderator, protocol.moderators, "moderator")
        for i, moderator in enumerate(plan.forest_columns):
            judge.known((*at, "forest_columns", i), moderator, protocol.moderators, "moderator")
        for i, moderator in enumerate(plan.regress_on):
            judge.known((*at, "regress_on", i), moderator, numeric, "numeric moderator")
        for i, change in enumerate(plan.sensitivity):
            judge.known((*at, "sensitivity", i), change, protocol.sensitivity, "sensitivity run")
        if study_ids is not None:
            for i, exclusion in enumerate(plan.exclude):
                judge.known((*at, "exclude", i, "study"), exclusion.study, study_ids, "study")
            for i, note in enumerate(plan.forest_text.footnotes):
                judge.known((*at, "forest_text", "footnotes", i, "study"), note.study, study_ids, "study")
        if plan.benchmark is not None:
            _benchmark(judge, (*at, "benchmark"), plan.benchmark.review, plan.benchmark.analysis, folder)


def _measures(judge: _Judge, protocol: Protocol, instruments: Mapping[str, Instrument]) -> None:
    """Refuse measures that do not fit, and pooling of what is not on one scale."""
    for name, plan in protocol.analyses.items():
        at: Key = ("analyses", name)
        outcome, comparison = protocol.outcomes.get(plan.outcome), protocol.comparisons.get(plan.comparison)
        if outcome is None or comparison is None:
            continue
        found = [instruments[c] for c in outcome.codes if c in instruments]
        if len({i.kind for i in found}) > 1:  # a fault of its own
            continue
        _measure(judge, (*at, "measure"), plan.measure, comparison, found)
        for i, change in enumerate(plan.sensitivity):
            measure = protocol.sensitivity[change].measure if change in protocol.sensitivity else None
            if measure is not None:
                _measure(judge, (*at, "sensitivity", i), measure, comparison, found)
        if plan.measure not in POOLED_BY[plan.pooling]:
            judge.add(
                (*at, "pooling"),
                "pooling_does_not_fit",
                f"This way of pooling does not take the measure {plan.measure}.",
                plan.pooling,
                listing(POOLED_BY[plan.pooling]),
                "Choose another measure, or inverse_variance.",
            )


def _measure(
    judge: _Judge, path: Key, measure: str, comparison: Comparison, instruments: Collection[Instrument]
) -> None:
    kind, design = FITS[measure]
    if any(i.kind != kind for i in instruments) or comparison.kind != design:
        fitting = [
            m for m, (k, d) in FITS.items() if d == comparison.kind and all(i.kind == k for i in instruments)
        ]
        judge.add(
            path,
            "measure_does_not_fit",
            f"{measure} is for a {kind} outcome in a {design.replace('_', '-')} comparison.",
            measure,
            listing(fitting) or None,
        )
    elif measure in RAW_MEANS and any(i.assay_dependent for i in instruments):
        judge.add(
            path,
            "assay_not_interchangeable",
            "The outcome depends on the assay: raw values of different assays cannot be pooled.",
            measure,
            listing(sorted(m for m in STANDARDISED if FITS[m] == FITS[measure])),
        )
    elif measure in RAW_MEANS and len({(i.unit, i.low, i.high) for i in instruments}) > 1:
        judge.add(
            path,
            "instruments_differ",
            "The instruments of the outcome differ in unit or range: raw values cannot be pooled.",
            measure,
            listing(sorted(m for m in STANDARDISED if FITS[m] == FITS[measure])),
            "Choose a standardised measure, or one instrument.",
        )


def _studies(judge: _Judge, path: Key, studies: Collection[str], known: Collection[str] | None) -> None:
    for i, study in enumerate(studies if known is not None else ()):
        judge.known((*path, i), study, known or (), "study")


def _benchmark(judge: _Judge, path: Key, review: str, analysis: str, folder: Path) -> None:
    judge.known((*path, "review"), review, list(_reviews(folder)), "review")
    if review in _reviews(folder):
        other, _, _ = read_protocol(folder / f"{review}.yaml", file=review)
        if other is not None:  # its own faults are its own
            judge.known((*path, "analysis"), analysis, other.analyses, "analysis")


def _reviews(folder: Path) -> Iterator[str]:
    return (path.stem for path in sorted(folder.glob("*.yaml")))
