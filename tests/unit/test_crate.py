"""The crate of a review obeys its profiles and names every file; verification finds what is no longer so."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
import tiny_review

from rheumeta import cli, provenance
from rheumeta.errors import RheumetaError
from rheumeta.layout import Layout
from rheumeta.steps import crate, graph, verify
from rheumeta.steps.stages import STAGES

PROJECT = Path(__file__).resolve().parents[2]
WFRUN = "https://w3id.org/ro/wfrun/workflow/"


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A project that looks as if it were built, with its code, in a folder with a space."""
    root = tmp_path / "a project"
    found = tiny_review.build(root)
    (root / "config" / "config.yaml").write_text("reviews:\n  - tiny\n")
    for name in ("Snakefile", "CITATION.cff", "LICENSE", "requirements.lock"):
        shutil.copy(PROJECT / name, root / name)
    for name in ("workflow", "src"):
        shutil.copytree(PROJECT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in graph.outputs(found):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"content of {Path(name).name}\n")
    monkeypatch.setattr(crate, "STAGES", {name: STAGES[name] for name in ("validate", "tables")})
    monkeypatch.setattr(provenance, "SOURCE", root.resolve() / "src" / "rheumeta")
    provenance.forget()
    return found


@pytest.fixture
def described(layout):
    """The crate of the project and its entities by @id."""
    crate.run(layout)
    graph_ = json.loads(layout.crate.read_text(encoding="utf-8"))["@graph"]
    entities = {entity["@id"]: entity for entity in graph_}
    assert len(entities) == len(graph_), "an @id stands for one entity"
    return entities


def references(value):
    """Return every @id that a value refers to."""
    if isinstance(value, list):
        return [i for part in value for i in references(part)]
    return [value["@id"]] if isinstance(value, dict) else []


def types(entity):
    found = entity["@type"]
    return found if isinstance(found, list) else [found]


def verified(layout):
    return verify.verify(verify.find_crate(layout.results.as_posix(), layout.root))


def test_the_descriptor_and_the_root_have_what_ro_crate_demands(described):
    # RO-Crate 1.1, "RO-Crate Metadata File Descriptor" and "Root Data Entity": the MUST rules.
    descriptor, root = described["ro-crate-metadata.json"], described["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert {"@id": "https://w3id.org/ro/crate/1.1"} in descriptor["conformsTo"]
    assert root["@type"] == "Dataset"
    assert all(root[term] for term in ("name", "description", "license"))
    assert "datePublished" not in root, "the protocol of this review has no date, and none is made up"


def test_the_date_is_that_of_the_protocol(layout):
    text = layout.protocol.read_text(encoding="utf-8")
    layout.protocol.write_text(re.sub(r"^(version: .*)$", r"\1\ndated: 2026-01-31", text, flags=re.MULTILINE))
    crate.run(layout)
    root = json.loads(layout.crate.read_text(encoding="utf-8"))["@graph"][1]
    assert root["datePublished"] == "2026-01-31"


def test_the_profiles_are_named_and_described(described):
    # Workflow Run Crate 0.5, Requirements: conformsTo MUST reference a CreativeWork with the permalink.
    named = references(described["./"]["conformsTo"])
    assert any(name.startswith(WFRUN) for name in named)
    assert all(described[name]["@type"] == "CreativeWork" for name in named)


def test_the_workflow_is_the_main_entity_and_the_run_its_instrument(described):
    # Workflow RO-Crate 1.0: types and language of the main workflow; Process Run Crate: instrument.
    (main,) = references(described["./"]["mainEntity"])
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} == set(types(described[main]))
    (language,) = references(described[main]["programmingLanguage"])
    assert described[language]["@type"] == "ComputerLanguage"
    (run,) = [e for e in described.values() if "CreateAction" in types(e)]
    assert references(run["instrument"]) == [main]
    assert references(described["./"]["mentions"]) == [run["@id"]]
    files = {i for i, e in described.items() if "File" in types(e)}
    assert set(references(run["object"])) | set(references(run["result"])) <= files


def test_every_file_is_part_of_the_root_and_every_reference_leads_somewhere(described):
    files = {i for i, e in described.items() if "File" in types(e)}
    assert files == set(references(described["./"]["hasPart"]))
    outside = [
        i
        for entity in described.values()
        for key, value in entity.items()
        if key not in {"@id", "identifier", "url"}
        for i in references(value)
        if i not in described and not i.startswith(("https://w3id.org/ro/crate/", "https://bioschemas.org/"))
    ]
    assert outside == []


def test_every_file_exists_and_has_its_hash_and_size(layout, described):
    named = set()
    for identifier, entity in described.items():
        if "File" in types(entity):
            path = layout.results / unquote(identifier)
            assert provenance.sha256(path) == entity["sha256"]
            assert str(path.stat().st_size) == entity["contentSize"]
            named.add(path.resolve())
    built = {Path(name).resolve() for name in graph.outputs(layout)}
    wanted = [*layout.raw.iterdir(), layout.protocol, layout.corrections, layout.root / "requirements.lock"]
    wanted += [layout.root / "src/rheumeta/tables/units.py", layout.root / "workflow/rules/data.smk"]
    wanted += [layout.root / "src/rheumeta/tables/template.yaml"]
    assert {path.resolve() for path in wanted} | built <= named


def test_stages_software_and_authors_are_named(described):
    stages = [e for i, e in described.items() if i.startswith("#stage-")]
    assert [e["name"] for e in stages] == ["validate", "tables"]
    assert all(re.fullmatch(r"code:sha256:[0-9a-f]{16}", e["identifier"]) for e in stages)
    software = {e["name"]: e["softwareVersion"] for e in described.values() if "softwareVersion" in e}
    assert {"python", "numpy", "pandera", "snakemake", "rheumeta"} <= set(software)
    assert described["#author-1"] == {
        "@id": "#author-1", "@type": "Organization", "name": "The rheumeta authors"
    }  # fmt: skip
    assert described["./"]["license"] == {"@id": "https://spdx.org/licenses/MIT"}


def test_it_holds_no_time_and_no_path_of_the_machine_and_is_the_same_twice(layout, tmp_path):
    crate.run(layout)
    text = layout.crate.read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert "endTime" not in text
    crate.run(layout)
    assert layout.crate.read_text(encoding="utf-8") == text


def test_without_a_workflow_there_is_no_crate(layout):
    (layout.root / "Snakefile").unlink()
    with pytest.raises(RheumetaError, match="no Snakefile"):
        crate.run(layout)


def test_nothing_differs_after_a_run(layout):
    crate.run(layout)
    found = verified(layout)
    assert (found.code, found.differs, found.missing, found.extra, found.harmless) == (0, (), (), (), ())
    assert "Everything is as it was made." in verify.as_text(found)


def test_what_differs_is_missing_or_extra_is_named(layout):
    crate.run(layout)
    layout.report.write_text("tampered")
    layout.effects.unlink()
    (layout.results / "figures" / "stray.svg").write_text("")
    (layout.raw / "results.csv").write_text("other\n")
    (layout.root / "src/rheumeta/tables/units.py").write_text("x = 1\n")
    (layout.root / "requirements.lock").write_text("")
    found = verified(layout)
    assert found.code == 1
    assert {(f.path, f.role) for f in found.differs} == {
        ("results/tiny/report.html", "output"), ("data/raw/tiny/results.csv", "input"),
        ("src/rheumeta/tables/units.py", "code"), ("requirements.lock", "code"),
    }  # fmt: skip
    assert [f.path for f in found.missing] == ["data/processed/tiny/effects.csv"]
    assert found.extra == ("results/tiny/figures/stray.svg",)
    text = verify.as_text(found)
    assert "results/tiny/report.html (was made by the run)" in text
    assert "snakemake results/tiny/ro-crate-metadata.json" in text
    assert json.loads(verify.as_json(found))["ok"] is False


def test_another_order_of_rows_or_a_comment_differs_without_harm(layout):
    crate.run(layout)
    sheet, code = layout.raw / "results.csv", layout.root / "src/rheumeta/tables/units.py"
    header, *lines = sheet.read_text(encoding="utf-8").splitlines(keepends=True)
    sheet.write_text("".join([header, *reversed(lines)]), encoding="utf-8")
    code.write_text("# A comment.\n" + code.read_text(encoding="utf-8"), encoding="utf-8")
    found = verified(layout)
    assert found.code == 0
    assert {f.path for f in found.harmless} == {"data/raw/tiny/results.csv", "src/rheumeta/tables/units.py"}
    assert "no result can differ" in verify.as_text(found)


def test_code_that_is_none_any_more_differs(layout):
    crate.run(layout)
    (layout.root / "src/rheumeta/tables/units.py").write_text("def (\n")
    assert [f.path for f in verified(layout).differs] == ["src/rheumeta/tables/units.py"]


def test_the_manifest_and_other_versions_are_told(layout, monkeypatch):
    crate.run(layout)
    (layout.raw / "MANIFEST.csv").write_text(f"file,sha256,origin,note\narms.csv,{'0' * 64},paper,\n")
    monkeypatch.setattr(provenance, "software_versions", lambda names: dict.fromkeys([*names, "python"], "0"))
    found = verified(layout)
    assert "arms.csv is changed" in found.manifest
    assert found.software["numpy"].endswith("in the run, 0 here")
    assert "MANIFEST" in verify.as_text(found)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"@graph": [{"@id": "./"}]}'])
def test_what_is_no_crate_ends_with_2(layout, text, capsys):
    if text is not None:
        layout.crate.write_text(text)
    assert cli.main(["verify", layout.results.as_posix()]) == 2
    assert cli.main(["verify", "nothing-of-this-name", "--root", layout.root.as_posix()]) == 2


def test_a_crate_that_lost_a_file_of_the_run_is_none(layout):
    crate.run(layout)
    whole = json.loads(layout.crate.read_text())["@graph"]
    lost = next(e for e in whole if e["@id"] == "#run")["result"][0]["@id"]
    nothing = [{"@id": "#run", "object": [], "result": []}]
    for graph_ in ([e for e in whole if e["@id"] != lost], nothing):
        layout.crate.write_text(json.dumps({"@graph": graph_}))
        with pytest.raises(verify.NoSuchCrate, match="lacks files"):
            verify.verify(layout.crate)


def test_the_command_finds_results_from_anywhere(layout, monkeypatch, capsys):
    crate.run(layout)
    assert cli.main(["verify", layout.results.as_posix()]) == 0
    assert "Everything is as it was made." in capsys.readouterr().out
    monkeypatch.chdir(layout.raw)
    assert cli.main(["verify", "tiny", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    monkeypatch.chdir(layout.root)
    layout.report.write_text("tampered")
    assert cli.main(["verify", "results/tiny"]) == 1


def test_a_packed_crate_is_complete_and_lies_on_top(layout, tmp_path):
    crate.run(layout)
    packed = tmp_path / "one.zip"
    count = verify.pack(layout, packed)
    with zipfile.ZipFile(packed) as archive:
        names = archive.namelist()
        entities = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
        files = {unquote(e["@id"]): e for e in entities if "sha256" in e}
        assert set(names) == {"ro-crate-metadata.json", *files}
        assert len(names) == count + 1
        archive.extractall(tmp_path / "unpacked")
    assert not any(name.startswith("..") for name in files)
    assert all(provenance.sha256(tmp_path / "unpacked" / n) == e["sha256"] for n, e in files.items())
    verify.pack(layout, tmp_path / "two.zip")
    assert packed.read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_what_differs_is_not_packed(layout, tmp_path):
    crate.run(layout)
    layout.report.write_text("tampered")
    with pytest.raises(RheumetaError, match="Nothing was packed"):
        verify.pack(layout, tmp_path / "one.zip")
    assert not (tmp_path / "one.zip").exists()


def test_the_stage_writes_beside_the_report():
    assert Layout("tiny").crate.parent == Layout("tiny").report.parent


def test_what_was_edited_since_the_estimates_were_made_is_known(described, layout):
    assert verify.inputs_changed(layout) == []
    layout.protocol.write_text(layout.protocol.read_text() + "# more\n")
    (found,) = verify.inputs_changed(layout)
    assert found.path == "config/reviews/tiny.yaml"
    layout.synthesis.write_text("{}")
    assert verify.inputs_changed(layout) == [], "the crate is of other estimates"
