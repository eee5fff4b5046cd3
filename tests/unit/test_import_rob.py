"""Judgements of risk of bias come in from the layouts in which reviewers keep them."""

from __future__ import annotations

import csv

import pytest

from rheumeta import cli
from rheumeta.errors import InputFaults
from rheumeta.layout import Layout
from rheumeta.steps import import_rob
from rheumeta.steps.drawing.figure_bias import bias_figure

STUDIES = "study_id,label\nyang2018,Yang 2018\nhe2020,He 2020\n"
WIDE = """Study,D1,D2,D3,D4,D5,Overall,Weight
Yang 2018,Low,Some concerns,Low,Low,No information,Some concerns,60
he2020,High,Low,,Low,Low,High,40
"""
NAMED = """Study;Random.sequence.generation;Allocation concealment;Blinding.of.outcome.assessment;Overall
Yang 2018;Low;Unclear;High;High
"""
LONG = """study\tdomain\tjudgement\toutcome\tsupport
Yang 2018\tConfounding\tSerious\tDAS28\tno baseline table
Yang 2018\tOverall\tSerious\tDAS28\t
"""


@pytest.fixture
def layout(tmp_path):
    place = Layout("demo", tmp_path)
    place.raw.mkdir(parents=True)
    place.protocol.parent.mkdir(parents=True)
    place.protocol.write_text("review: demo\n", encoding="utf-8")
    (place.raw / "studies.csv").write_text(STUDIES, encoding="utf-8")
    return place


def read(layout):
    with (layout.raw / "risk_of_bias.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def bring(layout, text, tool):
    path = layout.root / "judgements.csv"
    path.write_text(text, encoding="utf-8")
    import_rob.run(layout, path, tool)
    return {(r["study_id"], r["domain"]): r["judgement"] for r in read(layout)}


def test_one_row_a_study_and_one_column_a_domain(layout, caplog):
    found = bring(layout, WIDE, "RoB2")
    assert found["yang2018", "D2"] == "some_concerns"
    assert found["yang2018", "D5"] == "no_information"
    assert found["he2020", "overall"] == "high"
    assert ("he2020", "D3") not in found
    assert len(found) == 11


def test_columns_headed_by_the_names_of_the_domains(layout, caplog):
    caplog.set_level("INFO")
    found = bring(layout, NAMED, "RoB 1")
    assert found == {
        ("yang2018", "D1"): "low", ("yang2018", "D2"): "unclear", ("yang2018", "D4"): "high",
        ("yang2018", "overall"): "high",
    }  # fmt: skip
    assert "no column for D3, D5, D6, D7" in caplog.text


ROBVIS = {
    "ROB2": "Study,D1,D2,D3,D4,D5,Overall\nYang 2018,Low,Some concerns,High,No information,Low,High\n",
    "ROB2-Cluster": "Study,D1,D1b,D2,D3,D4,D5,Overall\nYang 2018,Low,Not applicable,Low,High,Low,Low,High\n",
    "ROBINS-I": "Study,D1,D2,D3,D4,D5,D6,D7,Overall\n"
    "Yang 2018,Moderate,Serious,Critical,No information,Low,Low,Low,Critical\n",
    "ROBINS-E": "Study,D1,D2,D3,D4,D5,D6,D7,Overall\n"
    "Yang 2018,Some concerns,Very high,High,Low,Low,Low,Low,Very high\n",
    "QUADAS-2": "Study,D1,D2,D3,D4,Overall\nYang 2018,Low,Some concerns,High,No information,High\n",
    "QUIPS": "Study,D1,D2,D3,D4,D5,D6,Overall\nYang 2018,Low,Moderate,High,No information,Low,Low,High\n",
    "ROB1": "Study,Random.sequence.generation.,Allocation.concealment,Blinding.of.participants.and.personnel,"
    "Blinding.of.outcome.assessment,Incomplete.outcome.data,Selective.reporting,Other.sources.of.bias,Overall\n"
    "Yang 2018,Low,Unclear,High,No information,Low,Low,Low,High\n",
    "Generic": "Study,Funding.of.the.study,Blinding,Overall risk of bias\nYang 2018,High,Critical,Critical\n",
}  # fmt: skip
"""A line of made-up judgements in the layout of each tool that robvis draws."""


@pytest.mark.parametrize("tool", ROBVIS)
def test_nothing_of_a_sheet_for_robvis_is_dropped(layout, tool):
    found = bring(layout, ROBVIS[tool], tool)
    _, *cells = ROBVIS[tool].splitlines()[1].split(",")
    assert [j.replace("_", " ") for j in found.values()] == [cell.lower() for cell in cells]
    (panel,) = bias_figure(read(layout), {}).panels
    assert list(panel.lines[0].judgements) == list(found.values())
    assert all(domain.sign.startswith("D") for domain in panel.domains[:-1])


def test_low_except_for_confounding_is_a_judgement_of_its_own(layout):
    text = "Study,D1,Overall\n"
    text += "Yang 2018,Low risk of bias (except for concerns about uncontrolled confounding),Serious risk\n"
    found = bring(layout, text, "ROBINS-I V2")
    assert list(found.values()) == ["low_except_confounding", "serious"]


def test_one_row_a_judgement(layout):
    bring(layout, LONG, "robins-i 2025")
    row = read(layout)[0]
    assert (row["tool"], row["outcome"], row["support"]) == ("ROBINS-I V2", "DAS28", "no baseline table")
    assert (row["domain"], row["judgement"]) == ("D1", "serious")


def test_a_judgement_takes_the_place_of_not_assessed_and_of_nothing_else(layout):
    (layout.raw / "risk_of_bias.csv").write_text(
        "study_id,tool,outcome,domain,judgement,support,assessor\n"
        "yang2018,RoB 2,all,overall,not_assessed,no full text,\n"
        "he2020,RoB 2,all,D1,high,,AB\n",
        encoding="utf-8",
    )
    found = bring(layout, WIDE, "RoB2")
    assert found["yang2018", "overall"] == "some_concerns"
    assert [r["assessor"] for r in read(layout) if r["study_id"] == "he2020" and r["domain"] == "D1"] == [
        "AB"
    ]
    assert bring(layout, WIDE, "RoB2") == found
    before = read(layout)
    with pytest.raises(InputFaults) as caught:
        bring(layout, WIDE.replace("he2020,High", "he2020,Low"), "RoB2")
    assert [f.code for f in caught.value.faults] == ["judgement_exists"]
    assert read(layout) == before


@pytest.mark.parametrize(
    ("change", "tool", "code"),
    [
        (("Yang 2018", "Yang 2017"), "RoB2", "unknown_study"),
        (("D3", "D9"), "RoB2", "unknown_domain"),
        (("Low", "Fine"), "RoB2", "unknown_judgement"),
        (("Low", "Critical"), "RoB2", "unknown_judgement"),
        (("Low", "Low"), "RoB 17", "unknown_tool"),
        ((WIDE, "Study,D1\n"), "RoB2", "no_judgements"),
    ],
)
def test_faults_are_told_and_nothing_is_written(layout, change, tool, code):
    with pytest.raises(InputFaults) as caught:
        bring(layout, WIDE.replace(*change), tool)
    assert {f.code for f in caught.value.faults} == {code}
    assert not (layout.raw / "risk_of_bias.csv").exists()


def test_subcommand(layout):
    path = layout.root / "x.csv"
    path.write_text(WIDE, encoding="utf-8")
    assert cli.main(["import-rob", str(path), "demo", "--tool", "RoB2", "--root", str(layout.root)]) == 0
    assert cli.main(["import-rob", str(path), "demo", "--tool", "x", "--root", str(layout.root)]) == 2
    assert len(read(layout)) == 11
