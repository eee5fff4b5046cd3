"""Execute the notebooks and print them as pages.

They are stored without output. The executed notebook and its page hold no time of day and no path,
so that two runs give the same bytes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from rheumeta.errors import Fault, InputFaults, RheumetaError
from rheumeta.steps.graph import notebooks
from rheumeta.tables.writing import StageWriter

log = logging.getLogger(__name__)

FOLDER = Path("notebooks")
RESULTS = Path("results") / "notebooks"
CELL_TIMEOUT = 300
"""Seconds after which a cell counts as hung."""


def run(root: Path, names: Sequence[str] = ()) -> None:
    """Execute notebooks and write them to ``results/notebooks``.

    Parameters
    ----------
    root : Path
        Project folder; the notebooks run in it.
    names : sequence of str
        Names without ending; all notebooks if empty.

    Raises
    ------
    InputFaults
        If there is no notebook of a name.
    RheumetaError
        If a cell fails.
    """
    known = notebooks(root / FOLDER)
    _refuse_unknown(names, known)
    with StageWriter() as out:
        for name in names or known:
            notebook = execute(root / FOLDER / f"{name}.ipynb", folder=root)
            out.text(root / RESULTS / f"{name}.ipynb", nbformat.writes(notebook) + "\n")  # type: ignore[no-untyped-call]
            out.text(root / RESULTS / f"{name}.html", page(notebook))


def _refuse_unknown(names: Sequence[str], known: Sequence[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputFaults(
            Fault(
                file=FOLDER.as_posix(),
                line=None,
                column=None,
                code="unknown_notebook",
                message="There is no such notebook.",
                value=name,
                allowed=", ".join(known) or "none: the folder holds no notebook",
            )
            for name in unknown
        )


def execute(path: Path, *, folder: Path) -> NotebookNode:
    """Return the notebook `path` with its outputs, executed in `folder`.

    Raises
    ------
    RheumetaError
        If a cell fails; the message shows the cell and its error.
    """
    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--HistoryManager.enabled=False", "--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute(env=_kernel_environment())
    except CellExecutionError as error:
        raise RheumetaError(f"{path.name}: a cell failed.\n{error}") from error
    log.info("%s: %d cells executed", path.name, sum(c.cell_type == "code" for c in notebook.cells))
    return notebook


def _kernel_environment() -> dict[str, str]:
    """Return the environment of the kernel, in which figures appear below their cell."""
    return {k: v for k, v in os.environ.items() if k != "MPLBACKEND"} | {
        "PYDEVD_DISABLE_FILE_VALIDATION": "1"
    }


def page(notebook: NotebookNode) -> str:
    """Return an executed notebook as one HTML page that loads nothing."""
    exporter: Any = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(notebook)
    template = Environment(loader=PackageLoader("rheumeta.pages"), autoescape=True).get_template(
        "notebook.html"
    )
    return template.render(title=title(notebook), body=Markup(body)) + "\n"


def title(notebook: NotebookNode) -> str:
    """Return the first heading of a notebook."""
    lines = (
        line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()
    )
    return next((line.lstrip("# ") for line in lines if line.startswith("# ")), "Notebook")
