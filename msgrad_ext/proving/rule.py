"""A rule read as formulas: its ops, recorded at symbolic lengths, are put together by their meanings.

Nothing is differentiated here, and nothing of the rule is used to differentiate.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Expr, Rational, S, Symbol

from ..constants import Irrational
from ..ir import Atom, Eqn, Graph, Lit, Var
from ..op import Op
from ..reversing.reverse import reverse
from ..symbolic.compose import size, substitute
from ..symbolic.language import Accessor
from ..symbolic.lines import Line
from ..symbolic.nodes import Entry
from ..symbolic.normal import normal
from ..symbolic.scalar import constant_of
from ..symbolic.template import Lengths, Template, out_indices, slot
from .lengths import Length, Ratio, expression, sized

# Far apart, so that what a rule computes from one is not mistaken for another.
SMALL = (1009, 1511, 2003, 2503, 3001, 3511, 4001, 4507, 5003, 5501)
# All of one length, which is no letter's own: what a rule does when axes happen to be equal.
ALIKE = (1009,) * 10
TINY = (37, 41, 43, 47, 53, 59, 61, 67, 71, 73)
LARGE = (100003, 110017, 120011, 130003, 140009, 150001, 160001, 170003, 180001, 190027)
# Steps of a rule that are put together.
MOST, LONGEST = 60, 600


class Unread(Exception):
    """A rule can not be read as formulas; the text says why."""


def recorded(op: Op, operands: Sequence[Atom], shapes: Sequence[Lengths], sizes: Any) -> tuple[Graph, list[Any]]:
    """The graph of an op and of its rule, at lengths that know their letters; and the inputs that have cotangents."""
    atoms: list[Any] = []
    for place, (atom, shape) in enumerate(zip(operands, shapes)):
        plain = isinstance(atom, Lit) and not atom.shape
        atoms.append(atom if plain else Var(f"operand{place}", sized(tuple(shape), sizes), atom.dtype))
    out_shape, dtype = op.infer(*atoms)
    out = Var("result", out_shape, dtype)
    inputs = tuple(atom for atom in atoms if isinstance(atom, Var))
    forward = Graph(inputs, (Eqn(op, tuple(atoms), out),), (out,))
    wrt = [var for place, var in enumerate(atoms) if isinstance(var, Var) and _flows(op, place, len(atoms), var)]
    return reverse(forward, wrt, True), [*atoms, *wrt]


def _flows(op: Op, place: int, count: int, var: Var) -> bool:
    name = op.operands[place] if len(op.operands) == count else ""
    return var.dtype.kind == "f" and name not in op.constants


class Reading:
    """The values of a recorded graph as formulas over its inputs."""

    def __init__(self, graph: Graph, least: int) -> None:
        self.graph = graph
        self.least = least
        self.lines: dict[str, Line] = {}
        self.numbers: dict[str, Expr] = {}
        self.shapes: dict[Any, Lengths] = {var: _shape(var.shape, least) for var in graph.inputs}
        if len(graph.eqns) > MOST:
            raise Unread(f"the rule has {len(graph.eqns)} steps")
        for eqn in graph.eqns:
            self.step(eqn)

    def step(self, eqn: Eqn) -> None:
        """The definition of one equation's result."""
        if eqn.op.nested:
            raise Unread("the rule holds a gradient")
        self.shapes[eqn.out] = _shape(eqn.out.shape, self.least)
        op = symbolic(eqn.op, self.least)
        slots, numbers = [], []
        for atom in eqn.inputs:
            number = constant(atom) if isinstance(atom, Lit) else None
            if isinstance(atom, Lit) and number is None:
                raise Unread("the rule holds an array of constants")
            numbers.append(number)
            slots.append(() if isinstance(atom, Lit) else self.shapes[atom])
        heads = [Accessor(slot(place), one, numbers[place]) for place, one in enumerate(slots)]
        shape = self.shapes[eqn.out]
        ranges = {i: n for i, n in zip(out_indices(shape), shape) if i != 0}
        element = normal(S.Zero + op.meaning(*heads)(*out_indices(shape)), ranges)
        names = tuple(atom.name if isinstance(atom, Var) else "" for atom in eqn.inputs)
        self.lines[eqn.out.name] = Line(
            eqn.out.name, Template(element, shape, tuple(slots)), names, (), "forward", type(op).__name__
        )

    def element(self, atom: Atom) -> tuple[Expr, Lengths]:
        """The element of a value at `out_indices` of its shape, over the inputs alone; and the shape."""
        if isinstance(atom, Lit):
            number = constant(atom)
            if number is None:
                raise Unread("the rule gives an array of constants")
            return number, ()
        shape = self.shapes[atom]
        expr: Expr = Entry(Symbol(atom.name), *out_indices(shape))
        for name in reversed(self.lines):
            if expr.has(Symbol(name)):
                expr = substitute(expr, name, self.lines[name])
                if size(expr) > LONGEST:
                    raise Unread("the rule is too long to be written out")
        ranges = {i: n for i, n in zip(out_indices(shape), shape) if i != 0}
        return normal(expr, ranges), shape


def symbolic(op: Op, least: int) -> Op:
    """``op`` with letters in its settings where they hold lengths; a number from ``least`` on may have been one."""
    return op.set(**{name: _letters(value, least) for name, value in op.params.items()})


def _letters(value: Any, least: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_letters(one, least) for one in value)
    if isinstance(value, Length):
        return value.expr
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= least:
        raise Unread(f"a setting of the rule is {value}, and no letter")
    return value


def _shape(shape: Sequence[int], least: int) -> Lengths:
    for n in shape:
        if not isinstance(n, Length) and n >= least:
            raise Unread(f"an axis of the rule has length {n}, and no letter")
    return tuple(expression(n) for n in shape)


def constant(lit: Lit) -> Expr | None:
    """A constant of the program as an exact number; None for an array of them."""
    if lit.value.size != 1 and not np.all(lit.value == lit.value.flat[0]):
        return None
    value = lit.value.flat[0].item() if lit.exact is None else lit.exact
    if isinstance(value, (Length, Ratio)):
        return value.expr
    if isinstance(value, Irrational):
        return constant_of(value)
    exact = Fraction(value) if float(value).is_integer() else Fraction(str(float(value)))
    return Rational(exact.numerator, exact.denominator)


__all__ = ["ALIKE", "LARGE", "SMALL", "TINY", "Reading", "Unread", "recorded"]
