"""Activations: tanh, sigmoid, ReLU, softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract import normal_axes
from ..errors import ArgumentError, DtypeError
from ..lazy import sym
from ..op import Elementwise, Op, Smooth
from ..registry import composite, fn
from ..tensor import Tensor


class Tanh(Smooth, functions="tanh", methods="tanh"):
    """Hyperbolic tangent."""

    def numpy(self, a):
        return np.tanh(a)

    def vjp(self, ct, out, a):
        # 1 - out * out loses nine digits at 12, and in float32 all of them at 10.
        return ct * TanhSlope()(a)

    def meaning(self, a):
        return lambda *i: sym.tanh(a[i])


class TanhSlope(Smooth):
    """Derivative of the hyperbolic tangent, ``1 / cosh(a) ** 2``."""

    def numpy(self, a):
        e = np.exp(-2 * np.abs(a))
        return 4 * e / ((1 + e) * (1 + e))

    def vjp(self, ct, out, a):
        return -(ct * (2 * fn.tanh(a) * out))

    def meaning(self, a):
        return lambda *i: 4 / (sym.exp(a[i]) + sym.exp(-a[i])) ** 2


class Sigmoid(Smooth, functions="sigmoid", methods="sigmoid"):
    """Logistic function, ``1 / (1 + exp(-a))``."""

    def numpy(self, a):
        e = np.exp(-np.abs(a))
        return np.where(a >= 0, 1, e) / (1 + e)

    def vjp(self, ct, out, a):
        # 1 - out would lose its digits where out is near 1.
        return ct * (out * fn.sigmoid(-a))

    def meaning(self, a):
        return lambda *i: sym.sigmoid(a[i])


class ReLU(Elementwise, functions="relu", methods="relu"):
    """Rectified linear unit, ``max(a, 0)``.

    Notes
    -----
    The derivative at 0 is 0, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.maximum(a, 0)

    def vjp(self, ct, out, a):
        return fn.select(a > 0, ct, fn.zeros_like(ct))

    def meaning(self, a):
        return lambda *i: sym.relu(a[i])


class _Normalising(Op, shapes="... -> ...", abstract=True):
    """Base of ops that normalise along axes."""

    def bind(self, a):
        return self.set(axis=normal_axes(type(self).__name__, self.axis, a.ndim)), (a,)

    def out_dtype(self, kind):
        if kind.kind not in "fO":
            raise DtypeError(f"For '{type(self).__name__}', the operand must be a float tensor, but got {kind}.")
        return kind

    def total(self, a, i):
        """The sum of ``exp(a)`` over the axes, at the indices ``i`` along the others."""
        lengths = [a.shape[axis] for axis in self.axis]
        return sym.totals(lengths, lambda *k: sym.exp(a[sym.axis_index(i, self.axis, True, k)]))


class Softmax(_Normalising):
    """Softmax along an axis or several, ``exp(a) / sum(exp(a))``."""

    certain = True

    def __init__(self, axis=-1):
        axes = axis if isinstance(axis, tuple) else (axis,)
        if not axes or any(isinstance(one, bool) or not isinstance(one, int) for one in axes):
            raise ArgumentError(f"For 'Softmax', the axis must be int or a tuple of ints, but got {axis!r}.")
        self.axis = axes

    def numpy(self, a):
        e = np.exp(a - np.max(a, axis=self.axis, keepdims=True))
        return e / np.sum(e, axis=self.axis, keepdims=True)

    def vjp(self, ct, out, a):
        return out * (ct - fn.reduce_sum(ct * out, self.axis, True))

    def meaning(self, a):
        return lambda *i: sym.exp(a[i]) / self.total(a, i)


class LogSoftmax(_Normalising):
    """Logarithm of the softmax along an axis, ``a - log(sum(exp(a)))``."""

    certain = True

    def __init__(self, axis=-1):
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"For 'LogSoftmax', the axis must be int, but got {axis!r}.")
        self.axis = axis

    def numpy(self, a):
        shifted = a - np.max(a, axis=self.axis, keepdims=True)
        return shifted - np.log(np.sum(np.exp(shifted), axis=self.axis, keepdims=True))

    def vjp(self, ct, out, a):
        return ct - fn.exp(out) * fn.reduce_sum(ct, self.axis, True)

    def meaning(self, a):
        return lambda *i: a[i] - sym.log(self.total(a, i))


@composite(functions="softmax", methods="softmax")
def softmax(input: Tensor, axis: int = -1, *, dtype: Any = None) -> Tensor:
    """Softmax along ``axis``, of the operand in ``dtype`` if that is given."""
    return Softmax(axis)(input if dtype is None else fn.cast(input, dtype))


@composite(functions="log_softmax", methods="log_softmax")
def log_softmax(logits: Tensor, axis: int = -1) -> Tensor:
    """Logarithm of the softmax along ``axis``."""
    return LogSoftmax(axis)(logits)
