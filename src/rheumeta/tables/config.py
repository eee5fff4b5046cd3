"""The list of reviews to build, ``config/config.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from rheumeta.errors import Fault, InputFaults
from rheumeta.layout import ID_ALLOWED, Layout, is_id
from rheumeta.tables.wording import did_you_mean, listing
from rheumeta.tables.yaml_lines import Document, parse_yaml

CONFIG = "config/config.yaml"
KEY = "reviews"
EXAMPLE = "Write one line '- my_review' a review below 'reviews:'."
NO_REVIEW = frozenset({"notebooks"})
"""Folders in ``results/`` that belong to no review."""


def read_reviews(root: Path) -> list[str]:
    """Return the ids of the reviews to build, in their order.

    Parameters
    ----------
    root : Path
        Folder that holds ``config/``.

    Raises
    ------
    InputFaults
        With everything that is wrong with the list.
    """
    reviews, faults = listed_reviews(root)
    if faults:
        raise InputFaults(faults)
    return list(reviews)


def listed_reviews(root: Path) -> tuple[dict[str, int | None], list[Fault]]:
    """Return the well-formed ids that the list holds, each with its line, and what is wrong with it."""
    path = root / CONFIG
    if not path.is_file():
        return {}, [_fault(None, None, "missing_file", "The list of reviews does not exist.", remedy=EXAMPLE)]
    try:
        document = parse_yaml(path.read_text(encoding="utf-8-sig"), file=CONFIG)
    except UnicodeDecodeError:
        fault = _fault(
            1, None, "not_utf8", "The file is not UTF-8.", allowed="UTF-8", remedy="Save it as UTF-8."
        )
        return {}, [fault]
    if document.faults:
        return {}, document.faults
    data = document.data if isinstance(document.data, dict) else {}
    faults = [
        _fault(document.line((key,)), str(key), "unknown_key", "The key does not exist.", str(key),
               allowed=KEY, remedy=did_you_mean(str(key), [KEY]) or "Delete it.")
        for key in data if key != KEY
    ]  # fmt: skip
    entries = data.get(KEY)
    if not isinstance(entries, list) or not entries:
        value = None if entries is None else str(entries)
        fault = _fault(document.line((KEY,)), KEY, "config_reviews", "'reviews' lists no review.", value,
                       allowed="a list of ids", remedy=EXAMPLE)  # fmt: skip
        return {}, [*faults, fault]
    reviews, found = _entries(entries, document, known_reviews(root))
    return reviews, faults + found


def known_reviews(root: Path) -> list[str]:
    """Return the ids of the reviews that have a protocol."""
    return sorted(path.stem for path in Layout("any", root).protocol.parent.glob("*.yaml"))


def check_targets(targets: Iterable[str], root: Path) -> list[Fault]:
    """Return a fault for each file that is asked for and belongs to a review that is not listed.

    Parameters
    ----------
    targets : iterable of str
        Files that Snakemake is asked to build.
    root : Path
        Folder that holds ``config/``.
    """
    reviews, _ = listed_reviews(root)
    asked = dict.fromkeys(r for t in targets if (r := _review_of(t)) and r not in reviews)
    return [
        _fault(None, KEY, "review_not_listed", "The review is not in the list.", review,
               allowed=listing(reviews), remedy=f"Add the line '- {review}' below 'reviews:'."
               if review in known_reviews(root) else did_you_mean(review, reviews) or _make(review))
        for review in asked
    ]  # fmt: skip


def _review_of(target: str) -> str | None:
    parts = PurePosixPath(target).parts
    if parts[:2] == ("data", "processed") and len(parts) > 3:
        return parts[2]
    inside = parts[:1] == ("results",) and len(parts) > 2
    return parts[1] if inside and parts[1] not in NO_REVIEW else None


def _entries(
    entries: list[object], document: Document, known: list[str]
) -> tuple[dict[str, int | None], list[Fault]]:
    reviews: dict[str, int | None] = {}
    faults = []
    for i, entry in enumerate(entries):
        line = document.line((KEY, i))
        if not isinstance(entry, str) or not is_id(entry):
            faults.append(
                _fault(line, KEY, "bad_id", "This is no id of a review.", str(entry),
                       allowed=ID_ALLOWED,
                       remedy=did_you_mean(str(entry), known))
            )  # fmt: skip
        elif entry in reviews:
            faults.append(_fault(line, KEY, "duplicate_key", "The review is listed twice.", entry,
                                 remedy="Delete one of the lines."))  # fmt: skip
        else:
            reviews[entry] = line
            if entry not in known:
                faults.append(_fault(line, KEY, "unknown_review", "The review has no protocol.", entry,
                                     allowed=listing(known) or None,
                                     remedy=did_you_mean(entry, known) or _make(entry)))  # fmt: skip
    return reviews, faults


def _make(review: str) -> str:
    return f"Make it: rheumeta new-review {review}"


def _fault(
    line: int | None, key: str | None, code: str, message: str, value: str | None = None, *,
    allowed: str | None = None, remedy: str | None = None,
) -> Fault:  # fmt: skip
    return Fault(CONFIG, line, key, code, message, value, allowed, remedy)
