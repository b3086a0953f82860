"""Ops that put elements in other places: windows, slices, diagonals, and arrays joined to one.

What only reads in another order is an access; what writes is a `Place`, or a sum into zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..ir import Eqn
from .program import Access, Gather, Place, Shape, Value, access_of, broadcast_access, contiguous, merged


def _windows(state: Any, eqn: Eqn) -> Access | None:
    """Sliding windows: an access, of a padded copy where there is padding."""
    op: Any = eqn.op
    given, n = state.access(eqn.inputs[0]), len(op.kernel)
    if given.value is None or not given.value.size:
        return None
    lead = len(given.shape) - n
    if any(op.before) or any(op.after):
        given = _placed(state, given, (0,) * lead + op.before, (0,) * lead + op.after)
    return _window_access(given, op, lead)


def _placed(state: Any, given: Access, before: Shape, after: Shape) -> Access:
    """``given`` with zeros around it."""
    out = Value(tuple(a + n + b for a, n, b in zip(before, given.shape, after)), given.dtype)
    strides = contiguous(out.shape)
    target = Access(out, given.shape, strides, sum(a * stride for a, stride in zip(before, strides)))
    state.steps.append(Gather(out, "sum", (given,), target))
    return access_of(out)


def _window_access(given: Access, op: Any, lead: int) -> Access:
    inner = tuple(stride * by for stride, by in zip(given.strides[lead:], op.dilation))
    outer = tuple(stride * by for stride, by in zip(given.strides[lead:], op.stride))
    shape = (*given.shape[:lead], *op.kernel, *op.size)
    return Access(given.value, shape, (*given.strides[:lead], *inner, *outer), given.offset, given.number, given.kind)


def _windows_grad(state: Any, eqn: Eqn) -> Access | None:
    """What the windows held is added where it came from."""
    op: Any = eqn.op
    given = state.access(eqn.inputs[0])
    lead = len(given.shape) - 2 * len(op.kernel)
    if given.value is None or given.dtype.kind != "f":
        return None
    spans = tuple(n + a + b for n, a, b in zip(op.shape, op.before, op.after))
    out = Value((*given.shape[:lead], *spans), given.dtype)
    state.steps.append(Gather(out, "sum", (given,), _window_access(access_of(out), op, lead)))
    whole_out = access_of(out)
    offset = sum(first * stride for first, stride in zip(op.before, whole_out.strides[lead:]))
    return Access(out, eqn.out.shape, whole_out.strides, offset)


def _slice_grad(state: Any, eqn: Eqn) -> Access | None:
    """A part put into zeros."""
    op: Any = eqn.op
    given = state.access(eqn.inputs[0])
    if given.dtype.kind != "f" or any(by <= 0 for by in op.step) or not math.prod(eqn.out.shape):
        return None
    out = Value(eqn.out.shape, given.dtype)
    strides = contiguous(out.shape)
    offset = sum(first * stride for first, stride in zip(op.begin, strides))
    target = Access(out, given.shape, tuple(stride * by for stride, by in zip(strides, op.step)), offset)
    state.steps.append(Gather(out, "sum", (given,), target))
    return access_of(out)


def _put(state: Any, eqn: Eqn, targets: Sequence[Access], added: Sequence[bool], whole: bool) -> Access:
    """The operands of ``eqn`` put at ``targets``, which are accesses to the first one's value."""
    operands = tuple(broadcast_access(state.access(atom), one.shape) for atom, one in zip(eqn.inputs, targets))
    out = targets[0].value
    assert out is not None
    state.steps.append(Place(out, operands, tuple(targets), tuple(added), whole))
    return access_of(out)


def _concat(state: Any, eqn: Eqn) -> Access | None:
    """Arrays one behind the other."""
    op: Any = eqn.op
    if any(atom.dtype != eqn.out.dtype for atom in eqn.inputs):
        return None
    out = state.value(eqn.out)
    strides, at, targets = contiguous(out.shape), 0, []
    axis = op.axis % len(out.shape)
    for atom in eqn.inputs:
        targets.append(Access(out, atom.shape, strides, at * strides[axis]))
        at += atom.shape[axis]
    return _put(state, eqn, targets, (False,) * len(targets), True)


def _spread(state: Any, eqn: Eqn) -> Access | None:
    """Pieces of a matrix that was made by structure."""
    op: Any = eqn.op
    if eqn.out.dtype.kind != "f" or any(atom.dtype != eqn.out.dtype for atom in eqn.inputs):
        return None
    out = state.value(eqn.out)
    targets = [Access(out, tuple(lengths), tuple(steps), offset) for offset, lengths, steps in op.pieces]
    whole = op.pieces[0] == (0, op.shape, contiguous(op.shape))
    added = [not fresh and not (whole and not place) for place, fresh in enumerate(op.fresh)]
    return _put(state, eqn, targets, added, whole)


def _on_diagonal(access: Access, shape: Shape, offset: int) -> Access:
    """The diagonals of the last two axes."""
    down, along = access.strides[-2:]
    start = access.offset + max(-offset, 0) * down + max(offset, 0) * along
    return Access(access.value, shape, (*access.strides[:-2], down + along), start, access.number, access.kind)


def _diagonal(state: Any, eqn: Eqn) -> Access | None:
    """A diagonal is an access."""
    return _on_diagonal(state.access(eqn.inputs[0]), eqn.out.shape, eqn.op.offset)  # type: ignore[attr-defined]


def _diagonal_grad(state: Any, eqn: Eqn) -> Access | None:
    """Diagonals put into zeros."""
    out = state.value(eqn.out)
    target = _on_diagonal(access_of(out), eqn.inputs[0].shape, eqn.op.offset)  # type: ignore[attr-defined]
    return _put(state, eqn, [target], [False], False)


PLACING: dict[str, Callable[[Any, Eqn], Access | None]] = {
    "Windows": _windows,
    "WindowsGrad": _windows_grad,
    "StridedSliceGrad": _slice_grad,
    "Concat": _concat,
    "Spread": _spread,
    "Diagonal": _diagonal,
    "DiagonalGrad": _diagonal_grad,
}


def piece_text(place: Place, number: int) -> str:
    """The function that puts one operand in place, without its name; it takes the pointers of where to, and of what."""
    operand, target, kind = place.operands[number], place.targets[number], place.out.ctype
    lengths, (to, given), _ = merged(target.shape, [target.strides, operand.strides])
    value = operand.number if operand.value is None else f"p[{_index(given)}]"
    loops = [f"for (long i{axis} = 0; i{axis} < {length}; i{axis}++)" for axis, length in enumerate(lengths)]
    lines = [*loops, f"out[{_index(to)}] {'+=' if place.added[number] else '='} {value};"]
    return f"({kind} *restrict out, const {kind} *restrict p) {{\n    " + "\n    ".join(lines) + "\n}\n"


def _index(strides: Shape) -> str:
    return " + ".join(f"i{axis} * {by}" for axis, by in enumerate(strides) if by) or "0"
