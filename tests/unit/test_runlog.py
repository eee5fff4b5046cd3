"""A failure counts until the stage has succeeded again."""

from __future__ import annotations

import logging
import os
import time
import warnings

import pytest

from rheumeta.runlog import ALOUD, Attempt, aftermath, failures, failures_file, logging_to


def test_success_counts_nothing(tmp_path):
    log = tmp_path / "validate" / "x.log"
    Attempt(log).succeeded()
    assert failures(log) == 0
    assert not failures_file(log).exists()


def test_failures_add_up_and_stay_after_a_success(tmp_path):
    log = tmp_path / "x.log"
    Attempt(log).failed(2)
    Attempt(log).failed(1)
    assert failures(log) == 2
    Attempt(log).succeeded()
    assert failures(log) == 2


def test_a_killed_stage_counts_as_failed(tmp_path):
    log = tmp_path / "x.log"
    Attempt(log)
    assert failures(log) == 1


@pytest.mark.parametrize(
    ("codes", "expected"),
    [({"a": 2, "b": 2}, 2), ({"a": 2, "b": 1}, 1), ({"a": 1}, 1), ({"a": 2, "b": 0}, 2), ({}, 1)],
)
def test_exit_code_is_2_only_if_all_failures_are_faults_in_the_input(tmp_path, codes, expected):
    started = time.time() - 1
    for name, code in codes.items():
        log = tmp_path / f"{name}.log"
        Attempt(log).failed(1)
        attempt = Attempt(log)
        attempt.failed(code) if code else attempt.succeeded()
    code, text = aftermath(tmp_path, since=started)
    assert code == expected
    assert all((f"{name}.log" in text) == bool(c) for name, c in codes.items())


def test_failures_of_earlier_runs_do_not_count(tmp_path):
    old = tmp_path / "old.log"
    Attempt(old).failed(2)
    os.utime(failures_file(old), (0, 0))
    new = tmp_path / "new.log"
    Attempt(new).failed(1)
    assert aftermath(tmp_path, since=time.time() - 5)[0] == 1


def test_messages_and_warnings_go_to_the_log(tmp_path, capsys):
    log = tmp_path / "logs" / "x.log"
    with logging_to(log), warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.getLogger("rheumeta.steps").info("3 rows read")
        warnings.warn("mind the gap", UserWarning, stacklevel=1)
    text = log.read_text()
    assert "3 rows read\n" in text
    assert "mind the gap" in text
    assert capsys.readouterr().err == ""


def test_without_a_file_messages_go_to_standard_error(capsys):
    with logging_to(None):
        logging.getLogger("rheumeta").info("hello")
    assert capsys.readouterr().err == "hello\n"


def test_what_is_said_aloud_is_seen_on_the_terminal_too_and_once(tmp_path, capsys):
    say = logging.getLogger("rheumeta.test").warning
    with logging_to(tmp_path / "x.log"):
        say("both", extra=ALOUD)
        say("file")
    assert (tmp_path / "x.log").read_text().splitlines()[:2] == ["both", "file"]
    assert capsys.readouterr().err == "both\n"
    with logging_to(None):
        say("once", extra=ALOUD)
    assert capsys.readouterr().err == "once\n"
