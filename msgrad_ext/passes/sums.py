"""Sums taken before products: factors that a sum does not change go out of it, and sums of products become contractions.

::

    v1: f32[64,64] = Mul x r                                     v1: f32[1,64] = ReduceSum[keep_dims=True, axis=(0,)] x
    v2: f32[] = ReduceSum[keep_dims=False, axis=(0, 1)] v1  ->   v2: f32[1,64] = Mul v1 r
                                                                 v3: f32[] = ReduceSum[keep_dims=False, axis=(0, 1)] v2
"""

from __future__ import annotations

from typing import Any

from ..ir import Atom, Eqn, Var
from .rewriting import Rewriter, is_float, pad, reduction, size
from .simplify import on

# Of more terms BLAS loses digits that numpy's pairwise sum keeps.
_LONGEST = 1 << 14
# Of so few terms the calls cost more than what is summed.
_SMALL = 2048
_SUMS = frozenset({"ReduceSum", "ReduceMean"})


@on(*_SUMS)
def of_moves(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A sum over axes of a transposed matrix is a sum over its other axes; over axes of length 1 it is a move."""
    if type(op).__name__ not in _SUMS or not is_float(out):
        return None
    given = inputs[0].shape
    if op.axis and all(given[axis] == 1 for axis in op.axis):
        return state.reshaped(inputs[0], out.shape)
    made: Any = state.source(inputs[0], "Transpose")
    if made is None or len(given) != 2 or not op.axis:
        return None
    axes = [made.op.perm[axis] for axis in op.axis]
    return state.reshaped(state.make(reduction(type(op).__name__, axes, op.keep_dims), made.inputs[0]), out.shape)


@on(*_SUMS, sees="Mul Div Neg")
def factors(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A factor or divisor that is the same along an axis of a sum is multiplied afterwards; so is a sign."""
    if type(op).__name__ not in _SUMS or not is_float(out) or not state.once(inputs[0]):
        return None
    made = state.made.get(inputs[0])  # type: ignore[arg-type]
    kind = type(made.op).__name__ if made else ""
    if made is None or kind not in ("Mul", "Div", "Neg"):
        return None
    if kind == "Neg":
        return made.op, (state.make(op, made.inputs[0]),)
    rank = len(made.out.shape)
    places = (0, 1) if kind == "Mul" else (1,)
    for place in places:
        factor, other = made.inputs[place], made.inputs[1 - place]
        if other.shape != made.out.shape:
            continue
        free = [axis for axis in op.axis if pad(factor.shape, rank)[axis] == 1 and made.out.shape[axis] != 1]
        if free and (len(free) == len(op.axis) or size(made.out) > _SMALL):
            return _outside(state, op, made, place, free, out)
    if kind != "Mul":
        return None
    return _outer(state, op, made, out) or _nested(state, op, made, out)


def _nested(state: Rewriter, op: Any, made: Eqn, out: Var) -> Any:
    """The sum of ``(a r) b`` is ``r`` times that of ``a b``, if ``r`` is the same along the axes, and ``a b`` is there."""
    for place in (0, 1):
        inner = state.source(made.inputs[place], "Mul")
        if inner is None or made.inputs[1 - place].shape != made.out.shape:
            continue
        for row, other in (inner.inputs, inner.inputs[::-1]):
            shape = pad(row.shape, len(made.out.shape))
            if other.shape != made.out.shape or any(shape[axis] != 1 for axis in op.axis):
                continue
            if state.known(made.op, other, made.inputs[1 - place]):
                total = state.make(op.set(keep_dims=True), state.make(made.op, other, made.inputs[1 - place]))
                return state.reshaped(state.call("Mul", total, row), out.shape)
    return None


def _outside(state: Rewriter, op: Any, made: Eqn, place: int, free: list[int], out: Var) -> Any:
    """The sum with operand ``place`` taken out of the axes ``free``."""
    factor, other = made.inputs[place], made.inputs[1 - place]
    name = type(op).__name__
    inner = state.make(reduction(name, free, True), other)
    pair = (factor, inner) if place == 0 else (inner, factor)
    product = state.make(made.op, *pair)
    rest = [axis for axis in op.axis if axis not in free]
    if not rest:
        return state.reshaped(product, out.shape)
    return state.reshaped(state.make(reduction(name, rest, True), product), out.shape)


def _outer(state: Rewriter, op: Any, made: Eqn, out: Var) -> Any:
    """The sum of an outer product: each factor is summed along its own axes."""
    if type(op).__name__ != "ReduceSum":
        return None
    rank = len(made.out.shape)
    for place in (0, 1):
        factor, other = (pad(made.inputs[one].shape, rank) for one in (place, 1 - place))
        free = [axis for axis in op.axis if factor[axis] == 1 and other[axis] == made.out.shape[axis] > 1]
        if free:
            full = state.padded(made.inputs[1 - place], rank)
            product = state.call("Mul", state.padded(made.inputs[place], rank), state.sums(full, free))
            rest = [axis for axis in op.axis if axis not in free]
            return state.reshaped(state.sums(product, rest), out.shape)
    return None


@on("ReduceSum", sees="Mul")
def of_products(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A sum of a matrix times a row, along the rows, is a product of matrix and vector; a sum of all products too."""
    if type(op).__name__ != "ReduceSum" or out.dtype.char not in "fd" or not state.once(inputs[0]):
        return None
    made = state.source(inputs[0], "Mul")
    shape = inputs[0].shape
    if made is None or not 1 < size(inputs[0]) // max(size(out), 1) <= _LONGEST:
        return None
    a, b = made.inputs
    if size(out) == 1 and a.shape == b.shape == shape:
        return state.reshaped(
            state.call("MatMul", state.reshaped(a, (1, size(a))), state.reshaped(b, (size(a), 1))), out.shape
        )
    if len(shape) != 2 or len(op.axis) != 1:
        return None
    axis = op.axis[0]
    for matrix, vector in ((a, b), (b, a)):
        if matrix.shape == shape and isinstance(vector, Var) and pad(vector.shape, 2)[1 - axis] == 1 < shape[1 - axis]:
            if size(vector) != shape[axis]:
                continue
            if axis == 1:
                product = state.call("MatMul", matrix, state.reshaped(vector, (shape[1], 1)))
            else:
                product = state.call("MatMul", state.reshaped(vector, (1, shape[0])), matrix)
            return state.reshaped(product, out.shape)
    return None


@on("ReduceSum", sees="MatMul BatchMatMul")
def of_matmul(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """The sum over the rows of a matrix product is the product of the summed rows, so it is for columns."""
    if type(op).__name__ != "ReduceSum" or not is_float(out) or not state.once(inputs[0]):
        return None
    made = state.source(inputs[0], "MatMul") or state.source(inputs[0], "BatchMatMul")
    if made is None:
        return None
    a, b = made.inputs
    rows, columns = len(made.out.shape) - 2, len(made.out.shape) - 1
    rest = list(op.axis)
    if size(made.out) * a.shape[-1] <= _SMALL:
        return None
    if rows in rest and a.shape[-2] > 1:
        a = state.sums(a, (len(a.shape) - 2,))
        rest.remove(rows)
    if columns in rest and b.shape[-1] > 1:
        b = state.sums(b, (len(b.shape) - 1,))
        rest.remove(columns)
    if len(rest) == len(op.axis):
        return None
    product = state.make(made.op, a, b)
    return state.reshaped(state.sums(product, rest), out.shape)


@on("Reshape", "Squeeze", sees="ReduceSum ReduceMean")
def without_axes(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A reduction that keeps its axes for a move to drop them drops them itself."""
    if type(op).__name__ not in ("Reshape", "Squeeze") or not state.once(inputs[0]):
        return None
    made: Any = state.source(inputs[0], "ReduceSum") or state.source(inputs[0], "ReduceMean")
    if made is None or not made.op.keep_dims:
        return None
    given = made.inputs[0].shape
    if tuple(length for axis, length in enumerate(given) if axis not in made.op.axis) != out.shape:
        return None
    return made.op.set(keep_dims=False), made.inputs


RULES = (of_moves, factors, of_matmul, of_products, without_axes)
