"""Special functions: the error function and its inverse, the gamma function's logarithm and its derivatives.

numpy has none of them. The voices compute element by element, by Python's ``math`` or by series; numbers of many digits
bring the function as a method. ``in_float64`` says that a voice has no more digits than float64, whatever it is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..constants import HALF_ROOT_PI, LOG_PI, TWO_BY_ROOT_PI
from ..errors import ArgumentError, ArgumentValueError
from ..lazy import sym
from ..op import Smooth
from ..registry import composite, fn
from ..tensor import Tensor
from .arithmetic import Floated


class Erf(Smooth, functions="erf", methods="erf"):
    """Error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``a``."""

    in_float64 = True

    def numpy(self, a):
        import math

        def one(x):
            return x.erf() if hasattr(x, "erf") else math.erf(x)

        return np.asarray(np.frompyfunc(one, 1, 1)(a), dtype=a.dtype)

    def vjp(self, ct, out, a):
        return ct * (fn.exp(-(a * a)) * TWO_BY_ROOT_PI)

    def meaning(self, a):
        return lambda *i: sym.erf(a[i])


class Erfc(Smooth, functions="erfc", methods="erfc"):
    """Complement of the error function, ``1 - erf(a)``, without the cancellation."""

    in_float64 = True

    def numpy(self, a):
        import math

        def one(x):
            return x.erfc() if hasattr(x, "erfc") else math.erfc(x)

        return np.asarray(np.frompyfunc(one, 1, 1)(a), dtype=a.dtype)

    def vjp(self, ct, out, a):
        return -(ct * (fn.exp(-(a * a)) * TWO_BY_ROOT_PI))

    def meaning(self, a):
        return lambda *i: sym.erfc(a[i])


class Erfinv(Smooth, functions="erfinv", methods="erfinv"):
    """Inverse of the error function; infinite at -1 and 1, NaN outside."""

    in_float64 = True

    def numpy(self, a):
        import math

        def one(y):
            if hasattr(y, "erfinv"):
                return y.erfinv()
            size = abs(float(y))
            if not 0 < size < 1:
                return float(y) if size == 0 else math.copysign(math.inf, y) if size == 1 else math.nan
            # Winitzki's approximation, then Halley's steps; erfc keeps the digits near 1.
            log = math.log((1 - size) * (1 + size))
            shift = 2 / (math.pi * 0.147) + log / 2
            x = math.sqrt(math.sqrt(shift * shift - log / 0.147) - shift)
            for _ in range(3):
                error = math.erf(x) - size if size < 0.5 else (1 - size) - math.erfc(x)
                step = error * math.exp(x * x) * math.sqrt(math.pi) / 2
                x -= step / (1 + x * step)
            return math.copysign(x, y)

        return np.asarray(np.frompyfunc(one, 1, 1)(a), dtype=a.dtype)

    def vjp(self, ct, out, a):
        return ct * (fn.exp(out * out) * HALF_ROOT_PI)

    def meaning(self, a):
        return lambda *i: sym.erfinv(a[i])


class Lgamma(Floated, functions="lgamma", methods="lgamma"):
    """Logarithm of the gamma function's absolute value; infinite at 0, -1, -2, ..."""

    in_float64 = True

    def numpy(self, a):
        import math

        def one(x):
            if hasattr(x, "lgamma"):
                return x.lgamma()
            pole = x <= 0 and math.isfinite(x) and x == math.floor(x)
            return math.inf if pole else math.lgamma(x)

        return np.asarray(np.frompyfunc(one, 1, 1)(a), dtype=a.dtype)

    def vjp(self, ct, out, a):
        return ct * fn.digamma(a)

    def meaning(self, a):
        return lambda *i: sym.lgamma(a[i])


class Digamma(Smooth, functions="digamma", methods="digamma"):
    """Derivative of the logarithm of the gamma function; NaN at 0, -1, -2, ..."""

    in_float64 = True

    def numpy(self, a):
        if a.dtype == object:
            return np.asarray(np.frompyfunc(lambda x: x.digamma(), 1, 1)(a), dtype=object)
        # In extended precision: near the zero at 1.46 rounding would leave few digits.
        wide = np.asarray(a, np.longdouble)
        # The reflection psi(x) = psi(1 - x) - pi / tan(pi x), then psi(x) = psi(x + 1) - 1 / x up to where the series holds.
        low = wide < 0.5
        x = np.where(low, 1 - wide, wide)
        total = np.where(low, -np.pi / np.tan(np.pi * (wide - np.rint(wide))), 0.0)
        for _ in range(12):
            small = x < 12
            total = total - np.where(small, 1 / x, 0.0)
            x = np.where(small, x + 1, x)
        square = 1 / (x * x)
        series = np.zeros_like(x)
        for number in (3617 / 8160, -1 / 12, 691 / 32760, -1 / 132, 1 / 240, -1 / 252, 1 / 120, -1 / 12):
            series = (series + number) * square
        result = np.log(x) - 1 / (2 * x) + series + total
        pole = (wide <= 0) & (wide == np.floor(wide))
        return np.where(pole, np.nan, result).astype(a.dtype)

    def vjp(self, ct, out, a):
        return ct * Polygamma(1)(a)

    def meaning(self, a):
        return lambda *i: sym.polygamma(sym.number(0), a[i])


class Polygamma(Smooth):
    """Derivative of `Digamma` of the order ``n``, which is 1 or more; called as ``Polygamma()(n, a)``."""

    in_float64 = True

    def __init__(self, order=None):
        self.order = order

    def bind(self, *args):
        """The order comes before the operand in a call."""
        if self.order is not None:
            return super().bind(*args)
        if len(args) != 2:
            raise ArgumentError(f"For 'Polygamma', a call takes n and an operand, but got {len(args)} arguments.")
        return self.set(order=_order(args[0])), args[1:]

    def numpy(self, a):
        import math

        n = self.order
        if a.dtype == object:
            return np.asarray(np.frompyfunc(lambda x: x.polygamma(n), 1, 1)(a), dtype=object)
        x = np.asarray(a, np.longdouble)
        total = np.zeros_like(x)
        # Upward by 1 to where the asymptotic series holds; so far below 0 that it takes more steps is not computed.
        for _ in range(400):
            small = x < 16 + n
            if not np.any(small):
                break
            total = total + np.where(small, x ** (-n - 1.0), 0.0)
            x = np.where(small, x + 1, x)
        total = np.where(x < 16 + n, np.nan, total)
        tail = x ** (-float(n)) / n + x ** (-n - 1.0) / 2
        rising = float(n + 1)
        for k, bernoulli in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510), 1):
            tail = tail + bernoulli * rising / math.factorial(2 * k) * x ** (-n - 2.0 * k)
            rising *= (n + 2 * k) * (n + 2 * k + 1)
        return ((-1) ** (n + 1) * math.factorial(n) * (total + tail)).astype(a.dtype)

    def vjp(self, ct, out, a):
        return ct * Polygamma(self.order + 1)(a)

    def meaning(self, a):
        return lambda *i: sym.polygamma(sym.number(self.order), a[i])


def _order(n: Any) -> int:
    """The order of a polygamma function as an int."""
    if isinstance(n, Tensor):
        if n.numpy_dtype.kind not in "iu" or n.size != 1:
            raise ArgumentError(f"For 'Polygamma', n must be one integer, but got {n.dtype} of shape {n.shape}.")
        n = n.item()
    if isinstance(n, bool) or not isinstance(n, int):
        raise ArgumentError(f"For 'Polygamma', n must be an integer, but got {type(n).__name__}.")
    if n < 0:
        raise ArgumentValueError(f"For 'Polygamma', n must not be negative, but got {n}.")
    return n


@composite(functions="polygamma")
def polygamma(n: Any, input: Tensor) -> Tensor:
    """The ``n``-th derivative of the digamma function."""
    order = _order(n)
    return Polygamma(order)(input) if order else Digamma()(input)


@composite(functions="mvlgamma", methods="mvlgamma")
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """Logarithm of the multivariate gamma function, ``p (p - 1) log(pi) / 4 + sum_j lgamma(a - j / 2)``."""
    if isinstance(p, bool) or not isinstance(p, int):
        raise ArgumentError(f"For 'mvlgamma', the p must be int, but got {type(p).__name__}.")
    if p < 1:
        raise ArgumentValueError(f"For 'mvlgamma', the p must be at least 1, but got {p}.")
    result = Lgamma()(input)
    for j in range(1, p):
        result = result + Lgamma()(input - j / 2)
    # A constant is multiplied by a tensor first, so that it keeps all its digits.
    return result + fn.ones_like(result) * LOG_PI * (p * (p - 1) / 4) if p > 1 else result
