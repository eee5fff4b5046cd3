"""The stages tables, report and index on a bundled review."""

from __future__ import annotations

import csv
import math
import re

import pytest
import report_builder as build
from pipeline import copy_project, run_to_synthesis

from rheumeta.layout import Layout
from rheumeta.records import read_synthesis
from rheumeta.steps import index, report, tables

REVIEW = "second_anti_tnf"


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    layout = run_to_synthesis(copy_project(tmp_path_factory.mktemp("project")), REVIEW)
    layout.figures.mkdir(parents=True)
    (layout.figures / "das28_change.svg").write_text(build.SVG, encoding="utf-8")
    tables.run(layout)
    report.run(layout)
    return layout


def rows(layout, name):
    with (layout.tables / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_table_of_an_analysis_holds_every_digit_of_every_study(layout):
    for analysis in read_synthesis(layout.synthesis).analyses:
        table = rows(layout, analysis.id)
        studies = [row for row in table if row["row"] == "study"]
        assert [row["study_id"] for row in studies] == [s.study_id for s in analysis.studies]
        assert [float(row["yi"]) for row in studies] == [s.yi for s in analysis.studies]
        assert [float(row["se"]) ** 2 for row in studies] == pytest.approx([s.vi for s in analysis.studies])
        assert math.fsum(float(row["weight_random"]) for row in studies) == pytest.approx(100)
        pooled = next(row for row in table if row["model"] == "random")
        assert float(pooled["display"]) == analysis.random.display.estimate
        assert float(pooled["ci_lower"]) == analysis.random.ci.lower
        assert float(pooled["tau2"]) == analysis.random.tau2.estimate


def test_summary_has_a_row_an_analysis(layout):
    analyses = read_synthesis(layout.synthesis).analyses
    summary = rows(layout, "summary")
    assert [row["analysis_id"] for row in summary] == [a.id for a in analyses]
    assert [row["sentence"] for row in summary] == [a.sentence for a in analyses]


def test_sensitivity_has_a_row_a_changed_assumption(layout):
    analyses = read_synthesis(layout.synthesis).analyses
    assert len(rows(layout, "sensitivity")) == sum(len(a.sensitivity) for a in analyses) > 0


def test_directions_have_a_row_a_result(layout):
    assert len(rows(layout, "directions")) == len(read_synthesis(layout.synthesis).directions) > 0


def test_report_shows_results_and_figures(layout):
    text = layout.report.read_text(encoding="utf-8")
    assert "the mean fell by 1.53 points (95% interval: a fall of 1.25 to 1.80 points)" in text
    assert text.count('<svg viewBox="0 0 90 60"') == 1
    assert text.count("@font-face") == 1
    assert str(layout.root) not in text


def test_a_second_run_writes_the_same_bytes(layout):
    before = {path: path.read_bytes() for path in layout.results.rglob("*") if path.is_file()}
    tables.run(layout)
    report.run(layout)
    assert {path: path.read_bytes() for path in layout.results.rglob("*") if path.is_file()} == before


def test_a_failure_leaves_the_previous_report(layout):
    before = layout.report.read_bytes()
    broken = layout.derivations.read_bytes()
    layout.derivations.unlink()
    with pytest.raises(FileNotFoundError):
        report.run(layout)
    layout.derivations.write_bytes(broken)
    assert layout.report.read_bytes() == before


def test_index_stands_above_the_reviews(layout):
    index.run([Layout(REVIEW, layout.root)])
    text = (layout.root / "results" / "index.html").read_text(encoding="utf-8")
    assert f'href="{REVIEW}/report.html"' in text
    assert re.search(r"Mean change <a [^>]*>−1\.53 \[−1\.80, −1\.25\]</a>", text)
    page = layout.report.read_text(encoding="utf-8")
    places = re.findall(rf'href="{REVIEW}/report\.html#([^"]+)"', text)
    assert places
    assert [place for place in places if f'id="{place}"' not in page] == []
