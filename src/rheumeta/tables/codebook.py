"""The codebook and the JSON schema of the protocol, made from the declarations.

Run ``python -m rheumeta.tables.codebook`` in the project folder to bring ``docs/codebook.md`` and
``workflow/schemas/protocol.schema.json`` up to date.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rheumeta.records import FLAGS
from rheumeta.rob_tools import TOOLS
from rheumeta.tables import protocol as models
from rheumeta.tables.findings import ACCEPTABLE
from rheumeta.tables.instruments import instruments
from rheumeta.tables.protocol import Instrument, Protocol
from rheumeta.tables.question import Model
from rheumeta.tables.sheets import CORRECTIONS, MANIFEST, RAW_SHEETS, Column, Sheet
from rheumeta.tables.units import DOSE_UNITS, allowed_units, person_time_units, time_units
from rheumeta.tables.validated import moderator_columns
from rheumeta.tables.writing import StageWriter, json_text

CODEBOOK = Path("docs/codebook.md")
SCHEMA = Path("workflow/schemas/protocol.schema.json")
REPAIR = "python -m rheumeta.tables.codebook"
TYPES = {
    "id": "key", "ids": "keys, separated by ;", "text": "text", "number": "number", "count": "whole number",
    "date": "date (year-month-day)", "choice": "one of", "link": "link", "hash": "SHA-256",
}  # fmt: skip
FILLING = """\
- Enter what the source prints, digit for digit: `4.50` says more than `4.5`, because the last digit
  tells how far rounding can have gone. Nothing is converted or computed in the sheet.
- Leave a cell empty where the source says nothing; no `NA`, no dash.
- Numbers have a decimal point, no thousands separator, no sign such as `%` or `<`.
- Save as *CSV UTF-8*, separated by commas, and run `rheumeta clean data/raw/<review>` after each save: it
  removes byte-order marks, carriage returns and non-breaking spaces from all sheets of the review.
- Format columns as text before typing, or `1-2` becomes a date.
- A mistake of the source or of the extraction is corrected in the overlay `data/corrections/<review>.csv`,
  not in the sheet. `rheumeta manifest <review>` brings the hashes in the manifest up to date.
"""


def codebook_text() -> str:
    """Return the whole codebook as Markdown."""
    sections = [
        "# Codebook\n", f"Made from the declarations by `{REPAIR}`; do not edit by hand.\n",
        "## Filling in the sheets\n", FILLING,
        *(_sheet(sheet, sheet.columns) for sheet in (*RAW_SHEETS, CORRECTIONS, MANIFEST)),
        _accept(), _tools(), _units(), _instruments(), _protocol(), _flags(),
    ]  # fmt: skip
    return "\n".join(sections)


def review_codebook_text(protocol: Protocol) -> str:
    """Return the codebook of the sheets of one review, with the columns that its protocol adds."""
    sections = [
        f"# Codebook of the review {protocol.review}\n",
        "Made by `rheumeta manifest`; do not edit by hand.\n",
        FILLING,
    ]
    sections += [
        _sheet(sheet, sheet.columns + moderator_columns(protocol.moderators, sheet)) for sheet in RAW_SHEETS
    ]
    sections += [_accept(), _tools()]
    if protocol.instruments:
        sections.append(_instrument_table("## Instruments of this review\n", protocol.instruments))
    return "\n".join(sections)


def schema_text() -> str:
    """Return the JSON schema of a protocol."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Protocol.model_json_schema()}
    return json_text(schema)


def table_text(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    names = list(header)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return "".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |\n" for line in lines)


def _sheet(sheet: Sheet, columns: Iterable[Column]) -> str:
    where = {"corrections": "data/corrections/<review>.csv"}.get(sheet.name, f"{sheet.name}.csv")
    notes = ["required" if sheet.required else "may be missing", f"key: {' + '.join(sheet.key)}"]
    if sheet.moderators:
        notes.append("the protocol may add columns under `moderators`")
    rows = ((f"`{c.name}`", _type(c), "yes" if c.required else "", _described(c)) for c in columns)
    return (f"## {sheet.name}\n\n`{where}` ({'; '.join(notes)}). {sheet.description}\n\n"
            + table_text(("column", "type", "required", "meaning"), rows))  # fmt: skip


def _type(column: Column) -> str:
    if column.choices:
        return "one of " + ", ".join(f"`{c}`" for c in column.choices)
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("from", column.low), ("to", column.high))
        if limit is not None
    ]
    return " ".join([TYPES[column.type], *limits])


def _described(column: Column) -> str:
    return f"{column.description} Example: `{column.example}`." if column.example else column.description


def _accept() -> str:
    rows = ((f"`{code}`", gloss) for code, gloss in ACCEPTABLE.items())
    return (
        "## Codes for the column accept\n\nAn implausible number is a fault until someone has compared it with "
        "the source and named its code here; then it becomes a flag.\n\n"
        + table_text(("code", "meaning"), rows)
    )


def _tools() -> str:
    rows = (
        (f"`{t.name}`", "; ".join(f"`{d.code}` {d.name}" for d in t.domains),
         ", ".join(f"`{j}`" + (f" ({t.words[j]})" if j in t.words else "") for j in t.judgements), t.source)
        for t in TOOLS
    )  # fmt: skip
    return (
        "## Risk-of-bias tools\n\nFor the sheet risk_of_bias. Any other tool is `Generic`, or `Generic: ` and its "
        "name, with domains of any name and all judgements of the sheet. Each tool also has the domain `overall` and "
        "the judgement `not_assessed`.\n\n" + table_text(("tool", "domains", "judgements", "source"), rows)
    )


def _units() -> str:
    return ("## Units\n\n"
            f"Times: {', '.join(time_units())}. A year is 52 weeks and a month 52/12 weeks.\n\n"
            f"Person-time: {', '.join(person_time_units())}.\n\n"
            f"Doses: {', '.join(DOSE_UNITS)}.\n\n"
            "Units of the outcomes stand beside the instruments below.\n")  # fmt: skip


def _instruments() -> str:
    return _instrument_table("## Registry of instruments\n", instruments())


def _instrument_table(title: str, entries: Mapping[str, Instrument]) -> str:
    rows = (
        (f"`{code}`", i.label, i.kind, i.better, _range(i),
         "" if i.kind != "continuous" else ", ".join(allowed_units(i)) if i.unit else "none declared",
         "" if i.mid is None else f"{i.mid:g} ({i.mid_source})",
         " ".join(filter(None, [i.source, "Assays are not interchangeable." if i.assay_dependent else None])))
        for code, i in entries.items()
    )  # fmt: skip
    header = ("code", "name", "kind", "better is", "range", "units", "minimal important difference", "source")
    return f"{title}\n{table_text(header, rows)}"


def _range(instrument: Instrument) -> str:
    if instrument.low is None and instrument.high is None:
        return ""
    low, high = ("…" if x is None else f"{x:g}" for x in (instrument.low, instrument.high))
    return f"{low} to {high} {instrument.unit or ''}".strip()


def _protocol() -> str:
    parts = ["## Protocol\n\n`config/reviews/<review>.yaml`; the JSON schema is in `workflow/schemas/`.\n"]
    for name, model in vars(models).items():
        if isinstance(model, type) and issubclass(model, Model) and model is not Model:
            rows = (
                (f"`{key}`", _hint(f), _default(f), f.description or "")
                for key, f in model.model_fields.items()
            )
            summary = (model.__doc__ or "").splitlines()[0]
            parts.append(
                f"### {name}\n\n{summary}\n\n" + table_text(("key", "type", "default", "meaning"), rows)
            )
    return "\n".join(parts)


def _hint(info: FieldInfo) -> str:
    return _spell(info.annotation)


def _spell(hint: Any) -> str:
    if hint is type(None):
        return "nothing"
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.__name__
    origin, arguments = typing.get_origin(hint), [a for a in typing.get_args(hint) if a is not Ellipsis]
    if origin is typing.Literal:
        return " or ".join(f"`{a}`" for a in arguments)
    if origin is typing.Annotated:
        return _spell(arguments[0])
    if origin is tuple:
        return f"list of {_spell(arguments[0])}"
    if origin is dict:
        return f"id: {_spell(arguments[1])}"
    if arguments:
        return " or ".join(_spell(a) for a in arguments if a is not type(None))
    return {str: "text", float: "number", int: "whole number", bool: "true or false"}.get(hint, str(hint))


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value is None or value in ((), {}) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _flags() -> str:
    rows = ((f"`{code}`", gloss) for code, gloss in FLAGS.items())
    return "## Flags\n\nMarks that a number carries up to the figure.\n\n" + table_text(
        ("flag", "meaning"), rows
    )


def main() -> None:
    """Write codebook and schema into the project in the current folder."""
    with StageWriter() as out:
        out.text(CODEBOOK, codebook_text())
        out.text(SCHEMA, schema_text())


if __name__ == "__main__":
    main()
