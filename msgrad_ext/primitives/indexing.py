"""Slices: the op that takes every n-th element of each axis, and the one that puts a slice back among zeros."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from operator import index as as_index
from typing import Any

import numpy as np

from ..errors import ArgumentValueError, ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..tensor import Tensor
from .arguments import dims, integer, tensor


def slices(begin: Sequence[int], step: Sequence[int], size: Sequence[int]) -> tuple[slice, ...]:
    """The slice of each axis that takes ``size`` elements from ``begin`` by ``step``."""
    result = []
    for first, stride, count in zip(begin, step, size):
        stop = first + stride * count
        result.append(slice(first, stop if stop >= 0 else None, stride) if count else slice(0, 0))
    return tuple(result)


class StridedSlice(Op, view=True):
    """Part of a tensor: element ``i`` of an axis is element ``begin + step * i`` of the operand's."""

    certain = True

    def __init__(self, begin_mask=0, end_mask=0, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
        self.begin_mask, self.end_mask, self.ellipsis_mask = begin_mask, end_mask, ellipsis_mask
        self.new_axis_mask, self.shrink_axis_mask = new_axis_mask, shrink_axis_mask
        for name, mask in vars(self).items():
            integer("StridedSlice", name, mask, 0)

    def bind(self, input_x, begin, end, strides=None):
        begin, end = dims("StridedSlice", "begin", begin), dims("StridedSlice", "end", end)
        strides = (1,) * len(begin) if strides is None else dims("StridedSlice", "strides", strides)
        if not len(begin) == len(end) == len(strides):
            raise ArgumentValueError(
                f"For 'StridedSlice', begin, end and strides must have one length, but got {begin}, {end}, {strides}."
            )
        if 0 in strides:
            raise ArgumentValueError("For 'StridedSlice', a stride must not be 0.")
        return tensor("StridedSlice", "input_x", input_x)[self.parts(begin, end, strides)]

    def parts(self, begin: Sequence[int], end: Sequence[int], strides: Sequence[int]) -> tuple[Any, ...]:
        """The index that begin, end, strides and the masks say; bit ``i`` of a mask speaks of part ``i``."""
        found: list[Any] = []
        for place, (start, stop, step) in enumerate(zip(begin, end, strides)):
            bit = 1 << place
            if self.ellipsis_mask & bit:
                found.append(Ellipsis)
            elif self.new_axis_mask & bit:
                found.append(None)
            elif self.shrink_axis_mask & bit:
                found.append(start)
            else:
                first, last = self.begin_mask & bit, self.end_mask & bit
                found.append(slice(None if first else start, None if last else stop, step))
        return tuple(found)

    @property
    def index(self) -> tuple[slice, ...]:
        """The slices to take."""
        return slices(self.begin, self.step, self.size)

    def numpy(self, a):
        return a[self.index]

    def vjp(self, ct, out, a):
        return StridedSliceGrad(self.begin, self.step, self.size, a.shape)(ct)

    def out_shape(self, shape):
        if len(shape) != len(self.size):
            raise ShapeError(
                f"For 'StridedSlice', the operand must have {len(self.size)} axes, but got {tuple(shape)}."
            )
        return self.size

    def meaning(self, a):
        return lambda *i: a[tuple(first + by * k for first, by, k in zip(self.begin, self.step, i))]


# Where slices that reach over an end of their axis are noted: pairs of the axis's length and the length that would do.
OVER: ContextVar[list[tuple[int, int]] | None] = ContextVar("over", default=None)


def _note_over(part: slice, length: int) -> None:
    """Note a slice that another length would not cut short."""
    noted = OVER.get()
    ends = [one for one in (part.start, part.stop) if one is not None]
    reach = max((one if one >= 0 else -one for one in map(as_index, ends)), default=0)
    if noted is not None and reach > length:
        noted.append((length, reach))


def bound(a: Tensor, parts: Sequence[Any]) -> Any:
    """`StridedSlice` with its settings for the slices ``parts`` of the first axes of ``a``."""
    begin, step, size = [], [], []
    for axis, length in enumerate(a.shape):
        part = parts[axis] if axis < len(parts) else slice(None)
        if part.step == 0:
            raise ArgumentValueError("For 'StridedSlice', a stride must not be 0.")
        _note_over(part, length)
        taken = range(*part.indices(length))
        begin.append(taken.start if len(taken) else 0)
        step.append(taken.step)
        size.append(len(taken))
    return strided(begin, step, size), (a,)


def strided(begin: Sequence[int], step: Sequence[int], size: Sequence[int]) -> StridedSlice:
    """The op that takes ``size`` elements of each axis from ``begin`` by ``step``."""
    op = object.__new__(StridedSlice)
    op.__dict__.update(begin=tuple(begin), step=tuple(step), size=tuple(size))
    return op


class StridedSliceGrad(Op):
    """The transpose of `StridedSlice`: the operand at ``begin + step * i`` of an array of zeros of ``shape``."""

    certain = True

    def __init__(self, begin, step, size, shape):
        self.begin, self.step, self.size, self.shape = tuple(begin), tuple(step), tuple(size), tuple(shape)

    @property
    def index(self) -> tuple[slice, ...]:
        """The slices to fill."""
        return slices(self.begin, self.step, self.size)

    def numpy(self, a):
        out = np.zeros(self.shape, a.dtype)
        out[self.index] = a
        return out

    def vjp(self, ct, out, a):
        return apply(strided(self.begin, self.step, self.size), (ct,))

    def out_shape(self, shape):
        if tuple(shape) != self.size:
            raise ShapeError(
                f"For 'StridedSliceGrad', the operand's shape must be {self.size}, but got {tuple(shape)}."
            )
        return self.shape

    def meaning(self, a):
        return lambda *i: sym.placed(a, i, self.begin, self.step)
