"""The tutorial's cells, verbatim, and a way to run cells without a notebook."""

from __future__ import annotations

from typing import Any

from msgrad_ext.notebook import tutorial
from msgrad_ext.notebook.cell import parse_cell, read_cell
from msgrad_ext.notebook.options import CellOptions
from msgrad_ext.notebook.run import gradcell

IMPORTS, NET, BY_INPUT = (f"{cell}\n" for cell in tutorial.DEFINITIONS)
DATA, BY_WEIGHT, WITH_SENS = (f"{figure.cell}\n" for figure in tutorial.FIGURES)

CELLS = (IMPORTS, NET, BY_INPUT, DATA, BY_WEIGHT, WITH_SENS)


class Notebook:
    """A namespace in which cells are run one after another, as the magic runs them."""

    def __init__(self, *cells: str) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}
        for cell in cells:
            self.run(cell)

    def run(self, cell: str, **options: Any) -> tuple[list[Any], Any]:
        """What the cell shows, and its value."""
        return gradcell(None, parse_cell(read_cell(None, None, cell)), self.names, CellOptions(**options))
