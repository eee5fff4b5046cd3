"""Faults of the machine: full disk, write protection, kills, two runs, lost files, a wrong clock.

Each ends with a clear message or the right results, never with a mix of old and new.
"""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rheumeta import runlog

from .conftest import REVIEW
from .test_workflow import ALL_JOBS, RAW, UP_TO_DATE, announced, changed

pytestmark = pytest.mark.slow

KILLS = Path(__file__).parents[2] / "validation" / "kills.py"
AS_WRITTEN = "the files of the last run are as they were"


@pytest.fixture(scope="module")
def kills():
    spec = importlib.util.spec_from_file_location("kills", KILLS)
    module = importlib.util.module_from_spec(spec)
    sys.modules["kills"] = module
    spec.loader.exec_module(module)
    return module


def stage(project, *command, before=(), **options):
    """Run one stage by hand in a process of its own; return its exit code and what it says."""
    environment = os.environ | {"PYTHONPATH": str(project.root / "src")}
    done = subprocess.run(
        [*before, sys.executable, "-m", "rheumeta", *command], cwd=project.root, env=environment,
        capture_output=True, text=True, **options,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_killed_runs_leave_nothing_that_the_next_run_does_not_mend(kills, tmp_path):
    review = kills.Review(tmp_path / "review")
    wanted, seconds = kills.undisturbed(review)
    draw = random.Random(3)
    for number in range(3):
        when = draw.uniform(0.2, 0.8) * seconds
        killed, other = kills.kill_and_rerun(review, wanted, when, clean=number == 1)
        while not killed:  # the machine was busier when the run was timed
            assert other == []
            when /= 2
            killed, other = kills.kill_and_rerun(review, wanted, when, clean=number == 1)
        assert other == []


def test_a_second_run_at_the_same_time_is_refused_and_the_lock_needs_no_removing(built):
    before = built.built()
    lock = runlog.hold(built.root / ".snakemake" / "rheumeta.lock")
    try:
        run = built.snakemake("--forceall")
    finally:
        lock.close()
    assert run.code == 1
    assert "Another snakemake is at work in this folder." in run.text
    assert built.built() == before
    assert UP_TO_DATE in built.snakemake().text


def test_a_stage_waits_for_the_same_stage_of_another_process(built):
    lock = runlog.hold(built.root / "logs" / "tables" / f"{REVIEW}.lock")
    waiting = subprocess.Popen(
        [sys.executable, "-m", "rheumeta", "tables", REVIEW], cwd=built.root,
        env=os.environ | {"PYTHONPATH": str(built.root / "src")},
    )  # fmt: skip
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=4)
    lock.close()
    assert waiting.wait(timeout=60) == 0


@pytest.mark.parametrize("name", ["validate", "tables", "workbook"])
def test_a_full_disk_is_named_and_leaves_everything_as_it_was(built, name):
    before = built.built()

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    code, said = stage(built, name, REVIEW, preexec_fn=no_room)
    assert code == 1
    assert AS_WRITTEN in said
    assert "Traceback" not in said
    assert built.built() == before


def bound_by_permissions() -> list[str]:
    """Return what makes a command obey permissions, even if root runs it."""
    return ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def test_a_folder_that_cannot_be_written_is_named_and_stays_as_it_was(built):
    folder = built.root / "results" / REVIEW / "tables"
    before = built.built()
    folder.chmod(0o555)
    try:
        code, said = stage(built, "tables", REVIEW, before=bound_by_permissions())
    finally:
        folder.chmod(0o755)
    assert code == 1
    assert f"results/{REVIEW}/tables/" in said
    assert "Permission denied" in said
    assert AS_WRITTEN in said
    assert "Traceback" not in said
    assert built.built() == before


def test_results_that_are_deleted_in_part_come_back_the_same(built):
    before = built.built()
    names = sorted(before)
    for name in random.Random(1).sample(names, len(names) // 3):
        (built.root / name).unlink()
    assert built.snakemake().code == 0
    assert built.built() == before
    shutil.rmtree(built.root / "results" / REVIEW / "estimates")
    assert built.snakemake().code == 0
    assert built.built() == before


def test_a_sheet_with_an_old_time_is_read_all_the_same(built):
    with changed(built, RAW, "week,,during,30,", "week,,during,36,"):
        os.utime(built.root / RAW, (1, 1))
        assert announced(built) == ALL_JOBS
    assert announced(built) == {}


def test_results_from_the_future_do_not_pass_for_up_to_date(built):
    later = time.time() + 10**7
    for name in built.built():
        os.utime(built.root / name, (later, later))
    assert announced(built) == {}
    with changed(built, RAW, "week,,during,30,", "week,,during,36,"):
        assert announced(built) == ALL_JOBS
    assert announced(built) == {}
