"""Elements taken by arrays of integers, one for each of some axes, and the transpose of that, which adds them up.

`TakeAt` and `AddAt` carry everything that selects by position: gathers, scatters, segments, and a tensor's index by
tensors. MindSpore's ops are composed of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..contract import broadcast
from ..errors import DtypeError, PositionError, ShapeError
from ..lazy import sym
from ..op import Composite, Op, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import integer, one_axis, pinned, tensor
from .array import BroadcastTo, Reshape


def place_of(axes: Sequence[int]) -> int:
    """Where the axes of the indices stand in the result: at the first of ``axes`` if they are neighbours, else in front."""
    return axes[0] if list(axes) == list(range(axes[0], axes[0] + len(axes))) else 0


class _ByPosition(Op, abstract=True):
    """Base of the two: how positions of the whole array and of the selection belong together."""

    def __init__(self, axes: Sequence[int], shape: Sequence[int]) -> None:
        self.axes, self.shape = tuple(axes), tuple(shape)

    def others(self) -> tuple[int, ...]:
        """The axes that no index selects from."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.axes)

    def selected(self, index: Sequence[Any], kept: Sequence[Any]) -> tuple[Any, ...]:
        """Axes of the selection: those of an index in their place among the ``kept`` ones."""
        at = place_of(self.axes)
        return (*kept[:at], *index, *kept[at:])


class TakeAt(_ByPosition):
    """Elements by position: ``out[i, j] = a[index[i], j]`` for axis 0.

    Notes
    -----
    Where a position comes twice, its cotangents add. An index may be negative, counting from the end.
    """

    def numpy(self, a, *indices):
        at = iter(indices)
        return a[tuple(next(at) if axis in self.axes else slice(None) for axis in range(a.ndim))]

    def vjp(self, ct, out, a, *indices):
        return (apply(AddAt(self.axes, self.shape), (ct, *indices)), *(None for _ in indices))

    def out_shape(self, shape, *indices):
        return self.selected(indices[0], [shape[axis] for axis in self.others()])

    def out_dtype(self, kind, *indices):
        return kind

    def meaning(self, a, *indices):
        rank = indices[0].ndim
        at = place_of(self.axes)

        def element(*i):
            rest = iter((*i[:at], *i[at + rank :]))
            here = iter(index[i[at : at + rank]] for index in indices)
            return a[tuple(next(here) if axis in self.axes else next(rest) for axis in range(a.ndim))]

        return element


class AddAt(_ByPosition):
    """The transpose of `TakeAt`: the operand's elements added up at their positions in zeros of ``shape``."""

    def numpy(self, a, *indices):
        out = np.zeros(self.shape, a.dtype)
        if self.axes == (0,):
            # numpy adds single elements at places of a line in a fifth of the time that rows of a table take.
            width = out.size // max(self.shape[0], 1)
            rows = np.arange(self.shape[0])[indices[0]].reshape(-1, 1)
            np.add.at(out.reshape(-1), (rows * width + np.arange(width)).reshape(-1), a.reshape(-1))
            return out
        at = iter(indices)
        np.add.at(out, tuple(next(at) if axis in self.axes else slice(None) for axis in range(len(self.shape))), a)
        return out

    def vjp(self, ct, out, a, *indices):
        return (apply(TakeAt(self.axes, self.shape), (ct, *indices)), *(None for _ in indices))

    def out_shape(self, shape, *indices):
        wanted = self.selected(indices[0], [self.shape[axis] for axis in self.others()])
        if all(isinstance(length, int) for length in (*shape, *wanted)) and tuple(shape) != wanted:
            raise ShapeError(f"For 'AddAt', the operand must have shape {wanted}, but got {tuple(shape)}.")
        return self.shape

    def out_dtype(self, kind, *indices):
        return kind

    def meaning(self, a, *indices):
        rank, lengths = indices[0].ndim, indices[0].shape

        def element(*p):
            kept = [p[axis] for axis in self.others()]
            goal = tuple(p[axis] for axis in self.axes)

            def part(*t):
                here = tuple(index[t] for index in indices)
                return a[self.selected(t, kept)] * sym.equal_places(goal, here)

            return sym.totals(lengths, part) if rank else part()

        return element


def checked_index(op: str, index: Any, length: int) -> Tensor:
    """``index``, a tensor of ints for an axis of ``length``, with its negative entries counted from the start."""
    given = tensor(op, "indices", index)
    if given.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the indices must be ints, but got {given.dtype}.")
    known = given._array()
    if not known.size:
        return given
    low, high = int(known.min()), int(known.max())
    if low < -length or high >= length:
        worst = low if low < -length else high
        raise PositionError(f"For '{op}', an index must be in [{-length}, {length}), but got {worst}.")
    if low >= 0:
        return given
    if given.numpy_dtype.kind == "u" or not hasattr(given, "_trace"):
        return Tensor._wrap(np.where(known < 0, known + length, known))
    return fn.select(given < 0, given + length, given)


def taken(x: Tensor, axes: Sequence[int], indices: Sequence[Tensor]) -> Tensor:
    """The elements of ``x`` at ``indices`` (checked) along ``axes``; the indices broadcast."""
    shape = broadcast(*(index.shape for index in indices))
    if shape is None:
        raise ShapeError(f"The indices must broadcast, but got shapes {', '.join(str(i.shape) for i in indices)}.")
    spread = tuple(index if index.shape == shape else BroadcastTo(shape)(index) for index in indices)
    return apply(TakeAt(axes, x.shape), (x, *spread))


def added(x: Tensor, axes: Sequence[int], indices: Sequence[Tensor], shape: Sequence[int]) -> Tensor:
    """Zeros of ``shape`` with ``x`` added at ``indices`` (checked, of one shape) along ``axes``."""
    return apply(AddAt(axes, shape), (x, *indices))


def gathered(op: str, x: Tensor, index: Any, axis: int, batch_dims: int = 0) -> Tensor:
    """``x`` at ``index`` along ``axis``; the first ``batch_dims`` axes of both go together."""
    place = one_axis(op, axis, x.ndim)
    at = checked_index(op, index, x.shape[place])
    batch = integer(op, "batch_dims", batch_dims)
    batch = batch + at.ndim if batch < 0 else batch
    if not batch:
        return taken(x, (place,), (at,))
    if not 0 <= batch <= min(at.ndim, place) or x.shape[:batch] != at.shape[:batch]:
        raise ShapeError(
            f"For '{op}', the first batch_dims = {batch} axes of input and indices must be equal and before axis "
            f"{place}, but got {x.shape} and {at.shape}."
        )
    # With the axis behind the batch axes, each of these is an index that counts along itself.
    front = fn.movedim(x, place, batch)
    counts = [
        Tensor(np.arange(n).reshape([-1 if other == one else 1 for other in range(at.ndim)]))
        for one, n in enumerate(at.shape[:batch])
    ]
    found = taken(front, tuple(range(batch + 1)), (*counts, at))
    return fn.movedim(found, tuple(range(batch, at.ndim)), tuple(range(place, place + at.ndim - batch)))


class Gather(Composite, aliases="GatherV2"):
    """Slices of the operand along ``axis`` at the indices."""

    def __init__(self, batch_dims: int = 0) -> None:
        self.batch_dims = integer("Gather", "batch_dims", batch_dims)

    def compute(self, input_params: Any, input_indices: Any, axis: int) -> Tensor:
        """The gathered tensor."""
        return gathered("Gather", tensor("Gather", "input_params", input_params), input_indices, axis, self.batch_dims)


@composite(functions="gather")
def gather(input_params: Any, input_indices: Any, axis: int, batch_dims: int = 0) -> Tensor:
    """Slices of ``input_params`` along ``axis`` at ``input_indices``."""
    return gathered("gather", tensor("gather", "input_params", input_params), input_indices, axis, batch_dims)


@composite(methods="gather")
def gather_method(self: Tensor, first: Any, second: Any, batch_dims: int = 0, **named: Any) -> Tensor:
    """``x.gather(indices, axis)``: slices along an axis; ``x.gather(dim, index)``: elements along it."""
    if isinstance(first, int) and isinstance(second, Tensor):
        return fn.gather_elements(self, first, second)
    return gathered("gather", self, first, second, batch_dims)


@composite(functions="index_select", methods="index_select")
def index_select(input: Any, axis: int, index: Any) -> Tensor:
    """Slices of ``input`` along ``axis`` at the vector ``index``."""
    x, at = tensor("index_select", "input", input), tensor("index_select", "index", index)
    if at.ndim > 1:
        raise ShapeError(f"For 'index_select', the index must have one axis, but got shape {at.shape}.")
    return gathered("index_select", x, at, axis)


@composite(functions="take", methods="take")
def take(input: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Tensor:
    """Slices of ``input`` along ``axis`` at ``indices``; by default elements of all, in row-major order."""
    x, at = tensor("take", "input", input), tensor("take", "indices", indices)
    if axis is None:
        x, axis = Reshape()(x, (-1,)), 0
    length = x.shape[one_axis("take", axis, x.ndim)]
    if mode == "clip":
        at = fn.select(at < 0, fn.zeros_like(at), fn.select(at < length, at, at * 0 + (length - 1)))
    elif mode == "wrap":
        at = Tensor._wrap(np.mod(pinned(at), length))
    return gathered("take", x, at, axis)


def parts_of(op: str, indices: Any, shape: Sequence[int]) -> list[Tensor]:
    """The positions in the last axis of ``indices``, one tensor for each of the first axes of ``shape``."""
    at = tensor(op, "indices", indices)
    if at.numpy_dtype.kind not in "iu":
        raise DtypeError(f"For '{op}', the indices must be ints, but got {at.dtype}.")
    if not at.ndim or at.shape[-1] > len(shape):
        raise ShapeError(
            f"For '{op}', the last axis of the indices must be at most {len(shape)} long, but got shape {at.shape}."
        )
    return [checked_index(op, at[..., axis], shape[axis]) for axis in range(at.shape[-1])]


class GatherNd(Composite, functions="gather_nd", methods="gather_nd"):
    """Slices of the operand at the positions that stand in the last axis of the indices."""

    def compute(self, input_x: Any, indices: Any) -> Tensor:
        """The gathered tensor."""
        x = tensor("GatherNd", "input_x", input_x)
        parts = parts_of("GatherNd", indices, x.shape)
        return taken(x, tuple(range(len(parts))), parts)


class EmbeddingLookup(Composite):
    """Rows of the operand at ``indices - offset``; zeros where that is outside."""

    def compute(self, input_params: Any, input_indices: Any, offset: int = 0) -> Tensor:
        """The rows."""
        table = tensor("EmbeddingLookup", "input_params", input_params)
        at = tensor("EmbeddingLookup", "input_indices", input_indices) - integer("EmbeddingLookup", "offset", offset)
        inside = fn.logical_and(at >= 0, at < table.shape[0])
        rows = gathered("EmbeddingLookup", table, fn.select(inside, at, fn.zeros_like(at)), 0)
        return fn.select(fn.reshape(inside, (*inside.shape, *(1,) * (table.ndim - 1))), rows, 0.0)


__all__ = ["added", "checked_index", "gathered", "parts_of", "place_of", "taken"]
