"""A graph lowered to steps: each equation's voice becomes ufuncs, reductions, products and views of arrays.

Comes in: a graph. Goes out: `Steps`. What a voice says beyond these is one step that calls it.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..contract import broadcast
from ..ir import Atom, Eqn, Graph, Lit, Shape, Var, unique
from ..op import foreign
from . import voices
from .reading import read
from .source import _RESERVED, Functions, identifier
from .steps import Step, Unreadable, Value, resolved

# Products of other kinds do not go through BLAS, and numpy's two ways to them round differently.
_BLAS = "fd"


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
        try:
            value = read(eqn.op, operands, self)
            if (value.shape, value.dtype) != (eqn.out.shape, eqn.out.dtype):
                raise Unreadable
        except (Unreadable, TypeError, ValueError, OverflowError):
            for step in self.steps[before:]:
                self.same.pop((step.kind, step.name, *step.operands, step.settings, step.out.dtype), None)
            del self.steps[before:]
            value = self.call(eqn, operands)
        if len(self.steps) > before and self.steps[-1].out is value:
            value.name = unique(identifier(eqn.out.name), self.taken)
        return value

    def call(self, eqn: Eqn, operands: list[Value]) -> Value:
        """The voice called as a whole."""
        filled = self.filled(eqn, operands)
        if filled is not None:
            return filled
        names = [one.name for one in operands]
        text = voices.expression(eqn.op, names)
        if text is None:
            text = f"{self.functions.name(eqn.op)}({', '.join(names)})"
        # A view may share memory with its operand, and so may whatever is a view by its class.
        base = operands[0] if eqn.op.view and operands else None
        shape, dtype = eqn.out.shape, eqn.out.dtype
        out = Value(shape, dtype, "shared" if base else "made", base=base, compact=False)
        self.steps.append(Step("call", text, tuple(operands), out, eqn=eqn))
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
        return self.add("fill", f"{name}({{out}}, {places})", operands, out.shape, out.dtype)

    # What a voice may say -----------------------------------------------------------------------------------------

    def add(self, kind: str, name: str, operands: Sequence[Value], shape: Shape, dtype: Any, *settings: Any) -> Value:
        """The value of one more step, or of the same step before."""
        key = (kind, name, *operands, settings, np.dtype(dtype))
        if key in self.same:
            return self.same[key]
        self.count += 1
        out = Value(shape, np.dtype(dtype), "made", f"_{self.count}", compact=True)
        self.steps.append(Step(kind, name, tuple(operands), out, settings, self.eqn))
        self.same[key] = out
        return out

    def ufunc(self, name: str, *operands: Any) -> Value:
        """One ufunc; plain numbers take the dtype that numpy would give them here."""
        kinds = tuple(one.dtype if isinstance(one, Value) else _weak(one) for one in operands)
        dtypes = resolved(name, kinds)
        given = [one if isinstance(one, Value) else self.number(one, kind) for one, kind in zip(operands, dtypes)]
        return self.add("ufunc", name, given, _joined(given), dtypes[-1])

    def number(self, value: Any, dtype: Any) -> Value:
        """A plain number as a constant without axes."""
        if not isinstance(value, (bool, int, float)):
            raise Unreadable
        with np.errstate(all="ignore"):
            return self.constant(np.array(value, dtype=dtype))

    def where(self, condition: Any, first: Any, second: Any) -> Value:
        """A selection."""
        if not isinstance(condition, Value):
            raise Unreadable
        samples = [np.empty((), one.dtype)[...] if isinstance(one, Value) else one for one in (first, second)]
        dtype = np.result_type(*samples) if not all(map(_is_number, samples)) else None
        if dtype is None or any(isinstance(one, Value) and one.dtype != dtype for one in (first, second)):
            raise Unreadable
        chosen = [one if isinstance(one, Value) else self.number(one, dtype) for one in (first, second)]
        return self.add("where", "where", (condition, *chosen), _joined([condition, *chosen]), dtype)

    def cast(self, operand: Value, dtype: np.dtype) -> Value:
        """``operand`` in another dtype."""
        return self.add("cast", "", (operand,), operand.shape, dtype)

    def reduction(self, name: str, ufunc: str, operand: Value, settings: dict[str, Any]) -> Value:
        """A reduction along axes."""
        axis, keep = settings.pop("axis", None), bool(settings.pop("keepdims", False))
        if settings.pop("dtype", operand.dtype) != operand.dtype or settings:
            raise Unreadable
        plain = operand.dtype.char in "fd" or (name in ("max", "min") and operand.dtype.kind in "iu")
        truth = name in ("all", "any") and operand.dtype == bool
        if not (plain or truth or (name == "sum" and operand.dtype.char in "ilq")):
            raise Unreadable
        rank = len(operand.shape)
        axes = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
        axes = tuple(sorted(one % rank if rank else 0 for one in axes))
        if not axes or not rank or not operand.size:
            raise Unreadable
        # Without the axes, so that sums that keep them and sums that do not are one.
        bare = tuple(n for at, n in enumerate(operand.shape) if at not in axes)
        out = self.add("reduce", ufunc, (operand,), bare, operand.dtype, axes, False)
        if keep:
            shape = tuple(1 if at in axes else n for at, n in enumerate(operand.shape))
            out = self.view(out, f"{{}}.reshape({shape})", lambda array: array.reshape(shape))
        if name != "mean":
            return out
        count = int(np.prod([operand.shape[at] for at in axes]))
        return self.ufunc("divide", out, count)

    def product(self, first: Any, second: Any) -> Value:
        """A product of matrices, or of stacks of them."""
        if not (isinstance(first, Value) and isinstance(second, Value)) or first.dtype != second.dtype:
            raise Unreadable
        if first.dtype.char not in _BLAS or min(len(first.shape), len(second.shape)) < 2:
            raise Unreadable
        lead = broadcast(first.shape[:-2], second.shape[:-2])
        shape = (*(lead or ()), first.shape[-2], second.shape[-1])
        kind = "dot" if len(first.shape) == len(second.shape) == 2 else "matmul"
        return self.add(kind, kind, (first, second), shape, first.dtype)

    def joined(self, parts: tuple[Any, ...], axis: int) -> Value:
        """Arrays one after another along an axis."""
        first = parts[0]
        if not all(isinstance(one, Value) and one.dtype == first.dtype for one in parts):
            raise Unreadable
        length = sum(one.shape[axis] for one in parts)
        shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
        places = "".join(f"{{{at}}}, " for at in range(len(parts)))
        text = f"np.concatenate(({places}), {axis}, {{out}})"
        return self.add("fill", text, parts, shape, first.dtype, "join", axis)

    def move(self, name: str, operand: Value, setting: Any) -> Value:
        """The same elements in another shape."""
        if name == "transpose":
            perm = tuple(setting)
            form = "{}.T" if perm == tuple(reversed(range(len(perm)))) else f"{{}}.transpose({perm})"
            return self.view(operand, form, lambda array: array.transpose(perm))
        if name == "broadcast_to":
            return self.view(operand, f"broadcast_to({{}}, {setting})", lambda array: np.broadcast_to(array, setting))
        shape = getattr(np, name)(np.broadcast_to(np.int8(0), operand.shape), setting).shape
        return self.view(operand, f"{{}}.reshape({shape})", lambda array: array.reshape(shape))

    def view(self, operand: Value, form: str, make: Callable[[np.ndarray], np.ndarray]) -> Value:
        """A view; where the memory's layout allows none, a copy."""
        base = template(operand)
        array = make(base)
        if array.size and not np.may_share_memory(array, base) and operand.root.kind == "made":
            return self.add("call", form.format(operand.name), (operand,), array.shape, array.dtype)
        self.count += 1
        out = Value(array.shape, array.dtype, "view", f"_{self.count}", operand, form)
        out.compact = array.flags.c_contiguous and operand.root.compact
        out.template = array
        self.steps.append(Step("view", form, (operand,), out, eqn=self.eqn))
        return out


def template(value: Value) -> np.ndarray:
    """An array laid out as ``value`` will be; its elements mean nothing."""
    if value.template is None:
        value.template = np.empty(value.shape, value.dtype)
    return value.template


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float))


def _weak(value: Any) -> Any:
    """The kind by which a plain number takes part in promotion."""
    if isinstance(value, bool):
        return np.dtype(bool)
    if type(value) in (int, float):
        return type(value)
    raise Unreadable


def _joined(operands: Sequence[Value]) -> Shape:
    shape = broadcast(*(one.shape for one in operands))
    if shape is None:
        raise Unreadable
    return shape
