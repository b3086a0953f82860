"""Elements taken along one axis by an array of integers, and the transpose of that, which puts them back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import normal_axes
from ..errors import ArgumentError, DtypeError, ShapeError
from ..lazy import sym
from ..op import Op, apply
from ..registry import composite
from ..tensor import Tensor
from .gather import checked_index


class GatherD(Op):
    """Elements along an axis by index: ``out[i, j] = a[index[i, j], j]`` for axis 0.

    Notes
    -----
    An index may be negative, counting from the end. Where an index comes twice, its cotangents add.
    """

    def bind(self, a, dim, index):
        (axis,) = normal_axes("GatherD", dim, a.ndim)
        if not isinstance(index, Tensor) or index.numpy_dtype.kind not in "iu":
            kind = index.dtype if isinstance(index, Tensor) else type(index).__name__
            raise ArgumentError(f"For 'GatherD', the index must be a tensor of ints, but got {kind}.")
        if index.ndim != a.ndim:
            raise ShapeError(f"For 'GatherD', the index must have {a.ndim} axes, but got shape {index.shape}.")
        return self.set(dim=axis), (a, checked_index("GatherD", index, a.shape[axis]))

    def numpy(self, a, index):
        part = tuple(slice(None) if axis == self.dim else slice(n) for axis, n in enumerate(index.shape))
        return np.take_along_axis(a[part], index, self.dim)

    def vjp(self, ct, out, a, index):
        return apply(GatherDGrad(self.dim, a.shape), (ct, index)), None

    def out_shape(self, shape, index):
        if any(isinstance(n, int) and isinstance(m, int) and m > n for n, m in self._others(shape, index)):
            raise ShapeError(
                f"For 'GatherD', the index's shape {tuple(index)} must not exceed {tuple(shape)} outside axis {self.dim}."
            )
        return tuple(index)

    def _others(self, shape, index):
        return [pair for axis, pair in enumerate(zip(shape, index)) if axis != self.dim]

    def out_dtype(self, kind, index):
        return kind

    def meaning(self, a, index):
        return lambda *i: a[(*i[: self.dim], index[i], *i[self.dim + 1 :])]


class GatherDGrad(Op):
    """The transpose of `GatherD`: the operand added up at its indices along an axis of zeros of ``shape``."""

    def __init__(self, dim, shape):
        self.dim, self.shape = dim, tuple(shape)

    def numpy(self, a, index):
        out = np.zeros(self.shape, a.dtype)
        at = list(np.indices(index.shape, sparse=True))
        at[self.dim] = np.arange(self.shape[self.dim])[index]
        place = 0
        for axis, length in enumerate(self.shape):
            place = place * length + at[axis]
        np.add.at(out.reshape(-1), place.reshape(-1), a.reshape(-1))
        return out

    def vjp(self, ct, out, a, index):
        return apply(GatherD().set(dim=self.dim), (ct, index)), None

    def out_shape(self, shape, index):
        return self.shape

    def out_dtype(self, kind, index):
        if kind.kind not in "fO":
            raise DtypeError(f"For 'GatherDGrad', the operand must be a float tensor, but got {kind}.")
        return kind

    def meaning(self, a, index):
        def element(*p):
            def part(*i):
                return a[i] * sym.equal_places(p, (*i[: self.dim], index[i], *i[self.dim + 1 :]))

            return sym.totals(a.shape, part)

        return element


@composite(functions="gather_d")
def gather_d(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Elements of ``x`` along ``dim`` at ``index``."""
    return GatherD()(x, dim, index)


@composite(functions="gather_elements", methods="gather_elements")
def gather_elements(input: Tensor, dim: int, index: Tensor) -> Any:
    """Elements of ``input`` along ``dim`` at ``index``."""
    return GatherD()(input, dim, index)
