"""Places in an order: where the largest and smallest stand, and in what order elements are. Ints, without a gradient.

Values come from these by a gather, which carries the gradient to the element that was taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtype import to_numpy
from ..errors import ArgumentError, ArgumentValueError, DtypeError
from ..lazy import sym
from ..op import Op, apply
from ..registry import composite, fn
from ..tensor import Tensor
from .along_axis import GatherD
from .reduction import flag, operand
from .scan import one_axis


class _Places(Op, abstract=True):
    """Base of ops that give places along ``axis``: results are ints, which have no gradient."""

    smooth = False

    def bind(self, a):
        name, a = type(self).__name__, operand(type(self).__name__, a)
        if a.numpy_dtype.kind not in "biuf":
            raise DtypeError(f"For '{name}', the operand must be a tensor of numbers, but got {a.dtype}.")
        axis = one_axis(name, self.axis, a.ndim)
        if a.shape[axis] == 0 and not isinstance(self, ArgSort):
            raise ArgumentValueError(f"For '{name}', there is no extreme of an empty axis of shape {a.shape}.")
        return self.set(axis=axis), (a,)

    def vjp(self, ct, out, a):
        return None

    def out_dtype(self, kind):
        return self.output_type


class _First(_Places, abstract=True):
    """Base of the places of extremes; the first of those that tie, and the first NaN if there is one."""

    def __init__(self, axis=-1, output_type=np.int32):
        self.axis, self.output_type = axis, to_numpy(output_type)
        if self.output_type.kind not in "iu":
            raise ArgumentError(f"For '{type(self).__name__}', the 'output_type' must be an int type.")

    def out_shape(self, shape):
        return tuple(n for place, n in enumerate(shape) if place != self.axis)


class Argmax(_First):
    """Place of the largest element along ``axis``; no gradient.

    Notes
    -----
    The first of those that tie.
    """

    def numpy(self, a):
        return np.argmax(a, self.axis).astype(self.output_type)

    def meaning(self, a):
        axis, n = self.axis, a.shape[self.axis]

        def element(*i):
            def at(k):
                return a[(*i[:axis], k, *i[axis:])]

            return sym.total(n, lambda j: j * sym.compare(sym.total(n, lambda k: sym.leads(at, k, j)), "==", 0))

        return element


class Argmin(_First):
    """Place of the smallest element along ``axis``; no gradient.

    Notes
    -----
    The first of those that tie.
    """

    def numpy(self, a):
        return np.argmin(a, self.axis).astype(self.output_type)

    def meaning(self, a):
        axis, n = self.axis, a.shape[self.axis]

        def element(*i):
            def at(k):
                return -a[(*i[:axis], k, *i[axis:])]

            return sym.total(n, lambda j: j * sym.compare(sym.total(n, lambda k: sym.leads(at, k, j)), "==", 0))

        return element


class ArgSort(_Places):
    """Places of the elements along ``axis`` in ascending or descending order; no gradient.

    Notes
    -----
    Those that tie keep their order.
    """

    def __init__(self, axis=-1, descending=False):
        self.axis, self.descending, self.output_type = axis, descending, np.dtype(np.int32)

    def out_shape(self, shape):
        return tuple(shape)

    def numpy(self, a):
        if self.descending:
            # Turned before and after, so that those that tie keep their order.
            order = np.argsort(np.flip(a, self.axis), axis=self.axis, kind="stable")
            return (a.shape[self.axis] - 1 - np.flip(order, self.axis)).astype(self.output_type)
        return np.argsort(a, axis=self.axis, kind="stable").astype(self.output_type)

    def meaning(self, a):
        axis, n, turn = self.axis, a.shape[self.axis], 1 if self.descending else -1

        def element(*i):
            def at(k):
                return turn * a[(*i[:axis], k, *i[axis + 1 :])]

            def rank(j):
                return sym.total(n, lambda k: sym.leads(at, k, j))

            return sym.total(n, lambda j: j * sym.compare(rank(j), "==", i[axis]))

        return element


class _Record(_Places, abstract=True):
    """Base of the places of running extremes; the last of those that tie, as in MindSpore."""

    def __init__(self, axis, output_type=np.int64):
        self.axis, self.output_type = axis, to_numpy(output_type)

    def out_shape(self, shape):
        return tuple(shape)


class CummaxPlace(_Record):
    """Place of the largest element so far along ``axis``; no gradient.

    Notes
    -----
    The last of those that tie.
    """

    def numpy(self, a):
        top = a == np.maximum.accumulate(a, self.axis)
        own = np.arange(a.shape[self.axis]).reshape((-1,) + (1,) * (a.ndim - 1 - self.axis))
        return np.maximum.accumulate(np.where(top, own, 0), self.axis).astype(self.output_type)

    def meaning(self, a):
        axis, n = self.axis, a.shape[self.axis]
        return lambda *i: sym.last_leader(n, i[axis], lambda k: a[(*i[:axis], k, *i[axis + 1 :])])


class CumminPlace(_Record):
    """Place of the smallest element so far along ``axis``; no gradient.

    Notes
    -----
    The last of those that tie.
    """

    def numpy(self, a):
        low = a == np.minimum.accumulate(a, self.axis)
        own = np.arange(a.shape[self.axis]).reshape((-1,) + (1,) * (a.ndim - 1 - self.axis))
        return np.maximum.accumulate(np.where(low, own, 0), self.axis).astype(self.output_type)

    def meaning(self, a):
        axis, n = self.axis, a.shape[self.axis]
        return lambda *i: sym.last_leader(n, i[axis], lambda k: -a[(*i[:axis], k, *i[axis + 1 :])])


def taken(x: Tensor, places: Tensor, axis: int) -> Tensor:
    """The elements of ``x`` at ``places`` along ``axis``."""
    return apply(GatherD().set(dim=axis), (x, places))


def with_index(name: str, x: Tensor, axis: Any, keep: bool, largest: bool) -> tuple[Tensor, Tensor]:
    """The extreme along ``axis`` with its place; the gradient goes to the first of those that tie."""
    x, keep = operand(name, x), flag(name, "keepdims", keep)
    kind = Argmax if largest else Argmin
    if not x.ndim:
        normal = 0 if axis in (0, -1) else one_axis(name, axis, 0)
        return x, fn.cast(fn.zeros_like(x), np.int64) + normal
    place = one_axis(name, axis, x.ndim)
    index = kind(place, np.int64)(x)
    kept = fn.expand_dims(index, place)
    value = taken(x, kept, place)
    return (value, kept) if keep else (fn.squeeze(value, place), index)


@composite(functions="argmax")
def argmax(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Place of the largest element along ``dim``, Int64; among all in row-major order by default. No gradient."""
    return _place("argmax", Argmax, input, dim, keepdim, np.int64)


@composite(functions="argmin")
def argmin(input: Tensor, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Place of the smallest element along ``axis``, Int32; among all in row-major order by default. No gradient."""
    return _place("argmin", Argmin, input, axis, keepdims, np.int32)


@composite(methods="argmax")
def tensor_argmax(
    x: Tensor, axis: Any = None, keepdims: bool = False, *, dim: Any = None, keepdim: bool = False
) -> Tensor:
    """Place of the largest element along ``axis``, Int64; among all in row-major order by default. No gradient."""
    return _place("argmax", Argmax, x, dim if axis is None else axis, keepdims or keepdim, np.int64)


@composite(methods="argmin")
def tensor_argmin(
    x: Tensor, axis: Any = None, keepdims: bool = False, *, dim: Any = None, keepdim: bool = False
) -> Tensor:
    """Place of the smallest element along ``axis``, Int32; among all in row-major order by default. No gradient."""
    return _place("argmin", Argmin, x, dim if axis is None else axis, keepdims or keepdim, np.int32)


def _place(name: str, kind: Any, x: Tensor, axis: Any, keep: bool, dtype: Any) -> Tensor:
    x, keep = operand(name, x), flag(name, "keepdims", keep)
    if axis is None:
        return kind(0, dtype)(fn.reshape(x, (-1,)))
    place = one_axis(name, axis, x.ndim)
    index = kind(place, dtype)(x)
    return fn.expand_dims(index, place) if keep else index


@composite(functions="argsort", methods="argsort")
def argsort(input: Tensor, axis: int = -1, descending: bool = False) -> Tensor:
    """Places of the elements along ``axis`` in order; no gradient."""
    return ArgSort(axis, flag("argsort", "descending", descending))(input)
