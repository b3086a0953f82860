"""Reductions over axes: sum, mean, maximum, minimum, all and any, and what is composed of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..contract import normal_axes
from ..dtype import to_numpy
from ..errors import ArgumentError, ArgumentValueError, DtypeError, ShapeError
from ..lazy import sym
from ..op import Composite, Op
from ..registry import composite, fn
from ..tensor import Tensor


def flag(op: str, name: str, value: Any) -> bool:
    """``value``, which must be a bool."""
    if not isinstance(value, bool):
        raise ArgumentError(f"For '{op}', the '{name}' should be bool, but got {type(value).__name__}.")
    return value


def operand(op: str, value: Any) -> Tensor:
    """``value``, which must be a tensor."""
    if not isinstance(value, Tensor):
        raise ArgumentError(f"For '{op}', the operand must be a Tensor, but got {type(value).__name__}.")
    return value


class _Reduction(Op, abstract=True):
    """Base of reductions: the axes are an argument of the call, ``()`` meaning all of them."""

    def __init__(self, keep_dims=False):
        self.keep_dims = flag(type(self).__name__, "keep_dims", keep_dims)

    def bind(self, a, axis=()):
        a = operand(type(self).__name__, a)
        if a.ndim == 0 and axis in (0, -1, (0,), (-1,)) and not isinstance(axis, bool):
            axis = ()
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
        return math.prod(a.shape[axis] for axis in self.axis)


class ReduceSum(_Reduction):
    """Sum over axes."""

    certain = True

    def __init__(self, keep_dims=False, skip_mode=False):
        super().__init__(keep_dims)
        self.skip_mode = flag("ReduceSum", "skip_mode", skip_mode)

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
    """Mean over axes; over no element it is NaN. The mean of ints is an int, cut off, as in MindSpore."""

    certain = True

    def bind(self, a, axis=()):
        op, operands = super().bind(a, axis)
        if operands[0].numpy_dtype.kind not in "iu":
            return op, operands
        exact = ReduceMean(self.keep_dims)(fn.cast(operands[0], np.float64), axis)
        return fn.cast(exact, operands[0].numpy_dtype)

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'ReduceMean', the operand must not be a bool tensor, but got {kind}.")
        return kind

    def numpy(self, a):
        if not a.size:
            # numpy's own mean of nothing warns.
            return np.sum(a, axis=self.axis, keepdims=self.keep_dims, dtype=a.dtype) * np.nan
        return np.mean(a, axis=self.axis, keepdims=self.keep_dims)

    def vjp(self, ct, out, a):
        n = self.count(a)
        # In float16 a count above 65504 is infinite, but its reciprocal is a number.
        share = ct / n if n <= 65504 else ct * (1 / n)
        return fn.broadcast_to(self.kept(share, a), a.shape)

    def meaning(self, a):
        total = sym.reduction(a, self.axis, self.keep_dims, sym.totals)
        return lambda *i: total(*i) / sym.product([a.shape[axis] for axis in self.axis])


class _Extreme(_Reduction, abstract=True):
    """Base of maximum and minimum: there must be an element, and ties share the cotangent."""

    smooth = False

    def bind(self, a, axis=()):
        op, operands = super().bind(a, axis)
        name = type(self).__name__
        if operands[0].numpy_dtype.kind not in "iufO":
            raise DtypeError(f"For '{name}', the operand must be a tensor of numbers, but got bool.")
        if op.count(operands[0]) == 0:
            raise ArgumentValueError(f"For '{name}', there is no extreme of an empty axis of shape {a.shape}.")
        return op, operands

    def vjp(self, ct, out, a):
        ties = a == self.kept(out, a)
        count = fn.reduce_sum(fn.cast(ties, a.numpy_dtype), self.axis, True)
        share = fn.broadcast_to(self.kept(ct, a) / count, a.shape)
        return fn.select(ties, share, fn.zeros_like(share))


class ReduceMax(_Extreme):
    """Maximum over axes.

    Notes
    -----
    Elements that tie for the maximum share the cotangent equally, MindSpore's convention.
    """

    certain = True

    def numpy(self, a):
        return np.max(a, axis=self.axis, keepdims=self.keep_dims)

    def meaning(self, a):
        return sym.reduction(a, self.axis, self.keep_dims, sym.largests)


class ReduceMin(_Extreme):
    """Minimum over axes.

    Notes
    -----
    Elements that tie for the minimum share the cotangent equally, MindSpore's convention.
    """

    certain = True

    def numpy(self, a):
        return np.min(a, axis=self.axis, keepdims=self.keep_dims)

    def meaning(self, a):
        return sym.reduction(a, self.axis, self.keep_dims, sym.smallests)


class _Truth(_Reduction, abstract=True):
    """Base of all and any: bool in, bool out, no gradient. Numbers count as true unless they are 0."""

    smooth = False

    def bind(self, a, axis=()):
        op, (a,) = super().bind(a, axis)
        return op, (a if a.numpy_dtype.kind == "b" else a != 0,)

    def vjp(self, ct, out, a):
        return None


class ReduceAll(_Truth):
    """Whether all elements over axes are true."""

    def numpy(self, a):
        return np.all(a, axis=self.axis, keepdims=self.keep_dims)

    def meaning(self, a):
        false = sym.reduction(a, self.axis, self.keep_dims, lambda n, f: sym.totals(n, lambda *k: 1 - f(*k)))
        return lambda *i: sym.compare(false(*i), "==", 0)


class ReduceAny(_Truth):
    """Whether any element over axes is true."""

    def numpy(self, a):
        return np.any(a, axis=self.axis, keepdims=self.keep_dims)

    def meaning(self, a):
        true = sym.reduction(a, self.axis, self.keep_dims, sym.totals)
        return lambda *i: sym.compare(true(*i), "!=", 0)


def widened(x: Tensor, dtype: Any) -> Tensor:
    """``x`` as sums and products take it: in ``dtype`` if that is given, else bools and ints as int64."""
    if dtype is not None:
        return fn.cast(x, to_numpy(dtype))
    return x if x.numpy_dtype.kind not in "biu" else fn.cast(x, np.int64)


@composite(functions="reduce_sum", methods="reduce_sum")
def reduce_sum(x: Tensor, axis: Any = (), keep_dims: bool = False) -> Tensor:
    """Sum over ``axis`` in the operand's own dtype; over all axes by default."""
    return ReduceSum(keep_dims)(x, axis)


@composite(functions="reduce_mean", methods="reduce_mean")
def reduce_mean(x: Tensor, axis: Any = (), keep_dims: bool = False) -> Tensor:
    """Mean over ``axis``; over all axes by default."""
    return ReduceMean(keep_dims)(x, axis)


@composite(functions="reduce_max", methods="reduce_max")
def reduce_max(x: Tensor, axis: Any = (), keep_dims: bool = False) -> Tensor:
    """Maximum over ``axis``; over all axes by default. Ties share the cotangent."""
    return ReduceMax(keep_dims)(x, axis)


@composite(functions="reduce_min", methods="reduce_min")
def reduce_min(x: Tensor, axis: Any = (), keep_dims: bool = False) -> Tensor:
    """Minimum over ``axis``; over all axes by default. Ties share the cotangent."""
    return ReduceMin(keep_dims)(x, axis)


@composite(functions="sum")
def sum_(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum over ``dim``; over all axes by default. The sum of ints and bools is Int64."""
    return ReduceSum(flag("sum", "keepdim", keepdim))(widened(operand("sum", input), dtype), dim)


@composite(functions="mean")
def mean(x: Tensor, axis: Any = None, keep_dims: bool = False) -> Tensor:
    """Mean over ``axis``; over all axes by default."""
    return ReduceMean(flag("mean", "keep_dims", keep_dims))(x, axis)


def limited(name: str, x: Tensor, initial: Any, where: Any) -> Tensor:
    """``x`` with ``initial`` in place of what ``where`` leaves out."""
    if where is None or where is True:
        return x
    if initial is None:
        raise ArgumentValueError(f"For '{name}', 'where' needs an 'initial', but got none.")
    return fn.select(where, x, fn.zeros_like(x) + initial)


@composite(functions="amax", methods="amax")
def amax(input: Tensor, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Tensor:
    """Maximum over ``axis``, at least ``initial``, of the elements ``where`` that holds. Ties share the cotangent."""
    x = limited("amax", operand("amax", input), initial, where)
    found = ReduceMax(flag("amax", "keepdims", keepdims))(x, axis)
    return found if initial is None else fn.maximum(found, initial)


@composite(functions="amin", methods="amin")
def amin(input: Tensor, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Tensor:
    """Minimum over ``axis``, at most ``initial``, of the elements ``where`` that holds. Ties share the cotangent."""
    x = limited("amin", operand("amin", input), initial, where)
    found = ReduceMin(flag("amin", "keepdims", keepdims))(x, axis)
    return found if initial is None else fn.minimum(found, initial)


@composite(functions="all", methods="all")
def all_(input: Tensor, axis: Any = None, keep_dims: bool = False) -> Tensor:
    """Whether all elements over ``axis`` are true."""
    return ReduceAll(keep_dims)(input, axis)


@composite(functions="any", methods="any")
def any_(input: Tensor, axis: Any = None, keep_dims: bool = False) -> Tensor:
    """Whether any element over ``axis`` is true."""
    return ReduceAny(keep_dims)(input, axis)


@composite(functions="count_nonzero", methods="count_nonzero")
def count_nonzero(x: Tensor, axis: Any = (), keep_dims: bool = False, dtype: Any = np.int32) -> Tensor:
    """How many elements over ``axis`` are not 0; no gradient."""
    return ReduceSum(keep_dims)(fn.cast(operand("count_nonzero", x) != 0, to_numpy(dtype)), axis)


class CountNonZero(Composite):
    """How many elements over ``dims`` are not 0; no gradient."""

    def __init__(self, dims=None):
        self.dims = dims

    def compute(self, x: Tensor) -> Tensor:
        return count_nonzero(x, self.dims)


class AddN(Composite, functions="", aliases="AccumulateNV2"):
    """Sum of the tensors of a tuple or list, all of one shape and dtype."""

    def compute(self, x: Sequence[Tensor]) -> Tensor:
        if not isinstance(x, (tuple, list)) or not all(isinstance(one, Tensor) for one in x):
            got = type(x).__name__ + (
                " of " + ", ".join(type(one).__name__ for one in x) if isinstance(x, list) else ""
            )
            raise ArgumentError(f"For 'AddN', the operand must be a tuple or list of Tensors, but got {got}.")
        if not x:
            raise ArgumentValueError("For 'AddN', there must be at least one tensor, but got none.")
        for one in x[1:]:
            if one.shape != x[0].shape:
                raise ShapeError(f"For 'AddN', the shapes must be equal, but got {x[0].shape} and {one.shape}.")
            if one.dtype != x[0].dtype:
                raise DtypeError(f"For 'AddN', the dtypes must be equal, but got {x[0].dtype} and {one.dtype}.")
        result = x[0]
        for one in x[1:]:
            result = result + one
        return result


@composite(functions="addn accumulate_n")
def addn(x: Sequence[Tensor]) -> Tensor:
    """Sum of the tensors of ``x``."""
    return AddN()(x)


def numbers_only(x: Tensor) -> tuple[Tensor, Tensor]:
    """``x`` with 0 in place of NaN, and where it is a number."""
    valid = x == x
    return fn.select(valid, x, fn.zeros_like(x)), valid


@composite(functions="nansum", methods="nansum")
def nansum(input: Tensor, axis: Any = None, keepdims: bool = False, *, dtype: Any = None) -> Tensor:
    """Sum over ``axis`` of what is not NaN."""
    x = operand("nansum", input)
    x = x if x.numpy_dtype.kind == "f" else widened(x, dtype) if x.numpy_dtype.kind == "b" else x
    kept = numbers_only(x)[0]
    return ReduceSum(keepdims)(kept if dtype is None else fn.cast(kept, to_numpy(dtype)), axis)


@composite(functions="nanmean", methods="nanmean")
def nanmean(input: Tensor, axis: Any = None, keepdims: bool = False, *, dtype: Any = None) -> Tensor:
    """Mean over ``axis`` of what is not NaN."""
    x, valid = numbers_only(operand("nanmean", input))
    x = x if dtype is None else fn.cast(x, to_numpy(dtype))
    count = ReduceSum(keepdims)(fn.cast(valid, x.numpy_dtype), axis)
    return ReduceSum(keepdims)(x, axis) / count
