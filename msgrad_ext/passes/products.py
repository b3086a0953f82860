"""Matrix products in the order that costs least, with transposes where they are free.

::

    v1 = MatMul a b                                  v1 = MatMul b v
    v2 = MatMul v1 v            (v a column)   ->    v2 = MatMul a v1

    v1 = Transpose[perm=(1, 0)] x                    v1 = Transpose[perm=(1, 0)] g
    v2 = MatMul v1 g                           ->    v2 = MatMul v1 x
    v3 = Transpose[perm=(1, 0)] v2
"""

from __future__ import annotations

from typing import Any

from ..ir import Atom, Eqn, Lit, Var
from ..op import Op
from .rewriting import Rewriter, is_float, pad, size
from .simplify import on

# A rewriting must save this share of the work, or rounding would be moved for nothing.
_WORTH = 0.7
# Multiplications in the time in which one element is added; arrays so small that only calls count.
_SPEED, _FEW = 16, 256


@on("Transpose", sees="MatMul Mul")
def transposed(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """The transpose of a matrix product is the product of the transposes in the other order."""
    if type(op).__name__ != "Transpose" or len(out.shape) != 2 or op.perm != (1, 0):
        return None
    made = state.source(inputs[0], "MatMul")
    if made is not None and state.once(inputs[0]):
        a, b = made.inputs
        return made.op, (state.turned(b), state.turned(a))
    made = state.source(inputs[0], "Mul")
    if made is not None and _is_outer(made) and state.once(inputs[0]):
        return made.op, tuple(state.turned(state.padded(one, 2)) for one in made.inputs)
    return None


@on("Transpose")
def short_transposes(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """To transpose a row or a column is to reshape it."""
    if type(op).__name__ != "Transpose" or sum(length != 1 for length in out.shape) > 1:
        return None
    return state.reshaped(inputs[0], out.shape)


def _is_outer(made: Eqn) -> bool:
    """True for a column times a row."""
    shapes = [pad(one.shape, 2) for one in made.inputs]
    return any(left[1] == 1 == right[0] and left[0] > 1 < right[1] for left, right in (shapes, shapes[::-1]))


@on("MatMul", sees="Mul")
def outer(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A product with a column times a row is a column times a row."""
    if type(op).__name__ != "MatMul" or not is_float(out):
        return None
    for place, one in enumerate(inputs):
        made = state.source(one, "Mul")
        if made is None or not _is_outer(made):
            continue
        column, row = (state.padded(each, 2) for each in made.inputs)
        if column.shape[1] != 1:
            column, row = row, column
        if place == 0:
            return made.op, (column, state.make(op, row, inputs[1]))
        return made.op, (state.make(op, inputs[0], column), row)
    return None


def _cost(a: Atom, b: Atom) -> int:
    return a.shape[0] * a.shape[1] * b.shape[1]


@on("MatMul", sees="MatMul")
def chains(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``(a @ b) @ c`` or ``a @ (b @ c)``, whichever multiplies less."""
    if type(op).__name__ != "MatMul" or not is_float(out):
        return None
    left, right = (state.source(one, "MatMul") for one in inputs)
    if left is not None and state.once(inputs[0]):
        (a, b), c = left.inputs, inputs[1]
        now, then = _cost(a, b) + a.shape[0] * b.shape[1] * c.shape[1], _cost(b, c) + _cost(a, c) * 0
        then += a.shape[0] * a.shape[1] * c.shape[1]
        if then < _WORTH * now:
            return op, (a, state.make(op, b, c))
    if right is not None and state.once(inputs[1]):
        a, (b, c) = inputs[0], right.inputs
        now = _cost(b, c) + a.shape[0] * a.shape[1] * c.shape[1]
        then = _cost(a, b) + a.shape[0] * b.shape[1] * c.shape[1]
        if then < _WORTH * now:
            return op, (state.make(op, a, b), c)
    return None


@on("Add", "Sub", sees="MatMul")
def shared(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``a @ c + b @ c`` is ``(a + b) @ c``, unless ``a`` and ``b`` are so large that to add them is no gain."""
    left, right = (state.source(one, "MatMul") for one in inputs)
    if left is None or right is None or not is_float(out) or not all(map(state.once, inputs)):
        return None
    for place in (0, 1):
        if left.inputs[place] is not right.inputs[place] or left is right:
            continue
        a, b = left.inputs[1 - place], right.inputs[1 - place]
        if size(a) > max(_FEW, _cost(*left.inputs) // _SPEED + size(out)):
            return None
        total = state.make(op, a, b)
        return left.op, ((left.inputs[0], total) if place == 0 else (total, left.inputs[1]))
    return None


@on("Mul", "MatMul", sees="Mul MatMul")
def scalars(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A number that multiplies a matrix product, or an operand of one, multiplies the smallest of the three."""
    name = type(op).__name__
    if name == "Mul" and is_float(out):
        return _into_product(state, op, inputs, out)
    if name != "MatMul" or not is_float(out):
        return None
    for place, one in enumerate(inputs):
        made = state.source(one, "Mul")
        if made is None or not state.once(one):
            continue
        factor, big = _scalar_first(made.inputs)
        other = inputs[1 - place]
        if factor is None or 2 * min(size(other), size(out)) > size(big):
            continue
        if size(other) < size(out):
            moved = state.make(made.op, other, factor)
            return op, ((big, moved) if place == 0 else (moved, big))
        pair = (big, other) if place == 0 else (other, big)
        return made.op, (state.make(op, *pair), factor)
    return None


def _into_product(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    factor, big = _scalar_first(inputs)
    made = None if factor is None else state.source(big, "MatMul")
    if made is None or factor is None or not state.once(big):
        return None
    smallest = min((0, 1), key=lambda place: size(made.inputs[place]))
    if 2 * size(made.inputs[smallest]) > size(out):
        return None
    moved = state.make(op, made.inputs[smallest], factor)
    return made.op, tuple(moved if place == smallest else one for place, one in enumerate(made.inputs))


def _scalar_first(inputs: tuple[Atom, ...]) -> tuple[Atom | None, Atom]:
    """The operand that is a scalar, and the other one."""
    for one, other in (inputs, inputs[::-1]):
        if not one.shape and other.shape and isinstance(one, (Var, Lit)):
            return one, other
    return None, inputs[0]


RULES = (short_transposes, transposed, outer, chains, shared, scalars)
