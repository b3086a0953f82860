"""Run the notebooks and store their outputs in place: ``make notebooks``, or ``python notebooks/execute.py NAME``.

A notebook is stored only if every cell ran. What would differ from run to run or from machine to machine is not stored:
times, versions, ids of widgets; so a diff shows what changed in the results.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(notebook: nbformat.NotebookNode, folder: Path = FOLDER) -> None:
    """Run all cells in a fresh kernel, in ``folder``; the outputs are put into ``notebook``.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails, also by an error that shows in its reply alone.
    """
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove what differs from run to run, and count widgets in order of their appearance."""
    notebook.metadata = nbformat.from_dict(METADATA)
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        for output in cell.get("outputs", ()):
            if WIDGET in output.get("data", {}):
                count += 1
                output.data[WIDGET]["model_id"] = f"widget-{count}"


def main() -> None:
    """Run the notebooks that are named, or all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("notebook", nargs="*", type=Path)
    chosen = parser.parse_args().notebook or sorted(FOLDER.glob("*.ipynb"))
    if not chosen:
        parser.error(f"there is no notebook in {FOLDER.name}/")
    for path in chosen:
        start = time.perf_counter()
        notebook = nbformat.read(path, as_version=4)
        execute(notebook, path.resolve().parent)
        tidy(notebook)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {len(notebook.cells)} cells in {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
