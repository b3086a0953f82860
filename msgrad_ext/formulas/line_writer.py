"""Backprop lines for readers: every definition of a derivation that says something, forward and backward, as it runs.

Lines that say the same of other arrays, as the layers of a deep network do, are worked out once and written with each
line's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..symbolic.compose import definition_of
from ..symbolic.lines import Line
from ..symbolic.notation import Node
from ..symbolic.own_names import leaves, own_names

if TYPE_CHECKING:
    from .writer import Writer


class LineWriter:
    """The notation of all lines of one writer's derivation."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.derivation = writer.derivation
        self.alike: dict[Any, tuple[Node, list[str]]] = {}

    def shown(self) -> list[Line]:
        """The lines that are written: what an output or a gradient rests on, without what is put in where it is used."""
        derivation, hidden = self.derivation, self.writer.hidden
        needed = set(self.writer.kept)
        for line in reversed(derivation.lines):
            if line.key in needed:
                needed.update(line.operands)
        return [line for line in derivation.lines if line.key in needed and line.key not in hidden]

    def nodes(self) -> list[tuple[Line, Node]]:
        """Each line that is shown and its notation."""
        return [(line, self.node(line)) for line in self.shown()]

    def node(self, line: Line) -> Node:
        """The notation of one line; that of a line that says the same, with this one's arrays, if there is one."""
        mark, keys = self.mark(line)
        if mark not in self.alike:
            self.alike[mark] = self.writer.line(line), keys
        node, others = self.alike[mark]
        return node if others == keys else renamed(node, dict(zip(others, keys)))

    def mark(self, line: Line) -> tuple[Any, list[str]]:
        """What a line says, without the names of its arrays; and their keys, in the order in which it meets them."""
        numbers: dict[str, int] = {}
        own = self.said(line, numbers)
        if line.kind == "forward":
            return own, [*numbers, line.key]
        names = own_names(self.derivation, self.writer.hidden)
        known = [other for other in names.candidates(set(numbers), self.derivation.places[line.key])]
        also = tuple((self.said(other, numbers), numbers.setdefault(other.key, len(numbers))) for other in known)
        return (own, also), [*numbers, line.key]

    def said(self, line: Line, numbers: dict[str, int]) -> Any:
        """A definition with a number for each array that it is over; ``numbers`` grows by those that are new."""
        return line.kind, line.template, line.lengths, tuple(self.operand(key, numbers) for key in line.operands)

    def operand(self, key: str, numbers: dict[str, int]) -> Any:
        """The number of an operand, or the definition that is put in for it."""
        hidden = self.writer.hidden
        if key not in hidden:
            return numbers.setdefault(key, len(numbers))
        inner = tuple((one, numbers.setdefault(one, len(numbers))) for one in sorted(leaves(key, hidden)))
        return key, definition_of(hidden, key), inner


def renamed(node: Node, table: Mapping[str, str]) -> Node:
    """``node`` with other arrays."""
    args = tuple(renamed(arg, table) for arg in node.args)
    return replace(node, args=args, data=_renamed(node.data, table))


def _renamed(data: Any, table: Mapping[str, str]) -> Any:
    if isinstance(data, str):
        return table.get(data, data)
    return tuple(_renamed(one, table) for one in data) if isinstance(data, tuple) else data


__all__ = ["LineWriter", "renamed"]
