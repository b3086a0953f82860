"""Cells that hold a row of cells, or cells by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import ArgumentError, AxisError, NameTakenError, NotSupportedError, user_location
from .cell import Cell


class _Row(Cell):
    """Base of containers: cells numbered from 0, or named by an ordered dict."""

    def _hold(self, name: str, cell: Any) -> None:
        self._place(name, self._cell(cell))
        if self._auto_prefix:
            cell.update_parameters_name(f"{name}.")

    def _cell(self, cell: Any) -> Cell:
        if not isinstance(cell, Cell):
            raise ArgumentError(
                f"For '{type(self).__name__}', each member must be a Cell, but got {type(cell).__name__}.",
                user_location(),
            )
        return cell

    def _refill(self, cells: Iterable[Any]) -> None:
        """Hold ``cells`` in place of what was held, numbered anew."""
        members = [self._cell(cell) for cell in cells]
        self._empty()
        for place, cell in enumerate(members):
            self._hold(str(place), cell)

    def _empty(self) -> None:
        for name in list(self._cells):
            delattr(self, name)

    def _at(self, index: Any) -> int:
        """The place of an int index, from 0."""
        if isinstance(index, bool) or not isinstance(index, int):
            raise ArgumentError(
                f"For '{type(self).__name__}', the index must be an int, but got {type(index).__name__}.",
                user_location(),
            )
        if not -len(self) <= index < len(self):
            raise AxisError(
                f"For '{type(self).__name__}', the index must be in the range [{-len(self)}, {len(self)}), "
                f"but got {index}.",
                user_location(),
            )
        return index % len(self)

    def append(self, cell: Cell) -> Any:
        """Add a cell at the end."""
        self._hold(str(len(self)), cell)
        return self

    def insert(self, index: int, cell: Cell) -> None:
        """Add a cell before the one at ``index``."""
        place = len(self) if index == len(self) else self._at(index)
        members = list(self)
        self._refill([*members[:place], cell, *members[place:]])

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells.values())

    def __getitem__(self, index: int | slice) -> Any:
        names = list(self._cells)
        if not isinstance(index, slice):
            return self._cells[names[self._at(index)]]
        part = type(self)()
        for place, name in enumerate(names[index]):
            part._place(self._part_name(name, place), self._cells[name])
        return part

    def _part_name(self, name: str, place: int) -> str:
        """What a member is called in a slice."""
        return str(place)

    def __setitem__(self, index: int, cell: Cell) -> None:
        self._hold(list(self._cells)[self._at(index)], cell)

    def __delitem__(self, index: int | slice) -> None:
        members = list(self)
        del members[index if isinstance(index, slice) else self._at(index)]
        self._refill(members)

    def pop(self, index: int) -> Cell:
        """Take out the cell at ``index``."""
        cell: Cell = self[index]
        del self[index]
        return cell


class SequentialCell(_Row):
    """Cells applied one after another; given as arguments, a list, or an ordered dict."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        given = args
        if len(args) == 1 and not isinstance(args[0], Cell):
            given = args[0]
            if not isinstance(given, (list, OrderedDict)):
                raise ArgumentError(
                    "For 'SequentialCell', the argument must be a Cell, a list or an OrderedDict, "
                    f"but got {type(given).__name__}.",
                    user_location(),
                )
        pairs = given.items() if isinstance(given, dict) else ((str(place), cell) for place, cell in enumerate(given))
        for name, cell in pairs:
            self._hold(name, cell)

    def _part_name(self, name: str, place: int) -> str:
        return name

    def set_grad(self, requires_grad: bool = True) -> Any:
        """Accepted for compatibility; gradients are always available."""
        super().set_grad(requires_grad)

    def construct(self, x: Any) -> Any:
        """Hand ``x`` through the cells in order."""
        for cell in self._cells.values():
            x = cell(x)
        return x


class CellList(_Row):
    """A list of cells whose parameters are seen by the cell that holds it; given as arguments or a list."""

    def __init__(self, *args: Any, auto_prefix: bool = True) -> None:
        super().__init__(auto_prefix)
        self.extend(args[0] if len(args) == 1 and not isinstance(args[0], Cell) else args)

    def extend(self, cells: Iterable[Cell]) -> Any:
        """Add cells at the end."""
        if not isinstance(cells, Iterable):
            raise ArgumentError(
                f"For 'CellList', cells must come in a list, but got {type(cells).__name__}.", user_location()
            )
        for cell in list(cells):
            self.append(cell)
        return self

    __iadd__ = extend

    def construct(self, *inputs: Any) -> Any:
        """Refused: a list says nothing of how its cells follow each other."""
        raise NotSupportedError(
            "For 'CellList', a call is not defined: call its cells in construct, or use SequentialCell.",
            user_location(),
        )


class CellDict(_Row):
    """Cells by name, whose parameters are seen by the cell that holds it; given as a dict or as pairs."""

    def __init__(self, *args: Any) -> None:
        super().__init__()
        self.update(args[0] if args else {})

    def update(self, cells: Any) -> None:
        """Hold the cells of a dict or of pairs."""
        if not isinstance(cells, Iterable):
            raise ArgumentError(f"For 'CellDict', a dict or pairs are needed, but got {type(cells).__name__}.")
        pairs = cells.items() if isinstance(cells, (dict, CellDict)) else cells
        for pair in pairs:
            if isinstance(pair, Cell) or not isinstance(pair, Iterable):
                raise ArgumentError(f"For 'CellDict', a pair of name and cell is needed, but got {pair!r}.")
            name, cell = pair
            self[name] = cell

    def _name(self, key: Any) -> str:
        if not isinstance(key, str):
            raise ArgumentError(f"For 'CellDict', a name must be a str, but got {type(key).__name__}.", user_location())
        return key

    def __setitem__(self, key: Any, cell: Any) -> None:
        name = self._name(key)
        if not name or "." in name or (hasattr(self, name) and name not in self._cells):
            raise NameTakenError(
                f"For 'CellDict', a name must not be empty, hold a dot or be an attribute, but got {name!r}.",
                user_location(),
            )
        self._hold(name, cell)

    def __getitem__(self, key: Any) -> Any:
        name = self._name(key)
        if name not in self._cells:
            raise NameTakenError(f"For 'CellDict', there is no cell '{name}'.", user_location())
        return self._cells[name]

    def __delitem__(self, key: Any) -> None:
        self[key]
        delattr(self, key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._cells)

    def __contains__(self, key: object) -> bool:
        return key in self._cells

    def keys(self) -> Any:
        """The names."""
        return self._cells.keys()

    def values(self) -> Any:
        """The cells."""
        return self._cells.values()

    def items(self) -> Any:
        """Pairs of name and cell."""
        return self._cells.items()

    def clear(self) -> None:
        """Let go of all cells."""
        self._empty()

    def pop(self, key: Any) -> Any:
        """Take out the cell called ``key``."""
        cell = self[key]
        del self[key]
        return cell

    construct = CellList.construct
