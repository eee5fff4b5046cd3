"""The licences of all software that a run of the workflow needs.

python validation/licences.py > docs/licences.md

Reads the names and versions from `requirements.lock` and the licences from what each package says of
itself where it is installed. Exits with 1 if one is not known, or not on the list of those that let a
program under the MIT licence be used with it.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
LOCKED = re.compile(r"^(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+]+)", re.MULTILINE)
USABLE = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|MPL|Mozilla|Zlib|CC0|0BSD|Unlicense|Public Domain",
    re.I,
)
"""Licences that ask for no more than their text to be kept, and MPL, whose terms end at its own files."""

ELSEWHERE = {
    "appnope": "BSD-2-Clause",
    "cffi": "MIT",
    "colorama": "BSD-3-Clause",
    "pycparser": "BSD-3-Clause",
    "pyreadline3": "BSD-3-Clause",
}
"""Packages that only other systems need; from their pages in the package index."""

HEAD = """# Licences

Software that a run of the workflow needs, as `requirements.lock` pins it, with the licence that each
package states. Made by `python validation/licences.py > docs/licences.md`. Nothing of it is part of this
repository; pandoc, which `pypandoc-binary` brings (GPL 2 or later), and R, which only tests need, are run
as programs of their own.

| package | version | licence |
|---|---|---|"""


def locked() -> dict[str, str]:
    """Return the pinned packages and their versions."""
    return {found["name"]: found["version"] for found in LOCKED.finditer(LOCK.read_text(encoding="utf-8"))}


def licence(name: str) -> str:
    """Return the licence that a package states, empty if it states none."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE.get(name, "")
    classifiers = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if c.startswith("License")]
    stated = about.get("License-Expression") or "; ".join(classifiers) or about.get("License") or _file(name)
    return " ".join(stated.split("\n")[0].split())


def _file(name: str) -> str:
    """Return the first line of the licence that a package brings along."""
    for path in metadata.files(name) or ():
        if re.search(r"(?i)licen[cs]e", path.name) and path.suffix in ("", ".txt", ".md"):
            return str(path.read_text(encoding="utf-8")).strip().split("\n")[0]
    return ""


def main() -> int:
    """Print the table; return 1 if a licence is not known or not usable."""
    found = {name: licence(name) for name in locked()}
    print(HEAD)
    for name, version in locked().items():
        print(f"| {name} | {version} | {found[name]} |")
    unusable = {name: text for name, text in found.items() if not USABLE.search(text)}
    for name, text in unusable.items():
        print(f"{name}: {text or 'no licence found'}", file=sys.stderr)
    return int(bool(unusable))


if __name__ == "__main__":
    sys.exit(main())
