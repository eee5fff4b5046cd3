"""pyproject.toml, lock files, environment.yml and README say the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")
NOT_IN_CONDA = {"playwright", "axe-playwright-python"}
"""Packages for the tests that the channels of environment.yml do not have under this name."""

METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = METADATA["project"]["dependencies"]
EXTRAS = METADATA["project"]["optional-dependencies"]


def declared(*lists: list[str]) -> dict[str, SpecifierSet]:
    requirements = [Requirement(text) for texts in lists for text in texts]
    return {canonicalize_name(r.name): r.specifier for r in requirements}


def locked(name: str) -> dict[str, set[str]]:
    """Return the pinned versions of each package; more than one where they depend on the system."""
    pins: dict[str, set[str]] = {}
    text = (PROJECT / name).read_text(encoding="utf-8")
    for package, version in re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", text, flags=re.MULTILINE):
        pins.setdefault(canonicalize_name(package), set()).add(version)
    return pins


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", declared(RUNTIME)),
        ("requirements-dev.lock", declared(RUNTIME, EXTRAS["dev"])),
        ("requirements-build.lock", declared(METADATA["dependency-groups"]["build"])),
    ],
    ids=LOCKS,
)
def test_lock_pins_all_that_is_declared(lock, wanted):
    pins = locked(lock)
    assert sorted(set(wanted) - set(pins)) == [], "run .ci/lock"
    wrong = {n: v for n, s in wanted.items() for v in pins[n] if not s.contains(v)}
    assert wrong == {}, "run .ci/lock"


def test_locks_agree_with_each_other():
    everything = locked("requirements-dev.lock")
    for lock in LOCKS:
        pins = locked(lock)
        assert {n: v for n, v in pins.items() if n in everything and v != everything[n]} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_has_hashes_and_no_address(lock):
    text = (PROJECT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|@ file", text)
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)


def test_environment_for_conda_names_the_same_packages_and_bounds():
    listed = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    by_pip = [line for entry in listed if isinstance(entry, dict) for line in entry["pip"]]
    named = [entry for entry in listed if isinstance(entry, str) and entry != "pip"]
    conda = declared([line.replace(" ", "", 1) for line in (*named, *by_pip)])
    wanted = declared(RUNTIME, EXTRAS["dev"], EXTRAS["interactive"])
    wanted["python"] = SpecifierSet(METADATA["project"]["requires-python"])
    for name in NOT_IN_CONDA:
        del wanted[name]
    assert conda == wanted


def test_readme_starts_with_the_two_commands():
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```bash\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert blocks[0].strip() == "python3 bootstrap.py && .venv/bin/snakemake --cores 4"
    assert blocks[1].strip() == "python3 bootstrap.py --dev && .venv/bin/python -m pytest"


def test_links_of_the_pages_lead_somewhere():
    pages = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *(PROJECT / "docs").glob("*.md")]
    for page in pages:
        targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
        missing = [target for target in targets if not (page.parent / target).exists()]
        assert missing == [], page.name


def test_version_is_the_same_everywhere():
    from rheumeta import __version__

    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert f"## {__version__}" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
