"""Stage 1: check everything a review holds, and write it down as the later stages read it.

All faults of the protocol, of all sheets and of the overlay of corrections are collected and
raised together; nothing is written then.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import Layout
from rheumeta.provenance import evidence_digest
from rheumeta.tables.config import CONFIG, listed_reviews
from rheumeta.tables.corrections import APPLIED_COLUMNS, Applied, apply_corrections
from rheumeta.tables.declared import Declared, declared
from rheumeta.tables.follow_on import first_causes
from rheumeta.tables.instruments import instruments, instruments_of
from rheumeta.tables.manifest import CHECK_COLUMNS, Check, check_manifest
from rheumeta.tables.ordering import natural
from rheumeta.tables.placeholders import placeholder_faults
from rheumeta.tables.protocol import read_protocol
from rheumeta.tables.reading import RawSheet, read_sheet
from rheumeta.tables.rules_appraisal import check_appraisal
from rheumeta.tables.rules_flow import check_flow
from rheumeta.tables.rules_links import check_links
from rheumeta.tables.rules_numbers import check_numbers
from rheumeta.tables.rules_protocol import check_protocol
from rheumeta.tables.rules_results import check_doses, check_outcome_codes, check_results
from rheumeta.tables.rules_rob import check_rob
from rheumeta.tables.rules_searches import check_searches
from rheumeta.tables.schemas import check_schema
from rheumeta.tables.sheets import CORRECTIONS, MANIFEST, RAW_SHEETS
from rheumeta.tables.typed import Table, type_sheet
from rheumeta.tables.unsafe import unsafe_faults
from rheumeta.tables.validated import (
    ACCEPTED,
    CORRECTIONS_APPLIED,
    MANIFEST_CHECK,
    moderator_columns,
    validated_path,
    validated_rows,
)
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

ACCEPTED_COLUMNS = ("result_id", "code", "column", "value", "message", "allowed")


@dataclass(frozen=True)
class Checked:
    """A review as read, with every fault found.

    `accepted` are the implausibilities that the extractor has checked against the source.
    """

    tables: Mapping[str, Table]
    applied: tuple[Applied, ...]
    accepted: tuple[Fault, ...]
    faults: tuple[Fault, ...]


def run(layout: Layout) -> None:
    """Validate one review.

    Raises
    ------
    InputFaults
        With all faults of protocol, sheets and corrections.
    """
    if layout.review not in listed_reviews(layout.root)[0]:
        log.warning("%s does not list '%s': snakemake does not build it", CONFIG, layout.review)
    digest = evidence_digest(layout.root, layout.evidence)
    checked = check(layout)
    if checked.faults:
        raise InputFaults(checked.faults)
    manifest = check_manifest(layout.raw)
    _report(checked, manifest)
    with StageWriter() as out:
        for name, table in checked.tables.items():
            out.rows(validated_path(layout, name), *validated_rows(table))
        out.rows(validated_path(layout, MANIFEST_CHECK), map(asdict, manifest), CHECK_COLUMNS)
        out.rows(validated_path(layout, CORRECTIONS_APPLIED), _applied_rows(checked), APPLIED_COLUMNS)
        out.rows(validated_path(layout, ACCEPTED), _accepted_rows(checked), ACCEPTED_COLUMNS)
        out.text(layout.evidence_digest, f"{digest}\n")
    log.info("%s: no faults", layout.review)


def check(layout: Layout) -> Checked:
    """Read and judge everything a review holds; write nothing."""
    name = _name(layout.protocol, layout)
    protocol, document, faults = read_protocol(layout.protocol, file=name)
    faults += placeholder_faults(document, file=name) + unsafe_faults(document, file=name)
    known = declared(document)
    raw, found = _read_sheets(layout, known)
    faults += found
    overlay, found = _read_overlay(layout)
    faults += found + _manifest_faults(layout)
    corrected, applied, found = apply_corrections(raw, overlay)
    faults += found
    tables = {}
    for sheet_name, sheet in corrected.items():
        tables[sheet_name], found = type_sheet(sheet)
        faults += found + check_schema(tables[sheet_name])
    found, accepted = _rules(tables, known)
    faults += found
    if protocol is not None:
        faults += check_protocol(
            protocol,
            document,
            file=name,
            instruments=instruments_of(protocol),
            study_ids=[word for row in tables["studies"] if (word := row.word("study_id"))],
            folder=layout.protocol.parent,
        )
        faults += check_appraisal(tables, protocol)
    return Checked(tables, tuple(applied), tuple(accepted), tuple(first_causes(faults, raw)))


def _rules(tables: Mapping[str, Table], known: Declared) -> tuple[list[Fault], list[Fault]]:
    """Apply the rules between sheets and cells; what a broken protocol may declare is not judged."""
    table = {**instruments(), **known.instruments}
    faults = check_links(tables, known.interventions if known.complete else None)
    found = check_results(tables["results"], table) + check_doses(tables["arms"])
    codes = [*table, *known.outcomes]
    for name in ("awaited", "risk_of_bias"):
        found += check_outcome_codes(tables[name], codes)
    faults += [
        f for f in found if f.code != "unknown_outcome" or (known.complete and f.value not in known.unclear)
    ]
    found, accepted = check_numbers(tables["results"], tables["arms"], table)
    studies = {word for row in tables["studies"] if (word := row.word("study_id"))}
    faults += check_flow(tables["flow"], len(studies)) + check_searches(tables["searches"])
    return faults + check_rob(tables["risk_of_bias"]) + found, accepted


def _read_sheets(layout: Layout, known: Declared) -> tuple[dict[str, RawSheet], list[Fault]]:
    sheets, faults = {}, []
    for sheet in RAW_SHEETS:
        path = layout.raw / f"{sheet.name}.csv"
        extra = moderator_columns(known.moderators, sheet)
        sheets[sheet.name], found = read_sheet(path, sheet, file=_name(path, layout), extra=extra)
        if sheet.moderators and not known.complete:  # which further columns there may be is not known
            found = [f for f in found if f.code != "unknown_column"]
        faults += found
    return sheets, faults


def _read_overlay(layout: Layout) -> tuple[RawSheet, list[Fault]]:
    overlay, faults = read_sheet(layout.corrections, CORRECTIONS, file=_name(layout.corrections, layout))
    table, found = type_sheet(overlay)
    ill_formed = [f for f in found if f.column != "old"]  # the old text may be what has to be corrected
    return overlay, faults + ill_formed + check_schema(table)


def _manifest_faults(layout: Layout) -> list[Fault]:
    """Judge the form of the manifest; that it is missing or outdated is told but no fault."""
    path = layout.raw / f"{MANIFEST.name}.csv"
    if not path.is_file():
        return []
    raw, faults = read_sheet(path, MANIFEST, file=_name(path, layout))
    table, found = type_sheet(raw)
    return faults + found + check_schema(table)


def _accepted_rows(checked: Checked) -> list[dict[str, str]]:
    """Return what was accepted, in the order of the rows and not of the sheet."""
    ids = {row.line: row.text["result_id"] for row in checked.tables["results"]}
    rows = [
        {
            "result_id": ids[found.line or 0],
            "code": found.code,
            "column": found.column or "",
            "value": found.value or "",
            "message": found.message,
            "allowed": found.allowed or "",
        }
        for found in checked.accepted
    ]
    return sorted(rows, key=lambda row: (natural(row["result_id"]), row["code"], row["column"]))


def _applied_rows(checked: Checked) -> list[dict[str, str]]:
    rows = [asdict(applied) for applied in checked.applied]
    return sorted(rows, key=lambda row: (row["sheet"], natural(row["key"]), row["field"]))


def _name(path: Path, layout: Layout) -> str:
    return path.relative_to(layout.root).as_posix()


def _report(checked: Checked, manifest: list[Check]) -> None:
    for name, table in checked.tables.items():
        log.info("%s: %d rows read", name, len(table.rows))
    log.info("%d corrections applied", len(checked.applied))
    for found in checked.accepted:
        log.info(
            "accepted: %s, line %d, column %s: %s %r [%s]",
            found.file,
            found.line,
            found.column,
            found.message,
            found.value,
            found.code,
        )
    _warn_needless(checked)
    for item in manifest:
        if item.status != "same":
            log.warning("MANIFEST: %s is %s", item.file, item.status.replace("_", " "))


def _warn_needless(checked: Checked) -> None:
    used = {(found.line, found.code) for found in checked.accepted}
    for row in checked.tables["results"]:
        for code in row.words("accept"):
            if (row.line, code) not in used:
                log.warning("results, line %d: accepts %s, which was not found there", row.line, code)
