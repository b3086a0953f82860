"""Activations made of pieces, and clipping. Each says its convention at the kinks; it is MindSpore's."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ArgumentError, ArgumentValueError, ShapeError
from ..lazy import sym
from ..op import Composite, Smooth
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .settings import operand, real, tensor


class ReLU6(Smooth, functions="relu6", methods="relu6"):
    """Rectified linear unit with an upper bound, ``min(max(a, 0), 6)``.

    Notes
    -----
    The derivative at 0 is 0 and at 6 it is 1, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.minimum(np.maximum(a, 0), 6)

    def vjp(self, ct, out, a):
        return fn.select(fn.logical_and(a > 0, a <= 6), ct, fn.zeros_like(ct))

    def meaning(self, a):
        return lambda *i: sym.where(sym.compare(a[i], ">", 6), 6, sym.relu(a[i]))


class HSigmoid(Smooth, functions="hsigmoid hardsigmoid", methods="hsigmoid hardsigmoid"):
    """Piecewise linear sigmoid, ``min(max(a + 3, 0), 6) / 6``.

    Notes
    -----
    The derivative at -3 and at 3 is 0, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.minimum(np.maximum(a + 3, 0), 6) / 6

    def vjp(self, ct, out, a):
        return fn.select(fn.logical_and(a > -3, a < 3), ct / 6, fn.zeros_like(ct))

    def meaning(self, a):
        return lambda *i: sym.where(sym.compare(a[i], ">=", 3), 1, sym.relu(a[i] + 3) / 6)


class HSwish(Smooth, functions="hswish hardswish", methods="hswish hardswish"):
    """``a`` times its piecewise linear sigmoid, ``a min(max(a + 3, 0), 6) / 6``.

    Notes
    -----
    The derivative at -3 is -1/2 and at 3 it is 3/2, that of the middle piece, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.where(a < -3, a * 0, a * (np.minimum(a + 3, 6) / 6))

    def vjp(self, ct, out, a):
        middle = fn.select(a > 3, ct, ct * ((2 * a + 3) / 6))
        return fn.select(a < -3, fn.zeros_like(ct), middle)

    def meaning(self, a):
        def element(*i):
            middle = sym.where(sym.compare(a[i], ">", 3), a[i], a[i] * (a[i] + 3) / 6)
            return sym.where(sym.compare(a[i], "<", -3), 0, middle)

        return element


class Elu(Smooth, constants="alpha"):
    """Exponential linear unit, ``a`` for ``a > 0``, else ``alpha (exp(a) - 1)``.

    Notes
    -----
    The derivative at 0 is ``alpha``, MindSpore's convention.
    """

    smooth = False

    def __init__(self, alpha=1.0):
        self.alpha = real("Elu", "alpha", alpha)

    def bind(self, a, alpha=None):
        """The setting becomes an operand, so that a formula has its name."""
        return self, (a, self.alpha if alpha is None else alpha)

    def numpy(self, a, alpha):
        return np.where(a > 0, a, alpha * np.expm1(-np.abs(a)))

    def vjp(self, ct, out, a, alpha):
        upper = a > 0
        below = fn.select(upper, fn.zeros_like(a), a)
        return fn.select(upper, ct, ct * (alpha * fn.exp(below))), None

    def meaning(self, a, alpha):
        return lambda *i: sym.where(sym.compare(a[i], ">", 0), a[i], alpha[i] * (sym.exp(a[i]) - 1))


class SeLU(Composite, functions="selu", methods="selu"):
    """Scaled exponential linear unit, ``1.0507 elu(a, 1.67326)``.

    Notes
    -----
    The derivative at 0 is that from the left, ``1.0507 * 1.67326``; MindSpore's rule is wrong for all negative ``a``.
    """

    def compute(self, a: Tensor) -> Tensor:
        """The scaled unit."""
        return 1.0507009873554804934193349852946 * Elu(1.6732632423543772848170429916717)(a)


class CeLU(Composite):
    """Continuously differentiable exponential linear unit, ``max(a, 0) + min(0, alpha (exp(a / alpha) - 1))``."""

    def __init__(self, alpha=1.0):
        if not isinstance(alpha, float):
            raise ArgumentError(f"For 'CeLU', the alpha must be float, but got {type(alpha).__name__}.")
        if alpha == 0:
            raise ArgumentValueError("For 'CeLU', the alpha must not be 0.")
        self.alpha = alpha

    def compute(self, a: Tensor) -> Tensor:
        """The unit of the scaled operand."""
        return Elu()(a) if self.alpha == 1 else self.alpha * Elu()(a / self.alpha)


class HShrink(Composite):
    """``a`` where ``|a| > lambd``, else 0.

    Notes
    -----
    The derivative at ``-lambd`` and ``lambd`` is 0.
    """

    def __init__(self, lambd=0.5):
        self.lambd = real("HShrink", "lambd", lambd)

    def compute(self, a: Tensor) -> Tensor:
        """The selection."""
        return fn.select(fn.abs(tensor("HShrink", "input", a)) <= self.lambd, fn.zeros_like(a), a)


class SoftShrink(Composite):
    """``a`` moved towards 0 by ``lambd``, and 0 between ``-lambd`` and ``lambd``.

    Notes
    -----
    The derivative at ``-lambd`` and ``lambd`` is 0.
    """

    def __init__(self, lambd=0.5):
        self.lambd = real("SoftShrink", "lambd", lambd)
        if lambd < 0:
            raise ArgumentValueError(f"For 'SoftShrink', the lambd must not be negative, but got {lambd}.")

    def compute(self, a: Tensor) -> Tensor:
        """A difference of two rectified units."""
        a = tensor("SoftShrink", "input", a)
        return fn.relu(a - self.lambd) - fn.relu(-a - self.lambd)


class PReLU(Composite, functions="prelu", methods="prelu"):
    """``a`` where it is positive, else ``weight a``, with a weight for all or one for each channel (axis 1).

    Notes
    -----
    The derivative at 0 is the weight.
    """

    def compute(self, a: Tensor, weight: Tensor) -> Tensor:
        """The selection."""
        a, weight = tensor("PReLU", "input", a), tensor("PReLU", "weight", weight)
        if weight.ndim != 1:
            raise ShapeError(f"For 'PReLU', the weight must have 1 axis, but got shape {weight.shape}.")
        channels = a.shape[1] if a.ndim > 1 else 1
        if weight.size not in (1, channels):
            raise ShapeError(
                f"For 'PReLU', the weight must have 1 or {channels} elements, as many as channels, but got {weight.size}."
            )
        if a.ndim > 2:
            weight = fn.reshape(weight, (-1, *[1] * (a.ndim - 2)))
        return fn.select(a > 0, a, weight * a)


@composite(functions="elu", methods="elu")
def elu(input_x: Tensor, alpha: float = 1.0) -> Tensor:
    """Exponential linear unit."""
    return Elu(alpha)(input_x)


@composite(functions="celu", methods="celu")
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """Continuously differentiable exponential linear unit."""
    return CeLU(alpha)(x)


@composite(functions="hardshrink", methods="hardshrink")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input`` where its size is above ``lambd``, else 0."""
    return HShrink(lambd)(input)


@composite(functions="softshrink", methods="softshrink")
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """``input`` moved towards 0 by ``lambd``."""
    return SoftShrink(lambd)(input)


@composite(functions="leaky_relu", methods="leaky_relu")
def leaky_relu(input: Tensor, alpha: float = 0.2) -> Tensor:
    """``input`` where it is positive, else ``alpha * input``; the derivative at 0 is the mean of the two."""
    slope = real("leaky_relu", "alpha", alpha) * tensor("leaky_relu", "input", input)
    return fn.maximum(slope, input) if alpha <= 1 else fn.minimum(slope, input)


@composite(functions="threshold", methods="threshold")
def threshold(input: Tensor, thr: float, value: float) -> Tensor:
    """``input`` where it is above ``thr``, else ``value``; the derivative at ``thr`` is 0."""
    above = tensor("threshold", "input", input) > real("threshold", "thr", thr)
    return fn.select(above, input, fn.zeros_like(input) + real("threshold", "value", value))


@composite(functions="rrelu", methods="rrelu")
def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3) -> Tensor:
    """Randomised leaky unit as it is evaluated: the slope for negative numbers is the mean of ``lower`` and ``upper``.

    Notes
    -----
    The derivative at 0 is that slope. (MindSpore draws the slopes at random in every call.)
    """
    low, high = real("rrelu", "lower", lower), real("rrelu", "upper", upper)
    if high < low:
        raise ArgumentValueError(f"For 'rrelu', upper must not be below lower, but got {high} and {low}.")
    return fn.select(tensor("rrelu", "input", input) > 0, input, input * ((low + high) / 2))


@composite(functions="hardtanh", methods="hardtanh")
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """``min(max(input, min_val), max_val)``; the derivative at the bounds is 1/2."""
    low, high = real("hardtanh", "min_val", min_val), real("hardtanh", "max_val", max_val)
    return fn.minimum(fn.maximum(tensor("hardtanh", "input", input), low), high)


@composite(functions="clip_by_value")
def clip_by_value(x: Any, clip_value_min: Any = None, clip_value_max: Any = None) -> Any:
    """``min(max(x, clip_value_min), clip_value_max)``; the derivative at the bounds is 1/2, MindSpore's convention."""
    if clip_value_min is None and clip_value_max is None:
        raise ArgumentValueError(
            "For 'clip_by_value', at least one of clip_value_min and clip_value_max must not be None."
        )
    if isinstance(x, (tuple, list)):
        return type(x)(clip_by_value(one, clip_value_min, clip_value_max) for one in x)
    result = tensor("clip_by_value", "x", x)
    if clip_value_min is not None:
        result = fn.maximum(result, operand("clip_by_value", "clip_value_min", clip_value_min))
    if clip_value_max is not None:
        result = fn.minimum(result, operand("clip_by_value", "clip_value_max", clip_value_max))
    return result


@composite(functions="clamp clip", methods="clamp clip")
def clamp(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """``input`` between two bounds, of which the upper one wins; the derivative at the bounds is 1."""
    if min is None and max is None:
        raise ArgumentValueError("For 'clamp', at least one of min and max must not be None.")
    result = tensor("clamp", "input", input)
    if min is not None:
        low = operand("clamp", "min", min)
        result = _selected(fn.less(result, low), low, result)
    if max is not None:
        high = operand("clamp", "max", max)
        result = _selected(fn.greater(result, high), high, result)
    return result


def _selected(condition: Tensor, bound: Any, x: Tensor) -> Tensor:
    """``bound`` where the condition holds, else ``x``, in the dtype of both."""
    return fn.select(condition, bound if is_number(bound) else fn.broadcast_to(bound, condition.shape), x)
