"""Rules of the sheet of the risk of bias: each tool has domains and judgements of its own."""

from __future__ import annotations

from rheumeta.errors import Fault
from rheumeta.rob_tools import GENERIC, NOT_ASSESSED, OVERALL, TOOLS, Tool, find_domain, find_tool, is_overall
from rheumeta.tables.typed import Row, Table
from rheumeta.tables.wording import closest, did_you_mean, listing

NAMED = f"{GENERIC.name}: "
"""Before the name of a tool that is not known: "Generic: Newcastle-Ottawa Scale"."""

OWN = f"For another tool write '{GENERIC.name}', or '{NAMED}' and its name; its domains may have any names."


def check_rob(table: Table) -> list[Fault]:
    """Return a fault for each tool that is not known, and each domain and judgement that its tool has not."""
    known = {tool.name: tool for tool in TOOLS}
    faults: list[Fault] = []
    for row in table:
        name, tool = row.word("tool"), known.get(row.word("tool"))
        if name and tool is None and name != GENERIC.name and not name.startswith(NAMED):
            faults.append(_tool(table, row, name))
        if is_overall(row.word("domain")):
            faults += _overall(table, row)
        elif tool is not None:
            faults += _domain(table, row, tool)
        if tool is not None:
            faults += _judgement(table, row, tool)
    return faults


def _overall(table: Table, row: Row) -> list[Fault]:
    """Refuse an overall judgement under another name: the certainty would pass it over."""
    if row.word("domain") == OVERALL:
        return []
    message = "This is read as a domain, not as the overall judgement."
    return [table.fault(row, "domain", "unknown_domain", message, remedy=f"Write '{OVERALL}'.")]


def _tool(table: Table, row: Row, name: str) -> Fault:
    names = [*(tool.name for tool in TOOLS), GENERIC.name]
    meant = find_tool(name)
    remedy = did_you_mean(meant.name if meant else name, names)
    message = "There is no tool of this name."
    return table.fault(
        row,
        "tool",
        "unknown_tool",
        message,
        allowed=listing(names),
        remedy=f"{remedy} {OWN}" if remedy else OWN,
    )


def _domain(table: Table, row: Row, tool: Tool) -> list[Fault]:
    text = row.word("domain")
    codes = [*(domain.code for domain in tool.domains), OVERALL]
    if not text or text in codes:
        return []
    names = {name: domain.code for domain in tool.domains for name in (domain.short, domain.name)}
    meant = find_domain(tool, text)
    code = meant.code if meant else names.get(closest(text, names) or "")
    remedy = did_you_mean(code, codes) if code else "Compare the tool; the codebook lists its domains."
    message = f"{tool.name} has no domain of this code."
    return [table.fault(row, "domain", "unknown_domain", message, allowed=listing(codes), remedy=remedy)]


def _judgement(table: Table, row: Row, tool: Tool) -> list[Fault]:
    allowed = (*tool.judgements, NOT_ASSESSED)
    if not row.word("judgement") or row.word("judgement") in allowed:
        return []
    message = f"{tool.name} has no such judgement."
    return [
        table.fault(
            row, "judgement", "unknown_judgement", message, allowed=listing(allowed), remedy="Check the tool."
        )
    ]
