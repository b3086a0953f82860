"""A graph lowered to steps: each equation's voice becomes ufuncs, reductions, products and views of arrays.

Comes in: a graph. Goes out: `Steps`. What a voice says beyond these is one step that calls it.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Graph, Lit, Shape, Var, unique
from . import voices
from .reading import read
from .source import _RESERVED, Functions, identifier
from .steps import Step, Value


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
    """

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    steps: list[Step]
    constants: list[Value]
    functions: list[str]
    calls: dict[str, Any]
    taken: set[str]


def lower_steps(graph: Graph) -> Steps:
    """``graph`` as steps."""
    return Lowering(graph).run()


class Lowering:
    """One graph on its way to steps."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.taken = set(_RESERVED) | set(keyword.kwlist) | {name for name in dir(np) if not name.startswith("_")}
        self.taken |= {
            "body",
            "space",
            "i",
            "j",
            "k",
            "r",
            "chain",
            "typed",
            "in_numpy",
            "quiet",
            "spaces",
            "workspace",
            "call",
            "given",
            "copy",
            "kept",
            "math",
            "rounded",
            "run",
            "quietly",
        }
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
        written = voices.expression(eqn.op, [one.name for one in operands]) is not None
        function = "" if written else self.functions.name(eqn.op)
        spell = partial(voices.expression, eqn.op) if written else partial(_call, function)
        # A view may share memory with its operand, and so may whatever is a view by its class.
        base = operands[0] if eqn.op.view and operands else None
        shape, dtype = eqn.out.shape, eqn.out.dtype
        out = Value(shape, dtype, "shared" if base else "made", base=base, compact=False)
        self.steps.append(Step("call", function, tuple(operands), out, (spell,), eqn))
        return out

    # What a voice asks for -----------------------------------------------------------------------------------------

    def add(
        self, kind: str, name: str, operands: Sequence[Value], shape: Shape, dtype: np.dtype, *settings: Any
    ) -> Value:
        """The value of one more step, or of the same step before."""
        key = (kind, name, *operands, settings, dtype)
        out = self.same.get(key)
        if out is None:
            self.count += 1
            out = self.same[key] = Value(shape, dtype, "made", f"_{self.count}")
            self.steps.append(Step(kind, name, tuple(operands), out, settings, self.eqn))
        return out

    def view(self, operand: Value, form: str, make: Callable[[np.ndarray], np.ndarray]) -> Value:
        """A view; where the memory's layout allows none, a copy."""
        base = template(operand)
        array = make(base)
        if array.size and not np.may_share_memory(array, base) and operand.root.kind == "made":
            return self.add("call", form, (operand,), array.shape, array.dtype, form)
        self.count += 1
        out = Value(array.shape, array.dtype, "view", f"_{self.count}", operand, form)
        out.compact = array.flags.c_contiguous and operand.root.compact
        out.template, out.make = array, make
        self.steps.append(Step("view", form, (operand,), out, eqn=self.eqn))
        return out


def _call(function: str, names: Sequence[str]) -> str:
    return f"{function}({', '.join(names)})"


def template(value: Value) -> np.ndarray:
    """An array laid out as ``value`` will be; its elements mean nothing."""
    if value.template is None:
        value.template = np.empty(value.shape, value.dtype)
    return value.template
