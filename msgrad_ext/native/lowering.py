"""A graph becomes a `Program`: each equation an access, or a few steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..ir import Atom, Eqn, Graph, Lit, Var
from ..op import Elementwise
from ..voice import foreign, guarded
from .forms import form, number, own, power
from .placing import PLACING
from .program import (
    C_TYPES,
    Access,
    Call,
    Gather,
    Map,
    NoNative,
    Product,
    Program,
    Shape,
    Step,
    Test,
    Value,
    access_of,
    broadcast_access,
    contiguous,
    core,
    core_strides,
    reshaped,
    whole,
)
from .routines import ROUTINES

LIMIT = 20_000
_ONE = number(np.asarray(1.0)).strip("()")


def lower(graph: Graph) -> Program:
    """The program of ``graph``.

    Raises
    ------
    NoNative
        If it is too large, or too little of it can be said in C.
    """
    if len(graph.eqns) > LIMIT:
        raise NoNative(f"{len(graph.eqns)} operations, and the limit is {LIMIT}")
    program = _Lowering(graph).run()
    calls = sum(isinstance(step, Call) for step in program.steps)
    if 2 * calls > len(program.steps):
        raise NoNative(f"{calls} of {len(program.steps)} steps have no form in C")
    return program


class _Lowering:
    """One run over a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.now: dict[Var, Access] = {}
        self.steps: list[Step] = []
        self.constants: dict[int, tuple[Value, np.ndarray]] = {}

    def run(self) -> Program:
        """The whole program."""
        inputs = tuple(self.value(var, "input") for var in self.graph.inputs)
        self.now.update((var, access_of(value)) for var, value in zip(self.graph.inputs, inputs))
        for eqn in self.graph.eqns:
            self.now[eqn.out] = self.lowered(eqn)
        outputs: list[Value] = []
        for atom in self.graph.outputs:
            access = self.access(atom)
            value = access.value
            if value is None or value.role != "made" or value in outputs or not access.plain:
                value = self.map("{0}", atom.shape, atom.dtype, access).value
            assert value is not None
            outputs.append(value)
        tests = tuple(Test(self.access(guard.var), bool(guard.value)) for guard in self.graph.guards)
        return Program(inputs, tuple(self.constants.values()), tuple(self.steps), tuple(outputs), tests)

    def value(self, atom: Atom, role: str = "made") -> Value:
        """A new value like ``atom``."""
        if atom.dtype.name not in C_TYPES:
            raise NoNative(f"{atom.dtype} has no form in C")
        return Value(atom.shape, atom.dtype, role)

    def access(self, atom: Atom) -> Access:
        """How ``atom`` is read."""
        if isinstance(atom, Var):
            return self.now[atom]
        if not atom.shape:
            if atom.dtype.name not in C_TYPES:
                raise NoNative(f"{atom.dtype} has no form in C")
            return Access(None, (), (), 0, number(atom.value), atom.dtype)
        if id(atom) not in self.constants:
            self.constants[id(atom)] = (self.value(atom, "constant"), np.ascontiguousarray(atom.value))
        return access_of(self.constants[id(atom)][0])

    def lowered(self, eqn: Eqn) -> Access:
        """What the result of ``eqn`` is read from."""
        op, name = eqn.op, type(eqn.op).__name__
        if own(op):
            special = _SPECIAL.get(name)
            found = special(self, eqn) if special is not None else None
            if found is not None:
                return found
            text = self.form(eqn)
            if text is not None:
                return self.map(text, eqn.out.shape, eqn.out.dtype, *map(self.access, eqn.inputs))
        return self.call(eqn)

    def form(self, eqn: Eqn) -> str | None:
        """The C expression of an elementwise equation."""
        name = type(eqn.op).__name__
        if name == "Pow":
            exponent = eqn.inputs[1]
            return power(exponent if isinstance(exponent, Lit) and not exponent.shape else None, eqn.out.dtype)
        if not isinstance(eqn.op, Elementwise) and name not in ("Select", "Cast"):
            return None
        return form(eqn.op, tuple(atom.dtype for atom in eqn.inputs), eqn.out.dtype)

    def map(self, text: str, shape: Shape, dtype: np.dtype, *operands: Access) -> Access:
        """A step that computes ``text`` for each element of ``shape``."""
        out = Value(shape, dtype)
        self.steps.append(Map(out, text, tuple(broadcast_access(one, shape) for one in operands)))
        return access_of(out)

    def gather(self, kind: str, operand: Access, axes: tuple[int, ...]) -> Access:
        """A reduction over ``axes``, which are kept with length 1."""
        shape = tuple(1 if axis in axes else length for axis, length in enumerate(operand.shape))
        out = Value(shape, operand.dtype)
        self.steps.append(Gather(out, kind, (operand,), broadcast_access(access_of(out), operand.shape)))
        return access_of(out)

    def stored(self, access: Access) -> Access:
        """The same elements in a value of their own, in C order."""
        if whole(access):
            assert access.value is not None
            return access if access.plain else Access(access.value, access.shape, contiguous(access.shape))
        return self.map("{0}", access.shape, access.dtype, access)

    def reshaped(self, access: Access, shape: Shape) -> Access:
        """``access`` in another shape; its elements are moved where they have to be."""
        found = reshaped(access, shape)
        if found is None:
            found = reshaped(self.map("{0}", access.shape, access.dtype, access), shape)
        assert found is not None
        return found

    def product(self, a: Access, b: Access, lead: Shape) -> Access:
        """The products of two stacks of matrices, which are broadcast to ``lead``."""
        prepared = []
        for one in (a, b):
            ready = one if one.value is not None and _direct(one) else self.stored(one)
            prepared.append(broadcast_access(ready, (*lead, *one.shape[-2:])))
        out = Value((*lead, a.shape[-2], b.shape[-1]), a.dtype)
        self.steps.append(Product(out, tuple(prepared)))
        return access_of(out)

    def call(self, eqn: Eqn) -> Access:
        """A step that calls the op's own voice."""
        op = eqn.op
        voice: Callable[..., Any] = partial(guarded, op) if foreign(type(op).numpy) else op.numpy
        operands = []
        for atom in eqn.inputs:
            access = self.access(atom)
            operands.append(access if access.plain else self.map("{0}", atom.shape, atom.dtype, access))
        out = self.value(eqn.out)
        self.steps.append(Call(out, voice, tuple(operands)))
        return access_of(out)


def _view(state: _Lowering, eqn: Eqn) -> Access | None:
    """A view is another access to the same elements; a reshape may have to move them first."""
    given, shape = state.access(eqn.inputs[0]), eqn.out.shape
    name, op = type(eqn.op).__name__, eqn.op
    if name == "Transpose":
        perm = op.perm  # type: ignore[attr-defined]
        return Access(given.value, shape, tuple(given.strides[axis] for axis in perm), given.offset, given.number,
                      given.kind)  # fmt: skip
    if name == "BroadcastTo":
        return broadcast_access(given, shape)
    if name == "StridedSlice":
        begin, step = op.begin, op.step  # type: ignore[attr-defined]
        offset = given.offset + sum(first * stride for first, stride in zip(begin, given.strides))
        strides = tuple(stride * by for stride, by in zip(given.strides, step))
        return Access(given.value, shape, strides, offset, given.number, given.kind)
    return state.reshaped(given, shape)


def _reduction(state: _Lowering, eqn: Eqn) -> Access | None:
    """Sum, mean, maximum, minimum over axes."""
    given, op, name = state.access(eqn.inputs[0]), eqn.op, type(eqn.op).__name__
    axes = op.axis  # type: ignore[attr-defined]
    count = math.prod(given.shape[axis] for axis in axes)
    if given.dtype.kind != "f" or count == 0 or given.value is None:
        return None
    if count == 1:
        return reshaped(given, eqn.out.shape)
    kind = {"ReduceMax": "max", "ReduceMin": "min"}.get(name, "sum")
    found = state.gather(kind, given, axes)
    if name == "ReduceMean":
        share = Access(None, (), (), 0, number(np.asarray(count, given.dtype)), given.dtype)
        found = state.map("{0} / {1}", found.shape, given.dtype, found, share)
    return reshaped(found, eqn.out.shape)


def _softmax(state: _Lowering, eqn: Eqn) -> Access | None:
    """Softmax and its logarithm, shifted by the maximum as the voices do."""
    given, kind = state.access(eqn.inputs[0]), eqn.out.dtype
    axis = eqn.op.axis  # type: ignore[attr-defined]
    axes = tuple(one % len(given.shape) for one in (axis if isinstance(axis, tuple) else (axis,)))
    if kind.kind != "f" or given.value is None or not given.value.size or not given.shape:
        return None
    exp, log = _exponent(given)
    shifted = state.map("{0} - {1}", given.shape, kind, given, state.gather("max", given, axes))
    powers = state.map(exp, given.shape, kind, shifted)
    total = state.gather("sum", powers, axes)
    if type(eqn.op).__name__ == "Softmax":
        return state.map("{0} / {1}", given.shape, kind, powers, total)
    return state.map("{0} - {1}", given.shape, kind, shifted, state.map(log, total.shape, kind, total))


def _exponent(given: Access) -> tuple[str, str]:
    """The C forms of exp and log for elements like these."""
    exp = "m_expf({0})" if given.dtype.name == "float32" else "m_exp({0})"
    return exp, exp.replace("exp", "log")


def _log_sum_exp(state: _Lowering, eqn: Eqn) -> Access | None:
    """The logarithm of a sum of powers, shifted by a maximum that is finite."""
    given, kind = state.access(eqn.inputs[0]), eqn.out.dtype
    axes = eqn.op.axis  # type: ignore[attr-defined]
    if kind.kind != "f" or given.value is None or not given.value.size or not axes:
        return None
    exp, log = _exponent(given)
    high = state.gather("max", given, axes)
    shift = state.map("({0} - {0} == 0) | ({0} != {0}) ? {0} : 0", high.shape, kind, high)
    powers = state.map(exp, given.shape, kind, state.map("{0} - {1}", given.shape, kind, given, shift))
    total = state.map(log, shift.shape, kind, state.gather("sum", powers, axes))
    return reshaped(state.map("{0} + {1}", shift.shape, kind, total, shift), eqn.out.shape)


def _cross_entropy(state: _Lowering, eqn: Eqn) -> Access | None:
    """Cross entropy of the softmax of each row."""
    given, labels = map(state.access, eqn.inputs)
    kind = eqn.out.dtype
    if kind.kind != "f" or labels.dtype != kind or given.value is None or not given.value.size:
        return None
    exp, log = _exponent(given)
    shifted = state.map("{0} - {1}", given.shape, kind, given, state.gather("max", given, (1,)))
    total = state.gather("sum", state.map(exp, given.shape, kind, shifted), (1,))
    total = state.map(log, total.shape, kind, total)
    parts = state.map("{0} * ({1} - {2})", given.shape, kind, labels, total, shifted)
    return reshaped(state.gather("sum", parts, (1,)), eqn.out.shape)


def _product(state: _Lowering, eqn: Eqn) -> Access | None:
    """Matrix products."""
    if eqn.out.dtype.kind != "f" or any(atom.dtype != eqn.out.dtype for atom in eqn.inputs):
        return None
    operands = [state.access(atom) for atom in eqn.inputs]
    if not math.prod(eqn.out.shape) or not eqn.inputs[0].shape[-1]:
        return None
    uniform = [place for place, one in enumerate(operands) if not any(core_strides(one.shape, one.strides))]
    if len(uniform) == 1 and len(core(operands[uniform[0]].shape)) == len(operands[uniform[0]].shape):
        return _uniform_product(state, eqn, operands, uniform[0])
    return state.product(operands[0], operands[1], eqn.out.shape[:-2])


def _uniform_product(state: _Lowering, eqn: Eqn, operands: list[Access], place: int) -> Access:
    """A product with a matrix of equal elements: sums over the rows or the columns of the other one."""
    other, same = operands[1 - place], operands[place]
    axis = len(other.shape) - (2 if place == 0 else 1)
    if same.value is not None or same.number.strip("()") not in (_ONE, _ONE + "f"):
        one = Access(same.value, (), (), same.offset, same.number, same.kind)
        other = state.map("{0} * {1}", other.shape, eqn.out.dtype, one, other)
    return broadcast_access(state.gather("sum", other, (axis,)), eqn.out.shape)


def _direct(access: Access) -> bool:
    """True for a matrix that BLAS can read where it stands: one axis has stride 1, the other is long enough."""
    (rows, columns), (down, along) = access.shape[-2:], access.strides[-2:]
    if rows == 1 or columns == 1:
        return (rows == 1 or down > 0) and (columns == 1 or along > 0)
    return (along == 1 and down >= columns) or (down == 1 and along >= rows)


_SPECIAL: dict[str, Callable[[_Lowering, Eqn], Access | None]] = {
    **dict.fromkeys(("Reshape", "Transpose", "ExpandDims", "Squeeze", "BroadcastTo", "StridedSlice"), _view),
    **dict.fromkeys(("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"), _reduction),
    **dict.fromkeys(("MatMul", "BatchMatMul"), _product),
    **dict.fromkeys(("Softmax", "LogSoftmax"), _softmax),
    "ReduceLogSumExp": _log_sum_exp,
    "SoftmaxCrossEntropyWithLogits": _cross_entropy,
    "StopGradient": lambda state, eqn: state.access(eqn.inputs[0]),
    **PLACING,
    **ROUTINES,
}
