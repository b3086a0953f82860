"""Backprop lines for readers: every definition of a derivation that says something, forward and backward, as it runs.

Lines that say the same of other arrays, as the layers of a deep network do, are worked out once and written with each
line's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol

from ..symbolic.lines import Line
from ..symbolic.notation import Node
from ..symbolic.own_names import leaves, own_names
from ..symbolic.reading import trivial

if TYPE_CHECKING:
    from .writer import Writer


class Numbers:
    """Arrays and letters of axes, numbered in the order in which they are met."""

    def __init__(self) -> None:
        self.keys: dict[str, int] = {}
        self.letters: dict[Symbol, int] = {}

    def key(self, key: str) -> int:
        """The number of an array."""
        return self.keys.setdefault(key, len(self.keys))

    def length(self, n: Expr) -> Any:
        """A length with numbers for its letters."""
        if n.is_Symbol:
            return self.letters.setdefault(n, len(self.letters))
        free = sorted(n.free_symbols, key=str)
        numbers = tuple(self.letters.setdefault(one, len(self.letters)) for one in free)
        return (n.xreplace({one: Symbol(f"~{place}") for place, one in enumerate(free)}), numbers) if free else (n,)


class LineWriter:
    """The notation of all lines of one writer's derivation."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.derivation = writer.derivation
        self.alike: dict[Any, tuple[Node, Numbers]] = {}

    @cached_property
    def shown(self) -> list[Line]:
        """The lines that are written: what an output or a gradient rests on, without what is put in where it is used."""
        derivation, hidden = self.derivation, self.writer.hidden
        needed = set(self.writer.kept)
        for line in reversed(derivation.lines):
            if line.key in needed:
                needed.update(line.operands)
        return [line for line in derivation.lines if line.key in needed and line.key not in hidden]

    def seen(self) -> set[str]:
        """Values that a reader meets, by a line or by the cotangent of one."""
        found, cotangents = {line.key for line in self.shown}, self.derivation.cotangents
        stack = [*found]
        while stack:
            base = cotangents.get(stack.pop())
            if base is not None and base not in self.writer.hidden:
                found.add(base)
                stack.append(base)
        return found

    def nodes(self) -> list[Node]:
        """The notation of each line that is shown."""
        return [self.node(line) for line in self.shown]

    def node(self, line: Line) -> Node:
        """The notation of one line; that of a line that says the same, with this one's arrays, if there is one."""
        mark, numbers = self.mark(line)
        if mark not in self.alike:
            self.alike[mark] = self.writer.line(line), numbers
        node, others = self.alike[mark]
        if others is numbers:
            return node
        letters = {old: new for old, new in zip(others.letters, numbers.letters) if old != new}
        return renamed(node, dict(zip(others.keys, numbers.keys)), letters)

    def mark(self, line: Line) -> tuple[Any, Numbers]:
        """What a line says, without the names of its arrays; and these, in the order in which it meets them."""
        numbers = Numbers()
        own = self.said(line, numbers)
        also: tuple[Any, ...] = ()
        if line.kind == "backward":
            names = own_names(self.derivation, self.writer.hidden)
            known = names.candidates(set(numbers.keys), self.derivation.places[line.key])
            also = tuple((self.said(other, numbers), numbers.key(other.key)) for other in known)
        numbers.key(line.key)
        return (own, also), numbers

    def said(self, line: Line, numbers: Numbers) -> Any:
        """A definition with a number for each array that it is over; ``numbers`` grows by those that are new."""
        lengths = tuple((letter, numbers.length(n)) for letter, n in line.lengths)
        return line.kind, line.template, lengths, tuple(self.operand(key, numbers) for key in line.operands)

    def operand(self, key: str, numbers: Numbers) -> Any:
        """The number of an operand and its shape, or the definition that is put in for it."""
        hidden = self.writer.hidden
        if key not in hidden:
            return numbers.key(key)
        # One that copies a shown array says the same as another that does; what is more, only as the array it is.
        line = hidden[key]
        if trivial(line) and line.operands[0] not in hidden:
            return self.said(line, numbers)
        for one in sorted(leaves(key, hidden)):
            numbers.key(one)
        return key


def renamed(node: Node, keys: Mapping[str, str], letters: Mapping[Symbol, Symbol]) -> Node:
    """``node`` with other arrays, and other letters for the lengths of axes."""
    args = tuple(renamed(arg, keys, letters) for arg in node.args)
    shape = tuple(n.xreplace(letters) for n in node.shape)
    return replace(node, args=args, shape=shape, data=_renamed(node.data, keys, letters))


def _renamed(data: Any, keys: Mapping[str, str], letters: Mapping[Symbol, Symbol]) -> Any:
    if isinstance(data, str):
        return keys.get(data, data)
    if isinstance(data, tuple):
        return tuple(_renamed(one, keys, letters) for one in data)
    return data.xreplace(letters) if isinstance(data, Expr) else data


__all__ = ["LineWriter", "renamed"]
