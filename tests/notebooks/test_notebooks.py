"""Guards around nbval, which passes notebooks that were never run, and cells that print UsageError and no more."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook, new_output

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"

_spec = importlib.util.spec_from_file_location("execute_notebooks", FOLDER / "execute.py")
runner = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(runner)


def faults(notebook: nbformat.NotebookNode) -> list[str]:
    """What is wrong with a notebook as it is stored, cell by cell."""
    found = []
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        count += 1
        if cell.execution_count != count:
            found.append(f"cell {number}: run as [{cell.execution_count}], but it is code cell {count}")
        expected = "raises-exception" in cell.metadata.get("tags", ())
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if bool(errors) != expected:
            found.append(f"cell {number}: {'an error' if errors else 'no error, against its tag'}")
        streams = [output.text for output in cell.outputs if output.output_type == "stream"]
        if any("UsageError" in text or "Traceback (most" in text for text in streams):
            found.append(f"cell {number}: a failure printed as text")
    if notebook.metadata != runner.METADATA:
        found.append("metadata: run make notebooks, which stores the same on every machine")
    return found if count else ["it has no code cell"]


@pytest.mark.parametrize("name", NAMES or ["quickstart.ipynb"])
def test_notebook_is_stored_as_it_ran(name: str) -> None:
    """The notebook is valid; every code cell was run, once, in order, without a failure."""
    notebook = nbformat.read(FOLDER / name, as_version=4)
    nbformat.validate(notebook)
    found = faults(notebook)
    assert not found, "\n".join(found)


@pytest.mark.kernel
@pytest.mark.parametrize("name", NAMES or ["quickstart.ipynb"])
def test_notebook_runs_from_top_to_bottom(name: str) -> None:
    """A fresh kernel runs all cells, and no reply has the status error (nbval does not look at replies)."""
    notebook = nbformat.read(FOLDER / name, as_version=4)
    runner.execute(notebook)
    runner.tidy(notebook)
    assert faults(notebook) == []


def stored(**changes: object) -> nbformat.NotebookNode:
    """A notebook of one cell that ran, with changes to the cell."""
    cell = new_code_cell("1", **{"execution_count": 1, "outputs": [], **changes})
    return new_notebook(cells=[cell], metadata=nbformat.from_dict(runner.METADATA))


@pytest.mark.parametrize(
    "changes",
    [
        {"execution_count": None},
        {"execution_count": 2},
        {"outputs": [new_output("error", ename="ValueError", evalue="", traceback=[])]},
        {"outputs": [new_output("stream", name="stderr", text="UsageError: Cell magic `%%nosuch` not found.")]},
        {"metadata": {"tags": ["raises-exception"]}},
    ],
)
def test_a_faulty_cell_is_seen(changes: dict[str, object]) -> None:
    """A cell never run, run out of order, with an error, or without the error that its tag promises, is a fault."""
    assert len(faults(stored(**changes))) == 1


def test_a_good_cell_has_no_fault() -> None:
    """A cell that ran and printed passes, and so does one whose tag announces its error."""
    error = new_output("error", ename="ValueError", evalue="", traceback=[])
    assert faults(stored(outputs=[new_output("stream", name="stdout", text="agree")])) == []
    assert faults(stored(outputs=[error], metadata={"tags": ["raises-exception"]})) == []


def test_foreign_metadata_and_an_empty_notebook_are_seen() -> None:
    """Metadata of another machine and a notebook without code are faults."""
    notebook = stored()
    notebook.metadata.language_info = {"name": "python", "version": "3.11.7"}
    assert len(faults(notebook)) == 1
    assert len(faults(new_notebook(metadata=nbformat.from_dict(runner.METADATA)))) == 1


def test_tidy_makes_two_runs_equal() -> None:
    """Ids, times and versions are gone after ``tidy``: two runs of one notebook are stored alike."""
    runs = []
    for chance in ("0a1b", "2c3d"):
        view = new_output("display_data", data={WIDGET: {"model_id": chance, "version_major": 2}})
        notebook = stored(outputs=[view], id=chance, metadata={"execution": {"iopub.status.busy": chance}})
        notebook.metadata.language_info["version"] = chance
        runner.tidy(notebook)
        runs.append(nbformat.writes(notebook))
    assert runs[0] == runs[1]


@pytest.mark.kernel
def test_the_runner_sees_a_magic_that_does_not_exist(tmp_path: Path) -> None:
    """An unknown magic, which sends no error message, stops the run all the same."""
    with pytest.raises(CellExecutionError, match="nosuch"):
        runner.execute(new_notebook(cells=[new_code_cell("%%nosuch\n1")]), tmp_path)
