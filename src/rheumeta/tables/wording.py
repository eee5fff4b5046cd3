"""Small helpers for the wording of faults."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache

LISTED = 12
"""Most alternatives that a message lists in full."""


COMPARED = 1000
"""Most options with which a text is compared sign by sign; of more only one that differs in case is found."""


def closest(text: str, options: Iterable[str]) -> str | None:
    """Return the option most like `text`, regardless of case, or None if none is like it."""
    return _closest(text.lower(), tuple(options))


@lru_cache(maxsize=10_000)  # a wrong key often stands in many rows
def _closest(text: str, options: tuple[str, ...]) -> str | None:
    by_lower = {option.lower(): option for option in options}
    if text in by_lower or len(options) > COMPARED:
        return by_lower.get(text)
    found = difflib.get_close_matches(text, by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def did_you_mean(text: str, options: Iterable[str]) -> str | None:
    """Return ``Did you mean 'x'?`` or None."""
    found = closest(text, options)
    return f"Did you mean '{found}'?" if found else None


def listing(options: Iterable[str]) -> str:
    """Join alternatives with commas; a long list is cut and says how many more there are."""
    all_options = list(options)
    shown = ", ".join(all_options[:LISTED])
    more = len(all_options) - LISTED
    return f"{shown} and {more} more" if more > 0 else shown
