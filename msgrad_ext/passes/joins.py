"""Concatenations of slices, and slices of concatenations.

::

    v1 = StridedSlice[begin=(0, 0), step=(1, 1), size=(2, 3)] x
    v2 = StridedSlice[begin=(2, 0), step=(1, 1), size=(2, 3)] x       ->    v3 = x
    v3 = Concat[axis=0] v1 v2                        (x: f32[4,3])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..ir import Atom, Eqn, Shape, Var
from ..op import Op
from .rewriting import Rewriter, is_float, plain, size
from .simplify import on

_FEWEST = 3


@dataclass(frozen=True, eq=False)
class Run:
    """Elements ``start`` to ``stop`` of ``source`` in row-major order, all of a range of its first axis."""

    source: Atom
    start: int
    stop: int


def run_of(state: Rewriter, atom: Atom) -> Run:
    """What ``atom`` takes, without a gap, of something larger; all of itself if nothing else."""
    inner = atom
    made: Any = state.made.get(inner) if isinstance(inner, Var) else None
    while made is not None and type(made.op).__name__ in ("Reshape", "Squeeze", "ExpandDims"):
        inner = made.inputs[0]
        made = state.made.get(inner) if isinstance(inner, Var) else None
    if made is None or type(made.op).__name__ != "StridedSlice" or not _rows(made.op, made.inputs[0].shape):
        return Run(atom, 0, size(atom))
    source = made.inputs[0]
    row = size(source) // source.shape[0]
    return Run(source, made.op.begin[0] * row, (made.op.begin[0] + made.op.size[0]) * row)


def _rows(op: Any, shape: Shape) -> bool:
    """True for a slice of the first axis alone."""
    return (
        bool(shape)
        and shape[0] > 0
        and all(step == 1 for step in op.step)
        and not any(op.begin[1:])
        and tuple(op.size[1:]) == tuple(shape[1:])
    )


def row_slice(start: int, count: int, shape: Shape) -> Op:
    """Rows ``start`` to ``start + count`` of something of ``shape``."""
    rest = tuple(shape[1:])
    begin, step = (start, *(0 for _ in rest)), (1,) * len(shape)
    return plain("StridedSlice").set(begin=begin, step=step, size=(count, *rest))


def joined(state: Rewriter, parts: Sequence[Atom]) -> Atom:
    """``parts``, of which all but the first axis are equal, joined along it, without a copy where they lie so already."""
    total = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
    found = whole(state, parts)
    if found is not None:
        return state.reshaped(found, total)
    return state.make(plain("Concat").set(axis=0), *parts)


def whole(state: Rewriter, parts: Sequence[Atom]) -> Atom | None:
    """What ``parts`` are consecutive ranges of, cut to their range; None if they are not."""
    if len(parts) == 1:
        return parts[0]
    first = run_of(state, parts[0])
    stop = first.start
    for part in parts:
        run = run_of(state, part)
        if run.source is not first.source or run.start != stop:
            return None
        stop = run.stop
    shape = first.source.shape
    row = size(first.source) // max(shape[0], 1) if shape else 1
    if not shape or not row or (stop - first.start) == row * shape[0]:
        return first.source
    return state.make(row_slice(first.start // row, (stop - first.start) // row, shape), first.source)


@on("Concat")
def concatenations(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """Consecutive slices of one thing, joined again, are that thing."""
    if type(op).__name__ != "Concat":
        return None
    if len(inputs) == 1:
        return inputs[0]
    # Along a later axis the slices lie so in memory only where the axes before it have length 1.
    if not size(out) or any(length != 1 for length in out.shape[: op.axis]):
        return None
    found = whole(state, inputs)
    return None if found is None else state.reshaped(found, out.shape)


@on("StridedSlice")
def slices(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """A slice that takes all, a slice of a slice, and a slice of a concatenation that lies in one part."""
    if type(op).__name__ != "StridedSlice":
        return None
    given = inputs[0]
    if out.shape == given.shape and all(step == 1 for step in op.step):
        return given
    made: Any = state.made.get(given) if isinstance(given, Var) else None
    if made is None:
        return None
    if type(made.op).__name__ == "StridedSlice":
        inner = made.op
        begin = tuple(first + by * at for first, by, at in zip(inner.begin, inner.step, op.begin))
        step = tuple(outer * by for outer, by in zip(op.step, inner.step))
        return op.set(begin=begin, step=step), made.inputs
    if type(made.op).__name__ != "Concat" or not size(out):
        return None
    axis, start = made.op.axis, 0
    ends = sorted((op.begin[axis], op.begin[axis] + op.step[axis] * (op.size[axis] - 1)))
    for part in made.inputs:
        stop = start + part.shape[axis]
        if start <= ends[0] and ends[1] < stop:
            moved = tuple(at - start if place == axis else at for place, at in enumerate(op.begin))
            return op.set(begin=moved), (part,)
        start = stop
    return None


@on("Concat")
def products(state: Rewriter, op: Any, inputs: tuple[Atom, ...], out: Var) -> Any:
    """Products with one matrix, joined, are the product of what is joined."""
    if any(length != 1 for length in out.shape[: op.axis]) or len(inputs) < _FEWEST:
        return None
    made = [_product(state, part) for part in inputs]
    first = made[0]
    if first is None or any(one is None or one.inputs[1] is not first.inputs[1] for one in made):
        return None
    parts = [one.inputs[0] for one in made if one is not None]
    if size(parts[0]) > 2 * size(inputs[0]):
        return None
    return state.reshaped(state.make(first.op, joined(state, parts), first.inputs[1]), out.shape)


def _product(state: Rewriter, part: Atom) -> Eqn | None:
    """The matrix product that ``part`` is, perhaps under another shape, if it is used here alone."""
    made = state.source(part, "Reshape")
    inner = part if made is None else made.inputs[0]
    return state.source(inner, "MatMul") if state.once(part) and state.once(inner) else None


@on("Add", sees="Add")
def offsets(state: Rewriter, op: Op, inputs: tuple[Atom, ...], out: Var) -> Any:
    """``(p + s) + c`` is ``p + (s + c)`` for slices ``s`` and rows ``c``, so that all ``s + c`` are one sum."""
    for total, row in (inputs, inputs[::-1]):
        made = state.source(total, "Add") if total.shape == out.shape and state.once(total) else None
        if made is None or not isinstance(row, Var) or size(row) >= size(out) or not is_float(out):
            continue
        for part, other in (made.inputs, made.inputs[::-1]):
            if part.shape == other.shape == out.shape and state.source(part, "StridedSlice") and state.once(part):
                state.moved += 1
                return op, (other, state.make(op, part, row))
    return None


RULES = (concatenations, products, slices)
