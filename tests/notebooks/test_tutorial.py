"""The tutorial's notebook has the tutorial's cells, as the demo has them, and asserts each figure."""

from __future__ import annotations

from pathlib import Path

import nbformat

from msgrad_ext.notebook.tutorial import DEFINITIONS, FIGURES

PATH = Path(__file__).resolve().parents[2] / "notebooks" / "tutorial.ipynb"


def code_cells() -> list[str]:
    """The code cells of the notebook."""
    return [cell.source for cell in nbformat.read(PATH, as_version=4).cells if cell.cell_type == "code"]


def test_the_cells_are_verbatim() -> None:
    """Each cell of the tutorial stands under the magic's line, unchanged and in order."""
    bodies = [source.partition("\n")[2] for source in code_cells() if source.startswith("%%gradcell")]
    wanted = [*DEFINITIONS, *(figure.cell for figure in FIGURES)]
    assert [body for body in bodies if body in wanted] == wanted


def test_each_figure_is_asserted() -> None:
    """After each cell that prints a figure an assertion holds it to one unit in the last place, and its verdict."""
    sources = code_cells()
    for figure in FIGURES:
        place = next(k for k, source in enumerate(sources) if source.partition("\n")[2] == figure.cell)
        following = sources[place + 1]
        assert "assert_array_max_ulp" in following and "maxulp=1" in following
        assert 'report.verdict == "agree"' in following
