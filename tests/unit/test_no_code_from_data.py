"""Nothing in the package can run what a sheet says: no eval, no pickle, no shell, no unsafe YAML."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
FILES = sorted([*(PROJECT / "src").rglob("*.py"), PROJECT / "bootstrap.py"])
RULES = sorted([PROJECT / "Snakefile", *(PROJECT / "workflow" / "rules").glob("*.smk")])

FORBIDDEN_CALLS = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput", "runpy.run_path",
    "yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "pd.read_pickle", "pd.eval", "np.load", "joblib.load",
    "subprocess.getstatusoutput", "env.from_string", "Template", "commands.getoutput", "tempfile.mktemp",
}  # fmt: skip
FORBIDDEN_IMPORTS = {
    "pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "urllib.request", "http", "requests", "socket",
    "ssl", "ftplib", "smtplib", "telnetlib", "xmlrpc", "httpx", "aiohttp",
}  # fmt: skip
SAFE_LOADERS = {"_LOADER", "QUICK"}
"""Names of yaml's safe loaders, in C where there is one."""
METHODS = {"to_pickle", "read_pickle", "from_string", "eval"}


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def offences(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if {a.name, a.name.split(".")[0]} & FORBIDDEN_IMPORTS]
        elif (
            isinstance(node, ast.ImportFrom)
            and {node.module, (node.module or "").split(".")[0]} & FORBIDDEN_IMPORTS
        ):
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            name = dotted(node.func)
            if name in FORBIDDEN_CALLS or (
                isinstance(node.func, ast.Attribute) and node.func.attr in METHODS
            ):
                found.append(name)
            if any(k.arg == "shell" and not _is_false(k.value) for k in node.keywords):
                found.append(f"{name}(shell=)")
            if name == "yaml.load" and not any(
                k.arg == "Loader" and dotted(k.value) in SAFE_LOADERS for k in node.keywords
            ):
                found.append(name)
    return found


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PROJECT).as_posix())
def test_no_module_runs_data_or_asks_the_network(path):
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')", "import pickle", "from pickle import loads", "subprocess.run('x', shell=True)", "yaml.load(x)",
        "yaml.load(x, Loader=yaml.Loader)", "os.system('x')", "import urllib.request", "frame.eval('x')",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(code):
    assert offences(ast.parse(code))


def test_the_one_loader_of_yaml_is_the_safe_one():
    text = (PROJECT / "src" / "rheumeta" / "steps" / "graph.py").read_text(encoding="utf-8")
    assert re.search(r'^_LOADER = getattr\(yaml, "CSafeLoader", yaml.SafeLoader\)$', text, flags=re.MULTILINE)
    users = [p.name for p in FILES if "_LOADER" in p.read_text(encoding="utf-8")]
    assert users == ["graph.py"]


@pytest.mark.parametrize("path", RULES, ids=lambda p: p.name)
def test_every_value_in_a_command_of_a_rule_is_quoted(path):
    text = path.read_text(encoding="utf-8")
    commands = re.findall(r'shell:\s*((?:"[^"\n]*"\s*)+)', text)
    assert len(commands) == len(re.findall(r"^\s*shell:", text, flags=re.MULTILINE))
    for command in commands:
        assert set(re.findall(r"\{([^{}]*)\}", command)) <= {"threads"} | set(
            re.findall(r"\{([^{}]*:q)\}", command)
        )
