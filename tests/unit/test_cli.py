"""The command line: what it says, and its exit codes."""

from __future__ import annotations

import os
import re
import shlex
import sys
import types

import pytest

from rheumeta import __version__, cli
from rheumeta.errors import Fault, InputFaults, StatsError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "config" / "reviews").mkdir(parents=True)
    (tmp_path / "config" / "reviews" / "mine.yaml").write_text("review: mine\n")
    return tmp_path


@pytest.fixture
def stage(monkeypatch):
    """Put a function in the place of the stage `effects`."""

    def put(function):
        module = types.ModuleType("rheumeta.steps.effects")
        module.run = function
        monkeypatch.setitem(sys.modules, "rheumeta.steps.effects", module)

    return put


def fail(error):
    def run(layout):
        raise error

    return run


def test_version(capsys):
    with pytest.raises(SystemExit) as leave:
        cli.main(["--version"])
    assert leave.value.code == 0
    assert capsys.readouterr().out == f"rheumeta {__version__}\n"


def test_help_lists_every_stage(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert all(f"  {stage}" in text for stage in cli.STAGES)


def test_examples_of_the_help_can_be_parsed():
    examples = re.findall(r"^  (rheumeta .*?)(?:  |$)", cli.EPILOG, flags=re.MULTILINE)
    assert len(examples) >= 4
    for example in examples:
        assert cli.build_parser().parse_args(shlex.split(example)[1:]).run


def test_wrong_usage_ends_with_2(capsys):
    with pytest.raises(SystemExit) as leave:
        cli.main(["validate"])
    assert leave.value.code == 2
    assert "REVIEW" in capsys.readouterr().err


def test_stage_gets_the_layout(root, stage):
    seen = []
    stage(seen.append)
    assert cli.main(["effects", "mine", "--root", str(root)]) == 0
    assert seen[0].review == "mine"
    assert seen[0].root == root


@pytest.mark.parametrize("given", ["0", "-1", "two", "1.5"])
def test_workers_are_a_whole_number_of_at_least_1(given, capsys):
    with pytest.raises(SystemExit) as leave:
        cli.main(["figures", "mine", f"--workers={given}"])
    assert leave.value.code == 2
    assert "whole number of at least 1" in capsys.readouterr().err


def test_unknown_review_names_the_nearest(root, capsys):
    assert cli.main(["effects", "mime", "--root", str(root)]) == 2
    text = capsys.readouterr().err
    assert "unknown_review" in text
    assert "Did you mean 'mine'?" in text


def test_faults_in_the_input_end_with_2(root, stage, capsys):
    stage(fail(InputFaults([Fault("a.csv", 3, "n", "wrong_type", "No number.", "x")])))
    assert cli.main(["effects", "mine", "--root", str(root)]) == 2
    assert "a.csv, line 3, column n: No number. [wrong_type]" in capsys.readouterr().err


def test_other_deliberate_errors_end_with_1_and_a_sentence(root, stage, capsys):
    stage(fail(StatsError("vi[3] is not positive.")))
    assert cli.main(["effects", "mine", "--root", str(root)]) == 1
    text = capsys.readouterr().err
    assert "vi[3] is not positive." in text
    assert "Traceback" not in text


def test_a_bug_ends_with_1_and_a_traceback(root, stage, capsys):
    stage(fail(ZeroDivisionError("division by zero")))
    assert cli.main(["effects", "mine", "--root", str(root)]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_missing_earlier_stage_is_named(root, stage, capsys):
    stage(lambda layout: layout.harmonised.read_text())
    assert cli.main(["effects", "mine", "--root", str(root)]) == 1
    text = capsys.readouterr().err
    assert "harmonised.csv is missing: run the stages before this one first" in text


def test_log_holds_the_message_and_counts_the_failure(root, stage, capsys):
    log = root / "logs" / "effects" / "mine.log"
    stage(fail(InputFaults([Fault("a.csv", 3, "n", "wrong_type", "No number.")])))
    assert cli.main(["effects", "mine", "--root", str(root), "--log", str(log)]) == 2
    assert "No number." in log.read_text()
    assert capsys.readouterr().err == ""
    assert log.with_suffix(".failures").read_text() == "2\n"


def test_new_review_manifest_and_clean(root, capsys):
    assert cli.main(["new-review", "fresh", "--root", str(root)]) == 0
    sheet = root / "data" / "raw" / "fresh" / "studies.csv"
    sheet.write_bytes(b"\xef\xbb\xbf" + sheet.read_bytes().replace(b"\n", b"\r\n"))
    assert cli.main(["clean", str(sheet)]) == 0
    assert sheet.read_bytes().startswith(b"study_id,")
    assert b"\r" not in sheet.read_bytes()
    assert cli.main(["manifest", "fresh", "--root", str(root)]) == 0
    assert "studies.csv" in (root / "data" / "raw" / "fresh" / "MANIFEST.csv").read_text()


def test_index_says_what_is_wrong_with_the_configuration(root, capsys):
    (root / "config" / "config.yaml").write_text("reviews: [mine, mine]\n")
    assert cli.main(["index", "--root", str(root)]) == 2
    assert "listed twice" in capsys.readouterr().err


def test_sheets_are_cleaned_by_folder_and_in_an_encoding_that_is_named(root, capsys):
    sheet = root / "data" / "raw" / "mine" / "studies.csv"
    sheet.parent.mkdir(parents=True)
    sheet.write_bytes(b"a\r\nK\xf6ln\r\n")
    arguments = ["clean", "data/raw/mine", "--root", str(root)]
    assert cli.main(arguments) == 2
    assert "not_utf8" in capsys.readouterr().err
    assert cli.main([*arguments, "--from", "latin-1"]) == 0
    assert sheet.read_bytes() == "a\nKöln\n".encode()


def test_a_fault_of_a_protocol_is_in_a_key_and_one_of_a_sheet_in_a_column():
    assert "mine.yaml, line 3, key title: " in str(Fault("mine.yaml", 3, "title", "x", "Wrong."))
    assert "arms.csv, line 3, column label: " in str(Fault("arms.csv", 3, "label", "x", "Wrong."))


def test_effects_of_a_file_and_of_a_review_share_the_name(capsys):
    assert cli.main(["effects", "docs/examples/bcg.csv", "--measure", "RR"]) == 0
    assert "Aronson 1948" in capsys.readouterr().out
    assert cli.main(["effects", "no_such_review"]) != 0


def test_linear_algebra_takes_one_thread_unless_told_otherwise(monkeypatch):
    for given, wanted in ((None, "1"), ("3", "3")):
        if given is None:
            monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        else:
            monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
        with pytest.raises(SystemExit):
            cli.main(["--version"])
        assert os.environ["OPENBLAS_NUM_THREADS"] == wanted
