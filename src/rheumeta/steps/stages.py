"""The stages of a review, in the order in which they run: their names and what they do."""

from __future__ import annotations

STAGES = {
    "validate": "check the sheets and the protocol; list every fault at once",
    "harmonise": "bring units, times and directions together",
    "effects": "compute effect sizes, each with its derivation",
    "integrity": "ask whether the numbers can be trusted",
    "synthesise": "pool; describe what cannot be pooled",
    "appraise": "judge certainty, missing results and claims",
    "figures": "draw the figures",
    "tables": "write the numbers behind each figure",
    "report": "write the report",
    "documents": "write the report as Word and PDF, with references and checklist",
    "workbook": "write every table into one workbook",
    "crate": "write down what was made from what, with the hash of every file (RO-Crate)",
}
"""Each is a module of :mod:`rheumeta.steps` with a function `run`."""
