"""Functions of two and three operands, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..constants import LOG_2
from ..lazy import sym
from ..op import Composite, Elementwise, Smooth
from ..registry import composite, fn
from ..tensor import Tensor, is_number
from .arithmetic import Floated
from .settings import operand, real, tensor


class Atan2(Smooth, functions="atan2 arctan2", methods="atan2 arctan2"):
    """Angle of the point ``(b, a)``; NaN is its derivative at the origin."""

    def numpy(self, a, b):
        return np.arctan2(a, b)

    def vjp(self, ct, out, a, b):
        length = a * a + b * b
        return ct * (b / length), -(ct * (a / length))

    def meaning(self, a, b):
        return lambda *i: sym.atan2(a[i], b[i])


class Hypot(Smooth, functions="hypot", methods="hypot"):
    """Length of ``(a, b)``, ``sqrt(a**2 + b**2)``; NaN is its derivative at the origin."""

    def numpy(self, a, b):
        return np.hypot(a, b)

    def vjp(self, ct, out, a, b):
        return ct * (a / out), ct * (b / out)

    def meaning(self, a, b):
        return lambda *i: sym.sqrt(a[i] ** 2 + b[i] ** 2)


class LogAddExp(Smooth, functions="logaddexp", methods="logaddexp"):
    """Logarithm of a sum of exponentials, ``log(exp(a) + exp(b))``."""

    def numpy(self, a, b):
        if a.dtype != object and b.dtype != object:
            return np.logaddexp(a, b)
        return np.maximum(a, b) + np.log1p(np.exp(-np.abs(a - b)))

    def vjp(self, ct, out, a, b):
        return ct * fn.sigmoid(a - b), ct * fn.sigmoid(b - a)

    def meaning(self, a, b):
        return lambda *i: sym.log(sym.exp(a[i]) + sym.exp(b[i]))


class LogAddExp2(Smooth, functions="logaddexp2", methods="logaddexp2"):
    """Logarithm to base 2 of a sum of powers of 2, ``log2(2**a + 2**b)``."""

    def numpy(self, a, b):
        if a.dtype != object and b.dtype != object:
            return np.logaddexp2(a, b)
        return np.maximum(a, b) + np.log2(1 + np.exp2(-np.abs(a - b)))

    def vjp(self, ct, out, a, b):
        gap = (a - b) * LOG_2
        return ct * fn.sigmoid(gap), ct * fn.sigmoid(-gap)

    def meaning(self, a, b):
        two = sym.number(2)
        return lambda *i: sym.log(sym.power(two, a[i]) + sym.power(two, b[i])) / sym.log(two)


class Xlogy(Smooth, functions="xlogy", methods="xlogy"):
    """``a log(b)``, and 0 where ``a`` is 0 and ``b`` is not positive.

    Notes
    -----
    Both derivatives are 0 where ``a`` is 0 and ``b`` is not positive.
    """

    smooth = False

    def numpy(self, a, b):
        return np.where((a == 0) & (b <= 0), a * 0, a * np.log(b))

    def vjp(self, ct, out, a, b):
        nothing = fn.logical_and(a == 0, b <= 0)
        none = fn.zeros_like(ct)
        positive = fn.select(nothing, fn.ones_like(b), b)
        return fn.select(nothing, none, ct * fn.log(positive)), fn.select(nothing, none, ct * (a / positive))

    def meaning(self, a, b):
        def element(*i):
            nothing = sym.compare(a[i], "==", 0) * sym.compare(0, ">=", b[i])
            return sym.where(nothing, 0, a[i] * sym.log(b[i]))

        return element


class Xdivy(Smooth, functions="xdivy", methods="xdivy"):
    """``a / b``, and 0 where both are 0.

    Notes
    -----
    Both derivatives are 0 where both operands are 0.
    """

    smooth = False

    def numpy(self, a, b):
        return np.where((a == 0) & (b == 0), a * 0, a / b)

    def vjp(self, ct, out, a, b):
        nothing = fn.logical_and(a == 0, b == 0)
        none = fn.zeros_like(ct)
        below = fn.select(nothing, fn.ones_like(b), b)
        return fn.select(nothing, none, ct / below), fn.select(nothing, none, -(ct * out / below))

    def meaning(self, a, b):
        def element(*i):
            return sym.where(sym.compare(a[i], "==", 0) * sym.compare(b[i], "==", 0), 0, a[i] / b[i])

        return element


class DivNoNan(Floated, functions="div_no_nan", methods="div_no_nan"):
    """``a / b``, and 0 where ``b`` is 0.

    Notes
    -----
    Both derivatives are 0 where ``b`` is 0.
    """

    smooth = False

    def numpy(self, a, b):
        return np.where(b == 0, b * 0, a / np.where(b == 0, 1, b))

    def vjp(self, ct, out, a, b):
        return fn.div_no_nan(ct, b), -fn.div_no_nan(ct * out, b)

    def meaning(self, a, b):
        return lambda *i: sym.where(sym.compare(b[i], "==", 0), 0, a[i] / b[i])


class MulNoNan(Elementwise, functions="mul_no_nan"):
    """``a b``, and 0 where ``b`` is 0, whatever ``a``."""

    def numpy(self, a, b):
        return np.where(b == 0, b * 0, a * b)

    def vjp(self, ct, out, a, b):
        return ct * b, ct * a

    def meaning(self, a, b):
        return lambda *i: a[i] * b[i]


class SquaredDifference(Elementwise, functions="squared_difference"):
    """Square of the difference, ``(a - b) ** 2``."""

    def numpy(self, a, b):
        return np.square(a - b)

    def vjp(self, ct, out, a, b):
        slope = ct * 2 * (a - b)
        return slope, -slope

    def meaning(self, a, b):
        return lambda *i: (a[i] - b[i]) ** 2


class Fmax(Elementwise, functions="fmax", methods="fmax"):
    """Larger of two; a NaN beside a number is passed over.

    Notes
    -----
    At a tie the first operand gets all of the cotangent, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a, b):
        return np.fmax(a, b)

    def vjp(self, ct, out, a, b):
        first = fn.logical_or(a >= b, b != b)
        none = fn.zeros_like(ct)
        return fn.select(first, ct, none), fn.select(first, none, ct)

    def meaning(self, a, b):
        return lambda *i: sym.where(sym.compare(a[i], ">=", b[i]), a[i], b[i])


class Fmin(Elementwise, functions="fmin", methods="fmin"):
    """Smaller of two; a NaN beside a number is passed over.

    Notes
    -----
    At a tie the first operand gets all of the cotangent, as for `Fmax`.
    """

    smooth = False

    def numpy(self, a, b):
        return np.fmin(a, b)

    def vjp(self, ct, out, a, b):
        first = fn.logical_or(a <= b, b != b)
        none = fn.zeros_like(ct)
        return fn.select(first, ct, none), fn.select(first, none, ct)

    def meaning(self, a, b):
        return lambda *i: sym.where(sym.compare(a[i], "<=", b[i]), a[i], b[i])


class Heaviside(Elementwise, functions="heaviside", methods="heaviside"):
    """Step, 0 for negative ``a``, 1 for positive ``a``, and ``b`` at 0.

    Notes
    -----
    The derivative by ``a`` is 0 everywhere, also at the jump.
    """

    smooth = False

    def numpy(self, a, b):
        return np.where(a == 0, b, np.asarray(a > 0).astype(a.dtype))

    def vjp(self, ct, out, a, b):
        return None, fn.select(a == 0, ct, fn.zeros_like(ct))

    def meaning(self, a, b):
        return lambda *i: sym.where(sym.compare(a[i], "==", 0), b[i], sym.compare(a[i], ">", 0))


class Addcmul(Composite):
    """``a + value b c``."""

    def compute(self, input_data: Tensor, x1: Tensor, x2: Tensor, value: Any) -> Tensor:
        """The sum."""
        return addcmul(input_data, x1, x2, value)


class Addcdiv(Composite):
    """``a + value b / c``."""

    def compute(self, input_data: Tensor, x1: Tensor, x2: Tensor, value: Any) -> Tensor:
        """The sum."""
        return addcdiv(input_data, x1, x2, value)


class Lerp(Composite):
    """``a + weight (b - a)``."""

    def compute(self, start: Tensor, end: Tensor, weight: Any) -> Tensor:
        """The sum."""
        return lerp(start, end, weight)


@composite(functions="addcmul", methods="addcmul")
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``."""
    product = tensor("addcmul", "tensor1", tensor1) * tensor("addcmul", "tensor2", tensor2)
    return tensor("addcmul", "input", input) + operand("addcmul", "value", value) * product


@composite(functions="addcdiv", methods="addcdiv")
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``."""
    quotient = tensor("addcdiv", "tensor1", tensor1) / tensor("addcdiv", "tensor2", tensor2)
    return tensor("addcdiv", "input", input) + operand("addcdiv", "value", value) * quotient


@composite(functions="lerp", methods="lerp")
def lerp(input: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Linear interpolation, ``input + weight * (end - input)``."""
    gap = tensor("lerp", "end", end) - tensor("lerp", "input", input)
    return input + operand("lerp", "weight", weight) * gap


@composite(functions="subtract", methods="subtract")
def subtract(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """``input - alpha * other``."""
    return fn.sub(input, other if is_number(alpha) and alpha == 1 else other * real("subtract", "alpha", alpha))


@composite(functions="copysign", methods="copysign")
def copysign(x: Tensor, other: Any) -> Tensor:
    """``|x|`` with the sign of ``other``; 0 counts as positive."""
    size = fn.abs(tensor("copysign", "x", x) * 1.0)
    return fn.select(fn.less(operand("copysign", "other", other), 0), -size, size)


@composite(functions="ldexp", methods="ldexp")
def ldexp(x: Any, other: Any) -> Tensor:
    """``x * 2 ** other``."""
    return x * fn.exp2(other)


@composite(functions="float_power", methods="float_power")
def float_power(input: Any, exponent: Any) -> Tensor:
    """``input ** exponent`` in float64."""
    return fn.pow(*(one if is_number(one) else fn.cast(one, np.float64) for one in (input, exponent)))
