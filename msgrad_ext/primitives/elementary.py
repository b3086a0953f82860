"""Elementary functions of one operand: roots, exponentials, logarithms, circular and hyperbolic functions.

Derivatives are written so that they lose no digits near the edges of a domain and do not overflow before the function.
"""

from __future__ import annotations

import numpy as np

from ..constants import DEGREE, LOG_2, LOG_10, PI, RADIAN
from ..lazy import sym
from ..op import Composite, Smooth
from ..registry import composite, fn
from ..tensor import Tensor
from .arithmetic import Floated


class Rsqrt(Smooth, functions="rsqrt", methods="rsqrt"):
    """Reciprocal square root, ``1 / sqrt(a)``; the derivative at 0 is infinite."""

    def numpy(self, a):
        return 1 / np.sqrt(a)

    def vjp(self, ct, out, a):
        return -(ct * out / (2 * a))

    def meaning(self, a):
        return lambda *i: 1 / sym.sqrt(a[i])


class Log1p(Smooth, functions="log1p", methods="log1p"):
    """Logarithm of one plus ``a``, ``log(1 + a)``, right for small ``a`` too."""

    def numpy(self, a):
        return np.log1p(a)

    def vjp(self, ct, out, a):
        return ct / (1 + a)

    def meaning(self, a):
        return lambda *i: sym.log(1 + a[i])


class Expm1(Smooth, functions="expm1 tensor_expm1", methods="expm1"):
    """Exponential minus one, ``exp(a) - 1``, right for small ``a`` too."""

    def numpy(self, a):
        return np.expm1(a)

    def vjp(self, ct, out, a):
        return ct * fn.exp(a)

    def meaning(self, a):
        return lambda *i: sym.exp(a[i]) - 1


class Exp2(Floated, functions="exp2", methods="exp2"):
    """Power of two, ``2 ** a``; an integer tensor gives Float32."""

    def numpy(self, a):
        return np.exp2(a)

    def vjp(self, ct, out, a):
        return ct * (out * LOG_2)

    def meaning(self, a):
        return lambda *i: sym.power(sym.number(2), a[i])


class Log2(Smooth, functions="log2", methods="log2"):
    """Logarithm to base 2, ``log(a) / log(2)``."""

    def numpy(self, a):
        return np.log2(a)

    def vjp(self, ct, out, a):
        return ct / (a * LOG_2)

    def meaning(self, a):
        return lambda *i: sym.log(a[i]) / sym.log(sym.number(2))


class Log10(Smooth, functions="log10", methods="log10"):
    """Logarithm to base 10, ``log(a) / log(10)``."""

    def numpy(self, a):
        return np.log10(a)

    def vjp(self, ct, out, a):
        return ct / (a * LOG_10)

    def meaning(self, a):
        return lambda *i: sym.log(a[i]) / sym.log(sym.number(10))


class Tan(Smooth, functions="tan", methods="tan"):
    """Tangent."""

    def numpy(self, a):
        return np.tan(a)

    def vjp(self, ct, out, a):
        return ct * (1 + out * out)

    def meaning(self, a):
        return lambda *i: sym.tan(a[i])


class Asin(Smooth, functions="asin arcsin", methods="asin arcsin"):
    """Inverse sine; the derivative at -1 and 1 is infinite."""

    def numpy(self, a):
        return np.arcsin(a)

    def vjp(self, ct, out, a):
        return ct / fn.sqrt((1 - a) * (1 + a))

    def meaning(self, a):
        return lambda *i: sym.asin(a[i])


class ACos(Smooth, functions="acos arccos", methods="acos arccos", aliases="Acos"):
    """Inverse cosine; the derivative at -1 and 1 is infinite."""

    def numpy(self, a):
        return np.arccos(a)

    def vjp(self, ct, out, a):
        return -(ct / fn.sqrt((1 - a) * (1 + a)))

    def meaning(self, a):
        return lambda *i: sym.acos(a[i])


class Atan(Smooth, functions="atan arctan", methods="atan arctan"):
    """Inverse tangent."""

    def numpy(self, a):
        return np.arctan(a)

    def vjp(self, ct, out, a):
        return ct / (1 + a * a)

    def meaning(self, a):
        return lambda *i: sym.atan(a[i])


class Sinh(Smooth, functions="sinh", methods="sinh"):
    """Hyperbolic sine."""

    def numpy(self, a):
        return np.sinh(a)

    def vjp(self, ct, out, a):
        return ct * fn.cosh(a)

    def meaning(self, a):
        return lambda *i: sym.sinh(a[i])


class Cosh(Smooth, functions="cosh", methods="cosh"):
    """Hyperbolic cosine."""

    def numpy(self, a):
        return np.cosh(a)

    def vjp(self, ct, out, a):
        return ct * fn.sinh(a)

    def meaning(self, a):
        return lambda *i: sym.cosh(a[i])


class Asinh(Smooth, functions="asinh arcsinh", methods="asinh arcsinh"):
    """Inverse hyperbolic sine."""

    def numpy(self, a):
        return np.arcsinh(a)

    def vjp(self, ct, out, a):
        # sqrt(1 + a * a) would overflow where the result is small.
        return ct / fn.cosh(out)

    def meaning(self, a):
        return lambda *i: sym.asinh(a[i])


class Acosh(Smooth, functions="acosh arccosh", methods="acosh arccosh"):
    """Inverse hyperbolic cosine; the derivative at 1 is infinite."""

    def numpy(self, a):
        return np.arccosh(a)

    def vjp(self, ct, out, a):
        return ct / fn.sinh(out)

    def meaning(self, a):
        return lambda *i: sym.acosh(a[i])


class Atanh(Smooth, functions="atanh arctanh", methods="atanh arctanh"):
    """Inverse hyperbolic tangent; the derivative at -1 and 1 is infinite."""

    def numpy(self, a):
        return np.arctanh(a)

    def vjp(self, ct, out, a):
        return ct / ((1 - a) * (1 + a))

    def meaning(self, a):
        return lambda *i: sym.atanh(a[i])


class Sinc(Composite, functions="sinc", methods="sinc"):
    """Normalised sinc, ``sin(pi a) / (pi a)``, and 1 at 0.

    Notes
    -----
    At 0 the derivative is 0.
    """

    def compute(self, a: Tensor) -> Tensor:
        """The quotient where it is one."""
        angle = a * PI
        origin = a == 0
        inside = fn.select(origin, fn.ones_like(angle), angle)
        return fn.select(origin, fn.ones_like(angle), fn.sin(inside) / inside)


@composite(functions="deg2rad", methods="deg2rad")
def deg2rad(x: Tensor) -> Tensor:
    """Degrees in radians, ``x pi / 180``."""
    return x * DEGREE


@composite(functions="rad2deg", methods="rad2deg")
def rad2deg(x: Tensor) -> Tensor:
    """Radians in degrees, ``x 180 / pi``."""
    return x * RADIAN
