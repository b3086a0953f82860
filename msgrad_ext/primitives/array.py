"""Ops that move, repeat, join or retype elements without computing."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

import numpy as np

from ..contract import normal_axes, unify
from ..dtype import promote, to_numpy
from ..errors import ArgumentValueError, AxisError, ShapeError
from ..lazy import sym
from ..op import Op
from ..op import cast as op_cast
from ..registry import composite, fn
from ..tensor import Tensor
from .arguments import dims, int_tuple, tensors


class Reshape(Op, view=True):
    """The same elements in row-major order under another shape."""

    certain = True

    def bind(self, a, shape):
        target = list(int_tuple("Reshape", "shape", shape))
        if target.count(-1) > 1 or any(length < -1 for length in target):
            raise ArgumentValueError(f"For 'Reshape', the shape must have at most one -1, but got {tuple(target)}.")
        if -1 in target:
            rest = int(np.prod([length for length in target if length != -1], dtype=np.int64))
            if rest == 0 or a.size % rest:
                raise ShapeError(f"For 'Reshape', {a.shape} can not become {tuple(target)}.")
            target[target.index(-1)] = a.size // rest
        return self.set(shape=tuple(target)), (a,)

    def numpy(self, a):
        return np.reshape(a, self.shape)

    def vjp(self, ct, out, a):
        return fn.reshape(ct, a.shape)

    def out_shape(self, shape):
        if all(isinstance(length, int) for length in shape):
            if math.prod(shape) != math.prod(self.shape):
                raise ShapeError(f"For 'Reshape', {tuple(shape)} can not become {self.shape}.")
        return self.shape

    def meaning(self, a):
        return lambda *i: sym.reshaped(a, i, self.shape)


class Transpose(Op, view=True):
    """Axes in another order: axis ``i`` of the result is axis ``perm[i]`` of the operand."""

    certain = True

    def bind(self, a, perm):
        order = dims("Transpose", "perm", perm)
        if any(not -a.ndim <= axis < a.ndim for axis in order) or sorted(
            axis % max(a.ndim, 1) for axis in order
        ) != list(range(a.ndim)):
            raise ArgumentValueError(
                f"For 'Transpose', perm must hold each of the {a.ndim} axes once, but got {order} for shape {a.shape}."
            )
        return self.set(perm=tuple(axis % a.ndim for axis in order)), (a,)

    def numpy(self, a):
        return np.transpose(a, self.perm)

    def vjp(self, ct, out, a):
        return fn.transpose(ct, tuple(self.perm.index(axis) for axis in range(len(self.perm))))

    def out_shape(self, shape):
        return tuple(shape[axis] for axis in self.perm)

    def meaning(self, a):
        return lambda *i: a[tuple(i[self.perm.index(axis)] for axis in range(a.ndim))]


class ExpandDims(Op, view=True):
    """A new axis of length 1 at position ``axis``."""

    certain = True

    def bind(self, a, axis):
        (position,) = int_tuple("ExpandDims", "axis", axis)
        if not -a.ndim - 1 <= position <= a.ndim:
            raise AxisError(f"For 'ExpandDims', the axis must be in [{-a.ndim - 1}, {a.ndim}], but got {position}.")
        return self.set(axis=position % (a.ndim + 1)), (a,)

    def numpy(self, a):
        return np.expand_dims(a, self.axis)

    def vjp(self, ct, out, a):
        return fn.squeeze(ct, self.axis)

    def out_shape(self, shape):
        return (*shape[: self.axis], 1, *shape[self.axis :])

    def meaning(self, a):
        return lambda *i: a[(*i[: self.axis], *i[self.axis + 1 :])]


class Squeeze(Op, view=True):
    """Those of the axes ``axis`` that have length 1 removed; by default all such axes."""

    certain = True

    def __init__(self, axis=()):
        self.axis = int_tuple("Squeeze", "axis", axis)

    def bind(self, a):
        given = normal_axes("Squeeze", self.axis, a.ndim) if self.axis else range(a.ndim)
        return self.set(axis=tuple(axis for axis in given if a.shape[axis] == 1)), (a,)

    def numpy(self, a):
        return np.squeeze(a, self.axis)

    def vjp(self, ct, out, a):
        return fn.reshape(ct, a.shape)

    def out_shape(self, shape):
        return tuple(length for axis, length in enumerate(shape) if axis not in self.axis)

    def meaning(self, a):
        kept = [axis for axis in range(a.ndim) if axis not in self.axis]
        return lambda *i: a[tuple(i[kept.index(axis)] if axis in kept else 0 for axis in range(a.ndim))]


class BroadcastTo(Op, view=True):
    """The operand repeated along new or length-1 axes, to ``shape``."""

    certain = True

    def __init__(self, shape):
        self.shape = dims("BroadcastTo", "shape", shape)

    def bind(self, a):
        lead = len(self.shape) - a.ndim
        target = tuple(
            a.shape[axis - lead] if length == -1 and axis >= lead else length for axis, length in enumerate(self.shape)
        )
        bound = self.set(shape=target)
        bound.out_shape(a.shape)
        return bound, (a,)

    def numpy(self, a):
        return np.broadcast_to(a, self.shape)

    def vjp(self, ct, out, a):
        return fn.sum_to_shape(ct, a.shape)

    def out_shape(self, shape):
        tail = self.shape[len(self.shape) - len(shape) :]
        fits = len(shape) <= len(self.shape) and all(
            (isinstance(length, int) and length == 1) or unify(length, target) is not None
            for length, target in zip(shape, tail)
        )
        if not fits:
            raise ShapeError(f"For 'BroadcastTo', {tuple(shape)} can not be broadcast to {self.shape}.")
        return self.shape

    def meaning(self, a):
        return lambda *i: a[i]


class Concat(Op):
    """Tensors joined along ``axis``."""

    certain = True

    def __init__(self, axis=0):
        (self.axis,) = int_tuple("Concat", "axis", axis)

    def bind(self, parts):
        given = tensors("Concat", "tensors", parts)
        (axis,) = normal_axes("Concat", self.axis, given[0].ndim)
        return self.set(axis=axis), tuple(given)

    def convert(self, operands):
        """The tensors cast to their common dtype."""
        given = super().convert(operands)
        common = reduce(promote, (one.numpy_dtype for one in given))
        return [op_cast(one, common) for one in given]

    def numpy(self, *parts):
        return np.concatenate(parts, axis=self.axis)

    def vjp(self, ct, out, *parts):
        cts, start = [], 0
        for part in parts:
            stop = start + part.shape[self.axis]
            cts.append(ct[(slice(None),) * self.axis + (slice(start, stop),)])
            start = stop
        return tuple(cts)

    def out_shape(self, *shapes):
        first = list(shapes[0])
        for shape in shapes[1:]:
            if len(shape) != len(first) or any(
                unify(length, other) is None
                for axis, (length, other) in enumerate(zip(first, shape))
                if axis != self.axis
            ):
                raise ShapeError(
                    f"For 'Concat', the shapes must be equal except along axis {self.axis}, "
                    f"but got {' and '.join(str(tuple(shape)) for shape in shapes)}."
                )
        total = shapes[0][self.axis]
        for shape in shapes[1:]:
            total = total + shape[self.axis]
        return (*first[: self.axis], total, *first[self.axis + 1 :])

    def meaning(self, *parts):
        return lambda *i: sym.joined(parts, i, self.axis)


class Cast(Op):
    """The same values in another dtype.

    Notes
    -----
    No cotangent passes a cast from or to an integer or bool: those values are piecewise constant.
    """

    certain = True

    def bind(self, a, dtype):
        return self.set(dtype=to_numpy(dtype)), (a,)

    def numpy(self, a):
        return a.astype(self.dtype)

    def vjp(self, ct, out, a):
        return fn.cast(ct, a.numpy_dtype) if a.numpy_dtype.kind in "fO" else None

    def out_shape(self, shape):
        return tuple(shape)

    def out_dtype(self, kind):
        return self.dtype

    def meaning(self, a):
        if self.dtype.kind in "iu":
            return lambda *i: sym.truncate(a[i])
        return lambda *i: sym.nonzero(a[i]) if self.dtype.kind == "b" else a[i]


class ZerosLike(Op, shapes="... -> ..."):
    """Zeros of the operand's shape and dtype; a constant."""

    certain = True

    def numpy(self, a):
        return np.zeros_like(a)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.number(0)


class OnesLike(Op, shapes="... -> ..."):
    """Ones of the operand's shape and dtype; a constant."""

    certain = True

    def numpy(self, a):
        return np.ones_like(a)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.number(1)


class StopGradient(Op, shapes="... -> ...", constants="a", view=True):
    """The operand itself, taken as a constant at every order of differentiation."""

    certain = True

    def numpy(self, a):
        return a

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: a[i]


@composite(functions="stop_gradient")
def stop_gradient(value: Any) -> Any:
    """``value`` as a constant; tuples and lists member by member, anything but a tensor as it is."""
    if isinstance(value, (tuple, list)):
        return type(value)(stop_gradient(one) for one in value)
    return StopGradient()(value) if hasattr(value, "numpy_dtype") else value


@composite(functions="reshape", methods="reshape view")
def reshape(x: Tensor, *shape: Any) -> Tensor:
    """``x`` under another shape, given as a tuple or as separate ints; one length may be -1."""
    return Reshape()(x, shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape)


@composite(functions="transpose permute", methods="transpose permute")
def transpose(x: Tensor, *axes: Any) -> Tensor:
    """``x`` with its axes in the order ``axes``, by default reversed; two axes of a tensor with more are exchanged."""
    if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
        axes = axes[0] or ()
    elif len(axes) == 2 and x.ndim > 2:
        return fn.swapaxes(x, *axes)
    return Transpose()(x, tuple(axes) or tuple(reversed(range(x.ndim))))


@composite(functions="expand_dims unsqueeze", methods="expand_dims unsqueeze")
def expand_dims(x: Tensor, axis: int) -> Tensor:
    """``x`` with a new axis of length 1."""
    return ExpandDims()(x, axis)


@composite(functions="squeeze", methods="squeeze")
def squeeze(x: Tensor, axis: int | tuple[int, ...] | None = None) -> Tensor:
    """``x`` without axes of length 1; an axis in ``axis`` that is longer stays."""
    return Squeeze(() if axis is None else axis)(x)


@composite(functions="broadcast_to", methods="broadcast_to")
def broadcast_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``x`` repeated to ``shape``."""
    return BroadcastTo(shape)(x)


@composite(functions="sum_to_shape")
def sum_to_shape(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """``x`` summed over the axes along which ``shape`` was broadcast: the transpose of broadcasting."""
    if x.shape == tuple(shape):
        return x
    lead = x.ndim - len(shape)
    repeated = [axis + lead for axis, length in enumerate(shape) if length == 1 and x.shape[axis + lead] != 1]
    axes = (*range(lead), *repeated)
    summed = fn.reduce_sum(x, axes, True) if axes else x
    return summed if summed.shape == tuple(shape) else Reshape()(summed, tuple(shape))
