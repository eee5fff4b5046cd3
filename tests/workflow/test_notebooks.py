"""The notebooks: stored without output, and each runs on the bundled reviews."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest
from pipeline import BUNDLED, PROJECT, copy_project, run_to_synthesis

from rheumeta.errors import InputFaults, RheumetaError
from rheumeta.steps import notebooks

STORED = sorted((PROJECT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", STORED, ids=lambda p: p.stem)
def test_is_stored_without_output(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id) for cell in notebook.cells), (
        "ids are fixed and say something"
    )


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Execute all notebooks on the bundled reviews."""
    root = copy_project(tmp_path_factory.mktemp("note books"))
    for review in BUNDLED:
        run_to_synthesis(root, review)
    shutil.copytree(PROJECT / "notebooks", root / "notebooks")
    notebooks.run(root)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", [path.stem for path in STORED])
def test_runs_and_is_printed_as_one_page(executed, name):
    folder = executed / "results" / "notebooks"
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    page = (folder / f"{name}.html").read_text(encoding="utf-8")
    assert f"<title>{notebooks.title(notebook)}</title>" in page
    assert not re.search(r"<(script|link|iframe)\b|\bsrc=\"(?!data:)|url\((?!data:)", page)
    assert str(executed) not in page


@pytest.mark.slow
def test_replication_shows_the_published_numbers(executed):
    # Lloyd S et al. 2010, Rheumatology 49:2313; to three decimals as recomputed from the 16 studies.
    page = (executed / "results" / "notebooks" / "03_replication.html").read_text(encoding="utf-8")
    assert "1.527 [1.252, 1.802]" in page
    assert "0.253 [0.104, 0.403]" in page


@pytest.mark.slow
def test_a_failing_cell_is_an_error_that_shows_it(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0", id="divide")])
    (folder / "bad.ipynb").write_text(nbformat.writes(book))
    with pytest.raises(RheumetaError, match=r"bad\.ipynb: a cell failed(.|\n)*ZeroDivisionError"):
        notebooks.run(tmp_path)
    assert not (tmp_path / "results").exists()


def test_an_unknown_name_is_a_fault(tmp_path):
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(InputFaults, match="unknown_notebook"):
        notebooks.run(tmp_path, ["nothing"])
