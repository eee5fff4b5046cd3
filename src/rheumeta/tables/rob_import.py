"""Readers for the layouts in which reviewers keep judgements of risk of bias.

Wide: one row a study, the first column names it, one column a domain (headed by its code, such as
``D1``, or by its name, such as ``Random.sequence.generation``), and ``Overall``. This is what robvis
reads (McGuinness and Higgins 2021). Long: one row a judgement with the columns ``study``, ``domain``,
``judgement`` and, if wanted, ``outcome``, ``support`` and ``assessor``. With the tool ``Generic`` the
domains are what the file calls them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rheumeta.errors import Fault, InputFaults
from rheumeta.rob_tools import (
    GENERIC,
    NOT_ASSESSED,
    OVERALL,
    TOOLS,
    Tool,
    find_domain,
    find_judgement,
    find_tool,
    is_overall,
    plain,
)
from rheumeta.tables.wording import did_you_mean, listing

SEPARATORS = (",", ";", "\t")
LONG = frozenset({"study", "domain", "judgement"})
EXTRA = ("outcome", "support", "assessor")
NO_DOMAINS = frozenset({"weight", "weights"})
"""Columns of the wide layout that say how much a study weighs; the analyses know that better."""

ALL = "all"


@dataclass
class Reading:
    """A file of judgements being read, and the faults found in it."""

    file: str
    tool: Tool
    studies: Mapping[str, str]  # what a file may call a study, plain -> study id
    faults: list[Fault] = field(default_factory=list)

    def add(
        self,
        line: int,
        column: str,
        code: str,
        message: str,
        value: str,
        allowed: str,
        remedy: str | None = None,
    ) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.file, line, column, code, message, value, allowed, remedy))

    def study(self, line: int, column: str, text: str) -> str:
        """Return the id of the study that a cell names."""
        found = self.studies.get(plain(text))
        if found is None:
            names = sorted(set(self.studies.values()))
            message = "The sheet 'studies' has no such study."
            self.add(line, column, "unknown_study", message, text, listing(names), did_you_mean(text, names))
        return found or ""

    def domain(self, line: int, column: str, text: str) -> str:
        """Return the code of the domain that a heading or cell names."""
        if is_overall(text):
            return OVERALL
        if self.tool is GENERIC:
            return " ".join(text.replace(".", " ").split())
        found = find_domain(self.tool, text)
        if found is None:
            codes = [d.code for d in self.tool.domains]
            message = f"{self.tool.name} has no such domain."
            allowed = listing([*codes, *(d.name for d in self.tool.domains), OVERALL])
            self.add(line, column, "unknown_domain", message, text, allowed, "Check the tool that was named.")
        return found.code if found else ""

    def judgement(self, line: int, column: str, text: str) -> str:
        """Return the judgement that a cell means."""
        found = find_judgement(text)
        if found is None or found not in (*self.tool.judgements, NOT_ASSESSED):
            allowed = listing(self.tool.judgements)
            self.add(
                line, column, "unknown_judgement", f"{self.tool.name} has no such judgement.", text, allowed
            )
        return found or ""


def read_judgements(path: Path, tool: str, studies: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Read a file of judgements as rows of the sheet ``risk_of_bias``.

    Parameters
    ----------
    path : Path
        CSV with commas, semicolons or tabs, UTF-8.
    tool : str
        Name of the tool, however written: ``"RoB2"``, ``"rob 2"``.
    studies : sequence of mapping
        Rows of the sheet ``studies``; a file may name a study by its id or its label.

    Returns
    -------
    list of dict
        One row a judgement; empty cells are left out.

    Raises
    ------
    InputFaults
        With all faults: unknown tool, study, domain or judgement, or a layout that is neither of both.
    """
    known = find_tool(tool)
    if known is None:
        names = [*(t.name for t in TOOLS), GENERIC.name]
        fault = Fault(path.as_posix(), None, "--tool", "unknown_tool", "The tool is not known.", tool,
                      listing(names), did_you_mean(tool, names))  # fmt: skip
        raise InputFaults([fault])
    called = {plain(row["label"]): row["study_id"] for row in studies if row.get("label")}
    called |= {plain(row["study_id"]): row["study_id"] for row in studies}
    reading = Reading(path.as_posix(), known, called)
    header, rows = _cells(path)
    long = {plain(h) for h in header} >= LONG
    found = list(_long(reading, header, rows) if long else _wide(reading, header, rows))
    if reading.faults:
        raise InputFaults(reading.faults)
    return found


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows with their lines in the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"Byte {error.start + 1} is not UTF-8."
        raise InputFaults(
            [Fault(path.as_posix(), None, None, "not_utf8", message, allowed="UTF-8")]
        ) from None
    except FileNotFoundError:
        raise InputFaults(
            [Fault(path.as_posix(), None, None, "missing_file", "There is no such file.")]
        ) from None
    first = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
    lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    if len(lines) < 2 or len(lines[0][1]) < 2:
        message = "The file holds no table of judgements."
        allowed = "a header and one row a study, or one row a judgement"
        raise InputFaults([Fault(path.as_posix(), 1, None, "no_judgements", message, allowed=allowed)])
    return lines[0][1], lines[1:]


def _wide(
    reading: Reading, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> Iterator[dict[str, str]]:
    columns = [
        (i, heading, reading.domain(1, heading, heading))
        for i, heading in enumerate(header)
        if i and plain(heading) not in NO_DOMAINS
    ]
    for line, cells in rows:
        study = reading.study(line, header[0], cells[0])
        for i, heading, domain in columns:
            text = cells[i] if i < len(cells) else ""
            if text.strip():
                judgement = reading.judgement(line, heading, text)
                yield _row(reading.tool, study, domain, judgement)


def _long(
    reading: Reading, header: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> Iterator[dict[str, str]]:
    places = {plain(heading): i for i, heading in enumerate(header)}
    for line, cells in rows:
        text = {name: cells[i].strip() for name, i in places.items() if i < len(cells)}
        if not text.get("judgement"):
            continue
        study = reading.study(line, header[places["study"]], text["study"])
        domain = reading.domain(line, header[places["domain"]], text["domain"])
        judgement = reading.judgement(line, header[places["judgement"]], text["judgement"])
        extra = {name: text[name] for name in EXTRA if text.get(name)}
        yield _row(reading.tool, study, domain, judgement) | extra


def _row(tool: Tool, study: str, domain: str, judgement: str) -> dict[str, str]:
    return {
        "study_id": study,
        "tool": tool.name,
        "outcome": ALL,
        "domain": domain,
        "judgement": judgement,
        "support": "",
        "assessor": "",
    }
