"""Imports run one way; each part of the house knows only those before it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rheumeta import provenance

SOURCE = Path(provenance.__file__).parent
TOP = {"__init__", "__main__", "cli"}
FOUNDATION = {path.stem for path in SOURCE.glob("*.py")} - TOP
MIDDLE = {"stats", "tables", "plots", "pages"}
FORBIDDEN_LIBRARIES = {
    "stats": {"pandas", "matplotlib", "pandera", "jinja2", "yaml"},
    "tables": {"scipy", "matplotlib", "statsmodels", "jinja2"},
    "plots": {"pandas", "scipy", "jinja2", "yaml"},
    "pages": {"pandas", "scipy", "matplotlib"},
}

FILES = sorted(SOURCE.rglob("*.py"))


def part(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the dotted names that a file imports, relative ones made absolute."""
    names = set()
    package = ["rheumeta", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names |= {stem} | {f"{stem}.{alias.name}" for alias in node.names}
    return names


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("rheumeta.")}


def known_parts() -> set[str]:
    return {part(path) for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_imports_run_one_way(path):
    mine, others = part(path), parts_imported(path) & known_parts()
    if mine in FOUNDATION:
        allowed = FOUNDATION
    elif mine in MIDDLE:
        allowed = FOUNDATION | {mine}
    elif mine == "steps":
        allowed = FOUNDATION | MIDDLE | {"steps"}
    else:
        allowed = FOUNDATION | {"steps"} | TOP
    assert others - allowed == set()


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_each_part_keeps_to_its_libraries(path):
    libraries = {name.split(".")[0] for name in imported(path)}
    assert libraries & FORBIDDEN_LIBRARIES.get(part(path), set()) == set()


@pytest.mark.parametrize("name", sorted(FOUNDATION))
def test_the_foundation_needs_only_the_standard_library(name):
    libraries = {found.split(".")[0] for found in imported(SOURCE / f"{name}.py")}
    assert libraries - set(sys.stdlib_module_names) <= {"rheumeta", ""}


def test_what_the_snakefile_imports_is_light():
    rules = (SOURCE.parents[1] / "workflow" / "rules" / "common.smk").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:from rheumeta|import rheumeta).*$", rules, flags=re.MULTILINE)
    assert lines
    heavy = "{'numpy', 'pandas', 'scipy', 'matplotlib', 'pydantic', 'pint', 'jinja2'}"
    code = "\n".join([*lines, "import sys", f"print(sorted({heavy} & set(sys.modules)))"])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("stages", "unloaded"),
    [
        (
            "harmonise effects integrity synthesise appraise tables report documents workbook crate index figures",
            "pandas",
        ),
        ("tables workbook crate", "scipy"),
        ("report documents", "matplotlib"),
    ],
)
def test_stages_start_without_what_takes_long_to_load_and_is_not_needed(stages, unloaded):
    code = "\n".join([*(f"import rheumeta.steps.{name}" for name in stages.split()), "import sys",
                      f"print({unloaded!r} in sys.modules)"])  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_files_stay_short():
    long = {p.name: n for p in FILES if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
