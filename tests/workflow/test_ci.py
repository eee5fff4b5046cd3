"""The workflows of the forge: pinned actions, least rights, no text of strangers in a shell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
ALLOWED = {"contents": "read", "pull-requests": "write"}


def content(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # `on` stays a word


def steps(path):
    return [step for job in content(path)["jobs"].values() for step in job["steps"]]


def test_there_are_workflows():
    assert [path.stem for path in FILES] == ["reviews", "tests"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_rights_are_the_least(path):
    workflow = content(path)
    assert "pull_request_target" not in workflow["on"]
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert ALLOWED.items() >= job.get("permissions", {}).items()
        if "permissions" in job:  # what may write runs no code of the change
            assert not [step for step in job["steps"] if "checkout" in step.get("uses", "")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_actions_are_pinned_to_a_commit_and_leave_no_token(path):
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", step["uses"])
            if "checkout" in step["uses"]:
                assert step["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_nothing_is_put_into_a_shell_but_by_its_environment(path):
    for step in steps(path):
        assert "${{" not in step.get("run", "")
        assert not re.search(r"head_ref|\.title|\.body|\.ref\b", " ".join(step.get("env", {}).values()))


def test_reviews_are_built_verified_compared_and_kept():
    runs = "\n".join(step.get("run", "") for step in steps(FOLDER / "reviews.yml"))
    for wanted in (
        "snakemake --cores",
        "rheumeta verify",
        "rheumeta compare",
        "GITHUB_STEP_SUMMARY",
        "gh api --method POST",
    ):
        assert wanted in runs
    assert {"data/**", "config/**"} <= set(content(FOLDER / "reviews.yml")["on"]["pull_request"]["paths"])


def test_the_checks_are_those_of_the_project():
    assert any(step.get("run") == "bash .ci/run" for step in steps(FOLDER / "tests.yml"))
    assert 'step "actionlint"' in (FOLDER.parents[1] / ".ci" / "run").read_text(encoding="utf-8")
