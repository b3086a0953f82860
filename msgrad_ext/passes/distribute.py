"""Sums of differences of all pairs as products of matrices; only where the user allows it, for it cancels.

::

    v1: f32[300,300,16] = Sub x y        (x f32[300,1,16], y f32[1,300,16])
    v2: f32[300,300,16] = Square v1                                             |x|^2 - 2 x y^T + |y|^2
    v3: f32[300,300] = ReduceSum[axis=(2,)] v2                           ->

What is summed is multiplied out into terms whose factors are all smaller than it is; each term is then a contraction.
Where ``x`` and ``y`` are near, digits are lost: squares of ``|x|`` stand where a square of a small difference stood. A
sum of squares is kept from becoming negative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir import Atom, Shape, Var
from .rewriting import Rewriter, is_float, number, pad, plain, size
from .simplify import on

# What is not large costs less than its parts.
_LARGE = 4096
_TERMS = 6
_DEEPEST = 6

# A coefficient and factors.
Term = tuple[float, tuple[Atom, ...]]


@on("ReduceSum")
def pairs(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A sum whose terms have factors that are smaller than it is."""
    whole = inputs[0]
    if not is_float(out) or size(whole) < _LARGE or not isinstance(whole, Var):
        return None
    terms = _expanded(state, whole, whole.shape, _DEEPEST)
    if terms is None or len(terms) < 2:
        return None
    parts: list[tuple[bool, Atom]] = []
    for coefficient, factors in _gathered(state, terms, len(whole.shape)):
        part = _contracted(state, _scaled(state, factors, abs(coefficient)), op.axis, whole.shape)
        if part is None:
            return None
        parts.append((coefficient < 0, part))
    total: Atom | None = None
    for minus, part in sorted(parts, key=lambda one: one[0]):
        if total is None:
            total = state.call("Neg", part) if minus else part
        else:
            total = state.call("Sub" if minus else "Add", total, part)
    assert total is not None
    if _is_square(state, whole):
        total = state.call("Maximum", total, number(0, total))
    shape = tuple(1 if axis in op.axis else length for axis, length in enumerate(whole.shape))
    return state.reshaped(state.spread(total, shape), out.shape)


def _is_square(state: Rewriter, atom: Atom) -> bool:
    made = state.source(atom, "Mul")
    return state.source(atom, "Square") is not None or (made is not None and made.inputs[0] is made.inputs[1])


def _expanded(state: Rewriter, atom: Atom, shape: Shape, depth: int) -> list[Term] | None:
    """``atom`` as a sum of products of factors smaller than ``shape``; None if that takes too many."""
    if not isinstance(atom, Var) or atom.shape != shape:
        return [(1.0, (atom,))]
    made = state.made.get(atom)
    name = type(made.op).__name__ if made else ""
    if made is None or depth == 0 or not state.own(made.op):
        return None
    if name not in ("Add", "Sub", "Neg", "Mul", "Square", "BroadcastTo"):
        return None
    if name == "BroadcastTo":
        return [(1.0, (made.inputs[0],))]
    parts = [_expanded(state, one, shape, depth - 1) for one in made.inputs]
    if any(part is None for part in parts):
        return None
    first, second = parts[0] or [], parts[-1] or []
    if name in ("Mul", "Square"):
        found = [(a * b, (*left, *right)) for a, left in first for b, right in second]
    elif name == "Neg":
        found = [(-a, left) for a, left in first]
    else:
        found = [*first, *((-b if name == "Sub" else b, right) for b, right in second)]
    return found if len(found) <= _TERMS else None


def _gathered(state: Rewriter, terms: Sequence[Term], rank: int) -> list[Term]:
    """Equal terms taken together, factors of one shape multiplied."""
    counts: dict[tuple[int, ...], float] = {}
    known: dict[tuple[int, ...], tuple[Atom, ...]] = {}
    for coefficient, factors in terms:
        key = tuple(sorted(map(id, factors)))
        counts[key] = counts.get(key, 0.0) + coefficient
        known.setdefault(key, factors)
    found = []
    for key, factors in known.items():
        merged: dict[Shape, Atom] = {}
        for one in factors:
            shape = pad(one.shape, rank)
            one = state.padded(one, rank)
            merged[shape] = state.call("Mul", merged[shape], one) if shape in merged else one
        if counts[key]:
            found.append((counts[key], tuple(merged.values())))
    return found


def _scaled(state: Rewriter, factors: Sequence[Atom], number_: float) -> Sequence[Atom]:
    """The factors with the smallest one multiplied by a number."""
    small = min(factors, key=size)
    return [state.call("Mul", one, number(number_, one)) if one is small and number_ != 1 else one for one in factors]


def _contracted(state: Rewriter, factors: Sequence[Atom], axes: Sequence[int], shape: Shape) -> Atom | None:
    """The sum over ``axes`` of a product that is broadcast to ``shape``, with its axes kept; None for a hard one."""
    inner = [one for one in factors if any(one.shape[axis] > 1 for axis in axes)]
    count = 1
    for axis in axes:
        if all(one.shape[axis] == 1 for one in factors):
            count *= shape[axis]
    if len(inner) > 2:
        return None
    outer = [one for one in factors if one not in inner]
    if not inner:
        result = outer.pop()
    elif len(inner) == 1:
        result = state.sums(inner[0], [axis for axis in axes if inner[0].shape[axis] > 1])
    else:
        result = _product(state, inner[0], inner[1], axes)
    for one in outer:
        result = state.call("Mul", result, one)
    return result if count == 1 else state.call("Mul", result, number(count, result))


def _product(state: Rewriter, a: Atom, b: Atom, axes: Sequence[int]) -> Atom:
    """The sum over ``axes`` of the product of two arrays as a product of matrices."""
    a = state.sums(a, [axis for axis in axes if b.shape[axis] == 1 < a.shape[axis]])
    b = state.sums(b, [axis for axis in axes if a.shape[axis] == 1 < b.shape[axis]])
    both = [axis for axis in range(len(a.shape)) if a.shape[axis] > 1 < b.shape[axis]]
    inner = [axis for axis in both if axis in axes]
    batch = [axis for axis in both if axis not in axes]
    rows = [axis for axis in range(len(a.shape)) if a.shape[axis] > 1 and axis not in both]
    columns = [axis for axis in range(len(a.shape)) if b.shape[axis] > 1 and axis not in both]
    if not inner:
        return state.call("Mul", a, b)
    left, right = _laid(state, a, batch, rows, inner), _laid(state, b, batch, inner, columns)
    product = state.call("BatchMatMul" if batch else "MatMul", left, right)
    order = [*batch, *rows, *columns]
    lengths = {**{axis: a.shape[axis] for axis in (*batch, *rows)}, **{axis: b.shape[axis] for axis in columns}}
    full = state.reshaped(product, tuple(lengths[axis] for axis in order))
    if order != sorted(order):
        op = plain("Transpose").set(perm=tuple(order.index(axis) for axis in sorted(order)))
        full = state.make(op, full)
    return state.reshaped(full, tuple(lengths.get(axis, 1) for axis in range(len(a.shape))))


def _laid(state: Rewriter, atom: Atom, *groups: Sequence[int]) -> Atom:
    """``atom`` as a matrix, or a stack of matrices where the first group has axes."""
    order = [axis for group in groups for axis in group]
    kept = sorted(order)
    bare = state.reshaped(atom, tuple(atom.shape[axis] for axis in kept))
    if order != kept:
        bare = state.make(plain("Transpose").set(perm=tuple(kept.index(axis) for axis in order)), bare)
    shape = []
    for place, group in enumerate(groups):
        length = 1
        for axis in group:
            length *= atom.shape[axis]
        if place or group:
            shape.append(length)
    return state.reshaped(bare, tuple(shape))


RULES = (pairs,)
