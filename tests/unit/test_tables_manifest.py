"""The manifest shows what changed and keeps what people wrote into it."""

from __future__ import annotations

import hashlib

from rheumeta.tables.manifest import check_manifest, read_manifest, update_manifest


def folder_with(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_hashes_are_sha256(tmp_path):
    folder = folder_with(tmp_path, a="abc")
    update_manifest(folder)
    # FIPS 180-2, appendix B.1: SHA-256 of "abc"
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert read_manifest(folder)[0]["sha256"] == expected == hashlib.sha256(b"abc").hexdigest()


def test_every_kind_of_difference_is_told(tmp_path):
    folder = folder_with(tmp_path, same="1", changed="1", gone="1")
    update_manifest(folder)
    (folder / "changed.csv").write_text("2")
    (folder / "gone.csv").unlink()
    (folder / "new.csv").write_text("1")
    assert {c.file: c.status for c in check_manifest(folder)} == {
        "same.csv": "same", "changed.csv": "changed", "gone.csv": "missing", "new.csv": "not_listed",
    }  # fmt: skip


def test_an_update_keeps_origin_and_note(tmp_path):
    folder = folder_with(tmp_path, a="1", b="1")
    (folder / "MANIFEST.csv").write_text('file,sha256,origin,note\na.csv,0,"The paper, table 2",checked\n')
    changed = update_manifest(folder)
    assert {c.file for c in changed} == {"a.csv", "b.csv"}
    rows = {row["file"]: row for row in read_manifest(folder)}
    assert (rows["a.csv"]["origin"], rows["a.csv"]["note"]) == ("The paper, table 2", "checked")
    assert rows["b.csv"]["origin"] == "not recorded"
    assert all(c.status == "same" for c in check_manifest(folder))
    assert update_manifest(folder) == []
