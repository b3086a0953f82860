"""Activations that are smooth: softplus and its relatives, Gaussian and sigmoid units, and normalisations of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..constants import ROOT_8_BY_PI, ROOT_HALF
from ..contract import normal_axes
from ..errors import ArgumentError, ArgumentValueError
from ..lazy import sym
from ..op import Composite, Smooth
from ..registry import composite, fn
from ..tensor import Tensor
from .settings import real, tensor


class Softplus(Smooth):
    """Smooth form of ReLU, ``log(1 + exp(a))``."""

    def numpy(self, a):
        return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))

    def vjp(self, ct, out, a):
        return ct * fn.sigmoid(a)

    def meaning(self, a):
        return lambda *i: sym.log(1 + sym.exp(a[i]))


class LogSigmoid(Smooth, functions="logsigmoid log_sigmoid", methods="logsigmoid"):
    """Logarithm of the sigmoid, ``-log(1 + exp(-a))``."""

    def numpy(self, a):
        return np.minimum(a, 0) - np.log1p(np.exp(-np.abs(a)))

    def vjp(self, ct, out, a):
        return ct * fn.sigmoid(-a)

    def meaning(self, a):
        return lambda *i: -sym.log(1 + sym.exp(-a[i]))


class Softsign(Composite, functions="softsign", methods="softsign"):
    """``a / (1 + |a|)``."""

    def compute(self, a: Tensor) -> Tensor:
        """The quotient."""
        return tensor("Softsign", "input", a) / (1 + fn.abs(a))


class Mish(Composite, functions="mish", methods="mish"):
    """``a tanh(log(1 + exp(a)))``."""

    def compute(self, a: Tensor) -> Tensor:
        """The product."""
        return a * fn.tanh(Softplus()(a))


class SiLU(Composite, functions="silu swish", methods="silu"):
    """Sigmoid linear unit, ``a sigmoid(a)``."""

    def compute(self, a: Tensor) -> Tensor:
        """The product."""
        return a * fn.sigmoid(a)


class GeLU(Composite, aliases="Gelu"):
    """Gaussian error linear unit in its tanh form, ``a / 2 (1 + tanh(sqrt(2 / pi) (a + 0.044715 a**3)))``.

    Notes
    -----
    Computed as ``a sigmoid(2 u)``, which equals ``a (1 + tanh(u)) / 2`` and keeps the digits for negative ``a``.
    """

    def compute(self, a: Tensor) -> Tensor:
        """The product."""
        return a * fn.sigmoid((tensor("GeLU", "input", a) + 0.044715 * (a * a * a)) * ROOT_8_BY_PI)


class FastGeLU(Composite, functions="fast_gelu", aliases="FastGelu"):
    """Quick approximation of the Gaussian error linear unit, ``a sigmoid(1.702 a)``."""

    def compute(self, a: Tensor) -> Tensor:
        """The product."""
        return a * fn.sigmoid(1.702 * tensor("FastGeLU", "input", a))


class GLU(Composite):
    """Gated linear unit: the first half along an axis times the sigmoid of the second half."""

    def __init__(self, axis=-1):
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise ArgumentError(f"For 'GLU', the axis must be int, but got {type(axis).__name__}.")
        self.axis = axis

    def compute(self, a: Tensor) -> Tensor:
        """The product of the halves."""
        (axis,) = normal_axes("GLU", self.axis, tensor("GLU", "input", a).ndim)
        if a.shape[axis] % 2:
            raise ArgumentValueError(f"For 'GLU', axis {axis} must have an even length, but got {a.shape[axis]}.")
        half, before = a.shape[axis] // 2, (slice(None),) * axis
        return a[(*before, slice(0, half))] * fn.sigmoid(a[(*before, slice(half, None))])


@composite(functions="gelu", methods="gelu")
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Gaussian error linear unit, ``a / 2 (1 + erf(a / sqrt(2)))``, or its tanh form with ``approximate="tanh"``."""
    if approximate not in ("none", "tanh"):
        raise ArgumentValueError(f"For 'gelu', the approximate must be 'none' or 'tanh', but got {approximate!r}.")
    if approximate == "tanh":
        return GeLU()(input)
    # 1 + erf(x) is erfc(-x), which keeps the digits for negative x.
    return input * 0.5 * fn.erfc(-(tensor("gelu", "input", input) * ROOT_HALF))


@composite(functions="softplus", methods="softplus")
def softplus(input: Tensor, beta: Any = 1, threshold: Any = 20) -> Tensor:
    """Smooth form of ReLU, ``log(1 + exp(beta x)) / beta``, and ``x`` where ``beta x`` is above ``threshold``.

    Notes
    -----
    A threshold of 20 or more is left out: it is there against overflow, which this form has not, and moves the result by
    less than 3e-9.
    """
    beta, threshold = real("softplus", "beta", beta), real("softplus", "threshold", threshold)
    scaled = tensor("softplus", "input", input) if beta == 1 else input * beta
    smooth = Softplus()(scaled) if beta == 1 else Softplus()(scaled) / beta
    return smooth if threshold >= 20 else fn.select(scaled > threshold, input, smooth)


@composite(functions="glu", methods="glu")
def glu(x: Tensor, axis: int = -1) -> Tensor:
    """Gated linear unit."""
    return GLU(axis)(x)


@composite(functions="tanhshrink", methods="tanhshrink")
def tanhshrink(input: Tensor) -> Tensor:
    """``input - tanh(input)``."""
    return tensor("tanhshrink", "input", input) - fn.tanh(input)


@composite(functions="softmin", methods="softmin")
def softmin(x: Tensor, axis: int = -1, *, dtype: Any = None) -> Tensor:
    """Softmax of the opposite, ``exp(-x) / sum(exp(-x))``."""
    return fn.softmax(-tensor("softmin", "x", x), axis, dtype=dtype)


@composite(functions="logit", methods="logit")
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Inverse of the sigmoid, ``log(x / (1 - x))``, of ``input`` clamped to ``eps`` and ``1 - eps`` if that is given."""
    x = tensor("logit", "input", input)
    if eps is not None:
        x = fn.clamp(x, real("logit", "eps", eps), 1 - eps)
    return fn.log(x / (1 - x))
