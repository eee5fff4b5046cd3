"""What the report shows of the sheets: studies, flow of records, risk of bias, numbers, awaited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from rheumeta.flow_boxes import BESIDE, BOXES, OPTIONAL
from rheumeta.pages.headline import cohorts
from rheumeta.pages.inputs import ReportInput, Row
from rheumeta.pages.numbers import tidy, uncapital
from rheumeta.rob_tools import NOT_ASSESSED, OVERALL, Domain, Tool, domain_of, find_domain, find_tool

DESIGN_WORDS = {
    "randomised": "randomised",
    "nonrandomised": "controlled, not randomised",
    "retrospective": "retrospective",
    "single_group": "one group, before and after",
    "case_series": "case series",
}
STATUS_WORDS = {
    "published": "published",
    "press_only": "press or registry statements only",
    "no_results": "no visible results",
    "planned": "planned",
}
WHY_WORDS = {
    "full_text_not_at_hand": "full text not at hand",
    "not_published": "not published",
    "ended_early": "ended early",
    "not_reported": "not reported",
    "ongoing": "ongoing",
    "source_unclear": "source unclear",
}
BASIS_WORDS = {
    "reported": "",
    "implied": "implied by the numbers, not stated",
    "arm": "size of the arm; the source gives none for this number",
    "none": "not stated",
}
"""Where the number of patients of a result comes from (the column n_basis)."""

VALUE_NAMES = {
    "mean": "mean", "sd": "SD", "se": "SE", "ci_low": "CI from", "ci_high": "to", "median": "median",
    "q1": "Q1", "q3": "Q3", "iqr": "IQR width", "min": "min", "max": "max", "range": "range width",
    "events": "events", "percent": "percent", "person_time": "person-time", "effect": "effect",
    "t": "t", "f": "F", "df": "df", "p": "p",
}  # fmt: skip
"""Value columns of harmonised.csv and what they are called."""


@dataclass(frozen=True)
class FlowBox:
    """One box of the flow of records with the lines in it."""

    name: str
    label: str
    aside: bool
    lines: tuple[tuple[str, str], ...]  # number (empty: not recorded), what is counted


@dataclass(frozen=True)
class BiasTable:
    """Judgements of one tool: rows study (and outcome), columns domains."""

    tool: str
    domains: tuple[Domain, ...]  # the overall judgement last
    rows: tuple[tuple[str, str, tuple[Row | None, ...]], ...]  # study id, outcome, judgement a domain

    @property
    def by_outcome(self) -> bool:
        """Whether any judgement is of one outcome alone."""
        return any(outcome != "all" for _, outcome, _ in self.rows)


@dataclass(frozen=True)
class NumberRow:
    """One reported result: as printed and in the common unit."""

    row: Row
    arm: str
    printed: str
    harmonised: str
    n: str
    n_note: str
    conversion: str  # empty where the unit is that of the source


def studies_view(data: ReportInput) -> list[tuple[Row, list[str]]]:
    """Return each study with the labels of the studies that share its cohort."""
    rows = data.sheet("studies")
    labels = data.study_labels()
    members: dict[str, list[str]] = defaultdict(list)
    root = cohorts(rows)
    for study, top in root.items():
        members[top].append(study)
    return [
        (row, [labels[s] for s in members[root[row["study_id"]]] if s != row["study_id"]]) for row in rows
    ]


def flow_view(rows: Sequence[Row]) -> list[FlowBox]:
    """Return the boxes of the flow in the order of the diagram; boxes without a row are left out."""
    boxes: dict[str, list[tuple[str, str]]] = {name: [] for name in BOXES}
    for row in rows:
        channel = "" if row["channel"] == "all" else row["channel"]
        what = ": ".join(part for part in (channel, row["reason"]) if part)
        text = "; ".join(part for part in (what, row.get("note", "")) if part)
        boxes[row["box"]].append((row["n"], text))
    return [
        FlowBox(name, BOXES[name], name in BESIDE, tuple(lines))
        for name, lines in boxes.items()
        if any(n for n, _ in lines)
    ]


def flow_groups(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Return the rows of each box in the order of the diagram."""
    groups = ((box, [row for row in rows if row["box"] == box]) for box in BOXES)
    return [(box, members) for box, members in groups if members]


def flow_gaps(rows: Sequence[Row]) -> list[str]:
    """Return the labels of the boxes for which no number is recorded."""
    known = {row["box"] for row in rows if row["n"]}
    due = {row["box"] for row in rows} | (set(BOXES) - OPTIONAL)
    return [uncapital(label) for name, label in BOXES.items() if name in due - known]


def bias_view(rows: Sequence[Row]) -> list[BiasTable]:
    """Return one table for each tool that was used; studies that were not assessed are left out."""
    tools: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["judgement"] != NOT_ASSESSED:
            known = find_tool(row["tool"])
            tools[known.name if known else row["tool"]].append(row)
    return [_bias_table(tool, members) for tool, members in tools.items()]


def _bias_table(tool: str, rows: Sequence[Row]) -> BiasTable:
    """Return the table of a tool: each of its domains, judged or not, then others, the overall judgement last."""
    known = find_tool(tool)
    codes = {row["domain"]: _domain_code(known, row["domain"]) for row in rows}
    listed = [d.code for d in known.domains] if known else []
    domains = (*dict.fromkeys([*listed, *(c for c in codes.values() if c != OVERALL)]), OVERALL)
    cells = {(row["study_id"], row["outcome"], codes[row["domain"]]): row for row in rows}
    keys = dict.fromkeys((row["study_id"], row["outcome"]) for row in rows)
    lines = tuple((s, o, tuple(cells.get((s, o, d)) for d in domains)) for s, o in keys)
    return BiasTable(tool, tuple(domain_of(tool, d) for d in domains), lines)


def _domain_code(tool: Tool | None, domain: str) -> str:
    found = find_domain(tool, domain) if tool else None
    return found.code if found else domain


def not_assessed(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of studies whose risk of bias was not judged."""
    return [row for row in rows if row["judgement"] == NOT_ASSESSED]


def numbers_view(data: ReportInput) -> list[tuple[str, str, list[NumberRow]]]:
    """Return the harmonised rows by study: study id, label, rows."""
    labels = data.study_labels()
    arms = {(a["study_id"], a["arm_id"]): a.get("label") or a["arm_id"] for a in data.sheet("arms")}
    groups: dict[str, list[NumberRow]] = defaultdict(list)
    for row in data.harmonised:
        groups[row["study_id"]].append(_number_row(row, arms))
    return [(study, labels.get(study, study), rows) for study, rows in groups.items()]


def _number_row(row: Row, arms: dict[tuple[str, str], str]) -> NumberRow:
    study = row["study_id"]
    arm = arms.get((study, row["arm_id"]), row["arm_id"])
    if row["comparator_id"]:
        arm += f" against {arms.get((study, row['comparator_id']), row['comparator_id'])}"
    basis = row.get("n_basis", "")
    return NumberRow(
        row=row,
        arm=arm,
        printed=_printed(row),
        harmonised=_harmonised(row),
        n=row["n"] or "–",
        n_note=BASIS_WORDS.get(basis, basis),
        conversion=_conversion(row),
    )


def _conversion(row: Row) -> str:
    """Return how a number came into the common unit; empty where nothing was converted."""
    factor, unit, source = (row.get(name, "") for name in ("factor", "unit", "unit_reported"))
    if factor in ("", "1", "1.0") or not source:
        return ""
    return f"1 {source} = {tidy(factor)} {unit}".strip()


def _printed(row: Row) -> str:
    """As reported: the printed numbers with their unit, the words of the source, or the direction."""
    numbers = ", ".join(
        f"{VALUE_NAMES[name]} {value}"
        for name, _, value in (part.partition("=") for part in row.get("printed", "").split("; "))
        if name in VALUE_NAMES
    )
    unit = row.get("unit_reported", "")
    words = row.get("as_reported", "")
    if not numbers and not words:
        words = row.get("direction", "") or row.get("significance", "")
    return "; ".join(part for part in (f"{numbers} {unit}".strip() if numbers else "", words) if part)


def _harmonised(row: Row) -> str:
    parts = []
    for column, name in VALUE_NAMES.items():
        if row.get(column):
            sign = f"{row['p_sign']} " if column == "p" and row.get("p_sign", "=") not in ("", "=") else ""
            parts.append(f"{name} {sign}{tidy(row[column])}")
    if not parts:
        return " ".join(row.get(c, "") for c in ("direction", "significance")).replace("_", " ").strip()
    return f"{', '.join(parts)} {row.get('unit', '')}".strip()


def left_out(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of not_used.csv once each: sensitivity runs repeat those of their analysis."""
    return list({(r["analysis_id"], r["study_id"], r["reason"]): r for r in reversed(rows)}.values())[::-1]
