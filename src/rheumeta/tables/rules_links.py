"""Rules between sheets: every key that a row names exists, and nothing goes round in a circle.

A key that is not well formed has its own fault where it is defined; rows that seem to refer to it
are not told of again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rheumeta.errors import Fault
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.wording import closest, did_you_mean, listing

ALL_OUTCOMES = "all"
MIXED = "mixed"
"""Intervention of a pooled group that holds arms with different treatments."""


def check_links(tables: Mapping[str, Table], interventions: Collection[str] | None) -> list[Fault]:
    """Return the faults between sheets.

    Parameters
    ----------
    tables : mapping of str to Table
        All sheets by name.
    interventions : collection of str or None
        Codes that the protocol defines; None if it could not be read.
    """
    studies, arms = tables["studies"], tables["arms"]
    study_ids = [word for r in studies if (word := r.word("study_id"))]
    faults = _cohorts(studies, study_ids) + _parts(arms)
    if studies.rows:  # an unreadable sheet has its own fault; it must not make all others faulty
        for name in ("arms", "results", "risk_of_bias", "awaited"):
            faults += _known(tables[name], "study_id", study_ids, _malformed(studies, "study_id"))
    if studies.rows and arms.rows:
        faults += _result_arms(tables["results"], arms, study_ids)
    if interventions is not None:
        codes = [*interventions, MIXED]
        for row in arms:
            faults += [
                arms.fault(row, "interventions", "unknown_intervention",
                           f"The protocol does not define the intervention '{code}'.",
                           allowed=listing(codes), remedy=did_you_mean(code, codes)
                           or "Define it under 'interventions' in the protocol.")
                for code in row.words("interventions") if code not in codes
            ]  # fmt: skip
    return faults


def _malformed(rows: Iterable[Row], column: str) -> list[str]:
    """Return the texts of keys that are not well formed."""
    return [r.text[column] for r in rows if r.text[column] and not r.word(column)]


def _known(table: Table, column: str, studies: Collection[str], malformed: Collection[str]) -> list[Fault]:
    return [
        table.fault(row, column, "unknown_study", "The study is not in the sheet 'studies'.",
                    allowed=listing(studies) or None, remedy=did_you_mean(word, studies)
                    or "Add the study to the sheet 'studies', or correct the key.")
        for row in table
        if (word := row.word(column)) and word not in studies and not closest(word, malformed)
    ]  # fmt: skip


def _cohorts(studies: Table, study_ids: list[str]) -> list[Fault]:
    faults = _known(studies, "cohort_of", study_ids, _malformed(studies, "study_id"))
    parents = {r.word("study_id"): r.word("cohort_of") for r in studies}
    for row in studies:
        if _on_cycle(row.word("study_id"), parents):
            faults.append(
                studies.fault(
                    row,
                    "cohort_of",
                    "cohort_cycle",
                    "The cohorts form a circle.",
                    remedy="Leave cohort_of empty for the study that holds all patients.",
                )
            )
        if row.word("cohort_of") and not row.text["cohort_basis"]:
            faults.append(
                studies.fault(
                    row,
                    "cohort_basis",
                    "required_empty",
                    "How the overlap is known is not said.",
                    allowed="stated, probable",
                    remedy="Fill it in wherever cohort_of is filled in.",
                )
            )
    return faults


def _on_cycle(start: str, parents: Mapping[str, str]) -> bool:
    seen = set()
    node = parents.get(start, "")
    while node and node not in seen:
        if node == start:
            return True
        seen.add(node)
        node = parents.get(node, "")
    return False


def _members(arms: Table) -> dict[tuple[str, str], list[Row]]:
    """Return the arms that are parts of another, by study and that other."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in arms:
        found.setdefault((row.word("study_id"), row.word("part_of")), []).append(row)
    return found


def _shape(arms: Table, row: Row, parts: Sequence[Row]) -> list[Fault]:
    """Return faults of groups whose parts contradict them: the pipeline must know who is counted where."""
    if not row.word("arm_id"):
        return []
    kind = row.word("kind")
    if kind == "pooled" and not parts:
        return [arms.fault(
            row, "kind", "pooled_without_parts", "No arm names this pooled group in part_of.",
            remedy="Name it in part_of of the arms that it holds, or call it an arm.",
        )]  # fmt: skip
    if kind == "arm" and any(r.word("kind") == "arm" for r in parts):
        return [arms.fault(
            row, "kind", "arm_with_arms", "Other arms as allocated are parts of this arm.",
            allowed="pooled", remedy="Call the group that holds several arms pooled, or its parts subgroups.",
        )]  # fmt: skip
    codes = set(row.word("interventions").split(";"))
    if (
        kind == "pooled"
        and codes != {MIXED}
        and any(set(r.word("interventions").split(";")) != codes for r in parts)
    ):
        return [arms.fault(
            row, "interventions", "pooled_not_mixed", "The arms of this pooled group got different interventions.",
            allowed=MIXED, remedy=f"Write {MIXED}.",
        )]  # fmt: skip
    return []


def _parts(arms: Table) -> list[Fault]:
    faults = []
    by_study = _arm_ids(arms)
    parents = {_full(r, "arm_id"): _full(r, "part_of") for r in arms if r.word("part_of")}
    members = _members(arms)
    for row in arms:
        own = by_study.get(row.word("study_id"), [])
        part_of = row.word("part_of")
        if part_of and part_of not in own:
            if _names_malformed(row, "part_of", arms):
                continue
            faults.append(_arm_fault(arms, row, "part_of", by_study))
        elif _on_cycle(_full(row, "arm_id"), parents):
            faults.append(
                arms.fault(
                    row,
                    "part_of",
                    "part_of_cycle",
                    "The arms are parts of each other.",
                    remedy="Leave part_of empty for the arm that holds all patients.",
                )
            )
        faults += _shape(arms, row, members.get((row.word("study_id"), row.word("arm_id")), ()))
        if row.word("kind") == "subgroup" and not row.text["part_of"]:
            faults.append(
                arms.fault(
                    row,
                    "part_of",
                    "required_empty",
                    "A subgroup does not say of which arm.",
                    allowed=listing(own),
                    remedy="Fill it in.",
                )
            )
    return faults


def _arm_ids(arms: Iterable[Row]) -> dict[str, list[str]]:
    by_study: dict[str, list[str]] = {}
    for row in arms:
        if row.word("study_id") and row.word("arm_id"):
            by_study.setdefault(row.word("study_id"), []).append(row.word("arm_id"))
    return by_study


def _names_malformed(row: Row, column: str, arms: Iterable[Row]) -> bool:
    """Tell whether the study or the arm that a row names seems to be one with a malformed key."""
    study = row.word("study_id")
    same = [r for r in arms if r.word("study_id") == study]
    if not study or (not same and closest(study, _malformed(arms, "study_id"))):
        return True
    return closest(row.word(column), _malformed(same, "arm_id")) is not None


def _full(row: Row, column: str) -> str:
    return f"{row.word('study_id')}/{row.word(column)}"


def _arm_fault(table: Table, row: Row, column: str, by_study: Mapping[str, list[str]]) -> Fault:
    own, arm = by_study.get(row.word("study_id"), []), row.word(column)
    remedy = did_you_mean(arm, own) or "Add the arm to the sheet 'arms', or correct the key."
    others = [study for study, ids in by_study.items() if arm in ids]
    if others:
        return table.fault(
            row,
            column,
            "arm_of_other_study",
            f"The arm belongs to {listing(others)}, not to {row.word('study_id')}.",
            allowed=listing(own) or None,
            remedy=remedy,
        )
    return table.fault(
        row,
        column,
        "unknown_arm",
        "The study has no such arm in the sheet 'arms'.",
        allowed=listing(own) or None,
        remedy=remedy,
    )


def _result_arms(results: Table, arms: Table, study_ids: list[str]) -> list[Fault]:
    by_study = _arm_ids(arms)
    faults = []
    for row in results:
        if row.word("study_id") not in study_ids:
            continue
        own = by_study.get(row.word("study_id"), [])
        faults += [
            _arm_fault(results, row, column, by_study)
            for column in ("arm_id", "comparator_id")
            if row.word(column) and row.word(column) not in own and not _names_malformed(row, column, arms)
        ]
        if row.word("comparator_id") and row.word("comparator_id") == row.word("arm_id"):
            faults.append(
                results.fault(
                    row,
                    "comparator_id",
                    "compared_with_itself",
                    "The arm is compared with itself.",
                    allowed=listing(own),
                    remedy="Name the other arm, or leave it empty for one group.",
                )
            )
    return faults
