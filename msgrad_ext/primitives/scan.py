"""Products, and sums, products and logarithms of sums that run along an axis.

The rules of products use no quotient: the product of all others is a prefix times a suffix, and running products come
back by a linear recurrence. Both are made by doubling, of slices and products only, so they are right at zeros and at
every order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import normal_axes
from ..dtype import to_numpy
from ..errors import ArgumentError, AxisError, DtypeError
from ..lazy import sym
from ..op import Composite, Op
from ..registry import composite, fn
from ..tensor import Tensor
from .reduction import _Reduction, flag, operand, widened


def one_axis(op: str, axis: Any, ndim: int) -> int:
    """``axis``, an int, counted from the front."""
    if isinstance(axis, Tensor):
        axis = int(axis._array())
    if isinstance(axis, (bool, np.bool_)) or not hasattr(axis, "__index__"):
        raise ArgumentError(f"For '{op}', the axis must be an int, but got {axis!r}.")
    if not ndim:
        raise AxisError(f"For '{op}', a tensor of shape () has no axis.")
    return normal_axes(op, axis, ndim)[0]


class ReduceProd(_Reduction):
    """Product over axes; over no element it is 1."""

    certain = True

    def numpy(self, a):
        return np.prod(a, axis=self.axis, keepdims=self.keep_dims, dtype=a.dtype)

    def vjp(self, ct, out, a):
        n = self.count(a)
        if n == 0:
            return fn.zeros_like(a)
        order = [axis for axis in range(a.ndim) if axis not in self.axis] + list(self.axis)
        turned = fn.transpose(a, tuple(order)) if a.ndim else a
        others = products_of_others(fn.reshape(turned, (-1, n)))
        back = fn.reshape(others, turned.shape)
        if a.ndim:
            back = fn.transpose(back, tuple(order.index(axis) for axis in range(a.ndim)))
        return fn.broadcast_to(self.kept(ct, a), a.shape) * back

    def meaning(self, a):
        return sym.reduction(a, self.axis, self.keep_dims, sym.products)


def products_of_others(rows: Tensor) -> Tensor:
    """In each row, the product of all elements but one."""
    n, one = rows.shape[1], fn.ones_like(rows[:, :1])
    before = fn.concat((one, rows[:, :-1]), 1)
    after = fn.concat((rows[:, 1:], one), 1)
    step = 1
    while step < n:
        ones = fn.ones_like(rows[:, :step])
        before = before * fn.concat((ones, before[:, :-step]), 1)
        after = after * fn.concat((after[:, step:], ones), 1)
        step *= 2
    return before * after


def along(ndim: int, axis: int, part: slice) -> tuple[slice, ...]:
    """The index that takes ``part`` of one axis."""
    return tuple(part if place == axis else slice(None) for place in range(ndim))


class _Running(Op, abstract=True):
    """Base of what runs along an axis: ``exclusive`` leaves out the element itself, ``reverse`` runs from the end."""

    def __init__(self, exclusive=False, reverse=False):
        self.exclusive = flag(type(self).__name__, "exclusive", exclusive)
        self.reverse = flag(type(self).__name__, "reverse", reverse)

    def bind(self, a, axis):
        a = operand(type(self).__name__, a)
        if a.numpy_dtype.kind == "b":
            raise DtypeError(f"For '{type(self).__name__}', the operand must be a tensor of numbers, but got bool.")
        return self.set(axis=one_axis(type(self).__name__, axis, a.ndim)), (a,)

    def out_shape(self, shape):
        return tuple(shape)

    @property
    def relation(self) -> str:
        """How the place of what goes in stands to that of the result."""
        return {(False, False): "<=", (True, False): "<", (False, True): ">=", (True, True): ">"}[
            self.exclusive, self.reverse
        ]


class CumSum(_Running):
    """Running sum along an axis: ``out[i]`` is the sum of ``a[k]`` for ``k <= i``."""

    def numpy(self, a):
        b = np.flip(a, self.axis) if self.reverse else a
        out = np.cumsum(b, axis=self.axis, dtype=a.dtype)
        if self.exclusive:
            none = np.zeros_like(np.sum(a, axis=self.axis, keepdims=True, dtype=a.dtype))
            out = np.concatenate((none, out), self.axis).take(np.arange(a.shape[self.axis]), self.axis)
        return np.flip(out, self.axis) if self.reverse else out

    def vjp(self, ct, out, a):
        return CumSum(self.exclusive, not self.reverse)(ct, self.axis)

    def meaning(self, a):
        n, axis, relation = a.shape[self.axis], self.axis, self.relation
        return lambda *i: sym.total(n, lambda k: sym.compare(k, relation, i[axis]) * a[(*i[:axis], k, *i[axis + 1 :])])


class CumProd(_Running):
    """Running product along an axis: ``out[i]`` is the product of ``a[k]`` for ``k <= i``."""

    def numpy(self, a):
        b = np.flip(a, self.axis) if self.reverse else a
        out = np.cumprod(b, axis=self.axis, dtype=a.dtype)
        if self.exclusive:
            one = np.ones_like(np.sum(a, axis=self.axis, keepdims=True, dtype=a.dtype))
            out = np.concatenate((one, out), self.axis).take(np.arange(a.shape[self.axis]), self.axis)
        return np.flip(out, self.axis) if self.reverse else out

    def vjp(self, ct, out, a):
        last = slice(None, None, -1)
        turn = along(a.ndim, self.axis, last)
        if a.shape[self.axis] == 0:
            return fn.zeros_like(a)
        if self.reverse:
            return running_product_back(ct[turn], a[turn], self.axis, self.exclusive)[turn]
        return running_product_back(ct, a, self.axis, self.exclusive)

    def meaning(self, a):
        n, axis, relation = a.shape[self.axis], self.axis, self.relation
        return lambda *i: sym.products(
            [n], lambda k: sym.where(sym.compare(k, relation, i[axis]), a[(*i[:axis], k, *i[axis + 1 :])], 1)
        )


def running_product_back(ct: Tensor, a: Tensor, axis: int, exclusive: bool) -> Tensor:
    """The cotangent of ``a``: what comes before, times ``r[i] = ct[i] + a[i + 1] r[i + 1]``."""

    def cut(x: Tensor, first: int | None, end: int | None) -> Tensor:
        return x[along(a.ndim, axis, slice(first, end))]

    n = a.shape[axis]
    none = fn.zeros_like(cut(a, 0, 1))
    if exclusive:
        ct = fn.concat((cut(ct, 1, None), none), axis)
    before = CumProd(exclusive=True)(a, axis)
    factor, result, step = fn.concat((cut(a, 1, None), none), axis), ct, 1
    while step < n:
        zeros = fn.zeros_like(cut(a, 0, step))
        result = result + factor * fn.concat((cut(result, step, None), zeros), axis)
        factor = factor * fn.concat((cut(factor, step, None), zeros), axis)
        step *= 2
    return before * result


class LogCumSumExp(_Running):
    """Running logarithm of the sum of exponentials: ``out[i]`` is ``log`` of the sum of ``exp(a[k])`` for ``k <= i``."""

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'LogCumSumExp', the operand must be a float tensor, but got {kind}.")
        return kind

    def numpy(self, a):
        out = np.array(np.moveaxis(a, self.axis, 0))
        for i in range(1, len(out)):
            high = np.maximum(out[i - 1], out[i])
            # Two times -inf are -inf together.
            shift = np.where(high == -np.inf, 0 * high.size, high).astype(a.dtype)
            out[i] = shift + np.log(np.exp(out[i - 1] - shift) + np.exp(out[i] - shift))
        return np.moveaxis(out, 0, self.axis)

    def vjp(self, ct, out, a):
        n, axis = a.shape[self.axis], self.axis
        mask = Tensor(np.triu(np.ones((n, n), bool)).reshape((n, n) + (1,) * (a.ndim - 1 - axis)))
        apart = fn.expand_dims(a, axis + 1) - fn.expand_dims(out, axis)
        held = fn.broadcast_to(mask, apart.shape)
        share = fn.exp(fn.select(held, apart, fn.zeros_like(apart)))
        parts = fn.select(held, share * fn.expand_dims(ct, axis), fn.zeros_like(share))
        return fn.reduce_sum(parts, (axis + 1,), False)

    def meaning(self, a):
        n, axis = a.shape[self.axis], self.axis
        return lambda *i: sym.log(
            sym.total(n, lambda k: sym.compare(k, "<=", i[axis]) * sym.exp(a[(*i[:axis], k, *i[axis + 1 :])]))
        )


class CumulativeLogsumexp(Composite):
    """Running logarithm of the sum of exponentials; the empty sum of ``exclusive`` gives -inf."""

    def __init__(self, exclusive=False, reverse=False):
        self.exclusive = flag("CumulativeLogsumexp", "exclusive", exclusive)
        self.reverse = flag("CumulativeLogsumexp", "reverse", reverse)

    def compute(self, x: Tensor, axis: Any) -> Tensor:
        place = one_axis("CumulativeLogsumexp", axis, operand("CumulativeLogsumexp", x).ndim)
        turn = along(x.ndim, place, slice(None, None, -1 if self.reverse else 1))
        x = x[turn] if self.reverse else x
        if self.exclusive:
            first = fn.zeros_like(x[along(x.ndim, place, slice(0, 1))]) - np.inf
            x = fn.concat((first, x[along(x.ndim, place, slice(0, -1))]), place)
        out = LogCumSumExp()(x, place)
        return out[turn] if self.reverse else out


@composite(functions="logcumsumexp", methods="logcumsumexp")
def logcumsumexp(input: Tensor, axis: int) -> Tensor:
    """Running logarithm of the sum of exponentials along ``axis``."""
    return LogCumSumExp()(input, axis)


@composite(functions="prod")
def prod(input: Tensor, axis: Any = None, keep_dims: bool = False, dtype: Any = None) -> Tensor:
    """Product over ``axis``; over all axes by default. The product of ints and bools is Int64."""
    return ReduceProd(flag("prod", "keep_dims", keep_dims))(widened(operand("prod", input), dtype), axis)


@composite(functions="reduce_prod", methods="reduce_prod")
def reduce_prod(x: Tensor, axis: Any = (), keep_dims: bool = False) -> Tensor:
    """Product over ``axis`` in the operand's own dtype; over all axes by default."""
    return ReduceProd(keep_dims)(x, axis)


@composite(functions="cumsum")
def cumsum(x: Tensor, axis: int, dtype: Any = None) -> Tensor:
    """Running sum along ``axis``."""
    return CumSum()(x if dtype is None else fn.cast(x, to_numpy(dtype)), axis)


@composite(methods="cumsum")
def tensor_cumsum(x: Tensor, axis: Any = None, dtype: Any = None, *, dim: Any = None) -> Tensor:
    """Running sum along ``axis``; of all elements in row-major order by default."""
    axis = dim if axis is None else axis
    if dtype is None and (x.numpy_dtype.kind == "b" or (x.numpy_dtype.kind in "iu" and x.itemsize < 4)):
        dtype = np.int32
    return cumsum(fn.reshape(x, (-1,)) if axis is None else x, 0 if axis is None else axis, dtype)


@composite(functions="cumprod", methods="cumprod")
def cumprod(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Running product along ``dim``; of ints it is Int64."""
    return CumProd()(widened(operand("cumprod", input), dtype), dim)
