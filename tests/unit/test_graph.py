"""What the graph knows before anything is computed, also about broken protocols."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from rheumeta import provenance
from rheumeta.errors import InputFaults
from rheumeta.layout import Layout
from rheumeta.steps import graph

PROTOCOL = """\
review: mine
analyses:
  one: {title: One, subgroups: [site]}
  two: {title: Two, regress_on: [dose], benchmark: {review: other, analysis: x, label: Other}}
"""


@pytest.fixture
def layout(tmp_path):
    layout = Layout("mine", tmp_path)
    layout.protocol.parent.mkdir(parents=True)
    layout.protocol.write_text(PROTOCOL)
    return layout


def test_what_is_asked_for_must_belong_to_a_review_of_the_list(layout):
    (layout.root / "config" / "config.yaml").write_text("reviews: [mine]\n")
    asked = ["results/mine/report.html", "--cores"]
    assert graph.configured_reviews(layout.root, targets=asked) == ["mine"]
    with pytest.raises(InputFaults, match="review_not_listed"):
        graph.configured_reviews(layout.root, targets=["results/other/report.html"])


def test_figures_and_tables_follow_from_the_protocol(layout):
    names = {Path(path).name for path in graph.figures(layout)}
    assert {
        "one.svg",
        "one_by_site.pdf",
        "two_regression_dose.png",
        "directions.svg",
        "albatross.svg",
    } <= names
    assert [Path(path).stem for path in graph.tables(layout)][:2] == ["one", "two"]


def test_benchmarks_are_the_other_reviews(layout):
    assert graph.benchmarks(layout) == ["other"]


@pytest.mark.parametrize(
    "text",
    ["", "[", "- a", "a: b: c", "analyses: 3", "analyses: [1, 2]", "analyses: {a: 3, 7: {}}", "analyses: {a: null}",
     "analyses: {a: {subgroups: 3}}", "analyses: {a: {benchmark: 3}}", "analyses: {'../a': {}}", "\x00"],
)  # fmt: skip
def test_a_broken_protocol_breaks_no_graph(layout, text):
    layout.protocol.write_text(text)
    names = [Path(path) for path in [*graph.figures(layout), *graph.tables(layout)]]
    assert all(path.parent in {layout.figures, layout.tables} for path in names)
    assert graph.benchmarks(layout) == []


def test_a_missing_or_undecodable_protocol_breaks_no_graph(layout):
    layout.protocol.write_bytes(b"title: \xff\xfe")
    assert graph.figures(layout) == []
    layout.protocol.unlink()
    assert graph.figures(layout) == []
    assert graph.benchmarks(layout) == []


def test_inputs_are_the_files_that_exist_without_those_of_editors(layout):
    layout.raw.mkdir(parents=True)
    for name in ("studies.csv", "MANIFEST.csv", ".~lock.studies.csv#", "~$studies.csv"):
        (layout.raw / name).write_text("")
    other = Layout("other", layout.root).protocol
    other.write_text("")
    assert [path.name for path in layout.evidence] == ["MANIFEST.csv", "studies.csv"]
    assert [Path(path).name for path in graph.protocols(layout)] == ["mine.yaml", "other.yaml"]


def test_a_file_that_differs_from_the_manifest_is_told(layout):
    layout.raw.mkdir(parents=True)
    assert graph.manifest_warnings(layout) == []
    (layout.raw / "studies.csv").write_text("study_id\n")
    (layout.raw / "MANIFEST.csv").write_text(f"file,sha256,origin,note\nstudies.csv,{'0' * 64},paper,\n")
    assert graph.manifest_warnings(layout) == ["MANIFEST of mine: studies.csv is changed"]
    (layout.raw / "MANIFEST.csv").write_bytes(b"\xff")
    assert graph.manifest_warnings(layout) == ["MANIFEST of mine: studies.csv is not listed"]


def test_a_report_depends_on_the_version_that_is_kept(layout):
    assert graph.snapshots(layout) == []
    layout.snapshot.parent.mkdir(parents=True)
    layout.snapshot.write_text("{}")
    assert graph.snapshots(layout) == [layout.snapshot.as_posix()]


def test_what_was_validated_is_known_by_its_digest(layout):
    assert provenance.validated_digest(layout) is None
    layout.validated.mkdir(parents=True)
    layout.evidence_digest.write_text("abc\n")
    assert provenance.validated_digest(layout) == "abc"


def test_a_notebook_depends_on_the_reviews_that_it_names_or_else_on_all(tmp_path):
    own, every = tmp_path / "own.ipynb", tmp_path / "every.ipynb"
    own.write_text('{"metadata": {"rheumeta": {"reviews": ["a"]}}}')
    every.write_text('{"metadata": {}}')
    (tmp_path / "broken.ipynb").write_text("{")
    of_a = [
        "results/a/estimates/synthesis.json",
        "data/processed/a/effects.csv",
        "config/reviews/a.yaml",
    ]
    assert graph.notebook_inputs(own, ["a", "b"]) == of_a
    assert graph.notebook_inputs(every, ["a"]) == [*of_a, "config/config.yaml"]
    assert graph.runnable_notebooks(tmp_path, ["b"]) == ["broken", "every"]
    assert graph.runnable_notebooks(tmp_path, ["a", "b"]) == ["broken", "every", "own"]


def test_the_notebook_of_replication_reads_only_the_published_syntheses():
    notebook = Path(__file__).parents[2] / "notebooks" / "03_replication.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert set(graph.notebook_reviews(notebook)) == set(re.findall(r'Layout\(\\"(\w+)\\"', text))


def test_outputs_exist_whatever_the_wildcards_stand_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "a").mkdir(parents=True)
    (tmp_path / "results" / "a" / "report.html").write_text("")
    assert graph.exists("results/{review}/report.html")
    assert not graph.exists("results/{review}/other.html")


def test_jobs_run_with_this_python_and_the_code_of_the_project(monkeypatch):
    monkeypatch.setattr(os, "environ", {"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    graph.prepare_environment(Path("/code/src"))
    assert os.environ["PYTHONPATH"] == "/code/src"
    assert os.environ["PATH"].endswith(f"{os.pathsep}/bin")
    assert os.environ["MPLBACKEND"] == "Agg"
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
