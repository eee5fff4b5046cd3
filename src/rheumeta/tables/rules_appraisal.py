"""Rules of sheets that name what the protocol holds: claims, overrides, registered outcomes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rheumeta.appraised import DOWN_DOMAINS, JUDGEMENTS, UP_DOMAINS
from rheumeta.errors import Fault
from rheumeta.tables.protocol import Protocol
from rheumeta.tables.sheets import CLAIMED
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.wording import did_you_mean, listing


def check_appraisal(tables: Mapping[str, Table], protocol: Protocol) -> list[Fault]:
    """Return the faults of ``claims`` and ``certainty_overrides``, of registered outcomes and overall judgements.

    Parameters
    ----------
    tables : mapping of str to Table
        All sheets by name.
    protocol : Protocol
        A protocol without faults of form.
    """
    studies = [word for row in tables["studies"] if (word := row.word("study_id"))]
    known: dict[str, tuple[str, Collection[str]]] = {
        "outcome_codes": ("outcome", protocol.outcomes),
        "comparisons_wanted": ("comparison", protocol.comparisons),
        "cited_study_ids": ("study", studies),
    }
    faults: list[Fault] = []
    for row in tables["claims"]:
        for column, (what, ids) in known.items():
            faults += _unknown(tables["claims"], row, column, what, ids)
        faults += [*_limits(tables["claims"], row, protocol), *_claimed(tables["claims"], row)]
        faults += _windows(tables["claims"], row, protocol)
    for row in tables["studies"]:
        faults += _unknown(tables["studies"], row, "registered_outcomes", "outcome", protocol.outcomes)
    for row in tables["certainty_overrides"]:
        faults += _override(tables["certainty_overrides"], row, protocol)
    return faults


def parse_limits(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``route=iv;cell_source=umbilical_cord|cord_blood``: the allowed codes of each moderator."""
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return {
        name.strip(): tuple(v.strip() for v in values.split("|") if v.strip()) for name, _, values in pairs
    }


def parse_windows(text: str) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Read ``one_year;das28=three_months|six_months``: windows of all outcomes, and of single ones."""
    parts = parse_limits(text)
    return tuple(name for name, own in parts.items() if not own), {n: own for n, own in parts.items() if own}


def _windows(table: Table, row: Row, protocol: Protocol) -> Iterator[Fault]:
    of_all, of_one = parse_windows(row.word("windows_wanted"))
    for name in (*of_all, *(window for own in of_one.values() for window in own)):
        if name not in protocol.windows:
            yield _no_such(table, row, "windows_wanted", "window", name, protocol.windows)
    outcomes = row.words("outcome_codes")
    for name in of_one:
        if name not in outcomes:
            yield _no_such(table, row, "windows_wanted", "outcome", name, outcomes)


def _unknown(table: Table, row: Row, column: str, what: str, ids: Collection[str]) -> Iterator[Fault]:
    for name in row.words(column):
        if name not in ids:
            yield _no_such(table, row, column, what, name, ids)


def _no_such(table: Table, row: Row, column: str, what: str, name: str, ids: Collection[str]) -> Fault:
    return table.fault(
        row, column, f"unknown_{what}", f"There is no {what} '{name}'.",
        allowed=listing(ids) or None, remedy=did_you_mean(name, ids),
    )  # fmt: skip


def _claimed(table: Table, row: Row) -> Iterator[Fault]:
    words, outcomes = row.words("claimed"), row.words("outcome_codes")
    for word in words:
        if word not in CLAIMED:
            yield table.fault(
                row, "claimed", "not_a_choice", f"'{word}' is no kind of claim.",
                allowed=listing(CLAIMED), remedy=did_you_mean(word, CLAIMED),
            )  # fmt: skip
    if (len(words) > 1 and len(words) != len(outcomes)) or (outcomes and not words):
        yield table.fault(
            row, "claimed", "claimed_per_outcome", "What is claimed does not go with the outcomes.",
            allowed="one word for all outcomes, or one for each of outcome_codes",
            remedy="Write as many words as outcomes, or one.",
        )  # fmt: skip


def _limits(table: Table, row: Row, protocol: Protocol) -> Iterator[Fault]:
    arms = {name: m for name, m in protocol.moderators.items() if m.sheet == "arms"}
    for name, values in parse_limits(row.word("limited_to")).items():
        if name not in arms:
            yield table.fault(
                row, "limited_to", "unknown_moderator", f"The arms have no moderator '{name}'.",
                allowed=listing(arms) or None, remedy=did_you_mean(name, arms),
            )  # fmt: skip
            continue
        choices = arms[name].choices
        for value in values:
            if choices is not None and value not in choices:
                yield table.fault(
                    row, "limited_to", "not_a_choice", f"'{value}' is no code of '{name}'.",
                    allowed=listing(choices), remedy=did_you_mean(value, choices),
                )  # fmt: skip


def _override(table: Table, row: Row, protocol: Protocol) -> Iterator[Fault]:
    analysis, judgement = row.word("analysis"), row.word("judgement")
    if analysis and analysis not in protocol.analyses:
        yield table.fault(
            row, "analysis", "unknown_analysis", "The protocol has no such analysis.",
            allowed=listing(protocol.analyses), remedy=did_you_mean(analysis, protocol.analyses),
        )  # fmt: skip
    domain, up = row.word("domain"), row.word("domain") in UP_DOMAINS
    allowed = [word for word in JUDGEMENTS if word == "not_serious" or word.startswith("raise") == up]
    known = up or domain in DOWN_DOMAINS  # a misspelt domain or judgement has a fault of its own
    if known and judgement in JUDGEMENTS and judgement not in allowed:
        yield table.fault(
            row, "judgement", "judgement_of_other_domain", f"This judgement does not go with {domain}.",
            allowed=listing(allowed), remedy="Choose a judgement of the domain.",
        )  # fmt: skip
