"""Ops that are loops of their own in C: elements taken and added by position, running sums, places of extremes.

Each is a `Routine`: a function of pointers that no other step shares a loop with. A position is looked at as numpy does,
and one that is out of range leaves the program for numpy's plan, which says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir import Eqn
from .forms import number
from .program import Access, Routine, Shape, Value, access_of, broadcast_access, contiguous, merged


def _run(
    state: Any, eqn: Eqn, operands: Sequence[Access], lines: list[str], zeros: bool = False, checked: bool = False
) -> Access:
    """A routine of these lines; they know the operands as ``p0``, ``p1``, and so on, the result as ``out``."""
    out: Value = state.value(eqn.out)
    parameters = [f"{out.ctype} *restrict out"]
    parameters += [f"const {one.value.ctype} *restrict p{at}" for at, one in enumerate(operands) if one.value]
    parameters += ["int *wrong"] if checked else []
    start = [f"memset(out, 0, {out.size} * sizeof *out);"] if zeros else []
    text = f"({', '.join(parameters)}) {{\n" + "\n".join(f"    {line}" for line in [*start, *lines]) + "\n}\n"
    state.steps.append(Routine(out, tuple(operands), text, checked))
    return access_of(out)


def _given(state: Any, atom: Any) -> Access:
    """An operand as elements in memory."""
    found: Access = state.access(atom)
    return found if found.value is not None else state.map("{0}", found.shape, found.dtype, found)


def _nested(lengths: Shape, lines: list[str], first: int = 0) -> list[str]:
    """Loops over the axes from ``first`` on."""
    heads = [f"for (long i{at} = 0; i{at} < {lengths[at]}; i{at}++) {{" for at in range(first, len(lengths))]
    return [*heads, *lines, *("}" for _ in heads)]


def _place(strides: Shape, *more: str) -> str:
    """The index of an element."""
    terms = [f"i{at}" if by == 1 else f"i{at} * {by}" for at, by in enumerate(strides) if by]
    return " + ".join([*terms, *more]) or "0"


# Positions ---------------------------------------------------------------------------------------------------------


def _positioned(
    lengths: Shape, near: Shape, far: Shape, indices: Sequence[Shape], axes: Sequence[tuple[int, int]], text: str
) -> list[str]:
    """``text`` for all elements; its ``near`` has ``{0}``, and its ``far``, which is moved by the indices, has ``{1}``.

    Each index moves by a stride along an axis of a length.
    """
    lengths, strides, _ = merged(lengths, [near, far, *indices])
    near, far, indices = strides[0], strides[1], strides[2:]
    deep = max((at + 1 for one in indices for at, by in enumerate(one) if by), default=0)
    moved, checks = [], []
    for one, (place, (length, by)) in enumerate(zip(indices, axes)):
        checks += [
            f"long j{one} = (long)p{one + 1}[{_place(place)}];",
            f"j{one} += j{one} < 0 ? {length} : 0;",
            f"if ((unsigned long)j{one} >= {length}) {{ *wrong = 1; return; }}",
        ]
        moved.append(f"j{one} * {by}")
    inner = _nested(lengths, [text.format(_place(near), _place(far, *moved))], deep)
    return _nested(lengths[:deep], [*checks, *inner])


def _indexed(state: Any, eqn: Eqn) -> tuple[Access, list[Access]] | None:
    """The operand and the indices, where C can look at them as numpy does."""
    indices = [_given(state, atom) for atom in eqn.inputs[1:]]
    integers = all(one.dtype.kind == "i" for one in indices)
    sizes = [eqn.out.shape, *(atom.shape for atom in eqn.inputs)]
    if eqn.out.dtype.kind not in "fi" or not integers or any(0 in shape for shape in sizes):
        return None
    return _given(state, eqn.inputs[0]), indices


def _by_position(state: Any, eqn: Eqn) -> Access | None:
    """Elements by position, or added up there."""
    op: Any = eqn.op
    adds, found = type(op).__name__ == "AddAt", _indexed(state, eqn)
    if found is None or any(one.shape != found[1][0].shape for one in found[1]):
        return None
    given, indices = found
    whole = contiguous(op.shape) if adds else given.strides
    kept = [whole[axis] for axis in op.others()]
    at = op.selected((None,), kept).index(None)
    far = (*kept[:at], *(0 for _ in indices[0].shape), *kept[at:])
    shape = op.selected(indices[0].shape, [op.shape[axis] for axis in op.others()])
    spread = [(*(0,) * at, *one.strides, *(0,) * (len(kept) - at)) for one in indices]
    axes = [(op.shape[axis], whole[axis]) for axis in op.axes]
    return _moved(state, eqn, adds, given, indices, shape, (far, spread, axes))


def _along_axis(state: Any, eqn: Eqn) -> Access | None:
    """Elements along one axis by an index for each, or added up there."""
    op: Any = eqn.op
    adds, found = type(op).__name__ == "GatherDGrad", _indexed(state, eqn)
    if found is None:
        return None
    given, indices = found
    whole = contiguous(op.shape) if adds else given.strides
    length = op.shape[op.dim] if adds else given.shape[op.dim]
    far = tuple(0 if axis == op.dim else by for axis, by in enumerate(whole))
    axes = [(length, whole[op.dim])]
    return _moved(state, eqn, adds, given, indices, indices[0].shape, (far, [indices[0].strides], axes))


def _moved(state: Any, eqn: Eqn, adds: bool, given: Access, indices: list[Access], shape: Shape, how: Any) -> Access:
    """The routine of a selection of ``shape``, or of what is added up at one."""
    far, spread, axes = how
    text = "out[{1}] += p0[{0}];" if adds else "out[{0}] = p0[{1}];"
    lines = _positioned(shape, given.strides if adds else contiguous(shape), far, spread, axes, text)
    return _run(state, eqn, [given, *indices], lines, zeros=adds, checked=True)


# Along one axis ----------------------------------------------------------------------------------------------------


def _running(state: Any, eqn: Eqn) -> Access | None:
    """Running sums and products."""
    op: Any = eqn.op
    given, out, axis = _given(state, eqn.inputs[0]), contiguous(eqn.out.shape), op.axis
    if eqn.out.dtype.kind not in "fi" or eqn.inputs[0].dtype != eqn.out.dtype or 0 in eqn.out.shape:
        return None
    sign, start = ("*", "1") if type(op).__name__ == "CumProd" else ("+", "0")
    n, turn = eqn.out.shape[axis], -1 if op.reverse else 1
    to, of = _place(out), _place(given.strides)
    first = f"i{axis} == {n - 1 if op.reverse else 0}"
    one, other = (to, -turn * out[axis]), (of, -turn * given.strides[axis] if op.exclusive else 0)
    before, part = f"out[{one[0]} + {one[1]}]", f"p0[{other[0]} + {other[1]}]"
    if op.exclusive:
        second = f"i{axis} == {n - 2 if op.reverse else 1}"
        text = f"out[{to}] = {first} ? {start} : {second} ? {part} : {before} {sign} {part};"
    else:
        text = f"out[{to}] = {first} ? {part} : {before} {sign} {part};"
    lines = _nested(eqn.out.shape, [text])
    if op.reverse:
        lines[axis] = f"for (long i{axis} = {n - 1}; i{axis} >= 0; i{axis}--) {{"
    return _run(state, eqn, [given], lines)


def _first_extreme(state: Any, eqn: Eqn) -> Access | None:
    """The place of the first extreme of each row; the first NaN is more than any."""
    op: Any = eqn.op
    given, axis = _given(state, eqn.inputs[0]), op.axis
    if given.dtype.kind not in "fi" or 0 in given.shape:
        return None
    kept = tuple(by for at, by in enumerate(given.strides) if at != axis)
    more, kind = ">" if type(op).__name__ == "Argmax" else "<", given.value.ctype  # type: ignore[union-attr]
    inner = [
        f"const {kind} *row = p0 + {_place(kept)}; {kind} best = row[0]; long at = 0;",
        f"for (long k = 1; k < {given.shape[axis]}; k++) {{",
        f"{kind} one = row[k * {given.strides[axis]}];",
        f"if ((one {more} best) | ((one != one) & (best == best))) {{ best = one; at = k; }}",
        "}",
        f"out[{_place(contiguous(eqn.out.shape))}] = at;",
    ]
    return _run(state, eqn, [given], _nested(eqn.out.shape, inner))


def _pooled(state: Any, eqn: Eqn) -> Access | None:
    """Where the largest element of each window stands; the first of equal ones, and a NaN before all."""
    op: Any = eqn.op
    given, n = state.stored(_given(state, eqn.inputs[0])), len(op.kernel)
    if given.dtype.kind != "f" or 0 in eqn.out.shape or 0 in given.shape:
        return None
    kind, lead = given.value.ctype, len(given.shape) - n
    lengths, strides, lines, inside = given.shape[lead:], contiguous(given.shape)[lead:], [], []
    for axis in range(n):
        lines.append(f"long s{axis} = i{lead + axis} * {op.stride[axis]} - {op.before[axis]};")
        lines.append(f"long w{axis} = s{axis} < 0 ? 0 : s{axis} < {lengths[axis]} ? s{axis} : {lengths[axis] - 1};")
        if op.before[axis] or op.after[axis]:
            inside.append(f"((unsigned long)q{axis} < {lengths[axis]})")
    base = _place(contiguous(given.shape)[:lead])
    source = f"p0[{' + '.join([base, *(f'q{axis} * {by}' for axis, by in enumerate(strides))])}]"
    padded = f"{' && '.join(inside)} ? {source} : -__builtin_inf()" if inside else source
    steps = [f"long q{axis} = s{axis} + k{axis} * {op.dilation[axis]};" for axis in range(n)]
    taken = " ".join(f"w{axis} = q{axis};" for axis in range(n))
    loops = [f"for (long k{axis} = 0; k{axis} < {op.kernel[axis]}; k{axis}++) {{" for axis in range(n)]
    choice = f"if ((one > best) | ((one != one) & (best == best))) {{ best = one; {taken} }}"
    place = "0"
    for axis in range(n):
        place = f"({place} * {lengths[axis]} + w{axis})"
    lines += [f"{kind} best = -__builtin_inf();", *loops, *steps, f"{kind} one = {padded};", choice]
    lines += ["}" for _ in loops]
    lines.append(f"out[{_place(contiguous(eqn.out.shape))}] = {place};")
    return _run(state, eqn, [given], _nested(eqn.out.shape, lines))


# Products over named axes ------------------------------------------------------------------------------------------


def _einsum(state: Any, eqn: Eqn) -> Access | None:
    """A product over named axes is a stack of matrix products of views."""
    op: Any = eqn.op
    if eqn.out.dtype.kind != "f" or any(atom.dtype != eqn.out.dtype for atom in eqn.inputs):
        return None
    left, right, out = op.terms
    size = {x: n for term, atom in zip((left, right), eqn.inputs) for x, n in zip(term, atom.shape)}
    both, rows = [x for x in out if x in left and x in right], [x for x in out if x in left and x not in right]
    columns, summed = [x for x in out if x in right and x not in left], [x for x in left if x in right and x not in out]
    plain = all(len({*term}) == len(term) for term in (left, right, out))
    if not plain or 0 in size.values() or {*both, *rows, *columns, *summed} != {*left, *right, *out}:
        return None

    def length(letters: Sequence[str]) -> int:
        return int(np.prod([size[x] for x in letters], dtype=int))

    def matrix(atom: Any, term: str, order: Sequence[str], shape: Shape) -> Access:
        given = _given(state, atom)
        turned = Access(given.value, tuple(size[x] for x in order), tuple(given.strides[term.index(x)] for x in order),
                        given.offset)  # fmt: skip
        return state.reshaped(turned, shape)

    lead = tuple(size[x] for x in both)
    a = matrix(eqn.inputs[0], left, [*both, *rows, *summed], (*lead, length(rows), length(summed)))
    b = matrix(eqn.inputs[1], right, [*both, *summed, *columns], (*lead, length(summed), length(columns)))
    made = state.product(a, b, lead)
    order = [*both, *rows, *columns]
    split = state.reshaped(made, tuple(size[x] for x in order))
    return Access(split.value, eqn.out.shape, tuple(split.strides[order.index(x)] for x in out), split.offset)


def _filled(state: Any, eqn: Eqn) -> Access:
    """One number everywhere."""
    one = number(np.full((), type(eqn.op).__name__ == "OnesLike", eqn.out.dtype))
    return broadcast_access(Access(None, (), (), 0, one, eqn.out.dtype), eqn.out.shape)


ROUTINES: dict[str, Callable[[Any, Eqn], Access | None]] = {
    **dict.fromkeys(("TakeAt", "AddAt"), _by_position),
    **dict.fromkeys(("GatherD", "GatherDGrad"), _along_axis),
    **dict.fromkeys(("CumSum", "CumProd"), _running),
    **dict.fromkeys(("Argmax", "Argmin"), _first_extreme),
    **dict.fromkeys(("ZerosLike", "OnesLike"), _filled),
    "MaxPoolPlaces": _pooled,
    "Einsum": _einsum,
}
