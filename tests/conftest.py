"""What holds for all tests: in CI a skipped test is a failure unless it is listed here.

Two processes share the tests. Those of a file stay together, so that what they share is made once; so do all
of a folder with a conftest.py of its own (tests/workflow), which begin first because together they take longest.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ALLOWED_SKIPS: dict[str, str] = {}
"""Test ids that may be skipped in CI, with the reason."""

_skipped: list[str] = []
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not _share_a_folder(item.path))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = HERE.parent / nodeid.partition("::")[0]
            return str(file.parent if _share_a_folder(file) else file)

    return Together(config, log)


def _share_a_folder(file: Path) -> bool:
    return file.parent != HERE and file.with_name("conftest.py").is_file()


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
