"""Backprop lines for readers: every definition of a derivation that says something, forward and backward, as it runs.

Lines that say the same of other arrays, as the layers of a deep network do, are worked out once and written with each
line's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sympy import Expr, S, Symbol

from ..symbolic.compose import definition_of, line_expr
from ..symbolic.count import Operations, operations
from ..symbolic.effort import limited
from ..symbolic.lines import Line
from ..symbolic.nodes import Binder, Entry
from ..symbolic.notation import Node
from ..symbolic.own_names import leaves, own_names
from ..symbolic.template import Template, slot
from .trial import Trial

if TYPE_CHECKING:
    from .writer import Writer


# Definitions within definitions that are compared; what lies deeper is known by its key.
DEPTH = 20
# Lines that a line is tried with; beyond them the definitions that are put in are taken whole.
LOCAL = 60


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
        self.alike: dict[Any, tuple[Node, Numbers, str]] = {}

    @cached_property
    def ranks(self) -> dict[str, int]:
        """Key -> where it was first met."""
        return {key: place for place, key in enumerate(self.derivation.shapes)}

    @cached_property
    def letters(self) -> frozenset[Symbol]:
        """The letters of all axes."""
        return frozenset(s for shape in self.derivation.shapes.values() for n in shape for s in n.free_symbols)

    @cached_property
    def variables(self) -> dict[str, list[Any]]:
        """Key -> the variables of the graph that have it."""
        found: dict[str, list[Any]] = {}
        for var, key in self.derivation.keys.items():
            found.setdefault(key, []).append(var)
        return found

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

    def operations(self, sizes: Mapping[Symbol, int]) -> Operations:
        """The operations on numbers that the lines take, at lengths of the axes."""
        # What starts the reverse pass multiplies nothing: an array of ones, written for the reader.
        ones = {line.key for line in self.shown if line.template.expr == 1}
        known: dict[Any, int] = {}
        total = {"forward": 0, "backward": 0}
        for line in self.shown:
            said, numbers = self.mark(line)
            mark = said, tuple(sizes[letter] for letter in numbers.letters), tuple(key in ones for key in numbers.keys)
            if mark not in known:
                expr, _, ranges = line_expr(self.derivation, line)
                expr = self.writer.reading(expr, ranges, line)
                expr = expr.xreplace({e: S.One for e in expr.atoms(Entry) if e.head.name in ones})
                known[mark] = operations(expr, ranges, sizes)
            total[line.kind] += known[mark]
        return Operations(**total)

    def nodes(self) -> list[Node]:
        """The notation of each line that is shown."""
        return [self.node(line) for line in self.shown]

    def node(self, line: Line) -> Node:
        """The notation of one line; that of a line that says the same, with this one's arrays, if there is one."""
        mark, numbers = self.mark(line)
        if mark not in self.alike:
            with limited(None):
                self.alike[mark] = self.writer.line(line), numbers, line.key
        node, others, first = self.alike[mark]
        if others is numbers:
            return node
        # What was compared for the first of them is said of all.
        tried = self.writer.trial.found
        if first in tried:
            tried.setdefault(line.key, tried[first])
        letters = {old: new for old, new in zip(others.letters, numbers.letters) if old != new}
        return renamed(node, dict(zip(others.keys, numbers.keys)), letters)

    def trial(self, line: Line) -> Trial:
        """A trial of this line alone: its operands are any arrays, but for the values that it may name."""
        derivation, hidden = self.derivation, self.writer.hidden
        heads = {head for key in line.operands for head in leaves(key, hidden)}
        names = own_names(derivation, hidden)
        defined = {line.key: line}
        if line.kind == "backward":
            defined |= {one.key: one for one in names.candidates(heads, derivation.places[line.key])}
        stack = list(defined.values())
        while stack:
            waiting = [key for key in stack.pop().operands if key in hidden and key not in defined]
            found = {key: hidden[key] if len(defined) < LOCAL else self.put_in(key) for key in waiting}
            defined |= found
            stack += found.values()
        lines = sorted(defined.values(), key=lambda one: derivation.places[one.key])
        used = {*defined, *(key for one in lines for key in one.operands)}
        # In the order of the derivation, so that the arrays are the same in each run.
        given = sorted(used, key=lambda key: self.ranks[key])
        local = replace(
            derivation,
            lines=tuple(lines),
            shapes={key: derivation.shapes[key] for key in given},
            inputs={key: key for key in given if key not in defined and key not in derivation.constants},
            constants={key: derivation.constants[key] for key in given if key in derivation.constants},
            keys={var: key for key in used for var in self.variables.get(key, ())},
        )
        known = {n for key in local.inputs for n in local.shapes[key] if n.is_Symbol}
        letters = set().union(*(n.free_symbols for one in lines for _, n in one.lengths))
        # A length that no operand has by itself is known to the whole derivation only.
        return Trial(local) if letters <= known else self.writer.trial

    def put_in(self, key: str) -> Line:
        """The line of a value that is put in, over values with lines alone: for definitions of great depth."""
        found, shape = definition_of(self.writer.hidden, key), self.derivation.shapes[key]
        heads = sorted({entry.head.name for entry in found.atoms(Entry)})
        expr = found.xreplace({Symbol(head): slot(place) for place, head in enumerate(heads)})
        slots = tuple(self.derivation.shapes[head] for head in heads)
        free = sorted({s for one in (shape, *slots) for n in one for s in n.free_symbols}, key=str)
        line = self.writer.hidden[key]
        return replace(
            line, template=Template(expr, shape, slots), operands=tuple(heads), lengths=tuple(zip(free, free))
        )

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

    def said(self, line: Line, numbers: Numbers, depth: int = 0) -> Any:
        """A definition with a number for each array that it is over; ``numbers`` grows by those that are new."""
        lengths = tuple((letter, numbers.length(n)) for letter, n in line.lengths)
        operands = tuple(self.operand(key, numbers, depth) for key in line.operands)
        return line.kind, line.template, lengths, operands

    def operand(self, key: str, numbers: Numbers, depth: int) -> Any:
        """The number of an operand, or the definition that is put in for it."""
        hidden = self.writer.hidden
        if key not in hidden:
            return numbers.key(key)
        found = definition_of(hidden, key)
        if not found.has(Binder):
            return self.renumbered(found, numbers)
        if depth < DEPTH:
            return self.said(hidden[key], numbers, depth + 1)
        for one in sorted(leaves(key, hidden)):
            numbers.key(one)
        return key

    def renumbered(self, expr: Expr, numbers: Numbers) -> Expr:
        """A definition without sums, with numbers for its arrays and letters."""
        heads = sorted({entry.head for entry in expr.atoms(Entry)}, key=str)
        letters = sorted((s for s in expr.atoms(Symbol) if s in self.letters), key=str)
        table = {head: Symbol(f"~{numbers.key(head.name)}") for head in heads}
        return expr.xreplace(table | {s: Symbol(f"~n{numbers.length(s)}", integer=True) for s in letters})


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
