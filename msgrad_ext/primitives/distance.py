"""Normalised vectors, similarities and distances, differences and areas: composed of reductions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..contract import normal_axes
from ..errors import ArgumentError, ArgumentValueError, AxisError, DtypeError, ShapeError
from ..op import Composite
from ..registry import composite, fn
from ..tensor import Tensor
from .reduction import ReduceSum, operand
from .scan import along, one_axis
from .sorting import taken
from .statistics import PNorm, number, vector_norm_of, wide


class L2Normalize(Composite):
    """``x`` divided by its 2-norm along ``axis``, which counts as at least ``sqrt(epsilon)``."""

    def __init__(self, axis=0, epsilon=1e-4):
        given = axis if isinstance(axis, (tuple, list)) else (axis,)
        if any(isinstance(one, bool) or not hasattr(one, "__index__") for one in given):
            raise ArgumentError(f"For 'L2Normalize', the 'axis' must be an int, but got {axis!r}.")
        if len(given) != 1:
            raise ArgumentError(f"For 'L2Normalize', the 'axis' must be one axis, but got {axis!r}.")
        self.axis, self.epsilon = list(given), float(number("L2Normalize", epsilon))

    def compute(self, input_x: Tensor) -> Tensor:
        x, kind = wide("L2Normalize", input_x, ints=False)
        square = ReduceSum(True)(fn.square(x), (one_axis("L2Normalize", self.axis[0], x.ndim),))
        return fn.cast(x / fn.sqrt(fn.maximum(square, self.epsilon)), kind)


class L2Loss(Composite):
    """Half of the sum of squares, ``sum(x**2) / 2``."""

    def compute(self, input_x: Tensor) -> Tensor:
        x = operand("L2Loss", input_x)
        if x.numpy_dtype.kind != "f":
            raise DtypeError(f"For 'L2Loss', the operand must be a float tensor, but got {x.dtype}.")
        return ReduceSum()(fn.square(x)) / 2


class SquareSumAll(Composite):
    """The sums of squares of two tensors."""

    def compute(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return ReduceSum()(fn.square(x)), ReduceSum()(fn.square(y))


@composite(functions="cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """``<x1, x2> / max(|x1| |x2|, eps)`` along ``dim``."""
    (a, first), (b, second) = wide("cosine_similarity", x1, False), wide("cosine_similarity", x2, False)
    product = a * b
    axis = (one_axis("cosine_similarity", dim, product.ndim),)
    squares = [ReduceSum()(fn.broadcast_to(fn.square(x), product.shape), axis) for x in (a, b)]
    limit = float(eps) * float(eps)
    result = ReduceSum()(product, axis) / fn.sqrt(fn.maximum(squares[0] * squares[1], limit))
    return fn.cast(result, max(first, second, key=lambda kind: kind.itemsize))


def distance(name: str, apart: Tensor, p: Any, axes: tuple[int, ...]) -> Tensor:
    """The ``p``-norm of differences, with derivative 0 where they all are 0."""
    order = number(name, p)
    if order < 0:
        raise ArgumentValueError(f"For '{name}', the p must not be negative, but got {p}.")
    if order in (0, 1) or math.isinf(order):
        return vector_norm_of(name, apart, order, axes, False)
    return PNorm(order)(apart, axes)


@composite(functions="cdist")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0) -> Tensor:
    """``p``-norm of the difference of each row of ``x1`` and each row of ``x2``; derivative 0 where rows are equal."""
    (a, kind), (b, _) = wide("cdist", x1, False), wide("cdist", x2, False)
    if a.ndim != b.ndim or a.ndim < 2 or a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"For 'cdist', the operands must have rows of one length, but got {a.shape} and {b.shape}.")
    apart = fn.expand_dims(a, -2) - fn.expand_dims(b, -3)
    return fn.cast(distance("cdist", apart, p, (apart.ndim - 1,)), kind)


class Cdist(Composite):
    """``p``-norm of the difference of each row of one tensor and each row of another."""

    def __init__(self, p=2.0):
        self.p = p

    def compute(self, x1: Tensor, x2: Tensor) -> Tensor:
        return cdist(x1, x2, self.p)


@composite(functions="dist")
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """``p``-norm of ``input - other``; derivative 0 where they are equal."""
    (a, kind), (b, _) = wide("dist", input, False), wide("dist", other, False)
    apart = a - b
    return fn.cast(distance("dist", apart, p, tuple(range(apart.ndim))), kind)


@composite(functions="pdist")
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """``p``-norms of the differences of each pair of rows; derivative 0 where rows are equal."""
    x = operand("pdist", input)
    if x.ndim < 2:
        raise ShapeError(f"For 'pdist', the operand must have two axes or more, but got shape {x.shape}.")
    n = x.shape[-2]
    whole = fn.reshape(cdist(x, x, p), (*x.shape[:-2], n * n))
    first, second = np.triu_indices(n, 1)
    places = np.broadcast_to(first * n + second, (*x.shape[:-2], len(first)))
    return taken(whole, Tensor(places), whole.ndim - 1)


@composite(functions="renorm", methods="renorm")
def renorm(input: Tensor, p: float, axis: int, maxnorm: float) -> Tensor:
    """``input`` with each slice along ``axis`` scaled down to ``p``-norm ``maxnorm`` where its norm is larger."""
    x, kind = wide("renorm", input, False)
    place = one_axis("renorm", axis, x.ndim)
    order = number("renorm", p)
    others = tuple(one for one in range(x.ndim) if one != place)
    size = PNorm(order, True)(x, others) if order >= 2 else vector_norm_of("renorm", x, order, others, True)
    factor = fn.select(size > maxnorm, maxnorm / (size + 1e-7), fn.ones_like(size))
    return fn.cast(x * factor, kind)


class Renorm(Composite):
    """Each slice along ``dim`` scaled down to ``p``-norm ``maxnorm`` where its norm is larger."""

    def __init__(self, p, dim, maxnorm):
        self.p, self.dim, self.maxnorm = p, dim, maxnorm

    def compute(self, x: Tensor) -> Tensor:
        return renorm(x, self.p, self.dim, self.maxnorm)


@composite(functions="diff", methods="diff")
def diff(x: Tensor, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """Differences of neighbours along ``axis``, taken ``n`` times."""
    x = operand("diff", x)
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise ArgumentError(f"For 'diff', the n must be an int, but got {n!r}.")
    if n < 0:
        raise ArgumentValueError(f"For 'diff', the n must not be negative, but got {n}.")
    if not x.ndim:
        raise AxisError("For 'diff', the operand must have an axis, but got shape ().")
    place = one_axis("diff", axis, x.ndim)
    parts = [part for part in (prepend, x, append) if part is not None]
    x = fn.concat(tuple(parts), place) if len(parts) > 1 else x
    for _ in range(n):
        x = x[along(x.ndim, place, slice(1, None))] - x[along(x.ndim, place, slice(0, -1))]
    return x


@composite(functions="trapz")
def trapz(y: Tensor, x: Any = None, *, dx: float = 1.0, dim: int = -1) -> Tensor:
    """Area under ``y`` by the trapezoidal rule along ``dim``, at places ``x`` or ``dx`` apart."""
    y = operand("trapz", y)
    (place,) = normal_axes("trapz", dim, y.ndim)
    both = y[along(y.ndim, place, slice(1, None))] + y[along(y.ndim, place, slice(0, -1))]
    width = dx
    if x is not None:
        shape = [1] * y.ndim
        shape[place] = -1
        width = diff(fn.reshape(x, tuple(shape)) if x.ndim == 1 else x, 1, place)
    return fn.reduce_sum(both * width, (place,)) / 2
