"""Which axes of a program can be cut: along them every element of a value comes from one place of the operands.

Read from what each op means (its formula), never from its name: an index of the result that stands in the formula only
as an index of operands, always of one axis, leads from that axis to the result's. Axes that are led to each other
belong together. A sum at the end is allowed, where all that follows is linear: a part of the terms then gives the
gradients of that part. Comes in: a `Graph`. Goes out: `Separable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, Symbol

from ...formulas.evaluation import template_of
from ...ir import Atom, Eqn, Graph, Lit
from ...symbolic import template as tm
from ...symbolic.lines import plain_number
from ...symbolic.nodes import Entry

Axis = tuple[Atom, int]

# Ops through which a sum over a cut axis may pass: linear in what was summed, whatever the length of the axis.
_LINEAR = ("Add", "Sub", "Neg", "ReduceSum", "ReduceMean", "Reshape", "ExpandDims", "Squeeze", "Cast")
_SCALED = ("Mul", "Div", "RealDiv")


@dataclass(frozen=True)
class Links:
    """What one equation's formula says of axes: which of the result comes from which of an operand, and the others."""

    led: tuple[tuple[int, int, int], ...]
    mixed_out: frozenset[int]
    mixed_in: frozenset[tuple[int, int]]


def links(eqn: Eqn) -> Links:
    """How the axes of the result of ``eqn`` hang on those of its operands."""
    numbers = [plain_number(atom) for atom in eqn.inputs]
    template, _ = template_of(eqn.op, [atom.shape for atom in eqn.inputs], numbers)
    entries = _entries(template.expr, len(eqn.inputs))
    loose = set(_loose(template.expr))
    led: list[tuple[int, int, int]] = []
    mixed = set()
    for axis, i in enumerate(template.indices):
        if i == 0:
            continue
        found = {(p, q) for p, indices in entries for q, one in enumerate(indices) if one == i}
        one_place = all(indices[q] == i for p, q in found for other, indices in entries if other == p)
        if i in loose or not one_place or len({p for p, _ in found}) < len(found):
            mixed.add(axis)
        else:
            led += [(axis, p, q) for p, q in sorted(found)]
    known = {(p, q) for _, p, q in led}
    rest = {(p, q) for p, atom in enumerate(eqn.inputs) for q, n in enumerate(atom.shape) if n > 1} - known
    return Links(tuple(led), frozenset(mixed), frozenset(rest))


def _entries(expr: Expr, count: int) -> list[tuple[int, tuple[Expr, ...]]]:
    slots = {tm.slot(n): n for n in range(count)}
    return [(slots[one.head], one.indices) for one in expr.atoms(Entry) if one.head in slots]


def _loose(expr: Any) -> Iterator[Symbol]:
    """The symbols in ``expr`` that stand elsewhere than as a plain index of an array."""
    if isinstance(expr, Symbol):
        yield expr
    elif isinstance(expr, Entry):
        for one in expr.indices:
            if not isinstance(one, Symbol):
                yield from _loose(one)
    else:
        for one in getattr(expr, "args", ()):
            yield from _loose(one)


@dataclass(frozen=True, eq=False)
class Separable:
    """The classes of axes of a graph that can be cut.

    ``of`` gives the class of an axis; ``summed`` for each value the classes that were summed away on the way to it, with
    the axis lengths by which a mean divided (1 for a sum). A class that is ``spoiled`` can not be cut.
    """

    parent: dict[Axis, Axis] = field(default_factory=dict)
    spoiled: set[Axis] = field(default_factory=set)
    summed: dict[Atom, dict[Axis, int]] = field(default_factory=dict)

    def of(self, atom: Atom, axis: int) -> Axis:
        """The class that an axis belongs to."""
        at = (atom, axis)
        while self.parent.setdefault(at, at) != at:
            at = self.parent[at]
        return at

    def join(self, one: Axis, other: Axis) -> None:
        """Say that two axes belong together."""
        first, second = self.of(*one), self.of(*other)
        if first != second:
            self.parent[second] = first
            if second in self.spoiled:
                self.spoiled.add(first)

    def spoil(self, axis: Axis) -> None:
        """Say that a class can not be cut."""
        self.spoiled.add(self.of(*axis))

    def good(self, atom: Atom) -> dict[Axis, int]:
        """The classes of ``atom`` that can be cut, each with its axis."""
        found = {self.of(atom, axis): axis for axis in reversed(range(len(atom.shape))) if atom.shape[axis] > 1}
        return {one: axis for one, axis in sorted(found.items(), key=lambda pair: pair[1]) if one not in self.spoiled}


def separable(graph: Graph) -> Separable:
    """The axes of ``graph`` that can be cut."""
    found = Separable()
    read = [(eqn, links(eqn)) for eqn in graph.eqns]
    for eqn, one in read:
        for axis, p, q in one.led:
            if eqn.inputs[p].shape[q] == eqn.out.shape[axis]:
                found.join((eqn.out, axis), (eqn.inputs[p], q))
    for atom in {*graph.inputs, *(atom for eqn in graph.eqns for atom in (*eqn.inputs, eqn.out))}:
        kinds = [found.of(atom, axis) for axis, n in enumerate(atom.shape) if n > 1]
        # An outer product of an array with itself: each element of it comes from two places of the array.
        found.spoiled.update(kind for kind in kinds if kinds.count(kind) > 1)
    for eqn, one in read:
        for axis in one.mixed_out:
            found.spoil((eqn.out, axis))
        if type(eqn.op).__name__ not in ("ReduceSum", "ReduceMean"):
            for p, q in one.mixed_in:
                found.spoil((eqn.inputs[p], q))
    for eqn, one in read:
        _follow_sums(found, eqn, one)
    return found


def _follow_sums(found: Separable, eqn: Eqn, one: Links) -> None:
    """Note what was summed away in the result of ``eqn``, and spoil what is then not used linearly."""
    name = type(eqn.op).__name__
    arriving = [found.summed.get(atom, {}) for atom in eqn.inputs]
    carried: dict[Axis, int] = {}
    for given in arriving:
        for kind, divided in given.items():
            if carried.setdefault(kind, divided) != divided:
                found.spoil(kind)
    if carried and not (name in _LINEAR or _scaled(name, eqn.inputs, arriving)):
        for kind in carried:
            found.spoil(kind)
    for p, q in sorted(one.mixed_in):
        if name in ("ReduceSum", "ReduceMean"):
            n = eqn.inputs[p].shape[q] if name == "ReduceMean" else 1
            carried[found.of(eqn.inputs[p], q)] = n
    # A value that has an axis of a class and sums over it as well has both: no part of it stands alone.
    for axis in range(len(eqn.out.shape)):
        if found.of(eqn.out, axis) in carried:
            found.spoil((eqn.out, axis))
    found.summed[eqn.out] = carried


def _scaled(name: str, inputs: Sequence[Atom], arriving: Sequence[dict[Axis, int]]) -> bool:
    """True for a sum that is multiplied or divided by what no cut changes."""
    if name not in _SCALED or len(inputs) != 2:
        return False
    given, factor = (0, 1) if arriving[0] else (1, 0)
    return not arriving[factor] and isinstance(inputs[factor], Lit) and (name == "Mul" or given == 0)


__all__ = ["Axis", "Links", "Separable", "links", "separable"]
