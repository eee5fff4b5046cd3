"""The same input gives the same bytes: elsewhere, otherwise set up, and without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pipeline import copy_code

from .conftest import Project

pytestmark = pytest.mark.slow

NO_NETWORK = """
import socket

def refuse(self, address, *rest):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"NETWORK: a connection to {address}")
    return real(self, address, *rest)

def no_lookup(host, *rest, **more):
    raise RuntimeError(f"NETWORK: a look-up of {host}")

real = socket.socket.connect
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = socket.gethostbyname = no_lookup
"""
"""Read by every Python of the run: a connection to another machine, or the look-up of one, is an error."""

LOCALES = ("tr_TR.utf8", "de_DE.utf8", "fr_FR.utf8", "C")
"""In Turkish i and I are no pair; German and French have decimal commas; C knows ASCII alone."""


def isolated() -> list[str]:
    """Return what starts a command in a network of its own, without any other machine, where that is allowed."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None:
        return []
    return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else []


def other_locale() -> str:
    """Return a locale that is installed and is not that of the first build."""
    found = subprocess.run(["locale", "-a"], capture_output=True, text=True).stdout.split()
    return next(name for name in LOCALES if name in found or name == "C")


def conditions(root: Path, folder: Path) -> dict[str, str]:
    """Return an environment as unlike the usual one as it may be."""
    (folder / "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    (folder / "home").mkdir()
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{folder}{os.pathsep}{root / 'src'}",
        "HOME": str(folder / "home"),
        "LC_ALL": other_locale(),
        "LANGUAGE": "tr:de",
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "4711",
        "COLUMNS": "40",
        "OMP_NUM_THREADS": "1",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }


def test_the_network_is_really_denied(tmp_path):
    environment = conditions(tmp_path, tmp_path)
    code = "import urllib.request; urllib.request.ProxyHandler({}); import socket; socket.create_connection(('a.b', 1))"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert "NETWORK: a look-up of a.b" in done.stderr


def test_elsewhere_otherwise_and_without_a_network_it_gives_the_same_bytes(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    root = folder / "a much longer name of a folder, with a comma and an ä" / "inside"
    copy_code(root)
    for name in ("config", "data/raw", "data/corrections"):
        shutil.copytree(built.root / name, root / name)
    done = subprocess.run(
        [*isolated(), sys.executable, "-m", "snakemake", "--cores", "4"],
        cwd=root, env=conditions(root, folder), umask=0o077, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "NETWORK" not in said
    first, second = built.built(), Project(root).built()
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_no_built_file_tells_where_when_or_by_whom_it_was_made(built):
    traces = {str(built.root).encode(), str(Path.home()).encode() + b"/", os.uname().nodename.encode()}
    for name, content in built.built().items():
        assert not [trace for trace in traces if len(trace) > 6 and trace in content], name
