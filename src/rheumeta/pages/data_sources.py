"""Where the numbers of a study were read: its own page, or a dataset that holds several studies."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rheumeta.pages.inputs import Row
from rheumeta.pages.literature import JOURNAL, Item, is_doi, issued, people

OTHERS_PAGE = frozenset({"review_table"})
"""Kinds of sources that are the page of somebody else who tells of the study."""
SHORT = (
    r"(?P<first>[A-Z][\w-]+ [A-Z]{{1,3}})(?P<more> et al\.| and others)? (?P<year>\d{{4}}), (?P<journal>[^().]+?) "
    r"\(doi:? ?{doi}\)"
)
"""How a fact of a protocol names a work: "Dias S et al. 2013, Medical Decision Making 33:618 (doi 10.1177/x)"."""


def read_at(results: Iterable[Row]) -> dict[str, str]:
    """Return for each study the source of most of its results: an address, or "doi:" and a DOI."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in results:
        source = row.get("source", "")
        if row.get("source_kind") not in OTHERS_PAGE and (source.startswith("http") or _doi(source)):
            found[row["study_id"]][source] += 1
    return {study: counts.most_common(1)[0][0] for study, counts in found.items()}


def _doi(source: str) -> str:
    doi = source.removeprefix("doi:")
    return doi if source.startswith("doi:") and is_doi(doi) else ""


def datasets(results: Iterable[Row]) -> dict[str, int]:
    """Return the DOIs from which the numbers of several studies were read, with how many."""
    counts = Counter(doi for source in read_at(results).values() if (doi := _doi(source)))
    return {doi: size for doi, size in counts.items() if size > 1}


def key(doi: str) -> str:
    """Return the key of a dataset in the list of references."""
    return f"source-{re.sub(r'[^a-z0-9]+', '-', doi.lower()).strip('-')}"


def items(results: Iterable[Row], facts: Sequence[str]) -> list[Item]:
    """Return the datasets as references, by what a fact of the protocol says of their DOI."""
    return [_item(doi, size, facts) for doi, size in datasets(results).items()]


def _item(doi: str, size: int, facts: Sequence[str]) -> Item:
    item: Item = {"id": key(doi), "type": "article-journal", "DOI": doi}
    pattern = re.compile(SHORT.format(doi=re.escape(doi)))
    named = next(filter(None, (pattern.search(" ".join(fact.split())) for fact in facts)), None)
    if named is None:
        return item | {
            "type": "document",
            "author": [{"literal": f"Source of the numbers of {size} studies"}],
        }
    item |= people(named["first"] + (", others" if named["more"] else "")) | {"issued": issued(named["year"])}
    if found := JOURNAL.fullmatch(named["journal"]):
        item["container-title"] = found["journal"]
        item |= {name: found[name] for name in ("volume", "page") if found[name]}
    return item


def with_source(item: Item, source: str) -> Item:
    """Return the reference of a study with where its numbers were read, where the sheet has no DOI of it."""
    if "DOI" in item or not source:
        return item
    if doi := _doi(source):
        note = "; ".join(filter(None, (item.get("note"), f"numbers from doi:{doi}")))
        return item | {"note": note[:1].upper() + note[1:]}
    return item | {"URL": source}
