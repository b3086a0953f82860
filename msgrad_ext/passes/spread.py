"""Cotangents kept lazily broadcast: what repeats one number, row or column is computed on that, and repeated afterwards.

::

    v1: f32[64,64] = BroadcastTo[shape=(64, 64)] 1        v1: f32[1,64] = ReduceSum[keep_dims=True, axis=(1,)] y
    v2: f32[64,64] = Transpose[perm=(1, 0)] y       ->    v2: f32[64,64] = BroadcastTo[shape=(64, 64)] v1
    v3: f32[64,64] = MatMul v1 v2

A repeated number is a scalar constant or a variable with axes of length 1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..contract import broadcast
from ..ir import Atom, Lit, Shape, Var, literal
from ..op import Elementwise, Op
from ..registry import OPS
from .rewriting import Rewriter, is_float, number, pad, reduction, size
from .simplify import on

# A product of so few numbers costs no more than the call.
_SMALL = 8192
_REDUCTIONS = frozenset({"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin"})
_PRODUCTS = frozenset({"MatMul", "BatchMatMul"})
_SHAPES = frozenset({"Reshape", "ExpandDims", "Squeeze"})


@on("Elementwise", "Select", "MatMul", "BatchMatMul", "ReduceSum", "ReduceMean", sees="Lit")
def uniform_constants(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """An array constant whose elements are all one number is that number, repeated."""
    found = [_one_number(atom) for atom in inputs]
    if all(one is None for one in found):
        return None
    return op, tuple(atom if one is None else state.spread(one, atom.shape) for atom, one in zip(inputs, found))


def _one_number(atom: Atom) -> Lit | None:
    if not isinstance(atom, Lit) or atom.value.size < 2:
        return None
    first = atom.value.flat[0]
    if not np.all(atom.value == first) or (first == 0 and np.any(np.signbit(atom.value) != np.signbit(first))):
        return None
    return literal(first, atom.dtype)


@on("Elementwise", "Select", "Cast", sees="BroadcastTo")
def elementwise(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """An elementwise op on repeated operands works on what is repeated."""
    if not (isinstance(op, Elementwise) or type(op).__name__ in ("Select", "Cast")):
        return None
    cores = [state.core(atom) for atom in inputs]
    if all(one is atom for one, atom in zip(cores, inputs)):
        return None
    shape = broadcast(*(one.shape for one in cores))
    if shape is None or math.prod(shape) >= size(out) or not any(isinstance(one, Var) for one in cores):
        return None
    return OPS["BroadcastTo"](out.shape), (state.make(op, *cores),)


@on(*_SHAPES, "Transpose", "StridedSlice", "BroadcastTo", sees="BroadcastTo")
def moves(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A move of something repeated moves what is repeated."""
    name = type(op).__name__
    if name not in _SHAPES and name not in ("Transpose", "StridedSlice", "BroadcastTo"):
        return None
    made = state.source(inputs[0], "BroadcastTo")
    if made is None or not size(out):
        return None
    core, rank = made.inputs[0], len(inputs[0].shape)
    shape: Any = pad(core.shape, rank)
    if name == "BroadcastTo":
        return op, (core,)
    if not core.shape:
        return OPS["BroadcastTo"](out.shape), (core,)
    if name == "Transpose":
        return OPS["BroadcastTo"](out.shape), (_transposed(state, op, core, shape),)
    if name == "StridedSlice":
        return OPS["BroadcastTo"](out.shape), (_sliced(state, op, core, shape),)
    shape = regrouped(shape, inputs[0].shape, out.shape)
    return None if shape is None else (OPS["BroadcastTo"](out.shape), (state.reshaped(core, shape),))


def _transposed(state: Rewriter, op: Any, core: Atom, shape: Shape) -> Atom:
    target = tuple(shape[axis] for axis in op.perm)
    if sum(length > 1 for length in shape) <= 1:
        return state.reshaped(core, target)
    return state.make(op, state.reshaped(core, shape))


def _sliced(state: Rewriter, op: Any, core: Atom, shape: Shape) -> Atom:
    repeated = [length == 1 for length in shape]
    begin, step, length = (
        tuple(fixed if one else given for one, given in zip(repeated, settings))
        for fixed, settings in ((0, op.begin), (1, op.step), (1, op.size))
    )
    return state.make(op.set(begin=begin, step=step, size=length), state.reshaped(core, shape))


def regrouped(core: Shape, shape: Shape, target: Shape) -> Shape | None:
    """The shape of ``core``, which is repeated to ``shape``, when ``shape`` becomes ``target``; None if it has none."""
    result: list[int] = []
    i = j = 0
    while i < len(shape) or j < len(target):
        first, start, before, after = i, j, 1, 1
        while True:
            if i < len(shape) and (before < after or i == first):
                before *= shape[i]
                i += 1
            elif j < len(target) and (after < before or j == start):
                after *= target[j]
                j += 1
            elif before == after:
                break
            elif i < len(shape) and before < after:
                before *= shape[i]
                i += 1
            else:
                return None
        if core[first:i] == shape[first:i]:
            result += target[start:j]
        elif all(length == 1 for length in core[first:i]):
            result += [1] * (j - start)
        else:
            return None
    return tuple(result)


@on(*_REDUCTIONS, sees="BroadcastTo")
def reductions(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A reduction of something repeated multiplies by a count, or takes one of the equal elements."""
    name = type(op).__name__
    if name not in _REDUCTIONS or not is_float(out):
        return None
    made = state.source(inputs[0], "BroadcastTo")
    if made is None:
        return None
    core, given = made.inputs[0], inputs[0].shape
    shape = pad(core.shape, len(given))
    repeated = [axis for axis in op.axis if shape[axis] == 1]
    count = math.prod(given[axis] for axis in repeated)
    if not repeated or not size(inputs[0]) or count > 2 ** np.finfo(out.dtype).nmant:
        return None
    rest = [axis for axis in op.axis if shape[axis] != 1]
    value: Atom = core
    if rest:
        value = state.make(reduction(name, rest, True), state.padded(core, len(given)))
    if name == "ReduceSum" and count != 1:
        value = state.call("Mul", value, number(count, value))
    if value.shape:
        kept = pad(value.shape, len(given))
        dropped = () if op.keep_dims else op.axis
        value = state.reshaped(value, tuple(n for axis, n in enumerate(kept) if axis not in dropped))
    return value if value.shape == out.shape else (OPS["BroadcastTo"](out.shape), (value,))


@on(*_PRODUCTS, sees="BroadcastTo")
def products(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A matrix product with a repeated operand: sums of the other one, or a product with one row or column."""
    if type(op).__name__ not in _PRODUCTS or not is_float(out) or not size(out):
        return None
    a, b = inputs
    if size(out) * a.shape[-1] <= _SMALL:
        return None
    left, right = (pad(state.core(one).shape, len(one.shape)) for one in (a, b))
    long = a.shape[-1] > 1
    if long and left[-1] == 1:
        return _summed(state, op, inputs, out, 0)
    if long and right[-2] == 1:
        return _summed(state, op, inputs, out, 1)
    if left[-2] == 1 < a.shape[-2]:
        row = state.spread(state.core(a), (*a.shape[:-2], 1, a.shape[-1]))
        return OPS["BroadcastTo"](out.shape), (state.make(op, row, b),)
    if right[-1] == 1 < b.shape[-1]:
        column = state.spread(state.core(b), (*b.shape[:-1], 1))
        return OPS["BroadcastTo"](out.shape), (state.make(op, a, column),)
    return None


def _summed(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var, place: int) -> Any:
    """The product where operand ``place`` does not change along the axis that is summed over."""
    factor, other = state.core(inputs[place]), inputs[1 - place]
    axis = len(other.shape) - (2 if place == 0 else 1)
    total = state.sums(other, (axis,))
    shape = broadcast(factor.shape, total.shape)
    product = state.call("Mul", factor, total) if place == 0 else state.call("Mul", total, factor)
    assert product.shape == shape
    return product if shape == out.shape else (OPS["BroadcastTo"](out.shape), (product,))


RULES = (uniform_constants, moves, elementwise, reductions, products)
