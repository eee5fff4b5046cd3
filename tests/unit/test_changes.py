"""Two versions beside each other: what differs, by how much, and which lines were crossed."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from dataclasses import replace

import pytest
from report_builder import report_input

from rheumeta import cli, provenance
from rheumeta.changes import Result, Version, compare
from rheumeta.layout import Layout
from rheumeta.pages.changes import as_markdown, as_text, marked, plain
from rheumeta.pages.render import report
from rheumeta.steps import versions
from rheumeta.steps.compare import compare_all

RR = Result("ACR20", "pooled", 3, 1.5, 1.1, 2.0, null=1.0, log=True, certainty="low", studies={"a": "A 2001"})
MD = Result("Pain", "pooled", 4, -12.0, -20.0, -4.0, null=0.0, mid=10.0, unit="mm", studies={"a": "A 2001"})


def version(label="old", **parts):
    base = {"sheets": {"results": {"r1": {"n": "30"}}}, "protocol": {"defaults.method": "REML"},
            "results": {"rr": RR, "md": MD}, "claims": {"C1": "left open"}}  # fmt: skip
    return Version(label, "demo", **(base | parts))


def changed(**parts):
    return compare(version(), version("new", **parts))


def test_nothing_differs_between_the_same():
    found = changed()
    assert found.nothing
    assert found.compared == 2
    assert "Nothing differs." in as_text(found)


def test_noise_of_summation_is_no_change():
    assert changed(results={"rr": replace(RR, estimate=1.5 * (1 + 1e-12)), "md": MD}).nothing


def test_rows_and_cells_are_named_by_their_keys():
    found = changed(sheets={"results": {"r1": {"n": "36", "sd": "2"}, "r2": {"n": "5"}}, "arms": {"a/x": {}}})
    arms, results = sorted(found.sheets, key=lambda s: s.sheet)
    assert (arms.added, results.added, results.removed) == (("a/x",), ("r2",), ())
    assert [(c.place, c.old, c.new) for c in results.cells] == [("r1: n", "30", "36"), ("r1: sd", None, "2")]


def test_keys_of_the_protocol_are_named():
    (cell,) = changed(protocol={"defaults.method": "DL"}).protocol
    assert (cell.place, cell.old, cell.new) == ("defaults.method", "REML", "DL")


def test_a_difference_moves_by_itself_and_relative_to_the_interval():
    (moved,) = changed(results={"rr": RR, "md": replace(MD, estimate=-8.0)}).moved
    assert (moved.shift, moved.widths) == (4.0, 4.0 / 16.0)


def test_a_ratio_moves_by_a_factor_and_relative_to_the_interval_of_its_logarithm():
    # ln(1.65 / 1.5) / ln(2.0 / 1.1) = 0.09531 / 0.59784
    (moved,) = changed(results={"rr": replace(RR, estimate=1.65), "md": MD}).moved
    assert moved.shift == pytest.approx(1.1)
    assert moved.widths == pytest.approx(0.09531018 / 0.59783700, abs=1e-6)
    assert "× 1.10; 16% of the width of the old interval" in as_text(
        changed(results={"rr": replace(RR, estimate=1.65), "md": MD})
    )


def test_studies_that_joined_and_left_are_named():
    (moved,) = changed(results={"rr": replace(RR, studies={"b": "B 2004"}), "md": MD}).moved
    assert (moved.joined, moved.left) == (("B 2004",), ("A 2001",))


@pytest.mark.parametrize(
    ("result", "line", "old", "new"),
    [
        (replace(MD, upper=1.0), "interval and no effect", "excludes no effect", "includes no effect"),
        (replace(MD, estimate=2.0, upper=9.0), "direction", "below no effect", "above no effect"),
        (replace(MD, estimate=-9.0), "minimal important difference", "the estimate reaches it",
         "the estimate is smaller"),
        (replace(MD, certainty="moderate"), "certainty", "low", "moderate"),
        (replace(MD, status="single_study"), "what could be done", "pooled", "single_study"),
    ],
)  # fmt: skip
def test_a_line_that_was_crossed_is_told(result, line, old, new):
    before = version(results={"md": replace(MD, certainty="low")})
    after = version("new", results={"md": replace(result, certainty=result.certainty or "low")})
    crossings = {c.line: (c.old, c.new) for c in compare(before, after).crossings}
    assert crossings[line] == (old, new)


def test_limits_in_reverse_order_hold_no_effect_all_the_same():
    turned = replace(MD, lower=MD.upper, upper=MD.lower)
    assert compare(version(results={"md": MD}), version("new", results={"md": turned})).crossings == ()


def test_a_verdict_on_a_claim_is_told():
    (crossing,) = changed(claims={"C1": "contradicted"}).crossings
    assert (crossing.subject, crossing.old, crossing.new) == ("claim C1", "left open", "contradicted")


def test_analyses_that_only_one_has_are_told():
    found = changed(results={"rr": RR, "new": replace(MD, title="HAQ")})
    text = as_text(found)
    assert "HAQ: new, −12.00 [−20.00, −4.00], k = 4" in text
    assert "Pain: no longer there" in text


def test_what_could_not_be_read_is_no_change_but_told():
    found = compare(version(results=None, claims=None, gaps=("there are no results",)), version("new"))
    assert found.moved == ()
    assert "Not compared:\n  old: there are no results" in as_text(found)
    assert "Nothing differs in what could be compared." in as_markdown(found)


def test_where_no_result_could_be_compared_no_conclusion_is_said_to_stand():
    found = changed(results=None, gaps=("there are no results",), sheets={"results": {"r1": {"n": "36"}}})
    assert "no conclusion could be compared" in as_text(found)
    assert "crossed" not in as_text(found)


def test_texts_of_strangers_mean_nothing():
    nasty = "<script>|`x`\n# [a](http://x) @all \u202e\x1b[31m " + "x" * 500
    assert "\n" not in plain(nasty)
    assert "\x1b" not in plain(nasty)
    assert "\u202e" not in plain(nasty)
    assert len(plain(nasty)) <= 200
    text = marked(nasty)
    assert "<script>" not in text
    assert "@all" not in text
    assert "](" not in text.replace("\\](", "").replace("]\\(", "")
    assert "\\|" in text
    found = changed(sheets={"results": {"r1": {"n": nasty}}})
    assert nasty not in as_markdown(found)
    assert nasty not in as_text(found)


def test_the_report_says_what_changed_since_the_version_that_is_kept():
    found = changed(
        results={"rr": replace(RR, lower=0.9), "md": MD}, sheets={"results": {"r1": {"n": "<b>"}}}
    )
    page = report(replace(report_input(), changes=found))
    section = page.partition('id="currency"')[2].partition("</section>")[0]
    assert "What changed since the version “old”" in section
    assert "excludes no effect → includes no effect" in section
    assert "&lt;b&gt;" in section
    assert "rheumeta snapshot" in report(report_input())


SYNTHESIS = {"review": "demo", "analyses": [{
    "id": "md", "title": "Pain", "status": "pooled", "k": 2, "null": 0.0, "mid": 10.0, "scale": "linear",
    "studies": [{"study_id": "a", "label": "A 2001", "effect": {}}],
    "random": {"display": {"estimate": -12.0, "lower": -20.0, "upper": -4.0}},
}]}  # fmt: skip


def make(root, estimate=-12.0, n="30"):
    layout = Layout("demo", root)
    for folder in (layout.raw, layout.estimates, layout.protocol.parent):
        folder.mkdir(parents=True)
    text = json.dumps(SYNTHESIS).replace("-12.0", str(estimate))
    layout.synthesis.write_text(text)
    (layout.raw / "results.csv").write_text(f"result_id,n\nr1,{n}\n")
    layout.protocol.write_text("defaults: {method: REML}\n")
    return layout


def git(root, *arguments):
    command = ["git", "-C", str(root), "-c", "user.name=n", "-c", "user.email=e", *arguments]
    subprocess.run(command, check=True, capture_output=True)


def test_folders_of_projects_and_of_results_can_be_compared(tmp_path, capsys):
    old, new = make(tmp_path / "old"), make(tmp_path / "new", -8.0, "36")
    for one, two in ((old.root, new.root), (old.results, new.results), (old.results.parent, new.root)):
        assert cli.main(["compare", str(one), str(two)]) == 0
        text = capsys.readouterr().out
        assert "results, r1: n: 30 → 36" in text
        assert "Pain, minimal important difference" in text
    assert cli.main(["compare", str(old.root), str(new.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["moved"][0]["shift"] == 4.0
    assert cli.main(["compare", str(old.root), str(new.root), "--markdown"]) == 0
    assert "**Conclusions that crossed a line**" in capsys.readouterr().out


def test_results_made_from_other_sheets_are_told(tmp_path):
    old, new = make(tmp_path / "old"), make(tmp_path / "new")
    for layout in (old, new):
        layout.validated.mkdir(parents=True)
        layout.evidence_digest.write_text(provenance.evidence_digest(layout.root, layout.evidence))
    (found,) = compare_all(str(old.root), str(new.root), tmp_path, [])
    assert not found.outdated
    (new.raw / "results.csv").write_text("result_id,n\nr1,36\n")
    (found,) = compare_all(str(old.root), str(new.root), tmp_path, [])
    assert found.outdated == (str(new.root),)
    text = as_text(found)
    assert "no conclusion crossed" not in text
    assert "were not made from data/raw/demo as it is now" in text


def test_copies_of_results_under_another_name_can_be_compared(tmp_path):
    old, new = make(tmp_path / "old"), make(tmp_path / "new", -8.0)
    copy = tmp_path / "before"
    shutil.copytree(old.results.parent, copy)
    for one, two in ((copy, new.results.parent), (copy / "demo", new.results), (copy, new.root)):
        (found,) = compare_all(str(one), str(two), tmp_path, [])
        assert found.moved[0].shift == 4.0


def test_a_review_that_only_one_version_holds_is_told(tmp_path, capsys):
    old, new = make(tmp_path / "old"), make(tmp_path / "new")
    shutil.copytree(new.raw, new.raw.parent / "more")
    assert cli.main(["compare", str(old.root), str(new.root)]) == 0
    assert f"Only {new.root} holds this review." in capsys.readouterr().out
    assert len(compare_all(str(old.results), str(new.root), tmp_path, [])) == 1


def test_results_without_sheets_are_compared_as_far_as_they_go(tmp_path):
    old, new = make(tmp_path / "old"), make(tmp_path / "new", -8.0)
    shutil.rmtree(old.raw)
    (found,) = compare_all(str(old.results), str(new.root), tmp_path, [])
    assert found.sheets == ()
    assert len(found.moved) == 1
    assert any("no sheets" in gap for gap in found.gaps)


@pytest.mark.parametrize("text", ["{", "[]", '{"analyses": [{"name": "md"}]}', '{"other": 1}'])
def test_results_in_another_form_are_a_gap_and_no_error(tmp_path, text):
    old, new = make(tmp_path / "old"), make(tmp_path / "new")
    old.synthesis.write_text(text)
    (found,) = compare_all(str(old.root), str(new.root), tmp_path, [])
    assert any("cannot read" in gap for gap in found.gaps)


def test_a_revision_is_read_from_git_with_results_or_without(tmp_path):
    layout = make(tmp_path / "project")
    git(layout.root, "init", "-q")
    git(layout.root, "add", ".")
    git(layout.root, "commit", "-q", "-m", "one")
    layout.synthesis.write_text(layout.synthesis.read_text().replace("-12.0", "-8.0"))
    (found,) = compare_all("HEAD", str(layout.root), layout.root, [])
    assert found.old.startswith("HEAD (")
    assert found.moved[0].shift == 4.0
    git(layout.root, "rm", "-q", "--cached", "-r", "results")
    git(layout.root, "commit", "-q", "-m", "two")
    (found,) = compare_all("HEAD", str(layout.root), layout.root, [])
    assert any("--build" in gap for gap in found.gaps)


@pytest.mark.parametrize("name", ["no-such-thing", "--output=x", "-x"])
def test_what_is_nothing_ends_with_2(tmp_path, name):
    layout = make(tmp_path / "project")
    with pytest.raises(versions.NothingToCompare, match="is no folder, no snapshot and no revision"):
        compare_all(name, str(layout.root), layout.root, [])
    assert versions.NothingToCompare.exit_code == 2


def test_two_that_share_no_review_end_with_2(tmp_path):
    layout = make(tmp_path / "project")
    (tmp_path / "empty").mkdir()
    assert cli.main(["compare", str(tmp_path / "empty"), str(layout.root)]) == 2


def test_a_snapshot_holds_what_a_comparison_reads(tmp_path, monkeypatch):
    layout = make(tmp_path / "project")
    protocol = type("Protocol", (), {"version": "1.0", "dated": None})
    monkeypatch.setattr(versions, "load_protocol", lambda path: protocol)
    path = versions.write_snapshot(layout)
    assert versions.read_snapshot(path) == versions.read_version(layout, "version 1.0")
    first = path.read_bytes()
    versions.write_snapshot(layout)
    assert path.read_bytes() == first
    layout.validated.mkdir(parents=True)
    layout.evidence_digest.write_text(provenance.evidence_digest(layout.root, layout.evidence))
    (layout.raw / "results.csv").write_text("result_id,n\nr1,36\n")
    with pytest.raises(versions.RheumetaError, match="was edited since the results"):
        versions.write_snapshot(layout)
    (found,) = compare_all(str(path), str(layout.root), layout.root, [])
    assert found.sheets[0].cells[0].new == "36"
    layout.synthesis.unlink()
    with pytest.raises(versions.RheumetaError, match="No snapshot was made"):
        versions.write_snapshot(layout)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"label": "a", "review": "demo", "results": {"x": 1}}'])
def test_a_file_that_is_no_snapshot_says_so(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(versions.NothingToCompare, match="no snapshot"):
        versions.read_snapshot(tmp_path / "x.json")


def archive_of(name, kind=tarfile.REGTYPE):
    """Make an archive with one file, or link, of a name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member, io.BytesIO())
    buffer.seek(0)
    return tarfile.open(fileobj=buffer)


@pytest.mark.parametrize("filtered", [True, False])
@pytest.mark.parametrize(
    ("name", "kind", "good"),
    [
        ("a/b.txt", tarfile.REGTYPE, True),
        ("../b.txt", tarfile.REGTYPE, False),
        ("b.txt", tarfile.SYMTYPE, False),
    ],
)
@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")
def test_an_archive_writes_only_below_its_folder(tmp_path, monkeypatch, filtered, name, kind, good):
    if not filtered:  # as Python before 3.11.4 has it
        monkeypatch.delattr(tarfile, "data_filter")
    folder = tmp_path / "inside"
    with archive_of(name, kind) as archive:
        if good:
            versions.unpack(archive, folder)
        else:
            with pytest.raises((tarfile.FilterError, versions.NothingToCompare)):
                versions.unpack(archive, folder)
    assert (folder / name).is_file() is good
