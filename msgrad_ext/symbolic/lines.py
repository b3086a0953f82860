"""Derivation: a graph comes in, definitions of all values and cotangents go out, a line each, in order of execution.

The reverse pass here works on lines, forward and backward alike, and only by differentiating their definitions. That is
how nested gradients (second order) are derived: the inner cotangent lines are differentiated as any other line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Expr, Rational, Symbol

from ..constants import Irrational
from ..dtype import is_float
from ..errors import Location
from ..ir import Atom, Eqn, Graph, Lit, Var
from . import template as tm
from .axes import solved_shapes
from .conditions import Condition
from .known import Known, letters_of, renamed
from .language import Pattern
from .nodes import length
from .scalar import constant_of

Lengths = tuple[Expr, ...]


@dataclass(frozen=True, eq=False)
class Line:
    """``key = template(operands)``; ``lengths`` says what the template's letters stand for here."""

    key: str
    template: tm.Template
    operands: tuple[str, ...]
    lengths: tuple[tuple[Symbol, Expr], ...]
    kind: str
    op: str
    location: Location | None = None


@dataclass(frozen=True, eq=False)
class Derivation:
    """All lines of a program and of its gradients.

    Attributes
    ----------
    lines : tuple of Line
        Definitions in order of execution.
    shapes : dict
        Key -> symbolic shape.
    inputs : dict
        Key -> name, for what has no definition: inputs and weights of the outputs.
    constants : dict
        Key -> `Lit`.
    keys : dict
        Variable of the graph -> key.
    gradients : dict
        Variable -> key of its gradient.
    values, cotangents : dict
        Key -> the name of the variable, and key -> key of the variable that it is the cotangent of.
    weights : tuple of str
        Keys of the weights of the outputs, empty when they are ones.
    notes : tuple of str
        Constants and assumptions that the derivation rests on.
    conditions : tuple of Condition
        What the lengths of axes must meet.
    """

    lines: tuple[Line, ...]
    shapes: dict[str, Lengths]
    inputs: dict[str, str]
    constants: dict[str, Lit]
    keys: dict[Var, str]
    gradients: dict[Var, str]
    values: dict[str, str]
    cotangents: dict[str, str]
    weights: tuple[str, ...]
    notes: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()

    def line(self, key: str) -> Line | None:
        """The definition of ``key``, or None for an input."""
        return self._by_key.get(key)

    def definition(self, key: str) -> Line:
        """The definition of ``key``, which is not an input."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> dict[str, Line]:
        return {line.key: line for line in self.lines}

    @cached_property
    def places(self) -> dict[str, int]:
        """Key -> where its line stands."""
        return {line.key: place for place, line in enumerate(self.lines)}


def derive(
    graph: Graph,
    wrt: Sequence[Var],
    sens: str | None = None,
    letters: Mapping[str, Sequence[Any]] | None = None,
    known: Known | None = None,
) -> Derivation:
    """Lines of ``graph`` and of the gradients of its weighted outputs.

    Parameters
    ----------
    graph : Graph
        The forward program; nested gradients (``op.nested``) are derived in place.
    wrt : sequence of Var
        Inputs of ``graph``.
    sens : str, optional
        Name of the symbol that weights the output; ones without it.
    letters : mapping, optional
        Input name -> a letter or an int for each of its axes.
    known : Known, optional
        Shapes, settings and constants of the graph in letters, where they were found from several traces.
    """
    builder = Builder(graph, letters or {}, known)
    builder.forward(graph)
    outputs = [builder.key(atom) for atom in graph.outputs if isinstance(atom, Var) and is_float(atom.dtype)]
    weights = [builder.weight(sens, key, len(outputs), at) for at, key in enumerate(outputs)] if sens else []
    found = builder.reverse(outputs, weights, [builder.key(var) for var in wrt])
    return builder.result(dict(zip(wrt, found)), tuple(weights))


class Builder:
    """The lines of one derivation while they are made."""

    def __init__(self, graph: Graph, letters: Mapping[str, Sequence[Any]], known: Known | None = None) -> None:
        self.lines: list[Line] = []
        self.inputs: dict[str, str] = {}
        self.constants: dict[str, Lit] = {}
        self.keys: dict[Any, str] = {}
        self.values: dict[str, str] = {}
        self.cotangents: dict[str, str] = {}
        self.floats: set[str] = set()
        self.notes: list[str] = []
        self.passes = 0
        self.nested: dict[Any, list[str]] = {}
        self.shapes: dict[str, Lengths] = {}
        self.known = known or Known()
        self.letter_of = known.shapes.__getitem__ if known and known.shapes else solved_shapes(graph, letters)
        self.notes += self.known.notes
        for var in graph.inputs:
            key = self.define(var)
            self.inputs[key] = var.name

    def define(self, var: Var) -> str:
        """A key for a variable of the graph or of an inner one."""
        key, count = f"v:{var.name}", 1
        while key in self.values:
            count += 1
            key = f"v{count}:{var.name}"
        self.keys[var] = key
        self.values[key] = var.name
        self.shapes[key] = self.letter_of(var)
        if is_float(var.dtype):
            self.floats.add(key)
        return key

    def key(self, atom: Atom) -> str:
        """The key of an atom; literals get one when they are first met."""
        if atom not in self.keys:
            key = f"l:{len(self.constants)}"
            self.keys[atom] = key
            assert isinstance(atom, Lit)
            found = self.known.numbers.get(atom)
            if isinstance(found, Pattern):
                return self.pattern(atom, found)
            self.constants[key] = atom
            self.shapes[key] = self.letter_of(atom)
        return self.keys[atom]

    def pattern(self, atom: Lit, pattern: Pattern) -> str:
        """The key of a constant array that depends on lengths, with a line that says its elements."""
        key = f"p:{sum(line.op == 'constant' for line in self.lines)}"
        self.keys[atom], self.values[key], self.shapes[key] = key, "constant", self.letter_of(atom)
        shape, lengths = self.shapes[key], letters_of(pattern)
        (canonical, _), renamed = tm.canonical_lengths([shape, lengths])
        table = {real: letter for letter, real in renamed}
        expr = pattern.at(tm.out_indices(shape)).xreplace(table)
        self.lines.append(Line(key, tm.Template(expr, canonical, ()), (), renamed, "forward", "constant"))
        return key

    def forward(self, graph: Graph) -> None:
        """A line for each equation of ``graph``."""
        for eqn in graph.eqns:
            if eqn.op.nested:
                self.inner(eqn)
            else:
                self.equation(eqn)

    def equation(self, eqn: Eqn) -> None:
        """The line of one equation."""
        operands = [self.key(atom) for atom in eqn.inputs]
        key = self.define(eqn.out)
        op = self.known.ops.get(eqn.out, eqn.op)
        numbers = [self.known.numbers.get(atom) or plain_number(atom) for atom in eqn.inputs]
        # Letters that a setting or a constant holds stand behind those of the shapes.
        further = (*letters_of(op), *(n for one in numbers for n in letters_of(one)))
        shapes = [*(self.shapes[k] for k in operands), self.shapes[key]]
        canonical, lengths = tm.canonical_lengths([*shapes, further])
        table = {real: letter for letter, real in lengths}
        template = tm.forward(
            renamed(op, table), canonical[:-2], [renamed(one, table) for one in numbers], canonical[-2]
        )
        self.lines.append(Line(key, template, tuple(operands), lengths, "forward", type(eqn.op).__name__, eqn.location))
        name = type(eqn.op).__name__
        for operand in eqn.op.operands if eqn.op.constants else ():
            if operand in eqn.op.constants:
                self.note(f"{name} gives no gradient to its operand {operand}: a constant by MindSpore's convention")

    def note(self, text: str) -> None:
        """Keep a note once."""
        if text not in self.notes:
            self.notes.append(text)

    def inner(self, eqn: Eqn) -> None:
        """A nested gradient: the inner lines and their cotangents, once for one graph at one set of operands."""
        op: Any = eqn.op
        operands = tuple(self.key(atom) for atom in eqn.inputs)
        mark = (id(op.graph), op.wrt, op.sens, operands)
        if mark not in self.nested:
            graph = op.graph
            given, start = self.apart(operands[: len(graph.inputs)]), len(self.lines)
            self.keys.update(zip(graph.inputs, given))
            self.forward(graph)
            outputs = [self.key(atom) for atom in graph.outputs if isinstance(atom, Var) and is_float(atom.dtype)]
            weights = list(operands[len(graph.inputs) :]) if op.sens else []
            wrt = [given[graph.inputs.index(var)] for var in op.wrt]
            self.nested[mark] = self.reverse(outputs, weights, wrt, start)
        self.keys[eqn.out] = self.nested[mark][op.index]
        self.floats.add(self.keys[eqn.out])

    def apart(self, operands: Sequence[str]) -> list[str]:
        """``operands``, one that is given twice as a copy: a gradient by one operand leaves the other where it is."""
        result: list[str] = []
        for key in operands:
            if key in result and key in self.floats:
                copy, count = f"v:{self.values[key]}", 1
                while copy in self.values:
                    count += 1
                    copy = f"v{count}:{self.values[key]}"
                self.values[copy], self.shapes[copy] = self.values[key], self.shapes[key]
                self.floats.add(copy)
                template, used, lengths, op, location = self._copy(key)
                self.lines.append(Line(copy, template, used, lengths, "forward", op, location))
                key = copy
            result.append(key)
        return result

    def weight(self, name: str, output: str, count: int, number: int) -> str:
        """A symbol that weights an output."""
        full = name if count == 1 else f"{name}_{number + 1}"
        key = f"s:{full}"
        self.inputs[key] = full
        self.values[key] = full
        self.shapes[key] = self.shapes[output]
        return key

    def reverse(self, outputs: Sequence[str], weights: Sequence[str], wrt: Sequence[str], start: int = 0) -> list[str]:
        """Cotangent lines of all that lies between ``wrt`` and ``outputs``; returns the keys of ``wrt``'s gradients.

        Lines before ``start`` are not looked at: what they define is given, so ``wrt`` may be among it. A cotangent has
        its line as soon as all that adds to it has one.
        """
        self.passes += 1
        active: set[str] = set(wrt)
        first: dict[str, int] = {}
        lines = self.lines[start:]
        for place, line in enumerate(lines):
            if not active.isdisjoint(line.operands):
                active.add(line.key)
                for operand in line.operands:
                    first.setdefault(operand, place)
        due: dict[int, list[str]] = {}
        for key in dict.fromkeys(wrt):
            due.setdefault(first.get(key, -1), []).append(key)
        parts: dict[str, list[Any]] = {}
        for number, key in enumerate(outputs):
            parts.setdefault(key, []).append(weights[number] if weights else self._constant(1, key))
        done: dict[str, str] = {}
        for place in reversed(range(len(lines))):
            line = lines[place]
            if line.key in active and line.key in parts:
                done[line.key] = self.collect(line.key, parts.pop(line.key), line.op, line.location)
                self.contribute(line, done[line.key], active, parts)
            for key in due.get(place, ()):
                if key in parts:
                    done[key] = self.collect(key, parts.pop(key))
        for key in wrt:
            if key not in done:
                done[key] = self.collect(key, parts.get(key) or [self._constant(0, key)])
        return [done[key] for key in wrt]

    def contribute(self, line: Line, cotangent: str, active: set[str], parts: dict[str, list[Any]]) -> None:
        """What ``line`` adds to the cotangents of its operands, put into ``parts``."""
        for number, operand in enumerate(line.operands):
            found = tm.adjoint(line.template, number) if operand in active else None
            if found is not None:
                part = (found, (*line.operands, cotangent), line.lengths, line.op, line.location)
                parts.setdefault(operand, []).append(part)

    def _constant(self, number: int, key: str) -> tuple:
        canonical, lengths = tm.canonical_lengths([self.shapes[key]])
        return tm.constant(number, canonical[0]), (), lengths, "", None

    def collect(self, key: str, parts: list[Any], op: str = "", location: Location | None = None) -> str:
        """The line of a cotangent from its contributions.

        It stands where the last of them comes from, which is where the program first uses the value.
        """
        parts = [part if not isinstance(part, str) else self._copy(part) for part in parts]
        cotangent = f"c{self.passes}:{key}"
        self.shapes[cotangent] = self.shapes[key]
        self.cotangents[cotangent] = key
        found = next((part[4] for part in reversed(parts) if part[4] is not None), location)
        if len(parts) == 1:
            template, operands, lengths, own, _ = parts[0]
        else:
            template, operands, lengths = self._merge(parts)
            own = "+"
        self.lines.append(Line(cotangent, template, operands, lengths, "backward", own or op, found))
        return cotangent

    def _copy(self, key: str) -> tuple:
        canonical, lengths = tm.canonical_lengths([self.shapes[key]])
        return tm.copy(canonical[0]), (key,), lengths, "", None

    def _merge(self, parts: list[Any]) -> tuple[tm.Template, tuple[str, ...], tuple]:
        operands = tuple(dict.fromkeys(key for part in parts for key in part[1]))
        slots, lengths = tm.canonical_lengths([self.shapes[key] for key in operands])
        # Letters that only an output's shape has come last.
        known = {real: canonical for canonical, real in lengths}
        arranged, place = [], {key: number for number, key in enumerate(operands)}
        for template, keys, mine, _, _ in parts:
            for _, real in mine:
                if real.is_Symbol and real not in known:
                    known[real] = length(f"n{len(known)}")
            numbers = tuple(place[key] for key in keys)
            arranged.append((template, numbers, tuple((canonical, real.xreplace(known)) for canonical, real in mine)))
        return tm.merged(arranged, slots), operands, tuple((canonical, real) for real, canonical in known.items())

    def result(self, gradients: dict[Var, str], weights: tuple[str, ...]) -> Derivation:
        """The finished derivation."""
        return Derivation(
            tuple(self.lines),
            self.shapes,
            self.inputs,
            self.constants,
            dict(self.keys),
            gradients,
            self.values,
            self.cotangents,
            weights,
            tuple(self.notes),
            self.known.conditions,
        )


def plain_number(atom: Atom) -> Expr | None:
    """A scalar literal with an exact short value as a number; it is then part of the formula, as a 2 in a square."""
    if not isinstance(atom, Lit) or atom.value.ndim or atom.value.dtype.kind not in "fiub":
        return None
    value = atom.value.item() if atom.exact is None else atom.exact
    if isinstance(value, Irrational):
        return constant_of(value)
    if value != value or value in (float("inf"), float("-inf")):
        return None
    exact = Fraction(value)
    return Rational(exact.numerator, exact.denominator) if exact.denominator <= 64 and abs(exact) <= 10**6 else None
