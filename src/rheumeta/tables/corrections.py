"""The overlay of corrections: the sheets stay as reported, the pipeline reads the corrected text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rheumeta.errors import Fault
from rheumeta.tables.reading import RawRow, RawSheet
from rheumeta.tables.wording import did_you_mean, listing


@dataclass(frozen=True)
class Applied:
    """One correction that was applied."""

    sheet: str
    key: str
    field: str
    old: str
    new: str
    reason: str
    evidence: str


APPLIED_COLUMNS = tuple(Applied.__dataclass_fields__)


def apply_corrections(
    sheets: Mapping[str, RawSheet], overlay: RawSheet
) -> tuple[dict[str, RawSheet], list[Applied], list[Fault]]:
    """Apply an overlay to raw sheets.

    Parameters
    ----------
    sheets : mapping of str to RawSheet
        Raw sheets by name.
    overlay : RawSheet
        The sheet of corrections.

    Returns
    -------
    dict of str to RawSheet
        The sheets with the corrected text; lines stay those of the raw file.
    list of Applied
        In the order of the overlay.
    list of Fault
        Corrections that name no sheet, row or field, or whose old value does not stand there.
    """
    corrected = {name: [dict(row.text) for row in raw.rows] for name, raw in sheets.items()}
    applied, faults = [], []
    for row in overlay.rows:
        fault = _apply(row, sheets, corrected, overlay.file)
        if fault is None and corrected[row.text["sheet"]]:
            text = row.text
            applied.append(
                Applied(
                    text["sheet"],
                    text["key"],
                    text["field"],
                    text["old"],
                    text["new"],
                    text["reason"],
                    text["evidence"],
                )
            )
        elif fault is not None:
            faults.append(fault)
    return {name: _with_texts(raw, corrected[name]) for name, raw in sheets.items()}, applied, faults


def _with_texts(raw: RawSheet, texts: Sequence[dict[str, str]]) -> RawSheet:
    rows = tuple(RawRow(row.line, text) for row, text in zip(raw.rows, texts, strict=True))
    return replace(raw, rows=rows)


def _apply(
    row: RawRow, sheets: Mapping[str, RawSheet], corrected: Mapping[str, list[dict[str, str]]], file: str
) -> Fault | None:
    def fault(column: str, code: str, message: str, options: Sequence[str] = (), remedy: str = "") -> Fault:
        text = row.text[column]
        return Fault(
            file,
            row.line,
            column,
            code,
            message,
            text,
            listing(options) or None,
            did_you_mean(text, options) or remedy or None,
        )

    name, key, field = row.text["sheet"], row.text["key"], row.text["field"]
    if name not in sheets:
        return fault("sheet", "unknown_sheet", "The sheet does not exist.", list(sheets))
    raw, texts = sheets[name], corrected[name]
    if not texts or {field, *raw.sheet.key} & set(raw.missing):  # which has its own fault
        return None
    found = [t for t in texts if "/".join(t[k] for k in raw.sheet.key) == key]
    if len(found) != 1:
        keys = ["/".join(t[k] for k in raw.sheet.key) for t in texts]
        return fault("key", "unknown_row", f"{len(found)} rows of the sheet '{name}' have this key.", keys)
    if field not in found[0]:
        return fault(
            "field", "unknown_column", "The sheet has no such column.", [c.name for c in raw.columns]
        )
    if field in raw.sheet.key:
        return fault(
            "field",
            "key_corrected",
            "A key cannot be corrected by the overlay.",
            remedy="Correct the key in the sheet itself.",
        )
    if found[0][field] != row.text["old"]:
        return fault(
            "old",
            "old_differs",
            f"The sheet holds {found[0][field]!r} there.",
            remedy="Look at the sheet again; the correction may be outdated.",
        )
    found[0][field] = row.text["new"]
    return None
