"""Slices: a tensor's ``x[...]`` with ints, slices, ``...`` and None, and the op that puts a slice back among zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, AxisError, NotSupportedError, ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..registry import composite
from ..tensor import Tensor
from .array import ExpandDims, Squeeze, int_tuple


def slices(begin: Sequence[int], step: Sequence[int], size: Sequence[int]) -> tuple[slice, ...]:
    """The slice of each axis that takes ``size`` elements from ``begin`` by ``step``."""
    result = []
    for first, stride, count in zip(begin, step, size):
        stop = first + stride * count
        result.append(slice(first, stop if stop >= 0 else None, stride) if count else slice(0, 0))
    return tuple(result)


class StridedSlice(Op, view=True):
    """Part of a tensor: element ``i`` of an axis is element ``begin + step * i`` of the operand's."""

    def bind(self, a, begin, end, strides=None):
        begin, end = int_tuple("StridedSlice", "begin", begin), int_tuple("StridedSlice", "end", end)
        strides = int_tuple("StridedSlice", "strides", strides) if strides is not None else (1,) * len(begin)
        if not len(begin) == len(end) == len(strides) or len(begin) > a.ndim:
            raise ArgumentValueError(
                f"For 'StridedSlice', begin, end and strides must have one length, at most {a.ndim}, "
                f"but got {begin}, {end}, {strides}."
            )
        return bound(a, [slice(*item) for item in zip(begin, end, strides)])

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


def bound(a: Tensor, parts: Sequence[Any]) -> Any:
    """`StridedSlice` with its settings for the slices ``parts`` of the first axes of ``a``."""
    begin, step, size = [], [], []
    for axis, length in enumerate(a.shape):
        part = parts[axis] if axis < len(parts) else slice(None)
        if part.step == 0:
            raise ArgumentValueError("For 'StridedSlice', a stride must not be 0.")
        taken = range(*part.indices(length))
        begin.append(taken.start if len(taken) else 0)
        step.append(taken.step)
        size.append(len(taken))
    return StridedSlice().set(begin=tuple(begin), step=tuple(step), size=tuple(size)), (a,)


class StridedSliceGrad(Op):
    """The transpose of `StridedSlice`: the operand at ``begin + step * i`` of an array of zeros of ``shape``."""

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
        return apply(StridedSlice().set(begin=self.begin, step=self.step, size=self.size), (ct,))

    def out_shape(self, shape):
        if tuple(shape) != self.size:
            raise ShapeError(
                f"For 'StridedSliceGrad', the operand's shape must be {self.size}, but got {tuple(shape)}."
            )
        return self.shape

    def meaning(self, a):
        return lambda *i: sym.placed(a, i, self.begin, self.step)


@composite(methods="__getitem__")
def getitem(x: Tensor, index: Any) -> Tensor:
    """``x[index]`` for ints, slices, ``...`` and None, alone or in a tuple."""
    parts = list(index) if isinstance(index, tuple) else [index]
    given = sum(part is not None and part is not Ellipsis for part in parts)
    if given > x.ndim or sum(part is Ellipsis for part in parts) > 1:
        raise AxisError(f"For 'getitem', {given} indices are too many for shape {x.shape}.")
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    spot = next(place for place, part in enumerate(parts) if part is Ellipsis)
    parts[spot : spot + 1] = [slice(None)] * (x.ndim - given)
    taken, dropped, added = [], [], []
    for part in parts:
        if part is None:
            added.append(len(taken) - len(dropped) + len(added))
            continue
        if not isinstance(part, slice):
            part = _one(part, len(taken), x.shape)
            dropped.append(len(taken))
        taken.append(part)
    whole = all(part == slice(None) for part in taken)
    result = x if whole else apply(*bound(x, taken))
    result = Squeeze(tuple(dropped))(result) if dropped else result
    for axis in added:
        result = ExpandDims()(result, axis)
    return result


def _kind(part):
    """What an index is to the user; a stand-in of the trace is a tensor."""
    return "a Tensor" if isinstance(part, Tensor) else type(part).__name__


def _one(part, axis, shape):
    """The slice that takes the single element ``part`` of ``axis``."""
    if isinstance(part, (bool, np.bool_)) or not hasattr(part, "__index__") or getattr(part, "ndim", 0):
        raise NotSupportedError(
            f"For 'getitem', an index must be an int, a slice, ... or None, but got {_kind(part)}; "
            "select with ops.where, or take the rows one by one and join them with ops.stack."
        )
    try:
        position = part.__index__()
    except TypeError as error:
        raise ArgumentError(f"For 'getitem', {error}") from None
    if not -shape[axis] <= position < shape[axis]:
        raise AxisError(f"For 'getitem', index {position} is out of range for axis {axis} of shape {shape}.")
    position %= shape[axis]
    return slice(position, position + 1, 1)
