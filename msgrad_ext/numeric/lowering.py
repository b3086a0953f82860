"""A graph lowered to steps: each equation's voice becomes ufuncs, reductions, products and views of arrays.

Comes in: a graph. Goes out: `Steps`. What a voice says beyond these is one step that calls it.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from ..contract import broadcast
from ..ir import Atom, Eqn, Graph, Lit, Shape, Var, unique
from ..voice import foreign
from . import voices
from .reading import read
from .source import _RESERVED, Functions, identifier
from .steps import Step, Value

# Up to so many elements an operand that is broadcast is worth a copy in the result's shape.
_FILLED = 1 << 14
# Names that a plan's text has other uses for.
_OURS = "body space i j k r chain typed in_numpy quiet spaces workspace call given copy kept math rounded run quietly"
_TAKEN = frozenset([*_RESERVED, *keyword.kwlist, *_OURS.split(), *(name for name in dir(np) if name[0] != "_")])


@dataclass(frozen=True)
class Steps:
    """A lowered graph.

    Attributes
    ----------
    inputs, outputs : tuple of Value
        The plan's arguments and results.
    steps : list of Step
        In order.
    constants : list of (Lit or ndarray, name)
        Arrays that the text names; a `Lit` stands for the constant of the graph at hand.
    functions : list of str
        Voices written out as functions.
    calls : dict
        Voices that are called as they are, by name.
    taken : set of str
        Names in use.
    ones : dict
        Those of the constants that hold ones, by shape and dtype.
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    steps: list[Step]
    constants: list[Value]
    functions: list[str]
    calls: dict[str, Any]
    taken: set[str]
    ones: dict[Any, Value] = field(default_factory=dict)


def lower_steps(graph: Graph) -> Steps:
    """``graph`` as steps."""
    return Lowering(graph).run()


class Lowering:
    """One graph on its way to steps."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.taken = set(_TAKEN)
        self.steps: list[Step] = []
        self.values: dict[Any, Value] = {}
        self.constants: dict[Any, Value] = {}
        self.functions = Functions(self.taken)
        self.same: dict[Any, Value] = {}
        self.eqn: Eqn | None = None
        self.count = 0

    def run(self) -> Steps:
        """The steps of the graph."""
        graph = self.graph
        for var in graph.inputs:
            name = unique(identifier(var.name), self.taken)
            self.values[var] = Value(var.shape, var.dtype, "input", name, compact=False)
        guards: dict[Any, list[Any]] = {}
        for guard in graph.guards:
            guards.setdefault(guard.var if isinstance(guard.var, Var) else None, []).append(guard)
        for known in (None, *graph.inputs):
            self.guard(guards.pop(known, ()))
        for eqn in graph.eqns:
            self.values[eqn.out] = self.equation(eqn)
            if guards:
                self.guard(guards.pop(eqn.out, ()))
        inputs = tuple(self.values[var] for var in graph.inputs)
        outputs = tuple(map(self.operand, graph.outputs))
        constants = list(self.constants.values())
        return Steps(inputs, outputs, self.steps, constants, self.functions.texts, self.functions.calls, self.taken)

    def guard(self, guards: Sequence[Any]) -> None:
        """Steps that test the branches which the user's Python took."""
        for guard in guards:
            value = self.operand(guard.var)
            self.steps.append(Step("guard", "", (value,), value, (bool(guard.value), guard.location)))

    def operand(self, atom: Atom) -> Value:
        """The value of an operand."""
        return self.values[atom] if isinstance(atom, Var) else self.constant(atom.value, atom)

    def constant(self, array: np.ndarray, lit: Lit | None = None) -> Value:
        """A constant; equal numbers are one."""
        key = id(lit) if lit is not None and array.shape else (array.dtype.str, array.shape, array.tobytes())
        if key not in self.constants:
            name = unique(f"c{len(self.constants) + 1}", self.taken)
            self.constants[key] = Value(array.shape, array.dtype, "constant", name, array=array, lit=lit)
        return self.constants[key]

    def equation(self, eqn: Eqn) -> Value:
        """The value of an equation."""
        self.eqn = eqn
        operands, before = [self.operand(atom) for atom in eqn.inputs], len(self.steps)
        said = read(eqn.op, operands)
        if said is None or (said.shape, said.dtype) != (eqn.out.shape, eqn.out.dtype):
            value = self.call(eqn, operands)
        else:
            value = said.play(operands, self)
        if len(self.steps) > before and self.steps[-1].out is value:
            value.name = unique(identifier(eqn.out.name), self.taken)
        return value

    def call(self, eqn: Eqn, operands: list[Value]) -> Value:
        """The voice called as a whole."""
        filled = self.filled(eqn, operands)
        if filled is not None:
            return filled
        written = voices.expression(eqn.op, [one.name for one in operands]) is not None
        function = "" if written else self.functions.name(eqn.op)
        spell = partial(voices.expression, eqn.op) if written else partial(_call, function)
        # A view may share memory with its operand, and so may whatever is a view by its class.
        base = operands[0] if eqn.op.view and operands else None
        shape, dtype = eqn.out.shape, eqn.out.dtype
        out = Value(shape, dtype, "shared" if base else "made", base=base, compact=False)
        self.steps.append(Step("call", function, tuple(operands), out, (spell,), eqn))
        return out

    def filled(self, eqn: Eqn, operands: list[Value]) -> Value | None:
        """The voice as a step that writes into a buffer, where it fills zeros, or shows elements more than once."""
        op, out = eqn.op, eqn.out
        plain = all(type(one) is Value for one in operands) and out.dtype.kind in "biuf" and out.shape
        if not plain or foreign(type(op).numpy):
            return None
        places = ", ".join(f"{{{at}}}" for at in range(len(operands)))
        if op.view and 2 * math.prod(out.shape) > sum(one.size for one in operands):
            return self.add(
                "fill", f"{{out}}[...] = {self.functions.name(op)}({places})", operands, out.shape, out.dtype
            )
        name = self.functions.filler(op)
        if name is None:
            return None
        return self.add("fill", f"{name}({{out}}, {places})", operands, out.shape, out.dtype, "into", name)

    # What a voice asks for -----------------------------------------------------------------------------------------

    def add(
        self, kind: str, name: str, operands: Sequence[Value], shape: Shape, dtype: np.dtype, *settings: Any
    ) -> Value:
        """The value of one more step, or of the same step before."""
        if kind == "ufunc":
            operands = [self.fitted(one, operands, shape) for one in operands]
        key = (kind, name, *operands, settings, dtype)
        out = self.same.get(key)
        if out is None:
            self.count += 1
            out = self.same[key] = Value(shape, dtype, "made", f"_{self.count}")
            self.steps.append(Step(kind, name, tuple(operands), out, settings, self.eqn))
        return out

    def fitted(self, operand: Value, operands: Sequence[Value], shape: Shape) -> Value:
        """An operand of a ufunc as numpy is fastest with it: its own broadcasting of a small array costs as much as two calls.

        One element loses its axes, and what is smaller than the result fills an array of the result's shape first.
        """
        if operand.shape == shape or not operand.shape:
            return operand
        others = [one for one in operands if one is not operand]
        if operand.size == 1 and broadcast(*(one.shape for one in others)) == shape:
            return self.once("bare", operand, "{}.squeeze()", np.squeeze)
        size = math.prod(shape)
        if operand.size == size:
            return self.once(shape, operand, f"{{}}.reshape({shape})", lambda array: array.reshape(shape))
        if size > _FILLED or all(one.shape != shape for one in others):
            return operand
        return self.add("cast", "", (operand,), shape, operand.dtype, shape)

    def once(self, key: Any, operand: Value, form: str, make: Callable[[np.ndarray], np.ndarray]) -> Value:
        """A view, or the same view before."""
        if (key, operand) not in self.same:
            self.same[key, operand] = self.view(operand, form, make)
        return self.same[key, operand]

    def view(self, operand: Value, form: str, make: Callable[[np.ndarray], np.ndarray]) -> Value:
        """A view; where the memory's layout allows none, a copy."""
        base = template(operand)
        array = make(base)
        copied = array.size > 0 and not np.may_share_memory(array, base)
        if copied and operand.root.kind == "made":
            return self.add("call", form, (operand,), array.shape, array.dtype, form)
        self.count += 1
        out = Value(array.shape, array.dtype, "view", f"_{self.count}", operand, form)
        out.compact = array.flags.c_contiguous and operand.root.compact
        out.template, out.make, out.torn = array, make, copied and operand.root.kind == "input"
        self.steps.append(Step("view", form, (operand,), out, eqn=self.eqn))
        return out


def _call(function: str, names: Sequence[str]) -> str:
    return f"{function}({', '.join(names)})"


def template(value: Value) -> np.ndarray:
    """An array laid out as ``value`` will be; its elements mean nothing."""
    if value.template is None:
        value.template = np.empty(value.shape, value.dtype)
    return value.template
