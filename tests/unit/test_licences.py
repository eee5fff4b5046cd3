"""Every package that a run needs has a licence that is known, listed and usable."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (?P<name>[\w.-]+) \| (?P<version>\d[\w.!+]*) \| (?P<licence>[^|]+) \|$", re.MULTILINE)


def licences():
    spec = importlib.util.spec_from_file_location("licences", PROJECT / "validation" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_is_that_of_the_lock_and_every_licence_is_usable():
    module = licences()
    text = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8")
    listed = {row["name"]: row for row in ROW.finditer(text)}
    assert {name: row["version"] for name, row in listed.items()} == module.locked()
    for name, row in listed.items():
        assert module.USABLE.search(row["licence"]), name


def test_a_licence_that_binds_is_not_taken_for_usable():
    module = licences()
    for text in ("GPL-3.0-only", "GNU Affero General Public License v3", "proprietary", ""):
        assert not module.USABLE.search(text)
