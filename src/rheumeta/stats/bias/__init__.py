"""Small-study effects: tests of funnel plot asymmetry and what to make of it."""

from rheumeta.stats.bias.asymmetry import AsymmetryTest, PetPeese, egger, pet_peese
from rheumeta.stats.bias.excess import ExcessTest, excess_significance
from rheumeta.stats.bias.fail_safe import FailSafe, fail_safe_n
from rheumeta.stats.bias.limit import LimitResult, limit_meta
from rheumeta.stats.bias.rank import RankTest, begg
from rheumeta.stats.bias.selection import SELECTION_TYPES, SelectionResult, selection_model
from rheumeta.stats.bias.tables import arcsine, deeks, harbord, peters
from rheumeta.stats.bias.trim_fill import TrimFill, trim_fill

__all__ = [
    "SELECTION_TYPES",
    "AsymmetryTest",
    "ExcessTest",
    "FailSafe",
    "LimitResult",
    "PetPeese",
    "RankTest",
    "SelectionResult",
    "TrimFill",
    "arcsine",
    "begg",
    "deeks",
    "egger",
    "excess_significance",
    "fail_safe_n",
    "harbord",
    "limit_meta",
    "pet_peese",
    "peters",
    "selection_model",
    "trim_fill",
]
