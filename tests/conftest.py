"""What holds for all tests: in CI a skipped test is a failure unless it is listed here.

Two processes share the tests. Those of a file stay together, so that what they share is made once; so do all
that share the small project of tests/workflow, which begin first because together they take longest.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest

ALLOWED_SKIPS: dict[str, str] = {}
"""Test ids that may be skipped in CI, with the reason."""

_skipped: list[str] = []
PROJECT = "project"
"""The fixture of the small project; also the group of the tests that use it."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: PROJECT not in _fixtures(item))
    for item in items:
        group = PROJECT if PROJECT in _fixtures(item) else item.path.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    unlisted = [name for name in _skipped if name not in ALLOWED_SKIPS]
    if os.environ.get("CI") == "true" and unlisted and exitstatus == pytest.ExitCode.OK:
        print("\nskipped, though not listed in tests/conftest.py:", *unlisted, sep="\n  ")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
