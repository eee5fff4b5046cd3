"""Small helpers for the wording of faults."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LISTED = 12
"""Most alternatives that a message lists in full."""


def closest(text: str, options: Iterable[str]) -> str | None:
    """Return the option most like `text`, regardless of case, or None if none is like it."""
    by_lower = {option.lower(): option for option in options}
    found = difflib.get_close_matches(text.lower(), by_lower, n=1, cutoff=0.6)
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
