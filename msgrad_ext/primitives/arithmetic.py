"""Arithmetic and elementary functions, element by element, with broadcasting.

The cotangents of broadcast operands are summed back by the reverse pass, never in a rule.
"""

from __future__ import annotations

import numpy as np

from ..errors import DtypeError
from ..lazy import sym
from ..op import Elementwise, Smooth
from ..registry import fn


class Add(Elementwise, functions="add tensor_add", methods="add", aliases="TensorAdd"):
    """Sum, ``a + b``."""

    def numpy(self, a, b):
        return a + b

    def vjp(self, ct, out, a, b):
        return ct, ct

    def meaning(self, a, b):
        return lambda *i: a[i] + b[i]


class Sub(Elementwise, functions="sub tensor_sub", methods="sub"):
    """Difference, ``a - b``."""

    def working_dtype(self, common: np.dtype) -> np.dtype:
        if common.kind == "b":
            raise DtypeError("For 'Sub', two bool tensors have no difference; compare them with != or logical_xor.")
        return common

    def numpy(self, a, b):
        return a - b

    def vjp(self, ct, out, a, b):
        return ct, -ct

    def meaning(self, a, b):
        return lambda *i: a[i] - b[i]


class Mul(Elementwise, functions="mul multiply tensor_mul", methods="mul multiply"):
    """Elementwise (Hadamard) product, ``a * b``.

    Notes
    -----
    As in MindSpore, a tensor without axes does not widen one that has some: float32 times float16 is then float16.
    """

    weak_scalars = "fiu"

    def numpy(self, a, b):
        return a * b

    def vjp(self, ct, out, a, b):
        return ct * b, ct * a

    def meaning(self, a, b):
        return lambda *i: a[i] * b[i]


class Floated(Elementwise, abstract=True):
    """Base of elementwise ops that compute in Float32 when they are given integers, as in MindSpore."""

    def working_dtype(self, common: np.dtype) -> np.dtype:
        return common if common.kind in "fO" else np.dtype(np.float32)


class Div(Floated, functions="tensor_div true_divide", methods="true_divide"):
    """Quotient, ``a / b``; two integer tensors give Float32, as in MindSpore.

    Notes
    -----
    As in MindSpore, a tensor without axes does not widen one that has some: float32 by float16 is then float16.
    """

    weak_scalars = "f"

    def numpy(self, a, b):
        return a / b

    def vjp(self, ct, out, a, b):
        return ct / b, -(ct * out / b)

    def meaning(self, a, b):
        return lambda *i: a[i] / b[i]


class RealDiv(Div):
    """Quotient, ``a / b``: MindSpore's older name of `Div`."""

    weak_scalars = ""

    def numpy(self, a, b):
        return a / b

    def meaning(self, a, b):
        return lambda *i: a[i] / b[i]


class Pow(Elementwise, functions="pow tensor_pow pows", methods="pow"):
    """Power, ``a ** b``.

    Notes
    -----
    The derivative by ``a`` at ``b = 0`` is 0, also at ``a = 0``; the derivative by ``b`` at ``a = 0`` is 0.
    """

    def numpy(self, a, b):
        return a**b

    def vjp(self, ct, out, a, b):
        by_base = fn.select(b == 0, fn.zeros_like(ct), ct * b * a ** (b - 1))
        by_exponent = ct * out * fn.log(fn.select(a == 0, fn.ones_like(a), a))
        return by_base, by_exponent

    def meaning(self, a, b):
        return lambda *i: sym.power(a[i], b[i])


class Neg(Elementwise, functions="neg negative", methods="neg negative"):
    """Opposite, ``-a``."""

    def numpy(self, a):
        return -a

    def vjp(self, ct, out, a):
        return -ct

    def meaning(self, a):
        return lambda *i: -a[i]


class Abs(Elementwise, functions="abs absolute", methods="abs absolute"):
    """Absolute value, ``|a|``.

    Notes
    -----
    The derivative at 0 is 0, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        return np.abs(a)

    def vjp(self, ct, out, a):
        return ct * fn.sign(a)

    def meaning(self, a):
        return lambda *i: sym.absolute(a[i])


class Sign(Elementwise, functions="sign sgn", methods="sign sgn"):
    """Sign, -1, 0 or 1.

    Notes
    -----
    The derivative is 0 everywhere, also at the jump, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a):
        # np.sign has no loop for exact numbers in object arrays.
        return (np.asarray(a > 0).astype(np.int8) - np.asarray(a < 0)).astype(a.dtype)

    def vjp(self, ct, out, a):
        return None

    def meaning(self, a):
        return lambda *i: sym.sign(a[i])


class Square(Elementwise, functions="square", methods="square"):
    """Square, ``a ** 2``."""

    def numpy(self, a):
        return a * a

    def vjp(self, ct, out, a):
        return ct * 2 * a

    def meaning(self, a):
        return lambda *i: a[i] ** 2


class Sqrt(Floated, functions="sqrt", methods="sqrt"):
    """Square root; the derivative at 0 is infinite."""

    def numpy(self, a):
        return np.sqrt(a)

    def vjp(self, ct, out, a):
        return ct / (2 * out)

    def meaning(self, a):
        return lambda *i: sym.sqrt(a[i])


class Exp(Smooth, functions="exp tensor_exp", methods="exp"):
    """Exponential."""

    def numpy(self, a):
        return np.exp(a)

    def vjp(self, ct, out, a):
        return ct * out

    def meaning(self, a):
        return lambda *i: sym.exp(a[i])


class Log(Smooth, functions="log", methods="log"):
    """Natural logarithm; the derivative at 0 is infinite."""

    def numpy(self, a):
        return np.log(a)

    def vjp(self, ct, out, a):
        return ct / a

    def meaning(self, a):
        return lambda *i: sym.log(a[i])


class Reciprocal(Floated, functions="reciprocal inv", methods="reciprocal inv", aliases="Inv"):
    """Reciprocal, ``1 / a``."""

    def numpy(self, a):
        return 1 / a

    def vjp(self, ct, out, a):
        return -(ct * out * out)

    def meaning(self, a):
        return lambda *i: 1 / a[i]


class Sin(Smooth, functions="sin", methods="sin"):
    """Sine."""

    def numpy(self, a):
        return np.sin(a)

    def vjp(self, ct, out, a):
        return ct * fn.cos(a)

    def meaning(self, a):
        return lambda *i: sym.sin(a[i])


class Cos(Smooth, functions="cos", methods="cos"):
    """Cosine."""

    def numpy(self, a):
        return np.cos(a)

    def vjp(self, ct, out, a):
        return -(ct * fn.sin(a))

    def meaning(self, a):
        return lambda *i: sym.cos(a[i])


class Maximum(Elementwise, functions="maximum", methods="maximum"):
    """Larger of two.

    Notes
    -----
    At a tie each operand gets half of the cotangent, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a, b):
        return np.maximum(a, b)

    def vjp(self, ct, out, a, b):
        none = fn.zeros_like(ct)
        tie = a == b
        return (
            fn.select(tie, ct * 0.5, fn.select(a > b, ct, none)),
            fn.select(tie, ct * 0.5, fn.select(b > a, ct, none)),
        )

    def meaning(self, a, b):
        return lambda *i: sym.maximum(a[i], b[i])


class Minimum(Elementwise, functions="minimum", methods="minimum"):
    """Smaller of two.

    Notes
    -----
    At a tie each operand gets half of the cotangent, MindSpore's convention.
    """

    smooth = False

    def numpy(self, a, b):
        return np.minimum(a, b)

    def vjp(self, ct, out, a, b):
        none = fn.zeros_like(ct)
        tie = a == b
        return (
            fn.select(tie, ct * 0.5, fn.select(a < b, ct, none)),
            fn.select(tie, ct * 0.5, fn.select(b < a, ct, none)),
        )

    def meaning(self, a, b):
        return lambda *i: sym.minimum(a[i], b[i])
