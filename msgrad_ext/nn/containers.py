"""Cells that hold a row of cells."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import ArgumentError, user_location
from .cell import Cell


class _Row(Cell):
    """Base of containers: cells numbered from 0, or named by a dict."""

    def __init__(self, *cells: Any, auto_prefix: bool = True) -> None:
        super().__init__(auto_prefix=auto_prefix)
        given = cells[0] if len(cells) == 1 and isinstance(cells[0], (list, tuple, dict)) else cells
        pairs = given.items() if isinstance(given, dict) else ((str(i), cell) for i, cell in enumerate(given))
        for name, cell in OrderedDict(pairs).items():
            self._hold(name, cell)

    def _hold(self, name: str, cell: Any) -> None:
        if not isinstance(cell, Cell):
            raise ArgumentError(
                f"For '{type(self).__name__}', each member must be a Cell, but got {type(cell).__name__}.",
                user_location(),
            )
        self.insert_child_to_cell(name, cell)

    def append(self, cell: Cell) -> Any:
        """Add a cell at the end."""
        self._hold(str(len(self)), cell)
        return self

    def extend(self, cells: Iterable[Cell]) -> Any:
        """Add cells at the end."""
        for cell in cells:
            self.append(cell)
        return self

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    def __getitem__(self, index: int | slice) -> Any:
        members = list(self._cells.values())
        return type(self)(members[index]) if isinstance(index, slice) else members[index]


class SequentialCell(_Row):
    """Cells applied one after another; given as arguments, a list, or an ordered dict."""

    def construct(self, x: Any) -> Any:
        """Hand ``x`` through the cells in order."""
        for cell in self._cells.values():
            x = cell(x)
        return x


class CellList(_Row):
    """A list of cells whose parameters are seen by the cell that holds it."""
