"""Sums, means and maxima over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import normal_axes
from ..errors import ArgumentError, ArgumentValueError, DtypeError
from ..lazy import sym
from ..op import Op
from ..registry import composite, fn
from ..tensor import Tensor


class _Reduction(Op, abstract=True):
    """Base of reductions: the axes are an argument of the call, ``()`` meaning all of them."""

    def __init__(self, keep_dims=False):
        if not isinstance(keep_dims, bool):
            raise ArgumentError(
                f"For '{type(self).__name__}', the 'keep_dims' should be bool, but got {type(keep_dims).__name__}."
            )
        self.keep_dims = keep_dims

    def bind(self, a, axis=()):
        return self.set(axis=normal_axes(type(self).__name__, axis, a.ndim)), (a,)

    def out_shape(self, shape):
        if self.keep_dims:
            return tuple(1 if axis in self.axis else length for axis, length in enumerate(shape))
        return tuple(length for axis, length in enumerate(shape) if axis not in self.axis)

    def kept(self, value, a):
        """``value``, of the result's shape, with the reduced axes of ``a`` put back with length 1."""
        return fn.reshape(value, tuple(1 if axis in self.axis else n for axis, n in enumerate(a.shape)))

    def count(self, a):
        """How many elements of ``a`` go into one of the result."""
        return int(np.prod([a.shape[axis] for axis in self.axis], dtype=np.int64))


class ReduceSum(_Reduction):
    """Sum over axes."""

    def __init__(self, keep_dims=False, skip_mode=False):
        super().__init__(keep_dims)
        self.skip_mode = skip_mode

    def bind(self, a, axis=()):
        if self.skip_mode and axis in ((), [], None):
            return a
        op, operands = super().bind(a, axis)
        del op.skip_mode
        return op, operands

    def numpy(self, a):
        return np.sum(a, axis=self.axis, keepdims=self.keep_dims, dtype=a.dtype)

    def vjp(self, ct, out, a):
        return fn.broadcast_to(self.kept(ct, a), a.shape)

    def meaning(self, a):
        return sym.reduction(a, self.axis, self.keep_dims, sym.totals)


class ReduceMean(_Reduction):
    """Mean over axes."""

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'ReduceMean', the operand must be a float tensor, but got {kind}.")
        return kind

    def numpy(self, a):
        return np.mean(a, axis=self.axis, keepdims=self.keep_dims)

    def vjp(self, ct, out, a):
        n = self.count(a)
        # In float16 a count above 65504 is infinite, but its reciprocal is a number.
        share = ct / n if n <= 65504 else ct * (1 / n)
        return fn.broadcast_to(self.kept(share, a), a.shape)

    def meaning(self, a):
        total = sym.reduction(a, self.axis, self.keep_dims, sym.totals)
        return lambda *i: total(*i) / sym.product([a.shape[axis] for axis in self.axis])


class ReduceMax(_Reduction):
    """Maximum over axes.

    Notes
    -----
    Elements that tie for the maximum share the cotangent equally, MindSpore's convention.
    """

    smooth = False

    def bind(self, a, axis=()):
        op, operands = super().bind(a, axis)
        if op.count(a) == 0:
            raise ArgumentValueError(f"For 'ReduceMax', there is no maximum over an empty axis of shape {a.shape}.")
        return op, operands

    def numpy(self, a):
        return np.max(a, axis=self.axis, keepdims=self.keep_dims)

    def vjp(self, ct, out, a):
        ties = a == self.kept(out, a)
        count = fn.reduce_sum(fn.cast(ties, a.numpy_dtype), self.axis, True)
        share = fn.broadcast_to(self.kept(ct, a) / count, a.shape)
        return fn.select(ties, share, fn.zeros_like(share))

    def meaning(self, a):
        return sym.reduction(a, self.axis, self.keep_dims, sym.largests)


@composite(functions="reduce_sum sum", methods="sum reduce_sum")
def reduce_sum(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over ``axis``; over all axes by default."""
    return ReduceSum(keepdims)(x, () if axis is None else axis)


@composite(functions="reduce_mean mean", methods="mean reduce_mean")
def reduce_mean(x: Tensor, axis: Any = None, keep_dims: bool = False) -> Tensor:
    """Mean over ``axis``; over all axes by default."""
    return ReduceMean(keep_dims)(x, () if axis is None else axis)


@composite(functions="reduce_max amax", methods="amax max")
def reduce_max(x: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Maximum over ``axis``; over all axes by default. Ties share the cotangent."""
    return ReduceMax(keepdims)(x, () if axis is None else axis)
