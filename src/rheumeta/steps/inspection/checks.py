"""All checks, in the order in which they are shown.

A new check is a function that yields a unit each (see :mod:`rheumeta.steps.inspection.model`) and an entry
in the list of its group; docs/integrity.md says how.
"""

from __future__ import annotations

from rheumeta.steps.inspection import accepted, list_arithmetic, list_conduct, list_plausibility
from rheumeta.steps.inspection.model import Check

CHECKS: tuple[Check, ...] = (
    *list_arithmetic.CHECKS,
    *list_plausibility.CHECKS,
    *accepted.CHECKS,
    *list_conduct.CHECKS,
)
"""Their ids are the column `check` of ``integrity.csv``."""
