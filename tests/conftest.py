"""What holds for all tests: in CI a skipped test is a failure unless it is listed here."""

from __future__ import annotations

import os

import pytest

ALLOWED_SKIPS: dict[str, str] = {}
"""Test ids that may be skipped in CI, with the reason."""

_skipped: list[str] = []


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
