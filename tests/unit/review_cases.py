"""Made-up sheets for the figures of a whole review."""

from __future__ import annotations

ROB2 = ("D1", "D2", "D3", "D4", "D5", "overall")


def bias_rows(study, judgements, *, tool="RoB 2", domains=ROB2, outcome="all"):
    return [
        {"study_id": study, "tool": tool, "outcome": outcome, "domain": d, "judgement": j, "support": ""}
        for d, j in zip(domains, judgements, strict=True)
    ]


BIAS = [
    *bias_rows("a", ("low", "low", "low", "low", "low", "low")),
    *bias_rows("b", ("some_concerns", "low", "high", "low", "no_information", "high")),
    *bias_rows("c", ("not_assessed",), domains=("overall",)),
    *bias_rows("d", ("serious", "critical"), tool="ROBINS-I", domains=("D1", "overall")),
    *bias_rows(
        "e",
        ("low", "high", "unclear", "not_applicable", "low"),
        tool="JBI case series",
        domains=("Q1", "Consecutive inclusion", "Q10", "Q3", "Follow-up long enough"),
    ),
]
LABELS = {"a": "Álvaro-Gracia 2017", "b": "Yang 2018", "c": "Vij 2022", "d": "Wang 2013", "e": "Series " * 9}


def flow_row(box, n, channel="all", reason=""):
    return {"box": box, "channel": channel, "reason": reason, "n": str(n), "note": ""}


FLOW = [
    flow_row("identified", 400, "databases", "Medline"),
    flow_row("identified", 350, "databases", "Embase"),
    flow_row("identified", 50, "registers", "ClinicalTrials.gov"),
    flow_row("duplicates_removed", 280),
    flow_row("automation_removed", 15, reason="Classifier of randomised trials"),
    flow_row("other_removed", 5),
    flow_row("screened", 500),
    flow_row("excluded_screening", 440),
    flow_row("sought", 60),
    flow_row("not_retrieved", 4),
    flow_row("assessed", 56),
    flow_row("excluded_assessment", 30, reason="No patients with rheumatoid arthritis"),
    flow_row("excluded_assessment", 6, reason="No original data"),
    flow_row("identified", 9, "other", "Citation searching"),
    flow_row("identified", 2, "other", "Websites"),
    flow_row("identified", 1, "other", "Organisations"),
    flow_row("sought", 12, "other"),
    flow_row("not_retrieved", 2, "other"),
    flow_row("assessed", 10, "other"),
    flow_row("excluded_assessment", 7, "other", "Abstract of an included study"),
    flow_row("included_studies", 20),
    flow_row("included_reports", 23),
]

UPDATE = [
    *FLOW,
    flow_row("previous_studies", 11),
    flow_row("previous_reports", 15),
    flow_row("total_studies", 31),
    flow_row("total_reports", 38),
]
"""The flow of a review that updates a previous version."""
