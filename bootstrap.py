"""Set up ``.venv`` from the lock files; nothing but Python 3.11 and pip is needed.

``python3 bootstrap.py`` installs what the workflow needs, ``--dev`` also what the tests need.
A second run finds everything in place and returns at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
BUILD = "requirements-build.lock"
OLDEST = (3, 11)
QUIET = ("--quiet", "--disable-pip-version-check")
PACKAGE = ("--no-deps", "--no-build-isolation", "--editable", HERE)


def say(text: str) -> None:
    """Print a line at once, also where output is a file."""
    print(f"bootstrap: {text}", flush=True)


def run(*command: str | Path) -> None:
    """Run a command in the project folder; a failure is an exception.

    Byte code is written in any case: without it every later start takes three times as long.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([str(part) for part in command], check=True, cwd=HERE, env=environment)


def fingerprint(lock: str) -> str:
    """Return what the environment depends on: interpreter, place, lock files, metadata."""
    parts = [sys.version, sys.base_prefix, str(VENV)]
    parts += [(HERE / name).read_text(encoding="utf-8") for name in (lock, BUILD, "pyproject.toml")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def ready(kind: str) -> bool:
    """Tell whether the environment already holds what `kind` needs."""
    stamp = VENV / f".{kind}"
    return stamp.is_file() and PYTHON.exists() and stamp.read_text() == fingerprint(LOCKS[kind])


def outer_python() -> str:
    """Return the interpreter that the environment is made from, also from inside of it."""
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    return getattr(sys, "_base_executable", sys.executable) if inside else sys.executable


def make_venv() -> None:
    """Make an empty environment and put the pinned installers into it.

    An environment without its own pip is made in a fraction of the time, and also where the
    system ships Python without ensurepip; the pip of the outer interpreter fills it.
    """
    shutil.rmtree(VENV, ignore_errors=True)
    python = outer_python()
    pip: list[str | Path] = [python, "-m", "pip", "--python", PYTHON]
    run(python, "-m", "venv", "--without-pip", VENV)
    if subprocess.run([*map(str, pip), "--version"], capture_output=True, cwd=HERE).returncode:
        run(python, "-m", "venv", "--clear", VENV)
        pip = [PYTHON, "-m", "pip"]
    run(*pip, "install", *QUIET, "--require-hashes", "-r", BUILD)


def install(lock: str) -> None:
    """Install the lock and the package, with uv where it runs and with pip otherwise."""
    uv = BIN / ("uv.exe" if os.name == "nt" else "uv")
    try:
        run(uv, "pip", "install", "--quiet", "--python", PYTHON, "--compile-bytecode",
            "--require-hashes", "-r", lock)  # fmt: skip
        run(uv, "pip", "install", "--quiet", "--python", PYTHON, *PACKAGE)
    except (OSError, subprocess.CalledProcessError):
        say("uv could not install the packages; pip does it now, which takes a few minutes")
        pip = (outer_python(), "-m", "pip", "--python", PYTHON)
        run(*pip, "install", *QUIET, "--require-hashes", "-r", lock)
        run(*pip, "install", *QUIET, *PACKAGE)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    kind = "dev" if parser.parse_args().dev else "run"
    if sys.version_info < OLDEST:
        say(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")
        return 2
    if ready(kind) or ready("dev"):
        return 0
    say(f"setting up {VENV.name} from {LOCKS[kind]} (once)")
    try:
        if not ready("run"):
            make_venv()
        install(LOCKS[kind])
    except subprocess.CalledProcessError as error:
        say(f"this command failed with exit code {error.returncode}:\n  {' '.join(error.cmd)}")
        return 1
    (VENV / f".{kind}").write_text(fingerprint(LOCKS[kind]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
